"""The answer of a sweep in plain words: what moves what, what is better, what is paid for with what, and how sure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scenarios import words
from scenarios.compare import better
from scenarios.sweeps.effects import best_by_luck, strongest
from scenarios.sweeps.study import LOOKED_AT
from sim.kpis import HEADLINES, KPIS

if TYPE_CHECKING:
    from scenarios.sweeps.study import Study

_HELD = {
    "grid": "on average over the other levers",
    "one_at_a_time": "with all else as it is today",
    "latin_hypercube": "as a straight line through the points, the other levers held",
    "sobol": "as a straight line through the points, the other levers held",
}


def answers(study: Study) -> list[dict[str, Any]]:
    """Parts of the answer, each with its title and sentences."""
    if not study.points:
        sentence = "No point could be lived through, so there is nothing to compare; what went wrong is told below."
        return [{"title": "Every point failed", "sentences": [sentence]}]
    parts = [
        ("What moves the numbers", _moves(study)),
        ("Better than today", [_better(study)]),
        ("One for another", _traded(study)),
        ("How sure", [_sure(study)]),
    ]
    return [{"title": title, "sentences": sentences} for title, sentences in parts if sentences]


# ---- what moves what -------------------------------------------------------------------------------------------------


def _moves(study: Study) -> list[str]:
    return [sentence for kpi in LOOKED_AT if (sentence := _move(study, kpi))]


def _move(study: Study, kpi: str) -> str:
    """Which lever moves a number most, as far as that can be said."""
    moves = [of.move for of in study.responses[kpi] if of.move is not None]
    title = words.kpi_title(kpi)
    if not moves:
        return ""
    ordered, surely = strongest(study.paired[kpi], moves)
    first = ordered[0]
    lever, effect = first.lever, first.effect
    if not any(move.effect.sure for move in moves):
        if all(move.effect.lower == move.effect.upper for move in moves):
            return f"Nothing moves {title.lower()}."
        return f"What moves {title.lower()} cannot be told apart from {study.doubt}."
    span = f"{study.said(effect, kpi)} from {lever.said(first.start)} to {lever.said(first.end)}"
    held = f", {_HELD[study.results.design.kind]}" if len(study.levers) > 1 else ""
    if len(moves) == 1:
        return f"{title}: {lever.title} moves it by {span}."
    if surely:
        return f"{title} is moved most by {lever.title}: {span}{held}."
    others = words.listed((move.lever.title for move in ordered[1:3]), "or")
    return (
        f"{title} looks moved most by {lever.title} ({span}{held}), but whether that is more than what "
        f"{others} {'does' if len(ordered) == 2 else 'do'} cannot be told."
    )


# ---- points beside today ---------------------------------------------------------------------------------------------


def _better(study: Study) -> str:
    """Which points are better than today in all three numbers."""
    count = len(study.points)
    clear = [name for name in study.points if all(study.side(name, kpi, clear=True) == "better" for kpi in LOOKED_AT)]
    likely = [name for name in study.points if all(study.side(name, kpi) == "better" for kpi in LOOKED_AT)]
    three = words.listed(words.kpi_title(kpi).lower() for kpi in LOOKED_AT)
    if not likely:
        seem = sum(all(_seems_better(study, name, kpi) for kpi in LOOKED_AT) for name in study.points)
        luck = f" {_counted(seem, 'point')} may look so by the means alone, which is no proof." if seem else ""
        none = f"Of {_counted(count, 'point')} none is better than today in {three} alike by more than {study.doubt}."
        return none + luck
    are = "is" if len(likely) == 1 else "are"
    many = f"{len(likely):,} of {_counted(count, 'point')} {are} better than today in {three}"
    if len(clear) == len(likely):
        sure = "even when allowing for how many comparisons are made"
    elif clear:
        sure = (
            f"{len(clear):,} of them even when allowing for how many comparisons are made, the rest only by themselves"
        )
    else:
        sure = "but only with each difference looked at by itself: among so many, luck alone makes some look so"
    chosen = max(clear or likely, key=lambda name: study.rows[name, "satisfaction"]["difference"])
    numbers = "; ".join(
        f"{words.kpi_title(kpi).lower()} {study.said(study.effect(chosen, kpi), kpi)}" for kpi in LOOKED_AT
    )
    name = study.names[study.points.index(chosen)]
    lucky = (
        " Being the highest of several it is partly lucky: expect a little less." if len(clear or likely) > 1 else ""
    )
    lead = "It is" if len(likely) == 1 else "The one of them with the highest satisfaction is"
    return f"{many}, {sure}. {lead} {name}: {numbers}.{lucky}"


def _seems_better(study: Study, name: str, kpi: str) -> bool:
    return better(kpi, study.effect(name, kpi).value) is True


def _traded(study: Study) -> list[str]:
    """Which points buy one number with another."""
    kinds = {name: tuple(study.side(name, kpi) for kpi in LOOKED_AT) for name in study.points}
    traded = {name: kind for name, kind in kinds.items() if "better" in kind and "worse" in kind}
    if not traded:
        return [f"No point trades one number for another by more than {study.doubt}."]
    parts = []
    for kind, count in Counter(traded.values()).most_common(3):
        sides = {
            side: words.listed(
                words.kpi_title(kpi).lower() for kpi, at in zip(LOOKED_AT, kind, strict=True) if at == side
            )
            for side in ("better", "worse")
        }
        who = [study.names[n] for n, name in enumerate(study.points) if traded.get(name) == kind]
        names = f" ({'; '.join(who)})" if count <= 2 else f" (such as {who[0]})"
        verb = "has" if count == 1 else "have"
        parts.append(f"{_counted(count, 'point')} {verb} better {sides['better']} for worse {sides['worse']}{names}.")
    nothing = sum(not any(kind) for kind in kinds.values())
    if nothing:
        parts.append(f"{_counted(nothing, 'point')} cannot be told apart from today in any of the three.")
    return [*parts, f"That is by more than {study.doubt}, each difference looked at by itself."]


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


# ---- how sure --------------------------------------------------------------------------------------------------------


def _sure(study: Study) -> str:
    """The shortest honest word on luck."""
    share = words.per_cent(study.results.comparison.level)
    count = len(study.points)
    best = (
        f" With {count:,} points the best-looking one is partly lucky: live through it again with another seed before "
        "relying on its number."
        if count > 1
        else ""
    )
    limits = (
        "the luck of the run and the limits of our data"
        if study.baseline.uncertain
        else "the luck of the run only, since the scenario calls no value uncertain"
    )
    return f"All intervals hold with {share} confidence, each by itself; they hold {limits}.{best}"


def how_sure(study: Study) -> list[str]:
    """What the intervals hold and what they do not, a paragraph each."""
    comparison, count = study.results.comparison, len(study.points)
    share = words.per_cent(comparison.level)
    looks = count * len(HEADLINES)
    runs = (
        f"The same customers live through today and through every point, replication by replication, each with other "
        f"luck. An interval holds the difference with {share} confidence: in {share} of such studies the difference "
        "this model would show in the long run lies inside."
    )
    many = (
        f"{looks:,} headline differences are looked at ({len(HEADLINES)} numbers for {_counted(count, 'point')}); of "
        f"so many, about {_counted(max(round(looks * (1 - comparison.level)), 1), 'interval')} would leave out the "
        "truth by luck alone. “Allowing for how many comparisons are made” means that a difference stands when all of "
        "these intervals are to hold together; the interval of what moves a number most allows for its having been "
        "chosen among all levers and their values."
    )
    paragraphs = [runs, many, *_luck_of_the_best(study)]
    if study.baseline.uncertain:
        paragraphs.append(
            f"{words.two_doubts('Each interval of a point', comparison).replace(' (the thin line)', '')} In a mean "
            "over points the limits of our data are counted as if they went the same way in all, which is the most "
            "they can be; how far two levers act together is told with the luck of the run alone."
        )
    else:
        paragraphs.append(
            "The scenario calls no value uncertain, so how well its values are known is not in the intervals: the "
            "real difference may lie outside."
        )
    return paragraphs


def _luck_of_the_best(study: Study) -> list[str]:
    """How much of the best-looking points is luck: chosen on one half of the replications, seen on the other."""
    parts = []
    for kpi in LOOKED_AT:
        found = best_by_luck(study.paired[kpi])
        if found is not None:
            currency = study.currency
            shown, left = (_amount(value, kpi, currency, abs(found[0])) for value in found)
            parts.append(f"{words.kpi_title(kpi).lower()} {shown} and {left}")
    if not parts:
        return []
    told = (
        "How lucky the best-looking point is: when it is chosen on one half of the replications, it shows there, and "
        f"on the other half, which did not choose it: {'; '.join(parts)}. What is lost from the first to the second "
        "is luck, and with all replications together it is less."
    )
    return [told]


def _amount(value: float, kpi: str, currency: str, largest: float) -> str:
    shown = words.scale(KPIS[kpi].unit, currency, largest, difference=True)
    step = words.rounding(largest * shown.factor)
    return words.with_unit(words.signed(words.rounded(value * shown.factor, step)), shown.word)
