"""Days of changing demand and staff: everybody served at once, and a day with shifts that end.

Our rates are constant between the times at which a profile states a level, so theory is asked about exactly that rate.
"""

from functools import partial
from math import exp, pi, sin

import numpy as np
import polars as pl
import pytest

from sim.theory import impatient_day, infinite_staff_busy
from tests.verification.phone_lines import exponential, single_call

pytestmark = pytest.mark.slow

DAY, WEEK = 1440.0, 10080.0


def clock_time(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


# M(t)/M/infinity -----------------------------------------------------------------------------------------------------

MEAN_RATE, SWING, SERVICE = 20.0, 15.0, 4.0  # per hour, per hour, hours
HOURS = [MEAN_RATE + SWING * 12 / pi * (np.cos(pi * h / 12) - np.cos(pi * (h + 1) / 12)) for h in range(24)]


def busy_on_the_hour(hourly_rates, mean_service, hours):
    """Mean number in service on every hour from an empty start: m' = λ - m / service, solved hour by hour."""
    fade = exp(-1 / mean_service)
    busy = [0.0]
    for hour in range(hours):
        lasting = hourly_rates[hour % 24] * mean_service
        busy.append(lasting + (busy[-1] - lasting) * fade)
    return busy


def measured_busy(tables, opens, days, expected):
    """Number in service on the hour, averaged over days, and its scatter: a Poisson number's variance is its mean."""
    visits = tables.visits
    # Of those at the horizon still in service the end is unknown, and later.
    joined, ended = visits["joined"].to_numpy(), visits["ended"].fill_null(float("inf")).to_numpy()
    hours = opens + 60 * np.arange(24 * days)
    busy = np.searchsorted(np.sort(joined), hours) - np.searchsorted(np.sort(ended), hours)
    by_hour = busy.reshape(days, 24)
    mean = np.array(expected)
    samples = {f"in service at {hour:02}:00": by_hour[:, hour].mean() for hour in (0, 6, 12, 18)}
    return samples | {"variance / mean": ((by_hour - mean) ** 2 / mean).mean()}


def test_the_number_in_service_follows_a_sine_of_demand_with_its_lag(replicate, verdict):
    opens, days = 2 * DAY, 19
    scenario = {
        "clock": {"start": "2025-01-06", "horizon": "3 weeks"},
        "personas": {"visitor": {"share": 1}},
        "touchpoints": {"site": {"channel": "phone", "service_time": exponential(60 * SERVICE)}},
        "journeys": {"browse": single_call(MEAN_RATE / 60, "site")},
        "profiles": {"weekly": {"hours": {"all": HOURS}}},
    }
    busy = busy_on_the_hour(HOURS, SERVICE, 72)[48:72]  # after two days exp(-12) = 6e-6 is left of the empty start
    sine = [infinite_staff_busy(MEAN_RATE, SWING, pi / 12, 1 / SERVICE, hour) for hour in range(24)]
    assert busy == pytest.approx(sine, rel=0.01)  # our staircase of a sine is close to the sine itself
    expected = {f"in service at {hour:02}:00": busy[hour] for hour in (0, 6, 12, 18)} | {"variance / mean": 1.0}
    samples = replicate(scenario, partial(measured_busy, opens=opens, days=days, expected=busy), 32)
    verdict("M(t)/M/∞, λ 20 + 15 sin per hour, service 4 h", expected, samples)


# M(t)/M/c(t)+M -------------------------------------------------------------------------------------------------------

STAFF = (24, 28, 33, 37, 41, 43, 44, 43, 41, 37, 33, 27)  # on duty in each hour
SLOT = 5  # minutes for which the rate stays the same
SLOTS = 12 * 60 // SLOT
CALLS = [SLOT / 60 * (300 + 200 * sin(pi * slot * SLOT / 720 - pi / 6)) for slot in np.arange(SLOTS) + 0.5]


def measured_day(tables):
    visits = tables.visits
    gave_up = visits.filter(pl.col("outcome") == "abandoned")
    by_hour = np.histogram(gave_up["ended"].to_numpy(), bins=60 * np.arange(13))[0]
    samples = {f"abandons in hour {hour}": float(by_hour[hour]) for hour in (9, 10, 11)}
    return samples | {
        "arrivals": float(visits.height),
        "abandons": float(by_hour.sum()),
        "minutes of overtime": visits["overtime"].sum(),
    }


def test_a_day_with_changing_staff_goes_as_the_forward_equations_say(replicate, verdict):
    levels = {clock_time(SLOT * slot): calls for slot, calls in enumerate(CALLS)}
    shifts = {
        f"hour {hour}": {"days": "mon", "from": clock_time(60 * hour), "to": clock_time(60 * hour + 60), "headcount": n}
        for hour, n in enumerate(STAFF)
    }
    scenario = {
        "clock": {"start": "2025-01-06", "horizon": "12 h"},
        "personas": {"caller": {"share": 1, "patience": {"phone": exponential(3)}}},
        "touchpoints": {"phone": {"channel": "phone", "staff": "team", "service_time": exponential(5)}},
        "journeys": {"ask": single_call(sum(CALLS) / WEEK)},
        "profiles": {"weekly": {"hours": {"mon": {**levels, "12:00": 0}}}},
        "staff": {"team": {"shifts": shifts}},
    }
    # Theory in units of a slot, in which a service takes 1 and patience 3 / 5 on average.
    staff_by_slot = [people for people in STAFF for _ in range(60 // SLOT)]
    day = impatient_day(
        lambda slot: CALLS[min(int(slot), SLOTS - 1)], staff_by_slot, service_rate=1, reneging_rate=5 / 3
    )
    abandons = np.array([slot.abandons for slot in day]).reshape(12, -1).sum(axis=1)
    expected = {
        "arrivals": sum(slot.arrivals for slot in day),
        "abandons": abandons.sum(),
        **{f"abandons in hour {hour}": abandons[hour] for hour in (9, 10, 11)},
        "minutes of overtime": SLOT * sum(slot.overtime for slot in day),
    }
    verdict("M(t)/M/c(t)+M day", expected, replicate(scenario, measured_day, 240))
