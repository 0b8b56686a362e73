"""The same customers live through each scenario; what differs has an interval whose arithmetic can be checked."""

from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from scenarios import compare as module
from scenarios.compare import BASELINE, better, check_same_design, compare, variants
from scenarios.words import paid_once
from sim.changes import altered, settled
from sim.check import parse
from sim.errors import DesirepathError, ScenarioError
from sim.kpis import HEADLINES, KPIS
from sim.read import build, load
from sim.tables import Tables
from tests.scenarios import commands

STARTER, _ = load(commands.STARTER)
CENTRE = module.CENTRE
MONTHS_A_WEEK = 7 / 30.4375


def small(**settings):
    """The starter scenario with few customers and two weeks, one of them measured; settings by path, `__` for a dot."""
    brief = {"clock": {"start": "2025-01-06", "horizon": "2 weeks", "warmup": "1 week"}, "population.customers": 40}
    return build(altered(STARTER, brief | {path.replace("__", "."): value for path, value in settings.items()}))


def proposing(settings, **change):
    """The small scenario with one change called `idea`."""
    return small(changes={"idea": {"set": settings} | change})


# ---- arithmetic, on values we are told -------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    """Compare scenarios whose values are told instead of simulated."""

    def compared(values, names=("change",), **design):
        rows = [
            (name, r, kpi, "all", "all", float(value))
            for (name, kpi), series in values.items()
            for r, value in enumerate(series)
        ]
        schema = {
            "scenario": pl.String, "replication": pl.Int32, "kpi": pl.String, "by": pl.String, "group": pl.String,
            "value": pl.Float64,
        }  # fmt: skip
        table = pl.DataFrame(rows, schema=schema, orient="row")
        monkeypatch.setattr(module, "perform_all", lambda *_, **__: table)
        law = {"kind": "normal", "mean": 0.6, "sd": 0.1}
        doubtful = any(name.startswith(CENTRE) for name, _ in values)
        model = small(uncertain={"personas.caller.churn.slope": law} if doubtful else {})
        replications = len(next(iter(values.values())))
        return compare(dict.fromkeys((BASELINE, *names), model), 1, replications, **design)

    return compared


def test_a_difference_is_the_mean_of_the_pairs_with_its_t_interval(told):
    compared = told({(BASELINE, "cost"): [10, 12, 14], ("change", "cost"): [11, 12, 16]})
    found = compared.difference("change", "cost")
    t = 0.95 / np.sqrt(2 * 0.975 * 0.025)  # the quantile at 0.975 with two degrees of freedom, in closed form
    half = t * 1 / np.sqrt(3)  # 1, 0 and 2 have a standard deviation of 1
    assert found["baseline"] == 12
    assert found["difference"] == 1
    assert found["luck"] == pytest.approx(half, rel=1e-12)
    assert (found["lower"], found["upper"]) == pytest.approx((1 - half, 1 + half), rel=1e-12)
    assert (found["limits"], found["n"]) == (0, 3)
    assert found["relative"] == pytest.approx(1 / 12)
    assert found["correlation"] == pytest.approx(10 / np.sqrt(8 * 14))
    assert found["variance_reduction"] == pytest.approx((8 + 14) / 2)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_agree_with_scipy(told, level):
    rng = np.random.default_rng(20250106)
    old = rng.normal(5, 2, (8, 7))
    new = old + rng.normal(0.3, 1, (8, 7))
    values = {(BASELINE, kpi): row for kpi, row in zip(HEADLINES, old, strict=True)}
    values |= {("change", kpi): row for kpi, row in zip(HEADLINES, new, strict=True)}
    compared = told(values, level=level)
    for kpi, x, y in zip(HEADLINES, old, new, strict=True):
        found = compared.difference("change", kpi)
        paired = stats.ttest_rel(y, x)
        adjusted = paired.confidence_interval(1 - (1 - level) / len(HEADLINES))
        assert (found["lower"], found["upper"]) == pytest.approx(tuple(paired.confidence_interval(level)))
        assert (found["lower_adjusted"], found["upper_adjusted"]) == pytest.approx(tuple(adjusted))
        assert found["correlation"] == pytest.approx(stats.pearsonr(x, y).statistic)
        assert found["variance_reduction"] == pytest.approx((np.var(x) + np.var(y)) / np.var(y - x))
        for name, series in ((BASELINE, x), ("change", y)):
            own = compared.level_of(name, kpi)
            interval = stats.ttest_1samp(series, 0).confidence_interval(level)
            assert own["mean"] == pytest.approx(series.mean())
            assert (own["lower"], own["upper"]) == pytest.approx(tuple(interval))


