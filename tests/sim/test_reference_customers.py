"""Stories of customers: who joins, what they bring, when they think about leaving, and what happens when they do."""

import math

import pytest

from tests.sim.stories import call, company, customer, desk, journey, journeys, moment, page, pool, tell, visit, visits

WEEKS = {"start": "2025-01-06", "horizon": "8 weeks"}
DAY, WEEK = 1440.0, 10080.0


def people(tables):
    return tables.customers.to_dicts()


# ---- coming ----------------------------------------------------------------------------------------------------------


def test_those_at_the_start_are_customers_from_the_first_minute():
    tables = tell(company(population={"customers": 3}))
    assert [(row["origin"], row["joined"], row["left"], row["stage"]) for row in people(tables)] == [
        (f"start {k}", 0, None, "customer") for k in range(3)
    ]


def test_others_join_as_often_as_they_say():
    raw = company(population={"customers": 0, "joins": {"rate": "5 / day"}}, clock=WEEKS)
    rows = people(tell(raw))
    assert len(rows) == pytest.approx(280, abs=4 * 280**0.5)
    assert [row["origin"] for row in rows] == [f"join {k}" for k in range(len(rows))]
    joined = [row["joined"] for row in rows]
    assert joined == sorted(joined)


def test_joiners_follow_the_profile_called_weekly():
    raw = company(
        population={"joins": "5 / day"},
        clock=WEEKS,
        profiles={"weekly": {"hours": {"sat": {"10:00": 1, "11:00": 0}}}},
    )
    minutes = [row["joined"] % WEEK for row in people(tell(raw))]
    assert min(minutes) >= 5 * DAY + 600
    assert max(minutes) <= 5 * DAY + 660


