"""Growing into a change: a scenario some way between what it was and what it becomes."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from sim.described import Described
from sim.distributions import Empirical, Hazard, Part
from sim.model import Arrivals, End, Event, Opening, Outage, Outcome, Target, Term, Touchpoint, WhileOpen
from sim.timetable import Break, Profile, Shift
from sim.units import MINUTES_PER_DAY, MINUTES_PER_WEEK

# What was not there grows from none of it; all else that is new is there at once.
_AMOUNTS: dict[type, tuple[str, ...]] = {
    Arrivals: ("rate",), Target: ("p",), Opening: ("p",), Outcome: ("p",), Part: ("p",), Shift: ("headcount",),
    Break: ("share",), Event: ("reach",), Outage: ("rate",), Term: ("value", "per_year"),
}  # fmt: skip
# Shapes rather than amounts: between two of them there is no third that either would recognise.
_WHOLE = (Profile, Empirical, Hazard)
# Numbers that say when and not how much.
_AT_ONCE = {(Touchpoint, "staff"), *((kind, "puts_off") for kind in (Outcome, End, Event, WhileOpen))}


@dataclass(frozen=True)
class Ramp:
    """How a change grows from nothing to all of it: in equal steps, each at the middle of what it stands for.

    Attributes
    ----------
    begins, length
        Minutes; 0 long where a change is whole from the first.
    """

    begins: float
    length: float

    @property
    def steps(self) -> int:
        """Number of steps: of a week, or of a day where it is over within a fortnight."""
        step = MINUTES_PER_DAY if self.length <= 2 * MINUTES_PER_WEEK else MINUTES_PER_WEEK
        return math.ceil(self.length / step)

    @property
    def edges(self) -> list[float]:
        """Minutes at which its steps begin, and at which it is whole."""
        return [self.begins + self.length * k / max(self.steps, 1) for k in range(self.steps + 1)]

    def share(self, time: float) -> float:
        """How much of the change is there at a time, from its beginning on."""
        k = bisect_right(self.edges, time) - 1
        return 1.0 if k >= self.steps else (k + 0.5) / self.steps


def between(before: Any, after: Any, share: float) -> Any:
    """Value a share of the way from one to another.

    Numbers lie between, whole ones rounded half up; in a mapping, what is new grows from nothing and what is gone
    shrinks to it, where it says how much (weights, shares, rates, headcounts). Whatever is not an amount is as it will
    be from the first.

    Parameters
    ----------
    before, after
        Parts of a scenario, of one kind.
    share
        From 0 to 1.
    """
    if isinstance(after, Described) and type(before) is type(after) and not isinstance(after, _WHOLE):
        return _with(
            after,
            {
                name: between(getattr(before, name), getattr(after, name), share)
                for name in type(after).model_fields
                if (type(after), name) not in _AT_ONCE
            },
        )
    if isinstance(after, dict) and isinstance(before, dict):
        return {
            key: between(before[key], after[key], share)
            if key in before and key in after
            else _part(after[key], share)
            if key in after
            else _part(before[key], 1 - share)
            for key in {**before, **after}
        }
    if _is_number(before) and _is_number(after):
        value = before + share * (after - before)
        return math.floor(value + 0.5) if isinstance(after, int) else value
    return after


def _part(value: Any, share: float) -> Any:
    """That share of an amount; what is not an amount, whole."""
    if _is_number(value):
        return value * share
    fields = _AMOUNTS.get(type(value), ())
    return _with(value, {field: between(0, getattr(value, field), share) for field in fields}) if fields else value


def _with(part: Described, values: dict[str, Any]) -> Described:
    """Copy of a part with some values replaced, and nothing remembered that followed from the old ones."""
    kept = {name: getattr(part, name) for name in type(part).model_fields}
    return type(part).model_construct(**kept | values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
