"""Stories of mood and satisfaction, with the arithmetic done by hand, and of what the survey sees of it."""

import math

import pytest

from sim.rules import answer_probability
from tests.sim.stories import call, company, customer, desk, journey, journeys, moment, page, pool, tell, visit, visits


def person(patience=None, survey=None, **feelings):
    """Somebody whose satisfaction rests at 6 and who feels only what is said."""
    described = {"share": 1, "satisfaction": {"rest": 6, "memory": 0.5} | feelings}
    return {"person": described | ({"patience": {"phone": patience}} if patience else {}) | (survey or {})}


def moods(tables, goal="ann"):
    return [(row["mood_before"], row["mood_after"]) for row in visits(tables, goal)]


# ---- mood ------------------------------------------------------------------------------------------------------------


def test_a_mood_starts_at_the_customers_satisfaction_and_stays_if_nothing_is_felt():
    assert moods(tell(company(personas=person()))) == [(6, 6)]


def test_waiting_beyond_the_tolerance_lowers_it_by_the_minute_and_losses_weigh_more():
    feelings = {"wait": {"tolerance": "1 min", "per_minute": -0.1, "cap": "30 min"}, "loss_aversion": 1.5}
    tables = tell(company(personas=person(**feelings), journeys={"bob": call(10), "ann": call(10)}))
    assert moods(tables) == [(6, pytest.approx(6 - 0.1 * 4 * 1.5))]
    assert moods(tables, "bob") == [(6, 6)]


def test_waiting_hurts_no_more_beyond_its_cap():
    feelings = {"wait": {"per_minute": -0.1, "cap": "3 min"}}
    tables = tell(company(personas=person(**feelings), journeys={"bob": call(10), "ann": call(10)}))
    assert moods(tables) == [(6, pytest.approx(5.7))]


def test_waiting_in_vain_hurts_as_long_as_it_lasted_and_abandoning_on_top():
    feelings = {"wait": {"per_minute": -0.1}, "abandoned": -1}
    raw = company(personas=person("3 min", **feelings), journeys={"bob": call(10), "ann": call(10)})
    assert moods(tell(raw)) == [(6, pytest.approx(6 - 0.3 - 1))]


