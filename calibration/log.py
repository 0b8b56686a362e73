"""What a log is called and how it is written: the mapping from a user's files and columns to ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from sim import likely, units
from sim.check import problem_of
from sim.described import Described
from sim.errors import ScenarioError
from sim.read import place_of


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _one_sign(text: str) -> str:
    if len(text) != 1 or not text.isascii():
        msg = f"{text!r} cannot separate fields; write a single sign such as ',' or ';', or \"\\t\" for a tab"
        raise ValueError(msg)
    return text


_duration = likely.telling(units.duration, "a duration", likely.duration)


def _a_duration(text: object) -> str:
    if _duration(text) < 0:
        msg = f"{text!r} is out of bounds; it should be at least 0"
        raise ValueError(msg)
    return str(text)


Texts = Annotated[list[str], BeforeValidator(_as_list)]
Duration = Annotated[str, BeforeValidator(_a_duration)]


class SourceFiles(Described):
    """Files of one kind and how to read them.

    Attributes
    ----------
    files
        One or more; CSV (also compressed) or Parquet, read one after the other.
    columns
        For each of our columns the user's, or several whose texts are joined by a blank (a date and a time).
    or_else
        Columns to take a value from where those before have none, in turn.
    fixed
        Values for columns that the files lack.
    separator
        Between the fields of a CSV file.
    timestamps
        How times are written, in `strptime` signs; ISO 8601 where unstated.
    missing
        Texts that stand for an unknown value.
    words
        For our columns, what the user's words mean in ours; `set_aside` sets such rows aside.
    """

    files: Texts = Field(min_length=1)
    columns: dict[str, Texts] = {}
    or_else: list[dict[str, Texts]] = []
    fixed: dict[str, str] = {}
    separator: Annotated[str, AfterValidator(_one_sign)] = ","
    timestamps: str | None = None
    missing: Texts = ["", "NA", "NaN", "null", "None"]
    words: dict[str, dict[str, str]] = {}


class Log(Described):
    """A company's records: contacts, and whatever else there is.

    Attributes
    ----------
    folder
        Where the files lie.
    company, currency
        For the title of the scenario, and of wages.
    kind
        ``customers``: persistent customers with needs. ``cases``: every case is a new customer with one journey.
    same_issue
        Contacts of one customer that are no further apart belong to one issue, where the log does not say.
    slack
        Clocks that disagree by no more than this are set right: nobody is served before joining.
    unstaffed
        Touchpoints without staff; where unstated, those at which nobody ever served.
    tolerate
        Share of unusable rows above which nothing is calibrated.
    """

    folder: str = "."
    company: str = ""
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    kind: Literal["customers", "cases"] = "customers"
    same_issue: Duration = "1 day"
    slack: Duration = "0 s"
    unstaffed: Texts | None = None
    tolerate: float = Field(default=0.05, ge=0, le=1)
    contacts: SourceFiles
    surveys: SourceFiles | None = None
    customers: SourceFiles | None = None
    roster: SourceFiles | None = None


def read_log(raw: dict[str, Any], places: dict[tuple[str, ...], str]) -> Log:
    """Check a mapping.

    Raises
    ------
    ScenarioError
        With every problem found, each with its place.
    """
    try:
        return Log.model_validate(raw)
    except ValidationError as error:
        problems = [problem_of(dict(e), raw, Log) for e in error.errors()]
        located = [type(p)(p.path, p.message, place_of(p.path, places)) for p in problems]
        raise ScenarioError(located, "log") from None
