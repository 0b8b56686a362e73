"""Random scenarios that are valid by construction and, taken together, say whatever the language can say.

Each has few customers and fewer staff, for one to three days, so that people wait, give up, are blocked and find it
closed. Where `rounded` is true every time that a scenario can state is a whole number of minutes, so that much happens
at one and the same moment. No journey goes round for ever: a way back to a step, or to one before it, always takes
time, and may lead elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.engines.generated_changes import draw_changes
from tests.engines.generated_conditions import draw_conditions
from tests.engines.generated_parts import (
    Chance,
    draw_break,
    draw_law,
    draw_profile,
    draw_rate,
    draw_shift,
    draw_strain,
    draw_taste,
    is_attended,
)

Raw = dict[str, Any]

PERSONAS = ("caller", "clicker", "müßiggänger")
POOLS = ("tier1", "tier2", "backoffice")
CHANNELS = ("phone", "web", "branch")
TOUCHPOINTS = ("hotline", "desk", "form", "expert", "parcel")
JOURNEYS = ("billing", "fault", "buy", "feedback")
EVENTS = ("outage", "letter", "campaign")
STEPS = ("ask", "call", "escalate", "wait")
ENDS = ("served", "lost", "no_need")
OUTCOMES = ("resolved", "unresolved", "transferred", "sent")
PRODUCTS = ("mobile", "tv")
REGIONS = ("north", "south")
BUILT_IN_ENDS = ("resolved", "give_up")
NOT_SERVED = ("abandoned", "closed", "blocked", "missed", "down")
SYSTEMS = ("crm", "portal")
HOURS = (0, 8, 9, 12, 16, 20)  # when shifts begin and dated journeys open, so that both meet


@st.composite
def scenarios(draw: Any, rounded: bool = False) -> Raw:
    """Strategy for scenarios as plain data; `sim.build` accepts each of them.

    Parameters
    ----------
    rounded
        Whether all stated times are whole minutes. When needs and arrivals happen, and reviews and repeated journeys
        first do, is up to chance all the same.
    """
    return draw_scenario(Chance(lambda low, high: draw(st.integers(low, high)), rounded))


def scenario(seed: int, rounded: bool = False) -> Raw:
    """Scenario of a seed: many of these differ more than hypothesis's, which vary a few, but they do not shrink."""
    return draw_scenario(Chance(Random(seed).randint, rounded))  # noqa: S311 - no secret


def draw_scenario(chance: Chance) -> Raw:
    """Draw one scenario: first who and what there is, then how it goes together."""
    plan = draw_plan(chance)
    raw: Raw = {
        "clock": draw_clock(chance, plan),
        "population": draw_population(chance, plan),
        "touchpoints": {name: draw_touchpoint(chance, plan) for name in plan.touchpoints},
    }
    raw["systems"] = {name: draw_system(chance, plan) for name in SYSTEMS if chance.happens(0.4)}
    journeys = raw["journeys"] = {}
    for name in plan.journeys:
        journeys[name] = draw_journey(chance, plan, journeys, name)
    if chance.happens(0.5):
        raw["events"] = {name: draw_event(chance, plan, journeys) for name in chance.first(EVENTS)}
    for name, touchpoint in raw["touchpoints"].items():
        depend(chance, touchpoint, raw["systems"])
        route_when_closed(chance, touchpoint, name, journeys)
    raw["personas"] = draw_personas(chance, plan, raw)
    for event in raw.get("events", {}).values():
        if "most" in event and any("survey" in persona for persona in raw["personas"].values()):
            event["by"] |= chance.maybe(0.5, score=lambda: chance.number(-1, 1))
    raw["staff"] = {name: draw_pool(chance, plan, name) for name in plan.pools}
    let_somebody_be_able(raw)
    let_proficiency_matter(raw)
    if plan.profiles:
        raw["profiles"] = {name: draw_profile(chance) for name in plan.profiles}
    lines = {channel: draw_lines(chance) for channel in used_channels(raw) if chance.happens(0.35)}
    if lines:
        raw["channels"] = lines
    draw_conditions(chance, raw, plan.home)
    draw_changes(chance, raw, plan.start, plan.horizon)
    draw_uncertain(chance, raw)
    leave_out_stages_that_nobody_reaches(raw)
    drop_what_somebody_holds(raw, sorted(products_in([raw["personas"], raw["journeys"], raw.get("events")])))
    open_nothing_twice(raw["journeys"])
    let_something_open(raw)
    sell_products(chance, raw)
    wait_for_outages(chance, raw)
    move_dates(chance, plan, raw)
    return raw


