"""What each number means: one function a KPI, of the sums of a window, with its formula, denominator and direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from sim.rules import A_YEAR
from sim.summaries import DIMENSIONS, Summary, Sums, quantile_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Better = Literal["more", "less", "neither"]
BY_VISIT = DIMENSIONS
BY_JOURNEY = ("all", "persona", "goal", "channel", "week")  # a journey counts for the channel in which it began
BY_CUSTOMER = ("all", "persona", "week")
BY_PRODUCT = (*BY_CUSTOMER, "product")
BY_STAFF = ("all", "pool", "week")
BY_MONEY = ("all", "week")
_ALIKE = {"pilot": "persona", "product": "goal"}  # what makes sense by the second does by the first


@dataclass(frozen=True)
class Kpi:
    """A named function of sums, with its unit and direction.

    Attributes
    ----------
    name, meaning
        What it is called, and its definition.
    unit
        What it is counted in; ``money`` is the scenario's currency, ``share`` is 0–1 and shown in per cent.
    better
        Whether more of it is better.
    by
        Dimensions by which it makes sense.
    of
        The function: sums in, one value a group out; NaN where its denominator is zero.
    """

    name: str
    meaning: str
    unit: str
    better: Better
    by: tuple[str, ...]
    of: Callable[[Sums], NDArray[np.float64]]


KPIS: dict[str, Kpi] = {}


def _kpi(
    unit: str, better: Better, by: tuple[str, ...]
) -> Callable[[Callable[[Sums], NDArray[np.float64]]], Callable[[Sums], NDArray[np.float64]]]:
    def register(function: Callable[[Sums], NDArray[np.float64]]) -> Callable[[Sums], NDArray[np.float64]]:
        name = function.__name__
        dimensions = tuple(each for each in DIMENSIONS if each in by or _ALIKE.get(each) in by)
        KPIS[name] = Kpi(name, " ".join((function.__doc__ or "").split()), unit, better, dimensions, function)
        return function

    return register


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


# ---- satisfaction ----------------------------------------------------------------------------------------------------


@_kpi("0–10", "more", ("all", "persona", "product"))
def satisfaction(s: Sums) -> NDArray[np.float64]:
    """Mean true satisfaction of the customers present when the window opens, as it is at its end or when they leave.

    Denominator: customers present at the window's start, those who leave included, else saving the unhappy looks bad.
    By product, those who held it then, also if they gave it up since; under none, those who held nothing.
    """
    return _ratio(s["satisfaction_end"], s["present"])


@_kpi("0–10", "more", BY_VISIT)
def mood(s: Sums) -> NDArray[np.float64]:
    """Mean mood of customers after the visits joined in the window and ended, served or not, in truth.

    Denominator: those visits; those not over at the horizon, or cut short because the customer left, are left out.
    """
    return _ratio(s["mood"], s["felt_visits"])


@_kpi("0–10", "more", BY_JOURNEY)
def experience(s: Sums) -> NDArray[np.float64]:
    """Mean experience of the journeys opened in the window and closed: peak, end and mean of the moods, in truth.

    Denominator: closed journeys; those still open, cancelled, or cut short because the customer left, are left out.
    """
    return _ratio(s["experience"], s["closed"])


@_kpi("share", "more", BY_JOURNEY)
def csat_true(s: Sums) -> NDArray[np.float64]:
    """Share of closed journeys whose experience rounds to 7 or more of 10 (the two best of five points), in truth."""
    return _ratio(s["true_satisfied"], s["closed"])


@_kpi("share", "more", BY_JOURNEY)
def csat_surveyed(s: Sums) -> NDArray[np.float64]:
    """Share of the survey's answers that are 7 or more of 10: what the company sees."""
    return _ratio(s["satisfied"], s["answers"])


@_kpi("points", "more", BY_JOURNEY)
def nps_true(s: Sums) -> NDArray[np.float64]:
    """Per cent of closed journeys with an experience of 9–10 minus per cent with 0–6, rounded, in truth."""
    return 100 * _ratio(s["true_promoters"] - s["true_detractors"], s["closed"])


@_kpi("points", "more", BY_JOURNEY)
def nps_surveyed(s: Sums) -> NDArray[np.float64]:
    """Per cent of the survey's answers of 9–10 minus per cent of 0–6: what the company sees."""
    return 100 * _ratio(s["promoters"] - s["detractors"], s["answers"])


