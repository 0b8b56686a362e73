"""Stories of conditions: traits people have, where those go whom a way is not meant for, and terms that hold for some.

Most touchpoints here need no staff. Times are minutes from midnight.
"""

import math

import pytest

from sim import build
from sim.changes import phases
from tests.sim.stories import call, company, customer, journeys, moment, page, tell, visits

DAY, WEEK, YEAR = 1440.0, 10080.0, 365.25 * 1440


def asking(who, minute=10):
    """A journey for some."""
    return call(minute, "page", who=who)


def setting(minute, **traits):
    """A journey at whose end the customer has other traits."""
    step = {"touchpoint": "page", "outcomes": {"done": 1}, "next": {"done": {"over": 1}}}
    return call(minute, "page", step=step) | {"ends": {"over": {"trait": traits}}, "steps": {"call": step}}


def people(customers, journeys_, **person):
    """Customers of one persona who read a page, which takes no time; of the other, who might be anything, nobody is."""
    anything = {"line": {"good": 1, "poor": 1}, "age": {"old": 1, "young": 1}}
    other = {"share": 0, "traits": anything, "products": {"tv": 1}}
    channels = {channel: 1 for journey in journeys_.values() for channel in journey["start"]}
    return company(
        population={"customers": customers},
        personas={"person": {"share": 1, "start": channels} | person, "other": other | {"start": channels}},
        touchpoints={"page": page(0)},
        staff={},
        journeys=journeys_,
    )


# ---- traits people begin with ----------------------------------------------------------------------------------------


def lines(tables):
    """Customers by the value of their trait, as journeys for each value tell it."""
    return {goal: {row["customer"] for row in journeys(tables, goal)} for goal in ("good", "poor")}


def with_lines(customers=400, **traits):
    good_and_poor = {name: asking({"trait": {"line": name}}) for name in ("good", "poor")}
    return people(customers, good_and_poor, traits=traits)


def test_a_trait_may_be_drawn_by_weights_that_need_not_add_up_to_one():
    found = lines(tell(with_lines(line={"good": 3, "poor": 1})))
    assert len(found["poor"]) == pytest.approx(100, abs=4 * 75**0.5)
    assert found["good"] == set(range(400)) - found["poor"]


def test_a_trait_of_one_value_is_that_for_everybody():
    assert {value: len(who) for value, who in lines(tell(with_lines(line="poor", age="old"))).items()} == {
        "good": 0,
        "poor": 400,
    }


def test_another_trait_disturbs_nobodys_draw():
    one, other = (
        lines(tell(with_lines(line={"good": 1, "poor": 1}, **more))) for more in ({}, {"age": {"old": 1, "young": 1}})
    )
    assert one == other


def test_a_change_of_the_weights_counts_for_those_who_come_later():
    raw = with_lines(line={"good": 1})
    raw["population"] = {"customers": 30, "joins": "60 / day"}
    for name in ("good", "poor"):
        raw["journeys"][name]["when"] = {"on": moment(1430)}
    raw["changes"] = {"worse": {"from": moment(500), "set": {"personas.person.traits.line": "poor"}}}
    tables = tell(raw | {"enact": "worse"})
    late = {row["customer"] for row in tables.customers.to_dicts() if 500 < row["joined"] < 1430}
    assert len(late) > 10
    assert lines(tables)["poor"] == late


def test_one_weight_of_a_trait_can_be_moved():
    raw = with_lines(line="good")
    raw["changes"] = {"worse": {"set": {"personas.person.traits.line.poor": 3}}}
    later = phases(build(raw | {"enact": "worse"}))[-1].model
    assert later.personas["person"].traits == {"line": {"good": 1, "poor": 3}}


# ---- ways that are meant for some ------------------------------------------------------------------------------------


def forked(targets, customers=400, outcome="on", **person):
    """A page from which others lead on."""
    steps = {
        "call": {"touchpoint": "page", "outcomes": {outcome: 1}, "next": {outcome: targets}},
        "more": {"touchpoint": "page", "outcomes": {"resolved": 1}},
    }
    ann = call(10, "page") | {"steps": steps, "ends": {"off": {}}}
    return people(customers, {"ann": ann}, **person)


