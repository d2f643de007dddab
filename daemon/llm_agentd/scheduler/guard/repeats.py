"""Ends a reply that goes round in circles: at the third time that the same words come in the same order.

Pure; engine thread. Small models fall into loops, above all without a repeat penalty. Nothing is held back until some
words have come twice. From then on words are shown sentence by sentence, and none that may be the beginning of the
third time: so the reply ends with a whole sentence wherever the loop did not begin inside one that was shown already.
"""

from __future__ import annotations

import re
from collections import Counter

from llm_agentd.scheduler.reply_text import UNSPACED, last_sentence_end

REPEATS_MAX = 3
# Chosen on replies of SmolLM2-135M: three words come three times in sound ones too (`a place where`), five find a loop
# late or not at all.
NGRAM_WORDS = 4
UNSPACED_CHARS = 2  # of a script without spaces make about a word
_WORD = re.compile(rf"[{UNSPACED}]{{{UNSPACED_CHARS}}}|[^\W{UNSPACED}]+(?:['’][^\W{UNSPACED}]+)*")


class RepeatFilter:
    """`ended`: "repeat" where the text was ended; what was let through then is for the reader of sentences to end."""

    def __init__(self) -> None:
        self.ended = ""
        self.removed: set[str] = set()
        self._text = ""
        self._shown = 0
        self._scanned = 0
        self._certain = 0  # what would be shown if each character had come by itself: no cut may depend on the pieces
        self._words: list[tuple[str, int]] = []  # with where each begins
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._beginnings: set[tuple[str, ...]] = set()  # of what came twice: all that may become a third time

    def feed(self, text: str) -> str:
        self._text += text
        return self._read(is_last=False)

    def end(self) -> str:
        return self._read(is_last=True)

    def _read(self, *, is_last: bool) -> str:
        for word in _WORD.finditer(self._text, self._scanned):
            if word.end() == len(self._text) and not is_last:
                break  # it may go on
            self._scanned = word.end()
            self._certain = max(self._certain, self._certain_of(word.end()))
            self._words.append((word[0].casefold(), word.start()))
            third = self._count()
            if third is not None:
                self.ended = "repeat"
                end = last_sentence_end(self._text[:third])
                return self._show(end if end >= self._certain else max(self._certain, third))
        return self._show(len(self._text) if is_last else self._certain_of(len(self._text)))

    def _show(self, end: int) -> str:
        start, self._shown = self._shown, max(self._shown, end)
        return self._text[start : self._shown]

    def _count(self) -> int | None:
        """Where the words that have now come for the third time begin; None: none have."""
        last = self._words[-NGRAM_WORDS:]
        if len(last) < NGRAM_WORDS:
            return None
        ngram = tuple(word for word, _ in last)
        self._counts[ngram] += 1
        if self._counts[ngram] == REPEATS_MAX - 1:
            self._beginnings.update(ngram[:length] for length in range(1, NGRAM_WORDS))
        return last[0][1] if self._counts[ngram] == REPEATS_MAX else None

    def _certain_of(self, end: int) -> int:
        """How much of the first `end` characters no later word can take away."""
        if not self._beginnings:
            return end
        end = last_sentence_end(self._text[:end])
        for length in range(NGRAM_WORDS - 1, 0, -1):
            last = self._words[-length:]
            if tuple(word for word, _ in last) in self._beginnings:
                return min(end, last[0][1])
        return end
