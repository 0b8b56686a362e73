"""The reference says what the code says: generated pages are up to date, the others complete and true."""

import importlib.util
import math
import re

import pytest
from pydantic import TypeAdapter

from sim import units
from sim.distributions import Distribution
from sim.rules import normal_quantile
from sim.tables import CUSTOMERS, DEPARTURES, EFFECTS, HOLDINGS, JOURNEYS, STRAIN, VISITS
from tests.docs.pages import ROOT

REFERENCE = ROOT / "docs/reference"
DISTRIBUTION = TypeAdapter(Distribution)
LAWS = [
    {"kind": "exponential", "mean": "7 min"},
    {"kind": "gamma", "mean": "7 min", "cv": 0.6},
    {"kind": "weibull", "median": "7 min", "shape": 1.7},
    {"kind": "lognormal", "mean": "7 min", "cv": 0.8},
    {"kind": "loglogistic", "median": "7 min", "shape": 2.4},
    {"kind": "deterministic", "value": "7 min"},
    {"kind": "uniform", "low": "2 min", "high": "9 min"},
]
TABLES = [
    ("visits", VISITS), ("journeys", JOURNEYS), ("customers", CUSTOMERS), ("effects", EFFECTS), ("holdings", HOLDINGS),
    ("strain", STRAIN), ("departures", DEPARTURES),
]  # fmt: skip
SIGNS = {"·": "*", "−": "-", "^": "**", "²": "**2", "√": "sqrt", "Γ": "gamma", "π": "pi"}
MATHEMATICS = {
    "ln": math.log,
    "z": normal_quantile,
    **{n: getattr(math, n) for n in ("sqrt", "gamma", "pi", "exp", "sin")},
}


def generator():
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["scenario.md", "kpis.md", "commands.md", "log.md"])
def test_a_generated_page_is_up_to_date(page):
    written = generator().PAGES[page]()
    assert written == (REFERENCE / page).read_text(encoding="utf-8"), "run .venv/bin/python docs/reference/generate.py"


def section(page, heading):
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return re.search(rf"(?ms)^## {heading}$(.*?)(?=^## |\Z)", text)[1]


def rows(text):
    """Cells of a table's rows, without the backticks."""
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line] for line in lines[2:]]


@pytest.mark.parametrize(("table", "schema"), TABLES)
def test_every_column_of_a_table_is_told_in_its_order(table, schema):
    assert [row[0] for row in rows(section("tables.md", table))] == list(schema)


def test_every_unit_of_time_is_told():
    told = [(unit, also) for unit, also, _ in rows(section("units.md", "Durations"))]
    names = {name.strip(" `") for unit, also in told for name in (unit, *also.split(",")) if name.strip(" `|")}
    assert names == set(units.UNITS)


def test_every_kind_of_distribution_is_told_with_its_parameters():
    text = (REFERENCE / "distributions.md").read_text(encoding="utf-8")
    kinds = Distribution.__args__[0].__args__
    told = {row[0]: {name.strip(" `") for name in row[1].split(",")} for row in rows(text.partition("##")[0])}
    assert told == {law.model_fields["kind"].default: set(law.model_fields) - {"kind"} for law in kinds}


def calculated(formula, law, u):
    """Value of a formula of the page, in minutes."""
    python = "".join(SIGNS.get(sign, sign) for sign in formula)
    numbers = {name: value for name, value in law.model_dump().items() if name != "kind"}
    return eval(python, {"__builtins__": {}}, MATHEMATICS | numbers | {"u": u})  # noqa: S307 - our own page


@pytest.mark.parametrize("written", LAWS, ids=lambda law: law["kind"])
def test_the_formulas_of_a_distribution_are_right(written):
    law = DISTRIBUTION.validate_python(written)
    formulas = {row[0]: row[1:] for row in rows(section("distributions.md", "Quantile, mean and variance"))}
    quantile, mean, variance = formulas[law.kind]
    assert calculated(mean, law, 0.5) == pytest.approx(law.mean)
    assert calculated(variance, law, 0.5) == pytest.approx(law.variance)
    if quantile != "from a table":
        for u in (0.01, 0.5, 0.9):
            assert calculated(quantile, law, u) == pytest.approx(law.quantile(u))
