"""The world as compiled code holds it: records of customers, issues, staff and events, and where their tables lie.

Of each table its name, what a record of it holds, and how many dimensions it has; and for each the function by which
`loop` reaches into it. Tables of the model are those of `arrays.Arrays`; they do not change.
"""

from __future__ import annotations

import numpy as np

from sim.arrays import EFFECTS, END, JOURNEY, LAW, OUTCOME, PERSONA, STEP, TARGET, TOUCHPOINT
from sim.engines.memory import addressed, records, stretches, values

_F, _I, _U = np.float64, np.int32, np.uint64

BUCKET = np.dtype([("first", np.int64), ("events", np.int64)])
EVENT = np.dtype([("time", _F), ("order", _U), ("place", _U), ("serial", np.int64), ("what", np.int64)])
FAR = np.dtype([*((name, EVENT[name]) for name in EVENT.names or ()), ("next", np.int64)])
CUSTOMER = np.dtype(
    [
        ("key", _U),
        *(
            (name, _F)
            for name in (
                "joined", "left", "satisfaction", "satisfaction_start", "drift", "relaxed", "revenue", "cost",
                "accrued", "reviewed",
            )
        ),
        *((name, _I) for name in ("persona", "stage", "origin", "k", "journeys", "issues", "reviews", "settled")),
    ]
)  # fmt: skip
ISSUE = np.dtype(
    [
        ("key", _U),
        ("visit_key", _U),
        *(
            (name, _F)
            for name in (
                "opened", "mood", "mood_before", "lowest", "moods", "difficulty", "wait", "satisfaction_before",
                "joined", "started", "scored",
            )
        ),
        *(
            (name, np.int64)
            for name in (
                "state", "customer", "journey", "number", "felt", "visits", "contacts", "handoffs", "repeats",
                "channels", "department", "previous", "next", "phase", "step", "touchpoint", "channel", "pool",
                "member", "priority", "reopened", "again", "target", "noticed", "asked", "score", "origin_journey",
                "origin_n", "origin",
            )
        ),
    ]
)  # fmt: skip
POOL = np.dtype([(n, np.int64) for n in ("people", "at", "idle", "idle_first", "busy", "head", "tail", "staying")])
MEMBER = np.dtype([("leaving", _F), *((n, np.int64) for n in ("previous", "next", "away", "is_leaving"))])
PLACE = np.dtype([(n, np.int64) for n in ("previous", "next", "queue")])
QUEUE = np.dtype([("head", np.int64), ("tail", np.int64)])
VISIT_ROW = np.dtype(
    [
        *((n, _F) for n in ("joined", "started", "ended", "mood_before", "mood_after", "cost", "overtime", "revenue")),
        *(
            (n, _I)
            for n in (
                "customer", "journey", "visit", "persona", "goal", "step", "touchpoint", "channel", "department",
                "pool", "member", "outcome", "stage",
            )
        ),
    ]
)  # fmt: skip
JOURNEY_ROW = np.dtype(
    [
        *(
            (n, _F)
            for n in (
                "opened", "closed", "wait", "satisfaction_before", "satisfaction_after", "experience", "scored",
                "revenue",
            )
        ),
        *(
            (n, _I)
            for n in (
                "customer", "journey", "origin_journey", "origin_n", "origin", "persona", "goal", "end", "good",
                "visits", "contacts", "channels", "handoffs", "repeats", "asked", "answered", "score", "stage",
            )
        ),
    ]
)  # fmt: skip
ORIGIN = np.dtype([(n, _I) for n in ("before", "follows", "journey")])
NEED_STATE = np.dtype([("due", _F), ("n", np.int64)])
HELD = np.dtype([("held", np.uint8)])
TRAIT = np.dtype([("value", _I)])
COUNT = np.dtype([("n", np.int64)])
IDLE = np.dtype([("member", np.int64)])
STARTING = np.dtype([("what", np.int64)])
COMING = np.dtype([("due", _F), ("came", np.int64)])
STRETCH = np.dtype([("first", np.int64), ("last", np.int64)])
KNOT = np.dtype([("time", _F), ("number", _F)])
DUTY = np.dtype([("time", _F), ("people", np.int64)])

