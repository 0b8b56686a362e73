"""The command `desirepath VERB [overrides]`: finds the verb, composes its settings, and says plainly what is wrong."""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import entry_points

from rich.console import Console

from scenarios.compose import compose
from scenarios.store import how_to_see
from scenarios.track import log_finding
from sim.errors import DesirepathError, did_you_mean

USAGE = """\
desirepath VERB [setting=value …]

  new                                    a starter scenario to edit
  describe   scenario=NAME               a scenario in plain words, with its journey maps
  simulate   scenario=NAME               one scenario: KPIs, tables, report
  compare    scenario=NAME changes=[…]   baseline and each change: paired differences, MLflow, report
  sweep      scenario=NAME a=1,2,3       how far to turn a lever: points of a design, resumed where it stopped
  calibrate  log=NAME                    logs to a scenario, checked on held-out weeks
  validate   scenario=NAME log=NAME      a scenario against a log it was not fitted on
  track      folder=FOLDER               a run's results to MLflow, where that did not work at once
  mlflow                                 MLflow's own page on this machine
  kpis                                   what each number means

NAME is found in conf/scenario, outputs/scenario and among the scenarios that ship; a file's path will do as well.
Settings follow Hydra's override grammar: seed=7 replications=20 staff.tier1.shifts.early.headcount=15
"""


def main(argv: list[str] | None = None) -> int:
    """Run a verb; return 0 if it succeeded, 1 if what the user gave cannot be used, 2 if the verb is unknown."""
    words = sys.argv[1:] if argv is None else argv
    out, errors = (Console(stderr=stderr, highlight=False, soft_wrap=True) for stderr in (False, True))
    if not words or words[0] in ("-h", "--help", "help"):
        out.print(USAGE, markup=False)
        return 0 if words else 2
    verb, *tail = words
    verbs = {point.name: point for point in entry_points(group="desirepath.verbs")}
    if verb not in verbs:
        errors.print(f"desirepath: there is no verb '{verb}'; {did_you_mean(verb, list(verbs))}", markup=False)
        return 2
    run = verbs[verb].load()
    if any(word in ("-h", "--help") for word in tail):
        out.print(inspect.getdoc(run) or "", markup=False)
        return 0
    try:
        asked = compose(verb, tail)
        found = run(asked)
        if found is not None:
            for line in how_to_see(found.outputs, log_finding(found, asked.command)):
                out.print(line, markup=False)
    except DesirepathError as error:
        errors.print(str(error), markup=False, style="red")
        return 1
    except OSError as error:
        errors.print(_not_written(error, verb), markup=False, style="red")
        return 1
    except KeyboardInterrupt as stopped:
        errors.print(str(stopped) or "stopped; nothing unfinished is kept", markup=False)
        return 130
    return 0


def _not_written(error: OSError, verb: str) -> str:
    """Say what could not be written, why, and what to do."""
    place = f"{error.filename}: " if error.filename else ""
    remedy = "go to another folder" if verb == "new" else "choose another place with outputs=…"
    return f"{place}cannot be written ({error.strerror or error}); {remedy}"


if __name__ == "__main__":
    sys.exit(main())
