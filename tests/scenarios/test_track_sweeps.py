"""A sweep in MLflow: a parent that says what stands out, a child for each scenario, each there once whatever dies."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest

from scenarios import store
from scenarios.compose import compose
from scenarios.sweeps import note
from scenarios.track import log_folder, log_sweep, write_sweep
from sim.kpis import HEADLINES
from sim.read import read
from tests.scenarios.commands import typed
from tests.scenarios.swept import HEADCOUNT, SEED, TWENTY, WAGE, WHY, swept

ENTRY, ONE = "results/mlflow.json", "outputs/sweep/one/2026-01-02"
QUESTION = "How many people?"
MADE_BY = {"command": "desirepath sweep", "seed": "7"}
FAILED = "p0003"
LIVED = ("baseline", "p0001", "p0002", "p0004", "p0005", "p0006")


@pytest.fixture(autouse=True)
def _no_store_of_the_users_own(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A folder in which a sweep with a failed point is logged, and the link to it."""
    home = tmp_path_factory.mktemp("swept")
    results, folder = swept(failed=(FAILED,)), home / "run"
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text("report")
    (folder / "tables" / "visits.parquet").write_text("somebody's visits")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return home, results, log_sweep(results, QUESTION, MADE_BY, folder, home / "outputs")


@pytest.fixture(scope="module")
def empty(logged):
    """A store in which nothing of this is; a new one takes seconds to make."""
    client = client_of(logged[0])
    path = logged[0] / "empty.db"
    shutil.copy(logged[0] / "outputs" / "mlflow.db", path)
    assert client.get_experiment_by_name("Another?") is None
    return path


@pytest.fixture
def fresh(empty, tmp_path):
    """A folder with the store in which another question has not been asked, and a sweep that is written down."""
    (tmp_path / "outputs").mkdir()
    shutil.copy(empty, tmp_path / "outputs" / "mlflow.db")
    (tmp_path / "outputs" / "run").mkdir()
    write_sweep(swept(failed=(FAILED,)), "Another?", MADE_BY, tmp_path / "outputs" / "run")
    return tmp_path


def client_of(home):
    from mlflow.tracking import MlflowClient

    return MlflowClient(f"sqlite:///{home / 'outputs' / 'mlflow.db'}")


def runs_of(home, question=QUESTION):
    """The parent, and its children by name; every one of them there once."""
    client = client_of(home)
    experiment = client.get_experiment_by_name(question)
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = (run for run in runs if "scenario" not in run.data.tags)
    children = {run.info.run_name: run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id}
    assert len(children) == len(runs) - 1
    return parent, children


def whole(home, question):
    """Whether all of the sweep is in a store, once."""
    parent, children = runs_of(home, question)
    client = client_of(home)
    assert parent.info.status == "FINISHED"
    assert {name: run.info.status for name, run in children.items()} == {
        **dict.fromkeys(LIVED, "FINISHED"), FAILED: "FAILED",
    }  # fmt: skip
    for name in LIVED:
        run = children[name]
        assert len(run.data.metrics) == (3 if name == "baseline" else 6) * len(TWENTY) + 1
        assert all(len(client.get_metric_history(run.info.run_id, metric)) == 1 for metric in ("churn", "cost lower"))
        assert {file.path for file in client.list_artifacts(run.info.run_id)} == {
            "scenario.yaml",
            "replications.parquet",
        }
    return True


def test_the_parent_has_the_baselines_headlines_and_the_best_differences(logged):
    parent, _ = runs_of(logged[0])
    comparison = logged[1].comparison
    expected = {kpi: comparison.level_of("baseline", kpi)["mean"] for kpi in HEADLINES}
    for kpi in HEADLINES:
        if kpi != "cost":
            best = max((abs(comparison.difference(name, kpi)["difference"]), name) for name in LIVED[1:])[1]
            expected[f"best {kpi} difference"] = comparison.difference(best, kpi)["difference"]
    assert parent.data.metrics == expected
    assert parent.data.params == {"seed": "7", "replications": "4", "level": "0.95"}
    assert parent.info.run_name == "6 points: headcount and wage"


