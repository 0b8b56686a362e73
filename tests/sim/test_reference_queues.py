"""Stories of waiting: who is served next, by whom, and who does not wait so long.

One customer makes every call, so that each call has a name and a minute; a service takes exactly five minutes unless
the story says otherwise. Times are minutes from midnight.
"""

from itertools import pairwise

import pytest

from tests.sim.stories import call, company, desk, page, pool, shift, tell, visit, visits


def times(tables, *goals):
    """When the only visits of some goals started and ended."""
    return {goal: (visit(tables, goal)["started"], visit(tables, goal)["ended"]) for goal in goals}


def impatient(minutes, place="phone"):
    return {"person": {"share": 1, "patience": {place: f"{minutes} min"}}}


# ---- who is next -----------------------------------------------------------------------------------------------------


def test_whoever_finds_somebody_idle_is_served_at_once():
    only = visit(tell(company()), "ann")
    assert (only["joined"], only["started"], only["ended"], only["outcome"]) == (10, 10, 15, "resolved")
    assert (only["pool"], only["member"], only["department"]) == ("clerks", 1, "clerks")


def test_those_who_wait_are_served_in_the_order_in_which_they_joined():
    tables = tell(company(journeys={"bob": call(12), "ann": call(10), "cid": call(11)}))
    assert times(tables, "ann", "cid", "bob") == {"ann": (10, 15), "cid": (15, 20), "bob": (20, 25)}


def test_of_two_who_join_at_the_same_minute_the_one_told_of_first_is_served_first():
    tables = tell(company(journeys={"ann": call(10), "bob": call(10)}))
    assert times(tables, "ann", "bob") == {"ann": (10, 15), "bob": (15, 20)}


def test_of_customers_who_join_at_the_same_minute_the_one_with_the_lower_number_is_served_first():
    tables = tell(company(population={"customers": 3}))
    assert [(row["customer"], row["started"]) for row in visits(tables)] == [(0, 10), (1, 15), (2, 20)]


def test_a_smaller_priority_number_goes_first_whenever_it_came():
    journeys = {"ann": call(10), "bob": call(11), "cid": call(12, priority=-1), "dan": call(13, priority=1)}
    tables = tell(company(journeys=journeys))
    assert times(tables, "cid", "bob", "dan") == {"cid": (15, 20), "bob": (20, 25), "dan": (25, 30)}


def test_nobody_is_sent_away_from_a_service_for_somebody_more_important():
    tables = tell(company(journeys={"ann": call(10), "bob": call(11, priority=-9)}))
    assert times(tables, "ann", "bob") == {"ann": (10, 15), "bob": (15, 20)}


def test_a_steps_priority_counts_before_the_journeys_and_that_before_the_personas():
    personas = {"person": {"share": 1, "priority": 5}}
    journeys = {
        "ann": call(10),
        "persona": call(11),
        "journey": call(12, priority=4),
        "step": call(13, priority=6, step={"priority": 3}),
    }
    tables = tell(company(personas=personas, journeys=journeys))
    assert times(tables, "step", "journey", "persona") == {"step": (15, 20), "journey": (20, 25), "persona": (25, 30)}


def test_a_freed_clerk_turns_first_to_the_touchpoint_that_lists_them_earliest():
    touchpoints = {
        "desk": desk({"clerks": 0}),
        "help": desk({"experts": 0, "clerks": 0}, minutes=50),
        "own": desk({"clerks": 0, "experts": 0}),
    }
    journeys = {
        "ann": call(10, "help"),  # takes the expert
        "bob": call(11),  # takes the clerk, who is free again at 16
        "cid": call(12, "help"),  # waits for either, the clerk being second choice
        "dan": call(13, "own"),  # waits for either, the clerk being first choice
    }
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff={"clerks": pool(1), "experts": pool(1)}))
    assert times(tables, "dan", "cid") == {"dan": (16, 21), "cid": (21, 71)}


def test_a_second_choice_stays_one_also_for_those_whom_the_first_cannot_help():
    touchpoints = {"desk": desk(), "help": desk({"experts": 0, "clerks": 0})}
    journeys = {"ann": call(10), "bob": call(11, "help"), "cid": call(12)}
    staff = {"clerks": pool(1), "experts": pool(1, skills=["ann"])}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff=staff))
    assert times(tables, "cid", "bob") == {"cid": (15, 20), "bob": (20, 25)}


