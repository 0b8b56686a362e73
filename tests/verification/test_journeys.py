"""Journeys through several touchpoints: a network of queues, a chain of steps, and a change to that chain."""

from functools import partial

import polars as pl
import pytest

from sim.theory import absorbing_journey, jackson_network
from tests.verification.phone_lines import average, exponential, joined_within, mean_wait, round_the_clock

pytestmark = pytest.mark.slow

# A Jackson network ---------------------------------------------------------------------------------------------------

PLACES = ("web", "chat", "phone", "back office")
BEGIN = (0.30, 0.10, 0.15, 0.0)  # journeys per minute
ONWARD = ((0.0, 0.25, 0.15, 0.05), (0.05, 0.0, 0.30, 0.10), (0.10, 0.05, 0.0, 0.30), (0.0, 0.0, 0.20, 0.0))
SERVICE = (1.0, 4.0, 5.0, 10.0)  # minutes
PEOPLE = (1, 2, 2, 2)


def measured_network(tables, window):
    opens, closes = window
    samples = {}
    for (place,), visits in joined_within(tables, window).group_by("touchpoint"):
        samples[f"visits per minute, {place}"] = visits.height / (closes - opens)
        samples[f"P(wait), {place}"] = average(visits, pl.col("waited") > 0)
        samples[f"mean wait, {place}"] = mean_wait(visits)
    journeys = tables.journeys.filter(pl.col("opened").is_between(opens, closes, closed="left"))
    assert not journeys["closed"].has_nulls()
    samples["contacts per journey"] = average(journeys, pl.col("contacts"))
    samples["mean journey time"] = average(journeys, pl.col("closed") - pl.col("opened"))
    return samples


def test_a_network_with_feedback_behaves_as_jackson_says(replicate, verdict):
    # The slowest touchpoint, the back office, forgets an empty start as exp(-t / 105 min).
    window = (1_500.0, 21_500.0)
    steps = {}
    for place, row in zip(PLACES, ONWARD, strict=True):
        onward = {to: p for to, p in zip(PLACES, row, strict=True) if p > 0}
        next_step = {"served": {**onward, "resolved": 1 - sum(row)}}
        steps[place] = {"touchpoint": place, "outcomes": {"served": 1}, "next": next_step}
    begin = {place: rate for place, rate in zip(PLACES, BEGIN, strict=True) if rate > 0}
    scenario = {
        "clock": {"start": "2025-01-06", "horizon": f"{window[1] + 1_500} min"},
        "personas": {"customer": {"share": 1, "start": begin}},
        "touchpoints": {
            place: {"channel": place, "staff": f"{place} team", "service_time": exponential(minutes)}
            for place, minutes in zip(PLACES, SERVICE, strict=True)
        },
        "journeys": {
            "ask": {
                "when": {"arrival": f"{sum(BEGIN)} / min"},
                "start": {place: place for place in begin},
                "steps": steps,
            }
        },
        "staff": {
            f"{place} team": {"shifts": round_the_clock(people)} for place, people in zip(PLACES, PEOPLE, strict=True)
        },
    }
    theory = jackson_network(BEGIN, ONWARD, [1 / minutes for minutes in SERVICE], PEOPLE)
    expected = {
        "contacts per journey": theory.contacts_per_journey,
        "mean journey time": theory.mean_journey_time,
    }
    for place, rate, queue in zip(PLACES, theory.arrival_rates, theory.touchpoints, strict=True):
        expected[f"visits per minute, {place}"] = rate
        expected[f"P(wait), {place}"] = queue.wait_probability
        expected[f"mean wait, {place}"] = queue.mean_wait
    samples = replicate(scenario, partial(measured_network, window=window), 40)
    verdict("Jackson network with feedback", expected, samples)


# A chain of steps ----------------------------------------------------------------------------------------------------

