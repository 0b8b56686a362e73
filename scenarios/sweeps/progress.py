"""How a sweep goes, as a person sees it: a line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from rich.markup import escape

from scenarios import words
from scenarios.sweeps.stopping import plus_minus
from scenarios.sweeps.sweep import State, Watch

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console
    from rich.status import Status

EVERY = 15.0  # seconds between two plain lines


class Telling(Watch):
    """Tells how a sweep goes.

    Parameters
    ----------
    console
        Where to.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.status: Status | None = None
        self.said, self.at = "", -math.inf

    def told(self, state: State) -> None:
        """Say how far it is: at once on a terminal, else now and then and at the end of a stretch."""
        said = line(state)
        if self.status is not None:
            self.status.update(escape(said))
        elif said != self.said and (time.monotonic() - self.at > EVERY or state.done == state.histories):
            self.said, self.at = said, time.monotonic()
            self.console.print(said, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        """Begin."""
        if self.console.is_terminal:
            self.status = self.console.status("getting ready")
            self.status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the moving line away."""
        if self.status is not None:
            self.status.stop()


def line(state: State) -> str:
    """One line that says how far a sweep is."""
    parts = [f"{state.done:,} of {state.histories:,} histories"]
    if state.running:
        parts.append(f"{state.running} running")
    if state.failed:
        parts.append(f"{words.counted(len(state.failed), 'point')} failed")
    parts += [
        "{} {} (asked for {})".format(
            words.plain(kpi), *(plus_minus(kpi, half, state.currency) for half in (reached, asked))
        )
        for kpi, (reached, asked) in state.reached.items()
        if math.isfinite(reached)
    ]
    if state.histories > state.done and math.isfinite(state.left):
        parts.append(f"about {words.duration(math.ceil(state.left) / 60)} left")
    return ", ".join(parts)
