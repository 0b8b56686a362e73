"""Every number says what it means, and is a plain ratio of sums."""

import math

import numpy as np
import polars as pl
import pytest

from sim import build, simulate
from sim.kpis import HEADLINES, KPIS, measure
from sim.summaries import DIMENSIONS, Sums, summarise
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, page, pool

EVERY_KPI = pytest.mark.parametrize("kpi", KPIS.values(), ids=KPIS)


@pytest.fixture(scope="module")
def summary():
    return summarise(simulate(build(EVERYTHING), seed=7))


@pytest.fixture(scope="module")
def measured(summary):
    return measure(summary)


def value(name, **sums):
    """A KPI of one group with some sums, the others nothing."""

    class OrNothing(dict):
        def __missing__(self, key):
            return np.zeros((1, 2048)) if key.endswith("histogram") else np.zeros(1)

    return float(
        KPIS[name].of(Sums(("all",), OrNothing({key: np.array([x], dtype=float) for key, x in sums.items()})))[0]
    )


# ---- definitions -----------------------------------------------------------------------------------------------------


@EVERY_KPI
def test_a_kpi_has_a_meaning_a_unit_a_direction_and_dimensions(kpi):
    assert kpi.meaning.endswith(".")
    assert len(kpi.meaning) > 20
    assert kpi.unit
    assert kpi.better in ("more", "less", "neither")
    assert kpi.by[0] == "all"
    assert set(kpi.by) <= set(DIMENSIONS)


@EVERY_KPI
def test_a_ratio_says_what_it_divides_by(kpi):
    if kpi.unit.startswith("share") or " / " in kpi.unit:
        assert "÷" in kpi.meaning or "Share of" in kpi.meaning or "Denominator" in kpi.meaning


def test_headlines_are_kpis():
    assert set(HEADLINES) <= set(KPIS)


# ---- values ----------------------------------------------------------------------------------------------------------


@EVERY_KPI
def test_a_kpi_has_one_value_a_group_in_every_dimension_it_has(kpi, summary):
    for dimension in kpi.by:
        assert kpi.of(summary[dimension]).shape == (len(summary[dimension].groups),)


def test_measuring_gives_a_row_for_each_kpi_dimension_and_group(summary, measured):
    assert measured.columns == ["kpi", "by", "group", "value"]
    expected = [(name, by, group) for name, kpi in KPIS.items() for by in kpi.by for group in summary[by].groups]
    assert measured.select("kpi", "by", "group").rows() == expected


def test_shares_lie_between_nothing_and_everything(measured):
    for name, kpi in KPIS.items():
        if kpi.unit == "share":
            values = measured.filter(pl.col("kpi") == name)["value"].drop_nans()
            assert values.min() >= 0, name
            assert values.max() <= 1, name


def test_means_by_group_lie_around_the_mean_of_all(measured):
    for name in ("experience", "mean_wait", "contacts_per_issue", "satisfaction", "abandonment"):
        rows = measured.filter(pl.col("kpi") == name)
        whole = rows.filter(pl.col("by") == "all")["value"][0]
        parts = rows.filter(pl.col("by") == "persona")["value"].drop_nans()
        assert parts.min() <= whole <= parts.max()


def test_the_parts_of_cost_are_the_cost(measured):
    rows = {name: x for name, by, _, x in measured.rows() if by == "all"}
    people = rows["staff_cost"] + rows["hiring_cost"] + rows["partner_cost"] - rows["penalties"]
    assert rows["cost"] == pytest.approx(people + rows["contact_cost"] + rows["change_cost"])
    assert rows["margin"] == pytest.approx(rows["revenue"] - rows["cost"])
    assert rows["service_cost"] <= rows["staff_cost"] + rows["contact_cost"]


def test_retention_and_churn_are_the_whole(measured):
    rows = {(name, by, group): x for name, by, group, x in measured.rows()}
    for by, group in (("all", "all"), ("persona", "caller"), ("persona", "clicker"), ("week", "1")):
        assert rows["retention", by, group] + rows["churn", by, group] == pytest.approx(1)
    curve = [x for (name, by, _), x in rows.items() if (name, by) == ("retention", "week")]
    assert curve == sorted(curve, reverse=True)
    assert curve[-1] == rows["retention", "all", "all"]


def test_groups_that_share_busy_minutes_have_the_cost_of_serving_and_pools_also_that_of_idling(measured):
    rows = {(name, by): x for name, by, x in measured.group_by("kpi", "by").agg(pl.col("value").sum()).rows()}
    whole = rows["service_cost", "all"]
    for by in ("persona", "goal", "touchpoint", "channel", "week"):
        assert rows["service_cost", by] == pytest.approx(whole)
    for by in ("persona", "goal", "touchpoint", "channel"):
        assert rows["staff_cost", by] == pytest.approx(
            whole - rows["contact_cost", "all"] - rows["partner_cost", "all"]
        )
    for by in ("pool", "week"):
        assert rows["staff_cost", by] == pytest.approx(rows["staff_cost", "all"])


