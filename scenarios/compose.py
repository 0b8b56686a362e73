"""From the words after a verb to plain data: Hydra composes, and we say what is wrong and where."""

from __future__ import annotations

import re
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
from omegaconf.errors import OmegaConfBaseException

from sim.check import known_fields
from sim.errors import Problem, ScenarioError, did_you_mean
from sim.model import Model
from sim.read import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra.core.override_parser.types import Override

PACKAGED = "scenarios.conf"
COMMAND_LINE = "command line"
# Folders of the user's own, in which `scenario=NAME` finds scenario/NAME.yaml and `log=NAME` finds log/NAME.yaml.
OWN_FOLDERS = (Path("conf"), Path("outputs"))
GROUPS = ("scenario", "log")
_TRUTHS = {True: ("on", "yes", "true", "y"), False: ("off", "no", "false", "n")}


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
    """

    config: dict[str, Any]
    places: dict[tuple[str, ...], str]
    chosen: dict[str, str]

    def within(self, key: str) -> dict[tuple[str, ...], str]:
        """Places of one part, by paths within it."""
        return {path[1:]: place for path, place in self.places.items() if path and path[0] == key}


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
        If a file or an override is wrong.
    """
    with _hydra():
        overrides = _with_unstated(verb, [_spelled_out(verb, word) for word in words])
        folders = ",".join(f"file://{folder.resolve()}" for folder in OWN_FOLDERS if folder.is_dir())
        try:
            parsed = OverridesParser.create().parse_overrides(overrides)
            everything = hydra_compose(
                verb, overrides=[*overrides, f"hydra.searchpath=[{folders}]"], return_hydra_config=True
            )
            chosen = {group: str(name) for group, name in everything.hydra.runtime.choices.items() if group in GROUPS}
            places = _places(verb, [*overrides, f"hydra.searchpath=[{folders}]"], parsed)
            del everything.hydra
            config = OmegaConf.to_container(everything, resolve=True, throw_on_missing=True)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{mark.name}:{mark.line + 1}" if mark else ""
            raise ScenarioError([Problem("", f"not YAML: {error.problem}", place)], "configuration") from None
        except (HydraException, OmegaConfBaseException) as error:
            raise ScenarioError([_problem(verb, error, overrides)], COMMAND_LINE) from None
    return Composed(_named_keys(config, (), places), places, chosen)


@contextmanager
def _hydra() -> Iterator[None]:
    GlobalHydra.instance().clear()
    with initialize_config_module(config_module=PACKAGED, version_base="1.3"):
        yield


def _chosen(verb: str, overrides: list[str]) -> dict[str, Any]:
    """A verb's settings with the scenario and the log that are chosen, as they stand in their files."""
    raw = dict(_load_packaged(verb)[0])
    defaults = [default for default in raw.pop("defaults", []) if isinstance(default, dict)]
    names = {group: name for default in defaults for group, name in default.items()}
    names |= {group: name for group, _, name in (word.partition("=") for word in overrides) if group in GROUPS}
    for group, name in names.items():
        file = _file(f"{group}/{name}")
        raw[group] = load(file)[0] if file is not None else {}
    return raw


def _with_unstated(verb: str, overrides: list[str]) -> list[str]:
    """Let an override set what a file leaves at its default, as long as there is such a field; typos stay errors."""
    raw = _chosen(verb, overrides)

    def settable(path: list[str]) -> bool:
        group, *keys = path
        here: Any = raw.get(group)
        for key in keys[:-1]:
            here = here.get(key) if isinstance(here, dict) else None
        if not keys or not isinstance(here, dict) or keys[-1] in here:
            return False
        return group == "log" or (group == "scenario" and keys[-1] in known_fields(tuple(keys[:-1]), raw[group]))

    return [
        f"++{word}" if word[0] not in "+~" and settable(word.partition("=")[0].split(".")) else word
        for word in overrides
    ]


def _settings(verb: str) -> set[str]:
    """Names of a verb's own settings."""
    raw, _ = _load_packaged(verb)
    return set(raw) - {"defaults"}


def _load_packaged(name: str) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    with as_file(files(PACKAGED).joinpath(f"{name}.yaml")) as path:
        return load(path)


