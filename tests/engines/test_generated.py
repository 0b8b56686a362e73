"""Generated scenarios are valid, the same to both engines, and rich: what can happen does happen in many of them."""

from collections import Counter
from dataclasses import replace
from statistics import fmean

import polars as pl
import pytest
from hypothesis import given, settings

from sim import Result, build, simulate
from sim.changes import phases, ramp, settled, span
from sim.described import Described
from sim.engines import compiled, reference
from sim.summaries import summarise
from tests.engines.equal import assert_same_sums, assert_same_tables
from tests.engines.generated import scenario, scenarios

MANY = 200
IS_ARRIVAL = ~pl.col("origin").str.contains("^(start|join) ")


# ---- they can be used ------------------------------------------------------------------------------------------------


@settings(max_examples=6)
@given(scenarios())
def test_engines_agree_on_generated_scenarios(raw):
    assert_engines_agree(raw)


@settings(max_examples=6)
@given(scenarios(rounded=True))
def test_engines_agree_where_much_happens_at_the_same_moment(raw):
    assert_engines_agree(raw)


def assert_engines_agree(raw, seed=1):
    exact = settled(build(raw), seed, 0)
    one, other = reference.run(exact, seed, 0), compiled.run(exact, seed, 0)
    assert_same_tables(one, other)
    assert_keeping_less_changes_nothing(exact, seed, one)


def assert_keeping_less_changes_nothing(exact, seed, tables):
    """Sums are those of the tables, whatever is kept, and what is kept is a part of the tables."""
    expected = summarise(Result(exact, seed, 0, tables))
    for engine in (reference, compiled):
        part, counted = engine.live(exact, seed, 0, keep=0.5)
        assert_same_sums(expected, counted)
        assert part.customers.equals(tables.customers)
        of_some = (part.journeys, part.effects, part.holdings)
        kept = pl.concat([table["customer"] for table in of_some]).unique().implode()
        assert_same_tables(
            part,
            replace(
                tables,
                visits=tables.visits.filter(pl.col("customer").is_in(kept)),
                journeys=tables.journeys.filter(pl.col("customer").is_in(kept)),
                effects=tables.effects.filter(pl.col("customer").is_in(kept)),
                holdings=tables.holdings.filter(pl.col("customer").is_in(kept)),
            ),
        )
    nothing, counted = compiled.live(exact, seed, 0, keep=0.0)
    assert_same_sums(expected, counted)
    assert nothing.visits.is_empty()
    assert nothing.journeys.is_empty()
    assert nothing.customers.equals(tables.customers)


@pytest.mark.slow
@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("first", range(0, 125, 25))
def test_engines_agree_on_many_more(rounded, first):
    for seed in range(first, first + 25):
        assert_engines_agree(scenario(seed, rounded), seed)


# ---- they are rich ---------------------------------------------------------------------------------------------------


class Many:
    """What is seen in a fixed set of generated scenarios, each of which is lived once."""

    def __init__(self, rounded):
        self.signs, self.at_one_moment, self.busy_for_too_long = Counter(), [], []
        for seed in range(MANY):
            stated = build(scenario(seed, rounded))
            self.see(seed, stated, simulate(stated, seed=1))

    def see(self, seed, stated, result):
        told = stated, result.tables
        self.signs.update(name for name, (*_, sign) in SIGNS.items() if sign(*told))
        if visits := result.tables.visits.height:
            self.at_one_moment.append(at_one_moment(result.tables.visits) / visits)
        sums = summarise(result, (0.0, result.model.clock.horizon))["pool"]
        if (sums["busy"] > sums["duty"] + sums["overtime"] + 1e-6).any():
            self.busy_for_too_long.append(seed)


def in_visits(condition):
    return lambda _, tables: tables.visits.select(condition.any()).item()


def in_journeys(condition):
    return lambda _, tables: tables.journeys.select(condition.any()).item()


def in_customers(condition):
    return lambda _, tables: tables.customers.select(condition.any()).item()


def outcome(name):
    return in_visits(pl.col("outcome") == name)


def came_back(model, tables):
    """Somebody goes on after a resolution that leads nowhere: it did not hold."""
    by_goal = {(j.goal or name, step): s for name, j in model.journeys.items() for step, s in j.steps.items()}
    last = {(c, j): v for c, j, v in tables.visits.select("customer", "journey", "visit").iter_rows()}
    return any(
        row["outcome"] == "resolved"
        and last[row["customer"], row["journey"]] > row["visit"]
        and (step := by_goal.get((row["goal"], row["step"]))) is not None
        and "resolved" not in step.next
        for row in tables.visits.iter_rows(named=True)
    )


