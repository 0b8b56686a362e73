"""The verb `sweep`: a design is shown and costed, lived through, reported and logged."""

from __future__ import annotations

import fcntl
import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict, replace
from hashlib import blake2b
from math import isnan
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
import yaml
from pydantic import Field
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scenarios import words
from scenarios.compare import BASELINE
from scenarios.sweeps.design import Kind, designed_as_asked, told
from scenarios.sweeps.executors import Where, code_version, executor_of
from scenarios.sweeps.ledger import Ledger
from scenarios.sweeps.progress import Telling
from scenarios.sweeps.report import sweep_report
from scenarios.sweeps.stopping import price_of_halving, read_precision, remarks
from scenarios.sweeps.sweep import Sweep
from scenarios.sweeps.warmup import warmup_check, warmup_plot
from scenarios.track import provenance, write_sweep
from scenarios.verbs import Settings, coloured, model_of, settings_of, track_folder
from sim.errors import DesirepathError, Problem, ScenarioError
from sim.explained import README, explained
from sim.kpis import HEADLINES, KPIS
from sim.model import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from scenarios.compose import Composed
    from scenarios.sweeps.design import Design
    from scenarios.sweeps.results import Results
    from scenarios.sweeps.stopping import Precision
    from scenarios.sweeps.sweep import State
    from scenarios.sweeps.warmup import WarmupCheck
    from sim.model import Model

Made = TypeVar("Made")
SPOKEN = ("satisfaction", "customers_lost", "cost", "margin")  # of a point, in the table that is printed
SHOWN = 12  # points in the table that is printed; all are in the report and in points.csv
_FILES = {
    "report.html": "the report: open it in a browser; it needs no network",
    "points.csv": "a row for each point: where its levers stand, what they cost, and the headline differences",
    "failures.csv": "replications that failed, each with its error; their points are left out of everything else",
    "differences.csv": "every KPI of every point less the baseline's, with intervals",
    "kpis.csv": "every KPI of every point, with its interval",
    "replications.parquet": "every KPI of every replication, from which the two are made",
    "results/*": "the same for programs: `scenarios.sweeps.results.load` reads it back, `desirepath track` logs it",
    "scenario.yaml": "the baseline as it was run, with nothing left to look up; `scenario=FILE` runs it again",
    "provenance.json": "seed, versions, digests of the data: what it takes to get the same numbers again",
}


class SweepSettings(Settings):
    """Settings of `desirepath sweep`."""

    question: str | None = None
    design: Kind = "grid"
    points: int = 64
    levers: Names = ()
    precision: dict[str, Any] | None = None
    first: int = 20
    most: int = 1000
    level: float = Field(default=0.95, gt=0, lt=1)
    executor: Where = "process"
    address: str | None = None
    retry: bool = False
    run: bool = True


def sweep(asked: Composed) -> None:
    """Vary levers: live through every point of a design, and compare each with the baseline on the same customers.

    desirepath sweep scenario=NAME [path=1,2,3] [design=grid] [replications=10] [executor=process] [run=false]

    What varies is given several values, a=1,2,3, range(1,4) or interval(1,4), or else is every lever of the scenario.
    Everything goes to a folder of its own under outputs/sweep/NAME, and to MLflow. The same command goes on where a
    sweep was stopped: what is finished is kept in outputs/ledger.
    """
    settings, models, design, precision = _understood(asked)
    console = Console(highlight=False)
    console.print(_design_table(design, models[BASELINE].currency))
    for note in design.notes:
        console.print(note, markup=False, soft_wrap=True)
    parent = settings.outputs / "sweep" / asked.chosen["scenario"]
    with _alone(parent, _identity(models, settings, precision)) as folder, Telling(Console(stderr=True)) as telling:
        going = Sweep(
            models, design, seed=settings.seed, level=settings.level, ledger=Ledger(settings.outputs / "ledger"),
            retry=settings.retry, watch=telling,
        )  # fmt: skip
        with executor_of(settings.executor, settings.workers, settings.address) as executor, _going_on():
            each = going.pilot()
            console.print(_price(going, settings, precision, each, executor.workers), markup=False, soft_wrap=True)
            if not settings.run:
                return
            if not (folder / README).exists():
                folder.mkdir(exist_ok=True)
                (folder / README).write_text(_unfinished(asked.command, settings.outputs / "ledger"), encoding="utf-8")
            results = going.whole(executor, each, settings.replications, precision)
        settling = warmup_check(models[BASELINE], settings.seed)
        _write(results, settling, settings, asked, folder)
    _say(console, results, settling)
    if going.state.fresh:
        console.print(_spent(going.state), markup=False, soft_wrap=True)
    console.print(f"\nreport, tables and numbers: {folder}", markup=False)
    if settings.track:
        track_folder(folder, settings.outputs)