# ---- who and what there is -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Names by which the parts of a scenario know each other, and the time in which it plays."""

    start: datetime
    horizon: int
    home: str
    personas: list[str]
    traits: dict[str, Raw]
    products: dict[str, Raw]
    pools: list[str]
    touchpoints: list[str]
    journeys: list[str]
    profiles: list[str]
    bound: list[str]

    @cached_property
    def moments(self) -> list[int]:
        """Minutes within the horizon at which shifts begin and journeys with a date open."""
        midnight = -60 * self.start.hour - self.start.minute
        every = (midnight + 1440 * day + 60 * hour for day in range(4) for hour in (*HOURS, 9, 12))
        return [minute for minute in every if 0 <= minute < self.horizon]

    def date(self, minute: float) -> str:
        """Minute of the scenario as a date."""
        return (self.start + timedelta(minutes=minute)).isoformat(" ")


def draw_plan(chance: Chance) -> Plan:
    """Draw how much of everything there is."""
    start = datetime(2025, 1, chance.whole(6, 12)) + timedelta(minutes=chance.one_of((0, 0, 450, 480, 825)))
    personas = chance.first(PERSONAS)
    return Plan(
        start=start,
        horizon=chance.one_of((1440, 1440, 2000, 2880, 4320)),
        home=chance.one_of(("customer", "customer", "member")),
        personas=personas,
        traits={name: {"region": chance.one_of(REGIONS)} for name in personas if chance.happens(0.5)},
        products={name: draw_products(chance) for name in personas if chance.happens(0.5)},
        pools=chance.first(POOLS),
        touchpoints=chance.first(TOUCHPOINTS),
        journeys=chance.first(JOURNEYS),
        profiles=[name for name in ("weekly", "flat") if chance.happens(0.6)],
        bound=[name for name in personas if chance.happens(0.3)],
    )


def draw_products(chance: Chance) -> Raw:
    """Draw what customers of a persona hold."""
    return {product: chance.share() for product in chance.some(PRODUCTS, at_least=1)}


def draw_clock(chance: Chance, plan: Plan) -> Raw:
    """Draw a warm-up, or none."""
    clock: Raw = {"start": plan.date(0), "horizon": chance.say(plan.horizon)}
    return (
        clock
        | chance.maybe(0.5, warmup=lambda: chance.say(chance.one_of((60, 480, 720, 1000))))
        | chance.maybe(0.2, holidays=lambda: {"national": f"2025-01-{chance.whole(6, 14):02}"})
    )


def draw_population(chance: Chance, plan: Plan) -> Raw:
    """Draw how many there are, and how many join."""
    population: Raw = {"customers": chance.one_of((1, 5, 10, 20, 20, 30, 30, 40, 40))}
    if plan.home != "customer":
        population["stage"] = plan.home
    return population | chance.maybe(0.5, joins=lambda: draw_rate(chance, 2, 20, plan.profiles))


def draw_lines(chance: Chance) -> Raw:
    """Draw how many contacts a channel can hold."""
    return chance.maybe(0.95, lines=lambda: chance.one_of((1, 1, 2, 2, 3, 5, 0)))


def used_channels(raw: Raw) -> list[str]:
    """Return the channels in which customers meet the company."""
    return sorted({touchpoint["channel"] for touchpoint in raw["touchpoints"].values() if is_attended(touchpoint)})


# ---- touchpoints and staff -------------------------------------------------------------------------------------------


def draw_touchpoint(chance: Chance, plan: Plan) -> Raw:
    """Draw a touchpoint, staffed or not."""
    touchpoint: Raw = {"channel": chance.one_of(CHANNELS)}
    if chance.happens(0.75):
        touchpoint["staff"] = draw_staffing(chance, chance.some(plan.pools, at_least=1))
        touchpoint["service_time"] = draw_law(chance, 3, 60)
    else:
        touchpoint["service_time"] = draw_law(chance, 0, 240)
    touchpoint |= chance.maybe(0.12, attended=lambda: False)
    if "staff" in touchpoint:
        touchpoint |= chance.maybe(0.2, urgent=lambda: draw_urgent(chance))
        if is_attended(touchpoint):
            touchpoint |= chance.maybe(0.25, callback=lambda: draw_callback(chance))
    return touchpoint | chance.maybe(0.4, cost=lambda: chance.money(0, 3))


def draw_urgent(chance: Chance) -> Raw:
    """Draw after what wait somebody is urgent, and how much so."""
    return {"after": chance.duration(1, 30), "priority": chance.whole(-3, 1)}


def draw_callback(chance: Chance) -> Raw:
    """Draw after what wait a call is offered, who accepts, and who is reached."""
    offer = {"after": chance.duration(0, 15), "accept": chance.share(0.3)}
    return offer | chance.maybe(0.7, reached=lambda: chance.share(0.2))


def draw_system(chance: Chance, plan: Plan) -> Raw:
    """Draw how much a system can bear, and when it is out."""
    outages = chance.maybe(
        0.6,
        update=lambda: {"on": plan.date(chance.one_of(plan.moments)), "lasts": draw_law(chance, 10, 300)},
        failure=lambda: {"rate": f"{chance.number(0, 4)} / day", "lasts": draw_law(chance, 5, 120)},
    )
    return {"outages": outages} | chance.maybe(0.5, capacity=lambda: chance.one_of((0, 1, 1, 2, 3)))


