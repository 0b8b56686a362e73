"""Designs: which levers and uncertainties take which values, point by point, and the scenarios that this makes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Literal, get_args

from scenarios.compare import BASELINE
from scenarios.sweeps.factors import MOST, SCENARIO, Factor, Interval, Vary, factor_of, is_there, overlaps, said, same
from scenarios.sweeps.grammar import COMMAND_LINE
from scenarios.sweeps.refused import refused, refused_together
from scenarios.sweeps.spread import latin_hypercube, sobol
from scenarios.sweeps.variants import Models, by_name, models, uncertainties, variant
from sim.changes import flatten
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.read import build

if TYPE_CHECKING:
    from scenarios.compose import Composed
    from sim.model import Model

POINTS = 64

Kind = Literal["grid", "latin_hypercube", "sobol", "one_at_a_time"]
Place = Callable[[str], str]

_LONGEST_NAME, _LONGEST_VALUE = 160, 40  # characters


@dataclass(frozen=True)
class Point:
    """One scenario of a design: its name, and the value of each factor that it sets."""

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
    notes
        What is worth knowing about them, in words.
    """

    kind: Kind
    factors: tuple[Factor, ...]
    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()

    def price(self, point: Point) -> float:
        """What a point's levers cost a month beyond the baseline's, in the scenario's currency."""
        total = 0.0
        for factor in self.factors:
            value = factor.number(point.settings.get(factor.path, factor.baseline))
            if factor.price and value is not None:
                total += factor.price * (value - (factor.number(factor.baseline) or 0.0))
        return total


@dataclass(frozen=True)
class Row:
    """What a person is shown of a factor: texts, but for the price of a unit a month (0 where it has none)."""

    factor: str
    role: str
    baseline: str
    low: str
    high: str
    values: str
    price: float


@dataclass(frozen=True)
class Told:
    """What a person is shown of a design before it runs."""

    kind: str
    rows: tuple[Row, ...]
    points: int
    notes: tuple[str, ...]


def design(
    model: Models,
    vary: Vary = None,
    kind: Kind = "grid",
    points: int = POINTS,
    seed: int = 1,
    place: Place | None = None,
) -> Design:
    """Choose the points of a sweep; see `designed`.

    Examples
    --------
    >>> from sim import read
    >>> model = read("scenarios/conf/scenario/starter.yaml")
    >>> chosen = design(model, {"staff.service.shifts.day.headcount": [1, 2, 3]})
    >>> [point.name for point in chosen.points]
    ['headcount=1', 'headcount=2', 'headcount=3']
    """
    return designed(model, vary, kind, points, seed, place)[1]


def designed(
    model: Models,
    vary: Vary = None,
    kind: Kind = "grid",
    points: int = POINTS,
    seed: int = 1,
    place: Place | None = None,
) -> tuple[dict[str, Model], Design]:
    """Choose the points of a sweep, and make the scenario of each; nothing is lived through.

    Parameters
    ----------
    model
        The scenario; or several by name, the first of which is the baseline: then which of them it is varies too.
    vary
        For each lever, by its name, and each dotted path, its values, an `Interval`, or None for the bounds that the
        scenario gives it; or names only; all levers of the scenario where None.
    kind
        ``grid``: every combination. ``one_at_a_time``: each alone, from the baseline. ``latin_hypercube``, ``sobol``:
        so many `points`, spread evenly over all of them at once.
    points
        How many, where the kind lets one choose.
    seed
        Of a Latin hypercube or of a Sobol sequence.
    place
        Where what is said of a lever or path was written, for errors.

    Returns
    -------
    tuple
        Scenarios by name, ``baseline`` first and then the points in order; and the design.

    Raises
    ------
    ScenarioError
        With everything that is wrong.
    """
    scenarios = by_name(model)
    found, problems = _factors(scenarios, vary, kind)
    problems += _asked(kind, points) or _impossible(found, kind)
    problems += refused(scenarios, found)
    if problems:
        raise ScenarioError(_located(problems, place), "design")
    chosen = _chosen(found, kind, points, seed)
    problems = _too_few(chosen) or refused_together(scenarios, chosen)
    if problems:
        raise ScenarioError(_located(problems, place), "design")
    return models(scenarios, chosen), chosen


