"""Companies at the edge of what can be: each does the right thing on both engines, and people can read about it."""

import re
from itertools import pairwise

import pytest

from scenarios.compare import compare, variants
from scenarios.describe import describe, describe_page
from scenarios.report import comparison_report, simulation_report
from sim import build, simulate
from sim.kpis import measure
from sim.summaries import summarise
from tests.engines.laws import History, broken
from tests.scenarios.given import Page
from tests.sim.stories import ALL_DAY, company, desk, page, shift, tell

MOOD = {"memory": 0.4, "peak": 0.3, "end": 0.4, "abandoned": -1, "resolved": 0.5}
PERSON = {
    "share": 1,
    "needs": {"ask": "2 / h"},
    "satisfaction": MOOD,
    "churn": {"base": "0.2 / day", "every": "5 h"},
    "survey": {"ask": 1},
    "value": {"revenue": "30 EUR / month"},
}


def journey(touchpoint="desk"):
    step = {"touchpoint": touchpoint, "outcomes": {"resolved": 1}}
    return {"when": {"need": "ask"}, "start": {"phone": "ask"}, "steps": {"ask": step}}


def shop(**parts):
    """Ten customers who often ask at one desk, with a change that could be made, for two days."""
    clerks = {"wage": "20 EUR / h", "shifts": {"day": ALL_DAY | {"headcount": 2}}}
    raw = {
        "title": "A desk",
        "clock": {"start": "2025-01-06", "horizon": "2 days"},
        "population": {"customers": 10},
        "personas": {"person": PERSON},
        "journeys": {"question": journey()},
        "staff": {"clerks": clerks},
        "changes": {"fast": {"set": {"touchpoints.desk.service_time": "4 min"}}},
    }
    return company(**raw | parts)


def people(**parts):
    return {"person": PERSON | parts}


def chain(length):
    """A journey through so many touchpoints, one after the other."""
    steps = {f"step_{n}": {"touchpoint": f"page_{n}", "outcomes": {"resolved": 1}} for n in range(length)}
    for one, other in pairwise(steps):
        steps[one]["outcomes"], steps[one]["next"] = {"on": 1}, {"on": {other: 1}}
    return {"when": {"need": "ask"}, "start": {"web": "step_0"}, "steps": steps}


NOBODY_THERE = {"start": "2025-01-11", "horizon": "2 days"}  # a Saturday
EDGES = {
    "no customers": shop(population={"customers": 0}),
    "no staff": shop(staff={"clerks": {"shifts": {}}}),
    "nobody on any shift": shop(staff={"clerks": {"shifts": {"day": ALL_DAY | {"headcount": 0}}}}),
    "no pools at all": shop(
        staff={}, touchpoints={"desk": page(5)}, journeys={"question": journey()}, personas={"person": PERSON}
    ),
    "zero patience": shop(personas=people(patience={"phone": "0 min"}), touchpoints={"desk": desk(minutes=30)}),
    "infinite patience": shop(touchpoints={"desk": desk(minutes=45)}),
    "a closed weekend": shop(clock=NOBODY_THERE, staff={"clerks": {"shifts": {"week": shift(2, days="mon-fri")}}}),
    "a closed weekend, later": shop(
        clock=NOBODY_THERE,
        staff={"clerks": {"shifts": {"week": shift(2, days="mon-fri")}}},
        touchpoints={"desk": desk(when_closed={"later": 1})},
    ),
    "a thousand touchpoints": shop(
        touchpoints={"desk": desk()} | {f"page_{n}": page(1) for n in range(999)},
        journeys={"question": journey(), "walk": chain(999)},
        population={"customers": 2},
        personas=people(needs={"ask": "3 / day"}, start={"web": 1, "phone": 1}, churn=None),
    ),
    "a persona of whom there is nobody": shop(personas={"person": PERSON, "nobody": PERSON | {"share": 0}}),
    "shorter than any service": shop(
        clock={"start": "2025-01-06", "horizon": "30 min"}, touchpoints={"desk": desk(minutes=90)}
    ),
    "a minute is measured": shop(clock={"start": "2025-01-06", "horizon": "1 day", "warmup": "1439 min"}),
}  # fmt: skip


