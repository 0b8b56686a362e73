"""Queues at one touchpoint in the long run: Erlang B, C and A, limited lines, and the error of an estimate.

Every rate is per unit of time and every time is in that unit; which unit is up to the caller, as long as there is one.
Arrivals are Poisson, service is exponential unless said otherwise, and the earliest joined is served first.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gammainc

from sim.theory._checks import enough_staff, not_negative, positive, share, whole

FALL = 60.0
"""Integrands are followed until they have fallen by a factor exp(FALL), about 1e-26."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


@dataclass(frozen=True)
class LossQueue:
    """A touchpoint without a queue: who finds nobody free is blocked.

    Attributes
    ----------
    blocked : float
        Share of arrivals turned away.
    occupancy : float
        Share of staff time that is busy.
    """

    blocked: float
    occupancy: float


def erlang_b(offered_load: float, staff: int) -> LossQueue:
    """M/G/c/c: no queue at all; the law of service time does not matter.

    B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)), with a the offered load and c the staff; occupancy = a (1 - B(c)) / c.

    Parameters
    ----------
    offered_load
        Arrival rate * mean service time, erlangs.
    staff
        People on duty.

    Notes
    -----
    A. K. Erlang (1917). The recursion is stable for any c.

    Examples
    --------
    >>> erlang_b(offered_load=2, staff=2)
    LossQueue(blocked=0.4, occupancy=0.6)
    """
    positive(offered_load=offered_load)
    whole(1, staff=staff)
    blocked = _blocked(offered_load, staff)
    return LossQueue(blocked=blocked, occupancy=offered_load * (1 - blocked) / staff)


def _blocked(offered_load: float, staff: int) -> float:
    blocked = 1.0
    for people in range(1, staff + 1):
        blocked = offered_load * blocked / (people + offered_load * blocked)
    return blocked


@dataclass(frozen=True)
class DelayQueue:
    """A touchpoint where everybody waits for as long as it takes.

    Attributes
    ----------
    occupancy : float
        Share of staff time that is busy.
    wait_probability : float
        Share of arrivals that wait at all.
    mean_wait : float
        Mean waiting time of all arrivals, those who do not wait included.
    mean_in_queue : float
        Mean number of customers waiting.
    mean_sojourn : float
        Mean time from joining to leaving.
    mean_present : float
        Mean number of customers waiting or in service.
    service_level : float
        Share of arrivals that wait `within` or less.
    wait_exceeds : float
        Share of arrivals that wait longer than `within`.
    """

    occupancy: float
    wait_probability: float
    mean_wait: float
    mean_in_queue: float
    mean_sojourn: float
    mean_present: float
    service_level: float
    wait_exceeds: float


