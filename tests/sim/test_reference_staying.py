"""Stories of staying, leaving and coming back."""

import polars as pl
import pytest

from sim import build, simulate
from sim.kpis import measure
from sim.summaries import summarise
from tests.engines.equal import assert_same_sums
from tests.sim.stories import call, company, customer, desk, journey, journeys, moment, page, tell, visits

DAY = 1440.0
SOON = {"churn": {"base": "1000 / min", "every": "10 min"}}  # leaves at a random moment of the first ten minutes


def small(journeys_, **parts):
    """One customer and one page, where a journey is over at once unless it says otherwise."""
    return company(touchpoints={"page": page(0)}, staff={}, journeys=journeys_, **parts)


def at(when, stage=None, minutes=0, **more):
    """A journey of one visit that ends well, in another stage if one is named."""
    end = {"good": True} | ({"stage": stage} if stage else {})
    step = {
        "touchpoint": "page", "service_time": f"{minutes} min", "outcomes": {"done": 1}, "next": {"done": {"over": 1}}
    }  # fmt: skip
    when = {"on": moment(when)} if isinstance(when, int) else when
    return {"when": when, "start": {"any": "go"}, "steps": {"go": step}, "ends": {"over": end}} | more


def opened(tables, goal):
    return [row["opened"] for row in journeys(tables, goal)]


def kpis(tables, raw):
    """KPIs of everybody, the same whether they are added up from tables or as rows come."""
    model = build(raw)
    whole = simulate(model, 1, engine="reference")
    assert whole.tables.customers.equals(tables.customers)
    counted = simulate(model, 1, engine="compiled", keep=0).counted
    assert_same_sums(summarise(whole), counted)
    every = measure(counted).filter(pl.col("by") == "all")
    return dict(every.select("kpi", "value").iter_rows())


# ---- entering a stage ------------------------------------------------------------------------------------------------


def test_a_journey_opens_when_somebody_enters_a_stage_and_each_time():
    entering = {"entering": {"stage": "lapsed", "delay": "5 min"}}
    moves = {"nap": at(100, "lapsed"), "wake": at(200, "customer"), "again": at(300, "lapsed")}
    tables = tell(small(moves | {"remind": at(entering)}))
    assert opened(tables, "remind") == [105, 305]
    assert [row["origin"] for row in journeys(tables, "remind")] == ["remind 0", "remind 1"]


def test_who_is_in_a_stage_already_does_not_enter_it():
    both = {"nap": at(100, "lapsed"), "doze": at(200, "lapsed")}
    assert opened(tell(small(both | {"remind": at({"entering": {"stage": "lapsed"}})})), "remind") == [100]
    stays = at({"entering": {"stage": "customer"}})
    assert opened(tell(small({"greet": stays, "look": at(10)})), "greet") == []


def test_who_joins_or_arrives_enters_a_stage_too():
    journeys_ = {"look": at({"arrival": "20 / day"}), "greet": at({"entering": {"stage": "prospect"}})}
    journeys_ |= {"welcome": at({"entering": {"stage": "customer", "delay": "1 min"}})}
    tables = tell(small(journeys_, population={"customers": 0, "joins": "20 / day"}))
    came = [row["joined"] for row in tables.customers.to_dicts() if row["joined"] is not None]
    assert len(came) > 5
    assert opened(tables, "welcome") == pytest.approx([joined + 1 for joined in came if joined < DAY - 1])
    assert len(opened(tables, "greet")) == len(opened(tables, "look")) > 5


def test_a_share_of_those_who_enter_is_drawn_at_an_address_of_its_own():
    journeys_ = {"nap": at(100, "lapsed"), "remind": at({"entering": {"stage": "lapsed", "p": 0.5}})}
    few = tell(small(journeys_, population={"customers": 400}))
    reminded = {row["customer"] for row in journeys(few, "remind")}
    assert len(reminded) == pytest.approx(200, abs=4 * 10)
    more = {"look": at(5), "nap": at(90, "lapsed"), "wake": at(95, "customer"), "other": at(96)} | journeys_
    more["nap"]["who"] = {"share": 1}
    again = tell(small(more, population={"customers": 400}))
    assert {row["customer"] for row in journeys(again, "remind")} == reminded


# ---- leaving ---------------------------------------------------------------------------------------------------------


