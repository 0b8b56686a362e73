"""Journeys through several touchpoints: networks of queues, issues that come back, and chains of steps."""

from functools import partial
from math import sqrt

import numpy as np
import pytest

from sim.theory import absorbing_journey, jackson_network, recontact, tandem_sojourn
from tests.sim.test_theory import JACKSON, JACKSON_ROUTING, RECONTACT, numbers, rows
from tests.verification.phone_lines import (
    exponential,
    joined_within,
    mean,
    mean_number,
    occupancy,
    phone_line,
    round_the_clock,
    waits,
)

pytestmark = pytest.mark.slow


def walk(begin, onward, services, people, horizon):
    """A scenario of places that pass customers on: journeys a minute that begin in each, probabilities, minutes."""
    places = list(services)
    steps = {}
    for place, row in zip(places, onward, strict=True):
        next_step = {to: p for to, p in zip(places, row, strict=True) if p > 0} | {"resolved": 1 - sum(row)}
        steps[place] = {"touchpoint": place, "outcomes": {"served": 1}, "next": {"served": next_step}}
    start = {place: rate for place, rate in zip(places, begin, strict=True) if rate > 0}
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{horizon} min"},
        "personas": {"customer": {"share": 1, "start": start}},
        "touchpoints": {
            place: {"channel": place, "staff": f"{place} team", "service_time": exponential(minutes)}
            for place, minutes in services.items()
        },
        "journeys": {
            "ask": {
                "when": {"arrival": f"{sum(begin)} / min"},
                "start": {place: place for place in start},
                "steps": steps,
            }
        },
        "staff": {
            f"{place} team": {"shifts": round_the_clock(number)} for place, number in zip(places, people, strict=True)
        },
    }


# A Jackson network ---------------------------------------------------------------------------------------------------

PLACES = ("web", "chat", "phone", "back office")


def measured_network(happened, window, people):
    opens, closes = window
    samples = {}
    for number, place in enumerate(happened.names.touchpoints):
        visits = happened.visits[happened.visits["touchpoint"] == number]
        waited = waits(visits.within("joined", window))
        samples[f"visits per minute, {place}"] = waited.size / (closes - opens)
        samples[f"P(wait), {place}"] = mean(waited > 0)
        samples[f"mean wait, {place}"] = mean(waited)
        samples[f"mean number there, {place}"] = mean_number(visits["joined"], visits["ended"], window)
        samples[f"occupancy, {place}"] = occupancy(visits, people[number], window)
    journeys = happened.journeys.within("opened", window)
    assert not np.isnan(journeys["closed"]).any()
    open_ones = happened.journeys
    return samples | {
        "contacts per journey": mean(journeys["contacts"]),
        "mean journey time": mean(journeys["closed"] - journeys["opened"]),
        "mean number of open journeys": mean_number(open_ones["opened"], open_ones["closed"], window),
    }


def test_a_network_with_feedback_behaves_as_jackson_says(replicate, verdict):
    begin, service_rates, people = zip(*(numbers(row[:3]) for row in rows(JACKSON)), strict=True)
    people = [int(number) for number in people]
    theory = jackson_network(begin, JACKSON_ROUTING, service_rates, people)
    # The back office, which is busiest and slowest, forgets an empty start as exp(-(√(cμ) - √λ)² t).
    opens = 12 / (sqrt(people[-1] * service_rates[-1]) - sqrt(theory.arrival_rates[-1])) ** 2
    window = (opens, opens + 44_000)
    services = {place: 1 / rate for place, rate in zip(PLACES, service_rates, strict=True)}
    scenario = walk(begin, JACKSON_ROUTING, services, people, window[1] + 1_500)
    expected, busy = {}, {}
    for place, rate, queue in zip(PLACES, theory.arrival_rates, theory.touchpoints, strict=True):
        here = {
            f"visits per minute, {place}": rate,
            f"P(wait), {place}": queue.wait_probability,
            f"mean wait, {place}": queue.mean_wait,
            f"mean number there, {place}": queue.mean_present,
            f"occupancy, {place}": queue.occupancy,
        }
        expected |= here
        busy |= dict.fromkeys(here, queue.occupancy)
    expected |= {
        "contacts per journey": theory.contacts_per_journey,
        "mean journey time": theory.mean_journey_time,
        "mean number of open journeys": theory.mean_open_journeys,
    }
    samples = replicate(scenario, partial(measured_network, window=window, people=people))
    verdict("Jackson network with feedback", expected, samples, busy)