def test_the_parents_note_says_what_was_varied_what_failed_and_what_stands_out(logged):
    parent, _ = runs_of(logged[0])
    said = parent.data.tags["mlflow.note.content"]
    assert said.startswith("Grid of 6 points beside the baseline, 4 replications of each, seed 7.\n\n")
    assert f"- `{HEADCOUNT}` (lever): 3, 4, 5\n- `{WAGE}` (lever): 24 EUR / h, 26 EUR / h\n\n" in said
    assert "1 of them could not be lived through and is left out: p0003." in said
    assert re.search(
        rf"- \*\*p000[56]\*\* \(`{re.escape(HEADCOUNT)}` 5, .*\), best for .*churn.*: .* fewer customers lost", said
    )


def test_where_nothing_stands_out_the_note_says_so_and_the_link_leads_to_the_parent(fresh):
    results = swept(headcounts=(2,))
    assert note.note(results).endswith(
        "No point is clearly better than the baseline in any headline, allowing for all comparisons."
    )
    link = log_sweep(results, "Nothing?", MADE_BY, fresh / "outputs" / "run", fresh / "outputs")
    assert re.fullmatch(r"#/experiments/\d+/runs/\w{32}", link)


def test_a_child_has_what_varies_as_parameters_and_every_kpi_and_difference_with_its_interval(logged):
    _, children = runs_of(logged[0])
    child, comparison = children["p0004"].data, logged[1].comparison
    assert child.params == {HEADCOUNT: "4", WAGE: "26 EUR / h", "seed": str(SEED), "replications": "4"}
    expected = {"price": 2 * 3840.0}
    for kpi in TWENTY:
        level, difference = comparison.level_of("p0004", kpi), comparison.difference("p0004", kpi)
        expected |= {kpi: level["mean"], f"{kpi} lower": level["lower"], f"{kpi} upper": level["upper"]}
        expected |= {
            f"{kpi} difference": difference["difference"],
            f"{kpi} difference lower": difference["lower"],
            f"{kpi} difference upper": difference["upper"],
        }
    assert child.metrics == expected
    assert {"command", "seed", "desirepath.id", "scenario"} <= set(child.tags)
    assert not [name for name in children["baseline"].data.metrics if "difference" in name]


def test_a_point_that_failed_is_a_failed_child_that_says_why(logged):
    _, children = runs_of(logged[0])
    child = children[FAILED]
    assert child.info.status == "FAILED"
    assert child.data.params[HEADCOUNT] == "4"
    assert child.data.tags["mlflow.note.content"] == (
        f"Left out, because 2 of its replications failed. Replication 1:\n\n    {WHY}"
    )


def test_children_have_their_scenario_and_replications_and_the_parent_the_report_but_no_rows(logged, tmp_path):
    home, results, _ = logged
    client, (parent, children) = client_of(home), runs_of(home)
    run = children["p0005"].info.run_id
    scenario = read(client.download_artifacts(run, "scenario.yaml", str(tmp_path)))
    assert scenario == results.comparison.models["p0005"]
    values = pl.read_parquet(client.download_artifacts(run, "replications.parquet", str(tmp_path)))
    own = results.comparison.values.filter(pl.col("scenario") == "p0005").drop("scenario")
    assert values.equals(own)
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert files == {"report.html", "replications.parquet", "results"}


def test_the_link_shows_the_baseline_and_what_stands_out_side_by_side(logged):
    _, children = runs_of(logged[0])
    chosen = re.fullmatch(r"#/compare-runs\?runs=(\[.*\])&experiments=.*", logged[2])
    names = {run.info.run_id: name for name, run in children.items()}
    assert [names[run] for run in json.loads(chosen[1])] == ["baseline", *note.standing_out(logged[1])]


def test_mlflow_finds_the_points_that_keep_customers_at_a_price(logged):
    client = client_of(logged[0])
    experiment = client.get_experiment_by_name(QUESTION).experiment_id
    wanted = f"metrics.`churn difference upper` < 0 and metrics.price <= 8000 and params.`{WAGE}` = '24 EUR / h'"
    found = client.search_runs([experiment], wanted, order_by=["metrics.`churn difference` ASC"])
    assert [run.info.run_name for run in found] == ["p0001"]


# ---- whatever dies ---------------------------------------------------------------------------------------------------


def test_what_is_logged_already_is_not_logged_again(logged):
    home, _, link = logged
    before = runs_of(home)
    assert log_folder(home / "run", home / "outputs") == link
    after = runs_of(home)
    assert after[0].info.end_time == before[0].info.end_time
    assert whole(home, QUESTION)


