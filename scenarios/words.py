"""Numbers, differences and assumptions in plain words, for people who run a business."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scenarios.compare import BASELINE
from sim.changes import as_enacted, charged, span
from sim.check import parse
from sim.errors import ScenarioError
from sim.kpis import HEADLINES, KPIS
from sim.units import MINUTES_PER_DAY, MINUTES_PER_MONTH, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scenarios.compare import Comparison
    from sim.distributions import Distribution
    from sim.model import Model, Who

YEAR = 12 * MINUTES_PER_MONTH
HARDLY = 0.005  # of a point of satisfaction, or a share of time or people: less is not worth a sentence
HARDLY_A_WAIT = 0.05  # minutes
ENOUGH_RUNS = 10  # from so many on what rests on how far runs scatter is shown
Sureness = Literal["clear", "likely", "unclear", "none", "unknown"]
SURENESS: dict[Sureness, str] = {
    "clear": "clear",
    "likely": "likely",
    "unclear": "cannot be told apart from nothing",
    "none": "no difference",
    "unknown": "nothing to compare",
}
_OF_COST = {"change_cost", "cost", "cost_per_customer", "cost_per_resolved", "margin"}  # what a change's own cost moves
_TITLES = {
    "csat_true": "Satisfied customers (CSAT), in truth",
    "csat_surveyed": "Satisfied customers (CSAT), as surveyed",
    "nps_true": "Net promoter score, in truth",
    "nps_surveyed": "Net promoter score, as surveyed",
    "survey_score": "Survey score",
    "response_rate": "Response rate of the survey",
    "mood": "Mood after a visit",
    "experience": "Experience of a journey",
    "churn_per_month": "Churn a month",
    "contact_cost": "Cost of contacts",
    "overtime_cost": "Cost of overtime",
    "hiring_cost": "Cost of replacing those who quit",
    "service_cost": "Cost of serving",
    "service_cost_per_resolved": "Cost of serving a resolved issue",
    "change_cost": "Cost of the change itself",
    "cost_per_customer": "Cost a customer",
    "cost_per_resolved": "Cost a resolved issue",
    "mean_wait": "Wait, mean",
    "speed_of_answer": "Wait of those answered, mean",
    "median_wait": "Wait of those answered, median",
    "wait_90th": "Wait of those answered, 9 of 10 within",
    "resolution_90th": "Time to resolution, 9 of 10 within",
    "resolution_time": "Time to resolution, mean",
    "strain": "Strain of staff",
    "people_left": "Staff who quit",
    "turnover": "Staff turnover",
    "vacant_share": "Vacant places",
    "training_share": "Staff in training",
    "callbacks_offered": "Offers to be called back",
    "callbacks_accepted": "Offers to be called back that were accepted",
    "callbacks_reached": "Called back and reached",
    "work_wait": "Work waiting to be begun, mean",
    "closed_share": "Found nobody on duty",
    "down_share": "Found the system down",
    "blocked_share": "Found every line taken",
    "issues": "Issues opened",
    "cancelled": "Issues called off",
    "open_at_end": "Issues still open at the end",
    "multichannel": "Journeys in two channels or more",
    "handoffs_per_issue": "Hand-offs an issue",
    "contacts_per_issue": "Contacts an issue",
}
_SINGULAR = {
    "customers": "customer", "journeys": "journey", "visits": "visit", "contacts": "contact", "points": "point",
    "hand-offs": "hand-off", "people": "person", "days": "day", "weeks": "week", "months": "month",
}  # fmt: skip


# ---- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """How an amount is written: by what it is multiplied, the words after it, and the least that is worth a digit."""

    factor: float
    word: str
    least: float = 0.0


def scale(unit: str, currency: str, largest: float, *, difference: bool = False) -> Scale:
    """Scale in which an amount of a KPI's unit reads best.

    Parameters
    ----------
    unit
        Unit of the KPI.
    currency
        What money is counted in.
    largest
        Largest amount that is to be written in it.
    difference
        Whether it is a difference: of shares that is percentage points, of scores points.
    """
    size = abs(largest) if math.isfinite(largest) else 0.0
    money = Scale(1e-6, f" M {currency}") if size >= 1e5 else Scale(1.0, f" {currency}")
    if unit == "min":
        if size >= 2 * MINUTES_PER_DAY:
            return Scale(1 / MINUTES_PER_DAY, " days")
        return Scale(1 / 60, " h") if size >= 120 else Scale(1.0, " min")
    table = {
        "0–10": Scale(1.0, " points" if difference else " of 10", 1e-4),
        "share": Scale(100.0, " %-points" if difference else " %", 1e-3),
        "share / month": Scale(100.0, " %-points a month" if difference else " % a month", 1e-3),
        "share / year": Scale(100.0, " %-points a year" if difference else " % a year", 1e-3),
        "money": money,
        "money / month": Scale(money.factor, f"{money.word} a month"),
    }
    return table.get(unit, Scale(1.0, f" {unit}"))


def rounding(value: float, half: float | None = None) -> float:
    """Step to which a value is rounded, given the half-width of its interval.

    The interval keeps one digit, or two where the first would be a 1; the value keeps no more than four, and three
    where nothing is said about an interval.
    """
    size = abs(value) if math.isfinite(value) else 0.0
    if half is None or not math.isfinite(half) or half <= 0:
        return _power(size, 2) if size else 1.0
    first = _power(half, 0)
    step = first if half / first >= 2 else first / 10
    return max(step, _power(max(size, half), 3))


def two_digits(spread: float) -> float:
    """Step that keeps two digits of a spread."""
    return _power(spread, 1) if math.isfinite(spread) and spread > 0 else 1e-3


def _power(size: float, digits: int) -> float:
    """Power of ten that many digits below the first of a number."""
    return float(10.0 ** (math.floor(math.log10(size) + 1e-9) - digits))


def rounded(value: float, step: float) -> str:
    """A number rounded to a step, thousands set apart, with a real minus sign."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{round(value / step) * step:,.{decimals}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.removeprefix("-")


