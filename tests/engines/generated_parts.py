"""What random scenarios are made of: numbers with their units, laws of durations, rates, profiles, shifts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Raw = dict[str, Any]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
JUST_ABOVE = 1e-7  # of a share: as wide as the jump of a table of quantiles is


class Chance:
    """What is drawn, in the words of a scenario; all of it comes from whole numbers between two bounds.

    Attributes
    ----------
    whole
        Draws a whole number from low to high; low is the simplest.
    rounded
        Whether times are whole minutes.
    """

    def __init__(self, whole: Callable[[int, int], int], rounded: bool) -> None:
        self.whole, self.rounded = whole, rounded

    # ---- choices ---------------------------------------------------------------------------------------------------

    def happens(self, p: float) -> bool:
        """Say whether something happens; the simplest example is that it does not."""
        return self.whole(0, 99) >= 100 * (1 - p)

    def maybe(self, p: float, /, **fields: Any) -> Raw:
        """Draw each field with probability p."""
        return {name: field() for name, field in fields.items() if self.happens(p)}

    def one_of(self, choices: Any) -> Any:
        """Draw one of several things."""
        choices = list(choices)
        return choices[self.whole(0, len(choices) - 1)]

    def some(self, choices: Any, at_least: int = 0) -> list[Any]:
        """Draw some of several things, in their order."""
        choices = list(choices)
        chosen = [choice for choice in choices if self.happens(0.4)]
        return chosen if len(chosen) >= at_least else choices[:at_least]

    def first(self, choices: Any) -> list[Any]:
        """Draw the first one or more of several things, and rather more."""
        return list(choices[: self.one_of(n for n in range(1, len(choices) + 1) for _ in range(n))])

    def shuffled(self, choices: Any) -> list[Any]:
        """Draw an order."""
        left = list(choices)
        return [left.pop(self.whole(0, len(left) - 1)) for _ in range(len(left))]

    # ---- numbers ---------------------------------------------------------------------------------------------------

    def number(self, low: float, high: float) -> float:
        """Draw a number with two decimals."""
        return self.whole(round(100 * low), round(100 * high)) / 100

    def share(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw a share."""
        return self.number(low, high)

    def minutes(self, low: float, high: float) -> float:
        """Draw a duration in minutes, whole where times are rounded."""
        return self.whole(int(low), int(high)) if self.rounded else self.number(low, high)

    def weights(self, names: Any, seldom: Any = ()) -> dict[str, float]:
        """Draw weights that add up to one; one of those may be 0, and those that should happen seldom weigh little."""
        names = list(names)
        parts = {name: self.whole(1, 3) if name in seldom else self.whole(4, 9) for name in names}
        if len(names) - len(seldom) > 1 and self.happens(0.1):
            parts[next(name for name in names if name not in seldom)] = 0
        total = sum(parts.values())
        return {name: part / total for name, part in parts.items()}

    # ---- quantities ------------------------------------------------------------------------------------------------

    def say(self, minutes: float) -> str:
        """Write a duration with a unit in which it is exact where times are rounded."""
        if minutes % 60 == 0 and self.happens(0.3):
            return f"{minutes / 60:g} h"
        if not self.rounded and self.happens(0.1):
            return f"{minutes * 60!r} s"
        return f"{minutes!r} min"

    def duration(self, low: float, high: float) -> str:
        """Draw a duration."""
        return self.say(self.minutes(low, high))

    def money(self, low: float, high: float) -> str:
        """Draw an amount of money."""
        return f"{self.number(low, high)} EUR"


# ---- laws ------------------------------------------------------------------------------------------------------------


def draw_law(chance: Chance, low: float, high: float) -> Any:
    """Draw a law of durations that are mostly between two bounds."""
    if chance.rounded:
        return draw_table(chance, low, high) if chance.happens(0.4) else chance.duration(low, high)
    kind = chance.one_of(LAWS)
    return chance.duration(low, high) if kind is None else kind(chance, max(low, 0.05), high)


def draw_table(chance: Chance, low: float, high: float) -> Raw:
    """Draw a table of two durations and nothing between them: it jumps within less than a draw would ever find."""
    shorter, longer = sorted((chance.minutes(low, high), chance.minutes(low, high)))
    at = chance.share(0.1, 0.9)
    quantiles = {0: shorter, at: shorter, at + JUST_ABOVE: longer, 1: longer}
    return {"kind": "empirical", "quantiles": {share: chance.say(value) for share, value in quantiles.items()}}


def draw_exponential(chance: Chance, low: float, high: float) -> Raw:
    return {"kind": "exponential", "mean": chance.duration(low, high)}


def draw_gamma(chance: Chance, low: float, high: float) -> Raw:
    return {"kind": "gamma", "mean": chance.duration(low, high), "cv": chance.one_of((0.3, 0.8, 1.7))}


def draw_weibull(chance: Chance, low: float, high: float) -> Raw:
    return {"kind": "weibull", "median": chance.duration(low, high), "shape": chance.number(0.7, 3)}


def draw_lognormal(chance: Chance, low: float, high: float) -> Raw:
    return {"kind": "lognormal", "mean": chance.duration(low, high), "cv": chance.number(0.1, 1.5)}


def draw_loglogistic(chance: Chance, low: float, high: float) -> Raw:
    return {"kind": "loglogistic", "median": chance.duration(low, high), "shape": chance.number(1.2, 4)}


def draw_deterministic(chance: Chance, low: float, high: float) -> Raw:
    return {"kind": "deterministic", "value": chance.duration(low, high)}