def overflowed(model, tables):
    """A pool that sees people only after a while serves one."""
    late = [
        (place, pool)
        for place, touchpoint in model.touchpoints.items()
        for pool, delay in touchpoint.staff.items()
        if delay > 0
    ]
    return any(pair in late for pair in tables.visits.select("touchpoint", "pool").iter_rows())


def jumped_the_queue(_, tables):
    """Somebody who waited was served before one who had joined the same touchpoint earlier and waited too."""
    waited = tables.visits.filter(pl.col("started") > pl.col("joined")).sort("touchpoint", "joined", "started")
    return waited.select((pl.col("started") < pl.col("started").shift().over("touchpoint")).any()).item()


def grew(model, _):
    """Some phase has part of a change."""
    return any(
        ramp(model, model.changes[name]).share(phase.start) < 1
        for phase in phases(model)
        for name in model.enact
        if span(model, model.changes[name])[0] <= phase.start < span(model, model.changes[name])[1]
    )


def opened_by(trigger):
    """A journey opens of itself that has a trigger of some kind."""

    def seen(model, tables):
        waiting = [name for name, journey in model.journeys.items() if getattr(journey.when, trigger) is not None]
        return any(tables.journeys["origin"].str.contains(rf"^{name} \d+$").any() for name in waiting)

    return seen


def heard_of_an_outage(model, tables):
    told = [name for name, event in model.events.items() if event.outage is not None]
    return tables.effects.select(pl.col("cause").is_in(told).any()).item()


def moved(values):
    """What a scenario says differs by phase."""

    def seen(model, _):
        told = [values(phase.model) for phase in phases(model)]
        return any(each != told[0] for each in told)

    return seen


def dates(model):
    return {name: journey.when.on for name, journey in model.journeys.items()}


def periods(model):
    return {name: journey.when.every for name, journey in model.journeys.items()}


def reviews(model):
    return {name: persona.churn and persona.churn.every for name, persona in model.personas.items()}


def departments(model):
    return {name: pool.department for name, pool in model.staff.items()}


def two_at_once(model, _):
    spans = [span(model, model.changes[name]) for name in model.enact]
    return len(spans) == 2 and max(begins for begins, _ in spans) < min(ends for _, ends in spans)


# For each sign: the least share of scenarios in which it is seen, and of rounded ones.
SIGNS = {
    "resolved": (0.7, 0.65, outcome("resolved")),
    "abandoned": (0.3, 0.2, outcome("abandoned")),
    "closed": (0.5, 0.5, outcome("closed")),
    "blocked": (0.25, 0.25, outcome("blocked")),
    "finds a system down": (0.22, 0.22, outcome("down")),
    "misses a call": (0.04, 0.04, outcome("missed")),
    "is called back": (0.08, 0.08, in_visits((pl.col("callback") == "accepted") & pl.col("started").is_not_null())),
    "left while waiting": (0.1, 0.1, outcome("left")),
    "is called off": (0.06, 0.04, in_journeys(pl.col("end") == "cancelled")),
    "not over at the end": (0.35, 0.25, in_visits(pl.col("outcome").is_null())),
    "waits": (0.5, 0.45, in_visits(pl.col("started") > pl.col("joined"))),
    "jumps the queue": (0.08, 0.07, jumped_the_queue),
    "repeats": (0.6, 0.6, in_journeys(pl.col("repeats") > 0)),
    "is handed over": (0.08, 0.08, in_journeys(pl.col("handoffs") > 0)),
    "asks again": (0.08, 0.08, came_back),
    "overflows": (0.2, 0.12, overflowed),
    "works overtime": (0.3, 0.2, in_visits(pl.col("overtime") > 0)),
    "shares a member of staff": (0.04, 0.06, in_visits(pl.col("attention") < 1)),
    "answers a survey": (0.5, 0.5, in_journeys(pl.col("answered"))),
    "leaves": (0.5, 0.5, in_customers(pl.col("left").is_not_null())),
    "comes back": (0.01, 0.02, in_customers(pl.col("left_before").is_not_null())),
    "enters a stage": (0.1, 0.08, opened_by("entering")),
    "gives notice": (0.02, 0.01, opened_by("notice")),
    "renews a contract": (0.08, 0.08, opened_by("renewal")),
    "is brought by somebody": (0.1, 0.1, in_customers(pl.col("origin").str.starts_with("referred"))),
    "joins": (0.35, 0.35, in_customers(pl.col("origin").str.starts_with("join "))),
    "arrives and becomes a customer": (0.25, 0.2, in_customers(pl.col("joined").is_not_null() & IS_ARRIVAL)),
    "follows another journey": (0.18, 0.15, in_journeys(pl.col("origin").str.contains(" after "))),
    "is opened by a visit": (0.2, 0.2, in_journeys(pl.col("origin").str.contains(" from "))),
    "is left open": (0.15, 0.2, in_journeys(pl.col("end") == "left")),
    "is open at the end": (0.5, 0.4, in_journeys(pl.col("closed").is_null())),
    "changes": (0.4, 0.4, lambda model, _: len(phases(model)) > 1),
    "two changes at once": (0.2, 0.2, two_at_once),
    "a change grows": (0.25, 0.25, grew),
    "hears of an outage": (0.05, 0.05, heard_of_an_outage),
    "a date is moved": (0.03, 0.08, moved(dates)),
    "a period is moved": (0.02, 0.02, moved(periods)),
    "reviews are moved": (0.1, 0.06, moved(reviews)),
    "a department is moved": (0.02, 0.02, moved(departments)),
    "gets a product": (0.15, 0.15, lambda _, tables: tables.holdings.select((pl.col("since") > 0).any()).item()),
    "gives up a product": (0.1, 0.1, lambda _, tables: tables.holdings["until"].null_count() < tables.holdings.height),
    "pays for a product": (0.2, 0.2, lambda model, _: any(product.revenue for product in model.products.values())),
    "somebody is in a pilot": (0.12, 0.03, in_customers(pl.col("pilot"))),
    "is uncertain": (0.15, 0.12, lambda model, _: bool(model.uncertain)),
}