def depend(chance: Chance, touchpoint: Raw, systems: Raw) -> None:
    """Draw whether a touchpoint depends on a system."""
    if systems and chance.happens(0.5):
        touchpoint["system"] = chance.one_of(systems)


def draw_staffing(chance: Chance, pools: list[str]) -> Any:
    """Draw in which order, and after what time, pools see who waits."""
    if len(pools) == 1 and chance.happens(0.7):
        return pools[0]
    ordered = chance.shuffled(pools)
    delays = [0 if chance.happens(0.8) else chance.minutes(1, 10), *(chance.minutes(0, 15) for _ in ordered[1:])]
    return {pool: chance.say(delay) for pool, delay in zip(ordered, delays, strict=True)}


def draw_pool(chance: Chance, plan: Plan, name: str) -> Raw:
    """Draw few people on one shift or several, and on some days none."""
    shifts = {f"shift {n}": draw_shift(chance, HOURS, plan.start) for n in range(chance.one_of((0, 1, 1, 2, 2, 3)))}
    if chance.happens(0.9 if name == plan.pools[0] else 0.5):
        until = chance.one_of(("16:00", "20:00", "24:00"))
        shifts["day"] = {"days": "all", "from": "08:00", "to": until, "headcount": chance.one_of((1, 1, 2, 3))}
    pool = chance.maybe(
        0.4,
        department=lambda: chance.one_of(("service", "technik")),
        wage=lambda: f"{chance.whole(12, 40)} EUR / h",
        overtime=lambda: 1.5,
    ) | chance.maybe(
        0.25,
        breaks=lambda: {f"break {n}": draw_break(chance, HOURS) for n in range(chance.one_of((1, 2)))},
        absence=lambda: chance.one_of((0.1, 0.5)),
        differ=lambda: draw_differ(chance),
        speed=lambda: chance.one_of((0.5, 0.25) if chance.rounded else (0.5, 1.3, 2)),
        proficiency=lambda: chance.number(-1, 2),
        at_once=lambda: draw_at_once(chance),
        strain=lambda: draw_strain(chance) | chance.maybe(0.5, err=lambda: chance.number(0, 2)),
    )
    if chance.happens(0.15):
        pool.pop("wage", None)
        pool["partner"] = {"per_contact": chance.money(1, 6)} | chance.maybe(0.7, promise=lambda: draw_promise(chance))
    if chance.happens(0.3):
        pool["skills"] = []
    return pool | {"shifts": shifts}


def draw_differ(chance: Chance) -> Raw:
    """Draw how the members of a pool differ; in speed only where times need not be whole minutes."""
    speed = {} if chance.rounded else {"speed": chance.number(0, 0.5)}
    return speed | {"proficiency": chance.number(0, 1)}


def draw_at_once(chance: Chance) -> Raw:
    """Draw how many contacts a member holds, and how much longer each then takes."""
    return {"contacts": chance.one_of((2, 3, 1)), "slower": chance.one_of((0, 1) if chance.rounded else (0, 0.25, 1))}


def let_proficiency_matter(raw: Raw) -> None:
    """Let nobody be proficient, or err, who serves no journey whose difficulty tilts outcomes."""
    tilting = [
        step["touchpoint"]
        for journey in raw["journeys"].values()
        if set(journey.get("difficulty", {})) - {"time"}
        for step in journey["steps"].values()
    ]
    for name, pool in raw["staff"].items():
        staffed = (raw["touchpoints"][place].get("staff", ()) for place in tilting)
        if not any(name == staff or (not isinstance(staff, str) and name in staff) for staff in staffed):
            pool.pop("proficiency", None)
            pool.get("differ", {}).pop("proficiency", None)
            pool.get("strain", {}).pop("err", None)


def draw_promise(chance: Chance) -> Raw:
    """Draw how many contacts a partner promises to answer in time."""
    return {"within": chance.duration(0, 3), "share": chance.share(0.3), "penalty": chance.money(10, 900)}


def let_somebody_be_able(raw: Raw) -> None:
    """Give pools the skills that the journeys which come to them need."""
    goals = {journey.get("goal", name): journey for name, journey in raw["journeys"].items()}
    for pool in raw["staff"].values():
        if "skills" in pool:
            pool["skills"] = sorted(goals)[:1]
    for name, journey in raw["journeys"].items():
        goal = journey.get("goal", name)
        for step in journey["steps"].values():
            staff = raw["touchpoints"][step["touchpoint"]].get("staff", {})
            pools = [raw["staff"][pool] for pool in ([staff] if isinstance(staff, str) else staff)]
            if pools and not any(goal in pool.get("skills", [goal]) for pool in pools):
                pools[-1]["skills"].append(goal)


def route_when_closed(chance: Chance, touchpoint: Raw, name: str, journeys: Raw) -> None:
    """Draw where those go who find a touchpoint closed: later, or what all journeys know that leave it to it."""
    if "system" in touchpoint:
        touchpoint["when_down"] = draw_turned_away(chance, name, journeys, "down", shortest=5)
    if "staff" in touchpoint and is_attended(touchpoint) and chance.happens(0.65):
        touchpoint["when_closed"] = draw_turned_away(chance, name, journeys, "closed", shortest=0)


