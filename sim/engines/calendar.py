"""When things happen: SimPy's event list, with exact times and a written order for what happens at the same moment."""

from __future__ import annotations

from enum import IntEnum
from heapq import heappush
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import simpy
from simpy.events import NORMAL

if TYPE_CHECKING:
    from collections.abc import Callable


class Rank(IntEnum):
    """What goes first among events at the same moment."""

    WINDOW = 1
    CHANGE = 2
    LOOK = 3
    SHIFT_END = 4
    SHIFT_START = 5
    SERVICE_END = 6
    OVERFLOW = 7
    URGENT = 8
    CALLBACK = 9
    ABANDONMENT = 10
    REVIEW = 11
    ARRIVAL = 12


class Calendar(simpy.Environment):
    """SimPy's event list, with events put at an exact time and in the written order.

    SimPy schedules by delay, and now + (then − now) need not be then in floating point; so events are put on its list
    as its own `Timeout` puts them. What one event sets off at once (a process that begins, a visit handed over) has one
    of SimPy's own priorities, and happens before the next event of the same moment.
    """

    now = property(attrgetter("_now"))  # SimPy's own is a function in Python, and half of what we ask of it

    def put(
        self, event: simpy.Event, time: float, rank: Rank, row: int = 0, journey: int = 0, visit: int = 0,
        value: object = None,
    ) -> None:  # fmt: skip
        """Let an event happen at a time, among others of that moment by rank, row, journey and visit."""
        event._ok, event._value = True, value  # noqa: SLF001 - see the class
        order: Any = (rank, row, journey, visit)
        heappush(self._queue, (time, order, next(self._eid), event))

    def schedule(self, event: simpy.Event, priority: int = NORMAL, delay: float = 0) -> None:
        """Let SimPy put an event of its own: before ours of the same moment."""
        order: Any = (priority,)
        heappush(self._queue, (self._now + delay, order, next(self._eid), event))

    def at(self, time: float, rank: Rank, row: int = 0, journey: int = 0, visit: int = 0) -> simpy.Event:
        """Return an event that happens at a time; at infinity it never does."""
        event = simpy.Event(self)
        if time < inf:
            self.put(event, time, rank, row, journey, visit)
        return event

    def call(self, action: Callable[[], None], time: float, rank: Rank, *order: int) -> None:
        """Do something at a time."""
        self.at(time, rank, *order).callbacks.append(lambda _: action())
