"""A comparison on disk: what `compare` came to, to be read back whole, whenever and from wherever it is wanted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from scenarios.compare import Comparison
from sim.check import parse
from sim.errors import DesirepathError

RESULTS = "results"  # folder in a run's folder that holds what is read back
VALUES = "replications.parquet"  # beside it, because people look for it
_ABOUT, _SCENARIOS, _LEVELS, _DIFFERENCES = "about.json", "scenarios.parquet", "kpis.parquet", "differences.parquet"


def save(comparison: Comparison, folder: Path, **about: Any) -> None:
    """Write a comparison into a folder, from which `load` reads it.

    Parameters
    ----------
    comparison
        What came out.
    folder
        Of the run.
    about
        What else is to be known about it, as plain data.
    """
    home = folder / RESULTS
    home.mkdir(parents=True, exist_ok=True)
    raws = [json.dumps(model.raw, ensure_ascii=False, default=str) for model in comparison.models.values()]
    pl.DataFrame({"scenario": list(comparison.models), "raw": raws}).write_parquet(home / _SCENARIOS)
    comparison.levels.write_parquet(home / _LEVELS)
    comparison.differences.write_parquet(home / _DIFFERENCES)
    comparison.values.write_parquet(folder / VALUES)
    design = {"seed": comparison.seed, "replications": comparison.replications, "level": comparison.level}
    text = json.dumps(design | {"keep": comparison.keep} | about, ensure_ascii=False, indent=2)
    (home / _ABOUT).write_text(text, encoding="utf-8")


def load(folder: Path) -> Comparison:
    """Read back a comparison.

    Raises
    ------
    DesirepathError
        If there is none in the folder, or not a whole one.
    """
    home, said = folder / RESULTS, about(folder)
    try:
        raws = dict(pl.read_parquet(home / _SCENARIOS).iter_rows())
        levels, differences = (pl.read_parquet(home / name) for name in (_LEVELS, _DIFFERENCES))
        values = pl.read_parquet(folder / VALUES)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DesirepathError(f"{folder}: its results are not whole: {str(error).splitlines()[0]}") from None
    models = {str(name): parse(json.loads(raw)) for name, raw in raws.items()}
    design = {name: said[name] for name in ("seed", "replications", "level", "keep")}
    return Comparison(models=models, levels=levels, differences=differences, values=values, **design)


def about(folder: Path) -> dict[str, Any]:
    """What is to be known about the results in a folder, as plain data.

    Raises
    ------
    DesirepathError
        If there are none.
    """
    path = folder / RESULTS / _ABOUT
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DesirepathError(f"{folder}: holds no results of a comparison or a sweep; {path} is missing") from None
    except ValueError as error:
        raise DesirepathError(f"{path}: cannot be read ({error})") from None
    return found
