"""The scenarios of a design: what is uncertain is set from the start, and levers move when the warm-up ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scenarios.compare import BASELINE
from scenarios.sweeps.factors import SCENARIO, overlap, same
from sim.changes import altered, as_enacted, flatten, get, span
from sim.check import parse
from sim.model import Change, Model

if TYPE_CHECKING:
    from scenarios.sweeps.design import Design

POINT = "point"  # what the change is called that sets a point's levers, unless a change of the user's is

_NOTHING = object()

Models = Model | Mapping[str, Model]


def models(model: Models, design: Design) -> dict[str, Model]:
    """Scenarios of a design by name: ``baseline`` first, then the points in order.

    Parameters
    ----------
    model
        The scenario, or several by name, as for `designed`.
    design
        Its points.
    """
    scenarios = by_name(model)
    first = next(iter(scenarios))
    doubts = uncertainties(design)
    moving = [path for factor in design.factors if factor.role == "lever" for path in factor.paths]
    start: dict[tuple[str, str], tuple[Model, dict[str, Any]]] = {}
    made: dict[str, Model] = {}
    for name, settings in ((BASELINE, {}), *((point.name, point.settings) for point in design.points)):
        scenario = settings.get(SCENARIO, first)
        fixed = {path: value for path, value in settings.items() if path in doubts}
        key = (scenario, repr(fixed))
        if key not in start:
            certain = _with_certain(scenarios[scenario], fixed, doubts)
            start[key] = certain, _held(certain, moving)
        levers = {path: value for path, value in settings.items() if path not in doubts and path != SCENARIO}
        made[name] = _with_change(start[key][0], spread_out(start[key][0], levers), start[key][1])
    return made


def variant(model: Model, settings: Mapping[str, Any], uncertainties: frozenset[str] = frozenset()) -> Model:
    """Return a scenario at a point: what is uncertain is set from the start, levers move when the warm-up ends.

    Parameters
    ----------
    model
        The scenario.
    settings
        Values of factors, by their path. Where none changes anything, the scenario comes back as it was written.
    uncertainties
        Those of a design that are uncertain: they are so no more, and where no value is given they are at their median.
        What is drawn with one of them goes with it.
    """
    fixed = {path: value for path, value in settings.items() if path in uncertainties}
    levers = {path: value for path, value in settings.items() if path not in uncertainties}
    return with_levers(_with_certain(model, fixed, uncertainties), levers)


def uncertainties(design: Design) -> frozenset[str]:
    """Paths of what a design varies that is uncertain otherwise."""
    return frozenset(factor.path for factor in design.factors if factor.role == "uncertainty")


def by_name(model: Models) -> dict[str, Model]:
    """Scenarios by name, where a single one is the baseline."""
    return {BASELINE: model} if isinstance(model, Model) else dict(model)


def _with_certain(model: Model, fixed: Mapping[str, Any], doubts: frozenset[str]) -> Model:
    """Scenario in which some of what is uncertain is so no more."""
    settings: dict[str, Any] = {}
    for path in sorted(doubts & set(model.uncertain)):
        law = model.uncertain[path]
        value = fixed.get(path, law.value(0.5))
        root = law.shared or path
        group = {p: each for p, each in model.uncertain.items() if root in (p, each.shared)}
        settings |= {p: value if p == path else each.value(law.rank(value)) for p, each in group.items()}
    if not settings:
        return model
    left = {path: law for path, law in model.raw["uncertain"].items() if path not in settings}
    return parse({**altered(model.raw, settings), "uncertain": left})


def with_levers(model: Model, settings: Mapping[str, Any]) -> Model:
    """Scenario in which levers move when the warm-up ends, whatever else changes."""
    moved = spread_out(model, settings)
    return _with_change(model, moved, _held(model, moved))


def _with_change(model: Model, moved: Mapping[str, Any], held: Mapping[str, Any]) -> Model:
    """Scenario with a change that sets what is not so already, after all others that are on."""
    moved = {path: value for path, value in moved.items() if not same(held[path], value)}
    if not moved:
        return model
    names = (POINT, *(f"{POINT}_{i}" for i in range(2, len(model.changes) + 3)))
    name = next(name for name in names if name not in model.changes)
    change, on = {"set": moved}, (*model.enact, name)
    raw = {**model.raw, "changes": {**(model.raw.get("changes") or {}), name: change}, "enact": list(on)}
    # Not parsed again, as there may be thousands: the scenario was, and what a point sets is checked by the design.
    made = model.model_copy(update={"changes": {**model.changes, name: Change.model_validate(change)}, "enact": on})
    made.remember(raw)
    return made


def spread_out(model: Model, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by the paths that are set: a lever with a name of its own sets those that it moves."""
    paths = {path: (model.levers[path].moves if path in model.levers else ()) or (path,) for path in settings}
    return {each: settings[path] for path in settings for each in paths[path]}


def _held(model: Model, paths: Iterable[str]) -> dict[str, Any]:
    """Values that paths have from the end of the warm-up on and for good; nothing at all where a change moves them."""
    clock, raw = model.clock, as_enacted(model)
    passing: list[str] = []
    for name in model.enact:
        change = model.changes[name]
        begins, ends = span(model, change)
        if change.ramp or begins > clock.warmup or ends < clock.horizon:
            passing += flatten(change.set)
    moving = {path for path in paths if any(overlap(path, each) for each in passing)}
    return {path: _NOTHING if path in moving else get(raw, path, _NOTHING) for path in paths}
