"""Small pieces of SVG: escaped text, measured and wrapped, in fonts that every machine has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape as _escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
INK, SOFT, FAINT, PAPER = "#1d2733", "#566373", "#d5dbe1", "#ffffff"
# Blue for better and orange for worse: told apart by almost every eye, and never the only sign.
BETTER, WORSE, NEITHER = "#1a66a8", "#b45309", "#5b6673"

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW, _WIDE = set("iljtfrI.,:;'|!()[]{}/\\ -·"), set("mwMW%@—&…")


def escape(text: object) -> str:
    """Text as it may stand in XML, in content and in attributes; characters that XML forbids are shown as �."""
    return _escape(_NOT_XML.sub("�", str(text)), {'"': "&quot;", "'": "&#39;"})


def number(value: float) -> str:
    """A coordinate, with no more digits than an eye can see."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a text in pixels, on the safe side: most sans-serif fonts are narrower."""
    ems = sum(_ems(letter) for letter in text)
    return size * ems * (1.1 if bold else 1.04)


def _ems(letter: str) -> float:
    if letter in _NARROW:
        return 0.36
    if letter in _WIDE:
        return 0.92
    if ord(letter) > 0x2E80:
        return 1.05
    return 0.7 if letter.isupper() else 0.58


def wrap(text: str, width: float, size: float, lines: int = 3, *, bold: bool = False) -> list[str]:
    """Break a text into lines that fit a width, between words where that is possible; what is too much ends in …."""
    broken: list[str] = []
    for word in text.split():
        joined = f"{broken[-1]} {word}" if broken else word
        if broken and text_width(joined, size, bold=bold) <= width:
            broken[-1] = joined
        else:
            broken.extend(_pieces(word, width, size, bold=bold))
    if len(broken) > lines:
        broken = [*broken[: lines - 1], _cut(f"{broken[lines - 1]}…", width, size, bold=bold)]
    return broken or [""]


def _pieces(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    """Parts of a word, each as long as fits."""
    pieces, piece = [], ""
    for letter in word:
        if piece and text_width(piece + letter, size, bold=bold) > width:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]


def _cut(text: str, width: float, size: float, *, bold: bool) -> str:
    while len(text) > 2 and text_width(text, size, bold=bold) > width:
        text = f"{text[:-2]}…"
    return text


def label(
    x: float, y: float, text: object, *, size: float = 12, anchor: str = "start", bold: bool = False,
    colour: str = INK, halo: bool = False,
) -> str:  # fmt: skip
    """One line of text; with a halo it can be read across a line."""
    weight = ' font-weight="600"' if bold else ""
    around = f' stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}" '
        f'fill="{colour}"{weight}{around}>{escape(text)}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str = "") -> str:
    """A straight line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{number(width)}"{dashed}/>'


def rectangle(
    x: float, y: float, width: float, height: float, fill: str, *, rounded: float = 0, stroke: str = "", dash: str = ""
) -> str:
    """A rectangle."""
    outline = f' stroke="{stroke}" stroke-width="1.3"' if stroke else ""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    size = f'width="{number(max(width, 0))}" height="{number(max(height, 0))}"'
    return f'<rect x="{number(x)}" y="{number(y)}" {size} rx="{number(rounded)}" fill="{fill}"{outline}{dashed}/>'


def polygon(points: Sequence[tuple[float, float]], fill: str, stroke: str = "") -> str:
    """A closed shape with straight sides."""
    corners = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    outline = f' stroke="{stroke}" stroke-width="1.3" stroke-linejoin="round"' if stroke else ""
    return f'<polygon points="{corners}" fill="{fill}"{outline}/>'


def path(data: str, colour: str, width: float = 1, dash: str = "") -> str:
    """A line of any shape."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{number(width)}"{dashed}/>'


def group(kind: str, parts: Iterable[str]) -> str:
    """Elements that belong together, and what they are."""
    return f'<g class="{kind}">{"".join(parts)}</g>'


def drawing(
    width: float, height: float, title: str, description: str, parts: Iterable[str], *, smallest: float = 0.7
) -> str:
    """A whole drawing: as wide as it is, or as it is given room, but no smaller than can be read.

    Parameters
    ----------
    width, height
        Its own size in pixels.
    title, description
        What it is, and what can be seen on it, for those who hear it read.
    parts
        Its elements, those behind first.
    smallest
        Scale below which it does not shrink.
    """
    size = f"{number(width)} {number(height)}"
    style = f"width:{number(width)}px;max-width:100%;min-width:{number(width * smallest)}px;height:auto"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label="{escape(title)}" '
        f'font-family="{FONTS}" style="{style}"><title>{escape(title)}</title><desc>{escape(description)}</desc>'
        f"{rectangle(0, 0, width, height, PAPER)}{''.join(parts)}</svg>"
    )
