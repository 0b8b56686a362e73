"""What each verb prints and writes: whole results in a folder of their own, the same ones whenever asked again."""

import json
import os
import re
from dataclasses import fields

import polars as pl
import pytest
import yaml
from rich.console import Console

from scenarios import verbs
from scenarios.compare import BASELINE
from sim.errors import DesirepathError
from sim.kpis import HEADLINES, KPIS
from sim.read import read
from sim.replications import MOST_WORKERS
from sim.tables import Tables
from tests.scenarios.commands import QUICK, STARTER, assert_explained, digests, results, typed, written
from tests.scenarios.given import compared

RESULTS = {
    f"results/{name}"
    for name in ("about.json", "mlflow.json", "scenarios.parquet", "kpis.parquet", "differences.parquet")
}
TABLES = tuple(f"{field.name}.parquet" for field in fields(Tables))


# ---- new, describe, kpis ---------------------------------------------------------------------------------------------


def test_new_writes_a_scenario_that_runs_as_its_comment_says(tmp_path):
    ran = typed(tmp_path, "new", "name=bakery")
    path = tmp_path / "conf" / "scenario" / "bakery.yaml"
    assert ran.code == 0
    assert ran.said == "wrote conf/scenario/bakery.yaml; try: desirepath compare scenario=bakery\n"
    assert written(tmp_path) == {"conf/scenario/bakery.yaml"}
    assert "# Run it:  desirepath compare scenario=bakery\n" in path.read_text(encoding="utf-8")
    assert read(path).raw == read(STARTER).raw
    assert typed(tmp_path, "simulate", "scenario=bakery", *QUICK).code == 0


def test_new_never_writes_over_a_scenario(tmp_path):
    typed(tmp_path, "new")
    path = tmp_path / "conf" / "scenario" / "mine.yaml"
    path.write_text("# Weeks of work.\n", encoding="utf-8")
    ran = typed(tmp_path, "new")
    assert ran.code == 1
    assert ran.complained == "conf/scenario/mine.yaml is there already; choose another name: desirepath new name=…\n"
    assert path.read_text(encoding="utf-8") == "# Weeks of work.\n"


@pytest.mark.parametrize("name", ["", "a/b", "../mine", "what if"])
def test_new_wants_a_name_that_a_file_can_have(tmp_path, name):
    ran = typed(tmp_path, "new", f"name={name}")
    assert ran.code == 1
    assert f"name: {name!r} cannot be a file's name here; use letters, digits, _ and - [command line]" in ran.complained
    assert written(tmp_path) == set()


def test_describe_tells_the_scenario_and_draws_its_maps(tmp_path):
    ran = typed(tmp_path, "describe", "staff.service.shifts.day.headcount=7")
    assert ran.code == 0
    assert "A small company" in ran.said
    assert "7" in ran.said
    assert ran.said.endswith("journey maps: outputs/describe/starter.html\n")
    assert written(tmp_path) == {"outputs/describe/starter.html"}
    assert "<svg" in (tmp_path / "outputs" / "describe" / "starter.html").read_text(encoding="utf-8")


def test_describe_puts_the_page_where_it_is_told(tmp_path):
    assert typed(tmp_path, "describe", "name=now", "outputs=pages").code == 0
    assert written(tmp_path) == {"pages/describe/now.html"}


