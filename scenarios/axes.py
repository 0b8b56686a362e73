"""Axes of drawings: how far they reach, where their marks are, and how those are written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scenarios import svg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def reach(numbers: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis on which all numbers lie, with a little room."""
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if high - low < 1e-12:
        spare = abs(high) * 0.1 or 1.0
        return low - spare, high + spare
    spare = 0.06 * (high - low)
    return low - spare, high + spare


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Where a value lies on a drawing; one beyond the ends is drawn at them."""
    return lambda value: start + (min(max(value, low), high) - low) / (high - low) * (end - start)


def step(low: float, high: float, about: int = 4) -> float:
    """Distance between the marks of an axis: 1, 2 or 5 times a power of ten, for about so many of them."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    return next(nice * power for nice in (1, 2, 5, 10) if nice * power >= rough * 0.999)


def near(value: float, low: float, high: float) -> float:
    """A value as exactly as it can be read off the axis."""
    fine = step(low, high) / 10
    return round(value / fine) * fine


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers to mark on an axis."""
    apart = step(low, high, about)
    first = math.ceil(low / apart - 1e-9)
    return [n * apart for n in range(first, math.floor(high / apart + 1e-9) + 1)]


def grid(
    marks: Sequence[float], at: Callable[[float], float], left: float, right: float, say: Callable[[float], str]
) -> list[str]:
    """Level lines with their numbers."""
    lines = [svg.line(left, at(tick), right, at(tick), svg.FAINT) for tick in marks]
    texts = [svg.label(left - 5, at(tick) + 3.5, say(tick), size=10.5, anchor="end", colour=svg.SOFT) for tick in marks]
    return lines + texts


def inside(x: float, y: float, text: str, size: float, left: float, right: float) -> str:
    """A centred label, moved so that it stays inside."""
    half = svg.text_width(text, size) / 2
    return svg.label(min(max(x, left + half), right - half), y, text, size=size, anchor="middle", colour=svg.SOFT)