@_kpi("0–10", "more", BY_JOURNEY)
def survey_score(s: Sums) -> NDArray[np.float64]:
    """Mean score of the survey's answers: what the company sees."""
    return _ratio(s["score"], s["answers"])


@_kpi("answers", "neither", BY_JOURNEY)
def survey_answers(s: Sums) -> NDArray[np.float64]:
    """Answers to the survey about journeys opened in the window."""
    return s["answers"]


@_kpi("share", "more", BY_JOURNEY)
def response_rate(s: Sums) -> NDArray[np.float64]:
    """Answers to the survey ÷ customers asked."""
    return _ratio(s["answers"], s["asked"])


# ---- churn -----------------------------------------------------------------------------------------------------------


@_kpi("share", "less", BY_PRODUCT)
def churn(s: Sums) -> NDArray[np.float64]:
    """Customers lost in the window among those present at its start ÷ those; by week, each week's own start counts.

    Lost is who leaves, and who moves to another stage than the population's, also if they come back later. By product,
    of those who held it at the window's start, also if they gave it up since; under none, of those who held nothing.
    """
    return _ratio(s["lost_of_present"], s["present"])


@_kpi("share / month", "less", BY_CUSTOMER)
def churn_per_month(s: Sums) -> NDArray[np.float64]:
    """All customers lost in the window, joiners among them, ÷ months that customers were there."""
    return _ratio(s["lost"], s["customer_months"])


@_kpi("share", "more", BY_PRODUCT)
def retention(s: Sums) -> NDArray[np.float64]:
    """Customers present when the window opens who are still there at its end ÷ those present when it opens.

    By week it is the retention curve: still there when each week ends ÷ present when the window opened. Joiners are
    left out, and whoever left, or moved to another stage, and came back counts as lost. By product, of
    those who held it when the window opened, also if they gave it up since.
    """
    return _ratio(s["stayed"], s["at_start"])


@_kpi("customers", "less", BY_CUSTOMER)
def customers_lost(s: Sums) -> NDArray[np.float64]:
    """Customers who left in the window, those who joined in it among them."""
    return s["lost"]


@_kpi("customers", "more", BY_CUSTOMER)
def customers_joined(s: Sums) -> NDArray[np.float64]:
    """Customers who joined in the window, or came back."""
    return s["joined"]


@_kpi("customers", "more", BY_CUSTOMER)
def customers_back(s: Sums) -> NDArray[np.float64]:
    """Customers who came back in the window, having left or moved to another stage: a part of those who joined."""
    return s["back"]


# ---- money -----------------------------------------------------------------------------------------------------------


@_kpi("money", "less", BY_VISIT)
def staff_cost(s: Sums) -> NDArray[np.float64]:
    """Wages of all time on shifts (busy, idle, on a break or absent) and of overtime.

    By persona, product, goal, touchpoint and channel it is busy minutes × wage only: idle time and what overtime costs
    more are nobody's, so those groups do not add up to the whole.
    """
    return s["paid"] + s["overtime_cost"] if "paid" in s.values else s["busy_cost"]


@_kpi("money", "less", BY_STAFF)
def overtime_cost(s: Sums) -> NDArray[np.float64]:
    """Wages of the time worked past the end of shifts or into breaks, at the overtime rate; part of the staff cost."""
    return s["overtime_cost"]


@_kpi("money", "less", BY_STAFF)
def hiring_cost(s: Sums) -> NDArray[np.float64]:
    """What it costs to replace those who quit, each counted when they left; their wages are not in it."""
    return s["hiring_cost"]


@_kpi("money", "less", BY_VISIT)
def contact_cost(s: Sums) -> NDArray[np.float64]:
    """What touchpoints charge per served visit, counted when it ended; staff not included."""
    return s["contact_cost"]


@_kpi("money", "less", BY_VISIT)
def partner_cost(s: Sums) -> NDArray[np.float64]:
    """What partners are paid for the contacts they served, each counted when it ended; penalties are not taken off."""
    return s["partner_cost"]


@_kpi("money", "neither", BY_STAFF)
def penalties(s: Sums) -> NDArray[np.float64]:
    """What partners pay back for promises they did not keep over the whole window, settled in its last week."""
    return s["penalties"]


