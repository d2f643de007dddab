"""How well each of some sentences answers a question.

Three views are joined: what the classifier takes the question and the sentence to be about, how alike their meanings
are, and which rare words they share. Router thread; vectors of sentences are kept by `Topics`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from llm_agentd.memory.keywords import Concept, concepts, index_words
from llm_agentd.memory.sentences import is_question
from llm_agentd.memory.thesaurus import RELATED_WEIGHT
from llm_agentd.prompt.meaning.forms.line_kinds import VAGUE
from llm_agentd.prompt.meaning.known.kinds import is_spoken_of
from llm_agentd.topics import Topic, Topics, normalize

# Weights of the three views, and what the first counts where none of the topic's own questions is answered by what one
# knows: of a question, and of what is told or wished, which wants to hear of the NPC less often.
ASKED, TOLD = (1.1, 0.6, 0.6, 0.9), (0.9, 0.5, 0.55, 0.5)
POINTED_AT = 0.15  # of a sentence that has the thing that the question points at: `that jar`, `your boat`
# Two sentences that may be about anything are alike: the view counts less, the less the question's likeliest topic has.
TRUSTED_FROM, TRUST_MIN = 0.3, 0.5
# Of the sum: to be said where only the form of the question is known, with words of a sure topic that has a place for
# it, of an unsure one, whatever the topic is, whatever else may answer.
TOUCHED, ENOUGH, LIKELY, SURE, CERTAIN = 0.45, 0.46, 0.58, 0.66, 1.0
SHARES = 0.3  # of the telling words: who asks with the words of a sentence asks for it
_EMPTY = VAGUE | {"own", "around", "still", "ever", "lately", "else", "near", "nearby"}  # beside what is asked for
_IDIOMS = re.compile(r"\b(?:make|made|take|took|get|got|keep|kept|put) (?:it|up|out|off|fun|sure|sense)\b")
_THING = re.compile(r"\b(?:your|that|this|these|those|the) (?P<one>\w+)(?: (?P<other>\w+))?")
_SHOWN = re.compile(r"\b(?:your|my|that|the|an?|some) (?P<one>\w+)(?: (?P<other>\w+))?")


@dataclass(frozen=True, slots=True)
class Answer:
    """`topical`: how much it is about what the question's topics are about, of 1. `is_pointed_at`: it has the
    thing that the question points at. `shared`: of the question's telling words, as many."""

    clause: str
    score: float
    topical: float = 0.0
    is_pointed_at: bool = False
    shared: float = 0.0

    @property
    def is_sure(self) -> bool:
        return self.score >= SURE


def ranked(
    topics: Topics, question: str, topic: Topic, candidates: Iterable[tuple[str, str]], *, needs_asking: bool
) -> list[Answer]:
    """The clauses of `candidates` (sentence, clause), the best first.

    `needs_asking`: what the topic is about counts half where none of its questions is answered by what one knows.
    """
    shares = topics.shares(question)
    meant, trust = np.sqrt(topics.asked(shares)), min(1.0, max(TRUST_MIN, float(shares.max()) / TRUSTED_FROM))
    meaning, wanted = topics.vector(question), telling(question)
    topical_weight, alike_weight, shared_weight, unasked = ASKED if is_question(question) else TOLD
    topical_weight *= 1.0 if topic.asks or not needs_asking else unasked
    pointed_at = _pointed_at(question)
    found = []
    for sentence, clause in candidates:
        topical = trust * float(meant @ np.sqrt(topics.subjects(sentence)))
        alike = max(0.0, float(meaning @ topics.vector(sentence)))
        both = shared(wanted, sentence)
        is_pointed_at = not pointed_at.isdisjoint(index_words(sentence))
        score = topical_weight * topical + alike_weight * alike + shared_weight * both + POINTED_AT * is_pointed_at
        found.append(Answer(clause, score, topical, is_pointed_at, both))
    return sorted(found, key=lambda answer: -answer.score)


def telling(question: str) -> list[Concept]:
    """The concepts of its words, but for those that tell nothing: `did you lose everything?`"""
    plain = _IDIOMS.sub(" ", normalize.plain(question))
    return concepts(" ".join(word for word in plain.split() if word not in _EMPTY))


def shared(wanted: Sequence[Mapping[str, float]], sentence: str) -> float:
    """Share of the question's telling words that the sentence has, or has a related word for."""
    own = set(index_words(sentence))
    found = sum(_weight(concept, own) for concept in wanted)
    return min(1.0, found / max(len(wanted), 1.5))


def _pointed_at(question: str) -> set[str]:
    """Stems of what follows `that` or `your`, or is shown: `*holds up a spoon*`."""
    pattern = _SHOWN if question.startswith("*") else _THING
    return {
        word
        for thing in pattern.finditer(normalize.plain(question))
        for word in index_words(" ".join(filter(None, thing.groups())))
        if word not in VAGUE
    }


def _weight(concept: Mapping[str, float], own: set[str]) -> float:
    found = max((weight for word, weight in concept.items() if word in own), default=0.0)
    return found or (RELATED_WEIGHT if is_spoken_of(concept, own) else 0.0)
