"""What must hold in every history, whatever was simulated: each law looks at the tables anew, and knows no engine.

A law yields what breaks it, in words. It reads the scenario as each phase has it (`sim.changes`), the rows, and the
KPIs made of them; what it compares them with it works out by itself, a row at a time.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from itertools import pairwise
from math import exp, floor, inf, isclose
from operator import itemgetter
from typing import Any

import polars as pl

from sim import Model, Result, Tables, draws, rules
from sim.changes import Phase, arms, phases, pilot_of, span
from sim.engines.outages import outages
from sim.kpis import KPIS
from sim.model import (
    ABANDONED,
    ACCEPTED,
    BLOCKED,
    CANCELLED,
    CLOSED,
    DOWN,
    LEFT,
    MISSED,
    NOT_SERVED,
    Effects,
    Event,
    Journey,
    Pool,
    Step,
    Touchpoint,
    WhileOpen,
    clock_called,
)
from sim.rosters import Departure, address, on_duty
from sim.summaries import Summary, summarise
from sim.timetable import Break, Duty

Raw = dict[str, Any]
AN_INSTANT = 1e-6  # minutes; a moment worked out from two others may miss it by the last bits
A_CONTACT = 1e-9  # of one, by which a share of contacts may miss it
TURNED_AWAY = (CLOSED, DOWN, BLOCKED)
OF_NO_WEEK = {"present", "lost_of_present", "at_start", "stayed", "satisfaction_end", "holders"}  # weeks start anew
OF_SEVERAL = OF_NO_WEEK - {"holders"}  # by product: whoever held several when the window opened counts for each
OF_POOLS = {
    "busy", "busy_cost", "overtime", "overtime_cost", "duty", "paid", "partner_cost", "penalties", "promised",
    "promise_kept", "people_left", "hiring_cost", "rostered", "vacant", "training", "strain", "strained", "places",
}  # fmt: skip  # not every visit has a pool


@dataclass(frozen=True)
class History:
    """A model whose uncertain values are settled, what was recorded of it, and the seed of its luck."""

    model: Model
    tables: Tables
    seed: int = 1

    @cached_property
    def visits(self) -> list[Raw]:
        """Rows of visits, in the order of their keys."""
        return self.tables.visits.to_dicts()

    @cached_property
    def journeys(self) -> list[Raw]:
        return self.tables.journeys.to_dicts()

    @cached_property
    def customers(self) -> list[Raw]:
        return self.tables.customers.to_dicts()

    def departures(self, pool: str, shift: str) -> list[Raw]:
        """Who of a shift quit."""
        return self.tables.departures.filter(pl.col("pool") == pool, pl.col("shift") == shift).to_dicts()

    @cached_property
    def holdings(self) -> list[Raw]:
        return self.tables.holdings.to_dicts()

    @cached_property
    def effects(self) -> list[Raw]:
        """What events and clocks did, a row each time."""
        return self.tables.effects.to_dicts()

    @cached_property
    def effects_of(self) -> dict[float, list[Raw]]:
        """What events and clocks did to each customer."""
        return grouped(self.effects, lambda row: row["customer"])

    @cached_property
    def journeys_of(self) -> dict[float, list[Raw]]:
        """Journeys of each customer."""
        return grouped(self.journeys, lambda row: row["customer"])

    @cached_property
    def person(self) -> dict[int, Raw]:
        """Row of each customer."""
        return {row["customer"]: row for row in self.customers}

    @cached_property
    def visits_of(self) -> dict[tuple[int, int], list[Raw]]:
        """Visits of each journey."""
        found: dict[tuple[int, int], list[Raw]] = defaultdict(list)
        for visit in self.visits:
            found[visit["customer"], visit["journey"]].append(visit)
        return found

    @cached_property
    def journey_of(self) -> dict[tuple[int, int], Raw]:
        """Row of each journey."""
        return {(row["customer"], row["journey"]): row for row in self.journeys}

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        return phases(self.model)

    @cached_property
    def world(self) -> int:
        """Address of the history."""
        return draws.world(self.seed, 0)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Minutes in which is measured."""
        return self.model.clock.warmup, self.model.clock.horizon

    @cached_property
    def kpis(self) -> Summary:
        """Sums of the window, of which KPIs are made."""
        return summarise(Result(self.model, self.seed, 0, self.tables))

    @cached_property
    def crews(self) -> dict[str, "Crew"]:
        """What the people of each pool did."""
        return {pool: crew(self, pool) for pool in self.kpis["pool"].groups}

    def phase(self, time: float) -> Phase:
        """Phase of a moment; a change comes before all else of its moment."""
        return self.phases[bisect_right([phase.start for phase in self.phases], time) - 1]

    def at(self, time: float) -> Model:
        """The company as it is for everybody at a moment."""
        return self.phase(time).model

    def of(self, row: Raw, time: float) -> Model:
        """The company as it is at a moment for the customer of a row."""
        return self.phase(time).arm(pilot=self.person[row["customer"]]["pilot"]).model

    def name(self, row: Raw) -> str:
        """Name of a journey, which begins its origin."""
        return str(self.journey_of[row["customer"], row["journey"]]["origin"].split(" ")[0])

    def journey(self, row: Raw, time: float) -> Journey:
        """Journey of a row, as it is planned at a moment."""
        return self.of(row, time).journeys[self.name(row)]

    def step(self, visit: Raw) -> Step:
        """Step of a visit, as it is planned when somebody joins it."""
        return self.journey(visit, visit["joined"]).steps[visit["step"]]

    def touchpoint(self, visit: Raw) -> Touchpoint:
        """Touchpoint of a visit, as it is when somebody joins it."""
        return self.of(visit, visit["joined"]).touchpoints[visit["touchpoint"]]

    def over(self, visit: Raw) -> float:
        """When a visit ended, or the history did."""
        return self.model.clock.horizon if visit["ended"] is None else visit["ended"]

    def kpi(self, name: str, by: str = "all", group: str = "all") -> float:
        """Value of a KPI."""
        sums = self.kpis[by]
        return float(KPIS[name].of(sums)[sums.groups.index(group)])


def place(row: Raw) -> str:
    """Which row it is."""
    return ", ".join(f"{field} {row[field]}" for field in ("customer", "journey", "visit") if field in row)


def leaves(row: Raw) -> list[float]:
    """When a customer left, every time."""
    return [*(row["left_before"] or []), *([] if row["left"] is None else [row["left"]])]


def served(visit: Raw) -> bool:
    """Whether a visit was served to its end."""
    return visit["started"] is not None and visit["ended"] is not None


def left_behind(history: History, row: Raw, time: float, *, perhaps: bool = False) -> bool:
    """Whether somebody had left by a time since their journey opened; `perhaps` if rows do not tell what came first."""
    opened = history.journey_of[row["customer"], row["journey"]]["opened"]
    when = leaves(history.person[row["customer"]])
    return any(opened <= left <= time if perhaps else opened < left < time for left in when)


