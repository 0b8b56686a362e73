"""Stories of what happens to customers: effects of outcomes and ends, of clocks on open visits, and of events.

Most touchpoints here need no staff, so that nobody waits. Times are minutes from midnight.
"""

from itertools import pairwise

import polars as pl
import pytest

from sim import build, simulate
from sim.kpis import measure
from sim.summaries import summarise
from tests.sim.stories import call, company, customer, desk, journey, journeys, moment, page, tell, visits


def opened(touchpoint="desk", **more):
    """A journey of one step that nothing but effects opens."""
    return call(0, touchpoint, **more) | {"when": "opened"}


def aside(touchpoint="desk", **more):
    """The same where it need not be opened by anything: those who join open it, and nobody does."""
    return opened(touchpoint, **more) | {"when": {"joining": "1 min"}}


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


# ---- a clock on an open visit ----------------------------------------------------------------------------------------


def effects(tables, cause=None):
    """What took effect when: minute, and which time it was."""
    return [(row["at"], row["nth"]) for row in tables.effects.to_dicts() if cause in (None, row["cause"])]


def open_for(minutes, **while_open):
    """A visit of so many minutes, with a clock on it."""
    ann = call(10, step={"while_open": while_open})
    return unstaffed(touchpoints={"desk": page(minutes), "form": page(1)}, journeys={"ann": ann, "bob": aside("form")})


def test_a_visit_that_is_open_too_long_opens_another_journey():
    tables = tell(open_for(60, after="20 min", opens={"bob": 1}))
    assert [(row["opened"], row["origin"]) for row in journeys(tables, "bob")] == [(30, "bob from ann 0")]


def test_one_that_is_over_by_then_does_nothing():
    for minutes in (19, 20):
        assert effects(tell(open_for(minutes, after="20 min", opens={"bob": 1}))) == []


def test_it_happens_again_as_often_as_is_said_until_the_visit_is_over():
    tables = tell(open_for(60, after="20 min", every="15 min", opens={"bob": 1}))
    assert effects(tables, "call") == [(30, 0), (45, 1), (60, 2)]
    assert [row["opened"] for row in journeys(tables, "bob")] == [30, 45, 60]


def test_each_time_it_opens_by_a_draw_of_its_own():
    raw = open_for(60, after="20 min", every="15 min", opens={"bob": 0.4}) | {"population": {"customers": 1000}}
    tables = tell(raw)
    for minute in (30, 45, 60):
        here = [row for row in journeys(tables, "bob") if row["opened"] == minute]
        assert len(here) == pytest.approx(400, abs=4 * 240**0.5)
    both = {(row["customer"], row["opened"]) for row in journeys(tables, "bob")}
    assert sum((c, 30) in both and (c, 45) in both for c in range(1000)) == pytest.approx(160, abs=4 * 135**0.5)


def test_it_counts_the_time_in_the_queue_and_with_the_clerk():
    waiting = {"ann": call(10), "bob": call(11, step={"while_open": {"after": "3 min", "mood": -1}})}
    tables = tell(company(journeys=waiting))
    assert effects(tables) == [(14, 0)]
    assert [row["mood_after"] for row in tables.visits.to_dicts() if row["goal"] == "bob"] == [6]


def test_money_that_a_clock_moves_is_the_customers_and_has_a_row_of_its_own():
    tables = tell(open_for(60, after="20 min", revenue="-20 EUR"))
    assert customer(tables)["revenue"] == -20
    assert tables.effects.to_dicts() == [
        {"customer": 0, "cause": "call", "journey": 1, "visit": 1, "nth": 0, "persona": "person",
         "goal": "ann", "at": 30.0, "revenue": -20.0, "stage": None}
    ]  # fmt: skip


def test_nobody_hears_a_clock_after_leaving():
    personas = {"person": {"share": 1, "churn": {"base": "3 / day", "every": "1 h"}}}
    raw = open_for(1200, after="10 h", opens={"bob": 1}) | {"personas": personas, "population": {"customers": 50}}
    tables = tell(raw)
    there = [row["customer"] for row in tables.customers.to_dicts() if row["left"] is None or row["left"] > 610]
    assert [row["customer"] for row in journeys(tables, "bob")] == there
    assert 5 < len(there) < 45


