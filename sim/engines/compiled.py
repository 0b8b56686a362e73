"""The compiled engine: the same history as the reference engine's, a hundred times faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sim import draws
from sim.arrays import ENTERING, NONE, Lowered, lower
from sim.changes import arms
from sim.check import parse
from sim.engines import jit, loop
from sim.engines.expected import NO_RATE, Expected, going_round
from sim.engines.memory import settle
from sim.engines.outages import outages
from sim.engines.world import BUCKET, CHANGING, DUTY, KNOT, MOMENT, OUTAGE, PLACE, POOL, QUEUE, STRETCH, WORLD
from sim.model import LEFT
from sim.records import Block, joined, tables_of
from sim.rosters import address
from sim.rules import MOST_VISITS
from sim.strain import Roster
from sim.summaries import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sim.model import Model
    from sim.records import Records
    from sim.summaries import Summary
    from sim.tables import Tables
    from sim.timetable import Cumulative, Duty

BLOCK = 8_192  # rows: few enough to stay in the processor's cache until they have been added up
BUCKETS = 2**20  # at most into which a horizon is cut
EVENTS = 64  # there is room for at first, before anything is made larger
SLACK = 2 * MOST_VISITS  # rows that one event may add to a block that is all but full
KINDS = ("visit", "journey", "customer", "spell", "effect", "holding", "holder")  # of rows
# What the world calls the room in a table.
ROOM = {
    "n_buckets": "bucket", "room_customers": "customer", "room_issues": "issue", "room_events": "event",
    "room_starting": "to start", "room_origins": "origin", "room_rows": "visit row",
}  # fmt: skip


SMALLEST = {
    "clock": {"start": "2025-01-06", "horizon": "1 day"},
    "personas": {"anybody": {"share": 1}},
    "touchpoints": {"page": {"channel": "web", "service_time": "1 min"}},
    "journeys": {
        "visit": {
            "when": {"on": "2025-01-06"},
            "start": {"web": "look"},
            "steps": {"look": {"touchpoint": "page", "outcomes": {"resolved": 1}}},
        }
    },
}


def get_ready() -> None:
    """Compile whatever is not compiled yet, and say so: every model runs on the same compiled code."""
    if not jit.warm():
        live(parse(SMALLEST), 0, 0, keep=0.0)


def run(model: Model, seed: int, replication: int) -> Tables:
    """Simulate one replication of a model whose uncertain values are settled."""
    return live(model, seed, replication)[0]


def live(model: Model, seed: int, replication: int, keep: float = 1.0) -> tuple[Tables, Summary | None]:
    """Simulate one replication, and sum it up unless all its rows are kept."""
    kept = Kept()
    if keep >= 1:
        read_out(model, seed, replication, [kept])
        return kept.tables(), None
    tally = Tally(model, world=draws.world(seed, replication))
    read_out(model, seed, replication, [kept, tally], keep)
    return kept.tables(), tally.summary()


def read_out(model: Model, seed: int, replication: int, readers: Sequence[Reader], keep: float = 1.0) -> None:
    """Simulate one replication of a model whose uncertain values are settled, and hand out its rows in blocks.

    Parameters
    ----------
    readers
        Get every block of rows as soon as it is full.
    keep
        Share of the customers whose rows are marked as `kept`; the same customers in every scenario.
    """
    jit.announce()
    History(lower(model), model, seed, replication, keep).run(readers)


class Reader(Protocol):
    """Who does something with rows: adds them up, keeps them, writes them."""

    def read(self, block: Block) -> None:
        """Take a block of rows; they are gone when this returns."""


class History:
    """One replication of a model, as it unfolds."""

    def __init__(self, lowered: Lowered, model: Model, seed: int, replication: int, keep: float = 1.0) -> None:
        self.lowered, self.model, self.m = lowered, model, lowered.arrays
        self.spare = 64 + 4 * len(lowered.names.journeys) + int(self.m.effects["opens_n"].max(initial=0))
        self.spare += 4 * len(lowered.names.lagging) + int(self.m.steps["clocks_n"].max(initial=0))
        self.world = np.zeros(1, WORLD)
        self.rows = {kind: self.world[f"{kind}_rows"] for kind in KINDS}  # how many are written, in place
        key = draws.world(seed, replication)
        self.rosters = [Roster(model, name, key) for name in lowered.names.pools]
        self.tables = self._begin_with(key, keep)
        for name, table in self.tables.items():
            settle(self.world, name, table)
        self._say_room()

    def run(self, readers: Sequence[Reader]) -> None:
        """Live through the horizon and hand out what was recorded."""
        self.readers = readers
        journeys = self.lowered.phases[0].model.journeys.values()
        arriving = np.array([journey.when.arrival is not None for journey in journeys])
        with np.errstate(over="ignore"):  # where nothing is compiled, keys are NumPy's, which warn of wrapping round
            loop.begin(self.world, self.model.population.customers, self._dates(), arriving)
            while (why := loop.advance(self.world, self.spare, BLOCK)) != loop.DONE:
                if why == loop.GROW:
                    self._make_room()
                elif why == loop.FULL:
                    self._hand_out()
                elif why == loop.LOOKED:
                    self._look(int(self.world[0]["looking"]))
                else:
                    self._stuck()
            self._finish()

    def _look(self, k: int) -> None:
        """Look at the strain of a pool, and work out who is on duty until the next look."""
        pool, roster = self.tables["pool"][k], self.rosters[k]
        roster.look(float(pool["worked"]), float(pool["there"]))
        self.duties[k] = _steps(roster.duty)
        pool["worked"] = pool["there"] = 0.0
        pool["strain"], pool["next_look"] = roster.strain, roster.next_look
        for name, table in self._duty().items():
            self.tables[name] = table
            settle(self.world, name, table)
        loop.next_week(self.world, np.int64(k))

    def _finish(self) -> None:
        """Record what is still open at the horizon."""
        self._hand_out(self.rosters)
        following = int(self.world[0]["oldest"])
        while following >= 0:
            following = loop.finish(self.world, following, SLACK)
            self._hand_out()

    def _hand_out(self, rosters: Sequence[Roster] = ()) -> None:
        """Hand out the block that was being written, and what became of the people on some rosters."""
        rows = {kind: self.tables[f"{kind} row"][: int(written[0])] for kind, written in self.rows.items()}
        block = Block(
            self.lowered.names, rows["visit"], rows["journey"], rows["customer"], rows["spell"],
            self.tables["origin"][: int(self.world["origins"][0])], rows["effect"], rows["holding"], rows["holder"],
            tuple(look for roster in rosters for look in roster.looks),
            tuple(departure for roster in rosters for departure in roster.departures),
        )  # fmt: skip
        for reader in self.readers:
            reader.read(block)
        for written in (*self.rows.values(), self.world["rows"]):
            written[0] = 0

    def _stuck(self) -> None:
        world, names = self.world[0], self.lowered.names
        raise going_round(names.journeys[world["stuck_journey"]], names.steps[world["stuck_step"]][1])

    # ---- state -----------------------------------------------------------------------------------------------------

    def _begin_with(self, key: int, keep: float) -> dict[str, NDArray[Any]]:
        """Every table as it is before anything happens."""
        names, m, model = self.lowered.names, self.m, self.model
        expected = Expected(self.lowered.phases, model.clock.offset, key)
        curves, moments = self._curves(expected), self._moments(expected)
        journeys, pools, home = len(names.journeys), len(names.pools), names.stages.index(model.population.stage)
        some = EVENTS * self.spare
        stay = (m.effects["stage"] == home).any() or (m.journeys["stage"] == home).any()  # visitors, as customers
        numbers = [0.0 if curve is None else curve.value[-1] for curve in curves[: 1 + journeys]]
        coming = sum(numbers[: 1 + stay * journeys])
        customers = model.population.customers + int(coming + 5 * coming**0.5) + some
        positions = max(1, int(m.touchpoints["pools_n"].max(initial=1)))
        self.duties = [_steps(roster.duty) for roster in self.rosters]
        out = [outages(self.lowered.phases, model.clock, key, name) for name in names.systems]
        members = 2 + max((int(each["people"].max()) for each in self.duties), default=0)
        queues, lists = len(m.priorities) * positions, int((m.events["most"] >= 0).any())
        entered = len(names.stages) if (m.journeys["trigger"] == ENTERING).any() else 0
        relation = int((m.effects["stage"] == names.stages.index(LEFT)).any() or m.personas["bound"].any())
        likings = len(names.starts) if (m.personas["learns"] > 0).any() else 0
        remembers = any(phase.model.remembers_those_who_left for phase in arms(self.lowered.phases))
        self._set(
            key=np.uint64(key), horizon=model.clock.horizon, warmup=model.clock.warmup,
            keep=keep, keep_origins=int(keep > 0),
            free=NONE, free_slot=NONE, oldest=NONE, newest=NONE, passing=NONE, ahead=NONE,
            home=home, left=names.stages.index(LEFT), nobody_is_forgotten=remembers, n_entered=entered,
            n_relation=relation, n_likings=likings, makes_lists=lists, positions=positions,
            n_personas=len(names.personas),
            n_touchpoints=len(names.touchpoints), n_channels=len(names.channels), n_journeys=journeys, n_pools=pools,
            n_systems=len(names.systems), n_lagging=len(names.lagging),
            n_products=len(names.products), n_paying=len(names.products) if m.product_revenue.any() else 0,
            n_traits=len(names.traits), n_phases=len(m.start), pilot=self.lowered.pilot,
            n_priorities=len(m.priorities), n_queues=queues, n_events=len(names.events), n_moments=len(moments),
        )  # fmt: skip
        staff = np.zeros(pools, POOL)
        staff["head"] = staff["tail"] = staff["staying"] = NONE
        staff["key"] = [address(key, name) for name in names.pools]
        staff["next_look"] = [roster.next_look for roster in self.rosters]
        staff["is_looked_at"] = np.isfinite(staff["next_look"])
        staff["contacts"], staff["several"] = m.people["contacts"][0], (m.people["contacts"] > 1).any(axis=0)
        begun = (2 + journeys + len(names.lagging)) * model.population.customers + len(moments) + some
        sizes = {
            "event": (begun,), "soon": (begun,), "customer": (customers,),
            "need": (customers, journeys), "held": (customers, len(names.products)),
            "trait": (customers, len(names.traits)), "noted": (customers, len(names.lagging)),
            "known": (customers, lists), "standing": (customers, lists), "entered": (customers, entered),
            "relation": (customers, relation), "liking": (customers, likings),
            "issue": (some,), "attempt": (some, len(names.touchpoints)),
            "seen": (some, len(names.channels)), "member": (pools, members), "idle": (pools, members),
            "busy": (len(names.channels),), "system": (len(names.systems),), "to start": (some,),
            "arrival": (journeys,),
            **{f"{kind} row": (BLOCK + SLACK,) for kind in KINDS}, "origin": (some,),
        }  # fmt: skip
        tables = {name: np.zeros(shape, CHANGING[name][0]) for name, shape in sizes.items()}
        tables |= {
            "bucket": np.full(self._buckets(sum(numbers)), np.array((NONE,), BUCKET)),
            "pool": staff,
            "level": _empty(np.zeros((pools, int(m.people["contacts"].max(initial=1))), QUEUE)),
            "queue": _empty(np.zeros((pools, queues), QUEUE)),
            "place": _empty(np.zeros(some * positions, PLACE)),
            "curve": _stretches([0 if curve is None else len(curve.at) for curve in curves]),
            "knot": _points(KNOT, ((curve.at, curve.value, curve.rate) for curve in curves if curve is not None)),
            "moment": moments,
            **self._duty(),
            "outages": _stretches([len(each.begins) for each in out]),
            "outage": _points(OUTAGE, ((each.begins, each.ends) for each in out)),
        }
        return tables | {f"model {name}": np.ascontiguousarray(table) for name, table in m._asdict().items()}

    def _duty(self) -> dict[str, Records]:
        """Who is on duty when, pool by pool."""
        steps = np.concatenate([np.empty(0, DUTY), *self.duties])
        return {"duties": _stretches([len(each) for each in self.duties]), "duty": steps}

    def _buckets(self, arrivals: float) -> int:
        """How many buckets the horizon is cut into: so many that few things are to happen in each."""
        horizon, customers = self.model.clock.horizon, self.model.population.customers
        buckets = int(min(max(horizon / 10, arrivals, customers * horizon / 160_000), BUCKETS)) + 1
        self._set(buckets_a_minute=(buckets - 0.5) / horizon, free_event=NONE)
        return buckets

    def _set(self, **values: Any) -> None:
        """Set plain numbers of the world."""
        world = self.world[0]
        for name, value in values.items():
            world[name] = value

    def _say_room(self) -> None:
        """Tell the world how much room its tables have."""
        room = {name: len(self.tables[table]) for name, table in ROOM.items()}
        self._set(n_members=self.tables["member"].shape[1], **room)

    def _moments(self, expected: Expected) -> Records:
        """When events happen."""
        every = [
            (time, e, n)
            for e, name in enumerate(self.lowered.names.events)
            for n, time in enumerate(expected.moments(name))
        ]
        return np.array(every, MOMENT)

    def _dates(self) -> NDArray[np.float64]:
        """When journeys open for all, as far as any phase says so; shape (J, most that any has), NaN where no more."""
        dates = [np.unique(of_phases[~np.isnan(of_phases)]) for of_phases in self.m.journeys["on"].T]
        table = np.full((len(dates), max(map(len, dates))), np.nan)
        for j, own in enumerate(dates):
            table[j, : len(own)] = own
        return table

    def _curves(self, expected: Expected) -> list[Cumulative | None]:
        """Expected numbers: joins, arrivals for each journey, each persona's needs and the periods of journeys."""

        def arriving(name: str) -> Cumulative:
            return expected.number(lambda model: model.journeys[name].when.arrival or NO_RATE)

        def needing(persona: str | None, need: str, pilot: bool) -> Cumulative:  # noqa: FBT001 - as it stands in `needs`
            if persona is None:
                return expected.periods(need, pilot=pilot)
            return expected.number(lambda model: model.personas[persona].needs.get(need, NO_RATE), pilot=pilot)

        journeys = self.lowered.phases[0].model.journeys.items()
        return [
            expected.number(lambda model: model.population.joins),
            *(arriving(name) if journey.when.arrival is not None else None for name, journey in journeys),
            *(needing(*need) for need in self.lowered.needs),
        ]

    def _make_room(self) -> None:
        """Make those tables larger that are all but full."""
        world, spare, before = self.world[0], self.spare, self.tables.copy()
        dated = not np.isnan(self.m.journeys["on"]).all()
        wanted = spare + (int(world["slots"]) if dated else 0)  # everybody may open an issue on one date
        if world["slots"] == len(self.tables["customer"]):
            self._enlarge(
                spare, "customer", "need", "held", "trait", "noted", "known", "standing", "entered", "relation",
                "liking",
            )  # fmt: skip
        if world["issues"] + wanted > len(self.tables["issue"]):
            self._enlarge(wanted, "issue", "attempt", "seen")
            known, size = len(self.tables["place"]), len(self.tables["issue"]) * int(world["positions"])
            self.tables["place"] = _resized(self.tables["place"], size)
            _empty(self.tables["place"][known:])
        if world["events"] + wanted > len(self.tables["event"]):
            self._enlarge(wanted, "event")
            heap = self.tables["soon"][: world["in_heap"]]
            self.tables["soon"] = _resized(heap, len(self.tables["event"]))
        if world["origins"] + wanted > len(self.tables["origin"]):
            self._enlarge(wanted, "origin")
        if world["starting"] + wanted > len(self.tables["to start"]):
            self.tables["to start"] = np.roll(self.tables["to start"], -int(world["first"]))
            world["first"] = 0
            self._enlarge(wanted, "to start")
        pool = self.tables["pool"]
        most = int((pool["idle"] + pool["busy"]).max(initial=0)) + int(self.tables["duty"]["people"].max(initial=0)) + 2
        if len(pool) and most >= self.tables["member"].shape[1]:
            rings = zip(self.tables["idle"], pool["idle_first"], strict=True)
            self.tables["idle"] = np.stack([np.roll(ring, -int(first)) for ring, first in rings])
            pool["idle_first"] = 0
            for name in ("member", "idle"):
                self.tables[name] = np.ascontiguousarray(_resized(self.tables[name].T, 2 * most).T)
        for name, table in self.tables.items():
            if table is not before[name]:
                settle(self.world, name, table)
        self._say_room()

    def _enlarge(self, least: int, *names: str) -> None:
        """Make tables of one size larger: by half, and by so many at least."""
        for name in names:
            table = self.tables[name]
            self.tables[name] = _resized(table, len(table) + max(len(table) // 2, 2 * least))


class Kept:
    """Keeps the rows of a history, of everybody or of those who are to be kept."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def read(self, block: Block) -> None:
        """Keep a block; customers are kept all."""
        self.blocks.append(block.kept())

    def tables(self) -> Tables:
        """Tables of what was kept."""
        return tables_of(joined(self.blocks)).sorted()


def _stretches(sizes: Sequence[int]) -> Records:
    """Where each of several lists begins and ends that stand one after the other."""
    stretches = np.zeros(len(sizes), STRETCH)
    stretches["last"] = np.cumsum(sizes)
    stretches["first"] = stretches["last"] - sizes
    return stretches


def _steps(duty: Duty) -> Records:
    """Steps of who is on duty in a pool."""
    return _points(DUTY, [(duty.at, duty.headcount, duty.resting)])


def _points(kind: np.dtype[Any], lists: Iterable[tuple[Sequence[float], ...]]) -> Records:
    """Points of broken lines or steps, one list after the other."""
    points = [point for columns in lists for point in zip(*columns, strict=True)]
    return np.array(points, dtype=kind)


def _empty(records: Records) -> Records:
    """Records of lists in which nobody stands."""
    for name in records.dtype.names or ():
        records[name] = NONE
    return records


def _resized(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Array with so many rows, the new ones zero."""
    larger = np.zeros((size, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
