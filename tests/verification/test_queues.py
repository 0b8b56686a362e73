"""Erlang's queues: a team that serves in the order of joining, with patience or without, and with few lines or many.

The sets are those that another program worked out with 40 digits; `tests/sim/test_theory.py` shows that our formulas
give its numbers. Beside each set stands for how many thousand arrivals a replication measures.
"""

from functools import partial
from math import sqrt

import pytest

from sim.theory import erlang_a, erlang_b, erlang_c, limited_lines
from tests.sim.test_theory import ERLANG_A, ERLANG_B, ERLANG_C, LIMITED_LINES, numbers, rows
from tests.verification.phone_lines import (
    exponential,
    joined_within,
    mean,
    mean_in_queue,
    occupancy,
    phone_line,
    ratio,
    served,
    waits,
)

pytestmark = pytest.mark.slow


def sets(table, letter, thousands):
    """Parameters of each set and the length of its window in minutes, named as in A3."""
    parameters = [numbers(row) for row in rows(table)]
    windows = [1_000 * many / row[0] for many, row in zip(thousands, parameters, strict=True)]
    names = [f"{letter}{number}" for number in range(1, len(parameters) + 1)]
    return [pytest.param(*both, id=name) for *both, name in zip(parameters, windows, names, strict=True)]


# Erlang A ------------------------------------------------------------------------------------------------------------

SHORT_PATIENCE = 1 / 4  # of T: abandoning so soon is not counted against the service level


def measured_impatient(happened, window, within, staff):
    visits = joined_within(happened, window)
    waited, answered = waits(visits), served(visits)
    gave_up, in_time = ~answered, waited <= within
    return {
        "P(wait)": mean(waited > 0),
        "abandonment": mean(gave_up),
        "mean wait": mean(waited),
        "mean wait of the served": ratio(waited * answered, answered),
        "mean wait of those who abandon": ratio(waited * gave_up, gave_up),
        "abandoned within T": mean(gave_up & in_time),
        "answered within T / offered": mean(answered & in_time),
        "  / answered": ratio(answered & in_time, answered),
        "  / (offered - abandoned within T)": ratio(answered & in_time, answered | ~in_time),
        "(answered + abandoned within T) / offered": mean(in_time),
        "(… + abandoned within T / 4) / offered": mean(in_time & (answered | (waited <= SHORT_PATIENCE * within))),
        "mean number in queue": mean_in_queue(happened.visits, window),
        "occupancy": occupancy(happened.visits, staff, window),
    }


@pytest.mark.parametrize(
    ("parameters", "window_length"), sets(ERLANG_A, "A", [15, 120, 10, 10, 10, 10, 25, 10, 10, 10, 10, 10])
)
def test_impatient_callers_give_up_as_erlang_a_says(parameters, window_length, replicate, verdict):
    rate, service_rate, reneging_rate, staff, within = parameters[:5]
    staff = int(staff)
    # Whoever is there leaves at a rate of at least 1 / the longer of service and patience, so the bias of an empty
    # start fades at least as fast; after twelve such times it is below 1e-5.
    longest = max(1 / service_rate, 1 / reneging_rate)
    window = (12 * longest, 12 * longest + window_length)
    scenario = phone_line(rate, exponential(1 / service_rate), staff, window, 1 / reneging_rate, 30 * longest)
    theory = erlang_a(rate, service_rate, reneging_rate, staff, within)
    soon = erlang_a(rate, service_rate, reneging_rate, staff, SHORT_PATIENCE * within).abandoned_within
    expected = {
        "P(wait)": theory.wait_probability,
        "abandonment": theory.abandoned,
        "mean wait": theory.mean_wait,
        "mean wait of the served": theory.mean_wait_served,
        "mean wait of those who abandon": theory.mean_wait_abandoned,
        "abandoned within T": theory.abandoned_within,
        "answered within T / offered": theory.service_level,
        "  / answered": theory.service_level_answered,
        "  / (offered - abandoned within T)": theory.service_level_net,
        "(answered + abandoned within T) / offered": theory.service_level_credited,
        "(… + abandoned within T / 4) / offered": theory.service_level + soon,
        "mean number in queue": theory.mean_in_queue,
        "occupancy": theory.occupancy,
    }
    samples = replicate(scenario, partial(measured_impatient, window=window, within=within, staff=staff))
    case = f"Erlang A, λ {rate:g}, μ {service_rate:.3g}, θ {reneging_rate:.3g}, c {staff}, T {within:.3g}"
    verdict(case, expected, samples, theory.occupancy)


