"""A small company's log that fits in the head: three weeks of a hotline, whose customers call on working days."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from calibration.log import Log, read_log
from calibration.sources import COLUMNS, TIMES, Sources, read_sources
from calibration.timeline import Timeline, build_timeline

KEY = b"a key of this test"
MONDAY = datetime(2025, 1, 6)
HEADER = "customer,journey,goal,channel,touchpoint,joined,started,ended,member,outcome"


def call(day: int, number: int) -> str:
    """One call: `number` is when in the morning; every tenth of an hour somebody else, served after half a minute."""
    joined = MONDAY + timedelta(days=day, hours=8, minutes=20 * number)
    started, ended = joined + timedelta(seconds=30), joined + timedelta(minutes=4 + (3 * day + number) % 7)
    who, name = number + 12 * (day % 3), "Ann Meyer" if number % 2 else "Bob Stone"
    return f"K{who:03d},J{day:02d}{number:02d},bill,phone,hotline,{joined},{started},{ended},{name},resolved"


CALLS = [call(day, number) for day in range(21) if day % 7 < 5 for number in range(12)]
CONTACTS = "\n".join([HEADER, *CALLS, ""])
CUSTOMERS = "customer,persona,joined,left\n" + "".join(
    f"K{n:03d},{'firm' if n % 3 else 'family'},,\n" for n in range(40)
)
SURVEYS = "customer,journey,score,answered\nK000,J0000,8,2025-01-06 09:00:00\nK001,J0001,3,2025-01-06 09:30:00\n"
ROSTER = "pool,weekday,from,to,wage\ncanteen,mon,08:00,10:00,12\n" + "".join(
    f"hotline,{day},08:00,13:00,20\n" * 2 for day in ("mon", "tue", "wed", "thu", "fri")
)


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files under their names, with `__` for the dot, and return their folder."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def mapping(folder: Path, **settings: Any) -> Log:
    """Mapping of a log whose contacts are in contacts.csv, unless it says otherwise."""
    return read_log({"folder": str(folder), "contacts": {"files": "contacts.csv"}} | settings, {})


def read(folder: Path, **settings: Any) -> Sources:
    """Read a log."""
    return read_sources(mapping(folder, **settings), KEY)


def known(table: pl.DataFrame) -> pl.DataFrame:
    """A table without where its rows stood."""
    return table.drop("file", "line")


def told(contacts: list[dict[str, Any]] | pl.DataFrame, **settings: Any) -> Timeline:
    """Timeline of contacts whose times are minutes from a Monday's midnight; further tables likewise, by their name.

    Whatever a contact does not say is unknown; it has no member unless one is named, and its customer is A.
    """
    tables = {kind: settings.pop(kind) for kind in ("surveys", "customers", "roster") if kind in settings}
    log = read_log({"contacts": {"files": "none.csv"}} | settings, {})
    return build_timeline(log, sources(contacts, **tables))


def sources(contacts: list[dict[str, Any]] | pl.DataFrame, **tables: list[dict[str, Any]] | pl.DataFrame) -> Sources:
    """What reading such contacts would give."""
    return Sources(_table("contacts", contacts), **{kind: _table(kind, table) for kind, table in tables.items()})


def _table(kind: str, rows: list[dict[str, Any]] | pl.DataFrame) -> pl.DataFrame:
    usual = {"customer": "A", "touchpoint": "hotline"} if kind == "contacts" else {}
    types = dict.fromkeys(COLUMNS[kind], pl.String) | dict.fromkeys(TIMES & set(COLUMNS[kind]), pl.Float64)
    types |= dict.fromkeys({"score", "wage"} & set(COLUMNS[kind]), pl.Float64)
    table = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame([usual | row for row in rows], schema=types)
    moments = [
        (pl.lit(MONDAY) + pl.duration(microseconds=(pl.col(name).cast(pl.Float64) * 6e7).round().cast(pl.Int64))).alias(
            name
        )
        for name in TIMES & set(table.columns)
    ]
    whole = (
        table.with_columns(moments)
        .with_columns(
            pl.lit(None, dtype=types[name]).alias(name) for name in COLUMNS[kind] if name not in table.columns
        )
        .with_columns(file=pl.lit(f"{kind}.csv"), line=pl.int_range(pl.len(), dtype=pl.Int64) + 2)
    )
    return whole.sort("joined", "line", maintain_order=True) if kind == "contacts" else whole
