"""A scenario told in plain words, on the terminal and on a page."""

from copy import deepcopy
from itertools import pairwise

import pytest

from scenarios import describe as telling
from scenarios.describe import describe, describe_page
from sim.changes import altered
from sim.check import parse
from sim.model import Pool
from tests.scenarios.altering import is_alone, one_moved
from tests.scenarios.given import NASTY, Page, attributes, doubtful, packaged, starter, tangle
from tests.sim.everything import EVERYTHING


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
        "Patience: half give up waiting in phone within 6 min (9 of 10 within 26 min); elsewhere they wait for ever.",
        "being helped +0.5, not being helped −1.2",
        "each minute of waiting beyond 1 min −0.1 (for 30 min at most); what is bad weighs 1.5 times as much",
        "Satisfaction rests at 7 of 10",
        "Thinks about leaving every week: at rest 1.7 % leave in a month; a point less satisfied, 1.8 times as many.",
        "Surveyed after every journey, which 29 % of those at 2 of 10, 18 % of those at 5 of 10 and 33 % of those at",
        "Brings 30 EUR a month while a customer.",
        "hotline In the channel phone; a service takes about 8 min (9 of 10 within 16 min) and costs 0.30 EUR a con",
        "Served by service, Mon–Fri 08:00–18:00.",
        "30 lines in phone; who finds none free is turned away.",
        "help page In the channel web; a service takes about 5 min (9 of 10 within 9.6 min) and costs 0.05 EUR a con",
        "Without staff, so nobody waits.",
        "Opens when the need billing arises. It starts in web with read (48 %) or in phone with call (52 %).",
        "55 % are helped and end well (resolved).",
        "45 % are not helped: 7 of 10 of them go on to call after about 20 min (9 of 10 within 46 min), 3 of 10 of",
        "For 1 of 10 of those helped it does not hold: they come back after about 3 days.",
        "Those who lose patience waiting: 6 of 10 of them try again after about 40 min (9 of 10 within 92 min), 4 of",
        "Those who find it closed: 7 of 10 of them try again about 1 h after it opens, 3 of 10 of them give up.",
        "Together 75 hours on duty and 1,800 EUR a week.",
        "day: Mon–Fri 08:00–18:00, 1 person.",
        "75 hours on duty a week at 24 EUR an hour (overtime 1.5 times that): 1,800 EUR.",
        "hire: One more person on the hotline",
        "pool service › day › headcount: 1 → 2",
        "staff.service.shifts.day.headcount can be chosen from 1 to 4, 5,200 EUR a month for each.",
        "The first 2 weeks are lived but not measured.",
    ],
)
def test_the_starter_is_told_in_sentences(expected: str):
    assert expected in told(starter())


