"""One history or many, in one process or several: the same numbers."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pytest

from sim import Tables, build, replications, simulate
from sim.changes import altered
from sim.errors import ScenarioError
from sim.kpis import measure
from sim.replications import MOST_WORKERS, Task, holding_ctrl_c, perform, perform_all, workers_of
from sim.summaries import summarise
from tests.engines.equal import assert_same_tables
from tests.sim.stories import call, company, page

RAW = company(
    personas={"person": {"share": 1, "needs": {"ask": "1 / day"}}},
    population={"customers": 20},
    touchpoints={"page": page(5)},
    staff={},
    journeys={"ask": call(0, "page") | {"when": {"need": "ask"}}},
)
TASKS = [Task(name, RAW, seed=7, replication=k) for name in ("one", "other") for k in range(2)]


def test_an_engine_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no engine 'compile'; did you mean 'compiled'"):
        simulate(build(RAW), seed=7, engine="compile")


def test_the_compiled_engine_is_taken_unless_another_is_named():
    one, other = simulate(build(RAW), seed=7).tables, simulate(build(RAW), seed=7, engine="reference").tables
    assert_same_tables(one, other)


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


@pytest.mark.usefixtures("processes_at_once")
def test_several_processes_give_the_same_rows_in_the_same_order():
    told = []
    several = perform_all(TASKS, workers=2, progress=lambda done, of: told.append((done, of)))
    assert several.equals(perform_all(TASKS))
    assert sorted(told) == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.usefixtures("processes_at_once")
def test_several_threads_give_the_same_rows_in_the_same_order(workers):
    told = []
    several = perform_all(TASKS[:3], workers, lambda done, of: told.append((done, of)), threads=2)
    assert several.equals(perform_all(TASKS[:3]))
    assert sorted(told) in ([(2, 3), (3, 3)], [(1, 3), (3, 3)])


def test_what_is_short_is_done_before_processes_would_have_started(monkeypatch):
    monkeypatch.setattr(replications, "ProcessPoolExecutor", None)
    assert perform_all(TASKS, workers=2).equals(perform_all(TASKS))


@pytest.mark.slow
def test_what_takes_longer_is_begun_anew_by_a_process(tmp_path, monkeypatch):
    """What was written by then is written anew, and whole."""
    tasks = [replace(task, folder=str(tmp_path / str(k))) for k, task in enumerate(TASKS)]
    alone = perform_all(tasks)
    written = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    looked = []
    monkeypatch.setattr(replications.Stopping, "read", lambda self, _: looked.append(self) or give_up(looked))
    assert perform_all(tasks, workers=2).equals(alone)
    assert len(looked) > 3
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == written


def give_up(looked):
    if len(looked) > 3:
        raise replications.StoppedError


@pytest.mark.parametrize("order", [1, -1])
def test_an_error_in_one_thread_stops_the_others(order):
    impossible = replace(TASKS[0], raw=altered(RAW, {"clock.horizon": "no time"}))
    begun = time.monotonic()
    with pytest.raises(ScenarioError, match="'no time'"):
        perform_all([impossible, at_length(TASKS[0])][::order], threads=2)
    assert time.monotonic() - begun < 10


# ---- ending before the end -------------------------------------------------------------------------------------------

LONG = """
from sim.replications import perform_all
from tests.sim.test_replications import TASKS, at_length

if __name__ == "__main__":
    perform_all([TASKS[0], *map(at_length, TASKS * 1000)], workers=2, progress=lambda *_: print("begun", flush=True))
"""
# Histories that would take minutes each, whose results somebody clears away when they are stopped.
STOPPED = """
import shutil, sys
from dataclasses import replace
from sim.changes import altered
from sim.replications import perform_all
from tests.sim.test_replications import TASKS, at_length

