"""Reading logs: the user's files in, canonical tables out, and what could not be used set aside with its reason."""

from __future__ import annotations

from csv import reader
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from sim import units
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.model import ABANDONED, RESOLVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calibration.log import Log, SourceFiles

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
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
PEOPLE = ("customer", "member")
SET_ASIDE = "set_aside"
# Why a row is set aside that is no fault of its own.
UNWANTED = "set aside by the mapping"
ORPHANED = "a customer whose contacts are all set aside"
OUTCOMES = (ABANDONED, RESOLVED, "unresolved", "transferred", "failed", "cancelled", SET_ASIDE)  # words we know
MOST_TOLD = 20  # rows of a file that have too many fields
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
    unheard
        Words that the mapping translates but no row has, each with a hint at what it may have meant.
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
    unheard: list[str] = field(default_factory=list)
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
    rows, digests, too_long = _read_files(log)
    unheard = [said for kind, table in rows.items() for said in _unheard(kind, getattr(log, kind), table)]
    rows = {kind: _in_our_words(getattr(log, kind), table) for kind, table in rows.items()}
    aside = _SetAside()
    tables = {kind: _typed(kind, getattr(log, kind), table, aside) for kind, table in rows.items()}
    tables["contacts"] = _contacts(tables["contacts"], aside, timedelta(minutes=units.duration(log.slack)))
    if "surveys" in tables:
        tables["surveys"] = _surveys(tables["surveys"], rows["contacts"], tables["contacts"], aside)
    if "customers" in tables:
        tables["customers"] = _customers(tables["customers"], aside)
    counts = {kind: table.height for kind, table in rows.items()}
    faults = aside.table()
    told = [
        *too_long, *_mistaken_words(log), *_roster_problems(tables.get("roster"), faults, log),
        *_too_much_aside(log, counts, faults),
    ]  # fmt: skip
    problems = list(dict.fromkeys(told))
    if not problems and tables["contacts"].height == 0:
        problems.append(Problem("contacts", "no row is left that can be used; look at contacts.words and log.tolerate"))
    if problems:
        raise ScenarioError(problems, "log")
    hidden = {kind: _hidden(table, key) for kind, table in tables.items()}
    return Sources(
        hidden["contacts"], hidden.get("surveys"), hidden.get("customers"), hidden.get("roster"),
        aside.table(key), counts, not rows["contacts"]["joined"].is_null().all(), unheard, digests,
    )  # fmt: skip


def numbered(sources: Sources) -> Sources:
    """Customers by number, in the order in which they appear.

    Pseudonyms hang on a key that is every computer's own; sums and choices that follow their order must not.
    """
    contacts, customers, surveys = sources.contacts, sources.customers, sources.surveys
    columns = [table["customer"] for table in (contacts, customers, surveys) if table is not None]
    names = pl.concat(columns).drop_nulls().unique(maintain_order=True)
    number = dict(zip(names.to_list(), (f"c{n:09}" for n in range(len(names))), strict=True))
    told = pl.col("customer").replace_strict(number, default=None, return_dtype=pl.String)
    return replace(
        sources,
        contacts=contacts.with_columns(told),
        customers=None if customers is None else customers.with_columns(told),
        surveys=None if surveys is None else surveys.with_columns(told),
    )


