"""What every verification has at hand: a seed that nobody chose, replications side by side, and a verdict."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from multiprocessing import get_context
from typing import Any

import pytest

from sim import Tables, build, simulate
from tests.engines.equal import assert_same_tables
from tests.verification.verdicts import Verdict, as_table, judge, seed_of

Measure = Callable[[Tables], Mapping[str, float]]
VERDICT, PAGE = "verdict", "page"


def live(raw: dict[str, Any], measure: Measure, seed: int, replication: int) -> Mapping[str, float]:
    """Simulate one replication of a scenario on both engines, which have to agree to the last bit, and measure it."""
    model = build(raw)
    tables = simulate(model, seed, replication, "reference").tables
    assert_same_tables(tables, simulate(model, seed, replication, "compiled").tables)
    return measure(tables)


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
def replicate(side_by_side: Callable, seed: int) -> Callable[..., list[Mapping[str, float]]]:
    """Measure a scenario in many replications."""

    def all_of_them(raw: dict[str, Any], measure: Measure, replications: int) -> list[Mapping[str, float]]:
        many = range(replications)
        return list(side_by_side(live, [raw] * replications, [measure] * replications, [seed] * replications, many))

    return all_of_them


@pytest.fixture
def verdict(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Judge a case by all its quantities at once, and keep them for the table at the end."""

    def pronounce(case: str, theory: Mapping[str, float], samples: Sequence[Mapping[str, float]]) -> None:
        verdicts = judge(case, theory, samples)
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
        terminalreporter.section("both engines against theory")
        terminalreporter.write_line("\n".join(as_table(verdicts)))
    for title, lines in [value for name, value in kept if name == PAGE]:
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(lines))
