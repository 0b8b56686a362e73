"""Journeys through several touchpoints: networks of queues, recontact, and absorbing chains.

Rates are per unit of time and times in that unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from sim.theory._checks import each, enough_staff, not_negative, positive, same_length
from sim.theory.queues import DelayQueue, erlang_c

ROUNDING = 1e-9
"""Probabilities may miss 1 by this much."""


@dataclass(frozen=True)
class JacksonNetwork:
    """Touchpoints that pass customers on to each other.

    Attributes
    ----------
    arrival_rates : tuple of float
        Visits per unit of time at each touchpoint, first visits and passed on.
    touchpoints : tuple of DelayQueue
        What happens at each touchpoint.
    contacts_per_journey : float
        Mean number of visits from entering to leaving.
    mean_journey_time : float
        Mean time from entering to leaving.
    mean_open_journeys : float
        Mean number of customers anywhere in the network.
    """

    arrival_rates: tuple[float, ...]
    touchpoints: tuple[DelayQueue, ...]
    contacts_per_journey: float
    mean_journey_time: float
    mean_open_journeys: float


def jackson_network(
    external_rates: Sequence[float],
    routing: Sequence[Sequence[float]],
    service_rates: Sequence[float],
    staff: Sequence[int],
) -> JacksonNetwork:
    """Solve an open network of M/M/c touchpoints with random routing.

    The arrival rates solve λ = γ + λ P, so λ = γ (I - P)⁻¹. In the long run the numbers present
    are independent, each as in M/M/c at its own λ. Waits along one path are not independent, but their means add.

    Parameters
    ----------
    external_rates
        Journeys that begin at each touchpoint per unit of time, γ.
    routing
        routing[i][j] is the probability of going from touchpoint i to j next, P; what a row lacks to 1 leaves.
    service_rates
        Services one person completes per unit of time, per touchpoint.
    staff
        People on duty, per touchpoint.

    Notes
    -----
    J. R. Jackson, Networks of waiting lines, Operations Research 5 (1957).

    Examples
    --------
    >>> shop = jackson_network([1, 0], [[0, 0.5], [0.2, 0]], service_rates=[2, 1], staff=[1, 1])
    >>> round(shop.contacts_per_journey, 6)
    1.666667
    """
    same_length(external_rates=external_rates, routing=routing, service_rates=service_rates, staff=staff)
    not_negative(**each("external_rates", external_rates))
    positive(**{"the sum of external_rates": sum(external_rates)})
    visits = _mean_visits("routing", _probabilities("routing", routing, columns=len(routing)))
    arrival_rates: list[float] = (np.asarray(external_rates, dtype=float) @ visits).tolist()
    positive(**each("service_rates", service_rates), **each("arrivals at touchpoint", arrival_rates))

    touchpoints = []
    for place, (arrival_rate, service_rate, people) in enumerate(zip(arrival_rates, service_rates, staff, strict=True)):
        enough_staff(arrival_rate / service_rate, people, where=f"touchpoint {place}: ")
        touchpoints.append(erlang_c(arrival_rate, service_rate, people))
    open_journeys = sum(touchpoint.mean_present for touchpoint in touchpoints)
    return JacksonNetwork(
        arrival_rates=tuple(arrival_rates),
        touchpoints=tuple(touchpoints),
        contacts_per_journey=sum(arrival_rates) / sum(external_rates),
        mean_journey_time=open_journeys / sum(external_rates),
        mean_open_journeys=open_journeys,
    )


@dataclass(frozen=True)
class TandemSojourn:
    """Time from joining the first touchpoint of a line to leaving the last.

    Attributes
    ----------
    mean : float
        Mean time.
    variance : float
        Variance of the time.
    exceeds : float
        Share of customers that take longer than `beyond`.
    """

    mean: float
    variance: float
    exceeds: float


def tandem_sojourn(arrival_rate: float, service_rates: Sequence[float], beyond: float) -> TandemSojourn:
    """M/M/1 touchpoints one after the other: the whole law of the time through the line.

    Sojourn times at the touchpoints are independent and exponential with rates μ_i - λ; their sum is
    hypoexponential, and its tail is a matrix exponential, so equal rates need no special case.

    Parameters
    ----------
    arrival_rate
        Customers per unit of time, λ.
    service_rates
        Services per unit of time at each touchpoint, μ_i, one member of staff each.
    beyond
        Time whose excess probability is asked for.

    Notes
    -----
    E. Reich, Waiting times when queues are in tandem, Annals of Mathematical Statistics 28 (1957).

    Examples
    --------
    >>> line = tandem_sojourn(arrival_rate=0.5, service_rates=[1, 0.8], beyond=5)
    >>> round(line.mean, 6), round(line.exceeds, 6)
    (5.333333, 0.434698)
    """
    same_length(service_rates=service_rates)
    positive(arrival_rate=arrival_rate, **each("service_rates", service_rates))
    not_negative(beyond=beyond)
    for place, service_rate in enumerate(service_rates):
        enough_staff(arrival_rate / service_rate, staff=1, where=f"touchpoint {place}: ")
    leaving_rates = np.array(service_rates) - arrival_rate
    passage = np.diag(-leaving_rates) + np.diag(leaving_rates[:-1], k=1)
    return TandemSojourn(
        mean=float(np.sum(1 / leaving_rates)),
        variance=float(np.sum(1 / leaving_rates**2)),
        exceeds=float(expm(passage * beyond)[0].sum()),
    )


@dataclass(frozen=True)
class Recontact:
    """A touchpoint that sees unresolved issues again.

    Attributes
    ----------
    contact_rate : float
        Contacts per unit of time, first contacts and recontacts.
    recontact_share : float
        Share of contacts that are recontacts.
    mean_contacts : float
        Mean contacts per issue.
    contacts_variance : float
        Variance of the contacts per issue.
    queue : DelayQueue
        What happens to one contact.
    mean_time_in_contact : float
        Mean time per issue waiting and in service, over all its contacts.
    mean_time_to_resolution : float
        The same plus the delays between contacts.
    """

    contact_rate: float
    recontact_share: float
    mean_contacts: float
    contacts_variance: float
    queue: DelayQueue
    mean_time_in_contact: float
    mean_time_to_resolution: float


def recontact(
    new_rate: float, service_rate: float, staff: int, first_contact_resolution: float, mean_delay: float = 0.0
) -> Recontact:
    """M/M/c with Bernoulli feedback: every contact resolves the issue with one probability, else there is another.

    With p that probability, contacts arrive at rate λ / p and the number per issue is geometric: mean 1 / p,
    variance (1 - p) / p². The queue is M/M/c at λ / p, whatever the law of the delay before a recontact.

    Parameters
    ----------
    new_rate
        New issues per unit of time, λ.
    service_rate
        Services one person completes per unit of time.
    staff
        People on duty, c.
    first_contact_resolution
        p, the same at every contact.
    mean_delay
        Mean time from an unresolved contact to the next, spent elsewhere.

    Notes
    -----
    L. Takacs, A single-server queue with feedback, Bell System Technical Journal 42 (1963), for c = 1; in general a
    Jackson network of the queue and a ./G/∞ delay (Baskett, Chandy, Muntz and Palacios, J. ACM 22, 1975).

    Examples
    --------
    >>> again = recontact(new_rate=4, service_rate=1, staff=6, first_contact_resolution=0.8)
    >>> round(again.contact_rate, 6), round(again.mean_time_in_contact, 6)
    (5.0, 1.984396)
    """
    if not 0 < first_contact_resolution <= 1:
        raise ValueError(
            f"first_contact_resolution is {first_contact_resolution:g}; it should be above 0 and at most 1."
        )
    positive(new_rate=new_rate)
    not_negative(mean_delay=mean_delay)
    contact_rate = new_rate / first_contact_resolution
    queue = erlang_c(contact_rate, service_rate, staff)
    mean_contacts = 1 / first_contact_resolution
    time_in_contact = queue.mean_sojourn * mean_contacts
    return Recontact(
        contact_rate=contact_rate,
        recontact_share=1 - first_contact_resolution,
        mean_contacts=mean_contacts,
        contacts_variance=(1 - first_contact_resolution) * mean_contacts**2,
        queue=queue,
        mean_time_in_contact=time_in_contact,
        mean_time_to_resolution=time_in_contact + (mean_contacts - 1) * mean_delay,
    )


@dataclass(frozen=True, eq=False)
class JourneyChain:
    """What becomes of a journey, per step it may start from (rows).

    Attributes
    ----------
    visits : ndarray
        visits[i, j] is the mean number of visits to step j of a journey that starts at i, the start included.
    end_probabilities : ndarray
        end_probabilities[i, k] is the probability that a journey from i ends in k.
    mean_steps : ndarray
        Mean number of visits.
    steps_variance : ndarray
        Variance of the number of visits.
    mean_cost : ndarray
        Mean total cost.
    """

    visits: npt.NDArray[np.float64]
    end_probabilities: npt.NDArray[np.float64]
    mean_steps: npt.NDArray[np.float64]
    steps_variance: npt.NDArray[np.float64]
    mean_cost: npt.NDArray[np.float64]


def absorbing_journey(
    moves: Sequence[Sequence[float]], ends: Sequence[Sequence[float]], costs: Sequence[float] | None = None
) -> JourneyChain:
    """Follow a journey whose next step depends on the present step alone, until it ends.

    With Q the moves and R the ends: visits N = (I - Q)⁻¹, end probabilities N R, mean steps t = N 1, variance of the
    steps (2 N - I) t - t * t, mean cost N c.

    Parameters
    ----------
    moves
        moves[i][j] is the probability of step j next after step i, Q.
    ends
        ends[i][k] is the probability that the journey ends in k after step i, R. Each row of Q and R adds up to 1.
    costs
        Cost of one visit to each step, c; 0 if not stated. With mean times instead of costs, `mean_cost` is the mean
        journey time.

    Notes
    -----
    J. Kemeny and J. Snell, Finite Markov Chains (1960), chapter III.

    Examples
    --------
    >>> journey = absorbing_journey(moves=[[0, 0.5], [0.2, 0]], ends=[[0.5, 0], [0, 0.8]], costs=[1, 10])
    >>> journey.end_probabilities.round(6).tolist()
    [[0.555556, 0.444444], [0.111111, 0.888889]]
    """
    costs = [0.0] * len(moves) if costs is None else costs
    same_length(moves=moves, ends=ends, costs=costs)
    onward = _probabilities("moves", moves, columns=len(moves))
    outward = _probabilities("ends", ends, columns=len(ends[0]))
    for place, total in enumerate(onward.sum(axis=1) + outward.sum(axis=1)):
        if abs(total - 1) > ROUNDING:
            raise ValueError(f"moves[{place}] and ends[{place}] add up to {total:g} together; they should add up to 1.")
    visits = _mean_visits("moves", onward)
    mean_steps = visits.sum(axis=1)
    return JourneyChain(
        visits=visits,
        end_probabilities=visits @ outward,
        mean_steps=mean_steps,
        steps_variance=(2 * visits - np.eye(len(visits))) @ mean_steps - mean_steps**2,
        mean_cost=visits @ np.asarray(costs, dtype=float),
    )


def _probabilities(name: str, rows: Sequence[Sequence[float]], columns: int) -> npt.NDArray[np.float64]:
    for place, row in enumerate(rows):
        if len(row) != columns:
            raise ValueError(f"{name}[{place}] has {len(row)} entries; it should have {columns}.")
        not_negative(**each(f"{name}[{place}]", row))
        if sum(row) > 1 + ROUNDING:
            raise ValueError(f"{name}[{place}] adds up to {sum(row):g}; probabilities add up to 1 at most.")
    return np.asarray(rows, dtype=float)


def _mean_visits(name: str, moves: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(I - Q)⁻¹, provided that every journey ends some day."""
    if np.abs(np.linalg.eigvals(moves)).max() > 1 - ROUNDING:
        raise ValueError(f"{name} has a loop that nobody ever leaves; some row in it should add up to less than 1.")
    visits: npt.NDArray[np.float64] = np.linalg.inv(np.eye(len(moves)) - moves).astype(np.float64)
    return visits