@pytest.mark.slow
@pytest.mark.parametrize("rounded", [False, True])
def test_what_can_happen_happens_in_many_scenarios_and_nobody_is_busy_for_longer_than_on_duty(rounded):
    many = Many(rounded)
    least = {name: shares[rounded] for name, (*shares, _) in SIGNS.items()}
    assert not {name: many.signs[name] / MANY for name in SIGNS if many.signs[name] < least[name] * MANY}
    assert many.busy_for_too_long == []
    share = fmean(many.at_one_moment)
    assert share > 0.45 if rounded else share < 0.35  # many times coincide where they are rounded


def at_one_moment(visits):
    """Number of visits that somebody joins, starts or ends just when that happens in a visit of another journey."""
    events = visits.unpivot(["joined", "started", "ended"], index=["customer", "journey", "visit"])
    events = events.drop_nulls("value").with_columns(whose=pl.struct("customer", "journey"))
    shared = events.filter(pl.col("whose").n_unique().over("value") > 1)
    return shared.select("customer", "journey", "visit").n_unique()


# ---- they say whatever can be said -----------------------------------------------------------------------------------

NOT_FOR_ENGINES = {"ChangeCost", "Check", "Checked", "Lever", "Measure", "Source"}
NOT_SAID = {
    *(f"Model.{field}" for field in ("title", "about", "currency", "levers", "measure", "estimates", "data")),
    "Clock.run",  # which says what a warm-up is for, and moves nothing
    *("Change.title", "Change.cost", "Model.checked", "Uncertain.shared", "Uncertain.source"),
}


@pytest.mark.slow
def test_every_word_is_said_in_some_scenarios():
    said = Counter(word for seed in range(MANY) for word in words(build(scenario(seed))))
    assert not {word: said[word] for word in vocabulary(Described) - NOT_SAID if said[word] < 0.05 * MANY}


def test_rounded_scenarios_say_whole_minutes_only():
    laws = [law for seed in range(MANY // 10) for law in laws_of(build(scenario(seed, rounded=True)))]
    assert {law.kind for law in laws} == {"deterministic", "empirical"}
    assert all(minutes.is_integer() for law in laws for minutes in (law.law.a, *law.law.value))


def vocabulary(kind):
    """Every field of every part of a scenario that an engine reads."""
    kinds = [inner for inner in kind.__subclasses__() if inner.__module__.startswith("sim.")]
    kinds = [inner for inner in kinds if inner.__name__ not in NOT_FOR_ENGINES]
    here = {f"{kind.__name__}.{field}" for kind in kinds if not kind.__subclasses__() for field in kind.model_fields}
    return here.union(*(vocabulary(inner) for inner in kinds))


def words(part):
    """Every field that a scenario states, by its class."""
    return {f"{type(inner).__name__}.{field}" for inner in parts(part) for field in inner.model_fields_set}


def laws_of(part):
    return [inner for inner in parts(part) if hasattr(inner, "quantile")]


def parts(part):
    """A part of a scenario, and all that it is made of."""
    if isinstance(part, dict):
        for inner in part.values():
            yield from parts(inner)
    elif isinstance(part, Described):
        yield part
        for field in type(part).model_fields:
            yield from parts(getattr(part, field))
