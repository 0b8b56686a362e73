"""How long services take: a law for every touchpoint and, where they differ, goal; the likeliest, its tail checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from calibration.estimate import Estimate, say
from sim.distributions import (
    Deterministic,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Hazard,
    Loglogistic,
    Lognormal,
    Mixture,
    Uniform,
    Weibull,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.hours import Hours
    from calibration.timeline import Timeline

FAMILIES = (Lognormal, Gamma, Weibull, Exponential, Loglogistic)
ENOUGH = 60  # durations for a law of their own
A_NIGHT = 120.0  # closed minutes that nobody works through
A_BLIP = 10 / 60  # services shorter than ten seconds are mistakes of the hand or the machine
MANY_BLIPS = 0.03
MANY = 200  # durations that say where the longest 1 % begin
TAIL = 0.25  # relative error of the 99th percentile beyond which the sample itself is used


@dataclass
class Durations:
    """Service times as they will stand in the scenario.

    Attributes
    ----------
    by_touchpoint
        A law for each.
    by_step
        For (goal, touchpoint) where the goal makes a difference.
    estimates
        Where they came from.
    """

    by_touchpoint: dict[str, Any] = field(default_factory=dict)
    by_step: dict[tuple[str, str], Any] = field(default_factory=dict)
    estimates: list[Estimate] = field(default_factory=list)


def fit(timeline: Timeline, hours: dict[str, Hours]) -> Durations:
    """Fit a law of service time at every touchpoint."""
    served = timeline.contacts.filter(pl.col("started").is_not_null())
    found = Durations()
    for touchpoint in timeline.contacts["touchpoint"].unique(maintain_order=True):
        rows = served.filter(pl.col("touchpoint") == touchpoint)
        if rows.height == 0:
            found.by_touchpoint[touchpoint] = "5 min"
            note = "nobody was ever served here, so this is a guess"
            found.estimates.append(Estimate(f"touchpoints.{touchpoint}.service_time", "5 min", "nothing", 0, note=note))
            continue
        minutes, paused = _working_minutes(rows, hours[touchpoint])
        law, note = choose(minutes)
        if paused:
            note = f"{note}; {paused} services went on after a closed time, which is not counted".strip("; ")
        found.by_touchpoint[touchpoint] = written(law)
        path = f"touchpoints.{touchpoint}.service_time"
        by_goal = _by_goal(rows, minutes, law)
        found.estimates.append(_estimate(path, law, minutes, note, uncertain=not by_goal))
        for goal, (own, n, sample) in by_goal.items():
            found.by_step[goal, touchpoint] = written(own)
            where = f"journeys.{goal}.steps.{touchpoint}.service_time"
            found.estimates.append(_estimate(where, own, sample, f"goals differ here; {n}", uncertain=True))
    return found


def _by_goal(
    rows: pl.DataFrame, minutes: NDArray[np.float64], pooled: Distribution
) -> dict[str, tuple[Distribution, str, NDArray[np.float64]]]:
    """Laws of single goals with their notes and samples, where together they say more than one law for all."""
    goals = rows["goal"].to_numpy()
    names = [goal for goal in dict.fromkeys(goals) if np.sum(goals == goal) >= ENOUGH]
    if len(names) < 2 or isinstance(pooled, Deterministic):
        return {}
    samples = {goal: minutes[goals == goal] for goal in names}
    laws = {goal: (*choose(sample), sample) for goal, sample in samples.items()}
    gain = sum(law.log_likelihood(sample) - pooled.log_likelihood(sample) for law, _, sample in laws.values())
    more = sum(_parameters(law) for law, _, _ in laws.values()) - _parameters(pooled)
    return laws if gain - more > 2 * len(names) + 12 else {}


def _working_minutes(rows: pl.DataFrame, hours: Hours) -> tuple[NDArray[np.float64], int]:
    """Minutes of service, without closed times that it spans as a whole; and how many spanned one."""
    start, end = rows["started"].to_numpy(), rows["ended"].to_numpy()
    minutes, when_open = end - start, hours.open_minutes(start, end)
    # What was taken up as the door closed, and ended when it was open again, has rested in between.
    taken_up = hours.at(start) | (minutes - when_open > A_NIGHT)
    spans = (hours.left(start) < minutes) & hours.at(end) & ~hours.always & taken_up
    worked = np.where(spans, when_open, minutes)
    return np.maximum(worked, 0.5 / 60), int(spans.sum())


def choose(minutes: NDArray[np.float64]) -> tuple[Distribution, str]:
    """Choose a law for durations: the likeliest family, or the sample itself where the family's tail is wrong.

    Returns
    -------
    law, note
        The law, and what a reader should know about it.
    """
    if minutes.size < 5 or np.std(minutes) <= 0.01 * np.mean(minutes):
        return Deterministic.fit(minutes), "always the same" if minutes.size >= 5 else "too few to tell how they vary"
    best = _likeliest(minutes)
    score = _score(best, minutes)
    short = minutes < A_BLIP
    if MANY_BLIPS < short.mean() < 0.5 and _blips_score(minutes, short) < score:
        rest, note = choose(minutes[~short])
        blip = Uniform.model_construct(low=0.0, high=A_BLIP)
        parts = {"blip": (float(short.mean()), blip), "service": (float(1 - short.mean()), rest)}
        law = Mixture.model_validate({"parts": {k: {"p": p, "law": written(each)} for k, (p, each) in parts.items()}})
        return law, f"{short.mean():.1%} last under ten seconds and are kept apart; {note}"
    seen, told = float(np.quantile(minutes, 0.99)), best.quantile(0.99)
    beyond = float(np.sum(minutes > told))
    by_chance = 3 * np.sqrt(0.01 * 0.99 * minutes.size)
    if abs(told - seen) > TAIL * seen and abs(beyond - 0.01 * minutes.size) > by_chance and minutes.size >= MANY:
        note = f"{best.kind} is likeliest but begins the longest 1 % at {told:.3g} min, seen {seen:.3g}; so the sample"
        return Empirical.fit(minutes), note
    return (
        best,
        f"{best.kind} is likeliest of {len(FAMILIES)} families; longest 1 % from {told:.3g} min, seen {seen:.3g} min",
    )


def _likeliest(minutes: NDArray[np.float64]) -> Distribution:
    return min((family.fit(minutes) for family in FAMILIES), key=lambda law: _score(law, minutes))


def _score(law: Distribution, minutes: NDArray[np.float64]) -> float:
    """Akaike's criterion: smaller is likelier."""
    return 2 * _parameters(law) - 2 * law.log_likelihood(minutes)