def leaver(journeys_, **person):
    return small(journeys_, personas={"person": {"share": 1} | SOON | person})


def test_who_has_left_has_that_stage():
    assert customer(tell(leaver({"look": at(0)})))["stage"] == "left"


def test_people_leave_while_a_window_is_open_to_all():
    """It opens at five and closes at seven; people think about it every three hours, so two in three do meanwhile."""
    churn = {"base": "1e-9 / week", "terms": {"window": {"value": 40, "who": {"trait": {"window": "open"}}}}}
    person = {"share": 1, "traits": {"window": "closed"}, "churn": churn | {"every": "3 h"}}
    events = {
        name: {"on": moment(minute), "trait": {"window": name}} for name, minute in (("open", 300), ("closed", 420))
    }
    raw = small({"look": at(0)}, personas={"person": person}, events=events, population={"customers": 60})
    left = [row["left"] for row in tell(raw).customers.to_dicts() if row["left"] is not None]
    assert all(300 <= time < 420 for time in left)
    assert len(left) == pytest.approx(40, abs=4 * (60 * 2 / 9) ** 0.5)


def test_leaving_is_entering_a_stage():
    tables = tell(leaver({"win_back": at({"entering": {"stage": "left", "delay": "1 h"}})}))
    left = customer(tables)["left"]
    assert opened(tables, "win_back") == [left + 60]
    assert journey(tables, "win_back")["end"] == "over"
    assert customer(tables)["why"] == "review"


def test_a_journey_may_end_in_leaving():
    raw = small({"quit": at(100, "left"), "look": at(50, minutes=100), "bye": at({"after": {"journey": "quit"}})})
    tables = tell(raw)
    assert (customer(tables)["left"], customer(tables)["why"], customer(tables)["stage"]) == (100, "quit", "left")
    assert (journey(tables, "quit")["end"], journey(tables, "quit")["good"]) == ("over", True)
    assert (journey(tables, "look")["end"], journey(tables, "look")["closed"]) == ("left", 150)
    assert opened(tables, "bye") == [100]  # of the time since
    later = tell(small({"quit": at(100, "left"), "look": at(120)}))
    assert opened(later, "look") == []


def test_what_opens_together_with_a_journey_that_ends_in_leaving_ends_before_it_begins():
    both = at(100)
    both["ends"]["over"]["opens"] = {"quit": 1, "look": 1}
    when = {"arrival": "0 / day"}
    quit_ = at(when, "left")
    quit_["steps"]["go"] |= {"touchpoint": "desk", "next": {"done": {"over": 1}, "closed": {"over": 1}}}
    raw = small({"both": both, "quit": quit_, "look": at(when, minutes=5)})
    tables = tell(raw | {"staff": {"clerks": {}}, "touchpoints": {"page": page(0), "desk": desk()}})
    assert (journey(tables, "look")["end"], journey(tables, "look")["visits"]) == ("left", 0)


def test_an_outcome_may_make_somebody_leave_and_its_journey_ends_with_it():
    quit_ = at(100)
    quit_["steps"]["go"]["outcomes"] = {"done": {"p": 1, "stage": "left"}}
    tables = tell(small({"quit": quit_, "win_back": at({"entering": {"stage": "left"}}, "customer")}))
    assert (journey(tables, "quit")["end"], journey(tables, "win_back")["end"]) == ("left", "over")
    assert (customer(tables)["left"], customer(tables)["stage"]) == (None, "customer")
    assert customer(tables)["left_before"] == [100]


def test_a_date_is_for_those_who_have_left_where_it_says_so():
    tables = tell(leaver({"look": at(100), "letter": at(100, who={"stage": ["customer", "left"]})}))
    assert (opened(tables, "look"), opened(tables, "letter")) == ([], [100])


def test_who_has_left_keeps_the_satisfaction_of_that_moment_but_for_what_happens_afterwards():
    feelings = {"rest": 6, "memory": 0.5, "recovery": "1 / min"}
    offer = at({"entering": {"stage": "left", "delay": "1 h"}})
    offer["ends"]["over"]["mood"] = -2
    tables = tell(leaver({"offer": offer}, satisfaction=feelings))
    assert journey(tables, "offer")["satisfaction_before"] == 6
    assert customer(tables)["satisfaction_end"] == 6 + 0.5 * ((6 + 4) / 2 - 6)


