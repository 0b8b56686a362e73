"""What happens, compiled: the same history as `reference`, event by event, on arrays.

Read `reference` first; functions here carry its names and stand in its order. What differs is how things are held: a
customer, an issue and its visit are records; those who wait for a pool stand in linked lists, one for each priority and
place of the touchpoint in the pool's order; and what SimPy would start at once stands in a short queue (`starting`)
that is worked off before the next event.

Rules and draws are those of `rules` and `draws`, compiled as they stand. Every integer handed to a helper is an int64,
every key a uint64: numba compiles a helper anew for each other type.
"""

from __future__ import annotations

from math import inf, isnan, log, nan
from typing import Any

import numpy as np

from sim import draws, rules
from sim.arrays import AFTER, AGAIN_CODE, ENTERING, EVERY, JOINING, NEED, NONE, NOTICE, RENEWAL
from sim.engines.calendar import Rank
from sim.engines.jit import compiled, entry, inlined
from sim.engines.memory import view
from sim.engines.world import (
    arrival_at,
    attempt_at,
    bucket_at,
    channel_at,
    clock_at,
    condition_at,
    curve_at,
    customer_at,
    customer_row,
    duty_at,
    duty_of,
    effect_row,
    effects_at,
    end_at,
    entered_at,
    event_at,
    fetch_customer,
    fetch_event,
    fetch_need,
    happening_at,
    holder_row,
    holding_row,
    idle_at,
    issue_at,
    journey_at,
    journey_row,
    knot_at,
    known_at,
    law_at,
    level_at,
    liking_at,
    m_add,
    m_after_end,
    m_arrival_name,
    m_begin,
    m_begin_n,
    m_cancel,
    m_capacity,
    m_comes,
    m_department,
    m_drop,
    m_end_name,
    m_event_name,
    m_journey_name,
    m_knots_at,
    m_knots_value,
    m_lag,
    m_lines,
    m_need_curve,
    m_open_after,
    m_open_journey,
    m_open_p,
    m_outcome_weight,
    m_overflow,
    m_patience,
    m_place_name,
    m_pool,
    m_priorities,
    m_product_name,
    m_product_revenue,
    m_products,
    m_put_off,
    m_put_off_by,
    m_review_every,
    m_seen_matters,
    m_serves,
    m_start,
    m_start_channel,
    m_start_step,
    m_start_weight,
    m_start_who,
    m_target_weight,
    m_tilt,
    m_trait,
    m_trait_matters,
    m_trait_n,
    m_trait_name,
    m_trait_set,
    m_trait_value,
    m_trait_weight,
    m_who_persona,
    m_who_product,
    m_who_seen,
    m_who_stage,
    m_who_trait,
    member_at,
    moment_at,
    need_at,
    noted_at,
    origin_at,
    outage_at,
    outages_of,
    outcome_at,
    people_at,
    persona_at,
    place_at,
    pool_at,
    product_at,
    queue_at,
    rank_at,
    relation_at,
    seeing_at,
    seen_at,
    soon_at,
    spell_row,
    standings,
    starting_at,
    step_at,
    system_at,
    target_at,
    term_at,
    touchpoint_at,
    trait_at,
    visit_row,
)
from sim.rules import AN_HOUR, MOST_VISITS, THREE_DAYS
from sim.units import MINUTES_PER_DAY

Record = Any  # in place: what is written to it stays
Key = Any  # 64 bits
Whole = Any  # an int64
as_key: Any = np.uint64


def _numbered(how_many: int) -> Any:
    """Numbers from 0 on, of the one integer type that helpers are compiled for."""
    return tuple(np.int64(n) for n in range(how_many))


ZERO, ONE = _numbered(2)
FREE, PENDING, OPEN, WAITING, SERVED, DELAYED = _numbered(6)
DONE, GROW, FULL, STUCK, LOOKED = _numbered(5)
AHEAD = 3 * ONE  # buckets that are looked ahead
GOING, DUE = ONE, ONE + ONE  # on the way home, or to a break that may be over before
# What happens: an event's kind, and with whom.
(
    START_ISSUE,
    START_NEED,
    START_EVERY,
    IN_WINDOW,
    IN_PHASE,
    ON_SHIFT,
    SERVICE_END,
    OVERFLOW,
    ABANDON,
    REVIEW,
    JOIN,
    ARRIVE,
    NEEDING,
    PERIOD,
    ON_DATE,
    LATER,
    DELAY,
    STRIKE,
    HAPPEN,
    HURRY,
    OFFER,
    MISS,
    SEE,
    LOOK,
    DECIDE,
    END_TERM,
    RENEW,
) = _numbered(27)
# arrays.OUTCOMES and arrays.ENDS
(
    BY_ABANDONING, BY_CLOSING, BY_BLOCKING, BY_LEAVING, AS_RESOLVED, AS_UNRESOLVED, BY_MISSING, BY_CANCELLING,
    BY_FAILING,
) = _numbered(9)  # fmt: skip
END_RESOLVED, END_GIVE_UP, END_LEFT, END_CANCELLED = _numbered(4)
DECLINED, ACCEPTED = _numbered(2)  # model.CALLBACKS
FROM_START, FROM_JOINING, FROM_ARRIVAL = _numbered(3)

R_WINDOW, R_CHANGE, R_LOOK, R_SHIFT_END, R_SHIFT_START = (
    np.int64(Rank.WINDOW),
    np.int64(Rank.CHANGE),
    np.int64(Rank.LOOK),
    np.int64(Rank.SHIFT_END),
    np.int64(Rank.SHIFT_START),
)
R_SERVICE_END, R_OVERFLOW, R_URGENT, R_CALLBACK, R_ABANDONMENT = (
    np.int64(Rank.SERVICE_END),
    np.int64(Rank.OVERFLOW),
    np.int64(Rank.URGENT),
    np.int64(Rank.CALLBACK),
    np.int64(Rank.ABANDONMENT),
)
R_REVIEW, R_ARRIVAL = np.int64(Rank.REVIEW), np.int64(Rank.ARRIVAL)


_PURPOSES = (
    "start", "join", "gap", "persona", "product", "trait", "need", "neediness", "phase", "joining", "pilot", "start",
    "difficulty", "patience", "service", "outcome", "holds", "delay", "next", "opens", "follows", "asked", "answer",
    "score", "leave", "review", "kept", "reach", "callback", "reached", "speed", "proficiency", "seen",
    "seen after", "refer", "deter", "referral",
)  # fmt: skip
(
    U_START, U_JOIN, U_GAP, U_PERSONA, U_PRODUCT, U_TRAIT, U_NEED, U_NEEDINESS, U_PHASE, U_JOINING, U_PILOT, U_BEGIN,
    U_DIFFICULTY, U_PATIENCE, U_SERVICE, U_OUTCOME, U_HOLDS, U_DELAY, U_NEXT, U_OPENS, U_FOLLOWS, U_ASKED, U_ANSWER,
    U_SCORE, U_LEAVE, U_REVIEW, U_KEPT, U_REACH, U_CALLBACK, U_REACHED, U_SPEED, U_PROFICIENCY, U_SEEN,
    U_SEEN_AFTER, U_REFER, U_DETER, U_REFERRAL,
) = (np.uint64(draws.name(purpose)) for purpose in _PURPOSES)  # fmt: skip


# ---- chance and laws -------------------------------------------------------------------------------------------------


@compiled
def draw(key: Key, purpose: Key) -> float:
    return draws.unit(draws.fold(key, purpose))


@compiled
def vary(w: Record, law: Whole, u: float) -> float:
    record = law_at(w, law)
    n = record["knots_n"]
    if n == 0:
        return rules.closed(record["kind"], record["a"], record["b"], u)
    at, value = view(m_knots_at(w, record["knots"]), n), view(m_knots_value(w, record["knots"]), n)
    return rules.tabulated(record["kind"], record["a"], at, value, u)


@compiled
def time_of(w: Record, curve: Whole, count: float) -> float:
    """Time at which an expected number exceeds a count; infinite beyond the horizon."""
    first, last = curve_at(w, curve)["first"], curve_at(w, curve)["last"]
    if count >= knot_at(w, last - 1)["number"]:
        return inf
    low, high = first, last  # the first value above the count
    while low < high:
        middle = (low + high) // 2
        if count < knot_at(w, middle)["number"]:
            high = middle
        else:
            low = middle + 1
    i = low - 1
    knot = knot_at(w, i)
    return min(knot["time"] + (count - knot["number"]) / knot["rate"], knot_at(w, i + 1)["time"])


@compiled
def count_at(w: Record, curve: Whole, time: float) -> float:
    """Expected number up to a time."""
    first, last = curve_at(w, curve)["first"], curve_at(w, curve)["last"]
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if time < knot_at(w, middle)["time"]:
            high = middle
        else:
            low = middle + 1
    i = min(max(low - 1, first), last - 2)
    knot = knot_at(w, i)
    return knot["number"] + knot["rate"] * (time - knot["time"])


# ---- the calendar ----------------------------------------------------------------------------------------------------


@compiled
def earlier(w: Record, time: float, i: Whole, other: Record) -> bool:
    """Whether an event at a time comes before another: at one time, by their order, their place and when they came."""
    if time != other["time"]:
        return time < other["time"]
    one, two = event_at(w, i), event_at(w, other["event"])
    if one["order"] != two["order"]:
        return one["order"] < two["order"]
    if one["place"] != two["place"]:
        return one["place"] < two["place"]
    return one["serial"] < two["serial"]


@compiled
def put(
    w: Record, time: float, rank: Whole, row: Whole, journey: Whole, visit: Whole, kind: Whole, a: Whole, b: Whole
) -> None:
    """Let something happen at a time; at the horizon or later it never does.

    What is to happen soon stands in a heap. What is far off waits in the bucket of its time, in no order, until that
    time comes: so the heap stays small however many customers there are.
    """
    if not time < w["horizon"]:
        return
    i = w["free_event"]
    if i >= 0:
        w["free_event"] = event_at(w, i)["next"]
    else:
        i = w["events"]
        w["events"] = i + 1
    event = event_at(w, i)
    event["time"] = time
    event["order"] = as_key((rank << 32) | row)
    event["place"] = as_key((journey << 32) | visit)
    event["serial"] = w["serial"]
    event["what"] = (kind << 56) | (b << 40) | a
    w["serial"] += 1
    number = np.int64(time * w["buckets_a_minute"])
    if number > w["at_bucket"]:
        bucket = bucket_at(w, number)
        event["next"] = bucket["first"]
        bucket["first"] = i
    else:
        heap_in(w, time, i)


@inlined
def parts_of(what: Whole) -> tuple[Whole, Whole, Whole]:
    """What happens, to whom or what, and which."""
    return what >> 56, what & 0xFFFFFFFFFF, (what >> 40) & 0xFFFF


@compiled
def next_bucket(w: Record) -> bool:
    """Find the next bucket in which something waits; whether there is one."""
    b = w["at_bucket"] + 1
    while b < w["n_buckets"] and bucket_at(w, b)["first"] < 0:
        b += 1
    w["at_bucket"] = b - 1
    return b < w["n_buckets"]


@inlined
def empty_bucket(w: Record) -> None:
    """Put what waits in the next bucket into the heap."""
    w["at_bucket"] += 1
    bucket = bucket_at(w, w["at_bucket"])
    i = bucket["first"]
    while i >= 0:
        event = event_at(w, i)
        heap_in(w, event["time"], i)
        i = event["next"]
    bucket["first"] = NONE
    if w["ahead_bucket"] <= w["at_bucket"]:
        w["ahead_bucket"] = w["at_bucket"]
        w["ahead"] = NONE


@inlined
def look_ahead(w: Record) -> None:
    """Fetch what the next buckets are about into the processor's cache, one event at a time.

    Who comes next was last looked at days ago: to wait for their records would take longer than what is done with them.
    """
    i = w["ahead"]
    if i >= 0:
        event = event_at(w, i)
        kind, a, b = parts_of(event["what"])
        if kind in (REVIEW, NEEDING, PERIOD):
            fetch_customer(w, a)
            if kind != REVIEW:
                fetch_need(w, a, b)
        i = event["next"]
    elif w["ahead_bucket"] < min(w["at_bucket"] + AHEAD, w["n_buckets"] - 1):
        w["ahead_bucket"] += 1
        i = np.int64(bucket_at(w, w["ahead_bucket"])["first"])
    if i >= 0:
        fetch_event(w, i)
    w["ahead"] = i


@inlined
def heap_in(w: Record, time: float, event: Whole) -> None:
    i = w["in_heap"]
    w["in_heap"] = i + 1
    rise_from(w, i, time, event)


@inlined
def rise_from(w: Record, i: Whole, time: float, event: Whole) -> None:
    """Let an event rise in the heap from a place to where it belongs."""
    while i > 0:
        parent = soon_at(w, (i - 1) >> 1)
        if not earlier(w, time, event, parent):
            break
        below = soon_at(w, i)
        below["time"] = parent["time"]
        below["event"] = parent["event"]
        i = (i - 1) >> 1
    place = soon_at(w, i)
    place["time"] = time
    place["event"] = event


@inlined
def take_first(w: Record) -> None:
    """Take the first event off the calendar; what its record says stands until something else is put there."""
    first = soon_at(w, 0)["event"]
    event_at(w, first)["next"] = w["free_event"]
    w["free_event"] = first
    n = w["in_heap"] - 1
    w["in_heap"] = n
    i, child = ZERO, ONE
    while child + 1 < n:  # down to the bottom, always by the earlier child: the last mostly belongs there
        left, right = soon_at(w, child), soon_at(w, child + 1)
        if right["time"] != left["time"]:
            child += right["time"] < left["time"]
        elif earlier(w, right["time"], right["event"], left):
            child += 1
        place, below = soon_at(w, i), soon_at(w, child)
        place["time"] = below["time"]
        place["event"] = below["event"]
        i = child
        child = 2 * i + 1
    if child < n:
        place, below = soon_at(w, i), soon_at(w, child)
        place["time"] = below["time"]
        place["event"] = below["event"]
        i = child
    last = soon_at(w, n)
    rise_from(w, i, last["time"], last["event"])


@compiled
def start(w: Record, kind: Whole, a: Whole, b: Whole) -> None:
    """Let something start at once, after what is going on."""
    size = w["room_starting"]
    starting_at(w, (w["first"] + w["starting"]) % size)["what"] = (kind << 56) | (b << 40) | a
    w["starting"] += 1


# ---- staff -----------------------------------------------------------------------------------------------------------


@entry
def next_week(world: Record, k: Whole) -> None:
    """Put on the calendar what follows for the people of a pool: their shifts, and the next look at them."""
    w = world[0]
    next_change(w, k)
    put(w, pool_at(w, k)["next_look"], R_LOOK, k, ZERO, ZERO, LOOK, k, ZERO)