def erlang_c(arrival_rate: float, service_rate: float, staff: int, within: float = 0.0) -> DelayQueue:
    """M/M/c: customers wait for as long as it takes.

    C = B / (1 - r (1 - B)) with r the occupancy and B Erlang's loss; P(wait > T) = C exp(-(c μ - λ) T);
    mean wait = C / (c μ - λ).

    Parameters
    ----------
    arrival_rate
        Customers per unit of time, λ.
    service_rate
        Services one person completes per unit of time, μ.
    staff
        People on duty, c; more than the offered load λ / μ.
    within
        T of the service level.

    Notes
    -----
    A. K. Erlang (1917); L. Kleinrock, Queueing Systems I (1975), chapter 3.

    Examples
    --------
    >>> queue = erlang_c(arrival_rate=0.9, service_rate=1, staff=1)
    >>> round(queue.mean_wait, 6)
    9.0
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate)
    whole(1, staff=staff)
    not_negative(within=within)
    offered_load = arrival_rate / service_rate
    enough_staff(offered_load, staff)
    occupancy = offered_load / staff
    blocked = _blocked(offered_load, staff)
    wait_probability = blocked / (1 - occupancy * (1 - blocked))
    spare_rate = staff * service_rate - arrival_rate
    mean_wait = wait_probability / spare_rate
    mean_sojourn = mean_wait + 1 / service_rate
    wait_exceeds = wait_probability * math.exp(-spare_rate * within)
    return DelayQueue(
        occupancy=occupancy,
        wait_probability=wait_probability,
        mean_wait=mean_wait,
        mean_in_queue=arrival_rate * mean_wait,
        mean_sojourn=mean_sojourn,
        mean_present=arrival_rate * mean_sojourn,
        service_level=1 - wait_exceeds,
        wait_exceeds=wait_exceeds,
    )


@dataclass(frozen=True)
class ImpatientQueue:
    """A touchpoint where customers abandon when their patience ends.

    "Wait" is the time in the queue, whether it ended in service or in abandonment. "Within" is the T of the service
    level.

    Attributes
    ----------
    occupancy : float
        Share of staff time that is busy.
    wait_probability : float
        Share of arrivals that find nobody free.
    abandoned : float
        Share of arrivals that abandon.
    mean_wait : float
        Mean wait of all arrivals.
    mean_wait_served : float
        Mean wait of those served (ASA).
    mean_wait_abandoned : float
        Mean wait of those who abandon.
    mean_offered_wait : float
        Mean wait that a customer of endless patience would have.
    mean_in_queue : float
        Mean number of customers waiting.
    wait_exceeds : float
        Share of arrivals still waiting after `within`.
    abandoned_within : float
        Share of arrivals that abandon within T.
    service_level : float
        Served within T / offered.
    service_level_answered : float
        Served within T / served.
    service_level_net : float
        Served within T / (offered - abandoned within T).
    service_level_credited : float
        (Served within T + abandoned within T) / offered.
    """

    occupancy: float
    wait_probability: float
    abandoned: float
    mean_wait: float
    mean_wait_served: float
    mean_wait_abandoned: float
    mean_offered_wait: float
    mean_in_queue: float
    wait_exceeds: float
    abandoned_within: float
    service_level: float
    service_level_answered: float
    service_level_net: float
    service_level_credited: float


def erlang_a(
    arrival_rate: float, service_rate: float, reneging_rate: float, staff: int, within: float = 0.0
) -> ImpatientQueue:
    """M/M/c+M: patience is exponential, and the queue is stable under any load.

    Let V be the wait a customer of endless patience would have. It is 0 with probability 1 - P(wait), and otherwise has
    a density proportional to exp(f(v)), f(v) = λ (1 - exp(-θ v)) / θ - c μ v, with

        P(wait) = λ J / (1 / B(c-1) + λ J),   J = integral of exp(f) over v > 0,

    B Erlang's loss. Whoever has less patience than V abandons, so every column is a mean over V:
    abandoned = E[1 - exp(-θ V)], mean wait = abandoned / θ, and so on.

    Parameters
    ----------
    arrival_rate
        Customers per unit of time, λ.
    service_rate
        Services one person completes per unit of time, μ.
    reneging_rate
        1 / mean patience, θ.
    staff
        People on duty, c.
    within
        T of the service level.

    Notes
    -----
    S. Zeltyn and A. Mandelbaum, Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue,
    Queueing Systems 51 (2005). exp(f) is scaled by its maximum, and the integral follows it until it has fallen by
    1e-26, so that hundreds of staff and any load neither overflow nor lose digits.

    Examples
    --------
    >>> queue = erlang_a(arrival_rate=48, service_rate=1, reneging_rate=0.5, staff=50, within=1 / 3)
    >>> round(queue.abandoned, 6), round(queue.service_level, 6)
    (0.030912, 0.943019)
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate, reneging_rate=reneging_rate)
    whole(1, staff=staff)
    not_negative(within=within)
    wait_probability, offered_wait, chance = _offered_wait(arrival_rate, service_rate, reneging_rate, staff, within)

    patience_left = np.exp(-reneging_rate * offered_wait)
    in_time = offered_wait < within
    lost_patience = float(chance @ -np.expm1(-reneging_rate * offered_wait))
    abandoned = wait_probability * lost_patience
    served = 1 - wait_probability + wait_probability * float(chance @ patience_left)
    mean_wait = abandoned / reneging_rate
    wait_exceeds = wait_probability * float(chance @ ~in_time) * math.exp(-reneging_rate * within)
    abandoned_within = wait_probability * float(chance @ -np.expm1(-reneging_rate * np.minimum(offered_wait, within)))
    service_level = 1 - wait_probability + wait_probability * float(chance @ (in_time * patience_left))
    return ImpatientQueue(
        occupancy=arrival_rate / service_rate * served / staff,
        wait_probability=wait_probability,
        abandoned=abandoned,
        mean_wait=mean_wait,
        mean_wait_served=wait_probability * float(chance @ (offered_wait * patience_left)) / served,
        mean_wait_abandoned=float(chance @ gammainc(2, reneging_rate * offered_wait)) / reneging_rate / lost_patience,
        mean_offered_wait=wait_probability * float(chance @ offered_wait),
        mean_in_queue=arrival_rate * mean_wait,
        wait_exceeds=wait_exceeds,
        abandoned_within=abandoned_within,
        service_level=service_level,
        service_level_answered=service_level / served,
        service_level_net=service_level / (1 - abandoned_within),
        service_level_credited=service_level + abandoned_within,
    )


