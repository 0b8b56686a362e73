"""Simulated weeks beside weeks the scenario has not seen: what is counted, what chance explains, and the verdict."""

import numpy as np
import polars as pl
import pytest

from calibration import validate as subject
from calibration.validate import GOOD, INSIDE, OUTSIDE, in_per_cent, in_span, observed, validate
from sim import units
from tests.calibration.small_log import told

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0


def call(week, hour, *, waits=0.0, gone=False, **what):
    joined = week * WEEK + hour * HOUR
    started = None if gone else joined + waits
    return {"joined": joined, "started": started, "ended": joined + waits + (0 if gone else 5), "member": "Ann"} | what


# Four weeks: 2, 2, 4 and 6 calls, some of them abandoned, and a page without staff.
CALLS = [
    call(0, 9, waits=2, customer="A"), call(0, 10, waits=4, gone=True, customer="B"),
    call(1, 9, customer="C"), call(1, 30, waits=6, customer="D"),
    *(call(2, 9 + k, waits=k, gone=k == 3, customer=f"E{k}") for k in range(4)),
    *(call(3, 9 + k, waits=2 * k, gone=k > 3, customer=f"F{k}") for k in range(6)),
    {"customer": "P", "touchpoint": "page", "joined": 27.9 * DAY, "started": 27.9 * DAY, "ended": 27.9 * DAY + 1},
]  # fmt: skip
CUSTOMERS = [
    {"customer": "A", "left": 16 * DAY}, {"customer": "B", "left": 22 * DAY}, {"customer": "C", "left": 27 * DAY},
    {"customer": "D", "left": 40 * DAY}, {"customer": "E0", "joined": 5 * DAY}, {"customer": "X", "left": -3 * DAY},
]  # fmt: skip
SURVEYS = [
    {"customer": "E0", "score": 8.0, "answered": 2 * WEEK + 10 * HOUR},
    {"customer": "F1", "score": 4.0, "answered": 3 * WEEK + 11 * HOUR},
    {"customer": "F2", "score": 9.0, "answered": 3 * WEEK + 12 * HOUR},
    {"customer": "A", "score": 1.0, "answered": 10 * HOUR},
]
LOG = told(CALLS, customers=CUSTOMERS, surveys=SURVEYS, unstaffed=["page"])


# ---- what the log says -----------------------------------------------------------------------------------------------


def test_what_is_observed_is_the_value_of_the_span_and_then_of_each_of_its_weeks():
    seen = observed(LOG, 2 * WEEK, 4 * WEEK)
    assert {measure: values.tolist() for measure, values in seen.items()} == {
        ("contacts a week", "hotline", "contacts"): [5, 4, 6],
        ("abandonment", "hotline", "share"): [3 / 10, 1 / 4, 2 / 6],
        ("mean wait", "hotline", "min"): [36 / 10, 6 / 4, 30 / 6],  # of all, also of those who gave up
        ("contacts a week", "page", "contacts"): [0.5, 0, 1],
        ("survey answers a week", "all", "answers"): [1.5, 1, 2],
        ("survey score", "all", "0–10"): [7, 8, 6.5],
        ("customers lost a week", "all", "customers"): [1.5, 1, 2],
    }


def test_a_span_may_end_with_part_of_a_week():
    seen = observed(LOG, 2 * WEEK, 3 * WEEK + 3.5 * DAY)
    assert seen["contacts a week", "hotline", "contacts"].tolist() == [10 / 1.5, 4, 6]


def test_without_surveys_or_leavers_nothing_is_said_of_them():
    assert {name for name, _, _ in observed(told(CALLS), 0, 4 * WEEK)} == {
        "contacts a week",
        "abandonment",
        "mean wait",
    }


# ---- beside what is simulated ----------------------------------------------------------------------------------------


def simulated(monkeypatch, **kpis):
    """Let simulation say given values of each replication: by KPI and group, with `__` between them."""
    rows = [
        (replication, kpi, "all" if group == "all" else "touchpoint", group, value)
        for name, values in kpis.items()
        for kpi, group in [name.split("__")]
        for replication, value in enumerate(values)
    ]
    frame = pl.DataFrame(rows, schema=["replication", "kpi", "by", "group", "value"], orient="row")
    tasks = []
    monkeypatch.setattr(subject, "perform_all", lambda asked, *_: tasks.extend(asked) or frame)
    return tasks


def row(validation, measure, group="hotline"):
    return validation.table.filter(measure=measure, group=group).row(0, named=True)


RAW = {"clock": {"start": "2024-01-01", "horizon": "9 weeks", "warmup": "1 week"}, "population": {"customers": 77},
       "changes": {"more": {"set": {}}}, "enact": ["more"]}  # fmt: skip


