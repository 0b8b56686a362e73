"""Effects over the points of a sweep: right on small tables worked out by hand, and as sure as they say they are."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from scenarios.sweeps.effects import (
    Paired,
    balanced,
    beaten_share,
    best_by_luck,
    interactions,
    paired,
    responses,
    strongest,
    unbeaten,
)
from scenarios.sweeps.levers import levers_of
from sim import draws
from tests.scenarios.sweeps.made import STAFF, differences, grid, lever, luck, swept

TWO = list(product((0.0, 1.0), (0.0, 1.0, 2.0)))
LEVERS = [lever([a for a, _ in TWO], "a"), lever([b for _, b in TWO], "b")]


def noisy(means: list[float], own: float, shared: float, study: int, replications: int = 10) -> np.ndarray:
    """Differences with luck of each point's own, and luck that all share."""
    alone = luck("own", study, count=len(means) * replications).reshape(len(means), replications)
    return np.array(means)[:, None] + shared * luck("all", study, count=replications) + own * alone


def test_a_main_effect_is_averaged_within_each_replication_first():
    at = noisy([0, 0, 0, 1, 1, 1], own=0.1, shared=1.0, study=0)
    response = responses(differences(at), LEVERS, "grid")[0]
    (low, first), (high, second) = response.line
    each = at[3:].mean(axis=0)
    half = stats.t.ppf(0.975, 9) * each.std(ddof=1) / math.sqrt(10)
    assert (low, high) == (0.0, 1.0)
    assert second == pytest.approx((each.mean(), each.mean() - half, each.mean() + half))
    apart = each - at[:3].mean(axis=0)
    assert response.move.effect.value == pytest.approx(second.value - first.value)
    # What all points share falls out of the distance between two values of the lever.
    assert response.move.effect.upper - response.move.effect.lower == pytest.approx(
        2 * stats.t.ppf(1 - 0.025 / 2, 9) * apart.std(ddof=1) / math.sqrt(10)  # the more marked of two levers
    )


@pytest.mark.slow
def test_intervals_of_main_effects_cover_the_truth_as_often_as_they_say():
    truth, studies = [0.0, 0.5, 1.0, 2.0, 2.5, 3.0], 1000
    covered = 0
    for study in range(studies):
        of = differences(noisy(truth, own=1.0, shared=0.7, study=study, replications=8))
        line = responses(of, LEVERS, "grid")[0].line
        covered += line[1][1].lower <= np.mean(truth[3:]) <= line[1][1].upper
    assert abs(covered / studies - 0.95) < 3 * math.sqrt(0.95 * 0.05 / studies)


def test_a_missing_point_takes_its_counterparts_out_of_the_mean():
    kept = [n for n, (a, b) in enumerate(TWO) if (a, b) != (1.0, 2.0)]
    levers = [lever([TWO[n][k] for n in kept]) for k in (0, 1)]
    cells, at = balanced(levers, [0])
    assert cells == [(0.0,), (1.0,)]
    assert at.tolist() == [[0, 3], [1, 4]]


def test_levers_that_add_up_do_not_interact():
    adding = interactions(differences(noisy([a + b for a, b in TWO], 0.05, 1.0, 1)), LEVERS)[0, 1]
    assert not adding.sure
    assert adding.share < 0.01


