"""Plots of a sweep as SVG: response to a lever, tornado, heat map of two levers, and one number against another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios import axes, svg
from scenarios.plots import BETTER_SIDE, GHOST, LOOKS, WORSE_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.sweeps.effects import Effect, Interaction, Response
    from scenarios.sweeps.levers import Lever
    from sim.kpis import Better

_NARROW, _WIDE, _SMALL = 320.0, 480.0, 10.5
_MANY = 60  # points, above which single ones are drawn without their intervals
_TINTS = {"more": (WORSE_SIDE, BETTER_SIDE), "less": (BETTER_SIDE, WORSE_SIDE), "neither": (svg.PAPER, svg.PAPER)}


@dataclass(frozen=True)
class Axis:
    """An axis: its ends, how a number on it is written, what it shows, and which side of zero is better."""

    low: float
    high: float
    say: Callable[[float], str]
    name: str = ""
    better: Better = "neither"


def _look(effect: Effect, better: Better) -> str:
    """Colour of a difference: better, worse, or not to be told."""
    return LOOKS[(effect.value > 0) == (better == "more") if effect.sure and better != "neither" else None]


def _dot(x: float, y: float, effect: Effect, better: Better, size: float = 3.6) -> str:
    colour = _look(effect, better)
    centre = f'cx="{svg.number(x)}" cy="{svg.number(y)}"'
    fill = colour if effect.sure else svg.PAPER
    return f'<circle {centre} r="{svg.number(size)}" fill="{fill}" stroke="{colour}" stroke-width="1.6"/>'


def _dots(places: Sequence[tuple[float, float]], colour: str, width: float) -> str:
    """Many dots as one path of lines without length, whose round ends are seen."""
    data = "".join(f"M{svg.number(x)},{svg.number(y)}h0" for x, y in places)
    return f'<path d="{data}" stroke="{colour}" stroke-width="{svg.number(width)}" stroke-linecap="round"/>'


# ---- response to a lever ---------------------------------------------------------------------------------------------


def response_plot(title: str, of: Response, singles: Sequence[Effect], axis: Axis) -> str:
    """Draw a KPI's difference from today against a lever: the mean with its interval, and the single points behind it.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    of
        The response.
    singles
        Difference at each point of the sweep, of which the response names those that are drawn.
    axis
        Of the differences, alike for every lever.
    """
    lever, line = of.lever, [(place, effect) for place, effect in of.line if math.isfinite(effect.lower)]
    shown = [
        (lever.places[n], singles[n])
        for n in of.points
        if math.isfinite(singles[n].value) and len(of.points) > len(line)
    ]
    marks = axes.ticks(axis.low, axis.high, 5)
    left = 14 + max(svg.text_width(axis.say(mark), _SMALL) for mark in marks)
    right, top, bottom = _NARROW - 8, 10.0, 168.0
    up = axes.scale(axis.low, axis.high, bottom, top)
    ends = axes.reach([*(lever.places if of.points else ()), *(p for p, _ in line), *_known(lever.today)])
    across = axes.scale(*ends, left, right)
    parts = [
        *_sides(up(0.0), left, right, top, bottom, axis.better),
        *axes.grid(marks, up, left, right, axis.say),
        svg.line(left, up(0.0), right, up(0.0), svg.INK, 1),
    ]
    if lever.today is not None:
        parts.append(svg.line(across(lever.today), top, across(lever.today), bottom, svg.SOFT, 1, "3 3"))
    if shown:
        whiskers = "".join(
            f"M{svg.number(across(x))},{svg.number(up(e.lower))}V{svg.number(up(e.upper))}"
            for x, e in shown
            if math.isfinite(e.lower) and len(shown) <= _MANY
        )
        parts += [svg.path(whiskers, GHOST, 1)] if whiskers else []
        parts.append(_dots([(across(x), up(e.value)) for x, e in shown], GHOST, 3.4))
    parts += _line(line, across, up, axis.better, joined=lever.numeric)
    parts += _along(lever, ends, across, left, right, bottom)
    said = "; ".join(f"{lever.said(place)}: {axis.say(_near(e.value, axis))}" for place, e in line[:12])
    return svg.drawing(_NARROW, bottom + 46, title, f"{title}. {said or 'single points only'}", parts, smallest=0.75)


def _known(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _near(value: float, axis: Axis) -> float:
    return axes.near(value, axis.low, axis.high)


def _sides(zero: float, left: float, right: float, top: float, bottom: float, better: Better) -> list[str]:
    """The ground above and below zero, each in its tint."""
    below, above = _TINTS[better]
    return [
        svg.rectangle(left, top, right - left, zero - top, above),
        svg.rectangle(left, zero, right - left, bottom - zero, below),
    ]


def _line(
    line: Sequence[tuple[float, Effect]], across: Callable[[float], float], up: Callable[[float], float],
    better: Better, *, joined: bool,
) -> list[str]:  # fmt: skip
    """Means with their intervals, joined where what lies between two places means something."""
    parts = []
    if joined and len(line) > 1:
        data = " L".join(f"{svg.number(across(x))},{svg.number(up(e.value))}" for x, e in line)
        parts.append(svg.path(f"M{data}", svg.SOFT, 1.4))
    for x, e in line:
        parts.append(svg.line(across(x), up(e.lower), across(x), up(e.upper), _look(e, better), 2))
        parts.append(_dot(across(x), up(e.value), e, better))
    return parts


def _along(
    lever: Lever, ends: tuple[float, float], across: Callable[[float], float], left: float, right: float, bottom: float
) -> list[str]:
    """Marks of a lever's values, as many as there is room for, and where today is."""
    marks = dict(lever.marks)
    if lever.today is not None and not lever.numeric:
        marks.setdefault(lever.today, "today")
    if lever.numeric and len(marks) > 9:
        marks = {mark: f"{mark:,.6g}".replace("-", "−") for mark in axes.ticks(*ends, 6)}
    room = (right - left) / max(len(marks), 1)
    texts = {place: svg.wrap(text, max(room - 4, 40), _SMALL, 1)[0] for place, text in marks.items()}
    parts, free = [svg.line(left, bottom, right, bottom, svg.SOFT)], -math.inf
    for place, text in texts.items():
        x, half = across(place), svg.text_width(text, _SMALL) / 2
        x = min(max(x, left + half), right - half)
        if x - half >= free + 5:
            parts.append(svg.line(across(place), bottom, across(place), bottom + 4, svg.SOFT))
            parts.append(svg.label(x, bottom + 16, text, size=_SMALL, anchor="middle", colour=svg.SOFT))
            free = x + half
    under = f"{lever.title}, {lever.unit}" if lever.unit else lever.title
    under = svg.wrap(under, right - left, _SMALL, 1)[0]
    parts.append(svg.label((left + right) / 2, bottom + 33, under, size=_SMALL, anchor="middle", colour=svg.SOFT))
    return parts