def draw_turned_away(chance: Chance, name: str, journeys: Raw, outcome: str, shortest: float) -> Raw:
    """Draw where those go who were turned away: where a system is busy no time passes by itself."""
    leave_it = [
        journey
        for journey in journeys.values()
        if any(step["touchpoint"] == name and outcome not in step["next"] for step in journey["steps"].values())
    ]
    steps = [step for step in STEPS if all(step in journey["steps"] for journey in leave_it)]
    ends = [end for end in ENDS if all(end in journey["ends"] for journey in leave_it)]
    delays: Raw = dict.fromkeys(chance.some((*BUILT_IN_ENDS, *ends), at_least=1))
    if chance.happens(0.7):
        delays["later"] = draw_later(chance, shortest)
    if steps and chance.happens(0.4):
        delays[chance.one_of(steps)] = draw_law(chance, 15, 300)
    return weighed(chance, delays, seldom=[name for name in delays if name in steps])


def draw_later(chance: Chance, shortest: float) -> Any:
    """Draw how long after opening those who found it closed come again; on average an hour, where nothing is stated."""
    return draw_law(chance, shortest, 60) if chance.rounded or chance.happens(0.6) else None


def weighed(chance: Chance, delays: Raw, seldom: Any = ()) -> Raw:
    """Give each target a weight, and its delay if it has one."""
    weights = chance.weights(delays, seldom)
    return {
        name: weights[name] if delay is None else {"p": weights[name], "after": delay} for name, delay in delays.items()
    }


# ---- journeys --------------------------------------------------------------------------------------------------------


def draw_journey(chance: Chance, plan: Plan, before: Raw, name: str) -> Raw:
    """Draw a journey; it may follow one of those before it, and open one of those after it."""
    steps = chance.first(STEPS)
    ends = chance.some(ENDS)
    goal = {"goal": chance.one_of(("help", "repair"))} if chance.happens(0.3) else {}
    journey: Raw = {
        "when": draw_trigger(chance, plan, before, name),
        **goal,
        "start": draw_start(chance, steps),
        "steps": {step: draw_step(chance, plan, name, steps, ends, step) for step in steps},
        "ends": {end: draw_end(chance, plan, name) for end in ends},
    }
    if chance.happens(0.15):
        journey["ends"]["give_up"] = {"good": False, "mood": -0.7}
    is_arrival = "arrival" in journey["when"]
    if is_arrival and chance.happens(0.6):
        journey["ends"]["resolved"] = {"good": True, "stage": plan.home}
    if who := draw_who(chance, plan, is_arrival):
        journey["who"] = who
    if chance.happens(0.4):
        journey["difficulty"] = draw_difficulty(chance, journey["steps"])
    return journey | chance.maybe(0.25, priority=lambda: chance.whole(-1, 2))


def draw_trigger(chance: Chance, plan: Plan, before: Raw, name: str) -> Raw:
    """Draw what starts a journey: where times are rounded, mostly a date on which much else happens."""
    kinds = (
        ["on"] * 6 + ["need", "arrival", "arrival"]
        if chance.rounded
        else ["need", "need", "arrival", "arrival", "on", "on"]
    )
    kinds += ["after"] * 3 + ["entering"] * 3 + ["every", "every", "joining", "opened"] if before else []
    kinds += ["notice"] * (4 if chance.rounded else 1) + ["renewal", "renewal"] if plan.bound else []
    kind = chance.one_of(kinds)
    if kind == "opened":
        return {"opened": True}
    if kind == "entering":
        stage = chance.one_of(("left", "left", "lapsed", plan.home))
        more = chance.maybe(0.5, p=lambda: chance.share(0.3), delay=lambda: draw_law(chance, 0, 300))
        return {"entering": {"stage": stage, **more}}
    if kind == "arrival":
        stage = {} if chance.happens(0.8) else {"stage": chance.one_of(("visitor", plan.home))}
        return {"arrival": draw_rate(chance, 5, 30, plan.profiles), **stage}
    if kind == "notice":
        return {"notice": draw_law(chance, 0, 200)}
    if kind == "renewal":
        return {"renewal": {"before": chance.duration(10, 290)}}
    if kind == "joining":
        return {"joining": draw_law(chance, 0, 600)}
    if kind == "every":
        return {"every": chance.duration(240, 2000)}
    if kind == "on":
        return {"on": plan.date(chance.one_of(plan.moments))}
    return {"after": draw_after(chance, before)} if kind == "after" else {"need": chance.one_of((name, "help"))}


def draw_after(chance: Chance, before: Raw) -> Raw:
    """Draw which journey one follows, after which of its ends, and how long after."""
    other = chance.one_of(list(before))
    ends = [*BUILT_IN_ENDS, *before[other]["ends"]]
    return {"journey": other} | chance.maybe(
        0.5,
        end=lambda: chance.one_of((ends[0], ends)),
        p=lambda: chance.share(0.3),
        delay=lambda: draw_law(chance, 0, 300),
    )