def test_verdicts_floors_and_differences_are_those_one_works_out_by_hand(monkeypatch):
    simulated(
        monkeypatch,
        visits__hotline=[11, 10.8], closed_share__hotline=[0.0, 0.0],
        abandonment__hotline=[0.36, 0.40], mean_wait__hotline=[12.0, 12.5],
    )  # fmt: skip
    found = validate(RAW, LOG, 2 * WEEK, seed=1, replications=2)
    assert found.weeks == 2
    calls = row(found, "contacts a week")
    assert (calls["observed"], calls["simulated"]) == (5, pytest.approx(5.45))
    assert calls["relative"] == pytest.approx(0.09)
    assert calls["verdict"] == GOOD
    # Weeks of 4 and 6 have variance 2, two weeks half of it; replications of 5.5 and 5.4 have 0.005, two of them half.
    assert calls["floor"] == pytest.approx(2 * np.sqrt(2 / 2 + 0.005 / 2))
    gone = row(found, "abandonment")
    weekly = np.var([1 / 4, 2 / 6], ddof=1)
    assert gone["floor"] == pytest.approx(2 * np.sqrt(weekly / 2 + 0.0008 / 2))
    assert gone["relative"] == pytest.approx(0.38 / 0.3 - 1)
    assert gone["verdict"] == INSIDE
    assert row(found, "mean wait")["verdict"] == OUTSIDE
    assert set(found.table["measure"]) == {"contacts a week", "abandonment", "mean wait"}  # the rest was not simulated


def test_attempts_that_found_it_closed_are_in_no_log_and_are_left_out(monkeypatch):
    simulated(monkeypatch, visits__hotline=[20.0], closed_share__hotline=[0.5])
    assert row(validate(RAW, LOG, 2 * WEEK, seed=1, replications=1), "contacts a week")["simulated"] == 5


def test_a_week_is_judged_by_how_much_the_weeks_before_it_varied(monkeypatch):
    simulated(monkeypatch, visits__hotline=[6.0], closed_share__hotline=[float("nan")])
    found = row(validate(RAW, LOG, 3 * WEEK, seed=1, replications=1), "contacts a week")
    assert found["floor"] == pytest.approx(2 * np.sqrt(np.var([2, 2, 4], ddof=1)))


def test_part_of_a_week_counts_less_for_being_short_and_is_left_out_of_how_much_weeks_vary(monkeypatch):
    simulated(monkeypatch, visits__hotline=[11, 10.8], closed_share__hotline=[0.0, 0.0])
    found = row(validate(RAW, LOG, 1.5 * WEEK, seed=1, replications=2), "contacts a week")
    assert observed(LOG, 1.5 * WEEK, LOG.end)["contacts a week", "hotline", "contacts"].tolist() == [4, 4, 6, 0]
    chance = np.var([11 / 2.5, 10.8 / 2.5], ddof=1) / 2
    assert found["floor"] == pytest.approx(2 * np.sqrt(np.var([4, 6], ddof=1) / 2.5 + chance))


def test_a_week_and_a_half_is_judged_by_how_much_the_whole_weeks_before_it_varied(monkeypatch):
    simulated(monkeypatch, visits__hotline=[9.0, 9.6], closed_share__hotline=[0.0, 0.0])
    found = row(validate(RAW, LOG, 2.5 * WEEK, seed=1, replications=2), "contacts a week")
    # The half week from 2 to 2.5 has four calls, those before it two each: they do not vary.
    assert found["floor"] == pytest.approx(2 * np.sqrt(np.var([9.0 / 1.5, 9.6 / 1.5], ddof=1) / 2))


def test_totals_are_put_beside_totals_a_week(monkeypatch):
    simulated(monkeypatch, survey_answers__all=[3.0, 3.0], customers_lost__all=[6.0, 8.0], survey_score__all=[7.1, 7.1])
    found = validate(RAW, LOG, 2 * WEEK, seed=1, replications=2)
    assert row(found, "survey answers a week", "all")["simulated"] == 1.5
    assert row(found, "customers lost a week", "all")["simulated"] == 3.5
    assert row(found, "survey score", "all")["relative"] == pytest.approx(0.1 / 7)


def test_the_scenario_lives_through_the_logs_own_weeks_as_it_is(monkeypatch):
    tasks = simulated(monkeypatch, mean_wait__hotline=[1.0])
    validate(RAW, LOG, 2 * WEEK, seed=4, replications=3)
    assert [(task.seed, task.replication) for task in tasks] == [(4, 0), (4, 1), (4, 2)]
    lived = tasks[0].raw
    assert lived == in_span(RAW, LOG, 2 * WEEK, LOG.end)
    assert lived["clock"] == {"start": "2025-01-06", "horizon": "40320 min", "warmup": "20160 min"}
    assert (
        lived["population"]["customers"] == LOG.customers.height - 2
    )  # all but E0, who came later, and X, who had left
    assert lived["changes"] == {}
    assert lived["enact"] == []