# ---- tornado ---------------------------------------------------------------------------------------------------------


def tornado_plot(title: str, found: Sequence[Response], axis: Axis, tell: Callable[[Effect], str]) -> str:
    """Draw how far each lever alone moves a KPI from today, the widest first: at its lowest value and at its highest.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    found
        Responses, one lever at a time.
    axis
        Of the differences.
    tell
        How a difference is said.
    """
    reach = {of.lever.path: max(abs(e.value) for _, e in of.line) for of in found if of.line}
    ordered = sorted((of for of in found if of.line), key=lambda of: -reach[of.lever.path])
    left, right, y = 6.0, _NARROW - 6, 6.0
    at = axes.scale(axis.low, axis.high, left, right)
    below, above = _TINTS[axis.better]
    parts, said = [], []
    for of in ordered:
        ends = [of.line[0], of.line[-1]] if len(of.line) > 1 else of.line
        ends = [(place, effect) for place, effect in ends if place != of.lever.today] or ends[:1]
        for line in svg.wrap(of.lever.title, right - left, 11.5, 2):
            parts.append(svg.label(left, y + 12, line, size=11.5, bold=True))
            y += 14
        texts = [f"{of.lever.said(place)}: {tell(e)}" for place, e in ends]
        for line in svg.wrap("  ·  ".join(texts), right - left, _SMALL, 2):
            parts.append(svg.label(left, y + 11, line, size=_SMALL, colour=svg.SOFT))
            y += 13
        y += 5
        parts += [
            svg.rectangle(left, y, at(0.0) - left, 20, below),
            svg.rectangle(at(0.0), y, right - at(0.0), 20, above),
            svg.line(at(0.0), y - 2, at(0.0), y + 22, svg.INK, 1.2),
        ]
        for n, (_, effect) in enumerate(ends):
            middle, colour = y + (10 if len(ends) == 1 else 6 + 8 * n), _look(effect, axis.better)
            zero, value = at(0.0), at(effect.value)
            parts.append(svg.rectangle(min(zero, value), middle - 3, abs(value - zero), 6, f"{colour}70"))
            if math.isfinite(effect.lower):
                parts.append(svg.line(at(effect.lower), middle, at(effect.upper), middle, colour, 1.4))
            parts.append(_dot(value, middle, effect, axis.better, 3))
        y += 28
        said.append(f"{of.lever.title}: {', '.join(texts)}")
    for mark in axes.ticks(axis.low, axis.high):
        parts.append(svg.line(at(mark), y, at(mark), y + 4, svg.SOFT))
        parts.append(axes.inside(at(mark), y + 16, axis.say(mark), _SMALL, left, right))
    parts.append(svg.line(left, y, right, y, svg.SOFT))
    return svg.drawing(_NARROW, y + 22, title, f"{title}. {'; '.join(said)}", parts, smallest=0.75)


