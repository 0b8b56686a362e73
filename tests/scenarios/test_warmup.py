"""The warm-up: where a series is cut, by definition and in reference cases, and what is said and drawn of it."""

import math

import numpy as np
import pytest

from scenarios.sweeps.warmup import WATCHED, _Windows, history, judged, mser, mser5, warmup_check, warmup_plot
from sim import build
from sim.changes import altered
from sim.engines import compiled
from sim.kpis import KPIS
from sim.summaries import Tally
from tests.scenarios.given import SVG, drawn, overlapping, starter, texts, view, written
from tests.sim.everything import EVERYTHING

WEEK = 10_080.0


# ---- MSER ------------------------------------------------------------------------------------------------------------


def by_definition(z):
    """Every d up to half the series, and what MSER says of it."""
    n = len(z)
    found = {}
    for d in range(n // 2 + 1):
        rest = z[d:]
        mean = sum(rest) / (n - d)
        found[d] = sum((each - mean) ** 2 for each in rest) / (n - d) ** 2
    return found


@pytest.mark.parametrize(
    ("series", "drop", "mean", "statistic"),
    [
        ([100 * 0.98**i + math.sin(i) for i in range(1000)], 305, 0.0123733320, 2.3126475e-4),
        ([10 - 10 * math.exp(-i / 50) + math.cos(i * i) for i in range(2000)], 175, 9.9828432305, 2.4141122e-4),
    ],
    ids=["from 100 down to 0", "from 0 up to 10"],
)
def test_two_series_are_cut_where_they_are_known_to_be(series, drop, mean, statistic):
    found = mser5(series)
    assert (found.drop, found.settled) == (drop, True)
    assert found.mean == pytest.approx(mean, abs=5e-11)
    assert found.statistic == pytest.approx(statistic, rel=5e-8)


def test_the_cut_is_the_one_that_the_definition_likes_best():
    z = [9.0, 5.0, 7.0, 1.0, 2.0, 1.5, 1.0, 2.5, 1.0, 2.0, 1.5]
    statistics = by_definition(z)
    found = mser(z)
    assert found.drop == min(statistics, key=statistics.get) == 3
    assert found.statistic == pytest.approx(statistics[3], rel=1e-12)
    assert found.mean == pytest.approx(sum(z[3:]) / 8, rel=1e-12)


def test_a_series_that_never_moves_is_not_cut():
    assert mser([0.1] * 50) == (0, 0.1, 0.0, True)
    assert mser5([0.1] * 50)[0] == 0


def test_a_series_that_never_settles_is_cut_at_the_limit_and_said_to_be_too_short():
    found = mser([2.0**-n for n in range(20)])
    assert (found.drop, found.settled) == (10, False)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ([1.0, 2.0, 3.0], "MSER needs 4 numbers or more, and there are 3"),
        ([1.0, math.nan, 3.0, 4.0], "MSER needs every number, and some are not known"),
    ],
)
def test_what_cannot_be_cut_says_why(series, words):
    with pytest.raises(ValueError, match=words):
        mser(series)


def test_what_follows_the_last_whole_five_is_left_out():
    series = [5.0, *[1.0] * 23]
    assert mser5(series) == mser5([*series, 100.0, 100.0, 100.0, 100.0][:24])
    assert mser5([*[9.0] * 5, *[1.0, 2.0] * 10]).drop == 5


# ---- a history from its first minute ---------------------------------------------------------------------------------


def test_five_windows_add_up_to_their_week():
    model = build(altered(EVERYTHING, {"uncertain": {}, "enact": []}))
    windows, weeks = _Windows(model), Tally(model, (0.0, model.clock.horizon))
    compiled.read_out(model, 3, 0, [windows, weeks])
    assert len(windows.tallies) == 5 * 4
    by_week, fifths = weeks.summary()["week"], [tally.summary()["all"] for tally in windows.tallies]
    added_up = (
        "visits", "answered", "abandoned", "wait_offered", "contact_cost", "busy", "overtime", "duty", "issues",
        "closed", "experience", "journey_revenue", "lost", "customer_months", "subscription",
    )  # fmt: skip
    for name in added_up:
        whole = np.array([sums[name][0] for sums in fifths]).reshape(-1, 5).sum(axis=1)
        assert whole == pytest.approx(by_week[name], rel=1e-9), name
    assert by_week["lost"].sum() > 0
    assert by_week["overtime"].sum() > 0


def test_a_history_begins_with_its_first_minute_and_without_changes():
    model = build(altered(starter().raw, {"clock.horizon": "30 days", "clock.warmup": "1 week"}))
    values = history(model, 3, 0, ("visits", "experience"))
    assert values.shape == (2, 20)
    enacted = build(altered(model.raw, {"enact": [next(iter(model.changes))]}))
    assert np.array_equal(history(enacted, 3, 0, ("visits", "experience")), values, equal_nan=True)


@pytest.mark.parametrize(("kpi", "hint"), [("satisfaction", "known: abandonment"), ("mean_wayt", "did you mean")])
def test_a_kpi_that_makes_no_sense_by_week_is_refused(kpi, hint):
    with pytest.raises(ValueError, match=f"'{kpi}' is not a KPI by week; {hint}"):
        history(starter(), 1, 0, [kpi])


# ---- the check -------------------------------------------------------------------------------------------------------


