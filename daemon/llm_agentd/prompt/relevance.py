"""Which sentence of persona, knowledge, facts or memory answers what a player asks, as a clause that can be said.

Three views are joined: what the classifier takes the question and the sentence to be about, how alike their meanings
are, and which rare words they share. Router thread; vectors of sentences are kept by `Topics`. Knows nothing of
prompts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llm_agentd.memory.keywords import concepts, index_words
from llm_agentd.prompt.clauses import fact_clause, own_clause, recalled_clause
from llm_agentd.roles import Role
from llm_agentd.topics import Topic, Topics, normalize
from llm_agentd.types import Think
from llm_agentd.util import sanitize

CANDIDATES_MAX = 48  # sentences looked at for one question
TOPICAL, ALIKE, SHARED = 0.9, 0.5, 0.55  # weights of the three views
ENOUGH, SURE = 0.42, 0.62  # of the sum: to be said where the topic has a place for it; to answer whatever the topic is
OUTCOME = re.compile(
    r"^(?P<who>.+?) (?:bought|sold|gave|brought|paid|helped|saved|asked|refused|promised|took|did|finished|fought)\b"
)
_SENTENCES = re.compile(r"[^.!?;]+(?:[.!?](?!\s|$)[^.!?;]*)*")


@dataclass(frozen=True, slots=True)
class Answer:
    clause: str
    score: float

    @property
    def is_sure(self) -> bool:
        return self.score >= SURE


class Relevance:
    """`answered_by_rule`: topics whose answer is a placeholder of its own, which no sentence may push aside."""

    answered_by_rule = frozenset(
        ["time", "weather", "near", "held", "price", "buy", "stock", "haggle", "quest", "quest_done", "health"]
    )

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def known(
        self, question: str, topic: Topic, think: Think, role: Role, own_facts: Sequence[tuple[str, Any]]
    ) -> Answer | None:
        """Of what the NPC is and knows."""
        name, title = think.npc.name, role.title
        candidates: list[tuple[str, str | None]] = [
            (f"{key} {clause}", clause) for key, value in own_facts if (clause := fact_clause(key, value))
        ]
        # What every guard does, the lines of guards say already.
        own = () if role.name in self._topics.about["roles"] and think.draft is None else (role.persona,)
        for text in (think.npc.persona or "", *role.knowledge, *own):
            for sentence in sentences(text):
                candidates.append((sentence, own_clause(sentence, name, title)))
        return self._best(question, topic, candidates, needs_asking=True)

    def recalled(
        self, question: str, topic: Topic, remembered: Sequence[str], think: Think, role: Role
    ) -> Answer | None:
        """Of what memory holds of this player."""
        player, npc = think.player or "", think.npc.name
        return self._best(
            question,
            topic,
            [(sentence, recalled_clause(sentence, player, npc)) for sentence in remembered],
            needs_asking="recalled" not in topic.slots,
        )

    def deed(self, remembered: Sequence[str], player: str) -> str:
        """The rest of the first sentence that says what the player did: `bought an apple`."""
        for sentence in remembered:
            if player and sentence.startswith(f"{player} ") and OUTCOME.match(sentence):
                return sentence.removeprefix(f"{player} ").rstrip(" .!")
        return ""

    def _best(
        self, question: str, topic: Topic, candidates: Iterable[tuple[str, str | None]], *, needs_asking: bool
    ) -> Answer | None:
        best: Answer | None = None
        asked = np.sqrt(self._topics.shares(question))
        meaning, wanted = self._topics.vector(question), concepts(normalize.plain(question))
        for sentence, clause in list(candidates)[:CANDIDATES_MAX]:
            if not clause:
                continue
            topical = float(asked @ np.sqrt(self._topics.subjects(sentence)))
            alike = max(0.0, float(meaning @ self._topics.vector(sentence)))
            score = (
                TOPICAL * topical * (1.0 if topic.asks or not needs_asking else 0.5)
                + ALIKE * alike
                + SHARED * _shared(wanted, sentence)
            )
            if best is None or score > best.score:
                best = Answer(clause, score)
        return best if best and best.score >= ENOUGH else None


def _shared(wanted: Sequence[Mapping[str, float]], sentence: str) -> float:
    """Share of the question's telling words that the sentence has, or has a related word for."""
    own = set(index_words(sentence))
    found = sum(max((weight for word, weight in concept.items() if word in own), default=0.0) for concept in wanted)
    return min(1.0, found / max(len(wanted), 1.5))


def sentences(text: str) -> list[str]:
    """`He limps. Lost a son; hates wolves` → three."""
    return [part.strip() for part in _SENTENCES.findall(sanitize.single_line(text)) if part.strip()]
