"""A comparison in MLflow: the question is the experiment, the comparison the parent run, each scenario a child."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from types import SimpleNamespace

import polars as pl
import pytest

from scenarios import store
from scenarios.compare import compare, variants
from scenarios.logs import write_logs
from scenarios.track import log_comparison, provenance
from sim.changes import altered
from sim.errors import DesirepathError
from sim.kpis import HEADLINES, KPIS
from sim.read import build, load, read
from sim.replications import simulate
from tests.scenarios.commands import QUICK, STARTER, results, typed
from tests.scenarios.servers import served

QUESTION = "Who should answer bills?"
DIGEST = "0123456789abcdef" * 4
ANSWERS = {"hire": "More people, fewer waits.", "hire+better_page": "Both."}


@pytest.fixture(autouse=True)
def _no_store_of_the_users_own(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def lived(changes):
    settings = {"clock.horizon": "8 days", "clock.warmup": "1 day", "population.customers": 30}
    model = build(altered(load(STARTER)[0], settings | {"data": {"calls (2024).csv": DIGEST}}))
    return compare(variants(model, changes), seed=4, replications=2)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A store in which one question was asked twice."""
    folder = tmp_path_factory.mktemp("asked")
    compared = lived(list(ANSWERS))
    made_by = provenance("desirepath compare scenario=bills", 4, 2, compared.models["baseline"].data)
    run = folder / "run"
    (run / "tables").mkdir(parents=True)
    for name in ("report.html", "scenario.yaml", "replications.parquet"):
        (run / name).write_text(name)
    (run / "tables" / "visits.parquet").write_text("somebody's visits")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        links = [log_comparison(compared, QUESTION, ANSWERS, made_by, run, folder / "outputs") for _ in range(2)]
    return folder / "outputs", links, compared


@pytest.fixture(scope="module")
def client(outputs):
    from mlflow.tracking import MlflowClient

    return MlflowClient(f"sqlite:///{outputs[0] / 'mlflow.db'}")


@pytest.fixture(scope="module")
def runs(client):
    """Runs of the question, oldest first: parents, and the children of the first by name."""
    experiment = client.get_experiment_by_name(QUESTION)
    everything = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    parents = [run for run in everything if "mlflow.parentRunId" not in run.data.tags]
    children = {
        run.info.run_name: run
        for run in everything
        if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id
    }
    return parents, children, everything


def test_a_question_is_an_experiment_and_asking_again_adds_a_parent_run(runs):
    parents, children, everything = runs
    assert [run.info.run_name for run in parents] == ["hire, hire+better_page"] * 2
    assert set(children) == {"baseline", "hire", "hire+better_page"}
    assert len(everything) == 2 * (1 + 3)
    assert {run.info.status for run in everything} == {"FINISHED"}


def test_the_parent_says_what_the_answer_is(runs):
    (parent, _), _, _ = runs
    note = parent.data.tags["mlflow.note.content"]
    assert note == "- **hire**: More people, fewer waits.\n- **hire+better_page**: Both."


def test_the_parent_has_the_baselines_headlines_and_the_differences(runs, outputs):
    (parent, _), _, _ = runs
    expected = {kpi: outputs[2].level_of("baseline", kpi)["mean"] for kpi in HEADLINES} | {
        f"{shown}: {kpi} difference": outputs[2].difference(name, kpi)["difference"]
        for name, shown in (("hire", "hire"), ("hire+better_page", "hire and better_page"))
        for kpi in HEADLINES
    }
    assert parent.data.metrics == {name: value for name, value in expected.items() if value == value}  # noqa: PLR0124
    assert parent.data.metrics["hire: cost difference"] > 0


def test_a_child_has_every_kpi_with_its_interval_and_its_difference_from_the_baseline(runs, outputs):
    _, children, _ = runs
    hire = children["hire"].data.metrics
    level, difference = outputs[2].level_of("hire", "cost"), outputs[2].difference("hire", "cost")
    assert [hire[name] for name in ("cost", "cost lower", "cost upper")] == [
        level[column] for column in ("mean", "lower", "upper")
    ]
    assert [hire[f"cost {name}"] for name in ("difference", "difference lower", "difference upper")] == [
        difference[column] for column in ("difference", "lower", "upper")
    ]
    baseline = children["baseline"].data.metrics
    assert not [name for name in baseline if "difference" in name]
    assert {name.removesuffix(" lower").removesuffix(" upper") for name in baseline} <= set(KPIS)
    assert len(baseline) > len(KPIS)


