"""The world as compiled code holds it: records of customers, issues, staff and events, and where their tables lie.

Of each table its name, what a record of it holds, and how many dimensions it has; and for each the function by which
`loop` reaches into it. Tables of the model are those of `arrays.Arrays`; they do not change.
"""

from __future__ import annotations

import numpy as np

from sim.arrays import (
    CLOCK,
    CONDITION,
    EFFECTS,
    END,
    HAPPENING,
    JOURNEY,
    LAW,
    OUTCOME,
    PEOPLE,
    PERSONA,
    RANK,
    SEEING,
    STEP,
    TARGET,
    TERM,
    TOUCHPOINT,
)
from sim.engines.memory import addressed, fetched, records, stretches, values
from sim.records import CUSTOMER_ROW, EFFECT_ROW, HOLDER_ROW, HOLDING_ROW, JOURNEY_ROW, SPELL_ROW, VISIT_ROW

_F, _I, _U = np.float64, np.int32, np.uint64

BUCKET = np.dtype([("first", _I)])
EVENT = np.dtype(
    [("time", _F), ("order", _U), ("place", _U), ("serial", np.int64), ("what", np.int64), ("next", np.int64)]
)
SOON = np.dtype([("time", _F), ("event", np.int64)])
CUSTOMER = np.dtype(
    [
        # What a review looks at fits into one line of the processor's cache.
        ("key", _U),
        *((name, _F) for name in ("left", "satisfaction", "relaxed", "drift", "reviewed")),
        *((name, _I) for name in ("row", "persona", "stage", "reviews")),
        *((name, _F) for name in ("joined", "satisfaction_start", "revenue", "cost", "accrued", "since")),
        *(
            (name, _I)
            for name in (
                "origin", "k", "journeys", "issues", "settled", "arm", "group", "present", "lost", "kept", "pending",
                "times_left", "before", "after",
            )
        ),
    ],
    align=True,
)  # fmt: skip
# What every visit looks at stands first and together.
ISSUE = np.dtype(
    [
        ("key", _U),
        ("visit_key", _U),
        *(
            (name, _F)
            for name in (
                "joined", "started", "due", "mood", "mood_before", "lowest", "moods", "wait", "difficulty",
            )
        ),
        *(
            (name, np.int64)
            for name in (
                "state", "customer", "row", "journey", "number", "visits", "phase", "step", "touchpoint", "channel",
                "line", "callback", "pool", "member", "again", "reopened", "department", "felt", "contacts", "channels",
                "noticed", "by_failure", "failed", "failure_contacts",
                "priority", "target", "handoffs", "repeats", "began", "previous", "next", "asked", "score",
                "origin_journey", "origin_n", "origin", "times_left", "begun_in",
            )
        ),
        *((name, _F) for name in ("opened", "satisfaction_before", "scored")),
        *((name, _F) for name in ("attention", "share_before", "overtime_before")),
    ]
)  # fmt: skip
# What only customers have who can be in a contract, or leave at the end of a journey.
RELATION = np.dtype([(n, _I) for n in ("why", "terms", "notice", "notices")])
POOL = np.dtype(
    [
        ("key", _U),
        *(
            (n, np.int64)
            for n in (
                "people", "at", "idle", "idle_first", "busy", "head", "tail", "staying", "due", "several", "contacts",
                "partly", "is_looked_at",
            )
        ),
        *((n, _F) for n in ("worked", "there", "counted", "next_look", "strain")),
    ]
)  # fmt: skip
MEMBER = np.dtype(
    [
        *((n, _F) for n in ("since", "share", "overtime")),
        *((n, np.int64) for n in ("previous", "next", "away", "is_leaving", "held", "before", "after")),
    ]
)
PLACE = np.dtype([(n, np.int64) for n in ("previous", "next", "queue")])
QUEUE = np.dtype([("head", np.int64), ("tail", np.int64)])
ORIGIN = np.dtype([(n, _I) for n in ("before", "follows", "journey")])
NEED_STATE = np.dtype([("due", _F), ("n", np.int64)])
# `since`: NaN where a product is not held. `at_start`: whether it was when the measured window opened; said when it is
# given up, or the customer goes.
HELD = np.dtype([("since", _F), ("at_start", _I)])
TRAIT = np.dtype([("value", _I)])
# What the company knows of a trait: the value, of which setting it is, and how many there have been.
NOTED = np.dtype([("value", _I), ("nth", _I), ("set", _I)])
LIKING = np.dtype([("value", _F)])
COUNT = np.dtype([("n", np.int64)])
IDLE = np.dtype([("member", np.int64)])
STARTING = np.dtype([("what", np.int64)])
COMING = np.dtype([("root", _U), ("key", _U), ("due", _F), ("came", np.int64), ("deterred", np.int64)])
STRETCH = np.dtype([("first", np.int64), ("last", np.int64)])
KNOT = np.dtype([("time", _F), ("number", _F), ("rate", _F)])
DUTY = np.dtype([("time", _F), ("people", np.int64), ("resting", np.int64)])
# What the company can know of a customer, where some event makes a list by it.
KNOWN = np.dtype([("contacts", _F), ("score", _F), ("opened", _F)])
MOMENT = np.dtype([("time", _F), ("event", np.int64), ("nth", np.int64)])
SYSTEM = np.dtype([("load", np.int64), ("at", np.int64)])
OUTAGE = np.dtype([("begins", _F), ("ends", _F)])

