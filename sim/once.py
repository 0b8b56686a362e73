"""What follows from a scenario alone is worked out once, however many of its histories are simulated."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.model import Model

P = ParamSpec("P")
R = TypeVar("R")
MODELS = 8  # that are remembered: those of two threads, each with its centre, and some more


class _This:
    """A model as a key: itself and no other like it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and self.model is other.model

    def __hash__(self) -> int:
        return id(self.model)


def once_a_model(function: Callable[Concatenate[Model, P], R]) -> Callable[Concatenate[Model, P], R]:
    """Remember what a function made of the last few models, which never change; nobody may change what it made."""

    @lru_cache(maxsize=MODELS)
    def known(key: _This, *more: Any) -> R:
        return function(key.model, *more)

    @wraps(function)
    def call(model: Model, *more: P.args, **named: P.kwargs) -> R:
        assert not named  # noqa: S101 - they are part of no key
        return known(_This(model), *more)

    return call
