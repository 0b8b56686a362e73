"""How long services take: the right law is found, and where no law will do, the sample speaks for itself."""

import numpy as np
import pytest

from calibration import durations
from calibration.durations import FAMILIES, choose, written
from calibration.hours import QUARTERS, Hours
from sim import units
from sim.distributions import Empirical, Exponential, Gamma, Loglogistic, Lognormal, Mixture, Weibull
from tests.calibration.small_log import told

HOUR, DAY = 60.0, 1440.0
ALWAYS = Hours(np.ones(QUARTERS, dtype=bool))
LARGEST_Z = 3.5
LAWS = [
    Lognormal(mean="8 min", cv=1.0),
    Gamma(mean="8 min", cv=0.5),
    Weibull(median="8 min", shape=2.5),
    Exponential(mean="8 min"),
    Loglogistic(median="8 min", shape=3.5),
]


def sample(law, n, seed=1):
    """A sample of a law, by inversion."""
    return np.array([law.quantile(u) for u in np.random.default_rng(seed).uniform(size=n)])


# ---- one law ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", LAWS, ids=lambda law: law.kind)
def test_the_family_that_made_the_sample_is_the_likeliest(truth):
    law, note = choose(sample(truth, 4000))
    assert law.kind == truth.kind
    assert note.startswith(f"{truth.kind} is likeliest of {len(FAMILIES)} families; longest 1 % from ")
    assert law.mean == pytest.approx(truth.mean, rel=0.06)
    for u in (0.1, 0.5, 0.9, 0.99):
        assert law.quantile(u) == pytest.approx(truth.quantile(u), rel=0.12)


def test_what_always_takes_the_same_is_deterministic():
    law, note = choose(np.full(50, 7.5))
    assert (law.kind, law.mean, note) == ("deterministic", 7.5, "always the same")


def test_a_handful_is_too_few_to_tell_how_they_vary():
    law, note = choose(np.array([3.0, 9.0, 5.0]))
    assert (law.kind, law.mean, note) == ("deterministic", 5.0, "too few to tell how they vary")


def test_a_few_services_of_seconds_stay_among_the_others():
    law, _ = choose(np.append(sample(LAWS[0], 2000), np.full(20, 0.05)))
    assert not isinstance(law, Mixture)


def test_many_services_of_seconds_are_kept_apart_and_do_not_spoil_the_law_of_the_rest():
    blips = np.random.default_rng(2).uniform(0, 1 / 6, 200)
    law, note = choose(np.append(sample(Lognormal(mean="8 min", cv=1), 1800), blips))
    assert isinstance(law, Mixture)
    assert note.startswith("10.0% last under ten seconds and are kept apart; lognormal is likeliest")
    assert law.parts["blip"].p == pytest.approx(0.1, abs=0.002)
    assert law.parts["service"].law.mean == pytest.approx(8, rel=0.08)
    shares = [part["p"] for part in written(law)["parts"].values()]
    assert sum(shares) == pytest.approx(1, abs=1e-9)


def test_where_every_law_has_the_wrong_tail_the_sample_itself_is_used():
    minutes = np.append(sample(Lognormal(mean="5 min", cv=0.5), 970), np.random.default_rng(3).uniform(80, 120, 30))
    law, note = choose(minutes)
    assert isinstance(law, Empirical)
    assert note.endswith("; so the sample")
    assert law.mean == pytest.approx(minutes.mean(), rel=0.05)
    assert law.quantile(0.99) == pytest.approx(np.quantile(minutes, 0.99), rel=0.02)


def test_a_law_as_it_is_written_reads_back_as_the_same_law():
    for truth in [*LAWS, choose(np.full(50, 7.5))[0]]:
        entry = written(truth)
        if isinstance(entry, str):
            assert units.duration(entry) == truth.mean
        else:
            assert type(truth).model_validate(entry) == truth


# ---- touchpoints and goals -------------------------------------------------------------------------------------------


def services(minutes, *, goal="bill", touchpoint="hotline", first=0.0, gap=37.0):
    return [
        {"customer": f"{goal} {touchpoint} {n}", "goal": goal, "touchpoint": touchpoint, "member": "Ann"}
        | {"joined": first + gap * n, "started": first + gap * n, "ended": first + gap * n + length}
        for n, length in enumerate(minutes)
    ]


def fit(rows, hours=None, **settings):
    log = told(rows, **settings)
    return durations.fit(log, dict.fromkeys(log.contacts["touchpoint"].unique(), ALWAYS) | (hours or {}))


def of(found, path):
    return next(estimate for estimate in found.estimates if estimate.path == path)


