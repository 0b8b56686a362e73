"""Tables are equal only where every value is, and a difference is said so that one can look for it."""

import math

import polars as pl
import pytest

from sim import Tables
from sim.tables import CUSTOMERS, JOURNEYS, VISITS
from tests.engines.equal import assert_same_tables
from tests.sim.stories import company, tell


def history():
    return tell(company(population={"customers": 3}))


def with_visits(tables, **columns):
    return Tables(tables.visits.with_columns(**columns), tables.journeys, tables.customers)


def emptied(tables, value):
    return with_visits(tables, mood_before=pl.lit(value, dtype=pl.Float64))


def test_a_history_is_equal_to_itself_told_again():
    assert_same_tables(history(), history())


def test_empty_tables_are_equal():
    empty = Tables(*(pl.DataFrame(schema=schema) for schema in (VISITS, JOURNEYS, CUSTOMERS)))
    assert_same_tables(empty, empty)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_nothing_equals_nothing_and_not_a_number_itself(value):
    assert_same_tables(emptied(history(), value), emptied(history(), value))


@pytest.mark.parametrize(("one", "other"), [(None, math.nan), (None, 0.0), (math.nan, 0.0), (1.0, math.inf)])
def test_but_they_do_not_equal_each_other(one, other):
    with pytest.raises(AssertionError, match=r"visits.mood_before: 3 of 3 rows differ"):
        assert_same_tables(emptied(history(), one), emptied(history(), other))


def test_zero_has_no_sign():
    assert_same_tables(emptied(history(), 0.0), emptied(history(), -0.0))


def test_the_last_bit_counts_and_its_place_is_said():
    told = history()
    late = pl.when(pl.col("customer") >= 1).then(math.nextafter(15.0, 16.0)).otherwise(pl.col("ended"))
    expected = (
        r"^the tables differ:\n"
        r"visits.ended: 2 of 3 rows differ, first customer 1, journey 1, visit 1: 20\.0 and 15\.000000000000002$"
    )
    with pytest.raises(AssertionError, match=expected):
        assert_same_tables(told, with_visits(told, ended=late))


def test_missing_rows_are_told_beside_values_that_differ():
    told = history()
    fewer = Tables(told.visits[1:].with_columns(pool=pl.lit("others")), told.journeys, told.customers)
    with pytest.raises(AssertionError) as caught:
        assert_same_tables(told, fewer)
    assert str(caught.value).splitlines()[1:] == [
        "visits: 1 of 3 rows only in the first, the first customer 0, journey 1, visit 1",
        "visits.pool: 2 of 2 rows differ, first customer 1, journey 1, visit 1: 'clerks' and 'others'",
    ]


def test_a_key_given_twice_and_other_columns_are_differences():
    told = history()
    doubled = Tables(told.visits, told.journeys, pl.concat([told.customers, told.customers]))
    with pytest.raises(AssertionError, match="customers: a key is given twice in the second"):
        assert_same_tables(told, doubled)
    with pytest.raises(AssertionError, match="visits: columns are"):
        assert_same_tables(told, with_visits(told, member=pl.col("member").cast(pl.Int64)))


def test_the_order_of_rows_is_no_difference():
    told = history()
    assert_same_tables(told, Tables(told.visits[::-1], told.journeys, told.customers))
