"""A change is what differs: set by path, for a time, and nothing before it is touched, to the last bit."""

import re
from copy import deepcopy
from itertools import pairwise

import polars as pl
import pytest

from sim import ScenarioError, build, enacted
from sim.changes import altered, flatten, get, phases, span
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, customer, desk, journeys, moment, page, pool, shift, tell, visit

# ---- plain data ------------------------------------------------------------------------------------------------------


def test_nested_and_dotted_keys_say_the_same():
    nested = {"staff": {"tier1": {"wage": "1 EUR / h", "skills": ["a", "b"]}}}
    dotted = {"staff.tier1.wage": "1 EUR / h", "staff": {"tier1.skills": ["a", "b"]}}
    paths = {"staff.tier1.wage": "1 EUR / h", "staff.tier1.skills": ["a", "b"]}
    assert flatten(nested) == flatten(dotted) == paths


def test_an_empty_mapping_is_a_value():
    assert flatten({"staff": {}}) == {"staff": {}}


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ({"a": {"b": 1}}, "a.b", 2, {"a": {"b": 2}}),
        ({}, "a.b.c", 2, {"a": {"b": {"c": 2}}}),
        ({"a": None}, "a.b", 2, {"a": {"b": 2}}),
        ({"next": {"yes": 0.3}}, "next.yes.after", "5 min", {"next": {"yes": {"p": 0.3, "after": "5 min"}}}),
        ({"ask": "1 / week"}, "ask.profile", "night", {"ask": {"rate": "1 / week", "profile": "night"}}),
        ({"time": "5 min"}, "time.value", "6 min", {"time": {"kind": "deterministic", "value": "6 min"}}),
        ({"staff": "tier1"}, "staff.tier2", "3 min", {"staff": {"tier1": 0, "tier2": "3 min"}}),
        ({"quantiles": {0.5: "1 min"}}, "quantiles.1", "9 min", {"quantiles": {0.5: "1 min", "1": "9 min"}}),
        ({4: {"b": 1}}, "4.b", 2, {4: {"b": 2}}),
    ],
)  # fmt: skip
def test_a_path_is_set_and_shorthand_on_the_way_is_written_out(before, path, value, after):
    assert altered(before, {path: value}) == after


@pytest.mark.parametrize(
    ("raw", "path", "value"),
    [
        ({"a": {"b": 3}}, "a.b", 3),
        ({"a": {2025: "x"}}, "a.2025", "x"),
        ({"a": 0.7}, "a.p", 0.7),
        ({"a": "4 / week"}, "a.rate", "4 / week"),
        ({"a": "4 min"}, "a.value", "4 min"),
        ({"staff": "tier1"}, "staff.tier1", 0),
        ({"a": {"b": None}}, "a.b", None),
        ({"a": {"b": 3}}, "a.c", "nothing"),
        ({"a": {"b": 3}}, "b.a", "nothing"),
    ],
)
def test_a_path_is_read_as_it_would_be_set(raw, path, value):
    assert get(raw, path, "nothing") == value


def test_altering_leaves_the_original_as_it_was():
    before = deepcopy(EVERYTHING)
    altered(EVERYTHING, {"staff.tier1.shifts.early.headcount": 9, "title": "another"})
    assert before == EVERYTHING


def test_of_what_stands_in_two_places_only_the_one_that_is_meant_is_altered():
    alike = {"churn": {"base": "1 %"}}
    assert altered({"here": alike, "there": alike}, {"here.churn.base": "2 %"}) == {
        "here": {"churn": {"base": "2 %"}},
        "there": {"churn": {"base": "1 %"}},
    }


def test_a_change_carries_nothing_into_the_scenario_that_could_be_altered_there():
    settings = {"staff.new": {"shifts": {}}}
    raw = altered({"staff": {}}, settings)
    raw["staff"]["new"]["shifts"]["more"] = 1
    assert settings == {"staff.new": {"shifts": {}}}


# ---- phases ----------------------------------------------------------------------------------------------------------

DAY = 1440.0


def changing(begins=None, ends=None, **parts):
    """A company that opens a second desk for a while."""
    change = {"set": {"staff.clerks.shifts.only.headcount": 5}}
    change |= {"from": begins} if begins else {}
    change |= {"until": ends} if ends else {}
    clock = {"start": "2025-01-06", "horizon": "10 days", "warmup": "2 days"}
    return company(**({"clock": clock, "changes": {"hire": change}, "enact": "hire"} | parts))


