"""The plain reader: scenario file in, checked model out, or every problem at once with file and line."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from sim.astray import as_meant, is_misspelt
from sim.changes import check_changes, check_dates, check_happens
from sim.check import parse
from sim.errors import Problem, ScenarioError
from sim.likely import named
from sim.references import check_profiles, check_used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.model import Model

Places = dict[tuple[str, ...], str]
Raw = dict[str, Any]

_MERGE = "tag:yaml.org,2002:merge"

_DEEPEST = 100
_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TRUTH = {"true": True, "false": False}
_OTHER_CURRENCY = re.compile(r" is in ([A-Z]{3}), but the scenario's currency is ")
_COUNTS = ("headcount", "lines", "capacity", "most", "contacts")
# What is likely meant where text is not YAML, by what YAML's own reader says of it.
_LIKELY = {
    "'\\t'": "indent with blanks, not with a tab",
    "mapping values are not allowed": "look at the indentation, for a blank after a colon, or for quotes around a text",
    "expected <block end>": "look at the indentation of this line and of those before it",
    "expected ',' or": "a bracket, a brace or a quotation mark may not be closed, or a comma be missing",
    "while scanning a quoted scalar": "a quotation mark may not be closed",
}


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
    except OSError as error:
        raise ScenarioError([Problem("", f"cannot be read: {error.strerror or error}")], str(path)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = "not a text in UTF-8; a scenario is YAML text, saved in that encoding"
        raise ScenarioError([Problem("", message, f"{path}:{line}")], str(path)) from None
    try:
        node = _nodes(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"not YAML: {_with_hint(error)}"
        raise ScenarioError([Problem("", message, f"{path}:{line}")], str(path)) from None
    except yaml.YAMLError as error:
        raise ScenarioError([Problem("", f"not YAML: {error}")], str(path)) from None
    if node is None:
        raise ScenarioError([Problem("", "is empty; write names and their values, such as currency: EUR")], str(path))
    if not isinstance(node, yaml.MappingNode):
        message = "is not a mapping of names to values; write them as in currency: EUR"
        raise ScenarioError([Problem("", message, f"{path}:{node.start_mark.line + 1}")], str(path))
    reading = _Reading(str(path))
    raw = reading.plain(node, ())
    if reading.problems:
        raise ScenarioError(reading.problems, str(path))
    return raw, reading.places


def _nodes(text: str) -> yaml.Node | None:
    """What a text says, read by libyaml; what that cannot read is told by the slower reader, which says it better.

    libyaml composes by recursion in C and would end the process where a text is nested very deep, so that is looked at
    first.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_QUICK):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                break
        else:
            return yaml.compose(text, Loader=_QUICK)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    said = f"is nested more than {_DEEPEST} deep; a bracket or a brace may not be closed"
    raise yaml.MarkedYAMLError(problem=said, problem_mark=event.start_mark)  # type: ignore[arg-type]  # libyaml's mark


def _with_hint(error: yaml.MarkedYAMLError) -> str:
    """What YAML's reader says, and what is likely meant."""
    said = error.problem or ""
    hint = next((hint for words, hint in _LIKELY.items() if words in f"{error.context} {said}"), "")
    return f"{said}; {hint}" if hint else said


