"""What stands where it does not belong: where it does, and how it is written there."""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from sim import likely
from sim.errors import Problem, did_you_mean, misspelt
from sim.model import OPENED, Change, Model, When, WhileOpen, Who, is_one_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DEPTH = 2  # how far down to look for where a field belongs
_SECTIONS = ("personas", "touchpoints", "channels", "systems", "journeys", "staff")
_SHOWN = {"days": "mon-fri", "from": '"08:00"', "to": '"18:00"'}
_NEAR = 0.7  # how like it a field has to be, to be asked about
_LACKING_NEAR = 0.65  # where that field has to be there and is not
_FEW = 4  # ways of writing something, of which all can be said
_MISSPELT = "not a known field; "
_NAMELESS = "is a field and not a name; write it below "
_UNSEEN = ("score", "satisfaction", "mood", "experience")
# Words that others use for our fields; whichever of ours is known where one stands is meant.
_SYNONYMS = {
    "date": ("on", "from"), "at": ("on", "touchpoint"), "on": ("from",), "start": ("from",), "since": ("from",),
    "begins": ("from", "start"), "begin": ("from", "start"), "entry": ("start",), "stages": ("steps",),
    "place": ("touchpoint",),
    "end": ("until", "to", "horizon"), "ends": ("until", "to"), "to": ("until",), "until": ("horizon",),
    "for": ("lasts", "who"), "if": ("who",), "when": ("who",), "condition": ("who",), "pilot": ("who",),
    "length": ("lasts", "term", "horizon"), "limit": ("most",), "cap": ("most",), "rate": ("base",),
    "probability": ("p",), "prob": ("p",), "chance": ("p",), "share": ("p",), "weight": ("p",), "delay": ("after",),
    "after": ("delay",), "price": ("revenue",), "min": ("low",), "max": ("high",), "agents": ("headcount",),
    "people": ("headcount",), "fte": ("headcount",), "count": ("headcount", "customers"), "size": ("customers",),
    "description": ("about", "title"), "name": ("title",), "sd": ("cv",), "average": ("mean",), "trigger": ("when",),
    "capacity": ("lines", "contacts"), "salary": ("wage",), "routes": ("next",), "results": ("outcomes",),
    "pool": ("staff",), "pools": ("staff",), "team": ("staff",), "teams": ("staff",), "departments": ("staff",),
    "segments": ("personas",), "goes_to": ("next",), "then": ("next",), "channels": ("start",), "success": ("good",),
    "succes": ("good",), "duration": ("lasts", "service_time", "term"), "handling_time": ("service_time",),
}  # fmt: skip


def unknown_field(path: tuple[str, ...], found: object, raw: dict[str, Any], root: type[BaseModel] = Model) -> str:
    """Say of a field that is not known whether it is misspelt, or where it belongs."""
    *above, key = path
    fields, kinds = known_fields(tuple(above), raw, root), kinds_at(tuple(above), root)
    here = value_at(raw, tuple(above))
    free = [field for field in fields if not isinstance(here, dict) or field not in here]
    if meant := _surely(key, free) or misspelt(key, fields) or _alike(key, _lacking(tuple(above), raw, root)):
        return f"{_MISSPELT}did you mean '{meant}'?"
    if Who in kinds and key in _UNSEEN:
        return (
            f"not a known field: a condition cannot ask how somebody feels, nor what they answered; of a campaign, say "
            f"`most` and who comes first, such as by: {{score: -1}}, or ask for a trait (known: {', '.join(fields)})"
        )
    if Who in kinds and key in _traits(raw):
        return f"not a known field; '{key}' is a trait, so write trait: {{{key}: {found}}}"
    if found is None and not key.isidentifier() and (way := not_a_mapping(tuple(above), key, raw, root)):
        return f"'{key}' is a value without its name; {way}"
    if above and above[-1] in fields and any(get_origin(kind) is dict for kind in kinds_at(tuple(above[:-1]), root)):
        return _instead_of_a_name(tuple(above), raw)
    named = key.partition(".")[0]
    if Change in kinds and (key in Model.model_fields or named in Model.model_fields):
        return f"not a known field here; it belongs in set, as in set: {{{key}: …}}"
    inside = [
        name for name in fields if isinstance(here, dict) and isinstance(here.get(name), dict) and named in here[name]
    ]
    if inside:
        ways = " or ".join(f"{name}.{key}" if not above else f"{name}: {{{key}: …}}" for name in inside)
        return f"not a known field; '{named}' stands in {' and in '.join(inside)}, so write {ways}"
    if "/" in key and key.partition("/")[0] in fields:
        return f"not a known field; did you mean '{key.replace('/', '.')}'?"
    is_law = any("kind" in _named(kind) for kind in kinds)
    if example := None if is_law else _further_in(key, found, kinds):
        return f"not a known field here; {example}"
    place = _further_out(key, tuple(above), root) or (_elsewhere(key) if root is Model else None)
    return f"{_MISSPELT}{did_you_mean(key, fields, _NEAR)}" + (f" ('{key}' belongs in {place})" if place else "")


