"""Journeys that go round for ever are refused, and those that may stop some day are not."""

import pytest

from sim import ScenarioError, build
from tests.sim.stories import call, company, page

OPENED = {"when": "opened"}
REST = (
    ", at once, always and for everybody: it would go round for ever; let time pass in between (`after`, `delay`), "
    "or give one of them a probability below 1 or a condition"
)


def reading(**effects):
    """A journey that takes no time, and what its end does."""
    return call(0, "page", ends={"resolved": {"good": True, **effects}})


def after(other, when=None, **effects):
    """A journey that follows another."""
    return reading(**effects) | {"when": {"after": {"journey": other, **(when or {})}}}


def entering(entered, **effects):
    """A journey that whoever enters a stage is on."""
    return reading(**effects) | {"when": {"entering": {"stage": entered}}}


def pages(**journeys):
    return company(touchpoints={"page": page(0)}, staff={}, journeys=journeys)


def two_ways(**other):
    """A journey that opens itself if it ends well, and may end otherwise."""
    outcomes = {"resolved": {"p": 0.5, "opens": {"ann": 1}}, "no": 0.5}
    return call(0, "page", step={"outcomes": outcomes, "next": {"no": {"give_up": 1}}}, ends={"give_up": other})


ENDLESS = {
    "one that opens itself": (pages(ann=reading(opens={"ann": 1})), "ann", "'ann'"),
    "two that open each other": (
        pages(ann=reading(opens={"bob": 1}), bob=reading(opens={"ann": {"p": 1, "after": "0 min"}}) | OPENED),
        "ann",
        "'bob', which opens 'ann'",
    ),
    "a round that another leads to": (
        pages(ann=reading(), bob=after("ann", opens={"cid": 1}), cid=reading(opens={"bob": 1}) | OPENED),
        "bob",
        "'cid', which opens 'bob'",
    ),
    "one that follows itself": (pages(ann=reading(), bob=after("ann"), cid=after("cid")), "cid", "'cid'"),
    "an outcome instead of an end": (
        pages(ann=call(0, "page", step={"outcomes": {"resolved": {"p": 1, "opens": {"ann": 1}}}})),
        "ann",
        "'ann'",
    ),
    "all ways through it": (pages(ann=two_ways(good=False, opens={"ann": 1})), "ann", "'ann'"),
    "stages that lead to each other": (
        pages(ann=reading(stage="vip"), bob=entering("vip", stage="customer"), cid=entering("customer", stage="vip")),
        "bob",
        "'cid', which opens 'bob'",
    ),
}


@pytest.mark.parametrize(("raw", "name", "links"), ENDLESS.values(), ids=ENDLESS)
def test_journeys_that_open_each_other_for_ever_are_refused(raw, name, links):
    with pytest.raises(ScenarioError) as error:
        build(raw)
    assert [str(problem) for problem in error.value.problems] == [f"journeys.{name}: opens {links}{REST}"]


ENDING = {
    "time passes": pages(ann=reading(opens={"ann": {"p": 1, "after": "1 min"}})),
    "it may not open": pages(ann=reading(opens={"ann": 0.9})),
    "it may end otherwise": pages(ann=two_ways(good=False)),
    "it is for some": pages(ann=reading(opens={"ann": 1}) | {"who": {"share": 0.5}}),
    "it follows another end": pages(ann=reading(), bob=after("cid", {"end": "give_up"}), cid=after("bob")),
    "it follows later": pages(ann=reading(), bob=after("cid", {"delay": "1 min"}), cid=after("bob")),
    "whoever is in a stage does not enter it": pages(ann=reading(stage="vip"), bob=entering("vip", stage="vip")),
}


@pytest.mark.parametrize("raw", ENDING.values(), ids=ENDING)
def test_journeys_that_come_to_an_end_are_not(raw):
    build(raw)


def test_a_change_that_would_let_journeys_go_round_is_refused():
    raw = pages(ann=reading(opens={"bob": 1}), bob=reading(opens={"ann": 0.5}) | OPENED)
    raw |= {"changes": {"more": {"set": {"journeys.bob.ends.resolved.opens.ann": 1}}}}
    with pytest.raises(ScenarioError, match="'bob', which opens 'ann', at once"):
        build(raw)
