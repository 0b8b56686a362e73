"""What an estimate is: a value for the scenario, where it came from, on how much it rests, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sim import units

LEVEL_Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """One value of the scenario as the log tells it.

    Attributes
    ----------
    path
        Dotted path into the scenario.
    value
        As it is written there, with its unit.
    source
        What it was estimated from, in words.
    n
        Number of observations.
    error
        Standard error, in the unit of the value; None where none is stated.
    uncertain
        Whether the scenario should carry its doubt into every comparison.
    note
        What a reader should know, such as that it is a guess.
    low, high
        Bounds it cannot pass, in its unit.
    shared
        Path of the first of several places at which this one estimate stands, so that its doubt is drawn once for all.
    """

    path: str
    value: Any
    source: str
    n: int
    error: float | None = None
    uncertain: bool = False
    note: str = ""
    low: float | None = None
    high: float | None = None
    shared: str | None = None

    @property
    def interval(self) -> str | None:
        """95 % interval in words, in the unit of the value."""
        if self.error is None or not math.isfinite(self.error):
            return None
        number, unit = units.split(self.value)
        low, high = number - LEVEL_Z * self.error, number + LEVEL_Z * self.error
        low = low if self.low is None else max(low, self.low)
        high = high if self.high is None else min(high, self.high)
        return f"{low:.4g} to {high:.4g}{' ' + unit if unit else ''} (95 %)"

    @property
    def origin(self) -> dict[str, Any]:
        """What the scenario keeps of it under `estimates`."""
        kept = {"source": self.source, "n": self.n, "interval": self.interval, "note": self.note or None}
        return {name: value for name, value in kept.items() if value is not None}

    @property
    def law(self) -> dict[str, Any] | None:
        """Its entry under `uncertain`; None where it has none."""
        if not self.uncertain or self.error is None or not math.isfinite(self.error) or self.error <= 0:
            return None
        unit = units.split(self.value)[1]

        def written(number: float) -> Any:
            return f"{number:.5g} {unit}" if unit else units.yaml_number(number, 5)

        law = {"kind": "normal", "mean": self.value, "sd": written(self.error)}
        bounds = {"low": self.low, "high": self.high}
        law |= {name: written(bound) for name, bound in bounds.items() if bound is not None}
        return law if self.shared in (None, self.path) else law | {"with": self.shared}


def say(minutes: float, digits: int = 4) -> str:
    """A duration for the scenario file, in minutes, hours or days, whichever reads best."""
    for unit, word in ((1440.0, "day"), (60.0, "h")):
        if minutes >= 2 * unit:
            return f"{minutes / unit:.{digits}g} {word}"
    return f"{minutes:.{digits}g} min"
