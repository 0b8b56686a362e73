"""The command `desirepath`: it finds the verb, helps, and ends with a code that a script can trust."""

import subprocess
import sys
from importlib.metadata import entry_points
from runpy import run_module

import pytest

from tests.scenarios.commands import QUICK, results, typed, written

VERBS = sorted(point.name for point in entry_points(group="desirepath.verbs"))


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_names_every_verb_and_how_settings_are_written(tmp_path, word):
    ran = typed(tmp_path, word)
    assert (ran.code, ran.complained) == (0, "")
    for verb in VERBS:
        assert f"\n  {verb} " in ran.said
    assert "seed=7" in ran.said


def test_without_a_verb_it_shows_how_it_is_used(tmp_path):
    ran = typed(tmp_path)
    assert ran.code == 2
    assert ran.said.startswith("desirepath VERB [setting=value …]")


def test_the_package_runs_as_the_command_does(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scenarios", "help"])
    with pytest.raises(SystemExit, match="0"):
        run_module("scenarios", run_name="__main__")
    assert capsys.readouterr().out.startswith("desirepath VERB [setting=value …]")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_every_verb_helps(tmp_path, verb, word):
    ran = typed(tmp_path, verb, "seed=abc", word)
    assert (ran.code, ran.complained) == (0, "")
    first, _, usage, *_ = ran.said.splitlines()
    assert first.endswith(".")
    assert usage.startswith(f"desirepath {verb}")
    assert written(tmp_path) == set()


def test_an_unknown_verb_is_answered_with_the_nearest(tmp_path):
    ran = typed(tmp_path, "simulat", "scenario=starter")
    assert (ran.code, ran.said) == (2, "")
    assert ran.complained == "desirepath: there is no verb 'simulat'; did you mean 'simulate'?\n"


def test_what_cannot_be_used_ends_with_one_and_is_said_where_errors_are_said(tmp_path):
    ran = typed(tmp_path, "compare", "scenario=nowhere")
    assert (ran.code, ran.said) == (1, "")
    assert ran.complaints[0] == "configuration: 1 problem"


def test_names_in_brackets_are_shown_and_not_taken_for_markup(tmp_path):
    ran = typed(tmp_path, "compare", "scenario=[red]")
    assert "scenario=[red]" in ran.complained


@pytest.mark.parametrize("verb", ["simulate", "compare", "describe"])
@pytest.mark.parametrize("outputs", ["outputs", "/proc/nowhere"])
def test_where_results_cannot_be_written_it_says_where_and_why_and_what_to_do(tmp_path, verb, outputs):
    (tmp_path / "outputs").write_text("a file where a folder should be")
    settings = () if verb == "describe" else QUICK
    ran = typed(tmp_path, verb, *settings, f"outputs={outputs}")
    assert ran.code == 1
    assert ran.complaints[-1].startswith(outputs)
    assert "cannot be written (" in ran.complaints[-1]
    assert ran.complaints[-1].endswith("; choose another place with outputs=…")
    assert written(tmp_path) == {"outputs"}


def test_where_a_starter_cannot_be_written_it_says_so(tmp_path):
    (tmp_path / "conf").write_text("a file where a folder should be")
    ran = typed(tmp_path, "new")
    assert (ran.code, len(ran.complaints)) == (1, 1)
    assert ran.complained.startswith("conf/scenario: cannot be written (")


def test_it_runs_as_a_program(tmp_path):
    command = [sys.executable, "-m", "scenarios.command", "simulate", *QUICK]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603
    assert (ran.returncode, ran.stderr.strip()) == (0, "")
    (folder,) = results(tmp_path, "simulate")
    assert str(folder.relative_to(tmp_path)) in ran.stdout
    assert (folder / "report.html").is_file()


def test_the_program_is_installed():
    (script,) = (point for point in entry_points(group="console_scripts") if point.name == "desirepath")
    assert script.value == "scenarios.command:main"
