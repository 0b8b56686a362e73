"""Means over replications and how sure they are: the luck of the run, and the limits of our data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


class Interval(NamedTuple):
    """Mean of each row with the half-widths of the two parts of its interval, and the number of values known."""

    mean: Numbers
    luck: Numbers
    limits: Numbers
    n: NDArray[np.int64]

    @property
    def half(self) -> Numbers:
        """Half-width of the interval: both parts together."""
        return np.asarray(np.hypot(self.luck, self.limits))


def interval(drawn: Numbers, centre: Numbers | None, level: float) -> Interval:
    """Interval of the mean in each row, a column a replication (decision 6: mean ± √(luck² + limits²)).

    Parameters
    ----------
    drawn
        Values, each with its replication's draw of what is uncertain; unknown ones are left out.
    centre
        Values on the same luck with all of it at its centre; None where nothing is uncertain.
    level
        Of the interval.
    """
    mean, deviation, n = _spread(drawn)
    luck = _quantile(n, level) * deviation / np.sqrt(np.maximum(n, 1))
    if centre is None:
        return Interval(mean, luck, np.zeros(len(mean)), n)
    _, doubt, pairs = _spread(drawn - centre)
    return Interval(mean, luck, _quantile(pairs, level) * doubt, n)


def _spread(at: Numbers) -> tuple[Numbers, Numbers, NDArray[np.int64]]:
    """Mean, standard deviation and number of the known values in each row."""
    known = ~np.isnan(at)
    n = known.sum(axis=1)
    total = np.where(known, at, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, total / n, np.nan)
        square = np.where(known, (at - mean[:, None]) ** 2, 0.0).sum(axis=1)
        return mean, np.where(n > 1, np.sqrt(square / (n - 1)), np.nan), n


def _quantile(n: NDArray[np.int64], level: float) -> Numbers:
    """Student's t at a level: a standard deviation of n values is itself a guess."""
    return np.asarray(special.stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2))