QUITS = {
    "rate": "0.02 / month",
    "slope": 6,
    "hiring": {"kind": "gamma", "mean": "6 weeks", "cv": 0.5},
    "training": "3 weeks",
    "cost": "3000 EUR",
}


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"absence": 0.06}, "On a day 6 % of them are absent, by chance."),
        (
            {"breaks": {"lunch": {"days": "mon-fri", "from": "12:00", "to": "13:00", "share": 0.5}}},
            "Break lunch: Mon–Fri 12:00–13:00, 50 % of those on duty.",
        ),
        (
            {"wage": 0, "partner": {"per_contact": "4.20 EUR"}},
            "75 hours on duty a week; a partner's people, paid 4.20 EUR for a contact.",
        ),
        (
            {
                "wage": 0,
                "partner": {
                    "per_contact": "4 EUR",
                    "promise": {"within": "30 s", "share": 0.8, "penalty": "500 EUR"},
                },
            },
            "paid 4 EUR for a contact; 80 % answered within 30 s over the whole time measured, or 500 EUR back.",
        ),
        ({"speed": 1.25}, "They take 80 % of the usual time for a service."),
        ({"speed": 0.5}, "They take 200 % of the usual time for a service."),
        ({"proficiency": 0.3}, "They are better than usual at what is hard, by 0.3."),
        ({"proficiency": -0.3}, "They are worse than usual at what is hard, by 0.3."),
        ({"differ": {"speed": 0.15}}, "Their speeds differ by about 15 %."),
        ({"differ": {"proficiency": 0.3}}, "Some are better than others at what is hard, by about 0.3."),
        (
            {"at_once": {"contacts": 3, "slower": 0.25}},
            "Each holds up to 3 contacts at once; each that is held makes a new one 25 % longer.",
        ),
        (
            {"strain": {"above": 0.8, "memory": "4 weeks"}},
            "Busy for more than 80 % of their time they are strained: it builds up, and fades, within about 4 weeks.",
        ),
        (
            {"strain": {"above": 0.8, "memory": "4 weeks", "slower": 0.5, "every": "1 day"}},
            "within about 4 weeks, looked at every day. Ten points of strain make services 5.1 % longer.",
        ),
        (
            {"strain": {"above": 0.8, "memory": "4 weeks", "quits": QUITS}},
            (
                "Whoever comes in their place is found after about 6 weeks (9 of 10 within 10 weeks), "
                "and then trained for 3 weeks, at 3,000 EUR."
            ),
        ),
        (
            {"strain": {"above": 0.8, "memory": "4 weeks", "quits": QUITS}},
            "Without strain 0.24 a year of each of them quit, and 1.82 times as often with ten points of it.",
        ),
    ],
)
def test_what_a_pool_says_of_its_people_is_told(people, expected):
    settings = {f"staff.service.{name}": value for name, value in people.items()}
    assert expected in told(parse(altered(starter().raw, settings)))


@pytest.mark.parametrize(
    ("takes", "expected"),
    [
        (
            {"share": 0.1, "days": "mon-fri", "from": "09:00", "to": "11:00", "for": "4 weeks"},
            "It takes 10 % of those on duty in service away, Mon–Fri 09:00–11:00, in its first 4 weeks.",
        ),
        (0.25, "It takes 25 % of those on duty in service away, day and night, while it lasts."),
    ],
)
def test_what_a_change_takes_from_the_floor_is_told(takes, expected):
    assert expected in told(parse(altered(starter().raw, {"changes.hire.takes": {"service": takes}})))


def test_holidays_are_told_with_their_dates():
    settings = {"clock.holidays": {"epiphany": "2025-01-07"}, "staff.service.shifts.day.holidays": True}
    raw = altered(starter().raw, settings)
    assert "Holidays: epiphany (Tuesday 7 January 2025)." in told(parse(raw))
    assert "day: Mon–Fri 08:00–18:00, 1 person, on holidays too." in told(parse(raw))


def test_a_description_fits_the_terminal_and_has_no_words_of_the_machine():
    for model in (starter(), packaged("energy"), tangle(1), doubtful().models["baseline"]):
        text = describe(model)
        assert max(map(len, text.splitlines())) <= 100
        for word in ("None", "nan", "inf ", "{", "Decimal"):
            assert word not in text


def test_conditions_terms_and_what_is_seen_are_told_in_words():
    raw = shop().raw
    person, order = raw["personas"]["p"], raw["journeys"]["order"]
    old = {"trait": {"age": "old"}}
    person["traits"] = {"age": {"old": 1, "young": 3}, "region": "north"}
    person["start"] = {"web": 1, "shop": 1}
    person["satisfaction"]["terms"]["age"] = {"value": -1.5, "who": old}
    person["churn"] = {"base": "0.001 / week", "terms": {"tenure": {"per_year": -0.15, "up_to": "5 years"}}}
    order["start"]["shop"] = {"step": "deliver", "who": old}
    order["steps"]["browse"]["next"]["basket"] = {"deliver": 1, "broken": {"p": 1, "who": {"seen": {"age": "old"}}}}
    text = told(parse(raw | {"traits": {"age": {"seen": {"p": 0.6, "after": "2 days"}}}}))
    for words in (
        "When age changes the company sees it for 6 of 10, 2 days later.",
        "Age: old (25 %) and young (75 %).",
        "Region: north.",
        "Satisfaction rests at 6.5 of 10 (7, price −0.5), age −1.5 for customers with age old",
        "leave in a month; tenure: 0.861 times as many with every year since joining up to 5 years.",
        "It starts in web with browse or in shop with deliver, only for customers with age old.",
        "all go on to deliver, all of the customers with age seen to be old end badly (broken)",
    ):
        assert words in text


