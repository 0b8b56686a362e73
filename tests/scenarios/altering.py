"""Every value of a scenario, each moved alone to another that makes sense: to see who notices."""

from collections.abc import Iterator
from typing import Any

from sim import Model, ScenarioError
from sim.changes import check_changes
from sim.check import parse
from sim.units import split

Raw = dict[str, Any]
PAIRS = (("sat", "sun"), ("experience", "satisfaction"), ("resolved", "give_up"), ("EUR", "CHF"))


def leaves(raw: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value that is stated, by where it stands; a list is one value."""
    if isinstance(raw, dict) and raw:
        for key, inner in raw.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, raw


def is_alone(raw: Raw, path: str) -> bool:
    """Whether a value is the weight of the only one of its kind, which is all whatever its weight."""
    for stated, value in leaves(raw):
        if ".".join(map(str, stated)) == path:
            inner: Any = raw
            for key in stated[:-2] if stated[-1] == "p" else stated[:-1]:
                inner = inner[key]
            return len(inner) == 1 and isinstance(value, int | float)
    return False


def one_moved(raw: Raw) -> Iterator[tuple[str, Model | None]]:
    """The scenario with each of its values moved in turn; None where nothing else makes sense there."""
    for path, value in leaves(raw):
        names = beside(raw, value)
        tried = (tried for other in others(value, names) if (tried := possible(replaced(raw, path, other), path)))
        yield ".".join(map(str, path)), next(tried, None)


def beside(raw: Any, names: Any) -> list[str]:
    """Names that stand beside one somewhere, and so may stand in its place."""
    known = [name for name in (names if isinstance(names, list) else [names]) if isinstance(name, str)]
    if not isinstance(raw, dict):
        return []
    here = [str(key) for key in raw if any(name in raw for name in known) and key not in known]
    return list(dict.fromkeys([*here, *(name for inner in raw.values() for name in beside(inner, names))]))


def others(value: Any, names: list[str]) -> Iterator[Any]:
    """Values of the same kind: numbers near it, quantities in the same unit, other times, days, dates and names."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, 1, 2)
    elif isinstance(value, float):
        yield from (value * factor for factor in (0.8, 1.25))
        yield value - 0.1
    elif isinstance(value, list):
        yield value[:-1]
        yield from ([*value, name] for name in names if name not in value)
        yield from (part for part in value if len(value) == 1 for part in others(part, names))
    elif isinstance(value, str):
        yield from written_otherwise(value)
        yield from (name for name in names if name != value)
        yield f"{value} or so"


def written_otherwise(value: str) -> Iterator[str]:
    """Other quantities, times of day, days of the week and dates for one that is written."""
    try:
        number, unit = split(value)
        yield from (f"{(number or 3) * factor!r} {unit}" for factor in (0.7, 1.5))
    except ValueError:
        pass
    for old, new in (("08:", "07:"), ("09:", "07:"), (":00", ":30"), ("mon-fri", "mon-thu"), ("mon-s", "tue-s"),
                     ("01-2", "01-1"), ("-06", "-07"), ("steady", "calibrated"), ("all", "mon-sat")):  # fmt: skip
        if old in value:
            yield value.replace(old, new, 1)
    yield from (other for pair in PAIRS for one, other in (pair, pair[::-1]) if one == value)


def replaced(raw: Raw, path: tuple[Any, ...], value: Any) -> Raw:
    """The same with another value in one place."""
    key, *rest = path
    return {**raw, key: replaced(raw[key], tuple(rest), value) if rest else value}


def possible(raw: Raw, path: tuple[Any, ...]) -> Model | None:
    """The scenario if it makes sense, or would once what stands beside the value makes up for it."""
    for tried in (raw, *made_up_for(raw, path)):
        try:
            model = parse(tried)
        except ScenarioError:
            continue
        if not check_changes(tried, ()):
            return model
    return None


def made_up_for(raw: Raw, path: tuple[Any, ...]) -> Iterator[Raw]:
    """The scenario with another share beside the one that was moved taken down, or up, so that all add up to one."""
    for depth in (1, 2):
        if len(path) <= depth:
            continue
        group: Any = raw
        for key in path[:-depth]:
            group = group[key]
        inner = path[-1] if depth == 2 else None
        shares = {name: share_of(part, inner) for name, part in group.items()} if isinstance(group, dict) else {}
        known = {name: share for name, share in shares.items() if share is not None}
        for name, share in known.items():
            rest = 1 - sum(known.values()) + share
            if name != path[-depth] and 0 <= rest <= 1 and abs(rest - share) > 1e-9:
                made_up = {**group[name], inner or "p": rest} if isinstance(group[name], dict) else rest
                yield replaced(raw, (*path[:-depth], name), made_up)


def share_of(part: Any, inner: str | None) -> float | None:
    """The number that stands in a place, or inside it."""
    if isinstance(part, dict):
        part = part.get(inner or "p")
    return float(part) if isinstance(part, int | float) and not isinstance(part, bool) else None
