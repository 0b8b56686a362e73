"""Queues where the law of service time or the order of service matters: Pollaczek-Khinchine and Cobham.

Units as in `queues`: rates per unit of time, times in that unit. Priorities are listed with the first served first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sim.theory._checks import each, enough_staff, not_negative, positive, same_length
from sim.theory.queues import erlang_c


@dataclass(frozen=True)
class GeneralServiceQueue:
    """One member of staff, any law of service time.

    Attributes
    ----------
    occupancy : float
        Share of staff time that is busy; also the share of arrivals that wait.
    mean_wait : float
        Mean waiting time of all arrivals.
    mean_in_queue : float
        Mean number of customers waiting.
    mean_sojourn : float
        Mean time from joining to leaving.
    """

    occupancy: float
    mean_wait: float
    mean_in_queue: float
    mean_sojourn: float


def pollaczek_khinchine(arrival_rate: float, mean_service_time: float, service_cv: float) -> GeneralServiceQueue:
    """M/G/1: one member of staff, any law of service time S.

    mean wait = λ E[S²] / (2 (1 - λ E[S])), E[S²] = E[S]² (1 + cv²).

    Parameters
    ----------
    arrival_rate
        Customers per unit of time, λ.
    mean_service_time
        E[S].
    service_cv
        Standard deviation of S / E[S]: 0 constant, 1 exponential.

    Notes
    -----
    F. Pollaczek (1930), A. Khinchine (1932); L. Kleinrock, Queueing Systems I (1975), chapter 5.

    Examples
    --------
    >>> round(pollaczek_khinchine(arrival_rate=0.8, mean_service_time=1, service_cv=0).mean_wait, 6)
    2.0
    """
    waits = priority_general_service([arrival_rate], [mean_service_time], [service_cv])
    mean_wait = waits.mean_waits[0]
    return GeneralServiceQueue(
        occupancy=waits.occupancy,
        mean_wait=mean_wait,
        mean_in_queue=arrival_rate * mean_wait,
        mean_sojourn=mean_wait + mean_service_time,
    )


@dataclass(frozen=True)
class PriorityQueue:
    """Several priorities at one touchpoint; a service once begun is finished.

    Attributes
    ----------
    occupancy : float
        Share of staff time that is busy.
    mean_waits : tuple of float
        Mean waiting time per priority, the first served first.
    """

    occupancy: float
    mean_waits: tuple[float, ...]


def priority_general_service(
    arrival_rates: Sequence[float], mean_service_times: Sequence[float], service_cvs: Sequence[float]
) -> PriorityQueue:
    """M/G/1 with priorities, no preemption: one member of staff, each priority with its own service time.

    mean wait of priority k = W0 / ((1 - s(k-1)) (1 - s(k))), with s(k) the load of priorities 1..k and
    W0 = sum of λ E[S²] / 2 the mean work left in the service found in progress.

    Parameters
    ----------
    arrival_rates, mean_service_times, service_cvs
        Per priority, the first served first: customers per unit of time, mean service time, and its coefficient of
        variation.

    Notes
    -----
    A. Cobham, Priority assignment in waiting line problems, Operations Research 2 (1954).

    Examples
    --------
    >>> queue = priority_general_service([0.2, 0.7], [1, 1], [1, 1])
    >>> [round(wait, 6) for wait in queue.mean_waits]
    [1.125, 11.25]
    """
    same_length(arrival_rates=arrival_rates, mean_service_times=mean_service_times, service_cvs=service_cvs)
    positive(**each("arrival_rates", arrival_rates), **each("mean_service_times", mean_service_times))
    not_negative(**each("service_cvs", service_cvs))
    loads = [rate * time for rate, time in zip(arrival_rates, mean_service_times, strict=True)]
    residual = sum(
        load * time * (1 + cv**2) / 2 for load, time, cv in zip(loads, mean_service_times, service_cvs, strict=True)
    )
    return _priority(residual, loads, staff=1)


def priority_many_staff(arrival_rates: Sequence[float], service_rate: float, staff: int) -> PriorityQueue:
    """M/M/c with priorities, no preemption, one service rate for all.

    As with one member of staff, but W0 = C / (c μ), with C Erlang's probability of waiting under the whole load.

    Parameters
    ----------
    arrival_rates
        Customers per unit of time, per priority, the first served first.
    service_rate
        Services one person completes per unit of time, μ.
    staff
        People on duty, c.

    Notes
    -----
    A. Cobham, Priority assignment in waiting line problems, Operations Research 2 (1954).

    Examples
    --------
    >>> queue = priority_many_staff([8, 40], service_rate=1, staff=50)
    >>> [round(wait, 6) for wait in queue.mean_waits]
    [0.016535, 0.413366]
    """
    same_length(arrival_rates=arrival_rates)
    positive(**each("arrival_rates", arrival_rates))
    everyone = erlang_c(sum(arrival_rates), service_rate, staff)
    loads = [arrival_rate / service_rate for arrival_rate in arrival_rates]
    return _priority(everyone.wait_probability / (staff * service_rate), loads, staff)


def _priority(residual: float, loads: Sequence[float], staff: int) -> PriorityQueue:
    enough_staff(sum(loads), staff)
    free = [1 - load / staff for load in accumulate(loads, initial=0.0)]
    return PriorityQueue(
        occupancy=sum(loads) / staff,
        mean_waits=tuple(residual / (before * after) for before, after in pairwise(free)),
    )