@_kpi("share", "more", BY_STAFF)
def promise_kept(s: Sums) -> NDArray[np.float64]:
    """Contacts answered within what a partner promised ÷ those offered to the partner; the abandoned stay in it.

    Time counts from when the partner's people see a contact; whoever was not answered counts for the pool that the
    touchpoint lists first. Whether a promise was kept is decided over the whole window.
    """
    return _ratio(s["promise_kept"], s["promised"])


@_kpi("money", "less", BY_VISIT)
def service_cost(s: Sums) -> NDArray[np.float64]:
    """Contact cost, what partners are paid, and the wages of minutes in which staff were busy.

    Idle time and penalties are not shared out.
    """
    return s["contact_cost"] + s["partner_cost"] + s["busy_cost"]


@_kpi("money", "less", ("all", "persona", "goal", "week"))
def service_cost_per_resolved(s: Sums) -> NDArray[np.float64]:
    """Service cost ÷ journeys opened in the window that ended well."""
    return _ratio(service_cost(s), s["good"])


@_kpi("money", "less", BY_MONEY)
def change_cost(s: Sums) -> NDArray[np.float64]:
    """What the changes themselves cost: once when they begin, and monthly while they last.

    What a change in force from the warm-up on costs once is charged in the first measured moment.
    """
    return s["change_cost"]


@_kpi("money", "less", BY_MONEY)
def cost(s: Sums) -> NDArray[np.float64]:
    """Everything: staff with overtime and hiring, partners less penalties, contacts, and the changes themselves."""
    people = s["paid"] + s["overtime_cost"] + s["hiring_cost"] + s["partner_cost"] - s["penalties"]
    return people + s["contact_cost"] + s["change_cost"]


@_kpi("money / month", "less", BY_MONEY)
def cost_per_customer(s: Sums) -> NDArray[np.float64]:
    """Cost ÷ months that customers were there."""
    return _ratio(cost(s), s["customer_months"])


@_kpi("money", "less", BY_MONEY)
def cost_per_resolved(s: Sums) -> NDArray[np.float64]:
    """Cost ÷ journeys that ended well."""
    return _ratio(cost(s), s["good"])


@_kpi("money", "more", BY_PRODUCT)
def revenue(s: Sums) -> NDArray[np.float64]:
    """Revenue of being a customer and of holding products, and what journeys, events and clocks bring in or pay back.

    By product, that of being a customer and of events belongs to none.
    """
    lasting = s["subscription"] + s["product_revenue"]
    return lasting + s["visit_revenue"] + s["journey_revenue"] + s["effect_revenue"]


@_kpi("money", "more", BY_PRODUCT)
def contribution(s: Sums) -> NDArray[np.float64]:
    """Revenue − cost of serving: what customers bring beyond contacts and busy minutes; idle time is not shared out."""
    return revenue(s) - service_cost(s)


@_kpi("money", "more", BY_MONEY)
def margin(s: Sums) -> NDArray[np.float64]:
    """Revenue − cost, the changes' own cost included."""
    return revenue(s) - cost(s)


# ---- products --------------------------------------------------------------------------------------------------------


@_kpi("customers", "more", BY_PRODUCT)
def holders(s: Sums) -> NDArray[np.float64]:
    """Customers who hold a product when the window, or the week, ends; whoever holds several counts for each."""
    return s["holders"]


@_kpi("customers", "more", BY_PRODUCT)
def products_gained(s: Sums) -> NDArray[np.float64]:
    """Customers who came to hold a product in the window: by an effect, or by joining or coming back with it."""
    return s["gained"]


@_kpi("customers", "less", BY_PRODUCT)
def products_dropped(s: Sums) -> NDArray[np.float64]:
    """Customers who ceased to hold a product in the window: by an effect, or by leaving with it."""
    return s["dropped"]


# ---- waiting ---------------------------------------------------------------------------------------------------------


@_kpi("visits", "neither", BY_VISIT)
def visits(s: Sums) -> NDArray[np.float64]:
    """Attempts at a touchpoint, also those never served."""
    return s["visits"]


@_kpi("visits", "neither", BY_VISIT)
def offered(s: Sums) -> NDArray[np.float64]:
    """Attempts at staffed touchpoints that found them open and up, with a free line, but for work done alone."""
    return s["offered"]


@_kpi("min", "less", BY_VISIT)
def mean_wait(s: Sums) -> NDArray[np.float64]:
    """Mean wait of all offered visits, answered or abandoned; those still waiting at the end are left out."""
    return _ratio(s["wait_offered"], s["finished_waits"])


