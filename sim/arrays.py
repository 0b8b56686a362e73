"""A model as arrays: every name a number, every phase a row, so that compiled code can read it.

What stays the same over all phases is the order of names (`Names`). What a phase states stands in tables of records,
one row a phase; lists (routes, outcomes, effects) are stretches of longer tables, named by where they begin and how
many they are. A law is its number in `laws`; −1 stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim import draws
from sim.changes import arms, phases, pilot_of
from sim.model import ABANDONED, AGAIN, BLOCKED, CANCELLED, CLOSED, DOWN, GIVE_UP, LEFT, MISSED, RESOLVED, Who
from sim.once import once_a_model
from sim.rules import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.changes import Phase
    from sim.distributions import Distribution
    from sim.model import Effects, Event, Journey, Model, Persona, Step, Target, Term, Touchpoint
    from sim.rules import Law

    Records = NDArray[np.void]
    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

# Of the one integer type for which compiled helpers are compiled.
NONE: Any = np.int64(-1)
AGAIN_CODE: Any = np.int64(
    -1_000_000
)  # a target that means the same step, once it opens; other negative targets are ends
# What starts a journey.
NEED, EVERY, JOINING, AFTER, ARRIVAL, ON, OPENED, ENTERING, NOTICE, RENEWAL = (np.int64(n) for n in range(10))

# By how much what happens in a visit moves a mood; a persona for whom all are 0 does not react.
REACTIONS = (
    "per_minute", "late_per_minute", "abandoned", "closed", "blocked", "handoff", "repeat", "reopened", "resolved",
    "unresolved", "missed", "down",
)  # fmt: skip
# Where a persona's terms that differ between customers or in time stand, and how many they are.
TERM_LISTS = ("rest_terms", "rest_terms_n", "churn_terms", "churn_terms_n")
PERSONA = np.dtype(
    [
        *(
            (name, np.float64)
            for name in (
                "share", "rest", "level", "adapts", "memory", "recovery", "peak", "end", "tolerance", "cap",
                "late_tolerance", "late_cap", *REACTIONS, "loss_aversion", "base", "slope", "terms", "ask",
                "answer_level", "answer_better", "answer_extreme", "noise", "revenue", "term", "notice", "refer_rate",
                "refer_slope", "deter_rate", "deter_slope", "learns", "strength",
            )
        ),
        *(
            (name, np.int64)
            for name in (
                "reacts", "churns", "asked", "of_satisfaction", "neediness", "priority", "bound", "refers", "deters",
                *TERM_LISTS,
            )
        ),

    ]
)  # fmt: skip
TOUCHPOINT = np.dtype(
    [
        *((name, np.float64) for name in ("cost", "urgent_after", "callback_after", "accept", "reached")),
        *((name, np.int64) for name in ("channel", "pools", "pools_n", "attended", "watched", "urgent", "system")),
    ]
)
JOURNEY = np.dtype(
    [
        ("time", np.float64),
        ("every", np.float64),
        ("on", np.float64),
        ("follows", np.float64),
        *(
            (name, np.int64)
            for name in (
                "trigger", "dormant", "goal", "hard", "has_priority", "priority", "only_start", "only_channel", "picky",
                "who", "stage", "joining", "after", "delay", "for_left",
            )
        ),
    ]
)  # fmt: skip
# Whom something is meant for; `name` is that by which a share of customers is drawn.
CONDITION = np.dtype(
    [
        ("share", np.float64),
        ("name", np.uint64),
        *((name, np.int64) for name in ("any_persona", "any_stage", "any_product", "any_trait", "any_seen")),
    ]
)
TERM = np.dtype([*((name, np.float64) for name in ("value", "per_year", "growing")), ("who", np.int64)])
RANK = np.dtype([("weight", np.float64), *((name, np.int64) for name in ("trait", "value"))])  # on a list
SEEING = np.dtype([("p", np.float64), ("after", np.int64)])  # how the company learns of a trait
STEP = np.dtype(
    [
        ("promise", np.float64),
        *(
            (name, np.int64)
            for name in (
                "clocks", "clocks_n", "touchpoint", "service", "has_priority", "priority", "outcomes", "outcomes_n",
                "abandoned", "abandoned_n", "blocked", "blocked_n", "closed", "closed_n", "missed", "missed_n",
                "down", "down_n",
            )
        ),
    ]
)  # fmt: skip
# A clock on a visit strikes after so many minutes, and again every so often; what it does from `fails_after` minutes on
# is a failure. `name`: by which it enters an address; `cause`: its number among all clocks.
CLOCK = np.dtype(
    [
        *((name, np.float64) for name in ("strikes", "again", "fails_after")),
        ("name", np.uint64),
        *((name, np.int64) for name in ("effects", "cause")),
    ]
)
OUTCOME = np.dtype(
    [
        ("holds", np.float64),
        *((name, np.int64) for name in ("name", "effects", "fails", "next", "next_n", "reopens", "reopens_n")),
    ]
)
EFFECTS = np.dtype(
    [
        *((name, np.float64) for name in ("revenue", "mood", "satisfaction")),
        *((name, np.int64) for name in ("matters", "changes_customer", "stays", "stage")),
        *(
            (name, np.int64)
            for some in ("adds", "drops", "traits", "opens", "cancels", "puts_off")
            for name in (some, f"{some}_n")
        ),
    ]
)
# `own`: whether it matters to how long a service takes who serves, what else they hold, and how strained they are.
PEOPLE = np.dtype(
    [
        *((name, np.float64) for name in ("speed", "speeds_differ", "proficiency", "proficiencies_differ", "slower")),
        *((name, np.float64) for name in ("strained_slower", "strained_err")),
        *((name, np.int64) for name in ("contacts", "own")),
    ]
)
END = np.dtype([("good", np.int64), ("effects", np.int64)])
# `most`: how many are on the list, −1 where there is none, and the weights by which it is made; `visitors`: whether it
# reaches those who are no customers, if their stage is named.
HAPPENING = np.dtype(
    [
        *((name, np.float64) for name in ("reach", "tenure", "contacts", "score", "opened")),
        *((name, np.int64) for name in ("effects", "who", "visitors", "most", "fails", "ranks", "ranks_n")),
    ]
)
LAW = np.dtype([("a", np.float64), ("b", np.float64), ("kind", np.int64), ("knots", np.int64), ("knots_n", np.int64)])
# `weights`: what those of the whole list add up to; `picky`: whether any of the list is meant for some only.
TARGET = np.dtype([("weights", np.float64), *((name, np.int64) for name in ("after", "code", "who", "picky"))])


class Arrays(NamedTuple):
    """A model as compiled code reads it; F phases, P personas, T touchpoints, J journeys, E events, K pools, S steps.

    Attributes
    ----------
    start
        Minutes at which phases begin. Where there is a pilot, its phases are as many rows more in all other tables.
    personas, touchpoints, journeys, events, steps
        What each phase states of them, shapes (F, P), (F, T), (F, J), (F, E), (F, S).
    patience
        Law by phase, persona and touchpoint, shape (F, P, T).
    comes
        Weight of each persona among those who come: as customers first, then for each journey; shape (F, 1 + J, P).
    products, product_revenue
        Share of a persona's customers who begin with a product, shape (F, P, products); money a minute that it brings
        of its own, shape (F, products).
    trait, trait_n
        Where the values of a trait with which a persona's customers begin stand in `trait_value` and `trait_weight`,
        shape (F, P, traits).
    lines
        Contacts a channel can hold, −1 where any number; shape (F, channels).
    capacity
        Services that can go on at once with a system, −1 where any number; shape (F, systems).
    people
        How good the members of a pool are, how they differ, and what they hold at once, shape (F, K).
    serves
        Whether a pool has the skill for a journey, shape (F, J, K).
    begin, begin_n
        Where the starts of a persona's journey stand in `start_weight`, `start_step`, `start_channel` and `start_who`,
        shape (F, P, J).
    conditions, who_persona, who_stage, who_product
        Whom something is meant for, one by one: shapes (C,), (C, personas), (C, stages), (C, products).
    who_trait, trait_matters, who_seen, seen_matters
        Likewise for traits, as they are and as the company sees them: shapes (C, traits, values) and (C, traits).
    seeing, lag
        How the company learns of traits that it does not see at once, shape (F, L); and which of these each trait is,
        −1 where none, shape (traits,).
    terms
        Those that differ between customers or in time.
    ranks
        What values of traits, as the company has seen them, add to a place on a list.
    after_end
        Ends after which a journey follows, shape (F, J, ends).
    tilt
        How difficulty tilts each of `outcome` in each phase, shape (F, outcomes).
    ends
        Ends of each journey by name of the end, shape (F, J, ends).
    pool, overflow, position
        Pools that serve a touchpoint, in order of preference: number, delay, and place in the list.
    clocks
        On visits at steps.
    outcome, outcome_weight
        Outcomes of steps.
    target, target_weight
        Routes.
    effects, add, drop, trait_set, open_journey, open_p, open_after, cancel, put_off, put_off_by
        What outcomes, ends, events and clocks do.
    laws, knots_at, knots_value
        Laws of durations.
    need_curve, review_every
        Which curve of expected numbers a persona's need follows, or a journey's period (the first is for joins, then
        one for arrivals for each journey, then those of `Lowered.needs`), shape (F, P, J); period of reviews, shape
        (F, P), NaN where there are none.
    department
        Of each pool, shape (F, K).
    priorities
        Every priority that is stated anywhere, ascending.
    journey_name, arrival_name, event_name, place_name, product_name, trait_name, end_name
        Hashes of names, by which they enter an address.
    """

    start: Floats
    personas: Records
    touchpoints: Records
    journeys: Records
    events: Records
    steps: Records
    patience: Whole
    comes: Floats
    products: Floats
    product_revenue: Floats
    trait: Whole
    trait_n: Whole
    trait_value: Whole
    trait_weight: Floats
    lines: Whole
    capacity: Whole
    people: Records
    serves: NDArray[np.bool_]
    begin: Whole
    begin_n: Whole
    start_weight: Floats
    start_step: Whole
    start_channel: Whole
    start_who: Whole
    conditions: Records
    who_persona: NDArray[np.bool_]
    who_stage: NDArray[np.bool_]
    who_product: NDArray[np.bool_]
    who_trait: NDArray[np.bool_]
    trait_matters: NDArray[np.bool_]
    who_seen: NDArray[np.bool_]
    seen_matters: NDArray[np.bool_]
    seeing: Records
    lag: Whole
    terms: Records
    ranks: Records
    after_end: NDArray[np.bool_]
    tilt: Floats
    ends: Records
    pool: Whole
    overflow: Floats
    clocks: Records
    outcome: Records
    outcome_weight: Floats
    target: Records
    target_weight: Floats
    effects: Records
    add: Whole
    drop: Whole
    trait_set: Whole
    open_journey: Whole
    open_p: Floats
    open_after: Whole
    cancel: Whole
    put_off: Whole
    put_off_by: Floats
    laws: Records
    knots_at: Floats
    knots_value: Floats
    need_curve: Whole
    review_every: Floats
    department: Whole
    priorities: Whole
    journey_name: NDArray[np.uint64]
    arrival_name: NDArray[np.uint64]
    event_name: NDArray[np.uint64]
    place_name: NDArray[np.uint64]
    product_name: NDArray[np.uint64]
    trait_name: NDArray[np.uint64]
    end_name: NDArray[np.uint64]


@dataclass(frozen=True)
class Names:
    """What numbers stand for: names of one kind in their order."""

    personas: tuple[str, ...]
    touchpoints: tuple[str, ...]
    channels: tuple[str, ...]
    journeys: tuple[str, ...]
    starts: tuple[str, ...]
    events: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    clocks: tuple[tuple[str, str, str], ...]
    pools: tuple[str, ...]
    systems: tuple[str, ...]
    departments: tuple[str, ...]
    goals: tuple[str, ...]
    outcomes: tuple[str, ...]
    ends: tuple[str, ...]
    stages: tuple[str, ...]
    products: tuple[str, ...]
    traits: tuple[str, ...]
    values: tuple[str, ...]
    lagging: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Persona of each group of people: first all who are in no pilot, then those who are."""
        return 2 * self.personas


