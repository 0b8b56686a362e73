"""Who serves, and when: pools and shifts, from a roster where there is one, else from who worked when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from calibration.estimate import Estimate
from calibration.hours import QUARTER, QUARTERS, Hours
from calibration.sources import weekday
from calibration.timeline import name_of
from sim import units
from sim.units import MINUTES_PER_DAY, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.sources import Sources
    from calibration.timeline import Timeline

A_BREAK = 30.0  # minutes without a contact after which somebody is taken to be away
ENOUGH_WAITING = 30.0  # minutes of somebody waiting, in an hour of the week, that say who was available
RARE = 0.01  # a pool that serves less of a touchpoint's contacts is taken to have helped out


@dataclass
class Staffing:
    """Pools as they will stand in the scenario, and when each touchpoint is open.

    Attributes
    ----------
    pools
        For each pool its entry under `staff`.
    serving
        For each staffed touchpoint its pools, the one that serves most first.
    hours
        For each touchpoint when it is open; those without staff always are.
    estimates
        Where the shifts came from.
    """

    pools: dict[str, dict[str, Any]] = field(default_factory=dict)
    serving: dict[str, list[str]] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)
    estimates: list[Estimate] = field(default_factory=list)


def fit(timeline: Timeline, sources: Sources, currency: str) -> Staffing:
    """Find pools, who serves what, and the shifts."""
    offset = timeline.start.weekday() * MINUTES_PER_DAY
    served = timeline.contacts.filter(pl.col("started").is_not_null() & pl.col("touchpoint").is_in(timeline.staffed))
    pool_of = _pools_of_members(served, sources.roster)
    served = served.with_columns(
        pl.coalesce("pool", pl.col("member").replace_strict(pool_of, default=None, return_dtype=pl.String),
                    pl.col("touchpoint")).map_elements(name_of, return_dtype=pl.String).alias("pool")
    )  # fmt: skip
    staffing = Staffing()
    for touchpoint in timeline.staffed:
        counts = served.filter(pl.col("touchpoint") == touchpoint)["pool"].value_counts(sort=True)
        total = max(int(counts["count"].sum()), 1)
        staffing.serving[touchpoint] = [str(p) for p, n in counts.iter_rows() if n >= RARE * total] or [touchpoint]
    for pool in dict.fromkeys(name for names in staffing.serving.values() for name in names):
        if sources.roster is not None and pool in _roster_pools(sources.roster):
            shifts, wage, n = _from_roster(sources.roster, pool)
            source, note = "roster", ""
        else:
            here = [touchpoint for touchpoint, names in staffing.serving.items() if pool in names]
            queued = timeline.contacts.filter(pl.col("touchpoint").is_in(here))
            headcount, n, available = _from_work(served.filter(pl.col("pool") == pool), queued, timeline, offset)
            shifts, wage, source = _constant_spans(headcount), None, "who worked when"
            note = (
                "inferred from who served when: idle time before a first and after a last contact is missed, and of "
                f"those there {min(available, 1):.0%} were busy while somebody waited, which is who is counted"
            )
        entry: dict[str, Any] = {"department": pool}
        if wage is not None:
            entry["wage"] = f"{wage:g} {currency} / h"
        staffing.pools[pool] = entry | {"shifts": shifts}
        staffing.estimates.append(Estimate(f"staff.{pool}.shifts", "", source, n, note=note))
    for pool in sorted(set() if sources.roster is None else _roster_pools(sources.roster) - set(staffing.pools)):
        note = (
            "nobody of this pool served anywhere in the log, so it is left out; do its names agree with the contacts'?"
        )
        staffing.estimates.append(Estimate(f"staff.{pool}.shifts", "", "roster", 0, note=note))
    for touchpoint in timeline.contacts["touchpoint"].unique(maintain_order=True):
        pools = [staffing.pools[pool]["shifts"] for pool in staffing.serving.get(touchpoint, [])]
        on = np.ones(QUARTERS, dtype=bool) if touchpoint not in timeline.staffed else _any_on(pools)
        staffing.hours[touchpoint] = Hours(on, offset)
    return staffing


def _pools_of_members(served: pl.DataFrame, roster: pl.DataFrame | None) -> dict[str, str]:
    """Pool of each member: by the roster, else those who serve the same touchpoints are one pool."""
    if roster is not None and roster["member"].is_not_null().any():
        return dict(roster.drop_nulls("member").select("member", "pool").iter_rows())
    work = served.drop_nulls("member").group_by("member", "touchpoint").len()
    share = pl.col("len") >= RARE * pl.col("len").sum().over("member")
    linked: dict[str, str] = {}

    def root(name: str) -> str:
        while linked.setdefault(name, name) != name:
            name = linked[name]
        return name

    for member, touchpoint in (
        work.filter(share).sort("touchpoint", "member").select("member", "touchpoint").iter_rows()
    ):
        linked[root(f"member {member}")] = root(f"touchpoint {touchpoint}")
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(linked):
        kind, _, plain = name.partition(" ")
        if kind == "touchpoint":
            groups[root(name)].append(plain)
    pool_names = {key: names[0] if len(names) == 1 else f"team_{names[0]}" for key, names in groups.items()}
    return {
        name.partition(" ")[2]: pool_names[root(name)]
        for name in linked
        if name.startswith("member ") and root(name) in pool_names
    }


def _roster_pools(roster: pl.DataFrame) -> set[str]:
    return {name_of(str(pool)) for pool in roster["pool"].unique()}


def _from_roster(roster: pl.DataFrame, pool: str) -> tuple[dict[str, dict[str, Any]], float | None, int]:
    """Shifts of a pool, mean wage an hour, and number of roster rows."""
    rows = roster.filter(pl.col("pool").map_elements(name_of, return_dtype=pl.String) == pool)
    people: dict[tuple[float, float], list[int]] = defaultdict(lambda: [0] * 7)
    for day, begins, ends in rows.select("weekday", "from", "to").iter_rows():
        people[units.time_of_day(begins), units.time_of_day(ends)][weekday(day)] += 1
    wages = rows["wage"].drop_nulls().to_list()
    spans: dict[tuple[float, float, int], list[int]] = defaultdict(list)
    for (begins, ends), by_day in people.items():
        for number, headcount in enumerate(by_day):
            if headcount:
                spans[begins, ends, headcount].append(number)
    return _shifts(spans), (float(np.mean(wages)) if wages else None), rows.height


def _from_work(
    served: pl.DataFrame, queued: pl.DataFrame, timeline: Timeline, offset: float
) -> tuple[NDArray[np.int64], int, float]:
    """Headcount by quarter of the week, number of services, and availability.

    Somebody between a first and a last contact may be on a break or at other work while customers wait; so those busy
    while somebody waits are counted. In hours in which nobody ever waits, at least as many were available as were ever
    busy at once, or the same share of those there as elsewhere.
    """
    there = _at_work(served, timeline, offset) * _begins_work(served, offset)
    busy, waiting_time, most = _busy_while_waiting(served, queued, offset)
    known = waiting_time >= ENOUGH_WAITING
    available = float(busy[known].sum() / max(there[known].sum(), 1e-9)) if known.any() else 1.0
    people = np.where(known, busy, np.maximum(there * min(available, 1.0), most * (there > 0)))
    return (
        np.repeat(np.where(there >= 0.25, np.maximum(np.rint(people), 1), 0).astype(np.int64), 4),
        served.height,
        available,
    )


def _begins_work(served: pl.DataFrame, offset: float) -> NDArray[np.bool_]:
    """Hours of the week in which services begin: who only finishes one, or lets it rest overnight, is not on duty.

    Some systems date what waits for the morning on the stroke of closing, so what begins on the stroke does not count.
    """
    started = (served["started"].to_numpy() + offset) % MINUTES_PER_WEEK
    begun = np.bincount((started[started % 60 >= 1] // 60).astype(int), minlength=168)
    return np.asarray(begun >= max(1.0, RARE * begun.sum() / max(np.count_nonzero(begun), 1)))


def _at_work(served: pl.DataFrame, timeline: Timeline, offset: float) -> NDArray[np.float64]:
    """Mean number of people between their first and last contact, by hour of the week; long gaps are breaks."""
    rows = served.with_columns(pl.col("member").fill_null("somebody")).sort("member", "started")
    gap = (pl.col("started") - pl.col("ended").cum_max().shift(1)).over("member")
    spans = (
        rows.with_columns(((gap > A_BREAK) | gap.is_null()).cum_sum().alias("span"))
        .group_by("member", "span", maintain_order=True)
        .agg(pl.col("started").min(), pl.col("ended").max())
    )
    steps = np.zeros(int((timeline.end + offset + MINUTES_PER_WEEK) // QUARTER) + 2)
    first = ((spans["started"].to_numpy() + offset) // QUARTER).astype(int)
    last = np.maximum(np.ceil((spans["ended"].to_numpy() + offset) / QUARTER).astype(int), first + 1)
    np.add.at(steps, first, 1)
    np.add.at(steps, np.minimum(last, steps.size - 1), -1)
    people = np.cumsum(steps)
    inside = np.arange(offset, timeline.end + offset, QUARTER)
    quarter = (inside // QUARTER).astype(int)
    of_week = quarter % QUARTERS
    total = np.bincount(of_week, weights=people[quarter], minlength=QUARTERS)
    mean = total / np.maximum(np.bincount(of_week, minlength=QUARTERS), 1)
    return np.asarray(mean.reshape(-1, 4).mean(axis=1))


def _busy_while_waiting(
    served: pl.DataFrame, queued: pl.DataFrame, offset: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean number of busy people while somebody waits, the minutes that rests on, and the most ever busy at once.

    Each by hour of the week.
    """
    left_queue = queued.with_columns(pl.coalesce("started", "ended").alias("left")).filter(
        pl.col("left") > pl.col("joined")
    )
    times = np.concatenate([
        served["started"].to_numpy(), served["ended"].to_numpy(),
        left_queue["joined"].to_numpy(), left_queue["left"].to_numpy(),
    ])  # fmt: skip
    n, w = served.height, left_queue.height
    busy = np.concatenate([np.ones(n), -np.ones(n), np.zeros(2 * w)])
    waiting = np.concatenate([np.zeros(2 * n), np.ones(w), -np.ones(w)])
    order = np.argsort(times, kind="stable")
    span = np.diff(times[order])
    at_work, in_line = np.cumsum(busy[order])[:-1], np.cumsum(waiting[order])[:-1]
    hour = (((times[order][:-1] + offset) % MINUTES_PER_WEEK) // 60).astype(int)
    counted = np.where(in_line > 0, span, 0.0)
    minutes = np.bincount(hour, weights=counted, minlength=168)
    total = np.bincount(hour, weights=counted * at_work, minlength=168)
    most = np.zeros(168)
    np.maximum.at(most, hour[span > 0], at_work[span > 0])
    return total / np.maximum(minutes, 1e-9), minutes.astype(float), most


def _constant_spans(headcount: NDArray[np.int64]) -> dict[str, dict[str, Any]]:
    """Shifts that add up to a headcount by quarter of the week: for each day its spans of constant headcount."""
    spans: dict[tuple[float, float, int], list[int]] = defaultdict(list)
    for day, people in enumerate(headcount.reshape(7, -1)):
        edges = [0, *(np.flatnonzero(np.diff(people)) + 1), len(people)]
        for begin, end in pairwise(edges):
            if people[begin] > 0:
                spans[begin * QUARTER, end * QUARTER, int(people[begin])].append(day)
    return _shifts(spans)


def _shifts(spans: dict[tuple[float, float, int], list[int]]) -> dict[str, dict[str, Any]]:
    """Entries under `shifts`, from the days on which each span of time has a headcount."""
    shifts = {}
    for (begins, ends, people), days in sorted(spans.items(), key=lambda item: (item[0][:2], item[1])):
        first, last = units.say_clock(begins), units.say_clock(ends)
        named = units.say_days(days)
        name = f"from_{first}_to_{last}_{named}".replace(":", "").replace(",", "_").replace("-", "_to_")
        shifts[name] = {"days": named, "from": first, "to": last, "headcount": people}
    return shifts


def _any_on(pools: list[dict[str, dict[str, Any]]]) -> NDArray[np.bool_]:
    """Quarters in which any of several pools has somebody on duty."""
    on = np.zeros(QUARTERS, dtype=bool)
    for shifts in pools:
        for shift in shifts.values():
            for day in units.days(shift["days"]):
                midnight = day * MINUTES_PER_DAY
                first = int((midnight + units.time_of_day(shift["from"])) // QUARTER)
                on[first : int((midnight + units.time_of_day(shift["to"])) // QUARTER)] = True
    return on
