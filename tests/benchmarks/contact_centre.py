"""The contact-centre journey: its parameters, in one place, and the scenario made of them.

Three personas come at random and go from touchpoint to touchpoint: two without staff (web, app), and four calls and
chats served by three pools at 90 % of what they could do before anybody gives up. Whoever gives up may try elsewhere.
Times in minutes.
"""

from typing import Any

ARRIVALS_PER_MINUTE = 2.5
SHARES = {"digital": 0.5, "phone": 0.3, "mixed": 0.2}
PATIENCE = {"digital": 4.0, "phone": 8.0, "mixed": 6.0}  # exponential, mean
TRIES_ELSEWHERE = {"digital": 0.60, "phone": 0.70, "mixed": 0.65}  # having given up

TOUCHPOINTS = ("web", "app", "sales call", "service call", "chat", "expert")
POOLS = {"sales call": "callers", "service call": "callers", "chat": "chatters", "expert": "experts"}
STAFF = {"callers": 20, "chatters": 30, "experts": 10}
# Mean, and standard deviation over mean of a lognormal; no second number: exponential.
SERVICE = {
    "web": (5.0, 0.8),
    "app": (3.0, 0.8),
    "sales call": (5.681, None),
    "service call": (6.817, 0.7),
    "chat": (16.559, None),
    "expert": (9.296, 0.6),
}

# Where a journey begins, in the order of the touchpoints.
BEGIN = {
    "digital": (0.50, 0.40, 0.02, 0.04, 0.04, 0.00),
    "phone": (0.15, 0.10, 0.35, 0.30, 0.10, 0.00),
    "mixed": (0.30, 0.25, 0.15, 0.15, 0.15, 0.00),
}
# Where it goes from each touchpoint (rows) once served; the last column leaves.
ONWARD = {
    "digital": (
        (0.18, 0.17, 0.04, 0.06, 0.22, 0.08, 0.25),
        (0.20, 0.15, 0.04, 0.06, 0.22, 0.08, 0.25),
        (0.16, 0.16, 0.05, 0.15, 0.10, 0.12, 0.26),
        (0.16, 0.16, 0.05, 0.12, 0.14, 0.12, 0.25),
        (0.18, 0.18, 0.05, 0.10, 0.12, 0.12, 0.25),
        (0.20, 0.18, 0.05, 0.10, 0.12, 0.07, 0.28),
    ),
    "phone": (
        (0.10, 0.08, 0.18, 0.20, 0.10, 0.09, 0.25),
        (0.08, 0.10, 0.18, 0.20, 0.10, 0.09, 0.25),
        (0.10, 0.08, 0.14, 0.22, 0.08, 0.12, 0.26),
        (0.10, 0.08, 0.10, 0.24, 0.10, 0.13, 0.25),
        (0.10, 0.08, 0.14, 0.24, 0.08, 0.11, 0.25),
        (0.12, 0.10, 0.12, 0.20, 0.10, 0.08, 0.28),
    ),
    "mixed": (
        (0.14, 0.14, 0.10, 0.12, 0.17, 0.08, 0.25),
        (0.14, 0.14, 0.10, 0.12, 0.17, 0.08, 0.25),
        (0.14, 0.12, 0.10, 0.16, 0.10, 0.12, 0.26),
        (0.14, 0.12, 0.08, 0.16, 0.13, 0.12, 0.25),
        (0.15, 0.14, 0.09, 0.14, 0.12, 0.11, 0.25),
        (0.16, 0.14, 0.09, 0.14, 0.12, 0.07, 0.28),
    ),
}
# Where those go who gave up and try elsewhere.
ELSEWHERE = {
    "sales call": {"web": 0.3, "app": 0.1, "chat": 0.6},
    "service call": {"web": 0.3, "app": 0.1, "chat": 0.6},
    "chat": {"web": 0.2, "app": 0.2, "service call": 0.6},
    "expert": {"service call": 0.6, "chat": 0.4},
}


def scenario(minutes: float, *, feelings: bool = True) -> dict[str, Any]:
    """The contact centre as a Desirepath scenario that lasts so many minutes.

    Routing belongs to a journey and not to a persona, so each persona has a journey of its own; together they arrive as
    one stream does that is split by chance. Satisfaction and churn are Desirepath's own, and there with `feelings`:
    whoever reached the end of a journey is a customer from then on, and decides every week whether to stay. Without
    them they go for good at the end of their journey, as they do in the other programs.
    """
    return {
        "clock": {"start": "2025-01-06", "horizon": f"{minutes} min"},
        "personas": {persona: _persona(persona, feelings=feelings) for persona in SHARES},
        "touchpoints": {place: _touchpoint(place) for place in TOUCHPOINTS},
        "journeys": {f"{persona} journey": _journey(persona, feelings=feelings) for persona in SHARES},
        "staff": {
            pool: {"shifts": {"always": {"days": "all", "from": "00:00", "to": "24:00", "headcount": people}}}
            for pool, people in STAFF.items()
        },
    }


def _persona(persona: str, *, feelings: bool) -> dict[str, Any]:
    queueing = {
        "share": SHARES[persona],
        "start": _positive(BEGIN[persona]),
        "patience": {place: {"kind": "exponential", "mean": f"{PATIENCE[persona]} min"} for place in POOLS},
    }
    felt = {
        "satisfaction": {
            "memory": 0.25,
            "recovery": "0.03 / day",
            "peak": 0.3,
            "end": 0.4,
            "wait": {"tolerance": "1 min", "per_minute": -0.2},
            "abandoned": -1.5,
            "handoff": -0.2,
            "repeat": -0.3,
            "loss_aversion": 1.5,
        },
        "churn": {"base": "0.01 / week", "slope": 0.5},
    }
    return queueing | (felt if feelings else {})


def _touchpoint(place: str) -> dict[str, Any]:
    mean, cv = SERVICE[place]
    law = {"kind": "exponential"} if cv is None else {"kind": "lognormal", "cv": cv}
    staff = {"staff": POOLS[place]} if place in POOLS else {}
    return {"channel": place, "service_time": law | {"mean": f"{mean} min"}, **staff}


def _journey(persona: str, *, feelings: bool) -> dict[str, Any]:
    steps = {}
    for place, onward in zip(TOUCHPOINTS, ONWARD[persona], strict=True):
        routes = {"served": _positive(onward[:-1]) | {"done": onward[-1]}}
        if place in ELSEWHERE:
            again = TRIES_ELSEWHERE[persona]
            routes["abandoned"] = {to: again * p for to, p in ELSEWHERE[place].items()} | {"give_up": 1 - again}
        steps[place] = {"touchpoint": place, "outcomes": {"served": 1}, "next": routes}
    return {
        "when": {"arrival": f"{SHARES[persona] * ARRIVALS_PER_MINUTE} / min"},
        "who": {"persona": persona},
        "start": {place: place for place in _positive(BEGIN[persona])},
        "steps": steps,
        "ends": {"done": {"good": True} | ({"stage": "customer"} if feelings else {})},
    }


def _positive(weights: tuple[float, ...]) -> dict[str, float]:
    return {place: weight for place, weight in zip(TOUCHPOINTS, weights, strict=True) if weight > 0}
