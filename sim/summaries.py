"""Sums of what an engine recorded, over a window and one dimension at a time: all that a KPI may look at.

Sums add up: those of two blocks, two weeks or two groups are the sums of both. They are exact (see `sums`), so they do
not depend on the order of rows, nor on how rows were cut into blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from sim import draws, sums
from sim.arrays import NONE, names_of
from sim.changes import arms, charged, phases, pilot_of, span
from sim.model import NO_PRODUCT
from sim.once import once_a_model
from sim.records import block_of
from sim.rosters import on_duty, paid, planned
from sim.sums import BIN, BINS, SHORTEST
from sim.units import MINUTES_PER_MONTH, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sim.model import Model, Pool
    from sim.records import Block
    from sim.rosters import Departure
    from sim.strain import Look
    from sim.tables import Result, Tables
    from sim.timetable import Duty

DIMENSIONS = ("all", "persona", "pilot", "product", "goal", "touchpoint", "pool", "channel", "week")
_CODED = ("people", "goal", "touchpoint", "pool", "channel", "week")  # as `sums` numbers them
_POOL = _CODED.index("pool")
_ROUNDING = 1e-9  # of a contact: 0.07 of 100 are 7
OTHERS, PILOT = "others", "pilot"


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
        """Sums of two windows, or two histories, together."""
        if self.groups != other.groups:
            msg = "sums of different groups cannot be added"
            raise ValueError(msg)
        return Sums(self.groups, {name: self.values[name] + other.values[name] for name in self.values})


Summary = dict[str, Sums]


def quantile_of(histogram: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Quantile of each row of a histogram, minutes: the middle of its bin, so within 0.5 %; empty rows give NaN."""
    total = histogram.sum(axis=-1)
    reached = np.argmax(np.cumsum(histogram, axis=-1) >= share * total[..., None], axis=-1)
    middle = np.where(reached == 0, 0.0, SHORTEST * np.exp((reached - 0.5) * BIN))
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

    Raises
    ------
    ValueError
        For a window of its own where not all rows were kept.
    """
    if result.keep < 1:
        if window is not None or result.counted is None:
            msg = "rows were not kept, so only the measured window has been summed; keep them all to look at another"
            raise ValueError(msg)
        return result.counted
    tally = Tally(result.model, window, draws.world(result.seed, result.replication))
    tally.add_tables(result.tables)
    return tally.summary()


class _Scheme:
    """By what the rows of a model are summed over a window: nothing here hangs on which history it is."""

    def __init__(self, model: Model, start: float, end: float) -> None:
        self.model, self.phases, self.start, self.end = model, phases(model), start, end
        self.edges = np.append(np.arange(start, end, MINUTES_PER_WEEK), end)
        self.names = names_of(model, self.phases)
        self.lives = arms(self.phases)
        self.piloted = len(self.lives) > len(self.phases)
        self.groups = {
            "people": self.names.groups if self.piloted else self.names.personas,
            "persona": self.names.personas,
            "pilot": (OTHERS, PILOT) if self.piloted else (),
            "product": (*self.names.products, NO_PRODUCT) if self.names.products else (),
            "goal": self.names.goals,
            "touchpoint": self.names.touchpoints,
            "pool": self.names.pools,
            "channel": self.names.channels,
            "week": tuple(str(week) for week in range(1, len(self.edges))),
        }
        self.could_be_in_the_pilot = self._could_be_in_the_pilot()
        self.product_of = self._product_of()
        self.measured = self._measured()
        pools = [pool for phase in self.phases for pool in phase.model.staff.values()]
        self.by_luck = any(pool.absence > 0 for pool in pools)
        self.strained = any(pool.strain is not None for pool in pools)
        self.staffed = {dimension: self.staff(dimension, _staff(model)) for dimension in ("all", "pool", "week")}
        self.changes = {dimension: self._changes(dimension) for dimension in ("all", "week")}

    def _could_be_in_the_pilot(self) -> NDArray[np.bool_]:
        """Which personas a pilot is drawn of: only they are compared, for others differ from them anyway."""
        pilot = pilot_of(self.model)
        who = self.model.changes[pilot].who if pilot is not None else None
        named = self.names.personas if who is None or who.persona is None else who.persona
        return np.array([persona in named for persona in self.names.personas], np.bool_)

    def _product_of(self) -> NDArray[np.int64]:
        """Product to which each goal belongs, by its place among the groups of products."""
        known = {
            journey.goal or name: journey.product
            for phase in self.lives
            for name, journey in phase.model.journeys.items()
            if journey.product is not None
        }
        groups = self.groups["product"]
        return np.array([groups.index(known.get(goal, NO_PRODUCT)) for goal in self.names.goals if groups], np.int64)

    def _measured(self) -> sums.Measured:
        """What the rows have to be seen with."""
        models = [phase.model for phase in self.phases]
        pools = {name: k for k, name in enumerate(self.names.pools)}

        def by_pool(value: Callable[[Pool], float]) -> NDArray[np.float64]:
            every = [[value(model.staff[name]) for name in pools] for model in models]
            return np.array(every, dtype=float).reshape(len(models), len(pools))

        def within(pool: Pool) -> float:
            return pool.partner.promise.within if pool.partner and pool.partner.promise else np.nan

        lives = [phase.model for phase in self.lives]
        places = [[model.touchpoints[name] for name in self.names.touchpoints] for model in lives]
        answer_by = np.full((len(lives), len(self.names.touchpoints), len(pools)), np.nan)
        for f, model in enumerate(lives):
            for t, place in enumerate(places[f]):
                for pool, delay in place.staff.items():
                    answer_by[f, t, pools[pool]] = delay + within(model.staff[pool])
        first = [next(iter(models[-1].touchpoints[name].staff), None) for name in self.names.touchpoints]
        revenue = np.array([[model.personas[name].value.revenue for name in self.names.personas] for model in lives])
        products = np.zeros((len(lives), len(self.names.products)))
        for f, model in enumerate(lives):
            for name, product in model.products.items():
                products[f, self.names.products.index(name)] = product.revenue
        return sums.Measured(
            window=np.array([self.start, self.end, self.model.clock.horizon, self.model.measure.answer_within]),
            phase_start=np.array([phase.start for phase in self.phases]),
            phase_end=np.array([phase.end for phase in self.phases]),
            personas=len(self.names.personas),
            products=len(self.names.products),
            callback_after=np.array([[p.callback.after if p.callback else 0.0 for p in row] for row in places]),
            waited_for=np.array([[bool(place.staff) and place.attended for place in row] for row in places], np.bool_),
            preferred=np.array([NONE if name is None else pools[name] for name in first], np.int64),
            wage=by_pool(lambda pool: pool.wage),
            overtime_wage=by_pool(lambda pool: pool.wage * pool.overtime),
            per_contact=by_pool(lambda pool: pool.partner.per_contact if pool.partner else 0.0),
            answer_by=answer_by,
            subscription=np.concatenate(np.split(revenue, len(lives) // len(models)), axis=1),
            product_revenue=np.concatenate(np.split(products, len(lives) // len(models)), axis=1),
            first_group=tuple(accumulate((len(self.groups[dimension]) for dimension in _CODED), initial=0)),
        )

    def staff(self, dimension: str, staff: Staff) -> dict[str, NDArray[np.float64]]:
        """What is counted of the staff in a history, by pool or by week, or of everybody over the whole window."""
        amounts: dict[str, Callable[[str, float, float], float]] = {
            "paid": staff.wages, "duty": staff.on_duty, "places": staff.places, "people_left": staff.left,
            "hiring_cost": staff.hiring_cost, "rostered": staff.rostered, "vacant": staff.vacant,
            "training": staff.training, "strain": staff.strain, "strained": staff.strained,
        }  # fmt: skip
        return {name: self.by(dimension, amount) for name, amount in amounts.items()}

    def by(self, dimension: str, amount: Callable[[str, float, float], float]) -> NDArray[np.float64]:
        """Amounts of pools between two minutes, by a dimension."""
        edges = self.edges if dimension == "week" else np.array([self.start, self.end])
        amounts = [[amount(pool, *span) for span in pairwise(edges)] for pool in self.names.pools]
        over = 1 if dimension == "pool" else 0
        table = np.array(amounts, dtype=float).reshape(len(self.names.pools), len(edges) - 1)
        return np.asarray(table.sum(axis=over))

    def penalties(self, promised: NDArray[np.int64], kept: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each pool's people have to pay, if they kept too few of so many promises; the last one stated counts."""
        stated = {
            name: pool.partner.promise
            for phase in self.phases
            if phase.start < self.end
            for name, pool in phase.model.staff.items()
            if pool.partner is not None and pool.partner.promise is not None
        }
        owed = np.zeros(len(self.names.pools))
        for name, promise in stated.items():
            k = self.names.pools.index(name)
            owed[k] = promise.penalty if kept[k] + _ROUNDING < promise.share * promised[k] else 0.0
        return owed

    def _changes(self, dimension: str) -> dict[str, NDArray[np.float64]]:
        edges = self.edges if dimension == "week" else np.array([self.start, self.end])
        return {"change_cost": np.array([change_cost(self.model, start, end) for start, end in pairwise(edges)])}