def test_a_taste_that_shifts_is_told_and_the_map_promises_no_shares():
    settings = {"personas.caller.taste": {"learns": 0.3, "strength": 0.5}}
    text = told(parse(altered(starter().raw, settings)))
    assert (
        "Likes channels by experience: each journey moves the liking of the one in which it began 30 % of the way to "
        "how much better it was than what was felt before, and a point of liking makes a channel weigh 1.6 times as "
        "much."
    ) in text
    assert "It starts in web with read (48 %) or in phone with call (52 %)." in told(starter())
    assert "It starts in web with read or in phone with call." in text


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
            "parcel": {
                "channel": "post",
                "staff": "drivers",
                "urgent": {"after": "2 days", "priority": -1},
                "attended": False,
                "service_time": {"kind": "gamma", "mean": "3 days", "cv": 0.5},
            },
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
        "staff": {"drivers": {"shifts": {"day": {"days": "mon-sat", "from": "08:00", "to": "16:00", "headcount": 9}}}},
    }
    return parse(raw)


@pytest.mark.parametrize(
    "expected",
    [
        "100 at the start; 6 join a year.",
        "Needs: shop about every month; some need more than others, by about 50 %.",
        "a solution that did not hold −1 and each hour beyond what was promised −0.6",
        "Satisfaction rests at 6.5 of 10 (7, price −0.5).",
        "Never leaves.",
        "Begins with card (30 %).",
        "30 % come out as “basket” and go on to deliver.",
        "70 % come out as “nothing” and are done (no need).",
        "Whoever has waited 2 days is served with priority −1.",
        "Done without the customer: nobody has to wait or finds it closed, and it counts as no contact.",
        "deliver (parcel, post, about 3 days, promised within 5 days)",
        "2 % come out as “missing” and end badly (broken).",
        "When it ends as broken it opens complaint for 6 of 10.",
        "Opens when order has ended as served, 2 days later, for half of them.",
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
        ({"every": "30 days"}, "Opens every 30 days."),
        (
            {"entering": {"stage": "left", "p": 0.5, "delay": "2 days"}},
            "Opens when somebody leaves, 2 days later, for half of them.",
        ),
        ({"on": "2025-02-03"}, "Opens on Monday 3 February 2025."),
    ],
)
def test_whatever_opens_a_journey_is_said(when: dict[str, str], expected: str):
    assert expected in told(shop(when=when))


def test_who_is_called_back_is_said():
    offer = {"after": "5 min", "accept": 0.6, "reached": 0.85}
    text = told(parse(altered(starter().raw, {"touchpoints.hotline.callback": offer})))
    assert "Whoever has waited 5 min is offered a call back: 6 of 10 accept, and 85 % of those are reached." in text
    assert "Those who miss the call they were promised give up." in text


EVENING = {"days": "mon-fri", "from": "18:00", "to": "21:00", "headcount": 1}
OPENS = {"billing": 0.1}
LOOK = {"touchpoint": "help_page", "outcomes": {"seen": 1}, "next": {"seen": {"resolved": 1}}}
CHANGES = {
    "letter": {"set": {"events.letter": {"on": "2025-02-03 09:00", "who": {"persona": "caller"}, "opens": OPENS}}},
    "evening": {
        "set": {
            "staff.service": {"speed": 1.1, "proficiency": -0.2, "wage": "24.0 EUR / h", "department": "front"},
            "staff.service.shifts.late": EVENING,
            "journeys.billing.steps.read.outcomes.resolved": 0.55,
            "touchpoints.hotline.callback": {"after": "3 min", "accept": 0.5},
            "measure.answer_within": "1 min",
            "journeys.tips": {"when": {"every": "1 month"}, "start": {"web": "look"}, "steps.look": LOOK},
        }
    },
}  # fmt: skip


