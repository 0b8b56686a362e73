"""Precision on request: what may be asked, when a point is precise enough, when to look again, and what is too much."""

import numpy as np
import pytest

from scenarios.sweeps.stopping import (
    Precision,
    baseline_due,
    check_reachable,
    fewest,
    look,
    plus_minus,
    price_of_halving,
    read_precision,
    remarks,
)
from sim.errors import ScenarioError

T19, T39 = 2.0930240544, 2.0226909201  # Student's t at 97.5 %


def spread_by(deviation, n, mean=0.0):
    """Values with exactly this mean and standard deviation."""
    values = np.array([(-1.0) ** k for k in range(n)])
    return mean + (values - values.mean()) / values.std(ddof=1) * deviation


def problems_of(action):
    with pytest.raises(ScenarioError) as caught:
        action()
    return [str(problem) for problem in caught.value.problems]


# ---- what is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kpi", "asked", "half_width"),
    [
        ("churn", 0.002, 0.002),
        ("churn", "0.2 points", 0.002),
        ("churn", "±0.2 %", 0.002),
        ("churn_per_month", "1 point", 0.01),
        ("satisfaction", 0.1, 0.1),
        ("satisfaction", "0.1 points", 0.1),
        ("nps_true", "2 points", 2.0),
        ("mean_wait", "30 s", 0.5),
        ("overtime", "90 min", 1.5),
        ("cost", "500 EUR", 500.0),
        ("cost", "500", 500.0),
    ],
)
def test_a_half_width_is_a_number_in_the_kpis_unit_or_says_its_own(kpi, asked, half_width):
    assert read_precision({kpi: asked}).half_widths == {kpi: pytest.approx(half_width)}


def test_everything_wrong_with_a_request_is_told_at_once():
    stated = {"chrn": 1, "satisfaction": -0.1, "churn": 2, "cost": "5 USD", "nps_true": "2 %", "mean_wait": "soon"}
    assert problems_of(lambda: read_precision(stated, level=95, first=5, most=3)) == [
        "precision.chrn: there is no KPI 'chrn'; did you mean 'churn'?",
        "precision.satisfaction: -0.1 is no half-width; write how far the interval may reach either way, more than 0",
        "precision.churn: is a share from 0 to 1, so ±2 says nothing; for ±2 % write '2 %'",
        "precision.cost: '5 USD' is in USD, but the scenario's currency is EUR; convert it",
        "precision.nps_true: '2 %' is not in its unit, which is points; write 2 for 2 of these",
        "precision.mean_wait: 'soon' is not a quantity; write a number and its unit, such as '6.5 min'",
        "level: 95 is not a level from 0.5 to less than 1, such as 0.95",
        "first: 5 replications say too little of how much they differ; use 10 or more, better 20",
        "most: 3 is less than the 5 replications before the first look; use at least as many",
    ]


def test_a_request_names_a_kpi():
    (problem,) = problems_of(lambda: read_precision({}))
    assert problem == "precision: names no KPI; write for instance {satisfaction: 0.1, churn: 0.2 points}"


# ---- the rule --------------------------------------------------------------------------------------------------------


def test_as_many_replications_as_students_t_asks_for():
    # With the standard deviation known, ±1 of a deviation of 5 takes (1.959964·5)² = 96.04; t_98 √(1/99)·5 is below 1.
    assert fewest(5, 1, 0.95) == 99
    assert fewest(1, 100, 0.95) == 2
    assert fewest(0, 1, 0.95) == 2


def test_nothing_is_judged_before_the_first_look():
    asked = Precision({"churn": 1.0}, first=20)
    assert look(asked, {"churn": np.array([])}).due == 20
    assert look(asked, {"churn": spread_by(0.001, 19)}).due == 20
    assert look(asked, {"churn": spread_by(0.001, 20)}).done


def test_a_point_is_precise_when_every_interval_is_as_narrow_as_asked():
    asked = Precision({"churn": T19 / np.sqrt(20) * 1.001, "satisfaction": 3.0})
    now = look(asked, {"churn": spread_by(1, 20), "satisfaction": spread_by(1, 20, 7.0)})
    assert now.precise
    assert now.done
    assert now.reached["churn"].luck == pytest.approx(T19 / np.sqrt(20))
    wide = look(asked, {"churn": spread_by(1.01, 20), "satisfaction": spread_by(1, 20)})
    assert not wide.precise
    assert not wide.done


@pytest.mark.parametrize(
    ("deviation", "due"),
    [
        (5.0, 40),  # 99 would do, but no more than twice as many
        (3.0, 38),  # as many as would do
        (2.15, 25),  # 21 would do, but five more are the least
        (2.13, 20),  # enough
    ],
)
def test_the_next_look_comes_when_it_should_be_enough(deviation, due):
    assert look(Precision({"churn": 1.0}), {"churn": spread_by(deviation, 20)}).due == due


def test_the_neediest_kpi_decides_and_the_cap_ends_it():
    differences = {"churn": spread_by(3, 20), "satisfaction": spread_by(2.5, 20)}
    half_widths = {"churn": 1.0, "satisfaction": 1.0}
    assert look(Precision(half_widths), differences).due == 38
    assert look(Precision(half_widths, most=30), differences).due == 30
    capped = look(Precision(half_widths, most=20), differences)
    assert (capped.precise, capped.done) == (False, True)


