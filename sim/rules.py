"""Every decision, each a small pure function of floats: which step, how long, what mood, stay or go.

Choice is written once: the reference engine calls these as Python, a compiled engine compiles them. So they use
nothing but floats, tuples and arrays, scalar `math` and plain loops, and never draw: the uniform is an argument.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

EXPONENTIAL: Final = 0
WEIBULL: Final = 1
LOGNORMAL: Final = 2
LOGLOGISTIC: Final = 3
DETERMINISTIC: Final = 4
UNIFORM: Final = 5
EMPIRICAL: Final = 6
HAZARD: Final = 7
TABLE: Final = 8


THREE_DAYS: Final = 3 * 1440.0  # mean delay until an issue that did not stay resolved comes back
A_YEAR: Final = 365.25 * 1440.0
AN_HOUR: Final = 60.0  # mean delay after opening until those who found it closed try again
MOST_VISITS: Final = 10_000  # in one journey; more of them go round in a circle

_LARGEST: Final = 700.0  # whose exponential is still a number


class Law(NamedTuple):
    """A distribution as an engine reads it: what `quantile` needs, and nothing else.

    Attributes
    ----------
    kind
        One of the constants above.
    a, b
        Two parameters, whose meaning depends on the kind (see `quantile`).
    at, value
        Knots of a tabulated law; empty for laws with a closed inverse.
    """

    kind: int
    a: float
    b: float
    at: tuple[float, ...] = ()
    value: tuple[float, ...] = ()


# Wichura (1988), algorithm AS 241 (PPND16): numerator and denominator, highest power first, for the middle of the
# distribution, its shoulders and its far tails.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080),
    (5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
     5394.1960214247511077, 687.18700749205790830, 42.313330701600911252, 1.0),
)  # fmt: skip
_SHOULDER = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
     3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1.0),
)  # fmt: skip
_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def _polynomial(coefficients: Sequence[float], x: float) -> float:
    """Value of a polynomial of degree 7 (Estrin 1960: halves that a processor works out side by side)."""
    a, b, c, d, e, f, g, h = coefficients
    square = x * x
    return ((a * x + b) * square + (c * x + d)) * (square * square) + ((e * x + f) * square + (g * x + h))


def normal_quantile(u: float) -> float:
    """Inverse of the standard normal distribution function (Wichura 1988, algorithm AS 241)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(_MIDDLE[0], r) / _polynomial(_MIDDLE[1], r)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        z = _polynomial(_SHOULDER[0], r - 1.6) / _polynomial(_SHOULDER[1], r - 1.6)
    else:
        z = _polynomial(_TAIL[0], r - 5.0) / _polynomial(_TAIL[1], r - 5.0)
    return -z if q < 0.0 else z


def uncertain_value(mean: float, sd: float, normal: float, logarithmic: bool) -> float:  # noqa: FBT001 - compiled too
    """Value of a normal, or of a lognormal with the same mean and standard deviation, at a standard normal."""
    if not logarithmic:
        return mean + sd * normal
    sigma = math.sqrt(math.log1p((sd / mean) ** 2))
    return mean * math.exp(sigma * normal - sigma * sigma / 2)


def quantile(law: Law, u: float) -> float:
    """Turn a uniform number into a variate by inversion: the u-quantile of a law."""
    return variate(law.kind, law.a, law.b, law.at, law.value, u)


def variate(kind: int, a: float, b: float, at: Sequence[float], value: Sequence[float], u: float) -> float:
    """u-quantile of a law taken apart, as `Law` names its parts."""
    return closed(kind, a, b, u) if kind < EMPIRICAL else tabulated(kind, a, at, value, u)