def _read_files(log: Log) -> tuple[dict[str, pl.DataFrame], dict[str, str], list[Problem]]:
    """Texts of every file under our column names, by kind; digests by file; and rows that have too many fields."""
    if not (folder := Path(log.folder)).is_dir():
        beside = [path.name for path in folder.parent.glob("*") if path.is_dir()]
        hint = did_you_mean(folder.name, beside) if beside else "say where the files lie"
        raise ScenarioError([Problem("folder", f"there is no folder '{folder}'; {hint}")], "log")
    problems: list[Problem] = []
    too_long: list[Problem] = []
    rows: dict[str, list[pl.DataFrame]] = {}
    digests: dict[str, str] = {}
    for kind in COLUMNS:
        source: SourceFiles | None = getattr(log, kind)
        if source is None:
            continue
        for name in source.files:
            path = Path(log.folder) / name
            try:
                texts, long = _canonical(kind, source, path)
                rows.setdefault(kind, []).append(texts.with_columns(pl.lit(name).alias("file")))
                digests[name] = _digest(path)
                too_long += long
            except ScenarioError as error:
                problems += error.problems
    if problems:
        raise ScenarioError(dict.fromkeys([*problems, *too_long]), "log")
    return {kind: pl.concat(texts) for kind, texts in rows.items()}, digests, too_long


def _place(log: Log, file: str, line: int) -> str:
    """Where a row of a file stands, from where the command was given."""
    return f"{Path(log.folder) / file}:{line}"


def _digest(path: Path) -> str:
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest()


def _canonical(kind: str, source: SourceFiles, path: Path) -> tuple[pl.DataFrame, list[Problem]]:
    """Texts of a file under our column names, with the line of each row; and the rows that have too many fields."""
    table, too_long = _texts(kind, source, path)
    header = [name for name in table.columns if name not in source.fixed]
    first = {ours: source.columns.get(ours, [ours] if ours in header else []) for ours in COLUMNS[kind]}
    mapped = {
        ours: [theirs for theirs in [first[ours], *(other.get(ours, []) for other in source.or_else)] if theirs]
        for ours in COLUMNS[kind]
    }
    problems = [
        *_misnamed(kind, source, table.columns, path),
        *_missing(kind, {ours for ours in COLUMNS[kind] if mapped[ours] or ours in source.fixed}, table.columns, path),
    ]
    if problems:
        raise ScenarioError([*problems, *too_long.values()])
    if table.height == 0:
        raise ScenarioError([Problem(kind, "has a header but no rows", str(path))])
    texts = [
        pl.coalesce(_joined_texts(theirs, source.missing) for theirs in choices).alias(ours)
        for ours, choices in mapped.items()
        if choices
    ]
    texts += [pl.lit(value).alias(ours) for ours, value in source.fixed.items()]
    absent = [pl.lit(None, dtype=pl.String).alias(o) for o in COLUMNS[kind] if not mapped[o] and o not in source.fixed]
    read = table.select(*texts, *absent).with_columns((pl.int_range(pl.len(), dtype=pl.Int64) + 2).alias("line"))
    usable = read.filter(~pl.col("line").is_in(list(too_long)))
    return usable.select(*COLUMNS[kind], "line"), list(too_long.values())[:MOST_TOLD]


def _in_our_words(source: SourceFiles, table: pl.DataFrame) -> pl.DataFrame:
    """Table with the user's words as ours."""
    return table.with_columns(pl.col(ours).replace(words).alias(ours) for ours, words in source.words.items())


def _unheard(kind: str, source: SourceFiles, table: pl.DataFrame) -> list[str]:
    """Words that the mapping translates but no row has, with the nearest that rows have and it does not translate."""
    said = []
    for ours, words in source.words.items():
        heard = table[ours].drop_nulls().unique()
        left = heard.filter(~heard.is_in(list(words)))
        for word in words:
            if word not in heard:
                hint = did_you_mean(word, left.to_list())
                said.append(f"no row has '{word}' ({kind}.words.{ours})" + (f"; {hint}" if len(left) else ""))
    return said


