"""Words, names and numbers in a reply, as the measures of `bench mind` see them. Pure; knows no cases and no scores."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING

from llm_agentd.errors import StartError

if TYPE_CHECKING:
    from spellchecker import SpellChecker

NUMBERS = {
    **{"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9},
    **{"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16},
    **{"seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50},
    **{"sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90},
}
DOZEN = 12
WHOLE_WORD_CHARS = 3  # a shorter alternative stands in too many other words: "no" in "north"
NEAR_MISS = 0.6  # share of letters in common, of words that are not English: Torvik/Targvik has 0.77
NAME_MIN_CHARS = 4  # a shorter name resembles too many words
CLIPPED = frozenset(("ll", "ve", "re", "d"))  # behind an apostrophe: I'll
CAPITALS = {
    *("I", "God", "Gods", "Sir", "Lord", "Lady", "Master", "Mistress", "Madam", "Father", "Mother", "Sister"),
    *("Brother", "Captain", "King", "Queen", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    *("Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December", "North", "South", "East", "West"),
}

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


@cache
def _english() -> SpellChecker:
    try:
        from spellchecker import SpellChecker
    except ImportError:
        raise StartError("bench mind: needs pyspellchecker: pip install pyspellchecker") from None
    return SpellChecker(language="en")


def is_english(word: str) -> bool:
    parts = re.split("[-']", word.casefold().removesuffix("n't"))
    return all(not part or part.isdecimal() or part in CLIPPED or part in _english() for part in parts)


class Situation:
    """The words of a situation, and the names among them, that a reply may use as they are spelt there."""

    def __init__(self, text: str) -> None:
        whole = [word for word, _ in tokens(text)]
        self._spelt = {part for word in whole for part in (word, *word.split("-"))}
        self._common = {word for word in self._spelt if word.islower()}
        self._unusual = {word for word in self._spelt if len(word) >= NAME_MIN_CHARS and not is_english(word)}

    def has(self, word: str) -> bool:
        """Letter by letter; a word without capitals may begin a sentence or be many."""
        folded = word.casefold()
        return word in self._spelt or bool({folded, folded.removesuffix("s"), folded.removesuffix("es")} & self._common)

    def strange(self, text: str) -> list[str]:
        """Words of `text` that are neither English nor of the situation."""
        return [word for word, _ in tokens(text) if word and not self.has(word) and not is_english(word)]

    def misspelt(self, text: str) -> list[str]:
        """Strange words that look like a name or a thing of the situation, or by which somebody is addressed."""
        return [word for word in self.strange(text) if self._looks_like_one(word) or _is_address(word, text)]

    def _looks_like_one(self, word: str) -> bool:
        folded = word.casefold()
        return any(SequenceMatcher(None, folded, name.casefold()).ratio() >= NEAR_MISS for name in self._unusual)

    def foreign_names(self, text: str) -> list[str]:
        """Words with a capital that do not begin a sentence and are not of the situation."""
        return [
            word
            for word, begins in tokens(text)
            if word[:1].isupper() and not begins and not self.has(word) and word.split("'")[0] not in CAPITALS
        ]


def _is_address(word: str, text: str) -> bool:
    return bool(re.search(rf"(?:^|, ){re.escape(word)}(?=[,.!?])", plain(text)))
