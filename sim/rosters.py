"""Who is on duty in a history: people on shifts, without those on a break, taken away or absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim import draws
from sim.timetable import Duty, Rota, duty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sim.changes import Phase
    from sim.timetable import Clock


def address(world: int, pool: str) -> int:
    """Address of the people of a pool in a history."""
    return draws.fold(draws.fold(world, draws.name("staff")), draws.name(pool))


def on_duty(phases: Iterable[Phase], name: str, clock: Clock, world: int) -> Duty:
    """People of a pool who can serve, over the horizon, in the history that has this address."""
    pool = address(world, name)

    def away(rota: Rota, shift: str, day: int) -> int:
        """How many people of a shift are absent on a day: each is, or is not, by a draw of their own."""
        if not rota.absence:
            return 0
        here = draws.visit(pool, draws.name(shift), day)
        people = range(1, rota.shifts[shift].headcount + 1)
        return sum(draws.draw(draws.fold(here, number), "absence") < rota.absence for number in people)

    rotas = []
    for phase in phases:
        people = phase.model.staff[name]
        breaks = *people.breaks.values(), *phase.taken.get(name, ())
        rotas.append(Rota(phase.start, phase.end, people.shifts, breaks, people.absence))
    return duty(rotas, clock.offset, clock.days_off, away)


def paid(phases: Iterable[Phase], name: str, clock: Clock) -> Duty:
    """People of a pool who are paid: all who are on a shift, also those on a break or absent."""
    rotas = [Rota(phase.start, phase.end, phase.model.staff[name].shifts) for phase in phases]
    return duty(rotas, clock.offset, clock.days_off)
