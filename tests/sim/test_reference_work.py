"""Stories of work: what is done without the customer, who has waited too long, who is called back, and systems.

Everything happens to one customer, whose calls have names and minutes; a service takes exactly five minutes unless the
story says otherwise. Times are minutes from midnight.
"""

from math import exp

import pytest

from sim import build, draws, simulate
from sim.changes import phases
from sim.engines.outages import outages
from sim.kpis import measure
from sim.summaries import summarise
from tests.sim.stories import call, company, desk, journey, moment, page, pool, tell, visit, visits


def kpis(raw, *names):
    """Some KPIs of a story, over everything in it."""
    result = simulate(build(raw), seed=1)
    values = {row["kpi"]: row["value"] for row in measure(summarise(result)).to_dicts() if row["by"] == "all"}
    return tuple(values[name] for name in names)


# ---- work done without the customer ----------------------------------------------------------------------------------


def office(**more):
    return {"desk": desk(), "office": desk(attended=False, channel="post", **more)}


def test_work_joins_its_queue_when_all_are_off_duty_and_is_done_when_somebody_is_there():
    only = visit(
        tell(company(touchpoints=office(), journeys={"ann": call(10, "office")}, staff={"clerks": pool(1, 60)})), "ann"
    )
    assert (only["joined"], only["started"], only["ended"], only["outcome"]) == (10, 60, 65, "resolved")


def test_work_stands_in_the_same_queue_as_people():
    journeys = {"ann": call(10), "work": call(11, "office"), "bob": call(12)}
    tables = tell(company(touchpoints=office(), journeys=journeys))
    assert [visit(tables, goal)["started"] for goal in ("ann", "work", "bob")] == [10, 15, 20]


def test_nobody_loses_patience_with_work_or_feels_how_long_it_lies_there():
    feelings = {"wait": {"per_minute": -0.1}}
    personas = {"person": {"share": 1, "patience": {"post": "1 min"}, "satisfaction": feelings}}
    touchpoints = office() | {"counter": desk(channel="post")}
    tables = tell(
        company(personas=personas, touchpoints=touchpoints, journeys={"ann": call(10), "work": call(11, "office")})
    )
    work = visit(tables, "work")
    assert (work["started"], work["outcome"], work["mood_after"]) == (15, "resolved", 7)
    assert journey(tables, "work")["wait"] == 0


def test_what_was_promised_still_counts():
    personas = {"person": {"share": 1, "satisfaction": {"late": {"per_minute": -0.1}}}}
    journeys = {"ann": call(10), "work": call(11, "office", step={"promise": "6 min"})}
    tables = tell(company(personas=personas, touchpoints=office(), journeys=journeys))
    assert visit(tables, "work")["mood_after"] == 7 - 0.1 * 3  # over at 20, promised for 17


def test_work_takes_no_line():
    journeys = {"work": call(10, "office"), "ann": call(11), "bob": call(12)}
    touchpoints = {"desk": desk(), "office": desk(attended=False)}
    tables = tell(company(touchpoints=touchpoints, channels={"phone": {"lines": 1}}, journeys=journeys))
    assert [visit(tables, goal)["outcome"] for goal in ("work", "ann", "bob")] == ["resolved", "resolved", "blocked"]


def passed_on(**more):
    """A call that is passed on to the office, and comes back there once."""
    steps = {
        "call": {"touchpoint": "desk", "outcomes": {"passed": 1}, "next": {"passed": {"work": 1}}},
        "work": {"touchpoint": "office", "outcomes": {"done": 1}, "next": {"done": {"again": 1}}},
        "again": {"touchpoint": "office", "outcomes": {"resolved": 1}},
    }
    ann = {"when": call(10)["when"], "start": {"phone": "call"}, "steps": steps}
    touchpoints = {"desk": desk(), "office": desk("office", attended=False, channel="post", cost="2 EUR")}
    return company(journeys={"ann": ann}, touchpoints=touchpoints, staff={"clerks": pool(1), "office": pool(1)}, **more)


def test_work_is_passed_on_but_is_no_contact_of_the_customer():
    only = journey(tell(passed_on()), "ann")
    assert (only["visits"], only["contacts"], only["channels"]) == (3, 1, 1)
    assert (only["handoffs"], only["repeats"]) == (1, 0)


def test_work_costs_what_it_costs_and_keeps_people_busy():
    assert kpis(passed_on(), "contact_cost", "occupancy", "first_contact_resolution") == (4, 15 / 2880, 1)