# ---- what is asked ---------------------------------------------------------------------------------------------------


def _understood(asked: Composed) -> tuple[SweepSettings, dict[str, Model], Design, Precision | None]:
    """Settings, scenarios, design and precision, or everything that is wrong with any of them."""
    problems: list[Problem] = []
    settings = _or_problems(lambda: settings_of(asked, SweepSettings), problems)
    if settings is None:
        _or_problems(lambda: model_of(asked), problems)
        raise ScenarioError(problems, "sweep")
    designed = _or_problems(
        lambda: designed_as_asked(asked, settings.design, settings.points, settings.seed, settings.levers), problems
    )
    precision = None
    if settings.precision is not None:
        precision = _or_problems(lambda: _precision(settings, asked), problems)
    if designed is None or problems:
        raise ScenarioError(problems, "sweep")
    return settings, *designed, precision


def _or_problems(make: Callable[[], Made], problems: list[Problem]) -> Made | None:
    """Make something, or note what is wrong with it."""
    try:
        return make()
    except ScenarioError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None


def _precision(settings: SweepSettings, asked: Composed) -> Precision:
    currency = str(asked.config["scenario"].get("currency", "EUR"))
    try:
        return read_precision(
            settings.precision or {}, level=settings.level, first=settings.first, most=settings.most, currency=currency
        )
    except ScenarioError as error:
        raise ScenarioError([replace(p, place=asked.place(p.path)) for p in error.problems], "precision") from None


# ---- before it runs --------------------------------------------------------------------------------------------------


def _identity(models: Mapping[str, Model], settings: SweepSettings, precision: Precision | None) -> str:
    """What makes a sweep the same one: question, scenarios, how many replications, and the version that runs them."""
    parts = {name: model.raw for name, model in models.items()}
    asked = settings.replications if precision is None else asdict(precision)
    said = (settings.seed, settings.level, settings.question, asked)
    text = json.dumps([code_version(), parts, said], default=str)
    return blake2b(text.encode(), digest_size=5).hexdigest()


@contextmanager
def _alone(parent: Path, identity: str) -> Iterator[Path]:
    """Folder of a sweep, for one process at a time; the lock of a process that dies goes with it."""
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / f".{identity}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DesirepathError(
                f"this very sweep is under way in another process ({parent / identity}); wait for it, or stop it"
            ) from None
        yield parent / identity


