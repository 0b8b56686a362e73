"""How long people are willing to wait, from waits that were cut short by being served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from calibration.durations import written
from calibration.estimate import Estimate, say
from sim.distributions import Distribution, Exponential, Hazard, Loglogistic, Lognormal, Mixture, Weibull
from sim.model import ABANDONED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.timeline import Timeline

FAMILIES = (Loglogistic, Lognormal, Weibull, Exponential)
ENOUGH = 40  # abandonments for a law of their own
AT_ONCE = 1 / 60  # who leaves within a second never meant to wait
NEVER = "they always waited as long as it took, so no limit is set"


@dataclass
class Patience:
    """Patience as it will stand in the scenario: for each persona, a law by touchpoint.

    Attributes
    ----------
    by_persona
        Entries under `personas.X.patience`.
    estimates
        Where they came from.
    """

    by_persona: dict[str, dict[str, Any]] = field(default_factory=dict)
    estimates: list[Estimate] = field(default_factory=list)


def fit(timeline: Timeline) -> Patience:
    """Fit a law of patience for every persona at every staffed touchpoint."""
    found = Patience({persona: {} for persona in timeline.personas})
    for touchpoint in timeline.staffed:
        rows = timeline.contacts.filter(pl.col("touchpoint") == touchpoint)
        everybody = _law(rows)
        common = ""  # where the law of all stands first
        for persona in timeline.personas:
            path = f"personas.{persona}.patience.{touchpoint}"
            own = rows.filter(pl.col("persona") == persona)
            enough = int((own["outcome"] == ABANDONED).sum()) >= ENOUGH
            law, n, note, error = _law(own) if enough else everybody
            if law is None:
                continue
            if not enough:
                common = common or path
                note = f"all personas together: too few abandonments of this one; {note}"
            found.by_persona[persona][touchpoint] = written(law)
            found.estimates.append(_estimate(path, path if enough else common, law, n, note, error))
        if everybody[0] is None:
            found.estimates.append(Estimate(f"touchpoints.{touchpoint}", "", "waits", rows.height, note=NEVER))
    return found


def _law(rows: pl.DataFrame) -> tuple[Distribution | None, int, str, float | None]:
    """Likeliest law of patience, number of abandonments, a note, and the standard error of its scale (relative)."""
    wait = rows["wait"].to_numpy()
    gone = (rows["outcome"] == ABANDONED).to_numpy()
    at_once = gone & (wait < AT_ONCE)
    waited = wait >= AT_ONCE
    minutes, served = wait[waited], ~gone[waited]
    events = int(np.sum(~served))
    if events < 5:
        return None, events, NEVER, None
    laws = [*(family.fit(minutes, served) for family in FAMILIES), Hazard.fit(minutes, served)]
    scores = [2 * _parameters(law) - 2 * law.log_likelihood(minutes, served) for law in laws]
    best = laws[int(np.argmin(scores))]
    note = f"{best.kind} is likeliest of {len(laws)}; {_distance(best, minutes, served)}"
    share = float(at_once.sum() / max(at_once.sum() + waited.sum(), 1))
    if share > 0.01:
        parts = {
            "at_once": {"p": round(share, 4), "law": "0 min"},
            "waits": {"p": round(1 - share, 4), "law": written(best)},
        }
        return Mixture.model_validate({"parts": parts}), events, f"{share:.1%} leave at once; {note}", None
    return best, events, note, 1 / np.sqrt(events)


def _parameters(law: Distribution) -> int:
    return len(law.rates) if isinstance(law, Hazard) else 1 if isinstance(law, Exponential) else 2


def kaplan_meier(
    minutes: NDArray[np.float64], censored: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share still waiting after each time at which somebody gave up (Kaplan & Meier 1958); ends go before cuts.

    Parameters
    ----------
    minutes, censored
        Waits, and whether each was cut short by being served; shape (n,).

    Returns
    -------
    times, survival
        Distinct times of abandonment and the share beyond each.
    """
    times, ends = np.unique(minutes[~censored], return_counts=True)
    at_risk = minutes.size - np.searchsorted(np.sort(minutes), times, side="left")
    return times, np.asarray(np.cumprod(1 - ends / at_risk), dtype=float)


def _distance(law: Distribution, minutes: NDArray[np.float64], censored: NDArray[np.bool_]) -> str:
    times, survival = kaplan_meier(minutes, censored)
    seen = times <= np.quantile(minutes, 0.99)  # beyond, a handful of people decide
    gap = float(np.max(np.abs(law.survival(times[seen]) - survival[seen]))) if seen.any() else 0.0
    return (
        f"at most {gap:.3f} from Kaplan–Meier up to {times[seen].max() if seen.any() else 0:.0f} min, beyond it a guess"
    )


def _estimate(path: str, first: str, law: Distribution, n: int, note: str, error: float | None) -> Estimate:
    if isinstance(law, Loglogistic | Weibull) and error is not None:
        value = say(law.median)
        # The logarithm of the median of n ends has a standard error of about 1.7 / (shape · √n) for both laws.
        spread = 1.7 / law.shape * error * float(value.split()[0])
        return Estimate(
            f"{path}.median", value, "waits, cut short by service", n, spread, uncertain=True, note=note, low=0.0,
            shared=f"{first}.median",
        )  # fmt: skip
    return Estimate(path, "", "waits, cut short by service", n, note=note)
