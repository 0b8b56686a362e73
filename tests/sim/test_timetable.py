"""Rates and shifts become minutes exactly: what comes due when, and who is on duty."""

import math
import re
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim import timetable
from sim.timetable import FLAT, Break, Clock, Cumulative, Duty, Profile, Rota, Shift, Stretch, accumulate

DAY, WEEK = 1440.0, 10080.0
MONDAY = datetime(2025, 1, 6)


def no_days(_stretch, _day):
    raise AssertionError("only profiles that vary from day to day have a level of the day")


def profile(hours, **more):
    return Profile.model_validate({"hours": hours} | more)


def shift(days, begins, ends, headcount):
    return Shift.model_validate({"days": days, "from": begins, "to": ends, "headcount": headcount})


OFFICE = profile({"mon-fri": {"08:00": 4, "12:00": 6, "18:00": 0}, "sat": {"09:00": 2, "13:00": 0}})


# ---- the clock -------------------------------------------------------------------------------------------------------


def test_the_clock_counts_minutes_from_its_start():
    clock = Clock(start="2025-01-08 06:30", horizon="2 weeks", warmup="1 day")
    assert clock.offset == 2 * DAY + 390
    assert clock.minutes(datetime(2025, 1, 9, 6, 30)) == DAY
    assert clock.minutes(datetime(2025, 1, 8)) == -390


def test_a_warm_up_as_long_as_the_horizon_leaves_nothing_to_measure():
    words = "the warm-up (1 week) leaves nothing of the horizon (1 week), which includes it"
    with pytest.raises(ValidationError, match=re.escape(words)):
        Clock(start="2025-01-06", horizon="7 days", warmup="1 week")


def test_a_warm_up_says_which_kind_of_run_it_is_where_nothing_else_does():
    assert Clock(start="2025-01-06", horizon="4 weeks", warmup="1 week").kind == "steady"
    assert Clock(start="2025-01-06", horizon="1 day").kind == "terminating"
    assert Clock(start="2025-01-06", horizon="4 weeks", run="calibrated").kind == "calibrated"
    assert Clock(start="2025-01-06", horizon="4 weeks", warmup="1 day", run="calibrated").kind == "calibrated"


def test_a_run_that_ends_by_itself_has_no_warm_up():
    words = (
        "a terminating run starts as it does in the world, so it has no warm-up, but clock.warmup is 1 week; "
        "leave that out, or write run: steady"
    )
    with pytest.raises(ValidationError, match=re.escape(words)):
        Clock(start="2025-01-06", horizon="4 weeks", warmup="1 week", run="terminating")


def test_a_run_that_goes_on_has_a_warm_up():
    words = (
        "a steady run has to forget how it started, but there is no warm-up; state clock.warmup, such as 4 weeks, "
        "or write run: terminating, or run: calibrated"
    )
    with pytest.raises(ValidationError, match=re.escape(words)):
        Clock(start="2025-01-06", horizon="4 weeks", run="steady")


# ---- profiles --------------------------------------------------------------------------------------------------------


def test_a_profile_counts_by_its_shape_alone():
    at, level = OFFICE.weekly
    _, twice = profile({"mon-fri": {"08:00": 8, "12:00": 12, "18:00": 0}, "sat": {"09:00": 4, "13:00": 0}}).weekly
    assert level.tolist() == twice.tolist()
    assert np.diff(np.append(at, WEEK)) @ level == pytest.approx(WEEK)