def draw_start(chance: Chance, steps: list[str]) -> Raw:
    """Draw in which channels a journey can begin, each mostly at the first step."""
    return {channel: steps[0] if chance.happens(0.6) else chance.one_of(steps) for channel in chance.first(CHANNELS)}


def draw_who(chance: Chance, plan: Plan, is_arrival: bool) -> Raw:
    """Draw who a journey is for; new arrivals are of no stage and hold nothing yet."""
    who: Raw = chance.maybe(
        0.15, persona=lambda: chance.some(plan.personas, at_least=1), share=lambda: chance.share(0.2)
    )
    if not is_arrival and chance.happens(0.15):
        who["stage"] = chance.one_of((plan.home, [plan.home, "vip"], [plan.home, "left"]))
    if plan.traits and chance.happens(0.15):
        who["trait"] = chance.one_of(list(plan.traits.values()))
    if plan.products and chance.happens(0.15):
        who["product"] = list(chance.one_of(list(plan.products.values())))
    return who


def leave_out_stages_that_nobody_reaches(raw: Raw) -> None:
    """Take those stages out of conditions and triggers that nothing leads to."""
    reached = stages_in([raw["journeys"], raw.get("events"), raw.get("changes")])
    for conditional in (*raw["journeys"].values(), *raw.get("events", {}).values()):
        who = conditional.get("who", {})
        when = conditional.get("when", {})
        entering = when.get("entering", {}) if isinstance(when, dict) else {}
        if isinstance(who.get("stage"), list):
            who["stage"] = [stage for stage in who["stage"] if stage != "vip" or "vip" in reached]
        if entering.get("stage") == "lapsed" and "lapsed" not in reached:
            entering["stage"] = "left"


def stages_in(part: Any) -> set[str]:
    """Stages to which the outcomes and ends in a part of a scenario lead."""
    if isinstance(part, list):
        return set().union(*map(stages_in, part))
    if not isinstance(part, dict):
        return set()
    own = {part["stage"]} if isinstance(part.get("stage"), str) else set()
    return own.union(*(stages_in(inner) for key, inner in part.items() if key not in ("who", "when")))


def sell_products(chance: Chance, raw: Raw) -> None:
    """Draw what products bring, also once something has changed, and which goals belong to them."""
    held = sorted(products_in([raw["personas"], raw["journeys"], raw.get("events")]))
    if not held or chance.happens(0.3):
        return
    raw["products"] = {
        name: chance.maybe(0.8, revenue=lambda: f"{chance.number(0, 60)} EUR / month", about=lambda: "sold a lot")
        for name in held
    }
    goals: dict[str, str] = {}
    for name, journey in raw["journeys"].items():
        if chance.happens(0.4):
            journey["product"] = goals.setdefault(journey.get("goal", name), chance.one_of(held))
    for change in raw.get("changes", {}).values():
        if chance.happens(0.5):
            change["set"][f"products.{chance.one_of(held)}.revenue"] = f"{chance.number(0, 60)} EUR / month"
            return


def wait_for_outages(chance: Chance, raw: Raw) -> None:
    """Draw which events happen when a system is out, or is back."""
    systems = [name for name, system in raw["systems"].items() if system.get("outages")]
    for event in raw.get("events", {}).values():
        if systems and chance.happens(0.4):
            for trigger in {"on", "every", "rate"}.intersection(event):
                del event[trigger]
            system = chance.one_of(systems)
            event["outage"] = chance.one_of((system, {"system": system, "at": chance.one_of(("start", "end"))}))


def move_dates(chance: Chance, plan: Plan, raw: Raw) -> None:
    """Draw which dates of journeys a change moves: from one that comes while it is in force to another."""
    for change in raw.get("changes", {}).values():
        begins, ends = (change.get(word, default) for word, default in (("from", ""), ("until", "3000-01-01")))
        dates = [date for date in map(plan.date, plan.moments) if begins <= date < ends]
        for name, journey in raw["journeys"].items():
            if begins and begins <= journey["when"].get("on", "") < ends and chance.happens(0.8):
                change["set"][f"journeys.{name}.when.on"] = chance.one_of(dates)
                return


def products_in(part: Any) -> set[str]:
    """Products that somebody has at the start, or gets."""
    if isinstance(part, list):
        return set().union(*map(products_in, part))
    if not isinstance(part, dict):
        return set()
    adds = part.get("adds", [])
    own = {*part.get("products", {}), *([adds] if isinstance(adds, str) else adds)}
    return own.union(*map(products_in, part.values()))


def drop_what_somebody_holds(part: Any, held: list[str]) -> None:
    """Let effects drop a product that somebody can hold, or where there is none, let them add it."""
    if isinstance(part, dict):
        if "drops" in part and part["drops"] not in held:
            part["drops" if held else "adds"] = held[0] if held else part.pop("drops")
        for inner in part.values():
            drop_what_somebody_holds(inner, held)


