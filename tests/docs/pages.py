"""The documentation as tests read it: pages with their headings, links and blocks, and how a page's examples are run.

A page's examples run in their order, in an empty folder of the page's own.

```bash     lines that begin with `desirepath` are run as they stand, run on next to nobody, or composed and built only
```yaml     by its first line: `# scenario` is a whole scenario and builds; `# part of a scenario` is laid over the
            starter and builds; `# conf/…` is a file, written there; `# in conf/…` is laid over a file that is there
```python   is run; the blocks of a page share their names; `# in sim/kpis.py` is run as if it stood in that module
```csv      is a file, called by the last name in backticks before it
```text     is what the example before it prints, with `…` for what is left out; compared when run at full size

A block below a comment `<!-- not run: why -->` is left alone.
"""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scenarios.command import main as desirepath
from scenarios.compare import variants
from scenarios.compose import compose
from sim import build
from sim.read import load

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "scenarios/conf/scenario/starter.yaml"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
NUMBER = r"\d(?:[\d,]*\d)?(?:\.\d+)?%?"
WIDTH = "120"  # of the terminal in which what is printed is shown
TINY = {
    "simulate": ["replications=2", "workers=1", "track=false", "population.customers=40"],
    "compare": ["replications=2", "workers=1", "track=false", "population.customers=40"],
    "sweep": ["replications=2", "executor=serial", "track=false", "population.customers=40"],
    "calibrate": ["replications=2", "workers=1"],
    "validate": ["replications=2", "workers=1"],
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes
    ----------
    language, text
        What it is and what it holds.
    line
        Line of the page on which it opens.
    before
        Last line of text before it.
    """

    language: str
    text: str
    line: int
    before: str

    @property
    def first(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]

    @property
    def left_alone(self) -> bool:
        """Whether it is not to be run."""
        return self.before.startswith("<!-- not run:")


def name(page: Path) -> str:
    """Path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Fenced blocks of a page in their order."""
    found, inside, before = [], None, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = re.fullmatch(r"```(\w*)", line)
        if inside is None and fence:
            inside = (fence[1], number, before, [])
        elif inside is not None and fence:
            language, start, told, lines = inside
            found.append(Block(language, "\n".join(lines) + "\n", start, told))
            inside = None
        elif inside is not None:
            inside[3].append(line)
        elif line.strip():
            assert not line.lstrip().startswith("```"), f"{name(page)}:{number}: a block that is indented is not run"
            before = line
    assert inside is None, f"{name(page)}:{inside and inside[1]}: a block is not closed"
    return found


def prose(page: Path) -> str:
    """Text of a page without its blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """Names by which the headings of a page can be linked to."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose(page))
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", h)).lower() for h in headings]
    return {heading.replace(" ", "-") for heading in plain}


def laid_over(below: Any, above: Any) -> Any:
    """Plain data laid over other plain data, as Hydra lays one file over another."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: laid_over(below.get(key), value) for key, value in above.items()}
    return above


def in_full(words: list[str]) -> int:
    """Run a command as it stands."""
    return desirepath(words)


def tiny(words: list[str]) -> int:
    """Run a command on next to nobody."""
    return desirepath([*words, *TINY.get(words[0], [])])


def understood(words: list[str]) -> int:
    """Compose what a command asks for, and build it, without running it."""
    if words[0] not in ("simulate", "compare", "describe"):
        return desirepath(words)
    composed = compose(words[0], words[1:])
    model = build(composed.config["scenario"], composed.within("scenario"), shlex.join(words))
    if words[0] == "compare":
        variants(model, composed.config["changes"])
    return 0


class Running:
    """The examples of one page, as they are run one after the other in the current folder.

    Attributes
    ----------
    scenarios
        Those that blocks are, or are part of, by where they stand.
    """

    def __init__(self, page: Path, printed: Callable[[], str], do: Callable[[list[str]], int]) -> None:
        self.page, self.printed, self.do = page, printed, do
        self.names: dict[str, Any] = {"__name__": "example"}
        self.scenarios: dict[str, Any] = {}

    def run(self) -> Iterator[tuple[Block, str]]:
        """Run every example; give every block of what is printed with what was really printed."""
        output = ""
        for block in blocks(self.page):
            place = f"{name(self.page)}:{block.line}"
            if block.left_alone:
                continue
            if block.language == "text":
                yield block, output
            else:
                self.printed()
                getattr(self, f"run_{block.language}")(block, place)
                output = self.printed()

    def run_words(self) -> None:
        """Run commands and YAML alone, and no Python."""
        for block in blocks(self.page):
            if block.language in ("bash", "yaml") and not block.left_alone:
                getattr(self, f"run_{block.language}")(block, f"{name(self.page)}:{block.line}")

    def run_bash(self, block: Block, place: str) -> None:
        """Run commands."""
        for command in block.text.replace("\\\n", " ").splitlines():
            program, *words = shlex.split(command, comments=True) or [""]
            if program == "desirepath":
                assert self.do(words) == 0, f"{place}: {command}"

    def run_yaml(self, block: Block, place: str) -> None:
        """Build a scenario, or write a file."""
        what = block.first.removeprefix("# ").split(",")[0]
        draft = Path("block.yaml")
        draft.write_text(block.text, encoding="utf-8")
        raw, _ = load(draft)
        draft.unlink()
        if what == "scenario":
            self.scenarios[place] = raw
            build(raw, what=place)
        elif what == "part of a scenario":
            self.scenarios[place] = laid_over(load(STARTER)[0], raw)
            build(self.scenarios[place], what=place)
        elif what.startswith("from "):
            shipped = what.removeprefix("from ")
            self.scenarios[shipped] = whole = load(STARTER.with_stem(shipped))[0]
            assert laid_over(whole, raw) == whole, f"{place}: the scenario says something else"
        elif what.startswith("in "):
            path = Path(what.removeprefix("in "))
            whole = laid_over(load(path)[0], raw)
            path.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), encoding="utf-8")
        else:
            assert what.startswith("conf/"), f"{place}: the first line should say what the block is"
            path = Path(what)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            if path.parent.name == "scenario":
                composed = compose("simulate", [f"scenario={path.stem}"])
                build(composed.config["scenario"], composed.within("scenario"), place)

    def run_python(self, block: Block, place: str) -> None:
        """Run Python, in a module if the first line names one."""
        module = re.match(r"# in (\w+)/(\w+)\.py", block.first)
        names = self.names
        if module:
            names = vars(importlib.import_module(f"{module[1]}.{module[2]}")).copy()
        code = compile(block.text, place, "exec", annotations.compiler_flag if module else 0, dont_inherit=True)
        exec(code, names)  # noqa: S102 - that is what it is for
        if module:
            self.names |= {key: value for key, value in names.items() if key not in self.names and key[:2] != "__"}

    def run_csv(self, block: Block, place: str) -> None:
        """Write a table."""
        called = re.findall(r"`([\w/]+\.csv)`", block.before)
        assert called, f"{place}: the line before should name the file in backticks"
        path = Path(called[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def normal(line: str) -> str:
    """A line without the width of its columns."""
    return re.sub(r"[━─═]+", "─", " ".join(line.split()))


def close(shown: str, printed: str) -> bool:
    """Whether two numbers differ by 2 % or one in the last digit at most, or percentages by a point."""
    if shown.endswith("%") != printed.endswith("%"):
        return False
    one, other = (float(text.replace(",", "").rstrip("%")) for text in (shown, printed))
    last_digit = 10.0 ** -len(shown.rstrip("%").partition(".")[2])
    least = 1.0 if shown.endswith("%") else 1.01 * last_digit
    return abs(one - other) <= max(0.02 * other, least)


def alike(shown: str, printed: str) -> bool:
    """Whether a line is as shown: the same words, and numbers as close as another machine may have them."""
    words = [re.split(NUMBER, part.strip()) for part in normal(shown).split("…")]
    pattern = ".*".join(rf"({NUMBER})".join(map(re.escape, part)) for part in words)
    found = re.fullmatch(pattern, normal(printed))
    if found is None:
        return False
    return all(map(close, re.findall(NUMBER, normal(shown)), found.groups()))


def missing(shown: str, printed: str) -> list[str]:
    """Lines that a page shows and that were not printed, in their order."""
    real = printed.splitlines()
    absent, at = [], 0
    for line in shown.splitlines():
        if line.strip() in ("", "…"):
            continue
        found = next((i for i in range(at, len(real)) if alike(line, real[i])), None)
        if found is None:
            absent.append(line)
        else:
            at = found + 1
    return absent
