"""What every engine says alike: how many needs, arrivals and joiners are to be expected, and that it goes round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim import draws, rules
from sim.errors import DesirepathError
from sim.model import Arrivals
from sim.rules import MOST_VISITS
from sim.timetable import Cumulative, Stretch, accumulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.changes import Phase
    from sim.model import Model

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
    """

    phases: tuple[Phase, ...]
    offset: float
    world: int

    def number(self, arrivals: Callable[[Model], Arrivals], *, pilot: bool = False) -> Cumulative:
        """Expected number of events since the start, at a rate that each phase states, for those in a pilot or not."""
        stretches = []
        for phase in (each.arm(pilot=pilot) for each in self.phases):
            stated = arrivals(phase.model)
            stretches.append(Stretch(phase.start, phase.end, stated.rate, *phase.model.profile(stated)))
        return accumulate(stretches, self.offset, self.day_level)

    def day_level(self, stretch: Stretch, day: int) -> float:
        """Level of a day around its expectation, shared by all that follows the profile."""
        key = draws.visit(draws.fold(self.world, draws.name("profile")), draws.name(stretch.name), day)
        return rules.quantile(stretch.profile.day_law, draws.unit(draws.fold(key, draws.name("level"))))
