"""A sweep gives the same tables wherever and in whatever order its work is done, and whatever was there before."""

import os
import signal
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from scenarios.compare import BASELINE, compare
from scenarios.sweeps import executors
from scenarios.sweeps.design import Design, Factor, Point, variant
from scenarios.sweeps.executors import Dask, Outcome, Processes, Serial, Unit, perform
from scenarios.sweeps.ledger import Ledger
from scenarios.sweeps.results import Results
from scenarios.sweeps.stopping import Precision
from scenarios.sweeps.sweep import State, Watch, sweep
from sim.changes import altered
from sim.check import parse
from sim.errors import DesirepathError, ScenarioError
from sim.model import Model
from tests.scenarios.sweeping import DAY, MIDDAY, grid, small

POINTS = grid(day=(1, 2), midday=(0, 1))


class Log(Watch):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.states: list[tuple[int, int]] = []

    def told(self, state: State) -> None:
        self.states.append((state.done, state.histories))
        self.last = state


def same(one: Results, other: Results) -> None:
    for table in ("levels", "differences", "values"):
        assert_frame_equal(getattr(one.comparison, table), getattr(other.comparison, table), check_exact=True)
    assert_frame_equal(one.points, other.points)
    assert_frame_equal(one.failures, other.failures)


# ---- what comes out --------------------------------------------------------------------------------------------------


def test_a_sweep_says_what_a_comparison_of_its_points_says(tmp_path):
    swept = sweep(small(), POINTS, replications=3, executor="serial", ledger=tmp_path)
    models = {BASELINE: small()} | {p.name: variant(small(), p.settings, frozenset()) for p in POINTS.points}
    direct = compare(models, 1, 3)
    for table in ("levels", "differences", "values"):
        keys = ["scenario", "kpi", "by", "group", *(["replication"] if table == "values" else [])]
        one, other = (getattr(each, table).sort(keys) for each in (swept.comparison, direct))
        assert_frame_equal(one, other, check_exact=True)


def test_a_row_a_point_says_where_its_levers_stand_and_what_they_cost(tmp_path):
    day, midday = (Factor(path, "lever", price=price, baseline=1) for path, price in ((DAY, 5200.0), (MIDDAY, 1000.0)))
    design = Design("grid", (day, midday), POINTS.points)
    points = sweep(small(), design, replications=2, executor="serial", ledger=tmp_path).points
    assert points.rows() == [
        (BASELINE, 2, False, 0.0, 1, 1),
        ("day=1, midday=0", 2, False, -1000.0, 1, 0),
        ("day=1, midday=1", 2, False, 0.0, 1, 1),
        ("day=2, midday=0", 2, False, 4200.0, 2, 0),
        ("day=2, midday=1", 2, False, 5200.0, 2, 1),
    ]


def test_results_carry_units_and_definitions(tmp_path):
    results = sweep(small(), grid(day=(2,)), replications=2, executor="serial", ledger=tmp_path)
    said = {row["kpi"]: row for row in results.definitions.iter_rows(named=True)}
    assert set(results.comparison.differences["kpi"]) == set(said)
    assert said["churn"]["unit"] == "share"
    assert said["churn"]["better"] == "less"
    assert "Customers lost" in said["churn"]["meaning"]


# ---- wherever it is done ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_process_and_two_give_the_same_tables(tmp_path):
    serial, two = (
        sweep(small(), POINTS, replications=3, executor=where, workers=2, ledger=tmp_path / where)
        for where in ("serial", "process")
    )
    same(serial, two)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_tables(tmp_path):
    serial, dask = (
        sweep(small(), POINTS, replications=3, executor=where, workers=2, ledger=tmp_path / where)
        for where in ("serial", "dask")
    )
    same(serial, dask)


