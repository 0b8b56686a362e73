"""What the pages of reports share: their frame, tables, money by quarter, weeks, the survey, and what is doubted."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from jinja2 import Environment, PackageLoader

from scenarios import assumed, checked, words
from scenarios.intervals import interval
from scenarios.plots import Quarter, Week, week_plot
from sim.kpis import KPIS
from sim.units import MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sim.model import Model

QUARTER = 13  # weeks
_SURVEYED = (
    "nps_surveyed", "nps_true", "csat_surveyed", "csat_true", "survey_score", "experience", "response_rate",
)  # fmt: skip


class Cell(NamedTuple):
    """A cell of a table: text, class in the page (a number, better, worse), what stands beneath, a key to sort by."""

    text: str
    tone: str = "number"
    under: str = ""
    key: str = ""


class Row(NamedTuple):
    """One row of a table: its name, its cells, and what the name means."""

    name: str
    cells: list[Cell]
    meaning: str = ""


def render(template: str, **context: Any) -> str:
    """Fill a page's template; every text is escaped."""
    pages = Environment(
        loader=PackageLoader("scenarios"), autoescape=True, trim_blocks=True, keep_trailing_newline=True
    )
    return pages.get_template(template).render(**context)


def contents(second: str) -> list[tuple[str, str]]:
    """Sections of a page, by anchor."""
    middle = (
        [("changed", "What changes"), ("difference", "What it does"), ("whom", "For whom"), ("money", "Money")]
        if second == "difference"
        else [("numbers", "The numbers"), ("whom", "For whom"), ("money", "Money"), ("weeks", "Week by week")]
    )
    return [
        ("answer", "The answer"), *middle, ("journeys", "The journeys"), ("sure", "How sure we are"),
        ("survey", "Survey and truth"), ("assumed", "What was assumed"), ("from", "Where this comes from"),
    ]  # fmt: skip


def setting(model: Model, replications: int, seed: int | None = None) -> str:
    """What was simulated, in a line."""
    clock = model.clock
    measured = clock.start + timedelta(minutes=clock.warmup)
    weeks = weeks_measured(model)
    luck = f", seed {seed}" if seed is not None else ""
    return (
        f"{model.title or 'Scenario'}: {model.population.customers:,} customers at the start, {weeks} measured from "
        f"{words.date(measured)}, {replications} replications{luck}."
    )


def weeks_measured(model: Model) -> str:
    """How long is measured, in words."""
    return words.with_unit(f"{(model.clock.horizon - model.clock.warmup) / MINUTES_PER_WEEK:.3g}", " weeks")


