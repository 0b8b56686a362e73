"""What must fit together: names that must exist, weights that must add up to one, checked on the plain data.

On plain data and not on the model, so that a wrong name and a wrong number are reported together.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim import units
from sim.astray import value_at
from sim.distributions import check_adds_to_one
from sim.errors import Problem, did_you_mean, misspelt, slip
from sim.likely import named
from sim.model import (
    AGAIN,
    BUILT_IN_ENDS,
    CANCELLED,
    DEFAULT_PROFILE,
    LEFT,
    NO_PRODUCT,
    NOT_SERVED,
    OPENED,
    RESOLVED,
    TRIGGERS,
    Effects,
    Opening,
    Outcome,
    Population,
    When,
    is_one_clock,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FEELINGS = ("time",)
_WHENEVER = {
    "on": "on a date",
    "every": "once every period",
    "rate": "by chance, so often on average",
    "outage": "whenever a system is out",
}


class _Scenario(dict[str, Any]):
    """A scenario as plain data; what much of it is held against is gathered once."""

    @cached_property
    def set_by_changes(self) -> list[tuple[list[str], Any]]:
        """Path and value of everything that a change sets, outside conditions: what there may be in another phase."""
        said = (each for _, change in _items(self, "changes") for each in _leaves(change.get("set")))
        return [(path, value) for path, value in said if "who" not in path[-3:-1]]

    @cached_property
    def placed_effects(self) -> list[tuple[str, dict[str, Any]]]:
        """Every event, and every outcome, clock and end of every journey, with where it stands."""
        placed = [(f"events.{name}", event) for name, event in _items(self, "events")]
        for name, journey in _items(self, "journeys"):
            placed += ((f"journeys.{name}.ends.{end_name}", end) for end_name, end in _items(journey, "ends"))
            for step_name, step in _items(journey, "steps"):
                path = f"journeys.{name}.steps.{step_name}"
                placed += ((f"{path}.outcomes.{way}", outcome) for way, outcome in _items(step, "outcomes"))
                placed += ((f"{path}.{where}", clock) for where, clock in _clocks(step))
        return placed

    @cached_property
    def effects(self) -> list[dict[str, Any]]:
        """Every event, and every outcome, clock and end of every journey."""
        return [effect for _, effect in self.placed_effects]

    @cached_property
    def stages(self) -> list[str]:
        """Stages in which somebody is, or comes to be."""
        population = self.get("population")
        home = population.get("stage") if isinstance(population, dict) else None
        whens = [journey["when"] for _, journey in _items(self, "journeys") if isinstance(journey.get("when"), dict)]
        arriving = [when.get("stage", When.model_fields["stage"].default) for when in whens if "arrival" in when]
        reached = [effect.get("stage") for effect in self.effects]
        later = [value for path, value in self.set_by_changes if path[-1] == "stage"]
        stages = [home or Population.model_fields["stage"].default, LEFT, *arriving, *reached, *later]
        return sorted({stage for stage in stages if isinstance(stage, str)})

    @cached_property
    def products(self) -> list[str]:
        """Products that somebody holds, or comes to hold."""
        held = [product for _, persona in _items(self, "personas") for product in _names(persona, "products")]
        added = [product for effect in self.effects for product in _listed(effect.get("adds"))]
        later = [product for path, value in self.set_by_changes if path[-1] == "adds" for product in _listed(value)]
        later += [path[-1] for path, _ in self.set_by_changes if path[-2:-1] == ["products"]]
        return sorted({*held, *added, *later})

    @cached_property
    def trait_names(self) -> list[str]:
        """Traits that somebody has, or comes to have."""
        born = [persona.get("traits") for _, persona in _items(self, "personas")]
        given = [effect.get("trait") for effect in self.effects]
        later = [path for path, _ in self.set_by_changes]
        known = {trait for traits in (*born, *given) for trait in _names({"x": traits}, "x")}
        known |= {path[-1] for path in later if path[-2:-1] in (["trait"], ["traits"])}
        known |= {path[-2] for path in later if path[-3:-2] == ["traits"]}
        return sorted(known)

    def values_of(self, trait: str) -> list[str]:
        """Values that a trait can have."""
        born = [persona.get("traits") for _, persona in _items(self, "personas")]
        given = [effect.get("trait") for effect in self.effects]
        known = [traits[trait] for traits in (*born, *given) if isinstance(traits, dict) and trait in traits]
        known += [value for path, value in self.set_by_changes if path[-2:] in (["trait", trait], ["traits", trait])]
        weighed = {path[-1] for path, _ in self.set_by_changes if path[-3:-1] == ["traits", trait]}
        return sorted(weighed.union(*(_listed(values) for values in known)))


def check_references(raw: dict[str, Any]) -> list[Problem]:
    """Return a problem for every name that is used but not defined, and for weights that do not add up to one."""
    scenario = _Scenario(raw)
    return [
        *_population(scenario),
        *_personas(scenario),
        *_all_products(scenario),
        *_traits(scenario),
        *_contracts(scenario),
        *_settled(scenario),
        *_touchpoints(scenario),
        *_done_alone(scenario),
        *_queueless(scenario),
        *_systems(scenario),
        *(problem for name, journey in _items(scenario, "journeys") for problem in _journey(scenario, name, journey)),
        *(
            problem
            for name, event in _items(scenario, "events")
            for problem in _event(scenario, f"events.{name}", event)
        ),
        *_pools(scenario),
        *_change_names(scenario),
    ]


def _items(raw: Any, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Named mappings under a key; anything of another shape is left to the model's own check."""
    inner = raw.get(key) if isinstance(raw, dict) else None
    if isinstance(inner, dict):
        yield from ((str(name), value) for name, value in inner.items() if isinstance(value, dict))


def _names(raw: Any, key: str) -> list[str]:
    inner = raw.get(key) if isinstance(raw, dict) else None
    return [str(name) for name in inner] if isinstance(inner, dict) else []


