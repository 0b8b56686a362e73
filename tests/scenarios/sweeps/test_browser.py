"""The report of a sweep in a real browser: nothing fails, nothing is fetched, tables sort, and no text is cut.

Needs playwright, which drives a browser that is there already, and a Chromium; where one of them is missing the tests
are skipped, and say so.
"""

import math
import shutil
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Self

import polars as pl
import pytest

from scenarios.compare import BASELINE, compare
from scenarios.describe import describe_page
from scenarios.sweeps.design import Design, Factor, Point, variant
from scenarios.sweeps.report import sweep_report
from scenarios.sweeps.results import Results
from sim.check import parse
from tests.scenarios.given import packaged, starter
from tests.scenarios.sweeps import test_report as given
from tests.scenarios.sweeps.made import MIDDAY, STAFF, swept

pytestmark = pytest.mark.slow

driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = {"wide": 1280, "phone": 390}

# Texts of drawings that reach beyond them or overlap, texts wider than their place, and a page wider than its window.
FAULTS = """() => {
  const faults = [], box = element => element.getBoundingClientRect();
  for (const drawing of document.querySelectorAll("svg")) {
    const around = box(drawing), texts = [...drawing.querySelectorAll("text")], card = box(drawing.parentElement);
    const named = drawing.getAttribute("aria-label");
    if (around.width > card.width + 1 && getComputedStyle(drawing.parentElement).overflowX !== "auto")
      faults.push(`${named}: wider than its card`);
    texts.forEach((text, n) => {
      const at = box(text);
      const beyond = [around.left - at.left, at.right - around.right, around.top - at.top, at.bottom - around.bottom];
      if (Math.max(...beyond) > 0.5)
        faults.push(`${named}: "${text.textContent}" reaches beyond it`);
      for (const other of texts.slice(n + 1)) {
        const to = box(other), wide = Math.min(at.right, to.right) - Math.max(at.left, to.left);
        const high = Math.min(at.bottom, to.bottom) - Math.max(at.top, to.top);
        if (wide > 0.5 && high > 0.3 * Math.min(at.height, to.height))
          faults.push(`${named}: "${text.textContent}" lies over "${other.textContent}"`);
      }
    });
  }
  for (const text of document.querySelectorAll("h1, h2, h3, h4, p, li, th, td, dd, button, summary"))
    if (text.scrollWidth > text.clientWidth + 1 && text.clientWidth > 0)
      faults.push(`${text.tagName} "${text.textContent.slice(0, 40)}" is cut`);
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is wider than the window");
  return faults;
}"""

# Texts whose contrast with the page is below 4.5 to 1 (WCAG 2.2, 1.4.3).
PALE = """() => {
  const read = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => read(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const pale = [];
  for (const text of document.querySelectorAll("svg text, p, li, td, th, h1, h2, h3, a, dt, dd")) {
    const style = getComputedStyle(text), ink = light(text.matches("svg text") ? style.fill : style.color);
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (contrast < 4.5) pale.push(`"${text.textContent.slice(0, 40)}": ${contrast.toFixed(2)}`);
  }
  return [paper, pale];
}"""

KEYS = """column => [...document.querySelectorAll("table.sorts tbody tr")]
  .map(row => column ? row.cells[column].dataset.key ?? null : row.cells[0].textContent)"""


@cache
def lived() -> Results:
    """Four weeks of the starter, lived through at six points."""
    raw = starter().raw
    model = parse({**raw, "clock": {"start": "2025-01-06", "horizon": "4 weeks", "warmup": "1 week"}})
    settings = [{STAFF: a, MIDDAY: b} for a, b in product((1, 2), (0, 1, 2))]
    points = [Point(f"point_{n}", each) for n, each in enumerate(settings)]
    models = {BASELINE: model} | {point.name: variant(model, point.settings, frozenset()) for point in points}
    rows = [
        {"scenario": name, "replications": 4, "failed": False, "price": 5200.0 * (sets[STAFF] - 1), **sets}
        for name, sets in [(BASELINE, {STAFF: 1, MIDDAY: 1}), *((point.name, point.settings) for point in points)]
    ]
    factors = (Factor(STAFF, "lever", (1, 2), price=5200.0), Factor(MIDDAY, "lever", (0, 1, 2)))
    nothing = pl.DataFrame(schema={"scenario": pl.String, "replication": pl.Int64, "error": pl.String})
    comparison = compare(models, seed=1, replications=4)
    return Results(Design("grid", factors, tuple(points)), comparison, pl.DataFrame(rows), nothing)


