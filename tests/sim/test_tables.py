"""Tables are sorted, typed and complete, whatever happened, and survive being written."""

import polars as pl
import pyarrow.parquet as pq
import pytest

from sim import Tables, blocks, build, simulate
from sim.engines import compiled
from sim.tables import CUSTOMERS, DEPARTURES, EFFECTS, HOLDINGS, JOURNEYS, STRAIN, VISITS, frame
from tests.engines.equal import assert_same_tables
from tests.sim.everything import EVERYTHING
from tests.sim.stories import call, company, page, tell

SCHEMAS = {
    "visits": VISITS, "journeys": JOURNEYS, "customers": CUSTOMERS, "effects": EFFECTS, "holdings": HOLDINGS,
    "strain": STRAIN, "departures": DEPARTURES,
}  # fmt: skip


@pytest.fixture(scope="module")
def told():
    return tell(EVERYTHING, seed=7)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_table_has_its_columns_and_types_also_when_nothing_happened(told, name):
    for tables in (told, tell(company(population={"customers": 0}))):
        assert dict(getattr(tables, name).schema) == SCHEMAS[name]


def test_rows_are_sorted_by_their_key_in_whatever_order_they_came():
    schema = {"customer": pl.Int32, "journey": pl.Int32, "visit": pl.Int32, "name": pl.String}
    rows = [(2, 1, 1, "b"), (1, 2, 1, None), (1, 1, 2, "c"), (1, 1, 1, "a")]
    tables = Tables(*[frame(rows, schema)] * 3).sorted()
    assert tables.visits.rows() == sorted(rows)
    assert [row[:2] for row in tables.journeys.rows()] == [(1, 1), (1, 1), (1, 2), (2, 1)]
    assert frame([], schema).height == 0


def test_keys_are_unique(told):
    assert told.visits.select("customer", "journey", "visit").is_unique().all()
    assert told.journeys.select("customer", "journey").is_unique().all()
    assert told.customers["customer"].to_list() == list(range(told.customers.height))


def test_every_visit_belongs_to_a_journey_and_every_journey_to_a_customer(told):
    assert told.visits.join(told.journeys, on=["customer", "journey"], how="anti").height == 0
    assert told.journeys.join(told.customers, on="customer", how="anti").height == 0


def test_journeys_sum_up_their_visits(told):
    attended = pl.col("touchpoint") != "office"
    served = attended & pl.col("started").is_not_null() & pl.col("ended").is_not_null()
    until = (
        pl.when(pl.col("callback") == "accepted").then(pl.col("joined") + 3).otherwise(pl.coalesce("started", "ended"))
    )
    waited = (until - pl.col("joined")).filter(attended & pl.col("ended").is_not_null())
    channels = pl.col("channel").filter(attended).n_unique()
    sums = told.visits.group_by("customer", "journey", maintain_order=True).agg(
        visits=pl.len(), contacts=served.sum(), channels=channels, wait=waited.sum()
    )
    both = told.journeys.join(sums, on=["customer", "journey"], suffix="_summed", maintain_order="left")
    assert both.height == told.journeys.height
    for name in ("visits", "contacts", "channels", "wait"):
        assert both[name].to_list() == pytest.approx(both[f"{name}_summed"].to_list())


def test_times_are_in_their_order(told):
    visits = told.visits
    assert (visits["started"] >= visits["joined"]).all()
    assert (visits["ended"] >= visits["started"]).all()
    assert (told.journeys["closed"] >= told.journeys["opened"]).all()
    horizon = build(EVERYTHING).clock.horizon
    for column in ("joined", "started", "ended"):
        assert visits[column].max() <= horizon


def test_what_never_started_has_no_pool_and_what_is_not_over_has_no_outcome(told):
    visits = told.visits
    assert visits.filter(pl.col("started").is_null(), pl.col("pool").is_not_null()).height == 0
    assert visits.filter(pl.col("ended").is_null(), pl.col("outcome").is_not_null()).height == 0
    assert visits.filter(pl.col("ended").is_not_null(), pl.col("outcome").is_null()).height == 0
    assert (visits["pool"].is_null() == visits["member"].is_null()).all()


def test_what_is_open_at_the_horizon_is_marked_as_such(told):
    open_ = told.journeys.filter(pl.col("closed").is_null())
    assert open_.height > 0
    for column in ("end", "good", "experience", "satisfaction_after"):
        assert open_[column].null_count() == open_.height


def test_scores_stay_on_the_scale(told):
    for frame_, column in [
        (told.visits, "mood_after"),
        (told.journeys, "satisfaction_after"),
        (told.journeys, "score"),
        (told.customers, "satisfaction_end"),
    ]:
        values = frame_[column].drop_nulls()
        assert values.min() >= 0
        assert values.max() <= 10


def test_tables_survive_being_written(told, tmp_path):
    paths = told.write(tmp_path / "a" / "b")
    assert [path.stem for path in paths] == list(SCHEMAS)
    assert_same_tables(told, Tables.read(tmp_path / "a" / "b"))
    assert pl.read_parquet(paths[0]).equals(told.visits)


def test_a_result_knows_how_it_was_made():
    result = simulate(build(company()), seed=5, replication=2)
    assert (result.seed, result.replication, result.model) == (5, 2, build(company()))


def signing(p):
    """A step that makes some who come there customers."""
    outcomes = {"signed": {"p": p, "stage": "customer"}, "no": 1 - p}
    return {"outcomes": outcomes, "next": {"signed": {"resolved": 1}, "no": {"give_up": 1}}}


def test_a_history_written_in_many_row_groups_reads_back_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "GROUP", 40)
    monkeypatch.setattr(compiled, "BLOCK", 20)
    raw = company(
        clock={"start": "2025-01-06", "horizon": "8 weeks"},
        population={"customers": 40},
        personas={
            "person": {
                "share": 1,
                "churn": {"base": "0.2 / week"},
                "referral": {"journey": "learn", "rate": "0.3 / week"},
            }
        },
        touchpoints={"page": page(5)},
        staff={},
        journeys={
            "learn": call(0, "page", step=signing(0.5)) | {"when": {"arrival": "2 / week"}},
            "win_back": call(0, "page", step=signing(0.7))
            | {"when": {"entering": {"stage": "left", "delay": "1 day"}}},
        },
    )
    model = build(raw)
    with blocks.Writing(tmp_path) as writing:
        compiled.read_out(model, 3, 0, [writing], 1.0)
    tables = Tables.read(tmp_path)
    assert pq.ParquetFile(tmp_path / "visits.parquet").num_row_groups > 3
    assert tables.customers["origin"].str.contains("referred .* by referred").any()
    assert (tables.customers["left_before"].list.len() > 0).any()
    assert_same_tables(tables, simulate(model, 3).tables)
