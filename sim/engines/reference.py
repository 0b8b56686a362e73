"""The reference engine: what happens, in SimPy, written to be read aloud.

A customer's issue is a process. She joins a touchpoint; if somebody is idle she is served, else she waits; if her
patience ends first she abandons; the outcome decides where she goes next, until her journey ends. Every decision is a
function in `rules`, every random number has an address in `draws`, and what happens at one and the same moment happens
in the order of `calendar.Rank`.
"""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import inf, log, nan
from typing import TYPE_CHECKING, Any

import polars as pl
import simpy

from sim import draws, rules
from sim.changes import arms, phases, pilot_of
from sim.engines.calendar import Calendar, Rank
from sim.engines.expected import NO_RATE, Expected, going_round
from sim.engines.outages import outages
from sim.engines.pools import Pool
from sim.model import (
    ABANDONED,
    ACCEPTED,
    AGAIN,
    BLOCKED,
    CANCELLED,
    CLOSED,
    DECLINED,
    DOWN,
    GIVE_UP,
    LEFT,
    MISSED,
    RESOLVED,
    Effects,
    Who,
    clock_called,
)
from sim.rosters import address
from sim.rules import AN_HOUR, MOST_VISITS, THREE_DAYS
from sim.strain import Roster
from sim.summaries import summarise
from sim.tables import (
    CUSTOMERS,
    DEPARTURES,
    EFFECTS,
    HOLDINGS,
    JOURNEYS,
    STRAIN,
    VISITS,
    Result,
    Tables,
    frame,
)
from sim.units import MINUTES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from sim.behaviour import Behaviour
    from sim.changes import Phase
    from sim.model import (
        By,
        Callback,
        Churn,
        Contract,
        Journey,
        Model,
        Referral,
        Start,
        Step,
        Target,
        Term,
        Touchpoint,
    )
    from sim.summaries import Summary
    from sim.timetable import Cumulative

    Process = Generator[simpy.Event, Any, None]

EVERYBODY = Who()
NO_EFFECTS = Effects()


class Customer:
    """A person with a persona, a memory and a stage, living through issues until they leave."""

    __slots__ = (
        "accrued", "awaited", "contacts", "cost", "drift", "entered", "gone", "issues", "joined", "journeys", "key",
        "left", "left_before", "liking", "noted", "notice", "notices", "opened", "origin", "persona", "pilot",
        "products", "relaxed", "revenue", "reviewed", "reviews", "row", "satisfaction", "satisfaction_start", "score",
        "set", "stage", "terms", "times_left", "traits", "why",
    )  # fmt: skip

    def __init__(self, row: int, origin: str, key: int, persona: str) -> None:
        self.row, self.origin, self.key, self.persona = row, origin, key, persona
        self.stage = ""
        self.joined: float | None = None
        self.left: float | None = None
        self.why: str | None = None
        self.times_left = 0
        self.left_before: list[float] = []  # and came back
        self.entered: dict[str, int] = {}  # each stage, how often
        self.products: dict[str, float] = {}  # which she holds, and since when as what she is
        self.traits: dict[str, str] = {}
        self.set: Counter[str] = Counter()  # how often each trait was
        self.noted: dict[str, tuple[int, str]] = {}  # to the company, of each trait: of which setting, and the value
        self.satisfaction = 0.0
        self.satisfaction_start: float | None = None
        self.drift = 0.0  # how far experiences have moved the resting level
        self.liking: defaultdict[str, float] = defaultdict(float)  # of each channel in which journeys begin
        self.relaxed = 0.0  # when satisfaction was last brought up to date
        self.revenue = self.cost = 0.0
        self.accrued = 0.0  # when revenue was last brought up to date
        self.reviewed = 0.0  # when she last thought about leaving
        self.reviews = 0  # how often
        self.terms = 0  # of contracts, that have begun
        self.notice = False  # whether she has given it
        self.notices = 0  # how often
        self.journeys = 0
        self.issues: dict[int, Issue] = {}
        self.awaited: list[Awaited] = []
        self.contacts = 0
        self.score = self.opened = nan  # the last answer to a survey, and when a journey opened last
        self.gone = False  # for good
        self.pilot = False


class Awaited:
    """A journey that is to open for a customer at a time, unless it is put off or cancelled."""

    __slots__ = ("due", "name")

    def __init__(self, name: str, due: float) -> None:
        self.name, self.due = name, due


class Issue:
    """A customer's open goal: the life of one journey."""

    __slots__ = (
        "asked", "attempts", "begun_in", "by_failure", "channels", "closed", "contacts", "customer", "department",
        "difficulty", "due", "effects", "end", "experience", "failed", "failure_contacts", "felt", "good", "handoffs",
        "key", "lowest", "mood", "moods", "name", "noticed", "number", "opened", "origin", "reopened", "repeats",
        "satisfaction_before", "score", "scored", "times_left", "visit", "visits", "wait",
    )  # fmt: skip

    def __init__(
        self, customer: Customer, name: str, key: int, origin: str, opened: float, *, by_failure: bool
    ) -> None:
        customer.journeys += 1
        self.customer, self.name, self.number, self.key = customer, name, customer.journeys, key
        self.origin, self.opened = origin, opened
        self.by_failure = by_failure  # whether a failure opened it
        self.failed = False  # whether the last visit did
        self.times_left = customer.times_left
        self.closed: float | None = None
        self.end: str | None = None
        self.good: bool | None = None
        self.satisfaction_before = self.mood = customer.satisfaction
        self.lowest, self.moods, self.felt = inf, 0.0, 0  # of the moods so far: the lowest, their sum and their number
        self.due = opened  # when the next step comes, if it is still to come
        self.reopened = False  # since the last visit
        self.difficulty = 0.0
        self.visits = self.contacts = self.failure_contacts = self.handoffs = self.repeats = 0
        self.wait = 0.0
        self.effects: Effects = NO_EFFECTS  # of its end
        self.begun_in = ""  # which channel
        self.channels: set[str] = set()
        self.attempts: dict[str, int] = {}  # at each touchpoint
        self.department: str | None = None  # that served her last
        self.visit: Visit | None = None
        self.experience: float | None = None
        self.noticed = False  # by the company, which knows nothing of those who found it closed or its lines busy
        self.asked = 0  # how often
        self.score: int | None = None
        self.scored: float | None = None  # when

    @property
    def in_failure(self) -> bool:
        """Whether what follows does so on a failure."""
        return self.by_failure or self.failed

    @property
    def left_behind(self) -> bool:
        """Whether the customer has left since it was opened, even if they are back."""
        return self.times_left != self.customer.times_left

    def feel(self, mood: float) -> None:
        """Be in a mood from now on."""
        self.mood = mood
        self.lowest = min(self.lowest, mood)
        self.moods += mood
        self.felt += 1


class Visit:
    """One attempt at one touchpoint."""

    __slots__ = (
        "attention", "beside", "callback", "effects", "ended", "issue", "joined", "key", "member", "mood_before", "nth",
        "number", "on_line", "outcome", "over", "overtime", "overtime_before", "place", "pool", "priority",
        "share_before", "standing", "started", "step", "step_name", "touchpoint", "waiting",
    )  # fmt: skip

    def __init__(
        self, issue: Issue, step_name: str, step: Step, touchpoint: Touchpoint, joined: float, over: simpy.Event
    ) -> None:
        self.issue, self.step_name, self.step, self.touchpoint = issue, step_name, step, touchpoint
        self.place, self.joined = step.touchpoint, joined
        self.over = over  # happens when the waiting or the service ends
        issue.visits += 1
        self.number = issue.visits
        self.nth = issue.attempts[self.place] = issue.attempts.get(self.place, 0) + 1
        self.key = draws.visit(issue.key, draws.name(self.place), self.nth)
        self.mood_before = issue.mood
        self.priority = 0
        self.on_line = self.waiting = False
        self.callback: str | None = None  # what became of the offer to be called back
        self.standing: list[tuple[Pool, int]] = []  # in which queues, and at which place its touchpoint lists them
        self.pool: Pool | None = None
        self.member: int | None = None
        self.started: float | None = None
        self.ended: float | None = None
        self.outcome: str | None = None
        self.effects: Effects = NO_EFFECTS  # of its outcome
        self.overtime = 0.0
        self.attention = 1.0  # the share of the member's time that it had
        self.beside = 0  # other contacts that the member held when it began
        self.share_before = self.overtime_before = 0.0  # what each of those had had (see `Busy`)

    def waited(self, now: float) -> float:
        """Return how long she has waited until now, or until served or promised a call; for work nobody waits."""
        if not self.touchpoint.attended:
            return 0.0
        callback = self.touchpoint.callback
        if callback is not None and self.callback == ACCEPTED:
            return callback.after
        return (now if self.started is None else self.started) - self.joined


