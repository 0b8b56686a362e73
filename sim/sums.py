"""Adding up rows, compiled: exactly, so that a sum depends neither on the order of the rows nor on how they were cut.

A sum is two whole numbers: of whole units, and of 2⁻³² parts of one. An amount is rounded to such a part, a quarter of
a billionth of a minute or of a euro, once; after that nothing is lost, whoever adds what to what.
"""

from __future__ import annotations

from math import floor, inf, isnan, log, nan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim import model
from sim.arrays import ENDS, OUTCOMES
from sim.engines.jit import compiled, entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rows = Any  # records, as `records` describes them
Whole = Any

PARTS = 2.0**32
WEEK = 10080.0  # minutes
SATISFIED, PROMOTER, DETRACTOR = 7, 9, 6  # of 10: the two best of five points; the marks of the net promoter score
ABANDONED, CLOSED, BLOCKED, LEFT, MISSED, DOWN = (
    np.int64(OUTCOMES.index(name))
    for name in (model.ABANDONED, model.CLOSED, model.BLOCKED, model.LEFT, model.MISSED, model.DOWN)
)
ACCEPTED = np.int64(model.CALLBACKS.index(model.ACCEPTED))
LEFT_END, CANCELLED_END = (np.int64(ENDS.index(name)) for name in (model.LEFT, model.CANCELLED))

# Waits and times are counted in bins 1 % apart, from a second up, after one for exactly nothing.
BIN = log(1.01)
SHORTEST = 1 / 60
BINS = 2048

# What is summed, of visits, journeys, effects, times of holding a product, what was held when the window opened, and
# times of being a customer.
OF_VISITS = (
    "visits", "offered", "answered", "answered_within", "abandoned", "closed_visits", "blocked_visits",
    "down_visits", "finished_waits", "felt_visits", "promised", "promise_kept", "wait_answered", "wait_offered", "mood",
    "work_begun", "work_wait", "callbacks_offered", "callbacks_accepted", "callbacks_reached", "callbacks_missed",
    "contact_cost", "visit_revenue", "partner_cost", "busy", "busy_cost", "overtime", "overtime_cost",
)  # fmt: skip
OF_JOURNEYS = (
    "issues", "open_at_end", "closed", "good", "bad", "contacts", "first_contact", "failure_contacts", "multichannel",
    "handoffs", "resolution_time", "experience", "true_satisfied", "true_promoters", "true_detractors", "asked",
    "answers", "score", "satisfied", "promoters", "detractors", "cancelled", "journey_revenue",
)  # fmt: skip
OF_EFFECTS = ("effect_revenue",)
OF_HOLDINGS = ("product_revenue", "holders", "gained", "dropped")
OF_HOLDERS = ("present", "lost_of_present", "satisfaction_end")  # of customers too, here by what they held
OF_CUSTOMERS = (
    "present", "lost_of_present", "lost", "joined", "back", "customer_minutes", "subscription", "at_start", "stayed",
    "satisfaction_end",
)  # fmt: skip
(
    VISITS, OFFERED, ANSWERED, ANSWERED_WITHIN, ABANDONED_VISITS, CLOSED_VISITS, BLOCKED_VISITS, DOWN_VISITS,
    FINISHED_WAITS, FELT_VISITS, PROMISED, PROMISE_KEPT, WAIT_ANSWERED, WAIT_OFFERED, MOOD, WORK_BEGUN, WORK_WAIT,
    CALLBACKS_OFFERED, CALLBACKS_ACCEPTED, CALLBACKS_REACHED, CALLBACKS_MISSED, CONTACT_COST, VISIT_REVENUE,
    PARTNER_COST, BUSY, BUSY_COST, OVERTIME, OVERTIME_COST,
) = (np.int64(n) for n in range(len(OF_VISITS)))  # fmt: skip
(
    ISSUES, OPEN_AT_END, CLOSED_JOURNEYS, GOOD, BAD, CONTACTS, FIRST_CONTACT, FAILURE_CONTACTS, MULTICHANNEL, HANDOFFS,
    RESOLUTION_TIME, EXPERIENCE, TRUE_SATISFIED, TRUE_PROMOTERS, TRUE_DETRACTORS, ASKED, ANSWERS, SCORE,
    SATISFIED_ANSWERS, PROMOTERS, DETRACTORS, CANCELLED_JOURNEYS, JOURNEY_REVENUE,
) = (np.int64(n) for n in range(len(OF_JOURNEYS)))  # fmt: skip
(
    PRESENT, LOST_OF_PRESENT, LOST, JOINED, BACK, CUSTOMER_MINUTES, SUBSCRIPTION, AT_START, STAYED, SATISFACTION_END,
) = (np.int64(n) for n in range(len(OF_CUSTOMERS)))  # fmt: skip
(EFFECT_REVENUE,) = (np.int64(n) for n in range(len(OF_EFFECTS)))
PRODUCT_REVENUE, HOLDERS, GAINED, DROPPED = (np.int64(n) for n in range(len(OF_HOLDINGS)))
HELD, LOST_OF_HELD, SATISFACTION_OF_HELD = (np.int64(n) for n in range(len(OF_HOLDERS)))
ZERO, NONE = np.int64(0), np.int64(-1)
N_VISITS, N_JOURNEYS, N_CUSTOMERS = (np.int64(len(names)) for names in (OF_VISITS, OF_JOURNEYS, OF_CUSTOMERS))
N_EFFECTS, N_HOLDINGS, N_HOLDERS = (np.int64(len(names)) for names in (OF_EFFECTS, OF_HOLDINGS, OF_HOLDERS))


