"""What holds for every test: generated examples are the same each time, and a slow machine is not a fault."""

import os

from hypothesis import settings

from sim.engines import compiled

settings.register_profile("desirepath", deadline=None, derandomize=True)
settings.load_profile("desirepath")


def pytest_sessionstart():
    """Compile the engine once, before there are several workers that would all do so."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        compiled.get_ready()
