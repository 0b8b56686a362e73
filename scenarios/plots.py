"""Small plots as SVG: differences with their intervals, money by quarter, lines by week, and how a run settles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios import axes, svg
from scenarios.words import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.kpis import Better

Say = Callable[[float], str]  # how a number is written

_WIDTH = 420.0
BETTER_SIDE, WORSE_SIDE = "#eaf3fb", "#fdf3e7"
LOOKS = {True: svg.BETTER, False: svg.WORSE, None: svg.NEITHER}  # by whether it is better
GHOST = f"{svg.SOFT}66"  # of what stands behind


# ---- differences with their intervals --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One row of an interval plot.

    Attributes
    ----------
    name, text
        What it is of, and how it is said.
    value, lower, upper
        The difference and its interval.
    luck
        Half-width of the part of the interval that is the luck of the run.
    """

    name: str
    text: str
    value: float
    lower: float
    upper: float
    luck: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is an interval to draw."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)


def interval_plot(
    title: str, rows: Sequence[Difference], better: Better, say: Callable[[float], str] | None = None
) -> str:
    """Draw differences around zero, a row each: a dot, a bar for its interval, a thin line for the luck of the run.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    rows
        Differences; those that are not known are said so.
    better
        Which side is better.
    say
        How a number on the axis is written.
    """
    known = [row for row in rows if row.known]
    low, high = axes.reach([0.0, *(end for row in known for end in (row.lower, row.upper))])
    left, right, y = 8.0, _WIDTH - 8, 16.0
    at = axes.scale(low, high, left, right)
    parts = _directions(at(0.0), left, right, y - 4, better)
    for row in rows:
        texts, y = _said(row, y)
        strip = _strip(at(0.0), left, right, y, better)
        parts += [*strip, *texts, *(_bar(row, at, y + 9, better) if row.known else [])]
        y += 24
    for tick in axes.ticks(low, high):
        parts.append(svg.line(at(tick), y, at(tick), y + 4, svg.SOFT))
        text = say(tick) if say is not None else rounded(tick, axes.step(low, high))
        parts.append(axes.inside(at(tick), y + 16, text, 10.5, left, right))
    parts.append(svg.line(left, y, right, y, svg.SOFT))
    said = "; ".join(f"{row.name}: {row.text}" for row in rows)
    return svg.drawing(_WIDTH, y + 22, title, f"{title}. {said}", parts, smallest=0.6)


def _names(better: Better) -> tuple[str, str]:
    """What lies on the left and on the right of zero."""
    return {"more": ("worse", "better"), "less": ("better", "worse"), "neither": ("less", "more")}[better]


def _directions(zero: float, left: float, right: float, y: float, better: Better) -> list[str]:
    """Over the plot, what each side of zero means."""
    below, above = _names(better)
    inks = {"better": svg.BETTER, "worse": svg.WORSE}
    parts = []
    if zero - left > 48:
        ink = inks.get(below, svg.SOFT)
        parts.append(svg.label(zero - 5, y, f"◂ {below}", size=10.5, anchor="end", colour=ink))
    if right - zero > 48:
        parts.append(svg.label(zero + 5, y, f"{above} ▸", size=10.5, colour=inks.get(above, svg.SOFT)))
    return parts


def _said(row: Difference, y: float) -> tuple[list[str], float]:
    """Name and number of a row, on one line where there is room; and where its strip begins."""
    room = _WIDTH - 30 - svg.text_width(row.text, 11.5, bold=True)
    alone = svg.text_width(row.name, 11.5) > room
    names = svg.wrap(row.name, _WIDTH - 16, 11.5, 2) if alone else [row.name]
    texts = [svg.label(8, y + 14 + 14 * n, name, size=11.5) for n, name in enumerate(names)]
    end = y + 14 * len(names) + (14 if alone else 0)
    texts.append(svg.label(_WIDTH - 8, end, row.text, size=11.5, anchor="end", bold=True))
    return texts, end + 5


