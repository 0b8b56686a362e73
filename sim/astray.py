"""What stands where it does not belong: where it does, and how it is written there."""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from sim.errors import did_you_mean
from sim.model import OPENED, Model, When, WhileOpen, Who, is_one_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = 2  # how far down to look for where a field belongs
_SURE = 0.75  # how near a name has to be, to be taken for a misspelling before anything else
_SHOWN = {"days": "mon-fri", "from": '"08:00"', "to": '"18:00"'}
_UNSEEN = ("score", "satisfaction", "mood", "experience")


def unknown_field(path: tuple[str, ...], found: object, raw: dict[str, Any], root: type[BaseModel] = Model) -> str:
    """Say of a field that is not known whether it is misspelt, or where it belongs."""
    *above, key = path
    fields, kinds = known_fields(tuple(above), raw, root), kinds_at(tuple(above), root)
    if get_close_matches(key, fields, n=1, cutoff=_SURE):
        return f"not a known field; {did_you_mean(key, fields)}"
    if Who in kinds and key in _UNSEEN:
        return (
            f"not a known field: a condition cannot ask how somebody feels, nor what they answered; of a campaign, say "
            f"`most` and who comes first, such as by: {{score: -1}}, or ask for a trait (known: {', '.join(fields)})"
        )
    if above and above[-1] in fields and any(get_origin(kind) is dict for kind in kinds_at(tuple(above[:-1]), root)):
        return _instead_of_a_name(tuple(above), raw)
    if example := _further_in(key, found, kinds):
        return f"not a known field here; {example}"
    place = _further_out(key, tuple(above), root) or _elsewhere(key, root)
    return f"not a known field; {did_you_mean(key, fields)}" + (f" ('{key}' belongs in {place})" if place else "")


def _instead_of_a_name(path: tuple[str, ...], raw: dict[str, Any]) -> str:
    """Say of a field that stands beside the names of those whose field it is that it belongs below one of them."""
    here: Any = raw
    for key in path[:-1]:
        here = here.get(key) if isinstance(here, dict) else None
    names = [str(name) for name, inner in here.items() if isinstance(inner, dict)] if isinstance(here, dict) else []
    where = f"one of {', '.join(names)}" if (names := [name for name in names if name != path[-1]]) else "a name"
    return f"'{path[-1]}' is a field and not a name; write it below {where}"


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


def _elsewhere(key: str, root: type[BaseModel]) -> str | None:
    """Where a field belongs that is known in one place only."""
    found = [".".join(steps) for steps, kind in _below([root], _DEPTH + 1) if key in _named(kind)]
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
    kinds = kinds_at(path, root)
    if isinstance(found, list):
        names = [str(item) for item in found if isinstance(item, str)] or ["NAME", "NAME"]
        return f"it is a list; give each a name or a value instead: {{{', '.join(f'{name}: …' for name in names)}}}"
    if found is None:
        return None
    if When in kinds and get_close_matches(str(found), [OPENED], n=1):
        return f"did you mean '{OPENED}'?"
    if path and any(path[-1] in _named(kind) for kind in kinds):
        return _instead_of_a_name(path, raw)
    currency = raw.get("currency", "EUR")
    if any(get_origin(kind) is dict and _takes(get_args(kind)[1], found, currency) for kind in kinds):
        return f"write {{NAME: {found}}}"
    fits = {name: field for kind in kinds for name, field in _named(kind).items() if _fits(field, found, currency)}
    fits = {name: field for name, field in fits.items() if field.is_required()} or fits
    return " or ".join(f"{{{name}: {found}}}" for name in fits).join(("write ", "")) if 0 < len(fits) < 4 else None


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
    if misspelt := get_close_matches("kind", keys, n=1):
        return f"not a known field; {did_you_mean(misspelt[0], ['kind'])}"
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
