"""Stories of people: holidays, breaks, absence, partners, people who differ, and who hold several contacts.

Times are minutes from midnight; a service takes exactly five minutes unless the story says otherwise.
"""

import numpy as np
import polars as pl
import pytest

from sim import build, simulate
from sim.changes import phases
from sim.draws import draw, fold, world
from sim.errors import ScenarioError
from sim.kpis import measure
from sim.rosters import address, on_duty
from sim.rules import normal_quantile, own_speed
from sim.summaries import summarise
from tests.sim.stories import call, clock_time, company, desk, moment, page, pool, shift, tell, visit, visits

TWO_DAYS = {"start": "2025-01-06", "horizon": "2 days"}


def times(tables, *goals):
    """When the only visits of some goals started and ended."""
    return {goal: (visit(tables, goal)["started"], visit(tables, goal)["ended"]) for goal in goals}


def pause(begins, ends, share=1.0, days="all"):
    return {"days": days, "from": clock_time(begins), "to": clock_time(ends), "share": share}


def kpis(raw, by="all", group=None):
    """Every KPI of a group, or of all, or of the last group of a dimension."""
    rows = measure(summarise(simulate(build(raw), 1))).rows()
    return {name: value for name, dimension, which, value in rows if dimension == by and group in (None, which)}


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


# ---- partners --------------------------------------------------------------------------------------------------------


def outsourced(promise=None, headcount=1, **more):
    partner = {"per_contact": "4 EUR"} | ({"promise": promise} if promise else {})
    return company(staff={"clerks": pool(headcount, partner=partner)}, **more)


def promising(share, within="1 min", penalty="500 EUR"):
    """Four calls to one person: answered at once, after 4 and 8 minutes, and never."""
    personas = {"person": {"share": 1, "patience": {"help": "2 min"}}}
    journeys = {"ann": call(10), "bob": call(11), "cid": call(12), "dan": call(13, "help")}
    touchpoints = {"desk": desk(), "help": desk()}
    promise = {"within": within, "share": share, "penalty": penalty}
    return outsourced(promise, personas=personas, journeys=journeys, touchpoints=touchpoints)


def test_a_partner_is_paid_for_each_contact_served_and_not_by_the_hour():
    found = kpis(promising(0.1))
    assert (found["partner_cost"], found["staff_cost"], found["cost"]) == (12, 0, 12)


def test_a_contact_costs_what_it_does_whoever_asks():
    raw = promising(0.1)
    assert [kpis(raw, "goal", goal)["service_cost"] for goal in ("ann", "dan")] == [4, 0]
    assert kpis(raw, "persona")["contribution"] == -12


def test_what_was_answered_in_time_is_kept_of_all_that_was_offered():
    assert kpis(promising(0.1))["promise_kept"] == 1 / 4
    assert kpis(promising(0.1, within="4 min"))["promise_kept"] == 2 / 4
    assert kpis(promising(0.1, within="8 min"))["promise_kept"] == 3 / 4


@pytest.mark.parametrize(("share", "owed"), [(0.25, 0), (0.26, 500)])
def test_a_promise_that_was_not_kept_over_the_window_costs_the_partner_its_penalty(share, owed):
    found = kpis(promising(share))
    assert (found["penalties"], found["partner_cost"], found["cost"]) == (owed, 12, 12 - owed)


def test_a_promise_of_a_hundred_contacts_is_kept_by_exactly_its_share():
    raw = promising(0.07) | {"population": {"customers": 25}, "staff": promising(0.07)["staff"]}
    raw["staff"]["clerks"]["shifts"]["only"]["headcount"] = 7
    found = kpis(raw)
    assert (found["promise_kept"], found["penalties"]) == (0.07, 0)


def test_where_nobody_came_no_promise_is_broken():
    assert (
        kpis(outsourced({"within": "1 min", "share": 1, "penalty": "9 EUR"}, journeys={"ann": call(3000)}))["penalties"]
        == 0
    )


def test_money_of_partners_adds_up_over_weeks_and_pools():
    raw = promising(0.9) | {"clock": {"start": "2025-01-06", "horizon": "3 weeks"}}
    raw["journeys"]["eve"] = call(1440 * 10)
    rows = measure(summarise(simulate(build(raw), 1))).rows()
    for name in ("partner_cost", "penalties", "cost"):
        parts = {by: [value for kpi, d, _, value in rows if (kpi, d) == (name, by)] for by in ("all", "week", "pool")}
        assert sum(parts["week"]) == parts["all"][0]
        assert sum(parts["pool"]) == parts["all"][0] or name == "cost"
    assert [value for kpi, by, _, value in rows if (kpi, by) == ("penalties", "week")] == [0, 0, 500]