def test_the_more_changes_are_compared_the_wider_is_the_adjusted_interval(told):
    names = ("one", "two", "three")
    values = {(name, "cost"): [1, 4, 2, 8] for name in (BASELINE, *names)} | {("two", "cost"): [2, 4, 4, 9]}
    found = told(values, names=names).difference("two", "cost")
    paired = stats.ttest_rel([2, 4, 4, 9], [1, 4, 2, 8])
    expected = paired.confidence_interval(1 - 0.05 / (3 * len(HEADLINES)))
    assert (found["lower_adjusted"], found["upper_adjusted"]) == pytest.approx(tuple(expected))
    assert (found["lower"], found["upper"]) == pytest.approx(tuple(paired.confidence_interval(0.95)))


def test_only_replications_in_which_both_sides_are_known_make_a_pair(told):
    compared = told({(BASELINE, "churn"): [0.1, np.nan, 0.3, 0.2], ("change", "churn"): [0.2, 0.5, np.nan, 0.2]})
    found = compared.difference("change", "churn")
    assert (found["n"], found["difference"]) == (2, pytest.approx(0.05))
    assert compared.level_of(BASELINE, "churn")["n"] == 3


def test_one_pair_has_no_interval_and_no_pair_no_difference(told):
    compared = told({(BASELINE, "churn"): [0.1, np.nan], ("change", "churn"): [0.2, 0.5],
                     (BASELINE, "margin"): [np.nan, np.nan], ("change", "margin"): [1, 2]})  # fmt: skip
    found = compared.difference("change", "churn")
    assert found["difference"] == pytest.approx(0.1)
    assert np.isnan([found["lower"], found["upper"]]).all()
    nothing = compared.difference("change", "margin")
    assert nothing["n"] == 0
    assert np.isnan([nothing[key] for key in ("difference", "lower", "upper")]).all()


def test_the_interval_is_luck_and_limits_together(told):
    drawn = {(BASELINE, "cost"): [10, 12, 14, 11], ("change", "cost"): [13, 11, 20, 12]}
    centre = {(CENTRE + BASELINE, "cost"): [11, 12, 13, 11], (CENTRE + "change", "cost"): [13, 14, 15, 13]}
    compared = told(drawn | centre)
    found = compared.difference("change", "cost")
    pairs, at_centre = np.array([3, -1, 6, 1]), 2
    luck = stats.t.ppf(0.975, 3) * pairs.std(ddof=1) / 2
    limits = stats.t.ppf(0.975, 3) * (pairs - at_centre).std(ddof=1)
    assert found["difference"] == pairs.mean()
    assert (found["luck"], found["limits"]) == pytest.approx((luck, limits))
    assert found["upper"] - found["difference"] == pytest.approx(np.hypot(luck, limits))
    assert set(compared.values["scenario"]) == {BASELINE, "change"}


def test_the_interval_of_one_scenario_is_luck_and_limits_too(told):
    drawn = {(BASELINE, "cost"): [10, 12, 14, 11], ("change", "cost"): [13, 11, 20, 12]}
    centre = {(CENTRE + BASELINE, "cost"): [11, 12, 13, 10], (CENTRE + "change", "cost"): [13, 14, 15, 13]}
    found = told(drawn | centre).level_of(BASELINE, "cost")
    luck = stats.t.ppf(0.975, 3) * np.std([10, 12, 14, 11], ddof=1) / 2
    limits = stats.t.ppf(0.975, 3) * np.std([-1, 0, 1, 1], ddof=1)
    assert found["mean"] == 11.75
    assert (found["luck"], found["limits"]) == pytest.approx((luck, limits))
    half = np.hypot(luck, limits)
    assert (found["lower"], found["upper"]) == pytest.approx((11.75 - half, 11.75 + half))


