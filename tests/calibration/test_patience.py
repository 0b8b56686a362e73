"""How long people are willing to wait, from waits that service cut short: as published, and as we hid it."""

import numpy as np
import pytest
from pydantic import TypeAdapter
from statsmodels.duration.survfunc import SurvfuncRight

from calibration import patience
from calibration.patience import kaplan_meier
from sim import units
from sim.distributions import Distribution, Exponential, Hazard, Loglogistic, Lognormal, Mixture, Weibull
from tests.calibration.small_log import told

LARGEST_Z = 3.5
LAWS = [
    Loglogistic(median="7 min", shape=1.6),
    Lognormal(mean="9 min", cv=0.8),
    Weibull(median="6 min", shape=2.0),
    Exponential(mean="9 min"),
]


# ---- Kaplan and Meier ------------------------------------------------------------------------------------------------


def test_kaplan_meier_gives_the_published_remission_times():
    """6-MP arm of Freireich et al. (1963), as tabulated by Kalbfleisch & Prentice and in most textbooks since."""
    seen = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    censored = np.arange(len(seen) + len(cut)) >= len(seen)
    times, survival = kaplan_meier(np.array(seen + cut, dtype=float), censored)
    assert times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=0.0005)


@pytest.mark.parametrize("seed", range(5))
def test_kaplan_meier_agrees_with_statsmodels(seed):
    rng = np.random.default_rng(seed)
    minutes = rng.exponential(8, 300).round(1) + 0.1  # rounded, so that there are ties
    censored = rng.uniform(size=300) < 0.6
    times, survival = kaplan_meier(minutes, censored)
    theirs = SurvfuncRight(minutes, ~censored)
    assert times == pytest.approx(theirs.surv_times)
    assert survival == pytest.approx(theirs.surv_prob)


# ---- laws ------------------------------------------------------------------------------------------------------------


def waits(law, n, offered=6.0, seed=1, **what):
    """Contacts of people who wait until they are served or their patience ends, whichever comes first."""
    rng = np.random.default_rng(seed)
    patient = np.array([law.quantile(u) for u in rng.uniform(size=n)])
    served_after = rng.exponential(offered, n)
    rows = []
    for k in range(n):
        joined = k * 17.0
        gone = patient[k] < served_after[k]
        end = joined + (patient[k] if gone else served_after[k] + 5)
        started = None if gone else joined + served_after[k]
        rows.append(
            {
                "customer": f"{what.get('persona')} {k}",
                "journey": f"{what} {k}",
                "joined": joined,
                "started": started,
                "ended": end,
            }
            | what
        )
    return rows


def median(entry):
    """Median of a law as it is written, in minutes."""
    return TypeAdapter(Distribution).validate_python(entry).quantile(0.5)


def of(found, path):
    return next(estimate for estimate in found.estimates if estimate.path.startswith(path))


@pytest.mark.parametrize("truth", LAWS, ids=lambda law: law.kind)
def test_the_family_that_made_the_waits_is_found_although_most_were_cut_short(truth):
    found = patience.fit(told(waits(truth, 6000)))
    law = type(truth).model_validate(found.by_persona["everybody"]["hotline"])
    assert law.quantile(0.25) == pytest.approx(truth.quantile(0.25), rel=0.08)
    assert law.quantile(0.5) == pytest.approx(truth.quantile(0.5), rel=0.08)
    assert f"{truth.kind} is likeliest of 5" in found.estimates[0].note


def test_a_hazard_that_jumps_is_found_as_one():
    truth = Hazard(rates={"0 min": "0.02 / min", "2 min": "0.4 / min", "3 min": "0.05 / min"})
    entry = patience.fit(told(waits(truth, 6000))).by_persona["everybody"]["hotline"]
    assert entry["kind"] == "hazard"
    law = Hazard.model_validate(entry)
    for minutes in (1.0, 2.5, 4.0, 10.0):
        assert float(law.survival(minutes)) == pytest.approx(float(truth.survival(minutes)), abs=0.03)


@pytest.mark.slow
def test_the_waits_of_those_who_gave_up_are_far_too_short_and_our_median_is_not_off():
    truth = Loglogistic(median="7 min", shape=1.6)
    logs = [told(waits(truth, 1000, seed=seed)) for seed in range(8)]
    medians = [median(patience.fit(log).by_persona["everybody"]["hotline"]) for log in logs]
    assert np.mean(medians) == pytest.approx(7, abs=LARGEST_Z * np.std(medians, ddof=1) / np.sqrt(8))
    gone = [log.contacts.filter(outcome="abandoned")["wait"].median() for log in logs]
    assert max(gone) < 4.5


