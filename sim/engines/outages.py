"""When systems are out: the same stretches of time for both engines, since nothing that happens moves them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log
from typing import TYPE_CHECKING

from sim import draws, rules
from sim.timetable import Cumulative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.changes import Phase
    from sim.model import Outage
    from sim.timetable import Clock


@dataclass(frozen=True)
class Outages:
    """Stretches of time in which a system is out: one after the other, and apart.

    Attributes
    ----------
    begins, ends
        Minutes from the start, ascending.
    """

    begins: tuple[float, ...]
    ends: tuple[float, ...]

    def back(self, time: float) -> float | None:
        """When the system is back, if it is out at a time."""
        i = bisect_right(self.begins, time) - 1
        return self.ends[i] if i >= 0 and time < self.ends[i] else None


def outages(phases: tuple[Phase, ...], clock: Clock, world: int, system: str) -> Outages:
    """Outages of a system in one history, planned and random, those that overlap as one.

    The nth of a random outage has its address, by the name of the system and its own: the time since the one before
    began, and how long it lasts.
    """
    key = draws.fold(world, draws.name(f"system {system}"))
    names = dict.fromkeys(name for phase in phases for name in phase.model.systems[system].outages)
    every = [stretch for name in names for stretch in _stretches(phases, clock, key, system, name)]
    begins: list[float] = []
    ends: list[float] = []
    for begin, end in sorted(every):
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        elif begin < end:
            begins.append(begin)
            ends.append(end)
    return Outages(tuple(begins), tuple(ends))


def _stretches(
    phases: tuple[Phase, ...], clock: Clock, key: int, system: str, name: str
) -> Iterator[tuple[float, float]]:
    """From when until when a system is out for one reason."""
    own = draws.fold(key, draws.name(name))
    stated = [phase.model.systems[system].outages.get(name) for phase in phases]
    for n, (time, outage) in enumerate([*_dates(phases, clock, stated), *_random(phases, stated, own)]):
        yield time, time + rules.quantile(outage.lasts.law, draws.draw(draws.fold(own, n), "lasts"))


def _dates(phases: tuple[Phase, ...], clock: Clock, stated: list[Outage | None]) -> Iterator[tuple[float, Outage]]:
    """When an outage is planned, by the phase of that time."""
    for phase, outage in zip(phases, stated, strict=True):
        if outage is not None and outage.on is not None and phase.start <= clock.minutes(outage.on) < phase.end:
            yield clock.minutes(outage.on), outage


def _random(phases: tuple[Phase, ...], stated: list[Outage | None], key: int) -> Iterator[tuple[float, Outage]]:
    """When an outage happens at a rate, by the phase of that time."""
    rates = [0.0 if outage is None or outage.rate is None else outage.rate for outage in stated]
    starts = [phase.start for phase in phases]
    new = [n for n, rate in enumerate(rates) if n == 0 or rate != rates[n - 1]]  # so that other changes move nothing
    at = [*(starts[n] for n in new), phases[-1].end]
    steep = [rates[n] for n in new]
    expected = [rate * (end - start) for rate, (start, end) in zip(steep, pairwise(at), strict=True)]
    times = Cumulative(at, list(accumulate(expected, initial=0.0)), steep)
    due, n = 0.0, 0
    while True:
        due -= log(1.0 - draws.draw(draws.fold(key, n), "gap"))
        time = times.time(due)
        outage = stated[bisect_right(starts, time) - 1]
        if not time < phases[-1].end or outage is None:
            return
        yield time, outage
        n += 1
