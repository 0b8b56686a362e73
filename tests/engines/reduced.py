"""The smallest scenario that still shows a fault: whatever can go is taken out of the plain data, part by part.

A scenario of a seed does not shrink as hypothesis's do, and those shrink slowly, for they are long. So:
``reduced(raw, lambda raw: tables_differ(build(raw)))`` gives one short enough to be read.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from sim import ScenarioError

Raw = dict[str, Any]
Path = tuple[Any, ...]


def reduced(raw: Raw, shows: Callable[[Raw], bool]) -> Raw:
    """Take out of a scenario what can go.

    Parameters
    ----------
    raw
        A scenario that shows the fault.
    shows
        Whether a smaller one shows it still; where it raises a `ScenarioError`, that one is not valid and does not.
    """
    whole = None
    while raw != whole:
        whole = raw
        for path in sorted(paths(whole), key=len):  # large parts first
            if is_there(raw, path):
                raw = next((smaller for smaller in smaller_at(raw, path) if still(shows, smaller)), raw)
    return raw


def still(shows: Callable[[Raw], bool], raw: Raw) -> bool:
    """Say whether a scenario is valid and shows the fault."""
    try:
        return shows(raw)
    except ScenarioError:
        return False


def paths(raw: Any, before: Path = ()) -> Iterator[Path]:
    """Every key of nested mappings, with those above it."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield (*before, key)
            yield from paths(value, (*before, key))


def is_there(raw: Raw, path: Path) -> bool:
    """Say whether the path has not gone yet."""
    here: Any = raw
    for key in path:
        if not isinstance(here, dict) or key not in here:
            return False
        here = here[key]
    return True


def smaller_at(raw: Raw, path: Path) -> Iterator[Raw]:
    """Scenarios that are smaller at a path: without it, with a plain duration there, or with fewer."""
    value, lacking = at(raw, path), deepcopy(raw)
    siblings = at(lacking, path[:-1])
    del siblings[path[-1]]
    make_up_for(siblings, weight_of(value))
    yield lacking
    if isinstance(value, dict) and "kind" in value:
        yield replaced(raw, path, "5 min")
    if path[-1] in ("customers", "headcount") and value > 1:
        yield from (replaced(raw, path, fewer) for fewer in (1, value // 2, value - 1))


def at(raw: Raw, path: Path) -> Any:
    """Return what stands at a path."""
    for key in path:
        raw = raw[key]
    return raw


def replaced(raw: Raw, path: Path, value: Any) -> Raw:
    """Copy of a scenario with another value at a path."""
    copy = deepcopy(raw)
    at(copy, path[:-1])[path[-1]] = value
    return copy


def make_up_for(siblings: Raw, gone: float | None) -> None:
    """Let the weights beside one that went add up to one again."""
    weights = {name: weight_of(part) for name, part in siblings.items()}
    if gone is None or not weights or None in weights.values() or not (total := sum(weights.values())):
        return
    for name, part in siblings.items():
        field = next((field for field in ("p", "share") if isinstance(part, dict) and field in part), None)
        if field is None:
            siblings[name] = weights[name] / total
        else:
            part[field] = weights[name] / total


def weight_of(part: Any) -> float | None:
    """Weight of a target, an outcome or a persona."""
    if isinstance(part, dict):
        part = part.get("p", part.get("share"))
    return part if isinstance(part, int | float) else None
