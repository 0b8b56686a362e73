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
from sim.arrays import AFTER, AGAIN_CODE, EVERY, JOINING, NEED, NONE
from sim.engines.calendar import Rank
from sim.engines.jit import compiled, inlined
from sim.engines.memory import view
from sim.engines.world import (
    arrival_at,
    attempt_at,
    bucket_at,
    channel_at,
    condition_at,
    curve_at,
    customer_at,
    customer_row,
    duty_at,
    duty_of,
    effects_at,
    end_at,
    event_at,
    idle_at,
    issue_at,
    journey_at,
    journey_row,
    knot_at,
    law_at,
    m_add,
    m_after_end,
    m_arrival_name,
    m_begin,
    m_begin_n,
    m_comes,
    m_department,
    m_drop,
    m_end_name,
    m_journey_name,
    m_knots_at,
    m_knots_value,
    m_lines,
    m_need_curve,
    m_open_journey,
    m_open_p,
    m_outcome_weight,
    m_overflow,
    m_patience,
    m_place_name,
    m_pool,
    m_priorities,
    m_product_name,
    m_products,
    m_review_every,
    m_serves,
    m_start,
    m_start_step,
    m_start_weight,
    m_target_weight,
    m_tilt,
    m_trait_matters,
    m_trait_set,
    m_traits,
    m_who_persona,
    m_who_product,
    m_who_stage,
    m_who_trait,
    member_at,
    need_at,
    origin_at,
    outcome_at,
    persona_at,
    place_at,
    pool_at,
    product_at,
    queue_at,
    seen_at,
    soon_at,
    spell_row,
    starting_at,
    step_at,
    target_at,
    touchpoint_at,
    trait_at,
    visit_row,
)
from sim.rules import AN_HOUR, MOST_VISITS, THREE_DAYS

Record = Any  # in place: what is written to it stays
Key = Any  # 64 bits
Whole = Any  # an int64
as_key: Any = np.uint64


def _numbered(how_many: int) -> Any:
    """Numbers from 0 on, of the one integer type that helpers are compiled for."""
    return tuple(np.int64(n) for n in range(how_many))


ZERO, ONE = _numbered(2)
FREE, PENDING, OPEN, WAITING, SERVED, DELAYED = _numbered(6)
DONE, GROW, FULL, STUCK = _numbered(4)
# What happens: an event's kind, and with whom.
(
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
) = _numbered(14)
START_ISSUE, START_REVIEWS, START_NEED, START_EVERY = _numbered(4)
BY_ABANDONING, BY_CLOSING, BY_BLOCKING, BY_LEAVING, AS_RESOLVED, AS_UNRESOLVED = _numbered(6)  # arrays.OUTCOMES
END_RESOLVED, END_GIVE_UP, END_LEFT = _numbered(3)  # arrays.ENDS
FROM_START, FROM_JOINING, FROM_ARRIVAL = _numbered(3)

R_WINDOW, R_CHANGE, R_SHIFT_END, R_SHIFT_START = (
    np.int64(Rank.WINDOW),
    np.int64(Rank.CHANGE),
    np.int64(Rank.SHIFT_END),
    np.int64(Rank.SHIFT_START),
)
R_SERVICE_END, R_OVERFLOW, R_ABANDONMENT = (
    np.int64(Rank.SERVICE_END),
    np.int64(Rank.OVERFLOW),
    np.int64(Rank.ABANDONMENT),
)
R_REVIEW, R_ARRIVAL = np.int64(Rank.REVIEW), np.int64(Rank.ARRIVAL)


