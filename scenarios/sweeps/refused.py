"""What a scenario refuses of a design: values that cannot be, alone or together, before anything is lived through."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from scenarios import words
from scenarios.sweeps.factors import SCENARIO, is_there, said
from scenarios.sweeps.variants import spread_out, with_levers
from sim.changes import as_enacted, broken_by, check_dates, flatten
from sim.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenarios.sweeps.design import Design
    from scenarios.sweeps.factors import Factor
    from sim.model import Model

_NUMBER = re.compile(r"[-+]?\d[\d.e+-]*")


def refused(scenarios: Mapping[str, Model], factors: Sequence[Factor]) -> list[Problem]:
    """Values that a scenario refuses, each alone: all that are stated, or some between the bounds and at them.

    What several factors in one part of a scenario may mend together is not said.
    """
    problems = []
    parts = Counter(_part(path) for factor in factors for path in factor.paths)
    for factor in (factor for factor in factors if factor.role != "scenario"):
        alone = all(parts[_part(path)] == 1 for path in factor.paths)
        some = factor.values or dict.fromkeys([*islice(factor.grid, 3), *factor.grid[-1:]])
        for name, model in scenarios.items():
            if all(is_there(model, path) for path in factor.paths):
                where = "" if len(scenarios) == 1 else f"in scenario '{name}': "
                told = (f"{where}{message}" for value in some for message in _messages(model, factor, value, alone))
                problems += [Problem(factor.path, message) for message in dict.fromkeys(told)]
    return problems


def _part(path: str) -> str:
    """Part of a scenario, such as a journey or a pool, in which a path lies."""
    return ".".join(path.split(".")[:2])


def _messages(model: Model, factor: Factor, value: Any, alone: bool) -> Iterator[str]:  # noqa: FBT001 - told by name
    """What a scenario has against a value of a factor: at its own place, or anywhere if no other can mend it."""
    settings = flatten(dict.fromkeys(factor.paths, value) if factor.role == "lever" else {factor.path: value})
    found = broken_by(settings, as_enacted(model))
    if not found and factor.role == "lever" and model.enact:
        found = check_dates(with_levers(model, {factor.path: value}))
    for problem in found:
        text, message = said(value), problem.message
        if problem.path in settings:
            yield message if text in message else f"{text}: {message}"
        elif alone or (factor.path in settings and problem.path.startswith(f"{factor.path}.")):
            yield f"{text} cannot be: {problem.path}: {message}"


def refused_together(scenarios: Mapping[str, Model], design: Design) -> list[Problem]:
    """What points make impossible that no value does alone: each problem once, with the points it concerns.

    Only values that lie in the same part of a scenario, such as a journey, can make no sense together.
    """
    first = next(iter(scenarios))
    together = Counter(_part(path) for factor in design.factors for path in factor.paths)
    raws = {name: as_enacted(model) for name, model in scenarios.items()}
    known: dict[str, list[Problem]] = {}
    concerned: dict[tuple[str, str], tuple[Problem, list[str]]] = {}
    for point in design.points:
        scenario = point.settings.get(SCENARIO, first)
        levers = {path: value for path, value in point.settings.items() if path != SCENARIO}
        parts: dict[str, dict[str, Any]] = {}
        for path, value in spread_out(scenarios[scenario], levers).items():
            parts.setdefault(_part(path), {})[path] = value
        for part, settings in parts.items():
            if together[part] < 2:
                continue
            key = f"{scenario} {settings!r}"
            if key not in known:
                known[key] = broken_by(flatten(settings), raws[scenario])
            for problem in known[key]:
                alike = (problem.path, _NUMBER.sub("#", problem.message))
                _, names = concerned.setdefault(alike, (problem, []))
                names.append(point.name)
    return [
        Problem(problem.path, f"{problem.message}: at {_listed_points(names)}") for problem, names in concerned.values()
    ]


def _listed_points(names: Sequence[str]) -> str:
    shown = words.listed(f"'{name}'" for name in names[:3])
    if len(names) == 1:
        return f"the point {shown}"
    return f"{len(names):,} points, such as {shown}" if len(names) > 3 else f"the points {shown}"
