"""A scenario in words: what changes set, when staff are there, what is assumed, and what is not known exactly."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from pydantic import BaseModel

from scenarios.words import (
    change_title,
    date,
    duration,
    listed,
    money,
    per_cent,
    plain,
    rounded,
    two_digits,
    with_unit,
)
from sim import units
from sim.changes import altered, as_enacted, flatten
from sim.check import parse
from sim.described import Minutes
from sim.model import AGAIN, CLOSED, DEFAULT_PROFILE
from sim.once import once_a_model
from sim.timetable import Shift
from sim.units import MINUTES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.model import Event, Model


# ---- what changes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """One value that a change moves: where, from what, to what."""

    path: str
    old: str
    new: str

    @property
    def known(self) -> bool:
        """Whether there is something to move, and not only something new."""
        return self.old != written(None)


def settings(model: Model, change: str) -> list[Setting]:
    """Values that a change moves, with what they are without it; those that it leaves as they are left out."""
    before, after = without(model, change), with_change(model, change)
    return [
        Setting(path, _stated(before, path), written(value))
        for path, value in flatten(model.changes[change].set).items()
        if _at(before, path)[0] is None or _at(before, path)[0] != _at(after, path)[0]
    ]


@once_a_model
def without(model: Model, change: str) -> Model:
    """The scenario with the changes that are on, but not with one of them, all as if in force from the start."""
    if not model.enact:
        return model
    others = [name for name in model.enact if name != change]
    return parse({**as_enacted(model.model_copy(update={"enact": others})), "enact": []})


@once_a_model
def with_change(model: Model, change: str) -> Model:
    """The scenario with the changes that are on and one more, all as if in force from the start."""
    return parse({**altered(without(model, change).raw, flatten(model.changes[change].set)), "enact": []})


def _stated(model: Model, path: str) -> str:
    """A value as it is stated, or what it is where nothing is; a dash where there is none."""
    stated = _find(model.raw, path)
    value, hint = _at(model, path)
    if stated is not None or isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return written(stated)
    return duration(value) if hint == Minutes and value else f"{value:g}"


def _find(raw: Any, path: str) -> Any:
    """Value at a dotted path, or the shorthand that stands for it; None where there is none."""
    here = raw
    *_, last = path.split(".")
    for key in path.split("."):
        if not isinstance(here, dict):
            return here if key == last and key in ("p", "rate", "value") else None
        here = next((value for name, value in here.items() if str(name) == key), None)
    return here


def _at(model: Model, path: str) -> tuple[Any, Any]:
    """What stands at a path of a checked scenario, stated or not, and its type; None where there is nothing."""
    here: Any = model
    hint: Any = None
    for key in path.split("."):
        if isinstance(here, dict):
            here = next((value for name, value in here.items() if str(name) == key), None)
        elif isinstance(here, BaseModel):
            name, hint = _fields(type(here)).get(key, ("", None))
            here = getattr(here, name, None)
        else:
            return None, None
    return here, hint


@cache
def _fields(kind: type[BaseModel]) -> dict[str, tuple[str, Any]]:
    """Name and type of every field of a part of a scenario, by what it is called in a file."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.alias or name: (name, hints[name]) for name, field in kind.model_fields.items()}


