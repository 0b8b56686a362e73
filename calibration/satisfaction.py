"""What customers feel: the model's own feelings over the journeys of a log, fitted to the scores of its surveys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from scipy.optimize import least_squares

from calibration import survey
from calibration.estimate import Estimate
from calibration.moods import EVENTS, Lives, Numbers, arrange, live
from calibration.routing import FAILED
from calibration.timeline import SERVED
from sim import units
from sim.model import GIVE_UP, RESOLVED, Satisfaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from calibration.moods import Felt
    from calibration.timeline import Timeline

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

ENOUGH = 200  # scores for an estimate
FEW = 20  # scores that bear on a number, for an estimate of it
ALIKE = 0.95  # correlation from which on two estimates are hardly told apart
TYPICAL_NOISE = 1.2


class Unknown(NamedTuple):
    """A number to be found: our guess, which stays where the log cannot tell, its bounds, its scale and its unit."""

    guess: float
    low: float
    high: float
    scale: float
    unit: str = ""


# By their places in `Satisfaction`. Common to all personas: few logs have the scores to tell them apart in these.
COMMON = {
    "wait.tolerance": Unknown(1.0, 0, 15, 1.0, "min"),
    "wait.per_minute": Unknown(-0.05, -5, 5, 0.05),
    "wait.cap": Unknown(30.0, 2, 120, 10.0, "min"),
    "abandoned": Unknown(-1.0, -10, 10, 1.0),
    "unresolved": Unknown(-0.5, -10, 10, 1.0),
    "resolved": Unknown(0.3, -10, 10, 1.0),
    "handoff": Unknown(-0.3, -10, 10, 1.0),
    "repeat": Unknown(-0.3, -10, 10, 1.0),
    "reopened": Unknown(-1.0, -10, 10, 1.0),
    "memory": Unknown(0.4, 0, 1, 0.3),
    "recovery": Unknown(0.03, 0, 1, 0.03, "/ day"),
    "peak": Unknown(0.3, 0, 1, 0.3),
    "end": Unknown(0.5, 0, 1, 0.3),
}
# Elsewhere in the scenario, or nowhere in it.
BESIDE = {GIVE_UP: Unknown(-0.5, -10, 10, 1.0), "start": Unknown(0.0, -5, 5, 0.3)}
REST = Unknown(7.0, 0, 10, 1.0)

UNCERTAIN = ("memory", "recovery", "respond.level", "respond.better", "respond.extreme")
SURVEYS = "survey scores, the model run over the log"
AVERSION = "how much more losses weigh than gains cannot be told apart from how large the losses are"
ASKED = "only answers are logged, so who was asked cannot be told apart from who answered"
ANSWERED = "who answered, by how the model says their journeys felt"


@dataclass(frozen=True)
class Feelings:
    """Feelings as they will stand in the scenario, and what customers must have felt.

    Attributes
    ----------
    by_persona
        Entries under `personas.X`: `satisfaction`, and `survey` where there are scores.
    give_up
        Mood moved by giving up: `ends.give_up.mood` of every journey.
    path
        Every turn in a customer's satisfaction: ``customer``, ``persona``, ``journey`` (empty where the log first
        knows them), ``at`` (minutes), ``opening`` (satisfaction when it opened), ``experience``, ``satisfaction``
        (from then on).
    estimates
        Where the numbers came from.
    surveyed
        Whether that was surveys; else they are a guess.
    """

    by_persona: dict[str, dict[str, Any]]
    give_up: float
    path: pl.DataFrame
    estimates: list[Estimate]
    surveyed: bool

    def satisfaction(self, persona: str) -> Satisfaction:
        """Return the feelings of a persona as the model reads them."""
        return Satisfaction.model_validate(self.by_persona[persona]["satisfaction"])

    def at(self, moments: pl.DataFrame) -> pl.Series:
        """Satisfaction of customers at moments (``customer``, ``persona``, ``at``), relaxed since its last turn."""
        feelings = [self.satisfaction(persona) for persona in self.by_persona]
        numbers = pl.DataFrame(
            {
                "persona": list(self.by_persona),
                "rest": [each.rest for each in feelings],
                "recovery": [each.recovery for each in feelings],
            }
        )
        turns = self.path.select("customer", "at", pl.col("at").alias("turned"), "satisfaction").sort("at")
        found = (
            moments.select("customer", "persona", "at")
            .with_row_index("row")
            .sort("at")
            .join_asof(turns, on="at", by="customer", strategy="backward", check_sortedness=False)
            .join(numbers, on="persona", how="left")
            .sort("row")
        )
        kept = (-pl.col("recovery") * (pl.col("at") - pl.col("turned"))).exp()
        relaxed = pl.col("rest") + (pl.col("satisfaction") - pl.col("rest")) * kept
        return found.select(relaxed.fill_null(pl.col("rest")).alias("satisfaction")).to_series()


def fit(timeline: Timeline) -> Feelings:
    r"""Fit feelings to the scores of the surveys, and reconstruct what every customer felt.

    The mood of a journey begins at the customer's satisfaction :math:`S` and moves with every visit. The journey
    leaves the experience :math:`x = p \min m + e\, m_\text{last} + (1 - p - e)\, \bar m`, whereupon :math:`S` moves to
    :math:`S + \mu (x - S)`, and then returns to rest at the rate of recovery. All of that runs over the logged journeys
    as an engine would run it, and least squares choose its numbers so that E[score | x] is close to the scores.

    Notes
    -----
    Those who answer differ from others in x, not in the noise of their score given x; so it does no harm to the fit
    that they chose to answer. Those whom the log finds as customers when it begins have a history and may be away from
    rest: by how much on average is one of the numbers.
    """
    lives = arrange(timeline)
    scores = lives.journeys["score"].count()
    guess = ""
    if scores < ENOUGH:
        guess = f"a guess, not an estimate: the log has {scores or 'no'} scores"
        found = _Found({name: unknown.guess for name, unknown in _unknowns(timeline, REST.guess).items()})
    else:
        found = _Search.of(timeline).run()
    found = replace(found, values=_rounded(found.values))
    felt = live(lives, found.numbers())
    by_persona = {persona: {"satisfaction": _nested(_entries(found, persona))} for persona in timeline.personas}
    estimates = _estimates(timeline, found, guess)
    if not guess:
        answers, more = _survey(lives, felt, found, timeline.personas, scores)
        by_persona = {persona: entry | {"survey": _nested(answers)} for persona, entry in by_persona.items()}
        estimates += more
    return Feelings(by_persona, found.values[GIVE_UP], _path(lives, felt), estimates, surveyed=not guess)


# ---- the search ----------------------------------------------------------------------------------------------------


def _rest(persona: str) -> str:
    return f"rest of {persona}"


def _unknowns(timeline: Timeline, rest: float) -> dict[str, Unknown]:
    """Everything sought, by name: first the resting levels."""
    return {_rest(persona): REST._replace(guess=rest) for persona in timeline.personas} | COMMON | BESIDE


@dataclass(frozen=True)
class _Found:
    """Numbers by name, with standard errors, on how many scores each rests, and what to know about it."""

    values: dict[str, float]
    errors: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    noise: float = TYPICAL_NOISE

    def numbers(self) -> Numbers:
        """The numbers as `live` reads them."""
        of = self.values
        return Numbers(
            np.array([value for name, value in of.items() if name not in COMMON and name not in BESIDE]),
            of["start"], of["wait.tolerance"], of["wait.per_minute"], of["wait.cap"],
            np.array([of[event] for event in EVENTS]),
            of["memory"], of["recovery"] / units.MINUTES_PER_DAY, of["peak"], of["end"],
        )  # fmt: skip


@dataclass(frozen=True)
class _Search:
    """Scores, the lives that led to them, and the numbers sought.

    The weight of the end is sought as its share of what the peak leaves, so that both stay within one.

    Attributes
    ----------
    rows
        Journeys that were scored.
    """

    lives: Lives
    rows: Whole
    score: Floats
    customer: Whole
    unknowns: dict[str, Unknown]

    @classmethod
    def of(cls, timeline: Timeline) -> _Search:
        """Gather what bears on the scores."""
        lives = arrange(timeline, surveyed=True)
        scored = lives.journeys["score"].is_not_null().to_numpy()
        score = lives.journeys["score"].to_numpy()[scored]
        customer = lives.journeys["customer"].rank("dense").cast(pl.Int64).to_numpy()[scored]
        return cls(lives, np.flatnonzero(scored), score, customer, _unknowns(timeline, float(score.mean())))

    def run(self) -> _Found:
        """Find the numbers on which enough scores bear: with a typical noise of scores, and again with their own."""
        columns = zip(*(unknown[:4] for unknown in self.unknowns.values()), strict=True)
        guess, low, high, scale = (np.array(column) for column in columns)
        noise, values = TYPICAL_NOISE, guess.copy()
        told = np.count_nonzero(np.abs(self.slopes(guess, noise)) > 1e-9, axis=0) >= FEW

        def residuals(sought: Floats) -> Floats:
            values[told] = sought
            return self.score - survey.expected(self.felt(values), noise)

        for _ in range(2):
            best = least_squares(
                residuals, values[told], bounds=(low[told], high[told]), x_scale=scale[told],
                ftol=1e-7, xtol=1e-6, max_nfev=60,
            )  # fmt: skip
            values[told] = best.x
            noise = survey.noise_of(self.score, self.felt(values))
        nearest = np.where(values - low < high - values, low, high)
        stuck = told & (np.abs(values - nearest) < 1e-3 * (high - low))
        values = np.where(stuck, nearest, values)
        covariance = self.covariance(values, noise, told)
        names = np.array(list(self.unknowns))
        variance = np.diag(covariance)  # not above zero where the scores say nothing: then no error can be stated
        told_errors = np.sqrt(np.where(variance > 0, variance, np.nan))
        errors = dict(zip(names[told].tolist(), told_errors.tolist(), strict=True))
        notes = dict.fromkeys(names[~told].tolist(), "a guess, not an estimate: hardly a score bears on it")
        notes |= dict.fromkeys(names[stuck].tolist(), "the scores take it as far as it can go")
        for name, note in _alike(names[told].tolist(), covariance).items():
            notes[name] = _joined(notes.get(name, ""), note)
        return _Found(self.meant(values), errors, self.counts(), notes, noise)

    def meant(self, values: Floats) -> dict[str, float]:
        """Values by name, with the weight of the end itself."""
        of = dict(zip(self.unknowns, values.tolist(), strict=True))
        return of | {"end": (1 - of["peak"]) * of["end"]}

    def felt(self, values: Floats) -> Floats:
        """Experience that each score is about."""
        return live(self.lives, _Found(self.meant(values)).numbers()).experience[self.rows]

    def slopes(self, values: Floats, noise: float) -> Floats:
        """Derivatives of the expected scores by every unknown; shape (scores, unknowns)."""
        here = survey.expected(self.felt(values), noise)
        columns = []
        for i, unknown in enumerate(self.unknowns.values()):
            moved = values.copy()
            moved[i] += 1e-3 * unknown.scale * (1 if moved[i] < (unknown.low + unknown.high) / 2 else -1)
            columns.append((survey.expected(self.felt(moved), noise) - here) / (moved[i] - values[i]))
        return np.stack(columns, axis=1)

    def covariance(self, values: Floats, noise: float, told: NDArray[np.bool_]) -> Floats:
        """Covariance of the estimates where the scores of one customer hang together (Liang & Zeger 1986)."""
        slopes = self.slopes(values, noise)
        names = list(self.unknowns)
        peak, end = names.index("peak"), names.index("end")
        # From the share of the end in what the peak leaves to its weight, by the chain rule.
        slopes[:, end] /= max(1 - values[peak], 1e-6)
        slopes[:, peak] += values[end] * slopes[:, end]
        slopes = slopes[:, told]
        bread = np.linalg.pinv(slopes.T @ slopes)
        pulls = slopes * (self.score - survey.expected(self.felt(values), noise))[:, None]
        order = np.argsort(self.customer, kind="stable")
        clusters = np.add.reduceat(pulls[order], np.flatnonzero(np.diff(self.customer[order], prepend=-1)), axis=0)
        covariance: Floats = bread @ (clusters.T @ clusters) @ bread * len(clusters) / max(len(clusters) - 1, 1)
        return covariance

    def counts(self) -> dict[str, int]:
        """How many scores are about a journey that shows what a number is about."""
        journeys = self.lives.journeys[self.rows]
        own = {_rest(persona): n for persona, n in journeys["persona"].value_counts().iter_rows()}
        seen = {event: int((journeys[event] > 0).sum()) for event in EVENTS}
        later = int((self.lives.before[self.rows] < self.lives.journeys.height).sum())
        several = int((journeys["visits"] > 1).sum())
        counted = dict.fromkeys(self.unknowns, journeys.height) | own | seen
        return counted | {"memory": later, "recovery": later, "peak": several, "end": several}


def _alike(names: list[str], covariance: Floats) -> dict[str, str]:
    """Notes on estimates that the scores hardly tell apart."""
    sd = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / np.outer(sd, sd)
    notes: dict[str, str] = {}
    for i, name in enumerate(names):
        twins = [j for j in range(len(names)) if j != i and abs(correlation[i, j]) > ALIKE]
        if twins:
            listed = ", ".join(f"{names[j]} ({correlation[i, j]:+.2f})" for j in twins)
            notes[name] = f"hardly told apart from {listed}, in brackets the correlation of the two estimates"
    return notes


# ---- what is written, and what everybody felt ----------------------------------------------------------------------


def _rounded(values: dict[str, float]) -> dict[str, float]:
    """Values with the digits that are written; the two weights still within one."""
    rounded = {name: float(units.yaml_number(value)) for name, value in values.items()}
    peak = round(values["peak"], 3)
    return rounded | {"peak": peak, "end": min(round(values["end"], 3), round(1 - peak, 3))}


def _entries(found: _Found, persona: str) -> dict[str, Any]:
    """Entries of a persona's `satisfaction` by dotted path."""
    written = {name: _quantity(found.values[name], unknown.unit) for name, unknown in COMMON.items()}
    return {"rest": found.values[_rest(persona)]} | written


