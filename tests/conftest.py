"""What holds for every test: generated examples are the same each time, and a slow machine is not a fault."""

import os

import pytest
from hypothesis import settings

from sim import replications
from sim.engines import compiled

settings.register_profile("desirepath", deadline=None, derandomize=True)
settings.load_profile("desirepath")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    """Compile the engine once, while the workers look for the tests, so that not all of them compile it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        compiled.get_ready()


@pytest.fixture
def processes_at_once(monkeypatch):
    """Let worker processes be started for short work too."""
    monkeypatch.setattr(replications, "A_SHORT_HISTORY", -1.0)