def written(value: Any) -> str:
    """A value as a scenario file would say it, in one line."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(inner) for inner in value) + "]"
    return str(value)


def own_cost(model: Model, change: str) -> str:
    """What a change costs beside what it does."""
    cost = model.changes[change].cost
    amounts = {"once": cost.once, "a month": cost.monthly}
    said = [f"{money(paid, model.currency)} {how}" for how, paid in amounts.items() if paid]
    return listed(said) if said else "nothing of its own"


def when_in_force(model: Model, change: str) -> str:
    """From when until when a change is in force, and how it grows; the dates of events, where it brings no more."""
    proposed = model.changes[change]
    lasting = proposed.begins is None and proposed.ends is None
    if lasting and (events := _only_events(model, change)):
        once = len(events) == 1 and all(event.every is None for event in events)
        first = date(min(event.on for event in events if event.on is not None))
        return f"on {first}" if once else f"from {first} on"
    begins = f"from {date(proposed.begins)}" if proposed.begins else "from the end of the warm-up"
    force = f"{begins} until {date(proposed.ends)}" if proposed.ends else f"{begins} on"
    return f"{force}, growing over {duration(proposed.ramp)}" if proposed.ramp else force


def _only_events(model: Model, change: str) -> list[Event]:
    """New events with a date that a change brings; none where it does anything else."""
    before = without(model, change)
    brought = {path.split(".")[1] if path.startswith("events.") else "" for path in flatten(model.changes[change].set)}
    if "" in brought or brought & set(before.events):
        return []
    events = [with_change(model, change).events[name] for name in brought]
    return events if all(event.on is not None for event in events) else []


def taken(model: Model, change: str) -> list[str]:
    """What a change takes from the floor, a sentence for each pool."""
    said = []
    for pool, part in model.changes[change].takes.items():
        hours = say_hours([Shift.model_construct(days=part.days, begins=part.begins, ends=part.ends, headcount=1)])
        lasting = "while it lasts" if part.lasts is None else f"in its first {duration(part.lasts)}"
        said.append(f"It takes {per_cent(part.share)} of those on duty in {plain(pool)} away, {hours}, {lasting}.")
    return said


# ---- when somebody is there ------------------------------------------------------------------------------------------


def hours(shifts: Iterable[Shift]) -> dict[str, list[tuple[float, float]]]:
    """When at least one person of some shifts is on duty: days in words, and the spans of those days in minutes."""
    manned = [shift for shift in shifts if shift.headcount > 0]
    spans = [_merged((shift.begins, shift.ends) for shift in manned if day in shift.days) for day in range(7)]
    grouped: dict[str, list[tuple[float, float]]] = {}
    day = 0
    while day < 7:
        last = day
        while last < 6 and spans[last + 1] == spans[day]:
            last += 1
        if spans[day]:
            first, final = units.WEEKDAYS[day].capitalize(), units.WEEKDAYS[last].capitalize()
            grouped[first if day == last else f"{first}–{final}"] = spans[day]
        day = last + 1
    return grouped


def _merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def say_hours(shifts: Iterable[Shift]) -> str:
    """Hours of duty in words: ``Mon–Fri 08:00–18:00``."""
    said = [
        f"{days} " + listed(f"{units.say_clock(begin)}–{units.say_clock(end)}" for begin, end in spans)
        for days, spans in hours(shifts).items()
    ]
    return ", ".join(said).replace("Mon–Sun 00:00–24:00", "day and night") if said else "never"


def opening(model: Model, touchpoint: str) -> list[Shift]:
    """Shifts of all pools that serve a touchpoint."""
    return [shift for pool in model.touchpoints[touchpoint].staff for shift in model.staff[pool].shifts.values()]


def always_open(model: Model, touchpoint: str) -> bool:
    """Whether somebody is on duty at every hour of the week, or nobody is needed."""
    return not model.touchpoints[touchpoint].staff or hours(opening(model, touchpoint)) == {
        "Mon–Sun": [(0.0, MINUTES_PER_DAY)]
    }


# ---- what was assumed ------------------------------------------------------------------------------------------------


def assumptions(model: Model, changes: Iterable[str] = ()) -> list[str]:
    """What was assumed, a sentence each: what the scenario leaves unsaid, that it is unsure, and what changes cost.

    Parameters
    ----------
    model
        The scenario.
    changes
        Names of the changes that are looked at.
    """
    return [
        *_time(model),
        *_waiting(model),
        *_closing(model),
        *_customers_unsaid(model),
        *_work_unsaid(model),
        *_uncertain(model),
        *(f"“{change_title(model, name)}” costs {own_cost(model, name)}." for name in changes),
    ]


_RUNS = {
    "terminating": ("ends by itself", "it starts as it does in the world, and all of it is measured"),
    "steady": ("goes on", "how it starts is forgotten in the warm-up"),
    "calibrated": ("starts from a calibrated state", "it needs no warm-up"),
}


def kind_of_run(model: Model) -> str:
    """Which kind of run it is, and whether the scenario says so."""
    what, why = _RUNS[model.clock.kind]
    if model.clock.run:
        return f"The run {what}: {why}."
    sign = "there is a warm-up" if model.clock.warmup else "there is no warm-up"
    return f"The run is taken to be one that {what}, because {sign}: {why}."


def _time(model: Model) -> list[str]:
    clock = model.clock
    said = [f"The first {duration(clock.warmup)} are lived but not measured."] if clock.warmup else []
    said += [] if clock.run else [kind_of_run(model)]
    rates = [rate for persona in model.personas.values() for rate in persona.needs.values()]
    if any(rate.profile is None for rate in rates) and DEFAULT_PROFILE not in model.profiles:
        said.append("Needs arise evenly, day and night: no weekly profile is stated.")
    return said


def _waiting(model: Model) -> list[str]:
    """Who waits for ever because no patience is stated."""
    said = []
    for name in _waited_at(model):
        patient = [persona for persona in model.personas if model.patience(persona, name) is None]
        if patient:
            who = "all" if len(patient) == len(model.personas) else listed(plain(persona) for persona in patient)
            said.append(f"At {plain(name)}, {who} customers wait for ever: no patience is stated.")
    return said


def _waited_at(model: Model) -> list[str]:
    """Touchpoints that journeys use and where people wait for staff, in the scenario's order."""
    used = {step.touchpoint for journey in model.journeys.values() for step in journey.steps.values()}
    return [
        name
        for name, touchpoint in model.touchpoints.items()
        if name in used and touchpoint.staff and touchpoint.attended
    ]