def _listed(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [str(name) for name in value]
    if isinstance(value, list | tuple):
        return [str(name) for name in value]
    return [value] if isinstance(value, str) else []


def _unknown(path: str, used: Iterable[str], known: list[str], what: str) -> Iterator[Problem]:
    for name in used:
        if name not in known:
            yield Problem(
                f"{path}.{name}" if path else name, f"there is no {what} '{name}'; {did_you_mean(name, known)}"
            )


def _population(raw: _Scenario) -> Iterator[Problem]:
    population = raw.get("population")
    if isinstance(population, dict) and population.get("stage") == LEFT:
        yield Problem("population.stage", f"'{LEFT}' is the stage of those who have left; choose another name")
    if isinstance(population, dict):
        yield from _profile(raw, "population.joins", population.get("joins"))
    customers = population.get("customers") if isinstance(population, dict) else None
    if isinstance(customers, float) and customers.is_integer():
        found = "is written with a decimal point"
        message = f"{found}; write {customers:.0f}, or {1000 * customers:.0f} if that was to set thousands apart"
        yield Problem("population.customers", message)


def _needs_wanted(raw: _Scenario) -> list[str]:
    return [
        journey["when"]["need"]
        for _, journey in _items(raw, "journeys")
        if isinstance(journey.get("when"), dict) and isinstance(journey["when"].get("need"), str)
    ]


def _personas(raw: _Scenario) -> Iterator[Problem]:
    channels = _channels(raw)
    places = list(dict.fromkeys([*channels, *_names(raw, "touchpoints")]))
    channels_in = _start_channels(raw)
    startless = any("start" not in journey for _, journey in _items(raw, "journeys"))  # which is a fault of its own
    triggered = all(_when(journey) is not None for _, journey in _items(raw, "journeys"))
    yield from _sums_to_one("personas", raw.get("personas"), "persona shares", "share")
    for name, persona in _items(raw, "personas"):
        path = f"personas.{name}"
        if triggered:
            yield from _unknown(f"{path}.needs", _names(persona, "needs"), _needs_wanted(raw), "journey for the need")
        if not startless:
            yield from _unknown(f"{path}.start", _names(persona, "start"), channels_in, "journey that starts in")
        yield from _unknown(f"{path}.starts", _names(persona, "starts"), _names(raw, "journeys"), "journey")
        yield from _unknown(f"{path}.patience", _names(persona, "patience"), places, "channel or touchpoint")
        for need, arrivals in _items(persona, "needs"):
            yield from _profile(raw, f"{path}.needs.{need}", arrivals)
        for part, stated in _items(raw["personas"], name):
            if part in ("satisfaction", "churn"):
                yield from _terms(raw, f"{path}.{part}.terms", stated.get("terms"))
        yield from _loyalty(raw, path, persona)
        if "taste" in persona and not startless and not _may_choose(raw, persona):
            message = "moves nothing: they may begin no journey in one channel or another; give one another start"
            yield Problem(f"{path}.taste", message)


def _may_choose(raw: _Scenario, persona: dict[str, Any]) -> bool:
    """Whether somebody of a persona may begin some journey in several channels, or may once something changes."""
    own, usual = persona.get("starts"), _names(persona, "start")
    for name, journey in _items(raw, "journeys"):
        liked = _names(own, name) if isinstance(own, dict) and name in own else usual
        if sum(channel in liked for channel in _names(journey, "start")) > 1:
            return True
    return any({"start", "starts"} & set(path) for path, _ in raw.set_by_changes)


def _terms(raw: _Scenario, path: str, terms: Any) -> Iterator[Problem]:
    """Conditions on the terms of a persona, which may ask for everything but the persona."""
    yield from _meant_for(raw, path, terms)
    for name, term in _items({path: terms}, path):
        if "persona" in _names(term, "who"):
            message = "a term is for the persona that states it, and for no other; leave this out"
            yield Problem(f"{path}.{name}.who.persona", message)


def _all_products(raw: _Scenario) -> Iterator[Problem]:
    """What is said of a product that nobody has, and of what belongs to products."""
    held = raw.products
    known = [*_names(raw, "products"), *(name for name in held if name not in _names(raw, "products"))]
    for name in _names(raw, "products"):
        if name not in held:
            yield Problem(f"products.{name}", f"nobody ever holds it; {did_you_mean(name, held)}")
    if NO_PRODUCT in known:
        message = f"'{NO_PRODUCT}' is where KPIs count what belongs to no product; choose another name"
        yield Problem(f"products.{NO_PRODUCT}", message)
    yield from _belonging(raw, known)
    yield from _moved_to_products(raw)


def _belonging(raw: _Scenario, known: list[str]) -> Iterator[Problem]:
    """To which products journeys, and so their goals, belong."""
    first: dict[str, tuple[str, str]] = {}  # for each goal, the journey that says to which product it belongs, and that
    for name, journey in _items(raw, "journeys"):
        path, product, goal = f"journeys.{name}.product", journey.get("product"), str(journey.get("goal") or name)
        if not isinstance(product, str):
            continue
        if product not in known:
            yield Problem(path, f"there is no product '{product}'; {did_you_mean(product, known)}")
        other, belongs = first.setdefault(goal, (name, product))
        if belongs != product:
            message = f"its goal '{goal}' belongs to '{belongs}', as journeys.{other} says; give it a goal of its own"
            yield Problem(path, message)


def _moved_to_products(raw: _Scenario) -> Iterator[Problem]:
    """Changes that would move a journey from one product to another."""
    journeys = dict(_items(raw, "journeys"))
    for change_name, change in _items(raw, "changes"):
        for path, value in _leaves(change.get("set")):
            moved = path[0] == "journeys" and path[2:] == ["product"] and path[1] in journeys
            if moved and value != journeys[path[1]].get("product"):
                message = "a change cannot move a journey to another product, where its past would be counted too; "
                message += "bring a journey of the other product instead"
                yield Problem(f"changes.{change_name}.set.{'.'.join(path)}", message)


_SETTLED = {
    ("journeys", "*", "when"): "what starts a journey",
    ("personas", "*", "needs_differ"): "by how much needs differ",
    ("population", "stage"): "the stage in which people begin",
}


def _settled(raw: _Scenario) -> Iterator[Problem]:
    """Changes that would move, in the middle of it, what is settled when a history or a customer begins."""
    for change_name, change in _items(raw, "changes"):
        if not _comes_later(raw, change):
            continue
        for path, value in _leaves(change.get("set")):
            said = (path[0], "*", *path[2:]) if path[0] in ("journeys", "personas") else tuple(path)
            there = value_at(raw, path[: 2 if "*" in said else 1])
            if said in _SETTLED and there is not None and value != value_at(raw, path):
                message = f"{_SETTLED[said]} is settled at the start, so a change can move it from the start only, "
                message += "and for good; drop from, until and ramp, or bring another beside it"
                yield Problem(f"changes.{change_name}.set.{'.'.join(path)}", message)


def _comes_later(raw: _Scenario, change: dict[str, Any]) -> bool:
    """Whether a change is not all there from the start to the end."""
    if change.get("until") is not None or change.get("ramp") is not None:
        return True
    with suppress(ValueError, KeyError, TypeError):
        return units.moment(change["from"]) > units.moment(raw["clock"]["start"])
    return False


def _traits(raw: _Scenario) -> Iterator[Problem]:
    """What is said of a trait that nobody has."""
    known = raw.trait_names
    for name in _names(raw, "traits"):
        if name not in known:
            yield Problem(f"traits.{name}", f"nobody ever has it; {did_you_mean(name, known)}")
    for persona, stated in _items(raw, "personas"):
        traits = stated.get("traits")
        for trait, value in traits.items() if isinstance(traits, dict) else ():
            if message := _weights_meant(value):
                yield Problem(f"personas.{persona}.traits.{trait}", message)


def _weights_meant(value: Any) -> str:
    """Say of a value of a trait that it looks like weights which lack their colons; empty where it does not."""
    weights = named(value)
    if not weights or not all(re.fullmatch(r"0?\.\d+", weight) for weight in weights.values()):
        return ""
    meant = ", ".join(f"{name}: {weight}" for name, weight in weights.items())
    others = ", with a weight for each other value" if len(weights) == 1 else ""
    return f"'{value}' would be one value; did you mean {{{meant}}}{others}?"


def _loyalty(raw: _Scenario, path: str, persona: dict[str, Any]) -> Iterator[Problem]:
    """When somebody reviews, and whom they bring."""
    churn, referral = persona.get("churn"), persona.get("referral")
    bound = persona.get("contract") is not None
    if bound and isinstance(churn, dict) and churn.get("every") is not None:
        message = "people in a contract decide before each end of its term, and not every so often; "
        message += f"drop this to keep the contract, or drop {path}.contract to keep this"
        yield Problem(f"{path}.churn.every", message)
    if not isinstance(referral, dict):
        return
    if churn is None and not bound:
        message = "people bring others when they review whether to stay, and these never do; "
        message += f"add {path}.churn, with `base: 0 / week` if they never leave"
        yield Problem(f"{path}.referral", message)
    arriving = [name for name, journey in _items(raw, "journeys") if "arrival" in _names(journey, "when")]
    name = referral.get("journey")
    if isinstance(name, str) and name not in _names(raw, "journeys"):
        hint = did_you_mean(name, arriving)
        yield Problem(f"{path}.referral.journey", f"there is no journey '{name}'; {hint}")
    elif isinstance(name, str) and name not in arriving and _when(raw["journeys"][name]) is not None:
        message = f"journey '{name}' is not started by an arrival, so nobody can be brought to it; write "
        message += "`when: {arrival: 0 / week}` there if people come by being brought only"
        yield Problem(f"{path}.referral.journey", message)


def _contracts(raw: _Scenario) -> Iterator[Problem]:
    """What needs somebody to be in a contract, and changes that would put somebody in one, or out of it."""
    personas = dict(_items(raw, "personas"))
    bound = [persona for persona in personas.values() if persona.get("contract") is not None]
    yield from _without_contract(raw, bound)
    yield from _never_renewed(raw, bound)
    for change_name, change in _items(raw, "changes"):
        for path, value in _leaves(change.get("set")):
            if path[0] != "personas" or path[2:3] != ["contract"] or path[1] not in personas:
                continue
            free, where = personas[path[1]].get("contract") is None, f"changes.{change_name}.set.{'.'.join(path)}"
            if value is None and not free:
                yield Problem(where, "a change cannot end a contract; let it move its terms")
            elif value is not None and free:
                message = "a change cannot put people in a contract who had none, because it would move when they "
                message += "decided before its date; give the persona a contract, and let the change move its terms"
                yield Problem(where, message)


def _without_contract(raw: _Scenario, bound: list[dict[str, Any]]) -> Iterator[Problem]:
    """Triggers and effects for people in a contract, where nobody is in one or nobody ever ends it."""
    hint = "there is no persona with a contract; give one `contract: {term: …}`"
    for name, journey in _items(raw, "journeys"):
        triggers = _names(journey, "when")
        if not bound:
            for trigger in {"notice", "renewal"}.intersection(triggers):
                yield Problem(f"journeys.{name}.when.{trigger}", hint)
        elif "notice" in triggers and all(persona.get("churn") is None for persona in bound):
            message = "nobody in a contract ever leaves; give their persona a churn"
            yield Problem(f"journeys.{name}.when.notice", message)
    for path, effect in raw.placed_effects:
        if effect.get("stays") is True and not bound:
            yield Problem(f"{path}.stays", f"nobody ever gives notice: {hint}")


def _never_renewed(raw: _Scenario, bound: list[dict[str, Any]]) -> Iterator[Problem]:
    """Journeys that would open before a term has begun."""
    terms = []
    for persona in bound:
        with suppress(ValueError, KeyError, TypeError):
            terms.append(units.duration(persona["contract"]["term"]))
    for name, journey in _items(raw, "journeys"):
        with suppress(ValueError, KeyError, TypeError):
            before = journey["when"]["renewal"]["before"]
            if terms and units.duration(before) >= max(terms):
                message = f"{before} is not shorter than the longest term ({units.say_duration(max(terms))})"
                yield Problem(f"journeys.{name}.when.renewal.before", f"{message}, so it would never open")


def check_profiles(raw: dict[str, Any]) -> list[Problem]:
    """Return a problem for every profile that no rate uses, neither as it is written nor as a change sets it.

    Not among the references, since a change may take away the last rate that uses one. Flat is as good as unused.
    """
    rates = [rate for _, persona in _items(raw, "personas") for _, rate in _items(persona, "needs")]
    rates += [rate for _, journey in _items(raw, "journeys") for _, rate in _items(journey, "when")]
    rates += [rate for _, rate in _items(raw, "population")]
    rates += [event["rate"] for _, event in _items(raw, "events") if isinstance(event.get("rate"), dict)]
    named = [rate.get("profile") for rate in rates]
    named += [value for path, value in _Scenario(raw).set_by_changes if path[-1] == "profile"]
    written = _names(raw, "profiles")
    remedy = "name it as the `profile` of a rate"
    if DEFAULT_PROFILE not in written:
        remedy += f", or call it '{DEFAULT_PROFILE}' to shape all rates that name none"
    problems = []
    for name in written:
        if name not in (*named, DEFAULT_PROFILE, "flat"):
            missing = DEFAULT_PROFILE not in written and get_close_matches(name, [DEFAULT_PROFILE], n=1)
            hint = did_you_mean(name, [DEFAULT_PROFILE]) if missing else remedy
            problems.append(Problem(f"profiles.{name}", f"no rate uses it; {hint}"))
    return problems


def check_used(raw: dict[str, Any]) -> list[Problem]:
    """Return a problem for all that nothing ever comes to, neither as it is written nor as a change sets it.

    Not among the references, since a change may take away the last use of something.
    """
    scenario = _Scenario(raw)
    said = list(_said(scenario))
    uses = [(path[0], path[2:], value) for path, value in said if len(path) > 2]
    used = {
        "staff": [
            name
            for part, path, value in uses
            if part == "touchpoints" and path[0] == "staff"
            for name in (path[1:2] or _listed(value))
        ],
        "touchpoints": [value for _, path, value in uses if path[-1] == "touchpoint"],
        "systems": [value for _, path, value in uses if path[-1] in ("system", "outage")],
    }
    unused = [(part, name) for part in used for name in _names(scenario, part) if name not in used[part]]
    known = [f"{path}." for path in _names(scenario, "estimates")]  # from a log, and so not misspelt
    unused = [names for names in unused if not any(path.startswith(f"{'.'.join(names)}.") for path in known)]
    problems = [Problem(f"{part}.{name}", _UNUSED[part]) for part, name in unused]
    for name, journey in _items(scenario, "journeys"):
        if "joining" in _names(journey, "when") and not _anybody_joins(scenario) and not _is_opened(scenario, name):
            message = "nobody ever joins; say how many do in population.joins, such as 20 / week"
            problems.append(Problem(f"journeys.{name}.when.joining", message))
    return [*problems, *_never_asked(scenario, said), *_become_by_mistake(scenario, said)]


_UNUSED = {
    "staff": "nobody is ever sent to these people; name them as the `staff` of a touchpoint, or drop them",
    "touchpoints": "no step ever leads here; name it as the `touchpoint` of a step, or drop it",
    "systems": "no touchpoint depends on it; name it as the `system` of one, or drop it",
}


def _never_asked(raw: _Scenario, said: list[tuple[list[str], Any]]) -> Iterator[Problem]:
    """Traits that an effect sets and no condition asks for; and what is set or born whose name looks misspelt."""
    asked: dict[str, set[str]] = {}
    given: list[tuple[str, str, list[str], list[str]]] = []
    for path, value in said:
        for i, word in enumerate(path[:-1]):
            values = path[i + 2 :] or _listed(value)
            if word in _ASKED and path[i - 1] == "who":
                asked.setdefault(path[i + 1], set()).update(values)
            elif word in ("trait", "traits") and i > 0:
                given.append((word, path[i + 1], values, path))
    born = {(trait, value) for word, trait, values, _ in given if word == "traits" for value in values}
    for word, trait, values, path in given:
        near = slip(trait, sorted(asked))
        if trait not in asked and (near or word == "trait"):
            hint = did_you_mean(trait, [near] if near else sorted(asked))
            yield Problem(_written_at(raw, path), f"no condition ever asks for the trait '{trait}'; {hint}")
        for value in values if trait in asked else ():
            others = {other for which, other in born if which == trait and (word == "trait" or other != value)}
            known = asked[trait] | (others if word == "trait" else set())
            near = None if value in known else slip(value, sorted(asked[trait] | others))
            if near:
                yield Problem(_written_at(raw, path), f"no condition ever asks for '{value}'; did you mean '{near}'?")


def _become_by_mistake(raw: _Scenario, said: list[tuple[list[str], Any]]) -> Iterator[Problem]:
    """Products and stages that come up once only, under a name that is almost one of the others'."""
    named = [(path, "product", name) for path, value in said if path[-1] == "adds" for name in _listed(value)]
    named += [(path, "product", path[3]) for path, _ in said if path[0] == "personas" and path[2:3] == ["products"]]
    named += [(path, "stage", name) for path, value in said if path[-1] == "stage" for name in _listed(value)]
    often = Counter(name for path, value in said for name in (*path, *_listed(value)))
    seen: set[str] = set()
    for path, noun, name in named:
        seen.add(name)
        known = raw.products if noun == "product" else raw.stages
        near = slip(name, [other for other in known if other != name])
        if near and often[name] == 1 and (near in seen or often[near] != 1) and path[-2] != "who":
            yield Problem(_written_at(raw, path), f"nothing else names the {noun} '{name}'; did you mean '{near}'?")


def _written_at(raw: _Scenario, path: list[str]) -> str:
    """Where something is said: in the scenario itself, or by a change."""
    said = ".".join(path)
    if any(path == known for known, _ in _leaves(raw)):
        return said
    setting = (name for name, change in _items(raw, "changes") if any(path == k for k, _ in _leaves(change.get("set"))))
    return next((f"changes.{name}.set.{said}" for name in setting), said)


_ASKED = ("trait", "seen")


def _said(raw: _Scenario) -> Iterator[tuple[list[str], Any]]:
    """Path and value of everything that a scenario says, and of what its changes set."""
    yield from _leaves({part: stated for part, stated in raw.items() if part not in ("changes", "levers", "uncertain")})
    for _, change in _items(raw, "changes"):
        yield from _leaves(change.get("set"))


def _profile(raw: _Scenario, path: str, arrivals: Any) -> Iterator[Problem]:
    if isinstance(arrivals, dict) and isinstance(arrivals.get("profile"), str):
        known = _names(raw, "profiles")
        if arrivals["profile"] not in known:
            hint = did_you_mean(arrivals["profile"], known)
            yield Problem(f"{path}.profile", f"there is no profile '{arrivals['profile']}'; {hint}")


def _channels(raw: _Scenario) -> list[str]:
    return sorted({t["channel"] for _, t in _items(raw, "touchpoints") if isinstance(t.get("channel"), str)})


def _start_channels(raw: _Scenario) -> list[str]:
    return sorted({channel for _, journey in _items(raw, "journeys") for channel in _names(journey, "start")})


def _touchpoints(raw: _Scenario) -> Iterator[Problem]:
    for name, touchpoint in _items(raw, "touchpoints"):
        path = f"touchpoints.{name}"
        yield from _unknown(f"{path}.staff", _listed(touchpoint.get("staff")), _names(raw, "staff"), "staff pool")
        for field in ("when_closed", "when_down"):
            yield from _sums_to_one(f"{path}.{field}", touchpoint.get(field))
            yield from _meant_for(raw, f"{path}.{field}", touchpoint.get(field))
            for visitor, journey in _items(raw, "journeys"):
                if _follows(journey, name, touchpoint, field):
                    known, what = [AGAIN, *_targets(journey)], f"step or end of journey '{visitor}' called"
                    yield from _unknown(f"{path}.{field}", _names(touchpoint, field), known, what)
    yield from _unknown("channels", _names(raw, "channels"), _channels(raw), "touchpoint in the channel")


def _done_alone(raw: _Scenario) -> Iterator[Problem]:
    """What is said of waiting, of opening hours or of lines where the customer is not there."""
    alone = [name for name, touchpoint in _items(raw, "touchpoints") if _is_false(touchpoint.get("attended"))]
    attended = {t["channel"] for name, t in _items(raw, "touchpoints") if name not in alone and _is_text(t, "channel")}
    nowhere = [channel for channel in _channels(raw) if channel not in attended]
    nobody = "nobody waits there: it is work done without the customer (attended: false)"
    remedy = "drop this, or say attended: true there"
    for name, touchpoint in _items(raw, "touchpoints"):
        if name in alone and "when_closed" in touchpoint:
            message = f"work done without the customer joins its queue also when all are off duty; {remedy}"
            yield Problem(f"touchpoints.{name}.when_closed", message)
        if name in alone and touchpoint.get("callback") is not None:
            yield Problem(f"touchpoints.{name}.callback", f"{nobody}; {remedy}")
    for name, persona in _items(raw, "personas"):
        for place in _names(persona, "patience"):
            if place in (*alone, *nowhere):
                yield Problem(f"personas.{name}.patience.{place}", f"{nobody}; {remedy}")
    for name, channel in _items(raw, "channels"):
        if name in nowhere and channel.get("lines") is not None:
            message = f"no line is ever taken: all there is work done without the customer (attended: false); {remedy}"
            yield Problem(f"channels.{name}.lines", message)


def _queueless(raw: _Scenario) -> Iterator[Problem]:
    """What is said of those who wait where there is no staff to wait for."""
    for name, touchpoint in _items(raw, "touchpoints"):
        for field in ("urgent", "callback"):
            if touchpoint.get(field) is not None and not _listed(touchpoint.get("staff")):
                message = f"nobody waits at '{name}', since it names no staff; name its pools, or drop this"
                yield Problem(f"touchpoints.{name}.{field}", message)


def _systems(raw: _Scenario) -> Iterator[Problem]:
    """Systems that do not exist, or that never come into it."""
    known = _names(raw, "systems")
    for name, touchpoint in _items(raw, "touchpoints"):
        system = touchpoint.get("system")
        if _is_text(touchpoint, "system") and system not in known:
            hint = did_you_mean(system, known)
            yield Problem(f"touchpoints.{name}.system", f"there is no system '{system}'; {hint}")
        if system is None and touchpoint.get("when_down"):
            message = f"'{name}' depends on no system, so it is never down; name its `system`, or drop this"
            yield Problem(f"touchpoints.{name}.when_down", message)
    for name, system in _items(raw, "systems"):
        for outage_name, outage in _items(system, "outages"):
            yield from _not_past(raw, f"systems.{name}.outages.{outage_name}.on", outage.get("on"))


def _is_false(value: Any) -> bool:
    """Whether a value is read as `false`."""
    return value is not None and str(value).lower() in ("false", "no", "off", "0")


def _is_text(raw: dict[str, Any], key: str) -> bool:
    return isinstance(raw.get(key), str)


def _follows(journey: dict[str, Any], name: str, touchpoint: dict[str, Any], field: str) -> bool:
    """Whether a journey leaves it to a touchpoint where to go when it is closed, or its system is down."""
    left = ["closed"] if field == "when_closed" else ["down"]
    if field == "when_closed" and touchpoint.get("system") is not None and not touchpoint.get("when_down"):
        left.append("down")
    steps = [step for _, step in _items(journey, "steps") if step.get("touchpoint") == name]
    return any(outcome not in _names(step, "next") for step in steps for outcome in left)


def _targets(journey: dict[str, Any]) -> list[str]:
    """Steps and ends of a journey: one namespace."""
    return [*_names(journey, "steps"), *_listed(journey.get("ends")), *BUILT_IN_ENDS]


def _weight(target: Any, field: str = "p") -> float | None:
    """Number that stands for a weight, or in its place; None where there is none."""
    value = target.get(field) if isinstance(target, dict) else target
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    with suppress(ValueError):
        return float(value)
    return None


def _sums_to_one(path: str, parts: Any, what: str = "probabilities", field: str = "p") -> Iterator[Problem]:
    """Weights that should add up to one: told beside whatever else is wrong, as long as all of them are numbers."""
    if not isinstance(parts, dict) or not parts:
        return
    if any(isinstance(part, dict) and part.get("who") for part in parts.values()):
        return  # what is left for a customer is taken relative to each other
    weights = {str(name): _weight(part, field) for name, part in parts.items()}
    known = {name: weight for name, weight in weights.items() if weight is not None}
    if len(known) == len(weights):
        try:
            check_adds_to_one(known, what)
        except ValueError as error:
            if (hint := _in_per_cent(known)) is None:
                yield Problem(path, str(error))
            elif field == "p":  # of a share it is said already that it is out of bounds
                yield Problem(path, f"{error}; {hint}")


def _in_per_cent(weights: dict[str, float]) -> str | None:
    """How to write weights of which some are in per cent, if that is all that is wrong with them."""
    shares = {name: weight / 100 if weight > 1 else weight for name, weight in weights.items()}
    with suppress(ValueError):
        check_adds_to_one(shares, "")
        return f"did you mean {', '.join(f'{name} {shares[name]:g}' for name in weights if weights[name] > 1)}?"
    return None


def _journey(raw: _Scenario, name: str, journey: dict[str, Any]) -> Iterator[Problem]:
    path = f"journeys.{name}"
    steps = _names(journey, "steps")
    targets = _targets(journey)
    yield from _taken(path, journey)
    yield from _trigger(raw, path, journey)
    start = journey.get("start")
    if isinstance(start, dict):
        for channel, begins in start.items():
            step, field = (begins.get("step"), ".step") if isinstance(begins, dict) else (begins, "")
            if isinstance(step, str) and step not in steps:
                where = f"{path}.start.{channel}{field}"
                yield Problem(where, f"there is no step '{step}'; {did_you_mean(step, steps)}")
        yield from _meant_for(raw, f"{path}.start", start)
        for channel, begins in _items({path: start}, path):
            if len(start) == 1 and begins.get("who"):
                message = "the only start is for everybody; put this on the journey, or add another start"
                yield Problem(f"{path}.start.{channel}.who", message)
    outcomes_here: set[str] = set()
    for step_name, step in _items(journey, "steps"):
        outcomes_here.update(_names(step, "outcomes"))
        yield from _step(raw, f"{path}.steps.{step_name}", step, targets)
    tilts = [tilt for tilt in _names(journey, "difficulty") if tilt not in _FEELINGS]
    yield from _unknown(f"{path}.difficulty", tilts, sorted(outcomes_here), "outcome")
    for end_name, end in _items(journey, "ends"):
        yield from _effects(raw, f"{path}.ends.{end_name}", end)
    yield from _who(raw, f"{path}.who", journey.get("who"))
    yield from _reachable_start(raw, path, name, journey)


def _taken(path: str, journey: dict[str, Any]) -> Iterator[Problem]:
    """Names that mean something already: a target is a step or an end, an outcome is how a service ends."""
    ends = {*_names(journey, "ends"), *BUILT_IN_ENDS}
    for name in _names(journey, "steps"):
        if name in ends:
            yield Problem(f"{path}.steps.{name}", f"'{name}' is an end of this journey already; choose another name")
    for part in ("steps", "ends"):
        for name in _names(journey, part):
            if name in (AGAIN, LEFT, CANCELLED):
                message = f"'{name}' has a meaning of its own already; choose another name"
                yield Problem(f"{path}.{part}.{name}", message)
    for step_name, step in _items(journey, "steps"):
        for outcome in _names(step, "outcomes"):
            if outcome in (*NOT_SERVED, LEFT):
                message = f"'{outcome}' means already that a visit was not served; choose another name"
                yield Problem(f"{path}.steps.{step_name}.outcomes.{outcome}", message)


def _meant_for(raw: _Scenario, path: str, parts: Any) -> Iterator[Problem]:
    """Conditions on starts, targets or terms."""
    for name, part in _items({path: parts}, path):
        yield from _who(raw, f"{path}.{name}.who", part.get("who"))


def _who(raw: _Scenario, path: str, who: Any) -> Iterator[Problem]:
    """A condition that nobody can ever meet."""
    if not isinstance(who, dict):
        return
    yield from _unknown(f"{path}.persona", _listed(who.get("persona")), _names(raw, "personas"), "persona")
    yield from _nobody(f"{path}.stage", _listed(who.get("stage")), raw.stages)
    yield from _nobody(f"{path}.product", _listed(who.get("product")), raw.products, "ever holds")
    for asked in ("trait", "seen"):
        traits = who.get(asked)
        for trait, wanted in traits.items() if isinstance(traits, dict) else ():
            if str(trait) in (known := raw.trait_names):
                yield from _nobody(f"{path}.{asked}.{trait}", _listed(wanted), raw.values_of(str(trait)))
            else:
                yield Problem(f"{path}.{asked}.{trait}", f"there is no trait '{trait}'; {did_you_mean(trait, known)}")


def _nobody(path: str, wanted: list[str], known: list[str], ever: str = "is ever") -> Iterator[Problem]:
    for name in wanted:
        if name not in known:
            yield Problem(path, f"nobody {ever} '{name}'; {did_you_mean(name, known)}")


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[list[str], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, *str(key).split(".")))
    elif path:
        yield list(path), value


