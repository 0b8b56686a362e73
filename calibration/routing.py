"""Where people go: how visits end at each step, what follows, after how long, and what does not stay resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from calibration.durations import written
from calibration.estimate import LEVEL_Z, Estimate
from calibration.timeline import END, UNFINISHED
from sim import units
from sim.distributions import Deterministic, Exponential, Lognormal, Uniform
from sim.model import ABANDONED, GIVE_UP, RESOLVED
from sim.units import MINUTES_PER_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.hours import Hours
    from calibration.timeline import Timeline

ENOUGH = 50  # visits for shares of their own
A_FEW = 30  # delays for a law of their own
RARE = 0.005  # a turn taken by fewer is left out, and counted
AT_ONCE = 1 / 60
FAILED = (ABANDONED, "unresolved", "transferred", "failed", "cancelled")
A_HOUR = 60.0


@dataclass
class Routing:
    """Journeys as they will stand in the scenario.

    Attributes
    ----------
    steps
        For each goal, its entry under `steps`: one step a touchpoint.
    start
        For each goal, the first step by channel.
    estimates
        Where they came from.
    """

    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    start: dict[str, dict[str, str]] = field(default_factory=dict)
    estimates: list[Estimate] = field(default_factory=list)


def fit(timeline: Timeline, hours: dict[str, Hours], closed: dict[str, dict[str, Any]], settled: float) -> Routing:
    """Estimate the graph of every goal's journey.

    Parameters
    ----------
    timeline
        What happened.
    hours
        When each touchpoint is open.
    closed
        What is done by those who find a touchpoint closed: part of those who would have come back are never seen.
    settled
        Minutes after opening from which nobody is catching up.
    """
    found = Routing()
    for goal in timeline.journeys["goal"].unique(maintain_order=True).sort():
        own = timeline.contacts.filter(pl.col("goal") == goal)
        found.start[goal] = _start(timeline.journeys.filter(pl.col("goal") == goal))
        found.steps[goal] = {}
        for touchpoint in _in_order(own):
            rows = own.filter(pl.col("touchpoint") == touchpoint)
            everywhere = timeline.contacts.filter(pl.col("touchpoint") == touchpoint)
            step, estimates = _step(goal, touchpoint, rows, everywhere, _View(hours, closed, settled))
            found.steps[goal][touchpoint] = step
            found.estimates += estimates
    return found


@dataclass(frozen=True)
class _View:
    """What of a journey can be seen at which hours."""

    hours: dict[str, Hours]
    closed: dict[str, dict[str, Any]]
    settled: float

    def open_for_all(self, times: NDArray[np.float64], targets: list[str]) -> NDArray[np.bool_]:
        """Whether every target is open at a time and for another hour."""
        kept = np.ones(times.shape, dtype=bool)
        for target in targets:
            one = self.hours[target]
            kept &= one.always | (one.at(times) & (one.left(times) > A_HOUR))
        return kept

    def comes_back(self, target: str) -> float:
        """Share of those who find a target closed that is seen there later."""
        entry = self.closed.get(target, {}).get("later", 1.0)
        return float(entry["p"] if isinstance(entry, dict) else entry)


def _in_order(contacts: pl.DataFrame) -> list[str]:
    """Touchpoints of a goal, those that come early in journeys first."""
    order = contacts.group_by("touchpoint", maintain_order=True).agg(pl.col("nth").mean()).sort("nth", "touchpoint")
    return [str(name) for name in order["touchpoint"]]


def _start(journeys: pl.DataFrame) -> dict[str, str]:
    """First step by channel: the touchpoint at which most of that channel's journeys begin."""
    counts = (
        journeys.group_by("channel", "first")
        .len()
        .sort("len", descending=True)
        .unique("channel", keep="first", maintain_order=True)
    )
    rare = RARE * int(counts["len"].sum())
    kept = counts.filter(pl.col("len") >= rare) if counts.height > 1 else counts
    return {str(channel): str(first) for channel, first, _ in kept.sort("channel").iter_rows()}


