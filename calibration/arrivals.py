"""How often people need something, when, and what those do who find it closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import optimize, stats

from calibration.estimate import Estimate
from calibration.hours import QUARTER, QUARTERS, Hours, both
from sim import units
from sim.model import AGAIN, GIVE_UP
from sim.units import MINUTES_PER_DAY, MINUTES_PER_WEEK, WEEKDAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.timeline import Timeline

RETURN_WITHIN = (60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 480.0, 600.0, 720.0)  # minutes after opening, tried in turn
BORROWED = "when closed, demand is borrowed from the shape of the channels that are always open ({})"
GUESSED = "no channel is always open, so demand when closed is unseen and taken to be none: a guess"


@dataclass
class Demand:
    """Demand as it will stand in the scenario.

    Attributes
    ----------
    needs
        For each persona and goal, how often a week one customer has the need.
    differ
        For each persona, how much its customers differ in it.
    arrivals
        For each goal, how many new cases a week, where every case is somebody new.
    starts
        For each persona and goal, the share of journeys that start in each channel.
    profiles
        Entries under `profiles`.
    closed
        For each touchpoint, its entry under `when_closed`.
    settled
        Minutes after opening from which nobody is catching up on what was closed.
    estimates
        Where they came from.
    """

    needs: dict[str, dict[str, str]] = field(default_factory=dict)
    differ: dict[str, float] = field(default_factory=dict)
    arrivals: dict[str, str] = field(default_factory=dict)
    starts: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)
    closed: dict[str, dict[str, Any]] = field(default_factory=dict)
    settled: float = 0.0
    estimates: list[Estimate] = field(default_factory=list)


def fit(timeline: Timeline, hours: dict[str, Hours], kind: str) -> Demand:
    """Estimate needs or arrivals, their weekly profile, where journeys start, and what happens when it is closed."""
    journeys = timeline.journeys
    found = Demand()
    entries = [str(name) for name in journeys["first"].value_counts(sort=True)["first"]]
    always = [name for name in entries if hours[name].always]
    covered = _covered(timeline)
    counts = {name: _by_quarter(journeys.filter(pl.col("first") == name), hours[name]) for name in entries}
    if always and kind == "customers":
        shape = _smooth(np.sum([counts[name] for name in always], axis=0) / covered)
        demand = np.sum([counts[name] for name in always], axis=0) / covered
        for name in (entry for entry in entries if entry not in always):
            closing = fit_closing(counts[name], covered * shape, hours[name])
            demand = demand + closing.ratio * shape
            found.settled = max(found.settled, closing.within)
            found.closed[name] = _when_closed(closing)
            found.estimates.append(_closing_estimate(name, closing))
        note = BORROWED.format(", ".join(always))
    else:
        demand, note = np.sum(list(counts.values()), axis=0) / covered, GUESSED
    unseen = {AGAIN: {"p": 1, "after": "0 min"}} if kind == "cases" else {GIVE_UP: 1}
    for name in timeline.staffed:  # where nobody begins, people do as at the busiest place where they do
        found.closed.setdefault(name, next(iter(found.closed.values()), unseen))
    found.profiles["weekly"] = _profile(demand)
    found.estimates.append(Estimate("profiles.weekly.hours", "", "when journeys opened", journeys.height, note=note))
    _day_to_day(timeline, always, found)
    if kind == "cases":
        _arrivals(timeline, found, demand)
        _starts(timeline, found, np.ones(QUARTERS, dtype=bool), "")
        return found
    calm, note = _calm(both([hours[name] for name in entries]), found.settled)
    _needs(timeline, found, calm, demand, float(sum(counts[name].sum() for name in always)), note)
    _starts(timeline, found, calm, note)
    return found


def _calm(hours: Hours, settled: float) -> tuple[NDArray[np.bool_], str]:
    """Quarters of the week that show what people want: all channels open, and nobody catching up; and a note."""
    if hours.always:
        return hours.open, ""
    if (calm := hours.open & (hours.until_change(closing=False) > settled)).any():
        return calm, "in hours when every channel is open and nobody is catching up"
    if hours.open.any():
        return hours.open, "in hours when every channel is open; people catch up in all of them, so this is rough"
    return np.ones(QUARTERS, dtype=bool), "the channels are never open together, so this is rough"


def _covered(timeline: Timeline) -> NDArray[np.float64]:
    """How often each quarter of the week is in the log."""
    quarters = (np.arange(0, timeline.end, QUARTER) + timeline.start.weekday() * MINUTES_PER_DAY) % MINUTES_PER_WEEK
    return np.maximum(np.bincount((quarters // QUARTER).astype(int), minlength=QUARTERS), 1).astype(float)


def _by_quarter(journeys: pl.DataFrame, hours: Hours) -> NDArray[np.float64]:
    return np.bincount(hours.quarter(journeys["opened"].to_numpy()), minlength=QUARTERS).astype(float)


def _smooth(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the hour."""
    return np.repeat(rates.reshape(-1, 4).mean(axis=1), 4)


