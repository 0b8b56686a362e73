"""The verbs that ask what is: `calibrate` and `validate`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from pydantic import Field, ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from calibration import staff
from calibration.fit import calibrate as fit_all
from calibration.hours import QUARTERS, Hours
from calibration.log import Duration, read_log
from calibration.sources import numbered, read_sources
from calibration.timeline import build_timeline
from calibration.validate import OUTSIDE, Validation, in_per_cent
from calibration.validate import validate as compare_with_log
from calibration.write import checked, estimates_table, scenario_text, validation_text, write_all
from sim import units
from sim.check import problem_of
from sim.described import Described, FileName
from sim.errors import Problem, ScenarioError
from sim.explained import README, explained
from sim.read import build, place_of
from sim.replications import Workers
from sim.units import MINUTES_PER_DAY, MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from calibration.log import Log
    from calibration.sources import Sources
    from calibration.timeline import Timeline


_FILES = {
    "validation.md": "how the scenario did on weeks it was not made from, and what not to trust it for",
    "validation.csv": "the same as a table: observed, simulated, what chance explains, the verdict",
    "estimates.csv": "every value of the scenario that was estimated: from what, from how many, how surely",
    "set_aside.csv": "rows of the log that could not be used, each with the reason; they stay on this computer",
}


class Asked(Protocol):
    """What a verb is given: composed plain data, where each part stands, and what was chosen."""

    config: dict[str, Any]
    chosen: dict[str, str]
    command: str

    def within(self, key: str) -> dict[tuple[str, ...], str]:
        """Places of one part."""

    def place(self, path: str) -> str:
        """Place of a setting, by its dotted path."""


class CheckSettings(Described):
    """Settings that both verbs share."""

    name: FileName | None = None
    question: str | None = None
    seed: int = 1
    replications: int = Field(default=5, ge=2)
    workers: Workers = Field(default="auto", validate_default=True)
    outputs: Path = Path("outputs")
    track: bool = True


class CalibrateSettings(CheckSettings):
    """Settings of `desirepath calibrate`."""

    holdout: Duration = "4 weeks"
    warmup: Duration = "4 weeks"
    measured: Duration = "12 weeks"


class ValidateSettings(CheckSettings):
    """Settings of `desirepath validate`."""

    span: Duration | None = None


@dataclass(frozen=True)
class Finding:
    """What a verb found, for whoever keeps findings side by side.

    Attributes
    ----------
    question, name
        What was asked, and what this answer is called.
    note
        The answer in words.
    numbers, settings
        What came out, and what it was made with.
    data
        SHA-256 of the files it rests on, by name.
    files
        What was written about it; no row of a log is among it.
    outputs
        Folder of everything written.
    """

    question: str
    name: str
    note: str
    numbers: dict[str, float]
    settings: dict[str, str]
    data: dict[str, str]
    files: list[Path]
    outputs: Path


def calibrate(asked: Asked) -> Finding | None:
    """Turn logs into a scenario, and check it on weeks that were held out.

    desirepath calibrate log=NAME [holdout="4 weeks"] [warmup="4 weeks"] [name=…] [replications=5] [log.folder=…]

    NAME is a mapping in conf/log or among those that ship; a mapping's path, or the path of a contacts file that has
    our column names, will do as well. The scenario goes to outputs/scenario/NAME.yaml, its checks to
    outputs/calibrate/NAME.
    """
    console = Console(highlight=False)
    settings, log = _checked(settings=lambda: _settings(asked, CalibrateSettings), log=lambda: _log(asked))
    name = settings.name or asked.chosen["log"]
    sources = numbered(_read(asked, log, settings.outputs))
    timeline = build_timeline(log, sources)
    _say_sources(console, sources, timeline)
    start = _held_out_from(timeline, settings.holdout, "holdout", asked)
    timeline = _with_waits(timeline, timeline.until(start), sources, log)
    console.print(
        f"learning from {start / MINUTES_PER_WEEK:.1f} weeks, "
        f"the last {(timeline.end - start) / MINUTES_PER_WEEK:.1f} held out"
    )
    learned = timeline.until(start)
    calibrated = fit_all(log, sources, learned, warmup=settings.warmup, measured=settings.measured)
    with _progress(console, "living through the log's weeks") as step:
        validation = compare_with_log(
            calibrated.raw, timeline, start, seed=settings.seed, replications=settings.replications,
            workers=settings.workers, progress=step,
        )  # fmt: skip
    folder = settings.outputs / "calibrate" / name
    scenario = settings.outputs / "scenario" / f"{name}.yaml"
    files = ", ".join(f"{file} ({digest[:12]})" for file, digest in sources.digests.items())
    comment = [
        f"{calibrated.raw['title']}: calibrated by `desirepath calibrate`, so edit a copy.",
        f"From {files}; what each value rests on stands under `estimates`, what is doubtful under `uncertain`.",
        *(f"Not to be trusted for: {line}" for line in validation.caveats()),
    ]
    write_all(
        folder,
        {
            folder / "set_aside.csv": sources.set_aside,
            folder / "estimates.csv": estimates_table(calibrated.estimates),
            folder / "validation.csv": validation.table,
            folder / "validation.md": validation_text(validation),
            folder / README: explained(f"Calibration: {calibrated.raw['title']}", asked.command, _FILES),
            scenario: scenario_text(calibrated.raw | {"checked": checked(validation)}, name, comment),
        },
    )
    _say_validation(console, validation)
    console.print(f"scenario: {scenario}\nchecks, estimates and rows set aside: {folder}", markup=False)
    chosen = {"log": asked.chosen["log"], "holdout": settings.holdout}
    files_written = [*(folder / file for file in ("estimates.csv", "validation.csv", "validation.md")), scenario]
    return _finding(
        settings, f"Calibration: {calibrated.raw['title']}", name, chosen, validation, sources, files_written
    )


def validate(asked: Asked) -> Finding | None:
    """Check a scenario against a log it was not fitted on.

    desirepath validate scenario=NAME log=NAME [span="4 weeks"] [seed=1] [replications=5]

    The scenario lives through the log's weeks from their beginning; its last weeks (`span`; the second half where
    unstated) are compared. Results go to outputs/validate/NAME.
    """
    console = Console(highlight=False)
    settings, model, log = _checked(
        settings=lambda: _settings(asked, ValidateSettings),
        scenario=lambda: build(asked.config["scenario"], asked.within("scenario")),
        log=lambda: _log(asked),
    )
    sources = numbered(_read(asked, log, settings.outputs))
    timeline = build_timeline(log, sources)
    timeline = _with_waits(timeline, timeline, sources, log)
    _say_sources(console, sources, timeline)
    start = _held_out_from(timeline, settings.span or f"{timeline.end / 2:g} min", "span", asked)
    with _progress(console, "living through the log's weeks") as step:
        validation = compare_with_log(
            model.raw, timeline, start, seed=settings.seed, replications=settings.replications,
            workers=settings.workers, progress=step,
        )  # fmt: skip
    folder = settings.outputs / "validate" / (settings.name or asked.chosen["scenario"])
    text = validation_text(validation)
    title = f"Validation: {model.title or asked.chosen['scenario']}"
    checks = {name: what for name, what in _FILES.items() if name.startswith("validation")}
    write_all(
        folder,
        {
            folder / "validation.csv": validation.table,
            folder / "validation.md": text,
            folder / README: explained(title, asked.command, checks),
        },
    )
    _say_validation(console, validation)
    console.print(f"checks: {folder}", markup=False)
    chosen = {"scenario": asked.chosen["scenario"], "log": asked.chosen["log"]}
    return _finding(
        settings, title, folder.name, chosen, validation, sources, [folder / "validation.csv", folder / "validation.md"]
    )


def _finding(
    settings: CheckSettings,
    question: str,
    name: str,
    chosen: dict[str, str],
    validation: Validation,
    sources: Sources,
    files: list[Path],
) -> Finding | None:
    """What came of a check; None where it is not to be kept."""
    if not settings.track:
        return None
    numbers = {f"checks {verdict}": float(count) for verdict, count in validation.verdicts().items()}
    for row in validation.table.iter_rows(named=True):
        what = f"{row['measure']} {row['group']}"
        numbers |= {f"{what} {side}": row[side] for side in ("observed", "simulated", "relative")}
    design = {"seed": str(settings.seed), "replications": str(settings.replications)}
    note = "Not to be trusted for:\n\n" + "\n".join(f"- {line}" for line in validation.caveats())
    return Finding(
        settings.question or question, name, note, numbers, chosen | design, sources.digests, files, settings.outputs
    )


def _with_waits(timeline: Timeline, known: Timeline, sources: Sources, log: Log) -> Timeline:
    """Timeline with waits; where a log says only when service began, they are the open time since the contact before.

    Parameters
    ----------
    known
        The part of the timeline that opening hours are learnt from; what it has never met opens at no hour, so that
        nobody is taken to wait there.
    """
    if sources.joined_known:
        return timeline
    hours = staff.fit(known, sources, log.currency).hours
    never = Hours(np.zeros(QUARTERS, dtype=bool))
    met = timeline.contacts["touchpoint"].unique()
    return timeline.waiting_since_the_last({name: hours.get(name, never) for name in met})


def _checked(**parts: Callable[[], Any]) -> list[Any]:
    """What a verb is asked, part by part, or everything that is wrong with any of them."""
    found: list[Any] = []
    wrong: dict[str, list[Problem]] = {}
    for part, read in parts.items():
        try:
            found.append(read())
        except ScenarioError as error:
            wrong[part] = error.problems
    if wrong:
        raise ScenarioError([problem for problems in wrong.values() for problem in problems], " and ".join(wrong))
    return found


def _read(asked: Asked, log: Log, outputs: Path) -> Sources:
    """The log as read; what is wrong with its mapping is told with its line."""
    try:
        return read_sources(log, _key(outputs))
    except ScenarioError as error:
        places = asked.within("log")
        located = [Problem(p.path, p.message, p.place or place_of(p.path, places)) for p in error.problems]
        raise ScenarioError(located, error.what) from None


def _log(asked: Asked) -> Log:
    return read_log(asked.config["log"], asked.within("log"))


def _settings(asked: Asked, kind: type[Any]) -> Any:
    """A verb's own settings, checked."""
    raw = {key: value for key, value in asked.config.items() if key not in asked.chosen}
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        problems = (problem_of(dict(e), raw, kind) for e in error.errors())
        located = [Problem(p.path, p.message, asked.place(p.path)) for p in problems]
        raise ScenarioError(located, "settings") from None