SLOW = {"a thousand touchpoints"}


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in EDGES])
def edge(request):
    return request.param


def test_both_engines_tell_the_same_and_no_law_is_broken(edge):
    assert broken(History(build(EDGES[edge]), tell(EDGES[edge]))) == {}


def lived(edge):
    return tell(EDGES[edge])


def kpis(edge):
    rows = measure(summarise(simulate(build(EDGES[edge]), seed=1))).filter(by="all")
    return dict(rows.select("kpi", "value").iter_rows())


def test_where_there_are_no_customers_nothing_happens_and_staff_are_paid():
    tables = lived("no customers")
    assert tables.visits.height == tables.journeys.height == tables.customers.height == 0
    assert kpis("no customers")["cost"] == pytest.approx(2 * 20 * 48)


@pytest.mark.parametrize("edge", ["no staff", "nobody on any shift", "a closed weekend"])
def test_where_nobody_is_on_duty_everybody_finds_it_closed_and_gives_up(edge):
    tables = lived(edge)
    assert set(tables.visits["outcome"]) == {"closed"}
    assert set(tables.journeys["end"]) - {"left"} == {"give_up"}
    assert kpis(edge)["closed_share"] == 1
    assert kpis(edge)["offered"] == 0


def test_who_comes_later_to_what_never_opens_waits_to_the_end():
    tables = lived("a closed weekend, later")
    assert set(tables.journeys["end"]) <= {None, "left"}
    assert set(tables.visits["outcome"]) == {"closed"}


def test_who_has_no_patience_is_served_at_once_or_goes_at_once():
    visits = lived("zero patience").visits
    assert set(visits["outcome"].drop_nulls()) == {"resolved", "abandoned"}
    assert (visits["started"].fill_null(visits["ended"]) == visits["joined"]).all()


def test_who_has_all_the_patience_never_abandons():
    visits = lived("infinite patience").visits
    assert "abandoned" not in set(visits["outcome"])
    assert (visits["started"] - visits["joined"]).max() > 60
    assert kpis("infinite patience")["abandonment"] == 0


def test_a_journey_leads_through_a_thousand_touchpoints():
    tables = lived("a thousand touchpoints")
    assert tables.journeys.filter(end="resolved", goal="walk")["visits"].unique().to_list() == [999]


def test_a_persona_of_whom_there_is_nobody_has_no_customers():
    assert set(lived("a persona of whom there is nobody").customers["persona"]) == {"person"}


def test_what_no_horizon_is_long_enough_for_is_not_over():
    visits = lived("shorter than any service").visits
    assert visits.height > 2
    assert visits["ended"].is_null().all()
    assert kpis("shorter than any service")["completion"] != kpis("shorter than any service")["completion"]  # unknown


def test_a_minute_is_measured_as_a_minute():
    assert kpis("a minute is measured")["staff_cost"] == pytest.approx(2 * 20 / 60)


# ---- what people read ------------------------------------------------------------------------------------------------

NOT_FOR_PEOPLE = re.compile(r"\b(nan|NaN|None|inf|Infinity)\b|∞|\{\}")


def assert_can_be_read(html):
    found = Page(html)
    assert found.faults == []
    assert (NOT_FOR_PEOPLE.findall(html), NOT_FOR_PEOPLE.findall(found.text)) == ([], [])


def test_a_description_can_be_read(edge):
    assert NOT_FOR_PEOPLE.findall(describe(build(EDGES[edge]))) == []


def test_a_page_with_maps_can_be_read(edge):
    assert_can_be_read(describe_page(build(EDGES[edge])))


def test_reports_can_be_read(edge):
    model = build(EDGES[edge])
    alone, both = (compare(named, seed=1, replications=2) for named in ({"baseline": model}, variants(model, "all")))
    told = {name: simulate(each, seed=1).tables for name, each in both.models.items()}
    assert_can_be_read(simulation_report(alone, "A desk", "As it is", {"seed": 1}, told))
    assert_can_be_read(comparison_report(both, "A desk", "What then?", {"seed": 1}, told))