def test_what_found_nobody_on_duty_was_never_open():
    closed = call(10, step={"while_open": {"after": "5 min", "satisfaction": -1}})
    assert effects(tell(company(journeys={"ann": closed}, staff={"clerks": {"shifts": {}}}))) == []


# ---- several clocks on one step --------------------------------------------------------------------------------------


def test_several_clocks_on_a_step_strike_each_by_itself():
    """People chase every quarter of an hour, and are paid once what they were promised is late."""
    clocks = {"chase": {"after": "20 min", "every": "15 min", "opens": {"bob": 1}}}
    clocks |= {"late": {"after": "30 min", "revenue": "-20 EUR"}}
    tables = tell(open_for(60, **clocks))
    assert effects(tables, "call.chase") == [(30, 0), (45, 1), (60, 2)]
    assert effects(tables, "call.late") == [(40, 0)]
    assert customer(tables)["revenue"] == -20


def test_a_clock_draws_by_its_own_name_whatever_others_there_are():
    def chased(**others):
        raw = open_for(60, **{"chase": {"after": "20 min", "opens": {"bob": 0.4}}} | others)
        return tell(raw | {"population": {"customers": 40}}).journeys.filter(goal="bob")["customer"].to_list()

    other = {"early": {"after": "20 min", "opens": {"bob": 0.5}}}
    assert 5 < len(chased()) < 30
    assert set(chased()) <= set(chased(**other))
    assert sorted(chased(**other)) != sorted(chased() * 2)


def test_those_who_are_called_before_they_call_do_not_call():
    """A clerk tells Ann after an hour that it takes longer; where nobody does, she asks after two hours herself."""
    ask = {"p": 1, "after": "1 h"}

    def asked(**tells):
        clock = {"after": "1 h", "opens": {"ask": ask} | tells}
        raw = company(
            touchpoints={"office": page(300), "desk": page(5), "call": desk(minutes=10, attended=False)},
            journeys={
                "ann": call(10, "office", step={"while_open": {"news": clock, "sorry": {"after": "4 h", "mood": -1}}}),
                "tell": opened("call", step={"outcomes": {"resolved": {"p": 1, "cancels": "ask"}}}),
                "ask": opened(),
            },
        )
        raw["journeys"]["tell"]["when"] = {"joining": "1 min"}
        return [row["opened"] for row in journeys(tell(raw), "ask")]

    assert asked() == [130]
    assert asked(tell=1) == []


# ---- events ----------------------------------------------------------------------------------------------------------


def hit(customers=1, minute=60, **event):
    """A company to which something happens; nothing else does, but what that opens."""
    event = {"on": moment(minute)} | event
    return unstaffed(journeys={"fault": aside()}, events={"outage": event}, population={"customers": customers})


def test_an_event_on_a_date_takes_effect_on_everybody():
    tables = tell(hit(3, opens={"fault": 1}, satisfaction=-0.5))
    assert [(row["customer"], row["opened"]) for row in journeys(tables)] == [(0, 60), (1, 60), (2, 60)]
    assert {row["origin"] for row in journeys(tables)} == {"fault from outage 0"}
    assert {row["satisfaction_end"] for row in tables.customers.to_dicts()} == {6.5}


def test_it_reaches_its_share():
    tables = tell(hit(2000, reach=0.3, opens={"fault": {"p": 0.5, "after": "10 min"}}))
    assert tables.effects.height == pytest.approx(600, abs=4 * 420**0.5)
    assert tables.journeys.height == pytest.approx(300, abs=4 * 255**0.5)
    assert set(tables.journeys["customer"]) < set(tables.effects["customer"])


def test_it_happens_every_period_from_one_after_the_start_or_from_a_date():
    assert effects(tell(hit(on=None, every="8 h", satisfaction=0))) == [(480, 0), (960, 1)]
    assert effects(tell(hit(every="10 h", satisfaction=0))) == [(60, 0), (660, 1), (1260, 2)]


