"""Who is on duty in a history: people on shifts, without those on a break, taken away, absent, and those who quit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim import draws
from sim.changes import phases
from sim.once import once_a_model
from sim.timetable import Duty, Rota, duty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sim.changes import Phase
    from sim.model import Model
    from sim.timetable import Clock


class Departure(NamedTuple):
    """Somebody who quit, and who came in their place.

    Attributes
    ----------
    pool, shift, number
        Whose place it is: people of a shift are numbered from 1.
    left, hired, ready
        Minutes: when they left, when the place is filled, and when whoever is new can serve.
    """

    pool: str
    shift: str
    number: int
    left: float
    hired: float
    ready: float


def address(world: int, pool: str) -> int:
    """Address of the people of a pool in a history."""
    return draws.fold(draws.fold(world, draws.name("staff")), draws.name(pool))


def planned(model: Model, name: str, world: int) -> Duty:
    """People of a pool who can serve, over the whole horizon, in the history that has this address, if nobody quits."""
    known = _certain(model)
    return known[name] if name in known else on_duty(phases(model), name, model.clock, world)


@once_a_model
def _certain(model: Model) -> dict[str, Duty]:
    """Duty of the pools from which nobody is ever absent: it is the same in every history."""
    everywhere = phases(model)
    pools = everywhere[0].model.staff
    present = [name for name in pools if all(phase.model.staff[name].absence == 0 for phase in everywhere)]
    return {name: on_duty(everywhere, name, model.clock, world=0) for name in present}


def on_duty(
    stretches: Iterable[Phase], name: str, clock: Clock, world: int, departures: Iterable[Departure] = ()
) -> Duty:
    """People of a pool who can serve, over some phases, in the history that has this address, given who quit."""
    pool = address(world, name)
    gone = [departure for departure in departures if departure.pool == name]

    def away(rota: Rota, shift: str, day: int, begins: float, ends: float) -> Iterator[tuple[float, float]]:
        """When people of a shift are away: each is absent on a day, or is not, by a draw of their own."""
        here = draws.visit(pool, draws.name(shift), day)
        absent: set[int] = set()
        if rota.absence:
            people = range(1, rota.shifts[shift].headcount + 1)
            absent.update(n for n in people if draws.draw(draws.fold(here, n), "absence") < rota.absence)
        yield from ((begins, ends) for _ in absent)
        there = (departure for departure in gone if departure.number not in absent)
        yield from _missing(there, rota, shift, begins, ends)

    rotas = []
    for phase in stretches:
        people = phase.model.staff[name]
        breaks = *people.breaks.values(), *phase.taken.get(name, ())
        rotas.append(Rota(phase.start, phase.end, people.shifts, breaks, people.absence))
    return duty(rotas, clock.offset, clock.days_off, away)


def paid(stretches: Iterable[Phase], name: str, clock: Clock, departures: Iterable[Departure] = ()) -> Duty:
    """People of a pool who are paid: all who are on a shift, also those on a break, absent or in training."""
    vacant = [departure._replace(ready=departure.hired) for departure in departures if departure.pool == name]

    def away(rota: Rota, shift: str, _day: int, begins: float, ends: float) -> Iterator[tuple[float, float]]:
        return _missing(vacant, rota, shift, begins, ends)

    rotas = [Rota(phase.start, phase.end, phase.model.staff[name].shifts) for phase in stretches]
    return duty(rotas, clock.offset, clock.days_off, away)


def _missing(
    departures: Iterable[Departure], rota: Rota, shift: str, begins: float, ends: float
) -> Iterator[tuple[float, float]]:
    """When somebody of a shift is missing between two minutes, because nobody in their place is ready."""
    for departure in departures:
        if departure.shift == shift and departure.number <= rota.shifts[shift].headcount:
            since, until = max(departure.left, begins), min(departure.ready, ends)
            if since < until:
                yield since, until
