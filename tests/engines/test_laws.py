"""Nothing is lost and nothing made up: laws of conservation, on whatever can be said; and what staff and dates do."""

from functools import cache
from itertools import count, islice
from random import Random

import polars as pl
import pytest

from sim import Tables, build, simulate
from sim.changes import altered, span
from tests.engines.equal import assert_same_tables
from tests.engines.generated import scenario
from tests.engines.generated_parts import Chance, draw_law
from tests.engines.laws import LAWS, History, broken
from tests.sim.everything import EVERYTHING
from tests.sim.stories import ALL_DAY, company, desk

VISIT, JOURNEY = ("visits", "journeys")
COMES_WITH_THE_START = ("pool", "member", "started")
COMES_WITH_THE_END = (
    "ended", "outcome", "callback", "mood_after", "cost", "overtime", "attention", "revenue", "stage", "department",
)  # fmt: skip
KNOWN_AT_OPENING = ("customer", "journey", "origin", "persona", "goal", "opened", "satisfaction_before")


def lived(raw, seed=1):
    result = simulate(build(raw), seed)
    return History(result.model, result.tables, seed)


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


def with_effects(kept):
    """History of everything, with some of what events and clocks did left out."""
    told = everything()
    return History(told.model, Tables(**vars(told.tables) | {"effects": told.tables.effects.filter(kept)}))


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
NEVER = pl.lit(None)
# For each law, what breaks it: in the ways in which it can be broken.
SPOILT = {
    "everybody_who_entered_is_somewhere": {
        "some have left who are here": lambda: with_rows(
            "customers", left=pl.when(pl.col("left").is_null()).then(pl.col("left").max()).otherwise("left")
        ),
        "some leave while a contract binds them": lambda: with_rows("customers", left=pl.col("left") - 60),
    },
    "people_come_in_order": {
        "origins are mixed up": lambda: with_rows("customers", origin=pl.col("origin").shift(-1, fill_value="join 99")),
        "nobody was brought by anybody": lambda: with_rows(
            "customers", origin=pl.col("origin").str.replace(" by .*", " by start 999")
        ),
        "there is no pilot": lambda: with_rows("customers", pilot=pl.lit(True)),
    },
    "every_issue_is_open_or_has_one_end": {
        "an end has another name": lambda: with_rows(JOURNEY, end=pl.col("end").replace("seen", "served")),
        "nothing called them off": lambda: with_rows(JOURNEY, end=pl.col("end").replace("give_up", "cancelled")),
        "who left goes on": lambda: with_rows(JOURNEY, end=pl.col("end").replace("left", "give_up")),
    },
    "every_visit_has_one_end": {
        "one goes on": lambda: with_rows(VISIT, outcome=pl.when(~FIRST).then("outcome")),
        "nobody was offered a call": lambda: with_rows(VISIT, callback=NEVER.cast(pl.String)),
        "it is down without a system": lambda: with_rows(VISIT, outcome=pl.col("outcome").replace("closed", "down")),
        "there are lines enough": lambda: with_scenario("channels.phone.lines", None),
        "all are reached": lambda: with_scenario("touchpoints.hotline.callback.reached", 1),
    },
    "visits_follow_one_another": {
        "some come before their turn": lambda: with_rows(VISIT, joined=pl.col("joined") - (pl.col("visit") - 1) / 8)
    },
    "journeys_are_for_those_they_are_meant_for": {
        "they are for another persona": lambda: with_scenario("journeys.campaign.who.persona", "clicker"),
        "they are for another stage": lambda: with_scenario("journeys.win_back.who.stage", "customer"),
    },
    "journeys_say_what_their_visits_do": {
        "hand-offs": lambda: with_rows(JOURNEY, handoffs=1 - pl.col("handoffs")),
        "work done alone is a contact": lambda: with_scenario("touchpoints.office.attended", True),
        "a promise of a call ends no wait": lambda: with_rows(VISIT, callback=NEVER.cast(pl.String)),
    },
    "contacts_after_failures_are_failure_demand": {
        "all are": lambda: with_rows(JOURNEY, failure_contacts=pl.col("contacts")),
        "none is": lambda: with_rows(JOURNEY, failure_contacts=pl.col("contacts") * 0),
        "outages are nobody's fault": lambda: with_scenario("events.sorry.good", True),
        "no promise is broken": lambda: with_scenario("journeys.fault.steps.part.promise", "30 days"),
    },
    "nobody_serves_more_at_once_than_they_can": {
        "one does all the work": lambda: with_rows(
            VISIT, member=pl.when(pl.col("pool").is_not_null()).then(1).cast(pl.Int32)
        ),
        "they may hold one contact": lambda: with_scenario("staff.tier2.at_once.contacts", 1),
    },
    "work_is_paid_or_overtime": {
        "there is no overtime": lambda: with_rows(VISIT, overtime=pl.lit(0.0)),
        "all have full attention": lambda: with_rows(VISIT, attention=pl.col("attention").sign()),
    },
    "nobody_waits_beside_the_idle": {
        "all wait longer": lambda: with_rows(VISIT, joined=pl.col("joined") - 1),
        "there is room for more": lambda: with_scenario("staff.tier2.at_once.contacts", 3),
    },
    "the_best_claim_is_served_first": {
        "some come last": lambda: with_scenario("personas.caller.priority", 2),
        "nothing is urgent": lambda: with_scenario("touchpoints.hotline.urgent", None),
    },
    "what_happened_is_recorded": {
        "a visit brings more": lambda: with_rows(VISIT, revenue=pl.col("revenue") - 1),
        "an end moves to another stage": lambda: with_scenario("journeys.buy.ends.served.stage", "member"),
        "an event costs more": lambda: with_scenario("events.news.revenue", "-1 EUR"),
    },
    "clocks_strike_while_a_visit_is_open": {
        "they are due later": lambda: with_scenario("journeys.fault.steps.part.while_open.late.after", "3 days"),
        "some do not strike": lambda: with_effects(pl.col("nth") != 1),
    },
    "events_happen_to_those_they_are_meant_for": {
        "a list is shorter": lambda: with_scenario("events.save.most", 2),
        "one is for another persona": lambda: with_scenario("events.save.who.persona", "clicker"),
        "one happens on another date": lambda: with_scenario("events.message.on", "2025-01-15 11:00"),
    },
    "contacts_cost_what_touchpoints_charge": {
        "one charges more": lambda: with_scenario("touchpoints.faq.cost", "0.06 EUR")
    },
    "customers_bring_what_they_pay_and_what_happens": {
        "they pay more": lambda: with_scenario("personas.clicker.value.revenue", "21 EUR / month"),
        "nobody was away": lambda: with_rows("customers", left_before=NEVER.cast(pl.List(pl.Float64))),
        "events bring something": lambda: with_rows("effects", revenue=pl.col("revenue") + 1),
        "a product costs more": lambda: with_scenario("products.router.revenue", "5 EUR / month"),
    },
    "products_are_held_by_customers": {
        "nobody gives one up": lambda: with_rows("holdings", until=NEVER.cast(pl.Float64)),
        "all hold two at a time": lambda: with_rows("holdings", product=pl.lit("router")),
        "others are counted": lambda: measured_as(with_rows("holdings", product=pl.lit("mobile"))),
        "holders are happier": lambda: measured_as(
            with_rows("customers", satisfaction_end=pl.col("satisfaction_end") + 0.01)
        ),
        "nobody left": lambda: measured_as(with_rows("customers", left=NEVER.cast(pl.Float64))),
    },
    "stages_are_the_last_that_were_set": {
        "all are of one stage": lambda: with_rows("customers", stage=pl.lit("prospect")),
        "nobody was moved back": lambda: with_rows(JOURNEY, stage=pl.col("stage").replace("customer", "prospect")),
    },
    "strain_follows_occupancy": {
        "it fades sooner": lambda: with_scenario("staff.tier1.strain.memory", "1 week"),
        "all are busier": lambda: with_rows("strain", occupancy=pl.col("occupancy") + 0.01),
    },
    "people_quit_by_their_own_luck": {
        "nobody quits": lambda: with_scenario("staff.tier1.strain.quits", None),
        "others come sooner": lambda: with_scenario("staff.tier1.strain.quits.training", "0 min"),
    },
    "staff_cost_rosters_and_overtime": {
        "wages are higher": lambda: measured_as(with_scenario("staff.tier2.wage", "31 EUR / h")),
        "holidays are paid": lambda: measured_as(with_scenario("clock.holidays", {})),
        "nobody is absent": lambda: measured_as(with_scenario("staff.tier1.absence", 0)),
        "nobody has a break": lambda: measured_as(with_scenario("staff.tier1.breaks", {})),
    },
    "partners_are_paid_by_the_contact": {
        "contacts cost more": lambda: measured_as(with_scenario("staff.partner.partner.per_contact", "4.30 EUR")),
        "they are served later": lambda: measured_as(with_rows(VISIT, started=pl.col("started") + 1)),
    },
    "money_adds_up": {"a persona is left out": without_a_persona},
}  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_finds_what_breaks_it(law):
    for what, spoilt in SPOILT[law.__name__].items():
        assert list(law(spoilt())), what