def _step(
    goal: str, touchpoint: str, rows: pl.DataFrame, everywhere: pl.DataFrame, view: _View
) -> tuple[dict[str, Any], list[Estimate]]:
    """One step: its outcomes and what follows each."""
    path = f"journeys.{goal}.steps.{touchpoint}"
    served = rows.filter(pl.col("started").is_not_null())
    counts = served["outcome"].value_counts(sort=True)
    total = max(int(counts["count"].sum()), 1)
    shares = {str(name): n / total for name, n in counts.iter_rows()} or {RESOLVED: 1.0}
    outcomes: dict[str, Any] = dict(_rounded(shares))
    following: dict[str, Any] = {}
    estimates = [Estimate(f"{path}.outcomes", "", "how served visits ended", total, note=_spread(shares, total))]
    for outcome in [*outcomes, *([ABANDONED] if (rows["outcome"] == ABANDONED).any() else [])]:
        ended = rows.filter(pl.col("outcome") == outcome)
        pooled = ended.height < ENOUGH
        likewise = everywhere.filter(pl.col("outcome") == outcome)
        targets, n, note = _targets(likewise if pooled else ended, likewise, view)
        steps = set(rows["next"].unique()) | set(rows["touchpoint"])
        targets = {name: target for name, target in targets.items() if name == END or name in steps or not pooled}
        origin = "what followed" + (" for all goals together: too few of this one" if pooled else "")
        estimates.append(Estimate(f"{path}.next.{outcome}", "", origin, n, note=note))
        if outcome == RESOLVED:
            _add_reopening(outcomes, targets)
        else:
            following[outcome] = _written(targets, outcome)
    step: dict[str, Any] = {"touchpoint": touchpoint, "outcomes": outcomes}
    return (step | {"next": following} if following else step), estimates


def _add_reopening(outcomes: dict[str, Any], targets: dict[str, tuple[float, Any]]) -> None:
    """Let what followed a resolution be an issue that comes back."""
    back = {name: target for name, target in targets.items() if name != END}
    share = sum(p for p, _ in back.values())
    if share > 0:
        again = _written({name: (p / share, after) for name, (p, after) in back.items()}, RESOLVED)
        outcomes[RESOLVED] = {"p": outcomes[RESOLVED], "holds": round(1 - share, 4), "reopens": again}


def _targets(rows: pl.DataFrame, likewise: pl.DataFrame, view: _View) -> tuple[dict[str, tuple[float, Any]], int, str]:
    """Share and delay of what follows an outcome: touchpoints and the journey's end.

    Parameters
    ----------
    rows, likewise
        Visits of one goal with this outcome, and those of all goals.
    """
    known = rows.filter(pl.col("next") != UNFINISHED)
    followed = known.filter(pl.col("next") != END)
    names = [str(name) for name in followed["next"].value_counts(sort=True)["next"]]
    if not names:
        return {END: (1.0, None)}, known.height, ""
    long = float(np.median(followed["delay"].to_numpy())) > MINUTES_PER_DAY / 2
    ended = known["ended"].to_numpy()
    if all(view.comes_back(name) >= 1 for name in names):
        clear, note = np.ones(known.height, dtype=bool), ""
    elif long:
        last = float(np.max(ended))
        clear = ended < last - 7 * MINUTES_PER_DAY  # who closed last week may yet come back
        note = "those who found it closed on coming back are partly unseen; corrected by the share that returns"
    else:
        clear = view.open_for_all(ended, names)
        note = "from visits that ended while all that may follow was open"
    if clear.sum() < ENOUGH:
        clear, note = np.ones(known.height, dtype=bool), "closed hours included, for want of others"
    used = known.filter(pl.Series(clear))
    targets: dict[str, tuple[float, Any]] = {}
    for name in names:
        came = used.filter(pl.col("next") == name)
        share = came.height / used.height
        if long and view.comes_back(name) < 1:
            hours = view.hours[name]
            share /= hours.share + (1 - hours.share) * view.comes_back(name)
        if share >= RARE:
            came = followed.filter(pl.col("next") == name)
            others = likewise.filter(pl.col("next") == name)
            delay = _delay_of_days(came, others, view, name) if long else _delay(used, came, view, name)
            targets[name] = (share, delay)
    left = 1 - sum(share for share, _ in targets.values())
    return (targets | {END: (left, None)} if left > RARE else _scaled(targets)), used.height, note


