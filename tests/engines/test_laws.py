"""Nothing is lost and nothing made up: laws of conservation, on whatever can be said; and what staff and dates do."""

from functools import cache
from itertools import count, islice, pairwise

import polars as pl
import pytest

from sim import Tables, build, simulate
from sim.changes import span
from tests.engines.equal import assert_same_tables
from tests.engines.generated import scenario
from tests.engines.laws import LAWS, History, broken
from tests.sim.everything import EVERYTHING
from tests.sim.stories import ALL_DAY, company, desk

VISIT, JOURNEY = ("visits", "journeys")
COMES_WITH_THE_START = ("department", "pool", "member", "started")
COMES_WITH_THE_END = ("ended", "outcome", "mood_after", "cost", "overtime", "revenue", "stage")
KNOWN_AT_OPENING = ("customer", "journey", "origin", "persona", "goal", "opened", "satisfaction_before")


def lived(raw, seed=1):
    result = simulate(build(raw), seed)
    return History(result.model, result.tables)


# ---- conservation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_every_law_holds_in_generated_scenarios(seed, rounded):
    assert broken(lived(scenario(seed, rounded), seed)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("first", range(6, 81, 25))
def test_every_law_holds_in_many_more(first, rounded):
    for seed in range(first, first + 25):
        assert broken(lived(scenario(seed, rounded), seed)) == {}, seed


@cache
def everything():
    return lived(EVERYTHING)


def test_every_law_holds_where_everything_is_said_at_once():
    assert broken(everything()) == {}


# ---- each law can be broken ------------------------------------------------------------------------------------------


def with_rows(table, **columns):
    """History of everything, with other values in some columns of a table."""
    told = everything()
    changed = getattr(told.tables, table).with_columns(**columns)
    return History(told.model, Tables(**{**vars(told.tables), table: changed}))


def with_scenario(path, value):
    """The same tables under another scenario."""
    parts = path.split(".")
    raw = inner = {**EVERYTHING}
    for part in parts[:-1]:
        inner[part] = inner = {**inner[part]}
    inner[parts[-1]] = value
    return History(build({**raw, "uncertain": {}}), everything().tables)


def measured_as(other):
    """The same history, with the KPIs of another."""
    spoilt = History(everything().model, everything().tables)
    vars(spoilt)["kpis"] = other.kpis
    return spoilt


def without_a_persona():
    """KPIs of which one dimension has lost a group's sums."""
    kpis = dict(everything().kpis)
    sums = kpis["persona"]
    kpis["persona"] = type(sums)(sums.groups, {name: values * [[1], [0]] if values.ndim > 1 else values * [1, 0]
                                               for name, values in sums.values.items()})  # fmt: skip
    spoilt = History(everything().model, everything().tables)
    vars(spoilt)["kpis"] = kpis
    return spoilt


FIRST = pl.int_range(pl.len()) == 0
ENDED = pl.col("ended").is_not_null()
SPOILT = {
    "everybody_who_entered_is_somewhere": lambda: with_rows(
        "customers", left=pl.when(pl.col("left").is_null()).then(pl.col("left").max()).otherwise("left")
    ),
    "people_come_in_order": lambda: with_rows("customers", origin=pl.col("origin").shift(-1, fill_value="join 99")),
    "every_issue_is_open_or_has_one_end": lambda: with_rows(JOURNEY, end=pl.col("end").replace("seen", "served")),
    "every_visit_has_one_end": lambda: with_rows(VISIT, outcome=pl.when(~FIRST).then("outcome")),
    "visits_follow_one_another": lambda: with_rows(VISIT, joined=pl.col("joined") - (pl.col("visit") - 1) / 8),
    "journeys_say_what_their_visits_do": lambda: with_rows(JOURNEY, handoffs=1 - pl.col("handoffs")),
    "nobody_serves_two_at_once": lambda: with_rows(
        VISIT, member=pl.when(pl.col("pool").is_not_null()).then(1).cast(pl.Int32)
    ),
    "work_is_paid_or_overtime": lambda: with_rows(VISIT, overtime=pl.lit(0.0)),
    "nobody_waits_beside_the_idle": lambda: with_rows(VISIT, joined=pl.col("joined") - 1),
    "the_best_claim_is_served_first": lambda: with_scenario("personas.caller.priority", 2),
    "contacts_cost_what_touchpoints_charge": lambda: with_scenario("touchpoints.faq.cost", "0.06 EUR"),
    "customers_bring_what_they_pay_and_what_happens": lambda: with_scenario(
        "personas.clicker.value.revenue", "21 EUR / month"
    ),
    "stages_are_the_last_that_were_set": lambda: with_rows("customers", stage=pl.lit("prospect")),
    "staff_cost_rosters_and_overtime": lambda: measured_as(with_scenario("staff.tier2.wage", "31 EUR / h")),
    "money_adds_up": without_a_persona,
}  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_finds_what_breaks_it(law):
    assert list(law(SPOILT[law.__name__]()))


# ---- changes ---------------------------------------------------------------------------------------------------------


def changing(rounded, first=0):
    """Generated scenarios in which something changes after the start, each with the date of the first change."""
    for seed in count(first):
        raw = scenario(seed, rounded)
        model = build(raw)
        begins = [span(model, model.changes[name])[0] for name in model.enact]
        if begins and min(begins) > 0:
            yield raw, min(begins)


def until(tables, date):
    """What had happened before a date, row by row."""
    begun, over = pl.col("started") < date, pl.col("ended") < date
    visits = tables.visits.filter(pl.col("joined") < date).with_columns(
        *(pl.when(begun).then(name).alias(name) for name in COMES_WITH_THE_START),
        *(pl.when(over).then(name).alias(name) for name in COMES_WITH_THE_END),
    )
    closed = pl.col("closed") < date
    opened = tables.journeys.filter(pl.col("opened") < date)
    journeys = opened.with_columns(
        pl.when(closed).then(name).alias(name) for name in opened.columns if name not in KNOWN_AT_OPENING
    )
    came = (pl.col("joined") < date) | pl.col("customer").is_in(opened["customer"].unique().implode())
    customers = tables.customers.filter(came).select(
        "customer", "origin", "persona",
        *(pl.when(pl.col(name) < date).then(name).alias(name) for name in ("joined", "left")),
        pl.when(pl.col("left") < date).then("why").alias("why"),
    )  # fmt: skip
    return Tables(visits, journeys, customers)


def assert_nothing_differs_before(raw, date):
    changed, unchanged = (simulate(build(one), seed=1).tables for one in (raw, {**raw, "enact": []}))
    assert_same_tables(until(changed, date), until(unchanged, date))
    return not changed.visits.equals(unchanged.visits)


@pytest.mark.parametrize("rounded", [False, True])
def test_before_the_date_of_a_change_nothing_differs(rounded):
    differ = [assert_nothing_differs_before(*each) for each in islice(changing(rounded), 6)]
    assert any(differ)  # after it


@pytest.mark.slow
@pytest.mark.parametrize("rounded", [False, True])
def test_before_the_date_of_a_change_nothing_differs_in_many_more(rounded):
    differ = [assert_nothing_differs_before(*each) for each in islice(changing(rounded), 75)]
    assert sum(differ) > 40


# ---- staff -----------------------------------------------------------------------------------------------------------

SERVICES = {
    "exponential": {"kind": "exponential", "mean": "10 min"},
    "lognormal": {"kind": "lognormal", "mean": "10 min", "cv": 2.5},
    "deterministic": "10 min",
    "mixture": {
        "kind": "mixture",
        "parts": {"most": {"p": 0.9, "law": "2 min"}, "some": {"p": 0.1, "law": "82 min"}},
    },
}  # fmt: skip


def queue(service, headcount):
    """Customers of one kind come at one touchpoint, and wait as long as it takes: M/G/c, first come, first served."""
    ask = {"touchpoint": "desk", "outcomes": {"resolved": 1}}
    journey = {"when": {"arrival": "12 / h"}, "start": {"phone": "ask"}, "steps": {"ask": ask}}
    return company(
        population={"customers": 0},
        clock={"start": "2025-01-06", "horizon": "3 days"},
        touchpoints={"desk": {**desk(), "service_time": service}},
        journeys={"call": journey},
        staff={"clerks": {"shifts": {"all": ALL_DAY | {"headcount": headcount}}}},
    )


def waits(service, headcount):
    """How long each customer waited; for ever, if they were not served in time."""
    visits = simulate(build(queue(service, headcount)), seed=5).tables.visits
    return visits.select("customer", wait=(pl.col("started") - pl.col("joined")).fill_null(float("inf")))


@pytest.mark.parametrize("service", SERVICES)
def test_more_staff_never_lengthens_anybodys_wait_in_a_single_queue(service):
    each = [waits(SERVICES[service], headcount) for headcount in range(1, 6)]
    for fewer, more in pairwise(each):
        both = fewer.join(more, on="customer", suffix="_with_more", validate="1:1")
        assert both.height == fewer.height == more.height > 700
        assert both.filter(pl.col("wait_with_more") > pl.col("wait") + 1e-6).height == 0
        assert both["wait"].max() == 0 or both.filter(pl.col("wait_with_more") < pl.col("wait")).height > 0
    assert 0 < each[2].filter(pl.col("wait").is_finite())["wait"].mean() < float("inf")
