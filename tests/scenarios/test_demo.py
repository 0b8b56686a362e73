"""The demonstration sets what was predicted beside what is true, and says whether the two agree."""

from io import StringIO

import pytest
from rich.console import Console

from scenarios import demo
from tests.scenarios.given import starter, told


@pytest.mark.parametrize(
    ("predicted", "true", "expected"),
    [
        ((5, 2, 8), (8, 5, 11), True),  # 3 apart, 4.24 allowed
        ((5, 2, 8), (10, 7, 13), False),  # the intervals overlap, but 5 apart is more than the 4.24 allowed
        ((5, 4, 6), (8, 0, 16), True),  # a truth that is not known well contradicts nothing
        ((5, 5, 5), (5, 5, 5), True),
        ((5, float("nan"), float("nan")), (5, 4, 6), False),
    ],
)
def test_prediction_and_truth_agree_if_they_are_no_further_apart_than_both_allow(predicted, true, expected):
    one, other = (dict(zip(("difference", "lower", "upper"), numbers, strict=True)) for numbers in (predicted, true))
    assert demo.agree(one, other) is expected
    assert demo.agree(other, one) is expected


def test_the_truth_is_shown_with_its_own_interval_and_the_title_says_what_is_judged():
    of_all = ("all", "all")
    predicted = told(
        starter(), {("satisfaction", *of_all): (5, 0.30, 0.20, 0.40), ("mean_wait", *of_all): (9, -2, -3, -1)}
    )
    true = told(starter(), {("satisfaction", *of_all): (5, 0.35, 0.30, 0.40), ("mean_wait", *of_all): (9, -4, -5, -3)})
    screen = Console(file=StringIO(), width=200)
    screen.print(demo._beside(predicted.differences, true, "EUR"))
    lines = screen.file.getvalue().splitlines()
    assert "√(a² + b²)" in "".join(lines[:3])
    satisfaction = next(line for line in lines if "Satisfaction" in line)
    assert "+0.30 points (0.20 to 0.40 points)" in satisfaction
    assert "+0.35 points (0.30 to 0.40 points)" in satisfaction
    assert "yes" in satisfaction
    assert "no" in next(line for line in lines if "Wait, mean" in line).split("│")[-2]
