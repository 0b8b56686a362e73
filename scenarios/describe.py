"""A scenario in plain words: who the customers are, where they meet the company, what happens step by step."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scenarios import assumed, checked, words
from scenarios.maps import journey_map, routes
from scenarios.pages import render
from scenarios.words import duration, lasting, listed, mostly, of_them, per_cent, plain, whom
from sim import units
from sim.changes import flatten, get
from sim.model import (
    ABANDONED,
    BLOCKED,
    CLOSED,
    DEFAULT_PROFILE,
    DOWN,
    GIVE_UP,
    LEFT,
    MISSED,
    RESOLVED,
    Curve,
    End,
    Journey,
    Model,
    Outcome,
    Persona,
    Pool,
    Product,
    Step,
    Strain,
    Touchpoint,
    When,
)  # fmt: skip
from sim.timetable import Shift
from sim.units import MINUTES_PER_DAY, MINUTES_PER_MONTH, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenarios.maps import Route
    from sim.described import Described
    from sim.distributions import Distribution
    from sim.model import Arrivals, Effects, Event, Opening, System, Taste, Term, Who
    from sim.timetable import Profile

_COLUMNS = 96
_KNOWN = (
    ("time as a customer", "day as a customer"), ("contacts so far", "contact so far"),
    ("points in the last survey", "point in the last survey"), ("time since a journey opened", "day since then"),
)  # fmt: skip
_OUTCOMES = {RESOLVED: ("are helped", "being helped"), "unresolved": ("are not helped", "not being helped")}
_NOT_SERVED = {
    ABANDONED: "Those who lose patience waiting",
    CLOSED: "Those who find it closed",
    BLOCKED: "Those who find every line taken",
    MISSED: "Those who miss the call they were promised",
    DOWN: "Those who find its system down",
}


@dataclass(frozen=True)
class Part:
    """Something with a name: what is said of it, its own parts, a map where it is a journey, and whether it is long."""

    title: str
    lines: list[str]
    parts: Sequence[Part] = ()
    map: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A chapter of the description."""

    title: str
    lines: list[str]
    parts: list[Part]

    @property
    def anchor(self) -> str:
        """Where the page can be entered."""
        return self.title.split(maxsplit=1)[0].lower()


def describe(model: Model) -> str:
    """Tell a scenario in plain text, for the terminal."""
    title = model.title or "Scenario"
    blocks = [f"{title}\n{'=' * len(title)}", _filled(model.about)]
    for section in _sections(model):
        blocks.append(f"{section.title}\n{'-' * len(section.title)}")
        blocks += [_filled(line) for line in section.lines]
        blocks += ["\n".join(_told(part)) for part in section.parts]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _told(part: Part, indent: str = "") -> list[str]:
    """Lines of a part, what belongs to it indented."""
    inner = [line for inner in part.parts for line in _told(inner, f"{indent}  ")]
    return [_filled(part.title, indent), *(_filled(line, f"{indent}  ") for line in part.lines), *inner]


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, _COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else "", break_long_words=False
    )


def describe_page(model: Model) -> str:
    """Tell a scenario on one self-contained HTML page, with a map of every journey."""
    sections = _sections(model, maps=True)
    contents = [(section.anchor, section.title) for section in sections]
    return render(
        "description.html", title=model.title or "Scenario", about=model.about, sections=sections, contents=contents
    )


def _sections(model: Model, *, maps: bool = False) -> list[Section]:
    journeys = [
        Part(plain(name), _journey(model, name), _steps(model, name), journey_map(model, name) if maps else "")
        for name in model.journeys
    ]
    personas = [_persona(model, name, persona) for name, persona in model.personas.items()]
    sections = [
        Section("Time and demand", _time(model), []),
        Section("Customers", [*_population(model), *_seen(model)], personas),
        Section("Products", [], [_product(model, name, product) for name, product in model.products.items()]),
        Section("Touchpoints", [], [_touchpoint(model, name) for name in model.touchpoints]),
        Section("Systems", [], [_system(name, system) for name, system in model.systems.items()]),
        Section("Journeys", [], journeys),
        Section("Events", [], [_event(model, name, event) for name, event in model.events.items()]),
        Section("Staff", _all_staff(model), [_pool(model, name, pool) for name, pool in model.staff.items()]),
        Section("Proposed changes", [], [_change(model, name) for name in model.changes]),
        Section("Levers", _levers(model), []),
        Section(
            "Assumptions and doubts",
            [],
            [
                Part("What was assumed", assumed.assumptions(model)),
                Part("Checked against data", _checked(model)),
                *_doubts(model),
            ],
        ),
    ]
    sections.append(Section("Also stated", _also(model, model), []))
    return [section for section in sections if section.lines or section.parts]


# Words that have sentences of their own; all others are told as they are written.
_TOLD: dict[type[Described], str] = {
    Model: "title about clock currency population products traits personas touchpoints channels systems journeys "
    "events staff profiles changes enact levers uncertain measure estimates checked data",
    Persona: "share needs needs_differ start starts taste patience satisfaction churn survey value priority traits "
    "products contract referral",
    Touchpoint: "channel service_time staff cost when_closed attended urgent callback system when_down",
    Pool: "department wage overtime skills shifts breaks absence partner speed proficiency differ at_once strain",
    Journey: "when who goal product start difficulty steps ends priority",
    Step: "touchpoint outcomes next service_time promise priority while_open",
    Outcome: "p holds reopens good stage adds drops trait revenue mood satisfaction stays opens cancels puts_off",
    End: "good stage adds drops trait revenue mood satisfaction stays opens cancels puts_off",
}