def _closing(model: Model) -> list[str]:
    said = []
    for name in _waited_at(model):
        closed = model.touchpoints[name].when_closed
        routed = [
            CLOSED in step.next
            for journey in model.journeys.values()
            for step in journey.steps.values()
            if step.touchpoint == name
        ]
        if always_open(model, name) or all(routed):
            continue
        if not closed:
            said.append(f"Those who find {plain(name)} closed give up: nothing is stated for them.")
        elif AGAIN in closed and closed[AGAIN].after is None:
            said.append(f"Those who try {plain(name)} again do so about an hour after it opens: no time is stated.")
    return said


def _customers_unsaid(model: Model) -> list[str]:
    """What personas leave unsaid about feelings, leaving, surveys and revenue."""
    silent = {
        "never leave: no churn is stated": [n for n, p in model.personas.items() if p.churn is None],
        "are as satisfied at the end as at the start, whatever happens: no memory is stated": [
            n for n, p in model.personas.items() if p.satisfaction.memory == 0
        ],
        "are not asked how it was: no survey is stated": [n for n, p in model.personas.items() if p.survey is None],
        "bring no revenue by being there: none is stated": [
            n for n, p in model.personas.items() if p.value.revenue == 0
        ],
    }
    return [f"{_customers_named(names, model)} {what}." for what, names in silent.items() if names]


def _customers_named(names: Sequence[str], model: Model) -> str:
    if len(names) == len(model.personas):
        return "Customers"
    said = listed(plain(name) for name in names)
    return f"{said[:1].upper()}{said[1:]} customers"


def _work_unsaid(model: Model) -> list[str]:
    """What journeys, staff and channels leave unsaid."""
    alike = [plain(name) for name, journey in model.journeys.items() if not journey.difficulty.matters]
    said = [f"No issue is harder than another in {listed(alike)}: no difficulty is stated."] if alike else []
    returning = [
        plain(name)
        for name, journey in model.journeys.items()
        if any(o.holds < 1 and not o.reopens for step in journey.steps.values() for o in step.outcomes.values())
    ]
    if returning:
        where = listed(returning)
        said.append(f"Issues of {where} that do not stay resolved come back at the same step, after 3 days on average.")
    channels = dict.fromkeys(model.touchpoints[name].channel for name in _waited_at(model))
    endless = [plain(c) for c in channels if c not in model.channels or model.channels[c].lines is None]
    if endless:
        said.append(f"Any number of customers can wait in {listed(endless)}: no number of lines is stated.")
    unpaid = [plain(name) for name, pool in model.staff.items() if pool.wage == 0 and pool.partner is None]
    if unpaid:
        said.append(f"People in {listed(unpaid)} cost nothing: no wage is stated.")
    return said


