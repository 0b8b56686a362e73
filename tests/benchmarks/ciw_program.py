"""The contact centre as one would write it in Ciw: a node a pool, a class a persona, reneging with destinations.

Ciw (https://ciw.readthedocs.io, MIT licence) is not a dependency of Desirepath: `pip install ciw`. Two kinds of call
share a node, because they share their staff; which of them somebody makes is told to Ciw by the individual.
"""

from __future__ import annotations

from random import Random

import ciw

from tests.benchmarks.contact_centre import (
    ARRIVALS_PER_MINUTE,
    BEGIN,
    PATIENCE,
    POOLS,
    SHARES,
    STAFF,
    TOUCHPOINTS,
    TRIES_ELSEWHERE,
)
from tests.benchmarks.counting import Count
from tests.benchmarks.idiomatic_simpy import AGAIN, LEAVES, NEXT, Choice, service_time

NODES = tuple(dict.fromkeys(POOLS.get(place, place) for place in TOUCHPOINTS))  # a pool each, or a place without staff
NODE_OF = {place: NODES.index(POOLS.get(place, place)) + 1 for place in TOUCHPOINTS} | {LEAVES: -1}


class Service(ciw.dists.Distribution):
    """Minutes that a service takes where somebody is."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def sample(self, t=None, ind=None):  # noqa: ARG002 - Ciw calls it so
        return service_time(ind.place, self.chance)


class Journey(ciw.routing.NetworkRouting):
    """Where a persona goes, and what happened there."""

    def __init__(self, persona: str, chance: Random, count: Count) -> None:
        self.persona, self.chance, self.count = persona, chance, count
        begin = dict(zip(TOUCHPOINTS, BEGIN[persona], strict=True))
        at = {
            node: {place: begin[place] for place in TOUCHPOINTS if NODE_OF[place] == node} for node in NODE_OF.values()
        }
        self.first = {node: Choice(weights) for node, weights in at.items() if sum(weights.values()) > 0}

    def initialise(self, simulation):
        self.simulation = simulation

    def initialise_individual(self, ind):
        ind.place = self.first[ind.starting_node](self.chance)

    def next_node(self, ind, node_id):  # noqa: ARG002 - Ciw calls it so
        self.count.services += 1
        if ind.place in POOLS:
            self.count.started += 1
            self.count.waited += ind.service_start_date - ind.arrival_date
        return self._send(ind, NEXT[self.persona][ind.place](self.chance))

    def next_node_for_jockeying(self, ind, node_id):  # noqa: ARG002 - Ciw calls it so
        self.count.abandoned += 1
        again = self.chance.random() < TRIES_ELSEWHERE[self.persona]
        return self._send(ind, AGAIN[ind.place](self.chance) if again else LEAVES)

    def _send(self, ind, place):
        ind.place = place
        return self.simulation.nodes[NODE_OF[place]]


def arrivals(persona: str) -> list[ciw.dists.Exponential | None]:
    """Where how many of a persona arrive."""
    rates = [0.0] * len(NODES)
    for place, weight in zip(TOUCHPOINTS, BEGIN[persona], strict=True):
        rates[NODE_OF[place] - 1] += ARRIVALS_PER_MINUTE * SHARES[persona] * weight
    return [ciw.dists.Exponential(rate) if rate > 0 else None for rate in rates]


def run(minutes: float, seed: int) -> Count:
    """Simulate so many minutes from an empty start."""
    ciw.seed(seed)
    chance, count = Random(seed), Count()  # noqa: S311 - nothing secret here
    waits = {persona: [ciw.dists.Exponential(1 / PATIENCE[persona]) if node in STAFF else None for node in NODES]
             for persona in SHARES}  # fmt: skip
    network = ciw.create_network(
        arrival_distributions={persona: arrivals(persona) for persona in SHARES},
        service_distributions={persona: [Service(chance) for _ in NODES] for persona in SHARES},
        number_of_servers=[STAFF.get(node, float("inf")) for node in NODES],
        reneging_time_distributions=waits,
        routing={persona: Journey(persona, chance, count) for persona in SHARES},
    )
    ciw.Simulation(network).simulate_until_max_time(minutes)
    return count
