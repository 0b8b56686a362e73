"""How many skills are enough: six kinds of calls, ninety people, and as good as everybody knowing everything.

R. Wallace and W. Whitt (A staffing algorithm for call centers with skill-based routing, Manufacturing & Service
Operations Management 7, 2005) found that two skills each are almost as good as all six. Calls of each kind arrive
alike, 8.25 a minute in all, and last 10 minutes; there are thirty lines more than people. Fifteen people know each kind
best, three of whom know each of the others second best. A call goes to whoever knows it best and is idle, and somebody
who becomes idle takes a call of what they know best.
"""

from math import hypot
from statistics import NormalDist

import pytest

from sim.theory import limited_lines, separate_teams
from tests.verification.phone_lines import exponential, joined_within, mean, round_the_clock, single_call, waits
from tests.verification.verdicts import FALSE_ALARMS, judge

pytestmark = pytest.mark.slow

KINDS = [f"kind {number}" for number in range(1, 7)]
PEOPLE, LINES, RATE, SERVICE = 90, 120, 8.25, 10.0
WINDOW = (600.0, 4_600.0)  # minutes
QUICK = 0.5  # minutes
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


def named(skills, measure):
    return f"{skills} skill{'s' if skills > 1 else ''}: {measure}"


def measured(*worlds):
    samples = {}
    for skills, happened in zip(ELSEWHERE, worlds, strict=True):
        calls = joined_within(happened, WINDOW)
        blocked = calls["outcome"] == happened.names.outcomes.index("blocked")
        waited = waits(calls)[~blocked]
        values = (100.0 * blocked, waited, 100.0 * (waited > 0), 100.0 * (waited <= QUICK))
        samples |= {named(skills, what): mean(value) for what, value in zip(MEASURES, values, strict=True)}
    return samples


def exactly(skills, queue):
    values = (100 * queue.blocked, queue.mean_wait, 100 * queue.wait_probability)
    return {named(skills, what): value for what, value in zip(MEASURES, values, strict=False)}


def test_two_skills_each_are_almost_as_good_as_six(replicate, verdict, report):
    teams = len(KINDS)
    apart = separate_teams(RATE / teams, 1 / SERVICE, PEOPLE // teams, teams, LINES)
    together = limited_lines(RATE, 1 / SERVICE, PEOPLE, LINES)
    exact = exactly(1, apart) | exactly(teams, together)
    published = {
        named(skills, what): pair
        for skills in ELSEWHERE
        for what, pair in zip(MEASURES, ELSEWHERE[skills], strict=True)
    }
    samples = replicate([skilled(skills) for skills in ELSEWHERE], measured)
    found = judge("skills", {name: mean for name, (mean, _) in published.items()}, samples)
    ours = {one.quantity: one.estimate for one in found}
    lines, off = [f"{'':30}{'ours':>10}{'± se':>9}{'elsewhere':>12}{'± se':>9}{'z':>7}{'exact':>10}"], {}
    for one in found:
        error = published[one.quantity][1] / NormalDist().inv_cdf(0.975)
        off[one.quantity] = (one.estimate - one.theory) / hypot(one.error, error)
        known = f"{exact[one.quantity]:10.4f}" if one.quantity in exact else ""
        lines.append(
            f"{one.quantity:30}{one.estimate:10.4f}{one.error:9.4f}{one.theory:12.4f}{error:9.4f}"
            f"{off[one.quantity]:+7.2f}{known}"
        )
    recovered = {
        what: (ours[named(1, what)] - ours[named(2, what)]) / (ours[named(1, what)] - ours[named(teams, what)])
        for what in MEASURES
    }
    lines += [f"two skills recover {share:.1%} of full pooling in: {what}" for what, share in recovered.items()]
    report("skills: six kinds of calls, ninety people, thirty lines more", lines)
    # Blocked calls come in bursts: an error of 1 % of theory would take an hour, so they are compared below only.
    certain = {name: value for name, value in exact.items() if "blocked" not in name}
    busy = dict.fromkeys(exactly(teams, together), together.occupancy)
    verdict("Skills: M/M/15 six times over, and M/M/90, with 120 lines", certain, samples, busy)
    # With one skill the other program misses what is exact, and ours does not.
    for what in (named(1, "blocked, %"), named(1, "mean wait, min")):
        off[what] = next((one.estimate - exact[what]) / one.error for one in found if one.quantity == what)
    farthest = NormalDist().inv_cdf(1 - FALSE_ALARMS / 2 / len(off))
    assert max(map(abs, off.values())) <= farthest, "\n".join(lines)
    assert recovered["mean wait, min"] >= 0.9
    assert min(recovered.values()) >= 0.75
