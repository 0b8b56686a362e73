"""Stories of people: holidays, breaks and absence.

Times are minutes from midnight; a service takes exactly five minutes unless the story says otherwise.
"""

import pytest

from sim import build, simulate
from sim.changes import phases
from sim.draws import world
from sim.kpis import measure
from sim.rosters import on_duty
from sim.summaries import summarise
from tests.sim.stories import call, clock_time, company, desk, pool, shift, tell, visit

TWO_DAYS = {"start": "2025-01-06", "horizon": "2 days"}


def times(tables, *goals):
    """When the only visits of some goals started and ended."""
    return {goal: (visit(tables, goal)["started"], visit(tables, goal)["ended"]) for goal in goals}


def pause(begins, ends, share=1.0, days="all"):
    return {"days": days, "from": clock_time(begins), "to": clock_time(ends), "share": share}


def kpis(raw, by="all"):
    rows = measure(summarise(simulate(build(raw), 1))).rows()
    return {name: value for name, dimension, _, value in rows if dimension == by}


# ---- holidays --------------------------------------------------------------------------------------------------------


def on_a_holiday(**more):
    clock = TWO_DAYS | {"holidays": {"epiphany": "2025-01-07"}}
    return company(clock=clock, journeys={"before": call(600), "then": call(1440 + 600)}, **more)


def test_on_a_holiday_it_is_closed():
    tables = tell(on_a_holiday())
    assert [visit(tables, goal)["outcome"] for goal in ("before", "then")] == ["resolved", "closed"]


def test_a_shift_that_says_so_takes_place_on_holidays_too():
    always = shift(1) | {"holidays": True}
    tables = tell(on_a_holiday(staff={"clerks": {"shifts": {"only": always}}}))
    assert [visit(tables, goal)["outcome"] for goal in ("before", "then")] == ["resolved", "resolved"]


def test_a_shift_that_does_not_take_place_is_not_paid():
    assert kpis(on_a_holiday(staff={"clerks": pool(1, wage="24 EUR / h")}))["staff_cost"] == pytest.approx(24 * 24)


# ---- breaks ----------------------------------------------------------------------------------------------------------


def with_breaks(headcount, *breaks, **more):
    staff = {"clerks": pool(headcount, breaks={f"{n}": each for n, each in enumerate(breaks)}, wage="24 EUR / h")}
    return company(staff=staff, **more)


def test_during_a_break_fewer_serve():
    journeys = {"ann": call(730), "bob": call(731)}
    tables = tell(with_breaks(2, pause(720, 780, 0.5), journeys=journeys))
    assert times(tables, "ann", "bob") == {"ann": (730, 735), "bob": (735, 740)}


def test_where_a_break_takes_everybody_it_is_closed():
    assert visit(tell(with_breaks(1, pause(720, 780), journeys={"ann": call(730)})), "ann")["outcome"] == "closed"


def test_a_share_of_one_that_is_less_than_one_takes_nobody():
    assert times(tell(with_breaks(1, pause(720, 780, 0.9), journeys={"ann": call(730)})), "ann") == {"ann": (730, 735)}


def test_a_break_takes_whoever_is_idle_first():
    journeys = {"ann": call(719), "bob": call(725)}
    tables = tell(with_breaks(2, pause(720, 780, 0.5), journeys=journeys))
    assert (visit(tables, "ann")["overtime"], visit(tables, "bob")["member"]) == (0, 1)


def test_whoever_is_busy_takes_the_break_when_done_and_what_it_is_shorter_by_is_overtime():
    journeys = {"ann": call(717), "bob": call(725)}
    tables = tell(with_breaks(1, pause(720, 780), journeys=journeys))
    assert (visit(tables, "ann")["ended"], visit(tables, "ann")["overtime"]) == (722, 2)
    assert visit(tables, "bob")["outcome"] == "closed"


def test_whoever_is_busy_until_a_break_is_over_goes_on_serving():
    journeys = {"ann": call(700), "bob": call(790), "cid": call(850)}
    tables = tell(with_breaks(1, pause(720, 780), touchpoints={"desk": desk(minutes=100)}, journeys=journeys))
    assert times(tables, "ann", "bob", "cid") == {"ann": (700, 800), "bob": (800, 900), "cid": (900, 1000)}
    assert [visit(tables, goal)["overtime"] for goal in ("ann", "bob", "cid")] == [60, 0, 0]


