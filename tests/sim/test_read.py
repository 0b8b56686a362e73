"""Whatever is wrong with a scenario file, its author learns all of it at once: where, what, and what would be right."""

import re
from contextlib import suppress
from copy import deepcopy
from textwrap import dedent

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import Model, ScenarioError, build, read
from sim.changes import altered
from sim.read import load
from sim.units import SAY_UNITS
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, moment, page, pool

UNITS = f"(units: {SAY_UNITS})"
STORY = """\
# A company that fits on a page.
clock: {start: 2025-01-06, horizon: 4 weeks, warmup: 1 week}
population: {customers: 100}
personas:
  business: {share: 0.40, needs: {fault: 0.1 / week}, patience: {phone: 5 min}}
  family:
    share: 0.60
    needs: {fault: 0.2 / week}
touchpoints:
  hotline:
    channel: phone
    staff: tier1
    service_time: {kind: lognormal, mean: 6.5 min, cv: 0.8}
    cost: 0.35 EUR
journeys:
  fault:
    when: {need: fault}
    start: {phone: call}
    steps:
      call:
        touchpoint: hotline
        outcomes: {resolved: 0.9, unresolved: 0.1}
        next: {unresolved: {give_up: 1}}
staff:
  tier1:
    wage: 24 EUR / h
    shifts:
      early: {days: mon-fri, from: "08:00", to: "16:00", headcount: 2}
"""


@pytest.fixture
def told(tmp_path):
    """Write a scenario, with some words replaced, read it, and return the problems as they are told."""

    def tell(*replaced):
        text = STORY
        for old, new in replaced:
            assert text.count(old) == 1, f"{old!r} should stand in the story once"
            text = text.replace(old, new)
        path = tmp_path / "story.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError) as error:
            read(path)
        return str(error.value).replace(str(path), "story.yaml").splitlines()

    return tell


def test_a_sound_file_becomes_a_model(tmp_path):
    path = tmp_path / "story.yaml"
    path.write_text(STORY, encoding="utf-8")
    model = read(path)
    assert isinstance(model, Model)
    assert model.touchpoints["hotline"].service_time.mean == 6.5
    assert model.raw["clock"]["horizon"] == "4 weeks"


