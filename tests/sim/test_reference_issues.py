"""Stories of issues: where they begin, where they lead, what opens them, and what they leave behind.

Most touchpoints here need no staff, so that nobody waits. Times are minutes from midnight.
"""

from itertools import pairwise

import pytest

from sim import DesirepathError
from tests.sim.stories import call, company, customer, desk, journey, journeys, moment, page, pool, tell, visit, visits


def path(tables, goal="ann"):
    """Steps of an issue, with the minute each was reached and how it went."""
    return [(row["step"], row["joined"], row["outcome"]) for row in visits(tables, goal)]


def graph(minute=10, **steps):
    """A journey of several steps at touchpoints of the same names, each a pair of outcomes and of where they lead."""
    described = {
        name: {"touchpoint": name, "outcomes": outcomes, "next": leads} for name, (outcomes, leads) in steps.items()
    }
    return {"when": {"on": moment(minute)}, "start": {"any": next(iter(steps))}, "steps": described}


def unstaffed(*names, minutes=2, **parts):
    return company(touchpoints={name: page(minutes) for name in names}, staff={}, **parts)


# ---- from step to step -----------------------------------------------------------------------------------------------


def test_an_outcome_leads_on_at_once_or_after_a_delay():
    ann = graph(
        ask=({"go": 1}, {"go": {"read": 1}}),
        read=({"go": 1}, {"go": {"write": {"p": 1, "after": "30 min"}}}),
        write=({"resolved": 1}, {}),
    )
    tables = tell(unstaffed("ask", "read", "write", journeys={"ann": ann}))
    assert path(tables) == [("ask", 10, "go"), ("read", 12, "go"), ("write", 44, "resolved")]
    assert (journey(tables, "ann")["closed"], journey(tables, "ann")["end"]) == (46, "resolved")


def test_an_end_may_come_after_a_delay():
    ann = graph(ask=({"no": 1}, {"no": {"give_up": {"p": 1, "after": "1 h"}}}))
    only = journey(tell(unstaffed("ask", journeys={"ann": ann})), "ann")
    assert (only["opened"], only["closed"], only["end"], only["good"]) == (10, 72, "give_up", False)


def test_resolved_needs_no_word_about_where_it_leads():
    assert journey(tell(unstaffed("desk")), "ann")["end"] == "resolved"


def test_an_end_of_ones_own_is_good_bad_or_neither():
    def ends(good):
        ann = graph(ask=({"done": 1}, {"done": {"over": 1}})) | {"ends": {"over": good}}
        return journey(tell(unstaffed("ask", journeys={"ann": ann})), "ann")["good"]

    assert [ends(good) for good in ({"good": True}, {"good": False}, {})] == [True, False, None]


def test_outcomes_and_routes_come_in_their_proportions():
    ann = graph(ask=({"a": 0.2, "b": 0.8}, {"a": {"x": 1}, "b": {"x": 0.25, "y": 0.75}}))
    ann["ends"] = {"x": {}, "y": {}}
    tables = tell(unstaffed("ask", journeys={"ann": ann}, population={"customers": 4000}))
    outcomes, ends = tables.visits["outcome"].to_list(), tables.journeys["end"].to_list()
    assert outcomes.count("a") / 4000 == pytest.approx(0.2, abs=4 * (0.16 / 4000) ** 0.5)
    assert ends.count("y") / 4000 == pytest.approx(0.6, abs=4 * (0.24 / 4000) ** 0.5)


def test_one_touchpoint_may_be_two_steps_and_coming_back_to_it_is_a_repeat():
    ann = graph(ask=({"go": 1}, {"go": {"again": 1}}))
    ann["steps"]["again"] = {"touchpoint": "ask", "outcomes": {"resolved": 1}}
    tables = tell(unstaffed("ask", journeys={"ann": ann}))
    assert [row["step"] for row in visits(tables)] == ["ask", "again"]
    assert (journey(tables, "ann")["repeats"], journey(tables, "ann")["contacts"]) == (1, 2)


def test_a_retry_after_abandoning_is_another_visit_of_the_same_issue():
    retry = {"next": {"abandoned": {"call": {"p": 1, "after": "10 min"}}}}
    journeys_ = {"bob": call(9), "ann": call(10, step=retry)}
    raw = company(personas={"person": {"share": 1, "patience": {"phone": "1 min"}}}, journeys=journeys_)
    tables = tell(raw)
    assert path(tables) == [("call", 10, "abandoned"), ("call", 21, "resolved")]
    ann = journey(tables, "ann")
    assert (ann["visits"], ann["contacts"], ann["repeats"], ann["wait"]) == (2, 1, 1, 1)


