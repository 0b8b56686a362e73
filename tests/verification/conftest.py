"""What every verification has at hand: a seed that nobody chose, replications side by side, and a verdict."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest

from sim import build
from sim.engines import compiled, reference
from tests.engines.equal import assert_same_tables
from tests.verification.rows import Happened
from tests.verification.verdicts import Measured, Verdict, as_table, judge, seed_of

Raw = dict[str, Any]
Measure = Callable[..., Measured]
VERDICT, PAGE = "verdict", "page"
TESTS = pytest.StashKey[int]()
AT_ONCE = 25  # replications, of one model
SHORT = 4_000  # rows of a history that both engines live through


def measured(scenarios: Sequence[Raw], measure: Measure, seed: int, replications: Sequence[int]) -> list[Measured]:
    """Measure some replications; several scenarios see the same luck."""
    models = [build(raw) for raw in scenarios]
    return [measure(*(Happened(model, seed, replication) for model in models)) for replication in replications]


def shortened(raw: Raw, seed: int) -> Raw:
    """The same scenario, over so short a time that the reference engine is done with it in half a second."""
    model = build(raw)
    happened = Happened(model, seed, 0)
    rows = sum(each["customer"].size for each in (happened.visits, happened.journeys, happened.customers))
    horizon = model.clock.horizon * min(1.0, SHORT / rows)
    return raw | {"clock": {"start": raw["clock"]["start"], "horizon": f"{horizon} min"}}


def assert_equal_engines(raw: Raw, seed: int) -> None:
    """Fail unless a scenario gives the same tables on both engines, to the last bit."""
    model = build(raw)
    assert_same_tables(reference.run(model, seed, 0), compiled.run(model, seed, 0))


class Samples(list[Measured]):
    """What each of the first replications says, and a way to more."""

    def __init__(self, sample: Callable[[Sequence[int]], list[Measured]], replications: int) -> None:
        super().__init__(sample(range(replications)))
        self.sample = sample

    def again(self, times: int) -> list[Measured]:
        """So many times as many replications, none of them among the first."""
        return self.sample(range(len(self), (1 + times) * len(self)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count the tests that pronounce a verdict."""
    config.stash[TESTS] = sum("verdict" in getattr(item, "fixturenames", ()) for item in items)


@pytest.fixture(scope="session")
def side_by_side() -> Iterator[Callable]:
    """Two processes; none beside the workers of pytest-xdist, who are as many as wanted."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        yield map
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
            yield processes.map


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return seed_of(request.node.name)


@pytest.fixture
def replicate(side_by_side: Callable, seed: int) -> Callable[..., Samples]:
    """Measure a scenario in many replications on the compiled engine; a short one is the same on both engines.

    Several scenarios are measured together, each replication with the same luck for all. Where a shorter horizon would
    leave out what matters, `short` is the scenario on which the engines are compared.
    """

    def all_of_them(
        raw: Raw | Sequence[Raw], measure: Measure, replications: int = 100, short: Raw | None = None
    ) -> Samples:
        scenarios = [raw] if isinstance(raw, dict) else raw
        for scenario in scenarios if short is None else [short]:
            assert_equal_engines(scenario if scenario is short else shortened(scenario, seed), seed)

        def sample(chosen: Sequence[int]) -> list[Measured]:
            parts = [chosen[first : first + AT_ONCE] for first in range(0, len(chosen), AT_ONCE)]
            return [one for part in side_by_side(partial(measured, scenarios, measure, seed), parts) for one in part]

        return Samples(sample, replications)

    return all_of_them


@pytest.fixture
def verdict(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Judge a case by all its quantities at once, and keep them for the table at the end.

    A test pronounces one verdict. What misses theory is measured once more, in four times as many other replications.
    """

    def pronounce(
        case: str,
        theory: Mapping[str, float],
        samples: Samples,
        occupancy: float | Mapping[str, float] = 0.0,
    ) -> None:
        tests = request.config.stash[TESTS]
        verdicts = judge(case, theory, samples, tests, occupancy)
        if any(one.missed for one in verdicts):
            verdicts = judge(f"{case}, once more", theory, samples.again(4), tests, occupancy)
        for one in verdicts:
            record_property(VERDICT, astuple(one))
        faults = [f"{case}, {one.quantity}: {fault}" for one in verdicts for fault in one.faults]
        assert not faults, "\n".join([*faults, *as_table(verdicts)])

    return pronounce


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str, list[str]], None]:
    """Keep lines for the end, under a title."""
    return lambda title, lines: record_property(PAGE, (title, lines))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    kept = [pair for report in reports if getattr(report, "when", "") == "call" for pair in report.user_properties]
    verdicts = [Verdict(*value) for name, value in kept if name == VERDICT]
    if verdicts:
        terminalreporter.section(f"the compiled engine against theory, {len(verdicts)} quantities")
        terminalreporter.write_line("\n".join(as_table(verdicts)))
    for title, lines in [value for name, value in kept if name == PAGE]:
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(lines))