def test_each_time_it_reaches_others():
    tables = tell(hit(400, on=None, every="10 h", reach=0.5, satisfaction=0))
    first, second = (set(tables.effects.filter(pl.col("nth") == n)["customer"]) for n in (0, 1))
    assert len(first & second) == pytest.approx(100, abs=4 * 75**0.5)


def test_by_chance_it_happens_as_often_as_is_said():
    clock = {"start": "2025-01-06", "horizon": "100 weeks"}
    minutes = [minute for minute, _ in effects(tell(hit(on=None, rate="0.5 / day", satisfaction=0) | {"clock": clock}))]
    assert len(minutes) == pytest.approx(350, abs=4 * 350**0.5)
    gaps = [later - sooner for sooner, later in pairwise(minutes)]
    assert sum(gap > 2880 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=4 * (0.233 / len(gaps)) ** 0.5)


def test_a_rate_follows_its_profile():
    profiles = {"weekly": {"hours": {"mon": {"08:00": 1, "10:00": 0}}}}
    clock = {"start": "2025-01-06", "horizon": "8 weeks"}
    tables = tell(hit(on=None, rate="5 / week", satisfaction=0) | {"clock": clock, "profiles": profiles})
    assert len(effects(tables)) > 20
    assert all(480 <= minute % 10080 <= 600 for minute, _ in effects(tables))


def out(outages, **event):
    """Something that happens to everybody with an outage of a system on which nothing else hangs."""
    systems = {"crm": {"outages": outages}}
    return unstaffed(systems=systems, events={"sorry": event}, journeys={"ann": call(10), "bob": aside()})


TWICE = {"update": {"on": moment(30), "lasts": "20 min"}, "repair": {"on": moment(100), "lasts": "1 h"}}


def test_an_event_may_happen_whenever_a_system_is_out():
    tables = tell(out(TWICE, outage="crm", opens={"bob": 1}))
    assert effects(tables) == [(30, 0), (100, 1)]
    assert [row["opened"] for row in journeys(tables, "bob")] == [30, 100]


def test_or_as_soon_as_it_is_back():
    told = tell(out(TWICE, outage={"system": "crm", "at": "end"}, satisfaction=-1))
    assert effects(told) == [(50, 0), (160, 1)]
    assert customer(told)["satisfaction_end"] == 5


def test_outages_that_overlap_are_one_to_an_event_too():
    more = TWICE | {"more": {"on": moment(45), "lasts": "30 min"}, "late": {"on": moment(1430), "lasts": "1 day"}}
    assert effects(tell(out(more, outage="crm", mood=-1))) == [(30, 0), (100, 1), (1430, 2)]
    assert effects(tell(out(more, outage={"system": "crm", "at": "end"}, mood=-1))) == [(75, 0), (160, 1)]


def test_whom_an_outage_calls_off_is_not_called_on():
    raw = out({"update": {"on": moment(12), "lasts": "20 min"}}, outage="crm", cancels="bob", puts_off={"ann": "1 h"})
    raw["journeys"]["ann"] = ending(10, opens={"bob": {"p": 1, "after": "20 min"}, "cid": {"p": 1, "after": "2 min"}})
    raw["journeys"] |= {"bob": opened(), "cid": opened(), "dot": ending(0, opens={"bob": {"p": 1, "after": "30 min"}})}
    tables = tell(raw)
    assert [row["opened"] for row in journeys(tables, "cid")] == [17]
    assert [row["opened"] for row in journeys(tables, "bob")] == [35]


def test_outages_by_chance_are_those_that_turn_people_away():
    failure = {"failure": {"rate": "4 / day", "lasts": {"kind": "exponential", "mean": "1 h"}}}
    raw = out(failure, outage="crm", opens={"bob": 1}) | {"clock": {"start": "2025-01-06", "horizon": "20 days"}}
    raw["touchpoints"]["desk"] = page(5, system="crm")
    tables = tell(raw)
    assert len(effects(tables)) == pytest.approx(67, abs=4 * 67**0.5)
    came = [row["outcome"] for row in tables.visits.filter(goal="bob").to_dicts()]
    assert came == ["down"] * len(effects(tables))