def test_a_partner_to_whom_calls_overflow_answers_from_when_its_people_see_them():
    touchpoints = {"desk": desk({"clerks": 0, "helpers": "3 min"})}
    partner = {"per_contact": "4 EUR", "promise": {"within": "1 min", "share": 1, "penalty": "9 EUR"}}
    staff = {"clerks": pool(1), "helpers": pool(1, partner=partner)}
    journeys = {"ann": call(10), "bob": call(11)}
    found = kpis(company(touchpoints=touchpoints, staff=staff, journeys=journeys), "pool", "helpers")
    assert (found["promise_kept"], found["partner_cost"], found["penalties"]) == (1, 4, 0)


def test_outsourcing_is_a_change_and_wages_end_where_contacts_are_paid():
    change = {"from": "2025-01-06 12:00", "set": {"staff.clerks.wage": 0, "staff.clerks.partner.per_contact": "4 EUR"}}
    raw = company(
        staff={"clerks": pool(1, wage="24 EUR / h")}, journeys={"ann": call(10), "bob": call(730)},
        changes={"outsource": change}, enact="outsource",
    )  # fmt: skip
    found = kpis(raw)
    assert (found["partner_cost"], found["staff_cost"]) == (4, pytest.approx(12 * 24))


def test_a_partner_with_a_wage_is_an_error():
    with pytest.raises(ScenarioError, match=r"staff\.clerks\.wage: a partner's people are paid by the contact"):
        build(company(staff={"clerks": pool(1, wage="24 EUR / h", partner={"per_contact": "4 EUR"})}))


# ---- people who differ -----------------------------------------------------------------------------------------------


def minutes(tables):
    """How long services took, by member."""
    served = tables.visits.drop_nulls("started")
    return dict(served.select("member", pl.col("ended") - pl.col("started")).rows())


def many_desks(differ, **more):
    return company(population={"customers": 300}, staff={"clerks": pool(300, differ=differ, **more)})


def test_each_member_has_a_speed_that_divides_how_long_services_take():
    tables = tell(many_desks({"speed": 0.3}))
    speeds = [5 / taken for taken in minutes(tables).values()]
    mean = sum(speeds) / 300
    cv = (sum((speed - mean) ** 2 for speed in speeds) / 299) ** 0.5 / mean
    assert mean == pytest.approx(1, abs=4 * 0.3 / 300**0.5)
    assert cv == pytest.approx(0.3, rel=0.2)


def test_people_who_differ_take_longer_on_average_than_if_all_were_the_same():
    """The mean of 1 / speed is 1 + cv²."""
    taken = [1 / own_speed(0.4, normal_quantile((n + 0.5) / 10_000)) for n in range(10_000)]
    assert sum(taken) / 10_000 == pytest.approx(1 + 0.4**2, rel=1e-3)


def test_a_member_is_as_fast_every_time_and_whoever_else_is_there():
    twice = {"ann": call(10), "bob": call(700)}
    few = tell(company(staff={"clerks": pool(1, differ={"speed": 0.3})}, journeys=twice))
    many = tell(company(staff={"clerks": pool(3, differ={"speed": 0.3})}))
    (taken,) = {row["ended"] - row["started"] for row in few.visits.to_dicts() if row["goal"] == "ann"}
    assert visit(few, "bob")["ended"] - visit(few, "bob")["started"] == pytest.approx(taken)
    assert visit(many, "ann")["ended"] - visit(many, "ann")["started"] == taken != 5


def test_members_of_different_pools_differ_though_their_numbers_do_not():
    touchpoints = {"desk": desk(), "help": desk("experts")}
    staff = {name: pool(1, differ={"speed": 0.3}) for name in ("clerks", "experts")}
    tables = tell(company(touchpoints=touchpoints, staff=staff, journeys={"ann": call(10), "bob": call(10, "help")}))
    assert len({row["ended"] for row in tables.visits.to_dicts()}) == 2


