"""Turns untrusted text into data that cannot change a prompt's layout, a terminal, a chat or a game's colours.

A prompt consists of lines: `[facts]`, `Name: words`, `(asides)`. Text of players, items and the game is placed inside
such a line and must not be able to start one, so each function here returns one line without the marks of the layout.
Harmless text stays as it is, letter by letter: the embedded model was trained on text that went through these
functions, so a change to one of them changes what the model sees. Their time grows with the text and no faster, whoever
wrote it. Pure; any thread. It stands in `util`, as memory and roles need it as well as prompts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

NAME_MAX_CHARS = 64  # a longer "name" is a text in the place of one

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")
_GAME_ESCAPE = re.compile(r"\x1b\([^)]*\)")  # colours and translations of Luanti
# Characters that are not shown, or that reverse the text: a person does not see the words behind them, a model does.
# \ue000 and those behind it are our own placeholders (prompt/placeholders.py).
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ue000-\ue0ff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_OPENING, _CLOSING = "[{［｛【〔〖⟦⁅", "]}］｝】〕〗⟧⁆"
_ASCII_BRACKETS = re.compile(r"[\[\]{}]")
_BRACKETS = {ord(mark): "(" for mark in _OPENING} | {ord(mark): ")" for mark in _CLOSING}
_COLON_CHARS = ":：﹕꞉ː˸∶"
_COLON = f"[{_COLON_CHARS}]"
# The asides that messages.py writes itself. No try begins inside a run of brackets: it would end where the first did.
_ASIDE = re.compile(
    r"(?<!\()(?<!\( )\((?: ?\()*+ ?(?=do\s+not\s+repeat|nobody\s+speaks|[^()]{1,64}\bcomes\s+near)", re.IGNORECASE
)
_NAME_MARKS = re.compile(rf"[()\";]|{_COLON}")
_SPEAKER_END = re.compile(rf"(\s*){_COLON}+")
_SPEAKER_GAP_MAX_CHARS = 3  # of punctuation between a name and its colon: `Ana):`
_SPEAKER_PREFIX = re.compile(rf"^([^\W\d_][\w'’ .-]{{0,40}}?)\s*{_COLON}")  # `Mira: …` at the start of the line
_CHAT_ROLES = ("system", "assistant", "user", "human", "developer", "tool", "facts", "instruction", "instructions")


def single_line(text: str) -> str:
    """One line without control characters. Chat-template tokens stay: the engine encodes them as plain text."""
    text = str(text)
    if _is_plain(text):
        return " ".join(text.split())
    closed = text.rfind(")") + 1  # behind it no escape of the game ends, and looking for its end would cost a scan each
    if "\x1b" in text:
        text = _GAME_ESCAPE.sub(" ", text[:closed]) + text[closed:]
    return " ".join(_CONTROL.sub(" ", text).split())


def utterance(text: str, speakers: Iterable[str] = (), *, has_speaker: bool = True) -> str:
    """What somebody said, as it may stand behind `Name: `.

    Brackets become parentheses (brackets mark facts), the colon behind one of `speakers` or a chat role becomes a
    comma, and the start of an aside to the model is removed. `has_speaker` False: no `Name: ` stands before the text,
    so its own beginning must not look like one.
    """
    line = _visible_line(text)
    line = _ASIDE.sub("", line)
    if any(mark in line for mark in _COLON_CHARS):
        line = _without_speakers(line, {*filter(None, map(_comparable, speakers)), *_CHAT_ROLES})
    if not has_speaker:
        line = _SPEAKER_PREFIX.sub(r"\1,", line.lstrip("( "))
    return line


def name(text: str) -> str:
    """A name as it may stand before `: ` or in a list: without the marks that would end it, cut to NAME_MAX_CHARS."""
    line = _NAME_MARKS.sub(" ", _visible_line(text))
    return " ".join(line.split())[:NAME_MAX_CHARS].rstrip()


def fact(text: str) -> str:
    """A fact's name or value, as it may stand in `[…; …]`: without the mark between facts."""
    return _visible_line(text).replace(";", ",")


def _is_plain(text: str) -> bool:
    """Printable ASCII: nothing in it is hidden, or a control character. Nearly all facts and names are, and a prompt
    has dozens of them."""
    return text.isascii() and text.isprintable()


def _visible_line(text: str) -> str:
    text = str(text)
    if _is_plain(text):
        line = " ".join(text.split())
        return line.translate(_BRACKETS) if _ASCII_BRACKETS.search(line) else line
    return single_line(_INVISIBLE.sub("", str(text))).translate(_BRACKETS)


def _comparable(speaker: str) -> str:
    return unicodedata.normalize("NFKC", name(speaker))


def _without_speakers(line: str, names: AbstractSet[str]) -> str:
    """A comma in the place of each colon that makes one of `names` a speaker: `Ana:`, `ana :`, `Ana):`.

    Looks back from each colon, as a pattern of all names would be tried at each letter of the text.
    """
    folded = {name.casefold() for name in names}
    lengths = sorted({len(name) for name in names}, reverse=True)
    parts: list[str] = []
    done = 0
    for found in _SPEAKER_END.finditer(line):
        if _ends_with_name(line, done, found.start(), folded, lengths):
            parts += (line[done : found.start()], ",")
            done = found.end()
    return "".join((*parts, line[done:]))


def _ends_with_name(line: str, start: int, end: int, folded: AbstractSet[str], lengths: Sequence[int]) -> bool:
    """Whether line[start:end] ends with a whole name, behind which a little punctuation may stand."""
    for stop in range(end, max(start, end - _SPEAKER_GAP_MAX_CHARS) - 1, -1):
        for length in lengths:
            first = stop - length
            if first >= start and line[first:stop].casefold() in folded and not _is_word_char(line[first - 1 : first]):
                return True
        if _is_word_char(line[stop - 1 : stop]):
            return False
    return False


def _is_word_char(char: str) -> bool:
    return char.isalnum() or char == "_"