def test_work_moves_no_wait_of_customers_but_has_one_of_its_own():
    journeys = {"ann": call(10), "work": call(11, "office"), "more": call(12, "office"), "night": call(1439, "office")}
    raw = company(touchpoints=office(), journeys=journeys, staff={"clerks": pool(1, 0, 1435)})
    assert kpis(raw, "offered", "mean_wait", "service_level", "work_wait") == (1, 0, 1, (4 + 8) / 2)


def test_work_that_nobody_has_to_do_takes_its_time_and_is_no_contact():
    touchpoints = {"parcel": {"channel": "post", "service_time": "2 days", "attended": False}}
    clock = {"start": "2025-01-06", "horizon": "3 days"}
    tables = tell(company(clock=clock, touchpoints=touchpoints, journeys={"ann": call(10, "parcel")}))
    assert (visit(tables, "ann")["ended"], journey(tables, "ann")["contacts"]) == (10 + 2880, 0)


def test_work_for_somebody_who_leaves_is_dropped_unless_it_is_in_hand():
    churn = {"base": "1000 / min", "every": "12 min"}  # thinks about leaving within twelve minutes, and then goes
    personas = {"person": {"share": 1, "churn": churn}}
    journeys = {goal: call(0, "office") for goal in ("one", "two", "three", "four")}
    tables = tell(company(personas=personas, touchpoints=office(minutes=20), journeys=journeys))
    outcomes = [row["outcome"] for row in visits(tables)]
    assert outcomes == ["resolved", "left", "left", "left"]
    assert [row["wait"] for row in tables.journeys.to_dicts()] == [0, 0, 0, 0]


# ---- what has become urgent ------------------------------------------------------------------------------------------


def hurried(after, priority=-1, **more):
    return {"desk": desk(urgent={"after": f"{after} min", "priority": priority}), **more}


def order(tables, *goals):
    """Goals in the order in which their only visits started."""
    return sorted(goals, key=lambda goal: visit(tables, goal)["started"])


def test_whoever_has_waited_long_goes_before_those_with_a_smaller_number():
    journeys = {"ann": call(10), "bob": call(11, priority=3), "cid": call(12), "dan": call(13)}
    touchpoints = hurried(6, priority=-1)  # bob is urgent at 17, cid at 18, dan at 19
    tables = tell(company(touchpoints=touchpoints, journeys=journeys))
    assert order(tables, "bob", "cid", "dan") == ["cid", "bob", "dan"]  # of all who are urgent, bob joined first
    assert [visit(tables, goal)["started"] for goal in ("cid", "bob", "dan")] == [15, 20, 25]


def test_those_who_are_urgent_too_keep_when_they_joined():
    journeys = {"ann": call(10), "new": call(12), "bob": call(11, priority=3)}
    tables = tell(company(touchpoints=hurried(2), journeys=journeys))
    assert order(tables, "bob", "new") == ["bob", "new"]


def test_nobody_becomes_less_important_by_waiting():
    journeys = {"ann": call(10), "vip": call(11, priority=-5), "bob": call(11, priority=-2)}
    tables = tell(company(touchpoints=hurried(1, priority=0), journeys=journeys))
    assert order(tables, "vip", "bob") == ["vip", "bob"]


def test_who_was_urgent_in_one_visit_is_not_in_the_next():
    again = {"outcomes": {"passed": 1}, "next": {"passed": {"second": 1}}}
    steps = {"call": {"touchpoint": "desk", **again}, "second": {"touchpoint": "desk", "outcomes": {"resolved": 1}}}
    bob = {"when": call(11)["when"], "priority": 3, "start": {"phone": "call"}, "steps": steps}
    journeys = {"ann": call(10), "bob": bob, "cid": call(19)}
    tables = tell(company(touchpoints=hurried(3), journeys=journeys))
    assert [row["started"] for row in visits(tables, "bob")] == [15, 25]
    assert visit(tables, "cid")["started"] == 20


@pytest.mark.parametrize("after", [0.5, 3])  # before the clerks see him, and after
def test_who_is_urgent_is_so_for_every_pool_that_sees_them(after):
    urgent = {"after": f"{after} min", "priority": -1}
    touchpoints = {"desk": desk(), "help": desk({"experts": 0, "clerks": "1 min"}, urgent=urgent)}
    journeys = {"ann": call(10), "bob": call(11, "help", priority=4), "cid": call(12)}
    staff = {"clerks": pool(1), "experts": pool(0)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff=staff))
    assert [visit(tables, goal)["started"] for goal in ("bob", "cid")] == [15, 20]


# ---- who is called back ----------------------------------------------------------------------------------------------


def offered(after=2, accept=1, **more):
    return {"desk": desk(callback={"after": f"{after} min", "accept": accept, **more})}