# ---- one fault, one sentence -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "message"),
    [
        (
            "    wage: 24",
            "    wages: 24",
            25,
            "staff.tier1.wages",
            "not a known field; did you mean 'wage'?",
        ),
        (
            "share: 0.40",
            "share: 0.37",
            3,
            "personas",
            "persona shares add up to 0.97; they should add up to 1 (business 0.37, family 0.6)",
        ),
        (
            "resolved: 0.9,",
            "resolved: 0.87,",
            21,
            "journeys.fault.steps.call.outcomes",
            ("probabilities of the outcomes add up to 0.97; they should add up to 1 (resolved 0.87, unresolved 0.1)"),
        ),
        (
            "{give_up: 1}",
            "{give_up: 0.97}",
            22,
            "journeys.fault.steps.call.next",
            "probabilities after 'unresolved' add up to 0.97; they should add up to 1 (give_up 0.97)",
        ),
        (
            "touchpoint: hotline",
            "touchpoint: hotlin",
            20,
            "journeys.fault.steps.call.touchpoint",
            "there is no touchpoint 'hotlin'; did you mean 'hotline'?",
        ),
        (
            "{give_up: 1}",
            "{giveup: 1}",
            22,
            "journeys.fault.steps.call.next.unresolved.giveup",
            "there is no step or end 'giveup'; did you mean 'give_up'?",
        ),
        (
            "unresolved: 0.1}",
            "unresolved: 0.1, odd: 0}",
            21,
            "journeys.fault.steps.call.outcomes.odd",
            "the outcome 'odd' leads nowhere; add it under next, with steps or ends",
        ),
        (
            "headcount: 2",
            "headcount: -2",
            27,
            "staff.tier1.shifts.early.headcount",
            "-2 is out of bounds; it should be at least 0",
        ),
        (
            "headcount: 2",
            "headcount: 2.5",
            27,
            "staff.tier1.shifts.early.headcount",
            "2.5 is not a whole number",
        ),
        (
            'from: "08:00", to: "16:00"',
            'from: "22:00", to: "06:00"',
            27,
            "staff.tier1.shifts.early.to",
            (
                'ends 06:00 before it starts 22:00; a night shift needs two entries, from "22:00" to "24:00" and '
                'from "00:00" to "06:00" the day after'
            ),
        ),
        (
            "mean: 6.5 min",
            "mean: 6.5",
            12,
            "touchpoints.hotline.service_time.mean",
            "6.5 has no unit; write for instance '6.5 min' (units: s, min, h, day, week, month or year)",
        ),
        (
            "mean: 6.5 min",
            "mean: -6.5 min",
            12,
            "touchpoints.hotline.service_time.mean",
            "'-6.5 min' is out of bounds; it should be more than 0",
        ),
        (
            "cost: 0.35 EUR",
            "cost: 0.35 USD",
            13,
            "touchpoints.hotline.cost",
            "'0.35 USD' is in USD, but the scenario's currency is EUR; convert it",
        ),
        (
            "kind: lognormal",
            "kind: lognormall",
            12,
            "touchpoints.hotline.service_time",
            "kind 'lognormall' is not known; did you mean 'lognormal'?",
        ),
        (
            "kind: lognormal, ",
            "",
            12,
            "touchpoints.hotline.service_time",
            "does not say its kind; with cv, mean it may be gamma or lognormal",
        ),
        (
            "needs: {fault: 0.2 / week}",
            "needs: {fault: 0.2 / week, fualt: 1 / week}",
            7,
            "personas.family.needs.fualt",
            "there is no journey for the need 'fualt'; did you mean 'fault'?",
        ),
        (
            "when: {need: fault}",
            "when: {need: faults}",
            16,
            "journeys.fault.when.need",
            "no persona has the need 'faults'; did you mean 'fault'?",
        ),
        (
            "when: {need: fault}",
            "when: {}",
            16,
            "journeys.fault.when",
            (
                "has none; a journey is started by exactly one of need, arrival, joining, after, entering, notice, "
                "renewal, every, on, opened"
            ),
        ),
        (
            "when: {need: fault}",
            "when: {need: fault, every: 1 week}",
            16,
            "journeys.fault.when",
            (
                "has need, every; a journey is started by exactly one of need, arrival, joining, after, entering, "
                "notice, renewal, every, on, opened"
            ),
        ),
        (
            "staff: tier1",
            "staff: tier2",
            11,
            "touchpoints.hotline.staff.tier2",
            "there is no staff pool 'tier2'; did you mean 'tier1'?",
        ),
        (
            "    wage:",
            "    skills: [billing]\n    wage:",
            25,
            "staff.tier1.skills.billing",
            "there is no goal 'billing'; known: fault",
        ),
        (
            "    needs: {fault: 0.2 / week}",
            "    needs: {fault: {rate: 0.2 / week, profile: evening}}",
            7,
            "personas.family.needs.fault.profile",
            "there is no profile 'evening'; none is defined",
        ),
        (
            "patience: {phone: 5 min}",
            "patience: {fone: 5 min}",
            4,
            "personas.business.patience.fone",
            "there is no channel or touchpoint 'fone'; did you mean 'phone'?",
        ),
        (
            "horizon: 4 weeks",
            "horizon: 5 days",
            1,
            "clock.warmup",
            "the warm-up (1 week) leaves nothing of the horizon (5 days), which includes it",
        ),
        (
            "start: 2025-01-06",
            "start: 6 January",
            1,
            "clock.start",
            "'6 January' is not a date; write year-month-day, such as 2025-03-03, or '2025-03-03 12:00'",
        ),
        (
            "personas:\n",
            "personas:\n  4: {share: 0}\n",
            4,
            "personas.4",
            "4 is not text; put it in quotes if it is a name",
        ),
        (
            "population: {customers: 100}",
            "population: 100",
            2,
            "population",
            "100 is not a mapping of names to values; write {customers: 100}",
        ),
        (
            "    channel: phone\n",
            "",
            9,
            "touchpoints.hotline.channel",
            "is missing; write the channel in which it is, such as channel: phone",
        ),
        (
            "cv: 0.8",
            "cvv: 0.8",
            12,
            "touchpoints.hotline.service_time.cvv",
            "not a known field; did you mean 'cv'?",
        ),
        (
            "    wage:",
            "    skills: [fault, [a]]\n    wage:",
            25,
            "staff.tier1.skills.1",
            "['a'] is not text; put it in quotes if it is a name",
        ),
        (
            "    start: {phone: call}",
            "    start: {phone: call}\n    difficulty: hard",
            18,
            "journeys.fault.difficulty",
            "'hard' is not a mapping of names to values",
        ),
        (
            "share: 0.40",
            "share: forty",
            4,
            "personas.business.share",
            "'forty' is not a number",
        ),
        (
            "share: 0.40",
            "share: .inf",
            4,
            "personas.business.share",
            "'.inf' is not a number",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_its_value_and_a_remedy(told, old, new, line, path, message):
    heading, *problems = told((old, new), ("# A company that fits on a page.\n", ""))
    assert heading.startswith("story.yaml: ")
    assert f"  {path}: {message} [story.yaml:{line}]" in problems


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("share: 0.40", "share: 40", "personas.business.share", "did you mean 0.4?"),
        ("share: 0.40", "share: 40%", "personas.business.share", "write 0.4"),
        ("share: 0.60", "share: 0,6", "personas.family.share", "write 0.6"),
        ("resolved: 0.9, unresolved: 0.1", "resolved: 90, unresolved: 10", "journeys.fault.steps.call.outcomes",
         "did you mean resolved 0.9, unresolved 0.1?"),
        ("customers: 100", "customers: 14,000", "population.customers", "did you mean '14000'?"),
        ("customers: 100", "customers: 14.000", "population.customers",
"write 14, or 14000 if that was to set thousands apart"),
        ("cv: 0.8", "cv: 0,8", "touchpoints.hotline.service_time.cv", "did you mean '0.8'?"),
        ("mean: 6.5 min", "mean: 6,5 min", "touchpoints.hotline.service_time.mean", "did you mean '6.5 min'?"),
        ("mean: 6.5 min", "mean: 24 hrs", "touchpoints.hotline.service_time.mean", "did you mean '24 h'?"),
        ("mean: 6.5 min", "mean: daily", "touchpoints.hotline.service_time.mean", "did you mean '1 day'?"),
        ("mean: 6.5 min", "mean: 1 h 30 min", "touchpoints.hotline.service_time.mean", "did you mean '90 min'?"),
        ("mean: 6.5 min", "mean: 2 / h", "touchpoints.hotline.service_time.mean",
         "how long is wanted here, and not how often; did you mean '30 min'?"),
        ("0.2 / week", "weekly", "personas.family.needs.fault", "did you mean '1 / week'?"),
        ("0.2 / week", "0.2 per week", "personas.family.needs.fault", "did you mean '0.2 / week'?"),
        ("0.2 / week", "every 2 weeks", "personas.family.needs.fault", "did you mean '0.5 / week'?"),
        ("0.2 / week", "2 weeks", "personas.family.needs.fault",
         "did you mean '2 / week' (so often), or '0.5 / week' (so rarely)?"),
        ("0.2 / week", "20 %", "personas.family.needs.fault", "write for instance '0.2 / month'"),
        ("cost: 0.35 EUR", "cost: 1000", "touchpoints.hotline.cost", "did you mean '1000 EUR'?"),
        ("cost: 0.35 EUR", "cost: €1,000", "touchpoints.hotline.cost", "did you mean '1000 EUR'?"),
        ("cost: 0.35 EUR", "cost: 6.000 EUR", "touchpoints.hotline.cost", "write '6 EUR' or '6000 EUR'"),
        ("wage: 24 EUR / h", "wage: 24", "staff.tier1.wage", f"write for instance '24 EUR / h' {UNITS}"),
        ("horizon: 4 weeks", "horizon: 4", "clock.horizon", f"write for instance '4 weeks' {UNITS}"),
        ("0.2 / week", "0.2", "personas.family.needs.fault", f"write for instance '0.2 / week' {UNITS}"),
        ("{give_up: 1}", "{call: {p: 1, after: 48}}", "journeys.fault.steps.call.next.unresolved.call.after",
         f"write for instance '48 min', '48 h' or '48 days' {UNITS}"),
        ("{give_up: 1}", "{call: {p: 1, after: '1'}}", "journeys.fault.steps.call.next.unresolved.call.after",
         f"write for instance '1 min', '1 h' or '1 day' {UNITS}"),
        ("share: 0.40,", "share: 0.40, value: {revenue: 30 EUR},", "personas.business.value.revenue",
         f"write for instance '30 EUR / month' {UNITS}"),
        ("customers: 100", "customers: 100, joins: {rate: 3}", "population.joins.rate",
         f"write for instance '3 / week' {UNITS}"),
        ("wage: 24 EUR / h", "wage: 24 € per hr", "staff.tier1.wage", "did you mean '24 EUR / h'?"),
        ("start: 2025-01-06", "start: 2025-02-30", "clock.start",
         "February 2025 has 28 days, so write '2025-02-28' for the last"),
        ("start: 2025-01-06", "start: 6.1.2025 9:00", "clock.start", "did you mean '2025-01-06 09:00'?"),
        ("start: 2025-01-06", "start: 01/06/2025", "clock.start", "did you mean '2025-01-06' or '2025-06-01'?"),
        ("days: mon-fri", "days: Monday to Friday", "staff.tier1.shifts.early.days", "did you mean 'mon-fri'?"),
        ("days: mon-fri", "days: [mon, wed]", "staff.tier1.shifts.early.days", "did you mean 'mon,wed'?"),
        ('from: "08:00"', "from: 8 am", "staff.tier1.shifts.early.from", 'did you mean "08:00"?'),
        ('from: "08:00"', "from: 8.30", "staff.tier1.shifts.early.from", 'did you mean "08:30"?'),
    ],
)  # fmt: skip
def test_a_quantity_written_as_people_write_it_is_told_as_a_scenario_does(told, old, new, path, message):
    _, problem = told((old, new))
    assert problem.startswith(f"  {path}: ")
    assert f"; {message} [story.yaml:" in problem


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "share: 0.40,",
            "share: 0.40, traits: {use: idle 0.22},",
            (
                "personas.business.traits.use: 'idle 0.22' would be one value; "
                "did you mean {idle: 0.22}, with a weight for each other value?"
            ),
        ),
        (
            "    share: 0.60",
            "    share: 0.60\n    traits: {use: 'idle 0.2, busy:0.8'}",
            "personas.family.traits.use: 'idle 0.2, busy:0.8' would be one value; did you mean {idle: 0.2, busy: 0.8}?",
        ),
        (
            "share: 0.40,",
            "share: 0.40, traits: {use: {idle 0.22, busy: 0.78}},",
            "personas.business.traits.use: 'idle 0.22' lacks a colon with a blank after it; did you mean 'idle: 0.22'?",
        ),
        (
            "needs: {fault: 0.1 / week}",
            "needs: fault 0.1 / week",
            (
                "personas.business.needs: 'fault 0.1 / week' is not a mapping of names to values; "
                "write {fault: 0.1 / week}"
            ),
        ),
        (
            "kind: lognormal",
            "knd: lognormal",
            "touchpoints.hotline.service_time.knd: not a known field; did you mean 'kind'?",
        ),
        ("personas:\n", "persona:\n", "persona: not a known field; did you mean 'personas'?"),
        (
            "when: {need: fault}",
            "need: fault",
            ("journeys.fault.need: not a known field here; it belongs in when, as in when: {need: fault}"),
        ),
        (
            "when: {need: fault}",
            "when: fault",
            ("journeys.fault.when: 'fault' is not a mapping of names to values; write {need: fault}"),
        ),
        (
            "{give_up: 1}",
            "give_up",
            (
                "journeys.fault.steps.call.next.unresolved: 'give_up' is not a mapping of names to values; "
                "write {give_up: 1}"
            ),
        ),
        (
            "days: mon-fri, from",
            "day: mon-fri, from",
            ("staff.tier1.shifts.early.day: not a known field; did you mean 'days'?"),
        ),
        ("headcount: 2", "agents: 2", "staff.tier1.shifts.early.agents: not a known field; did you mean 'headcount'?"),
        (
            '      early: {days: mon-fri, from: "08:00", to: "16:00", headcount: 2}',
            "      days: mon-fri\n      headcount: 2",
            ("staff.tier1.shifts: days, headcount are fields and not names; write {NAME: {days: …, …}}"),
        ),
        (
            "mean: 6.5 min, cv: 0.8",
            "mean: 6.5 min, sd: 0.8",
            ("touchpoints.hotline.service_time.sd: not a known field; did you mean 'cv'?"),
        ),
        (
            "population: {customers: 100}",
            "population: {customers: 100, joins: {rate: 1 / week, profile: evening}}",
            ("population.joins.profile: there is no profile 'evening'; none is defined"),
        ),
        (
            "    wage: 24 EUR / h",
            "    wage: 24 EUR / h\n    headcount: 3",
            (
                "staff.tier1.headcount: not a known field here; it belongs in shifts.NAME, as in "
                'shifts: {NAME: {days: mon-fri, from: "08:00", to: "18:00", headcount: 3}}'
            ),
        ),
        (
            "    wage: 24 EUR / h\n    shifts:",
            "    wage: 24 EUR / h\n    shifts:\n      headcount: 3",
            (
                "staff.tier1.shifts.headcount: 3 is not a mapping of names to values; "
                "'headcount' is a field and not a name; write it below one of early"
            ),
        ),
        (
            "cv: 0.8}",
            "cv: 0.8, cost: 1 EUR}",
            (
                "touchpoints.hotline.service_time.cost: not a known field; known: cv, kind, mean "
                "('cost' belongs in touchpoints.hotline)"
            ),
        ),
        (
            "{resolved: 0.9, unresolved: 0.1}",
            "[resolved, unresolved]",
            (
                "journeys.fault.steps.call.outcomes: ['resolved', 'unresolved'] is not a mapping of names to values; "
                "it is a list; write {resolved: …, unresolved: …}"
            ),
        ),
        (
            "{resolved: 0.9, unresolved: 0.1}",
            "{resolved: 0.9, unresolvd: 0.1}",
            (
                "journeys.fault.steps.call.outcomes.unresolvd: the outcome 'unresolvd' leads nowhere; "
                "did you mean 'unresolved'?"
            ),
        ),
        (
            "    when: {need: fault}",
            "    when: {need: fault}\n    who: {satisfaction: 3}",
            (
                "journeys.fault.who.satisfaction: not a known field: a condition cannot ask how somebody feels, nor "
                "what they answered; of a campaign, say `most` and who comes first, such as by: {score: -1}, or ask "
                "for a trait (known: persona, product, seen, share, stage, trait)"
            ),
        ),
        (
            "staff:\n  tier1",
            "changes: {less: {cost: 6000 EUR, set: {staff.tier1.wage: 0}}}\nstaff:\n  tier1",
            (
                "changes.less.cost: '6000 EUR' is not a mapping of names to values; "
                "write {once: 6000 EUR} or {monthly: 6000 EUR}"
            ),
        ),
        (
            "staff:\n  tier1",
            (
                "changes: {more: {set: {journeys.fault.steps.call.outcomes: {resolvd: 0.95, unresolved: 0.05}}}}\n"
                "staff:\n  tier1"
            ),
            (
                "changes.more.set.journeys.fault.steps.call.outcomes.resolvd: the outcome 'resolvd' leads nowhere; "
                "did you mean 'resolved'?"
            ),
        ),
        (
            "staff:\n  tier1",
            "staff:\n  tier2: {shifts: {}}\n  tier1",
            "staff.tier2: nobody is ever sent to these people; name them as the `staff` of a touchpoint, or drop them",
        ),
        (
            "    steps:\n",
            "    ends: {lost: {stage: custmer}}\n    steps:\n",
            "journeys.fault.ends.lost.stage: nothing else names the stage 'custmer'; did you mean 'customer'?",
        ),
        (
            "touchpoints:\n",
            "touchpoints:\n  page: {channel: web, service_time: 1 min}\n",
            "touchpoints.page: no step ever leads here; name it as the `touchpoint` of a step, or drop it",
        ),
        (
            "staff:\n  tier1",
            "systems: {crm: {capacity: 3}}\nstaff:\n  tier1",
            "systems.crm: no touchpoint depends on it; name it as the `system` of one, or drop it",
        ),
    ],
)
def test_what_is_misspelt_or_misplaced_is_told_once(told, old, new, problem):
    _, *problems = told((old, new))
    assert [each.strip().rpartition(" [")[0] for each in problems] == [problem]