def test_blocked_and_abandoned_give_up_where_nothing_is_said():
    blocked = company(channels={"phone": {"lines": 0}})
    assert journey(tell(blocked), "ann")["end"] == "give_up"
    personas = {"person": {"share": 1, "patience": {"phone": "1 min"}}}
    abandoned = company(personas=personas, journeys={"bob": call(9), "ann": call(10)})
    assert journey(tell(abandoned), "ann")["end"] == "give_up"


def test_a_way_that_leads_round_for_ever_without_time_passing_is_an_error_and_not_a_hang():
    ann = call(10, step={"next": {"blocked": {"call": 1}}})
    with pytest.raises(DesirepathError, match=r"journeys\.ann: somebody has made 10000 visits and goes on to 'call'"):
        tell(company(journeys={"ann": ann}, channels={"phone": {"lines": 0}}))


# ---- resolutions that do not hold ------------------------------------------------------------------------------------


def test_a_resolution_that_does_not_hold_brings_the_issue_back():
    ann = graph(ask=({"resolved": {"p": 1, "holds": 0, "reopens": {"write": {"p": 1, "after": "2 h"}}}}, {}))
    ann["steps"]["write"] = {"touchpoint": "write", "outcomes": {"resolved": 1}}
    tables = tell(unstaffed("ask", "write", journeys={"ann": ann}))
    assert path(tables) == [("ask", 10, "resolved"), ("write", 132, "resolved")]
    assert journey(tables, "ann")["contacts"] == 2


def test_unless_said_otherwise_it_comes_back_to_the_same_step_in_three_days_on_average():
    ann = graph(ask=({"resolved": {"p": 1, "holds": 0.5}}, {}))
    clock = {"start": "2025-01-06", "horizon": "20 weeks"}
    tables = tell(unstaffed("ask", journeys={"ann": ann}, population={"customers": 1000}, clock=clock))
    second = [row["joined"] - 12 for row in visits(tables) if row["visit"] == 2]
    assert len(second) / 1000 == pytest.approx(0.5, abs=4 * 0.5 / 1000**0.5)
    assert sum(second) / len(second) == pytest.approx(3 * 1440, rel=4 / len(second) ** 0.5)
    assert tables.journeys["contacts"].mean() == pytest.approx(2, abs=4 * 2**0.5 / 1000**0.5)
    assert set(tables.journeys["end"]) == {"resolved"}


# ---- difficulty ------------------------------------------------------------------------------------------------------


def hard_and_easy(**difficulty):
    ann = graph(
        ask=({"resolved": 0.5, "unresolved": 0.5}, {"unresolved": {"write": 1}}),
        write=({"resolved": 0.5, "unresolved": 0.5}, {"unresolved": {"give_up": 1}}),
    )
    ann["difficulty"] = difficulty
    return tell(unstaffed("ask", "write", journeys={"ann": ann}, population={"customers": 2000}, minutes=10))


def test_those_whom_the_first_touchpoint_could_not_help_are_the_hard_ones_at_the_next():
    tables = hard_and_easy(time=0.5, resolved=-1)
    ask = [row for row in visits(tables) if row["step"] == "ask"]
    write = [row for row in visits(tables) if row["step"] == "write"]
    share = sum(row["outcome"] == "resolved" for row in write) / len(write)
    assert sum(row["outcome"] == "resolved" for row in ask) / len(ask) == pytest.approx(0.5, abs=0.05)
    assert share < 0.42
    lasted = [[row["ended"] - row["started"] for row in rows] for rows in (ask, write)]
    assert sum(lasted[1]) / len(lasted[1]) > 1.1 * sum(lasted[0]) / len(lasted[0])


def test_an_issue_is_equally_hard_everywhere():
    tables = hard_and_easy(time=0.5)
    by_customer = {}
    for row in visits(tables):
        by_customer.setdefault(row["customer"], set()).add(round(row["ended"] - row["started"], 9))
    assert all(len(lasted) == 1 for lasted in by_customer.values())
    assert len({next(iter(lasted)) for lasted in by_customer.values()}) > 1900


