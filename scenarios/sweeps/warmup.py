"""Whether a warm-up is long enough: where MSER-5 would cut a history that is looked at from its first minute."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenarios import plots, words
from scenarios.assumed import kind_of_run
from sim import draws
from sim.changes import settled
from sim.check import parse
from sim.engines import compiled
from sim.errors import did_you_mean
from sim.kpis import KPIS
from sim.summaries import Tally
from sim.timetable import Run
from sim.units import MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sim.model import Model
    from sim.records import Block

    Numbers = NDArray[np.float64]

BATCH = 5  # observations
FEWEST = 4  # batches
WATCHED = ("experience", "mean_wait", "abandonment", "churn_per_month")


# ---- MSER ------------------------------------------------------------------------------------------------------------


class Cut(NamedTuple):
    """Where a series is best cut.

    Attributes
    ----------
    drop
        How many of its first numbers are dropped.
    mean
        Of the rest.
    statistic
        The squared standard error of that mean, as MSER reckons it.
    settled
        Whether the cut is not the last that was allowed; where it is, the series is too short to tell.
    """

    drop: int
    mean: float
    statistic: float
    settled: bool


def mser(means: ArrayLike) -> Cut:
    """Cut a series where the mean of the rest is known best: argmin over d ≤ n/2 of Σ_{j>d} (z_j − z̄_{>d})² / (n − d)².

    What comes before the cut is more bias than information. The earliest such d is taken.

    Parameters
    ----------
    means
        n numbers, in the order of time.

    Raises
    ------
    ValueError
        If there are fewer than 4, or one is not known.

    Notes
    -----
    K. P. White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69 (1997).
    """
    z = np.asarray(means, dtype=float)
    if len(z) < FEWEST:
        raise ValueError(f"MSER needs {FEWEST} numbers or more, and there are {len(z)}")
    if not np.isfinite(z).all():
        raise ValueError("MSER needs every number, and some are not known")
    first, limit = z[0], len(z) // 2
    z = z - first  # a series that never moves is then exactly 0, also where its mean would be rounded
    statistics = [float(((z[d:] - z[d:].mean()) ** 2).sum()) / (len(z) - d) ** 2 for d in range(limit + 1)]
    drop = int(np.argmin(statistics))
    return Cut(drop, float(first + z[drop:].mean()), statistics[drop], drop < limit)


def mser5(values: ArrayLike) -> Cut:
    """MSER of the means of five values each; `drop` counts values, and those after the last whole five are left out.

    Raises
    ------
    ValueError
        If there are fewer than 20, or one is not known.

    Notes
    -----
    K. P. White, M. J. Cobb and S. C. Spratt, A comparison of five steady-state truncation heuristics for simulation,
    Winter Simulation Conference (2000).
    """
    x = np.asarray(values, dtype=float)
    found = mser(x[: len(x) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1))
    return found._replace(drop=BATCH * found.drop)


# ---- a history from its first minute ---------------------------------------------------------------------------------


class _Windows:
    """Sums of every fifth of a week of a history, from its first minute."""

    def __init__(self, model: Model, world: int = 0) -> None:
        weeks = int(model.clock.horizon / MINUTES_PER_WEEK + 1e-9)
        edges = np.arange(BATCH * weeks + 1) * (MINUTES_PER_WEEK / BATCH)
        spans = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        self.tallies = [Tally(model, span, world) for span in spans]

    def read(self, block: Block) -> None:
        """Add a block, to each window what may concern it."""
        for tally in self.tallies:
            visits = _touching(block.visits, "joined", "ended", tally)
            journeys = _touching(block.journeys, "opened", "closed", tally)
            spells = _touching(block.spells, "since", "until", tally)
            effects = _touching(block.effects, "at", "at", tally)
            held, none = _touching(block.holdings, "since", "until", tally), block.customers[:0]
            part = replace(block, visits=visits, journeys=journeys, customers=none, spells=spells)
            tally.read(replace(part, effects=effects, holdings=held, holders=block.holders[:0]))


def _touching(rows: NDArray[np.void], begins: str, ends: str, tally: Tally) -> NDArray[np.void]:
    """Rows of what was not over before a window, nor began after it."""
    return rows[(rows[begins] <= tally.scheme.end) & ~(rows[ends] < tally.scheme.start)]


def history(model: Model, seed: int, replication: int, kpis: Sequence[str] = WATCHED) -> Numbers:
    """Live through one replication and return KPIs from its first minute on, five times a week.

    Changes that are on are left out: they begin when the warm-up ends, and would look like something that has not
    settled.

    Parameters
    ----------
    model
        A scenario.
    seed, replication
        The draw.
    kpis
        Which; any that make sense by week.

    Returns
    -------
    ndarray
        Shape (KPIs, 5 · weeks), NaN where a KPI has no value; what follows the last whole week is left out.

    Raises
    ------
    ValueError
        For a KPI that there is not, or not by week.
    """
    weekly = [name for name, kpi in KPIS.items() if "week" in kpi.by]
    for kpi in kpis:
        if kpi not in weekly:
            raise ValueError(f"'{kpi}' is not a KPI by week; {did_you_mean(kpi, weekly)}")
    exact = settled(parse({**model.raw, "enact": []}), seed, replication)
    windows = _Windows(exact, draws.world(seed, replication))
    compiled.read_out(exact, seed, replication, [windows], keep=0.0)
    values = [[float(KPIS[kpi].of(sums)[0]) for kpi in kpis] for sums in (t.summary()["all"] for t in windows.tallies)]
    return np.array(values, dtype=float).reshape(-1, len(kpis)).T


# ---- the check -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settling:
    """How one KPI settles.

    Attributes
    ----------
    series, weekly
        Its mean over the replications five times a week, and by week, from the first minute.
    cut
        Where MSER-5 would cut it, in weeks; None where it is too short, or not known in every week.
    bias
        Mean of the weeks after the warm-up less the mean of those after the cut.
    """

    series: Numbers
    weekly: Numbers
    cut: Cut | None
    bias: float


@dataclass(frozen=True)
class WarmupCheck:
    """Whether a warm-up is as long as it has to be.

    Attributes
    ----------
    run
        Which kind of run it is.
    statement
        That, in words.
    warmup
        Weeks, as the scenario states it.
    seed, replications
        Of the histories that were looked at; none where the run is not steady.
    currency
        In which money is told.
    settling
        For each KPI; empty where the run is not steady.
    """

    run: Run
    statement: str
    warmup: float
    seed: int
    replications: int
    currency: str
    settling: dict[str, Settling]

    def enough(self, kpi: str) -> bool | None:
        """Whether the warm-up is at least as long as what MSER-5 would cut; None where that cannot be told."""
        cut = self.settling[kpi].cut
        return None if cut is None or not cut.settled else cut.drop <= self.warmup + 1e-9

    def sentence(self, kpi: str) -> str:
        """Say what was found for a KPI."""
        title, found = words.kpi_title(kpi), self.settling[kpi]
        weeks = len(found.weekly)
        if found.cut is None:
            why = f"{weeks} weeks are too few" if weeks < FEWEST else "it has no value in some weeks"
            return f"{title}: it cannot be told whether it has settled, because {why}."
        if not found.cut.settled:
            return f"{title}: still settling when the run ends, which is too short with {_weeks(weeks)}."
        cut = f"MSER-5 would cut {_weeks(found.cut.drop)}"
        if self.enough(kpi):
            return f"{title}: settled within the warm-up of {_weeks(self.warmup)}; {cut}."
        bias = words.amount(found.bias, KPIS[kpi].unit, self.currency, half=abs(found.bias), difference=True)
        return (
            f"{title}: {cut}, more than the warm-up of {_weeks(self.warmup)}, whose end leaves its mean off by {bias}."
        )

    @property
    def sentences(self) -> list[str]:
        """Which kind of run it is, and what was found for each KPI."""
        return [self.statement, *(self.sentence(kpi) for kpi in self.settling)]


def _weeks(number: float) -> str:
    return "nothing" if number == 0 else words.with_unit(f"{number:.3g}", " weeks")


def warmup_check(model: Model, seed: int, replications: int = 4, kpis: Sequence[str] = WATCHED) -> WarmupCheck:
    """Look at a steady run from its first minute, and at where MSER-5 would cut it.

    A series has five observations a week, so that MSER-5's means of five are whole weeks, and the weekly rhythm is in
    none of them. It is averaged over a few replications. A run that is not steady has no warm-up, and is not looked at.

    Parameters
    ----------
    model
        A scenario; it is looked at without the changes that are on in it.
    seed, replications
        Histories 0, 1, … of this seed.
    kpis
        Which; any that make sense by week.
    """
    steady = model.clock.kind == "steady"
    return judged(model, seed, [history(model, seed, r, kpis) for r in range(replications)] if steady else [], kpis)


def judged(model: Model, seed: int, histories: Sequence[Numbers], kpis: Sequence[str] = WATCHED) -> WarmupCheck:
    """Judge by histories that were lived through already, one for each replication, as `history` gives them."""
    warmup = model.clock.warmup / MINUTES_PER_WEEK
    settling = {}
    if histories:
        known = ~np.isnan(histories)
        series = _mean(np.where(known, histories, 0.0), known, 0)
        settling = {kpi: _settling(own, warmup) for kpi, own in zip(kpis, series, strict=True)}
    return WarmupCheck(
        model.clock.kind, kind_of_run(model), warmup, seed, len(histories), model.currency, settling
    )  # fmt: skip


def _settling(series: Numbers, warmup: float) -> Settling:
    by_week = series.reshape(-1, BATCH)
    known = ~np.isnan(by_week)
    weekly = _mean(np.where(known, by_week, 0.0), known, 1)
    if len(weekly) < FEWEST or np.isnan(weekly).any():
        return Settling(series, weekly, None, math.nan)
    cut = mser(weekly)
    return Settling(series, weekly, cut, float(weekly[math.ceil(warmup - 1e-9) :].mean() - cut.mean))


def _mean(values: Numbers, known: NDArray[np.bool_], axis: int) -> Numbers:
    """Mean of the known values, NaN where there are none."""
    count = known.sum(axis=axis)
    return np.where(count > 0, values.sum(axis=axis) / np.maximum(count, 1), np.nan)


def warmup_plot(check: WarmupCheck) -> str:
    """Draw how each KPI settles, with the warm-up and the cut that MSER-5 would make; nothing for a run without."""
    settling = [
        plots.Settled(
            words.kpi_title(kpi), found.series.tolist(), found.weekly.tolist(),
            found.cut.drop if found.cut is not None else None, *_axis(kpi, found.series, check.currency),
        )
        for kpi, found in check.settling.items()
    ]  # fmt: skip
    return plots.settling_plot("How the run settles", settling, check.warmup) if settling else ""


def _axis(kpi: str, series: Numbers, currency: str) -> tuple[str, plots.Say]:
    """Unit of an axis, and how its numbers are written."""
    largest = float(np.nanmax(np.abs(series), initial=0.0))
    shown = words.scale(KPIS[kpi].unit, currency, largest)
    return shown.word.strip(), words.axis(shown)
