"""The logs of a simulated history say what a company's systems would have seen, and nothing else."""

import polars as pl
import pytest

from scenarios.logs import roster, write_logs
from sim.changes import altered
from sim.model import ABANDONED, BLOCKED, CLOSED
from sim.read import build, load
from sim.replications import simulate
from sim.timetable import Rota, duty
from sim.units import MINUTES_PER_WEEK, WEEKDAYS
from tests.scenarios.commands import STARTER, digests
from tests.sim.stories import call, clock_time, company, desk, page, pool, shift

BUSY = {
    "clock": {"start": "2025-01-06 00:00:30", "horizon": "3 weeks", "warmup": "1 week"},
    "population.customers": 150,
    "channels.phone.lines": 2,
    "personas.caller.needs.billing": "2 / week",
    "personas.caller.churn.base": "0.05 / week",
}


@pytest.fixture(scope="module")
def lived():
    """A busy history with closed, blocked and abandoned calls, people who join and people who leave."""
    result = simulate(build(altered(load(STARTER)[0], BUSY)), seed=6)
    assert {CLOSED, BLOCKED, ABANDONED, "resolved", "unresolved"} <= set(result.tables.visits["outcome"])
    return result


@pytest.fixture(scope="module")
def logs(lived, tmp_path_factory):
    """The four logs, read back as anybody would read them."""
    folder = tmp_path_factory.mktemp("logs")
    counted = write_logs(lived, folder)
    tables = {name: pl.read_csv(folder / f"{name}.csv", try_parse_dates=True) for name in counted}
    assert counted == {name: table.height for name, table in tables.items()}
    return tables


def minutes(lived, column):
    """Times of a log as minutes of the simulation."""
    return (column - lived.model.clock.start).dt.total_seconds() / 60


def test_the_same_history_writes_the_same_logs(lived, tmp_path):
    for folder in ("one", "two"):
        write_logs(lived, tmp_path / folder)
    assert digests(tmp_path / "one", ".csv") == digests(tmp_path / "two", ".csv")
    assert set(digests(tmp_path / "one", ".csv")) == {
        f"{n}.csv" for n in ("contacts", "surveys", "customers", "roster")
    }


# ---- contacts --------------------------------------------------------------------------------------------------------


def test_there_is_a_row_for_each_visit_that_came_through_and_is_over(lived, logs):
    seen = lived.tables.visits.filter(pl.col("ended").is_not_null() & ~pl.col("outcome").is_in([CLOSED, BLOCKED]))
    assert logs["contacts"].height == seen.height
    assert dict(logs["contacts"]["outcome"].value_counts().iter_rows()) == dict(
        seen["outcome"].value_counts().iter_rows()
    )
    assert set(logs["contacts"]["touchpoint"]) == {"help_page", "hotline"}


def test_attempts_that_found_it_closed_or_every_line_taken_leave_no_trace(logs):
    assert not {CLOSED, BLOCKED} & set(logs["contacts"]["outcome"])


def test_those_who_abandoned_were_never_served(logs):
    abandoned = logs["contacts"].filter(pl.col("outcome") == ABANDONED)
    assert abandoned.height > 0
    assert abandoned["started"].is_null().all()
    assert abandoned["member"].is_null().all()
    served = logs["contacts"].filter(pl.col("outcome") != ABANDONED)
    assert served["started"].is_not_null().all()


