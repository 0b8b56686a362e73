"""Reports: one page complete in itself, with the numbers of the comparison, that says what it does not know."""

import math
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from scenarios import words
from scenarios.compare import BASELINE, Comparison, compare
from scenarios.maps import traffic
from scenarios.pages import QUARTER, quarters_of, values_by_week
from scenarios.report import comparison_report, simulation_report
from sim.changes import altered, enacted
from sim.check import parse
from sim.kpis import HEADLINES, KPIS
from sim.replications import simulate
from tests.scenarios.given import NASTY, Page, attributes, compared, doubtful, starter

PROVENANCE = {
    "versions": {"desirepath": "0.1.0", "python": "3.11"},
    "seed": 1,
    "command": f"desirepath compare {NASTY}",
}


@cache
def of_the_starter() -> str:
    return comparison_report(compared(), "Two ideas", "Hire, or write?", PROVENANCE)


@cache
def of_doubts() -> str:
    return comparison_report(doubtful(), f"Title {NASTY}", f"Question {NASTY}", PROVENANCE)


@cache
def of_one() -> str:
    lived = {BASELINE: simulate(starter(), seed=1).tables}
    return simulation_report(alone(compared()), "As it is", "", PROVENANCE, lived)


@cache
def of_one_in_doubt() -> str:
    return simulation_report(alone(doubtful()), "In doubt", "", PROVENANCE)


def alone(comparison: Comparison) -> Comparison:
    """The baseline by itself, as `simulate` lives through it."""
    kept = {name: getattr(comparison, name).filter(pl.col("scenario") == BASELINE) for name in ("levels", "values")}
    return replace(
        comparison, models={BASELINE: comparison.models[BASELINE]}, differences=comparison.differences.clear(), **kept
    )


@pytest.fixture(scope="module", params=[of_the_starter, of_doubts, of_one, of_one_in_doubt])
def html(request: pytest.FixtureRequest) -> str:
    return request.param()


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(of_the_starter())


# ---- any page --------------------------------------------------------------------------------------------------------


def test_every_tag_that_opens_closes(html: str):
    assert Page(html).faults == []


def test_a_page_asks_nothing_of_anybody_else(html: str):
    assert Page(html).addresses == []
    assert html.replace('xmlns="http://www.w3.org/2000/svg"', "").count("://") == 0
    assert "@import" not in html
    assert "url(" not in html
    assert "<script" not in html


def test_headings_are_in_order_and_begin_with_one_title(html: str):
    headings = Page(html).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(headings))


def test_table_heads_say_what_they_are_heads_of(html: str):
    heads = attributes(Page(html), "th")
    assert heads
    assert all(head.get("scope") in ("row", "col") for head in heads)
    assert len(attributes(Page(html), "caption")) == len(attributes(Page(html), "table"))


def test_the_contents_lead_to_what_is_there(html: str):
    page = Page(html)
    anchors = {attrs["id"] for _, attrs in page.tags if attrs.get("id")}
    wanted = {attrs["href"].removeprefix("#") for attrs in attributes(page, "a")}
    assert wanted <= anchors
    assert len(wanted) >= 8


def test_drawings_say_what_they_are(html: str):
    drawings = attributes(Page(html), "svg")
    assert drawings
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)


def test_a_page_prints_and_fits_a_phone(html: str):
    assert "@media print" in html
    assert 'content="width=device-width, initial-scale=1"' in html


def test_nothing_on_a_page_is_a_float_that_escaped(html: str):
    text = Page(html).text
    assert not re.search(r"\bnan\b|\binf\b|None|e[+-]\d\d|\d\.\d{7}", text)


def test_names_that_want_to_be_html_are_only_names():
    html = of_doubts()
    assert "<b>" not in html
    text = Page(html).text
    for expected in (
        f"Title {NASTY}",
        f"Question {NASTY}",
        f"Hire {NASTY}",
        f"caller {NASTY}",
        f"What no log can show {NASTY}.",
    ):
        assert expected in text


# ---- a comparison ----------------------------------------------------------------------------------------------------


def test_the_answer_comes_first_a_sentence_a_change(page: Page):
    for change in ("hire", "better_page"):
        assert words.answer(compared(), change) in page.text
    assert page.text.index(words.answer(compared(), "hire")) < page.text.rindex("What changes")


def test_headline_differences_stand_on_the_page_with_their_intervals(page: Page):
    for change in compared().changes:
        for kpi in HEADLINES:
            row = compared().difference(change, kpi)
            said = words.estimate_of(kpi, row, "EUR")
            assert f"{words.signed(said.value)} ({said.lower} to {said.upper}){said.word}" in page.text, (change, kpi)


