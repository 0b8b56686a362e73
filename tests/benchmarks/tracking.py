"""What it costs to log a sweep, beside the least that MLflow itself takes: `python -m tests.benchmarks.tracking`.

The floor is, for each scenario, one run created, its numbers logged in one call, and ended: no artifacts, and nothing
looked up. Both take turns on one store in one process, in processor time.
"""

# ruff: noqa: T201 - it prints; that is what it is for

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from scenarios import store
from scenarios.track import log_folder, write_sweep
from tests.scenarios.swept import TWENTY, swept

TURNS = 3


def measure(points: int, turns: int = TURNS) -> list[tuple[float, float]]:
    """Milliseconds a scenario for a sweep and for the floor, turn by turn."""
    results, found = swept(headcounts=tuple(range(3, 3 + points // 2))), []
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with TemporaryDirectory() as name:
        outputs = Path(name)
        for turn in range(turns + 1):  # the first makes the store, and does not count
            folder = outputs / str(turn)
            folder.mkdir()
            write_sweep(results, "How dear?", {}, folder)
            began = time.process_time()
            log_folder(folder, outputs)
            logged = time.process_time()
            floor(outputs, points)
            found.append(((logged - began) / points * 1e3, (time.process_time() - logged) / points * 1e3))
    return found[1:]


def floor(outputs: Path, scenarios: int) -> None:
    """Log as many numbers as a sweep does, and nothing else."""
    from mlflow.entities import Metric

    with store.opened(outputs, "") as (client, artifacts):
        experiment = store.experiment_of(client, "How cheap?", artifacts)
        for nth in range(scenarios):
            run = client.create_run(experiment).info.run_id
            client.log_batch(run, [Metric(f"n {i}", float(i + nth), 0, 0) for i in range(6 * len(TWENTY) + 1)])
            client.set_terminated(run)


if __name__ == "__main__":
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    laps = measure(points)
    for one, other in laps:
        print(f"{one:.0f} ms of the processor a scenario, the floor {other:.0f} ms: {one / other:.2f} times")
    print(f"median: {median(one / other for one, other in laps):.2f} times the floor")
