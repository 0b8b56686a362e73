"""Stories of luck: the same seed is the same history, and what nobody uses moves nobody's luck."""

from copy import deepcopy
from itertools import pairwise

import pytest

from sim.changes import altered
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, moment, page, pool, tell, visits

TABLES = ("visits", "journeys", "customers")
SMALL = EVERYTHING | {"population": {"customers": 40, "joins": {"rate": "10 / week"}}, "uncertain": {}, "enact": []}


@pytest.fixture(scope="module")
def told():
    return tell(SMALL, seed=7)


def same(one, other):
    return all(getattr(one, name).equals(getattr(other, name)) for name in TABLES)


def test_the_same_seed_is_the_same_history(told):
    assert same(told, tell(deepcopy(SMALL), seed=7))


def test_another_seed_or_replication_is_another_history(told):
    for other in (tell(SMALL, seed=8), tell(SMALL, seed=7, replication=1)):
        assert not told.visits.equals(other.visits)
        assert not told.customers.equals(other.customers)


@pytest.mark.parametrize(
    "addition",
    [
        {"personas.ghost": {"share": 0, "needs": {"billing": "9 / week"}, "start": {"web": 1}}},
        {"touchpoints.attic": desk("tier1")},
        {"staff.night": pool(9)},
        {"channels.web": {"lines": 10_000}},
        {
            "profiles.rare": {"hours": {"mon": {"03:00": 1}}},
            "personas.ghost": {"share": 0, "needs": {"billing": {"rate": "9 / week", "profile": "rare"}}},
            "personas.ghost.start": {"web": 1},
        },
        {"journeys.survey": call(0, "form") | {"when": {"after": {"journey": "complaint", "end": "lost", "p": 0}}}},
        {"journeys.sale": call(0, "form") | {"when": {"on": moment(50_000)}}},
        {
            "journeys.billing.steps.later_on": {"touchpoint": "form", "outcomes": {"resolved": 1}},
            "journeys.billing.steps.ask.next.unresolved.later_on": 0,
        },
        {
            "journeys.billing.steps.ask.outcomes.confused": 0,
            "journeys.billing.steps.ask.next.confused": {"give_up": 1},
        },
        {"touchpoints.hotline.staff.reserve": "9 h", "staff.reserve": pool(0)},
        {"changes.never": {"set": {"title": "never"}}, "title": "another", "about": "the same"},
    ],
    ids=lambda addition: next(iter(addition)),
)
def test_what_nobody_uses_changes_nobodys_luck(told, addition):
    assert same(told, tell(altered(SMALL, addition), seed=7))


def test_a_call_that_happens_in_both_worlds_takes_as_long_even_if_a_chatbot_came_before():
    """Draws are addressed by the touchpoint and the how-manieth attempt there, not by the how-manieth visit."""
    law = {"kind": "lognormal", "mean": "9 min", "cv": 1}
    touchpoints = {"desk": {"channel": "phone", "staff": "clerks", "service_time": law}, "bot": page(3, "chat")}
    ann = call(10, step={"outcomes": {"resolved": 0.5, "unresolved": 0.5}, "next": {"unresolved": {"give_up": 1}}})
    bot = {"touchpoint": "bot", "outcomes": {"resolved": 0.5, "unresolved": 0.5}, "next": {"unresolved": {"call": 1}}}
    first = ann | {"start": {"any": "ask"}, "steps": ann["steps"] | {"ask": bot}}
    parts = {"touchpoints": touchpoints, "staff": {"clerks": pool(300)}, "population": {"customers": 300}}
    without, with_bot = (
        {
            row["customer"]: row
            for row in visits(tell(company(journeys={"ann": journey}, **parts)))
            if row["step"] == "call"
        }
        for journey in (ann, first)
    )
    assert 100 < len(with_bot) < 200
    for who, row in with_bot.items():
        assert row["ended"] - row["started"] == pytest.approx(without[who]["ended"] - without[who]["started"])
        assert row["outcome"] == without[who]["outcome"]


def test_more_people_on_duty_give_nobody_other_needs_or_other_service_times():
    same = {"tier1.differ.speed": 0, "tier1.speed": 1, "tier1.strain": None, "tier2.at_once.slower": 0}
    alike = altered(SMALL, {f"staff.{path}": value for path, value in same.items()})  # whoever serves
    more = altered(alike, {"staff.tier1.shifts.early.headcount": 9, "channels.phone.lines": 100})
    few, many = tell(alike, seed=7), tell(more, seed=7)

    def service_times(tables):
        return {
            (row["customer"], row["goal"], row["step"]): row["ended"] - row["started"]
            for row in visits(tables)
            if row["visit"] == 1 and row["journey"] == 1 and row["started"] is not None and row["ended"] is not None
        }

    one, other = service_times(few), service_times(many)
    both = one.keys() & other.keys()
    assert len(both) > 30
    assert all(one[key] == pytest.approx(other[key]) for key in both)


def test_more_people_on_duty_never_lengthen_a_wait_in_a_line_without_returns():
    def total_wait(headcount):
        journeys = {str(k): call(10 + 1.3 * k) for k in range(40)}
        raw = company(journeys=journeys, staff={"clerks": pool(headcount)})
        return [row["started"] - row["joined"] for row in visits(tell(raw))]

    waits = [total_wait(headcount) for headcount in (1, 2, 3, 4)]
    for fewer, more in pairwise(waits):
        assert all(a >= b for a, b in zip(fewer, more, strict=True))