def test_without_difficulty_the_second_touchpoint_does_as_well_as_the_first():
    tables = hard_and_easy()
    write = [row["outcome"] for row in visits(tables) if row["step"] == "write"]
    assert write.count("resolved") / len(write) == pytest.approx(0.5, abs=4 * 0.5 / len(write) ** 0.5)
    assert {row["ended"] - row["started"] for row in visits(tables) if row["step"] == "ask"} == {10}


# ---- departments -----------------------------------------------------------------------------------------------------


def transferred(*places, departments):
    """An issue that is passed on from desk to desk."""
    names = [f"step{i}" for i in range(len(places))]
    steps = {}
    for i, (name, place) in enumerate(zip(names, places, strict=True)):
        last = i == len(places) - 1
        leads = {} if last else {"passed on": {names[i + 1]: 1}}
        steps[name] = {"touchpoint": place, "outcomes": {"resolved" if last else "passed on": 1}, "next": leads}
    ann = {"when": {"on": moment(10)}, "start": {"any": "step0"}, "steps": steps}
    staff = {name: pool(1, department=department) for name, department in departments.items()}
    touchpoints = {name: desk(name) for name in departments} | {"faq": page(1)}
    return journey(tell(company(journeys={"ann": ann}, staff=staff, touchpoints=touchpoints)), "ann")


def test_a_handoff_is_a_served_visit_in_another_department_than_the_one_before():
    departments = {"phone": "service", "chat": "service", "lab": "engineering"}
    assert transferred("phone", "lab", departments=departments)["handoffs"] == 1
    assert transferred("phone", "chat", departments=departments)["handoffs"] == 0
    assert transferred("phone", "lab", "phone", departments=departments)["handoffs"] == 2
    assert transferred("phone", "faq", "phone", departments=departments)["handoffs"] == 0
    assert transferred("phone", "faq", "lab", departments=departments)["handoffs"] == 1


def test_a_pool_that_a_change_moves_to_another_department_hands_on_from_then_on():
    both = graph(phone=({"go": 1}, {"go": {"lab": 1}}), lab=({"resolved": 1}, {}))
    raw = company(
        journeys={name: both | {"when": {"on": moment(minute)}} for name, minute in (("ann", 10), ("bob", 200))},
        staff={name: pool(1, department="service") for name in ("phone", "lab")},
        touchpoints={name: desk(name) for name in ("phone", "lab")},
        changes={"split": {"from": moment(100), "set": {"staff.lab.department": "engineering"}}}, enact="split",
    )  # fmt: skip
    tables = tell(raw)
    assert [journey(tables, name)["handoffs"] for name in ("ann", "bob")] == [0, 1]
    assert [row["department"] for row in visits(tables)] == ["service", "service", "service", "engineering"]


def test_an_unserved_visit_in_another_department_is_no_handoff():
    ann = graph(phone=({"go": 1}, {"go": {"lab": 1}}), lab=({"resolved": 1}, {}))
    staff = {"phone": pool(1, department="service"), "lab": pool(0, department="engineering")}
    touchpoints = {"phone": desk("phone"), "lab": desk("lab")}
    tables = tell(company(journeys={"ann": ann}, staff=staff, touchpoints=touchpoints))
    assert [row["outcome"] for row in visits(tables)] == ["go", "closed"]
    assert journey(tables, "ann")["handoffs"] == 0


def test_channels_are_counted_once_each_also_those_that_turned_her_away():
    ann = graph(
        ask=({"go": 1}, {"go": {"read": 1}}), read=({"go": 1}, {"go": {"phone": 1}}), phone=({"resolved": 1}, {})
    )
    touchpoints = {"ask": page(1), "read": page(1), "phone": desk("clerks")}
    raw = company(journeys={"ann": ann}, touchpoints=touchpoints, staff={"clerks": pool(0)})
    assert journey(tell(raw), "ann")["channels"] == 2


# ---- when a journey opens --------------------------------------------------------------------------------------------

WEEKS = {"start": "2025-01-06", "horizon": "8 weeks"}


def asked(when, start="ask", **parts):
    """A company where everybody asks, opened in some way."""
    ann = {"when": when, "start": {"any": start}, "steps": {"ask": {"touchpoint": "ask", "outcomes": {"resolved": 1}}}}
    return unstaffed("ask", **({"journeys": {"ann": ann}, "clock": WEEKS} | parts))


