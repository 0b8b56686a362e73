"""Growth curves as SVG: time and memory against customers, on logarithmic scales, and against the horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10

from scenarios import svg
from tests.benchmarks.growth import BY_CUSTOMERS, BY_HORIZON, Point

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 360.0, 230.0, 58.0, 40.0, 18.0, 42.0


@dataclass(frozen=True)
class Panel:
    """One curve with its axes.

    Attributes
    ----------
    title, along
        What is drawn, and against what.
    x, y
        Where its points lie.
    below
        Part of each `y` that was there before anything happened.
    logarithmic
        Whether both scales are.
    """

    title: str
    along: str
    x: Sequence[float]
    y: Sequence[float]
    below: Sequence[float] = ()
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
    x, y = panel.scale(panel.x, width), panel.scale([*panel.y, *panel.below], height)
    at_x, at_y = left + LEFT, top + TOP + height

    def curve(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(at_x + x(one), at_y - y(other)) for one, other in zip(panel.x, values, strict=True)]

    points = curve(panel.y)
    parts = [
        svg.label(left + 8, top + 20, panel.title, size=13, bold=True),
        svg.line(at_x, at_y, at_x + width, at_y, svg.FAINT),
        svg.line(at_x, at_y, at_x, at_y - height, svg.FAINT),
        svg.label(at_x + width / 2, at_y + 34, panel.along, size=11, anchor="middle", colour=svg.SOFT),
    ]
    parts += [
        svg.label(at_x + x(value), at_y + 16, f"{value:,.0f}", size=11, anchor="middle", colour=svg.SOFT)
        for value in (panel.x[:: len(panel.x) - 1] if panel.logarithmic else panel.x)
    ]
    for value in (panel.y[0], panel.y[-1]):
        said = svg.label(at_x - 6, at_y - y(value) + 4, f"{value:,.0f}", size=11, anchor="end", colour=svg.SOFT)
        parts += [said, svg.line(at_x, at_y - y(value), at_x + width, at_y - y(value), svg.FAINT, dash="2 4")]
    if panel.below:
        parts.append(svg.path(way(curve(panel.below)), svg.NEITHER, 1.5, dash="5 4"))
    parts.append(svg.path(way(points), svg.BETTER, 2))
    return parts + [svg.rectangle(px - 3, py - 3, 6, 6, svg.BETTER, rounded=3) for px, py in points]


def way(points: Sequence[tuple[float, float]]) -> str:
    """A line through points, as SVG writes it."""
    return "M" + "L".join(f"{svg.number(x)},{svg.number(y)}" for x, y in points)


def panels(points: Sequence[Point]) -> list[Panel]:
    """Time and memory against customers and against the horizon."""
    of = {(point.customers, point.weeks): point for point in points}
    more, longer = ([of[each] for each in plan] for plan in (BY_CUSTOMERS, BY_HORIZON))
    by_customers, by_weeks = [float(each.customers) for each in more], [each.weeks for each in longer]
    people, weeks = f"customers, {more[0].weeks:g} weeks", f"weeks, {longer[0].customers:,} customers"

    def time(curve: Sequence[Point]) -> list[float]:
        return [each.seconds / curve[0].seconds for each in curve]

    return [
        Panel("Processor time, × first point", people, by_customers, time(more), logarithmic=True),
        Panel("Processor time, × first point", weeks, by_weeks, time(longer)),
        Panel("Most memory, MiB", people, by_customers, [each.peak for each in more], [each.before for each in more],
              logarithmic=True),
        Panel("Most memory, MiB", weeks, by_weeks, [each.peak for each in longer], [each.before for each in longer]),
    ]  # fmt: skip


def growth_plot(points: Sequence[Point]) -> str:
    """The growth curves as one drawing."""
    parts: list[str] = []
    for number, panel in enumerate(panels(points)):
        parts += drawn(panel, number % 2 * WIDTH, number // 2 * HEIGHT)
    note = "Dashed: memory of the process with everything loaded and compiled, before anything is simulated."
    parts.append(svg.label(8, 2 * HEIGHT + 16, note, size=11, colour=svg.SOFT))
    told = "Time grows in proportion to customers and to weeks; memory with customers, and hardly with weeks."
    return svg.drawing(2 * WIDTH, 2 * HEIGHT + 28, "How time and memory grow", told, parts) + "\n"
