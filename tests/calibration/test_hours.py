"""Hours of the week: open or closed, how long still, how long already, and how much of a span of time that is."""

import numpy as np
import pytest

from calibration.hours import QUARTERS, Hours, both

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0


def office(offset=0.0):
    """Open on working days from 08:00 to 18:00."""
    on = np.zeros((7, 96), dtype=bool)
    on[:5, 32:72] = True
    return Hours(on.ravel(), offset)


ALWAYS = Hours(np.ones(QUARTERS, dtype=bool))
NEVER = Hours(np.zeros(QUARTERS, dtype=bool))


def times(*minutes):
    return np.array(minutes, dtype=float)


def test_an_office_is_open_from_its_first_minute_until_its_last():
    at = office().at(times(8 * HOUR - 0.1, 8 * HOUR, 18 * HOUR - 0.1, 18 * HOUR, 5 * DAY + 9 * HOUR))
    assert at.tolist() == [False, True, True, False, False]


def test_the_week_begins_anew():
    assert office().at(times(WEEK + 9 * HOUR, 52 * WEEK + 5 * DAY + 9 * HOUR)).tolist() == [True, False]


def test_time_may_begin_in_the_middle_of_a_week():
    wednesday = office(offset=2 * DAY)
    assert wednesday.at(times(9 * HOUR, 2 * DAY + 9 * HOUR, 3 * DAY + 9 * HOUR)).tolist() == [True, True, False]


def test_an_office_is_open_fifty_hours_of_the_week():
    assert office().share == pytest.approx(50 / 168)
    assert not office().always
    assert ALWAYS.always


def test_minutes_left_until_closing_count_down_to_the_second_and_are_none_when_closed():
    left = office().left(times(8 * HOUR, 17 * HOUR + 50.5, 18 * HOUR, 20 * HOUR, 4 * DAY + 17 * HOUR))
    assert left.tolist() == [600, 9.5, 0, 0, 60]


def test_minutes_since_opening_count_up_and_are_none_when_closed():
    since = office().since(times(8 * HOUR, 8 * HOUR + 7, 17 * HOUR + 59, 18 * HOUR, 6 * DAY + 9 * HOUR))
    assert since.tolist() == [0, 7, 599, 0, 0]


def test_what_never_closes_has_for_ever_left_and_has_been_open_for_ever():
    assert np.isinf(ALWAYS.left(times(0, 5000))).all()
    assert np.isinf(ALWAYS.since(times(0, 5000))).all()


def test_a_night_shift_is_one_span_across_midnight_and_across_the_weeks_end():
    on = np.zeros((7, 96), dtype=bool)
    on[:, :24] = on[:, 88:] = True  # 22:00 to 06:00
    night = Hours(on.ravel())
    assert night.left(times(23 * HOUR, 6 * DAY + 22 * HOUR)).tolist() == [7 * HOUR, 8 * HOUR]
    assert night.since(times(HOUR, DAY + 23 * HOUR)).tolist() == [3 * HOUR, HOUR]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (9 * HOUR, 9 * HOUR + 7.25, 7.25),
        (17 * HOUR, DAY + 9 * HOUR, 120),  # overnight
        (19 * HOUR, DAY + 7 * HOUR, 0),
        (4 * DAY + 17 * HOUR, 7 * DAY + 8.5 * HOUR, 90),  # over the weekend
        (0, WEEK, 50 * HOUR),
        (12 * HOUR, 3 * WEEK + 12 * HOUR, 150 * HOUR),
    ],
)
def test_open_minutes_of_a_span_leave_out_what_is_closed(start, end, minutes):
    assert office().open_minutes(times(start), times(end)) == pytest.approx(minutes)


def test_open_minutes_are_all_of_them_or_none():
    assert ALWAYS.open_minutes(times(13.5), times(700.25)) == pytest.approx(686.75)
    assert NEVER.open_minutes(times(13.5), times(700.25)) == pytest.approx(0)


def test_open_minutes_agree_with_counting_them_one_by_one():
    hours = office(offset=3 * DAY)
    rng = np.random.default_rng(5)
    start = rng.uniform(0, 2 * WEEK, 50).round()
    end = start + rng.uniform(0, WEEK, 50).round()
    counted = [hours.at(np.arange(a, b) + 0.5).sum() for a, b in zip(start, end, strict=True)]
    assert hours.open_minutes(start, end) == pytest.approx(counted)


def test_both_are_open_where_each_is():
    mornings = np.zeros((7, 96), dtype=bool)
    mornings[:, :40] = True  # until 10:00
    together = both([office(), Hours(mornings.ravel())])
    assert together.share == pytest.approx(10 / 168)
    assert together.at(times(9 * HOUR, 11 * HOUR)).tolist() == [True, False]
