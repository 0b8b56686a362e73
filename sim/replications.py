"""One history, or many: a model and a seed in, tables or KPIs out, the same whoever computes them."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import polars as pl
from pydantic import BeforeValidator

from sim.changes import settled
from sim.check import parse
from sim.engines import compiled, reference
from sim.errors import DesirepathError, did_you_mean
from sim.kpis import measure
from sim.summaries import summarise
from sim.tables import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.model import Model

Engine = Literal["compiled", "reference"]

MOST_WORKERS = 64


def simulate(model: Model, seed: int, replication: int = 0, engine: Engine = "compiled") -> Result:
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

    Raises
    ------
    ValueError
        If there is no such engine.
    """
    engines = {"compiled": compiled.run, "reference": reference.run}
    if engine not in engines:
        msg = f"there is no engine '{engine}'; {did_you_mean(engine, list(engines))}"
        raise ValueError(msg)
    exact = settled(model, seed, replication)
    return Result(exact, seed, replication, engines[engine](exact, seed, replication))


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
    """

    scenario: str
    raw: dict[str, Any]
    seed: int
    replication: int
    folder: str | None = None


def perform(task: Task) -> pl.DataFrame:
    """Simulate one history and measure it.

    Returns
    -------
    polars.DataFrame
        Columns ``scenario``, ``replication``, ``kpi``, ``by``, ``group``, ``value``.
    """
    result = simulate(parse(task.raw), task.seed, task.replication)
    if task.folder is not None:
        result.tables.write(Path(task.folder))
    return measure(summarise(result)).select(
        pl.lit(task.scenario).alias("scenario"),
        pl.lit(task.replication, dtype=pl.Int32).alias("replication"),
        "kpi", "by", "group", "value",
    )  # fmt: skip


def workers_of(stated: object) -> int:
    """Number of processes: one a core where `auto`."""
    if stated == "auto":
        return os.cpu_count() or 1
    if not isinstance(stated, int) or not 1 <= stated <= MOST_WORKERS:
        raise ValueError(f"{stated!r} is not auto or a number from 1 to {MOST_WORKERS}")
    return stated


Workers = Annotated[int, BeforeValidator(workers_of)]


def end_with_parent() -> None:
    """Let this worker process end when the one that started it does, also if that was killed and could not say so."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def perform_all(
    tasks: Sequence[Task], workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> pl.DataFrame:
    """Perform tasks, in parallel processes where there are several workers; rows come in the tasks' order.

    Parameters
    ----------
    tasks
        What to do.
    workers
        How many processes; with one, everything happens in this process.
    progress
        Called with the number done and the number of all whenever one is done.

    Raises
    ------
    DesirepathError
        If a worker process dies.
    """
    say = progress or (lambda _done, _all: None)
    if workers <= 1:
        frames = []
        for done, task in enumerate(tasks, start=1):
            frames.append(perform(task))
            say(done, len(tasks))
        return pl.concat(frames)
    compiled.get_ready()  # once here, and not in each process
    done = 0

    def count(_: Any) -> None:
        nonlocal done
        done += 1
        say(done, len(tasks))

    # Spawned and not forked: a fork would inherit the locks of polars' threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as processes:
        futures = [processes.submit(perform, task) for task in tasks]
        for future in futures:
            future.add_done_callback(count)
        try:
            return pl.concat([future.result() for future in futures])
        except BrokenProcessPool:
            msg = "a worker process died, most likely for lack of memory; try fewer workers, or fewer customers"
            raise DesirepathError(msg) from None
        except BaseException:
            processes.shutdown(wait=False, cancel_futures=True)
            raise
