"""Bad input, typed as a user would: every fault is told with its file and line, what was found and what would be right.

The command ends with 1, and nothing is written.
"""

import pytest

from tests.scenarios.commands import QUICK, STARTER, digests, typed

FILE = "conf/scenario/mine.yaml"

NIGHT = (
    "ends 06:00 before it starts {0}; "
    'a night shift needs two entries, from "{0}" to "24:00" and from "00:00" to "06:00" the day after'
)
# What stands in the file, what somebody writes instead, the path of the fault, and what is said of it.
FAULTS = {
    "a typo in a key": (
        "    wage: 24 EUR / h",
        "    wages: 24 EUR / h",
        "staff.service.wages",
        "not a known field; did you mean 'wage'?",
    ),
    "an unknown touchpoint in a route": (
        "touchpoint: help_page",
        "touchpoint: help_pag",
        "journeys.billing.steps.read.touchpoint",
        "there is no touchpoint 'help_pag'; did you mean 'help_page'?",
    ),
    "an unknown step in a route": (
        "abandoned: {call: {p: 0.6,",
        "abandoned: {cal: {p: 0.6,",
        "journeys.billing.steps.call.next.abandoned.cal",
        "there is no step or end 'cal'; did you mean 'call'?",
    ),
    "probabilities that add to 0.97": (
        "outcomes: {resolved: 0.55, unresolved: 0.45}",
        "outcomes: {resolved: 0.52, unresolved: 0.45}",
        "journeys.billing.steps.read.outcomes",
        "probabilities of the outcomes add up to 0.97; they should add up to 1 (resolved 0.52, unresolved 0.45)",
    ),
    "routes that add to 0.97": (
        "unresolved: {call: {p: 0.5,",
        "unresolved: {call: {p: 0.47,",
        "journeys.billing.steps.call.next",
        "probabilities after 'unresolved' add up to 0.97; they should add up to 1 (call 0.47, give_up 0.5)",
    ),
    "persona shares that add to 0.97": (
        "    share: 0.6",
        "    share: 0.57",
        "personas",
        "persona shares add up to 0.97; they should add up to 1 (caller 0.57, surfer 0.4)",
    ),
    "a negative headcount": (
        '"15:00", headcount: 1}',
        '"15:00", headcount: -1}',
        "staff.service.shifts.midday.headcount",
        "-1 is out of bounds; it should be at least 0",
    ),
    "a headcount of a half": (
        '"15:00", headcount: 1}',
        '"15:00", headcount: 1.5}',
        "staff.service.shifts.midday.headcount",
        "1.5 is not a whole number",
    ),
    "a shift that ends before it starts": (
        'from: "08:00", to: "18:00"',
        'from: "22:00", to: "06:00"',
        "staff.service.shifts.day.to",
        NIGHT.format("22:00"),
    ),
    "a missing unit": (
        "mean: 8 min",
        "mean: 8",
        "touchpoints.hotline.service_time.mean",
        "8 has no unit; write for instance '8 min' (units: s, min, h, day, week, month or year)",
    ),
    "a date for a duration": (
        "median: 6 min",
        "median: 2025-03-17",
        "personas.caller.patience.phone.median",
        "'2025-03-17' is a date; write how long instead, such as '10 weeks'",
    ),
    "a share in per cent": (
        "    share: 0.6",
        "    share: 60 %",
        "personas.caller.share",
        "'60 %' is not a number; write 0.6",
    ),
    "a value that is not there": (
        "    wage: 24 EUR / h",
        "    wage:",
        "staff.service.wage",
        "has no value; it should be an amount of money; write for instance '24 EUR / h'",
    ),
    "a change after the end": (
        "    title: One more person on the hotline",
        "    from: 2026-03-01",
        "changes.hire.from",
        (
            "begins 2026-03-01, when the simulated time is over (2025-01-06 to 2025-01-14); "
            "begin earlier, or lengthen clock.horizon"
        ),
    ),
    "a wrong unit": (
        "mean: 8 min",
        "mean: 8 mn",
        "touchpoints.hotline.service_time.mean",
        "'8 mn' is not a duration; did you mean '8 min'?",
    ),
    "a rate without per what": (
        "needs: {billing: 0.25 / week}",
        "needs: {billing: 0.25}",
        "personas.caller.needs.billing",
        "0.25 does not say per what; write for instance '0.25 / week' (units: s, min, h, day, week, month or year)",
    ),
    "another currency": (
        "    cost: 0.30 EUR",
        "    cost: 0.30 USD",
        "touchpoints.hotline.cost",
        "'0.30 USD' is in USD, but the scenario's currency is EUR; convert it",
    ),
    "an unknown kind of law": (
        "{kind: lognormal, mean: 8 min",
        "{kind: lognorml, mean: 8 min",
        "touchpoints.hotline.service_time",
        "kind 'lognorml' is not known; did you mean 'lognormal'?",
    ),
    "a typo in a path of a change": (
        "set: {staff.service.shifts.day.headcount: 2}",
        "set: {staff.service.shifts.dya.headcount: 2}",
        "changes.hire.set.staff.service.shifts.dya.headcount",
        (
            "there is no 'dya' in staff.service.shifts; did you mean 'day'? "
            "(something new there also needs days, from, to)"
        ),
    ),
    "a fault in a change": (
        "set: {staff.service.shifts.day.headcount: 2}",
        "set: {staff.service.shifts.day.headcount: -2}",
        "changes.hire.set.staff.service.shifts.day.headcount",
        "-2 is out of bounds; it should be at least 0",
    ),
}


