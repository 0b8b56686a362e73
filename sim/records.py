"""Rows as numbers: what an engine hands over block by block, what sums are made of, and tables made of them.

A record holds codes instead of names: the number of a name in its tuple of `Names`, −1 for none. Times are minutes from
the start, NaN where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from sim.arrays import NONE
from sim.model import CALLBACKS, LEFT, clock_called
from sim.rosters import Departure
from sim.strain import Look
from sim.tables import CUSTOMERS, DEPARTURES, EFFECTS, HOLDINGS, JOURNEYS, STRAIN, VISITS, Tables, frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sim.arrays import Names

    Records = NDArray[np.void]

_F, _I = np.float64, np.int32
# Of one moment, what was there before comes first, then what happens to many, then what begins at that moment.
BEFORE, EVENT, AFTERWARDS = (pl.lit(turn, pl.Int32) for turn in range(3))


def _row(floats: Sequence[str], whole: Sequence[str]) -> np.dtype[Any]:
    return np.dtype([*((name, _F) for name in floats), *((name, _I) for name in whole)])


VISIT_ROW = _row(
    ("joined", "started", "ended", "mood_before", "mood_after", "cost", "overtime", "attention", "revenue"),
    ("customer", "journey", "visit", "persona", "goal", "step", "touchpoint", "channel", "department", "pool", "member",
     "outcome", "callback", "stage", "kept"),
)  # fmt: skip
JOURNEY_ROW = _row(
    ("opened", "closed", "wait", "satisfaction_before", "satisfaction_after", "experience", "scored", "revenue"),
    ("customer", "journey", "origin_journey", "origin_n", "origin", "persona", "goal", "end", "good", "visits",
     "contacts", "failure_contacts", "channels", "handoffs", "repeats", "asked", "answered", "score", "stage", "began",
     "kept"),
)  # fmt: skip
# `persona`, here and in all rows: those in a pilot are numbered after all others.
# `origin`: how somebody came (at the start, by joining, by arriving for a journey), or −1 − the number of the customer
# who brought them; `k`: as which. `present`: whether somebody was a customer when the measured window opened; `why`:
# the journey or, after them, the event by which they left, −1 for a review.
CUSTOMER_ROW = _row(
    ("joined", "left", "satisfaction_start", "satisfaction_end", "revenue", "cost"),
    ("customer", "origin", "k", "persona", "stage", "present", "why"),
)
# `cause` counts events, then clocks.
EFFECT_ROW = _row(
    ("at", "revenue"), ("customer", "cause", "journey", "visit", "nth", "persona", "goal", "stage", "kept")
)
# A time of being a customer and holding a product.
HOLDING_ROW = _row(("since", "until"), ("customer", "product", "persona", "kept"))
# A product that a customer held when the measured window opened; −1, once, for who held none. `lost`: whether they were
# a customer no more before the window closed.
HOLDER_ROW = _row(("satisfaction_end",), ("product", "lost"))
# A time of being a customer: from joining, or coming back, until leaving, or moving to another stage; infinite if it
# goes on. `back`: whether they had been a customer before; `left`: whether it ended by leaving. Leaving from another
# stage is a time of no length.
SPELL_ROW = _row(("since", "until"), ("persona", "customer", "back", "left"))


@dataclass(frozen=True)
class Block:
    """Some rows of a history, in the order in which things happened.

    Attributes
    ----------
    names
        What their codes mean.
    visits, journeys, customers, spells, effects, holdings, holders
        Records of the kinds above; of holders no table is made.
    origins
        Links by which journeys opened others, as far as that has happened.
    looks, departures
        What strain did to people of the staff; handed out once, whatever is kept.
    """

    names: Names
    visits: Records
    journeys: Records
    customers: Records
    spells: Records
    origins: Records
    effects: Records
    holdings: Records
    holders: Records
    looks: tuple[Look, ...] = ()
    departures: tuple[Departure, ...] = ()

    def kept(self) -> Block:
        """The same without the visits, journeys, … that are not to be kept, nor holders, and with rows of its own."""
        rows = {kind: getattr(self, kind) for kind in ("visits", "journeys", "effects", "holdings")}
        kept = replace(self, **{kind: some[some["kept"] == 1] for kind, some in rows.items()})
        people = {kind: getattr(self, kind).copy() for kind in ("customers", "spells")}
        return replace(kept, **people, holders=self.holders[:0].copy())


# ---- tables of records -----------------------------------------------------------------------------------------------


def joined(blocks: Sequence[Block]) -> Block:
    """Several blocks of one history as one."""
    visits, journeys, customers, spells, effects, holdings, holders = (
        np.concatenate([getattr(block, kind) for block in blocks])
        for kind in ("visits", "journeys", "customers", "spells", "effects", "holdings", "holders")
    )
    looks = tuple(look for block in blocks for look in block.looks)
    departures = tuple(departure for block in blocks for departure in block.departures)
    names, origins = blocks[-1].names, blocks[-1].origins
    return Block(names, visits, journeys, customers, spells, origins, effects, holdings, holders, looks, departures)


def tables_of(block: Block) -> Tables:
    """Tables of a block, in the order of its rows."""
    staff = frame(block.looks, STRAIN), frame(block.departures, DEPARTURES)
    return Tables(_visits(block), _journeys(block), _customers(block), _effects(block), _holdings(block), *staff)


def _visits(block: Block) -> pl.DataFrame:
    names = block.names
    words: dict[str, Sequence[str]] = {
        "persona": names.groups, "goal": names.goals, "step": [step for _, step in names.steps],
        "touchpoint": names.touchpoints, "channel": names.channels, "department": names.departments,
        "pool": names.pools, "outcome": names.outcomes, "callback": CALLBACKS, "stage": names.stages,
    }  # fmt: skip
    return _table(block.visits, VISITS, words, missing=("member",))


def _journeys(block: Block) -> pl.DataFrame:
    rows, names = block.journeys, block.names
    words = {"persona": names.groups, "goal": names.goals, "end": names.ends, "stage": names.stages}
    root = _numbered([*names.journeys, *names.events], rows["origin_journey"], rows["origin_n"])
    opened = np.flatnonzero(rows["origin"] >= 0)  # by another journey
    if len(opened):
        chain = pl.Series([_chain(int(origin), names.journeys, block.origins) for origin in rows["origin"][opened]])
        root[opened] = chain + root[opened]
    return _table(rows, JOURNEYS, words, missing=("good", "score"), more={"origin": root})


def _customers(block: Block) -> pl.DataFrame:
    rows, names = block.customers, block.names
    left = ~np.isnan(rows["left"])
    occasions = pl.Series(["review", *names.journeys, *names.events], dtype=pl.String)
    more = {
        "origin": _origins(rows, ["start", "join", *names.journeys]),
        "left_before": _left_before(rows, block.spells),
        "why": occasions.gather(pl.Series(np.where(left, rows["why"] + 1, -1)).replace(-1, None).cast(pl.UInt32)),
        "pilot": pl.Series("pilot", rows["persona"] >= len(names.personas)),
    }
    return _table(rows, CUSTOMERS, {"persona": names.groups, "stage": names.stages}, more=more)


def _effects(block: Block) -> pl.DataFrame:
    names = block.names
    causes = [*names.events, *(clock_called(step, clock) for _, step, clock in names.clocks)]
    words = {"cause": causes, "persona": names.groups, "goal": names.goals, "stage": names.stages}
    return _table(block.effects, EFFECTS, words)


def _holdings(block: Block) -> pl.DataFrame:
    return _table(block.holdings, HOLDINGS, {"product": block.names.products, "persona": block.names.groups})


def _origins(rows: Records, words: Sequence[str]) -> pl.Series:
    """How everybody came; who was brought by somebody came later than they did."""
    brought = np.flatnonzero(rows["origin"] < 0)
    if not len(brought):
        return _numbered(words, rows["origin"], rows["k"])
    told = _numbered(words, np.maximum(rows["origin"], 0), rows["k"]).to_list()
    at = np.empty(len(rows), np.int64)
    at[rows["customer"]] = np.arange(len(rows))
    for i in brought[np.argsort(rows["customer"][brought])]:
        told[i] = f"referred {rows['k'][i]} by {told[at[-1 - rows['origin'][i]]]}"
    return pl.Series(told, dtype=pl.String)


def _left_before(rows: Records, spells: Records) -> pl.Series:
    """Times at which people left and came back from, all but the last time of those who are away; empty for most."""
    people = pl.DataFrame({"customer": rows["customer"], "last": rows["left"]})
    times = pl.DataFrame({name: spells[name][spells["left"] == 1] for name in ("customer", "until")})
    before = times.join(people, on="customer").filter(pl.col("until").ne_missing(pl.col("last")))
    lists = before.sort("until").group_by("customer").agg(pl.col("until").alias("left_before"))
    return people.join(lists, on="customer", how="left", maintain_order="left")["left_before"]


def _numbered(words: Sequence[str], codes: NDArray[Any], numbers: NDArray[Any]) -> pl.Series:
    """Names with a number each, such as `start 7`."""
    name = pl.Series(words, dtype=pl.String).gather(np.ascontiguousarray(codes).astype(np.uint32))
    return name + " " + pl.Series(np.ascontiguousarray(numbers)).cast(pl.String)


def _chain(origin: int, names: Sequence[str], origins: Records) -> str:
    """What stands before the root of a chain of journeys that opened one another; the newest link comes first."""
    words = ""
    while origin >= 0:
        link = origins[origin]
        words += f"{names[link['journey']]} {'after' if link['follows'] else 'from'} "
        origin = int(link["before"])
    return words


def _table(
    rows: Records,
    schema: dict[str, Any],
    words: Mapping[str, Sequence[str]],
    missing: Sequence[str] = (),
    more: Mapping[str, pl.Series] | None = None,
) -> pl.DataFrame:
    """Table of records: numbers become names, and what is NaN, or −1 where that means none, is empty."""
    made = more or {}
    numbers = pl.DataFrame({name: np.ascontiguousarray(rows[name]) for name in schema if name not in made})

    def column(name: str, kind: Any) -> pl.Expr:
        values = pl.col(name)
        if name in words:
            known = pl.lit(pl.Series(words[name], dtype=pl.String))
            return known.gather(values.replace(-1, None).cast(pl.UInt32)).alias(name)
        if name in missing:
            return values.replace(-1, None).cast(kind)
        return values.fill_nan(None) if kind == pl.Float64 else values.cast(kind)

    told = numbers.select(column(name, kind) for name, kind in schema.items() if name not in made)
    return told.with_columns(series.alias(name) for name, series in made.items()).select(list(schema))


# ---- records of tables -----------------------------------------------------------------------------------------------


def block_of(tables: Tables, names: Names, start: float, end: float) -> Block:
    """Records of tables, as far as sums over a window between two times are made of them."""
    spells = _spell_records(tables, names)
    visits, journeys = _visit_records(tables, names), _journey_records(tables, names)
    customers = _customer_records(tables, names, spells, start)
    holders = _holder_records(tables, names, customers, spells, start, end)
    of_effects = {"persona": names.personas, "goal": names.goals}
    effects = _records(EFFECT_ROW, tables.effects, of_effects, ("customer", "at", "revenue"))
    held = {"persona": names.personas, "product": names.products}
    holdings = _records(HOLDING_ROW, tables.holdings, held, ("customer", "since", "until"))
    pilot = tables.customers.filter("pilot")["customer"].to_numpy()
    for rows in (visits, journeys, customers, spells, effects, holdings):
        rows["persona"][np.isin(rows["customer"], pilot)] += len(names.personas)
    looks = tuple(Look(*row) for row in tables.strain.iter_rows())
    departures = tuple(Departure(*row) for row in tables.departures.iter_rows())
    none = spells[:0]  # of origins: sums ask for none
    return Block(names, visits, journeys, customers, spells, none, effects, holdings, holders, looks, departures)


def _visit_records(tables: Tables, names: Names) -> Records:
    """What sums are made of, from a table of visits."""
    known = {
        "persona": names.personas, "goal": names.goals, "touchpoint": names.touchpoints, "channel": names.channels,
        "pool": names.pools, "outcome": names.outcomes, "callback": CALLBACKS,
    }  # fmt: skip
    plain = ("customer", "joined", "started", "ended", "mood_after", "cost", "overtime", "attention", "revenue")
    return _records(VISIT_ROW, tables.visits, known, plain)


def _journey_records(tables: Tables, names: Names) -> Records:
    """What sums are made of, from a table of journeys, with the channel of each one's first visit."""
    first = tables.visits.filter(pl.col("visit") == 1).select("customer", "journey", began="channel")
    journeys = tables.journeys.join(first, on=("customer", "journey"), how="left", maintain_order="left")
    known = {"persona": names.personas, "goal": names.goals, "end": names.ends, "began": names.channels}
    plain = (
        "customer", "opened", "closed", "experience", "revenue", "good", "contacts", "failure_contacts", "channels",
        "handoffs", "asked", "answered", "score",
    )  # fmt: skip
    return _records(JOURNEY_ROW, journeys, known, plain)


