"""A scenario in words: what changes set, when staff are there, and what is assumed where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.words import change_title, date, duration, listed, money, plain
from sim import units
from sim.changes import flatten, phases
from sim.model import AGAIN, CLOSED, DEFAULT_PROFILE
from sim.units import MINUTES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.model import Model
    from sim.timetable import Shift


# ---- what changes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """One value that a change moves: where, from what, to what."""

    path: str
    old: str
    new: str


def settings(model: Model, change: str) -> list[Setting]:
    """Values that a change moves, with what they are without it."""
    raw = phases(model)[-1].model.raw
    return [
        Setting(path, _written(_find(raw, path)), _written(value))
        for path, value in flatten(model.changes[change].set).items()
    ]


def _find(raw: Any, path: str) -> Any:
    """Value at a dotted path, or the shorthand that stands for it; None where there is none."""
    here = raw
    *_, last = path.split(".")
    for key in path.split("."):
        if not isinstance(here, dict):
            return here if key == last and key in ("p", "rate", "value") else None
        here = next((value for name, value in here.items() if str(name) == key), None)
    return here


def _written(value: Any) -> str:
    """A value as a scenario file would say it, in one line."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(inner) for inner in value) + "]"
    return str(value)


def own_cost(model: Model, change: str) -> str:
    """What a change costs beside what it does."""
    cost = model.changes[change].cost
    amounts = {"once": cost.once, "a month": cost.monthly}
    said = [f"{money(paid, model.currency)} {how}" for how, paid in amounts.items() if paid]
    return listed(said) if said else "nothing of its own"


def when_in_force(model: Model, change: str) -> str:
    """From when until when a change is in force, and how it grows."""
    proposed = model.changes[change]
    begins = f"from {date(proposed.begins)}" if proposed.begins else "from the end of the warm-up"
    force = f"{begins} until {date(proposed.ends)}" if proposed.ends else f"{begins} on"
    return f"{force}, growing over {units.say_duration(proposed.ramp)}" if proposed.ramp else force


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


def assumptions(model: Model) -> list[str]:
    """What was assumed, a sentence each: what the scenario leaves unsaid first, then what it is unsure of."""
    return [
        *_time(model),
        *_waiting(model),
        *_closing(model),
        *_customers_unsaid(model),
        *_work_unsaid(model),
        *_uncertain(model),
        *_estimated(model),
        *(f"“{change_title(model, name)}” costs {own_cost(model, name)}." for name in model.changes),
    ]


def _time(model: Model) -> list[str]:
    clock = model.clock
    said = [f"The first {duration(clock.warmup)} are lived but not measured."] if clock.warmup else []
    rates = [rate for persona in model.personas.values() for rate in persona.needs.values()]
    if any(rate.profile is None for rate in rates) and DEFAULT_PROFILE not in model.profiles:
        said.append("Needs arise evenly, day and night: no weekly profile is stated.")
    return said


def _waiting(model: Model) -> list[str]:
    """Who waits for ever because no patience is stated."""
    said = []
    for name in _visited(model, staffed=True):
        patient = [persona for persona in model.personas if model.patience(persona, name) is None]
        if patient:
            who = "all" if len(patient) == len(model.personas) else listed(plain(persona) for persona in patient)
            said.append(f"At {plain(name)}, {who} customers wait for ever: no patience is stated.")
    return said


def _visited(model: Model, *, staffed: bool) -> list[str]:
    """Touchpoints that journeys use, in the scenario's order."""
    used = {step.touchpoint for journey in model.journeys.values() for step in journey.steps.values()}
    return [
        name for name, touchpoint in model.touchpoints.items() if name in used and bool(touchpoint.staff) == staffed
    ]


def _closing(model: Model) -> list[str]:
    said = []
    for name in _visited(model, staffed=True):
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
    said = [
        f"Every {plain(name)} issue is equally hard: no difficulty is stated."
        for name, journey in model.journeys.items()
        if not journey.difficulty.matters
    ]
    returning = [
        plain(name)
        for name, journey in model.journeys.items()
        if any(o.holds < 1 and not o.reopens for step in journey.steps.values() for o in step.outcomes.values())
    ]
    if returning:
        where = listed(returning)
        said.append(f"Issues of {where} that do not stay resolved come back at the same step, after 3 days on average.")
    channels = dict.fromkeys(model.touchpoints[name].channel for name in _visited(model, staffed=True))
    endless = [plain(c) for c in channels if c not in model.channels or model.channels[c].lines is None]
    if endless:
        said.append(f"Any number of customers can wait in {listed(endless)}: no number of lines is stated.")
    unpaid = [plain(name) for name, pool in model.staff.items() if pool.wage == 0]
    if unpaid:
        said.append(f"{listed(unpaid)} staff cost nothing: no wage is stated.")
    return said


def _uncertain(model: Model) -> list[str]:
    said = []
    for path, law in model.uncertain.items():
        mean, sd, low, high = (
            f"{number:g}" if isinstance(number, float) else number for number in (law.mean, law.sd, law.low, law.high)
        )
        if law.kind == "uniform":
            spread = f"anything between {low} and {high}, equally likely"
        else:
            bounds = [f"at least {low}"] if low is not None else []
            bounds += [f"at most {high}"] if high is not None else []
            spread = ", ".join([f"about {mean}, give or take {sd}", *bounds])
        source = f" (from {law.source})" if law.source else ""
        together = f", high or low together with {law.shared}" if law.shared else ""
        said.append(f"{path} is not known exactly: {spread}{source}{together}.")
    return said


def _estimated(model: Model) -> list[str]:
    said = []
    for path, estimate in model.estimates.items():
        facts = [f"estimated from {estimate.source}"]
        facts += [f"n = {estimate.n:,}"] if estimate.n is not None else []
        facts += [f"interval {estimate.interval}"] if estimate.interval else []
        facts += [estimate.note] if estimate.note else []
        said.append(f"{path}: {', '.join(facts)}.")
    return said
