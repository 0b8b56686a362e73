"""A pilot: a change that is on for some customers, in the same world as all others."""

from copy import deepcopy

import polars as pl
import pytest

from sim import ScenarioError, build, simulate
from sim.kpis import measure
from sim.summaries import summarise
from sim.tables import KEYS
from tests.sim.stories import call, company, desk, moment, page, tell

CHANGE = {
    "set": {
        "personas.person.needs.ask": "6 / week",
        "personas.person.value.revenue": "3 EUR / month",
        "personas.person.satisfaction.resolved": 1.5,
        "personas.person.churn.base": "0.2 / week",
        "touchpoints.page.service_time": "9 min",
        "touchpoints.page.cost": "2 EUR",
        "journeys.ask.steps.call.outcomes": {"resolved": {"p": 1, "holds": 0.7}},
        "journeys.ask.goal": "question",
        "journeys.tell": {**call(0, "page"), "when": {"need": "tell"}, "who": {"share": 0.5}},
        "personas.person.needs.tell": "2 / week",
    }
}
WHO = {"who": {"share": 0.4}}


def pages(change=None, **parts):
    """People who read pages, so that nobody waits for anybody else."""
    person = {
        "share": 1,
        "needs": {"ask": "3 / week"},
        "satisfaction": {"rest": 6, "memory": 0.5, "recovery": "0.1 / day"},
        "churn": {"base": "0.1 / week"},
        "value": {"revenue": "1 EUR / month"},
    }
    raw = company(
        clock={"start": "2025-01-06", "horizon": "6 weeks"},
        population={"customers": 60, "joins": "5 / week"},
        personas={"person": person},
        touchpoints={"page": page(3)},
        staff={},
        journeys={"ask": call(0, "page") | {"when": {"need": "ask"}}},
    )
    if change is not None:
        raw |= {"changes": {"try": deepcopy(change)}, "enact": ["try"]}
    return raw | parts


def people(tables):
    """Rows of the table of customers."""
    return tables.customers.to_dicts()


def lives(tables, chosen):
    """All that is told of some customers, who are known by where they came from, to nine digits.

    Money and feelings are brought up to date when a change begins, which rounds otherwise.
    """
    who = tables.customers.filter(pl.col("origin").is_in(chosen)).select("customer", came="origin")
    told = []
    for name, keys in KEYS.items():
        if "customer" not in keys:  # staff are everybody's
            continue
        rows = getattr(tables, name).drop("pilot", strict=False).join(who, on="customer").sort("came", *keys[1:])
        told.append(rows.drop("customer").with_columns(pl.col(pl.Float64).round(9)).to_dicts())
    return told


@pytest.mark.parametrize("begins", [{}, {"from": moment(14 * 1440)}, {"from": moment(14 * 1440), "ramp": "2 weeks"}])
def test_those_in_a_pilot_live_as_if_it_were_for_all_and_all_others_as_if_there_were_none(begins):
    change = CHANGE | begins
    without, wholly, partly = tell(pages()), tell(pages(change)), tell(pages(change | WHO))
    for pilot, other in ((True, wholly), (False, without)):
        chosen = [row["origin"] for row in people(partly) if row["pilot"] is pilot]
        assert len(chosen) > 20
        assert lives(partly, chosen) == lives(other, chosen)


def test_a_pilot_may_be_for_a_persona():
    raw = pages(CHANGE | {"who": {"persona": "other"}})
    raw["personas"] = {"person": raw["personas"]["person"] | {"share": 0.5}}
    raw["personas"]["other"] = raw["personas"]["person"]
    rows = people(tell(raw))
    assert {row["pilot"] for row in rows if row["persona"] == "other"} == {True}
    assert {row["pilot"] for row in rows if row["persona"] == "person"} == {False}


def test_nobody_is_in_a_pilot_where_there_is_none():
    assert not any(row["pilot"] for row in people(tell(pages(CHANGE))))


def test_staff_that_a_pilot_brings_is_there_for_all():
    change = {"who": {"share": 0.5}, "set": {"staff.clerks.shifts.only.headcount": 3, "touchpoints.desk.cost": "1 EUR"}}
    many = {f"ann{n}": call(10) for n in range(3)}
    raw = company(population={"customers": 2}, journeys=many, changes={"try": change}, enact=["try"])
    visits = tell(raw).visits
    assert visits.filter(pl.col("joined") == pl.col("started")).height == 3  # instead of one
    without = tell(raw | {"enact": []}).visits
    assert without.filter(pl.col("joined") == pl.col("started")).height == 1


