"""Scenarios of one phone line, as plain data, and what is measured there."""

from typing import Any

import numpy as np

from tests.verification.rows import Happened, Rows

Raw = dict[str, Any]


def phone_line(
    rate: float,
    service_time: Raw,
    staff: int,
    window: tuple[float, float],
    patience: float | None = None,
    afterwards: float = 60.0,
    lines: int | None = None,
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
    lines
        How many can be on the phone at once, waiting or served; unstated, any number.
    """
    opens, closes = window
    patient = {} if patience is None else {"phone": exponential(patience)}
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{closes + afterwards} min", "warmup": f"{opens} min"},
        "personas": {"caller": {"share": 1, "patience": patient}},
        "touchpoints": {"phone": {"channel": "phone", "staff": "team", "service_time": service_time}},
        "channels": {"phone": {"lines": lines}},
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


# ---- what is measured ------------------------------------------------------------------------------------------------


def joined_within(happened: Happened, window: tuple[float, float]) -> Rows:
    """Visits that joined in a window; of all of them it must be known by the end how long they waited."""
    visits = happened.visits.within("joined", window)
    assert not np.isnan(waits(visits)).any()
    return visits


def waits(visits: Rows) -> np.ndarray:
    """Minutes for which each waited, until the service or in vain."""
    return np.where(served(visits), visits["started"], visits["ended"]) - visits["joined"]


def served(visits: Rows) -> np.ndarray:
    """Whether each was served."""
    return ~np.isnan(visits["started"])


def ratio(numerators: np.ndarray, denominators: np.ndarray) -> tuple[float, float]:
    """A ratio of sums, such as those who gave up among those who called."""
    return float(numerators.sum()), float(denominators.sum())


def mean(values: np.ndarray) -> tuple[float, float]:
    """A mean as a ratio: of a condition, the share of rows for which it holds."""
    return float(values.sum()), float(values.size)


def mean_number(since: np.ndarray, until: np.ndarray, window: tuple[float, float]) -> float:
    """Mean number there during a window, of those who came and went at some times; who is still there has no end."""
    opens, closes = window
    there = np.fmin(until, closes).clip(opens) - since.clip(opens, closes)
    return float(there.sum()) / (closes - opens)


def mean_in_queue(visits: Rows, window: tuple[float, float]) -> float:
    """Mean number of visits waiting."""
    return mean_number(visits["joined"], np.where(served(visits), visits["started"], visits["ended"]), window)


def occupancy(visits: Rows, staff: int, window: tuple[float, float]) -> float:
    """Share of staff time that is busy."""
    begun = visits[served(visits)]
    return mean_number(begun["started"], begun["ended"], window) / staff
