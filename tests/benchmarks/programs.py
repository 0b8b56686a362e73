"""The programs that simulate the contact centre, in turns: idiomatic SimPy, Ciw, cimba, and both engines.

Each is timed by the processor time it takes, from a model that is built to what it keeps. Only completed services
count. What takes little runs ten times as long, so that beginning weighs as little as with the others.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib import import_module
from math import isclose
from statistics import fmean, median
from time import process_time
from types import ModuleType

import polars as pl

from sim import Tables, build
from sim.engines import compiled, reference
from sim.model import Model
from sim.summaries import Tally
from tests.benchmarks import idiomatic_simpy
from tests.benchmarks.contact_centre import POOLS, scenario
from tests.benchmarks.counting import Count, Lap, z_of_difference

MINUTES = 4_000.0
TIMES = 10  # so many times the minutes, for what is quick
Laps = dict[str, list[Lap]]

SIMPY, CIW, CIMBA, REFERENCE = "idiomatic SimPy", "Ciw", "cimba", "reference engine, tables"
LEAN = "compiled, rows counted; no satisfaction, no churn"
COUNTED, SUMMED = "compiled, rows counted", "compiled, every KPI summed"
KEPT, FRAMES = "compiled, all rows kept", "compiled, tables of all rows"
OTHERS = {CIW: "ciw", CIMBA: "cimba"}  # packages, compared with where they are installed
SAME = (LEAN, COUNTED, SUMMED, KEPT, FRAMES)  # must tell of one and the same history


def found(package: str) -> ModuleType | None:
    """A program that needs a package, where that is installed."""
    try:
        return import_module(f"tests.benchmarks.{package}_program")
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        return None


# Now, because cimba teaches numba types of its own, and numba learns no more once it has compiled anything.
THERE = {name: program for name, package in OTHERS.items() if (program := found(package))}


def missing() -> list[str]:
    """Programs that cannot be compared with because they are not installed, and what to do about it."""
    return [
        f"{package} is not installed: pip install {package}" for name, package in OTHERS.items() if name not in THERE
    ]


def by(run: Callable[[float, int], Count], minutes: float) -> Callable[[int], Lap]:
    """One history by a program that counts what happens."""

    def program(seed: int) -> Lap:
        began = process_time()
        count = run(minutes, seed)
        return Lap(count, process_time() - began)

    return program


def by_reference(model: Model) -> Callable[[int], Lap]:
    """One history by the reference engine, which always makes tables."""

    def program(seed: int) -> Lap:
        began = process_time()
        tables = reference.run(model, seed, 0)
        return Lap(counted(tables), process_time() - began)

    return program


def by_counting(model: Model) -> Callable[[int], Lap]:
    """One history by the compiled engine, of which nothing is kept."""

    def program(seed: int) -> Lap:
        count, began = Count(), process_time()
        compiled.read_out(model, seed, 0, [count], keep=0.0)
        return Lap(count, process_time() - began)

    return program


def by_summing(model: Model) -> Callable[[int], Lap]:
    """One history by the compiled engine, of which all is kept that a KPI may ask for; it is counted as well."""

    def program(seed: int) -> Lap:
        count, began = Count(), process_time()
        tally = Tally(model)
        compiled.read_out(model, seed, 0, [tally, count], keep=0.0)
        tally.summary()
        return Lap(count, process_time() - began)

    return program


def by_keeping(model: Model) -> Callable[[int], Lap]:
    """One history by the compiled engine, of which every row is kept as a record."""

    def program(seed: int) -> Lap:
        kept, count, began = compiled.Kept(), Count(), process_time()
        compiled.read_out(model, seed, 0, [kept])
        seconds = process_time() - began
        for block in kept.blocks:
            count.read(block)
        return Lap(count, seconds)

    return program


def by_tables(model: Model) -> Callable[[int], Lap]:
    """One history by the compiled engine, as sorted tables of all rows."""

    def program(seed: int) -> Lap:
        began = process_time()
        tables = compiled.run(model, seed, 0)
        seconds = process_time() - began
        return Lap(counted(tables), seconds)

    return program


def counted(tables: Tables) -> Count:
    """Count what happened in a history."""
    staffed = tables.visits.filter(pl.col("touchpoint").is_in(list(POOLS)))
    waits = (staffed["started"] - staffed["joined"]).drop_nulls()
    services = tables.visits.select((pl.col("started").is_not_null() & pl.col("ended").is_not_null()).sum()).item()
    return Count(services, len(waits), waits.sum(), staffed.filter(outcome="abandoned").height)


def programs(minutes: float = MINUTES) -> dict[str, Callable[[int], Lap]]:
    """Every program that there is, by name; each simulates one history from a seed."""
    short, long = build(scenario(minutes)), build(scenario(minutes * TIMES))
    lean = build(scenario(minutes * TIMES, feelings=False))
    others = {name: by(each.run, minutes * (TIMES if name == CIMBA else 1)) for name, each in THERE.items()}
    return {
        SIMPY: by(idiomatic_simpy.run, minutes),
        **others,
        REFERENCE: by_reference(short),
        LEAN: by_counting(lean),
        COUNTED: by_counting(long),
        SUMMED: by_summing(long),
        KEPT: by_keeping(long),
        FRAMES: by_tables(long),
    }


def measure(turns: int, say: Callable[[str], None], minutes: float = MINUTES) -> Laps:
    """Let the programs take turns, after one each that is not timed."""
    racing = programs(minutes)
    laps: Laps = {name: [] for name in racing}
    for program in racing.values():
        program(0)  # imports, caches
    for turn in range(1, turns + 1):
        for name, program in racing.items():
            gc.collect()  # so that nobody clears away what the other left
            laps[name].append(program(turn))
            say(f"{turn}/{turns} {name}: {laps[name][-1].speed:,.0f} services a second")
    return laps


def ratios(laps: Laps, name: str, other: str) -> list[float]:
    """How many times as fast one program was as another, turn by turn."""
    return [ours.speed / theirs.speed for ours, theirs in zip(laps[name], laps[other], strict=True)]


def table(laps: Laps) -> list[str]:
    """A table to read, in Markdown."""
    lines = [
        "| program | services | × SimPy (range) | × Ciw | × cimba | abandonment | z | mean wait, min | z |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, rows in laps.items():
        times = ratios(laps, name, SIMPY)
        others = [f"{median(ratios(laps, name, other)):,.2f}" if other in laps else "–" for other in OTHERS]
        abandonment, wait = (fmean(getattr(row, what) for row in rows) for what in ("abandonment", "wait"))
        cells = [
            name,
            f"{fmean(row.count.services for row in rows):,.0f}",
            f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})",
            *others,
            f"{abandonment:.2%}",
            z(laps, name, "abandonment"),
            f"{wait:.4f}",
            z(laps, name, "wait"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def z(laps: Laps, name: str, what: str) -> str:
    """Standard errors by which a program differs from SimPy's, as a cell of the table."""
    return "" if name == SIMPY else f"{apart(laps, name, what):+.2f}"


