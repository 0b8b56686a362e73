"""A scenario says much in few words, and the model fills in what was left out."""

import re

import pytest
from pydantic import ValidationError

from sim import ScenarioError, build
from sim.model import GIVE_UP, RESOLVED
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, page, pool


def test_a_model_cannot_be_altered():
    model = build(company())
    with pytest.raises(ValidationError, match="frozen"):
        model.title = "another"


def test_two_models_of_the_same_words_are_equal():
    assert build(company()) == build(company())
    assert build(company()) != build(company(title="another"))


def test_a_model_remembers_the_words_it_was_made_of():
    assert build(EVERYTHING).raw == EVERYTHING


def test_a_bare_number_is_a_probability_and_a_bare_rate_is_a_rate():
    model = build(EVERYTHING)
    assert model.journeys["billing"].steps["ask"].outcomes["resolved"].p == 0.5
    assert model.journeys["billing"].steps["ask"].next["unresolved"]["give_up"].p == 0.2
    assert model.personas["caller"].needs["billing"].rate == pytest.approx(0.8 / 10080)


def test_a_bare_duration_is_a_fixed_one():
    assert build(company()).touchpoints["desk"].service_time.mean == 5


def test_one_name_stands_for_a_list_of_one():
    assert build(company()).touchpoints["desk"].staff == {"clerks": 0}
    assert build(EVERYTHING).journeys["fault"].ends["mended"].adds == ("router",)


def test_tilts_stand_beside_the_effect_on_time():
    difficulty = build(EVERYTHING).journeys["billing"].difficulty
    assert (difficulty.time, difficulty.tilts) == (0.2, {"resolved": -0.6})
    assert difficulty.matters
    assert not build(company()).journeys["ann"].difficulty.matters


def test_patience_is_that_of_the_touchpoint_else_of_its_channel_else_endless():
    patience = {"phone": "6 min", "desk": "3 min"}
    model = build(
        company(
            personas={"one": {"share": 0.5, "patience": patience}, "other": {"share": 0.5}},
            touchpoints={"desk": desk(), "counter": desk()},
        )
    )
    assert model.patience("one", "desk").a == 3
    assert model.patience("one", "counter").a == 6
    assert model.patience("other", "desk") is None


def test_a_pool_without_a_department_is_one_by_itself():
    model = build(company(staff={"clerks": pool(1), "experts": pool(1, department="engineering")}))
    assert [model.department(name) for name in model.staff] == ["clerks", "engineering"]


def test_a_journey_has_two_ends_built_in_and_may_give_them_effects():
    own = call(10) | {"ends": {"lost": {"good": False}, "resolved": {"good": True, "revenue": "5 EUR"}}}
    ends = build(company(journeys={"ann": own})).journeys["ann"].all_ends
    assert list(ends) == [RESOLVED, GIVE_UP, "lost"]
    assert (ends[RESOLVED].revenue, ends[GIVE_UP].good) == (5, False)


def test_a_rate_follows_the_profile_called_weekly_if_there_is_one():
    model = build(EVERYTHING)
    assert model.profile(model.population.joins)[1] == "weekly"
    assert model.profile(model.population.joins)[0] == model.profiles["weekly"]
    alone = build(company())
    assert alone.profile(alone.population.joins)[0].weekly[1].tolist() == [1] * 7


def test_the_resting_level_is_the_persons_own_and_all_its_terms():
    satisfaction = {"rest": 6.8, "terms": {"price": -0.5, "network": 0.2}}
    model = build(company(personas={"person": {"share": 1, "satisfaction": satisfaction}}))
    assert model.personas["person"].satisfaction.level == pytest.approx(6.5)


def test_the_weights_of_an_experience_leave_something_or_nothing_for_the_mean():
    build(company(personas={"person": {"share": 1, "satisfaction": {"peak": 0.3, "end": 0.7}}}))
    with pytest.raises(ScenarioError, match=re.escape("peak (0.3) and end (0.8) add up to more than 1")):
        build(company(personas={"person": {"share": 1, "satisfaction": {"peak": 0.3, "end": 0.8}}}))


def test_money_is_in_the_currency_of_the_scenario():
    model = build(company(currency="CHF", touchpoints={"desk": desk(cost="2 CHF")}))
    assert model.touchpoints["desk"].cost == 2


def test_unstated_parts_do_nothing():
    model = build(company(touchpoints={"desk": page()}, staff={}))
    person = model.personas["person"]
    assert (person.churn, person.survey, person.value.revenue) == (None, None, 0)
    assert person.satisfaction.by_outcome["resolved"] == 0
    assert model.population.joins.rate == 0
    assert model.measure.answer_within == pytest.approx(1 / 3)


def test_customers_of_a_persona_are_alike_unless_said_otherwise():
    alike, differ = ({"share": 0.5}, {"share": 0.5, "needs_differ": 0.5})
    personas = build(company(personas={"alike": alike, "differ": differ})).personas
    assert personas["alike"].neediness is None
    assert personas["differ"].neediness is not None