class Measured(NamedTuple):
    """What has to be known of a model, and of the window in which it is measured, to add up rows.

    F phases, G groups of people (personas, then again for those in a pilot), T touchpoints, K pools, H products;
    minutes.

    Attributes
    ----------
    window
        Start and end of the window, then the horizon and the wait within which an answer counts as quick; shape (4,).
    phase_start, phase_end
        Shape (F,).
    personas, products
        How many there are.
    waited_for
        Whether people wait for staff at a touchpoint, shape (F, T), and F rows more for those in a pilot.
    callback_after
        Wait after which somebody is offered to be called back, likewise.
    preferred
        The pool a touchpoint lists first, −1 where none; shape (T,).
    wage, overtime_wage, subscription
        Money a minute, shapes (F, K), (F, K) and (F, G).
    product_revenue
        Money a minute from everybody, then from those in a pilot, shape (F, H) or (F, 2·H).
    per_contact
        What a partner's people are paid for a contact, shape (F, K).
    answer_by
        Minutes after joining a touchpoint by which a partner promises to answer, counted from when its people see the
        visit; NaN where nothing is promised; shape (F, T, K), and F rows more for those in a pilot.
    first_group
        Where the groups of people, goal, touchpoint, pool, channel and week begin, and where the last end; seven of
        them.
    """

    window: NDArray[np.float64]
    personas: int
    products: int
    phase_start: NDArray[np.float64]
    phase_end: NDArray[np.float64]
    waited_for: NDArray[np.bool_]
    callback_after: NDArray[np.float64]
    preferred: NDArray[np.int64]
    wage: NDArray[np.float64]
    overtime_wage: NDArray[np.float64]
    subscription: NDArray[np.float64]
    product_revenue: NDArray[np.float64]
    per_contact: NDArray[np.float64]
    answer_by: NDArray[np.float64]
    first_group: tuple[int, ...]


@compiled
def count(counted: Any, what: Whole) -> None:
    """Say that a row counts."""
    counted[2 * what] = 1


@compiled
def put(counted: Any, what: Whole, amount: float) -> None:
    """Say by what a row counts; what is unknown counts as nothing."""
    if isnan(amount):
        return
    units = floor(amount)
    counted[2 * what] = np.int64(units)
    counted[2 * what + 1] = np.int64(floor((amount - units) * PARTS + 0.5))


@compiled
def add(sums: Any, group: Whole, counted: Any, first: Whole, last: Whole) -> None:
    """Add some of what a row counts for to the sums of a group; −1 is none."""
    if group >= 0:
        for i in range(2 * first, 2 * last):
            sums[group, i] += counted[i]


@compiled
def count_length(lengths: Any, group: Whole, length: Whole) -> None:
    """Count a duration in its bin; −1 is none."""
    if group >= 0 and length >= 0:
        lengths[group, length] += 1


@compiled
def forget(counted: Any) -> None:
    """Let nothing count any more."""
    for i in range(len(counted)):
        counted[i] = 0