def open_nothing_twice(journeys: Raw) -> None:
    """Let no end open a journey that follows it anyway."""
    for name, journey in journeys.items():
        after = journey["when"].get("after")
        if after is not None:
            for end in journeys[after["journey"]].get("ends", {}).values():
                end.get("opens", {}).pop(name, None)


def let_something_open(raw: Raw) -> None:
    """Let the first journey's resolution open whatever nothing else opens."""
    journeys = raw["journeys"]
    first = next(iter(journeys))
    for name, journey in journeys.items():
        if "opened" in journey["when"] and not any(name in effects.get("opens", {}) for effects in of_all(raw)):
            journeys[first]["ends"].setdefault("resolved", {"good": True}).setdefault("opens", {})[name] = 0.5


def of_all(raw: Raw) -> list[Raw]:
    """Return every event, clock and end, and every outcome that says more than its probability."""
    journeys = raw["journeys"].values()
    steps = [step for journey in journeys for step in journey["steps"].values()]
    outcomes = [outcome for step in steps for outcome in step["outcomes"].values() if isinstance(outcome, dict)]
    clocks = [clock for step in steps for clock in clocks_of(step).values()]
    return [*outcomes, *clocks, *(end for j in journeys for end in j["ends"].values()), *raw.get("events", {}).values()]


def draw_difficulty(chance: Chance, steps: Raw) -> Raw:
    """Draw how much hard issues last longer, unless times are rounded, and which outcomes they avoid."""
    outcomes = sorted({outcome for step in steps.values() for outcome in step["outcomes"]})
    tilts = {outcome: chance.number(-1, 1) for outcome in chance.some(outcomes)}
    return tilts if chance.rounded else {"time": chance.number(-0.3, 0.6), **tilts}


def draw_step(chance: Chance, plan: Plan, journey: str, steps: list[str], ends: list[str], name: str) -> Raw:
    """Draw where a step takes place, how it can end, and what then."""
    outcomes = chance.some(OUTCOMES, at_least=1)
    leads_on = [outcome for outcome in outcomes if outcome != "resolved" or chance.happens(0.25)]
    leads_on += [outcome for outcome in NOT_SERVED if chance.happens(0.4)]
    weights = chance.weights(outcomes)
    step = {
        "touchpoint": chance.one_of(plan.touchpoints),
        "outcomes": {o: draw_outcome(chance, plan, journey, steps, ends, name, weights[o]) for o in outcomes},
        "next": {outcome: draw_targets(chance, steps, ends, name) for outcome in leads_on},
    }
    return step | chance.maybe(
        0.2,
        promise=lambda: chance.duration(5, 120),
        service_time=lambda: draw_law(chance, 2, 60),
        priority=lambda: chance.whole(-2, 2),
        while_open=lambda: (
            draw_clock_on(chance, plan, journey)
            if chance.happens(0.6)
            else {name: draw_clock_on(chance, plan, journey) for name in ("told", "late")}
        ),
    )


def clocks_of(step: Raw) -> Raw:
    """Clocks of a step by name; one without a name is called nothing."""
    written = step.get("while_open", {})
    return {"": written} if "after" in written else written


def draw_clock_on(chance: Chance, plan: Plan, journey: str) -> Raw:
    """Draw a clock on a visit."""
    clock = {"after": chance.duration(5, 60), "satisfaction": chance.number(-1, 0)}
    clock |= chance.maybe(0.5, every=lambda: chance.duration(20, 90)) | draw_good(chance, 0.3)
    return clock | draw_effects(chance, plan, journey)


def draw_event(chance: Chance, plan: Plan, journeys: Raw) -> Raw:
    """Draw what happens to many at once, when, and to whom."""
    date = {"on": plan.date(chance.one_of(plan.moments))}
    period = {"every": chance.duration(300, 1500)}
    by_chance = {"rate": draw_rate(chance, 0.5, 3, plan.profiles)}
    event = chance.one_of((date, date, period, date | period, by_chance))
    event |= {"reach": chance.share(0.4), "satisfaction": chance.number(-2, 2)} | draw_effects(chance, plan, "")
    event |= draw_good(chance, 0.3)
    if chance.happens(0.4):
        known = ("tenure", "contacts", "opened")
        event |= {"most": chance.whole(1, 12), "by": {name: chance.number(-2, 2) for name in chance.some(known)}}
    who = draw_who(chance, plan, is_arrival=False)
    arriving = [journey["when"] for journey in journeys.values() if "arrival" in journey["when"]]
    if arriving and chance.happens(0.3):
        who["stage"] = [plan.home, chance.one_of(arriving).get("stage", "prospect")]
    if "most" in event and "trait" in who:
        who["seen"] = who.pop("trait")  # a list is made by what the company knows
    return event | ({"who": who} if who else {})


