"""The verbs that ask what if: `new`, `describe`, `simulate`, `compare`, `track`, `mlflow` and `kpis`."""

from __future__ import annotations

import json
import math
import os
import shutil
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import yaml
from pydantic import AfterValidator, Field, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from scenarios import describe as telling
from scenarios import report, words
from scenarios.compare import BASELINE, better, variants
from scenarios.compare import compare as compare_all
from scenarios.serve import PORTS, serve
from scenarios.store import how_to_see
from scenarios.track import log_folder, newest, provenance, write_comparison
from sim.check import problem_of
from sim.described import Described, FileName
from sim.errors import DesirepathError, Problem, ScenarioError, did_you_mean
from sim.explained import README, explained
from sim.kpis import HEADLINES, KPIS
from sim.model import Model, Names
from sim.read import build
from sim.replications import MOST_WORKERS, ShareKept, Workers
from sim.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scenarios.compare import Comparison
    from scenarios.compose import Composed

_UNFINISHED = ".unfinished-"  # and the number of the process that is at it
_FILES = {
    "report.html": "the report: open it in a browser; it needs no network",
    "differences.csv": "every KPI of every change less the baseline's, with intervals",
    "kpis.csv": "every KPI of every scenario, with its interval",
    "replications.parquet": "every KPI of every replication, from which the two are made",
    "results/*": "the same for programs: `scenarios.kept.load` reads it back, `desirepath track` logs it",
    "tables/SCENARIO/*.parquet": "one history as it was simulated: its visits, journeys, customers, effects and staff",
    "scenario.yaml": "the baseline as it was run, with nothing left to look up; `scenario=FILE` runs it again",
    "provenance.json": "seed, versions, digests of the data: what it takes to get the same numbers again",
}


class Settings(Described):
    """Settings that several verbs share."""

    seed: int = 1
    replications: int = Field(default=10, ge=2)
    workers: Workers = Field(default="auto", validate_default=True)
    outputs: Path = Path("outputs")
    track: bool = True


class LivingSettings(Settings):
    """Settings of the verbs that keep what was lived through."""

    threads: int = Field(default=1, ge=1, le=MOST_WORKERS)
    keep: ShareKept = Field(default="all", validate_default=True)


def _asked_for(named: tuple[str, ...]) -> tuple[str, ...]:
    """KPIs, each with the dimension by which it is asked for where there is one, such as ``abandonment.touchpoint``."""
    wrong = []
    for each in named:
        name, _, by = each.partition(".")
        if name not in KPIS:
            wrong.append(f"there is no KPI '{name}'; {did_you_mean(name, list(KPIS))}")
        elif by and by not in KPIS[name].by:
            wrong.append(f"{name} does not come by '{by}'; {did_you_mean(by, KPIS[name].by)}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return named


class CompareSettings(LivingSettings):
    """Settings of `desirepath compare`."""

    question: str | None = None
    changes: Names = ("all",)
    level: float = Field(default=0.95, gt=0, lt=1)
    show: Annotated[Names, AfterValidator(_asked_for)] | None = None


class SimulateSettings(LivingSettings):
    """Settings of `desirepath simulate`."""

    name: FileName | None = None


class DescribeSettings(Described):
    """Settings of `desirepath describe`."""

    name: FileName | None = None
    outputs: Path = Path("outputs")


class TrackSettings(Described):
    """Settings of `desirepath track`."""

    folder: Path | None = None
    outputs: Path = Path("outputs")


class MlflowSettings(Described):
    """Settings of `desirepath mlflow`."""

    port: int = Field(default=5000, ge=1, le=PORTS)
    outputs: Path = Path("outputs")


class NewSettings(Described):
    """Settings of `desirepath new`."""

    name: FileName = "mine"


class KpisSettings(Described):
    """Settings of `desirepath kpis`."""

    only: Names | None = None


def new(asked: Composed) -> None:
    """Write a starter scenario to edit.

    desirepath new [name=mine]

    It goes to conf/scenario/NAME.yaml, where `scenario=NAME` finds it.
    """
    name = settings_of(asked, NewSettings).name
    path = Path("conf/scenario") / f"{name}.yaml"
    if path.exists():
        raise DesirepathError(f"{path} is there already; choose another name: desirepath new name=…")
    text = files("scenarios.conf").joinpath("scenario/starter.yaml").read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("scenario=starter", f"scenario={name}"), encoding="utf-8")
    Console(highlight=False).print(f"wrote {path}; try: desirepath compare scenario={name}", markup=False)