def amount(value: float, unit: str, currency: str = "", *, half: float | None = None, difference: bool = False) -> str:
    """An amount with its unit, such as ``1,200 customers``, ``0.4 M EUR``, ``12.3 %``, ``3.5 min``, ``+0.12 points``.

    Parameters
    ----------
    value, unit
        What it is.
    currency
        What money is counted in.
    half
        Half-width of its interval, which says how many digits make sense.
    difference
        Whether it is a difference, and so carries its sign.
    """
    if not math.isfinite(value):
        return "–"
    shown = scale(unit, currency, value, difference=difference)
    step = rounding(value * shown.factor, None if half is None else half * shown.factor)
    text = rounded(value * shown.factor, step)
    return with_unit(signed(text) if difference else text, shown.word)


def alike(values: Iterable[float], currency: str, half: float | None = None, *, difference: bool = False) -> list[str]:
    """Amounts of money that belong together, all rounded to one step: to what the last of them allows, or finer.

    Finer where the smallest of them would vanish, but with no more than four digits for the largest.

    Parameters
    ----------
    values
        Amounts, the last their sum.
    currency
        What they are counted in.
    half
        Half-width of the interval of the sum.
    difference
        Whether they carry their signs.
    """
    amounts = list(values)
    if not all(map(math.isfinite, amounts)):
        return [amount(value, "money", currency, difference=difference) for value in amounts]
    largest = max(map(abs, amounts))
    shown = scale("money", currency, largest, difference=difference)
    smallest = min((abs(value) for value in amounts if value), default=1.0)
    step = min(rounding(amounts[-1], half), _power(smallest, 0))
    step = max(step, _power(largest, 3)) if largest else 1.0
    texts = [rounded(value * shown.factor, step * shown.factor) for value in amounts]
    return [with_unit(signed(text) if difference else text, shown.word) for text in texts]


def money(value: float, currency: str) -> str:
    """An amount of money that somebody stated, with every digit, and cents as cents: ``0.20 EUR``, ``2,000 EUR``."""
    cents = round(100 * value)
    whole = math.isclose(100 * value, cents) and cents % 100
    return f"{value:,.2f} {currency}".replace("-", "−") if whole else f"{value:,.10g} {currency}".replace("-", "−")


def signed(text: str) -> str:
    """A number with its sign, unless it is nothing or unknown."""
    return f"+{text}" if text[0] not in "−–" and text.strip("0.,") else text


def with_unit(text: str, word: str) -> str:
    """A number and its unit, in the singular after a 1."""
    name = word.strip()
    return f"{text} {_SINGULAR[name]}" if text.lstrip("−+") == "1" and name in _SINGULAR else text + word


