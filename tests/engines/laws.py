"""What must hold in every history, whatever was simulated: each law looks at the tables anew, and knows no engine.

A law yields what breaks it, in words. It reads the scenario as each phase has it (`sim.changes`), the rows, and the
KPIs made of them; what it compares them with it works out by itself, a row at a time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from math import inf, isclose
from typing import Any

from sim import Model, Result, Tables
from sim.changes import Phase, phases
from sim.kpis import KPIS
from sim.model import LEFT, NOT_SERVED, Journey, Pool, Step
from sim.summaries import Summary, summarise
from sim.timetable import Duty, duty

Raw = dict[str, Any]
AN_INSTANT = 1e-6  # minutes; a moment worked out from two others may miss it by the last bits
OF_NO_WEEK = {"present", "lost_of_present", "at_start", "stayed", "satisfaction_end", "holders"}  # weeks start anew
OF_POOLS = {"busy", "busy_cost", "overtime", "overtime_cost", "duty", "paid"}  # not every visit has a pool


@dataclass(frozen=True)
class History:
    """A model whose uncertain values are settled, and what was recorded of it."""

    model: Model
    tables: Tables

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

    @cached_property
    def holdings(self) -> list[Raw]:
        return self.tables.holdings.to_dicts()

    @cached_property
    def visits_of(self) -> dict[tuple[int, int], list[Raw]]:
        """Visits of each journey."""
        found: dict[tuple[int, int], list[Raw]] = defaultdict(list)
        for visit in self.visits:
            found[visit["customer"], visit["journey"]].append(visit)
        return found

    @cached_property
    def name_of(self) -> dict[tuple[int, int], str]:
        """Name of each journey, which begins its origin."""
        return {(row["customer"], row["journey"]): row["origin"].split(" ")[0] for row in self.journeys}

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        return phases(self.model)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Minutes in which is measured."""
        return self.model.clock.warmup, self.model.clock.horizon

    @cached_property
    def kpis(self) -> Summary:
        """Sums of the window, of which KPIs are made."""
        return summarise(Result(self.model, 0, 0, self.tables))

    def at(self, time: float) -> Model:
        """The scenario as it is at a moment; a change comes before all else of its moment."""
        return self.phases[bisect_right([phase.start for phase in self.phases], time) - 1].model

    def journey(self, row: Raw, time: float) -> Journey:
        """Journey of a row, as it is planned at a moment."""
        return self.at(time).journeys[self.name_of[row["customer"], row["journey"]]]

    def step(self, visit: Raw) -> Step:
        """Step of a visit, as it is planned when somebody joins it."""
        return self.journey(visit, visit["joined"]).steps[visit["step"]]

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


# ---- customers, issues, visits ---------------------------------------------------------------------------------------


def everybody_who_entered_is_somewhere(history: History) -> Iterator[str]:
    """Customers are here, have churned or have lapsed, and none is lost between two ways of counting."""
    home, horizon = history.model.population.stage, history.model.clock.horizon
    for row in history.customers:
        joined, left = row["joined"], row["left"]
        if (left is None) != (row["why"] is None):
            yield f"{place(row)}: left {left}, why {row['why']}"
        if joined is None and left is not None:
            yield f"{place(row)}: left without having joined"
        elif left is not None and not 0 <= joined <= left <= horizon:
            yield f"{place(row)}: joined {joined}, left {left}"
        if joined is None and row["stage"] == home:
            yield f"{place(row)}: of the stage {home}, but never joined"
    here = sum(row["joined"] is not None and row["left"] is None and row["stage"] == home for row in history.customers)
    sums = history.kpis["all"]
    counted = sums["present"] + sums["joined"] - sums["lost"]
    if here != counted[0]:
        yield f"{here} are here at the end; {counted[0]:g} were, joined, and were not lost"