@entry
def bin_of(minutes: float) -> Whole:
    """Bin of a duration."""
    if minutes <= 0.0:
        return np.int64(0)
    return np.int64(min(max(floor(log(minutes / SHORTEST) / BIN) + 1, 1), BINS - 1))


@compiled
def week_in(start: float, weeks: Whole, time: float) -> Whole:
    """Number of the week of the window in which a time lies, the first for what was before."""
    return min(np.int64(max(time - start, 0.0) / WEEK), weeks - 1)


@compiled
def overlap(since: float, until: float, start: float, end: float) -> float:
    """Minutes of a stretch of time that lie between two others."""
    return max(min(until, end) - max(since, start), 0.0)


@compiled
def worth(rates: Any, whose: Whole, since: float, until: float, starts: Any, ends: Any) -> float:
    """Money for a stretch of time, at the rate that each phase states."""
    money = 0.0
    for f in range(len(starts)):
        money += rates[f, whose] * overlap(since, until, starts[f], ends[f])
    return money


@entry
def add_visits(m: Any, rows: Rows, sums: Any, waits: Any) -> None:
    """Add visits: to `sums`, shape (groups, 2·OF_VISITS), and to `waits`, shape (groups, BINS)."""
    # Taken apart here once: handing on so many arrays with every row took longer than adding it up.
    start, end, horizon, quick = m.window[0], m.window[1], m.window[2], m.window[3]
    people, goals, touchpoints, pools, channels, weeks, last = m.first_group
    personas = np.int64(m.personas)
    starts, ends, wage, overtime_wage = m.phase_start, m.phase_end, m.wage, m.overtime_wage
    waited_for, callback_after, preferred = m.waited_for, m.callback_after, m.preferred
    per_contact, answer_by = m.per_contact, m.answer_by
    counted, groups = np.zeros(2 * N_VISITS, np.int64), np.zeros(5, np.int64)
    for row in rows:
        touchpoint, pool = np.int64(row["touchpoint"]), np.int64(row["pool"])
        joined, started, ended = row["joined"], row["started"], row["ended"]
        f = 0
        while f + 1 < len(starts) and joined >= starts[f + 1]:
            f += 1
        alive = f + np.int64(row["persona"]) // personas * len(starts)  # as everybody lives then, or those in the pilot
        listed = pool if pool >= 0 else preferred[touchpoint]
        forget(counted)
        week = paid = length = NONE
        if start <= joined < end:
            week = weeks + week_in(start, last - weeks, joined)
            called = callback_after[alive, touchpoint]
            promised = answer_by[alive, touchpoint, listed] if listed >= 0 else nan
            length = count_attempt(row, waited_for[alive, touchpoint], called, quick, promised, counted)
        if start <= ended < end and not isnan(started):
            paid = weeks + week_in(start, last - weeks, ended)
            count_paid(row, per_contact[f, pool] if pool >= 0 else 0.0, counted)
        over = horizon if isnan(ended) else ended
        works = pool >= 0 and started < end and over > start
        if works:
            attention = row["attention"]
            since, until, late = max(started, start), min(over, end), max(over - row["overtime"], start)
            count_work(pool, attention, since, until, late, wage, overtime_wage, starts, ends, counted)
        groups[0] = people + row["persona"]
        groups[1] = goals + row["goal"]
        groups[2] = touchpoints + touchpoint
        groups[3] = pools + listed if listed >= 0 else NONE
        groups[4] = channels + row["channel"]
        for group in groups:
            add(sums, group, counted, ZERO, N_VISITS)
            count_length(waits, group, length)
        add(sums, week, counted, ZERO, CONTACT_COST)
        count_length(waits, week, length)
        add(sums, paid, counted, CONTACT_COST, BUSY)
        if works:  # split where a week ends
            week = week_in(start, last - weeks, since)
            while start + (week + 1) * WEEK < until:
                edge = start + (week + 1) * WEEK
                count_work(pool, attention, since, edge, late, wage, overtime_wage, starts, ends, counted)
                add(sums, weeks + week, counted, BUSY, N_VISITS)
                since, late, week = edge, max(late, edge), week + 1
                count_work(pool, attention, since, until, late, wage, overtime_wage, starts, ends, counted)
            add(sums, weeks + week, counted, BUSY, N_VISITS)