def test_more_replications_shrink_luck_but_not_limits(told):
    def repeated(times):
        drawn = {(BASELINE, "cost"): [10, 12, 14, 11], ("change", "cost"): [13, 11, 20, 12]}
        centre = {(CENTRE + BASELINE, "cost"): [11] * 4, (CENTRE + "change", "cost"): [13] * 4}
        compared = told({key: series * times for key, series in (drawn | centre).items()})
        return compared.difference("change", "cost"), compared.level_of("change", "cost")

    for few, many, most in zip(repeated(4), repeated(16), repeated(64), strict=True):
        assert many["luck"] == pytest.approx(few["luck"] / 2, rel=0.1)
        assert many["limits"] == pytest.approx(few["limits"], rel=0.15)
        assert most["limits"] == pytest.approx(many["limits"], rel=0.05)
        assert many["upper"] - many["lower"] > 2 * many["limits"]


def test_limits_that_nobody_can_know_leave_no_interval(told):
    drawn = {(BASELINE, "churn"): [0.1, 0.2, 0.3], ("change", "churn"): [0.2, 0.2, 0.1]}
    centre = {(CENTRE + BASELINE, "churn"): [np.nan, np.nan, 0.1], (CENTRE + "change", "churn"): [0.1, 0.2, 0.3]}
    found = told(drawn | centre).difference("change", "churn")
    assert found["luck"] > 0
    assert np.isnan([found["limits"], found["lower"], found["upper"]]).all()


# ---- luck and limits, lived through ----------------------------------------------------------------------------------


def test_what_the_data_leave_open_widens_only_what_depends_on_it():
    doubtful = small(
        uncertain={"staff.service.wage": {"kind": "normal", "mean": "24 EUR / h", "sd": "2 EUR / h"}},
        changes={"hire": STARTER["changes"]["hire"]},
    )
    compared = compare(variants(doubtful, "all"), seed=5, replications=8)
    wages = np.array([settled(doubtful, 5, r).staff["service"].wage * 60 for r in range(8)])
    staff, revenue = compared.difference("hire", "staff_cost"), compared.difference("hire", "revenue")
    hours = 5 * 10  # in the measured week
    assert staff["difference"] == pytest.approx(wages.mean() * hours, rel=0.02)  # and some minutes of overtime
    doubt = stats.t.ppf(0.975, 7) * wages.std(ddof=1) * hours
    assert staff["limits"] == pytest.approx(doubt, rel=0.02)
    assert 0 < staff["luck"] < staff["limits"]
    assert revenue["limits"] == 0
    paid = {BASELINE: 75, "hire": 125}  # hours, those of the evening among them
    for name, hours_paid in paid.items():
        limits = compared.level_of(name, "staff_cost")["limits"]
        assert limits == pytest.approx(doubt * hours_paid / hours, rel=0.02)
    assert compared.level_of(BASELINE, "revenue")["limits"] == 0


def test_where_nothing_is_uncertain_the_data_set_no_limits():
    compared = compare(variants(small(), ["hire"]), seed=5, replications=2)
    assert (compared.differences["limits"] == 0).all()
    assert (compared.levels["limits"] == 0).all()


def test_a_replication_has_the_same_draw_of_what_is_uncertain_in_every_scenario():
    law = {"kind": "uniform", "low": 0.1, "high": 0.9}
    models = variants(small(uncertain={"personas.caller.churn.slope": law}), "all")
    slopes = {r: {settled(model, 3, r).personas["caller"].churn.slope for model in models.values()} for r in range(4)}
    assert all(len(of_replication) == 1 for of_replication in slopes.values())
    assert len(set.union(*slopes.values())) == 4


# ---- what is compared ------------------------------------------------------------------------------------------------


def test_a_change_that_changes_nothing_makes_no_difference_at_all():
    model = proposing({"staff.service.shifts.day.headcount": 1})
    compared = compare(variants(model, "all"), seed=2, replications=3)
    same = compared.differences.filter(pl.col("n") > 0)
    assert same.height > 200
    assert (same["difference"] == 0).all()
    assert (same.filter(pl.col("n") > 1)["lower"] == 0).all()


