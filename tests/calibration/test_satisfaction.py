from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from calibration import survey
from calibration.estimate import Estimate
from calibration.moods import EVENTS, Numbers, arrange, live
from calibration.satisfaction import ENOUGH, Feelings, _rounded, fit
from calibration.timeline import Timeline
from sim import rules, units
from sim.model import Satisfaction
from sim.replications import simulate
from tests.calibration.company import FEELINGS, GIVING_UP, REST, SURVEY, company, lived, timeline

THREE_DAYS = 3 * 1440.0


@cache
def known() -> tuple[Timeline, Feelings]:
    """A log of 1300 customers over ten weeks whose feelings we know, and what is fitted to it."""
    log = lived(company(customers=1300, weeks=10), seed=31)
    return log, fit(log)


def of(estimates: list[Estimate], path: str) -> Estimate:
    return next(estimate for estimate in estimates if estimate.path == path)


def number(value: object) -> float:
    return units.split(value)[0]


def truth(estimate: Estimate) -> float:
    """What the company was told about the value of an estimate."""
    head, persona, part, *names = estimate.path.split(".")
    if head == "journeys":
        return GIVING_UP
    value: object = {"satisfaction": FEELINGS | {"rest": REST[persona]}, "survey": SURVEY}[part]
    for name in names:
        assert isinstance(value, dict)
        value = value[name]
    return number(value)


def missed(estimates: list[Estimate], errors: float) -> list[str]:
    """Estimates further from the truth than so many standard errors."""
    return [
        f"{e.path}: {e.value} ± {e.error:.3g}, truth {truth(e)}"
        for e in estimates
        if e.error is not None and abs(number(e.value) - truth(e)) > errors * e.error
    ]


def true_numbers(log: Timeline) -> Numbers:
    wait = {name: number(value) for name, value in FEELINGS["wait"].items()}
    events = [FEELINGS.get(event, GIVING_UP) for event in EVENTS]
    recovery = units.rate(FEELINGS["recovery"])
    weights = (FEELINGS["peak"], FEELINGS["end"])
    rest = np.array([REST[persona] for persona in log.personas])
    return Numbers(rest, 0.0, *wait.values(), np.array(events), FEELINGS["memory"], recovery, *weights)


def earlier(table: pl.DataFrame, minutes: float) -> pl.DataFrame:
    """A table on a clock that began so much later."""
    moments = {"joined", "started", "ended", "opened", "closed", "left", "answered"} & set(table.columns)
    return table.with_columns(pl.col(name) - minutes for name in moments)


# ---- what customers felt -------------------------------------------------------------------------------------------


def test_with_the_true_numbers_the_reconstruction_is_what_the_engine_lived_through():
    model = company(customers=300, weeks=6)
    tables = simulate(model, seed=8).tables
    log = timeline(tables)
    lives = arrange(log)
    felt = live(lives, true_numbers(log))
    mine = lives.journeys.select("journey", "cut").with_columns(
        pl.Series("x", felt.experience), pl.Series("after", felt.closing[: lives.journeys.height])
    )
    mine = mine.filter(~pl.col("cut"))  # as they were when scored, before they came back
    over = pl.col("closed").is_not_null() & (pl.col("end") != "left")  # what is not, looks so in a log
    settled = tables.journeys.filter(over.all().over("customer"), pl.col("closed") < model.clock.horizon - THREE_DAYS)
    both = settled.with_columns(pl.format("{} {}", "customer", "journey").alias("journey")).join(mine, on="journey")
    assert both.height > 800
    assert both["experience"].to_numpy() == pytest.approx(both["x"].to_numpy(), abs=1e-4)
    assert both["satisfaction_after"].to_numpy() == pytest.approx(both["after"].to_numpy(), abs=1e-4)


def test_a_score_is_about_the_visits_before_the_answer_and_leaves_the_journey_whole():
    log, _ = known()
    returned = arrange(log).journeys.filter(pl.col("score").is_not_null() & (pl.col("reopened") > 0))["journey"][0]
    first = log.contacts.filter((pl.col("journey") == returned) & (pl.col("outcome") == "resolved"))["ended"].min()
    answered = pl.when(pl.col("journey") == returned).then(first).alias("answered")
    rows = arrange(replace(log, journeys=log.journeys.with_columns(answered))).journeys
    whole, cut = rows.filter(pl.col("journey") == returned).sort("cut").iter_rows(named=True)
    assert (whole["score"], whole["reopened"]) == (None, 1)
    assert (cut["score"] is not None, cut["reopened"], cut["resolved"]) == (True, 0, 1)
    assert rows.height == log.journeys.height + 1


def test_between_journeys_satisfaction_returns_to_rest():
    _, feelings = known()
    recovery, rest = feelings.satisfaction("family").recovery, feelings.satisfaction("family").rest
    turns = feelings.path.filter(pl.col("persona") == "family").group_by("customer").last()
    later = turns.with_columns(pl.col("at") + 5000.0)
    expected = rest + (turns["satisfaction"].to_numpy() - rest) * np.exp(-recovery * 5000.0)
    assert feelings.at(later).to_numpy() == pytest.approx(expected)
    assert feelings.at(turns).to_numpy() == pytest.approx(turns["satisfaction"].to_numpy())


# ---- the fit -------------------------------------------------------------------------------------------------------


def test_the_feelings_we_hid_are_found():
    _, feelings = known()
    estimates = [e for e in feelings.estimates if "loss_aversion" not in e.path and not e.path.endswith("ask")]
    assert missed(estimates, errors=3.5) == []
    sure = {"memory": 0.05, "resolved": 0.1, "abandoned": 0.25, "wait.per_minute": 0.03, "rest": 0.2}
    loose = [
        name for name, error in sure.items() if of(estimates, f"personas.family.satisfaction.{name}").error > error
    ]
    assert loose == []


