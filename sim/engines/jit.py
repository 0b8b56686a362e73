"""How the loop is compiled: by numba, without loosening arithmetic, and remembered on disk.

numba remembers compiled functions by the file each stands in, and does not notice when a helper in another file
changes: it would go on with the old one. So what is remembered lies in a folder named after everything that is compiled
into it; when a source changes, so does the folder.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
from bisect import bisect_right
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numba
import numpy as np
from numba import config, njit
from numba.extending import overload, register_jitable

from sim import draws, rules
from sim.engines.parts import as_entries, as_parts

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

# All said in full: numba takes what is left open from whichever function calls this one first.
_ENTRY: dict[str, Any] = {
    "nogil": True, "error_model": "numpy", "forceinline": False, "no_cpython_wrapper": False, "no_cfunc_wrapper": True,
}  # fmt: skip
_ENTRIES, _PARTS = as_entries(numba.version_info.short), as_parts(numba.version_info.short)
_INSIDE: dict[str, Any] = _ENTRY | _PARTS | {"no_cpython_wrapper": True}
LOG = logging.getLogger("desirepath")
HERE = Path(__file__).parent
SOURCES = (
    *(HERE / f"{name}.py" for name in ("loop", "world", "memory", "calendar", "parts", "jit")),
    *(HERE.parent / f"{name}.py" for name in ("arrays", "records", "sums", "draws", "rules", "model", "units")),
)  # fmt: skip


@cache
def fingerprint() -> str:
    """Hash of everything that compiled code depends on: sources, and versions of what compiles them."""
    versions = (sys.version, platform.machine(), numba.__version__, np.__version__, config.CPU_NAME or "")
    parts = [path.read_bytes() for path in SOURCES] + [text.encode() for text in versions]
    return blake2b(b"\0".join(parts), digest_size=12).hexdigest()


@cache
def folder() -> Path:
    """Folder in which compiled code is remembered: the user's own cache, or a temporary one where that is read-only.

    `NUMBA_CACHE_DIR` and `XDG_CACHE_HOME` are honoured.
    """
    stated = os.environ.get("NUMBA_CACHE_DIR")
    home = os.environ.get("XDG_CACHE_HOME")
    usual = Path(stated) if stated else (Path(home) if home else Path.home() / ".cache") / "desirepath"
    for parent in (usual, Path(tempfile.gettempdir()) / f"desirepath-{os.getuid()}"):
        try:
            path = parent / f"compiled-{fingerprint()}"
            path.mkdir(parents=True, exist_ok=True)
            (path / ".writable").touch()
        except OSError:
            continue
        return path
    return Path(tempfile.mkdtemp(prefix="desirepath-"))


def warm() -> bool:
    """Whether everything has been compiled before, so that it starts at once; what adds customers up comes last."""
    return _knows("loop.advance") and _knows("sums.add_customers")


def announce() -> None:
    """Say that compiling takes a while, where it has not been done yet; what adds rows up takes a sixth of it."""
    if not _knows("loop.advance"):
        LOG.warning("compiling the engine: once on this computer, about half a minute")


def _knows(function: str) -> bool:
    return config.DISABLE_JIT or any(folder().rglob(f"{function}-*.nbi"))


def entry(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that Python calls when it is first called, or take it as it was compiled before."""
    usual = config.CACHE_DIR
    config.CACHE_DIR = str(folder())
    try:
        made: Callable[P, R] = njit(function, cache=True, **_ENTRY | _ENTRIES)
        return made
    finally:
        config.CACHE_DIR = usual


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only compiled ones call: what Python would need to call it is left out, to save time."""
    made: Callable[P, R] = njit(function, **_INSIDE)
    return made


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into each of those that call it: for what every visit goes through."""
    made: Callable[P, R] = njit(function, **_INSIDE | {"forceinline": True})
    return made


def _bisect_right(at: Any, x: Any) -> Any:  # noqa: ARG001 - numba looks at the types of the arguments
    def place(at: Any, x: Any) -> Any:
        low, high = 0, len(at)
        while low < high:
            middle = (low + high) // 2
            if x < at[middle]:
                high = middle
            else:
                low = middle + 1
        return low

    return place


overload(bisect_right, jit_options=_PARTS)(_bisect_right)
for _function in (draws.fold, draws.unit, draws.visit, *vars(rules).values()):
    if isinstance(_function, FunctionType) and _function.__module__ in (draws.__name__, rules.__name__):
        (register_jitable(**_PARTS) if _PARTS else register_jitable)(_function)
