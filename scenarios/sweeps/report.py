"""The report of a sweep: one self-contained page that a strategy team can read from the answer down."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from scenarios import assumed, axes, words
from scenarios.compare import BASELINE
from scenarios.pages import Cell, Row, checks, doubted, provenance_rows, render, setting
from scenarios.sweeps.answer import answers, how_sure
from scenarios.sweeps.effects import beaten_share, interactions, unbeaten
from scenarios.sweeps.plots import Axis, Spot, heat_map, response_plot, tornado_plot, trade_off_plot
from scenarios.sweeps.study import LOOKED_AT, Study
from sim.kpis import HEADLINES, KPIS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenarios.sweeps.effects import Effect, Interaction
    from scenarios.sweeps.results import Results

_PAIRS = 6  # pairs of levers that are shown
_LONG = 40  # rows, above which the table scrolls in a box of its own
_KINDS = {
    "grid": "a grid",
    "latin_hypercube": "a Latin hypercube",
    "sobol": "a Sobol sequence",
    "one_at_a_time": "one lever at a time",
}


def sweep_report(
    results: Results,
    title: str,
    question: str,
    provenance: Mapping[str, Any],
    *,
    warmup: tuple[str, str] | None = None,
) -> str:
    """Page of a sweep: the answer first, then what each lever does, what is traded for what, all points, and how sure.

    Parameters
    ----------
    results
        What the sweep came to.
    title, question
        What it is called, and what was asked.
    provenance
        Where it comes from: versions, seed, command, by name.
    warmup
        A drawing of the warm-up as SVG, and a sentence about it.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    study = Study(results)
    comparison = results.comparison
    page = {
        "question": question,
        "setting": setting(study.baseline, comparison.replications, comparison.seed),
        "design": _design(study),
        "answers": answers(study),
        "legend": _legend(study),
        "response": _responses(study),
        "tornado": _tornado(study),
        "interactions": _interactions(study),
        "trade_offs": _trade_offs(study),
        "table": _table(study),
        "precision": _precision(study),
        "warmup": warmup,
        "sure": how_sure(study),
        "checked": checks(study.baseline),
        "definitions": _definitions(study),
        "assumptions": assumed.assumptions(study.baseline, words.looked_at(comparison)),
        "doubted": doubted(study.baseline),
        "provenance": provenance_rows(provenance),
    }
    shown = {"lever": page["response"], "together": page["interactions"], "trade": page["trade_offs"]}
    contents = [
        ("answer", "The answer"), ("lever", "Lever by lever"), ("together", "Two levers together"),
        ("trade", "Trade-offs"), ("points", "All points"), ("precise", "How precise"), ("sure", "How sure we are"),
        ("means", "What the numbers mean"), ("assumed", "What was assumed"), ("from", "Where this comes from"),
    ]  # fmt: skip
    return render("sweep.html", title=title, contents=[c for c in contents if shown.get(c[0], True)], page=page)


def _design(study: Study) -> str:
    """Which points were asked for, and how many of them there are."""
    design = study.results.design
    count, lost = len(design.points), len(design.points) - len(study.points)
    over = words.listed(lever.title for lever in study.levers)
    failed = f" {lost:,} of them failed and {'is' if lost == 1 else 'are'} left out." if lost else ""
    return f"{count:,} points beside today, as {_KINDS[design.kind]}{f' over {over}' if over else ''}.{failed}"


def _axis(study: Study, kpi: str, numbers: Sequence[float]) -> Axis:
    """An axis on which some differences of a KPI lie, and nothing."""
    known = [0.0, *(number for number in numbers if math.isfinite(number))]
    shown = words.scale(KPIS[kpi].unit, study.currency, max(map(abs, known)), difference=True)
    name = f"{words.kpi_title(kpi)}, difference in{shown.word}"
    return Axis(*axes.reach(known), words.axis(shown), name, KPIS[kpi].better)


# ---- levers ----------------------------------------------------------------------------------------------------------


def _responses(study: Study) -> list[dict[str, Any]]:
    """For each lever a plot of each number against it."""
    singles = {kpi: [study.effect(name, kpi) for name in study.points] for kpi in LOOKED_AT}
    scales = {}
    for kpi, found in study.responses.items():
        ends = [end for of in found for _, effect in of.line for end in effect]
        seen = {n for of in found if len(of.points) > len(of.line) for n in of.points}
        ends += [end for n in seen for end in (singles[kpi][n] if len(seen) <= 60 else singles[kpi][n][:1])]
        scales[kpi] = _axis(study, kpi, ends)
    rows = []
    outside = ", an uncertainty: not ours to choose, but what the world may be like"
    notes = {factor.path: outside if factor.role == "uncertainty" else "" for factor in study.results.design.factors}
    for k, lever in enumerate(study.levers):
        plots = []
        for kpi in LOOKED_AT:
            title = words.kpi_title(kpi)
            plot = response_plot(f"{title} by {lever.title}", study.responses[kpi][k], singles[kpi], scales[kpi])
            plots.append({"title": title, "note": scales[kpi].name.removeprefix(f"{title}, "), "plot": plot})
        rows.append({"title": _headed(lever.title), "path": lever.path, "note": notes[lever.path], "plots": plots})
    return rows


