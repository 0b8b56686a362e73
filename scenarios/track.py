"""What was found, in MLflow: the experiment is the question, a run an answer.

A comparison is a parent run with a child for each scenario; a calibration or a validation is one run.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import time
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import yaml

from scenarios.compare import BASELINE
from sim.errors import DesirepathError
from sim.kpis import HEADLINES, KPIS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl
    from mlflow.tracking import MlflowClient

    from scenarios.compare import Comparison

_SQLITE = "sqlite:///"
MOST_METRICS, MOST_PARAMS = 1000, 100  # a server takes no more at once
# What MLflow is told, unless the user has said otherwise, before it is first imported.
_MANNERS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # a server that is not there is given up in seconds, not minutes
}


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


def _client(outputs: Path) -> tuple[MlflowClient, str | None]:
    """Client of the tracking store, and where its artifacts go; a SQLite file under `outputs` unless one is set."""
    from mlflow.tracking import MlflowClient

    stated = os.environ.get("MLFLOW_TRACKING_URI")
    if not stated:
        outputs.mkdir(parents=True, exist_ok=True)
    store = stated or f"{_SQLITE}{(outputs / 'mlflow.db').resolve()}"
    with _alone(Path(f"{store.removeprefix(_SQLITE)}.lock")) if store.startswith(_SQLITE) else nullcontext():
        client = MlflowClient(store)  # makes the tables of a new store, which two cannot do at once
    return client, None if stated else (outputs / "mlflow-artifacts").resolve().as_uri()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock file, and wait for whoever holds it; the lock of a process that dies goes with it."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
    with _store(outputs, folder) as (client, artifacts):
        return _log_runs(client, _experiment(client, question, artifacts), comparison, answers, made_by, folder)


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
    with _store(finding.outputs, finding.files[0].parent) as (client, artifacts):
        from mlflow.entities import Dataset, DatasetInput

        experiment = _experiment(client, finding.question, artifacts)
        tags = {"mlflow.note.content": finding.note}
        run = str(client.create_run(experiment, run_name=finding.name, tags=tags).info.run_id)
        _log(client, run, finding.numbers, finding.settings, _made_with(command) | _digests(finding.data))
        sources = [
            # MLflow keeps 36 characters of a digest; the whole stands in the tags.
            DatasetInput(Dataset(name, digest[:36], "local", json.dumps({"uri": name})))
            for name, digest in finding.data.items()
        ]
        client.log_inputs(run, sources)
        for path in finding.files:
            client.log_artifact(run, str(path))
        client.set_terminated(run)
        return f"#/experiments/{experiment}/runs/{run}"


def how_to_see(outputs: Path, link: str) -> list[str]:
    """Lines that say how to look at what was logged."""
    stated = os.environ.get("MLFLOW_TRACKING_URI")
    if stated and stated.startswith("http"):
        return [f"in MLflow: {stated.rstrip('/')}/{link}"]
    store = stated or f"{_SQLITE}{outputs / 'mlflow.db'}"
    what = "side by side" if "compare-runs" in link else "the run"
    return [f"in MLflow: mlflow ui --backend-store-uri {store}", f"{what}: http://127.0.0.1:5000/{link}"]


@contextmanager
def _store(outputs: Path, folder: Path) -> Iterator[tuple[MlflowClient, str | None]]:
    """Client of the store, and where its artifacts go; what goes wrong with it is said in plain words."""
    for name, value in _MANNERS.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield _client(outputs)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DesirepathError(
            f"MLflow did not take it: {reason}\nThe results are whole in {folder}; to log them too, mend what "
            "MLFLOW_TRACKING_URI says and run it again, or leave MLflow out with track=false"
        ) from None


def _experiment(client: MlflowClient, question: str, artifacts: str | None) -> str:
    """Number of the experiment that has the question as its name, made or taken out of the bin where it must be."""
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(question)
    if experiment is None:
        try:
            return str(client.create_experiment(question, artifact_location=artifacts))
        except MlflowException:
            experiment = client.get_experiment_by_name(question)  # another run may have asked it at the same moment
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def _log_runs(
    client: MlflowClient,
    number: str,
    comparison: Comparison,
    answers: Mapping[str, str],
    made_by: Mapping[str, str],
    folder: Path,
) -> str:
    """Log the parent and its children and return the link to them."""
    note = "\n".join(f"- **{name}**: {answer}" for name, answer in answers.items())
    parent = client.create_run(
        number, run_name=", ".join(comparison.changes) or "as it is", tags={"mlflow.note.content": note}
    )
    headline = {
        f"{name}: {kpi} difference": comparison.difference(name, kpi)["difference"]
        for name in comparison.changes
        for kpi in HEADLINES
    }
    design = {"seed": comparison.seed, "replications": comparison.replications, "level": comparison.level}
    _log(client, parent.info.run_id, headline, design, made_by)
    for path in sorted(folder.iterdir()):
        if path.is_file():
            client.log_artifact(parent.info.run_id, str(path))
    children = [
        _log_scenario(client, number, parent.info.run_id, comparison, name, made_by) for name in comparison.models
    ]
    client.set_terminated(parent.info.run_id)
    runs = json.dumps(children, separators=(",", ":"))
    return f"#/compare-runs?runs={runs}&experiments={json.dumps([number], separators=(',', ':'))}"


def _log_scenario(
    client: MlflowClient, experiment: str, parent: str, comparison: Comparison, name: str, made_by: Mapping[str, str]
) -> str:
    """Log one scenario as a child run: its KPIs with intervals and their differences from the baseline."""
    tags = {"mlflow.parentRunId": parent, "scenario": name}
    run = client.create_run(experiment, run_name=name, tags=tags).info.run_id
    metrics = _numbers(comparison.levels, name, {"": "mean", " lower": "lower", " upper": "upper"})
    if name != BASELINE:
        wanted = {" difference": "difference", " difference lower": "lower", " difference upper": "upper"}
        metrics |= _numbers(comparison.differences, name, wanted)
    model = comparison.models[name]
    params = {"scenario": name, "changes on": ", ".join(model.enact) or "none", "seed": comparison.seed,
              "replications": comparison.replications}  # fmt: skip
    _log(client, run, metrics, params, made_by)
    client.log_text(run, yaml.safe_dump(model.raw, sort_keys=False, allow_unicode=True), "scenario.yaml")
    own = comparison.values.filter(comparison.values["scenario"] == name)
    client.log_table(
        run, {column: own[column].to_list() for column in own.columns if column != "scenario"}, "kpis.json"
    )
    client.set_terminated(run)
    return str(run)


def _numbers(table: pl.DataFrame, name: str, wanted: Mapping[str, str]) -> dict[str, float]:
    """Finite numbers of a scenario over everybody, by metric name."""
    rows = table.filter((table["scenario"] == name) & (table["by"] == "all"))
    return {
        f"{row['kpi']}{suffix}": row[column]
        for row in rows.iter_rows(named=True)
        for suffix, column in wanted.items()
        if row["kpi"] in KPIS and np.isfinite(row[column])
    }


def _named(name: str) -> str:
    """Name as MLflow allows it."""
    return re.sub(r"[^\w.\- :]", "_", name.replace("+", " and "))


def _log(
    client: MlflowClient, run: str, metrics: Mapping[str, float], params: Mapping[str, Any], tags: Mapping[str, str]
) -> None:
    """Log in as few calls as a server allows."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    numbers = [Metric(_named(key), float(value), now, 0) for key, value in metrics.items() if np.isfinite(value)]
    texts = [Param(key, str(value)) for key, value in params.items()]
    marks = [RunTag(_named(key), value) for key, value in tags.items()]
    for first in range(0, max(len(numbers), 1), MOST_METRICS - MOST_PARAMS):
        batch = numbers[first : first + MOST_METRICS - MOST_PARAMS]
        client.log_batch(run, batch, texts if first == 0 else [], marks if first == 0 else [])