# Tables of what changes while a history unfolds, with their dimensions: records by name.
CHANGING = {
    "event": (EVENT, 1), "bucket": (BUCKET, 1), "soon": (SOON, 1), "customer": (CUSTOMER, 1), "need": (NEED_STATE, 2),
    "held": (HELD, 2), "trait": (TRAIT, 2), "noted": (NOTED, 2), "known": (KNOWN, 2), "standing": (np.dtype(_F), 2),
    "entered": (COUNT, 2), "relation": (RELATION, 2), "liking": (LIKING, 2),
    "issue": (ISSUE, 1), "attempt": (COUNT, 2), "seen": (COUNT, 2),
    "pool": (POOL, 1), "level": (QUEUE, 2), "member": (MEMBER, 2), "idle": (IDLE, 2), "queue": (QUEUE, 2),
    "place": (PLACE, 1), "busy": (COUNT, 1), "to start": (STARTING, 1), "arrival": (COMING, 1),
    "visit row": (VISIT_ROW, 1), "journey row": (JOURNEY_ROW, 1), "customer row": (CUSTOMER_ROW, 1),
    "spell row": (SPELL_ROW, 1), "effect row": (EFFECT_ROW, 1), "holding row": (HOLDING_ROW, 1),
    "holder row": (HOLDER_ROW, 1), "moment": (MOMENT, 1),
    "origin": (ORIGIN, 1), "curve": (STRETCH, 1), "knot": (KNOT, 1),
    "duties": (STRETCH, 1), "duty": (DUTY, 1), "system": (SYSTEM, 1), "outages": (STRETCH, 1), "outage": (OUTAGE, 1),
}  # fmt: skip
# Tables of the model: records, plain numbers, and floats that are read in stretches.
MODEL_RECORDS = {
    "personas": (PERSONA, 2), "touchpoints": (TOUCHPOINT, 2), "journeys": (JOURNEY, 2), "steps": (STEP, 2),
    "ends": (END, 3), "outcome": (OUTCOME, 1), "target": (TARGET, 1), "effects": (EFFECTS, 1), "laws": (LAW, 1),
    "conditions": (CONDITION, 1), "events": (HAPPENING, 2), "people": (PEOPLE, 2), "terms": (TERM, 1),
    "seeing": (SEEING, 2), "ranks": (RANK, 1), "clocks": (CLOCK, 1),
}  # fmt: skip
MODEL_VALUES = {
    "start": (np.float64, 1), "patience": (np.int64, 3), "products": (np.float64, 3),
    "product_revenue": (np.float64, 2), "trait": (np.int64, 3),
    "trait_n": (np.int64, 3), "trait_value": (np.int64, 1), "lines": (np.int64, 2), "capacity": (np.int64, 2),
    "serves": (np.bool_, 3), "begin": (np.int64, 3), "begin_n": (np.int64, 3), "start_step": (np.int64, 1),
    "start_channel": (np.int64, 1), "start_who": (np.int64, 1),
    "who_persona": (np.bool_, 2), "who_stage": (np.bool_, 2), "who_product": (np.bool_, 2),
    "who_trait": (np.bool_, 3), "trait_matters": (np.bool_, 2), "who_seen": (np.bool_, 3),
    "seen_matters": (np.bool_, 2), "lag": (np.int64, 1), "after_end": (np.bool_, 3), "pool": (np.int64, 1),
    "overflow": (np.float64, 1), "add": (np.int64, 1), "drop": (np.int64, 1), "trait_set": (np.int64, 2),
    "open_journey": (np.int64, 1), "open_p": (np.float64, 1), "open_after": (np.int64, 1), "cancel": (np.int64, 1),
    "put_off": (np.int64, 1), "put_off_by": (np.float64, 1), "need_curve": (np.int64, 3),
    "review_every": (np.float64, 2), "department": (np.int64, 2), "priorities": (np.int64, 1),
    "journey_name": (np.uint64, 1), "arrival_name": (np.uint64, 1), "event_name": (np.uint64, 1),
    "place_name": (np.uint64, 1), "product_name": (np.uint64, 1), "trait_name": (np.uint64, 1),
    "end_name": (np.uint64, 1),
}  # fmt: skip
MODEL_STRETCHES = {
    "start_weight": 1, "trait_weight": 1, "outcome_weight": 1, "target_weight": 1, "tilt": 2, "comes": 3,
    "knots_at": 1, "knots_value": 1,
}  # fmt: skip
MODEL_DIMENSIONS = {
    **{name: dimensions for name, (_, dimensions) in (*MODEL_RECORDS.items(), *MODEL_VALUES.items())},
    **MODEL_STRETCHES,
}