def _spell_records(tables: Tables, names: Names) -> Records:
    """Times of being a customer, from when people left and the stages to which visits, journeys, effects moved them."""
    home, people = names.stages[0], tables.customers
    first, last = pl.lit(0, pl.Int32), pl.lit(np.iinfo(np.int32).max, pl.Int32)  # of one moment, by journey and visit
    left = people.select("customer", "left_before").explode("left_before")
    visits = _turns(tables.visits)
    latest = visits.group_by("customer", "journey", maintain_order=True).agg(pl.col("ended", "turn").last())
    journeys = tables.journeys.join(latest, on=("customer", "journey"), how="left", maintain_order="left")
    closed_at_once, of_event = pl.col("ended") == pl.col("closed"), pl.col("journey") == 0
    moves = pl.concat(
        [
            _moves(people, "joined", pl.lit(home), first, first),
            _moves(left, "left_before", pl.lit(LEFT), first, first),
            _moves(people, "left", pl.lit(LEFT), first, first),
            _moves(visits, "ended", pl.col("stage"), pl.col("journey"), pl.col("visit"), pl.col("turn")),
            _moves(
                journeys, "closed", pl.col("stage"), pl.col("journey"), last,
                pl.when(closed_at_once).then("turn").otherwise(AFTERWARDS),
            ),
            _moves(
                tables.effects, "at", pl.col("stage"), pl.col("journey"), pl.col("visit"),
                pl.when(of_event).then(EVENT).otherwise(AFTERWARDS),
            ),
        ]
    )  # fmt: skip
    moves = moves.drop_nulls().sort("customer", "since", "turn", "journey", "visit", maintain_order=True)
    moves = moves.filter(pl.col("stage").ne_missing(pl.col("stage").shift().over("customer")))
    spells = moves.with_columns(pl.col("since").shift(-1).over("customer").fill_null(np.inf).alias("until"))
    spells = spells.join(people.select("customer", "persona", "joined"), on="customer", maintain_order="left")
    spells = spells.with_columns((pl.col("since") > pl.col("joined")).alias("back"))
    spells = spells.filter(pl.col("stage") == home, pl.col("until") > pl.col("since"))
    return _records(SPELL_ROW, spells, {"persona": names.personas}, ("since", "until", "customer", "back"))