def test_two_things_that_are_missing_are_both_told(told):
    problems = told(
        ("    service_time: {kind: lognormal, mean: 6.5 min, cv: 0.8}\n", ""), ("        touchpoint: hotline\n", "")
    )[1:]
    assert [problem.split(": ")[0].strip() for problem in problems] == [
        "touchpoints.hotline.service_time",
        "journeys.fault.steps.call.touchpoint",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "is EUR unless stated, but 2 amounts are in USD; write currency: USD, or convert them [story.yaml:2]"),
        ("currency: GBP", "is GBP, but 2 amounts are in USD; write currency: USD, or convert them [story.yaml:1]"),
        (
            "changes: {odd: {cost: {once: 5 EUR}, set: {staff.tier1.wage: 20 USD / h}}}",
            "is EUR unless stated, but 3 amounts are in USD and only 1 in EUR; write currency: USD, or convert them",
        ),
    ],
)
def test_a_currency_that_most_amounts_do_not_have_is_told_once(told, more, said):
    _, problem = told(
        ("# A company that fits on a page.", more), ("24 EUR / h", "24 USD / h"), ("cost: 0.35 EUR", "cost: 0.35 USD")
    )
    assert problem.startswith(f"  currency: {said}")


def test_amounts_in_another_currency_are_told_one_by_one_where_they_are_few(told):
    problems = told(("0.40,", "0.40, value: {revenue: 9 EUR / month},"), ("24 EUR / h", "24 USD / h"))[1:]
    assert [problem.split(": ")[0].strip() for problem in problems] == ["staff.tier1.wage"]


def test_every_problem_of_a_file_is_told_at_once_in_the_order_of_its_lines(told):
    _, *problems = told(
        ("share: 0.40", "share: 1.4"),
        ("staff: tier1", "staff: tire1"),
        ("when: {need: fault}", "when: {need: fautl}"),
        ("wage: 24 EUR / h", "wage: 24 CHF / h"),
        ("headcount: 2", "headcount: two"),
        ("staff:\n  tier1", "changes: {hire: {set: {staff.tier1.shift: 5}}}\nstaff:\n  tier1"),
    )
    places = [re.search(r"\[story\.yaml:(\d+)\]", problem)[1] for problem in problems]
    assert places == sorted(places, key=int)
    assert [problem.split(":")[0].strip() for problem in problems] == [
        "personas",
        "personas.business.needs.fault",
        "personas.business.share",
        "personas.family.needs.fault",
        "touchpoints.hotline.staff.tire1",
        "journeys.fault.when.need",
        "changes.hire.set.staff.tier1.shift",
        "staff.tier1.wage",
        "staff.tier1.shifts.early.headcount",
    ]


def test_a_heading_counts_the_problems(told):
    assert told(("wage: 24 EUR / h", "wage: 24 CHF / h"))[0] == "story.yaml: 1 problem"
    assert told(("wage: 24 EUR / h", "wage: 24 CHF / h"), ("headcount: 2", "headcount: -1"))[0] == (
        "story.yaml: 2 problems"
    )


def test_a_sum_is_told_beside_a_typo_in_one_of_its_parts(told):
    problems = told(("share: 0.40", "share: 0.37, shrae: 1"), ("resolved: 0.9,", "resolved: {p: 0.87, hold: 0.9},"))
    told_of = {problem.split(":")[0].strip() for problem in problems[1:]}
    assert told_of == {
        "personas",
        "personas.business.shrae",
        "journeys.fault.steps.call.outcomes",
        "journeys.fault.steps.call.outcomes.resolved.hold",
    }


def test_a_weight_in_quotes_counts(told):
    assert told(("resolved: 0.9,", 'resolved: "0.87",'))[1].startswith("  journeys.fault.steps.call.outcomes: ")


# ---- changes, levers and what is uncertain ---------------------------------------------------------------------------


def test_a_change_that_breaks_something_is_told_where_the_change_stands(told):
    changes = dedent("""\
        changes:
          hire:
            set:
              staff.tier1.shifts.early.headcount: -1
              journeys: {fault: {steps: {call: {next: {unresolved: {expert: 1}}}}}}
        """)
    assert told(("staff:\n  tier1", f"{changes}staff:\n  tier1"))[1:] == [
        (
            "  changes.hire.set.staff.tier1.shifts.early.headcount: "
            "-1 is out of bounds; it should be at least 0 [story.yaml:27]"
        ),
        (
            "  changes.hire.set.journeys.fault.steps.call.next: probabilities after 'unresolved' add up to 2; "
            "they should add up to 1 (give_up 1, expert 1); what the change does not name stays as it is: give_up "
            "[story.yaml:28]"
        ),
        (
            "  changes.hire.set.journeys.fault.steps.call.next.unresolved.expert: "
            "there is no step or end 'expert'; known: call, give_up, resolved [story.yaml:28]"
        ),
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"uncertain": {"personas.person.churn.slop": {"mean": 1, "sd": 0.1}}},
            "uncertain.personas.person.churn.slop: there is no such value; did you mean 'personas.person.churn.slope'?",
        ),
        (
            {"uncertain": {"personas.person.churn.slope": {"mean": 1}}},
            "uncertain.personas.person.churn.slope: a normal law needs mean and sd; sd is missing",
        ),
        (
            {"uncertain": {"personas.person.churn.base": {"mean": 1, "sd": 0.1}}},
            (
                "uncertain.personas.person.churn.base: 1.0 does not say per what; "
                "write for instance '1 / week' or '1 / month' (units: s, min, h, day, week, month or year)"
            ),
        ),
        (
            {"uncertain": {"personas.person.churn.slope": {"kind": "lognormal", "mean": 0, "sd": 0.1}}},
            "uncertain.personas.person.churn.slope: the mean of a lognormal is above 0, not 0.0; use a normal law",
        ),
        (
            {"uncertain": {"personas.person.churn.slope": {"mean": 0, "sd": 1, "low": 2, "high": 1}}},
            "uncertain.personas.person.churn.slope: low (2.0) is above high (1.0)",
        ),
        (
            {"uncertain": {"touchpoints.desk.service_time": {"mean": "5 min", "sd": "6 s"}}},
            (
                "uncertain.touchpoints.desk.service_time: mean, sd, low and high are in different units (min, s); "
                "write them in one"
            ),
        ),
        (
            {"uncertain": {"personas.person.churn.slope": {"mean": 1, "sd": -0.5}}},
            "uncertain.personas.person.churn.slope: sd (-0.5) is negative",
        ),
        (
            {"levers": {"staff.clerks.shifts.only.headcoutn": {"low": 1, "high": 5}}},
            (
                "levers.staff.clerks.shifts.only.headcoutn: there is no such value; "
                "did you mean 'staff.clerks.shifts.only.headcount'?"
            ),
        ),
        (
            {"levers": {"more": {"moves": ["staff.clerks.shifts.only.headcoutn"], "low": 1, "high": 5}}},
            (
                "levers.more.moves: there is no value 'staff.clerks.shifts.only.headcoutn'; "
                "did you mean 'staff.clerks.shifts.only.headcount'?"
            ),
        ),
        (
            {"levers": {"staff.clerks.shifts.only.headcount": {"low": 5, "high": 5}}},
            ("levers.staff.clerks.shifts.only.headcount: low (5) is not below high (5), so there is nothing to choose"),
        ),
        (
            {"levers": {"staff.clerks.shifts.only.headcount": {"low": 1, "high": 5, "step": 0}}},
            "levers.staff.clerks.shifts.only.headcount: step (0) does not lead from low (1) to high (5)",
        ),
        (
            {"levers": {"touchpoints.desk.service_time": {"low": "1 min", "high": "90 s"}}},
            ("levers.touchpoints.desk.service_time: low and high are in different units (min, s); write them in one"),
        ),
        (
            {"levers": {"staff.clerks.shifts.only.to": {"low": "18:00", "high": "20:00"}}},
            "levers.staff.clerks.shifts.only.to: low (18:00) is not a number or a quantity",
        ),
        (
            {"enact": ["hire"], "changes": {"fire": {"set": {"staff.clerks.shifts.only.headcount": 0}}}},
            "enact.hire: there is no change 'hire'; did you mean 'fire'?",
        ),
        (
            {"changes": {"early": {"from": "2024-01-01", "until": "2024-02-01", "set": {"title": "x"}}}},
            "changes.early.until: ends 2024-02-01, before the simulated time begins (2025-01-06 to 2025-01-07)",
        ),
        (
            {"changes": {"late": {"from": "2034-01-01 12:00", "set": {"title": "x"}}}},
            (
                "changes.late.from: begins 2034-01-01 12:00, when the simulated time is over "
                "(2025-01-06 to 2025-01-07); begin earlier, or lengthen clock.horizon"
            ),
        ),
        (
            {"changes": {"back": {"from": "2025-01-06 12:00", "until": "2025-01-06", "set": {"title": "x"}}}},
            "changes.back.until: ends 2025-01-06, not after it begins 2025-01-06 12:00",
        ),
        (
            {
                "clock": {"start": "2025-01-06", "horizon": "4 weeks", "warmup": "1 week"},
                "changes": {"brief": {"until": "2025-01-10", "set": {"title": "x"}}},
            },
            (
                "changes.brief.until: ends 2025-01-10, not after it begins 2025-01-13, "
                "when the warm-up ends; say `from` when else"
            ),
        ),
        (
            {"changes": {"longer": {"set": {"clock.horizon": "9 weeks"}}}},
            "changes.longer.set.clock.horizon: a change cannot move what belongs to the design of the comparison",
        ),
        (
            {"changes": {"nothing": {"set": {}}}},
            "changes.nothing.set: has too few entries; it should have at least 1",
        ),
    ],
)
def test_what_would_break_later_is_told_now(part, expected):
    person = {"share": 1, "churn": {"base": "0.1 / week", "slope": 0.5}}
    with pytest.raises(ScenarioError) as error:
        build(company(personas={"person": person}, **part))
    assert [str(problem) for problem in error.value.problems] == [expected]


