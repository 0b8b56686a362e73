"""A command typed in some folder, on a company so small that its weeks pass in a moment."""

import re
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from io import StringIO
from pathlib import Path

from scenarios.command import main

STARTER = Path(str(files("scenarios.conf").joinpath("scenario/starter.yaml")))
SHORT = ("clock.horizon=8 days", "clock.warmup=1 day", "population.customers=30")
QUICK = (*SHORT, "replications=2", "workers=1", "track=false")


@dataclass(frozen=True)
class Typed:
    """What came of a command: its exit code, and what it printed to say and to complain."""

    code: int
    said: str
    complained: str

    @property
    def complaints(self) -> list[str]:
        """Lines of the complaint, without what draws a bar of progress."""
        return [line.strip() for line in self.complained.splitlines() if line.strip()]


def typed(folder: Path, *words: str) -> Typed:
    """Type `desirepath` and some words in a folder."""
    said, complained = StringIO(), StringIO()
    with chdir(folder), redirect_stdout(said), redirect_stderr(complained):
        code = main(list(words))
    return Typed(code, said.getvalue(), complained.getvalue())


def written(folder: Path) -> set[str]:
    """Every file under a folder, hidden ones too, by its path within it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def results(folder: Path, verb: str, name: str = "starter") -> list[Path]:
    """Folders of the runs of a verb, oldest first."""
    return sorted((folder / "outputs" / verb / name).iterdir())


def digests(folder: Path, *suffixes: str) -> dict[str, str]:
    """SHA-256 of the files of some kinds under a folder."""
    found = (path for path in folder.rglob("*") if path.suffix in suffixes)
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in found}


def assert_explained(folder: Path) -> None:
    """Check that every file of a folder is told of by the page in it, and nothing that is not there."""
    page = (folder / "README.md").read_text(encoding="utf-8")
    patterns = [name.replace("SCENARIO", "*") for name in re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)]
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} - {Path("README.md")}
    assert {file for file in files if not any(file.match(pattern) for pattern in patterns)} == set()
    assert [pattern for pattern in patterns if not any(file.match(pattern) for file in files)] == []
