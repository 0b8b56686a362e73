"""What happened in a history on the compiled engine, as columns of numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim import Model
from sim.arrays import Names
from sim.engines import compiled
from sim.records import Block


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
    """Takes the blocks of a history; visits, journeys and customers are its rows, and codes stand for `names`."""

    names: Names

    def __init__(self, model: Model, seed: int, replication: int) -> None:
        self.blocks: dict[str, list[np.ndarray]] = {"visits": [], "journeys": [], "customers": []}
        compiled.read_out(model, seed, replication, [self])
        self.visits, self.journeys, self.customers = (Rows(_column(parts)) for parts in self.blocks.values())

    def read(self, block: Block) -> None:
        """Take a block."""
        self.names = block.names
        for kind, parts in self.blocks.items():
            parts.append(getattr(block, kind).copy())

    def __len__(self) -> int:
        return sum(len(part) for parts in self.blocks.values() for part in parts)


def _column(parts: Sequence[np.ndarray]) -> Callable[[str], np.ndarray]:
    return lambda name: np.concatenate([part[name] for part in parts])
