"""How many replications: a number that is given, or as many as make every difference precise enough."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from scenarios import words
from scenarios.intervals import interval
from sim import units
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.kpis import KPIS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

LEAST_FIRST = 10  # fewer say too little of how much replications differ
LEAST_MORE = 5  # replications from one look to the next
SURE = 0.999  # that a pilot is not so unlucky, before its word is taken that something is out of reach


@dataclass(frozen=True)
class Precision:
    """How precise the differences from the baseline are to be.

    Attributes
    ----------
    half_widths
        For each KPI the half-width that the interval of its difference may have at most, in the KPI's own unit: that
        of its luck of the run, because the limits of the data do not fall with replications.
    level
        Of each interval by itself, whatever the number of KPIs and points.
    first, most
        Replications before the first look, and at most.
    """

    half_widths: dict[str, float] = field(default_factory=dict)
    level: float = 0.95
    first: int = 20
    most: int = 1000


# ---- what is asked for -----------------------------------------------------------------------------------------------


def read_precision(
    stated: Mapping[str, object], *, level: float = 0.95, first: int = 20, most: int = 1000, currency: str = "EUR"
) -> Precision:
    """Read what somebody asks for, such as ``{churn: 0.2 points, satisfaction: 0.1}``.

    Parameters
    ----------
    stated
        Half-widths by KPI: a number in the KPI's own unit, or one with its unit. Of a share, ``0.2 points`` and
        ``0.2 %`` are the number 0.002.
    level, first, most
        As `Precision` has them.
    currency
        In which money may be stated.

    Raises
    ------
    ScenarioError
        With everything that is wrong.
    """
    half_widths: dict[str, float] = {}
    problems: list[Problem] = []
    for kpi, asked in stated.items():
        try:
            half_widths[kpi] = _half_width(kpi, asked, currency)
        except ValueError as error:
            problems.append(Problem(f"precision.{kpi}", str(error)))
    if not stated:
        problems.append(Problem("precision", "names no KPI; write for instance {satisfaction: 0.1, churn: 0.2 points}"))
    if not 0.5 <= level < 1:
        problems.append(Problem("level", f"{level:g} is not a level from 0.5 to less than 1, such as 0.95"))
    if first < LEAST_FIRST:
        what = f"{first} replications say too little of how much they differ; use {LEAST_FIRST} or more, better 20"
        problems.append(Problem("first", what))
    if most < first:
        what = f"{most:,} is less than the {first:,} replications before the first look; use at least as many"
        problems.append(Problem("most", what))
    if problems:
        raise ScenarioError(problems, "precision")
    return Precision(half_widths, level, first, most)


def _half_width(kpi: str, asked: object, currency: str) -> float:
    """Half-width in the KPI's own unit."""
    if kpi not in KPIS:
        raise ValueError(f"there is no KPI '{kpi}'; {did_you_mean(kpi, list(KPIS))}")
    unit = KPIS[kpi].unit
    asked = asked.strip().removeprefix("±") if isinstance(asked, str) else asked
    number, word = units.split(asked)
    if word in ("%", "point", "points") and unit.startswith("share"):
        number /= 100
    elif word and unit in ("min", "h"):
        number = units.duration(asked) / units.UNITS[unit]
    elif word and unit.startswith("money"):
        number = units.money(asked, currency)
    elif word and not (word in ("point", "points") and unit in ("0–10", "points")):
        raise ValueError(f"{asked!r} is not in its unit, which is {unit}; write {number:g} for {number:g} of these")
    if not (number > 0 and math.isfinite(number)):
        raise ValueError(f"{asked!r} is no half-width; write how far the interval may reach either way, more than 0")
    if unit == "share" and number >= 1:
        raise ValueError(f"is a share from 0 to 1, so ±{number:g} says nothing; for ±{number:g} % write '{number:g} %'")
    return number


