"""Strain as a history unfolds: every week a pool is looked at, and some of it may quit. Both engines ask here."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf
from typing import TYPE_CHECKING, NamedTuple

from sim import draws, rules
from sim.changes import phases
from sim.rosters import Departure, address, on_duty, planned

if TYPE_CHECKING:
    from sim.model import Model, Pool, Quits


class Look(NamedTuple):
    """What was seen when a pool was looked at: its occupancy since the last look, and the strain from then on.

    Attributes
    ----------
    at
        Minutes.
    occupancy
        Of the time in which somebody was there; nothing where nobody was.
    """

    pool: str
    at: float
    occupancy: float | None
    strain: float


class Roster:
    """Who of a pool is on duty in a history, as far as that can be known.

    Attributes
    ----------
    duty
        As it was, as it is until the next look, and afterwards as if nobody had quit.
    next_look
        Minutes; infinite where nobody ever looks.
    strain
        Of the pool, from the last look on.
    looks, departures
        What happened so far.
    """

    def __init__(self, model: Model, name: str, world: int) -> None:
        self.phases, self.name, self.clock, self.world = phases(model), name, model.clock, world
        self.strain, self.number = 0.0, 0
        self.looks: list[Look] = []
        self.departures: list[Departure] = []
        stated = (phase.model.staff[name].strain for phase in self.phases)
        self.every = next((strain.every for strain in stated if strain is not None), inf)
        self.planned = planned(model, name, world)  # over the whole horizon, if nobody quits
        self.known = self.planned.part(0.0, self.every)
        self.go_on()

    def go_on(self) -> None:
        """Say what duty is, as far as it is known, and when it is seen next."""
        due = (self.number + 1) * self.every
        self.duty, self.next_look = self.known, inf
        if due < self.phases[-1].end:
            self.duty, self.next_look = self.known.followed_by(self.planned.part(due, inf)), due

    def plan(self, now: float) -> None:
        """Work out duty until the next look."""
        due = (self.number + 1) * self.every
        until = [replace(phase, start=max(phase.start, now), end=min(phase.end, due)) for phase in self.phases]
        coming = [phase for phase in until if phase.start < phase.end]
        self.known = self.known.followed_by(on_duty(coming, self.name, self.clock, self.world, self.departures))
        self.go_on()

    def look(self, worked: float, there: float) -> None:
        """See how much people have worked of the time that they were there since the last look, in minutes."""
        now = self.next_look
        self.number += 1
        people = next(phase for phase in self.phases if phase.start <= now < phase.end).model.staff[self.name]
        if people.strain is not None:
            occupancy = worked / there if there > 0 else None
            beyond = 0.0 if occupancy is None else max(occupancy - people.strain.above, 0.0)
            share = 1.0 - exp(-self.every / people.strain.memory)
            self.strain = rules.towards(self.strain, beyond, share)
            self.looks.append(Look(self.name, now, occupancy, self.strain))
            if people.strain.quits is not None:
                self.let_go(people, people.strain.quits, now)
        self.plan(now)

    def let_go(self, people: Pool, quits: Quits, now: float) -> None:
        """Let each of them quit, or not, since the last look or since they came, by a draw of their own."""
        ready = {(gone.shift, gone.number): gone.ready for gone in self.departures}
        for shift, hours in people.shifts.items():
            here = draws.visit(address(self.world, self.name), draws.name(shift), self.number)
            for number in range(1, hours.headcount + 1):
                elapsed = min(now - ready.get((shift, number), -inf), self.every)
                own = draws.fold(here, number)
                p = rules.leave_probability(quits.rate, quits.slope, self.strain, 0.0, max(elapsed, 0.0))
                if draws.draw(own, "quits") < p:
                    hired = now + rules.quantile(quits.hiring.law, draws.draw(own, "hiring"))
                    self.departures.append(Departure(self.name, shift, number, now, hired, hired + quits.training))
