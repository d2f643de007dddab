"""WordPiece, the tokenizer of BERT's family: the longest pieces that the vocabulary has, from the left. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

WORD_MAX_CHARS = 40
UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"


class WordPiece:
    """`vocabulary`: piece → id; pieces within a word begin with ##."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._ids = vocabulary
        self._pieces = lru_cache(maxsize=1024)(self._split)

    def has(self, word: str) -> bool:
        """Whether it is a piece by itself, as what is spelt rightly and said often is."""
        return word in self._ids

    def ids(self, words: Sequence[str], max_tokens: int) -> list[int]:
        """With the marks of beginning and end, cut to `max_tokens`."""
        inner = [piece for word in words for piece in self._pieces(word)]
        return [self._ids[BEGIN], *inner[: max_tokens - 2], self._ids[END]]

    def _split(self, word: str) -> tuple[int, ...]:
        word, out, start = word[:WORD_MAX_CHARS], [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self._ids.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    out.append(piece)
                    start = end
                    break
            else:
                out.append(self._ids[UNKNOWN])
                start += 1
        return tuple(out)
