"""What the tests of sweeps are given: a company whose weeks pass in a moment, and a few points."""

from functools import cache
from itertools import product
from typing import Any

from scenarios.sweeps.design import Design, Factor, Point
from sim.changes import altered
from sim.check import parse
from sim.model import Model
from tests.scenarios.given import starter

DAY, MIDDAY = (f"staff.service.shifts.{shift}.headcount" for shift in ("day", "midday"))


@cache
def small(weeks: int = 3, customers: int = 60) -> Model:
    """The starter scenario with few customers."""
    clock = {"start": "2025-01-06", "horizon": f"{weeks} weeks", "warmup": "1 week"}
    return parse(altered(starter().raw, {"clock": clock, "population.customers": customers}))


def grid(**values: tuple[Any, ...]) -> Design:
    """Every combination of values of levers, by their short names."""
    paths = {"day": DAY, "midday": MIDDAY}
    factors = tuple(Factor(paths[name], "lever", each) for name, each in values.items())
    points = tuple(
        Point(", ".join(f"{name}={value}" for name, value in zip(values, point, strict=True)),
              {paths[name]: value for name, value in zip(values, point, strict=True)})
        for point in product(*values.values())
    )  # fmt: skip
    return Design("grid", factors, points)
