"""What every part of a scenario has in common: frozen, checked, no unknown keys, and quantities with their units."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from sim import likely, units


class Described(BaseModel):
    """Base of every part of a scenario: frozen once built; an unknown key, or a number without end, is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return the part itself: it never changes, and a default stands in every part that does not state its own."""
        return self


def _currency(info: ValidationInfo) -> str | None:
    context: dict[str, Any] = info.context or {}
    return context.get("currency")


_duration = likely.telling(units.duration, "a duration", likely.duration)
_rate = likely.telling(units.rate, "a rate", likely.rate)
_amount = likely.telling(units.money, "an amount of money", likely.money)
_time_of_day = likely.telling(units.time_of_day, "a time of day", likely.time_of_day)
_days = likely.telling(units.days, "a name of days", likely.days)
_moment = likely.telling(units.moment, "a date", likely.moment)
_amount_per_time = likely.telling(units.money_rate, "an amount of money per time", likely.money_rate)


def _money(text: object, info: ValidationInfo) -> float:
    return _amount(likely.one_way(text), _currency(info))


def _money_rate(text: object, info: ValidationInfo) -> float:
    return _amount_per_time(likely.one_way(text), _currency(info))


def _file_name(text: str) -> str:
    if not re.fullmatch(r"[\w-]+", text):
        msg = f"{text!r} cannot be a file's name here; use letters, digits, _ and -"
        raise ValueError(msg)
    return text


FileName = Annotated[str, AfterValidator(_file_name)]
Minutes = Annotated[float, BeforeValidator(_duration), Field(ge=0)]
PerMinute = Annotated[float, BeforeValidator(_rate), Field(ge=0)]
Money = Annotated[float, BeforeValidator(_money)]
MoneyPerMinute = Annotated[float, BeforeValidator(_money_rate)]
TimeOfDay = Annotated[float, BeforeValidator(_time_of_day)]
Days = Annotated[tuple[int, ...], BeforeValidator(_days)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
