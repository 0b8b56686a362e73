"""What we do not know exactly: laws of single values of a scenario, one draw of each per replication."""

from __future__ import annotations

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
    """

    kind: Literal["normal", "lognormal", "uniform"] = "normal"
    mean: str | float | None = None
    sd: str | float | None = None
    low: str | float | None = None
    high: str | float | None = None
    source: str = Field(default="", description="where it came from")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = ("low", "high") if self.kind == "uniform" else ("mean", "sd")
        missing = [field for field in wanted if getattr(self, field) is None]
        if missing:
            msg = f"a {self.kind} law needs {' and '.join(wanted)}; {' and '.join(missing)} is missing"
            raise ValueError(msg)
        if len({unit for _, unit in self._quantities.values()}) > 1:
            msg = "mean, sd, low and high are in different units; write them in one"
            raise ValueError(msg)
        return self

    @property
    def _quantities(self) -> dict[str, tuple[float, str]]:
        stated = {"mean": self.mean, "sd": self.sd, "low": self.low, "high": self.high}
        return {field: units.split(text) for field, text in stated.items() if text is not None}

    def value(self, u: float) -> float | str:
        """Value at a uniform number, written as it would stand in the scenario."""
        number = {field: number for field, (number, _) in self._quantities.items()}
        unit = next(iter(self._quantities.values()))[1]
        if self.kind == "uniform":
            drawn = number["low"] + (number["high"] - number["low"]) * u
        else:
            z = rules.normal_quantile(u)
            drawn = rules.uncertain_value(number["mean"], number["sd"], z, self.kind == "lognormal")
        drawn = min(max(drawn, number.get("low", drawn)), number.get("high", drawn))
        return f"{drawn!r} {unit}" if unit else drawn