# ---- coming back -----------------------------------------------------------------------------------------------------


def returner(**parts):
    """One who leaves at minute 100, comes back at minute 400 and has needs all along."""
    journeys_ = {"quit": at(100, "left"), "win_back": at({"entering": {"stage": "left", "delay": "5 h"}}, "customer")}
    journeys_ |= {"ask": at({"need": "ask"}), "every": at({"every": "50 min"})}
    person = {"share": 1, "needs": {"ask": "50 / day"}, "value": {"revenue": "1 EUR / min"}}
    return small(journeys_, personas={"person": person}) | parts


def test_an_effect_brings_somebody_back():
    only = customer(tell(returner()))
    assert (only["stage"], only["joined"], only["left"], only["left_before"]) == ("customer", 0, None, [100])
    assert only["why"] is None
    assert only["revenue"] == pytest.approx(100 + DAY - 400)


def test_needs_and_periods_go_on_as_if_nobody_had_been_away():
    back = tell(returner())
    stayed = returner()
    del stayed["journeys"]["quit"]
    stayed["journeys"]["quit"] = at({"arrival": "0 / day"}, "left")
    for goal in ("ask", "every"):
        all_along = [row for row in opened(tell(stayed), goal) if not 100 <= row < 400]
        assert len(all_along) > 10
        assert opened(back, goal) == all_along


def test_what_was_open_when_they_left_stays_over_when_they_are_back():
    raw = returner()
    step = {"outcomes": {"on": 1}, "next": {"on": {"look": {"p": 1, "after": "10 h"}}}}
    slow, later = call(0, "page", step={"service_time": "500 min"}), call(0, "page", step=step)
    later["steps"]["look"] = call(0, "page")["steps"]["call"]
    after = at({"after": {"journey": "seen", "delay": "12 h"}})
    tables = tell(raw | {"journeys": raw["journeys"] | {"slow": slow, "later": later, "seen": at(50), "after": after}})
    assert (journey(tables, "slow")["end"], journey(tables, "slow")["closed"]) == ("left", 500)
    assert (journey(tables, "later")["end"], journey(tables, "later")["closed"]) == ("left", 100)
    assert len(visits(tables, "later")) == 1
    assert opened(tables, "after") == []


def timed(when, minutes, stage=None, **clock):
    """A journey of one visit that takes so long, with a clock on it."""
    journey_ = at(when, stage, minutes)
    journey_["steps"]["go"]["while_open"] = {"revenue": "-1 EUR"} | clock
    return journey_


def test_a_clock_strikes_for_who_has_left_in_what_opened_since():
    win_back = timed({"entering": {"stage": "left", "delay": "1 h"}}, 30, after="10 min", every="15 min")
    tables = tell(small({"quit": at(100, "left"), "win_back": win_back}))
    assert tables.effects["at"].to_list() == [170, 185]


def test_a_clock_on_what_was_open_when_they_left_strikes_no_more_even_if_they_are_back():
    again = at({"entering": {"stage": "left", "delay": "5 h"}}, "customer")
    journeys_ = {"quit": at(100, "left"), "talk": timed(95, 600, after="350 min"), "again": again}
    tables = tell(small(journeys_))
    assert customer(tables)["left_before"] == [100]
    assert tables.effects.height == 0


def test_who_is_back_may_leave_again_and_a_hazard_counts_from_the_return():
    journeys_ = {"quit": at(100, "left"), "win_back": at({"entering": {"stage": "left", "delay": "5 h"}}, "customer")}
    person = {"share": 1, "churn": {"base": "0.002 / min", "every": "1000 min"}}
    raw = small(journeys_, personas={"person": person}, population={"customers": 400})
    rows = tell(raw).customers.to_dicts()
    leavings = [[*(row["left_before"] or ()), *([] if row["left"] is None else [row["left"]])] for row in rows]
    again = [times[1] for times in leavings if times[0] == 100 and len(times) > 1]
    assert min(again) > 400
    # Reviewed at a moment from 400 to 1000 for the first time since: evenly, with the hazard of that time.
    expected = 400 * sum(1 - 2.718281828 ** (-0.002 * minutes) for minutes in range(600)) / 1000
    assert len([time for time in again if time < 1000]) == pytest.approx(expected, abs=4 * expected**0.5)


