"""Sums of the rows, done by hand on stories that fit in the head, and additive where they should be."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import build, simulate
from sim.summaries import DIMENSIONS, Sums, change_cost, quantile_of, summarise, total
from sim.sums import BINS, bin_of
from sim.units import MINUTES_PER_MONTH
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, moment, page, pool

WEEK = 10080.0
NOT_ADDITIVE = {"present", "lost_of_present", "at_start", "stayed", "satisfaction_end", "holders"}  # of a moment


def summary(raw, window=None, seed=1):
    return summarise(simulate(build(raw), seed), window)


def sums(raw, by="all", **more):
    """One number for each group of each sum."""
    found = summary(raw, **more)[by]
    return {name: dict(zip(found.groups, values.tolist(), strict=True)) for name, values in found.values.items()}


@pytest.fixture(scope="module")
def everything():
    return simulate(build(EVERYTHING), seed=7)


# ---- by hand ---------------------------------------------------------------------------------------------------------


def busy_morning():
    """One clerk, four calls: served at once, after 4 minutes, abandoned after 3, blocked; and one on a page."""
    return company(
        personas={"person": {"share": 1, "patience": {"help": "3 min"}}},
        touchpoints={"desk": desk(cost="2 EUR"), "help": desk(), "faq": page(10, cost="0.5 EUR")},
        channels={"phone": {"lines": 3}},
        journeys={
            "ann": call(10),
            "bob": call(11),
            "cid": call(11, "help"),
            "dan": call(12, "help"),
            "eve": call(10, "faq"),
        },
        staff={"clerks": pool(1, 0, 480, wage="60 EUR / h", overtime=2)},
    )


def test_visits_are_counted_by_what_became_of_them():
    found = {name: group["all"] for name, group in sums(busy_morning()).items() if not isinstance(group["all"], list)}
    expected = {
        "visits": 5,
        "offered": 3,  # ann, bob and cid
        "answered": 2,
        "answered_within": 1,
        "abandoned": 1,
        "blocked_visits": 1,
        "closed_visits": 0,
        "wait_answered": 4,
        "wait_offered": 7,
        "finished_waits": 3,
        "contact_cost": 4.5,
        "busy": 10,
        "busy_cost": 10,
        "duty": 480,
        "paid": 480,
        "overtime": 0,
    }
    assert {name: found[name] for name in expected} == expected


def test_each_dimension_has_its_own_groups():
    raw = busy_morning()
    assert sums(raw, "touchpoint")["visits"] == {"desk": 2, "help": 2, "faq": 1}
    assert sums(raw, "channel")["visits"] == {"phone": 4, "web": 1}
    assert sums(raw, "goal")["abandoned"] == {"ann": 0, "bob": 0, "cid": 1, "dan": 0, "eve": 0}
    assert sums(raw, "pool")["offered"] == {"clerks": 3}  # the unserved count for the pool they would have preferred
    assert sums(raw, "persona")["busy"] == {"person": 10}


def test_journeys_are_counted_by_how_they_ended():
    unresolved = {"outcomes": {"unresolved": 1}, "next": {"unresolved": {"give_up": 1}}}
    twice = call(30, step={"outcomes": {"unresolved": 1}, "next": {"unresolved": {"again": {"p": 1, "after": "1 h"}}}})
    twice["steps"]["again"] = {"touchpoint": "faq", "outcomes": {"resolved": 1}}
    raw = company(
        touchpoints={"desk": desk(), "faq": page(10)},
        journeys={"ann": call(10), "bob": call(20, step=unresolved), "cid": twice, "dan": call(1439)},
    )
    found = {name: group["all"] for name, group in sums(raw).items() if not isinstance(group["all"], list)}
    expected = {
        "issues": 4,
        "open_at_end": 1,
        "closed": 3,
        "good": 2,
        "bad": 1,
        "contacts": 4,
        "first_contact": 1,
        "failure_contacts": 1,
        "multichannel": 1,
        "handoffs": 0,
        "resolution_time": 5 + 75,
        "experience": 21,
        "asked": 0,
        "answers": 0,
    }
    assert {name: found[name] for name in expected} == expected


def test_a_journey_counts_for_the_channel_in_which_it_began():
    """Ann reads a page and then calls, Bob calls twice, Cid reads."""
    on = {"outcomes": {"unresolved": 1}, "next": {"unresolved": {"then": 1}}}
    ann, bob = call(10, "faq", step=on), call(30, step=on)
    for journey in (ann, bob):
        journey["steps"]["then"] = {"touchpoint": "desk", "outcomes": {"resolved": 1}}
    raw = company(
        touchpoints={"desk": desk(), "faq": page(10)}, journeys={"ann": ann, "bob": bob, "cid": call(50, "faq")}
    )
    found = sums(raw, "channel")
    expected = {
        "issues": {"phone": 1, "web": 2},
        "good": {"phone": 1, "web": 2},
        "contacts": {"phone": 2, "web": 3},
        "first_contact": {"phone": 0, "web": 1},
        "multichannel": {"phone": 0, "web": 1},
        "resolution_time": {"phone": 10, "web": 15 + 10},
        "visits": {"phone": 3, "web": 2},
    }
    assert {name: found[name] for name in expected} == expected


def test_mood_is_that_after_each_visit_that_ended_where_it_was():
    bad = {"outcomes": {"no": {"p": 1, "mood": -2}}, "next": {"no": {"give_up": 1}}}
    good = {"outcomes": {"resolved": {"p": 1, "mood": 1}}}
    raw = company(
        personas={"person": {"share": 1, "satisfaction": {"rest": 6, "memory": 0}}},
        touchpoints={"desk": desk(), "faq": page(10)},
        journeys={
            "ann": call(10, step=bad),
            "bob": call(20, step=good),
            "cid": call(30, "faq", step=good),
            "dan": call(1439),
        },
    )
    found = sums(raw, "touchpoint")
    assert found["mood"] == {"desk": 4 + 7, "faq": 7}
    assert found["felt_visits"] == {"desk": 2, "faq": 1}  # dan's call is not over
    assert sums(raw, "pool")["mood"] == {"clerks": 11}


def test_scores_are_counted_as_seen_and_in_truth():
    def ends_with(mood):
        return call(10, "faq", step={"outcomes": {"resolved": {"p": 1, "mood": mood}}})

    person = {"share": 1, "survey": {"respond": {"level": 50}}, "satisfaction": {"rest": 7, "end": 1}}
    moods = {"a": 2.6, "b": 1.5, "c": 0.4, "d": -0.6, "e": -3}  # experiences 9.6, 8.5, 7.4, 6.4 and 4
    raw = company(
        personas={"person": person},
        touchpoints={"faq": page(0)},
        staff={},
        journeys={name: ends_with(mood) for name, mood in moods.items()},
    )
    found = {name: group["all"] for name, group in sums(raw).items() if not isinstance(group["all"], list)}
    names = ("score", "answers", "satisfied", "promoters", "detractors")
    assert [found[name] for name in names] == [10 + 9 + 7 + 6 + 4, 5, 3, 2, 2]
    assert [found[f"true_{name}"] for name in names[2:]] == [3, 2, 2]


def test_money_counts_when_it_is_earned():
    ann = call(
        10, "faq", step={"outcomes": {"done": {"p": 1, "revenue": "3 EUR"}}, "next": {"done": {"over": after_days(3)}}}
    )
    ann |= {"ends": {"over": {"revenue": "40 EUR"}}}
    person = {"share": 1, "value": {"revenue": "1 EUR / min"}}
    raw = company(personas={"person": person}, touchpoints={"faq": page(5)}, staff={}, journeys={"ann": ann})
    raw["clock"] |= {"horizon": "2 weeks"}
    for window, visit, end in [((0, 2 * WEEK), 3, 40), ((0, 15), 0, 0), ((15, 16), 3, 0), ((16, WEEK), 0, 40)]:
        found = sums(raw, window=window)
        assert (found["visit_revenue"]["all"], found["journey_revenue"]["all"]) == (visit, end)
        assert found["subscription"]["all"] == pytest.approx(window[1] - window[0])
    assert sums(raw, "week")["journey_revenue"] == {"1": 40, "2": 0}


def after_days(days):
    return {"p": 1, "after": f"{days} days"}


def test_staff_are_paid_for_duty_and_more_for_overtime():
    raw = company(
        touchpoints={"desk": desk(minutes=30)},
        journeys={"ann": call(475)},
        staff={"clerks": pool(2, 0, 480, wage="60 EUR / h", overtime=2), "idle": pool(1, 0, 60, wage="30 EUR / h")},
    )
    found = sums(raw, "pool")
    assert found["paid"] == {"clerks": 960, "idle": 30}
    assert found["busy"] == {"clerks": 30, "idle": 0}
    assert found["overtime"] == {"clerks": 25, "idle": 0}
    assert found["overtime_cost"] == {"clerks": 50, "idle": 0}
    found = sums(raw, window=(0, 490))
    assert (found["busy"]["all"], found["overtime"]["all"], found["overtime_cost"]["all"]) == (15, 10, 20)


def test_the_wages_of_a_service_are_shared_by_the_weeks_in_which_it_lasts():
    """A service from two hours before the end of the first week to an hour after it, and ten minutes later on."""
    raw = company(
        clock={"start": "2025-01-06", "horizon": "2 weeks"},
        touchpoints={"desk": desk(minutes=180), "help": desk(minutes=10)},
        journeys={"ann": call(WEEK - 120), "bob": call(WEEK + 600, "help")},
        staff={"clerks": pool(1, wage="60 EUR / h")},
    )
    assert sums(raw, "week")["busy_cost"] == {"1": 120, "2": 60 + 10}
    assert sums(raw, "goal")["busy_cost"] == {"ann": 180, "bob": 10}
    assert sums(raw, "pool")["busy_cost"] == {"clerks": 190}


def test_wages_are_those_of_their_time():
    raw = company(touchpoints={"desk": desk(minutes=20)}, journeys={"ann": call(90)})
    raw["staff"] = {"clerks": pool(1, 0, 100, wage="60 EUR / h")}
    dearer = {"from": moment(95), "until": moment(105), "set": {"staff.clerks.wage": "120 EUR / h"}}
    found = sums(raw | {"changes": {"rise": dearer}, "enact": "rise"})
    assert found["paid"]["all"] == pytest.approx(95 + 2 * 5)
    assert found["busy_cost"]["all"] == pytest.approx(5 + 2 * 10 + 5)
    assert found["overtime_cost"]["all"] == pytest.approx(2 * 5 + 5)


def moving(minute, stage):
    step = {"touchpoint": "faq", "outcomes": {"done": {"p": 1, "stage": stage}}, "next": {"done": {"give_up": 1}}}
    return {"when": {"on": moment(minute)}, "start": {"any": "go"}, "steps": {"go": step}}


def test_one_who_moves_to_another_stage_is_lost_and_may_come_back():
    person = {"share": 1, "value": {"revenue": "1 EUR / min"}}
    raw = company(personas={"person": person}, touchpoints={"faq": page(0)}, staff={}, population={"customers": 3})
    raw["journeys"] = {"go": moving(300, "former"), "back": moving(1000, "customer")}
    found = {name: group["all"] for name, group in sums(raw).items() if not isinstance(group["all"], list)}
    names = ("present", "lost_of_present", "lost", "joined", "subscription")
    assert [found[name] for name in names] == [3, 3, 3, 3, 3 * (1440 - 700)]
    found = {name: group["all"] for name, group in sums(raw, window=(400, 500)).items() if name in names}
    assert [found[name] for name in names] == [0, 0, 0, 0, 0]


def test_who_stays_is_counted_among_those_there_at_the_start_week_by_week():
    """Four customers: one pauses in the second week and comes back, one leaves for good in the third."""
    raw = company(touchpoints={"faq": page(0)}, staff={}, population={"customers": 4})
    raw["clock"] |= {"horizon": "4 weeks"}
    raw["journeys"] = {"all": call(10, "faq")}
    result = simulate(build(raw), 1)
    rows = result.tables.journeys
    moved = [(0, 1.5 * WEEK, "paused"), (0, 1.8 * WEEK, "customer")]
    moves = [row | {"customer": c, "closed": t, "stage": stage} for c, t, stage in moved for row in rows.to_dicts()[:1]]
    customers = result.tables.customers.with_columns(left=pl.when(pl.col("customer") == 1).then(2.5 * WEEK))
    tables = replace(result.tables, journeys=pl.concat([rows, pl.DataFrame(moves, rows.schema)]), customers=customers)
    found = summarise(replace(result, tables=tables))
    assert found["week"]["at_start"].tolist() == [4, 4, 4, 4]
    assert found["week"]["stayed"].tolist() == [4, 3, 2, 2]
    assert found["week"]["present"].tolist() == [4, 4, 4, 3]
    assert (found["all"]["at_start"].tolist(), found["all"]["stayed"].tolist()) == ([4], [2])


def test_presence_is_counted_when_the_window_opens():
    churn = {"base": "1000 / min", "every": "4 days"}
    raw = company(
        personas={"person": {"share": 1, "churn": churn}},
        population={"customers": 200, "joins": {"rate": "20 / day"}},
        clock={"start": "2025-01-06", "horizon": "8 days"},
    )
    rows = simulate(build(raw), 1).tables.customers.to_dicts()
    start, end = 2 * 1440, 6 * 1440
    gone = [row["left"] if row["left"] is not None else 1e9 for row in rows]
    there = [row["joined"] <= start <= left for row, left in zip(rows, gone, strict=True)]
    lost = [start <= left < end for left in gone]
    found = {name: group["all"] for name, group in sums(raw, window=(start, end)).items()}
    assert found["present"] == sum(there)
    assert found["lost"] == sum(lost)
    assert found["lost_of_present"] == sum(a and b for a, b in zip(there, lost, strict=True))
    assert found["joined"] == sum(start < row["joined"] < end for row in rows)


def test_changes_cost_once_and_by_the_month_while_they_last():
    change = {
        "from": "2025-01-20",
        "until": "2025-02-03",
        "cost": {"once": "500 EUR", "monthly": "30.4375 EUR"},
        "set": {"title": "x"},
    }
    raw = company(changes={"a": change}, enact="a", clock={"start": "2025-01-06", "horizon": "8 weeks"})
    model = build(raw)
    assert change_cost(model, 0, 8 * WEEK) == pytest.approx(500 + 14)
    assert change_cost(model, 0, 2 * WEEK) == 0
    assert change_cost(model, 2 * WEEK, 3 * WEEK) == pytest.approx(500 + 7)
    assert change_cost(model, 3 * WEEK, 8 * WEEK) == pytest.approx(7)
    assert sum(sums(raw, "week")["change_cost"].values()) == pytest.approx(514)


def test_what_began_in_the_warm_up_is_charged_in_the_first_measured_moment():
    change = {"from": "2025-01-08", "cost": {"once": "500 EUR"}, "set": {"title": "x"}}
    clock = {"start": "2025-01-06", "horizon": "8 weeks", "warmup": "2 weeks"}
    raw = company(changes={"a": change}, enact="a", clock=clock)
    assert sums(raw)["change_cost"] == {"all": 500}
    assert sums(raw, "week")["change_cost"] == {"1": 500} | {str(week): 0 for week in range(2, 7)}
    assert sums(raw, window=(0, WEEK))["change_cost"] == {"all": 0}
    change["until"] = "2025-01-20"
    assert sums(raw)["change_cost"] == {"all": 0}


def test_a_name_that_a_change_uses_only_for_a_while_has_its_group():
    chat = {"from": "2025-01-06 02:00", "until": "2025-01-06 03:00"}
    chat["set"] = {"touchpoints.faq.channel": "chat", "journeys.ann.goal": "help"}
    every = call(0, "faq") | {"when": {"every": "10 min"}}
    raw = company(touchpoints={"faq": page(1)}, staff={}, journeys={"ann": every}, changes={"chat": chat}, enact="chat")
    assert sums(raw, "channel")["visits"]["chat"] == pytest.approx(6, abs=1)
    assert sums(raw, "goal")["issues"]["help"] == pytest.approx(6, abs=1)


def test_a_touchpoint_that_gets_staff_is_offered_only_from_then_on():
    staffing = {"from": moment(100), "set": {"touchpoints.faq.staff": "clerks"}}
    raw = company(touchpoints={"faq": page(1)}, journeys={"ann": call(50, "faq"), "bob": call(150, "faq")})
    assert sums(raw | {"changes": {"staff": staffing}, "enact": "staff"})["offered"]["all"] == 1


# ---- what adds up ----------------------------------------------------------------------------------------------------


def test_two_windows_together_are_the_whole(everything):
    middle = 2.3 * WEEK
    parts = [summarise(everything, window) for window in ((WEEK, middle), (middle, 4 * WEEK))]
    whole = summarise(everything)
    for dimension in DIMENSIONS:
        if dimension == "week":
            continue
        merged = total([part[dimension] for part in parts])
        for name, values in whole[dimension].values.items():
            if name not in NOT_ADDITIVE:
                assert merged[name] == pytest.approx(values), f"{name} by {dimension}"


def test_weeks_together_are_the_window(everything):
    found = summarise(everything)
    for name, values in found["week"].values.items():
        if name not in NOT_ADDITIVE:
            assert values.sum(axis=0) == pytest.approx(found["all"][name][0]), name


@pytest.mark.parametrize("dimension", ["persona", "goal", "touchpoint", "channel", "pool"])
def test_groups_together_are_all(everything, dimension):
    found = summarise(everything)
    shared = {"visits", "offered", "answered", "abandoned", "wait_answered", "wait_histogram", "busy", "duty", "paid"}
    names = set(found[dimension].values) & (shared if dimension == "pool" else set(found["all"].values))
    if dimension == "pool":  # a visit that needs no staff belongs to none
        names -= {"visits"}
    assert names
    for name in names:
        assert found[dimension][name].sum(axis=0) == pytest.approx(found["all"][name][0]), name


def test_sums_of_different_groups_cannot_be_added():
    with pytest.raises(ValueError, match="sums of different groups cannot be added"):
        Sums(("a",), {}).merged(Sums(("b",), {}))


@pytest.mark.parametrize("enact", [[], ["hire", "chatbot"]])
def test_money_is_what_the_customers_table_says(enact):
    raw = EVERYTHING | {"enact": enact}
    raw["journeys"] = raw["journeys"] | {"pause": moving(2 * WEEK, "paused"), "resume": moving(3 * WEEK, "customer")}
    for name in ("pause", "resume"):
        raw["journeys"][name] |= {"start": {"web": "go"}, "who": {"share": 0.3}}
        raw["journeys"][name]["steps"]["go"]["touchpoint"] = "form"
    result = simulate(build(raw), seed=7)
    found, customers = summarise(result), result.tables.customers
    names = ("subscription", "product_revenue", "visit_revenue", "journey_revenue", "effect_revenue")
    assert sum(found["all"][name][0] for name in names) == pytest.approx(customers["revenue"].sum())
    assert found["all"]["contact_cost"][0] == pytest.approx(customers["cost"].sum())
    by_persona = customers.group_by("persona").agg(pl.col("revenue").sum())
    for persona, revenue in by_persona.iter_rows():
        group = found["persona"].groups.index(persona)
        assert sum(found["persona"][name][group] for name in names) == pytest.approx(revenue)


def test_of_one_moment_an_event_comes_before_what_it_opened():
    back = {
        "when": "opened", "start": {"any": "go"}, "ends": {"over": {"good": True, "stage": "customer"}},
        "steps": {"go": {"touchpoint": "page", "outcomes": {"done": 1}, "next": {"done": {"over": 1}}}},
    }  # fmt: skip
    upgrade = {"on": moment(30), "stage": "vip", "opens": {"back": 1}}
    raw = company(touchpoints={"page": page(0)}, staff={}, journeys={"back": back}, events={"upgrade": upgrade})
    result = simulate(build(raw), seed=1)
    assert result.tables.journeys["closed"].to_list() == [30]
    counted = simulate(build(raw), seed=1, keep="none").counted
    months = [found["all"]["customer_months"][0] for found in (summarise(result), counted)]
    assert months == [pytest.approx(result.model.clock.horizon / MINUTES_PER_MONTH)] * 2


# ---- histograms ------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(min_value=1 / 60, max_value=1e6), min_size=1, max_size=60), st.sampled_from([0.1, 0.5, 0.9, 1.0])
)
def test_a_quantile_from_bins_is_within_one_percent(minutes, share):
    values = np.array(minutes)
    histogram = np.bincount([bin_of(value) for value in values], minlength=BINS).astype(float)
    exact = np.quantile(values, share, method="inverted_cdf")
    assert quantile_of(histogram, share) == pytest.approx(exact, rel=0.01)


def test_no_wait_at_all_has_a_bin_of_its_own():
    assert [bin_of(minutes) for minutes in (0.0, 1e-9, 1 / 60, 1e12)] == [0, 1, 1, BINS - 1]
    histogram = np.bincount([bin_of(minutes) for minutes in (0.0, 0.0, 0.0, 5.0)], minlength=BINS).astype(float)
    assert quantile_of(histogram, 0.5) == 0
    assert quantile_of(histogram, 0.9) == pytest.approx(5, rel=0.01)


def test_the_quantile_of_nothing_is_not_a_number():
    assert np.isnan(quantile_of(np.zeros(BINS), 0.5))
