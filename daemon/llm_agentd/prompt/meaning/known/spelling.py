"""Words of a question that are no English, spelt as the sentences that may answer it: `goat chese`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from llm_agentd.memory.keywords import words_of
from llm_agentd.topics import mentions, normalize
from llm_agentd.util import english_verbs as verbs

SLIP_MIN_CHARS = 4  # shorter words are too much alike
SENTENCE_WORDS_MAX = 400  # looked at for one slip
SLIPS_MAX = 3
_WORD = re.compile(r"[^\W\d_]+")


def mended(question: str, sentences: Iterable[str], knows: Callable[[str], bool]) -> str:
    """`knows`: whether a word, in small letters, is surely spelt as English is."""
    slips = [
        word
        for word in dict.fromkeys(_WORD.findall(question.lower()))
        if len(word) >= SLIP_MIN_CHARS
        and not knows(word)
        and not verbs.is_verb_form(word)
        and normalize.plain(word) == word
    ]
    if not slips or 2 * len(slips) > len(_WORD.findall(question)):  # all right, or another language
        return question
    told = list(dict.fromkeys(word for sentence in sentences for word in words_of(sentence)))[:SENTENCE_WORDS_MAX]
    for slip in slips[:SLIPS_MAX]:
        meant = _meant(slip, [word for word in told if len(word) >= SLIP_MIN_CHARS])
        question = re.sub(rf"\b{slip}\b", meant, question, flags=re.I) if meant else question
    return question


def _meant(slip: str, told: Sequence[str]) -> str:
    """Of the words that were told; also the last part of one that was joined: `beehives`."""
    alike = mentions.find(slip, [word for word in told if word[0] == slip[0]])
    return alike.name if alike else next((word for word in told if slip.endswith(word)), "")