def test_twenty_four_numbers_are_a_day_of_hours():
    hours = list(range(24))
    assert profile({"all": hours}).weekly[1][:24] == pytest.approx(np.array(hours) / 11.5)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({"mon-fri": [1, 2, 3]}, "has 3 numbers; write 24, one an hour"),
        ({"mon-fri": {"08:00": 0}}, "no hour of the week has any demand"),
        ({"mon-fri": {"24:00": 5}}, "no hour of the week has any demand"),
        ({"mon-fri": {"08:00": 1}, "fri-sat": {"08:00": 1}}, "fri is given twice"),
        ({"mon-fri": {"08:00": -1}}, "greater than or equal to 0"),
        ({"weekday": {"08:00": 1}}, "'weekday' does not name days"),
        ({"mon": {"8 am": 1}}, "'8 am' is not a time of day"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(hours, words):
    with pytest.raises(ValidationError, match=re.escape(words)):
        profile(hours)


# ---- counting and inverting ------------------------------------------------------------------------------------------


def weekly(rate, shape=OFFICE, weeks=3.0, offset=0.0):
    return accumulate([Stretch(0, weeks * WEEK, rate, shape, "weekly")], offset, no_days)


def test_a_flat_rate_counts_in_proportion_to_time():
    line = accumulate([Stretch(0, 100, 0.25, FLAT, "flat")], 0, no_days)
    assert [line.count(t) for t in (0, 10, 99)] == pytest.approx([0, 2.5, 24.75])
    assert [line.time(n) for n in (0, 2.5, 24.75)] == pytest.approx([0, 10, 99])


def test_a_whole_week_counts_its_rate_whatever_its_shape():
    line = weekly(5 / WEEK)
    assert [line.count(week * WEEK) for week in (1, 2, 3)] == pytest.approx([5, 10, 15])


@given(st.floats(min_value=0, max_value=1, exclude_max=True), st.floats(min_value=0, max_value=WEEK))
def test_the_time_of_a_count_is_when_it_is_counted(share, offset):
    line = weekly(400 / WEEK, offset=offset)
    count = share * line.value[-1]
    assert line.count(line.time(count)) == pytest.approx(count, abs=1e-9)


@given(st.integers(0, 2), st.integers(0, 4), st.floats(min_value=480, max_value=1079))
def test_the_count_of_a_time_with_demand_comes_due_at_that_time(week, day, minute):
    time = week * WEEK + day * DAY + minute
    line = weekly(400 / WEEK)
    assert line.time(line.count(time)) == pytest.approx(time, abs=1e-6)


def test_what_comes_due_in_a_pause_happens_when_demand_begins_again():
    line = weekly(400 / WEEK)
    at_closing = line.count(18 * 60)
    assert line.count(DAY + 8 * 60) == at_closing
    assert line.time(at_closing) == DAY + 8 * 60
    assert line.time(0) == 8 * 60


def test_what_comes_due_beyond_the_horizon_never_happens():
    line = weekly(400 / WEEK)
    assert line.time(line.value[-1]) == line.time(1e9) == math.inf
    assert weekly(0).time(0) == math.inf


def test_a_rate_that_changes_keeps_everything_before_the_change():
    before = weekly(300 / WEEK)
    half = 1.5 * WEEK
    parts = [Stretch(0, half, 300 / WEEK, OFFICE, "weekly"), Stretch(half, 3 * WEEK, 900 / WEEK, FLAT, "flat")]
    after = accumulate(parts, 0, no_days)
    for time in np.linspace(0, half, 200):
        assert after.count(time) == before.count(time)
    for count in np.linspace(0, before.count(half), 200, endpoint=False):
        assert after.time(count) == before.time(count)
    assert after.count(3 * WEEK) - after.count(half) == pytest.approx(1.5 * 900)


def test_a_change_at_a_time_the_profile_changes_anyway_leaves_no_stretch_without_width():
    parts = [Stretch(0, DAY + 480, 1, OFFICE, "weekly"), Stretch(DAY + 480, WEEK, 1, OFFICE, "weekly")]
    line = accumulate(parts, 0, no_days)
    assert min(np.diff(line.at)) > 0
    assert line.count(WEEK) == pytest.approx(WEEK)


@given(
    st.integers(min_value=0, max_value=7 * 86400 - 1),
    st.lists(st.integers(min_value=1, max_value=14 * 86400 - 1), max_size=3, unique=True),
)
def test_any_start_and_any_dates_of_change_cover_the_horizon_without_a_gap(start, dates):
    clock = Clock(start=MONDAY + timedelta(seconds=start), horizon="2 weeks")
    edges = [0.0, *sorted(clock.minutes(clock.start + timedelta(seconds=s)) for s in dates), clock.horizon]
    parts = [Stretch(a, b, 1.0, OFFICE, "weekly") for a, b in pairwise(edges)]
    line = accumulate(parts, clock.offset, no_days)
    assert (line.at[0], line.at[-1]) == (0, clock.horizon)
    assert min(np.diff(line.at)) > 0
    assert line.value[-1] == pytest.approx(clock.horizon, rel=1e-9)


def test_a_change_on_a_monday_is_met_exactly_from_a_start_at_any_second():
    for second in (4, 7, 13, 3599, 86399, 604796):
        clock = Clock(start=MONDAY + timedelta(seconds=second), horizon="2 weeks")
        monday = clock.minutes(MONDAY + timedelta(days=7))
        parts = [Stretch(0, monday, 0.0, FLAT, "flat"), Stretch(monday, 2 * WEEK, 3.0, OFFICE, "weekly")]
        line = accumulate(parts, clock.offset, no_days)
        assert line.count(monday + 480) == pytest.approx(0, abs=1e-6)
        assert line.count(monday + WEEK) == pytest.approx(3 * WEEK)


def test_a_day_of_its_own_level_has_that_level_from_midnight_to_midnight():
    days = profile({"all": {"00:00": 1}}, day_to_day=0.3)
    levels = {k: 1 + k / 10 for k in range(8)}
    start = 12 * 60.0
    line = accumulate([Stretch(0, WEEK, 2.0, days, "days")], start, lambda _, day: levels[day])
    edges = [0, *(DAY * k - start for k in range(1, 8)), WEEK]
    counts = np.diff([line.count(edge) for edge in edges])
    assert counts == pytest.approx([2 * levels[day] * (b - a) for day, (a, b) in enumerate(pairwise(edges))])


@given(st.integers(min_value=0, max_value=7 * 86400 - 1))
def test_a_day_begins_at_midnight_whatever_the_second_of_the_start(second):
    clock = Clock(start=MONDAY + timedelta(seconds=second), horizon="1 week")
    days = profile({"all": {"00:00": 1}}, day_to_day=0.3)
    line = accumulate([Stretch(0, WEEK, 1.0, days, "days")], clock.offset, lambda _, day: day + 1.0)
    for day in range(1, 7):
        midnight = clock.minutes((clock.start + timedelta(days=day)).replace(hour=0, minute=0, second=0))
        assert line.count(midnight + 1) - line.count(midnight) == pytest.approx(day + 1)
        assert line.count(midnight) - line.count(midnight - 1) == pytest.approx(day)


def test_the_law_of_a_days_level_has_mean_one_and_the_stated_spread():
    law = profile({"all": {"00:00": 1}}, day_to_day=0.3).day_law
    value = np.array(law.value)
    assert value[0] < 1 < value[-1]
    assert np.all(np.diff(value) > 0)


def test_a_broken_line_may_be_asked_beyond_its_ends():
    line = Cumulative([0.0, 10.0], [0.0, 5.0], [0.5, 0.0])
    assert line.count(10) == 5


def demand(*parts):
    """Expected numbers at a rate from each start on."""
    ends = [*(start for start, _ in parts[1:]), WEEK]
    stretches = [Stretch(start, end, rate, FLAT, "flat") for (start, rate), end in zip(parts, ends, strict=True)]
    return accumulate(stretches, 0, lambda _stretch, _day: 1.0)


COUNTS = [n / 7 for n in range(1, 40)]


def test_what_comes_later_moves_no_time_before_it_to_the_last_bit():
    one, other = demand((0, 0.01)), demand((0, 0.01), (333.3, 0.02))
    before = [one.time(count) for count in COUNTS if one.time(count) < 333.3]
    assert len(before) > 20
    assert [other.time(count) for count in COUNTS][: len(before)] == before
    assert [other.count(time) for time in before] == [one.count(time) for time in before]


def test_a_date_at_which_demand_stays_as_it_is_moves_nothing():
    one, other = demand((0, 0.01)), demand((0, 0.01), (333.3, 0.01))
    assert [one.time(count) for count in COUNTS] == [other.time(count) for count in COUNTS]


def test_times_ascend_where_the_rate_changes():
    line = demand(*((333.3 * n, 0.01 + 0.003 * n) for n in range(9)))
    times = [line.time(value + step) for value in line.value[1:-1] for step in (-1e-15, 0, 1e-15)]
    assert times == sorted(times)


# ---- duty ------------------------------------------------------------------------------------------------------------


def duty(stretches, offset, breaks=(), **more):
    """Duty of shifts without names, which may change between stretches."""
    rotas = [Rota(start, end, {f"{n}": s for n, s in enumerate(shifts)}, breaks) for start, end, shifts in stretches]
    return timetable.duty(rotas, offset, **more)


def pause(begins, ends, share, days="all"):
    return Break.model_validate({"days": days, "from": begins, "to": ends, "share": share})


def steps(on):
    return list(zip(on.at, on.headcount, on.resting, strict=True))


def test_shifts_repeat_every_week():
    on = duty([(0, 2 * WEEK, (shift("mon-fri", "08:00", "16:00", 3),))], 0)
    assert [on.now(t) for t in (0, 479, 480, 959, 960)] == [0, 0, 3, 3, 0]
    assert [on.now(WEEK + t) for t in (480, 4 * DAY + 480, 5 * DAY + 480)] == [3, 3, 0]
    assert on.person_minutes(0, 2 * WEEK) == 2 * 5 * 3 * 480


def test_shifts_that_overlap_add_up():
    early, late = shift("mon", "08:00", "16:00", 2), shift("mon", "12:00", "20:00", 5)
    on = duty([(0, WEEK, (early, late))], 0)
    assert list(zip(on.at, on.headcount, strict=True)) == [(0, 0), (480, 2), (720, 7), (960, 5), (1200, 0)]


def test_a_shift_that_follows_another_without_a_pause_is_one_stretch_of_duty():
    on = duty([(0, DAY, (shift("mon", "08:00", "12:00", 2), shift("mon", "12:00", "16:00", 2)))], 0)
    assert on.at == [0, 480, 960]


def test_a_night_is_two_shifts_and_no_gap():
    night = (shift("mon", "22:00", "24:00", 1), shift("tue", "00:00", "06:00", 1))
    assert duty([(0, WEEK, night)], 0).at == [0, 1320, DAY + 360]


def test_duty_knows_the_weekday_of_a_start_in_mid_week():
    clock = Clock(start="2025-01-09 10:00", horizon="1 week")  # a Thursday, in the middle of a shift
    on = duty(
        [(0, clock.horizon, (shift("thu", "08:00", "16:00", 1), shift("mon", "08:00", "16:00", 2)))], clock.offset
    )
    monday, thursday = clock.minutes(datetime(2025, 1, 13, 8)), clock.minutes(datetime(2025, 1, 16, 8))
    assert list(zip(on.at, on.headcount, strict=True)) == [
        (0, 1), (360, 0), (monday, 2), (monday + 480, 0), (thursday, 1),
    ]  # fmt: skip


def test_shifts_may_change_in_mid_week_and_in_mid_shift():
    before, after = shift("all", "08:00", "16:00", 2), shift("all", "08:00", "18:00", 3)
    noon = 2 * DAY + 720
    on = duty([(0, noon, (before,)), (noon, WEEK, (after,))], 0)
    assert [on.now(2 * DAY + t) for t in (480, 719, 720, 1079, 1080)] == [2, 2, 3, 3, 0]
    assert on.person_minutes(2 * DAY, 3 * DAY) == 2 * 240 + 3 * 360


def test_a_pool_without_shifts_is_never_on_duty():
    on = duty([(0, WEEK, ())], 0)
    assert (on.at, on.headcount) == ([0], [0])
    assert on.next_open(0) == math.inf


def test_the_next_opening_is_now_while_somebody_is_on_duty():
    on = duty([(0, WEEK, (shift("mon-tue", "08:00", "16:00", 1),))], 0)
    assert [on.next_open(t) for t in (0, 480, 700, 960, DAY + 960)] == [480, 480, 700, DAY + 480, math.inf]


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 5)).filter(
            lambda x: x[1] < x[2]
        ),
        max_size=5,
    ),
    st.integers(0, 7 * 1440 - 1),
)
def test_at_every_minute_those_on_duty_are_those_whose_shift_it_is(spans, offset):
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    text = [f"{m // 60:02}:{m % 60:02}" for m in range(1441)]
    shifts = tuple(shift(names[day], text[a], text[b], n) for day, a, b, n in spans)
    on = duty([(0, WEEK, shifts)], offset)
    for minute in range(0, int(WEEK), 97):
        now = (minute + offset) % int(WEEK)
        expected = sum(n for day, a, b, n in spans if day * 1440 + a <= now < day * 1440 + b)
        assert on.now(minute) == expected