@pytest.mark.slow
def test_the_share_of_an_interaction_is_covered_by_its_interval():
    # Of cells 0, 0, 0, 1 the interaction is ±1/4 in each: 4/16 of a variation of 3/16 + 9/16.
    square = [(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    levers = [lever([p[k] for p in square]) for k in (0, 1)]
    truth, studies = [a * b for a, b in square], 300
    of = [interactions(differences(noisy(truth, 0.1, 1.0, study)), levers)[0, 1] for study in range(studies)]
    assert all(each.sure for each in of)
    covered = sum(each.lower <= 1 / 3 <= each.upper for each in of) / studies
    assert abs(covered - 0.95) < 3 * math.sqrt(0.95 * 0.05 / studies)


def test_luck_alone_shows_no_interaction_and_no_share_of_it_on_average():
    found = [interactions(differences(noisy([0.0] * 6, 1.0, 0.5, study)), LEVERS)[0, 1] for study in range(60)]
    assert sum(each.sure for each in found) <= 9  # 5 % of 60, and three standard deviations


def test_points_everywhere_tell_a_slope_once_the_other_levers_are_taken_out():
    places = [[(0.5 + draw) / 24 for draw in order] for order in (range(24), [(7 * n) % 24 for n in range(24)])]
    levers = [lever(each, name) for each, name in zip(places, "ab", strict=True)]
    truth = [3 * a - 2 * b for a, b in zip(*places, strict=True)]
    first, second = responses(differences(noisy(truth, 0.05, 0.3, 3)), levers, "sobol")
    for response, slope in ((first, 3), (second, -2)):
        width = max(response.lever.places) - min(response.lever.places)
        assert response.move.effect.lower <= slope * width <= response.move.effect.upper
        assert response.move.effect.sure
        means = [effect.value for _, effect in response.line]
        assert means == sorted(means, reverse=slope < 0)


@pytest.mark.slow
def test_slopes_through_points_everywhere_cover_the_truth_at_least_as_often_as_they_say():
    order = [(7 * n) % 16 for n in range(16)]
    levers = [lever([n / 15 for n in each], name) for each, name in ((range(16), "a"), (order, "b"))]
    truth, studies = [3 * a - 2 * b for a, b in zip(levers[0].places, levers[1].places, strict=True)], 400
    covered = 0
    for study in range(studies):
        response = responses(differences(noisy(truth, 1.0, 0.5, study)), levers, "latin_hypercube")[0]
        covered += response.move.effect.lower <= 3 <= response.move.effect.upper
    assert covered / studies > 0.95 - 3 * math.sqrt(0.95 * 0.05 / studies)


def test_limits_of_the_data_widen_a_mean_as_if_all_points_went_the_same_way_but_no_more_than_they_can():
    at = noisy([0.0] * 6, 0.1, 1.0, 7)
    doubts = [0.0, 0.2, 100.0]
    halves = []
    for doubt in doubts:
        of = Paired("satisfaction", at, np.full(6, doubt), 0.95, 1e-10)
        effect = responses(of, LEVERS, "grid")[0].line[0][1]
        halves.append((effect.upper - effect.lower) / 2)
    wide = stats.t.ppf(0.975, 9)
    assert halves[1] == pytest.approx(math.hypot(halves[0], wide * 0.2))
    # What replications differ by holds the limits too: more than their whole spread it cannot be.
    assert halves[2] == pytest.approx(math.hypot(halves[0], halves[0] * math.sqrt(10)))


def test_one_lever_at_a_time_starts_from_today_where_nothing_differs():
    levers = [lever([1, 3, 2, 2], "a", today=2.0), lever([5, 5, 4, 6], "b", today=5.0)]
    response = responses(differences(noisy([-1, 1, 0, 0], 0.01, 0, 4)), levers, "one_at_a_time")[0]
    assert [place for place, _ in response.line] == [1, 2, 3]
    assert response.line[1][1] == (0, 0, 0)
    assert response.points == [0, 1]
    assert response.move.effect.lower <= 2 <= response.move.effect.upper


def test_the_strongest_lever_is_named_only_where_it_can_be_told():
    truth = [5 * a + 0.5 * b for a, b in TWO]
    moves = [of.move for of in responses(differences(noisy(truth, 0.05, 1.0, 5)), LEVERS, "grid")]
    ordered, surely = strongest(differences(noisy(truth, 0.05, 1.0, 5)), moves)
    assert (ordered[0].lever.title, surely) == ("a", True)
    alike = differences(noisy([2 * a + b for a, b in TWO], 1.0, 1.0, 6))
    assert not strongest(alike, [of.move for of in responses(alike, LEVERS, "grid")])[1]


def test_unbeaten_points_are_those_that_no_other_beats_one_by_one():
    for study in range(40):
        x, y = (np.round(luck(study, axis, count=15)) for axis in (0, 1))
        places = list(zip(x, y, strict=True))
        by_hand = [not any(c >= a and d >= b and (c, d) != (a, b) for c, d in places) for a, b in places]
        assert unbeaten(x, y).tolist() == by_hand


def test_how_likely_a_point_is_beaten_follows_the_luck():
    satisfaction, cost = (np.array([[m] for m in means]) for means in ([2.0, 1.0, 1.0, 3.0], [1.0, 2.0, 2.0, 9.0]))
    blurred = np.array([[0.0], [0.0], [1.0], [0.0]]) * luck("blur", count=12)
    first, second = differences(satisfaction + np.zeros(12)), differences(cost + blurred - 0.2 * (blurred != 0), "cost")
    share = beaten_share(second, first, seed=1)
    assert (share[0], share[1], share[3]) == (0, 1, 0)
    assert share.tolist() == beaten_share(second, first, seed=1).tolist()
    twins = differences(np.array([[1.0], [1.0]]) + blurred[1:3])
    assert 0.2 < beaten_share(differences(np.zeros((2, 12)), "cost"), twins, seed=1).sum() < 2


def test_what_is_luck_in_the_best_looking_point_is_gone_on_the_other_half():
    pairs = [best_by_luck(differences(noisy([0.0] * 20, 1.0, 0, study))) for study in range(80)]
    shown, left = np.mean(pairs, axis=0)
    assert shown > 0.5
    assert abs(left) < 3 * np.std([pair[1] for pair in pairs]) / math.sqrt(80)
    assert best_by_luck(differences(np.zeros((3, 4)))) is None


def test_differences_are_paired_by_replication_and_failed_points_left_out():
    results = swept("grid", grid(staff=(1, 2)), lambda sets, _, r: 10.0 * sets[STAFF] + r, 5)
    of = paired(results, "cost", ["point_0", "point_1"])
    assert of.at.tolist() == [[10, 11, 12, 13, 14], [20, 21, 22, 23, 24]]


def test_a_lever_reads_numbers_with_their_unit_and_puts_names_side_by_side():
    results = swept("grid", grid(staff=(1, 2), call=("6 min", "10 min")), lambda *_: 0.0, 3)
    staff, call = levers_of(results, list(results.comparison.models)[1:])
    assert (call.numeric, call.unit, call.today) == (True, "min", 8.0)
    assert call.said(6.0) == "6 min"
    assert (staff.title, staff.path) == ("service day headcount", STAFF)
    mixed = swept("grid", grid(call=("6 min", "0.2 h")), lambda *_: 0.0, 3)
    (call,) = levers_of(mixed, list(mixed.comparison.models)[1:])
    assert (call.numeric, list(call.marks.values())) == (False, ["6 min", "0.2 h"])


def test_the_tests_own_luck_is_that_of_the_draws():
    key = draws.fold(draws.fold(0, 7), draws.name("here"))
    expected = [stats.norm.ppf(draws.unit(draws.fold(key, n))) for n in range(5)]
    assert luck(7, "here", count=5).tolist() == pytest.approx(expected, rel=1e-12)