def test_kpis_says_what_each_number_means(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    ran = typed(tmp_path, "kpis")
    assert ran.code == 0
    for name, kpi in KPIS.items():
        assert re.search(rf"│ {name} +│ {re.escape(kpi.unit)} +│ {kpi.better} +│", ran.said)
    assert written(tmp_path) == set()


@pytest.mark.parametrize("word", ["only=churn", "only=[churn]"])
def test_kpis_can_be_asked_for_one(tmp_path, word, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    said = typed(tmp_path, "kpis", word).said
    assert "Customers lost in the window" in said
    assert "satisfaction" not in said


def test_compare_prints_any_number_that_is_asked_for_in_whole_or_by_a_dimension():
    console = Console(width=200)
    with console.capture() as printed:
        console.print(verbs.difference_table(compared(), ("visits", "occupancy.pool", "satisfaction.persona")))
    names = re.findall(r"^│ ([a-z ,]+?) +│", printed.get(), re.MULTILINE)
    assert names == ["visits", "occupancy, service", "satisfaction, caller", "satisfaction, surfer"]
    assert verbs.CompareSettings(show="visits").show == ("visits",)


def test_compare_answers_a_number_that_is_none_before_anything_is_simulated(tmp_path):
    ran = typed(tmp_path, "compare", "show=[vists,occupancy.pol,churn]")
    assert (ran.code, written(tmp_path)) == (1, set())
    assert "there is no KPI 'vists'; did you mean 'visits'?; occupancy does not come by 'pol'; did you mean" in (
        ran.complained
    )


def test_kpis_answers_a_name_that_is_none(tmp_path):
    ran = typed(tmp_path, "kpis", "only=[chrn,cots]")
    assert ran.code == 1
    assert ran.complaints == [
        "settings: 2 problems",
        "only: there is no KPI 'chrn'; did you mean 'churn'? [command line]",
        "only: there is no KPI 'cots'; did you mean 'cost'? [command line]",
    ]


# ---- simulate and compare --------------------------------------------------------------------------------------------


def test_simulate_writes_its_results_whole(tmp_path):
    ran = typed(tmp_path, "simulate", *QUICK)
    assert ran.code == 0
    (folder,) = results(tmp_path, "simulate")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{6}-\d{3}", folder.name)
    tables = {f"tables/{BASELINE}/{table}" for table in TABLES}
    named = {"README.md", "report.html", "kpis.csv", "replications.parquet", "scenario.yaml", "provenance.json"}
    assert written(folder) == tables | named | RESULTS
    assert_explained(folder)
    assert written(tmp_path) == {str((folder / file).relative_to(tmp_path)) for file in written(folder)}
    assert f"report, tables and numbers: {folder.relative_to(tmp_path)}" in ran.said
    for kpi in HEADLINES:
        assert kpi.replace("_", " ") in ran.said


def test_compare_writes_its_results_whole(tmp_path):
    ran = typed(tmp_path, "compare", *QUICK, "changes=[hire,hire+better_page]", "question=Who answers?")
    assert ran.code == 0
    (folder,) = results(tmp_path, "compare")
    scenarios = (BASELINE, "hire", "hire+better_page")
    tables = {f"tables/{name}/{table}" for name in scenarios for table in TABLES}
    named = {
        "README.md", "report.html", "kpis.csv", "replications.parquet", "scenario.yaml", "provenance.json",
        "differences.csv",
    }  # fmt: skip
    assert written(tmp_path / "outputs") == {
        str((folder / file).relative_to(tmp_path / "outputs")) for file in tables | named | RESULTS
    }
    assert_explained(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Who answers?" in page
    assert "with the visits of one replication" in page
    differences = pl.read_csv(folder / "differences.csv")
    assert set(differences["scenario"]) == {"hire", "hire+better_page"}
    values = pl.read_parquet(folder / "replications.parquet")
    assert set(values["scenario"]) == set(scenarios)
    for name in ("hire: ", "hire+better_page: "):
        assert any(line.startswith(name) for line in ran.said.splitlines())


def test_what_was_simulated_is_kept_resolved_with_what_made_it(tmp_path):
    typed(tmp_path, "simulate", *QUICK, "seed=9", "staff.service.wage=30 EUR / h")
    (folder,) = results(tmp_path, "simulate")
    resolved = yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8"))
    assert resolved["staff"]["service"]["wage"] == "30 EUR / h"
    assert read(folder / "scenario.yaml").population.customers == 30
    made_by = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert made_by["command"].startswith("desirepath simulate 'clock.horizon=8 days'")
    assert (made_by["seed"], made_by["replications"]) == ("9", "2")


def test_results_are_filed_under_the_name_that_is_given(tmp_path):
    assert typed(tmp_path, "simulate", *QUICK, "name=trial", "outputs=elsewhere").code == 0
    assert [path.name for path in (tmp_path / "elsewhere" / "simulate").iterdir()] == ["trial"]
    assert not (tmp_path / "outputs").exists()


def test_a_second_run_has_a_folder_of_its_own_and_the_same_tables_byte_for_byte(tmp_path):
    for _ in range(2):
        assert typed(tmp_path, "compare", *QUICK).code == 0
    one, two = results(tmp_path, "compare")
    assert digests(one, ".parquet", ".csv", ".yaml") == digests(two, ".parquet", ".csv", ".yaml")
    assert len(digests(one, ".parquet")) == 3 * len(TABLES) + 1 + 3


@pytest.mark.slow
@pytest.mark.usefixtures("processes_at_once")
def test_one_worker_and_two_write_the_same_tables_byte_for_byte(tmp_path):
    for workers in (1, 2):
        assert typed(tmp_path, "compare", *QUICK, f"workers={workers}", "changes=[hire]").code == 0
    one, two = results(tmp_path, "compare")
    assert digests(one, ".parquet", ".csv") == digests(two, ".parquet", ".csv")


@pytest.mark.parametrize(("keep", "share"), [("none", 0), ("sample", 0.05), ("0.3", 0.3)])
def test_what_is_kept_changes_the_tables_and_not_the_numbers(tmp_path, keep, share):
    for kept in ("all", keep):
        assert typed(tmp_path, "simulate", *QUICK, f"keep={kept}", "population.customers=300").code == 0
    one, two = results(tmp_path, "simulate")
    assert digests(one, "replications.parquet", ".csv") == digests(two, "replications.parquet", ".csv")
    whole, part = (Tables.read(folder / "tables" / "baseline") for folder in (one, two))
    assert part.customers.equals(whole.customers)
    assert part.visits.height == pytest.approx(share * whole.visits.height, rel=0.5)
    kept = pl.col("customer").is_in(part.visits["customer"].unique().implode())
    assert part.visits.equals(whole.visits.filter(kept))
    told = (two / "report.html").read_text(encoding="utf-8")
    assert (f"with the visits of one replication and {100 * share:.3g} % of its customers" in told) == (share > 0)


def test_another_seed_is_another_history(tmp_path):
    for seed in (1, 2):
        typed(tmp_path, "simulate", *QUICK, f"seed={seed}")
    one, two = results(tmp_path, "simulate")
    visits = f"tables/{BASELINE}/visits.parquet"
    assert digests(one, ".parquet")[visits] != digests(two, ".parquet")[visits]


def test_without_tracking_no_store_is_made(tmp_path):
    ran = typed(tmp_path, "compare", *QUICK)
    assert "MLflow" not in ran.said
    assert {path.name for path in (tmp_path / "outputs").iterdir()} == {"compare"}


# ---- when it goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [DesirepathError("no more memory"), KeyboardInterrupt(), ZeroDivisionError()])
def test_a_run_that_fails_leaves_nothing_half_written(tmp_path, monkeypatch, failure):
    def fail(*_, folder, **__):
        (folder / BASELINE).mkdir(parents=True)
        (folder / BASELINE / "visits.parquet").write_text("half of them")
        raise failure

    monkeypatch.setattr(verbs, "compare_all", fail)
    if isinstance(failure, ZeroDivisionError):
        with pytest.raises(ZeroDivisionError):
            typed(tmp_path, "compare", *QUICK)
    else:
        ran = typed(tmp_path, "compare", *QUICK)
        assert ran.code == (130 if isinstance(failure, KeyboardInterrupt) else 1)
        assert ran.complaints[-1] in ("no more memory", "stopped; nothing unfinished is kept")
    assert written(tmp_path) == set()
    assert results(tmp_path, "compare") == []


def test_earlier_results_survive_a_run_that_fails(tmp_path, monkeypatch):
    typed(tmp_path, "compare", *QUICK)
    before = written(tmp_path)
    monkeypatch.setattr(verbs.report, "comparison_report", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        typed(tmp_path, "compare", *QUICK)
    assert written(tmp_path) == before


def test_two_runs_at_once_do_not_write_in_each_others_folder(tmp_path, monkeypatch):
    parent = tmp_path / "compare" / "starter"
    with verbs._draft(parent) as mine:
        (mine / "kpis.csv").write_text("mine")
        monkeypatch.setattr(verbs.os, "getpid", lambda: 0)
        with verbs._draft(parent) as theirs:
            assert theirs != mine
        assert (mine / "kpis.csv").read_text() == "mine"
    assert list(parent.iterdir()) == []


@pytest.mark.parametrize(
    "words", [("simulate",), ("describe",), ("calibrate", "log=demo"), ("validate", "scenario=starter", "log=demo")]
)
@pytest.mark.parametrize("name", ["../x", "a/b", "/x", ".."])
def test_results_are_never_filed_outside_their_folder(tmp_path, words, name):
    ran = typed(tmp_path, *words, f"name={name}")
    assert ran.code == 1
    (complaint,) = ran.complaints[1:]
    assert complaint.startswith(f"name: {name!r} cannot be a file's name here; use letters, digits, _ and -")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_behind_is_swept_away_by_the_next(tmp_path):
    parent = tmp_path / "outputs" / "simulate" / "starter"
    lives, gone, mine = os.getppid(), 2**22 + 1, os.getpid()  # no process has a number above 2**22
    for process in (lives, gone):
        (parent / f".unfinished-{process}" / "tables").mkdir(parents=True)
    assert typed(tmp_path, "simulate", *QUICK).code == 0
    assert sorted(path.name for path in parent.iterdir())[:1] == [f".unfinished-{lives}"]
    assert not {f".unfinished-{gone}", f".unfinished-{mine}"} & {path.name for path in parent.iterdir()}


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("seed=abc", "seed: 'abc' is not a whole number"),
        ("seed=1.5", "seed: 1.5 is not a whole number"),
        ("replications=1", "replications: 1 is out of bounds; it should be at least 2"),
        ("level=95", "level: 95 is out of bounds; it should be less than 1"),
        ("keep=most", "keep: 'most' is not all, sample, none or a share from 0 to 1"),
        ("keep=1.5", "keep: 1.5 is not all, sample, none or a share from 0 to 1"),
        ("threads=0", "threads: 0 is out of bounds; it should be at least 1"),
        ("workers=0", f"workers: 0 is not auto or a number from 1 to {MOST_WORKERS}"),
        ("workers=two", f"workers: 'two' is not auto or a number from 1 to {MOST_WORKERS}"),
        ("changes=3", "changes: 3 is not a name or a list of names"),
        ("changes=[]", "changes: none is named; known: hire, better_page, or all"),
        ("changes=[hier]", "changes.hier: there is no change 'hier'; did you mean 'hire'?"),
        ("track=perhaps", "track: 'perhaps' is not true or false"),
        ("+sed=3", "sed: not a known field; did you mean 'seed'?"),
    ],
)
def test_a_setting_that_cannot_be_is_told_before_anything_is_written(tmp_path, word, complaint):
    ran = typed(tmp_path, "compare", word)
    assert ran.code == 1
    assert ran.complaints[1:] == [f"{complaint} [command line]"]
    assert list(tmp_path.iterdir()) == []


def test_settings_and_changes_are_told_together(tmp_path):
    ran = typed(tmp_path, "compare", "level=2", "changes=[hier]")
    assert ran.complaints == [
        "settings and scenario: 2 problems",
        "level: 2 is out of bounds; it should be less than 1 [command line]",
        "changes.hier: there is no change 'hier'; did you mean 'hire'? [command line]",
    ]


def test_settings_and_scenario_are_told_together(tmp_path):
    ran = typed(tmp_path, "compare", "seed=abc", "workers=0", "staff.service.shifts.day.headcount=-3")
    assert ran.complaints == [
        "settings and scenario: 3 problems",
        "seed: 'abc' is not a whole number [command line]",
        f"workers: 0 is not auto or a number from 1 to {MOST_WORKERS} [command line]",
        "staff.service.shifts.day.headcount: -3 is out of bounds; it should be at least 0 [command line]",
    ]
    assert list(tmp_path.iterdir()) == []