def _traits(raw: dict[str, Any]) -> set[str]:
    """Traits that personas have."""
    personas = value_at(raw, ("personas",))
    stated = [value_at(persona, ("traits",)) for persona in personas.values()] if isinstance(personas, dict) else []
    return {str(trait) for traits in stated if isinstance(traits, dict) for trait in traits}


def _surely(key: str, fields: list[str]) -> str | None:
    """Field that is surely meant by a word."""
    return next((field for field in _SYNONYMS.get(key, ()) if field in fields), None) or misspelt(key, fields)


def _alike(key: str, lacking: list[str]) -> str | None:
    """Field that is likely meant by a word, where it has to be there and is not: it is like it, or a part of it."""
    part = key.removesuffix("s")
    whole = [field for field in lacking if len(part) > 3 and part in field]
    return next(iter(whole or get_close_matches(key, lacking, 1, _LACKING_NEAR)), None)


def is_misspelt(problem: Problem, raw: dict[str, Any]) -> bool:
    """Whether a problem is that of a field of which one can be sure what was meant."""
    *above, key = problem.path.split(".")
    meant = f"{problem.meant}".rpartition(".")[2]
    sure = _surely(key, [meant]) is not None or _alike(key, _lacking(tuple(above), raw)) == meant
    return problem.message.startswith(_MISSPELT) and sure


def _lacking(path: tuple[str, ...], raw: dict[str, Any], root: type[BaseModel] = Model) -> list[str]:
    """Fields that have to be at a path of plain data, and are not."""
    here = value_at(raw, path)
    named = {name: field for kind in kinds_at(path, root) for name, field in _named(kind).items()}
    needed = [name for name in known_fields(path, raw, root) if name in named and named[name].is_required()]
    return [name for name in needed if isinstance(here, dict) and name not in here]


def as_meant(raw: dict[str, Any], problem: Problem) -> dict[str, Any] | None:
    """Plain data with a misspelt field as it was meant; None where that is there already, or the field is not."""
    *above, key = problem.path.split(".")
    meant = f"{problem.meant}".rpartition(".")[2]
    here = value_at(raw, tuple(above))
    if not isinstance(here, dict) or key not in here or meant in here:
        return None
    return _replaced(raw, above, {meant if name == key else name: value for name, value in here.items()})


def _replaced(raw: dict[Any, Any], path: list[str], value: dict[Any, Any]) -> dict[Any, Any]:
    """Copy of plain data with something else at a path."""
    if not path:
        return value
    return {k: _replaced(inner, path[1:], value) if str(k) == path[0] else inner for k, inner in raw.items()}


def value_at(raw: Any, path: Sequence[str]) -> Any:
    """What stands at a path of plain data; None where nothing does."""
    for key in path:
        raw = next((inner for name, inner in raw.items() if str(name) == key), None) if isinstance(raw, dict) else None
    return raw


def _instead_of_a_name(path: tuple[str, ...], raw: dict[str, Any]) -> str:
    """Say of a field that stands beside the names of those whose field it is that it belongs below one of them."""
    here = value_at(raw, path[:-1])
    names = [str(name) for name in here if str(name) not in known_fields(path, raw)] if isinstance(here, dict) else []
    where = f"one of {', '.join(names)}" if names else "a name"
    return f"'{path[-1]}' {_NAMELESS}{where}"


