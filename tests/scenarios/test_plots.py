"""Small plots: every mark stands where its number says, and everything can be read."""

import math
from itertools import pairwise

import pytest

from scenarios.plots import Difference, Quarter, Week, interval_plot, money_plot, week_plot
from scenarios.svg import BETTER, NEITHER, PAPER, WORSE, escape, text_width, wrap
from tests.scenarios.given import NASTY, SVG, Box, drawn, overlapping, texts, view, written

ROWS = (
    Difference("hire", "+0.30 (0.10 to 0.50) points", 0.3, 0.1, 0.5, 0.05),
    Difference("page", "−0.10 (−0.40 to 0.20) points", -0.1, -0.4, 0.2, 0.25),
    Difference("worse", "−0.30 (−0.35 to −0.25) points", -0.3, -0.35, -0.25, 0.05),
)


def comma(number: float) -> str:
    return f"{number:,g}"


def circles(svg: str) -> list[dict[str, str]]:
    return [element.attrib for element in drawn(svg).iter(f"{SVG}circle")]


def bars(svg: str, colour: str) -> list[Box]:
    found = []
    for element in drawn(svg).iter(f"{SVG}rect"):
        if element.attrib["fill"] == colour:
            x, y, w, h = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
            found.append(Box(x, y, x + w, y + h))
    return found


def scale(svg: str) -> tuple[float, float]:
    """Place of zero, and pixels a unit, read off the dots of the first two rows."""
    first, second = (float(dot["cx"]) for dot in circles(svg)[:2])
    pixels = (first - second) / (ROWS[0].value - ROWS[1].value)
    return first - ROWS[0].value * pixels, pixels


def test_dots_and_bars_stand_where_their_numbers_say():
    svg = interval_plot("Satisfaction", ROWS, "more")
    zero, pixels = scale(svg)
    for row, bar in zip(
        ROWS, bars(svg, f"{BETTER}70") + bars(svg, f"{NEITHER}70") + bars(svg, f"{WORSE}70"), strict=True
    ):
        assert bar.left + 1 == pytest.approx(zero + row.lower * pixels, abs=0.2)
        assert bar.right - 1 == pytest.approx(zero + row.upper * pixels, abs=0.2)
    verticals = [float(e.attrib["x1"]) for e in drawn(svg).iter(f"{SVG}line") if e.attrib["x1"] == e.attrib["x2"]]
    assert any(abs(x - zero) < 0.2 for x in verticals), "a line at zero"


def test_the_luck_of_the_run_is_a_thin_line_inside_the_bar():
    svg = interval_plot("Satisfaction", ROWS, "more")
    zero, pixels = scale(svg)
    thin = [
        e.attrib
        for e in drawn(svg).iter(f"{SVG}line")
        if e.attrib["y1"] == e.attrib["y2"] and e.attrib["stroke-width"] == "1.6"
    ]
    assert len(thin) == len(ROWS)
    for row, line in zip(ROWS, thin, strict=True):
        assert float(line["x1"]) == pytest.approx(zero + (row.value - row.luck) * pixels, abs=0.2)
        assert float(line["x2"]) == pytest.approx(zero + (row.value + row.luck) * pixels, abs=0.2)


def test_a_dot_is_hollow_where_the_interval_holds_zero():
    assert [dot["fill"] for dot in circles(interval_plot("x", ROWS, "more"))] == [BETTER, PAPER, WORSE]
    assert [dot["fill"] for dot in circles(interval_plot("x", ROWS, "less"))] == [WORSE, PAPER, BETTER]
    assert [dot["fill"] for dot in circles(interval_plot("x", ROWS, "neither"))] == [NEITHER, PAPER, NEITHER]


@pytest.mark.parametrize(
    ("better", "left", "right"), [("more", "worse", "better"), ("less", "better", "worse"), ("neither", "less", "more")]
)
def test_the_sides_of_zero_say_what_they_mean(better, left, right):
    assert texts(interval_plot("x", ROWS, better))[:2] == [f"◂ {left}", f"{right} ▸"]


def test_every_number_is_written_beside_its_name():
    words = texts(interval_plot("x", ROWS, "more"))
    for row in ROWS:
        assert row.name in words
        assert row.text in words


