"""Callers who find the line busy and try again, and callers who give up and call again."""

from functools import partial

import numpy as np
import pytest

from sim.theory import linear_retrial, redial
from tests.sim.test_theory import LINEAR_RETRIAL, REDIAL, numbers, rows
from tests.verification.phone_lines import (
    exponential,
    joined_within,
    mean,
    mean_number,
    occupancy,
    phone_line,
    served,
    waits,
)

pytestmark = pytest.mark.slow

# A line without a queue -----------------------------------------------------------------------------------------------


def measured_retrial(happened, window):
    visits, journeys = happened.visits, happened.journeys
    first = joined_within(happened, window)
    first = first[first["visit"] == 1]
    # Who tries again is in orbit until the one attempt that is served.
    answered = visits[served(visits)]
    until = np.full(visits["customer"].max() + 1, np.nan)
    until[answered["customer"]] = answered["started"]
    opened = journeys["opened"]
    here = (opened >= window[0]) & (opened < window[1])
    return {
        "P(blocked) of first attempts": mean(first["outcome"] == happened.names.outcomes.index("blocked")),
        "mean number in orbit": mean_number(opened, until[journeys["customer"]], window),
        "mean time in orbit": mean((until[journeys["customer"]] - opened)[here]),
        "occupancy": occupancy(visits, 1, window),
    }


@pytest.mark.parametrize(
    ("parameters", "thousands"),
    list(zip(map(numbers, rows(LINEAR_RETRIAL)), (10, 10, 40, 20, 25), strict=True)),
    ids=["K1", "K2", "K3", "K4", "K5"],
)
def test_those_who_find_the_line_busy_try_again_as_the_linear_retrial_queue_says(
    parameters, thousands, replicate, verdict
):
    rate, service_rate, retry_rate = parameters[:3]
    # As in M/M/1, and slower the longer people stay away: 1 / r for those who come back, of whom a share is blocked.
    load = rate / service_rate
    slowest = (1 / service_rate + 1 / retry_rate) / (1 - load) ** 2
    window = (12 * slowest, 12 * slowest + 1_000 * thousands / rate)
    scenario = phone_line(rate, exponential(1 / service_rate), 1, window, afterwards=40 * slowest, lines=1)
    again = {"blocked": {"call": {"p": 1, "after": exponential(1 / retry_rate)}}}
    scenario["journeys"]["ask"]["steps"]["call"]["next"] = again
    theory = linear_retrial(rate, service_rate, retry_rate)
    expected = {
        "P(blocked) of first attempts": theory.occupancy,
        "mean number in orbit": theory.mean_in_orbit,
        "mean time in orbit": theory.mean_time_in_orbit,
        "occupancy": theory.occupancy,
    }
    samples = replicate(scenario, partial(measured_retrial, window=window))
    verdict(f"Linear retrial, λ {rate:g}, μ {service_rate:g}, r {retry_rate:g}", expected, samples)


# Calling again after giving up ----------------------------------------------------------------------------------------


def measured_redial(happened, window):
    opens, closes = window
    calls = joined_within(happened, window)
    callers = happened.journeys.within("opened", window)
    ended = happened.names.ends.index("give_up")
    assert (callers["end"] >= 0).all()
    waited, visits = waits(calls), happened.visits
    # Between two calls is who is in an open issue but in no call: issues less calls.
    issues = mean_number(happened.journeys["opened"], happened.journeys["closed"], window)
    return {
        "calls per minute": len(waited) / (closes - opens),
        "P(wait)": mean(waited > 0),
        "abandonment of calls": mean(calls["outcome"] == happened.names.outcomes.index("abandoned")),
        "customers never served": mean(callers["end"] == ended),
        "mean wait of calls": mean(waited),
        "mean number between two calls": issues - mean_number(visits["joined"], visits["ended"], window),
    }


@pytest.mark.parametrize(
    ("parameters", "thousands"),
    list(zip(map(numbers, rows(REDIAL)), (40, 15, 30, 10), strict=True)),
    ids=["K2-1", "K2-2", "K2-3", "K2-4"],
)
def test_callers_who_call_again_swell_the_line(parameters, thousands, replicate, verdict):
    rate, service_rate, reneging_rate, staff, again, redial_rate = parameters[:6]
    # Everybody goes on within at most `longest` minutes on average, wherever they are; after thirty times that, the
    # trace of an empty start has gone.
    longest = max(1 / service_rate, 1 / reneging_rate, 1 / redial_rate)
    window = (30 * longest, 30 * longest + 1_000 * thousands / rate)
    scenario = phone_line(
        rate, exponential(1 / service_rate), int(staff), window, 1 / reneging_rate, afterwards=60 * longest
    )
    scenario["journeys"]["ask"]["steps"]["call"]["next"] = {
        "abandoned": {"call": {"p": again, "after": exponential(1 / redial_rate)}, "give_up": 1 - again}
    }
    theory = redial(rate, service_rate, reneging_rate, int(staff), again, redial_rate)
    expected = {
        "calls per minute": theory.call_rate,
        "P(wait)": theory.wait_probability,
        "abandonment of calls": theory.abandoned,
        "customers never served": theory.lost,
        "mean wait of calls": theory.mean_wait,
        "mean number between two calls": theory.mean_in_orbit,
    }
    busy = theory.call_rate * (1 - theory.abandoned) / service_rate / staff
    samples = replicate(scenario, partial(measured_redial, window=window))
    case = f"Redial, λ {rate:g}, θ {reneging_rate:.3g}, c {staff:g}, {again:.0%} again after {1 / redial_rate:g}"
    verdict(case, expected, samples, busy)
