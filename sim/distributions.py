"""How long things take: laws of durations, each with mean, variance, quantile, and a fit where one exists.

A scenario writes `{kind: lognormal, mean: 6.5 min, cv: 0.8}`; every parameter here is in minutes.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from scipy import stats
from scipy.special import expit

from sim import rules, units
from sim.described import Described, Minutes, PerMinute, Share
from sim.rules import Law

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# A law without a closed inverse is tabulated over these logits of u, which reach beyond every uniform a draw can give.
_LOGIT_REACH = 37.0
_FIRST_KNOTS = 1025
_MISSED = 1e-8  # of the mean and of the variance, by the straight line between two knots
_HALVINGS = 16  # at a jump of the quantile no line ever fits
_NEXT_TO_NOTHING = 1e-16  # minutes
_NEVER = 1e30  # minutes; stands for infinity, between which and a number there is no straight line


class _Distribution(Described):
    """A law of durations in minutes."""

    def __hash__(self) -> int:
        """Hash of what is said, which may hold dicts."""
        return hash(repr(self))

    @property
    def variance(self) -> float:
        """Variance, minutes squared; infinite where it is."""
        return float(self._scipy.var())

    @cached_property
    def law(self) -> Law:
        """The law as an engine reads it."""
        raise NotImplementedError

    def quantile(self, u: float) -> float:
        """u-quantile in minutes, 0 < u < 1."""
        return rules.quantile(self.law, u)

    def inverted(self, tail: NDArray[np.float64], lower: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Quantiles in minutes, at probabilities of the lower tail or of the upper."""
        return np.asarray(np.where(lower, self._scipy.ppf(tail), self._scipy.isf(tail)), dtype=float)

    def log_likelihood(self, minutes: ArrayLike, censored: ArrayLike | None = None) -> float:
        """Log-likelihood of durations, some of which may only be known to have been longer.

        Parameters
        ----------
        minutes
            Durations, shape (n,).
        censored
            True where the duration is a lower bound, shape (n,); none by default.
        """
        x = np.asarray(minutes, dtype=float)
        cut = np.zeros(x.shape, dtype=bool) if censored is None else np.asarray(censored, dtype=bool)
        law = self._scipy
        return float(law.logpdf(x[~cut]).sum() + law.logsf(x[cut]).sum())

    def survival(self, minutes: ArrayLike) -> NDArray[np.float64]:
        """Probability of lasting longer, shape of the input."""
        return np.asarray(self._scipy.sf(np.asarray(minutes, dtype=float)), dtype=float)

    @cached_property
    def _scipy(self) -> Any:
        raise NotImplementedError


def _fit_scipy(family: Any, minutes: ArrayLike, censored: ArrayLike | None) -> tuple[float, ...]:
    """Maximum likelihood of a scipy family on the positive half-line; returns its shape and scale."""
    x = np.asarray(minutes, dtype=float)
    if censored is None or not np.any(censored):
        parameters = family.fit(x, floc=0)
    else:
        cut = np.asarray(censored, dtype=bool)
        parameters = family.fit(stats.CensoredData(uncensored=x[~cut], right=x[cut]), floc=0)
    *shape, _, scale = (float(p) for p in parameters)
    return (*shape, scale)


class Exponential(_Distribution):
    """Memoryless: the standard law of service and patience in queueing theory."""

    kind: Literal["exponential"] = "exponential"
    mean: Minutes = Field(gt=0)

    @cached_property
    def law(self) -> Law:
        """Quantile −mean · ln(1 − u)."""
        return Law(rules.EXPONENTIAL, self.mean, 0.0)

    @classmethod
    def fit(cls, minutes: ArrayLike, censored: ArrayLike | None = None) -> Exponential:
        """Maximum likelihood: total time over the number of durations seen to their end."""
        x = np.asarray(minutes, dtype=float)
        seen = x.size if censored is None else int(np.sum(~np.asarray(censored, dtype=bool)))
        return cls.model_construct(mean=float(x.sum()) / max(seen, 1))

    @cached_property
    def _scipy(self) -> Any:
        return stats.expon(scale=self.mean)


