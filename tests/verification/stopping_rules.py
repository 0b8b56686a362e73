"""Which stopping rule keeps its word: coverage and cost of several, on numbers whose spread is known.

    .venv/bin/python -m tests.verification.stopping_rules

Each rule is to find the mean to ± δ at 95 %. An oracle that knows the standard deviation σ needs (z·σ/δ)² values. Shown
are, for oracles of 25 to 500: in how many of 4,000 experiments mean ± t·s/√n held the truth (per cent; the standard
error is 0.3), how many values a rule took in multiples of the oracle's, and in how many per cent of the experiments the
interval was wider than asked in the end. Decision 9 shows the table.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from scenarios.sweeps.stopping import Precision, look
from sim import draws
from tests.verification.verdicts import seed_of

EXPERIMENTS = 4_000
ORACLES = (25, 50, 100, 200, 500)
LEVEL = 0.95
Z = special.ndtri(0.5 + LEVEL / 2)


# ---- values: mean 0, standard deviation 1 ----------------------------------------------------------------------------


def normal(u):
    return special.ndtri(u)


def lognormal(u, s):
    """Skewed: skewness is (exp(s²) + 2) √(exp(s²) - 1)."""
    mean, deviation = math.exp(s * s / 2), math.exp(s * s / 2) * math.sqrt(math.expm1(s * s))
    return (np.exp(s * special.ndtri(u)) - mean) / deviation


def shares(u):
    """What a change does to a share of 40 people, each of whom it saves with probability 0.05."""
    return (stats.binom.ppf(u, 40, 0.05) - 2.0) / math.sqrt(40 * 0.05 * 0.95)


LAWS = {
    "normal": normal,
    "a little skewed (skewness 0.5)": lambda u: lognormal(u, 0.16),
    "shares of 40 people (0.65)": shares,
    "skewed (1.8)": lambda u: lognormal(u, 0.5),
    "very skewed (6.2)": lambda u: lognormal(u, 1.0),
}


def values(law: Callable, oracle: int, kpi: int = 0) -> np.ndarray:
    """Values of every experiment, each at an address of its own."""
    world = draws.fold(draws.world(seed_of("stopping rules"), oracle), kpi)
    experiments = draws.fold(np.full(EXPERIMENTS, world, np.uint64), np.arange(EXPERIMENTS, dtype=np.uint64))
    return law(draws.unit(draws.fold(experiments[:, None], np.arange(4 * oracle + 60, dtype=np.uint64))))


# ---- rules: values and δ in, numbers of values out -------------------------------------------------------------------


def spread(x, n):
    """Standard deviation of the first n of each row."""
    sums, squares, row = np.cumsum(x, axis=1), np.cumsum(x * x, axis=1), np.arange(len(x))
    return np.sqrt((squares[row, n - 1] - sums[row, n - 1] ** 2 / n) / (n - 1))


def t(n):
    return special.stdtrit(n - 1, 0.5 + LEVEL / 2)


def fixed(x, delta):
    """As many as the oracle says."""
    return np.full(len(x), round((Z / delta) ** 2))


def chow_robbins(x, delta, first, every):
    """Look again after so many values, until the interval is narrow enough (Chow and Robbins 1965, with t for z)."""
    n = np.arange(1, x.shape[1] + 1)
    with np.errstate(all="ignore"):
        variance = (np.cumsum(x * x, axis=1) - np.cumsum(x, axis=1) ** 2 / n) / (n - 1)
        enough = t(n) * np.sqrt(np.maximum(variance, 0) / n) <= delta
    enough[:, (n < first) | ((n - first) % every > 0)] = False
    enough[:, -1] = True
    return np.argmax(enough, axis=1) + 1


def stages(x, delta, first, parts):
    """Stein (1945) in two stages, Hall (1981) in three: part of what seems to be needed, then all, and no more."""
    n = np.full(len(x), first)
    for part in parts:
        needed = np.ceil(part * (t(n) * spread(x, n) / delta) ** 2).astype(int)
        n = np.minimum(np.maximum(n, needed), x.shape[1])
    return n


def planned(x, delta, first, *others):
    """Ours, on the intervals of one KPI, or of several."""
    kpis = dict(zip(("satisfaction", "experience", "mood"), (x, *others), strict=False))
    asked = Precision(dict.fromkeys(kpis, delta), LEVEL, first, x.shape[1])
    numbers = np.zeros(len(x), int)
    for experiment in range(len(x)):
        n, due = 0, first
        while due > n:
            n, due = due, look(asked, {kpi: each[experiment, :due] for kpi, each in kpis.items()}).due
        numbers[experiment] = n
    return numbers


RULES = {
    "number fixed beforehand": fixed,
    "a look after each, from 20": lambda x, delta: chow_robbins(x, delta, 20, 1),
    "a look every 10, from 20": lambda x, delta: chow_robbins(x, delta, 20, 10),
    "two stages, from 20": lambda x, delta: stages(x, delta, 20, (1.0,)),
    "three stages, from 20": lambda x, delta: stages(x, delta, 20, (0.5, 1.0)),
    "planned looks, from 20 (ours)": lambda x, delta: planned(x, delta, 20),
    "planned looks, from 30": lambda x, delta: planned(x, delta, 30),
}


def cell(x, n, delta, oracle):
    """Coverage, cost, and share of intervals that came out too wide."""
    half = t(n) * spread(x, n) / np.sqrt(n)
    mean = np.cumsum(x, axis=1)[np.arange(len(x)), n - 1] / n
    wide = 100 * np.mean(half > delta * (1 + 1e-9))
    return f"{100 * np.mean(np.abs(mean) <= half):.1f} · {n.mean() / oracle:.2f} · {wide:.0f}"


def row(name, cells):
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)  # noqa: T201 - what it is for


def main():
    row("coverage % · cost · too wide %", [f"oracle {oracle}" for oracle in ORACLES])
    row("---", ["---"] * len(ORACLES))
    for title, law in LAWS.items():
        row(f"**{title}**", [""] * len(ORACLES))
        for name, rule in RULES.items():
            cells = []
            for oracle in ORACLES:
                x, delta = values(law, oracle), Z / math.sqrt(oracle)
                cells.append(cell(x, rule(x, delta), delta, oracle))
            row(name, cells)
    row("**three KPIs, normal, equally hard to tell**", [""] * len(ORACLES))
    cells = []
    for oracle in ORACLES:
        (x, *others), delta = (values(normal, oracle, kpi) for kpi in range(3)), Z / math.sqrt(oracle)
        cells.append(cell(x, planned(x, delta, 20, *others), delta, oracle))
    row("planned looks, from 20 (ours), the first of three", cells)


if __name__ == "__main__":
    main()
