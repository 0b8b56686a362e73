"""What the verbs of calibration make of a log before they learn from it, or compare with it."""

from dataclasses import replace

from calibration.log import read_log
from calibration.timeline import build_timeline
from calibration.verbs import _with_waits
from tests.calibration.small_log import sources

HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0


def service(day, hour, **what):
    """A service whose beginning is all that the log says of it."""
    started = day * DAY + hour * HOUR + 5
    return {"joined": started, "started": started, "ended": started + 30, "member": "Ann"} | what


def case(day, touchpoint="desk"):
    """A form checked one morning, and assessed the next."""
    name = f"{touchpoint} {day}"
    return [service(day, 9, customer=name), service(day + 1, 11, customer=name, touchpoint=touchpoint, member="Bob")]


# Mornings for four weeks; in the last two, which are held out, evenings as well, and a place that is new.
MORNINGS = [visit for day in range(28) if day % 7 < 4 for visit in case(day)]
EVENINGS = [
    service(day, 20, customer=f"evening {day}", touchpoint="desk", member="Bob") for day in range(14, 28) if day % 7 < 5
]
NEW = case(22, "lab")


def waits(until):
    """Waits of a log in which joining is unknown, with its hours learnt from what lies before a time."""
    log = read_log({"contacts": {"files": "none.csv"}, "kind": "cases"}, {})
    read = replace(sources([*MORNINGS, *EVENINGS, *NEW]), joined_known=False)
    timeline = build_timeline(log, read)
    contacts = _with_waits(timeline, timeline.until(until), read, log).contacts
    return {(row["customer"], row["touchpoint"]): row["wait"] for row in contacts.iter_rows(named=True)}


def test_waits_are_open_time_as_the_weeks_to_learn_from_know_it_and_not_as_those_held_out_do():
    whole, learnt = waits(4 * WEEK), waits(2 * WEEK)
    assert learnt["desk 0", "desk"] == 5  # the desk opens at 11
    assert whole["desk 0", "desk"] == 65  # were it open in the evening from 20 to 21 as well


def test_nobody_is_taken_to_wait_where_the_weeks_to_learn_from_have_not_been():
    assert waits(2 * WEEK)["lab 22", "lab"] == 0