def _strip(zero: float, left: float, right: float, y: float, better: Better) -> list[str]:
    """The ground on which a bar is drawn: each side of zero in its tint."""
    tints = {"better": BETTER_SIDE, "worse": WORSE_SIDE}
    below, above = (tints.get(name, "#f1f3f5") for name in _names(better))
    return [
        svg.rectangle(left, y, zero - left, 18, below),
        svg.rectangle(zero, y, right - zero, 18, above),
        svg.line(zero, y - 2, zero, y + 20, svg.INK, 1.2),
    ]


def _bar(row: Difference, at: Callable[[float], float], middle: float, better: Better) -> list[str]:
    """An interval with its dot, hollow where the interval holds zero."""
    sure = row.lower > 0 or row.upper < 0
    colour = LOOKS[(row.value > 0) == (better == "more") if sure and better != "neither" else None]
    lower, upper = at(row.lower), at(row.upper)
    parts = [svg.rectangle(lower - 1, middle - 4.5, upper - lower + 2, 9, f"{colour}70", rounded=2.5)]
    if math.isfinite(row.luck):
        begin, end = at(row.value - row.luck), at(row.value + row.luck)
        parts.append(svg.line(begin, middle, end, middle, colour, 1.6))
        parts += [svg.line(x, middle - 3.5, x, middle + 3.5, colour, 1.6) for x in (begin, end)]
    centre = f'cx="{svg.number(at(row.value))}" cy="{svg.number(middle)}"'
    fill = colour if sure else svg.PAPER
    parts.append(f'<circle {centre} r="4.2" fill="{fill}" stroke="{colour}" stroke-width="1.8"/>')
    return parts


# ---- money by quarter ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quarter:
    """Difference in money in thirteen weeks of the measured window, or what is left of them.

    Attributes
    ----------
    name
        Which weeks.
    weeks
        How many.
    revenue, running, change
        More revenue, more running cost, and the cost of the change itself.
    net, lower, upper
        Revenue less both costs, with its interval.
    """

    name: str
    weeks: float
    revenue: float
    running: float
    change: float
    net: float
    lower: float
    upper: float


_MONEY = (
    ("revenue", "#4f8fc4"),
    ("running cost", "#d08a3e"),
    ("the change itself", "#8f6bb0"),
    ("net", "#c3ccd6"),
)


def money_plot(title: str, quarters: Sequence[Quarter], say: Callable[[float], str]) -> str:
    """Draw what a change does to money, quarter by quarter: upwards is money gained, downwards money spent.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    quarters
        In their order.
    say
        How an amount on the axis is written.
    """
    bars = [(quarter, (quarter.revenue, -quarter.running, -quarter.change, quarter.net)) for quarter in quarters]
    numbers = [
        0.0,
        *(v for quarter, values in bars for v in (*values, quarter.lower, quarter.upper) if math.isfinite(v)),
    ]
    low, high = axes.reach(numbers)
    ticks = axes.ticks(low, high)
    left = 16 + max(svg.text_width(say(tick), 10.5) for tick in ticks)
    right, top, bottom = _WIDTH - 8, 26.0, 206.0
    at = axes.scale(low, high, bottom, top)
    parts = [*_legend(_MONEY), *axes.grid(ticks, at, left, right, say)]
    room = (right - left) / max(len(quarters), 1)
    width = min(room * 0.2, 26.0)
    for n, (quarter, values) in enumerate(bars):
        middle = left + room * (n + 0.5)
        for k, (value, (_, colour)) in enumerate(zip(values, _MONEY, strict=True)):
            x = middle + (k - 2) * width
            y, zero = at(value), at(0.0)
            parts.append(svg.rectangle(x + 1, min(y, zero), width - 2, max(abs(y - zero), 0.8), colour))
        x = middle + 1.5 * width
        if math.isfinite(quarter.lower):
            parts.append(svg.line(x, at(quarter.lower), x, at(quarter.upper), svg.INK, 2))
            parts += [svg.line(x - 4, at(end), x + 4, at(end), svg.INK, 1.2) for end in (quarter.lower, quarter.upper)]
        for line, text in enumerate(svg.wrap(quarter.name, room - 6, 10.5, 2)):
            parts.append(svg.label(middle, bottom + 15 + 13 * line, text, size=10.5, anchor="middle"))
    parts.append(svg.line(left, at(0.0), right, at(0.0), svg.INK, 1.2))
    said = "; ".join(f"{quarter.name}: net {say(axes.near(quarter.net, low, high))}" for quarter in quarters)
    return svg.drawing(_WIDTH, bottom + 34, title, f"{title}. {said}", parts, smallest=0.6)


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    parts, x = [], 8.0
    for name, colour in entries:
        parts.append(svg.rectangle(x, 4, 10, 10, colour))
        parts.append(svg.label(x + 14, 13, name, size=10.5))
        x += 28 + svg.text_width(name, 10.5)
    return parts


