"""Quantities carry their unit outside; inside, time is minutes and money is the scenario's currency.

A month is 30.4375 days and a year 365.25, so that twelve months are one year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

MINUTES_PER_DAY = 1440.0
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
MINUTES_PER_MONTH = 30.4375 * MINUTES_PER_DAY
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

UNITS = {
    "s": 1 / 60,
    "sec": 1 / 60,
    "second": 1 / 60,
    "min": 1.0,
    "minute": 1.0,
    "h": 60.0,
    "hour": 60.0,
    "day": MINUTES_PER_DAY,
    "week": MINUTES_PER_WEEK,
    "month": MINUTES_PER_MONTH,
    "year": 12 * MINUTES_PER_MONTH,
}
SAY_UNITS = "s, min, h, day, week, month or year"

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*")
_MONEY = re.compile(rf"\s*({_NUMBER})\s*([A-Z]{{3}})\s*(?:/\s*([A-Za-z]+))?\s*")


def split(text: object) -> tuple[float, str]:
    """Split a quantity into its number and the text of its unit (empty where none is written)."""
    if isinstance(text, bool) or not isinstance(text, int | float | str):
        msg = f"{text!r} is not a quantity; write a number and its unit, such as '6.5 min'"
        raise ValueError(msg)
    if isinstance(text, int | float):
        return float(text), ""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        msg = f"{text!r} is not a quantity; write a number and its unit, such as '6.5 min'"
        raise ValueError(msg)
    return float(match[1]), match[2]


def together(stated: Mapping[str, object]) -> tuple[dict[str, float], str]:
    """Numbers of quantities that are written in one unit, and that unit; a bare 0 needs none."""
    quantities = {name: split(text) for name, text in stated.items()}
    for name, (_, unit) in quantities.items():
        if unit and not re.match(r"[A-Za-z/]", unit):
            msg = f"{name} ({stated[name]}) is not a number or a quantity"
            raise ValueError(msg)
    found = sorted({unit for number, unit in quantities.values() if number or unit})
    if len(found) > 1:
        units = ", ".join(unit or "none" for unit in found)
        msg = f"{' and '.join(stated)} are in different units ({units}); write them in one"
        raise ValueError(msg)
    return {name: number for name, (number, _) in quantities.items()}, "".join(found)


def _unit(word: str) -> float | None:
    return UNITS.get(word) or UNITS.get(word.removesuffix("s"))


def duration(text: object) -> float:
    """Minutes of a duration such as ``6.5 min``, ``45 s`` or ``4 weeks``; only a bare 0 needs no unit."""
    number, unit = split(text)
    if not unit and number == 0:
        return 0.0
    if not unit:
        msg = f"{text!r} has no unit; write for instance '{number:g} min' (units: {SAY_UNITS})"
        raise ValueError(msg)
    minutes = _unit(unit)
    if minutes is None and re.match(r"\s*\d{4}-\d", str(text)):
        msg = f"{text!r} is a date; write how long instead, such as '10 weeks'"
        raise ValueError(msg)
    if minutes is None:
        msg = f"{text!r}: {unit!r} is not a unit of time; use {SAY_UNITS}"
        raise ValueError(msg)
    return number * minutes


def rate(text: object) -> float:
    """Events per minute of a rate such as ``0.15 / week``; only a bare 0 needs no unit."""
    number, unit = split(text)
    if not unit and number == 0:
        return 0.0
    if not unit:
        msg = f"{text!r} does not say per what; write for instance '{number:g} / week' (units: {SAY_UNITS})"
        raise ValueError(msg)
    minutes = _unit(unit.removeprefix("/").strip()) if unit.startswith("/") else None
    if minutes is None:
        msg = f"{text!r} is not a rate; write for instance '{number:g} / week' (units: {SAY_UNITS})"
        raise ValueError(msg)
    return number / minutes


def _money(text: object, currency: str | None, example: str) -> tuple[float, str | None]:
    if isinstance(text, int | float) and not isinstance(text, bool) and text == 0:
        return 0.0, None
    match = _MONEY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        msg = f"{text!r} is not an amount of money; write for instance '{example.format(currency or 'EUR')}'"
        raise ValueError(msg)
    if currency is not None and match[2] != currency:
        msg = f"{text!r} is in {match[2]}, but the scenario's currency is {currency}; convert it"
        raise ValueError(msg)
    return float(match[1]), match[3]


def money(text: object, currency: str | None = None) -> float:
    """Amount of money such as ``0.35 EUR``, in the scenario's currency."""
    amount, per = _money(text, currency, "0.35 {}")
    if per is not None:
        msg = f"{text!r} is a rate, but a plain amount is wanted here; leave out '/ {per}'"
        raise ValueError(msg)
    return amount


