"""Journey maps: a journey's graph from where it starts, through its steps, to how it ends, drawn as SVG."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import polars as pl

from scenarios import svg
from scenarios.assumed import always_open
from scenarios.layers import Item, heights, ranks
from scenarios.words import duration, lasting, listed, mostly, per_cent, plain, whom
from sim.model import ABANDONED, AGAIN, BLOCKED, CLOSED, DOWN, GIVE_UP, LEFT, MISSED, NOT_SERVED, RESOLVED, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.model import End, Model, Step
    from sim.tables import Tables

Kind = Literal["start", "served", "comes back", "not served"]
_REOPENS_AFTER = f"about {duration(3 * 1440)}"  # the engine's default where `reopens` is unstated
_STEP, _START, _END, _LABEL = 138.0, 92.0, 132.0, 116.0  # widths
_LINE, _GAP, _MARGIN = 13.5, 11.0, 12.0
_FORWARD, _BACK, _FILL, _TEXT = "#51687f", "#8a4f9e", "#eef3f8", "#41505f"
# Okabe and Ito (2008): told apart by almost every eye; and the name of the channel stands in every box.
_CHANNELS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31")
_FAILURE = "✗"
_DASHES: dict[Kind, str] = {"start": "", "served": "", "comes back": "2 4", "not served": "6 4"}


# ---- the graph -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One way on in a journey.

    Attributes
    ----------
    step
        Where from; None for where the journey starts.
    outcome
        What leads there: an outcome of the visit, or the channel of a start.
    target
        A step or an end.
    share
        Share of those with this outcome who take it.
    overall
        Share of all served visits of the step (or of all journeys); None for those who were not served.
    after
        How long until then, in words; empty where it is at once.
    mostly
        Within how long nine of ten take that way, in words; empty where that is always the same.
    whom
        For whom it is, in words; empty where it is for everybody.
    kind
        Whether it is a start, follows a service, comes back because the solution did not hold, or was not served.
    failure
        Whether it follows an outcome that says it is a failure.
    """

    step: str | None
    outcome: str
    target: str
    share: float
    overall: float | None
    after: str
    kind: Kind
    mostly: str = ""
    whom: str = ""
    failure: bool = False

    @property
    def when(self) -> str:
        """How long after what: ``after 20 min``, ``20 min after it opens``; empty where it is at once."""
        return self.after if " after it " in self.after or not self.after else f"after {self.after}"


def routes(model: Model, journey_name: str) -> list[Route]:
    """Every way on in a journey, starts first, then step by step; those that nobody takes are left out."""
    journey = model.journeys[journey_name]
    found = _starts(model, journey_name)
    for name, step in journey.steps.items():
        found += [route for outcome in step.outcomes for route in _served(name, step, outcome)]
        found += [route for outcome in NOT_SERVED for route in _not_served(model, name, step, outcome)]
    return [route for route in found if route.share > 0 and route.overall != 0]


def _starts(model: Model, journey_name: str) -> list[Route]:
    """Where a journey starts, with the share of each channel where needs and tastes that stay alone say it."""
    journey = model.journeys[journey_name]
    shifting = any(persona.taste.matters for persona in model.personas.values())
    if shifting or any(start.who.matters for start in journey.start.values()):
        return [
            Route(None, channel, start.step, 1.0, None, "", "start", whom=whom(start.who))
            for channel, start in journey.start.items()
        ]
    taken = dict.fromkeys(journey.start, 0.0)
    for persona in model.personas.values():
        liked = persona.starts.get(journey_name, persona.start)
        offered = {channel: liked.get(channel, 0.0) for channel in journey.start}
        if len(offered) == 1:
            offered = dict.fromkeys(offered, 1.0)
        need = persona.needs.get(journey.when.need) if journey.when.need is not None else None
        rate = persona.share * (need.rate if need is not None else float(journey.when.need is None))
        if journey.who.persona is not None and persona not in [model.personas[name] for name in journey.who.persona]:
            rate = 0.0
        total = sum(offered.values())
        for channel, weight in offered.items():
            taken[channel] += rate * weight / total if total else 0.0
    total = sum(taken.values()) or 1.0
    return [
        Route(None, channel, start.step, 1.0, taken[channel] / total or None, "", "start")
        for channel, start in journey.start.items()
    ]