def test_a_break_takes_a_share_of_those_on_duty_away_rounded_down():
    on = duty([(0, DAY, (shift("mon", "08:00", "16:00", 5),))], 0, (pause("12:00", "13:00", 0.5),))
    assert steps(on) == [(0, 0, 0), (480, 5, 0), (720, 3, 2), (780, 5, 0), (960, 0, 0)]


def test_a_share_that_is_whole_but_for_rounding_is_whole():
    on = duty([(0, DAY, (shift("mon", "08:00", "16:00", 100),))], 0, (pause("12:00", "13:00", 0.29),))
    assert on.now(720) == 71


def test_breaks_that_overlap_add_up_until_nobody_is_left():
    breaks = (pause("09:00", "11:00", 0.6), pause("10:00", "12:00", 0.6))
    on = duty([(0, DAY, (shift("mon", "08:00", "16:00", 5),))], 0, breaks)
    assert [on.now(time) for time in (530, 540, 600, 660, 720)] == [5, 2, 0, 2, 5]


def test_a_break_takes_its_share_of_those_who_are_there_at_each_moment():
    shifts = (shift("mon", "08:00", "12:30", 4), shift("mon", "12:15", "16:00", 2))
    on = duty([(0, DAY, shifts)], 0, (pause("12:00", "13:00", 0.5),))
    assert steps(on)[2:] == [(720, 2, 2), (735, 3, 3), (750, 1, 1), (780, 2, 0), (960, 0, 0)]


