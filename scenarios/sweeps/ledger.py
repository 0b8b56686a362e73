"""What has been lived through already, on disk: a block of replications counts once it is there, whatever dies next."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import blake2b
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from scenarios.sweeps.executors import NOTHING, code_version
from sim.explained import README

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from scenarios.sweeps.executors import Outcome

_README = """\
# What has been lived through

A folder for each scenario with each seed, named by a hash of both and of the version that ran it; a file in it for each
block of replications, with every KPI of each. A sweep looks here first and lives through only what is missing, so a
sweep that was stopped goes on, and a wider one takes over what a narrower one left. Nothing here is ever changed.
Deleting it is safe: it only costs the time to do it again.
"""
_SECONDS = "desirepath.seconds"  # that a replication took, in a file's metadata


def key_of(raw: Mapping[str, Any], seed: int) -> str:
    """Key of a scenario with a seed, under this version: the same key, the same values."""
    text = json.dumps([code_version(), seed, raw], sort_keys=True, default=str, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


class Ledger:
    """Finished blocks of replications, by the key of their scenario.

    Several sweeps may write into one ledger at once: every block has a file of its own, which appears whole or not at
    all, and who finds one twice takes it once; both say the same.

    Parameters
    ----------
    folder
        Where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, outcome: Outcome) -> None:
        """Write down what came of a unit; it is on the disk when this returns.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        unit = outcome.unit
        home = self.folder / unit.key
        home.mkdir(exist_ok=True)
        if not (self.folder / README).exists():
            _write(self.folder / README, _README.encode())
        if outcome.values.height:
            each, buffer = outcome.seconds / unit.count, BytesIO()
            outcome.values.write_parquet(buffer, metadata={_SECONDS: str(each)})
            _write(home / f"{unit.first:06d}-{unit.count:04d}.parquet", buffer.getvalue())
        for replication, error in outcome.failures.items():
            text = json.dumps({"replication": replication, "error": error}, ensure_ascii=False)
            _write(home / f"failed-{replication:06d}.json", text.encode())

    def values(self, key: str) -> pl.DataFrame:
        """Every replication of a scenario that succeeded, in order; columns as an outcome's values have them."""
        frames: list[pl.DataFrame] = [NOTHING]
        seen: set[int] = set()
        for path in sorted((self.folder / key).glob("*.parquet")):
            frame = _read(path)
            fresh = set(frame["replication"].unique()) - seen
            frames.append(frame.filter(pl.col("replication").is_in(fresh)))
            seen |= fresh
        return pl.concat(frames).sort("replication", maintain_order=True)

    def done(self, key: str) -> set[int]:
        """Replications of a scenario that succeeded."""
        return {
            int(replication)
            for path in (self.folder / key).glob("*.parquet")
            for replication in _read(path, ["replication"])["replication"].unique()
        }

    def seconds(self, key: str) -> float | None:
        """Processor time that a replication of a scenario took; None where there is none."""
        for path in sorted((self.folder / key).glob("*.parquet"), reverse=True):  # the first one also loaded the engine
            with suppress(pl.exceptions.PolarsError, OSError, KeyError):
                return float(pl.read_parquet_metadata(path)[_SECONDS])
        return None

    def failures(self, key: str) -> dict[int, str]:
        """What went wrong with replications of a scenario that failed."""
        found = {}
        for path in sorted((self.folder / key).glob("failed-*.json")):
            said = json.loads(path.read_text(encoding="utf-8"))
            found[int(said["replication"])] = str(said["error"])
        return found

    def forget_failures(self, keys: Iterable[str]) -> None:
        """Let failed replications be tried again."""
        for key in keys:
            for path in (self.folder / key).glob("failed-*.json"):
                path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Let a file appear whole, and stay if the machine goes down."""
    part = path.with_name(f".{path.name}.part-{os.getpid()}")  # which no pattern of ours finds
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _read(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """What a file holds; nothing where it cannot be read, so that its replications are lived through again."""
    try:
        return pl.read_parquet(path, columns=columns)
    except (pl.exceptions.PolarsError, OSError):
        return NOTHING.select(columns or pl.all())


def gaps(done: Iterable[int], wanted: int, least: int) -> list[range]:
    """Replications still to do, of those below a number, in even runs of so many at least where they hang together."""
    there, runs = set(done), list[range]()
    for replication in range(wanted):
        if replication in there:
            continue
        if runs and runs[-1].stop == replication:
            runs[-1] = range(runs[-1].start, replication + 1)
        else:
            runs.append(range(replication, replication + 1))
    return [part for run in runs for part in _even(run, max(1, len(run) // max(1, least)))]


def _even(run: range, parts: int) -> list[range]:
    edges = [run.start + len(run) * part // parts for part in range(parts + 1)]
    return [range(first, last) for first, last in pairwise(edges)]
