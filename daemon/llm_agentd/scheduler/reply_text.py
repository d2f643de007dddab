"""From a sequence's pieces of bytes to text that may be shown.

One assembler a sequence, used by the engine thread; pure, so no clock and no engine inside. It knows nothing of
requests or NPCs. What was shown is never taken back; so it holds back what may still change its meaning: half a
character, the possible beginning of a stop string and, with `whole_words` or `whole_sentences`, the last word.

`whole_words` is for texts that are moderated while they grow, as half a word may be a bad one. `whole_sentences` is for
spoken lines. It must be off where the text is JSON: a cut in there breaks it.
What cannot be known in time: "example." may go on as "example.com" near the limit; it counts as a sentence end.
What it costs to feed a piece does not grow with what is held back: a model may write spaces for ever.
"""

from __future__ import annotations

import codecs
import re
from typing import Literal

from llm_agentd.types import Finish

SENTENCE_NEAR = 0.75  # of max_tokens: from here on the next sentence end is the end; a quarter is room for one more
WORD_HELD_MAX_CHARS = 64  # a longer "word" is not one; holding it for ever would stop the stream
ELLIPSIS = "…"

# Scripts that put no spaces between words (Thai, Lao, Burmese, Khmer, CJK): each character may be shown at once.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")
ENDS, ENDS_UNSPACED = ".!?…", "。！？"  # of a sentence; the second need no space behind them
CLOSERS = "\"'”’»)]*_」』）】"
_CLOSING = f"[{re.escape(CLOSERS)}]*"
_SENTENCE_END = re.compile(f"[{ENDS}]+{_CLOSING}(?=\\s|$)|[{ENDS_UNSPACED}]+{_CLOSING}")
_LAST_WORD = re.compile(r"([\w.]+)\.$")
_NOT_ENDS = frozenset({"mr", "mrs", "ms", "dr", "st", "prof", "vs", "e.g", "i.e"})
_PAIRS = (("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"), ("(", ")"), ("（", "）"))


