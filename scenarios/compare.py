"""What if: the same customers live through the baseline and through each change, and the difference is what counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from scenarios.intervals import interval
from sim.changes import check_dates, enacted
from sim.errors import DesirepathError, Problem, ScenarioError, did_you_mean
from sim.kpis import HEADLINES, KPIS
from sim.replications import Keep, Task, perform_all, share_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sim.model import Model

BASELINE = "baseline"
CENTRE = "at the centre of what is uncertain: "
_KEY = ("kpi", "by", "group")


@dataclass(frozen=True)
class Comparison:
    """What came out of comparing scenarios with a baseline.

    Attributes
    ----------
    models
        The scenarios by name, the baseline first.
    seed, replications, level
        The design, and the level of the intervals.
    levels
        For each scenario, KPI, dimension and group: ``mean`` with its interval ``lower`` to ``upper``, the two parts of
        that (``luck`` of the run, ``limits`` of the data; as half-widths), and number ``n`` of replications.
    differences
        For each change, KPI, dimension and group: mean difference from the baseline with its interval, that interval
        adjusted for the number of headline comparisons, its two parts (``luck`` and ``limits``), the correlation of the
        pair, the variance-reduction factor and the relative difference.
    values
        Every replication's value, as it came.
    keep
        Share of the customers whose visits and journeys were written.
    """

    models: dict[str, Model]
    seed: int
    replications: int
    level: float
    levels: pl.DataFrame
    differences: pl.DataFrame
    values: pl.DataFrame
    keep: float = 1.0

    @property
    def changes(self) -> list[str]:
        """Names of the scenarios compared with the baseline."""
        return [name for name in self.models if name != BASELINE]

    def level_of(self, scenario: str, kpi: str, by: str = "all", group: str = "all") -> dict[str, float]:
        """One scenario's value of a KPI."""
        return self._row(self.levels, scenario, kpi, by, group)

    def difference(self, scenario: str, kpi: str, by: str = "all", group: str = "all") -> dict[str, float]:
        """One change's difference of a KPI from the baseline."""
        return self._row(self.differences, scenario, kpi, by, group)

    @staticmethod
    def _row(table: pl.DataFrame, scenario: str, kpi: str, by: str, group: str) -> dict[str, float]:
        wanted = (pl.col("scenario") == scenario) & (pl.col("kpi") == kpi) & (pl.col("by") == by)
        return table.row(by_predicate=wanted & (pl.col("group") == group), named=True)


def variants(model: Model, changes: Sequence[str] | str) -> dict[str, Model]:
    """Return the baseline and each change, or sum of changes such as ``chatbot+hire``, as scenarios of their own.

    All changes are those that are not on in the baseline already.
    """
    known = list(model.changes)
    off = [name for name in known if name not in model.enact]
    names = off if changes == "all" else ([changes] if isinstance(changes, str) else list(changes))
    parts = {name: [name] if name in known else name.split("+") for name in names}
    problems = [
        Problem(f"changes.{part}", f"there is no change '{part}'; {did_you_mean(part, known)}", "command line")
        for chosen in parts.values()
        for part in chosen
        if part not in known
    ]
    problems += [
        Problem(f"changes.{part}", "is on in the baseline already (enact); leave it out")
        for part in dict.fromkeys(part for chosen in parts.values() for part in chosen)
        if part in model.enact
    ]
    if not names and known and not off:
        problems.append(Problem("changes", "all are on in the baseline already (enact); take out what to compare"))
    elif not names and known:
        problems.append(Problem("changes", f"none is named; known: {', '.join(known)}, or all", "command line"))
    elif not names:
        problems.append(Problem("changes", "the scenario proposes no change; add one under changes"))
    if BASELINE in parts:
        problems.append(Problem(f"changes.{BASELINE}", "is what changes are compared with; choose another name"))
    if problems:
        raise ScenarioError(problems)
    models = {BASELINE: model} | {name: enacted(model, chosen) for name, chosen in parts.items()}
    if problems := [problem for name in parts for problem in check_dates(models[name])]:
        raise ScenarioError(problems)
    return models


def check_same_design(models: Mapping[str, Model]) -> None:
    """Refuse to compare what cannot be compared: other spans, populations, thresholds or doubts.

    Raises
    ------
    ScenarioError
        With what differs, and between which scenarios.
    """
    (first, baseline), *others = models.items()
    wanted = _design(baseline)
    problems = [
        Problem(path, f"'{name}' has {found}, but '{first}' has {wanted[path]}; only like designs can be compared")
        for name, model in others
        for path, found in _design(model).items()
        if found != wanted[path]
    ]
    if problems:
        raise ScenarioError(problems, "comparison")


def _design(model: Model) -> dict[str, object]:
    """What must be alike in scenarios that are compared."""
    return {
        "clock": model.clock.model_copy(update={"run": model.clock.kind}),
        "currency": model.currency,
        "population.customers": model.population.customers,
        "measure": model.measure,
        "uncertain": model.uncertain,
    }