# ---- two levers ------------------------------------------------------------------------------------------------------


def heat_map(title: str, of: Interaction, largest: float, say: Callable[[Effect], str], better: Better) -> str:
    """Draw a KPI's difference from today where two levers meet: the stronger the colour, the larger.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    of
        The two levers.
    largest
        Difference that has the full colour.
    say
        How a difference in a cell is written.
    better
        Which direction is better.
    """
    columns, rows = sorted({a for a, _ in of.cells}), sorted({b for _, b in of.cells}, reverse=True)
    marks = of.second.marks
    beside = {b: svg.wrap(marks[b], 84, _SMALL, 1)[0] for b in rows}
    left = 14 + max(svg.text_width(text, _SMALL) for text in beside.values())
    right, top = _NARROW - 6, 22.0
    wide, high = (right - left) / len(columns), min(max(210.0 / len(rows), 14.0), 34.0)
    parts = [
        svg.label(4, 13, svg.wrap(f"↑ {_named(of.second)}", _NARROW - 8, _SMALL, 1)[0], size=_SMALL, colour=svg.SOFT)
    ]
    texts = {cell: say(effect) if math.isfinite(effect.value) else "–" for cell, effect in of.cells.items()}
    size = next(
        (s for s in (10.5, 9.5, 8.5) if all(svg.text_width(t, s, bold=True) < wide - 3 for t in texts.values())), 0
    )
    for r, b in enumerate(rows):
        y = top + high * r
        if r == 0 or high >= 12:
            parts.append(svg.label(left - 5, y + high / 2 + 3.5, beside[b], size=_SMALL, anchor="end", colour=svg.SOFT))
        for c, a in enumerate(columns):
            effect = of.cells[a, b]
            strength = min(abs(effect.value) / largest, 1.0) if effect.sure and largest > 0 else 0.0
            fill = f"{_look(effect, better)}{round(20 + 100 * strength):02x}" if effect.sure else svg.PAPER
            parts += _cell(left + wide * c, y, wide, high, fill, texts[a, b], size, sure=effect.sure)
    y, free = top + high * len(rows), -math.inf
    for c, a in enumerate(columns):
        text = svg.wrap(of.first.marks[a], max(wide - 4, 40), _SMALL, 1)[0]
        half = svg.text_width(text, _SMALL) / 2
        x = min(left + wide * (c + 0.5), right - half)
        if x - half >= free + 4:
            parts.append(svg.label(x, y + 14, text, size=_SMALL, anchor="middle", colour=svg.SOFT))
            free = x + half
    under = svg.wrap(f"{_named(of.first)} →", right - left, _SMALL, 1)[0]
    parts.append(svg.label(right, y + 30, under, size=_SMALL, anchor="end", colour=svg.SOFT))
    sure = sum(effect.sure for effect in of.cells.values())
    said = f"{sure} of {len(of.cells)} cells can be told apart from nothing"
    return svg.drawing(_NARROW, y + 38, title, f"{title}. {said}", parts, smallest=0.75)


def _cell(x: float, y: float, wide: float, high: float, fill: str, text: str, size: float, *, sure: bool) -> list[str]:
    """One cell: its number where there is room for that, else a dash where it cannot be told apart from nothing."""
    parts = [svg.rectangle(x + 0.5, y + 0.5, wide - 1, high - 1, fill, stroke=svg.FAINT)]
    middle, colour = x + wide / 2, svg.INK if sure else svg.SOFT
    if size:
        parts.append(svg.label(middle, y + high / 2 + 3.5, text, size=size, anchor="middle", bold=sure, colour=colour))
    elif not sure:
        parts.append(svg.line(middle - 2, y + high / 2, middle + 2, y + high / 2, colour, 1.2))
    return parts


def _named(lever: Lever) -> str:
    return f"{lever.title}, {lever.unit}" if lever.unit else lever.title


# ---- one number against another --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spot:
    """A point of a sweep on two axes: what it is, its two differences, and whether no other beats it in both."""

    name: str
    x: Effect
    y: Effect
    unbeaten: bool


