"""Long-run probabilities of a Markov chain that is described by its moves."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeAlias, TypeVar

import numpy as np
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

State = TypeVar("State", bound=Hashable)
Moves: TypeAlias = Callable[[State], Iterable[tuple[State, float]]]

EDGE = 1e-13
"""The room is large enough when the chain spends less than this share of time at its edge."""

MOST_STATES = 300_000


def stationary_with_room(
    moves_in_room: Callable[[int], Moves[State]], start: State, at_edge: Callable[[State, int], bool], room: int = 45
) -> dict[State, float]:
    """Long-run probabilities of a chain on an infinite space, cut off where it hardly ever is.

    Parameters
    ----------
    moves_in_room
        For a given room, the moves that keep every count without limit at `room` or less.
    start
        Any state the chain can always come back to.
    at_edge
        Whether a state uses up the given room.
    room
        The first room tried; it doubles until the time spent at the edge is below `EDGE`.

    Returns
    -------
    dict
        Probability of each state.
    """
    while True:
        chain = stationary(moves_in_room(room), start)
        if sum(probability for state, probability in chain.items() if at_edge(state, room)) < EDGE:
            return chain
        room *= 2


def stationary(moves: Moves[State], start: State) -> dict[State, float]:
    """Long-run probabilities of every state that can be reached from `start`.

    Solves π Q = 0, Σ π = 1, by inverse iteration: Q is moved off singularity by a hair, factored once, and three
    solves then leave nothing but the null vector. No state has to be pinned, so none can be an unlucky choice.

    Parameters
    ----------
    moves
        From a state, the states it can move to, each with its rate; rates to the same state add up.
    start
        Any state the chain can always come back to.

    Returns
    -------
    dict
        Probability of each state.
    """
    index = {start: 0}
    to_explore = [start]
    origin: list[int] = []
    target: list[int] = []
    rates: list[float] = []
    while to_explore:
        state = to_explore.pop()
        for reached, rate in moves(state):
            if rate == 0:
                continue
            if reached not in index:
                index[reached] = len(index)
                to_explore.append(reached)
            origin.append(index[state])
            target.append(index[reached])
            rates.append(rate)
        if len(index) > MOST_STATES:
            raise ValueError(
                f"the chain needs more than {MOST_STATES:,} states; "
                "smaller staff numbers, a shorter patience or a quicker retry keep it small."
            )
    size = len(index)
    inflow = csc_array((rates, (target, origin)), shape=(size, size))
    outflow = np.bincount(origin, weights=rates, minlength=size)
    hair = 1e-12 * outflow.max()
    balance = inflow - csc_array(eye_array(size).multiply(outflow + hair))
    factored = splu(csc_array(balance))
    probability = np.full(size, 1 / size)
    for _ in range(3):
        probability = factored.solve(probability)
        probability /= probability.sum()
    return {state: float(probability[row]) for state, row in index.items()}


def expected(quantity: Callable[[State], float], chain: Mapping[State, float]) -> float:
    """Long-run mean of a quantity that depends on the state."""
    return sum(quantity(state) * probability for state, probability in chain.items())
