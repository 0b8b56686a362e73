"""What is measured is what is meant; how fast it is, `make bench` tells."""

from xml.etree import ElementTree as ET

import pytest

from sim.changes import get
from tests.benchmarks import features, programs, relationship, tracking
from tests.benchmarks.__main__ import CLOSE, OPEN, PAGE
from tests.benchmarks.growth import BY_CUSTOMERS, BY_HORIZON, Point
from tests.benchmarks.plot import growth_plot


def test_both_engines_count_the_same_in_the_contact_centre():
    assert programs.engines_differ(seed=1, minutes=200.0) == []


def test_satisfaction_and_churn_change_nothing_in_the_queues():
    laps = [by(1) for name, by in programs.programs(minutes=20.0).items() if name in programs.SAME]
    assert all(programs.identical(lap.count, laps[0].count) for lap in laps)
    assert laps[0].count.services > 0


def test_both_engines_sum_the_same_in_the_company():
    quick, slow = (relationship.lap(60, 3, engine, seed=1) for engine in ("compiled", "reference"))
    assert relationship.unequal(quick.summary, slow.summary) == []
    assert quick.visits > 0


@pytest.mark.parametrize("name", features.FEATURES)
def test_each_word_is_said_in_the_company(name):
    settings = features.FEATURES[name]
    raw = features.said(settings, customers=50, weeks=1).raw
    assert all(get(raw, path) == value for path, value in settings.items())


def test_growth_can_be_drawn():
    points = [Point(customers, weeks, 1.0, 1.0, customers * weeks, 200.0, 200.0 + customers)
              for customers, weeks in BY_CUSTOMERS + BY_HORIZON]  # fmt: skip
    assert ET.fromstring(growth_plot(points)).tag.endswith("svg")  # noqa: S314 - we drew it ourselves


def test_the_page_about_speed_has_a_place_for_what_is_measured():
    page = PAGE.read_text(encoding="utf-8")
    assert [page.count(OPEN), page.count(CLOSE)] == [1, 1]


@pytest.mark.slow
def test_logging_a_sweep_costs_little_more_than_mlflow_itself():
    laps = tracking.measure(points=20, turns=2)
    assert min(sweep / floor for sweep, floor in laps) < 2