def people_come_in_order(history: History) -> Iterator[str]:
    """All of the first are there from the start, and whoever comes later is numbered without gaps, in time."""
    for number, row in enumerate(history.customers):
        if row["customer"] != number:
            yield f"customer {row['customer']} stands in row {number}"
    came: dict[str, list[Raw]] = defaultdict(list)
    for row in history.customers:
        came[row["origin"].rsplit(" ", 1)[0]].append(row)
    if len(came["start"]) != history.model.population.customers:
        yield f"{len(came['start'])} customers from the start, not {history.model.population.customers}"
    asleep = set().union(*(phase.dormant for phase in history.phases))
    for how, rows in came.items():
        numbers = [int(row["origin"].rsplit(" ", 1)[1]) for row in rows]
        if how in asleep:  # who would have come is counted, and stays away
            numbers = sorted(set(numbers)) if numbers == sorted(set(numbers)) else numbers
        elif numbers != list(range(len(rows))):
            yield f"those who come by {how} are numbered {numbers}"
        joined = [row["joined"] for row in rows if row["joined"] is not None]
        if how in ("start", "join") and joined != sorted(joined):
            yield f"those who come by {how} do not come in their order"


def every_issue_is_open_or_has_one_end(history: History) -> Iterator[str]:
    """An issue is open, or ended as its journey can end, or because its customer left."""
    left = {row["customer"]: row["left"] for row in history.customers}
    for row in history.journeys:
        end, opened, closed = row["end"], row["opened"], row["closed"]
        if (end is None) != (closed is None):
            yield f"{place(row)}: closed {closed}, end {end}"
        elif closed is None:
            visits = history.visits_of[row["customer"], row["journey"]]
            gone = left[row["customer"]] is not None
            if gone and (not visits or visits[-1]["ended"] is not None or visits[-1]["started"] is None):
                yield f"{place(row)}: open, but its customer has left and nobody serves them"
        elif not 0 <= opened <= closed <= history.model.clock.horizon:
            yield f"{place(row)}: opened {opened}, closed {closed}"
        elif end == LEFT:
            if left[row["customer"]] is None or closed < left[row["customer"]] or row["good"] is not None:
                yield f"{place(row)}: ended by leaving at {closed}, customer left {left[row['customer']]}"
        elif end not in (ends := history.journey(row, closed).all_ends):
            yield f"{place(row)}: ended as {end}, which is none of {', '.join(ends)}"
        elif row["good"] != ends[end].good:
            yield f"{place(row)}: {end} is good: {ends[end].good}, recorded {row['good']}"


def every_visit_has_one_end(history: History) -> Iterator[str]:
    """A visit ended in a way that its step knows, or is the last of a journey that is open."""
    closed = {(row["customer"], row["journey"]): row["closed"] for row in history.journeys}
    for visits in history.visits_of.values():
        for visit in visits:
            times = [visit[name] for name in ("joined", "started", "ended") if visit[name] is not None]
            if times != sorted(times) or not 0 <= times[0] <= times[-1] <= history.model.clock.horizon:
                yield f"{place(visit)}: joined, started and ended at {times}"
            if (visit["outcome"] is None) != (visit["ended"] is None):
                yield f"{place(visit)}: ended {visit['ended']}, outcome {visit['outcome']}"
            elif visit["outcome"] is not None:
                yield from ended_as_it_can(history, visit)
            elif visit is not visits[-1] or closed[visit["customer"], visit["journey"]] is not None:
                yield f"{place(visit)}: not over, but its journey went on"


def ended_as_it_can(history: History, visit: Raw) -> Iterator[str]:
    """A visit that was served ended as its step says; one that was not, cost nobody's time."""
    outcome = visit["outcome"]
    if visit["started"] is not None:
        if outcome not in history.step(visit).outcomes:
            yield f"{place(visit)}: was served and ended as {outcome}"
    elif outcome not in (*NOT_SERVED, LEFT):
        yield f"{place(visit)}: was not served, but ended as {outcome}"
    elif visit["pool"] is not None or visit["cost"] or visit["overtime"]:
        yield f"{place(visit)}: was not served, but pool {visit['pool']} worked"


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


