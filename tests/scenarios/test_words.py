"""Plain words: digits that make sense, signs and units, and one sentence that answers and does not claim too much."""

import math

import pytest

from scenarios import words
from scenarios.assumed import always_open, assumptions, doubts, own_cost, say_hours, settings, when_in_force
from scenarios.compare import compare, variants
from sim.changes import altered
from sim.check import parse
from sim.kpis import KPIS
from sim.timetable import Shift
from tests.scenarios.given import NASTY, compared, doubtful, starter, told

WEEKS_TO_A_YEAR = 365.25 / 7


# ---- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "half", "difference", "expected"),
    [
        (1234.0, "customers", 300, False, "1,200 customers"),
        (1.0, "customers", 2, False, "1 customer"),
        (-1.0, "customers", 2, True, "−1 customer"),
        (412_345.0, "money", 60_000, False, "0.41 M EUR"),
        (412_345.0, "money", 220_000, False, "0.4 M EUR"),
        (14_845.8, "money", 60, False, "14,850 EUR"),
        (0.1234, "share", None, False, "12.3 %"),
        (-0.139676, "share", 0.0109, True, "−14.0 %-points"),
        (3.4567, "min", 0.5, False, "3.5 min"),
        (428.0, "min", 40, False, "7.1 h"),
        (6000.0, "min", 700, False, "4.2 days"),
        (0.1234, "0–10", 0.03, True, "+0.12 points"),
        (6.926, "0–10", 0.03, False, "6.93 of 10"),
        (-43.03, "points", 1.3, False, "−43.0 points"),
        (0.0247, "share / month", 0.003, False, "2.5 % a month"),
        (8.1234, "money / month", 0.06, False, "8.12 EUR a month"),
        (0.0, "money", 0, True, "0 EUR"),
        (-0.0004, "min", 0.5, True, "0.0 min"),
        (math.nan, "money", None, False, "–"),
    ],
)
def test_an_amount_has_its_unit_and_the_digits_its_interval_allows(value, unit, half, difference, expected):
    assert words.amount(value, unit, "EUR", half=half, difference=difference) == expected


def test_amounts_that_add_up_are_rounded_alike_and_none_of_them_vanishes():
    assert words.alike([604.2, 16_907, 0, -16_302.8], "EUR", 1250, difference=True) == [
        "+600 EUR", "+16,900 EUR", "0 EUR", "−16,300 EUR",
    ]  # fmt: skip
    assert words.alike([412_345, 12_300, 2_000, 398_045], "EUR", 60_000) == [
        "0.412 M EUR", "0.012 M EUR", "0.002 M EUR", "0.398 M EUR",
    ]  # fmt: skip
    assert words.alike([5.62, 4.89, 0, 0.73], "EUR", 40) == ["5.6 EUR", "4.9 EUR", "0.0 EUR", "0.7 EUR"]
    assert words.alike([0, 0, 0, 0], "EUR", 0) == ["0 EUR"] * 4
    assert words.alike([5, math.nan], "EUR", math.nan) == ["5.00 EUR", "–"]


def test_what_is_next_to_nothing_is_not_written_to_the_last_digit():
    assert words.estimate(-3e-7, -1.5e-6, 9e-7, "0–10", difference=True).value == "0.0000"


@pytest.mark.parametrize("half", [1e-6, 0.02, 0.3, 1.4, 9.9, 77.0, 4e5])
def test_rounding_moves_a_number_by_less_than_a_third_of_its_interval(half: float):
    assert words.rounding(3 * half, half) / 2 <= half / 3


def test_an_end_that_is_not_zero_does_not_look_like_zero():
    assert words.estimate(0.0229, 0.0004, 0.0454, "0–10", difference=True).interval == "0.000 to 0.045 points"
    assert words.estimate(0.023, 0.004, 0.042, "0–10", difference=True).interval == "0.004 to 0.042 points"


def test_both_ends_and_the_middle_are_written_in_one_unit():
    said = words.estimate(65.0, 22.0, 160.0, "min", difference=True)
    assert (said.value, said.interval) == ("1.1", "0.4 to 2.7 h")


