"""Stories of failure demand: which contacts are there only because something had failed before.

Nobody waits unless a story says so. Times are minutes from midnight.
"""

import pytest

from sim import build, simulate
from sim.kpis import KPIS
from sim.summaries import summarise
from tests.sim.stories import call, company, desk, journeys, moment, page, tell, visits


def steps(minute=10, ends=None, **step):
    """A journey of several steps at one place without staff, each `(outcomes, next)` and more."""
    planned = {
        name: {"touchpoint": "desk", "outcomes": outcomes, "next": targets}
        for name, (outcomes, targets) in step.items()
    }
    return {"when": {"on": moment(minute)}, "start": {"any": next(iter(step))}, "steps": planned, "ends": ends or {}}


LAST = ({"resolved": 1}, {})


def failures(raw):
    """Contacts that are failure demand, and all contacts, by goal."""
    return {row["goal"]: (row["failure_contacts"], row["contacts"]) for row in journeys(tell(raw))}


def unstaffed(**parts):
    return company(**{"touchpoints": {"desk": page(5)}, "staff": {}} | parts)


def test_a_further_step_that_was_planned_is_no_failure_demand():
    order = steps(pay=({"paid": 1}, {"paid": {"deliver": 1}}), deliver=LAST)
    assert failures(unstaffed(journeys={"order": order})) == {"order": (0, 2)}


@pytest.mark.parametrize("outcome", ["unresolved", "failed"])
def test_a_contact_after_one_that_failed_is_failure_demand_and_what_was_planned_anyway_is_not(outcome):
    says = {outcome: {"p": 1} | ({"good": False} if outcome == "failed" else {})}
    order = steps(pay=(says, {outcome: {"again": 1}}), again=({"paid": 1}, {"paid": {"deliver": 1}}), deliver=LAST)
    assert failures(unstaffed(journeys={"order": order})) == {"order": (1, 3)}


def test_an_outcome_may_say_that_to_be_unresolved_is_no_failure():
    order = steps(ask=({"unresolved": {"p": 1, "good": True}}, {"unresolved": {"then": 1}}), then=LAST)
    assert failures(unstaffed(journeys={"order": order})) == {"order": (0, 2)}


def test_what_did_not_hold_leads_to_failure_demand():
    order = steps(ask=({"resolved": {"p": 1, "holds": 0, "reopens": {"then": 1}}}, {}), then=LAST)
    assert failures(unstaffed(journeys={"order": order})) == {"order": (1, 2)}


def test_who_was_not_served_and_comes_back_is_failure_demand():
    """The desk is closed when Ann comes, and its system out when Bob does."""
    shut = desk(when_closed={"later": {"p": 1, "after": "1 min"}}, staff={"clerks": "0 min"})
    outages = {"update": {"on": moment(150), "lasts": "30 min"}}
    raw = company(
        touchpoints={"desk": shut, "site": page(5, system="crm", when_down={"later": {"p": 1, "after": "1 min"}})},
        systems={"crm": {"outages": outages}},
        journeys={"ann": call(10), "bob": call(160, "site"), "cid": call(300)},
        staff={"clerks": {"shifts": {"day": {"days": "all", "from": "02:00", "to": "24:00", "headcount": 1}}}},
    )
    assert failures(raw) == {"ann": (1, 1), "bob": (1, 1), "cid": (0, 1)}


@pytest.mark.parametrize(
    ("end", "complaints"), [({"good": False}, (1, 1)), ({}, (0, 1)), ({"good": True}, (0, 1))], ids=str
)
@pytest.mark.parametrize("by", ["opens", "after"])
def test_all_of_a_journey_that_a_bad_end_opens_is_failure_demand(end, complaints, by):
    over = end | ({"opens": {"complain": 1}} if by == "opens" else {})
    when = "opened" if by == "opens" else {"after": {"journey": "order", "end": "over"}}
    order = steps(buy=({"done": 1}, {"done": {"over": 1}}), ends={"over": over})
    raw = unstaffed(journeys={"order": order, "complain": call(0) | {"when": when}})
    assert failures(raw) == {"order": (0, 1), "complain": complaints}


def test_what_failure_demand_opens_is_failure_demand_too():
    """A failed payment, a complaint about it, a survey about that; a good end does not make up for it."""
    order = steps(pay=({"failed": {"p": 1, "good": False, "opens": {"complain": 1}}}, {"failed": {"resolved": 1}}))
    complain = steps(write=({"done": 1}, {"done": {"over": 1}}), ends={"over": {"good": True, "opens": {"rate": 1}}})
    raw = unstaffed(
        journeys={"order": order, "complain": complain | {"when": "opened"}, "rate": call(0) | {"when": "opened"}}
    )
    assert failures(raw) == {"order": (0, 1), "complain": (1, 1), "rate": (1, 1)}


@pytest.mark.parametrize(
    ("promise", "says", "chased"),
    [({}, {}, [0, 0]), ({"promise": "50 min"}, {}, [0, 1]), ({"promise": "30 min"}, {}, [1, 1]),
     ({}, {"good": False}, [1, 1]), ({"promise": "30 min"}, {"good": True}, [0, 0])],
)  # fmt: skip
def test_what_a_clock_opens_is_failure_demand_once_the_promise_is_broken(promise, says, chased):
    """It strikes after half an hour, and again after an hour."""
    clock = {"after": "30 min", "every": "30 min", "opens": {"chase": 1}} | says
    wait = call(10, "work", step={"while_open": clock} | promise)
    raw = unstaffed(
        touchpoints={"desk": page(5), "work": page(75)}, journeys={"wait": wait, "chase": call(0) | {"when": "opened"}}
    )
    assert [row["failure_contacts"] for row in journeys(tell(raw), "chase")] == chased


def test_what_an_outage_opens_is_failure_demand_and_what_a_letter_does_is_not():
    events = {
        "outage": {"outage": "crm", "opens": {"ask": 1}},
        "letter": {"on": moment(100), "opens": {"ask": 1}},
        "recall": {"on": moment(200), "good": False, "opens": {"ask": 1}},
    }
    systems = {"crm": {"outages": {"update": {"on": moment(50), "lasts": "10 min"}}}}
    raw = unstaffed(
        touchpoints={"desk": page(5), "site": page(5, system="crm")}, systems=systems, events=events,
        journeys={"ann": call(10, "site"), "ask": call(0) | {"when": "opened"}},
    )  # fmt: skip
    asked = {row["origin"]: row["failure_contacts"] for row in journeys(tell(raw), "ask")}
    assert asked == {"ask from outage 0": 1, "ask from letter 0": 0, "ask from recall 0": 1}


def test_what_is_done_without_the_customer_is_no_contact():
    order = steps(ask=({"unresolved": 1}, {"unresolved": {"work": 1}}), work=LAST)
    order["steps"]["work"]["touchpoint"] = "office"
    raw = unstaffed(touchpoints={"desk": page(5), "office": page(5, attended=False)}, journeys={"order": order})
    assert failures(raw) == {"order": (0, 1)}
    assert len(visits(tell(raw))) == 2


def test_failure_demand_is_its_share_of_the_contacts():
    order = steps(pay=({"unresolved": 1}, {"unresolved": {"again": 1}}), again=LAST)
    result = simulate(build(unstaffed(journeys={"order": order, "ask": call(50), "read": call(60)})), seed=1)
    assert KPIS["failure_demand"].of(summarise(result)["all"]) == [1 / 4]
    assert KPIS["failure_demand"].of(summarise(result)["goal"]).tolist() == [1 / 2, 0, 0]