# Tables of what changes while a history unfolds, with their dimensions: records by name.
CHANGING = {
    "event": (EVENT, 1), "bucket": (BUCKET, 1), "far": (FAR, 1), "customer": (CUSTOMER, 1), "need": (NEED_STATE, 2),
    "held": (HELD, 2), "trait": (TRAIT, 2), "issue": (ISSUE, 1), "attempt": (COUNT, 2), "seen": (COUNT, 2),
    "pool": (POOL, 1), "member": (MEMBER, 2), "idle": (IDLE, 2), "queue": (QUEUE, 2), "place": (PLACE, 1),
    "busy": (COUNT, 1), "to start": (STARTING, 1), "arrival": (COMING, 1), "visit row": (VISIT_ROW, 1),
    "journey row": (JOURNEY_ROW, 1), "origin": (ORIGIN, 1), "curve": (STRETCH, 1), "knot": (KNOT, 1),
    "duties": (STRETCH, 1), "duty": (DUTY, 1),
}  # fmt: skip
# Tables of the model: records, plain numbers, and floats that are read in stretches.
MODEL_RECORDS = {
    "personas": (PERSONA, 2), "touchpoints": (TOUCHPOINT, 2), "journeys": (JOURNEY, 2), "steps": (STEP, 2),
    "ends": (END, 3), "outcome": (OUTCOME, 1), "target": (TARGET, 1), "effects": (EFFECTS, 1), "laws": (LAW, 1),
}  # fmt: skip
MODEL_VALUES = {
    "start": (np.float64, 1), "patience": (np.int64, 3), "products": (np.float64, 3), "traits": (np.int64, 3),
    "lines": (np.int64, 2), "serves": (np.bool_, 3), "begin": (np.int64, 3), "begin_n": (np.int64, 3),
    "start_step": (np.int64, 1), "who_persona": (np.bool_, 3), "who_stage": (np.bool_, 3), "who_product": (np.bool_, 3),
    "who_trait": (np.bool_, 3), "trait_matters": (np.bool_, 3), "after_end": (np.bool_, 3), "pool": (np.int64, 1),
    "overflow": (np.float64, 1), "add": (np.int64, 1), "drop": (np.int64, 1), "trait_set": (np.int64, 2),
    "open_journey": (np.int64, 1), "open_p": (np.float64, 1), "need_curve": (np.int64, 3),
    "review_every": (np.float64, 1), "department": (np.int64, 1), "priorities": (np.int64, 1),
    "journey_name": (np.uint64, 1), "arrival_name": (np.uint64, 1), "place_name": (np.uint64, 1),
    "product_name": (np.uint64, 1), "end_name": (np.uint64, 1),
}  # fmt: skip
MODEL_STRETCHES = {
    "start_weight": 1, "outcome_weight": 1, "target_weight": 1, "tilt": 2, "knots_at": 1, "knots_value": 1,
}  # fmt: skip
MODEL_DIMENSIONS = {
    **{name: dimensions for name, (_, dimensions) in (*MODEL_RECORDS.items(), *MODEL_VALUES.items())},
    **MODEL_STRETCHES,
}

WORLD = np.dtype(
    [
        *((name, np.float64) for name in ("now", "horizon", "warmup", "joins_due", "buckets_a_minute")),
        ("key", np.uint64),
        *(
            (name, np.int64)
            for name in (
                # How far things have come, and how full tables are.
                "serial", "events", "at_bucket", "coming", "far_events", "far_free", "customers", "issues", "free",
                "phase", "visit_rows", "journey_rows", "first", "starting", "joins", "origins", "stuck_journey",
                "stuck_step",
                # What stays: settings, numbers of things, and room in tables.
                "home", "keep_origins", "positions", "n_personas", "n_touchpoints", "n_channels", "n_journeys",
                "n_pools", "n_products", "n_traits", "n_phases", "n_priorities", "n_queues", "n_members", "n_buckets",
                "room_customers", "room_issues", "room_events", "room_far", "room_starting", "room_origins",
                "room_rows",
            )
        ),
        *addressed({name: dimensions for name, (_, dimensions) in CHANGING.items()}),
        *addressed({f"model {name}": dimensions for name, dimensions in MODEL_DIMENSIONS.items()}),
    ]
)  # fmt: skip

