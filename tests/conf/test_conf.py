"""Every YAML file that ships composes, makes a scenario that runs, and says in its first comment how to run it."""

import re
import shlex
from contextlib import chdir
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import pytest

from scenarios.compare import variants
from scenarios.compose import compose
from scenarios.describe import describe
from sim.changes import phases
from sim.read import build, load, read
from sim.replications import simulate

CONF = Path(str(files("scenarios.conf")))
SCENARIOS = sorted(path.stem for path in CONF.glob("scenario/*.yaml"))
LOGS = sorted(path.stem for path in CONF.glob("log/*.yaml"))
VERBS = sorted(path.stem for path in CONF.glob("*.yaml"))
NEEDED = {"calibrate": ["log=telco"], "validate": ["scenario=starter", "log=telco"]}


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path):
    with chdir(tmp_path):
        yield


@cache
def shipped(name):
    """Scenario as a verb composes it."""
    composed = compose("compare", [f"scenario={name}"])
    return build(composed.config["scenario"], composed.within("scenario"), name)


@cache
def shortened(name):
    """The scenario with few customers and a short clock, unless its changes have dates of their own."""
    words = ["population.customers=15", "population.joins={rate: 1 / week}"]
    if not any(change.begins or change.ends for change in shipped(name).changes.values()):
        words += ["clock.warmup=1 day", "clock.horizon=9 days"]
    composed = compose("compare", [f"scenario={name}", *words])
    return build(composed.config["scenario"], composed.within("scenario"), name)


def first_comment(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(line.removeprefix("#").strip() for line in lines[:end])


def test_every_verb_has_its_settings_in_a_file():
    assert [point.name for point in sorted(entry_points(group="desirepath.verbs"))] == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_the_settings_of_a_verb_compose(verb):
    composed = compose(verb, NEEDED.get(verb, []))
    own, _ = load(CONF / f"{verb}.yaml")
    own.pop("defaults", None)
    assert own.items() <= composed.config.items()


@pytest.mark.parametrize("verb", VERBS)
def test_the_first_comment_of_settings_names_their_verb(verb):
    assert f"`desirepath {verb}`" in first_comment(CONF / f"{verb}.yaml")


@pytest.mark.parametrize("name", SCENARIOS)
def test_hydra_and_the_plain_reader_read_a_scenario_alike(name):
    plain = read(CONF / f"scenario/{name}.yaml")
    assert plain.raw == shipped(name).raw
    assert plain == shipped(name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_describes_itself(name):
    told = describe(shipped(name))
    assert shipped(name).title in told
    for part in (*shipped(name).journeys, *shipped(name).staff):
        assert part.replace("_", " ") in told.replace("_", " ")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_runs(name):
    tables = simulate(shortened(name), seed=1).tables
    assert tables.customers.height >= 15
    assert tables.visits.height > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_change_of_a_scenario_builds_and_runs(name):
    models = variants(shortened(name), "all")
    assert list(models) == ["baseline", *shipped(name).changes]
    for change in shipped(name).changes:
        assert models[change].enact == (change,)
        assert any(phase.model != shortened(name) for phase in phases(models[change]))
        assert simulate(models[change], seed=1).tables.customers.height >= 15


@pytest.mark.parametrize("path", [f"scenario/{name}" for name in SCENARIOS] + [f"log/{name}" for name in LOGS])
def test_the_first_comment_says_why_and_how_to_run_it(path):
    comment = first_comment(CONF / f"{path}.yaml")
    why, run, command = comment.partition("Run it:")
    assert len(why.split()) >= 5
    assert run
    program, verb, *words = shlex.split(command.strip().splitlines()[0])
    assert program == "desirepath"
    group, name = path.split("/")
    assert f"{group}={name}" in words
    composed = compose(verb, words)
    assert composed.chosen[group] == name


@pytest.mark.parametrize("name", LOGS)
def test_a_log_composes(name):
    composed = compose("calibrate", [f"log={name}"])
    assert composed.chosen == {"log": name}
    assert composed.config["log"] == load(CONF / f"log/{name}.yaml")[0]


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_of_anybodys_machine_stands_in_a_file(path):
    assert not re.search(r"/(home|Users|root|tmp|work)/", path.read_text(encoding="utf-8"))
