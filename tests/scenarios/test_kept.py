"""Results on disk: what was written is read back whole, and what is not there is said."""

import polars as pl
import pytest

from scenarios import kept
from scenarios.sweeps import results as sweeps
from sim.errors import DesirepathError
from tests.scenarios.given import compared, doubtful
from tests.scenarios.swept import swept


def same(one, other):
    assert list(one.models) == list(other.models)
    assert all(one.models[name] == other.models[name] for name in one.models)
    assert all(one.models[name].raw == other.models[name].raw for name in one.models)
    assert (one.seed, one.replications, one.level, one.keep) == (
        other.seed,
        other.replications,
        other.level,
        other.keep,
    )
    for table in ("levels", "differences", "values"):
        assert getattr(one, table).equals(getattr(other, table), null_equal=True)


@pytest.mark.parametrize("comparison", [compared, doubtful])
def test_a_comparison_is_read_back_as_it_was(comparison, tmp_path):
    kept.save(comparison(), tmp_path)
    same(kept.load(tmp_path), comparison())


def test_a_sweep_is_read_back_as_it_was(tmp_path):
    results = swept(failed=("p0002",))
    sweeps.save(results, tmp_path)
    again = sweeps.load(tmp_path)
    same(again.comparison, results.comparison)
    assert (again.design, again.precision) == (results.design, results.precision)
    assert again.points.equals(results.points)
    assert again.failures.equals(results.failures)


def test_a_folder_without_results_says_what_is_missing(tmp_path):
    with pytest.raises(DesirepathError, match=r"holds no results of a comparison or a sweep; .*about\.json is missing"):
        kept.load(tmp_path)


def test_a_comparison_is_not_taken_for_a_sweep(tmp_path):
    kept.save(compared(), tmp_path)
    with pytest.raises(DesirepathError, match="holds a comparison and no sweep"):
        sweeps.load(tmp_path)


@pytest.mark.parametrize("lost", ["results/kpis.parquet", "results/points.parquet", "replications.parquet"])
def test_results_of_which_a_part_is_lost_are_not_read(lost, tmp_path):
    sweeps.save(swept(), tmp_path)
    (tmp_path / lost).write_bytes(b"half of it")
    with pytest.raises(DesirepathError, match="its results are not whole"):
        sweeps.load(tmp_path)
    assert pl.read_parquet(tmp_path / "results/scenarios.parquet").height == 7
