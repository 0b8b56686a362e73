"""Where a sweep's work is done: in this process, in several, or on a Dask cluster; what comes of it is the same."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import polars as pl

import sim
from sim.check import parse
from sim.engines import compiled
from sim.errors import DesirepathError
from sim.replications import LOOK_EVERY, holding_ctrl_c, measured, prepare_worker, stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from sim.records import Block

Where = Literal["serial", "process", "dask"]
DEATHS = 3  # of the process that performs a unit, before the unit counts as failed
ANSWER_WITHIN = 10  # seconds for a cluster


@dataclass(frozen=True)
class Unit:
    """Some replications of one scenario: what is done in one go.

    Attributes
    ----------
    key
        What the ledger files it under.
    raw
        The scenario as plain data.
    seed, first, count
        Replications from the first on, so many.
    """

    key: str
    raw: dict[str, Any]
    seed: int
    first: int
    count: int

    @property
    def replications(self) -> range:
        """Which replications these are."""
        return range(self.first, self.first + self.count)


@dataclass(frozen=True)
class Outcome:
    """What came of a unit.

    Attributes
    ----------
    unit
        Which it was.
    values
        Of the replications that succeeded: ``replication``, ``kpi``, ``by``, ``group``, ``value``.
    failures
        What went wrong, by replication.
    engine, seconds
        Processor time in the engine, and in all.
    """

    unit: Unit
    values: pl.DataFrame
    failures: dict[int, str]
    engine: float = 0.0
    seconds: float = 0.0


NOTHING = pl.DataFrame(
    schema={"replication": pl.Int32, "kpi": pl.String, "by": pl.String, "group": pl.String, "value": pl.Float64}
)


class _Stopwatch:
    """A reader that takes no rows but the time: until the last block, all of it is the engine's."""

    def __init__(self) -> None:
        self.last = time.thread_time()

    def read(self, _block: Block) -> None:
        """Note when a block came."""
        self.last = time.thread_time()


def perform(unit: Unit) -> Outcome:
    """Live through a unit's replications; what goes wrong with one does not stop the others."""
    began = time.thread_time()
    frames, failures, engine = [], {}, 0.0
    try:
        model = parse(unit.raw)
    except DesirepathError as error:
        return Outcome(unit, NOTHING, dict.fromkeys(unit.replications, str(error)))
    for replication in unit.replications:
        watch = _Stopwatch()
        before = watch.last
        try:
            frames.append(measured(model, unit.seed, replication, watch, keep=0.0))
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this replication alone
            ours = isinstance(error, DesirepathError)
            failures[replication] = str(error) if ours else f"{type(error).__name__}: {error}"
        engine += watch.last - before
    values = pl.concat(frames) if frames else NOTHING
    return Outcome(unit, values, failures, engine, time.thread_time() - began)


@cache
def code_version() -> str:
    """Hash of everything a result depends on beside scenario and seed: our version, and the sources of `sim`."""
    folder = Path(sim.__file__).parent
    sources = b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))
    return blake2b(version("desirepath").encode() + sources, digest_size=12).hexdigest()