class History:
    """One replication of a model, as it unfolds."""

    def __init__(self, model: Model, seed: int, replication: int) -> None:
        self.world = draws.world(seed, replication)
        self.calendar = Calendar()
        self.clock = model.clock
        self.phases = phases(model)
        change = pilot_of(model)
        self.pilot = None if change is None else (change, model.changes[change].who or EVERYBODY)
        self.begin(self.phases[0])
        self.home_stage = model.population.stage
        self.nobody_is_forgotten = any(phase.model.remembers_those_who_left for phase in arms(self.phases))
        self.pools = {
            name: self.staffed(Roster(model, name, self.world), row) for row, name in enumerate(self.model.staff)
        }
        self.outages = {name: outages(self.phases, self.clock, self.world, name) for name in self.model.systems}
        self.in_channel: defaultdict[str, int] = defaultdict(int)
        self.in_system: defaultdict[str, int] = defaultdict(int)  # services that go on
        self.deterred: defaultdict[str, int] = defaultdict(int)  # of those who will arrive for a journey
        self.customers: list[Customer] = []
        self.visits: list[tuple[Any, ...]] = []
        self.journeys: list[tuple[Any, ...]] = []
        self.effects: list[tuple[Any, ...]] = []
        self.holdings: list[tuple[Any, ...]] = []
        self.products_pay = any(phase.model.products_pay for phase in arms(self.phases))
        self.expected = Expected(self.phases, self.clock.offset, self.world)
        self.first_period = {name: self.reviewed(name) for name in self.model.personas}
        self.expected_needs: dict[tuple[str, str, bool], Cumulative] = {}
        self.expected_periods: dict[tuple[str, bool], Cumulative] = {}

    def begin(self, phase: Phase) -> None:
        """Let the company be as a phase describes it."""
        self.phase, self.model = phase, phase.model
        self.lines = {name: channel.lines for name, channel in phase.model.channels.items()}
        self.serving: dict[tuple[str, str, bool], list[tuple[int, Pool, float]]] = {}

    def living(self, customer: Customer) -> Phase:
        """Return how things are for a customer: as for everybody, or as in the pilot."""
        return self.phase.arm(pilot=customer.pilot)

    def of(self, customer: Customer) -> Model:
        """Return the company as it is for a customer."""
        return self.model if not customer.pilot else self.living(customer).model

    def staffed(self, roster: Roster, row: int) -> Pool:
        """Return a pool with its roster."""
        contacts = [phase.model.staff[roster.name].at_once.contacts for phase in self.phases]
        return Pool(roster.name, row, roster, contacts)

    def reviewed(self, persona: str) -> float | None:
        """Return how often people of a persona review whether to stay, as the first phase says that does."""
        stated = [phase.model.personas[persona] for phase in arms(self.phases)]
        if stated[0].contract is not None:
            return None
        return next((person.churn.every for person in stated if person.churn is not None), None)

    def review_every(self, customer: Customer) -> float | None:
        """Return how often a customer reviews whether to stay, as things are now."""
        first, churn = self.first_period[customer.persona], self.of(customer).personas[customer.persona].churn
        return first if first is None or churn is None else churn.every

    # ---- the run ---------------------------------------------------------------------------------------------------

    def run(self) -> Tables:
        """Live through the horizon and return what was recorded."""
        for phase in self.phases[1:]:
            self.calendar.call(partial(self.change, phase), phase.start, Rank.CHANGE)
        for pool in self.pools.values():
            self.calendar.process(self.shifts(pool))
        for k in range(self.model.population.customers):
            self.settle(self.newcomer(f"start {k}", self.address("start", k), self.home_stage))
        self.calendar.call(self.open_window, self.clock.warmup, Rank.WINDOW)
        self.calendar.process(self.joins())
        for name, journey in self.model.journeys.items():
            if journey.when.arrival is not None:
                self.calendar.process(self.arrivals(name))
            for when in self.expected.dates(name):
                self.calendar.call(partial(self.open_for_all, name), when, Rank.ARRIVAL)
        for index, name in enumerate(self.model.events):
            for n, when in enumerate(self.expected.moments(name)):
                self.calendar.call(partial(self.happen, name, n), when, Rank.ARRIVAL, 0, 0, 1 + index)
        self.calendar.run(until=self.clock.horizon)
        return self.close_window()

    def change(self, phase: Phase) -> None:
        """Let a change take effect; what was felt and earned until now was so under what was before."""
        for customer in self.present():
            self.relax(customer)
            self.accrue(customer)
        self.begin(phase)
        for name, pool in self.pools.items():
            contacts = self.model.staff[name].at_once.contacts
            if contacts != pool.contacts:
                pool.hold(contacts)
                self.match(pool)

    def present(self) -> Iterator[Customer]:
        """Everybody to whom something may still happen."""
        return (customer for customer in self.customers if not customer.gone)

    def open_window(self) -> None:
        """Begin to measure: from now on money counts."""
        for customer in self.customers:
            customer.revenue = customer.cost = 0.0
        for customer in self.present():
            if customer.left is None:
                self.relax(customer)
                customer.satisfaction_start = customer.satisfaction
                customer.accrued = self.calendar.now

    def close_window(self) -> Tables:
        """Record what is still open, and return the tables."""
        for customer in self.present():
            self.relax(customer)
            self.accrue(customer)
            self.record_holdings(customer, customer.products, None)
        for customer in self.customers:
            for issue in list(customer.issues.values()):
                if issue.visit is not None:
                    self.interrupt(issue.visit)
                self.record_journey(issue)
        rows = [
            (c.row, c.origin, c.persona, c.stage, c.joined, c.left, c.left_before or None, c.why, c.satisfaction_start,
             c.satisfaction, c.revenue, c.cost, c.pilot)
            for c in self.customers
        ]  # fmt: skip
        rosters = [pool.roster for pool in self.pools.values()]
        looks = [look for roster in rosters for look in roster.looks]
        departures = [departure for roster in rosters for departure in roster.departures]
        return Tables(
            frame(self.visits, VISITS), frame(self.journeys, JOURNEYS), frame(rows, CUSTOMERS),
            frame(self.effects, EFFECTS), frame(self.holdings, HOLDINGS),
            frame(looks, STRAIN), frame(departures, DEPARTURES),
        ).sorted()  # fmt: skip

    def interrupt(self, visit: Visit) -> None:
        """Record a visit that is not over when the simulation is."""
        if visit.pool is not None:
            visit.pool.tell_apart(visit, self.calendar.now)
        self.record_visit(visit)

    # ---- chance ----------------------------------------------------------------------------------------------------

    draw = staticmethod(draws.draw)

    def address(self, kind: str, k: int) -> int:
        """Return the address of the k-th person to come in a way."""
        return draws.fold(draws.fold(self.world, draws.name(kind)), k)

    # ---- staff -----------------------------------------------------------------------------------------------------

    def shifts(self, pool: Pool) -> Process:
        """Let people come on and go off duty as their shifts and breaks say, and now and then look how they are."""
        people = n = 0
        while n < len(pool.duty.at):
            time, headcount, resting = pool.duty.at[n], pool.duty.headcount[n], pool.duty.resting[n]
            if time >= pool.roster.next_look:
                yield self.calendar.at(pool.roster.next_look, Rank.LOOK, pool.row)
                pool.look(self.calendar.now)
                continue
            yield self.calendar.at(time, Rank.SHIFT_END if headcount < people else Rank.SHIFT_START, pool.row)
            if headcount < people:
                pool.fall(people - headcount, self.calendar.now, resting)
            else:
                pool.rise(headcount - people, self.calendar.now, resting)
                self.match(pool)
            people, n = headcount, n + 1

    def match(self, pool: Pool) -> None:
        """Let those who are free take those who wait."""
        while pool.free:
            visit = pool.next_waiting()
            if visit is None:
                return
            self.serve(visit, pool)

    # ---- customers come --------------------------------------------------------------------------------------------

    def newcomer(self, origin: str, key: int, stage: str, who: Who | None = None) -> Customer:
        """Return the person of an origin: the k-th at the start, the k-th to join, the k-th to arrive for something."""
        personas = self.model.personas
        wanted = who.persona if who is not None and who.persona is not None else tuple(personas)
        weights = [persona.share if name in wanted else 0.0 for name, persona in personas.items()]
        if not any(weights):  # kinds of people who visit, but of whom nobody is a customer
            weights = [float(name in wanted) for name in personas]
        name = list(personas)[rules.choose(weights, self.draw(key, "persona"))]
        customer = Customer(len(self.customers), origin, key, name)
        if self.pilot is not None:
            customer.pilot = self.meets(customer, *self.pilot)
        persona = self.of(customer).personas[name]
        customer.stage, customer.relaxed = stage, self.calendar.now
        for trait, values in persona.traits.items():
            chosen = rules.choose(list(values.values()), self.draw(draws.fold(key, draws.name(trait)), "trait"))
            self.set_trait(customer, trait, list(values)[chosen])
        for product, share in persona.products.items():
            if self.draw(draws.fold(key, draws.name(product)), "product") < share:
                customer.products[product] = self.calendar.now
        customer.satisfaction = self.rest(customer)
        self.customers.append(customer)
        return customer

    def settle(self, customer: Customer) -> None:
        """Let somebody become a customer: from now on they bring revenue, have needs and think about leaving."""
        now = self.calendar.now
        customer.stage = self.home_stage
        customer.joined = customer.accrued = customer.reviewed = now
        if now >= self.clock.warmup:
            customer.satisfaction_start = customer.satisfaction
        every, contract = self.review_every(customer), self.of(customer).personas[customer.persona].contract
        if every is not None:
            self.review_at(now + self.draw(customer.key, "review") * every, customer)
        elif contract is not None:
            ends = now + contract.term
            if now == 0:
                ends = self.draw(customer.key, "review") * contract.term
                customer.reviewed = rules.last_before(ends - contract.notice, contract.term)
            self.begin_term(customer, contract, ends)
        for index, (name, journey) in enumerate(self.of(customer).journeys.items()):
            when = journey.when
            if when.need is not None and self.needs_of(customer, when.need).value[-1] > 0:
                self.calendar.process(self.needing(customer, name, index, self.needs_of(customer, when.need)))
            elif when.every is not None:
                self.calendar.process(self.again_and_again(customer, name, index))
            elif when.joining is not None and now > 0:
                delay = rules.quantile(
                    when.joining.law, self.draw(draws.fold(customer.key, draws.name(name)), "joining")
                )
                self.open_later(customer, name, draws.name(name), f"{name} 1", delay)

    def joins(self) -> Process:
        """Let new customers join."""
        times = self.expected.number(lambda model: model.population.joins)
        due, k = 0.0, 0
        while True:
            key = self.address("join", k)
            due -= log(1.0 - self.draw(key, "gap"))
            yield self.calendar.at(times.time(due), Rank.ARRIVAL, len(self.customers))
            customer = self.newcomer(f"join {k}", key, self.home_stage)
            self.settle(customer)
            self.entered(customer)
            k += 1

    def arrivals(self, name: str) -> Process:
        """Let people who are not customers yet arrive for a journey."""
        times = self.expected.number(lambda model: model.journeys[name].when.arrival or NO_RATE)
        due, k = 0.0, 0
        while True:
            key = self.address(f"arrival {name}", k)
            due -= log(1.0 - self.draw(key, "gap"))
            yield self.calendar.at(times.time(due), Rank.ARRIVAL, len(self.customers))
            if name not in self.phase.dormant:
                if self.deterred[name]:
                    self.deterred[name] -= 1
                else:
                    self.arrive(f"{name} {k}", key, name)
            k += 1

    def arrive(self, origin: str, key: int, name: str) -> None:
        """Let somebody who is not a customer yet arrive for a journey."""
        journey = self.model.journeys[name]
        visitor = self.newcomer(origin, key, journey.when.stage, journey.who)
        if visitor.stage == self.home_stage:
            self.settle(visitor)
        self.open(visitor, name, draws.fold(draws.name(name), 0), f"{name} 0")
        self.entered(visitor)
        self.part(visitor)

    # ---- issues open -----------------------------------------------------------------------------------------------

    def needs_of(self, customer: Customer, need: str) -> Cumulative:
        """Expected number of times a customer like this one has had a need since the start."""
        persona, pilot = customer.persona, customer.pilot
        if (persona, need, pilot) not in self.expected_needs:
            self.expected_needs[persona, need, pilot] = self.expected.number(
                lambda m: m.personas[persona].needs.get(need, NO_RATE), pilot=pilot
            )
        return self.expected_needs[persona, need, pilot]

    def periods_of(self, customer: Customer, name: str) -> Cumulative:
        """Periods of a journey gone by since the start, for a customer like this one."""
        pilot = customer.pilot
        if (name, pilot) not in self.expected_periods:
            self.expected_periods[name, pilot] = self.expected.periods(name, pilot=pilot)
        return self.expected_periods[name, pilot]

    def needing(self, customer: Customer, name: str, index: int, times: Cumulative) -> Process:
        """Let a need arise again and again while somebody is a customer."""
        often = self.neediness(customer)
        due, n = times.count(self.calendar.now), 0
        while True:
            key = draws.fold(draws.name(name), n)
            gap = -log(1.0 - self.draw(draws.fold(customer.key, key), "need"))
            due += gap / often if often > 0 else inf
            yield self.calendar.at(times.time(due), Rank.ARRIVAL, customer.row, index)
            if customer.gone:
                return
            self.offer(customer, name, key, f"{name} {n}")
            n += 1

    def neediness(self, customer: Customer) -> float:
        """How much more often than others of her persona a customer needs something."""
        law = self.of(customer).personas[customer.persona].neediness
        return 1.0 if law is None else rules.quantile(law, self.draw(customer.key, "neediness"))

    def again_and_again(self, customer: Customer, name: str, index: int) -> Process:
        """Let a journey open once every period, from a random moment in the first on."""
        periods = self.periods_of(customer, name)
        due, n = periods.count(self.calendar.now) + self.draw(draws.fold(customer.key, draws.name(name)), "phase"), 0
        while True:
            yield self.calendar.at(periods.time(due), Rank.ARRIVAL, customer.row, index)
            if customer.gone:
                return
            self.offer(customer, name, draws.fold(draws.name(name), n), f"{name} {n}")
            due += 1.0
            n += 1

    def open_for_all(self, name: str) -> None:
        """Open a journey for everybody for whom its date is now."""
        for customer in list(self.present()):
            date = self.of(customer).journeys[name].when.on
            is_now = date is not None and self.clock.minutes(date) == self.calendar.now
            if is_now and customer.joined is not None:
                self.offer(customer, name, draws.fold(draws.name(name), 0), f"{name} 0")

    def offer(self, customer: Customer, name: str, journey: int, origin: str) -> None:
        """Open a journey for a customer, or for one who has left where it is meant for those."""
        if customer.left is None or self.of(customer).journeys[name].for_left:
            self.open(customer, name, journey, origin)

    def entered(self, customer: Customer) -> None:
        """Open what opens when somebody enters the stage in which they are now."""
        n = customer.entered.get(customer.stage, 0)
        customer.entered[customer.stage] = n + 1
        for name, journey in self.of(customer).journeys.items():
            entering = journey.when.entering
            if entering is None or entering.stage != customer.stage:
                continue
            key = draws.fold(draws.name(name), n)
            own = draws.fold(customer.key, key)
            if self.draw(own, "follows") < entering.p:
                delay = 0.0 if entering.delay is None else rules.quantile(entering.delay.law, self.draw(own, "delay"))
                self.open_later(customer, name, key, f"{name} {n}", delay)

    def open_later(
        self, customer: Customer, name: str, journey: int, origin: str, delay: float, *, by_failure: bool = False
    ) -> None:
        """Open a journey after a delay, if the customer has not left meanwhile."""
        opens = partial(self.open, customer, name, journey, origin, by_failure=by_failure)
        if delay > 0:
            awaited = Awaited(name, self.calendar.now + delay)
            customer.awaited.append(awaited)
            self.expect(awaited, customer, opens)
        else:
            opens()

    def expect(self, awaited: Awaited, customer: Customer, opens: Callable[[], None]) -> None:
        """Let a journey open when it is due."""
        come_due = partial(self.come_due, awaited, customer, opens)
        self.calendar.call(come_due, awaited.due, Rank.ARRIVAL, customer.row)

    def come_due(self, awaited: Awaited, customer: Customer, opens: Callable[[], None]) -> None:
        """Open a journey that is due, unless it was cancelled, or put off meanwhile."""
        if awaited not in customer.awaited:
            return
        if awaited.due > self.calendar.now:
            self.expect(awaited, customer, opens)
            return
        customer.awaited.remove(awaited)
        opens()
        self.part(customer)

    def open(self, customer: Customer, name: str, journey: int, origin: str, *, by_failure: bool = False) -> None:
        """Open an issue, if the journey exists now and is meant for this customer."""
        living = self.living(customer)
        planned = living.model.journeys[name]
        if name in living.dormant or not self.meets(customer, name, planned.who):
            return
        if planned.when.notice is not None and not customer.notice:
            return
        self.relax(customer)
        key = draws.fold(customer.key, journey)
        issue = Issue(customer, name, key, origin, self.calendar.now, by_failure=by_failure)
        if planned.difficulty.matters:
            issue.difficulty = rules.normal_quantile(self.draw(issue.key, "difficulty"))
        customer.issues[issue.number] = issue
        customer.opened = self.calendar.now
        issue.begun_in = self.first_channel(issue, planned)
        self.calendar.process(self.live(issue, planned.start[issue.begun_in].step))

    def meets(self, customer: Customer, name: str, who: Who) -> bool:
        """Say whether a customer meets the condition on something that is, or belongs to what is, called so."""
        return not who.matters or (
            (who.persona is None or customer.persona in who.persona)
            and (who.stage is None or customer.stage in who.stage)
            and (who.product is None or not customer.products.keys().isdisjoint(who.product))
            and all(customer.traits.get(trait) in values for trait, values in who.trait.items())
            and all(self.noted(customer, trait) in values for trait, values in who.seen.items())
            and (who.share >= 1 or self.draw(draws.fold(customer.key, draws.name(name)), "pilot") < who.share)
        )

    def first_channel(self, issue: Issue, planned: Journey) -> str:
        """Choose the channel in which a journey begins, among those it offers, by the persona's and her own taste."""
        if len(planned.start) == 1:
            return next(iter(planned.start))
        persona = self.of(issue.customer).personas[issue.customer.persona]
        usual = persona.starts.get(issue.name, persona.start)
        channels = [channel for channel in usual if channel in planned.start]
        strength, liking = persona.taste.strength, issue.customer.liking
        weights = [rules.liked(usual[channel], strength, liking[channel]) for channel in channels]
        meant = self.meant(issue, weights, [planned.start[channel] for channel in channels])
        return channels[rules.choose(meant if any(meant) else weights, self.draw(issue.key, "start"))]

    def meant(self, issue: Issue, weights: list[float], chosen: Iterable[Start | Target]) -> list[float]:
        """Weights of starts or targets, 0 where they are not meant for this customer."""
        return [
            weight if self.meets(issue.customer, issue.name, each.who) else 0.0
            for weight, each in zip(weights, chosen, strict=True)
        ]

    # ---- an issue's life -------------------------------------------------------------------------------------------

    def live(self, issue: Issue, step_name: str) -> Process:
        """Live through an issue, from its first visit to its end."""
        while issue.closed is None:
            if issue.visits >= MOST_VISITS:
                raise going_round(issue.name, step_name)
            model = self.of(issue.customer)
            step = model.journeys[issue.name].steps[step_name]
            touchpoint = model.touchpoints[step.touchpoint]
            visit = Visit(issue, step_name, step, touchpoint, self.calendar.now, simpy.Event(self.calendar))
            outcome = self.attend(visit)
            if outcome is None:
                outcome = self.depart(visit, (yield visit.over))
            self.conclude(visit, outcome)
            if issue.left_behind:
                self.close(issue, LEFT)
                self.part(issue.customer)
                return
            step_name, delay = self.next_target(visit, outcome)
            if delay > 0:
                issue.due, now = self.calendar.now + delay, -inf
                while issue.due > now:  # unless it is put off, once
                    order = (issue.customer.row, issue.number, issue.visits + 1)
                    yield self.calendar.at(issue.due, Rank.ARRIVAL, *order)
                    if issue.closed is not None:
                        return
                    now = self.calendar.now
            if step_name in self.of(issue.customer).journeys[issue.name].all_ends:
                self.close(issue, step_name)
                return

    def attend(self, visit: Visit) -> str | None:
        """Come to a touchpoint; return how the visit ended if it did at once, else None."""
        issue, channel = visit.issue, visit.touchpoint.channel
        issue.visit = visit
        pools = self.pools_for(visit)
        if visit.touchpoint.attended:
            issue.channels.add(channel)
        outcome = self.turned_away(visit, pools)
        if outcome is not None:
            return outcome
        issue.noticed = True
        if visit.touchpoint.attended:
            visit.on_line = True
            self.in_channel[channel] += 1
        for name in visit.step.while_open:
            self.wind_up(visit, name, 0)
        if visit.touchpoint.staff:
            self.join(visit, pools)
        else:
            self.begin_service(visit)
        return None

    def turned_away(self, visit: Visit, pools: list[tuple[int, Pool, float]]) -> str | None:
        """Say why somebody cannot come in now, if so: nobody is on duty, the system is down, every line is taken."""
        touchpoint = visit.touchpoint
        if touchpoint.attended and touchpoint.staff and not any(pool.duty.now(visit.joined) for _, pool, _ in pools):
            return CLOSED
        if touchpoint.system is not None and self.is_down(touchpoint.system):
            return DOWN
        lines = self.lines.get(touchpoint.channel)
        if touchpoint.attended and lines is not None and self.in_channel[touchpoint.channel] >= lines:
            return BLOCKED
        return None

    def is_down(self, system: str) -> bool:
        """Say whether a system is out, or as busy as it can be."""
        capacity = self.model.systems[system].capacity
        if capacity is not None and self.in_system[system] >= capacity:
            return True
        return self.outages[system].back(self.calendar.now) is not None

    def depart(self, visit: Visit, not_served: str) -> str:
        """Go, served or not (for want of patience, or because she is no longer a customer); return how it ended."""
        self.hang_up(visit)
        if visit.pool is not None:
            visit.pool.release(visit, self.calendar.now)
            self.match(visit.pool)
        if visit.started is not None:
            if visit.touchpoint.system is not None:
                self.in_system[visit.touchpoint.system] -= 1
            return self.outcome(visit)
        visit.pool = visit.member = None  # who called in vain has served nobody
        return not_served

    def hang_up(self, visit: Visit) -> None:
        """Give back the line, if there is one."""
        if visit.on_line:
            visit.on_line = False
            self.in_channel[visit.touchpoint.channel] -= 1

    def pools_for(self, visit: Visit) -> list[tuple[int, Pool, float]]:
        """Pools that can serve a visit: where its touchpoint lists them, and after how long they see her."""
        known = visit.issue.name, visit.place, visit.issue.customer.pilot
        if known not in self.serving:
            goal = self.goal(visit.issue)
            self.serving[known] = [
                (position, self.pools[name], delay)
                for position, (name, delay) in enumerate(visit.touchpoint.staff.items())
                if (skills := self.model.staff[name].skills) is None or goal in skills
            ]
        return self.serving[known]

    def join(self, visit: Visit, pools: list[tuple[int, Pool, float]]) -> None:
        """Join the first listed pool with somebody free, or wait for those listed while patience lasts."""
        now, issue = self.calendar.now, visit.issue
        row, numbers = issue.customer.row, (issue.number, visit.number)
        visit.priority = self.priority(visit)
        visit.waiting = True
        for _, pool, delay in pools:
            if delay == 0 and pool.free:
                self.serve(visit, pool)
                return
        for position, pool, delay in pools:
            if delay == 0:
                self.stand(visit, pool, position)
            else:
                overflow = partial(self.overflow, visit, pool, position)
                self.calendar.call(overflow, now + delay, Rank.OVERFLOW, row, *numbers)
        urgent = visit.touchpoint.urgent
        if urgent is not None:
            hurry = partial(self.hurry, visit, urgent.priority)
            self.calendar.call(hurry, now + urgent.after, Rank.URGENT, row, *numbers)
        callback = visit.touchpoint.callback
        if callback is not None:
            offer = partial(self.offer_call, visit, callback)
            self.calendar.call(offer, now + callback.after, Rank.CALLBACK, row, *numbers)
        until = now + self.patience(visit)
        if until < inf:
            self.calendar.call(partial(self.abandon, visit), until, Rank.ABANDONMENT, row, *numbers)

    def patience(self, visit: Visit) -> float:
        """Draw how long somebody will wait."""
        law = self.of(visit.issue.customer).patience(visit.issue.customer.persona, visit.place)
        return inf if law is None else rules.quantile(law, self.draw(visit.key, "patience"))

    def priority(self, visit: Visit) -> int:
        """Priority of a visit: the step's, else the journey's, else the persona's."""
        model = self.of(visit.issue.customer)
        journey = model.journeys[visit.issue.name]
        for stated in (visit.step.priority, journey.priority):
            if stated is not None:
                return stated
        return model.personas[visit.issue.customer.persona].priority

    def overflow(self, visit: Visit, pool: Pool, position: int) -> None:
        """Let one more pool see a visit that still waits."""
        if not visit.waiting:
            return
        if pool.free:
            self.serve(visit, pool)
        else:
            self.stand(visit, pool, position)

    def stand(self, visit: Visit, pool: Pool, position: int) -> None:
        """Let a visit wait for a pool that its touchpoint lists at a position."""
        visit.standing.append((pool, position))
        pool.enqueue(visit, position)

    def hurry(self, visit: Visit, priority: int) -> None:
        """Let a visit that still waits be served by another priority, if that comes before its own."""
        if visit.waiting and priority < visit.priority:
            visit.priority = priority
            for pool, position in visit.standing:
                pool.enqueue(visit, position)

    def offer_call(self, visit: Visit, callback: Callback) -> None:
        """Offer somebody who still waits to be called back; whoever accepts keeps the place in the queue."""
        if not visit.waiting:
            return
        if self.draw(visit.key, "callback") < callback.accept:
            visit.callback = ACCEPTED
            self.hang_up(visit)
        else:
            visit.callback = DECLINED

    def abandon(self, visit: Visit) -> None:
        """Let somebody's patience end, unless they were promised a call."""
        if visit.callback != ACCEPTED:
            self.stop_waiting(visit, ABANDONED)

    def stop_waiting(self, visit: Visit, outcome: str) -> None:
        """Let somebody leave the queue, if they still wait."""
        if visit.waiting:
            visit.waiting = False
            visit.over.succeed(outcome)

    def serve(self, visit: Visit, pool: Pool) -> None:
        """Let the member of a pool who holds the fewest contacts, the longest idle, begin to serve a visit."""
        pool.take(visit, self.calendar.now)
        self.begin_service(visit)

    def begin_service(self, visit: Visit) -> None:
        """Begin a service: from now on its end is on the calendar; who calls back in vain is done at once."""
        now, order = self.calendar.now, (visit.issue.customer.row, visit.issue.number, visit.number)
        if self.is_missed(visit):
            self.calendar.put(visit.over, now, Rank.SERVICE_END, *order, value=MISSED)
            return
        visit.started = now
        if visit.touchpoint.system is not None:
            self.in_system[visit.touchpoint.system] += 1
        self.calendar.put(visit.over, now + self.service_time(visit), Rank.SERVICE_END, *order)

    def is_missed(self, visit: Visit) -> bool:
        """Draw whether somebody who was promised a call does not answer it."""
        callback = visit.touchpoint.callback
        if callback is None or visit.callback != ACCEPTED:
            return False
        return self.draw(visit.key, "reached") >= callback.reached

    def service_time(self, visit: Visit) -> float:
        """Draw how long a service takes; the difficulty of the issue slows it, and so may whoever serves."""
        law = (visit.step.service_time or visit.touchpoint.service_time).law
        minutes = rules.quantile(law, self.draw(visit.key, "service"))
        if visit.issue.difficulty:
            time = self.of(visit.issue.customer).journeys[visit.issue.name].difficulty.time
            minutes = rules.slowed(minutes, time, visit.issue.difficulty)
        if visit.pool is None:
            return minutes
        people = self.model.staff[visit.pool.name]
        speed = people.speed
        if people.differ.speed:
            speed *= rules.own_speed(people.differ.speed, self.own(visit, "speed"))
        minutes /= speed
        if people.strain is not None:
            minutes = rules.slowed(minutes, people.strain.slower, visit.pool.roster.strain)
        return rules.divided(minutes, people.at_once.slower, visit.beside)

    def own(self, visit: Visit, purpose: str) -> float:
        """Draw a standard normal of the member of staff who serves a visit: the same every time."""
        assert visit.pool is not None  # noqa: S101 - who is served by nobody is not asked about
        member = draws.fold(address(self.world, visit.pool.name), visit.member or 0)
        return rules.normal_quantile(self.draw(member, purpose))

    def hardness(self, visit: Visit) -> float:
        """Return how hard an issue is for whoever serves it: its difficulty, their proficiency and their strain."""
        difficulty = visit.issue.difficulty
        if not difficulty or visit.pool is None:
            return difficulty
        people = self.model.staff[visit.pool.name]
        proficiency = people.proficiency
        if people.differ.proficiency:
            proficiency += people.differ.proficiency * self.own(visit, "proficiency")
        difficulty -= proficiency
        if people.strain is not None:
            difficulty += people.strain.err * visit.pool.roster.strain
        return difficulty

    def outcome(self, visit: Visit) -> str:
        """Choose how a service ended; the difficulty of the issue, and who served, tilt the odds."""
        issue = visit.issue
        names, weights = visit.step.choices
        u = self.draw(visit.key, "outcome")
        if issue.difficulty:
            tilts = self.of(issue.customer).journeys[issue.name].difficulty.of(names)
            return names[rules.choose_tilted(weights, tilts, self.hardness(visit), u)]
        return names[rules.choose(weights, u)]

    def conclude(self, visit: Visit, outcome: str) -> None:
        """Settle what a visit cost, how it felt and what it set off, now that it ended."""
        issue, customer = visit.issue, visit.issue.customer
        visit.ended, visit.outcome = self.calendar.now, outcome
        issue.wait += visit.waited(self.calendar.now)
        if visit.started is not None:
            issue.contacts += visit.touchpoint.attended
            issue.failure_contacts += visit.touchpoint.attended and issue.in_failure
            customer.contacts += visit.touchpoint.attended
            customer.cost += visit.touchpoint.cost
        if outcome != LEFT:
            issue.feel(rules.clip(self.mood(visit, outcome)))
        issue.failed = visit.started is None or visit.step.fails(outcome)
        if visit.started is not None and not issue.left_behind:
            visit.effects = visit.step.outcomes[outcome]
            if visit.effects.matters:
                self.take_effect(visit.effects, customer, visit.key, issue.origin, issue.name, failure=issue.in_failure)
        self.record_visit(visit)
        issue.visit = None

    def mood(self, visit: Visit, outcome: str) -> float:
        """Return the mood of the journey, moved by what happened in a visit that ends now."""
        issue, step, now = visit.issue, visit.step, self.calendar.now
        feelings = self.of(issue.customer).personas[issue.customer.persona].satisfaction
        terms = [rules.missed(visit.waited(now), *feelings.wait.numbers), feelings.by_outcome.get(outcome, 0.0)]
        if visit.nth > 1 and visit.touchpoint.attended:
            issue.repeats += 1
            terms.append(feelings.repeat)
        if issue.reopened:
            issue.reopened = False
            terms.append(feelings.reopened)
        if visit.pool is not None:
            department = self.model.department(visit.pool.name)
            if issue.department not in (None, department):
                issue.handoffs += 1
                terms.append(feelings.handoff)
            issue.department = department
        if visit.started is not None:
            if step.promise is not None:
                terms.append(rules.missed(now - visit.joined - step.promise, *feelings.late.numbers))
            terms.append(step.outcomes[outcome].mood)
        mood = issue.mood
        for term in terms:
            if term:
                mood += rules.felt(term, feelings.loss_aversion)
        return mood

    def next_target(self, visit: Visit, outcome: str) -> tuple[str, float]:
        """Choose the step or end that follows a visit, and the delay until then."""
        targets = visit.step.next.get(outcome)
        if visit.started is not None:
            settled = visit.step.outcomes[outcome]
            if settled.holds < 1 and self.draw(visit.key, "holds") >= settled.holds:
                self.survey(visit.issue, self.experience(visit.issue))  # the company takes it as resolved
                visit.issue.reopened = visit.issue.failed = True
                if not settled.reopens:
                    return visit.step_name, -THREE_DAYS * log(1.0 - self.draw(visit.key, "delay"))
                targets = settled.reopens
        if targets is None and outcome in (CLOSED, DOWN):
            targets = visit.touchpoint.when_turned_away(outcome)
        targets = targets or {}
        weights = self.meant(visit.issue, [target.p for target in targets.values()], targets.values())
        if not any(weights):
            return (RESOLVED if outcome == RESOLVED else GIVE_UP), 0.0
        name = list(targets)[rules.choose(weights, self.draw(visit.key, "next"))]
        delay = self.delay(visit, targets[name])
        if name != AGAIN:
            return name, delay
        if targets[name].after is None:
            delay = -AN_HOUR * log(1.0 - self.draw(visit.key, "delay"))
        return visit.step_name, self.opening(visit, outcome) - self.calendar.now + delay

    def opening(self, visit: Visit, outcome: str) -> float:
        """Return when somebody can come in who was turned away: somebody is on duty, or the system is back."""
        now, system = self.calendar.now, visit.touchpoint.system
        if outcome == DOWN and system is not None:
            return self.outages[system].back(now) or now
        return min(pool.duty.next_open(now) for _, pool, _ in self.pools_for(visit))

    def delay(self, visit: Visit, target: Target) -> float:
        """Draw the delay before a target."""
        return 0.0 if target.after is None else rules.quantile(target.after.law, self.draw(visit.key, "delay"))

    def close(self, issue: Issue, end: str) -> None:
        """Close an issue: what it left behind, what it sets off, and what the company asks."""
        customer = issue.customer
        issue.closed, issue.end = self.calendar.now, end
        del customer.issues[issue.number]
        if end == LEFT:
            self.record_journey(issue)
            return
        model = self.of(customer)
        ending = model.journeys[issue.name].all_ends[end]
        self.sway(issue, ending.mood)
        self.like(issue)
        experience = self.remember(issue)
        key, failure = draws.fold(issue.key, draws.name(end)), issue.in_failure or ending.good is False
        self.take_effect(ending, customer, key, issue.origin, issue.name, failure=failure)
        self.survey(issue, experience)
        issue.good, issue.effects = ending.good, ending
        self.record_journey(issue)
        for name, other in model.journeys.items():
            after = other.when.after
            if after is None or after.journey != issue.name or (after.end is not None and end not in after.end):
                continue
            child = draws.fold(key, draws.name(name))
            if self.draw(child, "follows") < after.p:
                delay = 0.0 if after.delay is None else rules.quantile(after.delay.law, self.draw(child, "delay"))
                origin = f"{name} after {issue.origin}"
                self.open_later(customer, name, child, origin, delay, by_failure=failure)
        self.part(customer)

    def wind_up(self, visit: Visit, name: str, n: int) -> None:
        """Let a clock on a visit strike for the n-th time when it is due."""
        clock = visit.step.while_open[name]
        due = visit.joined + clock.after + n * (clock.every or 0.0)
        order = (visit.issue.customer.row, visit.issue.number, visit.number)
        self.calendar.call(partial(self.strike, visit, name, n), due, Rank.ARRIVAL, *order)

    def strike(self, visit: Visit, name: str, n: int) -> None:
        """Let a clock on a visit take effect, if the visit is still open."""
        issue, customer, clock = visit.issue, visit.issue.customer, visit.step.while_open[name]
        if visit.ended is not None or issue.left_behind:
            return
        if clock.every is not None:
            self.wind_up(visit, name, n + 1)
        self.sway(issue, clock.mood)
        key = draws.fold(draws.fold(visit.key, draws.clock(name)), n)
        failure = issue.by_failure or clock.after + n * (clock.every or 0.0) >= visit.step.fails_after(clock)
        self.take_effect(clock, customer, key, issue.origin, issue.name, failure=failure)
        cause = clock_called(visit.step_name, name), issue.number, visit.number, n
        self.record_effect(customer, clock, cause, self.goal(issue))
        self.part(customer)

    def happen(self, name: str, n: int) -> None:
        """Let an event take effect on those whom it reaches."""
        key = draws.fold(draws.name(f"event {name}"), n)
        for customer in self.concerned(name):
            own, event = draws.fold(customer.key, key), self.of(customer).events[name]
            if self.draw(own, "reach") >= event.reach:
                continue
            for issue in customer.issues.values():
                self.sway(issue, event.mood)
            self.take_effect(event, customer, own, f"{name} {n}", name, failure=event.fails)
            self.record_effect(customer, event, (name, 0, 0, n), None)
            self.part(customer)

    def concerned(self, name: str) -> list[Customer]:
        """Everybody for whom an event is meant, in the order in which they came.

        Where there is a list, those who are on it.
        """
        people = [customer for customer in self.present() if self.is_concerned(customer, name)]
        event = self.model.events[name]  # a list is everybody's
        if event.most is None:
            return people
        ranked = sorted(people, key=lambda customer: -self.standing(customer, event.by))
        return sorted(ranked[: event.most], key=lambda customer: customer.row)

    def is_concerned(self, customer: Customer, name: str) -> bool:
        """Say whether an event is meant for somebody; for none but customers unless it names their stage."""
        who = self.of(customer).events[name].who
        is_customer = customer.joined is not None and customer.left is None
        return (is_customer or who.stage is not None) and self.meets(customer, name, who)

    def standing(self, customer: Customer, by: By) -> float:
        """Return how high somebody stands on a list, by what the company can know of them."""
        together = rules.standing(by.weights, self.known(customer))
        for trait, weights in by.seen.items():
            together += weights.get(self.noted(customer, trait) or "", 0.0)
        return together

    def known(self, customer: Customer) -> tuple[float, float, float, float]:
        """Return what the company can know of a customer beside traits, as `By` has it."""
        now, joined = self.calendar.now, nan if customer.joined is None else customer.joined
        tenure, opened = (now - joined) / MINUTES_PER_DAY, (now - customer.opened) / MINUTES_PER_DAY
        return tenure, float(customer.contacts), customer.score, opened

    def sway(self, issue: Issue, mood: float) -> None:
        """Move the mood of an open journey."""
        if mood:
            feelings = self.of(issue.customer).personas[issue.customer.persona].satisfaction
            issue.feel(rules.clip(issue.mood + rules.felt(mood, feelings.loss_aversion)))

    def like(self, issue: Issue) -> None:
        """Let a customer like the channel in which an issue was begun by how much better it was than she had felt."""
        customer = issue.customer
        learns = self.of(customer).personas[customer.persona].taste.learns
        if learns > 0:
            self.relax(customer)
            customer.liking[issue.begun_in] = rules.come_to_like(
                customer.liking[issue.begun_in], learns, self.experience(issue), customer.satisfaction
            )

    def remember(self, issue: Issue) -> float:
        """Let the satisfaction of a customer, and what they expect, follow what an issue has been; return that."""
        customer = issue.customer
        feelings = self.of(customer).personas[customer.persona].satisfaction
        self.relax(customer)
        issue.experience = experience = self.experience(issue)
        customer.satisfaction = rules.towards(customer.satisfaction, experience, feelings.memory)
        customer.drift += feelings.adapts * (experience - self.rest(customer))
        return experience

    def cancel(self, customer: Customer, names: tuple[str, ...]) -> None:
        """Call off journeys that are still to open, and those open that nobody is serving; nothing follows."""
        customer.awaited = [awaited for awaited in customer.awaited if awaited.name not in names]
        for issue in list(customer.issues.values()):
            visit = issue.visit
            is_served = visit is not None and not visit.waiting
            if issue.name not in names or is_served or issue.visits == 0:
                continue
            if visit is not None:
                visit.waiting = False
                self.hang_up(visit)
                self.conclude(visit, CANCELLED)
            issue.closed, issue.end = self.calendar.now, CANCELLED
            del customer.issues[issue.number]
            self.remember(issue)
            self.record_journey(issue)

    def put_off(self, customer: Customer, delays: dict[str, float]) -> None:
        """Let journeys that are to open, or to go on, wait for some time from now at least."""
        to_come: list[Awaited | Issue] = [issue for issue in customer.issues.values() if issue.visit is None]
        for waiting in to_come + customer.awaited:
            if waiting.name in delays:
                waiting.due = max(waiting.due, self.calendar.now + delays[waiting.name])

    def take_effect(
        self, effects: Effects, customer: Customer, key: int, origin: str, why: str, *, failure: bool
    ) -> None:
        """Let what happened call journeys off, change the customer, move money and open other journeys.

        `why` is the journey or the event in which it did, `failure` whether that, or what led to it, was one.
        """
        if effects.cancels:
            self.cancel(customer, effects.cancels)
        if effects.puts_off:
            self.put_off(customer, effects.puts_off)
        if effects.changes_customer:
            self.relax_before_change(customer)
        self.trade(customer, effects)
        for trait, value in effects.trait.items():
            self.set_trait(customer, trait, value)
        customer.revenue += effects.revenue
        if effects.satisfaction:
            self.relax(customer)
            customer.satisfaction = rules.clip(customer.satisfaction + effects.satisfaction)
        if effects.stays:
            customer.notice = False
        if effects.stage is not None and effects.stage != customer.stage:
            self.move(customer, effects.stage, why)
        for name, opening in effects.opens.items():
            child = draws.fold(key, draws.name(name))
            if self.draw(child, "opens") < opening.p:
                after = opening.after
                delay = 0.0 if after is None else rules.quantile(after.law, self.draw(child, "delay"))
                self.open_later(customer, name, child, f"{name} from {origin}", delay, by_failure=failure)

    def trade(self, customer: Customer, effects: Effects) -> None:
        """Let somebody have some products from now on, and others no longer, if what happened says so."""
        if self.products_pay and (effects.adds or effects.drops):
            self.accrue(customer)
        for product in effects.adds:
            customer.products.setdefault(product, self.calendar.now)
        for product in effects.drops:
            self.record_holdings(customer, [product], self.calendar.now)
            customer.products.pop(product, None)

    def move(self, customer: Customer, stage: str, why: str) -> None:
        """Let somebody enter another stage, and so perhaps leave, come back or become a customer."""
        if stage == LEFT and customer.left is None:
            self.leave(customer, why)
            return
        self.accrue(customer)
        self.record_holdings(customer, customer.products, self.calendar.now)
        customer.stage, customer.products = stage, dict.fromkeys(customer.products, self.calendar.now)
        if stage == self.home_stage:
            if customer.left is not None:
                self.come_back(customer, customer.left)
            if customer.joined is None:
                self.settle(customer)
        self.entered(customer)

    def experience(self, issue: Issue) -> float:
        """Return what a journey leaves behind, as it has been until now."""
        feelings = self.of(issue.customer).personas[issue.customer.persona].satisfaction
        return rules.experience(issue.lowest, issue.mood, issue.moods / issue.felt, feelings.peak, feelings.end)

    def survey(self, issue: Issue, experience: float) -> None:
        """Ask some how it was, and again if they have not answered; some of those answer with a score."""
        survey = self.of(issue.customer).personas[issue.customer.persona].survey
        known = issue.noticed and issue.score is None
        if survey is None or not known or self.draw(issue.key, "asked") >= survey.ask:
            return
        key = draws.fold(issue.key, issue.asked) if issue.asked else issue.key
        issue.asked += 1
        if survey.of == "satisfaction":
            self.relax(issue.customer)
        felt = experience if survey.of == "experience" else issue.customer.satisfaction
        answers = survey.respond
        p = rules.answer_probability(answers.level, answers.better, answers.extreme, felt)
        if self.draw(key, "answer") < p:
            normal = rules.normal_quantile(self.draw(key, "score"))
            issue.score, issue.scored = rules.given_score(felt, survey.noise, normal), self.calendar.now
            issue.customer.score = float(issue.score)

    # ---- what the company knows ------------------------------------------------------------------------------------

    def set_trait(self, customer: Customer, trait: str, value: str) -> None:
        """Let a customer have a trait from now on; the company sees it at once where nothing else is said."""
        customer.traits[trait] = value
        if trait not in self.model.traits:
            return
        nth, seen = customer.set[trait], self.model.traits[trait].seen
        customer.set[trait] += 1
        key = draws.fold(draws.fold(customer.key, draws.name(trait)), nth)
        if self.draw(key, "seen") >= seen.p:
            return
        delay = 0.0 if seen.after is None else rules.quantile(seen.after.law, self.draw(key, "seen after"))
        if delay > 0:
            see, number = partial(self.see, customer, trait, nth, value), list(self.model.traits).index(trait)
            self.calendar.call(see, self.calendar.now + delay, Rank.ARRIVAL, customer.row, number, nth)
        else:
            self.see(customer, trait, nth, value)

    def see(self, customer: Customer, trait: str, nth: int, value: str) -> None:
        """Let the company see what the nth setting of a trait was, unless it has seen a later one by now."""
        if customer.left is None and not customer.gone and nth > customer.noted.get(trait, (-1, ""))[0]:
            self.relax_before_change(customer)
            customer.noted[trait] = nth, value

    def noted(self, customer: Customer, trait: str) -> str | None:
        """Value of a trait as the company last saw it; nothing where it never has."""
        if trait not in self.model.traits:
            return customer.traits.get(trait)
        return customer.noted[trait][1] if trait in customer.noted else None

    # ---- satisfaction, money and leaving ---------------------------------------------------------------------------

    def relax(self, customer: Customer) -> None:
        """Bring satisfaction up to date: since last time it has moved towards its resting level."""
        feelings = self.of(customer).personas[customer.persona].satisfaction
        now = self.calendar.now
        if now > customer.relaxed:
            if customer.left is None:
                elapsed = now - customer.relaxed
                customer.satisfaction = rules.relaxed(
                    customer.satisfaction, self.rest(customer), feelings.recovery, elapsed
                )
            customer.relaxed = now

    def relax_before_change(self, customer: Customer) -> None:
        """Bring satisfaction up to date before something changes that terms of its resting level may ask for."""
        if self.of(customer).personas[customer.persona].satisfaction.moving:
            self.relax(customer)

    def rest(self, customer: Customer) -> float:
        """Return the level to which satisfaction returns: the persona's, moved by what she has experienced."""
        feelings = self.of(customer).personas[customer.persona].satisfaction
        return rules.clip(self.with_terms(feelings.level, feelings.moving, customer) + customer.drift)

    def with_terms(self, amount: float, terms: tuple[tuple[str, Term], ...], customer: Customer) -> float:
        """Return an amount with those terms that hold for a customer now."""
        elapsed = 0.0 if customer.joined is None else self.calendar.now - customer.joined
        for name, term in terms:
            if self.meets(customer, name, term.who):
                amount += rules.term(term.value, term.per_year, term.growing, elapsed)
        return amount

    def accrue(self, customer: Customer) -> None:
        """Bring the revenue of a customer up to date."""
        now = self.calendar.now
        if customer.stage == self.home_stage:
            model = self.of(customer)
            rate = model.personas[customer.persona].value.revenue
            for name, product in model.products.items():
                if name in customer.products:
                    rate += product.revenue
            customer.revenue += rate * (now - customer.accrued)
        customer.accrued = now

    def review_at(self, when: float, customer: Customer) -> None:
        """Let a customer decide at a time whether to stay."""
        self.calendar.call(partial(self.review, customer), when, Rank.REVIEW, customer.row)

    def review(self, customer: Customer) -> None:
        """Let a customer decide whether to stay, and think again one period later."""
        if not customer.gone:
            self.decide(customer)
            self.review_at(self.calendar.now + (self.review_every(customer) or inf), customer)

    def decide(self, customer: Customer) -> None:
        """Let a customer speak of the company, and decide whether to stay."""
        now, persona = self.calendar.now, self.of(customer).personas[customer.persona]
        churn, referral = persona.churn, persona.referral
        if customer.stage == self.home_stage and (churn is not None or referral is not None):
            self.relax(customer)
            elapsed = now - customer.reviewed
            if referral is not None:
                self.speak(customer, referral, elapsed)
            if churn is not None:
                p = self.leave_probability(customer, churn, elapsed)
                if self.draw(draws.fold(customer.key, customer.reviews), "leave") < p:
                    if persona.contract is not None:
                        self.give_notice(customer)
                    else:
                        self.leave(customer, "review")
                        self.part(customer)
        customer.reviewed = now
        customer.reviews += 1

    def begin_term(self, customer: Customer, contract: Contract, ends: float) -> None:
        """Let a term of a contract begin: what comes before its end, and its end."""
        now = self.calendar.now
        customer.terms += 1
        term = customer.terms
        if ends - contract.notice >= now:
            review = partial(self.in_term, customer, term, partial(self.decide, customer))
            self.calendar.call(review, ends - contract.notice, Rank.REVIEW, customer.row, 0, term)
        end = partial(self.in_term, customer, term, partial(self.end_term, customer))
        self.calendar.call(end, ends, Rank.REVIEW, customer.row, 0, term)
        for index, (name, journey) in enumerate(self.of(customer).journeys.items()):
            renewal = journey.when.renewal
            if renewal is not None and ends - renewal.before >= now:
                renew = partial(self.in_term, customer, term, partial(self.renew, customer, name))
                self.calendar.call(renew, ends - renewal.before, Rank.ARRIVAL, customer.row, index, term)

    def in_term(self, customer: Customer, term: int, action: Callable[[], None]) -> None:
        """Do something that belongs to a term of a contract, if the customer has not left meanwhile."""
        if customer.left is None and customer.terms == term:
            action()

    def give_notice(self, customer: Customer) -> None:
        """Let a customer announce that they leave at the end of the term, and open what opens then."""
        customer.notice = True
        n, customer.notices = customer.notices, customer.notices + 1
        for name, journey in self.of(customer).journeys.items():
            if journey.when.notice is not None:
                key = draws.fold(draws.name(name), n)
                delay = rules.quantile(journey.when.notice.law, self.draw(draws.fold(customer.key, key), "delay"))
                self.open_later(customer, name, key, f"{name} {n}", delay)

    def renew(self, customer: Customer, name: str) -> None:
        """Open a journey before a contract is renewed."""
        if not customer.notice:
            n = customer.terms - 1
            self.open(customer, name, draws.fold(draws.name(name), n), f"{name} {n}")

    def end_term(self, customer: Customer) -> None:
        """Let a customer go who has given notice; for others the next term begins."""
        contract = self.of(customer).personas[customer.persona].contract
        if customer.notice:
            self.leave(customer, "review")
            self.part(customer)
        elif contract is not None:
            self.begin_term(customer, contract, self.calendar.now + contract.term)

    def speak(self, customer: Customer, referral: Referral, elapsed: float) -> None:
        """Let a customer bring somebody, and keep somebody else away, by how satisfied they are."""
        if referral.journey in self.phase.dormant:
            return
        n = customer.reviews
        shortfall = self.of(customer).personas[customer.persona].satisfaction.rest - customer.satisfaction
        p = rules.speak_probability(referral.rate, -referral.slope, shortfall, elapsed)
        if self.draw(draws.fold(customer.key, n), "refer") < p:
            key = draws.fold(draws.fold(customer.key, draws.name("referral")), n)
            self.arrive(f"referred {n} by {customer.origin}", key, referral.journey)
        if referral.deters is not None:
            p = rules.speak_probability(referral.deters.rate, referral.deters.slope, shortfall, elapsed)
            if self.draw(draws.fold(customer.key, n), "deter") < p:
                self.deterred[referral.journey] += 1

    def leave_probability(self, customer: Customer, churn: Churn, elapsed: float) -> float:
        """Return how likely somebody is to leave, so long after the last review."""
        shortfall = self.of(customer).personas[customer.persona].satisfaction.rest - customer.satisfaction
        terms = self.with_terms(churn.total, churn.moving, customer)
        return rules.leave_probability(churn.base, churn.slope, shortfall, terms, elapsed)

    def leave(self, customer: Customer, why: str) -> None:
        """Let a customer go: they stop waiting, finish what is in hand, and everything else is off."""
        self.relax(customer)
        self.accrue(customer)
        self.record_holdings(customer, customer.products, self.calendar.now)
        customer.left, customer.why, customer.stage = self.calendar.now, why, LEFT
        customer.times_left += 1
        customer.awaited, customer.notice = [], False
        for issue in list(customer.issues.values()):
            visit = issue.visit
            if visit is not None and visit.waiting:
                visit.waiting = False
                self.conclude(visit, self.depart(visit, LEFT))
            if issue.visit is None:
                self.close(issue, LEFT)
        self.entered(customer)

    def come_back(self, customer: Customer, left: float) -> None:
        """Let somebody who left be a customer again: as satisfied as then, with everything else going on."""
        now = self.calendar.now
        self.relax(customer)
        customer.left_before.append(left)
        customer.left = customer.why = None
        customer.reviewed = now
        if customer.satisfaction_start is None and now >= self.clock.warmup:
            customer.satisfaction_start = customer.satisfaction
        contract = self.of(customer).personas[customer.persona].contract
        if contract is not None and customer.joined is not None:
            self.begin_term(customer, contract, now + contract.term)

    def part(self, customer: Customer) -> None:
        """Let go of somebody who is no customer, once nothing is open and nothing awaits them."""
        if customer.joined is not None and (customer.left is None or self.nobody_is_forgotten):
            return
        if not customer.issues and not customer.awaited:
            self.relax(customer)
            customer.gone = True

    # ---- records ---------------------------------------------------------------------------------------------------

    def record_visit(self, visit: Visit) -> None:
        """Write down a visit, ended or not."""
        issue, pool = visit.issue, visit.pool
        department = self.model.department(pool.name) if pool else None
        served = visit.started is not None and visit.ended is not None
        self.visits.append((
            issue.customer.row, issue.number, visit.number, issue.customer.persona, self.goal(issue), visit.step_name,
            visit.place, visit.touchpoint.channel, department, pool.name if pool else None,
            visit.member, visit.joined, visit.started, visit.ended, visit.outcome, visit.callback, visit.mood_before,
            issue.mood if visit.ended is not None else None, visit.touchpoint.cost if served else 0.0, visit.overtime,
            visit.attention if pool else None, visit.effects.revenue, visit.effects.stage,
        ))  # fmt: skip

    def record_journey(self, issue: Issue) -> None:
        """Write down a journey, closed or not."""
        customer = issue.customer
        self.journeys.append((
            customer.row, issue.number, issue.origin, customer.persona, self.goal(issue), issue.opened, issue.closed,
            issue.end, issue.good, issue.visits, issue.contacts, issue.failure_contacts, len(issue.channels),
            issue.handoffs, issue.repeats, issue.wait, issue.satisfaction_before,
            customer.satisfaction if issue.closed is not None else None, issue.experience, issue.asked > 0,
            issue.score is not None, issue.score, issue.scored,
            issue.effects.revenue, issue.effects.stage,
        ))  # fmt: skip

    def record_effect(
        self, customer: Customer, effects: Effects, cause: tuple[str, int, int, int], goal: str | None
    ) -> None:
        """Write down that an event, or a clock on a visit, took effect on somebody."""
        now = self.calendar.now
        self.effects.append((customer.row, *cause, customer.persona, goal, now, effects.revenue, effects.stage))

    def record_holdings(self, customer: Customer, products: Iterable[str], until: float | None) -> None:
        """Write down since when somebody has been a customer and held some products, those that they do hold."""
        for product in products:
            since = customer.products.get(product, inf)
            if customer.stage == self.home_stage and since < (inf if until is None else until):
                self.holdings.append((customer.row, product, customer.persona, since, until))

    def goal(self, issue: Issue) -> str:
        """Goal of an issue: its journey's name where none is stated."""
        return self.of(issue.customer).journeys[issue.name].goal or issue.name