def led(tables):
    """How many customers came to each step and end."""
    ends = [row["end"] for row in journeys(tables)]
    return {end: ends.count(end) for end in ends} | {"more": len([row for row in visits(tables) if row["visit"] == 2])}


OLD = {"trait": {"age": "old"}}
AGES = {"traits": {"age": {"old": 1, "young": 1}}}


def test_a_target_that_is_not_meant_for_a_customer_leaves_its_weight_to_the_others():
    tables = tell(forked({"more": {"p": 0.6, "who": OLD}, "off": 0.3, "give_up": 0.1}, customers=2000, **AGES))
    old = 2000 * 0.5
    assert led(tables)["more"] == pytest.approx(0.6 * old, abs=4 * (2000 * 0.3 * 0.7) ** 0.5)
    expected = 0.3 * old + 0.75 * (2000 - old)  # of the young, 0.3 of 0.4
    assert led(tables)["off"] == pytest.approx(expected, abs=4 * (2000 * 0.25) ** 0.5)


def test_where_nothing_is_meant_for_a_customer_they_give_up_or_are_done_if_resolved():
    assert led(tell(forked({"off": {"p": 1, "who": OLD}}, traits={"age": "young"}))) == {"give_up": 400, "more": 0}
    resolved = forked({"off": {"p": 1, "who": OLD}}, outcome="resolved", traits={"age": "young"})
    assert led(tell(resolved)) == {"resolved": 400, "more": 0}
    assert led(tell(forked({"off": {"p": 1, "who": OLD}}, traits={"age": "old"}))) == {"off": 400, "more": 0}


def test_each_may_have_a_way_of_their_own_with_all_the_weight():
    young = {"trait": {"age": "young"}}
    tables = tell(forked({"more": {"p": 1, "who": OLD}, "off": {"p": 1, "who": young}}, **AGES))
    assert led(tables)["more"] + led(tables)["off"] == 400
    assert 150 < led(tables)["more"] < 250


def test_a_delay_belongs_to_the_way_that_is_taken():
    ways = {"more": {"p": 1, "who": OLD, "after": "20 min"}, "off": {"p": 1, "after": "50 min"}}
    (only,) = journeys(tell(forked(ways, 1, traits={"age": "young"})))
    assert (only["end"], only["closed"]) == ("off", 60)


def test_a_pilot_of_a_route_is_that_of_its_journey():
    raw = forked({"more": {"p": 1, "who": {"share": 0.5}}, "off": {"p": 1, "who": {"share": 0.5}}})
    raw["journeys"]["bob"] = call(20, "page", who={"share": 0.5})
    tables = tell(raw)
    assert led(tables)["give_up"] == pytest.approx(200, abs=4 * 100**0.5)
    raw["journeys"]["ann"]["who"] = {"share": 0.5}
    assert {row["end"] for row in journeys(tell(raw), "ann")} == {"resolved", "off"}


def test_what_does_not_hold_may_come_back_to_another_place_for_some():
    raw = forked({"off": 1}, customers=1, traits={"age": "old"})
    ways = {"more": {"p": 1, "who": OLD, "after": "30 min"}, "off": {"p": 1, "who": {"trait": {"age": "young"}}}}
    raw["journeys"]["ann"]["steps"]["call"]["outcomes"] = {"on": {"p": 1, "holds": 0, "reopens": ways}}
    assert [(row["step"], row["joined"]) for row in visits(tell(raw))] == [("call", 10), ("more", 40)]


def test_some_may_come_again_when_it_opens_and_others_give_up():
    def closed(age):
        raw = company(personas={"person": {"share": 1, "traits": {"age": age}}})
        raw["personas"]["other"] = {"share": 0, "traits": {"age": "old"}}
        raw["touchpoints"]["desk"]["when_closed"] = {"later": {"p": 1, "who": OLD, "after": "5 min"}}
        raw["staff"]["clerks"]["shifts"]["only"]["from"] = "09:00"
        return [(row["joined"], row["outcome"]) for row in visits(tell(raw))]

    assert closed("old") == [(10, "closed"), (545, "resolved")]
    assert closed("young") == [(10, "closed")]


# ---- beginnings that are meant for some ------------------------------------------------------------------------------


