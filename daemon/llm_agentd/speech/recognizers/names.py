"""Names and commands that a recognizer nearly heard, put right: "Torvick, fallow me" → "Torvik, follow me". Pure.

A name counts wherever it stands, a command only where nothing else is said: "follow me" must not appear in a sentence
that had something else there. What is not as near as NEAR_MAX stays as it was heard: a wrong name is worse than an odd
one. `bench hearing` measures what it puts right and what it spoils. Knows no engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from llm_agentd.speech.recognizers.phonetics import distance, pronounce

NEAR_MAX = 0.2  # one sound of five quite different, or two vowels of four
SOUNDS_MIN = 4  # of a name: shorter ones are near to too many words
WORDS_MORE = 2  # a name may be heard as so many words more than it has: "tor vick"
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def is_name(phrase: str) -> bool:
    """Is it a name, as it is written, and no command?"""
    return phrase[:1].isupper() or (phrase[:1].isalpha() and not phrase[:1].islower())


def put_right(text: str, phrases: Sequence[str]) -> str:
    """`text` with the names and commands of `phrases` that were nearly heard. Words in place stay in their writing."""
    for phrase in phrases:
        if is_name(phrase):
            text = _with_name(text, phrase)
    names = [phrase for phrase in phrases if is_name(phrase)]
    return _with_command(text, [phrase for phrase in phrases if not is_name(phrase)], names)


def sounds_of(text: str) -> tuple[str, ...]:
    return tuple(sound for word in _WORD.findall(text) for sound in pronounce(word.replace("’", "'").replace("'", "")))


def _with_name(text: str, name: str) -> str:
    sounds = sounds_of(name)
    if len(sounds) < SOUNDS_MIN or name.casefold() in text.casefold():
        return re.sub(rf"\b{re.escape(name)}\b", lambda _: name, text, flags=re.IGNORECASE)
    nearest = min(_windows(text, len(name.split())), key=lambda span: _far(text, span, sounds), default=None)
    if nearest is None or _far(text, nearest, sounds) > NEAR_MAX:
        return text
    return text[: nearest[0]] + name + text[nearest[1] :]


def _windows(text: str, words: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of words that could be the name."""
    spans = [found.span() for found in _WORD.finditer(text)]
    for first in range(len(spans)):
        for count in range(1, words + WORDS_MORE + 1):
            if first + count <= len(spans):
                yield spans[first][0], spans[first + count - 1][1]


def _far(text: str, span: tuple[int, int], sounds: Sequence[str]) -> float:
    return distance(sounds_of(text[span[0] : span[1]]), sounds)


def _with_command(text: str, commands: Sequence[str], names: Sequence[str]) -> str:
    """Said alone, or after a name alone."""
    name = next((name for name in names if text.casefold().startswith(name.casefold())), "")
    rest = text[len(name) :]
    heard = sounds_of(rest)
    if not heard or not commands:
        return text
    nearest = min(commands, key=lambda command: distance(heard, sounds_of(command)))
    words = _WORD.findall(rest.casefold())
    if distance(heard, sounds_of(nearest)) > NEAR_MAX or words == _WORD.findall(nearest.casefold()):
        return text
    return f"{name}, {nearest}" if name else f"{nearest[0].upper()}{nearest[1:]}"