@dataclass(frozen=True)
class Estimate:
    """An amount and the ends of its interval, all in one unit and with as many digits as make sense."""

    value: str
    lower: str
    upper: str
    word: str

    @property
    def interval(self) -> str:
        """The interval with its unit, such as ``0.089 to 0.094 points``."""
        if self.lower == self.upper:
            return with_unit(self.lower, self.word)
        return f"{self.lower} to {self.upper}{self.word}"


UNKNOWN = Estimate("–", "–", "–", "")


def estimate(
    value: float, lower: float, upper: float, unit: str, currency: str = "", *, difference: bool = False
) -> Estimate:
    """Write an amount and its interval."""
    if not all(math.isfinite(number) for number in (value, lower, upper)):
        return UNKNOWN
    shown = scale(unit, currency, max(abs(lower), abs(upper)), difference=difference)
    numbers = [number * shown.factor for number in (value, lower, upper)]
    step = rounding(numbers[0], (numbers[2] - numbers[1]) / 2)
    if any(end and round(end / step) == 0 for end in numbers[1:]):
        step /= 10  # an end that is not zero should not look like it
    step = max(step, shown.least)
    texts = [rounded(number, step) for number in numbers]
    return Estimate(texts[0], texts[1], texts[2], shown.word)


def estimate_of(kpi: str, row: Mapping[str, float], currency: str) -> Estimate:
    """Write the difference of a KPI and its interval."""
    unit = KPIS[kpi].unit
    if nothing(row):
        return estimate(0.0, 0.0, 0.0, unit, currency, difference=True)
    return estimate(row["difference"], row["lower"], row["upper"], unit, currency, difference=True)


def axis(shown: Scale) -> Callable[[float], str]:
    """How numbers on an axis are written: in a scale, without its unit."""
    return lambda value: f"{value * shown.factor:,.6g}".replace("-", "−")


def level(kpi: str, value: float, currency: str, half: float | None = None) -> str:
    """Value of a KPI with its unit."""
    return amount(value, KPIS[kpi].unit, currency, half=half)


def difference(kpi: str, row: Mapping[str, float], currency: str) -> str:
    """Difference of a KPI with its sign and unit."""
    said = estimate_of(kpi, row, currency)
    return with_unit(signed(said.value), said.word)


def with_interval(kpi: str, row: Mapping[str, float], currency: str) -> str:
    """Difference of a KPI and its interval; a dash where nothing is known."""
    said = difference(kpi, row, currency)
    return said if said == UNKNOWN.value else f"{said} ({interval(kpi, row, currency)})"


def interval(kpi: str, row: Mapping[str, float], currency: str) -> str:
    """Interval of a difference."""
    return estimate_of(kpi, row, currency).interval


def per_cent(share: float) -> str:
    """A share in per cent, to three digits: ``36 %``, ``76.5 %``, ``0.4 %``."""
    return f"{100 * share:.3g} %" if share == 0 or abs(share) >= 1e-4 else f"{100 * share:.1g} %"


def of_them(share: float) -> str:
    """A share of people in words: ``7 of 10``, ``half``, or per cent where ten people do not show it."""
    simple = {0.0: "none", 0.5: "half", 1.0: "all"}
    tenths = 10 * share
    if share in simple:
        return simple[share]
    return f"{tenths:.0f} of 10" if abs(tenths - round(tenths)) < 1e-9 else per_cent(share)


_TIMES = {  # unit, its minutes, and up to how many of it are said
    "year": (YEAR, math.inf), "month": (MINUTES_PER_MONTH, 24), "week": (MINUTES_PER_WEEK, 104),
    "day": (MINUTES_PER_DAY, 60), "h": (60.0, 48), "min": (1.0, 120), "s": (1 / 60, 120),
}  # fmt: skip
_ROUGHLY = {"year": 2 * YEAR, "week": 4 * MINUTES_PER_WEEK, "day": 2 * MINUTES_PER_DAY, "h": 120.0, "min": 1.0}


def duration(minutes: float) -> str:
    """A duration as people say it: ``8 min``, ``36 h``, ``10 days``.

    That is in the largest unit of which it is a whole number, if that is not a large one; else to two digits in the
    unit that suits it: ``2.5 days``, ``4.3 weeks``.
    """
    if not math.isfinite(minutes):
        return "for ever"
    for unit, (size, most) in _TIMES.items():
        whole = round(minutes / size)
        if 1 <= whole <= most and math.isclose(minutes, whole * size, rel_tol=1e-9):
            return _of_time(f"{whole}", unit)
    unit = next((unit for unit, least in _ROUGHLY.items() if minutes >= least), "s" if minutes else "min")
    value = minutes / _TIMES[unit][0]
    return _of_time(f"{value:,.0f}" if value >= 100 else f"{value:.2g}", unit)


