"""What a sweep came to, in a few words: what was varied, what failed, and which points stand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from scenarios import words
from scenarios.compare import BASELINE, better
from sim.kpis import HEADLINES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenarios.sweeps.design import Factor
    from scenarios.sweeps.results import Results

FEW = 8  # values or names that are listed one by one


def best(results: Results) -> dict[str, str]:
    """For each headline the point that is best in it, where that is clear even allowing for all comparisons."""
    found: dict[str, tuple[float, str]] = {}
    headlines = (pl.col("by") == "all") & pl.col("kpi").is_in(HEADLINES)
    for row in results.comparison.differences.filter(headlines).iter_rows(named=True):
        kpi, size = row["kpi"], abs(row["difference"])
        if words.sureness(row) == "clear" and better(kpi, row["difference"]) and size > found.get(kpi, (0.0,))[0]:
            found[kpi] = (size, row["scenario"])
    return {kpi: found[kpi][1] for kpi in HEADLINES if kpi in found}


def standing_out(results: Results) -> dict[str, list[str]]:
    """Points that are best in some headline, and in which."""
    found: dict[str, list[str]] = {}
    for kpi, point in best(results).items():
        found.setdefault(point, []).append(kpi)
    return found


def name(results: Results) -> str:
    """What a sweep is called: ``64 points: headcount, wage``."""
    varied = words.listed(words.plain(factor.path.rpartition(".")[2]) for factor in results.design.factors)
    return f"{len(results.design.points):,} points: {varied}"


def note(results: Results) -> str:
    """A sweep in Markdown: its design, what could not be lived through, and what stands out."""
    paragraphs = [_design(results), _varied(results), _failed(results), _standing_out(results)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def failure(results: Results, point: str) -> str:
    """Why a point is left out, in Markdown; empty where it is not."""
    errors = results.failures.filter(pl.col("scenario") == point).sort("replication")
    if not errors.height:
        return ""
    first = errors.row(0, named=True)
    many = "one of its replications" if errors.height == 1 else f"{errors.height} of its replications"
    return f"Left out, because {many} failed. Replication {first['replication']}:\n\n    {first['error']}"


def _design(results: Results) -> str:
    counts = results.points.filter(~pl.col("failed"))["replications"]
    times = " to ".join(map(str, dict.fromkeys([counts.min(), counts.max()])))
    points = len(results.design.points)
    return (
        f"{words.plain(results.design.kind).capitalize()} of {points:,} {'point' if points == 1 else 'points'} beside "
        f"the baseline, {times} replications of each, seed {results.comparison.seed}."
    )


def _varied(results: Results) -> str:
    return "\n".join(
        f"- `{factor.path}` ({factor.role}): {_values(factor, results)}" for factor in results.design.factors
    )


def _values(factor: Factor, results: Results) -> str:
    settings = (point.settings for point in results.design.points)
    values = list(dict.fromkeys(str(each[factor.path]) for each in settings if factor.path in each))
    if len(values) <= FEW:
        return ", ".join(values)
    try:
        ends = sorted(values, key=float)
    except ValueError:
        return _some(values)
    return f"{len(values)} values from {ends[0]} to {ends[-1]}"


def _failed(results: Results) -> str:
    names = results.points.filter("failed")["scenario"].to_list()
    if not names:
        return ""
    verb = "could not be lived through and is" if len(names) == 1 else "could not be lived through and are"
    return f"{len(names)} of them {verb} left out: {_some(names)}."


def _standing_out(results: Results) -> str:
    points = standing_out(results)
    if not points:
        return "No point is clearly better than the baseline in any headline, allowing for all comparisons."
    lines = [
        f"- **{point}** ({_settings(results, point)}), best for {_titles(kpis)}: "
        f"{words.answer(results.comparison, point)}"
        for point, kpis in points.items()
    ]
    return "\n".join(["What stands out, allowing for all comparisons:", "", *lines])


def _titles(kpis: Iterable[str]) -> str:
    titles = [words.kpi_title(kpi) for kpi in kpis]
    return words.listed(title[0].lower() + title[1:] for title in titles)


def _settings(results: Results, point: str) -> str:
    settings: dict[str, Any] = next(each.settings for each in results.design.points if each.name == point)
    return ", ".join(f"`{path}` {value}" for path, value in settings.items())


def _some(names: list[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")


def numbers(results: Results) -> dict[str, float]:
    """A handful of numbers: the baseline's headlines, and the best difference in each where one is clear."""
    comparison = results.comparison
    levels = {kpi: comparison.level_of(BASELINE, kpi)["mean"] for kpi in HEADLINES}
    return levels | {
        f"best {kpi} difference": comparison.difference(point, kpi)["difference"]
        for kpi, point in best(results).items()
    }