# ---- what took effect ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """A row that could move money and stages, when it did, and what the scenario says that it does.

    Attributes
    ----------
    order
        Place among those of a customer at one moment, as far as rows tell it.
    effects
        None where it sets nothing off.
    name
        The journey or the event.
    """

    row: Raw
    time: float
    order: tuple[float, float]
    effects: Effects | None
    name: str


def happenings(history: History) -> Iterator[Happening]:
    """Every visit and journey that ended, and every time that an event or a clock took effect."""
    for visit in history.visits:
        if visit["ended"] is not None:
            does = history.step(visit).outcomes.get(visit["outcome"]) if visit["started"] is not None else None
            does = None if left_behind(history, visit, visit["ended"]) else does
            yield Happening(visit, visit["ended"], (visit["journey"], visit["visit"]), does, history.name(visit))
    for row in history.journeys:
        if row["closed"] is not None:
            end = history.journey(row, row["closed"]).all_ends.get(row["end"])
            yield Happening(row, row["closed"], (row["journey"], inf), end, history.name(row))
    for row in history.effects:
        if row["journey"]:
            visit = history.visits_of[row["customer"], row["journey"]][row["visit"] - 1]
            clock = clocks(history, visit)[row["cause"]]
            yield Happening(row, row["at"], (inf, inf), clock, history.name(row))
        else:
            event = history.of(row, row["at"]).events[row["cause"]]
            yield Happening(row, row["at"], (inf, inf), event, row["cause"])


def clocks(history: History, visit: Raw) -> dict[str, WhileOpen]:
    """Clocks on a visit, by the cause that stands in the rows of what they did."""
    return {clock_called(visit["step"], name): clock for name, clock in history.step(visit).while_open.items()}


def happened_to(history: History) -> dict[int, list[Happening]]:
    """What happened to each customer, in its order."""
    found: dict[int, list[Happening]] = defaultdict(list)
    for happening in happenings(history):
        found[happening.row["customer"]].append(happening)
    for happened in found.values():
        happened.sort(key=lambda happening: (happening.time, happening.order))
    return found


def moves(row: Raw, happened: list[Happening]) -> list[tuple[float, str]]:
    """When a customer entered which stage, as far as rows tell; leaving first among what is of one moment."""
    gone = [(left, LEFT) for left in leaves(row)]
    moved = [(each.time, each.row["stage"]) for each in happened if each.row["stage"] is not None]
    return sorted([*gone, *moved], key=lambda move: move[0])


# ---- customers, issues, visits ---------------------------------------------------------------------------------------


def everybody_who_entered_is_somewhere(history: History) -> Iterator[str]:
    """Customers are here, have churned or have lapsed, and none is lost between two ways of counting."""
    home, horizon = history.model.population.stage, history.model.clock.horizon
    for row in history.customers:
        joined, left, gone = row["joined"], row["left"], leaves(row)
        if (left is None) != (row["why"] is None):
            yield f"{place(row)}: left {left}, why {row['why']}"
        if joined is None and row["why"] == "review":
            yield f"{place(row)}: left without having joined"
        if gone != sorted(gone) or not all(0 <= time <= horizon for time in gone):
            yield f"{place(row)}: left at {gone}"
        if joined is not None and not 0 <= joined <= (horizon if left is None else left):
            yield f"{place(row)}: joined {joined}, left {left}"
        if row["stage"] == home and (joined is None or left is not None):
            yield f"{place(row)}: of the stage {home}, but joined {joined} and left {left}"
        if row["stage"] == LEFT and left is None:
            yield f"{place(row)}: of the stage {LEFT}, but never left"
        yield from bound_until(history, row)
    here = sum(row["joined"] is not None and row["left"] is None and row["stage"] == home for row in history.customers)
    sums = history.kpis["all"]
    counted = sums["present"] + sums["joined"] - sums["lost"]
    if here != counted[0]:
        yield f"{here} are here at the end; {counted[0]:g} were, joined, and were not lost"


def bound_until(history: History, row: Raw) -> Iterator[str]:
    """Who decides to leave while a contract binds them goes when a term is over."""
    contracts = {history.of(row, phase.start).personas[row["persona"]].contract for phase in history.phases}
    (contract,) = contracts if len(contracts) == 1 else (None,)
    if contract is not None and row["joined"] and not row["left_before"] and row["why"] == "review":
        terms = (row["left"] - row["joined"]) / contract.term
        if round(terms) < 1 or not isclose(terms, round(terms), rel_tol=1e-9):
            yield f"{place(row)}: left after {terms} terms of a contract"


def people_come_in_order(history: History) -> Iterator[str]:
    """All of the first are there from the start, and whoever comes later is numbered without gaps, in time.

    Only of those who would have arrived some may have stayed away: while their journey was not there, or deterred.
    """
    for number, row in enumerate(history.customers):
        if row["customer"] != number:
            yield f"customer {row['customer']} stands in row {number}"
    came: dict[str, list[tuple[int, Raw]]] = defaultdict(list)
    known: dict[str, Raw] = {}
    for row in history.customers:
        how, number = row["origin"].split(" ")[:2]
        by = row["origin"].partition(" by ")[2]
        came[f"{how} by {by}" if by else how].append((int(number), row))
        if by and (by not in known or known[by]["joined"] is None):
            yield f"{place(row)}: brought by {by}, who is no customer"
        if row["origin"] in known:
            yield f"{place(row)}: the second who is {row['origin']}"
        known[row["origin"]] = row
    if [row["joined"] for _, row in came["start"]] != [0.0] * history.model.population.customers:
        yield f"{len(came['start'])} customers from the start, not {history.model.population.customers}"
    personas = [persona for phase in arms(history.phases) for persona in phase.model.personas.values()]
    deterring = {p.referral.journey for p in personas if p.referral is not None and p.referral.deters is not None}
    asleep = set().union(*(phase.dormant for phase in history.phases))
    for how, rows in came.items():
        numbers = [number for number, _ in rows]
        gaps = how in deterring | asleep or " by " in how  # at some reviews somebody is brought
        if numbers != (sorted(set(numbers)) if gaps else list(range(len(rows)))):
            yield f"those who come by {how} are numbered {numbers}"
        joined = [inf if row["joined"] is None else row["joined"] for _, row in rows]
        if how in ("start", "join") and (inf in joined or joined != sorted(joined)):
            yield f"those who come by {how} do not come in their order"
    yield from pilots_are_for_those_they_are_meant_for(history)


def pilots_are_for_those_they_are_meant_for(history: History) -> Iterator[str]:
    """Who is in a pilot is of a persona that it names; without one nobody is."""
    tried = pilot_of(history.model) is not None
    for row in history.customers:
        if row["pilot"] and not (tried and in_question(history, row["persona"])):
            yield f"{place(row)}: in a pilot, as {row['persona']}"


def every_issue_is_open_or_has_one_end(history: History) -> Iterator[str]:
    """An issue is open, or ended as its journey can end, because it was called off, or because its customer left."""
    happened = happened_to(history)
    for row in history.journeys:
        if (row["end"] is None) != (row["closed"] is None):
            yield f"{place(row)}: closed {row['closed']}, end {row['end']}"
        elif row["closed"] is None:
            yield from open_as_it_can_be(history, row)
        elif not 0 <= row["opened"] <= row["closed"] <= history.model.clock.horizon:
            yield f"{place(row)}: opened {row['opened']}, closed {row['closed']}"
        else:
            yield from closed_as_it_can_be(history, row, happened[row["customer"]])


def open_as_it_can_be(history: History, row: Raw) -> Iterator[str]:
    """What was open when a customer left goes on only while somebody serves them."""
    last = next(reversed(history.visits_of[row["customer"], row["journey"]]), None)
    for left in leaves(history.person[row["customer"]]):
        if row["opened"] < left and not (last and last["ended"] is None and (last["started"] or inf) <= left):
            yield f"{place(row)}: open, but its customer left at {left}, when nobody served them"


def closed_as_it_can_be(history: History, row: Raw, happened: list[Happening]) -> Iterator[str]:
    """A journey ends as planned, by leaving once its customer has left, or because something called it off."""
    end, closed, ends = row["end"], row["closed"], history.journey(row, row["closed"]).all_ends
    if end == LEFT:
        if not left_behind(history, row, closed, perhaps=True) or row["good"] is not None:
            yield f"{place(row)}: ended by leaving at {closed}, which its customer had not"
    elif left_behind(history, row, closed):
        yield f"{place(row)}: ended as {end} at {closed}, though its customer had left"
    elif end == CANCELLED:
        then = [each.effects for each in happened if each.time == closed]
        if not any(effects and history.name(row) in effects.cancels for effects in then) or row["good"] is not None:
            yield f"{place(row)}: called off at {closed}, but nothing did that"
    elif end not in ends:
        yield f"{place(row)}: ended as {end}, which is none of {', '.join(ends)}"
    elif row["good"] != ends[end].good:
        yield f"{place(row)}: {end} is good: {ends[end].good}, recorded {row['good']}"


def every_visit_has_one_end(history: History) -> Iterator[str]:
    """A visit ended in a way that its step knows, or is the last of a journey that is open."""
    for (customer, journey), visits in history.visits_of.items():
        row = history.journey_of[customer, journey]
        for visit in visits:
            times = [visit[name] for name in ("joined", "started", "ended") if visit[name] is not None]
            if times != sorted(times) or not 0 <= times[0] <= times[-1] <= history.model.clock.horizon:
                yield f"{place(visit)}: joined, started and ended at {times}"
            if (visit["outcome"] is None) != (visit["ended"] is None):
                yield f"{place(visit)}: ended {visit['ended']}, outcome {visit['outcome']}"
            elif visit["outcome"] is not None:
                yield from ended_as_it_can(history, visit)
            elif visit is not visits[-1] or row["closed"] is not None:
                yield f"{place(visit)}: not over, but its journey went on"
            if visit["outcome"] in (LEFT, CANCELLED) and (visit is not visits[-1] or row["end"] != visit["outcome"]):
                yield f"{place(visit)}: {visit['outcome']}, but its journey went on or ended as {row['end']}"
            yield from called_as_offered(history, visit)


def ended_as_it_can(history: History, visit: Raw) -> Iterator[str]:
    """A visit that was served ended as its step says; one that was not, cost nobody's time, and there is a reason."""
    outcome = visit["outcome"]
    of_staff = ("pool", "member", "department", "attention")
    if visit["started"] is not None:
        if outcome not in history.step(visit).outcomes:
            yield f"{place(visit)}: was served and ended as {outcome}"
    elif outcome not in (*NOT_SERVED, LEFT, CANCELLED):
        yield f"{place(visit)}: was not served, but ended as {outcome}"
    elif any(visit[name] is not None for name in of_staff) or visit["cost"] or visit["overtime"]:
        yield f"{place(visit)}: was not served, but pool {visit['pool']} worked"
    elif outcome in NOT_SERVED and not could_be(history, visit, outcome):
        yield f"{place(visit)}: joined {visit['joined']} and ended as {outcome}, for no reason"