def _misnamed(kind: str, source: SourceFiles, header: list[str], path: Path) -> list[Problem]:
    """Columns that the mapping names but we do not have, or the file does not; and those named twice."""
    stated = {"columns": source.columns} | {f"or_else.{i}": other for i, other in enumerate(source.or_else)}
    named = {where: list(columns) for where, columns in stated.items()}
    named |= {"fixed": list(source.fixed), "words": list(source.words)}
    problems = [
        Problem(f"{kind}.{where}.{ours}", f"we have no such column; {did_you_mean(ours, COLUMNS[kind])}")
        for where, columns in named.items()
        for ours in columns
        if ours not in COLUMNS[kind]
    ]
    problems += [
        Problem(f"{kind}.{where}.{ours}", f"there is no column '{name}'; {did_you_mean(name, header)}", f"{path}:1")
        for where, columns in stated.items()
        for ours, theirs in columns.items()
        for name in theirs
        if name not in header
    ]
    return problems + [
        Problem(f"{kind}.fixed.{ours}", "is fixed and read from a column as well; keep one of the two")
        for ours in source.fixed
        if any(ours in columns for columns in stated.values())
    ]


def _missing(kind: str, known: set[str], header: list[str], path: Path) -> list[Problem]:
    """Columns without which we cannot do."""
    problems = []
    for ours in REQUIRED[kind]:
        if ours not in known:
            where = f"name its column under {kind}.columns.{ours}, or a value under {kind}.fixed"
            message = f"is missing; {where} ({did_you_mean(ours, header)})"
            problems.append(Problem(f"{kind}.{ours}", message, f"{path}:1"))
    if kind == "contacts" and not known & {"joined", "started"}:
        message = f"neither 'joined' nor 'started' is there; name one under {kind}.columns"
        problems.append(Problem(f"{kind}.joined", f"{message} ({did_you_mean('start', header)})", f"{path}:1"))
    return problems


def _fault(message: str, path: Path, where: str = "") -> ScenarioError:
    return ScenarioError([Problem(where, message, str(path))])


def _texts(kind: str, source: SourceFiles, path: Path) -> tuple[pl.DataFrame, dict[int, Problem]]:
    """Read a file with every value as text; and say which rows, by their line, have more fields than the header."""
    if not path.parent.is_dir():
        raise _fault(f"there is no folder '{path.parent}'; say where the files lie", path, f"{kind}.files")
    if not path.is_file():
        raise _fault(
            f"no such file; {did_you_mean(path.name, [p.name for p in path.parent.iterdir() if p.is_file()])}", path
        )
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path).select(pl.all().cast(pl.String)), {}
        table, too_long = _csv(source, path)
        table = table.rename({name: name.strip() for name in table.columns})
    except pl.exceptions.NoDataError:
        raise _fault("is empty; a log needs a header and rows", path) from None
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        message = str(error).splitlines()[0]
        remedy = "; a log is text in UTF-8, CSV (plain or compressed), or Parquet" if "utf-8" in message else ""
        raise _fault(f"cannot be read as a table: {message}{remedy}", path) from None
    if any("\x00" in name or not name.isprintable() for name in table.columns):
        raise _fault("is not text in UTF-8; a log is CSV (plain or compressed) or Parquet", path)
    other = next((sign for sign in ";\t|," if sign in table.columns[0]), None)
    if table.width == 1 and other is not None:
        message = f"split at {source.separator!r} the header is one column, {table.columns[0]!r}; is it {other!r}?"
        raise _fault(message, path, f"{kind}.separator")
    return table, too_long


def _csv(source: SourceFiles, path: Path) -> tuple[pl.DataFrame, dict[int, Problem]]:
    """Read a CSV file; rows with more fields than the header are cut off, and told."""
    try:
        return pl.read_csv(path, separator=source.separator, infer_schema=False), {}
    except pl.exceptions.ComputeError as error:
        if "more fields" not in str(error):
            raise
    table = pl.read_csv(path, separator=source.separator, infer_schema=False, truncate_ragged_lines=True)
    return table, _too_many_fields(source, path)