def test_what_is_not_known_is_a_dash():
    assert words.estimate(1.0, math.nan, math.nan, "min").interval == "–"


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, "0 min"),
        (0.5, "30 s"),
        (8, "8 min"),
        (75, "75 min"),
        (150, "2.5 h"),
        (36 * 60, "36 h"),
        (3600, "2.5 days"),
        (10 * 1440, "10 days"),
        (30 * 1440, "30 days"),
        (30.4375 * 1440, "1 month"),
        (30.3 * 1440, "4.3 weeks"),
        (150.5 * 10080, "2.9 years"),
        (math.inf, "for ever"),
        (1440, "1 day"),
        (4320, "3 days"),
        (6 * 10080, "6 weeks"),
    ],
)
def test_durations_are_said_in_the_unit_that_suits_them(minutes: float, expected: str):
    assert words.duration(minutes) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.7, "7 of 10"), (0.5, "half"), (1.0, "all"), (0.36, "36 %"), (0.0012, "0.12 %")]
)
def test_shares_of_people_are_said_in_tenths_where_ten_people_show_them(share: float, expected: str):
    assert words.of_them(share) == expected


def test_every_kpi_has_a_title_and_every_unit_a_way_to_be_written():
    for kpi in KPIS.values():
        assert "_" not in words.kpi_title(kpi.name)
        assert words.level(kpi.name, 1.0, "EUR").startswith(("1", "100"))


# ---- how sure --------------------------------------------------------------------------------------------------------


def row(lower: float, upper: float, lower_adjusted: float, upper_adjusted: float) -> dict[str, float]:
    return {
        "baseline": 5.0, "difference": (lower + upper) / 2, "lower": lower, "upper": upper,
        "lower_adjusted": lower_adjusted, "upper_adjusted": upper_adjusted,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((1, 3, 0.5, 3.5), "clear"),
        ((-3, -1, -3.5, -0.5), "clear"),
        ((1, 3, -0.5, 4.5), "likely"),
        ((-1, 3, -2, 4), "unclear"),
        ((0, 0, 0, 0), "none"),
        ((-1e-13, 2e-13, -1e-13, 2e-13), "none"),
        ((math.nan, math.nan, math.nan, math.nan), "unknown"),
    ],
)
def test_a_difference_is_clear_only_where_it_stands_when_all_are_counted(ends, expected):
    assert words.sureness(row(*ends)) == expected


def test_how_sure_names_the_runs_the_pairs_and_the_number_of_comparisons():
    text = " ".join(words.how_sure(compared()))
    assert "lived through 4 times" in text
    assert "rough guess" in text
    assert "(correlation), is not said: 4 runs cannot tell, 10 or more can." in text
    assert "variance-reduction" not in text
    enough = told(starter(), {("satisfaction", "all", "all"): (7, 0.2, 0.1, 0.3)})
    assert "(correlation 0.90), and with other customers in each it would have taken about 10" in " ".join(
        words.how_sure(enough)
    )
    assert "16 headline differences are looked at (8 numbers for 2 changes)" in text
    assert "calls no value uncertain" in text


def test_first_pages_avoid_the_words_of_statisticians():
    for comparison in (compared(), doubtful()):
        text = " ".join([*words.how_sure(comparison), *assumptions(comparison.models["baseline"])])
        text += " ".join(words.answer(comparison, change) for change in comparison.changes)
        for word in ("posterior", "prior ", "Bonferroni", "p-value", "variance "):
            assert word not in text


def test_how_sure_tells_luck_from_the_limits_of_our_data():
    text = " ".join(words.how_sure(doubtful()))
    assert "Luck of the run" in text
    assert "1 value of the scenario is not known exactly, and only better data help" in text
    row = doubtful().difference("page", "satisfaction")
    share = row["limits"] ** 2 / (row["luck"] ** 2 + row["limits"] ** 2)
    assert f"{words.per_cent(round(share, 2))} under “Page”" in text


# ---- the answer ------------------------------------------------------------------------------------------------------


LOST, MARGIN, COST = ((kpi, "all", "all") for kpi in ("customers_lost", "margin", "cost"))
SATISFACTION, CHURN = ("satisfaction", "all", "all"), ("churn", "all", "all")
YEAR = WEEKS_TO_A_YEAR / 8


