"""Stories of strain: people who are busy for too long get slower, err more, and quit; others come in their place.

Times are minutes from midnight of a Monday; a service takes exactly five minutes unless the story says otherwise.
"""

from math import exp

import polars as pl
import pytest

from sim import DesirepathError, Tables, build, simulate
from sim.blocks import Writing
from sim.engines import compiled
from sim.kpis import measure
from sim.summaries import Tally, summarise
from tests.engines.equal import assert_same_sums, assert_same_tables
from tests.sim.stories import START, call, company, desk, moment, pool, tell, visit

DAY, WEEK = 1440, 7 * 1440
A_SHARE = 1 - exp(-1)  # of its way that strain goes in a week, if its memory is one
FOUR_WEEKS = {"start": START.date().isoformat(), "horizon": "4 weeks"}


def strained(headcount=1, begins=0, ends=1440, clock=FOUR_WEEKS, wage="24 EUR / h", **strain):
    """A company whose clerks are strained from 30 % on; half a week's work comes at once, and a call in each week."""
    strain = {"above": 0.3, "memory": "1 week"} | strain
    return company(
        clock=clock,
        touchpoints={"desk": desk(), "works": desk(minutes=WEEK / 2)},
        journeys={"long": call(0, "works"), "second": call(WEEK + 600), "third": call(2 * WEEK + 600)},
        staff={"clerks": pool(headcount, begins, ends, wage=wage, strain=strain)},
    )


def leaving(rate="1e6 / day", hiring="2 days", **more):
    """Quits of everybody at every look, if nothing else is said."""
    return {"rate": rate, "hiring": hiring, **more}


def kpis(raw, by="all", group=None):
    rows = measure(summarise(simulate(build(raw), 1))).rows()
    return {name: value for name, dimension, which, value in rows if dimension == by and group in (None, which)}


def took(tables, goal):
    row = visit(tables, goal)
    return row["ended"] - row["started"]


# ---- how strain builds up --------------------------------------------------------------------------------------------


def test_strain_goes_a_part_of_its_way_every_week():
    first = A_SHARE * (0.5 - 0.3)
    looks = tell(strained(), 1).strain.rows()
    assert [(name, at) for name, at, _, _ in looks] == [("clerks", WEEK), ("clerks", 2 * WEEK), ("clerks", 3 * WEEK)]
    assert [occupancy for _, _, occupancy, _ in looks] == pytest.approx([0.5, 5 / WEEK, 5 / WEEK])
    assert [strain for *_, strain in looks] == pytest.approx([first, first / exp(1), first / exp(2)])


def test_two_people_share_the_work():
    assert tell(strained(headcount=2)).strain["occupancy"][0] == pytest.approx(0.25)


def test_time_past_the_end_of_a_shift_counts_as_worked_and_as_there():
    tables = tell(strained(begins=0, ends=60))
    assert tables.strain["occupancy"][0] == pytest.approx((WEEK / 2) / (WEEK / 2 + 6 * 60))


def test_in_a_week_in_which_nobody_is_there_it_fades():
    raw = strained()
    raw["staff"]["clerks"]["shifts"]["only"]["days"] = "mon"
    raw["clock"] = FOUR_WEEKS | {"holidays": {"second": "2025-01-13"}}
    raw["journeys"]["long"] = call(600)
    raw["staff"]["clerks"]["strain"]["above"] = 0
    first, second, _ = tell(raw).strain.rows()
    assert second[2] is None
    assert second[3] == pytest.approx(first[3] / exp(1))


def test_a_pool_may_be_looked_at_more_often():
    assert tell(strained(every="1 day")).strain["at"].to_list() == [DAY * day for day in range(1, 28)]


def test_several_contacts_at_once_are_one_person_busy():
    raw = strained()
    raw["staff"]["clerks"]["at_once"] = {"contacts": 2}
    raw["journeys"]["beside"] = call(10)
    assert tell(raw).strain["occupancy"][0] == pytest.approx(0.5)


# ---- what it does ----------------------------------------------------------------------------------------------------


def test_who_is_strained_takes_longer_for_what_begins_from_the_look_on():
    raw = strained(slower=2.0)
    raw["journeys"]["before"] = call(WEEK - 2)
    tables = tell(raw)
    strain = tables.strain["strain"].to_list()
    assert took(tables, "before") == 5
    assert took(tables, "second") == pytest.approx(5 * exp(2.0 * strain[0]))
    assert took(tables, "third") == pytest.approx(5 * exp(2.0 * strain[1]))