# Outcomes and ends that every model has, first in their order.
OUTCOMES = (ABANDONED, CLOSED, BLOCKED, LEFT, RESOLVED, "unresolved", MISSED, CANCELLED, DOWN)
ENDS = (RESOLVED, GIVE_UP, LEFT, CANCELLED)


@dataclass(frozen=True)
class Lowered:
    """A model as arrays, what their numbers mean, and the phases and needs they were made of.

    Attributes
    ----------
    needs
        Persona and need of each curve of expected numbers, or None and the journey whose periods it counts, and whether
        it is for those in a pilot, in the order in which `Arrays.need_curve` counts them.
    pilot
        Number of the condition for being in a pilot; −1 where there is none.
    """

    arrays: Arrays
    names: Names
    phases: tuple[Phase, ...]
    needs: tuple[tuple[str | None, str, bool], ...]
    pilot: int


@once_a_model
def lower(model: Model) -> Lowered:
    """Turn a model into arrays."""
    stretches = phases(model)
    names = names_of(model, stretches)
    return _Lowering(model, stretches, names).lowered()


def names_of(model: Model, stretches: Sequence[Phase]) -> Names:
    """Every name of a model, in the order in which it becomes a number."""
    models = [phase.model for phase in arms(stretches)]
    last = stretches[-1].model
    every = [journey for each in models for journey in each.journeys.values()]
    steps = [step for journey in every for step in journey.steps.values()]
    effects: list[Effects] = [end for journey in every for end in journey.all_ends.values()]
    effects += [outcome for step in steps for outcome in step.outcomes.values()]
    effects += [clock for step in steps for clock in step.while_open.values()]
    effects += [event for each in models for event in each.events.values()]
    personas = [persona for each in models for persona in each.personas.values()]
    conditions = [condition for each in models for condition in conditions_of(each)]
    ranked = [event.by.seen for each in models for event in each.events.values()]

    def unique(*names: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(name for some in names for name in some))

    return Names(
        personas=tuple(last.personas),
        touchpoints=tuple(last.touchpoints),
        channels=unique(touchpoint.channel for each in models for touchpoint in each.touchpoints.values()),
        journeys=tuple(last.journeys),
        starts=unique(channel for journey in every for channel in journey.start),
        events=tuple(last.events),
        steps=tuple((name, step) for name, journey in last.journeys.items() for step in journey.steps),
        clocks=unique(
            (name, step, clock)
            for each in models
            for name, journey in each.journeys.items()
            for step, planned in journey.steps.items()
            for clock in planned.while_open
        ),
        pools=tuple(last.staff),
        systems=tuple(last.systems),
        departments=unique(model.department(name) for model in models for name in last.staff),
        goals=unique(journey.goal or name for each in models for name, journey in each.journeys.items()),
        outcomes=unique(OUTCOMES, (name for step in steps for name in step.outcomes)),
        ends=unique(ENDS, (name for journey in every for name in journey.all_ends)),
        stages=unique(
            [model.population.stage],
            (journey.when.stage for journey in every),
            (effect.stage for effect in effects if effect.stage is not None),
            (stage for who in conditions for stage in who.stage or ()),
            (journey.when.entering.stage for journey in every if journey.when.entering is not None),
            [LEFT],
        ),
        products=unique(
            last.products,
            (name for persona in personas for name in persona.products),
            (name for effect in effects for name in (*effect.adds, *effect.drops)),
            (name for who in conditions for name in who.product or ()),
            (journey.product for journey in every if journey.product is not None),
        ),
        traits=unique(
            (name for persona in personas for name in persona.traits),
            (name for effect in effects for name in effect.trait),
            (name for who in conditions for name in (*who.trait, *who.seen)),
            (name for seen in ranked for name in seen),
            last.traits,
        ),
        values=unique(
            (value for persona in personas for weights in persona.traits.values() for value in weights),
            (value for effect in effects for value in effect.trait.values()),
            (
                value
                for who in conditions
                for asked in (who.trait, who.seen)
                for values in asked.values()
                for value in values
            ),
            (value for seen in ranked for weights in seen.values() for value in weights),
        ),
        lagging=tuple(last.traits),
    )