_PURPOSES = (
    "start", "join", "gap", "persona", "product", "need", "neediness", "phase", "joining", "pilot", "start",
    "difficulty", "patience", "service", "outcome", "holds", "delay", "next", "opens", "follows", "asked", "answer",
    "score", "leave", "review", "kept",
)  # fmt: skip
(
    U_START, U_JOIN, U_GAP, U_PERSONA, U_PRODUCT, U_NEED, U_NEEDINESS, U_PHASE, U_JOINING, U_PILOT, U_BEGIN,
    U_DIFFICULTY, U_PATIENCE, U_SERVICE, U_OUTCOME, U_HOLDS, U_DELAY, U_NEXT, U_OPENS, U_FOLLOWS, U_ASKED, U_ANSWER,
    U_SCORE, U_LEAVE, U_REVIEW, U_KEPT,
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
    height = knot_at(w, i + 1)["number"] - knot_at(w, i)["number"]
    return (
        knot_at(w, i)["time"]
        + (knot_at(w, i + 1)["time"] - knot_at(w, i)["time"]) * (count - knot_at(w, i)["number"]) / height
    )


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
    width = knot_at(w, i + 1)["time"] - knot_at(w, i)["time"]
    return (
        knot_at(w, i)["number"]
        + (knot_at(w, i + 1)["number"] - knot_at(w, i)["number"]) * (time - knot_at(w, i)["time"]) / width
    )


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
    """Take the first event off the calendar."""
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


@compiled
def next_change(w: Record, k: Whole) -> None:
    """Put the next change of a pool's headcount on the calendar."""
    pool = pool_at(w, k)
    at = duty_of(w, k)["first"] + pool["at"]
    if at < duty_of(w, k)["last"]:
        rank = R_SHIFT_END if duty_at(w, at)["people"] < pool["people"] else R_SHIFT_START
        put(w, duty_at(w, at)["time"], rank, k, ZERO, ZERO, ON_SHIFT, k, ZERO)


@compiled
def on_shift(w: Record, k: Whole) -> None:
    """Let people come on and go off duty."""
    pool = pool_at(w, k)
    people = duty_at(w, duty_of(w, k)["first"] + pool["at"])["people"]
    if people < pool["people"]:
        fall(w, k, pool["people"] - people)
    else:
        rise(w, k, people - pool["people"])
        match(w, k)
    pool["people"] = people
    pool["at"] += 1
    next_change(w, k)


@compiled
def rise(w: Record, k: Whole, people: Whole) -> None:
    pool = pool_at(w, k)
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
            member_at(w, k, member)["is_leaving"] = 1
            member_at(w, k, member)["leaving"] = w["now"]
            pool["staying"] = member_at(w, k, member)["next"]


@inlined
def serve(w: Record, i: Whole, k: Whole) -> None:
    """Let the longest idle member of a pool begin to serve a visit."""
    issue, pool = issue_at(w, i), pool_at(w, k)
    member = idle_at(w, k, pool["idle_first"])["member"]
    pool["idle_first"] = (pool["idle_first"] + 1) % w["n_members"]
    pool["idle"] -= 1
    pool["busy"] += 1
    record = member_at(w, k, member)
    record["previous"] = pool["tail"]
    record["next"] = NONE
    if pool["tail"] >= 0:
        member_at(w, k, pool["tail"])["next"] = member
    else:
        pool["head"] = member
    pool["tail"] = member
    if pool["staying"] < 0:
        pool["staying"] = member
    issue["pool"] = k
    issue["member"] = member
    begin_service(w, i)


@inlined
def release(w: Record, i: Whole) -> float:
    """Let the member who served a visit be idle, or go home; return the time past the end of the shift."""
    issue = issue_at(w, i)
    k, member = issue["pool"], issue["member"]
    pool, record = pool_at(w, k), member_at(w, issue["pool"], issue["member"])
    over = w["now"] - record["leaving"] if record["is_leaving"] else 0.0
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
        record["is_leaving"] = 0
        record["away"] = 1
    else:
        be_idle(w, k, member)
    return over


@inlined
def match(w: Record, k: Whole) -> None:
    """Let idle people take those who wait: by priority, by place in the touchpoint's list, by when they joined."""
    queues = w["n_queues"]
    while pool_at(w, k)["idle"] > 0:
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
    queues = w["n_queues"]
    for p in range(i * positions, (i + 1) * positions):
        place = place_at(w, p)
        if place["queue"] < 0:
            continue
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
    customer["stage"] = NONE
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
    customer["awaited"] = 0
    customer["kept"] = w["keep"] >= 1.0 or (w["keep"] > 0.0 and draw(key, U_KEPT) < w["keep"])
    customer["satisfaction"] = rest(w, c)
    customer["relaxed"] = w["now"]
    for product in range(w["n_products"]):
        share = m_products(w, f, chosen, product)
        product_at(w, c, product)["held"] = (
            share > 0.0 and draw(draws.fold(key, m_product_name(w, product)), U_PRODUCT) < share
        )
    for trait in range(w["n_traits"]):
        trait_at(w, c, trait)["value"] = m_traits(w, f, chosen, trait)
    return c


@compiled
def settle(w: Record, c: Whole, at_once: Whole) -> None:
    """Let somebody become a customer."""
    customer = customer_at(w, c)
    now, f, p = w["now"], w["phase"], np.int64(customer["persona"])
    customer["stage"] = w["home"]
    customer["joined"] = now
    customer["since"] = now
    customer["accrued"] = now
    customer["settled"] = f
    if now >= w["warmup"]:
        customer["satisfaction_start"] = customer["satisfaction"]
    if not isnan(m_review_every(w, p)):
        if at_once == 1:
            start_reviews(w, c)
        else:
            start(w, START_REVIEWS, c, ZERO)
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
            open_later(w, c, j, key, delay, j, ONE, NONE)


@compiled
def next_join(w: Record) -> None:
    w["joins_due"] -= log(1.0 - draw(address(w, U_JOIN, w["joins"]), U_GAP))
    put(w, time_of(w, ZERO, w["joins_due"]), R_ARRIVAL, w["customers"], ZERO, ZERO, JOIN, 0, ZERO)


@compiled
def join_in(w: Record) -> None:
    """Let somebody join."""
    c = newcomer(w, address(w, U_JOIN, w["joins"]), FROM_JOINING, w["joins"], NONE)
    settle(w, c, ZERO)
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
        c = newcomer(w, coming["key"], FROM_ARRIVAL + j, coming["came"], j)
        customer_at(w, c)["stage"] = journey_at(w, 0, j)["stage"]
        if customer_at(w, c)["stage"] == w["home"]:
            settle(w, c, ZERO)
        open_issue(w, c, j, draws.fold(m_journey_name(w, j), as_key(0)), j, ZERO, NONE)
        part(w, c)
    coming["came"] += 1
    next_arrival(w, j)


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
    every = journey_at(w, customer["settled"], j)["every"]
    phase = draw(draws.fold(customer["key"], m_journey_name(w, j)), U_PHASE)
    when = need_at(w, c, j)["due"] + (need_at(w, c, j)["n"] + phase) * every
    put(w, when, R_ARRIVAL, np.int64(customer["row"]), j, ZERO, PERIOD, c, j)


@compiled
def start_every(w: Record, c: Whole, j: Whole) -> None:
    need_at(w, c, j)["due"] = w["now"]
    need_at(w, c, j)["n"] = 0
    next_period(w, c, j)


@compiled
def once_more(w: Record, c: Whole, j: Whole, kind: Whole) -> None:
    """Let a need or a period come round, while somebody is there."""
    if not isnan(customer_at(w, c)["left"]):
        return
    n = np.int64(need_at(w, c, j)["n"])
    open_issue(w, c, j, draws.fold(m_journey_name(w, j), as_key(n)), j, n, NONE)
    need_at(w, c, j)["n"] = n + 1
    if kind == NEEDING:
        next_need(w, c, j)
    else:
        next_period(w, c, j)


@compiled
def open_for_all(w: Record, j: Whole) -> None:
    c = w["oldest"]
    while c >= 0:
        if isnan(customer_at(w, c)["left"]) and not isnan(customer_at(w, c)["joined"]):
            open_issue(w, c, j, draws.fold(m_journey_name(w, j), as_key(0)), j, ZERO, NONE)
        c = np.int64(customer_at(w, c)["after"])


@compiled
def new_issue(w: Record, c: Whole, j: Whole, jkey: Key, origin_journey: Whole, origin_n: Whole, origin: Whole) -> Whole:
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
    issue["journey"] = j
    issue["key"] = jkey
    issue["origin_journey"] = origin_journey
    issue["origin_n"] = origin_n
    issue["origin"] = origin
    return i


@compiled
def free_issue(w: Record, i: Whole) -> None:
    issue_at(w, i)["state"] = FREE
    issue_at(w, i)["next"] = w["free"]
    w["free"] = i


@compiled
def open_later(
    w: Record, c: Whole, j: Whole, jkey: Key, delay: float, origin_journey: Whole, origin_n: Whole, origin: Whole
) -> None:
    """Open a journey after a delay, if the customer is still there."""
    if delay > 0:
        i = new_issue(w, c, j, jkey, origin_journey, origin_n, origin)
        customer_at(w, c)["awaited"] += 1
        put(w, w["now"] + delay, R_ARRIVAL, issue_at(w, i)["row"], ZERO, ZERO, LATER, i, ZERO)
    elif isnan(customer_at(w, c)["left"]):
        open_issue(w, c, j, jkey, origin_journey, origin_n, origin)


@compiled
def open_issue(w: Record, c: Whole, j: Whole, jkey: Key, origin_journey: Whole, origin_n: Whole, origin: Whole) -> None:
    if meant_for(w, c, j):
        opened(w, new_issue(w, c, j, jkey, origin_journey, origin_n, origin))


@inlined
def opened(w: Record, i: Whole) -> None:
    """Open an issue that has its record."""
    issue = issue_at(w, i)
    c, j, f = issue["customer"], issue["journey"], w["phase"]
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
    issue["target"] = first_step(w, i)
    start(w, START_ISSUE, i, ZERO)


@compiled
def meant_for(w: Record, c: Whole, j: Whole) -> bool:
    """Whether a journey exists now and a customer meets its condition."""
    journey = journey_at(w, w["phase"], j)
    if journey["dormant"] == 1:
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
            if product_at(w, c, product)["held"] and m_who_product(w, n, product):
                held = True
        if not held:
            return False
    if condition["any_trait"] == 0:
        for trait in range(w["n_traits"]):
            if m_trait_matters(w, n, trait):
                value = trait_at(w, c, trait)["value"]
                if value < 0 or not m_who_trait(w, n, trait, value):
                    return False
    if condition["share"] >= 1:
        return True
    return draw(draws.fold(customer["key"], condition["name"]), U_PILOT) < condition["share"]


@inlined
def first_step(w: Record, i: Whole) -> Whole:
    f, issue = w["phase"], issue_at(w, i)
    only = journey_at(w, f, issue["journey"])["only_start"]
    if only >= 0:
        return only
    p = customer_at(w, issue["customer"])["persona"]
    first = m_begin(w, f, p, issue["journey"])
    last = first + m_begin_n(w, f, p, issue["journey"])
    return m_start_step(
        w, first + rules.choose(view(m_start_weight(w, first), last - first), draw(issue["key"], U_BEGIN))
    )


# ---- an issue's life -------------------------------------------------------------------------------------------------


@inlined
def go_on(w: Record, i: Whole, target: Whole) -> bool:
    """Live through an issue from a step or end on, until time has to pass; return whether it went round for ever."""
    issue = issue_at(w, i)
    while True:
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
        target = after_visit(w, i, outcome, NONE, 0.0)
        if target == AGAIN_CODE:
            return False


@inlined
def after_visit(w: Record, i: Whole, outcome: Whole, o: Whole, overtime: float) -> Whole:
    """Conclude a visit and return the step or end that follows at once, or that none does."""
    issue = issue_at(w, i)
    conclude(w, i, outcome, o, overtime)
    if not isnan(customer_at(w, issue["customer"])["left"]):
        c = issue["customer"]
        close_left(w, i)
        go_away(w, c)
        return AGAIN_CODE
    target, delay = next_target(w, i, outcome, o)
    if not delay > 0:
        return target
    issue["state"] = DELAYED
    issue["target"] = target
    when = w["now"] + delay
    put(w, when, R_ARRIVAL, issue["row"], issue["number"], issue["visits"] + 1, DELAY, i, ZERO)
    return AGAIN_CODE


@inlined
def attend(w: Record, i: Whole, step: Whole) -> Whole:
    """Try to be served; return the outcome if the visit is over at once, else −1."""
    issue = issue_at(w, i)
    f, now = w["phase"], w["now"]
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
    issue["visits"] += 1
    if issue["visits"] == 1:
        issue["began"] = channel
    issue["mood_before"] = issue["mood"]
    attempt_at(w, i, t)["n"] += 1
    issue["again"] = attempt_at(w, i, t)["n"] > 1
    issue["visit_key"] = draws.visit(issue["key"], m_place_name(w, t), as_key(attempt_at(w, i, t)["n"]))
    if seen_at(w, i, channel)["n"] == 0:
        seen_at(w, i, channel)["n"] = 1
        issue["channels"] += 1
    first, pools = touchpoint["pools"], touchpoint["pools_n"]
    if pools > 0:
        staffed = False
        for position in range(pools):
            k = m_pool(w, first + position)
            if m_serves(w, f, issue["journey"], k) and pool_at(w, k)["people"] > 0:
                staffed = True
        if not staffed:
            return BY_CLOSING
    if 0 <= m_lines(w, f, channel) <= channel_at(w, channel)["n"]:
        return BY_BLOCKING
    issue["noticed"] = 1
    channel_at(w, channel)["n"] += 1
    if pools > 0:
        join_queue(w, i)
    else:
        begin_service(w, i)
    return NONE


@inlined
def join_queue(w: Record, i: Whole) -> None:
    """Join the first listed pool with somebody idle, or wait for those listed while patience lasts."""
    issue = issue_at(w, i)
    f, now, c = w["phase"], w["now"], issue["customer"]
    touchpoint = touchpoint_at(w, f, issue["touchpoint"])
    first, pools = touchpoint["pools"], touchpoint["pools_n"]
    for position in range(pools):
        k = m_pool(w, first + position)
        if m_overflow(w, first + position) == 0 and m_serves(w, f, issue["journey"], k) and pool_at(w, k)["idle"] > 0:
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
    law = m_patience(w, f, customer_at(w, c)["persona"], issue["touchpoint"])
    if law >= 0:
        until = now + vary(w, law, draw(issue["visit_key"], U_PATIENCE))
        put(w, until, R_ABANDONMENT, issue["row"], issue["number"], issue["visits"], ABANDON, i, ZERO)


@compiled
def priority(w: Record, i: Whole) -> Whole:
    """Place of a visit's priority among all: the step's, else the journey's, else the persona's."""
    f, issue = w["phase"], issue_at(w, i)
    step, journey = step_at(w, f, issue["step"]), journey_at(w, f, issue["journey"])
    stated = persona_at(w, f, customer_at(w, issue["customer"])["persona"])["priority"]
    if journey["has_priority"] == 1:
        stated = journey["priority"]
    if step["has_priority"] == 1:
        stated = step["priority"]
    for place in range(w["n_priorities"]):
        if m_priorities(w, place) == stated:
            return place
    return w["n_priorities"]


@compiled
def overflow(w: Record, i: Whole, position: Whole) -> None:
    """Let one more pool see a visit that still waits."""
    issue = issue_at(w, i)
    k = m_pool(w, touchpoint_at(w, issue["phase"], issue["touchpoint"])["pools"] + position)
    if pool_at(w, k)["idle"] > 0:
        stop_standing(w, i)
        serve(w, i, k)
    else:
        stand(w, i, k, position)


@inlined
def begin_service(w: Record, i: Whole) -> None:
    issue = issue_at(w, i)
    now = w["now"]
    issue["state"] = SERVED
    issue["started"] = now
    minutes = vary(w, step_at(w, issue["phase"], issue["step"])["service"], draw(issue["visit_key"], U_SERVICE))
    if issue["difficulty"] != 0.0:
        time = journey_at(w, w["phase"], issue["journey"])["time"]
        minutes = rules.slowed(minutes, time, issue["difficulty"])
    put(w, now + minutes, R_SERVICE_END, issue["row"], issue["number"], issue["visits"], SERVICE_END, i, ZERO)


@inlined
def end_service(w: Record, i: Whole) -> Whole:
    """End a service and return the step or end that follows at once."""
    issue = issue_at(w, i)
    channel_at(w, issue["channel"])["n"] -= 1
    overtime = 0.0
    if issue["pool"] >= 0:
        overtime = release(w, i)
        match(w, issue["pool"])
    step = step_at(w, issue["phase"], issue["step"])
    o, n = step["outcomes"], step["outcomes_n"]
    if n > 1:
        o += which_outcome(w, i, o, n)
    return after_visit(w, i, outcome_at(w, o)["name"], o, overtime)


@compiled
def which_outcome(w: Record, i: Whole, first: Whole, n: Whole) -> Whole:
    """Choose among the outcomes of a step."""
    issue = issue_at(w, i)
    weights, u = view(m_outcome_weight(w, first), n), draw(issue["visit_key"], U_OUTCOME)
    if issue["difficulty"] == 0.0:
        return rules.choose(weights, u)
    return rules.choose_tilted(weights, view(m_tilt(w, w["phase"], first), n), issue["difficulty"], u)


@inlined
def stop_waiting(w: Record, i: Whole) -> None:
    stop_standing(w, i)
    issue_at(w, i)["state"] = OPEN
    channel_at(w, issue_at(w, i)["channel"])["n"] -= 1


@inlined
def conclude(w: Record, i: Whole, outcome: Whole, o: Whole, overtime: float) -> None:
    """Settle what a visit cost, how it felt and what it set off, now that it ended; `o` is −1 if it was not served."""
    issue = issue_at(w, i)
    c, now = issue["customer"], w["now"]
    customer = customer_at(w, c)
    waited = (issue["started"] if o >= 0 else now) - issue["joined"]
    issue["wait"] += waited
    cost = 0.0
    if o >= 0:
        issue["contacts"] += 1
        cost = touchpoint_at(w, issue["phase"], issue["touchpoint"])["cost"]
        customer["cost"] += cost
    if outcome != BY_LEAVING:
        feel(w, i, outcome, o, waited)
    revenue, stage = 0.0, NONE
    if o >= 0 and isnan(customer["left"]):
        e = outcome_at(w, o)["effects"]
        revenue, stage = effects_at(w, e)["revenue"], effects_at(w, e)["stage"]
        take_effect(w, i, e, issue["visit_key"])
    record_visit(w, i, now, outcome, issue["mood"], cost, overtime, revenue, stage)
    issue["state"] = OPEN


@inlined
def feel(w: Record, i: Whole, outcome: Whole, o: Whole, waited: float) -> None:
    """Move the mood of the journey by what happened in a visit that ends now."""
    issue = issue_at(w, i)
    p = persona_at(w, w["phase"], customer_at(w, issue["customer"])["persona"])
    again, reopened, handed_on = issue["again"], issue["reopened"], False
    issue["repeats"] += again
    issue["reopened"] = 0
    if issue["pool"] >= 0:
        department = m_department(w, issue["pool"])
        handed_on = issue["department"] >= 0 and issue["department"] != department
        issue["handoffs"] += handed_on
        issue["department"] = department
    averse, mood = p["loss_aversion"], issue["mood"]
    if p["reacts"] == 1:
        mood += rules.felt(rules.missed(waited, p["tolerance"], p["per_minute"], p["cap"]), averse)
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
            first, n = settled["reopens"], settled["reopens_n"]
            if n == 0:
                return np.int64(issue["step"]), -THREE_DAYS * log(1.0 - draw(key, U_DELAY))
    elif outcome == BY_CLOSING:
        first, n = step["closed"], step["closed_n"]
    elif outcome == BY_BLOCKING:
        first, n = step["blocked"], step["blocked_n"]
    else:
        first, n = step["abandoned"], step["abandoned_n"]
    if n == 0:
        return NONE - (END_RESOLVED if outcome == AS_RESOLVED else END_GIVE_UP), 0.0
    chosen = first
    if n > 1:
        weights, together = view(m_target_weight(w, first), n), target_at(w, first)["weights"]
        chosen += rules.chosen(weights, together, draw(key, U_NEXT))
    after, code = target_at(w, chosen)["after"], target_at(w, chosen)["code"]
    delay = 0.0
    if after >= 0:
        delay = vary(w, after, draw(key, U_DELAY))
    if code != AGAIN_CODE:
        return np.int64(code), delay
    if after < 0:
        delay = -AN_HOUR * log(1.0 - draw(key, U_DELAY))
    return np.int64(issue["step"]), next_opening(w, i) - w["now"] + delay


@compiled
def next_opening(w: Record, i: Whole) -> float:
    """First time from now on at which a pool that can serve a visit has somebody on duty; infinite if there is none."""
    issue = issue_at(w, i)
    touchpoint = touchpoint_at(w, issue["phase"], issue["touchpoint"])
    soonest = inf
    for position in range(touchpoint["pools_n"]):
        k = m_pool(w, touchpoint["pools"] + position)
        if not m_serves(w, w["phase"], issue["journey"], k):
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
    customer, f = customer_at(w, c), w["phase"]
    ending = end_at(w, f, j, end)
    p = persona_at(w, f, customer["persona"])
    mood = effects_at(w, ending["effects"])["mood"]
    if mood != 0.0:
        be_in_mood(issue, rules.clip(issue["mood"] + rules.felt(mood, p["loss_aversion"])))
    relax(w, c)
    experience = experience_of(w, i)
    customer["satisfaction"] = rules.towards(customer["satisfaction"], experience, p["memory"])
    customer["drift"] += p["adapts"] * (experience - rest(w, c))
    unlink(w, i)
    key = draws.fold(issue["key"], m_end_name(w, end))
    take_effect(w, i, ending["effects"], key)
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
            origin = note_origin(w, i, ONE, follower)
            oj, on = issue_at(w, i)["origin_journey"], issue_at(w, i)["origin_n"]
            open_later(w, c, follower, child, delay, oj, on, origin)
    free_issue(w, i)
    part(w, c)


@compiled
def note_origin(w: Record, i: Whole, follows: Whole, journey: Whole) -> Whole:
    """Write down that an issue opened another, and return where."""
    if w["keep_origins"] == 0:
        return NONE
    n = w["origins"]
    w["origins"] = n + 1
    origin = origin_at(w, n)
    origin["before"] = issue_at(w, i)["origin"]
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


@inlined
def take_effect(w: Record, i: Whole, e: Whole, key: Key) -> None:
    """Let an outcome or an end change the customer, move money and open other journeys."""
    effects, c = effects_at(w, e), issue_at(w, i)["customer"]
    customer = customer_at(w, c)
    for n in range(effects["adds"], effects["adds"] + effects["adds_n"]):
        product_at(w, c, m_add(w, n))["held"] = True
    for n in range(effects["drops"], effects["drops"] + effects["drops_n"]):
        product_at(w, c, m_drop(w, n))["held"] = False
    for n in range(effects["traits"], effects["traits"] + effects["traits_n"]):
        trait_at(w, c, m_trait_set(w, n, 0))["value"] = m_trait_set(w, n, 1)
    customer["revenue"] += effects["revenue"]
    if effects["stage"] >= 0 and effects["stage"] != customer["stage"]:
        accrue(w, c)
        if customer["stage"] == w["home"]:
            end_spell(w, c, w["now"])
        customer["stage"] = effects["stage"]
        if effects["stage"] == w["home"]:
            customer["since"] = w["now"]
            if isnan(customer["joined"]):
                settle(w, c, ZERO)
    for n in range(effects["opens"], effects["opens"] + effects["opens_n"]):
        j = m_open_journey(w, n)
        child = draws.fold(key, m_journey_name(w, j))
        if draw(child, U_OPENS) < m_open_p(w, n) and meant_for(w, c, j):
            origin = note_origin(w, i, ZERO, j)
            opened(w, new_issue(w, c, j, child, issue_at(w, i)["origin_journey"], issue_at(w, i)["origin_n"], origin))


@compiled
def experience_of(w: Record, i: Whole) -> float:
    """What a journey leaves behind, as it has been until now."""
    issue = issue_at(w, i)
    p = persona_at(w, w["phase"], customer_at(w, issue["customer"])["persona"])
    return rules.experience(issue["lowest"], issue["mood"], issue["moods"] / issue["felt"], p["peak"], p["end"])


@compiled
def survey(w: Record, i: Whole, experience: float) -> None:
    """Ask some how it was, and again if they have not answered; some of those answer with a score."""
    issue = issue_at(w, i)
    c = issue["customer"]
    p = persona_at(w, w["phase"], customer_at(w, c)["persona"])
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


# ---- satisfaction, money and leaving ---------------------------------------------------------------------------------


@compiled
def relax(w: Record, c: Whole) -> None:
    """Bring satisfaction up to date."""
    customer, now = customer_at(w, c), w["now"]
    if now > customer["relaxed"]:
        recovery = persona_at(w, w["phase"], customer["persona"])["recovery"]
        elapsed = now - customer["relaxed"]
        customer["satisfaction"] = rules.relaxed(customer["satisfaction"], rest(w, c), recovery, elapsed)
        customer["relaxed"] = now


@compiled
def rest(w: Record, c: Whole) -> float:
    customer = customer_at(w, c)
    return rules.clip(persona_at(w, w["phase"], customer["persona"])["level"] + customer["drift"])


@compiled
def accrue(w: Record, c: Whole) -> None:
    """Bring the revenue of a customer up to date."""
    customer = customer_at(w, c)
    if customer["stage"] == w["home"]:
        rate = persona_at(w, w["phase"], customer["persona"])["revenue"]
        customer["revenue"] += rate * (w["now"] - customer["accrued"])
    customer["accrued"] = w["now"]


@compiled
def start_reviews(w: Record, c: Whole) -> None:
    customer, now = customer_at(w, c), w["now"]
    customer["reviewed"] = now
    when = now + draw(customer["key"], U_REVIEW) * m_review_every(w, customer["persona"])
    put(w, when, R_REVIEW, np.int64(customer["row"]), ZERO, ZERO, REVIEW, c, ZERO)


@compiled
def review(w: Record, c: Whole) -> None:
    """Let a customer decide whether to stay."""
    customer = customer_at(w, c)
    if not isnan(customer["left"]):
        return
    p = persona_at(w, w["phase"], customer["persona"])
    if p["churns"] == 1 and customer["stage"] == w["home"]:
        relax(w, c)
        shortfall = p["rest"] - customer["satisfaction"]
        elapsed = w["now"] - customer["reviewed"]
        leaves = rules.leave_probability(p["base"], p["slope"], shortfall, p["terms"], elapsed)
        if draw(draws.fold(customer["key"], as_key(customer["reviews"])), U_LEAVE) < leaves:
            leave(w, c)
            return
    customer["reviewed"] = w["now"]
    customer["reviews"] += 1
    when = w["now"] + m_review_every(w, customer["persona"])
    put(w, when, R_REVIEW, np.int64(customer["row"]), ZERO, ZERO, REVIEW, c, ZERO)


@compiled
def leave(w: Record, c: Whole) -> None:
    """Let a customer go: they stop waiting, finish what is in hand, and everything else is off."""
    customer, now = customer_at(w, c), w["now"]
    relax(w, c)
    accrue(w, c)
    customer["left"] = now
    if customer["stage"] == w["home"]:
        end_spell(w, c, now)
    i = np.int64(customer["issues"])
    while i >= 0:
        issue = issue_at(w, i)
        following = issue["next"]
        if issue["state"] == WAITING:
            stop_waiting(w, i)
            issue["wait"] += now - issue["joined"]
            record_visit(w, i, now, BY_LEAVING, issue["mood"], 0.0, 0.0, 0.0, NONE)
            close_left(w, i)
        elif issue["state"] != SERVED:
            close_left(w, i)
        i = following
    go_away(w, c)


@compiled
def go_away(w: Record, c: Whole) -> None:
    """Let go of somebody who left, once nothing is in hand any more."""
    if customer_at(w, c)["issues"] < 0:
        record_customer(w, c)
        give_back_place(w, c)


@compiled
def part(w: Record, c: Whole) -> None:
    """Let go of somebody who never was a customer, once nothing is open and nothing awaits them."""
    customer = customer_at(w, c)
    if isnan(customer["joined"]) and customer["issues"] < 0 and customer["awaited"] == 0:
        relax(w, c)
        record_customer(w, c)
        give_back_place(w, c)


@compiled
def end_spell(w: Record, c: Whole, until: float) -> None:
    """Write down a time of being a customer."""
    customer = customer_at(w, c)
    since = customer["since"]
    if not until > since:
        return
    if since <= w["warmup"] <= until:
        customer["present"] = 1
    row = spell_row(w, w["spell_rows"])
    w["spell_rows"] += 1
    w["rows"] += 1
    row["customer"] = customer["row"]
    row["persona"] = customer["persona"]
    row["since"] = since
    row["until"] = until


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
    row["persona"] = customer["persona"]
    row["kept"] = customer["kept"]
    row["goal"] = journey_at(w, w["phase"], issue["journey"])["goal"]
    row["step"] = issue["step"]
    row["touchpoint"] = issue["touchpoint"]
    row["channel"] = issue["channel"]
    row["pool"] = issue["pool"]
    row["department"] = m_department(w, issue["pool"]) if issue["pool"] >= 0 else NONE
    row["member"] = issue["member"]
    row["joined"] = issue["joined"]
    row["started"] = issue["started"]
    row["ended"] = ended
    row["outcome"] = outcome
    row["mood_before"] = issue["mood_before"]
    row["mood_after"] = mood_after
    row["cost"] = cost
    row["overtime"] = overtime
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
    row["persona"] = customer["persona"]
    row["kept"] = customer["kept"]
    row["began"] = issue["began"]
    row["goal"] = journey_at(w, w["phase"], issue["journey"])["goal"]
    row["opened"] = issue["opened"]
    row["closed"] = closed
    row["end"] = end
    row["good"] = good
    row["visits"] = issue["visits"]
    row["contacts"] = issue["contacts"]
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
def record_customer(w: Record, c: Whole) -> None:
    """Write down a customer; money earned and spent before the window does not count."""
    customer = customer_at(w, c)
    row = customer_row(w, w["customer_rows"])
    w["customer_rows"] += 1
    w["rows"] += 1
    row["customer"] = customer["row"]
    row["origin"] = customer["origin"]
    row["k"] = customer["k"]
    row["persona"] = customer["persona"]
    row["stage"] = customer["stage"]
    row["present"] = customer["present"]
    row["joined"] = customer["joined"]
    row["left"] = customer["left"]
    row["satisfaction_start"] = customer["satisfaction_start"]
    row["satisfaction_end"] = customer["satisfaction"]
    row["revenue"] = customer["revenue"] if w["measuring"] == 1 else 0.0
    row["cost"] = customer["cost"] if w["measuring"] == 1 else 0.0


# ---- the run ---------------------------------------------------------------------------------------------------------


@compiled
def begin(world: Record, population: Whole, on_dates: Any, arriving: Any) -> None:
    """Put on the calendar what goes on by itself, and let those come who are there at the start.

    Parameters
    ----------
    population
        How many customers there are at the start.
    on_dates
        Minutes at which journeys open for all, NaN where they do not; shape (J,).
    arriving
        Whether people arrive for a journey, shape (J,).
    """
    w = world[0]
    for f in range(1, w["n_phases"]):
        put(w, m_start(w, f), R_CHANGE, ZERO, ZERO, ZERO, IN_PHASE, f, ZERO)
    for k in range(w["n_pools"]):
        next_change(w, k)
    for k in range(population):
        c = newcomer(w, address(w, U_START, k), FROM_START, k, NONE)
        settle(w, c, ONE)
    put(w, w["warmup"], R_WINDOW, ZERO, ZERO, ZERO, IN_WINDOW, ZERO, ZERO)
    next_join(w)
    for j in range(w["n_journeys"]):
        if arriving[j]:
            arrival_at(w, j)["root"] = draws.fold(w["key"], m_arrival_name(w, j))
            next_arrival(w, j)
        if not isnan(on_dates[j]):
            put(w, on_dates[j], R_ARRIVAL, ZERO, ZERO, ZERO, ON_DATE, j, ZERO)


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


@compiled
def advance(world: Record, spare: Whole, block: Whole) -> Whole:
    """Let things happen until the horizon, or until an array has to be made larger or a block written away.

    Returns
    -------
    int
        `DONE`, `GROW` (make room for `spare` more), `FULL` (write the rows away), `STUCK` (a journey goes round).
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
        if w["starting"] > 0:
            what = starting_at(w, w["first"])["what"]
            w["first"] = (w["first"] + 1) % w["room_starting"]
            w["starting"] -= 1
            kind, a, b = what >> 56, what & 0xFFFFFFFFFF, (what >> 40) & 0xFFFF
            if kind == START_ISSUE:
                if go_on(w, a, np.int64(issue_at(w, a)["target"])):
                    return STUCK
            elif kind == START_REVIEWS:
                start_reviews(w, a)
            elif kind == START_NEED:
                start_need(w, a, b)
            else:
                start_every(w, a, b)
            continue
        if w["in_heap"] == 0:
            if not next_bucket(w):
                return DONE
            empty_bucket(w)
        event = event_at(w, soon_at(w, 0)["event"])
        what = event["what"]
        kind, a, b = what >> 56, what & 0xFFFFFFFFFF, (what >> 40) & 0xFFFF
        if kind == ON_DATE and room(w, spare + w["slots"]) == 0:
            return GROW
        if kind == ON_SHIFT and not room_on_duty(w, a):
            return GROW
        w["now"] = event["time"]
        target = AGAIN_CODE
        if kind == SERVICE_END:
            take_first(w)
            target = end_service(w, a)
        elif kind == ABANDON:
            still = is_same_visit(w, a, event) and issue_at(w, a)["state"] == WAITING
            take_first(w)
            if still:
                stop_waiting(w, a)
                target = after_visit(w, a, BY_ABANDONING, NONE, 0.0)
        elif kind == OVERFLOW:
            still = is_same_visit(w, a, event) and issue_at(w, a)["state"] == WAITING
            take_first(w)
            if still:
                overflow(w, a, b)
        elif kind == DELAY:
            order, place = event["order"] & as_key(0xFFFFFFFF), event["place"]
            take_first(w)
            issue = issue_at(w, a)
            if (
                issue["state"] == DELAYED
                and as_key(issue["row"]) == order
                and as_key((np.int64(issue["number"]) << 32) | np.int64(issue["visits"] + 1)) == place
            ):
                target = np.int64(issue["target"])
        elif kind in (NEEDING, PERIOD):
            still = is_same_customer(w, a, event)
            take_first(w)
            if still:
                once_more(w, a, b, kind)
        elif kind == REVIEW:
            still = is_same_customer(w, a, event)
            take_first(w)
            if still:
                review(w, a)
        elif kind == JOIN:
            take_first(w)
            join_in(w)
        elif kind == ARRIVE:
            take_first(w)
            arrive(w, a)
        elif kind == LATER:
            take_first(w)
            c = issue_at(w, a)["customer"]
            here = customer_at(w, c)["row"] == issue_at(w, a)["row"] and isnan(customer_at(w, c)["left"])
            if here:
                customer_at(w, c)["awaited"] -= 1
            if here and meant_for(w, c, issue_at(w, a)["journey"]):
                opened(w, a)
            else:
                free_issue(w, a)
                if here:
                    part(w, c)
        elif kind == ON_SHIFT:
            take_first(w)
            on_shift(w, a)
        elif kind == ON_DATE:
            take_first(w)
            open_for_all(w, a)
            events = ZERO  # it may have brought more than one event does
        elif kind == IN_PHASE:
            take_first(w)
            begin_phase(w, a)
        else:
            take_first(w)
            open_window(w)
        if target != AGAIN_CODE and go_on(w, a, target):
            return STUCK


@compiled
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
                end_spell(w, c, inf)
        i = np.int64(customer["issues"])
        while i >= 0:
            issue = issue_at(w, i)
            if issue["state"] == WAITING or issue["state"] == SERVED:
                overtime = 0.0
                if issue["pool"] >= 0:
                    member = member_at(w, issue["pool"], issue["member"])
                    overtime = w["now"] - member["leaving"] if member["is_leaving"] else 0.0
                record_visit(w, i, nan, NONE, nan, 0.0, overtime, 0.0, NONE)
            record_journey(w, i, nan, NONE, NONE, nan, 0.0, NONE)
            i = issue["next"]
        record_customer(w, c)
        c = np.int64(customer["after"])
    return c
