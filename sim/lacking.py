"""What belongs in a field that has to be there and is not: in words, and with an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MISSING = "is missing"

# For each field that has to be stated, what belongs in it and how that is written; a class before a point sets apart
# what bears one name in several.
BELONGS: dict[str, tuple[str, str]] = {
    "clock": ("the time that is simulated", "{start: 2025-01-06, horizon: 12 weeks}"),
    "Clock.start": ("the date on which the simulated time begins", "2025-01-06"),
    "horizon": ("how long the simulated time is, warm-up included", "12 weeks"),
    "personas": ("kinds of customers by name, whose shares add up to 1", "{caller: {share: 1}}"),
    "Persona.share": ("the share of customers who are of this kind, from 0 to 1", "0.6"),
    "base": ("how often somebody leaves who feels as they usually do", "0.02 / month"),
    "term": ("how long a contract runs", "12 months"),
    "learns": ("how fast a liking follows what was lived through, from 0 to 1", "0.3"),
    "strength": ("how much a liking counts, from 0 to 5", "0.5"),
    "Referral.journey": ("the journey with which those who are brought begin", "sign_up"),
    "rate": ("how often", "0.1 / week"),
    "Deters.rate": ("how often somebody keeps others away", "0.1 / year"),
    "touchpoints": (
        "places of contact by name",
        "{hotline: {channel: phone, staff: agents, service_time: 5 min}}",
    ),
    "channel": ("the channel in which it is", "phone"),
    "service_time": ("how long a service takes", "{kind: lognormal, mean: 5 min, cv: 0.8}"),
    "Urgent.after": ("how long somebody has waited then", "10 min"),
    "Urgent.priority": ("the priority that counts then, of which the lowest goes first", "-1"),
    "Callback.after": ("after how long a wait it is offered", "5 min"),
    "accept": ("the share of those asked who accept, from 0 to 1", "0.6"),
    "lasts": ("how long an outage lasts", "2 h"),
    "journeys": (
        "what customers do, by name",
        "{question: {when: {need: question}, start: {phone: call}, steps: {…}}}",
    ),
    "when": ("what starts the journey", "{need: question}"),
    "After.journey": ("the journey that it follows", "complaint"),
    "stage": ("the stage that somebody enters", "customer"),
    "before": ("how long before the end of a term", "6 weeks"),
    "Journey.start": ("the step in which it starts, for each channel", "{phone: call}"),
    "step": ("the step in which it starts", "call"),
    "steps": ("the steps of the journey by name", "{call: {touchpoint: hotline, outcomes: {resolved: 1}}}"),
    "touchpoint": ("the touchpoint where it happens", "hotline"),
    "outcomes": (
        "how a visit may come out, with probabilities that add up to 1",
        "{resolved: 0.8, unresolved: 0.2}",
    ),
    "p": ("its probability, from 0 to 1", "0.8"),
    "Target.p": ("the probability of this way on, from 0 to 1", "0.4"),
    "Opening.p": ("the probability with which it opens, from 0 to 1", "0.4"),
    "after": ("after how long", "48 h"),
    "system": ("the system whose outages are meant", "crm"),
    "days": ("days of the week", "mon-fri"),
    "from": ("when it begins", '"08:00"'),
    "to": ("when it ends", '"18:00"'),
    "headcount": ("how many people are on duty, a whole number", "2"),
    "Break.share": ("the share of those on duty who are away, from 0 to 1", "0.25"),
    "Taken.share": ("the share of those on duty whom it takes, from 0 to 1", "0.1"),
    "per_contact": ("what a contact that is served costs", "4.20 EUR"),
    "within": ("in how long a contact is to be answered", "30 s"),
    "Promise.share": ("the share of contacts that are to be answered in time, from 0 to 1", "0.8"),
    "above": ("the occupancy beyond which strain builds up, from 0 to 1", "0.85"),
    "memory": ("how long it takes to build up and to fade", "3 weeks"),
    "Quits.rate": ("how often one of the people leaves", "0.2 / year"),
    "hiring": ("how long until a place is filled", "6 weeks"),
    "hours": ("the level of demand by days and times of day", '{mon-fri: {"08:00": 1, "18:00": 0}}'),
    "set": ("what it changes, by dotted path", "{staff.agents.shifts.day.headcount: 3}"),
    "Lever.low": ("the lowest value worth a look", "1"),
    "Lever.high": ("the highest value worth a look", "4"),
    "source": ("where the value came from", "the log of 2024"),
    "against": ("what it was checked against", "the log's last 4 weeks"),
    "mean": ("the mean", "5 min"),
    "cv": ("the standard deviation divided by the mean, more than 0", "0.8"),
    "median": ("the median", "5 min"),
    "shape": ("the shape, more than 0", "1.5"),
    "value": ("how long it always is", "5 min"),
    "Uniform.low": ("the shortest", "2 min"),
    "Uniform.high": ("the longest", "9 min"),
    "quantiles": ("durations by the share that is shorter", "{0: 0.2 min, 0.5: 4 min, 1: 45 min}"),
    "rates": ("hazards by when each begins", "{0 min: 0.2 / min, 1 min: 0.05 / min}"),
    "parts": (
        "several laws by name, with probabilities that add up to 1",
        "{quick: {p: 0.4, law: 1 min}, slow: {p: 0.6, law: 9 min}}",
    ),
    "Part.p": ("the probability of this law, from 0 to 1", "0.4"),
    "law": ("how long it is then", "{kind: exponential, mean: 5 min}"),
    "contacts": ("the files of contacts", "{files: contacts.csv}"),
    "files": ("a file, or a list of several", "contacts.csv"),
}


def is_missing(message: str) -> bool:
    """Whether a message says that something is not there."""
    return message.startswith(MISSING)


def missing(field: str, kinds: Iterable[object], currency: object = "EUR") -> str:
    """Say of a field that it is missing, and what belongs in it where one of some classes is."""
    names = [f"{getattr(kind, '__name__', '')}.{field}" for kind in kinds]
    belongs = next((BELONGS[name] for name in (*names, field) if name in BELONGS), None)
    if belongs is None:
        return MISSING
    what, example = belongs
    return f"{MISSING}; write {what}, such as {field}: {example.replace('EUR', str(currency))}"
