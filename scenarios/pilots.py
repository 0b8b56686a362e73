"""What a test of a pilot's size would have seen: those in it beside all who could have been, in the same world.

Every replication is one such test. So how far its results scatter is seen, and not worked out; and what the change does
to the others, who wait in the same queues, is part of what the test sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import stats

from scenarios.words import ENOUGH_RUNS
from sim.changes import pilot_of
from sim.summaries import OTHERS, PILOT

if TYPE_CHECKING:
    from scenarios.compare import Comparison

KPIS = ("satisfaction", "churn", "completion", "abandonment", "mean_wait", "contacts_per_issue")
POWER = 0.8
SURE = 0.95


@dataclass(frozen=True)
class Tried:
    """What tests of a pilot show of one KPI.

    How far tests scatter is only known from those that were seen, so where the next one ends follows a t law with a
    degree of freedom less than there are tests. Of fewer than `ENOUGH_RUNS` tests that would be a guess, and is left
    unknown.

    Attributes
    ----------
    kpi
        Its name.
    others, pilot
        Means over the tests, of those who could have been in the pilot and are not, and of those who are.
    difference
        Mean of what a test sees: pilot − others.
    tests
        How many were seen.
    lower, upper
        Between which 95 % of such tests end.
    told_apart
        Share of such tests that would tell the difference from nothing, at 95 %; 1 where they do not scatter.
    needed
        How many times as many customers a test would need to tell it apart in 80 % of cases.
    """

    kpi: str
    others: float
    pilot: float
    difference: float
    tests: int
    lower: float = nan
    upper: float = nan
    told_apart: float = nan
    needed: float = nan


def is_pilot(comparison: Comparison, change: str) -> bool:
    """Whether a change, or sum of changes, is on for some customers only."""
    return pilot_of(comparison.models[change]) is not None


def tried(comparison: Comparison, change: str) -> list[Tried]:
    """What tests of a pilot show, KPI by KPI; those that could not be seen in at least two tests are left out."""
    by_arm = comparison.values.filter(scenario=change, by="pilot").filter(pl.col("kpi").is_in(KPIS))
    found = []
    for kpi in KPIS:
        rows = by_arm.filter(kpi=kpi).pivot("group", index="replication", values="value")
        if {PILOT, OTHERS} <= set(rows.columns):
            seen = _tried(kpi, rows[OTHERS].to_numpy(), rows[PILOT].to_numpy())
            found += [seen] if seen is not None else []
    return found


def _tried(kpi: str, others: np.ndarray, pilot: np.ndarray) -> Tried | None:
    known = ~np.isnan(others) & ~np.isnan(pilot)
    n = int(known.sum())
    if n < 2:
        return None
    seen = pilot[known] - others[known]
    mean, spread = float(seen.mean()), float(seen.std(ddof=1))
    found = Tried(kpi, float(others[known].mean()), float(pilot[known].mean()), mean, n)
    if n < ENOUGH_RUNS:
        return found
    law = stats.t(n - 1)
    mark = float(law.ppf((1 + SURE) / 2))
    half = mark * spread * sqrt(1 + 1 / n)
    size = abs(mean) / spread if spread > 0 else (nan if mean == 0 else np.inf)
    told_apart = 0.0 if isnan(size) else float(law.sf(mark - size) + law.cdf(-mark - size))
    needed = float(((mark + law.ppf(POWER)) / size) ** 2) if size > 0 else np.inf
    return replace(found, lower=mean - half, upper=mean + half, told_apart=told_apart, needed=needed)