def test_on_holidays_there_are_only_those_shifts_that_say_so():
    clock = Clock(start="2025-01-06 10:00", horizon="1 week", holidays={"epiphany": "2025-01-08"})
    always = Shift.model_validate({"days": "all", "from": "00:00", "to": "24:00", "headcount": 1, "holidays": True})
    on = duty([(0, WEEK, (shift("all", "00:00", "24:00", 3), always))], clock.offset, days_off=clock.days_off)
    assert steps(on) == [(0, 4, 0), (2 * DAY - 600, 1, 0), (3 * DAY - 600, 4, 0)]


def test_a_holiday_is_a_whole_day():
    with pytest.raises(ValidationError, match=r"'eve' begins at 18:00, but a holiday is a whole day; write 2025-01-08"):
        Clock(start="2025-01-06", horizon="1 week", holidays={"eve": "2025-01-08 18:00"})


def test_those_who_are_away_are_so_for_the_whole_of_their_shift_on_that_day():
    early, late = shift("all", "08:00", "16:00", 3), shift("all", "12:00", "20:00", 2)
    away = {("0", 0): 2, ("1", 1): 2}
    on = duty([(0, 2 * DAY, (early, late))], 0, away=lambda _, name, day, *span: away.get((name, day), 0) * [span])
    assert [on.now(t) for t in (480, 720, 960, DAY + 480, DAY + 720, DAY + 960)] == [1, 3, 2, 3, 3, 0]


def test_person_minutes_count_only_what_lies_in_the_window():
    on = Duty([0, 10, 20], [1, 3, 0])
    assert on.person_minutes(0, 30) == 40
    assert on.person_minutes(5, 15) == 20
    assert on.person_minutes(25, 99) == 0


def test_a_shift_that_ends_before_it_begins_names_the_two_entries_of_a_night():
    with pytest.raises(ValidationError, match=re.escape('from "22:00" to "24:00" and from "00:00" to "06:00"')):
        shift("mon", "22:00", "06:00", 1)
    with pytest.raises(ValidationError, match="a night break needs two entries"):
        pause("22:00", "06:00", 0.5)
