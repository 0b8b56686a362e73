"""Designs: which levers and uncertainties take which values, point by point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sim.changes import altered
from sim.check import parse

if TYPE_CHECKING:
    from sim.model import Model

POINT = "point"  # what the change is called that sets a point's levers

Kind = Literal["grid", "latin_hypercube", "sobol", "one_at_a_time"]


@dataclass(frozen=True)
class Factor:
    """Something that a design varies.

    Attributes
    ----------
    path
        Dotted path into the scenario.
    role
        A ``lever`` is moved when the warm-up ends, as a change is; an ``uncertainty`` is so from the start, in every
        history; ``scenario`` stands for whole scenarios, one of which is each value.
    values
        Those to take, in their order; empty where any between the bounds may be taken.
    low, high, step
        Bounds, and the distance between two values that make sense; None where there is none.
    price
        What a unit more costs a month, in the scenario's currency.
    """

    path: str
    role: Literal["lever", "uncertainty", "scenario"]
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    price: float = 0.0


@dataclass(frozen=True)
class Point:
    """One scenario of a design: its name, and the value of each path that it sets."""

    name: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Design:
    """Which points are lived through, beside the baseline.

    Attributes
    ----------
    kind
        How they were chosen.
    factors
        What varies.
    points
        The points, without the baseline.
    """

    kind: Kind
    factors: tuple[Factor, ...]
    points: tuple[Point, ...]


def variant(model: Model, settings: dict[str, Any], uncertainties: frozenset[str]) -> Model:
    """Return a scenario at a point: uncertainties hold from the start, levers move when the warm-up ends."""
    levers = {path: value for path, value in settings.items() if path not in uncertainties}
    raw = altered(model.raw, {path: value for path, value in settings.items() if path in uncertainties})
    if levers:
        raw["changes"] = {**raw.get("changes", {}), POINT: {"set": levers}}
        raw["enact"] = [*model.enact, POINT]
    return parse(raw)


def uncertainties(design: Design) -> frozenset[str]:
    """Paths of a design that hold from the start."""
    return frozenset(factor.path for factor in design.factors if factor.role == "uncertainty")