def _served(name: str, step: Step, outcome: str) -> list[Route]:
    """Where the outcome of a service leads, and where it comes back to if it does not hold."""
    chosen = step.outcomes[outcome]
    targets = step.next.get(outcome) or {RESOLVED if outcome == RESOLVED else GIVE_UP: Target(p=1.0)}
    on = [
        Route(
            name,
            outcome,
            target,
            to.p,
            chosen.p * chosen.holds * to.p,
            _after(to),
            "served",
            _mostly(to),
            whom(to.who),
            chosen.good is False,
        )
        for target, to in targets.items()
    ]
    if chosen.holds == 1:
        return on
    lost = chosen.p * (1 - chosen.holds)
    if not chosen.reopens:
        return [*on, Route(name, outcome, name, 1.0, lost, _REOPENS_AFTER, "comes back")]
    back = [
        Route(name, outcome, target, to.p, lost * to.p, _after(to), "comes back", _mostly(to), whom(to.who))
        for target, to in chosen.reopens.items()
    ]
    return on + back


def _not_served(model: Model, name: str, step: Step, outcome: str) -> list[Route]:
    """Where those go who were not served, if that can happen at all."""
    touchpoint = model.touchpoints[step.touchpoint]
    channel = model.channels.get(touchpoint.channel)
    system = model.systems.get(touchpoint.system or "")
    queued = bool(touchpoint.staff) and touchpoint.attended
    happens = {
        ABANDONED: any(model.patience(persona, step.touchpoint) is not None for persona in model.personas),
        CLOSED: not always_open(model, step.touchpoint),
        BLOCKED: channel is not None and channel.lines is not None,
        MISSED: touchpoint.callback is not None and touchpoint.callback.reached < 1,
        DOWN: system is not None and (system.capacity is not None or bool(system.outages)),
    }
    if not happens[outcome] or not (queued or outcome == DOWN):
        return []
    turned_away = touchpoint.when_turned_away(outcome) if outcome in (CLOSED, DOWN) else None
    targets = step.next.get(outcome) or turned_away
    found = []
    for target, to in (targets or {GIVE_UP: Target(p=1.0)}).items():
        after = _after(to)
        if target == AGAIN:
            after = f"{after or 'about 1 h'} after it {'is back' if outcome == DOWN else 'opens'}"
        where = name if target == AGAIN else target
        found.append(Route(name, outcome, where, to.p, None, after, "not served", _mostly(to), whom(to.who)))
    return found


def _after(target: Target) -> str:
    said = lasting(target.after) if target.after is not None else ""
    return "" if said == duration(0) else said


def _mostly(target: Target) -> str:
    return mostly(target.after) if target.after is not None else ""


def traffic(tables: Tables, since: float = 0.0) -> pl.DataFrame:
    """Count who went where: the summary of the visits that a map can show.

    Parameters
    ----------
    tables
        One history.
    since
        Minute from which on journeys are counted, by when they opened.

    Returns
    -------
    polars.DataFrame
        Columns ``goal``, ``step`` (none where a journey starts), ``outcome`` (the channel of a start), ``target`` (a
        step or an end) and ``count``. Visits whose journey is still open are left out.
    """
    key = ["customer", "journey"]
    ends = tables.journeys.filter(pl.col("opened") >= since).select(*key, "end")
    visits = tables.visits.sort(*key, "visit").join(ends, on=key, how="inner", maintain_order="left")
    onward = visits.select(
        "goal", "step", "outcome", target=pl.coalesce(pl.col("step").shift(-1).over(key), "end"),
    )  # fmt: skip
    first = visits.group_by(key, maintain_order=True).first()
    starts = first.select("goal", pl.lit(None, dtype=pl.String).alias("step"), outcome="channel", target="step")
    taken = pl.concat([starts, onward]).drop_nulls("target")
    by = ["goal", "step", "outcome", "target"]
    return taken.group_by(by, maintain_order=True).agg(pl.len().alias("count"))


# ---- the drawing -----------------------------------------------------------------------------------------------------


@dataclass
class _Edge:
    """Everything that leads from one node to another, drawn as one line."""

    source: str
    target: str
    words: list[str] = field(default_factory=list)
    weight: float = 0.0
    kinds: set[Kind] = field(default_factory=set)

    @property
    def dash(self) -> str:
        kind: Kind
        for kind in ("start", "served", "comes back", "not served"):
            if kind in self.kinds:
                return _DASHES[kind]
        return ""


