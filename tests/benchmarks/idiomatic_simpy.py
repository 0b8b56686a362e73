"""The contact centre as one would write it in SimPy: a Resource per pool, and `turn | patience` in the queue."""

from __future__ import annotations

from itertools import accumulate
from math import exp, log, log1p, sqrt
from random import Random

import simpy

from tests.benchmarks.contact_centre import (
    ARRIVALS_PER_MINUTE,
    BEGIN,
    ELSEWHERE,
    ONWARD,
    PATIENCE,
    POOLS,
    SERVICE,
    SHARES,
    STAFF,
    TOUCHPOINTS,
    TRIES_ELSEWHERE,
)
from tests.benchmarks.counting import Count

LEAVES = "leaves"


class Choice:
    """Names with weights, one of which is chosen."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.names, self.cumulative = list(weights), list(accumulate(weights.values()))

    def __call__(self, chance: Random) -> str:
        return chance.choices(self.names, cum_weights=self.cumulative)[0]


def logarithm(mean: float, cv: float) -> tuple[float, float]:
    """Mean and standard deviation of a lognormal's logarithm."""
    sigma = sqrt(log1p(cv * cv))
    return log(mean) - sigma * sigma / 2, sigma


LOGNORMAL = {place: logarithm(mean, cv) for place, (mean, cv) in SERVICE.items() if cv is not None}
WHO = Choice(SHARES)
FIRST = {persona: Choice(dict(zip(TOUCHPOINTS, weights, strict=True))) for persona, weights in BEGIN.items()}
NEXT = {
    persona: {
        place: Choice(dict(zip((*TOUCHPOINTS, LEAVES), row, strict=True)))
        for place, row in zip(TOUCHPOINTS, rows, strict=True)
    }
    for persona, rows in ONWARD.items()
}
AGAIN = {place: Choice(weights) for place, weights in ELSEWHERE.items()}


def service_time(place: str, chance: Random) -> float:
    """Draw the minutes a service takes."""
    if place in LOGNORMAL:
        return chance.lognormvariate(*LOGNORMAL[place])
    return chance.expovariate(1 / SERVICE[place][0])


def customer(env: simpy.Environment, pools: dict[str, simpy.Resource], chance: Random, count: Count):
    """Live through a journey."""
    persona = WHO(chance)
    place = FIRST[persona](chance)
    satisfaction = 0.7
    while place != LEAVES:
        waited = 0.0
        if place in POOLS:
            joined = env.now
            with pools[POOLS[place]].request() as turn:
                patience = env.timeout(chance.expovariate(1 / PATIENCE[persona]))
                result = yield turn | patience
                if turn not in result:
                    count.abandoned += 1
                    satisfaction *= 0.8
                    place = AGAIN[place](chance) if chance.random() < TRIES_ELSEWHERE[persona] else LEAVES
                    continue
                waited = env.now - joined
                count.started += 1
                count.waited += waited
                yield env.timeout(service_time(place, chance))
        else:
            yield env.timeout(service_time(place, chance))
        count.services += 1
        satisfaction += 0.25 * (exp(-waited / 3) - satisfaction)
        place = NEXT[persona][place](chance)
    if chance.random() < 1 / (1 + exp(8 * (satisfaction - 0.45))):
        count.lost += 1


def arrivals(env: simpy.Environment, pools: dict[str, simpy.Resource], chance: Random, count: Count):
    """Let customers come at random."""
    while True:
        yield env.timeout(chance.expovariate(ARRIVALS_PER_MINUTE))
        env.process(customer(env, pools, chance, count))


def run(minutes: float, seed: int) -> Count:
    """Simulate so many minutes from an empty start."""
    env = simpy.Environment()
    pools = {name: simpy.Resource(env, capacity=people) for name, people in STAFF.items()}
    count = Count()
    env.process(arrivals(env, pools, Random(seed), count))  # noqa: S311 - nothing secret here
    env.run(until=minutes)
    return count