WORLD = np.dtype(
    [
        *(
            (name, np.float64)
            for name in ("now", "horizon", "warmup", "keep", "joins_due", "buckets_a_minute", "least")
        ),
        ("key", np.uint64),
        *(
            (name, np.int64)
            for name in (
                # How far things have come, and how full tables are.
                "serial", "events", "at_bucket", "ahead", "ahead_bucket", "in_heap", "free_event", "customers", "slots",
                "free_slot", "oldest", "newest", "issues", "free", "phase", "measuring", "rows", "visit_rows",
                "journey_rows", "customer_rows", "spell_rows", "effect_rows", "holding_rows", "holder_rows", "passing",
                "ties", "first", "starting", "joins", "origins", "stuck_journey", "stuck_step", "looking",
                # What stays: settings, numbers of things, and room in tables.
                "home", "left", "pilot", "nobody_is_forgotten", "n_entered", "n_relation", "n_likings",
                "makes_lists", "keep_origins", "positions", "n_personas", "n_touchpoints", "n_channels", "n_journeys",
                "n_pools", "n_systems", "n_events", "n_moments", "n_products", "n_paying", "n_traits", "n_lagging",
                "n_phases", "n_priorities", "n_queues", "n_members", "n_buckets",
                "room_customers", "room_issues", "room_events", "room_starting", "room_origins",
                "room_rows",
            )
        ),
        *addressed({name: dimensions for name, (_, dimensions) in CHANGING.items()}),
        *addressed({f"model {name}": dimensions for name, dimensions in MODEL_DIMENSIONS.items()}),
    ]
)  # fmt: skip