def draw_uniform(chance: Chance, low: float, high: float) -> Raw:
    bound = chance.minutes(low, high)
    return {"kind": "uniform", "low": chance.say(bound), "high": chance.say(bound + chance.minutes(1, max(high, 2)))}


def draw_empirical(chance: Chance, low: float, high: float) -> Raw:
    values = sorted(chance.minutes(low, high) for _ in range(3))
    quantiles = dict(zip((0, chance.share(0.1, 0.9), 1), values, strict=True))
    return {"kind": "empirical", "quantiles": {share: chance.say(value) for share, value in quantiles.items()}}


def draw_hazard(chance: Chance, low: float, high: float) -> Raw:
    """Draw a hazard that changes once; sometimes to nothing, and then some wait for ever."""
    first, later = (f"{1 / chance.minutes(max(low, 1), high)!r} / min" for _ in range(2))
    change = chance.duration(max(low, 1), high)
    return {"kind": "hazard", "rates": {"0 min": first, change: "0 / min" if chance.happens(0.2) else later}}


def draw_mixture(chance: Chance, low: float, high: float) -> Raw:
    laws = [chance.one_of(PARTS)(chance, low, high) for _ in range(2)]
    weights = chance.weights(("short", "long"))
    parts = zip(weights.items(), laws, strict=True)
    return {"kind": "mixture", "parts": {name: {"p": p, "law": law} for (name, p), law in parts}}


PARTS = (draw_exponential, draw_lognormal, draw_deterministic, draw_uniform, draw_hazard)
CLOSED_FORM = (
    None, draw_exponential, draw_weibull, draw_lognormal, draw_loglogistic, draw_deterministic, draw_uniform,
    draw_empirical, draw_hazard,
)  # fmt: skip
LAWS = (*(CLOSED_FORM * 3), draw_gamma, draw_mixture)  # what has to be tabulated takes long, so it is seldom drawn


# ---- touchpoints -----------------------------------------------------------------------------------------------------


def is_attended(touchpoint: Raw) -> bool:
    """Say whether the customer is there."""
    return bool(touchpoint.get("attended", True))


# ---- customers -------------------------------------------------------------------------------------------------------


def draw_taste(chance: Chance) -> Raw:
    """Draw how channels come to be liked, and how much that counts."""
    return {"learns": chance.share(0.1, 1), "strength": chance.number(0, 3)}


# ---- demand and duty -------------------------------------------------------------------------------------------------


def draw_rate(chance: Chance, low: float, high: float, profiles: list[str]) -> Any:
    """Draw a rate of events a day, with a profile of its own or without."""
    a_day = chance.number(low, high)
    rate = chance.one_of((f"{a_day!r} / day", f"{a_day / 24!r} / h", f"{7 * a_day!r} / week"))
    named = chance.one_of([None, *profiles])
    return rate if named is None else {"rate": rate, "profile": named}


def draw_profile(chance: Chance) -> Raw:
    """Draw a weekly profile: some hours of some days, or a level for each hour of all days."""
    if chance.happens(0.3):
        hours: Raw = {"all": [chance.one_of((1, 0, 2, 5)) if hour else 1 for hour in range(24)]}
    else:
        hours = {
            "mon-thu": {"08:00": 3, "12:00": chance.whole(0, 6), "18:00": chance.number(0, 1)},
            "fri-sun": {"00:00": 1, "09:30": chance.number(0, 4), "16:00": 0.5},
        }
    return {"hours": hours} | chance.maybe(0.5, day_to_day=lambda: chance.one_of((0.3, 1.1)))


def draw_shift(chance: Chance, hours: tuple[int, ...], start: datetime) -> Raw:
    """Draw a shift between two hours, on all days, on some, or on one soon after the start."""
    begins = chance.one_of(hours)
    ends = chance.one_of([hour for hour in (*hours, 24) if hour > begins])
    soon = [WEEKDAYS[(start + timedelta(days=day)).weekday()] for day in range(2)]
    return {
        "days": chance.one_of(("all", "all", "mon-fri", *soon, "sat,sun")),
        "from": f"{begins:02}:00",
        "to": f"{ends:02}:00",
        "headcount": chance.one_of((1, 1, 2, 3, 0)),
    } | chance.maybe(0.2, holidays=lambda: True)


def draw_strain(chance: Chance) -> Raw:
    """Draw what soon strains people, slows them where times need not be whole minutes, and lets some quit."""
    strain = {
        "above": chance.share(0, 0.7),
        "memory": chance.duration(100, 3000),
        "every": chance.say(chance.one_of((480, 240, 720, 1000))),
    }
    slower = {} if chance.rounded else {"slower": chance.number(0, 1)}
    return strain | slower | chance.maybe(0.7, quits=lambda: draw_quits(chance))


def draw_quits(chance: Chance) -> Raw:
    """Draw how soon people quit, and others come."""
    quits = {"rate": f"{chance.number(0, 2)} / day", "slope": chance.number(0, 6), "cost": chance.money(0, 900)}
    return quits | {"hiring": chance.duration(0, 900), "training": chance.duration(0, 400)}


def draw_break(chance: Chance, hours: tuple[int, ...]) -> Raw:
    """Draw a break from an hour on, short or long, of some or of all."""
    begins = chance.one_of(hours)
    ends = 60 * begins + chance.one_of((15, 30, 60, 200))
    return {
        "days": chance.one_of(("all", "mon-fri")),
        "from": f"{begins:02}:00",
        "to": f"{ends // 60:02}:{ends % 60:02}",
        "share": chance.one_of((1, 1, 0.5, 0.7)),
    }