def test_an_outage_that_a_change_brings_happens_to_those_whom_it_reaches_then():
    more = {"systems.crm.outages.more": {"on": moment(500), "lasts": "1 h"}, "events.sorry.outage.at": "end"}
    change = {"changes": {"new": {"from": moment(60), "set": more}}, "enact": "new"}
    assert effects(tell(out(TWICE, outage={"system": "crm"}, mood=-1) | change)) == [(30, 0), (160, 1), (560, 2)]


def test_it_takes_effect_on_those_for_whom_its_condition_holds():
    personas = {"one": {"share": 0.5, "products": {"internet": 0.5}}, "other": {"share": 0.5}}
    who = {"product": "internet"}
    tables = tell(hit(400, who=who, opens={"fault": 1}, drops="internet") | {"personas": personas})
    assert set(tables.effects["persona"]) == {"one"}
    assert tables.effects.height == pytest.approx(100, abs=4 * 75**0.5)


def test_who_has_left_is_not_there():
    personas = {"person": {"share": 1, "churn": {"base": "2 / day", "every": "1 h"}}}
    tables = tell(hit(100, 720, opens={"fault": 1}) | {"personas": personas})
    there = [row["customer"] for row in tables.customers.to_dicts() if row["left"] is None or row["left"] > 720]
    assert [row["customer"] for row in tables.effects.to_dicts()] == there
    assert 10 < len(there) < 90


def test_work_done_without_the_customer_is_no_contact_of_theirs():
    calls = {"on": moment(60), "most": 5, "by": {"contacts": 1}, "mood": -1}
    touchpoints = {"desk": page(5), "office": page(5, attended=False)}
    journeys_ = {"ann": call(10) | {"who": {"share": 0.5}}, "bob": call(10, "office")}
    tables = tell(
        unstaffed(touchpoints=touchpoints, journeys=journeys_, events={"calls": calls}, population={"customers": 30})
    )
    assert [row["customer"] for row in tables.effects.to_dicts()] == [row["customer"] for row in visits(tables, "ann")][
        :5
    ]


def visitors(**event):
    """Some who look around for an hour, and something that happens."""
    look = {"when": {"arrival": "60 / day"}, "start": {"web": "look"}}
    look["steps"] = {"look": {"touchpoint": "shop", "outcomes": {"resolved": 1}}}
    events = {"news": {"on": moment(1000)} | event}
    touchpoints = {"shop": page(60), "desk": page(5)}
    return unstaffed(journeys={"look": look, "fault": aside()}, events=events, touchpoints=touchpoints)


def test_visitors_are_reached_only_if_their_stage_is_named_and_while_they_are_here():
    assert set(tell(visitors(satisfaction=-1)).effects["customer"]) == {0}
    tables = tell(visitors(who={"stage": "prospect"}, satisfaction=-1))
    looking = tables.visits.filter((pl.col("joined") < 1000) & (pl.col("ended") > 1000))["customer"].to_list()
    assert looking
    assert tables.effects["customer"].to_list() == looking


def test_a_visitor_may_become_a_customer_by_an_event():
    tables = tell(visitors(who={"stage": "prospect"}, stage="customer", revenue="5 EUR"))
    became = tables.customers.filter(pl.col("joined") == 1000)
    assert became["customer"].to_list() == tables.effects["customer"].to_list()
    assert set(became["revenue"]) == {5}
    assert became.height > 0


def test_an_event_moves_the_mood_of_every_journey_that_is_open():
    journeys_ = {"ann": call(50, "slow"), "bob": call(55, "slow"), "cid": call(70, "slow"), "fault": aside()}
    raw = hit(mood=-2, opens={"fault": 0}) | {"journeys": journeys_, "touchpoints": {"slow": page(30), "desk": page()}}
    moods = {row["goal"]: row["mood_after"] for row in tell(raw).visits.to_dicts()}
    assert moods == {"ann": 5, "bob": 5, "cid": 7}


def test_money_of_an_event_is_revenue_in_its_week_and_stages_end_a_time_of_being_a_customer():
    tables = simulate(build(hit(revenue="-3 EUR", stage="lapsed")), seed=1)
    kpis = measure(summarise(tables)).filter(pl.col("by") == "week")
    values = dict(kpis.select("kpi", "value").iter_rows())
    assert (values["revenue"], values["customers_lost"]) == (-3, 1)


