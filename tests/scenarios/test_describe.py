"""A scenario told in plain words, on the terminal and on a page."""

from copy import deepcopy
from itertools import pairwise

import pytest

from scenarios.describe import describe, describe_page
from sim.check import parse
from tests.scenarios.given import NASTY, Page, attributes, doubtful, packaged, starter, tangle


def told(model) -> str:
    """The description with its line breaks taken out."""
    return " ".join(describe(model).split())


@pytest.mark.parametrize(
    "expected",
    [
        "Customers ask about their bills, on the help page or by phone.",
        "10 weeks from Monday 6 January 2025; the first 2 weeks are lived but not measured.",
        "The run goes on: how it starts is forgotten in the warm-up.",
        "1,000 at the start; 4 join a week.",
        "caller, 60 % of customers Needs: billing about every 4 weeks.",
        "Starts in phone 80 % and web 20 %.",
        "Patience: half give up waiting in phone within 6 min; elsewhere they wait for ever.",
        "being helped +0.5, not being helped −1.2",
        "each minute of waiting beyond 1 min −0.1 (for 30 min at most); what is bad weighs 1.5 times",
        "Satisfaction rests at 7 of 10",
        "Thinks about leaving every week: at rest 1.7 % leave in a month; a point less satisfied, 1.8 times as many.",
        "Brings 30 EUR a month while a customer.",
        "hotline phone; a service takes about 8 min and costs 0.3 EUR a contact.",
        "Served by service, Mon–Fri 08:00–18:00.",
        "30 lines in phone; who finds them taken is turned away.",
        "help page web; a service takes about 5 min and costs 0.05 EUR a contact. Self-service: nobody waits.",
        "Opens when the need billing arises. It starts in web with read (48 %) or in phone with call (52 %).",
        "55 % are helped and end well (resolved).",
        "45 % are not helped: 7 of 10 of them go on to call after about 20 min, 3 of 10 of them give up.",
        "For 1 of 10 of those resolved it does not hold: they come back after about 3 days.",
        "Those who lose patience waiting: 6 of 10 of them try again after about 40 min, 4 of 10 of them give up.",
        "Those who find it closed: 7 of 10 of them try again after about 1 h after it opens, 3 of 10 of them give up.",
        "Together 75 hours on duty and 1,800 EUR a week.",
        "day: Mon–Fri 08:00–18:00, 1 person.",
        "75 hours on duty a week at 24 EUR an hour (overtime 1.5 times that): 1,800 EUR.",
        "hire: One more person on the hotline",
        "staff.service.shifts.day.headcount: 1 → 2",
        "staff.service.shifts.day.headcount can be chosen from 1 to 4, 5,200 EUR a month for each.",
        "The first 2 weeks are lived but not measured.",
    ],
)
def test_the_starter_is_told_in_sentences(expected: str):
    assert expected in told(starter())


def test_a_description_fits_the_terminal_and_has_no_words_of_the_machine():
    for model in (starter(), packaged("energy"), tangle(1), doubtful().models["baseline"]):
        text = describe(model)
        assert max(map(len, text.splitlines())) <= 100
        for word in ("None", "nan", "inf ", "{", "Decimal"):
            assert word not in text


def shop(**journey: object):
    raw = {
        "title": "Shop",
        "clock": {"start": "2025-01-06 08:00", "horizon": "8 weeks"},
        "population": {"customers": 100, "joins": "0.5 / month"},
        "personas": {
            "p": {
                "share": 1,
                "needs": {"shop": "1 / month"},
                "needs_differ": 0.5,
                "products": {"card": 0.3},
                "satisfaction": {"terms": {"price": -0.5}, "late": {"per_minute": -0.01}, "reopened": -1},
            }
        },
        "touchpoints": {
            "shelf": {"channel": "web", "service_time": "3 min"},
            "parcel": {"channel": "post", "service_time": {"kind": "gamma", "mean": "3 days", "cv": 0.5}},
        },
        "journeys": {
            "order": {
                "when": {"need": "shop"},
                "start": {"web": "browse"},
                "steps": {
                    "browse": {
                        "touchpoint": "shelf",
                        "outcomes": {"basket": 0.3, "nothing": 0.7},
                        "next": {"basket": {"deliver": 1}, "nothing": {"no_need": 1}},
                    },
                    "deliver": {
                        "touchpoint": "parcel",
                        "promise": "5 days",
                        "outcomes": {"arrived": 0.98, "missing": 0.02},
                        "next": {"arrived": {"served": 1}, "missing": {"broken": 1}},
                    },
                },
                "ends": {
                    "served": {"good": True, "revenue": "49 EUR"},
                    "no_need": {},
                    "broken": {"good": False, "opens": {"complaint": 0.6}},
                },
            },
            "complaint": {
                "when": {"after": {"journey": "order", "end": "served", "p": 0.5, "delay": "2 days"}},
                "start": {"web": "write"},
                "steps": {"write": {"touchpoint": "shelf", "outcomes": {"resolved": 1}}},
            }
            | journey,
        },
    }
    return parse(raw)


