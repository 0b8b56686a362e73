"""Stories of taste: a channel that treats somebody well is begun in more often, one that does not is avoided."""

import math

import pytest

from sim import build, draws
from sim.changes import phases
from sim.model import Taste
from tests.sim.stories import call, company, journeys, moment, page, tell, visits

MANY = 400
LEARNING = {"learns": 0.5, "strength": 1}


def crowd(journeys_, taste=LEARNING, **parts):
    """Many who begin alike on the web and on the phone, remember nothing but the end, and are alike but for luck."""
    satisfaction = {"rest": 6, "end": 1} | parts.pop("satisfaction", {})
    person = {"share": 1, "start": {"web": 1, "phone": 1}, "satisfaction": satisfaction}
    touchpoints = {channel: page(0, channel) for channel in ("web", "phone")}
    raw = company(
        population={"customers": MANY}, personas={"person": person | ({"taste": taste} if taste else {})},
        touchpoints=touchpoints, staff={}, journeys=journeys_,
    )  # fmt: skip
    return raw | parts


def ending(minute, channel, mood=0.0, **more):
    """A journey that begins in one channel, and ends in a mood that much better."""
    return call(
        minute, channel, start={channel: "call"}, step={"outcomes": {"resolved": {"p": 1, "mood": mood}}} | more
    )


def choosing(minute, **more):
    """A journey that begins on the web or on the phone."""
    steps = {channel: {"touchpoint": channel, "outcomes": {"resolved": 1}} for channel in ("web", "phone")}
    return {"when": {"on": moment(minute)}, "start": {"web": "web", "phone": "phone"}, "steps": steps} | more


def begun(tables, goal):
    """Channel in which each customer's journey of a goal began."""
    return {row["customer"]: row["channel"] for row in visits(tables, goal) if row["visit"] == 1}


def by_luck(goal, web, phone):
    """Where journeys begin with these weights, by the draws that decide it."""
    key, chosen = draws.fold(draws.name(goal), 0), {}
    for k in range(MANY):
        customer = draws.fold(draws.fold(draws.world(1, 0), draws.name("start")), k)
        u = draws.draw(draws.fold(customer, key), "start")
        chosen[k] = "web" if u * (web + phone) < web else "phone"
    return chosen


def test_a_channel_weighs_less_once_it_has_disappointed():
    tables = tell(crowd({"ann": ending(10, "web", -2), "bob": choosing(30)}))
    assert begun(tables, "bob") == by_luck("bob", math.exp(0.5 * -2), 1)


def test_it_weighs_more_once_it_has_been_better_than_what_was_felt():
    taste = {"learns": 0.25, "strength": 3}
    tables = tell(crowd({"ann": ending(10, "phone", 1.5), "bob": choosing(30)}, taste))
    assert begun(tables, "bob") == by_luck("bob", 1, math.exp(3 * 0.25 * 1.5))


def test_nobody_changes_to_a_channel_that_disappointed_on_the_same_luck():
    before, after = (
        begun(tell(crowd({"ann": ending(10, "web", -2), "bob": choosing(30)}, taste)), "bob")
        for taste in (None, LEARNING)
    )
    assert before == by_luck("bob", 1, 1)
    assert {(before[k], after[k]) for k in range(MANY)} == {("web", "web"), ("web", "phone"), ("phone", "phone")}


def test_each_experience_moves_the_liking_a_share_of_the_way():
    opened = {
        "ann": ending(10, "web", -2),
        "bob": ending(20, "web", 1),
        "cid": ending(25, "web", 3),
        "dan": choosing(30),
    }
    liking = 0.0
    for surprise in (-2, 1, 3):
        liking += 0.5 * (surprise - liking)
    assert begun(tell(crowd(opened)), "dan") == by_luck("dan", math.exp(liking), 1)


def test_an_end_that_is_felt_counts_and_what_happened_elsewhere_on_the_way_does_too():
    ann = ending(10, "web", -1, next={"resolved": {"on": 1}})
    ann["steps"]["on"] = {"touchpoint": "phone", "outcomes": {"resolved": {"p": 1, "mood": -1}}}
    ann["ends"] = {"resolved": {"good": True, "mood": -2}}
    tables = tell(crowd({"ann": ann, "bob": choosing(30)}))
    assert begun(tables, "bob") == by_luck("bob", math.exp(0.5 * -4), 1)  # of the web, where it was begun


