"""Text of people as data: one line, nothing in it that steers a terminal, a chat, a game's colours or a prompt.

A prompt is laid out in lines: `[facts]`, `Name: words`, `(asides)`. What players, items and the game bring in stands
within such a line and can begin none: `words`, `name` and `fact` take the marks of the layout out of it, and leave
harmless text letter by letter as it was, for the embedded model was trained on that. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

NAME_MAX_CHARS = 64  # a longer "name" is a text in its place

_CONTROL = re.compile(r"\x1b\([^)]*\)|[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")  # also Luanti's colour escapes
# Shown as nothing, or turning the text around: they hide words from people who look, not from a model.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_OPENERS, _CLOSERS = "[{［｛【〔〖⟦⁅", "]}］｝】〕〗⟧⁆"
_BRACKETS = {ord(mark): "(" for mark in _OPENERS} | {ord(mark): ")" for mark in _CLOSERS}
_COLON = r"[:：﹕꞉ː˸∶]"
_ASIDE = re.compile(r"(?:\(\s*)+(?=do\s+not\s+repeat|nobody\s+speaks|[^()]{1,64}\bcomes\s+near)", re.IGNORECASE)
_OPENING = re.compile(rf"^([^\W\d_][\w'’ .-]{{0,40}}?)\s*{_COLON}")  # `Mira: …`, where no speaker stands before it
_SPEAKERS = ("system", "assistant", "user", "human", "developer", "tool", "facts", "instruction", "instructions")


def plain(text: str) -> str:
    """One line without control characters. (Chat-template tokens in it are the engine's care.)"""
    return " ".join(_CONTROL.sub(" ", str(text)).split())


def words(text: str, speakers: Iterable[str] = (), *, is_named: bool = True) -> str:
    """What somebody said, as it may stand behind `Name: `.

    No brackets (they mark facts), no `Name:` of one of `speakers` or of a chat role, no aside to the model.
    `is_named` False: nothing stands before it, so it may not begin as a line of somebody does.
    """
    line = plain(_UNSEEN.sub("", str(text))).translate(_BRACKETS)
    line = _ASIDE.sub("", line)
    if any(mark in line for mark in ":：﹕꞉ː˸∶"):
        known = sorted({*filter(None, map(_folded, speakers)), *_SPEAKERS}, key=len, reverse=True)
        pattern = rf"(?<!\w)({'|'.join(map(re.escape, known))})(\W{{0,3}}?)\s*{_COLON}+"
        line = re.sub(pattern, r"\1\2,", line, flags=re.IGNORECASE)
    if not is_named:
        line = _OPENING.sub(r"\1,", line.lstrip("( "))
    return line


def name(text: str) -> str:
    """A name as it may stand before `: ` or in a list: without the marks that end it."""
    line = plain(_UNSEEN.sub("", str(text))).translate(_BRACKETS)
    return " ".join(re.sub(rf"[()\";]|{_COLON}", " ", line).split())[:NAME_MAX_CHARS].rstrip()


def fact(text: str) -> str:
    """A fact's name or value, as it may stand within `[…; …]`."""
    line = plain(_UNSEEN.sub("", str(text))).translate(_BRACKETS)
    return line.replace(";", ",")


def _folded(speaker: str) -> str:
    return unicodedata.normalize("NFKC", name(speaker))
