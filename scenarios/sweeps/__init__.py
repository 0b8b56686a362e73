"""Sweeps: a design of points, lived through by an executor, kept in a ledger, until they are precise enough."""
