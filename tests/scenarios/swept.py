"""Results of sweeps nobody had to wait for: every number is made up, by a rule that gives the same ones each time."""

from itertools import product
from math import cos

import polars as pl

from scenarios.compare import BASELINE, compared
from scenarios.sweeps.design import Design, Factor, Point, variant
from scenarios.sweeps.results import Results
from scenarios.sweeps.stopping import Precision
from sim.kpis import HEADLINES, KPIS
from tests.scenarios.given import starter

HEADCOUNT, WAGE = "staff.service.shifts.day.headcount", "staff.service.wage"
WAGES = ("24 EUR / h", "26 EUR / h")
TWENTY = (*HEADLINES, *[name for name in KPIS if name not in HEADLINES])[:20]
SEED = 7
WHY = "ZeroDivisionError: nobody was there"


def swept(headcounts=(3, 4, 5), failed=(), replications=4, kpis=TWENTY):
    """A grid over two levers; more people are better in everything but cost, and better pay does nothing."""
    points = [
        Point(f"p{number:04d}", {HEADCOUNT: people, WAGE: wage})
        for number, (people, wage) in enumerate(product(headcounts, WAGES), start=1)
    ]
    design = Design(
        "grid", (Factor(HEADCOUNT, "lever", headcounts, price=3840.0), Factor(WAGE, "lever", WAGES)), tuple(points)
    )
    lived = [point for point in points if point.name not in failed]
    models = {BASELINE: starter()} | {point.name: variant(starter(), point.settings, frozenset()) for point in lived}
    people = {BASELINE: 2} | {point.name: point.settings[HEADCOUNT] for point in lived}
    rows = [
        (name, replication, kpi, "all", "all", _value(kpi, people[name], replication, nth))
        for nth, name in enumerate(models)
        for replication in range(replications)
        for kpi in kpis
    ]
    values = pl.DataFrame(rows, ["scenario", "replication", "kpi", "by", "group", "value"], orient="row")
    table = [(BASELINE, replications, False, 0.0, 2, WAGES[0])] + [
        (
            point.name,
            replications,
            point.name in failed,
            3840.0 * (point.settings[HEADCOUNT] - 2),
            *point.settings.values(),
        )
        for point in points
    ]
    columns = ["scenario", "replications", "failed", "price", HEADCOUNT, WAGE]
    failures = pl.DataFrame(
        [(name, replication, WHY) for name in failed for replication in (1, 3)],
        {"scenario": pl.String, "replication": pl.Int64, "error": pl.String},
        orient="row",
    )
    comparison = compared(models, SEED, replications, 0.95, values)
    return Results(
        design, comparison, pl.DataFrame(table, columns, orient="row"), failures, Precision({"churn": 0.002})
    )


def _value(kpi, people, replication, nth):
    direction = {"more": 1, "less": -1, "neither": 0}[KPIS[kpi].better] * (-1 if kpi == "cost" else 1)
    return 5 + cos(replication) + direction * 0.1 * (people - 2) + 1e-3 * cos(7 * replication + nth)
