"""What is written down counts, whole or not at all; what is missing is told exactly."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.sweeps.executors import NOTHING, Outcome, Unit
from scenarios.sweeps.ledger import Ledger, gaps, key_of


def outcome(first: int, count: int, failures: dict[int, str] | None = None, seconds: float = 1.0) -> Outcome:
    failures = failures or {}
    rows = [(r, "cost", "all", "all", 10.0 * r) for r in range(first, first + count) if r not in failures]
    values = pl.DataFrame(rows, schema=NOTHING.schema, orient="row") if rows else NOTHING
    return Outcome(Unit("abc", {}, 1, first, count), values, failures, 0.0, seconds)


def test_what_was_added_is_there_for_whoever_opens_it_next(tmp_path):
    Ledger(tmp_path).add(outcome(0, 3))
    again = Ledger(tmp_path)
    again.add(outcome(3, 2, {4: "ValueError: no"}))
    assert again.done("abc") == {0, 1, 2, 3}
    assert again.failures("abc") == {4: "ValueError: no"}
    assert again.values("abc")["value"].to_list() == [0.0, 10.0, 20.0, 30.0]
    assert again.done("another") == set()


def test_what_two_wrote_is_taken_once_and_in_order(tmp_path):
    ledger = Ledger(tmp_path)
    for first, count in ((2, 4), (0, 3), (5, 2)):
        ledger.add(outcome(first, count))
    assert ledger.values("abc")["replication"].to_list() == list(range(7))


def test_a_file_that_was_cut_short_counts_as_missing(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.add(outcome(0, 2))
    ledger.add(outcome(2, 2))
    broken = next((tmp_path / "abc").glob("000002*.parquet"))
    broken.write_bytes(broken.read_bytes()[:40])
    assert ledger.done("abc") == {0, 1}
    assert ledger.values("abc")["replication"].to_list() == [0, 1]
    ledger.add(outcome(2, 2))
    assert ledger.done("abc") == {0, 1, 2, 3}


def test_nothing_is_left_of_what_could_not_be_written(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path)

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ledger.add(outcome(0, 2))
    assert list((tmp_path / "abc").iterdir()) == []


def test_what_a_killed_process_was_writing_does_not_count(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path)
    ledger.add(outcome(5, 1))

    def killed(_self: object, _target: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", killed)
        patch.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        with pytest.raises(SystemExit):
            ledger.add(outcome(0, 2))
    assert [path.name.partition(".part-")[0] for path in tmp_path.rglob("*.part-*")] == [".000000-0002.parquet"]
    assert ledger.done("abc") == {5}
    assert ledger.values("abc")["replication"].to_list() == [5]


def test_failures_are_forgotten_when_they_are_to_be_tried_again(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.add(outcome(0, 2, {1: "no"}))
    ledger.forget_failures(["abc", "another"])
    assert ledger.failures("abc") == {}
    assert ledger.done("abc") == {0}


def test_how_long_a_replication_took_is_remembered_from_the_last_block(tmp_path):
    ledger = Ledger(tmp_path)
    assert ledger.seconds("abc") is None
    ledger.add(outcome(0, 1, seconds=9.0))
    ledger.add(outcome(1, 4, seconds=2.0))
    assert ledger.seconds("abc") == 0.5


def test_a_key_hangs_on_scenario_seed_and_version_and_not_on_order(monkeypatch):
    key = key_of({"a": 1, "b": {"c": 2}}, 7)
    assert key == key_of({"b": {"c": 2}, "a": 1}, 7)
    assert len({key, key_of({"a": 1, "b": {"c": 3}}, 7), key_of({"a": 1, "b": {"c": 2}}, 8)}) == 3
    monkeypatch.setattr("scenarios.sweeps.ledger.code_version", lambda: "another")
    assert key_of({"a": 1, "b": {"c": 2}}, 7) != key


@given(st.sets(st.integers(0, 40)), st.integers(0, 40), st.integers(1, 12))
def test_gaps_are_all_that_is_missing_in_runs_as_long_as_can_be(done, wanted, least):
    runs = gaps(done, wanted, least)
    assert [r for run in runs for r in run] == [r for r in range(wanted) if r not in done]
    for run in runs:
        alone = (run.start - 1 in done or run.start == 0) and (run.stop in done or run.stop == wanted)
        assert alone or len(run) >= least
        assert len(run) < 2 * least
