"""A company with customers who stay: needs, moods, satisfaction, weekly reviews of whether to stay, and new ones.

Customers of four personas look for help on the web, by phone and by chat, about twelve visits a year each; phone and
chat are staffed in shifts, by the number of customers. As many join as leave. Both engines live through it, and their
sums have to be equal to the last bit.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from sim import build, simulate
from sim.replications import Engine
from sim.summaries import Summary

SMALL, FULL, WEEKS = 10_000, 50_000, 26
FULL_TURNS = 2

FEELINGS = {
    "rest": 7.2, "memory": 0.4, "recovery": "0.04 / day", "peak": 0.3, "end": 0.4,
    "wait": {"tolerance": "2 min", "per_minute": -0.12, "cap": "30 min"},
    "abandoned": -1.5, "closed": -0.5, "handoff": -0.4, "repeat": -0.3, "reopened": -1.2, "resolved": 0.5,
    "unresolved": -1.5, "loss_aversion": 1.5,
}  # fmt: skip
# Share, needs a week (bill, fault), channels, mean patience in minutes, hazard a week, revenue a month.
PERSONAS = {
    "household": (0.40, (0.080, 0.040), {"phone": 0.50, "web": 0.35, "chat": 0.15}, 6, 0.0040, 14),
    "digital": (0.30, (0.080, 0.050), {"phone": 0.10, "web": 0.60, "chat": 0.30}, 4, 0.0050, 11),
    "firm": (0.15, (0.120, 0.080), {"phone": 0.65, "web": 0.20, "chat": 0.15}, 5, 0.0035, 42),
    "elderly": (0.15, (0.070, 0.040), {"phone": 0.85, "web": 0.10, "chat": 0.05}, 9, 0.0030, 13),
}
JOINS = 0.0050  # a week for each customer at the start: as many as leave
# Pool, its people at work on average for each customer, and the days and hours of its shifts.
STAFF = {"callers": 0.000250, "chatters": 0.000165, "experts": 0.000130}
SHIFTS = {
    "early": ("mon-fri", "08:00", "14:00", 1.15),
    "late": ("mon-fri", "14:00", "20:00", 0.95),
    "saturday": ("sat", "09:00", "15:00", 0.50),
}
WEEKDAY = {"07:00": 0.5, "09:00": 1.3, "12:00": 1.0, "15:00": 1.2, "18:00": 0.7, "21:00": 0.2, "23:00": 0}
WEEKEND = {"09:00": 0.5, "18:00": 0.2, "22:00": 0}


def scenario(customers: int, weeks: float) -> dict[str, Any]:
    """The company with so many customers at the start, for so many weeks."""
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{weeks} weeks"},
        "population": {"customers": customers, "joins": {"rate": f"{JOINS * customers} / week"}},
        "personas": {name: _persona(*said) for name, said in PERSONAS.items()},
        "touchpoints": {
            "help page": {"channel": "web", "service_time": _lognormal(5), "cost": "0.05 EUR"},
            "hotline": _staffed("phone", "callers", 7),
            "chat": _staffed("chat", "chatters", 10),
            "expert": _staffed("phone", "experts", 12),
        },
        "journeys": {"bill": _journey("bill", 0.55), "fault": _journey("fault", 0.35)},
        "staff": {pool: _pool(each * customers) for pool, each in STAFF.items()},
        "profiles": {"weekly": {"hours": {"mon-fri": WEEKDAY, "sat-sun": WEEKEND}, "day_to_day": 0.1}},
    }


def _persona(
    share: float, needs: tuple[float, float], start: dict[str, float], patience: float, churn: float, revenue: float
) -> dict[str, Any]:
    return {
        "share": share,
        "needs": {name: f"{rate} / week" for name, rate in zip(("bill", "fault"), needs, strict=True)},
        "needs_differ": 0.5,
        "start": start,
        "patience": {channel: {"kind": "exponential", "mean": f"{patience} min"} for channel in ("phone", "chat")},
        "satisfaction": FEELINGS,
        "churn": {"base": f"{churn} / week", "slope": 0.5},
        "value": {"revenue": f"{revenue} EUR / month"},
    }


def _lognormal(mean: float) -> dict[str, Any]:
    return {"kind": "lognormal", "mean": f"{mean} min", "cv": 0.8}


def _staffed(channel: str, pool: str, mean: float) -> dict[str, Any]:
    later = {"later": {"p": 0.8, "after": {"kind": "exponential", "mean": "1 h"}}, "give_up": 0.2}
    return {"channel": channel, "staff": pool, "service_time": _lognormal(mean), "when_closed": later}


def _journey(need: str, by_page: float) -> dict[str, Any]:
    soon, tomorrow = ({"kind": "exponential", "mean": f"{mean}"} for mean in ("20 min", "1 day"))
    again = {"call": {"p": 0.6, "after": soon}, "give_up": 0.4}
    done = {"resolved": {"p": 0.70, "holds": 0.92}, "transferred": 0.20, "unresolved": 0.10}
    onward = {
        "transferred": {"expert": 1},
        "unresolved": {"call": {"p": 0.6, "after": tomorrow}, "give_up": 0.4},
        "abandoned": again,
    }
    return {
        "when": {"need": need},
        "start": {"web": "read", "phone": "call", "chat": "write"},
        "steps": {
            "read": {
                "touchpoint": "help page",
                "outcomes": {"resolved": by_page, "unresolved": 1 - by_page},
                "next": {
                    "unresolved": {
                        "call": {"p": 0.5, "after": soon},
                        "write": {"p": 0.3, "after": soon},
                        "give_up": 0.2,
                    }
                },
            },
            "call": {"touchpoint": "hotline", "outcomes": done, "next": onward},
            "write": {"touchpoint": "chat", "outcomes": done, "next": onward},
            "expert": {
                "touchpoint": "expert",
                "outcomes": {"resolved": 0.92, "unresolved": 0.08},
                "next": {"unresolved": {"give_up": 1}, "abandoned": again},
            },
        },
    }


def _pool(people: float) -> dict[str, Any]:
    return {
        "wage": "24 EUR / h",
        "shifts": {
            name: {"days": days, "from": since, "to": until, "headcount": ceil(people * factor)}
            for name, (days, since, until, factor) in SHIFTS.items()
        },
    }


@dataclass(frozen=True)
class Lap:
    """One history of the company, its rows not kept: its sums, and what it took, seconds of processor time."""

    summary: Summary
    seconds: float

    @property
    def visits(self) -> float:
        """How many visits there were."""
        return float(self.summary["all"]["visits"][0])

    @property
    def speed(self) -> float:
        """Visits a second."""
        return self.visits / self.seconds


def lap(customers: int, weeks: float, engine: Engine, seed: int) -> Lap:
    """One history by one of the engines, every KPI summed."""
    model = build(scenario(customers, weeks))
    gc.collect()
    began = process_time()
    result = simulate(model, seed, engine=engine, keep="none")
    seconds = process_time() - began
    if result.counted is None:
        raise RuntimeError("an engine that keeps no rows has to sum them")
    return Lap(result.counted, seconds)


Laps = dict[tuple[int, Engine], list[Lap]]


def measure(turns: int, say: Callable[[str], None], full: int = FULL, weeks: float = WEEKS) -> Laps:
    """Let both engines take turns, fewer of them at full size, where the reference engine takes a minute."""
    small: list[tuple[int, Engine]] = [(SMALL, "reference"), (SMALL, "compiled")]
    large: list[tuple[int, Engine]] = [(full, "reference"), (full, "compiled")]
    laps: Laps = {each: [] for each in small + large}
    for engine in ("reference", "compiled"):
        lap(100, 1, engine, 0)  # imports, caches
    for turn in range(1, turns + 1):
        for customers, engine in small + large if turn <= FULL_TURNS else small:
            laps[customers, engine].append(lap(customers, weeks, engine, turn))
            last = laps[customers, engine][-1]
            say(f"{turn}/{turns} {customers:,} customers, {engine}: {last.speed:,.0f} visits a second")
    return laps


def ratio(laps: Laps, customers: int) -> list[float]:
    """How many times as fast the compiled engine was, turn by turn."""
    pairs = zip(laps[customers, "compiled"], laps[customers, "reference"], strict=True)
    return [quick.speed / slow.speed for quick, slow in pairs]


def disagreements(laps: Laps) -> list[str]:
    """Sums of the two engines that are not equal."""
    found = []
    for customers in {customers for customers, _ in laps}:
        pairs = zip(laps[customers, "compiled"], laps[customers, "reference"], strict=True)
        for turn, (quick, slow) in enumerate(pairs, start=1):
            found += [f"{customers} customers, turn {turn}: {name}" for name in unequal(quick.summary, slow.summary)]
    return found


def unequal(one: Summary, other: Summary) -> list[str]:
    """Names of sums that are not equal to the last bit."""
    return [
        f"{name} by {dimension}"
        for dimension, sums in one.items()
        for name, values in sums.values.items()
        if not np.array_equal(values, other[dimension][name], equal_nan=True)
    ]


def table(laps: Laps) -> list[str]:
    """A table to read, in Markdown."""
    lines = [
        "| customers | visits | losses | visits a customer and year | abandonment | compiled ÷ reference (range) |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for customers in sorted({customers for customers, _ in laps}):
        first = laps[customers, "compiled"][0]
        sums = first.summary["all"]
        years = sums["customer_months"][0] / 12
        times = ratio(laps, customers)
        lines.append(
            f"| {customers:,} | {first.visits:,.0f} | {sums['lost'][0]:,.0f} | {first.visits / years:.1f} "
            f"| {sums['abandoned'][0] / sums['offered'][0]:.1%} "
            f"| {median(times):.0f} ({min(times):.0f}–{max(times):.0f}, {len(times)} turns) |"
        )
    return lines
