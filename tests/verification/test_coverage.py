"""Intervals of differences keep their word: 95 of 100 hold the truth, with replications fixed or as many as needed.

Each of 2,000 experiments compares two scenarios whose difference theory knows, from replications of its own: first from
30, then from as many as `scenarios.sweeps.stopping` asks for. The half-width asked for is what an oracle, who knows the
standard deviation σ of a difference, could give with 50: 1.96·σ/√50.

A replication is one week of a long history, of which `Tally` gives every KPI by week. Weeks of a history are all but
independent: the queue forgets within hours, journeys of a chain never meet. What is left touches no experiment, because
its weeks come from different histories. No week serves two experiments; the first 30 weeks of one serve both designs,
which are judged apart.

Intervals at 95 % must hold the truth in 93.5 to 96.5 % of the experiments. Chance moves that share by 0.5 % (one
standard error), so intervals that really hold in 95 % fail by bad luck once in 500 seeds, and those that hold in
94.6 %, as is to be expected of a rule that stops when it has seen enough, once in 70. The seed is the test's name.
"""

import math
from functools import partial

import numpy as np
import pytest
from scipy import special

from scenarios.intervals import interval
from scenarios.sweeps.stopping import Precision, look
from sim import build
from sim.engines import compiled
from sim.kpis import KPIS
from sim.summaries import Tally
from sim.theory import erlang_a
from sim.units import MINUTES_PER_WEEK as WEEK
from tests.verification.phone_lines import exponential, phone_line
from tests.verification.test_journeys import ENDS, FEWER_CALLS, MOVES, STEPS, chain, chain_theory

pytestmark = pytest.mark.slow

EXPERIMENTS = 2_000
FIXED = 30
ORACLE = 50
DEAREST = 1.25  # times what the oracle needs
COVERS = (0.935, 0.965)
LEVEL = 0.95
WEEKS = 250  # of a history
HISTORIES = math.ceil(DEAREST * ORACLE * EXPERIMENTS / WEEKS)  # the dearest the rule may be
SPAN = (WEEK, (1 + WEEKS) * WEEK)  # from a week after an empty start


def weekly(models, kpi, seed, replication):
    """Difference of a KPI between two scenarios in every week of a history."""
    values = []
    for model in models:
        tally = Tally(model, SPAN)
        compiled.read_out(model, seed, replication, [tally], keep=0.0)
        values.append(KPIS[kpi].of(tally.summary()["week"]))
    return values[1] - values[0]


def holds(differences, truth):
    found = interval(differences[None], None, LEVEL)
    return abs(found.mean[0] - truth) <= found.half[0]


@pytest.fixture
def keeps_its_word(side_by_side, seed, report):
    def judge(case, baseline, changed, kpi, truth):
        live = partial(weekly, (build(baseline), build(changed)), kpi, seed)
        weeks = np.array(list(side_by_side(live, range(HISTORIES)))).T.ravel()  # neighbours are of different histories
        assert not np.isnan(weeks).any()
        asked = Precision({kpi: special.ndtri(0.5 + LEVEL / 2) * weeks.std() / math.sqrt(ORACLE)}, LEVEL)
        fixed = np.mean([holds(own, truth) for own in weeks[: EXPERIMENTS * FIXED].reshape(EXPERIMENTS, FIXED)])
        held, bought = 0, 0
        for _ in range(EXPERIMENTS):
            now = look(asked, {kpi: weeks[:0]})
            while not now.done and bought + now.due <= len(weeks):
                own = weeks[bought : bought + now.due]
                now = look(asked, {kpi: own})
            assert now.precise, f"more than {DEAREST:g} times as many replications as the oracle has"
            held, bought = held + holds(own, truth), bought + len(own)
        on_request, cost = held / EXPERIMENTS, bought / EXPERIMENTS / ORACLE
        error = weeks.std() / math.sqrt(len(weeks))
        lines = [
            f"difference of {kpi}: {truth:.6g} in theory, {weeks.mean():.6g} ± {error:.2g} in {len(weeks):,} weeks",
            f"{FIXED} replications: {fixed:.2%} of {EXPERIMENTS:,} intervals at {LEVEL:.0%} hold it",
            f"precision on request: {on_request:.2%} hold it, {cost:.3f} times as many replications as the oracle",
        ]
        report(f"coverage: {case}", lines)
        assert COVERS[0] <= fixed <= COVERS[1]
        assert COVERS[0] <= on_request <= COVERS[1]
        assert cost <= DEAREST

    return judge


def test_intervals_keep_their_word_for_one_more_person_on_an_erlang_a_line(keeps_its_word):
    # Every call answered is worth a euro, so that the revenue of a week is λ·(1 - P(abandoned)), without the small bias
    # of a ratio. The mean over a few months of weeks is in theory what it is over an endless time.
    calls, minutes = 120 / WEEK, 100.0

    def staffed(people):
        raw = phone_line(calls, exponential(minutes), people, SPAN, patience=minutes)
        raw["journeys"]["ask"]["steps"]["call"]["outcomes"] = {"resolved": {"p": 1, "revenue": "1 EUR"}}
        return raw

    abandoned = {people: erlang_a(calls, 1 / minutes, 1 / minutes, people).abandoned for people in (1, 2)}
    keeps_its_word("one more person", staffed(1), staffed(2), "revenue", 120 * (abandoned[1] - abandoned[2]))


def test_intervals_keep_their_word_for_another_routing_of_an_absorbing_chain(keeps_its_word):
    # Journeys do not meet, so the share that ends well is unbiased in a week of however many.
    baseline = chain("chat")
    baseline["clock"] |= {"horizon": f"{SPAN[1] + 1_000} min"}
    baseline["journeys"]["shop"]["when"] = {"arrival": "100 / week"}
    changed = [dict(zip(STEPS + ENDS, row, strict=True)) for row in MOVES]
    changed[STEPS.index("chat")] |= FEWER_CALLS
    before, after = chain_theory(MOVES), chain_theory([list(row.values()) for row in changed])
    truth = (after.end_probabilities - before.end_probabilities)[STEPS.index("chat"), 0]
    keeps_its_word("another routing", baseline, baseline | {"enact": ["better chat"]}, "completion", truth)
