"""The lists of bad words of five languages, and which of their entries stand in a text.

The lists are those of badwords-py 3.0, in `entries/` with their licences: the package has neither a build for
Python 3.14 nor sources that compile there. Entries are words, or several words in a row. Pure but for reading the
lists, once a process; any thread. The time of `find` grows with the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from llm_agentd.moderation.normalize import as_cyrillic, as_latin, normalize_text

FOLDER = Path(__file__).with_name("entries")
# More would take ordinary words of one language for bad ones of another.
LANGUAGES = ("en", "de", "es", "fr", "ru")
WORD_CACHE = 1024  # most words of most texts are the same few hundred
GUESS_MIN_CHARS = 4  # a shorter entry that is found by digits read as letters is a coincidence: `45` is no `as`
_DIGITS = str.maketrans("0123456789", "oizeasbtbg")
_SIGNS = str.maketrans("@$", "as")
_LATIN, _CYRILLIC = re.compile("[a-z]"), re.compile("[\u0400-\u04ff]")
_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?")  # what stands between spaces, without the marks around it
_MARKS = re.compile(r"[\W_]+")
_TRIPLE = re.compile(r"(\w)\1{2,}")
_RUN = re.compile(r"(\w)\1+")


class Match(NamedTuple):
    """`entry` as the list has it; `text`: what was found, as it stands in the text."""

    entry: str
    text: str


class _Lists(NamedTuple):
    """By what is compared: letters and digits alone, in small letters. `phrases` by their first word."""

    words: dict[str, str]
    phrases: dict[str, tuple[tuple[tuple[str, ...], str], ...]]


def find(text: str) -> Iterator[Match]:
    """All of a normalized text in small letters, in order; of several words in a row none counts by itself."""
    words = list(_WORD.finditer(text))
    keys = tuple(_unmixed(_key(word.group())) for word in words)
    inside = 0  # words before this one are a part of what was found
    for at, word in enumerate(words):
        for count, entry in _phrases_at(keys, at):
            yield Match(entry, text[word.start() : words[at + count - 1].end()])
            inside = max(inside, at + count)
        if at >= inside:
            for entry, part in _in_word(word.group()):
                yield Match(entry, part)


def _phrases_at(keys: tuple[str, ...], at: int) -> Iterator[tuple[int, str]]:
    """(how many words, entry)"""
    for wanted, entry in _lists().phrases.get(keys[at], ()):
        if keys[at : at + len(wanted)] == wanted:
            yield len(wanted), entry


@lru_cache(WORD_CACHE)
def _in_word(word: str) -> tuple[tuple[str, str], ...]:
    """(entry, part of the word). The word as a whole, its marks left out (`s.h.i.t`); else its pieces (`you.shit`)."""
    if entry := _entry_of(word):
        return ((entry, word),)
    if word.isalnum():
        return ()
    return tuple((entry, piece) for piece in _MARKS.split(word) if (entry := _entry_of(piece)))


def _entry_of(word: str) -> str | None:
    """The entry that a reader takes the word for. Each step undoes one disguise, and no two of them together."""
    words, key = _lists().words, _key(word)
    # `чёрт`, as Russian writes е for ё at will; `a$$hole`; letters of another alphabet: `ануc`, `bооb`
    for other in (key, key.replace("ё", "е"), _key(word.translate(_SIGNS)), as_cyrillic(key), as_latin(key)):
        if found := words.get(other):
            return found
    if _TRIPLE.search(key):  # `fuuuck`, `assss`, `goooddamn`
        for shorter in (_TRIPLE.sub(r"\1", key), _TRIPLE.sub(r"\1\1", key), _RUN.sub(r"\1", key)):
            if found := words.get(shorter):
                return found
    if not key.isalpha() and not key.isdigit():  # `sh1t`
        found = words.get(key.translate(_DIGITS))
        return found if found and len(found) >= GUESS_MIN_CHARS else None
    return None


def _key(word: str) -> str:
    """Its letters and digits."""
    return word if word.isalnum() else _MARKS.sub("", word)


def _unmixed(key: str) -> str:
    """One alphabet for a word of two."""
    return as_latin(key) if not key.isascii() and _LATIN.search(key) and _CYRILLIC.search(key) else key


@lru_cache(1)
def _lists() -> _Lists:
    words: dict[str, str] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for language in LANGUAGES:
        for entry in (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
            keys = tuple(filter(None, map(_key, normalize_text(entry).casefold().split())))
            if len(keys) == 1:
                words.setdefault(keys[0], entry)
                words.setdefault(keys[0].replace("ё", "е"), entry)
            elif keys:
                phrases.setdefault(keys[0], []).append((keys, entry))
    return _Lists(words, {first: tuple(rows) for first, rows in phrases.items()})
