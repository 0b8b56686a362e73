"""Reports: one self-contained page a person who runs a business can read, of a comparison or of one scenario."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from scenarios import assumed, words
from scenarios.compare import BASELINE, better
from scenarios.describe import brought, in_a_row
from scenarios.maps import journey_map, traffic
from scenarios.pages import (
    Cell,
    Row,
    amounts,
    checks,
    contents,
    doubted,
    level_text,
    money_note,
    provenance_rows,
    quarters_of,
    render,
    setting,
    survey,
    values_by_week,
    week_card,
    weeks_measured,
)
from scenarios.pilots import is_pilot, tried
from scenarios.plots import Difference, Quarter, Week, interval_plot, money_plot
from sim.changes import flatten, phases
from sim.kpis import HEADLINES, KPIS
from sim.model import NO_PRODUCT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenarios.compare import Comparison
    from sim.model import Model
    from sim.tables import Tables

_KNOWN = ("mean", "baseline", "then")  # where a number of a group may stand
OUT_OF_REACH = 1000.0  # times the size of a test
_BY_WEEK = ("experience", "customers_lost", "abandonment", "margin")
_FOR_WHOM = (  # what is told of whom: by which dimension, under which heading, by which numbers
    ("persona", "Customers", ("satisfaction", "churn", "revenue", "abandonment", "mean_wait")),
    (
        "product", "Products",
        (
            "holders", "products_gained", "products_dropped", "satisfaction", "churn", "revenue", "contribution",
            "issues",
        ),
    ),
    ("pool", "Staff at work", ("occupancy", "staff_cost", "overtime", "mean_wait")),
    (
        "pool", "Staff under strain",
        ("strain", "people_left", "turnover", "vacant_share", "training_share", "hiring_cost"),
    ),
)  # fmt: skip


# ---- a comparison ----------------------------------------------------------------------------------------------------


def comparison_report(
    comparison: Comparison,
    title: str,
    question: str,
    provenance: Mapping[str, Any],
    lived: Mapping[str, Tables] | None = None,
) -> str:
    """Page of a comparison: the answer first, then what changes, what it does, for whom, how sure, and why one may.

    Parameters
    ----------
    comparison
        What came out.
    title, question
        What it is called, and what was asked.
    provenance
        Where it comes from: versions, seed, command, by name.
    lived
        One history of each scenario; maps then show who went where.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    baseline = comparison.models[BASELINE]
    names = {change: words.change_title(baseline, change) for change in comparison.changes}
    money = {change: _money(comparison, change) for change in comparison.changes}
    page = {
        "question": question,
        "setting": setting(baseline, comparison.replications, comparison.seed),
        "answers": [
            {"title": names[change], "sentence": words.answer(comparison, change)} for change in comparison.changes
        ],
        "changes": [_change(comparison, change, names[change]) for change in comparison.changes],
        "legend": _legend(comparison),
        "headlines": [_headline(comparison, kpi, names) for kpi in HEADLINES],
        "every": [_every(comparison, change, names[change]) for change in comparison.changes],
        "persona_plots": _persona_plots(comparison, names),
        "pilots": [
            _pilot(comparison, change, names[change]) for change in comparison.changes if is_pilot(comparison, change)
        ],
        "whom": [_whom(comparison, change, names[change]) for change in comparison.changes],
        "money_note": money_note(baseline),
        "money_plots": [_money_plot(comparison, names[change], money[change]) for change in comparison.changes],
        "money": [_money_table(comparison, names[change], money[change]) for change in comparison.changes],
        "weeks": [_week(comparison, change, names[change], kpi) for change in comparison.changes for kpi in _BY_WEEK],
        "maps": _maps(comparison, names, lived or {}),
        "sure": words.how_sure(comparison),
        "checked": checks(baseline),
        "doubts": [_doubts(comparison, change, names[change]) for change in comparison.changes],
        "survey": _survey_of(comparison, names),
        "assumptions": assumed.assumptions(baseline, words.looked_at(comparison)),
        "doubted": doubted(baseline),
        "provenance": provenance_rows(provenance),
    }
    return render("comparison.html", title=title, contents=contents("difference"), page=page)