def test_parameters_say_the_design_and_which_changes_are_on(runs):
    (parent, _), children, _ = runs
    assert parent.data.params == {"seed": "4", "replications": "2", "level": "0.95"}
    assert {name: run.data.params["changes on"] for name, run in children.items()} == {
        "baseline": "none", "hire": "hire", "hire+better_page": "hire, better_page",
    }  # fmt: skip


def test_tags_say_what_made_it_the_data_among_it(runs):
    _, _, everything = runs
    for run in everything:
        tags = run.data.tags
        assert tags["command"] == "desirepath compare scenario=bills"
        assert (tags["seed"], tags["replications"]) == ("4", "2")
        assert tags["data calls _2024_.csv"] == DIGEST  # the name as MLflow allows it
        assert {"python", "desirepath", "numpy", "simpy"} <= set(tags)


def test_the_report_and_the_numbers_are_attached_but_no_raw_rows(runs, client):
    (parent, _), _, _ = runs
    artifacts = {artifact.path for artifact in client.list_artifacts(parent.info.run_id)}
    assert artifacts == {"report.html", "scenario.yaml", "replications.parquet", "results"}


def test_each_child_has_its_resolved_scenario_and_its_replications(runs, client, tmp_path):
    _, children, _ = runs
    run = children["hire+better_page"].info.run_id
    scenario = read(client.download_artifacts(run, "scenario.yaml", str(tmp_path)))
    assert scenario.enact == ("hire", "better_page")
    assert scenario.population.customers == 30
    table = pl.read_parquet(client.download_artifacts(run, "replications.parquet", str(tmp_path)))
    assert table.columns == ["replication", "kpi", "by", "group", "value"]
    assert set(table["replication"]) == {0, 1}


def test_the_link_shows_baseline_and_changes_side_by_side(runs, outputs):
    _, children, everything = runs
    links = outputs[1]
    chosen = re.fullmatch(r'#/compare-runs\?runs=(\[.*\])&experiments=(\["\d+"\])', links[0])
    assert chosen is not None
    assert json.loads(chosen[1]) == [children[name].info.run_id for name in ("baseline", "hire", "hire+better_page")]
    assert json.loads(chosen[2]) == [everything[0].info.experiment_id]
    assert links[0] != links[1]


def test_the_store_lies_under_outputs_unless_another_is_named(outputs, tmp_path, monkeypatch):
    assert (outputs[0] / "mlflow.db").is_file()
    assert (outputs[0] / "mlflow-artifacts").is_dir()
    shutil.copy(outputs[0] / "mlflow.db", tmp_path / "elsewhere.db")  # a new one takes seconds to make
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    ran = typed(tmp_path, "compare", *QUICK, "track=true", "changes=[hire]", "question=Elsewhere?")
    assert ran.code == 0
    assert not (tmp_path / "outputs" / "mlflow.db").exists()
    assert "in MLflow: desirepath mlflow\n" in ran.said
    from mlflow.tracking import MlflowClient

    experiment = MlflowClient(f"sqlite:///{tmp_path}/elsewhere.db").get_experiment_by_name("Elsewhere?")
    assert experiment is not None


def test_an_experiment_in_the_bin_is_taken_out_again(outputs, client, tmp_path):
    again = "In the bin?"
    compared = lived(["hire"])
    log_comparison(compared, again, {}, {}, tmp_path, outputs[0])
    client.delete_experiment(client.get_experiment_by_name(again).experiment_id)
    log_comparison(compared, again, {}, {}, tmp_path, outputs[0])
    experiment = client.get_experiment_by_name(again)
    assert experiment.lifecycle_stage == "active"
    assert len(client.search_runs([experiment.experiment_id], "tags.scenario = 'hire'")) == 2