@compiled
def count_paid(row: Any, partner: float, counted: Any) -> None:
    """Count the money that a visit served in the window moved, and what a partner is paid for it."""
    put(counted, CONTACT_COST, row["cost"])
    put(counted, VISIT_REVENUE, row["revenue"])
    put(counted, PARTNER_COST, partner)


@compiled
def count_attempt(row: Any, waited_for: Any, called: float, quick: float, promised: float, counted: Any) -> Whole:
    """Count a visit that somebody joined in the window, and return the bin of its wait if it was answered.

    `called` is the wait of those who are called back, `promised` that which a partner promises.
    """
    outcome, length = row["outcome"], NONE
    count(counted, VISITS)
    if outcome == CLOSED:
        count(counted, CLOSED_VISITS)
    elif outcome == BLOCKED:
        count(counted, BLOCKED_VISITS)
    elif outcome == DOWN:
        count(counted, DOWN_VISITS)
    elif waited_for:
        length = count_offered(row, called, quick, promised, counted)
    elif row["pool"] >= 0:
        count(counted, WORK_BEGUN)
        put(counted, WORK_WAIT, row["started"] - row["joined"])
    if not isnan(row["ended"]) and outcome != LEFT:
        count(counted, FELT_VISITS)
        put(counted, MOOD, row["mood_after"])
    return length


@compiled
def count_offered(row: Any, called: float, quick: float, promised: float, counted: Any) -> Whole:
    """Count a visit that stood in a queue for staff, and return the bin of its wait if it was answered."""
    outcome, wait = row["outcome"], row["started"] - row["joined"]
    count(counted, OFFERED)
    if row["callback"] >= 0:
        count_offer(row, counted)
    if row["callback"] == ACCEPTED:
        wait = called
    if not isnan(promised):
        count(counted, PROMISED)
    if not isnan(row["started"]):
        if wait <= promised:
            count(counted, PROMISE_KEPT)
        count(counted, ANSWERED)
        count(counted, FINISHED_WAITS)
        if wait <= quick:
            count(counted, ANSWERED_WITHIN)
        put(counted, WAIT_ANSWERED, wait)
        put(counted, WAIT_OFFERED, wait)
        return bin_of(wait)
    if outcome == ABANDONED:
        count(counted, ABANDONED_VISITS)
        wait = row["ended"] - row["joined"]
    if outcome in (ABANDONED, MISSED):
        count(counted, FINISHED_WAITS)
        put(counted, WAIT_OFFERED, wait)
    return NONE


@compiled
def count_offer(row: Any, counted: Any) -> None:
    """Count an offer to be called back, and what became of it."""
    count(counted, CALLBACKS_OFFERED)
    if row["callback"] == ACCEPTED:
        count(counted, CALLBACKS_ACCEPTED)
        if not isnan(row["started"]):
            count(counted, CALLBACKS_REACHED)
        elif row["outcome"] == MISSED:
            count(counted, CALLBACKS_MISSED)


@compiled
def count_work(
    pool: Whole, attention: float, since: float, until: float, late: float, wage: Any, overtime: Any, starts: Any,
    ends: Any, counted: Any,
) -> None:  # fmt: skip
    """Count what a member of staff worked on a visit between two times, and from when on it was overtime."""
    put(counted, BUSY, attention * (until - since))
    put(counted, BUSY_COST, attention * worth(wage, pool, since, until, starts, ends))
    put(counted, OVERTIME, max(until - late, 0.0))
    put(counted, OVERTIME_COST, worth(overtime, pool, late, until, starts, ends))


