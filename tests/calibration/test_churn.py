from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from calibration import churn, satisfaction
from calibration.churn import SETTLING, _weeks, fit
from calibration.estimate import Estimate
from sim import units
from sim.units import MINUTES_PER_WEEK
from tests.calibration.company import CHURN, company, lived
from tests.calibration.test_satisfaction import known


@cache
def found() -> list[Estimate]:
    """What is estimated of the company that the tests of satisfaction know."""
    return fit(*known())


def of(estimates: list[Estimate], path: str) -> Estimate:
    return next(estimate for estimate in estimates if estimate.path == path)


def errors_off(estimate: Estimate, truth: float) -> float:
    """How many standard errors an estimate lies from the truth."""
    return abs(units.split(estimate.value)[0] - truth) / estimate.error


def test_the_churn_we_hid_is_found():
    log, estimates = known()[0], found()
    assert [e.path for e in estimates[:2]] == [
        f"personas.{log.personas[0]}.churn.{field}" for field in ("base", "slope")
    ]
    for persona in log.personas:
        base, slope = (of(estimates, f"personas.{persona}.churn.{field}") for field in ("base", "slope"))
        assert errors_off(base, units.split(CHURN["base"])[0]) < 3
        assert errors_off(slope, CHURN["slope"]) < 3
        assert slope.error < 0.1
        assert base.law is not None
        assert "not randomised" in slope.note


def test_a_slope_common_to_all_personas_is_one_doubt():
    log, _ = known()
    slopes = [e for e in found() if e.path.endswith("slope")]
    assert all("common to all personas" in slope.note for slope in slopes)
    assert "with" not in slopes[0].law
    assert [slope.law["with"] for slope in slopes[1:]] == [slopes[0].path] * (len(log.personas) - 1)


@pytest.mark.slow
def test_where_satisfaction_does_not_matter_the_slope_is_nil():
    log = lived(company(1300, 10, personas__family__churn__slope=0, personas__business__churn__slope=0), seed=12)
    for estimate in fit(log, satisfaction.fit(log)):
        if estimate.path.endswith("slope"):
            assert errors_off(estimate, 0) < 3


@pytest.mark.slow
def test_personas_that_differ_in_slope_are_told_apart():
    settings = {"personas__family__churn__slope": 0.2, "personas__business__churn__slope": 0.7}
    log = lived(company(5000, 16, **settings), seed=2)
    estimates = fit(log, satisfaction.fit(log))
    assert errors_off(of(estimates, "personas.family.churn.slope"), 0.2) < 3.5
    assert errors_off(of(estimates, "personas.business.churn.slope"), 0.7) < 3.5


def test_without_surveys_the_hazard_is_constant_with_an_exact_interval():
    log, feelings = known()
    estimates = fit(log, replace(feelings, surveyed=False))
    assert [e.path for e in estimates] == [f"personas.{persona}.churn.base" for persona in log.personas]
    assert all("Poisson" in e.note for e in estimates)
    own = log.customers.filter(pl.col("persona") == "family")
    weeks = (own["left"].fill_null(log.end) - own["joined"].clip(0)).sum() / MINUTES_PER_WEEK
    base = of(estimates, "personas.family.churn.base")
    assert units.split(base.value)[0] == pytest.approx(own["left"].count() / weeks, rel=1e-3)


def test_a_log_that_does_not_say_who_left_gives_no_churn():
    log, feelings = known()
    nobody = log.customers.with_columns(pl.lit(None, dtype=pl.Float64).alias("left"))
    assert fit(replace(log, customers=nobody), feelings) == []


def test_of_a_persona_nobody_of_which_left_the_base_is_nil_and_its_bound_is_told():
    log, feelings = known()
    stays = pl.when(pl.col("persona") != "family").then("left").alias("left")
    estimates = fit(replace(log, customers=log.customers.with_columns(stays)), feelings)
    base = of(estimates, "personas.family.churn.base")
    assert base.value == "0 / week"
    assert "nobody left" in base.note
    assert base.law is None


def test_weeks_begin_with_joining_and_end_with_leaving():
    log, _ = known()
    weeks = _weeks(log, SETTLING).join(log.customers, on="customer", suffix="_moment")
    first = pl.when(pl.col("joined") > 0).then("joined").otherwise(SETTLING)
    assert weeks.filter(pl.col("at") - MINUTES_PER_WEEK < first - 1e-6).is_empty()
    assert weeks.filter(pl.col("at") > pl.col("left_moment").fill_null(log.end) + 1e-6).is_empty()
    ended = weeks.filter(pl.col("left"))
    assert ended["at"].to_numpy() == pytest.approx(ended["left_moment"].to_numpy())
    assert ended["customer"].n_unique() == ended.height


def test_what_happens_after_a_moment_does_not_change_satisfaction_then():
    log, feelings = known()
    half = log.end / 2
    moments = log.customers.with_columns(pl.lit(half).alias("at"))
    before = replace(feelings, path=feelings.path.filter(pl.col("at") <= half))
    assert np.array_equal(feelings.at(moments).to_numpy(), before.at(moments).to_numpy())


def test_exact_intervals_are_those_of_the_tables():
    assert churn._poisson(0, 1.0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert churn._poisson(10, 1.0) == pytest.approx((4.795, 18.390), abs=1e-3)
