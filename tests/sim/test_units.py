"""A quantity means what a person who reads it would think, and anything else is refused with an example."""

import math
import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import units


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("6.5 min", 6.5),
        ("45 s", 0.75),
        ("90 seconds", 1.5),
        ("2 h", 120),
        ("1 day", 1440),
        ("4 weeks", 40320),
        ("6.5min", 6.5),
        (" 1e2  min ", 100),
        (".5 h", 30),
        ("0", 0),
        (0, 0),
        (0.0, 0),
    ],
)
def test_a_duration_is_its_number_in_minutes(text, minutes):
    assert units.duration(text) == pytest.approx(minutes)


def test_twelve_months_are_one_year_and_a_month_is_30_4375_days():
    assert units.duration("12 months") == units.duration("1 year") == 365.25 * 1440
    assert units.duration("1 month") == 30.4375 * 1440


@pytest.mark.parametrize(
    ("read", "text", "remedy"),
    [
        (units.duration, 5, "5 has no unit; write for instance '5 min'"),
        (units.duration, "5", "'5' has no unit; write for instance '5 min'"),
        (units.duration, "5 parsecs", "'parsecs' is not a unit of time; use s, min, h"),
        (units.duration, "soon", "'soon' is not a quantity; write a number and its unit, such as '6.5 min'"),
        (units.duration, True, "True is not a quantity"),
        (units.duration, None, "None is not a quantity"),
        (units.duration, [5], "is not a quantity"),
        (units.rate, 0.15, "0.15 does not say per what; write for instance '0.15 / week'"),
        (units.rate, "5 min", "'5 min' is not a rate; write for instance '5 / week'"),
        (units.rate, "5 / fortnight", "'5 / fortnight' is not a rate"),
        (units.money, 0.35, "0.35 is not an amount of money; write for instance '0.35 EUR'"),
        (units.money, "12 euros", "'12 euros' is not an amount of money"),
        (units.money, "24 EUR / h", "'24 EUR / h' is a rate, but a plain amount is wanted here; leave out '/ h'"),
        (units.money, True, "True is not an amount of money"),
        (units.money_rate, "24 EUR", "'24 EUR' does not say per what time; write for instance '24 EUR / h'"),
        (units.money_rate, "24 EUR / mile", "does not say per what time"),
        (units.time_of_day, "8", '\'8\' is not a time of day; write "08:00" to "24:00", in quotes'),
        (units.time_of_day, "24:01", "'24:01' is not a time of day"),
        (units.time_of_day, "12:60", "'12:60' is not a time of day"),
        (units.time_of_day, 8, "8 is not a time of day"),
        (units.moment, "March 3rd", "'March 3rd' is not a date; write year-month-day, such as 2025-03-03"),
        (units.moment, "2025-02-30", "'2025-02-30' is not a date"),
        (units.moment, "2025-03-03T12:00+01:00", "has a time zone; scenarios use the wall clock without one"),
        (units.moment, datetime.fromisoformat("2025-03-03T12:00+01:00"), "has a time zone"),
        (units.days, "monday", "'monday' does not name days; write for instance mon-fri, or sat,sun, or all"),
        (units.days, "", "does not name days"),
        (units.days, "mon-", "does not name days"),
    ],
)
def test_a_wrong_quantity_is_refused_with_what_would_be_right(read, text, remedy):
    with pytest.raises(ValueError, match=re.escape(remedy)):
        read(text)


def test_an_amount_in_another_currency_is_refused():
    with pytest.raises(ValueError, match="is in USD, but the scenario's currency is EUR; convert it"):
        units.money("5 USD", "EUR")


def test_the_example_in_an_error_is_in_the_scenarios_currency():
    with pytest.raises(ValueError, match="'24 CHF / h'"):
        units.money_rate("24 CHF", "CHF")
    with pytest.raises(ValueError, match=r"'0\.35 CHF'"):
        units.money("24", "CHF")


def test_rates_count_per_minute():
    assert units.rate("7 / week") == pytest.approx(1 / 1440)
    assert units.rate("7/week") == units.rate("7 / weeks") == units.rate("1 / day")
    assert units.rate(0) == 0


def test_money_and_money_rates_keep_their_sign_and_nothing_needs_no_currency():
    assert units.money("-5.5 EUR", "EUR") == -5.5
    assert units.money(0) == units.money_rate(0) == 0
    assert units.money_rate("24 EUR / h") == pytest.approx(0.4)
    assert units.money_rate("30.4375 EUR / month") == pytest.approx(1 / 1440)


def test_a_time_of_day_counts_from_midnight_and_a_day_may_end_at_24():
    assert [units.time_of_day(text) for text in ("00:00", "8:30", "23:59", "24:00")] == [0, 510, 1439, 1440]


def test_the_number_that_yaml_makes_of_an_unquoted_time_is_that_time():
    assert units.time_of_day(960) == units.time_of_day("16:00")


def test_a_moment_may_be_a_date_or_a_time():
    assert units.moment("2025-03-03") == units.moment(date(2025, 3, 3)) == datetime(2025, 3, 3)
    assert units.moment("2025-03-03 12:30") == datetime(2025, 3, 3, 12, 30)


def test_days_may_be_listed_spanned_and_wrap_around_the_week():
    assert units.days("mon-fri") == (0, 1, 2, 3, 4)
    assert units.days("sat, sun") == (5, 6)
    assert units.days("fri-mon") == (0, 4, 5, 6)
    assert units.days("mon,wed-thu") == (0, 2, 3)
    assert units.days("all") == tuple(range(7))


@given(st.sets(st.integers(min_value=0, max_value=6), min_size=1))
def test_days_said_and_read_again_are_the_same(chosen):
    assert set(units.days(units.say_days(chosen))) == chosen


@given(st.floats(min_value=1e-3, max_value=1e7))
def test_a_duration_said_and_read_again_is_the_same_to_four_digits(minutes):
    assert units.duration(units.say_duration(minutes)) == pytest.approx(minutes, rel=1e-3)


def test_a_duration_is_said_in_the_largest_unit_that_keeps_it_above_one():
    said = [units.say_duration(minutes) for minutes in (0, 0.5, 1, 90, 1440, 2880, 10080, 25200)]
    assert said == ["0 min", "30 s", "1 min", "1.5 h", "1 day", "2 days", "1 week", "2.5 weeks"]


def test_a_clock_time_is_said_with_two_digits_and_the_end_of_the_day_is_24():
    assert [units.say_clock(minute) for minute in (0, 510, 1439, 1440)] == ["00:00", "08:30", "23:59", "24:00"]


def test_a_number_for_a_scenario_file_keeps_four_digits():
    assert units.yaml_number(1234567.0) == 1235000
    assert units.yaml_number(math.pi) == 3.142