def _also(model: Model, part: Described, *path: str) -> list[str]:
    """What a part states that has no sentence of its own."""
    written: Any = model.raw
    for key in path:
        written = next((value for name, value in written.items() if str(name) == key), {})
    return [f"{line}." for line in _stated(part, written)]


def _stated(part: Described, written: dict[str, Any]) -> list[str]:
    return [
        f"{plain(str(word))}: {assumed.written(value)}"
        for word, value in written.items()
        if str(word) not in _TOLD[type(part)].split()
    ]


def _doubts(model: Model) -> list[Part]:
    """Every value that is not known exactly."""
    lines = [
        f"{doubt.path}: about {doubt.about}, give or take {doubt.spread}{f' ({doubt.basis})' if doubt.basis else ''}"
        for doubt in assumed.doubts(model)
    ]
    return [Part("What is estimated or not known exactly", lines, folded=True)] if lines else []


def _checked(model: Model) -> list[str]:
    """How it did against data it was not fitted on, and what it should not be trusted for."""
    lines = [checked.sentence(model), *checked.caveats(model)]
    for told in checked.table(model):
        where = f" at {told.where}" if told.where else ""
        seen, lived, off, explained = told.numbers
        numbers = f"{seen} in the log, {lived} simulated ({off}; chance explains {explained})"
        lines.append(f"{told.measure}{where}: {numbers}, {told.verdict}.")
    return lines


# ---- time and customers ----------------------------------------------------------------------------------------------


def _time(model: Model) -> list[str]:
    clock = model.clock
    warmup = f"; the first {duration(clock.warmup)} are lived but not measured" if clock.warmup else ""
    lines = [f"{duration(clock.horizon)} from {words.date(clock.start)}{warmup}.", assumed.kind_of_run(model)]
    if clock.holidays:
        days = listed(f"{plain(name)} ({words.date(when)})" for name, when in clock.holidays.items())
        lines.append(f"Holidays: {days}.")
    for name, profile in model.profiles.items():
        which = "" if name == DEFAULT_PROFILE else f" ({plain(name)})"
        lines += [
            f"Demand over the week{which}: {_week(profile)}.",
            f"Within the day, in times the average hour{which}: {_day(profile)}.",
        ]
    if "measure" in model.model_fields_set:
        lines.append(f"Whoever is answered within {duration(model.measure.answer_within)} is answered in time.")
    return lines


