"""Two goals, two staff pools, one of them with both skills: the N-model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sim.theory._chains import Moves, expected, stationary_with_room
from sim.theory._checks import each, positive, whole


@dataclass(frozen=True)
class SkillQueue:
    """What customers of two goals and staff of two pools experience. Pairs are (first, second) goal or pool.

    Attributes
    ----------
    wait_probability : tuple of float
        Per goal, share of arrivals that find nobody free who could serve them.
    abandoned : tuple of float
        Per goal, share of arrivals that abandon.
    mean_wait : tuple of float
        Per goal, mean wait of all arrivals, served or not.
    occupancy : tuple of float
        Per pool, share of time that is busy; 0 for an empty pool.
    states : int
        Size of the chain that was solved.
    """

    wait_probability: tuple[float, float]
    abandoned: tuple[float, float]
    mean_wait: tuple[float, float]
    occupancy: tuple[float, float]
    states: int


def n_model(
    arrival_rates: tuple[float, float],
    service_rates: tuple[float, float, float],
    reneging_rates: tuple[float, float],
    staff: tuple[int, int],
) -> SkillQueue:
    """Exact long-run behaviour of the N-model with exponential service and patience.

    Pool 1 serves goal 1; pool 2 serves both. A customer of goal 1 takes a free member of pool 1 first, else of pool 2;
    goal 2 has pool 2 only. A freed member of pool 2 takes goal 2 first, else goal 1. Within a goal the earliest joined
    is served first. With an empty pool 1 this is the V-model: one pool, goal 2 before goal 1.

    The chain (busy in pool 1, pool 2 serving goal 1, pool 2 serving goal 2, waiting with goal 1, waiting with goal 2)
    is solved as it stands, in a room that grows until the time spent at its edge is negligible. It is meant for small
    pools: two of six people have about 17,000 states.

    Parameters
    ----------
    arrival_rates
        Customers per unit of time, per goal.
    service_rates
        Services one person completes per unit of time: goal 1 by pool 1, goal 1 by pool 2, goal 2 by pool 2.
    reneging_rates
        1 / mean patience, per goal.
    staff
        People on duty, per pool.

    Notes
    -----
    O. Garnett and A. Mandelbaum, An introduction to skills-based routing and its operational complexities (2000).
    """
    positive(**each("arrival_rates", arrival_rates), **each("service_rates", service_rates))
    positive(**each("reneging_rates", reneging_rates))
    whole(0, **{"staff[0]": staff[0]})
    whole(1, **{"staff[1]": staff[1]})
    own, helping, second = service_rates

    def moves_in_room(room: int) -> Moves[_Crowd]:
        def moves(now: _Crowd) -> Iterator[tuple[_Crowd, float]]:
            yield _goal1_joins(now, staff, room), arrival_rates[0]
            yield _goal2_joins(now, staff, room), arrival_rates[1]
            yield now._replace(waiting1=now.waiting1 - 1), now.waiting1 * reneging_rates[0]
            yield now._replace(waiting2=now.waiting2 - 1), now.waiting2 * reneging_rates[1]
            yield _pool1_freed(now), now.pool1 * own
            yield _pool2_freed(now._replace(helping=now.helping - 1)), now.helping * helping
            yield _pool2_freed(now._replace(second=now.second - 1)), now.second * second

        return moves

    def at_edge(now: _Crowd, room: int) -> bool:
        return max(now.waiting1, now.waiting2) >= room

    chain = stationary_with_room(moves_in_room, _Crowd(0, 0, 0, 0, 0), at_edge)
    mean_wait = (
        expected(lambda now: now.waiting1, chain) / arrival_rates[0],
        expected(lambda now: now.waiting2, chain) / arrival_rates[1],
    )
    return SkillQueue(
        wait_probability=(
            expected(lambda now: now.pool1 == staff[0] and _pool2_free(now, staff) == 0, chain),
            expected(lambda now: _pool2_free(now, staff) == 0, chain),
        ),
        abandoned=(reneging_rates[0] * mean_wait[0], reneging_rates[1] * mean_wait[1]),
        mean_wait=mean_wait,
        occupancy=(
            expected(lambda now: now.pool1, chain) / max(staff[0], 1),
            expected(lambda now: now.helping + now.second, chain) / staff[1],
        ),
        states=len(chain),
    )


class _Crowd(NamedTuple):
    """Busy in pool 1; pool 2 helping with goal 1; pool 2 on goal 2; waiting with goal 1; waiting with goal 2."""

    pool1: int
    helping: int
    second: int
    waiting1: int
    waiting2: int


def _pool2_free(now: _Crowd, staff: tuple[int, int]) -> int:
    return staff[1] - now.helping - now.second


def _goal1_joins(now: _Crowd, staff: tuple[int, int], room: int) -> _Crowd:
    if now.pool1 < staff[0]:
        return now._replace(pool1=now.pool1 + 1)
    if _pool2_free(now, staff):
        return now._replace(helping=now.helping + 1)
    return now._replace(waiting1=min(now.waiting1 + 1, room))


def _goal2_joins(now: _Crowd, staff: tuple[int, int], room: int) -> _Crowd:
    if _pool2_free(now, staff):
        return now._replace(second=now.second + 1)
    return now._replace(waiting2=min(now.waiting2 + 1, room))


def _pool1_freed(now: _Crowd) -> _Crowd:
    if now.waiting1:
        return now._replace(waiting1=now.waiting1 - 1)
    return now._replace(pool1=now.pool1 - 1)


def _pool2_freed(now: _Crowd) -> _Crowd:
    if now.waiting2:
        return now._replace(second=now.second + 1, waiting2=now.waiting2 - 1)
    if now.waiting1:
        return now._replace(helping=now.helping + 1, waiting1=now.waiting1 - 1)
    return now
