"""The word list: finds the first part of a text that the configured age must not see, and says what kind it is.

The lists of many languages and the matching of misspelt words are those of the package badwords-py. word_list.yaml
(read by `lists.py`) says which of their entries are harmless, mild or crude, and adds what they lack. Pure; any thread
may call `find`, which takes tens of microseconds and caches texts and words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from badwords import Match, Options, ProfanityFilter

from llm_agentd.moderation.lists import Kind, load_lists
from llm_agentd.moderation.normalize import decoded_texts, normalize_text, spelled_words, word_forms

Age: TypeAlias = Literal["everyone", "teen", "mature"]

# Of badwords-py. More would take ordinary words of one language for bad ones of another.
LANGUAGES = ("en", "de", "es", "fr", "ru")
ALLOWED_KINDS: dict[Age, frozenset[str]] = {
    "everyone": frozenset(),
    "teen": frozenset({"mild"}),
    "mature": frozenset({"mild", "crude"}),
}
TEXT_CACHE = 4096  # players repeat themselves, and so do cached replies
WORD_CACHE = 16384  # most words of most texts are the same few thousand
GUESS_MIN_CHARS = 4  # an entry shorter than this that was found as leetspeak is a coincidence
_OPTIONS = Options(split_on_punctuation=True, collapse_repeats=True, leetspeak=True)
_TRIPLE = re.compile(r"(\w)\1\1", re.IGNORECASE)
_FRENCH_LATE = re.compile(r"\b(?:en|du|de|le|un|mon|ton|son|sans) retards?\b")  # `late`, not the English insult


class Finding(NamedTuple):
    """`match`: the part of the normalized text."""

    kind: Kind
    match: str


class WordList:
    """`blocked` and `allowed`: an admin's own words, which override the lists."""

    def __init__(
        self, age: Age = "teen", *, strict: bool = False, blocked: Sequence[str] = (), allowed: Sequence[str] = ()
    ) -> None:
        """`strict` also finds ambiguous words (`cock`, which may be a bird)."""
        self._allowed_kinds = ALLOWED_KINDS[age] if strict else ALLOWED_KINDS[age] | {"ambiguous"}
        self._filter = ProfanityFilter()
        self._filter.init(LANGUAGES, processing_transliterate=False)
        self._lists = load_lists()
        self._allowed = frozenset(word.casefold() for word in allowed)
        self._blocked = _any_of(blocked)
        self.find = lru_cache(TEXT_CACHE)(self._find)

    def _find(self, text: str) -> Finding | None:
        """The first part of `text` that is not allowed; None where all of it is."""
        findings = self._findings(normalize_text(text))
        return next((finding for finding in findings if not self._is_allowed(finding)), None)

    def _is_allowed(self, finding: Finding) -> bool:
        return finding.kind in self._allowed_kinds or finding.match.casefold() in self._allowed

    def _findings(self, text: str, *, is_decoded: bool = False) -> Iterator[Finding]:
        """Of a normalized text, lazily: the quick searches come first, the last ones are rarely reached.

        An admin's words, phrases, entries of badwords-py, stems, spelled words, and at last encoded text, which is
        decoded once: text that was encoded twice is no word to a reader.
        """
        if self._blocked and (found := self._blocked.search(text)):
            yield Finding("own", found.group())
        small = text.casefold()
        for phrase in self._lists.phrases:
            if phrase.sign in small and (found := phrase.pattern.search(small)):
                yield Finding(phrase.kind, found.group())
        yield from self._listed(_FRENCH_LATE.sub(" ", small))
        words = small.split()
        for word in (*words, *_rejoined(words)):
            yield from _stem_findings(word)
        for word in spelled_words(small):
            yield from self._listed(word)
            yield from _stem_findings(word)
        if not is_decoded:
            for hidden in decoded_texts(text):
                yield from self._findings(normalize_text(hidden), is_decoded=True)

    def _listed(self, text: str) -> Iterator[Finding]:
        """Entries of badwords-py."""
        for match in self._filter.find(text, options=_OPTIONS):
            kind = self._lists.kind_of(match.word)
            if kind and not _is_coincidence(match):
                yield Finding(kind, match.matched_text)


@lru_cache(WORD_CACHE)
def _stem_findings(word: str) -> tuple[Finding, ...]:
    """`word`: in small letters, as it stands between spaces."""
    forms = word_forms(word)
    return tuple(Finding(kind, word) for kind, pattern in load_lists().stems if any(map(pattern.search, forms)))


def _is_coincidence(match: Match) -> bool:
    """Whether an ordinary word looks like an entry: `baisser` like `baiser`, `45` like `as`. `b00b` is none."""
    if match.kind == "collapsed":
        return not _TRIPLE.search(match.matched_text)
    if match.kind == "leet":
        return len(match.word) < GUESS_MIN_CHARS or not any(char.isalpha() for char in match.matched_text)
    return False


# Words that are written in two pieces, at least one of which is no word itself: `fu ck`, `bit ch`.
_SPLIT_WORDS = re.compile(
    r"(?:fuck(?:ing|er|ers|ed)?|bitch(?:es)?|cunts?|niggers?|niggas?|faggots?|whores?|assholes?|bullshit)"
)
_ORDINARY_PIECES = frozenset(
    ("as", "ass", "it", "is", "hit", "bit", "but", "can", "not", "in", "bull", "hole", "who", "res", "go", "ts")
)


def _rejoined(words: Sequence[str]) -> Iterator[str]:
    for first, second in pairwise(words):
        if (first not in _ORDINARY_PIECES or second not in _ORDINARY_PIECES) and _SPLIT_WORDS.fullmatch(first + second):
            yield first + second


def _any_of(words: Sequence[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