def test_needs_arise_as_often_as_they_say():
    persons = {"often": {"share": 0.5, "needs": {"ask": "2 / week"}}, "never": {"share": 0.5}}
    tables = tell(asked({"need": "ask"}, personas=persons, population={"customers": 200}))
    often = [row for row in tables.customers.to_dicts() if row["persona"] == "often"]
    assert {row["persona"] for row in journeys(tables)} == {"often"}
    expected = 16 * len(often)
    assert tables.journeys.height == pytest.approx(expected, abs=4 * expected**0.5)


def test_needs_follow_their_profile():
    profiles = {"weekly": {"hours": {"mon": {"08:00": 1, "10:00": 0}}}}
    persons = {"person": {"share": 1, "needs": {"ask": "5 / week"}}}
    tables = tell(asked({"need": "ask"}, personas=persons, profiles=profiles, population={"customers": 20}))
    minutes = [row["opened"] % 10080 for row in journeys(tables)]
    assert min(minutes) >= 480
    assert max(minutes) <= 600


def test_customers_may_differ_in_how_often_they_need_something():
    persons = {"person": {"share": 1, "needs": {"ask": "2 / week"}, "needs_differ": 1.5}}
    tables = tell(asked({"need": "ask"}, personas=persons, population={"customers": 300}))
    counts = [0] * 300
    for row in journeys(tables):
        counts[row["customer"]] += 1
    mean = sum(counts) / 300
    variance = sum((count - mean) ** 2 for count in counts) / 300
    assert mean == pytest.approx(16, abs=4 * (24**2 / 300) ** 0.5)
    assert variance == pytest.approx(16 + 24**2, rel=0.5)  # of a Poisson count whose rate is gamma, heavy-tailed itself


def test_some_may_need_next_to_nothing():
    persons = {"person": {"share": 1, "needs": {"ask": "2 / week"}, "needs_differ": 30}}
    tables = tell(asked({"need": "ask"}, personas=persons, population={"customers": 50}))
    assert tables.journeys["customer"].n_unique() < 25


def test_every_means_once_a_period_from_a_random_moment_on():
    tables = tell(asked({"every": "1 week"}, population={"customers": 50}))
    firsts = []
    for who in range(50):
        opened = [row["opened"] for row in journeys(tables) if row["customer"] == who]
        assert len(opened) == 8
        assert all(later - earlier == pytest.approx(10080) for earlier, later in pairwise(opened))
        firsts.append(opened[0])
    assert 0 <= min(firsts) < 2000
    assert 8000 < max(firsts) < 10080


def test_on_a_date_it_opens_for_everybody_who_is_a_customer_then():
    tables = tell(asked({"on": "2025-01-20 12:00"}, population={"customers": 3, "joins": {"rate": "2 / day"}}))
    there = [row["customer"] for row in tables.customers.to_dicts() if row["joined"] <= 14 * 1440 + 720]
    assert [row["customer"] for row in journeys(tables)] == there
    assert {row["opened"] for row in journeys(tables)} == {14 * 1440 + 720}


def test_joining_opens_a_journey_that_long_after_somebody_joins_but_not_for_those_there_at_the_start():
    tables = tell(asked({"joining": "2 days"}, population={"customers": 3, "joins": {"rate": "1 / day"}}))
    joined = {row["customer"]: row["joined"] for row in tables.customers.to_dicts() if row["joined"] > 0}
    assert len(joined) > 20
    for row in journeys(tables):
        assert row["opened"] == pytest.approx(joined[row["customer"]] + 2880)
        assert row["origin"] == "ann 1"


def after(**trigger):
    bob = {"when": {"after": {"journey": "ann"} | trigger}, "start": {"any": "ask"}}
    bob["steps"] = {"ask": {"touchpoint": "ask", "outcomes": {"resolved": 1}}}
    ann = graph(ask=({"resolved": 0.5, "no": 0.5}, {"no": {"give_up": 1}}))
    return tell(unstaffed("ask", journeys={"ann": ann, "bob": bob}, population={"customers": 400}))


def test_after_another_journeys_end_it_opens_at_once():
    tables = after()
    closed = {row["customer"]: row["closed"] for row in journeys(tables, "ann")}
    assert {row["customer"]: row["opened"] for row in journeys(tables, "bob")} == closed


