"""A scenario in plain words: who the customers are, where they meet the company, what happens step by step."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios import assumed, checked, words
from scenarios.maps import journey_map, routes
from scenarios.pages import render
from scenarios.words import duration, lasting, listed, of_them, per_cent, plain
from sim import units
from sim.model import ABANDONED, BLOCKED, CLOSED, DEFAULT_PROFILE, GIVE_UP, LEFT, RESOLVED
from sim.units import MINUTES_PER_DAY, MINUTES_PER_MONTH, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.maps import Route
    from sim.model import Journey, Model, Persona, Pool, Step, When
    from sim.timetable import Profile, Shift

_COLUMNS = 96
_OUTCOMES = {RESOLVED: "are helped", "unresolved": "are not helped"}
_NOT_SERVED = {
    ABANDONED: "Those who lose patience waiting",
    CLOSED: "Those who find it closed",
    BLOCKED: "Those who find every line taken",
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
        Section("Customers", _population(model), personas),
        Section("Touchpoints", [], [_touchpoint(model, name) for name in model.touchpoints]),
        Section("Journeys", [], journeys),
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
    return [section for section in sections if section.lines or section.parts]


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
    for name, profile in model.profiles.items():
        which = "" if name == DEFAULT_PROFILE else f" ({plain(name)})"
        lines.append(f"Demand over the week{which}: {_week(profile)}.")
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


def _population(model: Model) -> list[str]:
    joins = model.population.joins.rate
    more = f"; {_per_time(joins, 'join')}" if joins else "; nobody joins"
    return [f"{model.population.customers:,} at the start{more}."]


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
        rates = {need: rate.rate for need, rate in persona.needs.items() if rate.rate}
        needs = [f"{plain(need)} about {_every(1 / rate)}" for need, rate in rates.items()]
        differ = (
            f"; some need more than others, by about {per_cent(persona.needs_differ)}" if persona.needs_differ else ""
        )
        lines.append(f"Needs: {listed(needs)}{differ}.")
    if persona.start:
        total = sum(persona.start.values()) or 1.0
        lines.append(f"Starts in {listed(f'{plain(c)} {per_cent(w / total)}' for c, w in persona.start.items())}.")
    if persona.patience:
        half = [f"{plain(where)} within {duration(law.quantile(0.5))}" for where, law in persona.patience.items()]
        lines.append(f"Patience: half give up waiting in {listed(half)}; elsewhere they wait for ever.")
    lines += [_feelings(persona), _experience(persona), _leaving(persona), *_speaking(persona)]
    lines += _survey(persona)
    if persona.value.revenue:
        revenue = words.money(persona.value.revenue * MINUTES_PER_MONTH, model.currency)
        lines.append(f"Brings {revenue} a month while a customer.")
    if persona.products:
        lines.append(f"Has {listed(f'{plain(p)} ({per_cent(share)})' for p, share in persona.products.items())}.")
    return Part(f"{plain(name)}, {per_cent(persona.share)} of customers", [line for line in lines if line])


def _feelings(persona: Persona) -> str:
    """What moves the mood of a journey."""
    feelings = persona.satisfaction
    moves = {
        "being helped": feelings.resolved, "not being helped": feelings.unresolved,
        "losing patience": feelings.abandoned,
        "finding it closed": feelings.closed, "finding every line taken": feelings.blocked,
        "being passed on": feelings.handoff, "the same again": feelings.repeat,
        "a solution that did not hold": feelings.reopened,
    }  # fmt: skip
    said = [f"{what} {_signed(move)}" for what, move in moves.items() if move]
    wait = feelings.wait
    if wait.per_minute:
        most = f"for {duration(wait.cap)} at most"
        said.append(f"each minute of waiting beyond {duration(wait.tolerance)} {_signed(wait.per_minute)} ({most})")
    late = feelings.late
    if late.per_minute:
        said.append(f"each hour beyond what was promised {_signed(60 * late.per_minute)}")
    if not said:
        return ""
    weigh = f"; what is bad weighs {feelings.loss_aversion:g} times" if feelings.loss_aversion > 1 else ""
    return f"Mood, of 10 points: {listed(said)}{weigh}."


def _signed(number: float) -> str:
    return f"{number:+g}".replace("-", "−")


def _experience(persona: Persona) -> str:
    """How experiences move satisfaction."""
    feelings = persona.satisfaction
    terms = "".join(f", {plain(name)} {_signed(value)}" for name, value in feelings.terms.items() if value)
    said = [f"Satisfaction rests at {feelings.level:g} of 10{f' ({feelings.rest:g}{terms})' if terms else ''}"]
    if feelings.memory:
        mean = 1 - feelings.peak - feelings.end
        weights = {"its worst moment": feelings.peak, "its end": feelings.end, "its mean": mean}
        made = listed(f"{per_cent(weight)} {what}" for what, weight in weights.items() if weight > 1e-9)
        said.append(f"moves {per_cent(feelings.memory)} of the way to each experience (which is {made})")
    if feelings.recovery:
        share = 1 - math.exp(-feelings.recovery * MINUTES_PER_DAY)
        said.append(f"returns by {_about(share)} a day")
    return f"{listed(said)}."


def _leaving(persona: Persona) -> str:
    churn, contract = persona.churn, persona.contract
    term = f"In a contract of {duration(contract.term)}. " if contract is not None else ""
    if churn is None:
        return f"{term}Never leaves."
    base = 1 - math.exp(-churn.base * MINUTES_PER_MONTH * math.exp(churn.total))
    slope = f"; a point less satisfied, {math.exp(churn.slope):.2g} times as many" if churn.slope else ""
    reviews = _every(churn.every)
    if contract is not None:
        reviews = f"{duration(contract.notice)} before each end of it" if contract.notice else "at each end of it"
    return f"{term}Thinks about leaving {reviews}: at rest {_about(base)} leave in a month{slope}."


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
        more = f"; a point less satisfied, {math.exp(slope):.2g} times as many" if slope else ""
        lines.append(f"Keeps about {_per_time(referral.deters.rate, 'others')} away from it at rest{more}.")
    return lines


def _survey(persona: Persona) -> list[str]:
    survey = persona.survey
    if survey is None:
        return []
    answers = {x: _answering(survey.respond.level, survey.respond.better, survey.respond.extreme, x) for x in (2, 5, 9)}
    said = listed(f"{per_cent(round(share, 2))} at {x} of 10" for x, share in answers.items())
    return [f"Surveyed after {of_them(survey.ask)} of the journeys; who answers: {said}."]


def _answering(level: float, better: float, extreme: float, x: float) -> float:
    return 1 / (1 + math.exp(-(level + better * (x - 5) + extreme * abs(x - 5))))


# ---- touchpoints and staff -------------------------------------------------------------------------------------------


def _touchpoint(model: Model, name: str) -> Part:
    touchpoint = model.touchpoints[name]
    cost = f" and costs {words.money(touchpoint.cost, model.currency)} a contact" if touchpoint.cost else ""
    lines = [f"{plain(touchpoint.channel)}; a service takes {lasting(touchpoint.service_time)}{cost}."]
    if touchpoint.staff:
        pools = [
            plain(pool) if not delay else f"{plain(pool)} (for those who have waited {duration(delay)})"
            for pool, delay in touchpoint.staff.items()
        ]
        lines.append(f"Served by {listed(pools)}, {assumed.say_hours(assumed.opening(model, name))}.")
        channel = model.channels.get(touchpoint.channel)
        if channel is not None and channel.lines is not None:
            lines.append(f"{channel.lines} lines in {plain(touchpoint.channel)}; who finds them taken is turned away.")
    else:
        lines.append("Self-service: nobody waits.")
    return Part(plain(name), lines)


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


def _pool(model: Model, name: str, pool: Pool) -> Part:
    lines = []
    for shift_name, shift in pool.shifts.items():
        people = "1 person" if shift.headcount == 1 else f"{shift.headcount} people"
        manned = shift.model_copy(update={"headcount": max(shift.headcount, 1)})
        lines.append(f"{plain(shift_name)}: {assumed.say_hours([manned])}, {people}.")
    wage = words.money(pool.wage * 60, model.currency)
    hours = _weekly_hours(pool)
    pay = words.amount(hours * pool.wage * 60, "money", model.currency)
    overtime = f" (overtime {pool.overtime:g} times that)" if pool.overtime != 1 else ""
    lines.append(f"{hours:,.0f} hours on duty a week at {wage} an hour{overtime}: {pay}.")
    if pool.skills is not None:
        lines.append(f"Can serve {listed(plain(skill) for skill in pool.skills)}.")
    department = f", {plain(pool.department)}" if pool.department is not None and pool.department != name else ""
    return Part(f"{plain(name)}{department}", lines)


# ---- journeys --------------------------------------------------------------------------------------------------------


def _journey(model: Model, name: str) -> list[str]:
    """What opens a journey, where it starts, and what its ends open."""
    journey = model.journeys[name]
    found = routes(model, name)
    starts = [
        f"in {plain(route.outcome)} with {plain(route.target)}"
        + (f" ({per_cent(round(route.overall, 2))})" if route.overall is not None and len(journey.start) > 1 else "")
        for route in found
        if route.step is None
    ]
    lines = [f"{_opens(journey.when)}{_who(journey)}. It starts {listed(starts, 'or')}.", *_difficulty(journey)]
    for end, ending in journey.all_ends.items():
        if ending.stays:
            lines.append(f"When it ends as {plain(end)} a notice is withdrawn.")
        if ending.opens:
            opened = listed(f"{plain(other)} ({per_cent(p)})" for other, p in ending.opens.items())
            lines.append(f"When it ends as {plain(end)} it opens {opened}.")
    return lines


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
        return f"Opens when somebody new arrives ({_per_time(when.arrival.rate)})"
    if when.joining is not None:
        return f"Opens {lasting(when.joining)} after somebody joins"
    if when.after is not None:
        after = when.after
        how = f" as {listed((plain(end) for end in after.end), 'or')}" if after.end is not None else ""
        delay = f", {lasting(after.delay)} later" if after.delay is not None else ""
        share = f" for {of_them(after.p)}" if after.p < 1 else ""
        return f"Opens{share} when {plain(after.journey)} has ended{how}{delay}"
    if when.entering is not None:
        entering = when.entering
        what = "leaves" if entering.stage == LEFT else f"becomes {plain(entering.stage)}"
        delay = f", {lasting(entering.delay)} later" if entering.delay is not None else ""
        share = f" for {of_them(entering.p)}" if entering.p < 1 else ""
        return f"Opens{share} when somebody {what}{delay}"
    if when.notice is not None:
        return f"Opens {lasting(when.notice)} after somebody has given notice, if it still stands"
    if when.renewal is not None:
        return f"Opens {duration(when.renewal.before)} before each end of a contract's term"
    if when.every is not None:
        return f"Opens {_every(when.every)}"
    return f"Opens on {words.date(when.on)}"


def _who(journey: Journey) -> str:
    """For whom a journey is."""
    who = journey.who
    conditions = [
        f"{what} {listed((plain(name) for name in names), 'or')}"
        for what, names in (("persona", who.persona), ("stage", who.stage), ("product", who.product))
        if names is not None
    ]
    conditions += [f"{plain(trait)} {listed(map(plain, values), 'or')}" for trait, values in who.trait.items()]
    if who.share < 1:
        conditions.append(f"{of_them(who.share)} of them, drawn by lot")
    return f", only for {listed(conditions)}" if conditions else ""


def _difficulty(journey: Journey) -> list[str]:
    """What it means that some issues are harder than others."""
    hard = journey.difficulty
    if not hard.matters:
        return []
    said = [f"takes {per_cent(math.exp(hard.time) - 1)} longer"] if hard.time > 0 else []
    said += [f"is {plain(name)} {math.exp(tilt):.2g} times as likely" for name, tilt in hard.tilts.items() if tilt]
    return [f"Some issues are harder than others: one harder than 5 of 6 {listed(said)} (shares then made to add up)."]


def _step(model: Model, journey: Journey, name: str, step: Step, found: Sequence[Route]) -> Part:
    """One step in sentences: how visits end, and where that leads."""
    touchpoint = model.touchpoints[step.touchpoint]
    place = f"{plain(step.touchpoint)}, " if step.touchpoint != name else ""
    promise = f", promised within {duration(step.promise)}" if step.promise is not None else ""
    takes = lasting(step.service_time or touchpoint.service_time)
    sentences = []
    for outcome, chosen in step.outcomes.items():
        on = [route for route in found if route.outcome == outcome and route.kind == "served"]
        back = [route for route in found if route.outcome == outcome and route.kind == "comes back"]
        what = _OUTCOMES.get(outcome, f"end as {plain(outcome)}")
        if on:
            sentences.append(f"{per_cent(chosen.p)} {what}{_leads(journey, name, on)}.")
        if back:
            lost = of_them(round(1 - chosen.holds, 6))
            sentences.append(f"For {lost} of those {plain(outcome)} it does not hold{_leads(journey, name, back)}.")
    for outcome, who in _NOT_SERVED.items():
        on = [route for route in found if route.outcome == outcome and route.kind == "not served"]
        if on:
            sentences.append(f"{who}{_leads(journey, name, on)}.")
    return Part(f"{plain(name)} ({place}{plain(touchpoint.channel)}, {takes}{promise})", sentences)


def _leads(journey: Journey, here: str, on: Sequence[Route]) -> str:
    """Where an outcome leads: to one place, or with what shares to several."""
    total = sum(route.share for route in on) or 1.0
    if len(on) == 1:
        link = {"not served": "", "comes back": ": they"}.get(on[0].kind, " and")
        return f"{link} {_goes(journey, here, on[0])}"
    return ": " + ", ".join(f"{of_them(route.share / total)} of them {_goes(journey, here, route)}" for route in on)


def _goes(journey: Journey, here: str, route: Route) -> str:
    after = f" after {route.after}" if route.after else ""
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
    lines = [f"{force[:1].upper()}{force[1:]}; it costs {cost}.{on}"]
    lines += [f"{setting.path}: {setting.old} → {setting.new}" for setting in assumed.settings(model, name)]
    title = model.changes[name].title
    return Part(f"{plain(name)}: {title}" if title else plain(name), lines)


def _levers(model: Model) -> list[str]:
    lines = []
    for name, lever in model.levers.items():
        price = words.money(lever.price * MINUTES_PER_MONTH, model.currency)
        each = f", {price} a month for each" if lever.price else ""
        moved = f" (which sets {words.listed(lever.moves)})" if lever.moves else ""
        lines.append(f"{name}{moved} can be chosen from {lever.low} to {lever.high}{each}.")
    return lines
