"""One timeline per customer: contacts of an issue in their order, each with what came before it and what came next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from sim import units
from sim.errors import Problem, ScenarioError
from sim.model import ABANDONED, BUILT_IN_ENDS

if TYPE_CHECKING:
    from calibration.hours import Hours
    from calibration.log import Log
    from calibration.sources import Sources

EVERYBODY = "everybody"
SERVED = "served"
END = "end"
UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Timeline:
    """What the estimates read; times are minutes from `start`, a midnight.

    Attributes
    ----------
    start
        Midnight of the first Monday in the log, or of its first day where it is shorter than two weeks.
    end
        Length in minutes: the last full day.
    contacts
        ``customer``, ``persona``, ``journey``, ``goal``, ``nth`` (in the journey), ``attempt`` (at the touchpoint),
        ``touchpoint``, ``channel``, ``pool``, ``member``, ``joined``, ``started``, ``ended``, ``wait``, ``outcome``,
        ``next`` (touchpoint, or ``end``, or ``unfinished`` near the end of the log), ``delay`` (until then).
    journeys
        ``journey``, ``customer``, ``persona``, ``goal``, ``opened``, ``closed``, ``first`` (touchpoint), ``channel``
        (of the first contact), ``contacts``, ``score`` and ``answered`` (when; if surveyed).
    customers
        ``customer``, ``persona``, ``joined``, ``left`` (minutes; empty where unknown or never).
    known_customers
        Whether there is a table of customers, so that those without contacts are known too.
    staffed
        Touchpoints that people serve.
    """

    start: datetime
    end: float
    contacts: pl.DataFrame
    journeys: pl.DataFrame
    customers: pl.DataFrame
    known_customers: bool
    staffed: tuple[str, ...]

    @property
    def weeks(self) -> float:
        """Length in weeks."""
        return self.end / units.MINUTES_PER_WEEK

    @property
    def personas(self) -> list[str]:
        """Names of the personas, the most common first."""
        counts = self.customers["persona"].value_counts(sort=True)
        return [str(name) for name in counts["persona"]]

    def there(self, moment: float) -> pl.DataFrame:
        """Those who are customers at a time; of whom the log does not say when they came or left, they always are."""
        came, leaves = pl.col("joined").fill_null(0), pl.col("left").fill_null(np.inf)
        return self.customers.filter((came <= moment) & (leaves > moment))

    def waiting_since_the_last(self, hours: dict[str, Hours]) -> Timeline:
        """Timeline of a log that says only when service began: people join when their last contact ended.

        Closed time does not count as waiting, so a wait is the open time between.
        """
        before = pl.col("ended").shift(1).over("journey", order_by=["started", "ended"])
        contacts = self.contacts.with_columns(before.alias("before"))
        parts = []
        for touchpoint in contacts["touchpoint"].unique(maintain_order=True):
            rows = contacts.filter(pl.col("touchpoint") == touchpoint)
            started = rows["started"].to_numpy()
            since = np.minimum(rows["before"].fill_null(np.inf).to_numpy(), started)
            waited = np.maximum(hours[touchpoint].open_minutes(since, started), 0.0)
            parts.append(rows.with_columns(pl.Series("joined", started - waited), pl.Series("wait", waited)))
        joined = pl.concat(parts).drop("before").sort("joined", "line", maintain_order=True)
        following = pl.col("joined").shift(-1).over("journey", order_by=["started", "ended"])
        delay = (following - pl.col("ended")).clip(0)
        return replace(self, contacts=joined.with_columns(delay.alias("delay")))

    def until(self, end: float) -> Timeline:
        """Return what could be known at a time: contacts, journeys, touchpoints before it; who had left by then."""
        contacts = self.contacts.filter(pl.col("joined") < end)
        later = pl.col("ended") + pl.col("delay").fill_null(0) >= end
        contacts = contacts.with_columns(pl.when(later).then(pl.lit(UNFINISHED)).otherwise("next").alias("next"))
        customers = self.customers.filter(pl.col("joined").fill_null(0) <= end).with_columns(
            pl.when(pl.col("left") < end).then("left").alias("left")
        )
        journeys = self.journeys.filter(pl.col("opened") < end)
        staffed = tuple(name for name in self.staffed if name in set(contacts["touchpoint"]))
        return replace(self, end=end, contacts=contacts, journeys=journeys, customers=customers, staffed=staffed)


def build_timeline(log: Log, sources: Sources) -> Timeline:
    """Join the tables of a log into one timeline per customer.

    Raises
    ------
    ScenarioError
        If the log is too short to say anything about a week.
    """
    contacts = sources.contacts
    first, last = (datetime.fromisoformat(str(moment)) for moment in contacts["joined"].sort().gather([0, -1]))
    start, end = _span(first, last)
    moments = [(pl.col(column) - start).dt.total_microseconds() / 6e7 for column in ("joined", "started", "ended")]
    contacts = contacts.with_columns(moments)
    contacts = _with_journeys(contacts, log)
    whole = pl.col("joined").min().over("journey") >= 0  # what began before says nothing about how journeys begin
    contacts = contacts.filter(whole & (pl.col("joined") < end))
    customers = _customers(sources, contacts, start)
    contacts = contacts.drop("persona").join(
        customers.select("customer", "persona"), on="customer", how="left", maintain_order="left"
    )
    staffed = _staffed(contacts, log)
    contacts = _with_next(contacts, staffed, end)
    journeys = _journeys(contacts, sources, start)
    return Timeline(start, end, contacts, journeys, customers, sources.customers is not None, staffed)


def _span(first: datetime, last: datetime) -> tuple[datetime, float]:
    """Full weeks from the first Monday where there are two or more, else full days."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight + timedelta(days=-midnight.weekday() % 7)
    end = last.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if end - monday >= timedelta(weeks=2):
        midnight = monday
    days = (end - midnight).days
    if days < 2:
        message = f"covers {days} day; at least a week is needed to know how demand moves over the hours and days"
        raise ScenarioError([Problem("contacts", message)], "log")
    return midnight, days * units.MINUTES_PER_DAY


