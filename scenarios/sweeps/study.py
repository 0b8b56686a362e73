"""What a report of a sweep looks at: the points that were lived through, what varies, and what moves what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from scenarios import words
from scenarios.compare import BASELINE, better
from scenarios.sweeps.effects import UNKNOWN, Effect, Paired, Response, paired, responses
from scenarios.sweeps.levers import Lever, levers_of, where
from sim.kpis import KPIS

if TYPE_CHECKING:
    from scenarios.sweeps.results import Results
    from sim.model import Model

LOOKED_AT = ("satisfaction", "cost", "churn")


@dataclass(frozen=True)
class Study:
    """A sweep's results, made ready to be told.

    Attributes
    ----------
    results
        What the sweep came to.
    """

    results: Results

    @cached_property
    def points(self) -> list[str]:
        """Names of the points that were lived through, in the design's order."""
        lived = self.results.comparison.models
        return [point.name for point in self.results.design.points if point.name in lived]

    @property
    def baseline(self) -> Model:
        """Today."""
        return self.results.comparison.models[BASELINE]

    @property
    def currency(self) -> str:
        """What money is counted in."""
        return self.baseline.currency

    @property
    def doubt(self) -> str:
        """What a difference may be made of where its interval holds nothing."""
        return "luck and the limits of our data" if self.baseline.uncertain else "luck"

    @cached_property
    def levers(self) -> list[Lever]:
        """What varies over those points."""
        return levers_of(self.results, self.points)

    @cached_property
    def names(self) -> list[str]:
        """What each point sets, in words; its own name where that is nothing that can be said."""
        settings = {point.name: point.settings for point in self.results.design.points}
        return [where(self.levers, settings[name], n) or words.plain(name) for n, name in enumerate(self.points)]

    @cached_property
    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Difference from today by point and KPI."""
        overall = self.results.comparison.differences.filter(pl.col("by") == "all")
        return {(row["scenario"], row["kpi"]): row for row in overall.iter_rows(named=True)}

    @cached_property
    def paired(self) -> dict[str, Paired]:
        """Differences of the KPIs that are looked at, by replication."""
        return {kpi: paired(self.results, kpi, self.points) for kpi in LOOKED_AT}

    @cached_property
    def responses(self) -> dict[str, list[Response]]:
        """How each of those KPIs answers to each lever."""
        kind = self.results.design.kind
        return {kpi: responses(self.paired[kpi], self.levers, kind) if self.levers else [] for kpi in LOOKED_AT}

    def effect(self, point: str, kpi: str) -> Effect:
        """One point's difference, nothing where it is but the last digits of floats."""
        row = self.rows[point, kpi]
        if not math.isfinite(row["difference"]):
            return UNKNOWN
        return Effect(0.0, 0.0, 0.0) if words.nothing(row) else Effect(row["difference"], row["lower"], row["upper"])

    def side(self, point: str, kpi: str, *, clear: bool = False) -> str:
        """Whether a point is better or worse than today by more than luck; empty where that cannot be told."""
        row = self.rows[point, kpi]
        sure = words.sureness(row)
        good = better(kpi, row["difference"]) if sure == "clear" or (sure == "likely" and not clear) else None
        return {True: "better", False: "worse", None: ""}[good]

    def said(self, effect: Effect, kpi: str) -> str:
        """A difference and its interval in words."""
        told = words.estimate(*effect, KPIS[kpi].unit, self.currency, difference=True)
        if told.lower == told.upper:
            return words.with_unit(words.signed(told.value), told.word)
        return f"{words.signed(told.value)} ({told.lower} to {told.upper}){told.word}"
