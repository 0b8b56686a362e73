"""The four companies that ship: both engines live through them alike, and each answers the questions it was made for.

What must come out of a question is said as a direction that the whole interval of the paired difference shares, or,
where nothing is left to luck, exactly. No seed is chosen: each is a hash of its test's name.
"""

from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from scenarios.compare import compare, variants
from sim import build, simulate
from sim.changes import altered, enacted
from sim.kpis import measure
from sim.read import load
from sim.summaries import summarise
from tests.engines.equal import assert_same_tables
from tests.verification.verdicts import seed_of

CONF = Path(str(files("scenarios.conf")))
COMPANIES = ("telecom", "bank", "shop", "software")
WEEK = 7 * 1440.0
FEW = {  # the least in which everything can happen: each change begins when the warm-up ends, or on its date
    "telecom": {"population.customers": 25, "clock.horizon": "10 weeks", "journeys.order.when.arrival": "2 / week"},
    "bank": {"population.customers": 30, "clock.horizon": "7 weeks", "population.joins.rate": "1 / week"},
    "shop": {"population.customers": 20, "clock.horizon": "6 weeks", "journeys.first_order.when.arrival": "2 / week"},
    "software": {"population.customers": 20, "clock.horizon": "13 weeks", "journeys.trial.when.arrival": "2 / week"},
}
ALTERNATIVES = ("promise_48h_kept", "hire")  # to another change of the same company


def company(name, settings=None):
    """A company as it ships, but for some settings."""
    return build(altered(load(CONF / f"scenario/{name}.yaml")[0], settings or {}), what=name)


@pytest.fixture
def ask(request):
    """Compare changes of a company with its baseline, on the luck that the test's own name draws."""

    def asked(name, *changes, replications=6):
        return compare(variants(company(name), changes), seed_of(request.node.name), replications)

    return asked


def shifted(comparison, change, kpi, by="all", group="all"):
    """Which way a change moves a KPI: 1 up, −1 down, 0 where the interval holds nothing of interest or both."""
    row = comparison.difference(change, kpi, by, group)
    return (row["lower"] > 0) - (row["upper"] < 0)


def lived(model, request, **how):
    """Tables of one history on the luck of a test's name."""
    return simulate(model, seed_of(request.node.name), **how).tables


