"""Every decision does what its sentence says, at the edges too."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import rules

UNIT = st.floats(min_value=2.0**-53, max_value=1 - 2.0**-53)
SCORE = st.floats(min_value=0, max_value=10)
WEIGHTS = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=8).filter(any)


@given(UNIT)
def test_the_normal_quantile_agrees_with_scipy_to_fifteen_digits(u):
    assert rules.normal_quantile(u) == pytest.approx(stats.norm.ppf(u), rel=1e-14, abs=1e-15)


def test_the_normal_quantile_reaches_the_last_draw_in_either_tail():
    assert rules.normal_quantile(2.0**-53) == pytest.approx(-8.2095361516)
    assert rules.normal_quantile(1 - 2.0**-53) == -rules.normal_quantile(2.0**-53)
    assert rules.normal_quantile(0.5) == 0


@given(WEIGHTS, UNIT)
def test_a_choice_with_no_weight_is_never_taken(weights, u):
    assert weights[rules.choose(weights, u)] > 0


def test_choices_come_in_proportion_to_their_weights():
    weights = (2.0, 0.0, 5.0, 1.0)
    chosen = [rules.choose(weights, (i + 0.5) / 800) for i in range(800)]
    assert [chosen.count(k) for k in range(4)] == [200, 0, 500, 100]


def test_a_choice_appended_with_no_weight_moves_nobody():
    """Changes append, so that what was chosen in the baseline stays chosen."""
    assert all(
        rules.choose((0.3, 0.7), (i + 0.5) / 100) == rules.choose((0.3, 0.7, 0.0), (i + 0.5) / 100) for i in range(100)
    )


@given(WEIGHTS, st.floats(min_value=-4, max_value=4))
def test_without_tilts_difficulty_changes_no_odds(weights, difficulty):
    level = [0.0] * len(weights)
    assert all(
        rules.choose_tilted(weights, level, difficulty, u) == rules.choose(weights, u) for u in (0.01, 0.3, 0.5, 0.99)
    )


def test_a_hard_issue_moves_weight_away_from_outcomes_with_a_negative_tilt():
    hard = 0.8 * math.exp(-0.9)
    assert rules.tilted(0.8, -0.6, difficulty=1.5) == pytest.approx(hard)
    resolved = sum(rules.choose_tilted((0.8, 0.2), (-0.6, 0.0), 1.5, (i + 0.5) / 10_000) == 0 for i in range(10_000))
    assert resolved / 10_000 == pytest.approx(hard / (hard + 0.2), abs=1e-4)
    assert rules.tilted(0.8, -0.6, difficulty=-1.5) > 0.8


def test_a_hard_issue_takes_longer_and_an_average_one_just_as_long():
    assert rules.slowed(10, time=0.2, difficulty=1) == pytest.approx(10 * math.exp(0.2))
    assert rules.slowed(10, time=0.2, difficulty=0) == 10


def test_waiting_hurts_beyond_the_tolerance_and_no_more_beyond_the_cap():
    lost = [rules.missed(wait, tolerance=1, per_minute=-0.1, cap=30) for wait in (0, 1, 11, 31, 500)]
    assert lost == pytest.approx([0, 0, -1, -3, -3])


def test_losses_weigh_more_than_gains():
    assert rules.felt(-1, loss_aversion=1.5) == -1.5
    assert rules.felt(1, loss_aversion=1.5) == 1


@given(st.floats(allow_nan=False))
def test_a_score_stays_on_its_scale(score):
    assert 0 <= rules.clip(score) <= 10


def test_experience_weighs_the_worst_moment_the_end_and_the_rest():
    assert rules.experience(lowest=2, last=8, mean=5, peak=0.3, end=0.5) == pytest.approx(0.6 + 4 + 1)
    assert rules.experience(lowest=2, last=8, mean=5, peak=0, end=0) == 5


@given(SCORE, SCORE, st.floats(min_value=0, max_value=1e3), st.floats(min_value=0, max_value=1e5))
def test_relaxing_in_two_steps_is_relaxing_in_one(satisfaction, rest, recovery, elapsed):
    half = rules.relaxed(satisfaction, rest, recovery, elapsed / 2)
    twice = rules.relaxed(half, rest, recovery, elapsed / 2)
    assert twice == pytest.approx(rules.relaxed(satisfaction, rest, recovery, elapsed), abs=1e-9)


def test_satisfaction_halves_its_distance_to_rest_in_one_half_life():
    assert rules.relaxed(3, rest=7, recovery=math.log(2) / 10, elapsed=10) == pytest.approx(5)
    assert rules.relaxed(3, rest=7, recovery=0, elapsed=1e9) == 3


def test_moving_towards_a_target_covers_a_share_of_the_way():
    assert [rules.towards(4, 8, share) for share in (0, 0.25, 1)] == [4, 5, 8]


def test_two_reviews_lose_as_many_as_one_over_the_same_time():
    once = rules.leave_probability(0.01, 0.5, shortfall=1, terms=0.2, elapsed=14)
    twice = rules.leave_probability(0.01, 0.5, shortfall=1, terms=0.2, elapsed=7)
    assert 1 - once == pytest.approx((1 - twice) ** 2)


def test_the_unhappy_leave_more_and_nobody_leaves_where_the_base_is_zero():
    content = rules.leave_probability(0.01, 0.5, shortfall=0, terms=0, elapsed=7)
    unhappy = rules.leave_probability(0.01, 0.5, shortfall=3, terms=0, elapsed=7)
    assert content == pytest.approx(1 - math.exp(-0.07))
    assert unhappy == pytest.approx(1 - math.exp(-0.07 * math.exp(1.5)))
    assert rules.leave_probability(0, 0.5, shortfall=9, terms=9, elapsed=1e9) == 0


def test_an_absurd_hazard_or_reluctance_is_certainty_and_no_overflow():
    assert rules.leave_probability(0.01, 1000, shortfall=5, terms=0, elapsed=7) == 1
    assert rules.leave_probability(0, 1000, shortfall=5, terms=0, elapsed=7) == 0
    assert rules.answer_probability(-1e6, better=0, extreme=0, score=5) < 1e-300


@given(st.lists(st.tuples(UNIT, SCORE, SCORE), max_size=20))
def test_a_liking_stays_on_its_scale_and_so_no_weight_is_nothing_or_infinite(journeys):
    liking = 0.0
    for learns, experience, satisfaction in journeys:
        liking = rules.come_to_like(liking, learns, experience, satisfaction)
    assert -10 <= liking <= 10
    assert 0 < rules.liked(1e-6, 5, liking) < rules.liked(1e6, 5, liking) < math.inf


def test_those_far_from_the_middle_answer_a_survey_more_often():
    p = [rules.answer_probability(-1, better=0.2, extreme=0.3, score=score) for score in (0, 5, 10)]
    assert p == pytest.approx([1 / (1 + math.exp(-z)) for z in (-1 - 1 + 1.5, -1, -1 + 1 + 1.5)])
    assert p[1] < p[0] < p[2]


def test_who_stands_high_on_a_list_hangs_on_what_is_known_and_asked_for():
    assert rules.standing((1, 0, -2, 0), (10, 3, 4, 5)) == 10 - 2 * 4
    assert rules.standing((1, 0, 0, 0), (10, math.nan, math.nan, math.nan)) == 10
    assert rules.standing((1, 0, -2, 0), (10, 3, math.nan, 5)) == -math.inf
    assert rules.standing((0, 0, 0, 0), (math.nan, 0, math.nan, math.nan)) == 0


def test_a_score_is_rounded_half_up_and_kept_on_the_scale():
    scores = [rules.given_score(felt, 0, 0) for felt in (0, 0.49, 0.5, 6.5, 9.99, 10)]
    assert scores == [0, 0, 1, 7, 10, 10]
    assert rules.given_score(8, noise=2, normal=3) == 10
    assert rules.given_score(1, noise=2, normal=-3) == 0


def test_an_uncertain_value_has_the_stated_mean_and_spread_in_either_law():
    normals = [rules.normal_quantile((i + 0.5) / 20_000) for i in range(20_000)]
    for logarithmic in (False, True):
        values = [rules.uncertain_value(5, 1.5, z, logarithmic) for z in normals]
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
        assert (mean, spread) == (pytest.approx(5, rel=1e-3), pytest.approx(1.5, rel=1e-2))


def test_a_broken_line_is_straight_between_its_knots():
    at, value = (0.0, 0.5, 1.0), (1.0, 2.0, 6.0)
    assert [rules.interpolate(at, value, x) for x in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1, 1.5, 2, 4, 6]