def test_an_event_moves_no_draw_of_anything_else():
    personas = {"person": {"share": 1, "needs": {"ask": "3 / day"}, "churn": {"base": "1 / week", "every": "5 h"}}}
    ask = call(0) | {"when": {"need": "ask"}}
    raw = hit(50, opens={"fault": 1}, reach=0.5) | {"personas": personas}
    raw["journeys"]["ask"] = ask
    asked = [row | {"journey": 0} for row in journeys(tell(raw), "ask")]
    assert asked == [row | {"journey": 0} for row in journeys(tell(raw | {"events": {}}), "ask")]
    assert len(asked) > 100


def test_a_change_may_bring_an_event_and_let_its_reach_grow():
    soon = {"from": moment(0), "ramp": "2 days", "set": {"events.letter": LETTER}}
    clock = {"start": "2025-01-06", "horizon": "4 days"}
    raw = unstaffed(clock=clock, population={"customers": 1000}, changes={"soon": soon}, enact="soon")
    at = tell(raw).effects["at"].to_list()
    shares = [at.count(720 + 1440 * day) / 1000 for day in range(4)]
    assert shares == pytest.approx([0.2, 0.6, 0.8, 0.8], abs=0.06)


LETTER = {"on": moment(720), "every": "1 day", "reach": 0.8, "satisfaction": -0.1}


def test_a_change_may_move_the_date_of_an_event():
    later = {"from": moment(30), "set": {"events.outage.on": moment(600)}}
    raw = hit(satisfaction=-1) | {"changes": {"later": later}}
    assert effects(tell(raw | {"enact": "later"})) == [(600, 0)]
    assert effects(tell(raw)) == [(60, 0)]


# ---- calling off and putting off -------------------------------------------------------------------------------------


def told(minute, **effects):
    """A message to everybody at a minute."""
    return {"message": {"on": moment(minute)} | effects}


def in_line(minute=13, **parts):
    """One clerk, who serves bob from 10 to 15 while ann waits from 11 on; and a message that calls off both."""
    raw = company(journeys={"bob": call(10), "ann": call(11)}, events=told(minute, cancels=["ann", "bob"]))
    return tell(raw | parts)


def test_who_waits_is_called_off_and_who_is_served_is_not():
    tables = in_line()
    waited, served = (journey(tables, name) for name in ("ann", "bob"))
    assert (waited["end"], waited["good"], waited["closed"], waited["wait"]) == ("cancelled", None, 13, 2)
    assert (served["end"], served["closed"]) == ("resolved", 15)
    (row,) = [row for row in tables.visits.to_dicts() if row["goal"] == "ann"]
    assert (row["outcome"], row["started"], row["ended"]) == ("cancelled", None, 13)


def test_the_wait_until_then_is_felt_and_remembered():
    feelings = {"memory": 0.5, "wait": {"per_minute": -1}}
    tables = in_line(personas={"person": {"share": 1, "satisfaction": feelings}})
    assert journey(tables, "ann")["experience"] == 5
    assert journey(tables, "ann")["satisfaction_after"] == 6


@pytest.mark.parametrize(
    ("there", "waited", "felt"),
    [({"callback": {"after": "1 min", "accept": 1}}, 1, 6), ({"attended": False}, 0, 7)],
    ids=["promised a call", "done alone"],
)
def test_who_was_promised_a_call_waited_until_then_and_for_work_done_alone_nobody_did(there, waited, felt):
    people = {"person": {"share": 1, "satisfaction": {"wait": {"per_minute": -1}}}}
    ann = journey(in_line(personas=people, touchpoints={"desk": desk(**there)}), "ann")
    assert (ann["end"], ann["wait"], ann["experience"]) == ("cancelled", waited, felt)


def test_nothing_follows_it_and_nobody_is_asked():
    journeys_ = {"bob": call(10), "ann": call(11), "cid": call(0) | {"when": {"after": {"journey": "ann"}}}}
    tables = in_line(journeys=journeys_, personas={"person": {"share": 1, "survey": {"respond": {"level": 9}}}})
    assert journeys(tables, "cid") == []
    assert (journey(tables, "ann")["asked"], journey(tables, "bob")["asked"]) == (False, True)