@dataclass(frozen=True)
class _Box:
    """A node: its size, its lines of text (the first in bold), how it is drawn, and the channel in which it is."""

    kind: str
    width: float
    lines: tuple[tuple[str, float, bool], ...]
    dashed: bool = False
    channel: str = ""

    @property
    def height(self) -> float:
        return max(len(self.lines) * 15.0 + 13.0, 34.0)


def journey_map(model: Model, journey_name: str, traffic: pl.DataFrame | None = None) -> str:
    """Draw a journey: where it starts on the left, its steps, how it ends on the right.

    Parameters
    ----------
    model, journey_name
        What is drawn.
    traffic
        Who went where, as `traffic` counts it; lines are then as wide as the traffic seen, else as the probabilities
        stated.

    Returns
    -------
    str
        SVG, complete in itself.
    """
    journey = model.journeys[journey_name]
    found = routes(model, journey_name)
    seen = None if traffic is None else _seen(traffic, journey.goal or journey_name)
    edges = _edges(found, seen)
    boxes = _boxes(model, journey_name, found, seen)
    title = f"Journey: {plain(journey_name)}"
    failures = any(route.failure for route in found)
    return _draw(title, _described(journey_name, found), boxes, edges, observed=seen is not None, failures=failures)


_Words = list[tuple[str, float]]
_Seen = dict[tuple[str | None, str, str], int]


def _seen(traffic: pl.DataFrame, goal: str) -> _Seen:
    rows = traffic.filter(pl.col("goal") == goal)
    return {(row["step"], row["outcome"], row["target"]): row["count"] for row in rows.iter_rows(named=True)}


def _node(name: str, kind: str) -> str:
    """Key of a node: starts, steps and ends may bear the same name."""
    return f"{kind} {name}"


def _edges(found: Sequence[Route], seen: _Seen | None) -> list[_Edge]:
    """Lines of the map, with what is written on each."""
    steps = {route.step for route in found if route.step is not None} | {r.target for r in found if r.kind == "start"}
    edges: dict[tuple[str, str], _Edge] = {}
    most = max(seen.values(), default=1) if seen else 1
    grouped: dict[tuple[str, str, float, str, str], list[str]] = {}
    for route in found:
        source = _node(route.outcome, "start") if route.step is None else _node(route.step, "step")
        target = _node(route.target, "step" if route.target in steps else "end")
        edge = edges.setdefault((source, target), _Edge(source, target))
        edge.kinds.add(route.kind)
        if seen is not None:
            count = seen.get((route.step, route.outcome, route.target), 0)
            edge.weight += count / most
            edge.words.append(_counted(route, count))
        elif route.kind == "not served":
            alike = source, target, route.share, route.when, route.whom
            grouped.setdefault(alike, []).append(plain(route.outcome))
        else:
            edge.weight += route.overall or 0.0
            edge.words.append(_stated(route))
    for (source, target, share, when, meant), outcomes in grouped.items():
        words = f"{per_cent(share)} if {listed(outcomes, 'or')}" if share < 1 else f"if {listed(outcomes, 'or')}"
        only = f", only {meant}" if meant else ""
        edges[source, target].words.append(f"{words}{only}, {when}" if when else f"{words}{only}")
    return list(edges.values())


def _stated(route: Route, failure: str = _FAILURE) -> str:
    only = f"only {route.whom}" if route.whom else ""
    if route.kind == "start":
        return only
    after = f", {route.when}" if route.when else ""
    return f"{_called(route, failure)} {per_cent(route.overall or 0.0)}{f', {only}' if only else ''}{after}"


def _counted(route: Route, count: int) -> str:
    if route.kind == "start":
        return f"{count:,}"
    return f"{_called(route, _FAILURE)} {count:,}" + (f", {route.when}" if route.when else "")


def _called(route: Route, failure: str) -> str:
    """What leads on from a step, after a sign or a word where that is a failure."""
    words = "comes back" if route.kind == "comes back" else plain(route.outcome)
    return f"{failure} {words}" if route.failure else words


