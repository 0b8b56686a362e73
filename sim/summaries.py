"""Sums of what an engine recorded, over a window and one dimension at a time: all that a KPI may look at.

Sums add up: those of two blocks, two weeks or two groups are the sums of both. Rows are added in the tables' order, so
that a sum does not depend on who computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from sim.changes import Phase, charged, phases, span
from sim.model import ABANDONED, BLOCKED, CLOSED, LEFT
from sim.timetable import duty
from sim.units import MINUTES_PER_MONTH, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sim.model import Model
    from sim.tables import Result

DIMENSIONS = ("all", "persona", "goal", "touchpoint", "pool", "channel", "week")
SATISFIED, PROMOTER, DETRACTOR = 7, 9, 6  # of 10: the two best of five points; the marks of the net promoter score

# Waits and times are counted in bins 1 % apart, from a second up, after one for exactly nothing.
_BIN = np.log(1.01)
_FIRST = 1 / 60
BINS = 2048


@dataclass(frozen=True)
class Sums:
    """Sums by group of one dimension.

    Attributes
    ----------
    groups
        Names of the groups, in the order of the scenario; weeks are numbered from the window's start.
    values
        For each name of a sum, an array with one number a group; histograms have shape (groups, BINS).
    """

    groups: tuple[str, ...]
    values: dict[str, NDArray[np.float64]]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """One sum, by group."""
        return self.values[name]

    def merged(self, other: Sums) -> Sums:
        """Sums of two blocks of rows together."""
        if self.groups != other.groups:
            msg = "sums of different groups cannot be added"
            raise ValueError(msg)
        return Sums(self.groups, {name: self.values[name] + other.values[name] for name in self.values})


Summary = dict[str, Sums]


def bin_of(minutes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bin of each duration, shape of the input."""
    with np.errstate(divide="ignore"):
        place = np.floor(np.log(np.maximum(minutes, 0.0) / _FIRST) / _BIN) + 1
    return np.clip(np.where(minutes <= 0, 0, np.maximum(place, 1)), 0, BINS - 1).astype(np.int64)