event_at = records("event", EVENT)
bucket_at = records("bucket", BUCKET)
far_at = records("far", FAR)
customer_at = records("customer", CUSTOMER)
need_at = records("need", NEED_STATE, 2)
product_at = records("held", HELD, 2)
trait_at = records("trait", TRAIT, 2)
issue_at = records("issue", ISSUE)
attempt_at = records("attempt", COUNT, 2)
seen_at = records("seen", COUNT, 2)
pool_at = records("pool", POOL)
member_at = records("member", MEMBER, 2)
idle_at = records("idle", IDLE, 2)
queue_at = records("queue", QUEUE, 2)
place_at = records("place", PLACE)
channel_at = records("busy", COUNT)
starting_at = records("to start", STARTING)
arrival_at = records("arrival", COMING)
visit_row = records("visit row", VISIT_ROW)
journey_row = records("journey row", JOURNEY_ROW)
origin_at = records("origin", ORIGIN)
curve_at = records("curve", STRETCH)
knot_at = records("knot", KNOT)
duty_of = records("duties", STRETCH)
duty_at = records("duty", DUTY)

persona_at = records("model personas", PERSONA, 2)
touchpoint_at = records("model touchpoints", TOUCHPOINT, 2)
journey_at = records("model journeys", JOURNEY, 2)
step_at = records("model steps", STEP, 2)
end_at = records("model ends", END, 3)
outcome_at = records("model outcome", OUTCOME)
target_at = records("model target", TARGET)
effects_at = records("model effects", EFFECTS)
law_at = records("model laws", LAW)

m_start = values("model start", np.float64)
m_patience = values("model patience", np.int64, 3)
m_products = values("model products", np.float64, 3)
m_traits = values("model traits", np.int64, 3)
m_lines = values("model lines", np.int64, 2)
m_serves = values("model serves", np.bool_, 3)
m_begin = values("model begin", np.int64, 3)
m_begin_n = values("model begin_n", np.int64, 3)
m_start_step = values("model start_step", np.int64)
m_who_persona = values("model who_persona", np.bool_, 3)
m_who_stage = values("model who_stage", np.bool_, 3)
m_who_product = values("model who_product", np.bool_, 3)
m_who_trait = values("model who_trait", np.bool_, 3)
m_trait_matters = values("model trait_matters", np.bool_, 3)
m_after_end = values("model after_end", np.bool_, 3)
m_pool = values("model pool", np.int64)
m_overflow = values("model overflow", np.float64)
m_add = values("model add", np.int64)
m_drop = values("model drop", np.int64)
m_trait_set = values("model trait_set", np.int64, 2)
m_open_journey = values("model open_journey", np.int64)
m_open_p = values("model open_p", np.float64)
m_need_curve = values("model need_curve", np.int64, 3)
m_review_every = values("model review_every", np.float64)
m_department = values("model department", np.int64)
m_priorities = values("model priorities", np.int64)
m_journey_name = values("model journey_name", np.uint64)
m_arrival_name = values("model arrival_name", np.uint64)
m_place_name = values("model place_name", np.uint64)
m_product_name = values("model product_name", np.uint64)
m_end_name = values("model end_name", np.uint64)
m_start_weight = stretches("model start_weight")
m_outcome_weight = stretches("model outcome_weight")
m_target_weight = stretches("model target_weight")
m_tilt = stretches("model tilt", 2)
m_knots_at = stretches("model knots_at")
m_knots_value = stretches("model knots_value")
