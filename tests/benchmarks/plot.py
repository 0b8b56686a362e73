"""Growth curves as SVG: time and memory against customers, on logarithmic scales, and against the horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10

from scenarios import svg
from tests.benchmarks.growth import BY_CUSTOMERS, BY_HORIZON, Point

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 370.0, 220.0, 58.0, 40.0, 36.0, 42.0
CLOSE = 14.0  # pixels between two labels that would touch


@dataclass(frozen=True)
class Panel:
    """One curve with its axes.

    Attributes
    ----------
    title, along
        What is drawn, and against what.
    x, y
        Where its points lie.
    logarithmic
        Whether both scales are; otherwise both begin at zero.
    """

    title: str
    along: str
    x: Sequence[float]
    y: Sequence[float]
    logarithmic: bool = False

    def scale(self, values: Sequence[float], length: float) -> Callable[[float], float]:
        """Where a value lies on an axis of so many pixels."""
        if self.logarithmic:
            low, high = log10(min(values)), log10(max(values))
            return lambda value: length * (log10(value) - low) / (high - low)
        return lambda value: length * value / max(values)


def drawn(panel: Panel, left: float, top: float) -> list[str]:
    """One curve with its axes, at a place of the drawing."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    x, y = panel.scale(panel.x, width), panel.scale(panel.y, height)
    at_x, at_y = left + LEFT, top + TOP + height
    points = [(at_x + x(one), at_y - y(other)) for one, other in zip(panel.x, panel.y, strict=True)]
    parts = [
        svg.label(left + 8, top + 20, panel.title, size=13, bold=True),
        svg.line(at_x, at_y, at_x + width, at_y, svg.FAINT),
        svg.line(at_x, at_y, at_x, at_y - height, svg.FAINT),
        svg.label(at_x + width / 2, at_y + 34, panel.along, size=11, anchor="middle", colour=svg.SOFT),
    ]
    parts += [
        svg.label(px, at_y + 16, f"{value:,.0f}", size=11, anchor="middle", colour=svg.SOFT)
        for value, (px, _) in zip(panel.x, points, strict=True)
        if not panel.logarithmic or log10(value).is_integer()
    ]
    for value, (px, py) in levels(panel, points):
        parts.append(svg.label(at_x - 6, py + 4, f"{value:,.3g}", size=11, anchor="end", colour=svg.SOFT))
        parts.append(svg.line(at_x, py, px, py, svg.FAINT, dash="2 4"))
    way = "M" + "L".join(f"{svg.number(px)},{svg.number(py)}" for px, py in points)
    parts.append(svg.path(way, svg.BETTER, 2))
    return parts + [svg.rectangle(px - 3, py - 3, 6, 6, svg.BETTER, rounded=3) for px, py in points]


def levels(panel: Panel, points: Sequence[tuple[float, float]]) -> list[tuple[float, tuple[float, float]]]:
    """Values that are written beside the curve, from the last on: those that do not touch one another."""
    told: list[tuple[float, tuple[float, float]]] = []
    for value, point in reversed(list(zip(panel.y, points, strict=True))):
        if not told or point[1] - told[-1][1][1] >= CLOSE:
            told.append((value, point))
    return told


def panels(points: Sequence[Point]) -> list[Panel]:
    """Time and memory against customers and against the horizon."""
    of = {(point.customers, point.weeks): point for point in points}
    more, longer = ([of[each] for each in plan] for plan in (BY_CUSTOMERS, BY_HORIZON))
    people = f"customers at the start ({more[0].weeks:g} weeks)", [float(each.customers) for each in more]
    weeks = f"weeks ({longer[0].customers:,} customers)", [each.weeks for each in longer]

    def time(curve: Sequence[Point]) -> list[float]:
        return [each.seconds / curve[0].seconds for each in curve]

    def memory(curve: Sequence[Point]) -> list[float]:
        return [each.own for each in curve]

    return [
        Panel("Processor time, × first point", *people, time(more), logarithmic=True),
        Panel("Processor time, × first point", *weeks, time(longer)),
        Panel("Memory of the history, MiB", *people, memory(more), logarithmic=True),
        Panel("Memory of the history, MiB", *weeks, memory(longer)),
    ]


def growth_plot(points: Sequence[Point]) -> str:
    """The growth curves as one drawing."""
    parts: list[str] = []
    for number, panel in enumerate(panels(points)):
        parts += drawn(panel, number % 2 * WIDTH, number // 2 * HEIGHT)
    told = "Four curves: time and memory against customers, on logarithmic scales, and against weeks."
    return svg.drawing(2 * WIDTH, 2 * HEIGHT, "How time and memory grow", told, parts) + "\n"
