"""MLflow's own page: served on this machine, with a word on what is not right, and gone when it is told to end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from scenarios import serve
from tests.scenarios.commands import QUICK, typed
from tests.scenarios.servers import free_port


@pytest.fixture(autouse=True)
def _no_store_of_the_users_own(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_where_nothing_has_been_logged_it_says_what_makes_a_store(tmp_path):
    ran = typed(tmp_path, "mlflow")
    assert ran.code == 1
    assert ran.complained == (
        f"{tmp_path}/outputs/mlflow.db: there is no MLflow store yet; "
        "the first run makes one: desirepath compare scenario=starter\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_told_with_one_that_is_free(tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "mlflow.db").touch()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = typed(tmp_path, "mlflow", f"port={port}")
    assert ran.code == 1
    said, _, command = ran.complained.strip().partition("; ")
    assert said == f"port {port} is taken, perhaps by another MLflow (http://127.0.0.1:{port})"
    free = int(command.rpartition("=")[2])
    assert command == f"{free} is free: desirepath mlflow port={free}"
    assert serve._free(free)


def test_a_server_that_is_named_and_does_not_answer_is_told(tmp_path, monkeypatch):
    where = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", where)
    ran = typed(tmp_path, "mlflow")
    assert (ran.code, ran.complained) == (1, f"MLFLOW_TRACKING_URI: no MLflow server answers at {where}\n")


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("port=0", "port: 0 is out of bounds; it should be at least 1"),
        ("port=99999", "port: 99999 is out of bounds; it should be at most 65535"),
        ("port=web", "port: 'web' is not a whole number"),
    ],
)
def test_a_port_that_cannot_be_is_told(tmp_path, word, complaint):
    assert typed(tmp_path, "mlflow", word).complaints[-1] == f"{complaint} [command line]"


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_shows_the_newest_run_and_leaves_no_process(end, kept_store, tmp_path):
    shutil.copytree(kept_store / "outputs", tmp_path / "outputs")
    port = free_port()
    command = [sys.executable, "-m", "scenarios.command", "mlflow", f"port={port}"]
    with (tmp_path / "said").open("w+") as said:
        page = subprocess.Popen(command, cwd=tmp_path, stdout=said, stderr=said, preexec_fn=listening)  # noqa: S603, PLW1509
        try:
            until = time.monotonic() + 180
            while "the newest run: " not in (tmp_path / "said").read_text():
                assert page.poll() is None, (tmp_path / "said").read_text()
                assert time.monotonic() < until
                time.sleep(0.2)
            address = f"http://127.0.0.1:{port}"
            with urllib.request.urlopen(address, timeout=30) as answer:
                assert b"<html" in answer.read()
            servers = below(page.pid)
            assert servers
            page.send_signal(end)
            assert page.wait(timeout=30) == 0
        finally:
            page.kill()
    lines = (tmp_path / "said").read_text().splitlines()
    assert lines[0] == f"MLflow: {address} (Ctrl-C ends it)"
    assert lines[1].startswith(f"the newest run: {address}/#/experiments/1/runs/")
    assert lines[-1] == "ended"
    assert [process for process in servers if os.path.exists(f"/proc/{process}")] == []  # noqa: PTH110
    assert serve._free(port)


def listening():
    """Hear Ctrl-C even where whoever runs the tests has told them not to."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def below(process):
    """Numbers of all processes that a process has started, and those that these have."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout  # noqa: S607
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [process]
    for one in found:
        found += [child for child, parent in parents if parent == one]
    return found[1:]


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory):
    """A folder in which one run has been logged."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        assert typed(folder, "simulate", *QUICK, "track=true").code == 0
    return folder