# Two touchpoints in line ---------------------------------------------------------------------------------------------

BEYOND = (5, 10, 20)


def measured_line(happened, window, expected_time):
    journeys = happened.journeys.within("opened", window)
    took = journeys["closed"] - journeys["opened"]
    assert not np.isnan(took).any()
    longer = {f"P(T > {limit} min)": mean(took > limit) for limit in BEYOND}
    return {"mean time": mean(took), "variance of the time": mean((took - expected_time) ** 2)} | longer


def test_the_time_through_two_touchpoints_in_line_has_the_law_that_reich_found(replicate, verdict):
    rate, service_rates = 0.5, (1.0, 0.8)
    law = [tandem_sojourn(rate, service_rates, limit) for limit in BEYOND]
    # The second is busier, at 62.5 %, and forgets an empty start as exp(-(√0.8 - √0.5)² t).
    opens = 12 / (sqrt(service_rates[1]) - sqrt(rate)) ** 2
    window = (opens, opens + 800_000)
    services = {"desk": 1 / service_rates[0], "till": 1 / service_rates[1]}
    scenario = walk((rate, 0), ((0, 1), (0, 0)), services, (1, 1), window[1] + 400)
    expected = {"mean time": law[0].mean, "variance of the time": law[0].variance}
    expected |= {f"P(T > {limit} min)": one.exceeds for limit, one in zip(BEYOND, law, strict=True)}
    samples = replicate(scenario, partial(measured_line, window=window, expected_time=law[0].mean))
    verdict("Tandem M/M/1 → M/M/1, λ 0.5, μ 1 and 0.8", expected, samples)


# Issues that come back -----------------------------------------------------------------------------------------------


def measured_again(happened, window, staff, mean_contacts):
    opens, closes = window
    visits = joined_within(happened, window)
    waited = waits(visits)
    issues = happened.journeys.within("opened", window)
    assert not np.isnan(issues["closed"]).any()
    # Time in contact, by Little: those waiting or served, of the issues that open a minute.
    present = mean_number(happened.visits["joined"], happened.visits["ended"], window)
    return {
        "contacts per minute": waited.size / (closes - opens),
        "share of recontacts": mean(visits["visit"] > 1),
        "contacts per issue": mean(issues["contacts"]),
        "variance of the contacts": mean((issues["contacts"] - mean_contacts) ** 2),
        "P(wait)": mean(waited > 0),
        "mean wait per contact": mean(waited),
        "time in contact per issue": (present * (closes - opens), float(issues["opened"].size)),
        "time to resolution": mean(issues["closed"] - issues["opened"]),
        "occupancy": occupancy(happened.visits, staff, window),
    }