@pytest.mark.parametrize(
    ("given", "lin", "message"),
    [
        ("{line: {poor: 1, good: 1}}", "{lin: good}", "trait.lin: no condition ever asks for the trait 'lin'; did you"),
        (
            "{line: {poor: 1, good: 1}}",
            "{vip: good}",
            "trait.vip: no condition ever asks for the trait 'vip'; known: li",
        ),
        (
            "{line: {poor: 1, good: 1}}",
            "{line: god}",
            "trait.line: no condition ever asks for 'god'; did you mean 'good'",
        ),
    ],
)
def test_a_trait_that_is_set_and_that_nobody_asks_for_is_told(told, given, lin, message):
    event = f"events: {{news: {{on: 2025-01-20, who: {{trait: {{line: poor}}}}, trait: {lin}}}}}"
    _, problem = told(
        ("needs: {fault: 0.1 / week}", f"needs: {{fault: 0.1 / week}}, traits: {given}"),
        ("staff:\n", f"{event}\nstaff:\n"),
    )
    assert problem.strip().startswith(f"events.news.{message}")


def test_a_trait_that_a_change_sets_and_that_nobody_asks_for_is_told_where_the_change_stands(told):
    change = "changes: {news: {set: {events.news: {on: 2025-01-20, who: {trait: {line: poor}}, trait: {lin: good}}}}}"
    _, problem = told(
        ("needs: {fault: 0.1 / week}", "needs: {fault: 0.1 / week}, traits: {line: {poor: 1, good: 1}}"),
        ("staff:\n  tier1", f"{change}\nstaff:\n  tier1"),
    )
    assert problem.strip().startswith("changes.news.set.events.news.trait.lin: no condition ever asks for the trait")


@pytest.mark.parametrize(
    ("one", "other", "told_of"),
    [
        ("products: {internet: 1}", "products: {Internet: 1}", "personas.family.products.Internet"),
        (
            "traits: {use: {active: 1, idle: 1}}",
            "traits: {use: {activ: 1, idle: 1}}",
            "personas.family.traits.use.activ",
        ),
        ("products: {plan_a: 1}", "products: {plan_b: 1}", None),
        ("traits: {use: {idle1: 1, active: 1}}", "traits: {use: {idle10: 1, active: 1}}", None),
    ],
)
def test_a_slip_in_a_name_is_told_and_another_name_is_not(tmp_path, one, other, told_of):
    asking = (
        "    when: {need: fault}\n    who: {trait: {use: active}}\n" if "use" in one else "    when: {need: fault}\n"
    )
    text = STORY.replace("patience: {phone: 5 min}", one).replace(
        "    share: 0.60\n", f"    share: 0.60\n    {other}\n"
    )
    if told_of is None:
        assert read_text(tmp_path, text.replace("    when: {need: fault}\n", asking))
        return
    with pytest.raises(ScenarioError) as error:
        read_text(tmp_path, text.replace("    when: {need: fault}\n", asking))
    assert [problem.path for problem in error.value.problems] == [told_of]


LATE = "2025-02-06 is when the simulated time is over (2025-02-03), so it would never come; choose an earlier date, or"


@pytest.mark.parametrize(
    ("part", "path", "message"),
    [
        ("events: {news: {on: 2025-02-06, satisfaction: -1}}", "events.news.on", LATE),
        ("events: {news: {every: 1 week, on: 2025-02-06, satisfaction: -1}}", "events.news.on", LATE),
        (
            "events: {news: {every: 4 weeks, satisfaction: -1}}",
            "events.news.every",
            "the first time is one period after the start, when the simulated time is over (2025-02-03); say with `on`",
        ),
        (
            "changes: {news: {set: {events.news: {on: 2025-02-06, satisfaction: -1}}}}",
            "changes.news.set.events.news.on",
            LATE,
        ),
        (
            "changes: {early: {from: 2024-03-01, set: {staff.tier1.wage: 0}}}",
            "changes.early.from",
            (
                "begins 2024-03-01, before the simulated time does (2025-01-06 to 2025-02-03); "
                "write 2025-01-06 if it is there from the start on"
            ),
        ),
    ],
)
def test_what_would_never_happen_is_told(told, part, path, message):
    _, problem = told(("staff:\n  tier1", f"{part}\nstaff:\n  tier1"))
    assert problem.strip().startswith(f"{path}: {message}")


def test_a_journey_for_those_who_join_is_told_where_nobody_does(told):
    _, problem = told(
        ("when: {need: fault}", "when: {joining: 1 h}"),
        ("needs: {fault: 0.1 / week}, ", ""),
        ("    needs: {fault: 0.2 / week}\n", ""),
    )
    assert "journeys.fault.when.joining: nobody ever joins; say how many do in population.joins, such as" in problem


def test_what_a_log_has_shown_may_be_there_without_use(tmp_path):
    page = "touchpoints:\n  page: {channel: web, service_time: 1 min}\n"
    known = "estimates: {touchpoints.page.service_time: {source: a log}}\n"
    assert read_text(tmp_path, STORY.replace("touchpoints:\n", page) + known)


def test_a_run_may_be_cut_short_without_a_word_about_what_comes_later(tmp_path):
    path = tmp_path / "story.yaml"
    path.write_text(f"{STORY}events: {{news: {{on: 2025-01-28, satisfaction: -1}}}}\n", encoding="utf-8")
    raw, places = load(path)
    short = altered(raw, {"clock.horizon": "2 weeks"})
    assert build(short, places | {("clock", "horizon"): "command line"})
    with pytest.raises(ScenarioError, match=r"events\.news\.on: 2025-01-28 is when"):
        build(short, places)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"staff.clerks.shifts.onyl.headcount": 2},
            (
                "staff.clerks.shifts.onyl.headcount: there is no 'onyl' in staff.clerks.shifts; did you mean 'only'? "
                "(something new there also needs days, from, to)"
            ),
        ),
        (
            {"staff": {"clerks": {"shifts.late": {"days": "all", "headcount": 2}}}},
            (
                "staff.clerks.shifts.late.days: there is no 'late' in staff.clerks.shifts; known: only "
                "(something new there also needs from, to)"
            ),
        ),
        (
            {"touchpoints.dsk.cost": "1 EUR"},
            (
                "touchpoints.dsk.cost: there is no 'dsk' in touchpoints; did you mean 'desk'? "
                "(something new there also needs channel, service_time)"
            ),
        ),
    ],
)
def test_a_name_that_a_change_sets_but_nobody_knows_is_told_once_with_what_it_may_mean(settings, expected):
    with pytest.raises(ScenarioError) as error:
        build(company(changes={"idea": {"set": settings}}))
    assert [str(problem) for problem in error.value.problems] == [f"changes.idea.set.{expected}"]


def test_changes_that_do_not_go_together_are_told_before_they_run():
    closing = {"set": {"journeys.ann.steps.call.next": {"resolved": {"again": 1}}, "journeys.ann.steps.again": again()}}
    other = {"set": {"journeys.ann.steps": {"call": call(10)["steps"]["call"]}, "personas.other": {"share": 0.5}}}
    with pytest.raises(ScenarioError) as error:
        build(company(changes={"split": other, "again": closing}))
    assert "changes.split.set.personas" in str(error.value)
    half = {"set": {"personas.person.share": 0.5, "personas.other": {"share": 0.5}}}
    quarter = {"set": {"personas.person.share": 0.75, "personas.third": {"share": 0.25}}}
    build(company(changes={"half": half, "quarter": quarter}))
    with pytest.raises(
        ScenarioError, match="enact: together these changes do not work: personas: persona shares add up"
    ):
        build(company(changes={"half": half, "quarter": quarter}, enact=["half", "quarter"]))


def again():
    return {"touchpoint": "desk", "outcomes": {"resolved": 1}}


# ---- names that must fit together ------------------------------------------------------------------------------------


def opening(**chances):
    """A journey whose end `lost` opens others."""
    step = {"outcomes": {"no": 1}, "next": {"no": {"lost": 1}}}
    return call(10, step=step) | {"ends": {"lost": {"opens": chances}}}


def person(**more):
    """The only persona, with more to it."""
    return {"person": {"share": 1, **more}}


def selling(product=None, goal=None, products=None):
    """Parts of a company whose customers hold products, and whose only journey may belong to one."""
    belongs = {name: value for name, value in (("product", product), ("goal", goal)) if value is not None}
    holding = {"person": {"share": 1, "products": products or {"internet": 1}}}
    return {"personas": holding, "journeys": {"ann": call(10) | belongs}}