def _uncertain(model: Model) -> list[str]:
    count = len(model.uncertain)
    if not count:
        return []
    known = "1 value is" if count == 1 else f"{count} values are"
    return [
        f"{known} not known exactly: every replication draws its own. What they are, and how unsure, is listed below."
    ]


# ---- what is not known exactly ---------------------------------------------------------------------------------------


_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


class Doubt(NamedTuple):
    """A value that is estimated or uncertain: where, about what, give or take how much, and what it rests on.

    The spread is one standard deviation, or an interval where one is stated; it has two digits at most.
    """

    path: str
    about: str
    spread: str
    basis: str


def doubts(model: Model) -> list[Doubt]:
    """Every value that is uncertain or estimated; what several places have in common is told once."""
    paths = dict.fromkeys([*model.uncertain, *model.estimates])
    told = {tuple(path.split(".")): (*_size(model, path), _basis(model, path)) for path in paths}
    for place in range(1, max((len(path) for path in told), default=0)):
        told = _pooled(told, place, model.raw)
    return [Doubt(".".join(path), *facts) for path, facts in told.items()]


_Told = dict[tuple[str, ...], tuple[str, str, str]]


def _pooled(told: _Told, place: int, raw: Any) -> _Told:
    """Tell once what is the same under several names at a place of the path: `*` for all names, else `{one,other}`."""
    alike: dict[Any, list[tuple[str, ...]]] = {}
    for path, facts in told.items():
        alike.setdefault((path[:place], path[place + 1 :], len(path) > place, facts), []).append(path)
    pooled: _Told = {}
    for (before, after, _, facts), paths in alike.items():
        names = [path[place] for path in paths if len(path) > place]
        if len(names) < 2:
            pooled[paths[0]] = facts
            continue
        siblings = _find(raw, ".".join(before))
        every = isinstance(siblings, dict) and set(map(str, siblings)) == set(names)
        pooled[(*before, "*" if every else f"{{{','.join(names)}}}", *after)] = facts
    return pooled


def _size(model: Model, path: str) -> tuple[str, str]:
    """About what a value is, and give or take how much."""
    law, estimate = model.uncertain.get(path), model.estimates.get(path)
    if law is not None and law.mean is not None and law.sd is not None:
        (mean, unit), (sd, _) = units.split(law.mean), units.split(law.sd)
        step = two_digits(sd)
        return with_unit(rounded(mean, step), f" {unit}".rstrip()), with_unit(rounded(sd, step), f" {unit}".rstrip())
    if law is not None:
        return f"{law.low} to {law.high}", "equally likely"
    value = _find(model.raw, path)
    about = "–" if value is None or isinstance(value, dict | list) else str(value)
    interval = (estimate.interval if estimate is not None else None) or "–"
    if match := re.fullmatch(rf"({_NUMBER}) to ({_NUMBER})(.*)", interval):
        low, high = float(match[1]), float(match[2])
        step = two_digits((high - low) / 2)
        interval = f"{rounded(low, step)} to {rounded(high, step)}{match[3]}"
        if centre := re.fullmatch(rf"({_NUMBER})(.*)", about):
            about = f"{rounded(float(centre[1]), step)}{centre[2]}"
    return about, interval


def _basis(model: Model, path: str) -> str:
    """What a value rests on."""
    law, estimate = model.uncertain.get(path), model.estimates.get(path)
    facts = [law.source] if law is not None and law.source else []
    if estimate is not None:
        facts += [estimate.source] if estimate.source not in facts else []
        facts += [f"n = {estimate.n:,}"] if estimate.n is not None else []
        facts += [estimate.note] if estimate.note else []
    return ", ".join(facts)
