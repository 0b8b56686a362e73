"""Staff as the reference engine sees them: who is idle, who is busy, who waits, and who may go home."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.engines.reference import Visit
    from sim.timetable import Duty


class Pool:
    """Interchangeable people on shifts, and the visits that wait for them."""

    def __init__(self, name: str, row: int, department: str, duty: Duty) -> None:
        self.name, self.row, self.department, self.duty = name, row, department, duty
        self.idle: deque[int] = deque()  # longest idle first
        self.busy: dict[Visit, int] = {}  # who serves what, in the order the services started
        self.leaving: dict[int, float] = {}  # the busy whose shift is over, and since when
        self.away: list[int] = []  # numbers that nobody wears
        self.queue: list[tuple[int, int, float, int, int, int, Visit]] = []

    def rise(self, people: int) -> None:
        """Let people come on duty, idle."""
        for _ in range(people):
            if not self.away:
                heappush(self.away, len(self.idle) + len(self.busy) + 1)
            self.idle.append(heappop(self.away))

    def fall(self, people: int, now: float) -> None:
        """Let people go off duty: the longest idle at once, then the busy, first those who began first, when done."""
        for _ in range(people):
            if self.idle:
                heappush(self.away, self.idle.popleft())
            else:
                self.leaving[next(member for member in self.busy.values() if member not in self.leaving)] = now

    def take(self, visit: Visit) -> None:
        """Give a visit to the member who has been idle longest."""
        member = self.idle.popleft()
        visit.pool, visit.member, visit.waiting = self, member, False
        self.busy[visit] = member

    def release(self, visit: Visit, now: float) -> None:
        """Let the member who served a visit be idle, or go home if the shift is over."""
        visit.overtime = self.overtime(visit, now)
        member = self.busy.pop(visit)
        if self.leaving.pop(member, None) is None:
            self.idle.append(member)
        else:
            heappush(self.away, member)

    def overtime(self, visit: Visit, now: float) -> float:
        """Return how long the member who serves a visit has worked past the end of the shift."""
        return now - self.leaving.get(self.busy[visit], now)

    def enqueue(self, visit: Visit, position: int) -> None:
        """Let a visit wait for this pool, which its touchpoint lists at a position."""
        issue = visit.issue
        order = (visit.priority, position, visit.joined, issue.customer.row, issue.number, visit.number, visit)
        heappush(self.queue, order)

    def next_waiting(self) -> Visit | None:
        """Take the next visit from the queue: by priority, by how early its touchpoint lists us, by when it joined."""
        while self.queue:
            priority, *_, visit = heappop(self.queue)
            if visit.waiting and priority == visit.priority:  # else served already, or urgent by now
                return visit
        return None