def test_times_are_wall_clock_in_whole_seconds(lived, logs, tmp_path):
    write_logs(lived, tmp_path)
    text = pl.read_csv(tmp_path / "contacts.csv", infer_schema=False)
    for column in ("joined", "started", "ended"):
        written = text[column].drop_nulls()
        assert written.str.contains(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$").all()
    ended = lived.tables.visits.filter(pl.col("ended").is_not_null() & ~pl.col("outcome").is_in([CLOSED, BLOCKED]))
    behind = ended.sort("ended", "customer", "journey", "visit")["ended"] - minutes(lived, logs["contacts"]["ended"])
    assert (behind >= -1e-9).all()
    assert (behind < 1 / 60).all()


def test_nobody_is_served_before_they_joined_or_after_they_ended(logs):
    contacts = logs["contacts"]
    assert (contacts["joined"] <= contacts["ended"]).all()
    served = contacts.filter(pl.col("started").is_not_null())
    assert (served["joined"] <= served["started"]).all()
    assert (served["started"] <= served["ended"]).all()


def test_an_issue_has_one_name_and_one_customer(lived, logs):
    contacts, journeys = logs["contacts"], lived.tables.journeys
    known = journeys.select(
        pl.format("J{}-{}", pl.col("customer").cast(pl.String).str.zfill(6), "journey").alias("journey"),
        pl.format("C{}", pl.col("customer").cast(pl.String).str.zfill(6)).alias("customer"),
    )
    assert known["journey"].is_unique().all()
    for name in ("contacts", "surveys"):
        pairs = logs[name].select("journey", "customer").unique()
        assert pairs.join(known, on=["journey", "customer"]).height == pairs.height
    assert contacts["journey"].n_unique() > 100


def test_only_staffed_touchpoints_have_a_member_of_a_pool(logs):
    contacts = logs["contacts"]
    assert contacts.filter(pl.col("touchpoint") == "help_page")["member"].is_null().all()
    members = set(contacts.filter(pl.col("touchpoint") == "hotline")["member"].drop_nulls())
    assert members
    assert all(member.startswith("service-") for member in members)


# ---- surveys and customers -------------------------------------------------------------------------------------------


def test_only_answers_are_in_the_survey(lived, logs):
    journeys = lived.tables.journeys
    assert 0 < logs["surveys"].height == journeys["answered"].sum() < journeys["asked"].sum()
    assert logs["surveys"]["score"].is_between(0, 10).all()
    assert sorted(logs["surveys"]["score"]) == sorted(journeys.filter("answered")["score"])


def test_what_customers_feel_leaves_no_trace(logs):
    columns = {column for table in logs.values() for column in table.columns}
    assert columns == {
        "customer", "journey", "goal", "channel", "touchpoint", "joined", "started", "ended", "pool", "member",
        "outcome", "answered", "score", "persona", "left", "weekday", "from", "to", "wage",
    }  # fmt: skip


def test_every_customer_has_a_row_with_the_day_they_joined_and_left(lived, logs):
    customers, simulated = logs["customers"], lived.tables.customers
    assert customers.height == simulated["joined"].is_not_null().sum()
    assert customers["joined"].is_null().sum() == 150  # who was there at the start: nobody knows since when
    assert customers["left"].is_not_null().sum() == simulated["left"].is_not_null().sum() > 0
    assert customers["customer"].is_unique().all()
    newcomers = customers.drop_nulls("joined")
    assert newcomers.height > 0
    assert (newcomers["joined"] >= str(lived.model.clock.start)).all()
    assert set(logs["contacts"]["customer"]) <= set(customers["customer"])


def test_those_who_never_became_customers_have_no_row(tmp_path):
    story = company(
        population={"customers": 2},
        journeys={"visit": call(5) | {"when": {"arrival": "20 / day"}}},
    )
    result = simulate(build(story), seed=1)
    strangers = result.tables.customers["joined"].is_null().sum()
    assert strangers > 0
    assert write_logs(result, tmp_path)["customers"] == result.tables.customers.height - strangers


# ---- a story ---------------------------------------------------------------------------------------------------------


def test_a_story_is_written_as_it_was_told(tmp_path):
    story = company(
        population={"customers": 1},
        touchpoints={"desk": desk(), "page": page(0.255)},
        journeys={"ann": call(10.51), "ben": call(12, step={"touchpoint": "page"})},
    )
    result = simulate(build(story), seed=1)
    assert write_logs(result, tmp_path) == {"contacts": 2, "surveys": 0, "customers": 1, "roster": 7}
    first, second = pl.read_csv(tmp_path / "contacts.csv", infer_schema=False).to_dicts()
    assert first == {
        "customer": "C000000", "journey": first["journey"], "goal": "ben", "channel": "web", "touchpoint": "page",
        "joined": "2025-01-06 00:12:00", "started": "2025-01-06 00:12:00", "ended": "2025-01-06 00:12:15", "pool": None,
        "member": None, "outcome": "resolved",
    }  # fmt: skip
    assert (second["touchpoint"], second["member"]) == ("desk", "clerks-1")
    assert (second["joined"], second["ended"]) == ("2025-01-06 00:10:30", "2025-01-06 00:15:30")


def test_an_answer_is_dated_when_it_was_given_which_may_be_before_the_issue_came_back(tmp_path):
    first = {"resolved": {"p": 1, "holds": 0, "reopens": {"again": {"p": 1, "after": "1 h"}}}}
    steps = {"call": {"touchpoint": "desk", "outcomes": first},
             "again": {"touchpoint": "desk", "outcomes": {"resolved": 1}}}  # fmt: skip
    person = {"share": 1, "survey": {"respond": {"level": 50}}}
    story = company(journeys={"ann": call(10) | {"steps": steps}}, personas={"person": person})
    write_logs(simulate(build(story), seed=1), tmp_path)
    assert pl.read_csv(tmp_path / "surveys.csv", infer_schema=False)["answered"].to_list() == ["2025-01-06 00:15:00"]


# ---- roster ----------------------------------------------------------------------------------------------------------


def test_the_roster_adds_up_to_the_duty():
    story = company(
        staff={
            "clerks": pool(2, 480, 960) | {"wage": "24 EUR / h"},
            "night": {"shifts": {"a": shift(3, 0, 360, "sat,sun"), "b": shift(1, 1200, 1440, "fri")}},
        },
        touchpoints={"desk": desk({"clerks": 0, "night": 0})},
    )
    model = build(story)
    rows = roster(model).to_dicts()
    assert len(rows) == 2 * 7 + 3 * 2 + 1
    for name, staff in model.staff.items():
        on_duty = duty([Rota(0.0, MINUTES_PER_WEEK, staff.shifts)], 0.0)
        for minute in range(0, int(MINUTES_PER_WEEK), 30):
            day, clock = WEEKDAYS[minute // 1440], clock_time(minute % 1440)
            there = [r for r in rows if (r["pool"], r["weekday"]) == (name, day) and r["from"] <= clock < r["to"]]
            assert len(there) == on_duty.now(minute)
    assert {row["wage"] for row in rows if row["pool"] == "clerks"} == {24}
