"""How soon the first sentence of a reply is heard, against rendering the whole reply before anything is heard."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from llm_agentd.bench.speech.mouth import Mouth

REPLIES = 12
SENTENCES = 5  # of a reply: what a model writes that is not told to be short
GOAL = 0.3


@dataclass(frozen=True, slots=True)
class Reply:
    first_s: float
    whole_s: float

    @property
    def ratio(self) -> float:
        return self.first_s / self.whole_s


def measure(mouth: Mouth, lines: Iterator[str]) -> list[Reply]:
    """Both of each reply in turn, and whichever goes first changes."""
    replies = []
    for number in range(REPLIES):
        sentences = list(islice(lines, SENTENCES))
        # Of the same sentences, the first one is not in the store while the whole is rendered, nor the other way round.
        texts = (sentences[0], " ".join(sentences))
        order = (0, 1) if number % 2 else (1, 0)
        took_s = {which: mouth.say(texts[which]).took_s for which in order}
        replies.append(Reply(took_s[0], took_s[1]))
    return replies


def ratio(replies: list[Reply]) -> float:
    return statistics.median(reply.ratio for reply in replies)
