"""How many skills are enough: six kinds of calls, ninety people, and as good as everybody knowing everything.

R. Wallace and W. Whitt (A staffing algorithm for call centers with skill-based routing, Manufacturing & Service
Operations Management 7, 2005) found that two skills each are almost as good as all six. Calls of each kind arrive
alike, 8.25 a minute in all, and last 10 minutes; there are thirty lines more than people. Fifteen people know each kind
best, three of whom know each of the others second best. A call goes to whoever knows it best and is idle, and somebody
who becomes idle takes a call of what they know best.
"""

from math import hypot
from statistics import NormalDist

import numpy as np
import pytest

from sim.theory import limited_lines
from tests.verification.phone_lines import exponential, joined_within, mean, round_the_clock, single_call, waits
from tests.verification.verdicts import FALSE_ALARMS, judge

pytestmark = pytest.mark.slow

KINDS = [f"kind {number}" for number in range(1, 7)]
PEOPLE, LINES, RATE, SERVICE = 90, 120, 8.25, 10.0
WINDOW = (600.0, 4_600.0)  # minutes
MEASURES = ("blocked, %", "mean wait, min", "delayed, %", "answered in 30 s, %")
# Another program's run of the same experiment: means and half-widths of intervals at 95 %.
ELSEWHERE = {
    1: ((2.56046, 0.06051), (2.70534, 0.01664), (55.37816, 0.17888), (49.57984, 0.18295)),
    2: ((0.23193, 0.02495), (0.44434, 0.01250), (35.14977, 0.53003), (77.51544, 0.45319)),
    3: ((0.21993, 0.01486), (0.35923, 0.01134), (31.95035, 0.51927), (81.66922, 0.45125)),
    6: ((0.18930, 0.01271), (0.32624, 0.00851), (30.49596, 0.34729), (83.45541, 0.28841)),
}


def skilled(skills):
    """A scenario in which everybody has so many skills: each kind of call lists the pools by how well they know it.

    Those who know a kind best are five groups, whose second, third and further skills are the other kinds in a ring,
    each group from another kind on.
    """
    knows = {}
    for number, kind in enumerate(KINDS):
        others = [*KINDS[number + 1 :], *KINDS[:number]]
        for turn, second in enumerate(others):
            knows[f"{kind}, then {second}"] = [kind, *others[turn:], *others[:turn]]
    shifts = round_the_clock(PEOPLE // len(knows))
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{WINDOW[1] + 60} min"},
        "personas": {"caller": {"share": 1}},
        "touchpoints": {
            kind: {
                "channel": "phone",
                "staff": {pool: 0 for rank in range(skills) for pool, ranked in knows.items() if ranked[rank] == kind},
                "service_time": exponential(SERVICE),
            }
            for kind in KINDS
        },
        "channels": {"phone": {"lines": LINES}},
        "journeys": {f"ask {kind}": single_call(RATE / len(KINDS), kind) for kind in KINDS},
        "staff": {pool: {"shifts": shifts} for pool in knows},
    }


def measured(happened):
    calls = joined_within(happened, WINDOW)
    blocked = calls["outcome"] == happened.names.outcomes.index("blocked")
    waited = waits(calls)[~blocked]
    shares = {"blocked, %": blocked, "delayed, %": waited > 0, "answered in 30 s, %": waited <= 0.5}
    return {"mean wait, min": mean(waited)} | {name: mean(100.0 * share) for name, share in shares.items()}


def test_two_skills_each_are_almost_as_good_as_six(replicate, verdict, report):
    everything = limited_lines(RATE, 1 / SERVICE, PEOPLE, LINES)
    exact = {"mean wait, min": everything.mean_wait, "delayed, %": 100 * everything.wait_probability}
    samples = {skills: replicate(skilled(skills), measured) for skills in ELSEWHERE}
    lines = [f"{'skills':8}{'':22}{'ours':>10}{'± se':>9}{'elsewhere':>12}{'± se':>9}{'z':>7}{'exact':>10}"]
    ours, off = {}, []
    for skills, published in ELSEWHERE.items():
        theirs = {
            name: (mean, half / NormalDist().inv_cdf(0.975))
            for name, (mean, half) in zip(MEASURES, published, strict=True)
        }
        found = judge("skills", {name: mean for name, (mean, _) in theirs.items()}, samples[skills])
        for one in found:
            mean, error = theirs[one.quantity]
            off.append((one.estimate - mean) / hypot(one.error, error))
            lines.append(
                f"{skills:<8}{one.quantity:22}{one.estimate:10.4f}{one.error:9.4f}{mean:12.4f}{error:9.4f}{off[-1]:+7.2f}"
                + (f"{exact[one.quantity]:10.4f}" if skills == len(KINDS) and one.quantity in exact else "")
            )
            ours[skills, one.quantity] = one.estimate
    recovered = {name: (ours[1, name] - ours[2, name]) / (ours[1, name] - ours[len(KINDS), name]) for name in MEASURES}
    lines += [f"two skills recover {share:.1%} of full pooling in: {name}" for name, share in recovered.items()]
    report("skills: six kinds of calls, ninety people, thirty lines more", lines)
    verdict("Six skills: M/M/90/120", exact, samples[len(KINDS)], everything.occupancy)
    farthest = NormalDist().inv_cdf(1 - FALSE_ALARMS / 2 / len(off))
    assert np.abs(off).max() <= farthest, "\n".join(lines)
    assert recovered["mean wait, min"] >= 0.9
    assert min(recovered.values()) >= 0.75
