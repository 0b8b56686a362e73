"""What a company's systems would have written down of a simulated history: contacts, surveys, customers and roster.

Only what such systems see: attempts that found it closed, and what customers feel, leave no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from sim.model import BLOCKED, CLOSED, DOWN
from sim.units import WEEKDAYS, say_clock

if TYPE_CHECKING:
    from pathlib import Path

    from sim.model import Model
    from sim.tables import Result


def write_logs(result: Result, folder: Path) -> dict[str, int]:
    """Write the logs of one history as CSV files and return the number of rows of each.

    Parameters
    ----------
    result
        One history.
    folder
        Where to write ``contacts.csv``, ``surveys.csv``, ``customers.csv`` and ``roster.csv``.
    """
    start = pl.lit(result.model.clock.start)
    tables = result.tables

    def clock(column: str) -> pl.Expr:
        """Minutes from the start as wall-clock time, in whole seconds."""
        return (
            (start + pl.duration(seconds=(pl.col(column) * 60).floor())).dt.strftime("%Y-%m-%d %H:%M:%S").alias(column)
        )

    customer = pl.format("C{}", pl.col("customer").cast(pl.String).str.zfill(6)).alias("customer")
    journey = pl.format("J{}-{}", pl.col("customer").cast(pl.String).str.zfill(6), "journey").alias("journey")
    seen = pl.col("ended").is_not_null() & ~pl.col("outcome").is_in([CLOSED, BLOCKED, DOWN])
    member = pl.when(pl.col("member").is_not_null()).then(pl.format("{}-{}", "pool", "member"))
    contacts = tables.visits.filter(seen).sort("ended", "customer", "journey", "visit").select(
        customer, journey, "goal", "channel", "touchpoint", clock("joined"), clock("started"), clock("ended"), "pool",
        member.alias("member"), "outcome",
    )  # fmt: skip
    surveys = (
        tables.journeys.filter("answered")
        .sort("scored", "customer", "journey")
        .select(customer, journey, clock("scored").alias("answered"), "score")
    )
    joined = pl.when(pl.col("joined") > 0).then(clock("joined")).alias("joined")
    customers = tables.customers.filter(pl.col("joined").is_not_null()).select(
        customer, "persona", joined, clock("left")
    )
    files = {"contacts": contacts, "surveys": surveys, "customers": customers, "roster": roster(result.model)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in files.items():
        table.write_csv(folder / f"{name}.csv")
    return {name: table.height for name, table in files.items()}


def roster(model: Model) -> pl.DataFrame:
    """Weekly roster: a row for each person and span of duty."""
    rows = [
        (name, WEEKDAYS[day], say_clock(shift.begins), say_clock(shift.ends), round(pool.wage * 60, 2))
        for name, pool in model.staff.items()
        for shift in pool.shifts.values()
        for day in shift.days
        for _ in range(shift.headcount)
    ]
    return pl.DataFrame(rows, schema=["pool", "weekday", "from", "to", "wage"], orient="row")