class Gamma(_Distribution):
    """Sum-like durations; its inverse has no closed form, so engines read a table of it."""

    kind: Literal["gamma"] = "gamma"
    mean: Minutes = Field(gt=0)
    cv: float = Field(gt=0, description="standard deviation over mean")

    @cached_property
    def law(self) -> Law:
        """Quantile from a table (see `tabulate`)."""
        return tabulate(self)

    @classmethod
    def fit(cls, minutes: ArrayLike, censored: ArrayLike | None = None) -> Gamma:
        """Maximum likelihood, censored durations allowed."""
        shape, scale = _fit_scipy(stats.gamma, minutes, censored)
        return cls.model_construct(mean=shape * scale, cv=1 / math.sqrt(shape))

    @cached_property
    def _scipy(self) -> Any:
        return stats.gamma(1 / self.cv**2, scale=self.mean * self.cv**2)


class Weibull(_Distribution):
    """Hazard that grows (shape above 1) or falls (below 1) as a power of time."""

    kind: Literal["weibull"] = "weibull"
    median: Minutes = Field(gt=0)
    shape: float = Field(gt=0)

    @property
    def scale(self) -> float:
        """Scale in minutes."""
        return self.median / math.pow(math.log(2.0), 1 / self.shape)

    @property
    def mean(self) -> float:
        """Expected value, minutes."""
        return float(self._scipy.mean())

    @cached_property
    def law(self) -> Law:
        """Quantile scale · (−ln(1 − u))^(1 / shape)."""
        return Law(rules.WEIBULL, self.scale, 1 / self.shape)

    @classmethod
    def fit(cls, minutes: ArrayLike, censored: ArrayLike | None = None) -> Weibull:
        """Maximum likelihood, censored durations allowed."""
        shape, scale = _fit_scipy(stats.weibull_min, minutes, censored)
        return cls.model_construct(median=scale * math.log(2.0) ** (1 / shape), shape=shape)

    @cached_property
    def _scipy(self) -> Any:
        return stats.weibull_min(self.shape, scale=self.scale)


class Lognormal(_Distribution):
    """The usual law of talk times: its logarithm is normal."""

    kind: Literal["lognormal"] = "lognormal"
    mean: Minutes = Field(gt=0)
    cv: float = Field(gt=0, description="standard deviation over mean")

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.sqrt(math.log1p(self.cv**2))

    @cached_property
    def law(self) -> Law:
        """Quantile exp(μ + σ·z(u)), z being that of the standard normal."""
        return Law(rules.LOGNORMAL, math.log(self.mean) - self.sigma**2 / 2, self.sigma)

    @classmethod
    def fit(cls, minutes: ArrayLike, censored: ArrayLike | None = None) -> Lognormal:
        """Maximum likelihood, censored durations allowed."""
        sigma, scale = _fit_scipy(stats.lognorm, minutes, censored)
        return cls.model_construct(mean=scale * math.exp(sigma**2 / 2), cv=math.sqrt(math.expm1(sigma**2)))

    @cached_property
    def _scipy(self) -> Any:
        return stats.lognorm(self.sigma, scale=self.mean * math.exp(-(self.sigma**2) / 2))


class Loglogistic(_Distribution):
    """Heavy-tailed, with a hazard that rises and falls: the usual law of patience."""

    kind: Literal["loglogistic"] = "loglogistic"
    median: Minutes = Field(gt=0)
    shape: float = Field(gt=0)

    @property
    def mean(self) -> float:
        """Expected value, minutes; infinite where the shape is 1 or less."""
        return float(self._scipy.mean()) if self.shape > 1 else math.inf

    @property
    def variance(self) -> float:
        """Variance, minutes squared; infinite where the shape is 2 or less."""
        return super().variance if self.shape > 2 else math.inf

    @cached_property
    def law(self) -> Law:
        """Quantile median · (u / (1 − u))^(1 / shape)."""
        return Law(rules.LOGLOGISTIC, self.median, 1 / self.shape)

    @classmethod
    def fit(cls, minutes: ArrayLike, censored: ArrayLike | None = None) -> Loglogistic:
        """Maximum likelihood, censored durations allowed."""
        shape, scale = _fit_scipy(stats.fisk, minutes, censored)
        return cls.model_construct(median=scale, shape=shape)

    @cached_property
    def _scipy(self) -> Any:
        return stats.fisk(self.shape, scale=self.median)


