"""When things happen: weekly profiles of demand, weekly shifts of duty, and the clock that turns both into minutes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from sim import units
from sim.described import Days, Described, Minutes, Moment, Share, TimeOfDay
from sim.distributions import Gamma
from sim.units import MINUTES_PER_DAY, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from sim.rules import Law


_ROUNDING = 1e-9  # of a person: 0.29 of 100 are 29

Run = Literal["terminating", "steady", "calibrated"]


class Clock(Described):
    """The simulated span. The horizon includes the warm-up, which is lived but not measured.

    Attributes
    ----------
    run
        Which kind of run it is. `terminating`: it starts as it does in the world and ends by itself, as a day in a shop
        does, so all of it is measured and there is no warm-up. `steady`: it goes on and on, and how it started is
        forgotten in a warm-up. `calibrated`: it starts in a state that was calibrated, so it needs no warm-up.
        Where unstated it is taken to be steady if there is a warm-up, and terminating if not.
    holidays
        Dates by name, on which only those shifts take place that say so.
    """

    start: Moment
    horizon: Minutes = Field(gt=0)
    warmup: Minutes = 0.0
    run: Run | None = None
    holidays: dict[str, Moment] = {}

    @field_validator("holidays", mode="after")
    @classmethod
    def _whole_days(cls, holidays: dict[str, datetime]) -> dict[str, datetime]:
        for name, when in holidays.items():
            if when != datetime.combine(when, datetime.min.time()):
                msg = f"'{name}' begins at {when:%H:%M}, but a holiday is a whole day; write {when:%Y-%m-%d}"
                raise ValueError(msg)
        return holidays

    @field_validator("warmup", mode="after")
    @classmethod
    def _room_to_measure(cls, warmup: float, info: ValidationInfo) -> float:
        horizon = info.data.get("horizon", float("inf"))
        if warmup >= horizon:
            spans = units.say_duration(warmup), units.say_duration(horizon)
            msg = "the warm-up ({}) leaves nothing of the horizon ({}), which includes it".format(*spans)
            raise ValueError(msg)
        return warmup

    @field_validator("run", mode="after")
    @classmethod
    def _warm_up_where_it_belongs(cls, run: Run | None, info: ValidationInfo) -> Run | None:
        warmup = info.data.get("warmup")
        if run == "terminating" and warmup:
            msg = (
                f"a terminating run starts as it does in the world, so it has no warm-up, but clock.warmup is "
                f"{units.say_duration(warmup)}; leave that out, or write run: steady"
            )
            raise ValueError(msg)
        if run == "steady" and warmup == 0:
            msg = (
                "a steady run has to forget how it started, but there is no warm-up; state clock.warmup, such as "
                "4 weeks, or write run: terminating, or run: calibrated"
            )
            raise ValueError(msg)
        return run

    @property
    def kind(self) -> Run:
        """Which kind of run it is: the one that is stated, or else the one that its warm-up suggests."""
        return self.run or ("steady" if self.warmup else "terminating")

    @property
    def offset(self) -> float:
        """Minutes from Monday 00:00 to the start."""
        day = self.start.weekday() * MINUTES_PER_DAY
        return day + self.start.hour * 60.0 + self.start.minute + self.start.second / 60.0

    @property
    def days_off(self) -> frozenset[int]:
        """Holidays, counted in calendar days since that of the start."""
        return frozenset((when.date() - self.start.date()).days for when in self.holidays.values())

    def minutes(self, when: datetime) -> float:
        """Minutes from the start to a wall-clock moment."""
        return (when - self.start).total_seconds() / 60.0


class Span(Described):
    """Hours of some days of the week."""

    days: Days
    begins: TimeOfDay = Field(alias="from")
    ends: TimeOfDay = Field(alias="to")
    over_midnight: ClassVar[str] = (
        'a night {what} needs two entries, from "{first}" to "24:00" and from "00:00" to "{last}" the day after'
    )

    @field_validator("ends", mode="after")
    @classmethod
    def _forward(cls, ends: float, info: ValidationInfo) -> float:
        begins = info.data.get("begins", -1.0)
        if ends <= begins:
            first, last = units.say_clock(begins), units.say_clock(ends)
            remedy = cls.over_midnight.format(what=cls.__name__.lower(), first=first, last=last)
            msg = f"ends {last} before it starts {first}; {remedy}"
            raise ValueError(msg)
        return ends


class Shift(Span):
    """A weekly span of duty and how many people are on it."""

    headcount: int = Field(ge=0)
    holidays: bool = False


class Break(Span):
    """A weekly span of time in which a share of those on duty are away."""

    share: Share


class Taken(Break):
    """What a change takes from a pool: a share of those on duty, who are paid but not there.

    Attributes
    ----------
    days, begins, ends
        In which hours; always where unstated.
    lasts
        For how long after the change began; as long as the change lasts where unstated.
    """

    days: Days = tuple(range(7))
    begins: TimeOfDay = Field(default=0.0, alias="from")
    ends: TimeOfDay = Field(default=MINUTES_PER_DAY, alias="to")
    lasts: Minutes | None = Field(default=None, alias="for", gt=0)
    over_midnight: ClassVar[str] = "what a change takes from a pool lies within one day"


def _hours(levels: object) -> object:
    """A list of 24 numbers stands for one level an hour."""
    if isinstance(levels, list):
        if len(levels) != 24:
            msg = f"has {len(levels)} numbers; write 24, one an hour, or levels keyed by when they begin"
            raise ValueError(msg)
        return {f"{hour:02}:00": level for hour, level in enumerate(levels)}
    return levels


Level = Annotated[float, Field(ge=0)]


class Profile(Described):
    """Relative demand over the week; only its shape counts, the rate it shapes says how much.

    Attributes
    ----------
    hours
        For days (``mon-fri``), either 24 levels, one an hour, or levels keyed by the time at which each begins.
        Before the first, and on days left out, there is no demand.
    day_to_day
        Coefficient of variation of a whole day's level around its expectation; days vary independently by a gamma law.
    """

    hours: dict[Days, Annotated[dict[TimeOfDay, Level], BeforeValidator(_hours)]]
    day_to_day: float = Field(default=0.0, ge=0)

    @field_validator("hours", mode="after")
    @classmethod
    def _some_demand(cls, hours: dict[Days, dict[float, float]]) -> dict[Days, dict[float, float]]:
        if not any(level > 0 and begin < MINUTES_PER_DAY for day in hours.values() for begin, level in day.items()):
            msg = "no hour of the week has any demand"
            raise ValueError(msg)
        taken: dict[int, str] = {}
        for chosen in hours:
            for day in chosen:
                if day in taken:
                    msg = f"{units.WEEKDAYS[day]} is given twice"
                    raise ValueError(msg)
                taken[day] = units.WEEKDAYS[day]
        return hours

    @cached_property
    def weekly(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Minutes of the week at which the level changes (the first 0), and levels scaled to an average of 1."""
        begins: list[float] = []
        levels: list[float] = []
        by_day = {day: spans for chosen, spans in self.hours.items() for day in chosen}
        for day in range(7):
            spans = {0.0: 0.0, **dict(sorted(by_day.get(day, {}).items()))}
            begins.extend(day * MINUTES_PER_DAY + begin for begin in spans if begin < MINUTES_PER_DAY)
            levels.extend(level for begin, level in spans.items() if begin < MINUTES_PER_DAY)
        at, level = np.array(begins), np.array(levels)
        average = float(np.sum(np.diff(np.append(at, MINUTES_PER_WEEK)) * level)) / MINUTES_PER_WEEK
        return at, level / average

    @cached_property
    def day_law(self) -> Law:
        """Law of a day's level around its expectation."""
        return Gamma.model_construct(mean=1.0, cv=self.day_to_day).law