def test_satisfaction_churn_and_money_are_said_and_what_adds_up_is_scaled_to_a_year():
    comparison = told(
        starter(),
        {
            SATISFACTION: (6.85, 0.07, 0.04, 0.10),
            LOST: (9000, -1200 / YEAR, -1800 / YEAR, -700 / YEAR),
            CHURN: (0.0178, -0.0018, -0.0023, -0.0014),
            COST: (1e6, 4e4 / YEAR, 3.8e4 / YEAR, 4.2e4 / YEAR),
            MARGIN: (1e6, 4.1e5 / YEAR, 3.1e5 / YEAR, 5.1e5 / YEAR),
        },
    )
    assert words.answer(comparison, "hire") == (
        "Satisfaction rises from 6.85 of 10 by 0.07 points, 0.04 to 0.10; 1,200 fewer customers lost a year, 700 to "
        "1,800 (churn 1.78 → 1.60 % in the time measured); 40,000 EUR a year more in running cost, 38,000 to 42,000; a "
        "net gain of 0.41 M EUR a year, 0.31 to 0.51, if it goes on as in these 8 weeks."
    )


def test_more_customers_lost_is_said_as_more():
    comparison = told(starter(), {LOST: (100, 20 / YEAR, 10 / YEAR, 30 / YEAR)})
    assert "; 20 more customers lost a year, 10 to 30," in words.answer(comparison, "hire")


def test_what_stands_only_when_looked_at_by_itself_is_said_to_be_likely():
    numbers = {
        SATISFACTION: (6.85, 0.07, 0.01, 0.13, -0.01, 0.15),
        LOST: (9000, -1200 / YEAR, -1800 / YEAR, -600 / YEAR, -2500 / YEAR, 100 / YEAR),
        COST: (1e6, 4e4 / YEAR, 3.8e4 / YEAR, 4.2e4 / YEAR, -1e4 / YEAR, 9e4 / YEAR),
        MARGIN: (1e6, 4e5 / YEAR, 3e5 / YEAR, 5e5 / YEAR, -1e5 / YEAR, 9e5 / YEAR),
    }
    sentence = words.answer(told(starter(), numbers), "hire")
    assert sentence.startswith("Satisfaction likely rises from 6.85 of 10 by 0.07 points, 0.01 to 0.13; likely 1,200 ")
    assert "; likely 40,000 EUR a year more in running cost, 38,000 to 42,000; likely a net gain of 0.40 M" in sentence


def test_what_holds_zero_is_not_claimed():
    numbers = {SATISFACTION: (7, 0.01, -0.02, 0.04), LOST: (100, -1, -5, 3)}
    comparison = told(starter(), numbers | {COST: (1000, 5, -20, 30), MARGIN: (1000, 5, -20, 30)})
    sentence = words.answer(comparison, "hire")
    assert sentence.startswith(
        "What it does to satisfaction cannot be told apart from nothing (−0.02 to 0.04 points); what it does to the "
        "number of customers lost cannot be told apart from nothing (between 33 fewer and 20 more a year);"
    )
    assert "running cost cannot be told apart from today's (−130 to 200 EUR a year)" in sentence
    assert "net money cannot be told apart from nothing" in sentence


def test_waiting_and_abandonment_are_said_where_they_move_by_more_than_luck():
    wait, abandoned = ("mean_wait", "all", "all"), ("abandonment", "all", "all")
    moved = {abandoned: (0.113, -0.035, -0.065, -0.005), wait: (2.31, 0.42, 0.09, 0.74)}
    sentence = words.answer(told(starter(), moved), "hire")
    assert "; abandonment falls from 11 % by 3.5 %-points, 0.5 to 6.5; " in sentence
    assert "; the mean wait rises from 2.3 min by 0.4 min, 0.1 to 0.7, if" in sentence
    for numbers in ((2.31, 0.42, -0.1, 0.94), (2.31, 0.02, 0.01, 0.03)):  # luck, and a second
        assert "wait" not in words.answer(told(starter(), {wait: numbers}), "hire")


def test_what_a_change_costs_once_is_not_counted_every_year():
    comparison = told(
        starter(), {MARGIN: (1e5, -2000 + 1000 / YEAR, -2000 + 800 / YEAR, -2000 + 1200 / YEAR)}, "better_page"
    )
    sentence = words.answer(comparison, "better_page")
    assert (
        "a net gain of 1,000 EUR a year, 800 to 1,200, beside 2,000 EUR once, earned back in about 24 months"
        in sentence
    )


