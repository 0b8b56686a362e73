"""Sweeps and stores that are not alone: a server that is killed midway, two processes at once, a thousand scenarios."""

import subprocess
import sys
import time

import pytest

from scenarios.track import log_folder, log_sweep, write_sweep
from sim.errors import DesirepathError
from tests.scenarios.servers import free_port, served
from tests.scenarios.swept import TWENTY, swept
from tests.scenarios.test_track_sweeps import MADE_BY

pytestmark = pytest.mark.slow
QUESTION = "How many people?"
CPU_SECONDS = 120


@pytest.fixture(autouse=True)
def _no_store_of_the_users_own(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def all_of(client):
    """Runs of the question, the parent and its children by name; every one of them there once."""
    experiment = client.get_experiment_by_name(QUESTION)
    runs = client.search_runs([experiment.experiment_id], max_results=5000)
    names = [run.data.tags.get("scenario", "") for run in runs]
    assert len(set(names)) == len(names)
    return dict(zip(names, runs, strict=True))


def test_a_server_that_is_killed_midway_and_started_again_has_every_run_once_and_whole(tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    results, folder, port = swept(headcounts=tuple(range(3, 13)), failed=("p0004",)), tmp_path / "run", free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    folder.mkdir()
    (folder / "report.html").write_text("report")
    write_sweep(results, QUESTION, MADE_BY, folder)
    again = f"desirepath track folder={folder} outputs={tmp_path}$"
    with served(tmp_path, port) as (where, kill), pytest.raises(DesirepathError, match=again):
        log_folder(folder, tmp_path, lambda done, _: kill() if done == 8 else None)
    with served(tmp_path, port):
        before = all_of(MlflowClient(where))
        assert 8 <= len(before) - 1 <= 9
        assert "RUNNING" in {run.info.status for run in before.values()}
        link = log_folder(folder, tmp_path)
        assert "compare-runs" in link
        client = MlflowClient(where)
        runs = all_of(client)
        assert set(runs) == {"", *results.points["scenario"]}
        assert {name for name, run in runs.items() if run.info.status != "FINISHED"} == {"p0004"}
        assert {name: run.info.run_id for name, run in before.items()}.items() <= {
            name: run.info.run_id for name, run in runs.items()
        }.items()
        for name in results.comparison.models:
            run = runs[name]
            assert len(run.data.metrics) == (3 if name == "baseline" else 6) * len(TWENTY) + 1
            assert len(client.get_metric_history(run.info.run_id, "churn")) == 1
            files = {file.path for file in client.list_artifacts(run.info.run_id)}
            assert files == {"scenario.yaml", "replications.parquet"}
        files = {file.path for file in client.list_artifacts(runs[""].info.run_id)}
        assert files == {"report.html", "replications.parquet", "results"}


def test_two_processes_that_log_into_a_fresh_store_at_once_both_find_their_place(tmp_path):
    from mlflow.tracking import MlflowClient

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_sweep(swept(), QUESTION, MADE_BY, tmp_path / name)
    command = [sys.executable, "-m", "scenarios.command", "track"]
    both = [
        subprocess.Popen([*command, f"folder={name}"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for name in ("one", "two", "two")
    ]
    for one in both:
        _, complained = one.communicate(timeout=300)
        assert (one.returncode, complained.strip()) == (0, "")
    client = MlflowClient(f"sqlite:///{tmp_path}/outputs/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name(QUESTION).experiment_id])
    assert len(runs) == 2 * (1 + 7)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len({(run.data.tags["desirepath.id"], run.data.tags.get("scenario")) for run in runs}) == len(runs)


def test_a_thousand_scenarios_with_twenty_kpis_are_logged_in_two_minutes_of_the_processor(tmp_path, capsys):
    from mlflow.tracking import MlflowClient

    results = swept(headcounts=tuple(range(3, 503)))
    began = time.process_time()
    log_sweep(results, QUESTION, MADE_BY, tmp_path, tmp_path / "outputs")
    spent = time.process_time() - began
    with capsys.disabled():
        print(f"\n1,000 scenarios with {len(TWENTY)} KPIs: {spent:.0f} CPU-seconds")  # noqa: T201 - what is stated
    runs = all_of(MlflowClient(f"sqlite:///{tmp_path}/outputs/mlflow.db"))
    assert len(runs) == 1 + 1 + 1000
    assert sum(len(run.data.metrics) for name, run in runs.items() if name) == 1000 * 121 + 61
    assert spent < CPU_SECONDS