IMPATIENT = {"person": {"share": 1, "patience": {"phone": "4 min"}}}


def test_who_accepts_a_call_keeps_the_place_in_the_queue_and_all_patience():
    journeys = {"ann": call(10), "bob": call(10), "cid": call(12)}
    tables = tell(company(personas=IMPATIENT, touchpoints=offered(), journeys=journeys))
    bob, cid = visit(tables, "bob"), visit(tables, "cid")
    assert (bob["callback"], bob["started"], bob["outcome"]) == ("accepted", 15, "resolved")
    assert (cid["callback"], cid["started"], cid["outcome"]) == ("accepted", 20, "resolved")


def test_who_declines_loses_patience_as_before():
    journeys = {"ann": call(10), "bob": call(10)}
    tables = tell(company(personas=IMPATIENT, touchpoints=offered(accept=0), journeys=journeys))
    bob = visit(tables, "bob")
    assert (bob["callback"], bob["ended"], bob["outcome"]) == ("declined", 14, "abandoned")


def test_nobody_is_offered_a_call_who_is_served_before_or_as_it_would_be_made():
    journeys = {"ann": call(10), "bob": call(13)}
    tables = tell(company(touchpoints=offered(), journeys=journeys))
    assert [visit(tables, goal)["callback"] for goal in ("ann", "bob")] == [None, None]


def test_whose_patience_ends_as_the_offer_is_made_hears_it():
    tables = tell(company(personas=IMPATIENT, touchpoints=offered(4), journeys={"ann": call(10), "bob": call(10)}))
    assert visit(tables, "bob")["outcome"] == "resolved"


def test_waiting_ends_with_the_promise_as_it_is_felt_and_as_it_is_measured():
    feelings = {"wait": {"per_minute": -0.1}}
    raw = company(
        personas={"person": {"share": 1, "satisfaction": feelings}},
        touchpoints=offered(),
        journeys={"ann": call(10), "bob": call(10)},
        measure={"answer_within": "2 min"},
    )
    tables = tell(raw)
    assert (visit(tables, "bob")["mood_after"], journey(tables, "bob")["wait"]) == (7 - 0.1 * 2, 2)
    assert kpis(raw, "mean_wait", "speed_of_answer", "service_level") == (1, 1, 1)


def test_a_promise_gives_back_the_line():
    journeys = {"ann": call(10), "bob": call(10), "cid": call(11), "dan": call(12.5), "eve": call(13)}
    tables = tell(company(touchpoints=offered(), channels={"phone": {"lines": 2}}, journeys=journeys))
    outcomes = [visit(tables, goal)["outcome"] for goal in ("bob", "cid", "dan", "eve")]
    assert outcomes == ["resolved", "blocked", "resolved", "blocked"]


def missing(**routes):
    """Bob is called back in vain, then cid is served by the same clerk at the same moment."""
    bob = call(10, step={"next": routes})
    return {"touchpoints": offered(reached=0), "journeys": {"ann": call(10), "bob": bob, "cid": call(14)}}


def test_who_is_not_reached_is_missed_and_the_next_one_is_served_at_once():
    tables = tell(company(**missing()))
    bob = visit(tables, "bob")
    assert (bob["outcome"], bob["started"], bob["ended"], bob["pool"]) == ("missed", None, 15, None)
    assert (journey(tables, "bob")["end"], journey(tables, "bob")["contacts"]) == ("give_up", 0)
    assert visit(tables, "cid")["started"] == 15


def test_who_was_missed_may_go_on():
    tables = tell(company(**missing(missed={"call": {"p": 1, "after": "30 min"}})))
    assert [(row["joined"], row["outcome"]) for row in visits(tables, "bob")] == [(10, "missed"), (45, "resolved")]


def test_missing_a_call_is_felt():
    personas = {"person": {"share": 1, "satisfaction": {"missed": -1, "wait": {"per_minute": -0.1}}}}
    bob = visit(tell(company(personas=personas, **missing())), "bob")
    assert bob["mood_after"] == 7 - 1 - 0.1 * 2


def test_whom_a_second_pool_calls_in_vain_is_missed_too():
    touchpoints = {
        "desk": desk({"clerks": 0, "experts": "4 min"}, callback={"after": "1 min", "accept": 1, "reached": 0})
    }
    journeys = {"ann": call(10), "bob": call(10)}
    tables = tell(company(touchpoints=touchpoints, journeys=journeys, staff={"clerks": pool(1), "experts": pool(1)}))
    assert (visit(tables, "bob")["outcome"], visit(tables, "bob")["ended"]) == ("missed", 14)


