"""Refuse a number that makes no sense before a formula turns it into a plausible answer."""

import math
from collections.abc import Iterable, Sequence
from typing import SupportsIndex, TypeVar

Entry = TypeVar("Entry")


def each(name: str, values: Iterable[Entry]) -> dict[str, Entry]:
    """Entries of a sequence under the names `name[0]`, `name[1]`, ..., for the checks below."""
    return {f"{name}[{place}]": value for place, value in enumerate(values)}


def positive(**quantities: float) -> None:
    """Raise ValueError unless every named quantity is finite and above 0."""
    for name, value in quantities.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value:g}; it should be a finite number above 0.")


def not_negative(**quantities: float) -> None:
    """Raise ValueError unless every named quantity is finite and 0 or more."""
    for name, value in quantities.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value:g}; it should be a finite number, 0 or more.")


def share(**quantities: float) -> None:
    """Raise ValueError unless every named quantity lies between 0 and 1, both included."""
    for name, value in quantities.items():
        if not 0 <= value <= 1:
            hint = f" If it is a percentage, write {value / 100:g}." if 1 < value <= 100 else ""
            raise ValueError(f"{name} is {value:g}; a share lies between 0 and 1.{hint}")


def whole(least: int, **quantities: SupportsIndex) -> None:
    """Raise ValueError unless every named quantity is an integer, `least` or more."""
    for name, value in quantities.items():
        if not hasattr(value, "__index__") or value.__index__() < least:
            raise ValueError(f"{name} is {value}; it should be a whole number, {least} or more.")


def same_length(**columns: Sequence[object]) -> None:
    """Raise ValueError unless the named sequences have one common, positive length."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"lengths differ or are 0 ({found}); every place needs one entry in each.")


def enough_staff(offered_load: float, staff: int, where: str = "") -> None:
    """Raise ValueError unless `staff` people can keep up with `offered_load` erlangs for ever."""
    if offered_load >= staff:
        raise ValueError(
            f"{where}{staff} staff cannot keep up with {offered_load:g} erlangs: the queue would grow without end. "
            f"It needs at least {math.floor(offered_load) + 1}, or customers who abandon (erlang_a)."
        )