def closed(kind: int, a: float, b: float, u: float) -> float:
    """u-quantile of a law that has a closed inverse."""
    if kind == EXPONENTIAL:  # a: mean
        return -a * math.log(1.0 - u)
    if kind == LOGNORMAL:  # a, b: mean and standard deviation of the logarithm
        return math.exp(a + b * normal_quantile(u))
    if kind == DETERMINISTIC:  # a: the value
        return a
    if kind == WEIBULL:  # a: scale, b: 1 / shape
        return a * math.pow(-math.log(1.0 - u), b)
    if kind == LOGLOGISTIC:  # a: median, b: 1 / shape
        return a * math.pow(u / (1.0 - u), b)
    return a + b * u  # uniform; a: low, b: width


def tabulated(kind: int, a: float, at: Sequence[float], value: Sequence[float], u: float) -> float:
    """u-quantile of a law given by knots."""
    if kind == EMPIRICAL:  # at: probabilities, value: quantiles, straight between them
        return interpolate(at, value, u)
    if kind == HAZARD:  # at: cumulative hazard at the starts of the pieces, value: those starts, a: last hazard
        return hazard_quantile(a, at, value, -math.log(1.0 - u))
    return interpolate(at, value, math.log(u / (1.0 - u)))  # at: logits of u, value: quantiles


def interpolate(at: Sequence[float], value: Sequence[float], x: float) -> float:
    """Value at x on the broken line through (at, value), at ascending and bracketing x."""
    i = min(max(bisect_right(at, x) - 1, 0), len(at) - 2)
    return value[i] + (value[i + 1] - value[i]) * (x - at[i]) / (at[i + 1] - at[i])


def hazard_quantile(last: float, at: Sequence[float], value: Sequence[float], hazard: float) -> float:
    """Time at which a piecewise-constant hazard has accumulated to `hazard`; infinite if it never does."""
    i = bisect_right(at, hazard) - 1
    if i < len(at) - 1:
        return value[i] + (value[i + 1] - value[i]) * (hazard - at[i]) / (at[i + 1] - at[i])
    return value[i] + (hazard - at[i]) / last if last > 0.0 else math.inf


def choose(weights: Sequence[float], u: float) -> int:
    """Index chosen by inversion with the given weights, which need not add to one."""
    return chosen(weights, total(weights), u)


def total(weights: Sequence[float]) -> float:
    """Sum of weights, added one by one: the built-in sum rounds otherwise, in some versions of Python."""
    added = 0.0
    for weight in weights:
        added += weight
    return added


def chosen(weights: Sequence[float], together: float, u: float) -> int:
    """Index chosen as by `choose`, where it is known what the weights add up to."""
    remaining, passed = u * together, 0
    for weight in weights:  # to the end: a processor cannot guess where to stop, and guessing wrong takes longer
        remaining -= weight
        passed += remaining >= 0.0
    if passed < len(weights):
        return passed
    last = 0  # of those that can be: rounding has left a hair's breadth behind it
    for i, weight in enumerate(weights):
        if weight > 0.0:
            last = i
    return last


def choose_tilted(weights: Sequence[float], tilts: Sequence[float], difficulty: float, u: float) -> int:
    """Index chosen with weights p·exp(tilt·difficulty): hard issues shun outcomes with a negative tilt."""
    total = 0.0
    for i in range(len(weights)):
        total += tilted(weights[i], tilts[i], difficulty)
    remaining = u * total
    last = 0
    for i in range(len(weights)):
        weight = tilted(weights[i], tilts[i], difficulty)
        if weight > 0.0:
            last = i
            remaining -= weight
            if remaining < 0.0:
                return i
    return last


def tilted(weight: float, tilt: float, difficulty: float) -> float:
    """Weight of an outcome for an issue of the given difficulty."""
    return weight * math.exp(tilt * difficulty)


def slowed(service: float, time: float, difficulty: float) -> float:
    """Service time of an issue of the given difficulty."""
    return service * math.exp(time * difficulty)


def own_speed(cv: float, normal: float) -> float:
    """Speed of a person among others: lognormal with mean 1."""
    variance = math.log1p(cv * cv)
    return math.exp(math.sqrt(variance) * normal - variance / 2)