def _boxes(model: Model, journey_name: str, found: Sequence[Route], seen: _Seen | None) -> dict[str, _Box]:
    """Nodes of the map: starts, steps and the ends that something leads to."""
    journey = model.journeys[journey_name]
    boxes: dict[str, _Box] = {}
    for route in found:
        if route.kind == "start":
            share = (
                ""
                if route.overall is None or len(journey.start) == 1
                else f"starts {per_cent(round(route.overall, 2))}"
            )
            boxes[_node(route.outcome, "start")] = _Box(
                "start", _START, _lines(_START, plain(route.outcome), share), channel=route.outcome
            )
    reached = _reached(found)
    for name, step in journey.steps.items():
        boxes[_node(name, "step")] = _step_box(model, name, step, seen, reached=name in reached)
    for name in journey.all_ends:
        if any(route.target == name for route in found):
            boxes[_node(name, "end")] = _end_box(model, name, journey.all_ends[name])
    return boxes


def _reached(found: Sequence[Route]) -> set[str]:
    """Steps and ends that somebody can come to."""
    reached = {route.target for route in found if route.kind == "start"}
    while more := {route.target for route in found if route.step in reached} - reached:
        reached |= more
    return reached


def _step_box(model: Model, name: str, step: Step, seen: _Seen | None, *, reached: bool) -> _Box:
    touchpoint = model.touchpoints[step.touchpoint]
    served_by = f"by {listed(plain(pool) for pool in touchpoint.staff)}" if touchpoint.staff else "no staff needed"
    place = plain(step.touchpoint) if step.touchpoint != name else ""
    facts = [place, f"{plain(touchpoint.channel)} · {served_by}"]
    if seen is not None:
        facts.append(f"{sum(count for (source, _, _), count in seen.items() if source == name):,} visits")
    if not reached:
        facts.append("never reached")
    return _Box("step", _STEP, _lines(_STEP, plain(name), *facts), dashed=not reached, channel=touchpoint.channel)


def _end_box(model: Model, name: str, end: End) -> _Box:
    kind = {True: "good", False: "bad", None: "neutral"}[end.good]
    says = {"good": "a good end", "bad": "a bad end", "neutral": "neither good nor bad"}[kind]
    opened = ((other, opening.p) for other, opening in end.opens.items() if opening.p > 0)
    facts = [says, *(f"opens {plain(other)} {per_cent(p)}" for other, p in opened)]
    if end.revenue:
        facts.append(f"{'brings' if end.revenue > 0 else 'costs'} {abs(end.revenue):,g} {model.currency}")
    if end.stage is not None:
        facts.append("leaves" if end.stage == LEFT else f"becomes {plain(end.stage)}")
    return _Box(kind, _END, _lines(_END - 22, plain(name), *facts))


def _lines(width: float, name: str, *facts: str) -> tuple[tuple[str, float, bool], ...]:
    """A name in bold and facts under it, broken to fit a box."""
    lines = [(line, 12.5, True) for line in svg.wrap(name, width - 14, 12.5, 2, bold=True)]
    for fact in facts:
        if fact:
            lines += [(line, 11.0, False) for line in svg.wrap(fact, width - 14, 11, 2)]
    return tuple(lines)


def _described(journey_name: str, found: Iterable[Route]) -> str:
    """The map in words, for those who hear it read."""
    said = [f"How the journey {plain(journey_name)} goes."]
    for route in found:
        source = f"starts in {plain(route.outcome)}" if route.step is None else f"from {plain(route.step)}"
        if route.step is not None:
            share = (
                _stated(route, "a failure:")
                if route.overall is not None
                else f"{per_cent(route.share)} of {plain(route.outcome)}"
            )
            source = f"{source}, {share}"
        said.append(f"{source}, to {plain(route.target)};")
    return " ".join(said)


# ---- placing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    """An edge laid out: the items it passes, from its source to its target, and whether it leads back."""

    edge: _Edge
    items: tuple[int, ...]
    back: bool


@dataclass(frozen=True)
class _Layout:
    """Where everything is."""

    items: list[Item]
    nodes: dict[str, int]
    lines: list[_Line]
    labels: dict[int, _Words]
    left: list[float]
    right: list[float]
    y: list[float]