def without_names(problems: list[Problem]) -> list[Problem]:
    """Problems, those of several fields that stand where one name should as one."""
    fields: dict[str, list[str]] = {}
    for problem in problems:
        if _NAMELESS in problem.message:
            above, _, field = problem.path.rpartition(".")
            fields.setdefault(above, []).append(field)
    several = {above: names for above, names in fields.items() if len(names) > 1}
    told = [
        Problem(above, f"{', '.join(names)} are fields and not names; write {{NAME: {{{names[0]}: …, …}}}}")
        for above, names in several.items()
    ]
    return [
        *told,
        *(p for p in problems if _NAMELESS not in p.message or p.path.rpartition(".")[0] not in several),
    ]


def _further_in(key: str, found: object, kinds: list[Any]) -> str | None:
    """Where a field belongs that stands too far out."""
    written = "{…}" if isinstance(found, dict | list) else found
    for steps, kind in _below(kinds, _DEPTH):
        if key in (names := _named(kind)):
            needed = [name for name, field in names.items() if field.is_required() or name == key]
            shown = ", ".join(f"{name}: {written if name == key else _SHOWN.get(name, '…')}" for name in needed)
            example = "{" + shown + "}"
            for step in reversed(steps[1:]):
                example = "{" + f"{step}: {example}" + "}"
            return f"it belongs in {'.'.join(steps)}, as in {steps[0]}: {example}"
    return None


def _further_out(key: str, above: tuple[str, ...], root: type[BaseModel]) -> str | None:
    """Where a field belongs that is indented too far."""
    for length in range(len(above) - 1, -1, -1):
        if any(key in _named(kind) for kind in kinds_at(above[:length], root)):
            return ".".join(above[:length]) or "no other part: do not indent it"
    return None


def _elsewhere(key: str) -> str | None:
    """Where a field belongs that is known in one place only."""
    found = [
        ".".join(steps) for steps, kind in _below([Model], _DEPTH) if steps[0] in _SECTIONS and key in _named(kind)
    ]
    return found[0] if len(found) == 1 else None


