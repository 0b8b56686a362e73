"""Who leaves: the hazard of leaving by persona, and by how far satisfaction has fallen below rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from scipy.stats import chi2

from calibration.estimate import Estimate
from calibration.timeline import EVERYBODY
from sim import units
from sim.units import MINUTES_PER_WEEK

if TYPE_CHECKING:
    from calibration.satisfaction import Feelings
    from calibration.timeline import Timeline

SETTLING = 6 * MINUTES_PER_WEEK  # until those with an unknown history have one that the log knows
FEW = 20  # leavers for a slope
FINE = 0.05  # shortfalls are rounded to this before weeks are counted
GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples spread evenly over the week
RECORDS = "customer records, the weeks before each left"
CAUSE = (
    "experience was not randomised: those who met more trouble may differ in other ways; and what they felt is "
    "reconstructed, not observed, which flattens the slope"
)


class _Effect(NamedTuple):
    """A number with its standard error and what to know about it."""

    value: float
    error: float
    note: str


def fit(timeline: Timeline, feelings: Feelings) -> list[Estimate]:
    r"""Fit contractual churn as the model has it: a review a week, with hazard base·exp(slope·shortfall) of leaving.

    A customer's weeks end at a point of the week of their own: for leavers at the moment they left, for the others, of
    whom the log does not tell it, at any. The shortfall, resting level less satisfaction, is taken at that moment from
    journeys that had closed by then, so that nothing later enters. A binomial regression over these weeks with a
    complementary log-log link,

    .. math:: -\ln(1 - p) = \text{base}_\text{persona} \cdot e^{\text{slope} \cdot \text{shortfall}} \cdot \text{week},

    gives the base of each persona, and one slope, or one for each where that is clearly better (BIC).
    Customers count from joining (left truncation), those whom the log found there only once it has a history of them.

    Returns
    -------
    list of Estimate
        Empty where the log does not say who left; without surveys a constant base alone.
    """
    leavers = timeline.customers.filter(pl.col("left").is_between(0, timeline.end, closed="left")).height
    if not leavers:
        return []
    if not feelings.surveyed or leavers < FEW:
        return _constant(timeline)
    settled = min(SETTLING, timeline.end / 4)
    weeks = _weeks(timeline, settled)
    rest = {persona: feelings.satisfaction(persona).rest for persona in timeline.personas}
    shortfall = pl.col("persona").replace_strict(rest, return_dtype=pl.Float64) - pl.col("satisfaction")
    counts = (
        weeks.with_columns(feelings.at(weeks))
        .group_by("persona", ((shortfall / FINE).round() * FINE).alias("shortfall"))
        .agg(pl.len().alias("weeks"), pl.col("left").sum())
        .sort("persona", "shortfall")
    )
    left = {str(persona): int(n) for persona, n in counts.group_by("persona").agg(pl.col("left").sum()).iter_rows()}
    if sum(left.values()) < FEW or counts["shortfall"].n_unique() < 2:
        return _constant(timeline)
    base, slope = _regression(counts.filter(pl.col("persona").is_in([name for name, n in left.items() if n])))
    note = f"from week {settled / MINUTES_PER_WEEK:.2g} on for those whom the log found as customers; {CAUSE}"
    estimates = []
    stands: dict[_Effect, str] = {}  # where a slope stands first
    for persona in timeline.personas:
        own = base.get(persona) or _nobody(float(counts.filter(pl.col("persona") == persona)["weeks"].sum()))
        estimates.append(_base(persona, own, left.get(persona, 0)))
        steep = slope.get(persona, slope[EVERYBODY])
        n = left[persona] if persona in slope else sum(left.values())
        path, value = f"personas.{persona}.churn.slope", units.yaml_number(steep.value)
        shared = stands.setdefault(steep, path)
        about = f"{steep.note}; {note}"
        estimates.append(Estimate(path, value, RECORDS, n, steep.error, uncertain=True, note=about, shared=shared))
    return estimates


def _weeks(timeline: Timeline, settled: float) -> pl.DataFrame:
    """Every full week of every customer: ``customer``, ``persona``, ``at`` its end, and whether they ``left`` then."""
    end, joined = timeline.end, pl.col("joined").fill_null(0.0)
    leaves = (pl.col("left") < end).fill_null(value=False)
    somewhere = end - (pl.int_range(pl.len()) * GOLDEN) % 1.0 * MINUTES_PER_WEEK
    spans = timeline.customers.sort("customer").with_columns(
        pl.when(joined > 0).then(joined).otherwise(settled).alias("from"),
        pl.when(leaves).then("left").otherwise(somewhere).alias("last"),
        leaves.alias("leaves"),
    )
    full = ((pl.col("last") - pl.col("from")) / MINUTES_PER_WEEK).floor().clip(0).cast(pl.Int64)
    earlier = pl.int_ranges(0, full)
    weeks = spans.select("customer", "persona", "last", "leaves", earlier.alias("earlier")).explode("earlier")
    return weeks.drop_nulls("earlier").select(
        "customer",
        "persona",
        (pl.col("last") - pl.col("earlier") * MINUTES_PER_WEEK).alias("at"),
        (pl.col("leaves") & (pl.col("earlier") == 0)).alias("left"),
    )


def _regression(counts: pl.DataFrame) -> tuple[dict[str, _Effect], dict[str, _Effect]]:
    """Base of each persona, and the slope of everybody, or of each where they differ."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.families.links import CLogLog
    from statsmodels.genmod.generalized_linear_model import GLM

    personas = counts["persona"].unique().sort().to_list()
    belongs = np.stack([(counts["persona"] == name).to_numpy() for name in personas], axis=1).astype(np.float64)
    shortfall = counts["shortfall"].to_numpy()[:, None]
    ends = counts.select("left", pl.col("weeks") - pl.col("left").cast(pl.Int64)).to_numpy().astype(np.float64)

    def fitted(slopes: np.ndarray) -> GLM:
        return GLM(ends, np.hstack([belongs, slopes]), family=Binomial(CLogLog())).fit()

    one, own = fitted(shortfall), fitted(belongs * shortfall)
    several = own.llf - one.llf > (len(personas) - 1) / 2 * math.log(counts["left"].sum())
    best = own if several else one
    values, errors = best.params.tolist(), best.bse.tolist()
    size = len(personas)
    base = {
        name: _Effect(math.exp(value), math.exp(value) * error, "")
        for name, value, error in zip(personas, values[:size], errors[:size], strict=True)
    }
    why = "personas differ in it" if several else "common to all personas"
    slopes = [_Effect(value, error, why) for value, error in zip(values[size:], errors[size:], strict=True)]
    slope = dict(zip(personas if several else [EVERYBODY], slopes, strict=True))
    return base, {EVERYBODY: slopes[0]} | slope


