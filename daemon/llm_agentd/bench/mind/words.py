"""Words, names and numbers in a reply, as the measures of `bench mind` see them. Pure; knows no cases and no scores."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

NUMBERS = {
    **{"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9},
    **{"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16},
    **{"seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50},
    **{"sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90},
}
DOZEN = 12
WHOLE_WORD_CHARS = 3  # a shorter alternative stands in too many other words: "no" in "north"
NEAR_MISS = 0.7  # share of letters in common: Torvik/Targvik has 0.77
NEAR_MISS_LOWER = 0.8  # of a word without a capital: it may simply be another word
NAME_MIN_CHARS = 4  # a shorter name resembles too many words

_TOKEN = re.compile(r"[^\W_][\w'’-]*", re.UNICODE)
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;][\"'”’)\]]*\s+|[\"“‘(—–-]\s*)$")
_DIGITS = re.compile(r"(?<![\w])\d+(?![\w])")


def plain(text: str) -> str:
    return text.replace("’", "'").replace("‘", "'")


def numbers(text: str) -> set[int]:
    """All numbers, in digits or words: "twenty-five", "two hundred and three", "a dozen"."""
    found = {int(digits) for digits in _DIGITS.findall(text.replace(",000", "000"))}
    total, is_open, joins = 0, False, False
    for word in [*re.findall(r"[a-z]+", text.casefold()), ""]:
        if word in NUMBERS:
            if is_open and not joins and not _continues(total, NUMBERS[word]):
                found.add(total)
                total = 0
            total, is_open, joins = total + NUMBERS[word], True, False
        elif word == "dozen":
            found.add(DOZEN * (total or 1))
            total, is_open = 0, False
        elif word == "hundred":
            total, is_open, joins = (total or 1) * 100, True, True
        elif not (word == "and" and joins):
            found |= {total} if is_open else set()
            total, is_open, joins = 0, False, False
    return found


def _continues(total: int, number: int) -> bool:
    """Whether "twenty" goes on with "five": a unit after a ten, or anything smaller after a hundred."""
    if total % 100 == 0:
        return total > 0
    return total % 100 >= 20 and total % 10 == 0 and 0 < number < 10


def holds(text: str, alternative: str) -> bool:
    """Whether the words hold one alternative: a number, a whole short word, or the beginning of a longer word."""
    if alternative.isdecimal():
        return int(alternative) in numbers(text)
    end = r"(?!\w)" if len(alternative) <= WHOLE_WORD_CHARS else ""
    return bool(re.search(rf"(?<!\w){re.escape(plain(alternative).casefold())}{end}", plain(text).casefold()))


def holds_exactly(text: str, alternative: str) -> bool:
    """As `holds`, letter by letter: capitals count, and nothing but a plural or genitive may follow."""
    if alternative.isdecimal():
        return int(alternative) in numbers(text)
    name = re.escape(plain(alternative))
    if alternative.islower():  # a thing at the beginning of a sentence
        name = f"[{name[0]}{name[0].upper()}]{name[1:]}"
    return bool(re.search(rf"(?<!\w){name}(?:'s|s|es|')?(?!\w)", plain(text)))


def tokens(text: str) -> list[tuple[str, bool]]:
    """(word, does it begin a sentence), without a genitive's s and marks at its ends."""
    text = plain(text)
    return [
        (re.sub(r"'s$", "", match[0]).strip("'-"), bool(_SENTENCE_START.search(text[: match.start()])))
        for match in _TOKEN.finditer(text)
    ]


def near_misses(text: str, names: Iterable[str], known_words: frozenset[str]) -> list[str]:
    """Words of the reply that look like one of `names` but are not it: "Targvik" for "Torvik", "torvik" too.

    `known_words`: ordinary words, without capitals. They are no misspellings, and names made of them are not looked at.
    """
    parts = {part for name in names for part, _ in tokens(name)}
    unusual = {part for part in parts if len(part) >= NAME_MIN_CHARS and part.casefold() not in known_words}
    known = known_words | {part.casefold() for part in parts if part.islower()}
    return [word for word, begins in tokens(text) if word not in parts and _is_near_miss(word, begins, unusual, known)]


def _is_near_miss(word: str, begins: bool, names: set[str], known: frozenset[str] | set[str]) -> bool:
    folded = word.casefold()
    if {folded, folded.removesuffix("s"), folded.removesuffix("es")} & known:
        return False
    wanted = NEAR_MISS if word[:1].isupper() and not begins else NEAR_MISS_LOWER
    return any(SequenceMatcher(None, folded, name.casefold(), autojunk=False).ratio() >= wanted for name in names)
