"""What customers must have felt: the model's own feelings, run over the journeys of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from calibration.routing import FAILED
from calibration.timeline import UNFINISHED
from sim.model import ABANDONED, GIVE_UP, RESOLVED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.timeline import Timeline

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

# What moves the mood beside the wait: in a visit, by the names of `Satisfaction`, and when a journey ends in vain.
EVENTS = (ABANDONED, "unresolved", RESOLVED, "handoff", "repeat", "reopened", GIVE_UP)


class Numbers(NamedTuple):
    """What `Satisfaction` states, all but `rest` common to all personas; in minutes.

    Attributes
    ----------
    rest
        Level of each persona, in the order of the timeline's.
    start
        How far from it those were whom the log finds as customers when it begins.
    tolerance, per_minute, cap
        Of the wait.
    events
        Mood moved by each of `EVENTS`.
    memory, recovery, peak, end
        As in `Satisfaction`.
    """

    rest: Floats
    start: float
    tolerance: float
    per_minute: float
    cap: float
    events: Floats
    memory: float
    recovery: float
    peak: float
    end: float


@dataclass(frozen=True)
class Lives:
    """Journeys of a log, arranged so that everybody's k-th is lived through at once, visit by visit.

    They stand in the order of k, those with most visits first; so those of one k that have an i-th visit are one
    slice, and so are these visits. A journey whose survey was answered before its last visit stands here twice: whole,
    without the score, and cut off at the answer. The cut one leaves no trace in its customer.

    Attributes
    ----------
    journeys
        ``journey``, ``customer``, ``persona``, ``opened``, ``closed``, ``visits``, ``score``, ``cut``, ``unfinished``,
        and how often each of `EVENTS` happened.
    customers
        ``customer``, ``persona``, ``since`` (when the log first knows them), ``present`` (when it began).
    persona
        Number of the persona of each journey, then of each customer.
    present
        Whether each customer was there when the log began.
    before, previous
        Which journey had closed last when this one opened, and when it closed; numbers beyond the journeys stand for
        how customers began.
    since_before, since_previous
        Minutes from then until this one opened, or closed.
    wait, events
        Of every visit, in the order of `layers`; shapes (visits,) and (visits, len(EVENTS)).
    layers
        For each k: the first journey, and the number of those with an i-th visit for each i.
    """

    journeys: pl.DataFrame
    customers: pl.DataFrame
    persona: Whole
    present: Floats
    before: Whole
    previous: Whole
    since_before: Floats
    since_previous: Floats
    wait: Floats
    events: Floats
    layers: list[tuple[int, list[int]]]


class Felt(NamedTuple):
    """What each journey was like: mood at its opening, the experience it left, satisfaction after its closing."""

    opening: Floats
    experience: Floats
    closing: Floats


def live(lives: Lives, numbers: Numbers) -> Felt:
    """Live through all journeys with given feelings, as an engine would."""
    size = lives.journeys.height
    rest = numbers.rest[lives.persona]
    terms = lives.events @ numbers.events
    terms += numbers.per_minute * np.clip(lives.wait - numbers.tolerance, 0.0, numbers.cap)
    closing = rest.copy()
    closing[size:] += numbers.start * lives.present
    opening, experience = np.empty(size), np.empty(size)
    kept_before = np.exp(-numbers.recovery * lives.since_before)
    kept_previous = np.exp(-numbers.recovery * lives.since_previous)
    visit = 0
    for first, rounds in lives.layers:
        here = slice(first, first + rounds[0])
        level = rest[here]
        opening[here] = level + (closing[lives.before[here]] - level) * kept_before[here]
        mood, lowest = opening[here].copy(), np.full(rounds[0], 10.0)
        total, visits = np.zeros(rounds[0]), np.zeros(rounds[0])
        for there in rounds:
            mood[:there] = np.clip(mood[:there] + terms[visit : visit + there], 0.0, 10.0)
            np.minimum(lowest[:there], mood[:there], out=lowest[:there])
            total[:there] += mood[:there]
            visits[:there] += 1.0
            visit += there
        mean = total / visits
        experience[here] = numbers.peak * lowest + numbers.end * mood + (1.0 - numbers.peak - numbers.end) * mean
        until = level + (closing[lives.previous[here]] - level) * kept_previous[here]
        closing[here] = until + numbers.memory * (experience[here] - until)
    return Felt(opening, experience, closing)


def arrange(timeline: Timeline, *, surveyed: bool = False) -> Lives:
    """Arrange the journeys of a timeline.

    Parameters
    ----------
    timeline
        What was logged.
    surveyed
        Only what bears on a score: customers who answered a survey, until the last they answered.
    """
    visits = _visits(timeline)
    journeys = _journeys(timeline, visits)
    if surveyed:
        last = pl.col("closed").filter(pl.col("score").is_not_null()).max().over("customer")
        journeys = journeys.filter(pl.col("closed") <= last)
    customers = _customers(timeline, journeys, surveyed=surveyed)
    number = _numbers(journeys["customer"], customers["customer"])
    size, since = journeys.height, customers["since"].to_numpy()
    opened, closed = journeys["opened"].to_numpy(), journeys["closed"].to_numpy()
    # One long clock on which customers follow each other, so that one search finds each journey's predecessor.
    day_one = number * (timeline.end + closed.max(initial=0.0) + 1.0)
    own = np.searchsorted(number, number, side="left")
    previous = np.arange(size) - 1
    before = np.searchsorted(day_one + closed, day_one + opened, side="left") - 1
    rank = np.arange(size) - own
    whole = journeys.with_columns(
        pl.Series("row", np.arange(size)), pl.Series("number", number), pl.Series("rank", rank),
        pl.Series("before", np.where(before < own, -1 - number, before)),
        pl.Series("previous", np.where(previous < own, -1 - number, previous)),
        pl.Series("since_before", opened - np.where(before < own, since[number], closed[before])),
        pl.Series("since_previous", closed - np.where(previous < own, since[number], closed[previous])),
        cut=False,
    )  # fmt: skip
    early = pl.col("answered_visits") < pl.col("visits")
    cut = whole.filter(early).with_columns(visits="answered_visits", cut=True, row=pl.lit(None, dtype=pl.Int64))
    whole = whole.with_columns(score=pl.when(early).then(None).otherwise("score"))
    table = pl.concat([whole, cut]).sort("rank", -pl.col("visits"), maintain_order=True).with_row_index("place")
    return _lives(timeline, table, customers, visits)


def _lives(timeline: Timeline, table: pl.DataFrame, customers: pl.DataFrame, visits: pl.DataFrame) -> Lives:
    size = table.height
    place = np.empty(table["row"].count(), dtype=np.int64)
    whole = table.filter(~pl.col("cut"))
    place[whole["row"].to_numpy()] = whole["place"].to_numpy()
    before, previous = (table[link].to_numpy() for link in ("before", "previous"))
    lived = (
        table.select("journey", "place", "rank", "visits")
        .join(visits, on="journey", how="inner")
        .filter(pl.col("nth") <= pl.col("visits"))
        .sort("rank", "nth", "place")
    )
    counted = lived.group_by("place").agg(pl.col(event).sum() for event in EVENTS).sort("place")
    rounds = lived.group_by("rank", "nth", maintain_order=True).agg(pl.col("place").first(), pl.len())
    layers = [
        (int(group["place"][0]), [int(n) for n in group["len"]])
        for _, group in rounds.group_by("rank", maintain_order=True)
    ]
    personas = np.concatenate([table["persona"], customers["persona"]])
    return Lives(
        table.with_columns(counted.select(EVENTS)),
        customers,
        _numbers(pl.Series(personas), pl.Series(timeline.personas)),
        customers["present"].cast(pl.Float64).to_numpy(),
        np.where(before < 0, size - 1 - before, place[np.maximum(before, 0)]),
        np.where(previous < 0, size - 1 - previous, place[np.maximum(previous, 0)]),
        table["since_before"].to_numpy(),
        table["since_previous"].to_numpy(),
        lived["wait"].to_numpy(),
        lived.select(EVENTS).cast(pl.Float64).to_numpy(),
        layers,
    )


def _numbers(names: pl.Series, order: pl.Series) -> Whole:
    """Place of each name in an order."""
    return names.cast(pl.Enum(order)).to_physical().cast(pl.Int64).to_numpy()


def _visits(timeline: Timeline) -> pl.DataFrame:
    """Visits with what moves the mood in them; giving up moves it once more, as if it were a last visit."""
    # Where the log does not say which pool served, a touchpoint with staff stands for one.
    usual = pl.col("pool").drop_nulls().mode().first().over("touchpoint")
    staff = pl.when(pl.col("staffed") & pl.col("started").is_not_null()).then(pl.coalesce("pool", usual, "touchpoint"))
    outcome = pl.col("outcome")
    last = pl.col("nth") == pl.col("nth").max().over("journey")
    happened = {
        ABANDONED: outcome == ABANDONED,
        "unresolved": outcome == "unresolved",
        RESOLVED: outcome == RESOLVED,
        "handoff": (pl.col("pool") != pl.col("pool").forward_fill().shift(1).over("journey", order_by="nth")),
        "repeat": pl.col("attempt") > 1,
        "reopened": outcome.shift(1).over("journey", order_by="nth") == RESOLVED,
        GIVE_UP: pl.lit(value=False),
    }
    # Near the end of the log only a survey tells that a journey is over.
    scored = pl.col("journey").is_in(timeline.journeys.drop_nulls("score")["journey"].implode())
    visits = timeline.contacts.with_columns(staff.alias("pool"), scored.alias("scored")).select(
        "journey", "nth", "wait", "ended",
        *(what.fill_null(value=False).alias(name) for name, what in happened.items()),
        (pl.col("next") == UNFINISHED).alias("unfinished"),
        (last & outcome.is_in(FAILED) & ((pl.col("next") != UNFINISHED) | pl.col("scored"))).alias("given_up"),
    )  # fmt: skip
    nothing = {"wait": 0.0} | dict.fromkeys(EVENTS, False) | {GIVE_UP: True}
    given_up = visits.filter(pl.col("given_up"))
    given_up = given_up.with_columns(pl.col("nth") + 1, *(pl.lit(value).alias(name) for name, value in nothing.items()))
    return pl.concat([visits, given_up]).drop("given_up")


def _journeys(timeline: Timeline, visits: pl.DataFrame) -> pl.DataFrame:
    """Journeys in the order in which each customer's closed, with how many visits lay before the answer."""
    answered = pl.col("answered") if "answered" in timeline.journeys.columns else pl.lit(None, dtype=pl.Float64)
    closed = pl.col("closed") <= timeline.end
    score = pl.when(closed).then(pl.col("score").cast(pl.Float64))
    journeys = timeline.journeys.select(
        "journey", "customer", "persona", "opened", "closed", score.alias("score"), answered.alias("answered")
    )
    counted = visits.join(journeys.select("journey", "answered"), on="journey").group_by("journey").agg(
        pl.len().cast(pl.Int64).alias("visits"),
        (pl.col("ended") <= pl.col("answered").fill_null(np.inf)).sum().cast(pl.Int64).alias("answered_visits"),
        pl.col("unfinished").any(),
    )  # fmt: skip
    joined = journeys.join(counted, on="journey").with_columns(pl.max_horizontal("answered_visits", 1))
    return joined.sort("customer", "closed", "opened", "journey")


def _customers(timeline: Timeline, journeys: pl.DataFrame, *, surveyed: bool) -> pl.DataFrame:
    """Customers in order, and since when the log knows them."""
    first = journeys.group_by("customer").agg(pl.col("opened").min().alias("first"))
    joined = pl.col("joined").fill_null(0.0)
    return (
        timeline.customers.join(first, on="customer", how="inner" if surveyed else "left")
        .select(
            "customer",
            "persona",
            pl.min_horizontal(joined.clip(0.0), "first").alias("since"),
            ((pl.col("joined") <= 0) & timeline.known_customers).fill_null(value=False).alias("present"),
        )
        .sort("customer")
    )