def _turns(visits: pl.DataFrame) -> pl.DataFrame:
    """Say of each visit whether it ended before an event of the same moment, or began only at that moment, after it."""
    at_once, within = pl.col("joined") == pl.col("ended"), ("customer", "journey")
    follows = pl.col("ended").shift().over(within) == pl.col("joined")
    turn = pl.when(~at_once).then(BEFORE).when(follows).then(None).otherwise(AFTERWARDS)
    return visits.with_columns(turn.alias("turn")).with_columns(pl.col("turn").forward_fill().over(within))


def _moves(
    table: pl.DataFrame, when: str, stage: pl.Expr, journey: pl.Expr, visit: pl.Expr, turn: pl.Expr = BEFORE
) -> pl.DataFrame:
    """When whoever is in a table entered which stage, and before or after what else of that moment."""
    named = {"since": pl.col(when), "stage": stage, "turn": turn, "journey": journey, "visit": visit}
    return table.select("customer", **named)


def _customer_records(tables: Tables, names: Names, spells: Records, start: float) -> Records:
    """What sums are made of, from a table of customers; `present` says whether they were there at `start`."""
    rows = _records(CUSTOMER_ROW, tables.customers, {"persona": names.personas}, ("customer", "satisfaction_end"))
    rows["present"] = np.isin(rows["customer"], _at(spells, start)["customer"])
    return rows


