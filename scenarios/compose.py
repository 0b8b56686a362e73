"""From the words after a verb to plain data: Hydra composes, and we say what is wrong and where."""

from __future__ import annotations

import re
import shlex
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import (
    GrammarParseError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from scenarios.sweeps.grammar import COMMAND_LINE, Swept, apart
from sim.check import known_fields
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.model import Model
from sim.read import build, load, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

PACKAGED = "scenarios.conf"
# Folders of the user's own, in which `scenario=NAME` finds scenario/NAME.yaml and `log=NAME` finds log/NAME.yaml.
OWN_FOLDERS = (Path("conf"), Path("outputs"))
GROUPS = ("scenario", "log")
SWEEPING = ("sweep",)  # verbs that take several values of a thing
SELF = "_self_"  # in a list of defaults: the file itself
_FIELDS = tuple(Model.model_fields)
# What Hydra calls the user's own files, so that none is taken for one that ships under the same name.
_OWN = "_own_"
_TRUTHS = {True: ("on", "yes", "true", "y"), False: ("off", "no", "false", "n")}

Places = dict[tuple[str, ...], str]


@dataclass(frozen=True)
class Composed:
    """What a verb is asked to do.

    Attributes
    ----------
    config
        Plain data: the verb's own settings, and `scenario` or `log` where it takes one.
    places
        Where each path stands: a file and line, or the command line.
    chosen
        Name of the scenario and of the log that were chosen.
    command
        What was typed.
    swept
        Several values, or an interval of them, by path or name of a lever; `config` is as if they had not been typed.
    alternatives
        Where several scenarios are named: what each of them comes to with the same words, by its name. The first is
        the one of `config`.
    """

    config: dict[str, Any]
    places: Places
    chosen: dict[str, str]
    command: str
    swept: Swept = field(default_factory=dict)
    alternatives: dict[str, Composed] = field(default_factory=dict)

    def within(self, key: str) -> Places:
        """Places of one part, by paths within it."""
        return {path[1:]: place for path, place in self.places.items() if path and path[0] == key}

    def place(self, path: str) -> str:
        """Place of a setting, by its dotted path."""
        return place_of(path, self.places)


@dataclass(frozen=True)
class _Own:
    """A scenario or log of the user's own, which we read for Hydra: YAML 1.1 would take the word `on` for a truth."""

    name: str
    raw: dict[str, Any]
    file: Path | None = None


_Owned = dict[str, _Own]


def compose(verb: str, words: list[str]) -> Composed:
    """Compose the configuration of a verb.

    Parameters
    ----------
    verb
        Name of a packaged configuration.
    words
        Overrides in Hydra's grammar. A path into the scenario may leave out its leading `scenario.`, and
        `scenario=` or `log=` may name a file instead of one that is found by name. A sweep takes several values too:
        `a=1,2,3`, `choice()`, `range()`, `interval()`, and `glob()` for scenarios.

    Raises
    ------
    ScenarioError
        With everything that is wrong with the overrides, or with a file.
    """
    command = shlex.join(["desirepath", verb, *words])
    if verb not in SWEEPING:
        return _compose_one(verb, words, command)
    parts = apart(words, _load_packaged(verb)[0], _choices("scenario"))
    problems, alternatives = list(parts.problems), []
    for word in [[f"scenario={name}"] for name in parts.scenarios] or [[]]:
        try:
            alternatives.append(_compose_one(verb, [*parts.words, *word], command))
        except ScenarioError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise ScenarioError(problems, COMMAND_LINE)
    names = [composed.chosen["scenario"] for composed in alternatives]
    called = names if len(set(names)) == len(names) else parts.scenarios
    several = dict(zip(called, alternatives, strict=True)) if len(names) > 1 else {}
    return replace(alternatives[0], swept=parts.swept, alternatives=several)


def _compose_one(verb: str, words: list[str], command: str) -> Composed:
    """Compose the configuration of a verb from words that give one value each."""
    words = [*_unstated(verb, words), *words]
    own: _Owned = {}
    spelled = [_spelled_out(verb, word, own) for word in words]
    overrides = dict(zip(words, _parsed(verb, words, spelled), strict=True))
    settings = {word: override for word, override in overrides.items() if override.key_or_group not in GROUPS}
    choices = [text for word, text in zip(words, spelled, strict=True) if word not in settings]
    with _said_plainly(verb, own, {}):
        config, chosen = _composed(verb, choices, own)
    places = _places(verb, chosen, own)
    there = _named_keys(OmegaConf.to_container(config), (), places)
    unknown = {word: problem for word, override in settings.items() if (problem := _unknown(override, there))}
    if unknown:
        beside = _wrong_beside(verb, [word for word in words if word not in unknown])
        raise ScenarioError([*unknown.values(), *beside], COMMAND_LINE)
    for override in settings.values():
        path = override.key_or_group.split(".")
        places |= {(*path, *inner): COMMAND_LINE for inner in _paths(override.value())}
    with _said_plainly(verb, own, places):
        for override in settings.values():
            _set(config, override)
        plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    taken = {group: own.get(f"{group}/{name}") for group, name in chosen.items()}
    names = {group: given.name if (given := taken[group]) else Path(name).name for group, name in chosen.items()}
    return Composed(_named_keys(plain, (), places), places, names, command)


# ---- words -----------------------------------------------------------------------------------------------------------


def _unstated(verb: str, words: list[str]) -> list[str]:
    """Scenario that a verb takes where none is named, as if it were: it may be a file of the user's own too."""
    stated = {word.partition("=")[0] for word in words}
    defaults = [default for default in _load_packaged(verb)[0].get("defaults", []) if isinstance(default, dict)]
    choices = [choice for default in defaults for choice in default.items()]
    return [f"{group}={name}" for group, name in choices if group not in stated and name != "???"]


def _spelled_out(verb: str, word: str, own: _Owned) -> str:
    """Add what a user may leave out of an override, and take in a file of their own."""
    match = re.match(r"([+~]*)([^=]+)(=?)(.*)", word, re.DOTALL)
    if match is None:
        return word
    prefix, key, equals, value = match.groups()
    if key in GROUPS and equals:
        return f"{key}={_taken_in(key, _unquoted(value), own) or value}"
    raw, _ = _load_packaged(verb)
    takes_scenario = any("scenario" in default for default in raw.get("defaults", []))
    root = key.split(".")[0]
    settled = root in raw and not (root in ("changes", "levers") and "." in key)
    return f"{prefix}scenario.{key}{equals}{value}" if takes_scenario and root in _FIELDS and not settled else word


def _taken_in(group: str, value: str, own: _Owned, above: tuple[Path, ...] = ()) -> str | None:
    """Take in a scenario or log of the user's own, called by its path or its name, and those it starts from.

    Returns
    -------
    str or None
        What Hydra is to call it; None where it is not the user's own, or where it is one it would start from itself.
    """
    path = Path(value)
    is_yaml = path.suffix in (".yaml", ".yml")
    if group == "log" and path.is_file() and not is_yaml:
        return _add(group, _Own(path.name.split(".")[0], {"contacts": {"files": [value]}}), own)
    if not is_yaml:
        found = [file for file in _own_files(group, value) if file.is_file() and file not in above]
        if not found:
            return None
        path = found[0]
    raw, _ = load(path)
    alias = _add(group, _Own(path.stem, raw, path), own)
    if isinstance(raw.get("defaults"), list):
        raw["defaults"] = [
            (_taken_in(group, base, own, (*above, path)) if isinstance(base, str) else None) or base
            for base in raw["defaults"]
        ]
    return alias


def _unquoted(value: str) -> str:
    """A path as it is, without the quotes that Hydra's grammar wants around one with spaces."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _add(group: str, given: _Own, own: _Owned) -> str:
    alias = f"{_OWN}{len(own)}"
    own[f"{group}/{alias}"] = given
    return alias


def _own_files(group: str, name: str) -> Iterator[Path]:
    return (folder / group / f"{name}.yaml" for folder in OWN_FOLDERS)


def _parsed(verb: str, words: list[str], spelled: list[str]) -> list[Override]:
    """Overrides as Hydra reads them."""
    parser, overrides, problems = OverridesParser.create(), [], []
    for typed, word in zip(words, spelled, strict=True):
        try:
            override = parser.parse_override(word)
        except HydraException:
            problems.append(
                Problem(typed, f"cannot be read; write setting=value, {_likely(verb, typed)}", COMMAND_LINE)
            )
            continue
        overrides.append(override)
        if not override.key_or_group:
            problems.append(Problem(typed, "cannot be read; write setting=value", COMMAND_LINE))
        elif override.is_sweep_override():
            message = (
                "gives several values, which only desirepath sweep takes; "
                "put a list in brackets, [a,b], or a text with commas in quotes"
            )
            problems.append(Problem(typed, message, COMMAND_LINE))
        elif override.package is not None:
            problems.append(Problem(typed, "cannot be read; write setting=value, without @", COMMAND_LINE))
        elif override.key_or_group in GROUPS and not (isinstance(override.value(), str) and override.value()):
            group = override.key_or_group
            problems.append(Problem(typed, f"write {group}=NAME, or {group}= and a file's path", COMMAND_LINE))
    if problems:
        raise ScenarioError(problems, COMMAND_LINE)
    return overrides


def _likely(verb: str, word: str) -> str:
    """What was likely meant by a word that cannot be read: a value without its setting, or one in need of quotes."""
    if not re.fullmatch(r"\w[\w./-]*", word):
        quotes = "and put a value with commas, brackets or quotation marks in quotes of its own"
        return f"""{quotes}: 'title="Two, or three?"'"""
    raw, _ = _load_packaged(verb)
    chosen = [group for default in raw.get("defaults", []) if isinstance(default, dict) for group in default]
    return f"such as {word}=…" if word in raw else f"such as {(chosen or list(raw))[0]}={word}"


def _unknown(override: Override, there: dict[str, Any]) -> Problem | None:
    """Why an override cannot be: it names nothing that is there, nor a field that a file leaves at its default."""
    keys = override.key_or_group.split(".")
    typed = override.key_or_group.removeprefix("scenario.")
    if override.key_or_group == "scenario.changes" and isinstance(named := override.value(), str | list):
        on = ",".join(map(str, named)) if isinstance(named, list) else named
        return Problem(
            typed, f"is what a scenario proposes; to simulate with a change on, write enact=[{on}]", COMMAND_LINE
        )
    here: Any = there
    for i, key in enumerate([] if override.is_add() or override.is_force_add() else keys):
        where = ".".join(keys[:i]).removeprefix("scenario.")
        if not isinstance(here, dict):
            return Problem(typed, f"'{where}' is written as {here!r} and has no parts; set it as a whole", COMMAND_LINE)
        names = {str(name): inner for name, inner in here.items()}
        if key in names:
            here = names[key]
            continue
        fields = known_fields(tuple(keys[1:i]), there["scenario"]) if i and keys[0] == "scenario" else []
        if not override.is_delete() and (key in fields or (i and keys[0] == "log")):
            return None
        inside = f" in {where}" if where else ""
        known = list(dict.fromkeys([*names, *fields, *(_FIELDS if not i and "scenario" in there else ())]))
        remedy = f" (to add something new, write +{typed}=…)" if i and not fields and not override.is_delete() else ""
        return Problem(typed, f"there is no '{key}'{inside}; {did_you_mean(key, known)}{remedy}", COMMAND_LINE)
    return None


def _set(config: DictConfig, override: Override) -> None:
    """Do what an override says."""
    if not override.is_delete():
        OmegaConf.update(config, override.key_or_group, override.value(), merge=True, force_add=True)
        return
    parent, _, key = override.key_or_group.rpartition(".")
    del (OmegaConf.select(config, parent) if parent else config)[key]


def _paths(value: Any) -> Iterator[tuple[str, ...]]:
    """Paths into a value, its own first."""
    yield ()
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from ((str(key), *path) for path in _paths(inner))


def _wrong_beside(verb: str, words: list[str]) -> list[Problem]:
    """What is wrong beside the overrides that name nothing."""
    try:
        rest = compose(verb, words)
        if "scenario" in rest.config:
            build(rest.config["scenario"], rest.within("scenario"))
    except ScenarioError as error:
        return error.problems
    return []


# ---- files -----------------------------------------------------------------------------------------------------------


def _composed(verb: str, choices: list[str], own: _Owned) -> tuple[DictConfig, dict[str, str]]:
    """What the files say, composed by Hydra, and what was chosen."""
    for config_path, given in own.items():
        _give(config_path, given)
    GlobalHydra.instance().clear()
    with initialize_config_module(config_module=PACKAGED, version_base="1.3"):
        config = hydra_compose(verb, overrides=choices, return_hydra_config=True)
    chosen = {group: str(name) for group, name in config.hydra.runtime.choices.items() if group in GROUPS}
    OmegaConf.set_struct(config, False)  # noqa: FBT003
    del config.hydra
    return config, chosen


def _give(config_path: str, given: _Own) -> None:
    """Give Hydra a scenario or log of the user's own."""
    group, _, name = config_path.partition("/")
    try:
        ConfigStore.instance().store(name=name, node=given.raw, group=group)
    except OmegaConfBaseException as error:
        places = load(given.file)[1] if given.file is not None else {}
        raise ScenarioError([_of_value(error, places)], str(given.file or given.name)) from None


def _places(verb: str, chosen: dict[str, str], own: _Owned) -> Places:
    """Place of every value, each file in the order in which Hydra merges it."""
    places = _load_packaged(verb)[1]
    for group, name in chosen.items():
        for file in _layers(f"{group}/{name}", own):
            places |= {(group, *path): place for path, place in load(file)[1].items()}
    return places


def _layers(config_path: str, own: _Owned) -> Iterator[Path]:
    """File of a scenario or log, after those it starts from; before those that it names after itself."""
    file = _file(config_path, own)
    if file is None:
        return
    group, _, _ = config_path.partition("/")
    bases = [base for base in _defaults(config_path, file, own) if isinstance(base, str)]
    for base in bases if SELF in bases else [*bases, SELF]:
        if base == SELF:
            yield file
        else:
            yield from _layers(f"{group}/{base}", own)


def _defaults(config_path: str, file: Path, own: _Owned) -> list[Any]:
    raw = own[config_path].raw if config_path in own else load(file)[0]
    defaults = raw.get("defaults")
    return defaults if isinstance(defaults, list) else []


def _file(config_path: str, own: _Owned) -> Path | None:
    """File of a configuration, the user's own or packaged."""
    if config_path in own:
        return own[config_path].file
    packaged = files(PACKAGED).joinpath(f"{config_path}.yaml")
    return Path(str(packaged)) if packaged.is_file() else None


def _load_packaged(name: str) -> tuple[dict[str, Any], Places]:
    with as_file(files(PACKAGED).joinpath(f"{name}.yaml")) as path:
        return load(path)


def _named_keys(value: Any, path: tuple[str, ...], places: Places) -> Any:
    """Restore keys such as `on` that YAML 1.1 takes for truth values."""
    if isinstance(value, list):
        return [_named_keys(item, path, places) for item in value]
    if not isinstance(value, dict):
        return value
    named: dict[Any, Any] = {}
    for key, inner in value.items():
        word = key
        if isinstance(key, bool):
            word = next((text for text in _TRUTHS[key] if (*path, text) in places), _TRUTHS[key][0])
        named[word] = _named_keys(inner, (*path, str(word)), places)
    return named


# ---- faults ----------------------------------------------------------------------------------------------------------


@contextmanager
def _said_plainly(verb: str, own: _Owned, places: Places) -> Iterator[None]:
    """Say in our words what Hydra finds wrong."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ScenarioError([_problem(verb, error, own, places)], "configuration") from None


def _problem(verb: str, error: Exception, own: _Owned, places: Places) -> Problem:
    text = str(error)
    first = text.splitlines()[0]
    if match := re.search(r"(?:In '(.+?)': )?Could not (?:find|load) '(.+?)/(.+?)'", text):
        parent, group, name = match.groups()
        above = own.get(parent)
        place = load(above.file)[1].get(("defaults",), "") if above is not None and above.file else COMMAND_LINE
        if Path(name).suffix or len(Path(name).parts) > 1:
            return Problem(group, f"there is no file '{name}'", place)
        known = [choice for choice in _choices(group) if choice != name]
        return Problem(group, f"there is no {group} called '{name}'; {did_you_mean(name, known)}", place)
    if match := re.search(r"You must specify '(\w+)'", text):
        return Problem(match[1], f"is missing; write {match[1]}=… after the verb", COMMAND_LINE)
    if match := re.search(r"Could not override '(\w+)'", text):
        return Problem(match[1], f"desirepath {verb} takes no {match[1]}; leave it out", COMMAND_LINE)
    return _of_value(error, places) if isinstance(error, OmegaConfBaseException) else Problem("", first, COMMAND_LINE)


def _of_value(error: OmegaConfBaseException, places: Places) -> Problem:
    """What OmegaConf finds wrong with a value: nothing where something is wanted, or a reference to nothing."""
    path = str(error.full_key or "")
    typed = path.removeprefix("scenario.")
    message = f"cannot be used: {str(error).splitlines()[0]}"
    if isinstance(error, MissingMandatoryValue):
        message = f"is missing; write {typed}=… after the verb"
    elif isinstance(error, GrammarParseError | InterpolationKeyError):
        message += "; ${…} refers to another value by its whole path, such as ${scenario.clock.start}"
    return Problem(typed, message, place_of(path, places) or COMMAND_LINE)


def _choices(group: str) -> list[str]:
    packaged = [Path(str(entry)).stem for entry in files(PACKAGED).joinpath(group).iterdir()]
    own = [path.stem for folder in OWN_FOLDERS for path in (folder / group).glob("*.yaml")]
    return sorted({name for name in (*packaged, *own) if not name.startswith("__")})
