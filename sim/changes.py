"""What a scenario becomes: dated changes, what is uncertain, and the stretches of time in which nothing changes."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sim import draws
from sim.check import parse
from sim.errors import Problem, ScenarioError, did_you_mean, misspelt
from sim.lacking import is_missing
from sim.model import BUILT_IN_ENDS, DEFAULT_PROFILE, Change, Model
from sim.once import once_a_model
from sim.ramps import Ramp, between
from sim.uncertain import Uncertain
from sim.units import moment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sim.timetable import Break, Clock


# What those in a pilot may have to themselves; all else (staff, channels, …) is there for everybody.
OWN = ("products", "personas", "touchpoints", "journeys", "events")


@dataclass(frozen=True)
class Phase:
    """A stretch of time in which the scenario stays the same.

    Attributes
    ----------
    start, end
        Minutes from the start of the simulation.
    model
        The scenario in that time. Every phase knows every name: what a change has not yet brought, or has taken back,
        is there but closed.
    dormant
        Journeys that exist only in other phases and start for nobody in this one.
    pilot
        The same time as those live through it who are in a pilot, where there is one.
    taken
        Of whom changes keep a share away, by pool.
    """

    start: float
    end: float
    model: Model
    dormant: frozenset[str]
    pilot: Phase | None = None
    taken: Mapping[str, tuple[Break, ...]] = field(default_factory=dict)

    def arm(self, *, pilot: bool) -> Phase:
        """Return it as those in the pilot live through it, or all others."""
        return self.pilot if pilot and self.pilot is not None else self


def flatten(changes: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted paths of what a change sets, from nested or dotted keys; a list is one value."""
    paths: dict[str, Any] = {}
    for key, value in changes.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            paths |= flatten(value, path)
        else:
            paths[path] = value
    return paths


