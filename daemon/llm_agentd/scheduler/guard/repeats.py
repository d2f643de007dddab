"""Ends a reply that goes round in circles: at the third time that the same words come in the same order.

Pure; engine thread. Small models fall into loops, above all without a repeat penalty. Nothing is held back until some
words have come twice. From then on words are shown sentence by sentence, and none that may be the beginning of the
third time: so the reply ends with a whole sentence wherever the loop did not begin inside one that was shown already.

Each character is read once, whatever came before it: a reply may be one endless word, or thousands of spaces.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, deque
from typing import NamedTuple

from llm_agentd.scheduler.reply_text import CLOSERS, ENDS, ENDS_UNSPACED, UNSPACED

REPEATS_MAX = 3
# Chosen on replies of SmolLM2-135M: three words come three times in sound ones too (`a place where`), five find a loop
# late or not at all.
NGRAM_WORDS = 4
UNSPACED_CHARS = 2  # of a script without spaces make about a word
_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")
_APOSTROPHES = "'’"


class _Word(NamedTuple):
    """In small letters, with where it begins in the text."""

    text: str
    start: int


class RepeatFilter:
    """`ended`: "repeat" where the text was ended; what was let through then is for the reader of sentences to end."""

    def __init__(self) -> None:
        self.ended = ""
        self.removed: set[str] = set()
        self._read_words = _WordReader()
        self._sentences = _SentenceEnds()
        self._held: list[str] = []  # pieces that are not shown yet, or not all of them
        self._length = 0  # of the text that was read
        self._shown = 0
        self._certain = 0  # what would be shown if each character had come by itself: no cut may depend on the pieces
        self._last: deque[_Word] = deque(maxlen=NGRAM_WORDS)
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._beginnings: set[tuple[str, ...]] = set()  # of what came twice: all that may become a third time

    def feed(self, text: str) -> str:
        self._held.append(text)
        for char in text:
            self._sentences.take(char)
            if (word := self._read_words.take(char)) is not None:
                self._note(word)
                if self.ended:
                    return self._show(self._cut(self._last[0].start))
            self._length += 1
        return self._show(self._certain_of(self._length))

    def end(self) -> str:
        if (word := self._read_words.end()) is not None:
            self._note(word)
            if self.ended:
                return self._show(self._cut(self._last[0].start))
        return self._show(self._length)

    def _show(self, end: int) -> str:
        if end <= self._shown:
            return ""
        held = "".join(self._held)
        count, self._shown = end - self._shown, end
        self._held = [held[count:]]
        return held[:count]

    def _note(self, word: _Word) -> None:
        """One more word; ends the text where NGRAM_WORDS have now come for the third time."""
        self._certain = max(self._certain, self._certain_of(self._length))
        self._last.append(word)
        if len(self._last) < NGRAM_WORDS:
            return
        ngram = tuple(word.text for word in self._last)
        self._counts[ngram] += 1
        if self._counts[ngram] == REPEATS_MAX - 1:
            self._beginnings.update(ngram[:length] for length in range(1, NGRAM_WORDS))
        elif self._counts[ngram] == REPEATS_MAX:
            self.ended = "repeat"

    def _cut(self, third: int) -> int:
        """Where to end a text whose loop begins at `third` for the third time."""
        end = self._sentences.last_before(third)
        return end if end >= self._certain else max(self._certain, third)

    def _certain_of(self, end: int) -> int:
        """How much of the first `end` characters no later word can take away."""
        if not self._beginnings:
            return end
        end = self._sentences.last_before(end)
        last = list(self._last)
        for length in range(NGRAM_WORDS - 1, 0, -1):
            if tuple(word.text for word in last[-length:]) in self._beginnings:
                return min(end, last[-length:][0].start)
        return end


class _WordReader:
    """`take` one character after the other, get each word when it is sure to be over, else None; `end` gives the last.

    A word is a run of letters, digits and `_`, with apostrophes inside it; or UNSPACED_CHARS of an unspaced script.
    """

    def __init__(self) -> None:
        self._at = 0
        self._letters: list[str] = []  # of the word that is being read
        self._start = 0
        self._apostrophe = ""  # behind its letters: it is a part of the word if a letter follows
        self._is_unspaced = False

    def take(self, char: str) -> _Word | None:
        word: _Word | None = None
        is_unspaced = not char.isascii() and _UNSPACED_CHAR.match(char) is not None
        is_letter = not is_unspaced and (char.isalnum() or char == "_")
        if is_letter and self._letters and not self._is_unspaced:
            self._letters += (self._apostrophe, char)
            self._apostrophe = ""
        elif char in _APOSTROPHES and self._letters and not self._is_unspaced and not self._apostrophe:
            self._apostrophe = char
        elif is_unspaced and self._is_unspaced and len(self._letters) < UNSPACED_CHARS:
            self._letters.append(char)
        else:
            word = self.end()
            if is_letter or is_unspaced:
                self._letters, self._start, self._is_unspaced = [char], self._at, is_unspaced
        self._at += 1
        return word

    def end(self) -> _Word | None:
        text = "".join(self._letters)
        is_word = text and (not self._is_unspaced or len(text) == UNSPACED_CHARS)
        word = _Word(text.casefold(), self._start) if is_word else None
        self._letters, self._apostrophe, self._is_unspaced = [], "", False
        return word


class _SentenceEnds:
    """Where sentences ended, as `reply_text.last_sentence_end` would find them in any beginning of the text."""

    def __init__(self) -> None:
        self._at = 0
        self._ends: list[int] = []
        self._marks = ""  # what was just read: ENDS or ENDS_UNSPACED, and CLOSERS perhaps; "": neither
        self._is_closed = False

    def take(self, char: str) -> None:
        is_closer = char in CLOSERS
        if self._marks == ENDS:
            is_end = char.isspace()
        else:
            goes_on = is_closer or (char in ENDS_UNSPACED and not self._is_closed)
            is_end = self._marks == ENDS_UNSPACED and not goes_on
        if is_end:
            self._ends.append(self._at)
        if not (is_closer and self._marks):
            self._marks = ENDS if char in ENDS else ENDS_UNSPACED if char in ENDS_UNSPACED else ""
        self._is_closed = is_closer
        self._at += 1

    def last_before(self, end: int) -> int:
        """The last one with something behind it in the first `end` characters; 0: there is none."""
        count = bisect_left(self._ends, end)
        return self._ends[count - 1] if count else 0
