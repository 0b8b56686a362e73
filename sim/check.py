"""Plain data in, checked model out: what pydantic finds, and what names do not fit together, all at once."""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sim.errors import Problem, ScenarioError, did_you_mean
from sim.model import Model, WhileOpen, is_one_clock
from sim.references import check_references
from sim.rounds import check_rounds

MISSING = "is missing"
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}
_NOT = {
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number that fits",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text; put it in quotes if it is a name",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
    "tuple_type": "a name or a list of names",
}


def parse(raw: dict[str, Any]) -> Model:
    """Check plain data and make a model of it; what its changes would make of it is not looked at.

    Raises
    ------
    ScenarioError
        With every problem found, by dotted path.
    """
    problems = check_references(raw)
    try:
        model = Model.model_validate(raw, context={"currency": raw.get("currency", "EUR")})
    except ValidationError as error:
        raise ScenarioError([*(problem_of(dict(e), raw) for e in error.errors()), *problems]) from None
    if problems := problems or check_rounds(model):
        raise ScenarioError(problems)
    model.remember(raw)
    return model


def problem_of(error: dict[str, Any], raw: dict[str, Any], root: type[BaseModel] = Model) -> Problem:
    """Say in our words what pydantic found wrong with plain data of some class."""
    path, found = _written(error["loc"], raw, error["input"])
    kind, ctx = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        message = f"not a known field; {did_you_mean(path[-1], known_fields(path[:-1], raw, root))}"
    elif kind == "missing":
        message = MISSING
    elif kind == "value_error":
        message = str(ctx["error"])
    elif kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        message = f"{found!r} is out of bounds; it should be {words} {ctx[key]:g}"
    elif kind in _NOT:
        message = f"{found!r} is not {_NOT[kind]}{_as_share(found)}"
    elif kind == "literal_error":
        allowed = [word.strip("'") for word in re.split(", | or ", ctx["expected"])]
        message = f"{found!r} is not one of the choices; {did_you_mean(found, allowed)}"
    elif kind == "too_short":
        message = f"has too few entries; it should have at least {ctx['min_length']}"
    elif kind == "union_tag_invalid":
        tags = [tag.strip().strip("'") for tag in ctx["expected_tags"].split(",")]
        message = f"kind {ctx['tag']!r} is not known; {did_you_mean(ctx['tag'], tags)}"
    elif kind == "union_tag_not_found":
        message = "does not say its kind; write {kind: exponential, mean: …} or a plain duration such as '5 min'"
    else:
        message = f"{error['msg']} (found {found!r})"
    return Problem(".".join(path), message.replace("None is not ", "has no value; it should be ", 1))


def _as_share(found: object) -> str:
    """Hint for what is written in per cent."""
    text = found.strip() if isinstance(found, str) else ""
    try:
        return f"; write {float(text.removesuffix('%')) / 100:g}" if text.endswith("%") else ""
    except ValueError:
        return ""


def _written(loc: tuple[Any, ...], raw: Any, found: Any) -> tuple[tuple[str, ...], Any]:
    """Path and value as the user wrote them: without the tags that pydantic adds for the alternatives it tried."""
    path: list[str] = []
    here = raw
    for i, part in enumerate(loc):
        if isinstance(here, dict):
            key = next((k for k in here if k == part or str(k) == str(part)), None)
            if key is not None:
                path.append(str(key))
                here = here[key]
                continue
            if i < len(loc) - 1 or part == "[key]":
                continue
            path.append(str(part))
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            path.append(str(part))
            here = here[part]
    is_key = bool(loc) and loc[-1] == "[key]"
    return tuple(path), found if is_key or isinstance(here, dict | list) else here


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
