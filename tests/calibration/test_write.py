"""What calibration leaves behind: a scenario that a person can read and change, and tables, all of them or none."""

import re

import polars as pl
import pytest
import yaml

from calibration.estimate import Estimate
from calibration.validate import GOOD, OUTSIDE, Validation
from calibration.write import checked, estimates_table, scenario_text, validation_text, write_all
from sim.model import Checked
from sim.read import load

RETRY = {"p": 0.55, "after": {"kind": "exponential", "mean": "40 min"}}
RAW = {
    "title": "Ein Stromversorger – „Nordlicht“",
    "currency": "EUR",
    "population": {"customers": 3000, "joins": {"rate": "24 / week", "profile": "flat"}},
    "journeys": {
        "bill": {"steps": {"hotline": {"next": {"abandoned": {"hotline": RETRY, "give_up": 0.45}}}}},
        "fault": {"steps": {"hotline": {"next": {"abandoned": {"hotline": RETRY, "give_up": 0.45}}}}},
    },
    "staff": {"hotline": {"shifts": {"early": {"days": "mon-fri", "from": "08:00", "to": "16:00", "headcount": 2}}}},
    "profiles": {"weekly": {"hours": {"mon": [0.0, 1e-05, 2.5], "on": [1], "no": [2]}}},
    "uncertain": {},
    "data": {"log: january.csv": "0123e4567"},
}
COMMENT = ["A supplier: calibrated, so edit a copy.", "Not to be trusted for:\n  nights"]
ESTIMATES = [
    Estimate("touchpoints.hotline.service_time.mean", "7.2 min", "services in the log", 812, 0.21, low=0.0),
    Estimate("staff.hotline.shifts", "", "roster", 35, note="as written"),
]
VALIDATION = Validation(
    pl.DataFrame(
        [
            ("mean wait", "hotline", "min", 1.5, 2.1, 0.4, 0.3, OUTSIDE),
            ("contacts a week", "hotline", "contacts", 400.0, 410.0, 0.025, 30.0, GOOD),
        ],
        schema=["measure", "group", "unit", "observed", "simulated", "relative", "floor", "verdict"],
        orient="row",
    ),
    weeks=4,
)


def test_a_scenario_file_reads_back_as_what_was_written(tmp_path):
    path = tmp_path / "energy.yaml"
    path.write_text(scenario_text(RAW, "energy", COMMENT), encoding="utf-8")
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == RAW
    assert load(path)[0] == RAW


def test_a_scenario_file_begins_with_why_it_exists_and_how_to_run_it():
    lines = scenario_text(RAW, "energy", COMMENT).splitlines()
    assert lines[:4] == [
        "# A supplier: calibrated, so edit a copy.",
        "# Not to be trusted for: nights",
        "# Run it:  desirepath simulate scenario=energy",
        "",
    ]


def test_every_part_of_a_scenario_file_can_be_read_and_changed_by_itself():
    text = scenario_text(RAW, "energy", COMMENT)
    assert not re.search(r"[&*]id\d+|!!", text)
    assert text.count("kind: exponential, mean: 40 min") == 2
    assert [line.partition(":")[0] for line in text.splitlines() if re.match(r"\w", line)] == list(RAW)


def test_a_scenario_file_is_the_same_whenever_it_is_written():
    assert scenario_text(RAW, "energy", COMMENT) == scenario_text(dict(RAW), "energy", list(COMMENT))


def test_the_table_of_estimates_has_a_row_each_with_source_number_interval_and_note():
    table = estimates_table(ESTIMATES)
    assert table.columns == ["path", "value", "source", "n", "interval", "note"]
    assert table.rows() == [
        (
            "touchpoints.hotline.service_time.mean",
            "7.2 min",
            "services in the log",
            812,
            "6.788 to 7.612 min (95 %)",
            "",
        ),
        ("staff.hotline.shifts", "", "roster", 35, "", "as written"),
    ]