# ---- a line by week --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """A value in one week, with its interval."""

    number: int
    value: float
    lower: float
    upper: float


def week_plot(title: str, weeks: Sequence[Week], say: Callable[[float], str], *, zero: bool = False) -> str:
    """Draw a value week by week, with its interval as a band.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    weeks
        In their order; those in which the value is not known leave a gap.
    say
        How a number on the axis is written.
    zero
        Whether zero belongs on the axis, as for a difference.
    """
    known = [week for week in weeks if math.isfinite(week.value)]
    ends = [v for week in known for v in (week.value, week.lower, week.upper) if math.isfinite(v)]
    low, high = axes.reach([*ends, 0.0] if zero or not ends else ends)
    ticks = axes.ticks(low, high)
    left = 16 + max((svg.text_width(say(tick), 10.5) for tick in ticks), default=30)
    right, top, bottom = _WIDTH - 12, 12.0, 142.0
    last = max((week.number for week in weeks), default=1)
    at, across = axes.scale(low, high, bottom, top), axes.scale(1.0, max(float(last), 2.0), left + 6, right)
    parts = axes.grid(ticks, at, left, right, say)
    if zero:
        parts.append(svg.line(left, at(0.0), right, at(0.0), svg.INK, 1, "3 3"))
    for run in _runs(known):
        band = [(across(week.number), at(week.upper)) for week in run if math.isfinite(week.upper)]
        band += [(across(week.number), at(week.lower)) for week in reversed(run) if math.isfinite(week.lower)]
        points = " L".join(f"{svg.number(across(week.number))},{svg.number(at(week.value))}" for week in run)
        if band:
            parts.append(svg.polygon(band, f"{svg.BETTER}2e"))
        parts.append(svg.path(f"M{points}", svg.BETTER, 1.8))
        for week in run if len(weeks) <= 30 else ():
            centre = f'cx="{svg.number(across(week.number))}" cy="{svg.number(at(week.value))}"'
            parts.append(f'<circle {centre} r="2.4" fill="{svg.BETTER}"/>')
    every = max(1, math.ceil(last / 13))
    parts += [
        svg.label(across(number), bottom + 15, number, size=10.5, anchor="middle", colour=svg.SOFT)
        for number in range(1, last + 1, every)
    ]
    parts.append(svg.label((left + right) / 2, bottom + 29, "week", size=10.5, anchor="middle", colour=svg.SOFT))
    said = "not known"
    if known:
        first, final = (say(axes.near(week.value, low, high)) for week in (known[0], known[-1]))
        said = f"from {first} in the first week to {final} in the last"
    return svg.drawing(_WIDTH, bottom + 36, title, f"{title}: {said}", parts, smallest=0.6)


def _runs(weeks: Sequence[Week]) -> list[list[Week]]:
    """Weeks that follow one another."""
    runs: list[list[Week]] = []
    for week in weeks:
        if runs and runs[-1][-1].number == week.number - 1:
            runs[-1].append(week)
        else:
            runs.append([week])
    return runs


