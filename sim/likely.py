"""What is likely meant by a quantity that people write, and a scenario does not: `24 hrs`, `weekly`, `0,35 €`, `9 am`.

Reading stays strict (`sim.units`), so that a number means one thing; here it is only said what it may have meant.
"""

from __future__ import annotations

import re
from calendar import month_name, monthrange
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sim import units
from sim.units import SAY_UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

R = TypeVar("R")

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"
_OFTEN = {"hourly": "h", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "annually": "year"}
_UNITS = {
    "secs": "s", "sekunden": "s", "mn": "min", "mns": "min", "minuten": "min",
    "hr": "h", "hrs": "h", "std": "h", "stunde": "h", "stunden": "h",
    "d": "day", "tag": "day", "tage": "days", "w": "week", "wk": "week", "wks": "weeks", "woche": "week",
    "wochen": "weeks", "mo": "month", "mth": "month", "mths": "months", "monat": "month", "monate": "months",
    "y": "year", "yr": "year", "yrs": "years", "jahr": "year", "jahre": "years",
}  # fmt: skip
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}
_DAYS = {"weekdays": "mon-fri", "workdays": "mon-fri", "weekend": "sat-sun", "weekends": "sat-sun"}
_DAYS |= dict.fromkeys(("daily", "every day", "everyday", "always", "mon-sun"), "all")
_GERMAN = dict(zip(("mo", "di", "mi", "do", "fr", "sa", "so"), units.WEEKDAYS, strict=True))
_DATES = (
    "%d.%m.%Y",
    "%d.%m.%y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d %Y",
    "%b %d %Y",
    "%Y-%m",
    "%B %Y",
    "%b %Y",
)
# Units in which people think of what stands in a field, or below it; those with a stroke are of rates.
_USUAL = {
    **dict.fromkeys(("service_time", "patience", "tolerance", "cap", "urgent", "callback", "slack"), ("min",)),
    **dict.fromkeys(("horizon", "warmup", "measured", "holdout", "span", "ramp", "training", "hiring"), ("weeks",)),
    "memory": ("weeks",), "before": ("weeks",), "term": ("months",), "notice": ("weeks", "months"),
    "every": ("days", "weeks"), "same_issue": ("days",), "lasts": ("h",), "answer_within": ("s", "min"),
    "recovery": ("/ day",), "needs": ("/ week",), "joins": ("/ week",), "base": ("/ week", "/ month"),
    "quits": ("/ year",), "wage": ("/ h",), "revenue": ("/ month",), "price": ("/ month",),
}  # fmt: skip


class WithoutUnitError(ValueError):
    """A number that lacks its unit; which is likely depends on the field in which it stands.

    Parameters
    ----------
    found
        What stands there.
    fault
        What is wrong with it.
    number
        Its number, and the currency of an amount.
    usual
        Units to offer where the field does not tell; those of a rate have a stroke.
    """

    def __init__(self, found: object, fault: str, number: str, usual: Sequence[str]) -> None:
        self.fault, self.number, self.usual = f"{found!r} {fault}", number, usual
        super().__init__(self.at(()))

    def at(self, path: Sequence[str]) -> str:
        """Say what would be right at a path."""
        known = ([unit for unit in _USUAL.get(key, ()) if self._fits(unit)] for key in reversed(path))
        ways = [f"'{self.number} {self._unit(unit)}'" for unit in next(filter(None, known), self.usual)]
        *most, last = ways
        return f"{self.fault}; write for instance {', '.join(most)}{' or ' if most else ''}{last} (units: {SAY_UNITS})"

    def _fits(self, unit: str) -> bool:
        return unit.startswith("/") == self.usual[0].startswith("/")

    def _unit(self, unit: str) -> str:
        return unit.removesuffix("s") if self.number == "1" and len(unit) > 1 else unit


def telling(read: Callable[..., R], noun: str, likely: Callable[..., str | None]) -> Callable[..., R]:
    """Let a reader that refuses a text say what that was likely meant to be, as far as one can guess.

    Parameters
    ----------
    read
        Reads a text, or says what is wrong with it.
    noun
        What is wanted.
    likely
        How the text should be written; nothing where one cannot guess, and then what the reader says is said. It may
        raise `WithoutUnitError` instead.
    """

    def reading(text: object, *currency: str | None) -> R:
        try:
            return read(text, *currency)
        except ValueError:
            hint = likely(text, *currency)
            if hint is None:
                raise
            msg = f"{text!r} is not {noun}; {hint}"
            raise ValueError(msg) from None

    return reading


def _meant(readable: Callable[[str], Any], text: str) -> str | None:
    """Ask whether a text was meant, if it is one that can be read."""
    with suppress(ValueError):
        readable(text)
        return f"did you mean '{text}'?"
    return None


def number(text: object) -> str | None:
    """A number with a decimal comma, with thousands set apart, or in per cent."""
    if not isinstance(text, str):
        return None
    if re.fullmatch(r"[1-9]\d{0,2}([,. ']\d{3})+", text.strip()):
        return f"write {re.sub(r'[^0-9]', '', text)}"
    plain = _with_point(text.strip())
    percent = re.sub(r" *(%|percent|per cent)$", "", plain)
    with suppress(ValueError):
        return f"write {float(percent) / 100:g}" if percent != plain else f"write {float(plain):g}"
    return None


