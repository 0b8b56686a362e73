"""Logs to scenario: every estimate put in its place, with where it came from and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from calibration import arrivals, churn, durations, patience, routing, satisfaction, staff
from calibration.estimate import Estimate
from sim import units
from sim.model import GIVE_UP
from sim.read import build

if TYPE_CHECKING:
    from calibration.log import Log
    from calibration.sources import Sources
    from calibration.timeline import Timeline

FLAT = {"hours": {"mon-sun": {"00:00": 1}}}


@dataclass(frozen=True)
class Calibrated:
    """A scenario and what it rests on.

    Attributes
    ----------
    raw
        The scenario as plain data.
    estimates
        Every estimate, in the order of the scenario.
    """

    raw: dict[str, Any]
    estimates: list[Estimate]


def calibrate(log: Log, sources: Sources, timeline: Timeline, *, warmup: str, measured: str) -> Calibrated:
    """Estimate everything that a timeline shows and put it into a scenario.

    Parameters
    ----------
    log, sources
        The mapping, and the tables as read; only their roster is used here.
    timeline
        The part of the log to learn from.
    warmup, measured
        Of the scenario that is written: its horizon is both together.

    Raises
    ------
    ScenarioError
        If what comes out is not a scenario, which would be a fault of ours.
    """
    staffing = staff.fit(timeline, sources, log.currency)
    demand = arrivals.fit(timeline, staffing.hours, log.kind)
    services = durations.fit(timeline, staffing.hours)
    waits = patience.fit(timeline)
    graph = routing.fit(timeline, staffing.hours, demand.closed, demand.settled)
    feelings = satisfaction.fit(timeline)
    leaving = churn.fit(timeline, feelings) if log.kind == "customers" else []
    estimates = [*demand.estimates, *services.estimates, *waits.estimates, *graph.estimates, *staffing.estimates]
    estimates += [*feelings.estimates, *leaving]
    population, more = _population(timeline, log.kind)
    estimates += more
    last = timeline.start + timedelta(minutes=timeline.end) - timedelta(days=1)
    start = last + timedelta(days=7 - last.weekday())
    horizon = units.duration(warmup) + units.duration(measured)
    raw: dict[str, Any] = {
        "title": log.company or "A calibrated company",
        "about": f"Calibrated on contacts from {timeline.start:%Y-%m-%d} to {last:%Y-%m-%d}.",
        "clock": {
            "start": f"{start:%Y-%m-%d}", "horizon": units.say_duration(horizon), "warmup": warmup,
            "run": "steady" if units.duration(warmup) else "calibrated",
        },  # fmt: skip
        "currency": log.currency,
        "population": population,
        "personas": _personas(timeline, demand, waits, graph, feelings),
        "touchpoints": _touchpoints(timeline, demand, services, staffing),
        "journeys": _journeys(demand, services, graph, feelings, log.kind),
        "staff": staffing.pools,
        "profiles": demand.profiles | {"flat": FLAT},
    }
    for estimate in leaving:
        _put_churn(raw, estimate)
    doubts = {estimate.path: estimate.law for estimate in estimates if estimate.law is not None}
    raw["uncertain"] = {path: law for path, law in doubts.items() if _exists(raw, path)}
    raw["data"] = dict(sources.digests)
    raw["estimates"] = {estimate.path: estimate.origin for estimate in estimates}
    build(raw, what="calibrated scenario")
    return Calibrated(raw, estimates)


def _population(timeline: Timeline, kind: str) -> tuple[dict[str, Any], list[Estimate]]:
    """Customers there at the end of the log, and how many join a week."""
    if kind == "cases":
        return {"customers": 0}, []
    there = timeline.there(timeline.end).height
    joined = timeline.customers.filter(pl.col("joined").is_between(0, timeline.end, closed="right")).height
    often = joined / timeline.weeks
    source = "customer records" if timeline.known_customers else "customers seen in contacts"
    note = "" if timeline.known_customers else "those who never made contact are not known"
    value = f"{often:.4g} / week"
    estimates = [
        Estimate("population.customers", "", source, there, note=note),
        Estimate(
            "population.joins.rate",
            value,
            source,
            joined,
            float(np.sqrt(joined)) / timeline.weeks,
            uncertain=joined > 0,
            low=0.0,
        ),
    ]
    return {"customers": there, "joins": {"rate": value, "profile": "flat"}}, estimates


def _personas(
    timeline: Timeline,
    demand: arrivals.Demand,
    waits: patience.Patience,
    graph: routing.Routing,
    feelings: satisfaction.Feelings,
) -> dict[str, Any]:
    offered = {channel for start in graph.start.values() for channel in start}
    number = dict.fromkeys(timeline.personas, 0)
    number |= dict(timeline.there(timeline.end)["persona"].value_counts().iter_rows())
    total = max(sum(number.values()), 1)
    personas: dict[str, Any] = {}
    for name in timeline.personas:
        share = round(number[name] / total, 4)
        entry: dict[str, Any] = {"share": share}
        if demand.needs.get(name):
            entry["needs"] = demand.needs[name]
            entry["needs_differ"] = demand.differ[name]
        starts = {goal: _only(shares, offered) for goal, shares in demand.starts.get(name, {}).items()}
        entry["start"] = starts.pop("", {})
        if starts:
            entry["starts"] = starts
        if waits.by_persona.get(name):
            entry["patience"] = waits.by_persona[name]
        entry |= feelings.by_persona[name]
        personas[name] = {key: value for key, value in entry.items() if value not in ({}, 0.0) or key == "share"}
    rest = sum(personas[name]["share"] for name in timeline.personas[1:])
    personas[timeline.personas[0]]["share"] = round(1 - rest, 4)
    return personas


def _only(shares: dict[str, float], offered: set[str]) -> dict[str, float]:
    """Weights of the channels in which some journey starts."""
    return {channel: share for channel, share in shares.items() if channel in offered}


def _touchpoints(
    timeline: Timeline, demand: arrivals.Demand, services: durations.Durations, staffing: staff.Staffing
) -> dict[str, Any]:
    touchpoints: dict[str, Any] = {}
    for name in timeline.contacts["touchpoint"].unique(maintain_order=True):
        rows = timeline.contacts.filter(pl.col("touchpoint") == name)
        entry: dict[str, Any] = {"channel": rows["channel"].value_counts(sort=True)["channel"][0]}
        if name in timeline.staffed:
            entry["staff"] = dict.fromkeys(staffing.serving[name], "0 min")
        entry["service_time"] = services.by_touchpoint[name]
        if name in timeline.staffed:
            entry["when_closed"] = demand.closed[name]
        touchpoints[name] = entry
    return touchpoints


def _journeys(
    demand: arrivals.Demand,
    services: durations.Durations,
    graph: routing.Routing,
    feelings: satisfaction.Feelings,
    kind: str,
) -> dict[str, Any]:
    journeys: dict[str, Any] = {}
    for goal, steps in graph.steps.items():
        own = {
            name: step | ({"service_time": services.by_step[goal, name]} if (goal, name) in services.by_step else {})
            for name, step in steps.items()
        }
        when = {"need": goal} if kind == "customers" else {"arrival": {"rate": demand.arrivals[goal]}}
        journeys[goal] = {"when": when, "start": graph.start[goal], "steps": own}
        if feelings.give_up:
            journeys[goal]["ends"] = {GIVE_UP: {"good": False, "mood": feelings.give_up}}
    return journeys


def _put_churn(raw: dict[str, Any], estimate: Estimate) -> None:
    """Put one estimate of churn under its persona."""
    head, persona, part, field = estimate.path.split(".")
    entry = raw[head].setdefault(persona, {}).setdefault(part, {"every": "1 week"})
    entry[field] = estimate.value


def _exists(raw: dict[str, Any], path: str) -> bool:
    here: Any = raw
    for key in path.split("."):
        if not isinstance(here, dict) or key not in here:
            return path.endswith(".rate") and isinstance(here, str)
        here = here[key]
    return True