def _change(comparison: Comparison, change: str, title: str) -> dict[str, Any]:
    """What a change sets, when, and what it costs."""
    model = comparison.models[change]
    parts = words.changed_by(comparison, change)
    lines = []
    for part in parts:
        text = f"{assumed.when_in_force(model, part)}; it costs {assumed.own_cost(model, part)}."
        who = model.changes[part].who
        text += f" A pilot: only for {words.whom(who)}." if who is not None else ""
        named = f"{words.change_title(model, part)}: {text}" if len(parts) > 1 else text
        lines += [named[:1].upper() + named[1:], *assumed.taken(model, part)]
        lines += map(in_a_row, brought(comparison.models[BASELINE], part))
    settings = [each for part in parts for each in assumed.settings(comparison.models[BASELINE], part) if each.known]
    if not parts:
        lines = ["Another scenario: what differs in it from today is listed here."]
        settings = _differing(comparison.models[BASELINE], model)
    return {"title": title, "lines": lines, "settings": settings}


def _differing(old: Model, new: Model) -> list[assumed.Setting]:
    """Values that differ between two scenarios that no change explains."""
    before, after = flatten(old.raw), flatten(new.raw)
    paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    return [assumed.Setting(path, str(before.get(path, "–")), str(after.get(path, "–"))) for path in paths]


def _legend(comparison: Comparison) -> str:
    weeks = weeks_measured(comparison.models[BASELINE])
    share = words.per_cent(comparison.level)
    limits = (
        ", and the thin line in it how far the luck of the run alone would take it" if _has_limits(comparison) else ""
    )
    return (
        f"Differences from today over the {weeks} measured. The dot is the difference, the bar where it lies with "
        f"{share} confidence{limits}. A hollow dot and a grey bar: it cannot be told apart from nothing."
    )


def _has_limits(comparison: Comparison) -> bool:
    return bool(comparison.models[BASELINE].uncertain)


def _difference(comparison: Comparison, row: Mapping[str, Any], name: str) -> Difference:
    """One difference as the plots draw it."""
    currency = comparison.models[BASELINE].currency
    luck = row["luck"] if _has_limits(comparison) else math.nan
    said = words.estimate_of(row["kpi"], row, currency)
    text = words.with_unit(words.signed(said.value), said.word)
    if said.lower != said.upper:
        text = f"{words.signed(said.value)} ({said.lower} to {said.upper}){said.word}"
    return Difference(name, text, row["difference"], row["lower"], row["upper"], luck)


