"""How often people need something, when, and what those do who find it closed: recovered from what we let happen."""

import numpy as np
import polars as pl
import pytest

from calibration import arrivals
from calibration.arrivals import GUESSED, fit_closing
from calibration.hours import QUARTER, QUARTERS, Hours
from sim import units
from tests.calibration.small_log import told

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0
LARGEST_Z = 3.5


def office(first=8, last=18, days=5):
    on = np.zeros((7, 96), dtype=bool)
    on[:days, 4 * first : 4 * last] = True
    return Hours(on.ravel())


ALWAYS = Hours(np.ones(QUARTERS, dtype=bool))
# Demand by hour: quiet nights, busy mornings, half as much at the weekend.
DAILY = np.array([1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 14, 14, 14, 14, 13, 12, 10, 8, 7, 5, 3, 2], dtype=float)
SHAPE = np.repeat(np.concatenate([np.tile(DAILY, 5), np.tile(DAILY / 2, 2)]), 4)


def off(estimate, truth):
    """Standard errors between an estimate and the truth."""
    return abs(units.split(estimate.value)[0] - truth) / estimate.error


# ---- behind closed doors ---------------------------------------------------------------------------------------------


def expected_behind(hours, ratio, later, within):
    """Journeys expected to begin in each quarter of the week where a share of what finds it closed comes back."""
    quarters = np.arange(QUARTERS)
    opening = [next((q + k) % QUARTERS for k in range(QUARTERS) if hours.open[(q + k) % QUARTERS]) for q in quarters]
    found = np.where(hours.open, ratio * SHAPE, 0.0)
    steps = int(within // QUARTER)
    for quarter in quarters[~hours.open]:
        for step in range(steps):
            found[(opening[quarter] + step) % QUARTERS] += ratio * SHAPE[quarter] * later / steps
    return found


@pytest.mark.parametrize(("later", "within"), [(0.7, 180.0), (0.3, 60.0), (0.55, 480.0), (0.9, 240.0)])
def test_without_chance_the_share_that_comes_back_and_the_time_it_takes_are_found_exactly(later, within):
    closing = fit_closing(expected_behind(office(), 0.8, later, within), SHAPE, office())
    assert closing.within == within
    assert closing.later == pytest.approx(later, rel=1e-3)
    assert closing.ratio == pytest.approx(0.8, rel=1e-3)


def test_where_nobody_comes_back_nobody_is_said_to():
    assert fit_closing(expected_behind(office(), 0.8, 0.0, 60.0), SHAPE, office()).later == pytest.approx(0, abs=1e-3)


def test_no_more_come_back_than_found_it_closed():
    assert fit_closing(expected_behind(office(), 0.8, 1.6, 180.0), SHAPE, office()).later == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_the_standard_error_of_the_share_is_as_large_as_its_errors_are():
    rng = np.random.default_rng(3)
    expected, fits = expected_behind(office(), 2.0, 0.7, 180.0), []
    for _ in range(50):
        shape = np.repeat(rng.poisson(SHAPE.reshape(168, 4).sum(axis=1)) / 4, 4)  # the shape is counted too
        fits.append(fit_closing(rng.poisson(expected).astype(float), shape, office()))
    right = [fit for fit in fits if fit.within == 180]
    assert len(right) > 40
    z = np.array([(fit.later - 0.7) / fit.error for fit in right])
    assert abs(z.mean()) < LARGEST_Z / np.sqrt(z.size)
    assert 0.7 < z.std() < 1.35


# ---- a company whose demand is known ---------------------------------------------------------------------------------


def demand(
    *, weeks=8, seed=1, customers=800, web=0.4, later=0.7, within=180.0, needs=None, cv_days=0.0, cv_customers=0.0,
    starts=None,
):  # fmt: skip
    """First contacts of customers whose needs, starts and patience with closed doors are stated; phone is an office.

    Parameters
    ----------
    needs
        Needs a week by goal.
    cv_days, cv_customers
        How much whole days, and customers, differ.
    starts
        Share that begins on the web, by goal, where it is not the same for all.
    """
    rng = np.random.default_rng(seed)
    hours, rows = office(), []
    opens = (
        np.array([next(k for k in range(QUARTERS) if hours.open[(q + k) % QUARTERS]) for q in range(QUARTERS)])
        * QUARTER
    )
    weeks += 1  # the first is not logged: those who found it closed before come back in the second
    levels = rng.gamma(1 / cv_days**2, cv_days**2, 7 * weeks) if cv_days else np.ones(7 * weeks)
    own = rng.gamma(1 / cv_customers**2, cv_customers**2, customers) if cv_customers else np.ones(customers)
    shape = np.tile(SHAPE / SHAPE.mean(), weeks) * np.repeat(levels, 96)
    for goal, rate in (needs or {"bill": 0.5}).items():
        count = rng.poisson(rate * weeks * shape.mean() * own)
        customer = np.repeat(np.arange(customers), count)
        at = (rng.choice(shape.size, customer.size, p=shape / shape.sum()) + rng.uniform(size=customer.size)) * QUARTER
        on_web = rng.uniform(size=at.size) < (starts or {}).get(goal, web)
        open_now = hours.at(at)
        back = rng.uniform(size=at.size) < later
        wait = opens[(at % WEEK // QUARTER).astype(int)] - at % QUARTER + rng.uniform(0, within, at.size)
        for n in np.flatnonzero(on_web | open_now | back):
            joined = at[n] if on_web[n] or open_now[n] else at[n] + wait[n]
            rows.append((f"{customer[n]}", goal, "web" if on_web[n] else "phone", joined))
    table = pl.DataFrame(rows, schema=["customer", "goal", "touchpoint", "joined"], orient="row")
    table = table.with_columns(pl.col("joined") - WEEK).filter(pl.col("joined").is_between(0, (weeks - 1) * WEEK))
    table = table.with_row_index("n")
    return table.select(
        "customer", "goal", "touchpoint", "joined", pl.col("joined").alias("started"),
        (pl.col("joined") + 5).alias("ended"), pl.format("{}", "n").alias("journey"), channel=pl.col("touchpoint"),
        member=pl.when(pl.col("touchpoint") == "phone").then(pl.lit("Ann")), outcome=pl.lit("resolved"),
    )  # fmt: skip


def fit(table, *, customers=800, kind="customers", hours=None):
    known = [{"customer": f"{n}", "persona": "all"} for n in range(customers)]
    log = told(table, customers=known, kind=kind)
    return arrivals.fit(log, hours or {"phone": office(), "web": ALWAYS}, kind)


def of(found, path):
    return next(estimate for estimate in found.estimates if estimate.path == path)


def test_needs_are_found_although_much_of_what_arises_when_closed_is_never_seen():
    found = fit(demand(needs={"bill": 0.5, "fault": 0.2}))
    assert off(of(found, "personas.all.needs.bill"), 0.5) < LARGEST_Z
    assert off(of(found, "personas.all.needs.fault"), 0.2) < LARGEST_Z
    assert found.needs["all"]["bill"] == of(found, "personas.all.needs.bill").value


def test_needs_are_per_customer_and_the_week_they_were_there():
    table = demand(customers=400)
    gone = [{"customer": f"{n}", "persona": "all", "left": 0.0} for n in range(400, 800)]
    late = [{"customer": f"{n}", "persona": "all", "joined": 4 * WEEK} for n in range(800, 1200)]
    there = [{"customer": f"{n}", "persona": "all"} for n in range(400)]
    half = table.filter(pl.col("joined") >= 4 * WEEK).with_columns(
        customer=pl.format("{}", pl.col("customer").cast(pl.Int64) + 800), journey=pl.format("late {}", "journey")
    )
    log = told(pl.concat([table, half]), customers=[*there, *gone, *late])
    found = arrivals.fit(log, {"phone": office(), "web": ALWAYS}, "customers")
    assert off(of(found, "personas.all.needs.bill"), 0.5) < LARGEST_Z


def test_starts_are_read_from_hours_in_which_all_channels_are_open_and_nobody_is_catching_up():
    table = demand()
    shares = fit(table).starts["all"][""]
    assert shares["web"] == pytest.approx(0.4, abs=LARGEST_Z * 0.5 / np.sqrt(1200))
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    naive = table["touchpoint"].value_counts().filter(touchpoint="web")["count"][0] / table.height
    assert naive > 0.44  # what a plain count would say


def test_goals_have_starts_of_their_own_only_where_they_differ():
    alike = fit(demand(needs={"bill": 0.4, "fault": 0.4})).starts["all"]
    assert list(alike) == [""]
    unlike = fit(demand(needs={"bill": 0.4, "fault": 0.4}, starts={"bill": 0.2, "fault": 0.7})).starts["all"]
    assert set(unlike) == {"", "bill", "fault"}
    assert unlike["bill"]["web"] == pytest.approx(0.2, abs=0.06)
    assert unlike["fault"]["web"] == pytest.approx(0.7, abs=0.06)


def test_what_is_done_when_closed_is_found_from_the_crowd_after_opening():
    found = fit(demand(weeks=10))
    entry = found.closed["phone"]
    assert entry["later"]["after"] == {"kind": "uniform", "low": "0 min", "high": "180 min"}
    estimate = of(found, "touchpoints.phone.when_closed.later.p")
    assert entry["later"]["p"] == estimate.value
    assert off(estimate, 0.7) < LARGEST_Z
    assert "attempts when closed are not in the log" in estimate.note
    assert entry["later"]["p"] + entry["give_up"] == pytest.approx(1)
    assert found.settled == 180
    assert "web" not in found.closed


def test_where_nobody_begins_people_do_as_where_most_do():
    table = demand()
    moved = table.head(50).with_columns(
        touchpoint=pl.lit("expert"), channel=pl.lit("phone"), joined=pl.col("joined") + 5, member=pl.lit("Bob"),
        started=pl.col("started") + 5, ended=pl.col("ended") + 5,
    )  # fmt: skip
    hours = {"phone": office(), "web": ALWAYS, "expert": office()}
    found = fit(pl.concat([table, moved]), hours=hours)
    assert found.closed["expert"] == found.closed["phone"]


def test_the_profile_is_the_demand_by_hour_also_at_night():
    hours = fit(demand(weeks=10, customers=1500)).profiles["weekly"]["hours"]
    levels = np.array([hours[day] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]).ravel()
    assert levels.mean() == pytest.approx(1, abs=0.01)
    truth = SHAPE.reshape(168, 4).mean(axis=1) / SHAPE.mean()
    assert np.corrcoef(levels, truth)[0, 1] > 0.95
    night = np.tile(np.arange(24) < 6, 7)
    assert levels[night].mean() == pytest.approx(truth[night].mean(), rel=0.15)


def test_where_no_channel_is_always_open_demand_when_closed_is_taken_to_be_none_and_that_is_called_a_guess():
    found = fit(demand(web=0.0), hours={"phone": office()})
    assert found.closed["phone"] == {"give_up": 1}
    hours = found.profiles["weekly"]["hours"]
    assert sum(hours["sat"]) + sum(hours["mon"][:8]) + sum(hours["mon"][18:]) == 0
    assert of(found, "profiles.weekly.hours").note == GUESSED


def test_cases_arrive_so_many_a_week_and_wait_until_it_opens():
    table = demand(web=0.0).with_columns(customer="journey")
    found = fit(table, kind="cases", hours={"phone": office()})
    rate = of(found, "journeys.bill.when.arrival.rate")
    assert units.split(rate.value)[0] == pytest.approx(table.height / 8, rel=1e-4)  # although it ends on a Friday
    assert rate.error == pytest.approx(np.sqrt(table.height) / 8, rel=0.3)
    assert found.closed["phone"] == {"later": {"p": 1, "after": "0 min"}}
    assert found.needs == {}


# ---- how much days and customers differ ------------------------------------------------------------------------------


def test_how_much_days_differ_is_found_beside_chance_and_the_weekday_within_its_standard_error():
    values, errors = [], []
    for seed in range(12):
        found = fit(demand(weeks=12, web=1.0, cv_days=0.25, seed=seed))
        estimate = of(found, "profiles.weekly.day_to_day")
        assert found.profiles["weekly"]["day_to_day"] == estimate.value
        values.append(estimate.value)
        errors.append(estimate.error)
    z = (np.array(values) - 0.25) / np.mean(errors)
    assert abs(z.mean()) < LARGEST_Z / np.sqrt(12)
    assert 0.5 < np.sqrt(np.mean(z**2)) < 1.6


def test_days_that_differ_by_chance_alone_are_said_to_differ_little_or_not_at_all():
    found = fit(demand(weeks=16, customers=1200, web=1.0), customers=1200)
    assert found.profiles["weekly"].get("day_to_day", 0.0) < 0.06


@pytest.mark.parametrize("cv", [0.0, 0.4, 0.65])
def test_how_much_customers_differ_is_found_beside_chance(cv):
    found = fit(demand(weeks=16, cv_customers=cv))
    # The squared coefficient has a standard error of about (1 / mean + cv²)·√(2 / n) for mixed Poisson counts.
    error = (1 / 5.6 + cv**2) * np.sqrt(2 / 800) * (1 + 2 * cv)
    assert found.differ["all"] ** 2 == pytest.approx(cv**2, abs=LARGEST_Z * error)


def test_customers_known_only_from_their_contacts_are_not_said_to_differ():
    log = told(demand(cv_customers=0.6))
    found = arrivals.fit(log, {"phone": office(), "web": ALWAYS}, "customers")
    assert found.differ["everybody"] == 0
    assert "too high" in of(found, "personas.everybody.needs.bill").note


def who_leaves(*, after_trouble, seed=4):
    """A log whose customers leave after one journey in twelve, or at any time; how often each needs; when each left."""
    rng = np.random.default_rng(seed)
    customers, weeks = 4000, 20
    own = rng.gamma(1 / 0.6**2, 0.6**2, customers)
    count = rng.poisson(0.3 * own * weeks)
    customer, at = np.repeat(np.arange(customers), count), rng.uniform(0, weeks * WEEK, count.sum())
    left = np.full(customers, np.inf)
    if after_trouble:
        fatal = rng.uniform(size=at.size) < 1 / 12
        np.minimum.at(left, customer[fatal], at[fatal] + 5)
    else:
        left = rng.exponential(40 * WEEK, customers)
        left[left > weeks * WEEK] = np.inf
    lived = at < left[customer]
    rows = pl.DataFrame({"customer": customer[lived], "joined": at[lived]}).with_row_index("n")
    table = rows.select(
        pl.format("{}", "customer").alias("customer"), pl.format("{}", "n").alias("journey"), "joined",
        pl.col("joined").alias("started"), (pl.col("joined") + 5).alias("ended"), goal=pl.lit("bill"),
        touchpoint=pl.lit("web"), channel=pl.lit("web"), outcome=pl.lit("resolved"),
    )  # fmt: skip
    ends = [None if np.isinf(moment) else moment for moment in left]
    known = [{"customer": f"{n}", "persona": "all", "left": end} for n, end in enumerate(ends)]
    return told(table, customers=known), own, left


def test_needs_are_those_of_the_customers_who_stayed_where_trouble_makes_them_leave():
    log, own, left = who_leaves(after_trouble=True)
    found = arrivals.fit(log, {"web": ALWAYS}, "customers")
    here, there = float(own[left > log.end].mean()), float(own.mean())
    assert here < 0.9 * there  # so it matters
    estimate = of(found, "personas.all.needs.bill")
    assert off(estimate, 0.3 * here) < LARGEST_Z
    assert off(estimate, 0.3 * there) > 2 * LARGEST_Z
    assert "those there at its end need 0.9" in estimate.note
    first, last = (arrivals.needier(log, "all", found.differ["all"], moment) for moment in (0, log.end))
    assert first / last == pytest.approx(there / here, abs=0.02)


def test_where_anybody_may_leave_those_who_stayed_need_as_much_as_those_who_came():
    log, _, _ = who_leaves(after_trouble=False)
    assert arrivals.needier(log, "all", 0.6, log.end) == pytest.approx(1, abs=0.015)
    assert arrivals.needier(log, "all", 0.0, log.end) == 1
    assert arrivals.needier(log, "nobody", 0.6, log.end) == 1


# ---- logs that say little --------------------------------------------------------------------------------------------


def test_a_persona_that_was_gone_before_the_log_began_has_no_needs():
    table = demand(customers=60)
    known = [
        {"customer": f"{n}", "persona": "gone" if n < 20 else "here", "left": -1.0 if n < 20 else None}
        for n in range(60)
    ]
    found = arrivals.fit(told(table, customers=known), {"phone": office(), "web": ALWAYS}, "customers")
    assert found.needs["gone"] == {}
    assert found.needs["here"]


def test_where_somebody_is_always_catching_up_needs_are_read_from_all_open_hours():
    short = office(first=9, last=11)
    table = demand().filter(pl.Series(short.at(demand()["joined"].to_numpy())) | (pl.col("touchpoint") == "web"))
    found = fit(table, hours={"phone": short, "web": ALWAYS})
    value = units.split(found.needs["all"]["bill"])[0]
    assert np.isfinite(value)
    assert value > 0


def test_channels_that_are_never_open_together_still_have_needs():
    table = demand(web=0.5)
    at = table["joined"].to_numpy()
    early, late = office(8, 12), office(13, 18)
    kept = table.filter(pl.Series(np.where(table["touchpoint"] == "web", late.at(at), early.at(at))))
    found = fit(kept, hours={"phone": early, "web": late})
    assert units.split(found.needs["all"]["bill"])[0] > 0
