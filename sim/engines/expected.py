"""What every engine says alike: how many needs, arrivals and joiners are to be expected, and that it goes round."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, inf, log
from typing import TYPE_CHECKING

from sim import draws, rules
from sim.changes import arms
from sim.engines.outages import outages
from sim.errors import DesirepathError
from sim.model import Arrivals
from sim.rules import MOST_VISITS
from sim.timetable import FLAT, Cumulative, Stretch, accumulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.changes import Phase
    from sim.model import AtOutage, Model

NO_RATE = Arrivals(rate=0.0)


def going_round(journey: str, step: str) -> DesirepathError:
    """Say that somebody goes round in a journey for ever."""
    return DesirepathError(
        f"journeys.{journey}: somebody has made {MOST_VISITS} visits and goes on to '{step}'; "
        "let time pass on every way round, or lead some of them to an end"
    )


@dataclass(frozen=True)
class Expected:
    """Expected numbers in one history: its days are busier or quieter than others' by luck of its own.

    Attributes
    ----------
    phases
        The stretches of time in which the scenario stays the same.
    offset
        Minutes from Monday 00:00 to the start.
    world
        Address of the history.
    levels
        Of days, by profile, as far as anybody has asked.
    """

    phases: tuple[Phase, ...]
    offset: float
    world: int
    levels: dict[tuple[str, float, int], float] = field(default_factory=dict)

    def number(self, arrivals: Callable[[Model], Arrivals], *, pilot: bool = False) -> Cumulative:
        """Expected number of events since the start, at a rate that each phase states, for those in a pilot or not."""
        stretches = []
        for phase in (each.arm(pilot=pilot) for each in self.phases):
            stated = arrivals(phase.model)
            stretches.append(Stretch(phase.start, phase.end, stated.rate, *phase.model.profile(stated)))
        return accumulate(stretches, self.offset, self.day_level)

    def periods(self, journey: str, *, pilot: bool = False) -> Cumulative:
        """Periods gone by since the start, for a journey that opens once every period, as each phase states it."""
        stretches = []
        for phase in (each.arm(pilot=pilot) for each in self.phases):
            every = phase.model.journeys[journey].when.every or inf
            stretches.append(Stretch(phase.start, phase.end, 1 / every, FLAT, ""))
        return accumulate(stretches, self.offset, self.day_level)

    def moments(self, name: str) -> list[float]:
        """Times within the horizon at which an event happens, as each phase states it."""
        times: list[float] = []
        for phase in self.phases:
            event, clock = phase.model.events[name], phase.model.clock
            if event.outage is not None:
                times += [time for time in self._of_outages(event.outage) if phase.start <= time < phase.end]
            if event.rate is not None or event.outage is not None:
                continue
            first = clock.minutes(event.on) if event.on is not None else event.every or inf
            every = event.every or inf
            k = 0 if first >= phase.start else ceil((phase.start - first) / every)
            while (time := first + k * every if k else first) < phase.end:
                times += [time] if time >= phase.start else []
                k += 1
        return sorted(times + self._at_a_rate(name))

    def dates(self, name: str) -> list[float]:
        """Times at which a journey opens for all for whom its date is then what some phase says."""
        dates = [phase.model.journeys[name].when.on for phase in arms(self.phases)]
        return sorted({self.phases[0].model.clock.minutes(date) for date in dates if date is not None})

    def _of_outages(self, outage: AtOutage) -> tuple[float, ...]:
        """Times at which outages of a system begin, or are over."""
        out = outages(self.phases, self.phases[0].model.clock, self.world, outage.system)
        return out.begins if outage.at == "start" else out.ends

    def _at_a_rate(self, name: str) -> list[float]:
        """Times at which an event happens by chance."""
        if all(phase.model.events[name].rate is None for phase in self.phases):
            return []
        number = self.number(lambda model: model.events[name].rate or NO_RATE)
        root, due = draws.fold(self.world, draws.name(f"event {name}")), 0.0
        times: list[float] = []
        while True:
            due -= log(1.0 - draws.draw(draws.fold(root, len(times)), "gap"))
            time = number.time(due)
            if not time < self.phases[-1].end:
                return times
            times.append(time)

    def day_level(self, stretch: Stretch, day: int) -> float:
        """Level of a day around its expectation, shared by all that follows the profile."""
        told = stretch.name, stretch.profile.day_to_day, day
        if told not in self.levels:
            key = draws.visit(draws.fold(self.world, draws.name("profile")), draws.name(stretch.name), day)
            luck = draws.unit(draws.fold(key, draws.name("level")))
            self.levels[told] = rules.quantile(stretch.profile.day_law, luck)
        return self.levels[told]