def divided(service: float, slower: float, others: int) -> float:
    """Service time of a contact whose member of staff holds others besides when it begins."""
    return service * (1.0 + slower * others)


def missed(wait: float, tolerance: float, per_minute: float, cap: float) -> float:
    """Mood lost by waiting beyond a tolerance, or by arriving beyond a promise."""
    beyond = wait - tolerance
    return per_minute * min(beyond, cap) if beyond > 0.0 else 0.0


def felt(term: float, loss_aversion: float) -> float:
    """One mood term as it is felt: losses weigh more."""
    return term * loss_aversion if term < 0.0 else term


def clip(score: float) -> float:
    """Keep a mood or a satisfaction on its scale of 0 to 10."""
    if score < 0.0:
        return 0.0
    if score > 10.0:
        return 10.0
    return score


def experience(lowest: float, last: float, mean: float, peak: float, end: float) -> float:
    """What a journey leaves behind: its worst moment, its end, and the rest (Kahneman's peak–end rule)."""
    return peak * lowest + end * last + (1.0 - peak - end) * mean


def relaxed(satisfaction: float, rest: float, recovery: float, elapsed: float) -> float:
    """Satisfaction after an uneventful time: it returns exponentially to its resting level."""
    if satisfaction == rest:
        return rest
    return rest + (satisfaction - rest) * math.exp(-recovery * elapsed)


def towards(value: float, target: float, share: float) -> float:
    """Move a value a share of the way to a target."""
    return value + share * (target - value)


def come_to_like(liking: float, learns: float, experience: float, satisfaction: float) -> float:
    """Liking of a channel after a journey begun in it: it follows how much better that was than what was felt before.

    It stays within −10 to 10, as far as an experience and a satisfaction can be apart.
    """
    return towards(liking, experience - satisfaction, learns)


def liked(weight: float, strength: float, liking: float) -> float:
    """Weight of a channel for somebody who likes it so much: a logit model of choice (McFadden 1974)."""
    return weight * math.exp(strength * liking)


def standing(weights: Sequence[float], known: Sequence[float]) -> float:
    """Weighted sum of what is known of a customer, by which a list is made; −∞ where something asked for is unknown."""
    together = 0.0
    for i in range(len(weights)):
        if weights[i] != 0.0:
            if math.isnan(known[i]):
                return -math.inf
            together += weights[i] * known[i]
    return together


def term(value: float, per_year: float, growing: float, elapsed: float) -> float:
    """Term of a resting level or of a hazard: a value, and more for each year since joining, for so long at most."""
    return value + per_year * (min(elapsed, growing) / A_YEAR)


def last_before(next_time: float, every: float) -> float:
    """Return when something regular last happened before the start, whose next time may have been before it too."""
    return next_time - every if next_time >= 0 else next_time


def leave_probability(base: float, slope: float, shortfall: float, terms: float, elapsed: float) -> float:
    """Probability of leaving since the last review: hazard base·exp(slope·shortfall + terms), proportional in time."""
    return 1.0 - math.exp(-base * math.exp(min(slope * shortfall + terms, _LARGEST)) * elapsed)


def speak_probability(rate: float, slope: float, shortfall: float, elapsed: float) -> float:
    """Probability of bringing somebody, or keeping somebody away, since the last review; as that of leaving."""
    return leave_probability(rate, slope, shortfall, 0.0, elapsed)


def answer_probability(level: float, better: float, extreme: float, score: float) -> float:
    """Probability of answering a survey: J-shaped in how good, and how far from the middle, things were."""
    return 1.0 / (1.0 + math.exp(min(-(level + better * (score - 5.0) + extreme * abs(score - 5.0)), _LARGEST)))


def given_score(felt_score: float, noise: float, normal: float) -> int:
    """Score a person writes down: what they feel, with noise, rounded half up and kept within 0 to 10."""
    return int(min(max(math.floor(felt_score + noise * normal + 0.5), 0.0), 10.0))