def test_who_is_strained_errs_more_at_what_is_hard():
    raw = strained(err=400.0)
    raw["touchpoints"] |= {"page": {"channel": "web", "service_time": "5 min"}}
    odds = {"outcomes": {"resolved": 0.999, "unresolved": 0.001}, "next": {"unresolved": {"give_up": 1}}}
    hard = {"difficulty": {"resolved": -1.0}, "step": odds}
    raw["journeys"] |= {"before": call(WEEK - 60, **hard), "second": call(WEEK + 600, **hard)}
    raw["journeys"] |= {"alone": call(WEEK + 700, "page", **{**hard, "step": odds})}
    tables = tell(raw)
    assert [visit(tables, goal)["outcome"] for goal in ("before", "second", "alone")] == [
        "resolved", "unresolved", "resolved",
    ]  # fmt: skip


def test_strain_that_does_nothing_moves_nothing():
    without = strained()
    del without["staff"]["clerks"]["strain"]
    with_it = tell(strained())
    assert not with_it.strain.is_empty()
    assert with_it.visits.equals(tell(without).visits)
    assert kpis(strained())["staff_cost"] == kpis(without)["staff_cost"]


# ---- who quits -------------------------------------------------------------------------------------------------------


def test_who_quits_is_missing_at_once_until_somebody_is_hired_and_trained():
    quits = leaving(hiring="2 days", training="1 day")
    raw = strained(clock=FOUR_WEEKS | {"horizon": "2 weeks"}, quits=quits)
    raw["journeys"] = {goal: call(WEEK + DAY * day + 600) for day, goal in enumerate(("mon", "tue", "wed", "thu"))}
    tables = tell(raw)
    assert tables.departures.rows() == [("clerks", "only", 1, WEEK, WEEK + 2 * DAY, WEEK + 3 * DAY)]
    assert [visit(tables, goal)["outcome"] for goal in ("mon", "tue", "wed", "thu")] == [*3 * ["closed"], "resolved"]


def test_a_vacant_place_is_not_paid_and_training_is():
    quits = leaving(hiring="2 days", training="1 day", cost="3000 EUR")
    found = kpis(strained(headcount=2, clock=FOUR_WEEKS | {"horizon": "2 weeks"}, quits=quits))
    assert found["staff_cost"] == pytest.approx(24 * 24 * 2 * (14 - 2))
    assert found["hiring_cost"] == 6000
    assert found["cost"] == found["staff_cost"] + 6000
    assert found["people_left"] == 2
    assert found["turnover"] == pytest.approx(365.25 / 14)
    assert found["vacant_share"] == pytest.approx(2 / 14)
    assert found["training_share"] == pytest.approx(1 / 14)
    assert found["occupancy"] == pytest.approx((WEEK / 2) / (2 * DAY * (14 - 3)))


def test_who_quits_while_busy_finishes_what_is_in_hand():
    raw = strained(quits=leaving(hiring="9 days"))
    raw["journeys"] = {"ann": call(WEEK - 2), "bob": call(WEEK + 1)}
    tables = tell(raw)
    assert visit(tables, "ann")["ended"] == WEEK + 3
    assert visit(tables, "ann")["overtime"] == 3
    assert visit(tables, "bob")["outcome"] == "closed"


def test_whoever_comes_when_nobody_is_left_is_told_when_the_roster_says_it_opens():
    raw = strained(begins=480, ends=960, quits=leaving(hiring="9 days"))
    raw["touchpoints"]["desk"]["when_closed"] = {"later": {"p": 1, "after": "0 min"}}
    raw["journeys"] = {"ann": call(WEEK - 60)}
    tables = tell(raw, 2)
    openings = [row["joined"] for row in tables.visits.to_dicts()]
    assert openings[:2] == [WEEK - 60, WEEK + 480]
    assert tables.visits["outcome"].to_list()[:2] == ["closed", "closed"]


def test_new_people_may_quit_too_but_not_before_they_are_there():
    tables = tell(strained(quits=leaving(hiring="8 days")))
    assert tables.departures["left"].to_list() == [WEEK, 3 * WEEK]


def left_first(raw, replication=0):
    """Who quits at the first look."""
    tables = simulate(build(raw), 1, replication).tables
    return set(tables.departures.filter(pl.col("left") == WEEK)["number"])


def test_each_person_quits_with_that_probability_whatever_the_strain_of_none():
    raw = strained(headcount=100, clock=FOUR_WEEKS | {"horizon": "8 days"}, quits=leaving(rate="0.2 / week"))
    raw["journeys"] = {"second": call(WEEK + 600)}
    found = [len(left_first(raw, replication)) for replication in range(10)]
    p = 1 - exp(-0.2)
    assert sum(found) == pytest.approx(1000 * p, abs=4 * (1000 * p * (1 - p)) ** 0.5)
    assert len(set(found)) > 1


def test_with_more_strain_those_quit_who_would_anyway_and_more():
    def raw(slope, headcount=60):
        clock = FOUR_WEEKS | {"horizon": "8 days"}
        return strained(headcount, above=0.0, clock=clock, quits=leaving(rate="0.1 / week", slope=slope))

    few, many = left_first(raw(0)), left_first(raw(400))
    assert few < many
    assert {number for number in left_first(raw(0, 80)) if number <= 60} == few