@pytest.mark.parametrize(
    ("monthly", "expected"),
    [
        ((500, 400, 800), (4, 2.5, 5)),
        ((100, -100, 300), (20, 20 / 3, math.inf)),  # perhaps never
        ((-100, -200, -50), (math.inf, math.inf, math.inf)),
    ],
)
def test_a_change_has_paid_back_when_its_monthly_gain_has_made_up_for_what_it_cost_once(monthly, expected):
    months = 8 * 7 / 30.4375
    margins = (-2000 + gain * months for gain in monthly)
    back = words.pay_back(told(starter(), {MARGIN: (1e5, *margins)}, "better_page"), "better_page")
    assert (back.months, back.earliest, back.latest) == pytest.approx(expected)


def test_there_is_no_pay_back_where_nothing_is_paid_once_or_no_month_is_like_the_others():
    assert words.pay_back(told(starter(), {}, "hire"), "hire") is None
    ended = parse(altered(starter().raw, {"changes.better_page.until": "2025-03-01"}))
    assert words.pay_back(told(ended, {}, "better_page"), "better_page") is None


def moved_by(kpi: str, by: str, **numbers: tuple[float, ...]) -> str:
    return words.answer(told(starter(), {(kpi, by, group): each for group, each in numbers.items()}), "hire")


def test_who_gains_who_loses_and_who_carries_it():
    sentence = moved_by("satisfaction", "persona", caller=(7, 0.2, 0.1, 0.3), surfer=(7, -0.1, -0.2, -0.05))
    assert "; caller customers gain in satisfaction (+0.20 points); surfer customers lose in satis" in sentence
    carried = moved_by("occupancy", "pool", service=(0.61, 0.07, 0.05, 0.09), chat=(0.3, 0.004, 0.003, 0.005))
    assert "; people are busier in service (61 % → 68 %), if" in carried


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        ((7, 0.1, 0.05, 0.15), (7, 0.1, 0.05, 0.15), "caller customers gain most in satisfaction (+0.30 points)"),
        ((7, 0.1, 0.05, 0.15), (7, 0.1, -0.2, 0.4), "caller and surfer customers gain in satisfaction"),
        ((7, 0.25, 0.15, 0.35), (7, 0, 0, 0), "caller and surfer customers gain in satisfaction"),
        ((7, 0.25, 0.15, 0.35), (7, 0.2, 0.1, 0.3), "all personas gain in satisfaction"),
        ((7, 0.1, -0.05, 0.25), (7, 0, 0, 0), "caller customers gain in satisfaction (+0.30 points)"),
    ],
)
def test_most_is_said_only_of_whom_no_others_interval_reaches(second, third, expected):
    sentence = moved_by("satisfaction", "persona", caller=(7, 0.3, 0.2, 0.4), surfer=second, other=third)
    assert f"; {expected};" in sentence


def test_groups_that_move_when_looked_at_by_themselves_are_said_to_be_likely_to():
    alone = (7, 0.2, 0.05, 0.35, -0.1, 0.5)
    sentence = moved_by("satisfaction", "persona", caller=(7, 0.3, 0.2, 0.4), surfer=alone, other=(7, 0, 0, 0))
    assert "; caller customers gain in satisfaction (+0.30 points); surfer customers likely gain in sati" in sentence
    assert "; all personas likely gain in satisfaction" in moved_by(
        "satisfaction", "persona", caller=alone, surfer=alone
    )
    busier = moved_by("occupancy", "pool", service=(0.6, 0.1, 0.05, 0.15, -0.1, 0.3), chat=(0.3, 0, 0, 0))
    assert "; people are likely busier in service (60 % → 70 %), if" in busier


