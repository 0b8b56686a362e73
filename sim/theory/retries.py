"""Queues whose lost customers come back: retrial queues, and redialling after abandonment.

Rates are per unit of time and times in that unit. Customers between two attempts are "in orbit".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sim.theory._chains import Moves, expected, stationary_with_room
from sim.theory._checks import enough_staff, positive, whole


@dataclass(frozen=True)
class RetrialQueue:
    """One member of staff, no queue: who finds them busy tries again until served.

    Attributes
    ----------
    occupancy : float
        Share of staff time that is busy; also the share of first attempts that are blocked.
    mean_in_orbit : float
        Mean number of customers between two attempts.
    mean_time_in_orbit : float
        Mean time from first attempt to start of service, over all customers.
    """

    occupancy: float
    mean_in_orbit: float
    mean_time_in_orbit: float


def linear_retrial(arrival_rate: float, service_rate: float, retry_rate: float) -> RetrialQueue:
    """M/M/1 with retrials, each customer in orbit trying on their own.

    mean in orbit = r² / (1 - r) * (1 + μ / δ), with r = λ / μ and δ the retry rate.

    Parameters
    ----------
    arrival_rate
        New customers per unit of time, λ.
    service_rate
        Services per unit of time, μ.
    retry_rate
        Attempts per unit of time of each customer in orbit, δ.

    Notes
    -----
    G. Falin and J. Templeton, Retrial Queues (1997).

    Examples
    --------
    >>> linear_retrial(arrival_rate=0.5, service_rate=1, retry_rate=1).mean_in_orbit
    1.0
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate, retry_rate=retry_rate)
    load = arrival_rate / service_rate
    enough_staff(load, staff=1)
    mean_in_orbit = load**2 / (1 - load) * (1 + service_rate / retry_rate)
    return RetrialQueue(load, mean_in_orbit, mean_in_orbit / arrival_rate)


def constant_retrial(arrival_rate: float, service_rate: float, retry_rate: float) -> RetrialQueue:
    """M/M/1 with retrials, only one customer in orbit trying at a time.

    Stable if λ (λ + δ) < μ δ. With G(z) the generating function of the orbit while staff is free,
    mean in orbit = G'(1) (1 + (λ + δ) / μ), where

        G'(1) = (1 - r) / (μ - λ) * λ ((μ - λ) (λ + δ) / slack - 1),
        slack = μ δ - λ (λ + δ).

    Parameters
    ----------
    arrival_rate
        New customers per unit of time, λ.
    service_rate
        Services per unit of time, μ.
    retry_rate
        Attempts per unit of time of the whole orbit while anybody is in it, δ.

    Notes
    -----
    G. Fayolle, A simple telephone exchange with delayed feedbacks, in Teletraffic Analysis and Computer Performance
    Evaluation (1986).

    Examples
    --------
    >>> constant_retrial(arrival_rate=0.5, service_rate=1, retry_rate=1).mean_in_orbit
    2.5
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate, retry_rate=retry_rate)
    load = arrival_rate / service_rate
    enough_staff(load, staff=1)
    either_rate = arrival_rate + retry_rate
    slack = service_rate * retry_rate - arrival_rate * either_rate
    if slack <= 0:
        least = arrival_rate**2 / (service_rate - arrival_rate)
        raise ValueError(
            f"retry_rate {retry_rate:g} is too slow: the orbit would grow without end. "
            f"With these arrivals and services it has to exceed {least:g}."
        )
    spare_rate = service_rate - arrival_rate
    slope = (1 - load) / spare_rate * arrival_rate * (spare_rate * either_rate / slack - 1)
    mean_in_orbit = slope * (1 + either_rate / service_rate)
    return RetrialQueue(load, mean_in_orbit, mean_in_orbit / arrival_rate)


@dataclass(frozen=True)
class RedialQueue:
    """A queue where some of those who abandon call again. One customer may make several calls.

    Attributes
    ----------
    call_rate : float
        Calls per unit of time, first calls and redials.
    wait_probability : float
        Share of calls that find nobody free.
    abandoned : float
        Share of calls that are abandoned.
    lost : float
        Share of customers who are never served.
    mean_wait : float
        Mean wait of all calls.
    mean_in_orbit : float
        Mean number of customers between two calls.
    """

    call_rate: float
    wait_probability: float
    abandoned: float
    lost: float
    mean_wait: float
    mean_in_orbit: float


def redial(
    arrival_rate: float,
    service_rate: float,
    reneging_rate: float,
    staff: int,
    redial_probability: float,
    redial_rate: float,
) -> RedialQueue:
    """M/M/c+M with redial: whoever abandons calls again with a probability, after an exponential delay.

    There is no closed formula. The chain (number present n, number in orbit k) is solved as it stands, in a room that
    grows until the time spent at its edge is negligible.

    Parameters
    ----------
    arrival_rate
        First calls per unit of time, λ.
    service_rate
        Services one person completes per unit of time, μ.
    reneging_rate
        1 / mean patience, θ.
    staff
        People on duty, c.
    redial_probability
        Probability that an abandoned call is followed by another; below 1.
    redial_rate
        1 / mean delay before the next call, δ.

    Notes
    -----
    A. Mandelbaum, W. Massey, M. Reiman, A. Stolyar and B. Rider, Queue lengths and waiting times for multiserver
    queues with abandonment and retrials, Telecommunication Systems 21 (2002).
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate, reneging_rate=reneging_rate, redial_rate=redial_rate)
    whole(1, staff=staff)
    if not 0 <= redial_probability < 1:
        raise ValueError(
            f"redial_probability is {redial_probability:g}; it should be 0 or more and below 1: "
            "at 1 nobody is ever lost, and the queue may never settle."
        )

    def moves_in_room(room: int) -> Moves[_Calls]:
        def moves(now: _Calls) -> Iterator[tuple[_Calls, float]]:
            busy = min(now.present, staff)
            waiting = now.present - busy
            comes_back = redial_probability if now.orbit < room else 0.0
            if waiting < room:
                yield _Calls(now.present + 1, now.orbit), arrival_rate
                yield _Calls(now.present + 1, now.orbit - 1), now.orbit * redial_rate
            yield _Calls(now.present - 1, now.orbit), busy * service_rate
            yield _Calls(now.present - 1, now.orbit + 1), waiting * reneging_rate * comes_back
            yield _Calls(now.present - 1, now.orbit), waiting * reneging_rate * (1 - comes_back)

        return moves

    def at_edge(now: _Calls, room: int) -> bool:
        return now.present - staff >= room or now.orbit >= room

    def delayed_rate(now: _Calls) -> float:
        return arrival_rate + now.orbit * redial_rate if now.present >= staff else 0.0

    chain = stationary_with_room(moves_in_room, _Calls(0, 0), at_edge)
    mean_in_orbit = expected(lambda now: now.orbit, chain)
    mean_waiting = expected(lambda now: max(now.present - staff, 0), chain)
    call_rate = arrival_rate + mean_in_orbit * redial_rate
    return RedialQueue(
        call_rate=call_rate,
        wait_probability=expected(delayed_rate, chain) / call_rate,
        abandoned=reneging_rate * mean_waiting / call_rate,
        lost=(1 - redial_probability) * reneging_rate * mean_waiting / arrival_rate,
        mean_wait=mean_waiting / call_rate,
        mean_in_orbit=mean_in_orbit,
    )


class _Calls(NamedTuple):
    """Customers waiting or in service; customers between two calls."""

    present: int
    orbit: int