def solving(proficiency, difficulty=None, headcount=2000):
    """Everybody calls once, and each call is another member's; half of the issues are resolved."""
    step = {"outcomes": {"resolved": 0.5, "unresolved": 0.5}, "next": {"unresolved": {"give_up": 1}}}
    tilts = {"resolved": -1} if difficulty is None else difficulty
    staff = {"clerks": pool(headcount, differ={"proficiency": proficiency})}
    return company(
        population={"customers": headcount}, staff=staff, journeys={"ann": call(10, step=step, difficulty=tilts)}
    )


def resolved(tables):
    return {row["member"] for row in visits(tables) if row["outcome"] == "resolved"}


def test_proficient_members_resolve_more_of_what_is_hard():
    tables = tell(solving(3.0))
    key = address(world(1, 0), "clerks")
    able = [normal_quantile(draw(fold(key, member), "proficiency")) for member in resolved(tables)]
    unable = [normal_quantile(draw(fold(key, row["member"]), "proficiency"))
              for row in visits(tables) if row["outcome"] != "resolved"]  # fmt: skip
    assert sum(able) / len(able) > 0.3 > -0.3 > sum(unable) / len(unable)


def test_proficiency_widens_what_difficulty_does():
    """With a difficulty of variance 1 + sd², the share resolved is that of a logistic in a normal, by quadrature."""
    at, weight = np.polynomial.hermite_e.hermegauss(60)
    odds = 0.8 / 0.2 * np.exp(-at * (1 + 3.0**2) ** 0.5)
    expected = float((weight * odds / (1 + odds)).sum() / weight.sum())
    raw = solving(3.0)
    raw["journeys"]["ann"]["steps"]["call"]["outcomes"] = {"resolved": 0.8, "unresolved": 0.2}
    found = len(resolved(tell(raw))) / 2000
    assert expected < 0.7  # where everybody is the same it is some 0.77
    assert found == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 2000) ** 0.5)


@pytest.mark.parametrize("part", [{"differ": {"proficiency": 0.3}}, {"proficiency": 0.3}])
def test_proficiency_that_can_move_nothing_is_an_error(part):
    problem = r"staff\.clerks\.(differ\.)?proficiency: moves nothing: .* journeys\.ann\.difficulty\.resolved"
    with pytest.raises(ScenarioError, match=problem):
        build(company(staff={"clerks": pool(1, **part)}))


# ---- what a pool is like ---------------------------------------------------------------------------------------------


def test_a_pool_twice_as_fast_takes_half_the_time():
    assert times(tell(company(staff={"clerks": pool(1, speed=2)})), "ann") == {"ann": (10, 12.5)}


def test_the_same_call_takes_as_long_as_the_pool_that_serves_it_makes_it():
    """The first serves as long as the touchpoint says, the second at half that speed."""
    staff = {"quick": pool(1), "slow": pool(1, speed=0.5)}
    desks = {"desk": desk({"quick": 0, "slow": 0})}
    tables = tell(company(touchpoints=desks, staff=staff, journeys={"ann": call(10), "bob": call(11)}))
    assert times(tables, "ann", "bob") == {"ann": (10, 15), "bob": (11, 21)}


def test_members_differ_around_the_speed_of_their_pool():
    alike, faster = (minutes(tell(many_desks({"speed": 0.3}, speed=speed))) for speed in (1, 4))
    assert len(set(alike.values())) == 300
    assert all(faster[member] == pytest.approx(taken / 4) for member, taken in alike.items())


def test_a_change_of_speed_is_felt_by_services_that_begin_after_it_and_grows_with_its_ramp():
    """It is whole after two days of which the first counts a quarter, the second three quarters."""
    change = {"from": "2025-01-07", "ramp": "2 days", "set": {"staff.clerks.speed": 3}}
    days = {f"day {n}": call(1440 * n) for n in range(4)} | {"before": call(1438)}
    clock = {"start": "2025-01-06", "horizon": "4 days"}
    tables = tell(company(clock=clock, journeys=days, staff={"clerks": pool(2)}, changes={"t": change}, enact="t"))
    taken = {row["goal"]: row["ended"] - row["started"] for row in visits(tables)}
    expected = {"day 0": 5, "before": 5, "day 1": 5 / 1.5, "day 2": 5 / 2.5, "day 3": 5 / 3}
    assert taken == pytest.approx(expected)


