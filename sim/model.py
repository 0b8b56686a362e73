"""The one definition of a scenario: every part a class, frozen and checked, in the order a person would tell it."""

from __future__ import annotations

from functools import cached_property
from math import inf
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from sim import units
from sim.described import Described, Minutes, Moment, Money, MoneyPerMinute, PerMinute, Share, Weight
from sim.distributions import Distribution, Gamma
from sim.rules import Law
from sim.timetable import FLAT, Break, Clock, Profile, Shift, Taken
from sim.uncertain import Uncertain
from sim.units import MINUTES_PER_WEEK

RESOLVED = "resolved"
UNRESOLVED = "unresolved"
GIVE_UP = "give_up"
ABANDONED = "abandoned"
CLOSED = "closed"
BLOCKED = "blocked"
MISSED = "missed"
DOWN = "down"
LEFT = "left"
CANCELLED = "cancelled"
NOT_SERVED = (ABANDONED, CLOSED, BLOCKED, MISSED, DOWN)
DECLINED = "declined"
ACCEPTED = "accepted"
CALLBACKS = (DECLINED, ACCEPTED)  # what becomes of an offer to be called back
DEFAULT_PROFILE = "weekly"
AGAIN = "later"
OPENED = "opened"
NO_PRODUCT = "none"  # to which what belongs to no product is counted


def _shorthand(field: str) -> BeforeValidator:
    """Let a bare value stand for an object with only that field, as in `chat: 0.3` for `chat: {p: 0.3}`."""

    def expand(value: object) -> object:
        return value if isinstance(value, dict) else {field: value}

    return BeforeValidator(expand)