def test_who_is_absent_quits_all_the_same_and_is_missing_once():
    raw = strained(headcount=3, quits=leaving(hiring="3 days"))
    raw["staff"]["clerks"]["absence"] = 1.0
    found = kpis(raw)
    assert len(tell(raw).departures) == 3 * 3
    assert found["vacant_share"] == pytest.approx(3 * 3 / 28)


# ---- changes ---------------------------------------------------------------------------------------------------------


def test_strain_may_come_by_a_change_and_nothing_differs_before():
    raw = strained(above=0.0, slower=2000.0)
    brought = raw["staff"]["clerks"].pop("strain")
    before = tell(raw)
    raw["changes"] = {"sooner": {"from": moment(WEEK + DAY), "set": {"staff.clerks.strain": brought}}}
    after = tell(raw | {"enact": "sooner"})
    assert after.strain["at"].to_list() == [2 * WEEK, 3 * WEEK]
    earlier = pl.col("joined") < WEEK + DAY
    assert after.visits.filter(earlier).equals(before.visits.filter(earlier))
    assert took(after, "third") > 5


def test_a_time_without_strain_leaves_it_where_it_was_and_without_effect():
    raw = strained(slower=2.0)
    off = {"from": moment(WEEK + DAY), "until": moment(2 * WEEK + DAY), "set": {"staff.clerks.strain": None}}
    raw["journeys"]["fourth"] = call(2 * WEEK + 2 * DAY)
    raw["journeys"]["third"] = call(2 * WEEK + 600)
    tables = tell(raw | {"changes": {"relief": off}, "enact": "relief"})
    strain = tables.strain["strain"].to_list()
    assert tables.strain["at"].to_list() == [WEEK, 3 * WEEK]
    assert took(tables, "third") == 5
    assert took(tables, "fourth") == pytest.approx(5 * exp(2.0 * strain[0]))


def test_a_pool_that_a_change_brings_is_looked_at_from_then_on():
    raw = strained()
    helpers = pool(1, strain={"above": 0.3, "memory": "1 week"})
    brought = {"staff.helpers": helpers, "touchpoints.desk.staff.helpers": "5 min"}
    raw |= {"changes": {"more": {"from": moment(WEEK + DAY), "set": brought}}, "enact": "more"}
    assert tell(raw).strain.filter(pl.col("pool") == "helpers")["at"].to_list() == [2 * WEEK, 3 * WEEK]


# ---- what is kept ----------------------------------------------------------------------------------------------------


def wearing(**more):
    """A company in which some quit, with a number of customers."""
    quits = leaving(rate="0.4 / week", slope=3, hiring={"kind": "gamma", "mean": "9 days", "cv": 0.5}, cost="99 EUR")
    raw = strained(headcount=3, begins=480, ends=1080, slower=0.5, quits=quits | {"training": "3 days"}, **more)
    raw["clock"] = FOUR_WEEKS | {"warmup": "1 week"}
    raw["population"] = {"customers": 30}
    raw["personas"] = {"person": {"share": 1, "needs": {"help": "0.3 / day"}}}
    raw["journeys"]["help"] = call(0) | {"when": {"need": "help"}}
    raw["staff"]["clerks"]["absence"] = 0.1
    return raw


def test_sums_are_those_of_the_tables_whatever_is_kept_and_read_back(tmp_path):
    model = build(wearing())
    whole = simulate(model, 3)
    assert not whole.tables.departures.is_empty()
    expected = summarise(whole)
    for engine in ("compiled", "reference"):
        part = simulate(model, 3, engine=engine, keep="none")
        assert_same_sums(expected, summarise(part))
        assert part.tables.departures.equals(whole.tables.departures)
        assert part.tables.strain.equals(whole.tables.strain)
    with Writing(tmp_path) as writing:
        compiled.read_out(model, 3, 0, [writing])
    assert_same_tables(whole.tables, Tables.read(tmp_path))


def test_weeks_add_up_to_the_whole():
    model = build(wearing())
    result = simulate(model, 3)
    sums = summarise(result)
    for name in ("people_left", "hiring_cost", "vacant", "training", "strain", "paid", "places"):
        for by in ("week", "pool"):
            assert sums[by][name].sum() == pytest.approx(sums["all"][name][0]), (name, by)
    tally = Tally(model, (0.0, WEEK))
    tally.add_tables(result.tables)
    assert tally.summary()["all"]["strain"][0] == 0


# ---- what makes no sense ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strain", "problem"),
    [
        ({"above": 1.2}, "staff.clerks.strain.above"),
        ({"memory": "0 min"}, "staff.clerks.strain.memory"),
        ({"every": "0 min"}, "staff.clerks.strain.every"),
        ({"quits": {"rate": "1 / month"}}, "staff.clerks.strain.quits.hiring"),
        ({"err": 1.0}, "staff.clerks.strain.err"),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(strain, problem):
    with pytest.raises(DesirepathError, match=problem):
        build(strained(**strain))