def two_pools(**more):
    return company(
        touchpoints={"desk": desk({"clerks": 0, "experts": "2 min"})},
        staff={"clerks": pool(1, skills=["other"]), "experts": pool(1, skills="other")},
        journeys={"ann": call(10), "other": call(20)},
        **more,
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            two_pools(),
            (
                "journeys.ann.steps.call.touchpoint: none of its pools (clerks, experts) has the skill 'ann'; "
                "add it to one"
            ),
        ),
        (
            company(journeys={"ann": call(-5)}),
            (
                f"journeys.ann.when.on: {moment(-5)} is before the clock starts (2025-01-06 00:00:00); "
                "choose a date within the horizon"
            ),
        ),
        (
            company(journeys={"ann": call(10) | {"when": {"every": 0}}}),
            "journeys.ann.when.every: 0 is out of bounds; it should be more than 0",
        ),
        (
            company(journeys={"ann": call(10) | {"when": {"after": {"journey": "bob"}}}}),
            "journeys.ann.when.after.journey: there is no journey 'bob'; known: ann",
        ),
        (
            company(
                journeys={"ann": call(10), "bob": call(10) | {"when": {"after": {"journey": "ann", "end": "lost"}}}}
            ),
            "journeys.bob.when.after.end.lost: there is no end 'lost'; known: give_up, resolved",
        ),
        (
            company(journeys={"ann": opening(bob=0.5), "bob": call(10) | {"when": {"after": {"journey": "ann"}}}}),
            (
                "journeys.bob.when.after: starts after the end 'lost' of journey 'ann', which opens it already; "
                "drop journeys.ann.ends.lost.opens.bob, or write p: 0 here"
            ),
        ),
        (
            company(journeys={"ann": opening(bob=0.5), "bob": call(10), "cid": call(10) | {"when": "opened"}}),
            "journeys.cid.when: nothing opens it; name it under opens of an outcome, an end or an event",
        ),
        (
            company(events={"news": {"satisfaction": -1}}),
            (
                "events.news: never happens; say when: on a date, every period (the first time on a date, or not), "
                "a rate, or an outage"
            ),
        ),
        (
            company(events={"news": {"rate": "1 / day", "every": "1 day", "satisfaction": -1}}),
            (
                "events.news: says `every` (once every period) and `rate` (by chance, so often on average), which "
                "exclude each other; keep one (only `on` and `every` go together)"
            ),
        ),
        (
            company(events={"news": {"on": moment(-5), "satisfaction": -1}}),
            (
                f"events.news.on: {moment(-5)} is before the clock starts (2025-01-06 00:00:00); "
                "choose a date within the horizon"
            ),
        ),
        (
            company(events={"news": {"on": moment(5), "opens": {"ana": 1}}}),
            "events.news.opens.ana: there is no journey 'ana'; did you mean 'ann'?",
        ),
        (
            company(events={"news": {"on": moment(5), "cancels": "ana"}}),
            "events.news.cancels.ana: there is no journey 'ana'; did you mean 'ann'?",
        ),
        (
            company(events={"news": {"on": moment(5), "puts_off": {"anne": "1 h"}}}),
            "events.news.puts_off.anne: there is no journey 'anne'; did you mean 'ann'?",
        ),
        (
            company(journeys={"ann": call(10, ends={"cancelled": {"good": False}})}),
            "journeys.ann.ends.cancelled: 'cancelled' has a meaning of its own already; choose another name",
        ),
        (
            company(events={"calls": {"on": moment(5), "by": {"tenure": 1}, "opens": {"ann": 1}}}),
            "events.calls.by: says who comes first on a list; say with `most` how many are on it",
        ),
        (
            company(events={"calls": {"on": moment(5), "most": 5, "by": {"score": -1}, "opens": {"ann": 1}}}),
            "events.calls.by.score: nobody is asked for a score; give a persona a survey",
        ),
        (
            company(
                traits={"line": {"seen": {"p": 0.6}}},
                personas={"person": {"share": 1, "traits": {"line": {"poor": 1, "good": 2}}}},
                events={"calls": {"on": moment(5), "most": 5, "who": {"trait": {"line": "poor"}}, "opens": {"ann": 1}}},
            ),
            (
                "events.calls.who.trait.line: a list is made by what the company knows, and it sees 'line' only "
                "in part (traits.line.seen); ask for what it has seen: events.calls.who.seen.line"
            ),
        ),
        (
            company(
                personas={"person": {"share": 1, "traits": {"line": "poor"}}},
                events={
                    "calls": {"on": moment(5), "most": 5, "by": {"seen": {"line": {"pour": 1}}}, "opens": {"ann": 1}}
                },
            ),
            "events.calls.by.seen.line: nobody is ever 'pour'; did you mean 'poor'?",
        ),
        (
            company(events={"calls": {"on": moment(5), "most": 5, "by": {"mood": -1}, "opens": {"ann": 1}}}),
            (
                "events.calls.by.mood: not a known field; known: contacts, opened, score, seen, tenure "
                "('mood' belongs in events.calls)"
            ),
        ),
        (
            company(events={"news": {"on": moment(5), "who": {"stage": "prospect"}, "mood": -1}}),
            "events.news.who.stage: nobody is ever 'prospect'; known: customer, left",
        ),
        (
            company(events={"news": {"on": moment(5), "reach": 0.5}}),
            (
                "events.news: does nothing; say what it does: "
                "stage, adds, drops, trait, revenue, mood, satisfaction, stays, opens, cancels, puts_off"
            ),
        ),
        (
            company(journeys={"ann": call(10, step={"while_open": {"chase": {"after": "1 h"}}})}),
            (
                "journeys.ann.steps.call.while_open.chase: does nothing; say what it does: "
                "stage, adds, drops, trait, revenue, mood, satisfaction, stays, opens, cancels, puts_off"
            ),
        ),
        (
            company(
                journeys={"ann": call(10, step={"while_open": {"c": {"after": "1 h", "mood": -1, "evry": "1 h"}}})}
            ),
            "journeys.ann.steps.call.while_open.c.evry: not a known field; did you mean 'every'?",
        ),
        (
            company(journeys={"ann": call(10, step={"while_open": {"after": "1 h", "mood": -1, "evry": "1 h"}})}),
            "journeys.ann.steps.call.while_open.evry: not a known field; did you mean 'every'?",
        ),
        (
            company(
                journeys={
                    "ann": call(
                        10, step={"while_open": {"after": "1 h", "mood": -1, "late": {"after": "2 h", "mood": -1}}}
                    )
                }
            ),
            (
                "journeys.ann.steps.call.while_open: is one clock, and names others beside it (late); "
                "give that one a name too"
            ),
        ),
        (
            company(journeys={"ann": call(10, step={"while_open": {"after": "1 h"}})}),
            (
                "journeys.ann.steps.call.while_open: does nothing; say what it does: "
                "stage, adds, drops, trait, revenue, mood, satisfaction, stays, opens, cancels, puts_off"
            ),
        ),
        (
            company(journeys={"ann": call(10) | {"when": "opend"}}),
            "journeys.ann.when: 'opend' is not a mapping of names to values; did you mean 'opened'?",
        ),
        (
            company(journeys={"ann": call(10) | {"who": {"persona": "persn"}}}),
            "journeys.ann.who.persona.persn: there is no persona 'persn'; did you mean 'person'?",
        ),
        (
            company(journeys={"ann": call(10) | {"who": {"stage": "costumer"}}}),
            "journeys.ann.who.stage: nobody is ever 'costumer'; did you mean 'customer'?",
        ),
        (
            company(journeys={"ann": call(10) | {"who": {"stage": ["custmer", "customer"]}}}),
            "journeys.ann.who.stage: nobody is ever 'custmer'; did you mean 'customer'?",
        ),
        (
            company(journeys={"ann": call(10) | {"when": {"entering": {"stage": "lapsd"}}}}),
            "journeys.ann.when.entering.stage: nobody is ever 'lapsd'; known: customer, left",
        ),
        (
            company(journeys={"ann": call(10) | {"when": {"arrival": "1 / day", "stage": "left"}}}),
            "journeys.ann.when.stage: who arrives has not left; give another stage than 'left'",
        ),
        (
            company(population={"customers": 1, "stage": "left"}),
            "population.stage: 'left' is the stage of those who have left; choose another name",
        ),
        (
            company(personas=person(contract={"term": "1 week", "notice": "2 weeks"})),
            (
                "personas.person.contract: notice (2 weeks) is not shorter than term (1 week), so nobody could ever "
                "give it"
            ),
        ),
        (
            company(personas=person(contract={"term": "1 year"}, churn={"base": "1 / year", "every": "1 week"})),
            (
                "personas.person.churn.every: people in a contract decide before each end of its term, and not every "
                "so often; drop this to keep the contract, or drop personas.person.contract to keep this"
            ),
        ),
        (
            company(journeys={"ann": call(10) | {"when": {"renewal": {"before": "1 day"}}}}),
            ("journeys.ann.when.renewal: there is no persona with a contract; give one `contract: {term: …}`"),
        ),
        (
            company(
                journeys={"ann": call(10) | {"when": {"renewal": {"before": "3 weeks"}}}},
                personas=person(contract={"term": "2 weeks"}),
            ),
            (
                "journeys.ann.when.renewal.before: 3 weeks is not shorter than the longest term (2 weeks), "
                "so it would never open"
            ),
        ),
        (
            company(
                journeys={"ann": call(10) | {"when": {"notice": "1 day"}}},
                personas=person(contract={"term": "2 weeks"}),
            ),
            "journeys.ann.when.notice: nobody in a contract ever leaves; give their persona a churn",
        ),
        (
            company(journeys={"ann": call(10, step={"outcomes": {"resolved": {"p": 1, "stays": True}}})}),
            (
                "journeys.ann.steps.call.outcomes.resolved.stays: nobody ever gives notice: there is no persona with a "
                "contract; give one `contract: {term: …}`"
            ),
        ),
        (
            company(personas=person(churn={"base": 0}, referral={"journey": "an", "rate": "1 / year"})),
            "personas.person.referral.journey: there is no journey 'an'; none is defined",
        ),
        (
            company(personas=person(churn={"base": 0}, referral={"journey": "ann", "rate": "1 / year"})),
            (
                "personas.person.referral.journey: journey 'ann' is not started by an arrival, so nobody can be "
                "brought to it; write `when: {arrival: 0 / week}` there if people come by being brought only"
            ),
        ),
        (
            company(
                journeys={"ann": call(10) | {"when": {"arrival": "1 / day"}}},
                personas=person(referral={"journey": "ann", "rate": "1 / year"}),
            ),
            (
                "personas.person.referral: people bring others when they review whether to stay, and these never do; "
                "add personas.person.churn, with `base: 0 / week` if they never leave"
            ),
        ),
        (
            company(changes={"bind": {"set": {"personas.person.contract.term": "1 year"}}}),
            (
                "changes.bind.set.personas.person.contract.term: a change cannot put people in a contract who had "
                "none, because it would move when they decided before its date; give the persona a contract, and let "
                "the change move its terms"
            ),
        ),
        (
            company(
                personas=person(contract={"term": "1 year"}),
                changes={"free": {"set": {"personas.person.contract": None}}},
            ),
            "changes.free.set.personas.person.contract: a change cannot end a contract; let it move its terms",
        ),
        (
            company(journeys={"ann": call(10) | {"who": {"product": ["tv"]}}}),
            "journeys.ann.who.product: nobody ever holds 'tv'; none is defined",
        ),
        (
            company(journeys={"ann": call(10) | {"who": {"trait": {"region": "north"}}}}),
            "journeys.ann.who.trait.region: there is no trait 'region'; none is defined",
        ),
        (
            company(journeys={"ann": call(10) | {"start": {"any": "cal"}}}),
            "journeys.ann.start.any: there is no step 'cal'; did you mean 'call'?",
        ),
        (
            company(journeys={"ann": call(10, step={"outcomes": {"resolved": {"p": 1, "opens": {"bob": 1}}}})}),
            "journeys.ann.steps.call.outcomes.resolved.opens.bob: there is no journey 'bob'; known: ann",
        ),
        (
            company(journeys={"ann": call(10) | {"difficulty": {"time": 1, "resolvd": 1}}}),
            "journeys.ann.difficulty.resolvd: there is no outcome 'resolvd'; did you mean 'resolved'?",
        ),
        (
            company(touchpoints={"desk": desk(when_closed={"latr": 1})}),
            (
                "touchpoints.desk.when_closed.latr: there is no step or end of journey 'ann' called 'latr'; "
                "did you mean 'later'?"
            ),
        ),
        (
            company(touchpoints={"desk": page(urgent={"after": "5 min", "priority": -1})}),
            "touchpoints.desk.urgent: nobody waits at 'desk', since it names no staff; name its pools, or drop this",
        ),
        (
            company(touchpoints={"desk": desk(attended=False, callback={"after": "5 min", "accept": 0.5})}),
            (
                "touchpoints.desk.callback: nobody waits there: it is work done without the customer "
                "(attended: false); drop this, or say attended: true there"
            ),
        ),
        (
            company(touchpoints={"desk": page(callback={"after": "5 min", "accept": 0.5})}),
            "touchpoints.desk.callback: nobody waits at 'desk', since it names no staff; name its pools, or drop this",
        ),
        (
            company(journeys={"ann": call(10, step={"outcomes": {"missed": 1}, "next": {"missed": {"give_up": 1}}})}),
            (
                "journeys.ann.steps.call.outcomes.missed: 'missed' means already that a visit was not served; "
                "choose another name"
            ),
        ),
        (
            company(touchpoints={"desk": desk(system="crn")}, systems={"crm": {}}),
            "touchpoints.desk.system: there is no system 'crn'; did you mean 'crm'?",
        ),
        (
            company(touchpoints={"desk": desk(when_down={"give_up": 1})}),
            (
                "touchpoints.desk.when_down: 'desk' depends on no system, so it is never down; name its `system`, "
                "or drop this"
            ),
        ),
        (
            company(touchpoints={"desk": desk(system="crm", when_down={"latr": 1})}, systems={"crm": {}}),
            (
                "touchpoints.desk.when_down.latr: there is no step or end of journey 'ann' called 'latr'; "
                "did you mean 'later'?"
            ),
        ),
        (
            company(
                systems={"crm": {}},
                journeys={"ann": call(10, step={"next": {"closed": {"give_up": 1}}})},
                touchpoints={"desk": desk(system="crm", when_closed={"lost": 1})},
            ),
            (
                "touchpoints.desk.when_closed.lost: there is no step or end of journey 'ann' called 'lost'; "
                "known: call, give_up, later, resolved"
            ),
        ),
        (
            company(systems={"crm": {"outages": {"update": {"on": "2024-12-24", "lasts": "2 h"}}}}),
            (
                "systems.crm.outages.update.on: 2024-12-24 is before the clock starts (2025-01-06 00:00:00); "
                "choose a date within the horizon"
            ),
        ),
        (
            company(events={"sorry": {"outage": "cmr", "mood": -1}}, systems={"crm": {"outages": {}}}),
            "events.sorry.outage: there is no system 'cmr'; did you mean 'crm'?",
        ),
        (
            company(events={"sorry": {"outage": {"system": "crm"}, "mood": -1}}, systems={"crm": {"capacity": 3}}),
            ("events.sorry.outage.system: 'crm' is never out, so this would never happen; say systems.crm.outages"),
        ),
        (
            company(
                events={"sorry": {"outage": {"system": "crm", "at": "strat"}, "mood": -1}},
                systems={"crm": {"outages": {"failure": {"rate": "1 / day", "lasts": "1 h"}}}},
            ),
            "events.sorry.outage.at: 'strat' is not one of the choices; did you mean 'start'?",
        ),
        (
            company(products={"inernet": {"revenue": "30 EUR / month"}}, **selling()),
            "products.inernet: nobody ever holds it; did you mean 'internet'?",
        ),
        (
            company(products={"internet": {"revenue": "30 EUR"}}, **selling()),
            (
                "products.internet.revenue: '30 EUR' does not say per what time; write for instance '30 EUR / month' "
                "(units: s, min, h, day, week, month or year)"
            ),
        ),
        (
            company(products={"internet": {"colour": 3}}, **selling()),
            "products.internet.colour: not a known field; known: about, revenue",
        ),
        (
            company(**selling(products={"internet": 1, "none": 0.5})),
            "products.none: 'none' is where KPIs count what belongs to no product; choose another name",
        ),
        (
            company(**selling(product="internt")),
            "journeys.ann.product: there is no product 'internt'; did you mean 'internet'?",
        ),
        (
            company(
                personas={"person": {"share": 1, "products": {"mobile": 1, "tv": 1}}},
                journeys={name: call(1, product=name, goal="help") for name in ("mobile", "tv")},
            ),
            (
                "journeys.tv.product: its goal 'help' belongs to 'mobile', as journeys.mobile says; "
                "give it a goal of its own"
            ),
        ),
        (
            company(
                **selling(product="internet", products={"internet": 1, "tv": 1}),
                changes={"new": {"set": {"journeys.ann.product": "tv"}}},
            ),
            (
                "changes.new.set.journeys.ann.product: a change cannot move a journey to another product, where its "
                "past would be counted too; bring a journey of the other product instead"
            ),
        ),
        (
            company(systems={"crm": {"outages": {"update": {"lasts": "2 h"}}}}),
            ("systems.crm.outages.update: says neither when nor how often it happens; give it `on` (a date) or `rate`"),
        ),
        (
            company(systems={"crm": {"outages": {"update": {"on": "2025-01-07", "rate": "1 / day", "lasts": "2 h"}}}}),
            "systems.crm.outages.update: says both `on` and `rate`; give it `on` (a date) or `rate`",
        ),
        (
            company(touchpoints={"desk": desk(attended=False, when_closed={"later": 1})}),
            (
                "touchpoints.desk.when_closed: work done without the customer joins its queue also when all are off "
                "duty; drop this, or say attended: true there"
            ),
        ),
        (
            company(touchpoints={"desk": desk(attended=False)}, channels={"phone": {"lines": 3}}),
            (
                "channels.phone.lines: no line is ever taken: all there is work done without the customer "
                "(attended: false); drop this, or say attended: true there"
            ),
        ),
        *(
            (
                company(
                    touchpoints={"desk": desk(attended=False)},
                    personas={"person": {"share": 1, "patience": {at: "5 min"}}},
                ),
                (
                    f"personas.person.patience.{at}: nobody waits there: it is work done without the customer "
                    "(attended: false); drop this, or say attended: true there"
                ),
            )
            for at in ("desk", "phone")
        ),
        (
            company(touchpoints={"desk": desk(when_closed={"later": 0.5})}),
            "touchpoints.desk.when_closed: probabilities add up to 0.5; they should add up to 1 (later 0.5)",
        ),
        (
            company(
                journeys={"ann": call(10), "bob": call(10) | {"ends": {"lost": {}}}},
                touchpoints={"desk": desk(when_closed={"lost": 1})},
            ),
            (
                "touchpoints.desk.when_closed.lost: there is no step or end of journey 'ann' called 'lost'; "
                "known: call, give_up, later, resolved"
            ),
        ),
        (
            company(channels={"fone": {"lines": 3}}),
            "channels.fone: there is no touchpoint in the channel 'fone'; did you mean 'phone'?",
        ),
        (
            company(personas={"person": {"share": 1, "start": {"chat": 1}}}),
            "personas.person.start.chat: there is no journey that starts in 'chat'; known: any",
        ),
        (
            company(journeys={"ann": call(10) | {"start": {"web": "call", "phone": "call"}}}),
            "journeys.ann.start: persona 'person' does not say by which channel it starts; add personas.person.start",
        ),
        (
            company(
                journeys={"ann": call(10) | {"start": {"web": "call", "phone": "call"}}, "bob": call(10)},
                personas={"person": {"share": 1, "start": {"any": 1, "web": 0}}},
            ),
            (
                "journeys.ann.start: persona 'person' starts in any, web, but this journey starts in web, phone; "
                "give it one of them"
            ),
        ),
        (
            company(journeys={"ann": call(10) | {"ends": {"call": {}}}}),
            "journeys.ann.steps.call: 'call' is an end of this journey already; choose another name",
        ),
        (
            company(journeys={"ann": call(10) | {"ends": {"left": {}}}}),
            "journeys.ann.ends.left: 'left' has a meaning of its own already; choose another name",
        ),
        (
            company(journeys={"ann": call(10, step={"outcomes": {"closed": 1}, "next": {"closed": {"give_up": 1}}})}),
            (
                "journeys.ann.steps.call.outcomes.closed: 'closed' means already that a visit was not served; "
                "choose another name"
            ),
        ),
    ],
)
def test_names_that_do_not_fit_together_are_told(raw, expected):
    with pytest.raises(ScenarioError) as error:
        build(raw)
    assert [str(problem) for problem in error.value.problems] == [expected]