def _legend(study: Study) -> str:
    """How the plots of a lever are read."""
    share = words.per_cent(study.results.comparison.level)
    what = {
        "grid": "the mean over the settings of the other levers" if len(study.levers) > 1 else "a point",
        "one_at_a_time": "a point at which this lever alone is moved",
    }.get(
        study.results.design.kind,
        "the mean of neighbouring points, what the other levers do taken out as straight lines",
    )
    return (
        f"Difference from today against each value. A dot is {what}, its bar where that lies with {share} confidence; "
        "hollow and grey: it cannot be told apart from nothing. Faint: the single points. Blue ground is better than "
        "today, orange ground worse; the dashed line is where the lever is today."
    )


def _tornado(study: Study) -> list[dict[str, str]]:
    """For one lever at a time: how far each moves each number."""
    if study.results.design.kind != "one_at_a_time":
        return []
    plots = []
    for kpi, found in study.responses.items():
        if any(of.line for of in found):
            axis = _axis(study, kpi, [end for of in found for _, effect in of.line for end in effect])
            title = words.kpi_title(kpi)
            plot = tornado_plot(f"{title}, one lever at a time", found, axis, partial(_plainly, study, kpi))
            plots.append({"title": title, "note": axis.name.removeprefix(f"{title}, "), "plot": plot})
    return plots


def _plainly(study: Study, kpi: str, effect: Effect) -> str:
    """A difference with as many digits as its interval has."""
    told = words.estimate(*effect, KPIS[kpi].unit, study.currency, difference=True)
    return words.with_unit(words.signed(told.value), told.word)


def _interactions(study: Study) -> dict[str, Any] | None:
    """Where each two levers of a grid meet, those that act together most first."""
    if study.results.design.kind != "grid" or len(study.levers) < 2:
        return None
    found = {kpi: interactions(study.paired[kpi], study.levers) for kpi in LOOKED_AT}
    pairs = list(found[LOOKED_AT[0]])
    pairs.sort(key=lambda pair: max(_strength(found[kpi][pair]) for kpi in LOOKED_AT), reverse=True)
    shown = []
    for pair in pairs[:_PAIRS]:
        first, second = (study.levers[k].title for k in pair)
        plots = [_met(study, kpi, found[kpi][pair]) for kpi in LOOKED_AT]
        shown.append({"title": _headed(f"{first} and {second}"), "plots": plots})
    more = f" The {_PAIRS} of {len(pairs)} pairs that act together most are shown." if len(pairs) > _PAIRS else ""
    missing = math.comb(len(study.levers), 2) - len(pairs)
    gaps = f" {missing} pairs are left out because points of theirs failed." if missing else ""
    return {"pairs": shown, "note": more + gaps}


