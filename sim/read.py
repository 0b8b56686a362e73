"""The plain reader: scenario file in, checked model out, or every problem at once with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sim.changes import check_changes
from sim.check import parse
from sim.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from sim.model import Model

Places = dict[tuple[str, ...], str]
Raw = dict[str, Any]

_TRUTH = {"true": True, "false": False}


def read(path: str | Path) -> Model:
    """Read a scenario file.

    Parameters
    ----------
    path
        YAML file.

    Raises
    ------
    ScenarioError
        With every problem found, each with its line.
    """
    raw, places = load(path)
    return build(raw, places, what=str(path))


def load(path: str | Path) -> tuple[Raw, Places]:
    """Load a YAML file as plain data, with the place of each value.

    Unlike YAML 1.1, `on`, `off`, `yes` and `no` stay words, dates stay text, and a key given twice is an error.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ScenarioError([Problem("", "no such file")], str(path)) from None
    except UnicodeDecodeError as error:
        problem = Problem("", f"not a text file (byte {error.start} is not UTF-8); a scenario is YAML text")
        raise ScenarioError([problem], str(path)) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError([Problem("", f"not YAML: {error.problem}", f"{path}:{line}")], str(path)) from None
    except yaml.YAMLError as error:
        raise ScenarioError([Problem("", f"not YAML: {error}")], str(path)) from None
    if not isinstance(node, yaml.MappingNode):
        raise ScenarioError([Problem("", "is empty or not a mapping of names to values")], str(path))
    places: Places = {}
    problems: list[Problem] = []
    raw = _plain(node, (), str(path), places, problems)
    if problems:
        raise ScenarioError(problems, str(path))
    return raw, places


def _plain(node: yaml.Node, path: tuple[str, ...], file: str, places: Places, problems: list[Problem]) -> Any:
    """Turn a YAML node into plain data, noting where everything stands."""
    places.setdefault(path, f"{file}:{node.start_mark.line + 1}")
    if isinstance(node, yaml.MappingNode):
        mapping: Raw = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else str(key_node.value)
            inner = (*path, str(key))
            place = f"{file}:{key_node.start_mark.line + 1}"
            if key in mapping:
                problems.append(Problem(".".join(inner), "given twice; keep one", place))
            places[inner] = place
            mapping[key] = _plain(value_node, inner, file, places, problems)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, str(i)), file, places, problems) for i, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """Value of a scalar, with YAML 1.2's few truth values and without its dates."""
    if node.tag == "tag:yaml.org,2002:bool":
        return _TRUTH.get(node.value.lower(), node.value)
    if node.tag == "tag:yaml.org,2002:int" and ":" not in node.value:
        return int(node.value.replace("_", ""), 0) if not node.value.startswith("0") else int(node.value)
    if node.tag == "tag:yaml.org,2002:float" and ":" not in node.value:
        return float(node.value.replace("_", ""))
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value


def build(raw: Raw, places: Places | None = None, what: str = "scenario") -> Model:
    """Check plain data and make a model of it.

    Parameters
    ----------
    raw
        The scenario as nested dicts, quantities as text with their units.
    places
        Where each path stands in the user's files, for the errors.
    what
        What to call it in an error.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    try:
        model = parse(raw)
        problems = check_changes(model)
    except ScenarioError as error:
        problems = error.problems
    if problems:
        located = {Problem(p.path, p.message, p.place or place_of(p.path, places or {})) for p in problems}
        raise ScenarioError(sorted(located, key=lambda p: (_line(p.place), p.path)), what)
    return model


def _line(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return (file, int(line)) if line.isdigit() else (place, 0)


def place_of(path: str, places: Places) -> str:
    """Place of a dotted path, or of the nearest part of it that is written down."""
    keys = tuple(path.split("."))
    for length in range(len(keys), -1, -1):
        if keys[:length] in places:
            return places[keys[:length]]
    return ""