def _key(outputs: Path) -> bytes:
    """Key of the hash that hides identifiers: this machine's own, made on first use and kept out of every result."""
    path = outputs / ".pseudonym-key"
    if not path.is_file():
        outputs.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(32))
        draft.replace(path)
    return path.read_bytes()


def _held_out_from(timeline: Timeline, holdout: str, setting: str, asked: Asked) -> float:
    """Minute from which the log is held out, as a setting says: whole days, with enough left to learn from."""
    held = units.duration(holdout)
    start = (timeline.end - held) // MINUTES_PER_DAY * MINUTES_PER_DAY
    if start < MINUTES_PER_WEEK or held < MINUTES_PER_DAY:
        span = units.say_duration(timeline.end)
        message = f"{holdout} of {span} leaves less than a week to learn from, or nothing to check; hold out less"
        raise ScenarioError([Problem(setting, message, asked.place(setting))], "settings")
    return float(start)


def _progress(console: Console, what: str) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def shown() -> Iterator[Any]:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    return shown()


def _say_sources(console: Console, sources: Sources, timeline: Timeline) -> None:
    read = ", ".join(f"{count:,} {kind}" for kind, count in sources.rows.items())
    console.print(f"read {read}; {timeline.start:%Y-%m-%d} and {timeline.weeks:.1f} weeks from then", markup=False)
    for reason, count in sources.set_aside.group_by("reason").len().sort("len", descending=True).iter_rows():
        console.print(f"  set aside: {count:,} × {reason}", markup=False)
    for said in sources.unheard:
        console.print(f"  {said}", markup=False, soft_wrap=True)


def _say_validation(console: Console, validation: Validation) -> None:
    table = Table(title=f"{validation.weeks:.1f} weeks the scenario has not seen")
    for column in ("measure", "group", "observed", "simulated", "difference", "noise floor", "verdict"):
        words = column in ("measure", "group", "verdict")
        table.add_column(column, justify="left" if words else "right", overflow="fold")
    for r in validation.table.iter_rows(named=True):
        style = "red" if r["verdict"] == OUTSIDE else None
        table.add_row(
            r["measure"], r["group"], f"{r['observed']:.4g}", f"{r['simulated']:.4g}", in_per_cent(r["relative"]),
            f"±{r['floor']:.3g}", r["verdict"], style=style,
        )  # fmt: skip
    console.print(table)
    if not validation.verdicts()[OUTSIDE]:
        console.print("nothing that was checked is off by more than 10 % and more than chance explains", soft_wrap=True)
    for line in validation.caveats():
        console.print(f"not to be trusted for: {line}", markup=False, soft_wrap=True)
