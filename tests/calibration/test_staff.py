"""Who serves, and when: the roster's shifts exactly, or those of the people one sees at work."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from calibration import staff
from sim import units
from sim.units import WEEKDAYS
from tests.calibration.small_log import MONDAY, sources, told

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0


def at_work(duty, per_hour, minutes, weeks, seed=1, days=5, pause=None):
    """Contacts of a queue served first come, first served, by people whose hours are known.

    Parameters
    ----------
    duty
        For each person, from and to which hour.
    per_hour, minutes
        Arrivals while anybody is on duty, and mean time of service (exponential).
    pause
        Closing hour at which a service in hand is left until the next morning; it is finished where None.
    """
    rng = np.random.default_rng(seed)
    opens, closes = min(a for a, _ in duty), max(b for _, b in duty)
    free = np.zeros(len(duty))
    rows = []
    for day in range(7 * weeks):
        if day % 7 >= days:
            continue
        midnight = day * DAY
        arrivals = np.sort(rng.uniform(opens, closes, rng.poisson(per_hour * (closes - opens)))) * HOUR + midnight
        for joined in arrivals:
            ready = [max(joined, free[k], midnight + a * HOUR) for k, (a, _) in enumerate(duty)]
            for_today = [t if t < midnight + b * HOUR else np.inf for t, (_, b) in zip(ready, duty, strict=True)]
            first = int(np.argmin(for_today))
            if np.isinf(for_today[first]):
                rows.append({"joined": joined, "ended": midnight + closes * HOUR})
                continue
            started = for_today[first]
            free[first] = started + rng.exponential(minutes)
            if pause is not None and free[first] > midnight + pause * HOUR:
                free[first] += (24 - pause + opens) * HOUR + (2 * DAY if day % 7 == days - 1 else 0)
            rows.append({"joined": joined, "started": started, "ended": free[first], "member": f"person {first}"})
    return [{"customer": f"{n}"} | row for n, row in enumerate(rows)]


def headcount(shifts):
    """Number on duty by hour of the week."""
    people = np.zeros(168, dtype=int)
    for shift in shifts.values():
        for day in units.days(shift["days"]):
            first, last = (int(units.time_of_day(shift[end]) // 60) for end in ("from", "to"))
            people[day * 24 + first : day * 24 + last] += shift["headcount"]
    return people


def office(*people_by_span):
    """Number on duty by hour of the week, the same on each working day."""
    week = np.zeros((7, 24), dtype=int)
    for first, last, people in people_by_span:
        week[:5, first:last] += people
    return week.ravel()


def fit(contacts, **settings):
    roster = {"roster": settings.pop("roster")} if "roster" in settings else {}
    return staff.fit(told(contacts, **settings), sources(contacts, **roster), "EUR")


# ---- from a roster ---------------------------------------------------------------------------------------------------

SPANS = [("mon", "08:00", "14:00"), ("mon", "08:00", "14:00"), ("tue", "08:00", "14:00"), ("tue", "08:00", "14:00"),
         ("wed", "08:00", "14:00"), ("mon", "12:00", "18:00"), ("Tuesday", "12:00", "18:00"), ("sun", "22:00", "24:00"),
         ("mon", "00:00", "06:00")]  # fmt: skip
ROSTER = [{"pool": "Hot Line", "weekday": day, "from": a, "to": b, "wage": 20.0} for day, a, b in SPANS]
CALLS = [
    {"customer": f"{day}", "pool": "hot line"}
    | {"joined": day * DAY + 540, "started": day * DAY + 541, "ended": day * DAY + 545}
    for day in range(14)
]


def test_a_roster_becomes_shifts_with_the_same_people_on_duty_at_every_hour():
    found = fit(CALLS, roster=ROSTER)
    expected = np.zeros((7, 24), dtype=int)
    for day, first, last in SPANS:
        expected[WEEKDAYS.index(day.lower()[:3]), int(first[:2]) : int(last[:2])] += 1
    assert headcount(found.pools["hot_line"]["shifts"]).tolist() == expected.ravel().tolist()
    assert found.estimates[0].source == "roster"
    assert found.estimates[0].n == len(ROSTER)


def test_days_with_the_same_people_are_one_shift():
    assert fit(CALLS, roster=ROSTER).pools["hot_line"]["shifts"] == {
        "from_0000_to_0600_mon": {"days": "mon", "from": "00:00", "to": "06:00", "headcount": 1},
        "from_0800_to_1400_mon_to_tue": {"days": "mon-tue", "from": "08:00", "to": "14:00", "headcount": 2},
        "from_0800_to_1400_wed": {"days": "wed", "from": "08:00", "to": "14:00", "headcount": 1},
        "from_1200_to_1800_mon_to_tue": {"days": "mon-tue", "from": "12:00", "to": "18:00", "headcount": 1},
        "from_2200_to_2400_sun": {"days": "sun", "from": "22:00", "to": "24:00", "headcount": 1},
    }


def test_the_wage_is_the_mean_of_the_rosters():
    roster = [*ROSTER[:3], ROSTER[3] | {"wage": 24.0}]
    assert fit(CALLS, roster=roster).pools["hot_line"]["wage"] == "21 EUR / h"
    assert "wage" not in fit(CALLS, roster=[row | {"wage": None} for row in ROSTER]).pools["hot_line"]


def test_a_touchpoint_is_open_while_a_pool_that_serves_it_is_on_duty_and_one_without_staff_always():
    page = {"customer": "P", "touchpoint": "page", "joined": 9 * DAY, "started": 9 * DAY, "ended": 9 * DAY + 3}
    found = fit([*CALLS, page], roster=ROSTER)
    open_hours = found.hours["hotline"].open.reshape(168, 4).all(axis=1)
    assert open_hours.tolist() == (headcount(found.pools["hot_line"]["shifts"]) > 0).tolist()
    assert found.hours["page"].always


def test_whoever_the_roster_names_belongs_to_the_pool_it_names():
    roster = [{"pool": "early", "weekday": "mon", "from": "08:00", "to": "12:00", "member": "Ann"},
              {"pool": "late", "weekday": "mon", "from": "12:00", "to": "16:00", "member": "Bob"}]  # fmt: skip
    calls = [call | {"pool": None, "member": "Ann" if n % 3 else "Bob"} for n, call in enumerate(CALLS)]
    found = fit(calls, roster=roster)
    assert found.serving == {"hotline": ["early", "late"]}
    assert headcount(found.pools["late"]["shifts"]).sum() == 4


def test_a_pool_of_the_roster_that_serves_nobody_is_left_out_and_the_report_says_so():
    roster = [*ROSTER, {"pool": "canteen", "weekday": "mon", "from": "08:00", "to": "12:00"}]
    found = fit(CALLS, roster=roster)
    assert list(found.pools) == ["hot_line"]
    assert found.estimates[-1].path == "staff.canteen.shifts"
    assert "left out" in found.estimates[-1].note


# ---- from who worked when --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_where_people_wait_all_on_duty_are_found(seed):
    duty = [(8, 16), (8, 16), (12, 20), (12, 20), (8, 20)]
    found = fit(at_work(duty, per_hour=36, minutes=6, weeks=4, seed=seed))
    shifts = found.pools["hotline"]["shifts"]
    assert headcount(shifts).tolist() == office((8, 12, 3), (12, 16, 5), (16, 20, 3)).tolist()
    assert found.estimates[0].source == "who worked when"


def test_where_nobody_waits_at_least_those_ever_busy_at_once_are_found():
    contacts = at_work([(8, 16)] * 8, per_hour=12, minutes=6, weeks=4)
    rows = pl.DataFrame(contacts).drop_nulls("member")
    steps = sorted([(t, 1) for t in rows["started"]] + [(t, -1) for t in rows["ended"]])
    most = np.max(np.cumsum([step for _, step in steps]))
    people = headcount(fit(contacts).pools["hotline"]["shifts"])
    assert people.max() == most
    assert np.all(people <= 8)
    assert np.all((people > 0) == (office((8, 16, 1)) > 0))


def test_work_that_rests_overnight_does_not_keep_anybody_there():
    contacts = at_work([(7, 15)] * 3, per_hour=7.2, minutes=24, weeks=4, pause=15)
    nights = [row for row in contacts if row.get("started") and row["ended"] // DAY > row["started"] // DAY]
    assert len(nights) > 30
    people = headcount(fit(contacts, kind="cases").pools["hotline"]["shifts"])
    assert people.tolist() == office((7, 15, 3)).tolist()


def test_what_is_dated_on_the_stroke_of_closing_and_waits_for_the_morning_keeps_nobody_there():
    contacts = at_work([(7, 15)] * 3, per_hour=7.2, minutes=24, weeks=4, pause=15)
    left_over = [
        {
            "customer": f"late {day}",
            "joined": day * DAY + 15 * HOUR,
            "started": day * DAY + 15 * HOUR,
            "member": "person 0",
        }
        | {"ended": (day + (3 if day % 7 == 4 else 1)) * DAY + 7.2 * HOUR}
        for day in range(28)
        if day % 7 < 5
    ]
    people = headcount(fit([*contacts, *left_over], kind="cases").pools["hotline"]["shifts"])
    assert ((people > 0) == (office((7, 15, 1)) > 0)).all()


def test_finishing_after_hours_is_not_being_on_duty():
    contacts = at_work([(8, 16)] * 2, per_hour=9, minutes=12, weeks=4)
    after = [row for row in contacts if row["ended"] % DAY > 16 * HOUR]
    assert len(after) > 20
    assert headcount(fit(contacts).pools["hotline"]["shifts"]).tolist() == office((8, 16, 2)).tolist()


def test_a_saturday_morning_has_shifts_of_its_own():
    weekdays = at_work([(8, 16)] * 3, per_hour=24, minutes=7, weeks=4)
    saturdays = at_work([(9, 12)] * 2, per_hour=16, minutes=7, weeks=4, days=1)
    moved = [
        {key: value + 5 * DAY if key in ("joined", "started", "ended") else value for key, value in row.items()}
        | {"customer": f"saturday {row['customer']}"}
        for row in saturdays
    ]
    week = office((8, 16, 3))
    week[5 * 24 + 9 : 5 * 24 + 12] = 2
    assert headcount(fit([*weekdays, *moved]).pools["hotline"]["shifts"]).tolist() == week.tolist()


# ---- who serves what -------------------------------------------------------------------------------------------------


def served(member, touchpoint, n, first=0):
    return [
        {
            "customer": f"{member} {touchpoint} {first + k}", "member": member, "touchpoint": touchpoint,
            "joined": 480 + (first + k) * 97.0, "started": 481 + (first + k) * 97.0, "ended": 490 + (first + k) * 97.0,
        }
        for k in range(n)
    ]  # fmt: skip


def test_those_who_serve_the_same_touchpoints_are_one_pool():
    work = [
        *served("Ann", "check", 100),
        *served("Ann", "sign", 100),
        *served("Bob", "check", 150),
        *served("Cleo", "assess", 150),
    ]
    found = fit(work)
    assert found.serving == {"check": ["team_check"], "sign": ["team_check"], "assess": ["assess"]}
    assert set(found.pools) == {"team_check", "assess"}


def test_somebody_who_once_helped_out_does_not_join_two_pools():
    found = fit([*served("Ann", "check", 199), *served("Ann", "sign", 1), *served("Bob", "sign", 150)])
    assert found.serving == {"check": ["check"], "sign": ["sign"]}


def test_where_nobody_is_named_each_touchpoint_has_a_pool_of_its_own():
    found = fit([row | {"member": None} for row in served("", "check", 150)])
    assert found.serving == {"check": ["check"]}


def test_the_log_may_begin_in_the_middle_of_a_week():
    contacts = at_work([(8, 16)] * 2, per_hour=18, minutes=7, weeks=2)
    later = [row for row in contacts if row["joined"] >= 2 * DAY and row["joined"] < 9 * DAY]
    log = told(later)
    assert log.start == MONDAY + timedelta(days=2)
    found = staff.fit(log, sources(later), "EUR")
    assert headcount(found.pools["hotline"]["shifts"]).tolist() == office((8, 16, 2)).tolist()