def test_what_a_change_brings_is_told_as_it_would_be_if_it_were_there_already():
    raw = starter().raw | {"changes": CHANGES}
    for on in ([], ["evening"]):  # also where it is there already
        text = told(parse(raw | {"enact": on}))
        part = text[text.index("Proposed changes") : text.index("Levers")]
        assert (
            "letter On Monday 3 February 2025, 09:00; it costs nothing of its own. A new event: letter On Monday 3 "
            "February 2025, 09:00, it reaches all caller customers. It opens billing for 1 of 10. evening From the end"
        ) in part
        assert (
            "pool service › speed: 1 → 1.1 pool service › proficiency: 0 → −0.2 measure › answer within: 20 s → 1 min "
            "The pool service, front then: late: Mon–Fri 18:00–21:00, 1 person. 90 hours on duty a week at 24 EUR an "
            "hour (overtime 1.5 times that): 2,160 EUR. They take 90.9 % of the usual time for a service. They are "
            "worse than usual at what is hard, by 0.2. The touchpoint hotline then: Served by service, Mon–Fri "
            "08:00–21:00. Whoever has waited 3 min is offered a call back: half accept, and all of those are reached. "
            "A new journey: tips Opens every month. It starts in web with look. look (help page, web, about 5 min) "
            "All come out as “seen” and end well (resolved)."
        ) in part
        page = Page(describe_page(parse(raw | {"enact": on})))
        assert page.faults == []
        assert "look (help page, web, about 5 min) All come out as “seen” and end well (resolved)." in page.text
        assert "› resolved" not in part  # which stays as it is
        assert "wage" not in part


EVENTS = {
    "outage": {
        "on": "2025-02-03", "reach": 0.3, "who": {"product": "card"}, "satisfaction": -0.5, "mood": 0.2,
        "good": False, "opens": {"complaint": {"p": 0.4, "after": "2 h"}},
    },
    "refund": {"rate": "2 / month", "revenue": "-5 EUR", "puts_off": {"order": "6 h"}, "cancels": "complaint"},
    "calls": {"every": "1 week", "most": 50, "by": {"score": -1, "tenure": 1}, "stage": "vip", "adds": "tv"},
    "visits": {"every": "1 week", "most": 9, "by": {"seen": {"line": {"poor": 2}}}, "mood": 1},
}  # fmt: skip


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
        "On Monday 3 February 2025, it reaches 3 of 10 of the customers who hold card.",
        "It takes 0.5 from satisfaction, adds 0.2 to the mood of open journeys and opens complaint for 4 of 10 (2 h l",
        "By chance, 2 a month, it reaches all customers.",
        "It costs 5 EUR, calls off complaint and puts off order by 6 h.",
        "Every week, the first time that long after the start, it reaches all customers.",
        (
            "At most 50 are on the list, first those with the most time as a customer and least points in the last "
            "survey (+1 for each day as a customer and −1 for each point in the last survey; the largest sum first)."
        ),
        "At most 9 are on the list (+2 where line is seen as poor; the largest sum first).",
        "It moves them to the stage vip and adds tv.",
        "It is a failure.",
        "A visit that is not over after 2 days costs 20 EUR, and again every day; that is no failure.",
        "Opened by the event outage or the journey order.",
    ],
)
def test_what_happens_by_itself_is_told(expected: str):
    raw = deepcopy(shop(when="opened").raw) | {"events": EVENTS}
    raw["personas"]["p"]["survey"] = {}
    raw["personas"]["p"]["traits"] = {"line": "poor"}
    raw["journeys"]["order"]["steps"]["deliver"]["while_open"] = CLOCK
    assert expected in told(parse(raw))