def _week(profile: Profile) -> str:
    """Share of each day, and how much days vary."""
    at, level = profile.weekly
    ends = [*at[1:], MINUTES_PER_WEEK]
    days = [0.0] * 7
    for begin, end, height in zip(at, ends, level, strict=True):
        days[int(begin // MINUTES_PER_DAY)] += float(height) * float(end - begin) / MINUTES_PER_WEEK
    shares = ", ".join(
        f"{day.capitalize()} {per_cent(round(share, 2))}" for day, share in zip(units.WEEKDAYS, days, strict=True)
    )
    varies = f"; a day's own level varies by about {per_cent(profile.day_to_day)}" if profile.day_to_day else ""
    return f"{shares}{varies}"


def _day(profile: Profile) -> str:
    """How busy hours are, as many times an hour on average; from each time on, for days that are alike."""
    at, level = profile.weekly
    said = []
    for days in profile.hours:
        of_day = (at >= days[0] * MINUTES_PER_DAY) & (at < (days[0] + 1) * MINUTES_PER_DAY)
        begins, heights = at[of_day] % MINUTES_PER_DAY, level[of_day]
        changes = [n for n in range(len(begins)) if n == 0 or heights[n] != heights[n - 1]]
        times = [f"{heights[n]:.2g} from {units.say_clock(begins[n])}" for n in changes]
        said.append(f"{_days(days)} {', '.join(times)}")
    return "; ".join(said)


def _days(days: tuple[int, ...]) -> str:
    """Days of the week: ``Mon–Fri``, ``Sat and Sun``."""
    names = [units.WEEKDAYS[day].capitalize() for day in days]
    in_a_row = len(days) > 2 and days == tuple(range(days[0], days[-1] + 1))
    return f"{names[0]}–{names[-1]}" if in_a_row else listed(names)


def _population(model: Model) -> list[str]:
    joins = model.population.joins
    more = (
        f"; {_per_time(joins.rate, 'join')}{_shaped(joins)}"
        if joins.rate
        else "; others become customers only through a journey"
    )
    stage = model.population.stage
    of = f" Whoever is a customer is of the stage {plain(stage)}." if stage != "customer" else ""
    return [f"{model.population.customers:,} at the start{more}.{of}"]


def _shaped(arrivals: Arrivals) -> str:
    """By which weekly profile a rate goes, where it names one."""
    return f" (spread over the week as “{plain(arrivals.profile)}”)" if arrivals.profile is not None else ""


def _per_time(rate: float, verb: str = "") -> str:
    """A rate in words, per the shortest of week, month and year in which it is one or more."""
    spans = {"week": MINUTES_PER_WEEK, "month": MINUTES_PER_MONTH, "year": words.YEAR}
    word = next((word for word, minutes in spans.items() if rate * minutes >= 0.95), "year")
    number = f"{float(f'{rate * spans[word]:.3g}'):,g}"
    return f"{number} {verb} a {word}" if verb else f"{number} a {word}"


def _every(minutes: float) -> str:
    """A period in words: ``every week``, ``every 3 days``."""
    return f"every {duration(minutes).removeprefix('1 ')}"


def _about(share: float) -> str:
    """A share in per cent, to two digits."""
    return f"{100 * share:.2g} %"


def _persona(model: Model, name: str, persona: Persona) -> Part:
    lines = []
    if persona.needs:
        needs = [
            f"{plain(need)} about {_every(1 / rate.rate)}{_shaped(rate)}"
            for need, rate in persona.needs.items()
            if rate.rate
        ]
        differ = (
            f"; some need more than others, by about {per_cent(persona.needs_differ)}" if persona.needs_differ else ""
        )
        lines.append(f"Needs: {listed(needs)}{differ}.")
    if persona.start:
        lines.append(f"Starts in {_weighed(persona.start)}.")
    lines += [f"The journey {plain(name)} starts in {_weighed(start)}." for name, start in persona.starts.items()]
    lines.append(_taste(persona.taste))
    if persona.patience:
        half = [_patience(where, law) for where, law in persona.patience.items()]
        lines.append(f"Patience: half give up waiting in {listed(half)}; elsewhere they wait for ever.")
    if persona.priority:
        lines.append(f"Waits with priority {_whole(persona.priority)}; smaller goes first.")
    lines += [_feelings(persona), _experience(persona), _leaving(persona), *_speaking(persona), *_survey(persona)]
    if persona.value.revenue:
        revenue = words.money(persona.value.revenue * MINUTES_PER_MONTH, model.currency)
        lines.append(f"Brings {revenue} a month while a customer.")
    if persona.products:
        lines.append(
            f"Begins with {listed(f'{plain(p)} ({per_cent(share)})' for p, share in persona.products.items())}."
        )
    lines += [_trait(trait, weights) for trait, weights in persona.traits.items()]
    lines += _also(model, persona, "personas", name)
    return Part(f"{plain(name)}, {per_cent(persona.share)} of customers", [line for line in lines if line])


def _product(model: Model, name: str, product: Product) -> Part:
    """What a product is, what it brings, and which journeys belong to it."""
    lines = [product.about]
    if product.revenue:
        revenue = words.money(product.revenue * MINUTES_PER_MONTH, model.currency)
        lines.append(f"Brings {revenue} a month from every customer who holds it.")
    if own := [plain(journey) for journey, planned in model.journeys.items() if planned.product == name]:
        lines.append(f"Its journeys: {listed(own)}.")
    return Part(plain(name), [line for line in lines if line])


def _taste(taste: Taste) -> str:
    """How a liking for channels comes of experience, and what it does."""
    if not taste.matters:
        return ""
    moves = f"moves the liking of the one in which it began {per_cent(taste.learns)} of the way"
    learns = f"each journey {moves} to how much better it was than what was felt before"
    weighs = f"a point of liking makes a channel weigh {math.exp(taste.strength):.2g} times as much"
    return f"Likes channels by experience: {learns}, and {weighs}."


def _weighed(weights: dict[str, float]) -> str:
    """Names with their shares."""
    total = sum(weights.values()) or 1.0
    return listed(f"{plain(name)} {per_cent(weight / total)}" for name, weight in weights.items())


def _patience(where: str, law: Distribution) -> str:
    half = f"{plain(where)} within {duration(law.quantile(0.5))}"
    return f"{half} ({mostly(law)})" if mostly(law) else half


def _trait(trait: str, weights: Mapping[str, float]) -> str:
    """With which values of a trait people begin."""
    total = sum(weights.values())
    values = [f"{plain(value)} ({per_cent(weight / total)})" for value, weight in weights.items()]
    return f"{plain(trait).capitalize()}: {listed(values) if len(values) > 1 else plain(next(iter(weights)))}."


def _seen(model: Model) -> list[str]:
    """How the company learns of what it does not see at once."""
    lines = []
    for name, trait in model.traits.items():
        after = f" {lasting(trait.seen.after)} later" if trait.seen.after is not None else " at once"
        lines.append(f"When {plain(name)} changes the company sees it for {of_them(trait.seen.p)},{after}.")
    return lines


def _term(name: str, term: Term) -> str:
    """One term, for whom it counts, and how it grows."""
    said = [_signed(term.value)] if term.value or not term.per_year else []
    if term.per_year:
        until = f" up to {term.up_to / words.YEAR:.3g} years" if term.up_to is not None else ""
        said.append(f"{_signed(term.per_year)} a year since joining{until}")
    only = f" for {whom(term.who)}" if term.who.matters else ""
    return f"{plain(name)} {listed(said)}{only}"


def _likelier(name: str, term: Term) -> str:
    """How many times as many leave by one term, for whom, and how that grows."""
    said = [f"{math.exp(term.value):.3g} times as many"] if term.value else []
    if term.per_year:
        until = f" up to {term.up_to / words.YEAR:.3g} years" if term.up_to is not None else ""
        said.append(f"{math.exp(term.per_year):.3g} times as many with every year since joining{until}")
    only = f", for {whom(term.who)}" if term.who.matters else ""
    return f"{plain(name)}: {listed(said)}{only}"


def _feelings(persona: Persona) -> str:
    """What moves the mood of a journey."""
    feelings = persona.satisfaction
    moves = {
        "being helped": feelings.resolved, "not being helped": feelings.unresolved,
        "losing patience": feelings.abandoned,
        "finding it closed": feelings.closed, "finding every line taken": feelings.blocked,
        "missing a promised call": feelings.missed, "finding the system down": feelings.down,
        "being passed on": feelings.handoff, "coming to the same place again": feelings.repeat,
        "a solution that did not hold": feelings.reopened,
    }  # fmt: skip
    said = [f"{what} {_signed(move)}" for what, move in moves.items() if move]
    wait = feelings.wait
    if wait.per_minute:
        most = f"for {duration(wait.cap)} at most"
        said.append(f"each minute of waiting beyond {duration(wait.tolerance)} {_signed(wait.per_minute)} ({most})")
    late = feelings.late
    if late.per_minute:
        beyond = f"{duration(late.tolerance)} after " if late.tolerance else ""
        most = f" (for {duration(late.cap)} at most)" if late.cap != Curve().cap else ""
        said.append(f"each hour beyond {beyond}what was promised {_signed(60 * late.per_minute)}{most}")
    if not said:
        return ""
    weigh = f"; what is bad weighs {feelings.loss_aversion:g} times as much" if feelings.loss_aversion > 1 else ""
    return f"Mood, of 10 points: {listed(said)}{weigh}."


def _whole(number: int) -> str:
    return f"{number}".replace("-", "−")


def _signed(number: float) -> str:
    return f"{number:+g}".replace("-", "−")


def _experience(persona: Persona) -> str:
    """How experiences move satisfaction."""
    feelings = persona.satisfaction
    always = {name: term for name, term in feelings.terms.items() if term.value and not term.moves}
    terms = "".join(f", {_term(name, term)}" for name, term in always.items())
    more = "".join(f", {_term(name, term)}" for name, term in feelings.moving)
    level = f"{feelings.level:g} of 10{f' ({feelings.rest:g}{terms})' if terms else ''}{more}"
    said = [f"Satisfaction rests at {level}"]
    if feelings.memory:
        mean = 1 - feelings.peak - feelings.end
        weights = {"its worst moment": feelings.peak, "its end": feelings.end, "its mean": mean}
        made = listed(f"{per_cent(weight)} {what}" for what, weight in weights.items() if weight > 1e-9)
        said.append(f"moves {per_cent(feelings.memory)} of the way to each experience (which is {made})")
    if feelings.recovery:
        share = 1 - math.exp(-feelings.recovery * MINUTES_PER_DAY)
        said.append(f"goes back {_about(share)} of the way a day")
    if feelings.adapts:
        said.append(f"gets used to things: where it rests follows each experience by {per_cent(feelings.adapts)}")
    return f"{listed(said)}."


def _leaving(persona: Persona) -> str:
    churn, contract = persona.churn, persona.contract
    term = f"In a contract of {duration(contract.term)}. " if contract is not None else ""
    if churn is None:
        return f"{term}Never leaves."
    base = 1 - math.exp(-churn.base * MINUTES_PER_MONTH * math.exp(churn.total))
    slope = f"; a point less satisfied, {math.exp(churn.slope):.2g} times as many" if churn.slope else ""
    terms = (_likelier(name, term) for name, term in churn.terms.items() if term.value or term.per_year)
    why = "".join(f"; {term}" for term in terms)
    reviews = _every(churn.every)
    if contract is not None:
        reviews = f"{duration(contract.notice)} before each end of it" if contract.notice else "at each end of it"
    return f"{term}Thinks about leaving {reviews}: at rest {_about(base)} leave in a month{slope}{why}."


def _speaking(persona: Persona) -> list[str]:
    """How customers bring others, or keep them away."""
    referral = persona.referral
    if referral is None:
        return []
    lines = []
    if referral.rate:
        more = f"; a point more satisfied, {math.exp(referral.slope):.2g} times as many" if referral.slope else ""
        lines.append(f"Brings about {_per_time(referral.rate, 'others')} to {plain(referral.journey)} at rest{more}.")
    if referral.deters is not None and referral.deters.rate:
        slope = referral.deters.slope
        more = f"; a point less satisfied, {math.exp(slope):.3g} times as many" if slope else ""
        lines.append(f"Keeps about {_per_time(referral.deters.rate, 'others')} away from it at rest{more}.")
    return lines


def _survey(persona: Persona) -> list[str]:
    survey = persona.survey
    if survey is None:
        return []
    answers = {x: _answering(survey.respond.level, survey.respond.better, survey.respond.extreme, x) for x in (2, 5, 9)}
    said = listed(f"{per_cent(round(share, 2))} of those at {x} of 10" for x, share in answers.items())
    about = " about their satisfaction with the company" if survey.of == "satisfaction" else ""
    noise = f" Scores miss what is felt by about {survey.noise:g}." if survey.noise else ""
    asked = "every journey" if survey.ask == 1 else f"{of_them(survey.ask)} of the journeys"
    return [f"Surveyed after {asked}{about}, which {said} answer.{noise}"]


def _answering(level: float, better: float, extreme: float, x: float) -> float:
    return 1 / (1 + math.exp(-(level + better * (x - 5) + extreme * abs(x - 5))))


# ---- touchpoints and staff -------------------------------------------------------------------------------------------


def _touchpoint(model: Model, name: str) -> Part:
    touchpoint = model.touchpoints[name]
    cost = f" and costs {words.money(touchpoint.cost, model.currency)} a contact" if touchpoint.cost else ""
    lines = [f"In the channel {plain(touchpoint.channel)}; a service takes {_takes(touchpoint.service_time)}{cost}."]
    if touchpoint.staff:
        pools = [
            plain(pool) if not delay else f"{plain(pool)} (for those who have waited {duration(delay)})"
            for pool, delay in touchpoint.staff.items()
        ]
        lines.append(f"Served by {listed(pools)}, {assumed.say_hours(assumed.opening(model, name))}.")
        if touchpoint.urgent is not None:
            priority = f"{touchpoint.urgent.priority}".replace("-", "−")
            lines.append(f"Whoever has waited {duration(touchpoint.urgent.after)} is served with priority {priority}.")
        if touchpoint.callback is not None:
            offer = touchpoint.callback
            accepted = f"{of_them(offer.accept)} accept, and {of_them(offer.reached)} of those are reached"
            lines.append(f"Whoever has waited {duration(offer.after)} is offered a call back: {accepted}.")
        channel = model.channels.get(touchpoint.channel)
        if touchpoint.attended and channel is not None and channel.lines is not None:
            lines.append(f"{channel.lines} lines in {plain(touchpoint.channel)}; who finds none free is turned away.")
    elif touchpoint.attended:
        lines.append("Without staff, so nobody waits.")
    if touchpoint.system is not None:
        lines.append(f"Nobody can come in while the system {plain(touchpoint.system)} is down.")
    if not touchpoint.attended:
        lines.append("Done without the customer: nobody has to wait or finds it closed, and it counts as no contact.")
    return Part(plain(name), lines + _also(model, touchpoint, "touchpoints", name))


def _takes(law: Distribution) -> str:
    """How long something takes, and mostly takes."""
    return f"{lasting(law)} ({mostly(law)})" if mostly(law) else lasting(law)


def _system(name: str, system: System) -> Part:
    lines = []
    if system.capacity is not None:
        lines.append(f"Takes {system.capacity:,} services at once; whoever comes beyond that finds it down.")
    for reason, outage in system.outages.items():
        when = f"on {words.date(outage.on)}" if outage.rate is None else f"{_per_time(outage.rate)} on average"
        lines.append(f"{plain(reason)}: out {when}, for {lasting(outage.lasts)}.")
    return Part(plain(name), lines or ["Never out."])


def _all_staff(model: Model) -> list[str]:
    if not model.staff:
        return []
    hours = sum(_weekly_hours(pool) for pool in model.staff.values())
    pay = sum(_weekly_hours(pool) * pool.wage * 60 for pool in model.staff.values())
    return [f"Together {hours:,.0f} hours on duty and {words.amount(pay, 'money', model.currency)} a week."]


def _weekly_hours(pool: Pool) -> float:
    """Person-hours on duty a week."""
    return sum(_shift_hours(shift) for shift in pool.shifts.values())


def _shift_hours(shift: Shift) -> float:
    return len(shift.days) * (shift.ends - shift.begins) / 60 * shift.headcount


def _away(pool: Pool) -> list[str]:
    """When people of a pool are on a break, and how often absent."""
    lines = []
    for name, pause in pool.breaks.items():
        when = assumed.say_hours(
            [Shift.model_construct(days=pause.days, begins=pause.begins, ends=pause.ends, headcount=1)]
        )
        lines.append(f"Break {plain(name)}: {when}, {per_cent(pause.share)} of those on duty.")
    if pool.absence:
        lines.append(f"On a day {per_cent(pool.absence)} of them are absent, by chance.")
    return lines


def _pay(model: Model, pool: Pool) -> str:
    """Hours of a pool, and what they or its contacts cost."""
    hours = _weekly_hours(pool)
    if pool.partner is not None:
        promise, promised = pool.partner.promise, ""
        if promise is not None:
            answered = f"{per_cent(promise.share)} answered within {duration(promise.within)}"
            promised = (
                f"; {answered} over the whole time measured, or {words.money(promise.penalty, model.currency)} back"
            )
        each = words.money(pool.partner.per_contact, model.currency)
        return f"{hours:,.0f} hours on duty a week; a partner's people, paid {each} for a contact{promised}."
    wage = words.money(pool.wage * 60, model.currency)
    pay = words.amount(hours * pool.wage * 60, "money", model.currency)
    overtime = f" (overtime {pool.overtime:g} times that)" if pool.overtime != 1 else ""
    return f"{hours:,.0f} hours on duty a week at {wage} an hour{overtime}: {pay}."


def _pool(model: Model, name: str, pool: Pool) -> Part:
    lines = []
    for shift_name, shift in pool.shifts.items():
        people = "1 person" if shift.headcount == 1 else f"{shift.headcount} people"
        manned = shift.model_copy(update={"headcount": max(shift.headcount, 1)})
        holidays = ", on holidays too" if model.clock.holidays and shift.holidays else ""
        lines.append(f"{plain(shift_name)}: {assumed.say_hours([manned])}, {people}{holidays}.")
    lines += _away(pool)
    lines.append(_pay(model, pool))
    if pool.speed != 1:
        lines.append(f"They take {per_cent(1 / pool.speed)} of the usual time for a service.")
    if pool.proficiency:
        better = "better" if pool.proficiency > 0 else "worse"
        lines.append(f"They are {better} than usual at what is hard, by {abs(pool.proficiency):g}.")
    if pool.differ.speed:
        lines.append(f"Their speeds differ by about {per_cent(pool.differ.speed)}.")
    if pool.differ.proficiency:
        lines.append(f"Some are better than others at what is hard, by about {pool.differ.proficiency:g}.")
    if pool.at_once.contacts > 1:
        slower = (
            f"; each that is held makes a new one {per_cent(pool.at_once.slower)} longer" if pool.at_once.slower else ""
        )
        lines.append(f"Each holds up to {pool.at_once.contacts} contacts at once{slower}.")
    if pool.strain is not None:
        lines += _strain(model, pool.strain)
    if pool.skills is not None:
        lines.append(f"Can serve {listed(plain(skill) for skill in pool.skills)}.")
    lines += _also(model, pool, "staff", name)
    department = f", {plain(pool.department)}" if pool.department is not None and pool.department != name else ""
    return Part(f"{plain(name)}{department}", lines)


def _strain(model: Model, strain: Strain) -> list[str]:
    """What lasting high occupancy does to people, and how those are replaced who quit."""
    often = "" if strain.every == MINUTES_PER_WEEK else f", looked at {_every(strain.every)}"
    bears = f"Busy for more than {per_cent(strain.above)} of their time they are strained"
    lines = [f"{bears}: it builds up, and fades, within about {duration(strain.memory)}{often}."]
    does = [f"make services {_about(math.expm1(strain.slower / 10))} longer"] if strain.slower else []
    does += [f"make what is hard {strain.err / 10:g} harder"] if strain.err else []
    if does:
        lines.append(f"Ten points of strain {listed(does)}.")
    quits = strain.quits
    if quits is not None:
        rises = f", and {math.exp(quits.slope / 10):.3g} times as often with ten points of it" if quits.slope else ""
        lines.append(f"Without strain {_per_time(quits.rate)} of each of them quit{rises}.")
        training = f", and then trained for {duration(quits.training)}" if quits.training else ""
        cost = f", at {words.money(quits.cost, model.currency)}" if quits.cost else ""
        lines.append(f"Whoever comes in their place is found after {_takes(quits.hiring)}{training}{cost}.")
    return lines


# ---- journeys --------------------------------------------------------------------------------------------------------


def _journey(model: Model, name: str) -> list[str]:
    """What opens a journey, where it starts, and what its ends open."""
    journey = model.journeys[name]
    found = routes(model, name)
    starts = [
        f"in {plain(route.outcome)} with {plain(route.target)}"
        + (f", only for {route.whom}" if route.whom else "")
        + (f" ({per_cent(round(route.overall, 2))})" if route.overall is not None and len(journey.start) > 1 else "")
        for route in found
        if route.step is None
    ]
    opens = _opens(journey.when) if not journey.when.opened else _opened_by(model, name)
    lines = [f"{opens}{_who(journey.who)}. It starts {listed(starts, 'or')}.", *_difficulty(journey)]
    if journey.goal is not None:
        lines.append(f"Its goal is {plain(journey.goal)}.")
    if journey.product is not None:
        lines.append(f"It belongs to the product {plain(journey.product)}.")
    if journey.priority is not None:
        lines.append(f"Whoever is on it waits with priority {_whole(journey.priority)}; smaller goes first.")
    for end, ending in journey.all_ends.items():
        if does := _effects(model, ending):
            when = {GIVE_UP: "When they give up", RESOLVED: "When it ends well"}.get(
                end, f"When it ends as {plain(end)}"
            )
            lines.append(f"{when} it {does}.")
    return lines + _also(model, journey, "journeys", name)


def _steps(model: Model, name: str) -> list[Part]:
    """A journey's steps, each told in sentences."""
    found = routes(model, name)
    journey = model.journeys[name]
    return [
        _step(model, journey, step_name, step, [route for route in found if route.step == step_name])
        for step_name, step in journey.steps.items()
    ]


def _opens(when: When) -> str:
    """What opens a journey."""
    if when.need is not None:
        return f"Opens when the need {plain(when.need)} arises"
    if when.arrival is not None:
        stage = f", as {plain(when.stage)}," if when.stage != When.model_fields["stage"].default else ""
        return f"Opens when somebody new arrives{stage} ({_per_time(when.arrival.rate)}){_shaped(when.arrival)}"
    if when.joining is not None:
        return f"Opens {_takes(when.joining)} after somebody joins"
    if when.after is not None:
        after = when.after
        how = f" as {listed((plain(end) for end in after.end), 'or')}" if after.end is not None else ""
        delay = f", {_takes(after.delay)} later" if after.delay is not None else ""
        share = f", for {of_them(after.p)} of them" if after.p < 1 else ""
        return f"Opens when {plain(after.journey)} has ended{how}{delay}{share}"
    if when.entering is not None:
        entering = when.entering
        what = "leaves" if entering.stage == LEFT else f"enters the stage {plain(entering.stage)}"
        delay = f", {lasting(entering.delay)} later" if entering.delay is not None else ""
        share = f", for {of_them(entering.p)} of them" if entering.p < 1 else ""
        return f"Opens when somebody {what}{delay}{share}"
    if when.notice is not None:
        return f"Opens {lasting(when.notice)} after somebody has given notice, if it still stands"
    if when.renewal is not None:
        return f"Opens {duration(when.renewal.before)} before each end of a contract's term"
    if when.every is not None:
        return f"Opens {_every(when.every)}"
    return f"Opens on {words.date(when.on)}"


def _opened_by(model: Model, name: str) -> str:
    """What opens a journey that nothing but effects open."""
    openers = [
        f"the {_KINDS[section][0]} {plain(thing)}"
        for section in ("events", "journeys")
        for thing, stated in model.raw.get(section, {}).items()
        if any(pair == ("opens", name) for path in flatten(stated) for pair in pairwise(path.split(".")))
    ]
    return f"Opened by {listed(openers, 'or') or 'a proposed change'}"


def _opened(opens: Mapping[str, Opening]) -> str:
    """What journeys something opens."""
    told = []
    for name, opening in opens.items():
        share = f" for {of_them(opening.p)}" if opening.p < 1 else ""
        later = f" ({lasting(opening.after)} later)" if opening.after is not None else ""
        told.append(f"{plain(name)}{share}{later}")
    return f"opens {listed(told)}"


def _who(who: Who) -> str:
    """For whom something is."""
    return f", only for {whom(who)}" if who.matters else ""


def _event(model: Model, name: str, event: Event) -> Part:
    """When an event happens, whom it reaches and what it does."""
    when = f"By chance, {_per_time(event.rate.rate)}" if event.rate is not None else ""
    if event.outage is not None:
        happens = "is out" if event.outage.at == "start" else "is back after an outage"
        when = f"As soon as the system {plain(event.outage.system)} {happens}"
    if event.on is not None:
        when = f"On {words.date(event.on)}" + (f" and then {_every(event.every)}" if event.every is not None else "")
    elif event.every is not None:
        when = f"{_every(event.every).capitalize()}, the first time that long after the start"
    meant = whom(event.who) or "customers"
    reach = f"it reaches {of_them(event.reach)} of the {meant}" if event.reach < 1 else f"it reaches all {meant}"
    lines = [
        f"{when}, {reach}.",
        f"It {_effects(model, event, 'the mood of open journeys') or 'changes nothing'}.",
    ]
    if event.good is not None:
        lines.append(f"It is {_good(event)}.")
    if event.most is not None:
        known = [(*said, weight) for said, weight in zip(_KNOWN, event.by.weights, strict=True) if weight]
        ranked = [f"{'most' if weight > 0 else 'least'} {what}" for what, _, weight in known]
        sums = [f"{_signed(weight)} for each {each}" for _, each, weight in known]
        sums += [
            f"{_signed(weight)} where {plain(trait)} is seen as {plain(value)}"
            for trait, weights in event.by.seen.items()
            for value, weight in weights.items()
        ]
        order = f", first those with the {listed(ranked)}" if ranked else ""
        order = order or ("" if sums else ", first those who came first")
        if len(sums) > len(ranked) or len(sums) > 1:
            order += f" ({listed(sums)}; the largest sum first)"
        lines.insert(1, f"At most {event.most:,} are on the list{order}.")
    return Part(plain(name), lines)


def _good(effects: Effects) -> str:
    """Whether something is said to be good, or bad."""
    return "no failure" if effects.good else "a failure"


def _effects(model: Model, effects: Effects, mood: str = "the mood") -> str:
    """What something does, in words; empty where that is nothing."""
    told = [
        f"{'adds' if amount > 0 else 'takes'} {abs(amount):g} {'to' if amount > 0 else 'from'} {what}"
        for what, amount in (("satisfaction", effects.satisfaction), (mood, effects.mood))
        if amount
    ]
    if effects.revenue:
        brings = "brings" if effects.revenue > 0 else "costs"
        told.append(f"{brings} {words.money(abs(effects.revenue), model.currency)}")
    told += [f"moves them to the stage {plain(effects.stage)}"] if effects.stage is not None else []
    told += [f"adds {listed(map(plain, effects.adds))}"] if effects.adds else []
    told += [f"takes away {listed(map(plain, effects.drops))}"] if effects.drops else []
    told += [f"sets {plain(trait)} to {plain(value)}" for trait, value in effects.trait.items()]
    told += ["withdraws the notice"] if effects.stays else []
    told += [_opened(effects.opens)] if effects.opens else []
    told += [f"calls off {listed(map(plain, effects.cancels))}"] if effects.cancels else []
    told += [f"puts off {plain(other)} by {duration(delay)}" for other, delay in effects.puts_off.items()]
    return listed(told)


def _difficulty(journey: Journey) -> list[str]:
    """What it means that some issues are harder than others."""
    hard = journey.difficulty
    if not hard.matters:
        return []
    longer = math.exp(hard.time) - 1
    said = [f"takes {_about(abs(longer))} {'longer' if longer > 0 else 'less time'}"] if longer else []
    said += [
        f"is {math.exp(tilt):.2g} times as likely to be {plain(name)}" for name, tilt in hard.tilts.items() if tilt
    ]
    return [f"Some issues are harder than others: one harder than 5 of 6 {listed(said)}."]


def _step(model: Model, journey: Journey, name: str, step: Step, found: Sequence[Route]) -> Part:
    """One step in sentences: how visits end, and where that leads."""
    touchpoint = model.touchpoints[step.touchpoint]
    place = f"{plain(step.touchpoint)}, " if step.touchpoint != name else ""
    promise = f", promised within {duration(step.promise)}" if step.promise is not None else ""
    takes = _takes(step.service_time) if step.service_time is not None else lasting(touchpoint.service_time)
    first = f", priority {_whole(step.priority)}" if step.priority is not None else ""
    sentences = []
    for outcome, chosen in step.outcomes.items():
        on = [route for route in found if route.outcome == outcome and route.kind == "served"]
        back = [route for route in found if route.outcome == outcome and route.kind == "comes back"]
        they, which = _OUTCOMES.get(outcome, (f"come out as “{plain(outcome)}”", f"coming out as “{plain(outcome)}”"))
        if on:
            share = "all" if chosen.p == 1 else per_cent(chosen.p)
            sentences.append(_begun(f"{share} {they}{_leads(journey, name, on)}."))
        if back:
            lost = of_them(round(1 - chosen.holds, 6))
            helped = "helped" if outcome == RESOLVED else f"who {they}"
            sentences.append(f"For {lost} of those {helped} it does not hold{_leads(journey, name, back)}.")
        if chosen.good is not None:
            sentences.append(_begun(f"{which} is {_good(chosen)}."))
        if does := _effects(model, chosen):
            sentences.append(_begun(f"{which} {does}."))
    for outcome, who in _NOT_SERVED.items():
        on = [route for route in found if route.outcome == outcome and route.kind == "not served"]
        if on:
            sentences.append(f"{who}{_leads(journey, name, on)}.")
    for called, clock in step.while_open.items():
        again = f", and again {_every(clock.every)}" if clock.every is not None else ""
        does = _effects(model, clock) or "changes nothing"
        told = f"; that is {_good(clock)}" if clock.good is not None else ""
        which = f"{plain(called)}: a" if called else "A"
        sentences.append(f"{which} visit that is not over after {duration(clock.after)} {does}{again}{told}.")
    path = ("journeys", next(key for key, known in model.journeys.items() if known is journey), "steps", name)
    also = _also(model, step, *path)
    return Part(f"{plain(name)} ({place}{plain(touchpoint.channel)}, {takes}{promise}{first})", sentences + also)


def _begun(sentence: str) -> str:
    """A sentence with a capital."""
    return f"{sentence[:1].upper()}{sentence[1:]}"


def _leads(journey: Journey, here: str, on: Sequence[Route]) -> str:
    """Where an outcome leads: to one place, or with what shares to several."""
    total = sum(route.share for route in on) or 1.0
    if len(on) == 1 and not on[0].whom:
        link = {"not served": "", "comes back": ": they"}.get(on[0].kind, " and")
        return f"{link} {_goes(journey, here, on[0])}"
    if any(route.whom for route in on):  # shares of whom is left, so they are told as they stand
        meant = {route: f"of the {route.whom} " if route.whom else "" for route in on}
        return ": " + ", ".join(f"{of_them(r.share)} {of}{_goes(journey, here, r)}" for r, of in meant.items())
    return ": " + ", ".join(f"{of_them(route.share / total)} of them {_goes(journey, here, route)}" for route in on)


def _goes(journey: Journey, here: str, route: Route) -> str:
    mostly = f" ({route.mostly})" if route.mostly else ""
    after = f" {route.when}{mostly}" if route.after else ""
    if route.target == here:
        return f"{'come back' if route.kind == 'comes back' else 'try again'}{after}"
    if route.target in journey.steps:
        return f"go on to {plain(route.target)}{after}"
    if route.target == GIVE_UP:
        return f"give up{after}"
    good = journey.all_ends[route.target].good
    how = {True: "end well", False: "end badly", None: "are done"}[good]
    return f"{how} ({plain(route.target)}){after}"


# ---- changes and levers ----------------------------------------------------------------------------------------------


def _change(model: Model, name: str) -> Part:
    force, cost = assumed.when_in_force(model, name), assumed.own_cost(model, name)
    on = " Already on." if name in model.enact else ""
    who = model.changes[name].who
    on += f" A pilot: only for {whom(who)}." if who is not None else ""
    lines = [f"{_begun(force)}; it costs {cost}.{on}", *assumed.taken(model, name)]
    moved = assumed.settings(model, name)
    lines += [f"{_place(each.path)}: {_minus(each.old)} → {_minus(each.new)}" for each in moved if each.known]
    title = model.changes[name].title
    return Part(f"{plain(name)}: {title}" if title else plain(name), lines, brought(model, name))


def brought(model: Model, name: str) -> list[Part]:
    """What a change brings that is not there without it, in the words in which it would be told if it were."""
    new = [setting.path for setting in assumed.settings(model, name) if not setting.known]
    if not new:
        return []
    before, after = assumed.without(model, name), assumed.with_change(model, name)
    parts, others = [], [path for path in new if path.split(".")[0] not in _KINDS or "." not in path]
    for section, thing in dict.fromkeys(tuple(path.split(".")[:2]) for path in new if path not in others):
        kind, told = _KINDS[section]
        part = told(after, thing)
        if thing in getattr(before, section):
            old = told(before, thing)
            called = plain(thing) if part.title == old.title else part.title
            parts.append(_beyond(part, old, f"The {kind} {called} then:"))
        else:
            parts.append(Part(f"A new {kind}: {plain(thing)}", part.lines, part.parts))
    lines = [f"{_place(path)}: {assumed.written(get(after.raw, path))}" for path in others]
    return [*parts, *([Part("Also new:", lines)] if lines else [])]


def in_a_row(part: Part) -> str:
    """A part in one paragraph."""
    title = part.title if part.title.endswith(":") else f"{part.title}."
    return " ".join([title, *part.lines, *map(in_a_row, part.parts)])


def _beyond(part: Part, old: Part, title: str) -> Part:
    """What is told of something that was not told of it before."""
    known = {inner.title: inner for inner in old.parts}
    inner = [
        _beyond(each, known[each.title], each.title) if each.title in known else each
        for each in part.parts
        if each != known.get(each.title)
    ]
    return Part(title, [line for line in part.lines if line not in old.lines], inner)


def _minus(value: str) -> str:
    """A value with a real minus sign."""
    return f"−{value[1:]}" if value.startswith("-") else value


def _place(path: str) -> str:
    """Where a value stands in a scenario, in words, without those that only hold things together."""
    section, *keys = path.split(".")
    if section in _KINDS and keys:
        section = f"{_KINDS[section][0]} {keys.pop(0)}"
    return " › ".join(map(plain, [section, *(key for key in keys if key not in _HOLDING)]))


_HOLDING = ("steps", "outcomes", "next", "terms", "shifts", "outages", "value")

# What parts of a scenario are called, and how one of them is told.
_KINDS: dict[str, tuple[str, Callable[[Model, str], Part]]] = {
    "personas": ("persona", lambda model, name: _persona(model, name, model.personas[name])),
    "products": ("product", lambda model, name: _product(model, name, model.products[name])),
    "touchpoints": ("touchpoint", _touchpoint),
    "systems": ("system", lambda model, name: _system(name, model.systems[name])),
    "journeys": ("journey", lambda model, name: Part(plain(name), _journey(model, name), _steps(model, name))),
    "events": ("event", lambda model, name: _event(model, name, model.events[name])),
    "staff": ("pool", lambda model, name: _pool(model, name, model.staff[name])),
}


def _levers(model: Model) -> list[str]:
    lines = []
    for name, lever in model.levers.items():
        price = words.money(lever.price * MINUTES_PER_MONTH, model.currency)
        each = f", {price} a month for each" if lever.price else ""
        moved = f" (which sets {words.listed(lever.moves)})" if lever.moves else ""
        step = f" in steps of {lever.step}" if lever.step is not None and lever.step != 1 else ""
        lines.append(f"{name}{moved} can be chosen from {lever.low} to {lever.high}{step}{each}.")
    return lines
