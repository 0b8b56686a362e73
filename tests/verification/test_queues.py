"""Erlang's queues: a team that serves in the order of joining, with callers who wait, and callers who give up."""

from functools import partial
from math import sqrt

import polars as pl
import pytest

from sim.theory import erlang_a, erlang_c
from tests.verification.phone_lines import average, exponential, joined_within, mean_wait, phone_line

pytestmark = pytest.mark.slow


def measured(tables, window, within):
    visits = joined_within(tables, window)
    served = pl.col("started").is_not_null()
    return {
        "P(wait)": average(visits, pl.col("waited") > 0),
        "mean wait": mean_wait(visits),
        "service level": average(visits, served & (pl.col("waited") <= within)),
        "abandonment": average(visits, ~served),
        "mean wait of the served": mean_wait(visits.filter(served)),
    }


@pytest.mark.parametrize(
    ("rate", "staff", "window_length"), [(4.0, 5, 6_000.0), (8.0, 10, 3_000.0)], ids=["team of 5", "team of 10"]
)
def test_patient_callers_wait_as_erlang_c_says(rate, staff, window_length, replicate, verdict):
    # From an empty start the bias of M/M/c fades as exp(-(√(cμ) - √λ)² t); after twelve such times it is below 1e-5.
    opens = 12 / (sqrt(staff) - sqrt(rate)) ** 2
    window = (opens, opens + window_length)
    theory = erlang_c(rate, service_rate=1, staff=staff, within=1)
    samples = replicate(phone_line(rate, exponential(1), staff, window), partial(measured, window=window, within=1), 40)
    expected = {
        "P(wait)": theory.wait_probability,
        "mean wait": theory.mean_wait,
        "service level": theory.service_level,
    }
    verdict(f"Erlang C, λ {rate:g}, μ 1, c {staff}", expected, samples)


@pytest.mark.parametrize(
    ("rate", "service", "patience", "staff", "window_length"),
    [(2.0, 4.0, 10.0, 10, 7_000.0), (5.0, 6.0, 1.5, 30, 1_800.0)],
    ids=["patient team of 10", "impatient team of 30"],
)
def test_impatient_callers_give_up_as_erlang_a_says(rate, service, patience, staff, window_length, replicate, verdict):
    # Whoever is there leaves at a rate of at least 1 / the longer of service and patience, so the bias of an empty
    # start fades at least as fast; after twelve such times it is below 1e-5.
    opens = 12 * max(service, patience)
    window = (opens, opens + window_length)
    theory = erlang_a(rate, 1 / service, 1 / patience, staff, within=1 / 3)
    scenario = phone_line(rate, exponential(service), staff, window, patience)
    samples = replicate(scenario, partial(measured, window=window, within=1 / 3), 40)
    expected = {
        "P(wait)": theory.wait_probability,
        "abandonment": theory.abandoned,
        "mean wait": theory.mean_wait,
        "mean wait of the served": theory.mean_wait_served,
        "service level": theory.service_level,
    }
    verdict(f"Erlang A, λ {rate:g}, service {service:g}, patience {patience:g}, c {staff}", expected, samples)