def _of_time(number: str, unit: str) -> str:
    """So much of a unit of time; those that are written short have no plural."""
    return f"{number} {unit}" if number == "1" or unit in ("h", "min", "s") else f"{number} {unit}s"


def lasting(law: Distribution) -> str:
    """How long something takes: its mean, or its median where the mean is infinite."""
    if law.kind == "deterministic":
        return duration(law.value)
    return f"about {duration(law.mean if math.isfinite(law.mean) else law.quantile(0.5))}"


def mostly(law: Distribution) -> str:
    """Within how long nine of ten are done, where that differs from how long it takes."""
    if law.kind == "deterministic":
        return ""
    if law.kind == "empirical":
        return listed(f"{per_cent(share)} within {duration(value)}" for share, value in law.quantiles.items())
    return f"9 of 10 within {duration(law.quantile(0.9))}"


def plain(name: str) -> str:
    """A name of the scenario as words."""
    return name.replace("_", " ")


def whom(who: Who) -> str:
    """Whom a condition means: ``family customers with line poor``; empty where that is everybody."""
    if not who.matters:
        return ""
    said = f"{_either(who.persona)} customers" if who.persona is not None else "customers"
    said += f" in the stage {_either(who.stage)}" if who.stage is not None else ""
    said += f" who hold {_either(who.product)}" if who.product is not None else ""
    traits = [f"{plain(trait)} {_either(values)}" for trait, values in who.trait.items()]
    traits += [f"{plain(trait)} seen to be {_either(values)}" for trait, values in who.seen.items()]
    said += f" with {listed(traits)}" if traits else ""
    return said if who.share == 1 else f"{of_them(who.share)} of the {said}, drawn by lot"