@pytest.mark.slow
def test_with_more_scores_the_feelings_we_hid_are_found_more_sharply():
    feelings = fit(lived(company(customers=5000, weeks=16), seed=4))
    estimates = [e for e in feelings.estimates if "loss_aversion" not in e.path and not e.path.endswith("ask")]
    assert missed(estimates, errors=3.5) == []
    for estimate in estimates:
        before = of(known()[1].estimates, estimate.path)
        assert estimate.error < before.error


def test_what_the_scores_hardly_tell_apart_is_said():
    _, feelings = known()
    assert "hardly told apart from end" in of(feelings.estimates, "personas.family.satisfaction.peak").note
    assert of(feelings.estimates, "personas.family.satisfaction.loss_aversion").value == 1


@pytest.mark.slow
def test_scores_dealt_out_anew_say_nothing_about_waiting():
    log, _ = known()
    scored = log.journeys["score"].is_not_null()
    dealt = np.random.default_rng(3).permutation(log.journeys["score"].drop_nulls().to_numpy())
    scores = np.full(log.journeys.height, np.nan)
    scores[scored.to_numpy()] = dealt
    journeys = log.journeys.with_columns(pl.Series("score", scores).fill_nan(None))
    estimates = fit(replace(log, journeys=journeys)).estimates
    for name in ("wait.per_minute", "abandoned", "handoff"):
        estimate = of(estimates, f"personas.family.satisfaction.{name}")
        assert abs(number(estimate.value)) < 3 * estimate.error


@pytest.mark.slow
def test_who_begins_away_from_rest_does_not_move_the_level_of_rest():
    log, _ = known()
    late = 4 * 7 * 1440.0
    journeys = log.journeys.filter(pl.col("opened") >= late)
    begun = replace(
        log,
        end=log.end - late,
        journeys=earlier(journeys, late),
        contacts=earlier(log.contacts.join(journeys, on="journey", how="semi"), late),
        customers=earlier(log.customers, late),
    )
    rest = of(fit(begun).estimates, "personas.family.satisfaction.rest")
    assert missed([rest], errors=3.5) == []
    assert "from it when it began" in rest.note


def test_without_enough_scores_feelings_are_a_guess_and_said_to_be_one():
    log, _ = known()
    few = log.journeys.with_columns(pl.when(pl.col("score").cum_count() < ENOUGH).then("score").alias("score"))
    feelings = fit(replace(log, journeys=few))
    assert not feelings.surveyed
    assert all("a guess, not an estimate" in e.note for e in feelings.estimates if "loss_aversion" not in e.path)
    assert all(e.error is None and e.law is None for e in feelings.estimates)
    assert set(feelings.by_persona["family"]) == {"satisfaction"}
    assert feelings.path.height == log.journeys.height + log.customers.height


def test_where_everybody_came_once_memory_stays_a_guess():
    log, _ = known()
    once = log.journeys.sort("opened").unique("customer", keep="first", maintain_order=True)
    feelings = fit(replace(log, journeys=once, contacts=log.contacts.join(once, on="journey", how="semi")))
    memory = of(feelings.estimates, "personas.family.satisfaction.memory")
    assert "a guess" in memory.note
    assert memory.law is None
    assert of(feelings.estimates, "personas.family.satisfaction.abandoned").error is not None


def test_what_is_written_reads_as_a_scenario_reads_it():
    _, feelings = known()
    for persona, entry in feelings.by_persona.items():
        assert feelings.satisfaction(persona) == Satisfaction.model_validate(entry["satisfaction"])
        assert set(entry["survey"]) == {"ask", "noise", "respond"}
    law = of(feelings.estimates, "personas.family.satisfaction.recovery").law
    assert law is not None
    assert law["mean"].endswith("/ day")


@pytest.mark.parametrize("name", ["satisfaction.memory", "satisfaction.recovery", "survey.respond.level"])
def test_what_is_common_to_all_personas_is_one_doubt(name):
    log, feelings = known()
    first, *others = (of(feelings.estimates, f"personas.{persona}.{name}") for persona in log.personas)
    assert "with" not in first.law
    assert others
    assert all(other.law == first.law | {"with": first.path} for other in others)


@pytest.mark.parametrize("peak", [0.0, 0.00049, 1 / 3, 0.66666, 1.0])
def test_rounded_weights_stay_within_one(peak):
    rounded = _rounded({"peak": peak, "end": 1 - peak})
    assert rounded["peak"] + rounded["end"] == pytest.approx(1, abs=1e-12)
    Satisfaction.model_validate(rounded)


# ---- scores and answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("felt", [-1.0, 0.2, 4.5, 7.3, 9.9])
@pytest.mark.parametrize("noise", [0.3, 1.2])
def test_the_mean_score_is_that_of_the_scores_people_write_down(felt, noise):
    normals = np.array([rules.normal_quantile((i + 0.5) / 20000) for i in range(20000)])
    scores = np.array([rules.given_score(felt, noise, z) for z in normals])
    assert survey.expected(np.array([felt]), noise)[0] == pytest.approx(scores.mean(), abs=1e-3)
    assert survey.variance(np.array([felt]), noise)[0] == pytest.approx(scores.var(), abs=3e-3)


def test_where_all_answer_only_their_share_is_known():
    felt = np.linspace(1, 9, 400)
    response = survey.response(felt, np.ones(400, dtype=bool), np.arange(400))
    assert response.numbers["better"] == (0.0, None)
    assert response.note