def money_rate(text: object, currency: str | None = None) -> float:
    """Money per minute of a rate such as ``24 EUR / h`` or ``31 EUR / month``."""
    amount, per = _money(text, currency, "24 {} / h")
    if amount == 0:
        return 0.0
    minutes = _unit(per) if per else None
    if minutes is None:
        example = f"{amount:g} {currency or 'EUR'} / h"
        msg = f"{text!r} does not say per what time; write for instance '{example}' (units: {SAY_UNITS})"
        raise ValueError(msg)
    return amount / minutes


def time_of_day(text: object) -> float:
    """Minutes after midnight of ``"08:00"``; ``"24:00"`` is the end of the day.

    YAML 1.1 reads an unquoted 16:00 as the number 960, which is what it means in minutes, so that is accepted.
    """
    if isinstance(text, int) and not isinstance(text, bool) and 60 <= text <= MINUTES_PER_DAY:
        return float(text)
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text) if isinstance(text, str) else None
    if match is None or int(match[2]) > 59 or 60 * int(match[1]) + int(match[2]) > MINUTES_PER_DAY:
        msg = f'{text!r} is not a time of day; write "08:00" to "24:00", in quotes'
        raise ValueError(msg)
    return 60.0 * int(match[1]) + int(match[2])


def moment(text: object) -> datetime:
    """Date or date and time such as ``2025-03-03`` or ``2025-03-03 12:00``, wall clock without a zone."""
    try:
        parsed = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    except ValueError:
        msg = f"{text!r} is not a date; write year-month-day, such as 2025-03-03, or '2025-03-03 12:00'"
        raise ValueError(msg) from None
    if parsed.tzinfo is not None:
        msg = f"'{text}' has a time zone; scenarios use the wall clock without one"
        raise ValueError(msg)
    return parsed


def days(text: object) -> tuple[int, ...]:
    """Weekday numbers (Monday 0) of ``mon-sat``, ``mon, wed`` or ``all``."""
    if text == "all":
        return tuple(range(7))
    chosen: set[int] = set()
    for part in str(text).replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        span = (first, last) if dash else (first, first)
        if not set(span) <= set(WEEKDAYS):
            msg = f"{text!r} does not name days; write for instance mon-fri, or sat,sun, or all"
            raise ValueError(msg)
        begin, end = map(WEEKDAYS.index, span)
        chosen.update(range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)])
    return tuple(sorted(chosen))


def say_days(chosen: Iterable[int]) -> str:
    """Weekday numbers as ``mon-thu,sat``."""
    runs: list[list[int]] = []
    for day in sorted(chosen):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(WEEKDAYS[run[0]] + (f"-{WEEKDAYS[run[-1]]}" if len(run) > 1 else "") for run in runs)


def say_duration(minutes: float) -> str:
    """Minutes in the largest unit that keeps the number at one or more: 90 becomes ``1.5 h``."""
    for word in ("week", "day", "h", "min"):
        if abs(minutes) >= UNITS[word]:
            break
    else:
        word = "s" if minutes else "min"
    number = minutes / UNITS[word]
    return f"{number:.4g} {word}{'s' if word in ('day', 'week') and number != 1 else ''}"


def say_clock(minute_of_day: float) -> str:
    """Time of day as ``08:00``; the end of the day is ``24:00``."""
    if minute_of_day >= MINUTES_PER_DAY:
        return "24:00"
    return time(int(minute_of_day // 60), int(minute_of_day % 60)).strftime("%H:%M")


def yaml_number(value: float, digits: int = 4) -> Any:
    """Round to significant digits for a scenario file, without an exponent where a plain number will do."""
    return float(f"{value:.{digits}g}")