@pytest.fixture
def mine(tmp_path):
    """Write the starter scenario as a user's own, with some of its text replaced; return its lines."""

    def write(*replaced):
        text = STARTER.read_text(encoding="utf-8")
        for old, new in replaced:
            assert text.count(old) == 1, f"{old!r} should stand there once"
            text = text.replace(old, new)
        path = tmp_path / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return text.splitlines()

    return write


def line_of(lines, text):
    return next(i for i, line in enumerate(lines, start=1) if text in line)


@pytest.fixture(autouse=True)
def _nothing_is_written(tmp_path):
    """Whatever happens, there are no outputs, or they are as they were."""
    kept = tmp_path / "outputs" / "compare" / "mine" / "2025-01-06-080000-000" / "report.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("worth keeping")
    yield
    assert list(digests(tmp_path / "outputs", ".html")) == [str(kept.relative_to(tmp_path / "outputs"))]
    assert [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()] == [kept]
    assert {path.name for path in tmp_path.iterdir()} <= {"outputs", "conf"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_file_is_told_with_its_line(tmp_path, mine, fault):
    old, new, path, message = FAULTS[fault]
    lines = mine((old, new))
    ran = typed(tmp_path, "compare", "scenario=mine", *QUICK)
    assert (ran.code, ran.said) == (1, "")
    whole = {"personas": "personas:", "journeys.billing.steps.call.next": "        next:"}
    line = lines.index(whole[path]) + 1 if path in whole else line_of(lines, new)
    assert f"{path}: {message} [{FILE}:{line}]" in ran.complaints
    assert ran.complaints[0].startswith("scenario mine: ")


@pytest.mark.parametrize("verb", ["simulate", "compare", "describe"])
def test_every_verb_refuses_a_faulty_scenario(tmp_path, mine, verb):
    old, new, path, message = FAULTS["a negative headcount"]
    lines = mine((old, new))
    ran = typed(tmp_path, verb, f"scenario={FILE}")
    assert (ran.code, ran.said) == (1, "")
    assert ran.complaints == ["scenario mine: 1 problem", f"{path}: {message} [{FILE}:{line_of(lines, new)}]"]


@pytest.mark.parametrize(
    ("word", "path", "message"),
    [
        (
            "staff.service.shifts.day.headcount=-1",
            "staff.service.shifts.day.headcount",
            "-1 is out of bounds; it should be at least 0",
        ),
        (
            "staff.service.shifts.day.to=06:00",
            "staff.service.shifts.day.to",
            NIGHT.format("08:00"),
        ),
        (
            "touchpoints.hotline.service_time.mean=8",
            "touchpoints.hotline.service_time.mean",
            "8 has no unit; write for instance '8 min' (units: s, min, h, day, week, month or year)",
        ),
        (
            "journeys.billing.steps.read.touchpoint=help_pag",
            "journeys.billing.steps.read.touchpoint",
            "there is no touchpoint 'help_pag'; did you mean 'help_page'?",
        ),
        (
            "journeys.billing.steps.read.outcomes={resolved: 0.52, unresolved: 0.45}",
            "journeys.billing.steps.read.outcomes",
            "probabilities of the outcomes add up to 0.97; they should add up to 1 (resolved 0.52, unresolved 0.45)",
        ),
        (
            "+staff.service.wages=24 EUR / h",
            "staff.service.wages",
            "not a known field; did you mean 'wage'?",
        ),
        (
            "staff.service.wages=24 EUR / h",
            "staff.service.wages",
            "there is no 'wages' in staff.service; did you mean 'wage'?",
        ),
        (
            "staff.servce.wage=24 EUR / h",
            "staff.servce.wage",
            "there is no 'servce' in staff; did you mean 'service'? (to add something new, write +staff.servce.wage=…)",
        ),
        (
            "replicatons=3",
            "replicatons",
            "there is no 'replicatons'; did you mean 'replications'?",
        ),
    ],
)
def test_a_fault_on_the_command_line_is_told_as_such(tmp_path, word, path, message):
    ran = typed(tmp_path, "compare", *QUICK, word)
    assert (ran.code, ran.said) == (1, "")
    assert ran.complaints[1:] == [f"{path}: {message} [command line]"]


def test_all_faults_of_a_file_and_of_the_command_line_are_told_at_once(tmp_path, mine):
    chosen = (
        "a typo in a key",
        "an unknown touchpoint in a route",
        "an unknown step in a route",
        "probabilities that add to 0.97",
        "routes that add to 0.97",
        "persona shares that add to 0.97",
        "a negative headcount",
        "a shift that ends before it starts",
        "a missing unit",
        "another currency",
    )
    lines = mine(*(FAULTS[fault][:2] for fault in chosen))
    ran = typed(tmp_path, "compare", "scenario=mine", *QUICK, "staff.servce.wage=3", "replicatons=3")
    assert ran.code == 1
    told = "\n".join(ran.complaints)
    for fault in chosen:
        _, _, path, message = FAULTS[fault]
        assert f"{path}: {message} [{FILE}:" in told
    assert "staff.servce.wage: there is no 'servce' in staff; did you mean 'service'?" in told
    assert "replicatons: there is no 'replicatons'; did you mean 'replications'? [command line]" in told
    assert f"[{FILE}:{line_of(lines, 'wages:')}]" in told
    assert ran.complaints[0] == f"command line: {len(ran.complaints) - 1} problems"


def test_faults_of_a_file_come_in_the_order_of_its_lines(tmp_path, mine):
    mine(*(FAULTS[fault][:2] for fault in ("a negative headcount", "a missing unit", "a typo in a key")))
    ran = typed(tmp_path, "compare", "scenario=mine")
    places = [int(line.rpartition(":")[2].rstrip("]")) for line in ran.complaints[1:]]
    assert len(places) >= 3
    assert places == sorted(places)


def test_what_is_missing_is_told_where_it_should_stand(tmp_path, mine):
    lines = mine(("{channel: web, service_time: {kind: lognormal, mean: 5 min, cv: 0.8}, cost", "{channel: web, cost"))
    ran = typed(tmp_path, "compare", "scenario=mine")
    line = line_of(lines, "help_page: {")
    belongs = "write how long a service takes, such as service_time: {kind: lognormal, mean: 5 min, cv: 0.8}"
    assert ran.complaints[1:] == [f"touchpoints.help_page.service_time: is missing; {belongs} [{FILE}:{line}]"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "    start: {web: read, phone: call}",
            "    strat: {web: read, phone: call}",
            "journeys.billing.strat: not a known field; did you mean 'start'?",
        ),
        (
            '"18:00", headcount: 1}',
            '"18:00", headcout: 1}',
            "staff.service.shifts.day.headcout: not a known field; did you mean 'headcount'?",
        ),
        (
            "{kind: lognormal, mean: 8 min",
            "{knd: lognormal, mean: 8 min",
            "touchpoints.hotline.service_time.knd: not a known field; did you mean 'kind'?",
        ),
        (
            "    start: {web: read, phone: call}",
            "    starts: {web: read, phone: call}",
            "journeys.billing.starts: not a known field; did you mean 'start'?",
        ),
        (
            "    start: {web: read, phone: call}",
            "    begin: {web: read, phone: call}",
            "journeys.billing.begin: not a known field; did you mean 'start'?",
        ),
        ("    steps:", "    stages:", "journeys.billing.stages: not a known field; did you mean 'steps'?"),
        (
            "      read:\n        touchpoint: help_page",
            "      read:\n        at: help_page",
            "journeys.billing.steps.read.at: not a known field; did you mean 'touchpoint'?",
        ),
        (
            '"18:00", headcount: 1}',
            '"18:00", heads: 1}',
            "staff.service.shifts.day.heads: not a known field; did you mean 'headcount'?",
        ),
        (
            "web, service_time: {",
            "web, time: {",
            "touchpoints.help_page.time: not a known field; did you mean 'service_time'?",
        ),
    ],
)
def test_a_typo_in_a_needed_field_is_told_without_what_follows_from_it(tmp_path, mine, old, new, fault):
    lines = mine((old, new))
    complaints = typed(tmp_path, "describe", "scenario=mine").complaints[1:]
    assert complaints == [f"{fault} [{FILE}:{line_of(lines, new.splitlines()[-1])}]"]


