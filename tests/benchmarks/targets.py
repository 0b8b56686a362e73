"""What was aimed at, and what was measured: `make bench` tells it and judges nothing by it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from tests.benchmarks import growth, programs, relationship


@dataclass(frozen=True)
class Target:
    """One aim.

    Attributes
    ----------
    of
        What is measured.
    aim, found
        How it is said.
    met
        Whether it was reached.
    """

    of: str
    aim: str
    found: str
    met: bool


def at_least(of: str, least: float, found: list[float]) -> Target:
    """A ratio that should be large; the median counts."""
    said = f"{median(found):.3g} ({min(found):.3g}–{max(found):.3g})"
    return Target(of, f"≥ {least:g} ×", f"{said} ×", median(found) >= least)


def of_programs(laps: programs.Laps) -> list[Target]:
    """Aims for the contact centre."""
    slower = [1 - each for each in programs.ratios(laps, programs.KEPT, programs.COUNTED)]
    simpy, bare = programs.SIMPY, "no satisfaction, no churn, rows not kept"
    found = [
        at_least(f"contact centre ÷ idiomatic SimPy: {bare}", 60, programs.ratios(laps, programs.LEAN, simpy)),
        at_least(
            "contact centre ÷ idiomatic SimPy: every feature, rows not kept",
            40, programs.ratios(laps, programs.COUNTED, simpy),
        ),
        Target(
            "contact centre: all rows kept, how much slower than not kept",
            "≤ 40 %", f"{median(slower):.0%} ({min(slower):.0%}–{max(slower):.0%})", median(slower) <= 0.4,
        ),
    ]  # fmt: skip
    if programs.CIW in laps:
        found.insert(
            1, at_least(f"contact centre ÷ Ciw: {bare}", 200, programs.ratios(laps, programs.LEAN, programs.CIW))
        )
    return found


def of_relationship(laps: relationship.Laps) -> list[Target]:
    """Aims for the company with customers who stay."""
    return [
        at_least(f"relationship ÷ reference engine: {size:,} customers", 50, relationship.ratio(laps, size))
        for size in sorted({size for size, _ in laps})
    ]


def of_growth(points: list[growth.Point], threads: list[float]) -> list[Target]:
    """Aims for threads and for memory."""
    more = median(threads) - 1
    found = [
        Target(
            "two threads: more processor time a visit than one",
            "≤ 15 %", f"{more:+.0%} ({min(threads) - 1:+.0%} to {max(threads) - 1:+.0%})", more <= 0.15,
        )
    ]  # fmt: skip
    years = {(point.customers, point.weeks): point for point in points}
    for customers in sorted({point.customers for point in points}):
        one, two = years.get((customers, 52)), years.get((customers, 104))
        if one and two:
            found += [of_memory(one, two, "whole process", "peak"), of_memory(one, two, "its own part", "own")]
    return found


def of_memory(one: growth.Point, two: growth.Point, what: str, part: str) -> Target:
    """Memory at two years: a tenth more than at one, and 100 bytes for each who joined meanwhile."""
    before, after = getattr(one, part), getattr(two, part)
    most = 1.1 * before + 100 * (two.joined - one.joined) / growth.MEBIBYTE
    return Target(
        f"memory at two years, {one.customers:,} customers, {what}",
        f"≤ {most:,.0f} MiB", f"{after:,.0f} MiB (one year: {before:,.0f})", after <= most,
    )  # fmt: skip


def table(targets: list[Target]) -> list[str]:
    """A table to read, in Markdown."""
    rows = [f"| {each.of} | {each.aim} | {each.found} | {'yes' if each.met else 'no'} |" for each in targets]
    return ["| what | aim | measured, median (range) | met |", "|---|---:|---:|---|", *rows]