@contextmanager
def _going_on() -> Iterator[None]:
    """Say of a sweep that was stopped that it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; what is finished is kept, and the same command goes on from there") from None


def _unfinished(command: str, ledger: Path) -> str:
    return (
        f"# A sweep that is not finished\n\nIt goes on, and loses nothing, with\n\n```text\n{command}\n```\n\n"
        f"What is finished of it lies in `{ledger}`.\n"
    )


def _design_table(design: Design, currency: str) -> Table:
    """What varies, for a person to look at before it runs."""
    shown = told(design)
    table = Table(title=f"{shown.kind}: {words.counted(shown.points, 'point')} beside the baseline")
    for column in ("varies", "as", "now", "from", "to", "values", "price a month"):
        table.add_column(column, overflow="fold")
    for row in shown.rows:
        price = words.money(row.price, currency) if row.price else ""
        texts = (row.factor, row.role, row.baseline, row.low, row.high, row.values, price)
        table.add_row(*(escape(text) for text in texts))
    return table


def _price(going: Sweep, settings: SweepSettings, precision: Precision | None, each: float, workers: int) -> str:
    """What it costs, in histories and seconds."""
    replications = settings.replications if precision is None else precision.first
    histories, there = going.histories(dict.fromkeys(going.models, replications))
    seconds = each * (histories - there)
    times = f"{words.counted(replications, 'replication')}{' at least' if precision is not None else ''}"
    scenarios = words.counted(len(going.models), "scenario")
    parts = [f"{scenarios} × {times} make {histories:,} histories of about {each:.2g} s"]
    if there:
        parts.append(f"{there:,} of them are in the ledger already")
    parts.append(
        f"about {words.duration(max(seconds, 1) / 60)} of processor time, "
        f"{words.duration(max(seconds / workers, 1) / 60)} with {words.counted(workers, 'worker')}"
    )
    if precision is not None:
        longest = words.duration(each * precision.most * len(going.models) / 60)
        parts.append(f"no more than {precision.most:,} replications each, {longest}")
    return "; ".join(parts)


# ---- after it ran ----------------------------------------------------------------------------------------------------


def _write(results: Results, settling: WarmupCheck, settings: SweepSettings, asked: Composed, folder: Path) -> None:
    """Write everything, and put it in place of what was there only when it is whole."""
    model = results.comparison.models[BASELINE]
    question = settings.question or model.title or asked.chosen["scenario"]
    made_by = provenance(asked.command, settings.seed, results.comparison.replications, model.data)
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    warmup = (warmup_plot(settling), " ".join(settling.sentences))
    page = sweep_report(results, model.title or asked.chosen["scenario"], question, made_by, warmup=warmup)
    (draft / "report.html").write_text(page, encoding="utf-8")
    points_table(results).write_csv(draft / "points.csv")
    if results.failures.height:
        results.failures.write_csv(draft / "failures.csv")
    results.comparison.differences.write_csv(draft / "differences.csv")
    results.comparison.levels.write_csv(draft / "kpis.csv")
    text = yaml.safe_dump(model.raw, sort_keys=False, allow_unicode=True)
    (draft / "scenario.yaml").write_text(text, encoding="utf-8")
    (draft / "provenance.json").write_text(json.dumps(made_by, indent=2, ensure_ascii=False), encoding="utf-8")
    write_sweep(results, question, made_by, draft, earlier=folder)
    there = {name: what for name, what in _FILES.items() if (draft / name.split("/")[0]).exists()}
    (draft / README).write_text(explained(question, asked.command, there), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def points_table(results: Results) -> pl.DataFrame:
    """Points with their headline differences: ``KPI``, ``KPI lower`` and ``KPI upper`` for each."""
    rows = results.comparison.differences.filter((pl.col("by") == "all") & pl.col("kpi").is_in(HEADLINES))
    table = results.points
    for kpi in HEADLINES:
        own = rows.filter(pl.col("kpi") == kpi).select(
            "scenario", pl.col("difference").alias(kpi), pl.col("lower").alias(f"{kpi} lower"),
            pl.col("upper").alias(f"{kpi} upper"),
        )  # fmt: skip
        table = table.join(own, on="scenario", how="left", maintain_order="left")
    return table


def _say(console: Console, results: Results, settling: WarmupCheck) -> None:
    """Print the points that stand out, what failed, and what was not reached."""
    comparison = results.comparison
    currency = comparison.models[BASELINE].currency
    changes = comparison.changes
    shown = changes if len(changes) <= SHOWN else _outstanding(results)
    title = f"difference from the baseline, {comparison.level:.0%} interval"
    table = Table(title=f"{title}, {len(shown)} of {len(changes)} points" if len(shown) < len(changes) else title)
    table.add_column("point", overflow="fold")
    for kpi in SPOKEN:
        table.add_column(words.kpi_title(kpi), justify="right")
    for name in shown:
        rows = {kpi: comparison.difference(name, kpi) for kpi in SPOKEN}
        table.add_row(escape(name), *(coloured(kpi, row, currency) for kpi, row in rows.items()))
    console.print(table)
    for (name,), errors in results.failures.group_by(["scenario"], maintain_order=True):
        first = errors.row(0, named=True)
        console.print(
            f"{name}: failed in {words.counted(errors.height, 'replication')} and is left out; in replication "
            f"{first['replication']}: {first['error']}", markup=False, soft_wrap=True,
        )  # fmt: skip
    unsettled = [settling.sentence(kpi) for kpi in settling.settling if settling.enough(kpi) is False]
    halving = [_halving(results)] if results.looks else []
    for said in [*remarks(results.looks, currency), *halving, *unsettled]:
        console.print(said, markup=False, soft_wrap=True)


def _halving(results: Results) -> str:
    """What intervals half as wide would cost."""
    more = words.counted(price_of_halving(results.looks), "replication")
    return f"Intervals half as wide as these would take {more} more, in all."


def _spent(state: State) -> str:
    """What was lived through now, and what it took."""
    share = words.per_cent(round(state.engine / state.seconds, 2)) if state.seconds else "all"
    taken = words.duration(max(state.seconds, 1) / 60)
    return f"{state.fresh:,} histories took {taken} of processor time, {share} of it in the engine"


def _outstanding(results: Results) -> list[str]:
    """Names of the points that are best in what people ask about first, in the design's order."""
    comparison = results.comparison
    best: set[str] = set()
    for kpi in SPOKEN:
        sign = -1 if KPIS[kpi].better == "more" else 1
        found = {name: sign * comparison.difference(name, kpi)["difference"] for name in comparison.changes}
        known = {name: value for name, value in found.items() if not isnan(value)}
        best |= set(sorted(known, key=lambda name: known[name])[: SHOWN // len(SPOKEN)])
    return [name for name in comparison.changes if name in best]
