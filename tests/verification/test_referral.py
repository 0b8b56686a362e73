"""Customers who bring customers: a branching process."""

from math import exp

import polars as pl
import pytest

from sim.theory import referral_descendants

pytestmark = pytest.mark.slow

FIRST = 400  # customers, each the root of a tree


def measured(happened):
    tables = happened.tables
    origins = tables.customers["origin"]
    generation = origins.str.count_matches("referred")
    became = tables.customers["joined"].is_not_null()
    assert (tables.customers.filter(pl.col("joined").is_not_null())["left"].is_not_null()).all()  # all trees have ended
    return {
        "prospects": (generation > 0).sum(),
        "customers": became.sum(),
        "brought by the first": (generation == 1).sum(),
        "of the third generation": (generation == 3).sum(),
    }


@pytest.mark.parametrize(("above_rest", "replications"), [(0.0, 1000), (1.5, 300)])
def test_customers_who_bring_customers_grow_as_a_branching_process(above_rest, replications, replicate, verdict):
    referral, hazard, signing, slope = 0.05, 0.12, 0.8, 0.3
    look = {
        "touchpoint": "page",
        "outcomes": {"signed": {"p": signing, "stage": "customer"}, "not": 1 - signing},
        "next": {"signed": {"resolved": 1}, "not": {"give_up": 1}},
    }
    person = {
        "share": 1,
        "satisfaction": {"rest": 5, "terms": {"service": above_rest}},
        "churn": {"base": f"{hazard} / day", "slope": slope / 2, "every": "2 days"},
        "referral": {"journey": "learn", "rate": f"{referral} / day", "slope": slope},
    }
    scenario = {
        "clock": {"start": "2025-01-06", "horizon": "600 days"},
        "population": {"customers": FIRST},
        "personas": {"person": person},
        "touchpoints": {"page": {"channel": "web", "service_time": "0 min"}},
        "journeys": {"learn": {"when": {"arrival": "0 / day"}, "start": {"web": "look"}, "steps": {"look": look}}},
    }
    more = exp(slope * above_rest)
    theory = referral_descendants(referral * more, hazard * exp(-slope / 2 * above_rest), 2.0, signing)
    expected = {
        "prospects": FIRST * theory.prospects,
        "customers": FIRST * theory.customers,
        "brought by the first": FIRST * theory.brought,
        "of the third generation": FIRST * theory.children**2 * theory.brought,
    }
    samples = replicate(scenario, measured, replications)
    verdict(f"Referral, {above_rest:g} points above rest", expected, samples)