@entry
def add_journeys(m: Any, rows: Rows, sums: Any, times: Any) -> None:
    """Add journeys: to `sums`, shape (groups, 2·OF_JOURNEYS), and to `times`, shape (groups, BINS)."""
    start, end = m.window[0], m.window[1]
    people, goals, _, _, channels, weeks, last = m.first_group
    counted, groups = np.zeros(2 * N_JOURNEYS, np.int64), np.zeros(3, np.int64)
    for row in rows:
        forget(counted)
        week = earned = length = NONE
        if start <= row["opened"] < end:
            week = weeks + week_in(start, last - weeks, row["opened"])
            count(counted, ISSUES)
            if isnan(row["closed"]):
                count(counted, OPEN_AT_END)
            elif row["end"] == CANCELLED_END:
                count(counted, CANCELLED_JOURNEYS)
            elif row["end"] != LEFT_END:
                length = count_closed(row, counted)
            if row["asked"]:
                count(counted, ASKED)
            if row["answered"]:
                count_answer(np.int64(row["score"]), counted)
        if start <= row["closed"] < end:
            earned = weeks + week_in(start, last - weeks, row["closed"])
            put(counted, JOURNEY_REVENUE, row["revenue"])
        groups[0] = people + row["persona"]
        groups[1] = goals + row["goal"]
        groups[2] = channels + row["began"] if row["began"] >= 0 else NONE
        for group in groups:
            add(sums, group, counted, ZERO, N_JOURNEYS)
            count_length(times, group, length)
        add(sums, week, counted, ZERO, JOURNEY_REVENUE)
        count_length(times, week, length)
        add(sums, earned, counted, JOURNEY_REVENUE, N_JOURNEYS)


@compiled
def count_closed(row: Any, counted: Any) -> Whole:
    """Count a journey that came to an end of its own, and return the bin of the time it took to end well."""
    contacts, felt = row["contacts"], floor(row["experience"] + 0.5)
    count(counted, CLOSED_JOURNEYS)
    put(counted, CONTACTS, float(contacts))
    put(counted, FAILURE_CONTACTS, float(row["failure_contacts"]))
    put(counted, HANDOFFS, float(row["handoffs"]))
    put(counted, EXPERIENCE, row["experience"])
    if row["channels"] > 1:
        count(counted, MULTICHANNEL)
    if felt >= SATISFIED:
        count(counted, TRUE_SATISFIED)
    if felt >= PROMOTER:
        count(counted, TRUE_PROMOTERS)
    if felt <= DETRACTOR:
        count(counted, TRUE_DETRACTORS)
    if row["good"] == 0:
        count(counted, BAD)
    if row["good"] != 1:
        return NONE
    count(counted, GOOD)
    if contacts == 1:
        count(counted, FIRST_CONTACT)
    put(counted, RESOLUTION_TIME, row["closed"] - row["opened"])
    return bin_of(row["closed"] - row["opened"])


@compiled
def count_answer(score: Whole, counted: Any) -> None:
    """Count an answer to the survey."""
    count(counted, ANSWERS)
    put(counted, SCORE, float(score))
    if score >= SATISFIED:
        count(counted, SATISFIED_ANSWERS)
    if score >= PROMOTER:
        count(counted, PROMOTERS)
    if score <= DETRACTOR:
        count(counted, DETRACTORS)


@entry
def add_effects(m: Any, rows: Rows, sums: Any) -> None:
    """Add what events and clocks brought in to `sums`, shape (groups, 2·OF_EFFECTS)."""
    start, end, weeks, last = m.window[0], m.window[1], m.first_group[5], m.first_group[6]
    counted = np.zeros(2 * N_EFFECTS, np.int64)
    for row in rows:
        forget(counted)
        if start <= row["at"] < end:
            put(counted, EFFECT_REVENUE, row["revenue"])
            add(sums, m.first_group[0] + row["persona"], counted, ZERO, N_EFFECTS)
            add(sums, m.first_group[1] + row["goal"] if row["goal"] >= 0 else NONE, counted, ZERO, N_EFFECTS)
            add(sums, weeks + week_in(start, last - weeks, row["at"]), counted, ZERO, N_EFFECTS)


@entry
def add_holdings(m: Any, rows: Rows, sums: Any) -> None:
    """Add times of holding a product to `sums`, shape (groups, 2·OF_HOLDINGS), where products follow all else."""
    start, end, weeks, last = m.window[0], m.window[1], m.first_group[5], m.first_group[6]
    products, starts, ends, revenue = np.int64(m.products), m.phase_start, m.phase_end, m.product_revenue
    counted = np.zeros(2 * N_HOLDINGS, np.int64)
    for row in rows:
        product, since, until = np.int64(row["product"]), row["since"], row["until"]
        if isnan(until):
            until = inf
        if since >= end or until < start:
            continue
        whose = np.int64(row["persona"]) // np.int64(m.personas) * products + product
        week = week_in(start, last - weeks, since)
        while week < last - weeks and until >= start + week * WEEK:
            first = start + week * WEEK
            final = min(first + WEEK, end)
            count_holding(since, until, start, first, final, counted)
            put(counted, PRODUCT_REVENUE, worth(revenue, whose, max(since, first), min(until, final), starts, ends))
            add(sums, weeks + week, counted, ZERO, N_HOLDINGS)
            week += 1
        count_holding(since, until, start, start, end, counted)
        put(counted, PRODUCT_REVENUE, worth(revenue, whose, max(since, start), min(until, end), starts, ends))
        add(sums, m.first_group[0] + row["persona"], counted, ZERO, N_HOLDINGS)
        add(sums, last + product, counted, ZERO, N_HOLDINGS)


