"""The report of a sweep: complete in itself, honest about luck, and small enough to open at once."""

import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from scenarios import plots, svg
from scenarios.sweeps.report import sweep_report
from scenarios.sweeps.results import Results
from scenarios.sweeps.stopping import Precision
from tests.scenarios.given import NASTY, Page, attributes, overlapping, view, written
from tests.scenarios.sweeps.made import CALL, MIDDAY, STAFF, grid, luck, swept

PAGE_CSS = Path(plots.__file__).parent / "templates/page.css"
MONEY = {"cost": 1000.0, "margin": -1000.0}


def noise(sets: dict[str, Any], kpi: str, r: int) -> float:
    return float(luck(str(sets), kpi, r)[0])


def buys(sets: dict[str, Any], kpi: str, r: int) -> float:
    """More people buy satisfaction and less churn with cost; the midday shift does nothing but cost."""
    more = sets.get(STAFF, 1) - 1
    gain = {"satisfaction": 2.0, "churn": -1.0, "cost": 1000.0}.get(kpi, 0.0)
    idle = 300.0 * (sets.get(MIDDAY, 1) - 1) if kpi == "cost" else 0.0
    return gain * more + idle + 0.1 * noise(sets, kpi, r)


@cache
def of_a_grid() -> Results:
    settings = grid(staff=(1, 2, 3), midday=(0, 1, 2), call=("6 min", "8 min"))
    return swept("grid", settings, buys, failed=[17], precision=Precision({"satisfaction": 0.2, "churn": 0.001}))


@cache
def one_at_a_time() -> Results:
    settings = [{STAFF: 2}, {STAFF: 4}, {MIDDAY: 0}, {MIDDAY: 2}, {CALL: "6 min"}, {CALL: "10 min"}]
    return swept("one_at_a_time", settings, buys, title=f"Firm {NASTY}")


@cache
def everywhere(count: int = 30, replications: int = 10) -> Results:
    settings = [
        {STAFF: 1 + n % 4, MIDDAY: (7 * n) % count / count, CALL: f"{5 + 6 * ((11 * n) % count) / count:.3f} min"}
        for n in range(count)
    ]
    return swept("latin_hypercube", settings, buys, replications)


@cache
def whole_scenarios() -> Results:
    names = [f"a_firm_with_a_rather_long_name_{n}_{NASTY}" for n in range(12)]
    settings = [{"base": name, STAFF: staff} for name in names for staff in (1, 2)]
    return swept("grid", settings, buys, 4)


@cache
def unevenly() -> Results:
    settings = grid(staff=(1, 2, 3), midday=(0, 1, 2))
    return swept("grid", settings, buys, lived_through=lambda n: 6 + 3 * (n % 3))


@cache
def alone() -> Results:
    return swept("grid", [{STAFF: 2}], buys, 3)


@cache
def of_luck() -> Results:
    return swept("grid", grid(staff=(1, 2, 3), midday=(0, 1, 2)), noise)


@cache
def all_failed() -> Results:
    return swept("grid", grid(staff=(2, 3)), buys, failed=[0, 1])


@cache
def html_of(results: Any) -> str:
    warmup = (svg.drawing(100, 50, "Warm-up", "it ends", []), "The warm-up ends after two weeks.")
    return sweep_report(results(), f"Title {NASTY}", f"Question {NASTY}", {"seed": 1, "command": NASTY}, warmup=warmup)