def get(raw: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """Value at a dotted path of plain data; shorthand on the way is read as `altered` would write it out."""
    here: Any = raw
    within = ""
    for key in path.split("."):
        match = _key(here, key)
        if match not in here:
            return default
        value = here[match]
        here, within = value if isinstance(value, dict) else _expanded(within, key, value), key
    return value


def _key(here: dict[Any, Any], key: str) -> Any:
    """Find the key as it stands in the data, where it may be a number."""
    return next((k for k in here if str(k) == key), key)


def _expanded(within: str, key: str, value: Any) -> dict[str, Any]:
    """A shorthand under a key, itself within another, written out so that a part of it can be set.

    That is a pool, a trait's only value, a start, a term, a probability, a rate or a duration.
    """
    if key == "staff" and isinstance(value, str):
        return {value: 0}
    if within == "traits" and isinstance(value, str):
        return {value: 1}
    if within == "start" and isinstance(value, str):
        return {"step": value}
    if within == "terms" and isinstance(value, int | float):
        return {"value": value}
    if isinstance(value, int | float):
        return {"p": value}
    if isinstance(value, str) and "/" in value:
        return {"rate": value}
    return {} if value is None else {"kind": "deterministic", "value": value}


def altered(raw: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with dotted paths set, in their order; keys on the way that are shorthand become mappings.

    What is on the way is copied, so the original is left as it was, and what stands in two places of it is set in one.
    All else is shared with the original; alter it by this function too.
    """
    whole = dict(raw)
    for path, value in settings.items():
        *parents, last = path.split(".")
        here = whole
        within = ""
        for key in parents:
            match = _key(here, key)
            inner = here.get(match)
            here[match] = dict(inner) if isinstance(inner, dict) else _expanded(within, key, inner)
            here, within = here[match], key
        here[_key(here, last)] = deepcopy(value)
    return whole


def enacted(model: Model, names: Iterable[str]) -> Model:
    """Return the scenario with some of its proposed changes turned on, beside those it has on already."""
    on = list(dict.fromkeys([*model.enact, *names]))
    unknown = [name for name in on if name not in model.changes]
    if unknown:
        known = list(model.changes)
        raise ScenarioError(
            Problem(f"changes.{name}", f"there is no change '{name}'; {did_you_mean(name, known)}") for name in unknown
        )
    return parse({**model.raw, "enact": on})


def as_enacted(model: Model) -> dict[str, Any]:
    """Plain data of a scenario as the changes that are on make it, whenever they begin and end."""
    return altered(model.raw, _settings(model, model.enact)) if model.enact else model.raw


def settled(model: Model, seed: int, replication: int) -> Model:
    """Return the scenario with each `uncertain` value replaced by its draw of this replication.

    A value is drawn at the address of its path, or of that with which it says it goes.
    """
    if not model.uncertain:
        return model
    doubts = draws.fold(draws.world(seed, replication), draws.name("uncertain"))
    settings = {
        path: law.value(draws.unit(draws.fold(doubts, draws.name(law.shared or path))))
        for path, law in model.uncertain.items()
    }
    return parse({**altered(model.raw, settings), "uncertain": {}})


def span(model: Model, change: Change) -> tuple[float, float]:
    """Minutes from which and until which a change is in force."""
    clock = model.clock
    end = clock.minutes(change.ends) if change.ends else clock.horizon
    return max(_begins(model, change), 0.0), min(end, clock.horizon)


def _begins(model: Model, change: Change) -> float:
    return model.clock.minutes(change.begins) if change.begins else model.clock.warmup


def charged(model: Model, change: Change) -> float:
    """Minute in which what a change costs once is charged: when it begins, or when measuring does if it began before.

    So the cost is in what is measured wherever what it buys is; it is infinite where the change is over before that.
    """
    begins, ends = span(model, change)
    first = max(begins, model.clock.warmup)
    return first if first < ends else inf


def ramp(model: Model, change: Change) -> Ramp:
    """How a change grows once it is in force."""
    return Ramp(_begins(model, change), change.ramp)


@once_a_model
def phases(model: Model) -> tuple[Phase, ...]:
    """Stretches of the horizon between the dates of the changes that are on, the first from 0."""
    if not model.enact:
        return (Phase(0.0, model.clock.horizon, model, frozenset()),)
    spans = {name: span(model, model.changes[name]) for name in model.enact}
    ramps = {name: ramp(model, model.changes[name]) for name in model.enact}
    times = {t for begins, ends in spans.values() for t in (begins, ends)}
    for name, (begins, ends) in spans.items():
        over = (until for _, until in _taken(model, name).values())
        times |= {t for t in (*ramps[name].edges, *over) if begins <= t < ends}
    edges = sorted({0.0, model.clock.horizon, *(t for t in times if t < model.clock.horizon)})
    everybody, chosen = _Written(model, in_pilot=False), _Written(model, in_pilot=True)
    stretches = []
    for start, end in pairwise(edges):
        shares = {name: ramps[name].share(start) for name, (begins, ends) in spans.items() if begins <= start < ends}
        pilot = chosen.phase(start, end, shares) if pilot_of(model) in shares else None
        taken: dict[str, tuple[Break, ...]] = {}
        for name in shares:
            for pool, (part, until) in _taken(model, name).items():
                taken[pool] = (*taken.get(pool, ()), *([part] if start < until else []))
        stretches.append(replace(everybody.phase(start, end, shares), pilot=pilot, taken=taken))
    return tuple(stretches)


def _taken(model: Model, name: str) -> dict[str, tuple[Break, float]]:
    """What a change takes from pools, and until which minute."""
    change = model.changes[name]
    begins = _begins(model, change)
    return {pool: (part, inf if part.lasts is None else begins + part.lasts) for pool, part in change.takes.items()}


def arms(stretches: Sequence[Phase]) -> tuple[Phase, ...]:
    """Phases as everybody lives through them, then as those in a pilot do, where there is one."""
    piloted = any(phase.pilot is not None for phase in stretches)
    return (*stretches, *(phase.arm(pilot=True) for phase in stretches if piloted))


def pilot_of(model: Model) -> str | None:
    """Name of the change that is on for some customers only, if there is one."""
    return next((name for name in model.enact if model.changes[name].who is not None), None)


class _Written:
    """A scenario as it was written, and as its changes make it, for those in a pilot or for all others.

    Each way it becomes is checked once.
    """

    def __init__(self, model: Model, *, in_pilot: bool) -> None:
        self.model, self.in_pilot = model, in_pilot
        self.union = as_enacted(model)
        self.checked: dict[tuple[str, ...], Model] = {}

    def with_changes(self, names: Iterable[str]) -> dict[str, Any]:
        """Plain data as some changes make it, all of each that is for these customers."""
        return altered(self.model.raw, _settings(self.model, names, in_pilot=self.in_pilot))

    def phase(self, start: float, end: float, shares: Mapping[str, float]) -> Phase:
        """A time in which some changes are there, a share of each."""
        return Phase(start, end, self.grown(shares), self.dormant(self.with_changes(shares)))

    def dormant(self, raw: dict[str, Any]) -> frozenset[str]:
        """Journeys that only other changes bring."""
        return frozenset(self.union["journeys"]) - frozenset(raw["journeys"])

    def whole(self, names: tuple[str, ...]) -> Model:
        """Checked scenario with all of some changes, and with every name of the union."""
        if names not in self.checked:
            self.checked[names] = parse({**_filled(self.with_changes(names), self.union), "enact": []})
        return self.checked[names]

    def grown(self, shares: Mapping[str, float]) -> Model:
        """Scenario with a share of each change: those that still grow lie between what is with and without them."""
        growing = next((name for name, share in shares.items() if share < 1), None)
        if growing is None:
            return self.whole(tuple(shares))
        before = self.grown({name: share for name, share in shares.items() if name != growing})
        after = self.grown({**shares, growing: 1.0})
        model: Model = between(before, after, shares[growing])
        model.remember(after.raw)
        return model


def _settings(model: Model, names: Iterable[str], *, in_pilot: bool = True) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name in names:
        everybody = in_pilot or model.changes[name].who is None
        for path, value in flatten(model.changes[name].set).items():
            if not everybody and path.split(".")[0] in OWN:
                continue
            settings.pop(path, None)  # so that the last word on a value is also said last
            settings[path] = value
    return settings


def _filled(raw: dict[str, Any], union: dict[str, Any]) -> dict[str, Any]:
    """Plain data with every name of the union, in its order: what this phase lacks is there, but nobody is on duty."""
    full = dict(raw)
    for part in (
        "products", "traits", "personas", "touchpoints", "channels", "systems", "journeys", "events", "staff",
        "profiles",
    ):  # fmt: skip
        if part in union:
            known = raw.get(part, {})
            full[part] = {name: known.get(name, _asleep(part, name, value)) for name, value in union[part].items()}
    for name, persona in full["personas"].items():
        if needs := union["personas"][name].get("needs"):
            full["personas"][name] = {**persona, "needs": dict.fromkeys(needs, "0 / week") | persona.get("needs", {})}
    for name, journey in full["journeys"].items():
        every = union["journeys"][name]
        steps = {step: journey["steps"].get(step, value) for step, value in every["steps"].items()}
        new = {end: value for end, value in every.get("ends", {}).items() if end not in BUILT_IN_ENDS}
        ends = {**new, **journey.get("ends", {})}
        full["journeys"][name] = {**journey, "steps": steps} | ({"ends": ends} if ends else {})
    return full


def _asleep(part: str, name: str, value: Any) -> Any:
    """Something that only other phases have, as it is in this one."""
    if part == "staff":  # whom nobody looks at, as strain says
        return {word: stated for word, stated in value.items() if word != "strain"} | {"shifts": {}}
    if part == "events":
        return {**value, "reach": 0}
    if part == "systems":
        return {**value, "outages": {}}
    if part in ("channels", "traits", "products"):
        return {}
    if part == "profiles" and name == DEFAULT_PROFILE:  # which demand follows without naming it
        return {"hours": {"all": {"00:00": 1}}}
    return {**value, "share": 0} if part == "personas" else value


def check_changes(raw: Mapping[str, Any], already: Collection[Problem]) -> list[Problem]:
    """Return what is wrong with plain data as each change, and what is uncertain, would make it.

    Parameters
    ----------
    raw
        The scenario as it was written.
    already
        What is wrong with it as it stands, which is not said again.
    """
    problems: list[Problem] = []
    for name, change in _written(raw, "changes").items():
        settings = change.get("set") if isinstance(change, dict) else None
        if isinstance(settings, dict):
            broken = broken_by(flatten(settings), raw, already)
            faulty = [p.path for p in already if not isinstance(get(raw, p.path), dict)]
            broken = [p for p in broken if not any(f"{p.path}.".startswith(f"{path}.") for path in faulty)]
            problems += [Problem(f"changes.{name}.set.{p.path}", p.message) for p in broken]
            problems += _pilot(name, change, flatten(settings), raw)
            pools = list(_written(altered(raw, flatten(settings)), "staff"))
            problems += [
                Problem(f"changes.{name}.takes.{pool}", f"there is no staff pool '{pool}'; {did_you_mean(pool, pools)}")
                for pool in _written(change, "takes")
                if pool not in pools
            ]
    known = _paths({part: value for part, value in raw.items() if part not in ("changes", "uncertain", "levers")})
    missing = [problem.path for problem in already if is_missing(problem.message)] + [p.meant for p in already]
    stands = [(f"uncertain.{path}", path) for path in _written(raw, "uncertain")]
    for name, lever in _written(raw, "levers").items():
        moves = lever.get("moves") if isinstance(lever, dict) else None
        paths = [moves] if isinstance(moves, str) else moves
        stands += [(f"levers.{name}.moves", path) for path in paths] if isinstance(paths, list) else []
        stands += [] if paths else [(f"levers.{name}", name)]
    problems += [
        Problem(where, f"there is no {_value_called(where, path)}; {_a_path(path, sorted(known), raw)}")
        for where, path in stands
        if path not in known and path not in missing and not _is_faulty(path, already)
    ]
    for path, law in _written(raw, "uncertain").items():
        if path in known:
            with suppress(ValidationError):  # which is said already
                middle = Uncertain.model_validate(law).value(0.5)
                broken = broken_by({path: middle}, raw, already)
                problems += [Problem(f"uncertain.{path}", p.message if p.path == path else str(p)) for p in broken]
    return problems + _drawn_with_nothing(_written(raw, "uncertain"))


def _pilot(name: str, change: Mapping[str, Any], settings: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a change that is for some customers only."""
    who = change.get("who")
    if not isinstance(who, dict):
        return []
    known, path = list(_written(raw, "personas")), f"changes.{name}.who"
    problems = [
        Problem(
            f"{path}.{part}", "who is in a pilot is drawn once for each customer: only persona and share can say it"
        )
        for part in who
        if part in ("stage", "product", "trait")
    ]
    personas = who.get("persona", [])
    problems += [
        Problem(f"{path}.persona", f"there is no persona '{persona}'; {did_you_mean(persona, known)}")
        for persona in ([personas] if isinstance(personas, str) else personas if isinstance(personas, list) else [])
        if persona not in known
    ]
    if not who:
        problems.append(Problem(path, "it is for everybody: leave it out, or say a share or personas"))
    if not any(setting.split(".")[0] in OWN for setting in settings):
        own = f"{', '.join(OWN[:-1])} or {OWN[-1]}"
        problems.append(Problem(path, f"what it sets is everybody's; a pilot has to set something of {own}"))
    for setting in settings:
        part, *more = setting.split(".")
        if (part == "personas" and more[1:2] == ["share"]) or (part == "journeys" and more[1:3] == ["when", "arrival"]):
            message = (
                "who comes, and how many, cannot differ between those in a pilot and others, who are drawn of them"
            )
            problems.append(Problem(f"changes.{name}.set.{setting}", message))
    return problems + _events_of_pilot(f"changes.{name}.set", settings, raw)


def _events_of_pilot(path: str, settings: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Problem]:
    """What a pilot cannot have to itself: a list, and when an event happens that others have too."""
    changed, problems = altered(raw, settings), []
    events = dict.fromkeys(setting.split(".")[1] for setting in settings if setting.startswith("events."))
    for event in events:
        if any(get(each, f"events.{event}.most") is not None for each in (raw, changed)):
            message = "a list (`most`) is made of everybody, so it cannot differ between those in a pilot and others; "
            message += "leave `most` out, and let the pilot reach a share (`reach`)"
            problems.append(Problem(f"{path}.events.{event}", message))
    for setting, value in settings.items():
        match setting.split("."):
            case ["events", event, ("on" | "every" | "rate" | "outage"), *_]:
                if get(raw, f"events.{event}") is not None and get(raw, setting) != value:
                    message = "when an event happens cannot differ between those in a pilot and others; "
                    message += f"let it reach nobody (events.{event}.reach: 0), and bring another event"
                    problems.append(Problem(f"{path}.{setting}", message))
    return problems


def _is_faulty(path: object, already: Collection[Problem]) -> bool:
    """Whether it is said already that something on the way to a path is not as it should be."""
    return any(p.path and f"{path}.".startswith(f"{p.path}.") and " add up to " not in p.message for p in already)


def _a_path(path: object, known: Sequence[str], raw: Mapping[str, Any]) -> str:
    """Hint at the likely value, or at how one is named where none is near."""
    near = did_you_mean(path, known)
    some = next((name for name, value in flatten(raw).items() if name.endswith("headcount")), known[0] if known else "")
    return near if near.startswith("did") else f"name it by its path, such as {some}"


def _value_called(where: str, path: object) -> str:
    """What is not there, by its name unless that stands before it already."""
    return "such value" if where.endswith(f".{path}") else f"value '{path}'"


def _drawn_with_nothing(laws: Mapping[str, Any]) -> list[Problem]:
    """Return what is uncertain `with` something that is not, or that is drawn with another itself."""
    others = {path: law["with"] for path, law in laws.items() if isinstance(law, dict) and law.get("with") is not None}
    own = sorted(path for path in laws if path not in others)
    return [
        Problem(
            f"uncertain.{path}.with", f"'{other}' is no uncertain value drawn by itself; {did_you_mean(other, own)}"
        )
        for path, other in others.items()
        if isinstance(other, str) and other not in own
    ]


def check_dates(model: Model) -> list[Problem]:
    """Return what is wrong with the changes in time: those that never are, and those that do not go together."""
    problems = []
    for name, change in model.changes.items():
        start, end = span(model, change)
        if not start < end:
            problems.append(_never(name, model, change))
        else:
            problems += _moved_dates(name, model, change)
    pilots = [name for name in model.enact if model.changes[name].who is not None]
    if len(pilots) > 1:
        found = f"{', '.join(pilots)} are all pilots, each for some customers only"
        problems.append(
            Problem("enact", f"{found}; one at a time can be on, so that there is one group to compare with")
        )
    if model.enact and not problems:
        try:
            phases(model)
        except ScenarioError as error:
            problems += [Problem("enact", f"together these changes do not work: {p}") for p in error.problems]
    return problems


def check_happens(model: Model) -> list[Problem]:
    """Return what would first happen when the simulated time is over, and changes that begin before it does.

    Not wrong in itself, since a change from before the start holds from the start on, and a run may be cut short.
    """
    clock = model.clock
    first, over = (_say_date(clock, minutes) for minutes in (0.0, clock.horizon))
    moved = {path for change in model.changes.values() for path in flatten(change.set)}
    dates = [(path, date) for path, date in flatten(model.raw).items() if _is_date(path) and path not in moved]
    for name, change in model.changes.items():
        settings = flatten(change.set)
        dates += [(f"changes.{name}.set.{path}", date) for path, date in settings.items() if _is_date(path)]
    found = f"is when the simulated time is over ({over}), so it would never come"
    remedy = "choose an earlier date, or lengthen clock.horizon"
    problems = [
        Problem(where, f"{date} {found}; {remedy}")
        for where, date in dates
        if date is not None and clock.minutes(moment(date)) >= clock.horizon
    ]
    for name, event in model.events.items():
        if event.every is not None and event.every >= clock.horizon and event.on is None:
            found = f"the first time is one period after the start, when the simulated time is over ({over})"
            remedy = "say with `on` when it is, or lengthen clock.horizon"
            problems.append(Problem(f"events.{name}.every", f"{found}; {remedy}"))
    for name, change in model.changes.items():
        if (begins := _begins(model, change)) < 0:
            found = f"begins {_say_date(clock, begins)}, before the simulated time does ({first} to {over})"
            problems.append(Problem(f"changes.{name}.from", f"{found}; write {first} if it is there from the start on"))
    return problems


def _moved_dates(name: str, model: Model, change: Change) -> list[Problem]:
    """Dates that a change sets so that something would happen never, or also when it would without the change."""
    clock, settings, problems = model.clock, flatten(change.set), []
    begins, ends = _begins(model, change), clock.minutes(change.ends) if change.ends else inf
    changed = altered(model.raw, settings)

    def outside(date: Any) -> str:
        """Say when a date is, if it is not while the change is in force."""
        minutes = clock.minutes(moment(date))
        if minutes < begins:
            return f"before the change begins ({_say_date(clock, begins)})"
        return "" if minutes < ends else f"when the change is over ({_say_date(clock, ends)})"

    for path, date in settings.items():
        if not _is_date(path) or date is None or get(changed, f"{path.removesuffix('.on')}.every") is not None:
            continue
        where, old = f"changes.{name}.set.{path}", get(model.raw, path)
        if old is not None and moment(old) == moment(date):
            continue
        if when := outside(date):
            problems.append(Problem(where, f"{date} is {when}, so it would never come; choose another date"))
        elif old is not None and (when := outside(old)):
            message = f"{old}, which it moves, is {when}, so it would happen on both dates; let it be in force on both"
            problems.append(Problem(where, message))
    return problems


def _is_date(path: str) -> bool:
    """Whether something happens on the date at a path."""
    match path.split("."):
        case ["journeys", _, "when", "on"] | ["events", _, "on"] | ["systems", _, "outages", _, "on"]:
            return True
    return False


def _never(name: str, model: Model, change: Change) -> Problem:
    """Why a change is never in force."""
    clock = model.clock
    first, over = (_say_date(clock, minutes) for minutes in (0.0, clock.horizon))
    begins = _begins(model, change)
    if begins >= clock.horizon:
        message = f"begins {_say_date(clock, begins)}, when the simulated time is over ({first} to {over})"
        return Problem(f"changes.{name}.from", f"{message}; begin earlier, or lengthen clock.horizon")
    ends = clock.minutes(change.ends) if change.ends else clock.horizon
    if ends <= begins:
        unstated = "" if change.begins else ", when the warm-up ends; say `from` when else"
        message = f"ends {_say_date(clock, ends)}, not after it begins {_say_date(clock, begins)}{unstated}"
    else:
        message = f"ends {_say_date(clock, ends)}, before the simulated time begins ({first} to {over})"
    return Problem(f"changes.{name}.until", message)


def _say_date(clock: Clock, minutes: float) -> str:
    """Date of a minute, with the time of day unless it is midnight."""
    return f"{clock.start + timedelta(minutes=minutes):%Y-%m-%d %H:%M}".removesuffix(" 00:00")


def _written(raw: Mapping[str, Any], part: str) -> dict[str, Any]:
    written = raw.get(part)
    return {str(name): value for name, value in written.items()} if isinstance(written, dict) else {}


def _paths(raw: Mapping[str, Any], prefix: str = "") -> set[str]:
    return set(flatten(raw, prefix)) | {
        f"{path}.{field}"
        for path, value in flatten(raw, prefix).items()
        for field in (["p", "value"] if isinstance(value, int | float) else ["rate", "value"])
    }


_DESIGN = ("clock", "currency", "changes", "enact", "levers", "uncertain", "measure", "population.customers")


def belongs_to_design(path: str) -> bool:
    """Whether all scenarios of a comparison share what is at a path, so that none of them can move it."""
    return f"{path}.".startswith(tuple(f"{part}." for part in _DESIGN))


def broken_by(settings: Mapping[str, Any], raw: Mapping[str, Any], already: Collection[Problem] = ()) -> list[Problem]:
    """Return what is wrong with plain data once these paths are set, and was not before."""
    fixed = [path for path in settings if belongs_to_design(path)]
    problems = [Problem(path, "a change cannot move what belongs to the design of the comparison") for path in fixed]
    changed = altered(raw, {path: value for path, value in settings.items() if path not in fixed})
    try:
        model = parse({**changed, "enact": [], "uncertain": {}, "levers": {}})
    except ScenarioError as error:
        problems += _likely_typos(settings, raw, [problem for problem in error.problems if problem not in already])
    else:
        problems += _staff_for_nothing(model, list(raw.get("staff") or {}))
    return problems


def _staff_for_nothing(model: Model, before: list[str]) -> list[Problem]:
    """Pools that a change brings and that serve nobody, likely meant for another: all that a pool says is optional."""
    serving = {pool for touchpoint in model.touchpoints.values() for pool in touchpoint.staff}
    return [
        Problem(f"staff.{pool}", f"is new, and no touchpoint is served by it; {did_you_mean(pool, before)}")
        for pool in model.staff
        if pool not in before and pool not in serving
    ]


def _likely_typos(settings: Mapping[str, Any], raw: Mapping[str, Any], problems: list[Problem]) -> list[Problem]:
    """Problems, but where something new is not all there a single one instead: its name may be meant for another."""
    told = list(problems)
    for path in settings:
        parent, key, known = _first_unknown(path, raw)
        new = f"{parent}.{key}" if parent else key
        partial = [p for p in told if p.path.startswith(f"{new}.") and is_missing(p.message)]
        if partial and path != new:
            needed = ", ".join(problem.path.removeprefix(f"{new}.") for problem in partial)
            message = (
                f"there is no '{key}'{f' in {parent}' if parent else ''}; {did_you_mean(key, known)} "
                f"(something new there also needs {needed})"
            )
            about = f"{new}.", f"'{key}'"  # what follows from it: it says less than it should, or is named elsewhere
            told = [
                Problem(path, message),
                *(p for p in told if not (p.path.startswith(about[0]) or about[1] in p.message)),
            ]
        elif (near := misspelt(key, known)) and any(_adds_up(problem, parent) for problem in told):
            message = f"there is no '{key}' in {parent}; did you mean '{near}'?"
            rest = [p for p in told if not _adds_up(p, parent) and not f"{p.path}.".startswith(f"{new}.")]
            told = [Problem(path, message), *rest]
    return [Problem(p.path, p.message + _kept(p, settings, raw)) for p in told]


def _adds_up(problem: Problem, parent: str) -> bool:
    """Whether a problem is that of weights at a path, which do not add up to one."""
    return " add up to " in problem.message and problem.path in (parent, parent.rpartition(".")[0])


def _kept(problem: Problem, settings: Mapping[str, Any], raw: Mapping[str, Any]) -> str:
    """Weights that a change does not name, and so leaves as they are, where all of them do not add up to one."""
    for parent in sorted({path.rpartition(".")[0] for path in settings}):
        there = get(raw, parent)
        if _adds_up(problem, parent) and isinstance(there, dict):
            kept = [str(name) for name in there if not any(f"{p}.".startswith(f"{parent}.{name}.") for p in settings)]
            return f"; what the change does not name stays as it is: {', '.join(kept)}" if kept else ""
    return ""


def _first_unknown(path: str, raw: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Where a dotted path leaves what is written: up to where it is known, the key that is not, and those that are."""
    here: Any = raw
    keys = path.split(".")
    for i, key in enumerate(keys):
        known = {str(name): inner for name, inner in here.items()} if isinstance(here, dict) else {}
        if key not in known:
            return ".".join(keys[:i]), key, list(known)
        here = known[key]
    return path, "", []
