"""Measure how fast the engines are, and how they grow: `make bench`, or `python -m tests.benchmarks`.

Programs take turns in one process and are timed by the processor time they take. On a busy computer absolute figures
mean little; ratios hold better, but they too fall when others crowd the processor's cache. So ratios are what is told,
medians over turns, with their ranges.
"""

# ruff: noqa: T201 - it prints; that is what it is for

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks import features, growth, programs, relationship, targets
from tests.benchmarks.plot import growth_plot

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "outputs" / "benchmarks"
PAGE = ROOT / "docs" / "explanation" / "speed.md"
PLOT = ROOT / "docs" / "images" / "growth.svg"
OPEN, CLOSE = "<!-- bench -->", "<!-- /bench -->"


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def asked() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=8, help="how often the programs take turns (8)")
    parser.add_argument("--million", action="store_true", help="also a million customers for one year and for two")
    parser.add_argument("--no-docs", action="store_true", help="leave the page docs/explanation/speed.md as it is")
    return parser.parse_args()


def conditions(turns: int) -> str:
    """Under which circumstances it was measured."""
    known = ["simpy", "numba", "numpy", *programs.OTHERS.values()]
    versions = ", ".join(f"{name} {found}" for name in known if (found := installed(name)))
    return (
        f"Python {platform.python_version()}, {versions}; {platform.system()} on {platform.machine()}. "
        f"Contact centre: {programs.MINUTES:,.0f} simulated minutes, {programs.TIMES} times as many for cimba and the "
        f"compiled engine, {turns} turns."
    )


def installed(package: str) -> str:
    """Version of a package, empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def written(sections: dict[str, list[str]]) -> str:
    """Sections as Markdown."""
    return "\n\n".join("\n".join([f"## {title}", "", *lines]) for title, lines in sections.items())


def into_docs(text: str, plot: str) -> None:
    """Write what was measured between the marks of the page that explains it."""
    PLOT.write_text(plot, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    between = f"{OPEN}\n\n{text}\n\n{CLOSE}"
    PAGE.write_text(re.sub(f"(?s){OPEN}.*{CLOSE}", lambda _: between, page), encoding="utf-8")


def save(
    laps: programs.Laps,
    related: relationship.Laps,
    words: features.Laps,
    points: list[growth.Point],
    threads: list[float],
) -> None:
    """Keep everything that was measured, as JSON."""
    everything = {
        "contact_centre": {name: [asdict(lap) for lap in rows] for name, rows in laps.items()},
        "relationship": {
            f"{customers} customers, {engine}": [{"visits": lap.visits, "seconds": lap.seconds} for lap in rows]
            for (customers, engine), rows in related.items()
        },
        "words": words,
        "growth": [asdict(point) for point in points],
        "threads": threads,
    }
    for name, values in everything.items():
        (OUTPUT / f"{name}.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print and write the tables."""
    options = asked()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for remedy in programs.missing():
        say(remedy)
    points = growth.measure(options.million, say)
    threads = growth.threads(options.turns, say)
    laps = programs.measure(options.turns, say)
    related = relationship.measure(max(options.turns // 2, 2), say)
    words = features.measure(max(options.turns // 2, 2), say)
    reached = targets.of_programs(laps) + targets.of_relationship(related) + targets.of_growth(points, threads)
    text = written({
        "What was aimed at": targets.table(reached),
        "The contact centre": [conditions(options.turns), "", *programs.table(laps)],
        "Customers who stay": relationship.table(related),
        "What words cost": features.table(words),
        "Growth": growth.table(points),
    })  # fmt: skip
    plot = growth_plot(points)
    (OUTPUT / "benchmarks.md").write_text(f"# How fast it is\n\n{text}\n", encoding="utf-8")
    (OUTPUT / "growth.svg").write_text(plot, encoding="utf-8")
    save(laps, related, words, points, threads)
    if not options.no_docs:
        into_docs(text, plot)
    print(text)
    print(f"\nWritten to outputs/{OUTPUT.name}/: benchmarks.md, growth.svg, and what was measured as JSON")
    if found := programs.disagreements(laps) + programs.engines_differ(0) + relationship.disagreements(related):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
