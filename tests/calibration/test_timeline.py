"""One timeline per customer: which contacts are one issue, what came next, and what cannot be known yet."""

import numpy as np
import polars as pl
import pytest

from calibration.hours import QUARTERS, Hours
from calibration.timeline import END, UNFINISHED, name_of
from sim.errors import ScenarioError
from tests.calibration.small_log import MONDAY, told

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0
LATER = [
    {"customer": "Z", "joined": day * DAY, "ended": day * DAY + 1, "started": day * DAY} for day in (0.0, 6.0, 13.0)
]


def contact(joined, minutes=5.0, **what):
    """A contact served at once."""
    return {"joined": joined, "started": joined, "ended": joined + minutes, "outcome": "resolved"} | what


def of(timeline, customer="A"):
    return timeline.contacts.filter(customer=customer)


# ---- issues ----------------------------------------------------------------------------------------------------------


def test_contacts_of_one_customer_close_to_each_other_are_one_issue():
    first = contact(DAY)
    a_day_later, too_late = contact(first["ended"] + DAY), contact(first["ended"] + DAY + 5 + DAY + 1)
    log = told([first, a_day_later, too_late, *LATER])
    assert of(log)["nth"].to_list() == [1, 2, 1]
    assert of(log)["journey"].n_unique() == 2
    assert log.journeys.filter(customer="A")["contacts"].to_list() == [2, 1]


def test_how_close_is_for_the_mapping_to_say():
    calls = [contact(DAY), contact(DAY + 2 * HOUR), *LATER]
    assert of(told(calls, same_issue="1 h"))["journey"].n_unique() == 2
    assert of(told(calls, same_issue="2 h"))["journey"].n_unique() == 1


def test_two_goals_are_two_issues_and_two_customers_likewise():
    calls = [contact(DAY, goal="Bill"), contact(DAY + 9, goal="Fault"), contact(DAY + 9, goal="Bill", customer="B")]
    journeys = told([*calls, *LATER]).journeys
    assert sorted(journeys.filter(pl.col("customer") != "Z").select("customer", "goal").rows()) == [
        ("A", "bill"), ("A", "fault"), ("B", "bill")
    ]  # fmt: skip


def test_where_the_log_names_journeys_they_count_however_far_apart():
    calls = [contact(DAY, journey="7", goal="Bill"), contact(5 * DAY, journey="7", goal="Fault")]
    found = of(told([*calls, *LATER]))
    assert found["nth"].to_list() == [1, 2]
    assert found["goal"].to_list() == ["bill", "bill"]  # a journey has one goal, that of its first contact


def test_two_customers_whose_journeys_have_the_same_name_keep_them_apart():
    calls = [contact(DAY, journey="1"), contact(DAY + 9, journey="1", customer="B"), *LATER]
    surveys = [{"customer": "B", "journey": "1", "score": 3.0}, {"customer": "A", "journey": "1", "score": 9.0}]
    journeys = told(calls, surveys=surveys).journeys
    assert journeys.filter(customer="A")["score"].to_list() == [9]
    assert journeys.filter(customer="B")["score"].to_list() == [3]


def test_a_case_is_one_journey():
    calls = [contact(DAY), contact(9 * DAY), contact(DAY, customer="B"), *LATER]
    assert told(calls, kind="cases").journeys.filter(customer="A")["contacts"].to_list() == [2]


# ---- what happened ---------------------------------------------------------------------------------------------------


def test_each_contact_knows_its_number_its_attempt_its_wait_and_what_came_next_after_how_long():
    calls = [
        {"joined": DAY, "ended": DAY + 4, "member": None},
        contact(DAY + 30, started=DAY + 32, touchpoint="Hot line", outcome="transferred"),
        contact(DAY + 35, touchpoint="Experts"),
        contact(DAY + 50, outcome=None),
    ]
    found = of(told([*calls, *LATER]))
    assert found["nth"].to_list() == [1, 2, 3, 4]
    assert found["attempt"].to_list() == [1, 1, 1, 2]
    assert found["touchpoint"].to_list() == ["hotline", "hot_line", "experts", "hotline"]
    assert found["wait"].to_list() == [4, 2, 0, 0]
    assert found["outcome"].to_list() == ["abandoned", "transferred", "resolved", "served"]
    assert found["next"].to_list() == ["hot_line", "experts", "hotline", END]
    assert found["delay"].to_list() == [26, 0, 10, None]