def _as_tuple(value: object) -> object:
    """Let one name stand for a list of one."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


def _as_certain(value: object) -> object:
    """Let one value stand for weights of which it has all."""
    if isinstance(value, str):
        return {value: 1.0}
    if not isinstance(value, dict):
        msg = f"{value!r} is not text; put it in quotes if it is a value"
        raise ValueError(msg)
    return value


def _some_weight(weights: dict[str, float]) -> dict[str, float]:
    if not any(weights.values()):
        msg = "none of its values has a weight, so it would have none; give one of them a weight"
        raise ValueError(msg)
    return weights


Weights = Annotated[dict[str, Weight], BeforeValidator(_as_certain), AfterValidator(_some_weight)]


class Who(Described):
    """Condition on a customer; every part that is stated must hold.

    Attributes
    ----------
    share
        Share of the customers it holds for, drawn once per customer and journey (or term): a pilot.
    """

    persona: Names | None = None
    stage: Names | None = None
    product: Names | None = None
    trait: dict[str, Names] = {}
    seen: dict[str, Names] = {}
    share: Share = 1.0

    @cached_property
    def matters(self) -> bool:
        """Whether it asks for anything."""
        return self != Who()


class Term(Described):
    """A named amount in a resting level or in the logarithm of a hazard, for those a condition holds for.

    Attributes
    ----------
    value
        What is added.
    per_year
        What is added beside it for each year since joining.
    up_to
        How long after joining that grows no more; it always does where unstated.
    who
        For whom it counts, as long as they are that.
    """

    value: float = 0.0
    per_year: float = 0.0
    up_to: Minutes | None = None
    who: Who = Who()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not {"value", "per_year"} & self.model_fields_set:
            msg = "adds nothing; say `value`, `per_year` or both"
            raise ValueError(msg)
        if self.up_to is not None and "per_year" not in self.model_fields_set:
            msg = "up_to says until when it grows, but nothing does; say `per_year`, or leave up_to out"
            raise ValueError(msg)
        return self

    @cached_property
    def moves(self) -> bool:
        """Whether it differs between customers or in time."""
        return self.who.matters or self.per_year != 0

    @cached_property
    def growing(self) -> float:
        """Minutes for which it grows."""
        return inf if self.up_to is None else self.up_to


Terms = dict[str, Annotated[Term, _shorthand("value")]]


def always(terms: dict[str, Term]) -> float:
    """Sum of those terms that are the same for everybody at any time."""
    return sum(term.value for term in terms.values() if not term.moves)


def moving(terms: dict[str, Term]) -> tuple[tuple[str, Term], ...]:
    """Terms, with their names, that differ between customers or in time."""
    return tuple((name, term) for name, term in terms.items() if term.moves)


class Arrivals(Described):
    """Events at a rate shaped by a weekly profile: the profile called `weekly` where none is named, if there is one."""

    rate: PerMinute
    profile: str | None = None


Rate = Annotated[Arrivals, _shorthand("rate")]


class Seen(Described):
    """How the company learns of a value of a trait: with what probability, and how long after it was set."""

    p: Share = 1.0
    after: Distribution | None = None


class Trait(Described):
    """A property of customers of which the company may not know at once, or never learn."""

    seen: Seen = Seen()


class Product(Described):
    """Something that customers hold, and pay for while they do."""

    about: str = ""
    revenue: MoneyPerMinute = 0.0


class Population(Described):
    """Who is there at the start, and who joins."""

    customers: int = Field(default=0, ge=0)
    joins: Rate = Arrivals(rate=0.0)
    stage: str = "customer"


class Curve(Described):
    """Mood lost per minute beyond a tolerance, up to a cap: one curve for waiting and for arriving late."""

    tolerance: Minutes = 0.0
    per_minute: float = 0.0
    cap: Minutes = 60.0

    @cached_property
    def numbers(self) -> tuple[float, float, float]:
        """Tolerance, slope and cap, as `rules.missed` takes them."""
        return self.tolerance, self.per_minute, self.cap


class Satisfaction(Described):
    """How visits move a journey's mood, and journeys a customer's satisfaction, on a scale of 0 to 10.

    Attributes
    ----------
    rest, terms
        The level satisfaction returns to between journeys, and named amounts added to it (price, network, …).
    adapts
        Share by which the resting level follows each experience; leaving and referral are judged by `rest` as ever.
    memory
        Share by which satisfaction follows each experience.
    recovery
        Rate at which satisfaction returns to the resting level.
    peak, end
        Weights of a journey's worst moment and of its end in the experience it leaves.
    wait, late
        Mood lost by waiting, and by arriving later than a step's promise.
    abandoned, closed, blocked, missed, down, handoff, repeat, reopened, resolved, unresolved
        Mood moved by each of these happening in a visit; `reopened` by the first after a resolution that did not hold.
    loss_aversion
        Factor on every negative term.
    """

    rest: float = Field(default=7.0, ge=0, le=10)
    terms: Terms = {}
    adapts: Share = 0.0
    memory: Share = 0.0
    recovery: PerMinute = 0.0
    peak: Share = 0.0
    end: Share = 0.0
    wait: Curve = Curve()
    late: Curve = Curve()
    abandoned: float = 0.0
    closed: float = 0.0
    blocked: float = 0.0
    missed: float = 0.0
    down: float = 0.0
    handoff: float = 0.0
    repeat: float = 0.0
    reopened: float = 0.0
    resolved: float = 0.0
    unresolved: float = 0.0
    loss_aversion: float = Field(default=1.0, ge=1)

    @field_validator("end", mode="after")
    @classmethod
    def _weights_within_one(cls, end: float, info: Any) -> float:
        peak = info.data.get("peak", 0.0)
        if peak + end > 1 + 1e-9:
            msg = f"peak ({peak:g}) and end ({end:g}) add up to more than 1; what is left of 1 weighs the mean"
            raise ValueError(msg)
        return end

    @cached_property
    def by_outcome(self) -> dict[str, float]:
        """Mood moved by the outcome of a visit; outcomes not named here move none."""
        return {
            RESOLVED: self.resolved,
            UNRESOLVED: self.unresolved,
            ABANDONED: self.abandoned,
            CLOSED: self.closed,
            BLOCKED: self.blocked,
            MISSED: self.missed,
            DOWN: self.down,
        }

    @cached_property
    def level(self) -> float:
        """Resting level with those terms that are the same for everybody at any time."""
        return self.rest + always(self.terms)

    @cached_property
    def moving(self) -> tuple[tuple[str, Term], ...]:
        """Terms that are not."""
        return moving(self.terms)


class Churn(Described):
    """Hazard of leaving, reviewed now and then: base·exp(slope·(rest − satisfaction) + Σ terms)."""

    base: PerMinute
    slope: float = 0.0
    terms: Terms = {}
    every: Minutes = Field(default=7 * 1440.0, gt=0)

    @cached_property
    def total(self) -> float:
        """Sum of those terms that are the same for everybody at any time."""
        return always(self.terms)

    @cached_property
    def moving(self) -> tuple[tuple[str, Term], ...]:
        """Terms that are not."""
        return moving(self.terms)


class Contract(Described):
    """A relationship that ends, or is renewed, once every term."""

    term: Minutes = Field(gt=0)
    notice: Minutes = 0.0

    @model_validator(mode="after")
    def _notice_within_term(self) -> Self:
        if self.notice >= self.term:
            stated = f"notice ({units.say_duration(self.notice)}) is not shorter than term"
            msg = f"{stated} ({units.say_duration(self.term)}), so nobody could ever give it"
            raise ValueError(msg)
        return self


class Deters(Described):
    """Rate at which customers keep others away: rate·exp(slope·(rest − satisfaction))."""

    rate: PerMinute
    slope: float = 0.0


class Referral(Described):
    """Rate at which customers bring others, decided at each review: rate·exp(slope·(satisfaction − rest))."""

    journey: str
    rate: PerMinute = 0.0
    slope: float = 0.0
    deters: Deters | None = None


class Respond(Described):
    """Who answers a survey: logistic(level + better·(x − 5) + extreme·|x − 5|) at score x."""

    level: float = 0.0
    better: float = 0.0
    extreme: float = 0.0


class Survey(Described):
    """The score the company sees: asked when it takes a journey as closed, answered by some, with noise."""

    ask: Share = 1.0
    respond: Respond = Respond()
    noise: float = Field(default=0.0, ge=0)
    of: Literal["experience", "satisfaction"] = "experience"


class Taste(Described):
    """How a customer comes to like channels, or to dislike them, and how much that counts when a journey begins.

    Attributes
    ----------
    learns
        Share by which the liking of the channel in which a journey was begun follows how much better the journey was
        than the customer had felt before.
    strength
        By how much a point of liking raises the logarithm of a channel's weight; 0.7 doubles it.
    """

    learns: Share
    strength: float = Field(ge=0, le=5)

    @cached_property
    def matters(self) -> bool:
        """Whether it moves where journeys begin."""
        return self.learns > 0 and self.strength > 0


class Value(Described):
    """What a customer brings in while there."""

    revenue: MoneyPerMinute = 0.0


class Persona(Described):
    """A kind of customer: needs, taste in channels, patience, feelings, loyalty and value.

    Attributes
    ----------
    share
        Share of the customers at the start and of those who join.
    needs, needs_differ
        How often each need arises, each time opening an issue; and by how much customers differ in it (coefficient of
        variation of a factor of their own, gamma with mean 1).
    start, starts
        Weights of channels when a journey begins, in general and for single journeys.
    taste
        How these weights shift with experience, for each customer by their own.
    patience
        How long they wait in a channel (or at one touchpoint, which then counts); unstated: for ever.
    priority
        Smaller is served first; a journey's or step's own priority overrides it.
    contract
        By which they are bound: then they decide whether to stay only before each end of its term.
    referral
        How they bring others, or keep them away.
    """

    share: Share
    needs: dict[str, Rate] = {}
    needs_differ: float = Field(default=0.0, ge=0)
    start: dict[str, Weight] = {}
    starts: dict[str, dict[str, Weight]] = {}
    taste: Taste = Taste(learns=0.0, strength=0.0)
    patience: dict[str, Distribution] = {}
    satisfaction: Satisfaction = Satisfaction()
    churn: Churn | None = None
    contract: Contract | None = None
    referral: Referral | None = None
    survey: Survey | None = None
    value: Value = Value()
    priority: int = 0
    traits: dict[str, Weights] = {}
    products: dict[str, Share] = {}

    @cached_property
    def neediness(self) -> Law | None:
        """Law of a customer's own factor on how often they need something; None where all are alike."""
        return Gamma.model_construct(mean=1.0, cv=self.needs_differ).law if self.needs_differ > 0 else None