def found_in(*weekly, kpi="mean_wait", **settings):
    """Check of one KPI that has these means, week by week, in its only history."""
    model = build(altered(starter().raw, {"clock.horizon": f"{len(weekly)} weeks"} | settings))
    return judged(model, 1, [np.repeat(np.array(weekly, dtype=float), 5)[None]], [kpi])


SETTLING = (9.0, 5.0, 7.0, 1.0, 2.0, 1.5, 1.0, 2.5, 1.0, 2.0, 1.5)


def test_a_warm_up_that_is_long_enough_is_said_to_be():
    check = found_in(*SETTLING, **{"clock.warmup": "4 weeks"})
    assert check.enough("mean_wait") is True
    assert check.sentences == [
        "The run goes on: how it starts is forgotten in the warm-up.",
        "Wait, mean: settled within the warm-up of 4 weeks; MSER-5 would cut 3 weeks.",
    ]


def test_a_warm_up_that_is_too_short_is_told_with_what_that_does():
    check = found_in(*SETTLING)
    assert check.enough("mean_wait") is False
    off = (7 + 1 + 2 + 1.5 + 1 + 2.5 + 1 + 2 + 1.5) / 9 - (1 + 2 + 1.5 + 1 + 2.5 + 1 + 2 + 1.5) / 8
    assert check.settling["mean_wait"].bias == pytest.approx(off)
    assert check.sentence("mean_wait") == (
        "Wait, mean: MSER-5 would cut 3 weeks, more than the warm-up of 2 weeks, "
        "whose end leaves its mean off by +0.6 min."
    )


@pytest.mark.parametrize(
    ("weekly", "sentence"),
    [
        (
            [2.0**-n for n in range(8)],
            "Wait, mean: still settling when the run ends, which is too short with 8 weeks.",
        ),
        ([1, 2, 3], "Wait, mean: it cannot be told whether it has settled, because 3 weeks are too few."),
        (
            [1, 2, math.nan, 3, 4],
            "Wait, mean: it cannot be told whether it has settled, because it has no value in some weeks.",
        ),
    ],
)
def test_what_cannot_be_told_is_said(weekly, sentence):
    check = found_in(*weekly)
    assert check.enough("mean_wait") is None
    assert check.sentence("mean_wait") == sentence


def test_a_day_on_which_nobody_is_there_leaves_a_week_known():
    series = np.array([[1.0, 2.0, 3.0, math.nan, math.nan] * 6])
    check = judged(starter(), 1, [series], ["mean_wait"])
    assert check.settling["mean_wait"].weekly.tolist() == [2.0] * 6
    assert check.settling["mean_wait"].cut == (0, 2.0, 0.0, True)


def test_a_series_is_the_mean_of_what_is_known_in_each_history():
    histories = [np.full((1, 20), 1.0), np.full((1, 20), 3.0), np.full((1, 20), math.nan)]
    check = judged(starter(), 1, histories, ["mean_wait"])
    assert check.settling["mean_wait"].series.tolist() == [2.0] * 20


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ("terminating", "The run ends by itself: it starts as it does in the world, and all of it is measured."),
        ("calibrated", "The run starts from a calibrated state: it needs no warm-up."),
    ],
)
def test_a_run_without_a_warm_up_is_not_looked_at_and_says_why(run, sentence):
    check = warmup_check(build(altered(starter().raw, {"clock.warmup": 0, "clock.run": run})), 1)
    assert check.sentences == [sentence]
    assert warmup_plot(check) == ""


def test_a_steady_scenario_is_looked_at_from_its_first_minute():
    model = build(altered(starter().raw, {"clock.horizon": "6 weeks", "population.customers": 100}))
    check = warmup_check(model, 1, 2)
    assert (check.warmup, check.replications, check.run) == (2.0, 2, "steady")
    assert list(check.settling) == list(WATCHED)
    histories = np.array([history(model, 1, r) for r in range(2)])
    for k, kpi in enumerate(WATCHED):
        both = histories[:, k]
        known = ~np.isnan(both).any(axis=0)
        assert check.settling[kpi].series[known] == pytest.approx(both[:, known].mean(axis=0))


def test_the_plot_marks_the_warm_up_and_the_cut():
    svg = warmup_plot(found_in(*SETTLING))
    shade = [e.attrib for e in drawn(svg).iter(f"{SVG}rect") if e.attrib["fill"] == "#dfe5ea"][1]
    (cut,) = [e.attrib for e in drawn(svg).iter(f"{SVG}line") if e.attrib.get("stroke-dasharray") == "5 3"]
    left, width = float(shade["x"]), float(shade["width"])
    assert (float(cut["x1"]) - left) / width == pytest.approx(3 / 2, abs=0.01)
    assert "Wait, mean, min" in texts(svg)
    assert "weeks from the start" in texts(svg)


@pytest.mark.parametrize("weekly", [[1, 2], [math.nan] * 8, [0.0] * 60, [1, math.nan, 3, 4, math.nan, 6]])
@pytest.mark.parametrize("kpi", ["cost", "churn_per_month"])
def test_whatever_the_series_the_plot_can_be_drawn_and_read(weekly, kpi):
    svg = warmup_plot(found_in(*weekly, kpi=kpi, **{"clock.warmup": "1 week"}))
    assert [text for text in written(svg) if not text.within(view(svg))] == []
    assert overlapping(written(svg)) == []


def test_every_watched_kpi_makes_sense_by_week():
    assert all("week" in KPIS[kpi].by for kpi in WATCHED)
