"""How far what was heard is from what was said: words wrong, left out or put in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[a-z0-9']+")
# Whisper writes numbers in digits.
_NUMBERS = dict(zip(["1", "2", "3", "4", "5", "10"], ["one", "two", "three", "four", "five", "ten"], strict=True))


def words_of(text: str) -> list[str]:
    """As they count: small letters, no stops, numbers as words."""
    return [_NUMBERS.get(word, word) for word in _WORD.findall(text.lower().replace("’", "'"))]


def word_errors(said: str, heard: str) -> int:
    """The edits from one to the other, in words."""
    wanted, got = words_of(said), words_of(heard)
    costs = list(range(len(got) + 1))
    for row, word in enumerate(wanted, 1):
        before, costs = costs, [row]
        for column, other in enumerate(got, 1):
            costs.append(min(before[column - 1] + (word != other), before[column] + 1, costs[column - 1] + 1))
    return costs[-1]


def names_in(text: str, names: Iterable[str]) -> set[str]:
    padded = f" {' '.join(words_of(text))} "
    return {name for name in names if f" {' '.join(words_of(name))} " in padded}