def test_what_products_bring_and_what_belongs_to_them_is_said():
    raw = deepcopy(shop().raw) | {"products": {"card": {"revenue": "2.50 EUR / month", "about": "Points to collect."}}}
    raw["journeys"]["order"]["product"] = "card"
    text = told(parse(raw))
    for expected in (
        "card Points to collect. Brings 2.50 EUR a month from every customer who holds it. Its journeys: order.",
        "It belongs to the product card.",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("outage", "expected"),
    [
        ("crm", "As soon as the system crm is out, it reaches all customers."),
        (
            {"system": "crm", "at": "end"},
            "As soon as the system crm is back after an outage, it reaches all customers.",
        ),
    ],
)
def test_an_event_at_an_outage_is_said(outage, expected):
    outages = {"outages": {"update": {"on": "2025-02-03", "lasts": "1 h"}}}
    events = {"sorry": {"outage": outage, "mood": -1}}
    assert expected in told(parse(shop().raw | {"systems": {"crm": outages}, "events": events}))


CLOCK = {"after": "2 days", "every": "1 day", "revenue": "-20 EUR", "good": True}


def test_what_a_touchpoint_depends_on_is_said():
    outages = {
        "update": {"on": "2025-02-03 20:00", "lasts": "10 h"},
        "failure": {"rate": "0.5 / month", "lasts": {"kind": "exponential", "mean": "90 min"}},
    }
    later = {"later": {"p": 1, "after": "10 min"}}
    settings = {
        "systems.crm": {"capacity": 300, "outages": outages},
        "touchpoints.help_page.system": "crm",
        "touchpoints.help_page.when_down": later,
        "personas.caller.satisfaction.down": -0.5,
    }
    text = told(parse(altered(starter().raw, settings)))
    for expected in (
        "crm Takes 300 services at once; whoever comes beyond that finds it down.",
        "update: out on Monday 3 February 2025, 20:00, for 10 h.",
        "failure: out 6 a year on average, for about 90 min.",
        "Nobody can come in while the system crm is down.",
        "Those who find its system down try again 10 min after it is back.",
        "finding the system down −0.5",
    ):
        assert expected in text


@pytest.mark.parametrize(
    "expected",
    [
        "In a contract of 52 weeks. Thinks about leaving 5 weeks before each end of it: at rest 1 % leave in a month.",
        "Brings about 2 others a year to learn at rest; a point more satisfied, 1.5 times as many.",
        "Keeps about 3 others a year away from it at rest.",
        "When it ends as broken it withdraws the notice",
        "Opens 2 days after somebody has given notice, if it still stands.",
        "Opens 6 weeks before each end of a contract's term.",
    ],
)
def test_how_customers_are_bound_and_speak_is_said(expected: str):
    assert expected in told(club())


def test_for_whom_a_journey_is_is_said():
    who = {"persona": "p", "stage": ["customer", "prospect"], "product": "card", "share": 0.1}
    expected = "only for 1 of 10 of the p customers in the stage customer or prospect who hold card, drawn by lot."
    assert expected in told(shop(who=who, when={"arrival": "1 / day"}))


def test_the_page_tells_the_same_and_has_a_map_of_every_journey():
    model = packaged("energy")
    page = Page(describe_page(model))
    assert page.faults == []
    assert page.addresses == []
    assert [d["aria-label"] for d in attributes(page, "svg")] == [f"Journey: {name}" for name in model.journeys]
    assert "20 % come out as “transferred” and go on to specialists." in page.text
    assert all(later <= earlier + 1 for earlier, later in pairwise(page.headings))
    anchors = {attrs["id"] for _, attrs in page.tags if attrs.get("id")}
    assert {attrs["href"].removeprefix("#") for attrs in attributes(page, "a")} <= anchors


def test_names_that_want_to_be_html_are_only_names():
    html = describe_page(doubtful().models["baseline"])
    assert "<b>" not in html
    text = Page(html).text
    for expected in (f"Firm {NASTY}", f"About {NASTY}", f"caller {NASTY}", f"Hire {NASTY}"):
        assert expected in text


# ---- nothing is left out ---------------------------------------------------------------------------------------------