_scheme = once_a_model(_Scheme)


class Staff:
    """What is counted of the people of each pool between two minutes of a history.

    Parameters
    ----------
    model
        What the history is of.
    world
        Its address, which decides who is absent.
    looks, departures
        What strain did to them; looks in the order of time.
    """

    def __init__(
        self, model: Model, world: int = 0, looks: tuple[Look, ...] = (), departures: tuple[Departure, ...] = ()
    ) -> None:
        self.model, self.phases, self.clock, self.world = model, phases(model), model.clock, world
        self.looks, self.departures = looks, departures
        self.pools = tuple(self.phases[-1].model.staff)
        self.quit = {departure.pool for departure in departures}  # pools that somebody has quit

    @cached_property
    def there(self) -> dict[str, Duty]:
        """Who can serve when, by pool."""
        return {k: planned(self.model, k, self.world) for k in self.pools} | {
            k: on_duty(self.phases, k, self.clock, self.world, self.departures) for k in self.quit
        }

    @cached_property
    def roster(self) -> dict[str, Duty]:
        """How many places there are on shifts when."""
        return {k: paid(self.phases, k, self.clock) for k in self.pools}

    @cached_property
    def filled(self) -> dict[str, Duty]:
        """How many of them are filled."""
        return self.roster | {k: paid(self.phases, k, self.clock, self.departures) for k in self.quit}

    @cached_property
    def trained(self) -> dict[str, Duty]:
        """How many are filled by somebody who can serve."""
        later = [departure._replace(hired=departure.ready) for departure in self.departures]
        return self.roster | {k: paid(self.phases, k, self.clock, later) for k in self.quit}

    def _in_phases(self, pool: str, start: float, end: float) -> Iterator[tuple[Pool, float, float]]:
        """A pool as it is in each phase between two minutes, and from when until when."""
        for phase in self.phases:
            since, until = max(start, phase.start), min(end, phase.end)
            if since < until:
                yield phase.model.staff[pool], since, until

    def on_duty(self, pool: str, start: float, end: float) -> float:
        """Minutes for which people could serve."""
        return self.there[pool].person_minutes(start, end)

    def wages(self, pool: str, start: float, end: float) -> float:
        """What time on shifts is paid."""
        stretches = self._in_phases(pool, start, end)
        return sum(self.filled[pool].person_minutes(since, until) * people.wage for people, since, until in stretches)

    def rostered(self, pool: str, start: float, end: float) -> float:
        """Minutes on shifts, also of places that are vacant."""
        return self.roster[pool].person_minutes(start, end)

    def vacant(self, pool: str, start: float, end: float) -> float:
        """Minutes on shifts of places that are vacant."""
        return self._between(self.roster, self.filled, pool, start, end)

    def training(self, pool: str, start: float, end: float) -> float:
        """Minutes on shifts of people in training."""
        return self._between(self.filled, self.trained, pool, start, end)

    def _between(self, more: dict[str, Duty], fewer: dict[str, Duty], pool: str, start: float, end: float) -> float:
        """Minutes by which one has more people of a pool than another: none where nobody has quit."""
        if pool not in self.quit:
            return 0.0
        return more[pool].person_minutes(start, end) - fewer[pool].person_minutes(start, end)

    def places(self, pool: str, start: float, end: float) -> float:
        """Minutes for which there are places on shifts, whether the shift is on or not."""
        return sum(
            (until - since) * sum(shift.headcount for shift in people.shifts.values())
            for people, since, until in self._in_phases(pool, start, end)
        )

    def _gone(self, pool: str, start: float, end: float) -> list[Departure]:
        """Those who quit."""
        return [gone for gone in self.departures if gone.pool == pool and start <= gone.left < end]

    def left(self, pool: str, start: float, end: float) -> float:
        """How many people quit."""
        return float(len(self._gone(pool, start, end)))

    def hiring_cost(self, pool: str, start: float, end: float) -> float:
        """What it costs to replace those who quit."""
        return sum(
            len(self._gone(pool, since, until)) * people.strain.quits.cost
            for people, since, until in self._in_phases(pool, start, end)
            if people.strain is not None and people.strain.quits is not None
        )

    def strained(self, pool: str, start: float, end: float) -> float:
        """Minutes for which people could serve in a pool that can be strained."""
        stretches = self._in_phases(pool, start, end)
        return sum(self.on_duty(pool, *span) for people, *span in stretches if people.strain is not None)

    def strain(self, pool: str, start: float, end: float) -> float:
        """Those minutes, each times the strain."""
        looks = [look for look in self.looks if look.pool == pool]
        edges = [*(look.at for look in looks[1:]), inf]
        return sum(
            self.strained(pool, max(start, look.at), min(end, edge)) * look.strain
            for look, edge in zip(looks, edges, strict=False)
        )