def _offered_wait(
    arrival_rate: float, service_rate: float, reneging_rate: float, staff: int, within: float
) -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """P(V > 0), and V given V > 0 as quadrature points with their probabilities; no panel straddles `within`."""
    drain = staff * service_rate
    likeliest = max(0.0, math.log(arrival_rate / drain) / reneging_rate)
    joining = min(arrival_rate, drain)  # rate of arrivals patient enough to wait `likeliest`
    top = (arrival_rate - joining) / reneging_rate - drain * likeliest

    def fall(beyond: float) -> float:
        """f(likeliest) - f(likeliest + beyond), free of the huge terms that cancel."""
        return drain * beyond + joining * math.expm1(-reneging_rate * beyond) / reneging_rate

    reach = 1 / drain
    while fall(reach) < FALL:
        reach *= 2
    first = -likeliest
    if fall(first) > FALL:
        first = brentq(lambda beyond: fall(beyond) - FALL, first, 0)
    last = brentq(lambda beyond: fall(beyond) - FALL, 0, reach)

    even = np.linspace(first, last, 65)
    towards_first = first + (last - first) * 0.5 ** np.arange(7, 40)
    edges = np.unique(np.concatenate([even, towards_first, [min(max(first, within - likeliest), last)]]))
    half = np.diff(edges)[:, None] / 2
    points = (edges[:-1, None] + half + half * NODES).ravel()
    heights = np.exp(-drain * points - joining * np.expm1(-reneging_rate * points) / reneging_rate)
    mass = heights * (half * WEIGHTS).ravel()
    integral = float(mass.sum())

    delayed = arrival_rate * _blocked(arrival_rate / service_rate, staff - 1) * integral
    return delayed / (math.exp(-top) + delayed), likeliest + points, mass / integral


@dataclass(frozen=True)
class LimitedQueue:
    """A touchpoint with a limited number of lines: who finds them all taken is blocked.

    Attributes
    ----------
    blocked : float
        Share of arrivals turned away.
    occupancy : float
        Share of staff time that is busy.
    wait_probability : float
        Share of those let in that wait.
    mean_wait : float
        Mean wait of those let in.
    mean_in_queue : float
        Mean number of customers waiting.
    """

    blocked: float
    occupancy: float
    wait_probability: float
    mean_wait: float
    mean_in_queue: float


