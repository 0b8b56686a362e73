"""How many replications: a number that is given, or as many as make every difference precise enough."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Precision:
    """How precise the differences from the baseline are to be.

    Attributes
    ----------
    half_widths
        For each KPI the half-width that the interval of its difference may have at most, in the KPI's own unit.
    level
        Of the intervals.
    first, most
        Replications before the first look, and at most.
    """

    half_widths: dict[str, float] = field(default_factory=dict)
    level: float = 0.95
    first: int = 20
    most: int = 1000
