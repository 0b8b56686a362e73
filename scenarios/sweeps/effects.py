"""What the points of a sweep say together: response to a lever, interaction of two, and who is beaten by whom.

Everything is a difference from the baseline, paired by replication. Means over points are taken within each
replication first and over replications after, so that what the points share (the same customers, the same luck)
stays in the interval. Of the limits of our data only each point's own are known; in a mean over points they are counted
as if all of them went the same way, which is the most they can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from scipy import stats

from scenarios.compare import BASELINE
from scenarios.intervals import interval
from sim import draws
from sim.kpis import KPIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.sweeps.levers import Lever
    from scenarios.sweeps.results import Results

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

_BINS = 8
_RESAMPLES = 200


class Effect(NamedTuple):
    """A difference and the ends of its interval."""

    value: float
    lower: float
    upper: float

    @property
    def sure(self) -> bool:
        """Whether it can be told apart from nothing."""
        return self.lower > 0 or self.upper < 0


UNKNOWN = Effect(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Paired:
    """Differences of one KPI from the baseline.

    Attributes
    ----------
    kpi
        Of what.
    at
        A row a point, a column a replication; NaN where a point was not lived through.
    doubt
        For each point, standard deviation that the limits of our data give to its difference.
    level
        Of the intervals.
    dust
        Size below which a difference is the last digits of floats.
    """

    kpi: str
    at: Numbers
    doubt: Numbers
    level: float
    dust: float

    def effects(self, rows: Numbers, doubt: Numbers, *, spread: Numbers | float = 0.0, looks: int = 1) -> list[Effect]:
        """Mean of each row with its interval.

        Parameters
        ----------
        rows
            A column a replication.
        doubt
            Standard deviation that the limits of our data can give to each at most. What replications differ by holds
            those too, so that is a limit as well.
        spread
            Half-width that comes from which points the design has.
        looks
            How many intervals are to hold together (Bonferroni).
        """
        level = 1 - (1 - self.level) / max(looks, 1)
        found = interval(rows, None, level)
        wide = _quantile(level, found.n)
        limits = np.minimum(wide * doubt, found.luck * np.sqrt(found.n))
        half = np.sqrt(found.luck**2 + limits**2 + np.square(spread))
        ends = np.stack([found.mean, found.mean - half, found.mean + half], axis=1)
        ends[np.abs(ends).max(axis=1) <= self.dust] = 0.0
        return [Effect(*map(float, row)) for row in ends]


@dataclass(frozen=True)
class Move:
    """How far a lever moves a KPI, from one of its places to another.

    Attributes
    ----------
    lever
        Which.
    start, end
        Places on its axis.
    effect
        Difference between the two.
    rows, doubt, spread
        What that is made of: by replication, and the other parts of its doubt.
    """

    lever: Lever
    start: float
    end: float
    effect: Effect
    rows: Numbers
    doubt: float
    spread: float


@dataclass(frozen=True)
class Response:
    """A KPI's difference from the baseline along a lever.

    Attributes
    ----------
    lever, kpi
        Of what to what.
    line
        Places with their mean and interval, in their order.
    points
        The single points that stand behind.
    move
        How far it moves; None where that cannot be said.
    """

    lever: Lever
    kpi: str
    line: list[tuple[float, Effect]]
    points: list[int]
    move: Move | None


@dataclass(frozen=True)
class Interaction:
    """How two levers act on a KPI together.

    Attributes
    ----------
    first, second
        The levers.
    cells
        Difference from the baseline at each pair of places, over all else.
    share, lower, upper
        Share of the variation between the cells that the levers do not make each for itself, with its interval.
    sure
        Whether any of it can be told apart from luck.
    """

    first: Lever
    second: Lever
    cells: dict[tuple[float, float], Effect]
    share: float
    lower: float
    upper: float
    sure: bool


# ---- differences by replication --------------------------------------------------------------------------------------


def paired(results: Results, kpi: str, points: Sequence[str]) -> Paired:
    """Differences of a KPI at some points, by replication."""
    comparison = results.comparison
    overall = (pl.col("kpi") == kpi) & (pl.col("by") == "all")
    values = comparison.values.filter(overall)
    row = {name: at for at, name in enumerate([BASELINE, *points])}
    at = np.full((len(row), comparison.replications), np.nan)
    kept = values.filter(pl.col("scenario").is_in(list(row)))
    rows = kept["scenario"].replace_strict(row, return_dtype=pl.Int64).to_numpy()
    at[rows, kept["replication"].to_numpy()] = kept["value"].to_numpy()
    told = {each["scenario"]: each for each in comparison.differences.filter(overall).iter_rows(named=True)}
    limits = np.array([told[name]["limits"] for name in points])
    counts = np.array([told[name]["n"] for name in points], dtype=np.int64)
    doubt = np.where(np.isfinite(limits), limits, 0.0) / _quantile(comparison.level, counts)
    known = at[0][np.isfinite(at[0])]
    dust = 1e-12 * abs(float(known.mean())) if len(known) else 0.0
    return Paired(kpi, at[1:] - at[0], doubt, comparison.level, dust)


def _quantile(level: float, n: NDArray[np.int64]) -> Numbers:
    return np.asarray(stats.t.ppf(0.5 + level / 2, np.maximum(n - 1, 1)))


# ---- response to a lever ---------------------------------------------------------------------------------------------


def responses(of: Paired, levers: Sequence[Lever], kind: str) -> list[Response]:
    """How a KPI answers to each lever, by what the design allows to say."""
    if kind == "one_at_a_time":
        return [_alone(of, levers, k) for k in range(len(levers))]
    if kind == "grid":
        return [_averaged(of, levers, k) for k in range(len(levers))]
    return _scattered(of, levers)


def _averaged(of: Paired, levers: Sequence[Lever], k: int) -> Response:
    """Of a grid: the mean over the other levers, over those of their settings at which no value is missing."""
    cells, at = balanced(levers, [k])
    everyone = list(range(len(of.at)))
    if not len(at):
        return Response(levers[k], of.kpi, [], everyone, None)
    rows, doubt = of.at[at].mean(axis=0), of.doubt[at].mean(axis=0)
    places = [place for (place,) in cells]
    line = list(zip(places, of.effects(rows, doubt), strict=True))
    return Response(levers[k], of.kpi, line, everyone, _widest(of, levers, k, places, rows, doubt))


def balanced(levers: Sequence[Lever], chosen: Sequence[int]) -> tuple[list[tuple[float, ...]], Places]:
    """Points at every combination of some levers, a row for each setting of the others at which all are there."""
    cells = list(product(*(sorted(set(levers[k].places)) for k in chosen)))
    groups: dict[tuple[float, ...], dict[tuple[float, ...], int]] = {}
    for point in range(len(levers[0].places)):
        others = tuple(lever.places[point] for k, lever in enumerate(levers) if k not in chosen)
        groups.setdefault(others, {})[tuple(levers[k].places[point] for k in chosen)] = point
    whole = [[group[cell] for cell in cells] for group in groups.values() if len(group) == len(cells)]
    return cells, np.array(whole, dtype=np.int64).reshape(len(whole), len(cells))


def _alone(of: Paired, levers: Sequence[Lever], k: int) -> Response:
    """Of one lever at a time: the points themselves, and today, where nothing differs."""
    lever = levers[k]
    moved = [
        point
        for point, place in enumerate(lever.places)
        if place != lever.today and all(o.places[point] == o.today for o in levers if o is not lever)
    ]
    places = [lever.places[point] for point in moved]
    rows, doubt = of.at[moved], of.doubt[moved]
    if lever.today is not None:
        places.append(lever.today)
        rows, doubt = np.vstack([rows, np.where(np.isnan(of.at[:1]), np.nan, 0.0)]), np.append(doubt, 0.0)
    order = np.argsort(places, kind="stable")
    places, rows, doubt = [places[n] for n in order], rows[order], doubt[order]
    line = list(zip(places, of.effects(rows, doubt), strict=True))
    return Response(lever, of.kpi, line, moved, _widest(of, levers, k, places, rows, doubt))


def _widest(
    of: Paired, levers: Sequence[Lever], k: int, places: Sequence[float], rows: Numbers, doubt: Numbers,
    spread: Numbers | None = None,
) -> Move | None:  # fmt: skip
    """Move between the lowest and the highest mean; its interval allows for every two places of every lever."""
    means = interval(rows, None, of.level).mean
    if np.isfinite(means).sum() < 2:
        return None
    start, end = sorted((int(np.nanargmin(means)), int(np.nanargmax(means))))
    if start == end:
        start, end = 0, len(places) - 1
    apart = 0.0 if spread is None else float(np.hypot(spread[start], spread[end]))
    row, both = rows[end] - rows[start], float(doubt[start] + doubt[end])
    looks = math.comb(len(places), 2) * len(levers)
    (effect,) = of.effects(row[None, :], np.array([both]), spread=apart, looks=looks)
    return Move(levers[k], places[start], places[end], effect, row, both, apart)


def _scattered(of: Paired, levers: Sequence[Lever]) -> list[Response]:
    """Of points that lie everywhere: means of neighbours, the other levers taken out as straight lines would have it.

    Ordinary least squares on all levers within each replication. Beside luck there is what comes from which points the
    design happens to have: the residuals' own spread.
    """
    known = np.flatnonzero(np.isfinite(of.at).sum(axis=1) >= 2)
    at = of.at[known][:, np.isfinite(of.at[known]).all(axis=0)]
    columns = [_columns(lever, known) for lever in levers]
    design = np.hstack([np.ones((len(known), 1)), *columns])
    free = len(known) - design.shape[1]
    if free < 1 or at.shape[1] < 2 or np.linalg.matrix_rank(design) < design.shape[1]:
        return [Response(lever, of.kpi, [], list(map(int, known)), None) for lever in levers]
    slopes = np.linalg.lstsq(design, at, rcond=None)[0]
    left = (at - design @ slopes).mean(axis=1)
    inverse = np.linalg.inv(design.T @ design)
    apart = stats.t.ppf(0.5 + of.level / 2, free) * math.sqrt(left @ left / free)
    first = np.cumsum([1, *(column.shape[1] for column in columns)])
    found = []
    for k, lever in enumerate(levers):
        own = range(first[k], first[k + 1])
        others = [n for n in range(1, design.shape[1]) if n not in own]
        alone = at - design[:, others] @ slopes[others]
        line, move = _neighbours(of, levers, k, known, alone)
        if lever.numeric:
            weights = np.abs((inverse @ design.T)[own[0]])
            doubt, spread = float(weights @ of.doubt[known]), float(apart * math.sqrt(inverse[own[0], own[0]]))
            row = slopes[own[0]]
            (effect,) = of.effects(row[None, :], np.array([doubt]), spread=spread, looks=len(levers))
            ends = [lever.places[point] for point in known]
            move = Move(lever, min(ends), max(ends), effect, row, doubt, spread)
        found.append(Response(lever, of.kpi, line, list(map(int, known)), move))
    return found


def _columns(lever: Lever, known: Places) -> Numbers:
    """A lever in a regression: numbers from lowest to highest as one unit, else a column a place after the first."""
    places = np.array(lever.places)[known]
    if lever.numeric:
        width = float(np.ptp(places)) or 1.0
        return np.asarray((places - places.mean()) / width)[:, None]
    columns = (places[:, None] == np.unique(places)[None, 1:]).astype(float)
    return np.asarray(columns - columns.mean(axis=0))


def _neighbours(
    of: Paired, levers: Sequence[Lever], k: int, known: Places, rows: Numbers
) -> tuple[list[tuple[float, Effect]], Move | None]:
    """Means of points that lie near each other on a lever's axis."""
    places = np.array(levers[k].places)[known]
    distinct = np.unique(places)
    if len(distinct) <= _BINS:
        groups = [np.flatnonzero(places == place) for place in distinct]
    else:
        groups = np.array_split(np.argsort(places, kind="stable"), max(2, min(_BINS, len(known) // 5)))
    middles = [float(places[group].mean()) for group in groups]
    means = np.array([rows[group].mean(axis=0) for group in groups])
    doubt = np.array([of.doubt[known[group]].mean() for group in groups])
    sizes = np.array([len(group) for group in groups])
    own = np.array([rows[group].mean(axis=1).std(ddof=1) if len(group) > 1 else np.nan for group in groups])
    spread = _quantile(of.level, sizes) * own / np.sqrt(sizes)
    line = list(zip(middles, of.effects(means, doubt, spread=spread), strict=True))
    return line, _widest(of, levers, k, middles, means, doubt, spread)


def strongest(of: Paired, moves: Sequence[Move]) -> tuple[list[Move], bool]:
    """Moves, the largest first; and whether the first can be told apart from all others."""
    ordered = sorted(moves, key=lambda move: -abs(move.effect.value))
    first, others = ordered[0], ordered[1:]
    surely = True
    for other in others:
        row = np.sign(first.effect.value) * first.rows - np.sign(other.effect.value) * other.rows
        spread, doubt = math.hypot(first.spread, other.spread), first.doubt + other.doubt
        (lead,) = of.effects(row[None, :], np.array([doubt]), spread=spread, looks=len(others))
        surely = surely and lead.lower > 0
    return ordered, surely


# ---- interactions ----------------------------------------------------------------------------------------------------


def interactions(of: Paired, levers: Sequence[Lever]) -> dict[tuple[int, int], Interaction]:
    """How every two levers of a grid act together, where each meets each."""
    pairs = list(combinations(range(len(levers)), 2))
    found = {}
    for i, j in pairs:
        cells, at = balanced(levers, [i, j])
        if len(at):
            rows, doubt = of.at[at].mean(axis=0), of.doubt[at].mean(axis=0)
            together = rows.reshape(-1, len(set(levers[j].places)), rows.shape[1])
            beyond = (
                together - together.mean(axis=0)[None] - together.mean(axis=1)[:, None] + together.mean(axis=(0, 1))
            ).reshape(rows.shape)
            # Of the limits of our data nothing is known about such a double difference: it is luck only.
            alone = of.effects(beyond, np.zeros(len(beyond)), looks=len(beyond) * len(pairs))
            share, half = _share(beyond, rows - rows.mean(axis=0))
            shown = dict(zip(((a, b) for a, b in cells), of.effects(rows, doubt), strict=True))
            ends = max(share - half, 0.0), min(share + half, 1.0)
            sure = any(effect.sure for effect in alone)
            found[i, j] = Interaction(levers[i], levers[j], shown, share, *ends, sure)
    return found


def _share(part: Numbers, whole: Numbers) -> tuple[float, float]:
    """Share of one sum of squared means in another, and its half-width, by leaving out each replication in turn."""
    known = np.isfinite(whole).all(axis=0)
    part, whole = part[:, known], whole[:, known]
    n = part.shape[1]
    if n < 3:
        return math.nan, math.nan
    share = float(_squares(part) / _squares(whole)) if _squares(whole) > 0 else math.nan
    without = [np.delete(np.arange(n), r) for r in range(n)]
    each = np.array([_squares(part[:, kept]) / (_squares(whole[:, kept]) or math.nan) for kept in without])
    error = math.sqrt((n - 1) / n * float(((each - each.mean()) ** 2).sum()))
    return min(max(share, 0.0), 1.0), float(stats.t.ppf(0.975, n - 1)) * error


def _squares(rows: Numbers) -> float:
    """Sum of squares of the rows' long-run means: products of different replications only, so that luck adds none."""
    n = rows.shape[1]
    return float((rows.sum(axis=1) ** 2 - (rows**2).sum(axis=1)).sum() / (n * (n - 1)))


# ---- trade-offs ------------------------------------------------------------------------------------------------------


def unbeaten(x: Numbers, y: Numbers) -> NDArray[np.bool_]:
    """Whether no other is as good in both and better in one; more is better."""
    order = np.lexsort((-y, -x))
    free = np.ones(len(x), dtype=bool)
    best, at = -math.inf, math.inf
    for n in order:
        free[n] = y[n] > best or (y[n] == best and x[n] == at)
        if y[n] > best:
            best, at = y[n], x[n]
    return free


def beaten_share(first: Paired, second: Paired, seed: int) -> Numbers:
    """Probability that each point is beaten in two KPIs by another one, or by today, as far as luck goes.

    Share of so many new drawings of the replications, with putting back, the same for all points (the bootstrap of
    Efron 1979), in which a point's means are beaten. NaN where a point's replications are fewer than the others'.
    """
    signs = [1.0 if KPIS[of.kpi].better == "more" else -1.0 for of in (first, second)]
    known = np.flatnonzero(np.isfinite(first.at + second.at).sum(axis=1) >= 2)
    share = np.full(len(first.at), np.nan)
    both = first.at[known] + second.at[known]
    whole = np.flatnonzero(np.isfinite(both).all(axis=0))
    if not len(known) or len(whole) < 2:
        return share
    sides = [sign * np.vstack([of.at[known][:, whole], np.zeros(len(whole))])
             for of, sign in zip((first, second), signs, strict=True)]  # fmt: skip
    beaten = np.zeros(len(known) + 1)
    root = draws.fold(draws.fold(0, seed & draws.MASK), draws.name("new drawings of the replications"))
    for b in range(_RESAMPLES):
        key = draws.fold(root, b)
        drawn = [int(draws.unit(draws.fold(key, r)) * len(whole)) for r in range(len(whole))]
        weights = np.bincount(drawn, minlength=len(whole)) / len(whole)
        beaten += ~unbeaten(sides[0] @ weights, sides[1] @ weights)
    share[known] = beaten[:-1] / _RESAMPLES
    return share


def best_by_luck(of: Paired) -> tuple[float, float] | None:
    """What the best-looking point shows on the half of the replications it is chosen on, and on the other half."""
    sign = 1.0 if KPIS[of.kpi].better == "more" else -1.0
    known = of.at[np.isfinite(of.at).sum(axis=1) >= 2]
    known = known[:, np.isfinite(known).all(axis=0)]
    if len(known) < 2 or known.shape[1] < 8:
        return None
    even, odd = known[:, ::2].mean(axis=1), known[:, 1::2].mean(axis=1)
    pairs = [(one[n], other[n]) for one, other in ((even, odd), (odd, even)) for n in [np.argmax(sign * one)]]
    shown, left = np.mean(pairs, axis=0)
    return float(shown), float(left)