@pytest.mark.parametrize(
    ("chances", "after"),
    [
        ({"bob": 0}, {}),
        ({"bob": 1}, {"p": 0}),
        ({"bob": 1}, {"end": "resolved"}),
        ({"cid": 1}, {}),
        ({"bob": 1}, {"journey": "cid"}),
    ],
)
def test_an_end_may_open_one_journey_and_another_may_follow_it(chances, after):
    follows = {"when": {"after": {"journey": "ann"} | after}}
    build(company(journeys={"ann": opening(**chances), "bob": call(10) | follows, "cid": call(20)}))


SHAPE = {"hours": {"mon-fri": {"08:00": 1, "18:00": 0}}}


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        ({"weekyl": SHAPE}, "profiles.weekyl: no rate uses it; did you mean 'weekly'?"),
        (
            {"evening": SHAPE},
            (
                "profiles.evening: no rate uses it; name it as the `profile` of a rate, "
                "or call it 'weekly' to shape all rates that name none"
            ),
        ),
        (
            {"weekly": SHAPE, "weekyl": SHAPE},
            "profiles.weekyl: no rate uses it; name it as the `profile` of a rate",
        ),
    ],
)
def test_a_profile_that_no_rate_uses_is_told(profiles, expected):
    with pytest.raises(ScenarioError) as error:
        build(company(profiles=profiles))
    assert [str(problem) for problem in error.value.problems] == [expected]


def test_a_profile_may_be_used_by_any_rate_and_by_a_change():
    names = ("weekly", "flat", "needed", "joining", "arriving", "changed", "taken")
    arriving = call(10) | {"when": {"arrival": {"rate": "1 / day", "profile": "arriving"}}}
    person = {
        "share": 1,
        "needs": {"a": {"rate": "1 / day", "profile": "needed"}, "b": {"rate": 0, "profile": "taken"}},
    }
    needing = {name: call(10) | {"when": {"need": name}} for name in ("a", "b")}
    raw = company(
        personas={"person": person},
        population={"joins": {"rate": "1 / day", "profile": "joining"}},
        journeys={"ann": arriving, **needing},
        profiles=dict.fromkeys(names, SHAPE),
        changes={"later": {"from": moment(60), "set": {"personas.person.needs.b.profile": "changed"}}},
        enact=["later"],
    )
    build(raw)