def _too_many_fields(source: SourceFiles, path: Path) -> dict[int, Problem]:
    """Rows that have more fields than the header, by their line where each row is taken for one."""
    # Every line as one value: a sign that no text has stands for the separator.
    lines = pl.read_csv(path, separator="\x01", has_header=False, quote_char=None, infer_schema=False)
    rows = reader(lines.to_series().fill_null("").to_list(), delimiter=source.separator)
    header = len(next(rows))
    remedy = f"more than the {header} of the header; a text with {source.separator!r} in it needs quotes around it"
    return {
        line: Problem("", f"has {len(row)} fields, {remedy}", f"{path}:{rows.line_num}")
        for line, row in enumerate(rows, start=2)
        if len(row) > header
    }


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
                    "file", "line", pl.lit(reason).alias("reason"), _as_text(taken[column]).alias("value"),
                    pl.lit(remedy).alias("remedy"), pl.lit(column).alias("column"),
                )
            )  # fmt: skip
        return marked.filter(~pl.col("__bad")).drop("__bad")

    def table(self, key: bytes | None = None) -> pl.DataFrame:
        """Everything set aside; with a key, values that are identifiers of people are hidden."""
        if not self.found:
            return pl.DataFrame(schema=SET_ASIDE_SCHEMA)
        found = pl.concat(self.found)
        if key is not None:
            hidden = _replaced(found["value"], partial(pseudonym, key))
            of_people = pl.col("column").is_in(PEOPLE)
            found = found.with_columns(pl.when(of_people).then(hidden).otherwise("value").alias("value"))
        return found.drop("column")


def _as_text(column: pl.Series) -> pl.Series:
    """Values as text, times without fractions of a second that are not there."""
    return column.cast(pl.String).str.replace(r"\.0+$", "") if column.dtype == pl.Datetime else column.cast(pl.String)


def _typed(kind: str, source: SourceFiles, table: pl.DataFrame, aside: _SetAside) -> pl.DataFrame:
    """Table with times as times and scores as numbers; rows without what is needed are set aside."""
    for column in table.columns:
        if column in source.words:
            unwanted = pl.col(column) == SET_ASIDE
            table = aside.take(table, unwanted, UNWANTED, column, f"see {kind}.words.{column}")
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
    if "score" in table.columns:
        beyond = ~pl.col("score").is_between(0, 10)
        table = aside.take(table, beyond, "score is not 0 to 10", "score", "scores run from 0 (worst) to 10 (best)")
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
    stranger = pl.format("stranger {}", pl.coalesce("journey", pl.format("{}:{}", "file", "line")))
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


def _surveys(table: pl.DataFrame, read: pl.DataFrame, usable: pl.DataFrame, aside: _SetAside) -> pl.DataFrame:
    """Answers of customers who have contacts, and some among them that can be used."""
    for contacts, reason, remedy in (
        (read, "a customer without any contact", "leave it out, or add the contacts of this customer"),
        (usable, ORPHANED, "mend those contacts, and the answer will be used"),
    ):
        stranger = ~pl.col("customer").is_in(contacts["customer"].unique().implode())
        table = aside.take(table, stranger, reason, "customer", remedy)
    return table


def _customers(table: pl.DataFrame, aside: _SetAside) -> pl.DataFrame:
    """Customers, each once, who left after they joined."""
    wrong = pl.col("left") < pl.col("joined")
    table = aside.take(table, wrong, "left before joined", "left", "look at both times")
    again = ~pl.col("customer").is_first_distinct()
    return aside.take(table, again, "the same customer again", "customer", "keep one of the rows")


def _mistaken_words(log: Log) -> list[Problem]:
    """Words of ours for an outcome that are none, but nearly so; outcomes of a user's own have names of their own."""
    words = log.contacts.words.get("outcome", {})
    return [
        Problem(f"contacts.words.outcome.{theirs}", f"'{ours}' is no word of ours; did you mean '{near[0]}'?")
        for theirs, ours in words.items()
        if ours not in OUTCOMES and (near := get_close_matches(ours, OUTCOMES, n=1, cutoff=0.85))
    ]