event_at = records("event", *CHANGING["event"])
bucket_at = records("bucket", *CHANGING["bucket"])
fetch_event, fetch_customer = fetched("event", EVENT), fetched("customer", CUSTOMER)
fetch_need = fetched("need", NEED_STATE, 2)
soon_at = records("soon", *CHANGING["soon"])
customer_at = records("customer", *CHANGING["customer"])
need_at = records("need", *CHANGING["need"])
product_at = records("held", *CHANGING["held"])
trait_at = records("trait", *CHANGING["trait"])
known_at = records("known", *CHANGING["known"])
standings = stretches("standing", 2)
noted_at = records("noted", *CHANGING["noted"])
entered_at = records("entered", *CHANGING["entered"])
relation_at = records("relation", *CHANGING["relation"])
liking_at = records("liking", *CHANGING["liking"])
issue_at = records("issue", *CHANGING["issue"])
attempt_at = records("attempt", *CHANGING["attempt"])
seen_at = records("seen", *CHANGING["seen"])
pool_at = records("pool", *CHANGING["pool"])
level_at = records("level", *CHANGING["level"])
member_at = records("member", *CHANGING["member"])
idle_at = records("idle", *CHANGING["idle"])
queue_at = records("queue", *CHANGING["queue"])
place_at = records("place", *CHANGING["place"])
channel_at = records("busy", *CHANGING["busy"])
starting_at = records("to start", *CHANGING["to start"])
arrival_at = records("arrival", *CHANGING["arrival"])
visit_row = records("visit row", *CHANGING["visit row"])
journey_row = records("journey row", *CHANGING["journey row"])
customer_row = records("customer row", *CHANGING["customer row"])
spell_row = records("spell row", *CHANGING["spell row"])
effect_row = records("effect row", *CHANGING["effect row"])
holding_row = records("holding row", *CHANGING["holding row"])
holder_row = records("holder row", *CHANGING["holder row"])
moment_at = records("moment", *CHANGING["moment"])
origin_at = records("origin", *CHANGING["origin"])
curve_at = records("curve", *CHANGING["curve"])
knot_at = records("knot", *CHANGING["knot"])
duty_of = records("duties", *CHANGING["duties"])
duty_at = records("duty", *CHANGING["duty"])
system_at = records("system", *CHANGING["system"])
outages_of = records("outages", *CHANGING["outages"])
outage_at = records("outage", *CHANGING["outage"])

persona_at = records("model personas", *MODEL_RECORDS["personas"])
touchpoint_at = records("model touchpoints", *MODEL_RECORDS["touchpoints"])
journey_at = records("model journeys", *MODEL_RECORDS["journeys"])
step_at = records("model steps", *MODEL_RECORDS["steps"])
end_at = records("model ends", *MODEL_RECORDS["ends"])
outcome_at = records("model outcome", *MODEL_RECORDS["outcome"])
target_at = records("model target", *MODEL_RECORDS["target"])
effects_at = records("model effects", *MODEL_RECORDS["effects"])
law_at = records("model laws", *MODEL_RECORDS["laws"])
people_at = records("model people", *MODEL_RECORDS["people"])
condition_at = records("model conditions", *MODEL_RECORDS["conditions"])
happening_at = records("model events", *MODEL_RECORDS["events"])
term_at = records("model terms", *MODEL_RECORDS["terms"])
clock_at = records("model clocks", *MODEL_RECORDS["clocks"])
rank_at = records("model ranks", *MODEL_RECORDS["ranks"])
seeing_at = records("model seeing", *MODEL_RECORDS["seeing"])