def _either(names: Iterable[str]) -> str:
    return listed(map(plain, names), "or")


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names in a row: ``a, b and c``."""
    *first, final = list(names) or [""]
    return f"{', '.join(first)} {last} {final}" if first else final


def kpi_title(kpi: str) -> str:
    """What a KPI is called in a report."""
    return _TITLES.get(kpi, plain(kpi).capitalize())


def change_title(model: Model, change: str) -> str:
    """What a change, or a sum of changes, is called in a report."""
    titles = [model.changes[part].title or plain(part) for part in change.split("+") if part in model.changes]
    return " + ".join(titles) or plain(change)


def date(moment: Any) -> str:
    """A day in words, with the time where it is not midnight."""
    text = f"{moment:%A} {moment.day} {moment:%B %Y}"
    return f"{text}, {moment:%H:%M}" if (moment.hour, moment.minute) != (0, 0) else text


# ---- how sure we are -------------------------------------------------------------------------------------------------


def nothing(row: Mapping[str, float]) -> bool:
    """Whether a difference is none at all, but for the last digits of floats."""
    return max(abs(row["lower"]), abs(row["upper"])) <= 1e-12 * abs(row["baseline"])


def sureness(row: Mapping[str, float]) -> Sureness:
    """How sure a difference is: clear even when all headlines count, likely by itself, or neither."""
    lower, upper = row["lower"], row["upper"]
    if math.isnan(row["difference"]):
        return "unknown"
    if nothing(row):
        return "none"
    if math.isnan(lower) or not _excludes_zero(lower, upper):
        return "unclear"
    return "clear" if _excludes_zero(row["lower_adjusted"], row["upper_adjusted"]) else "likely"


def _doubt(row: Mapping[str, float], once: float = 0.0) -> str:
    """Whether to say that a difference is likely only, for it stands only when looked at by itself."""
    sure = _excludes_zero(row["lower_adjusted"] + once, row["upper_adjusted"] + once)
    return "" if sure else "likely "


def _excludes_zero(lower: float, upper: float) -> bool:
    return lower > 0 or upper < 0


def how_sure(comparison: Comparison) -> list[str]:
    """What the intervals hold and what they do not, a paragraph each."""
    share = per_cent(comparison.level)
    runs = (
        f"Every scenario was lived through {comparison.replications} times, each time with other luck (replications), "
        f"and by the same customers in every scenario. A bar holds the difference with {share} confidence: in {share} "
        "of such studies the difference this model would show in the long run lies inside."
    )
    if comparison.replications < ENOUGH_RUNS:
        runs += f" With so few runs the width of the bars is itself a rough guess; {ENOUGH_RUNS} or more are better."
    paragraphs = [runs, _same_customers(comparison), _luck_and_limits(comparison), _many_looks(comparison)]
    return [paragraph for paragraph in paragraphs if paragraph]


def _many_looks(comparison: Comparison) -> str:
    """What allowing for the number of comparisons means."""
    changes = len(comparison.changes)
    count = len(HEADLINES) * changes
    return (
        f"{count} headline differences are looked at ({len(HEADLINES)} numbers for {counted(changes, 'change')}), and "
        f"by luck alone some of so many may look like an effect. “{SURENESS['clear']}” means that a difference stands "
        f"even when allowing for all {count}; “{SURENESS['likely']}” that it stands only when looked at by itself; "
        f"“{SURENESS['unclear']}” that the bar holds zero."
    )


def counted(count: int, word: str) -> str:
    """So many of something: ``1 point``, ``2 points``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _same_customers(comparison: Comparison) -> str:
    """What pairing has brought, for the headline in the middle, where there are runs enough to tell."""
    shared = "Because the same customers live through both, the luck they share cancels in the difference."
    if comparison.replications < ENOUGH_RUNS:
        return (
            f"{shared} How many runs that saves, and how closely both go up and down together (correlation), is not "
            f"said: {counted(comparison.replications, 'run')} cannot tell, {ENOUGH_RUNS} or more can."
        )
    known = [
        row
        for row in comparison.differences.iter_rows(named=True)
        if row["by"] == "all"
        and row["n"] >= ENOUGH_RUNS
        and row["kpi"] in HEADLINES
        and math.isfinite(row["variance_reduction"])
        and math.isfinite(row["correlation"])  # which is unknown where one of both never varies
    ]
    if not known:
        return ""
    row = sorted(known, key=lambda row: float(row["variance_reduction"]))[len(known) // 2]
    factor = row["variance_reduction"]
    title = kpi_title(row["kpi"])
    title = title[0].lower() + title[1:]
    name = change_title(comparison.models[BASELINE], row["scenario"])
    return (
        f"{shared} For {title} under “{name}” the two go up and down together (correlation {row['correlation']:.2f}), "
        f"and with other customers in each it would have taken about {rounded(factor, _power(factor, 1))} times as "
        "many runs to see as much (the variance-reduction factor)."
    )


def _luck_and_limits(comparison: Comparison) -> str:
    """How much of the doubt more runs, or better data, would take away."""
    uncertain = comparison.models[BASELINE].uncertain
    if not uncertain:
        return (
            "The scenario calls no value uncertain, so the bars hold the luck of the run only. How well the "
            "scenario's own values are known is not in them: the real difference may lie outside."
        )
    parts = []
    for change in comparison.changes:
        row = comparison.difference(change, "satisfaction")
        total = row["luck"] ** 2 + row["limits"] ** 2
        if total > 0:
            name = change_title(comparison.models[BASELINE], change)
            parts.append(f"{per_cent(round(row['limits'] ** 2 / total, 2))} under “{name}”")
    limits = f" For satisfaction the limits of our data make up {listed(parts)} of the doubt." if parts else ""
    return f"{two_doubts('Each bar', comparison)}{limits}"


def two_doubts(what: str, comparison: Comparison) -> str:
    """What the intervals of a scenario with uncertain values hold, by what they are called on the page."""
    uncertain = comparison.models[BASELINE].uncertain
    thin = " (the thin line)" if comparison.changes else ""
    return (
        f"{what} holds two doubts. Luck of the run{thin} shrinks with more runs, limits of our data do not: "
        f"{counted(len(uncertain), 'value')} of the scenario {'is' if len(uncertain) == 1 else 'are'} not known "
        "exactly, and only better data help."
    )


# ---- the answer ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exposure:
    """The measured time in which a change was in force.

    Attributes
    ----------
    minutes
        How long.
    as_one
        Whether all of it began together and was still in force at the end, so that a year of it makes sense.
    """

    minutes: float
    as_one: bool

    @property
    def to_a_year(self) -> float:
        """Factor from what was measured to a year of it; 1 where a year makes no sense."""
        return YEAR / self.minutes if self.as_one else 1.0

    @property
    def scope(self) -> str:
        """What amounts are counted over."""
        return " a year" if self.as_one else ""

    @property
    def condition(self) -> str:
        """Under what condition they hold."""
        weeks = with_unit(f"{self.minutes / MINUTES_PER_WEEK:.3g}", " weeks")
        these = "this week" if weeks == "1 week" else f"these {weeks}"
        return f"if it goes on as in {these}" if self.as_one else f"in the {weeks} since it began"


def changed_by(comparison: Comparison, change: str) -> list[str]:
    """Names of the proposed changes that a scenario has on and the baseline has not."""
    return [name for name in comparison.models[change].enact if name not in comparison.models[BASELINE].enact]


def looked_at(comparison: Comparison) -> list[str]:
    """Names of the changes that are on in any of the scenarios, in the order in which they are proposed."""
    on = {name for model in comparison.models.values() for name in model.enact}
    return [name for name in comparison.models[BASELINE].changes if name in on]


def exposure(comparison: Comparison, change: str) -> Exposure:
    """For how much of the measured time a change was in force, or the first part of a sum of changes."""
    model = comparison.models[change]
    clock = model.clock
    spans = [span(model, model.changes[name]) for name in changed_by(comparison, change)]
    begins = {max(begin, clock.warmup) for begin, _ in spans} or {clock.warmup}
    ends = {end for _, end in spans} or {clock.horizon}
    minutes = max(max(ends) - min(begins), 0.0)
    return Exposure(minutes, minutes > 0 and len(begins) == 1 and ends == {clock.horizon})


def paid_once(comparison: Comparison, change: str) -> float:
    """What a change costs once, as far as it is charged in the measured window."""
    model = comparison.models[change]
    chosen = [model.changes[name] for name in changed_by(comparison, change)]
    return sum(c.cost.once for c in chosen if charged(model, c) < model.clock.horizon)


@dataclass(frozen=True)
class PayBack:
    """Months until what a change costs once is earned back, and the ends of its interval; infinite where never."""

    months: float
    earliest: float
    latest: float


def pay_back(comparison: Comparison, change: str) -> PayBack | None:
    """When what a change costs once is earned back by what it adds to the margin each month.

    That is once ÷ monthly gain in margin, what the change costs monthly deducted, if it goes on as measured; the ends
    are those of the margin's interval. None where nothing is paid once, or where the parts of a sum of changes begin
    apart or end, so that no month is like the others.
    """
    time, once = exposure(comparison, change), paid_once(comparison, change)
    if not once or not time.as_one:
        return None
    row, months = comparison.difference(change, "margin"), time.minutes / MINUTES_PER_MONTH
    monthly = [(row[key] + once) / months for key in ("difference", "upper", "lower")]
    return PayBack(*(math.inf if gain <= 0 else once / gain for gain in monthly))


def answer(comparison: Comparison, change: str) -> str:
    """One sentence that answers the question for a change: satisfaction, churn, money, waits, and who carries it."""
    time = exposure(comparison, change)
    if why := _nothing_moved(comparison, change):
        spent = [said for said in (_cost(comparison, change, time), _net(comparison, change, time)) if said]
        return f"{'; '.join([why, *spent])}, {time.condition}." if spent else f"{why}."
    parts = [
        _satisfaction(comparison, change),
        *_personas(comparison, change),
        _customers(comparison, change, time),
        _cost(comparison, change, time),
        _net(comparison, change, time),
        _moved(comparison, change, "abandonment", HARDLY),
        _moved(comparison, change, "mean_wait", HARDLY_A_WAIT),
        *_pools(comparison, change),
    ]
    said = "; ".join(part for part in parts if part)
    return f"{said[:1].upper()}{said[1:]}, {time.condition}."


def _nothing_moved(comparison: Comparison, change: str) -> str:
    """That nothing differs, but perhaps what the change itself costs, and why; empty where something does."""
    rows = comparison.differences.filter(scenario=change).to_dicts()
    known = [row for row in rows if row["difference"] or not math.isnan(row["lower"])]  # by more than one replication
    moved = {row["kpi"] for row in known if sureness(row) not in ("none", "unknown")}
    if not moved <= _OF_COST:
        return ""
    cost = " but what it costs" if moved else ""
    if _sets_nothing_new(comparison, change):
        return f"Nothing differs{cost}: every value that it sets is so already"
    return f"Nothing differs{cost}: what it sets never came into play in the time measured"


def _sets_nothing_new(comparison: Comparison, change: str) -> bool:
    """Whether all that the changes of a scenario set is as it is in the baseline."""
    models = comparison.models[BASELINE], comparison.models[change]
    if any(models[1].changes[name].takes for name in changed_by(comparison, change)):
        return False
    with suppress(ScenarioError):  # changes that are never on at the same time need not go together
        before, after = (parse({**as_enacted(model), "enact": []}).model_dump() for model in models)
        return bool(before == after)
    return False


def _satisfaction(comparison: Comparison, change: str) -> str:
    """What happens to the satisfaction of all customers together."""
    row = comparison.difference(change, "satisfaction")
    sure = sureness(row)
    if sure == "unclear":
        return f"what it does to satisfaction cannot be told apart from nothing ({interval('satisfaction', row, '')})"
    if sure in ("none", "unknown"):
        return "satisfaction is the same" if sure == "none" else ""
    return _moved(comparison, change, "satisfaction", HARDLY) or "satisfaction hardly moves"


def _moved(comparison: Comparison, change: str, kpi: str, hardly: float) -> str:
    """By how much a number rises or falls, and from what; empty where that is luck, or hardly anything."""
    row, currency = comparison.difference(change, kpi), comparison.models[BASELINE].currency
    if sureness(row) not in ("clear", "likely") or abs(row["difference"]) < hardly:
        return ""
    low, high = sorted((abs(row["lower"]), abs(row["upper"])))
    by = estimate(abs(row["difference"]), low, high, KPIS[kpi].unit, currency, difference=True)
    moves = "rises" if row["difference"] > 0 else "falls"
    ends = f", {by.lower} to {by.upper}" if by.lower != by.upper else ""
    title = {"mean_wait": "the mean wait"}.get(kpi, plain(kpi))
    now = level(kpi, row["baseline"], currency, (row["upper"] - row["lower"]) / 2)
    return f"{title} {_doubt(row)}{moves} from {now} by {with_unit(by.value, by.word)}{ends}"


def _customers(comparison: Comparison, change: str, time: Exposure) -> str:
    row = comparison.difference(change, "customers_lost")
    lost, lower, upper = (row[key] * time.to_a_year for key in ("difference", "lower", "upper"))
    sure = sureness(row)
    if sure in ("none", "unknown"):
        return "the same customers lost" if row["baseline"] > 0 else ""
    if sure == "unclear":
        ends = [f"{_count(-lower)} fewer" if lower < 0 else "none", f"{_count(upper)} more" if upper > 0 else "none"]
        return (
            "what it does to the number of customers lost cannot be told apart from nothing "
            f"(between {ends[0]} and {ends[1]}{time.scope})"
        )
    low, high = sorted((abs(lower), abs(upper)))
    step = max(rounding(lost, (upper - lower) / 2), 1.0 if abs(lost) >= 1 else 0.1)
    counted = with_unit(rounded(abs(lost), step), " customers").split(" ", 1)
    fewer = "fewer" if lost < 0 else "more"
    bounds = f"{rounded(low, step)} to {rounded(high, step)}"
    said = f"{_doubt(row)}{counted[0]} {fewer} {counted[1]} lost{time.scope}, {bounds}"
    return f"{said}{_churn(comparison, change)}"


def _churn(comparison: Comparison, change: str) -> str:
    """Churn as it is and as it becomes, where the two differ by more than luck."""
    row = comparison.difference(change, "churn")
    if sureness(row) not in ("clear", "likely"):
        return ""
    step = two_digits(abs(100 * row["difference"]))
    now, then = (rounded(100 * share, step) for share in (row["baseline"], row["baseline"] + row["difference"]))
    return f" (churn {now} → {then} % in the time measured)"


def _count(value: float) -> str:
    return rounded(value, max(_power(value, 1), 1.0)) if value > 0 else "0"


def _cost(comparison: Comparison, change: str, time: Exposure) -> str:
    """Difference in running cost a year, what is paid once apart; empty where it is the net, revenue being the same."""
    row, currency = comparison.difference(change, "cost"), comparison.models[BASELINE].currency
    if math.isclose(row["difference"], -comparison.difference(change, "margin")["difference"]):
        return ""
    once = paid_once(comparison, change)
    cost, lower, upper = ((row[key] - once) * time.to_a_year for key in ("difference", "lower", "upper"))
    if math.isnan(cost) or cost == lower == upper == 0:
        return ""
    if not _excludes_zero(lower, upper):
        between = estimate(cost, lower, upper, "money", currency).interval
        return f"running cost cannot be told apart from today's ({between}{time.scope})"
    low, high = sorted((abs(lower), abs(upper)))
    size = estimate(abs(cost), low, high, "money", currency)
    ends = f", {size.lower} to {size.upper}" if size.lower != size.upper else ""
    more = "more" if cost > 0 else "less"
    return f"{_doubt(row, -once)}{size.value}{size.word}{time.scope} {more} in running cost{ends}"


def _net(comparison: Comparison, change: str, time: Exposure) -> str:
    """Difference in margin a year, what is paid once apart."""
    row, currency = comparison.difference(change, "margin"), comparison.models[BASELINE].currency
    once = paid_once(comparison, change)
    net, lower, upper = ((row[key] + once) * time.to_a_year for key in ("difference", "lower", "upper"))
    beside = f", beside {money(once, currency)} once" if once else ""
    if math.isnan(net) or net == lower == upper == 0:
        return f"no difference in running money{beside}" if beside else ""
    if not _excludes_zero(lower, upper):
        between = estimate(net, lower, upper, "money", currency).interval
        return f"net money cannot be told apart from nothing ({between}{time.scope}){beside}"
    back = pay_back(comparison, change)
    if back is not None and math.isfinite(back.months):
        beside += f", earned back in about {with_unit(rounded(back.months, _power(back.months, 1)), ' months')}"
    low, high = sorted((abs(lower), abs(upper)))
    size = estimate(abs(net), low, high, "money", currency)
    gain = "a net gain of" if net > 0 else "a net cost of"
    ends = f", {size.lower} to {size.upper}" if size.lower != size.upper else ""
    return f"{_doubt(row, once)}{gain} {size.value}{size.word}{time.scope}{ends}{beside}"


def _personas(comparison: Comparison, change: str) -> list[str]:
    """Which personas gain and which lose satisfaction, where that is more than luck; there has to be more than one."""
    rows = _rows(comparison, change, "satisfaction", "persona")
    if len(rows) < 2:
        return []
    parts = []
    for sign, verb in ((1, "gain"), (-1, "lose")):
        named, most = _named(rows, sign)
        for doubt, sure in _by_doubt(named):
            who = f"{listed(plain(row['group']) for row in sure)} customers"
            who = "all personas" if len(sure) == len(rows) else who
            size = signed(rounded(sure[0]["difference"], _power(abs(sure[0]["difference"]), 1)))
            by = f" ({size} points)" if len(sure) == 1 else ""
            parts.append(f"{who} {doubt}{verb}{most} in satisfaction{by}")
    return parts


def _pools(comparison: Comparison, change: str) -> list[str]:
    """Which pools of staff are busier and which less busy, where that is more than luck."""
    rows = _rows(comparison, change, "occupancy", "pool")
    parts = []
    for sign, calmer in ((1, "busier"), (-1, "less busy")):
        named, most = _named(rows, sign)
        for doubt, sure in _by_doubt(named):
            busy = [[per_cent(round(row["baseline"] + moved, 2)) for moved in (0, row["difference"])] for row in sure]
            pools = listed(f"{plain(row['group'])} ({' → '.join(both)})" for row, both in zip(sure, busy, strict=True))
            beyond = ", more than in any other" if most else ""
            parts.append(f"people are {doubt}{calmer} in {pools}{beyond}")
    return parts


def _by_doubt(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Groups that surely move, then those that likely do."""
    apart = ((doubt, [row for row in rows if _doubt(row) == doubt]) for doubt in ("", "likely "))
    return [(doubt, sure) for doubt, sure in apart if sure]


def _named(rows: list[dict[str, Any]], sign: int) -> tuple[list[dict[str, Any]], str]:
    """Groups to name that move to one side by more than luck, and whether the one named moves most.

    It does where another moves too and its interval lies beyond those of all the others; else all who move are named.
    """
    ends = ("lower", "upper") if sign > 0 else ("upper", "lower")
    sure = [row for row in rows if sureness(row) in ("clear", "likely") and sign * row["difference"] >= HARDLY]
    first = max(sure, key=lambda row: sign * row["difference"], default=None)
    if first is None or len(sure) == 1:
        return sure, ""
    others = [row for row in rows if row is not first]
    apart = all(sign * first[ends[0]] > sign * row[ends[1]] for row in others)
    return ([first], " most") if apart else (sure, "")


def _rows(comparison: Comparison, change: str, kpi: str, by: str) -> list[dict[str, Any]]:
    """Rows of one dimension that are known."""
    rows = comparison.differences.filter(scenario=change, kpi=kpi, by=by).to_dicts()
    return [row for row in rows if not math.isnan(row["difference"])]