@_kpi("min", "less", BY_VISIT)
def speed_of_answer(s: Sums) -> NDArray[np.float64]:
    """Mean wait of those answered (ASA): survivors only, so read it beside abandonment."""
    return _ratio(s["wait_answered"], s["answered"])


@_kpi("min", "less", BY_VISIT)
def median_wait(s: Sums) -> NDArray[np.float64]:
    """Median wait of those answered, from bins 1 % apart."""
    return quantile_of(s["wait_histogram"], 0.5)


@_kpi("min", "less", BY_VISIT)
def wait_90th(s: Sums) -> NDArray[np.float64]:
    """90th percentile of the wait of those answered, from bins 1 % apart."""
    return quantile_of(s["wait_histogram"], 0.9)


@_kpi("share", "more", BY_VISIT)
def service_level(s: Sums) -> NDArray[np.float64]:
    """Answered within the scenario's `answer_within` ÷ offered; the abandoned stay in the denominator (variant 1)."""
    return _ratio(s["answered_within"], s["offered"])


@_kpi("share", "less", BY_VISIT)
def abandonment(s: Sums) -> NDArray[np.float64]:
    """Abandoned ÷ offered; those still waiting at the end stay in the denominator."""
    return _ratio(s["abandoned"], s["offered"])


@_kpi("share", "less", BY_VISIT)
def closed_share(s: Sums) -> NDArray[np.float64]:
    """Attempts that found nobody on duty ÷ all attempts."""
    return _ratio(s["closed_visits"], s["visits"])


@_kpi("share", "less", BY_VISIT)
def blocked_share(s: Sums) -> NDArray[np.float64]:
    """Attempts that found every line taken ÷ all attempts."""
    return _ratio(s["blocked_visits"], s["visits"])


@_kpi("share", "less", BY_VISIT)
def down_share(s: Sums) -> NDArray[np.float64]:
    """Attempts that found the system of the touchpoint out, or as busy as it can be, ÷ all attempts."""
    return _ratio(s["down_visits"], s["visits"])


@_kpi("share", "neither", BY_STAFF)
def occupancy(s: Sums) -> NDArray[np.float64]:
    """Busy time ÷ time on duty, overtime counted in both; who is on a break or absent is not on duty."""
    return _ratio(s["busy"], s["duty"] + s["overtime"])


@_kpi("h", "less", BY_STAFF)
def overtime(s: Sums) -> NDArray[np.float64]:
    """Time worked past the end of shifts or into breaks."""
    return s["overtime"] / 60.0


@_kpi("share", "less", BY_STAFF)
def strain(s: Sums) -> NDArray[np.float64]:
    """Strain, which is how far occupancy has lastingly been above what a pool bears: its mean over time on duty.

    Denominator: time on duty of pools that can be strained.
    """
    return _ratio(s["strain"], s["strained"])


@_kpi("people", "less", BY_STAFF)
def people_left(s: Sums) -> NDArray[np.float64]:
    """Members of staff who quit."""
    return s["people_left"]


@_kpi("share / year", "less", BY_STAFF)
def turnover(s: Sums) -> NDArray[np.float64]:
    """Members of staff who quit ÷ years that places on shifts were there, whether filled or vacant."""
    return _ratio(s["people_left"], s["places"] / A_YEAR)


@_kpi("share", "less", BY_STAFF)
def vacant_share(s: Sums) -> NDArray[np.float64]:
    """Time on shifts of places that nobody has been hired for yet ÷ all time on shifts."""
    return _ratio(s["vacant"], s["rostered"])


@_kpi("share", "less", BY_STAFF)
def training_share(s: Sums) -> NDArray[np.float64]:
    """Time on shifts of people in training, who are paid and serve nobody, ÷ all time on shifts."""
    return _ratio(s["training"], s["rostered"])


@_kpi("visits", "neither", BY_VISIT)
def callbacks_offered(s: Sums) -> NDArray[np.float64]:
    """Visits that had waited long enough to be offered a call."""
    return s["callbacks_offered"]


@_kpi("share", "neither", BY_VISIT)
def callbacks_accepted(s: Sums) -> NDArray[np.float64]:
    """Offers of a call that were accepted ÷ offers made; who accepts has waited until then, in KPIs of waiting."""
    return _ratio(s["callbacks_accepted"], s["callbacks_offered"])


