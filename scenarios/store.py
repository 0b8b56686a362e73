"""The MLflow store: where it is, how it is written to, and how one looks at it; MLflow is imported only when used."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import time
from contextlib import contextmanager, nullcontext
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np

from sim.errors import DesirepathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

SQLITE, ARTIFACTS = "sqlite:///", "mlflow-artifacts"
HOME = "http://127.0.0.1:5000"  # of MLflow's own page
MOST_AT_ONCE, MOST_PARAMS = 1000, 100  # a server takes no more
# What MLflow is told, unless the user has said otherwise, before it is first imported.
MANNERS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # a server that is not there is given up in seconds, not minutes
}


def how_to_see(outputs: Path, link: str) -> list[str]:
    """Lines that say how to look at what was logged."""
    stated = os.environ.get("MLFLOW_TRACKING_URI")
    if stated and stated.startswith("http"):
        return [f"in MLflow: {stated.rstrip('/')}/{link}"]
    what = "side by side" if "compare-runs" in link else "the run"
    return [f"in MLflow: {command('mlflow', {} if stated else {'outputs': outputs})}", f"{what}: {HOME}/{link}"]


def link_to(experiment: str, runs: str | list[str]) -> str:
    """Address, within MLflow's page, of a run, or of some side by side."""
    if isinstance(runs, str):
        return f"#/experiments/{experiment}/runs/{runs}"
    wanted = [json.dumps(each, separators=(",", ":")) for each in (runs, [experiment])]
    return f"#/compare-runs?runs={wanted[0]}&experiments={wanted[1]}"


def command(verb: str, paths: Mapping[str, Path]) -> str:
    """What to type for a verb with some paths; `outputs` is left out where it is what it is anyway."""
    said = {name: str(path) for name, path in paths.items() if (name, path) != ("outputs", Path("outputs"))}
    plain = re.compile(r"[\w./-]+")
    words = [f"{name}={path}" if plain.fullmatch(path) else f'{name}="{path}"' for name, path in said.items()]
    return shlex.join(["desirepath", verb, *words])


def store_of(outputs: Path) -> str:
    """Address of the store: a SQLite file under `outputs`, unless `MLFLOW_TRACKING_URI` names another."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{(outputs / 'mlflow.db').resolve()}"


@contextmanager
def opened(outputs: Path, else_said: str) -> Iterator[tuple[MlflowClient, str | None]]:
    """Client of the store, and where its artifacts go; what goes wrong with it is said in plain words."""
    for name, value in MANNERS.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield _client(outputs)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DesirepathError(f"MLflow did not take it: {reason}\n{else_said}") from None


def _client(outputs: Path) -> tuple[MlflowClient, str | None]:
    from mlflow.tracking import MlflowClient

    stated, store = os.environ.get("MLFLOW_TRACKING_URI"), store_of(outputs)
    if not stated:
        outputs.mkdir(parents=True, exist_ok=True)
    with alone(Path(f"{store.removeprefix(SQLITE)}.lock")) if store.startswith(SQLITE) else nullcontext():
        client = MlflowClient(store)  # makes the tables of a new store, which two cannot do at once
    return client, None if stated else (outputs / ARTIFACTS).resolve().as_uri()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a file, and wait for whoever holds it; the hold of a process that dies goes with it."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def experiment_of(client: MlflowClient, question: str, artifacts: str | None) -> str:
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


def tags(texts: Mapping[str, str]) -> dict[str, str]:
    """Tags as MLflow allows them."""
    return {_named(key): text for key, text in texts.items()}


def _named(name: str) -> str:
    """Name as MLflow allows it."""
    return re.sub(r"[^\w.\- :]", "_", name.replace("+", " and "))


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def log(
    client: MlflowClient, run: str, numbers: Mapping[str, float | None], settings: Mapping[str, Any], at: int
) -> None:
    """Log numbers and settings in as few calls as a server allows."""
    from mlflow.entities import Metric, Param

    known = {_named(key): float(value) for key, value in numbers.items() if value is not None and np.isfinite(value)}
    metrics = [Metric(key, value, at, 0) for key, value in known.items()]
    params = [Param(_named(key), str(value)) for key, value in settings.items()]
    for batch in zip_longest(
        _chunks(metrics, MOST_AT_ONCE - MOST_PARAMS), _chunks(params, MOST_PARAMS), fillvalue=list[Any]()
    ):
        client.log_batch(run, *batch)


def _chunks(everything: list[Any], size: int) -> list[list[Any]]:
    return [everything[first : first + size] for first in range(0, len(everything), size)]


@contextmanager
def shelf_of(client: MlflowClient, run: Run) -> Iterator[Path]:
    """Folder whose files become artifacts of a run: the run's own where it is on this machine, or one that is sent."""
    place = urlparse(run.info.artifact_uri)
    if place.scheme in ("", "file"):
        home = Path(url2pathname(place.path))
        home.mkdir(parents=True, exist_ok=True)
        yield home
        return
    with TemporaryDirectory() as draft:
        yield Path(draft)
        client.log_artifacts(run.info.run_id, draft)
