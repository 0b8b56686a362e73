"""What each word costs where it is said: the company with customers who stay, with one more word at a time.

A word changes what happens, so what is compared is the time a visit takes: with the word, and without. Both take turns.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time
from typing import Any

from sim import build, simulate
from sim.changes import altered
from sim.model import Model
from tests.benchmarks.relationship import PERSONAS, STAFF, scenario

CUSTOMERS, WEEKS = 10_000, 26
NOTHING = "nothing more"
Settings = Mapping[str, Any]

SOON = {"kind": "exponential", "mean": "2 h"}
CALL_BACK = {"when": "opened", "start": {"phone": "call"}, "steps": {
    "call": {"touchpoint": "hotline", "outcomes": {"resolved": 1}, "next": {"abandoned": {"give_up": 1}}},
}}  # fmt: skip
PAGE = {"start": {"web": "read"}, "steps": {"read": {"touchpoint": "help page", "outcomes": {"resolved": 1}}}}


def everybody(path: str, value: Any) -> dict[str, Any]:
    """One setting for all personas."""
    return {f"personas.{persona}.{path}": value for persona in PERSONAS}


def all_pools(path: str, value: Any) -> dict[str, Any]:
    """One setting for all pools."""
    return {f"staff.{pool}.{path}": value for pool in STAFF}


OLD = {"trait": {"age": "old"}}
HARD = {"time": 0.2, "resolved": -0.5}
STRAIN = {"above": 0.7, "memory": "4 weeks", "slower": 0.3, "quits": {
    "rate": "0.02 / month", "slope": 5, "hiring": "6 weeks", "training": "3 weeks",
}}  # fmt: skip
QUARTER = {"term": "3 months", "notice": "14 days"}
LEARN = PAGE | {
    "when": {"arrival": "0 / week"},
    "ends": {"signed": {"good": True, "stage": "customer"}},
    "steps": {"read": {"touchpoint": "help page", "outcomes": {"yes": 0.3, "no": 0.7},
                       "next": {"yes": {"signed": 1}, "no": {"give_up": 1}}}},
}  # fmt: skip
BRINGS = {"journey": "learn", "rate": "0.02 / month", "slope": 0.4}
FEATURES: dict[str, Settings] = {
    NOTHING: {},
    "a pilot with a fifth of the customers": {
        "changes.better": {
            "who": {"share": 0.2},
            "set": {"journeys.bill.steps.read.outcomes": {"resolved": 0.6, "unresolved": 0.4}},
        },
        "enact": ["better"],
    },
    "an event every week that reaches a third": {"events.news": {"every": "1 week", "reach": 0.33, "mood": -0.1}},
    "a list of 500 to call, every week": {
        "journeys.hello": CALL_BACK,
        "events.campaign": {
            "every": "1 week", "most": 500, "by": {"tenure": 1, "contacts": 1}, "reach": 0.3,
            "opens": {"hello": {"p": 1, "after": SOON}},
        },
    },
    "a clock on every call": {"journeys.bill.steps.call.while_open": {"after": "5 min", "mood": -0.1}},
    "work without the customer": {
        "touchpoints.office": {
            "channel": "post", "attended": False, "staff": "experts",
            "service_time": {"kind": "exponential", "mean": "5 min"},
        },
        "journeys.fault.steps.expert": {
            "touchpoint": "office", "promise": "1 day", "outcomes": {"resolved": 0.92, "unresolved": 0.08},
            "next": {"unresolved": {"give_up": 1}},
        },
    },
    "urgency, and an offer to be called back": {
        "touchpoints.hotline.urgent": {"after": "5 min", "priority": -1},
        "touchpoints.hotline.callback": {"after": "3 min", "accept": 0.5, "reached": 0.9},
    },
    "a system with outages": {
        "systems.crm": {"outages": {"failure": {"rate": "1 / month", "lasts": SOON}}},
        "touchpoints.hotline.system": "crm",
    },
    "a system with room for fifty": {"systems.crm": {"capacity": 50}, "touchpoints.hotline.system": "crm"},
    "an event at each outage": {
        "systems.crm": {"outages": {"failure": {"rate": "1 / month", "lasts": SOON}}},
        "touchpoints.hotline.system": "crm",
        "events.news": {"outage": "crm", "reach": 0.33, "mood": -0.1},
    },
    "a change that grows over a quarter": {
        "changes.better": {
            "from": "2025-01-08",
            "ramp": "13 weeks",
            "set": {"journeys.bill.steps.read.outcomes": {"resolved": 0.6, "unresolved": 0.4}},
        },
        "enact": ["better"],
    },
    "absence": all_pools("absence", 0.05),
    "holidays, breaks": {
        "clock.holidays": {"epiphany": "2025-01-13"},
        **all_pools("breaks", {"lunch": {"days": "mon-fri", "from": "12:00", "to": "13:00", "share": 0.3}}),
    },
    "a partner for the chat": {
        "staff.chatters.wage": 0,
        "staff.chatters.partner": {
            "per_contact": "4 EUR", "promise": {"within": "30 s", "share": 0.8, "penalty": "500 EUR"},
        },
    },
    "people who differ": all_pools("differ", {"speed": 0.15}),
    "people of different proficiency, at what is hard": {
        "journeys.bill.difficulty": HARD, **all_pools("differ", {"speed": 0.15, "proficiency": 0.5}),
    },
    "three chats at once": {"staff.chatters.at_once": {"contacts": 3, "slower": 0.25}},
    "strain": all_pools("strain", STRAIN),
    "strain in which people err, at what is hard": {
        "journeys.bill.difficulty": HARD, **all_pools("strain", STRAIN | {"err": 1.0}),
    },
    "traits, seen late, on ways and terms": {
        **everybody("traits", {"age": {"old": 0.3, "young": 0.7}}),
        **everybody("satisfaction.terms", {"age": {"value": -0.3, "who": OLD}}),
        "traits.age": {"seen": {"p": 0.5, "after": "2 days"}},
        "journeys.bill.steps.read.next.unresolved.call": {
            "p": 0.5, "after": {"kind": "exponential", "mean": "20 min"}, "who": {"seen": {"age": "old"}},
        },
    },
    "terms that grow with tenure": everybody("churn.terms", {"tenure": {"per_year": -0.1, "up_to": "5 years"}}),
    "winning back who left": {
        "journeys.win_back": PAGE | {
            "when": {"entering": {"stage": "left", "p": 0.5, "delay": "14 days"}},
            "ends": {"back": {"good": True, "stage": "customer"}},
            "steps": {"read": {"touchpoint": "help page", "outcomes": {"yes": 0.3, "no": 0.7},
                               "next": {"yes": {"back": 1}, "no": {"give_up": 1}}}},
        },
    },
    "contracts of a quarter": everybody("contract", QUARTER),
    "contracts, with journeys before their ends and at notice": {
        "journeys.offer": PAGE | {"when": {"renewal": {"before": "14 days"}}},
        "journeys.farewell": PAGE | {"when": {"notice": SOON}},
        **everybody("contract", QUARTER),
    },
    "referral": {"journeys.learn": LEARN, **everybody("referral", BRINGS)},
    "referral, where the disappointed keep others away": {
        "journeys.learn": LEARN,
        **everybody("referral", BRINGS | {"deters": {"rate": "0.02 / month", "slope": 0.3}}),
    },
    "channels people come to like": everybody("taste", {"learns": 0.4, "strength": 2}),
    "what people are used to": everybody("satisfaction.adapts", 0.05),
    "training that takes people from the phones": {
        "changes.course": {
            "takes": {"callers": {"share": 0.1, "days": "mon-fri", "from": "09:00", "to": "11:00"}},
            "set": {"journeys.bill.steps.call.outcomes.resolved.holds": 0.95},
        },
        "enact": ["course"],
    },
    "an event every week that calls journeys off and puts others off": {
        "events.message": {"every": "1 week", "reach": 0.33, "cancels": "bill", "puts_off": {"fault": "6 h"}},
    },
    "two products that pay": {
        "products": {"internet": {"revenue": "20 EUR / month"}, "mobile": {"revenue": "10 EUR / month"}},
        **everybody("products", {"internet": 0.8, "mobile": 0.5}),
        "journeys.bill.product": "internet",
    },
}  # fmt: skip


def said(settings: Settings, customers: int = CUSTOMERS, weeks: float = WEEKS) -> Model:
    """The company with some settings more."""
    return build(altered(scenario(customers, weeks), settings))


def lap(model: Model, seed: int) -> float:
    """Seconds of processor time a visit takes on the compiled engine, every KPI summed and no row kept."""
    gc.collect()
    began = process_time()
    counted = simulate(model, seed, keep="none").counted
    seconds = process_time() - began
    if counted is None:
        raise RuntimeError("an engine that keeps no rows has to sum them")
    return seconds / float(counted["all"]["visits"][0])


Laps = dict[str, list[float]]


def measure(turns: int, say: Callable[[str], None]) -> Laps:
    """Let each word take turns with the company without any; what is worked out once for a model is not timed."""
    nothing, laps = said(FEATURES[NOTHING]), Laps()
    for n, (name, settings) in enumerate(FEATURES.items(), start=1):
        model = said(settings)
        lap(nothing, 0), lap(model, 0)
        laps[name] = [lap(model, turn) / lap(nothing, turn) for turn in range(1, turns + 1)]
        say(f"{n}/{len(FEATURES)} words: {name}")
    return laps


def table(laps: Laps) -> list[str]:
    """A table to read, in Markdown."""
    rows = [
        f"| {name} | {median(times):.2f} ({min(times):.2f}–{max(times):.2f}) |" for name, times in laps.items()
    ]  # fmt: skip
    return ["| what is said | time a visit, × without (range) |", "|---|---:|", *rows]