def test_what_is_there_already_is_not_lived_through_again(tmp_path):
    sweep(small(), grid(day=(2,)), replications=3, executor="serial", ledger=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    log = Log()
    wider = sweep(small(), grid(day=(2, 3)), replications=4, executor="serial", ledger=tmp_path, watch=log)
    assert log.states[0] == (6, 12)
    assert log.last.fresh == 6
    assert {path: path.stat().st_mtime_ns for path in before} == before
    same(wider, sweep(small(), grid(day=(2, 3)), replications=4, executor="serial", ledger=tmp_path / "new"))


def test_a_point_that_changes_nothing_is_the_baseline_once_more(tmp_path):
    results = sweep(small(), grid(day=(1, 2)), replications=3, executor="serial", ledger=tmp_path)
    rows = results.comparison.differences.filter(pl.col("scenario") == "day=1")
    known = rows.filter(pl.col("difference").is_not_nan())
    assert (known["difference"] == 0).all()
    assert known.height > 100


def test_uncertain_values_are_drawn_once_for_all_points(tmp_path):
    law = {"kind": "normal", "mean": -1.0, "sd": 0.4, "low": -3, "high": 0}
    model = parse(small().raw | {"uncertain": {"personas.caller.satisfaction.unresolved": law}})
    swept = sweep(model, grid(day=(2,)), replications=4, executor="serial", ledger=tmp_path)
    direct = compare({BASELINE: model, "day=2": variant(model, {DAY: 2}, frozenset())}, 1, 4)
    row, other = (each.difference("day=2", "satisfaction") for each in (swept.comparison, direct))
    assert row == other
    assert row["limits"] > 0


# ---- as precise as asked for -----------------------------------------------------------------------------------------


def test_replications_go_on_until_every_difference_is_as_precise_as_asked_for(tmp_path):
    asked = Precision({"mean_wait": 0.06, "contacts_per_issue": 0.012}, first=10, most=400)
    log = Log()
    results = sweep(small(), POINTS, precision=asked, executor="serial", ledger=tmp_path, watch=log)
    for name in results.comparison.changes:
        for kpi, half in asked.half_widths.items():
            row = results.comparison.difference(name, kpi)
            assert (row["upper"] - row["lower"]) / 2 <= half
            assert row["n"] >= 10
    needs = dict(results.points.select("scenario", "replications").iter_rows())
    assert needs["day=1, midday=1"] == 10  # it is the baseline once more, and differs by nothing
    assert needs[BASELINE] == max(needs.values()) > 10
    assert {kpi: asked for kpi, (_, asked) in log.last.reached.items()} == asked.half_widths
    assert all(reached <= wide for reached, wide in log.last.reached.values())
    again = sweep(small(), POINTS, precision=asked, executor="serial", ledger=tmp_path / "again")
    same(results, again)


def test_a_precision_out_of_reach_is_refused_after_a_pilot_of_few_points(tmp_path):
    asked = Precision({"mean_wait": 0.001}, first=10, most=50)
    with pytest.raises(ScenarioError, match=r"precision.mean_wait: ±0.001 min takes about [\d,]+ replications"):
        sweep(small(), POINTS, precision=asked, executor="serial", ledger=tmp_path)
    assert sum(len(Ledger(tmp_path).done(path.name)) for path in tmp_path.iterdir()) <= 40


# ---- failures --------------------------------------------------------------------------------------------------------


def failing(again: float = 0.9997) -> tuple[Model, Design]:
    """A point at which people read one page again and again, a few of them more often than anybody does."""
    settings = {"journeys.billing.steps.read.next.unresolved": {"read": 1}, "touchpoints.help_page.service_time": "2 s"}
    journeys = altered(small(customers=20).raw, settings)
    rarely = {"resolved": 1 - again, "unresolved": again}
    path = "journeys.billing.steps.read.outcomes"
    points = (Point("twice", {DAY: 2}), Point("endless", {path: rarely}), Point("thrice", {DAY: 3}))
    return parse(journeys), Design("grid", (Factor(DAY, "lever"), Factor(path, "lever")), points)


def test_a_point_that_fails_in_some_histories_is_left_out_and_the_rest_goes_on(tmp_path):
    model, design = failing()
    results = sweep(model, design, replications=12, executor="serial", ledger=tmp_path)
    errors = results.failures
    assert set(errors["scenario"]) == {"endless"}
    assert 0 < errors.height < 12
    assert all("read" in error for error in errors["error"])
    assert set(results.comparison.models) == {BASELINE, "twice", "thrice"}
    assert results.points.filter(pl.col("failed"))["scenario"].to_list() == ["endless"]
    whole = Design("grid", design.factors, (design.points[0], design.points[2]))
    other = sweep(model, whole, replications=12, executor="serial", ledger=tmp_path / "new")
    assert_frame_equal(results.comparison.differences, other.comparison.differences, check_exact=True)


def test_failures_are_tried_again_on_request_only(tmp_path, monkeypatch):
    model, design = failing()
    first = sweep(model, design, replications=6, executor="serial", ledger=tmp_path)
    tried: list[Unit] = []

    def noted(unit: Unit) -> Outcome:
        tried.append(unit)
        return perform(unit)

    monkeypatch.setattr(executors, "perform", noted)
    same(first, sweep(model, design, replications=6, executor="serial", ledger=tmp_path))
    assert tried == []
    same(first, sweep(model, design, replications=6, executor="serial", ledger=tmp_path, retry=True))
    assert sorted(r for unit in tried for r in unit.replications) == sorted(first.failures["replication"])


def test_what_failed_beyond_the_replications_asked_for_does_not_count(tmp_path):
    model, design = failing()
    broken = sweep(model, design, replications=12, executor="serial", ledger=tmp_path).failures
    first = int(broken["replication"].min())  # type: ignore[arg-type]
    assert first >= 2
    whole = sweep(model, design, replications=first, executor="serial", ledger=tmp_path)
    assert whole.failures.height == 0
    assert "endless" in whole.comparison.changes


def test_one_replication_gives_no_interval(tmp_path):
    with pytest.raises(DesirepathError, match="1 replication gives no interval"):
        sweep(small(), POINTS, replications=1, executor="serial", ledger=tmp_path)


def test_a_baseline_that_fails_is_told(tmp_path):
    model, design = failing()
    broken = variant(model, design.points[1].settings, frozenset())
    design = Design("grid", (Factor(DAY, "lever"),), (Point("twice", {DAY: 2}),))
    with pytest.raises(DesirepathError, match=r"of the baseline failed, so nothing can be compared: .*read"):
        sweep(broken, design, replications=12, executor="serial", ledger=tmp_path)


def test_a_ledger_that_cannot_be_written_says_what_is_safe(tmp_path, monkeypatch):
    written: list[Outcome] = []
    add = Ledger.add

    def full(self: Ledger, outcome: Outcome) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(outcome)
        add(self, outcome)

    monkeypatch.setattr(Ledger, "add", full)
    with pytest.raises(DesirepathError, match=r"No space left on device.* 4 histories, is safe there.*run the same"):
        sweep(small(), POINTS, replications=2, executor="serial", ledger=tmp_path)


# ---- processes that die ----------------------------------------------------------------------------------------------


def units(count: int) -> list[Unit]:
    return [Unit(f"unit {i}", dict(small().raw), i, 0, 1) for i in range(count)]


def killed_once(unit: Unit) -> Outcome:
    """Perform a unit, but die with the process the first time it comes to the third."""
    mark = Path(os.environ["DESIREPATH_TEST_MARK"])
    if unit.seed == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return perform(unit)


def killed_always(unit: Unit) -> Outcome:
    if unit.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return perform(unit)


def laden(unit: Unit) -> Outcome:
    """Say what a worker has imported."""
    return Outcome(unit, perform(unit).values, {0: ",".join(sorted(m for m in sys.modules if "." not in m))})


@pytest.mark.slow
def test_units_of_a_process_that_is_killed_are_performed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("DESIREPATH_TEST_MARK", str(tmp_path / "killed"))
    monkeypatch.setattr(executors, "perform", killed_once)
    with Processes(2) as processes:
        outcomes = list(processes.run(units(5)))
    assert (tmp_path / "killed").exists()
    assert sorted(o.unit.seed for o in outcomes) == [0, 1, 2, 3, 4]
    assert not any(o.failures for o in outcomes)
    expected = {o.unit.seed: o.values for o in Serial().run(units(5))}
    for o in outcomes:
        assert_frame_equal(o.values, expected[o.unit.seed])


@pytest.mark.slow
def test_a_unit_that_always_kills_its_process_fails_and_no_other_does(monkeypatch):
    monkeypatch.setattr(executors, "perform", killed_always)
    with Processes(2) as processes:
        outcomes = {o.unit.seed: o for o in processes.run(units(6))}
    assert sorted(outcomes) == [0, 1, 2, 3, 4, 5]
    assert [seed for seed, o in outcomes.items() if o.failures] == [2]
    assert "died 3 times" in outcomes[2].failures[0]


@pytest.mark.slow
def test_workers_never_import_mlflow(monkeypatch):
    monkeypatch.setattr(executors, "perform", laden)
    for executor in (Processes(1), Dask(1)):
        with executor as ready:
            (outcome,) = ready.run(units(1))
        modules = outcome.failures[0].split(",")
        assert "sim" in modules
        assert "mlflow" not in modules


# ---- Dask ------------------------------------------------------------------------------------------------------------


def test_a_scheduler_that_does_not_answer_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "ANSWER_WITHIN", 1)
    with pytest.raises(DesirepathError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9.*leave it out"):
        sweep(small(), POINTS, replications=2, executor="dask", address="tcp://127.0.0.1:9", ledger=tmp_path)


@pytest.mark.slow
def test_an_existing_cluster_is_used_and_left_running(tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        found = [
            sweep(small(), POINTS, replications=2, executor="dask", address=cluster.scheduler_address,
                  ledger=tmp_path / name)
            for name in ("one", "two")
        ]  # fmt: skip
    same(*found)


@pytest.mark.slow
def test_a_cluster_without_workers_or_with_another_version_is_refused(tmp_path, monkeypatch):
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(DesirepathError, match="has no workers; add some with `dask worker tcp://"):
            sweep(small(), POINTS, replications=2, executor="dask", address=address, ledger=tmp_path)
        cluster.scale(1)
        cluster.wait_for_workers(1)
        monkeypatch.setattr(executors, "code_version", code_of_another)
        with pytest.raises(DesirepathError, match="do not run this version of Desirepath"):
            sweep(small(), POINTS, replications=2, executor="dask", address=address, ledger=tmp_path)


def code_of_another() -> str:
    """Another version in every process."""
    return f"version of process {os.getpid()}"