def test_replications_in_which_a_kpi_has_no_value_count_for_others_only():
    half_known = np.where(np.arange(40) % 2 == 0, np.nan, np.repeat(spread_by(1, 20), 2))
    now = look(
        Precision({"churn": 0.001, "satisfaction": 9.0}), {"churn": half_known, "satisfaction": spread_by(1, 40)}
    )
    churn = now.reached["churn"]
    assert churn.known == 20
    assert churn.luck == pytest.approx(T19 / np.sqrt(20))
    assert churn.wanted == 2 * fewest(1, 0.001, 0.95)
    assert now.due == 80


def test_a_kpi_without_any_value_is_not_waited_for():
    asked = Precision({"churn": 1.0, "satisfaction": 1.0})
    now = look(asked, {"churn": spread_by(1, 20), "satisfaction": np.full(20, np.nan)})
    assert (now.precise, now.done) == (False, True)


def test_the_limits_of_the_data_are_told_but_never_waited_for():
    drawn = spread_by(1, 40)
    now = look(Precision({"churn": 0.5}), {"churn": drawn}, {"churn": drawn - spread_by(1, 40)})
    assert now.precise
    assert now.reached["churn"].limits == pytest.approx(T39)
    (remark,) = remarks({"chatbot": now})
    assert remark == (
        "Churn at 'chatbot': the limits of our data alone are ±200 %-points, more than the ±50 %-points asked for; "
        "no number of replications makes them less."
    )


def test_the_baseline_has_as_many_as_the_neediest_point():
    asked = Precision({"churn": 1.0})
    looks = {"a": look(asked, {"churn": spread_by(3, 20)}), "b": look(asked, {"churn": spread_by(1, 20)})}
    assert baseline_due(looks) == looks["a"].due == 38


def test_half_as_wide_costs_three_times_as_much_again_of_each_point_and_the_baseline():
    asked = Precision({"churn": 1.0})
    looks = {"a": look(asked, {"churn": spread_by(3, 40)}), "b": look(asked, {"churn": spread_by(1, 20)})}
    a, b = fewest(3, T39 * 3 / np.sqrt(40) / 2, 0.95), fewest(1, T19 / np.sqrt(20) / 2, 0.95)
    assert (a, b) == (153, 73)  # a little less than fourfold, as t falls too
    assert price_of_halving(looks) == (a - 40) + (b - 20) + (a - 40)


def test_what_never_differs_is_precise_and_has_nothing_to_halve():
    now = look(Precision({"churn": 0.001}), {"churn": np.full(20, 0.25)})
    assert now.precise
    assert price_of_halving({"a": now}) == 0


# ---- what is out of reach --------------------------------------------------------------------------------------------


def test_a_precision_that_the_cap_clearly_cannot_give_is_refused_with_what_would_be_right():
    asked = Precision({"churn": 0.002, "satisfaction": 1.0}, most=100)
    looks = {
        f"staff={n}": look(asked, {"churn": spread_by(n / 100, 20), "satisfaction": spread_by(1, 20)})
        for n in (1, 2, 3)
    }
    (problem,) = problems_of(lambda: check_reachable(asked, looks))
    assert problem == (
        "precision.churn: ±0.2 %-points takes about 867 replications at 'staff=3', and too many at 1 more of the "
        "points; no more than 100 are allowed, which give about ±0.6 %-points. "
        "Ask for ±0.65 %-points, or allow more: most=1041"
    )


def test_what_a_lucky_rest_might_still_give_goes_on_and_is_told_in_the_end():
    asked = Precision({"churn": 0.002}, most=100)
    pilot = look(asked, {"churn": spread_by(0.014, 20)})  # 191 by the pilot, but it may well be too high
    check_reachable(asked, {"chatbot": pilot})
    (remark,) = remarks({"chatbot": look(asked, {"churn": spread_by(0.014, 100)})})
    assert remark == (
        "Churn at 'chatbot': ±0.28 %-points after 100 replications; ±0.2 %-points was asked for, "
        "and would take about 191."
    )


def test_a_kpi_that_has_no_value_anywhere_is_refused():
    asked = Precision({"abandonment": 0.01, "churn": 1.0})
    looks = {"a": look(asked, {"abandonment": np.full(20, np.nan), "churn": spread_by(1, 20)})}
    (problem,) = problems_of(lambda: check_reachable(asked, looks))
    assert problem == "precision.abandonment: has no value in any of 20 replications; leave it out"


def test_what_is_precise_needs_no_remark():
    assert remarks({"a": look(Precision({"churn": 1.0}), {"churn": spread_by(1, 20)})}) == []


@pytest.mark.parametrize(
    ("kpi", "half_width", "said"),
    [
        ("churn", 0.002, "±0.2 %-points"),
        ("satisfaction", 0.1, "±0.1 points"),
        ("cost", 12_345, "±12,000 EUR"),
        ("cost", 1_234_567, "±1.2 M EUR"),
        ("mean_wait", 10, "±10 min"),
    ],
)
def test_a_half_width_is_told_in_the_unit_people_use(kpi, half_width, said):
    assert plus_minus(kpi, half_width) == said