class Executor(Protocol):
    """Somewhere to perform units.

    Attributes
    ----------
    workers
        How many units it performs at a time.
    """

    workers: int

    def run(self, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Perform units and hand out what comes of each as soon as it is there, in any order."""

    def __enter__(self) -> Self:
        """Get ready."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of every process, at once if something went wrong."""


class Serial:
    """Everything happens in this process, one unit after the other."""

    workers = 1

    def run(self, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Perform units in their order."""
        compiled.get_ready()
        yield from map(perform, units)

    def __enter__(self) -> Self:
        """Nothing to get ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to let go of."""


class Processes:
    """Several processes of this machine. When one dies, its units are performed again in new ones.

    Which of several units killed a process cannot be seen from outside; so one that was there each time is tried alone
    before it counts as failed.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.pool: ProcessPoolExecutor | None = None
        self.deaths: Counter[tuple[str, int]] = Counter()

    def run(self, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Perform units, so many at a time that no process waits for the next."""
        compiled.get_ready()  # once here, and not in each process
        waiting = deque(units)
        running: dict[Future[Outcome], Unit] = {}
        while waiting or running:
            while waiting and len(running) < self._at_once(waiting[0], running):
                unit = waiting.popleft()
                try:
                    running[self._submit(unit)] = unit
                except BrokenProcessPool:  # it died between two units
                    waiting.appendleft(unit)
                    break
            # Looked at again and again, because a thread that only waits may sleep through Ctrl-C.
            done, _ = wait(running, LOOK_EVERY, FIRST_COMPLETED)
            died = [running.pop(future) for future in done if isinstance(future.exception(), BrokenProcessPool)]
            for future in done & set(running):
                del running[future]
                yield future.result()
            if died or self._broken():
                died += running.values()
                running.clear()
                self._let_go()
                yield from self._again(died, waiting)

    def _at_once(self, unit: Unit, running: dict[Future[Outcome], Unit]) -> int:
        """How many units may run when this one does: one that may have killed a process twice runs alone."""
        suspects = (unit, *running.values())
        return 1 if any(self.deaths[_name(each)] >= DEATHS - 1 for each in suspects) else 2 * self.workers

    def _submit(self, unit: Unit) -> Future[Outcome]:
        if self.pool is None:
            # Spawned and not forked: a fork would inherit the locks of polars' threads.
            self.pool = ProcessPoolExecutor(self.workers, get_context("spawn"), prepare_worker)
        with holding_ctrl_c():
            return self.pool.submit(perform, unit)

    def _broken(self) -> bool:
        return self.pool is not None and bool(self.pool._broken)  # noqa: SLF001 - else it is known only by submitting

    def _again(self, died: list[Unit], waiting: deque[Unit]) -> Iterator[Outcome]:
        """Put units of a process that died first in the line again, but for those that died too often."""
        for unit in reversed(died):
            self.deaths[_name(unit)] += 1
            if self.deaths[_name(unit)] < DEATHS:
                waiting.appendleft(unit)
            else:
                yield Outcome(unit, NOTHING, dict.fromkeys(unit.replications, _killed(DEATHS)))

    def _let_go(self) -> None:
        pool, self.pool = self.pool, None
        if pool is not None:
            stop(pool)

    def __enter__(self) -> Self:
        """Processes start with the first unit."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process."""
        if kind is not None:
            self._let_go()
        elif self.pool is not None:
            self.pool.shutdown()


def _name(unit: Unit) -> tuple[str, int]:
    return unit.key, unit.first


def _killed(times: int) -> str:
    return f"the process that simulated it died {times} times, most likely for lack of memory"


class Dask:
    """A Dask cluster: one of this machine's own processes, or an existing one by its address.

    Raises
    ------
    DesirepathError
        If Dask is not installed, the cluster does not answer, has no workers, or runs another version of Desirepath.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        self.workers, self.address = workers, address

    def __enter__(self) -> Self:
        """Start or find the cluster."""
        try:
            import distributed
        except ModuleNotFoundError:
            raise DesirepathError(
                "executor=dask needs Dask, which is not installed; run: pip install 'desirepath[dask]', "
                "or leave executor at process"
            ) from None
        self.distributed = distributed
        self.cluster: Any = None
        if self.address is None:
            compiled.get_ready()
            with holding_ctrl_c():
                self.cluster = distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                    dashboard_address=None, silence_logs=50,
                )  # fmt: skip
        try:
            self.client = distributed.Client(self.cluster or self.address, timeout=ANSWER_WITHIN, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise DesirepathError(
                f"no Dask scheduler answers at {self.address} within {ANSWER_WITHIN} s ({error or 'timeout'}); "
                "start one with `dask scheduler`, mend address=…, or leave it out for a cluster of this machine's own"
            ) from None
        try:
            self._look_at_workers()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _look_at_workers(self) -> None:
        """Refuse a cluster that would give other results, or none."""
        found = self.client.run(code_version, on_error="return")
        if not found:
            raise DesirepathError(
                f"the Dask cluster at {self.address} has no workers; add some with `dask worker {self.address}`"
            )
        others = {place: said for place, said in found.items() if said != code_version()}
        if others:
            place, said = next(iter(others.items()))
            what = f"version {said}" if isinstance(said, str) else f"an error ({said})"
            raise DesirepathError(
                f"{len(others)} of {len(found)} Dask workers do not run this version of Desirepath ({code_version()}): "
                f"{place} answers with {what}; install the same version on every one of them"
            )
        self.workers = len(found)

    def run(self, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Perform units wherever the scheduler sends them."""
        compiled.get_ready()
        unit_of = {self.client.submit(perform, unit, pure=False): unit for unit in units}
        for future in self.distributed.as_completed(unit_of, loop=self.client.loop):
            error = future.exception()
            if error is None:
                yield future.result()
            elif isinstance(error, self.distributed.KilledWorker):
                unit = unit_of[future]
                times = int(getattr(error, "allowed_failures", DEATHS)) + 1
                yield Outcome(unit, NOTHING, dict.fromkeys(unit.replications, _killed(times)))
            else:
                raise DesirepathError(f"the Dask cluster gave up: {error}") from error
            future.release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster, and end it where it is our own."""
        with suppress(Exception):  # it may be gone
            self.client.close()
        if self.cluster is not None:
            self.cluster.close()


def executor_of(where: Where, workers: int | None = None, address: str | None = None) -> Executor:
    """Return somewhere to perform units.

    Parameters
    ----------
    where
        ``serial``, ``process`` or ``dask``.
    workers
        How many processes; one a core where None.
    address
        Of an existing Dask scheduler.
    """
    count = workers or os.cpu_count() or 1
    if where == "serial":
        return Serial()
    return Processes(count) if where == "process" else Dask(count, address)
