"""Points spread evenly over the unit interval in every direction at once: Latin hypercubes and Sobol's sequence."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from scipy.stats.qmc import Sobol

from sim import draws

if TYPE_CHECKING:
    from collections.abc import Sequence

Spread = dict[str, list[float]]


def latin_hypercube(names: Sequence[str], points: int, seed: int) -> Spread:
    """Latin hypercube (McKay, Beckman & Conover 1979): in each direction one point in every one of as many strata.

    Both the order of the strata and the place within each are drawn at addresses made of the seed and the direction's
    name, so that a direction more leaves the others as they were.

    Returns
    -------
    dict
        For each direction a number from 0 to 1 for every point.
    """
    spread = {}
    for name in names:
        at = _address("latin hypercube", name, seed)
        stratum, place = (draws.fold(at, draws.name(purpose)) for purpose in ("stratum", "place"))
        order = sorted(range(points), key=lambda point: (draws.fold(stratum, point), point))
        spread[name] = [(k + draws.unit(draws.fold(place, point))) / points for point, k in enumerate(order)]
    return spread


def sobol(names: Sequence[str], points: int, seed: int) -> Spread:
    """Sobol's sequence, the k-th direction in its k-th dimension, each shifted modulo 1 (Cranley & Patterson 1976).

    The shift is drawn at an address made of the seed and the direction's name: a direction that is added last leaves
    the others as they were, and so do points that are added.

    Returns
    -------
    dict
        For each direction a number from 0 to 1 for every point.
    """
    sequence = Sobol(len(names), scramble=False).random_base2(ceil(log2(points)))[:points]
    shifts = [draws.unit(_address("sobol", name, seed)) for name in names]
    return {
        name: [float(x + shift) % 1.0 for x in column]
        for name, shift, column in zip(names, shifts, sequence.T, strict=True)
    }


def _address(kind: str, name: str, seed: int) -> int:
    """Address of a direction's draws: outside every replication."""
    return draws.fold(draws.fold(draws.fold(0, seed & draws.MASK), draws.name(kind)), draws.name(name))
