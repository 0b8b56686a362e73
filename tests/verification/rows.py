"""What happened in a history on the compiled engine, as columns of numbers."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from sim import Model, Tables
from sim.arrays import Names
from sim.engines import compiled
from sim.records import Block, joined, tables_of


class Rows:
    """Rows as columns (see `sim.records`); choosing some of them costs nothing for columns that nobody looks at.

    `rows["joined"]` is a column, `rows[rows["joined"] > 5]` are rows again.
    """

    def __init__(self, read: Callable[[str], np.ndarray]) -> None:
        self.read = read
        self.known: dict[str, np.ndarray] = {}

    def __getitem__(self, what: Any) -> Any:
        if not isinstance(what, str):
            return Rows(lambda name: self[name][what])
        if what not in self.known:
            self.known[what] = self.read(what)
        return self.known[what]

    def within(self, what: str, window: tuple[float, float]) -> "Rows":
        """Those of which something happened in a window."""
        opens, closes = window
        return self[(self[what] >= opens) & (self[what] < closes)]


class Happened:
    """One history: its visits, journeys and customers as rows, whose codes stand for `names`, and as tables."""

    def __init__(self, model: Model, seed: int, replication: int) -> None:
        self.blocks: list[Block] = []
        compiled.read_out(model, seed, replication, [self])
        self.visits, self.journeys, self.customers = map(self._rows, ("visits", "journeys", "customers"))

    def read(self, block: Block) -> None:
        """Take a block."""
        kinds = ("visits", "journeys", "customers", "spells", "effects")
        self.blocks.append(replace(block, **{kind: getattr(block, kind).copy() for kind in kinds}))

    @property
    def names(self) -> Names:
        """What codes mean."""
        return self.blocks[-1].names

    @cached_property
    def tables(self) -> Tables:
        """The same as tables, which take longer to make than the history itself."""
        return tables_of(joined(self.blocks)).sorted()

    def _rows(self, kind: str) -> Rows:
        blocks = self.blocks  # not self, of which they are part: a history must go as soon as it has been measured
        return Rows(lambda name: np.concatenate([getattr(block, kind)[name] for block in blocks]))
