"""What is special about the compiled engine: what it remembers on disk, how it makes room, and its third witness."""

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest

from sim import DesirepathError, build, enacted, read
from sim.changes import altered, settled
from sim.engines import compiled, jit, reference
from sim.engines.compiled import History
from sim.engines.parts import KNOWN, as_entries, as_parts
from tests.engines.equal import assert_same_tables
from tests.engines.generated import scenario
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, desk, page, shift

ROOT = Path(__file__).parents[2]
EXACT = settled(build(EVERYTHING), 5, 0)


def agree(raw, seed=1):
    model = build(raw)
    one, other = reference.run(model, seed, 0), compiled.run(model, seed, 0)
    assert_same_tables(one, other)
    return one


# ---- the same tables -------------------------------------------------------------------------------------------------


def test_every_word_of_the_language_means_the_same_to_both_engines():
    assert_same_tables(reference.run(EXACT, 5, 0), compiled.run(EXACT, 5, 0))


def test_two_threads_give_what_one_gives():
    with ThreadPoolExecutor(2) as threads:
        several = list(threads.map(lambda r: compiled.run(EXACT, 5, r), range(4)))
    for replication, tables in enumerate(several):
        assert_same_tables(compiled.run(EXACT, 5, replication), tables)


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize(
    ("name", "weeks"), [("starter", 4), ("energy", 2), pytest.param("energy", 12, marks=pytest.mark.slow)]
)
def test_engines_agree_on_what_is_shipped(name, weeks, changed):
    model = read(ROOT / f"scenarios/conf/scenario/{name}.yaml")
    lasting = build(altered(model.raw, {"clock.horizon": f"{weeks} weeks", "clock.warmup": "1 week"}))
    enact = list(lasting.changes) if changed else []
    exact = settled(enacted(lasting, enact), 5, 0)
    one, other = reference.run(exact, 5, 0), compiled.run(exact, 5, 0)
    assert one.visits.height > 100
    assert_same_tables(one, other)


WITNESS = """
import sys
from pathlib import Path
from sim.engines import compiled, jit
from tests.engines.test_compiled import witnesses

assert jit.config.DISABLE_JIT
for name, model, seed in witnesses():
    compiled.run(model, seed, 0).write(Path(sys.argv[1]) / name)
"""


def witnesses():
    """Small scenarios, settled, with a seed each."""
    few = EVERYTHING | {"population": {"customers": 12, "joins": "5 / week"}}
    yield "everything", settled(build(few), 5, 0), 5
    for seed in (3, 8):
        for rounded in (False, True):
            yield f"generated {seed} {rounded}", settled(build(scenario(seed, rounded)), seed, 0), seed


