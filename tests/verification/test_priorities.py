"""One member of staff with services of any law, and queues in which some go first."""

from functools import partial
from math import sqrt

import pytest

from sim.theory import pollaczek_khinchine, priority_general_service, priority_many_staff
from tests.verification.phone_lines import (
    exponential,
    joined_within,
    mean,
    mean_in_queue,
    occupancy,
    phone_line,
    ratio,
    single_call,
    waits,
)

pytestmark = pytest.mark.slow

# Services of every law ------------------------------------------------------------------------------------------------

# At 80 % load and services of a minute one person's empty start leaves a trace below 1e-5 after this many minutes, and
# the wait exceeds 900 minutes once in 10^12 calls, if services vary no more than those of an exponential law. The time
# that everything takes grows with the variance of the work a call brings, (1 + cv²) / 2.
OPENS, AFTERWARDS = 1_200.0, 600.0

OFTEN = (1 + sqrt(3 / 5)) / 2  # share of the quick services in a mixture of two exponentials, half of the work in each
TWO_KINDS = {
    "kind": "mixture",
    "parts": {
        "quick": {"p": OFTEN, "law": exponential(1 / (2 * OFTEN))},
        "long": {"p": 1 - OFTEN, "law": exponential(1 / (2 * (1 - OFTEN)))},
    },
}


def law(kind, squared_cv):
    return {"kind": kind, "mean": "1 min", "cv": sqrt(squared_cv)}


def measured_one(happened, window):
    visits = joined_within(happened, window)
    waited = waits(visits)
    return {
        "P(wait)": mean(waited > 0),
        "mean wait": mean(waited),
        "mean number in queue": mean_in_queue(happened.visits, window),
        "mean time there": mean(visits["ended"] - visits["joined"]),
        "occupancy": occupancy(happened.visits, 1, window),
    }


@pytest.mark.parametrize(
    ("service", "squared_cv", "thousands"),
    [
        ({"kind": "deterministic", "value": "1 min"}, 0, 20),
        (law("gamma", 1 / 4), 1 / 4, 20),
        (law("gamma", 1 / 2), 1 / 2, 25),
        (exponential(1), 1, 30),
        (law("lognormal", 1), 1, 40),
        (law("lognormal", 2), 2, 80),
        (TWO_KINDS, 4, 80),
        (law("gamma", 2), 2, 50),
    ],
    ids=[
        "deterministic",
        "Erlang-4",
        "Erlang-2",
        "exponential",
        "lognormal SCV 1",
        "lognormal SCV 2",
        "two kinds SCV 4",
        "gamma SCV 2",
    ],
)
def test_the_wait_for_one_person_grows_with_the_variance_of_service(service, squared_cv, thousands, replicate, verdict):
    slower = (1 + squared_cv) / 2
    window = (OPENS * slower, OPENS * slower + 1_000 * thousands / 0.8)
    theory = pollaczek_khinchine(0.8, mean_service_time=1, service_cv=sqrt(squared_cv))
    expected = {
        "P(wait)": theory.occupancy,
        "mean wait": theory.mean_wait,
        "mean number in queue": theory.mean_in_queue,
        "mean time there": theory.mean_sojourn,
        "occupancy": theory.occupancy,
    }
    scenario = phone_line(0.8, service, 1, window, afterwards=AFTERWARDS * slower)
    case = f"M/G/1, λ 0.8, {service['kind']} service, cv² {squared_cv:g}"
    verdict(case, expected, replicate(scenario, partial(measured_one, window=window)))


# Priorities -----------------------------------------------------------------------------------------------------------


def priority_line(rates, service_times, staff, window, afterwards):
    """A phone line for several goals, the first served first."""
    scenario = phone_line(1, exponential(1), staff, window, afterwards=afterwards)
    scenario["journeys"] = {}
    for number, (rate, service_time) in enumerate(zip(rates, service_times, strict=True), start=1):
        journey = single_call(rate) | {"priority": number}
        journey["steps"]["call"]["service_time"] = service_time
        scenario["journeys"][f"goal {number}"] = journey
    return scenario


def measured_by_goal(happened, window, staff):
    visits = joined_within(happened, window)
    waited = waits(visits)
    samples = {"occupancy": occupancy(happened.visits, staff, window)}
    for number, goal in enumerate(happened.names.goals):
        samples[f"mean wait, {goal}"] = ratio(waited * (visits["goal"] == number), visits["goal"] == number)
    return samples


def constant(minutes):
    return {"kind": "deterministic", "value": f"{minutes} min"}


@pytest.mark.parametrize(
    ("rates", "laws", "staff", "theory", "thousands"),
    [
        ((0.3, 0.3, 0.2), [exponential(1)] * 3, 1, priority_many_staff([0.3, 0.3, 0.2], 1, 1), 40),
        ((0.2, 0.7), [exponential(1)] * 2, 1, priority_many_staff([0.2, 0.7], 1, 1), 100),
        ((1.0, 2.0, 1.5), [exponential(1)] * 3, 5, priority_many_staff([1.0, 2.0, 1.5], 1, 5), 90),
        ((6.0, 12.0), [exponential(1)] * 2, 20, priority_many_staff([6.0, 12.0], 1, 20), 130),
        ((8.0, 40.0), [exponential(1)] * 2, 50, priority_many_staff([8.0, 40.0], 1, 50), 25),
        ((0.3, 0.2), [exponential(1), exponential(2)], 1, priority_general_service([0.3, 0.2], [1, 2], [1, 1]), 30),
        ((0.3, 0.2), [constant(1), constant(2)], 1, priority_general_service([0.3, 0.2], [1, 2], [0, 0]), 20),
    ],
    ids=[
        "three goals, one person",
        "two goals, one person",
        "three goals, team of 5",
        "two goals, team of 20",
        "two goals, team of 50",
        "services of two lengths",
        "constant services of two lengths",
    ],
)
def test_those_with_priority_wait_as_cobham_says(rates, laws, staff, theory, thousands, replicate, verdict):
    # As in M/M/c, exp(-12) is left of an empty start; a low priority waits the longer, the more others go before it.
    load = theory.occupancy
    slowest = 2.0 / (staff * (1 - sqrt(load)) ** 2)
    window = (12 * slowest, 12 * slowest + 1_000 * thousands / sum(rates))
    scenario = priority_line(rates, laws, staff, window, afterwards=30 * slowest)
    samples = replicate(scenario, partial(measured_by_goal, window=window, staff=staff))
    expected = {f"mean wait, goal {number}": wait for number, wait in enumerate(theory.mean_waits, start=1)}
    kinds = laws[0]["kind"]
    case = f"Priority, λ {' + '.join(map(str, rates))}, {kinds} service, c {staff}"
    verdict(case, expected | {"occupancy": load}, samples, load)