def test_every_touchpoint_has_a_law_with_its_standard_error():
    quick, slow = sample(Exponential(mean="4 min"), 400), sample(Lognormal(mean="12 min", cv=0.8), 600)
    found = fit([*services(quick), *services(slow, touchpoint="experts")])
    assert found.by_touchpoint["hotline"]["kind"] == "exponential"
    assert found.by_touchpoint["experts"]["kind"] == "lognormal"
    estimate = of(found, "touchpoints.experts.service_time.mean")
    assert estimate.n == 600
    assert estimate.error == pytest.approx(slow.std() / np.sqrt(600), rel=1e-2)
    assert abs(units.duration(estimate.value) - 12) < LARGEST_Z * estimate.error
    assert estimate.law["sd"].endswith(" min")


def test_a_mean_of_hours_is_written_in_hours_and_so_is_its_error():
    minutes = sample(Exponential(mean="5 h"), 900)
    estimate = of(fit(services(minutes, gap=1000.0)), "touchpoints.hotline.service_time.mean")
    assert units.split(estimate.value) == (pytest.approx(minutes.mean() / 60, rel=1e-3), "h")
    assert estimate.error == pytest.approx(minutes.std() / 30 / 60, rel=1e-2)


def test_goals_have_laws_of_their_own_where_they_differ():
    bill, fault = sample(Lognormal(mean="5 min", cv=0.8), 500, 1), sample(Lognormal(mean="9 min", cv=0.8), 500, 2)
    found = fit([*services(bill), *services(fault, goal="fault")])
    assert set(found.by_step) == {("bill", "hotline"), ("fault", "hotline")}
    means = {goal: units.duration(law["mean"]) for (goal, _), law in found.by_step.items()}
    assert means["bill"] == pytest.approx(5, rel=0.12)
    assert means["fault"] == pytest.approx(9, rel=0.12)
    assert of(found, "journeys.fault.steps.hotline.service_time.mean").uncertain
    assert not of(found, "touchpoints.hotline.service_time.mean").uncertain


@pytest.mark.parametrize("seed", range(5))
def test_goals_that_are_alike_share_one_law(seed):
    minutes = sample(Lognormal(mean="8 min", cv=0.8), 1200, seed)
    parts = [services(minutes[goal::4], goal=f"goal {goal}") for goal in range(4)]
    found = fit([row for part in parts for row in part])
    assert found.by_step == {}
    assert of(found, "touchpoints.hotline.service_time.mean").uncertain


def test_a_goal_with_few_services_has_no_law_of_its_own():
    bill, fault = sample(Lognormal(mean="5 min", cv=0.8), 500), sample(Lognormal(mean="30 min", cv=0.3), 40)
    assert fit([*services(bill), *services(fault, goal="fault")]).by_step == {}


def test_where_nobody_was_ever_served_the_time_is_called_a_guess():
    abandoned = [{"customer": f"{n}", "joined": n * 60.0, "ended": n * 60.0 + 3} for n in range(60)]
    found = fit(abandoned)
    assert found.by_touchpoint == {"hotline": "5 min"}
    assert found.estimates[0].n == 0
    assert "guess" in found.estimates[0].note


# ---- work that rests while it is closed ------------------------------------------------------------------------------


def office():
    on = np.zeros((7, 96), dtype=bool)
    on[:5, 28:60] = True  # 07:00 to 15:00
    return Hours(on.ravel())


def overnight(n=200):
    """Half-hour services, one in ten of them begun ten minutes before closing and ended next morning."""
    rows = []
    for k in range(n):
        day = (k % 4) * DAY + (k // 40) * 7 * DAY
        late = k % 10 == 0
        started = day + (15 * HOUR - 10 if late else 8 * HOUR + k)
        length = 20 + k % 21
        rows.append({"customer": f"{k}", "member": f"{k}", "joined": started, "started": started,
                     "ended": started + length + (16 * HOUR if late else 0)})  # fmt: skip
    return rows


def test_a_closed_night_in_the_middle_of_a_service_is_not_counted():
    found = fit(overnight(), {"hotline": office()}, kind="cases")
    estimate = next(e for e in found.estimates if e.path.startswith("touchpoints.hotline.service_time"))
    assert "20 services went on after a closed time, which is not counted" in estimate.note
    law = found.by_touchpoint["hotline"]
    middle = units.duration(law["median"] if "median" in law else law["mean"])
    assert middle == pytest.approx(30, abs=1.5)


def test_what_was_taken_up_as_the_door_closed_rested_until_the_morning():
    rows = services([16 * HOUR + 30.0] * 4, first=15 * HOUR, gap=DAY)
    rows += services([30.0] * 36, goal="day", first=9 * HOUR, gap=7 * DAY)
    found = fit(rows, {"hotline": office()}, kind="cases")
    assert found.by_touchpoint["hotline"] == "30 min"
    assert "4 services went on after a closed time" in found.estimates[0].note


def test_finishing_a_little_after_closing_is_work():
    rows = services([30.0] * 40, first=14 * HOUR + 45, gap=DAY)
    found = fit([row for row in rows if row["joined"] // DAY % 7 < 5], {"hotline": office()})
    assert found.by_touchpoint["hotline"] == "30 min"
