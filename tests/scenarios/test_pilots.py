"""What a test of a pilot's size would have seen."""

import math
import re
from copy import deepcopy
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from scenarios.compare import compare, variants
from scenarios.pilots import is_pilot, tried
from scenarios.report import _times, comparison_report
from sim import build
from sim.kpis import measure
from sim.replications import simulate
from sim.summaries import summarise
from tests.sim.stories import call, company, page

REPLICATIONS = 10  # as many as it takes to tell how far tests scatter


@pytest.fixture(scope="module")
def comparison():
    person = {"share": 1, "needs": {"ask": "2 / week"}, "satisfaction": {"rest": 5, "memory": 0.5}}
    step = {"outcomes": {"resolved": 0.5, "unresolved": 0.5}, "next": {"unresolved": {"give_up": 1}}}
    raw = company(
        clock={"start": "2025-01-06", "horizon": "3 weeks"},
        population={"customers": 80},
        personas={"person": person},
        touchpoints={"page": page(3)},
        staff={},
        journeys={"ask": call(0, "page", step=step) | {"when": {"need": "ask"}}},
        changes={
            "tried": {
                "title": "A page that answers",
                "who": {"share": 0.5},
                "set": {"journeys.ask.steps.call.outcomes": {"resolved": {"p": 0.8, "mood": 1}, "unresolved": 0.2}},
            },
            "whole": {"set": {"touchpoints.page.cost": "1 EUR"}},
        },
    )
    return compare(variants(build(raw), ["tried", "whole"]), seed=5, replications=REPLICATIONS)


def test_a_pilot_is_told_from_a_change_for_all(comparison):
    assert is_pilot(comparison, "tried")
    assert not is_pilot(comparison, "whole")


def test_a_test_sees_those_in_the_pilot_beside_all_others(comparison):
    seen = {each.kpi: each for each in tried(comparison, "tried")}
    model = comparison.models["tried"]
    found = [
        measure(summarise(simulate(model, 5, r))).filter(kpi="completion", by="pilot") for r in range(REPLICATIONS)
    ]
    means = [{row["group"]: row["value"] for row in each.to_dicts()} for each in found]
    differences = np.array([each["pilot"] - each["others"] for each in means])
    completion = seen["completion"]
    assert completion.difference == pytest.approx(differences.mean())
    assert completion.pilot == pytest.approx(0.8, abs=0.04)
    assert completion.others == pytest.approx(0.5, abs=0.04)
    assert completion.lower < 0.3 < completion.upper
    assert completion.told_apart > 0.99
    assert completion.needed < 1
    mark, half = stats.t.ppf(0.975, REPLICATIONS - 1), differences.std(ddof=1) * math.sqrt(1 + 1 / REPLICATIONS)
    assert completion.upper == pytest.approx(differences.mean() + mark * half)
    assert seen["satisfaction"].difference > 0
    assert "abandonment" not in seen  # nobody waits


def test_of_few_tests_nobody_can_tell_how_far_they_scatter(comparison):
    few = replace(comparison, values=comparison.values.filter(pl.col("replication") < 5))
    completion = {each.kpi: each for each in tried(few, "tried")}["completion"]
    assert completion.tests == 5
    assert completion.difference > 0
    assert math.isnan(completion.told_apart)
    page_ = comparison_report(few, "Pages", "Does it help?", {})
    part = page_[page_.index("What a test of this size") : page_.index("Money by quarter</h2>")]
    assert part.count("needs 10 runs") == 3 * len(tried(few, "tried"))


def test_how_much_larger_a_test_has_to_be_is_said_in_plain_digits():
    assert [_times(size) for size in (0.4, 9.04, 463.2, 2000.0, math.inf)] == [
        "enough", "9.0 times", "460 times", "out of reach", "out of reach",
    ]  # fmt: skip


def test_the_report_tells_of_the_test_where_there_is_one(comparison):
    page_ = comparison_report(comparison, "Pages", "Does it help?", {})
    assert page_.count("What a test of this size would have seen: A page that answers") == 1
    assert "needs 10 runs" not in page_
    assert re.search(r">Completion<.*?>over 99 %<.*?>enough<", page_, re.DOTALL)
    only = replace(comparison, models={name: comparison.models[name] for name in ("baseline", "whole")})
    assert "What a test of this size" not in comparison_report(only, "Pages", "Does it help?", {})
    assert comparison.values.filter(scenario="whole", by="pilot").is_empty()


def of_two_personas(comparison, **who):
    raw = deepcopy(comparison.models["baseline"].raw)
    person = raw["personas"]["person"]
    raw["personas"] = {"person": person | {"share": 0.5}, "other": person | {"share": 0.5, "satisfaction": {"rest": 9}}}
    raw["changes"]["tried"]["who"] = {"persona": "other"} | who
    return compare(variants(build(raw), ["tried"]), seed=5, replications=2)


def test_those_in_the_pilot_of_a_persona_are_compared_with_others_of_that_persona(comparison):
    seen = {each.kpi: each for each in tried(of_two_personas(comparison, share=0.5), "tried")}
    assert seen["satisfaction"].others > 8  # those who rest at 5 are left out


def test_where_nobody_is_left_to_compare_with_the_report_says_so(comparison):
    everybody = of_two_personas(comparison)
    assert tried(everybody, "tried") == []
    assert "somebody is not who could have been" in comparison_report(everybody, "Pages", "Does it help?", {})
