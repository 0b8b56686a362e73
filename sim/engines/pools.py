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
        self.leaving: dict[int, float] = {}  # the busy whose shift is over or whose break has begun, and since when
        self.due: list[int] = []  # those of them whose break has begun, the last to be called last
        self.owed: dict[int, float] = {}  # minutes of breaks that the busy have missed
        self.away: list[int] = []  # numbers that nobody wears
        self.queue: list[tuple[int, int, float, int, int, int, Visit]] = []

    def rise(self, people: int, now: float, resting: int) -> None:
        """Let people come on duty, idle; whoever has missed a break that is over goes on in place of one of them."""
        while people and len(self.due) > resting:
            member = self.due.pop()
            self.owed[member] = self.owed.get(member, 0.0) + now - self.leaving.pop(member)
            people -= 1
        for _ in range(people):
            if not self.away:
                heappush(self.away, len(self.idle) + len(self.busy) + 1)
            self.idle.append(heappop(self.away))
        self.let_go(resting)

    def fall(self, people: int, now: float, resting: int) -> None:
        """Let people go off duty: the longest idle at once, then the busy, first those who began first, when done."""
        for _ in range(people):
            if self.idle:
                heappush(self.away, self.idle.popleft())
            else:
                member = next(member for member in self.busy.values() if member not in self.leaving)
                self.leaving[member] = now
                self.due.append(member)
        self.let_go(resting)

    def let_go(self, resting: int) -> None:
        """Of those on their way out, let no more be called back than are on a break."""
        del self.due[: max(len(self.due) - resting, 0)]

    def take(self, visit: Visit) -> None:
        """Give a visit to the member who has been idle longest."""
        member = self.idle.popleft()
        visit.pool, visit.member, visit.waiting = self, member, False
        self.busy[visit] = member

    def release(self, visit: Visit, now: float) -> None:
        """Let the member who served a visit be idle, or go home if the shift is over."""
        visit.overtime = self.overtime(visit, now)
        member = self.busy.pop(visit)
        self.owed.pop(member, None)
        if self.leaving.pop(member, None) is None:
            self.idle.append(member)
        else:
            heappush(self.away, member)
            if member in self.due:
                self.due.remove(member)

    def overtime(self, visit: Visit, now: float) -> float:
        """Return how long the member who serves a visit has worked past the end of the shift, or into a break."""
        member = self.busy[visit]
        return self.owed.get(member, 0.0) + (now - self.leaving.get(member, now))

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