def could_be(history: History, visit: Raw, outcome: str) -> bool:
    """Say whether somebody could fail to be served in such a way."""
    there, joined, at_once = history.touchpoint(visit), visit["joined"], visit["ended"] == visit["joined"]
    company = history.of(visit, joined)
    channel = company.channels.get(there.channel)
    if outcome == CLOSED:
        open_ = [p for p in there.staff if able(company.staff[p], visit["goal"]) and on_roster(history, p).now(joined)]
        return at_once and there.attended and bool(there.staff) and not open_
    if outcome == DOWN:
        return at_once and there.system is not None
    if outcome == BLOCKED:
        return at_once and there.attended and channel is not None and channel.lines is not None
    if outcome == MISSED:
        return visit["callback"] == ACCEPTED and there.callback is not None and there.callback.reached < 1
    patience = company.patience(visit["persona"], visit["touchpoint"])
    return outcome == ABANDONED and patience is not None and visit["callback"] != ACCEPTED


def called_as_offered(history: History, visit: Raw) -> Iterator[str]:
    """Whoever has waited for as long as the touchpoint says is offered to be called back, and nobody else is."""
    callback = history.touchpoint(visit).callback
    waited = (history.over(visit) if visit["started"] is None else visit["started"]) - visit["joined"]
    if visit["callback"] is not None:
        if callback is None or waited < callback.after - AN_INSTANT:
            yield f"{place(visit)}: {visit['callback']} to be called back after {waited}"
    elif callback is not None and waited > callback.after + AN_INSTANT and visit["outcome"] not in TURNED_AWAY:
        yield f"{place(visit)}: waited {waited}, but was not offered to be called back"


