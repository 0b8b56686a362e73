"""One history, or many: a model and a seed in, tables or KPIs out, the same whoever computes them."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import polars as pl
from pydantic import BeforeValidator

from sim import draws
from sim.blocks import Writing
from sim.changes import settled
from sim.check import parse
from sim.engines import compiled, reference
from sim.errors import DesirepathError, did_you_mean
from sim.kpis import measure
from sim.summaries import Tally
from sim.tables import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sim.behaviour import Behaviour
    from sim.model import Model
    from sim.records import Block

Engine = Literal["compiled", "reference"]

Keep = Literal["all", "sample", "none"]
SHARES = {"all": 1.0, "sample": 0.05, "none": 0.0}

MOST_WORKERS = 64
LOOK_EVERY = 0.5  # seconds
A_SHORT_HISTORY, SHORT_WORK = 2.0, 6.0  # seconds; about what it takes to start a process, and to start several


def simulate(
    model: Model,
    seed: int,
    replication: int = 0,
    engine: Engine = "compiled",
    keep: Keep | float = "all",
    behaviour: Behaviour | None = None,
) -> Result:
    """Simulate one history of a model.

    Parameters
    ----------
    model
        What to simulate; each of its `uncertain` values takes the draw of this replication.
    seed
        The root of randomness: the same seed gives the same tables.
    replication
        Which of many histories.
    engine
        How to run it: ``compiled`` is fast, ``reference`` is written to be read; they give identical tables.
    keep
        Whose visits and journeys to keep: ``all``, ``none``, or a ``sample`` of one customer in twenty, or a share of
        them. The same customers are kept in every scenario. Sums are of everybody whatever is kept, and come out the
        same to the last bit.
    behaviour
        What is decided in Python instead; for the reference engine only.

    Raises
    ------
    ValueError
        If there is no such engine, or no such share, or the engine cannot run a behaviour.
    """
    engines = ("compiled", "reference")
    if engine not in engines:
        msg = f"there is no engine '{engine}'; {did_you_mean(engine, engines)}"
        raise ValueError(msg)
    if behaviour is not None and engine != "reference":
        msg = f"the compiled engine cannot run {type(behaviour).__name__}, which is Python; ask for engine='reference'"
        raise ValueError(msg)
    share, exact = share_kept(keep), settled(model, seed, replication)
    if engine == "compiled":
        tables, counted = compiled.live(exact, seed, replication, share)
    else:
        tables, counted = reference.live(exact, seed, replication, share, behaviour)
    return Result(exact, seed, replication, tables, share, counted)


def share_kept(keep: object) -> float:
    """Share of the customers whose rows are kept."""
    share = SHARES.get(keep, keep) if isinstance(keep, str) else keep
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"{keep!r} is not all, sample, none or a share from 0 to 1")
    return float(share)


ShareKept = Annotated[float, BeforeValidator(share_kept)]


@dataclass(frozen=True)
class Task:
    """One history to simulate and measure.

    Attributes
    ----------
    scenario
        What the result is filed under.
    raw
        The scenario as plain data.
    seed, replication
        Its draw.
    folder
        Where to write its tables; they are measured and forgotten where None.
    keep
        Share of the customers whose visits and journeys are written.
    """

    scenario: str
    raw: dict[str, Any]
    seed: int
    replication: int
    folder: str | None = None
    keep: float = 1.0


def perform(task: Task, *others: compiled.Reader) -> pl.DataFrame:
    """Simulate one history and measure it; others may read its rows too.

    Returns
    -------
    polars.DataFrame
        Columns ``scenario``, ``replication``, ``kpi``, ``by``, ``group``, ``value``.
    """
    model = parse(task.raw)
    if task.folder is None:
        values = measured(model, task.seed, task.replication, *others)
    else:
        with Writing(Path(task.folder)) as writing:
            values = measured(model, task.seed, task.replication, writing, *others, keep=task.keep)
    return values.select(pl.lit(task.scenario).alias("scenario"), pl.all())


def measured(model: Model, seed: int, replication: int, *others: compiled.Reader, keep: float = 1.0) -> pl.DataFrame:
    """Simulate one history of a model and measure it.

    Returns
    -------
    polars.DataFrame
        Columns ``replication``, ``kpi``, ``by``, ``group``, ``value``.
    """
    exact = settled(model, seed, replication)
    tally = Tally(exact, world=draws.world(seed, replication))
    compiled.read_out(exact, seed, replication, [tally, *others], keep)
    return measure(tally.summary()).select(pl.lit(replication, dtype=pl.Int32).alias("replication"), pl.all())


def workers_of(stated: object) -> int:
    """Number of processes: one a core where `auto`."""
    if stated == "auto":
        return os.cpu_count() or 1
    if not isinstance(stated, int) or not 1 <= stated <= MOST_WORKERS:
        raise ValueError(f"{stated!r} is not auto or a number from 1 to {MOST_WORKERS}")
    return stated


Workers = Annotated[int, BeforeValidator(workers_of)]


def prepare_worker() -> None:
    """Let this worker process end when the one that started it does, also if that was killed and could not say so."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def holding_ctrl_c() -> Iterator[None]:
    """Put off Ctrl-C, and let no process that is started meanwhile ever hear of it.

    It reaches every process of a terminal, also one that is still starting; what it means is for us to say. What is
    blocked here reaches another thread, as polars has some, and Python would tell this one: so it is held twice.
    """
    told: list[int] = []
    main = threading.current_thread() is threading.main_thread()  # nobody else is told
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.signal(signal.SIGINT, lambda number, _frame: told.append(number)) if main else None
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if main:
            signal.signal(signal.SIGINT, handler)
        if told:
            signal.raise_signal(signal.SIGINT)