# Erlang C ------------------------------------------------------------------------------------------------------------


def measured_patient(happened, window, within, staff):
    visits = joined_within(happened, window)
    waited = waits(visits)
    return {
        "P(wait)": mean(waited > 0),
        "mean wait": mean(waited),
        "mean number in queue": mean_in_queue(happened.visits, window),
        "service level": mean(waited <= within),
        "occupancy": occupancy(happened.visits, staff, window),
    }


@pytest.mark.parametrize(
    ("parameters", "window_length"), sets(ERLANG_C, "C", [12, 80, 80, 30, 60, 60, 150, 400, 75, 60, 130, 90])
)
def test_patient_callers_wait_as_erlang_c_says(parameters, window_length, replicate, verdict):
    rate, service_rate, staff, within = parameters[:4]
    staff = int(staff)
    # From an empty start the bias of M/M/c fades as exp(-(√(cμ) - √λ)² t); after twelve such times it is below 1e-5.
    opens = 12 / (sqrt(staff * service_rate) - sqrt(rate)) ** 2
    window = (opens, opens + window_length)
    theory = erlang_c(rate, service_rate, staff, within)
    expected = {
        "P(wait)": theory.wait_probability,
        "mean wait": theory.mean_wait,
        "mean number in queue": theory.mean_in_queue,
        "service level": theory.service_level,
        "occupancy": theory.occupancy,
    }
    # A wait as long as thirty times 1 / (cμ - λ) has a probability of 1e-13.
    scenario = phone_line(
        rate, exponential(1 / service_rate), staff, window, afterwards=30 / (staff * service_rate - rate)
    )
    samples = replicate(scenario, partial(measured_patient, window=window, within=within, staff=staff))
    case = f"Erlang C, λ {rate:g}, μ {service_rate:.3g}, c {staff}, T {within:.3g}"
    verdict(case, expected, samples, theory.occupancy)


# Erlang B and limited lines ------------------------------------------------------------------------------------------


def measured_lines(happened, window, staff):
    visits = joined_within(happened, window)
    blocked = visits["outcome"] == happened.names.outcomes.index("blocked")
    let_in = visits[~blocked]
    waited = waits(let_in)
    return {
        "P(blocked)": mean(blocked),
        "P(wait) of those let in": mean(waited > 0),
        "mean wait of those let in": mean(waited),
        "mean number in queue": mean_in_queue(happened.visits, window),
        "occupancy": occupancy(happened.visits, staff, window),
    }


@pytest.mark.parametrize(
    ("parameters", "window_length"), sets(ERLANG_B, "B", [10, 10, 10, 40, 10, 25, 25, 80, 10, 170])
)
def test_callers_without_a_queue_are_blocked_as_erlang_b_says(parameters, window_length, replicate, verdict):
    load, staff = parameters[0], int(parameters[1])
    # Services last a minute: of whoever was there, or was not, at the start, exp(-12) is left after twelve.
    window = (12.0, 12.0 + window_length)
    scenario = phone_line(load, exponential(1), staff, window, lines=staff)
    theory = erlang_b(load, staff)
    samples = replicate(scenario, partial(measured_lines, window=window, staff=staff))
    expected = {"P(blocked)": theory.blocked, "occupancy": theory.occupancy}
    verdict(f"Erlang B, a {load:g}, c {staff}", expected, samples, theory.occupancy)


@pytest.mark.parametrize(("parameters", "window_length"), sets(LIMITED_LINES, "K", [10, 10, 15, 10, 70, 10]))
def test_callers_find_limited_lines_as_the_birth_and_death_chain_says(parameters, window_length, replicate, verdict):
    rate, service_rate, staff, lines = parameters[:4]
    staff, lines = int(staff), int(lines)
    # All lines filled empty within lines / (cμ) minutes or so; twenty times that forgets the start.
    opens = 20 * lines / (staff * service_rate)
    window = (opens, opens + window_length)
    theory = limited_lines(rate, service_rate, staff, lines)
    scenario = phone_line(rate, exponential(1 / service_rate), staff, window, afterwards=2 * opens, lines=lines)
    expected = {
        "P(blocked)": theory.blocked,
        "P(wait) of those let in": theory.wait_probability,
        "mean wait of those let in": theory.mean_wait,
        "mean number in queue": theory.mean_in_queue,
        "occupancy": theory.occupancy,
    }
    samples = replicate(scenario, partial(measured_lines, window=window, staff=staff))
    case = f"Limited lines, λ {rate:g}, μ {service_rate:g}, c {staff}, K {lines}"
    verdict(case, expected, samples, theory.occupancy)