def visits_follow_one_another(history: History) -> Iterator[str]:
    """Journeys of a customer and visits of a journey are numbered without gaps, and no visit begins before its turn."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in history.journeys:
        numbers[row["customer"]].append(row["journey"])
    for customer, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"customer {customer}: journeys {found}"
    known = {(row["customer"], row["journey"]) for row in history.journeys}
    yield from (f"customer {c}: visits of journey {j}, which is none" for c, j in set(history.visits_of) - known)
    for row in history.journeys:
        visits = history.visits_of.get((row["customer"], row["journey"]), [])
        if [visit["visit"] for visit in visits] != list(range(1, row["visits"] + 1)):
            yield f"{place(row)}: {row['visits']} visits, numbered {[visit['visit'] for visit in visits]}"
        if visits and visits[0]["joined"] != row["opened"]:
            yield f"{place(row)}: opened {row['opened']}, first joined {visits[0]['joined']}"
        for one, other in pairwise(visits):
            if one["ended"] is None or other["joined"] < one["ended"]:
                yield f"{place(other)}: joined {other['joined']}, before the last was over ({one['ended']})"
        if visits and row["closed"] is not None and row["closed"] < visits[-1]["ended"]:
            yield f"{place(row)}: closed {row['closed']}, before its last visit was over"


def journeys_are_for_those_they_are_meant_for(history: History) -> Iterator[str]:
    """A journey opens for those of a persona, and of a stage, that it names, and where it is there at all."""
    happened = happened_to(history)
    for row in history.journeys:
        person, opened = history.person[row["customer"]], row["opened"]
        who = history.journey(row, opened).who
        if history.name(row) in history.phase(opened).arm(pilot=person["pilot"]).dormant:
            yield f"{place(row)}: {history.name(row)} opened at {opened}, when it was not there"
        if who.persona is not None and row["persona"] not in who.persona:
            yield f"{place(row)}: {history.name(row)} opened for a {row['persona']}"
        if who.stage is not None:
            moved = moves(person, happened[row["customer"]])
            before = [{stage} for time, stage in moved if time < opened]
            possible = {stage for time, stage in moved if time == opened} | [came_as(history, person), *before][-1]
            possible |= {history.model.population.stage} if person["joined"] == opened else set()
            if not possible & set(who.stage):
                yield f"{place(row)}: {history.name(row)} opened for somebody of the stage {', '.join(possible)}"


def journeys_say_what_their_visits_do(history: History) -> Iterator[str]:
    """Contacts, channels, hand-offs, repeats and waits of a journey are those of its visits.

    What is done without the customer is neither a contact nor a repeat, and nobody waits for it.
    """
    for row in history.journeys:
        visits = history.visits_of.get((row["customer"], row["journey"]), [])
        attended = [visit for visit in visits if history.touchpoint(visit).attended]
        ended = [visit for visit in visits if visit["ended"] is not None]
        felt = [visit for visit in ended if visit["outcome"] != LEFT]
        departments = [visit["department"] for visit in felt if visit["department"] is not None]
        first = {visit["touchpoint"]: visit for visit in reversed(visits)}
        expected = {
            "contacts": sum(served(visit) for visit in attended),
            "channels": len({visit["channel"] for visit in attended}),
            "handoffs": sum(one != other for one, other in pairwise(departments)),
            "repeats": sum(visit in attended and visit is not first[visit["touchpoint"]] for visit in felt),
        }
        for name, value in expected.items():
            if row[name] != value:
                yield f"{place(row)}: {name} {row[name]}, but its visits say {value}"
        waits = sum(waited(history, visit) for visit in ended)
        if not isclose(row["wait"], waits, abs_tol=AN_INSTANT):
            yield f"{place(row)}: waited {row['wait']}, but its visits say {waits}"


def waited(history: History, visit: Raw) -> float:
    """How long somebody waited in a visit that ended: until served, gone, or promised a call."""
    there = history.touchpoint(visit)
    if not there.attended:
        return 0.0
    if there.callback is not None and visit["callback"] == ACCEPTED:
        return there.callback.after
    return float((visit["ended"] if visit["started"] is None else visit["started"]) - visit["joined"])


def contacts_after_failures_are_failure_demand(history: History) -> Iterator[str]:
    """Those contacts of a journey are failure demand that follow a visit that failed; all, if a failure opened it."""
    for row in history.journeys:
        visits = history.visits_of.get((row["customer"], row["journey"]), [])
        before = [{False}, *(failing(history, visit) for visit in visits)]
        contacts = [
            perhaps
            for perhaps, visit in zip(before, visits, strict=False)
            if served(visit) and history.touchpoint(visit).attended
        ]
        allowed = {
            n
            for opened in opened_by_failure(history, row)
            for n in range(
                sum(opened or perhaps == {True} for perhaps in contacts),
                sum(opened or True in perhaps for perhaps in contacts) + 1,
            )
        }
        if row["failure_contacts"] not in allowed:
            yield f"{place(row)}: {row['failure_contacts']} contacts after failures, but rows tell of {allowed}"


def failing(history: History, visit: Raw) -> set[bool]:
    """Whether a visit that is over failed; both, where rows do not tell whether it held."""
    if visit["started"] is None or visit["ended"] is None:
        return {True}
    step = history.step(visit)
    return {step.fails(visit["outcome"])} | ({True} if step.outcomes[visit["outcome"]].holds < 1 else set())


def opened_by_failure(history: History, row: Raw) -> set[bool]:
    """Whether a failure opened a journey; both, where rows do not tell which of several things did."""
    known: dict[tuple[int, int], set[bool]] = vars(history).setdefault("opened by failure", {})
    key = row["customer"], row["journey"]
    if key not in known:
        name, *how = row["origin"].split(" ", 2)
        known[key] = set(openers(history, row, name, *how)) if len(how) == 2 else {False}
    return known[key]


def openers(history: History, row: Raw, name: str, how: str, origin: str) -> Iterator[bool]:
    """Whether each thing failed that may have opened a journey of a name, by the origin that it had itself."""
    for effect in history.effects_of[row["customer"]]:
        if how == "from" and not effect["journey"] and f"{effect['cause']} {effect['nth']}" == origin:
            yield history.of(effect, effect["at"]).events[effect["cause"]].fails
    for parent in history.journeys_of[row["customer"]]:
        if parent["origin"] == origin and parent["opened"] <= row["opened"]:
            for opened in opened_by_failure(history, parent):
                yield from (opened or failed for failed in opening(history, parent, name, how))


def opening(history: History, parent: Raw, name: str, how: str) -> Iterator[bool]:
    """Whether each thing in a journey failed that opens another: an outcome, what a clock does, its end."""
    visits = history.visits_of[parent["customer"], parent["journey"]]
    for visit in visits if how == "from" else ():
        step = history.step(visit)
        if served(visit) and name in step.outcomes[visit["outcome"]].opens:
            yield step.fails(visit["outcome"])
    for effect in history.effects_of[parent["customer"]] if how == "from" else ():
        if effect["journey"] == parent["journey"]:
            step = history.step(visits[effect["visit"] - 1])
            clock = clocks(history, visits[effect["visit"] - 1])[effect["cause"]]
            if name in clock.opens:
                yield clock.after + effect["nth"] * (clock.every or 0.0) >= step.fails_after(clock)
    if parent["closed"] is not None and parent["end"] not in (LEFT, CANCELLED):
        end = history.journey(parent, parent["closed"]).all_ends[parent["end"]]
        if how == "after" or name in end.opens:
            yield from (end.good is False or failed for failed in failing(history, visits[-1]))


# ---- work ------------------------------------------------------------------------------------------------------------


def nobody_serves_more_at_once_than_they_can(history: History) -> Iterator[str]:
    """Whenever a member of a pool takes a contact, they hold no more than they may: mostly that one."""
    work: dict[tuple[str, int], list[Raw]] = defaultdict(list)
    for visit in history.visits:
        if (visit["pool"] is None) != (visit["member"] is None) or (visit["pool"] and visit["started"] is None):
            yield f"{place(visit)}: pool {visit['pool']}, member {visit['member']}, started {visit['started']}"
        elif visit["pool"] is not None:
            work[visit["pool"], visit["member"]].append(visit)
    for (pool, member), visits in work.items():
        for one in visits:
            now = one["started"]
            held = sum(other["started"] <= now < history.over(other) for other in visits)
            if held > history.at(now).staff[pool].at_once.contacts:
                yield f"{place(one)}: {pool} {member} takes them at {now}, and then holds {held} contacts"


@dataclass(frozen=True)
class Stretch:
    """A time between two moments at which something happens in a pool.

    Attributes
    ----------
    middle, lasts
        A moment in it, and how long it is.
    on_duty, busy, late
        How many should be there, how many of those work, and how many others stay on.
    room
        How many contacts those who should be there could take.
    waiting
        How many wait whom the pool sees.
    """

    middle: float
    lasts: float
    on_duty: int
    busy: int
    late: int
    room: int
    waiting: int

    def within(self, since: float, until: float) -> float:
        """How much of it lies between two moments."""
        half = self.lasts / 2
        return max(min(self.middle + half, until) - max(self.middle - half, since), 0.0)


class Crew:
    """What the people of a pool did, told from the rows of visits and the roster.

    Whoever is idle goes first when a shift ends or a break begins, then who became busy first; who has missed a break
    that is over stays. Where several became busy at one moment rows do not tell who did first, so those go first of
    whom overtime was recorded.

    Attributes
    ----------
    stretches
        The time that it covers.
    share, overtime
        Minutes that each visit had of its member's time, and of those past their shift or in their break.
    """

    def __init__(self, over: Callable[[Raw], float]) -> None:
        self.over = over  # when a visit is
        self.stretches: list[Stretch] = []
        self.share: dict[int, float] = defaultdict(float)
        self.overtime: dict[int, float] = defaultdict(float)
        self.people = self.waiting = 0
        self.held: dict[int, list[Raw]] = {}  # by each member who works
        self.became: dict[int, float] = {}  # busy
        self.going: list[int] = []  # whose shift is over, or who are due for a break
        self.due: list[int] = []  # of those, who may be called back; the last first

    def change(self, now: float, people: int, resting: int) -> None:
        """Let so many be on duty from now on, and so many on a break."""

        def first(member: int) -> tuple[float, float]:
            left = max(self.over(visit) for visit in self.held[member]) - now
            late = sum(visit["overtime"] for visit in self.held[member])
            return self.became[member], -late / left if left > 0 else 0.0

        staying = sorted((member for member in self.held if member not in self.going), key=first)
        late = staying[: max(len(staying) - people, 0)] if people < self.people else []
        self.going += late
        self.due += late
        for _ in range(min(max(people - self.people, 0), max(len(self.due) - resting, 0))):
            self.going.remove(self.due.pop())
        self.due = self.due[max(len(self.due) - resting, 0) :]
        self.people = people

    def finish(self, visit: Raw) -> None:
        """Let a member be done with a visit, and perhaps go."""
        member = visit["member"]
        self.held[member].remove(visit)
        if not self.held[member]:
            del self.held[member]
            self.going, self.due = ([other for other in some if other != member] for some in (self.going, self.due))

    def take(self, visit: Raw) -> None:
        """Let a member begin to serve a visit."""
        if visit["member"] not in self.held:
            self.became[visit["member"]] = visit["started"]
        self.held.setdefault(visit["member"], []).append(visit)

    def spend(self, since: float, until: float, contacts: int) -> None:
        """Let time pass, in which a member may hold so many contacts."""
        for member, visits in self.held.items():
            for visit in visits:
                self.share[id(visit)] += (until - since) / len(visits)
                self.overtime[id(visit)] += (until - since) / len(visits) * (member in self.going)
        if until - since > AN_INSTANT:
            holding = [len(visits) for member, visits in self.held.items() if member not in self.going]
            room = sum(max(contacts - n, 0) for n in holding) + contacts * (self.people - len(holding))
            middle, late = (since + until) / 2, len(self.held) - len(holding)
            self.stretches.append(Stretch(middle, until - since, self.people, len(holding), late, room, self.waiting))


def crew(history: History, pool: str) -> Crew:
    """Follow the people of a pool through a history; shifts change before all else of a moment."""
    roster = on_roster(history, pool)
    duties = dict(zip(roster.at, zip(roster.headcount, roster.resting, strict=True), strict=True))
    visits = [visit for visit in history.visits if visit["pool"] == pool and history.over(visit) > visit["started"]]
    begins, ends = grouped(visits, lambda visit: visit["started"]), grouped(visits, history.over)
    seen = [claim for claim in claims(history, pool) if claim.until > claim.since]
    comes, goes = Counter(claim.since for claim in seen), Counter(claim.until for claim in seen)
    looks = history.tables.strain.filter(pl.col("pool") == pool)["at"]
    edges = sorted({*duties, *begins, *ends, *comes, *goes, *looks, *(phase.start for phase in history.phases)})
    did = Crew(history.over)
    for now, until in pairwise([*edges, history.model.clock.horizon]):
        if now in duties:
            did.change(now, *duties[now])
        for visit in ends.get(now, []):
            did.finish(visit)
        for visit in begins.get(now, []):
            did.take(visit)
        did.waiting += comes[now] - goes[now]
        did.spend(now, until, history.at(now).staff[pool].at_once.contacts)
    return did


def grouped(rows: list[Raw], by: Callable[[Raw], float]) -> dict[float, list[Raw]]:
    """Rows by a time of each, or by whose they are."""
    found: dict[float, list[Raw]] = defaultdict(list)
    for row in rows:
        found[by(row)].append(row)
    return found


def work_is_paid_or_overtime(history: History) -> Iterator[str]:
    """At no moment do more people of a pool work than are on duty or stay on; nor do they over the whole time.

    What visits say they had of somebody's time, and of that past a shift or in a break, is what the roster leaves.
    """
    for pool, did in history.crews.items():
        for each in did.stretches:
            if each.busy > each.on_duty:
                yield f"{pool} at {each.middle}: {each.busy} work who should, but {each.on_duty} are on duty"
    for visit in history.visits:
        if visit["pool"] is not None:
            did, lasts = history.crews[visit["pool"]], history.over(visit) - visit["started"]
            share = did.share[id(visit)] / lasts if lasts else 1.0
            late = did.overtime[id(visit)]
            if not isclose(visit["overtime"], late, abs_tol=AN_INSTANT):
                yield f"{place(visit)}: overtime {visit['overtime']}, but the roster of {visit['pool']} leaves {late}"
            if not isclose(visit["attention"], share, abs_tol=AN_INSTANT):
                yield f"{place(visit)}: attention {visit['attention']}, but {visit['pool']} gave {share}"
    whole = summarise(Result(history.model, history.seed, 0, history.tables), (0.0, history.model.clock.horizon))
    sums = whole["pool"]
    for n, pool in enumerate(sums.groups):
        busy = sum(
            visit["attention"] * (history.over(visit) - visit["started"])
            for visit in history.visits
            if visit["pool"] == pool
        )
        yield from differs(f"busy time of {pool}", float(sums["busy"][n]), busy)
        if sums["busy"][n] > sums["duty"][n] + sums["overtime"][n] + AN_INSTANT:
            yield f"{pool}: busy {sums['busy'][n]}, on duty {sums['duty'][n]}, overtime {sums['overtime'][n]}"


def nobody_waits_beside_the_idle(history: History) -> Iterator[str]:
    """While somebody waits whom a pool sees, all of it who are on duty work, and hold as many contacts as they may."""
    for pool, did in history.crews.items():
        for each in did.stretches:
            if each.waiting and each.room:
                yield f"{pool} at {each.middle}: {each.waiting} wait, but there is room for {each.room}"


def strain_follows_occupancy(history: History) -> Iterator[str]:
    """Every look at a pool sees how busy it was since the last, and moves its strain a part of the way."""
    for pool, did in history.crews.items():
        stated = [phase.model.staff[pool].strain for phase in history.phases]
        every = next((strain.every for strain in stated if strain is not None), inf)
        seen = {row["at"]: row for row in history.tables.strain.filter(pl.col("pool") == pool).to_dicts()}
        now, before = every, 0.0
        while now < history.model.clock.horizon:
            stretches = [(each, each.within(now - every, now)) for each in did.stretches]
            worked = sum((each.busy + each.late) * lasts for each, lasts in stretches)
            there = sum((each.on_duty + each.late) * lasts for each, lasts in stretches)
            strain = history.at(now).staff[pool].strain
            if (strain is not None) != (now in seen):
                yield f"{pool} at {now}: looked at, or not, though it has {strain}"
            elif strain is not None:
                row = seen[now]
                if not isclose((row["occupancy"] or 0.0) * there, worked, abs_tol=AN_INSTANT):
                    yield f"{pool} at {now}: {row['occupancy']} busy, but {worked} of {there} minutes"
                beyond = max((row["occupancy"] or 0.0) - strain.above, 0.0)
                after = before + (1 - exp(-every / strain.memory)) * (beyond - before)
                if not isclose(row["strain"], after, abs_tol=AN_INSTANT):
                    yield f"{pool} at {now}: strain {row['strain']}, but it should be {after}"
                before = row["strain"]
            now += every


def people_quit_by_their_own_luck(history: History) -> Iterator[str]:
    """At every look each person who is there quits or not, and is missing until somebody is hired and trained."""
    gone = {
        (row["pool"], row["shift"], row["number"], row["left"]): row for row in history.tables.departures.to_dicts()
    }
    for pool, at, _, strain in history.tables.strain.iter_rows():
        staff, stated = history.at(at).staff[pool], [phase.model.staff[pool].strain for phase in history.phases]
        every = next(each.every for each in stated if each is not None)
        quits = staff.strain.quits if staff.strain is not None else None
        for name, shift in staff.shifts.items():
            here = draws.visit(address(history.world, pool), draws.name(name), round(at / every))
            for number in range(1, shift.headcount + 1):
                ready = [d["ready"] for d in history.departures(pool, name) if d["number"] == number and d["left"] < at]
                since = max([at - every, *ready])
                row = gone.pop((pool, name, number, at), None)
                own = draws.fold(here, number)
                left = quits is not None and draws.draw(own, "quits") < 1 - exp(
                    -quits.rate * exp(quits.slope * strain) * max(at - since, 0.0)
                )
                if left != (row is not None):
                    yield f"{pool} {name} {number} at {at}: quit, or not, against their luck"
                elif row is not None:
                    hired = at + rules.quantile(quits.hiring.law, draws.draw(own, "hiring"))
                    if (row["hired"], row["ready"]) != (hired, hired + quits.training):
                        yield f"{pool} {name} {number} at {at}: {row}, but somebody is hired at {hired}"
    yield from (f"{row}: nobody was looked at then" for row in gone.values())


def on_roster(history: History, pool: str) -> Duty:
    """People of a pool who should be there."""
    rosters: dict[str, Duty] = vars(history).setdefault("rosters", {})
    if pool not in rosters:
        gone = [Departure(*row) for row in history.tables.departures.iter_rows()]
        rosters[pool] = on_duty(history.phases, pool, history.model.clock, history.world, gone)
    return rosters[pool]


@dataclass(frozen=True)
class Claim:
    """Somebody whom a pool sees waiting, between two times, and how good their claim to be served next is.

    Attributes
    ----------
    order
        As they joined: the smallest is served first.
    hurried
        When, if they still wait, they are urgent, and how good their claim is then.
    """

    visit: Raw
    since: float
    until: float
    order: tuple[int, int, float]
    hurried: tuple[float, tuple[int, int, float]]

    def orders(self, now: float) -> list[tuple[int, int, float]]:
        """How good the claim is at a time; both, where it changes just then."""
        at, urgent = self.hurried
        return [self.order] * (now < at + AN_INSTANT) + [urgent] * (now > at - AN_INSTANT)


def claims(history: History, pool: str) -> list[Claim]:
    """Everybody a pool has seen waiting: who joined where it is listed, and has the skill, for so long as they wait."""
    found = []
    for visit in history.visits:
        joined, there = visit["joined"], history.touchpoint(visit)
        delay = there.staff.get(pool)
        if delay is None or visit["outcome"] in TURNED_AWAY or not able(history.at(joined).staff[pool], visit["goal"]):
            continue
        until = history.over(visit) if visit["started"] is None else visit["started"]
        own, listed = priority(history, visit), list(there.staff).index(pool)
        hurried = inf, (own, listed, joined)
        if there.urgent is not None:
            hurried = joined + there.urgent.after, (min(own, there.urgent.priority), listed, joined)
        found.append(Claim(visit, joined + delay, until, (own, listed, joined), hurried))
    return found


def able(pool: Pool, goal: str) -> bool:
    return pool.skills is None or goal in pool.skills


def priority(history: History, visit: Raw) -> int:
    """Priority of a visit, decided when it was joined: its step's, its journey's or its persona's."""
    company = history.of(visit, visit["joined"])
    journey = company.journeys[history.name(visit)]
    stated = [journey.steps[visit["step"]].priority, journey.priority]
    return next((number for number in stated if number is not None), company.personas[visit["persona"]].priority)


