"""One person who holds two chats at once, each longer if it begins beside another: a Markov chain."""

from functools import partial

import numpy as np
import pytest

from tests.verification.phone_lines import exponential, joined_within, mean, phone_line, served, waits

pytestmark = pytest.mark.slow

LONGEST = 400  # queue that the chain knows; it is never so long


def two_chats(arriving, slower):
    """Stationary P(wait), mean wait and occupancy, services alone being exponential with mean 1.

    A state is how many contacts that began alone, how many that began beside another, and how many wait.
    """
    beside = 1 / (1 + slower)
    states = [(0, 0, 0), (1, 0, 0), (0, 1, 0), *((a, 2 - a, q) for q in range(LONGEST) for a in (1, 0))]
    number = {state: n for n, state in enumerate(states)}
    rates = np.zeros((len(states), len(states)))
    for (alone, others, waiting), n in number.items():
        moves = [((alone, others, waiting), 0.0)]
        if alone + others < 2:
            moves.append((((1, 0, 0) if alone + others == 0 else (alone, others + 1, 0)), arriving))
        elif waiting < LONGEST - 1:
            moves.append(((alone, others, waiting + 1), arriving))
        for left, rate in (((alone - 1, others), alone), ((alone, others - 1), others * beside)):
            if rate > 0:
                after = (left[0], left[1] + 1, waiting - 1) if waiting else (*left, 0)
                moves.append((after, rate))
        for state, rate in moves:
            rates[n, number[state]] += rate
            rates[n, n] -= rate
    balance = np.vstack([rates.T[1:], np.ones(len(states))])
    stationary = np.linalg.solve(balance, np.array([*np.zeros(len(states) - 1), 1.0]))
    full = sum(p for p, (alone, others, _) in zip(stationary, states, strict=True) if alone + others == 2)
    waiting = sum(p * state[2] for p, state in zip(stationary, states, strict=True))
    return {"P(wait)": full, "mean wait": waiting / arriving, "occupancy": 1 - stationary[0]}


def measured(happened, window):
    calls = joined_within(happened, window)
    waited, begun = waits(calls), happened.visits[served(happened.visits)]
    opens, closes = window
    lasted = np.fmin(begun["ended"], closes).clip(opens) - begun["started"].clip(opens, closes)
    busy = float((lasted.clip(0) * begun["attention"]).sum())
    return {"P(wait)": mean(waited > 0), "mean wait": mean(waited), "occupancy": busy / (closes - opens)}


def test_two_chats_without_slowing_down_are_two_people():
    arriving = 1.2
    share = (arriving**2 / (1 - arriving / 2)) / (2 * (1 + arriving) + arriving**2 / (1 - arriving / 2))  # Erlang C
    assert two_chats(arriving, 0.0)["P(wait)"] == pytest.approx(share)
    assert two_chats(arriving, 0.0)["mean wait"] == pytest.approx(share / (2 - arriving))


def test_chats_that_slow_each_other_down_are_as_a_markov_chain_says(replicate, verdict):
    window = (200.0, 10_200.0)
    scenario = phone_line(1.2, exponential(1), 1, window)
    scenario["staff"]["team"]["at_once"] = {"contacts": 2, "slower": 0.25}
    samples = replicate(scenario, partial(measured, window=window))
    verdict("one person, two chats, λ 1.2, slower 0.25", two_chats(1.2, 0.25), samples)