def compare(
    models: dict[str, Model],
    seed: int,
    replications: int = 10,
    *,
    workers: int = 1,
    threads: int = 1,
    level: float = 0.95,
    folder: Path | None = None,
    keep: Keep | float = "all",
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Simulate every scenario on the same customers and compare each with the first.

    Where something is `uncertain`, every replication is also run with it at its centre, on the same luck: what the two
    differ by is what we do not know, and the rest of the variation is the luck of the run.

    Parameters
    ----------
    models
        Scenarios by name; the first is the baseline and is called ``baseline``.
    seed, replications
        Replication r has draw r of everything in every scenario.
    workers, threads
        Parallel processes, and histories at a time in each; the results do not depend on how many.
    level
        Of the intervals.
    folder
        Where to write the tables of replication 0 of each scenario; nowhere where None.
    keep
        Whose visits and journeys to write: ``all``, ``none``, a ``sample``, or a share of the customers.

    Raises
    ------
    ScenarioError
        If the designs of the scenarios differ.
    """
    check_same_design(models)
    if replications < 2:
        raise DesirepathError(f"{replications} replication gives no interval; use at least 2, better 10")
    share = share_kept(keep)
    tasks = [
        Task(name, model.raw, seed, r, str(folder / name) if folder is not None and r == 0 else None, share)
        for r in range(replications)
        for name, model in models.items()
    ]
    centres = at_centre(models)
    tasks += [Task(name, raw, seed, r) for r in range(replications) for name, raw in centres.items()]
    values = perform_all(tasks, workers, progress, threads=threads)
    return compared(models, seed, replications, level, values, share)


def at_centre(models: Mapping[str, Model]) -> dict[str, dict[str, Any]]:
    """Each scenario once more, as plain data, with all that is uncertain at its centre; none where nothing is."""
    if not next(iter(models.values())).uncertain:
        return {}
    return {CENTRE + name: {**model.raw, "uncertain": {}} for name, model in models.items()}


def compared(
    models: dict[str, Model], seed: int, replications: int, level: float, values: pl.DataFrame, keep: float = 1.0
) -> Comparison:
    """Compare scenarios that have been simulated; a difference rests on the replications that both have.

    Parameters
    ----------
    values
        Of every scenario, and of every scenario `at_centre`: columns ``scenario``, ``replication``, ``kpi``, ``by``,
        ``group``, ``value``; those of a scenario in the order of its replications.
    """
    keys, at = _arrays(values, replications)
    levels = [_levels(name, keys, at, level) for name in models]
    differences = [_differences(name, keys, at, level, len(models) - 1) for name in models if name != BASELINE]
    own = values.filter(~pl.col("scenario").str.starts_with(CENTRE))
    none = _differences(BASELINE, keys, at, level, 1).clear()
    return Comparison(models, seed, replications, level, pl.concat(levels), pl.concat([none, *differences]), own, keep)


def _arrays(values: pl.DataFrame, replications: int) -> tuple[pl.DataFrame, dict[str, NDArray[np.float64]]]:
    """Values of each scenario with one row a KPI, dimension and group, and one column a replication.

    Every scenario has the names of its own changes beside the baseline's; where a scenario lacks a name, or a
    replication, its value is unknown.
    """
    keys = values.select(_KEY).unique(maintain_order=True)
    place = keys.with_row_index("place")
    at: dict[str, NDArray[np.float64]] = {}
    for (scenario,), rows in values.group_by(["scenario"], maintain_order=True):
        found = rows.join(place, on=_KEY, how="left", maintain_order="left")
        table = np.full((len(keys), replications), np.nan)
        table[found["place"].to_numpy(), found["replication"].to_numpy()] = found["value"].to_numpy()
        at[str(scenario)] = table
    return keys, at


def _levels(name: str, keys: pl.DataFrame, at: dict[str, NDArray[np.float64]], level: float) -> pl.DataFrame:
    """One scenario's means with their intervals."""
    found = interval(at[name], at.get(CENTRE + name), level)
    numbers = {
        "mean": found.mean, "lower": found.mean - found.half, "upper": found.mean + found.half,
        "luck": found.luck, "limits": found.limits, "n": found.n,
    }  # fmt: skip
    return keys.with_columns(pl.lit(name).alias("scenario"), *(pl.Series(k, v) for k, v in numbers.items()))


def _differences(
    name: str, keys: pl.DataFrame, at: dict[str, NDArray[np.float64]], level: float, changes: int
) -> pl.DataFrame:
    """Paired differences of one scenario from the baseline."""
    new = at[name]
    old = np.where(np.isnan(new), np.nan, at[BASELINE])
    pair = new - old
    centre = at[CENTRE + name] - at[CENTRE + BASELINE] if CENTRE + name in at else None
    family = max(changes * len(HEADLINES), 1)
    found, adjusted = (interval(pair, centre, each) for each in (level, 1 - (1 - level) / family))
    mean, base = found.mean, interval(old, None, level).mean
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = [side - interval(side, None, level).mean[:, None] for side in (old, new)]
        both = np.nansum(centred[0] * centred[1], axis=1)
        squares = [np.nansum(side**2, axis=1) for side in centred]
        correlation = both / np.sqrt(squares[0] * squares[1])
        reduction = (squares[0] + squares[1]) / np.nansum((pair - mean[:, None]) ** 2, axis=1)
        relative = np.where(base != 0, mean / np.abs(base), np.nan)
    numbers = {
        "baseline": base, "difference": mean, "lower": mean - found.half, "upper": mean + found.half,
        "lower_adjusted": mean - adjusted.half, "upper_adjusted": mean + adjusted.half,
        "luck": found.luck, "limits": found.limits,
        "correlation": correlation, "variance_reduction": reduction, "relative": relative, "n": found.n,
    }  # fmt: skip
    return keys.with_columns(pl.lit(name).alias("scenario"), *(pl.Series(k, v) for k, v in numbers.items()))


def better(kpi: str, difference: float) -> bool | None:
    """Whether a difference is for the better; None where the KPI has no direction or nothing differs."""
    direction = KPIS[kpi].better
    if direction == "neither" or difference == 0 or np.isnan(difference):
        return None
    return (difference > 0) == (direction == "more")