@pytest.mark.slow
def test_the_loop_says_the_same_without_a_compiler(tmp_path):
    """A third witness: the very code of the loop, run as plain Python."""
    script = tmp_path / "witness.py"
    script.write_text(WITNESS, encoding="utf-8")
    ran = subprocess.run(  # noqa: S603
        [sys.executable, script, tmp_path], check=False, capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    for name, model, seed in witnesses():
        tables = compiled.run(model, seed, 0)
        assert_same_tables(tables, type(tables).read(tmp_path / name))


# ---- room ------------------------------------------------------------------------------------------------------------


def test_room_is_made_for_whoever_comes_and_whatever_they_do(monkeypatch):
    grown = []
    monkeypatch.setattr(History, "_make_room", lambda self, make=History._make_room: (grown.append(1), make(self)))
    raw = company(
        population={"customers": 3, "joins": "2000 / day"},
        journeys={"ann": call(700, "page"), "bob": call(0, "page") | {"when": {"every": "50 min"}}},
        touchpoints={"page": page(90)},
        staff={},
        clock={"start": "2025-01-06", "horizon": "1 day"},
    )
    tables = agree(raw)
    assert tables.customers.height > 1500
    assert tables.visits.height > 20_000
    assert len(grown) > 3


@pytest.mark.parametrize("events", [1, 2, 4, 16])
def test_a_date_on_which_all_open_a_journey_leaves_room_for_what_comes_next(events, monkeypatch):
    monkeypatch.setattr(compiled, "EVENTS", events)
    dated = {f"ann{n}": call(700 + n, "page") for n in range(4)}
    need = call(0, "page") | {"when": {"every": "30 min"}}
    raw = company(
        population={"customers": 400},
        journeys=dated | {"bob": need},
        touchpoints={"page": page(200)},
        staff={},
        clock={"start": "2025-01-06", "horizon": "1 day"},
    )
    assert agree(raw).visits.height > 18_000


def test_room_is_made_for_people_who_are_still_busy_when_others_come_on_duty():
    shifts = {f"{hour}": shift(3, 60 * hour, 60 * hour + 50) for hour in range(20)}
    raw = company(
        population={"customers": 30},
        journeys={"ann": call(0) | {"when": {"every": "100 min"}}},
        touchpoints={"desk": desk(minutes=900)},
        staff={"clerks": {"shifts": shifts}},
    )
    tables = agree(raw)
    busy = tables.visits.filter(tables.visits["started"].is_not_null())
    assert busy["member"].max() > 40


def test_more_rows_than_one_block_holds_come_out_all_and_in_their_order(monkeypatch):
    whole = compiled.run(EXACT, 5, 0)
    monkeypatch.setattr(compiled, "BLOCK", 100)
    assert_same_tables(whole, compiled.run(EXACT, 5, 0))


@pytest.mark.parametrize("buckets", [0, 1, 5, 60])
def test_into_how_many_buckets_time_is_cut_changes_nothing(buckets, monkeypatch):
    usual = compiled.run(EXACT, 5, 0)
    monkeypatch.setattr(compiled, "BUCKETS", buckets)
    assert_same_tables(usual, compiled.run(EXACT, 5, 0))


def test_a_journey_that_goes_round_for_ever_is_told_in_the_same_words():
    step = {"touchpoint": "page", "outcomes": {"again": 1}, "next": {"again": {"call": 1}}}
    raw = company(touchpoints={"page": page()}, staff={}, journeys={"ann": call(10, "page", step=step)})
    messages = []
    for engine in (reference, compiled):
        with pytest.raises(DesirepathError, match=r"journeys\.ann: somebody has made 10000 visits") as told:
            engine.run(build(raw), 1, 0)
        messages.append(str(told.value))
    assert messages[0] == messages[1]


# ---- what is remembered on disk --------------------------------------------------------------------------------------


def imported_by(path):
    """Modules of ours that a file of the engine imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim"):
            for alias in node.names:
                for name in (f"{node.module}.{alias.name}", node.module):
                    source = (ROOT / name.replace(".", "/")).with_suffix(".py")
                    if source.is_file():
                        yield source


def test_whatever_is_compiled_into_the_loop_is_part_of_its_fingerprint():
    """A helper in another file that changed must not go on as it was: numba alone would not notice."""
    reached, new = set(), {ROOT / "sim/engines/loop.py", ROOT / "sim/sums.py"}
    while new:
        reached |= new
        new = {source for path in new for source in imported_by(path)} - reached
    compiled_in = {path for path in reached if path.name not in DATA_ONLY}
    assert compiled_in <= {path.resolve() for path in jit.SOURCES}


# What the loop takes from these are numbers that stand in `arrays`, `draws` and `rules`, or nothing at all.
DATA_ONLY = {
    "astray.py", "changes.py", "check.py", "described.py", "distributions.py", "errors.py", "lacking.py", "likely.py",
    "once.py", "ramps.py", "read.py", "references.py", "rosters.py", "rounds.py", "strain.py", "summaries.py",
    "tables.py", "timetable.py", "uncertain.py", "units.py",
}  # fmt: skip


@numba.njit(**as_parts(numba.version_info.short))
def doubled(x):
    return 2 * x


@numba.njit
def doubled_and_one(x):
    return doubled(x) + 1


@pytest.mark.skipif(numba.version_info.short not in KNOWN, reason="a numba of which the inner names are not known")
def test_a_part_is_translated_where_it_is_called_and_not_by_itself():
    assert doubled_and_one(20) == 41
    (part,), (whole,) = doubled.overloads.values(), doubled_and_one.overloads.values()
    translated = part.library.codegen._engine.is_symbol_defined
    assert translated(whole.fndesc.llvm_func_name)
    assert not translated(part.fndesc.llvm_func_name)


@pytest.mark.skipif(numba.version_info.short not in KNOWN, reason="a numba of which the inner names are not known")
def test_a_part_that_python_calls_is_an_error_and_no_crash():
    with pytest.raises(TypeError):
        doubled(3)


@numba.njit(**as_parts(numba.version_info.short))
def root(x):
    if x < 0:
        raise ValueError("negative")
    return x**0.5


@numba.njit(**as_entries(numba.version_info.short))
def roots(x, y):
    return (root(x) if x != 0 else 0.0, root(y))


def test_what_calls_give_back_and_their_errors_need_no_zeros_beforehand():
    assert roots(0.0, 9.0) == (0.0, 3.0)
    assert roots(4.0, 9.0) == (2.0, 3.0)
    with pytest.raises(ValueError, match="negative"):
        roots(4.0, -9.0)
    assert roots(4.0, 16.0) == (2.0, 4.0)


UNKNOWN = """
import numba
import numpy as np
numba.version_info = numba.version_info._replace(short=(0, 999))
from sim import draws
from sim.engines import jit
assert jit._PARTS == {}
named = numba.njit(lambda address, name: draws.fold(address, name))
print(named(np.uint64(5), np.uint64(7)) == draws.fold(np.uint64(5), np.uint64(7)))
"""


def test_a_numba_that_nobody_knows_compiles_as_it_does():
    asked = [sys.executable, "-c", UNKNOWN]
    ran = subprocess.run(asked, check=False, capture_output=True, text=True, cwd=ROOT)  # noqa: S603
    assert ran.stdout == "True\n", ran.stderr


def test_another_source_means_another_folder(monkeypatch, tmp_path):
    before = jit.fingerprint()
    other = tmp_path / "rules.py"
    other.write_text("changed", encoding="utf-8")
    monkeypatch.setattr(jit, "SOURCES", (*jit.SOURCES[:-1], other))
    jit.fingerprint.cache_clear()
    try:
        assert jit.fingerprint() != before
    finally:
        jit.fingerprint.cache_clear()


def test_where_nothing_can_be_written_a_temporary_folder_serves(monkeypatch, tmp_path):
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "a file" / "cache"))
    jit.folder.cache_clear()
    try:
        assert jit.folder().is_dir()
        assert not str(jit.folder()).startswith(str(tmp_path))
    finally:
        jit.folder.cache_clear()


def test_nothing_is_announced_where_the_loop_is_compiled_already(caplog):
    compiled.run(EXACT, 5, 0)
    assert caplog.messages == []