def _scaled(targets: dict[str, tuple[float, Any]]) -> dict[str, tuple[float, Any]]:
    total = sum(share for share, _ in targets.values())
    return {name: (share / total, after) for name, (share, after) in targets.items()}


def _delay_of_days(came: pl.DataFrame, likewise: pl.DataFrame, view: _View, target: str) -> Any:
    """Law of a delay of days, from those who came when nobody was catching up; of all goals, where of one too few."""

    def undisturbed(rows: pl.DataFrame) -> NDArray[np.float64]:
        hours, delay = view.hours[target], rows["delay"].to_numpy()
        return delay[hours.always | (hours.since(rows["ended"].to_numpy() + delay) > view.settled)]

    delay, samples = came["delay"].to_numpy(), [undisturbed(came), undisturbed(likewise)]
    return _law(next((sample for sample in samples if sample.size >= A_FEW), delay), None, delay)


def _delay(used: pl.DataFrame, came: pl.DataFrame, view: _View, target: str) -> Any:
    """Law of the delay until a target, undisturbed by its closed hours; None where there is none."""
    delay, ended = came["delay"].to_numpy(), came["ended"].to_numpy()
    if np.mean(delay < AT_ONCE) > 0.95:
        return None
    hours = view.hours[target]
    if hours.always:
        sample, cut = delay, None
    else:
        left = hours.left(ended)
        seen = used.filter(pl.col("next") == target)
        before = delay <= left
        inside = np.isin(ended, seen["ended"].to_numpy()) & (left > 0)
        sample, cut = np.where(before, delay, left)[inside], ~before[inside]
    return _law(sample, cut, delay)


def _law(sample: NDArray[np.float64], cut: NDArray[np.bool_] | None, plain: NDArray[np.float64]) -> Any:
    """Law of a sample of delays, as it is written; the middle of the plain ones where too few are whole."""
    sample = np.maximum(sample, 0.5 / 60)
    seen = sample if cut is None else sample[~cut]
    if seen.size < 5 or np.std(seen) <= 0.01 * np.mean(seen):
        return written(Deterministic.fit(plain))
    return written(_likeliest(sample, cut))


def _likeliest(sample: NDArray[np.float64], cut: NDArray[np.bool_] | None) -> Exponential | Lognormal | Uniform:
    """Likeliest of an exponential, a lognormal and an even spread, some delays known only to be longer."""
    laws: list[Exponential | Lognormal | Uniform] = [Exponential.fit(sample, cut), Lognormal.fit(sample, cut)]
    if cut is None or not cut.any():
        laws.append(Uniform.fit(sample))
    scores = [2 * (1 if isinstance(law, Exponential) else 2) - 2 * law.log_likelihood(sample, cut) for law in laws]
    return laws[int(np.argmin(scores))]


def _written(targets: dict[str, tuple[float, Any]], outcome: str) -> dict[str, Any]:
    """Entry under `next`: targets with their probabilities, which add up to one, and delays."""
    ending = GIVE_UP if outcome in FAILED else RESOLVED
    shares = _rounded({ending if name == END else name: share for name, (share, _) in targets.items()})
    delays = {ending if name == END else name: after for name, (_, after) in targets.items()}
    return {name: {"p": p, "after": delays[name]} if delays[name] is not None else p for name, p in shares.items()}


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    """Shares with four digits that add up to one: the largest takes what is missing."""
    total = sum(shares.values())
    rounded = {name: round(share / total, 4) for name, share in shares.items()}
    largest = max(rounded, key=lambda name: rounded[name])
    rest = sum(p for name, p in rounded.items() if name != largest)
    return rounded | {largest: round(1 - rest, 4)}


def _spread(shares: dict[str, float], n: int) -> str:
    widest = max(LEVEL_Z * np.sqrt(p * (1 - p) / n) for p in shares.values())
    return f"every share within {units.yaml_number(float(widest), 2)} (95 %)"
