"""The relationship beyond one journey: who stays and what they bring, and what they say of us."""

from functools import partial
from itertools import pairwise
from math import comb, exp, log1p
from statistics import NormalDist

import numpy as np
import pytest
from scipy.special import roots_jacobi

from sim.theory import constant_churn, customer_value, net_promoter_score, shifted_beta_geometric
from sim.units import MINUTES_PER_MONTH as MONTH
from tests.verification.phone_lines import mean, ratio

pytestmark = pytest.mark.slow

# Churn, survival and value --------------------------------------------------------------------------------------------

# People think about leaving once a month, each from a day of their own on. So after the first month as many are left at
# any time as if they left at a constant hazard, and it is from then on that they are counted.
MARGIN, DISCOUNT = 10, 0.01  # EUR a month, and per month


def subscribers(customers, churns, months):
    """People who pay once a month for as long as they stay; shares of them lose so many a month."""
    return {
        "clock": {"start": "2025-01-01", "horizon": f"{months} months", "warmup": "1 month"},
        "population": {"customers": customers},
        "personas": {
            f"kind {number}": {"share": share, "churn": {"base": f"{-log1p(-churn)} / month", "every": "1 month"}}
            for number, (churn, share) in enumerate(churns)
        },
        "touchpoints": {"bill": {"channel": "post", "service_time": 0}},
        "journeys": {
            "pay": {
                "when": {"every": "1 month"},
                "start": {"post": "bill"},
                "steps": {
                    "bill": {"touchpoint": "bill", "outcomes": {"resolved": {"p": 1, "revenue": f"{MARGIN} EUR"}}}
                },
            }
        },
    }


def stays(happened, months):
    """Customers who are there after the first month, and how many months they still stay."""
    left = happened.customers["left"] / MONTH
    there = ~(left < 1)
    return happened.customers[there], np.where(np.isnan(left), months, left)[there] - 1


def worth(periods, discount):
    """Sum of discounted ones over the periods that somebody begins."""
    kept = 1 / (1 + discount)
    return (1 - kept**periods) / (1 - kept)


def measured_stays(happened, months, median_life):
    customers, stay = stays(happened, months)
    begun = np.floor(stay) + 1
    return {
        "there 12 months later": mean(stay > 12),
        "gone within the median life": mean(stay < median_life),
        "months begun": mean(begun),
        "leave per person and month": (float(stay.size), float(stay.sum())),
        "value, first margin now": mean(MARGIN * worth(begun, DISCOUNT)),
        "value, first margin later": mean(MARGIN * (worth(begun, DISCOUNT) - 1)),
        "undiscounted revenue": mean(customers["revenue"]),
    }


@pytest.mark.parametrize(("churn", "customers"), [(0.02, 250), (0.05, 300), (0.1, 500), (0.2, 2_800)])
def test_customers_stay_and_are_worth_what_constant_churn_says(churn, customers, replicate, verdict):
    life, value = constant_churn(churn, periods=12), customer_value(churn, MARGIN, DISCOUNT)
    months = 1 + 16 / life.hazard  # of ten million customers one is left
    expected = {
        "there 12 months later": life.retention,
        "gone within the median life": 0.5,
        "months begun": life.mean_life,
        "leave per person and month": life.hazard,
        "value, first margin now": value.first_margin_now,
        "value, first margin later": value.first_margin_later,
        "undiscounted revenue": MARGIN / life.hazard,
    }
    measure = partial(measured_stays, months=months, median_life=life.median_life)
    verdict(f"Churn of {churn:.0%} a month", expected, replicate(subscribers(customers, [(churn, 1)], months), measure))


YEARLY_DISCOUNT = 0.1  # per period


def measured_cohort(happened, months):
    _, stay = stays(happened, months)
    begun = np.floor(stay) + 1
    samples = {f"there after {t}": mean(stay > t) for t in range(1, 13)}
    samples |= {f"of those, still in {t + 1}": ratio(stay > t + 1, stay > t) for t in range(1, 12)}
    return samples | {"discounted life": mean(worth(begun, YEARLY_DISCOUNT))}


