"""One history or many, in one process or several: the same numbers."""

from dataclasses import replace

import polars as pl
import pytest

from sim import build, simulate
from sim.kpis import measure
from sim.replications import Task, perform, perform_all
from sim.summaries import summarise
from tests.sim.stories import call, company, page

RAW = company(
    personas={"person": {"share": 1, "needs": {"ask": "1 / day"}}},
    population={"customers": 20},
    touchpoints={"page": page(5)},
    staff={},
    journeys={"ask": call(0, "page") | {"when": {"need": "ask"}}},
)
TASKS = [Task(name, RAW, seed=7, replication=k) for name in ("one", "other") for k in range(2)]


def test_there_is_only_the_reference_engine_yet():
    with pytest.raises(ValueError, match="there is no engine 'compiled'; use 'reference'"):
        simulate(build(RAW), seed=7, engine="compiled")


def test_a_task_is_simulated_measured_and_filed():
    rows = perform(TASKS[1])
    assert rows.columns == ["scenario", "replication", "kpi", "by", "group", "value"]
    assert rows["scenario"].unique().to_list() == ["one"]
    assert rows["replication"].unique().to_list() == [1]
    expected = measure(summarise(simulate(build(RAW), seed=7, replication=1)))
    assert rows.select("kpi", "by", "group", "value").equals(expected)


def test_a_task_leaves_its_tables_where_it_is_told(tmp_path):
    perform(replace(TASKS[0], folder=str(tmp_path / "tables")))
    written = pl.read_parquet(tmp_path / "tables" / "visits.parquet")
    assert written.equals(simulate(build(RAW), seed=7).tables.visits)


def test_replications_differ_and_scenarios_of_the_same_words_do_not():
    rows = perform_all(TASKS).filter(pl.col("kpi") == "visits", pl.col("by") == "all")
    one, two, other_one, other_two = rows["value"].to_list()
    assert (one, two) == (other_one, other_two)
    assert one != two


def test_progress_is_told_after_each_task():
    told = []
    perform_all(TASKS, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_several_processes_give_the_same_rows_in_the_same_order():
    told = []
    several = perform_all(TASKS, workers=2, progress=lambda done, of: told.append((done, of)))
    assert several.equals(perform_all(TASKS))
    assert sorted(told) == [(1, 4), (2, 4), (3, 4), (4, 4)]