def test_a_pilot_may_lead_some_to_another_desk():
    change = {
        "who": {"share": 0.5},
        "set": {
            "staff.robots.shifts.only": {"days": "all", "from": "00:00", "to": "24:00", "headcount": 1},
            "touchpoints.desk.staff": "robots",
        },
    }
    raw = company(population={"customers": 40}, changes={"try": change}, enact=["try"], journeys={"ann": call(10)})
    tables = tell(raw)
    pilot = tables.customers.filter("pilot")["customer"].to_list()
    assert 10 < len(pilot) < 30
    pools = tables.visits.with_columns(pl.col("customer").is_in(pilot).alias("pilot")).group_by("pilot", "pool").len()
    assert sorted(pools.select("pilot", "pool").rows()) == [(False, "clerks"), (True, "robots")]


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"who": {"stage": "customer"}}, "changes.try.who.stage", "only persona and share can say it"),
        ({"who": {"persona": "persn"}}, "changes.try.who.persona", "did you mean 'person'"),
        ({"who": {}}, "changes.try.who", "it is for everybody"),
        (
            {"who": {"share": 0.5}, "set": {"profiles.weekly.day_to_day": 0.1}},
            "changes.try.who",
            "has to set something of",
        ),
        (
            {"who": {"share": 0.5}, "set": {"events.letter.on": moment(300)}},
            "changes.try.set.events.letter.on",
            "bring another event",
        ),
        (
            {"who": {"share": 0.5}, "set": {"events.list.reach": 0.5}},
            "changes.try.set.events.list",
            "is made of everybody",
        ),
        (
            {"who": {"share": 0.5}, "set": {"events.new": {"on": moment(300), "most": 5, "mood": 1}}},
            "changes.try.set.events.new",
            "is made of everybody",
        ),
        (
            {"who": {"share": 0.5}, "set": {"personas.person.share": 0.9}},
            "changes.try.set.personas.person.share",
            "who comes, and how many",
        ),
        (
            {"who": {"share": 0.5}, "set": {"journeys.new": call(0, "page") | {"when": {"arrival": "1 / day"}}}},
            "changes.try.set.journeys.new.when.arrival",
            "who comes, and how many",
        ),
    ],
)
def test_what_makes_no_sense_of_a_pilot_is_told(change, where, what):
    events = {"letter": {"on": moment(100), "mood": 1}, "list": {"on": moment(100), "most": 5, "mood": 1}}
    with pytest.raises(ScenarioError) as told:
        build(pages(events=events) | {"changes": {"try": CHANGE | change}})
    problem = next(problem for problem in told.value.problems if problem.path == where)
    assert what in problem.message


def test_kpis_are_told_of_those_in_the_pilot_and_of_the_others():
    raw = pages(CHANGE | WHO)
    result = simulate(build(raw), seed=3)
    found = {
        row["group"]: row["value"] for row in measure(summarise(result)).filter(kpi="revenue", by="pilot").to_dicts()
    }
    money = result.tables.customers.group_by("pilot").agg(pl.col("revenue").sum())
    assert found == pytest.approx({"pilot" if pilot else "others": total for pilot, total in money.iter_rows()})
    together = measure(summarise(result)).filter(kpi="revenue", by="all")["value"].item()
    assert sum(found.values()) == pytest.approx(together)
    by_persona = measure(summarise(result)).filter(kpi="revenue", by="persona")["value"].sum()
    assert by_persona == pytest.approx(together)


def test_the_others_are_those_who_could_have_been_in_the_pilot():
    raw = pages(CHANGE | {"who": {"share": 0.5, "persona": "other"}})
    raw["personas"] = {"person": raw["personas"]["person"] | {"share": 0.5}}
    raw["personas"]["other"] = raw["personas"]["person"]
    result = simulate(build(raw), seed=3)
    found = measure(summarise(result)).filter(kpi="revenue", by="pilot")
    money = result.tables.customers.filter(persona="other").group_by("pilot").agg(pl.col("revenue").sum())
    assert dict(found.select("group", "value").iter_rows()) == pytest.approx(
        {"pilot" if pilot else "others": total for pilot, total in money.iter_rows()}
    )


def test_no_kpi_is_told_of_a_pilot_where_there_is_none():
    assert measure(summarise(simulate(build(pages()), seed=3))).filter(by="pilot").is_empty()


def test_an_event_that_a_pilot_brings_or_changes_is_for_those_in_it_alone():
    """A letter that all have had pleases those in the pilot more, and they get another."""
    letter = {"on": moment(100), "satisfaction": 0.5}
    brings = {
        "events.letter": letter | {"satisfaction": 1, "revenue": "1 EUR"},
        "events.gift": {"on": moment(200), "reach": 0.9, "who": {"persona": "person"}, "revenue": "-2 EUR"},
        "personas.person.value.revenue": "3 EUR / month",
    }
    change = {"from": moment(50), "set": brings} | WHO
    tables = tell(pages(change, events={"letter": letter}))
    people = tables.customers.select("customer", "pilot", "joined")
    told = tables.effects.join(people.filter(joined=0), on="customer").group_by("cause", "pilot", "revenue").len()
    reached = {(cause, pilot): (revenue, n) for cause, pilot, revenue, n in told.rows()}
    size = people.filter(pl.col("joined") == 0, "pilot").height
    assert 10 < size < 40
    assert {key: value for key, value in reached.items() if key[0] == "letter"} == {
        ("letter", True): (1, size),
        ("letter", False): (0, 60 - size),
    }
    assert reached["gift", True][1] in range(size - 10, size + 1)
    assert ("gift", False) not in reached


def test_two_pilots_at_once_are_refused():
    raw = pages() | {"changes": {"one": CHANGE | WHO, "two": CHANGE | WHO}, "enact": ["one", "two"]}
    with pytest.raises(ScenarioError, match="one at a time can be on"):
        build(raw)


def test_who_is_in_a_pilot_does_not_hang_on_anything_else():
    change = {"who": {"share": 0.4}, "set": {"touchpoints.page.cost": "1 EUR"}}
    one, other = tell(pages(change)), tell(pages(CHANGE | WHO, touchpoints={"page": page(30), "desk": desk(staff={})}))
    picked = [{row["origin"] for row in people(each) if row["pilot"]} for each in (one, other)]
    came = [{row["origin"] for row in people(each)} for each in (one, other)]
    both = came[0] & came[1]
    assert picked[0] & both == picked[1] & both
