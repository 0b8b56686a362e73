# ruff: noqa: INP001 - a script beside the pages it writes, not a package
"""Write the reference pages that the code can tell by itself: scenario, KPIs, commands and log mapping.

    .venv/bin/python docs/reference/generate.py

What a field is, its default and its bounds come from the classes; what it means comes from their docstrings, or from
`meanings.yaml` where a docstring does not say it. Saying it in neither, or in both, is an error.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import annotated_types
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from calibration.log import Log, SourceFiles, Texts
from calibration.sources import COLUMNS, REQUIRED
from scenarios.command import USAGE
from sim import described, model
from sim.distributions import Distribution
from sim.kpis import HEADLINES, KPIS
from sim.model import Model
from sim.timetable import Level
from sim.units import say_clock, say_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo

HERE = Path(__file__).parent
WRITTEN_BY = "<!-- Written by docs/reference/generate.py from the code; change it there. -->\n"

# What people write for each kind of value; the words link to what they mean.
KINDS: list[tuple[Any, str]] = [
    (described.Minutes, "[duration](units.md#durations)"),
    (described.PerMinute, "[rate](units.md#rates)"),
    (described.Money, "[money](units.md#money)"),
    (described.MoneyPerMinute, "[money rate](units.md#money)"),
    (described.TimeOfDay, "[time of day](units.md#times-of-day)"),
    (described.Days, "[days](units.md#days)"),
    (described.Moment, "[date](units.md#dates)"),
    (described.Share, "number, 0 to 1"),
    (described.Weight, "number, 0 or more"),
    (Level, "number, 0 or more"),
    (model.Names, "name, or list of names"),
    (model.Weights, "value, or weights by value"),
    (model.Clocks, "[WhileOpen](#whileopen), or several by name"),
    (Texts, "text, or list of texts"),
    (Distribution, "[distribution](distributions.md)"),
    (Any, "value"),
    (str, "text"),
    (float, "number"),
    (int, "whole number"),
    (bool, "true or false"),
]
QUANTITIES = (described.Minutes, described.PerMinute, described.Money, described.MoneyPerMinute)
BOUNDS = {annotated_types.Ge: "ge", annotated_types.Gt: "gt", annotated_types.Le: "le", annotated_types.Lt: "lt"}


@cache
def meanings() -> dict[str, Any]:
    """What docstrings leave unsaid."""
    return yaml.safe_load((HERE / "meanings.yaml").read_text(encoding="utf-8"))


# ---- what a class says of its fields ---------------------------------------------------------------------------------


def said(cls: type) -> tuple[str, dict[str, str], dict[str, str]]:
    """Summary of a class, what its docstring says of single fields, and what it says of several at once."""
    text, _, attributes = (inspect.getdoc(cls) or "").partition("\nAttributes\n----------\n")
    single: dict[str, str] = {}
    shared: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", attributes) if attributes else []:
        head, _, body = entry.partition("\n")
        names = head.split(", ")
        meaning = " ".join(line.strip() for line in body.splitlines() if line.strip())
        for name in names:
            (single if len(names) == 1 else shared)[name] = meaning
    return " ".join(text.split()), single, shared


def meaning_of(cls: type, name: str) -> str:
    """What a field means: by its own entry in a docstring, by ours, or by one it shares with others."""
    own: dict[str, str] = {}
    shared: dict[str, str] = {}
    for each in reversed([base for base in cls.__mro__ if base.__module__.startswith(("sim", "calibration"))]):
        own, shared = own | said(each)[1], shared | said(each)[2]
    described_at = getattr(cls, "model_fields", {})[name].description
    ours = next((f[name] for c in cls.__mro__ if name in (f := fields_told(c))), None)
    stated = own.get(name) or described_at
    if stated and name in fields_told(cls):
        raise SystemExit(f"{cls.__name__}.{name} is explained in its docstring and in meanings.yaml; keep one")
    found = stated or ours or shared.get(name)
    if not found:
        raise SystemExit(f"{cls.__name__}.{name} is explained nowhere; add it to meanings.yaml")
    return found[0].upper() + found[1:]


def fields_told(cls: type) -> dict[str, str]:
    """What `meanings.yaml` says of the fields of a class."""
    return meanings()["classes"].get(cls.__name__, {}).get("fields", {})


def words(annotation: Any) -> str:
    """What one writes for a value of some kind; parts that have a section link to it."""
    for kind, text in KINDS:
        if annotation is kind or annotation == kind:
            return text
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if any("duration" in getattr(getattr(m, "func", None), "__name__", "") for m in annotation.__metadata__):
            return "[duration](units.md#durations)"
        inner = words(arguments[0])
        short = next((s for s in map(shorthand, annotation.__metadata__) if s), None)
        return f"{short}, or {inner}" if short and isinstance(arguments[0], type) else inner
    if origin in (Union, UnionType):
        return " or ".join(words(each) for each in arguments if each is not NoneType)
    if origin is Literal:
        return " or ".join(f"`{str(each).lower() if each is True else each}`" for each in arguments)
    if origin is dict:
        value, outer = words(arguments[1]), "name" if arguments[0] is str else words(arguments[0])
        what, by, inner = value.rpartition(", by ")
        return f"{what}, by {outer} and {inner}" if by else f"{value}, by {outer}"
    if origin in (list, tuple):
        inner = words(arguments[0])
        return f"list of mappings: {inner}" if ", by " in inner else f"list of {inner}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return str(getattr(annotation, "__name__", annotation)).lower()


def shorthand(validator: Any) -> str | None:
    """What may stand for an object with one field, if a validator lets something."""
    function = getattr(validator, "func", None)
    names = [cell.cell_contents for cell in (getattr(function, "__closure__", None) or ())]
    return (
        {"rate": "[rate](units.md#rates)", "p": "number", "value": "number", "step": "text"}.get(names[0])
        if names
        else None
    )


def default_of(field: FieldInfo, hint: Any) -> str:
    """Default of a field as one would write it."""
    value = field.get_default(call_default_factory=True) if field.default_factory else field.default
    if value is PydanticUndefined:
        return "**needed**"
    if value is None or (isinstance(value, str | tuple | list | dict) and not value):
        return "–"
    if isinstance(value, BaseModel):
        return "as there"
    if hint == described.Minutes:
        return f"`{say_duration(value)}`"
    if hint == described.TimeOfDay:
        return f'`"{say_clock(value)}"`'
    if hint == described.Days:
        return "`all`"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def bounds_of(field: FieldInfo, hint: Any) -> str:
    """Bounds of a number that its kind does not say already."""
    limits = {name: getattr(m, name) for m in field.metadata for kind, name in BOUNDS.items() if isinstance(m, kind)}
    hint = next((each for each in get_args(hint) if each is int), hint) if NoneType in get_args(hint) else hint
    if hint in QUANTITIES:
        limits = {name: limit for name, limit in limits.items() if name == "gt"}
    elif hint not in (int, float):
        return ""
    low, high = limits.get("ge"), limits.get("le")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    said = {"ge": "{:g} or more", "gt": "above {:g}", "le": "{:g} or less", "lt": "below {:g}"}
    return "".join(f", {said[name].format(limit)}" for name, limit in limits.items())


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Markdown table."""
    lines = [list(header), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def fields_table(cls: type[BaseModel]) -> str:
    """Every field of a class: what one writes, its default and its meaning."""
    hints = get_type_hints(cls, include_extras=True)
    rows = []
    for name, field in cls.model_fields.items():
        hint = next((kind for kind, _ in KINDS if kind == hints[name]), hints[name])
        written = f"{words(hints[name])}{bounds_of(field, hint)}"
        rows.append((f"`{field.alias or name}`", written, default_of(field, hint), meaning_of(cls, name)))
    return table(("field", "what to write", "default", "meaning"), rows)


def parts_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """Classes that a value of some kind is made of; distributions have a page of their own."""
    if annotation == Distribution:
        return
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from parts_of(inner)


def section(cls: type[BaseModel], where: str) -> str:
    """Section on one class: what it is, where it stands, its fields, and what else is to be known."""
    about = meanings()["classes"].get(cls.__name__, {}).get("about", "").strip()
    text = f"## {cls.__name__}\n\n{where}\n{said(cls)[0]}\n\n{fields_table(cls)}"
    return f"{text}\n{about}\n" if about else text


def sections(root: type[BaseModel]) -> list[str]:
    """Sections on everything below a class, each once, in the order of the fields that lead there."""
    found: dict[type[BaseModel], list[str]] = {}

    def walk(cls: type[BaseModel], path: str) -> None:
        hints = get_type_hints(cls, include_extras=True)
        for name, field in cls.model_fields.items():
            names = ".NAME" * words(hints[name]).count("name")
            for part in parts_of(hints[name]):
                place = f"{path}{field.alias or name}{names}"
                if part in found:
                    found[part].append(place)
                else:
                    found[part] = [place]
                    walk(part, f"{place}.")

    walk(root, "")
    return [section(cls, f"At {', '.join(f'`{p}`' for p in dict.fromkeys(at))}.") for cls, at in found.items()]


# ---- the pages -------------------------------------------------------------------------------------------------------


def scenario() -> str:
    """Page on every field of a scenario."""
    intro = meanings()["scenario"].strip()
    top = fields_table(Model)
    return "\n".join([f"{WRITTEN_BY}# The scenario\n\n{intro}\n\n## The top\n\n{top}", *sections(Model)])


def kpis() -> str:
    """Page on every KPI."""
    intro = meanings()["kpis"].strip().format(headlines=", ".join(f"`{name}`" for name in HEADLINES))
    rows = [(f"`{k.name}`", k.meaning, k.unit, k.better, ", ".join(k.by)) for k in KPIS.values()]
    return f"{WRITTEN_BY}# KPIs\n\n{intro}\n\n{table(('KPI', 'meaning', 'unit', 'better', 'by'), rows)}"


def commands() -> str:
    """Page on every verb and its settings."""
    points = {point.name: point for point in entry_points(group="desirepath.verbs")}
    order = [name for name in re.findall(r"^  (\w+)", USAGE, re.MULTILINE) if name in points]
    parts = [f"{WRITTEN_BY}# Commands\n\n{meanings()['commands'].strip()}\n"]
    for name in [*order, *(name for name in points if name not in order)]:
        text = inspect.getdoc(points[name].load()) or ""
        usage = re.sub(r"(?m)^ *(desirepath .*)$", r"```text\n\1\n```", text)
        parts.append(f"## {name}\n\n{usage}\n\n{settings_table(name)}")
    return "\n".join(parts)


def settings_table(verb: str) -> str:
    """Settings of a verb, their defaults and meanings, from its packaged configuration."""
    text = files("scenarios.conf").joinpath(f"{verb}.yaml").read_text(encoding="utf-8")
    rows = [
        (f"`{name}`", "**needed**" if value == "???" else f"`{value}`", meanings()["groups"][name])
        for name, value in re.findall(r"(?m)^  - (\w+): (\S+)$", text)
    ]
    for name, value, comment in re.findall(r"(?m)^(\w+): *([^#\n]*?) *(?:# *(.*))?$", text):
        if name != "defaults":
            meaning = comment or meanings()["settings"][name]
            sentence = f"{meaning[0].upper()}{meaning[1:].removesuffix('.')}."
            rows.append((f"`{name}`", "–" if value == "null" else f"`{value}`", sentence))
    return table(("setting", "default", "meaning"), rows)


def log_mapping() -> str:
    """Page on the mapping of a log."""
    intro = meanings()["log"].strip()
    text = f"{WRITTEN_BY}# The log mapping\n\n{intro}\n\n## The mapping\n\n{fields_table(Log)}\n"
    text += section(SourceFiles, meanings()["source_files"].strip())
    for kind, columns in COLUMNS.items():
        told = meanings()["columns"][kind]
        rows = [(f"`{c}`", "**needed**" if c in REQUIRED[kind] else "–", told["columns"][c]) for c in columns]
        text += f"\n## Columns of {kind}\n\n{told['about'].strip()}\n\n{table(('column', 'needed', 'meaning'), rows)}"
    return text


PAGES = {"scenario.md": scenario, "kpis.md": kpis, "commands.md": commands, "log.md": log_mapping}

if __name__ == "__main__":
    for page, written in PAGES.items():
        (HERE / page).write_text(written(), encoding="utf-8")
