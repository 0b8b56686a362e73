"""Ways to run a model: each a function from a model and a seed to tables."""