def conditions_of(model: Model) -> Iterator[Who]:
    """Every condition that a model states."""
    for journey in model.journeys.values():
        yield journey.who
        yield from (start.who for start in journey.start.values())
        for step in journey.steps.values():
            choices = [*step.next.values(), *(outcome.reopens for outcome in step.outcomes.values())]
            yield from (target.who for targets in choices for target in targets.values())
    for persona in model.personas.values():
        churn = {} if persona.churn is None else persona.churn.terms
        yield from (term.who for terms in (persona.satisfaction.terms, churn) for term in terms.values())
    for touchpoint in model.touchpoints.values():
        choices = [touchpoint.when_closed, touchpoint.when_down]
        yield from (target.who for targets in choices for target in targets.values())
    yield from (event.who for event in model.events.values())


@dataclass
class _Lists:
    """The longer tables in which lists stand one after the other."""

    start_weight: list[float] = field(default_factory=list)
    start_step: list[int] = field(default_factory=list)
    start_channel: list[int] = field(default_factory=list)
    start_who: list[int] = field(default_factory=list)
    trait_value: list[int] = field(default_factory=list)
    trait_weight: list[float] = field(default_factory=list)
    terms: list[tuple[Any, ...]] = field(default_factory=list)
    ranks: list[tuple[float, int, int]] = field(default_factory=list)
    pool: list[int] = field(default_factory=list)
    overflow: list[float] = field(default_factory=list)
    clocks: list[tuple[Any, ...]] = field(default_factory=list)
    outcome: list[tuple[Any, ...]] = field(default_factory=list)
    outcome_weight: list[float] = field(default_factory=list)
    target: list[tuple[Any, ...]] = field(default_factory=list)
    target_weight: list[float] = field(default_factory=list)
    effects: list[tuple[Any, ...]] = field(default_factory=list)
    add: list[int] = field(default_factory=list)
    drop: list[int] = field(default_factory=list)
    trait_set: list[tuple[int, int]] = field(default_factory=list)
    open_journey: list[int] = field(default_factory=list)
    open_p: list[float] = field(default_factory=list)
    open_after: list[int] = field(default_factory=list)
    cancel: list[int] = field(default_factory=list)
    put_off: list[int] = field(default_factory=list)
    put_off_by: list[float] = field(default_factory=list)
    laws: list[tuple[Any, ...]] = field(default_factory=list)
    knots_at: list[float] = field(default_factory=list)
    knots_value: list[float] = field(default_factory=list)