def apart(laps: Laps, name: str, what: str) -> float:
    """Standard errors by which a program differs from SimPy's."""
    ours, theirs = ([getattr(row, what) for row in laps[each]] for each in (name, SIMPY))
    return z_of_difference(ours, theirs)


def disagreements(laps: Laps) -> list[str]:
    """Where programs do not simulate the same thing: by chance, or, where they should be identical, at all."""
    apart_by_chance = [
        f"{what}: {name} differs by {apart(laps, name, what):+.2f} standard errors"
        for name in laps
        for what in ("abandonment", "wait")
        if name != SIMPY and not abs(apart(laps, name, what)) < 3.5
    ]
    other_histories = [
        f"{name} does not tell of the same history as {COUNTED}"
        for name in SAME
        if not all(identical(one.count, other.count) for one, other in zip(laps[name], laps[COUNTED], strict=True))
    ]
    return apart_by_chance + other_histories


def identical(one: Count, other: Count) -> bool:
    """Whether two counts are of the same history; minutes may have been added in another order."""
    whole = [(each.services, each.started, each.abandoned) for each in (one, other)]
    return whole[0] == whole[1] and isclose(one.waited, other.waited, rel_tol=1e-9)


def engines_differ(seed: int, minutes: float = MINUTES) -> list[str]:
    """Whether both engines count the same in one history."""
    model = build(scenario(minutes))
    quick, slow = by_counting(model)(seed).count, by_reference(model)(seed).count
    return [] if identical(quick, slow) else [f"the engines differ: {quick} and {slow}"]