def weekly(table, column="at"):
    """How many rows each week has, by the number of the week."""
    return dict(table.group_by((pl.col(column) // WEEK).cast(pl.Int64).alias("week")).len().iter_rows())


# ---- both engines ----------------------------------------------------------------------------------------------------


def assert_lived_alike(model, seed):
    tables = [simulate(model, seed, engine=engine).tables for engine in ("reference", "compiled")]
    assert_same_tables(*tables)
    assert tables[0].visits.height > 0


@pytest.mark.parametrize("name", COMPANIES)
def test_both_engines_live_through_a_company_with_all_its_changes_alike(name, request):
    model = company(name, FEW[name])
    together = [change for change in model.changes if change not in ALTERNATIVES]
    assert_lived_alike(enacted(model, together), seed_of(request.node.name))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPANIES)
def test_both_engines_live_through_each_change_of_a_company_alike(name, request):
    some = FEW[name] | {"population.customers": company(name).population.customers // 40}
    for model in variants(company(name, some), "all").values():
        assert_lived_alike(model, seed_of(request.node.name))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPANIES)
def test_a_company_has_plausible_numbers(name, ask):
    came = ask(name, next(iter(company(name).changes)), replications=3)

    def value(kpi, by="all", group="all"):
        return came.level_of("baseline", kpi, by, group)["mean"]

    busiest = max(value("occupancy", "pool", pool) for pool in company(name).staff)
    assert 0.70 < busiest < 0.92
    assert all(value("occupancy", "pool", pool) < 0.92 for pool in company(name).staff)
    assert value("speed_of_answer") < 10
    assert value("abandonment") < 0.2
    assert 0.003 < value("churn_per_month") < 0.04
    assert value("revenue") > 1.1 * value("cost")
    assert 5.5 < value("satisfaction") < 8


# ---- a price rise ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_price_rise_earns_more_of_fewer_and_unhappier_customers_who_ask_why(ask):
    came = ask("telecom", "price_rise")
    assert shifted(came, "price_rise", "revenue") == 1
    assert shifted(came, "price_rise", "satisfaction") == -1
    assert shifted(came, "price_rise", "churn") == 1
    assert came.level_of("baseline", "issues", "goal", "price_question")["mean"] == 0
    assert shifted(came, "price_rise", "issues", "goal", "price_question") == 1


def test_before_the_date_of_a_price_rise_nothing_differs(request):
    model = company("telecom", FEW["telecom"])
    date = model.clock.minutes(model.changes["price_rise"].begins)
    before, after = (
        lived(m, request).visits.filter(pl.col("ended") < date) for m in (model, enacted(model, ["price_rise"]))
    )
    assert before.height > 20
    assert before.equals(after)


# ---- longer opening hours --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_longer_hours_leave_fewer_before_closed_doors_and_cost_wages(ask):
    came = ask("bank", "longer_hours")
    assert shifted(came, "longer_hours", "closed_share", "touchpoint", "counter") == -1
    assert shifted(came, "longer_hours", "completion", "goal", "everyday") == 1
    assert shifted(came, "longer_hours", "staff_cost") == 1
    weeks = (company("bank").clock.horizon - company("bank").clock.warmup) / WEEK
    hours = weeks * (5 * 3 + 4) - 2 * 3  # on two holidays nobody opens
    paid = came.difference("longer_hours", "staff_cost", "pool", "counter")
    overtime = came.difference("longer_hours", "overtime_cost", "pool", "counter")
    assert paid["difference"] - overtime["difference"] == pytest.approx(24 * hours)


# ---- a new channel ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_new_channel_is_taken_up_by_more_and_more_until_its_share_is_reached(request):
    model = enacted(company("software"), ["chat"])
    tables = lived(model, request)
    begun = tables.visits.filter(pl.col("goal") == "support", pl.col("visit") == 1)
    first = int(model.clock.warmup // WEEK)
    share = {
        since: begun.filter((pl.col("joined") // WEEK).is_between(first + since, first + until, closed="left"))
        .select((pl.col("channel") == "chat").mean())
        .item()
        for since, until in ((-4, 0), (0, 2), (3, 5), (6, 8), (8, 16))
    }
    assert share[-4] == 0
    assert 0 < share[0] < share[3] < min(share[6], share[8])
    assert 0.2 < share[8] < 0.35


# ---- an outage with and without a message ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_message_keeps_people_from_calling_during_an_outage(ask):
    came = ask("telecom", "message")
    assert shifted(came, "message", "visits", "goal", "dead_line") == -1
    assert came.difference("message", "visits", "goal", "dead_line")["relative"] < -0.3
    assert shifted(came, "message", "abandonment", "touchpoint", "hotline") == -1
    assert shifted(came, "message", "satisfaction") == 1


# ---- proactive calls to a capped list --------------------------------------------------------------------------------


@pytest.mark.slow
def test_proactive_calls_open_at_most_as_many_a_week_as_the_list_is_long_and_keep_customers(ask, request):
    assert shifted(ask("software", "care_calls"), "care_calls", "customers_lost") == -1
    model = enacted(company("software"), ["care_calls"])
    called = weekly(lived(model, request).effects.filter(pl.col("cause") == "care_calls"))
    most, reach = model.changes["care_calls"].set["events"]["care_calls"]["most"], 0.35
    assert most == 500
    assert max(called.values()) <= most
    first = called[min(called)]  # a full list, of which as many as the law of large numbers allows are reached
    assert abs(first - reach * most) < 4 * (most * reach * (1 - reach)) ** 0.5


def test_a_short_list_is_never_exceeded_and_nobody_is_called_twice(request):
    listed = "changes.care_calls.set.events.care_calls"
    few = FEW["software"] | {"population.customers": 300, f"{listed}.most": 5, f"{listed}.reach": 1}
    calls = lived(enacted(company("software", few), ["care_calls"]), request).effects
    calls = calls.filter(pl.col("cause") == "care_calls")
    assert set(weekly(calls).values()) == {5}
    assert calls["customer"].is_unique().all()


# ---- better self-service content -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_better_content_leaves_fewer_contacts_an_issue(ask):
    came = ask("shop", "better_help")
    assert shifted(came, "better_help", "contacts_per_issue", "goal", "question") == -1
    assert shifted(came, "better_help", "visits", "touchpoint", "phone") == -1
    assert shifted(came, "better_help", "completion", "goal", "question") == 1
    assert shifted(came, "better_help", "occupancy", "pool", "service") == -1


# ---- training against hiring -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_training_answers_more_and_hiring_answers_sooner_for_more_money(ask):
    came = ask("bank", "train", "hire", replications=8)
    for change in ("train", "hire"):
        assert shifted(came, change, "mean_wait", "touchpoint", "phone") == -1
        assert shifted(came, change, "completion", "goal", "everyday") == 1
    wait, cost = (
        [came.difference(change, kpi, *group)["difference"] for change in ("train", "hire")]
        for kpi, group in (("mean_wait", ("touchpoint", "phone")), ("cost", ()))
    )
    assert wait[1] < wait[0] < 0
    assert cost[1] > cost[0] > 0


# ---- outsourcing a pool ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_outsourcing_trades_wages_for_a_price_a_contact_and_longer_hours(ask):
    came = ask("shop", "outsource")
    assert shifted(came, "outsource", "staff_cost") == -1
    assert shifted(came, "outsource", "partner_cost") == 1
    assert shifted(came, "outsource", "closed_share", "touchpoint", "phone") == -1


def test_a_partner_is_paid_for_exactly_the_contacts_they_serve(request):
    model = enacted(company("shop", FEW["shop"]), ["outsource"])
    result = simulate(model, seed_of(request.node.name))
    served = result.tables.visits.filter(pl.col("pool") == "service", pl.col("ended") >= model.clock.warmup).height
    assert served > 0
    paid = measure(summarise(result)).filter(kpi="partner_cost", by="all")["value"].item()
    assert paid == pytest.approx(3.90 * served)


# ---- a promise with compensation -------------------------------------------------------------------------------------


def missed_promises(model, request):
    """Of the answers asked for after the promise: how many were not there in time, and what was paid for whom."""
    tables = lived(model, request)
    step = model.changes["promise_48h"].set["journeys.complaint.steps.answer"]
    hours = float(step["promise"].removesuffix(" h")) * 60
    answers = tables.visits.filter(pl.col("step") == "answer", pl.col("joined") >= model.clock.warmup)
    until = pl.col("ended").fill_null(model.clock.horizon + 1)
    missed = answers.filter(until - pl.col("joined") > hours, pl.col("joined") + hours < model.clock.horizon)
    paid = tables.effects.filter(pl.col("cause") == "answer", pl.col("at") >= model.clock.warmup + hours)
    paid = paid.join(answers, on=["customer", "journey", "visit"], how="semi")
    return answers, missed, paid


def assert_paid_for_what_was_missed(missed, paid):
    key = ["customer", "journey", "visit"]
    assert missed.height > 0
    assert paid.select(key).sort(key).equals(missed.select(key).sort(key))
    assert set(paid["revenue"]) == {-25.0}


def test_compensation_is_paid_for_exactly_the_promises_that_are_missed(request):
    slow = {"population.customers": 400, "touchpoints.office.service_time.mean": "9 h"}  # few complaints are many
    model = enacted(company("bank", FEW["bank"] | slow), ["promise_48h"])
    answers, missed, paid = missed_promises(model, request)
    assert missed.height < answers.height
    assert_paid_for_what_was_missed(missed, paid)


@pytest.mark.slow
def test_a_promise_costs_what_is_paid_for_missing_it_and_less_with_people_to_keep_it(ask, request):
    _, missed, paid = missed_promises(enacted(company("bank"), ["promise_48h"]), request)
    assert_paid_for_what_was_missed(missed, paid)
    came = ask("bank", "promise_48h", "promise_48h_kept")
    lost, kept = (came.difference(change, "revenue") for change in ("promise_48h", "promise_48h_kept"))
    assert lost["upper"] < 0
    assert lost["difference"] < kept["difference"]
    assert shifted(came, "promise_48h_kept", "staff_cost", "pool", "complaints") == 1


# ---- a callback offer ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_offer_to_be_called_back_leaves_fewer_who_abandon(ask):
    came = ask("telecom", "callback")
    assert shifted(came, "callback", "abandonment", "touchpoint", "hotline") == -1
    assert shifted(came, "callback", "mean_wait", "touchpoint", "hotline") == -1
    accepted = came.level_of("callback", "callbacks_accepted", "touchpoint", "hotline")
    assert accepted["mean"] == pytest.approx(0.5, abs=0.05)