class _Lowering:
    """One model on its way to arrays."""

    def __init__(self, model: Model, stretches: tuple[Phase, ...], names: Names) -> None:
        self.model, self.stretches, self.phases, self.names = model, stretches, arms(stretches), names
        self.lists = _Lists()
        self.known_laws: dict[Law, int] = {}
        self.needs: dict[tuple[str | None, str, bool], int] = {}
        self.stated: list[tuple[Who, str]] = []  # conditions, each with the name of what it stands on
        self.number = {
            part: {name: i for i, name in enumerate(getattr(names, part))} for part in Names.__dataclass_fields__
        }

    def lowered(self) -> Lowered:
        """Every table, phase by phase."""
        size = {part: len(getattr(self.names, part)) for part in Names.__dataclass_fields__}
        every, personas, journeys = len(self.phases), size["personas"], size["journeys"]
        self.personas = np.zeros((every, personas), PERSONA)
        self.touchpoints = np.zeros((every, size["touchpoints"]), TOUCHPOINT)
        self.journeys = np.zeros((every, journeys), JOURNEY)
        self.events = np.zeros((every, size["events"]), HAPPENING)
        self.steps = np.zeros((every, size["steps"]), STEP)
        self.patience = np.full((every, personas, size["touchpoints"]), NONE, np.int64)
        self.comes = np.zeros((every, 1 + journeys, personas))
        self.products = np.zeros((every, personas, size["products"]))
        self.product_revenue = np.zeros((every, size["products"]))
        self.trait, self.trait_n = np.zeros((2, every, personas, size["traits"]), np.int64)
        self.lines = np.full((every, size["channels"]), NONE, np.int64)
        self.capacity = np.full((every, size["systems"]), NONE, np.int64)
        self.people = np.zeros((every, size["pools"]), PEOPLE)
        self.serves = np.ones((every, journeys, size["pools"]), np.bool_)
        self.begin, self.begin_n = np.zeros((2, every, personas, journeys), np.int64)
        self.seeing = np.zeros((every, size["lagging"]), SEEING)
        self.after_end = np.zeros((every, journeys, size["ends"]), np.bool_)
        self.owners: list[tuple[str, str]] = []  # journey and name of each outcome
        self.ends = np.zeros((every, journeys, size["ends"]), END)
        self.need_curve = np.full((every, personas, journeys), NONE, np.int64)
        for f, phase in enumerate(self.phases):
            self.phase(f, phase)
        change = pilot_of(self.model)
        self.pilot = NONE if change is None else self.condition(self.model.changes[change].who or Who(), change)
        self.conditions()
        tilts = [
            [phase.model.journeys[journey].difficulty.tilts.get(way, 0.0) for journey, way in self.owners]
            for phase in self.phases
        ]
        self.tilt = np.array(tilts).reshape(every, len(self.owners))
        return Lowered(self.arrays(), self.names, self.stretches, tuple(self.needs), self.pilot)

    def arrays(self) -> Arrays:
        """Every table as an array."""
        lists = self.lists
        whole = {
            "start_step", "start_channel", "start_who", "trait_value", "pool", "add", "drop", "trait_set",
            "open_journey", "open_after", "cancel", "put_off",
        }  # fmt: skip
        records = {
            "outcome": OUTCOME,
            "target": TARGET,
            "effects": EFFECTS,
            "laws": LAW,
            "terms": TERM,
            "ranks": RANK,
            "clocks": CLOCK,
        }
        columns: dict[str, Any] = {}
        for name in _Lists.__dataclass_fields__:
            kind = records.get(name) or (np.int64 if name in whole else np.float64)
            columns[name] = np.array(getattr(lists, name), dtype=kind)
        columns["trait_set"] = columns["trait_set"].reshape(-1, 2)
        models = [phase.model for phase in self.phases]
        first = {
            name: next((p.churn.every for model in models if (p := model.personas[name]).churn and not p.contract), nan)
            for name in self.names.personas
        }
        reviewed = [
            [every if (churn := model.personas[name].churn) is None or isnan(every) else churn.every
             for name, every in first.items()]
            for model in models
        ]  # fmt: skip
        stated = [persona.priority for model in models for persona in model.personas.values()]
        for model in models:
            stated += [place.urgent.priority for place in model.touchpoints.values() if place.urgent is not None]
            for journey in model.journeys.values():
                more = (journey.priority, *(step.priority for step in journey.steps.values()))
                stated += [priority for priority in more if priority is not None]
        own = {
            name: getattr(self, name)
            for name in (
                "personas", "touchpoints", "journeys", "events", "steps", "patience", "comes", "products",
                "product_revenue", "trait", "trait_n", "lines", "capacity", "people", "serves", "begin", "begin_n",
                "who_persona", "who_stage", "who_product", "who_trait", "trait_matters", "who_seen", "seen_matters",
                "seeing", "after_end", "tilt", "ends", "need_curve",
            )
        }  # fmt: skip
        lag = [self.number["lagging"].get(trait, NONE) for trait in self.names.traits]
        department = self.number["departments"]
        departments = [[department[model.department(name)] for name in self.names.pools] for model in models]
        return Arrays(
            conditions=self.condition_records,
            start=np.array([phase.start for phase in self.stretches]),
            review_every=np.array(reviewed).reshape(len(models), -1),
            department=np.array(departments, np.int64).reshape(len(models), -1),
            lag=np.array(lag, np.int64),
            priorities=np.array(sorted(set(stated)), np.int64),
            journey_name=_hashes(self.names.journeys),
            arrival_name=_hashes(f"arrival {name}" for name in self.names.journeys),
            event_name=_hashes(f"event {name}" for name in self.names.events),
            place_name=_hashes(self.names.touchpoints),
            product_name=_hashes(self.names.products),
            trait_name=_hashes(self.names.traits),
            end_name=_hashes(self.names.ends),
            **own,
            **columns,
        )

    def law(self, law: Law | None) -> Any:
        """Number of a law."""
        if law is None:
            return NONE
        if law not in self.known_laws:
            self.known_laws[law] = len(self.known_laws)
            self.lists.laws.append((law.a, law.b, law.kind, len(self.lists.knots_at), len(law.at)))
            self.lists.knots_at.extend(law.at)
            self.lists.knots_value.extend(law.value)
        return self.known_laws[law]

    def optional(self, distribution: Distribution | None) -> Any:
        """Number of a distribution's law."""
        return NONE if distribution is None else self.law(distribution.law)

    def phase(self, f: int, phase: Phase) -> None:
        """Write down one phase."""
        model = phase.model
        for name, persona in model.personas.items():
            self.persona(f, self.number["personas"][name], persona, model)
        self.operations(f, model)
        for name, product in model.products.items():
            self.product_revenue[f, self.number["products"][name]] = product.revenue
        for name, trait in model.traits.items():
            self.seeing[f, self.number["lagging"][name]] = trait.seen.p, self.optional(trait.seen.after)
        for name, journey in model.journeys.items():
            self.journey(f, name, journey, phase)
        for name, event in model.events.items():
            self.event(f, name, event)
        for j, who in enumerate((None, *(journey.who.persona for journey in self.phases[0].model.journeys.values()))):
            self.comes[f, j] = weights_of(model, who)

    def operations(self, f: int, model: Model) -> None:
        """Write down what customers meet: touchpoints, lines, systems and people."""
        for name, channel in model.channels.items():
            if name in self.number["channels"]:
                self.lines[f, self.number["channels"][name]] = NONE if channel.lines is None else channel.lines
        for s, name in enumerate(self.names.systems):
            capacity = model.systems[name].capacity
            self.capacity[f, s] = NONE if capacity is None else capacity
        for name, touchpoint in model.touchpoints.items():
            self.touchpoint(f, self.number["touchpoints"][name], touchpoint)
        for name, pool in model.staff.items():
            differ, at_once = pool.differ, pool.at_once
            slower, err = (pool.strain.slower, pool.strain.err) if pool.strain is not None else (0.0, 0.0)
            good = pool.speed, differ.speed, pool.proficiency, differ.proficiency
            own = pool.speed != 1 or differ.speed > 0 or at_once.slower > 0 or slower > 0
            self.people[f, self.number["pools"][name]] = *good, at_once.slower, slower, err, at_once.contacts, own

    def persona(self, f: int, p: int, persona: Persona, model: Model) -> None:
        """Write down a persona."""
        feelings, churn, survey = persona.satisfaction, persona.churn, persona.survey
        row = self.personas[f, p]
        for name in (
            "rest", "level", "adapts", "memory", "recovery", "peak", "end", "loss_aversion", *REACTIONS[2:],
        ):  # fmt: skip
            row[name] = getattr(feelings, name)
        row["tolerance"], row["per_minute"], row["cap"] = feelings.wait.numbers
        row["late_tolerance"], row["late_per_minute"], row["late_cap"] = feelings.late.numbers
        row["reacts"] = any(row[name] != 0 for name in REACTIONS)
        row["share"], row["revenue"], row["priority"] = persona.share, persona.value.revenue, persona.priority
        row["learns"], row["strength"] = persona.taste.learns, persona.taste.strength
        row["neediness"] = self.law(persona.neediness)
        row["rest_terms"], row["rest_terms_n"] = self.moving(feelings.moving)
        if churn is not None:
            row["churn_terms"], row["churn_terms_n"] = self.moving(churn.moving)
            row["churns"], row["base"], row["slope"], row["terms"] = 1, churn.base, churn.slope, churn.total
        self.loyalty(row, persona)
        if survey is not None:
            row["asked"], row["ask"], row["noise"] = 1, survey.ask, survey.noise
            row["of_satisfaction"] = survey.of == "satisfaction"
            row["answer_level"], row["answer_better"] = survey.respond.level, survey.respond.better
            row["answer_extreme"] = survey.respond.extreme
        self.belongings(f, p, persona)
        for t, touchpoint in enumerate(self.names.touchpoints):
            self.patience[f, p, t] = self.law(model.patience(self.names.personas[p], touchpoint))
        for j, name in enumerate(self.names.journeys):
            self.starts(f, p, j, persona, model.journeys[name])

    def moving(self, terms: Sequence[tuple[str, Term]]) -> tuple[int, int]:
        """Where a list of terms begins, and how many they are."""
        first = len(self.lists.terms)
        for name, term in terms:
            self.lists.terms.append((term.value, term.per_year, term.growing, self.condition(term.who, name)))
        return first, len(terms)

    def loyalty(self, row: Any, persona: Persona) -> None:
        """Write down by what a persona's customers are bound, and how they bring others or keep them away."""
        contract, referral = persona.contract, persona.referral
        row["refers"] = NONE
        if contract is not None:
            row["bound"], row["term"], row["notice"] = 1, contract.term, contract.notice
        if referral is not None:
            row["refers"] = self.number["journeys"][referral.journey]
            row["refer_rate"], row["refer_slope"] = referral.rate, referral.slope
            if referral.deters is not None:
                row["deters"], row["deter_rate"] = 1, referral.deters.rate
                row["deter_slope"] = referral.deters.slope

    def belongings(self, f: int, p: int, persona: Persona) -> None:
        """Write down the products and traits with which a persona's customers begin."""
        for product, share in persona.products.items():
            self.products[f, p, self.number["products"][product]] = share
        for trait, weights in persona.traits.items():
            place = f, p, self.number["traits"][trait]
            self.trait[place], self.trait_n[place] = len(self.lists.trait_value), len(weights)
            self.lists.trait_value.extend(self.number["values"][value] for value in weights)
            self.lists.trait_weight.extend(weights.values())

    def starts(self, f: int, p: int, j: int, persona: Persona, journey: Journey) -> None:
        """Write down where a persona's journeys begin, and how often they are needed."""
        name = self.names.journeys[j]
        liked = persona.starts.get(name, persona.start)
        self.begin[f, p, j] = len(self.lists.start_step)
        for channel, weight in liked.items():
            if channel in journey.start:
                self.lists.start_weight.append(weight)
                self.lists.start_step.append(self.number["steps"][name, journey.start[channel].step])
                self.lists.start_channel.append(self.number["starts"][channel])
                self.lists.start_who.append(self.condition(journey.start[channel].who, name))
        self.begin_n[f, p, j] = len(self.lists.start_step) - self.begin[f, p, j]
        pilot = f >= len(self.stretches)
        if journey.when.need is not None:
            self.need_curve[f, p, j] = self.curve((self.names.personas[p], journey.when.need, pilot))
        elif journey.when.every is not None:
            self.need_curve[f, p, j] = self.curve((None, name, pilot))

    def curve(self, counted: tuple[str | None, str, bool]) -> int:
        """Number of a curve of expected needs, or of periods."""
        return self.needs.setdefault(counted, 1 + len(self.names.journeys) + len(self.needs))

    def touchpoint(self, f: int, t: int, touchpoint: Touchpoint) -> None:
        """Write down a touchpoint."""
        row = self.touchpoints[f, t]
        row["cost"], row["channel"] = touchpoint.cost, self.number["channels"][touchpoint.channel]
        row["attended"] = touchpoint.attended
        row["system"] = NONE if touchpoint.system is None else self.number["systems"][touchpoint.system]
        row["urgent_after"], row["callback_after"] = np.inf, np.inf
        if touchpoint.urgent is not None:
            row["urgent_after"], row["urgent"] = touchpoint.urgent.after, touchpoint.urgent.priority
        callback = touchpoint.callback
        if callback is not None:
            row["callback_after"], row["accept"], row["reached"] = callback.after, callback.accept, callback.reached
        row["watched"] = touchpoint.urgent is not None or callback is not None
        row["pools"], row["pools_n"] = len(self.lists.pool), len(touchpoint.staff)
        for pool, delay in touchpoint.staff.items():
            self.lists.pool.append(self.number["pools"][pool])
            self.lists.overflow.append(delay)

    def journey(self, f: int, name: str, journey: Journey, phase: Phase) -> None:
        """Write down a journey, its trigger, whom it is meant for, its steps and ends."""
        j = self.number["journeys"][name]
        row = self.journeys[f, j]
        goal = journey.goal or name
        row["dormant"], row["goal"] = name in phase.dormant, self.number["goals"][goal]
        row["time"], row["hard"] = journey.difficulty.time, journey.difficulty.matters
        row["has_priority"], row["priority"] = journey.priority is not None, journey.priority or 0
        row["picky"] = any(start.who.matters for start in journey.start.values())
        row["only_start"] = row["only_channel"] = NONE
        if len(journey.start) == 1:
            ((channel, only),) = journey.start.items()
            row["only_start"] = self.number["steps"][name, only.step]
            row["only_channel"] = self.number["starts"][channel]
        self.trigger(f, j, journey)
        row["who"] = self.condition(journey.who, name)
        for k, pool in enumerate(self.names.pools):
            skills = phase.model.staff[pool].skills
            self.serves[f, j, k] = skills is None or goal in skills
        for end, described in journey.all_ends.items():
            good = NONE if described.good is None else int(described.good)
            self.ends[f, j, self.number["ends"][end]] = good, self.effects(described)
        for step_name, step in journey.steps.items():
            self.step(f, name, step_name, step, phase.model)

    def trigger(self, f: int, j: int, journey: Journey) -> None:
        """Write down what starts a journey."""
        row, when = self.journeys[f, j], journey.when
        row["stage"] = self.number["stages"][when.stage]
        row["joining"], row["after"], row["delay"] = NONE, NONE, NONE
        row["every"], row["on"] = np.inf, np.nan if when.on is None else self.model.clock.minutes(when.on)
        row["for_left"] = journey.for_left
        if when.need is not None:
            row["trigger"] = NEED
        elif when.every is not None:
            row["trigger"] = EVERY
        elif when.joining is not None:
            row["trigger"], row["joining"] = JOINING, self.law(when.joining.law)
        elif when.after is not None:
            row["trigger"], row["after"] = AFTER, self.number["journeys"][when.after.journey]
            row["follows"], row["delay"] = when.after.p, self.optional(when.after.delay)
            ends = self.names.ends if when.after.end is None else when.after.end
            self.after_end[f, j, [self.number["ends"][end] for end in ends]] = True
        elif when.opened:
            row["trigger"] = OPENED
        elif when.entering is not None:
            row["trigger"], row["stage"] = ENTERING, self.number["stages"][when.entering.stage]
            row["follows"], row["delay"] = when.entering.p, self.optional(when.entering.delay)
        elif when.notice is not None:
            row["trigger"], row["delay"] = NOTICE, self.law(when.notice.law)
        elif when.renewal is not None:
            row["trigger"], row["every"] = RENEWAL, when.renewal.before
        else:
            row["trigger"] = ARRIVAL if when.arrival is not None else ON

    def condition(self, who: Who, name: str) -> Any:
        """Number of a condition on something of that name; none where it holds for everybody."""
        if not who.matters:
            return NONE
        stated = who, name if who.share < 1 else ""
        if stated not in self.stated:
            self.stated.append(stated)
        return self.stated.index(stated)

    def conditions(self) -> None:
        """Write down every condition."""
        count = len(self.stated)
        size = {part: len(getattr(self.names, part)) for part in ("personas", "stages", "products", "traits", "values")}
        self.condition_records = np.zeros(count, CONDITION)
        self.who_persona = np.zeros((count, size["personas"]), np.bool_)
        self.who_stage = np.zeros((count, size["stages"]), np.bool_)
        self.who_product = np.zeros((count, size["products"]), np.bool_)
        self.who_trait, self.who_seen = np.zeros((2, count, size["traits"], size["values"]), np.bool_)
        self.trait_matters, self.seen_matters = np.zeros((2, count, size["traits"]), np.bool_)
        for n, (who, name) in enumerate(self.stated):
            row = self.condition_records[n]
            row["share"], row["name"] = who.share, draws.name(name)
            row["any_persona"], row["any_stage"] = who.persona is None, who.stage is None
            row["any_product"], row["any_trait"], row["any_seen"] = who.product is None, not who.trait, not who.seen
            for table, names, wanted in (
                (self.who_persona, "personas", who.persona),
                (self.who_stage, "stages", who.stage),
                (self.who_product, "products", who.product),
            ):
                table[n, [self.number[names][each] for each in wanted or ()]] = True
            for matters, which, asked in (
                (self.trait_matters, self.who_trait, who.trait),
                (self.seen_matters, self.who_seen, who.seen),
            ):
                for trait, values in asked.items():
                    t = self.number["traits"][trait]
                    matters[n, t] = True
                    which[n, t, [self.number["values"][value] for value in values]] = True

    def event(self, f: int, name: str, event: Event) -> None:
        """Write down an event: whom it may reach, and what it does."""
        row = self.events[f, self.number["events"][name]]
        row["reach"], row["who"], row["effects"] = event.reach, self.condition(event.who, name), self.effects(event)
        row["visitors"], row["most"] = event.who.stage is not None, NONE if event.most is None else event.most
        row["fails"] = event.fails
        for known in ("tenure", "contacts", "score", "opened"):
            row[known] = getattr(event.by, known)
        row["ranks"] = len(self.lists.ranks)
        for trait, weights in event.by.seen.items():
            for value, weight in weights.items():
                self.lists.ranks.append((weight, self.number["traits"][trait], self.number["values"][value]))
        row["ranks_n"] = len(self.lists.ranks) - row["ranks"]

    def step(self, f: int, journey: str, name: str, step: Step, model: Model) -> None:
        """Write down a step: its touchpoint, how visits end and where they lead."""
        row = self.steps[f, self.number["steps"][journey, name]]
        touchpoint = model.touchpoints[step.touchpoint]
        row["touchpoint"] = self.number["touchpoints"][step.touchpoint]
        row["service"] = self.law((step.service_time or touchpoint.service_time).law)
        row["promise"] = np.nan if step.promise is None else step.promise
        row["clocks"], row["clocks_n"] = len(self.lists.clocks), len(step.while_open)
        for called, clock in step.while_open.items():
            numbers = self.effects(clock), self.number["clocks"][journey, name, called]
            times = clock.after, clock.every or np.inf, step.fails_after(clock)
            self.lists.clocks.append((*times, draws.clock(called), *numbers))
        row["has_priority"], row["priority"] = step.priority is not None, step.priority or 0
        row["abandoned"], row["abandoned_n"] = self.routes(journey, step.next.get(ABANDONED, {}))
        row["blocked"], row["blocked_n"] = self.routes(journey, step.next.get(BLOCKED, {}))
        row["missed"], row["missed_n"] = self.routes(journey, step.next.get(MISSED, {}))
        row["closed"], row["closed_n"] = self.routes(journey, step.next.get(CLOSED, touchpoint.when_closed))
        row["down"], row["down_n"] = self.routes(journey, step.next.get(DOWN, touchpoint.when_turned_away(DOWN)))
        ways = [
            (self.effects(outcome), step.fails(way), *self.routes(journey, step.next.get(way, {})),
             *self.routes(journey, outcome.reopens))
            for way, outcome in step.outcomes.items()
        ]  # fmt: skip
        row["outcomes"], row["outcomes_n"] = len(self.lists.outcome), len(step.outcomes)
        for (way, outcome), (effects, *routes) in zip(step.outcomes.items(), ways, strict=True):
            self.lists.outcome.append((outcome.holds, self.number["outcomes"][way], effects, *routes))
            self.lists.outcome_weight.append(outcome.p)
            self.owners.append((journey, way))

    def routes(self, journey: str, targets: Mapping[str, Target]) -> tuple[int, int]:
        """Where a list of targets begins, and how many they are."""
        first, weights = len(self.lists.target), total([target.p for target in targets.values()])
        picky = any(target.who.matters for target in targets.values())
        for name, target in targets.items():
            step = self.number["steps"].get((journey, name))
            if name == AGAIN:
                code = AGAIN_CODE
            else:
                code = step if step is not None else end_code(self.number["ends"].get(name, 0))
            who = self.condition(target.who, journey)
            self.lists.target.append((weights, self.optional(target.after), code, who, picky))
            self.lists.target_weight.append(target.p)
        return first, len(targets)

    def effects(self, effects: Effects) -> int:
        """Number of the effects of an outcome or an end."""
        lists = self.lists
        first = [
            len(some)
            for some in (lists.add, lists.drop, lists.trait_set, lists.open_journey, lists.cancel, lists.put_off)
        ]
        lists.add.extend(self.number["products"][name] for name in effects.adds)
        lists.drop.extend(self.number["products"][name] for name in effects.drops)
        lists.trait_set.extend(
            (self.number["traits"][trait], self.number["values"][value]) for trait, value in effects.trait.items()
        )
        lists.open_journey.extend(self.number["journeys"][name] for name in effects.opens)
        lists.open_p.extend(opening.p for opening in effects.opens.values())
        lists.open_after.extend(self.optional(opening.after) for opening in effects.opens.values())
        lists.cancel.extend(self.number["journeys"][name] for name in effects.cancels)
        lists.put_off.extend(self.number["journeys"][name] for name in effects.puts_off)
        lists.put_off_by.extend(effects.puts_off.values())
        stage = NONE if effects.stage is None else self.number["stages"][effects.stage]
        counts = [
            len(some)
            for some in (effects.adds, effects.drops, effects.trait, effects.opens, effects.cancels, effects.puts_off)
        ]
        pairs = [number for both in zip(first, counts, strict=True) for number in both]
        lists.effects.append((
            effects.revenue, effects.mood, effects.satisfaction, effects.matters, effects.changes_customer,
            effects.stays, stage, *pairs,
        ))  # fmt: skip
        return len(lists.effects) - 1


def weights_of(model: Model, wanted: Sequence[str] | None) -> list[float]:
    """Weight of each persona among people who come, where none but some are wanted."""
    weights = [p.share if wanted is None or name in wanted else 0.0 for name, p in model.personas.items()]
    if any(weights):
        return weights
    return [float(wanted is None or name in wanted) for name in model.personas]  # who visit, but are never customers


def end_code(end: int) -> int:
    """Number by which a route names an end; steps are named by theirs."""
    return -1 - end


def _hashes(names: Iterable[str]) -> NDArray[np.uint64]:
    return np.array([draws.name(name) for name in names], dtype=np.uint64)