def test_who_left_is_lost_and_who_came_back_is_told_beside_it():
    raw = returner(clock={"start": "2025-01-06", "horizon": "1 day", "warmup": "50 min"})
    found = kpis(tell(raw), raw)
    lost = ("customers_lost", "customers_joined", "customers_back", "churn", "retention")
    assert [found[kpi] for kpi in lost] == [1, 1, 1, 1, 0]
    assert found["revenue"] == pytest.approx(50 + DAY - 400)


def test_leaving_and_coming_back_at_one_moment_are_told_in_their_order():
    raw = returner()
    raw["journeys"]["win_back"]["when"]["entering"]["delay"] = "0 min"
    tables = tell(raw)
    found = kpis(tables, raw)
    assert (customer(tables)["left_before"], customer(tables)["stage"]) == ([100], "customer")
    assert [found[kpi] for kpi in ("customers_lost", "customers_back")] == [1, 1]


def test_a_visitor_who_leaves_may_become_a_customer_all_the_same():
    look = at({"arrival": "10 / day"}, "left")
    raw = small(
        {"look": look, "again": at({"entering": {"stage": "left", "delay": "1 h"}}, "customer")},
        population={"customers": 0},
    )
    tables = tell(raw)
    joined = [row for row in tables.customers.to_dicts() if row["joined"] is not None]
    assert joined
    assert all(row["left"] is None and row["left_before"] == [pytest.approx(row["joined"] - 60)] for row in joined)
    assert kpis(tables, raw)["customers_back"] == 0


# ---- contracts -------------------------------------------------------------------------------------------------------

ALWAYS = {"base": "1000 / min"}
TEN_DAYS = {"start": "2025-01-06", "horizon": "10 days"}


def bound(journeys_=None, churn=None, term="3 days", notice="1 day", joins="3 / day", **parts):
    """People who join in the course of ten days and are in a contract of some days."""
    person = {"share": 1, "contract": {"term": term, "notice": notice}} | ({"churn": churn} if churn else {})
    population = {"customers": 0, "joins": joins}
    return small(journeys_ or {"look": at(10)}, personas={"person": person}, population=population, clock=TEN_DAYS) | (
        parts
    )


def test_who_decides_to_leave_leaves_at_the_end_of_the_term():
    rows = tell(bound(churn=ALWAYS)).customers.to_dicts()
    over = [row for row in rows if row["joined"] < 7 * DAY]
    assert len(over) > 5
    assert all(row["left"] == row["joined"] + 3 * DAY and row["why"] == "review" for row in over)
    assert all(row["left"] is None for row in rows if row["joined"] > 7 * DAY)


def test_without_notice_people_leave_when_they_decide_to():
    rows = tell(bound(churn=ALWAYS, notice="0 days")).customers.to_dicts()
    assert all(row["left"] == row["joined"] + 3 * DAY for row in rows if row["joined"] < 7 * DAY)


def test_who_is_there_at_the_start_is_somewhere_in_a_term():
    raw = bound(churn=ALWAYS, joins="0 / day", population={"customers": 300})
    left = sorted(row["left"] for row in tell(raw).customers.to_dicts())
    assert max(left) < 4 * DAY  # too late to give notice in the first term: they leave at the end of the second
    assert min(left) > DAY
    in_time = [minute for minute in left if minute < 3 * DAY]
    assert len(in_time) == pytest.approx(200, abs=4 * (300 * 2 / 9) ** 0.5)


def test_a_review_takes_the_hazard_of_the_time_since_the_last():
    churn = {"base": "0.1 / day"}
    raw = bound(churn=churn, joins="0 / day", population={"customers": 1}, term="2 days", notice="1 day")
    raw["journeys"] = {
        "quit": at(10, "left"),
        "back": at({"entering": {"stage": "left", "delay": "20 min"}}, "customer"),
    }
    raw["population"] = {"customers": 800}
    rows = tell(raw).customers.to_dicts()
    first = [row for row in rows if [*(row["left_before"] or ()), row["left"]][1] == 30 + 2 * DAY]
    p = 1 - 2.718281828**-0.1  # a day after coming back
    assert len(first) == pytest.approx(800 * p, abs=4 * (800 * p * (1 - p)) ** 0.5)