# ---- the rule --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reached:
    """How precise the difference of one KPI at one point is by now.

    Attributes
    ----------
    asked
        Half-width that was asked for.
    luck, limits
        Half-widths of both parts of the interval: the luck of the run, and the limits of our data.
    known
        Number of replications in which it has a value.
    spread
        Standard deviation over replications.
    wanted, halving
        Replications that make the luck as small as asked, and half of what it is, if they go on differing as much as
        so far; None where that cannot be told.
    """

    asked: float
    luck: float
    limits: float
    known: int
    spread: float
    wanted: int | None
    halving: int | None

    @property
    def precise(self) -> bool:
        """Whether the luck of the run is as small as asked."""
        return self.luck <= self.asked


@dataclass(frozen=True)
class Look:
    """What one point has reached.

    Attributes
    ----------
    replications
        It has so far.
    due
        It should have at the next look; no more than now where it is done.
    reached
        For each KPI.
    """

    replications: int
    due: int
    reached: dict[str, Reached]

    @property
    def precise(self) -> bool:
        """Whether every difference is as precise as asked."""
        return all(each.precise for each in self.reached.values())

    @property
    def done(self) -> bool:
        """Whether no replication is to be added, be it precise or at the cap."""
        return self.due == self.replications

    @property
    def halving(self) -> int:
        """Replications that make every interval half as wide."""
        return max((each.halving or self.replications for each in self.reached.values()), default=self.replications)


def look(precision: Precision, differences: Mapping[str, Numbers], centre: Mapping[str, Numbers] | None = None) -> Look:
    """Say how precise one point is, and how many replications it should have at its next look.

    Where n replications are not enough, the next look comes at as many as would be, if they went on differing as much
    as so far; but at no more than 2n, and at no fewer than n + 5. So there are few looks, and each hangs on nothing but
    the values. A KPI without any value so far is not waited for. Coverage and cost of this are in decision 9.

    Parameters
    ----------
    precision
        What is asked for.
    differences
        For each KPI asked for the paired differences from the baseline, one a replication, NaN where there is none;
        empty before the first.
    centre
        Likewise with all that is uncertain at its centre, on the same luck; None where nothing is uncertain.
    """
    reached = {
        kpi: _reached(precision, asked, differences[kpi], None if centre is None else centre[kpi])
        for kpi, asked in precision.half_widths.items()
    }
    n = max(len(differences[kpi]) for kpi in reached)
    if n < precision.first:
        due = precision.first
    elif wide := [each.wanted or 2 * n for each in reached.values() if each.known and not each.precise]:
        due = max(n, min(max(n + LEAST_MORE, min(max(wide), 2 * n)), precision.most))
    else:
        due = n
    return Look(n, due, reached)


def _reached(precision: Precision, asked: float, drawn: Numbers, centre: Numbers | None) -> Reached:
    n, known = len(drawn), int(np.count_nonzero(~np.isnan(drawn)))
    if known < 2:
        return Reached(asked, math.nan, math.nan, known, math.nan, None, None)
    found = interval(drawn[None], None if centre is None else centre[None], precision.level)
    luck, limits = float(found.luck[0]), float(found.limits[0])
    spread = float(drawn[~np.isnan(drawn)].std(ddof=1))
    wanted = math.ceil(fewest(spread, asked, precision.level) * n / known)
    halving = math.ceil(fewest(spread, luck / 2, precision.level) * n / known) if luck else n
    return Reached(asked, luck, limits, known, spread, wanted, halving)


def fewest(spread: float, half_width: float, level: float) -> int:
    """Smallest number n of values for which t·s/√n is no more than a half-width, t being Student's with n − 1.

    It is two or three more than (z·s / half-width)², the number for which s would have to be known beforehand.
    """
    if spread == 0:
        return 2
    n = max(2, math.ceil((special.ndtri(0.5 + level / 2) * spread / half_width) ** 2))
    while special.stdtrit(n - 1, 0.5 + level / 2) * spread / math.sqrt(n) > half_width:
        n += 1
    return n


def baseline_due(looks: Mapping[str, Look]) -> int:
    """Replications of the baseline that the points' next looks need: as many as the neediest point."""
    return max((one.due for one in looks.values()), default=0)


def price_of_halving(looks: Mapping[str, Look]) -> int:
    """Replications, of all points and the baseline, that would make every interval half as wide as it is."""
    more = sum(one.halving - one.replications for one in looks.values())
    baseline = max((one.halving for one in looks.values()), default=0)
    return more + baseline - max((one.replications for one in looks.values()), default=0)


