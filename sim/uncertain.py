"""What we do not know exactly: laws of single values of a scenario, one draw of each per replication."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, Self

from pydantic import Field, model_validator

from sim import rules, units
from sim.described import Described


class Uncertain(Described):
    """What calibration could not settle about one value: `{kind: normal, mean: 7.2 min, sd: 0.1 min}`.

    Attributes
    ----------
    mean, sd
        Centre and standard deviation, in the unit of the value they stand for. A lognormal has them too.
    low, high
        Bounds that the value cannot pass.
    shared
        Path under `uncertain` of a value with whose luck this one is drawn, so that both are high, or low, at once: of
        one estimate that stands at several places. Its own luck where unstated.
    """

    kind: Literal["normal", "lognormal", "uniform"] = "normal"
    mean: str | float | None = None
    sd: str | float | None = None
    low: str | float | None = None
    high: str | float | None = None
    shared: str | None = Field(default=None, alias="with")
    source: str = Field(default="", description="where it came from")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = ("low", "high") if self.kind == "uniform" else ("mean", "sd")
        missing = [field for field in wanted if getattr(self, field) is None]
        if missing:
            msg = f"a {self.kind} law needs {' and '.join(wanted)}; {' and '.join(missing)} is missing"
            raise ValueError(msg)
        if len(self._units) > 1:
            msg = f"mean, sd, low and high are in different units ({', '.join(sorted(self._units))}); write them in one"
            raise ValueError(msg)
        number = self._numbers
        if number.get("low", -math.inf) > number.get("high", math.inf):
            msg = f"low ({self.low}) is above high ({self.high})"
            raise ValueError(msg)
        if number.get("sd", 0.0) < 0:
            msg = f"sd ({self.sd}) is negative"
            raise ValueError(msg)
        if self.kind == "lognormal" and number["mean"] <= 0:
            msg = f"the mean of a lognormal is above 0, not {self.mean}; use a normal law"
            raise ValueError(msg)
        return self

    @property
    def _quantities(self) -> dict[str, tuple[float, str]]:
        stated = {"mean": self.mean, "sd": self.sd, "low": self.low, "high": self.high}
        return {field: units.split(text) for field, text in stated.items() if text is not None}

    @property
    def _units(self) -> set[str]:
        """The one unit they share; a bare 0 needs none."""
        return {unit for number, unit in self._quantities.values() if number != 0 or unit}

    @property
    def _numbers(self) -> dict[str, float]:
        return {field: number for field, (number, _) in self._quantities.items()}

    def value(self, u: float) -> float | str:
        """Value at a uniform number, written as it would stand in the scenario."""
        number = self._numbers
        unit = "".join(self._units)
        if self.kind == "uniform":
            drawn = number["low"] + (number["high"] - number["low"]) * u
        else:
            z = rules.normal_quantile(u)
            drawn = rules.uncertain_value(number["mean"], number["sd"], z, self.kind == "lognormal")
        drawn = min(max(drawn, number.get("low", -math.inf)), number.get("high", math.inf))
        return f"{drawn!r} {unit}" if unit else drawn

    def rank(self, value: object) -> float:
        """Uniform number at which this value is drawn, as far as one is: the inverse of `value`.

        Raises
        ------
        ValueError
            If it is not in the law's own unit.
        """
        numbers, _ = units.together({"the value": value, self.kind: f"1 {''.join(self._units)}"})
        x, number = numbers["the value"], self._numbers
        if self.kind == "uniform":
            width = number["high"] - number["low"]
            return min(max((x - number["low"]) / width, 0.0), 1.0) if width > 0 else 0.5
        mean, sd = number["mean"], number["sd"]
        if sd == 0:
            return 0.5
        if self.kind == "normal":
            return NormalDist(mean, sd).cdf(x)
        sigma = math.sqrt(math.log1p((sd / mean) ** 2))
        return NormalDist().cdf(math.log(x / mean) / sigma + sigma / 2) if x > 0 else 0.0