def _too_much_aside(log: Log, rows: dict[str, int], set_aside: pl.DataFrame) -> list[Problem]:
    """Problems of a log of which too much cannot be used; only rows that are at fault themselves count."""
    faults = _faults(set_aside)
    total = sum(rows.values())
    if faults.height <= log.tolerate * total:
        return []
    share = faults.height / total
    summary = (
        f"{faults.height} of {total} rows ({share:.1%}) cannot be used, more than the {log.tolerate:.1%} tolerated"
    )
    remedy = "mend them, or raise log.tolerate to leave them out"
    return [*_by_reason(faults, log), Problem("tolerate", f"{summary}; {remedy}")]


def _faults(set_aside: pl.DataFrame) -> pl.DataFrame:
    """Rows that are set aside for a fault of their own, and not because the mapping or another row's fault says so."""
    return set_aside.filter(~pl.col("reason").is_in([UNWANTED, ORPHANED]))


def _by_reason(faults: pl.DataFrame, log: Log) -> list[Problem]:
    """Rows that cannot be used, by file and reason: how many, and the first of them."""

    def such_as(value: str | None) -> str:
        return "" if value is None else f", such as {value!r}"

    def say_rows(count: int) -> str:
        return "1 row" if count == 1 else f"{count} rows"

    return [
        Problem("", f"{reason}: {say_rows(count)}{such_as(value)}; {remedy}", _place(log, file, line))
        for file, reason, remedy, count, value, line in faults.group_by("file", "reason", "remedy", maintain_order=True)
        .agg(pl.len(), pl.col("value").first(), pl.col("line").first().alias("first"))
        .iter_rows()
    ]


def _roster_problems(roster: pl.DataFrame | None, set_aside: pl.DataFrame, log: Log) -> list[Problem]:
    """Rows of a roster that are not shifts; none is set aside, since a shift that is missing changes the answer."""
    if roster is None or log.roster is None:
        return []
    problems = _by_reason(_faults(set_aside).filter(pl.col("file").is_in(log.roster.files)), log)
    parts: dict[str, Callable[[str], float]] = {"weekday": weekday, "from": units.time_of_day, "to": units.time_of_day}
    for row in roster.iter_rows(named=True):
        place, found = _place(log, row["file"], row["line"]), {}
        for column, read in parts.items():
            try:
                found[column] = read(row[column])
            except ValueError as error:
                problems.append(Problem(f"roster.{column}", str(error), place))
        if {"from", "to"} <= found.keys() and found["to"] <= found["from"]:
            message = f"ends {row['to']} before it starts {row['from']}; write a night shift as two rows"
            problems.append(Problem("roster.to", message, place))
    return problems


def weekday(text: str) -> int:
    """Number of a weekday, Monday 0, from its English name or the beginning of it."""
    day = text.strip().lower()
    number = next((i for i, name in enumerate(DAYS) if len(day) >= 3 and name.startswith(day)), None)
    if number is None:
        msg = f"{text!r} is not a day; write mon to sun"
        raise ValueError(msg)
    return number


def _hidden(table: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Table with identifiers of people replaced by a keyed hash."""
    hide: Callable[[str], str] = partial(pseudonym, key)
    people = [column for column in PEOPLE if column in table.columns]
    hidden = [_replaced(table[column], hide) for column in people]
    return table.with_columns(hidden) if hidden else table


def _replaced(column: pl.Series, hide: Callable[[str], str]) -> pl.Series:
    known: Iterable[str] = column.drop_nulls().unique(maintain_order=True)
    return column.replace_strict({text: hide(text) for text in known}, default=None, return_dtype=pl.String)


def pseudonym(key: bytes, text: str) -> str:
    """Keyed hash of an identifier: the same person has the same pseudonym, and nobody without the key can tell who."""
    return blake2b(text.encode(), key=key, digest_size=8).hexdigest()