# ---- changes ---------------------------------------------------------------------------------------------------------


def changing(rounded, first=0):
    """Generated scenarios in which something changes after the start, each with the date of the first change."""
    for seed in count(first):
        raw = scenario(seed, rounded)
        model = build(raw)
        begins = [span(model, model.changes[name])[0] for name in model.enact]
        if begins and min(begins) > 0:
            yield raw, min(begins)


def until(tables, date, back):
    """What had happened before a date, row by row; `back` are those who come back at some time, in either history."""
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
    left = pl.concat_list(pl.col("left_before").fill_null([]), "left").list.drop_nulls()
    gone = (pl.col("left") < date) & ~pl.col("customer").is_in(back)
    customers = tables.customers.filter(came).select(
        "customer", "origin", "persona",
        pl.when(pl.col("joined") < date).then("joined").alias("joined"),
        left.list.eval(pl.element().filter(pl.element() < date)).alias("left"),
        pl.when(gone).then("why").alias("why"),
    )  # fmt: skip
    held = tables.holdings.filter(pl.col("since") < date)
    return Tables(
        visits,
        journeys,
        customers,
        tables.effects.filter(pl.col("at") < date),
        held.with_columns(pl.when(pl.col("until") < date).then("until").alias("until")),
        tables.strain.filter(pl.col("at") < date),
        tables.departures.filter(pl.col("left") < date),
    )