FLAT = Profile.model_validate({"hours": {"all": {"00:00": 1}}})


@dataclass(frozen=True)
class Cumulative:
    """Expected number of events since the start, a broken line that only rises; it is inverted exactly.

    Pieces are told by where they begin and how steep they are, so what comes later moves no time before it.

    Attributes
    ----------
    at
        Times in minutes, ascending, from 0 to the horizon.
    value
        Expected number of events up to each time.
    rate
        Events a minute from each time on; nothing is known of the last.
    """

    at: list[float]
    value: list[float]
    rate: list[float]

    def count(self, time: float) -> float:
        """Expected number of events up to a time."""
        i = min(max(bisect_right(self.at, time) - 1, 0), len(self.at) - 2)
        return self.value[i] + self.rate[i] * (time - self.at[i])

    def time(self, count: float) -> float:
        """Time at which the expected number exceeds a count; infinite beyond the horizon."""
        if count >= self.value[-1]:
            return float("inf")
        i = bisect_right(self.value, count) - 1
        return min(self.at[i] + (count - self.value[i]) / self.rate[i], self.at[i + 1])


@dataclass(frozen=True)
class Stretch:
    """Part of the horizon in which a rate and its profile stay the same."""

    start: float
    end: float
    rate: float
    profile: Profile
    name: str