def designed_as_asked(
    asked: Composed, kind: Kind, points: int, seed: int, levers: Sequence[str] = ()
) -> tuple[dict[str, Model], Design]:
    """Choose the points of a sweep that was asked for on the command line, and make the scenario of each.

    Parameters
    ----------
    asked
        What was typed.
    kind, points, seed
        As for `designed`.
    levers
        Levers to sweep between their bounds, beside the paths that are given values; all of them where nothing is said.

    Raises
    ------
    ScenarioError
        With everything that is wrong, and where.
    """
    parts = asked.alternatives or {asked.chosen["scenario"]: asked}
    built = {
        name: build(part.config["scenario"], part.within("scenario"), f"scenario {name}")
        for name, part in parts.items()
    }
    vary: Vary = {**dict.fromkeys(levers), **asked.swept} if levers or asked.swept or asked.alternatives else None

    def place(path: str) -> str:
        if path in asked.swept:
            return COMMAND_LINE
        if path in asked.config or path in levers:
            stated = asked.place(path if path in asked.config else "levers")
            return COMMAND_LINE if stated == COMMAND_LINE else ""
        return asked.place(f"scenario.levers.{path}" if vary is None else f"scenario.{path}")

    model = built if asked.alternatives else next(iter(built.values()))
    return designed(model, vary, kind, points, seed, place)


def told(design: Design) -> Told:
    """What a person is shown of a design before it runs."""
    rows = tuple(_row(factor) for factor in design.factors)
    return Told(design.kind.replace("_", " "), rows, len(design.points), design.notes)


def _row(factor: Factor) -> Row:
    low, high = (said(factor.written(bound)) for bound in factor.bounds) if factor.bounds else ("", "")
    texts = [said(value) for value in factor.values]
    values = ("; " if any("," in text for text in texts) else ", ").join(texts)
    if not values:
        step = 1.0 if factor.step is None and factor.whole else factor.step
        values = "any between" if step is None else f"in steps of {step:.6g} {factor.unit}".strip()
    baseline = "–" if factor.baseline is None else said(factor.baseline)
    return Row(factor.path, factor.role, baseline, low, high, values, factor.price)


# ---- what is asked ---------------------------------------------------------------------------------------------------


def _factors(scenarios: Mapping[str, Model], vary: Vary, kind: Kind) -> tuple[list[Factor], list[Problem]]:
    """What is varied, and what is wrong with it."""
    first, *others = scenarios
    base = scenarios[first]
    if vary is None:
        asked: dict[str, Any] = dict.fromkeys(base.levers) if len(scenarios) == 1 else {}
    else:
        asked = dict(vary) if isinstance(vary, Mapping) else dict.fromkeys(vary)
    problems: list[Problem] = []
    if not asked and not others:
        message = "the scenario has no levers; add some under levers, or write a path and its values, such as {}=1,2,3"
        problems.append(Problem("levers", message.format(_some_path(base))))
    factors = [Factor(SCENARIO, "scenario", tuple(scenarios), baseline=first)] if others else []
    for path, given in asked.items():
        factor, wrong = factor_of(base, path, given)
        if kind == "grid" and isinstance(given, Interval):
            wrong.append("a grid takes values, not an interval; write =1,2,3 or =range(…), or design=latin_hypercube")
        problems += [Problem(path, message) for message in wrong]
        if factor is not None and not wrong:
            factors.append(factor)
            problems += [
                Problem(path, f"there is no {each} in scenario '{name}'")
                for name in others
                for each in factor.paths
                if not is_there(scenarios[name], each)
            ]
    return factors, problems + overlaps(factors)


def _some_path(model: Model) -> str:
    """A path that may well be swept."""
    shifts = (f"staff.{pool}.shifts.{shift}.headcount" for pool in model.staff for shift in model.staff[pool].shifts)
    return next(shifts, next(path for path in flatten(model.raw) if path.startswith("personas.")))


def _asked(kind: object, points: object) -> list[Problem]:
    """What is wrong with the kind and the number of points."""
    problems = []
    if kind not in get_args(Kind):
        problems.append(Problem("design", f"there is no design '{kind}'; {did_you_mean(kind, get_args(Kind))}"))
    if not isinstance(points, int) or not 2 <= points <= MOST:
        said = f"{points:,}" if isinstance(points, int) else repr(points)
        problems.append(Problem("points", f"{said} is not a number of points from 2 to {MOST:,}"))
    return problems