def test_a_journey_opens_with_its_first_contact_and_closes_with_its_last_end():
    calls = [contact(DAY, minutes=90, channel="Phone"), contact(DAY + 10, channel="Chat"), *LATER]
    journey = told(calls).journeys.row(1, named=True)
    assert (journey["opened"], journey["closed"]) == (DAY, DAY + 90)
    assert (journey["first"], journey["channel"], journey["contacts"]) == ("hotline", "phone", 2)


def test_staffed_is_where_somebody_is_named_or_waited_or_was_never_served():
    calls = [
        contact(DAY, touchpoint="named", member="Ann"),
        contact(DAY, touchpoint="waited", started=DAY + 1),
        {"joined": DAY, "ended": DAY + 4, "touchpoint": "left"},
        contact(DAY, touchpoint="web"),
        *LATER,
    ]
    assert set(told(calls).staffed) == {"named", "waited", "left"}
    assert set(told(calls, unstaffed=["Waited", "hotline", "left"]).staffed) == {"named", "web"}


def test_words_of_the_user_become_names_that_can_stand_in_a_scenario():
    assert name_of("Tier 1 / phone") == "tier_1_phone"
    assert name_of(" 2nd line") == "n2nd_line"
    assert name_of("?!") == "unnamed"


def test_activities_called_like_our_own_words_keep_apart_from_them():
    calls = [contact(DAY, touchpoint="End"), contact(DAY + 9, touchpoint="Resolved"), *LATER]
    found = of(told(calls, kind="cases"))
    assert found["next"].to_list() == ["resolved_step", END]
    assert found["touchpoint"].to_list() == ["end_step", "resolved_step"]


# ---- the span --------------------------------------------------------------------------------------------------------


def test_a_long_log_begins_on_its_first_monday_and_journeys_from_before_are_left_out_whole():
    before = [contact(-2 * HOUR, journey="1"), contact(3 * HOUR, journey="1"), contact(-3 * DAY, journey="2")]
    log = told([*before, contact(4 * HOUR, journey="3"), *LATER])
    assert log.start == MONDAY
    assert log.end == 2 * WEEK
    assert of(log)["joined"].to_list() == [4 * HOUR]


def test_a_short_log_begins_on_its_first_day_and_ends_with_its_last():
    log = told([contact(3 * DAY + HOUR), contact(8 * DAY + HOUR)])
    assert (log.start - MONDAY).days == 3
    assert log.end == 6 * DAY
    assert of(log)["joined"].to_list() == [HOUR, 5 * DAY + HOUR]


def test_a_log_of_one_day_is_refused():
    with pytest.raises(ScenarioError, match="covers 1 day; at least a week is needed"):
        told([contact(HOUR), contact(2 * HOUR)])


# ---- what cannot be known yet ----------------------------------------------------------------------------------------


def test_near_the_end_a_journey_may_yet_go_on_unless_it_was_resolved():
    end = 14 * DAY
    calls = [
        contact(end - 4 * DAY, customer="A", outcome="unresolved"),
        contact(end - 2 * DAY, customer="B", outcome="unresolved"),
        contact(end - 2 * DAY, customer="C", outcome="resolved"),
        contact(end - 2 * DAY, customer="D", outcome="unresolved"),
        contact(end - 1 * DAY, customer="D", outcome="resolved"),
    ]
    log = told([*calls, *LATER])
    assert of(log, "A")["next"].to_list() == [END]
    assert of(log, "B")["next"].to_list() == [UNFINISHED]
    assert of(log, "C")["next"].to_list() == [END]
    assert of(log, "D")["next"].to_list() == ["hotline", END]