def the_best_claim_is_served_first(history: History) -> Iterator[str]:
    """Nobody begins to be served in a pool while somebody with a better claim waits there."""
    for pool in history.kpis["pool"].groups:
        seen = claims(history, pool)
        for claim in seen:
            if claim.visit["pool"] != pool:
                continue
            now = claim.visit["started"]
            for other in seen:
                if other.since < now < other.until and max(other.orders(now)) < min(claim.orders(now)):
                    yield (
                        f"{pool} serves {place(claim.visit)} at {now}, with the claim {claim.orders(now)}, "
                        f"while {place(other.visit)} waits with {other.orders(now)}"
                    )


# ---- what happens ----------------------------------------------------------------------------------------------------


def what_happened_is_recorded(history: History) -> Iterator[str]:
    """Each row moved the money and the stage that the scenario says it does, and nothing else moved any.

    Who left at the very moment in which a visit ended is passed over: rows do not tell which came first.
    """
    for each in happenings(history):
        row = each.row
        perhaps = "joined" in row and left_behind(history, row, each.time, perhaps=True)
        if perhaps and not left_behind(history, row, each.time):
            continue
        said = (0.0, None) if each.effects is None else (each.effects.revenue, each.effects.stage)
        if (row["revenue"], row["stage"]) != said:
            yield f"{place(row)} at {each.time}: moved {row['revenue']}, {row['stage']}, but says {said}"
    yield from (
        f"{place(row)}: moved something, but is not over"
        for rows, over in ((history.visits, "ended"), (history.journeys, "closed"))
        for row in rows
        if row[over] is None and (row["revenue"] or row["stage"])
    )


