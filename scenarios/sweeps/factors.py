"""Factors: what a design varies, from a scenario's levers, from what is uncertain in it, or from any of its paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import floor, inf
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from scenarios import words
from sim import units
from sim.changes import as_enacted, belongs_to_design, flatten, get
from sim.check import kinds_at, known_fields
from sim.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from sim.model import Model

SCENARIO = "scenario"  # what the factor is called whose values are whole scenarios
MOST = 10_000  # values of a factor, and points of a design
EVENLY = 5  # values between two bounds without a step
_NOTHING = object()
_QUANTITY = re.compile(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)? [A-Za-z/].*")


@dataclass(frozen=True)
class Interval:
    """Any value between two: numbers, or quantities such as ``3 min``."""

    low: float | str
    high: float | str


Given = Sequence[Any] | Interval | None
Vary = Mapping[str, Given] | Iterable[str] | None


@dataclass(frozen=True)
class Factor:
    """Something that a design varies.

    Attributes
    ----------
    path
        Dotted path into the scenario, or name of a lever.
    role
        A ``lever`` is moved when the warm-up ends, as a change is; an ``uncertainty`` is so from the start, in every
        history; ``scenario`` stands for whole scenarios, one of which is each value.
    values
        Those to take, in their order; empty where any between the bounds may be taken.
    low, high, step
        Bounds, and the distance between two values that make sense; None where there is none.
    price
        What a unit more costs a month, in the scenario's currency.
    unit
        Of the bounds and the step.
    whole
        Whether values are whole numbers.
    moves
        Paths that are set; its own where empty.
    baseline
        Its value in the baseline; the mean where it moves several that differ there, None where the scenario leaves it
        unstated.
    """

    path: str
    role: Literal["lever", "uncertainty", "scenario"]
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    price: float = 0.0
    unit: str = ""
    whole: bool = False
    moves: tuple[str, ...] = ()
    baseline: Any = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths that are set."""
        return self.moves or (self.path,)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Its low and its high, where it has both."""
        return (self.low, self.high) if self.low is not None and self.high is not None else None

    @property
    def ends(self) -> tuple[Any, ...]:
        """Values to take one at a time: all of them, or the lowest and the highest."""
        return self.values or tuple(self.written(bound) for bound in self.bounds or ())

    @property
    def grid(self) -> Sequence[Any]:
        """Values to take in a grid: all of them, from low to high by the step, or a few even ones without a step."""
        if self.values or self.bounds is None:
            return self.values
        if self.step is not None:
            return _Steps(self)
        low, high = self.bounds
        even = (low + (high - low) * i / (EVENLY - 1) for i in range(EVENLY))
        return tuple(dict.fromkeys(self.written(round(x) if self.whole else x) for x in even))

    def at(self, u: float) -> Any:
        """Value at a number from 0 to 1: all values, or steps, have the same share of it."""
        choices = self.values or (_Steps(self) if self.step is not None or self.whole else ())
        if choices:
            return choices[min(int(u * len(choices)), len(choices) - 1)]
        low, high = self.bounds or (0.0, 1.0)
        return self.written(low + (high - low) * u)

    def written(self, number: float) -> Any:
        """A number as it would stand in the scenario, within the bounds."""
        low, high = self.bounds or (-inf, inf)
        tidy = float(f"{min(max(number, low), high):.12g}")
        if self.unit:
            return f"{tidy:.12g} {self.unit}"
        return int(tidy) if self.whole and tidy.is_integer() else tidy

    def number(self, value: Any) -> float | None:
        """Number of a value in the factor's unit; None where it has none."""
        return number_in(value, self.unit)


class _Steps(Sequence[Any]):
    """Values from low to high by a step, none of which is there before it is asked for."""

    def __init__(self, factor: Factor) -> None:
        self.factor = factor
        self.low, self.high = factor.bounds or (0.0, 0.0)
        self.step = factor.step or 1.0

    def __len__(self) -> int:
        return floor((self.high - self.low) / self.step + 1e-9) + 1

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return tuple(self[k] for k in range(len(self))[i])
        return self.factor.written(self.low + self.step * range(len(self))[i])


