"""What customers hold, what they pay for it, and what belongs to a product."""

from dataclasses import replace
from functools import cache

import polars as pl
import pytest

from sim import build, simulate
from sim.engines import compiled, reference
from sim.kpis import measure
from sim.summaries import summarise
from tests.engines.equal import assert_same_sums
from tests.sim.stories import call, company, customer, moment, page, tell

MINUTE = 1 / (60 * 24 * 30.4375)  # of a month
PRODUCTS = {"internet": {"revenue": "30 EUR / month"}, "mobile": {"revenue": "12 EUR / month"}, "modem": {}}


def holding(*products, journeys=None, revenue=0, **parts):
    """Somebody who holds some products and reads a page at minute 10."""
    person = {"share": 1, "value": {"revenue": f"{revenue} EUR / month"}, "products": dict.fromkeys(products, 1)}
    also = {"share": 0, "products": {"internet": 1, "mobile": 1, "modem": 1}}
    return company(
        personas={"person": person, "nobody": also},
        touchpoints={"page": page(5)},
        staff={},
        products=PRODUCTS,
        journeys={"ann": read(10)} if journeys is None else journeys,
        **parts,
    )


def read(minute, **effects):
    """A journey of five minutes which ends well, with effects."""
    return call(minute, "page", ends={"resolved": {"good": True, **effects}})


def months(minutes, revenue):
    """What is paid for some minutes at a rate a month."""
    return pytest.approx(minutes * MINUTE * revenue, rel=1e-9)


def held(tables):
    """Rows of the table of holdings: product, since, until."""
    return [(row["product"], row["since"], row["until"]) for row in tables.holdings.to_dicts()]


def kpis(raw, kpi, by="product", seed=1):
    """A KPI by group."""
    rows = measure(summarise(simulate(build(raw), seed))).filter(kpi=kpi, by=by).to_dicts()
    return {row["group"]: row["value"] for row in rows}


# ---- money -----------------------------------------------------------------------------------------------------------


def test_a_product_brings_its_revenue_beside_that_of_the_persona():
    tables = tell(holding("internet", "mobile", revenue=2))
    assert customer(tables)["revenue"] == months(1440, 30 + 12 + 2)
    assert held(tables) == [("internet", 0, None), ("mobile", 0, None)]


def test_a_product_without_revenue_and_one_that_is_not_listed_bring_nothing():
    raw = holding("modem", "pots", revenue=2)
    assert customer(tell(raw))["revenue"] == months(1440, 2)
    del raw["products"]
    tables = tell(raw)
    assert customer(tables)["revenue"] == months(1440, 2)
    assert held(tables) == [("modem", 0, None), ("pots", 0, None)]


def test_a_product_is_paid_while_it_is_held():
    tables = tell(holding("internet", journeys={"ann": read(10, adds="mobile", drops="internet")}))
    assert held(tables) == [("internet", 0, 15), ("mobile", 15, None)]
    assert customer(tables)["revenue"] == months(15 * 30 + 1425 * 12, 1)


def test_what_is_held_already_is_not_held_twice_and_what_is_not_held_cannot_be_given_up():
    journeys = {"ann": read(10, adds="internet", drops="mobile"), "bob": read(20, adds="mobile", drops=2 * ["mobile"])}
    tables = tell(holding("internet", journeys=journeys))
    assert held(tables) == [("internet", 0, None)]
    assert customer(tables)["revenue"] == months(1440, 30)


def test_who_has_left_pays_no_more_and_pays_again_once_back():
    journeys = {
        "ann": read(10, stage="left"),
        "bob": read(95, stage="customer") | {"who": {"stage": "left"}},
        "eve": read(195, drops="internet"),
    }
    tables = tell(holding("internet", journeys=journeys))
    assert held(tables) == [("internet", 0, 15), ("internet", 100, 200)]
    assert customer(tables)["revenue"] == months(115, 30)


def test_who_is_no_customer_yet_holds_nothing_that_is_paid():
    journeys = {"come": read(0, adds="internet", stage="customer") | {"when": {"arrival": "20 / day"}}}
    tables = tell(holding("mobile", journeys=journeys, population={"customers": 0}))
    came = tables.customers.drop_nulls("joined")
    assert len(came) > 10
    rows = tables.holdings.join(came, on="customer")
    assert len(rows) == 2 * len(came)
    assert (rows["since"] == rows["joined"]).all()
    assert came["revenue"].to_list() == [months(1440 - joined, 42) for joined in came["joined"]]


def test_only_what_is_held_in_the_measured_window_counts():
    clock = {"start": "2025-01-06", "horizon": "1 day", "warmup": "10 h"}
    raw = holding("internet", journeys={"ann": read(595, drops="internet", adds="mobile")}, clock=clock)
    assert customer(tell(raw))["revenue"] == months(840, 12)
    assert kpis(raw, "revenue") == {"internet": 0, "mobile": months(840, 12), "modem": 0, "none": 0}