def journeys_say_what_their_visits_do(history: History) -> Iterator[str]:
    """Contacts, channels, hand-offs, repeats and waits of a journey are those of its visits."""
    for row in history.journeys:
        visits = history.visits_of.get((row["customer"], row["journey"]), [])
        ended = [visit for visit in visits if visit["ended"] is not None]
        served = [visit for visit in ended if visit["started"] is not None]
        felt = [visit for visit in ended if visit["outcome"] != LEFT]
        departments = [visit["department"] for visit in felt if visit["department"] is not None]
        places = [visit["touchpoint"] for visit in felt]
        expected = {
            "contacts": len(served),
            "channels": len({visit["channel"] for visit in visits}),
            "handoffs": sum(one != other for one, other in pairwise(departments)),
            "repeats": len(places) - len(set(places)),
        }
        for name, value in expected.items():
            if row[name] != value:
                yield f"{place(row)}: {name} {row[name]}, but its visits say {value}"
        waits = sum((v["ended"] if v["started"] is None else v["started"]) - v["joined"] for v in ended)
        if not isclose(row["wait"], waits, abs_tol=AN_INSTANT):
            yield f"{place(row)}: waited {row['wait']}, but its visits say {waits}"


# ---- work ------------------------------------------------------------------------------------------------------------


def nobody_serves_two_at_once(history: History) -> Iterator[str]:
    """What a member of a pool works on never overlaps."""
    work: dict[tuple[str, int], list[Raw]] = defaultdict(list)
    for visit in history.visits:
        if (visit["pool"] is None) != (visit["member"] is None) or (visit["pool"] and visit["started"] is None):
            yield f"{place(visit)}: pool {visit['pool']}, member {visit['member']}, started {visit['started']}"
        elif visit["pool"] is not None:
            work[visit["pool"], visit["member"]].append(visit)
    for (pool, member), visits in work.items():
        visits.sort(key=lambda visit: (visit["started"], history.over(visit)))
        for one, other in pairwise(visits):
            if other["started"] < history.over(one):
                yield f"{place(other)}: {pool} {member} serves them while serving {place(one)}"


def work_is_paid_or_overtime(history: History) -> Iterator[str]:
    """At no moment do more people of a pool work than are on duty or stay on; nor do they over the whole window."""
    for pool in history.kpis["pool"].groups:
        for moment, busy, late, _ in moments(history, pool):
            on_duty = on_roster(history, pool).now(moment)
            if busy - late > on_duty:
                yield f"{pool} at {moment}: {busy} work, {late} of them past their shift, but {on_duty} are on duty"
    sums = history.kpis["pool"]
    for n, pool in enumerate(sums.groups):
        if sums["busy"][n] > sums["duty"][n] + sums["overtime"][n] + AN_INSTANT:
            yield f"{pool}: busy {sums['busy'][n]}, paid {sums['duty'][n]}, overtime {sums['overtime'][n]}"


def nobody_waits_beside_the_idle(history: History) -> Iterator[str]:
    """While somebody waits whom a pool sees, all of it who are on duty work."""
    for pool in history.kpis["pool"].groups:
        for moment, busy, late, waiting in moments(history, pool):
            on_duty = on_roster(history, pool).now(moment)
            if waiting and busy - late < on_duty:
                yield f"{pool} at {moment}: {waiting} wait, but {on_duty - busy + late} of {on_duty} are idle"


def on_roster(history: History, pool: str) -> Duty:
    """People of a pool who should be there."""
    shifts = [(p.start, p.end, tuple(p.model.staff[pool].shifts.values())) for p in history.phases]
    return duty(shifts, history.model.clock.offset)


def moments(history: History, pool: str) -> Iterator[tuple[float, int, int, int]]:
    """Moments between those at which something happens: how many work, how many of them past their shift, and wait."""
    steps: dict[float, list[int]] = defaultdict(lambda: [0, 0, 0])

    def spend(what: int, since: float, until: float) -> None:
        if until > since:
            steps[since][what] += 1
            steps[until][what] -= 1

    for visit in history.visits:
        if visit["pool"] == pool:
            over = history.over(visit)
            spend(0, visit["started"], over)
            spend(1, over - visit["overtime"], over)
    for claim in claims(history, pool):
        spend(2, claim.since, claim.until)
    for time in on_roster(history, pool).at:
        steps[time] = steps[time]  # so that nothing happens between two of them
    now = [0, 0, 0]
    for time, until in pairwise(sorted(steps)):
        now = [so_far + more for so_far, more in zip(now, steps[time], strict=True)]
        if until - time > AN_INSTANT:
            yield (time + until) / 2, *now