# ---- when it is closed ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closing:
    """What is behind a closed door: how much demand, how much of it comes back, and how soon after opening.

    Attributes
    ----------
    ratio
        Demand in units of that of the channels that are always open.
    later, error
        Share that comes back, and its standard error.
    within
        Minutes after opening over which they come back, evenly.
    n
        Journeys counted.
    """

    ratio: float
    later: float
    error: float
    within: float
    n: int


def fit_closing(counts: NDArray[np.float64], shape: NDArray[np.float64], hours: Hours) -> Closing:
    """Fit demand behind closed doors from the crowd after opening, by Poisson likelihood.

    Demand follows the shape of the always open channels. What arises while closed is unseen; a share of it returns
    evenly over some time after the next opening, on top of what arises then. The share and the time are those that make
    the counts by quarter of the week likeliest.

    Parameters
    ----------
    counts
        Journeys that began here, by quarter of the week.
    shape
        Expected demand of the always open channels, by quarter of the week, over the whole log.
    """
    seen, plain = counts[hours.open], shape[hours.open]
    fits = []
    for within in RETURN_WITHIN:
        back = (_returns(hours, within) @ shape)[hours.open]

        def cost(later: float, back: NDArray[np.float64] = back) -> float:
            # Whatever the share, as many are expected as were seen; what counts is when.
            expected = plain + later * back
            return -float(np.sum(seen * np.log(np.maximum(expected / expected.sum(), 1e-12))))

        fitted = optimize.minimize_scalar(cost, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-5})
        fits.append((float(fitted.fun), float(fitted.x), within))
    _, later, within = min(fits)
    returns = _returns(hours, within)
    back = (returns @ shape)[hours.open]
    ratio = float(seen.sum() / (plain + later * back).sum())
    error = _error_of_later(ratio, shape, (np.eye(QUARTERS) + later * returns)[hours.open], back)
    return Closing(ratio, later, error, within, int(counts.sum()))