def begun(start, customers=400, **person):
    """How many began in each step."""
    steps = {name: {"touchpoint": "page", "outcomes": {"resolved": 1}} for name in ("read", "ring")}
    ann = call(10, "page") | {"start": start, "steps": steps}
    found = [row["step"] for row in visits(tell(people(customers, {"ann": ann}, **person)))]
    return {step: found.count(step) for step in ("read", "ring")}


def test_a_channel_may_be_open_to_some_only():
    found = begun({"web": "read", "phone": {"step": "ring", "who": OLD}}, **AGES)
    assert found["ring"] == pytest.approx(100, abs=4 * 75**0.5)
    assert begun({"web": "read", "phone": {"step": "ring", "who": OLD}}, traits={"age": "young"})["ring"] == 0


def test_where_no_beginning_is_meant_for_a_customer_it_is_as_if_no_condition_stood():
    nobody = {"persona": "other"}
    start = {"web": {"step": "read", "who": nobody}, "phone": {"step": "ring", "who": nobody}}
    steps = {name: {"touchpoint": "page", "outcomes": {"resolved": 1}} for name in ("read", "ring")}

    def told(start):
        ann = call(10, "page") | {"start": start, "steps": steps}
        return tell(people(50, {"ann": ann})).visits

    assert told(start).equals(told({"web": "read", "phone": "ring"}))


def test_a_route_follows_what_a_visit_before_has_changed():
    steps = {
        "call": {
            "touchpoint": "page",
            "outcomes": {"bought": {"p": 1, "adds": "tv"}},
            "next": {"bought": {"more": {"p": 1, "who": {"product": "tv"}}}},
        },
        "more": {"touchpoint": "page", "outcomes": {"resolved": 1}},
    }
    assert len(visits(tell(people(1, {"ann": call(10, "page") | {"steps": steps}})))) == 2


# ---- terms that hold for some ----------------------------------------------------------------------------------------

POOR = {"trait": {"line": "poor"}}


def feeling(terms, journeys_=None, **parts):
    """One customer who rests at 7 but for these terms, and goes a hundredth of the way there each minute."""
    feelings = {"rest": 7, "terms": terms, "recovery": "0.01 / min"}
    raw = people(1, journeys_ or {"ann": call(10, "page")}, satisfaction=feelings, traits={"line": "good"})
    return raw | parts


def nearer(start, rest, minutes):
    return rest + (start - rest) * math.exp(-0.01 * minutes)


def test_a_term_counts_for_those_with_a_trait_and_for_no_other():
    for line, level in (("poor", 5.5), ("good", 7)):
        raw = feeling({"line": {"value": -1.5, "who": POOR}})
        raw["personas"]["person"]["traits"]["line"] = line
        only = customer(tell(raw))
        assert (only["satisfaction_start"], only["satisfaction_end"]) == (level, level)


def test_what_holds_for_everybody_may_be_said_in_full():
    for terms in ({"price": -0.5}, {"price": {"value": -0.5}}):
        assert customer(tell(feeling(terms)))["satisfaction_end"] == 6.5


def test_a_term_acts_from_the_moment_it_holds_until_it_does_not():
    for (asked, begins), (_, ends) in [
        ((POOR, {"trait": {"line": "poor"}}), (POOR, {"trait": {"line": "good"}})),
        (({"product": "tv"}, {"adds": "tv"}), (None, {"drops": "tv"})),
        (({"stage": "paused"}, {"stage": "paused"}), (None, {"stage": "customer"})),
    ]:
        steps = {"call": {"touchpoint": "page", "outcomes": {"done": 1}, "next": {"done": {"over": 1}}}}
        ways = {
            name: call(minute, "page") | {"steps": steps, "ends": {"over": effects}}
            for name, minute, effects in (("ann", 100, begins), ("bob", 300, ends))
        }
        tables = tell(feeling({"line": {"value": -2, "who": asked}}, ways | {"cid": call(400, "page")}))
        before = {row["goal"]: row["satisfaction_before"] for row in journeys(tables)}
        lower = nearer(7, 5, 200)
        assert before == {
            "ann": 7,
            "bob": pytest.approx(lower, abs=1e-12),
            "cid": pytest.approx(nearer(lower, 7, 100), abs=1e-12),
        }


