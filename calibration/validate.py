"""Does the scenario match the world? Simulated weeks beside weeks it has not seen, and what chance alone explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from calibration import arrivals
from sim import units
from sim.changes import altered
from sim.model import ABANDONED
from sim.replications import Task, perform_all
from sim.units import MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from calibration.timeline import Timeline

CLOSE_ENOUGH = 0.10
GOOD, INSIDE, OUTSIDE = "within 10 %", "inside the noise floor", "outside"


@dataclass(frozen=True)
class Validation:
    """Simulated beside observed.

    Attributes
    ----------
    table
        ``measure``, ``group``, ``unit``, ``observed``, ``simulated``, ``relative`` error, noise ``floor`` (an absolute
        difference that chance alone explains) and ``verdict``.
    weeks
        Number of weeks compared.
    """

    table: pl.DataFrame
    weeks: float

    def verdicts(self) -> dict[str, int]:
        """How many checks came out which way."""
        return {verdict: int((self.table["verdict"] == verdict).sum()) for verdict in (GOOD, INSIDE, OUTSIDE)}

    def caveats(self) -> list[str]:
        """What the scenario should not be trusted for, in words."""
        said = []
        for row in self.table.filter(pl.col("verdict") == OUTSIDE).iter_rows(named=True):
            way = "too high" if row["simulated"] > row["observed"] else "too low"
            by = f" by {abs(row['relative']):.0%}" if np.isfinite(row["relative"]) else ""
            said.append(
                f"{row['measure']} at {row['group']}: {way}{by} "
                f"({_say(row['simulated'])} against {_say(row['observed'])} {row['unit']}), more than chance explains; "
                "do not read its level, and be careful with changes that work through it"
            )
        said.append(
            "what no log can show: how people would answer to hours, channels or waits they have never met; "
            "differences far outside what the log has seen are extrapolation"
        )
        return said


def in_per_cent(relative: float) -> str:
    """A relative difference; a dash where there was nothing to differ from."""
    return f"{relative:+.1%}" if np.isfinite(relative) else "–"


def _say(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "none"


def observed(timeline: Timeline, start: float, end: float) -> dict[tuple[str, str, str], NDArray[np.float64]]:
    """Value in a span of the log and then in each of its weeks, the last as far as it goes, by measure, group, unit."""
    contacts = timeline.contacts.filter(pl.col("joined").is_between(start, end, closed="left"))
    week = ((contacts["joined"] - start) // MINUTES_PER_WEEK).cast(pl.Int64).alias("week")
    contacts = contacts.with_columns(week)
    weeks = max(int(np.ceil((end - start) / MINUTES_PER_WEEK - 1e-9)), 1)
    length = (end - start) / MINUTES_PER_WEEK
    found: dict[tuple[str, str, str], NDArray[np.float64]] = {}

    def add(
        name: str, group: str, unit: str, top: pl.DataFrame, bottom: pl.DataFrame | None, column: str | None = None
    ) -> None:
        tops = _weekly(top, weeks, column)
        if bottom is None:
            found[name, group, unit] = np.concatenate([[tops.sum() / length], tops])
        else:
            bottoms = _weekly(bottom, weeks, None)
            with np.errstate(invalid="ignore", divide="ignore"):
                found[name, group, unit] = np.concatenate([[tops.sum() / bottoms.sum()], tops / bottoms])

    for touchpoint in timeline.contacts["touchpoint"].unique(maintain_order=True):
        rows = contacts.filter(pl.col("touchpoint") == touchpoint)
        add("contacts a week", touchpoint, "contacts", rows, None)
        if touchpoint in timeline.staffed:
            add("abandonment", touchpoint, "share", rows.filter(pl.col("outcome") == ABANDONED), rows)
            add("mean wait", touchpoint, "min", rows, rows, "wait")
    journeys = timeline.journeys.filter(pl.col("opened").is_between(start, end, closed="left"))
    journeys = journeys.with_columns(((pl.col("opened") - start) // MINUTES_PER_WEEK).cast(pl.Int64).alias("week"))
    if journeys["score"].is_not_null().any():
        answered = journeys.filter(pl.col("score").is_not_null())
        add("survey answers a week", "all", "answers", answered, None)
        add("survey score", "all", "0–10", answered, answered, "score")
    left = timeline.customers.filter(pl.col("left").is_between(start, end, closed="left"))
    if left.height:
        lost = left.with_columns(((pl.col("left") - start) // MINUTES_PER_WEEK).cast(pl.Int64).alias("week"))
        add("customers lost a week", "all", "customers", lost, None)
    return found


def _weekly(rows: pl.DataFrame, weeks: int, column: str | None) -> NDArray[np.float64]:
    amounts = rows[column].fill_null(0).to_numpy() if column else None
    return np.bincount(rows["week"].to_numpy(), weights=amounts, minlength=weeks).astype(float)[:weeks]


SIMULATED = {
    "contacts a week": ("visits", "touchpoint"),
    "abandonment": ("abandonment", "touchpoint"),
    "mean wait": ("mean_wait", "touchpoint"),
    "survey answers a week": ("answers", "all"),
    "survey score": ("survey_score", "all"),
    "customers lost a week": ("customers_lost", "all"),
}


def in_span(raw: dict[str, Any], timeline: Timeline, start: float, end: float) -> dict[str, Any]:
    """Scenario that lives through the log's own weeks, from its beginning, and measures a span of them."""
    settings: dict[str, Any] = {
        "clock": {"start": f"{timeline.start:%Y-%m-%d}", "horizon": f"{end:g} min", "warmup": f"{start:g} min"},
        "enact": [],
        "changes": {},
    }
    if raw.get("population", {}).get("customers", 0):
        settings["population.customers"] = timeline.there(0).height
        settings |= _as_they_were(raw, timeline)
    return altered(raw, settings)