def _customers(sources: Sources, contacts: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """Everybody known, with a persona: that of the customer table, else of the contacts, else one for all."""
    seen = contacts.group_by("customer", maintain_order=True).agg(pl.col("persona").drop_nulls().first())
    if sources.customers is None:
        nothing = pl.lit(None, dtype=pl.Float64)
        table = seen.with_columns(nothing.alias("joined"), nothing.alias("left"))
    else:
        minutes = [(pl.col(c) - start).dt.total_microseconds() / 6e7 for c in ("joined", "left")]
        table = sources.customers.select("customer", "persona", *minutes).unique("customer", maintain_order=True)
        told = table.select("customer").join(seen, on="customer", how="left", maintain_order="left")["persona"]
        table = table.with_columns(pl.coalesce("persona", told).alias("persona"))
        others = seen.join(table, on="customer", how="anti", maintain_order="left").with_columns(
            pl.lit(None, dtype=pl.Float64).alias("joined"), pl.lit(None, dtype=pl.Float64).alias("left")
        )
        table = pl.concat([table, others])
    persona = pl.col("persona").fill_null(EVERYBODY).map_elements(name_of, return_dtype=pl.String)
    return table.with_columns(persona)


def name_of(text: str) -> str:
    """Turn a user's word into a name that can stand in a scenario: 'Tier 1 / phone' becomes tier_1_phone."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.strip().lower())
    name = "_".join(letters.split()) or "unnamed"
    return f"n{name}" if name[0].isdigit() else name


def _with_journeys(contacts: pl.DataFrame, log: Log) -> pl.DataFrame:
    """Contacts with the issue they belong to: as the log says, else those of one customer close to each other."""
    gap = units.duration(log.same_issue)
    names = [
        pl.col(column).fill_null(default).map_elements(name_of, return_dtype=pl.String).alias(column)
        for column, default in (("goal", "help"), ("touchpoint", "contact"), ("channel", "contact"))
    ]
    ours = {word: f"{word}_step" for word in (END, UNFINISHED, *BUILT_IN_ENDS)}  # an activity may be called "End"
    contacts = contacts.with_columns(*names).with_columns(pl.col("touchpoint").replace(ours))
    since = (pl.col("joined") - pl.col("ended").shift(1)).over("customer", "goal", order_by="joined")
    number = (since.is_null() | (since > gap)).cum_sum().over("customer", "goal", order_by="joined")
    inferred = pl.format("{} {} {}", "customer", "goal", "number")
    # Names of journeys may begin anew with every customer.
    shared = pl.col("customer").n_unique().over("journey") > 1
    own = pl.when(shared).then(pl.format("{} {}", "customer", "journey")).otherwise("journey")
    given = pl.col("customer") if log.kind == "cases" else own
    marked = contacts.with_columns(number.alias("number"), pl.col("journey").alias("told")).with_columns(
        pl.coalesce(given, inferred).alias("journey")
    )
    one_goal = pl.col("goal").first().over("journey", order_by="joined")
    return marked.drop("number").with_columns(one_goal)


def _staffed(contacts: pl.DataFrame, log: Log) -> tuple[str, ...]:
    """Touchpoints that people serve: where a member is named, or somebody waited, unless the mapping says."""
    stated = None if log.unstaffed is None else {name_of(name) for name in log.unstaffed}
    served = contacts.group_by("touchpoint", maintain_order=True).agg(
        pl.col("member").is_not_null().any()
        | (pl.col("started") > pl.col("joined")).any()
        | pl.col("started").is_null().any()
    )
    return tuple(name for name, people in served.iter_rows() if (people if stated is None else name not in stated))


def _with_next(contacts: pl.DataFrame, staffed: tuple[str, ...], end: float) -> pl.DataFrame:
    """Contacts with their number, wait and outcome, and with what came next in their journey."""
    outcome = (
        pl.when(pl.col("started").is_null()).then(pl.lit(ABANDONED))
        .when(pl.col("outcome").is_null()).then(pl.lit(SERVED))
        .otherwise(pl.col("outcome").map_elements(name_of, return_dtype=pl.String))
    )  # fmt: skip
    order = ["joined", "ended"]
    following = pl.col("touchpoint").shift(-1).over("journey", order_by=order)
    delay = (pl.col("joined").shift(-1).over("journey", order_by=order) - pl.col("ended")).clip(0)
    # A journey that might go on after the end of the log says nothing about how journeys end.
    recent = pl.col("ended") > end - 3 * units.MINUTES_PER_DAY
    return contacts.with_columns(
        outcome.alias("outcome"),
        pl.when(pl.col("started").is_null()).then(pl.col("ended") - pl.col("joined"))
        .otherwise(pl.col("started") - pl.col("joined")).alias("wait"),
        pl.int_range(1, pl.len() + 1).over("journey", order_by=order).alias("nth"),
        pl.int_range(1, pl.len() + 1).over("journey", "touchpoint", order_by=order).alias("attempt"),
        pl.col("touchpoint").is_in(staffed).alias("staffed"),
        delay.alias("delay"),
        following.alias("next"),
    ).with_columns(
        pl.when(pl.col("next").is_not_null()).then(pl.col("next"))
        .when(recent & (pl.col("outcome") != "resolved")).then(pl.lit(UNFINISHED))
        .otherwise(pl.lit(END)).alias("next")
    )  # fmt: skip


def _journeys(contacts: pl.DataFrame, sources: Sources, start: datetime) -> pl.DataFrame:
    """One row per issue, with its survey score where there is one."""
    journeys = contacts.sort("joined", "ended", maintain_order=True).group_by("journey", maintain_order=True).agg(
        pl.col("customer").first(), pl.col("persona").first(), pl.col("goal").first(), pl.col("told").first(),
        pl.col("joined").first().alias("opened"), pl.col("ended").max().alias("closed"),
        pl.col("touchpoint").first().alias("first"), pl.col("channel").first(), pl.len().alias("contacts"),
        pl.col("outcome").last().alias("last_outcome"),
    )  # fmt: skip
    if sources.surveys is None:
        return journeys.drop("told").with_columns(
            pl.lit(None, dtype=pl.Float64).alias(name) for name in ("score", "answered")
        )
    surveys = sources.surveys.with_columns((pl.col("answered") - start).dt.total_microseconds() / 6e7)
    if surveys["journey"].is_not_null().any():
        first = surveys.unique(["customer", "journey"], keep="first", maintain_order=True)
        scores = first.select("customer", pl.col("journey").alias("told"), "score", "answered")
        return journeys.join(scores, on=["customer", "told"], how="left", maintain_order="left").drop("told")
    journeys = journeys.drop("told")
    # Without a journey's name, a survey belongs to the customer's latest journey closed before the answer.
    matched = surveys.drop("journey").sort("answered").join_asof(
        journeys.sort("closed").select("customer", "closed", "journey"),
        left_on="answered", right_on="closed", by="customer", strategy="backward", check_sortedness=False,
    )  # fmt: skip
    known = matched.drop_nulls("journey").unique("journey", keep="first", maintain_order=True)
    scores = known.select("journey", "score", "answered")
    return journeys.join(scores, on="journey", how="left", maintain_order="left")
