"""One scenario that uses every word of the language at once: for tests that need something to disturb."""

EVERYTHING = {
    "title": "everything at once",
    "clock": {
        "start": "2025-01-06",
        "horizon": "4 weeks",
        "warmup": "1 week",
        "run": "steady",
        "holidays": {"inventory": "2025-01-16", "election": "2025-01-27"},
    },
    "population": {"customers": 120, "joins": {"rate": "30 / week"}},
    "products": {"router": {"about": "Comes with the first repair.", "revenue": "4 EUR / month"}},
    "traits": {"region": {"seen": {"p": 0.7, "after": {"kind": "exponential", "mean": "2 days"}}}},
    "personas": {
        "caller": {
            "share": 0.5,
            "needs": {"billing": "0.8 / week", "fault": "0.5 / week"},
            "start": {"phone": 0.7, "web": 0.3},
            "starts": {"fault": {"phone": 1}},
            "taste": {"learns": 0.3, "strength": 0.5},
            "patience": {"phone": {"kind": "loglogistic", "median": "6 min", "shape": 1.6}},
            "satisfaction": {
                "rest": 6.8,
                "terms": {"price": 0.2, "router": {"value": 0.4, "who": {"product": "router"}}},
                "adapts": 0.05,
                "memory": 0.4,
                "recovery": "0.035 / day",
                "peak": 0.3,
                "end": 0.4,
                "wait": {"tolerance": "1 min", "per_minute": -0.1, "cap": "30 min"},
                "late": {"tolerance": "1 h", "per_minute": -0.001, "cap": "2 days"},
                "abandoned": -1.1,
                "closed": -0.3,
                "blocked": -0.5,
                "missed": -0.4,
                "down": -0.4,
                "handoff": -0.35,
                "repeat": -0.3,
                "resolved": 0.55,
                "unresolved": -1.3,
                "loss_aversion": 1.5,
            },
            "churn": {
                "base": "0.02 / week",
                "slope": 0.55,
                "terms": {"gap": 0.1, "tenure": {"per_year": -2, "up_to": "3 weeks"}},
                "every": "1 week",
            },
            "survey": {"ask": 0.8, "respond": {"level": 0.2, "better": 0.2, "extreme": 0.1}, "noise": 1.0},
            "referral": {
                "journey": "buy",
                "rate": "0.05 / week",
                "slope": 0.4,
                "deters": {"rate": "0.03 / week", "slope": 0.3},
            },
            "value": {"revenue": "31 EUR / month"},
            "traits": {"region": {"north": 0.7, "south": 0.3}},
            "products": {"mobile": 0.6, "tv": 0.2},
        },
        "clicker": {
            "share": 0.5,
            "needs": {"billing": {"rate": "0.6 / week", "profile": "flat"}},
            "start": {"web": 0.9, "phone": 0.1},
            "patience": {"phone": {"kind": "exponential", "mean": "3 min"}, "tier2": "4 min"},
            "priority": 1,
            "churn": {"base": "0.2 / week"},
            "contract": {"term": "8 days", "notice": "2 days"},
            "survey": {"ask": 0.5, "of": "satisfaction", "noise": 0.5},
            "value": {"revenue": "20 EUR / month"},
        },
    },
    "touchpoints": {
        "faq": {"channel": "web", "service_time": {"kind": "gamma", "mean": "6 min", "cv": 0.8}, "cost": "0.05 EUR"},
        "hotline": {
            "channel": "phone",
            "staff": {"tier1": "0 min", "tier2": "3 min", "partner": "1 min"},
            "service_time": {"kind": "lognormal", "mean": "14 min", "cv": 0.9},
            "cost": "0.35 EUR",
            "when_closed": {"later": 0.7, "give_up": 0.3},
            "urgent": {"after": "5 min", "priority": -2},
            "system": "crm",
            "when_down": {"later": {"p": 1, "after": "10 min"}},
            "callback": {"after": "3 min", "accept": 0.5, "reached": 0.8},
        },
        "tier2": {
            "channel": "phone",
            "staff": "tier2",
            "service_time": {"kind": "weibull", "median": "12 min", "shape": 1.3},
            "when_closed": {"later": {"p": 1, "after": "20 min"}},
        },
        "parcel": {"channel": "post", "service_time": {"kind": "uniform", "low": "1 day", "high": "4 days"}},
        "office": {"channel": "post", "attended": False, "staff": "tier2", "service_time": "25 min"},
        "form": {
            "channel": "web",
            "service_time": {"kind": "empirical", "quantiles": {0: "0.2 min", 0.5: "4 min", 1: "45 min"}},
        },
    },
    "channels": {"phone": {"lines": 3}},
    "systems": {
        "crm": {
            "capacity": 2,
            "outages": {
                "update": {"on": "2025-01-15 12:00", "lasts": "2 h"},
                "failure": {"rate": "1 / week", "lasts": {"kind": "exponential", "mean": "90 min"}},
            },
        }
    },
    "journeys": {
        "billing": {
            "when": {"need": "billing"},
            "start": {"web": "ask", "phone": {"step": "call", "who": {"persona": "caller"}}},
            "difficulty": {"time": 0.2, "resolved": -0.6},
            "steps": {
                "ask": {
                    "touchpoint": "faq",
                    "outcomes": {"resolved": 0.5, "unresolved": 0.5},
                    "next": {
                        "unresolved": {
                            "call": {"p": 0.8, "after": {"kind": "exponential", "mean": "8 min"}},
                            "give_up": 0.2,
                        }
                    },
                },
                "call": {
                    "touchpoint": "hotline",
                    "outcomes": {"resolved": {"p": 0.75, "holds": 0.8}, "transferred": 0.15, "unresolved": 0.1},
                    "next": {
                        "transferred": {"expert": 1, "ask": {"p": 0.4, "who": {"seen": {"region": "south"}}}},
                        "unresolved": {"give_up": 0.5, "call": {"p": 0.5, "after": "1 h"}},
                        "abandoned": {
                            "call": {"p": 0.5, "after": {"kind": "exponential", "mean": "45 min"}},
                            "give_up": 0.5,
                        },
                        "blocked": {"ask": 1},
                    },
                },
                "expert": {
                    "touchpoint": "tier2",
                    "priority": -1,
                    "outcomes": {"resolved": 0.9, "unresolved": 0.1},
                    "next": {"unresolved": {"give_up": 1}},
                },
            },
        },
        "fault": {
            "goal": "repair",
            "product": "router",
            "when": {"need": "fault"},
            "start": {"phone": "call"},
            "difficulty": {"time": 0.1},
            "steps": {
                "call": {
                    "touchpoint": "hotline",
                    "service_time": {"kind": "exponential", "mean": "12 min"},
                    "outcomes": {"resolved": 0.6, "send": {"p": 0.4, "revenue": "-5 EUR", "mood": 0.2}},
                    "next": {"send": {"part": {"p": 1, "after": "2 h"}}},
                },
                "part": {
                    "touchpoint": "parcel",
                    "promise": "2 days",
                    "while_open": {
                        "late": {"after": "2 days", "every": "1 day", "opens": {"complaint": 0.2}},
                        "told": {"after": "1 day", "good": True, "opens": {"letter": 0.4}},
                    },
                    "outcomes": {
                        "arrived": 0.9,
                        "missing": {"p": 0.1, "good": False, "opens": {"complaint": 0.7}, "satisfaction": -0.3},
                    },
                    "next": {"arrived": {"mended": 1}, "missing": {"give_up": 1}},
                },
            },
            "ends": {"mended": {"good": True, "adds": "router", "mood": 0.5, "trait": {"region": "south"}}},
        },
        "complaint": {
            "when": {"after": {"journey": "fault", "end": "give_up", "p": 0.5, "delay": "1 day"}},
            "start": {"web": "write"},
            "steps": {
                "write": {
                    "touchpoint": "form",
                    "outcomes": {"sent": 0.7, "ignored": 0.3},
                    "next": {"sent": {"answer": 1}, "ignored": {"lost": 1}},
                },
                "answer": {"touchpoint": "office", "promise": "2 days", "outcomes": {"resolved": 1}},
            },
            "ends": {
                "lost": {
                    "good": False,
                    "mood": -1,
                    "revenue": "-10 EUR",
                    "opens": {"letter": {"p": 0.5, "after": "2 days"}},
                }
            },
        },
        "letter": {
            "when": "opened",
            "start": {"web": "write"},
            "steps": {"write": {"touchpoint": "form", "outcomes": {"resolved": 1}}},
        },
        "newsletter": {
            "when": {"every": "10 days"},
            "who": {"trait": {"region": "north"}, "share": 0.5},
            "start": {"web": "read"},
            "steps": {"read": {"touchpoint": "form", "outcomes": {"read": 1}, "next": {"read": {"seen": 1}}}},
            "ends": {"seen": {}},
        },
        "welcome": {
            "when": {"joining": {"kind": "exponential", "mean": "2 days"}},
            "start": {"web": "read"},
            "steps": {"read": {"touchpoint": "form", "outcomes": {"resolved": 1}}},
        },
        "campaign": {
            "when": {"on": "2025-01-20 12:00"},
            "who": {"product": "mobile", "persona": ["caller"]},
            "start": {"web": "read"},
            "steps": {
                "read": {
                    "touchpoint": "form",
                    "outcomes": {"resolved": {"p": 0.5, "drops": "tv"}, "no": 0.5},
                    "next": {"no": {"give_up": 1}},
                }
            },
        },
        "buy": {
            "when": {"arrival": {"rate": "40 / week"}, "stage": "prospect"},
            "start": {"web": "browse"},
            "steps": {
                "browse": {
                    "touchpoint": "faq",
                    "outcomes": {"basket": 0.4, "nothing": 0.6},
                    "next": {"basket": {"served": 1}, "nothing": {"no_need": 1}},
                }
            },
            "ends": {"served": {"good": True, "stage": "customer", "revenue": "49 EUR"}, "no_need": {}},
        },
        "save": {
            "goal": "billing",
            "when": {"notice": {"kind": "exponential", "mean": "6 h"}},
            "start": {"phone": "call"},
            "steps": {
                "call": {
                    "touchpoint": "hotline",
                    "outcomes": {"saved": {"p": 0.3, "stays": True}, "lost": 0.7},
                    "next": {"saved": {"resolved": 1}, "lost": {"give_up": 1}},
                }
            },
        },
        "renew": {
            "when": {"renewal": {"before": "3 days"}},
            "start": {"web": "read"},
            "steps": {"read": {"touchpoint": "form", "outcomes": {"resolved": 1}}},
        },
        "win_back": {
            "when": {"entering": {"stage": "left", "p": 0.8, "delay": {"kind": "exponential", "mean": "2 days"}}},
            "who": {"stage": "left"},
            "start": {"web": "offer"},
            "steps": {
                "offer": {
                    "touchpoint": "form",
                    "outcomes": {"taken": 0.4, "ignored": 0.6},
                    "next": {"taken": {"back": 1}, "ignored": {"give_up": 1}},
                }
            },
            "ends": {"back": {"good": True, "stage": "customer"}},
        },
    },
    "events": {
        "outage": {
            "rate": "0.3 / week",
            "who": {"product": "mobile"},
            "reach": 0.3,
            "satisfaction": -0.5,
            "opens": {"letter": {"p": 0.4, "after": {"kind": "exponential", "mean": "2 h"}}},
        },
        "message": {"on": "2025-01-15 10:00", "reach": 0.8, "cancels": "complaint", "puts_off": {"fault": "6 h"}},
        "save": {
            "every": "3 days",
            "who": {"persona": "caller"},
            "most": 12,
            "by": {"score": -1, "tenure": 0.01, "contacts": 0.5, "opened": 0.1, "seen": {"region": {"south": 0.3}}},
            "reach": 0.35,
            "opens": {"letter": 1},
        },
        "sorry": {
            "outage": {"system": "crm", "at": "end"},
            "reach": 0.2,
            "puts_off": {"complaint": "1 h"},
            "opens": {"letter": 0.5},
        },
        "news": {"on": "2025-01-14 09:00", "every": "1 week", "reach": 0.5, "mood": 0.2, "revenue": "-0.5 EUR"},
    },
    "staff": {
        "tier1": {
            "department": "service",
            "wage": "24 EUR / h",
            "overtime": 1.5,
            "skills": ["billing", "repair"],
            "shifts": {
                "early": {"days": "mon-sat", "from": "08:00", "to": "16:00", "headcount": 1},
                "late": {"days": "mon-fri", "from": "15:00", "to": "20:00", "headcount": 1, "holidays": True},
            },
            "breaks": {"noon": {"days": "mon-fri", "from": "12:30", "to": "13:00", "share": 0.5}},
            "absence": 0.1,
            "speed": 1.1,
            "proficiency": 0.2,
            "differ": {"speed": 0.15, "proficiency": 0.3},
            "strain": {
                "above": 0.3,
                "memory": "2 weeks",
                "slower": 0.5,
                "err": 1.0,
                "every": "3 days",
                "quits": {
                    "rate": "1.5 / month",
                    "slope": 6,
                    "hiring": {"kind": "gamma", "mean": "6 days", "cv": 0.5},
                    "training": "2 days",
                    "cost": "3000 EUR",
                },
            },
        },
        "tier2": {
            "department": "technik",
            "wage": "30 EUR / h",
            "at_once": {"contacts": 2, "slower": 0.25},
            "shifts": {"day": {"days": "mon-fri", "from": "09:00", "to": "17:00", "headcount": 1}},
        },
        "partner": {
            "department": "service",
            "shifts": {"day": {"days": "mon-fri", "from": "10:00", "to": "14:00", "headcount": 1}},
            "partner": {
                "per_contact": "4.20 EUR",
                "promise": {"within": "30 s", "share": 0.8, "penalty": "500 EUR"},
            },
        },
    },
    "profiles": {
        "weekly": {"hours": {"mon-fri": {"08:00": 4, "12:00": 6, "18:00": 1}, "sat": {"09:00": 2}}, "day_to_day": 0.3},
        "flat": {"hours": {"all": {"00:00": 1}}},
    },
    "changes": {
        "hire": {
            "from": "2025-01-22",
            "until": "2025-01-29",
            "cost": {"once": "500 EUR", "monthly": "2000 EUR"},
            "takes": {"tier2": {"share": 1, "days": "mon-fri", "from": "09:00", "to": "11:00", "for": "2 days"}},
            "set": {"staff.tier1.shifts.extra": {"days": "mon-sun", "from": "10:00", "to": "19:00", "headcount": 2}},
        },
        "chatbot": {
            "cost": {"once": "50 EUR"},
            "set": {
                "touchpoints": {"bot": {"channel": "chat", "service_time": "2 min", "cost": "0.01 EUR"}},
                "journeys.billing.steps.bot": {
                    "touchpoint": "bot",
                    "outcomes": {"resolved": 0.4, "unresolved": 0.6},
                    "next": {"unresolved": {"call": 1}},
                },
                "journeys.billing.start.chat": "bot",
                "personas.clicker.start.chat": 0.8,
                "journeys.billing.steps.ask.next.unresolved.call.p": 0.8,
            },
        },
    },
    "enact": ["hire", "chatbot"],
    "uncertain": {"personas.caller.churn.slope": {"kind": "normal", "mean": 0.55, "sd": 0.08}},
}
