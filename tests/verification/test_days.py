"""Days of changing demand and staff: everybody served at once, and a day with shifts that end.

Our rates are constant for as long as a profile says nothing else; here that is five minutes, in which as many people
come as by theory's rate. So short a staircase moves no result by more than a ten-thousandth of itself.
"""

from functools import partial
from math import cos, pi, sin

import numpy as np
import pytest

from sim.theory import impatient_day, infinite_staff_busy, infinite_staff_cycle
from tests.sim.test_theory import DAY, SINE_WAVE, demand, numbers, rows
from tests.verification.phone_lines import exponential, single_call

pytestmark = pytest.mark.slow

WHOLE_DAY = 1440  # minutes
SLOT = 5  # minutes for which a rate stays the same


def clock_time(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


# M(t)/M/infinity -----------------------------------------------------------------------------------------------------


def site(mean_rate, amplitude, cycle, mean_service, horizon):
    """Everybody who comes is served at once; arrivals per hour swing around a mean in so many hours."""
    edges = 2 * pi / cycle * np.arange(0, WHOLE_DAY + 1, SLOT) / 60
    levels = mean_rate + amplitude * -np.diff(np.cos(edges)) / np.diff(edges)
    hours = {clock_time(SLOT * slot): level for slot, level in enumerate(levels.tolist())}
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{horizon} min"},
        "personas": {"visitor": {"share": 1}},
        "touchpoints": {"site": {"channel": "phone", "service_time": exponential(60 * mean_service)}},
        "journeys": {"browse": single_call(mean_rate / 60, "site")},
        "profiles": {"weekly": {"hours": {"all": hours}}},
    }


def busy_at(visits, times):
    """Number in service at some times; of those who are so at the horizon the end is unknown, and later."""
    ended = np.where(np.isnan(visits["ended"]), np.inf, visits["ended"])
    return np.searchsorted(np.sort(visits["joined"]), times) - np.searchsorted(np.sort(ended), times)


def measured_wave(happened, opens, days, wave, moments):
    midnights = opens + WHOLE_DAY * np.arange(days)
    samples = {name: busy_at(happened.visits, midnights + 60 * hour).mean() for name, hour in moments.items()}
    hours = np.arange(24 * days)
    busy, angle = busy_at(happened.visits, opens + 60.0 * hours), wave[2] * hours
    expected = np.array([infinite_staff_busy(*wave, hour) for hour in range(24)])[hours % 24]
    in_step, behind = 2 * np.mean(busy * np.sin(angle)), -2 * np.mean(busy * np.cos(angle))
    lag = wave[2] * infinite_staff_cycle(*wave).peak_lag
    return samples | {
        "mean": busy.mean(),
        "amplitude": in_step * cos(lag) + behind * sin(lag),
        "peaks after, h": (np.arctan2(behind, in_step) + pi / 2) / wave[2],
        "variance / mean": np.mean((busy - expected) ** 2 / expected),  # a Poisson number's variance is its mean
    }


@pytest.mark.parametrize(
    ("parameters", "days"),
    list(zip(map(numbers, rows(SINE_WAVE)), (18, 16, 70, 45), strict=True)),
    ids=["I1", "I2", "I3", "I4"],
)
def test_the_number_in_service_follows_a_sine_of_demand_with_its_lag(parameters, days, replicate, verdict):
    mean_rate, amplitude, cycle, service_rate = parameters[:4]
    wave = (mean_rate, amplitude, 2 * pi / cycle, service_rate)
    rhythm = infinite_staff_cycle(*wave)
    opens = 2 * WHOLE_DAY  # after which exp(-12) or less is left of the empty start
    moments = {f"in service at {hour:02}:00": hour for hour in (0, 6, 12)}
    moments["in service at the peak"] = peak = cycle / 4 + rhythm.peak_lag
    expected = {name: infinite_staff_busy(*wave, hour) for name, hour in moments.items()}
    expected |= {
        "mean": rhythm.mean_busy,
        "amplitude": rhythm.amplitude,
        "peaks after, h": peak,
        "variance / mean": 1.0,
    }
    scenario = site(mean_rate, amplitude, cycle, 1 / service_rate, opens + WHOLE_DAY * days)
    measure = partial(measured_wave, opens=opens, days=days, wave=wave, moments=moments)
    case = f"M(t)/M/∞, λ {mean_rate:g} + {amplitude:g} sin per hour in {cycle:g} h, μ {service_rate:g}"
    verdict(case, expected, replicate(scenario, measure))