def _as_they_were(raw: dict[str, Any], timeline: Timeline) -> dict[str, Any]:
    """Settings that let a scenario begin with the customers of the log's first day: who they are, and what they need.

    Who needs more leaves sooner; so those whom a scenario describes that begins later need less than those who were
    there when the log began.
    """
    begins = units.moment(raw["clock"]["start"])
    later = min((begins - timeline.start).total_seconds() / 60, timeline.end)
    if later <= 0:
        return {}
    known = timeline.until(later)
    settings: dict[str, Any] = {}
    personas, doubts = raw.get("personas", {}), dict(raw.get("uncertain", {}))
    for name, persona in personas.items():
        differ = persona.get("needs_differ", 0.0)
        factor = arrivals.needier(known, name, differ, 0) / arrivals.needier(known, name, differ, known.end)
        for goal, often in persona.get("needs", {}).items():
            path = f"personas.{name}.needs.{goal}"
            settings[path] = _times(often, factor)
            if path in doubts:
                doubts[path] = _times(doubts[path], factor)
    first = timeline.there(0)["persona"]
    if set(first) == set(personas):
        settings |= {f"personas.{name}.share": float((first == name).mean()) for name in personas}
    return settings | {"uncertain": doubts}


def _times(quantity: Any, factor: float) -> Any:
    """A rate as a scenario writes it, or the law of its doubt, times a factor."""
    if isinstance(quantity, dict):
        scaled = ("rate", "mean", "sd", "median", "low", "high")
        return {key: _times(value, factor) if key in scaled else value for key, value in quantity.items()}
    number, unit = units.split(quantity)
    return f"{number * factor:.6g} {unit}"


def validate(
    raw: dict[str, Any],
    timeline: Timeline,
    start: float,
    *,
    seed: int,
    replications: int,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Validation:
    """Compare a scenario with the last part of a log.

    Parameters
    ----------
    raw
        The scenario as plain data.
    timeline
        The whole log; what lies before `start` was there to learn from.
    start
        Minutes from which on it was held out.
    seed, replications, workers
        Of the simulation.
    progress
        Called with the number done and the number of all.
    """
    end = timeline.end
    seen = observed(timeline, start, end)
    lived = in_span(raw, timeline, start, end)
    tasks = [Task("held out", lived, seed, r) for r in range(replications)]
    values = perform_all(tasks, workers, progress)
    weeks = (end - start) / MINUTES_PER_WEEK
    history = observed(timeline, 0.0, start) if start >= 2 * MINUTES_PER_WEEK else {}
    rows = []
    for (name, group, unit), numbers in seen.items():
        simulated = _simulated(values, name, group, weeks)
        if simulated is None or (not numbers[0] and not np.nan_to_num(simulated).any()):
            continue
        weekly = _whole(numbers, weeks)
        if weekly.size < 2 and (name, group, unit) in history:
            weekly = _whole(history[name, group, unit], start / MINUTES_PER_WEEK)
        simulated = simulated[~np.isnan(simulated)]
        variance, chance = _variance(weekly), _variance(simulated) / max(simulated.size, 1)
        floor = 2 * np.sqrt(variance / max(weeks, 1) + chance)
        mean, real = float(simulated.mean()) if simulated.size else np.nan, float(numbers[0])
        relative = (mean - real) / real if real else float("nan")
        verdict = GOOD if abs(relative) <= CLOSE_ENOUGH else INSIDE if abs(mean - real) <= floor else OUTSIDE
        rows.append((name, group, unit, real, mean, relative, floor, verdict))
    columns = ["measure", "group", "unit", "observed", "simulated", "relative", "floor", "verdict"]
    return Validation(pl.DataFrame(rows, schema=columns, orient="row"), weeks)


def _whole(numbers: NDArray[np.float64], weeks: float) -> NDArray[np.float64]:
    """Values of the whole weeks of a span; part of a week counts less because it is shorter, and not by chance."""
    return numbers[1 : 1 + int(weeks + 1e-9)]


def _variance(values: NDArray[np.float64]) -> float:
    """Variance of those values that are known; 0 of one alone, which says nothing about it."""
    known = values[~np.isnan(values)]
    return float(known.var(ddof=1)) if known.size > 1 else 0.0


def _simulated(values: pl.DataFrame, name: str, group: str, weeks: float) -> NDArray[np.float64] | None:
    """Value of a measure in each replication."""
    kpi, by = SIMULATED[name]

    def of(kpi: str) -> NDArray[np.float64]:
        wanted = (pl.col("kpi") == kpi) & (pl.col("by") == by) & (pl.col("group") == group)
        return values.filter(wanted).sort("replication")["value"].to_numpy()

    if kpi == "visits":
        found = of("visits") * (1 - np.nan_to_num(of("closed_share"))) / weeks
    elif kpi == "answers":
        found = of("survey_answers") / weeks
    else:
        found = of(kpi) / (weeks if name.endswith("a week") else 1)
    return found if found.size else None