@pytest.mark.parametrize(("call", "after"), [("create_run", 0), ("log_batch", 1), ("set_terminated", 4)])
def test_a_store_that_goes_away_midway_costs_nothing_and_one_command_logs_the_rest(call, after, fresh, monkeypatch):
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    works, calls = getattr(MlflowClient, call), []

    def fails(*given, **named):
        """Do what is asked as often as that, and once more without saying so."""
        calls.append(call)
        if len(calls) > after + 1:
            raise MlflowException("no answer")
        done = works(*given, **named)
        if len(calls) > after:
            raise MlflowException("no answer")
        return done

    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, call, fails)
        ran = typed(fresh, "track", "folder=outputs/run")
    assert ran.code == 1
    later = "to log them too, once the store takes them: desirepath track folder=outputs/run"
    assert ran.complaints == ["MLflow did not take it: no answer", f"The results are whole in outputs/run; {later}"]
    ran = typed(fresh, "track", "folder=outputs/run")
    assert (ran.code, ran.said.splitlines()[0]) == (0, "in MLflow: desirepath mlflow")
    assert whole(fresh, "Another?")


def test_a_run_that_a_server_took_twice_is_there_once(fresh):
    log_folder(fresh / "outputs" / "run", fresh / "outputs")
    client, (_, children) = client_of(fresh), runs_of(fresh, "Another?")
    one = children["p0004"]
    client.create_run(one.info.experiment_id, run_name="p0004", tags=one.data.tags)
    log_folder(fresh / "outputs" / "run", fresh / "outputs")
    assert whole(fresh, "Another?")


def test_ctrl_c_while_it_is_logged_says_how_to_log_the_rest(fresh, monkeypatch):
    from mlflow.tracking import MlflowClient

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as impatient:
        impatient.setattr(MlflowClient, "log_batch", stopped)
        ran = typed(fresh, "track", "folder=outputs/run")
    assert ran.code == 130
    assert ran.complaints[-1].startswith("stopped before all was logged. The results are whole in outputs/run;")
    assert typed(fresh, "track", "folder=outputs/run").code == 0
    assert whole(fresh, "Another?")


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        (
            "folder=outputs/rum",
            f"outputs/rum: is not the folder of a run that could be logged ({ENTRY} is missing); known: {ONE}",
        ),
        ("outputs=elsewhere", "elsewhere: there is no run in it that could be logged; name one: folder=…"),
        ("+foldr=x", "foldr: not a known field; did you mean 'folder'? [command line]"),
    ],
)  # fmt: skip
def test_a_folder_that_is_none_is_told(word, complaint, tmp_path):
    (tmp_path / ONE / "results").mkdir(parents=True)
    (tmp_path / ONE / ENTRY).write_text("{}")
    ran = typed(tmp_path, "track", word)
    assert (ran.code, ran.complaints[-1]) == (1, complaint)


def test_unless_a_folder_is_named_it_is_the_newest(fresh):
    for name in ("sweep/one/2026-01-02", "compare/two/2026-01-03", "sweep/one/.unfinished-12"):
        shutil.copytree(fresh / "outputs" / "run", fresh / "outputs" / name)
    (fresh / "outputs/sweep/one/2026-01-02/results/mlflow.json").write_text("{}")
    assert typed(fresh, "track").code == 0
    assert whole(fresh, "Another?")


def test_more_numbers_and_settings_than_a_server_takes_at_once_are_logged_in_several_calls():
    class Counting:
        """A client that remembers what it is given."""

        batches: ClassVar = []

        def log_batch(self, _, metrics, params):
            self.batches.append((len(metrics), len(params)))

    many = {f"n {i}": float(i) for i in range(2000)}
    store.log(Counting(), "run", many, {f"s {i}": i for i in range(250)}, at=0)
    assert all(sum(batch) <= 1000 and batch[1] <= 100 for batch in Counting.batches)
    assert [sum(counts) for counts in zip(*Counting.batches, strict=True)] == [2000, 250]


@pytest.mark.parametrize("paths", [{"folder": Path("a b/c's"), "outputs": Path("x")}])
def test_the_command_that_is_named_can_be_typed_as_it_stands(paths, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, verb, *words = shlex.split(store.command("track", paths))
    assert compose(verb, words).config == {name: str(path) for name, path in paths.items()}
