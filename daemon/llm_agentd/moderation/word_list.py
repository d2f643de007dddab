"""The word list: finds the first part of a text that the configured age must not see, and says what kind it is.

The lists of many languages are those of the package badwords-py (`entries.py`). word_list.yaml (read by `lists.py`)
says which of their entries are harmless, mild or crude, and adds what they lack. Pure; any thread
may call `find`, which takes tens of microseconds and caches texts and words. Its time grows with the text and no
faster: players write the texts, and everybody waits for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from llm_agentd.moderation import entries
from llm_agentd.moderation.lists import Kind, load_lists
from llm_agentd.moderation.normalize import decoded_texts, normalize_text, spelled_words, word_forms

Age: TypeAlias = Literal["everyone", "teen", "mature"]

ALLOWED_KINDS: dict[Age, frozenset[str]] = {
    "everyone": frozenset(),
    "teen": frozenset({"mild"}),
    "mature": frozenset({"mild", "crude"}),
}
TEXT_CACHE = 1024  # players repeat themselves, and so do cached replies
WORD_CACHE = 1024  # most words of most texts are the same few hundred
ALLOWED_MATCHES_MAX = 64  # different ones in one text, each looked up in all of it; nobody names so many bastard swords
RUN_MAX_CHARS = 3  # of one letter in a word, for the stems: the longest run that any of them tells from a shorter one
_LONG_RUN = re.compile(rf"(.)\1{{{RUN_MAX_CHARS},}}", re.DOTALL)


class Finding(NamedTuple):
    """`match`: the part of the normalized text."""

    kind: Kind
    match: str


class WordList:
    """`blocked` and `allowed`: an admin's own words and phrases, which override the lists; `x*`: all that begin so."""

    def __init__(
        self, age: Age = "teen", *, strict: bool = False, blocked: Sequence[str] = (), allowed: Sequence[str] = ()
    ) -> None:
        """`strict` also finds ambiguous words (`cock`, which may be a bird)."""
        self._allowed_kinds = ALLOWED_KINDS[age] if strict else ALLOWED_KINDS[age] | {"ambiguous"}
        self._lists = load_lists()
        self._allowed = _any_of((*self._lists.innocent, *allowed))
        self._blocked = _any_of(blocked)
        self.find = lru_cache(TEXT_CACHE)(self._find)

    def _find(self, text: str, *, is_decoded: bool = False) -> Finding | None:
        """The first part of `text` that is not allowed; None where all of it is.

        First the text as it stands, then words written in pieces, and at last encoded text, which is decoded once: text
        that was encoded twice is no word to a reader.
        """
        text = normalize_text(text)
        small = text.casefold()
        if found := self._first_not_allowed(small, self._findings(small)):
            return found
        for word in (*_rejoined(small.split()), *spelled_words(small)):
            if found := self._first_not_allowed(word, self._findings_in_word(word)):
                return found
        if not is_decoded:
            for hidden in decoded_texts(text):
                if found := self._find(hidden, is_decoded=True):
                    return found
        return None

    def _first_not_allowed(self, text: str, findings: Iterator[Finding]) -> Finding | None:
        allowed: list[tuple[int, int]] | None = None  # where `text` has allowed words and phrases; looked for once
        seen: set[Finding] = set()
        for finding in findings:
            if finding.kind in self._allowed_kinds or finding in seen:
                continue
            seen.add(finding)
            if allowed is None:
                allowed = [found.span() for found in self._allowed.finditer(text)] if self._allowed else []
            if len(seen) > ALLOWED_MATCHES_MAX or not _is_inside(finding.match, text, allowed):
                return finding
        return None

    def _findings(self, text: str) -> Iterator[Finding]:
        """Of a normalized text in small letters, lazily: the quick searches come first.

        An admin's words, phrases, entries of the lists, stems. A new kind of rule is one more step here.
        """
        if self._blocked:
            yield from (Finding("own", found.group()) for found in self._blocked.finditer(text))
        for phrase in self._lists.phrases:
            if phrase.sign in text:
                yield from (Finding(phrase.kind, found.group()) for found in phrase.pattern.finditer(text))
        yield from self._listed(text)
        for word in text.split():
            yield from _stem_findings(word)

    def _findings_in_word(self, word: str) -> Iterator[Finding]:
        """Of a word that was put together from its pieces."""
        yield from self._listed(word)
        yield from _stem_findings(word)

    def _listed(self, text: str) -> Iterator[Finding]:
        """Entries of the lists."""
        for match in entries.find(text):
            if kind := self._lists.kind_of(match.entry):
                yield Finding(kind, match.text)


def _is_inside(match: str, text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether each `match` in `text` lies inside one of `spans`, as `bastard` in `bastard sword`. They are in order."""
    if not spans:
        return False
    at, is_found = 0, False
    for place in re.finditer(rf"(?<!\w){re.escape(match)}(?!\w)", text):
        while at < len(spans) and spans[at][1] < place.end():
            at += 1
        if at == len(spans) or spans[at][0] > place.start():
            return False
        is_found = True
    return is_found


@lru_cache(WORD_CACHE)
def _stem_findings(word: str) -> tuple[Finding, ...]:
    """`word`: in small letters, as it stands between spaces.

    The stems stretch each letter (`f+u+c+k+`). Of a run of thousands such a search would begin anew at each letter, and
    read on to its end every time; so runs are cut to what the stems can tell apart.
    """
    forms = [_LONG_RUN.sub(r"\1" * RUN_MAX_CHARS, form) for form in word_forms(word)]
    return tuple(Finding(kind, word) for kind, pattern in load_lists().stems if any(map(pattern.search, forms)))


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
    """Finds any of these words and phrases, with the punctuation around it, in a normalized text in small letters."""
    if not words:
        return None
    longest_first = sorted({normalize_text(word).casefold() for word in words}, key=len, reverse=True)
    patterns = (
        r"[\s_-]+".join(map(re.escape, word.removesuffix("*").split())) + r"\w*" * word.endswith("*")
        for word in longest_first
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")