def test_a_ratio_of_nothing_is_not_a_number():
    empty = measure(summarise(simulate(build(company(population={"customers": 0}, staff={"clerks": {}})), seed=1)))
    rows = {name: x for name, by, _, x in empty.rows() if by == "all"}
    for name in ("satisfaction", "churn", "abandonment", "mean_wait", "median_wait", "occupancy", "completion"):
        assert math.isnan(rows[name])
    for name in ("cost", "revenue", "visits", "customers_lost"):
        assert rows[name] == 0


@pytest.mark.parametrize(
    ("name", "sums", "expected"),
    [
        ("satisfaction", {"satisfaction_end": 14, "present": 2}, 7),
        ("churn", {"lost_of_present": 1, "lost": 3, "present": 4}, 0.25),
        ("retention", {"stayed": 3, "at_start": 4, "present": 8}, 0.75),
        ("mood", {"mood": 21, "felt_visits": 3, "visits": 5}, 7),
        ("churn_per_month", {"lost": 3, "customer_months": 60}, 0.05),
        ("csat_true", {"true_satisfied": 3, "closed": 4}, 0.75),
        ("nps_true", {"true_promoters": 3, "true_detractors": 1, "closed": 8}, 25),
        ("nps_surveyed", {"promoters": 1, "detractors": 3, "answers": 4}, -50),
        ("response_rate", {"answers": 1, "asked": 4}, 0.25),
        ("cost", {"paid": 10, "overtime_cost": 2, "contact_cost": 3, "change_cost": 4, "busy_cost": 9}, 19),
        ("cost", {"paid": 10, "partner_cost": 7, "penalties": 5}, 12),
        ("service_cost", {"contact_cost": 3, "partner_cost": 7, "penalties": 5}, 10),
        ("promise_kept", {"promise_kept": 3, "promised": 4, "offered": 9}, 0.75),
        ("cost_per_customer", {"paid": 10, "customer_months": 5}, 2),
        ("cost_per_resolved", {"paid": 10, "good": 4}, 2.5),
        ("service_cost", {"contact_cost": 3, "busy_cost": 9, "paid": 10}, 12),
        ("service_cost_per_resolved", {"contact_cost": 3, "busy_cost": 9, "good": 4}, 3),
        ("staff_cost", {"paid": 10, "overtime_cost": 2, "busy_cost": 9}, 12),
        ("staff_cost", {"busy_cost": 9}, 9),  # of a persona or a goal
        ("overtime_cost", {"paid": 10, "overtime_cost": 2}, 2),
        ("contribution", {"subscription": 20, "visit_revenue": 1, "contact_cost": 3, "busy_cost": 9}, 9),
        ("revenue", {"subscription": 10, "visit_revenue": -1, "journey_revenue": 5}, 14),
        ("mean_wait", {"wait_offered": 12, "finished_waits": 4, "answered": 3}, 3),
        ("speed_of_answer", {"wait_answered": 6, "answered": 3, "finished_waits": 4}, 2),
        ("service_level", {"answered_within": 6, "offered": 10, "answered": 8}, 0.6),
        ("abandonment", {"abandoned": 2, "offered": 10, "answered": 8}, 0.2),
        ("occupancy", {"busy": 90, "duty": 100, "overtime": 20}, 0.75),
        ("overtime", {"overtime": 90}, 1.5),
        ("first_contact_resolution", {"first_contact": 3, "closed": 4, "good": 3}, 0.75),
        ("failure_demand", {"failure_contacts": 3, "contacts": 12}, 0.25),
        ("completion", {"good": 3, "bad": 1, "closed": 9}, 0.75),
        ("resolution_time", {"resolution_time": 60, "good": 4}, 15),
    ],
)
def test_a_kpi_is_this_ratio_of_sums(name, sums, expected):
    assert value(name, **sums) == pytest.approx(expected)


def test_waits_of_a_story_are_what_one_reads_off_it():
    """One clerk, calls at 10, 11 and 12, five minutes each; the third gives up after two minutes."""
    raw = company(
        personas={"person": {"share": 1, "patience": {"help": "2 min"}}},
        touchpoints={"desk": desk(), "help": desk(), "faq": page(60)},
        journeys={"ann": call(10), "bob": call(11), "cid": call(12, "help"), "dan": call(12, "faq")},
        staff={"clerks": pool(1, 0, 100, wage="60 EUR / h")},
        measure={"answer_within": "2 min"},
    )
    rows = {name: x for name, by, _, x in measure(summarise(simulate(build(raw), 1))).rows() if by == "all"}
    assert rows["offered"] == 3
    assert rows["mean_wait"] == pytest.approx((0 + 4 + 2) / 3)
    assert rows["speed_of_answer"] == pytest.approx(2)
    assert rows["abandonment"] == pytest.approx(1 / 3)
    assert rows["service_level"] == pytest.approx(1 / 3)
    assert rows["median_wait"] == 0
    assert rows["wait_90th"] == pytest.approx(4, rel=0.01)
    assert rows["occupancy"] == pytest.approx(10 / 100)
    assert rows["staff_cost"] == pytest.approx(100)
    assert rows["cost_per_resolved"] == pytest.approx(100 / 3)
