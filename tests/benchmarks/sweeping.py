"""Measure what a sweep costs beside its engine, and what executors gain: `python -m tests.benchmarks.sweeping`.

The energy supplier's three levers in 64 points, ten replications each, from an empty ledger each time. Ratios are told;
how many seconds it takes says more about the computer.
"""

# ruff: noqa: T201 - it prints; that is what it is for

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from scenarios.sweeps.design import Design, design
from scenarios.sweeps.executors import Where
from scenarios.sweeps.sweep import State, Watch, sweep
from sim import Model, read
from sim.engines import compiled

REPLICATIONS = 10
RUNS: tuple[tuple[Where, int], ...] = (("serial", 1), ("process", 1), ("process", 2), ("dask", 2))


@dataclass(frozen=True)
class Cost:
    """What one sweep took, in seconds, and a digest of its tables.

    Attributes
    ----------
    wall, processor
        From beginning to end; of this process and of those it started.
    units, engine
        Processor time of the units of work, and the part of it in the engine.
    digest
        The same for the same tables.
    """

    wall: float
    processor: float
    units: float
    engine: float
    digest: str


class _Noting(Watch):
    """Keeps what it is told."""

    def told(self, state: State) -> None:
        """Keep it."""
        self.state = state


def processor_time() -> float:
    """Processor seconds of this process and of those it has started and seen end."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def cost(model: Model, points: Design, where: Where, workers: int, replications: int = REPLICATIONS) -> Cost:
    """Sweep once, from nothing."""
    watch = _Noting()
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.monotonic(), processor_time()
        results = sweep(
            model, points, replications=replications, executor=where, workers=workers, ledger=Path(folder), watch=watch
        )
        wall, processor = time.monotonic() - began, processor_time() - before
    text = results.comparison.differences.write_csv() + results.comparison.values.write_csv()
    return Cost(wall, processor, watch.state.seconds, watch.state.engine, sha256(text.encode()).hexdigest())


def table(costs: dict[tuple[Where, int], Cost]) -> list[str]:
    """What came out, in Markdown."""
    first = next(iter(costs.values()))
    lines = [
        "| executor | workers | wall ÷ serial | processor ÷ serial | outside the engine, of units | of everything |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {where} | {workers} | {each.wall / first.wall:.2f} | {each.processor / first.processor:.2f} "
        f"| {1 - each.engine / each.units:.0%} | {1 - each.engine / each.processor:.0%} |"
        for (where, workers), each in costs.items()
    ]
    return lines


def main() -> int:
    """Measure and tell; 1 if the tables differ."""
    model = read(str(files("scenarios.conf") / "scenario" / "energy.yaml"))
    points = design(model)
    compiled.get_ready()
    costs: dict[tuple[Where, int], Cost] = {}
    for where, workers in RUNS:
        costs[where, workers] = found = cost(model, points, where, workers)
        print(f"{where} {workers}: {found.wall:.1f} s wall, {found.processor:.1f} s processor", file=sys.stderr)
    print("\n".join(table(costs)))
    alike = len({each.digest for each in costs.values()}) == 1
    print(f"\n{len(points.points)} points; tables {'alike to the last byte' if alike else 'DIFFER'}")
    return 0 if alike else 1


if __name__ == "__main__":
    sys.exit(main())
