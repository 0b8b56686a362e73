"""What the tests of maps, plots, words and reports are given: scenarios, comparisons, and a look at the drawings."""

import random
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from scenarios.compare import BASELINE, Comparison, compare, variants
from scenarios.svg import text_width
from sim.check import parse
from sim.kpis import KPIS
from sim.model import Model
from sim.read import read

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<b>&\"'</b>"


# ---- scenarios -------------------------------------------------------------------------------------------------------


@cache
def packaged(name: str) -> Model:
    return read(str(files("scenarios.conf").joinpath(f"scenario/{name}.yaml")))


def starter() -> Model:
    return packaged("starter")


@cache
def compared() -> Comparison:
    """The starter scenario and its two changes, four times."""
    return compare(variants(starter(), "all"), seed=1, replications=4)


@cache
def doubtful() -> Comparison:
    """A small world with names that want to be HTML, uncertain values, a dated change, and a quarter and two weeks."""
    raw = starter().raw
    caller, surfer = raw["personas"].values()
    changes: dict[str, Any] = {
        NASTY: {
            "title": f"Hire {NASTY}",
            "from": "2025-02-17",
            "cost": {"once": "500 EUR"},
            "set": {"staff.service.shifts.day.headcount": 2},
        },
        "page": {
            "title": "Page",
            "set": {"journeys.billing.steps.read.outcomes": {"resolved": 0.9, "unresolved": 0.1}},
        },
    }
    law = {"kind": "normal", "mean": 0.55, "sd": 0.3, "low": 0, "source": f"a guess {NASTY}"}
    world = raw | {
        "title": f"Firm {NASTY}",
        "about": f"About {NASTY}",
        "clock": {"start": "2025-01-06", "horizon": "17 weeks", "warmup": "2 weeks"},
        "population": {"customers": 120},
        "personas": {f"caller {NASTY}": caller, "surfer": surfer},
        "changes": changes,
        "uncertain": {"personas.surfer.churn.slope": law},
        "estimates": {"touchpoints.hotline": {"source": "calls.csv", "n": 1234, "interval": "7.6 to 8.4 min"}},
        "checked": {
            "against": "the log's last 4 weeks, held out when it was calibrated",
            "measures": {
                "abandonment": {
                    "hotline": {
                        "unit": "share",
                        "observed": 0.1,
                        "simulated": 0.131,
                        "floor": 0.02,
                        "verdict": "outside",
                    }
                },
                "customers lost a week": {
                    "all": {
                        "unit": "customers",
                        "observed": 20,
                        "simulated": 19,
                        "floor": 3.1,
                        "verdict": "within 10 %",
                    }
                },
                "survey score": {"all": {"simulated": 6.5, "unit": "0–10", "verdict": "outside"}},
            },
            "caveats": ["abandonment at hotline: too high by 31 %", f"what no log can show {NASTY}"],
        },
    }
    return compare(variants(parse(world), [NASTY, "page", f"{NASTY}+page"]), seed=3, replications=3)


def tangle(seed: int, size: int = 30) -> Model:
    """A journey of many steps with loops, steps nobody reaches and an end nobody comes to."""
    chance = random.Random(seed)  # noqa: S311 - a graph, not a secret
    names = [f"step_{i}_{'x' * chance.randint(0, 12)}" for i in range(size)]
    ends = ["resolved", "give_up", "lost", "no_need"]
    steps = {}
    for i, name in enumerate(names):
        outcomes = ["resolved", "unresolved", f"odd {NASTY}"][: chance.randint(1, 3)]
        after = {}
        for outcome in outcomes:
            near = names[max(0, i - 3) : i + 4]
            chosen = [chance.choice(near)] if chance.random() < 0.5 else chance.sample([*names, *ends], 2)
            after[outcome] = {t: {"p": 1 / len(chosen), "after": f"{chance.randint(1, 900)} min"} for t in chosen}
        place = "desk" if i % 2 else "page"
        steps[name] = {"touchpoint": place, "outcomes": dict.fromkeys(outcomes, 1 / len(outcomes)), "next": after}
    phone = {"channel": "phone", "staff": "pool", "service_time": "3 min"}
    shift = {"days": "mon-fri", "from": "08:00", "to": "16:00", "headcount": 2}
    journey = {
        "when": {"need": "n"},
        "start": {"a": names[0], "b": names[1], "c": names[min(5, size - 1)]},
        "steps": steps,
        "ends": {"lost": {"good": False}, "no_need": {}, "never": {"good": True}},
    }
    return parse(
        {
            "clock": {"start": "2025-01-06", "horizon": "4 weeks"},
            "personas": {
                "p": {
                    "share": 1,
                    "needs": {"n": "1 / week"},
                    "start": {"a": 1, "b": 1, "c": 2},
                    "patience": {"phone": "3 min"},
                }
            },
            "touchpoints": {"desk": phone, "page": {"channel": "web", "service_time": "3 min"}},
            "channels": {"phone": {"lines": 3}},
            "staff": {"pool": {"shifts": {"d": shift}}},
            "journeys": {"tangle": journey},
        }
    )


