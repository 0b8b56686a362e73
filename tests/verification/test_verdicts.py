"""The judge is fair: it says no to a wrong engine, to a vague measurement and to too few replications (quick)."""

from math import sqrt
from statistics import NormalDist

import pytest

from tests.verification.verdicts import FALSE_ALARMS, as_table, judge, seed_of


def samples(centre, spread, replications):
    return [{"wait": centre + spread * (-1) ** k} for k in range(replications)]


def faults(centre, spread, replications, **more):
    (verdict,) = judge("a queue", {"wait": 1.0}, samples(centre, spread, replications), **more)
    return verdict.faults


def test_an_engine_that_agrees_with_theory_has_no_faults():
    assert faults(1.002, 0.05, 100) == []


def test_an_engine_that_is_slightly_wrong_is_caught_by_many_replications():
    assert faults(1.02, 0.02, 400) == ["it lies +19.97 standard errors from theory, and 2.59 is the most"]


def test_a_vague_measurement_proves_nothing():
    assert faults(1.0, 0.2, 100) == ["its standard error of 0.0201 exceeds 1% of theory; run longer"]


def test_where_staff_is_busy_a_larger_error_has_to_do():
    assert faults(1.0, 0.2, 100, occupancy=0.95) == []
    assert faults(1.0, 0.2, 100, occupancy={"wait": 0.95}) == []
    assert faults(1.0, 0.2, 100, occupancy=0.9) != []
    assert faults(1.0, 0.2, 100, occupancy={"another wait": 0.95}) != []


def test_few_replications_prove_nothing():
    assert faults(1.0, 0.01, 10) == ["10 replications are fewer than 100"]


def test_what_never_varies_has_to_be_exact():
    assert faults(1.0, 0.0, 100) == []
    assert faults(1.001, 0.0, 100)[0].startswith("it lies +inf standard errors from theory")


def test_tests_and_their_quantities_share_the_chance_of_a_false_alarm():
    sample = {"wait": 1.0, "again": 1.0}
    shared = judge("a queue", sample, [sample] * 100_000, tests=50)
    assert [verdict.level for verdict in shared] == [FALSE_ALARMS / 100] * 2
    assert shared[0].largest_z == pytest.approx(NormalDist().inv_cdf(1 - FALSE_ALARMS / 200), rel=1e-3)


def test_with_few_replications_a_larger_z_is_needed_because_the_error_is_not_known_well():
    few, many = (judge("a queue", {"wait": 1.0}, samples(1.0, 0.01, n))[0].largest_z for n in (100, 10_000))
    assert few > many


def test_a_ratio_is_that_of_the_sums_and_not_the_mean_of_ratios():
    rare = [{"wait": (1.0, 1.0)}, {"wait": (3.0, 1.5)}]
    (verdict,) = judge("a queue", {"wait": 1.6}, rare)
    assert verdict.estimate == 4 / 2.5
    residual = (1.0 - 1.6 * 1.0) / 1.25  # and its opposite
    assert verdict.error == pytest.approx(abs(residual) * sqrt(2) / sqrt(2))


def test_a_seed_depends_on_the_name_alone():
    assert seed_of("test_this") == seed_of("test_this") == 3_021_909_055
    assert seed_of("test_that") != seed_of("test_this")


def test_the_table_names_each_case_once():
    lines = as_table(judge("a queue", {"wait": 1.0, "again": 1.0}, [{"wait": 1.0, "again": k} for k in (0.9, 1.1)]))
    assert [line.split()[0] for line in lines[1:]] == ["a", "wait", "again"]