def test_headlines_come_in_their_order_satisfaction_churn_and_cost_first(page: Page):
    part = page.text[page.text.rindex("What it does") :]
    places = [part.index(words.kpi_title(kpi)) for kpi in HEADLINES]
    assert places == sorted(places)


def test_every_kpi_is_there_in_a_part_that_opens(page: Page):
    assert len(attributes(page, "details")) == len(compared().changes) + 1
    for kpi in KPIS.values():
        assert page.text.count(kpi.meaning) == len(compared().changes), kpi.name


def test_what_changes_is_told_from_old_to_new(page: Page):
    assert "staff.service.shifts.day.headcount 1 2" in page.text
    assert "journeys.billing.steps.read.outcomes.resolved 0.55 0.7" in page.text
    assert "From the end of the warm-up on; it costs 2,000 EUR once and 100 EUR a month." in page.text


def test_each_persona_and_each_pool_has_its_differences(page: Page):
    for kpi, by, group in (
        ("satisfaction", "persona", "caller"),
        ("satisfaction", "persona", "surfer"),
        ("staff_cost", "pool", "service"),
    ):
        row = compared().difference("hire", kpi, by, group)
        said = words.estimate_of(kpi, row, "EUR")
        assert f"{words.signed(said.value)}{said.word} {said.lower} to {said.upper}" in page.text
        assert f" today {words.level(kpi, row['baseline'], 'EUR')}" in page.text


def test_the_map_of_each_journey_is_there_and_again_where_a_change_moves_it(page: Page):
    names = [drawing["aria-label"] for drawing in attributes(page, "svg")]
    assert names.count("Journey: billing") == 2  # today, and with the better help page
    assert "billing: A help page that answers more" in page.text
    assert "billing: One more person on the hotline" not in page.text


def test_the_maps_show_who_went_where_in_each_scenario_where_its_history_is_given():
    better = compared().models["better_page"]
    lived = {BASELINE: simulate(starter(), seed=1).tables, "better_page": simulate(better, seed=1).tables}
    text = Page(comparison_report(compared(), "t", "q", {}, lived)).text
    for name, note in ((BASELINE, "Today"), ("better_page", "With the change")):
        since = starter().clock.warmup
        seen = traffic(lived[name], since)
        (helped,) = seen.filter((pl.col("step") == "read") & (pl.col("outcome") == "resolved"))["count"]
        assert f"resolved {helped:,}" in text
        opened = words.date(starter().clock.start + timedelta(minutes=since))
        assert f"{note}, with the visits of one replication, on journeys that opened from {opened} on" in text
    assert text.count("width: visits seen") == 2


def test_survey_and_truth_stand_side_by_side(page: Page):
    surveyed, true = (compared().level_of("baseline", kpi)["mean"] for kpi in ("nps_surveyed", "nps_true"))
    assert f"The survey's net promoter score is {words.rounded(surveyed, 1)};" in page.text
    assert f"{surveyed - true:.0f} points better than the truth" in page.text


def test_how_sure_we_are_what_was_assumed_and_where_it_comes_from_are_there(page: Page):
    for line in [*words.how_sure(compared()), "versions: desirepath 0.1.0", f"command desirepath compare {NASTY}"]:
        assert line in page.text
    assert "The first 2 weeks are lived but not measured." in page.text
    assert "The scenario was not checked against data" in page.text


@pytest.mark.parametrize("html_of", [of_doubts, of_one_in_doubt])
def test_how_the_scenario_did_against_weeks_held_out_is_part_of_how_sure_we_are(html_of):
    text = Page(html_of()).text
    part = text[text.rindex("How sure we are") : text.rindex("What the survey shows")]
    assert "checked against the log's last 4 weeks, held out when it was calibrated: of 3 numbers 2 outside and" in part
    assert "Abandonment hotline 10.0 % 13.1 % +31 % ± 2.00 %-points outside" in part
    assert "Customers lost a week 20.0 customers 19.0 customers −5 % ± 3.10 customers within 10 %" in part
    assert "Survey score – 6.50 of 10 – – outside" in part
    assert f"Abandonment at hotline: too high by 31 %. What no log can show {NASTY}." in part


def test_what_is_not_known_exactly_is_a_table_that_opens_after_the_plain_sentences():
    html = of_one_in_doubt()
    part = html[html.index('id="assumed"') : html.index('id="from"')]
    sentences, _, table = part.partition("<details>")
    assert "The first 2 weeks are lived but not measured." in sentences
    assert "personas." not in sentences
    assert "Every value that is estimated or not known exactly (2)" in table
    assert "personas.surfer.churn.slope 0.55 0.30 a guess" in Page(table).text
    assert "<details>" not in of_one()[of_one().index('id="assumed"') :]