def accumulate(stretches: list[Stretch], offset: float, day_level: Callable[[Stretch, int], float]) -> Cumulative:
    """Integrate rate × weekly profile × level of the day over the horizon.

    Parameters
    ----------
    stretches
        Consecutive parts covering the horizon; rates per minute.
    offset
        Minutes from Monday 00:00 to the start.
    day_level
        Level of a stretch's profile on the k-th calendar day since the start, 1 on average.
    """
    times: list[NDArray[np.float64]] = []
    slopes: list[NDArray[np.float64]] = []
    for stretch in _merged(stretches):
        at, level = stretch.profile.weekly
        weeks = np.arange(
            int((stretch.start + offset) // MINUTES_PER_WEEK), int((stretch.end + offset) // MINUTES_PER_WEEK) + 1
        )
        starts = (weeks[:, None] * MINUTES_PER_WEEK + at).ravel() - offset
        levels = np.tile(level, len(weeks))
        first = max(int(np.searchsorted(starts, stretch.start, side="right")) - 1, 0)  # a start may be rounded
        last = int(np.searchsorted(starts, stretch.end, side="left"))
        starts, levels = starts[first:last].copy(), levels[first:last].copy()
        starts[0] = stretch.start
        if stretch.profile.day_to_day > 0:
            days = ((starts + offset) // MINUTES_PER_DAY).astype(int) - int(offset // MINUTES_PER_DAY)
            known = {int(day): day_level(stretch, int(day)) for day in np.unique(days)}
            levels = levels * np.array([known[int(day)] for day in days])
        times.append(starts)
        slopes.append(levels * stretch.rate)
    at, rate = np.append(np.concatenate(times), stretches[-1].end), np.concatenate(slopes)
    value = np.concatenate([[0.0], np.cumsum(np.diff(at) * rate)])
    return Cumulative(at.tolist(), value.tolist(), [*rate.tolist(), 0.0])


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    """The same stretches, those as one between which nothing changes: a change moves only what it names."""
    merged = stretches[:1]
    for stretch in stretches[1:]:
        if _demand(stretch) == _demand(merged[-1]):
            merged[-1] = replace(merged[-1], end=stretch.end)
        else:
            merged.append(stretch)
    return merged


def _demand(stretch: Stretch) -> tuple[object, ...]:
    """What demand a stretch states."""
    return stretch.rate, stretch.name, stretch.profile.hours, stretch.profile.day_to_day


@dataclass(frozen=True)
class Duty:
    """How many people of a pool are on duty: a step function of time.

    Attributes
    ----------
    at
        Times in minutes at which something changes; the first is 0.
    headcount
        People on duty from each of those times on, those on a break left out.
    resting
        People on a break from each of those times on; empty where there are no breaks.
    """

    at: list[float]
    headcount: list[int]
    resting: list[int] = field(default_factory=list)

    def part(self, start: float, end: float) -> Duty:
        """What of it lies between two times."""
        first, last = bisect_right(self.at, start), bisect_left(self.at, end)
        return Duty([start, *self.at[first:last]], self.headcount[first - 1 : last], self.resting[first - 1 : last])

    def followed_by(self, later: Duty) -> Duty:
        """Itself, and then what begins later."""
        return Duty(self.at + later.at, self.headcount + later.headcount, self.resting + later.resting)

    def now(self, time: float) -> int:
        """Headcount at a time, the change at that very time included."""
        return self.headcount[bisect_right(self.at, time) - 1]

    def next_open(self, time: float) -> float:
        """First time from now on with somebody on duty; infinite if there is none."""
        i = bisect_right(self.at, time) - 1
        if self.headcount[i] > 0:
            return time
        for at, headcount in zip(self.at[i + 1 :], self.headcount[i + 1 :], strict=True):
            if headcount > 0:
                return at
        return float("inf")

    def person_minutes(self, start: float, end: float) -> float:
        """Minutes on duty between two times, summed over people."""
        first, last = max(bisect_right(self.at, start) - 1, 0), bisect_left(self.at, end)
        edges = [*self.at[first:last], float("inf")]
        return sum(
            people * max(0.0, min(upto, end) - max(since, start))
            for since, upto, people in zip(edges, edges[1:], self.headcount[first:last], strict=False)
        )


@dataclass(frozen=True)
class Rota:
    """Part of the horizon in which a pool's shifts and breaks stay the same."""

    start: float
    end: float
    shifts: Mapping[str, Shift]
    breaks: Iterable[Break] = ()
    absence: float = 0.0


def _nobody(_rota: Rota, _shift: str, _day: int, _begins: float, _ends: float) -> Iterable[tuple[float, float]]:
    return ()


def duty(
    rotas: list[Rota],
    offset: float,
    days_off: Collection[int] = (),
    away: Callable[[Rota, str, int, float, float], Iterable[tuple[float, float]]] = _nobody,
) -> Duty:
    """Headcount over the horizon from weekly shifts and breaks.

    Parameters
    ----------
    rotas
        Consecutive parts of the horizon.
    offset
        Minutes from Monday 00:00 to the start.
    days_off
        Holidays, counted in calendar days since that of the start.
    away
        When people of a shift, by its name, are not there, on a day counted likewise, between two minutes.
    """
    at: list[float] = []
    headcount: list[int] = []
    resting: list[int] = []
    for rota in rotas:
        people = Counter[float]({rota.start: 0})
        breaks: dict[float, list[float]] = {}
        for name, shift in rota.shifts.items():
            for day, begins, ends in _days(shift, rota, offset):
                if shift.holidays or day not in days_off:
                    people[begins] += shift.headcount
                    people[ends] -= shift.headcount
                    missing = list(away(rota, name, day, begins, ends))
                    people.subtract(since for since, _ in missing)
                    people.update(until for _, until in missing)
        for pause in rota.breaks:
            for _, begins, ends in _days(pause, rota, offset):
                breaks.setdefault(begins, []).append(pause.share)
                breaks.setdefault(ends, []).append(-pause.share)
        there, shares = 0, Counter[float]()
        for time in sorted({*people, *breaks}):
            there += people.get(time, 0)
            for share in breaks.get(time, ()):
                shares[abs(share)] += 1 if share > 0 else -1
            rest = min(there, sum(n * int(share * there + _ROUNDING) for share, n in shares.items()))
            last = (headcount[-1], resting[-1]) if headcount else None
            if time < rota.end and last != (there - rest, rest):
                at.append(time)
                headcount.append(there - rest)
                resting.append(rest)
    return Duty(at, headcount, resting)


def _days(span: Span, rota: Rota, offset: float) -> Iterator[tuple[int, float, float]]:
    """Calendar days since that of the start on which a span lies within a rota, and its minutes there."""
    today = int(offset // MINUTES_PER_DAY)
    for week in range(int((rota.start + offset) // MINUTES_PER_WEEK), int((rota.end + offset) // MINUTES_PER_WEEK) + 1):
        for day in span.days:
            midnight = week * MINUTES_PER_WEEK + day * MINUTES_PER_DAY - offset
            begins, ends = max(midnight + span.begins, rota.start), min(midnight + span.ends, rota.end)
            if begins < ends:
                yield 7 * week + day - today, begins, ends
