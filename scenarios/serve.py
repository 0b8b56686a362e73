"""MLflow's own page, on this machine only and without the wait."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from scenarios.store import ARTIFACTS, MANNERS, SQLITE, link_to, store_of
from sim.errors import DesirepathError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST, PORTS = "127.0.0.1", 65535
STARTS_WITHIN = 180  # seconds, on a machine that has other things to do
ENDS_WITHIN = 10
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Consumers of jobs that nothing here asks for take seconds to start.
_ENVIRONMENT = MANNERS | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def serve(outputs: Path, port: int, say: Callable[[str], None]) -> None:
    """Serve the store until Ctrl-C, or say where it is served already.

    Parameters
    ----------
    outputs
        Where the store lies, unless `MLFLOW_TRACKING_URI` says otherwise.
    port
        Of this machine.
    say
        Told the address, and where in it the newest run is.

    Raises
    ------
    DesirepathError
        If there is no store yet, if the port is taken, or if the server does not start.
    """
    store = store_of(outputs)
    if store.startswith("http"):
        address = store.rstrip("/")
        if not _answers(address):
            raise DesirepathError(f"MLFLOW_TRACKING_URI: no MLflow server answers at {address}")
        say(f"MLFLOW_TRACKING_URI names a server, which is at {address}")
        _say_newest(address, say)
        return
    _check_there(store)
    _check_free(port)
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--backend-store-uri", store,
        "--artifacts-destination", str((outputs / ARTIFACTS).resolve()), "--workers", "1",
    ]  # fmt: skip
    address = f"http://{HOST}:{port}"
    try:
        with TemporaryFile("w+") as log, _running(command, log) as server:
            _wait_for(address, server, log)
            say(f"MLflow: {address} (Ctrl-C ends it)")
            _say_newest(address, say)
            server.wait()
            raise DesirepathError(f"MLflow has ended by itself: {_last(log)}")
    except KeyboardInterrupt:
        say("ended")


def newest(address: str) -> str | None:
    """Link to the newest run that a server knows, None where there is none: a parent rather than its children."""
    experiments = _asked(address, "experiments/search", max_results=1000)["experiments"]
    numbers = [experiment["experiment_id"] for experiment in experiments]
    wanted = {"experiment_ids": numbers, "order_by": ["attributes.start_time DESC"], "max_results": 1}
    found = _asked(address, "runs/search", **wanted).get("runs", []) if numbers else []
    if not found:
        return None
    tags = {tag["key"]: tag["value"] for tag in found[0]["data"].get("tags", [])}
    run = tags.get("mlflow.parentRunId", found[0]["info"]["run_id"])
    return f"{address}/{link_to(found[0]['info']['experiment_id'], run)}"


def _say_newest(address: str, say: Callable[[str], None]) -> None:
    with suppress(HTTPError):  # a server that wants to know who asks
        if link := newest(address):
            say(f"the newest run: {link}")


def _asked(address: str, path: str, **body: Any) -> dict[str, Any]:
    """Ask a server without importing MLflow, which takes seconds."""
    data = json.dumps(body).encode()
    request = Request(f"{address}/api/2.0/mlflow/{path}", data, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - http, as the user says
        found: dict[str, Any] = json.load(answer)
    return found


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - likewise
            return bool(answer.status == 200)
    except HTTPError:
        return True
    except OSError:
        return False


def _check_there(store: str) -> None:
    """Refuse to serve a SQLite file that is not there, which MLflow would make."""
    path = Path(store.removeprefix(SQLITE))
    if store.startswith(SQLITE) and not path.is_file():
        raise DesirepathError(
            f"{path}: there is no MLflow store yet; the first run makes one: desirepath compare scenario=starter"
        )


def _check_free(port: int) -> None:
    if _free(port):
        return
    other = next((near for near in range(port + 1, min(port + 100, PORTS)) if _free(near)), None)
    remedy = f"{other} is free: desirepath mlflow port={other}" if other else "choose another: port=…"
    raise DesirepathError(f"port {port} is taken, perhaps by another MLflow (http://{HOST}:{port}); {remedy}")


def _free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
    return True


@contextmanager
def _running(command: list[str], log: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a group of its own, none of which is left however this process is told to end."""
    environment = _ENVIRONMENT | os.environ
    server = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
    )
    before = {number: signal.signal(number, _stop) for number in _ENDS}
    try:
        yield server
    finally:
        _end(server)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server and whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(ENDS_WITHIN)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: IO[str]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not _answers(address):
        if server.poll() is not None or time.monotonic() > until:
            raise DesirepathError(f"MLflow does not start: {_last(log)}")
        time.sleep(0.2)


def _last(log: IO[str]) -> str:
    """Last line that a server wrote."""
    log.seek(0)
    lines = [line.strip() for line in log if line.strip()]
    return lines[-1] if lines else "it does not say why"