@pytest.mark.slow
@pytest.mark.usefixtures("processes_at_once")
def test_two_workers_find_what_one_finds():
    models = variants(small(), ["hire"])
    alone, together = (compare(models, seed=2, replications=2, workers=workers) for workers in (1, 2))
    for table in ("values", "levels", "differences"):
        assert_frame_equal(getattr(alone, table), getattr(together, table), check_exact=True)


def test_every_kpi_is_there_for_every_scenario_and_replication():
    compared = compare(variants(small(), "all"), seed=2, replications=2)
    total = compared.values.filter(pl.col("by") == "all")
    assert compared.changes == ["hire", "better_page"]
    assert total.height == len(KPIS) * 3 * 2
    assert set(total["replication"]) == {0, 1}


def test_progress_counts_every_history_those_at_the_centre_too():
    said = []
    model = small(uncertain={"personas.caller.churn.slope": {"mean": 0.6, "sd": 0.1}})
    compare(variants(model, ["hire"]), 1, 2, progress=lambda done, total: said.append((done, total)))
    assert said == [(done, 8) for done in range(1, 9)]


def test_tables_of_the_first_replication_are_written_for_each_scenario(tmp_path):
    compare(variants(small(), ["hire"]), 1, 2, folder=tmp_path)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.parquet")}
    tables = [field.name for field in fields(Tables)]
    assert files == {f"{name}/{table}.parquet" for name in (BASELINE, "hire") for table in tables}


def test_a_group_that_only_a_change_brings_has_a_level_but_no_difference():
    night = {"days": "all", "from": "20:00", "to": "22:00", "headcount": 1}
    model = proposing({
        "staff.evening": {"wage": "30 EUR / h", "shifts": {"only": night}},
        "touchpoints.hotline.staff": {"service": 0, "evening": 0},
    })  # fmt: skip
    compared = compare(variants(model, "all"), seed=1, replications=2)
    new = compared.difference("idea", "staff_cost", by="pool", group="evening")
    assert np.isnan(new["difference"])
    assert (new["n"], compared.level_of(BASELINE, "staff_cost", "pool", "evening")["n"]) == (0, 0)
    assert compared.level_of("idea", "staff_cost", "pool", "evening")["mean"] == pytest.approx(7 * 2 * 30)
    old = compared.difference("idea", "staff_cost", by="pool", group="service")
    assert (old["n"], old["difference"]) == (2, 0)


# ---- what a change costs ---------------------------------------------------------------------------------------------

COSTS = {"once": "500 EUR", "monthly": "100 EUR"}
NOTHING = {"staff.service.shifts.day.headcount": 1}


@pytest.mark.parametrize(
    ("dates", "weeks"),
    [
        ({}, 1),
        ({"from": "2025-01-15"}, 5 / 7),
        ({"until": "2025-01-15"}, 2 / 7),
        ({"from": "2025-01-15", "until": "2025-01-17"}, 2 / 7),
    ],
)
def test_what_a_change_costs_is_in_every_figure_of_cost(dates, weeks):
    compared = compare(variants(proposing(NOTHING, cost=COSTS, **dates), "all"), seed=1, replications=2)
    expected = 500 + 100 * weeks * MONTHS_A_WEEK
    cost, *ratios = (
        compared.values.filter((pl.col("scenario") == BASELINE) & (pl.col("kpi") == kpi) & (pl.col("by") == "all"))
        for kpi in ("cost", "cost_per_customer", "cost_per_resolved")
    )
    per_customer, per_resolved = ((expected * ratio["value"] / cost["value"]).mean() for ratio in ratios)
    found = {kpi: compared.difference("idea", kpi)["difference"] for kpi in KPIS}
    assert found["change_cost"] == pytest.approx(expected)
    assert found["cost"] == pytest.approx(expected)
    assert found["margin"] == pytest.approx(-expected)
    assert found["cost_per_customer"] == pytest.approx(per_customer)
    assert found["cost_per_resolved"] == pytest.approx(per_resolved)
    assert found["staff_cost"] == found["contact_cost"] == found["revenue"] == 0


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"from": "2025-01-08"}, 500 + 100 * MONTHS_A_WEEK),  # in the warm-up, and there to stay
        ({"from": "2024-12-01"}, 500 + 100 * MONTHS_A_WEEK),  # before the clock starts
        ({"from": "2025-01-08", "until": "2025-01-13"}, 0),  # over when measuring begins
    ],
)
def test_what_a_change_costs_once_is_charged_as_long_as_the_change_is_in_force_while_measured(dates, expected):
    compared = compare(variants(proposing(NOTHING, cost=COSTS, **dates), "all"), seed=1, replications=2)
    for kpi in ("change_cost", "cost"):
        assert compared.difference("idea", kpi)["difference"] == pytest.approx(expected)
    assert compared.difference("idea", "change_cost", "week", "1")["difference"] == pytest.approx(expected)
    assert paid_once(compared, "idea") == (500 if expected else 0)