class TextAssembler:
    """`feed` each piece, look at `finished`, and `end` once; `text` is always the joined deltas.

    `stop`: strings that end the text and are not part of it; the one that is complete first wins, the longest of those.
    `max_tokens`: the sequence's limit, so that `whole_sentences` knows when it is near.
    """

    def __init__(
        self,
        *,
        stop: tuple[str, ...] = (),
        whole_sentences: bool = False,
        whole_words: bool = False,
        max_tokens: int,
    ) -> None:
        self._stop = tuple(filter(None, stop))
        self._whole = whole_sentences
        self._holds_words = whole_words or whole_sentences
        self._near_tokens = SENTENCE_NEAR * max_tokens
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""  # shown
        self._held = ""  # decoded, not shown yet
        self._lead = 0  # length of the whitespace that `_held` begins with: with `whole_sentences` it may grow for ever
        self._searched = 0  # so much of `_held` was searched for stop strings
        self._tokens = 0
        self._finished: Literal["", "stop", "sentence"] = ""

    @property
    def text(self) -> str:
        return self._text

    @property
    def finished(self) -> Literal["", "stop", "sentence"]:
        """Set once nothing more will be shown: the caller stops the sequence and calls `end`."""
        return self._finished

    def feed(self, data: bytes, tokens: int) -> str:
        """Text that may be shown now; "" once finished."""
        if self._finished:
            return ""
        self._tokens += tokens
        self._hold(self._decoder.decode(data))
        if self._cut_at_stop():
            return self._show_rest()
        if self._whole and self._tokens >= self._near_tokens:
            cut = self._sentence_cut(last_words=False)
            if cut is not None:
                return self._finish_sentence(cut)
        return self._show(self._certain())

    def end(self, reason: Literal["stop", "length"]) -> tuple[str, Finish]:
        """The last delta and why the text ends, after the model ended ("stop") or reached a limit ("length")."""
        if self._finished:
            return "", self._finished
        if reason == "stop":  # at a limit a half character is cut like half a word
            self._hold(self._decoder.decode(b"", final=True))
        if self._cut_at_stop() or reason == "stop" or not self._whole:
            return self._show_rest(), self._finished or reason
        cut = self._sentence_cut(last_words=True)
        if cut is not None:
            return self._finish_sentence(cut), "sentence"
        if not self._text and not self._held.strip():
            return "", "length"
        more = "" if any(ELLIPSIS in stop for stop in self._stop) else ELLIPSIS
        return self._show(self._word_start(), more), "length"

    def _hold(self, text: str) -> None:
        if self._lead == len(self._held):
            self._lead += len(text) - len(text.lstrip())
        self._held += text

    def _show(self, count: int, more: str = "") -> str:
        """Moves `count` characters from held to shown, and `more` behind them."""
        delta = self._held[:count]
        if self._whole and not self._text:
            delta = delta.lstrip()
        delta += more
        if count:
            self._held = self._held[count:]
            self._lead = max(0, self._lead - count) or len(self._held) - len(self._held.lstrip())
            self._searched = max(0, self._searched - count)
        self._text += delta
        return delta

    def _show_rest(self) -> str:
        if self._whole:
            self._held = self._held.rstrip()
        return self._show(len(self._held))

    def _finish_sentence(self, cut: int) -> str:
        self._finished = "sentence"
        return self._show(cut)

    def _cut_at_stop(self) -> bool:
        """True where a stop string is complete; it and all behind it are gone then."""
        found: list[tuple[int, int]] = []
        # Whitespace before the first word is stripped first, as many models open with a newline.
        before_words = self._lead if self._whole and not self._text else 0
        for stop in self._stop:
            start = max(0, self._searched - len(stop) + 1, before_words if stop.isspace() else 0)
            at = self._held.find(stop, start)
            if at >= 0:
                found.append((at + len(stop), at))
        self._searched = len(self._held)
        if not found:
            return False
        self._held = self._held[: min(found)[1]]
        self._lead = min(self._lead, len(self._held))
        self._finished = "stop"
        return True

    def _certain(self) -> int:
        """How many held characters no later piece can change."""
        count = self._stop_start()
        if self._holds_words:
            count = min(count, self._word_start())
            count = len(self._held[:count].rstrip())
        return count

    def _stop_start(self) -> int:
        """Where the longest end of the held text starts that may become a stop string."""
        longest = 0
        for stop in self._stop:
            for count in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:count]):
                    longest = count
                    break
        return len(self._held) - longest

    def _word_start(self) -> int:
        """Where the last word and the whitespace before it start."""
        held = self._held
        start = len(held)
        floor = max(self._lead, start - WORD_HELD_MAX_CHARS)
        while start > floor and not held[start - 1].isspace() and not _UNSPACED_CHAR.match(held[start - 1]):
            start -= 1
        if start <= self._lead:
            return 0
        while held[start - 1].isspace():
            start -= 1
        return start

    def _sentence_cut(self, *, last_words: bool) -> int | None:
        """How many held characters reach to the last sentence end that cuts nothing shown; None: there is none.

        `last_words`: nothing will follow, so "3." and an open quotation count as ends too.
        """
        for end in reversed(self._sentence_ends()):
            if _is_end(self._text + self._held[:end], last_words):
                return end
        return None

    def _sentence_ends(self) -> list[int]:
        """Where sentences end in what is held, in order; 0: with what was shown. Only the ends of the whitespace that
        it begins with are looked at.
        """
        before = self._text[-WORD_HELD_MAX_CHARS:]
        if not self._lead:
            parts = [(before + self._held, -len(before))]
        else:
            parts = [(before + self._held[:1], -len(before)), (self._held[self._lead :], self._lead)]
        ends = [match.end() + offset for text, offset in parts for match in _SENTENCE_END.finditer(text)]
        return [end for end in ends if end >= 0]


def last_sentence_end(text: str) -> int:
    """Where the last sentence ends that has something behind it, so that it is sure to end; 0: none does."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text)]
    return ends[-1] if ends else 0


def _is_end(text: str, last_words: bool) -> bool:
    """Whether a sentence ends with `text`, which ends in its punctuation."""
    word = _LAST_WORD.search(text[-WORD_HELD_MAX_CHARS:])
    if word and word[1].lower() in _NOT_ENDS:
        return False
    if last_words:
        return True
    if word and word[1][-1].isdigit():
        return False  # "3." may become "3.5"; a wrong price is worse than a longer line
    even = all(text.count(mark) % 2 == 0 for mark in '"*')
    return even and all(text.count(left) <= text.count(right) for left, right in _PAIRS)
