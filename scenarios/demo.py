"""The whole promise once: reality writes logs, they become a scenario, changes are tried, and reality has its say.

Reality is played by the scenario `energy`. Calibration reads nothing but its logs; because reality is known here, what
the calibrated scenario predicts for two changes can be set beside what they would truly do.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import yaml
from rich.console import Console
from rich.table import Table

from scenarios import words
from scenarios.command import main as desirepath
from scenarios.compare import compare, variants
from scenarios.compose import compose
from scenarios.logs import write_logs
from scenarios.verbs import progress
from sim.changes import altered
from sim.read import build, read
from sim.replications import simulate, workers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.compare import Comparison

REALITY, CALIBRATED, WHAT_IF = "energy", "energy_calibrated", "energy_what_if"
SEED, REPLICATIONS = 2025, 10
COMPARED = ("satisfaction", "churn_per_month", "cost_per_customer", "abandonment", "mean_wait", "contacts_per_issue")


def main() -> int:
    """Run the demonstration; return 0 if every part of it succeeded."""
    console = Console(highlight=False)
    began = time.monotonic()
    outputs = Path("outputs")
    console.rule("1  Reality writes its logs")
    composed = compose("simulate", [f"scenario={REALITY}"])
    reality = build(composed.config["scenario"], composed.within("scenario"), f"scenario {REALITY}")
    written = write_logs(simulate(reality, SEED), outputs / "demo" / "logs")
    console.print(", ".join(f"{count:,} {name}" for name, count in written.items()))

    console.rule("2  Logs become a scenario, checked on weeks it has not seen")
    if desirepath(
        ["calibrate", "log=demo", f"name={CALIBRATED}", "holdout=2 weeks", "warmup=4 weeks", "measured=8 weeks"]
    ):
        return 1

    console.rule("3  The same customers live through the baseline and through each change")
    changes = {name: reality.raw["changes"][name] for name in reality.changes}
    overlay = {"defaults": [CALIBRATED, "_self_"], "title": "An energy supplier, as its logs tell", "changes": changes}
    path = outputs / "scenario" / f"{WHAT_IF}.yaml"
    comment = "# What could be changed at the energy supplier; the rest is in the scenario that calibration wrote.\n"
    comment += f"# Run it:  desirepath compare scenario={WHAT_IF}\n"
    path.write_text(comment + yaml.safe_dump(overlay, sort_keys=False, allow_unicode=True), encoding="utf-8")
    words_typed = [f"scenario={WHAT_IF}", f"seed={SEED}", f"replications={REPLICATIONS}"]
    if desirepath(["compare", *words_typed]):
        return 1

    console.rule("4  What the changes would truly do, beside what was predicted")
    calibrated = read(outputs / "scenario" / f"{CALIBRATED}.yaml")
    design = {"clock": calibrated.raw["clock"], "population.customers": calibrated.population.customers}
    truth = build(altered(reality.raw, design), what="reality")
    with progress("living through reality") as step:
        true = compare(variants(truth, "all"), SEED + 1, REPLICATIONS, workers=workers_of("auto"), progress=step)
    predicted = pl.read_csv(_newest(outputs) / "differences.csv")
    console.print(_beside(predicted, true, truth.currency))
    console.print(f"all of it took {time.monotonic() - began:.0f} s", markup=False)
    return 0


def _newest(outputs: Path) -> Path:
    """Folder of the newest comparison."""
    return max(path for path in (outputs / "compare" / WHAT_IF).iterdir() if not path.name.startswith("."))


def _beside(predicted: pl.DataFrame, true: Comparison, currency: str) -> Table:
    """Predicted differences beside the true ones, each with its interval."""
    table = Table(
        title="predicted beside true difference from the baseline, 95 % intervals; they agree if they are no further "
        "apart than the half-widths of both allow, √(a² + b²)"
    )
    for column in ("change", "KPI", "predicted", "true", "agree"):
        table.add_column(column, justify="left" if column in ("change", "KPI") else "right")
    for change in true.changes:
        for kpi in COMPARED:
            wanted = (pl.col("scenario") == change) & (pl.col("kpi") == kpi) & (pl.col("by") == "all")
            row, real = predicted.row(by_predicate=wanted, named=True), true.difference(change, kpi)
            cells = (words.with_interval(kpi, each, currency) for each in (row, real))
            table.add_row(change, words.kpi_title(kpi), *cells, "yes" if agree(row, real) else "no")
    return table


def agree(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two differences are no further apart than both their intervals allow, √(a² + b²) of the half-widths."""
    halves = [(row["upper"] - row["lower"]) / 2 for row in (one, other)]
    return abs(one["difference"] - other["difference"]) <= math.hypot(*halves)


if __name__ == "__main__":
    sys.exit(main())