# ---- how a run settles -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settled:
    """A value from the first minute of a run on.

    Attributes
    ----------
    name
        What it is.
    series, weekly
        Its values at even distances, some of them a week, and its mean in each week; NaN where it is not known.
    cut
        Weeks that are best left out; None where that cannot be told.
    unit, say
        Its unit, and how a number on its axis is written.
    """

    name: str
    series: Sequence[float]
    weekly: Sequence[float]
    cut: float | None
    unit: str
    say: Say


_CUT = "#b45309"


def settling_plot(title: str, rows: Sequence[Settled], warmup: float) -> str:
    """Draw values from the first minute of a run on, under each other, with the warm-up shaded and the best cut marked.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    rows
        Values, over the same weeks.
    warmup
        Weeks that are not measured.
    """
    weeks = max((len(row.weekly) for row in rows), default=1)
    reach = [axes.reach([v for v in [*row.series, *row.weekly] if math.isfinite(v)]) for row in rows]
    left = 16 + max(
        (svg.text_width(row.say(tick), 10.5) for row, ends in zip(rows, reach, strict=True) for tick in axes.ticks(*ends)),
        default=30,
    )
    right, y = _WIDTH - 12, 22.0
    across = axes.scale(0.0, float(weeks), left, right)
    looks = (("in a week", svg.BETTER), ("warm-up, not measured", "#dfe5ea"), ("best cut", _CUT))
    parts = _legend(looks)
    for row, (low, high) in zip(rows, reach, strict=True):
        top, bottom = y + 20, y + 100
        at = axes.scale(low, high, bottom, top)
        parts += [svg.label(8, y + 12, line, size=11.5) for line in svg.wrap(f"{row.name}, {row.unit}", right, 11.5, 1)]
        parts.append(svg.rectangle(across(0.0), top, across(warmup) - across(0.0), bottom - top, "#dfe5ea"))
        parts += axes.grid(axes.ticks(low, high), at, left, right, row.say)
        step = len(row.weekly) / max(len(row.series), 1)
        fine = [(across(step * (n + 0.5)), at(v) if math.isfinite(v) else v) for n, v in enumerate(row.series)]
        bold = [(across(n + 0.5), at(v) if math.isfinite(v) else v) for n, v in enumerate(row.weekly)]
        parts += [*_unbroken(fine, svg.SOFT, 0.7), *_unbroken(bold, svg.BETTER, 2.0)]
        if row.cut is not None:
            parts.append(svg.line(across(row.cut), top - 3, across(row.cut), bottom, _CUT, 2, "5 3"))
        y = bottom
    every = max(1, math.ceil(weeks / 13))
    parts += [
        svg.label(across(week), y + 15, week, size=10.5, anchor="middle", colour=svg.SOFT)
        for week in range(0, weeks + 1, every)
    ]
    parts.append(
        svg.label((left + right) / 2, y + 29, "weeks from the start", size=10.5, anchor="middle", colour=svg.SOFT)
    )
    cuts = (f"{row.name}: " + ("not known" if row.cut is None else f"{row.cut:g}") for row in rows)
    said = f"{title}. Weeks of warm-up: {warmup:.3g}. Weeks best cut: {'; '.join(cuts)}"
    return svg.drawing(_WIDTH, y + 36, title, said, parts, smallest=0.6)


def _unbroken(points: Sequence[tuple[float, float]], colour: str, width: float) -> list[str]:
    """A line through points, with a gap where one is not known; a point that stands alone is not seen."""
    lines: list[list[str]] = [[]]
    for x, y in points:
        if math.isfinite(y):
            lines[-1].append(f"{svg.number(x)},{svg.number(y)}")
        elif lines[-1]:
            lines.append([])
    return [svg.path(f"M{' L'.join(line)}", colour, width) for line in lines if len(line) > 1]
