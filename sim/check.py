"""Plain data in, checked model out: what pydantic finds, and what names do not fit together, all at once."""

from __future__ import annotations

import re
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from sim.astray import kinds_at, known_fields, not_a_mapping, not_a_number, unknown_field, without_kind, without_names
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.lacking import is_missing, missing
from sim.likely import WithoutUnitError
from sim.model import Model
from sim.references import check_references
from sim.rounds import check_rounds

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["kinds_at", "known_fields", "parse", "problem_of", "problems_of"]

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
    "string_pattern_mismatch": "the code of a currency; write three capital letters, such as EUR",
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
        model = Model.model_validate(raw, context={"currency": _currency(raw)})
    except ValidationError as error:
        raise ScenarioError([*problems_of(error, raw), *problems]) from None
    if problems := problems or check_rounds(model):
        raise ScenarioError(problems)
    model.remember(raw)
    return model


def _currency(raw: dict[str, Any]) -> str | None:
    """In which amounts have to be; in any, where what is stated is no currency."""
    stated = raw.get("currency", "EUR")
    return stated if isinstance(stated, str) and re.fullmatch("[A-Z]{3}", stated) else None


def problems_of(error: ValidationError, raw: dict[str, Any], root: type[BaseModel] = Model) -> list[Problem]:
    """Say in our words all that pydantic found wrong; a field that is there under a misspelt name is not missing."""
    problems = [problem_of(dict(each), raw, root) for each in error.errors()]
    problems = [
        p for p in problems if not is_missing(p.message) or not any(_stands_in_for(other, p) for other in problems)
    ]
    return without_names(problems)


def _stands_in_for(problem: Problem, missing: Problem) -> bool:
    """Whether something is missing because it is misspelt, or because what belongs in it stands beside it."""
    above, _, field = missing.path.rpartition(".")
    belongs = re.search(rf"it belongs in {field}\b", problem.message)
    return problem.meant == missing.path or (belongs is not None and problem.path.startswith(f"{above}."))


def problem_of(error: dict[str, Any], raw: dict[str, Any], root: type[BaseModel] = Model) -> Problem:
    """Say in our words what pydantic found wrong with plain data of some class."""
    path, found = _written(error["loc"], raw, error["input"])
    kind, ctx = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        message = unknown_field(path, found, raw, root)
    elif kind == "missing":
        message = missing(path[-1], kinds_at(path[:-1], root), raw.get("currency", "EUR"))
    elif kind == "value_error":
        fault = ctx["error"]
        message = fault.at(path) if isinstance(fault, WithoutUnitError) else str(fault)
    elif kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        message = f"{found!r} is out of bounds; it should be {words} {ctx[key]:g}{_as_share(found, ctx)}"
    elif kind in _NOT:
        message = _not_that(path, found, _NOT[kind], raw, root)
    elif kind == "literal_error":
        allowed = [word.strip("'") for word in re.split(", | or ", ctx["expected"])]
        message = f"{found!r} is not one of the choices; {did_you_mean(found, allowed)}"
    elif kind == "too_short":
        message = f"has too few entries; it should have at least {ctx['min_length']}"
    elif kind == "union_tag_invalid":
        tags = [tag.strip().strip("'") for tag in ctx["expected_tags"].split(",")]
        message = f"kind {ctx['tag']!r} is not known; {did_you_mean(ctx['tag'], tags)}"
    elif kind == "union_tag_not_found":
        misspelt = get_close_matches("kind", [str(key) for key in found], 1) if isinstance(found, dict) else []
        path, message = (*path, *misspelt), without_kind(found, kinds_at(path, root))
    else:
        message = f"{error['msg']} (found {found!r})"
    return Problem(".".join(path), message.replace("None is not ", "has no value; it should be ", 1))


def _not_that(path: tuple[str, ...], found: object, noun: str, raw: dict[str, Any], root: type[BaseModel]) -> str:
    """Say that a value is not what it should be, and how it is likely to be written."""
    hint = not_a_number(path, found, raw, root) if "number" in noun else None
    hint = not_a_mapping(path, found, raw, root) if "mapping" in noun else hint
    return f"{found!r} is not {noun}" + ("" if hint is None else f"; {hint}")


def _as_share(found: object, bounds: Mapping[str, Any]) -> str:
    """Hint for a share, or a mark from 0 to 10, that is written in per cent, though without its sign."""
    with suppress(ValueError, TypeError):
        number = float(found)  # type: ignore[arg-type]
        most = bounds.get("le", 0)
        return f"; did you mean {number / 100 * most:g}?" if most in (1, 10) and 2 * most <= number <= 100 else ""
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