def clocks_strike_while_a_visit_is_open(history: History) -> Iterator[str]:
    """A clock on a visit strikes when it is due, and as often, until the visit is over or its customer left."""
    struck: dict[tuple[int, int, int], list[Raw]] = defaultdict(list)
    for row in history.effects:
        if row["journey"]:
            struck[row["customer"], row["journey"], row["visit"]].append(row)
    for visit in history.visits:
        rows = struck[visit["customer"], visit["journey"], visit["visit"]]
        known = {} if visit["outcome"] in TURNED_AWAY else clocks(history, visit)
        others = [row["cause"] for row in rows if row["cause"] not in known]
        if others:
            yield f"{place(visit)}: has no such clocks, but {others} struck"
        for cause, clock in known.items():
            yield from strikes(history, visit, clock, [row for row in rows if row["cause"] == cause])


def strikes(history: History, visit: Raw, clock: WhileOpen, rows: list[Raw]) -> Iterator[str]:
    """A clock struck when it was due."""
    over, n = history.over(visit), 0
    while (due := visit["joined"] + clock.after + n * (clock.every or inf if n else 0.0)) <= over:
        here = [row for row in rows if row["nth"] == n and isclose(row["at"], due, abs_tol=AN_INSTANT)]
        ended = due == history.model.clock.horizon or left_behind(history, visit, due)
        perhaps = ended or due > over - AN_INSTANT or left_behind(history, visit, due, perhaps=True)
        if (ended and here) or (not perhaps and len(here) != 1):
            yield f"{place(visit)}: its clock was due for the {n}th time at {due}, and struck {len(here)} times"
        n += 1
    if any(row["nth"] >= n for row in rows):
        yield f"{place(visit)}: over at {over}, but its clock struck at {[row['at'] for row in rows]}"


def events_happen_to_those_they_are_meant_for(history: History) -> Iterator[str]:
    """An event happens at one moment, to customers who are there, of the personas it names, and to no more than said.

    Visitors, and those who have left, are among them only where their stage is named.
    """
    together: dict[tuple[str, int], list[Raw]] = defaultdict(list)
    for row in history.effects:
        if not row["journey"]:
            together[row["cause"], row["nth"]].append(row)
    for (name, nth), rows in together.items():
        event = history.at(rows[0]["at"]).events[name]
        if len({row["at"] for row in rows}) > 1 or len(rows) > (event.most or inf):
            yield f"{name} {nth}: reached {len(rows)}, at {sorted({row['at'] for row in rows})}"
        if not is_due(history, event, rows[0]["at"]):
            yield f"{name} {nth}: happened at {rows[0]['at']}, when it was not due"
        for row in rows:
            person, event = history.person[row["customer"]], history.of(row, row["at"]).events[name]
            if not event.reach:
                yield f"{place(row)}: {name} {nth} reached somebody, though it reaches nobody"
            here = person["joined"] is not None and person["joined"] <= row["at"]
            away = person["left"] is not None and person["left"] < row["at"]
            if (not here or away) and event.who.stage is None:
                yield f"{place(row)}: {name} {nth} reached somebody who is no customer"
            if event.who.persona is not None and row["persona"] not in event.who.persona:
                yield f"{place(row)}: {name} {nth} reached a {row['persona']}"


def is_due(history: History, event: Event, time: float) -> bool:
    """Say whether an event can happen at a time: on its date, so many periods later, or any time if it is by chance."""
    if event.rate is not None:
        return True
    if event.outage is not None:
        known = outages(history.phases, history.model.clock, history.world, event.outage.system)
        return time in (known.begins if event.outage.at == "start" else known.ends)
    first = event.every or inf if event.on is None else history.model.clock.minutes(event.on)
    periods = 0 if time == first else (time - first) / (event.every or inf)
    return periods >= 0 and isclose(periods, round(periods), rel_tol=1e-9) and (time == first or periods > 0)


# ---- money -----------------------------------------------------------------------------------------------------------


def contacts_cost_what_touchpoints_charge(history: History) -> Iterator[str]:
    """A served visit costs what its touchpoint charges, a customer what their visits cost, and all that is a KPI."""
    start, end = history.window
    by_customer: dict[int, float] = defaultdict(float)
    for visit in history.visits:
        charged = history.touchpoint(visit).cost if served(visit) else 0.0
        if visit["cost"] != charged:
            yield f"{place(visit)}: costs {visit['cost']}, but {visit['touchpoint']} charges {charged}"
        if served(visit) and start <= visit["ended"] < end:
            by_customer[visit["customer"]] += visit["cost"]
    for row in history.customers:
        if not isclose(row["cost"], by_customer[row["customer"]], abs_tol=1e-9):
            yield f"{place(row)}: cost {row['cost']}, but their visits {by_customer[row['customer']]}"
    yield from differs("contact_cost", history.kpi("contact_cost"), sum(by_customer.values()))