def _returns(hours: Hours, within: float) -> NDArray[np.float64]:
    """Share of what arises in each closed quarter that comes back in each other, if all of it did; shape (to, from)."""
    returns = np.zeros((QUARTERS, QUARTERS))
    steps = int(within // QUARTER)
    opening = 0
    for quarter in range(2 * QUARTERS - 1, -1, -1):  # twice round, so that every quarter knows the opening after it
        if hours.open[quarter % QUARTERS]:
            opening = quarter
        elif quarter < QUARTERS:
            returns[(opening + np.arange(steps)) % QUARTERS, quarter] = 1 / steps
    return returns


def _error_of_later(
    ratio: float, shape: NDArray[np.float64], expected: NDArray[np.float64], back: NDArray[np.float64]
) -> float:
    """Standard error of the share that comes back: from the counts, and from the shape, which was counted as well.

    Parameters
    ----------
    expected
        What is expected in each open quarter, in units of the ratio, as a linear map of the shape.
    """
    level = np.maximum(ratio * (expected @ shape), 1e-9)
    slopes = np.stack([level / ratio, ratio * back], axis=1)  # of what is expected, in the ratio and in the share
    try:
        covariance = np.linalg.inv(slopes.T @ (slopes / level[:, None]))
    except np.linalg.LinAlgError:
        return float("nan")
    by_hour = ratio * expected.reshape(-1, QUARTERS // 4, 4).mean(axis=2)
    moved = (covariance @ (slopes / level[:, None]).T @ by_hour)[1]
    return float(np.sqrt(covariance[1, 1] + np.sum(moved**2 * shape.reshape(-1, 4).sum(axis=1))))


def _when_closed(closing: Closing) -> dict[str, Any]:
    later = round(closing.later, 3)
    after = {"kind": "uniform", "low": "0 min", "high": f"{closing.within:g} min"}
    return {AGAIN: {"p": later, "after": after}, GIVE_UP: round(1 - later, 3)}


def _closing_estimate(name: str, closing: Closing) -> Estimate:
    note = (
        f"attempts when closed are not in the log; {closing.later:.0%} come back within {closing.within:g} min of "
        "opening, which is what the crowd after opening says if demand has the shape of the channels that never close"
    )
    path, source = f"touchpoints.{name}.when_closed.{AGAIN}.p", "the crowd after opening"
    return Estimate(path, round(closing.later, 3), source, closing.n, closing.error, note=note, low=0.0, high=1.0)


# ---- how much, and when -----------------------------------------------------------------------------------------


def _profile(demand: NDArray[np.float64]) -> dict[str, Any]:
    """Entry under `profiles`: relative demand by hour."""
    hourly = demand.reshape(7, 24, 4).mean(axis=2)
    average = hourly.mean()
    rounded = {day: [units.yaml_number(level / average, 3) for level in hourly[d]] for d, day in enumerate(WEEKDAYS)}
    return {"hours": rounded}


def _day_to_day(timeline: Timeline, always: list[str], found: Demand) -> None:
    """How much whole days vary beyond chance and beyond the weekday, from the channels least disturbed by closing."""
    journeys = timeline.journeys
    calm = journeys.filter(pl.col("first").is_in(always)) if always else journeys
    per_day = np.bincount(
        (calm["opened"].to_numpy() // MINUTES_PER_DAY).astype(int), minlength=int(timeline.end // MINUTES_PER_DAY)
    ).astype(float)
    weekday = np.arange(per_day.size) % 7
    excess, weight, chance, days = 0.0, 0.0, 0.0, 0
    for day in range(7):
        same = per_day[weekday == day]
        if same.size < 4 or same.mean() < 5:
            continue
        # What a day varies beyond Poisson, from days with enough of their kind.
        variance = float(same.var(ddof=1))
        excess += (same.size - 1) * (variance - same.mean())
        weight += (same.size - 1) * same.mean() ** 2
        chance += 2 * (same.size - 1) * variance**2
        days += same.size
    if weight == 0 or excess <= 0:
        return
    cv = float(np.sqrt(excess / weight))
    found.profiles["weekly"]["day_to_day"] = round(cv, 4)
    note = "whole days are busier or quieter than their weekday explains, all channels together"
    source = "journeys a day, by weekday"
    error = float(np.sqrt(chance)) / weight / (2 * cv)
    found.estimates.append(
        Estimate("profiles.weekly.day_to_day", round(cv, 4), source, days, error, note=note, low=0.0)
    )


def _exposure(timeline: Timeline, persona: str) -> pl.DataFrame:
    """Customers of a persona who were there at all, with for how many ``weeks``."""
    joined, left = (
        pl.col("joined").fill_null(0).clip(0),
        pl.col("left").fill_null(timeline.end).clip(None, timeline.end),
    )
    customers = timeline.customers.filter(pl.col("persona") == persona)
    return customers.with_columns(weeks=(left - joined) / MINUTES_PER_WEEK).filter(pl.col("weeks") > 0)


def needier(timeline: Timeline, persona: str, differ: float, moment: float) -> float:
    """How much more often those there at a time need something than the persona does on average over the log.

    Who needs more meets more trouble, and leaves sooner, so those who stay differ from those who came. What each needs
    is told by a small count; so it is drawn towards the mean of all, as far as they are alike (gamma and Poisson). A
    plain count of those who stayed would say too little, for many of them stayed because they had less trouble than
    they might have had.

    Parameters
    ----------
    timeline
        The log, which says who was there and who needed something.
    persona, differ
        Name, and coefficient of variation of its customers' own frequency.
    moment
        Minutes from the start of the log.

    Returns
    -------
    float
        A factor; 1 where customers are alike, or nobody of the persona was there.
    """
    counts = timeline.journeys.group_by("customer").len("journeys")
    customers = _exposure(timeline, persona).join(counts, on="customer", how="left", maintain_order="left")
    there = customers["customer"].is_in(timeline.there(moment)["customer"].implode()).to_numpy()
    journeys, weeks = customers["journeys"].fill_null(0).to_numpy(), customers["weeks"].to_numpy()
    if differ == 0 or not there.any() or not journeys.any():
        return 1.0
    shape = differ**-2
    own = (shape + journeys) / (shape + journeys.sum() / weeks.sum() * weeks)
    return float(own[there].mean() / np.average(own, weights=weeks))


def _weeks(timeline: Timeline, demand: NDArray[np.float64], hours: NDArray[np.bool_]) -> float:
    """Part of the demand of a week that arises in some hours, summed over the log: its last week may not be whole."""
    return float((demand * _covered(timeline))[hours].sum() / demand.sum())


def _needs(
    timeline: Timeline,
    found: Demand,
    calm: NDArray[np.bool_],
    demand: NDArray[np.float64],
    shaped_by: float,
    rough: str,
) -> None:
    """Needs per customer and week, from the hours in which all channels are open and nobody is catching up.

    They are those of the customers who are there at the end of the log, for with them the scenario begins.

    Parameters
    ----------
    shaped_by
        Number of journeys from which the shape of demand was borrowed, and so the share of it in those hours.
    """
    journeys = timeline.journeys.filter(pl.Series(calm[_quarter(timeline)]))
    seen_share = _weeks(timeline, demand, calm) / timeline.weeks
    common = _lumps_of_days(timeline, found, calm) + (max(1 / seen_share - 1, 0.0) / shaped_by if shaped_by else 0.0)
    for persona in timeline.personas:
        weeks = float(_exposure(timeline, persona)["weeks"].sum())
        own = journeys.filter(pl.col("persona") == persona)
        found.needs[persona], found.differ[persona] = {}, _differ(timeline, persona)
        if weeks == 0:
            continue
        lumps = found.differ[persona] ** 2 * timeline.weeks / weeks + common
        now = needier(timeline, persona, found.differ[persona], timeline.end)
        stayed = "" if now == 1 else f"those there at its end need {now:.3g} times as much as all did on average"
        for goal, n in own.group_by("goal", maintain_order=True).len().sort("goal").iter_rows():
            often = now * n / (weeks * seen_share)
            value = f"{often:.4g} / week"
            found.needs[persona][goal] = value
            unknown = "only customers who ever made contact are known, so this is too high"
            note = "; ".join(text for text in (rough, stayed, "" if timeline.known_customers else unknown) if text)
            path, source = f"personas.{persona}.needs.{goal}", "journeys in open hours"
            doubt = often * np.sqrt(1 / n + lumps)
            found.estimates.append(Estimate(path, value, source, n, doubt, uncertain=True, note=note, low=0.0))


def _lumps_of_days(timeline: Timeline, found: Demand, hours: NDArray[np.bool_]) -> float:
    """What days that differ add to the squared relative error of a count."""
    days = timeline.weeks * hours.reshape(7, -1).any(axis=1).sum()
    return float(found.profiles["weekly"].get("day_to_day", 0.0) ** 2 / days)


def _differ(timeline: Timeline, persona: str) -> float:
    """Coefficient of variation of customers' own frequency: what counts of those always there vary beyond chance."""
    if not timeline.known_customers:
        return 0.0
    there = timeline.there(0).filter(
        (pl.col("persona") == persona) & (pl.col("left").fill_null(timeline.end) >= timeline.end)
    )
    counts = (
        there.select("customer")
        .join(timeline.journeys.group_by("customer").len(), on="customer", how="left", maintain_order="left")["len"]
        .fill_null(0)
        .to_numpy()
        .astype(float)
    )
    if counts.size < 50 or counts.mean() <= 0:
        return 0.0
    return round(float(np.sqrt(max(counts.var(ddof=1) - counts.mean(), 0.0)) / counts.mean()), 4)


def _arrivals(timeline: Timeline, found: Demand, demand: NDArray[np.float64]) -> None:
    """New cases a week, by goal."""
    weeks = _weeks(timeline, demand, np.ones(QUARTERS, dtype=bool))
    lumps = _lumps_of_days(timeline, found, demand > 0)
    for goal, n in timeline.journeys.group_by("goal", maintain_order=True).len().sort("goal").iter_rows():
        often = n / weeks
        value = f"{often:.5g} / week"
        found.arrivals[goal] = value
        path, doubt = f"journeys.{goal}.when.arrival.rate", often * np.sqrt(1 / n + lumps)
        found.estimates.append(Estimate(path, value, "cases", n, doubt, uncertain=True, low=0.0))


def _quarter(timeline: Timeline) -> NDArray[np.int64]:
    """Quarter of the week in which each journey opened."""
    opened = timeline.journeys["opened"].to_numpy() + timeline.start.weekday() * MINUTES_PER_DAY
    return ((opened % MINUTES_PER_WEEK) // QUARTER).astype(np.int64) % QUARTERS


def _starts(timeline: Timeline, found: Demand, calm: NDArray[np.bool_], note: str) -> None:
    """Share of journeys that start in each channel, by persona; by goal too where goals differ beyond chance."""
    journeys = timeline.journeys.filter(pl.Series(calm[_quarter(timeline)]))
    for persona in timeline.personas:
        own = journeys.filter(pl.col("persona") == persona)
        table = (
            own.group_by("goal", "channel")
            .len()
            .pivot(on="channel", index="goal", values="len")
            .fill_null(0)
            .sort("goal")
        )
        if table.height == 0:
            continue
        channels = sorted(name for name in table.columns if name != "goal")
        counts = table.select(channels).to_numpy().astype(float)
        shares = {"": _shares(channels, counts.sum(axis=0))}
        if counts.shape[0] > 1 and counts.shape[1] > 1:
            kept = counts[:, counts.sum(axis=0) > 0]
            differ = stats.chi2_contingency(kept[kept.sum(axis=1) > 0])
            spread = np.abs(
                counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) - counts.sum(axis=0) / counts.sum()
            ).max()
            if differ.pvalue < 0.001 and spread > 0.02:
                shares |= {str(goal): _shares(channels, row) for goal, row in zip(table["goal"], counts, strict=True)}
        found.starts[persona] = shares
        found.estimates.append(Estimate(f"personas.{persona}.start", "", "first contacts", own.height, note=note))


def _shares(channels: list[str], counts: NDArray[np.float64]) -> dict[str, float]:
    return {
        channel: units.yaml_number(n / max(counts.sum(), 1), 4)
        for channel, n in zip(channels, counts, strict=True)
        if n > 0
    }
