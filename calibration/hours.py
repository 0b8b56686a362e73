"""Hours of the week: when a touchpoint is open, and how much of a span of time that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.units import MINUTES_PER_WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUARTERS = 672  # quarters of an hour in a week
QUARTER = 15.0


@dataclass(frozen=True)
class Hours:
    """When something is open, by quarter of an hour of the week.

    Attributes
    ----------
    open
        One truth value a quarter, Monday 00:00 first.
    offset
        Minutes from Monday 00:00 to time 0.
    """

    open: NDArray[np.bool_]
    offset: float = 0.0

    @property
    def always(self) -> bool:
        """Whether it never closes."""
        return bool(self.open.all())

    @property
    def share(self) -> float:
        """Share of the week in which it is open."""
        return float(self.open.mean())

    def quarter(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Quarter of the week of each time."""
        return (((times + self.offset) % MINUTES_PER_WEEK) // QUARTER).astype(np.int64) % QUARTERS

    def at(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether it is open at each time."""
        return np.asarray(self.open[self.quarter(times)])

    def until_change(self, *, closing: bool) -> NDArray[np.float64]:
        """Minutes from each quarter until the next closing, or since the last opening; infinite if there is none."""
        if self.always or not self.open.any():
            return np.full(QUARTERS, np.inf)
        distance = np.zeros(QUARTERS)
        order = range(2 * QUARTERS - 1, -1, -1) if closing else range(2 * QUARTERS)
        run = 0.0
        for quarter in order:
            index = quarter % QUARTERS
            run = run + QUARTER if self.open[index] else 0.0
            distance[index] = run
        return distance

    def left(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minutes until it closes, from each time; 0 when closed."""
        within = (times + self.offset) % QUARTER
        return np.maximum(self.until_change(closing=True)[self.quarter(times)] - within, 0.0)

    def since(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minutes since it opened, at each time; 0 when closed."""
        within = (times + self.offset) % QUARTER
        passed = self.until_change(closing=False)[self.quarter(times)]
        return np.where(passed > 0, passed - QUARTER + within, 0.0)

    def open_minutes(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minutes between two times in which it is open."""
        total = np.concatenate([[0.0], np.cumsum(self.open * QUARTER)])

        def count(times: NDArray[np.float64]) -> NDArray[np.float64]:
            shifted = times + self.offset
            weeks, rest = shifted // MINUTES_PER_WEEK, shifted % MINUTES_PER_WEEK
            quarter = np.minimum((rest // QUARTER).astype(np.int64), QUARTERS - 1)
            inside = np.where(self.open[quarter], rest - quarter * QUARTER, 0.0)
            return np.asarray(weeks * total[-1] + total[quarter] + inside)

        return count(end) - count(start)


def both(hours: list[Hours]) -> Hours:
    """Hours in which all of several are open."""
    together = np.logical_and.reduce([one.open for one in hours])
    return Hours(np.asarray(together), hours[0].offset)