@compiled
def count_holding(since: float, until: float, start: float, first: float, final: float, counted: Any) -> None:
    """Count what a time of holding a product means for a stretch of a window that opens at `start`."""
    forget(counted)
    if first <= since < final and since > start:
        count(counted, GAINED)
    if first <= until < final:
        count(counted, DROPPED)
    if since < final <= until:
        count(counted, HOLDERS)


@entry
def add_holders(m: Any, rows: Rows, sums: Any) -> None:
    """Add what was held when the window opened to `sums`, shape (products + 1, 2·OF_HOLDERS); the last is nothing."""
    counted, products = np.zeros(2 * N_HOLDERS, np.int64), np.int64(m.products)
    for row in rows:
        forget(counted)
        count(counted, HELD)
        if row["lost"]:
            count(counted, LOST_OF_HELD)
        put(counted, SATISFACTION_OF_HELD, row["satisfaction_end"])
        add(sums, np.int64(row["product"]) if row["product"] >= 0 else products, counted, ZERO, N_HOLDERS)


@entry
def add_spells(m: Any, rows: Rows, sums: Any) -> None:
    """Add times of being a customer to `sums`, shape (groups, 2·OF_CUSTOMERS)."""
    start, end, weeks, last = m.window[0], m.window[1], m.first_group[5], m.first_group[6]
    starts, ends, subscription = m.phase_start, m.phase_end, m.subscription
    counted = np.zeros(2 * N_CUSTOMERS, np.int64)
    for row in rows:
        persona, since, until, back = np.int64(row["persona"]), row["since"], row["until"], np.int64(row["back"])
        if not until > since:
            continue
        there = since <= start <= until
        count_presence(since, until, back, start, end, there, counted)
        money = worth(subscription, persona, max(since, start), min(until, end), starts, ends)
        put(counted, SUBSCRIPTION, money)
        add(sums, m.first_group[0] + persona, counted, ZERO, N_CUSTOMERS)
        week = week_in(start, last - weeks, since)
        while week < last - weeks and (there or until >= start + week * WEEK):
            first = start + week * WEEK
            final = min(first + WEEK, end)
            count_presence(since, until, back, first, final, there, counted)
            money = worth(subscription, persona, max(since, first), min(until, final), starts, ends)
            put(counted, SUBSCRIPTION, money)
            add(sums, weeks + week, counted, ZERO, N_CUSTOMERS)
            week += 1


@compiled
def count_presence(since: float, until: float, back: Whole, start: float, end: float, there: Any, counted: Any) -> None:
    """Count what a time of being a customer means for a stretch of the window, when its start saw them or not."""
    forget(counted)
    lost = start <= until < end
    if since <= start <= until:
        count(counted, PRESENT)
        if lost:
            count(counted, LOST_OF_PRESENT)
    if lost and since < end:
        count(counted, LOST)
    if start < since < end:
        count(counted, JOINED)
        if back == 1:
            count(counted, BACK)
    put(counted, CUSTOMER_MINUTES, overlap(since, until, start, end))
    if there:
        count(counted, AT_START)
        if until >= end:
            count(counted, STAYED)


@entry
def add_customers(m: Any, rows: Rows, sums: Any) -> None:
    """Add the satisfaction of customers who were there when the window opened."""
    counted = np.zeros(2 * N_CUSTOMERS, np.int64)
    for row in rows:
        if row["present"]:
            put(counted, SATISFACTION_END, row["satisfaction_end"])
            add(sums, m.first_group[0] + row["persona"], counted, SATISFACTION_END, N_CUSTOMERS)