def headcounts(raw):
    return [(p.start, p.end, p.model.staff["clerks"].shifts["only"].headcount) for p in phases(build(raw))]


def test_without_a_date_a_change_begins_when_the_warm_up_ends_and_stays():
    assert headcounts(changing()) == [(0, 2 * DAY, 1), (2 * DAY, 10 * DAY, 5)]


def test_a_change_may_begin_and_end_on_dates():
    assert headcounts(changing("2025-01-09", "2025-01-11 12:00")) == [
        (0, 3 * DAY, 1),
        (3 * DAY, 5.5 * DAY, 5),
        (5.5 * DAY, 10 * DAY, 1),
    ]


def test_a_change_from_before_the_start_holds_from_the_start():
    assert headcounts(changing("2024-12-01")) == [(0, 10 * DAY, 5)]


def test_a_change_that_is_only_proposed_changes_nothing():
    assert headcounts(changing(enact=[])) == [(0, 10 * DAY, 1)]


def test_of_two_changes_to_one_value_the_later_named_counts_while_both_are_on():
    more = {"set": {"staff.clerks.shifts.only.headcount": 7}, "from": "2025-01-09", "until": "2025-01-10"}
    raw = changing(enact=["hire", "more"])
    raw["changes"]["more"] = more
    assert [people for _, _, people in headcounts(raw)] == [1, 5, 7, 5]


def test_a_span_is_cut_to_the_simulated_time():
    model = build(changing("2024-12-01", "2099-01-01"))
    assert span(model, model.changes["hire"]) == (0, 10 * DAY)


def test_enacting_adds_to_what_is_on_already():
    raw = changing(enact=[])
    model = enacted(build(raw), ["hire"])
    assert model.enact == ("hire",)
    assert enacted(model, ["hire"]).enact == ("hire",)
    with pytest.raises(ScenarioError, match="there is no change 'hires'; did you mean 'hire'"):
        enacted(model, ["hires"])


def test_a_new_pool_that_serves_nobody_is_taken_for_a_misspelt_one():
    raw = changing(enact=[])
    raw["changes"]["hire"]["set"] = {"staff.clerk.wage": "20 EUR / h"}
    message = "changes.hire.set.staff.clerk: is new, and no touchpoint is served by it; did you mean 'clerks'?"
    with pytest.raises(ScenarioError, match=re.escape(message)):
        build(raw)


def test_every_phase_knows_every_name_but_what_it_has_not_yet_is_asleep():
    first, second = phases(build(brand_new()))
    for part in ("personas", "touchpoints", "journeys", "staff"):
        assert set(getattr(first.model, part)) == set(getattr(second.model, part))
    assert first.dormant == {"bob"}
    assert second.dormant == set()
    assert first.model.staff["experts"].shifts == {}
    assert first.model.personas["guest"].share == 0
    assert list(first.model.journeys["ann"].steps) == ["call", "look"]


def brand_new(**more):
    change = {
        "from": moment(100),
        "set": {
            "personas": {"guest": {"share": 0}},
            "touchpoints": {"lab": desk("experts"), "faq": page(1)},
            "staff": {"experts": pool(1)},
            "journeys.bob": call(10, "lab") | {"when": {"every": "50 min"}},
            "journeys.ann.steps.look": {"touchpoint": "faq", "outcomes": {"resolved": 1}},
        },
    }
    return company(changes={"new": change}, enact=["new"], **more)


# ---- what happens then -----------------------------------------------------------------------------------------------


def test_a_journey_that_a_change_brings_opens_for_nobody_before():
    opened = [row["opened"] for row in journeys(tell(brand_new()), "bob")]
    assert 100 <= min(opened) < 150
    assert len(opened) == 26 or len(opened) == 27


def test_a_pool_that_a_change_brings_is_on_duty_from_then_on():
    touchpoints = {"desk": desk({"clerks": 0, "experts": 0})}
    raw = company(touchpoints=touchpoints, staff={"clerks": pool(1), "experts": pool(0)})
    raw["journeys"] = {"ann": call(90), "bob": call(91), "cid": call(110), "dan": call(111)}
    raw |= {
        "changes": {"hire": {"from": moment(100), "set": {"staff.experts.shifts.only.headcount": 1}}},
        "enact": "hire",
    }
    assert [visit(tell(raw), goal)["pool"] for goal in ("bob", "dan")] == ["clerks", "experts"]


