"""What a survey makes of what is felt: the score a customer writes down, and who answers at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEW = 50  # answers, and silences, for an estimate
MIDDLE = 5.0
STEPS = np.arange(10) + 0.5  # a score is above j where what is felt, with its noise, lies above j + 0.5


@dataclass(frozen=True)
class Response:
    """Who answers: logistic(level + better·(x − 5) + extreme·|x − 5|) at a felt x.

    Attributes
    ----------
    numbers
        Value and standard error of each.
    """

    numbers: dict[str, tuple[float, float | None]]
    note: str = ""


def expected(felt: Floats, noise: float) -> Floats:
    """Mean score of those who feel so much: with normal noise, rounded half up, and kept within 0 to 10."""
    mean: Floats = ndtr((felt[:, None] - STEPS) / noise).sum(axis=1)
    return mean


def variance(felt: Floats, noise: float) -> Floats:
    """Variance of their scores."""
    above = ndtr((felt[:, None] - STEPS) / noise)
    spread: Floats = (2 * STEPS * above).sum(axis=1) - above.sum(axis=1) ** 2
    return spread


def noise_of(score: Floats, felt: Floats) -> float:
    """Noise with which scores vary around what is expected as much as they do, beyond rounding and the ends."""

    def excess(noise: float) -> float:
        return float(np.sum((score - expected(felt, noise)) ** 2 - variance(felt, noise)))

    low, high = 0.05, 10.0
    return float(brentq(excess, low, high, xtol=1e-4)) if excess(low) > 0 > excess(high) else low


def response(felt: Floats, answered: NDArray[np.bool_], customer: NDArray[np.int64]) -> Response:
    """Fit who answers, by logistic regression; errors allow for a customer's answers to hang together.

    Parameters
    ----------
    felt
        What every closed journey was like, answered or not; shape (journeys,).
    answered, customer
        Whether a score came, and whose journey it was.
    """
    from statsmodels.discrete.discrete_model import Logit

    answers = int(answered.sum())
    if min(answers, answered.size - answers) < FEW:
        share = (answers + 0.5) / (answered.size + 1)
        note = "nearly all or none answered, so only their share is known"
        level = float(np.log(share / (1 - share)))
        return Response({"level": (level, None), "better": (0.0, None), "extreme": (0.0, None)}, note)
    columns = np.column_stack([np.ones(felt.size), felt - MIDDLE, np.abs(felt - MIDDLE)])
    fitted = Logit(answered.astype(np.float64), columns).fit(disp=0, cov_type="cluster", cov_kwds={"groups": customer})
    values = zip(fitted.params.tolist(), fitted.bse.tolist(), strict=True)
    return Response(dict(zip(("level", "better", "extreme"), values, strict=True)))
