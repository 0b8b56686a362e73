"""Words of a sweep: which of them give several values, in Hydra's sweep grammar."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, Override, QuotedString, RangeSweep
from hydra.errors import HydraException

from scenarios.sweeps.factors import MOST, SCENARIO, Interval
from sim.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

COMMAND_LINE = "command line"
Swept = dict[str, "Sequence[Any] | Interval"]


@dataclass
class Apart:
    """Words after a verb, taken apart.

    Attributes
    ----------
    words
        Those that give one value.
    swept
        Several values, or an interval, by path.
    scenarios
        Names or files of the scenarios, where there are several.
    problems
        What is wrong with those that give several.
    """

    words: list[str] = field(default_factory=list)
    swept: Swept = field(default_factory=dict)
    scenarios: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def apart(words: Sequence[str], settings: Collection[str], scenarios: Sequence[str]) -> Apart:
    """Take apart the words that give several values from those that give one.

    Parameters
    ----------
    words
        What was typed after the verb.
    settings
        Names of the verb's own settings, each of which takes one value.
    scenarios
        Names of the scenarios there are.
    """
    parts, parser = Apart(), OverridesParser.create()
    for word in words:
        override = _read(parser, word)
        if override is None:
            parts.words.append(word)
            continue
        path = override.key_or_group.removeprefix("scenario.")
        values, wrong = _values(override, scenarios)
        if path in settings:
            wrong = f"takes one value, as a setting of the sweep; put a list in brackets: {path}=[a,b]"
        elif path in parts.swept or (path == SCENARIO and parts.scenarios):
            wrong = "is given several values twice; write them in one"
        elif path == SCENARIO and isinstance(values, Interval):
            wrong = "is no number; write names, such as scenario=a,b"
        if wrong:
            parts.problems.append(Problem(path, wrong, COMMAND_LINE))
        elif path == SCENARIO and not isinstance(values, Interval):
            parts.scenarios = [str(value) for value in dict.fromkeys(map(str, values))]
        else:
            parts.swept[path] = values
    return parts


def _read(parser: OverridesParser, word: str) -> Override | None:
    """A word that gives several values; None where it gives one, names a file, or cannot be read."""
    key, _, value = word.partition("=")
    if key == SCENARIO and Path(value).is_file():
        return None
    try:
        override = parser.parse_override(word)
    except HydraException:
        return None
    several = override.is_sweep_override() and not override.is_delete() and override.package is None
    return override if several else None


def _values(override: Override, scenarios: Sequence[str]) -> tuple[Sequence[Any] | Interval, str]:
    """Values of a word, and what is wrong with it."""
    given: Any = override.value()
    if isinstance(given, Glob):
        found = given.filter(list(scenarios))
        if override.key_or_group != SCENARIO:
            return (), "glob() finds scenarios by their names; write values, such as =1,2,3"
        if not found:
            sought = ", ".join(given.include)
            return (), f"no scenario is called {sought}; {did_you_mean(sought.replace('*', ''), scenarios)}"
        return found, ""
    if getattr(given, "shuffle", False):
        return (), "a sweep lives through all its points, in whatever order; leave out shuffle()"
    if isinstance(given, IntervalSweep):
        return Interval(given.start or 0.0, given.end or 0.0), ""
    if isinstance(given, RangeSweep):
        if not given.step:
            return (), "a range has steps; write range(low,high,step)"
        steps = given.range()
        return (steps if isinstance(steps, range) else [float(f"{x:.12g}") for x in islice(steps, MOST + 1)]), ""
    return [_plain(value) for value in given.list] if isinstance(given, ChoiceSweep) else (), ""


def _plain(value: Any) -> Any:
    """A value without the quotes it was typed in, and so whatever is inside it."""
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return {_plain(key): _plain(inner) for key, inner in value.items()} if isinstance(value, dict) else value