@compiled
def count_work(w: Record, k: Whole) -> None:
    """Bring up to date how long people of a pool have worked, and have been there, since the last look at them."""
    pool = pool_at(w, k)
    elapsed = w["now"] - pool["counted"]
    pool["worked"] += pool["busy"] * elapsed
    pool["there"] += (pool["idle"] + pool["busy"]) * elapsed
    pool["counted"] = w["now"]


@compiled
def next_change(w: Record, k: Whole) -> None:
    """Put the next change of a pool's headcount on the calendar, as far as it is known."""
    pool = pool_at(w, k)
    at = duty_of(w, k)["first"] + pool["at"]
    if at < duty_of(w, k)["last"] and duty_at(w, at)["time"] < pool["next_look"]:
        rank = R_SHIFT_END if duty_at(w, at)["people"] < pool["people"] else R_SHIFT_START
        put(w, duty_at(w, at)["time"], rank, k, ZERO, ZERO, ON_SHIFT, k, ZERO)


@compiled
def on_shift(w: Record, k: Whole) -> None:
    """Let people come on and go off duty."""
    pool = pool_at(w, k)
    if pool["is_looked_at"] == 1:
        count_work(w, k)
    now = duty_at(w, duty_of(w, k)["first"] + pool["at"])
    people, resting = now["people"], now["resting"]
    if people < pool["people"]:
        fall(w, k, pool["people"] - people)
        let_go(w, k, resting)
    else:
        rise(w, k, people - pool["people"], resting)
        let_go(w, k, resting)
        match(w, k)
    pool["people"] = people
    pool["at"] += 1
    next_change(w, k)


@compiled
def rise(w: Record, k: Whole, people: Whole, resting: Whole) -> None:
    """Let people come on duty, idle; whoever has missed a break that is over goes on in place of one of them."""
    pool = pool_at(w, k)
    while people > 0 and pool["due"] > resting:
        last = pool["tail"] if pool["staying"] < 0 else member_at(w, k, pool["staying"])["previous"]
        share_out(w, k, last)
        member_at(w, k, last)["is_leaving"] = 0
        stand_ready(w, k, last)
        pool["staying"] = last
        pool["due"] -= 1
        people -= 1
    number = 1
    for _ in range(people):
        highest = pool["idle"] + pool["busy"]
        while number <= highest and member_at(w, k, number)["away"] == 0:
            number += 1
        member_at(w, k, number)["away"] = 0
        be_idle(w, k, number)


@inlined
def be_idle(w: Record, k: Whole, member: Whole) -> None:
    pool = pool_at(w, k)
    size = w["n_members"]
    idle_at(w, k, (pool["idle_first"] + pool["idle"]) % size)["member"] = member
    pool["idle"] += 1


@compiled
def fall(w: Record, k: Whole, people: Whole) -> None:
    pool = pool_at(w, k)
    size = w["n_members"]
    for _ in range(people):
        if pool["idle"] > 0:
            member = idle_at(w, k, pool["idle_first"])["member"]
            pool["idle_first"] = (pool["idle_first"] + 1) % size
            pool["idle"] -= 1
            member_at(w, k, member)["away"] = 1
        else:
            member = pool["staying"]
            stand_aside(w, k, member)
            share_out(w, k, member)
            member_at(w, k, member)["is_leaving"] = DUE
            pool["staying"] = member_at(w, k, member)["next"]
            pool["due"] += 1


@compiled
def let_go(w: Record, k: Whole, resting: Whole) -> None:
    """Of those on their way out, let no more be called back than are on a break."""
    pool = pool_at(w, k)
    member = pool["head"]
    while pool["due"] > resting:
        if member_at(w, k, member)["is_leaving"] == DUE:
            member_at(w, k, member)["is_leaving"] = GOING
            pool["due"] -= 1
        member = member_at(w, k, member)["next"]


@compiled
def share_out(w: Record, k: Whole, member: Whole) -> None:
    """Bring up to date what each contact that somebody holds has had of them, and of their overtime."""
    record, now = member_at(w, k, member), w["now"]
    if record["held"] > 0:
        each = (now - record["since"]) / record["held"]
        record["share"] += each
        if record["is_leaving"]:
            record["overtime"] += each
    record["since"] = now


@compiled
def stand_ready(w: Record, k: Whole, member: Whole) -> None:
    """Let somebody busy be one of those who may take one more contact, if they may: the last who hold as many."""
    pool, record = pool_at(w, k), member_at(w, k, member)
    if record["held"] >= pool["contacts"]:
        return
    level = level_at(w, k, record["held"])
    record["before"] = level["tail"]
    record["after"] = NONE
    if level["tail"] >= 0:
        member_at(w, k, level["tail"])["after"] = member
    else:
        level["head"] = member
    level["tail"] = member
    pool["partly"] += 1


@compiled
def stand_aside(w: Record, k: Whole, member: Whole) -> None:
    """Let somebody busy be none of those who may take one more contact."""
    pool, record = pool_at(w, k), member_at(w, k, member)
    if record["held"] >= pool["contacts"]:
        return
    level = level_at(w, k, record["held"])
    if record["before"] >= 0:
        member_at(w, k, record["before"])["after"] = record["after"]
    else:
        level["head"] = record["after"]
    if record["after"] >= 0:
        member_at(w, k, record["after"])["before"] = record["before"]
    else:
        level["tail"] = record["before"]
    pool["partly"] -= 1


@compiled
def hold(w: Record, k: Whole, contacts: Whole) -> None:
    """Let everybody hold so many contacts at once from now on."""
    pool = pool_at(w, k)
    for held in range(1, max(contacts, pool["contacts"])):
        level_at(w, k, held)["head"] = NONE
        level_at(w, k, held)["tail"] = NONE
    pool["partly"] = 0
    pool["contacts"] = contacts
    member = pool["head"]
    while member >= 0:
        if member_at(w, k, member)["is_leaving"] == 0:
            stand_ready(w, k, member)
        member = member_at(w, k, member)["next"]


@compiled
def with_fewest(w: Record, k: Whole) -> Whole:
    """Return who of the busy holds the fewest contacts, and has done so for the longest."""
    held = ONE
    while level_at(w, k, held)["head"] < 0:
        held += 1
    return level_at(w, k, held)["head"]


@inlined
def serve(w: Record, i: Whole, k: Whole) -> None:
    """Let the member of a pool who holds the fewest contacts, the longest idle, begin to serve a visit."""
    issue, pool = issue_at(w, i), pool_at(w, k)
    if pool["is_looked_at"] == 1:
        count_work(w, k)
    if pool["idle"] > 0:
        member = be_busy(w, k)
    else:
        member = with_fewest(w, k)
        stand_aside(w, k, member)
    record = member_at(w, k, member)
    if pool["several"] == 1:
        share_out(w, k, member)
        issue["share_before"] = record["share"]
        issue["overtime_before"] = record["overtime"]
    record["held"] += 1
    if pool["several"] == 1:
        stand_ready(w, k, member)
    issue["pool"] = k
    issue["member"] = member
    issue["attention"] = 1.0
    begin_service(w, i)


@inlined
def be_busy(w: Record, k: Whole) -> Whole:
    """Let the longest idle member of a pool be busy, and return who it is."""
    pool = pool_at(w, k)
    member = idle_at(w, k, pool["idle_first"])["member"]
    pool["idle_first"] = (pool["idle_first"] + 1) % w["n_members"]
    pool["idle"] -= 1
    pool["busy"] += 1
    record = member_at(w, k, member)
    record["since"] = w["now"]
    record["share"] = 0.0
    record["overtime"] = 0.0
    record["previous"] = pool["tail"]
    record["next"] = NONE
    if pool["tail"] >= 0:
        member_at(w, k, pool["tail"])["next"] = member
    else:
        pool["head"] = member
    pool["tail"] = member
    if pool["staying"] < 0:
        pool["staying"] = member
    return member


@inlined
def release(w: Record, i: Whole) -> float:
    """Let the member who served a visit go on, be idle, or go home; return the time past the end of the shift."""
    issue = issue_at(w, i)
    k, member = issue["pool"], issue["member"]
    pool, record = pool_at(w, k), member_at(w, issue["pool"], issue["member"])
    if pool["is_looked_at"] == 1:
        count_work(w, k)
    over = tell_apart(w, i)
    if pool["several"] == 1 and record["is_leaving"] == 0:
        stand_aside(w, k, member)
    record["held"] -= 1
    if record["held"] > 0:
        if record["is_leaving"] == 0:
            stand_ready(w, k, member)
        return over
    if record["previous"] >= 0:
        member_at(w, k, record["previous"])["next"] = record["next"]
    else:
        pool["head"] = record["next"]
    if record["next"] >= 0:
        member_at(w, k, record["next"])["previous"] = record["previous"]
    else:
        pool["tail"] = record["previous"]
    if pool["staying"] == member:
        pool["staying"] = record["next"]
    pool["busy"] -= 1
    if record["is_leaving"]:
        pool["due"] -= record["is_leaving"] == DUE
        record["is_leaving"] = 0
        record["away"] = 1
    else:
        be_idle(w, k, member)
    return over


@inlined
def tell_apart(w: Record, i: Whole) -> float:
    """Tell what a visit has had of its member's time until now, and return how much of that was overtime."""
    issue = issue_at(w, i)
    record = member_at(w, issue["pool"], issue["member"])
    if pool_at(w, issue["pool"])["several"] == 0:
        return record["overtime"] + (w["now"] - record["since"] if record["is_leaving"] else 0.0)
    share_out(w, issue["pool"], issue["member"])
    if w["now"] > issue["started"]:
        issue["attention"] = (record["share"] - issue["share_before"]) / (w["now"] - issue["started"])
    return record["overtime"] - issue["overtime_before"]


@inlined
def is_free(w: Record, k: Whole) -> bool:
    """Whether somebody of a pool may take one more contact."""
    pool = pool_at(w, k)
    return pool["idle"] + pool["partly"] > 0


@inlined
def match(w: Record, k: Whole) -> None:
    """Let the free take those who wait: by priority, by place in the touchpoint's list, by when they joined."""
    queues = w["n_queues"]
    while is_free(w, k):
        found = NONE
        for q in range(queues):
            if queue_at(w, k, q)["head"] >= 0:
                found = queue_at(w, k, q)["head"]
                break
        if found < 0:
            return
        i = found // w["positions"]
        stop_standing(w, i)
        serve(w, i, k)


@inlined
def stop_standing(w: Record, i: Whole) -> None:
    """Take a visit out of every queue in which it stands."""
    positions = w["positions"]
    for p in range(i * positions, (i + 1) * positions):
        if place_at(w, p)["queue"] >= 0:
            step_out(w, p)


