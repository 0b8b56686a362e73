"""The contact centre as one would write it in cimba: Python processes, compiled, on an engine in C.

cimba (https://github.com/FBarrca/cimba_python, Apache-2.0) is not a dependency of Desirepath: `pip install cimba`.
"""

from __future__ import annotations

from functools import cache

import cimba as cb
import numpy as np
from numba import njit

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
from tests.benchmarks.idiomatic_simpy import LOGNORMAL

# Tables that are frozen into the compiled code; a place is its number among the touchpoints, and the last one leaves.
LEAVES = len(TOUCHPOINTS)
WHO = np.cumsum(list(SHARES.values()))
FIRST = np.cumsum([BEGIN[persona] for persona in SHARES], axis=1)
NEXT = np.cumsum([ONWARD[persona] for persona in SHARES], axis=2)
AGAIN = np.cumsum([[ELSEWHERE.get(place, {}).get(to, 0) for to in TOUCHPOINTS] for place in TOUCHPOINTS], axis=1)
MEAN_PATIENCE = np.array([PATIENCE[persona] for persona in SHARES])
TRIES = np.array([TRIES_ELSEWHERE[persona] for persona in SHARES])
POOL = np.array([list(STAFF).index(POOLS[place]) if place in POOLS else -1 for place in TOUCHPOINTS])
MEAN = np.array([SERVICE[place][0] for place in TOUCHPOINTS])
MU, SIGMA = np.array([LOGNORMAL.get(place, (0.0, 0.0)) for place in TOUCHPOINTS]).T
OUT_OF_PATIENCE = 7


@njit
def chosen(cumulative):
    """Number of what is chosen."""
    at, chance = 0, cb.random.uniform()
    while at < len(cumulative) - 1 and chance >= cumulative[at]:
        at += 1
    return at


@njit
def service_time(place):
    """Draw the minutes a service takes."""
    return cb.random.lognormal(MU[place], SIGMA[place]) if SIGMA[place] > 0 else cb.random.exponential(MEAN[place])


class Centre(cb.Model):
    """The pools, and whoever arrives."""

    callers: cb.Resource = cb.Resource(capacity=STAFF["callers"])
    chatters: cb.Resource = cb.Resource(capacity=STAFF["chatters"])
    experts: cb.Resource = cb.Resource(capacity=STAFF["experts"])
    services: cb.Output[float]
    started: cb.Output[float]
    waited: cb.Output[float]
    abandoned: cb.Output[float]

    @cb.on_start
    def begin(self):
        self.services = 0.0
        self.started = 0.0
        self.waited = 0.0
        self.abandoned = 0.0

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(cb.random.exponential(1 / ARRIVALS_PER_MINUTE))
            cb.spawn(Customer, centre=self, persona=chosen(WHO))


class Customer(cb.Model):
    """Somebody on a journey."""

    centre: cb.Ref[Centre]
    persona: int

    @cb.process
    def live(self):
        persona = self.persona
        place = chosen(FIRST[persona])
        while place != LEAVES:
            pool = POOL[place]
            if pool >= 0:
                joined = cb.now()
                cb.this_process().timer_set(cb.random.exponential(MEAN_PATIENCE[persona]), OUT_OF_PATIENCE)
                if pool == 0:
                    came = self.centre.callers.acquire()
                elif pool == 1:
                    came = self.centre.chatters.acquire()
                else:
                    came = self.centre.experts.acquire()
                if came != 0:
                    self.centre.abandoned += 1
                    place = chosen(AGAIN[place]) if cb.random.uniform() < TRIES[persona] else LEAVES
                    continue
                cb.this_process().timers_clear()
                self.centre.started += 1
                self.centre.waited += cb.now() - joined
                cb.hold(service_time(place))
                if pool == 0:
                    self.centre.callers.release()
                elif pool == 1:
                    self.centre.chatters.release()
                else:
                    self.centre.experts.release()
            else:
                cb.hold(service_time(place))
            self.centre.services += 1
            place = chosen(NEXT[persona][place])
        cb.release(self)


@cache
def centre():
    """The model, compiled when it first runs."""
    return Centre()


def run(minutes: float, seed: int) -> Count:
    """Simulate so many minutes from an empty start."""
    experiment = cb.Experiment(centre(), window=cb.Window(duration=minutes), seed=seed)
    found = experiment.run(workers=1)[centre()]
    services, started, waited, abandoned = (
        float(np.asarray(getattr(found, name)).item()) for name in ("services", "started", "waited", "abandoned")
    )
    return Count(int(services), int(started), waited, int(abandoned))
