"""Where people go: shares and delays that we hid are found again, although closed hours bend what can be seen."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from calibration import routing
from calibration.hours import QUARTERS, Hours
from sim import units
from tests.calibration.small_log import told

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0
LARGEST_Z = 3.5
ALWAYS = Hours(np.ones(QUARTERS, dtype=bool))
LATER = {"later": {"p": 0.7, "after": {"kind": "uniform", "low": "0 min", "high": "180 min"}}, "give_up": 0.3}
GIVE_UP = {"give_up": 1}


def office():
    on = np.zeros((7, 96), dtype=bool)
    on[:5, 32:72] = True  # 08:00 to 18:00
    return Hours(on.ravel())


class World:
    """Issues that go from visit to visit by stated chances; whoever finds the office closed comes back or does not."""

    def __init__(self, seed=1, hours=None):
        self.rng = np.random.default_rng(seed)
        self.hours = {"hotline": office(), "expert": office(), "page": ALWAYS} | (hours or {})
        self.rows = []

    def visit(self, name, touchpoint, at, outcome):
        """Somebody comes: the end of the visit, or None if it was closed and they do not come back."""
        hours = self.hours[touchpoint]
        if not hours.at(np.array([at]))[0]:
            if self.rng.uniform() > 0.7:
                return None
            while not hours.at(np.array([at]))[0]:
                at = (at // 15 + 1) * 15
            at += self.rng.uniform(0, 180)
        served = outcome != "abandoned"
        ended = at + (6.0 if served else self.rng.exponential(4))
        self.rows.append(
            {"customer": name, "journey": name, "touchpoint": touchpoint, "joined": at, "ended": ended,
             "started": at if served else None, "outcome": outcome, "member": "Ann" if served else None}
        )  # fmt: skip
        return ended

    def table(self, weeks):
        kept = pl.DataFrame(self.rows, infer_schema_length=None).filter(pl.col("joined") < weeks * WEEK)
        return kept.filter(pl.col("joined").min().over("journey") >= 0)


def opened(rng, n, weeks, hours):
    """Times evenly spread over the hours in which something is open."""
    at = rng.uniform(0, weeks * WEEK, 6 * n)
    return np.sort(at[hours.at(at)][:n])


def fit(log, hours, closed=None, settled=0.0):
    return routing.fit(log, hours, {"hotline": LATER, "expert": LATER} if closed is None else closed, settled)


def share(p, n):
    """Tolerance of a share of n."""
    return LARGEST_Z * np.sqrt(p * (1 - p) / n)


# ---- a world that never closes ---------------------------------------------------------------------------------------


def always_open(n=1500, weeks=6):
    world = World(hours={"hotline": ALWAYS, "expert": ALWAYS})
    rng = world.rng
    for k, at in enumerate(opened(rng, n, weeks, ALWAYS)):
        outcome = rng.choice(["resolved", "transferred", "unresolved"], p=[0.6, 0.3, 0.1])
        end = world.visit(f"{k}", "hotline", at, outcome)
        if outcome == "transferred":
            world.visit(f"{k}", "expert", end, "resolved" if rng.uniform() < 0.9 else "unresolved")
        if outcome == "unresolved" and rng.uniform() < 0.4:
            world.visit(f"{k}", "page", end + rng.exponential(45), "resolved")
    return told(world.table(weeks)), dict.fromkeys(world.hours, ALWAYS)


def test_outcomes_and_what_follows_are_counted_where_nothing_ever_closes():
    log, hours = always_open()
    step = fit(log, hours, closed={}).steps["help"]["hotline"]
    assert step["touchpoint"] == "hotline"
    for outcome, p in (("resolved", 0.6), ("transferred", 0.3), ("unresolved", 0.1)):
        found = step["outcomes"][outcome]
        assert found == pytest.approx(p, abs=share(p, 1500))
    assert step["next"]["transferred"] == {"expert": 1.0}
    page, give_up = step["next"]["unresolved"]["page"], step["next"]["unresolved"]["give_up"]
    assert page["p"] == pytest.approx(0.4, abs=share(0.4, 150))
    assert page["p"] + give_up == pytest.approx(1)
    assert page["after"]["kind"] == "exponential"
    assert units.duration(page["after"]["mean"]) == pytest.approx(45, rel=LARGEST_Z / np.sqrt(60))


def test_steps_come_in_the_order_in_which_people_reach_them_and_start_where_most_of_a_channel_begin():
    log, hours = always_open()
    found = fit(log, hours, closed={})
    assert list(found.steps["help"]) == ["hotline", "expert", "page"]
    assert found.start["help"] == {"contact": "hotline"}


def test_shares_are_written_so_that_they_add_up_to_one():
    log, hours = always_open(n=700)
    for step in fit(log, hours, closed={}).steps["help"].values():
        assert sum(step["outcomes"].values()) == pytest.approx(1, abs=1e-9)
        for targets in step.get("next", {}).values():
            shares = [target["p"] if isinstance(target, dict) else target for target in targets.values()]
            assert sum(shares) == pytest.approx(1, abs=1e-9)


def test_goals_with_few_visits_share_what_follows_with_the_others():
    log, hours = always_open()
    rare = pl.when(pl.col("journey").cast(pl.Int64) < 60).then(pl.lit("rare")).otherwise("goal").alias("goal")
    both = replace(log, contacts=log.contacts.with_columns(rare), journeys=log.journeys.with_columns(rare))
    sources = {estimate.path: estimate.source for estimate in fit(both, hours, closed={}).estimates}
    assert sources["journeys.help.steps.hotline.next.unresolved"] == "what followed"
    assert sources["journeys.rare.steps.hotline.next.unresolved"] == (
        "what followed for all goals together: too few of this one"
    )


# ---- an office that closes -------------------------------------------------------------------------------------------


def retries(p, mean, *, n=2500, weeks=10, seed=1):
    """Calls during office hours, a third of them abandoned; a share of these is made again after a while."""
    world = World(seed)
    rng = world.rng
    for k, at in enumerate(opened(rng, n, weeks, office())):
        attempt = at
        while attempt is not None:
            gone = rng.uniform() < 1 / 3
            end = world.visit(f"{k}", "hotline", attempt, "abandoned" if gone else "resolved")
            again = gone and end is not None and rng.uniform() < p
            attempt = end + rng.exponential(mean) if again else None
    return told(world.table(weeks)), {"hotline": office()}


@pytest.mark.parametrize(("p", "mean"), [(0.5, 45.0), (0.8, 20.0), (0.3, 120.0)])
def test_the_share_and_delay_of_retries_are_found_although_some_meet_a_closed_door(p, mean):
    log, hours = retries(p, mean)
    found = fit(log, hours, settled=180.0).steps["help"]["hotline"]["next"]["abandoned"]["hotline"]
    gone = log.contacts.filter(outcome="abandoned").height
    assert found["p"] == pytest.approx(
        p, abs=share(p, 0.7 * gone) + 0.02
    )  # delays that reach beyond closing: see below
    law = found["after"]
    assert law["kind"] == "exponential"
    assert units.duration(law["mean"]) == pytest.approx(mean, rel=LARGEST_Z / np.sqrt(0.7 * gone * p) + 0.03)


def test_a_plain_mean_of_delays_would_count_nights_as_reluctance():
    log, _ = retries(0.5, 45.0)
    again = log.contacts.filter(pl.col("outcome") == "abandoned", pl.col("next") == "hotline")
    assert again["delay"].mean() > 2 * 45


def reopened(p, low, high, *, n=3000, weeks=12, seed=1):
    """Calls whose issue, though resolved, comes back after days for a share of them."""
    world = World(seed)
    rng = world.rng
    for k, at in enumerate(opened(rng, n, weeks, office())):
        again = at
        while again is not None:
            end = world.visit(f"{k}", "hotline", again, "resolved")
            again = end + rng.uniform(low, high) if end is not None and rng.uniform() < p else None
    return told(world.table(weeks)), {"hotline": office()}


@pytest.mark.parametrize(("p", "low", "high"), [(0.13, 1 * DAY, 5 * DAY), (0.3, 2 * DAY, 3 * DAY)])
def test_issues_that_come_back_after_days_are_found_although_many_meet_a_closed_door(p, low, high):
    log, hours = reopened(p, low, high)
    found = fit(log, hours, settled=180.0).steps["help"]["hotline"]["outcomes"]["resolved"]
    assert found["p"] == 1
    assert 1 - found["holds"] == pytest.approx(p, abs=share(p, 3000) + 0.04 * p)
    law = found["reopens"]["hotline"]["after"]
    assert law["kind"] == "uniform"
    assert units.duration(law["low"]) == pytest.approx(low, abs=0.2 * DAY)
    assert units.duration(law["high"]) == pytest.approx(high, abs=0.2 * DAY)


def test_where_few_of_a_goal_came_back_undisturbed_their_delays_are_those_of_all_goals():
    log, hours = reopened(0.13, 1 * DAY, 5 * DAY, n=1800)
    goal = (
        pl.when(pl.col("journey").cast(pl.Int64) % 2 == 0).then(pl.lit("bill")).otherwise(pl.lit("fault")).alias("goal")
    )
    both = replace(log, contacts=log.contacts.with_columns(goal), journeys=log.journeys.with_columns(goal))
    steps = fit(both, hours, settled=180.0).steps
    bill, fault = (steps[name]["hotline"]["outcomes"]["resolved"]["reopens"]["hotline"] for name in ("bill", "fault"))
    assert bill["after"] == fault["after"]
    assert units.duration(bill["after"]["high"]) == pytest.approx(5 * DAY, abs=0.3 * DAY)


def test_a_plain_count_would_miss_those_who_met_a_closed_door():
    log, _ = reopened(0.13, 1 * DAY, 5 * DAY)
    early = log.contacts.filter(pl.col("ended") < log.end - 7 * DAY)
    assert early.filter(pl.col("next") != "end").height / early.height < 0.115


def transfers(*, n=2500, weeks=10):
    """Calls of which a quarter goes on to an expert at once; after hours the expert is gone."""
    world = World()
    rng = world.rng
    for k, at in enumerate(opened(rng, n, weeks, office())):
        on = rng.uniform() < 0.25
        end = world.visit(f"{k}", "hotline", at, "transferred" if on else "resolved")
        if on:
            world.visit(f"{k}", "expert", end, "resolved")
    return told(world.table(weeks)), {"hotline": office(), "expert": office()}


def test_a_transfer_is_made_at_once_and_always_although_after_hours_some_were_never_seen():
    log, hours = transfers()
    step = fit(log, hours, settled=180.0).steps["help"]["hotline"]
    assert step["outcomes"]["transferred"] == pytest.approx(0.25, abs=share(0.25, 2500))
    assert step["next"]["transferred"] == {"expert": 1.0}


def fallbacks(*, n=2500, weeks=10):
    """A page that is always open; of those it does not help some call or write, soon, by day and by night."""
    world = World(hours={"chat": office()})
    rng = world.rng
    for k, at in enumerate(np.sort(rng.uniform(0, weeks * WEEK, n))):
        end = world.visit(f"{k}", "page", at, "resolved" if rng.uniform() < 0.4 else "unresolved")
        target = rng.choice(["hotline", "chat", None], p=[0.5, 0.3, 0.2])
        if world.rows[-1]["outcome"] == "unresolved" and target is not None:
            world.visit(f"{k}", str(target), end + rng.exponential(8), "resolved")
    return told(world.table(weeks), unstaffed=["page"]), {"page": ALWAYS, "hotline": office(), "chat": office()}


def test_where_people_turn_when_a_page_does_not_help_is_read_from_office_hours():
    log, hours = fallbacks()
    found = fit(log, hours, closed={"hotline": LATER, "chat": LATER}, settled=180.0).steps["help"]["page"]
    by_day = log.contacts.filter(touchpoint="page", outcome="unresolved").height * 45 / 168
    assert found["outcomes"]["resolved"] == pytest.approx(0.4, abs=share(0.4, 2500))
    targets = found["next"]["unresolved"]
    for name, p in (("hotline", 0.5), ("chat", 0.3)):
        assert targets[name]["p"] == pytest.approx(p, abs=share(p, by_day))
        assert targets[name]["after"]["kind"] == "exponential"
        assert units.duration(targets[name]["after"]["mean"]) == pytest.approx(8, rel=LARGEST_Z / np.sqrt(by_day * p))
    assert targets["give_up"] == pytest.approx(0.2, abs=share(0.2, by_day))


# ---- the end of the log, and little to go by -------------------------------------------------------------------------


def test_what_is_unfinished_at_the_end_of_the_log_counts_neither_way():
    log, hours = retries(0.5, 45.0, n=600, weeks=3)
    early = log.contacts.filter(outcome="abandoned")
    assert (early["next"] == "unfinished").any()
    estimate = next(e for e in fit(log, hours, settled=180.0).estimates if e.path.endswith("next.abandoned"))
    assert estimate.n <= early.filter(pl.col("next") != "unfinished").height


def test_delays_that_are_always_the_same_are_written_as_one():
    world = World(hours={"hotline": ALWAYS})
    for k, at in enumerate(opened(world.rng, 300, 4, ALWAYS)):
        end = world.visit(f"{k}", "page", at, "unresolved")
        world.visit(f"{k}", "hotline", end + 30, "resolved")
    log = told(world.table(4), unstaffed=["page"])
    step = fit(log, {"page": ALWAYS, "hotline": ALWAYS}, closed={}).steps["help"]["page"]
    assert step["next"]["unresolved"]["hotline"] == {"p": 1.0, "after": "30 min"}


def test_a_turn_that_hardly_anybody_takes_is_left_out():
    world = World(hours={"hotline": ALWAYS, "expert": ALWAYS})
    for k, at in enumerate(opened(world.rng, 1000, 4, ALWAYS)):
        end = world.visit(f"{k}", "hotline", at, "unresolved")
        if k < 2:
            world.visit(f"{k}", "expert", end + 30, "resolved")
    step = fit(told(world.table(4)), dict.fromkeys(world.hours, ALWAYS), closed={}).steps["help"]["hotline"]
    assert step["next"]["unresolved"] == {"give_up": 1.0}
