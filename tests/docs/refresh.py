"""Bring what the documentation shows up to date with what really comes out.

    .venv/bin/python -m tests.docs.refresh [page …]

Every line of a ```text block is replaced by the line most like it that was really printed. What is left out stays left
out. Read the pages afterwards: numbers that moved may want other words around them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from difflib import SequenceMatcher
from pathlib import Path

from sim.kpis import KPIS
from tests.docs.pages import PAGES, ROOT, WIDTH, Running, blocks, in_full, missing, name, normal

ALIKE = 0.6


def likeness(shown: str, real: str) -> float:
    """How like two lines are, whatever the numbers in them."""
    one, other = (re.sub(r"\d", "0", normal(line)) for line in (shown, real))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def refreshed(shown: str, printed: str) -> str:
    """A block with every line as it was really printed."""
    real, at, lines = printed.splitlines(), 0, []
    for line in shown.splitlines():
        head, dots, tail = line.partition("…")
        found = next((i for i in range(at, len(real)) if not missing(line, real[i])), None)
        if not head.strip() or found is not None:
            lines.append(line)
            at = at if found is None or not head.strip() else found + 1
            continue
        count = len(head.split())
        ends = [re.match(rf"(\s*\S+){{0,{count}}}\s*", each)[0] if dots else each for each in real]
        best = max(range(at, len(real)), key=lambda i: likeness(head, ends[i]), default=None)
        if best is None or likeness(head, ends[best]) < ALIKE:
            sys.stderr.write(f"nothing like it was printed: {line}\n")
            lines.append(line)
            continue
        lines.append((ends[best] + dots + tail).rstrip())
        at = best + 1
    return "\n".join(lines) + "\n"


def refresh(page: Path) -> None:
    """Run a page's examples at full size and write down what they print."""
    out = io.StringIO()

    def printed() -> str:
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    text, kpis = page.read_text(encoding="utf-8"), dict(KPIS)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(out):
        for block, real in Running(page, printed, in_full).run():
            if missing(block.text, real):
                text = text.replace(f"```text\n{block.text}```", f"```text\n{refreshed(block.text, real)}```")
    KPIS.clear()  # as they were, if the page added one
    KPIS.update(kpis)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.environ["COLUMNS"] = WIDTH
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    for page in [ROOT / named for named in sys.argv[1:]] or PAGES:
        if any(block.language == "text" for block in blocks(page)):
            sys.stderr.write(f"{name(page)}\n")
            refresh(page)