def customers_bring_what_they_pay_and_what_happens(history: History) -> Iterator[str]:
    """Revenue is the rates of persona and products, for as long as somebody pays them, and the effects recorded.

    Who is moved to two stages at one moment is passed over, unless by one visit and its end: rows do not tell which
    came last.
    """
    start, end = history.window
    happened = happened_to(history)
    for row in history.customers:
        here = happened[row["customer"]]
        moved = moves(row, here)
        if any(one[0] == other[0] and one[1] != other[1] for one, other in pairwise(moved)):
            continue
        earned = sum(each.row["revenue"] for each in here if start <= each.time < end)
        for since, upto in as_customer(row, moved, history, end):
            earned += sum(
                phase.arm(pilot=row["pilot"]).model.personas[row["persona"]].value.revenue
                * max(min(upto, phase.end) - max(since, start, phase.start), 0.0)
                for phase in history.phases
            )
        earned += sum(
            product.revenue * max(min(held["until"] or end, phase.end) - max(held["since"], start, phase.start), 0.0)
            for held in history.holdings
            if held["customer"] == row["customer"]
            for phase in history.phases
            for name, product in phase.arm(pilot=row["pilot"]).model.products.items()
            if name == held["product"]
        )
        yield from differs(f"revenue of customer {row['customer']}", row["revenue"], earned)
    everybody = sum(row["revenue"] for row in history.customers)
    yield from differs("revenue", history.kpi("revenue"), everybody)


def products_are_held_by_customers(history: History) -> Iterator[str]:
    """Who holds a product has joined and not left, holds it once at a time, and is counted on coming and going."""
    start, end = history.window
    times: dict[tuple[int, str], list[tuple[float, float]]] = defaultdict(list)
    for row in history.holdings:
        since, until, person = row["since"], row["until"] or inf, history.person[row["customer"]]
        times[row["customer"], row["product"]].append((since, until))
        last = inf if person["left"] is None else person["left"]
        if not (person["joined"] or 0) <= since < until <= last or any(since < left < until for left in leaves(person)):
            yield f"{place(row)}: holds {row['product']} from {since} to {until}"
    for (customer, product), held in times.items():
        if any(until > since for (_, until), (since, _) in pairwise(sorted(held))):
            yield f"customer {customer}: holds {product} twice at a time"
    products, holders = history.kpis["product"].groups[:-1], set[int]()
    for product in products:
        here = [time for (_, name), held in times.items() if name == product for time in held]
        counted = {
            "holders": sum(until >= end for _, until in here),
            "products_gained": sum(start < since for since, _ in here),
            "products_dropped": sum(start <= until < end for _, until in here),
        }
        for kpi, number in counted.items():
            yield from differs(f"{kpi} of {product}", history.kpi(kpi, "product", product), number)
        then = {who for (who, name), held in times.items() if name == product and any(a <= start <= b for a, b in held)}
        yield from as_they_were(history, product, then)
        holders |= then
    if products:
        felt = sum(history.person[who]["satisfaction_end"] for who in holders)
        others = history.kpis["all"]["satisfaction_end"][0] - felt
        yield from differs("satisfaction of others", history.kpis["product"]["satisfaction_end"][-1], others)


def as_they_were(history: History, product: str, people: set[int]) -> Iterator[str]:
    """Those who held a product when the window opened are counted for it, as satisfied as they are, lost or not.

    Who is moved to two stages at the moment when it opens may be either: rows do not tell which came last.
    """
    happened, (start, end), sums = happened_to(history), history.window, history.kpis["product"]
    home = history.model.population.stage
    present, lost, felt = (
        sums[name][sums.groups.index(product)] for name in ("present", "lost_of_present", "satisfaction_end")
    )
    yield from differs(f"holders of {product} when the window opened", present, len(people))
    satisfactions = (history.person[who]["satisfaction_end"] for who in people)
    yield from differs(f"satisfaction of holders of {product}, all together", felt, sum(satisfactions))
    fewest = most = 0
    for who in people:
        moved = moves(history.person[who], happened[who])
        gone = any(start <= time < end and stage != home for time, stage in moved)
        unclear = [time for time, _ in moved].count(start) > 1
        fewest += gone and not unclear
        most += gone or unclear
    if not fewest <= lost <= most:
        yield f"{lost:g} who held {product} were lost, not {fewest} to {most}"


def as_customer(
    row: Raw, moved: list[tuple[float, str]], history: History, until: float
) -> Iterator[tuple[float, float]]:
    """Times in which somebody is of the stage of customers."""
    home = history.model.population.stage
    if row["joined"] is None:
        return
    stages = [(row["joined"], home), *(move for move in moved if move[0] >= row["joined"])]
    stages += [(until, "gone")]
    yield from ((since, upto) for (since, stage), (upto, _) in pairwise(stages) if stage == home)


def stages_are_the_last_that_were_set(history: History) -> Iterator[str]:
    """The stage of a customer is the last to which anything moved them, or the one they came with.

    Who left has been moved to the stage `left`, for a reason that is recorded, and who came back has been moved home.
    """
    home = history.model.population.stage
    happened = happened_to(history)
    for row in history.customers:
        moved = moves(row, happened[row["customer"]])
        last = max((time for time, _ in moved), default=None)
        possible = {stage for time, stage in moved if time == last} or came_as(history, row)
        possible |= {home} if last is not None and row["joined"] == last else set()
        if row["stage"] not in possible:
            yield f"{place(row)}: of the stage {row['stage']}, but was last moved to {', '.join(possible)}"
        home_at = [time for time, stage in moved if stage == home]
        for left, again in pairwise([*leaves(row), *([inf] if row["left"] is None else [])]):
            if not any(left <= time <= again for time in home_at):
                yield f"{place(row)}: left at {left} and was back before {again}, but nothing moved them"
        if row["left"] is not None and any(time > row["left"] for time in home_at):
            yield f"{place(row)}: left at {row['left']}, but was moved back at {max(home_at)}"
        for each in happened[row["customer"]]:
            if each.row["stage"] == LEFT and not any(left <= each.time for left in leaves(row)):
                yield f"{place(row)}: {each.name} let them leave at {each.time}, but they did not"
        why = {
            each.name for each in happened[row["customer"]] if each.row["stage"] == LEFT and each.time == row["left"]
        }
        if row["left"] is not None and row["why"] not in {"review"} | why:
            yield f"{place(row)}: left at {row['left']} by {row['why']}, but what moved them then was {why}"


def came_as(history: History, row: Raw) -> set[str]:
    """Stages in which somebody may have come: for a journey, as it says; else as a customer."""
    how = row["origin"].split(" ")[0]
    lives = [phase.model for phase in arms(history.phases)]
    journeys = {how}
    if how == "referred":
        journeys = {p.referral.journey for model in lives for p in model.personas.values() if p.referral is not None}
    stages = {model.journeys[name].when.stage for model in lives for name in journeys & set(model.journeys)}
    return stages or {history.model.population.stage}


def staff_cost_rosters_and_overtime(history: History) -> Iterator[str]:
    """Staff cost the wage of every hour of their shifts in the window, and the overtime that visits record.

    Those on duty are those on a shift without the absent, and without their share who have a break.
    """
    start, end = history.window
    for pool in history.kpis["pool"].groups:
        paid = 0.0
        for phase in history.phases:
            since, until = max(start, phase.start), min(end, phase.end)
            paid += rostered(history, phase.model, pool, since, until) * phase.model.staff[pool].wage
        late = 0.0
        for visit in history.visits:
            if visit["pool"] == pool and visit["overtime"]:
                over = history.over(visit)
                for phase in history.phases:
                    since, until = max(over - visit["overtime"], start, phase.start), min(over, end, phase.end)
                    staff = phase.model.staff[pool]
                    late += max(until - since, 0.0) * staff.wage * staff.overtime
        yield from differs(f"overtime_cost of {pool}", history.kpi("overtime_cost", "pool", pool), late)
        yield from differs(f"staff_cost of {pool}", history.kpi("staff_cost", "pool", pool), paid + late)
        roster = on_roster(history, pool)
        on_duty_ = 0.0
        for n, (since, until) in enumerate(pairwise([*roster.at, history.model.clock.horizon])):
            there = people_there(history, pool, (since + until) / 2)
            on_duty_ += there * max(min(until, end) - max(since, start), 0.0)
            if roster.headcount[n] != there:
                yield f"{pool} at {since}: {roster.headcount[n]} are on duty, but {there} should be"
        found = history.kpis["pool"]["duty"][history.kpis["pool"].groups.index(pool)]
        yield from differs(f"time on duty of {pool}", float(found), on_duty_)