def stop(processes: ProcessPoolExecutor) -> None:
    """Stop worker processes at once, whatever they are at, and return when they are gone and can write no more.

    An executor lets what has begun go on to its end, which for a long history may take minutes; a way to end its
    processes came only with Python 3.14 (`terminate_workers`), and this does the same.
    """
    for worker in list((processes._processes or {}).values()):  # noqa: SLF001 - see above
        worker.terminate()
    processes.shutdown(cancel_futures=True)  # its thread hears that they are gone, and waits for them


def results(futures: Sequence[Future[pl.DataFrame]]) -> list[pl.DataFrame]:
    """Wait for all results; raise what went wrong with the first that failed as soon as one has."""
    running = set(futures)
    while running:
        # Looked at again and again, because a thread that only waits may sleep through Ctrl-C: a signal wakes whichever
        # thread the system tells of it.
        done, running = wait(futures, LOOK_EVERY, FIRST_EXCEPTION)
        for future in futures:
            if future in done:
                future.result()
    return [future.result() for future in futures]


def perform_some(tasks: Sequence[Task]) -> pl.DataFrame:
    """Perform tasks at the same time, in as many threads: the compiled loop does not hold the interpreter's lock."""
    stopping = Stopping()
    with ThreadPoolExecutor(len(tasks)) as threads:
        try:
            return pl.concat(results([threads.submit(perform, task, stopping) for task in tasks]))
        except BaseException:  # Ctrl-C, or an error in one of the histories
            stopping.now = True
            raise


class StoppedError(Exception):
    """A history was told to stop, or took too long."""


class Stopping:
    """Stops histories at their next block, once it is told to or its time is over."""

    def __init__(self, seconds: float = inf) -> None:
        self.now, self.until = False, time.monotonic() + seconds

    def read(self, _block: Block) -> None:
        """Go on or not."""
        if self.now or time.monotonic() > self.until:
            raise StoppedError


def perform_short(tasks: Sequence[Task], say: Callable[[int, int], None]) -> list[pl.DataFrame]:
    """Perform the first tasks in this process, as many as are done before others would have started to help."""
    frames: list[pl.DataFrame] = []
    begun = time.monotonic()
    while len(frames) < len(tasks):
        try:
            frames.append(perform(tasks[len(frames)], Stopping(A_SHORT_HISTORY)))
        except StoppedError:
            break
        say(len(frames), len(tasks))
        to_go = (time.monotonic() - begun) / len(frames) * (len(tasks) - len(frames))
        if to_go > SHORT_WORK:
            break
    return frames


def perform_all(
    tasks: Sequence[Task], workers: int = 1, progress: Callable[[int, int], None] | None = None, *, threads: int = 1
) -> pl.DataFrame:
    """Perform tasks, in parallel processes where there are several workers; rows come in the tasks' order.

    An error in one of them, or Ctrl-C, stops the others at once.

    Parameters
    ----------
    tasks
        What to do.
    workers
        How many processes at most; with one, or where all is done before others would have started, everything happens
        in this process.
    threads
        How many tasks a process performs at a time. Threads share the memory of what is compiled and imported.
    progress
        Called with the number done and the number of all whenever one is done.

    Raises
    ------
    DesirepathError
        If a worker process dies.
    """
    say = progress or (lambda _done, _all: None)
    frames: list[pl.DataFrame] = []
    compiled.get_ready()  # once here, and not in each process
    if workers > 1:
        frames = perform_short(tasks, say)
    done = len(frames)
    parts = [tasks[first : first + threads] for first in range(done, len(tasks), threads)]
    if workers <= 1 or not parts:
        for part in parts:
            frames.append(perform(part[0]) if threads == 1 else perform_some(part))
            done += len(part)
            say(done, len(tasks))
        return pl.concat(frames)

    def count(future: Future[pl.DataFrame]) -> None:
        nonlocal done
        if not future.cancelled() and future.exception() is None:
            done += len(part_of[future])
            say(done, len(tasks))

    # Spawned and not forked: a fork would inherit the locks of polars' threads.
    processes = ProcessPoolExecutor(workers, get_context("spawn"), prepare_worker)
    try:
        with holding_ctrl_c():
            part_of = {processes.submit(perform_some, part): part for part in parts}
        for future in part_of:
            future.add_done_callback(count)
        frames += results(list(part_of))
    except BrokenProcessPool:
        stop(processes)
        msg = "a worker process died, most likely for lack of memory; try fewer workers, or fewer customers"
        raise DesirepathError(msg) from None
    except BaseException:  # Ctrl-C, or an error in one of the histories
        stop(processes)
        raise
    processes.shutdown()
    return pl.concat(frames)
