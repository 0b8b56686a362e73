"""How a scenario did against data it was not fitted on, as reports and descriptions say it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from scenarios import words

if TYPE_CHECKING:
    from sim.model import Check, Model

HEAD = ("Measure", "Where", "In the log", "Simulated", "Off by", "Chance explains", "Verdict")


class Told(NamedTuple):
    """A check in words: what was measured, where, and a text for every further column of `HEAD`."""

    measure: str
    where: str
    numbers: tuple[str, ...]
    verdict: str


def sentence(model: Model) -> str:
    """What the scenario was checked against and how it came out, or that it was not."""
    if model.checked is None:
        return "The scenario was not checked against data: nothing says how near its numbers are to a company's own."
    verdicts = Counter(check.verdict for groups in model.checked.measures.values() for check in groups.values())
    came_out = words.listed(f"{count} {verdict}" for verdict, count in verdicts.items())
    return (
        f"Before anything was changed in it, the scenario was checked against {model.checked.against}: "
        f"of {verdicts.total()} numbers {came_out or 'none was there to compare'}."
    )


def caveats(model: Model) -> list[str]:
    """What it should not be trusted for."""
    return [] if model.checked is None else [f"{line[:1].upper()}{line[1:]}." for line in model.checked.caveats]


def table(model: Model) -> list[Told]:
    """Every number that was checked."""
    measures = {} if model.checked is None else model.checked.measures
    return [
        Told(
            words.plain(measure).capitalize(),
            "" if group == "all" else words.plain(group),
            _numbers(check),
            check.verdict,
        )
        for measure, groups in measures.items()
        for group, check in groups.items()
    ]


def _numbers(check: Check) -> tuple[str, ...]:
    """Observed, simulated, the relative difference, and what chance explains."""
    known = [math.nan if number is None else number for number in (check.observed, check.simulated, check.floor)]
    seen, lived, floor = known
    relative = (lived - seen) / seen if seen else math.nan
    explained = words.amount(floor, check.unit, difference=True).removeprefix("+")
    return (
        words.amount(seen, check.unit),
        words.amount(lived, check.unit),
        f"{relative:+.0%}".replace("-", "−").replace("%", " %") if math.isfinite(relative) else "–",
        f"± {explained}" if math.isfinite(floor) else "–",
    )