@dataclass(frozen=True)
class Claim:
    """Somebody whom a pool sees waiting, between two times, and how good their claim to be served next is."""

    visit: Raw
    since: float
    until: float
    order: tuple[int, int, float]


def claims(history: History, pool: str) -> list[Claim]:
    """Everybody a pool has seen waiting: who joined where it is listed, and has the skill, for so long as they wait."""
    found = []
    for visit in history.visits:
        joined = visit["joined"]
        then = history.at(joined)
        delay = then.touchpoints[visit["touchpoint"]].staff.get(pool)
        if delay is None or visit["outcome"] in ("closed", "blocked") or not able(then.staff[pool], visit["goal"]):
            continue
        until = history.over(visit) if visit["started"] is None else visit["started"]
        found.append(Claim(visit, joined + delay, until, (priority(history, visit), listed(then, visit, pool), joined)))
    return found


def able(pool: Pool, goal: str) -> bool:
    return pool.skills is None or goal in pool.skills


def priority(history: History, visit: Raw) -> int:
    """Priority of a visit, decided when it was joined: its step's, its journey's or its persona's."""
    journey = history.journey(visit, visit["joined"])
    stated = [journey.steps[visit["step"]].priority, journey.priority]
    persona = history.at(visit["joined"]).personas[visit["persona"]]
    return next((number for number in stated if number is not None), persona.priority)


def listed(model: Model, visit: Raw, pool: str) -> int:
    """At which place a visit's touchpoint lists a pool."""
    return list(model.touchpoints[visit["touchpoint"]].staff).index(pool)


def the_best_claim_is_served_first(history: History) -> Iterator[str]:
    """Nobody begins to be served in a pool while somebody with a better claim waits there."""
    for pool in history.kpis["pool"].groups:
        seen = claims(history, pool)
        for served in seen:
            if served.visit["pool"] != pool:
                continue
            now = served.visit["started"]
            for other in seen:
                if other.since < now < other.until and other.order < served.order:
                    yield (
                        f"{pool} serves {place(served.visit)} at {now}, with the claim {served.order}, "
                        f"while {place(other.visit)} waits with {other.order}"
                    )


# ---- money -----------------------------------------------------------------------------------------------------------


def contacts_cost_what_touchpoints_charge(history: History) -> Iterator[str]:
    """A served visit costs what its touchpoint charges, a customer what their visits cost, and all that is a KPI."""
    start, end = history.window
    by_customer: dict[int, float] = defaultdict(float)
    for visit in history.visits:
        served = visit["started"] is not None and visit["ended"] is not None
        charged = history.at(visit["joined"]).touchpoints[visit["touchpoint"]].cost if served else 0.0
        if visit["cost"] != charged:
            yield f"{place(visit)}: costs {visit['cost']}, but {visit['touchpoint']} charges {charged}"
        if served and start <= visit["ended"] < end:
            by_customer[visit["customer"]] += visit["cost"]
    for row in history.customers:
        if not isclose(row["cost"], by_customer[row["customer"]], abs_tol=1e-9):
            yield f"{place(row)}: cost {row['cost']}, but their visits {by_customer[row['customer']]}"
    yield from differs("contact_cost", history.kpi("contact_cost"), sum(by_customer.values()))


