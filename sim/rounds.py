"""Journeys that open each other at once, always and for everybody: whoever is on one of them goes round for ever."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sim.errors import Problem
from sim.model import GIVE_UP, RESOLVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sim.distributions import Distribution
    from sim.model import Effects, Journey, Model, Target

    Found = Callable[[Effects], set[str]]


def check_rounds(model: Model) -> list[Problem]:
    """Return a problem for every such round, which names it; that somebody may not be served is no way out of it."""
    opened = {name: _opened(model, name) for name in model.journeys}
    stages = {name: _surely(journey, _stage, {}) for name, journey in model.journeys.items()}
    entering = {name: {other for other in opened if _entered(model, other) in stages[name]} for name in opened}
    follows = {name: opened[name] | entering[name] for name in opened}
    problems: list[Problem] = []
    told: set[str] = set()
    for name in follows:
        way = _way_back(name, follows)
        by_stages = any(after not in opened[before] for before, after in pairwise([*way, name]))
        stays = by_stages and len(set().union(*(stages[each] for each in way))) < 2  # and so enters it no second time
        if way and not stays and told.isdisjoint(way):
            told.update(way)
            links = ", which opens ".join(f"'{each}'" for each in (*way[1:], name))
            message = f"opens {links}, at once, always and for everybody: it would go round for ever; let time pass in "
            message += "between (`after`, `delay`), or give one of them a probability below 1 or a condition"
            problems.append(Problem(f"journeys.{name}", message))
    return problems


def _way_back(name: str, follows: dict[str, set[str]]) -> list[str]:
    """Return the shortest way from a journey back to itself, from that on; empty where there is none."""
    ways, seen = [[name]], set[str]()
    for way in ways:
        if name in follows[way[-1]]:
            return way
        further = sorted(follows[way[-1]] - seen)
        seen.update(further)
        ways += [[*way, other] for other in further]
    return []


def _opened(model: Model, name: str) -> set[str]:
    """Journeys that a journey opens at once, whatever happens to those who are served in it."""

    def opened(effects: Effects) -> set[str]:
        sure = {other for other, opening in effects.opens.items() if _is_sure(opening.p, opening.after)}
        return {other for other in sure if _is_for_everybody(model.journeys[other])}

    following: dict[str, set[str]] = {}
    for other, journey in model.journeys.items():
        after = journey.when.after
        if after is not None and after.journey == name and _is_sure(after.p, after.delay):
            for end in after.end or model.journeys[name].all_ends:
                following.setdefault(end, set()).update({other} if _is_for_everybody(journey) else ())
    return _surely(model.journeys[name], opened, following)


def _stage(effects: Effects) -> set[str]:
    return set() if effects.stage is None else {effects.stage}


def _entered(model: Model, name: str) -> str | None:
    """Stage that opens a journey at once for everybody who enters it."""
    entering = model.journeys[name].when.entering
    sure = entering is not None and _is_sure(entering.p, entering.delay) and _is_for_everybody(model.journeys[name])
    return entering.stage if entering is not None and sure else None


def _is_sure(p: float, delay: Distribution | None) -> bool:
    return p >= 1 and (delay is None or (delay.kind == "deterministic" and delay.value == 0))


def _is_for_everybody(journey: Journey) -> bool:
    return not journey.who.matters and journey.when.notice is None


def _surely(journey: Journey, found: Found, beside: dict[str, set[str]]) -> set[str]:
    """Return what is found in effects, or beside ends, on all ways through a journey of those who are served."""
    sure = {end: found(effects) | beside.get(end, set()) for end, effects in journey.all_ends.items()}
    every = [outcome for step in journey.steps.values() for outcome in step.outcomes.values()]
    anything: set[str] = set().union(*sure.values(), *map(found, every))
    sure |= dict.fromkeys(journey.steps, anything)
    before: dict[str, set[str]] = {}
    while anything and sure != before:  # until no step is found to be less sure than it seemed
        before = dict(sure)
        for name, step in reversed(journey.steps.items()):
            sure[name] = _common(
                found(outcome) | _common(sure[target] for target in _likely(step.next.get(way, {})))
                for way, outcome in step.outcomes.items()
                if outcome.p > 0
            )
    return _common(sure[start.step] for start in journey.start.values())


def _likely(targets: dict[str, Target]) -> list[str]:
    """Where those may go for whom some targets are."""
    likely = [name for name, target in targets.items() if target.p > 0]
    none_left = [GIVE_UP] if all(targets[name].who.matters for name in likely) else []
    return likely + none_left if targets else [RESOLVED]


def _common(sets: Iterable[set[str]]) -> set[str]:
    found = list(sets)
    return set.intersection(*found) if found else set()
