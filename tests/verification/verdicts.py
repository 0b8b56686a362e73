"""How the engine is judged: replications against a number from theory, at a stated error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import copysign, inf, sqrt
from statistics import fmean, stdev

FEWEST_REPLICATIONS = 30
LARGEST_ERROR = 0.03  # standard error, as a share of the number from theory
LARGEST_Z = 3.5  # in 60 comparisons of a right engine, about one chance in twenty of a false alarm


@dataclass(frozen=True)
class Verdict:
    """One quantity of one case: what theory says, and what the replications say."""

    case: str
    quantity: str
    theory: float
    estimate: float
    error: float
    replications: int

    @property
    def z(self) -> float:
        """Standard errors between the estimate and theory."""
        off = self.estimate - self.theory
        if self.error == 0:
            return copysign(inf, off) if off else 0.0
        return off / self.error

    @property
    def faults(self) -> list[str]:
        """What speaks against it; nothing where the engine agrees with theory."""
        found = []
        if self.replications < FEWEST_REPLICATIONS:
            found.append(f"{self.replications} replications are fewer than {FEWEST_REPLICATIONS}")
        if not self.error <= LARGEST_ERROR * abs(self.theory):
            found.append(f"its standard error of {self.error:.3g} exceeds {LARGEST_ERROR:.0%} of theory; run longer")
        if not abs(self.z) <= LARGEST_Z:
            found.append(f"it lies {self.z:+.2f} standard errors from theory")
        return found


def judge(case: str, theory: Mapping[str, float], samples: Sequence[Mapping[str, float]]) -> list[Verdict]:
    """Compare every quantity that theory knows with its mean over the replications.

    Parameters
    ----------
    case
        What was simulated.
    theory
        Quantities and what theory says of them.
    samples
        For each replication, the same quantities as measured there.
    """
    verdicts = []
    for quantity, expected in theory.items():
        values = [sample[quantity] for sample in samples]
        error = stdev(values) / sqrt(len(values))
        verdicts.append(Verdict(case, quantity, float(expected), fmean(values), error, len(values)))
    return verdicts


def seed_of(test: str) -> int:
    """Seed of a test: a hash of its name, so that nobody chose it."""
    return int.from_bytes(sha256(test.encode()).digest()[:4])


def as_table(verdicts: Iterable[Verdict]) -> list[str]:
    """Lines of a table that a person can read."""
    lines = [f"{'':34}{'theory':>12}{'estimate':>12}{'std. error':>12}{'error %':>9}{'z':>7}"]
    case = None
    for v in verdicts:
        if v.case != case:
            case = v.case
            lines.append(f"{case}, {v.replications} replications")
        per_cent = 100 * v.error / abs(v.theory)
        lines.append(f"  {v.quantity:32}{v.theory:12.6g}{v.estimate:12.6g}{v.error:12.3g}{per_cent:9.2f}{v.z:+7.2f}")
    return lines
