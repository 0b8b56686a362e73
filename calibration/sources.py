"""Reading logs: the user's files in, canonical tables out, and what could not be used set aside with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from sim import units
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.model import ABANDONED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calibration.log import Log, SourceFiles

# What each kind of file can tell; the first columns are needed.
COLUMNS = {
    "contacts": ("customer", "touchpoint", "started", "ended", "joined", "journey", "goal", "channel", "persona",
                 "member", "pool", "outcome"),
    "surveys": ("customer", "score", "journey", "answered"),
    "customers": ("customer", "persona", "joined", "left"),
    "roster": ("pool", "weekday", "from", "to", "member", "wage"),
}  # fmt: skip
REQUIRED = {
    "contacts": ("touchpoint", "ended"),
    "surveys": ("customer", "score"),
    "customers": ("customer",),
    "roster": ("pool", "weekday", "from", "to"),
}
TIMES = {"joined", "started", "ended", "answered", "left"}
SET_ASIDE = "set_aside"
SET_ASIDE_SCHEMA = {"file": pl.String, "line": pl.Int64, "reason": pl.String, "value": pl.String, "remedy": pl.String}


@dataclass
class Sources:
    """A log as read.

    Attributes
    ----------
    contacts
        One row per contact, in time order: ``customer``, ``journey``, ``goal``, ``channel``, ``touchpoint``,
        ``joined``, ``started`` (empty where never served), ``ended``, ``member``, ``pool``, ``outcome``, ``persona``.
    surveys, customers, roster
        As far as there are any.
    set_aside
        Rows that could not be used: ``file``, ``line``, ``reason``, ``value``, ``remedy``.
    rows
        Number of rows read from each kind of file.
    joined_known
        Whether the log says when people joined, and not only when they were served.
    digests
        SHA-256 of every file, by its name.
    """

    contacts: pl.DataFrame
    surveys: pl.DataFrame | None = None
    customers: pl.DataFrame | None = None
    roster: pl.DataFrame | None = None
    set_aside: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SET_ASIDE_SCHEMA))
    rows: dict[str, int] = field(default_factory=dict)
    joined_known: bool = True
    digests: dict[str, str] = field(default_factory=dict)


def read_sources(log: Log, key: bytes) -> Sources:
    """Read all files of a log.

    Parameters
    ----------
    log
        Where the files are and how to read them.
    key
        Key of the hash that replaces the identifiers of customers and staff.

    Raises
    ------
    ScenarioError
        If a file cannot be read at all, or more rows than tolerated cannot be used; with every problem found.
    """
    problems: list[Problem] = []
    rows: dict[str, pl.DataFrame] = {}
    digests: dict[str, str] = {}
    for kind in COLUMNS:
        source: SourceFiles | None = getattr(log, kind)
        if source is None:
            continue
        texts = []
        for name in source.files:
            path = Path(log.folder) / name
            try:
                texts.append(_canonical(kind, source, path))
                digests[name] = _digest(path)
            except ScenarioError as error:
                problems += error.problems
        if texts:
            rows[kind] = pl.concat(texts)
    if problems:
        raise ScenarioError(problems, "log")
    aside = _SetAside()
    tables = {kind: _typed(kind, getattr(log, kind), table, aside) for kind, table in rows.items()}
    contacts = _contacts(tables["contacts"], aside, timedelta(minutes=units.duration(log.slack)))
    known = contacts["customer"].unique()
    for kind in ("surveys",):
        if kind in tables:
            stranger = ~pl.col("customer").is_in(known.implode())
            remedy = "leave it out, or add the contacts of this customer"
            tables[kind] = aside.take(tables[kind], stranger, "a customer without any contact", "customer", remedy)
    counts = {kind: table.height for kind, table in rows.items()}
    set_aside = aside.table()
    _check_tolerance(log, counts, set_aside)
    hidden = {kind: _hidden(table, key) for kind, table in (tables | {"contacts": contacts}).items()}
    return Sources(
        hidden["contacts"], hidden.get("surveys"), hidden.get("customers"), hidden.get("roster"), set_aside, counts,
        not rows["contacts"]["joined"].is_null().all(), digests,
    )  # fmt: skip


def _digest(path: Path) -> str:
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest()


def _canonical(kind: str, source: SourceFiles, path: Path) -> pl.DataFrame:
    """Texts of a file under our column names, with where each row stands."""
    table = _texts(path, source.separator)
    header = table.columns
    problems = []
    stated = {"columns": source.columns} | {f"or_else.{i}": other for i, other in enumerate(source.or_else)}
    for where, columns in stated.items():
        for ours, theirs in columns.items():
            if ours not in COLUMNS[kind]:
                known = did_you_mean(ours, COLUMNS[kind])
                problems.append(Problem(f"{kind}.{where}.{ours}", f"we have no such column; {known}", str(path)))
            problems += [
                Problem(
                    f"{kind}.{where}.{ours}", f"there is no column '{name}'; {did_you_mean(name, header)}", f"{path}:1"
                )
                for name in theirs
                if name not in header
            ]
    first = {ours: source.columns.get(ours, [ours] if ours in header else []) for ours in COLUMNS[kind]}
    mapped = {
        ours: [theirs for theirs in [first[ours], *(other.get(ours, []) for other in source.or_else)] if theirs]
        for ours in COLUMNS[kind]
    }
    for ours in REQUIRED[kind]:
        if not mapped[ours] and ours not in source.fixed:
            known = did_you_mean(ours, header)
            message = (
                f"is missing; name its column under {kind}.columns.{ours}, or a value under {kind}.fixed ({known})"
            )
            problems.append(Problem(f"{kind}.{ours}", message, f"{path}:1"))
    if kind == "contacts" and not (mapped["joined"] or mapped["started"]):
        message = (
            f"neither 'joined' nor 'started' is there; name one under {kind}.columns ({did_you_mean('start', header)})"
        )
        problems.append(Problem(f"{kind}.joined", message, f"{path}:1"))
    if problems:
        raise ScenarioError(problems)
    if table.height == 0:
        raise ScenarioError([Problem(kind, "has a header but no rows", str(path))])
    texts = [
        pl.coalesce(_joined_texts(theirs, source.missing) for theirs in choices).alias(ours)
        for ours, choices in mapped.items()
        if choices
    ]
    texts += [pl.lit(value).alias(ours) for ours, value in source.fixed.items()]
    absent = [pl.lit(None, dtype=pl.String).alias(o) for o in COLUMNS[kind] if not mapped[o] and o not in source.fixed]
    read = table.select(*texts, *absent).with_columns(
        *(pl.col(ours).replace(words).alias(ours) for ours, words in source.words.items()),
        pl.lit(path.name).alias("file"),
        (pl.int_range(pl.len(), dtype=pl.Int64) + 2).alias("line"),
    )
    return read.select(*COLUMNS[kind], "file", "line")


def _texts(path: Path, separator: str) -> pl.DataFrame:
    """Read a file with every value as text."""

    def fail(message: str) -> ScenarioError:
        return ScenarioError([Problem("", message, str(path))])

    if not path.is_file():
        near = did_you_mean(path.name, [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else [])
        raise fail(f"no such file; {near}")
    if path.stat().st_size == 0:
        raise fail("is empty; a log needs a header and rows")
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path).select(pl.all().cast(pl.String))
        table = pl.read_csv(path, separator=separator, infer_schema=False, truncate_ragged_lines=False)
    except pl.exceptions.NoDataError:
        raise fail("is empty; a log needs a header and rows") from None
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise fail(f"cannot be read as a table: {str(error).splitlines()[0]}") from None
    if any("\x00" in name or not name.isprintable() for name in table.columns):
        raise fail("is not text; a log is CSV (plain or compressed) or Parquet")
    return table.rename({name: name.strip() for name in table.columns})


def _joined_texts(theirs: list[str], missing: list[str]) -> pl.Expr:
    """Text of one or several columns, unknown where any of them is."""
    parts = [pl.col(name).str.strip_chars() for name in theirs]
    known = [pl.when(part.is_in(missing)).then(None).otherwise(part) for part in parts]
    return known[0] if len(known) == 1 else pl.concat_str(known, separator=" ")


class _SetAside:
    """Rows that cannot be used, as they are found."""

    def __init__(self) -> None:
        self.found: list[pl.DataFrame] = []

    def take(self, table: pl.DataFrame, bad: pl.Expr, reason: str, column: str, remedy: str) -> pl.DataFrame:
        """Take the rows for which `bad` holds out of a table; return the rest."""
        marked = table.with_columns(bad.fill_null(value=False).alias("__bad"))
        taken = marked.filter("__bad")
        if taken.height:
            self.found.append(
                taken.select(
                    "file", "line", pl.lit(reason).alias("reason"), pl.col(column).cast(pl.String).alias("value"),
                    pl.lit(remedy).alias("remedy"),
                )
            )  # fmt: skip
        return marked.filter(~pl.col("__bad")).drop("__bad")

    def table(self) -> pl.DataFrame:
        """Everything set aside."""
        return pl.concat(self.found) if self.found else pl.DataFrame(schema=SET_ASIDE_SCHEMA)


def _typed(kind: str, source: SourceFiles, table: pl.DataFrame, aside: _SetAside) -> pl.DataFrame:
    """Table with times as times and scores as numbers; rows without what is needed are set aside."""
    for column in table.columns:
        if column in source.words:
            unwanted = pl.col(column) == SET_ASIDE
            table = aside.take(table, unwanted, "set aside by the mapping", column, f"see {kind}.words.{column}")
    for column in REQUIRED[kind]:
        remedy = "fill it in, or leave the row out"
        table = aside.take(table, pl.col(column).is_null(), f"no {column}", column, remedy)
    for column in (c for c in table.columns if c in TIMES and (kind, c) != ("roster", "joined")):
        parsed = table.with_columns(_time(pl.col(column), source.timestamps).alias("__time"))
        wrong = pl.col("__time").is_null() & pl.col(column).is_not_null()
        example = datetime(2025, 1, 31, 14, 5).strftime(source.timestamps or "%Y-%m-%d %H:%M:%S")
        remedy = f"write it like '{example}', or say how it is written under {kind}.timestamps"
        kept = aside.take(parsed, wrong, f"{column} is not a time", column, remedy)
        table = kept.with_columns(pl.col("__time").alias(column)).drop("__time")
    for column in ("score", "wage"):
        if column in table.columns:
            number = pl.col(column).cast(pl.Float64, strict=False)
            wrong = number.is_null() & pl.col(column).is_not_null()
            table = aside.take(table, wrong, f"{column} is not a number", column, "write a plain number such as 8")
            table = table.with_columns(number.alias(column))
    return table


def _time(column: pl.Expr, written: str | None) -> pl.Expr:
    """Parse wall-clock times; a zone, if written, is dropped, not converted."""
    if written is not None:
        return column.str.to_datetime(written, strict=False, time_unit="us")
    plain = column.str.replace(r"\s*(Z|[+-]\d{2}:?\d{2})$", "").str.replace("T", " ")
    forms = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    return pl.coalesce(plain.str.to_datetime(form, strict=False, time_unit="us") for form in forms)


def _contacts(table: pl.DataFrame, aside: _SetAside, slack: timedelta) -> pl.DataFrame:
    """Contacts that make sense, in time order: joined before started before ended, and each once."""
    stranger = pl.format("stranger {}:{}", "file", "line")
    table = table.with_columns(
        pl.coalesce("joined", "started").alias("joined"),
        pl.coalesce("customer", stranger).alias("customer"),
        pl.coalesce("channel", "touchpoint").alias("channel"),
        pl.when(pl.col("outcome").ne_missing(ABANDONED)).then("started").alias("started"),
    )
    unclear = pl.col("started").is_null() & pl.col("outcome").is_not_null() & (pl.col("outcome") != ABANDONED)
    remedy = f"fill in 'started', or say under contacts.words.outcome that the word means {ABANDONED}"
    table = aside.take(table, unclear, "served, it seems, but without a start", "outcome", remedy)
    for later, earlier in (("started", "joined"), ("ended", "started"), ("ended", "joined")):
        late = (pl.col(earlier) > pl.col(later)) & (pl.col(earlier) - pl.col(later) <= slack)
        table = table.with_columns(pl.when(late).then(earlier).otherwise(later).alias(later))
    no_time = pl.col("joined").is_null()
    table = aside.take(table, no_time, "neither joined nor started", "joined", "fill in one of them")
    for later, earlier in (("ended", "joined"), ("started", "joined"), ("ended", "started")):
        wrong = pl.col(later) < pl.col(earlier)
        remedy = "look at both times, or let log.slack set right what clocks that disagree have done"
        table = aside.take(table, wrong, f"{later} before {earlier}", later, remedy)
    same = [column for column in COLUMNS["contacts"] if column in table.columns]
    again = ~pl.struct(same).is_first_distinct()
    table = aside.take(table, again, "the same contact again", "customer", "keep one of the rows")
    return table.sort("joined", "line", maintain_order=True)


def _check_tolerance(log: Log, rows: dict[str, int], set_aside: pl.DataFrame) -> None:
    """Refuse a log of which too much cannot be used; what the mapping itself sets aside does not count."""
    faults = set_aside.filter(pl.col("reason") != "set aside by the mapping")
    total = sum(rows.values())
    if faults.height <= log.tolerate * total:
        return
    problems = [
        Problem("", f"{reason}: {count} row{'s' if count != 1 else ''}, such as {value!r}; {remedy}", f"{file}:{line}")
        for file, reason, remedy, count, value, line in faults.group_by("file", "reason", "remedy", maintain_order=True)
        .agg(pl.len(), pl.col("value").first(), pl.col("line").first().alias("first"))
        .iter_rows()
    ]
    share = faults.height / total
    summary = (
        f"{faults.height} of {total} rows ({share:.1%}) cannot be used, more than the {log.tolerate:.1%} tolerated"
    )
    problems.append(Problem("tolerate", f"{summary}; mend them, or raise log.tolerate to leave them out"))
    raise ScenarioError(problems, "log")


def _hidden(table: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Table with identifiers of people replaced by a keyed hash."""
    hide: Callable[[str], str] = partial(pseudonym, key)
    people = [column for column in ("customer", "member") if column in table.columns]
    hidden = [_replaced(table[column], hide) for column in people]
    return table.with_columns(hidden) if hidden else table


def _replaced(column: pl.Series, hide: Callable[[str], str]) -> pl.Series:
    known: Iterable[str] = column.drop_nulls().unique(maintain_order=True)
    return column.replace_strict({text: hide(text) for text in known}, default=None, return_dtype=pl.String)


def pseudonym(key: bytes, text: str) -> str:
    """Keyed hash of an identifier: the same person has the same pseudonym, and nobody without the key can tell who."""
    return blake2b(text.encode(), key=key, digest_size=8).hexdigest()