STEPS = ("awareness", "web", "chat", "phone", "checkout")
MOVES = (
    (0.0, 0.6, 0.1, 0.1, 0.0, 0.0, 0.2),
    (0.0, 0.2, 0.15, 0.1, 0.3, 0.0, 0.25),
    (0.0, 0.1, 0.0, 0.3, 0.35, 0.05, 0.2),
    (0.0, 0.05, 0.05, 0.0, 0.5, 0.1, 0.3),
    (0.0, 0.1, 0.05, 0.05, 0.0, 0.7, 0.1),
)
ENDS = ("purchase", "churn")
COST = (0.1, 0.2, 3.0, 6.0, 0.5)
FEWER_CALLS = {"phone": 0.20, "checkout": 0.45}  # after a chat


def chain(begins):
    """A scenario of steps without queues, whose next step depends on the present one alone."""
    return {
        "clock": {"start": "2025-01-06", "horizon": "1200 min"},
        "personas": {"shopper": {"share": 1}},
        "touchpoints": {
            step: {"channel": "shop", "service_time": "1 min", "cost": f"{cost} EUR"}
            for step, cost in zip(STEPS, COST, strict=True)
        },
        "journeys": {
            "shop": {
                "when": {"arrival": "4 / min"},
                "start": {"shop": begins},
                "steps": {
                    step: {
                        "touchpoint": step,
                        "outcomes": {"done": 1},
                        "next": {"done": {to: p for to, p in zip(STEPS + ENDS, row, strict=True) if p > 0}},
                    }
                    for step, row in zip(STEPS, MOVES, strict=True)
                },
                "ends": {"purchase": {"good": True}, "churn": {"good": False}},
            }
        },
        "changes": {
            "better chat": {"set": {f"journeys.shop.steps.chat.next.done.{to}": p for to, p in FEWER_CALLS.items()}}
        },
    }


def chain_theory(rows):
    return absorbing_journey([row[:5] for row in rows], [row[5:] for row in rows], COST)


def measured_chain(tables):
    journeys = tables.journeys.filter(pl.col("opened") < 1_000)
    assert not journeys["end"].has_nulls()
    visits = tables.visits.join(journeys, on=["customer", "journey"], how="semi")
    samples = {f"visits to {step}": visits.filter(touchpoint=step).height / journeys.height for step in STEPS}
    return samples | {
        "P(purchase)": average(journeys, pl.col("end") == "purchase"),
        "steps": average(journeys, pl.col("visits")),
        "variance of the steps": average(journeys, pl.col("visits").cast(float).var()),
        "cost": visits["cost"].sum() / journeys.height,
    }


def test_a_journey_without_queues_is_an_absorbing_chain(replicate, verdict):
    theory = chain_theory(MOVES)
    expected = {f"visits to {step}": mean for step, mean in list(zip(STEPS, theory.visits[0], strict=True))[1:]}
    expected |= {
        "P(purchase)": theory.end_probabilities[0, 0],
        "steps": theory.mean_steps[0],
        "variance of the steps": theory.steps_variance[0],
        "cost": theory.mean_cost[0],
    }
    verdict("Absorbing chain from awareness", expected, replicate(chain("awareness"), measured_chain, 30))


def test_a_change_to_a_chain_makes_the_difference_that_theory_says(replicate, verdict):
    changed = [dict(zip(STEPS + ENDS, row, strict=True)) for row in MOVES]
    changed[STEPS.index("chat")] |= FEWER_CALLS
    before, after = chain_theory(MOVES), chain_theory([list(row.values()) for row in changed])
    chat = STEPS.index("chat")
    expected = {
        "P(purchase)": (after.end_probabilities - before.end_probabilities)[chat, 0],
        "cost": (after.mean_cost - before.mean_cost)[chat],
    }
    baseline = replicate(chain("chat"), measured_chain, 30)
    enacted = replicate(chain("chat") | {"enact": ["better chat"]}, measured_chain, 30)
    samples = [{name: new[name] - old[name] for name in expected} for old, new in zip(baseline, enacted, strict=True)]
    verdict("Absorbing chain from chat, paired difference", expected, samples)