class Deterministic(_Distribution):
    """Always the same."""

    kind: Literal["deterministic"] = "deterministic"
    value: Minutes

    @property
    def mean(self) -> float:
        """The value itself."""
        return self.value

    @property
    def variance(self) -> float:
        """Zero."""
        return 0.0

    @cached_property
    def law(self) -> Law:
        """Quantile: the value, whatever u."""
        return Law(rules.DETERMINISTIC, self.value, 0.0)

    @classmethod
    def fit(cls, minutes: ArrayLike) -> Deterministic:
        """The median."""
        return cls.model_construct(value=float(np.median(np.asarray(minutes, dtype=float))))

    def log_likelihood(self, minutes: ArrayLike, censored: ArrayLike | None = None) -> float:
        """Zero where every duration is the value, and was cut off before it, else minus infinity."""
        x = np.asarray(minutes, dtype=float)
        cut = np.zeros(x.shape, dtype=bool) if censored is None else np.asarray(censored, dtype=bool)
        return 0.0 if np.all(x[~cut] == self.value) and np.all(x[cut] < self.value) else -math.inf

    def survival(self, minutes: ArrayLike) -> NDArray[np.float64]:
        """One before the value, zero from it on."""
        return np.where(np.asarray(minutes, dtype=float) < self.value, 1.0, 0.0)


class Uniform(_Distribution):
    """Anything between two bounds, equally likely."""

    kind: Literal["uniform"] = "uniform"
    low: Minutes
    high: Minutes

    @field_validator("high", mode="after")
    @classmethod
    def _ascending(cls, high: float, info: ValidationInfo) -> float:
        low = info.data.get("low", -1.0)
        if high <= low:
            msg = f"high ({units.say_duration(high)}) is not above low ({units.say_duration(low)})"
            raise ValueError(msg)
        return high

    @property
    def mean(self) -> float:
        """Expected value, minutes."""
        return float(self._scipy.mean())

    @cached_property
    def law(self) -> Law:
        """Quantile low + (high − low)·u."""
        return Law(rules.UNIFORM, self.low, self.high - self.low)

    @classmethod
    def fit(cls, minutes: ArrayLike) -> Uniform:
        """Smallest and largest: the maximum-likelihood bounds."""
        x = np.asarray(minutes, dtype=float)
        return cls.model_construct(low=float(x.min()), high=float(x.max()))

    @cached_property
    def _scipy(self) -> Any:
        return stats.uniform(self.low, self.high - self.low)