def test_where_nothing_is_uncertain_no_limits_of_data_are_shown(page: Page):
    assert "Limits of our data" not in page.text
    text = Page(of_doubts()).text
    assert "Limits of our data" in text
    row = doubtful().difference("page", "satisfaction")
    step = words.rounding(*[math.hypot(row["luck"], row["limits"])] * 2)
    assert f"± {words.rounded(row['luck'], step)} ± {words.rounded(row['limits'], step)}" in text


def test_the_interval_that_allows_for_all_comparisons_is_there(page: Page):
    row = compared().difference("hire", "satisfaction")
    ends = words.estimate(row["difference"], row["lower_adjusted"], row["upper_adjusted"], "0–10", difference=True)
    assert ends.interval in page.text


def test_what_pairing_saves_is_shown_from_ten_runs_on(page: Page):
    assert "Times the runs saved" not in page.text
    assert "Correlation" not in page.text
    ten = replace(compared(), replications=10, differences=compared().differences.with_columns(n=10, correlation=0.9))
    assert re.search(r">Correlation<.*>Times the runs saved<.*>0\.90<", comparison_report(ten, "t", "q", {}), re.DOTALL)


def test_the_four_amounts_of_a_quarter_are_rounded_alike(page: Page):
    part = page.text[page.text.index("Differences from today Quarter") :]
    weekly = weekly_of("hire")
    (quarter,) = quarters_of(starter(), weekly, 0.95, np.zeros(8))
    values = (quarter.revenue, quarter.running, quarter.change, quarter.net)
    assert " ".join(words.alike(values, "EUR", (quarter.upper - quarter.lower) / 2, difference=True)) in part


def test_what_other_changes_cost_is_not_told():
    only = replace(compared(), models={name: compared().models[name] for name in (BASELINE, "hire")})
    text = Page(comparison_report(only, "t", "q", {})).text
    assert "“One more person on the hotline” costs nothing of its own." in text
    assert "“A help page that answers more”" not in text
    assert "costs nothing of its own" not in Page(of_one()).text


def test_a_last_quarter_that_is_not_whole_says_so():
    text = Page(of_doubts()).text
    assert "from 20 Jan 2025" in text
    assert "from 21 Apr 2025 (2 weeks only)" in text
    assert "The last is not a whole quarter." in text


def test_a_scenario_that_no_change_explains_lists_what_differs():
    base = doubtful().models["baseline"]
    other = parse(base.raw | {"staff": {"service": {**base.raw["staff"]["service"], "wage": "30 EUR / h"}}})
    models = {"baseline": base, NASTY: other}
    comparison = compared().__class__(models, 3, 3, 0.95, doubtful().levels, doubtful().differences, doubtful().values)
    text = Page(comparison_report(comparison, "t", "q", {})).text
    assert "staff.service.wage 24 EUR / h 30 EUR / h" in text


# ---- money -----------------------------------------------------------------------------------------------------------


def weekly_of(change: str) -> dict[str, np.ndarray]:
    values = compared().values
    return {
        kpi: values_by_week(values, change, kpi) - values_by_week(values, "baseline", kpi)
        for kpi in ("revenue", "cost", "change_cost", "margin")
    }


def test_quarters_add_up_to_the_whole_window():
    weekly = weekly_of("better_page")
    quarters = quarters_of(starter(), weekly, 0.95, np.zeros(8))
    for part, kpi in (("revenue", "revenue"), ("change", "change_cost"), ("net", "margin")):
        whole = compared().difference("better_page", kpi)["difference"]
        assert sum(getattr(quarter, part) for quarter in quarters) == pytest.approx(whole)
    cost = compared().difference("better_page", "cost")["difference"]
    assert sum(quarter.running + quarter.change for quarter in quarters) == pytest.approx(cost)


def test_the_net_of_a_quarter_is_revenue_less_both_costs():
    for quarter in quarters_of(starter(), weekly_of("hire"), 0.95, np.zeros(8)):
        assert quarter.net == pytest.approx(quarter.revenue - quarter.running - quarter.change)
        assert quarter.lower < quarter.net < quarter.upper


def test_one_quarters_interval_is_that_of_the_window_where_it_is_the_window():
    (quarter,) = quarters_of(starter(), weekly_of("hire"), 0.95, np.zeros(8))
    row = compared().difference("hire", "margin")
    assert (quarter.lower, quarter.upper) == pytest.approx((row["lower"], row["upper"]))


