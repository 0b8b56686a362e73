"""From the words after a verb to plain data: Hydra composes, and we say what is wrong and where."""

from __future__ import annotations

import re
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import (
    GrammarParseError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from sim.check import known_fields
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.model import Model
from sim.read import build, load, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

PACKAGED = "scenarios.conf"
COMMAND_LINE = "command line"
# Folders of the user's own, in which `scenario=NAME` finds scenario/NAME.yaml and `log=NAME` finds log/NAME.yaml.
OWN_FOLDERS = (Path("conf"), Path("outputs"))
GROUPS = ("scenario", "log")
_FIELDS = tuple(Model.model_fields)
# What Hydra calls the user's own scenario or log, so that it is not taken for one that ships under the same name.
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
    """

    config: dict[str, Any]
    places: Places
    chosen: dict[str, str]
    command: str

    def within(self, key: str) -> Places:
        """Places of one part, by paths within it."""
        return {path[1:]: place for path, place in self.places.items() if path and path[0] == key}

    def place(self, path: str) -> str:
        """Place of a setting, by its dotted path."""
        return place_of(path, self.places)


@dataclass(frozen=True)
class _Own:
    """A scenario or log that is read from a file of the user's own instead of being left to Hydra to find."""

    name: str
    raw: dict[str, Any]
    file: Path | None = None


def compose(verb: str, words: list[str]) -> Composed:
    """Compose the configuration of a verb.

    Parameters
    ----------
    verb
        Name of a packaged configuration.
    words
        Overrides in Hydra's grammar. A path into the scenario may leave out its leading `scenario.`, and
        `scenario=` or `log=` may name a file instead of one that is found by name.

    Raises
    ------
    ScenarioError
        With everything that is wrong with the overrides, or with a file.
    """
    command = shlex.join(["desirepath", verb, *words])
    words = [*_unstated(verb, words), *words]
    own: dict[str, _Own] = {}
    spelled = [_spelled_out(verb, word, own) for word in words]
    overrides = _parsed(words, spelled)
    choices = [word for word, override in zip(spelled, overrides, strict=True) if override.key_or_group in GROUPS]
    with _hydra(own):
        with _said_plainly(verb, own, {}):
            base = _merged(verb, choices)
            places = _places(verb, choices, own)
        chosen = {group: str(name) for group, name in base.hydra.runtime.choices.items() if group in GROUPS}
        del base.hydra
        there = _named_keys(OmegaConf.to_container(base), (), places)
        addressed = [_addressed(word, override, there) for word, override in zip(spelled, overrides, strict=True)]
        for override in overrides:
            if override.key_or_group not in GROUPS:
                path = override.key_or_group.split(".")
                places |= {(*path, *inner): COMMAND_LINE for inner in _paths(override.value())}
        unknown = [said for said in addressed if isinstance(said, Problem)]
        if unknown:
            known = [word for word, said in zip(words, addressed, strict=True) if not isinstance(said, Problem)]
            raise ScenarioError([*unknown, *_wrong_beside(verb, known)], COMMAND_LINE)
        with _said_plainly(verb, own, places):
            everything = _merged(verb, [str(word) for word in addressed])
            del everything.hydra
            config = OmegaConf.to_container(everything, resolve=True, throw_on_missing=True)
    chosen = {group: own[group].name if name == _OWN else name for group, name in chosen.items()}
    return Composed(_named_keys(config, (), places), places, chosen, command)


# ---- words -----------------------------------------------------------------------------------------------------------


def _unstated(verb: str, words: list[str]) -> list[str]:
    """Scenario that a verb takes where none is named, as if it were: it may be a file of the user's own too."""
    stated = {word.partition("=")[0] for word in words}
    defaults = [default for default in _load_packaged(verb)[0].get("defaults", []) if isinstance(default, dict)]
    choices = [choice for default in defaults for choice in default.items()]
    return [f"{group}={name}" for group, name in choices if group not in stated and name != "???"]


def _spelled_out(verb: str, word: str, own: dict[str, _Own]) -> str:
    """Add what a user may leave out of an override, and take in a file of their own."""
    match = re.match(r"([+~]*)([^=]+)(=?)(.*)", word, re.DOTALL)
    if match is None:
        return word
    prefix, key, equals, value = match.groups()
    if key in GROUPS and equals:
        found = _own(key, value)
        if found is not None:
            own[key] = found
        return f"{key}={_OWN if found is not None else value}"
    raw, _ = _load_packaged(verb)
    takes_scenario = any("scenario" in default for default in raw.get("defaults", []))
    root = key.split(".")[0]
    settled = root in raw and not (root == "changes" and "." in key)
    return f"{prefix}scenario.{key}{equals}{value}" if takes_scenario and root in _FIELDS and not settled else word


def _own(group: str, value: str) -> _Own | None:
    """Scenario or log in a file of the user's own, called by its path or by its name in their folders."""
    path = Path(value)
    if path.suffix not in (".yaml", ".yml"):
        if group == "log" and path.is_file():
            return _Own(path.name.split(".")[0], {"contacts": {"files": [value]}})
        path = next((file for file in _own_files(f"{group}/{value}") if file.is_file()), path)
    return _Own(path.stem, load(path)[0], path) if path.suffix in (".yaml", ".yml") else None


def _own_files(config_path: str) -> Iterator[Path]:
    return (folder / f"{config_path}.yaml" for folder in OWN_FOLDERS)


def _parsed(words: list[str], spelled: list[str]) -> list[Override]:
    """Overrides as Hydra reads them."""
    parser, overrides, problems = OverridesParser.create(), [], []
    for typed, word in zip(words, spelled, strict=True):
        try:
            override = parser.parse_override(word)
        except HydraException:
            message = "cannot be read; write setting=value, and put a value with commas, brackets or quotation marks in"
            problems.append(Problem(typed, f"""{message} quotes of its own: 'title="Two, or three?"'""", COMMAND_LINE))
            continue
        overrides.append(override)
        if not override.key_or_group:
            problems.append(Problem(typed, "cannot be read; write setting=value", COMMAND_LINE))
        elif override.is_sweep_override():
            message = "gives several values; put a list in brackets, [a,b], or a text with commas in quotes"
            problems.append(Problem(typed, message, COMMAND_LINE))
        elif override.package is not None:
            problems.append(Problem(typed, "cannot be read; write setting=value, without @", COMMAND_LINE))
        elif override.key_or_group in GROUPS and not (isinstance(override.value(), str) and override.value()):
            group = override.key_or_group
            problems.append(Problem(typed, f"write {group}=NAME, or {group}= and a file's path", COMMAND_LINE))
    if problems:
        raise ScenarioError(problems, COMMAND_LINE)
    return overrides


def _addressed(word: str, override: Override, there: dict[str, Any]) -> str | Problem:
    """An override as Hydra wants it, with ++ where it sets what a file leaves at its default; or why it cannot be."""
    if override.key_or_group in GROUPS:
        return word
    if word.startswith("+"):
        return f"++{word.lstrip('+')}"
    keys = override.key_or_group.split(".")
    typed = override.key_or_group.removeprefix("scenario.")
    here: Any = there
    for i, key in enumerate(keys):
        where = ".".join(keys[:i]).removeprefix("scenario.")
        if not isinstance(here, dict):
            return Problem(typed, f"'{where}' is written as {here!r} and has no parts; set it as a whole", COMMAND_LINE)
        names = {str(name): inner for name, inner in here.items()}
        if key in names:
            here = names[key]
            continue
        fields = known_fields(tuple(keys[1:i]), there["scenario"]) if i and keys[0] == "scenario" else []
        if not override.is_delete() and (key in fields or (i and keys[0] == "log")):
            return f"++{word}"
        inside = f" in {where}" if where else ""
        known = list(dict.fromkeys([*names, *fields, *(_FIELDS if not i and "scenario" in there else ())]))
        remedy = f" (to add something new, write +{typed}=…)" if i and not fields and not override.is_delete() else ""
        return Problem(typed, f"there is no '{key}'{inside}; {did_you_mean(key, known)}{remedy}", COMMAND_LINE)
    return word


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


@contextmanager
def _hydra(own: dict[str, _Own]) -> Iterator[None]:
    GlobalHydra.instance().clear()
    with initialize_config_module(config_module=PACKAGED, version_base="1.3"):
        for group, given in own.items():
            _give(group, given)
        yield


def _give(group: str, given: _Own) -> None:
    try:
        ConfigStore.instance().store(name=_OWN, node=given.raw, group=group)
    except OmegaConfBaseException as error:
        places = load(given.file)[1] if given.file is not None else {}
        raise ScenarioError([_of_value(error, places)], str(given.file or given.name)) from None


def _search_path() -> str:
    folders = ",".join(f"file://{folder.resolve()}" for folder in OWN_FOLDERS if folder.is_dir())
    return f"hydra.searchpath=[{folders}]"


def _merged(verb: str, overrides: list[str]) -> DictConfig:
    return hydra_compose(verb, overrides=[*overrides, _search_path()], return_hydra_config=True)


def _places(verb: str, choices: list[str], own: dict[str, _Own]) -> Places:
    """Place of every value, each file in the order in which Hydra merges it."""
    loader = GlobalHydra.instance().config_loader()
    places: Places = {}
    for default in loader.compute_defaults_list(verb, [*choices, _search_path()], RunMode.RUN).defaults:
        file = _file(str(default.config_path), own)
        if file is None or str(default.package).startswith("hydra"):
            continue
        prefix = tuple(part for part in str(default.package or "").split(".") if part)
        _, found = load(file)
        places |= {(*prefix, *path): place for path, place in found.items()}
    return places


def _file(config_path: str, own: dict[str, _Own]) -> Path | None:
    """File of a configuration, as Hydra finds it: packaged first, then the user's own folders."""
    group, _, name = config_path.rpartition("/")
    if name == _OWN:
        return own[group].file
    packaged = files(PACKAGED).joinpath(f"{config_path}.yaml")
    if packaged.is_file():
        return Path(str(packaged))
    return next((path for path in _own_files(config_path) if path.is_file()), None)


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
def _said_plainly(verb: str, own: dict[str, _Own], places: Places) -> Iterator[None]:
    """Say in our words what Hydra finds wrong."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.name}:{mark.line + 1}" if mark else ""
        raise ScenarioError([Problem("", f"not YAML: {error.problem}", place)], "configuration") from None
    except RecursionError:
        message = "a file starts from itself here, or two from each other; name another one to start from"
        place = next((str(given.file) for given in own.values() if given.file is not None), "")
        raise ScenarioError([Problem("defaults", message, place)], "configuration") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ScenarioError([_problem(verb, error, own, places)], "configuration") from None


def _problem(verb: str, error: Exception, own: dict[str, _Own], places: Places) -> Problem:
    text = str(error)
    first = text.splitlines()[0]
    if match := re.search(r"(?:In '(.+?)': )?Could not find '(.+?)/(.+?)'", text):
        parent, group, name = match.groups()
        file = _file(parent, own) if parent not in (None, verb) else None
        place = load(file)[1].get(("defaults",), str(file)) if file is not None else COMMAND_LINE
        return Problem(group, f"there is no {group} called '{name}'; {did_you_mean(name, _choices(group))}", place)
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