def test_a_pool_of_a_proficiency_finds_every_issue_that_much_less_hard():
    raw = solving(0.0)
    raw["staff"]["clerks"]["proficiency"] = 1.5
    at, weight = np.polynomial.hermite_e.hermegauss(60)
    odds = np.exp(-(at - 1.5))
    expected = float((weight * odds / (1 + odds)).sum() / weight.sum())
    before, after = resolved(tell(solving(0.0))), resolved(tell(raw))
    assert before < after  # the same issues, and more
    assert len(after) / 2000 == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 2000) ** 0.5)


def test_the_proficiency_of_a_pool_is_where_that_of_its_members_begins():
    """Difficulty less proficiency is normal around −1 with variance 1 + 3²."""
    raw = solving(3.0)
    raw["staff"]["clerks"]["proficiency"] = 1.0
    at, weight = np.polynomial.hermite_e.hermegauss(60)
    odds = np.exp(1 - at * (1 + 3.0**2) ** 0.5)
    expected = float((weight * odds / (1 + odds)).sum() / weight.sum())
    assert len(resolved(tell(raw))) / 2000 == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 2000) ** 0.5)


def test_a_speed_of_nothing_is_an_error():
    with pytest.raises(ScenarioError, match=r"staff\.clerks\.speed"):
        build(company(staff={"clerks": pool(1, speed=0)}))


# ---- what a change takes from the floor ------------------------------------------------------------------------------


def coached(takes, begins=100, headcount=2, **more):
    """Clerks of whom a change takes some away; what it sets moves nothing."""
    change = {"from": moment(begins), "set": {"staff.clerks.overtime": 2}, "takes": {"clerks": takes}}
    change |= more.pop("change", {})
    staff = {"clerks": pool(headcount, wage="24 EUR / h")}
    return company(**({"clock": TWO_DAYS, "staff": staff, "changes": {"coaching": change}, "enact": "coaching"} | more))


def duty_of_clerks(raw, name="clerks"):
    model = build(raw)
    there = on_duty(phases(model), name, model.clock, world(1, 0))
    return dict(zip(there.at, there.headcount, strict=True))


def test_a_change_takes_people_off_the_floor_in_its_hours_and_gives_them_back():
    takes = {"share": 0.5, "from": clock_time(120), "to": clock_time(180), "for": "1 day"}
    pairs = {f"{goal} {at}": call(at + late) for at in (110, 130, 190, 1440 + 130) for late, goal in enumerate("ab")}
    tables = tell(coached(takes, journeys=pairs))
    waited = {row["goal"]: row["started"] - row["joined"] for row in visits(tables)}
    assert {goal for goal, minutes in waited.items() if minutes} == {"b 130"}


def test_without_hours_it_takes_them_always_while_it_lasts():
    assert duty_of_clerks(coached({"share": 0.5})) == {0: 2, 100: 1}
    assert duty_of_clerks(coached(0.5)) == {0: 2, 100: 1}
    assert duty_of_clerks(coached(0.5, change={"until": moment(900)})) == {0: 2, 100: 1, 900: 2}
    assert duty_of_clerks(coached({"share": 0.5, "for": "1 h"})) == {0: 2, 100: 1, 160: 2}


def test_its_time_is_counted_from_when_it_began_even_if_that_was_before_the_start():
    assert duty_of_clerks(coached({"share": 0.5, "for": "3 h"}, begins=-60)) == {0: 1, 120: 2}


def test_a_ramp_does_not_move_what_a_change_takes():
    takes = {"share": 0.5, "for": "90 min"}
    assert duty_of_clerks(coached(takes, change={"ramp": "1 day"})) == {0: 2, 100: 1, 190: 2}


def test_what_two_changes_take_adds_up():
    raw = coached({"share": 0.5, "for": "2 h"}, headcount=4, enact=["coaching", "course"])
    raw["changes"]["course"] = {"from": moment(160), "set": {"staff.clerks.overtime": 2}, "takes": {"clerks": 0.25}}
    assert duty_of_clerks(raw) == {0: 4, 100: 2, 160: 1, 220: 3}