def test_the_line_of_one_called_off_is_free_for_somebody_else():
    lines = {"phone": {"lines": 2}}
    outcomes = {row["goal"]: row["outcome"] for row in in_line(channels=lines).visits.to_dicts()}
    journeys_ = {"bob": call(10), "ann": call(11), "cid": call(14)}
    freed = {row["goal"]: row["outcome"] for row in in_line(channels=lines, journeys=journeys_).visits.to_dicts()}
    taken = {row["goal"]: row["outcome"] for row in in_line(30, channels=lines, journeys=journeys_).visits.to_dicts()}
    assert outcomes == {"bob": "resolved", "ann": "cancelled"}
    assert (freed["cid"], taken["cid"]) == ("resolved", "blocked")


def test_a_journey_between_two_visits_is_called_off():
    again = {"outcomes": {"no": 1}, "next": {"no": {"call": {"p": 1, "after": "2 h"}}}}
    tables = tell(unstaffed(journeys={"ann": call(10, step=again)}, events=told(60, cancels="ann")))
    only = journey(tables, "ann")
    assert (only["end"], only["closed"], only["visits"]) == ("cancelled", 60, 1)


def later(*events, **parts):
    """A journey that is to open at minute 75, and what happens before."""
    opens = {"bob": {"p": 1, "after": "1 h"}}
    happen = {f"message {n}": event for n, event in enumerate(events)}
    return tell(unstaffed(journeys={"ann": ending(opens=opens), "bob": opened()}, events=happen, **parts))


def test_what_is_still_to_open_never_does():
    assert journeys(later({"on": moment(70), "cancels": "bob"}), "bob") == []
    assert journey(later({"on": moment(80), "cancels": "bob"}), "bob")["opened"] == 75


def test_what_is_still_to_open_is_put_off():
    def opened_at(*delays):
        return journey(later(*({"on": moment(70), "puts_off": {"bob": delay}} for delay in delays)), "bob")["opened"]

    assert opened_at("1 h") == 130
    assert opened_at("2 min") == 75  # never sooner than it would have
    assert opened_at("1 h", "3 h", "2 h") == 250
    assert opened_at() == 75


def test_what_was_put_off_can_still_be_put_off_again_and_called_off():
    first, second = {"on": moment(70), "puts_off": {"bob": "1 h"}}, {"on": moment(120), "puts_off": {"bob": "1 h"}}
    assert journey(later(first, second), "bob")["opened"] == 180
    assert journeys(later(first, second | {"cancels": "bob"}), "bob") == []


def test_the_next_step_is_put_off():
    again = {"outcomes": {"no": 0.5, "resolved": 0.5}, "next": {"no": {"call": {"p": 1, "after": "2 h"}}}}
    raw = unstaffed(journeys={"ann": call(10, step=again)}, events=told(60, puts_off={"ann": "8 h"}))
    joined = {row["joined"] for row in tell(raw | {"population": {"customers": 20}}).visits.to_dicts()}
    assert {row for row in joined if row < 600} == {10, 540}


def test_a_clock_may_end_the_wait_it_counts():
    ann = call(11, step={"while_open": {"after": "3 min", "cancels": "ann", "opens": {"cid": 1}}})
    tables = tell(company(journeys={"bob": call(10), "ann": ann, "cid": aside()}))
    assert (journey(tables, "ann")["end"], journey(tables, "ann")["closed"]) == ("cancelled", 14)
    assert journey(tables, "cid")["opened"] == 14


def test_an_end_may_call_off_what_the_customer_no_longer_needs():
    bob = ending(12, cancels="ann")
    bob["steps"]["call"]["touchpoint"] = "page"
    raw = company(journeys={"cid": call(10), "ann": call(11), "bob": bob})
    raw["touchpoints"]["page"] = page(2)
    assert (journey(tell(raw), "ann")["end"], journey(tell(raw), "ann")["closed"]) == ("cancelled", 14)