def test_a_service_in_hand_and_a_patience_stay_as_drawn_when_things_change():
    raw = company(journeys={"ann": call(98), "bob": call(99), "cid": call(99.5)})
    raw["personas"]["person"]["patience"] = {"phone": "6 min"}
    changes = {"touchpoints.desk.service_time": "1 min", "personas.person.patience.phone": "1 min"}
    raw |= {"changes": {"fast": {"from": moment(100), "set": changes}}, "enact": "fast"}
    tables = tell(raw)
    assert (visit(tables, "ann")["ended"], visit(tables, "bob")["started"]) == (103, 103)
    assert visit(tables, "bob")["ended"] == 108  # she came when a service took five minutes
    assert (visit(tables, "cid")["outcome"], visit(tables, "cid")["ended"]) == ("abandoned", 105.5)


def test_those_who_come_after_the_change_are_served_by_its_numbers():
    raw = company(journeys={"ann": call(98), "bob": call(110)})
    raw |= {
        "changes": {"fast": {"from": moment(100), "set": {"touchpoints.desk.service_time": "1 min"}}},
        "enact": "fast",
    }
    assert visit(tell(raw), "bob")["ended"] == 111


def test_shifts_change_at_the_date_and_back_at_the_end():
    raw = company(journeys={f"{minute}": call(minute) for minute in (90, 91, 110, 111, 210, 211)})
    hire = {"from": moment(100), "until": moment(200), "set": {"staff.clerks.shifts.more": shift(1)}}
    raw |= {"changes": {"hire": hire}, "enact": "hire"}
    tables = tell(raw)
    assert [visit(tables, goal)["started"] for goal in ("91", "111", "211")] == [95, 111, 215]


def test_feelings_and_money_count_by_what_held_at_the_time():
    person = {"share": 1, "value": {"revenue": "1 EUR / min"}, "satisfaction": {"rest": 6, "recovery": "100 / min"}}
    dearer = {"personas.person.value.revenue": "3 EUR / min", "personas.person.satisfaction.terms": {"price": -2}}
    raw = company(personas={"person": person}, journeys={"ann": call(50), "bob": call(150), "cid": call(250)})
    raw |= {"changes": {"price": {"from": moment(100), "until": moment(200), "set": dearer}}, "enact": "price"}
    tables = tell(raw)
    assert customer(tables)["revenue"] == pytest.approx(100 + 3 * 100 + 1240)
    assert [row["satisfaction_before"] for row in journeys(tables)] == pytest.approx([6, 4, 6])


def test_a_route_that_a_change_opens_is_taken_only_while_it_lasts():
    ann = {"when": {"every": "40 min"}, "start": {"any": "ask"}}
    ann["steps"] = {"ask": {"touchpoint": "faq", "outcomes": {"on": 1}, "next": {"on": {"give_up": 1}}}}
    bot = {"touchpoint": "bot", "outcomes": {"resolved": 1}}
    settings = {
        "touchpoints.bot": page(0, "chat"),
        "journeys.ann.steps.bot": bot,
        "journeys.ann.steps.ask.next.on": {"bot": 1, "give_up": 0},
    }
    change = {"from": moment(400), "until": moment(800), "set": settings}
    raw = company(touchpoints={"faq": page(0)}, staff={}, journeys={"ann": ann}, changes={"bot": change}, enact="bot")
    for row in journeys(tell(raw)):
        assert row["end"] == ("resolved" if 400 <= row["opened"] < 800 else "give_up")


def periodic(**dates):
    """Times at which a journey opens, every 40 minutes until something makes it every ten."""
    ann = {
        "when": {"every": "40 min"},
        "start": {"any": "go"},
        "steps": {"go": {"touchpoint": "faq", "outcomes": {"resolved": 1}}},
    }
    change = {"set": {"journeys.ann.when.every": "10 min"}} | dates
    raw = company(touchpoints={"faq": page(0)}, staff={}, journeys={"ann": ann}, changes={"more": change}, enact="more")
    return [row["opened"] for row in journeys(tell(raw))]


def test_a_period_that_a_change_makes_shorter_goes_by_faster_from_then_on():
    opened = periodic(**{"from": moment(400)})
    last = max(at for at in opened if at < 400)
    assert [at for at in opened if at < 400] == pytest.approx([opened[0] + 40 * k for k in range(10)])
    first = 400 + 10 * (1 - (400 - last) / 40)  # what is left of the period goes by four times as fast
    assert [at for at in opened if at > 400] == pytest.approx([first + 10 * k for k in range(len(opened) - 10)])
    assert len(opened) > 110