def test_days_may_vary_beyond_chance_and_all_together():
    def spread(day_to_day):
        profiles = {"weekly": {"hours": {"all": {"00:00": 1}}, "day_to_day": day_to_day}}
        raw = company(population={"joins": "40 / day"}, clock=WEEKS, profiles=profiles)
        counts = [0] * 56
        for row in people(tell(raw)):
            counts[int(row["joined"] // DAY)] += 1
        mean = sum(counts) / 56
        return mean, sum((count - mean) ** 2 for count in counts) / 55

    mean, variance = spread(0)
    assert mean == pytest.approx(40, abs=4 * (40 / 56) ** 0.5)
    assert variance == pytest.approx(40, rel=4 * (2 / 55) ** 0.5)
    mean, variance = spread(0.5)
    assert mean == pytest.approx(40, abs=4 * (440 / 56) ** 0.5)
    assert variance > 160  # 40 + (0.5 · 40)² = 440 is expected


def test_personas_come_in_their_shares():
    personas = {"one": {"share": 0.25}, "other": {"share": 0.75}}
    rows = people(tell(company(personas=personas, population={"customers": 2000})))
    ones = sum(row["persona"] == "one" for row in rows)
    assert ones == pytest.approx(500, abs=4 * (2000 * 0.25 * 0.75) ** 0.5)


def test_a_company_may_call_its_customers_what_it_likes():
    raw = company(population={"customers": 1, "stage": "member"}, personas=paying())
    assert (customer(tell(raw))["stage"], customer(tell(raw))["revenue"]) == ("member", pytest.approx(1440))


# ---- what they bring and cost ----------------------------------------------------------------------------------------


def paying(**more):
    return {"person": {"share": 1, "value": {"revenue": "1 EUR / min"}} | more}


def test_a_customer_brings_revenue_for_as_long_as_they_are_one():
    rows = people(tell(company(personas=paying(), population={"customers": 1, "joins": {"rate": "20 / day"}})))
    assert len(rows) > 1
    for row in rows:
        assert row["revenue"] == pytest.approx(1440 - row["joined"])


def test_only_what_is_earned_and_spent_in_the_window_counts():
    raw = company(
        personas=paying(), touchpoints={"desk": desk(cost="2 EUR")}, journeys={"ann": call(10), "bob": call(700)}
    )
    raw["clock"] |= {"warmup": "600 min"}
    only = customer(tell(raw))
    assert (only["revenue"], only["cost"]) == (pytest.approx(840), 2)


def test_one_who_left_in_the_warm_up_brings_and_costs_nothing_in_the_window():
    leaving = {"churn": {"base": "1000 / min", "every": "60 min"}}
    raw = company(personas=paying(**leaving), touchpoints={"desk": page(0, cost="2 EUR")}, journeys={"ann": call(0)})
    raw["clock"] |= {"warmup": "600 min"}
    only = customer(tell(raw))
    assert only["left"] < 60
    assert (only["revenue"], only["cost"], only["satisfaction_start"]) == (0, 0, None)


def test_every_served_visit_costs_what_its_touchpoint_charges_also_where_no_staff_is_needed():
    touchpoints = {"desk": desk(cost="2 EUR"), "page": page(1, cost="0.5 EUR")}
    tables = tell(company(touchpoints=touchpoints, journeys={"ann": call(10), "bob": call(10, "page")}))
    assert (visit(tables, "ann")["cost"], visit(tables, "bob")["cost"], customer(tables)["cost"]) == (2, 0.5, 2.5)


def moving(minute, stage):
    """A journey that ends in another stage."""
    step = {"touchpoint": "page", "outcomes": {"done": 1}, "next": {"done": {"over": 1}}}
    return {
        "when": {"on": moment(minute)},
        "start": {"any": "go"},
        "steps": {"go": step},
        "ends": {"over": {"stage": stage}},
    }


def test_one_who_is_in_another_stage_for_a_while_brings_nothing_meanwhile():
    journeys_ = {"pause": moving(100, "paused"), "resume": moving(400, "customer")}
    tables = tell(company(personas=paying(), touchpoints={"page": page(0)}, staff={}, journeys=journeys_))
    assert customer(tables)["revenue"] == pytest.approx(1440 - 300)
    assert [row["stage"] for row in journeys(tables)] == ["paused", "customer"]
    assert customer(tables)["stage"] == "customer"


# ---- thinking about leaving ------------------------------------------------------------------------------------------


def leavers(base, customers=400, slope=0.0, every="1 week", **feelings):
    person = {"share": 1, "churn": {"base": base, "slope": slope, "every": every}, "satisfaction": feelings}
    return tell(company(personas={"person": person}, population={"customers": customers}, clock=WEEKS))


def test_the_first_review_is_at_a_random_moment_of_the_first_period_and_then_one_every_period():
    first = [row["left"] for row in people(leavers("1000 / min"))]
    assert 0 < min(first) < 300
    assert WEEK - 300 < max(first) < WEEK
    rest = [row["left"] for row in people(leavers("0.2 / week"))]
    later = [(at - begin) / WEEK for at, begin in zip(rest, first, strict=True) if at is not None]
    assert len(later) > 200
    assert all(weeks == pytest.approx(round(weeks), abs=1e-9) for weeks in later)
    assert max(later) > 5


def test_once_a_change_has_them_review_more_often_they_do_so_after_the_review_that_comes_next():
    def left(base):
        person = {"share": 1, "churn": {"base": base, "every": "100 min"}}
        more = {"from": moment(400), "set": {"personas.person.churn.every": "20 min"}}
        parts = {"population": {"customers": 200}, "changes": {"more": more}, "enact": "more"}
        return [row["left"] for row in people(tell(company(personas={"person": person}, **parts)))]

    turns = [first + 100 * math.ceil((400 - first) / 100) for first in left("1000 / min")]  # the first after the change
    later = [(at - turn) / 20 for at, turn in zip(left("0.001 / min"), turns, strict=True) if at and at > turn]
    assert later == pytest.approx([round(reviews) for reviews in later], abs=1e-9)
    assert set(range(1, 7)) <= {round(reviews) for reviews in later}


def test_those_who_join_later_review_from_when_they_joined():
    person = {"share": 1, "churn": {"base": "1000 / min", "every": "1 day"}}
    raw = company(personas={"person": person}, population={"joins": {"rate": "10 / day"}}, clock=WEEKS)
    for row in people(tell(raw)):
        if row["left"] is not None:
            assert 0 < row["left"] - row["joined"] < DAY


def staying(rate, period):
    """Share who stay for eight weeks: of the time since the last review, evenly up to a period, nothing is felt yet."""
    return math.exp(-8 * rate) * math.expm1(rate * period) / (rate * period)


@pytest.mark.parametrize(("every", "weeks"), [("3 days", 3 / 7), ("1 week", 1), ("30 days", 30 / 7)])
def test_at_rest_the_share_who_stay_falls_by_the_base_rate_however_often_they_review(every, weeks):
    rows = people(leavers("0.1 / week", customers=1500, every=every))
    stayed = sum(row["left"] is None for row in rows) / 1500
    assert stayed == pytest.approx(staying(0.1, weeks), abs=4 * (0.25 / 1500) ** 0.5)


def test_the_unhappy_leave_sooner_by_the_slope():
    unhappy = {"rest": 7, "terms": {"price": -2}}
    rows = people(leavers("0.05 / week", customers=1500, slope=0.5, **unhappy))
    stayed = sum(row["left"] is None for row in rows) / 1500
    assert stayed == pytest.approx(staying(0.05 * math.exp(0.5 * 2), 1), abs=4 * (0.25 / 1500) ** 0.5)
    assert {row["why"] for row in rows} == {None, "review"}


def test_one_who_is_in_another_stage_does_not_think_about_leaving():
    person = {"share": 1, "churn": {"base": "1000 / min", "every": "60 min"}}
    raw = company(
        personas={"person": person}, touchpoints={"page": page(0)}, staff={}, journeys={"ann": moving(0, "paused")}
    )
    assert customer(tell(raw))["left"] is None


# ---- leaving ---------------------------------------------------------------------------------------------------------

SOON = {"churn": {"base": "1000 / min", "every": "10 min"}}  # leaves at a random moment of the first ten minutes


def leaving(**parts):
    personas = {"person": {"share": 1, "survey": {"respond": {"level": 50}}} | SOON}
    return company(personas=personas, **({"touchpoints": {"desk": desk(minutes=60, cost="2 EUR")}} | parts))


def test_one_who_leaves_while_waiting_ends_the_visit_there_and_then():
    tables = tell(leaving(journeys={"bob": call(0), "ann": call(0)}))
    left, ann = customer(tables)["left"], visit(tables, "ann")
    assert (ann["outcome"], ann["ended"], ann["started"], ann["mood_after"]) == ("left", left, None, ann["mood_before"])
    assert (journey(tables, "ann")["end"], journey(tables, "ann")["closed"]) == ("left", left)


def test_a_service_in_hand_is_finished_but_leads_nowhere():
    raw = leaving(journeys={"ann": call(0, step={"outcomes": {"resolved": {"p": 1, "revenue": "9 EUR"}}})})
    tables = tell(raw)
    ann, issue = visit(tables, "ann"), journey(tables, "ann")
    assert (ann["outcome"], ann["ended"], ann["cost"], ann["revenue"]) == ("resolved", 60, 2, 0)
    assert (issue["end"], issue["closed"], issue["asked"], issue["good"]) == ("left", 60, False, None)
    assert customer(tables)["revenue"] == 0


def test_an_issue_between_two_visits_ends_when_she_leaves():
    ann = call(0, "page", step={"outcomes": {"on": 1}, "next": {"on": {"call": {"p": 1, "after": "1 h"}}}})
    tables = tell(leaving(journeys={"ann": ann}, touchpoints={"page": page(0)}, staff={}))
    assert len(visits(tables)) == 1
    assert (journey(tables, "ann")["end"], journey(tables, "ann")["closed"]) == ("left", customer(tables)["left"])


def test_nothing_opens_for_one_who_has_left():
    after = call(0, "page") | {"when": {"after": {"journey": "ann", "delay": "1 h"}}}
    need = call(0, "page") | {"when": {"need": "ask"}}
    every = call(0, "page") | {"when": {"every": "5 min"}}
    journeys_ = {"ann": call(0, "page"), "bob": call(15, "page"), "cid": after, "dan": need, "eve": every}
    raw = leaving(journeys=journeys_, touchpoints={"page": page(0)}, staff={})
    raw["personas"]["person"]["needs"] = {"ask": "1 / min"}
    tables = tell(raw)
    left = customer(tables)["left"]
    assert max(row["opened"] for row in journeys(tables)) < left
    assert {"ann", "dan"} <= {row["goal"] for row in journeys(tables)} <= {"ann", "dan", "eve"}


def test_one_who_has_left_brings_nothing_any_more_and_keeps_the_satisfaction_of_that_moment():
    raw = leaving()
    raw["personas"]["person"] |= {"value": {"revenue": "1 EUR / min"}}
    raw["personas"]["person"]["satisfaction"] = {"rest": 6, "recovery": "1 / min"}
    only = customer(tell(raw))
    assert (only["revenue"], only["satisfaction_end"]) == (pytest.approx(only["left"]), 6)


def test_the_line_of_one_who_left_is_free_for_somebody_else():
    raw = leaving(journeys={"bob": call(0), "ann": call(0)}, channels={"phone": {"lines": 2}})
    raw["personas"] |= {"other": {"share": 0}}
    raw["journeys"]["cid"] = call(0) | {"when": {"arrival": "1 / min"}, "who": {"persona": "other"}}
    tables = tell(raw)
    left = next(row["left"] for row in people(tables) if row["persona"] == "person")
    first = next(row for row in visits(tables, "cid") if row["outcome"] != "blocked")
    assert first["joined"] > left
    assert all(row["outcome"] == "blocked" for row in visits(tables, "cid") if row["joined"] < left)


# ---- visitors --------------------------------------------------------------------------------------------------------


def visiting(**more):
    """People who are no customers come to read a page; some call half an hour later."""
    look = call(0, "page") | {"when": {"arrival": "30 / day"}}
    ring = call(0) | {"when": {"after": {"journey": "look", "p": 0.5, "delay": "30 min"}}}
    persons = {"person": {"share": 1, "satisfaction": {"rest": 5, "memory": 1, "recovery": "0.5 / h"}}}
    steps = {"touchpoint": "page", "outcomes": {"resolved": {"p": 1, "mood": 4}}}
    look["steps"]["call"] = steps
    raw = company(population={"customers": 0}, personas=persons, touchpoints={"desk": desk(), "page": page(5)})
    return raw | {"journeys": {"look": look, "ring": ring}} | more


def test_a_visitor_goes_when_the_last_journey_has_ended():
    tables = tell(visiting())
    satisfied = 5 + 4  # memory 1: the mood with which the page was left
    calls = [row for row in journeys(tables, "ring") if row["closed"] is not None]
    assert len(calls) > 5
    assert all(row["satisfaction_before"] < satisfied for row in calls)  # who still had to call went on to feel
    called = {row["customer"] for row in calls}
    looked = {row["customer"] for row in journeys(tables, "look") if row["opened"] < 1440 - 40}
    ends = {row["customer"]: row["satisfaction_end"] for row in people(tables)}
    assert {ends[customer] for customer in looked - called} == {satisfied}


def test_a_visitor_who_has_gone_is_not_there_when_the_window_opens():
    clock = {"start": "2025-01-06", "horizon": "2 days", "warmup": "1 day"}
    tables = tell(visiting(clock=clock))
    gone = {row["customer"] for row in journeys(tables) if row["opened"] < 1440 - 60}
    assert gone
    assert all(row["satisfaction_start"] is None for row in people(tables) if row["customer"] in gone)


# ---- the size of the world -------------------------------------------------------------------------------------------


def test_customers_who_do_not_meet_in_a_queue_do_not_disturb_each_other():
    def alone(customers):
        person = {"share": 1, "needs": {"ask": "3 / week"}, "churn": {"base": "0.1 / week"}}
        ask = call(0, "page") | {"when": {"need": "ask"}}
        raw = company(personas={"person": person}, touchpoints={"page": page(3)}, staff={}, clock=WEEKS)
        return tell(raw | {"journeys": {"ask": ask}, "population": {"customers": customers}})

    few, many = alone(20), alone(60)
    for name in ("visits", "journeys", "customers"):
        mine = getattr(many, name).filter(getattr(many, name)["customer"] < 20)
        assert getattr(few, name).equals(mine)


def test_idle_people_change_nothing():
    few, many = (tell(company(staff={"clerks": pool(headcount)}, population={"customers": 4})) for headcount in (4, 9))
    assert few.visits.drop("member").equals(many.visits.drop("member"))