def rostered(history: History, model: Model, pool: str, since: float, until: float) -> float:
    """Person-minutes of the shifts of a pool between two times, day by day in the calendar, but for vacant places."""
    minutes, start = 0.0, model.clock.start
    midnight = start.replace(hour=0, minute=0, second=0)
    while model.clock.minutes(midnight) < until:
        for name, shift in model.staff[pool].shifts.items():
            vacant = [d for d in history.departures(pool, name) if d["number"] <= shift.headcount]
            if midnight.weekday() in shift.days and (shift.holidays or midnight not in model.clock.holidays.values()):
                begins, ends = (
                    model.clock.minutes(midnight + timedelta(minutes=at)) for at in (shift.begins, shift.ends)
                )
                first, last = max(begins, since), min(ends, until)
                minutes += shift.headcount * max(last - first, 0.0)
                minutes -= sum(max(min(last, d["hired"]) - max(first, d["left"]), 0.0) for d in vacant)
        midnight += timedelta(days=1)
    return minutes


def people_there(history: History, pool: str, moment: float) -> int:
    """People of a pool on duty at a moment, by the calendar: on a shift, not absent, on a break or taken away."""
    model = history.at(moment)
    staff, when = model.staff[pool], model.clock.start + timedelta(minutes=moment)
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    day, minute = (midnight.date() - model.clock.start.date()).days, (when - midnight).total_seconds() / 60
    people = 0
    for name, shift in staff.shifts.items():
        takes_place = shift.holidays or midnight not in model.clock.holidays.values()
        if when.weekday() in shift.days and shift.begins <= minute < shift.ends and takes_place:
            here = draws.visit(address(history.world, pool), draws.name(name), day)
            gone = {d["number"] for d in history.departures(pool, name) if d["left"] <= moment < d["ready"]}
            there = [number for number in range(1, shift.headcount + 1) if number not in gone]
            people += sum(draws.draw(draws.fold(here, number), "absence") >= staff.absence for number in there)
    pauses = [*staff.breaks.values(), *taken_from(history, pool, moment)]
    pauses = [p for p in pauses if when.weekday() in p.days and p.begins <= minute < p.ends]
    return max(people - sum(floor(pause.share * people + 1e-9) for pause in pauses), 0)


def taken_from(history: History, pool: str, moment: float) -> Iterator[Break]:
    """What changes take from a pool at a moment."""
    model = history.model
    for change in (model.changes[name] for name in model.enact):
        begins, ends = span(model, change)
        written = model.clock.warmup if change.begins is None else model.clock.minutes(change.begins)
        if begins <= moment < ends and pool in change.takes:
            taken = change.takes[pool]
            if taken.lasts is None or moment < written + taken.lasts:
                yield taken


def partners_are_paid_by_the_contact(history: History) -> Iterator[str]:
    """A partner is paid for every contact served, and pays a penalty once if too few were answered in time."""
    start, end = history.window
    for pool in history.kpis["pool"].groups:
        paid, offered, kept = 0.0, 0, 0
        for visit in history.visits:
            there, partner = history.touchpoint(visit), history.at(visit["joined"]).staff[pool].partner
            if partner is None:
                continue
            if visit["pool"] == pool and served(visit) and start <= visit["ended"] < end:
                paid += partner.per_contact
            stood = bool(there.staff) and there.attended and visit["outcome"] not in TURNED_AWAY
            whose = visit["pool"] or next(iter(there.staff), None)
            if partner.promise is not None and stood and whose == pool and start <= visit["joined"] < end:
                offered += 1
                within = there.staff[pool] + partner.promise.within
                kept += visit["started"] is not None and waited(history, visit) <= within
        partners = [phase.model.staff[pool].partner for phase in history.phases if phase.start < end]
        promises = [partner.promise for partner in partners if partner is not None and partner.promise is not None]
        broken_ = bool(promises) and kept + A_CONTACT < promises[-1].share * offered
        owed = promises[-1].penalty if broken_ else 0.0
        yield from differs(f"partner_cost of {pool}", history.kpi("partner_cost", "pool", pool), paid)
        yield from differs(f"penalties of {pool}", history.kpi("penalties", "pool", pool), owed)


def money_adds_up(history: History) -> Iterator[str]:
    """Cost and margin are sums of their parts, and groups add up to the whole in every dimension that covers it."""
    kpi = history.kpi
    people = kpi("staff_cost") + kpi("hiring_cost") + kpi("partner_cost") - kpi("penalties")
    yield from differs("cost", kpi("cost"), people + kpi("contact_cost") + kpi("change_cost"))
    yield from differs("margin", kpi("margin"), kpi("revenue") - kpi("cost"))
    yield from differs("penalties of the last week", history.kpis["week"]["penalties"][-1], kpi("penalties"))
    whole = history.kpis["all"]
    for dimension, sums in history.kpis.items():
        if not sums.groups:  # as where there is no pilot
            continue
        for name in sums.values.keys() & whole.values.keys():
            apart = {"week": name in OF_NO_WEEK, "pool": name not in OF_POOLS, "product": name in OF_SEVERAL}
            if dimension != "pilot" and not apart.get(dimension, False):
                yield from differs(f"{name} by {dimension}", float(sums[name].sum()), float(whole[name].sum()))
    tried, personas = history.kpis["pilot"], history.kpis["persona"]
    could = [in_question(history, persona) for persona in personas.groups]
    for name in tried.values if tried.groups else ():
        yield from differs(f"{name} by pilot", float(tried[name].sum()), float(personas[name][could].sum()))
    for dimension, group_of in (("persona", itemgetter("persona")), ("pilot", partial(arm, history))):
        for group in history.kpis[dimension].groups:
            rows = [row for row in history.customers if group_of(row) == group]
            for name, column in (("contact_cost", "cost"), ("revenue", "revenue")):
                yield from differs(f"{name} of {group}", kpi(name, dimension, group), sum(row[column] for row in rows))


def in_question(history: History, persona: str) -> bool:
    """Whether customers of a persona could be in the pilot."""
    change = pilot_of(history.model)
    who = None if change is None else history.model.changes[change].who
    return who is None or who.persona is None or persona in who.persona


def arm(history: History, row: Raw) -> str | None:
    """Group to which a customer belongs by the pilot; none for whoever could not be in it."""
    others = "others" if in_question(history, row["persona"]) else None
    return "pilot" if row["pilot"] else others


def differs(what: str, one: float, other: float) -> Iterator[str]:
    """Say that two amounts differ by more than rounding."""
    if not isclose(one, other, rel_tol=1e-9, abs_tol=1e-6):
        yield f"{what}: {one}, expected {other}"


# ---- all of them -----------------------------------------------------------------------------------------------------

LAWS: tuple[Callable[[History], Iterator[str]], ...] = (
    everybody_who_entered_is_somewhere,
    people_come_in_order,
    every_issue_is_open_or_has_one_end,
    every_visit_has_one_end,
    visits_follow_one_another,
    journeys_are_for_those_they_are_meant_for,
    journeys_say_what_their_visits_do,
    contacts_after_failures_are_failure_demand,
    nobody_serves_more_at_once_than_they_can,
    work_is_paid_or_overtime,
    nobody_waits_beside_the_idle,
    the_best_claim_is_served_first,
    what_happened_is_recorded,
    clocks_strike_while_a_visit_is_open,
    events_happen_to_those_they_are_meant_for,
    contacts_cost_what_touchpoints_charge,
    customers_bring_what_they_pay_and_what_happens,
    products_are_held_by_customers,
    stages_are_the_last_that_were_set,
    strain_follows_occupancy,
    people_quit_by_their_own_luck,
    staff_cost_rosters_and_overtime,
    partners_are_paid_by_the_contact,
    money_adds_up,
)


def broken(history: History) -> dict[str, list[str]]:
    """What breaks which law, where one is broken at all."""
    found = {law.__name__: list(law(history)) for law in LAWS}
    return {name: faults for name, faults in found.items() if faults}