def _impossible(factors: Sequence[Factor], kind: Kind) -> list[Problem]:
    """What a kind of design cannot do with some factors."""
    problems = []
    for factor in factors:
        if factor.values or factor.role != "lever" or factor.path == SCENARIO:
            continue
        if factor.bounds is None:
            some = f"{factor.path}=1,2,3"
            remedy = f"write some, such as {some}" if kind == "grid" else f"write {some} or =interval(1,3)"
            what = "values" if kind == "grid" else "bounds"
            problems.append(Problem(factor.path, f"has no {what}, as it is no lever of the scenario; {remedy}"))
    if not problems and kind in ("grid", "one_at_a_time"):
        counts = [(factor.path, len(factor.grid if kind == "grid" else factor.ends)) for factor in factors]
        size = (prod if kind == "grid" else sum)(count for _, count in counts)
        if size > MOST:
            made_of = (" × " if kind == "grid" else " + ").join(f"{count:,} of {path}" for path, count in counts)
            remedy = "choose fewer values or larger steps, or design=latin_hypercube and so many points"
            problems.append(Problem("points", f"the design has {size:,} ({made_of}), at most {MOST:,} go; {remedy}"))
    return problems


def _too_few(design: Design) -> list[Problem]:
    if len(design.points) > 1:
        return []
    only = f"a single point, {design.points[0].name}" if design.points else "no point beside the baseline"
    return [Problem("points", f"the design has {only}; give it more values")]


def _located(problems: Sequence[Problem], place: Place | None) -> list[Problem]:
    if place is None:
        return list(problems)
    return [Problem(p.path, p.message, p.place or place(p.path)) for p in problems]


# ---- points ----------------------------------------------------------------------------------------------------------


def _chosen(factors: Sequence[Factor], kind: Kind, points: int, seed: int) -> Design:
    """A design of factors that have been checked."""
    paths = [factor.path for factor in factors]
    if kind == "grid":
        settings = [dict(zip(paths, values, strict=True)) for values in product(*(factor.grid for factor in factors))]
    elif kind == "one_at_a_time":
        settings = [
            {factor.path: value} for factor in factors for value in factor.ends if not same(value, factor.baseline)
        ]
    else:
        spread = (latin_hypercube if kind == "latin_hypercube" else sobol)(paths, points, seed)
        settings = [{factor.path: factor.at(spread[factor.path][i]) for factor in factors} for i in range(points)]
    unique = {repr(each): each for each in settings}
    notes = []
    if len(unique) < len(settings):
        count, many = len(settings) - len(unique), "s are" if len(settings) - len(unique) > 1 else " is"
        notes.append(f"{count} point{many} equal to others, and left out: {len(unique)} are left of {len(settings)}")
    if kind == "sobol" and points & (points - 1):
        near = 1 << (points.bit_length() - 1)
        notes.append(f"a Sobol sequence is most even at powers of two: {near} or {2 * near} points instead of {points}")
    chosen = list(unique.values())
    named = tuple(Point(name, each) for name, each in zip(_names(factors, chosen), chosen, strict=True))
    return Design(kind, tuple(factors), named, tuple(notes))


def _names(factors: Sequence[Factor], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of points, made of what differs among them."""
    taken = {path: {repr(each[path]) for each in settings if path in each} for path in (f.path for f in factors)}
    differs = [path for path, values in taken.items() if len(values) > 1] or list(taken)
    labels = _labels([factor.path for factor in factors])
    texts = {factor.path: {repr(value): f"no. {i}" for i, value in enumerate(factor.values, 1)} for factor in factors}
    names = []
    for i, each in enumerate(settings, 1):
        parts = []
        for path in (path for path in each if path in differs or len(each) == 1):
            text = _clean(said(each[path]))
            short = text if 0 < len(text) <= _LONGEST_VALUE else texts[path].get(repr(each[path]), f"no. {i}")
            parts.append(f"{labels[path]}={short}")
        name = ", ".join(parts)
        names.append(name if len(name) <= _LONGEST_NAME else f"point {i}")
    seen: Counter[str] = Counter()
    for i, name in enumerate(names):
        seen[name] += 1
        names[i] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names


def _labels(paths: Sequence[str]) -> dict[str, str]:
    """The shortest end of each path that is an end of no other."""
    labels = {}
    for path in paths:
        keys = path.split(".")
        tails = (".".join(keys[-length:]) for length in range(1, len(keys) + 1))
        alone = (tail for tail in tails if sum(f".{other}".endswith(f".{tail}") for other in paths) == 1)
        labels[path] = _clean(next(alone, path))
    return labels


def _clean(text: str) -> str:
    """Only what a file, a folder and a run may all be called."""
    return " ".join(re.sub(r"[^\w.:+ -]+", " ", re.sub(r"\s*/\s*", " per ", text)).split())


__all__ = [
    "BASELINE", "SCENARIO", "Design", "Factor", "Interval", "Kind", "Point", "Told",
    "design", "designed", "designed_as_asked", "models", "told", "uncertainties", "variant",
]  # fmt: skip
