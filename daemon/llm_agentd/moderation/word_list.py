"""The word list: what a text holds that is not for everybody, and which kind it is.

The lists of many languages and the matching of misspelt words are those of the package badwords-py; moderation.yaml
beside this file says which of their words are harmless, mild or crude, and adds what they lack. What stands in none of
its sections counts as `obscene`. Pure but for reading these lists; quick (tens of microseconds a line), so that any
thread may ask; known texts are remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import yaml
from badwords import Match, Options, ProfanityFilter

from llm_agentd.moderation.normalize import clean, decoded, fold, spelled

Age: TypeAlias = Literal["everyone", "teen", "mature"]
Kind: TypeAlias = Literal["mild", "crude", "ambiguous", "obscene", "slur", "self_harm", "own"]

LANGUAGES = (
    "en",
    "de",
    "es",
    "fr",
    "ru",
)  # of the lists; more would take ordinary words of one for bad ones of another
PASSES: dict[Age, frozenset[str]] = {
    "everyone": frozenset(),
    "teen": frozenset({"mild"}),
    "mature": frozenset({"mild", "crude"}),
}
REMEMBERED_TEXTS = 4096
REMEMBERED_WORDS = 16384
SHORT_CHARS = 3  # a shorter entry found by a guess (leet, collapsed letters) is a coincidence
_OPTIONS = Options(split_on_punctuation=True, collapse_repeats=True, leetspeak=True)
_RUN = re.compile(r"(\w)\1\1", re.IGNORECASE)
_FRENCH_LATE = re.compile(r"\b(?:en|du|de|le|un|mon|ton|son|sans) retards?\b")  # late, not an insult


class Hit(NamedTuple):
    """`match`: the part of the (cleaned) text."""

    kind: Kind
    match: str


@dataclass(frozen=True, slots=True)
class _Lists:
    """moderation.yaml, ready for use. `words`: of the package's entries; a kind of None is harmless."""

    words: dict[str, Kind | None]
    beginnings: tuple[tuple[str, Kind | None], ...]
    stems: tuple[tuple[Kind, re.Pattern[str]], ...]
    phrases: tuple[tuple[Kind, str, re.Pattern[str]], ...]  # with a word that each text with the phrase holds


class WordList:
    """`find` in texts of any language. `blocked` and `allowed`: an admin's own words, over the lists."""

    def __init__(
        self, age: Age = "teen", *, strict: bool = False, blocked: Sequence[str] = (), allowed: Sequence[str] = ()
    ) -> None:
        self._passes = PASSES[age] if strict else PASSES[age] | {"ambiguous"}
        self._filter = ProfanityFilter()
        self._filter.init(LANGUAGES, processing_transliterate=False)
        self._lists = _load()
        self._allowed = frozenset(word.casefold() for word in allowed)
        self._blocked = _any_of(blocked)
        self.find = lru_cache(REMEMBERED_TEXTS)(self._find)

    def _find(self, text: str) -> Hit | None:
        """The first thing in `text` that the age does not allow."""
        cleaned = clean(text)
        return next((hit for hit in self._hits(cleaned) if self._counts(hit)), None)

    def _counts(self, hit: Hit) -> bool:
        return hit.kind not in self._passes and hit.match.casefold() not in self._allowed

    def _hits(self, cleaned: str, *, is_decoded: bool = False) -> Iterator[Hit]:
        if self._blocked and (found := self._blocked.search(cleaned)):
            yield Hit("own", found.group())
        small = cleaned.casefold()
        for kind, sign, pattern in self._lists.phrases:
            if sign in small and (found := pattern.search(small)):
                yield Hit(kind, found.group())
        yield from self._listed(_FRENCH_LATE.sub(" ", small))
        words = small.split()
        for word in (*words, *_split_in_two(words)):
            yield from _stemmed(word)
        for word in spelled(small):
            yield from self._listed(word)
            yield from _stemmed(word)
        if not is_decoded:
            for text in decoded(cleaned):
                yield from self._hits(clean(text), is_decoded=True)

    def _listed(self, text: str) -> Iterator[Hit]:
        for match in self._filter.find(text, options=_OPTIONS):
            kind = self._kind(match.word)
            if kind and not _is_coincidence(match):
                yield Hit(kind, match.matched_text)

    def _kind(self, word: str) -> Kind | None:
        lists = self._lists
        if word in lists.words:
            return lists.words[word]
        return next((kind for beginning, kind in lists.beginnings if word.startswith(beginning)), "obscene")