def test_what_is_not_known_has_its_words_and_no_dot():
    unknown = Difference("new pool", "–", math.nan, math.nan, math.nan)
    svg = interval_plot("x", [*ROWS, unknown], "more")
    assert len(circles(svg)) == len(ROWS)
    assert "new pool" in texts(svg)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Difference("a", "–", math.nan, math.nan, math.nan)],
        [Difference("a", "0 EUR", 0, 0, 0, 0)],
        [Difference("a", "big", 1e9, 1e9, 1e9, 0), Difference("b", "small", 1e-9, 0, 2e-9, 0)],
        [
            Difference(
                f"{NASTY} and a title that goes on and on until it needs more than one line to be read",
                "+1 (0 to 2)",
                1,
                0,
                2,
            )
        ],
    ],
)
def test_whatever_the_rows_the_plot_can_be_drawn_and_read(rows: list[Difference]):
    svg = interval_plot(f"x {NASTY}", rows, "more")
    assert "<b>" not in svg
    assert [text for text in written(svg) if not text.within(view(svg))] == []
    assert overlapping(written(svg)) == []


QUARTERS = (
    Quarter("from 6 Jan 2025", 13, 3000, 1000, 500, 1500, 1000, 2000),
    Quarter("from 7 Apr 2025 (4 weeks only)", 4, -200, 300, 0, -500, -900, -100),
)


def test_money_gained_goes_up_and_money_spent_goes_down():
    svg = money_plot("Money", QUARTERS, comma)
    revenue, running, change, net = (bars(svg, colour)[1:] for colour in ("#4f8fc4", "#d08a3e", "#8f6bb0", "#c3ccd6"))
    pixels = (revenue[0].bottom - revenue[0].top) / 3000
    zero = revenue[0].bottom
    for bar, value in ((revenue[1], -200), (running[0], -1000), (change[0], -500), (net[0], 1500), (net[1], -500)):
        assert (bar.top if value < 0 else bar.bottom) == pytest.approx(zero, abs=0.3)
        assert bar.bottom - bar.top == pytest.approx(abs(value) * pixels, abs=0.4)


def test_the_net_has_its_interval_and_quarters_their_names():
    svg = money_plot("Money", QUARTERS, comma)
    words = " ".join(texts(svg))
    assert "from 6 Jan 2025" in words
    assert "4 weeks only" in words
    for name in ("revenue", "running cost", "the change itself", "net"):
        assert name in texts(svg)
    upright = [e.attrib for e in drawn(svg).iter(f"{SVG}line") if e.attrib["x1"] == e.attrib["x2"]]
    assert len(upright) == len(QUARTERS)
    assert [text for text in written(svg) if not text.within(view(svg))] == []


def test_eight_quarters_still_have_names_that_can_be_read():
    many = [Quarter(f"from {n} Jan 2025", 13, 1, 1, 0, 0, math.nan, math.nan) for n in range(1, 5)]
    assert overlapping(written(money_plot("Money", many, comma))) == []


WEEKS = [Week(n, 10.0 + n, 9.0 + n, 11.0 + n) for n in range(1, 9)]


def test_a_line_by_week_rises_as_its_numbers_do():
    svg = week_plot("Wait", WEEKS, comma)
    dots = circles(svg)
    assert len(dots) == len(WEEKS)
    heights = [float(dot["cy"]) for dot in dots]
    steps = [a - b for a, b in pairwise(heights)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=0.2)
    assert steps[0] > 0


def test_weeks_that_are_not_known_leave_a_gap():
    holed = [*WEEKS[:3], Week(4, math.nan, math.nan, math.nan), *WEEKS[4:]]
    svg = week_plot("Wait", holed, comma)
    assert len(list(drawn(svg).iter(f"{SVG}path"))) == 2
    assert len(circles(svg)) == 7


@pytest.mark.parametrize(
    "weeks", [[], [Week(1, 3.0, math.nan, math.nan)], [Week(n, 0.0, 0.0, 0.0) for n in range(1, 105)]]
)
def test_whatever_the_weeks_the_line_can_be_drawn_and_read(weeks: list[Week]):
    svg = week_plot(NASTY, weeks, comma, zero=True)
    assert "<b>" not in svg
    assert [text for text in written(svg) if not text.within(view(svg))] == []
    assert overlapping(written(svg)) == []


def test_a_text_is_broken_between_words_and_cut_where_it_is_too_long():
    assert wrap("after about 20 min", 60, 11) == ["after", "about 20", "min"]
    cut = wrap("one two three four five six", 40, 11, lines=2)
    assert len(cut) == 2
    assert cut[-1].endswith("…")
    for line in wrap("x" * 100, 50, 12, lines=9):
        assert text_width(line, 12) <= 50


def test_what_xml_forbids_is_shown_as_a_sign():
    assert escape("a\x00b<&\"'") == "a�b&lt;&amp;&quot;&#39;"
