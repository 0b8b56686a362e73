"""Random conditions on a random scenario: ways, beginnings and terms for some, traits by weights, and what is seen.

Whoever is met by no condition on a way takes another, or gives up; a way back takes time all the same.
"""

from collections.abc import Iterator
from typing import Any

from tests.engines.generated_parts import Chance, draw_law

Raw = dict[str, Any]

REGIONS = ("north", "south")


def draw_conditions(chance: Chance, raw: Raw, home: str) -> None:
    """Draw for whom some parts are, in some scenarios."""
    if not chance.happens(0.6):
        return
    for persona in list(raw["personas"].values())[:2]:
        persona["traits"] = {"region": chance.weights(REGIONS)}
    if chance.happens(0.5):
        seen = chance.maybe(0.7, p=lambda: chance.share(0.2, 0.9), after=lambda: draw_law(chance, 0, 400))
        raw["traits"] = {"region": {"seen": seen}}
        list_by_what_is_seen(chance, raw)
    draw_ways(chance, raw, home)
    for persona in raw["personas"].values():
        for part in ("satisfaction", "churn"):
            if part in persona and chance.happens(0.6):
                persona[part]["terms"] = persona[part].get("terms", {}) | {"care": draw_term(chance, raw, home)}


def list_by_what_is_seen(chance: Chance, raw: Raw) -> None:
    """Let lists be made in the order of what the company has seen of a trait."""
    for event in raw.get("events", {}).values():
        if "most" in event and chance.happens(0.8):
            event["by"]["seen"] = {"region": {region: chance.number(-2, 2) for region in chance.some(REGIONS)}}


def draw_ways(chance: Chance, raw: Raw, home: str) -> None:
    """Draw for whom some targets and starts are."""
    for targets in all_targets(raw):
        for name, target in targets.items():
            if chance.happens(0.15):
                written = target if isinstance(target, dict) else {"p": target}
                targets[name] = written | {"who": draw_who(chance, raw, home)}
    for journey in raw["journeys"].values():
        for channel, step in journey["start"].items():
            if len(journey["start"]) > 1 and chance.happens(0.2):
                journey["start"][channel] = {"step": step, "who": draw_who(chance, raw, home)}


def all_targets(raw: Raw) -> Iterator[Raw]:
    """Every set of targets of journeys and touchpoints."""
    for journey in raw["journeys"].values():
        for step in journey["steps"].values():
            yield from step["next"].values()
            yield from (o["reopens"] for o in step["outcomes"].values() if isinstance(o, dict) and "reopens" in o)
    yield from (touchpoint["when_closed"] for touchpoint in raw["touchpoints"].values() if "when_closed" in touchpoint)


def draw_who(chance: Chance, raw: Raw, home: str) -> Raw:
    """Draw a condition: one thing, or several."""
    products = sorted({product for persona in raw["personas"].values() for product in persona.get("products", {})})
    ways = {
        "trait": lambda: {"region": chance.one_of(REGIONS)},
        "seen": lambda: {"region": chance.one_of((*REGIONS, list(REGIONS)))},
        "share": lambda: chance.share(0.2, 0.9),
        "stage": lambda: home,
    }
    if products:
        ways["product"] = lambda: chance.one_of(products)
    return {name: ways[name]() for name in chance.some(chance.shuffled(ways), at_least=1)[:2]}


def draw_term(chance: Chance, raw: Raw, home: str) -> Raw:
    """Draw a term for some, or one that grows fast enough for a few days to show it."""
    term: Raw = {"value": chance.number(-2, 2)} | chance.maybe(0.8, who=lambda: draw_who(chance, raw, home))
    if chance.happens(0.4):
        growing = {"per_year": chance.number(-300, 300)}
        return term | growing | chance.maybe(0.5, up_to=lambda: chance.duration(300, 2000))
    return term