def _constant(timeline: Timeline) -> list[Estimate]:
    """A constant hazard for each persona, from everybody's time as a customer."""
    end = timeline.end
    spans = timeline.customers.select(
        "persona",
        (pl.col("left") < end).fill_null(value=False).alias("left"),
        (pl.col("left").fill_null(end).clip(0, end) - pl.col("joined").fill_null(0).clip(0, end)).alias("minutes"),
    )
    estimates = []
    for persona in timeline.personas:
        own = spans.filter(pl.col("persona") == persona)
        n, weeks = int(own["left"].sum()), float(own["minutes"].sum()) / MINUTES_PER_WEEK
        if weeks == 0:
            continue
        low, high = _poisson(n, weeks)
        note = f"constant, without surveys or with few leavers; exactly {low:.3g} to {high:.3g} / week (95 %, Poisson)"
        estimates.append(_base(persona, _Effect(n / weeks, math.sqrt(max(n, 1)) / weeks, note), n))
    return estimates


def _poisson(n: int, weeks: float) -> tuple[float, float]:
    """95 % interval of a rate from a count (Garwood 1936)."""
    low = float(chi2.ppf(0.025, 2 * n)) / 2 / weeks if n else 0.0
    return low, float(chi2.ppf(0.975, 2 * n + 2)) / 2 / weeks


def _nobody(weeks: float) -> _Effect:
    """The base of a persona of whom nobody left."""
    note = f"nobody left in {weeks:.0f} weeks of customers; up to {_poisson(0, max(weeks, 1))[1]:.2g} / week would fit"
    return _Effect(0.0, math.nan, note)


def _base(persona: str, effect: _Effect, n: int) -> Estimate:
    value = f"{effect.value:.4g} / week"
    path = f"personas.{persona}.churn.base"
    return Estimate(path, value, RECORDS, n, effect.error, uncertain=True, note=effect.note, low=0.0)