def test_an_experience_is_held_against_what_was_felt_when_it_ended():
    raw = crowd(
        {"ann": ending(10, "web"), "bob": ending(20, "phone", 2), "cid": choosing(100)},
        satisfaction={"memory": 1, "recovery": "0.5 / h"},
        touchpoints={"web": page(60, "web"), "phone": page(0, "phone")},
    )
    felt = 6 + 2 * math.exp(-0.5 * 50 / 60)  # at 70, for bob ended well at 20
    assert begun(tell(raw), "cid") == by_luck("cid", math.exp(0.5 * (6 - felt)), math.exp(0.5 * 2))


@pytest.mark.parametrize("effect", [{"cancels": "ann"}, {"stage": "left"}])
def test_a_journey_that_is_called_off_or_that_one_leaves_says_nothing_of_its_channel(effect):
    ann = ending(10, "web", -3, next={"resolved": {"call": {"p": 1, "after": "1 h"}}})
    back = {"on": moment(30), "who": {"stage": "left"}, "stage": "customer"}
    events = {"off": {"on": moment(20)} | effect} | ({"back": back} if "stage" in effect else {})
    tables = tell(crowd({"ann": ann, "bob": choosing(40)}, events=events))
    assert {row["end"] for row in journeys(tables, "ann")} == {"cancelled" if "cancels" in effect else "left"}
    assert begun(tables, "bob") == by_luck("bob", 1, 1)


def test_a_start_that_is_meant_for_others_stays_closed_however_well_it_is_liked():
    only_phone = choosing(30) | {"start": {"web": {"step": "web", "who": {"product": "tv"}}, "phone": "phone"}}
    raw = crowd({"ann": ending(10, "web", 3), "bob": only_phone})
    raw["personas"]["person"]["products"] = {"tv": 0}
    assert set(begun(tell(raw), "bob").values()) == {"phone"}
    only_phone["start"]["phone"] = {"step": "phone", "who": {"product": "tv"}}  # nothing left: as if nothing were said
    assert begun(tell(raw), "bob") == by_luck("bob", math.exp(0.5 * 3), 1)


def test_who_learns_nothing_begins_as_ever_beside_others_who_do():
    raw = crowd({"ann": ending(10, "web", -5), "bob": choosing(30)}, {"learns": 1, "strength": 5})
    learner = raw["personas"]["person"]
    raw["personas"] = {"learner": learner | {"share": 0.5}, "other": learner | {"share": 0.5}}
    del raw["personas"]["other"]["taste"]
    tables = tell(raw)
    chosen, persona = begun(tables, "bob"), tables.customers["persona"].to_list()
    usual = by_luck("bob", 1, 1)
    assert {k: chosen[k] for k in chosen if persona[k] == "other"} == {
        k: usual[k] for k in usual if persona[k] == "other"
    }
    assert {chosen[k] for k in chosen if persona[k] == "learner"} == {"phone"}


def test_a_change_that_brings_taste_lets_likings_begin_on_its_date():
    opened = {"ann": ending(10, "web", -3), "bob": choosing(30), "cid": ending(60, "phone", -1), "dan": choosing(90)}
    change = {"from": moment(40), "set": {"personas.person.taste": LEARNING}}
    tables = tell(crowd(opened, None, changes={"learn": change}, enact=["learn"]))
    assert begun(tables, "bob") == by_luck("bob", 1, 1)
    assert begun(tables, "dan") == by_luck("dan", 1, math.exp(0.5 * -1))


def test_a_change_moves_how_much_a_liking_counts_at_once_or_by_and_by():
    change = {"from": moment(0), "ramp": "2 days", "set": {"personas.person.taste": {"learns": 1, "strength": 2}}}
    raw = crowd({"ann": choosing(10)}, {"learns": 0.5, "strength": 1}, changes={"more": change}, enact=["more"])
    grown = [phase.model.personas["person"].taste for phase in phases(build(raw))]
    assert grown == [Taste(learns=0.625, strength=1.25)]  # on the first of two days
    del raw["personas"]["person"]["taste"]  # and grows from nothing
    grown = [phase.model.personas["person"].taste for phase in phases(build(raw))]
    assert grown == [Taste(learns=0.25, strength=0.5)]
