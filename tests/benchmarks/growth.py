"""How time and memory grow with the number of customers and with the horizon, and what a second thread costs.

Each point is a process of its own, which lives through the company of `relationship.py`, keeps no rows, sums every KPI,
and says what that took. Run by itself, `python -m tests.benchmarks.growth CUSTOMERS WEEKS`, it is such a process.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

from sim import build
from sim.engines import compiled
from sim.model import Model
from sim.summaries import Tally
from tests.benchmarks.relationship import scenario

BY_CUSTOMERS = [(10_000, 4), (31_623, 4), (100_000, 4), (316_228, 4), (1_000_000, 4)]
BY_HORIZON = [(100_000, 13), (100_000, 26), (100_000, 52), (100_000, 104)]
MILLION = [(1_000_000, 52), (1_000_000, 104)]
MEBIBYTE = 2.0**20
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Point:
    """What one history took.

    Attributes
    ----------
    customers, weeks
        At the start, and how long.
    visits, joined
        How many visits there were, and how many customers came.
    seconds
        Processor time.
    before, peak
        Most memory of the process before it began, everything loaded and compiled, and until it ended; MiB.
    """

    customers: int
    weeks: float
    visits: float
    joined: float
    seconds: float
    before: float
    peak: float

    @property
    def own(self) -> float:
        """Memory that the history itself took, MiB."""
        return self.peak - self.before


def most_memory() -> float:
    """Most memory that this process has had, MiB.

    Linux hands the parent's maximum on to a new process in `ru_maxrss`, so there it is read elsewhere.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(float(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MEBIBYTE if sys.platform == "darwin" else most / 1024


def live(model: Model, replication: int) -> Tally:
    """Live through one history and sum it up."""
    tally = Tally(model)
    compiled.read_out(model, 1, replication, [tally], keep=0.0)
    return tally


def measured(customers: int, weeks: float) -> Point:
    """What one history takes, in this process."""
    live(build(scenario(100, 1)), 0).summary()  # everything loaded and compiled
    model = build(scenario(customers, weeks))
    gc.collect()
    before, began = most_memory(), process_time()
    sums = live(model, 0).summary()["all"]
    seconds = process_time() - began
    return Point(customers, weeks, float(sums["visits"][0]), float(sums["joined"][0]), seconds, before, most_memory())


def point(customers: int, weeks: float) -> Point:
    """What one history takes, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", str(customers), str(weeks)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very file
    return Point(**json.loads(done.stdout))


def measure(million: bool, say: Callable[[str], None]) -> list[Point]:
    """Every point of the curves."""
    points = []
    for customers, weeks in BY_CUSTOMERS + BY_HORIZON + (MILLION if million else []):
        points.append(point(customers, weeks))
        say(f"{customers:,} customers, {weeks} weeks: {points[-1].seconds:.2f} s, {points[-1].peak:,.0f} MiB")
    return points


def threads(turns: int, say: Callable[[str], None], customers: int = 20_000, weeks: float = 26) -> list[float]:
    """How much more processor time a visit takes where two threads live through a history each, turn by turn."""
    model = build(scenario(customers, weeks))
    live(model, 0)
    ratios = []
    for turn in range(1, turns + 1):
        replications = (2 * turn, 2 * turn + 1)
        began = process_time()
        for replication in replications:
            live(model, replication)
        one = process_time() - began
        began = process_time()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(live, (model, model), replications))
        ratios.append((process_time() - began) / one)
        say(f"{turn}/{turns} two threads: {ratios[-1]:.3f} times the processor time of one")
    return ratios


def table(points: list[Point]) -> list[str]:
    """A table to read, in Markdown; times are relative to the first point."""
    first = points[0]
    heads = ("customers", "weeks", "visits", "joined", "time, × first row", "time a visit, × first row")
    rows = [
        f"| {each.customers:,} | {each.weeks:g} | {each.visits:,.0f} | {each.joined:,.0f} "
        f"| {each.seconds / first.seconds:.1f} "
        f"| {each.seconds / each.visits / (first.seconds / first.visits):.2f} "
        f"| {each.before:,.0f} | {each.peak:,.0f} |"
        for each in points
    ]
    return [f"| {' | '.join(heads)} | memory before, MiB | most, MiB |", f"|{8 * '---:|'}", *rows]


if __name__ == "__main__":
    json.dump(asdict(measured(int(sys.argv[1]), float(sys.argv[2]))), sys.stdout)