def test_a_period_may_change_bit_by_bit_and_back_again():
    opened = periodic(**{"from": moment(400), "until": moment(1000), "ramp": "200 min"})
    gaps = {at: after - at for at, after in pairwise(opened)}
    assert [gap for at, gap in gaps.items() if at + gap < 400 or at > 1000] == pytest.approx([40] * 19)
    assert [gap for at, gap in gaps.items() if 600 <= at < 990] == pytest.approx([10] * 39, rel=0.01)
    assert any(gap == pytest.approx(25) for at, gap in gaps.items() if 400 <= at < 600)


# ---- before a change, bit for bit ------------------------------------------------------------------------------------


def before(tables, minute):
    """What had happened by a minute."""
    return (
        tables.visits.filter(pl.col("ended") < minute),
        tables.journeys.filter(pl.col("closed") < minute),
        tables.customers.filter(pl.col("left") < minute),
        tables.customers.filter(pl.col("joined") < minute).select("customer", "origin", "persona", "joined"),
    )


@pytest.mark.parametrize("change", ["hire", "chatbot"])
def test_everything_before_a_change_is_the_same_to_the_last_bit(change):
    baseline = tell(EVERYTHING | {"enact": []}, seed=7)
    changed = tell(EVERYTHING | {"enact": [change]}, seed=7)
    model = build(EVERYTHING)
    begins, _ = span(model, model.changes[change])
    for mine, theirs in zip(before(baseline, begins), before(changed, begins), strict=True):
        assert mine.equals(theirs)
    assert baseline.visits.filter(pl.col("ended") < begins).height > 300
    assert not baseline.visits.equals(changed.visits)


def rounded(frame):
    """A table whose times and moods are as exact as a person would want."""
    return frame.with_columns(pl.selectors.float().round(6))


def test_a_change_that_changes_nothing_changes_nothing_but_the_last_bits_of_sums():
    nothing = {"from": "2025-01-22", "set": {"staff.tier1.shifts.early.headcount": 1}}
    raw = EVERYTHING | {"changes": EVERYTHING["changes"] | {"nothing": nothing}}
    baseline, changed = (tell(raw | {"enact": on}, seed=7) for on in ([], ["nothing"]))
    for name in ("visits", "journeys", "customers"):
        assert rounded(getattr(baseline, name)).equals(rounded(getattr(changed, name)))


def test_those_who_stay_have_the_same_needs_at_the_same_moments_with_and_without_a_change():
    baseline, changed = (tell(EVERYTHING | {"enact": on}, seed=7) for on in ([], ["hire"]))
    stay = set(baseline.customers.filter(pl.col("left").is_null())["origin"])
    stay &= set(changed.customers.filter(pl.col("left").is_null())["origin"])

    def needs(tables):
        who = tables.customers.select("customer", pl.col("origin").alias("who"))
        fresh = pl.col("origin").str.contains("^(billing|fault|newsletter) [0-9]+$") & pl.col("who").is_in(list(stay))
        rows = rounded(tables.journeys).join(who, on="customer").filter(fresh)
        return rows.select("who", "origin", "opened").sort("who", "origin")

    assert needs(baseline).height > 500
    assert needs(baseline).equals(needs(changed))


# ---- dates that move -------------------------------------------------------------------------------------------------


def moving(path, old, new, begins=50, until=None, who=None):
    """A company in which something happens on a date, and a change that moves it."""
    dates = {"from": moment(begins)} | ({"until": moment(until)} if until else {}) | ({"who": who} if who else {})
    events = {"news": {"on": moment(old), "mood": -1}}
    systems = {"crm": {"outages": {"update": {"on": moment(old), "lasts": "5 min"}}}}
    return company(
        population={"customers": 8},
        touchpoints={"desk": page(5), "shop": page(1, system="crm")},
        journeys={"ann": call(old), "bob": call(300, "shop")},
        events=events,
        systems=systems,
        changes={"new": dates | {"set": {path: moment(new)}}},
        enact="new",
    )


def when(told, path):
    """When what is at a path happened."""
    if path == "events.news.on":
        return sorted(set(told.effects["at"]))
    if path == "journeys.ann.when.on":
        return sorted({row["opened"] for row in journeys(told, "ann")})
    return [300.0] if visit(told, "bob")["outcome"] == "down" else []


DATES = ("journeys.ann.when.on", "events.news.on", "systems.crm.outages.update.on")