def draw_targets(chance: Chance, steps: list[str], ends: list[str], name: str) -> Raw:
    """Draw where a step leads: on, at once or later, to an end, or back, which takes time and happens less often."""
    here = steps.index(name) + 1
    back = [chance.one_of(steps[:here])] if chance.happens(0.5) else []
    onward = chance.some([*steps[here:], *ends, *BUILT_IN_ENDS], at_least=1)
    delays: Raw = {step: draw_law(chance, 5, 180) for step in back}
    delays |= {target: draw_law(chance, 0, 60) if chance.happens(0.3) else None for target in onward}
    return weighed(chance, delays, seldom=back)


def draw_outcome(
    chance: Chance, plan: Plan, journey: str, steps: list[str], ends: list[str], name: str, p: float
) -> Any:
    """Draw what an outcome does, and whether it holds."""
    outcome = draw_effects(chance, plan, journey) | draw_good(chance, 0.15)
    if chance.happens(0.4):
        outcome["holds"] = chance.share(0.3)
        if chance.rounded or chance.happens(0.7):
            outcome["reopens"] = draw_targets(chance, steps, ends, name)
    return {"p": p, **outcome} if outcome else p


def draw_end(chance: Chance, plan: Plan, journey: str) -> Raw:
    """Draw what an end does, and whether it is good, bad or neither; it often makes a customer of somebody."""
    end = draw_good(chance, 0.6) | draw_effects(chance, plan, journey)
    return end | ({"stage": plan.home} if chance.happens(0.4) else {})


def draw_good(chance: Chance, p: float) -> Raw:
    """Draw whether something that happens is said to be good, or bad."""
    return chance.maybe(p, good=lambda: chance.one_of((True, False)))


def draw_effects(chance: Chance, plan: Plan, journey: str) -> Raw:
    """Draw what something that happens does: mostly nothing."""
    effects = chance.maybe(
        0.12,
        stage=lambda: chance.one_of((plan.home, "vip", "lapsed", "left")),
        adds=lambda: chance.one_of(("tv", ["mobile", "tv"])),
        drops=lambda: chance.one_of(PRODUCTS),
        trait=lambda: {"region": chance.one_of(REGIONS)},
        revenue=lambda: chance.money(-5, 30),
        mood=lambda: chance.number(-1.5, 1),
        satisfaction=lambda: chance.number(-2, 2),
    )
    effects |= {"stays": True} if plan.bound and chance.happens(0.2) else {}
    return effects | chance.maybe(
        0.1,
        opens=lambda: draw_opens(chance, plan, journey),
        cancels=lambda: chance.some(plan.journeys, at_least=1),
        puts_off=lambda: {name: chance.duration(10, 300) for name in chance.some(plan.journeys, at_least=1)},
    )


def draw_opens(chance: Chance, plan: Plan, journey: str) -> Raw:
    """Draw which journey is opened: one of those after this one, or very seldom any; an event opens any."""
    later = plan.journeys[plan.journeys.index(journey) + 1 :] if journey else plan.journeys
    name, p = (chance.one_of(later), chance.share(0.2)) if later else (chance.one_of(plan.journeys), 0.05)
    return {name: {"p": p, "after": draw_law(chance, 0, 300)} if chance.happens(0.4) else p}


# ---- personas --------------------------------------------------------------------------------------------------------


def draw_personas(chance: Chance, plan: Plan, raw: Raw) -> Raw:
    """Draw personas; the first has all needs that journeys wait for."""
    shares = chance.weights(plan.personas)
    journeys = raw["journeys"]
    needs = sorted({journey["when"]["need"] for journey in journeys.values() if "need" in journey["when"]})
    return {
        name: draw_persona(
            chance, plan, raw, name, [need for need in needs if name == plan.personas[0] or chance.happens(0.6)]
        )
        | {"share": shares[name]}
        for name in plan.personas
    }


def draw_persona(chance: Chance, plan: Plan, raw: Raw, name: str, needs: list[str]) -> Raw:
    """Draw a persona, with a taste for each channel in which some journey starts."""
    journeys = raw["journeys"]
    channels = sorted({channel for journey in journeys.values() for channel in journey["start"]})
    places = [place for place, touchpoint in raw["touchpoints"].items() if is_attended(touchpoint)]
    persona: Raw = {
        "start": chance.weights(channels),
        "needs": {need: draw_rate(chance, 0.3, 5, plan.profiles) for need in needs},
        "patience": {place: draw_law(chance, 0, 40) for place in places if chance.happens(0.5)},
    }
    if name in plan.traits:
        persona["traits"] = dict(plan.traits[name])
    if name in plan.products:
        persona["products"] = plan.products[name]
    starts = {journey: chance.weights(journeys[journey]["start"]) for journey in journeys if chance.happens(0.25)}
    if any(len(journey["start"]) > 1 for journey in journeys.values()):
        persona |= chance.maybe(0.5, taste=lambda: draw_taste(chance))
    persona |= chance.maybe(
        0.5,
        starts=lambda: starts,
        needs_differ=lambda: chance.one_of((0.4, 1.2)),
        satisfaction=lambda: draw_satisfaction(chance),
        churn=lambda: draw_churn(chance),
        survey=lambda: draw_survey(chance),
        value=lambda: {"revenue": f"{chance.number(5, 60)} EUR / month"},
        priority=lambda: chance.whole(-1, 2),
    )
    if name in plan.bound:
        persona["contract"] = {"term": chance.duration(300, 1500)} | chance.maybe(
            0.7, notice=lambda: chance.duration(0, 250)
        )
        persona.setdefault("churn", draw_churn(chance)).pop("every")
    arriving = [journey for journey in journeys if "arrival" in journeys[journey]["when"]]
    if "churn" in persona and arriving and chance.happens(0.5):
        persona["referral"] = draw_referral(chance, arriving)
    return persona