m_start = values("model start", *MODEL_VALUES["start"])
m_patience = values("model patience", *MODEL_VALUES["patience"])
m_products = values("model products", *MODEL_VALUES["products"])
m_product_revenue = values("model product_revenue", *MODEL_VALUES["product_revenue"])
m_trait = values("model trait", *MODEL_VALUES["trait"])
m_trait_n = values("model trait_n", *MODEL_VALUES["trait_n"])
m_trait_value = values("model trait_value", *MODEL_VALUES["trait_value"])
m_lines = values("model lines", *MODEL_VALUES["lines"])
m_capacity = values("model capacity", *MODEL_VALUES["capacity"])
m_serves = values("model serves", *MODEL_VALUES["serves"])
m_begin = values("model begin", *MODEL_VALUES["begin"])
m_begin_n = values("model begin_n", *MODEL_VALUES["begin_n"])
m_start_step = values("model start_step", *MODEL_VALUES["start_step"])
m_start_channel = values("model start_channel", *MODEL_VALUES["start_channel"])
m_start_who = values("model start_who", *MODEL_VALUES["start_who"])
m_who_persona = values("model who_persona", *MODEL_VALUES["who_persona"])
m_who_stage = values("model who_stage", *MODEL_VALUES["who_stage"])
m_who_product = values("model who_product", *MODEL_VALUES["who_product"])
m_who_trait = values("model who_trait", *MODEL_VALUES["who_trait"])
m_trait_matters = values("model trait_matters", *MODEL_VALUES["trait_matters"])
m_who_seen = values("model who_seen", *MODEL_VALUES["who_seen"])
m_seen_matters = values("model seen_matters", *MODEL_VALUES["seen_matters"])
m_lag = values("model lag", *MODEL_VALUES["lag"])
m_after_end = values("model after_end", *MODEL_VALUES["after_end"])
m_pool = values("model pool", *MODEL_VALUES["pool"])
m_overflow = values("model overflow", *MODEL_VALUES["overflow"])
m_add = values("model add", *MODEL_VALUES["add"])
m_drop = values("model drop", *MODEL_VALUES["drop"])
m_trait_set = values("model trait_set", *MODEL_VALUES["trait_set"])
m_open_journey = values("model open_journey", *MODEL_VALUES["open_journey"])
m_open_p = values("model open_p", *MODEL_VALUES["open_p"])
m_open_after = values("model open_after", *MODEL_VALUES["open_after"])
m_cancel = values("model cancel", *MODEL_VALUES["cancel"])
m_put_off = values("model put_off", *MODEL_VALUES["put_off"])
m_put_off_by = values("model put_off_by", *MODEL_VALUES["put_off_by"])
m_need_curve = values("model need_curve", *MODEL_VALUES["need_curve"])
m_review_every = values("model review_every", *MODEL_VALUES["review_every"])
m_department = values("model department", *MODEL_VALUES["department"])
m_priorities = values("model priorities", *MODEL_VALUES["priorities"])
m_journey_name = values("model journey_name", *MODEL_VALUES["journey_name"])
m_arrival_name = values("model arrival_name", *MODEL_VALUES["arrival_name"])
m_event_name = values("model event_name", *MODEL_VALUES["event_name"])
m_place_name = values("model place_name", *MODEL_VALUES["place_name"])
m_product_name = values("model product_name", *MODEL_VALUES["product_name"])
m_trait_name = values("model trait_name", *MODEL_VALUES["trait_name"])
m_end_name = values("model end_name", *MODEL_VALUES["end_name"])
m_start_weight = stretches("model start_weight", MODEL_STRETCHES["start_weight"])
m_trait_weight = stretches("model trait_weight", MODEL_STRETCHES["trait_weight"])
m_outcome_weight = stretches("model outcome_weight", MODEL_STRETCHES["outcome_weight"])
m_target_weight = stretches("model target_weight", MODEL_STRETCHES["target_weight"])
m_tilt = stretches("model tilt", MODEL_STRETCHES["tilt"])
m_comes = stretches("model comes", MODEL_STRETCHES["comes"])
m_knots_at = stretches("model knots_at", MODEL_STRETCHES["knots_at"])
m_knots_value = stretches("model knots_value", MODEL_STRETCHES["knots_value"])
