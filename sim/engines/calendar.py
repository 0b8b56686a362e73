"""When things happen: SimPy's event list, with exact times and a written order for what happens at the same moment."""

from __future__ import annotations

from enum import IntEnum
from heapq import heappush
from math import inf
from typing import TYPE_CHECKING

import simpy
from simpy.events import EventPriority

if TYPE_CHECKING:
    from collections.abc import Callable


class Rank(IntEnum):
    """What goes first among events at the same moment."""

    WINDOW = 1
    CHANGE = 2
    SHIFT_END = 3
    SHIFT_START = 4
    SERVICE_END = 5
    OVERFLOW = 6
    ABANDONMENT = 7
    REVIEW = 8
    ARRIVAL = 9


class Calendar(simpy.Environment):
    """SimPy's event list, with events put at an exact time and in the written order.

    SimPy schedules by delay, and now + (then − now) need not be then in floating point; so events are put on its list
    as its own `Timeout` puts them. Ranks start above SimPy's own priorities: what one event sets off at once (a process
    that begins, a visit handed over) happens before the next event of the same moment.
    """

    def put(self, event: simpy.Event, time: float, rank: Rank, row: int = 0, journey: int = 0, visit: int = 0) -> None:
        """Let an event happen at a time, among others of that moment by rank, row, journey and visit."""
        event._ok, event._value = True, None  # noqa: SLF001 - see the class
        order = EventPriority((((rank << 32 | row) << 32) | journey) << 32 | visit)
        heappush(self._queue, (time, order, next(self._eid), event))

    def at(self, time: float, rank: Rank, row: int = 0, journey: int = 0, visit: int = 0) -> simpy.Event:
        """Return an event that happens at a time; at infinity it never does."""
        event = simpy.Event(self)
        if time < inf:
            self.put(event, time, rank, row, journey, visit)
        return event

    def call(self, action: Callable[[], None], time: float, rank: Rank, *order: int) -> None:
        """Do something at a time."""
        self.at(time, rank, *order).callbacks.append(lambda _: action())