def answer_of(results: Any) -> str:
    """What the page's answer says."""
    found = re.search(r'<div class="answers">(.*?)</div>', html_of(results), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def drawings(html: str) -> list[str]:
    return re.findall(r"<svg.*?</svg>", html, re.DOTALL)


EVERY = [of_a_grid, one_at_a_time, everywhere, whole_scenarios, unevenly, alone, of_luck, all_failed]


@pytest.fixture(scope="module", params=EVERY)
def html(request: pytest.FixtureRequest) -> str:
    return html_of(request.param)


def test_every_page_is_well_formed_and_asks_nothing_of_anybody(html: str):
    page = Page(html)
    assert page.faults == []
    assert page.addresses == []
    assert html.replace('xmlns="http://www.w3.org/2000/svg"', "").count("://") == 0
    assert NASTY not in html
    assert "nan" not in page.text.lower().split()


def test_every_link_on_a_page_leads_somewhere(html: str):
    page = Page(html)
    places = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {str(attrs["href"])[1:] for attrs in attributes(page, "a")} <= places


def test_texts_of_drawings_lie_inside_and_do_not_overlap(html: str):
    for drawing in drawings(html):
        assert [box for box in written(drawing) if not box.within(view(drawing))] == []
        assert overlapping(written(drawing)) == []


def test_every_plain_colour_of_a_plot_has_a_twin_for_the_dark(html: str):
    dark = PAGE_CSS.read_text().split("prefers-color-scheme: dark")[1]
    drawn = "".join(drawings(html))
    used = set(re.findall(r'(?:fill|stroke)="#[0-9a-f]{6}"', drawn))
    assert {each for each in used if f".card [{each}]" not in dark} == set()


def test_the_answer_names_what_moves_what_and_what_it_is_paid_with():
    answer = answer_of(of_a_grid)
    assert "Satisfaction is moved most by service day headcount" in answer
    assert "Cost is moved most by service day headcount" in answer
    assert "have better satisfaction and churn for worse cost" in answer
    assert "none is better than today in satisfaction, cost and churn" in answer
    assert "best-looking one is partly lucky" in answer


def test_where_there_is_only_luck_the_answer_says_so():
    answer = answer_of(of_luck)
    for kpi in ("satisfaction", "cost", "churn"):
        assert f"What moves {kpi} cannot be told apart from luck." in answer
    assert "is moved most" not in answer
    assert "none is better than today" in answer


def test_a_point_that_is_better_in_all_three_is_named_with_its_numbers():
    def gains(sets: dict[str, Any], kpi: str, r: int) -> float:
        better = {"satisfaction": 1.0, "cost": -100.0, "churn": -1.0}.get(kpi, 0.0)
        return better * (sets[STAFF] - 1) + 0.05 * noise(sets, kpi, r)

    results = swept("grid", grid(staff=(1, 2, 3)), gains)
    html = sweep_report(results, "t", "", {})
    assert "2 of 3 points are better than today in satisfaction, cost and churn, even when allowing" in html
    assert "the highest satisfaction is service day headcount 3: satisfaction +" in html
    assert "Being the highest of several it is partly lucky" in html


def test_where_every_point_failed_the_page_still_says_what_went_wrong():
    page = Page(html_of(all_failed))
    assert "No point could be lived through" in page.text
    assert page.text.count("it <b>broke</b>") == 2


def test_failed_points_stand_at_the_end_with_their_error():
    text = Page(html_of(of_a_grid)).text
    assert "1 of them failed and is left out" in text
    assert f"{STAFF} = 3, {MIDDAY} = 2, {CALL} = 8 min it <b>broke</b>" in text


def test_the_table_has_a_key_for_every_number_and_a_row_for_every_point():
    html = html_of(of_a_grid)
    table = re.search(r'<table class="sorts">(.*?)</table>', html, re.DOTALL)[1]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", table, re.DOTALL)
    assert [name for name, _ in rows] == [f"point {n}" for n in range(17)]
    heads = re.findall(r'<th scope="col">', table)
    for _, cells in rows:
        keys = [float(key) for key in re.findall(r'data-key="([^"]*)"', cells)]
        assert len(keys) == len(heads) - 1 == cells.count("<td")


def test_precision_tells_what_was_asked_what_was_reached_and_what_halving_costs():
    text = Page(html_of(of_a_grid)).text
    assert "Satisfaction ± 0.20 points 17 of 17" in text
    assert "Churn ± 0.10 %-points 0 of 17" in text
    assert "12 replications of each point, 216 histories with today's own." in text
    assert "takes four times as many: 648 more histories, up to 48 replications of a point" in text
    assert "The warm-up ends after two weeks." in text


def test_points_need_not_have_been_lived_through_equally_often():
    text = Page(html_of(unevenly)).text
    assert "6 to 12 replications of each point" in text
    assert "Satisfaction is moved most by service day headcount" in text


def test_interactions_are_shown_for_grids_only_and_a_tornado_for_one_lever_at_a_time():
    has = {each: (html_of(each).count('id="together"'), html_of(each).count('one lever at a time"')) for each in EVERY}
    assert {each for each, (together, _) in has.items() if together} == {of_a_grid, whole_scenarios, unevenly, of_luck}
    assert {each for each, (_, tornado) in has.items() if tornado} == {one_at_a_time}


@pytest.mark.slow
def test_the_page_of_a_thousand_points_stays_small():
    settings = [{STAFF: 1 + a, MIDDAY: b, CALL: f"{5 + c} min"} for a, b, c in product(range(10), repeat=3)]
    results = swept("grid", settings, lambda sets, kpi, r: MONEY.get(kpi, 0.1) * (sets[STAFF] + 0.01 * r), 3)
    html = sweep_report(results, "t", "q", {})
    assert html.count('<th scope="row">point ') == 1000
    assert len(html.encode()) < 3e6
