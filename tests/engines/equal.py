"""Whether two engines say the same: their tables and sums compared exactly, and told apart where they differ."""

from typing import Any

import numpy as np
import polars as pl

from sim import Tables
from sim.summaries import Summary

KEYS = {
    "visits": ["customer", "journey", "visit"],
    "journeys": ["customer", "journey"],
    "customers": ["customer"],
    "effects": ["customer", "cause", "journey", "visit", "nth"],
    "holdings": ["customer", "product", "since"],
    "strain": ["pool", "at"],
    "departures": ["pool", "shift", "number", "left"],
}


def assert_same_tables(one: Tables, other: Tables) -> None:
    """Fail, and say where, unless two histories are equal to the last bit.

    Floats are compared with ``==``; nothing equals nothing, and not-a-number equals itself.
    """
    faults = [fault for name in KEYS for fault in faults_of(name, getattr(one, name), getattr(other, name))]
    assert not faults, "\n".join(["the tables differ:", *faults])


def assert_same_sums(one: Summary, other: Summary) -> None:
    """Fail, and say where, unless all sums of two histories are equal to the last bit."""
    assert list(one) == list(other)
    for dimension, sums in one.items():
        assert sums.groups == other[dimension].groups
        assert list(sums.values) == list(other[dimension].values)
        for name, values in sums.values.items():
            assert np.array_equal(values, other[dimension][name]), f"{name} by {dimension}"


def faults_of(name: str, one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    """Say in what two tables differ: their columns, their rows, then the values in the rows that both have."""
    if one.schema != other.schema:
        return [f"{name}: columns are {dict(one.schema)} and {dict(other.schema)}"]
    key = KEYS[name]
    one, other = one.sort(key), other.sort(key)
    if one.equals(other) and not one.select(key).is_duplicated().any():
        return []
    both = {"first": (one, other), "second": (other, one)}
    twice = [which for which, (table, _) in both.items() if table.select(key).is_duplicated().any()]
    if twice:
        return [f"{name}: a key is given twice in the {which}" for which in twice]
    only = {which: table.join(mate, on=key, how="anti", maintain_order="left") for which, (table, mate) in both.items()}
    faults = [
        f"{name}: {rows.height} of {both[which][0].height} rows only in the {which}, the first {place(rows, key, 0)}"
        for which, rows in only.items()
        if rows.height
    ]
    here, there = (table.join(mate, on=key, how="semi", maintain_order="left") for table, mate in both.values())
    return [*faults, *(fault for column in one.columns if (fault := differing(name, column, here, there)))]


def differing(name: str, column: str, one: pl.DataFrame, other: pl.DataFrame) -> str | None:
    """Say how many values of a column differ, and which is the first; None where none does."""
    same = one[column].eq_missing(other[column])
    if same.all():
        return None
    row = same.arg_min() or 0
    values = f"{said(one[column][row])} and {said(other[column][row])}"
    return (
        f"{name}.{column}: {(~same).sum()} of {one.height} rows differ, first {place(one, KEYS[name], row)}: {values}"
    )


def place(table: pl.DataFrame, key: list[str], row: int) -> str:
    """Say which row it is."""
    return ", ".join(f"{field} {table[field][row]}" for field in key)


def said(value: Any) -> str:
    """Write a value with all its digits."""
    return "nothing" if value is None else repr(value)