def test_cases_have_no_customers_to_begin_with():
    assert in_span({"population": {"customers": 0}}, LOG, 0, LOG.end)["population"] == {"customers": 0}


DESCRIBED = RAW | {
    "clock": {"start": "2025-02-03", "horizon": "9 weeks"},
    "personas": {
        "firm": {"share": 0.5, "needs": {"bill": "0.2 / week"}, "needs_differ": 0.8},
        "family": {"share": 0.5, "needs": {"bill": {"rate": "0.1 / week", "profile": "flat"}}},
    },
    "uncertain": {"personas.firm.needs.bill": {"kind": "normal", "mean": "0.2 / week", "sd": "0.02 / week"},
                  "personas.firm.churn.slope": {"kind": "normal", "mean": 0.5, "sd": 0.1}},
}  # fmt: skip


def test_a_scenario_that_begins_with_those_who_stayed_begins_here_with_those_who_came():
    # Firms that call three times leave after two weeks, those that call once stay, and so do four families.
    calls = [call(week, 9 + k, customer=f"F{k}") for k in range(6) for week in range(3 if k < 3 else 1)]
    known = [
        *({"customer": f"F{k}", "persona": "firm", "left": 20 * DAY if k < 3 else None} for k in range(6)),
        *({"customer": f"G{k}", "persona": "family"} for k in range(4)),
    ]
    log = told([*calls, call(3, 90, customer="G0")], customers=known)
    lived = in_span(DESCRIBED, log, 2 * WEEK, log.end)
    assert lived["personas"]["firm"]["share"] == pytest.approx(0.6)
    assert lived["personas"]["family"]["share"] == pytest.approx(0.4)
    shape, mean = 0.8**-2, 12 / (3 * 20 / 7 + 3 * log.weeks)
    those = {"gone": (shape + 3) / (shape + mean * 20 / 7), "here": (shape + 1) / (shape + mean * log.weeks)}
    factor = (those["gone"] + those["here"]) / 2 / those["here"]
    needs = lived["personas"]["firm"]["needs"]["bill"]
    assert units.split(needs) == (pytest.approx(0.2 * factor, rel=1e-4), "/ week")
    doubt = lived["uncertain"]["personas.firm.needs.bill"]
    assert doubt["mean"] == needs
    assert units.split(doubt["sd"])[0] == pytest.approx(0.02 * factor, rel=1e-4)
    assert lived["uncertain"]["personas.firm.churn.slope"] == DESCRIBED["uncertain"]["personas.firm.churn.slope"]
    assert lived["personas"]["family"]["needs"]["bill"] == {"rate": "0.1 / week", "profile": "flat"}


def test_a_scenario_that_begins_no_later_than_the_log_begins_with_its_own_customers():
    lived = in_span(DESCRIBED | {"clock": {"start": "2025-01-06", "horizon": "9 weeks"}}, LOG, 2 * WEEK, LOG.end)
    assert lived["personas"] == DESCRIBED["personas"]
    assert lived["uncertain"] == DESCRIBED["uncertain"]


# ---- in words --------------------------------------------------------------------------------------------------------


def test_what_is_off_is_said_with_its_size_and_the_rest_is_not(monkeypatch):
    simulated(monkeypatch, mean_wait__hotline=[12.0, 12.5], visits__hotline=[10, 10], closed_share__hotline=[0, 0])
    said = validate(RAW, LOG, 2 * WEEK, seed=1, replications=2).caveats()
    assert len(said) == 2
    assert said[0].startswith(
        "mean wait at hotline: too high by 240% (12.2 against 3.6 min), more than chance explains"
    )
    assert said[1].startswith("what no log can show")


def test_where_nothing_is_off_there_is_no_word_against_it_but_what_no_log_can_show(monkeypatch):
    simulated(monkeypatch, mean_wait__hotline=[3.6, 3.6])
    (said,) = validate(RAW, LOG, 2 * WEEK, seed=1, replications=2).caveats()
    assert said.startswith("what no log can show")


def test_what_no_replication_has_is_told_and_not_left_out(monkeypatch):
    nothing = pl.DataFrame({"replication": [0, 1], "kpi": "survey_score", "by": "all", "group": "all", "value": np.nan})
    monkeypatch.setattr(subject, "perform_all", lambda *_: nothing)
    checked = validate({}, LOG, 2 * WEEK, seed=1, replications=2)
    row = checked.table.row(by_predicate=pl.col("measure") == "survey score", named=True)
    assert row["verdict"] == OUTSIDE
    assert any("(none against 7 0–10)" in line for line in checked.caveats())


def test_a_difference_from_nothing_is_a_dash():
    assert in_per_cent(float("nan")) == "–"
    assert in_per_cent(-0.123) == "-12.3%"