class Target(Described):
    """Where a journey goes next: a weight, how long until then, and for whom it is.

    Attributes
    ----------
    who
        For whom it is; for others its weight is 0, and those of the other targets are taken relative to each other.
    """

    p: Weight
    after: Distribution | None = None
    who: Who = Who()


Targets = dict[str, Annotated[Target, _shorthand("p")]]


class Urgent(Described):
    """How whoever has waited long comes to be served earlier.

    Attributes
    ----------
    after
        How long after joining.
    priority
        By which they are served from then on, if it is smaller than their own; when they joined stays as it was.
    """

    after: Minutes = Field(gt=0)
    priority: int


class Callback(Described):
    """An offer to those who wait, to be called back when it is their turn.

    Attributes
    ----------
    after
        How long after joining it is made.
    accept
        Share of those who accept: they keep their place in the queue, give back the line, neither lose patience nor
        feel any more how long it takes, and so have waited until then.
    reached
        Share of those who are reached when it is their turn; for the others the visit ends as `missed`.
    """

    after: Minutes
    accept: Share
    reached: Share = 1.0


class Touchpoint(Described):
    """A point where customer and company meet.

    Attributes
    ----------
    staff
        Pools that serve it, in order of preference, each with the time after joining from which it sees the customer.
    cost
        Paid for every visit that is served.
    when_closed
        What those do who find no listed pool on duty: `later` (again once it opens, plus `after`, an hour on
        average where unstated), or a step or end.
    when_down
        What those do who find its system down: `later` (again once it is back, plus `after`), or a step or end; as
        `when_closed` says where unstated.
    system
        System without which nobody can come in.
    attended
        Whether the customer is there. Where not, a visit is work done without them: it joins the queue also when all
        are off duty, takes no line and is no contact, and nobody waits; the step's promise counts.
    """

    channel: str
    service_time: Distribution
    staff: dict[str, Minutes] = {}
    cost: Money = 0.0
    when_closed: Targets = {}
    when_down: Targets = {}
    system: str | None = None
    attended: bool = True
    urgent: Urgent | None = None
    callback: Callback | None = None

    def when_turned_away(self, outcome: str) -> Targets:
        """Where those go who find it `closed` or `down`."""
        return self.when_down if outcome == DOWN and self.when_down else self.when_closed

    @field_validator("staff", mode="before")
    @classmethod
    def _one_pool(cls, staff: object) -> object:
        return {staff: 0} if isinstance(staff, str) else staff