def test_the_first_review_of_who_is_there_at_the_start_takes_the_hazard_of_a_whole_term():
    raw = bound(churn={"base": "0.1 / day"}, population={"customers": 1000}, term="9 days", notice="0 days")
    tables = tell(raw)
    p = 1 - 2.718281828**-0.9
    assert tables.customers["left"].count() == pytest.approx(1000 * p, abs=4 * (1000 * p * (1 - p)) ** 0.5)


def test_notice_can_be_withdrawn_as_long_as_it_runs():
    save = at({"notice": "2 h"})
    save["ends"]["over"]["stays"] = True
    raw = bound({"save": save}, churn=ALWAYS)
    tables = tell(raw)
    assert tables.customers["left"].null_count() == tables.customers.height
    joined = dict(tables.customers.select("customer", "joined").iter_rows())
    saved = {row["customer"]: [] for row in journeys(tables)}
    for row in journeys(tables, "save"):
        saved[row["customer"]].append((row["opened"], row["origin"]))
    for who, times in saved.items():
        every = [joined[who] + 2 * DAY + n * 3 * DAY + 120 for n in range(len(times))]
        assert [opening for opening, _ in times] == pytest.approx(every)
        assert [origin for _, origin in times] == [f"save {n}" for n in range(len(times))]


def test_what_waits_for_a_notice_does_not_open_once_it_is_withdrawn_or_the_term_is_over():
    save, late = at({"notice": "2 h"}), at({"notice": "3 h"})
    save["ends"]["over"]["stays"] = True
    raw = bound({"save": save, "late": late}, churn=ALWAYS)
    assert opened(tell(raw), "late") == []
    assert opened(tell(bound({"late": at({"notice": "2 days"})}, churn=ALWAYS)), "late") == []
    assert opened(tell(bound({"late": at({"notice": "23 h"})}, churn=ALWAYS)), "late") != []


def test_a_journey_may_open_before_each_end_of_a_term():
    tables = tell(bound({"renew": at({"renewal": {"before": "6 h"}})}, term="2 days"))
    joined = dict(tables.customers.select("customer", "joined").iter_rows())
    one = min(joined)
    mine = [row for row in journeys(tables, "renew") if row["customer"] == one]
    ends = [joined[one] + n * 2 * DAY - 360 for n in (1, 2, 3, 4, 5)]
    assert [row["opened"] for row in mine] == pytest.approx([end for end in ends if end < 10 * DAY])
    assert [row["origin"] for row in mine] == [f"renew {n}" for n in range(len(mine))]


def test_nothing_is_renewed_for_who_has_given_notice():
    assert opened(tell(bound({"renew": at({"renewal": {"before": "6 h"}})}, churn=ALWAYS)), "renew") == []
    assert opened(tell(bound({"renew": at({"renewal": {"before": "2 days"}})}, churn=ALWAYS)), "renew") != []


def test_who_comes_back_begins_a_term_of_their_own():
    back = at({"entering": {"stage": "left", "delay": "5 h"}}, "customer")
    raw = bound({"quit": at(100, "left"), "back": back, "renew": at({"renewal": {"before": "1 h"}})}, joins="0 / day")
    raw["population"] = {"customers": 1}
    tables = tell(raw)
    assert opened(tables, "renew") == pytest.approx([400 + n * 3 * DAY - 60 for n in (1, 2, 3)])
    assert [row["origin"] for row in journeys(tables, "renew")] == ["renew 1", "renew 2", "renew 3"]


def test_a_change_of_a_contract_holds_from_the_next_term_on():
    raw = bound(churn=ALWAYS, joins="0 / day", population={"customers": 50})
    raw["journeys"] = {"save": at({"notice": "1 min"})}
    raw["journeys"]["save"]["ends"]["over"]["stays"] = True
    notice = {"from": moment(100), "set": {"personas.person.contract.notice": "2 days"}}
    tables = tell(raw | {"changes": {"longer": notice}, "enact": "longer"})
    mine = pl.DataFrame({"customer": tables.journeys["customer"], "opened": tables.journeys["opened"]})
    gaps = mine.sort("customer", "opened").select(pl.col("opened").diff().over("customer")).to_series().drop_nulls()
    assert set((gaps / DAY).round(9)) == {2.0, 3.0}  # two days from one decision to the next, the first time