def _quantity(value: float, unit: str) -> Any:
    return f"{value:.4g} {unit}" if unit else value


def _nested(entries: dict[str, Any]) -> dict[str, Any]:
    """Entries by dotted path as nested ones."""
    nested: dict[str, Any] = {}
    for path, value in entries.items():
        head, _, rest = path.partition(".")
        if rest:
            nested.setdefault(head, {})[rest] = value
        else:
            nested[head] = value
    return nested


def _estimates(timeline: Timeline, found: _Found, guess: str) -> list[Estimate]:
    """Estimates of every persona's feelings, and of how giving up feels in every journey."""
    source = "nothing" if guess else SURVEYS
    others = sorted(set(timeline.contacts["outcome"].unique()) - {RESOLVED, SERVED, *FAILED})
    known = {RESOLVED: f"other outcomes ({', '.join(others)}) are taken to move no mood"} if others else {}
    if "start" in found.errors:
        known["rest"] = f"those whom the log found as customers were {found.values['start']:+.2g} from it when it began"

    def estimate(path: str, name: str, number: str, value: Any, unknown: Unknown) -> Estimate:
        note = _joined(guess, found.notes.get(number, ""), known.get(name, ""))
        low, high = (unknown.low, unknown.high) if unknown.low >= 0 else (None, None)
        n, error = found.counts.get(number, 0), found.errors.get(number)
        shared = f"personas.{timeline.personas[0]}.satisfaction.{name}" if name in COMMON else None
        return Estimate(path, value, source, n, error, name in UNCERTAIN, note, low, high, shared)

    estimates = []
    for persona in timeline.personas:
        head = f"personas.{persona}.satisfaction"
        for name, value in _entries(found, persona).items():
            number = _rest(persona) if name == "rest" else name
            estimates.append(estimate(f"{head}.{name}", name, number, value, COMMON.get(name, REST)))
        estimates.append(Estimate(f"{head}.loss_aversion", 1, "nothing", 0, note=AVERSION))
    goals = timeline.journeys["goal"].unique().sort()
    paths = [f"journeys.{goal}.ends.{GIVE_UP}.mood" for goal in goals]
    value = found.values[GIVE_UP]
    return estimates + [estimate(path, GIVE_UP, GIVE_UP, value, BESIDE[GIVE_UP]) for path in paths]


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _survey(
    lives: Lives, felt: Felt, found: _Found, personas: Sequence[str], scores: int
) -> tuple[dict[str, Any], list[Estimate]]:
    """Entries of the survey, common to all personas, and their estimates."""
    journeys = lives.journeys.with_columns(pl.Series("felt", felt.experience))
    # Who was asked twice, at a resolution that did not hold and again at the end, is left out here.
    twice = (pl.col("reopened") > 0) | pl.col("cut").any().over("journey")
    closed = journeys.filter(~pl.col("unfinished") & ~twice)
    customer = closed["customer"].rank("dense").cast(pl.Int64).to_numpy()
    answered = closed["score"].is_not_null().to_numpy()
    response = survey.response(closed["felt"].to_numpy(), answered, customer)
    noise = float(units.yaml_number(found.noise))
    spread = "what is left of the scores' variance without rounding; what the model does not know of customers is in it"
    parts = [
        ("ask", 1, "nothing", 0, None, ASKED),
        ("noise", noise, SURVEYS, scores, noise / np.sqrt(2 * scores), spread),
        *((f"respond.{name}", units.yaml_number(value), ANSWERED, closed.height, error, response.note)
          for name, (value, error) in response.numbers.items()),
    ]  # fmt: skip
    estimates = [
        Estimate(
            f"personas.{persona}.survey.{name}", value, source, n, error, name in UNCERTAIN, note,
            shared=f"personas.{personas[0]}.survey.{name}",
        )
        for persona in personas
        for name, value, source, n, error, note in parts
    ]  # fmt: skip
    return {name: value for name, value, *_ in parts}, estimates


def _path(lives: Lives, felt: Felt) -> pl.DataFrame:
    """Every turn in every customer's satisfaction."""
    size = lives.journeys.height
    turns = lives.journeys.select(
        "customer", "persona", "journey", pl.col("closed").alias("at"), "cut",
        pl.Series("opening", felt.opening), pl.Series("experience", felt.experience),
        pl.Series("satisfaction", felt.closing[:size]),
    ).filter(~pl.col("cut")).drop("cut")  # fmt: skip
    begun = lives.customers.select(
        "customer", "persona", pl.col("since").alias("at"), pl.Series("satisfaction", felt.closing[size:])
    )
    return pl.concat([begun, turns], how="diagonal").select(turns.columns).sort("customer", "at", maintain_order=True)