if __name__ == "__main__":
    quick, *_ = TASKS
    tasks = [replace(task, folder=f"{sys.argv[1]}/{k}") for k, task in enumerate([quick, *[at_length(quick)] * 6])]
    try:
        perform_all(tasks, workers=2, progress=lambda *_: print("begun", flush=True))
    except KeyboardInterrupt:
        shutil.rmtree(sys.argv[1])
        print("stopped", flush=True)
"""


def at_length(task):
    """The same task with so many customers that it takes minutes."""
    return replace(task, raw=altered(task.raw, {"population.customers": 200_000, "clock.horizon": "100 weeks"}))


@contextmanager
def started(path, code, *arguments):
    """A Python process of its own, in a group of its own as a terminal gives it; whatever is left of it is killed."""
    path.write_text(code, encoding="utf-8")
    root = Path(__file__).parents[2]
    with subprocess.Popen(  # noqa: S603
        [sys.executable, path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)}, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def children(parent):
    """Processes that a process has started, as every Unix tells them."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
    pairs = [tuple(map(int, row.split())) for row in rows.stdout.splitlines()]
    return [child for child, of in pairs if of == parent]


def started_by(parent):
    """The two workers of a process and whatever looks after them, once they are there."""
    until = time.monotonic() + 30
    while len(found := children(parent)) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(found) >= 3
    return found


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def any_alive_after(seconds, processes):
    until = time.monotonic() + seconds
    while any(map(alive, processes)) and time.monotonic() < until:
        time.sleep(0.1)
    return any(map(alive, processes))


@pytest.mark.slow
def test_workers_end_with_the_process_that_started_them_even_if_it_is_killed(tmp_path):
    with started(tmp_path / "long.py", LONG) as parent:
        assert parent.stdout.readline() == b"begun\n"
        workers = started_by(parent.pid)
        parent.kill()
        assert not any_alive_after(60, workers)


def test_auto_is_a_worker_for_every_core_and_a_number_is_itself():
    assert workers_of("auto") == os.cpu_count()
    assert workers_of(3) == 3


@pytest.mark.parametrize("stated", [0, -1, MOST_WORKERS + 1, 1.5, "abc", None])
def test_a_number_of_workers_that_cannot_be_is_named(stated):
    with pytest.raises(ValueError, match=f"is not auto or a number from 1 to {MOST_WORKERS}"):
        workers_of(stated)


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(os.kill, id="to the parent only", marks=pytest.mark.slow),
        pytest.param(os.killpg, id="to all, as a terminal does"),
    ],
)
@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(0, id="while the workers start"),
        pytest.param(4, id="at their long histories", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_stops_the_workers_within_seconds_and_nothing_is_written_afterwards(tmp_path, send, wait):
    results = tmp_path / "results"
    with started(tmp_path / "stopped.py", STOPPED, str(results)) as parent:
        assert parent.stdout.readline() == b"begun\n"
        assert {path.stem for path in results.rglob("*.parquet")} == {field.name for field in fields(Tables)}
        workers = started_by(parent.pid)
        time.sleep(wait)
        send(parent.pid, signal.SIGINT)
        said, complained = parent.communicate(timeout=20)
        assert (said, complained, parent.returncode) == (b"stopped\n", b"", 0)
        assert not any_alive_after(5, workers)
        time.sleep(1)
        assert not results.exists()


def test_ctrl_c_is_put_off_whichever_thread_of_the_process_it_reaches():
    reached = []

    def reach():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as a thread has it that was there before
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def hold():
        with holding_ctrl_c():
            other = threading.Thread(target=reach)
            other.start()
            other.join()
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        hold()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_one_history_stops_the_others_and_is_told(workers):
    impossible = replace(TASKS[0], raw=altered(RAW, {"clock.horizon": "no time"}))
    begun = time.monotonic()
    told = []
    tasks = [impossible, at_length(TASKS[0]), at_length(TASKS[1])]
    with pytest.raises(ScenarioError, match="'no time'"):
        perform_all(tasks, workers, lambda done, of: told.append((done, of)))
    assert time.monotonic() - begun < 30
    assert told == []
    assert multiprocessing.active_children() == []