def assert_nothing_differs_before(raw, date):
    changed, unchanged = (simulate(build(one), seed=1).tables for one in (raw, {**raw, "enact": []}))
    both = pl.concat([changed.customers, unchanged.customers])
    back = both.filter(pl.col("left_before").is_not_null())["customer"].unique().implode()
    assert_same_tables(until(changed, date, back), until(unchanged, date, back))
    return not changed.visits.equals(unchanged.visits)


@pytest.mark.parametrize("rounded", [False, True])
def test_before_the_date_of_a_change_nothing_differs(rounded):
    differ = [assert_nothing_differs_before(*each) for each in islice(changing(rounded), 4)]
    assert any(differ)  # after it


@pytest.mark.slow
@pytest.mark.parametrize("rounded", [False, True])
def test_before_the_date_of_a_change_nothing_differs_in_many_more(rounded):
    differ = [assert_nothing_differs_before(*each) for each in islice(changing(rounded), 75)]
    assert sum(differ) > 40


# ---- staff -----------------------------------------------------------------------------------------------------------


def single_queue(chance, hours):
    """Customers of one kind come at one touchpoint, and wait as long as it takes: M/G/c, first come, first served.

    Returns the scenario, and with how many people beyond those it has it is to be compared.
    """
    journey = {
        "when": {"arrival": f"{chance.number(4, 30)} / h"},
        "start": {"phone": "ask"},
        "steps": {"ask": {"touchpoint": "desk", "outcomes": {"resolved": 1}}},
    }
    raw = company(
        population={"customers": 0},
        clock={"start": "2025-01-06", "horizon": f"{hours} h"},
        touchpoints={"desk": desk() | {"service_time": draw_law(chance, 2, 20)}},
        journeys={"call": journey},
        staff={"clerks": {"shifts": {"all": ALL_DAY | {"headcount": chance.whole(1, 5)}}}},
    )
    return raw, chance.whole(1, 3)


def waits(raw, seed, engine, more=0):
    """How long each customer waited; for ever, if they were not served in time."""
    headcount = raw["staff"]["clerks"]["shifts"]["all"]["headcount"] + more
    model = build(altered(raw, {"staff.clerks.shifts.all.headcount": headcount}))
    visits = simulate(model, seed, engine=engine).tables.visits
    return visits.select("customer", wait=(pl.col("started") - pl.col("joined")).fill_null(float("inf")))


def shortened(seed, engine, hours):
    """How many wait less in a generated queue if there is more staff, when nobody waits longer."""
    chance = Chance(Random(seed).randint, rounded=seed % 4 == 0)  # noqa: S311 - no secret
    raw, more = single_queue(chance, hours)
    fewer, those = waits(raw, seed, engine), waits(raw, seed, engine, more)
    both = fewer.join(those, on="customer", suffix="_with_more", validate="1:1")
    assert both.height == fewer.height == those.height
    longer = both.filter(pl.col("wait_with_more") > pl.col("wait") + 1e-6)
    assert longer.is_empty(), raw
    return both.filter(pl.col("wait_with_more") < pl.col("wait")).height


@pytest.mark.parametrize(("engine", "queues", "hours"), [("reference", 4, 12), ("compiled", 4, 24)])
def test_more_staff_never_lengthens_anybodys_wait_in_a_single_queue(engine, queues, hours):
    helped = [shortened(seed, engine, hours) for seed in range(queues)]
    assert sum(n > 10 for n in helped) > queues / 4


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "queues", "hours"), [("reference", 60, 24), ("compiled", 200, 72)])
def test_more_staff_never_lengthens_anybodys_wait_in_many_more(engine, queues, hours):
    helped = [shortened(seed, engine, hours) for seed in range(100, 100 + queues)]
    assert sum(n > 10 for n in helped) > queues / 4