@pytest.mark.parametrize("path", DATES)
def test_a_change_moves_a_date_that_is_still_to_come(path):
    raw = moving(path, 100, 300) | {"population": {"customers": 1}}
    assert when(tell(raw), path) == [300]
    assert when(tell(raw | {"enact": []}), path) == ([] if "systems" in path else [100])


@pytest.mark.parametrize("path", DATES)
def test_also_to_an_earlier_one(path):
    raw = moving(path, 900, 300, begins=300, until=901) | {"population": {"customers": 1}}
    assert when(tell(raw), path) == [300]


def test_in_a_pilot_a_journey_has_two_dates():
    told = tell(moving(DATES[0], 100, 300, who={"share": 0.5}))
    dates = told.journeys.filter(goal="ann").join(told.customers, on="customer")
    assert len(dates) == 8
    assert set(dates.select("opened", "pilot").rows()) == {(100, False), (300, True)}


@pytest.mark.parametrize("path", DATES)
@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            (100, 40, 50),
            f"{moment(40)} is before the change begins (2025-01-06 00:50), so it would never come; choose another date",
        ),
        (
            (100, 300, 50, 200),
            f"{moment(300)} is when the change is over (2025-01-06 03:20), so it would never come; choose another date",
        ),
        (
            (100, 300, 150),
            (
                f"{moment(100)}, which it moves, is before the change begins (2025-01-06 02:30), so it would happen on "
                "both dates; let it be in force on both"
            ),
        ),
        (
            (500, 300, 150, 400),
            (
                f"{moment(500)}, which it moves, is when the change is over (2025-01-06 06:40), so it would happen on "
                "both dates; let it be in force on both"
            ),
        ),
    ],
)
def test_a_date_that_would_come_never_or_twice_is_refused(path, dates, message):
    with pytest.raises(ScenarioError) as error:
        build(moving(path, *dates))
    assert [str(problem) for problem in error.value.problems] == [f"changes.new.set.{path}: {message}"]


def test_a_journey_that_a_change_brings_has_a_date_while_it_is_there():
    news = {"journeys.news": call(30)}
    with pytest.raises(ScenarioError, match=r"changes.new.set.journeys.news.when.on: .* so it would never come"):
        build(company(**change_at(60, **news)))


def test_a_change_of_a_period_says_from_when_it_is_counted():
    raw = company(events={"news": {"on": moment(100), "every": "1 h", "mood": -1}})
    told = tell(raw | change_at(150, **{"events.news.on": moment(10), "events.news.every": "10 h"}))
    assert told.effects["at"].to_list() == [100, 610, 1210]


# ---- what a change brings is not there before it ---------------------------------------------------------------------


def change_at(minute, **settings):
    return {"changes": {"new": {"from": moment(minute), "set": settings}}, "enact": "new"}


def test_lines_that_a_change_brings_turn_nobody_away_before_it():
    calls = {name: call(minute) for name, minute in (("ann", 10), ("bob", 11), ("cid", 100), ("dot", 101))}
    told = tell(company(journeys=calls, **change_at(60, **{"channels.phone.lines": 1})))
    assert [visit(told, name)["outcome"] for name in calls] == ["resolved", "resolved", "resolved", "blocked"]


def test_an_end_that_a_change_describes_anew_is_as_before_until_then():
    lost = {"outcomes": {"unresolved": 1}, "next": {"unresolved": {"give_up": 1}}}
    calls = {"ann": call(10, step=lost), "bob": call(100, step=lost)}
    compensated = {f"journeys.{name}.ends.give_up": {"good": False, "revenue": "-7 EUR"} for name in calls}
    told = tell(company(journeys=calls, **change_at(60, **compensated)))
    assert [journeys(told, name)[0]["revenue"] for name in calls] == [0, -7]


def test_a_weekly_profile_that_a_change_brings_shapes_no_demand_before_it():
    needing = {"when": {"need": "ask"}, "start": {"any": "call"}, "steps": call(0)["steps"]}
    evening = {"profiles.weekly": {"hours": {"all": {"20:00": 1}}}}
    raw = company(personas={"person": {"share": 1, "needs": {"ask": "1 / h"}}}, journeys={"ann": needing})
    opened = [row["opened"] for row in journeys(tell({**raw, **change_at(600, **evening)}))]
    as_before = [row["opened"] for row in journeys(tell(raw)) if row["opened"] < 600]
    assert opened[: len(as_before)] == as_before
    assert len(as_before) > 3
    assert min(opened[len(as_before) :], default=1200) >= 1200