class Empirical(_Distribution):
    """A table of quantiles, straight between them: `{0: 0.2 min, 0.5: 4 min, 0.9: 12 min, 1: 45 min}`."""

    kind: Literal["empirical"] = "empirical"
    quantiles: dict[Share, Minutes] = Field(min_length=2)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        at, value = self._knots
        if at[0] != 0 or at[-1] != 1:
            msg = f"quantiles reach from {at[0]:g} to {at[-1]:g}; they should reach from 0 (shortest) to 1 (longest)"
            raise ValueError(msg)
        if any(later < earlier for earlier, later in pairwise(value)):
            msg = "quantiles fall somewhere; a higher share needs a duration at least as long"
            raise ValueError(msg)
        return self

    @property
    def _knots(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        pairs = sorted(self.quantiles.items())
        return tuple(p for p, _ in pairs), tuple(q for _, q in pairs)

    @property
    def mean(self) -> float:
        """Area under the broken line, minutes."""
        at, value = (np.array(knots) for knots in self._knots)
        return float(np.sum(np.diff(at) * (value[1:] + value[:-1]) / 2))

    @property
    def variance(self) -> float:
        """Variance of the broken line, minutes squared."""
        at, value = (np.array(knots) for knots in self._knots)
        square = np.sum(np.diff(at) * (value[1:] ** 2 + value[1:] * value[:-1] + value[:-1] ** 2) / 3)
        return float(square - self.mean**2)

    @cached_property
    def law(self) -> Law:
        """Quantile: the broken line itself."""
        return Law(rules.EMPIRICAL, 0.0, 0.0, *self._knots)

    @classmethod
    def fit(cls, minutes: ArrayLike, knots: int = 51) -> Empirical:
        """Evenly spaced sample quantiles, with the last stretch spaced more finely for the tail."""
        at = np.unique(np.concatenate([np.linspace(0, 1, knots), [0.985, 0.99, 0.995, 0.999]]))
        value = np.quantile(np.asarray(minutes, dtype=float), at)
        return cls.model_construct(quantiles={float(p): float(q) for p, q in zip(at, value, strict=True)})

    def survival(self, minutes: ArrayLike) -> NDArray[np.float64]:
        """One minus the inverse of the broken line."""
        at, value = self._knots
        return np.asarray(1.0 - np.interp(np.asarray(minutes, dtype=float), value, at), dtype=float)

    def log_likelihood(self, minutes: ArrayLike, censored: ArrayLike | None = None) -> float:
        """Log of the slope of the distribution function at each duration, of its tail where censored."""
        at, value = (np.array(knots) for knots in self._knots)
        x = np.asarray(minutes, dtype=float)
        cut = np.zeros(x.shape, dtype=bool) if censored is None else np.asarray(censored, dtype=bool)
        piece = np.clip(np.searchsorted(value, x[~cut], side="right") - 1, 0, len(at) - 2)
        with np.errstate(divide="ignore"):
            return float(np.log(np.diff(at)[piece] / np.diff(value)[piece]).sum() + np.log(self.survival(x[cut])).sum())


class Hazard(_Distribution):
    """Piecewise-constant hazard, keyed by when each begins: `{0 min: 0.2 / min, 1 min: 0.05 / min}`; the last stays."""

    kind: Literal["hazard"] = "hazard"
    rates: dict[Minutes, PerMinute] = Field(min_length=1)

    @model_validator(mode="after")
    def _from_zero(self) -> Self:
        if min(self.rates) != 0:
            msg = f"the first hazard begins at {units.say_duration(min(self.rates))}; it should begin at 0 min"
            raise ValueError(msg)
        return self

    @property
    def _pieces(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Starts of the pieces, their hazards, and the hazard accumulated at each start."""
        starts = np.array(sorted(self.rates))
        hazards = np.array([self.rates[start] for start in starts])
        return starts, hazards, np.concatenate([[0.0], np.cumsum(np.diff(starts) * hazards[:-1])])

    def _moments(self) -> tuple[float, float]:
        """First two moments: E[T] = ∫ S and E[T²] = 2 ∫ t S, piece by piece."""
        starts, hazards, accumulated = self._pieces
        if hazards[-1] == 0:
            return math.inf, math.inf
        first = second = 0.0
        widths = [*np.diff(starts), math.inf]
        for start, hazard, before, width in zip(starts, hazards, accumulated, widths, strict=True):
            survival = math.exp(-before)
            if hazard == 0:
                first += survival * width
                second += survival * ((start + width) ** 2 - start**2)
                continue
            kept = math.exp(-hazard * width)
            first += survival * (1 - kept) / hazard
            tail = 0.0 if kept == 0 else (start + width) * kept
            second += 2 * survival * ((start - tail) / hazard + (1 - kept) / hazard**2)
        return first, second

    @property
    def mean(self) -> float:
        """Expected value, minutes; infinite where the last hazard is 0."""
        return self._moments()[0]

    @property
    def variance(self) -> float:
        """Variance, minutes squared; infinite where the last hazard is 0."""
        first, second = self._moments()
        return second - first**2 if math.isfinite(second) else math.inf

    @cached_property
    def law(self) -> Law:
        """Quantile: where the accumulated hazard reaches −ln(1 − u)."""
        starts, hazards, accumulated = self._pieces
        return Law(rules.HAZARD, float(hazards[-1]), 0.0, tuple(accumulated.tolist()), tuple(starts.tolist()))

    @classmethod
    def fit(cls, minutes: ArrayLike, censored: ArrayLike | None = None, starts: ArrayLike | None = None) -> Hazard:
        """Occurrence over exposure in each piece: the maximum-likelihood hazards.

        Parameters
        ----------
        minutes, censored
            Durations and whether each is only a lower bound, shape (n,).
        starts
            Where the pieces begin, minutes, the first 0; by default eight pieces with as many ends in each.
        """
        x = np.asarray(minutes, dtype=float)
        seen = np.ones(x.shape, dtype=bool) if censored is None else ~np.asarray(censored, dtype=bool)
        if starts is None:
            starts = np.unique(np.concatenate([[0.0], np.quantile(x[seen], np.arange(1, 8) / 8)]))
        begin = np.asarray(starts, dtype=float)
        end = np.append(begin[1:], np.inf)
        exposure = np.clip(np.minimum(x[:, None], end) - begin, 0, None).sum(axis=0)
        ends = np.histogram(x[seen], bins=np.append(begin, np.inf))[0]
        hazards = np.where(exposure > 0, ends / np.where(exposure > 0, exposure, 1.0), 0.0)
        return cls.model_construct(rates={float(s): float(h) for s, h in zip(begin, hazards, strict=True)})

    def survival(self, minutes: ArrayLike) -> NDArray[np.float64]:
        """Exponential of minus the accumulated hazard."""
        starts, hazards, accumulated = self._pieces
        x = np.asarray(minutes, dtype=float)
        piece = np.searchsorted(starts, x, side="right") - 1
        return np.asarray(np.exp(-(accumulated[piece] + hazards[piece] * (x - starts[piece]))), dtype=float)

    def log_likelihood(self, minutes: ArrayLike, censored: ArrayLike | None = None) -> float:
        """Log hazard of those seen to their end, minus the hazard everyone lived through."""
        starts, hazards, _ = self._pieces
        x = np.asarray(minutes, dtype=float)
        seen = np.ones(x.shape, dtype=bool) if censored is None else ~np.asarray(censored, dtype=bool)
        piece = np.searchsorted(starts, x[seen], side="right") - 1
        with np.errstate(divide="ignore"):
            return float(np.log(hazards[piece]).sum() + np.log(self.survival(x)).sum())


class Part(Described):
    """One component of a mixture."""

    p: Share
    law: Distribution


class Mixture(_Distribution):
    """Several kinds of duration mixed: `{parts: {mistaken: {p: 0.06, law: {…}}, normal: {p: 0.94, law: {…}}}}`."""

    kind: Literal["mixture"] = "mixture"
    parts: dict[str, Part] = Field(min_length=1)

    @model_validator(mode="after")
    def _adds_to_one(self) -> Self:
        check_adds_to_one({name: part.p for name, part in self.parts.items()}, "shares of the parts")
        return self

    @property
    def mean(self) -> float:
        """Weighted mean of the parts, minutes."""
        return sum(part.p * part.law.mean for part in self.parts.values())

    @property
    def variance(self) -> float:
        """Weighted variance of the parts plus the variance between them, minutes squared."""
        square = sum(part.p * (part.law.variance + part.law.mean**2) for part in self.parts.values())
        return square - self.mean**2

    @cached_property
    def law(self) -> Law:
        """Quantile from a table (see `tabulate`): the mixed distribution function has no inverse of its own."""
        return tabulate(self)

    def survival(self, minutes: ArrayLike) -> NDArray[np.float64]:
        """Weighted survival of the parts."""
        x = np.asarray(minutes, dtype=float)
        return np.asarray(sum(part.p * part.law.survival(x) for part in self.parts.values()), dtype=float)

    def inverted(self, tail: NDArray[np.float64], lower: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Quantiles in minutes, at probabilities of the lower tail or of the upper: bisected between the parts' own."""
        u = np.clip(np.where(lower, tail, 1.0 - tail), 2.0**-60, 1 - 2.0**-53)
        ends = np.array([[part.law.quantile(float(x)) for x in u] for part in self.parts.values() if part.p > 0])
        low, high = np.minimum(ends.min(axis=0), _NEVER), np.minimum(ends.max(axis=0), _NEVER)
        while np.any(high - low > 1e-12 * high + 1e-15):
            middle = np.where(high > 4 * low, np.sqrt(np.maximum(low, _NEXT_TO_NOTHING) * high), (low + high) / 2)
            longer = self.survival(middle)
            beyond = np.where(lower, 1.0 - longer < tail, longer > tail)
            low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
        return np.asarray(high, dtype=float)

    def log_likelihood(self, minutes: ArrayLike, censored: ArrayLike | None = None) -> float:
        """Log of the weighted likelihoods, duration by duration."""
        x = np.atleast_1d(np.asarray(minutes, dtype=float))
        cut = np.zeros(x.shape, dtype=bool) if censored is None else np.asarray(censored, dtype=bool)
        total = 0.0
        for value, is_cut in zip(x, cut, strict=True):
            parts = [
                math.log(part.p) + part.law.log_likelihood([value], [is_cut] if is_cut else None)
                for part in self.parts.values()
                if part.p > 0
            ]
            total += float(np.logaddexp.reduce(parts))
        return total


def _from_duration(value: object) -> object:
    """A plain duration stands for a fixed one."""
    return {"kind": "deterministic", "value": value} if isinstance(value, str | int | float) else value


Distribution = Annotated[
    Exponential | Gamma | Weibull | Lognormal | Loglogistic | Deterministic | Uniform | Empirical | Hazard | Mixture,
    Field(discriminator="kind"),
    BeforeValidator(_from_duration),
]

Part.model_rebuild()
Mixture.model_rebuild()


@lru_cache(maxsize=64)  # the same law stands in every phase of a scenario, and in the next scenario
def tabulate(distribution: _Distribution) -> Law:
    """Tabulate a law without a closed inverse: a broken line in logit(u).

    Stretches of the line are halved until each misses next to nothing of the mean and of the variance. Together they
    miss less than one in ten thousand of either, for gammas with a coefficient of variation of 0.1 to 10 and for
    mixtures whose parts overlap or lie far apart (shown by the tests).

    """

    def quantiles(logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(distribution.inverted(expit(-np.abs(logits)), logits < 0), _NEVER)

    at = np.linspace(-_LOGIT_REACH, _LOGIT_REACH, _FIRST_KNOTS)
    value = quantiles(at)
    begin, end, first, last = at[:-1], at[1:], value[:-1], value[1:]
    weights = np.where(last < _NEVER, expit(end) - expit(begin), 0.0)
    mean = float(np.average((first + last) / 2, weights=weights))
    variance = float(np.average(((first + last) / 2 - mean) ** 2, weights=weights))
    knots = dict(zip(at.tolist(), value.tolist(), strict=True))
    for _ in range(_HALVINGS):
        middle, straight = (begin + end) / 2, (first + last) / 2
        exact = quantiles(middle)
        missed = (expit(end) - expit(begin)) * np.abs(exact - straight)
        halve = (missed > _MISSED * mean) | (missed * np.abs(straight - mean) > _MISSED * variance)
        if not halve.any():
            break
        middle, exact = middle[halve], exact[halve]
        knots.update(zip(middle.tolist(), exact.tolist(), strict=True))
        begin, end = np.append(begin[halve], middle), np.append(middle, end[halve])
        first, last = np.append(first[halve], exact), np.append(exact, last[halve])
    ordered = sorted(knots.items())
    return Law(rules.TABLE, 0.0, 0.0, tuple(at for at, _ in ordered), tuple(value for _, value in ordered))


def check_adds_to_one(shares: dict[str, float], what: str) -> None:
    """Raise a ValueError that shows the shares where they do not add up to one."""
    total = sum(shares.values())
    if abs(total - 1.0) > 1e-6:
        shown = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        msg = f"{what} add up to {total:.6g}; they should add up to 1 ({shown})"
        raise ValueError(msg)
