"""What happened in a history of the contact centre, counted, and what it took to live through it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, sqrt
from statistics import fmean, variance
from typing import Any

from sim.engines import loop
from sim.engines.jit import entry
from sim.records import Block


@dataclass
class Count:
    """What happened, in sums.

    Attributes
    ----------
    services
        Services completed, with and without staff.
    started
        Services by staff that began.
    waited
        Minutes that those waited who were served by staff.
    abandoned
        How often somebody ran out of patience.
    lost
        How many left for good, where that is simulated.
    """

    services: int = 0
    started: int = 0
    waited: float = 0.0
    abandoned: int = 0
    lost: int = 0

    def read(self, block: Block) -> None:
        """Count a block of an engine's rows, and keep none of them."""
        services, started, waited, abandoned = of_visits(block.visits)
        self.services += services
        self.started += started
        self.waited += waited
        self.abandoned += abandoned


@entry
def of_visits(rows: Any) -> tuple[int, int, float, int]:
    """Services completed, services by staff that began, minutes waited for those, and how often patience ran out."""
    services, started, waited, abandoned = 0, 0, 0.0, 0
    for i in range(len(rows)):
        row = rows[i]
        if not isnan(row["started"]):
            services += not isnan(row["ended"])
            if row["pool"] >= 0:
                started += 1
                waited += row["started"] - row["joined"]
        elif row["outcome"] == loop.BY_ABANDONING:
            abandoned += 1
    return services, started, waited, abandoned


@dataclass(frozen=True)
class Lap:
    """One history: what happened, and the processor time it took, seconds."""

    count: Count
    seconds: float

    @property
    def speed(self) -> float:
        """Services a second."""
        return self.count.services / self.seconds

    @property
    def abandonment(self) -> float:
        """Share of those who queued, and did not queue any more at the end, who gave up."""
        return self.count.abandoned / (self.count.abandoned + self.count.started)

    @property
    def wait(self) -> float:
        """Mean minutes that those waited who were served by staff."""
        return self.count.waited / self.count.started


def z_of_difference(ours: list[float], theirs: list[float]) -> float:
    """Standard errors between two means."""
    return (fmean(ours) - fmean(theirs)) / sqrt(variance(ours) / len(ours) + variance(theirs) / len(theirs))