def test_who_leaves_is_not_called_back():
    churn = {"base": "1000 / min", "every": "12 min"}
    touchpoints = {"desk": desk(minutes=60, callback={"after": "0 min", "accept": 1})}
    raw = company(personas={"person": {"share": 1, "churn": churn}}, touchpoints=touchpoints)
    tables = tell(raw | {"journeys": {"ann": call(0), "bob": call(0)}})
    assert (visit(tables, "bob")["outcome"], visit(tables, "bob")["callback"]) == ("left", "accepted")


def test_offers_are_counted_with_what_became_of_them():
    people = {f"caller {n}": call(10) for n in range(40)}
    raw = company(touchpoints=offered(accept=0.6, reached=0.7), journeys=people)
    told = visits(tell(raw))
    accepted = [row for row in told if row["callback"] == "accepted"]
    reached = [row for row in accepted if row["outcome"] == "resolved"]
    assert 0 < len(reached) < len(accepted) < 39
    expected = (39, len(accepted) / 39, len(reached) / len(accepted))
    assert kpis(raw, "callbacks_offered", "callbacks_accepted", "callbacks_reached") == expected


def test_those_who_still_wait_for_their_call_at_the_end_are_not_counted_as_missed():
    raw = company(
        touchpoints=offered(),
        journeys={"ann": call(1430), "bob": call(1430)},
        clock={"start": "2025-01-06", "horizon": "1433 min"},
    )
    assert visit(tell(raw), "bob")["outcome"] is None
    assert kpis(raw, "callbacks_accepted", "mean_wait") == (1, 0)


# ---- systems that are down -------------------------------------------------------------------------------------------


def depending(**more):
    """A desk that depends on a system which is out from minute 30 to 50."""
    update = {"on": moment(30), "lasts": "20 min"}
    return {"touchpoints": {"desk": desk(system="crm", **more)}, "systems": {"crm": {"outages": {"update": update}}}}


def outcomes(tables, *goals):
    return [visit(tables, goal)["outcome"] for goal in goals]


def test_nobody_can_come_in_while_a_system_is_out():
    minutes = {"before": 29.5, "as it goes": 30, "during": 40, "as it is back": 50}
    tables = tell(company(**depending(), journeys={goal: call(minute) for goal, minute in minutes.items()}))
    assert outcomes(tables, *minutes) == ["resolved", "down", "down", "resolved"]


def test_a_service_in_hand_goes_on_and_so_does_the_queue():
    tables = tell(company(**depending(), journeys={"ann": call(28), "bob": call(29)}))
    assert [(visit(tables, goal)["ended"]) for goal in ("ann", "bob")] == [33, 38]


def test_whom_a_system_turns_away_gives_up_unless_something_else_is_said():
    tables = tell(company(**depending(), journeys={"ann": call(40)}))
    assert (journey(tables, "ann")["end"], journey(tables, "ann")["contacts"]) == ("give_up", 0)
    assert visit(tables, "ann")["started"] is None


def test_whom_a_system_turns_away_comes_again_when_it_is_back():
    later = {"later": {"p": 1, "after": "7 min"}}
    tables = tell(company(**depending(when_down=later), journeys={"ann": call(40)}))
    assert [(row["joined"], row["outcome"]) for row in visits(tables)] == [(40, "down"), (57, "resolved")]


def test_where_nothing_is_said_of_systems_it_is_as_if_it_were_closed():
    later = {"later": {"p": 1, "after": "7 min"}}
    tables = tell(company(**depending(when_closed=later), journeys={"ann": call(40)}))
    assert [row["joined"] for row in visits(tables)] == [40, 57]


def test_a_step_has_the_first_word_on_where_to_go():
    step = {"next": {"down": {"call": {"p": 1, "after": "11 min"}}}}
    tables = tell(company(**depending(when_down={"give_up": 1}), journeys={"ann": call(40, step=step)}))
    assert [row["joined"] for row in visits(tables)] == [40, 51]


def test_nobody_on_duty_counts_before_the_system_and_the_system_before_the_lines():
    parts = depending() | {"staff": {"clerks": pool(1, 20)}, "channels": {"phone": {"lines": 0}}}
    journeys = {"early": call(10), "later": call(40), "late": call(60)}
    assert outcomes(tell(company(**parts, journeys=journeys)), *journeys) == ["closed", "down", "blocked"]


def test_finding_a_system_down_is_felt():
    personas = {"person": {"share": 1, "satisfaction": {"down": -1}}}
    assert visit(tell(company(personas=personas, **depending(), journeys={"ann": call(40)})), "ann")["mood_after"] == 6