def test_after_a_certain_end_it_opens_for_those_only_and_after_a_delay():
    tables = after(end="give_up", delay="30 min")
    gave_up = {row["customer"]: row["closed"] + 30 for row in journeys(tables, "ann") if row["end"] == "give_up"}
    assert 150 < len(gave_up) < 250
    assert {row["customer"]: row["opened"] for row in journeys(tables, "bob")} == gave_up


def test_after_with_a_probability_it_opens_for_some():
    assert len(journeys(after(p=0.25), "bob")) == pytest.approx(100, abs=4 * 75**0.5)


def test_an_issue_tells_what_opened_it():
    tables = after(end="give_up")
    assert journeys(tables, "bob")[0]["origin"] == "bob after ann 0"


# ---- visitors --------------------------------------------------------------------------------------------------------


def shop(**parts):
    ann = graph(ask=({"buys": 0.5, "goes": 0.5}, {"buys": {"bought": 1}, "goes": {"nothing": 1}}))
    ann |= {"when": {"arrival": "5 / day"}, "ends": {"bought": {"good": True, "stage": "customer"}, "nothing": {}}}
    return unstaffed("ask", journeys={"ann": ann | parts}, population={"customers": 0}, clock=WEEKS)


def test_visitors_come_as_often_as_they_say_and_are_no_customers_until_an_end_makes_them_so():
    tables = tell(shop())
    visitors = tables.customers.to_dicts()
    assert len(visitors) == pytest.approx(280, abs=4 * 280**0.5)
    bought = {row["customer"]: row["closed"] for row in journeys(tables) if row["end"] == "bought"}
    for row in visitors:
        assert row["joined"] == bought.get(row["customer"])
        assert row["stage"] == ("customer" if row["customer"] in bought else "prospect")
        assert row["origin"] == f"ann {row['customer']}"


def test_visitors_are_of_the_personas_the_journey_is_for():
    raw = shop(who={"persona": "rich"})
    raw["personas"] = {"person": {"share": 0.7}, "rich": {"share": 0.1}, "poor": {"share": 0.2}}
    assert set(tell(raw).customers["persona"]) == {"rich"}


def test_a_persona_without_any_share_of_the_customers_may_still_visit():
    raw = shop(who={"persona": ["tourist", "student"]})
    raw["personas"] = {"person": {"share": 1}, "tourist": {"share": 0}, "student": {"share": 0}}
    assert set(tell(raw).customers["persona"]) == {"tourist", "student"}


def test_a_persona_without_any_share_is_nobody():
    raw = company(personas={"nobody": {"share": 0}, "person": {"share": 1}}, population={"customers": 200})
    assert set(tell(raw).customers["persona"]) == {"person"}


# ---- whom a journey is for -------------------------------------------------------------------------------------------


def meant_for(who, other=None, journeys_too=None, **person):
    raw = company(
        personas={"one": {"share": 0.5} | person, "other": {"share": 0.5} | (other or {})},
        journeys={"ann": call(10, who=who)} | (journeys_too or {}),
        touchpoints={"desk": page(1)},
        population={"customers": 400},
    )
    tables = tell(raw)
    asked_ = {row["customer"] for row in journeys(tables)}
    return [row for row in tables.customers.to_dicts() if row["customer"] in asked_]


def test_a_journey_may_be_for_some_personas():
    assert {row["persona"] for row in meant_for({"persona": "one"})} == {"one"}


def test_a_journey_may_be_for_a_stage_of_life():
    assert len(meant_for({"stage": "customer"})) == 400
    later = {"when": {"arrival": "1 / day"}, "who": {"share": 0}}
    assert len(meant_for({"stage": ["prospect", "customer"]}, journeys_too={"bob": call(10, **later)})) == 400
    assert meant_for({"stage": "prospect"}, journeys_too={"bob": call(10, **later)}) == []


def test_a_journey_may_be_for_those_who_hold_a_product():
    holders = meant_for({"product": "tv"}, products={"tv": 0.5})
    assert {row["persona"] for row in holders} == {"one"}
    assert len(holders) == pytest.approx(100, abs=4 * 75**0.5)


def test_a_journey_may_be_for_those_with_a_trait():
    where = {"trait": {"region": ["north", "east"]}}
    north, west, east = ({"traits": {"region": region}} for region in ("north", "west", "east"))
    assert {row["persona"] for row in meant_for(where, other=east, **north)} == {"one", "other"}
    assert {row["persona"] for row in meant_for({"trait": {"region": "north"}}, other=west, **north)} == {"one"}