def test_an_event_and_a_clock_can_sell_a_product():
    events = {"gift": {"on": moment(40), "adds": "mobile"}}
    step = {"while_open": {"after": "2 min", "drops": "internet"}}
    tables = tell(holding("internet", events=events, journeys={"ann": call(10, "page", step=step)}))
    assert held(tables) == [("internet", 0, 12), ("mobile", 40, None)]
    assert customer(tables)["revenue"] == months(12 * 30 + 1400 * 12, 1)


# ---- changes ---------------------------------------------------------------------------------------------------------


def changed(*products, **change):
    """The same with a change that is on."""
    return holding(*products, changes={"rise": change}, enact=["rise"])


def test_a_price_rise_is_paid_from_its_date_on():
    rise = {"from": moment(600), "until": moment(900), "set": {"products.internet.revenue": "40 EUR / month"}}
    raw = changed("internet", **rise)
    assert customer(tell(raw))["revenue"] == months(1440 * 30 + 300 * 10, 1)
    assert kpis(raw, "revenue")["internet"] == months(1440 * 30 + 300 * 10, 1)


def test_a_price_can_rise_little_by_little():
    raw = changed(
        "internet", **{"from": moment(0), "ramp": "2 days", "set": {"products.internet.revenue": "40 EUR / month"}}
    )
    raw["clock"] = {"start": "2025-01-06", "horizon": "3 days"}
    assert customer(tell(raw))["revenue"] == months(1440 * (32.5 + 37.5 + 40), 1)


def test_a_change_can_bring_a_product_or_make_one_pay():
    news = {"products.modem": {"revenue": "3 EUR / month"}, "products.tv.revenue": "5 EUR / month"}
    raw = changed(
        "modem", **{"from": moment(1000), "set": news | {"journeys.ann.ends.resolved": {"good": True, "adds": "tv"}}}
    )
    raw["journeys"] = {"ann": read(1100)}
    tables = tell(raw)
    assert held(tables) == [("modem", 0, None), ("tv", 1105, None)]
    assert customer(tables)["revenue"] == months(440 * 3 + 335 * 5, 1)


def test_a_price_can_be_tried_on_some():
    rise = {"from": moment(600), "who": {"share": 0.5}, "set": {"products.internet.revenue": "40 EUR / month"}}
    raw = changed("internet", **rise) | {"population": {"customers": 40}}
    rows = tell(raw).customers.to_dicts()
    assert {row["pilot"] for row in rows} == {True, False}
    for row in rows:
        assert row["revenue"] == months(1440 * 30 + (840 * 10 if row["pilot"] else 0), 1)
    by_arm = kpis(raw, "revenue", "pilot")
    assert by_arm["pilot"] == pytest.approx(sum(row["revenue"] for row in rows if row["pilot"]))
    assert sum(by_arm.values()) == pytest.approx(kpis(raw, "revenue")["internet"])


# ---- KPIs by product -------------------------------------------------------------------------------------------------


@cache
def trading():
    """Customers who buy, quit, join and leave for some weeks, with a warm-up and a price rise."""
    needs = {"buy": "1 / week", "quit": "0.6 / week", "ask": "1 / week"}
    person = {
        "share": 1,
        "value": {"revenue": "1 EUR / month"},
        "products": {"internet": 0.5, "mobile": 0.3},
        "needs": needs,
        "churn": {"base": "0.1 / week"},
    }
    need = {name: {"when": {"need": name}} for name in needs}
    buy = {"adds": ["internet", "modem"], "revenue": "5 EUR"}
    return company(
        clock={"start": "2025-01-06", "horizon": "5 weeks", "warmup": "8 days"},
        population={"customers": 40, "joins": "8 / week"},
        personas={"person": person},
        touchpoints={"page": page(5, cost="0.20 EUR")},
        staff={},
        products=PRODUCTS,
        journeys={
            "buy": read(0, **buy) | need["buy"] | {"product": "internet", "goal": "more"},
            "quit": read(0, drops=["internet", "mobile"], revenue="-2 EUR") | need["quit"] | {"product": "mobile"},
            "ask": read(0) | need["ask"],
        },
        events={"gift": {"every": "9 days", "revenue": "-0.50 EUR", "reach": 0.4, "adds": "mobile"}},
        changes={"rise": {"from": "2025-01-22", "set": {"products.internet.revenue": "40 EUR / month"}}},
        enact=["rise"],
    )


def test_what_customers_pay_is_what_products_and_all_else_bring():
    tables = tell(trading())
    paid = pytest.approx(tables.customers["revenue"].sum(), rel=1e-9)
    for by in ("all", "persona", "product", "week"):
        assert sum(kpis(trading(), "revenue", by).values()) == paid
    assert set(kpis(trading(), "revenue")) == {"internet", "mobile", "modem", "none"}