def test_a_visitor_whose_last_journey_is_called_off_goes():
    raw = visitors(who={"stage": "prospect"}, cancels="look", satisfaction=-1)
    raw["touchpoints"]["shop"] = page(2)
    look = raw["journeys"]["look"]["steps"]["look"]
    look |= {"outcomes": {"wait": 1}, "next": {"wait": {"look": {"p": 1, "after": "1 day"}}}}
    raw["events"]["more"] = {"on": moment(1001), "who": {"stage": "prospect"}, "mood": -1}
    tables = tell(raw)
    assert set(tables.journeys.filter(pl.col("opened") < 998)["end"]) == {"cancelled"}
    assert tables.effects.filter(pl.col("cause") == "more").height <= 1
    assert tables.effects.filter(pl.col("cause") == "news").height > 20


def test_journeys_called_off_are_counted_apart():
    result = simulate(
        build(company(journeys={"bob": call(10), "ann": call(11)}, events=told(13, cancels="ann"))), seed=1
    )
    kpis = measure(summarise(result)).filter(pl.col("by") == "all")
    values = dict(kpis.select("kpi", "value").iter_rows())
    assert (values["issues"], values["cancelled"], values["completion"], values["contacts_per_issue"]) == (2, 1, 1, 1)


# ---- lists -----------------------------------------------------------------------------------------------------------


def listed(**event):
    """Who of ten customers is on a list of people to call."""
    raw = company_of(10, events={"calls": {"on": moment(600), "satisfaction": 0} | event})
    return tell(raw).effects["customer"].to_list()


def some(name, minute=10, **effects):
    """An event that reaches half of the customers."""
    return {name: {"on": moment(minute), "reach": 0.5, **effects}}


def reached(tables, cause):
    return set(tables.effects.filter(pl.col("cause") == cause)["customer"])


def company_of(size=40, **parts):
    return unstaffed(**{"journeys": {"ann": call(10)}, "population": {"customers": size}} | parts)


def test_who_came_first_is_on_the_list_where_nothing_else_is_asked():
    assert listed(most=3) == [0, 1, 2]
    assert listed(most=30) == list(range(10))


def test_reach_is_of_those_on_the_list():
    tables = tell(
        company_of(2000, events={"calls": {"on": moment(60), "most": 500, "reach": 0.35, "revenue": "1 EUR"}})
    )
    assert tables.effects.height == pytest.approx(175, abs=4 * 114**0.5)
    assert tables.effects["customer"].max() < 500