def limited_lines(arrival_rate: float, service_rate: float, staff: int, lines: int) -> LimitedQueue:
    """M/M/c/K: customers wait as long as it takes, but at most `lines` of them can be present.

    The number present n has weights a^n / n! up to c, then a factor a / c per further customer; those who arrive to
    n = K are blocked.

    Parameters
    ----------
    arrival_rate
        Customers per unit of time.
    service_rate
        Services one person completes per unit of time.
    staff
        People on duty, c.
    lines
        Customers that can be present, waiting or in service, K; at least c.

    Notes
    -----
    L. Kleinrock, Queueing Systems I (1975), chapter 3.

    Examples
    --------
    >>> queue = limited_lines(arrival_rate=2, service_rate=1, staff=1, lines=3)
    >>> round(queue.blocked, 6)
    0.533333
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate)
    whole(1, staff=staff)
    whole(staff, lines=lines)
    offered_load = arrival_rate / service_rate
    present = np.arange(lines + 1)
    busy = np.minimum(present, staff)
    log_weight = np.concatenate([[0.0], np.cumsum(np.log(offered_load / busy[1:]))])
    probability = np.exp(log_weight - log_weight.max())
    probability /= probability.sum()
    blocked = float(probability[lines])
    let_in = 1 - blocked
    mean_in_queue = float(probability @ (present - busy))
    return LimitedQueue(
        blocked=blocked,
        occupancy=offered_load * let_in / staff,
        wait_probability=float(probability[staff:lines].sum()) / let_in,
        mean_wait=mean_in_queue / (arrival_rate * let_in),
        mean_in_queue=mean_in_queue,
    )


def separate_teams(arrival_rate: float, service_rate: float, staff: int, teams: int, lines: int) -> LimitedQueue:
    """Teams that serve a kind of customers each and share their lines: M/M/c several times over, under one limit.

    Without the limit the numbers present are independent, with the weights w(n) of M/M/c. Each is reversible, and so
    the limit leaves the product of the weights as it is, for all states of at most K customers: with W the weights of
    the number in all teams, and R of that in all but one, both convolutions of w, who arrives is let in with
    probability sum over n < K of W(n) / sum over n ≤ K, and waits in the own team if it has c or more of them.

    Parameters
    ----------
    arrival_rate
        Customers per unit of time, for each team.
    service_rate
        Services one person completes per unit of time.
    staff
        People on duty in each team, c.
    teams
        How many teams there are.
    lines
        Customers that can be present, waiting or in service, in all teams together, K; at least teams * c.

    Notes
    -----
    F. Kelly, Reversibility and Stochastic Networks (1979), section 1.6; convolution after J. Buzen, Computational
    algorithms for closed queueing networks with exponential servers, Communications of the ACM 16 (1973).

    Examples
    --------
    >>> queue = separate_teams(arrival_rate=8.25 / 6, service_rate=0.1, staff=15, teams=6, lines=120)
    >>> round(queue.blocked, 6), round(queue.mean_wait, 6)
    (0.031166, 2.84176)
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate)
    whole(1, staff=staff, teams=teams)
    whole(teams * staff, lines=lines)
    present = np.arange(lines + 1)
    busy = np.minimum(present, staff)
    log_weight = np.concatenate([[0.0], np.cumsum(np.log(arrival_rate / service_rate / busy[1:]))])
    own = np.exp(log_weight - log_weight.max())
    others = np.eye(1, lines + 1)[0]
    for _ in range(teams - 1):
        others = np.convolve(others, own)[: lines + 1]
        others /= others.max()
    up_to = np.cumsum(others)
    here = own * up_to[::-1]  # any number of others for whom there is room
    found = own[:-1] * up_to[-2::-1]  # by those who are let in
    let_in = float(found.sum() / here.sum())
    here, found = here / here.sum(), found / found.sum()
    mean_in_queue = float(here @ (present - busy))
    return LimitedQueue(
        blocked=1 - let_in,
        occupancy=arrival_rate / service_rate * let_in / staff,
        wait_probability=float(found[staff:].sum()),
        mean_wait=mean_in_queue / (arrival_rate * let_in),
        mean_in_queue=mean_in_queue,
    )


@dataclass(frozen=True)
class EstimationError:
    """How much a long simulation of M/M/1 still errs, started in the long run.

    Attributes
    ----------
    mean_present : float
        Mean number of customers waiting or in service.
    present_variance : float
        t * Var(average number present over a time t), for large t.
    mean_wait : float
        Mean waiting time.
    wait_variance : float
        n * Var(mean wait of n successive customers), for large n.
    """

    mean_present: float
    present_variance: float
    mean_wait: float
    wait_variance: float

    def customers_needed(self, relative_error: float, level: float = 0.95) -> float:
        """Customers for an interval of mean_wait * (1 ± relative_error) at confidence `level`."""
        positive(relative_error=relative_error)
        share(level=level)
        z = NormalDist().inv_cdf((1 + level) / 2)
        return (z / (relative_error * self.mean_wait)) ** 2 * self.wait_variance


def estimation_error(arrival_rate: float, service_rate: float) -> EstimationError:
    """M/M/1: the variance of long-run averages, to decide how long to simulate.

    With r the occupancy and μ = 1: t Var(average number present) -> 2 r (1 + r) / (1 - r)⁴, and
    n Var(mean wait) -> r (2 + 5 r - 4 r² + r³) / (1 - r)⁴; in general divide the first by μ, the second by μ².

    Parameters
    ----------
    arrival_rate
        Customers per unit of time.
    service_rate
        Services per unit of time, μ.

    Notes
    -----
    W. Whitt, Planning queueing simulations, Management Science 35 (1989); D. J. Daley, The serial correlation
    coefficients of waiting times in a stationary single server queue, J. Austral. Math. Soc. 8 (1968).

    Examples
    --------
    >>> error = estimation_error(arrival_rate=0.5, service_rate=1)
    >>> error.present_variance, error.wait_variance
    (24.0, 29.0)
    """
    queue = erlang_c(arrival_rate, service_rate, staff=1)
    r = queue.occupancy
    return EstimationError(
        mean_present=queue.mean_present,
        present_variance=2 * r * (1 + r) / (1 - r) ** 4 / service_rate,
        mean_wait=queue.mean_wait,
        wait_variance=r * (2 + 5 * r - 4 * r**2 + r**3) / (1 - r) ** 4 / service_rate**2,
    )