@lru_cache(REMEMBERED_WORDS)  # most words of most texts are the same few thousand
def _stemmed(word: str) -> tuple[Hit, ...]:
    """`word` in small letters, as it stands between spaces."""
    forms = fold(word)
    return tuple(Hit(kind, word) for kind, pattern in _load().stems if any(map(pattern.search, forms)))


def _is_coincidence(match: Match) -> bool:
    """A guess that ordinary words invite: `boob` in `b00b` is one, `baiser` in `baisser` or `as` in `45` is none."""
    if match.kind == "collapsed":
        return not _RUN.search(match.matched_text)
    if match.kind == "leet":
        return len(match.word) <= SHORT_CHARS or not any(char.isalpha() for char in match.matched_text)
    return False


# Two pieces of a word, where one of them is no word itself: `fu ck`, `bit ch`.
_HALVED = re.compile(
    r"(?:fuck(?:ing|er|ers|ed)?|bitch(?:es)?|cunts?|niggers?|niggas?|faggots?|whores?|assholes?|bullshit)"
)
_WORDS = frozenset(
    ("as", "ass", "it", "is", "hit", "bit", "but", "can", "not", "in", "bull", "hole", "who", "res", "go", "ts")
)


def _split_in_two(words: Sequence[str]) -> Iterator[str]:
    for one, other in pairwise(words):
        if (one not in _WORDS or other not in _WORDS) and _HALVED.fullmatch(one + other):
            yield one + other


@lru_cache(1)
def _load() -> _Lists:
    data = yaml.safe_load(Path(__file__).with_name("word_list.yaml").read_text(encoding="utf-8"))
    words: dict[str, Kind | None] = {}
    beginnings: dict[str, Kind | None] = {}
    for section in ("slur", "crude", "mild", "ambiguous", "innocent"):  # the later wins
        kind = None if section == "innocent" else section
        for entry in data[section]:
            if entry.endswith("*"):
                beginnings[entry[:-1]] = kind  # type: ignore[assignment]
            else:
                words[entry] = kind  # type: ignore[assignment]
    longest_first = sorted(beginnings.items(), key=lambda item: -len(item[0]))
    return _Lists(
        words,
        tuple(longest_first),
        tuple((kind, re.compile("|".join(map(_stretched, stems)))) for kind, stems in data["stems"].items()),
        tuple((kind, _sign(one), _phrase(one)) for kind, phrases in data["phrases"].items() for one in phrases),
    )


def _stretched(stem: str) -> str:
    """A stem that also finds its letters repeated: `fuck` is `f+u+c+k+`, `ss` is `s{2,}`."""

    def stretch(found: re.Match[str]) -> str:
        if found.group(1):  # a class of letters, and a look back, stay as they are
            return found.group()
        run = found.group()
        return f"{run[0]}+" if len(run) == 1 else f"{run[0]}{{{len(run)},}}"

    return re.sub(r"(\[[^\]]*\]|\(\?<!\w\))|([^\W\d_])\2*(?![?*+{])", stretch, stem)


def _phrase(phrase: str) -> re.Pattern[str]:
    """For text in small letters; where a phrase has a space, a comma may stand, and more of both."""
    spaced = re.sub(r"(?<!-) (\??)", lambda m: "[ ,.]{0,3}" if m.group(1) else "[ ,.]{1,3}", phrase)
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)")


def _sign(phrase: str) -> str:
    """The longest word that stands in the phrase whatever its choices: looking for it is quicker than for a pattern."""
    fixed = phrase
    while (less := re.sub(r"\([^()]*\)\??", "|", fixed)) != fixed:
        fixed = less
    pieces = re.split(r"\[[^\]]*\]\??|\\.[*+]?|[^\w']\??|\w\?|_", fixed)
    return max(pieces, key=len)


def _any_of(words: Sequence[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