def _lay_out(boxes: Mapping[str, _Box], edges: Sequence[_Edge]) -> _Layout:
    """Place nodes in every other column and labels in those between; lines that pass through take room as well."""
    starts = [name for name, box in boxes.items() if box.kind == "start"]
    ends = [name for name, box in boxes.items() if box.kind in ("good", "bad", "neutral")]
    rank, back = ranks(list(boxes), [(edge.source, edge.target) for edge in edges], starts, ends)
    loops = {edge.source: _label(edge.words) for edge in edges if edge.source == edge.target}
    ports = {name: _ports(name, edges, back) for name in boxes}
    items: list[Item] = []
    nodes: dict[str, int] = {}
    for name, box in boxes.items():
        half = max(box.height, 11.0 * ports[name]) / 2
        over = 26 + _tall(loops[name]) if name in loops else 0
        nodes[name] = len(items)
        items.append(Item(2 * rank[name], half + over, half, box.width))
    labels: dict[int, _Words] = {}
    lines: list[_Line] = []
    links: list[tuple[int, int]] = []
    for edge in edges:
        if edge.source == edge.target:
            continue
        step = 1 if rank[edge.source] < rank[edge.target] else -1
        at = 2 * rank[edge.source]
        passed = [nodes[edge.source]]
        for column in range(at + step, 2 * rank[edge.target], step):
            words = _label(edge.words) if column == at + step else []
            if words:
                labels[len(items)] = words
            width = max((svg.text_width(text, 11) for text, _ in words), default=0.0)
            passed.append(len(items))
            items.append(Item(column, 4 + _tall(words), 4, width, weight=3 if words else 8))
        passed.append(nodes[edge.target])
        links += list(pairwise(passed))
        lines.append(_Line(edge, tuple(passed), step < 0))
    y = heights(items, links, _GAP)
    left, right = _columns(items, links, y)
    return _Layout(items, nodes, lines, labels, left, right, y)


def _ports(name: str, edges: Sequence[_Edge], back: set[tuple[str, str]]) -> int:
    """How many lines touch the busier side of a node."""
    sides = [0, 0]
    for edge in edges:
        if edge.source != edge.target and name in (edge.source, edge.target):
            leads_back = (edge.source, edge.target) in back
            sides[(edge.source == name) ^ leads_back] += 1
    return max(sides)


def _label(words: Sequence[str]) -> _Words:
    """What is written on a line, broken to fit its column: each text and how far it stands over the lowest."""
    texts: _Words = []
    over = 0.0
    for word in reversed([word for word in words if word]):
        for text in reversed(svg.wrap(word, _LABEL, 11)):
            texts.insert(0, (text, over))
            over += _LINE
        over += 3.5
    return texts


def _tall(words: _Words) -> float:
    return words[0][1] + _LINE if words else 0.0


