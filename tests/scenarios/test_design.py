"""Which points a sweep has, what they are called, which scenarios they are, and what is said of what cannot be."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.qmc import discrepancy

from scenarios.compare import BASELINE, check_same_design
from scenarios.sweeps.design import Interval, design, designed, told, variant
from scenarios.sweeps.factors import Factor
from scenarios.sweeps.spread import latin_hypercube, sobol
from sim import draws
from sim.changes import altered, enacted, phases, settled
from sim.check import parse
from sim.errors import ScenarioError
from sim.read import build
from sim.replications import simulate
from tests.scenarios.given import packaged, starter

DAY, MIDDAY = (f"staff.service.shifts.{shift}.headcount" for shift in ("day", "midday"))
TIME = "touchpoints.hotline.service_time.mean"
SLOPE, OTHER_SLOPE = (f"personas.{persona}.churn.slope" for persona in ("caller", "surfer"))
STAYS = "what the change does not name stays as it is"
OUTCOMES = "journeys.billing.steps.read.outcomes"
NAMES = st.lists(st.text("abcxyz.", min_size=1, max_size=8), min_size=1, max_size=4, unique=True)


@cache
def company():
    """The starter scenario with more levers, and with what is uncertain."""
    raw = starter().raw
    levers = {
        **raw["levers"],
        "everybody": {"moves": [DAY, MIDDAY], "low": 1, "high": 6, "price": "5000 EUR / month"},
        "call_time": {"moves": TIME, "low": "6 min", "high": "9 min", "step": "1 min"},
        "asked": {"moves": "personas.caller.survey.ask", "low": 0, "high": 1},
    }
    uncertain = {
        SLOPE: {"kind": "normal", "mean": 0.6, "sd": 0.1, "low": 0},
        OTHER_SLOPE: {"kind": "lognormal", "mean": 0.7, "sd": 0.2, "with": SLOPE},
        "touchpoints.help_page.service_time.mean": {"kind": "uniform", "low": "4 min", "high": "6 min"},
    }
    clock = {"start": "2025-01-06", "horizon": "3 weeks", "warmup": "1 week"}
    small = {"clock": clock, "population.customers": 40, "levers": levers, "uncertain": uncertain}
    return build(altered(raw, small))


def values(chosen, path):
    return [point.settings[path] for point in chosen.points]


def named(chosen):
    return [point.name for point in chosen.points]


# ---- spread ----------------------------------------------------------------------------------------------------------


@given(NAMES, st.integers(2, 60), st.integers(0, 2**64))
def test_a_latin_hypercube_hits_every_stratum_once(names, points, seed):
    for column in latin_hypercube(names, points, seed).values():
        assert sorted(int(u * points) for u in column) == list(range(points))


@given(NAMES, st.integers(2, 60), st.integers(0, 1000))
def test_a_direction_more_leaves_the_others_as_they_were(names, points, seed):
    for spread in (latin_hypercube, sobol):
        more = spread([*names, "new"], points, seed)
        assert {name: more[name] for name in names} == spread(names, points, seed)
    assert latin_hypercube(["new", *names], points, seed) == latin_hypercube([*names, "new"], points, seed)


@given(NAMES, st.integers(2, 40), st.integers(1, 40))
def test_points_more_leave_a_sobol_sequence_as_it_was(names, points, more):
    longer = sobol(names, points + more, 7)
    assert {name: column[:points] for name, column in longer.items()} == sobol(names, points, 7)


@pytest.mark.parametrize("spread", [latin_hypercube, sobol])
def test_another_seed_spreads_otherwise(spread):
    assert spread(["a"], 8, 1)["a"] != spread(["a"], 8, 2)["a"]
    assert spread(["a", "b"], 8, 1)["a"] != spread(["a", "b"], 8, 1)["b"]


def test_a_sobol_sequence_is_more_even_than_a_latin_hypercube_and_that_than_chance():
    names = ["a", "b", "c"]

    def mean_discrepancy(spread):
        points = [np.array(list(spread(names, 128, seed).values())).T for seed in range(10)]
        return np.mean([discrepancy(each) for each in points])

    def by_chance(names, points, seed):
        return {name: [draws.uniform(seed, i, purpose=name) for i in range(points)] for name in names}

    assert mean_discrepancy(sobol) < mean_discrepancy(latin_hypercube) / 2 < mean_discrepancy(by_chance) / 4


# ---- factors ---------------------------------------------------------------------------------------------------------


@given(st.floats(-1000, 1000), st.floats(0.001, 1000), st.floats(0.01, 1), st.floats(0, 1, exclude_max=True))
def test_steps_and_bounds_are_kept(low, width, share, u):
    factor = Factor("x", "lever", low=low, high=low + width, step=width * share)
    value = factor.at(u)
    assert low <= value <= low + width
    steps = (value - low) / factor.step
    assert steps == pytest.approx(round(steps), abs=1e-3)
    assert value in factor.grid
    assert low <= Factor("x", "lever", low=low, high=low + width).at(u) <= low + width


def test_every_value_of_a_list_and_every_step_has_the_same_share():
    four = Factor("x", "lever", low=1, high=4, step=1, whole=True)
    listed = Factor("x", "lever", values=("a", "b", "c", "d"))
    for factor in (four, listed):
        found = [factor.at((i + 0.5) / 100) for i in range(100)]
        assert [found.count(value) for value in factor.grid] == [25] * 4


def test_a_lever_without_values_goes_from_low_to_high_by_its_step_or_takes_five_even_values():
    chosen = design(company(), ["everybody", "call_time", "asked"], "one_at_a_time")
    grids = {factor.path: list(factor.grid) for factor in chosen.factors}
    assert grids == {
        "everybody": [1, 2, 4, 5, 6],
        "call_time": ["6 min", "7 min", "8 min", "9 min"],
        "asked": [0.0, 0.25, 0.5, 0.75, 1.0],
    }


@pytest.mark.parametrize("kind", ["grid", "latin_hypercube", "sobol", "one_at_a_time"])
def test_what_counts_people_stays_whole(kind):
    chosen = design(company(), [DAY], kind, 16)
    assert all(type(value) is int for point in chosen.points for value in point.settings.values())
    inferred = design(company(), {MIDDAY: Interval(0, 9)}, "sobol", 16)
    assert set(values(inferred, MIDDAY)) == set(range(10))


def test_what_is_uncertain_lies_between_its_5_and_95_per_cent_quantiles():
    chosen = design(company(), [SLOPE], "one_at_a_time")
    assert values(chosen, SLOPE) == pytest.approx([0.6 - 0.1645, 0.6 + 0.1645], abs=1e-4)
    assert chosen.factors[0].baseline == pytest.approx(0.6)
    assert chosen.factors[0].role == "uncertainty"


def test_any_path_can_be_given_values_or_an_interval_in_the_unit_of_what_stands_there():
    assert values(design(starter(), {TIME: [6, "7 min"]}), TIME) == ["6 min", "7 min"]
    lower, upper = values(design(starter(), {TIME: Interval("6 min", 10)}, "one_at_a_time"), TIME)
    assert (lower, upper) == ("6 min", "10 min")


def test_a_price_is_a_units_and_a_months_beyond_the_baseline():
    chosen = design(company(), {"everybody": [1, 3, 6]})
    assert [chosen.price(point) for point in chosen.points] == [0, 10_000, 25_000]
    uneven = parse(altered(company().raw, {DAY: 3}))
    chosen = design(uneven, {"everybody": [1, 2, 3]})
    assert chosen.factors[0].baseline == 2
    assert [chosen.price(point) for point in chosen.points] == [-5000, 0, 5000]


# ---- points ----------------------------------------------------------------------------------------------------------


def test_a_grid_is_every_combination():
    chosen = design(starter(), {DAY: [1, 2], MIDDAY: range(3)})
    assert [tuple(point.settings.values()) for point in chosen.points] == [(a, b) for a in (1, 2) for b in range(3)]


def test_one_at_a_time_moves_each_alone_from_the_baseline():
    chosen = design(starter(), {DAY: [1, 2, 4], MIDDAY: [3], TIME: Interval(6, 10)}, "one_at_a_time")
    expected = [{DAY: 2}, {DAY: 4}, {MIDDAY: 3}, {TIME: "6 min"}, {TIME: "10 min"}]
    assert [point.settings for point in chosen.points] == expected
    assert named(chosen) == [
        "day.headcount=2", "day.headcount=4", "midday.headcount=3", "mean=6 min", "mean=10 min"
    ]  # fmt: skip


def test_without_anything_said_all_levers_are_swept():
    assert named(design(starter())) == ["headcount=1", "headcount=2", "headcount=3", "headcount=4"]


def test_points_that_fall_together_appear_once_and_it_is_said():
    chosen = design(starter(), [DAY], "latin_hypercube", 100)
    assert sorted(values(chosen, DAY)) == [1, 2, 3, 4]
    assert chosen.notes == ("96 points are equal to others, and left out: 4 are left of 100",)


def test_a_number_of_points_that_is_no_power_of_two_is_noted_for_a_sobol_sequence():
    chosen = design(starter(), {SLOPE: Interval(0, 1)}, "sobol", 20)
    assert len(chosen.points) == 20
    assert chosen.notes == ("a Sobol sequence is most even at powers of two: 16 or 32 points instead of 20",)
    assert design(starter(), {SLOPE: Interval(0, 1)}, "sobol", 16).notes == ()


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_explicit_values_are_spread_too(kind):
    chosen = design(starter(), {OUTCOMES: [mix(0.5), mix(0.6)], SLOPE: Interval(0, 1)}, kind, 16)
    assert [point.settings[OUTCOMES] for point in chosen.points].count(mix(0.5)) == 8


def mix(p):
    return {"resolved": p, "unresolved": round(1 - p, 6)}


@settings(max_examples=20)
@given(st.integers(3, 30), st.integers(0, 100))
def test_names_are_unique_and_safe_and_never_that_of_the_baseline(points, seed):
    chosen = design(company(), {"asked": None, TIME: [7, 8.5]}, "latin_hypercube", points, seed)
    assert len(set(named(chosen))) == len(chosen.points)
    assert all(set(name) <= set("=, ._-+:") | set(map(chr, range(48, 123))) for name in named(chosen))
    assert BASELINE not in named(chosen)


def test_a_name_says_what_differs_by_the_shortest_end_of_each_path():
    rate = "population.joins.rate"
    chosen = design(starter(), {rate: ["2 / week", "0.5 / day"], DAY: [2]})
    assert named(chosen) == ["rate=2 per week", "rate=0.5 per day"]
    chosen = design(starter(), {OUTCOMES: [mix(0.5), mix(0.625)], SLOPE: [0.1234567, 0.1234568]})
    assert named(chosen) == [
        "outcomes=resolved: 0.5 unresolved: 0.5, slope=0.123457",
        "outcomes=resolved: 0.5 unresolved: 0.5, slope=0.123457 (2)",
        "outcomes=resolved: 0.625 unresolved: 0.375, slope=0.123457",
        "outcomes=resolved: 0.625 unresolved: 0.375, slope=0.123457 (2)",
    ]


def test_what_a_person_is_shown_of_a_design():
    shown = told(design(company(), {"everybody": None, "call_time": None, SLOPE: Interval(0.4, 0.8)}, "sobol", 8))
    assert (shown.kind, shown.points) == ("sobol", 8)
    rows = [(r.factor, r.role, r.baseline, r.low, r.high, r.values, r.price) for r in shown.rows]
    assert rows == [
        ("everybody", "lever", "1", "1", "6", "in steps of 1", 5000.0),
        ("call_time", "lever", "8 min", "6 min", "9 min", "in steps of 1 min", 0.0),
        (SLOPE, "uncertainty", "0.6", "0.4", "0.8", "any between", 0.0),
    ]


# ---- scenarios -------------------------------------------------------------------------------------------------------


def test_every_point_is_the_scenario_that_its_own_plain_data_describe():
    models, chosen = designed(company(), {"everybody": [1, 2], "call_time": None, SLOPE: [0.5, 0.7]})
    assert list(models) == [BASELINE, *named(chosen)]
    check_same_design(models)
    for model in models.values():
        again = parse(model.raw)
        assert again == model
        assert [phase.model for phase in phases(again)] == [phase.model for phase in phases(model)]


def test_a_lever_moves_all_its_paths_when_the_warm_up_ends():
    models, _ = designed(company(), {"everybody": [2, 3]})
    before, after = phases(models["everybody=3"])
    shifts = (phase.model.staff["service"].shifts for phase in (before, after))
    assert [{name: shift.headcount for name, shift in each.items()} for each in shifts] == [
        {"day": 1, "midday": 1}, {"day": 3, "midday": 3}
    ]  # fmt: skip
    assert before.end == company().clock.warmup


def test_everything_before_the_end_of_the_warm_up_is_the_same_at_every_point():
    models, _ = designed(company(), {"everybody": [2, 5]})
    warmup = company().clock.warmup
    early = []
    for model in models.values():
        visits = simulate(model, seed=3).tables.visits
        early.append(visits.filter((visits["joined"] < warmup) & (visits["ended"] < warmup)))
    assert early[0].height > 0
    assert all(each.equals(early[0]) for each in early)


def test_what_is_uncertain_and_swept_is_set_from_the_start_and_at_its_median_in_the_baseline():
    models, _ = designed(company(), {SLOPE: [0.5, 0.8]})
    page = "touchpoints.help_page.service_time.mean"
    assert all(list(model.uncertain) == [page] for model in models.values())
    assert [model.personas["caller"].churn.slope for model in models.values()] == pytest.approx([0.6, 0.5, 0.8])
    assert all(len(phases(model)) == 1 for model in models.values())


@pytest.mark.parametrize("swept", [SLOPE, OTHER_SLOPE])
def test_what_is_drawn_with_something_uncertain_goes_with_it(swept):
    drawn = settled(company(), 5, 2)
    slopes = {SLOPE: drawn.personas["caller"].churn.slope, OTHER_SLOPE: drawn.personas["surfer"].churn.slope}
    models, _ = designed(company(), {swept: [slopes[swept], 0.61]})
    point = next(model for name, model in models.items() if name != BASELINE)
    assert [point.personas[persona].churn.slope for persona in ("caller", "surfer")] == pytest.approx(
        [*slopes.values()]
    )


def test_a_point_that_sets_what_is_there_already_is_the_baseline_itself():
    models, _ = designed(starter(), {DAY: [1, 2], TIME: ["8.0 min"]})
    assert models["headcount=1"] is models[BASELINE] is not models["headcount=2"]
    assert models[BASELINE].raw is starter().raw
    models, _ = designed(company(), {"everybody": [1, 2], SLOPE: [0.6, 0.7]})
    same, *others = [name for name, model in models.items() if model.raw == models[BASELINE].raw]
    assert (same, others) == (BASELINE, ["everybody=1, slope=0.6"])


def test_a_lever_wins_over_the_changes_that_are_on():
    hired = enacted(starter(), ["hire"])
    models, chosen = designed(hired, {DAY: [1, 2, 3]})
    assert chosen.factors[0].baseline == 2
    at_the_end = {
        name: phases(model)[-1].model.staff["service"].shifts["day"].headcount for name, model in models.items()
    }
    assert at_the_end == {BASELINE: 2, "headcount=1": 1, "headcount=2": 2, "headcount=3": 3}
    assert models["headcount=2"] is models[BASELINE]


@pytest.mark.parametrize(
    "dated", [{"from": "2025-02-10"}, {"until": "2025-02-10"}, {"ramp": "2 weeks"}, {"from": "2025-01-13"}]
)
def test_a_lever_wins_over_changes_with_dates_of_their_own(dated):
    changes = {**starter().raw["changes"], "hire": {**dated, "set": {DAY: 4}}}
    hired = parse(altered(starter().raw, {"changes": changes, "enact": ["hire"]}))
    models, _ = designed(hired, {DAY: [1, 4]})
    for name, headcount in (("headcount=1", 1), ("headcount=4", 4)):
        after = [phase for phase in phases(models[name]) if phase.end > hired.clock.warmup]
        assert {phase.model.staff["service"].shifts["day"].headcount for phase in after} == {headcount}


def test_a_change_of_the_users_may_be_called_point_already():
    changes = {**starter().raw["changes"], "point": {"set": {MIDDAY: 3}}}
    busy = parse(altered(starter().raw, {"changes": changes, "enact": ["point"]}))
    model = variant(busy, {DAY: 2})
    assert model.enact == ("point", "point_2")
    shifts = phases(model)[-1].model.staff["service"].shifts
    assert (shifts["day"].headcount, shifts["midday"].headcount) == (2, 3)


def test_whole_scenarios_are_a_factor():
    slower = parse(altered(starter().raw, {TIME: "9 min"}))
    models, chosen = designed({"fast": starter(), "slow": slower}, {DAY: [1, 2]})
    assert named(chosen) == [f"base={name}, headcount={n}" for name in ("fast", "slow") for n in (1, 2)]
    assert models[BASELINE] is models["base=fast, headcount=1"] is starter()
    assert models["base=slow, headcount=1"] is slower
    assert models["base=slow, headcount=2"].touchpoints["hotline"].service_time.mean == 9
    assert named(design({"fast": starter(), "slow": slower})) == ["base=fast", "base=slow"]


# ---- what cannot be --------------------------------------------------------------------------------------------------


def complaints(*asked, model=None, **options):
    with pytest.raises(ScenarioError) as error:
        designed(model or company(), *asked, **options)
    return [f"{problem.path}: {problem.message}" for problem in error.value.problems]


BAD = [
    (
        [["everybdy"]],
        (
            f"everybdy: there is no such lever or value; did you mean 'everybody'? (levers: {DAY}, everybody, "
            "call_time, asked)"
        ),
    ),
    (
        [["headcount"]],
        f"headcount: there is no such lever or value; did you mean '{DAY}' or '{MIDDAY}'?",
    ),
    (
        [["xyz"]],
        f"xyz: there is no such lever or value; levers: {DAY}, everybody, call_time, asked",
    ),
    (
        [{"staff.nobody.wage": [1, 2]}],
        (
            "staff.nobody.wage: there is no such lever or value; did you mean 'staff.service.wage'? (levers: "
            f"{DAY}, everybody, call_time, asked)"
        ),
    ),
    (
        [{DAY: [1, 9]}],
        f"{DAY}: 9 is out of bounds; the lever goes from 1 to 4",
    ),
    (
        [{"call_time": [7, "12 min"]}],
        "call_time: '12 min' is out of bounds; the lever goes from 6 min to 9 min",
    ),
    (
        [{"call_time": [7, "480 s"]}],
        "call_time: '480 s' is not a number in min",
    ),
    (
        [{SLOPE: [-0.1, 0.5]}],
        f"{SLOPE}: -0.1 is out of bounds; what is uncertain goes from 0",
    ),
    (
        [{DAY: [1, "two"]}],
        f"{DAY}: 'two' is not a number",
    ),
    (
        [{MIDDAY: [1, 2.5]}],
        f"{MIDDAY}: 2.5 is not a whole number",
    ),
    (
        [{MIDDAY: [1, -1]}],
        f"{MIDDAY}: -1 is out of bounds; it should be at least 0",
    ),
    (
        [{TIME: ["6 min", "soon"]}],
        f"{TIME}: 'soon' is not a quantity; write a number and its unit, such as '6.5 min'",
    ),
    (
        [{f"{OUTCOMES}.resolved": [0.55, 0.6]}],
        (
            f"{OUTCOMES}.resolved: 0.6 cannot be: {OUTCOMES}: probabilities of the outcomes add up to 1.05; "
            "they should add up to 1 (resolved 0.6, unresolved 0.45); "
            f"{STAYS}: unresolved"
        ),
    ),
    (
        [{"clock.horizon": ["3 weeks", "4 weeks"]}],
        (
            "clock.horizon: belongs to the design of a comparison, which all its scenarios share; set "
            "clock.horizon to one value"
        ),
    ),
    (
        [{"population.customers": [10, 20]}],
        (
            "population.customers: belongs to the design of a comparison, which all its scenarios share; set "
            "population.customers to one value"
        ),
    ),
    (
        [{"enact": [[], ["hire"]]}],
        (
            "enact: belongs to the design of a comparison, which all its scenarios share; to compare changes, "
            "ask `desirepath compare`, or sweep what they set"
        ),
    ),
    (
        [{DAY: Interval(1, 3)}],
        f"{DAY}: a grid takes values, not an interval; write =1,2,3 or =range(…), or design=latin_hypercube",
    ),
    (
        [{DAY: Interval(3, 1)}, "sobol"],
        f"{DAY}: the interval from 3 to 1 has nothing in it; write the lower end first",
    ),
    (
        [[MIDDAY], "sobol"],
        f"{MIDDAY}: has no bounds, as it is no lever of the scenario; write {MIDDAY}=1,2,3 or =interval(1,3)",
    ),
    (
        [[MIDDAY]],
        f"{MIDDAY}: has no values, as it is no lever of the scenario; write some, such as {MIDDAY}=1,2,3",
    ),
    (
        [{DAY: []}],
        f"{DAY}: no value is given; write some, such as =1,2,3",
    ),
    (
        [None, "sobol", 0],
        "points: 0 is not a number of points from 2 to 10,000",
    ),
    (
        [None, "sobol", 10_000_000],
        "points: 10,000,000 is not a number of points from 2 to 10,000",
    ),
    (
        [[DAY], "sobal"],
        "design: there is no design 'sobal'; did you mean 'sobol'?",
    ),
    (
        [{DAY: [3]}],
        "points: the design has a single point, headcount=3; give it more values",
    ),
    (
        [{DAY: [1]}, "one_at_a_time"],
        "points: the design has no point beside the baseline; give it more values",
    ),
    (
        [{MIDDAY: range(22), **{f"personas.{name}.priority": range(22) for name in ("caller", "surfer")}}],
        (
            f"points: the design has 10,648 (22 of {MIDDAY} × 22 of personas.caller.priority × 22 of "
            "personas.surfer.priority), at most 10,000 go; choose fewer values or larger steps, or "
            "design=latin_hypercube and so many points"
        ),
    ),
    (
        [{MIDDAY: range(10**9)}],
        f"{MIDDAY}: has 1,000,000,000 values, at most 10,000 go; take larger steps",
    ),
    (
        [["everybody", DAY], "sobol"],
        f"{DAY}: cannot be swept together with everybody, as both set {DAY}",
    ),
    (
        [[SLOPE, OTHER_SLOPE], "sobol"],
        f"{OTHER_SLOPE}: cannot be swept together with {SLOPE}, as both set {OTHER_SLOPE}",
    ),
    (
        [{DAY: [1, 2], "staff.service.shifts.day": [{"headcount": 2}]}],
        (
            f"staff.service.shifts.day: cannot be swept together with {DAY}, as {DAY} lies inside "
            "staff.service.shifts.day"
        ),
    ),
]


@pytest.mark.parametrize(("asked", "message"), BAD, ids=[message[:50] for _, message in BAD])
def test_what_cannot_be_is_said_with_what_would_be_right(asked, message):
    assert message in complaints(*asked)


def test_a_scenario_without_levers_is_told_what_to_write():
    bare = parse({**packaged("energy").raw, "levers": {}})
    assert complaints(model=bare) == [
        (
            "levers: the scenario has no levers; add some under levers, or write a path and its values, such as "
            "staff.hotline.shifts.early.headcount=1,2,3"
        )
    ]


def test_everything_is_told_at_once_and_at_its_place():
    asked = {"everybdy": [1], DAY: [1, 9], MIDDAY: [1, -1], "clock.start": [1, 2]}
    with pytest.raises(ScenarioError) as error:
        designed(company(), asked, "sobal", 0, place=lambda path: f"place of {path}")
    found = error.value.problems
    assert [problem.path for problem in found] == ["everybdy", DAY, "clock.start", "design", "points", MIDDAY]
    assert all(problem.place == f"place of {problem.path}" for problem in found)


def test_what_no_value_makes_impossible_alone_is_told_once_with_the_points_it_concerns():
    both = {f"{OUTCOMES}.resolved": [0.1, 0.2, 0.3, 0.55], f"{OUTCOMES}.unresolved": [0.45, 0.7, 0.9]}
    (said,) = complaints(both)
    assert said == (
        f"{OUTCOMES}: probabilities of the outcomes add up to 0.55; they should add up to 1 (resolved 0.1, unresolved "
        "0.45): at 9 points, such as 'resolved=0.1, unresolved=0.45', 'resolved=0.1, unresolved=0.7' and "
        "'resolved=0.2, unresolved=0.45'"
    )


def test_a_value_alone_is_refused_one_at_a_time_though_another_might_mend_it():
    both = {f"{OUTCOMES}.resolved": [0.3], f"{OUTCOMES}.unresolved": [0.7]}
    assert [said.partition("(")[2] for said in complaints(both, "one_at_a_time")] == [
        f"resolved 0.3, unresolved 0.45); {STAYS}: unresolved: at the point 'resolved=0.3'",
        f"resolved 0.55, unresolved 0.7); {STAYS}: resolved: at the point 'unresolved=0.7'",
    ]


def test_a_path_that_another_scenario_lacks_is_told():
    found = complaints({DAY: [1, 2]}, model={"starter": starter(), "energy": packaged("energy")})
    assert found == [f"{DAY}: there is no {DAY} in scenario 'energy'"]


def test_the_last_word_on_a_value_counts_however_others_write_it():
    changes = {
        "part": {"set": {f"{OUTCOMES}.resolved.p": 0.6, f"{OUTCOMES}.unresolved.p": 0.4}},
        "whole": {"set": {OUTCOMES: mix(0.7)}},
    }
    both = parse(altered(starter().raw, {"changes": changes, "enact": ["part", "whole"]}))
    point = variant(both, {f"{OUTCOMES}.resolved.p": 0.5, f"{OUTCOMES}.unresolved.p": 0.5})
    outcomes = phases(point)[-1].model.journeys["billing"].steps["read"].outcomes
    assert {name: outcome.p for name, outcome in outcomes.items()} == mix(0.5)