def _holder_records(
    tables: Tables, names: Names, customers: Records, spells: Records, start: float, end: float
) -> Records:
    """What those held who were there at `start`, whether they were lost by `end`, and how satisfied they were then."""
    if not names.products:
        return np.zeros(0, HOLDER_ROW)
    there, spells = customers[customers["present"] == 1], _at(spells, start)
    lost = np.isin(there["customer"], spells["customer"][spells["until"] < end])
    known = {"customer": there["customer"], "satisfaction_end": there["satisfaction_end"], "lost": lost}
    held = tables.holdings.filter(pl.col("since") <= start, pl.col("until").fill_null(np.inf) >= start)
    rows = pl.DataFrame(known).join(held.select("customer", "product").unique(), on="customer", how="left")
    return _records(HOLDER_ROW, rows, {"product": names.products}, ("satisfaction_end", "lost"))


def _at(spells: Records, time: float) -> Records:
    """Times of being a customer in which a moment lies."""
    return spells[(spells["since"] <= time) & (spells["until"] >= time)]


def _records(
    kind: np.dtype[Any], table: pl.DataFrame, known: Mapping[str, Sequence[str]], plain: Sequence[str]
) -> Records:
    rows: Records = np.zeros(table.height, kind)
    for name, words in known.items():
        codes = dict(zip(words, range(len(words)), strict=True))
        chosen = table[name].replace_strict(codes, default=None, return_dtype=pl.Int32)
        rows[name] = chosen.fill_null(int(NONE)).to_numpy()
    for name in plain:
        empty = np.nan if kind[name] == _F else int(NONE)
        rows[name] = table[name].cast(pl.Float64).fill_null(empty).to_numpy()
    return rows
