"""What was found, in MLflow: the experiment is the question, a run an answer.

A comparison or a sweep is a parent run with a child for each scenario; a calibration or a validation is one run.

What is logged is first written into the run's folder, and is logged from there. So a store that goes away costs
nothing: whatever it has not got yet is found out by asking it, and logged later.
"""

from __future__ import annotations

import json
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np
import polars as pl
import yaml

from scenarios import kept, store
from scenarios.compare import BASELINE
from scenarios.sweeps import note as told
from scenarios.sweeps import results as sweeps
from sim.errors import DesirepathError, did_you_mean
from sim.kpis import HEADLINES, KPIS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from scenarios.compare import Comparison
    from scenarios.sweeps.results import Results

ID, SCENARIO, PARENT, NOTE = "desirepath.id", "scenario", "mlflow.parentRunId", "mlflow.note.content"
ENTRY = "mlflow.json"  # beside the results: what the parent run says
_LONGEST = 8000  # letters that a tag may have
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the one in C is four times as fast
_LEVEL = {"": "mean", " lower": "lower", " upper": "upper"}
_DIFFERENCE = {" difference": "difference", " difference lower": "lower", " difference upper": "upper"}


def provenance(command: str, seed: int, replications: int, data: Mapping[str, str]) -> dict[str, str]:
    """What made a result: command, draw, versions, and the SHA-256 of the files the scenario was calibrated on."""
    draw = {"seed": str(seed), "replications": str(replications)}
    return _made_with(command) | draw | _digests(data)


def _made_with(command: str) -> dict[str, str]:
    packages = ("desirepath", "simpy", "numpy", "scipy", "polars", "pydantic", "hydra-core")
    versions = {package: version(package) for package in packages}
    return {"command": command, "python": platform.python_version(), **versions}


def _digests(data: Mapping[str, str]) -> dict[str, str]:
    return {f"data {name}": digest for name, digest in data.items()}


# ---- what is to be logged, in the run's folder ---------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """What the parent run says, as it stands in the run's folder until it is logged.

    Attributes
    ----------
    id
        By which its runs are found again in a store; no other folder has it.
    at
        When it was written, milliseconds since 1970. Every number is logged as of then, so that it is there once,
        however often it is logged.
    question, name, note
        Names of the experiment and of the run, and what the run says in Markdown.
    numbers, settings, tags
        Metrics, parameters, and what made it.
    side_by_side
        Scenarios that the link shows; none where it shows the parent.
    """

    id: str
    at: int
    question: str
    name: str
    note: str
    numbers: dict[str, float]
    settings: dict[str, Any]
    tags: dict[str, str]
    side_by_side: list[str]


def write_comparison(
    comparison: Comparison, question: str, answers: Mapping[str, str], made_by: Mapping[str, str], folder: Path
) -> None:
    """Write a comparison into its run's folder, with all that `log_folder` needs; parameters as in `log_comparison`."""
    kept.save(comparison, folder)
    levels = {kpi: comparison.level_of(BASELINE, kpi)["mean"] for kpi in HEADLINES}
    differences = {
        f"{name}: {kpi} difference": comparison.difference(name, kpi)["difference"]
        for name in comparison.changes
        for kpi in HEADLINES
    }
    name = ", ".join(comparison.changes) or "as it is"
    note = "\n".join(f"- **{name}**: {answer}" for name, answer in answers.items())
    _write_entry(folder, comparison, question, name, note, levels | differences, made_by, list(comparison.models))


def write_sweep(
    results: Results, question: str, made_by: Mapping[str, str], folder: Path, earlier: Path | None = None
) -> None:
    """Write a sweep into its run's folder, with all that `log_folder` needs; parameters as in `log_sweep`.

    Parameters
    ----------
    earlier
        Folder of the very same sweep, if it has been written before: it is the same run then, and logged once.
    """
    sweeps.save(results, folder)
    points = told.standing_out(results)
    side_by_side = [BASELINE, *points] if points else []
    numbers, note = told.numbers(results), told.note(results)
    _write_entry(
        folder, results.comparison, question, told.name(results), note, numbers, made_by, side_by_side, earlier
    )