def named(text: object) -> dict[str, str]:
    """Names and their values where the colons between them are left out, or the blanks after: `phone 0.8, web:0.2`."""
    parts = text.split(",") if isinstance(text, str) else []
    pairs = [re.fullmatch(rf"([A-Za-z_][\w-]*)[ :=]+({_NUMBER}.*)", part.strip()) for part in parts]
    return {pair[1]: pair[2] for pair in pairs if pair} if all(pairs) else {}


def one_way(text: object) -> object:
    """Refuse `6.000 EUR`, which some read as six and others as six thousand."""
    if isinstance(text, str) and (parts := re.fullmatch(r"\s*([1-9]\d{0,2})\.000 *([A-Z]{3}.*)", text)):
        msg = f"{text!r} may be read in two ways; write '{parts[1]} {parts[2]}' or '{parts[1]}000 {parts[2]}'"
        raise ValueError(msg)
    return text


def duration(text: object) -> str | None:
    """How long: `24 hrs`, `0,5 h`, `weekly`, `a week`, `2 / month`; or `24`, without saying of what."""
    if bare := _bare(text):
        raise WithoutUnitError(text, "has no unit", bare, ("min", "h", "days"))
    words = _words(text)
    if words in _OFTEN:
        return _meant(units.duration, f"1 {_OFTEN[words]}")
    if once := re.fullmatch(rf"({_NUMBER})\s*(?:/|per|a|x)\s*([a-z]+)", words):
        with suppress(ValueError, ZeroDivisionError):
            unit = _unit(once[2])
            period = units.say_duration(units.duration(f"1 {unit}") / float(once[1]))
            return f"how long is wanted here, and not how often; did you mean '{period}'?"
    parts = re.fullmatch(rf"(?:({_NUMBER})|an?|one|every|) ?([a-z]+)", words)
    if parts is None:
        return _several(words)
    return _meant(units.duration, f"{parts[1] or 1} {_unit(parts[2])}")


def _several(words: str) -> str | None:
    """`1 h 30 min` is a number of minutes."""
    parts = re.findall(rf"({_NUMBER}) ?([a-z]+)", words)
    if len(parts) < 2 or re.sub(rf"{_NUMBER} ?[a-z]+|and|,| ", "", words):
        return None
    with suppress(ValueError):
        return f"did you mean '{sum(units.duration(f'{count} {_unit(unit)}') for count, unit in parts):g} min'?"
    return None


def rate(text: object) -> str | None:
    """How often: `weekly`, `2 per week`, `every 2 weeks`, `2 weeks`, `5 % / month`; or `2`, without saying in what."""
    if bare := _bare(text):
        raise WithoutUnitError(text, "does not say per what", bare, ("/ day", "/ week", "/ month"))
    words = _words(text)
    if words in _OFTEN:
        return _meant(units.rate, f"1 / {_OFTEN[words]}")
    if percent := re.fullmatch(rf"({_NUMBER}) ?%", words):
        return f"write for instance '{float(percent[1]) / 100:g} / month'"
    if apart := re.fullmatch(rf"(?:every|each|once in|once every|1 ?/) ?({_NUMBER})? ?([a-z]+)", words):
        return _once_in(float(apart[1] or 1), apart[2])
    often = re.fullmatch(rf"({_NUMBER}|once|twice|) ?(%?) ?(?:x|times)? ?(/|per|an?|) ?([a-z]+)", words)
    if often is None:
        return None
    count = {"": 1.0, "once": 1.0, "twice": 2.0}.get(often[1]) or float(often[1] or 1)
    unit = _OFTEN.get(often[4]) or _unit(often[4]).removesuffix("s") or "s"
    hint = _meant(units.rate, f"{count / (100 if often[2] else 1):g} / {unit}")
    if hint is None or often[3] or count <= 1 or often[4] in _OFTEN:
        return hint
    return f"{hint[:-1]} (so often), or {(_once_in(count, often[4]) or hint)[13:-1]} (so rarely)?"


def _once_in(count: float, word: str) -> str | None:
    return _meant(units.rate, f"{1 / count:.4g} / {_unit(word).removesuffix('s') or 's'}") if count > 0 else None


def money(text: object, currency: str | None = None) -> str | None:
    """An amount: `1000`, `1000 €`, `EUR 1000`, `0,35 EUR`."""
    amount = _amount(text, currency)
    if amount is None or amount[2]:
        return None
    return _meant(lambda written: units.money(written, currency), f"{amount[0]} {amount[1]}")


