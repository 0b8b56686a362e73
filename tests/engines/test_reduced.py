"""A scenario that shows something is reduced to little more than what shows it."""

import pytest

from sim import build, simulate
from tests.engines.generated import scenario
from tests.engines.reduced import paths, reduced, smaller_at, still


def somebody_abandons(raw):
    visits = simulate(build(raw), seed=1).tables.visits
    return (visits["outcome"] == "abandoned").any()


@pytest.mark.slow
def test_a_generated_scenario_is_reduced_to_what_matters():
    raw = next(raw for seed in range(100) if somebody_abandons(raw := scenario(seed, rounded=True)))
    small = reduced(raw, somebody_abandons)
    assert somebody_abandons(small)
    assert len(list(paths(small))) < len(list(paths(raw))) / 5
    smaller = (other for path in paths(small) for other in smaller_at(small, path))
    assert not any(still(somebody_abandons, other) for other in smaller)  # nothing more can go


def test_weights_beside_what_goes_add_up_again():
    raw = {"outcomes": {"resolved": {"p": 0.5}, "sent": 0.25, "lost": 0.25}}
    assert reduced(raw, lambda raw: "sent" in raw.get("outcomes", {})) == {"outcomes": {"sent": 1.0}}