def test_what_hardly_moves_is_not_worth_a_name():
    numbers = {SATISFACTION: (7, 0.004, 0.003, 0.005), ("occupancy", "pool", "service"): (0.61, 0.004, 0.003, 0.005)}
    sentence = words.answer(told(starter(), numbers), "hire")
    assert sentence.startswith("Satisfaction hardly moves; ")
    assert "service" not in sentence


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (
            {"staff.service.shifts.day.headcount": 1, "staff.service.wage": "24.0 EUR / h"},
            "every value that it sets is so already",
        ),
        ({"personas.caller.traits": {"line": "good"}}, "what it sets never came into play in the time measured"),
    ],
)
def test_where_nothing_differs_the_answer_says_so_and_why(settings, why):
    changes = {"hire": {"set": settings}, "pay": {"set": settings, "cost": {"monthly": "100 EUR"}}}
    world = parse(starter().raw | {"changes": changes})
    assert words.answer(told(world, {}), "hire") == f"Nothing differs: {why}."
    paid = {MARGIN: (1e5, -1200 / YEAR, -1200 / YEAR, -1200 / YEAR), COST: (1e5, 1200 / YEAR, 1200 / YEAR, 1200 / YEAR)}
    assert words.answer(told(world, paid, "pay"), "pay") == (
        f"Nothing differs but what it costs: {why}; a net cost of 1,200 EUR a year, if it goes on as in these 8 weeks."
    )


def test_a_change_that_does_nothing_is_told_from_one_that_pays():
    changes = {
        "nought": {"set": {"staff.service.shifts.day.headcount": 1}},
        "idle": {"cost": {"once": "500 EUR"}, "set": {"channels.phone.lines": 31}},
    }
    clock = {"start": "2025-01-06", "horizon": "8 days", "warmup": "1 day"}
    world = parse(starter().raw | {"changes": changes, "clock": clock, "population": {"customers": 30}})
    comparison = compare(variants(world, "all"), seed=1, replications=2)
    assert words.answer(comparison, "nought") == "Nothing differs: every value that it sets is so already."
    assert words.answer(comparison, "idle") == (
        "Nothing differs but what it costs: what it sets never came into play in the time measured; "
        "no difference in running money, beside 500 EUR once, if it goes on as in this week."
    )


def test_the_answer_of_a_real_comparison_says_its_numbers():
    comparison = compared()
    sentence = words.answer(comparison, "hire")
    time = words.exposure(comparison, "hire")
    net = comparison.difference("hire", "margin")["difference"] * time.to_a_year
    assert f"a net cost of {round(-net, -2):,.0f} EUR a year" in sentence
    assert sentence.startswith("Satisfaction rises from ")


def test_a_dated_change_is_scaled_from_its_own_date():
    time = words.exposure(doubtful(), NASTY)  # from week 6 of 17
    assert time.minutes == pytest.approx(11 * 10080)
    assert time.to_a_year == pytest.approx(WEEKS_TO_A_YEAR / 11)
    assert words.answer(doubtful(), NASTY).endswith("if it goes on as in these 11 weeks.")


def test_changes_that_began_apart_are_not_scaled_to_a_year():
    both = f"{NASTY}+page"
    time = words.exposure(doubtful(), both)
    assert (time.as_one, time.to_a_year) == (False, 1.0)
    sentence = words.answer(doubtful(), both)
    assert " a year" not in sentence
    assert sentence.endswith("in the 15 weeks since it began.")


def test_a_change_that_ended_is_not_scaled_to_a_year():
    raw = starter().raw
    passing = {**raw["changes"]["hire"], "until": "2025-02-03"}
    comparison = told(parse(raw | {"changes": {"hire": passing}}), {LOST: (100, -10, -12, -8)})
    sentence = words.answer(comparison, "hire")
    assert "; 10 fewer customers lost, 8 to 12, in" in sentence
    assert sentence.endswith("in the 2 weeks since it began.")


def test_nobody_lost_in_any_scenario_is_not_mentioned():
    comparison = told(starter(), {LOST: (0, 0, 0, 0)})
    assert "lost" not in words.answer(comparison, "hire")


def test_scenarios_that_no_change_explains_still_get_an_answer():
    raw = starter().raw
    other = parse(raw | {"staff": {"service": {**raw["staff"]["service"], "wage": "30 EUR / h"}}, "title": "Dear"})
    quick = {"clock": {"start": "2025-01-06", "horizon": "3 weeks"}, "population": {"customers": 50}}
    models = {name: parse({**model.raw, **quick}) for name, model in (("baseline", starter()), ("dear", other))}
    comparison = compare(models, seed=1, replications=2)
    said = words.answer(comparison, "dear")
    assert said.startswith("Satisfaction is the same; a net cost of 23,500 EUR a year, if")  # 75 h a week, 6 EUR dearer
    assert words.change_title(models["baseline"], "dear") == "dear"