def test_outages_that_overlap_are_one():
    parts = depending()
    parts["systems"]["crm"]["outages"]["more"] = {"on": moment(45), "lasts": "30 min"}
    journeys = {"during": call(60), "after": call(75)}
    assert outcomes(tell(company(**parts, journeys=journeys)), *journeys) == ["down", "resolved"]


def test_a_system_bears_so_many_services_at_once():
    touchpoints = {"desk": desk(system="crm"), "page": page(3, system="crm")}
    looks = {"web": call(10, "page"), "more": call(11, "page"), "then": call(13, "page")}
    journeys = {"ann": call(10), "bob": call(10)} | looks
    tables = tell(company(touchpoints=touchpoints, systems={"crm": {"capacity": 2}}, journeys=journeys))
    assert outcomes(tables, *journeys) == ["resolved", "resolved", "resolved", "down", "resolved"]


def test_whoever_finds_a_system_busy_tries_again_after_a_while():
    later = {"later": {"p": 1, "after": "2 min"}}
    touchpoints = {"page": page(3, system="crm", when_down=later)}
    journeys = {"ann": call(10, "page"), "bob": call(10, "page")}
    tables = tell(company(touchpoints=touchpoints, systems={"crm": {"capacity": 1}}, journeys=journeys))
    assert [(row["joined"], row["outcome"]) for row in visits(tables, "bob")] == [
        (10, "down"), (12, "down"), (14, "resolved"),
    ]  # fmt: skip


def test_attempts_that_found_a_system_down_are_counted():
    journeys = {"ann": call(10), "bob": call(40), "cid": call(41), "dan": call(60)}
    assert kpis(company(**depending(), journeys=journeys), "down_share", "offered") == (0.5, 2)


def failing(**more):
    """A page that is looked at every ten minutes, and fails at random."""
    failure = {"rate": "2 / day", "lasts": {"kind": "exponential", "mean": "1 h"}}
    look = call(0, "page") | {"when": {"every": "10 min"}}
    raw = company(clock={"start": "2025-01-06", "horizon": "10 days"}, touchpoints={"page": page(1, system="crm")})
    return raw | {"systems": {"crm": {"outages": {"failure": failure}}}, "journeys": {"look": look}} | more


def down_at(tables):
    return [row["joined"] for row in visits(tables) if row["outcome"] == "down"]


def test_random_outages_are_the_same_whatever_else_is_there():
    alone = down_at(tell(failing(), seed=3))
    more = failing(staff={"clerks": pool(3)})
    more["systems"]["crm"]["outages"]["update"] = {"on": "2025-01-09", "lasts": "1 day"}
    again = down_at(tell(more, seed=3))
    assert [at for at in alone if at < 4320 or at >= 5760] == [at for at in again if at < 4320 or at >= 5760]
    assert 0 < len(alone) < len(again)


def test_random_outages_are_as_many_and_as_long_as_stated():
    """Within five standard errors: a Poisson number of them, exponential lengths, overlaps merged."""
    days, rate, mean = 4000, 2 / 1440, 60
    raw = failing(clock={"start": "2025-01-06", "horizon": f"{days} days"}, journeys={"ann": call(10, "page")})
    model = build(raw)
    found = outages(phases(model), model.clock, draws.world(7, 0), "crm")
    minutes = sum(ends - begins for begins, ends in zip(found.begins, found.ends, strict=True))
    out = 1 - exp(-rate * mean)  # M/G/infinity: somebody is there
    number = days * 1440 * rate * (1 - out)
    assert abs(len(found.begins) - number) < 5 * number**0.5
    assert abs(minutes / (days * 1440) - out) < 5 * out * (3 / number) ** 0.5


def test_a_change_makes_a_system_fail_from_its_date_on_only():
    worse = {"from": "2025-01-11", "set": {"systems.crm.outages.failure.rate": "12 / day"}}
    before, after = (down_at(tell(failing(changes={"worse": worse}, enact=on), seed=5)) for on in ([], ["worse"]))
    assert [at for at in before if at < 7200] == [at for at in after if at < 7200]
    assert len(after) > 1.5 * len(before)


def test_a_system_that_a_change_brings_is_out_only_then():
    broken = {"outages": {"update": {"on": "2025-01-06 01:30", "lasts": "1 h"}}}
    moved = {"from": "2025-01-06 01:00", "set": {"systems.crm": broken, "touchpoints.desk.system": "crm"}}
    journeys = {"early": call(65), "late": call(95)}
    for enact, late in ((["moved"], "down"), ([], "resolved")):
        tables = tell(company(journeys=journeys, changes={"moved": moved}, enact=enact))
        assert outcomes(tables, *journeys) == ["resolved", late]
