"""What happens: a checked scenario and a seed in, tables of visits, journeys and customers out."""

from sim.behaviour import Behaviour
from sim.changes import enacted
from sim.errors import DesirepathError, Problem, ScenarioError
from sim.model import Model
from sim.read import build, read
from sim.replications import simulate
from sim.tables import Result, Tables

__all__ = [
    "Behaviour",
    "DesirepathError",
    "Model",
    "Problem",
    "Result",
    "ScenarioError",
    "Tables",
    "build",
    "enacted",
    "read",
    "simulate",
]