def test_a_store_that_cannot_be_used_costs_nothing_and_what_came_out_is_logged_later(outputs, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://nowhere")
    ran = typed(tmp_path, "compare", *QUICK, "track=true", "changes=[hire]")
    assert ran.code == 1
    (whole,) = (path.relative_to(tmp_path) for path in results(tmp_path, "compare"))
    assert (tmp_path / whole / "report.html").is_file()
    assert any("MLflow did not take it" in line and "nonsense://nowhere" in line for line in ran.complaints)
    assert any(f"desirepath track folder={whole}" in line for line in ran.complaints)
    shutil.copy(outputs[0] / "mlflow.db", tmp_path / "elsewhere.db")  # a new one takes seconds to make
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    ran = typed(tmp_path, "track", f"folder={whole}")
    assert (ran.code, ran.said.splitlines()[0]) == (0, "in MLflow: desirepath mlflow")


def test_a_store_that_refuses_is_told_in_our_words(outputs, tmp_path):
    with pytest.raises(DesirepathError, match=r"MLflow did not take it: .*\nThe results are whole in"):
        log_comparison(outputs[2], "x" * 1000, {}, {"a tag": "y" * 100_000}, tmp_path, outputs[0])


def test_nothing_is_sent_anywhere_but_to_the_store(outputs):
    assert outputs
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


@pytest.mark.slow
def test_two_runs_at_once_in_an_empty_folder_both_find_their_place(tmp_path):
    from mlflow.tracking import MlflowClient

    words = ["simulate", *QUICK, "track=true", "replications=2"]
    command = [sys.executable, "-m", "scenarios.command", *words]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    for run in runs:
        said, complained = run.communicate(timeout=300)
        assert (run.returncode, complained.strip()) == (0, "")
        assert "in MLflow: " in said
    client = MlflowClient(f"sqlite:///{tmp_path}/outputs/mlflow.db")
    (experiment,) = (each for each in client.search_experiments() if each.name != "Default")
    parents = [run for run in client.search_runs([experiment.experiment_id]) if "scenario" not in run.data.tags]
    assert [run.info.status for run in parents] == ["FINISHED"] * 2


def test_a_question_that_another_run_asks_at_the_same_moment_is_one_experiment():
    from mlflow.exceptions import MlflowException

    class Busy:
        """A client whose store has no such experiment, until another run has made it before us."""

        asked = 0

        def get_experiment_by_name(self, _):
            self.asked += 1
            return SimpleNamespace(experiment_id="7", lifecycle_stage="active") if self.asked > 1 else None

        def create_experiment(self, name, artifact_location):
            raise MlflowException(f"Experiment(name={name}) already exists at {artifact_location}")

    assert store.experiment_of(Busy(), QUESTION, None) == "7"


# ---- a calibration ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calibrated(outputs, tmp_path_factory):
    """A folder in which a log of the starter company was calibrated, and what was said."""
    folder = tmp_path_factory.mktemp("calibrated")
    short = {"clock.horizon": "3 weeks", "clock.warmup": 0, "clock.run": "terminating", "population.customers": 60}
    write_logs(simulate(build(altered(load(STARTER)[0], short)), seed=1), folder / "logs")
    (folder / "outputs").mkdir()
    shutil.copy(outputs[0] / "mlflow.db", folder / "outputs")  # a new one takes seconds to make
    asked = ("calibrate", "log=demo", "log.folder=logs", "name=mine", "holdout=1 week", "replications=2", "workers=1")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return folder, typed(folder, *asked), typed(folder, *asked, "track=false", "name=other")


def test_a_calibration_is_a_run_with_its_checks_its_data_and_its_scenario_but_no_rows(calibrated):
    from mlflow.tracking import MlflowClient

    folder, ran, _ = calibrated
    assert ran.code == 0, ran.complained
    client = MlflowClient(f"sqlite:///{folder}/outputs/mlflow.db")
    (experiment,) = (each for each in client.search_experiments() if each.name.startswith("Calibration: "))
    (run,) = client.search_runs([experiment.experiment_id])
    assert f"the run: http://127.0.0.1:5000/#/experiments/{experiment.experiment_id}/runs/{run.info.run_id}" in ran.said
    assert (run.info.run_name, run.info.status) == ("mine", "FINISHED")
    assert run.data.params == {"log": "demo", "holdout": "1 week", "seed": "1", "replications": "2"}
    checks = pl.read_csv(folder / "outputs/calibrate/mine/validation.csv")
    counted = sum(value for name, value in run.data.metrics.items() if name.startswith("checks "))
    assert counted == checks.height
    assert run.data.metrics["contacts a week hotline observed"] == pytest.approx(
        checks.row(by_predicate=(pl.col("measure") == "contacts a week") & (pl.col("group") == "hotline"), named=True)[
            "observed"
        ]
    )
    assert run.data.tags["mlflow.note.content"].startswith("Not to be trusted for:")
    files = {path.name for path in (folder / "logs").iterdir()}
    assert {entry.dataset.name for entry in run.inputs.dataset_inputs} == files
    assert {name.removeprefix("data ") for name in run.data.tags if name.startswith("data ")} == files
    artifacts = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert artifacts == {"estimates.csv", "mine.yaml", "validation.csv", "validation.md"}


def test_a_calibration_that_is_not_to_be_tracked_is_not(calibrated):
    _, ran, untracked = calibrated
    assert untracked.code == 0
    assert "MLflow" in ran.said
    assert "MLflow" not in untracked.said


def test_what_is_built_on_a_calibrated_scenario_still_says_how_that_did_on_weeks_held_out(calibrated):
    folder, _, _ = calibrated
    overlay = "defaults: [mine, _self_]\npopulation: {customers: 30}\n"
    (folder / "what_if.yaml").write_text(overlay, encoding="utf-8")
    told = typed(folder, "describe", "scenario=what_if.yaml")
    assert told.code == 0
    assert "was checked against the log's last week, held out when it was calibrated" in " ".join(told.said.split())
    assert "what no log can show" in told.said.lower()
    checks = pl.read_csv(folder / "outputs/calibrate/mine/validation.csv")
    assert told.said.replace("\n", " ").count("; chance") == checks.height


def test_a_calibration_does_not_hang_on_the_key_that_hides_people(calibrated, tmp_path):
    folder, _, _ = calibrated
    again = typed(
        tmp_path, "calibrate", "log=demo", f"log.folder={folder / 'logs'}", "name=other", "holdout=1 week",
        "replications=2", "workers=1", "track=false",
    )  # fmt: skip
    assert again.code == 0, again.complained
    keys = [(where / "outputs/.pseudonym-key").read_bytes() for where in (folder, tmp_path)]
    assert keys[0] != keys[1]
    one, other = (read(where / "outputs/scenario/other.yaml").raw for where in (folder, tmp_path))
    del one["data"], other["data"]  # files are named by where they lie
    assert one == other


# ---- a server --------------------------------------------------------------------------------------------------------


def asked(where, path, **body):
    url = f"{where}/api/2.0/mlflow/{path}"
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


@pytest.mark.slow
def test_a_server_shows_baseline_and_changes_side_by_side(tmp_path, monkeypatch):
    with served(tmp_path) as (where, _):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", where)
        ran = typed(tmp_path, "compare", *QUICK, "track=true", f"question={QUESTION}")
        assert ran.code == 0
        link = re.search(rf"in MLflow: {where}/#/compare-runs\?runs=(\[.*?\])", ran.said)
        assert link is not None
        experiment = asked(where, "experiments/get-by-name?experiment_name=Who%20should%20answer%20bills%3F")
        number = experiment["experiment"]["experiment_id"]
        runs = asked(where, "runs/search", experiment_ids=[number])["runs"]
        names = {run["info"]["run_id"]: run["info"]["run_name"] for run in runs}
        assert [names[run] for run in json.loads(link[1])] == ["baseline", "hire", "better_page"]
        (parent,) = (run for run in runs if run["info"]["run_name"] == "hire, better_page")
        tags = {tag["key"]: tag["value"] for tag in parent["data"]["tags"]}
        assert "**hire**" in tags["mlflow.note.content"]
        files = asked(where, f"artifacts/list?run_id={parent['info']['run_id']}")["files"]
        assert {"report.html", "scenario.yaml", "differences.csv"} <= {file["path"] for file in files}
        costs = {
            run["info"]["run_name"]: metric["value"]
            for run in runs
            for metric in run["data"]["metrics"]
            if metric["key"] == "cost"
        }
        assert costs["hire"] > costs["baseline"]