# ---- what changes, and what was assumed ------------------------------------------------------------------------------


def test_settings_tell_old_and_new():
    (headcount,) = settings(starter(), "hire")
    assert (headcount.path, headcount.old, headcount.new) == ("staff.service.shifts.day.headcount", "1", "2")
    assert {(s.old, s.new) for s in settings(starter(), "better_page")} == {("0.55", "0.7"), ("0.45", "0.3")}


def test_a_setting_that_was_not_there_has_a_dash_and_a_shorthand_is_seen_through():
    raw = starter().raw
    change = {
        "set": {
            "staff.night.shifts.late": {"days": "mon-fri", "from": "18:00", "to": "22:00", "headcount": 1},
            "journeys.billing.steps.read.outcomes.resolved.p": 0.6,
            "journeys.billing.steps.read.outcomes.unresolved.p": 0.4,
        }
    }
    model = parse(raw | {"changes": {"night": change}})
    old = {s.path: s.old for s in settings(model, "night")}
    assert old["staff.night.shifts.late.headcount"] == "–"
    assert old["journeys.billing.steps.read.outcomes.resolved.p"] == "0.55"


def test_what_a_change_costs_and_when_it_holds():
    assert own_cost(starter(), "better_page") == "2,000 EUR once and 100 EUR a month"
    assert own_cost(starter(), "hire") == "nothing of its own"
    assert when_in_force(starter(), "hire") == "from the end of the warm-up on"
    assert when_in_force(doubtful().models["baseline"], NASTY) == "from Monday 17 February 2025 on"


def shift(days: str, begins: str, ends: str, headcount: int = 1) -> Shift:
    return Shift.model_validate({"days": days, "from": begins, "to": ends, "headcount": headcount})


def test_hours_join_shifts_that_touch_and_days_that_are_alike():
    early, late, saturday = (
        shift("mon-fri", "08:00", "14:00"),
        shift("mon-fri", "12:00", "18:00"),
        shift("sat", "09:00", "13:00"),
    )
    assert say_hours([late, early, saturday]) == "Mon–Fri 08:00–18:00, Sat 09:00–13:00"
    assert say_hours([shift("all", "00:00", "24:00")]) == "day and night"
    assert say_hours([shift("mon", "08:00", "12:00", 0)]) == "never"


def test_a_touchpoint_is_always_open_only_where_some_shift_covers_every_hour():
    assert always_open(starter(), "help_page")
    assert not always_open(starter(), "hotline")
    raw = starter().raw
    nights = {
        "a": {"days": "all", "from": "00:00", "to": "12:00", "headcount": 1},
        "b": {"days": "all", "from": "12:00", "to": "24:00", "headcount": 1},
    }
    manned = parse(
        raw | {"staff": {"service": {**raw["staff"]["service"], "shifts": nights}}, "changes": {}, "levers": {}}
    )
    assert always_open(manned, "hotline")


def test_a_difference_that_nobody_knows_is_a_dash():
    unknown = dict.fromkeys(("difference", "lower", "upper", "baseline"), math.nan)
    for kpi in ("satisfaction", "cost", "churn"):
        assert words.difference(kpi, unknown, "EUR") == "–"
        assert words.with_interval(kpi, unknown, "EUR") == "–"
    known = {"difference": 0.3, "lower": 0.2, "upper": 0.4, "baseline": 5.0}
    assert words.with_interval("satisfaction", known, "EUR") == "+0.30 points (0.20 to 0.40 points)"


PERSONA = {
    "needs": {"n": "1 / week"},
    "churn": {"every": "1 week", "base": "0.01 / week", "slope": 0.5},
    "satisfaction": {"memory": 0.3},
}


def bare(**more: object):
    """A world that leaves nearly everything unsaid."""
    return parse(
        {
            "clock": {"start": "2025-01-06", "horizon": "4 weeks"},
            "personas": {"p": {"share": 1, "needs": {"n": "1 / week"}}},
            "touchpoints": {"desk": {"channel": "phone", "staff": "pool", "service_time": "3 min"}},
            "staff": {"pool": {"shifts": {"d": {"days": "mon-fri", "from": "08:00", "to": "16:00", "headcount": 2}}}},
            "journeys": {
                "j": {
                    "when": {"need": "n"},
                    "start": {"phone": "ask"},
                    "steps": {"ask": {"touchpoint": "desk", "outcomes": {"resolved": {"p": 1, "holds": 0.9}}}},
                }
            },
        }
        | more
    )