def trade_off_plot(title: str, spots: Sequence[Spot], across: Axis, up: Axis) -> str:
    """Draw points by two differences from today, which lies where the axes cross.

    Parameters
    ----------
    title
        What is drawn, for those who hear it read.
    spots
        The points; those that no other beats in both are filled, and drawn last.
    across, up
        The axes.
    """
    marks = axes.ticks(up.low, up.high, 6)
    left = 14 + max(svg.text_width(up.say(mark), _SMALL) for mark in marks)
    right, top, bottom = _WIDE - 10, 26.0, 330.0
    x_of, y_of = axes.scale(across.low, across.high, left, right), axes.scale(up.low, up.high, bottom, top)
    good_x, good_y = (axis.better == "more" for axis in (across, up))
    zero_x, zero_y = x_of(0.0), y_of(0.0)
    parts = [svg.label(4, 13, svg.wrap(f"↑ {up.name}", _WIDE - 8, _SMALL, 1)[0], size=_SMALL, colour=svg.SOFT)]
    for good, fill in ((True, BETTER_SIDE), (False, WORSE_SIDE)):
        x1, x2 = (zero_x, right) if good_x == good else (left, zero_x)
        y1, y2 = (top, zero_y) if good_y == good else (zero_y, bottom)
        parts.append(svg.rectangle(x1, y1, x2 - x1, y2 - y1, fill))
    parts += axes.grid(marks, y_of, left, right, up.say)
    for mark in axes.ticks(across.low, across.high, 5):
        parts.append(svg.line(x_of(mark), bottom, x_of(mark), bottom + 4, svg.SOFT))
        parts.append(axes.inside(x_of(mark), bottom + 16, across.say(mark), _SMALL, left, right))
    parts += [
        svg.line(left, bottom, right, bottom, svg.SOFT),
        svg.line(left, zero_y, right, zero_y, svg.INK, 1),
        svg.line(zero_x, top, zero_x, bottom, svg.INK, 1),
    ]
    behind = GHOST if len(spots) <= _MANY else svg.FAINT
    parts += _crosses([spot for spot in spots if not spot.unbeaten], x_of, y_of, behind)
    parts += _crosses([spot for spot in spots if spot.unbeaten], x_of, y_of, svg.NEITHER)
    parts += [
        _spot(spot, x_of, y_of, 3 if len(spots) <= _MANY else 1.8)
        for spot in sorted(spots, key=lambda spot: spot.unbeaten)
    ]
    parts += _today(zero_x, zero_y, right, top)
    under = svg.wrap(f"{across.name} →", right - left, _SMALL, 1)[0]
    parts.append(svg.label(right, bottom + 33, under, size=_SMALL, anchor="end", colour=svg.SOFT))
    said = f"{len(spots)} points, {sum(spot.unbeaten for spot in spots)} of them beaten by no other in both"
    return svg.drawing(_WIDE, bottom + 42, title, f"{title}. {said}", parts, smallest=0.7)


def _today(x: float, y: float, right: float, top: float) -> list[str]:
    """Today's mark, named on the side where there is room."""
    ring = f'cx="{svg.number(x)}" cy="{svg.number(y)}" r="5.5" fill="none" stroke="{svg.INK}" stroke-width="2"'
    beside = x + 9 + svg.text_width("today", 11.5, bold=True) < right
    place, anchor = (x + 9, "start") if beside else (x - 9, "end")
    over = y - 8 if y > top + 24 else y + 18
    name = svg.label(place, over, "today", size=11.5, anchor=anchor, bold=True, halo=True)
    return [f"<circle {ring}><title>Today</title></circle>", name]


def _crosses(
    spots: Sequence[Spot], x_of: Callable[[float], float], y_of: Callable[[float], float], colour: str
) -> list[str]:
    """Both intervals of many points as one path."""
    data = "".join(
        f"M{svg.number(x_of(s.x.lower))},{svg.number(y_of(s.y.value))}H{svg.number(x_of(s.x.upper))}"
        f"M{svg.number(x_of(s.x.value))},{svg.number(y_of(s.y.lower))}V{svg.number(y_of(s.y.upper))}"
        for s in spots
        if math.isfinite(s.x.lower + s.y.lower)
    )
    return [svg.path(data, colour, 1)] if data else []


def _spot(spot: Spot, x_of: Callable[[float], float], y_of: Callable[[float], float], size: float) -> str:
    """A dot that tells its name and numbers when pointed at."""
    looks = f'fill="{svg.BETTER}" r="4.5"' if spot.unbeaten else f'fill="{svg.NEITHER}" r="{size:g}"'
    centre = f'cx="{svg.number(x_of(spot.x.value))}" cy="{svg.number(y_of(spot.y.value))}"'
    return f"<circle {centre} {looks}><title>{svg.escape(spot.name)}</title></circle>"
