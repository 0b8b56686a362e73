"""Whatever dies on the way, nothing is lost or done twice: sweeps that are killed, starved and crowded, for real.

Each drill ends with the results of a sweep that nothing happened to, to the last byte.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import psutil
import pytest

from scenarios.sweeps.ledger import Ledger
from scenarios.sweeps.sweep import sweep
from tests.scenarios.commands import digests
from tests.scenarios.sweeping import DAY, MIDDAY
from tests.scenarios.test_sweep import failing

pytestmark = pytest.mark.slow

POINTS, REPLICATIONS = 17, 24  # the baseline is one of them
WORDS = (f"{DAY}=1,2,3,4", f"{MIDDAY}=0,1,2,3", f"replications={REPLICATIONS}", "workers=2")
PATIENCE = 300  # seconds


def desirepath(folder: Path, *words: str, **more: object) -> subprocess.Popen[str]:
    """Begin `desirepath sweep` in a folder of its own."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "scenarios.command", "sweep", *WORDS, *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "400"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    return subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - our own program
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
    )


def finished(process: subprocess.Popen[str], code: int = 0) -> str:
    """Wait for a sweep to end, and return all it said."""
    said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, said + complained
    return said + complained


def ledger_of(folder: Path) -> list[Path]:
    return sorted((folder / "outputs" / "ledger").glob("*/*.parquet"))


def await_blocks(folder: Path, more: int, process: subprocess.Popen[str]) -> None:
    """Wait until the ledger has so many blocks more."""
    wanted, until = len(ledger_of(folder)) + more, time.monotonic() + PATIENCE
    while len(ledger_of(folder)) < wanted:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Processes that do a sweep's work: those that lead nowhere further."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [each for each in below if "spawn_main" in " ".join(each.cmdline()) and not each.children()]


def came_out(folder: Path) -> dict[str, str]:
    """Every table and number of the only sweep in a folder."""
    (run,) = [path for path in (folder / "outputs" / "sweep" / "starter").iterdir() if path.is_dir()]
    found = digests(run, ".csv", ".parquet")
    assert {"points.csv", "differences.csv", "kpis.csv", "replications.parquet"} <= set(found)
    return found


def assert_nothing_double(folder: Path) -> None:
    """Check that every replication of every point is in the ledger once."""
    counts = [pl.read_parquet(path)["replication"].n_unique() for path in ledger_of(folder)]
    # One point is the baseline itself.
    assert sum(counts) == (POINTS - 1) * REPLICATIONS


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    finished(desirepath(folder, "track=false"))
    assert_nothing_double(folder)
    return came_out(folder)


@pytest.mark.parametrize("executor", ["process", "dask"])
def test_a_worker_that_is_killed_midway_costs_nothing(tmp_path, undisturbed, executor):
    process = desirepath(tmp_path, "track=false", f"executor={executor}")
    await_blocks(tmp_path, 4, process)
    victim = workers_of(process)[0]
    victim.kill()
    said = finished(process)
    assert not victim.is_running()
    assert "failed" not in said
    assert came_out(tmp_path) == undisturbed
    assert_nothing_double(tmp_path)


@pytest.mark.parametrize("executor", ["process", "dask"])
def test_a_sweep_that_is_killed_three_times_goes_on_where_it_stopped(tmp_path, undisturbed, executor):
    for _ in range(3):
        process = desirepath(tmp_path, "track=false", f"executor={executor}")
        await_blocks(tmp_path, 4, process)
        helpers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        _, alive = psutil.wait_procs(helpers, timeout=60)
        assert alive == []
        (run,) = [path for path in (tmp_path / "outputs" / "sweep" / "starter").iterdir() if path.is_dir()]
        assert "A sweep that is not finished" in (run / "README.md").read_text(encoding="utf-8")
    said = finished(desirepath(tmp_path, "track=false", f"executor={executor}"))
    assert "in the ledger already" in said
    assert came_out(tmp_path) == undisturbed
    assert_nothing_double(tmp_path)


def test_a_sweep_that_is_stopped_says_that_it_goes_on(tmp_path, undisturbed):
    process = desirepath(tmp_path, "track=false")
    await_blocks(tmp_path, 4, process)
    process.send_signal(signal.SIGINT)
    assert "the same command goes on" in finished(process, 130)
    finished(desirepath(tmp_path, "track=false"))
    assert came_out(tmp_path) == undisturbed


def limited() -> None:
    """Let no file be larger than two kilobytes, which no block is smaller than."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))


def mount(*words: str) -> bool:
    """Mount something; whether that worked."""
    return not subprocess.run(["/bin/mount", *words], check=False, capture_output=True).returncode  # noqa: S603 - a test


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], bool]]:
    """A disk of a megabyte and a half in a folder, and a way to make it larger; skips where that is not allowed."""
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)):
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield lambda size: mount("-o", f"remount,size={size}k", str(folder))
    finally:
        subprocess.run(["/bin/umount", "-l", str(folder)], check=True)  # noqa: S603 - a test


def test_a_file_that_may_not_grow_is_told_and_the_same_command_goes_on(tmp_path, undisturbed):
    said = finished(desirepath(tmp_path, "track=false", preexec_fn=limited), 1)
    assert "File too large" in said
    assert "run the same again: it goes on where it stopped" in said
    finished(desirepath(tmp_path, "track=false"))
    assert came_out(tmp_path) == undisturbed


def test_a_disk_that_is_full_is_told_and_the_same_command_goes_on(tmp_path, undisturbed):
    with small_disk(tmp_path / "disk") as grow:
        said = finished(desirepath(tmp_path / "disk", "track=false"), 1)
        assert "No space left on device" in said
        assert len(ledger_of(tmp_path / "disk")) > 3
        assert grow(64_000)
        said = finished(desirepath(tmp_path / "disk", "track=false"))
        assert "in the ledger already" in said
        assert came_out(tmp_path / "disk") == undisturbed
        assert_nothing_double(tmp_path / "disk")


def test_two_sweeps_into_one_store_at_once_both_come_out_whole(tmp_path, undisturbed):
    first = desirepath(tmp_path)
    second = desirepath(tmp_path, "question=Another")
    await_blocks(tmp_path, 1, first)
    assert "this very sweep is under way in another process" in finished(desirepath(tmp_path), 1)
    for process in (first, second):
        assert "in MLflow" in finished(process)
    runs = [path for path in (tmp_path / "outputs" / "sweep" / "starter").iterdir() if path.is_dir()]
    assert len(runs) == 2
    for run in runs:
        found = digests(run, ".csv", ".parquet")
        assert {name: found[name] for name in undisturbed if "/" not in name} == {
            name: digest for name, digest in undisturbed.items() if "/" not in name
        }


def test_a_point_that_fails_once_in_a_hundred_histories_is_told_and_left_out(tmp_path):
    model, design = failing(0.9991)
    results = [
        sweep(model, design, replications=100, executor=where, workers=2, ledger=tmp_path / where)
        for where in ("serial", "process")
    ]
    for each in results:
        assert set(each.failures["scenario"]) == {"endless"}
        assert 1 <= each.failures.height <= 5
        assert each.comparison.changes == ["twice", "thrice"]
        assert (each.comparison.differences["n"] <= 100).all()
    assert results[0].failures.equals(results[1].failures)
    assert results[0].comparison.differences.equals(results[1].comparison.differences, null_equal=True)
    keys = {path.name for path in (tmp_path / "process").iterdir()}
    failed = [key for key in keys if Ledger(tmp_path / "process").failures(key)]
    assert len(failed) == 1