@pytest.mark.parametrize(
    "expected",
    [
        "Needs arise evenly, day and night: no weekly profile is stated.",
        "At desk, all customers wait for ever: no patience is stated.",
        "Those who find desk closed give up: nothing is stated for them.",
        "Customers never leave: no churn is stated.",
        "Customers are as satisfied at the end as at the start, whatever happens: no memory is stated.",
        "Customers are not asked how it was: no survey is stated.",
        "Customers bring no revenue by being there: none is stated.",
        "No issue is harder than another in j: no difficulty is stated.",
        "Issues of j that do not stay resolved come back at the same step, after 3 days on average.",
        "Any number of customers can wait in phone: no number of lines is stated.",
        "People in pool cost nothing: no wage is stated.",
    ],
)
def test_what_a_scenario_leaves_unsaid_is_said(expected: str):
    assert expected in assumptions(bare())


def test_a_scenario_that_says_everything_has_little_left_to_assume():
    assert not [line for line in assumptions(starter()) if "is stated" in line and "hour after it opens" not in line]


def test_doubts_come_with_their_spread_and_estimates_with_their_source():
    model = doubtful().models["baseline"]
    assert doubts(model) == [
        ("personas.surfer.churn.slope", "0.55", "0.30", f"a guess {NASTY}"),
        ("touchpoints.hotline", "–", "7.60 to 8.40 min", "calls.csv, n = 1,234"),
    ]
    (said,) = (line for line in assumptions(model) if "known exactly" in line)
    assert said.startswith("1 value is not known exactly: every replication draws its own. ")
    assert not [line for line in assumptions(model) if "personas." in line or "touchpoints." in line]


def test_an_even_doubt_is_said_as_such():
    law = {"kind": "uniform", "low": "5 min", "high": "9 min"}
    path = "touchpoints.desk.service_time.value"
    assert doubts(bare(uncertain={path: law})) == [(path, "5 min to 9 min", "equally likely", "")]


def test_a_spread_has_two_digits_and_its_value_no_more_than_that():
    law = {"kind": "normal", "mean": "7.361 min", "sd": "0.10836 min", "low": "0 min"}
    origin = {"source": "services", "n": 1930, "interval": "7.1486 to 7.5734 min (95 %)", "note": "as written"}
    path, other = "touchpoints.desk.service_time.value", "staff.pool.wage"
    told = doubts(bare(uncertain={path: law}, estimates={path: origin, other: origin}))
    assert told == [
        (path, "7.36 min", "0.11 min", "services, n = 1,930, as written"),
        (other, "–", "7.15 to 7.57 min (95 %)", "services, n = 1,930, as written"),
    ]


def test_what_several_places_have_in_common_is_told_once():
    slope, memory = ({"kind": "normal", "mean": mean, "sd": 0.127} for mean in (0.494, 0.3))
    personas = {name: {**PERSONA, "share": 0.25} for name in "abcd"}
    uncertain = {f"personas.{name}.churn.slope": slope for name in "abcd"}
    uncertain |= {f"personas.{name}.satisfaction.memory": memory for name in "ab"}
    told = doubts(bare(personas=personas, uncertain=uncertain))
    assert told == [
        ("personas.*.churn.slope", "0.49", "0.13", ""),
        ("personas.{a,b}.satisfaction.memory", "0.30", "0.13", ""),
    ]


def test_what_changes_cost_is_among_the_assumptions_where_they_are_looked_at():
    said = "“A help page that answers more” costs 2,000 EUR once and 100 EUR a month."
    assert words.looked_at(compared()) == ["hire", "better_page"]
    assert said in assumptions(starter(), ["better_page"])
    assert not [line for line in assumptions(starter(), ["hire"]) if "help page" in line]


def test_the_titles_of_a_sum_of_changes_are_added():
    title = words.change_title(starter(), "hire+better_page")
    assert title == "One more person on the hotline + A help page that answers more"
    assert set(variants(starter(), "hire+better_page")) == {"baseline", "hire+better_page"}