def test_what_a_change_takes_is_what_a_break_of_that_time_would_take():
    hours = {"share": 0.5, "days": "mon-tue", "from": clock_time(110), "to": clock_time(200)}
    journeys = {f"call {at}": call(at) for at in range(98, 260, 2)}
    pause = {"from": moment(100), "until": moment(160), "set": {"staff.clerks.breaks.course": hours}}
    broken = {"coaching": {"from": moment(100), "set": {"staff.clerks.overtime": 2}}, "pause": pause}
    taken = tell(coached(hours | {"for": "1 h"}, journeys=journeys))
    paused = tell(coached({}, journeys=journeys, changes=broken, enact=["coaching", "pause"]))
    assert taken.visits.equals(paused.visits)
    assert visits(taken) != visits(tell(coached(hours | {"for": "1 h"}, journeys=journeys, enact=[])))


def test_who_is_taken_away_is_paid_and_does_not_count_as_on_duty():
    found = kpis(coached({"share": 0.5, "for": "10 h"}, journeys={"ann": call(10)}))
    assert found["staff_cost"] == pytest.approx(2 * 48 * 24)
    assert found["occupancy"] == pytest.approx(5 / (2 * 2880 - 600))


def test_what_a_pilot_takes_is_taken_from_everybodys_floor():
    change = {"who": {"share": 0.5}, "set": {"touchpoints.desk.cost": "1 EUR"}}
    assert duty_of_clerks(coached({"share": 0.5, "for": "1 h"}, change=change)) == {0: 2, 100: 1, 160: 2}


def test_a_change_may_take_from_a_pool_that_it_brings():
    new = {"staff.experts": pool(2), "touchpoints.desk.staff": {"clerks": "0 min", "experts": "0 min"}}
    change = {"set": new, "takes": {"experts": 0.5}}
    assert duty_of_clerks(coached({}, change=change), "experts") == {0: 0, 100: 1}


@pytest.mark.parametrize(
    ("takes", "problem"),
    [
        ({"clrks": 0.1}, r"takes\.clrks: there is no staff pool 'clrks'; did you mean 'clerks'\?"),
        ({"clerks": 1.5}, r"takes\.clerks: 1.5 is out of bounds"),
        ({"clerks": {"share": -0.1}}, r"takes\.clerks\.share"),
        ({"clerks": {"for": "1 week"}}, r"takes\.clerks\.share"),
        ({"clerks": {"share": 0.1, "for": "0 weeks"}}, r"takes\.clerks\.for"),
        ({"clerks": {"share": 0.1, "from": "22:00", "to": "06:00"}}, "lies within one day"),
    ],
)
def test_taking_what_is_not_there_is_an_error(takes, problem):
    with pytest.raises(ScenarioError, match=r"changes\.coaching\." + problem if "takes" in problem else problem):
        build(coached({}, change={"takes": takes}))


# ---- several contacts at once ----------------------------------------------------------------------------------------


def chatting(contacts, headcount=1, slower=0.0, minutes=10, **more):
    at_once = {"contacts": contacts, "slower": slower}
    staff = {"clerks": pool(headcount, at_once=at_once, **more.pop("pool", {}))}
    return company(touchpoints={"desk": desk(minutes=minutes)}, staff=staff, **more)


def calls(*minutes):
    return {f"call {n}": call(minute) for n, minute in enumerate(minutes)}


def test_a_member_takes_as_many_contacts_as_they_may_hold():
    tables = tell(chatting(2, journeys=calls(10, 11, 12)))
    assert times(tables, "call 0", "call 1", "call 2") == {"call 0": (10, 20), "call 1": (11, 21), "call 2": (20, 30)}


def test_each_other_contact_held_at_the_start_makes_a_new_one_longer_and_no_other():
    tables = tell(chatting(3, slower=0.25, journeys=calls(10, 11, 12)))
    assert [row["ended"] - row["started"] for row in visits(tables)] == [10, 12.5, 15]


def test_whoever_holds_the_fewest_contacts_takes_the_next():
    tables = tell(chatting(2, 2, journeys=calls(10, 11, 12, 13, 14)))
    assert [row["member"] for row in visits(tables)] == [1, 2, 1, 2, 1]
    assert visits(tables)[-1]["started"] == 20


def test_of_those_who_hold_as_many_the_one_who_has_done_so_longest_takes_the_next():
    """The first has held one contact since 14, when another of theirs ended; the second has since 11."""
    raw = chatting(3, 2, journeys=calls(10, 11) | {"short": call(12, "quick"), "next": call(15)})
    tables = tell(raw | {"touchpoints": raw["touchpoints"] | {"quick": desk(minutes=2)}})
    assert [row["member"] for row in visits(tables)] == [1, 2, 1, 2]


