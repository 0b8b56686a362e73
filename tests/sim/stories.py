"""Small companies to tell stories about: models that fit in the head, as plain data.

The smallest one has one customer, one desk and one clerk who is always there and takes five minutes. A call comes in at
an exact minute: a journey that opens on a date. One customer may have several journeys at once, so several calls make a
queue. A story replaces what it is about.
"""

from datetime import datetime, timedelta
from typing import Any

from sim import Tables, build, simulate
from tests.engines.equal import assert_same_tables

Raw = dict[str, Any]
START = datetime(2025, 1, 6)  # a Monday; minute 0 of every story
ALL_DAY = {"days": "all", "from": "00:00", "to": "24:00"}


def moment(minute: float) -> str:
    """Minute of the story as a date and time."""
    return (START + timedelta(minutes=minute)).isoformat(" ")


def clock_time(minute: int) -> str:
    """Minute of the first day as a time of day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def company(**parts: Any) -> Raw:
    """The smallest company, with some parts replaced."""
    raw: Raw = {
        "clock": {"start": START.date().isoformat(), "horizon": "1 day"},
        "population": {"customers": 1},
        "personas": {"person": {"share": 1}},
        "touchpoints": {"desk": desk()},
        "journeys": {"ann": call(10)},
        "staff": {"clerks": pool(1)},
    }
    return raw | parts


def desk(staff: Any = "clerks", minutes: float = 5, channel: str = "phone", **more: Any) -> Raw:
    """A staffed touchpoint where a service takes exactly so long."""
    return {"channel": channel, "staff": staff, "service_time": f"{minutes} min", **more}


def page(minutes: float = 0, channel: str = "web", **more: Any) -> Raw:
    """A touchpoint without staff."""
    return {"channel": channel, "service_time": f"{minutes} min", **more}


def call(minute: float, touchpoint: str = "desk", **more: Any) -> Raw:
    """A journey of one step, opened at a minute of the story; `step` adds to the step, the rest to the journey."""
    step = {"touchpoint": touchpoint, "outcomes": {"resolved": 1}} | more.pop("step", {})
    return {"when": {"on": moment(minute)}, "start": {"any": "call"}, "steps": {"call": step}} | more


def pool(headcount: int, begins: int = 0, ends: int = 1440, **more: Any) -> Raw:
    """People on duty from one minute of every day to another."""
    return {"shifts": {"only": shift(headcount, begins, ends)}, **more}


def shift(headcount: int, begins: int = 0, ends: int = 1440, days: str = "all") -> Raw:
    """A daily span of duty."""
    return {"days": days, "from": clock_time(begins), "to": clock_time(ends), "headcount": headcount}


def tell(raw: Raw, seed: int = 1, replication: int = 0) -> Tables:
    """Live through a story, on both engines, which tell the same."""
    model = build(raw)
    tables = simulate(model, seed, replication, "reference").tables
    assert_same_tables(tables, simulate(model, seed, replication, "compiled").tables)
    return tables


def visits(tables: Tables, goal: str | None = None) -> list[Raw]:
    """Visits as dicts, of one goal where it is named."""
    rows = tables.visits.to_dicts()
    return [row for row in rows if goal is None or row["goal"] == goal]


def visit(tables: Tables, goal: str) -> Raw:
    """The only visit of a goal."""
    (only,) = visits(tables, goal)
    return only


def journeys(tables: Tables, goal: str | None = None) -> list[Raw]:
    """Journeys as dicts, of one goal where it is named."""
    rows = tables.journeys.to_dicts()
    return [row for row in rows if goal is None or row["goal"] == goal]


def journey(tables: Tables, goal: str) -> Raw:
    """The only journey of a goal."""
    (only,) = journeys(tables, goal)
    return only


def customer(tables: Tables) -> Raw:
    """The only customer."""
    (only,) = tables.customers.to_dicts()
    return only