def quantile_of(histogram: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Quantile of each row of a histogram, minutes: the middle of its bin, so within 0.5 %; empty rows give NaN."""
    total = histogram.sum(axis=-1)
    reached = np.argmax(np.cumsum(histogram, axis=-1) >= share * total[..., None], axis=-1)
    middle = np.where(reached == 0, 0.0, _FIRST * np.exp((reached - 0.5) * _BIN))
    return np.where(total > 0, middle, np.nan)


def summarise(result: Result, window: tuple[float, float] | None = None) -> Summary:
    """Sum what a replication recorded.

    Parameters
    ----------
    result
        One replication.
    window
        Minutes from the start, from the end of the warm-up to the horizon by default. Visits count by when they joined,
        journeys by when they opened, money when it was earned. Satisfaction is recorded for the default window only.

    Returns
    -------
    dict
        For each dimension its `Sums`.
    """
    stretches = phases(result.model)
    return {dimension: _Summing(result, stretches, window, dimension).sums() for dimension in DIMENSIONS}


class _Summing:
    """The sums of one replication by one dimension."""

    def __init__(
        self, result: Result, stretches: tuple[Phase, ...], window: tuple[float, float] | None, dimension: str
    ) -> None:
        self.model, self.tables, self.dimension = result.model, result.tables, dimension
        self.start, self.end = window or (self.model.clock.warmup, self.model.clock.horizon)
        self.phases = stretches
        self.names = stretches[-1].model
        self.weeks = np.append(np.arange(self.start, self.end, MINUTES_PER_WEEK), self.end)
        self.groups = self._groups()

    def sums(self) -> Sums:
        """Every sum that makes sense by this dimension."""
        values = self._visits()
        if self.dimension in ("all", "persona", "goal", "channel", "week"):
            values |= self._journeys()
        if self.dimension in ("all", "persona", "week"):
            values |= self._customers()
        if self.dimension in ("all", "pool", "week"):
            values |= self._staff()
        if self.dimension in ("all", "week"):
            values |= self._changes()
        return Sums(self.groups, values)

    def _groups(self) -> tuple[str, ...]:
        names, models = self.names, [phase.model for phase in self.phases]
        goals = (journey.goal or name for model in models for name, journey in model.journeys.items())
        channels = (touchpoint.channel for model in models for touchpoint in model.touchpoints.values())
        return {
            "all": ("all",),
            "persona": tuple(names.personas),
            "goal": tuple(dict.fromkeys(goals)),
            "touchpoint": tuple(names.touchpoints),
            "pool": tuple(names.staff),
            "channel": tuple(dict.fromkeys(channels)),
            "week": tuple(str(week) for week in range(1, len(self.weeks))),
        }[self.dimension]

    def _codes(self, table: pl.DataFrame, when: str) -> NDArray[np.int64]:
        """Group of each row; −1 for rows that belong to none."""
        if self.dimension == "all":
            return np.zeros(table.height, dtype=np.int64)
        if self.dimension == "week":
            return self._week(table[when].to_numpy())
        codes = table[self.dimension].cast(pl.Enum(self.groups)).to_physical().cast(pl.Int64)
        return np.asarray(codes.fill_null(-1).to_numpy())

    def _week(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        inside = (times >= self.start) & (times < self.end)
        return np.where(inside, (np.nan_to_num(times) - self.start) // MINUTES_PER_WEEK, -1).astype(np.int64)

    def _add(self, codes: NDArray[np.int64], amount: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum by group; what is unknown counts as nothing."""
        known = codes >= 0
        amounts = np.nan_to_num(np.asarray(amount, dtype=float))
        return np.bincount(codes[known], weights=amounts[known], minlength=len(self.groups)).astype(np.float64)

    def _histogram(
        self, codes: NDArray[np.int64], minutes: NDArray[np.float64], rows: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        rows = rows & (codes >= 0)
        flat = codes[rows] * BINS + bin_of(minutes[rows])
        counts = np.bincount(flat, minlength=len(self.groups) * BINS).astype(float)
        return counts.reshape(len(self.groups), BINS)

    def _inside(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray((times >= self.start) & (times < self.end))

    # ---- visits ----------------------------------------------------------------------------------------------------

    def _visits(self) -> dict[str, NDArray[np.float64]]:
        visits = self.tables.visits
        if self.dimension == "pool":  # those never served count for the pool their touchpoint prefers
            preferred = {name: next(iter(t.staff), None) for name, t in self.names.touchpoints.items()}
            first = visits["touchpoint"].replace_strict(preferred, return_dtype=pl.String)
            visits = visits.with_columns(pool=pl.coalesce("pool", first))
        codes = self._codes(visits, "joined")
        joined, started, ended = (visits[name].to_numpy() for name in ("joined", "started", "ended"))
        counted = self._inside(joined)
        outcome = visits["outcome"]
        staffed = self._staffed(visits)
        closed = outcome.eq_missing(CLOSED).to_numpy()
        blocked = outcome.eq_missing(BLOCKED).to_numpy()
        offered = counted & staffed & ~closed & ~blocked
        served = ~np.isnan(started)
        answered = offered & served
        abandoned = offered & outcome.eq_missing(ABANDONED).to_numpy()
        waited = np.where(served, started, ended) - joined
        felt = counted & ~np.isnan(ended) & outcome.ne_missing(LEFT).to_numpy()
        values = {
            "visits": counted,
            "offered": offered,
            "answered": answered,
            "answered_within": answered & (waited <= self.model.measure.answer_within),
            "abandoned": abandoned,
            "closed_visits": counted & closed,
            "blocked_visits": counted & blocked,
            "wait_answered": np.where(answered, waited, 0.0),
            "wait_offered": np.where(answered | abandoned, waited, 0.0),
            "finished_waits": answered | abandoned,
            "felt_visits": felt,
            "mood": np.where(felt, visits["mood_after"].to_numpy(), 0.0),
        }
        sums = {name: self._add(codes, amount) for name, amount in values.items()}
        sums["wait_histogram"] = self._histogram(codes, waited, answered)
        earned = self._codes(visits, "ended") if self.dimension == "week" else codes
        paid_now = self._inside(ended) & served
        sums["contact_cost"] = self._add(earned, np.where(paid_now, visits["cost"].to_numpy(), 0.0))
        sums["visit_revenue"] = self._add(earned, np.where(paid_now, visits["revenue"].to_numpy(), 0.0))
        worked = staffed & served
        over = np.where(np.isnan(ended), self.model.clock.horizon, ended)[worked]
        if self.dimension == "week":
            sums["busy_cost"] = self._worth_by_week(visits["pool"].filter(worked), started[worked], over)
        else:
            during = started[worked], over, self.start, self.end
            sums["busy"] = self._add(codes[worked], _overlap(*during))
            sums["busy_cost"] = self._add(codes[worked], self._earned(visits["pool"].filter(worked), _wages, *during))
        return sums

    def _worth_by_week(
        self, pools: pl.Series, started: NDArray[np.float64], ended: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Wages of the time between each start and end, split where a week ends."""
        worth = np.zeros(len(self.groups))
        for week, (start, end) in enumerate(pairwise(self.weeks)):
            rows = (started < end) & (ended > start)
            worth[week] = self._earned(pools.filter(rows), _wages, started[rows], ended[rows], start, end).sum()
        return worth

    def _staffed(self, visits: pl.DataFrame) -> NDArray[np.bool_]:
        """Whether each visit was at a touchpoint that needed staff when she joined it."""
        joined, staffed = visits["joined"].to_numpy(), np.zeros(visits.height, dtype=bool)
        for phase in self.phases:
            then = (joined >= phase.start) & (joined < phase.end)
            needed = {name: bool(touchpoint.staff) for name, touchpoint in phase.model.touchpoints.items()}
            staffed |= then & visits["touchpoint"].replace_strict(needed, return_dtype=pl.Boolean).to_numpy()
        return staffed

    def _earned(
        self, who: pl.Series, rates: Callable[[Model], dict[str, float]],
        since: NDArray[np.float64], until: NDArray[np.float64], start: float, end: float,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Money for each stretch of time inside a window, at the rate each phase states for a persona or a pool."""
        money = np.zeros(len(who))
        for phase in self.phases:
            rate = (
                who.replace_strict(rates(phase.model), default=0.0, return_dtype=pl.Float64).fill_null(0.0).to_numpy()
            )
            money += rate * _overlap(since, until, max(start, phase.start), min(end, phase.end))
        return money

    # ---- journeys --------------------------------------------------------------------------------------------------

    def _journeys(self) -> dict[str, NDArray[np.float64]]:
        journeys = self.tables.journeys
        if self.dimension == "channel":  # a journey counts for the channel in which it began
            first = self.tables.visits.filter(pl.col("visit") == 1).select("customer", "journey", "channel")
            journeys = journeys.join(first, on=("customer", "journey"), how="left", maintain_order="left")
        codes = self._codes(journeys, "opened")
        opened, closed = journeys["opened"].to_numpy(), journeys["closed"].to_numpy()
        counted = self._inside(opened)
        left = journeys["end"].eq_missing(LEFT).to_numpy()
        done = counted & ~np.isnan(closed) & ~left
        goodness = journeys["good"].cast(pl.Float64).to_numpy()  # 1, 0, or not a number where neither
        good, bad = done & (goodness == 1), done & (goodness == 0)
        contacts = journeys["contacts"].to_numpy().astype(float)
        experience = journeys["experience"].to_numpy()
        felt = np.floor(experience + 0.5)
        score = journeys["score"].cast(pl.Float64).to_numpy()
        answered = counted & journeys["answered"].to_numpy()
        values = {
            "issues": counted,
            "open_at_end": counted & np.isnan(closed),
            "closed": done,
            "good": good,
            "bad": bad,
            "contacts": np.where(done, contacts, 0.0),
            "first_contact": good & (contacts == 1),
            "further_contacts": np.where(done, np.maximum(contacts - 1, 0.0), 0.0),
            "multichannel": done & (journeys["channels"].to_numpy() > 1),
            "handoffs": np.where(done, journeys["handoffs"].to_numpy(), 0.0),
            "resolution_time": np.where(good, closed - opened, 0.0),
            "experience": np.where(done, experience, 0.0),
            "true_satisfied": done & (felt >= SATISFIED),
            "true_promoters": done & (felt >= PROMOTER),
            "true_detractors": done & (felt <= DETRACTOR),
            "asked": counted & journeys["asked"].to_numpy(),
            "answers": answered,
            "score": np.where(answered, score, 0.0),
            "satisfied": answered & (score >= SATISFIED),
            "promoters": answered & (score >= PROMOTER),
            "detractors": answered & (score <= DETRACTOR),
        }
        sums = {name: self._add(codes, amount) for name, amount in values.items()}
        sums["resolution_histogram"] = self._histogram(codes, closed - opened, good)
        earned = self._codes(journeys, "closed") if self.dimension == "week" else codes
        sums["journey_revenue"] = self._add(earned, np.where(self._inside(closed), journeys["revenue"].to_numpy(), 0.0))
        return sums

    # ---- customers -------------------------------------------------------------------------------------------------

    def _customers(self) -> dict[str, NDArray[np.float64]]:
        spells = self._spells()
        if self.dimension != "week":
            codes = self._codes(spells, "since")
            sums = self._presence(spells, codes, self.start, self.end) | self._loyalty(spells, codes, self.end)
            there = spells.filter(pl.col("since") <= self.start, pl.col("until") >= self.start)
            present = self.tables.customers.join(there, on="customer", how="semi", maintain_order="left")
            sums["satisfaction_end"] = self._add(self._codes(present, "joined"), present["satisfaction_end"].to_numpy())
            return sums
        nobody = np.zeros(spells.height, dtype=np.int64)
        weeks = [
            self._presence(spells, nobody, start, end) | self._loyalty(spells, nobody, end)
            for start, end in pairwise(self.weeks)
        ]
        return {name: np.array([week[name][0] for week in weeks]) for name in weeks[0]}

    def _spells(self) -> pl.DataFrame:
        """Times of being a customer: from joining, or coming back, until leaving, or moving to another stage.

        Returns
        -------
        polars.DataFrame
            With columns ``customer``, ``persona``, ``since`` and ``until``, the last infinite while they last.
        """
        home = self.names.population.stage
        tables = self.tables
        moves = pl.concat(
            [
                tables.customers.select("customer", pl.col("joined").alias("since"), pl.lit(home).alias("stage")),
                tables.visits.select("customer", pl.col("ended").alias("since"), "stage"),
                tables.journeys.select("customer", pl.col("closed").alias("since"), "stage"),
            ]
        )
        moves = moves.drop_nulls().sort("customer", "since", maintain_order=True)
        moves = moves.filter(pl.col("stage").ne_missing(pl.col("stage").shift().over("customer")))
        persons = tables.customers.select("customer", "persona", "left")
        spells = moves.with_columns(pl.col("since").shift(-1).over("customer").alias("until"))
        spells = spells.join(persons, on="customer", maintain_order="left")
        spells = spells.with_columns(pl.min_horizontal("until", "left").fill_null(np.inf).alias("until"))
        return spells.filter(pl.col("stage") == home, pl.col("until") > pl.col("since"))

    def _presence(
        self, spells: pl.DataFrame, codes: NDArray[np.int64], start: float, end: float
    ) -> dict[str, NDArray[np.float64]]:
        """Customers there when a window opened, lost and won in it, their time in it and what they brought."""
        since, until = spells["since"].to_numpy(), spells["until"].to_numpy()
        present = (since <= start) & (until >= start)
        lost = (until >= start) & (until < end)
        values: dict[str, NDArray[np.float64] | NDArray[np.bool_]] = {
            "present": present,
            "lost_of_present": present & lost,
            "lost": lost & (since < end),
            "joined": (since > start) & (since < end),
            "customer_months": _overlap(since, until, start, end) / MINUTES_PER_MONTH,
            "subscription": self._earned(spells["persona"], _subscriptions, since, until, start, end),
        }
        return {name: self._add(codes, amount) for name, amount in values.items()}

    def _loyalty(self, spells: pl.DataFrame, codes: NDArray[np.int64], time: float) -> dict[str, NDArray[np.float64]]:
        """Customers there when the whole window opened, and those of them who have been there until a time."""
        since, until = spells["since"].to_numpy(), spells["until"].to_numpy()
        there = (since <= self.start) & (until >= self.start)
        return {"at_start": self._add(codes, there), "stayed": self._add(codes, there & (until >= time))}

    # ---- staff and changes -----------------------------------------------------------------------------------------

    def _staff(self) -> dict[str, NDArray[np.float64]]:
        visits = self.tables.visits.filter(pl.col("pool").is_not_null() & pl.col("started").is_not_null())
        edges = self.weeks if self.dimension == "week" else np.array([self.start, self.end])
        size = len(edges) - 1
        by_pool = {name: self._pool(name, visits.filter(pl.col("pool") == name), edges) for name in self.names.staff}
        names = ("duty", "paid", "busy", "overtime", "overtime_cost")
        if self.dimension == "pool":
            return {name: np.array([by_pool[pool][name][0] for pool in self.groups]) for name in names}
        return {name: sum((pool[name] for pool in by_pool.values()), start=np.zeros(size)) for name in names}

    def _pool(self, name: str, visits: pl.DataFrame, edges: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Duty, pay, work and overtime of a pool between consecutive edges."""
        started = visits["started"].to_numpy()
        ended = visits["ended"].fill_null(self.model.clock.horizon).to_numpy()
        overtime = visits["overtime"].to_numpy()
        values: dict[str, list[float]] = {"duty": [], "paid": [], "busy": [], "overtime": [], "overtime_cost": []}
        for start, end in pairwise(edges):
            on_duty = [(minutes, p) for p in self.phases if (minutes := self._on_duty(name, p, start, end)) > 0]
            late = ended - overtime, ended, start, end
            values["duty"].append(sum(minutes for minutes, _ in on_duty))
            values["paid"].append(sum(minutes * p.model.staff[name].wage for minutes, p in on_duty))
            values["busy"].append(float(_overlap(started, ended, start, end).sum()))
            values["overtime"].append(float(_overlap(*late).sum()))
            values["overtime_cost"].append(float(self._earned(visits["pool"], _overtime_wages, *late).sum()))
        return {key: np.array(numbers) for key, numbers in values.items()}

    def _on_duty(self, name: str, phase: Phase, start: float, end: float) -> float:
        since, until = max(start, phase.start), min(end, phase.end)
        if until <= since:
            return 0.0
        shifts = tuple(phase.model.staff[name].shifts.values())
        return duty([(since, until, shifts)], self.model.clock.offset).person_minutes(since, until)

    def _changes(self) -> dict[str, NDArray[np.float64]]:
        edges = self.weeks if self.dimension == "week" else np.array([self.start, self.end])
        return {"change_cost": np.array([change_cost(self.model, start, end) for start, end in pairwise(edges)])}


def _overlap(since: NDArray[np.float64], until: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    """Minutes of each stretch of time that lie in a window."""
    inside = np.minimum(until, end) - np.maximum(since, start)
    return np.asarray(np.maximum(inside, 0.0), dtype=float)


def _wages(model: Model) -> dict[str, float]:
    return {name: pool.wage for name, pool in model.staff.items()}


def _overtime_wages(model: Model) -> dict[str, float]:
    return {name: pool.wage * pool.overtime for name, pool in model.staff.items()}


def _subscriptions(model: Model) -> dict[str, float]:
    return {name: persona.value.revenue for name, persona in model.personas.items()}


def change_cost(model: Model, start: float, end: float) -> float:
    """What the changes that are on cost between two times: once when they begin, monthly while they last.

    What a change that began during the warm-up costs once is charged in the first measured moment, and so in the first
    week, if it is still in force then.
    """
    total = 0.0
    for name in model.enact:
        change = model.changes[name]
        begins, ends = span(model, change)
        total += change.cost.once if start <= charged(model, change) < end else 0.0
        total += change.cost.monthly * max(0.0, min(ends, end) - max(begins, start)) / MINUTES_PER_MONTH
    return total


def total(summaries: Sequence[Sums]) -> Sums:
    """Sums of several blocks together, added in their order."""
    merged = summaries[0]
    for other in summaries[1:]:
        merged = merged.merged(other)
    return merged