def test_a_term_may_grow_with_the_years_up_to_some():
    terms = {"tenure": {"value": 0.1, "per_year": 0.5, "up_to": "2 years"}}
    for years, level in ((1, 7.6), (3, 8.1)):
        raw = feeling(terms, clock={"start": "2025-01-06", "horizon": f"{years} years"})
        assert customer(tell(raw))["satisfaction_end"] == pytest.approx(level, abs=1e-9)


def test_who_is_no_customer_yet_has_been_one_for_no_time():
    raw = feeling(
        {"tenure": {"value": 1, "per_year": 900}}, {"ann": call(0, "page") | {"when": {"arrival": "9 / day"}}}
    )
    tables = tell(raw | {"population": {"customers": 0}})
    assert len(journeys(tables)) > 3
    assert {row["satisfaction_before"] for row in journeys(tables)} == {8}


def test_a_term_for_a_stage_counts_for_visitors_from_their_coming():
    raw = feeling({"new": {"value": -1, "who": {"stage": "prospect"}}})
    raw["journeys"]["bob"] = call(0, "page") | {"when": {"arrival": "9 / day"}}
    found = {row["goal"]: row["satisfaction_before"] for row in journeys(tell(raw))}
    assert found == {"ann": 7, "bob": 6}


def test_a_term_for_a_share_is_for_the_same_people_for_ever():
    raw = feeling({"gift": {"value": 1, "who": {"share": 0.5}}}, population={"customers": 400})
    rows = tell(raw).customers.to_dicts()
    assert {(row["satisfaction_start"], row["satisfaction_end"]) for row in rows} == {(7, 7), (8, 8)}
    assert sum(row["satisfaction_end"] == 8 for row in rows) == pytest.approx(200, abs=4 * 100**0.5)


def test_a_change_moves_a_term_and_whom_it_is_for():
    raw = feeling({"line": {"value": -1, "who": POOR}})
    path = "personas.person.satisfaction.terms"
    settings = {f"{path}.line.who.trait.line": "good", f"{path}.price": -0.25, f"{path}.line.per_year": 0}
    raw["changes"] = {"worse": {"from": moment(60), "until": moment(160), "set": settings}}
    only = customer(tell(raw | {"enact": "worse"}))
    assert only["satisfaction_end"] == pytest.approx(nearer(nearer(7, 5.75, 100), 7, 1280), abs=1e-12)


def test_a_part_can_be_set_of_a_term_that_is_a_bare_number():
    raw = feeling({"price": -0.5})
    raw["changes"] = {"later": {"set": {"personas.person.satisfaction.terms.price.per_year": -1}}}
    (only,) = phases(build(raw | {"enact": "later"}))[-1].model.personas["person"].satisfaction.moving
    assert (only[1].value, only[1].per_year) == (-0.5, -1)


def test_a_new_term_grows_from_nothing_along_a_ramp():
    raw = feeling({}, clock={"start": "2025-01-06", "horizon": "4 days"})
    term = {"value": -2, "per_year": 4, "who": POOR}
    change = {"from": moment(0), "ramp": "2 days", "set": {"personas.person.satisfaction.terms.line": term}}
    told = phases(build(raw | {"changes": {"worse": change}, "enact": "worse"}))
    terms = [phase.model.personas["person"].satisfaction.terms["line"] for phase in told]
    assert [(term.value, term.per_year) for term in terms] == [(-0.5, 1), (-1.5, 3), (-2, 4)]


def leaving(terms, customers=400, weeks=8, **person):
    churn = {"base": "0.05 / week", "terms": terms}
    raw = people(customers, {"ann": call(10, "page")}, churn=churn, **person)
    return tell(raw | {"clock": {"start": "2025-01-06", "horizon": f"{weeks} weeks"}}).customers


def test_a_term_in_the_hazard_counts_while_its_condition_holds():
    sure = {"value": 30, "who": {"product": "tv"}}
    assert leaving({"rival": sure}, products={"tv": 1})["left"].null_count() == 0
    some = leaving({"rival": sure}, products={"tv": 0.5})["left"].null_count() / 400
    assert some == pytest.approx(0.5 * math.exp(-0.05 * 7.5), abs=4 * (0.25 / 400) ** 0.5)


