"""Hydra configuration that ships with Desirepath: one file a verb, scenarios, and mappings of logs."""
