"""How the engine is judged: replications against a number from theory, at a stated error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import copysign, inf, sqrt
from typing import TypeAlias

import numpy as np
from scipy import stats

FEWEST_REPLICATIONS = 100
LARGEST_ERROR = 0.01  # standard error, as a share of the number from theory
BUSY = 0.9  # occupancy, beyond which a queue takes so long to forget that a larger error has to do
LARGEST_ERROR_WHERE_BUSY = 0.05
FALSE_ALARMS = 0.01  # chance that a right engine is accused at all, in all tests that run together

Measured: TypeAlias = Mapping[str, float | tuple[float, float]]
"""What one replication says of each quantity: a number, or a ratio as numerator and denominator."""


@dataclass(frozen=True)
class Verdict:
    """One quantity of one case: what theory says, what the replications say, and what there is to say against it."""

    case: str
    quantity: str
    theory: float
    estimate: float
    error: float
    replications: int
    largest_error: float
    level: float

    @property
    def z(self) -> float:
        """Standard errors between the estimate and theory."""
        off = self.estimate - self.theory
        if self.error == 0:
            return copysign(inf, off) if off else 0.0
        return off / self.error

    @property
    def largest_z(self) -> float:
        """The z that a right engine exceeds with a chance of `level`: Student's, as the error is estimated itself."""
        return float(stats.t.isf(self.level / 2, self.replications - 1))

    @property
    def missed(self) -> bool:
        """Whether the estimate lies too far from theory."""
        return not abs(self.z) <= self.largest_z

    @property
    def faults(self) -> list[str]:
        """What speaks against it; nothing where the engine agrees with theory."""
        found = []
        if self.replications < FEWEST_REPLICATIONS:
            found.append(f"{self.replications} replications are fewer than {FEWEST_REPLICATIONS}")
        if not self.error <= self.largest_error * abs(self.theory):
            most = f"{self.largest_error:.0%} of theory"
            found.append(f"its standard error of {self.error:.3g} exceeds {most}; run longer")
        if self.missed:
            found.append(f"it lies {self.z:+.2f} standard errors from theory, and {self.largest_z:.2f} is the most")
        return found


def judge(
    case: str,
    theory: Mapping[str, float],
    samples: Sequence[Measured],
    tests: int = 1,
    occupancy: float | Mapping[str, float] = 0.0,
) -> list[Verdict]:
    """Compare every quantity that theory knows with its estimate from all replications.

    Several tests share the chance of a false alarm evenly, and so do the quantities of one test (Bonferroni): however
    they hang together, a right engine is accused in one of them with a chance of `FALSE_ALARMS` at most.

    Parameters
    ----------
    case
        What was simulated.
    theory
        Quantities and what theory says of them.
    samples
        For each replication, the same quantities as measured there. A ratio is estimated by the sum of all numerators
        over the sum of all denominators, and its error is that of the numerator minus the estimate times the
        denominator (W. Cochran, Sampling Techniques, 1977, chapter 6): the mean of ratios would be biased.
    tests
        How many tests run together.
    occupancy
        How busy the staff is, by quantity where it differs: where it exceeds `BUSY` a larger error has to do.
    """
    verdicts = []
    for quantity, expected in theory.items():
        both = [value if isinstance(value, tuple) else (value, 1.0) for value in (one[quantity] for one in samples)]
        numerators, denominators = np.array(both).T
        estimate = numerators.sum() / denominators.sum()
        off = (numerators - estimate * denominators) / denominators.mean()
        busy = occupancy if isinstance(occupancy, int | float) else occupancy.get(quantity, 0.0)
        most = LARGEST_ERROR_WHERE_BUSY if busy > BUSY else LARGEST_ERROR
        error, level = float(off.std(ddof=1)) / sqrt(len(off)), FALSE_ALARMS / tests / len(theory)
        verdicts.append(Verdict(case, quantity, float(expected), float(estimate), error, len(off), most, level))
    return verdicts


def seed_of(test: str) -> int:
    """Seed of a test: a hash of its name, so that nobody chose it."""
    return int.from_bytes(sha256(test.encode()).digest()[:4])


def as_table(verdicts: Iterable[Verdict]) -> list[str]:
    """Lines of a table that a person can read."""
    lines = [f"{'':46}{'theory':>12}{'estimate':>12}{'std. error':>12}{'error %':>9}{'z':>7}"]
    case = None
    for v in verdicts:
        if v.case != case:
            case = v.case
            lines.append(f"{case}, {v.replications} replications, |z| up to {v.largest_z:.2f}")
        per_cent = 100 * v.error / abs(v.theory)
        lines.append(f"  {v.quantity:44}{v.theory:12.6g}{v.estimate:12.6g}{v.error:12.3g}{per_cent:9.2f}{v.z:+7.2f}")
    return lines