def test_who_has_been_a_customer_for_longer_may_be_less_likely_to_leave():
    """With −52.18 a year the hazard falls by a factor e each week."""
    rows = leaving({"tenure": {"per_year": -YEAR / WEEK}}, customers=4000)
    first = rows.filter(rows["left"] < WEEK).height / 4000
    hazard = 0.05 * (1 - 2 / math.e)  # ∫ u·exp(−u) du from 0 to 1: a review at u asks for the time until then
    assert first == pytest.approx(hazard, abs=4 * (hazard / 4000) ** 0.5)
    assert rows.filter(rows["left"] > 5 * WEEK).height < 20


# ---- what the company has seen ---------------------------------------------------------------------------------------


def watched(seen, at=(10, 50), line="good", **parts):
    """Journeys at some minutes, each for those whose line the company takes to be good, or poor."""
    looked = {
        f"{name} {minute}": asking({"seen": {"line": name}}, minute) for minute in at for name in ("good", "poor")
    }
    raw = people(1, looked, traits={"line": line})
    return raw | ({} if seen is None else {"traits": {"line": {"seen": seen}}}) | parts


def known(raw):
    """What the company took the line to be, minute by minute."""
    return [row["goal"] for row in journeys(tell(raw))]


def test_what_nobody_says_otherwise_of_is_seen_at_once():
    assert known(watched(None)) == known(watched({})) == ["good 10", "good 50"]


def test_what_is_never_seen_is_unknown():
    assert known(watched({"p": 0})) == []


def test_a_value_may_be_seen_late():
    assert known(watched({"after": "30 min"}, at=(10, 29, 31, 50))) == ["good 31", "good 50"]


def test_until_a_new_value_is_seen_it_is_taken_to_be_the_old_one():
    raw = watched({"after": "30 min"}, at=(99, 129, 131))
    raw["journeys"]["bob"] = setting(100, line="poor")
    assert [goal for goal in known(raw) if goal != "bob"] == ["good 99", "good 129", "poor 131"]


def test_old_news_that_comes_late_changes_nothing():
    raw = watched({"after": "5 h"}, at=(99, 102, 299, 301))
    raw["journeys"]["bob"] = setting(100, line="poor")
    raw["changes"] = {"faster": {"from": moment(60), "set": {"traits.line.seen.after": "1 min"}}}
    assert [goal for goal in known(raw | {"enact": "faster"}) if goal != "bob"] == ["poor 102", "poor 299", "poor 301"]


def test_some_are_missed():
    raw = watched({"p": 0.6}, at=(10,)) | {"population": {"customers": 400}}
    raw["personas"]["person"]["traits"]["line"] = {"good": 1, "poor": 1}
    found = known(raw)
    assert len(found) == pytest.approx(240, abs=4 * 96**0.5)
    assert found.count("good 10") == pytest.approx(120, abs=4 * 84**0.5)


def test_every_setting_is_another_chance_to_be_seen():
    raw = watched({"p": 0.5}, at=(200,)) | {"population": {"customers": 400}}
    raw["journeys"] |= {f"bob {minute}": setting(minute, line="good") for minute in (20, 40, 60)}
    found = [goal for goal in known(raw) if "bob" not in goal]
    assert len(found) == pytest.approx(375, abs=4 * (400 * 15 / 256) ** 0.5)


def test_a_term_may_ask_for_what_the_company_has_seen():
    raw = feeling({"care": {"value": 1, "who": {"seen": {"line": "good"}}}}) | {
        "traits": {"line": {"seen": {"after": "100 min"}}}
    }
    assert customer(tell(raw))["satisfaction_end"] == pytest.approx(nearer(7, 8, 1340), abs=1e-12)


def test_what_only_a_change_makes_late_is_seen_at_once_before():
    raw = watched(None, at=(50, 110, 140))
    raw["journeys"] |= {"bob": setting(20, line="poor"), "cid": setting(105, line="good")}
    raw["changes"] = {"blind": {"from": moment(100), "set": {"traits.line.seen.after": "30 min"}}}
    assert [goal for goal in known(raw | {"enact": "blind"}) if len(goal) > 3] == ["poor 50", "poor 110", "good 140"]
