"""What holds for every test: generated examples are the same each time, and a slow machine is not a fault."""

import os
import subprocess
import sys
import time

import pytest
from hypothesis import settings

from sim import replications
from sim.engines import jit

WITHOUT_ENGINE = {
    "test_arrivals", "test_bad_input", "test_compose", "test_distributions", "test_durations", "test_import_direction",
    "test_log", "test_patience", "test_read", "test_routing", "test_rules", "test_staff", "test_theory",
    "test_timetable", "test_track_sweeps",
}  # fmt: skip

settings.register_profile("desirepath", deadline=None, derandomize=True)
settings.load_profile("desirepath")


def pytest_sessionstart(session):
    """Compile the engine once, beside the workers, which begin with tests that need none and then wait for it."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        jit.announce = waiting(jit.announce)
    elif session.config.getoption("numprocesses", None) and not jit.warm():
        subprocess.Popen([sys.executable, "-c", "from sim.engines import compiled; compiled.get_ready()"])


def pytest_collection_modifyitems(items):
    """Begin with what needs no engine."""
    items.sort(key=lambda item: item.path.stem not in WITHOUT_ENGINE)


def waiting(announce):
    """Wait until the engine is compiled, and then go on; whoever has waited for very long compiles it after all."""

    def wait():
        until = time.monotonic() + 600
        while not jit.warm() and time.monotonic() < until:
            time.sleep(0.2)
        announce()

    return wait


@pytest.fixture
def processes_at_once(monkeypatch):
    """Let worker processes be started for short work too."""
    monkeypatch.setattr(replications, "A_SHORT_HISTORY", -1.0)