def test_what_could_be_known_earlier_knows_nothing_of_what_came_later():
    noon = 10 * DAY + 12 * HOUR
    calls = [
        contact(noon - 20, customer="A", outcome="unresolved"),
        contact(noon + 60, customer="A"),
        contact(noon - 2, customer="B"),
        contact(noon - 90, customer="C"),
        *LATER,
    ]
    customers = [
        {"customer": "A", "left": noon + 100},
        {"customer": "B", "left": noon - 1},
        {"customer": "C", "joined": noon - 100},
        {"customer": "D", "joined": noon + 1},
    ]
    log = told(calls, customers=customers).until(noon)
    assert log.end == noon
    assert log.contacts["joined"].max() == noon - 2
    assert of(log, "A")["next"].to_list() == [UNFINISHED]  # the next call is not known yet
    assert of(log, "B")["next"].to_list() == [UNFINISHED]  # still in service
    assert of(log, "C")["next"].to_list() == [END]
    assert set(log.journeys["customer"]) == {"A", "B", "C", "Z"}
    left = dict(log.customers.select("customer", "left").rows())
    assert {name: left[name] for name in sorted(left)} == {"A": None, "B": noon - 1, "C": None, "Z": None}


# ---- customers and surveys -------------------------------------------------------------------------------------------


def test_personas_come_from_the_customers_else_from_the_contacts_else_there_is_one_for_all():
    calls = [contact(DAY, customer=name, persona=persona) for name, persona in (("A", None), ("B", "Firm"), ("C", "x"))]
    alone = told([*calls, *LATER])
    assert dict(alone.customers.select("customer", "persona").rows()) == {
        "A": "everybody", "B": "firm", "C": "x", "Z": "everybody"
    }  # fmt: skip
    assert not alone.known_customers
    both = told([*calls, *LATER], customers=[{"customer": "C", "persona": "Y"}, {"customer": "B"}, {"customer": "D"}])
    assert dict(both.customers.select("customer", "persona").rows()) == {
        "A": "everybody", "B": "firm", "C": "y", "D": "everybody", "Z": "everybody"
    }  # fmt: skip
    assert both.known_customers


def test_personas_are_named_the_most_common_first():
    customers = [{"customer": f"{n}", "persona": "few" if n < 2 else "many"} for n in range(7)]
    assert told(LATER, customers=customers).personas == ["many", "few", "everybody"]


def test_an_answer_without_a_journey_belongs_to_the_latest_that_had_closed():
    calls = [contact(DAY), contact(5 * DAY), contact(9 * DAY), *LATER]
    surveys = [
        {"customer": "A", "score": 2.0, "answered": 5 * DAY + 30},
        {"customer": "A", "score": 7.0, "answered": 5 * DAY + 3},
        {"customer": "A", "score": 9.0, "answered": DAY - 1},
        {"customer": "A", "score": 4.0},
    ]
    assert told(calls, surveys=surveys).journeys.filter(customer="A")["score"].to_list() == [7, 2, None]


def test_a_journey_with_two_answers_keeps_the_first():
    surveys = [{"customer": "A", "journey": "1", "score": score} for score in (6.0, 8.0)]
    journeys = told([contact(DAY, journey="1"), *LATER], surveys=surveys).journeys
    assert journeys.filter(customer="A")["score"].to_list() == [6]


# ---- logs that do not say when people joined -------------------------------------------------------------------------


def test_where_only_service_is_logged_people_join_when_the_contact_before_has_ended_and_closed_time_is_no_wait():
    office = np.zeros(QUARTERS, dtype=bool)
    for day in range(5):
        office[day * 96 + 32 : day * 96 + 64] = True  # 08:00 to 16:00
    calls = [
        contact(8 * HOUR, minutes=30, touchpoint="check"),
        contact(9 * HOUR, minutes=60, touchpoint="assess"),
        contact(DAY + 8.5 * HOUR, minutes=5, touchpoint="check"),
    ]
    log = told([*calls, *LATER], kind="cases")
    hours = {name: Hours(office) for name in ("check", "assess", "hotline")}
    found = of(log.waiting_since_the_last(hours))
    assert found["wait"].to_list() == [0, 30, 6 * HOUR + 30]
    assert found["joined"].to_list() == [8 * HOUR, 8.5 * HOUR, DAY + 2 * HOUR]
    assert found["delay"].to_list() == [0, 16 * HOUR, None]
