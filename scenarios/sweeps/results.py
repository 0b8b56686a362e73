"""What a sweep came to: tidy tables that carry their units and definitions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from scenarios import kept
from scenarios.sweeps.design import Design, Point
from scenarios.sweeps.factors import Factor
from scenarios.sweeps.stopping import Look, Precision, Reached
from sim.errors import DesirepathError
from sim.kpis import KPIS

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.compare import Comparison

_DESIGN, _POINTS, _FAILURES = "design", "points.parquet", "failures.parquet"


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


def save(results: Results, folder: Path) -> None:
    """Write what a sweep came to into a folder, from which `load` reads it."""
    precision = None if results.precision is None else asdict(results.precision)
    looks = {name: asdict(look) for name, look in results.looks.items()}
    kept.save(results.comparison, folder, design=asdict(results.design), precision=precision, looks=looks)
    results.points.write_parquet(folder / kept.RESULTS / _POINTS)
    results.failures.write_parquet(folder / kept.RESULTS / _FAILURES)


def load(folder: Path) -> Results:
    """Read back what a sweep came to.

    Raises
    ------
    DesirepathError
        If the folder holds no sweep, or not a whole one.
    """
    about = kept.about(folder)
    if not is_sweep(about):
        raise DesirepathError(f"{folder}: holds a comparison and no sweep; scenarios.kept.load reads it")
    try:
        points, failures = (pl.read_parquet(folder / kept.RESULTS / name) for name in (_POINTS, _FAILURES))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DesirepathError(f"{folder}: its results are not whole: {str(error).splitlines()[0]}") from None
    precision = None if about["precision"] is None else Precision(**about["precision"])
    looks = {name: _look(look) for name, look in about["looks"].items()}
    return Results(_design(about[_DESIGN]), kept.load(folder), points, failures, precision, looks)


def is_sweep(about: dict[str, Any]) -> bool:
    """Whether results are those of a sweep, by what is to be known about them."""
    return _DESIGN in about


def _design(raw: dict[str, Any]) -> Design:
    factors = (factor | {part: tuple(factor[part]) for part in ("values", "moves")} for factor in raw["factors"])
    points = (Point(**point) for point in raw["points"])
    return Design(raw["kind"], tuple(Factor(**factor) for factor in factors), tuple(points), tuple(raw["notes"]))


def _look(raw: dict[str, Any]) -> Look:
    return Look(raw["replications"], raw["due"], {kpi: Reached(**reached) for kpi, reached in raw["reached"].items()})