@_kpi("share", "more", BY_VISIT)
def callbacks_reached(s: Sums) -> NDArray[np.float64]:
    """Reached when called back ÷ called back; those whose turn has not come are left out."""
    return _ratio(s["callbacks_reached"], s["callbacks_reached"] + s["callbacks_missed"])


@_kpi("min", "less", BY_VISIT)
def work_wait(s: Sums) -> NDArray[np.float64]:
    """Mean time until somebody begins what staff do without the customer; what is not begun yet is left out."""
    return _ratio(s["work_wait"], s["work_begun"])


# ---- journeys --------------------------------------------------------------------------------------------------------


@_kpi("journeys", "neither", BY_JOURNEY)
def issues(s: Sums) -> NDArray[np.float64]:
    """Journeys opened in the window."""
    return s["issues"]


@_kpi("journeys", "less", BY_JOURNEY)
def open_at_end(s: Sums) -> NDArray[np.float64]:
    """Journeys opened in the window and still open at the horizon: left out of every mean."""
    return s["open_at_end"]


@_kpi("journeys", "neither", BY_JOURNEY)
def cancelled(s: Sums) -> NDArray[np.float64]:
    """Journeys opened in the window and called off before they came to an end: left out of every mean."""
    return s["cancelled"]


@_kpi("contacts", "less", BY_JOURNEY)
def contacts_per_issue(s: Sums) -> NDArray[np.float64]:
    """Served visits ÷ closed journeys."""
    return _ratio(s["contacts"], s["closed"])


@_kpi("share", "more", BY_JOURNEY)
def first_contact_resolution(s: Sums) -> NDArray[np.float64]:
    """Journeys that ended well with one served visit, in whatever channel, ÷ closed journeys."""
    return _ratio(s["first_contact"], s["closed"])


@_kpi("share", "less", BY_JOURNEY)
def failure_demand(s: Sums) -> NDArray[np.float64]:
    """Served visits that follow a failure, or belong to a journey that one opened, ÷ served visits of closed journeys.

    A failure is a visit that was not served, was `unresolved`, did not hold or says `good: false`; a bad end; an
    outage; and what a clock does once a promise is broken.
    """
    return _ratio(s["failure_contacts"], s["contacts"])


@_kpi("share", "more", BY_JOURNEY)
def completion(s: Sums) -> NDArray[np.float64]:
    """Journeys that ended well ÷ those that ended well or badly; neutral ends and open journeys are left out."""
    return _ratio(s["good"], s["good"] + s["bad"])


@_kpi("min", "less", BY_JOURNEY)
def resolution_time(s: Sums) -> NDArray[np.float64]:
    """Mean time from opening to a good end; journeys still open are left out, so a short horizon flatters it."""
    return _ratio(s["resolution_time"], s["good"])


@_kpi("min", "less", BY_JOURNEY)
def resolution_90th(s: Sums) -> NDArray[np.float64]:
    """90th percentile of the time from opening to a good end, from bins 1 % apart."""
    return quantile_of(s["resolution_histogram"], 0.9)


@_kpi("share", "neither", BY_JOURNEY)
def multichannel(s: Sums) -> NDArray[np.float64]:
    """Closed journeys that touched two channels or more ÷ closed journeys."""
    return _ratio(s["multichannel"], s["closed"])


@_kpi("hand-offs", "less", BY_JOURNEY)
def handoffs_per_issue(s: Sums) -> NDArray[np.float64]:
    """Hand-offs from one department to another ÷ closed journeys."""
    return _ratio(s["handoffs"], s["closed"])


HEADLINES = ("satisfaction", "churn", "customers_lost", "cost", "margin", "abandonment", "mean_wait", "nps_surveyed")


def measure(summary: Summary) -> pl.DataFrame:
    """Every KPI of a summary.

    Returns
    -------
    polars.DataFrame
        Columns ``kpi``, ``by``, ``group``, ``value``; one row for each KPI, dimension and group.
    """
    every = [(kpi, by) for kpi in KPIS.values() for by in kpi.by]
    sizes = [len(summary[by].groups) for _, by in every]
    return pl.DataFrame(
        {
            "kpi": [kpi.name for (kpi, _), size in zip(every, sizes, strict=True) for _ in range(size)],
            "by": [by for (_, by), size in zip(every, sizes, strict=True) for _ in range(size)],
            "group": [group for _, by in every for group in summary[by].groups],
            "value": np.concatenate([kpi.of(summary[by]) for kpi, by in every]),
        }
    )
