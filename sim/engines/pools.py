"""Staff as the reference engine sees them: who is idle, who is busy, who waits, and who may go home."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.engines.reference import Visit
    from sim.strain import Roster
    from sim.timetable import Duty


class Busy:
    """Somebody who serves, and how their time went into the contacts that they hold.

    Attributes
    ----------
    held
        How many contacts they hold.
    leaving
        Whether their shift is over or their break has begun, so that they take no more.
    share, overtime
        Minutes since they became busy, and of those past the end of their shift or in their break, which each contact
        held all the while has had of them: they share themselves equally.
    since
        When both were brought up to date.
    """

    __slots__ = ("held", "leaving", "overtime", "share", "since")

    def __init__(self, now: float) -> None:
        self.held, self.leaving, self.since = 0, False, now
        self.share = self.overtime = 0.0

    def settle(self, now: float) -> None:
        """Bring the shares of the contacts up to date."""
        if self.held:
            each = (now - self.since) / self.held
            self.share += each
            if self.leaving:
                self.overtime += each
        self.since = now


class Pool:
    """Interchangeable people on shifts, and the visits that wait for them."""

    def __init__(self, name: str, row: int, roster: Roster, contacts: list[int]) -> None:
        self.name, self.row, self.roster = name, row, roster
        self.worked = self.there = 0.0  # minutes of all together, since the last look at them
        self.counted = 0.0  # when both were brought up to date
        self.several = max(contacts) > 1  # whether anybody ever holds more than one contact
        self.contacts = contacts[0]  # that one may hold at once
        self.holding: list[deque[int]] = [deque() for _ in range(self.contacts)]  # who may take one more, by how many
        self.busy: dict[int, Busy] = {}  # in the order in which they became so
        self.due: list[int] = []  # the busy whose break has begun, the last to be called last
        self.away: list[int] = []  # numbers that nobody wears
        self.queue: list[tuple[int, int, float, int, int, int, Visit]] = []

    @property
    def idle(self) -> deque[int]:
        """Who holds no contact, the longest idle first."""
        return self.holding[0]

    @property
    def duty(self) -> Duty:
        """Who is on duty when, as far as that is known."""
        return self.roster.duty

    def count(self, now: float) -> None:
        """Bring up to date how long people have worked, and have been there."""
        elapsed = now - self.counted
        self.worked += len(self.busy) * elapsed
        self.there += (len(self.idle) + len(self.busy)) * elapsed
        self.counted = now

    def look(self, now: float) -> None:
        """Look at the strain of the pool, and count anew."""
        self.count(now)
        self.roster.look(self.worked, self.there)
        self.worked = self.there = 0.0

    @property
    def free(self) -> bool:
        """Whether somebody may take one more contact."""
        return any(self.holding)

    def rise(self, people: int, now: float, resting: int) -> None:
        """Let people come on duty, idle; whoever has missed a break that is over goes on in place of one of them."""
        self.count(now)
        while people and len(self.due) > resting:
            number = self.due.pop()
            self.busy[number].settle(now)
            self.busy[number].leaving = False
            self.stand_ready(number)
            people -= 1
        for _ in range(people):
            if not self.away:
                heappush(self.away, len(self.idle) + len(self.busy) + 1)
            self.idle.append(heappop(self.away))
        self.let_go(resting)

    def fall(self, people: int, now: float, resting: int) -> None:
        """Let people go off duty: the longest idle at once, then those who became busy first, each when done."""
        self.count(now)
        for _ in range(people):
            if self.idle:
                heappush(self.away, self.idle.popleft())
            else:
                number = next(number for number, member in self.busy.items() if not member.leaving)
                self.stand_aside(number)
                self.busy[number].settle(now)
                self.busy[number].leaving = True
                self.due.append(number)
        self.let_go(resting)

    def let_go(self, resting: int) -> None:
        """Of those on their way out, let no more be called back than are on a break."""
        del self.due[: max(len(self.due) - resting, 0)]

    def hold(self, contacts: int) -> None:
        """Let everybody hold so many contacts at once from now on."""
        self.contacts = contacts
        self.holding = [self.idle, *(deque[int]() for _ in range(contacts - 1))]
        for number, member in self.busy.items():
            if not member.leaving:
                self.stand_ready(number)

    def stand_ready(self, number: int) -> None:
        """Let somebody be one of those who may take one more contact, if they may: the last who hold as many."""
        member = self.busy.get(number)
        held = 0 if member is None else member.held
        if held < self.contacts:
            self.holding[held].append(number)

    def stand_aside(self, number: int) -> None:
        """Let somebody be none of those who may take one more contact."""
        held = self.busy[number].held
        if held < self.contacts:
            self.holding[held].remove(number)

    def take(self, visit: Visit, now: float) -> None:
        """Give a visit to the member who holds the fewest contacts, and has done so for the longest."""
        self.count(now)
        number = next(ready for ready in self.holding if ready).popleft()
        member = self.busy.setdefault(number, Busy(now))
        member.settle(now)
        visit.pool, visit.member, visit.waiting = self, number, False
        visit.beside, visit.share_before, visit.overtime_before = member.held, member.share, member.overtime
        member.held += 1
        self.stand_ready(number)

    def release(self, visit: Visit, now: float) -> None:
        """Let the member who served a visit go on, be idle, or go home if the shift is over."""
        number = visit.member
        assert number is not None  # noqa: S101 - who was served was served by somebody
        self.count(now)
        self.tell_apart(visit, now)
        member = self.busy[number]
        if not member.leaving:
            self.stand_aside(number)
        member.held -= 1
        if not member.held:
            del self.busy[number]
        if not member.leaving:
            self.stand_ready(number)
        elif not member.held:
            heappush(self.away, number)
            if number in self.due:
                self.due.remove(number)

    def tell_apart(self, visit: Visit, now: float) -> None:
        """Tell what a visit has had of its member's time until now, and how much of that was overtime."""
        assert visit.member is not None  # noqa: S101 - see `release`
        member = self.busy[visit.member]
        member.settle(now)
        visit.overtime = member.overtime - visit.overtime_before
        if self.several and visit.started is not None and now > visit.started:  # else they were not reached
            visit.attention = (member.share - visit.share_before) / (now - visit.started)

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