@pytest.mark.parametrize(
    "expected",
    [
        "100 at the start; 6 join a year.",
        "Needs: shop about every 4.3 weeks; some need more than others, by about 50 %.",
        "a solution that did not hold −1 and each hour beyond what was promised −0.6",
        "Satisfaction rests at 6.5 of 10 (7, price −0.5).",
        "Never leaves.",
        "Has card (30 %).",
        "30 % end as basket and go on to deliver.",
        "70 % end as nothing and are done (no need).",
        "deliver (parcel, post, about 3 days, promised within 5 days)",
        "2 % end as missing and end badly (broken).",
        "When it ends as broken it opens complaint (60 %).",
        "Opens for half when order has ended as served, 2 days later.",
        "from Monday 6 January 2025, 08:00",
    ],
)
def test_a_shop_is_told_in_sentences(expected: str):
    assert expected in told(shop())


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"arrival": "12 / week"}, "Opens when somebody new arrives (12 a week)."),
        ({"joining": "3 days"}, "Opens 3 days after somebody joins."),
        ({"every": "30 days"}, "Opens every 4.3 weeks."),
        (
            {"entering": {"stage": "left", "p": 0.5, "delay": "2 days"}},
            "Opens for half when somebody leaves, 2 days later.",
        ),
        ({"on": "2025-02-03"}, "Opens on Monday 3 February 2025."),
    ],
)
def test_whatever_opens_a_journey_is_said(when: dict[str, str], expected: str):
    assert expected in told(shop(when=when))


def club():
    """The shop, but with people in contracts who speak of it."""
    raw = deepcopy(shop().raw)
    raw["journeys"]["complaint"]["when"] = {"notice": "2 days"}
    raw["personas"]["p"] |= {
        "churn": {"base": "0.01 / month"},
        "contract": {"term": "52 weeks", "notice": "5 weeks"},
        "referral": {"journey": "learn", "rate": "2 / year", "slope": 0.4, "deters": {"rate": "3 / year"}},
    }
    visit = {"touchpoint": "shelf", "outcomes": {"resolved": {"p": 1, "stage": "customer"}}}
    raw["journeys"]["learn"] = {"when": {"arrival": "0 / day"}, "start": {"web": "look"}, "steps": {"look": visit}}
    raw["journeys"]["renew"] = raw["journeys"]["learn"] | {"when": {"renewal": {"before": "6 weeks"}}}
    raw["journeys"]["order"]["ends"]["broken"]["stays"] = True
    return parse(raw)


@pytest.mark.parametrize(
    "expected",
    [
        "In a contract of 52 weeks. Thinks about leaving 5 weeks before each end of it: at rest 1 % leave in a month.",
        "Brings about 2 others a year to learn at rest; a point more satisfied, 1.5 times as many.",
        "Keeps about 3 others a year away from it at rest.",
        "When it ends as broken a notice is withdrawn.",
        "Opens 2 days after somebody has given notice, if it still stands.",
        "Opens 6 weeks before each end of a contract's term.",
    ],
)
def test_how_customers_are_bound_and_speak_is_said(expected: str):
    assert expected in told(club())


def test_for_whom_a_journey_is_is_said():
    who = {"persona": "p", "stage": ["customer", "prospect"], "product": "card", "share": 0.1}
    expected = "only for persona p, stage customer or prospect, product card and 1 of 10 of them, drawn by lot."
    assert expected in told(shop(who=who, when={"arrival": "1 / day"}))


def test_the_page_tells_the_same_and_has_a_map_of_every_journey():
    model = packaged("energy")
    page = Page(describe_page(model))
    assert page.faults == []
    assert page.addresses == []
    assert [d["aria-label"] for d in attributes(page, "svg")] == [f"Journey: {name}" for name in model.journeys]
    assert "20 % end as transferred and go on to specialists." in page.text
    assert all(later <= earlier + 1 for earlier, later in pairwise(page.headings))
    anchors = {attrs["id"] for _, attrs in page.tags if attrs.get("id")}
    assert {attrs["href"].removeprefix("#") for attrs in attributes(page, "a")} <= anchors


def test_names_that_want_to_be_html_are_only_names():
    html = describe_page(doubtful().models["baseline"])
    assert "<b>" not in html
    text = Page(html).text
    for expected in (f"Firm {NASTY}", f"About {NASTY}", f"caller {NASTY}", f"Hire {NASTY}"):
        assert expected in text
