"""The mappings that ship, on the logs they are for: what is known of these logs from elsewhere is found.

The logs lie beside the repository, in `../shared/data`, and belong to others; where they are absent, nothing is tested.
"""

import warnings
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from calibration.fit import Calibrated, calibrate
from calibration.log import read_log
from calibration.sources import Sources, read_sources
from calibration.timeline import Timeline, build_timeline
from calibration.verbs import _with_waits
from scenarios.compose import compose
from sim import units
from sim.read import build
from sim.replications import simulate
from sim.tables import Result

DATA = Path(__file__).parents[3] / "shared" / "data"
FOLDERS = {"telco": "telco", "anonymous_bank": "anonymous_bank", "loan_app": "process/LoanApp"}
WEEK = 10080.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real logs are not here; they would lie in ../shared/data"),
]


@cache
def learned(name: str, weeks: float = 0) -> tuple[Sources, Timeline, Calibrated, Result]:
    """Calibrate on the first weeks of a log, or all of it, and simulate what comes out; any warning is a fault."""
    composed = compose("calibrate", [f"log={name}", f"log.folder={DATA / FOLDERS[name]}"])
    log = read_log(composed.config["log"], composed.within("log"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sources = read_sources(log, b"a key of this test")
        timeline = build_timeline(log, sources)
        timeline = _with_waits(timeline, timeline, sources, log)
        timeline = timeline.until(weeks * WEEK) if weeks else timeline
        calibrated = calibrate(log, sources, timeline, warmup="1 week", measured="1 week")
        return sources, timeline, calibrated, simulate(build(calibrated.raw), seed=1)


def minutes(entry):
    """Mean of a law that states it."""
    return units.duration(entry["mean"])


def hours_of_duty(pool):
    """Hours of people on duty a week."""
    return sum(
        len(units.days(s["days"])) * s["headcount"] * (units.time_of_day(s["to"]) - units.time_of_day(s["from"])) / 60
        for s in pool["shifts"].values()
    )


# ---- a telecom operator ----------------------------------------------------------------------------------------------


def telco():
    return learned("telco", 10)


def test_nearly_all_of_the_operators_log_can_be_used():
    sources, timeline, _, _ = telco()
    assert sources.rows == {"contacts": 210559, "surveys": 33855, "customers": 33598, "roster": 215}
    assert sources.set_aside["reason"].unique().to_list() == ["a customer without any contact"]
    assert sources.set_aside.height < 100
    assert timeline.weeks == 10
    assert set(timeline.staffed) == {"tier1", "tier2", "chat"}


def test_the_operators_scenario_has_the_contacts_of_the_log():
    _, timeline, calibrated, result = telco()
    seen = timeline.contacts.filter(pl.col("joined") > timeline.end - 4 * WEEK)["touchpoint"].value_counts()
    mine = result.tables.visits.filter(pl.col("joined") > WEEK, pl.col("outcome") != "closed")[
        "touchpoint"
    ].value_counts()
    per_week = dict(seen.with_columns(pl.col("count") / 4).rows())
    # One simulated week beside the mean of four: days differ by a quarter, so weeks by a tenth.
    assert dict(mine.rows()) == pytest.approx(per_week, rel=0.3)
    assert calibrated.raw["profiles"]["weekly"]["day_to_day"] == pytest.approx(0.247, abs=0.06)


def test_most_who_find_the_operator_closed_come_back_within_four_hours_of_opening():
    touchpoints = telco()[2].raw["touchpoints"]
    for name in ("tier1", "chat"):
        later = touchpoints[name]["when_closed"]["later"]
        assert 0.60 < later["p"] < 0.75
        assert later["after"] == {"kind": "uniform", "low": "0 min", "high": "240 min"}
    assert "when_closed" not in touchpoints["web_selfservice"]


def test_who_is_not_helped_on_the_operators_pages_calls_or_writes_after_eight_minutes():
    for journey in telco()[2].raw["journeys"].values():
        for page in ("web_selfservice", "app_selfservice"):
            follows = journey["steps"][page]["next"]["unresolved"]
            for target, share in (("tier1", 0.47), ("chat", 0.425)):
                assert follows[target]["p"] == pytest.approx(share, abs=0.06)
                assert follows[target]["after"]["kind"] == "exponential"
                assert minutes(follows[target]["after"]) == pytest.approx(8, abs=1)


def test_half_of_those_who_give_up_waiting_for_the_operator_try_again():
    journeys = telco()[2].raw["journeys"]
    for goal in ("billing", "fault"):
        for touchpoint in ("tier1", "chat"):
            again = journeys[goal]["steps"][touchpoint]["next"]["abandoned"][touchpoint]
            assert again["p"] == pytest.approx(0.5, abs=0.03)
            assert minutes(again["after"]) == pytest.approx(44.2, rel=0.1)


def test_what_the_operator_resolves_comes_back_for_an_eighth_after_one_to_five_days():
    for journey in telco()[2].raw["journeys"].values():
        resolved = journey["steps"]["tier1"]["outcomes"]["resolved"]
        assert 1 - resolved["holds"] == pytest.approx(0.129, abs=0.03)
        after = resolved["reopens"]["tier1"]["after"]
        assert units.duration(after["low"]) == pytest.approx(1440, abs=240)
        assert units.duration(after["high"]) == pytest.approx(5 * 1440, abs=240)


def test_the_operators_roster_has_its_three_teams_with_their_hours_and_wages():
    staff = telco()[2].raw["staff"]
    assert {name: (hours_of_duty(pool) / 40, pool["wage"]) for name, pool in staff.items()} == {
        "tier1": (26, "24 EUR / h"), "tier2": (6, "34 EUR / h"), "chat": (11, "22 EUR / h")
    }  # fmt: skip


def test_services_of_the_operator_are_lognormal_with_the_means_one_counts():
    touchpoints = telco()[2].raw["touchpoints"]
    for name, mean in (
        ("tier1", 8.0),
        ("tier2", 11.7),
        ("chat", 12.6),
        ("web_selfservice", 6.39),
        ("app_selfservice", 3.84),
    ):
        law = touchpoints[name]["service_time"]
        assert law["kind"] == "lognormal"
        assert minutes(law) == pytest.approx(mean, rel=0.03)


# ---- a bank's call centre --------------------------------------------------------------------------------------------


def test_the_banks_calls_become_a_scenario_of_cases_that_behaves_like_the_month():
    sources, timeline, calibrated, result = learned("anonymous_bank")
    assert sources.rows == {"contacts": 33344}
    aside = dict(sources.set_aside["reason"].value_counts().rows())
    assert aside["set aside by the mapping"] == 278  # phantom calls
    assert sum(aside.values()) < 0.05 * 33344
    raw = calibrated.raw
    assert raw["population"] == {"customers": 0}
    assert set(raw["journeys"]) == {"ps", "nw", "ne", "tt", "in", "pe"}
    a_week = sum(units.split(journey["when"]["arrival"]["rate"])[0] for journey in raw["journeys"].values())
    calls = timeline.contacts.height / 4
    assert a_week == pytest.approx(calls, rel=0.05)
    week = result.tables.visits.filter(pl.col("joined") > WEEK)
    assert week.height == pytest.approx(calls, rel=0.2)
    gone = (week["outcome"] == "abandoned").mean()
    assert gone == pytest.approx((timeline.contacts["outcome"] == "abandoned").mean(), abs=0.08)


def test_of_the_banks_callers_some_hang_up_at_once_and_the_others_wait_minutes():
    patience = learned("anonymous_bank")[2].raw["personas"]["everybody"]["patience"]["call"]
    assert patience["kind"] == "mixture"
    assert patience["parts"]["at_once"]["p"] == pytest.approx(0.1, abs=0.05)


def test_the_bank_has_about_as_many_people_on_duty_as_one_counts():
    pools = learned("anonymous_bank")[2].raw["staff"]
    assert len(pools) == 1
    # Presence counted from spans of work: Sun-Thu 7:00 to 24:00, Friday morning and Saturday night. While somebody
    # waits not all of those present are busy, so fewer are counted here; more than there are would be wrong.
    present = 5 * 102.6 + 37.4 + 18.6
    assert 0.7 * present < sum(hours_of_duty(pool) for pool in pools.values()) < 1.1 * present


# ---- loan applications -----------------------------------------------------------------------------------------------


def test_loan_applications_become_a_scenario_of_activities_and_teams():
    sources, timeline, calibrated, result = learned("loan_app")
    assert sources.rows == {"contacts": 7466}
    assert sources.set_aside.is_empty()
    raw = calibrated.raw
    rate = units.split(raw["journeys"]["loan"]["when"]["arrival"]["rate"])[0]
    assert rate == pytest.approx(80, rel=0.05)  # sixteen on each working day
    assert set(raw["touchpoints"]) == set(timeline.contacts["touchpoint"])
    served = {name: next(iter(entry["staff"])) for name, entry in raw["touchpoints"].items()}
    clerks = {"check_application_form_completeness", "check_credit_history", "return_application_back_to_applicant",
              "cancel_application", "approve_application", "reject_application"}  # fmt: skip
    assert len({served[name] for name in clerks}) == 1
    assert served["assess_loan_risk"] == served["design_loan_offer"]
    assert len(raw["staff"]) == 6
    week = result.tables.visits.filter(pl.col("joined") > WEEK)
    assert week.height == pytest.approx(7466 / timeline.weeks, rel=0.3)


def test_work_on_loan_applications_rests_at_night():
    raw = learned("loan_app")[2].raw
    means = {"check_application_form_completeness": 20.1, "check_credit_history": 31.0, "aml_check": 30.7}
    for name, mean in (means | {"appraise_property": 30.6, "reject_application": 10, "approve_application": 5}).items():
        law = build(raw).touchpoints[name].service_time
        assert law.mean == pytest.approx(mean, rel=0.08)
    assert raw["touchpoints"]["assess_loan_risk"]["service_time"] == "20 min"
    for pool in raw["staff"].values():
        for shift in pool["shifts"].values():
            assert units.time_of_day(shift["from"]) >= 7 * 60
            assert units.time_of_day(shift["to"]) <= 15 * 60