def test_priority_counts_before_the_order_in_which_a_touchpoint_lists_the_pool():
    touchpoints = {"desk": desk({"clerks": 0}), "help": desk({"experts": 0, "clerks": 0})}
    journeys = {"bob": call(11), "dan": call(12), "cid": call(13, "help", priority=-1)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff={"clerks": pool(1), "experts": pool(0)}))
    assert times(tables, "cid", "dan") == {"cid": (16, 21), "dan": (21, 26)}


def test_whoever_joins_as_a_service_ends_is_served_by_the_one_who_became_free():
    tables = tell(company(journeys={"ann": call(10), "bob": call(15)}))
    assert times(tables, "ann", "bob") == {"ann": (10, 15), "bob": (15, 20)}


def test_whoever_waits_is_served_before_one_who_joins_as_a_service_ends():
    tables = tell(company(journeys={"bob": call(15), "ann": call(10), "cid": call(11)}))
    assert times(tables, "cid", "bob") == {"cid": (15, 20), "bob": (20, 25)}


# ---- by whom ---------------------------------------------------------------------------------------------------------


def two_pools(delay=0, **more):
    touchpoints = {"desk": desk({"clerks": 0, "experts": f"{delay} min"})}
    return company(touchpoints=touchpoints, staff={"clerks": pool(1), "experts": pool(1)}, **more)


def test_a_joiner_takes_the_first_listed_pool_with_somebody_idle():
    tables = tell(two_pools(journeys={"ann": call(10), "bob": call(11), "cid": call(12)}))
    assert [visit(tables, goal)["pool"] for goal in ("ann", "bob", "cid")] == ["clerks", "experts", "clerks"]
    assert times(tables, "bob", "cid") == {"bob": (11, 16), "cid": (15, 20)}


def test_a_pool_with_a_delay_sees_whoever_has_waited_so_long():
    tables = tell(two_pools(delay=3, journeys={"ann": call(10), "bob": call(11)}))
    assert visit(tables, "bob")["pool"] == "experts"
    assert times(tables, "bob") == {"bob": (14, 19)}


def test_a_pool_with_a_delay_does_not_see_who_was_served_before():
    tables = tell(two_pools(delay=5, journeys={"ann": call(10), "bob": call(11)}))
    assert visit(tables, "bob")["pool"] == "clerks"
    assert times(tables, "bob") == {"bob": (15, 20)}


def test_a_pool_that_is_busy_when_the_delay_is_over_takes_her_when_free():
    touchpoints = {"desk": desk({"clerks": 0, "experts": "3 min"}, minutes=20), "help": desk("experts", minutes=8)}
    journeys = {"ann": call(10), "eve": call(10, "help"), "bob": call(11)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff={"clerks": pool(1), "experts": pool(1)}))
    assert (visit(tables, "bob")["pool"], visit(tables, "bob")["started"]) == ("experts", 18)


def test_the_member_who_has_been_idle_longest_takes_the_next_call():
    journeys = {
        name: call(minute) for name, minute in [("ann", 10), ("bob", 11), ("cid", 20), ("dan", 40), ("eve", 41)]
    }
    tables = tell(company(journeys=journeys, staff={"clerks": pool(3)}))
    members = [visit(tables, goal)["member"] for goal in ("ann", "bob", "cid", "dan", "eve")]
    assert members == [1, 2, 3, 1, 2]


def test_members_who_became_free_earlier_are_idle_longer():
    touchpoints = {"desk": desk(), "slow": desk(minutes=20)}
    journeys = {"ann": call(10, "slow"), "bob": call(11), "cid": call(40), "dan": call(41)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff={"clerks": pool(2)}))
    assert [visit(tables, goal)["member"] for goal in ("ann", "bob", "cid", "dan")] == [1, 2, 2, 1]


def test_a_pool_serves_only_the_goals_it_has_the_skill_for():
    raw = two_pools(journeys={"ann": call(10), "bob": call(11), "cid": call(12)})
    raw["staff"] = {"clerks": pool(1, skills=["ann"]), "experts": pool(1)}
    tables = tell(raw)
    assert [visit(tables, goal)["pool"] for goal in ("ann", "bob", "cid")] == ["clerks", "experts", "experts"]
    assert times(tables, "cid") == {"cid": (16, 21)}


# ---- those who do not wait -------------------------------------------------------------------------------------------


def test_she_abandons_exactly_when_her_patience_ends():
    tables = tell(company(personas=impatient(3), journeys={"ann": call(10), "bob": call(11)}))
    bob = visit(tables, "bob")
    assert (bob["outcome"], bob["started"], bob["ended"], bob["pool"], bob["member"]) == (
        "abandoned",
        None,
        14,
        None,
        None,
    )