class Channel(Described):
    """A medium, and how many contacts it can hold at once, waiting or served."""

    lines: int | None = Field(default=None, ge=0)


class Outage(Described):
    """Why a system is out at times: planned for a date, or at random at a rate; exactly one of the two.

    Attributes
    ----------
    rate
        How often it happens on average, from beginning to beginning, by day and by night.
    lasts
        How long it takes until the system is back.
    """

    on: Moment | None = None
    rate: PerMinute | None = None
    lasts: Distribution

    @model_validator(mode="after")
    def _planned_or_random(self) -> Self:
        if (self.on is None) == (self.rate is None):
            found = "says neither when nor how often it happens" if self.on is None else "says both `on` and `rate`"
            msg = f"{found}; give it `on` (a date) or `rate`"
            raise ValueError(msg)
        return self


class System(Described):
    """Something that touchpoints depend on; while it is out, or as busy as it can be, an attempt there is `down`.

    Attributes
    ----------
    capacity
        How many services can go on at once at the touchpoints that depend on it; any number where unstated.
    outages
        When it is out; a service in hand goes on.
    """

    capacity: int | None = Field(default=None, ge=0)
    outages: dict[str, Outage] = {}


class Opening(Described):
    """A journey that an effect opens: with what probability, and how long after."""

    p: Share
    after: Distribution | None = None


class Effects(Described):
    """What something that happens does to a customer, beside leading on.

    Attributes
    ----------
    good
        Whether it is good or bad; neither where unstated. What is bad leads to failure demand.
    mood
        By how much it moves the mood of the journey; of an event, the moods of all journeys that are open.
    satisfaction
        By how much it moves the customer's satisfaction, at once.
    cancels
        Journeys that it calls off: those still to open, and those open that nobody is serving. They end as `cancelled`,
        neither good nor bad, and set nothing off.
    puts_off
        Journeys that it delays: those still to open, or whose next step is still to come, come that much later than now
        at the earliest.
    """

    good: bool | None = None
    stage: str | None = None
    adds: Names = ()
    drops: Names = ()
    trait: dict[str, str] = {}
    revenue: Money = 0.0
    mood: float = 0.0
    satisfaction: float = 0.0
    stays: bool = False
    opens: dict[str, Annotated[Opening, _shorthand("p")]] = {}
    cancels: Names = ()
    puts_off: dict[str, Minutes] = {}

    @cached_property
    def matters(self) -> bool:
        """Whether anything changes but the mood."""
        moved = self.revenue, self.satisfaction, self.stays, self.opens, self.cancels, self.puts_off
        return self.changes_customer or any(moved)

    @cached_property
    def changes_customer(self) -> bool:
        """Whether conditions may hold for other customers afterwards."""
        return bool(self.stage or self.adds or self.drops or self.trait)


class Outcome(Effects):
    """How a visit can end, with what probability and effects.

    Attributes
    ----------
    good
        Whether it is good or bad; neither where unstated, but `unresolved` is bad. What is bad leads to failure demand.
    holds
        Probability that it stays so; otherwise the issue comes back.
    reopens
        Where it comes back; the same step after three days on average where unstated.
    """

    p: Weight
    holds: Share = 1.0
    reopens: Targets = {}


class End(Effects):
    """How a journey can end.

    Attributes
    ----------
    good
        Whether it is a good end, or a bad one; one that is neither is not counted in completion. What is bad leads to
        failure demand.
    """