def _spelled_out(verb: str, word: str) -> str:
    """Add what a user may leave out of an override, and take in a file that is named instead of found."""
    match = re.match(r"([+~]*)([^=]+)(=?)(.*)", word, re.DOTALL)
    if match is None:
        return word
    prefix, key, equals, value = match.groups()
    if key in GROUPS and equals and Path(value).suffix in (".yaml", ".yml"):
        return f"{key}={_store_file(key, Path(value))}"
    if key == "log" and equals and Path(value).is_file():
        return f"log={_store('log', Path(value).name.split('.')[0], {'contacts': {'files': [value]}})}"
    root = key.split(".")[0]
    own = root in _settings(verb) and not (root == "changes" and "." in key)
    return f"{prefix}scenario.{key}{equals}{value}" if root in Model.model_fields and not own else word


def _store_file(group: str, path: Path) -> str:
    raw, _ = load(path)
    return _store(group, path.stem, raw, str(path))


_STORED: dict[str, str] = {}


def _store(group: str, name: str, raw: dict[str, Any], path: str = "") -> str:
    ConfigStore.instance().store(name=name, node=raw, group=group)
    _STORED[f"{group}/{name}"] = path
    return name


def _places(verb: str, overrides: list[str], parsed: list[Override]) -> dict[tuple[str, ...], str]:
    """Place of every value: each file in the order in which Hydra merges it, then the command line."""
    loader = GlobalHydra.instance().config_loader()
    places: dict[tuple[str, ...], str] = {}
    for default in loader.compute_defaults_list(verb, overrides, RunMode.RUN).defaults:
        file = _file(str(default.config_path))
        if file is None or str(default.package).startswith("hydra"):
            continue
        prefix = tuple(part for part in str(default.package or "").split(".") if part)
        _, found = load(file)
        places |= {(*prefix, *path): place for path, place in found.items()}
    for override in parsed:
        places[tuple(override.key_or_group.split("."))] = COMMAND_LINE
    return places


def _file(config_path: str) -> Path | None:
    """File of a configuration, as Hydra finds it: packaged first, then the user's own folders."""
    if config_path in _STORED:
        return Path(_STORED[config_path]) if _STORED[config_path] else None
    packaged = files(PACKAGED).joinpath(f"{config_path}.yaml")
    if packaged.is_file():
        return Path(str(packaged))
    found = (folder / f"{config_path}.yaml" for folder in OWN_FOLDERS)
    return next((path for path in found if path.is_file()), None)


def _named_keys(value: Any, path: tuple[str, ...], places: dict[tuple[str, ...], str]) -> Any:
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


def _problem(verb: str, error: Exception, overrides: list[str]) -> Problem:
    """Say in our words what Hydra found wrong."""
    text = str(error)
    first = text.splitlines()[0]
    if match := re.search(r"Could not override '(.+?)'", text):
        return _unknown_override(verb, match[1], overrides)
    if match := re.search(r"In '.+?': Could not find '(.+?)/(.+?)'|Could not find '(.+?)/(.+?)'", text):
        group, name = match[1] or match[3], match[2] or match[4]
        known = _known_choices(group)
        return Problem(group, f"there is no {group} called '{name}'; {did_you_mean(name, known)}", COMMAND_LINE)
    if match := re.search(r"Missing mandatory value: (\S+)|You must specify '(\w+)'", text):
        key = match[1] or match[2]
        return Problem(key, f"is missing; write {key}=… after the verb", COMMAND_LINE)
    if match := re.search(r"(?:Error|mismatched|no viable|extraneous|token).* '?(.*)", first):
        return Problem("", f"cannot read the override: {first}", COMMAND_LINE)
    return Problem("", first, COMMAND_LINE)


def _known_choices(group: str) -> list[str]:
    packaged = [Path(str(entry)).stem for entry in files(PACKAGED).joinpath(group).iterdir()]
    own = [path.stem for folder in OWN_FOLDERS for path in (folder / group).glob("*.yaml")]
    return sorted({name for name in (*packaged, *own) if not name.startswith("__")})


def _unknown_override(verb: str, path: str, overrides: list[str]) -> Problem:
    """Point at the part of an override that does not exist, and at what does."""
    here: Any = _chosen(verb, overrides)
    seen: list[str] = []
    typed = path.removeprefix("scenario.")
    for key in path.split("."):
        where = ".".join(seen).removeprefix("scenario.")
        if not isinstance(here, dict):
            return Problem(typed, f"'{where}' is written as {here!r} and has no parts; set it as a whole", COMMAND_LINE)
        if key not in here:
            known = [str(name) for name in here]
            if not seen:
                known += Model.model_fields
            inside = f" in {where}" if where else ""
            message = (
                f"there is no '{key}'{inside}; {did_you_mean(key, known)} (to add something new, write +{typed}=…)"
            )
            return Problem(typed, message, COMMAND_LINE)
        here = here[key]
        seen.append(key)
    return Problem(path, "cannot be set to that", COMMAND_LINE)
