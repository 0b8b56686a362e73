"""What went wrong in something a user wrote: every problem at once, each with its place and a remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Problem:
    """One fault, where it is and what would be right.

    Attributes
    ----------
    path
        Dotted path into the scenario, or the column of a log; empty where the whole is meant.
    message
        What was found and what would be right, in words.
    place
        ``file:line`` or ``command line``; empty where unknown.
    """

    path: str
    message: str
    place: str = ""

    @property
    def meant(self) -> str | None:
        """Path that was likely meant, where the last name of it is misspelt."""
        meant = re.search(r"did you mean '([^']+)'\?", self.message)
        return ".".join([*self.path.split(".")[:-1], meant[1]]) if meant else None

    def __str__(self) -> str:
        """Say the problem on one line."""
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message}" + (f" [{self.place}]" if self.place else "")


class DesirepathError(Exception):
    """Something a user can mend."""


class ScenarioError(DesirepathError, ValueError):
    """A scenario that does not make sense, with every problem found in it."""

    def __init__(self, problems: Iterable[Problem], what: str = "scenario") -> None:
        self.problems, self.what = list(problems), what
        count = len(self.problems)
        heading = f"{what}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[list[Problem], str]]:
        """Travel from one process to another with its problems, where an exception would with its message only."""
        return type(self), (self.problems, self.what)


def did_you_mean(word: object, known: Sequence[str], cutoff: float = 0.6) -> str:
    """Return a hint at the likely intention: the nearest known name, or all of them where there are few."""
    near = get_close_matches(str(word), known, n=1, cutoff=cutoff)
    if near:
        return f"did you mean '{near[0]}'?"
    if not known:
        return "none is defined"
    names = sorted(set(known))
    return f"known: {', '.join(names[:12])}" + (", …" if len(names) > 12 else "")


def misspelt(word: str, known: Sequence[str]) -> str | None:
    """Return the known name of which a word is a misspelling: very near it, and hardly longer or shorter."""
    near = get_close_matches(word, [name for name in known if abs(len(name) - len(word)) < 2], n=1, cutoff=0.8)
    mixed_up = (name for name in known if name != word and sorted(name) == sorted(word))
    return near[0] if near else next(mixed_up, None)


def slip(name: str, known: Sequence[str]) -> str | None:
    """Return the known name of which another is a slip: a letter too many or too few, two swapped, or a capital.

    Not one letter for another, nor digits: `plan_a` and `plan_b`, or `tier1` and `tier10`, are two things.
    """
    plain = [other for other in known if not any(map(str.isdigit, name + other))]
    same = (other for other in plain if other != name and other.lower() == name.lower())
    unlike = [other for other in plain if len(other) != len(name) or sorted(other) == sorted(name)]
    return next(same, None) or misspelt(name, [other for other in unlike if other != name])
