"""Callers who give up and call again."""

from functools import partial

import polars as pl
import pytest

from sim.theory import redial
from tests.verification.phone_lines import average, exponential, joined_within, mean_wait, phone_line

pytestmark = pytest.mark.slow


def measured(tables, window):
    opens, closes = window
    calls = joined_within(tables, window)
    callers = tables.journeys.filter(pl.col("opened").is_between(opens, closes, closed="left"))
    assert not callers["end"].has_nulls()
    return {
        "calls per minute": calls.height / (closes - opens),
        "P(wait)": average(calls, pl.col("waited") > 0),
        "abandonment of calls": average(calls, pl.col("outcome") == "abandoned"),
        "customers never served": average(callers, pl.col("end") == "give_up"),
        "mean wait of calls": mean_wait(calls),
    }


@pytest.mark.parametrize(
    ("rate", "patience", "again", "delay", "window_length"),
    [(4.0, 1.0, 0.6, 10.0, 2_000.0), (5.0, 0.5, 0.8, 2.0, 1_000.0)],
    ids=["some call again", "most call again soon"],
)
def test_callers_who_call_again_swell_the_line(rate, patience, again, delay, window_length, replicate, verdict):
    # Everybody goes on within at most `delay` minutes on average, wherever they are; after thirty times that, the trace
    # of an empty start has gone.
    window = (30 * delay, 30 * delay + window_length)
    scenario = phone_line(rate, exponential(1), 4, window, patience, afterwards=60 * delay)
    scenario["journeys"]["ask"]["steps"]["call"]["next"] = {
        "abandoned": {"call": {"p": again, "after": exponential(delay)}, "give_up": 1 - again}
    }
    theory = redial(rate, 1, 1 / patience, 4, again, 1 / delay)
    expected = {
        "calls per minute": theory.call_rate,
        "P(wait)": theory.wait_probability,
        "abandonment of calls": theory.abandoned,
        "customers never served": theory.lost,
        "mean wait of calls": theory.mean_wait,
    }
    samples = replicate(scenario, partial(measured, window=window), 40)
    verdict(f"Redial, λ {rate:g}, patience {patience:g}, {again:.0%} again after {delay:g}", expected, samples)