def test_she_is_served_if_somebody_is_free_at_the_moment_her_patience_ends():
    tables = tell(company(personas=impatient(4), journeys={"ann": call(10), "bob": call(11)}))
    assert times(tables, "bob") == {"bob": (15, 20)}


def test_she_is_served_if_overflow_reaches_her_at_the_moment_her_patience_ends():
    tables = tell(two_pools(delay=3, personas=impatient(3), journeys={"ann": call(10), "bob": call(11)}))
    assert times(tables, "bob") == {"bob": (14, 19)}


def test_nobody_abandons_a_service_that_has_begun():
    assert visit(tell(company(personas=impatient(1))), "ann")["outcome"] == "resolved"


def test_without_any_patience_only_an_idle_clerk_will_do():
    tables = tell(company(personas=impatient(0), journeys={"ann": call(10), "bob": call(11), "cid": call(15)}))
    assert [visit(tables, goal)["outcome"] for goal in ("ann", "bob", "cid")] == ["resolved", "abandoned", "resolved"]
    assert visit(tables, "bob")["ended"] == 11


def test_patience_at_a_touchpoint_counts_before_that_of_its_channel():
    person = {"share": 1, "patience": {"phone": "1 min", "help": "30 min"}}
    touchpoints = {"desk": desk(), "help": desk()}
    journeys = {"ann": call(10), "bob": call(11), "cid": call(11, "help")}
    tables = tell(company(personas={"person": person}, touchpoints=touchpoints, journeys=journeys))
    assert [visit(tables, goal)["outcome"] for goal in ("bob", "cid")] == ["abandoned", "resolved"]


def test_one_who_abandoned_is_not_called_up_later():
    tables = tell(company(personas=impatient(3), journeys={"ann": call(10), "bob": call(11), "cid": call(13)}))
    assert times(tables, "cid") == {"cid": (15, 20)}


def test_patience_runs_on_while_the_clerks_are_off_duty():
    staff = {"clerks": {"shifts": {"am": shift(1, 0, 12), "pm": shift(1, 30, 60)}}}
    tables = tell(company(personas=impatient(15), journeys={"ann": call(10), "bob": call(11)}, staff=staff))
    assert (visit(tables, "bob")["outcome"], visit(tables, "bob")["ended"]) == ("abandoned", 26)


# ---- shifts ----------------------------------------------------------------------------------------------------------


def test_when_people_go_home_the_longest_idle_go_first():
    staff = {"clerks": {"shifts": {"all": shift(2), "half": shift(1, 0, 30)}}}
    journeys = {"ann": call(10), "bob": call(20), "cid": call(40), "dan": call(41)}
    tables = tell(company(journeys=journeys, staff=staff))
    # Idle since: 3 midnight, 1 minute 15, 2 minute 25. Member 3 goes home.
    assert [visit(tables, goal)["member"] for goal in ("ann", "bob", "cid", "dan")] == [1, 2, 1, 2]


def test_whoever_is_busy_at_the_end_of_a_shift_finishes_as_overtime_and_takes_nobody_else():
    tables = tell(company(journeys={"ann": call(10), "bob": call(11)}, staff={"clerks": pool(1, 0, 12)}))
    assert (visit(tables, "ann")["ended"], visit(tables, "ann")["overtime"]) == (15, 3)
    assert visit(tables, "bob")["started"] is None
    assert visit(tables, "bob")["outcome"] is None


def test_of_the_busy_those_who_began_first_go_home_first():
    staff = {"clerks": {"shifts": {"all": shift(1), "half": shift(1, 0, 12)}}}
    touchpoints = {"desk": desk(), "slow": desk(minutes=30)}
    journeys = {"ann": call(10, "slow"), "bob": call(11), "cid": call(12), "dan": call(13)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff=staff))
    assert (visit(tables, "ann")["overtime"], visit(tables, "bob")["overtime"]) == (28, 0)
    assert times(tables, "cid", "dan") == {"cid": (16, 21), "dan": (21, 26)}


def test_a_service_that_ends_with_the_shift_is_no_overtime_but_nobody_else_is_taken():
    tables = tell(company(journeys={"ann": call(10), "bob": call(11)}, staff={"clerks": pool(1, 0, 15)}))
    assert (visit(tables, "ann")["ended"], visit(tables, "ann")["overtime"]) == (15, 0)
    assert visit(tables, "bob")["started"] is None


