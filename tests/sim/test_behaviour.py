"""Behaviour in Python: what it is asked, what comes of it, and which engine it runs on."""

import math

import pytest

from sim import Behaviour, build, simulate
from tests.engines.equal import assert_same_tables
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, pool


def lived(raw, behaviour, seed=1):
    return simulate(build(raw), seed, engine="reference", behaviour=behaviour).tables


def test_a_behaviour_that_changes_nothing_changes_nothing():
    assert_same_tables(lived(EVERYTHING, Behaviour(), seed=5), simulate(build(EVERYTHING), 5).tables)


def test_the_compiled_engine_says_that_it_cannot_run_python():
    with pytest.raises(ValueError, match="cannot run Behaviour, which is Python; ask for engine='reference'"):
        simulate(build(company()), 1, behaviour=Behaviour())


def two_callers(**person):
    """Ann is served from minute 10 to 15; Bob calls at minute 11 and waits for the only clerk."""
    return company(
        personas={"person": {"share": 1} | person},
        touchpoints={"desk": desk(minutes=5)},
        journeys={"ann": call(10), "bob": call(11)},
        staff={"clerks": pool(1, 0, 480)},
    )


def of(tables, goal):
    return tables.visits.filter(goal=goal).row(0, named=True)


def test_patience_can_hang_on_the_journey():
    class Hurried(Behaviour):
        def patience(self, visit, minutes):
            assert minutes == math.inf
            return 2.0 if visit.issue.name == "bob" else minutes

    bob = of(lived(two_callers(), Hurried()), "bob")
    assert (bob["outcome"], bob["joined"], bob["ended"]) == ("abandoned", 11.0, 13.0)


def test_service_can_be_quicker_for_those_who_waited():
    class Sorry(Behaviour):
        def service_time(self, visit, minutes):
            return minutes / 2 if visit.waited(visit.joined + 4) and visit.started > visit.joined else minutes

    tables = lived(two_callers(), Sorry())
    assert of(tables, "ann")["ended"] == 15.0
    assert (of(tables, "bob")["started"], of(tables, "bob")["ended"]) == (15.0, 17.5)


def test_outcomes_can_be_ruled_out():
    raw = two_callers()
    for journey in raw["journeys"].values():
        for step in journey["steps"].values():
            step |= {"outcomes": {"resolved": 0.5, "unresolved": 0.5}, "next": {"unresolved": {"give_up": 1}}}

    class Able(Behaviour):
        def outcomes(self, visit, weights):
            assert dict(weights) == {"resolved": 0.5, "unresolved": 0.5}
            return {"unresolved": 1.0} if visit.issue.name == "bob" else {"resolved": 1.0}

    tables = lived(raw, Able())
    assert (of(tables, "ann")["outcome"], of(tables, "bob")["outcome"]) == ("resolved", "unresolved")


def test_moods_stay_on_their_scale():
    class Delighted(Behaviour):
        def mood(self, visit, mood):
            return mood + 100 if visit.issue.name == "ann" else mood - 100

    tables = lived(two_callers(), Delighted())
    assert (of(tables, "ann")["mood_after"], of(tables, "bob")["mood_after"]) == (10.0, 0.0)


def test_somebody_can_leave_for_a_reason_of_their_own():
    class Mover(Behaviour):
        def leave_probability(self, customer, p):
            assert 0 < p < 1
            return float(customer.row % 2)

    raw = two_callers(churn={"base": "0.1 / day", "every": "2 h"}) | {"population": {"customers": 4}}
    left = lived(raw, Mover()).customers["left"]
    assert left.is_not_null().to_list() == [False, True, False, True]