BUILT_IN_ENDS = {RESOLVED: End(good=True), GIVE_UP: End(good=False)}


class Difficulty(Described):
    """How one hidden standard normal per issue slows its services, and tilts its outcomes."""

    time: float = 0.0
    tilts: dict[str, float] = {}

    @cached_property
    def matters(self) -> bool:
        """Whether difficulty changes anything."""
        return self.time != 0 or any(self.tilts.values())

    def of(self, outcomes: tuple[str, ...]) -> tuple[float, ...]:
        """Tilts of some outcomes."""
        return tuple(self.tilts.get(name, 0.0) for name in outcomes)


def _tilts(value: object) -> object:
    """Gather outcome names beside `time` into `tilts`."""
    if not isinstance(value, dict):
        return value
    return {"time": value.get("time", 0.0), "tilts": {name: tilt for name, tilt in value.items() if name != "time"}}


class WhileOpen(Effects):
    """A clock on an open visit: what happens if it is not over that long after joining.

    Attributes
    ----------
    good
        Whether it is good or bad; where unstated, it is bad once the step's promise is broken. What is bad leads to
        failure demand.
    after
        How long after joining.
    every
        How often it happens again; once where unstated.
    """

    after: Minutes = Field(gt=0)
    every: Minutes | None = Field(default=None, gt=0)


def is_one_clock(written: dict[Any, Any]) -> bool:
    """Whether this is written as one clock, and not as several by name."""
    return bool(written.keys() & WhileOpen.model_fields) or not all(isinstance(each, dict) for each in written.values())


def _one_clock(value: object) -> object:
    """Let a clock without a name stand for several of which it is the only one."""
    if not isinstance(value, dict) or not is_one_clock(value):
        return {} if value is None else value
    fields = WhileOpen.model_fields
    others = [str(k) for k, each in value.items() if k not in fields and isinstance(each, dict) and "after" in each]
    if others:
        msg = f"is one clock, and names others beside it ({', '.join(others)}); give that one a name too"
        raise ValueError(msg)
    return {"": value}


Clocks = Annotated[dict[str, WhileOpen], BeforeValidator(_one_clock)]


def clock_called(step: str, name: str) -> str:
    """What the clock of a step is called where a cause is named: as the step, if it has no name of its own."""
    return f"{step}.{name}" if name else step


