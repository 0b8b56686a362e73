"""Sweeps that were not simulated: every value is what a test says it is, and luck has an address."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from scenarios.compare import BASELINE, compared
from scenarios.sweeps.design import Design, Factor, Point
from scenarios.sweeps.effects import Paired
from scenarios.sweeps.levers import Lever
from scenarios.sweeps.results import Results
from scenarios.sweeps.stopping import Precision
from sim import draws
from sim.kpis import HEADLINES
from tests.scenarios.given import starter

STAFF = "staff.service.shifts.day.headcount"
MIDDAY = "staff.service.shifts.midday.headcount"
CALL = "touchpoints.hotline.service_time.mean"
TODAY = {STAFF: 1, MIDDAY: 1, CALL: "8 min"}

Says = Callable[[dict[str, Any], str, int], float]


def luck(*address: int | str, count: int = 1) -> np.ndarray:
    """Standard normal numbers at an address: `draws.unit` of its folds by 0, 1, 2 …, in arrays."""
    key = 0
    for part in address:
        key = draws.fold(key, part if isinstance(part, int) else draws.name(part))
    z = np.uint64((key + draws.GOLDEN) & draws.MASK) ^ np.arange(count, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    z ^= z >> np.uint64(31)
    return stats.norm.ppf(((z >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52)


def grid(**values: Sequence[Any]) -> list[dict[str, Any]]:
    """Settings of every combination of values of STAFF, MIDDAY and CALL, by their names in lower case."""
    paths = {"staff": STAFF, "midday": MIDDAY, "call": CALL}
    return [dict(zip([paths[name] for name in values], each, strict=True)) for each in product(*values.values())]


def swept(
    kind: str, settings: Sequence[dict[str, Any]], says: Says, replications: int = 12, *, failed: Sequence[int] = (),
    precision: Precision | None = None, title: str = "", lived_through: Callable[[int], int] | None = None,
) -> Results:  # fmt: skip
    """A sweep whose points say of each headline, in each replication, how far it is from 100 (today's).

    Point n is lived through as often as `lived_through` says, at most and else as often as today.
    """
    often = {f"point_{n}": lived_through(n) if lived_through else replications for n in range(len(settings))}
    points = [Point(f"point_{n}", each) for n, each in enumerate(settings)]
    lived = [point for n, point in enumerate(points) if n not in failed]
    rows = [
        (name, r, kpi, "all", "all", 100.0 + (says(sets, kpi, r) if sets is not None else 0.0))
        for name, sets in [(BASELINE, None), *((point.name, point.settings) for point in lived)]
        for kpi in HEADLINES
        for r in range(often.get(name, replications))
    ]
    values = pl.DataFrame(rows, schema=["scenario", "replication", "kpi", "by", "group", "value"], orient="row")
    model = starter().model_copy(update={"title": title}) if title else starter()
    names = [point.name for point in lived]
    comparison = compared(dict.fromkeys([BASELINE, *names], model), 1, replications, 0.95, values)
    paths = list(dict.fromkeys(path for each in settings for path in each))
    factors = tuple(Factor(path, "lever", price=5200.0 if path == STAFF else 0.0) for path in paths)
    table = pl.DataFrame(
        [
            {
                "scenario": name, "replications": often.get(name, replications),
                "failed": name != BASELINE and name not in names,
                "price": 5200.0 * (sets.get(STAFF, 1) - 1),
                **{path: sets.get(path, TODAY.get(path)) for path in paths},
            }
            for name, sets in [(BASELINE, {}), *((point.name, point.settings) for point in points)]
        ]
    )  # fmt: skip
    broken = pl.DataFrame(
        [(points[n].name, 3, "it <b>broke</b>") for n in failed],
        schema={"scenario": pl.String, "replication": pl.Int64, "error": pl.String},
        orient="row",
    )
    return Results(Design(kind, factors, tuple(points)), comparison, table, broken, precision)


def lever(places: Sequence[float], title: str = "a", today: float | None = None) -> Lever:
    return Lever(title, title, "", True, tuple(places), tuple(f"{place:g}" for place in places), today)


def differences(at: Any, kpi: str = "satisfaction") -> Paired:
    """Differences of a KPI, a row a point, with no doubt but luck."""
    rows = np.asarray(at, dtype=float)
    return Paired(kpi, rows, np.zeros(len(rows)), 0.95, 1e-10)