def test_journeys_and_what_they_cost_count_for_the_product_of_their_goal():
    tables = tell(trading())
    product = {"more": "internet", "quit": "mobile", "ask": "none"}
    measured = tables.visits.filter(pl.col("joined") >= 8 * 1440)
    visits = {name: measured.filter(goal=goal).height for goal, name in product.items()}
    assert kpis(trading(), "visits") == visits | {"modem": 0}
    assert kpis(trading(), "issues") == pytest.approx(visits | {"modem": 0})
    assert kpis(trading(), "contact_cost")["internet"] == pytest.approx(0.2 * visits["internet"], abs=0.21)
    assert kpis(trading(), "completion")["mobile"] == 1
    own = tables.journeys.filter((pl.col("closed") >= 8 * 1440) & (pl.col("goal") == "quit"))["revenue"].sum()
    rate = tables.holdings.filter(product="mobile").select(
        (pl.col("until").fill_null(5 * 7 * 1440) - pl.col("since").clip(8 * 1440)).clip(0).sum()
    )
    assert kpis(trading(), "revenue")["mobile"] == pytest.approx(own + rate.item() * MINUTE * 12)


def test_the_persona_and_events_bring_what_belongs_to_no_product():
    tables = tell(trading())
    measured = pl.col("at") >= 8 * 1440
    presents = tables.effects.filter(measured)["revenue"].sum()
    assert presents < 0
    without = trading() | {"products": {}}
    rest = kpis(without, "revenue", "all")["all"] - kpis(without, "revenue")["internet"]
    assert kpis(trading(), "revenue")["none"] == pytest.approx(rest - kpis(without, "revenue")["mobile"])


def test_holders_are_those_at_the_start_and_who_came_less_who_went():
    tables = tell(trading())
    start, end = 8 * 1440, 5 * 7 * 1440
    since, until = pl.col("since"), pl.col("until").fill_null(float("inf"))
    gained, dropped = kpis(trading(), "products_gained"), kpis(trading(), "products_dropped")
    for product, holders in kpis(trading(), "holders").items():
        rows = tables.holdings.filter(product=product)
        before = rows.filter((since <= start) & (until >= start)).height
        assert holders == rows.filter(until >= end).height == before + gained[product] - dropped[product]
    assert min(gained["internet"], dropped["internet"], dropped["modem"]) > 5
    for kpi, groups in (("products_gained", gained), ("products_dropped", dropped)):
        assert sum(groups.values()) == kpis(trading(), kpi, "all")["all"] == sum(kpis(trading(), kpi, "week").values())
    weekly = list(kpis(trading(), "holders", "week").values())
    assert len(weekly) == 4
    assert weekly[-1] == kpis(trading(), "holders", "all")["all"]
    assert weekly[0] == tables.holdings.filter((since < start + 7 * 1440) & (until >= start + 7 * 1440)).height


# ---- satisfaction and churn by product -------------------------------------------------------------------------------


HALF = {"start": "2025-01-06", "horizon": "1 day", "warmup": "12 h"}  # measured from minute 720 on


def fates(raw):
    """Satisfaction and churn by product, as far as they are known, summed by both engines as rows come."""
    _, expected = reference.live(build(raw), 1, 0, keep=0.0)
    _, found = compiled.live(build(raw), 1, 0, keep=0.0)
    assert_same_sums(expected, found)
    rows = measure(found).filter(by="product").drop_nans("value").pivot("kpi", index="group", values="value")
    return {row["group"]: (row["satisfaction"], row["churn"]) for row in rows.to_dicts() if row["churn"] is not None}


def test_holders_when_the_window_opens_count_whatever_they_hold_later():
    """Seven customers, done by hand; the window is from minute 720 to 1440."""
    result = simulate(build(holding(clock=HALF, population={"customers": 7})), 1)
    people = {  # joined, left, satisfaction in the end; what they held, since when, until when
        0: (0, None, 8, [("internet", 0, None)]),
        1: (0, 1000, 2, [("internet", 0, 1000), ("mobile", 300, 1000)]),
        2: (0, 1000, 3, [("internet", 0, 900)]),  # gave it up, then left
        3: (0, 1200, 4, [("mobile", 0, 500)]),  # held nothing any more
        4: (0, None, 6, [("mobile", 800, None)]),  # held nothing yet
        5: (750, 800, 1, [("internet", 750, 800)]),  # joined too late
        6: (0, 700, 1, [("internet", 0, 700)]),  # left too early
    }
    lives = [(joined, left, felt) for joined, left, felt, _ in people.values()]
    lived = pl.DataFrame(lives, dict.fromkeys(("joined", "left", "satisfaction_end"), pl.Float64), orient="row")
    held = [(who, name, "person", since, until) for who, (*_, had) in people.items() for name, since, until in had]
    tables = replace(
        result.tables,
        customers=result.tables.customers.with_columns(lived),
        holdings=pl.DataFrame(held, result.tables.holdings.schema, orient="row"),
    )
    rows = measure(summarise(replace(result, tables=tables))).filter(by="product")
    found = {kpi: dict(rows.filter(kpi=kpi).select("group", "value").iter_rows()) for kpi in rows["kpi"].unique()}
    nobody = pytest.approx(float("nan"), nan_ok=True)
    assert found["satisfaction"] == {"internet": 13 / 3, "mobile": 2, "modem": nobody, "none": 5}
    assert found["churn"] == {"internet": 2 / 3, "mobile": 1, "modem": nobody, "none": 0.5}
    assert found["retention"] == {"internet": pytest.approx(1 / 3), "mobile": 0, "modem": nobody, "none": 0.5}


