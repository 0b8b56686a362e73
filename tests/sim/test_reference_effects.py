"""Stories of what happens to customers: effects of outcomes and ends, of clocks on open visits, and of events.

Most touchpoints here need no staff, so that nobody waits. Times are minutes from midnight.
"""

import pytest

from tests.sim.stories import call, company, customer, journey, journeys, page, tell


def opened(touchpoint="desk", **more):
    """A journey of one step that nothing but effects opens."""
    return call(0, touchpoint, **more) | {"when": "opened"}


def ending(minute=10, **effects):
    """A call of five minutes that ends as `over`, which does something."""
    step = {"outcomes": {"done": 1}, "next": {"done": {"over": 1}}}
    return call(minute, step=step, ends={"over": effects})


def unstaffed(**parts):
    return company(**{"touchpoints": {"desk": page(5)}, "staff": {}} | parts)


# ---- what outcomes and ends do ---------------------------------------------------------------------------------------


def test_an_end_opens_a_journey_that_nothing_else_opens():
    tables = tell(unstaffed(journeys={"ann": ending(opens={"bob": 1}), "bob": opened()}))
    assert [(row["opened"], row["origin"]) for row in journeys(tables, "bob")] == [(15, "bob from ann 0")]


def test_what_is_opened_may_open_later():
    opens = {"bob": {"p": 1, "after": "1 h"}}
    assert journey(tell(unstaffed(journeys={"ann": ending(opens=opens), "bob": opened()})), "bob")["opened"] == 75


def test_it_opens_for_some_and_after_times_that_differ():
    opens = {"bob": {"p": 0.25, "after": {"kind": "exponential", "mean": "40 min"}}}
    raw = unstaffed(journeys={"ann": ending(opens=opens), "bob": opened()}, population={"customers": 2000})
    delays = [row["opened"] - 15 for row in journeys(tell(raw), "bob")]
    assert len(delays) == pytest.approx(500, abs=4 * 375**0.5)
    assert sum(delays) / len(delays) == pytest.approx(40, abs=4 * 40 / 500**0.5)


def test_a_delay_moves_no_other_draw():
    def who(opening):
        raw = unstaffed(journeys={"ann": ending(opens={"bob": opening}), "bob": opened()}, population={"customers": 50})
        return [row["customer"] for row in journeys(tell(raw), "bob")]

    assert 5 < len(who(0.4)) < 45
    assert who(0.4) == who({"p": 0.4, "after": "3 h"})


def test_one_who_leaves_before_it_opens_does_not_open_it():
    def those(churn):
        personas = {"person": {"share": 1, "churn": {"base": churn, "every": "1 h"}}}
        opens = {"bob": {"p": 1, "after": "12 h"}}
        raw = unstaffed(journeys={"ann": ending(opens=opens), "bob": opened()}, personas=personas)
        return tell(raw | {"population": {"customers": 100}})

    tables = those("2 / day")
    there = {row["customer"] for row in tables.customers.to_dicts() if row["left"] is None or row["left"] > 735}
    assert {row["customer"] for row in journeys(tables, "bob")} == there
    assert 10 < len(there) < 90


def test_satisfaction_moves_at_once_by_as_much_as_is_said():
    ann = call(10, step={"outcomes": {"resolved": {"p": 1, "satisfaction": -1.5}}})
    only = customer(tell(unstaffed(journeys={"ann": ann})))
    assert (only["satisfaction_start"], only["satisfaction_end"]) == (7, 5.5)


def test_satisfaction_stays_on_its_scale():
    assert customer(tell(unstaffed(journeys={"ann": ending(satisfaction=-20)})))["satisfaction_end"] == 0
    assert customer(tell(unstaffed(journeys={"ann": ending(satisfaction=20)})))["satisfaction_end"] == 10


def test_it_moves_after_what_was_before_has_faded_and_fades_itself():
    persons = {"person": {"share": 1, "satisfaction": {"rest": 6, "recovery": "1 / day"}}}
    journeys_ = {"ann": ending(satisfaction=2), "bob": ending(735, satisfaction=-1)}
    only = customer(tell(unstaffed(journeys=journeys_, personas=persons)))
    after_both = 6 + 2 * 2.718281828459045**-0.503472222 - 1
    assert only["satisfaction_end"] == pytest.approx(6 + (after_both - 6) * 2.718281828459045**-0.486111111)