def test_each_unknown_name_of_a_condition_is_told():
    who = {"stage": ["custmer", "customer", "prospct"], "product": ["tv", "mobile"]}
    raw = company(journeys={"ann": call(10) | {"who": who}}, personas={"person": {"share": 1, "products": {"tv": 1}}})
    with pytest.raises(ScenarioError) as error:
        build(raw)
    assert {str(problem) for problem in error.value.problems} == {
        "journeys.ann.who.stage: nobody is ever 'custmer'; did you mean 'customer'?",
        "journeys.ann.who.stage: nobody is ever 'prospct'; known: customer, left",
        "journeys.ann.who.product: nobody ever holds 'mobile'; known: tv",
    }


OLD = {"trait": {"age": "odl"}}
NOBODY = "nobody is ever 'odl'; did you mean 'old'?"


def some_are_old(**parts):
    personas = {"person": {"share": 1, "traits": {"age": {"old": 1, "young": 2}}} | parts.pop("person", {})}
    return company(personas=personas, **parts)


def leading(outcome="resolved", **targets):
    step = {"outcomes": {"resolved": parts if (parts := targets.pop("settled", None)) else 1}}
    return {"ann": call(10, step=step | ({"next": {outcome: targets}} if targets else {}))}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            some_are_old(journeys=leading(give_up={"p": 1, "who": OLD})),
            f"journeys.ann.steps.call.next.resolved.give_up.who.trait.age: {NOBODY}",
        ),
        (
            some_are_old(journeys=leading(settled={"p": 1, "holds": 0.5, "reopens": {"call": {"p": 1, "who": OLD}}})),
            f"journeys.ann.steps.call.outcomes.resolved.reopens.call.who.trait.age: {NOBODY}",
        ),
        (
            some_are_old(touchpoints={"desk": desk(when_closed={"later": {"p": 1, "who": OLD}})}),
            f"touchpoints.desk.when_closed.later.who.trait.age: {NOBODY}",
        ),
        (
            some_are_old(
                journeys={"ann": call(10) | {"start": {"any": "call", "web": {"step": "call", "who": OLD}}}},
                person={"start": {"any": 1}},
            ),
            f"journeys.ann.start.web.who.trait.age: {NOBODY}",
        ),
        (
            some_are_old(journeys={"ann": call(10) | {"start": {"any": {"step": "cal"}}}}),
            "journeys.ann.start.any.step: there is no step 'cal'; did you mean 'call'?",
        ),
        (
            some_are_old(
                journeys={"ann": call(10) | {"start": {"any": {"step": "call", "who": {"stage": "customer"}}}}}
            ),
            (
                "journeys.ann.start.any.who: the only start is for everybody; "
                "put this on the journey, or add another start"
            ),
        ),
        (
            some_are_old(journeys={"ann": call(10) | {"who": {"seen": {"age": ["odl", "young"]}}}}),
            f"journeys.ann.who.seen.age: {NOBODY}",
        ),
        (
            some_are_old(person={"satisfaction": {"terms": {"care": {"value": 1, "who": OLD}}}}),
            f"personas.person.satisfaction.terms.care.who.trait.age: {NOBODY}",
        ),
        (
            some_are_old(person={"churn": {"base": 0, "terms": {"rival": {"value": 1, "who": {"product": "tv"}}}}}),
            "personas.person.churn.terms.rival.who.product: nobody ever holds 'tv'; none is defined",
        ),
        (
            some_are_old(person={"satisfaction": {"terms": {"care": {"value": 1, "who": {"persona": "person"}}}}}),
            (
                "personas.person.satisfaction.terms.care.who.persona: a term is for the persona that states it, "
                "and for no other; leave this out"
            ),
        ),
        (
            some_are_old(person={"satisfaction": {"terms": {"care": {"who": {"trait": {"age": "old"}}}}}}),
            "personas.person.satisfaction.terms.care: adds nothing; say `value`, `per_year` or both",
        ),
        (
            some_are_old(person={"churn": {"base": 0, "terms": {"tenure": {"value": -1, "up_to": "2 years"}}}}),
            (
                "personas.person.churn.terms.tenure: up_to says until when it grows, but nothing does; "
                "say `per_year`, or leave up_to out"
            ),
        ),
        (
            some_are_old(person={"traits": {"age": {"old": 0, "young": 0}}}),
            (
                "personas.person.traits.age: none of its values has a weight, so it would have none; "
                "give one of them a weight"
            ),
        ),
        (
            some_are_old(person={"traits": {"vip": True}}),
            "personas.person.traits.vip: True is not text; put it in quotes if it is a value",
        ),
        (
            some_are_old(traits={"aeg": {"seen": {"p": 0.5}}}),
            "traits.aeg: nobody ever has it; did you mean 'age'?",
        ),
    ],
)
def test_conditions_and_terms_that_make_no_sense_are_told(raw, expected):
    with pytest.raises(ScenarioError) as error:
        build(raw)
    assert [str(problem) for problem in error.value.problems] == [expected]


TWO_WAYS = {"ann": call(10) | {"start": {"web": "call", "phone": "call"}}}
TASTE = {"learns": 0.3, "strength": 0.5}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            some_are_old(person={"taste": TASTE}),
            (
                "personas.person.taste: moves nothing: they may begin no journey in one channel or another; "
                "give one another start"
            ),
        ),
        (
            some_are_old(journeys=TWO_WAYS, person={"start": {"web": 1}, "taste": TASTE}),
            (
                "personas.person.taste: moves nothing: they may begin no journey in one channel or another; "
                "give one another start"
            ),
        ),
        (
            some_are_old(journeys=TWO_WAYS, person={"start": {"web": 1, "phone": 1}, "taste": {"learns": 0.3}}),
            (
                "personas.person.taste.strength: is missing; write how much a liking counts, from 0 to 5, "
                "such as strength: 0.5"
            ),
        ),
        (
            some_are_old(journeys=TWO_WAYS, person={"start": {"web": 1, "phone": 1}, "taste": TASTE | {"learns": 3}}),
            "personas.person.taste.learns: 3 is out of bounds; it should be at most 1; did you mean 0.03?",
        ),
        (
            some_are_old(journeys=TWO_WAYS, person={"start": {"web": 1, "phone": 1}, "taste": TASTE | {"strength": 9}}),
            "personas.person.taste.strength: 9 is out of bounds; it should be at most 5",
        ),
    ],
)
def test_tastes_that_make_no_sense_are_told(raw, expected):
    with pytest.raises(ScenarioError) as error:
        build(raw)
    assert [str(problem) for problem in error.value.problems] == [expected]


def test_a_taste_may_wait_for_a_channel_that_a_change_brings():
    one_way = some_are_old(
        journeys={"ann": call(10) | {"start": {"web": "call"}}}, person={"start": {"web": 1}, "taste": TASTE}
    )
    more = {"set": {"journeys.ann.start.phone": "call", "personas.person.start.phone": 1}}
    build(one_way | {"changes": {"new": more}, "enact": ["new"]})


def test_weights_of_ways_for_some_need_not_add_up_to_one():
    old, young = ({"trait": {"age": age}} for age in ("old", "young"))
    build(some_are_old(journeys=leading(resolved={"p": 1, "who": old}, give_up={"p": 1, "who": young})))
    with pytest.raises(ScenarioError, match="probabilities after 'resolved' add up to 2"):
        build(some_are_old(journeys=leading(resolved=1, give_up=1)))


def test_what_is_seen_may_be_said_of_a_trait_that_only_a_change_brings():
    raw = company(traits={"age": {"seen": {"p": 0.5}}})
    build(raw | {"changes": {"ask": {"set": {"personas.person.traits.age.old": 1}}}})
    build(raw | {"changes": {"ask": {"set": {"personas.person.traits.age": "old"}}}})


def test_a_condition_may_name_what_people_become_by_a_change_only():
    moving = {"p": 1, "stage": "vip", "adds": ["tv"], "trait": {"seen": "yes"}}
    become = {"set": {"journeys.bob.steps.call.outcomes": {"resolved": moving}}}
    who = {"stage": ["customer", "vip"], "product": "tv", "trait": {"seen": "yes"}}
    journeys = {"ann": call(10) | {"who": who}, "bob": call(5)}
    build(company(journeys=journeys, changes={"become": become, "other": {"set": {"title": "x"}}}, enact=["become"]))


def test_a_persona_that_others_journeys_send_here_needs_a_channel_to_begin_in():
    two_ways = call(10) | {"when": {"need": "ask"}, "start": {"web": "call", "phone": "call"}}
    sends = call(10, step={"outcomes": {"resolved": {"p": 1, "opens": {"ask": 1}}}})
    personas = {"asks": {"share": 0.5, "needs": {"ask": "1 / week"}, "start": {"web": 1}}, "sent": {"share": 0.5}}
    build(company(personas=personas, journeys={"ask": two_ways, "ann": call(10)}))
    with pytest.raises(ScenarioError, match="persona 'sent' does not say by which channel it starts"):
        build(company(personas=personas, journeys={"ask": two_ways, "ann": sends}))


def test_a_persona_for_whom_a_journey_is_not_meant_needs_no_channel_for_it():
    two_ways = call(10) | {"start": {"web": "call", "phone": "call"}, "who": {"persona": "one"}}
    personas = {"one": {"share": 0.5, "start": {"web": 1}}, "other": {"share": 0.5}}
    build(company(personas=personas, journeys={"ann": two_ways}))


# ---- files that are not scenarios ------------------------------------------------------------------------------------


def refused(path):
    with pytest.raises(ScenarioError) as error:
        read(path)
    return str(error.value).replace(str(path), "file").splitlines()


def test_a_missing_file_says_so(tmp_path):
    assert refused(tmp_path / "nowhere.yaml") == ["file: 1 problem", "  no such file"]


