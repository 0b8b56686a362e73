"""What holds for every test: generated examples are the same each time, and a slow machine is not a fault."""

from hypothesis import settings

settings.register_profile("desirepath", deadline=None, derandomize=True)
settings.load_profile("desirepath")