def describe(asked: Composed) -> None:
    """Tell a scenario in plain words, and draw its journey maps.

    desirepath describe scenario=NAME

    The words are printed; the page with the maps goes to outputs/describe/NAME.html.
    """
    settings, model = _checked(asked, DescribeSettings)
    console = Console(highlight=False)
    console.print(telling.describe(model), markup=False, soft_wrap=True)
    path = settings.outputs / "describe" / f"{settings.name or asked.chosen['scenario']}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(telling.describe_page(model), encoding="utf-8")
    console.print(f"\njourney maps: {path}", markup=False)


def kpis(asked: Composed) -> None:
    """Say what each number means.

    desirepath kpis [only=[churn,cost]]
    """
    only = settings_of(asked, KpisSettings).only
    names = list(KPIS) if only is None else only
    unknown = [name for name in names if name not in KPIS]
    if unknown:
        known = list(KPIS)
        place = asked.place("only")
        problems = [
            Problem("only", f"there is no KPI '{name}'; {did_you_mean(name, known)}", place) for name in unknown
        ]
        raise ScenarioError(problems, "settings")
    table = Table(show_lines=True)
    for column in ("KPI", "unit", "better", "by", "meaning"):
        table.add_column(column)
    for name in names:
        kpi = KPIS[name]
        table.add_row(name, kpi.unit, kpi.better, ", ".join(kpi.by), kpi.meaning)
    Console(highlight=False).print(table)


def simulate(asked: Composed) -> None:
    """Simulate one scenario: KPIs with intervals, tables and a report.

    desirepath simulate scenario=NAME [seed=1] [replications=10] [workers=auto]

    Everything goes to a folder of its own under outputs/simulate/NAME.
    """
    settings, model = _checked(asked, SimulateSettings)
    name = settings.name or asked.chosen["scenario"]
    with _draft(settings.outputs / "simulate" / name) as draft:
        comparison = _lived({BASELINE: model}, settings, 0.95, draft)
        _finish(comparison, settings, asked, f"{model.title or name} as it is", draft)


def compare(asked: Composed) -> None:
    """Compare the baseline with each change on the same customers: differences, MLflow and a report.

    desirepath compare scenario=NAME [changes=[chatbot,hire,chatbot+hire]] [seed=1] [replications=10] [workers=auto]

    `show=[visits,abandonment.touchpoint]` prints other numbers than the headlines, in whole or by a dimension;
    `desirepath kpis` tells which there are.

    Everything goes to a folder of its own under outputs/compare/NAME, and to MLflow (outputs/mlflow.db unless
    MLFLOW_TRACKING_URI names another store): the experiment is the question, a child run a scenario.
    """
    settings, model = _checked(asked, CompareSettings, lambda model: _variants(model, asked.config["changes"]))
    name = asked.chosen["scenario"]
    models = _variants(model, settings.changes)
    with _draft(settings.outputs / "compare" / name) as draft:
        comparison = _lived(models, settings, settings.level, draft)
        question = settings.question or model.title or name
        _finish(comparison, settings, asked, question, draft, settings.show or HEADLINES)


def track(asked: Composed) -> None:
    """Log to MLflow what lies in a run's folder, as far as it has not been logged yet.

    desirepath track [folder=outputs/compare/NAME/TIME]

    For when the store could not be reached, or went away midway: nothing is run again, and nothing is logged twice.
    """
    settings = settings_of(asked, TrackSettings)
    track_folder(settings.folder or newest(settings.outputs), settings.outputs)