def _headed(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _strength(of: Interaction) -> float:
    """How far up a pair stands: what can be told first, then by its share."""
    return (of.share if math.isfinite(of.share) else 0.0) + (1.0 if of.sure else 0.0)


def _met(study: Study, kpi: str, of: Interaction) -> dict[str, str]:
    values = [abs(effect.value) for effect in of.cells.values() if math.isfinite(effect.value)]
    largest = max(values, default=0.0)
    shown = words.scale(KPIS[kpi].unit, study.currency, largest, difference=True)
    step = words.rounding(largest * shown.factor) * 10 if largest else 1.0

    def say(effect: Effect) -> str:
        value = effect.value * shown.factor
        fine = effect.sure and abs(value) < step / 2  # what is there should not look like nothing
        return words.signed(words.rounded(value, words.two_digits(abs(value)) if fine else step))

    title = words.kpi_title(kpi)
    name = f"{title}: {of.first.title} and {of.second.title}"
    plot = heat_map(name, of, largest, say, KPIS[kpi].better)
    if not math.isfinite(of.share):
        told = "How much of it is interaction is not known."
    elif of.sure and of.upper < 0.01:
        told = "Interaction can be told apart from luck, but is less than 1 % of the response."
    elif of.sure:
        ends = f" ({_share(of.lower)} to {_share(of.upper)})" if math.isfinite(of.lower) else ""
        told = f"Interaction: {_share(of.share)} of the response{ends}."
    else:
        told = f"Interaction cannot be told apart from luck ({_share(of.share)} of the response)."
    return {"title": title, "note": f"Difference in{shown.word}. {told}", "plot": plot}


def _share(share: float) -> str:
    return "less than 1 %" if 0 < share < 0.01 else words.per_cent(round(share, 2))


# ---- trade-offs ------------------------------------------------------------------------------------------------------


def _trade_offs(study: Study) -> list[dict[str, str]]:
    """Cost against satisfaction and against churn."""
    return [plot for kpi in ("satisfaction", "churn") if (plot := _trade_off(study, "cost", kpi)) is not None]


def _trade_off(study: Study, first: str, second: str) -> dict[str, str] | None:
    pairs = [(study.effect(name, first), study.effect(name, second)) for name in study.points]
    known = [n for n, (x, y) in enumerate(pairs) if math.isfinite(x.value + y.value)]
    if not known:
        return None
    beaten = beaten_share(study.paired[first], study.paired[second], study.results.comparison.seed)
    signs = [1.0 if KPIS[kpi].better == "more" else -1.0 for kpi in (first, second)]
    sides = [[sign * pairs[n][k].value for n in known] + [0.0] for k, sign in enumerate(signs)]
    free = dict(zip(known, unbeaten(*map(np.array, sides)), strict=False))
    spots = []
    for n in known:
        x, y = pairs[n]
        luck = f"; beaten in both with probability {beaten[n]:.2f}" if math.isfinite(beaten[n]) else ""
        text = f"{study.names[n]}: {first} {study.said(x, first)}, {second} {study.said(y, second)}{luck}"
        spots.append(Spot(text, x, y, bool(free[n])))
    across, up = (
        _axis(study, kpi, [end for n in known for end in pairs[n][k]]) for k, kpi in enumerate((first, second))
    )
    title = f"{words.kpi_title(first)} and {words.kpi_title(second).lower()}"
    return {
        "title": title,
        "note": _fortune(len(spots), [beaten[n] for n in known if free[n]]),
        "plot": trade_off_plot(title, spots, across, up),
    }


def _fortune(count: int, beaten: Sequence[float]) -> str:
    """How many points no other beats, and how many of these luck may have made so."""
    if not beaten:
        return f"Today is as good as or better than each of {count:,} points in one of the two: none beats it in both."
    sure = sum(share <= 0.05 for share in beaten)
    others = " The others may be there by luck." if sure < len(beaten) else ""
    are = "is" if len(beaten) == 1 else "are"
    return (
        f"{len(beaten):,} of {count:,} points {are} beaten by no other and not by today; "
        f"{sure:,} of these in at least 95 % of new drawings of the replications.{others}"
    )


# ---- the table -------------------------------------------------------------------------------------------------------


def _table(study: Study) -> dict[str, Any]:
    """Every point with its levers, its differences, its replications and its price; failed ones at the end."""
    kpis = [*LOOKED_AT, *(kpi for kpi in HEADLINES if kpi not in LOOKED_AT)]
    told = {row["scenario"]: row for row in study.results.points.iter_rows(named=True)}
    scales = {kpi: _column(study, kpi) for kpi in kpis}
    head = [
        "Point",
        *(_headed(f"{lever.title}, {lever.unit}" if lever.unit else lever.title) for lever in study.levers),
        *(f"{words.kpi_title(kpi)},{scales[kpi].word}" for kpi in kpis),
        "Replications",
        f"Price of the levers, {study.currency} a month",
    ]
    rows = []
    for n, name in enumerate(study.points):
        cells = [_setting(lever.texts[n], lever.places[n] if lever.numeric else None) for lever in study.levers]
        cells += [_cell(study, name, kpi, scales[kpi]) for kpi in kpis]
        price = told[name]["price"]
        cells += [_setting(f"{told[name]['replications']:,}", told[name]["replications"])]
        cells += [_setting("–" if price is None else f"{price:,.6g}".replace("-", "−"), price)]
        rows.append(Row(words.plain(name), cells))
    return {"head": head, "rows": rows, "failed": _failed(study), "long": len(rows) > _LONG}


def _column(study: Study, kpi: str) -> words.Scale:
    """One scale for all differences of a KPI."""
    ends = [abs(end) for name in study.points for end in study.effect(name, kpi) if math.isfinite(end)]
    return words.scale(KPIS[kpi].unit, study.currency, max(ends, default=0.0), difference=True)


def _setting(text: str, value: float | None) -> Cell:
    return Cell(text, key=repr(float(value)) if value is not None else text)


def _cell(study: Study, name: str, kpi: str, shown: words.Scale) -> Cell:
    """A difference with its interval, in its column's scale."""
    effect = study.effect(name, kpi)
    if not math.isfinite(effect.value):
        return Cell("–")
    value, lower, upper = (number * shown.factor for number in effect)
    step = words.rounding(value, (upper - lower) / 2)
    text = words.signed(words.rounded(value, step))
    under = f"{words.rounded(lower, step)} to {words.rounded(upper, step)}" if lower < upper else ""
    return Cell(text, f"number {study.side(name, kpi)}".strip(), under, key=f"{effect.value:.6g}")


def _failed(study: Study) -> list[dict[str, str]]:
    """Points that are left out, with the first of their errors."""
    settings = {point.name: point.settings for point in study.results.design.points}
    rows = []
    for name, point in settings.items():
        if name not in study.results.comparison.models:
            errors = study.results.failures.filter(pl.col("scenario") == name)
            first = errors["error"].item(0) if errors.height else "not lived through"
            more = f" ({errors.height} replications failed; this is the first)" if errors.height > 1 else ""
            sets = ", ".join(f"{path} = {value}" for path, value in point.items())
            rows.append({"name": words.plain(name), "sets": sets, "error": f"{first}{more}"})
    return rows


# ---- how precise -----------------------------------------------------------------------------------------------------


def _precision(study: Study) -> dict[str, Any]:
    """What was asked for, what was reached, and what the next halving costs."""
    asked = study.results.precision
    kpis = list(asked.half_widths) if asked is not None and asked.half_widths else list(LOOKED_AT)
    rows = [row for kpi in kpis if (row := _reached(study, kpi)) is not None]
    return {
        "sentences": _cost(study),
        "caption": "Half-widths of the intervals of the points' differences from today",
        "head": ["Number", "Asked for", "Points that have it", "Widest", "Median", "Of the widest, luck of the run"],
        "rows": rows,
    }


def _reached(study: Study, kpi: str) -> Row | None:
    """How wide a KPI's intervals are."""
    found = [study.rows[name, kpi] for name in study.points]
    found = [row for row in found if math.isfinite(row["upper"] - row["lower"])]
    if not found:
        return None
    widths = [(row["upper"] - row["lower"]) / 2 for row in found]
    widest = found[int(np.argmax(widths))]
    asked = study.results.precision.half_widths.get(kpi) if study.results.precision is not None else None
    shown = words.scale(KPIS[kpi].unit, study.currency, max([*widths, asked or 0.0]), difference=True)

    def half(width: float | None) -> Cell:
        if width is None or not math.isfinite(width):
            return Cell("–")
        value = width * shown.factor
        return Cell(f"± {words.with_unit(words.rounded(value, words.two_digits(value)), shown.word)}")

    within = f"{sum(width <= asked for width in widths):,} of {len(widths):,}" if asked is not None else "–"
    cells = [half(asked), Cell(within), half(max(widths)), half(float(np.median(widths))), half(widest["luck"])]
    return Row(words.kpi_title(kpi), cells)


def _cost(study: Study) -> list[str]:
    """Replications that were used, and what the next halving costs."""
    counts = dict(study.results.points.select("scenario", "replications").iter_rows())
    used = [counts[name] for name in study.points] or [0]
    total = sum(used) + counts.get(BASELINE, 0)
    each = f"{min(used):,}" if min(used) == max(used) else f"{min(used):,} to {max(used):,}"
    asked = study.results.precision
    stop = (
        f" Replications were added until every difference was as precise as asked for, or there were {asked.most:,}."
        if asked is not None
        else " Their number was given."
    )
    next_one = (
        f"The next halving of what is luck takes four times as many: {3 * total:,} more histories, "
        f"up to {4 * max(used):,} replications of a point."
    )
    if asked is not None and 4 * max(used) > asked.most:
        next_one += f" That is beyond the {asked.most:,} that were allowed."
    if study.baseline.uncertain:
        next_one += " More replications do not narrow what is limits of our data; better data do."
    return [f"{each} replications of each point, {total:,} histories with today's own.{stop}", next_one]


def _definitions(study: Study) -> dict[str, Any]:
    """What each number on the page is."""
    known = {row["kpi"]: row for row in study.results.definitions.iter_rows(named=True)}
    sides = {"more": "more is better", "less": "less is better", "neither": "neither is better"}
    shown = [*LOOKED_AT, *(kpi for kpi in HEADLINES if kpi not in LOOKED_AT)]
    if study.results.precision is not None:
        shown += [kpi for kpi in study.results.precision.half_widths if kpi not in shown]
    rows = [
        Row(
            words.kpi_title(kpi),
            [Cell(known[kpi]["unit"], ""), Cell(sides[known[kpi]["better"]], "")],
            known[kpi]["meaning"],
        )
        for kpi in shown
    ]
    return {"caption": "Over the measured time", "head": ["Number", "Unit", "Direction"], "rows": rows}
