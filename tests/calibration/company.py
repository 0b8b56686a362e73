"""A small company whose feelings are known, and the log it would leave: what calibration must find again."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from calibration.log import Log
from calibration.sources import Sources
from calibration.timeline import Timeline, build_timeline
from sim.changes import altered
from sim.model import LEFT, Model
from sim.read import build
from sim.replications import simulate
from sim.tables import Tables

START = datetime(2025, 1, 6)
REST = {"family": 7.3, "business": 6.4}
FEELINGS: dict[str, Any] = {
    "wait": {"tolerance": "1 min", "per_minute": -0.15, "cap": "20 min"},
    "abandoned": -1.5,
    "unresolved": -0.6,
    "resolved": 0.4,
    "handoff": -0.5,
    "repeat": -0.4,
    "reopened": -1.6,
    "memory": 0.6,
    "recovery": "0.05 / day",
    "peak": 0.3,
    "end": 0.4,
}
GIVING_UP = -1.3
SURVEY: dict[str, Any] = {"noise": 1.0, "respond": {"level": -0.6, "better": 0.15, "extreme": 0.1}}
CHURN: dict[str, Any] = {"base": "0.01 / week", "slope": 0.5}


def company(customers: int, weeks: int, **settings: Any) -> Model:
    """A company that is always open and often busy; settings by dotted path, with `__` for the dots."""

    def after(minutes: float) -> dict[str, Any]:
        return {"kind": "exponential", "mean": f"{minutes} min"}

    retry = {"call": {"p": 0.5, "after": after(40)}, "give_up": 0.5}
    steps = {
        "read": {
            "touchpoint": "help_page",
            "outcomes": {"resolved": 0.5, "unresolved": 0.5},
            "next": {"unresolved": {"call": {"p": 0.8, "after": after(10)}, "give_up": 0.2}},
        },
        "call": {
            "touchpoint": "hotline",
            "outcomes": {"resolved": {"p": 0.6, "holds": 0.85}, "transferred": 0.25, "unresolved": 0.15},
            "next": {"transferred": {"expert": 1}, "unresolved": {"give_up": 1}, "abandoned": retry},
        },
        "expert": {
            "touchpoint": "experts",
            "outcomes": {"resolved": 0.8, "unresolved": 0.2},
            "next": {"unresolved": {"give_up": 1}, "abandoned": retry},
        },
    }
    persona = {
        "share": 0.5,
        "needs": {"help": "0.9 / week"},
        "start": {"phone": 0.6, "web": 0.4},
        "patience": {"phone": {"kind": "loglogistic", "median": "12 min", "shape": 2}},
        "survey": SURVEY,
        "churn": CHURN,
    }
    on_duty = {"front": max(round(customers / 1300), 1), "back": max(round(customers / 4000), 1)}
    raw = {
        "clock": {"start": f"{START:%Y-%m-%d}", "horizon": f"{weeks} weeks", "warmup": "0 weeks"},
        "population": {"customers": customers, "joins": {"rate": f"{customers / 100} / week"}},
        "personas": {
            name: deepcopy(persona | {"satisfaction": FEELINGS | {"rest": rest}}) for name, rest in REST.items()
        },
        "touchpoints": {
            "help_page": {"channel": "web", "service_time": "4 min"},
            "hotline": {"channel": "phone", "staff": "front", "service_time": after(8)},
            "experts": {"channel": "phone", "staff": "back", "service_time": after(12)},
        },
        "journeys": {
            "help": {
                "when": {"need": "help"},
                "start": {"web": "read", "phone": "call"},
                "steps": steps,
                "ends": {"give_up": {"good": False, "mood": GIVING_UP}},
            }
        },
        "staff": {
            pool: {"shifts": {"on": {"days": "all", "from": "00:00", "to": "24:00", "headcount": people}}}
            for pool, people in on_duty.items()
        },
    }
    return build(altered(raw, {path.replace("__", "."): value for path, value in settings.items()}))


def lived(model: Model, seed: int) -> Timeline:
    """Simulate a company and read what it would have logged."""
    return timeline(simulate(model, seed).tables)


def timeline(tables: Tables) -> Timeline:
    """The timeline of a log that says what simulated tables say."""

    def moment(column: str) -> pl.Expr:
        return (pl.lit(START) + pl.duration(microseconds=(pl.col(column) * 6e7).round().cast(pl.Int64))).alias(column)

    customer, journey = pl.col("customer").cast(pl.String), pl.format("{} {}", "customer", "journey").alias("journey")
    contacts = tables.visits.filter(pl.col("ended").is_not_null() & (pl.col("outcome") != LEFT)).select(
        customer, journey, "goal", "channel", "touchpoint", moment("joined"), moment("started"), moment("ended"),
        pl.col("member").cast(pl.String), "pool", "outcome", "persona",
    )  # fmt: skip
    surveys = tables.journeys.filter(pl.col("score").is_not_null()).select(
        customer, journey, pl.col("score").cast(pl.Float64), moment("scored").alias("answered")
    )
    before = pl.lit(START - timedelta(days=100))
    joined = pl.when(pl.col("joined") > 0).then(moment("joined")).otherwise(before).alias("joined")
    customers = tables.customers.select(customer, "persona", joined, moment("left"))
    log = Log.model_validate({"contacts": {"files": "none"}})
    found = build_timeline(log, Sources(contacts.sort("joined"), surveys, customers))
    assert found.start == START
    return found