def mlflow(asked: Composed) -> None:
    """Serve MLflow's own page on this machine, to look at what was logged; Ctrl-C ends it.

    desirepath mlflow [port=5000]

    It shows outputs/mlflow.db, unless MLFLOW_TRACKING_URI names another store; nobody else can reach it.
    """
    settings = settings_of(asked, MlflowSettings)
    console = Console(highlight=False)
    serve(settings.outputs, settings.port, lambda line: console.print(line, markup=False, soft_wrap=True))


# ---- what they share -----------------------------------------------------------------------------------------------


def _variants(model: Model, changes: object) -> dict[str, Model]:
    """Return the baseline and the changes that are asked for, if they are names."""
    named = [changes] if isinstance(changes, str) else changes
    if not isinstance(named, list | tuple) or not all(isinstance(name, str) for name in named):
        return {}
    return variants(model, "all" if list(named) == ["all"] else list(named))


def model_of(asked: Composed) -> Model:
    """The scenario that a verb is given, checked."""
    return build(asked.config["scenario"], asked.within("scenario"), f"scenario {asked.chosen['scenario']}")


def settings_of(asked: Composed, kind: type[Any]) -> Any:
    """A verb's own settings, checked."""
    raw = {key: value for key, value in asked.config.items() if key != "scenario"}
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        problems = (problem_of(dict(e), raw, kind) for e in error.errors())
        located = [Problem(p.path, p.message, asked.place(p.path)) for p in problems]
        raise ScenarioError(located, "settings") from None


def _checked(asked: Composed, kind: type[Any], also: Callable[[Model], object] = lambda _: None) -> tuple[Any, Model]:
    """A verb's own settings and its scenario, or everything that is wrong with either, or with what also is asked."""
    try:
        settings = settings_of(asked, kind)
    except ScenarioError as error:
        try:
            also(model_of(asked))
        except ScenarioError as another:
            raise ScenarioError([*error.problems, *another.problems], "settings and scenario") from None
        raise
    return settings, model_of(asked)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many histories are done and when the rest will be."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _draft(parent: Path) -> Iterator[Path]:
    """Folder of this run's own to write in, gone again if the run fails; `_finish` gives it its final name."""
    for left in parent.glob(f"{_UNFINISHED}*"):
        if not _lives(left.name.removeprefix(_UNFINISHED)):
            shutil.rmtree(left, ignore_errors=True)
    draft = parent / f"{_UNFINISHED}{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _lives(process: str) -> bool:
    """Whether a process of this machine is still there, by its number."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _lived(models: dict[str, Model], settings: LivingSettings, level: float, draft: Path) -> Comparison:
    """Simulate scenarios, with the tables of one history each in a folder."""
    with progress("living through the weeks") as step:
        return compare_all(
            models, settings.seed, settings.replications, workers=settings.workers, threads=settings.threads,
            level=level, folder=draft / "tables", keep=settings.keep, progress=step,
        )  # fmt: skip


def _finish(
    comparison: Comparison,
    settings: LivingSettings,
    asked: Composed,
    question: str,
    draft: Path,
    shown: Sequence[str] = HEADLINES,
) -> None:
    """Print, write and log what came out; the folder has its final name only when it is whole."""
    console = Console(highlight=False)
    name = draft.parent.name
    data = comparison.models[BASELINE].data
    made_by = provenance(asked.command, settings.seed, settings.replications, data)
    answers = {change: words.answer(comparison, change) for change in comparison.changes}
    model = comparison.models[BASELINE]
    kept = list(comparison.models) if settings.keep > 0 else []
    histories = {name: Tables.read(draft / "tables" / name) for name in kept}
    if answers:
        page = report.comparison_report(comparison, model.title or name, question, made_by, histories)
        comparison.differences.write_csv(draft / "differences.csv")
    else:
        page = report.simulation_report(comparison, model.title or name, question, made_by, histories)
    (draft / "report.html").write_text(page, encoding="utf-8")
    comparison.levels.write_csv(draft / "kpis.csv")
    (draft / "scenario.yaml").write_text(
        yaml.safe_dump(model.raw, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    (draft / "provenance.json").write_text(json.dumps(made_by, indent=2, ensure_ascii=False), encoding="utf-8")
    write_comparison(comparison, question, answers, made_by, draft)
    there = {name: what for name, what in _FILES.items() if (draft / name.split("/")[0]).exists()}
    (draft / README).write_text(explained(question, asked.command, there), encoding="utf-8")
    folder = draft.with_name(f"{datetime.now():%Y-%m-%d-%H%M%S-%f}"[:-3])
    draft.rename(folder)
    if answers:
        console.print(difference_table(comparison, shown))
        for change, sentence in answers.items():
            console.print(f"{change}: {sentence}", markup=False, soft_wrap=True)
    else:
        console.print(level_table(comparison))
    console.print(f"\nreport, tables and numbers: {folder}", markup=False)
    if settings.track:
        track_folder(folder, settings.outputs)


def track_folder(folder: Path, outputs: Path) -> None:
    """Log a run's folder, and say how to look at it."""
    with progress("logging to MLflow") as step:
        link = log_folder(folder, outputs, step)
    for line in how_to_see(outputs, link):
        Console(highlight=False).print(line, markup=False, soft_wrap=True)


