"""Behaviour of one's own, in Python: what customers and staff do, where the words of a scenario do not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.engines.reference import Customer, Visit


class Behaviour:
    """What may be decided otherwise than the scenario says.

    Override what should be different; each method is given what the scenario says and returns what shall be. It may
    look at anything the visit or the customer knows, and must hang on that alone: it draws no random numbers, and
    remembers nothing from call to call, else the same seed no longer means the same history. Chances are turned into
    what happens by the simulation, with the random numbers that the scenario would have used.

    It runs on the reference engine: `simulate(model, seed, engine="reference", behaviour=…)`.
    """

    def patience(self, visit: Visit, minutes: float) -> float:  # noqa: ARG002 - for those who override it
        """Return how many minutes somebody will wait, from joining on; `minutes` is infinite where nobody gives up."""
        return minutes

    def service_time(self, visit: Visit, minutes: float) -> float:  # noqa: ARG002
        """Return how many minutes a service takes that begins now."""
        return minutes

    def outcomes(self, visit: Visit, weights: Mapping[str, float]) -> Mapping[str, float]:  # noqa: ARG002
        """Return the weight of each way in which a service that ends now may have ended; 0 for those that cannot be."""
        return weights

    def mood(self, visit: Visit, mood: float) -> float:  # noqa: ARG002
        """Return the mood after a visit, which is then kept on its scale of 0 to 10."""
        return mood

    def leave_probability(self, customer: Customer, p: float) -> float:  # noqa: ARG002
        """Return the probability that a customer leaves at a review."""
        return p
