"""Two scenarios see the same luck: how much a paired difference of days is worth beside an independent one.

A day is a queue with callers who come back: M/M/c+M with 3.6 new callers a minute for 600 minutes, services of 6
minutes, 30 people, patience of 10 minutes, and a quarter of the served calling again after an hour on average. It
begins empty; calls that begin after minute 600 are not counted, and what follows only lets those in line be served.

A call's chance has the address (k-th caller to arrive, journey, touchpoint, n-th attempt there, purpose): a caller's
patience, services, and whether and when they call again are the same in both scenarios, whoever else calls. So a change
reaches a caller only through the change itself and through the queue.

How many independent days a paired one is worth is the variance reduction factor (Var A + Var B) / Var(A - B). It is
itself estimated, so what has to exceed 10 is the lower end of a one-sided 95 % interval.
"""

from math import exp, sqrt

import numpy as np
import pytest

from tests.verification.phone_lines import exponential, joined_within, waits

pytestmark = pytest.mark.slow

DAYS = 100
DAY = 600.0  # minutes
STAFF = 30
WAGE = 30.0  # EUR an hour
GOODWILL = 4.0  # EUR for every abandoned call
AT_LEAST = 10.0
METRICS = ("abandonment, %", "mean wait, min", "cost per customer")

CHANGES = {
    "one more person": {"staff.team.shifts.all day.headcount": STAFF + 1},
    "services 3 % shorter": {"touchpoints.phone.service_time.mean": f"{0.97 * 6} min"},
    "recontact 25 → 22 %": {
        "journeys.ask.steps.call.outcomes.resolved": 0.78,
        "journeys.ask.steps.call.outcomes.unresolved": 0.22,
    },
    "2 % of the new deflected": {"journeys.ask.who.share": 0.98},
}
# The same queue in another program, over 400 days: change of each metric, and variance reduction factor.
ELSEWHERE = {
    "one more person": ((-0.8356, 44.65), (-0.0823, 33.02), (+0.0967, 97.95)),
    "services 3 % shorter": ((-0.7453, 39.03), (-0.0733, 34.69), (-0.0376, 110.99)),
    "recontact 25 → 22 %": ((-0.8018, 22.73), (-0.0786, 18.51), (-0.0448, 52.02)),
    "2 % of the new deflected": ((-0.4932, 41.62), (-0.0488, 34.58), (-0.0279, 104.47)),
}

SCENARIO = {
    "clock": {"start": "2025-01-06", "horizon": f"{DAY + 90} min"},
    "personas": {"caller": {"share": 1, "patience": {"phone": exponential(10)}}},
    "touchpoints": {"phone": {"channel": "phone", "staff": "team", "service_time": exponential(6)}},
    "journeys": {
        "ask": {
            "when": {"arrival": f"{3.6 * DAY} / week"},
            "who": {"share": 1},
            "start": {"phone": "call"},
            "steps": {
                "call": {
                    "touchpoint": "phone",
                    "outcomes": {"resolved": 0.75, "unresolved": 0.25},
                    "next": {"unresolved": {"call": {"p": 1, "after": exponential(60)}}},
                }
            },
        }
    },
    "profiles": {"weekly": {"hours": {"mon": {"00:00": 1, "10:00": 0}}}},
    "staff": {"team": {"shifts": {"all day": {"days": "mon", "from": "00:00", "to": "12:00", "headcount": STAFF}}}},
    "changes": {name: {"set": settings} for name, settings in CHANGES.items()},
}


def measured(happened):
    calls = joined_within(happened, (0.0, DAY))
    abandoned = int((calls["outcome"] == happened.names.outcomes.index("abandoned")).sum())
    waited = waits(calls)
    return {
        "abandonment, %": 100 * abandoned / waited.size,
        "mean wait, min": waited.mean(),
        "abandoned": abandoned,
        "customers": happened.customers["customer"].size,  # who arrived, deflected or not
        "calls": waited.size,
    }


def cost_per_customer(day, staff):
    """Wages for ten hours and goodwill for abandoned calls, shared by all who arrived, deflected ones included."""
    return (WAGE * staff * DAY / 60 + GOODWILL * day["abandoned"]) / day["customers"]


def reduction(before, after):
    """Variance of an independent difference over that of the paired one."""
    return (before.var(ddof=1) + after.var(ddof=1)) / (after - before).var(ddof=1)


def reduction_at_least(before, after):
    """Lower end of a one-sided 95 % interval of the variance reduction factor, by the jackknife of its logarithm."""
    n = len(before)
    without = [np.log(reduction(np.delete(before, day), np.delete(after, day))) for day in range(n)]
    error = sqrt((n - 1) * np.var(without))
    return reduction(before, after) * exp(-1.645 * error)


def test_a_paired_day_is_worth_more_than_ten_independent_ones(replicate, report):
    baseline = replicate(SCENARIO, measured, DAYS)
    before = as_arrays(baseline, STAFF)
    lines = [
        f"base day: {before['calls'].mean():.1f} calls, " + ", ".join(f"{m} {before[m].mean():.4f}" for m in METRICS),
        f"{'':42}{'change':>9}{'± se':>8}{'corr.':>7}{'VRF':>7}{'at least':>10}   elsewhere:{'change':>9}{'VRF':>8}",
    ]
    least = {}
    for change, elsewhere in ELSEWHERE.items():
        staff = CHANGES[change].get("staff.team.shifts.all day.headcount", STAFF)
        after = as_arrays(replicate(SCENARIO | {"enact": [change]}, measured, DAYS), staff)
        for metric, (published, published_reduction) in zip(METRICS, elsewhere, strict=True):
            old, new = before[metric], after[metric]
            difference = new - old
            error, correlation = difference.std(ddof=1) / sqrt(DAYS), np.corrcoef(old, new)[0, 1]
            least[change, metric] = reduction_at_least(old, new)
            lines.append(
                f"{change:25}{metric:17}{difference.mean():9.4f}{error:8.4f}{correlation:7.3f}"
                f"{reduction(old, new):7.1f}{least[change, metric]:10.1f}{published:23.4f}{published_reduction:8.1f}"
            )
    report(f"paired days against independent ones, {DAYS} days", lines)
    too_little = {place: low for place, low in least.items() if not low > AT_LEAST}
    assert not too_little, "\n".join(lines)


def as_arrays(days, staff):
    arrays = {name: np.array([day[name] for day in days]) for name in days[0]}
    return arrays | {"cost per customer": np.array([cost_per_customer(day, staff) for day in days])}
