"""What a design varies, as a reader sees it: names, values in words, and where they lie on an axis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scenarios.compare import BASELINE
from scenarios.words import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenarios.sweeps.results import Results

_SECTIONS = {
    "changes",
    "channels",
    "journeys",
    "personas",
    "profiles",
    "events",
    "set",
    "shifts",
    "staff",
    "steps",
    "touchpoints",
}
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(.*?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Lever:
    """Something that varies over the points of a sweep.

    Attributes
    ----------
    path, title
        Where it is in the scenario, and what it is called on a page.
    unit
        What its numbers are counted in, such as ``min``; empty where they are bare, or no numbers.
    numeric
        Whether its values are numbers; else they lie side by side, in their order.
    places
        Where each point lies on its axis.
    texts
        How each point's value is said.
    today
        Where the baseline lies; None where it lies at no place of the axis, or is not known.
    """

    path: str
    title: str
    unit: str
    numeric: bool
    places: tuple[float, ...]
    texts: tuple[str, ...]
    today: float | None

    @cached_property
    def marks(self) -> dict[float, str]:
        """Places that are taken, in their order, and what stands there."""
        return dict(sorted(zip(self.places, self.texts, strict=True)))

    def said(self, place: float) -> str:
        """A place in words, with its unit."""
        text = self.marks.get(place) or number(place)
        return f"{text} {self.unit}" if self.unit else text


def levers_of(results: Results, points: Sequence[str]) -> list[Lever]:
    """What varies over some of the points, in the design's order.

    Parameters
    ----------
    results
        Of the sweep.
    points
        Names of those that are looked at, in their order.
    """
    settings = {point.name: point.settings for point in results.design.points}
    titles = _titles([factor.path for factor in results.design.factors])
    levers = []
    for factor in results.design.factors:
        now = _today(results, factor.path)
        values = [settings[name].get(factor.path, now) for name in points]
        lever = _lever(factor.path, titles[factor.path], values, factor.values, now)
        if len(set(lever.places)) > 1 or (lever.places and lever.today not in {None, lever.places[0]}):
            levers.append(lever)
    return levers


def where(levers: Sequence[Lever], settings: Mapping[str, Any], point: int) -> str:
    """What a point sets, in words."""
    parts = [f"{lever.title} {lever.said(lever.places[point])}" for lever in levers if lever.path in settings]
    return ", ".join(parts)


def number(value: float) -> str:
    """A value of a lever, to four digits or as many as a whole number has."""
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")


def _today(results: Results, path: str) -> Any:
    """Value that the baseline has of a factor."""
    if path not in results.points.columns:
        return None
    rows = results.points.filter(results.points["scenario"] == BASELINE)
    return rows[path].item() if rows.height else None


def _lever(path: str, title: str, values: Sequence[Any], order: Sequence[Any], now: Any) -> Lever:
    """Place values on an axis: as numbers where all are, of one unit; else side by side."""
    read = [_quantity(value) for value in values]
    units = {each[1] for each in read if each is not None}
    if None not in read and len(units) == 1:
        places = tuple(each[0] for each in read if each is not None)
        at, unit = _quantity(now), next(iter(units))
        today = at[0] if at is not None and at[1] == unit else None
        return Lever(path, title, unit, True, places, tuple(map(number, places)), today)  # noqa: FBT003
    texts = [_text(value) for value in values]
    known = list(dict.fromkeys([*(text for text in map(_text, order) if text in texts), *texts]))
    today = float(known.index(_text(now))) if now is not None and _text(now) in known else None
    return Lever(path, title, "", False, tuple(float(known.index(t)) for t in texts), tuple(texts), today)  # noqa: FBT003


def _quantity(value: Any) -> tuple[float, str] | None:
    """Number and unit of a value; None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value), ""
    match = _QUANTITY.fullmatch(str(value))
    return (float(match[1]), match[2]) if match else None


def _text(value: Any) -> str:
    """A value that is no number, as a scenario file would say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return "–" if value is None else str(value)


def _titles(paths: Sequence[str]) -> dict[str, str]:
    """Short names of paths: without the sections they lie in where that tells them apart, else whole."""
    short = {path: plain(" ".join(part for part in path.split(".") if part not in _SECTIONS) or path) for path in paths}
    counts = list(short.values())
    return {path: title if counts.count(title) == 1 else path for path, title in short.items()}
