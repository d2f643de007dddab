"""What a player reads in a form: its words in the client's language, where they lie, and whether they can be read.

Pure but for the files that it reads: the client's font and the translations. Two questions: do all words fit where they
are drawn (`misfits`), and does each line of them stand out from what lies behind (`faint`)?
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

from tests.support.form_layout import Box, Form
from tests.support.screen import Pixels

CONTRAST_MIN = 4.5  # of words of this size, as WCAG 2 has it
FONT_PIXELS = 16  # `font_size` of the client; it does not grow with the form
FONTS = ("/usr/share/games/minetest/fonts/Arimo-Regular.ttf", "/usr/share/luanti/fonts/Arimo-Regular.ttf")
BUTTON_MARGIN = 4  # pixels on each side
SCROLLBAR = 16  # pixels that a list keeps free on its right
CELL_MARGIN = 8  # pixels between the columns of a table
INK_MARGIN = 3  # pixels that a client draws farther left or right than the font's metrics say
INK_MIN = 1.3  # contrast of a pixel that is part of a letter, and not of the background's grain

Translate = Callable[[str, str], str]  # textdomain, words of the source → words


@dataclass(frozen=True)
class Words:
    """A line of a form. `ink`: where its letters are; `room`: where they may be."""

    element: str
    text: str
    ink: Box
    room: Box


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(next(path for path in FONTS if Path(path).exists()), FONT_PIXELS)


def width(text: str) -> int:
    return round(_font().getlength(text))


def catalogue(language: str, folders: Sequence[Path]) -> Translate:
    """Looks words up in the `locale/` folders below `folders`, as a client does."""
    known: dict[str, dict[str, str]] = {}

    def read(domain: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for folder in folders:
            for path in folder.rglob(f"locale/{domain}.{language}.tr"):
                for line in path.read_text(encoding="utf-8").splitlines():
                    source, mark, words = re.sub(r"@=", "\0", line).partition("=")
                    if mark and not line.startswith("#") and words:
                        found[source.replace("\0", "=")] = words.replace("\0", "=")
        return found

    def look_up(domain: str, words: str) -> str:
        if domain not in known:
            known[domain] = read(domain)
        return known[domain].get(words, words)

    return look_up


def shown(marked: str, translate: Translate) -> str:
    """Words as the client draws them: translated, without colours."""
    at = 0

    def part(ends: str) -> str:
        nonlocal at
        out = ""
        while at < len(marked):
            if marked[at] != "\x1b":
                out, at = out + marked[at], at + 1
            elif marked[at + 1] == "(":
                mark, _, _ = marked[at + 2 :].partition(")")
                at += len(mark) + 3
                if mark.startswith("T@"):
                    out += sentence(mark[2:])
            else:
                letter, at = marked[at + 1], at + 2
                if letter == "T":
                    out += sentence("")
                elif letter in ends:
                    return out
        return out

    def sentence(domain: str) -> str:
        # arguments stand in the words as F … E
        nonlocal at
        source, given = "", []
        while at < len(marked):
            if marked.startswith("\x1bF", at):
                at += 2
                given.append(part("E"))
                source += f"@{len(given)}"
            elif marked.startswith("\x1bE", at):
                at += 2
                break
            else:
                source, at = source + marked[at], at + 1
        words = translate(domain, source)
        return re.sub(r"@(\d)", lambda found: given[int(found[1]) - 1], words)

    return part("")


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def words_of(form: Form, translate: Translate) -> Iterator[Words]:
    """All lines that are drawn at once; what scrolls (fields, lists) has a room and is as wide as its widest line."""
    height = FONT_PIXELS + 3
    for kind, parts, box in form.drawn:
        if kind == "label":
            for i, line in enumerate(shown(_unescape(parts[1]), translate).split("\n")):
                top = box.top - height // 2 + i * height
                ink = Box(box.left, top, box.left + width(line), top + height)
                yield Words(kind, line, ink, form.box)
        elif kind in ("button", "button_exit"):
            line = shown(_unescape(parts[3]), translate)
            middle, half = (box.left + box.right) // 2, width(line) // 2
            y = (box.top + box.bottom) // 2
            ink = Box(middle - half, y - height // 2, middle + half, y + height // 2)
            yield Words(
                parts[2], line, ink, Box(box.left + BUTTON_MARGIN, box.top, box.right - BUTTON_MARGIN, box.bottom)
            )
        elif kind in ("table", "textlist"):
            columns = max(1, parts[-1].count("text")) if kind == "table" else 1
            cells = [shown(_unescape(cell), translate) for cell in re.split(r"(?<!\\),", parts[3])]
            cells = [cell for cell in cells if not re.fullmatch(r"#[0-9a-f]{6}", cell)]
            rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
            widest = sum(max(width(row[i]) for row in rows if len(row) > i) for i in range(columns) if rows)
            ink = Box(box.left, box.top, box.left + widest + columns * CELL_MARGIN, box.bottom)
            yield Words(parts[2], "\n".join(cells), ink, Box(box.left, box.top, box.right - SCROLLBAR, box.bottom))
        elif kind in ("field", "textarea") and parts[4]:
            yield Words(parts[2] or kind, shown(_unescape(parts[4]), translate), box, box)


def _overlap(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


# Nothing may be written over these; boxes, backgrounds and wells are there to be written on.
SOLID = ("image", "item_image", "item_image_button", "button", "button_exit", "field", "textarea", "table", "textlist")


def misfits(form: Form, translate: Translate) -> list[str]:
    """What is cut off, or lies over something else."""
    found = []
    written = list(words_of(form, translate))
    labels = [words for words in written if words.element == "label"]
    for words in written:
        if words.ink.left < words.room.left or words.ink.right > words.room.right:
            found.append(f"{words.element}: {words.text!r} is {words.ink.right - words.room.right} pixels too wide")
    for i, one in enumerate(labels):
        for other in labels[:i]:
            if _overlap(one.ink, other.ink):
                found.append(f"{one.text!r} lies over {other.text!r}")
        for kind, parts, box in form.drawn:
            if kind in SOLID and _overlap(one.ink, box):
                found.append(f"{one.text!r} lies over {kind} {';'.join(parts)[:60]}")
    return found


def luminance(colours: Pixels) -> Pixels:
    """Relative luminance of colours (0 to 255 in the last axis), as WCAG 2 defines it."""
    part = np.asarray(colours, float) / 255
    linear = np.where(part <= 0.03928, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def _contrast(a: Pixels, b: Pixels) -> Pixels:
    return (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)


def contrasts(seen: Pixels) -> list[float]:
    """The contrast of each line of letters in a part of a picture to what lies behind it."""
    light = luminance(seen)
    found, band = [], []
    for row in [*light, None]:
        if row is not None:
            values, counts = np.unique(np.round(row, 3), return_counts=True)
            ink = _contrast(row, values[counts.argmax()])
            if ink.max() >= INK_MIN:
                band.append(float(ink.max()))
                continue
        if len(band) >= FONT_PIXELS // 3:  # thinner ones are edges
            found.append(max(band))
        band = []
    return found


def faint(form: Form, translate: Translate, picture: Pixels) -> list[str]:
    """Words that are not seen, or do not stand out enough."""
    found = []
    for words in words_of(form, translate):
        if not re.search(r"\w", words.text):  # a minus is too thin to be measured
            continue
        box = words.ink
        margin = INK_MARGIN if words.element == "label" else 0  # beside a list there is more than its words
        left, right = max(0, box.left - margin), box.right + margin
        lines = contrasts(picture[max(0, box.top) : box.bottom, left:right])
        if not lines or min(lines) < CONTRAST_MIN:
            found.append(f"{words.element}: {words.text[:60]!r} has a contrast of {min(lines, default=1.0):.1f}")
    return found