def number_in(value: Any, unit: str) -> float | None:
    """Number of a value in some unit; None where it has none."""
    with suppress(ValueError):
        number, own = units.split(value)
        if own == unit or (number == 0 and not own):
            return number
    return None


def same(one: Any, other: Any) -> bool:
    """Whether two values of a scenario are the same, however they are written."""
    return bool(_comparable(one) == _comparable(other))


def _comparable(value: Any) -> Any:
    """A number with its unit, where a value is one, else the value itself."""
    with suppress(ValueError):
        return units.split(value)
    return value


def said(value: Any) -> str:
    """A value in few characters."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {said(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(said(inner) for inner in value)
    number, blank, unit = str(value).partition(" ")
    return f"{float(number):.6g} {unit}" if blank and _QUANTITY.fullmatch(str(value)) else str(value)


def is_there(model: Model, path: str) -> bool:
    """Whether a scenario has a value at a path, or leaves a field there at its default."""
    raw = as_enacted(model)
    parent, _, key = path.rpartition(".")
    if get(raw, path, _NOTHING) is not _NOTHING:
        return True
    fields = known_fields(tuple(parent.split(".")) if parent else (), raw)
    return key in fields and (not parent or is_there(model, parent))


def factor_of(model: Model, path: str, given: Given) -> tuple[Factor | None, list[str]]:
    """Return what is varied under a name or a path of a scenario, and what is wrong with it in words.

    Parameters
    ----------
    model
        The scenario.
    path
        Name of a lever, or a dotted path.
    given
        Values, or an interval of them; the bounds of the lever or of what is uncertain where None. A bare number takes
        the unit of what it stands for.
    """
    lever, law = model.levers.get(path), model.uncertain.get(path)
    moves = (lever.moves if lever else ()) or (path,)
    fixed = [each for each in moves if belongs_to_design(each)]
    if fixed:
        return None, [f"belongs to the design of a comparison, which all its scenarios share; {_instead(fixed[0])}"]
    if lever is None and law is None and not is_there(model, path):
        return None, [f"there is no such lever or value; {_meant(model, path)}"]
    if lever is not None:
        stated, unit = lever.numbers
        limits: tuple[float, float] = (stated["low"], stated["high"])
        price = float(f"{lever.price * units.MINUTES_PER_MONTH:.12g}")
        known = Factor(
            path, "lever", (), *limits, stated.get("step"), price, unit,
            whole=_whole(moves[0], (lever.low, lever.high, lever.step)), moves=moves if moves != (path,) else (),
            baseline=_baseline(model, moves, unit),
        )  # fmt: skip
        bounded = "the lever goes"
    elif law is not None:
        low, high = (units.split(law.value(u)) for u in (0.05, 0.95))
        unit = high[1] or low[1]
        hard = [units.split(text)[0] if text is not None else None for text in (law.low, law.high)]
        limits = (-inf if hard[0] is None else hard[0], inf if hard[1] is None else hard[1])
        shared = law.shared or path
        others = [p for p, each in model.uncertain.items() if p != path and shared in (p, each.shared)]
        known = Factor(
            path, "uncertainty", (), low[0], high[0], unit=unit, moves=(path, *others) if others else (),
            baseline=law.value(0.5),
        )  # fmt: skip
        bounded = "what is uncertain goes"
    else:
        now = get(as_enacted(model), path)
        unit = _unit_of(now)
        limits = (-inf, inf)
        known = Factor(path, "lever", unit=unit, whole=_whole(path, ()), baseline=now)
        bounded = ""
    return _given(known, given, limits, bounded)


def _given(known: Factor, given: Given, limits: tuple[float, float], bounded: str) -> tuple[Factor | None, list[str]]:
    """A factor with the values, or between the bounds, that are given, and what is wrong with those."""
    if given is None:
        return known, []
    if not isinstance(given, Interval) and len(given) > MOST:
        return None, [f"has {len(given):,} values, at most {MOST:,} go; take larger steps"]
    asked = [given.low, given.high] if isinstance(given, Interval) else list(given)
    values, wrong = [], []
    for value in asked:
        bare = isinstance(value, int | float) and not isinstance(value, bool)
        number = float(value) if bare else number_in(value, known.unit)
        if number is None and (bounded or isinstance(given, Interval)):
            wrong.append(f"{value!r} is not a number{f' in {known.unit}' if known.unit else ''}")
        elif number is not None and not limits[0] <= number <= limits[1]:
            wrong.append(f"{value!r} is out of bounds; {bounded} {_between(limits, known.unit)}")
        values.append(f"{value:.12g} {known.unit}" if bare and known.unit else value)
    if wrong:
        return None, wrong
    if isinstance(given, Interval):
        low, high = (number_in(value, known.unit) or 0.0 for value in values)
        if low >= high:
            return None, [f"the interval from {given.low} to {given.high} has nothing in it; write the lower end first"]
        return replace(known, low=low, high=high), []
    unique = {repr(_comparable(value)): value for value in reversed(values)}
    return replace(known, values=tuple(reversed(unique.values()))), [] if unique else [
        "no value is given; write some, such as =1,2,3"
    ]


def _between(limits: tuple[float, float], unit: str) -> str:
    """Two bounds in words, or the one that there is."""
    low, high = (f"{limit:.12g} {unit}".strip() for limit in limits)
    parts = [f"from {low}"] * (limits[0] > -inf) + [f"to {high}"] * (limits[1] < inf)
    return " ".join(parts)


def _whole(path: str, stated: Sequence[Any]) -> bool:
    """Whether only whole numbers make sense at a path: by its kind, or because bounds and step are."""
    kinds = kinds_at(tuple(path.split(".")))
    return (int in kinds and float not in kinds) or (bool(stated) and all(isinstance(each, int) for each in stated))


def _unit_of(value: Any) -> str:
    with suppress(ValueError):
        return units.together({"value": value})[1]
    return ""


def _baseline(model: Model, paths: Sequence[str], unit: str) -> Any:
    """Value of a lever in the baseline: the mean where it moves several that differ."""
    first, *others = (get(as_enacted(model), path) for path in paths)
    if all(same(first, other) for other in others):
        return first
    numbers = [number for value in (first, *others) if (number := number_in(value, unit)) is not None]
    mean = fmean(numbers) if numbers else None
    return f"{mean:.12g} {unit}" if unit and mean is not None else mean


def _instead(path: str) -> str:
    """What to do about a path that cannot be moved."""
    if path.startswith(("changes", "enact")):
        return "to compare changes, ask `desirepath compare`, or sweep what they set"
    return f"set {path} to one value"


def _meant(model: Model, path: str) -> str:
    """The likely intention behind a path that is not there, and what could be swept."""
    written = {part: value for part, value in as_enacted(model).items() if not belongs_to_design(part)}
    known = [*model.levers, *model.uncertain, *flatten(written)]
    tails = [each for each in dict.fromkeys(known) if each.endswith(f".{path}")]
    levers = f"levers: {', '.join(model.levers)}" if model.levers else "the scenario has no levers"
    if tails:
        some = words.listed((f"'{tail}'" for tail in tails[:3]), "or")
        return f"did you mean {some}{', …' if len(tails) > 3 else ''}?"
    hint = did_you_mean(path, known)
    return f"{hint} ({levers})" if hint.startswith("did") else levers


def overlaps(factors: Sequence[Factor]) -> list[Problem]:
    """Return which factors set the same value, or something inside what another sets."""
    problems = []
    for i, factor in enumerate(factors):
        for other in factors[:i]:
            both = next(((one, two) for one in factor.paths for two in other.paths if overlap(one, two)), None)
            if both is not None:
                inner, outer = sorted(both, key=len, reverse=True)
                why = f"both set {inner}" if inner == outer else f"{inner} lies inside {outer}"
                problems.append(Problem(factor.path, f"cannot be swept together with {other.path}, as {why}"))
    return problems


def overlap(one: str, other: str) -> bool:
    """Whether two paths are the same, or one lies inside the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