def _blips_score(minutes: NDArray[np.float64], short: NDArray[np.bool_]) -> float:
    """Akaike's criterion of a share of blips, evenly spread, and the likeliest family beside it."""
    share, rest = float(short.mean()), minutes[~short]
    told = short.sum() * np.log(share / A_BLIP) + rest.size * np.log(1 - share)
    return 2 - 2 * float(told) + _score(_likeliest(rest), rest)


def _parameters(law: Distribution) -> int:
    match law:
        case Exponential() | Deterministic():
            return 1
        case Empirical():
            return len(law.quantiles)
        case Mixture():
            return 1 + sum(_parameters(part.law) for part in law.parts.values())
        case _:
            return 2


def _estimate(path: str, law: Distribution, minutes: NDArray[np.float64], note: str, *, uncertain: bool) -> Estimate:
    error = float(np.std(minutes) / np.sqrt(minutes.size))
    if isinstance(law, Exponential | Gamma | Lognormal):
        mean = written(law)["mean"]
        scale = law.mean / float(mean.split()[0])
        doubt = error / scale
        return Estimate(f"{path}.mean", mean, "services in the log", minutes.size, doubt, uncertain, note, low=0.0)
    return Estimate(path, "", "services in the log", minutes.size, note=note)


def written(law: Distribution) -> Any:
    """A law as it stands in a scenario, with units."""
    match law:
        case Exponential():
            return {"kind": law.kind, "mean": say(law.mean)}
        case Lognormal() | Gamma():
            return {"kind": law.kind, "mean": say(law.mean), "cv": round(law.cv, 4)}
        case Weibull() | Loglogistic():
            return {"kind": law.kind, "median": say(law.median), "shape": round(law.shape, 4)}
        case Deterministic():
            return say(law.value)
        case Uniform():
            return {"kind": law.kind, "low": say(law.low), "high": say(law.high)}
        case Empirical():
            return {"kind": law.kind, "quantiles": {round(p, 4): f"{q:.4g} min" for p, q in law.quantiles.items()}}
        case Hazard():
            return {"kind": law.kind, "rates": {f"{s:.4g} min": f"{r:.4g} / min" for s, r in law.rates.items()}}
        case Mixture():
            parts = {name: {"p": round(part.p, 4), "law": written(part.law)} for name, part in law.parts.items()}
            return {"kind": law.kind, "parts": _adding_up(parts)}


def _adding_up(parts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Parts with rounded shares that add up to one: the largest takes what is missing."""
    largest = max(parts, key=lambda name: parts[name]["p"])
    others = sum(part["p"] for name, part in parts.items() if name != largest)
    return parts | {largest: parts[largest] | {"p": round(1 - others, 6)}}
