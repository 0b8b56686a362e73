"""Days on which demand and staff change by the hour: the exact mean course of a queue that is never in balance.

Rates are per unit of time and times in that unit; clock times run from the start of the day.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp

from sim.theory._checks import each, not_negative, positive, same_length, whole


@dataclass(frozen=True)
class InfiniteStaffCycle:
    """The lasting rhythm of the number in service when everybody is served at once and demand is a sine wave.

    Attributes
    ----------
    mean_busy : float
        Mean number in service over a cycle.
    amplitude : float
        Swing of the mean number in service around `mean_busy`.
    peak : float
        Largest mean number in service.
    peak_lag : float
        Time by which the number in service peaks after demand does.
    """

    mean_busy: float
    amplitude: float
    peak: float
    peak_lag: float


def infinite_staff_cycle(
    mean_rate: float, amplitude: float, angular_frequency: float, service_rate: float
) -> InfiniteStaffCycle:
    """M(t)/M/∞ under a sine wave of demand: mean, swing, peak and lag of the number in service.

    Demand is mean_rate + amplitude * sin(w t). The number in service is Poisson with a mean that swings around
    mean_rate / μ by amplitude / sqrt(μ² + w²) and lags by arctan(w / μ) / w.

    Parameters
    ----------
    mean_rate
        Customers per unit of time, averaged over a cycle.
    amplitude
        Swing of the arrival rate, at most `mean_rate`.
    angular_frequency
        w, radians per unit of time; 2π / the length of a cycle.
    service_rate
        1 / mean service time, μ.

    Notes
    -----
    S. Eick, W. Massey and W. Whitt, M(t)/G/∞ queues with sinusoidal arrival rates, Management Science 39 (1993).

    Examples
    --------
    >>> day = infinite_staff_cycle(mean_rate=100, amplitude=50, angular_frequency=2 * math.pi / 24, service_rate=1)
    >>> round(day.peak, 4), round(day.peak_lag, 4)
    (148.3699, 0.978)
    """
    positive(mean_rate=mean_rate, angular_frequency=angular_frequency, service_rate=service_rate)
    not_negative(amplitude=amplitude)
    if amplitude > mean_rate:
        raise ValueError(
            f"amplitude {amplitude:g} exceeds mean_rate {mean_rate:g}: the arrival rate would fall below 0 "
            "in the trough; lower the amplitude or raise the mean."
        )
    swing = amplitude / math.hypot(service_rate, angular_frequency)
    return InfiniteStaffCycle(
        mean_busy=mean_rate / service_rate,
        amplitude=swing,
        peak=mean_rate / service_rate + swing,
        peak_lag=math.atan(angular_frequency / service_rate) / angular_frequency,
    )


def infinite_staff_busy(
    mean_rate: float,
    amplitude: float,
    angular_frequency: float,
    service_rate: float,
    time: float,
    *,
    starts_empty: bool = False,
) -> float:
    """M(t)/M/∞ under a sine wave of demand: mean (and variance) of the number in service at one time.

    m(t) = mean_rate / μ + amplitude (μ sin(w t) - w cos(w t)) / (μ² + w²); from an empty start at time 0,
    m(t) - m(0) exp(-μ t).

    Parameters
    ----------
    mean_rate, amplitude, angular_frequency, service_rate
        As in `infinite_staff_cycle`.
    time
        Time since the rising mid-point of demand.
    starts_empty
        Whether nobody was in service at time 0; otherwise the rhythm has gone on for ever.

    Notes
    -----
    S. Eick, W. Massey and W. Whitt, M(t)/G/∞ queues with sinusoidal arrival rates, Management Science 39 (1993).
    """
    cycle = infinite_staff_cycle(mean_rate, amplitude, angular_frequency, service_rate)

    def lasting(moment: float) -> float:
        return cycle.mean_busy + cycle.amplitude * math.sin(angular_frequency * (moment - cycle.peak_lag))

    if not starts_empty:
        return lasting(time)
    not_negative(time=time)
    return lasting(time) - lasting(0) * math.exp(-service_rate * time)


@dataclass(frozen=True)
class DayPeriod:
    """What is expected in one period of a day, all at the same number of staff on duty.

    Attributes
    ----------
    starts : float
        Clock time at which the period begins.
    staff : int
        People on duty.
    arrivals : float
        Expected customers joining.
    abandons : float
        Expected customers abandoning.
    wait_probability : float
        Share of the arrivals that find nobody free; 0 where nobody arrives.
    mean_in_queue : float
        Number waiting, averaged over the period.
    mean_present : float
        Number waiting or in service, averaged over the period.
    occupancy : float
        Busy time of those on duty / their time on duty.
    overtime : float
        Expected time that people whose duty is over spend finishing the customer in hand.
    present_at_end : float
        Expected number waiting or in service when the period ends.
    """

    starts: float
    staff: int
    arrivals: float
    abandons: float
    wait_probability: float
    mean_in_queue: float
    mean_present: float
    occupancy: float
    overtime: float
    present_at_end: float

    @property
    def abandoned(self) -> float:
        """Expected abandons / expected arrivals; 0 where nobody arrives."""
        return self.abandons / self.arrivals if self.arrivals else 0.0


def impatient_day(
    arrival_rate: Callable[[float], float],
    staff: Sequence[int],
    service_rate: float,
    reneging_rate: float,
    *,
    period: float = 1.0,
    leaving: Literal["finish", "preempt"] = "finish",
) -> tuple[DayPeriod, ...]:
    """M(t)/M/c(t)+M from an empty start: what to expect of each period of a day.

    p(n, t), the probability of n customers with or waiting for those on duty, follows Kolmogorov's forward equations
    with births at λ(t) and deaths at μ min(n, c) + θ max(n - c, 0).

    Where duty falls from c to c', the free leave first. Of the busy, min(n, c) - c' have to leave:

    - "finish": each finishes the customer in hand, then leaves. Those customers, and they alone, leave the equations:
      n falls by min(n, c) - c', and what goes on outside is a plain exponential decay. Nothing flows back, so the
      equations stay one-dimensional and exact.
    - "preempt": their customers go back to the queue: n stays as it is.

    Parameters
    ----------
    arrival_rate
        Customers per unit of time at a clock time; it may jump between periods but should be smooth within each.
    staff
        People on duty in each period; 0 where nobody is.
    service_rate
        Services one person completes per unit of time, μ.
    reneging_rate
        1 / mean patience, θ.
    period
        Length of every period.
    leaving
        What the busy do when their duty ends.

    Notes
    -----
    Forward equations: W. Feller, An Introduction to Probability Theory and Its Applications I, chapter XVII. What a
    falling number of staff does: A. Ingolfsson et al., A survey and experimental comparison of service-level-
    approximation methods for nonstationary M(t)/M/s(t) queueing systems with exhaustive discipline, INFORMS Journal on
    Computing 19 (2007).
    The room for customers ends where M/M/∞ at the highest λ and the slower of μ and θ, which has more of them, has less
    than 1e-16 of its probability. Relative error of the integration 1e-11.

    Examples
    --------
    >>> calm, rush = impatient_day(lambda hour: 30 + 20 * hour, [4, 4], service_rate=12, reneging_rate=20)
    >>> round(calm.abandoned, 4), round(rush.abandoned, 4)
    (0.1393, 0.2974)
    """
    positive(service_rate=service_rate, reneging_rate=reneging_rate, period=period)
    same_length(staff=staff)
    whole(0, **each("staff", staff))
    if leaving not in ("finish", "preempt"):
        raise ValueError(f"leaving is {leaving!r}; it should be 'finish' or 'preempt'.")
    room = _room(arrival_rate, len(staff), period, min(service_rate, reneging_rate))

    probability = np.zeros(room + 1)
    probability[0] = 1
    finishing = 0.0
    day = []
    on_duty_before = 0
    for number, on_duty in enumerate(staff):
        if leaving == "finish" and on_duty < on_duty_before:
            probability, more_finishing = _send_home(probability, on_duty_before, on_duty)
            finishing += more_finishing
        starts = number * period
        probability, totals = _forward(probability, arrival_rate, on_duty, service_rate, reneging_rate, starts, period)
        overtime = finishing * -math.expm1(-service_rate * period) / service_rate
        finishing *= math.exp(-service_rate * period)
        on_duty_before = on_duty
        day.append(
            DayPeriod(
                starts=starts,
                staff=on_duty,
                arrivals=totals.arrivals,
                abandons=reneging_rate * totals.waiting,
                wait_probability=totals.delayed / totals.arrivals if totals.arrivals else 0.0,
                mean_in_queue=totals.waiting / period,
                mean_present=(totals.waiting + totals.busy + overtime) / period,
                occupancy=totals.busy / (on_duty * period) if on_duty else 0.0,
                overtime=overtime,
                present_at_end=float(probability @ np.arange(room + 1)) + finishing,
            )
        )
    return tuple(day)


@dataclass(frozen=True)
class _Totals:
    """Integrals over a period: arrivals, arrivals that find nobody free, waiting time, busy time of those on duty."""

    arrivals: float
    delayed: float
    waiting: float
    busy: float


def _room(arrival_rate: Callable[[float], float], periods: int, period: float, slowest_exit: float) -> int:
    rates = [float(arrival_rate(moment)) for moment in np.linspace(0, periods * period, 200 * periods + 1)]
    for rate in rates:
        not_negative(arrival_rate=rate)
    most_present = max(rates) / slowest_exit
    return math.ceil(most_present + 9 * math.sqrt(most_present) + 20)


def _send_home(probability: npt.NDArray[np.float64], before: int, after: int) -> tuple[npt.NDArray[np.float64], float]:
    present = np.arange(len(probability))
    taken_along = np.maximum(np.minimum(present, before) - after, 0)
    left = np.zeros_like(probability)
    np.add.at(left, present - taken_along, probability)
    return left, float(probability @ taken_along)


def _forward(
    probability: npt.NDArray[np.float64],
    arrival_rate: Callable[[float], float],
    on_duty: int,
    service_rate: float,
    reneging_rate: float,
    starts: float,
    period: float,
) -> tuple[npt.NDArray[np.float64], _Totals]:
    """Carry the probabilities through one period, with the four integrals as extra entries of the state."""
    size = len(probability)
    present = np.arange(size)
    busy = np.minimum(present, on_duty)
    waiting = present - busy
    exits = (service_rate * busy + reneging_rate * waiting)[1:]
    ends = starts + period
    last_moment = math.nextafter(ends, starts)  # a rate that jumps at `ends` belongs to the next period

    def change(time: float, state: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        now = state[:size]
        birth = arrival_rate(min(time, last_moment))
        flow = birth * now[:-1] - exits * now[1:]
        rate = np.zeros_like(state)
        rate[: size - 1] = -flow
        rate[1:size] += flow
        rate[size:] = birth, birth * now[on_duty:].sum(), waiting @ now, busy @ now
        return rate

    start = np.concatenate([probability, np.zeros(4)])
    path = solve_ivp(change, (starts, ends), start, method="DOP853", rtol=1e-11, atol=1e-14, t_eval=[ends])
    if not path.success:
        raise ValueError(f"the day could not be followed from {starts:g} to {ends:g}: {path.message}")
    last = path.y[:, -1]
    return last[:size], _Totals(*(float(total) for total in last[size:]))