def money_rate(text: object, currency: str | None = None) -> str | None:
    """An amount per time: `24`, `24 EUR`, `24 € per hour`, `2000 EUR monthly`."""
    amount = _amount(text, currency)
    if amount is None:
        return None
    per = _OFTEN.get(amount[2]) or _unit(amount[2])
    if not per and currency not in (None, amount[1]):
        return None
    if not per:
        fault = "is not an amount of money per time" if _bare(text) else "does not say per what time"
        raise WithoutUnitError(text, fault, f"{amount[0]} {amount[1]}", ("/ h", "/ month"))
    return _meant(lambda written: units.money_rate(written, currency), f"{amount[0]} {amount[1]} / {per}")


def _amount(text: object, currency: str | None) -> tuple[str, str, str] | None:
    """Number, currency and unit of time of an amount of money, however it is written."""
    if isinstance(text, bool) or not isinstance(text, int | float | str):
        return None
    words = str(text).strip()
    for sign, code in _SIGNS.items():
        words = words.replace(sign, f" {code} ")
    words = re.sub(r"(?<=\d)[, '](?=\d{3}(?!\d))", "", words.strip())  # of thousands
    words = re.sub(r"(?<=\d) ?k(?= ?([A-Z]|$))", "e3", _with_point(words))
    parts = re.fullmatch(
        rf"(?:([A-Za-z]{{3}}) *)?({_NUMBER}(?:e3)?) *([A-Za-z]{{3}})? *(?:(?:/|per|an?) *([A-Za-z]+)|([a-z]+ly))?",
        words,
    )
    if parts is None or (parts[1] and parts[3]):
        return None
    code = (parts[1] or parts[3] or currency or "EUR").upper()
    return f"{float(parts[2]):.12g}", code, (parts[4] or parts[5] or "").lower()


def time_of_day(text: object) -> str | None:
    """A time: `8`, `8.30`, `9 am`, `17h`, `8:00 Uhr`."""
    words = str(text).strip().lower().removesuffix("uhr").strip()
    parts = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{1,2}))? ?(am|pm|a\.m\.|p\.m\.|h|)", words)
    if parts is None or isinstance(text, bool):
        return None
    hour, minute = int(parts[1]), int((parts[2] or "0").ljust(2, "0"))
    if parts[3][:1] in ("a", "p"):
        hour = hour % 12 + (12 if parts[3][0] == "p" else 0)
    written = f"{hour:02}:{minute:02}"
    hint = _meant(units.time_of_day, written)
    return None if hint is None else f'did you mean "{written}"?'


def moment(text: object) -> str | None:
    """A date: `6.1.2025`, `6 January 2025`, `2025-1-6 9:00`, or one that the calendar does not have."""
    words = str(text).strip().replace(",", "")
    date, time = words, ""
    if parts := re.fullmatch(r"(.*\S)[ T]+(\d{1,2}(?::\d{2}| ?[ap]m|h))", words, re.IGNORECASE):
        date = parts[1]
        with suppress(ValueError):
            minutes = units.time_of_day((time_of_day(parts[2]) or f'"{parts[2]}"').split('"')[1])
            time = f" {units.say_clock(minutes)}"
    if parts := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", date):
        year, month, day = (int(part) for part in parts.groups())
        if 1 <= month <= 12 and year and day > (last := monthrange(year, month)[1]):
            return f"{month_name[month]} {year} has {last} days, so write '{year}-{month:02}-{last}' for the last"
        return _meant(units.moment, f"{year:04}-{month:02}-{day:02}{time}")
    if parts := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", date):
        first, second = parts[1].zfill(2), parts[2].zfill(2)
        ways = [_meant(units.moment, f"{parts[3]}-{a}-{b}{time}") for a, b in ((first, second), (second, first))]
        return " or ".join(dict.fromkeys(way for way in ways if way)).replace("? or did you mean", " or") or None
    for shape in _DATES:
        with suppress(ValueError):
            return _meant(units.moment, f"{datetime.strptime(date, shape):%Y-%m-%d}{time}")
    return None


def days(text: object) -> str | None:
    """Days of the week: `Monday`, `Mon - Fri`, `weekdays`, `[mon, tue]`, `mo-fr`."""
    named = ",".join(str(day) for day in text) if isinstance(text, list | tuple) else str(text)
    words = named.strip().lower()
    if words in _DAYS:
        return _meant(units.days, _DAYS[words])
    words = re.sub(r"\b([a-z]{2})\b", lambda day: _GERMAN.get(day[1], day[1]), words)
    words = re.sub(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*", r"\1", words)
    return _meant(units.days, re.sub(r" *(?:[-–]|\bto\b) *", "-", re.sub(r" *(?:[,;&]|\band\b) *", ",", words)))


def _bare(text: object) -> str:
    """A number that stands alone, with a point; empty where something else does."""
    number = _with_point(str(text).strip()) if isinstance(text, int | float | str) else ""
    return f"{float(number):g}" if re.fullmatch(_NUMBER, number) and not isinstance(text, bool) else ""


def _words(text: object) -> str:
    """A text in small letters, with a decimal point."""
    return _with_point(" ".join(text.lower().split())) if isinstance(text, str) else ""


def _with_point(text: str) -> str:
    return re.sub(r"(?<=\d),(?=\d)", ".", text)


def _unit(word: str) -> str:
    return _UNITS.get(word, word)
