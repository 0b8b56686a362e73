"""Every law states its own mean, variance and quantile, and they agree with each other and with what a fit finds."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from sim import draws, rules
from sim.distributions import Distribution, Empirical, Gamma, Hazard

LAW = TypeAdapter(Distribution)
LAWS = {
    "exponential": {"kind": "exponential", "mean": "7 min"},
    "gamma": {"kind": "gamma", "mean": "7 min", "cv": 0.6},
    "gamma, scattered": {"kind": "gamma", "mean": "7 min", "cv": 2.0},
    "weibull, ageing": {"kind": "weibull", "median": "9 min", "shape": 2.2},
    "weibull, settling": {"kind": "weibull", "median": "9 min", "shape": 0.7},
    "lognormal": {"kind": "lognormal", "mean": "6.5 min", "cv": 0.8},
    "loglogistic": {"kind": "loglogistic", "median": "9 min", "shape": 4.5},
    "uniform": {"kind": "uniform", "low": "2 min", "high": "5 min"},
    "empirical": {"kind": "empirical", "quantiles": {0: "0.2 min", 0.5: "4 min", 0.9: "12 min", 1: "45 min"}},
    "hazard": {"kind": "hazard", "rates": {"0 min": "0.2 / min", "1 min": "0.05 / min", "9 min": "0.1 / min"}},
    "hazard with a pause": {"kind": "hazard", "rates": {"0 min": "0.2 / min", "2 min": 0, "4 min": "0.3 / min"}},
    "mixture": {
        "kind": "mixture",
        "parts": {
            "mistaken": {"p": 0.06, "law": {"kind": "exponential", "mean": "0.3 min"}},
            "normal": {"p": 0.94, "law": {"kind": "lognormal", "mean": "7 min", "cv": 0.7}},
        },
    },
}
EVERY_LAW = pytest.mark.parametrize("description", LAWS.values(), ids=LAWS)


def law(description):
    return LAW.validate_python(description)


def moments(distribution):
    """Mean and variance as integrals of the quantile, ∫ Q(u) du and ∫ Q(u)² du, taken evenly over logit(u)."""
    logits = np.linspace(-36.5, 36.5, 36_501)
    u = 1 / (1 + np.exp(-logits))
    q = np.array([distribution.quantile(float(x)) for x in u])
    density = np.exp(-np.abs(logits)) / (1 + np.exp(-np.abs(logits))) ** 2
    mean, square = np.trapezoid(q * density, logits), np.trapezoid(q**2 * density, logits)
    return mean, square - mean**2


@EVERY_LAW
def test_mean_and_variance_are_the_integrals_of_the_quantile(description):
    distribution = law(description)
    mean, variance = moments(distribution)
    assert mean == pytest.approx(distribution.mean, rel=1e-4)
    assert variance == pytest.approx(distribution.variance, rel=1e-3)


def test_a_fixed_duration_is_its_own_mean_and_never_varies():
    fixed = law("5 min")
    assert (fixed.mean, fixed.variance, fixed.quantile(0.01), fixed.quantile(0.99)) == (5, 0, 5, 5)
    assert fixed.survival([4.9, 5, 5.1]).tolist() == [1, 0, 0]


@EVERY_LAW
def test_a_luckier_number_never_means_a_shorter_time(description):
    distribution = law(description)
    q = [distribution.quantile(u) for u in [2.0**-53, 1e-9, *np.linspace(0.001, 0.999, 999), 1 - 1e-9, 1 - 2.0**-53]]
    assert all(later >= earlier >= 0 for earlier, later in pairwise(q))


@EVERY_LAW
def test_the_quantile_is_the_inverse_of_the_survival(description):
    distribution = law(description)
    u = np.linspace(0.001, 0.999, 499)
    q = np.array([distribution.quantile(float(x)) for x in u])
    assert distribution.survival(q) == pytest.approx(1 - u, abs=2e-4)


@EVERY_LAW
def test_the_likelihood_is_the_slope_of_the_survival_and_its_height_where_cut_off(description):
    distribution = law(description)
    for u in (0.2, 0.45, 0.8):
        x, h = distribution.quantile(u), 1e-5
        high, low = distribution.survival([x - h, x + h])
        assert distribution.log_likelihood([x]) == pytest.approx(math.log((high - low) / (2 * h)), abs=1e-3)
        cut = distribution.log_likelihood([x], [True])
        assert cut == pytest.approx(math.log(float(distribution.survival([x])[0])), abs=1e-9)


@EVERY_LAW
def test_the_likelihood_of_many_is_the_sum_of_the_likelihoods(description):
    distribution = law(description)
    x = [distribution.quantile(u) for u in (0.2, 0.5, 0.7)]
    together = distribution.log_likelihood(x, [False, True, False])
    alone = [distribution.log_likelihood([value], [cut]) for value, cut in zip(x, [False, True, False], strict=True)]
    assert together == pytest.approx(sum(alone))


def test_a_fixed_duration_knows_which_observations_it_allows():
    fixed = law("5 min")
    assert fixed.log_likelihood([5, 5], [False, False]) == 0
    assert fixed.log_likelihood([5, 3], [False, True]) == 0
    assert fixed.log_likelihood([5, 4]) == -math.inf
    assert fixed.log_likelihood([6], [True]) == -math.inf


# ---- fits ------------------------------------------------------------------------------------------------------------

FITTED = {
    "exponential": ("mean",),
    "gamma": ("mean", "cv"),
    "weibull, ageing": ("median", "shape"),
    "weibull, settling": ("median", "shape"),
    "lognormal": ("mean", "cv"),
    "loglogistic": ("median", "shape"),
}


def sample(distribution, n=2000):
    """An ideal sample: one value from the middle of each n-th part of the law."""
    return np.array([distribution.quantile((i + 0.5) / n) for i in range(n)])


@pytest.mark.parametrize("name", FITTED)
def test_a_fit_finds_the_parameters_again(name):
    truth = law(LAWS[name])
    found = type(truth).fit(sample(truth))
    for parameter in FITTED[name]:
        assert getattr(found, parameter) == pytest.approx(getattr(truth, parameter), rel=0.01)


@pytest.mark.parametrize("name", FITTED)
def test_a_fit_is_not_misled_by_observations_that_were_cut_off(name):
    truth = law(LAWS[name])
    lasted = sample(truth)
    luck = np.array([draws.uniform(7, 0, customer=k, purpose="cut off") for k in range(len(lasted))])
    cut_off = -1.5 * truth.quantile(0.5) * np.log(luck)
    seen, cut = np.minimum(lasted, cut_off), cut_off < lasted
    assert 0.2 < cut.mean() < 0.6
    found = type(truth).fit(seen, cut)
    for parameter in FITTED[name]:  # 1000 observed ends: about three standard errors
        assert getattr(found, parameter) == pytest.approx(getattr(truth, parameter), rel=0.1)


def test_an_exponential_fit_is_time_over_ends():
    found = type(law(LAWS["exponential"])).fit([2, 3, 5], [False, False, True])
    assert found.mean == 5


def test_a_uniform_fit_reaches_from_the_shortest_to_the_longest():
    found = type(law(LAWS["uniform"])).fit([3, 2.5, 4])
    assert (found.low, found.high) == (2.5, 4)


def test_a_fixed_fit_is_the_median():
    assert type(law("5 min")).fit([1, 5, 9]).value == 5


def test_an_empirical_fit_follows_any_law():
    truth = law(LAWS["mixture"])
    found = Empirical.fit(sample(truth, 20_000))
    for u in (0.06, 0.1, 0.5, 0.9, 0.99):
        assert found.quantile(u) == pytest.approx(truth.quantile(u), rel=0.02)


def test_a_hazard_fit_is_ends_over_exposure_piece_by_piece():
    truth = law(LAWS["hazard"])
    lasted = sample(truth, 20_000)
    seen, cut = np.minimum(lasted, 15), lasted > 15
    found = Hazard.fit(seen, cut, starts=[0, 1, 9])
    assert list(found.rates) == [0, 1, 9]
    assert list(found.rates.values()) == pytest.approx([0.2, 0.05, 0.1], rel=0.01)


def test_a_hazard_fit_by_itself_gives_each_piece_as_many_ends():
    lasted = sample(law(LAWS["weibull, settling"]))
    found = Hazard.fit(lasted)
    counts = np.histogram(lasted, bins=[*found.rates, math.inf])[0]
    assert counts.max() - counts.min() <= 1
    assert found.survival([5.0])[0] == pytest.approx(np.mean(lasted > 5), abs=0.02)


# ---- laws that engines read from a table -----------------------------------------------------------------------------


def table_moments(law):
    """Mean and variance of a table: straight in logit(u) between its knots, by Gauss–Legendre in every stretch."""
    assert law.kind == rules.TABLE
    nodes, weights = np.polynomial.legendre.leggauss(6)
    at, value = np.array(law.at), np.array(law.value)
    share = (nodes + 1) / 2
    logits = at[:-1, None] + np.diff(at)[:, None] * share
    q = value[:-1, None] + np.diff(value)[:, None] * share
    density = np.exp(-np.abs(logits)) / (1 + np.exp(-np.abs(logits))) ** 2
    mass = density * np.diff(at)[:, None] * weights / 2
    mean = float((q * mass).sum())
    return mean, float(((q - mean) ** 2 * mass).sum())


@pytest.mark.parametrize("cv", [0.1, 0.2, 0.5, 1, 2, 3, 5, 10])
def test_the_table_of_a_gamma_keeps_mean_and_variance_to_one_in_ten_thousand(cv):
    gamma = Gamma(mean="7 min", cv=cv)
    mean, variance = table_moments(gamma.law)
    assert mean == pytest.approx(7, rel=1e-4)
    assert variance == pytest.approx(49 * cv**2, rel=1e-4)


def two(one, other, p=0.5):
    return law({"kind": "mixture", "parts": {"one": {"p": p, "law": one}, "other": {"p": 1 - p, "law": other}}})


def lognormal(mean, cv):
    return {"kind": "lognormal", "mean": f"{mean} min", "cv": cv}


@pytest.mark.parametrize(
    "mixture",
    [
        two(lognormal(0.3, 1), lognormal(7, 1), p=0.06),
        two(lognormal(1, 0.1), lognormal(50, 0.1), p=0.3),
        two(lognormal(0.01, 0.1), lognormal(1000, 0.1)),
        two(lognormal(1000, 0.5), lognormal(1, 0.5), p=0.001),
        two(lognormal(5, 3), lognormal(3, 0.1)),
        two("5 min", lognormal(10, 1)),
        two("5 min", "50 min"),
        two({"kind": "uniform", "low": "1 min", "high": "2 min"}, {"kind": "uniform", "low": "8 min", "high": "9 min"}),
        two({"kind": "gamma", "mean": "5 min", "cv": 10}, {"kind": "gamma", "mean": "3 min", "cv": 0.1}),
    ],
    ids=["mistaken", "apart", "far apart", "rare", "scattered", "atom", "two atoms", "with a gap", "gammas"],
)
def test_the_table_of_a_mixture_keeps_mean_and_variance_to_one_in_ten_thousand(mixture):
    mean, variance = table_moments(mixture.law)
    assert mean == pytest.approx(mixture.mean, rel=1e-4)
    assert variance == pytest.approx(mixture.variance, rel=1e-4)


def test_a_mixture_in_which_some_never_end_gives_them_a_very_long_time():
    some_stay = {"kind": "hazard", "rates": {"0 min": "0.5 / min", "1 min": 0}}
    mixture = two(some_stay, {"kind": "exponential", "mean": "3 min"})
    ever = 1 - 0.5 * math.exp(-0.5)
    assert mixture.mean == math.inf
    assert mixture.quantile(ever - 0.01) < 60
    assert 1e20 < mixture.quantile(ever + 0.01) < math.inf
    assert mixture.survival([mixture.quantile(0.3)])[0] == pytest.approx(0.7, abs=1e-3)


# ---- laws that end late or never -------------------------------------------------------------------------------------


def test_a_hazard_that_stops_leaves_some_for_ever():
    patience = law({"kind": "hazard", "rates": {"0 min": "0.5 / min", "1 min": 0}})
    assert patience.quantile(0.3) == pytest.approx(-math.log(0.7) / 0.5)
    assert patience.quantile(0.5) == math.inf
    assert patience.mean == patience.variance == math.inf


def test_a_heavy_tail_has_an_infinite_mean_or_variance():
    assert law({"kind": "loglogistic", "median": "9 min", "shape": 1}).mean == math.inf
    tail = law({"kind": "loglogistic", "median": "9 min", "shape": 1.5})
    assert (tail.mean, tail.variance) == (pytest.approx(9 * (math.pi / 1.5) / math.sin(math.pi / 1.5)), math.inf)


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "remedy"),
    [
        ({"kind": "exponential", "mean": "0 min"}, "greater than 0"),
        ({"kind": "exponential", "mean": "-5 min"}, "greater than 0"),
        ({"kind": "exponential", "mean": 5}, "5 has no unit; write for instance '5 min'"),
        ({"kind": "exponential", "mean": "1e999 min"}, "finite"),
        ({"kind": "lognormal", "mean": "5 min", "cv": 0}, "greater than 0"),
        ({"kind": "lognormal", "mean": "5 min", "cv": math.inf}, "finite"),
        ({"kind": "lognormal", "mean": "5 min"}, "Field required"),
        ({"kind": "weibull", "median": "5 min", "shape": -1}, "greater than 0"),
        ({"kind": "uniform", "low": "5 min", "high": "2 min"}, "high (2 min) is not above low (5 min)"),
        ({"kind": "empirical", "quantiles": {0.1: "1 min", 1: "9 min"}}, "they should reach from 0 (shortest) to 1"),
        ({"kind": "empirical", "quantiles": {0: "5 min", 1: "1 min"}}, "quantiles fall somewhere"),
        ({"kind": "empirical", "quantiles": {0: "5 min"}}, "at least 2 items"),
        ({"kind": "hazard", "rates": {"1 min": "0.2 / min"}}, "the first hazard begins at 1 min; it should begin at 0"),
        (
            {"kind": "mixture", "parts": {"a": {"p": 0.5, "law": "5 min"}, "b": {"p": 0.4, "law": "1 min"}}},
            "shares of the parts add up to 0.9; they should add up to 1 (a 0.5, b 0.4)",
        ),
        ({"kind": "poisson", "mean": "5 min"}, "poisson"),
        ({"mean": "5 min"}, "Unable to extract tag"),
        ("soon", "'soon' is not a quantity"),
        ("-5 min", "greater than or equal to 0"),
    ],
)
def test_parameters_that_make_no_law_are_refused(description, remedy):
    with pytest.raises(ValidationError, match=re.escape(remedy)):
        law(description)