class Behaving(History):
    """A replication in which some things are decided by a behaviour in Python."""

    def __init__(self, model: Model, seed: int, replication: int, behaviour: Behaviour) -> None:
        super().__init__(model, seed, replication)
        self.behaviour = behaviour

    def patience(self, visit: Visit) -> float:
        """As the behaviour says."""
        return self.behaviour.patience(visit, super().patience(visit))

    def service_time(self, visit: Visit) -> float:
        """As the behaviour says."""
        return self.behaviour.service_time(visit, super().service_time(visit))

    def outcome(self, visit: Visit) -> str:
        """As the behaviour says."""
        issue = visit.issue
        names, weights = visit.step.choices
        tilts = self.of(issue.customer).journeys[issue.name].difficulty.of(names)
        tilted = [rules.tilted(*both, self.hardness(visit)) for both in zip(weights, tilts, strict=True)]
        wanted = self.behaviour.outcomes(visit, dict(zip(names, tilted, strict=True)))
        return names[rules.choose([wanted.get(name, 0.0) for name in names], self.draw(visit.key, "outcome"))]

    def mood(self, visit: Visit, outcome: str) -> float:
        """As the behaviour says."""
        return self.behaviour.mood(visit, super().mood(visit, outcome))

    def leave_probability(self, customer: Customer, churn: Churn, elapsed: float) -> float:
        """As the behaviour says."""
        return self.behaviour.leave_probability(customer, super().leave_probability(customer, churn, elapsed))


def run(model: Model, seed: int, replication: int) -> Tables:
    """Simulate one replication of a model whose uncertain values are settled."""
    return live(model, seed, replication)[0]


def live(
    model: Model, seed: int, replication: int, keep: float = 1.0, behaviour: Behaviour | None = None
) -> tuple[Tables, Summary | None]:
    """Simulate one replication, and sum it up unless all its rows are kept."""
    with _collecting_rarely():
        history = (
            History(model, seed, replication) if behaviour is None else Behaving(model, seed, replication, behaviour)
        )
        tables = history.run()
    if keep >= 1:
        return tables, None
    kept = [customer.row for customer in history.customers if history.draw(customer.key, "kept") < keep]
    chosen = pl.col("customer").is_in(kept)
    kinds = ("visits", "journeys", "effects", "holdings")
    few = replace(tables, **{kind: getattr(tables, kind).filter(chosen) for kind in kinds})
    return few, summarise(Result(model, seed, replication, tables))


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Let Python look for unused objects rarely: a history keeps most of what it makes, so there are few to find."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
