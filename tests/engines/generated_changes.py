"""Random changes to a random scenario: each is valid alone, and all of them together.

Every kind of change sets values that no other kind sets, and adds under names that no other kind uses; so whatever is
drawn goes together. A kind that finds nothing to change in a scenario sets nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from sim.changes import OWN, flatten
from tests.engines.generated_parts import Chance, draw_strain, draw_taste, is_attended

Raw = dict[str, Any]


def draw_changes(chance: Chance, raw: Raw, start: datetime, horizon: int) -> None:
    """Draw one change or two that are made, each of several kinds, and sometimes one that is only proposed."""
    if not chance.happens(0.7):
        return
    kinds = dict.fromkeys([*chance.shuffled(KINDS)[: chance.whole(1, 8)], *([periods] if chance.happens(0.3) else [])])
    settings: list[Raw] = [{} for _ in range(chance.one_of((1, 2, 2, 3)))]
    for kind in kinds:
        chance.one_of(settings).update(kind(chance, raw))
    changes: Raw = {}
    for name, some in zip(("sooner", "later", "elsewhere"), settings, strict=False):
        if some:
            change = draw_dates(chance, start, horizon) | chance.maybe(0.35, takes=lambda: taken(chance, raw))
            changes[name] = change | {"set": some}
    if changes:
        tried = chance.one_of(changes)
        if can_be_tried(raw, changes[tried]["set"]) and chance.happens(0.5):
            changes[tried]["who"] = {"share": 0.5} | chance.maybe(0.3, persona=lambda: chance.one_of(raw["personas"]))
        enact = list(changes)[:2]
        raw["changes"] = changes
        raw["enact"] = enact[0] if len(enact) == 1 else chance.shuffled(enact)


def can_be_tried(raw: Raw, settings: Raw) -> bool:
    """Whether a change can be a pilot: it sets something for some customers, and nothing of who comes, or of a list."""
    lists = {name for name, event in raw.get("events", {}).items() if "most" in event}
    paths = [path.split(".") for path in flatten(settings)]
    comes = any("arrival" in path or (path[0] == "personas" and path[2:] == ["share"]) for path in paths)
    listed = any(path[0] == "events" and path[1] in lists for path in paths)
    return not comes and not listed and any(path[0] in OWN for path in paths)


def draw_dates(chance: Chance, start: datetime, horizon: int) -> Raw:
    """Draw from when until when a change is in force, and how it grows; it may have begun before the start."""
    begins = chance.one_of((-1440, 0, 300, 600, 601, 1200))

    def until() -> str:
        after = chance.one_of((max(begins, 0) + 200, max(begins, 0) + 780, horizon + 60))
        return (start + timedelta(minutes=after)).isoformat(" ")

    dates = {"from": (start + timedelta(minutes=begins)).isoformat(" ")} if chance.happens(0.8) else {}
    dates |= {"until": until()} if dates and chance.happens(0.4) else {}
    return dates | chance.maybe(0.5, ramp=lambda: chance.one_of(("8 h", "1 day", "2 days", "3 days")))


def taken(chance: Chance, raw: Raw) -> Raw:
    """Draw of which pool a share is away, and perhaps in which hours and for how long."""
    part = {"share": chance.one_of((0.5, 1, 0.7))} | chance.maybe(
        0.5,
        **{
            "days": lambda: chance.one_of(("all", "mon-wed")),
            "from": lambda: chance.one_of(("08:00", "09:30")),
            "to": lambda: chance.one_of(("12:00", "20:00")),
            "for": lambda: chance.duration(200, 2000),
        },
    )
    return {chance.one_of(raw["staff"]): part}


# ---- staff and touchpoints -------------------------------------------------------------------------------------------


def headcount(chance: Chance, raw: Raw) -> Raw:
    shifts = [f"staff.{pool}.shifts.{shift}" for pool, some in raw["staff"].items() for shift in some["shifts"]]
    return {f"{shift}.headcount": chance.whole(0, 4) for shift in some_of(chance, shifts)}


def more_shifts(chance: Chance, raw: Raw) -> Raw:
    pool = chance.one_of(raw["staff"])
    return {f"staff.{pool}.shifts.extra": {"days": "all", "from": "07:30", "to": "13:00", "headcount": 1}}


def longer_shifts(chance: Chance, raw: Raw) -> Raw:
    shifts = [
        f"staff.{pool}.shifts.{name}"
        for pool, some in raw["staff"].items()
        for name, shift in some["shifts"].items()
        if shift["from"] < "16:00"
    ]
    return {f"{shift}.to": chance.one_of(("16:00", "24:00")) for shift in some_of(chance, shifts)}


def departments(chance: Chance, raw: Raw) -> Raw:
    return {f"staff.{pool}.department": chance.one_of(("service", "sales")) for pool in some_of(chance, raw["staff"])}


def other_absence(chance: Chance, raw: Raw) -> Raw:
    return {f"staff.{pool}.absence": chance.one_of((0, 0.3)) for pool in some_of(chance, raw["staff"])}


def other_contacts(chance: Chance, raw: Raw) -> Raw:
    return {f"staff.{pool}.at_once.contacts": chance.whole(1, 4) for pool in some_of(chance, raw["staff"])}


def training(chance: Chance, raw: Raw) -> Raw:
    """Faster people, and better ones where that matters."""
    faster = {f"staff.{pool}.speed": chance.one_of((1, 2)) for pool in some_of(chance, raw["staff"])}
    able = [f"staff.{pool}.proficiency" for pool, written in raw["staff"].items() if "proficiency" in written]
    return faster | {path: chance.number(0, 2) for path in some_of(chance, able)}


def other_strain(chance: Chance, raw: Raw) -> Raw:
    return {f"staff.{pool}.strain": draw_strain(chance) for pool in some_of(chance, raw["staff"])}


def more_breaks(chance: Chance, raw: Raw) -> Raw:
    pool = chance.one_of(raw["staff"])
    return {
        f"staff.{pool}.breaks.extra": {"days": "all", "from": "11:30", "to": "12:30", "share": chance.one_of((0.5, 1))}
    }


def another_pool(chance: Chance, raw: Raw) -> Raw:
    """A pool that helps at one touchpoint, which may have had no staff before."""
    helped = chance.one_of(raw["touchpoints"])
    shift = {"days": "all", "from": "09:00", "to": "17:00", "headcount": chance.whole(1, 2)}
    return {
        "staff.helpers": {"department": "partners", "shifts": {"day": shift}},
        f"touchpoints.{helped}.staff.helpers": chance.duration(0, 5),
    }


def service_times(chance: Chance, raw: Raw) -> Raw:
    """A duration in place of a whole law; a part of one would have to be of its kind."""
    return {f"touchpoints.{name}.service_time": chance.duration(2, 30) for name in some_of(chance, raw["touchpoints"])}


def costs(chance: Chance, raw: Raw) -> Raw:
    return {f"touchpoints.{name}.cost": chance.money(0, 9) for name in some_of(chance, raw["touchpoints"])}


def lines(chance: Chance, raw: Raw) -> Raw:
    channels = [touchpoint["channel"] for touchpoint in raw["touchpoints"].values() if is_attended(touchpoint)]
    return {f"channels.{chance.one_of(channels)}.lines": chance.whole(1, 6)} if channels else {}


def urgency(chance: Chance, raw: Raw) -> Raw:
    staffed = [name for name, touchpoint in raw["touchpoints"].items() if "staff" in touchpoint]
    return {
        f"touchpoints.{name}.urgent": {"after": chance.duration(1, 20), "priority": chance.whole(-4, 0)}
        for name in some_of(chance, staffed)
    }


def callbacks(chance: Chance, raw: Raw) -> Raw:
    staffed = [name for name, t in raw["touchpoints"].items() if "staff" in t and is_attended(t)]
    offer = {"after": chance.duration(0, 10), "accept": chance.share(0.4), "reached": chance.share(0.2)}
    return {f"touchpoints.{name}.callback": offer for name in some_of(chance, staffed)}


def systems(chance: Chance, raw: Raw) -> Raw:
    """More outages of the systems there are, and one that is new, on which something depends that depended on none."""
    failure = {"rate": f"{chance.number(0, 6)} / day", "lasts": chance.duration(5, 60)}
    known = {f"systems.{name}.outages.failure": failure for name in raw["systems"] if chance.happens(0.5)}
    known |= {f"systems.{name}.capacity": chance.whole(1, 4) for name in raw["systems"] if chance.happens(0.5)}
    free = [name for name, touchpoint in raw["touchpoints"].items() if "system" not in touchpoint]
    if not free or chance.happens(0.4):
        return known
    gone = {"give_up": 0.5, "later": {"p": 0.5, "after": "20 min"}}
    path = f"touchpoints.{chance.one_of(free)}"
    return known | {
        "systems.phones": {"outages": {"failure": failure}},
        f"{path}.system": "phones",
        f"{path}.when_down": gone,
    }


def attendance(_chance: Chance, raw: Raw) -> Raw:
    """What was done without the customer is done with them."""
    alone = [name for name, touchpoint in raw["touchpoints"].items() if not is_attended(touchpoint)]
    return {f"touchpoints.{name}.attended": True for name in alone[:1]}


# ---- journeys --------------------------------------------------------------------------------------------------------


def routing(chance: Chance, raw: Raw) -> Raw:
    """Other weights after an outcome; ways back weigh little."""
    choices = [
        (f"journeys.{journey}.steps.{step}.next.{outcome}", targets)
        for journey, step, written in all_steps(raw)
        for outcome, targets in written["next"].items()
    ]
    if not choices:
        return {}
    path, targets = chance.one_of(choices)
    late = [name for name, target in targets.items() if isinstance(target, dict)]
    weights = chance.weights(targets, seldom=late)
    return {f"{path}.{name}.p": weight for name, weight in weights.items()}


def outcomes(chance: Chance, raw: Raw) -> Raw:
    journey, step, written = chance.one_of(all_steps(raw))
    weights = chance.weights(written["outcomes"])
    return {f"journeys.{journey}.steps.{step}.outcomes.{name}.p": weight for name, weight in weights.items()}


def holding(chance: Chance, raw: Raw) -> Raw:
    journey, step, written = chance.one_of(all_steps(raw))
    reopens = {"resolved": {"p": 0.5}, "give_up": {"p": 0.5}} if chance.rounded else {step: {"p": 1, "after": "30 min"}}
    outcome = chance.one_of(written["outcomes"])
    set_already = written["outcomes"][outcome]
    known = isinstance(set_already, dict) and "reopens" in set_already
    path = f"journeys.{journey}.steps.{step}.outcomes.{outcome}"
    return {f"{path}.holds": chance.share(0.4)} | ({} if known else {f"{path}.reopens": reopens})


def priorities(chance: Chance, raw: Raw) -> Raw:
    return {f"journeys.{name}.priority": chance.whole(-3, 3) for name in some_of(chance, raw["journeys"])}


def pilot(chance: Chance, raw: Raw) -> Raw:
    return {f"journeys.{chance.one_of(raw['journeys'])}.who.share": chance.share(0.3, 0.8)}


def arrivals(chance: Chance, raw: Raw) -> Raw:
    coming = [name for name, journey in raw["journeys"].items() if "arrival" in journey["when"]]
    return {
        f"journeys.{name}.when.arrival.rate": f"{chance.number(0, 50)} / day" for name in coming if chance.happens(0.7)
    }


def periods(chance: Chance, raw: Raw) -> Raw:
    """How often something comes of itself: journeys, and reviews of whether to stay."""
    regular = [f"journeys.{name}.when" for name, journey in raw["journeys"].items() if "every" in journey["when"]]
    regular += [f"personas.{name}.churn" for name, p in raw["personas"].items() if "every" in p.get("churn", {})]
    return {f"{path}.every": chance.duration(300, 900) for path in regular}


def another_step(chance: Chance, raw: Raw) -> Raw:
    """A touchpoint in a channel of its own, from where a journey goes on as it used to begin."""
    journey = chance.one_of(raw["journeys"])
    begins = next(iter(raw["journeys"][journey]["start"].values()))
    before = begins["step"] if isinstance(begins, dict) else begins
    step = {
        "touchpoint": "bot",
        "outcomes": {"resolved": 0.4, "unresolved": 0.6},
        "next": {"unresolved": {before: 0.9, "give_up": 0.1}},
    }
    return {
        "touchpoints.bot": {"channel": "chat", "service_time": chance.duration(1, 5), "cost": "0.01 EUR"},
        f"journeys.{journey}.steps.chat": step,
        f"journeys.{journey}.start.chat": "chat",
        **{f"personas.{name}.start.chat": chance.share(0.2) for name in raw["personas"]},
    }


def another_journey(chance: Chance, raw: Raw) -> Raw:
    """A journey with the goal of another, and so with skills that somebody has."""
    name, _, written = chance.one_of(all_steps(raw))
    entering = {"entering": {"stage": "left", "delay": chance.duration(0, 60)}}
    when = chance.one_of(({"every": "7 h"}, {"after": {"journey": name}}, {"arrival": "12 / day"}, entering))
    visit = {
        "touchpoint": written["touchpoint"],
        "outcomes": {"resolved": 0.8, "unresolved": {"p": 0.2, "mood": -0.5}},
        "next": {
            "unresolved": {"settled": 1},
            **{turned_away: {"settled": 0.5, "give_up": 0.5} for turned_away in ("closed", "down")},
        },
    }
    return {
        "journeys.follow_up": {
            "when": when,
            "goal": raw["journeys"][name].get("goal", name),
            "start": {"phone": "visit"},
            "steps": {"visit": visit},
            "ends": {"settled": {"good": True, "stage": "vip"}},
        }
    }


def events(chance: Chance, raw: Raw) -> Raw:
    """Other reach of an event, or one more event."""
    known = [f"events.{name}" for name in raw.get("events", {})]
    if known and chance.happens(0.5):
        return {f"{chance.one_of(known)}.reach": chance.share()}
    letter = {"every": "4 h", "reach": 0.7, "satisfaction": -0.5, "opens": {chance.one_of(raw["journeys"]): 0.3}}
    return {"events.promise": letter}


def clocks(chance: Chance, raw: Raw) -> Raw:
    """Another clock on a step, one more, or the first."""
    journey, step, written = chance.one_of(all_steps(raw))
    path = f"journeys.{journey}.steps.{step}.while_open"
    named = "after" not in written.get("while_open", {"after": "never"})
    return {f"{path}.third" if named else path: {"after": "15 min", "revenue": "-2 EUR"}}


# ---- customers -------------------------------------------------------------------------------------------------------


def joins(chance: Chance, _raw: Raw) -> Raw:
    return {"population.joins.rate": f"{chance.number(0, 30)} / day"}


def needs(chance: Chance, raw: Raw) -> Raw:
    wanted = [f"personas.{name}.needs.{need}" for name, persona in raw["personas"].items() for need in persona["needs"]]
    return {f"{path}.rate": f"{chance.number(0, 4)} / day" for path in some_of(chance, wanted)}


def tastes(chance: Chance, raw: Raw) -> Raw:
    name = chance.one_of(raw["personas"])
    return {f"personas.{name}.start.{channel}": chance.share(0.1) for channel in raw["personas"][name]["start"]}


def other_learning(chance: Chance, raw: Raw) -> Raw:
    """A taste that shifts with experience, or shifts otherwise."""
    if all(len(journey["start"]) == 1 for journey in raw["journeys"].values()):
        return {}
    return {f"personas.{name}.taste": draw_taste(chance) for name in some_of(chance, raw["personas"])}


def patience(chance: Chance, raw: Raw) -> Raw:
    attended = [name for name, touchpoint in raw["touchpoints"].items() if is_attended(touchpoint)]
    places = [f"personas.{name}.patience.{place}" for name in raw["personas"] for place in attended]
    return {path: chance.duration(0, 40) for path in some_of(chance, places)}


def another_persona(chance: Chance, raw: Raw) -> Raw:
    """A persona like the first, but without its patience and loyalty; the shares make room for it."""
    shares = chance.weights([*raw["personas"], "newcomer"])
    first = next(iter(raw["personas"].values()))
    persona = {"needs": first["needs"], "start": dict.fromkeys(first["start"], 1), "survey": {"ask": 0.9}}
    return {
        "personas.newcomer": persona | {"share": shares.pop("newcomer")},
        **{f"personas.{name}.share": share for name, share in shares.items()},
    }


def feelings(chance: Chance, raw: Raw) -> Raw:
    path = f"personas.{chance.one_of(raw['personas'])}.satisfaction"
    return {
        f"{path}.terms.offer": chance.number(-1, 1),
        f"{path}.recovery": f"{chance.number(0, 3)} / day",
        f"{path}.abandoned": chance.number(-2, 0),
    }


def loyalty(chance: Chance, raw: Raw) -> Raw:
    path = f"personas.{chance.one_of(raw['personas'])}.churn"
    return {f"{path}.base": f"{chance.number(0, 2)} / day", f"{path}.terms.rival": chance.number(-1, 1)}


def conditions(chance: Chance, raw: Raw) -> Raw:
    """A trait that is seen otherwise and begins otherwise, and a term for those of whom it is seen."""
    name = chance.one_of(raw["personas"])
    term = {"value": chance.number(-2, 2), "who": {"seen": {"region": "south"}}}
    return {
        "traits.region.seen.p": chance.share(0, 0.9),
        f"personas.{name}.traits.region.south": chance.number(0.1, 3),
        f"personas.{name}.satisfaction.terms.luck": chance.one_of((term, {"per_year": chance.number(-300, 300)})),
    }


def contracts(chance: Chance, raw: Raw) -> Raw:
    bound = [f"personas.{name}.contract" for name, persona in raw["personas"].items() if "contract" in persona]
    terms = {f"{path}.term": chance.duration(300, 900) for path in some_of(chance, bound)}
    return terms | {f"{path}.notice": chance.duration(0, 250) for path in some_of(chance, bound)}


def referrals(chance: Chance, raw: Raw) -> Raw:
    speaking = [f"personas.{name}.referral" for name, persona in raw["personas"].items() if "referral" in persona]
    return {f"{path}.rate": f"{chance.number(0, 2)} / day" for path in some_of(chance, speaking)}


def surveys(chance: Chance, raw: Raw) -> Raw:
    return {f"personas.{name}.survey.ask": chance.share(0.2) for name in some_of(chance, raw["personas"])}


def revenues(chance: Chance, raw: Raw) -> Raw:
    path = f"personas.{chance.one_of(raw['personas'])}"
    return {f"{path}.value.revenue": f"{chance.number(0, 90)} EUR / month", f"{path}.products.tv": chance.share()}


def profiles(chance: Chance, raw: Raw) -> Raw:
    return {f"profiles.{name}.day_to_day": chance.one_of((0, 0.6)) for name in raw.get("profiles", {})}


def new_profile(chance: Chance, raw: Raw) -> Raw:
    """A profile that only the change knows, and a need that follows it."""
    needed = [f"personas.{name}.needs.{need}" for name, persona in raw["personas"].items() for need in persona["needs"]]
    if not needed:
        return {}
    return {
        "profiles.rush": {"hours": {"all": {"09:00": 1, "11:00": 0.2}}},
        f"{chance.one_of(needed)}.profile": "rush",
    }


# ---- together --------------------------------------------------------------------------------------------------------


def all_steps(raw: Raw) -> list[tuple[str, str, Raw]]:
    """Name every step of every journey, and return it as it is written."""
    return [(name, step, written) for name, j in raw["journeys"].items() for step, written in j["steps"].items()]


def some_of(chance: Chance, names: Any) -> list[str]:
    """Draw one or two of several names, if there are any."""
    names = list(names)
    return list(dict.fromkeys(chance.one_of(names) for _ in range(chance.whole(1, 2)))) if names else []


KINDS = (
    headcount, departments, more_shifts, longer_shifts, another_pool, service_times, costs, lines, urgency, callbacks,
    systems, attendance, routing, outcomes, holding, priorities, pilot, arrivals, periods, another_step,
    another_journey, events, clocks, joins, needs, tastes, other_learning, patience, another_persona, feelings, loyalty,
    conditions, contracts, referrals, surveys, revenues, profiles, new_profile, other_absence, more_breaks,
    other_contacts, training, other_strain,
)  # fmt: skip