def test_at_the_end_of_a_shift_whoever_holds_nothing_goes_first():
    shifts = {"all": shift(1, 0, 1000), "some": shift(1, 0, 12)}
    tables = tell(chatting(2, journeys=calls(10, 13), pool={"shifts": shifts}))
    assert [(row["member"], row["started"], row["overtime"]) for row in visits(tables)] == [(1, 10, 0), (1, 13, 0)]


def test_whoever_is_on_the_way_home_finishes_what_they_hold_and_takes_no_more():
    tables = tell(chatting(3, journeys=calls(10, 14, 16), pool={"shifts": {"only": shift(1, 0, 15)}}))
    assert [row["outcome"] for row in visits(tables)] == ["resolved", "resolved", "closed"]
    assert sum(row["overtime"] for row in visits(tables)) == 9  # from 15 to 24, whatever was held


def test_a_members_time_is_shared_by_the_contacts_they_hold_and_adds_up_to_the_time_they_were_busy():
    tables = tell(chatting(2, journeys=calls(10, 15)))
    assert [row["attention"] for row in visits(tables)] == [0.75, 0.75]
    assert sum((row["ended"] - row["started"]) * row["attention"] for row in visits(tables)) == 15


def test_occupancy_is_the_time_with_at_least_one_contact():
    found = kpis(chatting(3, journeys=calls(10, 15, 16, 500), pool={"wage": "60 EUR / h"}))
    assert found["occupancy"] == pytest.approx((16 + 10) / 1440)
    assert kpis(chatting(3, journeys=calls(10, 15, 16), pool={"wage": "60 EUR / h"}), "persona")[
        "staff_cost"
    ] == pytest.approx(16)


def test_a_contact_that_is_held_at_the_horizon_has_had_its_share_so_far():
    tables = tell(chatting(2, minutes=100, journeys=calls(1400, 1420)))
    assert [row["attention"] for row in visits(tables)] == [0.75, 0.5]


def test_whoever_serves_one_at_a_time_gives_all_attention():
    tables = tell(
        company(journeys={"ann": call(10), "bob": call(12, "faq")}, touchpoints={"desk": desk(), "faq": page()})
    )
    assert [visit(tables, goal)["attention"] for goal in ("ann", "bob")] == [1, None]


def changed_at(minute, contacts, before=1, **more):
    change = {"from": moment(minute), "set": {"staff.clerks.at_once.contacts": contacts}}
    return chatting(before, changes={"chats": change}, enact="chats", **more)


def test_from_a_change_on_members_take_one_more_of_those_who_wait():
    tables = tell(changed_at(15, 3, journeys=calls(10, 11, 12)))
    assert [row["started"] for row in visits(tables)] == [10, 15, 15]


def test_after_a_change_to_fewer_members_finish_what_they_hold():
    tables = tell(changed_at(15, 1, before=3, journeys=calls(10, 11, 12, 13)))
    assert [row["started"] for row in visits(tables)] == [10, 11, 12, 22]


def test_a_member_who_stays_through_a_break_takes_contacts_again():
    breaks = {"short": pause(20, 25)}
    tables = tell(chatting(2, minutes=30, journeys=calls(10, 22, 26), pool={"breaks": breaks}))
    assert [(row["outcome"], row["started"]) for row in visits(tables)] == [
        ("resolved", 10),
        ("closed", None),
        ("resolved", 26),
    ]
    assert [row["overtime"] for row in visits(tables)] == [5, 0, 0]


def test_without_slowing_down_three_at_once_are_three_times_as_many_people():
    raw = many_calls()
    three = tell(raw | {"staff": {"clerks": pool(2, at_once={"contacts": 3})}})
    six = tell(raw | {"staff": {"clerks": pool(6)}})
    same = ("customer", "journey", "joined", "started", "ended")
    assert three.visits.select(same).equals(six.visits.select(same))


def many_calls():
    """Two hundred calls a day, which six people barely manage, of customers who never give up."""
    desks = {"desk": {"channel": "chat", "staff": "clerks", "service_time": {"kind": "exponential", "mean": "40 min"}}}
    journeys = {"ann": call(0) | {"when": {"need": "help"}}}
    personas = {"person": {"share": 1, "needs": {"help": "10 / day"}}}
    return company(population={"customers": 20}, touchpoints=desks, journeys=journeys, personas=personas)