def _columns(
    items: Sequence[Item], links: Sequence[tuple[int, int]], y: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Left and right edge of each column; the room between two grows with how far lines rise or fall in it."""
    count = max(item.column for item in items) + 1
    widths = [max((item.width for item in items if item.column == c), default=0.0) for c in range(count)]
    steepest = [0.0] * count
    for one, other in links:
        between = min(items[one].column, items[other].column)
        steepest[between] = max(steepest[between], abs(y[one] - y[other]))
    left, right, x = [], [], _MARGIN
    for width, rise in zip(widths, steepest, strict=True):
        left.append(x)
        right.append(x + width)
        x += width + min(20 + 0.14 * rise, 60)
    return left, right


# ---- drawing ---------------------------------------------------------------------------------------------------------


def _draw(
    title: str, description: str, boxes: Mapping[str, _Box], edges: Sequence[_Edge], *, observed: bool, failures: bool
) -> str:
    place = _lay_out(boxes, edges)
    place = _Layout(
        place.items, place.nodes, place.lines, place.labels, place.left, place.right, [at + _MARGIN for at in place.y]
    )
    width = max(place.right[-1] + _MARGIN, 560.0)
    bottom = max(at + item.below for at, item in zip(place.y, place.items, strict=True))
    lines = sorted(place.lines, key=lambda line: line.back)
    parts = [svg.group("line", _line(place, line, boxes)) for line in lines]
    for i, words in place.labels.items():
        parts.append(svg.group("label", _words(place.left[place.items[i].column], place.y[i] - 5, words)))
    loops = {edge.source: edge for edge in edges if edge.source == edge.target}
    channels = dict.fromkeys(box.channel for box in boxes.values() if box.channel)
    colours = {channel: _CHANNELS[n % len(_CHANNELS)] for n, channel in enumerate(channels)}
    for name, box in boxes.items():
        x, y = _corner(place, name, box)
        if name in loops:
            parts += _loop(x, y, box, loops[name])
        parts.append(svg.group(f"node {box.kind}", _box(x, y, box, 2 * place.items[place.nodes[name]].below, colours)))
    legend, height = _legend(width, bottom + 18, colours, observed=observed, failures=failures)
    return svg.drawing(width, height, title, description, [*parts, *legend], smallest=0.72)


def _corner(place: _Layout, name: str, box: _Box) -> tuple[float, float]:
    """Upper left corner of a node's box: in the middle of its column, around its height."""
    i = place.nodes[name]
    column = place.items[i].column
    spare = place.right[column] - place.left[column] - box.width
    return place.left[column] + spare / 2, place.y[i] - place.items[i].below


def _port(place: _Layout, line: _Line, end: int) -> float:
    """Height at which a line leaves (end 0) or reaches (end −1) its node: in the order of where lines come from."""
    node, near = line.items[end], line.items[1 if end == 0 else -2]
    side = place.items[near].column > place.items[node].column
    others = []
    for other in place.lines:
        for tip, inner in ((0, 1), (-1, -2)):
            if other.items[tip] == node and (place.items[other.items[inner]].column > place.items[node].column) == side:
                others.append((place.y[other.items[inner]], other.items[inner]))
    others.sort()
    nth = others.index((place.y[near], near))
    item = place.items[node]
    room = min(13.0, 2 * item.below / (len(others) + 1))
    return place.y[node] + (nth - (len(others) - 1) / 2) * room


def _line(place: _Layout, line: _Line, boxes: Mapping[str, _Box]) -> list[str]:
    """A line from node to node, level through every column it crosses, and the arrow at its end."""
    edge, step = line.edge, -1 if line.back else 1
    (x1, _), (x2, _) = _corner(place, edge.source, boxes[edge.source]), _corner(place, edge.target, boxes[edge.target])
    start = x1 if line.back else x1 + boxes[edge.source].width
    end = x2 + boxes[edge.target].width if line.back else x2
    points = [(start, _port(place, line, 0))]
    for i in line.items[1:-1]:
        column = place.items[i].column
        sides = (place.left[column], place.right[column])
        points += [(side, place.y[i]) for side in sides[::step]]
    tip = _port(place, line, -1)
    points.append((end - 7 * step, tip))
    data = f"M{svg.number(points[0][0])},{svg.number(points[0][1])}"
    for (ax, ay), (bx, by) in pairwise(points):
        middle = svg.number((ax + bx) / 2)
        curve = f"C{middle},{svg.number(ay)} {middle},{svg.number(by)} {svg.number(bx)},{svg.number(by)}"
        data += f"L{svg.number(bx)},{svg.number(by)}" if abs(ay - by) < 0.05 else curve
    colour, width = _BACK if line.back else _FORWARD, _width(edge)
    return [
        svg.path(data, svg.PAPER, width + 3),
        svg.path(data, colour, width, edge.dash),
        svg.polygon([(end, tip), (end - 9 * step, tip - 4.5), (end - 9 * step, tip + 4.5)], colour),
    ]


def _width(edge: _Edge) -> float:
    """Width of a line: a hair for what has no share, up to 6 pixels for everybody."""
    return 1.2 + 4.8 * min(edge.weight, 1.0)


def _words(x: float, y: float, words: _Words, anchor: str = "start") -> list[str]:
    """What is written over a line."""
    return [svg.label(x, y - over, text, size=11, anchor=anchor, halo=True) for text, over in words]


def _loop(x: float, y: float, box: _Box, edge: _Edge) -> list[str]:
    """An arc over a box that leads back to it, and what is written over the arc."""
    a, b, top = x + 0.74 * box.width, x + 0.26 * box.width, y - 22
    data = f"M{svg.number(a)},{svg.number(y)}C{svg.number(a)},{svg.number(top)} {svg.number(b)},{svg.number(top)} "
    data += f"{svg.number(b)},{svg.number(y - 6)}"
    return [
        svg.group(
            "line",
            [
                svg.path(data, _BACK, _width(edge), edge.dash),
                svg.polygon([(b, y), (b - 4.5, y - 9), (b + 4.5, y - 9)], _BACK),
            ],
        ),
        svg.group("label", _words(x + box.width / 2, y - 24, _label(edge.words), "middle")),
    ]


_LOOKS = {
    "start": ("#ffffff", svg.SOFT),
    "step": (_FILL, "#7d93a8"),
    "good": ("#e6f1fb", svg.BETTER),
    "bad": ("#fdf0e2", svg.WORSE),
    "neutral": ("#f3f4f5", "#8a94a0"),
}


def _box(x: float, y: float, box: _Box, h: float, colours: Mapping[str, str]) -> list[str]:
    """A node: a pill where journeys start, a box for a step; ends differ in shape and sign, not in colour alone.

    What is in a channel has its colour: a start all around, a step along its left.
    """
    fill, stroke = _LOOKS[box.kind]
    stroke = colours[box.channel] if box.kind == "start" else stroke
    band = [svg.rectangle(x + 1, y + 7, 5, h - 14, colours[box.channel])] if box.kind == "step" else []
    w = box.width
    if box.kind == "bad":
        cut = 9
        corners = [(x + cut, y), (x + w - cut, y), (x + w, y + cut), (x + w, y + h - cut),
                   (x + w - cut, y + h), (x + cut, y + h), (x, y + h - cut), (x, y + cut)]  # fmt: skip
        shape = svg.polygon(corners, fill, stroke)
    else:
        rounded = {"start": h / 2, "step": 8.0, "good": 14.0, "neutral": 0.0}[box.kind]
        dash = "5 4" if box.dashed or box.kind == "neutral" else ""
        shape = svg.rectangle(x, y, w, h, fill, rounded=rounded, stroke=stroke, dash=dash)
    signed = box.kind in ("good", "bad", "neutral")
    middle = x + w / 2 + (10 if signed else 0)
    top = y + h / 2 - 15 * len(box.lines) / 2 + 11
    texts = [
        svg.label(middle, top + 15 * n, text, size=size, anchor="middle", bold=bold, colour=svg.INK if bold else _TEXT)
        for n, (text, size, bold) in enumerate(box.lines)
    ]
    return [shape, *band, *(_sign(box.kind, x + 14, y + h / 2, stroke) if signed else []), *texts]


def _sign(kind: str, x: float, y: float, colour: str) -> list[str]:
    """A tick, a cross or a dash."""
    strokes = {
        "good": f"M{svg.number(x - 5)},{svg.number(y)}l4,5l7,-10",
        "bad": f"M{svg.number(x - 4)},{svg.number(y - 5)}l9,10m0,-10l-9,10",
        "neutral": f"M{svg.number(x - 5)},{svg.number(y)}h10",
    }
    return [svg.path(strokes[kind], colour, 2.4)]


def _legend(
    width: float, top: float, colours: Mapping[str, str], *, observed: bool, failures: bool
) -> tuple[list[str], float]:
    """What lines and colours mean, wrapped to the width; and where it ends."""
    share = "width and %: share of visits served there"
    said = [
        ("", _FORWARD, "width: visits seen" if observed else share),
        (_DASHES["not served"], _FORWARD, "if not served: % of those to whom it happens"),
        (_DASHES["comes back"], _FORWARD, "solution did not hold"),
        ("", _BACK, "back or again"),
        *(("", colour, plain(channel)) for channel, colour in colours.items()),
    ]
    parts, x, y = [svg.line(_MARGIN, top, width - _MARGIN, top, svg.FAINT)], _MARGIN, top + 18
    for dash, colour, text in said:
        room = 34 + svg.text_width(text, 11) + 20
        if x + room > width and x > _MARGIN:
            x, y = _MARGIN, y + 17
        thick = 8 if colour in colours.values() else 2.4
        parts.append(svg.line(x, y - 4, x + 26, y - 4, colour, thick, dash))
        parts.append(svg.label(x + 32, y, text, size=11, colour=svg.SOFT))
        x += room
    if failures:
        sign = f"{_FAILURE} a failure, as unresolved is"
        if x + svg.text_width(sign, 11) + 20 > width and x > _MARGIN:
            x, y = _MARGIN, y + 17
        parts.append(svg.label(x, y, sign, size=11, colour=svg.SOFT))
    return parts, y + 12