_staff = once_a_model(Staff)


class Tally:
    """Sums on their way: rows are added block by block, in any order.

    Parameters
    ----------
    model
        What the rows are of, its `uncertain` values settled.
    window
        Minutes from the start, from the end of the warm-up to the horizon by default.
    world
        Address of the history, which decides who is absent.
    """

    def __init__(self, model: Model, window: tuple[float, float] | None = None, world: int = 0) -> None:
        self.scheme, self.world = _scheme(model, *(window or (model.clock.warmup, model.clock.horizon))), world
        self.measured = self.scheme.measured
        size = self.measured.first_group[-1]
        self.of_visits = np.zeros((size, 2 * len(sums.OF_VISITS)), np.int64)
        self.of_journeys = np.zeros((size, 2 * len(sums.OF_JOURNEYS)), np.int64)
        self.of_effects = np.zeros((size, 2 * len(sums.OF_EFFECTS)), np.int64)
        self.of_holdings = np.zeros((size + self.measured.products, 2 * len(sums.OF_HOLDINGS)), np.int64)
        self.of_holders = np.zeros((self.measured.products + 1, 2 * len(sums.OF_HOLDERS)), np.int64)
        self.of_customers = np.zeros((size, 2 * len(sums.OF_CUSTOMERS)), np.int64)
        self.waits, self.times = np.zeros((2, size, BINS), np.int64)
        self.looks: list[Look] = []
        self.departures: list[Departure] = []

    # ---- rows ------------------------------------------------------------------------------------------------------

    def read(self, block: Block) -> None:
        """Add a block of a history."""
        sums.add_visits(self.measured, block.visits, self.of_visits, self.waits)
        sums.add_journeys(self.measured, block.journeys, self.of_journeys, self.times)
        sums.add_effects(self.measured, block.effects, self.of_effects)
        sums.add_holdings(self.measured, block.holdings, self.of_holdings)
        sums.add_holders(self.measured, block.holders, self.of_holders)
        sums.add_spells(self.measured, block.spells, self.of_customers)
        sums.add_customers(self.measured, block.customers, self.of_customers)
        self.looks.extend(block.looks)
        self.departures.extend(block.departures)

    def add_tables(self, tables: Tables) -> None:
        """Add a whole history."""
        self.read(block_of(tables, self.scheme.names, self.scheme.start, self.scheme.end))

    # ---- sums ------------------------------------------------------------------------------------------------------

    def summary(self) -> Summary:
        """Sums of what was added, by every dimension."""
        found = {dimension: Sums(self.scheme.groups[dimension], self._values(dimension)) for dimension in _CODED}
        people, personas = found.pop("people"), len(self.scheme.names.personas)
        by_arm = {name: values.reshape(-1, personas, *values.shape[1:]) for name, values in people.values.items()}
        everything = {name: values.sum(axis=0)[None] for name, values in people.values.items()}
        found["all"] = Sums(("all",), everything | self._staffed("all") | self.scheme.changes["all"])
        found["persona"] = Sums(
            self.scheme.groups["persona"], {name: all_.sum(axis=0) for name, all_ in by_arm.items()}
        )
        arms_, could = self.scheme.groups["pilot"], self.scheme.could_be_in_the_pilot
        found["pilot"] = Sums(arms_, {name: each[: len(arms_), could].sum(axis=1) for name, each in by_arm.items()})
        found["product"] = Sums(self.scheme.groups["product"], self._by_product(found["all"]))
        owed = found["pool"].values["penalties"] = self._penalties()
        found["all"].values["penalties"] = owed.sum(keepdims=True)
        found["week"].values["penalties"] = np.zeros(len(self.scheme.groups["week"]))
        found["week"].values["penalties"][-1] = owed.sum()  # when the window is over, and it is known
        return {dimension: found[dimension] for dimension in DIMENSIONS}

    def _by_product(self, everything: Sums) -> dict[str, NDArray[np.float64]]:
        """Sums by the product to which goals belong; what belongs to none is under a name of its own, the last."""
        groups, place = len(self.scheme.groups["product"]), _CODED.index("goal")
        if not groups:
            return {name: values[:0] for name, values in everything.values.items()}
        goals = slice(*self.measured.first_group[place : place + 2])

        def gathered(by_goal: NDArray[np.int64]) -> NDArray[np.int64]:
            rows = np.zeros((groups, *by_goal.shape[1:]), np.int64)
            np.add.at(rows, self.scheme.product_of, by_goal)
            return rows

        people = slice(*self.measured.first_group[:2])
        effects = gathered(self.of_effects[goals])
        effects[-1] += self.of_effects[people].sum(axis=0) - self.of_effects[goals].sum(axis=0)  # of events
        values = _totals(sums.OF_VISITS, gathered(self.of_visits[goals]))
        values |= _totals(sums.OF_JOURNEYS, gathered(self.of_journeys[goals])) | _totals(sums.OF_EFFECTS, effects)
        values["wait_histogram"] = gathered(self.waits[goals]).astype(float)
        values["resolution_histogram"] = gathered(self.times[goals]).astype(float)
        held = _totals(sums.OF_HOLDINGS, self.of_holdings[self.measured.first_group[-1] :])
        values |= {name: np.append(amounts, 0.0) for name, amounts in held.items()}
        values |= _totals(sums.OF_HOLDERS, self.of_holders)
        values |= {"at_start": values["present"], "stayed": values["present"] - values["lost_of_present"]}
        return values | {"subscription": np.append(np.zeros(groups - 1), everything["subscription"])}

    def _penalties(self) -> NDArray[np.float64]:
        """What partners owe for what they promised for the window, by pool."""
        pools = self.of_visits[slice(*self.measured.first_group[_POOL : _POOL + 2])]
        return self.scheme.penalties(pools[:, 2 * sums.PROMISED], pools[:, 2 * sums.PROMISE_KEPT])

    def _staffed(self, dimension: str) -> dict[str, NDArray[np.float64]]:
        """What is counted of the staff."""
        scheme, staffed = self.scheme, self.scheme.staffed[dimension]
        if scheme.strained:
            looks = tuple(sorted(self.looks, key=lambda look: look.at))
            return scheme.staff(dimension, _staff(scheme.model, self.world, looks, tuple(sorted(self.departures))))
        if scheme.by_luck:
            return staffed | {"duty": scheme.by(dimension, _staff(scheme.model, self.world).on_duty)}
        return staffed

    def _values(self, dimension: str) -> dict[str, NDArray[np.float64]]:
        """Every sum that makes sense by a dimension."""
        place = _CODED.index(dimension)
        rows = slice(*self.measured.first_group[place : place + 2])
        values = _totals(sums.OF_VISITS, self.of_visits[rows]) | {"wait_histogram": self.waits[rows].astype(float)}
        if dimension in ("people", "goal", "channel", "week"):
            values |= _totals(sums.OF_JOURNEYS, self.of_journeys[rows])
            values["resolution_histogram"] = self.times[rows].astype(float)
        if dimension in ("people", "week"):
            values |= _totals(sums.OF_EFFECTS, self.of_effects[rows])
            values |= _totals(sums.OF_HOLDINGS, self.of_holdings[rows])
            values |= _totals(sums.OF_CUSTOMERS, self.of_customers[rows])
            values["customer_months"] = values.pop("customer_minutes") / MINUTES_PER_MONTH
        if dimension in ("pool", "week"):
            values |= self._staffed(dimension)
        if dimension == "week":
            values |= self.scheme.changes[dimension]
        return values


def _totals(names: Sequence[str], exact: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Sums as floats, each rounded once."""
    whole, parts = exact[:, 0::2].astype(object), exact[:, 1::2].astype(object)
    totals = np.array((whole * int(sums.PARTS) + parts) / int(sums.PARTS), dtype=float).reshape(len(exact), len(names))
    return {name: totals[:, n] for n, name in enumerate(names)}


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
    """Sums of several windows, or histories, together, added in their order."""
    merged = summaries[0]
    for other in summaries[1:]:
        merged = merged.merged(other)
    return merged
