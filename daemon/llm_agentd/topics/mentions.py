"""Things, places and people of the game in a player's words: `steel swrods` is the `steel sword` that is for sale.

Plural, case, a missing or extra letter and a part of a longer name are allowed; of several the best match wins. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"[^\W_]+(?:['_][^\W_]+)*_*", re.UNICODE)
TYPO_MIN_CHARS = 3  # shorter words must be spelt right
TYPO_LIKE = 0.8
WORD_MAX_CHARS = 40  # longer words must be spelt right: how alike two are costs the product of their lengths
FULL, LAST_WORD, FIRST_WORD = 1.0, 0.7, 0.6  # of a name of several words: all of it, `sword`, `steel`
CANDIDATES_MAX = 64
_SMALL = frozenset(("the", "a", "an", "of", "some", "my", "your", "his", "her", "old", "and", "at", "in", "to", "on"))
_NO_SLIPS_TEXT = """
    her his him hers for the you are all any can had has have was one our out day get how man men new now old see
    two way who boy did its let put say she too use bar ear ten this that they them then than there these with will
    would want
    what when were well some come home here hear need does done good give take make more most much must just like
"""
_NO_SLIPS = frozenset(_NO_SLIPS_TEXT.split())  # words that are no slip of the finger for anything
_ENDINGS = ("es", "s")
# Behind a small letter, so that no sentence begins with it; no `I`, no `I'm`.
_PROPER = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,}){0,2}\b(?!')")


@dataclass(frozen=True, slots=True)
class Mention:
    """`name`: as the game has it; `start`, `end`: where in the text."""

    name: str
    start: int
    end: int
    score: float


def find(text: str, names: Iterable[str], known: frozenset[str] = frozenset()) -> Mention | None:
    """The best of `names` in `text`; of equals the longest, then the first in `names`. `known`: words that are no slip
    of the finger for a name: `give me a break` asks for no bread."""
    tokens = [(found.group().lower(), found.start(), found.end()) for found in _WORD.finditer(text)]
    best: Mention | None = None
    for name in list(dict.fromkeys(names))[:CANDIDATES_MAX]:
        mention = _match(tokens, name, known)
        if mention and (best is None or (mention.score, len(mention.name)) > (best.score, len(best.name))):
            best = mention
    return best


def _match(tokens: Sequence[tuple[str, int, int]], name: str, known: frozenset[str]) -> Mention | None:
    wanted = [word.lower() for word in _WORD.findall(name) if word.lower() not in _SMALL] or [name.lower()]
    for at in range(len(tokens) - len(wanted) + 1):
        likeness = _likenesses(tokens[at : at + len(wanted)], wanted, known)
        if likeness:
            score = FULL * sum(likeness) / len(likeness)
            return Mention(name, tokens[at][1], tokens[at + len(wanted) - 1][2], score)
    if len(wanted) > 1:
        for part, weight in ((wanted[-1], LAST_WORD), (wanted[0], FIRST_WORD)):
            for token, start, end in tokens:
                likeness_of_part = _likeness(token, part, known) if len(part) > 2 else 0.0
                if likeness_of_part:
                    return Mention(name, start, end, weight * likeness_of_part)
    return None


def _likenesses(tokens: Sequence[tuple[str, int, int]], wanted: Sequence[str], known: frozenset[str]) -> list[float]:
    """Of each token to its word; [] where one is another word: most often the first, so the others cost nothing."""
    likenesses: list[float] = []
    for token, word in zip(tokens, wanted, strict=True):
        likeness = _likeness(token[0], word, known)
        if not likeness:
            return []
        likenesses.append(likeness)
    return likenesses


def _likeness(token: str, word: str, known: frozenset[str]) -> float:
    """1 for the same word, less for a form of it or a slip of the finger, 0 for another."""
    if token == word:
        return 1.0
    if _stem(token) == _stem(word):
        return 0.95
    if token in _NO_SLIPS or token in known or min(len(token), len(word)) < TYPO_MIN_CHARS:
        return 0.0
    if token[0] != word[0] and token[:2] != word[1::-1]:
        return 0.0
    token, word = _stem(token), _stem(word)
    if max(len(token), len(word)) > WORD_MAX_CHARS or abs(len(token) - len(word)) > 1 + len(word) // 8:
        return 0.0
    if sorted(token) == sorted(word):
        return 0.9  # two letters changed places
    ratio = SequenceMatcher(None, token, word).ratio()
    return 0.9 * ratio if ratio >= TYPO_LIKE else 0.0


def _stem(word: str) -> str:
    if word.endswith("ves"):
        return word[:-3] + "f"
    if word.endswith("ies"):
        return word[:-3] + "y"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return (
                word.removesuffix(ending) if ending == "s" or word[-3] in "shxz" or word.endswith("oes") else word[:-1]
            )
    return word


_COUNTING = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_NUMBERS = {word: index for index, word in enumerate(_COUNTING.split())} | {
    "couple": 2, "pair": 2, "dozen": 12, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
}  # fmt: skip
_DIGITS = re.compile(r"(?<![\w.])(\d{1,6})(?![\w]*\d)")
_NO_NUMBER = re.compile(r"\b(?:that|this|which|no|any|the|some|every|another|good) one\b|\bone (?:of|more|day|thing)\b")


def number(text: str) -> int | None:
    """The first number said, in digits or as a word."""
    found = _DIGITS.search(text)
    if found:
        return int(found.group(1))
    small = _NO_NUMBER.sub(" ", text.lower().replace("half a dozen", "six"))
    for word in _WORD.findall(small):
        if word in _NUMBERS and word != "zero":
            return _NUMBERS[word]
    return None


def proper_name(text: str) -> str:
    """A name in the midst of other words that begin small: `have you heard of Zan Thorpe` gives `Zan Thorpe`.

    "" where there is none or more than one, or where somebody shouts.
    """
    found = _PROPER.findall(text)
    return found[0] if len(found) == 1 and text != text.upper() else ""


def unknown_words(text: str, vocabulary: frozenset[str], normalized: frozenset[str]) -> str:
    """What is asked for where the game knows no name for it: the longest run of words that are in neither list.

    `where is the old lighthouse pls`, where a way is asked for, gives `old lighthouse`.
    """
    runs: list[list[str]] = [[]]
    for found in _WORD.finditer(text):
        word = found.group()
        if word.lower() in vocabulary or word.lower() in normalized:
            runs.append([])
        else:
            runs[-1].append(word)
    best = max(runs, key=lambda run: sum(map(len, run)))
    return " ".join(best[:4])