# ---- what is out of reach --------------------------------------------------------------------------------------------


def check_reachable(precision: Precision, looks: Mapping[str, Look], currency: str = "EUR") -> None:
    """Refuse a precision that the cap cannot give, by what the first look says; what it might just give goes on.

    A pilot of n values may by luck differ more than the rest will. So its standard deviation s is taken to be only
    s·√((n − 1) / q), q the 99.9 % quantile of chi-square with n − 1 degrees of freedom: 0.66 s for n = 20.

    Parameters
    ----------
    precision
        What is asked for.
    looks
        By point.
    currency
        What money is counted in.

    Raises
    ------
    ScenarioError
        With a problem for each KPI: the point at which it is furthest out of reach, and at how many others it is.
    """
    problems = []
    for kpi in precision.half_widths:
        found = {name: one.reached[kpi] for name, one in looks.items()}
        if found and not any(each.known for each in found.values()):
            n = max(one.replications for one in looks.values())
            problems.append(Problem(f"precision.{kpi}", f"has no value in any of {n} replications; leave it out"))
        far = {name: each for name, each in found.items() if _out_of_reach(precision, looks[name], each)}
        if far:
            name = max(far, key=lambda name: far[name].wanted or 0)
            where = f"'{name}'" + (f", and too many at {len(far) - 1} more of the points" if len(far) > 1 else "")
            what = _too_much(precision, kpi, where, looks[name], currency)
            problems.append(Problem(f"precision.{kpi}", what))
    if problems:
        raise ScenarioError(problems, "precision")


def _out_of_reach(precision: Precision, one: Look, reached: Reached) -> bool:
    n = reached.known
    if n < 2:
        return False
    spread = reached.spread * math.sqrt((n - 1) / float(stats.chi2.ppf(SURE, n - 1)))
    return fewest(spread, reached.asked, precision.level) * one.replications / n > precision.most


def _too_much(precision: Precision, kpi: str, where: str, one: Look, currency: str) -> str:
    """What was asked, what it would take, what the cap gives instead, and what would be right."""
    most, reached = precision.most, one.reached[kpi]
    wanted, known = reached.wanted or 0, max(2, math.floor(most * reached.known / one.replications))
    given = float(special.stdtrit(known - 1, 0.5 + precision.level / 2)) * reached.spread / math.sqrt(known)
    return (
        f"{plus_minus(kpi, reached.asked, currency)} takes about {wanted:,} replications at {where}; no more than "
        f"{most:,} are allowed, which give about {plus_minus(kpi, given, currency)}. "
        f"Ask for {plus_minus(kpi, 1.1 * given, currency)}, or allow more: most={math.ceil(1.2 * wanted)}"
    )


def plus_minus(kpi: str, half_width: float, currency: str = "EUR") -> str:
    """A half-width in words, such as ``±0.2 %-points``."""
    shown = words.scale(KPIS[kpi].unit, currency, half_width, difference=True)
    size = half_width * shown.factor
    text = words.rounded(size, words.two_digits(size)) if size > 0 else "0"
    return f"±{text.rstrip('0').rstrip('.') if '.' in text else text}{shown.word}"


def remarks(looks: Mapping[str, Look], currency: str = "EUR") -> list[str]:
    """What is to be said in the end: where the cap came first, and where more replications could not help."""
    said = []
    for name, one in looks.items():
        for kpi, reached in one.reached.items():
            title = words.kpi_title(kpi)
            asked = plus_minus(kpi, reached.asked, currency)
            if reached.known < 2:
                said.append(f"{title} at '{name}': has hardly any value in {one.replications:,} replications.")
            elif not reached.precise:
                wanted = f"{reached.wanted:,}" if reached.wanted else "more"
                said.append(
                    f"{title} at '{name}': {plus_minus(kpi, reached.luck, currency)} after {one.replications:,} "
                    f"replications; {asked} was asked for, and would take about {wanted}."
                )
            if reached.limits > reached.asked:
                said.append(
                    f"{title} at '{name}': the limits of our data alone are "
                    f"{plus_minus(kpi, reached.limits, currency)}, more than the {asked} asked for; "
                    "no number of replications makes them less."
                )
    return said