def test_what_a_change_costs_is_spread_over_the_weeks_in_which_it_is_paid():
    model = build(altered(proposing(NOTHING, cost=COSTS).raw, {"clock.horizon": "3 weeks"}))
    compared = compare(variants(model, "all"), seed=1, replications=2)
    weeks = [compared.difference("idea", "cost", "week", week)["difference"] for week in ("1", "2")]
    assert weeks == pytest.approx([500 + 100 * MONTHS_A_WEEK, 100 * MONTHS_A_WEEK])


def test_two_changes_together_cost_what_both_cost():
    other = {"set": {"staff.service.overtime": 1.5}, "cost": {"once": "30 EUR"}}
    raw = altered(proposing(NOTHING, cost=COSTS).raw, {"changes.other": other})
    compared = compare(variants(build(raw), ["idea", "other", "idea+other"]), seed=1, replications=2)
    costs = [compared.difference(name, "cost")["difference"] for name in ("idea", "other", "idea+other")]
    assert costs[0] + costs[1] == pytest.approx(costs[2])


# ---- what cannot be compared -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("clock", {"start": "2025-01-06", "horizon": "3 weeks", "warmup": "1 week"}),
        ("clock", {"start": "2025-01-13", "horizon": "2 weeks", "warmup": "1 week"}),
        ("clock", {"start": "2025-01-06", "horizon": "2 weeks", "warmup": "1 day"}),
        ("population.customers", 41),
        ("measure", {"answer_within": "30 s"}),
        ("uncertain", {"personas.caller.churn.slope": {"mean": 0.6, "sd": 0.1}}),
    ],
)
def test_designs_that_differ_are_refused_with_what_differs(path, value):
    other = small(**{path.replace(".", "__"): value})
    with pytest.raises(ScenarioError) as error:
        compare({BASELINE: small(), "other": other}, seed=1, replications=2)
    (problem,) = error.value.problems
    assert problem.path == path
    assert problem.message.startswith("'other' has ")
    assert problem.message.endswith("only like designs can be compared")


def test_a_kind_of_run_that_is_stated_is_like_the_same_that_is_not():
    raw = small().raw
    unstated = parse(altered(raw, {"clock": {k: v for k, v in raw["clock"].items() if k != "run"}}))
    steady, calibrated = (parse(altered(raw, {"clock.run": run})) for run in ("steady", "calibrated"))
    check_same_design({BASELINE: steady, "other": unstated})
    with pytest.raises(ScenarioError, match=r"clock: 'other' has "):
        check_same_design({BASELINE: steady, "other": calibrated})


def test_another_currency_is_refused():
    raw = yaml_in_dollars(small().raw)
    with pytest.raises(ScenarioError, match=r"currency: 'other' has USD, but 'baseline' has EUR"):
        check_same_design({BASELINE: small(), "other": parse(raw)})


def yaml_in_dollars(part):
    """Plain data with every EUR replaced."""
    if isinstance(part, dict):
        return {key: yaml_in_dollars(value) for key, value in part.items()}
    return part.replace("EUR", "USD") if isinstance(part, str) else part


