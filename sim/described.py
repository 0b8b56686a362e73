"""What every part of a scenario has in common: frozen, checked, no unknown keys, and quantities with their units."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from sim import units


class Described(BaseModel):
    """Base of every part of a scenario: frozen once built; an unknown key, or a number without end, is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _currency(info: ValidationInfo) -> str | None:
    context: dict[str, Any] = info.context or {}
    return context.get("currency")


def _money(text: object, info: ValidationInfo) -> float:
    return units.money(text, _currency(info))


def _money_rate(text: object, info: ValidationInfo) -> float:
    return units.money_rate(text, _currency(info))


def _file_name(text: str) -> str:
    if not re.fullmatch(r"[\w-]+", text):
        msg = f"{text!r} cannot be a file's name here; use letters, digits, _ and -"
        raise ValueError(msg)
    return text


FileName = Annotated[str, AfterValidator(_file_name)]
Minutes = Annotated[float, BeforeValidator(units.duration), Field(ge=0)]
PerMinute = Annotated[float, BeforeValidator(units.rate), Field(ge=0)]
Money = Annotated[float, BeforeValidator(_money)]
MoneyPerMinute = Annotated[float, BeforeValidator(_money_rate)]
TimeOfDay = Annotated[float, BeforeValidator(units.time_of_day)]
Days = Annotated[tuple[int, ...], BeforeValidator(units.days)]
Moment = Annotated[datetime, BeforeValidator(units.moment)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
