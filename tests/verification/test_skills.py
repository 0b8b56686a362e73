"""Two pools, one of which can help the other: the N-model."""

from functools import partial

import polars as pl
import pytest

from sim.theory import n_model
from tests.verification.phone_lines import (
    average,
    exponential,
    joined_within,
    mean_wait,
    phone_line,
    round_the_clock,
    single_call,
)

pytestmark = pytest.mark.slow


def measured(tables, window, staff):
    opens, closes = window
    samples = {}
    for (goal,), calls in joined_within(tables, window).group_by("goal"):
        samples[f"P(wait), {goal}"] = average(calls, pl.col("waited") > 0)
        samples[f"abandonment, {goal}"] = average(calls, pl.col("outcome") == "abandoned")
        samples[f"mean wait, {goal}"] = mean_wait(calls)
    busy = pl.col("ended").fill_null(closes).clip(opens, closes) - pl.col("started").clip(opens, closes)
    for (pool,), served in tables.visits.drop_nulls("started").group_by("pool"):
        samples[f"occupancy, {pool}"] = served.select(busy.sum()).item() / (staff * (closes - opens))
    return samples


def test_a_pool_with_both_skills_helps_the_other_as_the_n_model_says(replicate, verdict):
    # Everybody leaves within a minute on average, waiting or served: after forty the empty start is forgotten.
    window, staff = (40.0, 3_040.0), 2
    scenario = phone_line(1, exponential(1), staff, window)
    scenario["personas"]["caller"]["patience"] = {"phone": exponential(1)}
    scenario["staff"] = {name: {"shifts": round_the_clock(staff)} for name in ("juniors", "seniors")}
    scenario["touchpoints"] = {
        "easy line": {"channel": "phone", "staff": {"juniors": 0, "seniors": 0}, "service_time": exponential(1)},
        "hard line": {"channel": "phone", "staff": "seniors", "service_time": exponential(1)},
    }
    scenario["journeys"] = {goal: single_call(2, f"{goal} line") for goal in ("easy", "hard")}
    theory = n_model((2, 2), (1, 1, 1), (1, 1), (staff, staff))
    expected = {}
    for number, goal in enumerate(("easy", "hard")):
        expected[f"P(wait), {goal}"] = theory.wait_probability[number]
        expected[f"abandonment, {goal}"] = theory.abandoned[number]
        expected[f"mean wait, {goal}"] = theory.mean_wait[number]
    for number, pool in enumerate(("juniors", "seniors")):
        expected[f"occupancy, {pool}"] = theory.occupancy[number]
    samples = replicate(scenario, partial(measured, window=window, staff=staff), 40)
    verdict("N-model, λ 2 + 2, μ 1, θ 1, c 2 + 2", expected, samples)