def _below(kinds: list[Any], depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Classes within classes, the nearest first, each with the names of fields that lead there; NAME is any name."""
    level: list[tuple[tuple[str, ...], Any]] = [((), kind) for kind in kinds]
    for _ in range(depth):
        inner = [
            ((*steps, name, *more), kind)
            for steps, outer in level
            for name, field in _named(outer).items()
            for alternative in _alternatives(field.annotation)
            for more, kind in _within(alternative)
        ]
        yield from inner
        level = inner


def _within(kind: Any) -> list[tuple[tuple[str, ...], Any]]:
    """A class as it is, or the one of which a mapping holds several by name."""
    if get_origin(kind) is dict:
        return [(("NAME", *more), inner) for part in _alternatives(get_args(kind)[1]) for more, inner in _within(part)]
    return [((), kind)] if _named(kind) else []


def _named(kind: Any) -> dict[str, Any]:
    """Fields of a class by the names that a scenario gives them."""
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def not_a_mapping(
    path: tuple[str, ...], found: object, raw: dict[str, Any], root: type[BaseModel] = Model
) -> str | None:
    """Say how to write what stands alone where names and their values should."""
    kinds, currency = kinds_at(path, root), raw.get("currency", "EUR")
    values = [get_args(kind)[1] for kind in kinds if get_origin(kind) is dict]
    if found is None:
        return None
    if isinstance(found, list):
        return f"it is a list; write {{{', '.join(_entry(item, values, currency) for item in found)}}}"
    entries = likely.named(found)
    if entries and all(any(_takes(value, entry, currency) for value in values) for entry in entries.values()):
        return f"write {{{', '.join(f'{name}: {entry}' for name, entry in entries.items())}}}"
    if isinstance(found, str) and "=" in found:
        return "write {" + ": ".join(part.strip() for part in found.split("=", 1)) + "}"
    if When in kinds and get_close_matches(str(found), [OPENED], n=1):
        return f"did you mean '{OPENED}'?"
    if path and any(path[-1] in _named(kind) for kind in kinds):
        return _instead_of_a_name(path, raw)
    ways = [way for value in values for way in _by_name(value, found, currency)] or _by_field(kinds, found, currency)
    return f"write {' or '.join(ways)}" if 0 < len(ways) < _FEW else None


def _by_name(value: Any, found: object, currency: object) -> list[str]:
    """Ways of writing something where each value has a name: it may be the name, or the value."""
    if isinstance(found, str) and get_origin(value) is dict:
        return [f"{{NAME: {{{found}: 1}}}}"]
    least = [empty for empty in (1, dict[str, Any]()) if isinstance(found, str) and _takes(value, empty, currency)]
    if least:
        return [f"{{{found}: {least[0]}}}"]
    return [f"{{NAME: {found}}}"] if _takes(value, found, currency) else []


def _by_field(kinds: list[Any], found: object, currency: object) -> list[str]:
    """Ways of writing something as one of the fields of a class: it may be its name, or its value."""
    fields = {name: field for kind in kinds for name, field in _named(kind).items()}
    if isinstance(found, str) and found in fields:
        return [f"{{{found}: …}}"]
    fits = [name for name, field in fields.items() if _fits(field, found, currency)]
    needed = [name for name in fits if fields[name].is_required()]
    unstated = [name for name in fits if fields[name].default is None]
    return [f"{{{name}: {found}}}" for name in needed or unstated or fits]


def _entry(item: object, values: list[Any], currency: object) -> str:
    """An item of a list as it would be written where each has a name."""
    if isinstance(item, dict) and len(item) == 1:
        return ", ".join(f"{name}: {'{…}' if isinstance(inner, dict) else inner}" for name, inner in item.items())
    if isinstance(item, dict):
        return "NAME: {…}"
    return f"NAME: {item}" if any(_takes(value, item, currency) for value in values) else f"{item}: …"


def not_a_number(
    path: tuple[str, ...], found: object, raw: dict[str, Any], root: type[BaseModel] = Model
) -> str | None:
    """Say how to write what stands where a number should."""
    if path and any(path[-1] in _named(kind) for kind in kinds_at(path, root)):
        return _instead_of_a_name(path, raw)
    return likely.number(found)


def _fits(field: Any, found: object, currency: object) -> bool:
    return _takes(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation, found, currency)


def _takes(kind: Any, found: object, currency: object) -> bool:
    with suppress(ValidationError):
        TypeAdapter(kind).validate_python(found, context={"currency": currency})
        return True
    return False


def without_kind(found: object, kinds: list[Any]) -> str:
    """Say of a law that does not say its kind which it may be."""
    keys = set(map(str, found)) if isinstance(found, dict) else set()
    if any(get_close_matches("kind", keys, n=1)):
        return f"{_MISSPELT}did you mean 'kind'?"
    laws = [names for kind in kinds if keys and keys <= set(names := _named(kind))]
    fitting = [
        names["kind"].default
        for names in laws
        if {name for name, field in names.items() if field.is_required()} <= keys
    ]
    if fitting:
        return f"does not say its kind; with {', '.join(sorted(keys))} it may be {' or '.join(fitting)}"
    return "does not say its kind; write {kind: exponential, mean: …} or a plain duration such as '5 min'"


def kinds_at(path: tuple[str, ...], root: type[BaseModel] = Model) -> list[Any]:
    """Return the classes of which a value at a path can be."""
    kinds: list[Any] = [root]
    for key in path:
        kinds = [inner for kind in kinds for inner in _inside(kind, key)]
    return kinds


def known_fields(path: tuple[str, ...], raw: dict[str, Any], root: type[BaseModel] = Model) -> list[str]:
    """Return the field names allowed at a path of plain data."""
    kinds = kinds_at(path, root)
    here: Any = raw
    for key in path:
        here = here.get(key, {}) if isinstance(here, dict) else {}
    if kinds == [dict[str, WhileOpen]] and isinstance(here, dict) and is_one_clock(here):
        kinds = [WhileOpen]
    tag = here.get("kind") if isinstance(here, dict) else None
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    if tag is not None:
        models = [m for m in models if "kind" in m.model_fields and tag in get_args(m.model_fields["kind"].annotation)]
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _inside(kind: Any, key: str) -> list[Any]:
    """Classes found under a key of a class or of a dict annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [
            inner
            for name, field in kind.model_fields.items()
            if key in (name, field.alias)
            for inner in _alternatives(field.annotation)
        ]
    if get_origin(kind) is dict:
        return _alternatives(get_args(kind)[1])
    return []


def _alternatives(annotation: Any) -> list[Any]:
    """Flatten unions and annotations into the classes they allow."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [kind for part in get_args(annotation) if part is not NoneType for kind in _alternatives(part)]
    return [annotation]