def difference_table(comparison: Comparison, shown: Sequence[str] = HEADLINES) -> Table:
    """Differences of every change from the baseline, with intervals: of KPIs in whole, or by a dimension (`kpi.by`)."""
    table = Table(
        title=f"difference from the baseline, {comparison.level:.0%} interval, {comparison.replications} replications"
    )
    table.add_column("KPI")
    table.add_column("baseline", justify="right")
    for change in comparison.changes:
        table.add_column(change, justify="right")
    for each in shown:
        kpi, _, by = each.partition(".")
        groups = comparison.differences.filter(kpi=kpi, by=by or "all")["group"].unique(maintain_order=True)
        for group in groups:
            table.add_row(
                f"{words.plain(kpi)}, {words.plain(group)}" if by else words.plain(kpi),
                *_row(comparison, kpi, by or "all", group),
            )
    return table


def _row(comparison: Comparison, kpi: str, by: str, group: str) -> Iterator[str]:
    """What a number is in the baseline, and its difference in every change, or what it is then if it is new."""
    currency = comparison.models[BASELINE].currency
    rows = {row["scenario"]: row for row in comparison.differences.filter(kpi=kpi, by=by, group=group).to_dicts()}
    for name in comparison.models:
        known = comparison.level_of(name, kpi, by, group)
        level = words.level(kpi, known["mean"], currency, (known["upper"] - known["lower"]) / 2)
        if name == BASELINE or (math.isnan(rows[name]["difference"]) and not math.isnan(known["mean"])):
            yield level if name == BASELINE else f"then {level}"
        else:
            yield coloured(kpi, rows[name], currency)


def coloured(kpi: str, row: Mapping[str, float], currency: str) -> str:
    """A difference with its interval: green where it is for the better, red for the worse, dim where it is neither."""
    verdict = better(kpi, row["difference"]) if row["lower"] * row["upper"] > 0 else None
    style = {True: "green", False: "red", None: "dim"}[verdict]
    return f"[{style}]{words.with_interval(kpi, row, currency)}[/{style}]"


def level_table(comparison: Comparison) -> Table:
    """Every KPI of a scenario, with its interval."""
    table = Table(title=f"{comparison.level:.0%} interval, {comparison.replications} replications")
    for column, justify in (("KPI", "left"), ("mean", "right"), ("from", "right"), ("to", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    currency = comparison.models[BASELINE].currency
    rows = comparison.levels.filter((pl.col("by") == "all") & (pl.col("scenario") == BASELINE))
    for row in rows.iter_rows(named=True):
        half = (row["upper"] - row["lower"]) / 2
        cells = [words.level(row["kpi"], row[column], currency, half) for column in ("mean", "lower", "upper")]
        table.add_row(row["kpi"].replace("_", " "), *cells)
    return table