@pytest.mark.parametrize(
    ("parts", "feeling"),
    [
        ({}, "resolved"),
        ({"journeys": {"ann": call(10, step={"outcomes": {"unresolved": 1}, "next": {"unresolved": {"give_up": 1}}})}},
         "unresolved"),
        ({"staff": {"clerks": pool(0)}}, "closed"),
        ({"channels": {"phone": {"lines": 0}}}, "blocked"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("amount", [0.5, -0.5])
def test_each_way_a_visit_can_end_moves_the_mood_by_its_own_amount(parts, feeling, amount):
    raw = company(personas=person(**{feeling: amount, "loss_aversion": 2}), **parts)
    assert moods(tell(raw)) == [(6, 6.5 if amount > 0 else 5)]


def test_an_outcome_may_move_the_mood_by_itself():
    ann = call(10, step={"outcomes": {"resolved": {"p": 1, "mood": 0.7}}})
    assert moods(tell(company(personas=person(resolved=0.1), journeys={"ann": ann}))) == [(6, pytest.approx(6.8))]


def two_steps(first="desk", second="desk", **outcome):
    """An issue that is passed on once."""
    steps = {
        "one": {"touchpoint": first, "outcomes": {"on": 1}, "next": {"on": {"two": 1}}},
        "two": {"touchpoint": second, "outcomes": {"resolved": {"p": 1} | outcome}},
    }
    return {"when": {"on": moment(10)}, "start": {"any": "one"}, "steps": steps}


def test_coming_to_the_same_touchpoint_again_is_felt():
    raw = company(personas=person(repeat=-1), journeys={"ann": two_steps()})
    assert moods(tell(raw)) == [(6, 6), (6, 5)]


def test_being_handed_to_another_department_is_felt_when_it_has_served_her():
    raw = company(
        personas=person(handoff=-1),
        journeys={"ann": two_steps(second="lab")},
        touchpoints={"desk": desk(), "lab": desk("lab")},
        staff={"clerks": pool(1), "lab": pool(1)},
    )
    assert moods(tell(raw)) == [(6, 6), (6, 5)]


def test_coming_back_after_a_resolution_that_did_not_hold_is_felt_once():
    ann = two_steps(second="help", holds=0, reopens={"three": {"p": 1, "after": "1 h"}})
    ann["steps"]["three"] = {"touchpoint": "more", "outcomes": {"on": 1}, "next": {"on": {"four": 1}}}
    ann["steps"]["four"] = {"touchpoint": "last", "outcomes": {"resolved": 1}}
    touchpoints = {name: page(1) for name in ("desk", "help", "more", "last")}
    raw = company(personas=person(reopened=-1), journeys={"ann": ann}, touchpoints=touchpoints)
    assert [after for _, after in moods(tell(raw))] == [6, 6, 5, 5]


def test_arriving_later_than_promised_is_felt_by_its_own_curve():
    late = {"late": {"tolerance": "1 min", "per_minute": -0.1, "cap": "60 min"}}
    raw = company(personas=person(**late), journeys={"bob": call(10), "ann": call(10, step={"promise": "7 min"})})
    assert moods(tell(raw)) == [(6, pytest.approx(6 - 0.1 * (10 - 7 - 1)))]
    kept = company(personas=person(**late), journeys={"ann": call(10, step={"promise": "5 min"})})
    assert moods(tell(kept)) == [(6, 6)]


def test_all_that_happens_in_a_visit_adds_up_before_the_scale_cuts_it_off():
    feelings = {"resolved": 5, "wait": {"per_minute": -0.4}}
    tables = tell(company(personas=person(**feelings), journeys={"bob": call(10), "ann": call(10)}))
    assert moods(tables) == [(6, pytest.approx(6 + 5 - 2))]
    assert moods(tables, "bob") == [(6, 10)]


def test_a_mood_does_not_fall_below_nothing():
    raw = company(personas=person(closed=-4, loss_aversion=2), staff={"clerks": pool(0)})
    assert moods(tell(raw)) == [(6, 0)]


def test_two_journeys_of_one_customer_have_moods_of_their_own():
    raw = company(personas=person(resolved=1), journeys={"ann": call(10), "bob": call(11)}, staff={"clerks": pool(2)})
    assert moods(tell(raw), "bob") == [(6, 7)]


# ---- experience and satisfaction -------------------------------------------------------------------------------------


def three_moods(**feelings):
    """An issue with moods 5, 4 and 7."""
    steps = {
        "one": {"touchpoint": "page", "outcomes": {"on": {"p": 1, "mood": -1}}, "next": {"on": {"two": 1}}},
        "two": {"touchpoint": "page", "outcomes": {"on": {"p": 1, "mood": -1}}, "next": {"on": {"three": 1}}},
        "three": {"touchpoint": "page", "outcomes": {"resolved": {"p": 1, "mood": 3}}},
    }
    ann = {"when": {"on": moment(10)}, "start": {"any": "one"}, "steps": steps}
    return company(personas=person(**feelings), journeys={"ann": ann}, touchpoints={"page": page(0)})


def test_an_experience_is_made_of_the_worst_moment_the_end_and_the_rest():
    tables = tell(three_moods(peak=0.3, end=0.4))
    experience = 0.3 * 4 + 0.4 * 7 + 0.3 * (5 + 4 + 7) / 3
    ann = journey(tables, "ann")
    assert ann["experience"] == pytest.approx(experience)
    assert (ann["satisfaction_before"], ann["satisfaction_after"]) == (6, pytest.approx(6 + 0.5 * (experience - 6)))


def test_an_end_that_is_felt_is_a_moment_of_its_own():
    raw = three_moods(peak=0, end=1)
    raw["journeys"]["ann"]["ends"] = {"resolved": {"good": True, "mood": -2}}
    assert journey(tell(raw), "ann")["experience"] == 5


def test_one_without_a_memory_stays_as_satisfied_as_before():
    assert journey(tell(three_moods(memory=0, end=1)), "ann")["satisfaction_after"] == 6


def test_between_journeys_satisfaction_returns_to_its_resting_level():
    feelings = {"resolved": 2, "recovery": "0.5 / h", "end": 1}
    tables = tell(company(personas=person(**feelings), journeys={"ann": call(10), "bob": call(75)}))
    assert journey(tables, "ann")["satisfaction_after"] == 7
    before = 6 + 1 * math.exp(-0.5)
    assert journey(tables, "bob")["satisfaction_before"] == pytest.approx(before)
    assert visit(tables, "bob")["mood_before"] == pytest.approx(before)
    # Satisfaction goes on returning while bob is served; his mood started from what it was when the journey opened.
    at_close = 6 + 1 * math.exp(-0.5 * 65 / 60)
    after = at_close + 0.5 * (before + 2 - at_close)
    assert journey(tables, "bob")["satisfaction_after"] == pytest.approx(after)
    left = 6 + (after - 6) * math.exp(-0.5 * (1440 - 80) / 60)
    assert customer(tables)["satisfaction_end"] == pytest.approx(left)


def test_the_resting_level_follows_experiences_if_it_adapts():
    feelings = {"resolved": 2, "recovery": "100 / min", "adapts": 0.25, "end": 1}
    tables = tell(company(personas=person(**feelings), journeys={"ann": call(10), "bob": call(75)}))
    first = 6 + 0.25 * (8 - 6)
    assert journey(tables, "bob")["satisfaction_before"] == pytest.approx(first)
    second = first + 0.25 * (first + 2 - first)
    assert customer(tables)["satisfaction_end"] == pytest.approx(second)


@pytest.mark.parametrize(("feelings", "stays"), [({"adapts": 0.5}, False), ({"rest": 5, "resolved": -1}, True)])
def test_who_has_got_used_to_bad_service_is_dissatisfied_still(feelings, stays):
    """Satisfaction rests at 5 in the end, either way; leaving is judged by the `rest` that is stated: 6, or 5."""
    people = person(**{"resolved": -2, "recovery": "100 / min", "end": 1} | feelings)
    people["person"]["churn"] = {"base": "1e-9 / week", "slope": 40, "every": "1 h"}  # hardly ever; below rest, at once
    row = customer(tell(company(personas=people)))
    assert row["satisfaction_end"] == pytest.approx(5)
    assert (row["left"] is None) is stays


def test_named_terms_move_the_resting_level_which_stays_on_the_scale():
    def at_rest(**terms):
        return customer(tell(company(personas=person(terms=terms))))["satisfaction_end"]

    assert at_rest(price=-0.5, network=0.2) == pytest.approx(5.7)
    assert at_rest(price=-9) == 0
    assert at_rest(price=9) == 10


def test_satisfaction_is_noted_when_the_window_opens_and_when_it_closes():
    raw = company(personas=person(resolved=2, end=1), journeys={"ann": call(10), "bob": call(30)})
    raw["clock"] |= {"warmup": "20 min"}
    only = customer(tell(raw))
    assert only["satisfaction_start"] == 7
    assert only["satisfaction_end"] == pytest.approx(8)


# ---- the survey ------------------------------------------------------------------------------------------------------


def surveyed(customers=1, **survey):
    described = {"survey": {"respond": {"level": 50}} | survey}
    raw = company(personas=person(resolved=2.4, end=1, survey=described), population={"customers": customers})
    return journeys(tell(raw | {"touchpoints": {"desk": page(1)}}))


def test_without_a_survey_nobody_is_asked():
    only = journey(tell(company()), "ann")
    assert (only["asked"], only["answered"], only["score"]) == (False, False, None)


def test_the_score_is_the_experience_rounded():
    (only,) = surveyed()
    assert (only["experience"], only["asked"], only["answered"], only["score"]) == (8.4, True, True, 8)


def test_a_survey_of_the_relationship_scores_satisfaction():
    (only,) = surveyed(of="satisfaction")
    assert (only["satisfaction_after"], only["score"]) == (pytest.approx(7.2), 7)


def test_some_are_not_asked():
    asked = [row["asked"] for row in surveyed(1000, ask=0.3)]
    assert sum(asked) == pytest.approx(300, abs=4 * 210**0.5)
    assert [row["answered"] for row in surveyed(1000, ask=0.3)] == asked


def test_some_who_are_asked_do_not_answer():
    rows = surveyed(1000, respond={"level": -1, "better": 0.2, "extreme": 0.1})
    p = answer_probability(-1, 0.2, 0.1, 8.4)
    assert all(row["asked"] for row in rows)
    assert sum(row["answered"] for row in rows) == pytest.approx(1000 * p, abs=4 * (1000 * p * (1 - p)) ** 0.5)
    assert all((row["score"] is not None) == row["answered"] for row in rows)


def test_what_people_write_down_scatters_around_what_they_feel():
    scores = [row["score"] for row in surveyed(1000, noise=1)]
    mean = sum(scores) / 1000
    assert 8.2 < mean < 8.5  # cut off at 10
    assert min(scores) >= 5
    assert max(scores) == 10


def reopened(**survey):
    """An issue that is resolved at minute 15, does not hold, and is resolved again at minute 80."""
    first = {"touchpoint": "desk", "outcomes": {"resolved": {"p": 1, "holds": 0, "mood": 3,
             "reopens": {"again": {"p": 1, "after": "1 h"}}}}}  # fmt: skip
    second = {"touchpoint": "desk", "outcomes": {"resolved": {"p": 1, "mood": -4}}}
    ann = call(10) | {"steps": {"call": first, "again": second}}
    described = {"survey": {"respond": {"level": 50}} | survey}
    return company(personas=person(end=1, survey=described), journeys={"ann": ann})


def test_who_is_resolved_is_asked_although_it_will_not_hold():
    only = journey(tell(reopened()), "ann")
    assert (only["experience"], only["closed"]) == (5, 80)
    assert (only["score"], only["scored"]) == (9, 15)  # and not again, having answered


def test_who_did_not_answer_the_first_time_is_asked_again_at_the_end():
    raw = reopened(respond={"level": 0}) | {"population": {"customers": 1000}, "staff": {"clerks": pool(1000)}}
    rows = journeys(tell(raw), "ann")
    answers = [row["scored"] for row in rows]
    assert answers.count(15) == pytest.approx(500, abs=4 * 250**0.5)
    assert answers.count(80) == pytest.approx(250, abs=4 * 190**0.5)
    assert {row["score"] for row in rows} == {9, 5, None}


def test_a_survey_of_the_relationship_asked_too_early_scores_satisfaction_as_it_is_then():
    assert journey(tell(reopened(of="satisfaction")), "ann")["score"] == 6


def test_who_only_found_it_closed_is_not_asked_for_the_company_does_not_know_of_them():
    described = {"survey": {"respond": {"level": 50}}}
    only = journey(tell(company(personas=person(survey=described), staff={"clerks": pool(0)})), "ann")
    assert (only["end"], only["asked"], only["score"], only["scored"]) == ("give_up", False, None, None)