def test_the_condition_comes_before_the_list():
    assert listed(most=3, who={"share": 0.4}) == sorted(listed(who={"share": 0.4}))[:3]
    assert listed(most=3, who={"share": 0.4}) != [0, 1, 2]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ({"who": {"trait": {"called": "never"}}, "trait": {"called": "once"}}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_the_same_people_are_called_again_unless_the_call_is_remembered(more, expected):
    raw = company_of(10, events={"calls": {"on": moment(0), "every": "1 h", "most": 3, "satisfaction": 0} | more})
    raw["personas"]["person"]["traits"] = {"called": "never"}
    assert tell(raw).effects.sort("at", "customer")["customer"].to_list()[:9] == expected


def test_the_newest_or_the_oldest_customers_come_first():
    def who(weight):
        raw = company_of(3, events={"calls": {"on": moment(1200), "most": 4, "by": {"tenure": weight}, "mood": 1}})
        return tell(raw | {"population": {"customers": 3, "joins": {"rate": "20 / day"}}})

    oldest, newest = who(1), who(-1)
    assert oldest.effects["customer"].to_list() == [0, 1, 2, 3]
    came = newest.customers.filter(pl.col("joined") < 1200)["customer"].to_list()
    assert newest.effects["customer"].to_list() == came[-4:]


def test_those_with_the_most_contacts_come_first():
    events = some("one", opens={"bob": 1}) | some("two", opens={"bob": 1})
    calls = {"on": moment(600), "most": 8, "by": {"contacts": 1}, "mood": 1}
    tables = tell(company_of(journeys={"bob": aside()}, events=events | {"calls": calls}))
    both, either = reached(tables, "one") & reached(tables, "two"), reached(tables, "one") | reached(tables, "two")
    assert 2 < len(both) < 20 < len(either) < 40
    assert reached(tables, "calls") == set(sorted(both)[:8] + sorted(either - both)[: max(0, 8 - len(both))])


def test_work_done_without_the_customer_is_no_contact_on_a_list():
    calls = {"on": moment(600), "most": 8, "by": {"contacts": 1}, "mood": 1}
    office = {"desk": page(5), "office": page(5, attended=False)}
    events = some("one", opens={"bob": 1}) | {"calls": calls}
    tables = tell(company_of(touchpoints=office, journeys={"bob": aside("office")}, events=events))
    assert reached(tables, "calls") == set(range(8)) > reached(tables, "one") & set(range(8))


def test_those_for_whom_nothing_has_opened_for_long_come_first_and_those_for_whom_nothing_has_come_last():
    events = some("one", opens={"bob": 1}) | some("two", minute=200, opens={"bob": 1})
    calls = {"on": moment(600), "most": 30, "by": {"opened": 1}, "mood": 1}
    tables = tell(company_of(journeys={"bob": aside()}, events=events | {"calls": calls}))
    one, two = reached(tables, "one"), reached(tables, "two")
    in_order = [*sorted(one - two), *sorted(two), *sorted(set(range(40)) - one - two)]
    assert len(one | two) < 40
    assert reached(tables, "calls") == set(in_order[:30])


def test_the_company_knows_the_last_answer_and_not_what_is_felt():
    survey = {"respond": {"level": 0.5}, "noise": 2}
    personas = {"person": {"share": 1, "survey": survey, "satisfaction": {"memory": 0.5}}}
    step = {"outcomes": {"well": {"p": 0.5, "mood": 2}, "badly": {"p": 0.5, "mood": -4}}}
    step["next"] = {"well": {"resolved": 1}, "badly": {"give_up": 1}}
    calls = {"on": moment(600), "most": 20, "by": {"score": -1}, "mood": 1}
    raw = company_of(60, journeys={"ann": call(10, step=step)}, events={"calls": calls}, personas=personas)
    tables = tell(raw)
    scores = {row["customer"]: row["score"] for row in journeys(tables) if row["score"] is not None}
    assert 20 < len(scores) < 60
    in_order = sorted(scores, key=lambda customer: (scores[customer], customer))
    assert reached(tables, "calls") == set(in_order[:20])


def test_a_list_is_in_the_order_of_what_the_company_has_seen_of_a_trait():
    """It has heard of half of the poor lines; of the others it knows nothing, which adds nothing."""
    line = {"person": {"share": 1, "traits": {"line": {"poor": 0.4, "good": 0.6}}}}
    events = {
        name: {"on": moment(60), "who": {asks: {"line": "poor"}}, "mood": 1}
        for name, asks in (("poor", "trait"), ("heard", "seen"))
    }
    for weight in (2, -2):
        events["calls"] = {"on": moment(60), "most": 12, "by": {"seen": {"line": {"poor": weight}}}, "mood": 1}
        tables = tell(company_of(traits={"line": {"seen": {"p": 0.5}}}, personas=line, events=events))
        heard = reached(tables, "heard")
        assert 4 < len(heard) < len(reached(tables, "poor"))
        others = sorted(set(range(40)) - heard)
        in_order = [*sorted(heard), *others] if weight > 0 else [*others, *sorted(heard)]
        assert reached(tables, "calls") == set(in_order[:12])


def test_several_things_known_add_up_by_their_weights():
    events = some("one", opens={"bob": 1}) | some("two", minute=300, opens={"bob": 1})
    by = {"contacts": 1, "opened": -10}  # ten a day since a journey opened
    calls = {"on": moment(1020), "most": 12, "by": by, "mood": 1}
    tables = tell(company_of(journeys={"bob": aside()}, events=events | {"calls": calls}))
    one, two = reached(tables, "one"), reached(tables, "two")
    sums = {c: (c in one) + (c in two) - 10 * (1020 - (300 if c in two else 10)) / 1440 for c in one | two}
    in_order = sorted(sums, key=lambda customer: (-sums[customer], customer))
    assert reached(tables, "calls") == set(in_order[:12])
