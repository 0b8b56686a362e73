"""A ramp grows into a change step by step, and never before its time."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.assumed import when_in_force
from sim import build, enacted
from sim.changes import phases
from sim.model import Arrivals, Satisfaction, Target, Touchpoint
from sim.ramps import Ramp, between
from tests.sim.stories import call, company, desk, pool, shift, tell

DAY, WEEK = 1440.0, 10080.0
CLOCK = {"start": "2025-01-06", "horizon": "10 weeks"}


def growing(ramp, settings, **parts):
    change = {"from": "2025-01-20", "ramp": ramp, "set": settings}
    return company(**({"clock": CLOCK, "changes": {"grow": change}, "enact": "grow"} | parts))


def steps(raw, value):
    """Days at which a value changes, and what it is from then on."""
    told = [(phase.start / DAY, value(phase.model)) for phase in phases(build(raw))]
    return [told[0], *(after for before, after in pairwise(told) if after[1] != before[1])]


# ---- its steps -------------------------------------------------------------------------------------------------------


def test_a_ramp_of_weeks_has_a_step_a_week_each_at_its_middle():
    ramp = Ramp(2 * WEEK, 4 * WEEK)
    assert ramp.edges == [2 * WEEK, 3 * WEEK, 4 * WEEK, 5 * WEEK, 6 * WEEK]
    assert [ramp.share(t) for t in ramp.edges] == [0.125, 0.375, 0.625, 0.875, 1.0]


def test_a_ramp_of_days_has_a_step_a_day():
    assert Ramp(0, 3 * DAY).steps == 3
    assert Ramp(0, 14 * DAY).steps == 14
    assert Ramp(0, 15 * DAY).steps == 3


def test_without_a_ramp_all_of_it_is_there_at_once():
    assert Ramp(5.0, 0.0).edges == [5.0]
    assert Ramp(5.0, 0.0).share(5.0) == 1.0


@given(st.floats(0, 1e6), st.floats(1, 1e6))
def test_all_in_all_a_ramp_does_what_a_straight_line_would(begins, length):
    ramp = Ramp(begins, length)
    lived = sum(ramp.share(start) * (end - start) for start, end in pairwise(ramp.edges))
    assert lived == pytest.approx(length / 2, rel=1e-6)


# ---- what lies between -----------------------------------------------------------------------------------------------


def test_numbers_lie_between_and_people_are_whole():
    assert between(2.0, 4.0, 0.25) == 2.5
    assert [between(1, 4, share) for share in (0.1, 0.2, 0.5, 0.9)] == [1, 2, 3, 4]
    assert between("a", "b", 0.1) == "b"
    assert between(True, False, 0.1) is False
    assert between(None, 3.0, 0.1) == 3.0


def test_new_weights_grow_from_nothing_and_old_ones_shrink_to_it():
    assert between({"a": 1.0}, {"b": 1.0}, 0.25) == {"a": 0.75, "b": 0.25}
    grown = between({}, {"b": Target(p=0.8, after={"kind": "exponential", "mean": "5 min"})}, 0.5)
    assert grown["b"].p == 0.4
    assert grown["b"].after.mean == 5
    assert between({}, {"need": Arrivals(rate="2 / min")}, 0.5)["need"].rate == 1


def test_an_overflow_that_is_new_is_there_at_once():
    before = Touchpoint(channel="phone", service_time="5 min", staff={"tier1": 0})
    after = Touchpoint(channel="phone", service_time="7 min", staff={"tier1": 0, "tier2": "3 min"})
    grown = between(before, after, 0.5)
    assert grown.staff == {"tier1": 0, "tier2": 3}
    assert grown.service_time.value == 6


def test_what_is_derived_from_a_value_follows_it():
    before, after = Satisfaction(rest=6.0, terms={"price": 0.0}), Satisfaction(rest=8.0, terms={"price": 1.0})
    assert (before.level, after.level) == (6, 9)  # both known already
    assert between(before, after, 0.5).level == 7.5


# ---- in a scenario ---------------------------------------------------------------------------------------------------


def test_a_headcount_grows_over_the_weeks_of_a_ramp():
    raw = growing("4 weeks", {"staff.clerks.shifts.only.headcount": 5})
    assert steps(raw, lambda model: model.staff["clerks"].shifts["only"].headcount) == [
        (0, 1), (14, 2), (21, 3), (28, 4), (35, 5)
    ]  # fmt: skip


def test_a_shift_that_is_new_grows_from_nobody():
    raw = growing("2 weeks", {"staff.clerks.shifts.more": shift(4)})
    people = steps(raw, lambda model: getattr(model.staff["clerks"].shifts.get("more"), "headcount", 0))
    assert people == [(0, 0), (16, 1), (19, 2), (23, 3), (26, 4)]


def test_probabilities_add_up_to_one_at_every_step():
    steps_of = "journeys.ann.steps.call.outcomes"
    raw = growing("5 weeks", {f"{steps_of}.resolved": 0.25, f"{steps_of}.unresolved": 0.75,
                              "journeys.ann.steps.call.next.unresolved": {"give_up": 1}})  # fmt: skip
    told = [
        {name: outcome.p for name, outcome in phase.model.journeys["ann"].steps["call"].outcomes.items()}
        for phase in phases(build(raw))
    ]
    assert [sum(each.values()) for each in told] == pytest.approx([1] * len(told))
    assert told[1]["unresolved"] == pytest.approx(0.075)
    assert told[-1] == {"resolved": 0.25, "unresolved": 0.75}


def test_a_ramp_that_has_begun_before_the_start_goes_on_from_where_it_is():
    raw = growing("4 weeks", {"staff.clerks.wage": "8 EUR / h"})
    raw["changes"]["grow"]["from"] = "2024-12-23"
    wages = steps(raw, lambda model: round(model.staff["clerks"].wage * 60, 9))
    assert wages == [(0, 5), (7, 7), (14, 8)]


def test_two_ramps_at_once_each_take_their_own_way():
    raw = growing("4 weeks", {"staff.clerks.wage": "8 EUR / h"}, enact=["grow", "cheaper"])
    raw["changes"]["cheaper"] = {"from": "2025-01-27", "ramp": "2 weeks", "set": {"staff.clerks.overtime": 3}}
    last = phases(build(raw))[-1].model.staff["clerks"]
    assert (last.wage * 60, last.overtime) == (pytest.approx(8), 3)
    fourth_week = next(phase.model for phase in phases(build(raw)) if phase.start == 28 * DAY)
    assert fourth_week.staff["clerks"].wage * 60 == pytest.approx(5)
    assert fourth_week.staff["clerks"].overtime == pytest.approx(1 + 2 * 7.5 / 14)


def test_another_change_inside_a_ramp_leaves_its_steps_as_they_are():
    alone = growing("4 weeks", {"staff.clerks.wage": "8 EUR / h"})
    both = growing("4 weeks", {"staff.clerks.wage": "8 EUR / h"}, enact=["grow", "more"])
    both["changes"]["more"] = {"from": "2025-01-23", "set": {"staff.clerks.overtime": 2}}
    alone, both = (steps(raw, lambda model: model.staff["clerks"].wage) for raw in (alone, both))
    assert alone == both


def test_nothing_before_a_ramp_is_touched():
    raw = company(
        clock={"start": "2025-01-06", "horizon": "3 days"},
        touchpoints={"desk": desk(minutes=60)},
        journeys={"ann": call(0) | {"when": {"every": "70 min"}}},
        changes={"slower": {"from": "2025-01-07", "ramp": "2 days", "set": {"staff.clerks.shifts.only.headcount": 9}}},
        staff={"clerks": pool(1)},
        population={"customers": 3},
    )
    model = build(raw)
    before, after = (tell(scenario.raw).visits for scenario in (model, enacted(model, ["slower"])))
    early = pl.col("ended") < DAY
    assert before.filter(early).equals(after.filter(early))
    assert not before.equals(after)


def test_a_ramp_is_told():
    model = build(growing("4 weeks", {"staff.clerks.wage": "8 EUR / h"}))
    assert when_in_force(model, "grow") == "from Monday 20 January 2025 on, growing over 4 weeks"