def test_a_folder_is_not_a_file(tmp_path):
    assert refused(tmp_path) == ["file: 1 problem", "  cannot be read: Is a directory"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "not a text in UTF-8; a scenario is YAML text, saved in that encoding [file:1]"),
        ("a: 1\nb: Büro\n".encode("latin-1"), "saved in that encoding [file:2]"),
        (b"a\x00b", "not YAML: "),
        (b"", "is empty; write names and their values, such as currency: EUR"),
        (b"# Nothing yet.\n", "is empty; write names and their values, such as currency: EUR"),
        (b"\n- a\n- list\n", "is not a mapping of names to values; write them as in currency: EUR [file:2]"),
        (b"just a sentence", "is not a mapping of names to values; write them as in currency: EUR [file:1]"),
        (
            b"a: [1, 2\nb: 3\n",
            (
                "not YAML: expected ',' or ']', but got ':'; "
                "a bracket, a brace or a quotation mark may not be closed, or a comma be missing [file:2]"
            ),
        ),
        (
            b"a:\n\tb: 2\n",
            "not YAML: found character '\\t' that cannot start any token; indent with blanks, not with a tab [file:2]",
        ),
        (
            b"a:\n  b:1\n  c: 2\n",
            "look at the indentation, for a blank after a colon, or for quotes around a text [file:3]",
        ),
        (b"a:\n  b: 1\n c: 2\n", "look at the indentation of this line and of those before it [file:3]"),
        (b"a: 'b\n", "a quotation mark may not be closed [file:2]"),
        (b"a: 1\n--- \nb: 2\n", "not YAML: but found another document [file:2]"),
        (b"a: &here {b: *here}\n", "a.b: contains itself; write it out [file:1]"),
        (b"? [a, b]\n: 1\n", "has a key that is not a word or a number [file:1]"),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(tmp_path, content, words):
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    assert words in "\n".join(refused(path))


def test_a_key_given_twice_is_told_at_its_second_place(told):
    _, problem = told(("    cost: 0.35 EUR\n", "    cost: 0.35 EUR\n    staff: tier1\n"))
    assert problem == "  touchpoints.hotline.staff: given twice; keep one [story.yaml:15]"


# ---- what YAML 1.1 would have made of it -----------------------------------------------------------------------------


def read_text(tmp_path, text):
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_words_that_yaml_takes_for_truth_stay_words(tmp_path):
    model = read_text(
        tmp_path,
        STORY.replace("need: fault", "on: 2025-01-13")
        .replace("needs: {fault: 0.1 / week}, ", "")
        .replace("    needs: {fault: 0.2 / week}\n", ""),
    )
    assert model.journeys["fault"].when.on is not None
    assert read_text(tmp_path, STORY + "title: off\nabout: No\n").raw["title"] == "off"


def test_an_unquoted_time_and_date_are_what_they_look_like(tmp_path):
    model = read_text(tmp_path, STORY.replace('from: "08:00", to: "16:00"', "from: 08:00, to: 16:00"))
    assert (model.staff["tier1"].shifts["early"].begins, model.staff["tier1"].shifts["early"].ends) == (480, 960)
    assert model.raw["clock"]["start"] == "2025-01-06"


def test_numbers_may_be_written_as_people_write_them(tmp_path):
    raw = read_text(tmp_path, STORY.replace("customers: 100", "customers: 1_000").replace("cv: 0.8", "cv: 08e-1")).raw
    assert raw["population"]["customers"] == 1000
    assert (
        read_text(tmp_path, STORY.replace("headcount: 2", "headcount: 012")).raw["staff"]["tier1"]["shifts"]["early"][
            "headcount"
        ]
        == 12
    )


def test_a_value_of_a_trait_may_end_in_a_number(tmp_path):
    text = STORY.replace("share: 0.40,", "share: 0.40, traits: {plan: tier 2},")
    text = text.replace("when: {need: fault}", "when: {need: fault}\n    who: {trait: {plan: tier 2}}")
    assert read_text(tmp_path, text).personas["business"].traits == {"plan": {"tier 2": 1}}


def test_parts_may_be_repeated_by_reference(tmp_path):
    text = STORY.replace("early: {", "early: &early {") + "      late: *early\n"
    model = read_text(tmp_path, text)
    assert model.staff["tier1"].shifts["late"] == model.staff["tier1"].shifts["early"]


def test_parts_may_be_merged_and_what_stands_beside_them_wins(tmp_path):
    text = STORY.replace("early: {", "early: &early {") + "      late: {headcount: 1, <<: *early}\n"
    shifts = read_text(tmp_path, text + '      last: {<<: [{to: "20:00"}, *early]}\n').staff["tier1"].shifts
    assert [(name, shift.begins, shift.ends, shift.headcount) for name, shift in shifts.items()] == [
        ("early", 480, 960, 2),
        ("late", 480, 960, 1),
        ("last", 480, 1200, 2),
    ]


@pytest.mark.parametrize("merged", ["*early", "{<<: *early}"])
@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("headcount: 2", "headcount: -2", ".headcount", "-2 is out of bounds; it should be at least 0"),
        ("headcount: 2", "headcout: 2", ".headcout", "not a known field; did you mean 'headcount'?"),
        ("headcount: 2", "headcount: 2, to: '17:00'", ".to", "given twice; keep one"),
    ],
)
def test_a_fault_that_an_alias_repeats_is_told_once(told, old, new, path, message, merged):
    _, problem = told(
        (f"{old}}}", f"{new}}}\n      late: {merged}\n      night: {merged}"),
        ("early: {days: mon-fri, from", "early: &early {days: mon-fri, from"),
    )
    repeated = "" if "twice" in message else " (an alias repeats it in 2 more places)"
    assert problem == f"  staff.tier1.shifts.early{path}: {message}{repeated} [story.yaml:28]"


def test_what_a_repeated_part_lacks_is_told_once(told):
    _, problem = told(
        (", headcount: 2}", "}\n      late: *early"),
        ("early: {days: mon-fri, from", "early: &early {days: mon-fri, from"),
    )
    assert problem.startswith("  staff.tier1.shifts.early.headcount: is missing")
    assert problem.endswith(" (an alias repeats it in 1 more place) [story.yaml:28]")


def test_the_same_fault_written_twice_on_a_line_is_told_twice(told):
    problems = told(("patience: {phone: 5 min}", "patience: {phone: -5 min, hotline: -5 min}"))[1:]
    assert [problem.split(": ")[0].rpartition(".")[2] for problem in problems] == ["hotline", "phone"]


@pytest.mark.parametrize(("merged", "message"), [("3", "merges mappings only"), ("*early", "contains itself")])
def test_a_merge_that_cannot_be_is_told(told, merged, message):
    _, problem = told(("early: {days: mon-fri", f"early: &early {{<<: {merged}, days: mon-fri"))
    assert problem.startswith(f"  staff.tier1.shifts.early.<<: {message}")


# ---- any mutation at all ---------------------------------------------------------------------------------------------


def leaves(raw, path=()):
    """Paths of every value and every key."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield from leaves(value, (*path, key))
    elif isinstance(raw, list):
        for i, value in enumerate(raw):
            yield from leaves(value, (*path, i))
    yield path


def accepted_or_told(raw):
    """A scenario may be refused, but only in our own words."""
    with suppress(ScenarioError):
        build(raw)


LEAVES = [path for path in leaves(EVERYTHING) if path]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["5 min", "-5 min", "0 min", "1 / week", "3 EUR", "resolved", "later", "2025-01-01", "08:00", "mon-fri"]
    ),
    st.lists(st.one_of(st.text(max_size=3), st.integers()), max_size=3),
    st.dictionaries(
        st.one_of(st.text(max_size=3), st.sampled_from(["p", "kind", "rate", "0.5"])), st.integers(), max_size=2
    ),
)


@settings(max_examples=75, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LEAVES), JUNK)
def test_whatever_stands_in_the_place_of_a_value_is_accepted_or_told(path, junk):
    raw = deepcopy(EVERYTHING)
    here = raw
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = junk
    accepted_or_told(raw)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([path for path in LEAVES if isinstance(path[-1], str)]), st.one_of(st.none(), st.text(max_size=6))
)
def test_whatever_a_key_is_called_or_if_it_is_missing_is_accepted_or_told(path, key):
    raw = deepcopy(EVERYTHING)
    here = raw
    for part in path[:-1]:
        here = here[part]
    value = here.pop(path[-1])
    if key is not None:
        here[key] = value
    accepted_or_told(raw)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_at_all_is_read_or_told(tmp_path, text):
    path = tmp_path / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(ScenarioError):
        read(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 500 + "]" * 500, "a: " + "{b: " * 300 + "}" * 300])
def test_a_text_that_is_nested_without_end_is_told(tmp_path, text):
    path = tmp_path / "deep.yaml"
    path.write_text(f"currency: EUR\nx: {text}\n" if text[0] == "[" else text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="is nested more than 100 deep; a bracket or a brace may not be closed"):
        read(path)


def test_the_scenario_with_everything_survives_being_written_and_read(tmp_path):
    path = tmp_path / "everything.yaml"
    path.write_text(yaml.safe_dump(EVERYTHING, allow_unicode=True), encoding="utf-8")
    assert read(path) == build(EVERYTHING)


REGULAR = company(
    personas={"person": {"share": 1, "churn": {"base": "0.1 / week"}}},
    journeys={"ann": {**call(1), "when": {"every": "1 week"}}},
)
SETTLED = (
    ("journeys.ann.when", "opened", "what starts a journey"),
    ("personas.person.needs_differ", 0.5, "by how much needs differ"),
    ("population.stage", "member", "the stage in which people begin"),
)


@pytest.mark.parametrize("dates", [{"from": moment(60)}, {"until": moment(60)}, {"ramp": "8 h"}])
@pytest.mark.parametrize(("path", "value", "what"), SETTLED)
def test_what_is_settled_at_the_start_cannot_change_later(path, value, what, dates):
    with pytest.raises(ScenarioError) as error:
        build(REGULAR | {"changes": {"new": {"set": {path: value}} | dates}})
    message = f"{what} is settled at the start, so a change can move it from the start only, and for good"
    assert f"changes.new.set.{path}: {message}" in str(error.value)


@pytest.mark.parametrize(
    ("path", "value"), [(path, value) for path, value, _ in SETTLED if path != "journeys.ann.when"]
)
def test_what_is_settled_at_the_start_may_change_from_there_on(path, value):
    changes = {"new": {"set": {path: value}, "from": REGULAR["clock"]["start"]}}
    assert build(REGULAR | {"changes": changes}).changes["new"].set == {path: value}