# ---- referral --------------------------------------------------------------------------------------------------------


def speaking(referral, churn=None, customers=50, **parts):
    """Customers who think of the company every hour, and a journey for which others arrive."""
    person = {"share": 1, "churn": {"base": "0 / day", "every": "1 h"} | (churn or {}), "referral": referral}
    learn = at({"arrival": "0 / day"}, minutes=10)
    return small({"learn": learn}, personas={"person": person}, population={"customers": customers}) | parts


def test_customers_bring_others_at_their_reviews():
    raw = speaking({"journey": "learn", "rate": "1000 / min"}, customers=1)
    tables = tell(raw)
    rows = tables.customers.to_dicts()
    assert [row["origin"] for row in rows] == ["start 0", *(f"referred {n} by start 0" for n in range(len(rows) - 1))]
    assert len(rows) in (24, 25)
    assert {row["stage"] for row in rows[1:]} == {"prospect"}
    assert [row["origin"] for row in journeys(tables, "learn")] == ["learn 0"] * (len(rows) - 1)
    assert opened(tables, "learn")[1] - opened(tables, "learn")[0] == pytest.approx(60)


def test_who_was_brought_may_bring_others():
    raw = speaking({"journey": "learn", "rate": "4 / day"}, customers=1)
    raw["journeys"]["learn"]["ends"]["over"]["stage"] = "customer"
    origins = tell(raw).customers["origin"].to_list()
    assert any(origin.count("referred") > 2 for origin in origins)
    assert len(set(origins)) == len(origins)


def brought(rest, slope):
    feelings = {"rest": 5, "terms": {"service": rest - 5}}
    raw = speaking({"journey": "learn", "rate": "1 / day", "slope": slope}, customers=400)
    raw["personas"]["person"]["satisfaction"] = feelings
    return tell(raw).customers.height - 400


def test_the_satisfied_bring_more_by_the_slope():
    for rest, slope in ((5, 0.5), (6, 0.5), (4, 0.5)):
        expected = 400 * 23.5 * (1 - 2.718281828 ** -(2.718281828 ** (slope * (rest - 5)) / 24))
        assert brought(rest, slope) == pytest.approx(expected, abs=4 * expected**0.5)


def test_whom_somebody_brings_does_not_hang_on_others():
    raw = speaking({"journey": "learn", "rate": "2 / day"}, customers=20)
    few, many = (set(tell(raw | {"population": {"customers": n}}).customers["origin"]) for n in (20, 40))
    assert few < many
    assert {origin for origin in many if any(origin.endswith(f" {k}") for k in range(20, 40))} == many - few


def test_the_disappointed_keep_others_away():
    deters = {"rate": "1000 / min"}
    raw = speaking({"journey": "learn", "deters": deters}, customers=1)
    raw["journeys"]["learn"]["when"]["arrival"] = "200 / day"
    kept = [row["origin"] for row in tell(raw).customers.to_dicts()[1:]]
    del raw["personas"]["person"]["referral"]
    everybody = [row["origin"] for row in tell(raw).customers.to_dicts()[1:]]
    assert len(everybody) - len(kept) in (23, 24)  # one after each review, but for one that may come too late
    assert set(kept) < set(everybody)


def test_a_point_of_satisfaction_keeps_fewer_away_by_the_slope():
    def away(rest):
        raw = speaking({"journey": "learn", "deters": {"rate": "0.2 / day", "slope": 0.7}}, customers=400)
        raw["personas"]["person"]["satisfaction"] = {"rest": 5, "terms": {"service": rest - 5}}
        raw["journeys"]["learn"]["when"]["arrival"] = "1000 / day"
        return sum(row["origin"].startswith("learn") for row in tell(raw).customers.to_dicts())

    fewer = [away(rest) for rest in (3, 5, 7)]
    assert fewer == sorted(fewer)
    assert fewer[2] - fewer[1] < 100 < fewer[1] - fewer[0]


def test_people_in_a_contract_bring_others_before_each_end_of_a_term():
    raw = speaking({"journey": "learn", "rate": "1000 / min"}, customers=1, clock=TEN_DAYS)
    raw["personas"]["person"] |= {"contract": {"term": "2 days"}}
    del raw["personas"]["person"]["churn"]
    assert tell(raw).customers.height in (5, 6)