def test_a_cohort_whose_churn_varies_becomes_more_loyal_as_fader_and_hardie_say(replicate, verdict):
    alpha, beta, months = 0.668, 3.806, 121
    # Twelve kinds of people stand for the beta law: the means of all powers of (1 - churn) up to the 23rd are the same
    # (Gauss and Jacobi). More of those are taken who leave before they are counted.
    nodes, weights = roots_jacobi(12, beta - 1, alpha - 1)
    churns = (1 + nodes) / 2
    shares = weights * -np.log1p(-churns) / churns
    kinds = list(zip(churns.tolist(), (shares / shares.sum()).tolist(), strict=True))
    theory = shifted_beta_geometric(alpha, beta, 12, YEARLY_DISCOUNT)
    expected = {f"there after {t}": share for t, share in enumerate(theory.survival, start=1)}
    expected |= {f"of those, still in {t}": share for t, share in list(enumerate(theory.retention_rates, start=1))[1:]}
    expected["discounted life"] = theory.discounted_life
    samples = replicate(subscribers(400, kinds, months), partial(measured_cohort, months=months))
    verdict("Mixed churn, α 0.668, β 3.806", expected, samples)


# Net promoter score ---------------------------------------------------------------------------------------------------

LOYAL = {"level": 50.0}  # everybody answers: all but one in 10^21
EAGER = {"level": -1.0, "better": 0.2, "extreme": 0.3}  # who is pleased, or feels strongly, answers rather


def binomial(n, p):
    return [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def normal(mean, sd):
    edges = [0.0, *(NormalDist(mean, sd).cdf(answer + 0.5) for answer in range(10)), 1.0]
    return [later - earlier for earlier, later in pairwise(edges)]


def survey(outcomes, rest, noise, respond, hour):
    """Visits that leave people with as many points as their outcome says, on top of a resting level, who are asked."""
    return {
        "clock": {"start": "2025-01-06", "horizon": "61 min"},
        "personas": {
            "visitor": {
                "share": 1,
                "satisfaction": {"rest": rest, "end": 1},
                "survey": {"respond": respond, "noise": noise},
            }
        },
        "touchpoints": {"shop": {"channel": "shop", "service_time": 0}},
        "journeys": {
            "visit": {
                "when": {"arrival": f"{hour} / h"},
                "start": {"shop": "visit"},
                "steps": {
                    "visit": {
                        "touchpoint": "shop",
                        "outcomes": outcomes,
                        "next": {name: {"resolved": 1} for name in outcomes},
                    }
                },
            }
        },
    }


def measured_answers(happened, expected):
    answers = happened.journeys[happened.journeys["answered"] == 1]["score"]
    promoters, detractors = answers >= 9, answers <= 6
    points = 100.0 * promoters - 100.0 * detractors
    return {
        "promoters": mean(promoters),
        "detractors": mean(detractors),
        "score": mean(points),
        "variance of an answer": mean((points - expected) ** 2),
    }


SPLIT = [0.3, 0, 0, 0, 0, 0, 0, 0, 0.35, 0, 0.35]


@pytest.mark.parametrize(
    ("shares", "rest", "noise", "respond", "answers"),
    [
        ([1 / 11] * 11, 0, 0, LOYAL, 2_000),
        (SPLIT, 0, 0, LOYAL, 45_000),
        (binomial(10, 0.8), 0, 0, LOYAL, 2_000),
        (normal(8, 2), 8, 2, LOYAL, 4_000),
        (normal(7.5, 1.5), 7.5, 1.5, LOYAL, 2_000),
        ([1 / 11] * 11, 0, 0, EAGER, 20_000),
    ],
    ids=["uniform", "0, 8 and 10", "binomial", "normal 8 2", "normal 7.5 1.5", "uniform, some answer"],
)
def test_the_score_is_that_of_the_law_of_answers(shares, rest, noise, respond, answers, replicate, verdict):
    says = {f"says {points}": {"p": share, "mood": points} for points, share in enumerate(shares) if share > 0}
    outcomes = {"resolved": 1} if noise else says
    if respond is EAGER:
        shares = [share * answered(EAGER, points) for points, share in enumerate(shares)]
        shares = [share / sum(shares) for share in shares]
    theory = net_promoter_score(shares)
    expected = {
        "promoters": theory.promoters,
        "detractors": theory.detractors,
        "variance of an answer": theory.standard_deviation**2,
    }
    if abs(theory.score) > 1e-9:  # of nothing, no error is small
        expected["score"] = theory.score
    scenario = survey(outcomes, rest, noise, respond, answers)
    words = f"NPS {theory.score:.4g}, {'some answer' if respond is EAGER else 'all answer'}"
    verdict(words, expected, replicate(scenario, partial(measured_answers, expected=theory.score)))


def answered(respond, points):
    """Probability of answering: logistic."""
    strength = respond["level"] + respond["better"] * (points - 5) + respond["extreme"] * abs(points - 5)
    return 1 / (1 + exp(-strength))