MORE = {
    "enact": [],
    "population": {"customers": 120, "joins": {"rate": "30 / week", "profile": "flat"}, "stage": "customer"},
    "measure": {"answer_within": "30 s"},
    "levers": {"staff.tier2.shifts.day.headcount": {"low": 1, "high": 5, "step": 2, "price": "9 EUR / h"}},
    "estimates": {"touchpoints.faq": {"source": "clicks.csv", "n": 1234, "interval": "5 to 7 min", "note": "as seen"}},
}  # fmt: skip
CANNOT_BE_MOVED_ALONE = {
    "currency", "personas.caller.traits.region", "journeys.newsletter.who.trait.region", "journeys.billing.when.need",
    "journeys.fault.when.need", "journeys.fault.goal", "journeys.newsletter.ends.seen", "journeys.buy.ends.no_need",
    "touchpoints.hotline.channel", "touchpoints.hotline.staff", "clock.holidays.inventory", "events.sorry.outage.at",
    "events.sorry.outage.system", "journeys.billing.steps.call.touchpoint", "journeys.fault.ends.mended.adds",
    "journeys.fault.product", "journeys.letter.when", "journeys.win_back.when.entering.stage",
    "journeys.win_back.who.stage", "personas.caller.referral.journey",
    "personas.caller.satisfaction.terms.router.who.product", "staff.tier1.breaks.noon.from",
    "touchpoints.hotline.system", "journeys.billing.steps.ask.next.unresolved.call.p",
    "journeys.billing.steps.ask.next.unresolved.give_up", "changes.chatbot.set.journeys.billing.steps.bot.touchpoint",
    "changes.chatbot.set.journeys.billing.steps.ask.next.unresolved.call.p",
}  # fmt: skip


def everything_told(model):
    return model.title, model.about, telling._sections(model)


def untold(raw):
    """Values that can be moved without a word of the description changing; and those that cannot be moved."""
    told = everything_told(parse(raw))
    moved = dict(one_moved(raw))
    kept = {path for path, model in moved.items() if model is not None and everything_told(model) == told}
    fixed = {path for path, model in moved.items() if model is None and path.rsplit(".", 1)[-1] != "kind"}
    alone = {path for path in (kept | fixed) if is_alone(raw, path) or ".start." in path}
    return kept - alone, fixed - alone - CANNOT_BE_MOVED_ALONE


def test_everything_the_starter_states_is_told():
    assert untold(starter().raw) == (set(), set())


@pytest.mark.slow
def test_everything_that_can_be_stated_is_told():
    assert untold({**EVERYTHING, **MORE}) == ({"enact"}, set())  # which is told of changes, where there are any


def test_a_word_without_a_sentence_of_its_own_is_told_as_it_is_written(monkeypatch):
    monkeypatch.setitem(telling._TOLD, Pool, "department wage skills shifts")
    assert "overtime: 1.5." in told(starter())


def test_what_happens_at_a_visit_and_at_an_end_is_told():
    text = told(parse({**EVERYTHING, "enact": []}))
    for expected in (
        "When it ends as mended it adds 0.5 to the mood, adds router and sets region to south.",
        "Coming out as “missing” is a failure.",
        "told: a visit that is not over after 1 day opens letter for 4 of 10; that is no failure.",
        "Coming out as “send” adds 0.2 to the mood and costs 5 EUR.",
        "Coming out as “missing” takes 0.3 from satisfaction and opens complaint for 7 of 10.",
        "Being helped takes away tv.",
        "When it ends as served it brings 49 EUR and moves them to the stage customer.",
        "The journey fault starts in phone 100 %.",
        "Waits with priority 1; smaller goes first.",
        "(tier2, phone, about 15 min, priority −1)",
        "gap: 1.11 times as many; tenure: 0.135 times as many with every year since joining up to 0.0575 years",
        "where it rests follows each experience by 5 %",
        "each hour beyond 1 h after what was promised −0.06 (for 2 days at most)",
        "a service takes about 13 min (0 % within 12 s, 50 % within 4 min and 100 % within 45 min)",
        "in times the average hour: Mon–Fri 0 from 00:00, 2.1 from 08:00, 3.2 from 12:00, 0.53 from 18:00",
    ):
        assert expected in text
