"""Measure how fast the engines are beside an idiomatic SimPy program: `make bench`, or `python -m tests.benchmarks`.

All simulate the same contact centre, in turns, in one process, and are timed by the processor time they take. Only
completed services count. Engines are timed from a built model to the tables they keep, and the compiled one also where
it keeps no rows but counts them; the SimPy program keeps nothing but sums. On a busy computer absolute figures mean
little; the ratio holds better, but it too falls when others crowd the processor's cache, since tables need more of it
than sums.
"""

# ruff: noqa: T201 - it prints; that is what it is for

from __future__ import annotations

import gc
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from math import sqrt
from pathlib import Path
from statistics import fmean, median, variance
from time import process_time

import numpy as np
import polars as pl

from sim import Tables, build, simulate
from sim.arrays import lower
from sim.engines import compiled, loop
from tests.benchmarks import idiomatic_simpy
from tests.benchmarks.contact_centre import POOLS, scenario

MINUTES = 4_000.0
REPETITIONS = 8
OUTPUT = Path(__file__).parents[2] / "outputs" / "benchmarks"
BY_HAND, OURS = "idiomatic SimPy", "reference engine"
COMPILED, COUNTED = "compiled engine", "compiled engine, rows counted and not kept"
TIMES = {COMPILED: 10, COUNTED: 10}  # so many times the minutes, for what is quick


@dataclass(frozen=True)
class Lap:
    """One history: what it took, and what happened.

    Attributes
    ----------
    services
        Services completed.
    seconds
        Processor time.
    abandonment
        Share of those who queued, and did not queue any more at the end, who gave up.
    wait
        Mean minutes that those waited who were served by staff.
    """

    services: int
    seconds: float
    abandonment: float
    wait: float

    @property
    def speed(self) -> float:
        """Services a second."""
        return self.services / self.seconds


def by_hand(seed: int) -> Lap:
    """One history by the SimPy program."""
    began = process_time()
    count = idiomatic_simpy.run(MINUTES, seed)
    seconds = process_time() - began
    queued = count.started + count.abandoned
    return Lap(count.services, seconds, count.abandoned / queued, count.waited / count.started)


MODEL = build(scenario(MINUTES))
LONG = build(scenario(MINUTES * TIMES[COMPILED]))


def ours(seed: int) -> Lap:
    """One history by the reference engine."""
    began = process_time()
    tables = simulate(MODEL, seed, engine="reference").tables
    return lap(tables, process_time() - began)


def quick(seed: int) -> Lap:
    """One history by the compiled engine."""
    began = process_time()
    tables = simulate(LONG, seed, engine="compiled").tables
    return lap(tables, process_time() - began)


class Counting(compiled.History):
    """A history that counts its rows, and keeps none."""

    services = abandoned = started = 0
    waited = 0.0

    def _take_rows(self) -> None:
        world = self.world[0]
        rows = self.tables["visit row"][: world["visit_rows"]]
        served, queued = ~np.isnan(rows["started"]) & ~np.isnan(rows["ended"]), rows["pool"] >= 0
        self.services += int(served.sum())
        self.abandoned += int((rows["outcome"] == loop.BY_ABANDONING).sum())
        self.started += int(queued.sum())
        self.waited += float((rows["started"] - rows["joined"])[queued].sum())
        world["visit_rows"] = world["journey_rows"] = 0

    def _tables(self) -> Tables:
        return EMPTY


EMPTY = Tables(pl.DataFrame(), pl.DataFrame(), pl.DataFrame())


def counted(seed: int) -> Lap:
    """One history by the compiled engine, of which only sums are kept."""
    began = process_time()
    history = Counting(lower(LONG), LONG, seed, 0)
    history.run()
    seconds = process_time() - began
    queued = history.started + history.abandoned
    return Lap(history.services, seconds, history.abandoned / queued, history.waited / history.started)


def lap(tables: Tables, seconds: float) -> Lap:
    """Count what happened in a history."""
    staffed = tables.visits.filter(pl.col("touchpoint").is_in(list(POOLS)))
    waits = (staffed["started"] - staffed["joined"]).drop_nulls()
    abandoned = staffed.filter(outcome="abandoned").height
    services = tables.visits.select((pl.col("started").is_not_null() & pl.col("ended").is_not_null()).sum()).item()
    return Lap(services, seconds, abandoned / (abandoned + len(waits)), waits.mean())


PROGRAMS: dict[str, Callable[[int], Lap]] = {BY_HAND: by_hand, OURS: ours, COMPILED: quick, COUNTED: counted}


def z_of_difference(ours: list[float], theirs: list[float]) -> float:
    """Standard errors between two means."""
    return (fmean(ours) - fmean(theirs)) / sqrt(variance(ours) / len(ours) + variance(theirs) / len(theirs))


def measure() -> dict[str, list[Lap]]:
    """Let the programs take turns."""
    laps: dict[str, list[Lap]] = {name: [] for name in PROGRAMS}
    for program in PROGRAMS.values():
        program(0)  # imports, caches
    for repetition in range(1, REPETITIONS + 1):
        for name, program in PROGRAMS.items():
            gc.collect()  # so that nobody clears away what the other left
            laps[name].append(program(repetition))
            print(f"{repetition}/{REPETITIONS} {name}: {laps[name][-1].speed:,.0f} services a second", file=sys.stderr)
    return laps


def report(laps: dict[str, list[Lap]]) -> str:
    """A table to read, in Markdown."""
    first = laps[BY_HAND]
    conditions = (
        f"{MINUTES:,.0f} simulated minutes, ten times as many for the compiled engine, {REPETITIONS} repetitions in "
        f"turns; Python {platform.python_version()}, SimPy {version('simpy')}. Speeds are medians; z compares with "
        f"{BY_HAND}."
    )
    lines = [
        "# The contact-centre journey: services per second of processor time",
        "",
        conditions,
        "",
        "| program | services | services / CPU-s | × SimPy (range) | abandonment | z | mean wait, min | z |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, rows in laps.items():
        ratios = [row.speed / other.speed for row, other in zip(rows, first, strict=True)]
        abandonment, wait = [row.abandonment for row in rows], [row.wait for row in rows]
        agree = ["", ""]
        if name != BY_HAND:
            agree = [
                f"{z_of_difference(abandonment, [row.abandonment for row in first]):+.2f}",
                f"{z_of_difference(wait, [row.wait for row in first]):+.2f}",
            ]
        lines.append(
            f"| {name} | {fmean(row.services for row in rows):,.0f} | {median(row.speed for row in rows):,.0f} "
            f"| {median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}) "
            f"| {fmean(abandonment):.2%} | {agree[0]} | {fmean(wait):.4f} | {agree[1]} |"
        )
    return "\n".join(lines)


def disagreements(laps: dict[str, list[Lap]]) -> list[str]:
    """Where the programs do not simulate the same thing."""
    found = []
    for name in laps:
        for what in ("abandonment", "wait") if name != BY_HAND else ():
            z = z_of_difference(*([getattr(row, what) for row in laps[each]] for each in (name, BY_HAND)))
            if not abs(z) < 3.5:
                found.append(f"{what}: {name} differs by {z:+.2f} standard errors")
    return found


def main() -> None:
    """Measure, print and write the table."""
    laps = measure()
    table = report(laps)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "contact_centre.md").write_text(table + "\n", encoding="utf-8")
    everything = {name: [asdict(lap) for lap in rows] for name, rows in laps.items()}
    (OUTPUT / "contact_centre.json").write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    print(table)
    print(f"\nWritten to outputs/{OUTPUT.name}/contact_centre.md and .json")
    if found := disagreements(laps):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