class _Place(str):
    """File and line, and the text that stands there: an alias has that of its anchor."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, file: str, mark: yaml.Mark, text: yaml.Mark) -> Self:
        place = super().__new__(cls, f"{file}:{mark.line + 1}")
        place.text = f"{file}:{text.line}:{text.column}"
        return place


class _Reading:
    """Plain data made of YAML nodes, noting where everything stands and what cannot stand there."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: Places = {}
        self.problems: list[Problem] = []
        self.within: list[yaml.Node] = []
        self.blamed: set[tuple[yaml.Node, str]] = set()

    def plain(self, node: yaml.Node, path: tuple[str, ...]) -> Any:
        """Value of a node, which stands at a path."""
        self.places.setdefault(path, self.place(node, node))
        if isinstance(node, yaml.ScalarNode):
            if path[:1] == ("changes",) and node.value[:1] == "+" and path[-1].rpartition(".")[2] in _COUNTS:
                self.blame(
                    path, node, f"a change sets a value and adds nothing to it; write how many, not {node.value}"
                )
            return _scalar(node)
        if node in self.within:
            self.blame(path, node, "contains itself; write it out")
            return None
        self.within.append(node)
        plain = self.mapping(node, path) if isinstance(node, yaml.MappingNode) else self.sequence(node, path)
        self.within.pop()
        return plain

    def mapping(self, node: yaml.Node, path: tuple[str, ...]) -> Raw:
        """Mapping with its keys as they are written."""
        mapping: Raw = {}
        before: yaml.Node | None = None
        inner = path
        for key_node, value_node in [*self.merged(node, path), *node.value]:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self.blame(path, key_node, "has a key that is not a word or a number")
                continue
            if cut := _cut_in_two(before, key_node, value_node) or _without_colon(key_node, value_node):
                self.blame(inner, key_node, cut)
                continue
            key, before = _scalar(key_node), value_node
            inner = (*path, str(key))
            if key in mapping:
                self.blame(inner, key_node, "given twice; keep one")
            self.places[inner] = self.place(key_node, value_node)
            mapping[key] = self.plain(value_node, inner)
        return mapping

    def merged(self, node: yaml.Node, path: tuple[str, ...]) -> list[tuple[yaml.Node, yaml.Node]]:
        """Entries of other mappings that one merges (`<<: *base`), less those that it has itself."""
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for value in (value for key, value in node.value if key.tag == _MERGE):
            for other in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(other, yaml.MappingNode):
                    self.blame((*path, "<<"), value, "merges mappings only, as in <<: *base")
                elif other in self.within:
                    self.blame((*path, "<<"), value, "contains itself; write it out")
                else:
                    self.within.append(other)
                    for key, inner in [*other.value, *self.merged(other, path)]:
                        if key.tag != _MERGE:
                            found.setdefault(f"{key.value}", (key, inner))
                    self.within.pop()
        own = [f"{key.value}" for key, _ in node.value]
        return [entry for key, entry in found.items() if key not in own]

    def sequence(self, node: yaml.Node, path: tuple[str, ...]) -> list[Any]:
        """List of plain values."""
        return [self.plain(item, (*path, str(i))) for i, item in enumerate(node.value)]

    def place(self, node: yaml.Node, value: yaml.Node) -> _Place:
        """Where a node stands, or the key of one."""
        return _Place(self.file, node.start_mark, value.start_mark)

    def blame(self, path: tuple[str, ...], node: yaml.Node, message: str) -> None:
        """Note a problem, once where an alias repeats it."""
        if (node, message) not in self.blamed:
            self.blamed.add((node, message))
            self.problems.append(Problem(".".join(path), message, f"{self.place(node, node)}"))


def _cut_in_two(before: yaml.Node | None, key: yaml.ScalarNode, value: yaml.Node) -> str:
    """Say of a key without a value, after a number, that it is the rest of that number, which has a comma."""
    if not isinstance(before, yaml.ScalarNode) or value.value != "" or not key.value[:1].isdigit():
        return ""
    if re.fullmatch(r"[+-]?\d+", before.value) is None:
        return ""
    thousands = before.value.strip("+-0") and re.match(r"\d{3}(?!\d)", key.value)
    written = f"{before.value}{'' if thousands else '.'}{key.value}"
    return f"'{before.value},{key.value}' is read as two entries, which a comma separates; did you mean '{written}'?"


def _without_colon(key: yaml.ScalarNode, value: yaml.Node) -> str:
    """Say of a key that no colon follows that it is a name and its value, which a colon and a blank set apart."""
    ends, begins = key.end_mark, value.start_mark
    if value.value != "" or (ends.line, ends.column) != (begins.line, begins.column):
        return ""
    found = [f"{name}: {inner}" for name, inner in named(key.value).items()]
    return f"'{key.value}' lacks a colon with a blank after it; did you mean '{found[0]}'?" if found else ""


def _scalar(node: yaml.ScalarNode) -> Any:
    """Value of a scalar, with YAML 1.2's few truth values and without its dates."""
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind == "bool":
        return _TRUTH.get(node.value.lower(), node.value)
    if kind in ("int", "float"):
        return _number(node.value)
    return None if kind == "null" else node.value


def _number(text: str) -> int | float | str:
    """Whole or decimal number; anything else that YAML 1.1 takes for a number, such as 16:00, stays text."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text.replace("_", ""))
    return text


def build(raw: Raw, places: Places | None = None, what: str = "scenario") -> Model:
    """Check plain data and make a model of it.

    Parameters
    ----------
    raw
        The scenario as nested dicts, quantities as text with their units.
    places
        Where each path stands in the user's files, for the errors. What somebody wrote there and nothing ever comes to
        is an error too: its name, or another, is likely misspelt.
    what
        What to call it in an error.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    try:
        model = parse(raw)
    except ScenarioError as error:
        problems = _one_currency(raw, _all_told(raw, error.problems))
    else:
        problems = [*check_profiles(raw), *check_changes(raw, ())]
        problems = problems or check_dates(model)
        if places:  # in a file, what never comes into play is likely misspelt
            problems += [*check_used(raw), *(p for p in check_happens(model) if _in_one_file(p.path, places))]
        if not problems:
            return model
    located = {Problem(p.path, p.message, p.place or place_of(p.path, places or {})) for p in problems}
    told = _told_once(sorted(located, key=lambda p: (_line(p.place), p.path)), places or {})
    raise ScenarioError(told, what)