@pytest.mark.parametrize(
    ("words", "likely"),
    [
        (("describe", "mine"), "scenario=mine"),
        (("new", "first"), "name=first"),
        (("calibrate", "records"), "log=records"),
        (("kpis", "churn"), "only=churn"),
        (("simulate", "seed"), "seed=…"),
    ],
)
def test_a_value_without_its_setting_is_told_how_to_write_it(tmp_path, words, likely):
    ran = typed(tmp_path, *words)
    assert ran.code == 1
    assert ran.complaints[1:] == [f"{words[1]}: cannot be read; write setting=value, such as {likely} [command line]"]


def test_a_log_that_is_not_there_is_told_as_a_file(tmp_path):
    ran = typed(tmp_path, "calibrate", "log=contcts.csv")
    assert ran.complaints[1:] == ["log: there is no file 'contcts.csv' [command line]"]


def test_a_file_that_is_not_yaml_is_told_with_its_line(tmp_path, mine):
    lines = mine(("currency: EUR", "currency: [EUR"))
    ran = typed(tmp_path, "compare", "scenario=mine")
    assert ran.code == 1
    (fault,) = ran.complaints[1:]
    assert fault.startswith("not YAML: ")
    line = int(fault.rpartition(":")[2].rstrip("]"))
    assert abs(line - line_of(lines, "currency")) <= 1


def test_a_key_given_twice_is_told_with_its_line(tmp_path, mine):
    lines = mine(("currency: EUR", "currency: EUR\ntitle: Again"))
    ran = typed(tmp_path, "compare", "scenario=mine")
    assert ran.complaints[1:] == [f"title: given twice; keep one [{FILE}:{line_of(lines, 'Again')}]"]


def test_a_scenario_that_is_not_there_is_told(tmp_path, mine):
    mine()
    ran = typed(tmp_path, "compare", "scenario=mien")
    assert ran.complaints[1:] == ["scenario: there is no scenario called 'mien'; did you mean 'mine'? [command line]"]
    ran = typed(tmp_path, "compare", "scenario=conf/mine.yaml")
    assert ran.complaints == ["conf/mine.yaml: 1 problem", "no such file"]