def test_an_interval_ends_where_the_value_must():
    often = Estimate("needs", "0.02 / week", "journeys", 3, 0.02, uncertain=True, low=0.0)
    assert often.interval == "0 to 0.0592 / week (95 %)"
    assert often.law == {"kind": "normal", "mean": "0.02 / week", "sd": "0.02 / week", "low": "0 / week"}


def test_one_estimate_at_several_places_is_drawn_with_the_first_of_them():
    first, other = (
        Estimate(
            f"personas.{name}.churn.slope", 0.6, "records", 90, 0.1, uncertain=True, shared="personas.a.churn.slope"
        )
        for name in "ab"
    )
    assert first.law == {"kind": "normal", "mean": 0.6, "sd": 0.1}
    assert other.law == first.law | {"with": "personas.a.churn.slope"}


def test_without_an_error_there_is_no_interval_and_nothing_uncertain():
    for error in (None, float("nan"), 0.0):
        assert Estimate("x", "5 min", "nothing", 0, error, uncertain=True).law is None
    assert Estimate("x", "5 min", "nothing", 0).interval is None
    assert Estimate("x", "5 min", "services", 9, 0.1).law is None
    assert Estimate("x", "5 min", "nothing", 0).origin == {"source": "nothing", "n": 0}


def test_the_validation_is_a_table_and_what_not_to_trust():
    lines = validation_text(VALIDATION).splitlines()
    assert lines[0] == "| measure | group | observed | simulated | difference | noise floor | verdict |"
    assert lines[2] == "| mean wait | hotline | 1.5 | 2.1 | +40.0% | ±0.3 | outside |"
    assert "What not to trust it for:" in lines
    assert lines[-2].startswith(
        "- mean wait at hotline: too high by 40% (2.1 against 1.5 min), more than chance explains"
    )


def test_the_validation_goes_into_the_scenario_as_data_with_what_not_to_trust():
    lost = ("customers lost a week", "all", "customers", 0.0, 2.0, float("nan"), float("nan"), OUTSIDE)
    table = pl.concat([VALIDATION.table, pl.DataFrame([lost], schema=VALIDATION.table.schema, orient="row")])
    told = checked(Validation(table, weeks=4.0))
    assert told["against"] == "the log's last 4 weeks, held out when it was calibrated"
    assert told["measures"]["mean wait"] == {
        "hotline": {"unit": "min", "observed": 1.5, "simulated": 2.1, "floor": 0.3, "verdict": OUTSIDE}
    }
    assert told["measures"]["customers lost a week"]["all"] == {
        "unit": "customers", "observed": 0.0, "simulated": 2.0, "verdict": OUTSIDE,
    }  # fmt: skip
    assert told["caveats"] == Validation(table, weeks=4.0).caveats()
    text = scenario_text(RAW | {"checked": told}, "energy", COMMENT)
    assert yaml.safe_load(text)["checked"] == told
    assert Checked.model_validate(told).measures["mean wait"]["hotline"].floor == 0.3


def test_files_are_written_whole(tmp_path):
    files = {tmp_path / "a" / "table.csv": pl.DataFrame({"x": [1, 2]}), tmp_path / "b" / "text.md": "Größe\n"}
    write_all(tmp_path / "a", files)
    assert (tmp_path / "a" / "table.csv").read_text(encoding="utf-8") == "x\n1\n2\n"
    assert (tmp_path / "b" / "text.md").read_text(encoding="utf-8") == "Größe\n"


def test_if_one_file_cannot_be_written_the_others_stay_as_they_were(tmp_path):
    old = tmp_path / "old.md"
    old.write_text("before", encoding="utf-8")
    unwritable = pl.DataFrame({"x": [[1, 2]]})  # CSV has no lists
    with pytest.raises(pl.exceptions.ComputeError):
        write_all(tmp_path, {old: "after", tmp_path / "new.md": "new", tmp_path / "table.csv": unwritable})
    assert old.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["old.md"]