@pytest.mark.slow
@pytest.mark.parametrize("truth", [LAWS[0], LAWS[2]], ids=lambda law: law.kind)
@pytest.mark.parametrize("offered", [3.0, 12.0])
def test_the_standard_error_of_the_median_is_about_as_large_as_its_errors_are(truth, offered):
    z = []
    for seed in range(15):
        estimate = of(patience.fit(told(waits(truth, 600, offered, seed))), "personas.everybody.patience.hotline")
        if estimate.path.endswith("median"):
            z.append((units.duration(estimate.value) - truth.median) / estimate.error)
    assert len(z) > 10
    assert 0.55 < np.sqrt(np.mean(np.square(z))) < 1.6


# ---- personas and touchpoints ----------------------------------------------------------------------------------------


def test_personas_and_touchpoints_each_have_their_own():
    calm, hasty = Loglogistic(median="12 min", shape=1.6), Loglogistic(median="4 min", shape=1.6)
    rows = [
        *waits(calm, 900, persona="calm"),
        *waits(hasty, 900, persona="hasty"),
        *waits(calm, 900, customer="they have no persona", touchpoint="chat", seed=2),
    ]
    found = patience.fit(told(rows)).by_persona
    assert median(found["calm"]["hotline"]) == pytest.approx(12, rel=0.2)
    assert median(found["hasty"]["hotline"]) == pytest.approx(4, rel=0.2)
    assert median(found["everybody"]["chat"]) == pytest.approx(12, rel=0.2)


def test_a_persona_of_which_few_gave_up_shares_the_law_of_all_and_the_report_says_so():
    truth = Loglogistic(median="7 min", shape=1.6)
    found = patience.fit(told([*waits(truth, 900, persona="many"), *waits(truth, 30, persona="few")]))
    assert found.by_persona["few"] != found.by_persona["many"]
    assert of(found, "personas.few").note.startswith("all personas together: too few abandonments of this one; ")
    assert of(found, "personas.few").n > of(found, "personas.many").n


def test_personas_that_share_the_law_of_all_share_its_doubt():
    truth = Loglogistic(median="7 min", shape=1.6)
    rows = [*waits(truth, 900, persona="many"), *waits(truth, 30, persona="few"), *waits(truth, 20, persona="fewer")]
    found = patience.fit(told(rows))
    many, few, fewer = (of(found, f"personas.{name}.patience") for name in ("many", "few", "fewer"))
    assert "with" not in many.law
    assert "with" not in few.law
    assert fewer.law == few.law | {"with": few.path}


def test_where_nobody_gives_up_no_limit_is_set():
    rows = [{"customer": f"{k}", "joined": k * 9.0, "started": k * 9.0 + 1, "ended": k * 9.0 + 5} for k in range(300)]
    found = patience.fit(told(rows))
    assert found.by_persona == {"everybody": {}}
    assert found.estimates[0].note == "they always waited as long as it took, so no limit is set"


def test_those_who_leave_at_once_are_kept_apart():
    rows = waits(Loglogistic(median="7 min", shape=1.6), 900)
    at_once = [{"customer": f"never {k}", "joined": k * 11.0, "ended": k * 11.0} for k in range(100)]
    found = patience.fit(told([*rows, *at_once]))
    law = Mixture.model_validate(found.by_persona["everybody"]["hotline"])
    # Of those who were served at once nothing is known, so they count neither way.
    assert law.parts["at_once"].p == pytest.approx(0.1, abs=0.005)
    assert law.parts["waits"].law.median == pytest.approx(7, rel=0.1)
    assert "leave at once" in found.estimates[0].note


def test_those_who_never_had_to_wait_say_nothing_about_patience():
    truth = Loglogistic(median="7 min", shape=1.6)
    rows = waits(truth, 900)
    lucky = [
        {"customer": f"lucky {k}", "joined": k * 11.0, "started": k * 11.0, "ended": k * 11.0 + 5} for k in range(900)
    ]
    with_them = patience.fit(told([*rows, *lucky])).by_persona
    assert with_them == patience.fit(told(rows)).by_persona
