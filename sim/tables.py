"""What comes out of an engine: a row per visit, per journey and per customer, and nothing measured yet."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, Self

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sim.model import Model
    from sim.summaries import Summary

VISITS: dict[str, Any] = {
    "customer": pl.Int32,
    "journey": pl.Int32,
    "visit": pl.Int32,
    "persona": pl.String,
    "goal": pl.String,
    "step": pl.String,
    "touchpoint": pl.String,
    "channel": pl.String,
    "department": pl.String,
    "pool": pl.String,
    "member": pl.Int32,
    "joined": pl.Float64,
    "started": pl.Float64,
    "ended": pl.Float64,
    "outcome": pl.String,
    "callback": pl.String,
    "mood_before": pl.Float64,
    "mood_after": pl.Float64,
    "cost": pl.Float64,
    "overtime": pl.Float64,
    "attention": pl.Float64,
    "revenue": pl.Float64,
    "stage": pl.String,
}
JOURNEYS: dict[str, Any] = {
    "customer": pl.Int32,
    "journey": pl.Int32,
    "origin": pl.String,
    "persona": pl.String,
    "goal": pl.String,
    "opened": pl.Float64,
    "closed": pl.Float64,
    "end": pl.String,
    "good": pl.Boolean,
    "visits": pl.Int32,
    "contacts": pl.Int32,
    "failure_contacts": pl.Int32,
    "channels": pl.Int32,
    "handoffs": pl.Int32,
    "repeats": pl.Int32,
    "wait": pl.Float64,
    "satisfaction_before": pl.Float64,
    "satisfaction_after": pl.Float64,
    "experience": pl.Float64,
    "asked": pl.Boolean,
    "answered": pl.Boolean,
    "score": pl.Int32,
    "scored": pl.Float64,
    "revenue": pl.Float64,
    "stage": pl.String,
}
CUSTOMERS: dict[str, Any] = {
    "customer": pl.Int32,
    "origin": pl.String,
    "persona": pl.String,
    "stage": pl.String,
    "joined": pl.Float64,
    "left": pl.Float64,
    "left_before": pl.List(pl.Float64),
    "why": pl.String,
    "satisfaction_start": pl.Float64,
    "satisfaction_end": pl.Float64,
    "revenue": pl.Float64,
    "cost": pl.Float64,
    "pilot": pl.Boolean,
}
EFFECTS: dict[str, Any] = {
    "customer": pl.Int32,
    "cause": pl.String,
    "journey": pl.Int32,
    "visit": pl.Int32,
    "nth": pl.Int32,
    "persona": pl.String,
    "goal": pl.String,
    "at": pl.Float64,
    "revenue": pl.Float64,
    "stage": pl.String,
}
HOLDINGS: dict[str, Any] = {
    "customer": pl.Int32,
    "product": pl.String,
    "persona": pl.String,
    "since": pl.Float64,
    "until": pl.Float64,
}
STRAIN: dict[str, Any] = {
    "pool": pl.String,
    "at": pl.Float64,
    "occupancy": pl.Float64,
    "strain": pl.Float64,
}
DEPARTURES: dict[str, Any] = {
    "pool": pl.String,
    "shift": pl.String,
    "number": pl.Int32,
    "left": pl.Float64,
    "hired": pl.Float64,
    "ready": pl.Float64,
}


# Which columns tell the rows of a table apart; tables are sorted by them.
KEYS = {
    "visits": ("customer", "journey", "visit"),
    "journeys": ("customer", "journey"),
    "customers": ("customer",),
    "effects": ("customer", "cause", "journey", "visit", "nth"),
    "holdings": ("customer", "product", "since"),
    "strain": ("pool", "at"),
    "departures": ("pool", "shift", "number", "left"),
}


@dataclass(frozen=True)
class Tables:
    """One simulated history.

    Attributes
    ----------
    visits
        One row per attempt at a touchpoint, also those never served (no `started`); times in minutes from the start;
        `revenue` and `stage` are effects of the outcome.
    journeys
        One row per issue; `closed` is empty for those still open at the horizon; `revenue` and `stage` are effects of
        the end, beside those of its visits.
    customers
        One row per customer; money is what was earned and spent in the measured window.
    effects
        One row each time that an event, or the clock on an open visit, took effect on a customer: `cause` is the
        event, or the step; `journey` and `visit` are 0 for an event, which has no `goal`.
    holdings
        One row each time that somebody was a customer and held a product; `until` is empty where they still do.
    strain
        One row each time that a pool with strain was looked at: its occupancy since the last time, and the strain from
        then on.
    departures
        One row per person who quit, of a pool and shift, where people are numbered from 1: when they left, when their
        place was filled, and when whoever is new was ready.
    """

    visits: pl.DataFrame
    journeys: pl.DataFrame
    customers: pl.DataFrame
    effects: pl.DataFrame = dataclasses.field(default_factory=lambda: pl.DataFrame(schema=EFFECTS))
    holdings: pl.DataFrame = dataclasses.field(default_factory=lambda: pl.DataFrame(schema=HOLDINGS))
    strain: pl.DataFrame = dataclasses.field(default_factory=lambda: pl.DataFrame(schema=STRAIN))
    departures: pl.DataFrame = dataclasses.field(default_factory=lambda: pl.DataFrame(schema=DEPARTURES))

    def sorted(self) -> Self:
        """The same tables, each sorted by its key, so that they do not depend on the order of events."""
        return type(self)(*(getattr(self, name).sort(key) for name, key in KEYS.items()))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the tables that were written to a folder."""
        return cls(*(pl.read_parquet(folder / f"{name}.parquet") for name in KEYS)).sorted()

    def write(self, folder: Path) -> list[Path]:
        """Write the tables as Parquet files and return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name in KEYS:
            path = folder / f"{name}.parquet"
            getattr(self, name).write_parquet(path)
            paths.append(path)
        return paths


@dataclass(frozen=True)
class Result:
    """What a simulation gives: the tables of one replication, and the model and draw that made them.

    Attributes
    ----------
    tables
        Visits and journeys of those customers that were kept; customers are all there.
    keep
        Share of the customers whose visits and journeys were kept.
    counted
        Sums of everything that happened in the measured window; where all was kept they can be made of the tables, and
        None stands here.
    """

    model: Model
    seed: int
    replication: int
    tables: Tables
    keep: float = 1.0
    counted: Summary | None = None


def frame(rows: Sequence[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    """Table of rows."""
    columns = zip(*rows, strict=True) if rows else repeat((), len(schema))
    named = zip(schema.items(), columns, strict=True)
    return pl.DataFrame([pl.Series(name, values, dtype=kind) for (name, kind), values in named])