def customers_bring_what_they_pay_and_what_happens(history: History) -> Iterator[str]:
    """Revenue is the rates of persona and products, for as long as somebody pays them, and the effects recorded.

    Who is moved to two stages by two journeys at one moment is passed over: rows do not tell which came last.
    """
    start, end = history.window
    effects: dict[int, list[tuple[float, int, float, Raw]]] = defaultdict(list)
    for visit in history.visits:
        if visit["ended"] is not None:
            effects[visit["customer"]].append((visit["ended"], visit["journey"], visit["visit"], visit))
    for row in history.journeys:
        if row["closed"] is not None:
            effects[row["customer"]].append((row["closed"], row["journey"], inf, row))
    for row in history.customers:
        happened = sorted(effects[row["customer"]], key=lambda effect: effect[:3])
        moved = [(time, journey, effect["stage"]) for time, journey, _, effect in happened if effect["stage"]]
        if any(one[0] == other[0] and one[1] != other[1] and one[2] != other[2] for one, other in pairwise(moved)):
            continue
        earned = sum(effect["revenue"] for time, _, _, effect in happened if start <= time < end)
        until = end if row["left"] is None else row["left"]
        for since, upto in as_customer(row, [(time, stage) for time, _, stage in moved], history, until):
            earned += sum(
                phase.model.personas[row["persona"]].value.revenue
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
    """The stage of a customer is the last to which a visit or a journey moved them, or the one they came with."""
    moved: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for visit in history.visits:
        if visit["stage"] is not None:
            moved[visit["customer"]].append((visit["ended"], visit["stage"]))
    for row in history.journeys:
        if row["stage"] is not None:
            moved[row["customer"]].append((row["closed"], row["stage"]))
    home = history.model.population.stage
    coming = {name: {p.model.journeys[name].when.stage for p in history.phases} for name in history.model.journeys}
    for phase in history.phases:
        coming |= {name: {journey.when.stage} for name, journey in phase.model.journeys.items()}
    for row in history.customers:
        how = row["origin"].rsplit(" ", 1)[0]
        last = max((time for time, _ in moved[row["customer"]]), default=None)
        possible = {stage for time, stage in moved[row["customer"]] if time == last} or coming.get(how, {home})
        if row["stage"] not in possible:
            yield f"{place(row)}: of the stage {row['stage']}, but was last moved to {', '.join(possible)}"


def staff_cost_rosters_and_overtime(history: History) -> Iterator[str]:
    """Staff cost the wage of every hour of their shifts in the window, and the overtime that visits record."""
    start, end = history.window
    for pool in history.kpis["pool"].groups:
        paid = 0.0
        for phase in history.phases:
            since, until = max(start, phase.start), min(end, phase.end)
            paid += rostered(phase.model, pool, since, until) * phase.model.staff[pool].wage
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


def rostered(model: Model, pool: str, since: float, until: float) -> float:
    """Person-minutes of the shifts of a pool between two times, gone through day by day in the calendar."""
    minutes, start = 0.0, model.clock.start
    midnight = start.replace(hour=0, minute=0, second=0)
    while model.clock.minutes(midnight) < until:
        for shift in model.staff[pool].shifts.values():
            if midnight.weekday() in shift.days:
                begins, ends = (
                    model.clock.minutes(midnight + timedelta(minutes=at)) for at in (shift.begins, shift.ends)
                )
                minutes += shift.headcount * max(min(ends, until) - max(begins, since), 0.0)
        midnight += timedelta(days=1)
    return minutes


def money_adds_up(history: History) -> Iterator[str]:
    """Cost and margin are sums of their parts, and groups add up to the whole in every dimension that covers it."""
    kpi = history.kpi
    yield from differs("cost", kpi("cost"), kpi("staff_cost") + kpi("contact_cost") + kpi("change_cost"))
    yield from differs("margin", kpi("margin"), kpi("revenue") - kpi("cost"))
    whole = history.kpis["all"]
    for dimension, sums in history.kpis.items():
        for name in sums.values.keys() & whole.values.keys():
            if not (dimension == "week" and name in OF_NO_WEEK) and not (dimension == "pool" and name not in OF_POOLS):
                yield from differs(f"{name} by {dimension}", float(sums[name].sum()), float(whole[name].sum()))


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
    journeys_say_what_their_visits_do,
    nobody_serves_two_at_once,
    work_is_paid_or_overtime,
    nobody_waits_beside_the_idle,
    the_best_claim_is_served_first,
    contacts_cost_what_touchpoints_charge,
    customers_bring_what_they_pay_and_what_happens,
    stages_are_the_last_that_were_set,
    staff_cost_rosters_and_overtime,
    money_adds_up,
)


def broken(history: History) -> dict[str, list[str]]:
    """What breaks which law, where one is broken at all."""
    found = {law.__name__: list(law(history)) for law in LAWS}
    return {name: faults for name, faults in found.items() if faults}