def test_quarters_are_thirteen_weeks_from_the_start_of_the_measured_time():
    raw = starter().raw
    model = parse(raw | {"clock": {"start": "2025-01-06", "horizon": "30 weeks", "warmup": "2 weeks"}, "changes": {}})
    ones = dict.fromkeys(("revenue", "cost", "change_cost", "margin"), np.ones((2, 28)))
    quarters = quarters_of(model, ones, 0.95, np.zeros(28))
    assert [quarter.weeks for quarter in quarters] == [QUARTER, QUARTER, 2]
    assert [quarter.revenue for quarter in quarters] == [13, 13, 2]
    assert [quarter.name for quarter in quarters] == [
        "from 20 Jan 2025",
        "from 21 Apr 2025",
        "from 21 Jul 2025 (2 weeks only)",
    ]


# ---- one scenario ----------------------------------------------------------------------------------------------------


def test_the_page_of_one_scenario_has_its_numbers_and_the_traffic_seen():
    text = Page(of_one()).text
    for kpi in HEADLINES:
        level = compared().level_of("baseline", kpi)
        half = (level["upper"] - level["lower"]) / 2
        assert words.level(kpi, level["mean"], "EUR", half) in text, kpi
    assert "width: visits seen" in text
    assert "compare the two on the same customers instead" in text


def test_the_intervals_of_one_scenario_hold_the_limits_of_its_data():
    comparison = alone(doubtful())
    text = Page(of_one_in_doubt()).text
    row = comparison.level_of(BASELINE, "churn")
    assert row["upper"] - row["lower"] == pytest.approx(2 * math.hypot(row["luck"], row["limits"]))
    assert row["limits"] > row["luck"]
    interval = words.estimate(row["mean"], row["lower"], row["upper"], KPIS["churn"].unit).interval
    assert f"Churn {words.level('churn', row['mean'], 'EUR', (row['upper'] - row['lower']) / 2)} {interval}" in text
    assert "limits of our data do not: 1 value of the scenario is not known exactly" in text
    assert "Intervals hold the luck of the run only" in Page(of_one()).text


MORE_PEOPLE = {"wage": "20 EUR / h", "shifts": {"day": {"days": "mon", "from": "08:00", "to": "12:00", "headcount": 1}}}


def test_products_and_staff_under_strain_have_their_numbers_where_there_are_any():
    assert "Products: differences from today" not in of_the_starter()
    raw = altered(
        starter().raw,
        {
            "population.customers": 20,
            "products": {"internet": {"revenue": "30 EUR / month"}},
            "personas.caller.products": {"internet": 0.5},
            "staff.service.strain": {
                "above": 0.5,
                "memory": "1 week",
                "quits": {"rate": "2 / year", "hiring": "3 weeks"},
            },
            "changes": {"dearer": {"set": {"products.internet.revenue": "33 EUR / month", "staff.more": MORE_PEOPLE}}},
        },
    )
    today = parse(raw)
    compared_ = compare({BASELINE: today, "dearer": enacted(today, ["dearer"])}, 1, 2)
    for html, caption in (
        (comparison_report(compared_, "Prices", "", PROVENANCE), "Products: differences from today"),
        (simulation_report(alone(compared_), "As it is", "", PROVENANCE), "Products"),
    ):
        assert re.search(r"(?s)<caption>Staff under strain.*>Staff who quit<.*>Vacant places<.*>service<", html)
        assert ("then 0 %" in html) == (caption != "Products")  # how busy those are who are not there today
        head = ">Product<.*>Satisfaction<.*>Churn<"
        assert re.search(rf"(?s)<caption>{caption}<.*{head}.*>internet<.*>\(no product\)<", html)


def test_a_scenario_without_staff_survey_or_churn_makes_a_page():
    shop = {
        "clock": {"start": "2025-01-06", "horizon": "2 weeks"},
        "personas": {"p": {"share": 1}},
        "touchpoints": {"shelf": {"channel": "web", "service_time": "3 min"}},
        "journeys": {
            "look": {
                "when": {"arrival": "50 / week"},
                "start": {"web": "look"},
                "steps": {
                    "look": {
                        "touchpoint": "shelf",
                        "outcomes": {"bought": 0.3, "nothing": 0.7},
                        "next": {"bought": {"sold": 1}, "nothing": {"no_need": 1}},
                    }
                },
                "ends": {"sold": {"good": True, "revenue": "20 EUR"}, "no_need": {}},
            }
        },
    }
    page = Page(simulation_report(compare({BASELINE: parse(shop)}, 1, 2), "Shop", "", {}))
    assert page.faults == []
    assert "Nobody was asked" in page.text
    assert "nan" not in page.text
