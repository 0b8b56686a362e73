"""What we do not know exactly takes another value in each replication, written as it stands in a scenario."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import ScenarioError, build, simulate
from sim.changes import settled
from sim.uncertain import Uncertain
from tests.sim.stories import company

UNIT = st.floats(min_value=2.0**-53, max_value=1 - 2.0**-53)


def spread(law, n=4000):
    values = [law.value((i + 0.5) / n) for i in range(n)]
    mean = sum(values) / n
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / n)


@pytest.mark.parametrize("kind", ["normal", "lognormal"])
def test_a_law_has_the_mean_and_spread_it_states(kind):
    mean, sd = spread(Uncertain(kind=kind, mean=0.5, sd=0.1))
    assert mean == pytest.approx(0.5, rel=1e-3)
    assert sd == pytest.approx(0.1, rel=1e-2)


def test_a_uniform_law_lies_evenly_between_its_bounds():
    law = Uncertain(kind="uniform", low=2, high=4)
    assert [law.value(u) for u in (0.25, 0.5, 0.75)] == [2.5, 3, 3.5]


@given(st.floats(min_value=0.001, max_value=0.999), st.sampled_from(["normal", "lognormal", "uniform"]))
def test_the_rank_of_a_value_is_the_number_at_which_it_is_drawn(u, kind):
    law = Uncertain(kind=kind, mean="5 min", sd="2 min", low="0 min", high="60 min")
    if kind == "normal":
        u = max(u, 0.01)  # below, the law is at its bound
    assert law.rank(law.value(u)) == pytest.approx(u, abs=1e-9)


def test_a_value_in_another_unit_has_no_rank():
    with pytest.raises(ValueError, match="are in different units"):
        Uncertain(mean="5 min", sd="1 min").rank("300 s")


@given(UNIT)
def test_no_value_passes_its_bounds(u):
    assert 0.4 <= Uncertain(mean=0.5, sd=1, low=0.4, high=0.7).value(u) <= 0.7
    assert Uncertain(mean=0.5, sd=1, low=0.4).value(u) >= 0.4
    assert Uncertain(mean=0.5, sd=1, high=0.7).value(u) <= 0.7
    assert Uncertain(kind="lognormal", mean=0.5, sd=2).value(u) > 0


def test_a_value_keeps_the_unit_of_its_law():
    assert Uncertain(mean="7.2 min", sd="0.1 min", low=0).value(0.5) == "7.2 min"
    assert Uncertain(kind="uniform", low=0, high="2 / week").value(0.5) == "1.0 / week"


# ---- in a scenario ---------------------------------------------------------------------------------------------------

PATH = "touchpoints.desk.service_time"
UNCERTAIN = company(uncertain={PATH: {"mean": "5 min", "sd": "1 min", "low": "1 min"}})


def minutes(seed, replication, raw=UNCERTAIN):
    return settled(build(raw), seed, replication).touchpoints["desk"].service_time.mean


def test_each_replication_has_its_own_value_and_keeps_it():
    values = [minutes(7, replication) for replication in range(5)]
    assert len(set(values)) == 5
    assert values == [minutes(7, replication) for replication in range(5)]
    assert minutes(8, 0) != minutes(7, 0)


def test_every_scenario_takes_the_same_value_in_the_same_replication():
    other = UNCERTAIN | {"title": "another", "population": {"customers": 5}}
    assert minutes(7, 3) == minutes(7, 3, other)


def test_another_uncertain_value_leaves_this_one_where_it_was():
    more = {"population.joins.rate": {"kind": "uniform", "low": "1 / day", "high": "2 / day"}} | UNCERTAIN["uncertain"]
    joining = {"customers": 1, "joins": {"rate": "1 / day"}}
    assert minutes(7, 3) == minutes(7, 3, UNCERTAIN | {"population": joining, "uncertain": more})


REST = "personas.{}.satisfaction.rest"
LAW = {"mean": 5, "sd": 1}


def rests(replication, **told):
    """Resting levels of Ann and Bob, whose laws may say more."""
    people = {name: {"share": 0.5, "satisfaction": {"rest": 5}} for name in ("ann", "bob")}
    uncertain = {REST.format(name): LAW | told.get(name, {}) for name in people}
    personas = settled(build(company(personas=people, uncertain=uncertain)), 7, replication).personas
    return [personas[name].satisfaction.rest for name in people]


def test_one_value_at_several_places_is_drawn_once_for_all_of_them():
    together = {"bob": {"with": REST.format("ann")}}
    for replication in range(5):
        ann, bob = rests(replication, **together)
        assert ann == bob
        assert [ann] == rests(replication)[:1]  # who is followed keeps the luck they had alone
        assert bob != rests(replication)[1]


def test_values_drawn_together_keep_laws_of_their_own():
    ann, bob = rests(3, bob={"with": REST.format("ann"), "mean": 6, "sd": 0.5})
    assert bob - 6 == pytest.approx((ann - 5) / 2)


def test_what_two_values_in_common_are_unsure_of_does_not_average_out():
    def spread_of_the_mean(**told):
        means = [sum(rests(replication, **told)) / 2 for replication in range(200)]
        return math.sqrt(sum((mean - 5) ** 2 for mean in means) / len(means))

    error = 3.5 / math.sqrt(2 * 200)  # of a standard deviation, relative
    assert spread_of_the_mean() == pytest.approx(1 / math.sqrt(2), rel=error)
    assert spread_of_the_mean(bob={"with": REST.format("ann")}) == pytest.approx(1, rel=error)


@pytest.mark.parametrize(
    ("ann", "bob", "other"),
    [
        ({}, {"with": "personas.ann.satisfaction.rset"}, "personas.ann.satisfaction.rset"),
        ({}, {"with": "personas.bob.satisfaction.rest"}, "personas.bob.satisfaction.rest"),
        ({}, {"with": "clock.horizon"}, "clock.horizon"),
    ],
)
def test_what_is_drawn_with_nothing_uncertain_is_told(ann, bob, other):
    with pytest.raises(ScenarioError) as caught:
        rests(0, ann=ann, bob=bob)
    (problem,) = caught.value.problems
    assert problem.path == "uncertain.personas.bob.satisfaction.rest.with"
    assert problem.message.startswith(f"'{other}' is no uncertain value drawn by itself; ")
    assert "personas.ann.satisfaction.rest" in problem.message


def test_what_is_drawn_with_another_cannot_be_followed_itself():
    with pytest.raises(ScenarioError) as caught:
        rests(0, ann={"with": REST.format("bob")}, bob={"with": REST.format("ann")})
    assert len(caught.value.problems) == 2


def test_a_scenario_without_uncertainty_is_settled_already():
    model = build(company())
    assert settled(model, 7, 0) is model


def test_a_result_carries_the_value_it_was_made_with():
    result = simulate(build(UNCERTAIN), 7, 2)
    assert result.model.touchpoints["desk"].service_time.mean == minutes(7, 2)
    assert result.tables.visits["ended"][0] - result.tables.visits["started"][0] == pytest.approx(minutes(7, 2))


def test_values_of_many_replications_follow_the_law():
    values = [minutes(7, replication) for replication in range(200)]
    mean = sum(values) / len(values)
    assert mean == pytest.approx(5, abs=3.5 / math.sqrt(200))