def test_a_pilot_is_a_share_of_the_customers_and_always_the_same():
    pilot = {row["customer"] for row in meant_for({"share": 0.25})}
    assert len(pilot) == pytest.approx(100, abs=4 * 75**0.5)
    raw = asked({"every": "1 week"}, population={"customers": 40})
    raw["journeys"]["ann"]["who"] = {"share": 0.5}
    by_customer = [row["customer"] for row in journeys(tell(raw))]
    assert {by_customer.count(who) for who in set(by_customer)} == {8}


# ---- what an outcome or an end does ----------------------------------------------------------------------------------


def effects(outcome=None, end=None, **parts):
    ann = graph(ask=({"done": {"p": 1} | (outcome or {})}, {"done": {"over": 1}})) | {"ends": {"over": end or {}}}
    bob = call(20, "ask")
    return unstaffed("ask", **({"journeys": {"ann": ann, "bob": bob}} | parts))


@pytest.mark.parametrize("where", ["outcome", "end"])
def test_a_stage_a_product_or_a_trait_changes_whom_the_next_journey_is_for(where):
    for effect, who in [
        ({"stage": "member"}, {"stage": "member"}),
        ({"adds": "tv"}, {"product": "tv"}),
        ({"trait": {"happy": "yes"}}, {"trait": {"happy": "yes"}}),
    ]:
        raw = effects(**{where: effect})
        raw["journeys"]["bob"]["who"] = who
        assert len(journeys(tell(raw), "bob")) == 1
        raw["journeys"]["bob"]["when"] = {"on": moment(5)}  # before ann
        assert journeys(tell(raw), "bob") == []


def test_a_dropped_product_is_held_no_longer():
    persons = {"person": {"share": 1, "products": {"tv": 1, "phone": 0}}}
    raw = effects(end={"drops": ["tv", "phone"]}, personas=persons)
    raw["journeys"]["bob"]["who"] = {"product": "tv"}
    assert journeys(tell(raw), "bob") == []


def test_effects_move_money_and_the_rows_say_which_did():
    tables = tell(effects(outcome={"revenue": "-5 EUR"}, end={"revenue": "49 EUR"}))
    assert visit(tables, "ann")["revenue"] == -5
    assert journey(tables, "ann")["revenue"] == 49
    assert customer(tables)["revenue"] == 44


def test_effects_open_other_journeys_for_a_share_of_the_customers():
    raw = effects(outcome={"opens": {"bob": 0.25}}, population={"customers": 400})
    raw["journeys"]["bob"]["when"] = {"on": moment(1439)}
    opened = [row for row in journeys(tell(raw), "bob") if row["opened"] == 12]
    assert len(opened) == pytest.approx(100, abs=4 * 75**0.5)
    assert opened[0]["origin"] == "bob from ann 0"


def test_what_an_end_opens_is_opened_too():
    raw = effects(end={"opens": {"bob": 1}})
    assert [row["opened"] for row in journeys(tell(raw), "bob")] == [12, 20]


def test_two_issues_of_one_customer_run_beside_each_other():
    raw = company(
        touchpoints={"desk": desk(minutes=30)}, journeys={"ann": call(10), "bob": call(20)}, staff={"clerks": pool(2)}
    )
    tables = tell(raw)
    assert visit(tables, "bob")["started"] == 20 < visit(tables, "ann")["ended"]
    assert [row["journey"] for row in journeys(tables)] == [1, 2]


def test_a_journey_begins_in_a_channel_it_offers_by_the_personas_taste():
    person = {"share": 1, "start": {"phone": 0.3, "chat": 0.4, "web": 0.3}, "starts": {"bob": {"web": 1}}}
    ask = {"touchpoint": "ask", "outcomes": {"resolved": 1}}
    both = {
        "when": {"on": moment(10)},
        "start": {"phone": "call", "web": "click"},
        "steps": {"call": ask, "click": ask},
    }
    chat = call(10, "ask") | {"start": {"chat": "call"}}
    raw = unstaffed("ask", personas={"person": person}, journeys={"ann": both, "bob": both, "cid": chat})
    tables = tell(raw | {"population": {"customers": 400}})
    steps = [row["step"] for row in visits(tables, "ann")]
    assert steps.count("call") == pytest.approx(200, abs=4 * 10)
    assert {row["step"] for row in visits(tables, "bob")} == {"click"}
