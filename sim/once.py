"""What follows from a scenario alone is worked out once, however many of its histories are simulated."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.model import Model

F = TypeVar("F", bound="Callable[..., Any]")
MODELS = 8  # that are remembered: those of two threads, each with its centre, and some more


class _This:
    """A model as a key: itself and no other like it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and self.model is other.model

    def __hash__(self) -> int:
        return id(self.model)


def once_a_model(function: F) -> F:
    """Remember what a function made of the last few models, which never change; nobody may change what it made."""

    @lru_cache(maxsize=MODELS)
    def known(key: _This, *more: Any) -> Any:
        return function(key.model, *more)

    @wraps(function, updated=())
    def call(model: Model, *more: Any) -> Any:
        return known(_This(model), *more)

    return cast("F", call)