def _clocks(step: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every clock of a step, with where it stands."""
    written = step.get("while_open")
    if isinstance(written, dict) and is_one_clock(written):
        yield "while_open", written
    else:
        yield from ((f"while_open.{name}", clock) for name, clock in _items(step, "while_open"))


def _trigger(raw: _Scenario, path: str, journey: dict[str, Any]) -> Iterator[Problem]:
    when = _when(journey)
    if when is None:
        return
    given = [trigger for trigger in TRIGGERS if trigger in when]
    if len(given) != 1:
        found = f"has {', '.join(given)}" if given else "has none"
        yield Problem(f"{path}.when", f"{found}; a journey is started by exactly one of {', '.join(TRIGGERS)}")
    yield from _profile(raw, f"{path}.when.arrival", when.get("arrival"))
    yield from _not_past(raw, f"{path}.when.on", when.get("on"))
    if OPENED in when and not _is_opened(raw, path.removeprefix("journeys.")):
        yield Problem(f"{path}.when", "nothing opens it; name it under opens of an outcome, an end or an event")
    yield from _after(raw, path, when.get("after"))
    entering = when.get("entering")
    if isinstance(entering, dict):
        yield from _nobody(f"{path}.when.entering.stage", _listed(entering.get("stage")), raw.stages)
    if when.get("stage") == LEFT:
        message = f"who arrives has not left; give another stage than '{LEFT}'"
        yield Problem(f"{path}.when.stage", message)
    need = when.get("need")
    if isinstance(need, str):
        wanted = [name for _, persona in _items(raw, "personas") for name in _names(persona, "needs")]
        if need not in wanted:
            yield Problem(f"{path}.when.need", f"no persona has the need '{need}'; {did_you_mean(need, wanted)}")


def _anybody_joins(raw: _Scenario) -> bool:
    """Whether somebody may become a customer after the start, if need be by a change."""
    population = raw.get("population")
    joins = population.get("joins") if isinstance(population, dict) else None
    arriving = any("arrival" in _names(journey, "when") for _, journey in _items(raw, "journeys"))
    later = (path[:2] == ["population", "joins"] or path[2:4] == ["when", "arrival"] for path, _ in raw.set_by_changes)
    rate = joins.get("rate") if isinstance(joins, dict) else joins
    with suppress(ValueError):
        return arriving or any(later) or (rate is not None and units.rate(rate) > 0)
    return True


def _after(raw: _Scenario, path: str, after: Any) -> Iterator[Problem]:
    """What is said of another journey's end as a trigger."""
    if not isinstance(after, dict) or not isinstance(after.get("journey"), str):
        return
    known = _names(raw, "journeys")
    other = raw["journeys"].get(after["journey"])
    if after["journey"] not in known:
        hint = did_you_mean(after["journey"], known)
        yield Problem(f"{path}.when.after.journey", f"there is no journey '{after['journey']}'; {hint}")
    elif isinstance(other, dict):
        ends = [*_names(other, "ends"), *BUILT_IN_ENDS]
        yield from _unknown(f"{path}.when.after.end", _listed(after.get("end")), ends, "end")
        yield from _opened_twice(path, after, other)


def _when(journey: dict[str, Any]) -> dict[str, Any] | None:
    """Trigger of a journey, written out; None where it cannot be read."""
    when = journey.get("when")
    if when == OPENED:
        return {OPENED: True}
    return when if isinstance(when, dict) else None


def _is_opened(raw: _Scenario, name: str) -> bool:
    """Whether some effect opens a journey, if need be one that a change brings."""
    by_changes = (path[-2:] == ["opens", name] or path[-3:-1] == ["opens", name] for path, _ in raw.set_by_changes)
    return any(name in _listed(effect.get("opens")) for effect in raw.effects) or any(by_changes)


def _opened_twice(path: str, after: dict[str, Any], other: dict[str, Any]) -> Iterator[Problem]:
    """An end that opens a journey which starts after that end anyway: the same thing said twice, on the same luck."""
    name = path.removeprefix("journeys.")
    follows = _listed(after.get("end")) or _names(other, "ends")
    for end_name, end in _items(other, "ends"):
        opens = end.get("opens")
        both = (opens.get(name, 0), after.get("p", 1)) if isinstance(opens, dict) and end_name in follows else (0, 0)
        if all(_weight(p) != 0 for p in both):
            opening = f"journeys.{after['journey']}.ends.{end_name}.opens.{name}"
            message = (
                f"starts after the end '{end_name}' of journey '{after['journey']}', which opens it already; "
                f"drop {opening}, or write p: 0 here"
            )
            yield Problem(f"{path}.when.after", message)


def _not_past(raw: _Scenario, path: str, date: Any) -> Iterator[Problem]:
    """A date before the clock starts would never come."""
    clock = raw.get("clock")
    with suppress(ValueError):
        start, when = units.moment(clock.get("start") if isinstance(clock, dict) else None), units.moment(date)
        if when < start:
            yield Problem(path, f"{date} is before the clock starts ({start}); choose a date within the horizon")


def _step(raw: _Scenario, path: str, step: dict[str, Any], targets: list[str]) -> Iterator[Problem]:
    touchpoints = _names(raw, "touchpoints")
    place = step.get("touchpoint")
    if isinstance(place, str) and place not in touchpoints:
        hint = did_you_mean(place, touchpoints)
        yield Problem(f"{path}.touchpoint", f"there is no touchpoint '{place}'; {hint}")
    outcomes = _listed(step.get("outcomes"))
    routed = _names(step, "next")
    meant = _meant_outcomes(outcomes, routed)
    known = [*outcomes, *NOT_SERVED, *meant.values()]
    misplaced = [name for name in routed if name in targets and name not in known]
    for name in misplaced:
        example = f"next: {{{outcomes[0] if outcomes else 'NAME'}: {{{name}: …}}}}"
        message = f"'{name}' is a step or an end, and not an outcome; write {example}"
        yield Problem(f"{path}.next.{name}", message)
    yield from _unknown(f"{path}.next", routed, [*known, *misplaced], "outcome")
    if not meant:
        yield from _sums_to_one(f"{path}.outcomes", step.get("outcomes"), "probabilities of the outcomes")
    for outcome, chosen in _items(step, "next"):
        yield from _sums_to_one(f"{path}.next", chosen, f"probabilities after '{outcome}'")
        yield from _unknown(f"{path}.next.{outcome}", _names({"x": chosen}, "x"), targets, "step or end")
        yield from _meant_for(raw, f"{path}.next.{outcome}", chosen)
    for outcome in outcomes:
        told_already = misplaced or (step.get("next") and not isinstance(step["next"], dict))
        if outcome not in routed and outcome not in (RESOLVED, *Outcome.model_fields) and not told_already:
            remedy = "add it under next, with steps or ends"
            if outcome in meant:
                remedy = f"did you mean '{meant[outcome]}'?"
            yield Problem(f"{path}.outcomes.{outcome}", f"the outcome '{outcome}' leads nowhere; {remedy}")
    for where, clock in _clocks(step):
        yield from _effects(raw, f"{path}.{where}", clock)
        yield from _does_something(f"{path}.{where}", clock)
    for outcome, effect in _items(step, "outcomes"):
        yield from _effects(raw, f"{path}.outcomes.{outcome}", effect)
        reopens = f"{path}.outcomes.{outcome}.reopens"
        yield from _unknown(reopens, _names(effect, "reopens"), targets, "step or end")
        yield from _sums_to_one(reopens, effect.get("reopens"))
        yield from _meant_for(raw, reopens, effect.get("reopens"))


def _meant_outcomes(outcomes: list[str], routed: list[str]) -> dict[str, str]:
    """Outcomes that lead nowhere because their names are misspelt, with what was likely meant."""
    nowhere = [outcome for outcome in outcomes if outcome not in routed and outcome != RESOLVED]
    known = [RESOLVED, *routed]
    return {outcome: meant for outcome in nowhere if (meant := misspelt(outcome, known))}


def _effects(raw: _Scenario, path: str, effect: dict[str, Any]) -> Iterator[Problem]:
    for name in ("opens", "cancels", "puts_off"):
        named = [other for other in _listed(effect.get(name)) if other not in Opening.model_fields]
        yield from _unknown(f"{path}.{name}", named, _names(raw, "journeys"), "journey")

    if dropped := _listed(effect.get("drops")):
        yield from _nobody(f"{path}.drops", dropped, raw.products, "ever holds")


def _does_something(path: str, effect: dict[str, Any]) -> Iterator[Problem]:
    does = [name for name in Effects.model_fields if name != "good"]
    if not any(name in effect for name in does):
        yield Problem(path, f"does nothing; say what it does: {', '.join(does)}")


def _event(raw: _Scenario, path: str, event: dict[str, Any]) -> Iterator[Problem]:
    """When an event happens, to whom, and what it does."""
    given = [name for name in _WHENEVER if event.get(name) is not None]
    if not given:
        message = "never happens; say when: on a date, every period (the first time on a date, or not), a rate, or an "
        yield Problem(path, f"{message}outage")
    elif given not in (["on"], ["every"], ["on", "every"], ["rate"], ["outage"]):
        stated = " and ".join(f"`{name}` ({_WHENEVER[name]})" for name in given)
        yield Problem(path, f"says {stated}, which exclude each other; keep one (only `on` and `every` go together)")
    yield from _at_outage(raw, f"{path}.outage", event.get("outage"))
    yield from _not_past(raw, f"{path}.on", event.get("on"))
    yield from _profile(raw, f"{path}.rate", event.get("rate"))
    yield from _who(raw, f"{path}.who", event.get("who"))
    yield from _effects(raw, path, event)
    yield from _does_something(path, event)
    yield from _known_to_the_company(raw, path, event)
    by = event.get("by")
    if isinstance(by, dict):
        if event.get("most") is None:
            yield Problem(f"{path}.by", "says who comes first on a list; say with `most` how many are on it")
        surveys = any("survey" in persona for _, persona in _items(raw, "personas"))
        for trait, weights in _items(by, "seen"):
            yield from _nobody(f"{path}.by.seen.{trait}", _listed(weights), raw.values_of(trait))
        if "score" in by and not surveys and not any("survey" in set_ for set_, _ in raw.set_by_changes):
            yield Problem(f"{path}.by.score", "nobody is asked for a score; give a persona a survey")


def _known_to_the_company(raw: _Scenario, path: str, event: dict[str, Any]) -> Iterator[Problem]:
    """A list is made by what the company knows, so it cannot ask for the truth of a trait that it sees in part."""
    who, traits = event.get("who"), dict(_items(raw, "traits"))
    if event.get("most") is None or not isinstance(who, dict):
        return
    for trait in _names(who, "trait"):
        seen = traits.get(trait, {}).get("seen")
        if isinstance(seen, dict) and (seen.get("after") is not None or _weight(seen, "p") not in (None, 1)):
            message = f"a list is made by what the company knows, and it sees '{trait}' only in part "
            message += f"(traits.{trait}.seen); ask for what it has seen: {path}.who.seen.{trait}"
            yield Problem(f"{path}.who.trait.{trait}", message)


def _at_outage(raw: _Scenario, path: str, outage: Any) -> Iterator[Problem]:
    """An outage of a system that there is not, or that is never out."""
    system, field = (outage.get("system"), ".system") if isinstance(outage, dict) else (outage, "")
    systems = dict(_items(raw, "systems"))
    if not isinstance(system, str):
        return
    if system not in _names(raw, "systems"):
        hint = did_you_mean(system, _names(raw, "systems"))
        yield Problem(f"{path}{field}", f"there is no system '{system}'; {hint}")
    elif not systems.get(system, {}).get("outages"):
        later = (changed[:3] == ["systems", system, "outages"] for changed, _ in raw.set_by_changes)
        if not any(later):
            message = f"'{system}' is never out, so this would never happen; say systems.{system}.outages"
            yield Problem(f"{path}{field}", message)


def _reachable_start(raw: _Scenario, path: str, name: str, journey: dict[str, Any]) -> Iterator[Problem]:
    """A persona that can open the journey needs a channel to begin it in."""
    offered, when = _names(journey, "start"), _when(journey)
    if len(offered) < 2 or when is None:
        return
    need = when.get("need")
    opened = any(name in _names(effect, "opens") for effect in raw.effects)
    who = journey.get("who")
    meant_for = _listed(who.get("persona")) if isinstance(who, dict) else []
    for persona_name, persona in _items(raw, "personas"):
        if meant_for and persona_name not in meant_for:
            continue
        if need is not None and not opened and need not in _names(persona, "needs"):
            continue
        starts = persona.get("starts")
        own = starts.get(name) if isinstance(starts, dict) else None
        liked = own if isinstance(own, dict) else persona.get("start")
        if liked is not None and not isinstance(liked, dict):
            continue
        if liked is None:
            message = (
                f"persona '{persona_name}' does not say by which channel it starts; add personas.{persona_name}.start"
            )
            yield Problem(f"{path}.start", message)
        elif not any((_weight(liked.get(channel)) or 0) > 0 for channel in offered):
            message = (
                f"persona '{persona_name}' starts in {', '.join(map(str, liked)) or 'no channel'}, "
                f"but this journey starts in {', '.join(offered)}; give it one of them"
            )
            yield Problem(f"{path}.start", message)


def _pools(raw: _Scenario) -> Iterator[Problem]:
    goals = {str(journey.get("goal") or name) for name, journey in _items(raw, "journeys")}
    for name, pool in _items(raw, "staff"):
        yield from _unknown(f"staff.{name}.skills", _listed(pool.get("skills")), sorted(goals), "goal")
        yield from _paid_once(name, pool)
        yield from _proficient_for_something(raw, name, pool)
    touchpoints = dict(_items(raw, "touchpoints"))
    pools = dict(_items(raw, "staff"))
    for name, journey in _items(raw, "journeys"):
        goal = str(journey.get("goal") or name)
        for step_name, step in _items(journey, "steps"):
            serving = _listed(touchpoints.get(str(step.get("touchpoint")), {}).get("staff"))
            known = [pools[pool] for pool in serving if pool in pools]
            if known and not any(pool.get("skills") is None or goal in _listed(pool["skills"]) for pool in known):
                path = f"journeys.{name}.steps.{step_name}.touchpoint"
                yield Problem(path, f"none of its pools ({', '.join(serving)}) has the skill '{goal}'; add it to one")


def _paid_once(name: str, pool: dict[str, Any]) -> Iterator[Problem]:
    """A partner's people have no wage."""
    with suppress(ValueError):
        if isinstance(pool.get("partner"), dict) and units.money_rate(pool.get("wage", 0)) > 0:
            message = "a partner's people are paid by the contact (partner.per_contact), not by the hour; drop the wage"
            yield Problem(f"staff.{name}.wage", message)


def _proficient_for_something(raw: _Scenario, name: str, pool: dict[str, Any]) -> Iterator[Problem]:
    """A proficiency, or erring, makes a difference only to journeys whose difficulty tilts outcomes."""
    path = f"staff.{name}"
    stated = [(path, pool, "proficiency"), (f"{path}.differ", pool.get("differ"), "proficiency")]
    stated.append((f"{path}.strain", pool.get("strain"), "err"))
    moving = [f"{where}.{word}" for where, part, word in stated if isinstance(part, dict) and _weight(part, word)]
    staffed = [place for place, touchpoint in _items(raw, "touchpoints") if name in _listed(touchpoint.get("staff"))]
    served = {
        journey: written
        for journey, written in _items(raw, "journeys")
        if any(step.get("touchpoint") in staffed for _, step in _items(written, "steps"))
    }
    if served and not any(set(_names(journey, "difficulty")) - set(_FEELINGS) for journey in served.values()):
        message = (
            "moves nothing: no journey that these people serve says how difficulty tilts outcomes; "
            f"add for instance journeys.{next(iter(served))}.difficulty.resolved: -0.6"
        )
        yield from (Problem(where, message) for where in moving)


def _change_names(raw: _Scenario) -> Iterator[Problem]:
    if isinstance(raw.get("enact"), str) and "," in raw["enact"]:
        yield Problem("enact", f"'{raw['enact']}' is one text; put several names in brackets: [{raw['enact']}]")
        return
    yield from _unknown("enact", _listed(raw.get("enact")), _names(raw, "changes"), "change")