@cache
def with_gaps() -> Results:
    """Numbers of every size and sign, and some that are not known."""

    def says(sets: dict[str, Any], kpi: str, r: int) -> float:
        if kpi == "abandonment" and sets[STAFF] in (2, 5):
            return math.nan
        return {1: -1000.0, 2: 20.0, 3: 3.0, 4: -0.5, 5: 100.0, 10: 0.0}[sets[STAFF]] * (1 + 0.01 * r)

    return swept("grid", [{STAFF: staff} for staff in (1, 2, 3, 4, 5, 10)], says)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with driver.sync_playwright() as playing:
        started = playing.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page of results as a browser shows it, with what it complained about and asked for."""

    def __init__(self, browser: Any, folder: Path, results: Results, **how: Any) -> None:
        file = folder / "report.html"
        file.write_text(sweep_report(results, "A sweep", "What then?", {"seed": 1}), encoding="utf-8")
        self.context = browser.new_context(**how)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked_for: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked_for.append(request.url))
        self.address = file.as_uri()
        self.page.goto(self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()

    def sorted_by(self, column: int) -> tuple[str, list[str | None]]:
        """How a column says that it is sorted, and its keys from top to bottom."""
        head = self.page.locator("table.sorts thead th").nth(column)
        return head.get_attribute("aria-sort"), self.page.evaluate(KEYS, column)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", WIDTHS)
@pytest.mark.parametrize(
    "results", [lived, given.one_at_a_time, given.everywhere, given.of_a_grid, given.whole_scenarios, given.all_failed]
)
def test_a_page_opens_without_complaint_or_request_and_no_text_is_cut_or_pale(
    browser: Any, tmp_path: Path, results: Any, window: str, scheme: str
):
    how = {"viewport": {"width": WIDTHS[window], "height": 900}, "color_scheme": scheme}
    with Opened(browser, tmp_path, results(), **how) as opened:
        assert opened.asked_for == [opened.address]
        assert opened.complaints == []
        assert opened.page.evaluate(FAULTS) == []
        paper, pale = opened.page.evaluate(PALE)
        assert pale == []
        assert (paper < 0.1) == (scheme == "dark")


@pytest.mark.parametrize("window", WIDTHS)
@pytest.mark.parametrize("scenario", ["starter", "energy"])
def test_on_the_maps_of_a_description_no_text_is_cut_or_lies_over_another(
    browser: Any, tmp_path: Path, scenario: str, window: str
):
    file = tmp_path / "described.html"
    file.write_text(describe_page(packaged(scenario)), encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTHS[window], "height": 900})
    page.goto(file.as_uri())
    assert page.locator("svg").count() == len(packaged(scenario).journeys)
    assert page.evaluate(FAULTS) == []
    page.close()


def test_what_is_cut_overlaps_or_is_pale_is_found(browser: Any):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.set_content(
        '<body style="background: white"><div><svg width="100" height="40" aria-label="d">'
        '<text x="5" y="20">one</text><text x="9" y="21">two</text>'
        '<text x="80" y="35">beyond</text></svg></div><p style="width: 3em; color: #999">unbreakable</p>'
        '<div style="width: 500px">wide</div>'
    )
    assert page.evaluate(FAULTS) == [
        'd: "one" lies over "two"',
        'd: "beyond" reaches beyond it',
        'P "unbreakable" is cut',
        "the page is wider than the window",
    ]
    assert [each.split(":")[0] for each in page.evaluate(PALE)[1]] == ['"unbreakable"']
    page.close()


@pytest.mark.parametrize("results", [lived, with_gaps])
def test_a_click_on_a_head_sorts_numbers_as_numbers_both_ways_and_leaves_what_is_not_known_last(
    browser: Any, tmp_path: Path, results: Any
):
    with Opened(browser, tmp_path, results()) as opened:
        heads = opened.page.locator("table.sorts thead th button")
        for column in range(1, heads.count()):
            for said, reverse in (("ascending", False), ("descending", True)):
                heads.nth(column).click()
                how, keys = opened.sorted_by(column)
                known = [float(key) for key in keys if key is not None]
                assert (how, known) == (said, sorted(known, reverse=reverse))
                assert keys[len(known) :] == [None] * (len(keys) - len(known))
        assert opened.complaints == []
        gaps = sum(None in opened.sorted_by(column)[1] for column in range(1, heads.count()))
        assert (gaps > 0) == (results is with_gaps)


def test_a_head_can_be_reached_and_pressed_from_the_keyboard(browser: Any, tmp_path: Path):
    with Opened(browser, tmp_path, with_gaps()) as opened:
        first = opened.page.locator("table.sorts thead th button").first
        first.focus()
        opened.page.keyboard.press("Enter")
        assert opened.sorted_by(0) == ("ascending", [f"point {n}" for n in range(6)])
        opened.page.keyboard.press("Space")
        assert opened.sorted_by(0)[0] == "descending"
        opened.page.keyboard.press("Tab")
        opened.page.keyboard.press("Enter")
        assert (opened.sorted_by(0)[0], opened.sorted_by(1)[0]) == ("none", "ascending")


def test_without_script_the_table_is_a_plain_table(browser: Any, tmp_path: Path):
    with Opened(browser, tmp_path, lived(), java_script_enabled=False) as opened:
        assert opened.page.locator("table.sorts tbody tr").count() == 6
        assert opened.page.locator("table.sorts button").count() == 0


def test_pointing_at_a_dot_tells_which_point_it_is(browser: Any, tmp_path: Path):
    with Opened(browser, tmp_path, lived()) as opened:
        told = opened.page.locator("#trade ~ .cards svg circle title").all_text_contents()
        assert sum("service day headcount 2, service midday headcount 2: cost +" in title for title in told) == 2