def _write_entry(
    folder: Path, comparison: Comparison, question: str, name: str, note: str, numbers: Mapping[str, float],
    made_by: Mapping[str, str], side_by_side: list[str], earlier: Path | None = None,
) -> None:  # fmt: skip
    known = {key: float(value) for key, value in numbers.items() if np.isfinite(value)}
    settings = {"seed": comparison.seed, "replications": comparison.replications, "level": comparison.level}
    known_as = None if earlier is None or not (earlier / kept.RESULTS / ENTRY).exists() else _entry(earlier, earlier)
    identity, at = (uuid4().hex, store.now()) if known_as is None else (known_as.id, known_as.at)
    entry = Entry(identity, at, question, name, note[:_LONGEST], known, settings, dict(made_by), side_by_side)
    path = folder / kept.RESULTS / ENTRY
    path.write_text(json.dumps(asdict(entry), indent=2, ensure_ascii=False), encoding="utf-8")


def _entry(folder: Path, outputs: Path) -> Entry:
    path = folder / kept.RESULTS / ENTRY
    try:
        return Entry(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = did_you_mean(folder, [str(each) for each in _runs(outputs)])
        raise DesirepathError(
            f"{folder}: is not the folder of a run that could be logged ({kept.RESULTS}/{ENTRY} is missing); {known}"
        ) from None
    except (ValueError, TypeError) as error:
        raise DesirepathError(f"{path}: cannot be read ({error})") from None


def newest(outputs: Path) -> Path:
    """Folder of the newest run under `outputs` that can be logged.

    Raises
    ------
    DesirepathError
        If there is none.
    """
    found = _runs(outputs)
    if not found:
        raise DesirepathError(f"{outputs}: there is no run in it that could be logged; name one: folder=…")

    def written(folder: Path) -> int:
        try:
            return _entry(folder, outputs).at
        except DesirepathError:  # which is told when it is asked for
            return 0

    return max(found, key=written)


def _runs(outputs: Path) -> list[Path]:
    """Folders of runs that can be logged."""
    return [path.parents[1] for path in outputs.glob(f"*/*/[!.]*/{kept.RESULTS}/{ENTRY}")]


@dataclass(frozen=True)
class _Child:
    """What a child run says of its scenario; of one that was not lived through, a note and neither raw nor values."""

    name: str
    settings: dict[str, Any]
    numbers: dict[str, float]
    raw: dict[str, Any] | None = None
    values: pl.DataFrame | None = None
    note: str = ""

    @property
    def status(self) -> str:
        """What MLflow calls how it ended."""
        return "FAILED" if self.raw is None else "FINISHED"

    def write(self, home: Path) -> None:
        """Write its scenario and its replications into a folder."""
        if self.raw is not None and self.values is not None:
            text = yaml.dump(self.raw, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
            (home / "scenario.yaml").write_text(text, encoding="utf-8")
            self.values.write_parquet(home / kept.VALUES)


def _children(folder: Path) -> list[_Child]:
    """A child for each scenario of the results in a folder, in their order."""
    if sweeps.is_sweep(kept.about(folder)):
        return _of_sweep(sweeps.load(folder))
    comparison = kept.load(folder)
    return [
        _lived(comparison, name, {"scenario": name, "changes on": ", ".join(model.enact) or "none"}, tables)
        for (name, model), tables in zip(comparison.models.items(), _by_scenario(comparison), strict=True)
    ]


def _of_sweep(results: Results) -> list[_Child]:
    paths = [factor.path for factor in results.design.factors]
    comparison = results.comparison
    tables = dict(zip(comparison.models, _by_scenario(comparison), strict=True))
    children = []
    for row in results.points.iter_rows(named=True):
        name, settings = row["scenario"], {path: row[path] for path in paths if row[path] is not None}
        settings |= {"seed": comparison.seed, "replications": row["replications"]}
        if name in tables:
            children.append(_lived(comparison, name, settings, tables[name], price=row["price"]))
        else:
            children.append(
                _Child(name, settings, {"price": row["price"]}, note=told.failure(results, name)[:_LONGEST])
            )
    return children


def _by_scenario(comparison: Comparison) -> Iterator[tuple[pl.DataFrame, ...]]:
    """Levels and differences over everybody, and values, of each scenario in its order."""
    everybody = (frame.filter(pl.col("by") == "all") for frame in (comparison.levels, comparison.differences))
    frames = [frame.partition_by(SCENARIO, as_dict=True) for frame in (*everybody, comparison.values)]
    return (tuple(frame.get((name,), pl.DataFrame()) for frame in frames) for name in comparison.models)


def _lived(
    comparison: Comparison, name: str, settings: dict[str, Any], tables: tuple[pl.DataFrame, ...], **numbers: float
) -> _Child:
    """Child run of a scenario: its KPIs with intervals, and their differences from the baseline."""
    levels, differences, values = tables
    numbers |= _numbers(levels, _LEVEL) | _numbers(differences, _DIFFERENCE)
    settings = {"seed": comparison.seed, "replications": comparison.replications} | settings
    return _Child(name, settings, numbers, comparison.models[name].raw, values.drop(SCENARIO))


def _numbers(table: pl.DataFrame, wanted: Mapping[str, str]) -> dict[str, float]:
    """Numbers of one scenario by metric name."""
    return {
        f"{row['kpi']}{suffix}": row[column]
        for row in table.iter_rows(named=True)
        for suffix, column in wanted.items()
        if row["kpi"] in KPIS
    }


# ---- logging ---------------------------------------------------------------------------------------------------------


def log_comparison(
    comparison: Comparison,
    question: str,
    answers: Mapping[str, str],
    made_by: Mapping[str, str],
    folder: Path,
    outputs: Path,
) -> str:
    """Log a comparison and return the link that shows baseline and changes side by side.

    Parameters
    ----------
    comparison
        What came out.
    question
        Name of the experiment.
    answers
        For each change, what it does in a sentence.
    made_by
        Provenance, logged as tags.
    folder
        With the report, the resolved scenarios and the tables; all but raw rows is logged.
    outputs
        Where the store lies, unless `MLFLOW_TRACKING_URI` says otherwise.

    Raises
    ------
    DesirepathError
        If the store cannot be reached, or refuses; what lies in the folder is not lost.
    """
    write_comparison(comparison, question, answers, made_by, folder)
    return log_folder(folder, outputs)


def log_sweep(results: Results, question: str, made_by: Mapping[str, str], folder: Path, outputs: Path) -> str:
    """Log a sweep and return the link that shows the baseline and what stands out side by side.

    Parameters
    ----------
    results
        What came out.
    question, made_by, folder, outputs
        As in `log_comparison`.

    Raises
    ------
    DesirepathError
        If the store cannot be reached, or refuses; what lies in the folder is not lost.
    """
    write_sweep(results, question, made_by, folder)
    return log_folder(folder, outputs)


def log_folder(folder: Path, outputs: Path, progress: Callable[[int, int], None] | None = None) -> str:
    """Log what lies in a run's folder, as far as it has not been logged yet, and return the link to it.

    However often it is called, and whatever died before, every run is in the store once.

    Parameters
    ----------
    folder
        Of a comparison, a simulation or a sweep.
    outputs
        Where the store lies, unless `MLFLOW_TRACKING_URI` says otherwise.
    progress
        Told how many runs are logged, of how many.

    Raises
    ------
    DesirepathError
        If nothing in the folder can be logged; if the store cannot be reached, or refuses.
    """
    entry, children = _entry(folder, outputs), _children(folder)
    later = store.command("track", {"folder": folder, "outputs": outputs})
    said = f"The results are whole in {folder}; to log them too, once the store takes them: {later}"
    try:
        with store.alone(folder / kept.RESULTS / ENTRY), store.opened(outputs, said) as (client, artifacts):
            experiment = store.experiment_of(client, entry.question, artifacts)
            link = _log_all(client, experiment, entry, children, folder, progress or (lambda *_: None))
            if store.store_of(outputs).startswith("http"):
                _logged(client, experiment, entry)
            return link
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped before all was logged. {said}") from None


def _log_all(
    client: MlflowClient, experiment: str, entry: Entry, children: list[_Child], folder: Path,
    progress: Callable[[int, int], None],
) -> str:  # fmt: skip
    """Log the parent and its children, without those that are there and ended, and return the link."""
    there = _logged(client, experiment, entry)
    parent = there.get("") or client.create_run(
        experiment, run_name=entry.name, tags=store.tags(entry.tags | {ID: entry.id, NOTE: entry.note})
    )
    home, runs = parent.info.run_id, {}
    if not _ended(parent):
        store.log(client, home, entry.numbers, entry.settings, at=entry.at)
        with store.shelf_of(client, parent) as shelf:
            _copy(folder, shelf)
    for done, child in enumerate(children):
        progress(done, len(children))
        run = there.get(child.name) or client.create_run(
            experiment, run_name=child.name, tags=store.tags(entry.tags | _family(entry, home, child))
        )
        runs[child.name] = run.info.run_id
        if not _ended(run):
            store.log(client, run.info.run_id, child.numbers, child.settings, at=entry.at)
            with store.shelf_of(client, run) as shelf:
                child.write(shelf)
            client.set_terminated(run.info.run_id, child.status)
    if not _ended(parent):
        client.set_terminated(home)
    progress(len(children), len(children))
    return store.link_to(experiment, [runs[name] for name in entry.side_by_side if name in runs] or home)


def _family(entry: Entry, parent: str, child: _Child) -> dict[str, str]:
    """Tags by which a child belongs to its parent, and says why it failed."""
    return {ID: entry.id, SCENARIO: child.name, PARENT: parent} | ({NOTE: child.note} if child.note else {})


def _ended(run: Run) -> bool:
    return str(run.info.status) in ("FINISHED", "FAILED")


def _logged(client: MlflowClient, experiment: str, entry: Entry) -> dict[str, Run]:
    """Runs of an entry that are in the store, by scenario, the parent under ``""``; one that is there twice is deleted.

    It comes to that where a server took a run and died before it said so, and was asked again.
    """
    found: list[Run] = []
    token: str | None = ""
    while token is not None:
        page = client.search_runs([experiment], f"tags.`{ID}` = '{entry.id}'", page_token=token or None)
        found += page
        token = page.token or None
    there: dict[str, Run] = {}
    for run in sorted(found, key=lambda run: (not _ended(run), run.info.start_time)):
        name = run.data.tags.get(SCENARIO, "")
        if name in there:
            client.delete_run(run.info.run_id)
        else:
            there[name] = run
    return there


def _copy(folder: Path, shelf: Path) -> None:
    """Copy what belongs to the parent: all files of the run's folder, and its results, but no raw rows."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            shutil.copyfile(path, shelf / path.name)
    shutil.copytree(folder / kept.RESULTS, shelf / kept.RESULTS, dirs_exist_ok=True, copy_function=shutil.copyfile)


class Finding(Protocol):
    """An answer that is one run, as `calibrate` and `validate` give it.

    Attributes
    ----------
    question, name, note
        Names of the experiment and of the run, and what the run says in words.
    numbers, settings, data
        Metrics, parameters, and the SHA-256 of the files it rests on, by name.
    files, outputs
        What is logged with it, and where the store lies unless `MLFLOW_TRACKING_URI` says otherwise.
    """

    question: str
    name: str
    note: str
    numbers: dict[str, float]
    settings: dict[str, str]
    data: dict[str, str]
    files: list[Path]
    outputs: Path


def log_finding(finding: Finding, command: str) -> str:
    """Log a finding and return the link to it.

    Raises
    ------
    DesirepathError
        If the store cannot be reached, or refuses; what was written is not lost.
    """
    said = (
        f"The results are whole in {finding.files[0].parent}; to log them too, mend what MLFLOW_TRACKING_URI says and "
        "run it again, or leave MLflow out with track=false"
    )
    with store.opened(finding.outputs, said) as (client, artifacts):
        from mlflow.entities import Dataset, DatasetInput

        experiment = store.experiment_of(client, finding.question, artifacts)
        tags = store.tags(_made_with(command) | _digests(finding.data) | {NOTE: finding.note})
        run = client.create_run(experiment, run_name=finding.name, tags=tags)
        store.log(client, run.info.run_id, finding.numbers, finding.settings, at=store.now())
        sources = [
            # MLflow keeps 36 characters of a digest; the whole stands in the tags.
            DatasetInput(Dataset(name, digest[:36], "local", json.dumps({"uri": name})))
            for name, digest in finding.data.items()
        ]
        client.log_inputs(run.info.run_id, sources)
        with store.shelf_of(client, run) as shelf:
            for path in finding.files:
                shutil.copyfile(path, shelf / path.name)
        client.set_terminated(run.info.run_id)
        return store.link_to(experiment, run.info.run_id)