def provenance_rows(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values, those inside others with both names."""
    rows: list[tuple[str, str]] = []
    for name, value in provenance.items():
        if isinstance(value, dict):
            rows += [(f"{name}: {inner}", said) for inner, said in provenance_rows(value)]
        else:
            rows.append((words.plain(str(name)), ", ".join(map(str, value)) if isinstance(value, list) else str(value)))
    return rows


def level_text(row: Mapping[str, float], kpi: str, currency: str) -> str:
    """Mean of a KPI with its unit."""
    return words.level(kpi, row["mean"], currency, (row["upper"] - row["lower"]) / 2)


def values_by_week(values: pl.DataFrame, scenario: str, kpi: str) -> NDArray[np.float64]:
    """Values of a KPI by replication and week."""
    wanted = (pl.col("scenario") == scenario) & (pl.col("kpi") == kpi) & (pl.col("by") == "week")
    rows = values.filter(wanted).sort("replication", pl.col("group").cast(pl.Int64))
    return rows["value"].to_numpy().reshape(rows["replication"].n_unique(), -1)


def quarters_of(
    model: Model, weekly: Mapping[str, NDArray[np.float64]], level: float, limits: NDArray[np.float64]
) -> list[Quarter]:
    """Sum money by quarters of thirteen weeks from the start of the measured time; the last may be shorter."""
    clock = model.clock
    measured = clock.start + timedelta(minutes=clock.warmup)
    whole = (clock.horizon - clock.warmup) / MINUTES_PER_WEEK
    quarters = []
    for first in range(0, math.ceil(whole), QUARTER):
        span = slice(first, first + QUARTER)
        revenue, cost, change, margin = (
            weekly[kpi][:, span].sum(axis=1) for kpi in ("revenue", "cost", "change_cost", "margin")
        )
        luck = interval(margin[None, :], None, level).luck
        half = math.hypot(float(luck[0]), float(limits[span].sum()))
        net, weeks = float(margin.mean()), min(whole - first, QUARTER)
        begins = measured + timedelta(weeks=first)
        name = f"from {begins.day} {begins:%b %Y}"
        if weeks < QUARTER:
            name += f" ({words.with_unit(f'{weeks:.3g}', ' weeks')} only)"
        quarters.append(
            Quarter(
                name, weeks, float(revenue.mean()), float((cost - change).mean()), float(change.mean()), net,
                net - half, net + half,
            )
        )  # fmt: skip
    return quarters


def money_note(model: Model) -> str:
    """What a quarter is, and that the last may be short."""
    whole = (model.clock.horizon - model.clock.warmup) / MINUTES_PER_WEEK
    last = " The last is not a whole quarter." if whole % QUARTER else ""
    return (
        f"A quarter is {QUARTER} weeks from the start of the measured time.{last} Net is revenue less both costs; all "
        "four are rounded alike, so they may miss each other by one in the last digit."
    )


def amounts(quarter: Quarter, currency: str, *, difference: bool) -> list[Cell]:
    """A quarter's amounts as cells: revenue, both costs, the net and its interval."""
    half = (quarter.upper - quarter.lower) / 2
    values = (quarter.revenue, quarter.running, quarter.change, quarter.net)
    *parts, net = words.alike(values, currency, half, difference=difference)
    ends = words.estimate(quarter.net, quarter.lower, quarter.upper, "money", currency, difference=difference)
    sure = difference and quarter.lower * quarter.upper > 0
    tone = ("better" if quarter.net > 0 else "worse") if sure else "number"
    return [*map(Cell, parts), Cell(net, tone), Cell(ends.interval)]


def week_card(title: str, kpi: str, weeks: Sequence[Week], currency: str, *, zero: bool) -> dict[str, str]:
    """A plot by week with its title and unit."""
    ends = [abs(v) for week in weeks for v in (week.lower, week.upper, week.value) if math.isfinite(v)]
    shown = words.scale(KPIS[kpi].unit, currency, max(ends, default=0.0), difference=zero)
    return {"title": title, "note": shown.word.strip(), "plot": week_plot(title, weeks, words.axis(shown), zero=zero)}


def survey(levels: Mapping[str, Mapping[str, Mapping[str, float]]], currency: str) -> dict[str, Any]:
    """What the company would see beside what is true; the first of the scenarios is told in words."""
    now = next(iter(levels.values()))
    surveyed, true = now["nps_surveyed"]["mean"], now["nps_true"]["mean"]
    if math.isnan(surveyed):
        return {
            "sentence": "Nobody was asked, so there is no survey to compare with the truth.",
            "rows": [],
            "head": [],
        }
    rate = words.per_cent(round(now["response_rate"]["mean"], 3))
    gap = round(surveyed) - round(true)
    tells = f"{abs(gap):.0f} points {'better' if gap > 0 else 'worse'} than" if abs(gap) >= 1 else "like"
    sentence = (
        f"Only some answer: {rate} of those asked. The survey's net promoter score is {words.rounded(surveyed, 1)}; "
        f"had all answered, as they felt, it would be {words.rounded(true, 1)}: the survey looks {tells} the truth."
    )
    rows = [
        Row(words.kpi_title(kpi), [Cell(level_text(at[kpi], kpi, currency)) for at in levels.values()])
        for kpi in _SURVEYED
    ]
    return {"sentence": sentence, "rows": rows, "head": ["Number", *levels]}


def checks(model: Model) -> dict[str, Any]:
    """How the scenario did against data it was not fitted on."""
    rows = [
        Row(told.measure, [Cell(told.where, ""), *map(Cell, told.numbers), Cell(told.verdict, "verdict")])
        for told in checked.table(model)
    ]
    return {"sentence": checked.sentence(model), "caveats": checked.caveats(model), "head": checked.HEAD, "rows": rows}


def doubted(model: Model) -> dict[str, Any]:
    """Every value that is not known exactly."""
    rows = [
        Row(doubt.path, [Cell(doubt.about), Cell(doubt.spread), Cell(doubt.basis, "")])
        for doubt in assumed.doubts(model)
    ]
    return {
        "summary": f"Every value that is estimated or not known exactly ({len(rows)})",
        "caption": "Give or take one standard deviation, or the interval that is stated; * stands for every name",
        "head": ["Where in the scenario", "About", "Give or take", "What it rests on"],
        "rows": rows,
    }