def told(model: Model, differences: dict[tuple[str, str, str], tuple[float, ...]], change: str = "hire") -> Comparison:
    """A comparison that says what it is told: baseline, difference, lower, upper for (kpi, by, group); else nothing.

    With a fifth and sixth number the adjusted interval is as told, else it is the interval itself.
    """
    rows = [
        told_row(change, kpi, by, group, *numbers)
        for (kpi, by, group), numbers in {
            **{(kpi, "all", "all"): (1.0, 0.0, 0.0, 0.0) for kpi in KPIS},
            **differences,
        }.items()
    ]
    table = pl.DataFrame(rows)
    levels = table.select("scenario", "kpi", "by", "group", mean="baseline", lower="baseline", upper="baseline", n="n")
    models = variants(model, [change])
    return Comparison(models, 1, 10, 0.95, levels.with_columns(scenario=pl.lit(BASELINE)), table, pl.DataFrame())


def told_row(
    change: str, kpi: str, by: str, group: str, baseline: float, difference: float, lower: float, upper: float,
    lower_adjusted: float | None = None, upper_adjusted: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "scenario": change, "kpi": kpi, "by": by, "group": group, "baseline": baseline, "difference": difference,
        "lower": lower, "upper": upper,
        "lower_adjusted": lower if lower_adjusted is None else lower_adjusted,
        "upper_adjusted": upper if upper_adjusted is None else upper_adjusted,
        "luck": (upper - lower) / 2, "limits": 0.0, "correlation": 0.9, "variance_reduction": 10.0,
        "relative": difference / baseline if baseline else 0.0, "n": 10,
    }  # fmt: skip


# ---- drawings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A rectangle on a drawing, and what is written in it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: "Box") -> bool:
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )


def drawn(svg: str) -> ET.Element:
    """A drawing, read as XML; it fails where that is not well-formed."""
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def view(svg: str) -> Box:
    return Box(*map(float, drawn(svg).attrib["viewBox"].split()))


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in drawn(svg).iter(f"{SVG}text")]


def boxes(svg: str, kind: str, which: str = "") -> list[Box]:
    """Boxes of the groups of a kind: of a node its shape, of a label what its text takes at least."""
    found = []
    for group in drawn(svg).iter(f"{SVG}g"):
        named = group.attrib["class"].split()
        if named[0] == kind and (not which or which in named):
            parts = [_shape(element) for element in group] if kind == "node" else [_text(element) for element in group]
            known = [part for part in parts if part is not None]
            words = " ".join(element.text or "" for element in group.iter(f"{SVG}text"))
            if known:
                found.append(_around(known, words))
    return found


def _shape(element: ET.Element) -> Box | None:
    if element.tag == f"{SVG}rect":
        x, y, w, h = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
        return Box(x, y, x + w, y + h)
    if element.tag == f"{SVG}polygon":
        points = [tuple(map(float, point.split(","))) for point in element.attrib["points"].split()]
        return Box(
            min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points)
        )
    return None


def _text(element: ET.Element) -> Box | None:
    if element.tag != f"{SVG}text":
        return None
    x, y, size = (float(element.attrib[name]) for name in ("x", "y", "font-size"))
    width = text_width(element.text or "", size) / 1.04
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[element.attrib["text-anchor"]] * width
    return Box(left, y - 0.75 * size, left + width, y + 0.2 * size, element.text or "")


def written(svg: str) -> list[Box]:
    """Where every text stands."""
    return [box for element in drawn(svg).iter() if (box := _text(element)) is not None]


def _around(parts: list[Box], text: str) -> Box:
    return Box(
        min(b.left for b in parts),
        min(b.top for b in parts),
        max(b.right for b in parts),
        max(b.bottom for b in parts),
        text,
    )


def overlapping(found: list[Box]) -> list[tuple[str, str]]:
    return [(one.text, other.text) for one, other in combinations(found, 2) if one.overlaps(other)]


# ---- pages -----------------------------------------------------------------------------------------------------------

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """A page as a browser would read it, and what is not right about it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if match := re.fullmatch(r"h([1-6])", tag):
            self.headings.append(int(match[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:] or 'nothing'}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def addresses(self) -> list[str]:
        """Everything a browser would fetch or name from elsewhere."""
        named = [value for _, attrs in self.tags for name, value in attrs.items() if name in ("src", "href") and value]
        return [value for value in named if not value.startswith("#")]


def attributes(page: Page, tag: str) -> list[dict[str, str | None]]:
    return [attrs for name, attrs in page.tags if name == tag]
