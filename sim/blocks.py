"""Rows on disk: tables written block by block, so that a history need not fit into memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pyarrow.parquet as pq

from sim.records import Block, joined, tables_of
from sim.tables import KEYS

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

GROUP = 65_536  # rows


class Writing:
    """Writes a history to Parquet files as it unfolds, in row groups that are sorted each.

    `Tables.read` reads them back, sorted. Of visits and journeys those are written that are to be kept; customers come
    all at once in the end, since who brought whom, and who came back, is told of rows that left at different times.

    Parameters
    ----------
    folder
        Where to; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.waiting: list[Block] = []
        self.people: list[Block] = []
        self.files: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what has not been written yet, unless something went wrong, and close the files."""
        if kind is None:
            self.waiting += self.people
            self._write()
        for file in self.files.values():
            file.close()

    def read(self, block: Block) -> None:
        """Take a block; write when there is enough for a row group."""
        kept = block.kept()
        nothing = {rows: getattr(kept, rows)[:0].copy() for rows in ("visits", "journeys", "effects", "holdings")}
        nobody = {rows: getattr(kept, rows)[:0].copy() for rows in ("customers", "spells")}
        self.people.append(replace(kept, **nothing, looks=(), departures=()))
        self.waiting.append(replace(kept, **nobody))
        if sum(len(waiting.visits) + len(waiting.journeys) for waiting in self.waiting) >= GROUP:
            self._write()

    def _write(self) -> None:
        if not self.waiting:
            return
        tables = tables_of(joined(self.waiting)).sorted()
        self.waiting = []
        for name in KEYS:
            table: pa.Table = getattr(tables, name).to_arrow()
            if name not in self.files:
                self.files[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", table.schema, compression="zstd")
            self.files[name].write_table(table)