@inlined
def step_out(w: Record, p: Whole) -> None:
    """Take a visit out of one queue."""
    place, queues = place_at(w, p), w["n_queues"]
    queue = queue_at(w, place["queue"] // queues, place["queue"] % queues)
    if place["previous"] >= 0:
        place_at(w, place["previous"])["next"] = place["next"]
    else:
        queue["head"] = place["next"]
    if place["next"] >= 0:
        place_at(w, place["next"])["previous"] = place["previous"]
    else:
        queue["tail"] = place["previous"]
    place["queue"] = NONE


@compiled
def joined_later(w: Record, i: Whole, other: Whole) -> bool:
    """Whether a visit comes after another of the same priority in a queue."""
    one, two = issue_at(w, i), issue_at(w, other)
    if one["joined"] != two["joined"]:
        return one["joined"] > two["joined"]
    if one["row"] != two["row"]:
        return one["row"] > two["row"]
    return one["number"] > two["number"]


@compiled
def stand(w: Record, i: Whole, k: Whole, position: Whole) -> None:
    """Let a visit wait for a pool that its touchpoint lists at a position."""
    positions = w["positions"]
    q = issue_at(w, i)["priority"] * positions + position
    queue, p = queue_at(w, k, q), i * positions + position
    before = queue["tail"]
    while before >= 0 and not joined_later(w, i, before // positions):
        before = place_at(w, before)["previous"]
    place = place_at(w, p)
    place["queue"] = k * w["n_queues"] + q
    place["previous"] = before
    after = queue["head"] if before < 0 else place_at(w, before)["next"]
    place["next"] = after
    if before >= 0:
        place_at(w, before)["next"] = p
    else:
        queue["head"] = p
    if after >= 0:
        place_at(w, after)["previous"] = p
    else:
        queue["tail"] = p


@inlined
def phase_of(w: Record, c: Whole) -> Whole:
    """Phase in which a customer lives: that of everybody, or the pilot's."""
    return w["phase"] + customer_at(w, c)["arm"]


# ---- customers come --------------------------------------------------------------------------------------------------


@compiled
def address(w: Record, kind: Key, k: Whole) -> Key:
    return draws.fold(draws.fold(w["key"], kind), as_key(k))


@compiled
def new_place(w: Record) -> Whole:
    """Return a place for somebody new, last in the list of those who are here."""
    c = w["free_slot"]
    if c >= 0:
        w["free_slot"] = np.int64(customer_at(w, c)["after"])
    else:
        c = w["slots"]
        w["slots"] = c + 1
    customer = customer_at(w, c)
    customer["row"] = w["customers"]
    w["customers"] += 1
    customer["before"] = w["newest"]
    customer["after"] = NONE
    if w["newest"] >= 0:
        customer_at(w, w["newest"])["after"] = c
    else:
        w["oldest"] = c
    w["newest"] = c
    return c


@compiled
def give_back_place(w: Record, c: Whole) -> None:
    """Let somebody new have the place of somebody who left; what is still to happen to them will not find them."""
    customer = customer_at(w, c)
    if customer["before"] >= 0:
        customer_at(w, customer["before"])["after"] = customer["after"]
    else:
        w["oldest"] = np.int64(customer["after"])
    if customer["after"] >= 0:
        customer_at(w, customer["after"])["before"] = customer["before"]
    else:
        w["newest"] = np.int64(customer["before"])
    customer["row"] = NONE
    customer["after"] = w["free_slot"]
    w["free_slot"] = c


@inlined
def newcomer(w: Record, key: Key, origin: Whole, k: Whole, only: Whole) -> Whole:
    """Return the place of somebody new; `only` is the journey whose personas alone may come, −1 where any may."""
    c, f = new_place(w), w["phase"]
    chosen = rules.choose(view(m_comes(w, f, only + 1, ZERO), w["n_personas"]), draw(key, U_PERSONA))
    customer = customer_at(w, c)
    customer["key"] = key
    customer["persona"] = chosen
    in_pilot = w["pilot"] >= 0 and meets(w, c, w["pilot"])
    customer["arm"] = w["n_phases"] if in_pilot else 0
    customer["group"] = chosen + w["n_personas"] if in_pilot else chosen
    f = phase_of(w, c)
    customer["stage"] = journey_at(w, 0, only)["stage"] if only >= 0 else w["home"]
    customer["origin"] = origin
    customer["k"] = k
    customer["joined"] = nan
    customer["left"] = nan
    customer["satisfaction_start"] = nan
    customer["drift"] = 0.0
    customer["revenue"] = 0.0
    customer["cost"] = 0.0
    customer["accrued"] = 0.0
    customer["journeys"] = 0
    customer["issues"] = NONE
    customer["reviews"] = 0
    customer["present"] = 0
    customer["lost"] = 0
    customer["pending"] = NONE
    customer["times_left"] = 0
    for stage in range(w["n_entered"]):
        entered_at(w, c, stage)["n"] = 0
    if w["n_relation"] == 1:
        relation = relation_at(w, c, ZERO)
        relation["terms"] = 0
        relation["notice"] = 0
        relation["notices"] = 0
    for channel in range(w["n_likings"]):
        liking_at(w, c, channel)["value"] = 0.0
    customer["kept"] = w["keep"] >= 1.0 or (w["keep"] > 0.0 and draw(key, U_KEPT) < w["keep"])
    customer["relaxed"] = w["now"]
    for product in range(w["n_products"]):
        share = m_products(w, f, chosen, product)
        held = share > 0.0 and draw(draws.fold(key, m_product_name(w, product)), U_PRODUCT) < share
        product_at(w, c, product)["since"] = w["now"] if held else nan
        product_at(w, c, product)["at_start"] = 0
    for lagging in range(w["n_lagging"]):
        noted = noted_at(w, c, lagging)
        noted["value"] = NONE
        noted["nth"] = NONE
        noted["set"] = 0
    for trait in range(w["n_traits"]):
        value = first_value(w, key, f, chosen, trait)
        if value >= 0:
            set_trait(w, c, trait, value)
        else:
            trait_at(w, c, trait)["value"] = NONE
    if w["makes_lists"] == 1:
        known = known_at(w, c, ZERO)
        known["contacts"] = 0.0
        known["score"] = nan
        known["opened"] = nan
    customer["satisfaction"] = rest(w, c)
    return c


@compiled
def first_value(w: Record, key: Key, f: Whole, p: Whole, trait: Whole) -> Whole:
    """Value of a trait with which somebody of a persona begins; none where the persona does not have it."""
    first, n = m_trait(w, f, p, trait), m_trait_n(w, f, p, trait)
    if n == 0:
        return NONE
    if n > 1:
        u = draw(draws.fold(key, m_trait_name(w, trait)), U_TRAIT)
        first += rules.choose(view(m_trait_weight(w, first), n), u)
    return m_trait_value(w, first)


@compiled
def settle(w: Record, c: Whole, at_once: Whole) -> None:
    """Let somebody become a customer."""
    customer = customer_at(w, c)
    now, f, p = w["now"], phase_of(w, c), np.int64(customer["persona"])
    customer["stage"] = w["home"]
    customer["joined"] = now
    customer["since"] = now
    customer["accrued"] = now
    customer["settled"] = f
    if now >= w["warmup"]:
        customer["satisfaction_start"] = customer["satisfaction"]
    if not isnan(m_review_every(w, f, p)):
        start_reviews(w, c)
    elif persona_at(w, f, p)["bound"] == 1:
        term, notice = persona_at(w, f, p)["term"], persona_at(w, f, p)["notice"]
        ends = now + term
        customer["reviewed"] = now
        if now == 0:
            ends = draw(customer["key"], U_REVIEW) * term
            customer["reviewed"] = rules.last_before(ends - notice, term)
        begin_term(w, c, ends)
    for j in range(w["n_journeys"]):
        journey = journey_at(w, f, j)
        if journey["trigger"] == NEED:
            curve = m_need_curve(w, f, p, j)
            if knot_at(w, curve_at(w, curve)["last"] - 1)["number"] > 0:
                if at_once == 1:
                    start_need(w, c, j)
                else:
                    start(w, START_NEED, c, j)
        elif journey["trigger"] == EVERY:
            if at_once == 1:
                start_every(w, c, j)
            else:
                start(w, START_EVERY, c, j)
        elif journey["trigger"] == JOINING and now > 0:
            key = m_journey_name(w, j)
            delay = vary(w, journey["joining"], draw(draws.fold(customer["key"], key), U_JOINING))
            open_later(w, c, j, key, delay, j, ONE, NONE, ZERO)


@compiled
def next_join(w: Record) -> None:
    w["joins_due"] -= log(1.0 - draw(address(w, U_JOIN, w["joins"]), U_GAP))
    put(w, time_of(w, ZERO, w["joins_due"]), R_ARRIVAL, w["customers"], ZERO, ZERO, JOIN, 0, ZERO)


@compiled
def join_in(w: Record) -> None:
    """Let somebody join."""
    c = newcomer(w, address(w, U_JOIN, w["joins"]), FROM_JOINING, w["joins"], NONE)
    settle(w, c, ZERO)
    entered(w, c)
    w["joins"] += 1
    next_join(w)


@inlined
def next_arrival(w: Record, j: Whole) -> None:
    coming = arrival_at(w, j)
    coming["key"] = draws.fold(coming["root"], as_key(coming["came"]))
    coming["due"] -= log(1.0 - draw(coming["key"], U_GAP))
    put(w, time_of(w, 1 + j, coming["due"]), R_ARRIVAL, w["customers"], ZERO, ZERO, ARRIVE, j, ZERO)


@inlined
def arrive(w: Record, j: Whole) -> None:
    """Let somebody who is not a customer yet arrive for a journey."""
    coming = arrival_at(w, j)
    if journey_at(w, w["phase"], j)["dormant"] == 0:
        if coming["deterred"] > 0:
            coming["deterred"] -= 1
        else:
            welcome(w, j, coming["key"], FROM_ARRIVAL + j, coming["came"])
    coming["came"] += 1
    next_arrival(w, j)


@compiled
def welcome(w: Record, j: Whole, key: Key, origin: Whole, k: Whole) -> None:
    """Receive somebody who has arrived for a journey."""
    c = newcomer(w, key, origin, k, j)
    if customer_at(w, c)["stage"] == w["home"]:
        settle(w, c, ZERO)
    open_issue(w, c, j, draws.fold(m_journey_name(w, j), as_key(0)), j, ZERO, NONE, ZERO)
    entered(w, c)
    part(w, c)


# ---- issues open -----------------------------------------------------------------------------------------------------


@compiled
def next_need(w: Record, c: Whole, j: Whole) -> None:
    customer = customer_at(w, c)
    f, p, n = np.int64(customer["settled"]), np.int64(customer["persona"]), np.int64(need_at(w, c, j)["n"])
    law, often = persona_at(w, f, p)["neediness"], 1.0
    if law >= 0:
        often = vary(w, law, draw(customer["key"], U_NEEDINESS))
    key = draws.fold(m_journey_name(w, j), as_key(n))
    gap = -log(1.0 - draw(draws.fold(customer["key"], key), U_NEED))
    need_at(w, c, j)["due"] += gap / often if often > 0 else inf
    when = time_of(w, m_need_curve(w, f, p, j), need_at(w, c, j)["due"])
    put(w, when, R_ARRIVAL, np.int64(customer["row"]), j, ZERO, NEEDING, c, j)


@compiled
def start_need(w: Record, c: Whole, j: Whole) -> None:
    customer = customer_at(w, c)
    need_at(w, c, j)["due"] = count_at(w, m_need_curve(w, customer["settled"], customer["persona"], j), w["now"])
    need_at(w, c, j)["n"] = 0
    next_need(w, c, j)


@compiled
def next_period(w: Record, c: Whole, j: Whole) -> None:
    customer = customer_at(w, c)
    when = time_of(w, m_need_curve(w, customer["settled"], customer["persona"], j), need_at(w, c, j)["due"])
    put(w, when, R_ARRIVAL, np.int64(customer["row"]), j, ZERO, PERIOD, c, j)


@compiled
def start_every(w: Record, c: Whole, j: Whole) -> None:
    customer = customer_at(w, c)
    gone_by = count_at(w, m_need_curve(w, customer["settled"], customer["persona"], j), w["now"])
    need_at(w, c, j)["due"] = gone_by + draw(draws.fold(customer["key"], m_journey_name(w, j)), U_PHASE)
    need_at(w, c, j)["n"] = 0
    next_period(w, c, j)


@compiled
def once_more(w: Record, c: Whole, j: Whole, kind: Whole) -> None:
    """Let a need or a period come round."""
    n = np.int64(need_at(w, c, j)["n"])
    offer(w, c, j, n)
    need_at(w, c, j)["n"] = n + 1
    if kind == NEEDING:
        next_need(w, c, j)
    else:
        need_at(w, c, j)["due"] += 1.0
        next_period(w, c, j)


@compiled
def open_for_all(w: Record, j: Whole) -> None:
    c = w["oldest"]
    while c >= 0:
        if journey_at(w, phase_of(w, c), j)["on"] == w["now"] and not isnan(customer_at(w, c)["joined"]):
            offer(w, c, j, ZERO)
        c = np.int64(customer_at(w, c)["after"])


@compiled
def offer(w: Record, c: Whole, j: Whole, n: Whole) -> None:
    """Open a journey for a customer, or for one who has left where it is meant for those."""
    if isnan(customer_at(w, c)["left"]) or journey_at(w, phase_of(w, c), j)["for_left"] == 1:
        open_issue(w, c, j, draws.fold(m_journey_name(w, j), as_key(n)), j, n, NONE, ZERO)


@compiled
def entered(w: Record, c: Whole) -> None:
    """Open what opens when somebody enters the stage in which they are now."""
    if w["n_entered"] == 0:
        return
    customer = customer_at(w, c)
    stage = np.int64(customer["stage"])
    n = np.int64(entered_at(w, c, stage)["n"])
    entered_at(w, c, stage)["n"] = n + 1
    for j in range(w["n_journeys"]):
        journey = journey_at(w, phase_of(w, c), j)
        if journey["trigger"] != ENTERING or journey["stage"] != stage:
            continue
        key = draws.fold(m_journey_name(w, j), as_key(n))
        own = draws.fold(customer["key"], key)
        if draw(own, U_FOLLOWS) < journey["follows"]:
            delay = 0.0
            if journey["delay"] >= 0:
                delay = vary(w, journey["delay"], draw(own, U_DELAY))
            open_later(w, c, j, key, delay, j, n, NONE, ZERO)


@compiled
def new_issue(
    w: Record, c: Whole, j: Whole, jkey: Key, origin_journey: Whole, origin_n: Whole, origin: Whole, by_failure: Whole
) -> Whole:
    """Return a record for an issue: not open yet."""
    i = w["free"]
    if i >= 0:
        w["free"] = issue_at(w, i)["next"]
    else:
        i = w["issues"]
        w["issues"] = i + 1
    issue = issue_at(w, i)
    issue["state"] = PENDING
    issue["customer"] = c
    issue["row"] = np.int64(customer_at(w, c)["row"])
    issue["times_left"] = np.int64(customer_at(w, c)["times_left"])
    issue["journey"] = j
    issue["key"] = jkey
    issue["origin_journey"] = origin_journey
    issue["origin_n"] = origin_n
    issue["origin"] = origin
    issue["by_failure"] = by_failure
    return i


@compiled
def free_issue(w: Record, i: Whole) -> None:
    issue_at(w, i)["state"] = FREE
    issue_at(w, i)["next"] = w["free"]
    w["free"] = i


@compiled
def open_later(
    w: Record,
    c: Whole,
    j: Whole,
    jkey: Key,
    delay: float,
    origin_journey: Whole,
    origin_n: Whole,
    origin: Whole,
    by_failure: Whole,
) -> None:
    """Open a journey after a delay, if the customer has not left meanwhile."""
    if delay > 0:
        i = new_issue(w, c, j, jkey, origin_journey, origin_n, origin, by_failure)
        customer, issue = customer_at(w, c), issue_at(w, i)
        issue["previous"] = NONE
        issue["next"] = customer["pending"]
        if customer["pending"] >= 0:
            issue_at(w, customer["pending"])["previous"] = i
        customer["pending"] = i
        issue["due"] = w["now"] + delay
        put(w, issue["due"], R_ARRIVAL, issue["row"], ZERO, ZERO, LATER, i, ZERO)
    else:
        open_issue(w, c, j, jkey, origin_journey, origin_n, origin, by_failure)


@compiled
def come_due(w: Record, i: Whole, row: Key) -> None:
    """Open a journey that was to open later, unless it was cancelled, or put off meanwhile."""
    issue = issue_at(w, i)
    if issue["state"] != PENDING or as_key(issue["row"]) != row:
        return
    c = issue["customer"]
    if issue["due"] > w["now"]:
        put(w, issue["due"], R_ARRIVAL, issue["row"], ZERO, ZERO, LATER, i, ZERO)
    else:
        no_longer_awaited(w, i)
        if meant_for(w, c, issue["journey"]):
            opened(w, i)
        else:
            free_issue(w, i)
            part(w, c)


@compiled
def no_longer_awaited(w: Record, i: Whole) -> None:
    """Take a journey that was to open later off its customer's list."""
    issue = issue_at(w, i)
    customer = customer_at(w, issue["customer"])
    if issue["previous"] >= 0:
        issue_at(w, issue["previous"])["next"] = issue["next"]
    else:
        customer["pending"] = issue["next"]
    if issue["next"] >= 0:
        issue_at(w, issue["next"])["previous"] = issue["previous"]


@compiled
def open_issue(
    w: Record, c: Whole, j: Whole, jkey: Key, origin_journey: Whole, origin_n: Whole, origin: Whole, by_failure: Whole
) -> None:
    if meant_for(w, c, j):
        opened(w, new_issue(w, c, j, jkey, origin_journey, origin_n, origin, by_failure))


@inlined
def opened(w: Record, i: Whole) -> None:
    """Open an issue that has its record."""
    issue = issue_at(w, i)
    c, j, f = issue["customer"], issue["journey"], phase_of(w, issue["customer"])
    customer = customer_at(w, c)
    relax(w, c)
    customer["journeys"] += 1
    issue["state"] = OPEN
    issue["number"] = customer["journeys"]
    issue["key"] = draws.fold(customer["key"], issue["key"])
    issue["opened"] = w["now"]
    issue["mood"] = customer["satisfaction"]
    issue["satisfaction_before"] = customer["satisfaction"]
    issue["lowest"] = inf
    issue["moods"] = 0.0
    issue["felt"] = 0
    issue["reopened"] = 0
    issue["difficulty"] = 0.0
    issue["visits"] = 0
    issue["contacts"] = 0
    issue["failure_contacts"] = 0
    issue["failed"] = 0
    issue["handoffs"] = 0
    issue["repeats"] = 0
    issue["channels"] = 0
    issue["wait"] = 0.0
    issue["department"] = NONE
    issue["noticed"] = 0
    issue["asked"] = 0
    issue["score"] = NONE
    issue["scored"] = nan
    for t in range(w["n_touchpoints"]):
        attempt_at(w, i, t)["n"] = 0
    for channel in range(w["n_channels"]):
        seen_at(w, i, channel)["n"] = 0
    if journey_at(w, f, j)["hard"] == 1:
        issue["difficulty"] = rules.normal_quantile(draw(issue["key"], U_DIFFICULTY))
    issue["previous"] = NONE
    issue["next"] = customer["issues"]
    if customer["issues"] >= 0:
        issue_at(w, customer["issues"])["previous"] = i
    customer["issues"] = i
    if w["makes_lists"] == 1:
        known_at(w, c, ZERO)["opened"] = w["now"]
    issue["target"] = first_step(w, i)
    start(w, START_ISSUE, i, issue["number"] & 0xFFFF)


@compiled
def meant_for(w: Record, c: Whole, j: Whole) -> bool:
    """Whether a journey exists now and a customer meets its condition."""
    journey = journey_at(w, phase_of(w, c), j)
    if journey["dormant"] == 1:
        return False
    if journey["trigger"] == NOTICE and relation_at(w, c, ZERO)["notice"] == 0:
        return False
    return journey["who"] < 0 or meets(w, c, journey["who"])


@compiled
def meets(w: Record, c: Whole, n: Whole) -> bool:
    """Whether a customer meets a condition."""
    customer, condition = customer_at(w, c), condition_at(w, n)
    if condition["any_persona"] == 0 and not m_who_persona(w, n, customer["persona"]):
        return False
    if condition["any_stage"] == 0 and not m_who_stage(w, n, customer["stage"]):
        return False
    if condition["any_product"] == 0:
        held = False
        for product in range(w["n_products"]):
            if not isnan(product_at(w, c, product)["since"]) and m_who_product(w, n, product):
                held = True
        if not held:
            return False
    if condition["any_trait"] == 0:
        for trait in range(w["n_traits"]):
            if m_trait_matters(w, n, trait):
                value = trait_at(w, c, trait)["value"]
                if value < 0 or not m_who_trait(w, n, trait, value):
                    return False
    if condition["any_seen"] == 0:
        for trait in range(w["n_traits"]):
            if m_seen_matters(w, n, trait):
                value = noted(w, c, trait)
                if value < 0 or not m_who_seen(w, n, trait, value):
                    return False
    if condition["share"] >= 1:
        return True
    return draw(draws.fold(customer["key"], condition["name"]), U_PILOT) < condition["share"]


@inlined
def noted(w: Record, c: Whole, trait: Whole) -> Whole:
    """Value of a trait as the company last saw it, −1 where it never has."""
    lagging = m_lag(w, trait)
    return np.int64(trait_at(w, c, trait)["value"] if lagging < 0 else noted_at(w, c, lagging)["value"])


@inlined
def first_step(w: Record, i: Whole) -> Whole:
    """Choose the channel in which a journey begins."""
    f, issue = phase_of(w, issue_at(w, i)["customer"]), issue_at(w, i)
    journey = journey_at(w, f, issue["journey"])
    if journey["only_start"] >= 0:
        issue["begun_in"] = journey["only_channel"]
        return journey["only_start"]
    p = customer_at(w, issue["customer"])["persona"]
    first = m_begin(w, f, p, issue["journey"])
    n = m_begin_n(w, f, p, issue["journey"])
    u = draw(issue["key"], U_BEGIN)
    if journey["picky"] == 1 or w["n_likings"] > 0:
        chosen = first + which_start(w, issue["customer"], first, n, u)
    else:
        chosen = first + rules.choose(view(m_start_weight(w, first), n), u)
    issue["begun_in"] = m_start_channel(w, chosen)
    return m_start_step(w, chosen)


@compiled
def which_start(w: Record, c: Whole, first: Whole, n: Whole, u: float) -> Whole:
    """Choose by a customer's own taste among the starts that are meant for them, or among all if none is."""
    weights = view(m_start_weight(w, first), n).copy()
    if w["n_likings"] > 0:
        strength = persona_at(w, phase_of(w, c), customer_at(w, c)["persona"])["strength"]
        for start in range(n):
            liking = liking_at(w, c, m_start_channel(w, first + start))["value"]
            weights[start] = rules.liked(weights[start], strength, liking)
    meant = weights.copy()
    for start in range(n):
        who = m_start_who(w, first + start)
        if who >= 0 and not meets(w, c, who):
            meant[start] = 0.0
    return rules.choose(meant if rules.total(meant) > 0.0 else weights, u)


# ---- an issue's life -------------------------------------------------------------------------------------------------


@inlined
def go_on(w: Record, i: Whole, target: Whole, outcome: Whole, o: Whole, overtime: float) -> bool:
    """Live through an issue until time has to pass; return whether it went round for ever.

    It goes on from a step or end, or from a visit that has come to its outcome; `o` is which of its step's, if it was
    served.
    """
    issue = issue_at(w, i)
    while True:
        if outcome >= 0:
            target = after_visit(w, i, outcome, o, overtime)
        if target == AGAIN_CODE:
            return False
        if target < 0:
            close(w, i, NONE - target)
            return False
        if issue["visits"] >= MOST_VISITS:
            w["stuck_journey"] = issue["journey"]
            w["stuck_step"] = target
            return True
        outcome = attend(w, i, target)
        if outcome < 0:
            return False
        o, overtime = NONE, 0.0


@inlined
def after_visit(w: Record, i: Whole, outcome: Whole, o: Whole, overtime: float) -> Whole:
    """Conclude a visit and return the step or end that follows at once, or that none does."""
    issue = issue_at(w, i)
    conclude(w, i, outcome, o, overtime)
    c = issue["customer"]
    if issue["times_left"] != customer_at(w, c)["times_left"]:
        close_left(w, i)
        part(w, c)
        return AGAIN_CODE
    target, delay = next_target(w, i, outcome, o)
    if not delay > 0:
        return target
    issue["state"] = DELAYED
    issue["target"] = target
    issue["due"] = w["now"] + delay
    put(w, issue["due"], R_ARRIVAL, issue["row"], issue["number"], issue["visits"] + 1, DELAY, i, ZERO)
    return AGAIN_CODE


@inlined
def attend(w: Record, i: Whole, step: Whole) -> Whole:
    """Try to be served; return the outcome if the visit is over at once, else −1."""
    issue = issue_at(w, i)
    f, now = phase_of(w, issue["customer"]), w["now"]
    planned = step_at(w, f, step)
    t = planned["touchpoint"]
    touchpoint = touchpoint_at(w, f, t)
    channel = touchpoint["channel"]
    issue["state"] = OPEN
    issue["phase"] = f
    issue["step"] = step
    issue["touchpoint"] = t
    issue["channel"] = channel
    issue["joined"] = now
    issue["started"] = nan
    issue["pool"] = NONE
    issue["member"] = NONE
    issue["callback"] = NONE
    issue["attention"] = nan
    issue["visits"] += 1
    if issue["visits"] == 1:
        issue["began"] = channel
    issue["mood_before"] = issue["mood"]
    attempt_at(w, i, t)["n"] += 1
    issue["visit_key"] = draws.visit(issue["key"], m_place_name(w, t), as_key(attempt_at(w, i, t)["n"]))
    first, pools, attended = touchpoint["pools"], touchpoint["pools_n"], touchpoint["attended"]
    issue["line"] = attended
    issue["again"] = attended & (attempt_at(w, i, t)["n"] > 1)
    if attended == 1:
        if seen_at(w, i, channel)["n"] == 0:
            seen_at(w, i, channel)["n"] = 1
            issue["channels"] += 1
        if pools > 0:
            staffed = False
            for position in range(pools):
                k = m_pool(w, first + position)
                if m_serves(w, f, issue["journey"], k) and pool_at(w, k)["people"] > 0:
                    staffed = True
            if not staffed:
                return BY_CLOSING
    if touchpoint["system"] >= 0 and is_down(w, touchpoint["system"]):
        return BY_FAILING
    if attended == 1 and 0 <= m_lines(w, f, channel) <= channel_at(w, channel)["n"]:
        return BY_BLOCKING
    channel_at(w, channel)["n"] += attended
    issue["noticed"] = 1
    for k in range(planned["clocks"], planned["clocks"] + planned["clocks_n"]):
        wind_up(w, i, k, ZERO)
    if pools > 0:
        join_queue(w, i)
    else:
        begin_service(w, i)
    return NONE


@compiled
def is_down(w: Record, s: Whole) -> bool:
    """Whether a system is out, or as busy as it can be."""
    if 0 <= m_capacity(w, w["phase"], s) <= system_at(w, s)["load"]:
        return True
    return back(w, s) > w["now"]


@compiled
def back(w: Record, s: Whole) -> float:
    """When a system is back; now, if it is not out."""
    system, now, last = system_at(w, s), w["now"], outages_of(w, s)["last"]
    at = outages_of(w, s)["first"] + system["at"]
    while at < last and outage_at(w, at)["ends"] <= now:
        at += 1
    system["at"] = at - outages_of(w, s)["first"]
    return outage_at(w, at)["ends"] if at < last and outage_at(w, at)["begins"] <= now else now


@compiled
def use_system(w: Record, i: Whole, more: Whole) -> None:
    """Let one service more, or less, go on with the system on which it depends."""
    s = touchpoint_at(w, issue_at(w, i)["phase"], issue_at(w, i)["touchpoint"])["system"]
    if s >= 0:
        system_at(w, s)["load"] += more


@inlined
def join_queue(w: Record, i: Whole) -> None:
    """Join the first listed pool with somebody free, or wait for those listed while patience lasts."""
    issue = issue_at(w, i)
    f, now, c = phase_of(w, issue["customer"]), w["now"], issue["customer"]
    touchpoint = touchpoint_at(w, f, issue["touchpoint"])
    first, pools = touchpoint["pools"], touchpoint["pools_n"]
    for position in range(pools):
        k = m_pool(w, first + position)
        if m_overflow(w, first + position) == 0 and m_serves(w, f, issue["journey"], k) and is_free(w, k):
            serve(w, i, k)
            return
    issue["state"] = WAITING
    issue["priority"] = priority(w, i)
    for position in range(pools):
        k = m_pool(w, first + position)
        if not m_serves(w, f, issue["journey"], k):
            continue
        delay = m_overflow(w, first + position)
        if delay == 0:
            stand(w, i, k, position)
        else:
            put(w, now + delay, R_OVERFLOW, issue["row"], issue["number"], issue["visits"], OVERFLOW, i, position)
    if touchpoint["watched"] == 1:
        watch(w, i)
    law = m_patience(w, f, customer_at(w, c)["persona"], issue["touchpoint"])
    if law >= 0:
        until = now + vary(w, law, draw(issue["visit_key"], U_PATIENCE))
        put(w, until, R_ABANDONMENT, issue["row"], issue["number"], issue["visits"], ABANDON, i, ZERO)


@compiled
def watch(w: Record, i: Whole) -> None:
    """Put on the calendar what happens to those who wait long."""
    issue = issue_at(w, i)
    touchpoint = touchpoint_at(w, issue["phase"], issue["touchpoint"])
    urgent = w["now"] + touchpoint["urgent_after"]
    put(w, urgent, R_URGENT, issue["row"], issue["number"], issue["visits"], HURRY, i, ZERO)
    offered = w["now"] + touchpoint["callback_after"]
    put(w, offered, R_CALLBACK, issue["row"], issue["number"], issue["visits"], OFFER, i, ZERO)


@compiled
def offer_call(w: Record, i: Whole) -> None:
    """Offer somebody who still waits to be called back; whoever accepts keeps the place in the queue."""
    issue = issue_at(w, i)
    accept = touchpoint_at(w, issue["phase"], issue["touchpoint"])["accept"]
    if draw(issue["visit_key"], U_CALLBACK) < accept:
        issue["callback"] = ACCEPTED
        channel_at(w, issue["channel"])["n"] -= issue["line"]
        issue["line"] = 0
    else:
        issue["callback"] = DECLINED


@compiled
def is_missed(w: Record, i: Whole) -> bool:
    """Whether somebody who was promised a call does not answer it; whoever calls is done at once."""
    issue = issue_at(w, i)
    if draw(issue["visit_key"], U_REACHED) < touchpoint_at(w, issue["phase"], issue["touchpoint"])["reached"]:
        return False
    put(w, w["now"], R_SERVICE_END, issue["row"], issue["number"], issue["visits"], MISS, i, ZERO)
    return True


@compiled
def call_in_vain(w: Record, i: Whole) -> None:
    """Let whoever called somebody in vain go on; they have served nobody."""
    issue, k = issue_at(w, i), issue_at(w, i)["pool"]
    release(w, i)
    match(w, k)
    issue["attention"] = nan
    issue["pool"] = NONE
    issue["member"] = NONE


@compiled
def hurry(w: Record, i: Whole) -> None:
    """Let a visit that still waits be served by another priority, if that comes before its own."""
    issue, positions, queues = issue_at(w, i), w["positions"], w["n_queues"]
    urgent = place_of(w, touchpoint_at(w, issue["phase"], issue["touchpoint"])["urgent"])
    if urgent >= issue["priority"]:
        return
    issue["priority"] = urgent
    for position in range(positions):
        p = i * positions + position
        if place_at(w, p)["queue"] >= 0:
            k = place_at(w, p)["queue"] // queues
            step_out(w, p)
            stand(w, i, k, position)


@compiled
def priority(w: Record, i: Whole) -> Whole:
    """Place of a visit's priority among all: the step's, else the journey's, else the persona's."""
    f, issue = phase_of(w, issue_at(w, i)["customer"]), issue_at(w, i)
    step, journey = step_at(w, f, issue["step"]), journey_at(w, f, issue["journey"])
    stated = persona_at(w, f, customer_at(w, issue["customer"])["persona"])["priority"]
    if journey["has_priority"] == 1:
        stated = journey["priority"]
    if step["has_priority"] == 1:
        stated = step["priority"]
    return place_of(w, stated)


@compiled
def place_of(w: Record, stated: Whole) -> Whole:
    """Place of a priority among all."""
    for place in range(w["n_priorities"]):
        if m_priorities(w, place) == stated:
            return place
    return w["n_priorities"]


@compiled
def overflow(w: Record, i: Whole, position: Whole) -> None:
    """Let one more pool see a visit that still waits."""
    issue = issue_at(w, i)
    k = m_pool(w, touchpoint_at(w, issue["phase"], issue["touchpoint"])["pools"] + position)
    if is_free(w, k):
        stop_standing(w, i)
        serve(w, i, k)
    else:
        stand(w, i, k, position)


@inlined
def begin_service(w: Record, i: Whole) -> None:
    issue = issue_at(w, i)
    now = w["now"]
    issue["state"] = SERVED
    if issue["callback"] == ACCEPTED and is_missed(w, i):
        return
    issue["started"] = now
    if w["n_systems"] > 0:
        use_system(w, i, ONE)
    minutes = vary(w, step_at(w, issue["phase"], issue["step"])["service"], draw(issue["visit_key"], U_SERVICE))
    if issue["difficulty"] != 0.0:
        time = journey_at(w, phase_of(w, issue["customer"]), issue["journey"])["time"]
        minutes = rules.slowed(minutes, time, issue["difficulty"])
    if issue["pool"] >= 0 and people_at(w, w["phase"], issue["pool"])["own"] == 1:
        minutes = at_own_speed(w, i, minutes)
    put(w, now + minutes, R_SERVICE_END, issue["row"], issue["number"], issue["visits"], SERVICE_END, i, ZERO)


@compiled
def at_own_speed(w: Record, i: Whole, minutes: float) -> float:
    """How long a service takes whoever serves, with what they hold besides, and as strained as they are."""
    issue = issue_at(w, i)
    k = issue["pool"]
    people = people_at(w, w["phase"], k)
    speed = people["speed"]
    if people["speeds_differ"] > 0:
        speed *= rules.own_speed(people["speeds_differ"], own(w, i, U_SPEED))
    minutes /= speed
    if people["strained_slower"] > 0:
        minutes = rules.slowed(minutes, people["strained_slower"], pool_at(w, k)["strain"])
    return rules.divided(minutes, people["slower"], member_at(w, k, issue["member"])["held"] - 1)


@compiled
def own(w: Record, i: Whole, purpose: Key) -> float:
    """Draw a standard normal of the member of staff who serves a visit: the same every time."""
    issue = issue_at(w, i)
    member = draws.fold(pool_at(w, issue["pool"])["key"], as_key(issue["member"]))
    return rules.normal_quantile(draw(member, purpose))


@compiled
def hardness(w: Record, i: Whole) -> float:
    """Return how hard an issue is for whoever serves it: its difficulty, their proficiency and their strain."""
    issue = issue_at(w, i)
    k, difficulty = issue["pool"], issue["difficulty"]
    if k < 0:
        return difficulty
    people = people_at(w, w["phase"], k)
    proficiency = people["proficiency"]
    if people["proficiencies_differ"] > 0:
        proficiency += people["proficiencies_differ"] * own(w, i, U_PROFICIENCY)
    difficulty -= proficiency
    if people["strained_err"] > 0:
        difficulty += people["strained_err"] * pool_at(w, k)["strain"]
    return difficulty


@inlined
def end_service(w: Record, i: Whole) -> tuple[Whole, float]:
    """End a service and return which of its step's outcomes it had, and the time past the end of a shift."""
    issue = issue_at(w, i)
    channel_at(w, issue["channel"])["n"] -= issue["line"]
    if w["n_systems"] > 0:
        use_system(w, i, -ONE)
    overtime = 0.0
    if issue["pool"] >= 0:
        overtime = release(w, i)
        match(w, issue["pool"])
    step = step_at(w, issue["phase"], issue["step"])
    o, n = step["outcomes"], step["outcomes_n"]
    if n > 1:
        o += which_outcome(w, i, o, n)
    return o, overtime


@compiled
def which_outcome(w: Record, i: Whole, first: Whole, n: Whole) -> Whole:
    """Choose among the outcomes of a step."""
    issue = issue_at(w, i)
    weights, u = view(m_outcome_weight(w, first), n), draw(issue["visit_key"], U_OUTCOME)
    if issue["difficulty"] == 0.0:
        return rules.choose(weights, u)
    return rules.choose_tilted(weights, view(m_tilt(w, phase_of(w, issue["customer"]), first), n), hardness(w, i), u)


@inlined
def stop_waiting(w: Record, i: Whole) -> None:
    stop_standing(w, i)
    issue_at(w, i)["state"] = OPEN
    channel_at(w, issue_at(w, i)["channel"])["n"] -= issue_at(w, i)["line"]


@inlined
def waited(w: Record, i: Whole, until: float) -> float:
    """How long somebody has waited by the end of the wait."""
    issue = issue_at(w, i)
    if issue["line"] == 0:
        return waited_off_line(w, i)
    return until - issue["joined"]


@compiled
def waited_off_line(w: Record, i: Whole) -> float:
    """How long somebody has waited who was promised a call; for work nobody waits."""
    issue = issue_at(w, i)
    if issue["callback"] == ACCEPTED:
        return touchpoint_at(w, issue["phase"], issue["touchpoint"])["callback_after"]
    return 0.0


@inlined
def conclude(w: Record, i: Whole, outcome: Whole, o: Whole, overtime: float) -> None:
    """Settle what a visit cost, how it felt and what it set off, now that it ended; `o` is −1 if it was not served."""
    issue = issue_at(w, i)
    c, now = issue["customer"], w["now"]
    customer = customer_at(w, c)
    wait = waited(w, i, issue["started"] if o >= 0 else now)
    issue["wait"] += wait
    cost = 0.0
    if o >= 0:
        touchpoint = touchpoint_at(w, issue["phase"], issue["touchpoint"])
        issue["contacts"] += touchpoint["attended"]
        issue["failure_contacts"] += touchpoint["attended"] & (issue["by_failure"] | issue["failed"])
        cost = touchpoint["cost"]
        customer["cost"] += cost
        if w["makes_lists"] == 1:
            known_at(w, c, ZERO)["contacts"] += touchpoint["attended"]
    if outcome != BY_LEAVING:
        feel(w, i, outcome, o, wait)
    issue["failed"] = outcome_at(w, o)["fails"] if o >= 0 else ONE
    revenue, stage = 0.0, NONE
    if o >= 0 and issue["times_left"] == customer["times_left"]:
        e = outcome_at(w, o)["effects"]
        revenue, stage = effects_at(w, e)["revenue"], effects_at(w, e)["stage"]
        if effects_at(w, e)["matters"] == 1:
            take_effect(
                w,
                c,
                e,
                issue["visit_key"],
                issue["origin_journey"],
                issue["origin_n"],
                issue["origin"],
                issue["journey"],
                issue["by_failure"] | issue["failed"],
            )
    record_visit(w, i, now, outcome, issue["mood"], cost, overtime, revenue, stage)
    issue["state"] = OPEN


@inlined
def feel(w: Record, i: Whole, outcome: Whole, o: Whole, wait: float) -> None:
    """Move the mood of the journey by what happened in a visit that ends now."""
    issue = issue_at(w, i)
    p = persona_at(w, phase_of(w, issue["customer"]), customer_at(w, issue["customer"])["persona"])
    again, reopened, handed_on = issue["again"], issue["reopened"], False
    issue["repeats"] += again
    issue["reopened"] = 0
    if issue["pool"] >= 0:
        department = m_department(w, w["phase"], issue["pool"])
        handed_on = issue["department"] >= 0 and issue["department"] != department
        issue["handoffs"] += handed_on
        issue["department"] = department
    averse, mood = p["loss_aversion"], issue["mood"]
    if p["reacts"] == 1:
        mood += rules.felt(rules.missed(wait, p["tolerance"], p["per_minute"], p["cap"]), averse)
        if outcome == BY_ABANDONING:
            mood += rules.felt(p["abandoned"], averse)
        elif outcome == BY_CLOSING:
            mood += rules.felt(p["closed"], averse)
        elif outcome == BY_BLOCKING:
            mood += rules.felt(p["blocked"], averse)
        elif outcome == AS_RESOLVED:
            mood += rules.felt(p["resolved"], averse)
        elif outcome == AS_UNRESOLVED:
            mood += rules.felt(p["unresolved"], averse)
        elif outcome == BY_MISSING:
            mood += rules.felt(p["missed"], averse)
        elif outcome == BY_FAILING:
            mood += rules.felt(p["down"], averse)
        if again == 1:
            mood += rules.felt(p["repeat"], averse)
        if reopened == 1:
            mood += rules.felt(p["reopened"], averse)
        if handed_on:
            mood += rules.felt(p["handoff"], averse)
        promise = step_at(w, issue["phase"], issue["step"])["promise"]
        if o >= 0 and not isnan(promise):
            late = w["now"] - issue["joined"] - promise
            mood += rules.felt(rules.missed(late, p["late_tolerance"], p["late_per_minute"], p["late_cap"]), averse)
    if o >= 0:
        mood += rules.felt(effects_at(w, outcome_at(w, o)["effects"])["mood"], averse)
    be_in_mood(issue, rules.clip(mood))


@compiled
def be_in_mood(issue: Record, mood: float) -> None:
    issue["mood"] = mood
    issue["lowest"] = min(issue["lowest"], mood)
    issue["moods"] += mood
    issue["felt"] += 1


@inlined
def next_target(w: Record, i: Whole, outcome: Whole, o: Whole) -> tuple[Whole, float]:
    """Choose the step or end that follows a visit, and the delay until then."""
    issue = issue_at(w, i)
    step, key = step_at(w, issue["phase"], issue["step"]), issue["visit_key"]
    if o >= 0:
        settled = outcome_at(w, o)
        first, n = settled["next"], settled["next_n"]
        if settled["holds"] < 1 and draw(key, U_HOLDS) >= settled["holds"]:
            survey(w, i, experience_of(w, i))  # the company takes it as resolved
            issue["reopened"] = 1
            issue["failed"] = 1
            first, n = settled["reopens"], settled["reopens_n"]
            if n == 0:
                return np.int64(issue["step"]), -THREE_DAYS * log(1.0 - draw(key, U_DELAY))
    elif outcome == BY_CLOSING:
        first, n = step["closed"], step["closed_n"]
    elif outcome == BY_BLOCKING:
        first, n = step["blocked"], step["blocked_n"]
    elif outcome == BY_MISSING:
        first, n = step["missed"], step["missed_n"]
    elif outcome == BY_FAILING:
        first, n = step["down"], step["down_n"]
    else:
        first, n = step["abandoned"], step["abandoned_n"]
    if n == 0:
        return NONE - (END_RESOLVED if outcome == AS_RESOLVED else END_GIVE_UP), 0.0
    chosen = ZERO
    if target_at(w, first)["picky"] == 1:
        chosen = which_target(w, issue["customer"], first, n, draw(key, U_NEXT))
        if chosen < 0:
            return NONE - (END_RESOLVED if outcome == AS_RESOLVED else END_GIVE_UP), 0.0
    elif n > 1:
        chosen = rules.chosen(view(m_target_weight(w, first), n), target_at(w, first)["weights"], draw(key, U_NEXT))
    after, code = target_at(w, first + chosen)["after"], target_at(w, first + chosen)["code"]
    delay = 0.0
    if after >= 0:
        delay = vary(w, after, draw(key, U_DELAY))
    if code != AGAIN_CODE:
        return np.int64(code), delay
    if after < 0:
        delay = -AN_HOUR * log(1.0 - draw(key, U_DELAY))
    return np.int64(issue["step"]), next_opening(w, i, outcome) - w["now"] + delay


@compiled
def which_target(w: Record, c: Whole, first: Whole, n: Whole, u: float) -> Whole:
    """Choose among the targets that are meant for a customer; −1 if none is."""
    weights = view(m_target_weight(w, first), n).copy()
    for target in range(n):
        who = target_at(w, first + target)["who"]
        if who >= 0 and not meets(w, c, who):
            weights[target] = 0.0
    together = rules.total(weights)
    return rules.chosen(weights, together, u) if together > 0.0 else NONE


@compiled
def next_opening(w: Record, i: Whole, outcome: Whole) -> float:
    """First time from now on at which somebody is on duty who can serve a visit, or its system is back."""
    issue = issue_at(w, i)
    touchpoint = touchpoint_at(w, issue["phase"], issue["touchpoint"])
    if outcome == BY_FAILING:
        return back(w, touchpoint["system"])
    soonest = inf
    for position in range(touchpoint["pools_n"]):
        k = m_pool(w, touchpoint["pools"] + position)
        if not m_serves(w, phase_of(w, issue["customer"]), issue["journey"], k):
            continue
        if pool_at(w, k)["people"] > 0:
            return w["now"]
        at = duty_of(w, k)["first"] + pool_at(w, k)["at"]
        while at < duty_of(w, k)["last"] and duty_at(w, at)["people"] == 0:
            at += 1
        if at < duty_of(w, k)["last"]:
            soonest = min(soonest, duty_at(w, at)["time"])
    return soonest


@inlined
def close(w: Record, i: Whole, end: Whole) -> None:
    """Close an issue: what it left behind, what it sets off, and what the company asks."""
    issue = issue_at(w, i)
    c, j = issue["customer"], issue["journey"]
    f = phase_of(w, c)
    ending = end_at(w, f, j, end)
    sway(w, i, effects_at(w, ending["effects"])["mood"])
    if w["n_likings"] > 0:
        like(w, i)
    experience = remember(w, i)
    unlink(w, i)
    key = draws.fold(issue["key"], m_end_name(w, end))
    failure = issue["by_failure"] | issue["failed"] | np.int64(ending["good"] == 0)
    if effects_at(w, ending["effects"])["matters"] == 1:
        take_effect(
            w,
            c,
            ending["effects"],
            key,
            issue["origin_journey"],
            issue["origin_n"],
            issue["origin"],
            issue["journey"],
            failure,
        )
    survey(w, i, experience)
    e = effects_at(w, ending["effects"])
    record_journey(w, i, w["now"], end, ending["good"], experience, e["revenue"], e["stage"])
    for follower in range(w["n_journeys"]):
        after = journey_at(w, f, follower)
        if after["trigger"] != AFTER or after["after"] != j or not m_after_end(w, f, follower, end):
            continue
        child = draws.fold(key, m_journey_name(w, follower))
        if draw(child, U_FOLLOWS) < after["follows"]:
            delay = 0.0
            if after["delay"] >= 0:
                delay = vary(w, after["delay"], draw(child, U_DELAY))
            origin = note_origin(w, issue["origin"], ONE, follower)
            open_later(w, c, follower, child, delay, issue["origin_journey"], issue["origin_n"], origin, failure)
    free_issue(w, i)
    part(w, c)


@compiled
def note_origin(w: Record, before: Whole, follows: Whole, journey: Whole) -> Whole:
    """Write down that a journey was opened by what had an origin itself, −1 for none, and return where."""
    if w["keep_origins"] == 0:
        return NONE
    n = w["origins"]
    w["origins"] = n + 1
    origin = origin_at(w, n)
    origin["before"] = before
    origin["follows"] = follows
    origin["journey"] = journey
    return n


@compiled
def unlink(w: Record, i: Whole) -> None:
    """Take an issue off its customer's list."""
    issue = issue_at(w, i)
    if issue["previous"] >= 0:
        issue_at(w, issue["previous"])["next"] = issue["next"]
    else:
        customer_at(w, issue["customer"])["issues"] = issue["next"]
    if issue["next"] >= 0:
        issue_at(w, issue["next"])["previous"] = issue["previous"]


@compiled
def close_left(w: Record, i: Whole) -> None:
    """Close an issue whose customer has left."""
    unlink(w, i)
    record_journey(w, i, w["now"], END_LEFT, NONE, nan, 0.0, NONE)
    free_issue(w, i)


@compiled
def wind_up(w: Record, i: Whole, k: Whole, n: Whole) -> None:
    """Let a clock on a visit strike for the n-th time when it is due."""
    issue, clock = issue_at(w, i), clock_at(w, k)
    due = issue["joined"] + clock["strikes"]
    if n > 0:
        due += n * clock["again"]
    which = k - step_at(w, issue["phase"], issue["step"])["clocks"]
    put(w, due, R_ARRIVAL, issue["row"], issue["number"], issue["visits"], STRIKE, i, which)


@compiled
def strike(w: Record, i: Whole, which: Whole) -> None:
    """Let a clock on a visit take effect."""
    issue = issue_at(w, i)
    c, k = issue["customer"], step_at(w, issue["phase"], issue["step"])["clocks"] + which
    clock = clock_at(w, k)
    cause, journey, visit, n = w["n_events"] + clock["cause"], issue["number"], issue["visits"], ZERO
    if clock["again"] < inf:
        n = np.int64((w["now"] - issue["joined"] - clock["strikes"]) / clock["again"] + 0.5)
        wind_up(w, i, k, n + 1)
    elapsed = clock["strikes"] + (n * clock["again"] if n > 0 else 0.0)
    failure = issue["by_failure"] | np.int64(elapsed >= clock["fails_after"])
    e, key = clock["effects"], draws.fold(draws.fold(issue["visit_key"], clock["name"]), as_key(n))
    goal = journey_at(w, phase_of(w, c), issue["journey"])["goal"]
    sway(w, i, effects_at(w, e)["mood"])
    take_effect(w, c, e, key, issue["origin_journey"], issue["origin_n"], issue["origin"], issue["journey"], failure)
    record_effect(w, c, e, cause, journey, visit, n, goal)
    part(w, c)


@compiled
def go_through(w: Record, m: Whole, spare: Whole, block: Whole) -> Whole:
    """Let an event take effect on one after the other, as far as there is room.

    Returns
    -------
    int
        `DONE`, or what has to be done before it can go on: `GROW` or `FULL`.
    """
    e, n, f = moment_at(w, m)["event"], moment_at(w, m)["nth"], w["phase"]
    event, key = happening_at(w, f, e), draws.fold(m_event_name(w, e), as_key(n))
    if w["passing"] < 0:
        w["passing"] = w["oldest"]
        if event["most"] >= 0:
            make_list(w, event)
    free = room(w, spare)
    while w["passing"] >= 0:
        if free == 0:
            free = room(w, spare)
            if free == 0:
                return GROW
        if w["rows"] >= block:
            return FULL
        free -= 1
        c = w["passing"]
        w["passing"] = np.int64(customer_at(w, c)["after"])
        event = happening_at(w, phase_of(w, c), e)
        if is_concerned(w, c, event) and (event["most"] < 0 or is_listed(w, c, event)):
            own = draws.fold(customer_at(w, c)["key"], key)
            if event["reach"] >= 1 or draw(own, U_REACH) < event["reach"]:
                befall(w, c, e, event, own, n)
    return DONE


@compiled
def is_concerned(w: Record, c: Whole, event: Record) -> bool:
    """Whether somebody is here for whom an event is meant."""
    customer = customer_at(w, c)
    if event["visitors"] == 0 and (isnan(customer["joined"]) or not isnan(customer["left"])):
        return False
    return event["who"] < 0 or meets(w, c, event["who"])


@compiled
def make_list(w: Record, event: Record) -> None:
    """Find how high the last on a list stands, and how many who stand as high are on it: those who came first."""
    n, c = ZERO, w["oldest"]
    while c >= 0:
        if is_concerned(w, c, event):
            view(standings(w, n, ZERO), 1)[0] = standing_of(w, c, event)
            n += 1
        c = np.int64(customer_at(w, c)["after"])
    w["least"] = -inf
    w["ties"] = n
    if n > event["most"]:
        every = view(standings(w, ZERO, ZERO), n)
        w["least"] = np.partition(every, n - event["most"])[n - event["most"]]
        w["ties"] = event["most"]
        for standing in every:
            w["ties"] -= standing > w["least"]


@compiled
def is_listed(w: Record, c: Whole, event: Record) -> bool:
    """Whether somebody stands high enough to be on the list."""
    standing = standing_of(w, c, event)
    if standing == w["least"]:
        w["ties"] -= 1
        return w["ties"] >= 0
    return standing > w["least"]


@compiled
def standing_of(w: Record, c: Whole, event: Record) -> float:
    """How high somebody stands by what the company can know of them."""
    customer, known, now = customer_at(w, c), known_at(w, c, ZERO), w["now"]
    tenure, opened = (now - customer["joined"]) / MINUTES_PER_DAY, (now - known["opened"]) / MINUTES_PER_DAY
    weights = (event["tenure"], event["contacts"], event["score"], event["opened"])
    together = rules.standing(weights, (tenure, known["contacts"], known["score"], opened))
    for n in range(event["ranks"], event["ranks"] + event["ranks_n"]):
        rank = rank_at(w, n)
        if noted(w, c, rank["trait"]) == rank["value"]:
            together += rank["weight"]
    return together


@compiled
def befall(w: Record, c: Whole, e: Whole, event: Record, key: Key, n: Whole) -> None:
    """Let an event take effect on somebody."""
    effects = event["effects"]
    mood = effects_at(w, effects)["mood"]
    if mood != 0.0:
        i = np.int64(customer_at(w, c)["issues"])
        while i >= 0:
            sway(w, i, mood)
            i = issue_at(w, i)["next"]
    take_effect(w, c, effects, key, w["n_journeys"] + e, n, NONE, w["n_journeys"] + e, event["fails"])
    record_effect(w, c, effects, e, ZERO, ZERO, n, NONE)
    part(w, c)


@compiled
def sway(w: Record, i: Whole, mood: float) -> None:
    """Move the mood of an open journey."""
    if mood != 0.0:
        issue = issue_at(w, i)
        p = persona_at(w, phase_of(w, issue["customer"]), customer_at(w, issue["customer"])["persona"])
        be_in_mood(issue, rules.clip(issue["mood"] + rules.felt(mood, p["loss_aversion"])))


@compiled
def like(w: Record, i: Whole) -> None:
    """Let a customer like the channel in which an issue was begun by how much better it was than they had felt."""
    issue = issue_at(w, i)
    c = issue["customer"]
    customer = customer_at(w, c)
    learns = persona_at(w, phase_of(w, c), customer["persona"])["learns"]
    if learns > 0.0:
        relax(w, c)
        liking = liking_at(w, c, issue["begun_in"])
        liking["value"] = rules.come_to_like(liking["value"], learns, experience_of(w, i), customer["satisfaction"])


@compiled
def remember(w: Record, i: Whole) -> float:
    """Let the satisfaction of a customer, and what they expect, follow what an issue has been; return that."""
    c = issue_at(w, i)["customer"]
    customer = customer_at(w, c)
    p = persona_at(w, phase_of(w, c), customer["persona"])
    relax(w, c)
    experience = experience_of(w, i)
    customer["satisfaction"] = rules.towards(customer["satisfaction"], experience, p["memory"])
    customer["drift"] += p["adapts"] * (experience - rest(w, c))
    return experience


@compiled
def cancel(w: Record, c: Whole, first: Whole, n: Whole) -> None:
    """Call off journeys that are still to open, and those open that nobody is serving; nothing follows."""
    i = np.int64(customer_at(w, c)["pending"])
    while i >= 0:
        following = issue_at(w, i)["next"]
        if is_cancelled(w, i, first, n):
            no_longer_awaited(w, i)
            free_issue(w, i)
        i = following
    i = last = np.int64(customer_at(w, c)["issues"])
    while i >= 0:  # the first to be opened stands last
        last, i = i, issue_at(w, i)["next"]
    while last >= 0:
        issue = issue_at(w, last)
        i, last = last, issue["previous"]
        if not is_cancelled(w, i, first, n) or not (issue["state"] == WAITING or issue["state"] == DELAYED):
            continue
        if issue["state"] == WAITING:
            stop_waiting(w, i)
            wait = waited(w, i, w["now"])
            issue["wait"] += wait
            feel(w, i, BY_CANCELLING, NONE, wait)
            record_visit(w, i, w["now"], BY_CANCELLING, issue["mood"], 0.0, 0.0, 0.0, NONE)
        experience = remember(w, i)
        unlink(w, i)
        record_journey(w, i, w["now"], END_CANCELLED, NONE, experience, 0.0, NONE)
        free_issue(w, i)


@compiled
def is_cancelled(w: Record, i: Whole, first: Whole, n: Whole) -> bool:
    """Whether a journey is among those that are called off."""
    found = False
    for k in range(first, first + n):
        found |= m_cancel(w, k) == issue_at(w, i)["journey"]
    return found


@compiled
def put_off(w: Record, c: Whole, j: Whole, earliest: float) -> None:
    """Let a journey that is to open, or to go on, wait until some time at least."""
    i = np.int64(customer_at(w, c)["pending"])
    while i >= 0:
        issue = issue_at(w, i)
        if issue["journey"] == j:
            issue["due"] = max(issue["due"], earliest)
        i = issue["next"]
    i = np.int64(customer_at(w, c)["issues"])
    while i >= 0:
        issue = issue_at(w, i)
        if issue["journey"] == j and issue["state"] == DELAYED:
            issue["due"] = max(issue["due"], earliest)
        i = issue["next"]


@compiled
def take_effect(
    w: Record,
    c: Whole,
    e: Whole,
    key: Key,
    origin_journey: Whole,
    origin_n: Whole,
    before: Whole,
    why: Whole,
    failure: Whole,
) -> None:
    """Let what happened call journeys off, change the customer, move money and open other journeys.

    `before` is the origin of what happened, `why` the journey or, numbered after them, the event in which it did;
    `failure` whether that, or what led to it, was one.
    """
    effects, customer = effects_at(w, e), customer_at(w, c)
    if effects["cancels_n"] > 0:
        cancel(w, c, effects["cancels"], effects["cancels_n"])
    for n in range(effects["puts_off"], effects["puts_off"] + effects["puts_off_n"]):
        put_off(w, c, m_put_off(w, n), w["now"] + m_put_off_by(w, n))
    if effects["changes_customer"] == 1:
        relax_before_change(w, c)
    if effects["adds_n"] + effects["drops_n"] > 0:
        trade(w, c, effects)
    for n in range(effects["traits"], effects["traits"] + effects["traits_n"]):
        set_trait(w, c, m_trait_set(w, n, 0), m_trait_set(w, n, 1))
    customer["revenue"] += effects["revenue"]
    if effects["satisfaction"] != 0.0:
        relax(w, c)
        customer["satisfaction"] = rules.clip(customer["satisfaction"] + effects["satisfaction"])
    if effects["stays"] == 1:
        relation_at(w, c, ZERO)["notice"] = 0
    if effects["stage"] >= 0 and effects["stage"] != customer["stage"]:
        move(w, c, effects["stage"], why)
    for n in range(effects["opens"], effects["opens"] + effects["opens_n"]):
        j = m_open_journey(w, n)
        child = draws.fold(key, m_journey_name(w, j))
        if draw(child, U_OPENS) < m_open_p(w, n):
            delay = 0.0
            if m_open_after(w, n) >= 0:
                delay = vary(w, m_open_after(w, n), draw(child, U_DELAY))
            origin = note_origin(w, before, ZERO, j)
            open_later(w, c, j, child, delay, origin_journey, origin_n, origin, failure)


@compiled
def trade(w: Record, c: Whole, effects: Record) -> None:
    """Let somebody have some products from now on, and others no longer."""
    if w["n_paying"] > 0:
        accrue(w, c)
    for n in range(effects["adds"], effects["adds"] + effects["adds_n"]):
        held = product_at(w, c, m_add(w, n))
        if isnan(held["since"]):
            held["since"] = w["now"]
    for n in range(effects["drops"], effects["drops"] + effects["drops_n"]):
        if customer_at(w, c)["stage"] == w["home"]:
            end_holding(w, c, m_drop(w, n), w["now"])
        product_at(w, c, m_drop(w, n))["since"] = nan


@compiled
def move(w: Record, c: Whole, stage: Whole, why: Whole) -> None:
    """Let somebody enter another stage, and so perhaps leave, come back or become a customer."""
    customer = customer_at(w, c)
    if stage == w["left"] and isnan(customer["left"]):
        leave(w, c, why)
        return
    accrue(w, c)
    if customer["stage"] == w["home"]:
        end_spell(w, c, w["now"], ZERO)
    customer["stage"] = stage
    if stage == w["home"]:
        customer["since"] = w["now"]
        if not isnan(customer["left"]):
            come_back(w, c)
        if isnan(customer["joined"]):
            settle(w, c, ZERO)
    entered(w, c)


@compiled
def experience_of(w: Record, i: Whole) -> float:
    """What a journey leaves behind, as it has been until now."""
    issue = issue_at(w, i)
    p = persona_at(w, phase_of(w, issue["customer"]), customer_at(w, issue["customer"])["persona"])
    return rules.experience(issue["lowest"], issue["mood"], issue["moods"] / issue["felt"], p["peak"], p["end"])


@compiled
def survey(w: Record, i: Whole, experience: float) -> None:
    """Ask some how it was, and again if they have not answered; some of those answer with a score."""
    issue = issue_at(w, i)
    c = issue["customer"]
    p = persona_at(w, phase_of(w, c), customer_at(w, c)["persona"])
    if p["asked"] == 0 or issue["noticed"] == 0 or issue["score"] >= 0 or draw(issue["key"], U_ASKED) >= p["ask"]:
        return
    key = draws.fold(issue["key"], as_key(issue["asked"])) if issue["asked"] > 0 else issue["key"]
    issue["asked"] += 1
    felt = experience
    if p["of_satisfaction"] == 1:
        relax(w, c)
        felt = customer_at(w, c)["satisfaction"]
    chance = rules.answer_probability(p["answer_level"], p["answer_better"], p["answer_extreme"], felt)
    if draw(key, U_ANSWER) < chance:
        issue["score"] = rules.given_score(felt, p["noise"], rules.normal_quantile(draw(key, U_SCORE)))
        issue["scored"] = w["now"]
        if w["makes_lists"] == 1:
            known_at(w, c, ZERO)["score"] = float(issue["score"])


# ---- what the company knows ------------------------------------------------------------------------------------------


@compiled
def set_trait(w: Record, c: Whole, trait: Whole, value: Whole) -> None:
    """Let a customer have a trait from now on."""
    trait_at(w, c, trait)["value"] = value
    lagging = m_lag(w, trait)
    if lagging < 0:
        return
    noted, seeing = noted_at(w, c, lagging), seeing_at(w, w["phase"], lagging)
    nth = np.int64(noted["set"])
    noted["set"] += 1
    key = draws.fold(draws.fold(customer_at(w, c)["key"], m_trait_name(w, trait)), as_key(nth))
    if draw(key, U_SEEN) >= seeing["p"]:
        return
    delay = 0.0
    if seeing["after"] >= 0:
        delay = vary(w, seeing["after"], draw(key, U_SEEN_AFTER))
    if delay > 0:
        put(w, w["now"] + delay, R_ARRIVAL, np.int64(customer_at(w, c)["row"]), lagging, nth, SEE, c, value)
    else:
        see(w, c, lagging, nth, value)


@compiled
def see(w: Record, c: Whole, lagging: Whole, nth: Whole, value: Whole) -> None:
    """Let the company see what the nth setting of a trait was, unless it has seen a later one by now."""
    noted = noted_at(w, c, lagging)
    if isnan(customer_at(w, c)["left"]) and nth > noted["nth"]:
        relax_before_change(w, c)
        noted["nth"] = nth
        noted["value"] = value


# ---- satisfaction, money and leaving ---------------------------------------------------------------------------------


@compiled
def relax(w: Record, c: Whole) -> None:
    """Bring satisfaction up to date."""
    customer, now = customer_at(w, c), w["now"]
    if now > customer["relaxed"]:
        if isnan(customer["left"]):
            recovery = persona_at(w, phase_of(w, c), customer["persona"])["recovery"]
            elapsed = now - customer["relaxed"]
            customer["satisfaction"] = rules.relaxed(customer["satisfaction"], rest(w, c), recovery, elapsed)
        customer["relaxed"] = now


@compiled
def relax_before_change(w: Record, c: Whole) -> None:
    """Bring satisfaction up to date before something changes that terms of its resting level may ask for."""
    if persona_at(w, phase_of(w, c), customer_at(w, c)["persona"])["rest_terms_n"] > 0:
        relax(w, c)


@compiled
def rest(w: Record, c: Whole) -> float:
    customer = customer_at(w, c)
    p = persona_at(w, phase_of(w, c), customer["persona"])
    level = p["level"]
    if p["rest_terms_n"] > 0:
        level = with_terms(w, level, p["rest_terms"], p["rest_terms_n"], c)
    return rules.clip(level + customer["drift"])


@compiled
def with_terms(w: Record, amount: float, first: Whole, n: Whole, c: Whole) -> float:
    """Return an amount with those terms that hold for a customer now."""
    joined = customer_at(w, c)["joined"]
    elapsed = 0.0 if isnan(joined) else w["now"] - joined
    for t in range(first, first + n):
        term = term_at(w, t)
        if term["who"] < 0 or meets(w, c, term["who"]):
            amount += rules.term(term["value"], term["per_year"], term["growing"], elapsed)
    return amount


@compiled
def accrue(w: Record, c: Whole) -> None:
    """Bring the revenue of a customer up to date."""
    customer = customer_at(w, c)
    if customer["stage"] == w["home"]:
        f = phase_of(w, c)
        rate = persona_at(w, f, customer["persona"])["revenue"]
        for product in range(w["n_paying"]):
            if not isnan(product_at(w, c, product)["since"]):
                rate += m_product_revenue(w, f, product)
        customer["revenue"] += rate * (w["now"] - customer["accrued"])
    customer["accrued"] = w["now"]


@compiled
def start_reviews(w: Record, c: Whole) -> None:
    customer, now = customer_at(w, c), w["now"]
    customer["reviewed"] = now
    when = now + draw(customer["key"], U_REVIEW) * m_review_every(w, phase_of(w, c), customer["persona"])
    put(w, when, R_REVIEW, np.int64(customer["row"]), ZERO, ZERO, REVIEW, c, ZERO)


@compiled
def review(w: Record, c: Whole) -> None:
    """Let a customer decide whether to stay, and think again one period later."""
    decide(w, c)
    customer = customer_at(w, c)
    if customer["row"] < 0:
        return
    when = w["now"] + m_review_every(w, phase_of(w, c), customer["persona"])
    put(w, when, R_REVIEW, np.int64(customer["row"]), ZERO, ZERO, REVIEW, c, ZERO)


@compiled
def decide(w: Record, c: Whole) -> None:
    """Let a customer speak of the company, and decide whether to stay."""
    customer = customer_at(w, c)
    p = persona_at(w, phase_of(w, c), customer["persona"])
    if customer["stage"] == w["home"] and (p["churns"] == 1 or p["refers"] >= 0):
        relax(w, c)
        elapsed = w["now"] - customer["reviewed"]
        if p["refers"] >= 0:
            speak(w, c, elapsed)
        shortfall = p["rest"] - customer["satisfaction"]
        terms = p["terms"]
        if p["churn_terms_n"] > 0:
            terms = with_terms(w, terms, p["churn_terms"], p["churn_terms_n"], c)
        leaves = rules.leave_probability(p["base"], p["slope"], shortfall, terms, elapsed)
        if p["churns"] == 1 and draw(draws.fold(customer["key"], as_key(customer["reviews"])), U_LEAVE) < leaves:
            if p["bound"] == 1:
                give_notice(w, c)
            else:
                leave(w, c, NONE)
                part(w, c)
    customer["reviewed"] = w["now"]
    customer["reviews"] += 1


@compiled
def begin_term(w: Record, c: Whole, ends: float) -> None:
    """Let a term of a contract begin: what comes before its end, and its end."""
    now, customer, relation = w["now"], customer_at(w, c), relation_at(w, c, ZERO)
    relation["terms"] += 1
    row, term = np.int64(customer["row"]), np.int64(relation["terms"])
    decides = ends - persona_at(w, phase_of(w, c), customer["persona"])["notice"]
    if decides >= now:
        put(w, decides, R_REVIEW, row, ZERO, term, DECIDE, c, ZERO)
    put(w, ends, R_REVIEW, row, ZERO, term, END_TERM, c, ZERO)
    for j in range(w["n_journeys"]):
        journey = journey_at(w, phase_of(w, c), j)
        if journey["trigger"] == RENEWAL and ends - journey["every"] >= now:
            put(w, ends - journey["every"], R_ARRIVAL, row, j, term, RENEW, c, j)


@compiled
def in_term(w: Record, c: Whole, j: Whole, kind: Whole) -> None:
    """Do something that belongs to the term of a contract that is running."""
    if kind == DECIDE:
        decide(w, c)
    elif kind == END_TERM:
        end_term(w, c)
    else:
        renew(w, c, j)


@compiled
def give_notice(w: Record, c: Whole) -> None:
    """Let a customer announce that they leave at the end of the term, and open what opens then."""
    relation, customer_key = relation_at(w, c, ZERO), customer_at(w, c)["key"]
    n = np.int64(relation["notices"])
    relation["notice"] = 1
    relation["notices"] += 1
    for j in range(w["n_journeys"]):
        journey = journey_at(w, phase_of(w, c), j)
        if journey["trigger"] == NOTICE:
            key = draws.fold(m_journey_name(w, j), as_key(n))
            delay = vary(w, journey["delay"], draw(draws.fold(customer_key, key), U_DELAY))
            open_later(w, c, j, key, delay, j, n, NONE, ZERO)


@compiled
def renew(w: Record, c: Whole, j: Whole) -> None:
    """Open a journey before a contract is renewed."""
    if relation_at(w, c, ZERO)["notice"] == 0:
        n = np.int64(relation_at(w, c, ZERO)["terms"]) - 1
        open_issue(w, c, j, draws.fold(m_journey_name(w, j), as_key(n)), j, n, NONE, ZERO)


@compiled
def end_term(w: Record, c: Whole) -> None:
    """Let a customer go who has given notice; for others the next term begins."""
    if relation_at(w, c, ZERO)["notice"] == 1:
        leave(w, c, NONE)
        part(w, c)
    else:
        begin_term(w, c, w["now"] + persona_at(w, phase_of(w, c), customer_at(w, c)["persona"])["term"])


@compiled
def speak(w: Record, c: Whole, elapsed: float) -> None:
    """Let a customer bring somebody, and keep somebody else away, by how satisfied they are."""
    customer = customer_at(w, c)
    p = persona_at(w, phase_of(w, c), customer["persona"])
    j = p["refers"]
    if journey_at(w, w["phase"], j)["dormant"] == 1:
        return
    key, n = customer["key"], np.int64(customer["reviews"])
    shortfall = p["rest"] - customer["satisfaction"]
    chance = rules.speak_probability(p["refer_rate"], -p["refer_slope"], shortfall, elapsed)
    if draw(draws.fold(key, as_key(n)), U_REFER) < chance:
        own = draws.fold(draws.fold(key, as_key(U_REFERRAL)), as_key(n))
        welcome(w, j, own, NONE - np.int64(customer["row"]), n)
    if p["deters"] == 1:
        chance = rules.speak_probability(p["deter_rate"], p["deter_slope"], shortfall, elapsed)
        if draw(draws.fold(key, as_key(n)), U_DETER) < chance:
            arrival_at(w, j)["deterred"] += 1


@compiled
def leave(w: Record, c: Whole, why: Whole) -> None:
    """Let a customer go: they stop waiting, finish what is in hand, and everything else is off."""
    customer, now = customer_at(w, c), w["now"]
    relax(w, c)
    accrue(w, c)
    if customer["stage"] != w["home"]:
        customer["since"] = now
    end_spell(w, c, now, ONE)
    customer["left"] = now
    customer["stage"] = w["left"]
    customer["times_left"] += 1
    i = np.int64(customer["pending"])
    while i >= 0:
        following = issue_at(w, i)["next"]
        free_issue(w, i)
        i = following
    customer["pending"] = NONE
    if w["n_relation"] == 1:
        relation_at(w, c, ZERO)["why"] = why
        relation_at(w, c, ZERO)["notice"] = 0
    i = np.int64(customer["issues"])
    while i >= 0:
        issue = issue_at(w, i)
        following = issue["next"]
        if issue["state"] == WAITING:
            stop_waiting(w, i)
            issue["wait"] += waited(w, i, now)
            record_visit(w, i, now, BY_LEAVING, issue["mood"], 0.0, 0.0, 0.0, NONE)
            close_left(w, i)
        elif issue["state"] != SERVED:
            close_left(w, i)
        i = following
    entered(w, c)


@compiled
def come_back(w: Record, c: Whole) -> None:
    """Let somebody who left be a customer again: as satisfied as then, with everything else going on."""
    customer, now = customer_at(w, c), w["now"]
    relax(w, c)
    customer["left"] = nan
    customer["reviewed"] = now
    if isnan(customer["satisfaction_start"]) and now >= w["warmup"]:
        customer["satisfaction_start"] = customer["satisfaction"]
    p = persona_at(w, phase_of(w, c), customer["persona"])
    if p["bound"] == 1 and not isnan(customer["joined"]):
        begin_term(w, c, now + p["term"])


@compiled
def part(w: Record, c: Whole) -> None:
    """Let go of somebody who is no customer, once nothing is open and nothing awaits them."""
    customer = customer_at(w, c)
    if not isnan(customer["joined"]) and (isnan(customer["left"]) or w["nobody_is_forgotten"] == 1):
        return
    if customer["issues"] < 0 and customer["pending"] < 0:
        relax(w, c)
        record_customer(w, c)
        give_back_place(w, c)


@compiled
def end_spell(w: Record, c: Whole, until: float, left: Whole) -> None:
    """Write down a time of being a customer, and that somebody has left whatever they were."""
    customer = customer_at(w, c)
    since = customer["since"]
    if not until > since and left == 0:
        return
    if since <= w["warmup"] <= until and until > since:
        customer["present"] = 1
        if until < w["horizon"]:
            customer["lost"] = 1
    row = spell_row(w, w["spell_rows"])
    w["spell_rows"] += 1
    w["rows"] += 1
    row["customer"] = customer["row"]
    row["persona"] = customer["group"]
    row["since"] = since
    row["until"] = until
    row["back"] = since > customer["joined"]
    row["left"] = left
    for product in range(w["n_products"]):
        end_holding(w, c, product, until)


@compiled
def end_holding(w: Record, c: Whole, product: Whole, until: float) -> None:
    """Write down a time of being a customer and holding a product, if they do."""
    customer, held = customer_at(w, c), product_at(w, c, product)
    since = max(customer["since"], held["since"])
    if isnan(held["since"]) or not until > since:
        return
    if since <= w["warmup"] <= until:
        held["at_start"] = 1
    row = holding_row(w, w["holding_rows"])
    w["holding_rows"] += 1
    w["rows"] += 1
    row["customer"] = customer["row"]
    row["product"] = product
    row["persona"] = customer["group"]
    row["kept"] = customer["kept"]
    row["since"] = since
    row["until"] = until if until < inf else nan


# ---- the window ------------------------------------------------------------------------------------------------------


@compiled
def begin_phase(w: Record, f: Whole) -> None:
    """Let a change take effect; what was felt and earned until now was so under what was before."""
    c = w["oldest"]
    while c >= 0:
        if isnan(customer_at(w, c)["left"]):
            relax(w, c)
            accrue(w, c)
        c = np.int64(customer_at(w, c)["after"])
    w["phase"] = f
    for k in range(w["n_pools"]):
        contacts = people_at(w, f, k)["contacts"]
        if contacts != pool_at(w, k)["contacts"]:
            hold(w, k, contacts)
            match(w, k)


@compiled
def open_window(w: Record) -> None:
    """Begin to measure: from now on money counts."""
    w["measuring"] = 1
    c = w["oldest"]
    while c >= 0:
        customer = customer_at(w, c)
        customer["revenue"] = 0.0
        customer["cost"] = 0.0
        if isnan(customer["left"]):
            relax(w, c)
            customer["satisfaction_start"] = customer["satisfaction"]
            customer["accrued"] = w["now"]
        c = np.int64(customer["after"])


# ---- records ---------------------------------------------------------------------------------------------------------


@inlined
def record_visit(
    w: Record,
    i: Whole,
    ended: float,
    outcome: Whole,
    mood_after: float,
    cost: float,
    overtime: float,
    revenue: float,
    stage: Whole,
) -> None:
    issue = issue_at(w, i)
    row = visit_row(w, w["visit_rows"])
    w["visit_rows"] += 1
    w["rows"] += 1
    row["customer"] = issue["row"]
    row["journey"] = issue["number"]
    row["visit"] = issue["visits"]
    customer = customer_at(w, issue["customer"])
    row["persona"] = customer["group"]
    row["kept"] = customer["kept"]
    row["goal"] = journey_at(w, phase_of(w, issue["customer"]), issue["journey"])["goal"]
    row["step"] = issue["step"]
    row["touchpoint"] = issue["touchpoint"]
    row["channel"] = issue["channel"]
    row["pool"] = issue["pool"]
    row["department"] = m_department(w, w["phase"], issue["pool"]) if issue["pool"] >= 0 else NONE
    row["member"] = issue["member"]
    row["joined"] = issue["joined"]
    row["started"] = issue["started"]
    row["ended"] = ended
    row["outcome"] = outcome
    row["callback"] = issue["callback"]
    row["mood_before"] = issue["mood_before"]
    row["mood_after"] = mood_after
    row["cost"] = cost
    row["overtime"] = overtime
    row["attention"] = issue["attention"]
    row["revenue"] = revenue
    row["stage"] = stage


@compiled
def record_journey(
    w: Record, i: Whole, closed: float, end: Whole, good: Whole, experience: float, revenue: float, stage: Whole
) -> None:
    issue = issue_at(w, i)
    customer = customer_at(w, issue["customer"])
    row = journey_row(w, w["journey_rows"])
    w["journey_rows"] += 1
    w["rows"] += 1
    row["customer"] = issue["row"]
    row["journey"] = issue["number"]
    row["origin_journey"] = issue["origin_journey"]
    row["origin_n"] = issue["origin_n"]
    row["origin"] = issue["origin"]
    row["persona"] = customer["group"]
    row["kept"] = customer["kept"]
    row["began"] = issue["began"]
    row["goal"] = journey_at(w, phase_of(w, issue["customer"]), issue["journey"])["goal"]
    row["opened"] = issue["opened"]
    row["closed"] = closed
    row["end"] = end
    row["good"] = good
    row["visits"] = issue["visits"]
    row["contacts"] = issue["contacts"]
    row["failure_contacts"] = issue["failure_contacts"]
    row["channels"] = issue["channels"]
    row["handoffs"] = issue["handoffs"]
    row["repeats"] = issue["repeats"]
    row["wait"] = issue["wait"]
    row["satisfaction_before"] = issue["satisfaction_before"]
    row["satisfaction_after"] = nan if isnan(closed) else customer["satisfaction"]
    row["experience"] = experience
    row["asked"] = issue["asked"] > 0
    row["answered"] = issue["score"] >= 0
    row["score"] = issue["score"]
    row["scored"] = issue["scored"]
    row["revenue"] = revenue
    row["stage"] = stage


@compiled
def record_effect(
    w: Record, c: Whole, e: Whole, cause: Whole, journey: Whole, visit: Whole, n: Whole, goal: Whole
) -> None:
    """Write down that an event, or a clock on a visit, took effect on somebody."""
    customer = customer_at(w, c)
    row = effect_row(w, w["effect_rows"])
    w["effect_rows"] += 1
    w["rows"] += 1
    row["customer"] = customer["row"]
    row["persona"] = customer["group"]
    row["kept"] = customer["kept"]
    row["cause"] = cause
    row["journey"] = journey
    row["visit"] = visit
    row["nth"] = n
    row["goal"] = goal
    row["at"] = w["now"]
    row["revenue"] = effects_at(w, e)["revenue"]
    row["stage"] = effects_at(w, e)["stage"]


@compiled
def record_customer(w: Record, c: Whole) -> None:
    """Write down a customer; money earned and spent before the window does not count."""
    customer = customer_at(w, c)
    row = customer_row(w, w["customer_rows"])
    w["customer_rows"] += 1
    w["rows"] += 1
    row["customer"] = customer["row"]
    row["origin"] = customer["origin"]
    row["k"] = customer["k"]
    row["persona"] = customer["group"]
    row["stage"] = customer["stage"]
    row["present"] = customer["present"]
    row["joined"] = customer["joined"]
    row["left"] = customer["left"]
    row["why"] = relation_at(w, c, ZERO)["why"] if w["n_relation"] == 1 else NONE
    row["satisfaction_start"] = customer["satisfaction_start"]
    row["satisfaction_end"] = customer["satisfaction"]
    row["revenue"] = customer["revenue"] if w["measuring"] == 1 else 0.0
    row["cost"] = customer["cost"] if w["measuring"] == 1 else 0.0
    if customer["present"] == 1 and w["n_products"] > 0:
        record_holders(w, c)


@compiled
def record_holders(w: Record, c: Whole) -> None:
    """Write down what a customer held when the window opened, or that it was nothing."""
    nothing = True
    for product in range(w["n_products"]):
        if product_at(w, c, product)["at_start"] == 1:
            record_holder(w, c, product)
            nothing = False
    if nothing:
        record_holder(w, c, NONE)


@compiled
def record_holder(w: Record, c: Whole, product: Whole) -> None:
    customer = customer_at(w, c)
    row = holder_row(w, w["holder_rows"])
    w["holder_rows"] += 1
    w["rows"] += 1
    row["product"] = product
    row["lost"] = customer["lost"]
    row["satisfaction_end"] = customer["satisfaction"]


# ---- the run ---------------------------------------------------------------------------------------------------------


@entry
def begin(world: Record, population: Whole, on_dates: Any, arriving: Any) -> None:
    """Put on the calendar what goes on by itself, and let those come who are there at the start.

    Parameters
    ----------
    population
        How many customers there are at the start.
    on_dates
        Minutes at which journeys open for all, NaN where they do not; shape (J, dates).
    arriving
        Whether people arrive for a journey, shape (J,).
    """
    w = world[0]
    for f in range(1, w["n_phases"]):
        put(w, m_start(w, f), R_CHANGE, ZERO, ZERO, ZERO, IN_PHASE, f, ZERO)
    for k in range(w["n_pools"]):
        next_week(world, k)
    for k in range(population):
        c = newcomer(w, address(w, U_START, k), FROM_START, k, NONE)
        settle(w, c, ONE)
    put(w, w["warmup"], R_WINDOW, ZERO, ZERO, ZERO, IN_WINDOW, ZERO, ZERO)
    next_join(w)
    for j in range(w["n_journeys"]):
        if arriving[j]:
            arrival_at(w, j)["root"] = draws.fold(w["key"], m_arrival_name(w, j))
            next_arrival(w, j)
        for date in on_dates[j]:
            if not isnan(date):
                put(w, date, R_ARRIVAL, ZERO, ZERO, ZERO, ON_DATE, j, ZERO)
    for m in range(w["n_moments"]):
        put(w, moment_at(w, m)["time"], R_ARRIVAL, ZERO, ZERO, 1 + moment_at(w, m)["event"], HAPPEN, m, ZERO)


@inlined
def is_same_visit(w: Record, i: Whole, event: Record) -> bool:
    """Whether an event is about the visit that now goes on in an issue's record."""
    issue = issue_at(w, i)
    if as_key(issue["row"]) != event["order"] & as_key(0xFFFFFFFF):
        return False
    return as_key((np.int64(issue["number"]) << 32) | np.int64(issue["visits"])) == event["place"]


@compiled
def is_same_customer(w: Record, c: Whole, event: Record) -> bool:
    """Whether an event is about who now has a place."""
    return as_key(np.int64(customer_at(w, c)["row"])) == event["order"] & as_key(0xFFFFFFFF)


@compiled
def is_same_term(w: Record, c: Whole, event: Record) -> bool:
    """Whether an event is about the term of a contract that is running."""
    term = as_key(np.int64(relation_at(w, c, ZERO)["terms"]))
    return isnan(customer_at(w, c)["left"]) and term == event["place"] & as_key(0xFFFFFFFF)


@compiled
def room(w: Record, spare: Whole) -> Whole:
    """How many more events there surely is room for: one can bring one customer and so many of all else."""
    others = min(
        w["room_issues"] - w["issues"],
        w["room_events"] - w["events"],
        w["room_starting"] - w["starting"],
        w["room_origins"] - w["origins"],
    )
    return min(w["room_customers"] - w["slots"], others // spare)


@compiled
def room_on_duty(w: Record, k: Whole) -> bool:
    """Whether a pool has room for those who come on duty now, beside those who are still busy."""
    pool = pool_at(w, k)
    coming = duty_at(w, duty_of(w, k)["first"] + pool["at"])["people"]
    return pool["idle"] + pool["busy"] + coming + 2 < w["n_members"]


@entry
def advance(world: Record, spare: Whole, block: Whole) -> Whole:
    """Let things happen until the horizon, or until an array has to be made larger or a block written away.

    Returns
    -------
    int
        `DONE`, `GROW` (make room for `spare` more), `FULL` (write the rows away), `STUCK` (a journey goes round),
        `LOOKED` (work out what follows for the pool `looking`).
    """
    w = world[0]
    events = ZERO  # so many there is room for
    while True:
        if w["rows"] >= block:
            return FULL
        if events == 0:
            events = room(w, spare)
            if events == 0:
                return GROW
        events -= 1
        if w["starting"] > 0 and w["passing"] < 0:  # an event goes through everybody before anything starts
            kind, a, b = parts_of(starting_at(w, w["first"])["what"])
            w["first"] = (w["first"] + 1) % w["room_starting"]
            w["starting"] -= 1
        else:
            if w["in_heap"] == 0:
                if not next_bucket(w):
                    return DONE
                empty_bucket(w)
            event = event_at(w, soon_at(w, 0)["event"])
            kind, a, b = parts_of(event["what"])
            if kind == ON_DATE and room(w, spare + w["slots"]) == 0:
                return GROW
            if kind == ON_SHIFT and not room_on_duty(w, a):
                return GROW
            w["now"] = event["time"]
            if kind == HAPPEN:
                why = go_through(w, a, spare, block)
                if why != DONE:
                    return why
                events = ZERO
            take_first(w)
            look_ahead(w)
        target, outcome, o, overtime = AGAIN_CODE, NONE, NONE, 0.0
        if kind == SERVICE_END:
            o, overtime = end_service(w, a)
            outcome = outcome_at(w, o)["name"]
        elif kind == START_ISSUE:
            if issue_at(w, a)["state"] == OPEN and issue_at(w, a)["number"] & 0xFFFF == b:
                target = np.int64(issue_at(w, a)["target"])
        elif kind == ABANDON:
            if is_same_visit(w, a, event) and issue_at(w, a)["state"] == WAITING and issue_at(w, a)["line"] == 1:
                stop_waiting(w, a)
                outcome = BY_ABANDONING
        elif kind == MISS:
            call_in_vain(w, a)
            outcome = BY_MISSING
        elif kind in (OVERFLOW, HURRY, OFFER):
            if is_same_visit(w, a, event) and issue_at(w, a)["state"] == WAITING:
                if kind == OVERFLOW:
                    overflow(w, a, b)
                elif kind == HURRY:
                    hurry(w, a)
                else:
                    offer_call(w, a)
        elif kind == DELAY:
            issue = issue_at(w, a)
            if (
                issue["state"] == DELAYED
                and as_key(issue["row"]) == event["order"] & as_key(0xFFFFFFFF)
                and as_key((np.int64(issue["number"]) << 32) | np.int64(issue["visits"] + 1)) == event["place"]
            ):
                if issue["due"] > w["now"]:  # it was put off
                    put(w, issue["due"], R_ARRIVAL, issue["row"], issue["number"], issue["visits"] + 1, DELAY, a, ZERO)
                else:
                    target = np.int64(issue["target"])
        elif kind in (NEEDING, PERIOD):
            if is_same_customer(w, a, event):
                once_more(w, a, b, kind)
        elif kind == REVIEW:
            if is_same_customer(w, a, event):
                review(w, a)
        elif kind == JOIN:
            join_in(w)
        elif kind == START_NEED:
            start_need(w, a, b)
        elif kind == START_EVERY:
            start_every(w, a, b)
        elif kind == LOOK:
            count_work(w, a)
            w["looking"] = a
            return LOOKED
        elif kind >= DECIDE:
            if is_same_customer(w, a, event) and is_same_term(w, a, event):
                in_term(w, a, b, kind)
        elif kind == ARRIVE:
            arrive(w, a)
        elif kind == LATER:
            come_due(w, a, event["order"] & as_key(0xFFFFFFFF))
        elif kind == SEE:
            if is_same_customer(w, a, event):
                place = event["place"]
                see(w, a, np.int64(place >> as_key(32)), np.int64(place & as_key(0xFFFFFFFF)), b)
        elif kind == ON_SHIFT:
            on_shift(w, a)
        elif kind == STRIKE:
            still = is_same_visit(w, a, event) and issue_at(w, a)["state"] in (WAITING, SERVED)
            if still and issue_at(w, a)["times_left"] == customer_at(w, issue_at(w, a)["customer"])["times_left"]:
                strike(w, a, b)
        elif kind == ON_DATE:
            open_for_all(w, a)
            events = ZERO  # it may have brought more than one event does
        elif kind == IN_PHASE:
            begin_phase(w, a)
        elif kind == IN_WINDOW:
            open_window(w)
        if go_on(w, a, target, outcome, o, overtime):
            return STUCK


@entry
def finish(world: Record, first: Whole, most: Whole) -> Whole:
    """Bring those still here up to date and record them and what is open, until rows run out; return who is next."""
    w = world[0]
    w["now"] = w["horizon"]
    c = first
    while c >= 0:
        if w["rows"] + most >= w["room_rows"]:
            return c
        customer = customer_at(w, c)
        if isnan(customer["left"]):
            relax(w, c)
            accrue(w, c)
            if customer["stage"] == w["home"]:
                end_spell(w, c, inf, ZERO)
        i = np.int64(customer["issues"])
        while i >= 0:
            issue = issue_at(w, i)
            if issue["state"] == WAITING or issue["state"] == SERVED:
                overtime = 0.0
                if issue["pool"] >= 0:
                    overtime = tell_apart(w, i)
                record_visit(w, i, nan, NONE, nan, 0.0, overtime, 0.0, NONE)
            record_journey(w, i, nan, NONE, NONE, nan, 0.0, NONE)
            i = issue["next"]
        record_customer(w, c)
        c = np.int64(customer["after"])
    return c
