"""The borders between the packages, drawn by reading every import.

::

    calibration ──▶ sim ◀── scenarios

`calibration` and `scenarios` never meet in code: between them lies a YAML file that a person can read.
`sim` knows neither Hydra nor MLflow, MLflow is imported only inside the function that needs it (the import takes
seconds, and workers must never pay for it), and inside `sim` every random number has an address, so no other
source of chance is let in.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("sim", "scenarios", "calibration", "tests")

MAY_IMPORT = {
    "sim": {"sim"},
    "scenarios": {"scenarios", "sim"},
    "calibration": {"calibration", "sim"},
}

SOURCES_OF_CHANCE = (
    "random",
    "secrets",
    "uuid",
    "numpy.random",
    "os.urandom",
    "os.getrandom",
    "time.time",
    "time.time_ns",
)

Found = list[tuple[int, str]]
Finder = Callable[[ast.Module, str], Found]


def home_of(path: Path) -> str:
    """The package in which a file's relative imports start: `sim.engines` for sim/engines/reference.py."""
    return ".".join(path.relative_to(ROOT).parent.parts)


def imported(node: ast.AST, home: str) -> Iterator[str]:
    """The full names that one statement or call imports; nothing for any other node."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = home.split(".")[: len(home.split(".")) - node.level + 1] if node.level else []
        yield from (".".join(filter(None, [*start, node.module, alias.name])) for alias in node.names)
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in {"import_module", "__import__"}:
            yield str(node.args[0].value)


def everything_imported(tree: ast.Module, home: str) -> Found:
    """Line and name of each import, wherever it stands."""
    return [(node.lineno, name) for node in ast.walk(tree) for name in imported(node, home)]


def imported_on_loading(tree: ast.Module, home: str) -> Found:
    """Line and name of each import that happens when the module is loaded: all but those inside a function.

    An import for the type checker alone, under `if TYPE_CHECKING:`, never happens.
    """
    found = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        found += [(node.lineno, name) for name in imported(node, home)]
        waiting.extend(ast.iter_child_nodes(node))
    return sorted(found)


def within(name: str, *places: str) -> bool:
    """Whether `name` is one of the places or lies inside one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def chance(tree: ast.Module, home: str) -> Found:
    """Line and name of each use of a source of chance that has no address.

    Names are followed through `import … as …`, so `np.random.default_rng` counts however numpy was named.
    `.rvs(…)` draws from numpy's hidden generator, and counts as well.
    """
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            pairs = zip(node.names, imported(node, home), strict=True)
            names |= {alias.asname or alias.name: full for alias, full in pairs}

    found = [(line, name) for line, name in everything_imported(tree, home) if within(name, *SOURCES_OF_CHANCE)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            full = f"{names.get(first, first)}.{rest}"
            if full in SOURCES_OF_CHANCE or node.attr == "rvs":
                found.append((node.lineno, full))
    return sorted(found)


def crossings(package: str, find: Finder, *forbidden: str) -> list[str]:
    """Each place in a package where `find` sees something forbidden, as `sim/rules.py:7: random`."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, name in find(ast.parse(path.read_text(encoding="utf-8")), home_of(path))
        if not forbidden or within(name, *forbidden)
    ]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    strangers = [other for other in OURS if other not in MAY_IMPORT[package]]
    assert crossings(package, everything_imported, *strangers) == []


def test_sim_knows_neither_hydra_nor_mlflow() -> None:
    found = crossings("sim", everything_imported, "hydra", "omegaconf", "mlflow")
    assert found == [], "composing and tracking belong to scenarios/"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_loading_a_module_never_loads_mlflow(package: str) -> None:
    found = crossings(package, imported_on_loading, "mlflow")
    assert found == [], "import mlflow inside the function that needs it, after the simulation"


def test_in_sim_chance_comes_from_addresses_alone() -> None:
    found = crossings("sim", chance)
    assert found == [], "ask sim/draws.py for a number: by whom, where, for what, and which time"


# --- These rules would pass by finding nothing; so here is what they must find. ---


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import scenarios.compose", "scenarios.compose"),
        ("from scenarios import compose", "scenarios.compose"),
        ("from ... import scenarios", "scenarios"),
        ("from ...scenarios import compose", "scenarios.compose"),
        ("def late():\n    import scenarios", "scenarios"),
        ("importlib.import_module('scenarios.verbs')", "scenarios.verbs"),
    ],
)
def test_the_rule_sees_an_import_however_it_is_written(line: str, name: str) -> None:
    assert [full for _, full in everything_imported(ast.parse(line), home="sim.engines")] == [name]


def test_a_relative_import_stays_within_its_package() -> None:
    found = everything_imported(ast.parse("from ..rules import abandons\nfrom . import line"), home="sim.engines")
    assert [name for _, name in found] == ["sim.rules.abandons", "sim.engines.line"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import mlflow", [1]),
        ("try:\n    from mlflow import MlflowClient\nexcept ImportError:\n    pass", [2]),
        ("class Store:\n    import mlflow.data", [2]),
        ("def track():\n    import mlflow", []),
        ("if TYPE_CHECKING:\n    import mlflow", []),
    ],
)
def test_the_rule_tells_loading_from_calling(source: str, lines: list[int]) -> None:
    found = imported_on_loading(ast.parse(source), home="scenarios")
    assert [line for line, name in found if within(name, "mlflow")] == lines


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from random import choice",
        "import numpy.random",
        "from numpy import random as luck",
        "from numpy.random import default_rng",
        "import numpy as np\nnp.random.default_rng(1)",
        "import uuid",
        "from secrets import token_hex",
        "import os\nos.urandom(8)",
        "import time\nseed = time.time()",
        "from time import time_ns",
        "from scipy import stats\nstats.norm(0, 1).rvs()",
    ],
)
def test_the_rule_finds_chance_without_an_address(source: str) -> None:
    assert chance(ast.parse(source), home="sim") != []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.perf_counter()",
        "from sim.draws import uniform",
        "def wait(random: float) -> float:\n    return random",
        "import numpy as np\nnp.quantile(x, 0.5)",
    ],
)
def test_the_rule_leaves_honest_code_alone(source: str) -> None:
    assert chance(ast.parse(source), home="sim") == []
