"""What calibration makes of a whole log: a scenario that says on what it rests."""

import pytest

from calibration.fit import calibrate
from calibration.log import read_log
from calibration.sources import Sources
from calibration.timeline import build_timeline
from sim.changes import settled
from sim.read import build
from sim.units import MINUTES_PER_DAY
from tests.calibration.small_log import CONTACTS, CUSTOMERS, mapping, read, write
from tests.calibration.test_satisfaction import known


def calibrated(folder, days, warmup="1 week"):
    """Scenario learnt from the first days of the small log, which begins on Monday, 6 January 2025."""
    tables = {"customers": {"files": "customers.csv"}}
    write(folder, contacts__csv=CONTACTS, customers__csv=CUSTOMERS)
    log, sources = mapping(folder, **tables), read(folder, **tables)
    timeline = build_timeline(log, sources).until(days * MINUTES_PER_DAY)
    return calibrate(log, sources, timeline, warmup=warmup, measured="1 week").raw


@pytest.mark.parametrize(
    ("days", "last", "begins"), [(12, "2025-01-17", "2025-01-20"), (14, "2025-01-19", "2025-01-20")]
)
def test_a_scenario_says_until_which_day_it_was_learnt_and_begins_on_the_monday_after(tmp_path, days, last, begins):
    raw = calibrated(tmp_path, days)
    assert raw["about"] == f"Calibrated on contacts from 2025-01-06 to {last}."
    assert raw["clock"]["start"] == begins


@pytest.mark.parametrize(("warmup", "run"), [("1 week", "steady"), ("0 weeks", "calibrated")])
def test_a_scenario_says_which_kind_of_run_it_is(tmp_path, warmup, run):
    clock = calibrated(tmp_path, 14, warmup)["clock"]
    assert (clock["warmup"], clock["run"]) == (warmup, run)


def test_what_is_common_to_all_personas_has_one_draw_in_the_scenario_and_the_rest_its_own():
    timeline, _ = known()
    log = read_log({"contacts": {"files": "none.csv"}}, {})
    raw = calibrate(log, Sources(timeline.contacts), timeline, warmup="1 week", measured="1 week").raw
    for replication in range(3):
        one, other = settled(build(raw), 7, replication).personas.values()
        assert one.churn.slope == other.churn.slope != raw["personas"]["family"]["churn"]["slope"]
        assert one.satisfaction.memory == other.satisfaction.memory
        assert one.survey.respond == other.survey.respond
        assert one.churn.base != other.churn.base
