"""What a sweep came to: tidy tables that carry their units and definitions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from sim.kpis import KPIS

if TYPE_CHECKING:
    from scenarios.compare import Comparison
    from scenarios.sweeps.design import Design
    from scenarios.sweeps.stopping import Look, Precision


@dataclass(frozen=True)
class Results:
    """What a sweep came to.

    Attributes
    ----------
    design
        Which points were asked for.
    comparison
        Every point that could be lived through, beside the baseline: its `levels`, `differences` and `values` are
        tables with a column ``scenario``, which is a point's name or ``baseline``. Its `replications` are the most that
        any of them has.
    points
        A row for each point and the baseline: ``scenario``, ``replications``, ``failed`` (whether it is left out
        because a replication failed), ``price`` (of its levers, beyond the baseline's, money a month), and a column for
        each factor, by its path.
    failures
        Replications that failed: ``scenario``, ``replication``, ``error``.
    precision
        What was asked for; None where the number of replications was given.
    looks
        What each point has reached of that.
    """

    design: Design
    comparison: Comparison
    points: pl.DataFrame
    failures: pl.DataFrame
    precision: Precision | None = None
    looks: dict[str, Look] = field(default_factory=dict)

    @property
    def definitions(self) -> pl.DataFrame:
        """Every KPI: ``kpi``, ``unit``, ``better`` (more, less or neither), ``meaning``."""
        rows = [(kpi.name, kpi.unit, kpi.better, kpi.meaning) for kpi in KPIS.values()]
        return pl.DataFrame(rows, schema=["kpi", "unit", "better", "meaning"], orient="row")
