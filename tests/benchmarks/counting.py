"""What happened in a history of the contact centre, counted, and what it took to live through it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance

import numpy as np

from sim.engines import loop
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
        rows = block.visits
        queued = (rows["pool"] >= 0) & ~np.isnan(rows["started"])
        self.services += int((~np.isnan(rows["started"]) & ~np.isnan(rows["ended"])).sum())
        self.started += int(queued.sum())
        self.waited += float((rows["started"] - rows["joined"])[queued].sum())
        self.abandoned += int((rows["outcome"] == loop.BY_ABANDONING).sum())


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
