"""Scenarios of one phone line, as plain data, and what is measured there."""

from typing import Any

import polars as pl

from sim import Tables

Raw = dict[str, Any]


def phone_line(
    rate: float,
    service_time: Raw,
    staff: int,
    window: tuple[float, float],
    patience: float | None = None,
    afterwards: float = 60.0,
) -> Raw:
    """A scenario in which people arrive, wait for a team, are served, and that is all.

    Parameters
    ----------
    rate
        Arrivals per minute.
    service_time
        A law, as a scenario writes it.
    staff
        People on duty, at all times.
    window
        Minutes in which those who join are measured.
    patience
        Mean of an exponential patience in minutes; unstated, all wait for as long as it takes.
    afterwards
        Minutes after the window, in which the last of those who joined in it are served or give up.
    """
    opens, closes = window
    patient = {} if patience is None else {"phone": exponential(patience)}
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{closes + afterwards} min", "warmup": f"{opens} min"},
        "personas": {"caller": {"share": 1, "patience": patient}},
        "touchpoints": {"phone": {"channel": "phone", "staff": "team", "service_time": service_time}},
        "journeys": {"ask": single_call(rate)},
        "staff": {"team": {"shifts": round_the_clock(staff)}},
    }


def single_call(rate: float, touchpoint: str = "phone") -> Raw:
    """A journey of one call, with arrivals per minute."""
    return {
        "when": {"arrival": f"{rate} / min"},
        "start": {"phone": "call"},
        "steps": {"call": {"touchpoint": touchpoint, "outcomes": {"resolved": 1}}},
    }


def exponential(mean: float) -> Raw:
    """An exponential law, by its mean in minutes."""
    return {"kind": "exponential", "mean": f"{mean} min"}


def round_the_clock(staff: int) -> Raw:
    """Shifts of people who are always there."""
    return {"always": {"days": "all", "from": "00:00", "to": "24:00", "headcount": staff}}


def joined_within(tables: Tables, window: tuple[float, float]) -> pl.DataFrame:
    """Visits that joined in a window, with the minutes they waited; all of them must know it by the end."""
    opens, closes = window
    waited = (pl.coalesce("started", "ended") - pl.col("joined")).alias("waited")
    visits = tables.visits.filter(pl.col("joined").is_between(opens, closes, closed="left")).with_columns(waited)
    assert not visits["waited"].has_nulls()
    return visits


def average(rows: pl.DataFrame, of: pl.Expr) -> float:
    """Mean of an expression; of a condition, the share of rows for which it holds."""
    return rows.select(of.mean()).item()


def mean_wait(visits: pl.DataFrame) -> float:
    """Minutes waited, those who were served at once included."""
    return average(visits, pl.col("waited"))
