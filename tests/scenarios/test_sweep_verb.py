"""What `desirepath sweep` prints and writes, and what it refuses before any work begins."""

import json
import re

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from scenarios.compare import BASELINE
from scenarios.sweeps import executors
from scenarios.sweeps.results import load
from tests.scenarios.commands import SHORT, assert_explained, digests, typed, written
from tests.scenarios.sweeping import DAY, MIDDAY

QUICK = (*SHORT, "replications=2", "executor=serial", "track=false")
TWO = (f"{DAY}=1,2", f"{MIDDAY}=0,1")


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """A terminal in which nothing has to be folded."""
    monkeypatch.setenv("COLUMNS", "300")


def run_of(folder):
    (run,) = [path for path in (folder / "outputs" / "sweep" / "starter").iterdir() if path.is_dir()]
    return run


def test_a_sweep_shows_its_design_and_price_and_writes_its_results_whole(tmp_path):
    ran = typed(tmp_path, "sweep", *QUICK, *TWO, "question=How many?")
    assert ran.code == 0, ran.complained
    assert "grid: 4 points beside the baseline" in ran.said
    assert re.search(
        r"5 scenarios × 2 replications make 8 histories of about [\d.e-]+ s; .* of processor time", ran.said
    )
    assert "8 of 8 histories" in ran.complaints
    run = run_of(tmp_path)
    assert f"report, tables and numbers: {run.relative_to(tmp_path)}" in ran.said
    assert_explained(run)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "How many?" in page
    points = pl.read_csv(run / "points.csv")
    assert points["scenario"].to_list() == [
        BASELINE, *(f"day.headcount={day}, midday.headcount={midday}" for day in (1, 2) for midday in (0, 1)),
    ]  # fmt: skip
    assert {"satisfaction", "satisfaction lower", "satisfaction upper", "price", DAY} <= set(points.columns)
    results = load(run)
    assert_frame_equal(results.comparison.differences, pl.read_parquet(run / "results" / "differences.parquet"))
    assert json.loads((run / "provenance.json").read_text())["command"].startswith("desirepath sweep")


def test_the_same_sweep_again_finds_everything_and_writes_the_same(tmp_path):
    typed(tmp_path, "sweep", *QUICK, *TWO)
    before = digests(run_of(tmp_path), ".csv", ".parquet", ".yaml")
    ledger = digests(tmp_path / "outputs" / "ledger", ".parquet")
    ran = typed(tmp_path, "sweep", *QUICK, *TWO)
    assert "8 of them are in the ledger already" in ran.said.replace("\n", " ")
    assert digests(run_of(tmp_path), ".csv", ".parquet", ".yaml") == before
    assert digests(tmp_path / "outputs" / "ledger", ".parquet") == ledger


def test_a_sweep_that_is_only_to_be_priced_is_not_lived_through(tmp_path):
    ran = typed(tmp_path, "sweep", *QUICK, *TWO, "replications=500", "run=false")
    assert ran.code == 0
    assert "5 scenarios × 500 replications make 2,000 histories" in ran.said
    assert not [name for name in written(tmp_path / "outputs" / "sweep") if not name.endswith(".lock")]


def test_levers_that_a_scenario_names_need_no_values(tmp_path):
    ran = typed(tmp_path, "sweep", *QUICK)
    assert ran.code == 0
    assert "grid: 4 points beside the baseline" in ran.said
    assert "5,200 EUR" in ran.said


def test_more_points_than_can_be_read_are_printed_by_what_is_best_in_them(tmp_path):
    ran = typed(tmp_path, "sweep", *QUICK, f"{DAY}=1,2,3,4", f"{MIDDAY}=0,1,2,3")
    shown = re.search(r"(\d+) of 16 points", ran.said)
    assert shown
    assert 3 <= int(shown[1]) <= 12
    assert pl.read_csv(run_of(tmp_path) / "points.csv").height == 17


def test_what_was_reached_of_a_precision_is_told(tmp_path):
    asked = ("precision={mean_wait: 3 min, churn: 20 points}", "first=10", "most=40")
    ran = typed(tmp_path, "sweep", *QUICK, f"{DAY}=2", *asked)
    assert ran.code == 0, ran.complained
    assert "10 replications at least" in ran.said
    assert "mean wait ±" in ran.complained
    assert "(asked for ±3 min)" in ran.complained
    assert "(asked for ±20 %-points)" in ran.complained
    assert load(run_of(tmp_path)).looks["headcount=2"].precise


# ---- refused before any work begins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["staff.service.shifts.dya.headcount=1,2"],
            r"no such lever or value; did you mean '.*day.headcount'\?",
        ),
        (["levers=[staff.service.shifts.day.headcuont]"], r"did you mean 'staff.service.shifts.day.headcount'\?"),
        ([f"{DAY}=1,9"], r"9 .*1.*4"),
        (["design=sobol", "points=0"], r"points: "),
        (["design=sobol", "points=10000000"], r"10,000"),
        (["design=gird"], r"design: .*'grid'"),
        ([f"{DAY}=1,2", "precision={chrun: 0.1}"], r"precision.chrun: there is no KPI 'chrun'; did you mean 'churn'\?"),
        ([f"{DAY}=1,2", "precision={churn: 0.1}", "first=30", "most=20"], r"most: 20 is less than the 30 replications"),
        ([f"{DAY}=1,2", "executor=dusk"], r"executor: .*'dask'"),
        (
            [f"{DAY}=1,2", "executor=dask", "address=tcp://127.0.0.1:9"],
            r"no Dask scheduler answers at tcp://127.0.0.1:9",
        ),
        ([f"{DAY}=1,2", "outputs=/proc/nowhere"], r"/proc/nowhere.*cannot be written"),
        (["population.customers=30,60"], r"population.customers: "),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_written(tmp_path, monkeypatch, words, complaint):
    monkeypatch.setattr(executors, "ANSWER_WITHIN", 1)
    ran = typed(tmp_path, "sweep", *QUICK, *words)
    assert ran.code == 1
    assert re.search(complaint, ran.complained, re.DOTALL), ran.complained
    assert not [name for name in written(tmp_path) if not name.endswith(".lock")]


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    ran = typed(tmp_path, "sweep", f"{DAY}=1,9", "precision={chrun: 1}", "level=2", "currency=Euro")
    assert ran.code == 1
    for part in ("level", "currency"):
        assert part in ran.complained


def test_a_precision_that_a_pilot_shows_to_be_out_of_reach_is_refused(tmp_path):
    asked = ("precision={mean_wait: 0.0001 min}", "first=10", "most=20")
    ran = typed(tmp_path, "sweep", "clock.horizon=3 weeks", "population.customers=60", "executor=serial", "track=false",
                f"{DAY}=2,3", *asked)  # fmt: skip
    assert ran.code == 1
    assert re.search(r"precision.mean_wait: ±0.0001 min takes about [\d,]+ replications.*most=", ran.complained)
    assert not (tmp_path / "outputs" / "sweep" / "starter" / "report.html").exists()