@pytest.mark.parametrize(
    ("parameters", "delay", "thousands"),
    list(
        zip(map(numbers, [*rows(RECONTACT), rows(RECONTACT)[0]]), (0, 0, 0, 0, 20), (44, 40, 40, 40, 44), strict=True)
    ),
    ids=["H1", "H2", "H3", "H4", "H1 after a delay"],
)
def test_issues_come_back_with_the_load_that_feedback_theory_says(parameters, delay, thousands, replicate, verdict):
    new_rate, service_rate, staff, resolution = parameters[:4]
    staff = int(staff)
    theory = recontact(new_rate, service_rate, staff, resolution, delay)
    # As in M/M/c at the rate of all contacts, but what comes back forgets later: by 1 / p, and by the delays between.
    slowest = 1 / (sqrt(staff * service_rate) - sqrt(theory.contact_rate)) ** 2 / resolution + delay / resolution
    window = (12 * slowest, 12 * slowest + 1_000 * thousands / theory.contact_rate)
    scenario = phone_line(new_rate, exponential(1 / service_rate), staff, window, afterwards=40 * slowest)
    step = scenario["journeys"]["ask"]["steps"]["call"]
    step["outcomes"] = {"resolved": resolution, "unresolved": 1 - resolution}
    later = {"after": exponential(delay)} if delay else {}
    step["next"] = {"unresolved": {"call": {"p": 1, **later}}}
    expected = {
        "contacts per minute": theory.contact_rate,
        "share of recontacts": theory.recontact_share,
        "contacts per issue": theory.mean_contacts,
        "variance of the contacts": theory.contacts_variance,
        "P(wait)": theory.queue.wait_probability,
        "mean wait per contact": theory.queue.mean_wait,
        "time in contact per issue": theory.mean_time_in_contact,
        "time to resolution": theory.mean_time_to_resolution,
        "occupancy": theory.queue.occupancy,
    }
    measure = partial(measured_again, window=window, staff=staff, mean_contacts=theory.mean_contacts)
    case = f"Recontact, new λ {new_rate:g}, c {staff}, resolved {resolution:g}, after {delay:g}"
    verdict(case, expected, replicate(scenario, measure), theory.queue.occupancy)


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
SHOPPING = 1_000  # minutes; whoever begins in them has come to an end 200 minutes later


def chain(begins, rate=4):
    """A scenario of steps without queues, whose next step depends on the present one alone."""
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{SHOPPING + 200} min"},
        "personas": {"shopper": {"share": 1}},
        "touchpoints": {
            step: {"channel": "shop", "service_time": "1 min", "cost": f"{cost} EUR"}
            for step, cost in zip(STEPS, COST, strict=True)
        },
        "journeys": {
            "shop": {
                "when": {"arrival": f"{rate} / min"},
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


def measured_chain(happened):
    begun = int((happened.journeys["opened"] < SHOPPING).sum())  # customers are numbered in the order of arriving
    journeys = happened.journeys[happened.journeys["customer"] < begun]
    visits = happened.visits[happened.visits["customer"] < begun]
    steps = journeys["visits"].astype(float)
    samples = {
        f"visits to {name}": (float((visits["touchpoint"] == number).sum()), begun)
        for number, name in enumerate(happened.names.touchpoints)
    }
    samples |= {f"P({end})": mean(journeys["end"] == happened.names.ends.index(end)) for end in ENDS}
    assert samples["P(purchase)"][0] + samples["P(churn)"][0] == begun
    return samples | {
        "steps": mean(steps),
        "variance of the steps": float(steps.var(ddof=1)),
        "cost": (float(visits["cost"].sum()), begun),
    }


@pytest.mark.parametrize("begins", STEPS)
def test_a_journey_without_queues_is_an_absorbing_chain(begins, replicate, verdict):
    theory, first = chain_theory(MOVES), STEPS.index(begins)
    expected = {f"visits to {step}": mean for step, mean in zip(STEPS, theory.visits[first], strict=True) if mean}
    expected |= {f"P({end})": p for end, p in zip(ENDS, theory.end_probabilities[first], strict=True)}
    expected |= {
        "steps": theory.mean_steps[first],
        "variance of the steps": theory.steps_variance[first],
        "cost": theory.mean_cost[first],
    }
    verdict(f"Absorbing chain from {begins}", expected, replicate(chain(begins), measured_chain))


def measured_difference(before, after):
    old, new = measured_chain(before), measured_chain(after)
    return {name: (new[name][0] - old[name][0], old[name][1]) for name in ("P(purchase)", "cost")}


def test_a_change_to_a_chain_makes_the_difference_that_theory_says(replicate, verdict):
    changed = [dict(zip(STEPS + ENDS, row, strict=True)) for row in MOVES]
    changed[STEPS.index("chat")] |= FEWER_CALLS
    before, after = chain_theory(MOVES), chain_theory([list(row.values()) for row in changed])
    expected = {
        "P(purchase)": (after.end_probabilities - before.end_probabilities)[0, 0],
        "cost": (after.mean_cost - before.mean_cost)[0],
    }
    scenarios = [chain("awareness", rate=20), chain("awareness", rate=20) | {"enact": ["better chat"]}]
    verdict("Absorbing chain, paired difference", expected, replicate(scenarios, measured_difference))