def test_whose_shift_is_over_does_not_come_back_from_a_break():
    shifts = {"early": shift(1, 480, 750), "late": shift(1, 780, 1000)}
    staff = {"clerks": {"shifts": shifts, "breaks": {"noon": pause(720, 780)}}}
    journeys = {"ann": call(700), "bob": call(790)}
    tables = tell(company(touchpoints={"desk": desk(minutes=100)}, journeys=journeys, staff=staff))
    assert times(tables, "ann", "bob") == {"ann": (700, 800), "bob": (790, 890)}
    assert visit(tables, "ann")["overtime"] == 80


def test_a_service_that_runs_through_two_breaks_owes_both():
    breaks = (pause(710, 720), pause(740, 760))
    tables = tell(with_breaks(1, *breaks, touchpoints={"desk": desk(minutes=100)}, journeys={"ann": call(700)}))
    assert (visit(tables, "ann")["ended"], visit(tables, "ann")["overtime"]) == (800, 30)


def test_a_missed_break_that_goes_on_at_the_horizon_is_overtime_so_far():
    journeys = {"ann": call(1400)}
    tables = tell(with_breaks(1, pause(1410, 1420), touchpoints={"desk": desk(minutes=100)}, journeys=journeys))
    assert (visit(tables, "ann")["ended"], visit(tables, "ann")["overtime"]) == (None, 10)


def test_breaks_are_paid_but_are_no_time_on_duty():
    found = kpis(with_breaks(2, pause(720, 960, 0.5), journeys={"ann": call(10)}))
    assert found["staff_cost"] == pytest.approx(2 * 24 * 24)
    assert found["occupancy"] == pytest.approx(5 / (2 * 1440 - 240))


def test_busy_time_never_exceeds_time_on_duty_and_overtime():
    journeys = {"ann": call(700), "bob": call(790)}
    found = kpis(with_breaks(1, pause(720, 780), touchpoints={"desk": desk(minutes=700)}, journeys=journeys))
    assert found["occupancy"] <= 1
    assert found["overtime"] == 1


# ---- absence ---------------------------------------------------------------------------------------------------------


def absent(headcount, share, **more):
    return company(staff={"clerks": pool(headcount, absence=share, wage="24 EUR / h")}, **more)


def there(raw, replication=0, days=1):
    model = build(raw | {"clock": {"start": "2025-01-06", "horizon": f"{days} days"}})
    duty = on_duty(phases(model), "clerks", model.clock, world(1, replication))
    return [duty.now(1440 * day) for day in range(days)]


def test_where_everybody_is_absent_it_is_closed():
    assert visit(tell(absent(3, 1.0)), "ann")["outcome"] == "closed"


def test_each_person_is_absent_on_each_day_with_that_probability():
    days = 1000
    found = there(absent(10, 0.2), days=days)
    mean, error = 8, (10 * 0.2 * 0.8 / days) ** 0.5
    assert sum(found) / days == pytest.approx(mean, abs=4 * error)
    variance = sum((people - mean) ** 2 for people in found) / days
    assert variance == pytest.approx(10 * 0.2 * 0.8, rel=0.25)


def test_who_is_absent_depends_on_the_history():
    assert len({tuple(there(absent(10, 0.2), replication, 5)) for replication in range(5)}) > 1


def test_hiring_leaves_the_others_as_absent_as_they_were():
    few, many = (there(absent(headcount, 0.3), days=200) for headcount in (3, 4))
    assert {after - before for before, after in zip(few, many, strict=True)} == {0, 1}


def test_absent_people_are_paid_but_not_on_duty():
    raw = absent(10, 0.3)
    (present,) = there(raw)
    found = kpis(raw)
    assert 0 < present < 10
    assert found["staff_cost"] == pytest.approx(10 * 24 * 24)
    assert found["occupancy"] == pytest.approx(5 / (present * 1440))


def test_absence_may_change_and_keeps_whoever_was_absent_anyway():
    raw = absent(10, 0.2, changes={"flu": {"from": "2025-01-06", "set": {"staff.clerks.absence": 0.6}}})
    before, after = there(raw, days=100), there(raw | {"enact": "flu"}, days=100)
    assert all(ill <= well for well, ill in zip(before, after, strict=True))