def test_those_in_line_stay_when_it_closes_and_are_served_when_it_opens():
    staff = {"clerks": {"shifts": {"am": shift(1, 0, 12), "pm": shift(2, 30, 60)}}}
    tables = tell(company(journeys={"ann": call(10), "bob": call(11), "cid": call(11)}, staff=staff))
    assert times(tables, "bob", "cid") == {"bob": (30, 35), "cid": (30, 35)}


def test_a_shift_that_begins_as_another_ends_keeps_everybody_at_work():
    staff = {"clerks": {"shifts": {"am": shift(1, 0, 12), "pm": shift(1, 12, 60)}}}
    tables = tell(company(journeys={"ann": call(10), "bob": call(11)}, staff=staff))
    assert visit(tables, "ann")["overtime"] == 0
    assert times(tables, "bob") == {"bob": (15, 20)}


def test_one_who_works_overtime_when_others_come_on_duty_still_goes_home():
    staff = {"clerks": {"shifts": {"am": shift(1, 0, 12), "pm": shift(1, 13, 60)}}}
    tables = tell(company(journeys={"ann": call(10), "bob": call(11), "cid": call(30)}, staff=staff))
    assert visit(tables, "ann")["overtime"] == 3
    assert (visit(tables, "bob")["started"], visit(tables, "bob")["member"]) == (13, 2)
    assert visit(tables, "cid")["member"] == 2


def test_overtime_that_is_not_over_at_the_horizon_is_counted_until_then():
    raw = company(touchpoints={"desk": desk(minutes=3000)}, staff={"clerks": pool(1, 0, 60)})
    ann = visit(tell(raw), "ann")
    assert (ann["ended"], ann["overtime"]) == (None, 1440 - 60)


# ---- closed and full -------------------------------------------------------------------------------------------------


def opens_at(minute, **more):
    return {"staff": {"clerks": pool(1, minute, 1440)}, "touchpoints": {"desk": desk(**more)}}


def test_an_attempt_that_finds_nobody_on_duty_is_recorded_as_closed():
    ann = visit(tell(company(**opens_at(30))), "ann")
    assert (ann["outcome"], ann["joined"], ann["started"], ann["ended"], ann["cost"]) == ("closed", 10, None, 10, 0)


def test_later_means_again_after_the_next_opening():
    later = {"when_closed": {"later": {"p": 1, "after": "7 min"}}}
    first, second = visits(tell(company(**opens_at(30, **later))), "ann")
    assert (first["outcome"], second["joined"], second["outcome"]) == ("closed", 37, "resolved")


def test_later_without_a_delay_means_an_hour_after_opening_on_average():
    raw = company(**opens_at(600, when_closed={"later": 1}), population={"customers": 400})
    again = [row["joined"] - 600 for row in visits(tell(raw)) if row["visit"] == 2]
    assert len(again) == 400
    assert sum(again) / len(again) == pytest.approx(60, abs=3 * 60 / 20)


def test_later_never_comes_where_it_never_opens_again():
    raw = company(staff={"clerks": pool(1, 0, 5)}, touchpoints={"desk": desk(when_closed={"later": 1})})
    tables = tell(raw)
    assert [row["outcome"] for row in visits(tables)] == ["closed"]
    assert tables.journeys["closed"].to_list() == [None]


def test_it_is_open_while_any_listed_pool_is_on_duty():
    touchpoints = {"desk": desk({"clerks": 0, "experts": "3 min"})}
    staff = {"clerks": pool(1, 30, 60), "experts": pool(1)}
    tables = tell(company(touchpoints=touchpoints, staff=staff))
    assert times(tables, "ann") == {"ann": (13, 18)}


def test_a_pool_without_the_skill_does_not_keep_it_open():
    touchpoints = {"desk": desk({"clerks": 0, "experts": 0})}
    staff = {"clerks": pool(1, 30, 60), "experts": pool(1, skills=["bob"])}
    tables = tell(company(touchpoints=touchpoints, staff=staff, journeys={"ann": call(10), "bob": call(10)}))
    assert [visit(tables, goal)["outcome"] for goal in ("ann", "bob")] == ["closed", "resolved"]


def test_a_step_may_route_those_who_find_it_closed_as_it_likes():
    touchpoints = {"desk": desk(when_closed={"later": 1}), "faq": page(2)}
    step = {"next": {"closed": {"look": {"p": 1, "after": "4 min"}}}}
    ann = call(10, step=step)
    ann["steps"]["look"] = {"touchpoint": "faq", "outcomes": {"resolved": 1}}
    tables = tell(company(touchpoints=touchpoints, journeys={"ann": ann}, staff={"clerks": pool(1, 30, 60)}))
    assert [(row["step"], row["joined"]) for row in visits(tables)] == [("call", 10), ("look", 14)]


