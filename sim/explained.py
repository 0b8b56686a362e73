"""A run's folder explains itself: a page in it says what each of its files is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

README = "README.md"


def explained(title: str, command: str, files: Mapping[str, str], *, more: str = "") -> str:
    """Page that goes into a folder as `README`.

    Parameters
    ----------
    title
        What the folder holds.
    command
        How to get it again.
    files
        What each file is, by its name or a pattern of names.
    more
        What else there is to know, in Markdown.
    """
    rows = [f"| `{name}` | {meaning} |" for name, meaning in files.items()]
    made = ["Made by", "", "```text", command, "```"]
    table = ["| File | What it is |", "|---|---|", *rows]
    return "\n".join([f"# {title}", "", *made, "", *table, *(["", more] if more else [])]) + "\n"
