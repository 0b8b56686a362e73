"""Two pools, one of which can help the other: the N-model."""

from functools import partial

import pytest

from sim.theory import n_model
from tests.sim.test_theory import N_MODEL, numbers, rows
from tests.verification.phone_lines import (
    exponential,
    joined_within,
    occupancy,
    phone_line,
    ratio,
    round_the_clock,
    single_call,
    waits,
)

pytestmark = pytest.mark.slow

POOLS, GOALS = ("juniors", "seniors"), ("easy", "hard")


def measured(happened, window, staff):
    samples = {}
    calls = joined_within(happened, window)
    waited, abandoned = waits(calls), calls["outcome"] == happened.names.outcomes.index("abandoned")
    for goal in GOALS:
        of_goal = calls["goal"] == happened.names.goals.index(goal)
        samples[f"P(wait), {goal}"] = ratio((waited > 0) & of_goal, of_goal)
        samples[f"abandonment, {goal}"] = ratio(abandoned & of_goal, of_goal)
        samples[f"mean wait, {goal}"] = ratio(waited * of_goal, of_goal)
    for pool, people in zip(POOLS, staff, strict=True):
        visits = happened.visits[happened.visits["pool"] == happened.names.pools.index(pool)]
        samples[f"occupancy, {pool}"] = occupancy(visits, people, window)
    return samples


@pytest.mark.parametrize("parameters", [numbers(row)[:9] for row in rows(N_MODEL)], ids=["L1", "L2", "L3", "L4"])
def test_a_pool_with_both_skills_helps_the_other_as_the_n_model_says(parameters, replicate, verdict):
    rates, reneging_rates = parameters[:2], parameters[5:7]
    services, staff = parameters[2:5], tuple(int(people) for people in parameters[7:9])
    # Everybody leaves within `longest` minutes on average, waiting or served; after thirty times that, the empty start
    # is forgotten.
    longest = 1 / min(*services, *reneging_rates)
    speed = services[1] / services[0]  # of a senior over an easy call, of which a junior's is 1
    window = (30 * longest, 30 * longest + 5_000)
    scenario = phone_line(1, exponential(1), 1, window, afterwards=30 * longest)
    scenario["personas"] = {
        f"{goal} caller": {"share": 0.5, "patience": {"phone": exponential(1 / theta)}}
        for goal, theta in zip(GOALS, reneging_rates, strict=True)
    }
    scenario["staff"] = {pool: {"shifts": round_the_clock(people)} for pool, people in zip(POOLS, staff, strict=True)}
    scenario["staff"]["seniors"]["speed"] = speed
    scenario["touchpoints"] = {
        "easy line": {
            "channel": "phone",
            "staff": dict.fromkeys(POOLS, 0),
            "service_time": exponential(1 / services[0]),
        },
        "hard line": {"channel": "phone", "staff": "seniors", "service_time": exponential(speed / services[2])},
    }
    scenario["journeys"] = {
        goal: single_call(rate, f"{goal} line") | {"who": {"persona": f"{goal} caller"}}
        for goal, rate in zip(GOALS, rates, strict=True)
    }
    theory = n_model(rates, services, reneging_rates, staff)
    expected = {}
    for number, goal in enumerate(GOALS):
        expected[f"P(wait), {goal}"] = theory.wait_probability[number]
        expected[f"abandonment, {goal}"] = theory.abandoned[number]
        expected[f"mean wait, {goal}"] = theory.mean_wait[number]
    for number, pool in enumerate(POOLS):
        expected[f"occupancy, {pool}"] = theory.occupancy[number]
    samples = replicate(scenario, partial(measured, window=window, staff=staff))
    words = " ".join(f"{number:g}" for number in parameters)
    verdict(f"N-model, λ1 λ2 μ11 μ12 μ22 θ1 θ2 c1 c2 {words}", expected, samples)