def test_where_nothing_is_said_those_who_find_it_closed_give_up():
    assert tell(company(**opens_at(30))).journeys["end"].to_list() == ["give_up"]


def test_beyond_its_lines_a_channel_turns_people_away():
    raw = company(channels={"phone": {"lines": 2}}, journeys={name: call(10 + i) for i, name in enumerate("abcd")})
    tables = tell(raw)
    assert [visit(tables, goal)["outcome"] for goal in "abcd"] == ["resolved", "resolved", "blocked", "blocked"]
    assert (visit(tables, "c")["ended"], visit(tables, "c")["cost"]) == (12, 0)


def test_a_line_is_free_again_when_a_service_ends_or_somebody_abandons():
    raw = company(
        channels={"phone": {"lines": 2}},
        personas=impatient(2),
        journeys={"ann": call(10), "bob": call(11), "cid": call(13), "dan": call(14), "eve": call(15)},
    )
    tables = tell(raw)
    assert [visit(tables, goal)["outcome"] for goal in ("ann", "bob", "cid", "dan", "eve")] == [
        "resolved", "abandoned", "resolved", "blocked", "abandoned",
    ]  # fmt: skip


def test_every_contact_in_a_channel_takes_a_line_with_staff_or_without():
    touchpoints = {"desk": desk(), "menu": page(5, channel="phone"), "faq": page(5)}
    journeys = {"ann": call(10, "menu"), "bob": call(11), "cid": call(11, "faq"), "dan": call(15)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, channels={"phone": {"lines": 1}}))
    assert [visit(tables, goal)["outcome"] for goal in ("ann", "bob", "cid", "dan")] == [
        "resolved", "blocked", "resolved", "resolved",
    ]  # fmt: skip


def test_a_channel_may_have_no_lines_at_all():
    assert visit(tell(company(channels={"phone": {"lines": 0}})), "ann")["outcome"] == "blocked"


def test_what_is_closed_is_not_full():
    raw = company(**opens_at(30), channels={"phone": {"lines": 0}})
    assert visit(tell(raw), "ann")["outcome"] == "closed"


# ---- the ends of the story -------------------------------------------------------------------------------------------


def test_what_is_not_over_at_the_horizon_is_recorded_as_far_as_it_went():
    raw = company(journeys={"ann": call(1438), "bob": call(1439)})
    tables = tell(raw)
    ann, bob = visit(tables, "ann"), visit(tables, "bob")
    assert (ann["started"], ann["ended"], ann["outcome"], ann["mood_after"], ann["cost"]) == (1438, None, None, None, 0)
    assert (bob["joined"], bob["started"], bob["pool"], bob["outcome"]) == (1439, None, None, None)
    assert tables.journeys["closed"].to_list() == [None, None]
    assert tables.journeys["visits"].to_list() == [1, 1]


def test_what_would_happen_at_the_horizon_does_not():
    tables = tell(company(journeys={"ann": call(1435), "bob": call(1440)}))
    assert visit(tables, "ann")["ended"] is None
    assert visits(tables, "bob") == []


def test_with_nobody_on_duty_everything_is_closed():
    assert visit(tell(company(staff={"clerks": pool(0)})), "ann")["outcome"] == "closed"
    assert visit(tell(company(staff={"clerks": {}})), "ann")["outcome"] == "closed"


def test_without_customers_there_is_nothing_to_tell():
    tables = tell(company(population={"customers": 0}))
    assert (tables.visits.height, tables.journeys.height, tables.customers.height) == (0, 0, 0)


def test_a_service_may_take_no_time_at_all():
    tables = tell(company(touchpoints={"desk": desk(minutes=0)}, journeys={"ann": call(10), "bob": call(10)}))
    assert times(tables, "ann", "bob") == {"ann": (10, 10), "bob": (10, 10)}


@pytest.mark.parametrize("headcount", [1, 2, 5])
def test_no_member_ever_serves_two_at_once(headcount):
    journeys = {str(k): call(10 + 0.7 * k) for k in range(40)}
    rows = visits(tell(company(journeys=journeys, staff={"clerks": pool(headcount)})))
    for member in range(1, headcount + 1):
        spans = sorted((row["started"], row["ended"]) for row in rows if row["member"] == member)
        assert spans
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