def _plot(comparison: Comparison, kpi: str, title: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Intervals of differences of a KPI."""
    drawn = [_difference(comparison, row, name) for name, row in rows]
    ends = [abs(end) for d in drawn for end in (d.lower, d.upper) if math.isfinite(end)]
    currency = comparison.models[BASELINE].currency
    shown = words.scale(KPIS[kpi].unit, currency, max(ends, default=0.0), difference=True)
    return interval_plot(title, drawn, KPIS[kpi].better, words.axis(shown))


def _headline(comparison: Comparison, kpi: str, names: Mapping[str, str]) -> dict[str, str]:
    """A headline KPI with the differences of every change."""
    title = words.kpi_title(kpi)
    rows = [(names[change], comparison.difference(change, kpi)) for change in comparison.changes]
    now = comparison.level_of(BASELINE, kpi)
    half = (now["upper"] - now["lower"]) / 2
    level = words.level(kpi, now["mean"], comparison.models[BASELINE].currency, half)
    return {"title": title, "note": f"Today {level}", "plot": _plot(comparison, kpi, f"{title}, difference", rows)}


def _side(kpi: str, row: Mapping[str, Any]) -> str:
    """Whether a difference that is more than luck is better or worse; empty where it is neither, or not sure."""
    good = better(kpi, row["difference"]) if words.sureness(row) in ("clear", "likely") else None
    return {True: "better", False: "worse", None: ""}[good]


def _verdict(kpi: str, row: Mapping[str, Any]) -> Cell:
    """How sure a difference is, and whether it is for the better."""
    sure, side = words.sureness(row), _side(kpi, row)
    if sure in ("none", "unclear", "unknown"):
        return Cell(words.SURENESS[sure], "verdict")
    says = side or ("more" if row["difference"] > 0 else "less")
    return Cell(f"{says}, {words.SURENESS[sure]}", f"verdict {side}")


def _every(comparison: Comparison, change: str, title: str) -> dict[str, Any]:
    """Every KPI of a change."""
    currency = comparison.models[BASELINE].currency
    rows = []
    for kpi in KPIS:
        row = comparison.difference(change, kpi)
        before, after = (level_text(comparison.level_of(name, kpi), kpi, currency) for name in (BASELINE, change))
        cells = [Cell(before), Cell(after), _with_interval(kpi, row, currency), _verdict(kpi, row)]
        rows.append(Row(words.kpi_title(kpi), cells, KPIS[kpi].meaning))
    head = ["Number", "Today", "Then", "Difference", "How sure"]
    return {
        "title": title,
        "caption": f"{title}: {words.per_cent(comparison.level)} intervals",
        "head": head,
        "rows": rows,
    }


# ---- for whom --------------------------------------------------------------------------------------------------------


def _rows(comparison: Comparison, change: str, kpi: str, by: str) -> list[dict[str, Any]]:
    """Differences of a KPI by the groups of a dimension."""
    wanted = (pl.col("scenario") == change) & (pl.col("kpi") == kpi) & (pl.col("by") == by)
    return comparison.differences.filter(wanted).to_dicts()


def _persona_plots(comparison: Comparison, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Satisfaction by persona, a plot for each change."""
    plots = []
    for change, name in names.items():
        rows = [(words.plain(row["group"]), row) for row in _rows(comparison, change, "satisfaction", "persona")]
        if rows:
            plot = _plot(comparison, "satisfaction", f"Satisfaction by persona: {name}", rows)
            plots.append({"title": name, "note": "Satisfaction by persona, difference", "plot": plot})
    return plots


def _whom(comparison: Comparison, change: str, title: str) -> dict[str, Any]:
    """Differences by persona, product and pool of staff."""
    then = {
        (row["kpi"], row["by"], row["group"]): row["mean"]
        for row in comparison.levels.filter(scenario=change).to_dicts()
    }
    tables = []
    for by, what, kpis in _FOR_WHOM:
        found = {
            kpi: {
                row["group"]: row | {"then": then.get((kpi, by, row["group"]), math.nan)}
                for row in _rows(comparison, change, kpi, by)
            }
            for kpi in kpis
        }
        caption = f"{what}: differences from today"
        tables.append(_by_group(by, caption, found, lambda kpi, row: _moved(comparison, kpi, row)))
    return {"title": title, "tables": [table for table in tables if table["rows"]]}


def _by_group(
    by: str,
    caption: str,
    found: Mapping[str, Mapping[str, dict[str, Any]]],
    said: Callable[[str, dict[str, Any]], Cell],
) -> dict[str, Any]:
    """A table with a row for each group of a dimension of which the first number is known, today or then."""
    first, *_ = found.values()
    known = (group for group, row in first.items() if not all(math.isnan(row.get(key, math.nan)) for key in _KNOWN))
    rows = [Row(_group_name(by, group), [said(kpi, of[group]) for kpi, of in found.items()]) for group in known]
    return {"caption": caption, "head": [by.capitalize(), *map(words.kpi_title, found)], "rows": rows}


def _group_name(by: str, group: str) -> str:
    """What a group of a dimension is called."""
    return "(no product)" if by == "product" and group == NO_PRODUCT else words.plain(group)


def _moved(comparison: Comparison, kpi: str, row: Mapping[str, Any]) -> Cell:
    """A difference with its interval, and what the number is today, or then where it is not known today."""
    currency = comparison.models[BASELINE].currency
    cell = _with_interval(kpi, row, currency)
    word, value = ("then", row["then"]) if math.isnan(row["baseline"]) else ("today", row["baseline"])
    beside = f"{word} {words.level(kpi, value, currency)}" if math.isfinite(value) else ""
    return cell._replace(under="\n".join(filter(None, [cell.under, beside])))


def _pilot(comparison: Comparison, change: str, title: str) -> dict[str, Any]:
    """What a test of a pilot's size would have seen."""
    currency = comparison.models[BASELINE].currency
    rows = []
    for seen in tried(comparison, change):
        unit = KPIS[seen.kpi].unit
        texts = [words.level(seen.kpi, mean, currency) for mean in (seen.others, seen.pilot)]
        if math.isnan(seen.told_apart):
            texts += [words.amount(seen.difference, unit, currency, difference=True)]
            texts += [f"needs {words.ENOUGH_RUNS} runs"] * 3
        else:
            numbers = vars(seen) | {"baseline": seen.others}
            texts += [words.difference(seen.kpi, numbers, currency), words.interval(seen.kpi, numbers, currency)]
            texts += [_share_of_tests(seen.told_apart), _times(seen.needed)]
        rows.append(Row(words.kpi_title(seen.kpi), [Cell(text) for text in texts]))
    head = ["Number", "Others", "In the pilot", "A test sees", "19 of 20 tests see", "Told apart", "Size needed"]
    return {"title": title, "head": head, "rows": rows}


def _times(size: float) -> str:
    """How many times as large a test has to be."""
    if size <= 1:
        return "enough"
    return f"{words.rounded(size, words.two_digits(size))} times" if size < OUT_OF_REACH else "out of reach"


def _share_of_tests(share: float) -> str:
    """A share of tests in per cent; not all of them where it is only nearly all."""
    return "over 99 %" if 0.99 < share < 1 else words.per_cent(round(share, 2))


def _with_interval(kpi: str, row: Mapping[str, Any] | None, currency: str) -> Cell:
    if row is None or math.isnan(row["difference"]):
        return Cell("–")
    tone = f"number {_side(kpi, row)}"
    said = words.estimate_of(kpi, row, currency)
    value = words.with_unit(words.signed(said.value), said.word)
    return Cell(value, tone, f"{said.lower} to {said.upper}" if said.lower != said.upper else "")


# ---- money and weeks -------------------------------------------------------------------------------------------------


def _money(comparison: Comparison, change: str) -> list[Quarter]:
    """Differences in money by quarter."""
    weekly = {
        kpi: values_by_week(comparison.values, change, kpi) - values_by_week(comparison.values, BASELINE, kpi)
        for kpi in ("revenue", "cost", "change_cost", "margin")
    }
    rows = sorted(_rows(comparison, change, "margin", "week"), key=lambda row: int(row["group"]))
    limits = np.array([row["limits"] for row in rows])
    return quarters_of(comparison.models[BASELINE], weekly, comparison.level, limits)


def _money_plot(comparison: Comparison, title: str, quarters: Sequence[Quarter]) -> dict[str, str]:
    currency = comparison.models[BASELINE].currency
    largest = max(abs(v) for q in quarters for v in (q.revenue, q.running, q.change, q.net))
    shown = words.scale("money", currency, largest, difference=True)
    note = f"Difference from today,{shown.word}; upwards is money gained, downwards money spent"
    return {"title": title, "note": note, "plot": money_plot(f"Money by quarter: {title}", quarters, words.axis(shown))}


def _money_table(comparison: Comparison, title: str, quarters: Sequence[Quarter]) -> dict[str, Any]:
    currency = comparison.models[BASELINE].currency
    return {
        "title": title,
        "caption": "Differences from today",
        "head": ["Quarter", "Revenue", "Running cost", "Cost of the change", "Net", "Interval of the net"],
        "rows": [Row(q.name, amounts(q, currency, difference=True)) for q in quarters],
    }


def _week(comparison: Comparison, change: str, title: str, kpi: str) -> dict[str, str]:
    """Difference of a KPI week by week."""
    rows = sorted(_rows(comparison, change, kpi, "week"), key=lambda row: int(row["group"]))
    weeks = [Week(int(row["group"]), row["difference"], row["lower"], row["upper"]) for row in rows]
    return week_card(f"{words.kpi_title(kpi)}: {title}", kpi, weeks, comparison.models[BASELINE].currency, zero=True)


# ---- journeys, doubts, survey ----------------------------------------------------------------------------------------


def _maps(comparison: Comparison, names: Mapping[str, str], lived: Mapping[str, Tables]) -> list[dict[str, str]]:
    """Map of every journey, and beneath it what it becomes under a change that moves it."""
    last = {name: phases(model)[-1] for name, model in comparison.models.items() if name in (BASELINE, *names)}
    since = {name: max(phase.start, phase.model.clock.warmup) for name, phase in last.items()}
    seen = {name: traffic(tables, since[name]) for name, tables in lived.items() if name in last}
    maps = []
    for journey in dict.fromkeys(name for phase in last.values() for name in phase.model.journeys):
        stated = {
            name: journey_map(phase.model, journey) for name, phase in last.items() if journey in phase.model.journeys
        }
        for name, svg in stated.items():
            if name != BASELINE and svg == stated.get(BASELINE):
                continue
            title = words.plain(journey) if name == BASELINE else f"{words.plain(journey)}: {names[name]}"
            note = "Today" if name == BASELINE else "With the change"
            if name in seen:
                opened = words.date(last[name].model.clock.start + timedelta(minutes=since[name]))
                whose = "" if comparison.keep >= 1 else f" and {100 * comparison.keep:.3g} % of its customers"
                note = f"{note}, with the visits of one replication{whose}, on journeys that opened from {opened} on"
            shown = journey_map(last[name].model, journey, seen[name]) if name in seen else svg
            maps.append({"title": title, "note": note, "map": shown})
    return maps


def _doubts(comparison: Comparison, change: str, title: str) -> dict[str, Any]:
    """How wide each headline's interval is, and what makes it so."""
    has_limits, enough = _has_limits(comparison), comparison.replications >= words.ENOUGH_RUNS
    rows = [_doubt(comparison, comparison.difference(change, kpi)) for kpi in HEADLINES]
    head = ["Number", "Difference", "Luck of the run", *(["Limits of our data"] if has_limits else []),
            "Allowing for all comparisons", *(["Correlation", "Times the runs saved"] if enough else []),
            "How sure"]  # fmt: skip
    return {"title": title, "caption": "What makes each bar as wide as it is", "head": head, "rows": rows}


def _doubt(comparison: Comparison, row: Mapping[str, Any]) -> Row:
    kpi, currency = row["kpi"], comparison.models[BASELINE].currency
    unit = KPIS[kpi].unit
    size = words.scale(unit, currency, max(abs(row["lower"]), abs(row["upper"])), difference=True).factor
    total = math.hypot(row["luck"], row["limits"]) * size
    step = words.rounding(total, total) if total > 0 else 1.0
    halves = [row["luck"], *([row["limits"]] if _has_limits(comparison) else [])]
    widths = [f"± {words.rounded(half * size, step)}" if math.isfinite(half) else "–" for half in halves]
    adjusted = words.estimate(
        row["difference"], row["lower_adjusted"], row["upper_adjusted"], unit, currency, difference=True
    )
    paired = _paired(row) if comparison.replications >= words.ENOUGH_RUNS else []
    numbers = [words.difference(kpi, row, currency), *widths, adjusted.interval, *paired]
    return Row(words.kpi_title(kpi), [*(Cell(number) for number in numbers), _verdict(kpi, row)])


def _paired(row: Mapping[str, Any]) -> list[str]:
    """How closely both go up and down together, and how many times as many runs it would take if they did not."""
    correlation, factor = row["correlation"], row["variance_reduction"]
    if row["n"] < words.ENOUGH_RUNS:
        return ["–", "–"]
    return [
        f"{correlation:.2f}" if math.isfinite(correlation) else "–",
        words.rounded(factor, words.two_digits(factor)) if math.isfinite(factor) else "–",
    ]


def _survey_of(comparison: Comparison, names: Mapping[str, str]) -> dict[str, Any]:
    titles = {BASELINE: "Today", **names}
    levels = {(row["scenario"], row["kpi"]): row for row in comparison.levels.filter(pl.col("by") == "all").to_dicts()}
    currency = comparison.models[BASELINE].currency
    return survey({title: {kpi: levels[name, kpi] for kpi in KPIS} for name, title in titles.items()}, currency)


# ---- one scenario ----------------------------------------------------------------------------------------------------


def simulation_report(
    comparison: Comparison,
    title: str,
    question: str,
    provenance: Mapping[str, Any],
    lived: Mapping[str, Tables] | None = None,
) -> str:
    """Page of one scenario: its numbers, for whom, when, on which journeys, and how sure.

    Parameters
    ----------
    comparison
        What came out; of its scenarios only the baseline is told.
    title, question, provenance, lived
        As in `comparison_report`.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    model = comparison.models[BASELINE]
    currency, known = model.currency, _levels(comparison)
    overall = {kpi: known[kpi, "all", "all"] for kpi in KPIS}
    weekly = {
        kpi: values_by_week(comparison.values, BASELINE, kpi) for kpi in ("revenue", "cost", "change_cost", "margin")
    }
    limits = np.array([row["limits"] for row in _weeks_of(known, "margin")])
    quarters = quarters_of(model, weekly, comparison.level, limits)
    page = {
        "question": question,
        "setting": setting(model, comparison.replications, comparison.seed),
        "sentence": _in_short(model, overall),
        "headlines": _levels_table("In the measured time", HEADLINES, overall, currency),
        "every": _levels_table("In the measured time", list(KPIS), overall, currency, meaning=True),
        "whom": _levels_by(known, currency),
        "money_note": money_note(model),
        "money": {
            "caption": "Means over the replications",
            "head": ["Quarter", "Revenue", "Running cost", "Cost of changes", "Net", "Interval of the net"],
            "rows": [Row(quarter.name, amounts(quarter, currency, difference=False)) for quarter in quarters],
        },
        "weeks": [_week_levels(known, kpi, currency) for kpi in _BY_WEEK],
        "maps": _maps(comparison, {}, lived or {}),
        "sure": _sure(comparison),
        "checked": checks(model),
        "survey": survey({"Today": overall}, currency),
        "assumptions": assumed.assumptions(model, model.enact),
        "doubted": doubted(model),
        "provenance": provenance_rows(provenance),
    }
    return render("simulation.html", title=title, contents=contents("numbers"), page=page)


_Levels = dict[tuple[str, str, str], dict[str, Any]]


def _levels(comparison: Comparison) -> _Levels:
    """Mean of every KPI, dimension and group of the baseline, with its interval."""
    rows = comparison.levels.filter(pl.col("scenario") == BASELINE).to_dicts()
    return {(row["kpi"], row["by"], row["group"]): row for row in rows}


def _weeks_of(known: _Levels, kpi: str) -> list[dict[str, Any]]:
    """A KPI's levels in each week, in their order."""
    weeks = [row for (name, by, _), row in known.items() if name == kpi and by == "week"]
    return sorted(weeks, key=lambda row: int(row["group"]))


def _levels_table(
    caption: str,
    kpis: Sequence[str],
    levels: Mapping[str, Mapping[str, float]],
    currency: str,
    *,
    meaning: bool = False,
) -> dict[str, Any]:
    rows = [
        Row(
            words.kpi_title(kpi),
            [Cell(level_text(levels[kpi], kpi, currency)), Cell(_interval_of(levels[kpi], kpi, currency))],
            KPIS[kpi].meaning if meaning else "",
        )
        for kpi in kpis
    ]
    return {"caption": caption, "head": ["Number", "Mean", "Interval"], "rows": rows}


def _interval_of(row: Mapping[str, float], kpi: str, currency: str) -> str:
    return words.estimate(row["mean"], row["lower"], row["upper"], KPIS[kpi].unit, currency).interval


def _levels_by(known: _Levels, currency: str) -> list[dict[str, Any]]:
    """What is by persona, product and pool of staff."""
    tables = []
    for by, what, kpis in _FOR_WHOM:
        found = {kpi: {group: row for (of, by_, group), row in known.items() if (of, by_) == (kpi, by)} for kpi in kpis}
        tables.append(_by_group(by, what, found, lambda kpi, row: Cell(level_text(row, kpi, currency))))
    return [table for table in tables if table["rows"]]


def _week_levels(known: _Levels, kpi: str, currency: str) -> dict[str, str]:
    weeks = [Week(int(row["group"]), row["mean"], row["lower"], row["upper"]) for row in _weeks_of(known, kpi)]
    return week_card(words.kpi_title(kpi), kpi, weeks, currency, zero=False)


def _in_short(model: Model, levels: Mapping[str, Mapping[str, float]]) -> str:
    """The scenario's state in a sentence."""
    said = {kpi: level_text(row, kpi, model.currency) for kpi, row in levels.items()}
    parts = [f"customers' satisfaction is {said['satisfaction']} on average"]
    if not math.isnan(levels["churn_per_month"]["mean"]):
        parts.append(f"{said['churn_per_month'].removesuffix(' a month')} of them leave in a month")
    if not math.isnan(levels["abandonment"]["mean"]):
        parts.append(
            f"{said['abandonment']} of those who want staff give up waiting; the mean wait is {said['mean_wait']}"
        )
    if not math.isnan(levels["completion"]["mean"]):
        parts.append(f"{said['completion']} of issues end well")
    parts.append(f"revenue is {said['revenue']} and cost {said['cost']} in the measured time")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _sure(comparison: Comparison) -> list[str]:
    """What the intervals of a single scenario hold."""
    share, replications = words.per_cent(comparison.level), comparison.replications
    uncertain = comparison.models[BASELINE].uncertain
    few = " With so few the width of an interval is itself a rough guess; 10 or more are better."
    runs = (
        f"The scenario was lived through {replications} times, each time with other luck (replications). An interval "
        f"holds the long-run mean of this model with {share} confidence.{few if replications < 10 else ''}"
    )
    unknown = (
        "Intervals hold the luck of the run only: the scenario calls no value uncertain, so how well its values are "
        "known is not in them."
    )
    return [
        runs,
        words.two_doubts("Each interval", comparison) if uncertain else unknown,
        "Numbers of one scenario say little about a change: compare the two on the same customers instead.",
    ]