class Step(Described):
    """A place in a journey's graph: a touchpoint, how a visit there can end, and where each ending leads.

    Attributes
    ----------
    next
        For each outcome, weights of steps and ends. `abandoned`, `blocked`, `closed`, `missed` and `down` may be
        routed here too; where they are not, `closed` and `down` follow the touchpoint, and the others give up.
    promise
        How long after joining the visit should be over.
    while_open
        What happens if it is not over by some time, whether it waits or is served: one clock, or several by name.
    """

    touchpoint: str
    outcomes: dict[str, Annotated[Outcome, _shorthand("p")]] = Field(min_length=1)
    next: dict[str, Targets] = {}
    service_time: Distribution | None = None
    promise: Minutes | None = None
    while_open: Clocks = {}
    priority: int | None = None

    @cached_property
    def choices(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Names and weights of the outcomes."""
        return tuple(self.outcomes), tuple(outcome.p for outcome in self.outcomes.values())

    def fails(self, outcome: str) -> bool:
        """Whether a visit that is served and ends in a way has failed."""
        good = self.outcomes[outcome].good
        return outcome == UNRESOLVED if good is None else not good

    def fails_after(self, clock: WhileOpen) -> float:
        """Minutes from joining on after which what a clock does is a failure: the promise, where it does not say."""
        if clock.good is None:
            return inf if self.promise is None else self.promise
        return inf if clock.good else 0.0


class After(Described):
    """Another journey's end as a trigger."""

    journey: str
    end: Names | None = None
    p: Share = 1.0
    delay: Distribution | None = None


class Entering(Described):
    """A stage that somebody enters as a trigger; `left` is entered by leaving."""

    stage: str
    p: Share = 1.0
    delay: Distribution | None = None


class Renewal(Described):
    """The end of a contract's term as a trigger."""

    before: Minutes = Field(gt=0)


class When(Described):
    """What starts a journey: exactly one of these.

    Attributes
    ----------
    need
        A need of the persona arises.
    arrival
        Somebody new arrives, who is not a customer yet (see `stage`).
    joining
        That long after somebody joins.
    after
        Another journey ended.
    entering
        Somebody enters a stage.
    notice
        That long after somebody has given notice of leaving, if it still stands.
    renewal
        Before each end of a contract's term.
    every
        Again and again, from a random moment in the first period on.
    on
        On a date.
    opened
        Nothing but effects: `when: opened` is enough.
    """

    need: str | None = None
    arrival: Rate | None = None
    stage: str = "prospect"
    joining: Distribution | None = None
    after: After | None = None
    entering: Entering | None = None
    notice: Distribution | None = None
    renewal: Renewal | None = None
    every: Minutes | None = Field(default=None, gt=0)
    on: Moment | None = None
    opened: Literal[True] | None = None


TRIGGERS = ("need", "arrival", "joining", "after", "entering", "notice", "renewal", "every", "on", OPENED)


def _only_opened(value: object) -> object:
    """Let one word say that nothing but effects starts a journey."""
    return {OPENED: True} if value == OPENED else value


class Start(Described):
    """Where a journey begins in a channel, and for whom: others begin in another, if there is one for them."""

    step: str
    who: Who = Who()


class Journey(Described):
    """One kind of pursuit of a goal: who, when, from where, through what, and how it ends.

    Attributes
    ----------
    product
        To which it belongs, and so does its goal: where it counts in KPIs. Whom it is for is said by `who`.
    """

    when: Annotated[When, BeforeValidator(_only_opened)]
    who: Who = Who()
    goal: str | None = None
    product: str | None = None
    start: dict[str, Annotated[Start, _shorthand("step")]] = Field(min_length=1)
    difficulty: Annotated[Difficulty, BeforeValidator(_tilts)] = Difficulty()
    steps: dict[str, Step] = Field(min_length=1)
    ends: dict[str, End] = {}
    priority: int | None = None

    @cached_property
    def all_ends(self) -> dict[str, End]:
        """The ends defined here and the two built in."""
        return {**BUILT_IN_ENDS, **self.ends}

    @cached_property
    def for_left(self) -> bool:
        """Whether a date, a period or a need may open it for those who have left, however long ago that was."""
        when = self.when
        of_itself = when.need is not None or when.every is not None or when.on is not None
        return of_itself and LEFT in (self.who.stage or ())


class By(Described):
    """Weights of what the company can know of a customer: the largest sum stands first on a list.

    Whoever it does not know that of stands last; what it has not seen of a trait adds nothing.

    Attributes
    ----------
    tenure
        Days since becoming a customer.
    contacts
        Visits that were served, so far.
    score
        The last answer to a survey.
    opened
        Days since a journey opened last.
    seen
        Traits as the company has seen them: what each value adds, nothing where it is not named.
    """

    tenure: float = 0.0
    contacts: float = 0.0
    score: float = 0.0
    opened: float = 0.0
    seen: dict[str, dict[str, float]] = {}

    @cached_property
    def weights(self) -> tuple[float, float, float, float]:
        """Weights in the order in which `rules.standing` takes what is known."""
        return self.tenure, self.contacts, self.score, self.opened


class AtOutage(Described):
    """Each outage of a system as a trigger: when it begins, or when it is over and the system is back."""

    system: str
    at: Literal["start", "end"] = "start"


class Event(Effects):
    """Something that happens to many at once: an outage, a letter, a message, a campaign.

    Attributes
    ----------
    good
        Whether it is good or bad; neither where unstated, but an outage is bad. What is bad leads to failure demand.
    on
        On which date.
    every
        How often: the first time on that date, or one period after the start.
    rate
        How often by chance, where it is neither on a date nor every so often.
    outage
        Whenever a system is out, instead: as soon as it is, or once it is back.
    who
        Whom it may reach: customers, and visitors only where their stage is named.
    most
        How many of them are on the list, where not all can be reached: a campaign.
    by
        Who comes first on the list; who came first to the company, where that leaves it open.
    reach
        Share of them whom it reaches, drawn each time.
    """

    on: Moment | None = None
    every: Minutes | None = Field(default=None, gt=0)
    rate: Rate | None = None
    outage: Annotated[AtOutage, _shorthand("system")] | None = None
    who: Who = Who()
    most: int | None = Field(default=None, gt=0)
    by: By = By()
    reach: Share = 1.0

    @property
    def fails(self) -> bool:
        """Whether it is a failure of the company's."""
        return self.outage is not None if self.good is None else not self.good


class Promise(Described):
    """That a share of the contacts is answered in time, counted over the whole measured window.

    Attributes
    ----------
    within
        How long after a partner's people see a contact it counts as answered in time.
    share
        Share of those offered that are to be; the abandoned among them are not.
    penalty
        Paid back, once, if fewer are.
    """

    within: Minutes
    share: Share
    penalty: Money = Field(default=0.0, ge=0)


class Partner(Described):
    """People of somebody else's, who are paid by the contact served and not by the hour."""

    per_contact: Money = Field(ge=0)
    promise: Promise | None = None


class Differ(Described):
    """How the members of a pool differ; each has a speed and a proficiency of their own, around the pool's.

    Attributes
    ----------
    speed
        Coefficient of variation of their speeds, lognormal around the pool's.
    proficiency
        Standard deviation of their proficiencies, normal around the pool's.
    """

    speed: float = Field(default=0.0, ge=0)
    proficiency: float = Field(default=0.0, ge=0)


class AtOnce(Described):
    """How many contacts a member of a pool may hold at once, and what that costs in time.

    Attributes
    ----------
    slower
        By what share each other contact that they hold when one begins makes it longer; after that it is fixed.
    """

    contacts: int = Field(default=1, ge=1)
    slower: float = Field(default=0.0, ge=0)


class Quits(Described):
    """How people leave a pool, and how they are replaced: it takes time to find somebody, and to train them.

    Attributes
    ----------
    rate, slope
        Hazard of leaving, and how steeply it rises with strain: rate · exp(slope · strain).
    hiring
        From when somebody leaves until their place is filled; nobody is paid for it meanwhile.
    training
        From then until whoever is new answers; they are paid.
    cost
        Of replacing somebody, charged when they leave.
    """

    rate: PerMinute
    slope: float = 0.0
    hiring: Distribution
    training: Minutes = 0.0
    cost: Money = 0.0


class Strain(Described):
    """What lasting high occupancy does to a pool: it makes people slower, lets them err, and some leave.

    Attributes
    ----------
    above
        Occupancy beyond which it builds up.
    memory
        How long it takes to build up, and to fade: after that time it has gone 63 % of its way.
    slower
        Services take × exp(slower · strain).
    err
        What is hard gets harder: err · strain is added to an issue's difficulty where that tilts outcomes.
    every
        How often the pool is looked at, from the start on; a change cannot move it.
    """

    above: Share
    memory: Minutes = Field(gt=0)
    slower: float = Field(default=0.0, ge=0)
    err: float = Field(default=0.0, ge=0)
    quits: Quits | None = None
    every: Minutes = Field(default=MINUTES_PER_WEEK, gt=0)


class Pool(Described):
    """Interchangeable people with the same skills, on weekly shifts.

    Attributes
    ----------
    overtime
        Factor on the wage for time worked past the end of a shift.
    skills
        Journeys (by their goal) it can serve; any where unstated.
    absence
        Share of the people of a shift who are away on a day, each by chance; they are paid.
    speed
        Of all of its members; service times are divided by it.
    proficiency
        Of all of its members; it is taken off an issue's difficulty where that tilts outcomes.
    """

    department: str | None = None
    wage: MoneyPerMinute = 0.0
    overtime: float = Field(default=1.0, ge=0)
    skills: Names | None = None
    shifts: dict[str, Shift] = {}
    breaks: dict[str, Break] = {}
    absence: Share = 0.0
    partner: Partner | None = None
    speed: float = Field(default=1.0, gt=0)
    proficiency: float = 0.0
    differ: Differ = Differ()
    at_once: AtOnce = AtOnce()
    strain: Strain | None = None


class ChangeCost(Described):
    """What a change costs beside what it does: once at its beginning, and monthly while it lasts."""

    once: Money = 0.0
    monthly: Money = 0.0


class Change(Described):
    """Something proposed: what it sets, from when until when, what it costs, and what it takes from the floor.

    Attributes
    ----------
    set
        Parts of the scenario as they become: nested, or keyed by dotted path.
    begins, ends
        Dates; from the end of the warm-up, and for good, where unstated.
    ramp
        How long it takes to grow from nothing to all of it; there at once where unstated.
    who
        A pilot: the personas and the share of customers for whom it holds. What it sets of products, personas,
        touchpoints, journeys and events is for them alone; staff, channels and all else are everybody's. Drawn once for
        each customer.
    takes
        Pools of which it keeps a share of those on duty away, as a break does: whoever is in training does not answer.
    """

    title: str = ""
    begins: Moment | None = Field(default=None, alias="from")
    ends: Moment | None = Field(default=None, alias="until")
    ramp: Minutes = 0.0
    cost: ChangeCost = ChangeCost()
    takes: dict[str, Annotated[Taken, _shorthand("share")]] = {}
    who: Who | None = None
    set: dict[str, Any] = Field(min_length=1)


class Lever(Described):
    """Something the company can choose, within bounds, at a price per unit.

    Attributes
    ----------
    moves
        Dotted paths of the values that it sets, all to the same; where unstated, its name is the path.
    """

    moves: Names = ()
    low: int | float | str
    high: int | float | str
    step: int | float | str | None = None
    price: MoneyPerMinute = 0.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        number = self.numbers[0]
        if number["low"] >= number["high"]:
            msg = f"low ({self.low}) is not below high ({self.high}), so there is nothing to choose"
            raise ValueError(msg)
        if "step" in number and not 0 < number["step"] <= number["high"] - number["low"]:
            msg = f"step ({self.step}) does not lead from low ({self.low}) to high ({self.high})"
            raise ValueError(msg)
        return self

    @cached_property
    def numbers(self) -> tuple[dict[str, float], str]:
        """Bounds, and the step if there is one, as numbers; and the unit they are all in."""
        stated = {"low": self.low, "high": self.high, "step": self.step}
        return units.together({name: text for name, text in stated.items() if text is not None})


class Measure(Described):
    """Thresholds that some KPIs need."""

    answer_within: Minutes = 20 / 60


class Source(Described):
    """Where an estimate came from: kept with the scenario, read by people and reports, never by an engine."""

    source: str
    n: int | None = None
    interval: str | None = None
    note: str | None = None


class Check(Described):
    """One number of a log beside the simulated one.

    Attributes
    ----------
    unit
        What both are counted in.
    observed, simulated
        In the log, and as the scenario has it; nothing where it could not be known.
    floor
        Size of the difference that chance alone explains.
    verdict
        What to think of it, in words.
    """

    unit: str = ""
    observed: float | None = None
    simulated: float | None = None
    floor: float | None = None
    verdict: str = ""


class Checked(Described):
    """How the scenario did against data it was not fitted on: read by people and reports, never by an engine.

    Attributes
    ----------
    against
        What it was checked against, such as "the log's last 4 weeks, held out when it was calibrated".
    measures
        What was checked, by measure and then by touchpoint or other group.
    caveats
        What the scenario should not be trusted for, in words.
    """

    against: str
    measures: dict[str, dict[str, Check]] = {}
    caveats: tuple[str, ...] = ()


class Model(Described):
    """A scenario: one complete, runnable description of a company, its customers and what it might change.

    `estimates` says where calibrated values came from, and `data` which files (SHA-256 by name) they were read from.
    """

    title: str = ""
    about: str = ""
    clock: Clock
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    population: Population = Population()
    products: dict[str, Product] = {}
    traits: dict[str, Trait] = {}
    personas: dict[str, Persona] = Field(min_length=1)
    touchpoints: dict[str, Touchpoint] = Field(min_length=1)
    channels: dict[str, Channel] = {}
    systems: dict[str, System] = {}
    journeys: dict[str, Journey] = Field(min_length=1)
    events: dict[str, Event] = {}
    staff: dict[str, Pool] = {}
    profiles: dict[str, Profile] = {}
    changes: dict[str, Change] = {}
    enact: Names = ()
    levers: dict[str, Lever] = {}
    uncertain: dict[str, Uncertain] = {}
    measure: Measure = Measure()
    estimates: dict[str, Source] = {}
    checked: Checked | None = None
    data: dict[str, str] = {}

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def raw(self) -> dict[str, Any]:
        """The scenario as it was written, quantities with their units."""
        return self._raw

    def remember(self, raw: dict[str, Any]) -> None:
        """Keep the plain data this model was made of."""
        self._raw = raw

    def profile(self, arrivals: Arrivals) -> tuple[Profile, str]:
        """Weekly profile of a rate, and its name."""
        name = arrivals.profile or DEFAULT_PROFILE
        return self.profiles.get(name, FLAT), name

    def patience(self, persona: str, touchpoint: str) -> Law | None:
        """Patience of a persona at a touchpoint: its own, else its channel's, else none: they wait for ever."""
        if not self.touchpoints[touchpoint].attended:
            return None
        stated = self.personas[persona].patience
        found = stated.get(touchpoint) or stated.get(self.touchpoints[touchpoint].channel)
        return found.law if found is not None else None

    @cached_property
    def products_pay(self) -> bool:
        """Whether some product brings revenue of its own."""
        return any(product.revenue for product in self.products.values())

    @cached_property
    def remembers_those_who_left(self) -> bool:
        """Whether something may happen of itself to those who have left, however long ago that was."""
        events = any(LEFT in (event.who.stage or ()) for event in self.events.values())
        return events or any(journey.for_left for journey in self.journeys.values())

    def department(self, pool: str) -> str:
        """Department of a pool; its own name where none is stated."""
        return self.staff[pool].department or pool
