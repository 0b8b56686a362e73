"""One member of staff with services of any law, and queues in which some go first."""

from functools import partial

import polars as pl
import pytest

from sim.theory import pollaczek_khinchine, priority_general_service, priority_many_staff
from tests.verification.phone_lines import average, exponential, joined_within, mean_wait, phone_line, single_call

pytestmark = pytest.mark.slow

# At 80 % load and services of a minute one person's empty start leaves a trace below 1e-5 after this many minutes; in a
# team of c, with the same load for each, everything goes c times as fast.
OPENS = 1_200.0
AFTERWARDS = 900.0  # minutes in which even the last goal is served


def measured(tables, window):
    visits = joined_within(tables, window)
    return {"P(wait)": average(visits, pl.col("waited") > 0), "mean wait": mean_wait(visits)}


def measured_by_goal(tables, window):
    visits = joined_within(tables, window)
    return {f"mean wait, {goal}": mean_wait(seen) for (goal,), seen in visits.group_by("goal")}


@pytest.mark.parametrize(
    ("law", "cv", "window_length"),
    [
        ({"kind": "deterministic", "value": "1 min"}, 0.0, 10_000.0),
        ({"kind": "lognormal", "mean": "1 min", "cv": 1.0}, 1.0, 18_000.0),
        ({"kind": "gamma", "mean": "1 min", "cv": 2**0.5}, 2**0.5, 20_000.0),
    ],
    ids=["deterministic", "lognormal", "gamma"],
)
def test_the_wait_for_one_person_grows_with_the_variance_of_service(law, cv, window_length, replicate, verdict):
    window = (OPENS, OPENS + window_length)
    theory = pollaczek_khinchine(0.8, mean_service_time=1, service_cv=cv)
    scenario = phone_line(0.8, law, 1, window, afterwards=400)
    samples = replicate(scenario, partial(measured, window=window), 40)
    expected = {"P(wait)": theory.occupancy, "mean wait": theory.mean_wait}
    verdict(f"M/G/1, λ 0.8, {law['kind']} service, cv² {cv**2:.0f}", expected, samples)


def priority_line(rates, service_times, staff, window):
    """A phone line for several goals, the first served first."""
    scenario = phone_line(1, exponential(1), staff, window, afterwards=AFTERWARDS / staff)
    scenario["journeys"] = {}
    for number, (rate, service_time) in enumerate(zip(rates, service_times, strict=True), start=1):
        journey = single_call(rate) | {"priority": number}
        journey["steps"]["call"]["service_time"] = service_time
        scenario["journeys"][f"goal {number}"] = journey
    return scenario


@pytest.mark.parametrize(
    ("rates", "laws", "staff", "theory", "window_length"),
    [
        ((0.3, 0.3, 0.2), [exponential(1)] * 3, 1, priority_many_staff([0.3, 0.3, 0.2], 1, 1), 15_000.0),
        (
            (0.3, 0.2),
            [{"kind": "deterministic", "value": "1 min"}, {"kind": "deterministic", "value": "2 min"}],
            1,
            priority_general_service([0.3, 0.2], [1, 2], [0, 0]),
            10_000.0,
        ),
        ((1.0, 2.0, 1.0), [exponential(1)] * 3, 5, priority_many_staff([1.0, 2.0, 1.0], 1, 5), 5_000.0),
    ],
    ids=["three goals, one person", "constant services of two lengths", "three goals, team of 5"],
)
def test_those_with_priority_wait_as_cobham_says(rates, laws, staff, theory, window_length, replicate, verdict):
    opens = OPENS / staff
    window = (opens, opens + window_length)
    samples = replicate(priority_line(rates, laws, staff, window), partial(measured_by_goal, window=window), 40)
    expected = {f"mean wait, goal {number}": wait for number, wait in enumerate(theory.mean_waits, start=1)}
    kinds = laws[0]["kind"]
    verdict(f"Priority, λ {' + '.join(map(str, rates))}, {kinds} service, c {staff}", expected, samples)