def test_all_that_differs_is_told_at_once():
    others = {
        "one": small(population__customers=41, measure={"answer_within": "1 min"}),
        "two": small(population__customers=42),
    }
    with pytest.raises(ScenarioError) as error:
        check_same_design({BASELINE: small(), **others})
    assert [problem.path for problem in error.value.problems] == [
        "population.customers",
        "measure",
        "population.customers",
    ]


@pytest.mark.parametrize("replications", [1, 0])
def test_one_replication_gives_no_interval_and_is_refused(replications):
    with pytest.raises(DesirepathError, match="use at least 2"):
        compare(variants(small(), "all"), seed=1, replications=replications)


# ---- which changes ---------------------------------------------------------------------------------------------------


def test_variants_are_the_baseline_and_the_changes_asked_for():
    assert list(variants(small(), "all")) == [BASELINE, "hire", "better_page"]
    assert list(variants(small(), "hire")) == [BASELINE, "hire"]
    models = variants(small(), ["better_page", "hire+better_page"])
    assert {name: model.enact for name, model in models.items()} == {
        BASELINE: (), "better_page": ("better_page",), "hire+better_page": ("hire", "better_page"),
    }  # fmt: skip


def test_what_the_baseline_has_on_already_stays_on():
    models = variants(small(enact=["hire"]), ["better_page"])
    assert models["better_page"].enact == ("hire", "better_page")


def test_what_the_baseline_has_on_already_is_not_compared_with_itself():
    model = small(enact=["hire"])
    assert list(variants(model, "all")) == [BASELINE, "better_page"]
    for asked in ("hire", ["better_page", "hire+better_page"]):
        with pytest.raises(ScenarioError, match=r"changes\.hire: is on in the baseline already \(enact\)"):
            variants(model, asked)
    with pytest.raises(ScenarioError, match=r"changes: all are on in the baseline already \(enact\)"):
        variants(small(enact=["hire", "better_page"]), "all")


def test_a_change_may_have_a_plus_in_its_name():
    model = small(changes={"1+1": {"set": NOTHING}})
    assert variants(model, "all")["1+1"].enact == ("1+1",)


def test_every_change_that_is_not_there_is_told():
    with pytest.raises(ScenarioError) as error:
        variants(small(), ["hier", "hire+better_pge"])
    assert [problem.message for problem in error.value.problems] == [
        "there is no change 'hier'; did you mean 'hire'?",
        "there is no change 'better_pge'; did you mean 'better_page'?",
    ]


@pytest.mark.parametrize(
    ("changes", "asked", "message"),
    [
        ({}, "all", "the scenario proposes no change; add one under changes"),
        ({"idea": {"set": NOTHING}}, [], "none is named; known: idea, or all"),
        ({BASELINE: {"set": NOTHING}}, "all", "is what changes are compared with; choose another name"),
    ],
)
def test_nothing_to_compare_is_refused(changes, asked, message):
    with pytest.raises(ScenarioError, match=message):
        variants(small(changes=changes), asked)


def test_changes_that_do_not_go_together_are_refused_before_anything_runs():
    call = "journeys.billing.steps.call"
    expert = {f"{call}.outcomes.resolved": 0.75, f"{call}.outcomes.passed_on": 0.1, f"{call}.next.passed_on.give_up": 1}
    training = {f"{call}.outcomes.resolved": 0.95, f"{call}.outcomes.unresolved": 0.05}
    model = small(changes={"training": {"set": training}, "expert": {"set": expert}})
    assert list(variants(model, "all")) == [BASELINE, "training", "expert"]
    with pytest.raises(ScenarioError, match=r"together these changes do not work: .* add up to 0\.9;"):
        variants(model, ["training", "training+expert"])


# ---- for better or worse ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kpi", "difference", "expected"),
    [
        ("satisfaction", 0.1, True),
        ("satisfaction", -0.1, False),
        ("churn", -0.01, True),
        ("cost", 10.0, False),
        ("visits", 3.0, None),
        ("cost", 0.0, None),
        ("cost", np.nan, None),
    ],
)
def test_a_difference_is_for_the_better_or_the_worse_or_neither(kpi, difference, expected):
    assert better(kpi, difference) is expected