def test_who_gives_a_product_up_and_then_leaves_is_lost_to_it():
    journeys = {"ann": read(800, drops="internet"), "bob": read(900, satisfaction=-2, stage="left")}
    raw = holding("internet", clock=HALF, journeys=journeys)
    assert fates(raw) == {"internet": (customer(tell(raw))["satisfaction_end"], 1)}
    del raw["journeys"]["bob"]
    assert fates(raw)["internet"][1] == 0


def test_who_holds_nothing_when_the_window_opens_is_of_none():
    journeys = {"ann": read(600, drops="internet"), "bob": read(900, adds="internet"), "eve": read(1000, stage="left")}
    raw = holding("internet", clock=HALF, journeys=journeys)
    assert fates(raw) == {"none": (customer(tell(raw))["satisfaction_end"], 1)}


def test_who_moves_to_another_stage_is_lost_also_if_they_come_back():
    journeys = {
        "ann": read(800, stage="paused"),
        "bob": read(900, stage="customer") | {"who": {"stage": "paused"}},
    }
    raw = holding("internet", "mobile", clock=HALF, journeys=journeys)
    felt = customer(tell(raw))["satisfaction_end"]
    assert fates(raw) == {"internet": (felt, 1), "mobile": (felt, 1)}


def test_a_product_of_somebody_who_is_no_customer_yet_is_not_held():
    come = read(0, stage="customer") | {"when": {"arrival": "20 / day"}}
    raw = holding("mobile", clock=HALF, journeys={"come": come}, population={"customers": 0})
    tables = tell(raw)
    counted = tables.customers.filter(pl.col("joined") <= 720)
    assert 0 < len(counted) < len(tables.customers)
    assert fates(raw) == {"mobile": (pytest.approx(counted["satisfaction_end"].mean()), 0)}


def test_what_is_given_up_or_got_the_moment_the_window_opens_was_held_then_and_once():
    journeys = {"ann": read(715, drops="internet", adds="mobile")}
    raw = holding("internet", clock=HALF, journeys=journeys)
    assert set(fates(raw)) == {"internet", "mobile"}
    raw["journeys"] |= {"bob": read(715, adds="internet", drops="mobile")}
    rows = tell(raw).holdings.filter(product="internet")
    assert (rows["since"].to_list(), rows["until"].to_list()) == ([0, 720], [720, None])
    _, counted = compiled.live(build(raw), 1, 0, keep=0.0)
    assert counted["product"]["present"].tolist() == [1, 0, 0, 0]


def test_satisfaction_and_churn_by_product_are_those_of_the_tables():
    tables = tell(trading())
    start, inf = 8 * 1440, float("inf")
    lost = (pl.col("left").fill_null(inf) < 5 * 7 * 1440).alias("lost")
    people = tables.customers.filter(pl.col("joined") <= start, pl.col("left").fill_null(inf) >= start)
    held = tables.holdings.filter(pl.col("since") <= start, pl.col("until").fill_null(inf) >= start)
    rows = people.join(held, on="customer", how="left").with_columns(lost, pl.col("product").fill_null("none"))
    gave_up = rows.filter(pl.col("until") < pl.col("left"), "lost")
    assert gave_up.height > 0
    means = rows.group_by("product").agg(pl.col("satisfaction_end").mean(), pl.col("lost").mean())
    expected = {name: (felt, pytest.approx(lost)) for name, felt, lost in means.iter_rows()}
    assert {"internet", "mobile", "none"} <= set(expected)
    assert fates(trading()) == expected


def test_where_nobody_holds_anything_nothing_is_by_product():
    rows = measure(summarise(simulate(build(company()), 1)))
    assert rows.filter(by="product").is_empty()
    assert rows.filter(kpi="holders", by="all")["value"].to_list() == [0]