def measured_first_hours(happened, hours):
    busy = busy_at(happened.visits, 60.0 * np.array(hours)).tolist()
    return {f"in service after {hour} h": number for hour, number in zip(hours, busy, strict=True)}


def test_an_empty_start_is_forgotten_as_theory_says(replicate, verdict):
    wave, hours = (100, 50, 2 * pi / 24, 1), (1, 2, 3, 4)
    expected = {f"in service after {hour} h": infinite_staff_busy(*wave, hour, starts_empty=True) for hour in hours}
    scenario = site(100, 50, 24, 1, 60 * hours[-1] + 1)
    samples = replicate(scenario, partial(measured_first_hours, hours=hours), 500)
    verdict("M(t)/M/∞ from an empty start", expected, samples)


# M(t)/M/c(t)+M -------------------------------------------------------------------------------------------------------

STAFF = [int(row[1]) for row in rows(DAY)]  # on duty in each hour
SERVICE, PATIENCE = 5, 3  # minutes


def office(hours, days):
    """Days of so many hours that begin empty: in the rest of a day nobody calls, and nobody is there."""
    calls = [SLOT / 60 * demand((slot + 0.5) * SLOT / 60) for slot in range(60 * hours // SLOT)]
    levels = {clock_time(SLOT * slot): level for slot, level in enumerate(calls)}
    shifts = {
        f"hour {hour}": {"days": "all", "from": clock_time(60 * hour), "to": clock_time(60 * hour + 60), "headcount": n}
        for hour, n in enumerate(STAFF[:hours])
    }
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{days} days"},
        "personas": {"caller": {"share": 1, "patience": {"phone": exponential(PATIENCE)}}},
        "touchpoints": {"phone": {"channel": "phone", "staff": "team", "service_time": exponential(SERVICE)}},
        "journeys": {"ask": single_call(sum(calls) / WHOLE_DAY)},
        "profiles": {"weekly": {"hours": {"all": {**levels, clock_time(60 * hours): 0}}}},
        "staff": {"team": {"shifts": shifts}},
    }


def measured_day(happened, hours, days):
    visits = happened.visits
    waited = np.isnan(visits["started"]) | (visits["started"] > visits["joined"])
    gave_up = visits["outcome"] == happened.names.outcomes.index("abandoned")
    joined = (visits["joined"] % WHOLE_DAY).astype(int) // 60
    ended = (visits["ended"][gave_up] % WHOLE_DAY).astype(int) // 60
    calls, delayed = np.bincount(joined, minlength=24), np.bincount(joined, weights=waited, minlength=24)
    abandons = np.bincount(ended, minlength=24)
    samples = {"arrivals": (joined.size, days), "abandons": (int(abandons[:hours].sum()), days)}
    for hour in range(hours):
        samples[f"abandons in hour {hour}"] = (int(abandons[hour]), days)
        samples[f"P(wait) in hour {hour}"] = (float(delayed[hour]), int(calls[hour]))
    return samples | {"overtime, min": (float(visits["overtime"].sum()), days)}


# Where people are less than 90 % busy abandons are rare, and it takes more days to count them well.
@pytest.mark.parametrize(("hours", "days"), [(7, 240), (12, 20)], ids=["the first seven hours", "the whole day"])
def test_a_day_with_changing_staff_goes_as_the_forward_equations_say(hours, days, replicate, verdict):
    theory = impatient_day(demand, STAFF[:hours], 60 / SERVICE, 60 / PATIENCE, leaving="finish")
    expected = {
        "arrivals": sum(hour.arrivals for hour in theory),
        "abandons": sum(hour.abandons for hour in theory),
    }
    busy = {}
    for number, hour in enumerate(theory):
        if hours < len(STAFF) or number >= 7:
            here = {f"abandons in hour {number}": hour.abandons, f"P(wait) in hour {number}": hour.wait_probability}
            expected |= here
            busy |= dict.fromkeys(here, hour.occupancy)
    samples = replicate(office(hours, days), partial(measured_day, hours=hours, days=days), short=office(hours, 1))
    verdict(f"M(t)/M/c(t)+M, {hours} hours, people finish what is in hand", expected, samples, busy)