def draw_referral(chance: Chance, arriving: list[str]) -> Raw:
    """Draw how readily customers bring others, or keep them away."""
    rate = {"journey": chance.one_of(arriving), "rate": f"{chance.number(0.1, 1)} / day"}
    deters = {"rate": f"{chance.number(0.1, 2)} / day"}
    return rate | chance.maybe(
        0.5,
        slope=lambda: chance.number(0, 0.5),
        deters=lambda: deters | chance.maybe(0.6, slope=lambda: chance.number(0, 0.5)),
    )


def draw_satisfaction(chance: Chance) -> Raw:
    """Draw what moves moods, and how moods move satisfaction."""
    peak = chance.share(0, 0.6)
    feelings = chance.maybe(
        0.7,
        rest=lambda: chance.number(3, 9),
        terms=lambda: {"price": chance.number(-1, 1), "network": chance.number(-0.5, 0.5)},
        adapts=lambda: chance.share(0, 0.3),
        memory=lambda: chance.share(0, 0.6),
        recovery=lambda: f"{chance.number(0, 2)} / day",
        peak=lambda: peak,
        end=lambda: chance.share(0, 0.99 - peak),
        wait=lambda: draw_curve(chance),
        late=lambda: draw_curve(chance),
        resolved=lambda: chance.number(0, 1),
        loss_aversion=lambda: chance.number(1, 2.5),
    )
    bad = ("abandoned", "closed", "blocked", "missed", "down", "handoff", "repeat", "reopened", "unresolved")
    return feelings | {name: chance.number(-1.5, 0.2) for name in chance.some(bad)}


def draw_curve(chance: Chance) -> Raw:
    """Draw how mood is lost by waiting."""
    return {"per_minute": -chance.number(0, 0.3)} | chance.maybe(
        0.7, tolerance=lambda: chance.duration(0, 10), cap=lambda: chance.duration(5, 60)
    )


def draw_churn(chance: Chance) -> Raw:
    """Draw how readily customers leave, and how often they think about it."""
    return {"base": f"{chance.number(0.01, 2)} / day", "every": chance.duration(100, 1500)} | chance.maybe(
        0.6, slope=lambda: chance.number(0, 1), terms=lambda: {"gap": chance.number(-0.5, 0.5)}
    )


def draw_survey(chance: Chance) -> Raw:
    """Draw who is asked, who answers, and how exactly."""
    return chance.maybe(
        0.6,
        ask=lambda: chance.share(0.4),
        respond=lambda: {
            "level": chance.number(-1, 2), "better": chance.number(-0.3, 0.3), "extreme": chance.number(0, 0.4)
        },
        noise=lambda: chance.number(0, 2),
        of=lambda: chance.one_of(("satisfaction", "experience")),
    )  # fmt: skip


# ---- what is not known -----------------------------------------------------------------------------------------------


def draw_uncertain(chance: Chance, raw: Raw) -> None:
    """Draw which values are uncertain, and how; no time is, where times are rounded."""
    laws = dict(possibly_uncertain(chance, raw))
    chosen = chance.some(laws) if chance.happens(0.4) else []
    if chosen:
        raw["uncertain"] = {path: laws[path] for path in chosen[:3]}


def possibly_uncertain(chance: Chance, raw: Raw) -> Any:
    """Yield paths of values, and a law for each."""
    for name, persona in raw["personas"].items():
        path = f"personas.{name}"
        if "slope" in persona.get("churn", {}):
            yield f"{path}.churn.slope", {"kind": "normal", "mean": 0.5, "sd": 0.2}
        if "rest" in persona.get("satisfaction", {}):
            yield f"{path}.satisfaction.rest", {"kind": "normal", "mean": 7, "sd": 2, "low": 0, "high": 10}
        for need in persona["needs"]:
            yield f"{path}.needs.{need}.rate", {"kind": "uniform", "low": "0.5 / day", "high": "3 / day"}
    for name, touchpoint in raw["touchpoints"].items():
        if not chance.rounded and isinstance(law := touchpoint["service_time"], dict) and "mean" in law:
            path = f"touchpoints.{name}.service_time.mean"
            yield path, {"kind": "lognormal", "mean": law["mean"], "sd": f"3 {law['mean'].split()[1]}"}
