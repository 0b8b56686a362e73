"""Sweep a scenario: live through every point of a design until that is precise enough, and lose nothing on the way."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from math import ceil, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from scenarios.compare import BASELINE, CENTRE, at_centre, check_same_design, compared
from scenarios.sweeps.design import models as models_of
from scenarios.sweeps.executors import Unit, executor_of, perform
from scenarios.sweeps.ledger import Ledger, gaps, key_of
from scenarios.sweeps.results import Results
from scenarios.sweeps.stopping import baseline_due, check_reachable, look
from sim.engines import compiled
from sim.errors import DesirepathError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from scenarios.compare import Comparison
    from scenarios.sweeps.design import Design
    from scenarios.sweeps.executors import Executor, Outcome, Where
    from scenarios.sweeps.stopping import Look, Precision
    from sim.model import Model

    Numbers = NDArray[np.float64]

LEDGER = Path("outputs/ledger")
A_UNIT = 0.5  # seconds that a unit of work takes at least, where there are so many replications left


@dataclass
class State:
    """How far a sweep is.

    Attributes
    ----------
    histories, done
        Replications of all scenarios that are wanted by now, and those that are there.
    fresh, seconds
        How many of those were lived through now, and the processor time that took.
    engine
        The part of that in the engine.
    running
        Units in hand.
    workers
        How many at a time.
    failed
        What went wrong, by scenario and replication.
    reached
        For each KPI whose precision was asked for: the widest half-width so far, and what was asked for.
    currency
        In which money is told.
    """

    histories: int = 0
    done: int = 0
    fresh: int = 0
    seconds: float = 0.0
    engine: float = 0.0
    running: int = 0
    workers: int = 1
    failed: dict[str, dict[int, str]] = field(default_factory=dict)
    reached: dict[str, tuple[float, float]] = field(default_factory=dict)
    currency: str = "EUR"

    @property
    def left(self) -> float:
        """Seconds until everything wanted by now is there, if all goes on as it has; NaN where nothing is known."""
        each = self.seconds / self.fresh if self.fresh else float("nan")
        return each * (self.histories - self.done) / self.workers


class Watch:
    """Somebody who is told how a sweep goes; this one takes no notice."""

    def told(self, state: State) -> None:
        """Hear how far it is, whenever something is done."""


class Work:
    """The scenarios of a sweep, and how much of each is in the ledger.

    Parameters
    ----------
    models
        Scenarios by name, the baseline first.
    seed
        Root of all draws.
    ledger
        Where what is done is kept.
    retry
        Whether to try again what failed before.
    """

    def __init__(self, models: dict[str, Model], seed: int, ledger: Ledger, *, retry: bool = False) -> None:
        self.models, self.seed, self.ledger = models, seed, ledger
        centres = at_centre(models)
        # Each scenario is lived through once, or twice where something is uncertain: then also at its centre.
        self.lives = {
            name: {name: model.raw} | {label: raw for label, raw in centres.items() if label == CENTRE + name}
            for name, model in models.items()
        }
        self.keys = {label: key_of(raw, seed) for lives in self.lives.values() for label, raw in lives.items()}
        self.raws = {self.keys[label]: raw for lives in self.lives.values() for label, raw in lives.items()}
        if retry:
            ledger.forget_failures(self.raws)
        self.done = {key: ledger.done(key) for key in self.raws}
        self.failures = {key: ledger.failures(key) for key in self.raws}

    def failed(self, wanted: Mapping[str, int]) -> dict[str, dict[int, str]]:
        """What went wrong with the replications that are wanted, by scenario and replication."""
        found = {
            name: {
                r: error
                for label in self.lives[name]
                for r, error in self.failures[self.keys[label]].items()
                if r < replications
            }
            for name, replications in wanted.items()
        }
        return {name: errors for name, errors in found.items() if errors}

    def wanted_of(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """How many replications of each key are wanted; of a scenario that failed no more than there are."""
        broken = self.failed(wanted)
        need: dict[str, int] = {}
        for name, replications in wanted.items():
            for label in () if name in broken else self.lives[name]:
                key = self.keys[label]
                need[key] = max(need.get(key, 0), replications)
        return need

    def to_do(self, wanted: Mapping[str, int], least: int) -> list[Unit]:
        """Units that are missing until every scenario has the replications wanted, each of so many where it can be."""
        return [
            Unit(key, dict(self.raws[key]), self.seed, run.start, len(run))
            for key, replications in self.wanted_of(wanted).items()
            for run in gaps(self.done[key], replications, least)
        ]

    def take(self, outcome: Outcome) -> None:
        """Keep what came of a unit, on the disk first.

        Raises
        ------
        DesirepathError
            If it cannot be written.
        """
        try:
            self.ledger.add(outcome)
        except OSError as error:
            safe = sum(len(each) for each in self.done.values())
            raise DesirepathError(
                f"{self.ledger.folder} cannot be written ({error.strerror or error}); what was finished before, "
                f"{safe:,} histories, is safe there. Make room, and run the same again: it goes on where it stopped"
            ) from None
        key = outcome.unit.key
        self.done[key] |= set(outcome.unit.replications) - set(outcome.failures)
        self.failures[key] |= outcome.failures

    def values(self, wanted: Mapping[str, int]) -> pl.DataFrame:
        """Values of scenarios, so many replications of each."""
        return pl.concat(
            self.ledger.values(self.keys[label])
            .filter(pl.col("replication") < replications)
            .select(pl.lit(label).alias("scenario"), pl.all())
            for name, replications in wanted.items()
            for label in self.lives[name]
        )

    def differences(
        self, names: Iterable[str], kpis: tuple[str, ...], wanted: Mapping[str, int]
    ) -> Iterator[tuple[str, dict[str, Numbers], dict[str, Numbers] | None]]:
        """Of each scenario its paired differences from the baseline by KPI, of everybody; likewise at the centre."""
        most = max(wanted.values())
        baseline = [self._numbers(label, kpis, most) for label in self.lives[BASELINE]]
        for name in names:
            n = wanted[name]
            lives = (self._numbers(label, kpis, n) for label in self.lives[name])
            pairs = zip(lives, baseline, strict=True)
            own, *centre = ({kpi: new[kpi] - old[kpi][:n] for kpi in kpis} for new, old in pairs)
            yield name, own, centre[0] if centre else None

    def _numbers(self, label: str, kpis: tuple[str, ...], replications: int) -> dict[str, Numbers]:
        """Values of some KPIs, of everybody, by replication; NaN where there is none."""
        values = self.ledger.values(self.keys[label])
        rows = values.filter((pl.col("by") == "all") & (pl.col("replication") < replications))
        found = {}
        for kpi in kpis:
            at = rows.filter(pl.col("kpi") == kpi)
            found[kpi] = np.full(replications, np.nan)
            found[kpi][at["replication"].to_numpy()] = at["value"].to_numpy()
        return found


class Sweep:
    """One sweep on its way: what `sweep` does, step by step.

    Parameters
    ----------
    models
        Scenarios by name: the baseline first, then every point of the design.
    design
        Which points those are.
    seed, level
        Root of all draws, and level of the intervals.
    ledger
        Where finished replications are kept.
    retry
        Whether to try again what failed before.
    watch
        Who is told how it goes.
    """

    def __init__(
        self,
        models: dict[str, Model],
        design: Design,
        *,
        seed: int,
        level: float,
        ledger: Ledger,
        retry: bool = False,
        watch: Watch | None = None,
    ) -> None:
        check_same_design(models)
        self.models, self.design, self.seed, self.level = models, design, seed, level
        self.work = Work(models, seed, ledger, retry=retry)
        self.watch, self.state = watch or Watch(), State(currency=models[BASELINE].currency)

    def pilot(self) -> float:
        """Processor time that a replication of the baseline takes, seconds: measured, unless the ledger knows it."""
        key = self.work.keys[BASELINE]
        known = self.work.ledger.seconds(key)
        if known is not None:
            return known
        compiled.get_ready()
        for replication in range(2):  # the first takes longer: it loads what is compiled
            outcome = perform(Unit(key, dict(self.work.raws[key]), self.seed, replication, 1))
            self.work.take(outcome)
        self._whole_baseline({BASELINE: 2})
        return outcome.seconds

    def histories(self, wanted: Mapping[str, int]) -> tuple[int, int]:
        """How many replications are wanted in all, each scenario and its centre counted, and how many are there."""
        need = self.work.wanted_of(wanted)
        there = sum(len(self.work.done[key] & set(range(replications))) for key, replications in need.items())
        return sum(need.values()), there

    def live(self, wanted: Mapping[str, int], executor: Executor, each: float) -> None:
        """Live through whatever is missing until every scenario has so many replications.

        Parameters
        ----------
        each
            Seconds that a replication takes, about.
        """
        units = self.work.to_do(wanted, ceil(A_UNIT / each) if each > 0 else 1)
        state = self.state
        state.failed = self.work.failed(wanted)
        state.histories, state.done = self.histories(wanted)
        state.workers, left = executor.workers, len(units)
        state.running = min(executor.workers, left)
        self.watch.told(state)
        for outcome in executor.run(units):
            self.work.take(outcome)
            left -= 1
            state.running = min(executor.workers, left)
            state.fresh += outcome.unit.count
            state.seconds += outcome.seconds
            state.engine += outcome.engine
            state.done += outcome.unit.count
            if outcome.failures:
                self._whole_baseline(wanted)
                state.failed = self.work.failed(wanted)
                state.histories, state.done = self.histories(wanted)
            self.watch.told(state)

    def until_precise(
        self, precision: Precision, executor: Executor, each: float
    ) -> tuple[dict[str, int], dict[str, Look]]:
        """Live through replications until every difference asked for is precise enough.

        Returns
        -------
        tuple
            How many replications of each scenario there are, and what each point has reached.

        Raises
        ------
        ScenarioError
            If a few points show that what is asked for is out of reach; what was lived through is not lost.
        """
        points = [name for name in self.models if name != BASELINE]
        few = {points[0], points[len(points) // 2], points[-1]}
        pilot = dict.fromkeys((BASELINE, *few), precision.first)
        self.live(pilot, executor, each)
        check_reachable(precision, self._looks(precision, few, pilot), self.models[BASELINE].currency)
        wanted = dict.fromkeys(self.models, precision.first)
        while True:
            self.live(wanted, executor, each)
            looks = self._looks(precision, points, wanted)
            if all(one.done for one in looks.values()):
                return wanted, looks
            wanted |= {name: one.due for name, one in looks.items()}
            wanted[BASELINE] = baseline_due(looks)

    def _looks(self, precision: Precision, names: Iterable[str], wanted: Mapping[str, int]) -> dict[str, Look]:
        """How precise points are by now; those that failed are not waited for."""
        broken = self.work.failed(wanted)
        whole = [name for name in names if name not in broken]
        looks = {
            name: look(precision, own, centre)
            for name, own, centre in self.work.differences(whole, tuple(precision.half_widths), wanted)
        }
        for kpi, asked in precision.half_widths.items():
            luck = [one.reached[kpi].luck for one in looks.values() if one.reached[kpi].known > 1]
            self.state.reached[kpi] = (max(luck, default=nan), asked)
        return looks

    def compared(self, wanted: Mapping[str, int]) -> Comparison:
        """Compare every scenario that did not fail with the baseline."""
        self._whole_baseline(wanted)
        broken = self.work.failed(wanted)
        models = {name: model for name, model in self.models.items() if name not in broken}
        values = self.work.values({name: wanted[name] for name in models})
        return compared(models, self.seed, max(wanted.values()), self.level, values, keep=0.0)

    def whole(self, executor: Executor, each: float, replications: int, precision: Precision | None) -> Results:
        """Live through everything that was asked for: so many replications, or as many as precision takes."""
        looks: dict[str, Look] = {}
        if precision is not None:
            wanted, looks = self.until_precise(precision, executor, each)
        else:
            wanted = dict.fromkeys(self.models, replications)
            self.live(wanted, executor, each)
        broken = self.work.failed(wanted)
        errors = [(name, r, error) for name, found in broken.items() for r, error in sorted(found.items())]
        failures = pl.DataFrame(
            errors, schema={"scenario": pl.String, "replication": pl.Int32, "error": pl.String}, orient="row"
        )
        return Results(self.design, self.compared(wanted), self._points(wanted), failures, precision, looks)

    def _whole_baseline(self, wanted: Mapping[str, int]) -> None:
        """Stop where the baseline failed: there is nothing to compare with."""
        for replication, error in self.work.failed({BASELINE: wanted[BASELINE]}).get(BASELINE, {}).items():
            raise DesirepathError(
                f"replication {replication} of the baseline failed, so nothing can be compared: {error}"
            )

    def _points(self, wanted: Mapping[str, int]) -> pl.DataFrame:
        """A row for each scenario: how often it was lived through, what its levers cost, and where they stand."""
        broken = self.work.failed(wanted)
        points = {point.name: point for point in self.design.points}
        now = {factor.path: factor.baseline for factor in self.design.factors}
        rows: list[dict[str, Any]] = []
        for name in self.models:
            at = now | (points[name].settings if name in points else {})
            price = self.design.price(points[name]) if name in points else 0.0
            rows.append({"scenario": name, "replications": wanted[name], "failed": name in broken, "price": price} | at)
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)


def sweep(
    model: Model | Mapping[str, Model],
    design: Design,
    *,
    seed: int = 1,
    replications: int = 10,
    precision: Precision | None = None,
    level: float = 0.95,
    executor: Where | Executor = "process",
    workers: int | None = None,
    address: str | None = None,
    ledger: Path = LEDGER,
    retry: bool = False,
    watch: Watch | None = None,
) -> Results:
    """Live through every point of a design, on the same customers as the baseline, and compare each with it.

    What is lived through is on disk before it counts. The same call after any death goes on where that one stopped, and
    gives the same results, to the last bit, as if nothing had happened; so it does with any executor and any number of
    workers.

    Parameters
    ----------
    model
        The scenario; or several by name, where the design chooses among them.
    design
        Which points.
    seed, replications
        Replication r has draw r of everything in every scenario.
    precision
        How precise the differences are to be, instead of a number of replications.
    level
        Of the intervals, unless `precision` says it.
    executor
        ``process``: several processes of this machine. ``serial``: this process. ``dask``: a Dask cluster. Or one that
        is at work already.
    workers
        How many processes; one a core where None.
    address
        Of a Dask scheduler; a cluster of this machine's own where None.
    ledger
        Folder in which finished replications are kept, and found again.
    retry
        Whether to try again what failed before. A replication that fails is recorded, its point left out of the
        comparison, and the rest goes on.
    watch
        Who is told how it goes.

    Raises
    ------
    DesirepathError
        If the baseline fails, a cluster does not answer, or the ledger cannot be written.
    ScenarioError
        If a point makes no sense.
    """
    if replications < 2:
        raise DesirepathError(f"{replications} replication gives no interval; use at least 2, better 10")
    models = models_of(model, design)
    level = level if precision is None else precision.level
    going = Sweep(models, design, seed=seed, level=level, ledger=Ledger(ledger), retry=retry, watch=watch)
    each = going.pilot()
    where = executor_of(executor, workers, address) if isinstance(executor, str) else nullcontext(executor)
    with where as ready:
        return going.whole(ready, each, replications, precision)