def _in_one_file(path: str, places: Places) -> bool:
    """Whether a date stands in one file with the clock: one that is cut short elsewhere may leave something out."""
    files = (place_of(part, places).rpartition(":")[0] for part in (path, "clock.start", "clock.horizon"))
    return len(set(files)) == 1


def _all_told(raw: Raw, found: list[Problem]) -> list[Problem]:
    """All that is wrong with plain data, without what follows from a misspelt field: that is read as it was meant."""
    misspelt = [problem for problem in found if is_misspelt(problem, raw)]
    meant, renamed = raw, list[Problem]()
    for problem in misspelt:
        if (further := as_meant(meant, problem)) is not None:
            meant, renamed = further, [*renamed, problem]
    if not renamed:
        return [*found, *check_profiles(raw), *check_changes(raw, found)]
    try:
        parse(meant)
    except ScenarioError as error:
        rest = _all_told(meant, error.problems)
    else:
        rest = [*check_profiles(meant), *check_changes(meant, ())]
    for problem in renamed:
        rest = [Problem(_moved(p.path, f"{problem.meant}", problem.path), p.message) for p in rest]
    return [*renamed, *rest]


def _one_currency(raw: Raw, problems: list[Problem]) -> list[Problem]:
    """Problems, with one for all amounts in another currency where more are in it than in that of the scenario."""
    found = {problem: match[1] for problem in problems if (match := _OTHER_CURRENCY.search(problem.message))}
    own, others = raw.get("currency", "EUR"), list(found.values())
    other = max(others, key=others.count, default="")
    right, count = (
        sum(re.search(rf"\d *{code}\b", str(value)) is not None for value in _values(raw)) for code in (own, other)
    )
    if not found or count <= max(right, 1):
        return problems
    stated = own if "currency" in raw else f"{own} unless stated"
    few = f" and only {right} in {own}" if right else ""
    message = f"is {stated}, but {count} amounts are in {other}{few}; write currency: {other}, or convert them"
    return [Problem("currency", message), *(problem for problem in problems if found.get(problem) != other)]


def _values(raw: Any) -> Iterator[Any]:
    """All values of plain data that have no parts."""
    if isinstance(raw, dict | list):
        for inner in raw.values() if isinstance(raw, dict) else raw:
            yield from _values(inner)
    else:
        yield raw


def _moved(path: str, old: str, new: str) -> str:
    """Path as it is below another one."""
    return f"{new}{path.removeprefix(old)}" if f"{path}.".startswith(f"{old}.") else path


def _line(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return (file, int(line)) if line.isdigit() else (place, 0)


def place_of(path: str, places: Places) -> str:
    """Place of a dotted path, or of the nearest part of it that is written down; keys may have dots themselves."""
    return str(_nearest(path, places)[1])


def _nearest(path: str, places: Places) -> tuple[str, str]:
    """Nearest part of a dotted path that is written down, and its place."""
    written = {".".join(keys): place for keys, place in places.items()}
    keys = path.split(".")
    parts = (".".join(keys[:length]) for length in range(len(keys), -1, -1))
    return next(((part, written[part]) for part in parts if part in written), ("", ""))


def _told_once(problems: list[Problem], places: Places) -> list[Problem]:
    """Problems in their order, with one for all that one has, for an alias repeats it: the first that is read."""
    order = {".".join(keys): n for n, keys in enumerate(places)}
    alike: dict[tuple[str, str, str], list[tuple[int, Problem]]] = {}
    for problem in problems:
        part, place = _nearest(problem.path, places)
        text = place.text if isinstance(place, _Place) else problem.path
        below = problem.path.removeprefix(part)
        alike.setdefault((problem.message, text, below), []).append((order.get(part, 0), problem))
    told = []
    for same in alike.values():
        (_, first), more = min(same, key=lambda each: each[0]), len(same) - 1
        repeated = f" (an alias repeats it in {more} more place{'s' if more > 1 else ''})" if more else ""
        told.append(Problem(first.path, first.message + repeated, first.place))
    return told
