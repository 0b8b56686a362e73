"""The mapping of a log: what it may say, and what is wrong with it, all at once."""

import pytest
import yaml

from calibration.log import read_log
from scenarios.command import main
from scenarios.compose import compose
from sim.errors import ScenarioError
from sim.units import SAY_UNITS
from tests.calibration.small_log import CONTACTS, write

BAD = """\
compny: A supplier
currency: Euro
same_issue: 1 dy
slack: ten
tolerate: 1.5
contacts:
  files: []
  colums: {customer: who}
  separator: "::"
roster: {columns: {pool: team}}
survey: {files: surveys.csv}
"""
PROBLEMS = [
    ("compny: not a known field; did you mean 'company'?", 1),
    ("currency: 'Euro' is not the code of a currency; write three capital letters, such as EUR", 2),
    ("same_issue: '1 dy': 'dy' is not a unit of time; use s, min, h, day, week, month or year", 3),
    ("slack: 'ten' is not a quantity; write a number and its unit, such as '6.5 min'", 4),
    ("tolerate: 1.5 is out of bounds; it should be at most 1", 5),
    ("contacts.files: has too few entries; it should have at least 1", 7),
    ("contacts.colums: not a known field; did you mean 'columns'?", 8),
    (
        "contacts.separator: '::' cannot separate fields; write a single sign such as ',' or ';', or \"\\t\" for a tab",
        9,
    ),
    ("roster.files: is missing; write a file, or a list of several, such as files: contacts.csv", 10),
    ("survey: not a known field; did you mean 'surveys'?", 11),
]


def test_a_mapping_needs_only_the_contacts_file():
    log = read_log({"contacts": {"files": "contacts.csv"}}, {})
    assert log.contacts.files == ["contacts.csv"]
    assert (log.kind, log.same_issue, log.tolerate, log.surveys) == ("customers", "1 day", 0.05, None)


def test_every_fault_of_a_mapping_is_told_at_once_with_its_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write(tmp_path, contacts__csv=CONTACTS, log__yaml=BAD))
    assert main(["calibrate", "log=log.yaml"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"log: {len(PROBLEMS)} problems"
    assert sorted(said[1:]) == sorted(f"  {words} [log.yaml:{line}]" for words, line in PROBLEMS)
    assert not (tmp_path / "outputs").exists()


def test_the_kind_of_a_log_is_customers_or_cases():
    with pytest.raises(ScenarioError, match="kind: 'people' is not one of the choices; known: cases, customers"):
        read_log({"kind": "people", "contacts": {"files": "contacts.csv"}}, {})


def test_a_mapping_without_contacts_says_so():
    with pytest.raises(ScenarioError, match="contacts: is missing"):
        read_log({"company": "Nobody"}, {})


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("holdout=abc", "holdout: 'abc' is not a quantity; write a number and its unit, such as '6.5 min'"),
        ("warmup=4", f"warmup: 4 has no unit; write for instance '4 weeks' (units: {SAY_UNITS})"),
        ("measured='-2 weeks'", "measured: '-2 weeks' is out of bounds; it should be at least 0"),
        ("replications=1", "replications: 1 is out of bounds; it should be at least 2"),
        ("workers=abc", "workers: 'abc' is not auto or a number from 1 to 64"),
        ("workers=0", "workers: 0 is not auto or a number from 1 to 64"),
    ],
)
def test_a_setting_of_the_verb_that_makes_no_sense_is_named_before_any_work(tmp_path, monkeypatch, capsys, word, fault):
    monkeypatch.chdir(write(tmp_path, contacts__csv=CONTACTS))
    assert main(["calibrate", "log=contacts.csv", word]) == 1
    assert capsys.readouterr().err.splitlines() == ["settings: 1 problem", f"  {fault} [command line]"]
    assert not (tmp_path / "outputs").exists()


def test_faults_of_the_settings_and_of_the_log_are_told_together(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write(tmp_path, contacts__csv=CONTACTS))
    assert main(["calibrate", "log=contacts.csv", "log.tolerate=7", "replications=1", "holdout=3"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "settings and log: 3 problems",
        "  replications: 1 is out of bounds; it should be at least 2 [command line]",
        f"  holdout: 3 has no unit; write for instance '3 weeks' (units: {SAY_UNITS}) [command line]",
        "  tolerate: 7 is out of bounds; it should be at most 1; did you mean 0.07? [command line]",
    ]
    assert not (tmp_path / "outputs").exists()


def test_validate_tells_the_faults_of_its_scenario_as_well(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write(tmp_path, contacts__csv=CONTACTS))
    words = ["log.slack=ten", "staff.service.shifts.day.headcount=-3", "workers=0"]
    assert main(["validate", "scenario=starter", "log=contacts.csv", *words]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "settings and scenario and log: 3 problems",
        "  workers: 0 is not auto or a number from 1 to 64 [command line]",
        "  staff.service.shifts.day.headcount: -3 is out of bounds; it should be at least 0 [command line]",
        "  slack: 'ten' is not a quantity; write a number and its unit, such as '6.5 min' [command line]",
    ]


def test_holding_out_nearly_everything_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write(tmp_path, contacts__csv=CONTACTS))
    assert main(["calibrate", "log=contacts.csv", "holdout=2.5 weeks"]) == 1
    said = "holdout: 2.5 weeks of 2.714 weeks leaves less than a week to learn from, or nothing to check; hold out less"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["telco", "anonymous_bank", "loan_app", "demo"])
def test_every_mapping_that_ships_is_one(name):
    composed = compose("calibrate", [f"log={name}"])
    log = read_log(composed.config["log"], composed.within("log"))
    assert log.contacts.files
    assert log.company


def test_settings_of_a_mapping_can_be_changed_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, log__yaml=yaml.safe_dump({"contacts": {"files": "contacts.csv"}})))
    composed = compose("calibrate", ["log=log.yaml", "log.folder=elsewhere", "log.tolerate=0.2"])
    log = read_log(composed.config["log"], composed.within("log"))
    assert (log.folder, log.tolerate) == ("elsewhere", 0.2)
