"""Which sentence of persona, knowledge, facts or memory answers what a player asks, as a clause that can be said.

Three views are joined: what the classifier takes the question and the sentence to be about, how alike their meanings
are, and which rare words they share. Router thread; vectors of sentences are kept by `Topics`. Knows nothing of
prompts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llm_agentd.memory.keywords import Concept, concepts, index_words
from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.clauses import fact_clause, recalled_clause
from llm_agentd.prompt.meaning import kinds
from llm_agentd.prompt.meaning.line_kinds import VAGUE
from llm_agentd.prompt.meaning.own_sentences import is_without, name_told, own_sentences, that_may_answer
from llm_agentd.roles import Role
from llm_agentd.topics import Topic, Topics, normalize
from llm_agentd.types import Think

CANDIDATES_MAX = 48  # sentences looked at for one question
TOPICAL, ALIKE, SHARED = 0.9, 0.5, 0.55  # weights of the three views
ABOUT_THE_PLAYER = re.compile(r"\b(?:i|me|my|mine|we|our|us)\b", re.I)  # a question such as "where did i put it?"
ASKED_ME = "you asked me "  # how such a clause begins
OF_ASKING = re.compile(r"\b(?:ask\w*|question|talk\w*|spoke|remember|forg\w+)\b", re.I)
OF_TELLING = re.compile(r"\b(?:sa(?:y|id)|t(?:ell|old))\b", re.I)
ASKED_BACK = 0.32  # enough for memory where the player asks about themselves
RECALLED_AT_ALL = 0.18  # where the topic is what is remembered
ABOUT_AT_ALL = 0.1  # likeness of a memory that shares no word with a question about the player: less is another matter
LOOKING_AROUND = frozenset(("who_was_that", "what_is_that_there", "see_that", "who_is", "heard_noise", "when_dark"))
ASKED_FOR_DEEDS = "recall_what_i_did"  # the topic that whatever the player did answers, alike or not
ANY_MEMORY_ANSWERS = frozenset((ASKED_FOR_DEEDS, "memory"))  # and "do you remember me?"
LOOKED = 0.36  # enough for what stands around, where the player asks for just that
# Two sentences that may be about anything are alike: the view counts less, the less the question's likeliest topic has.
TRUSTED_FROM, TRUST_MIN = 0.3, 0.5
ENOUGH, SURE = 0.5, 0.66  # of the sum: to be said where the topic has a place for it; to answer whatever the topic is
OUTCOME = re.compile(
    r"^(?P<who>.+?) "
    r"(?:bought|sold|gave|brought|paid|helped|kept|saved|asked|refused|promised|took|did|finished|fought)\b"
)
NAME_OF = re.compile(r"\b(?:name of|called|named?)\b", re.I)
THIS_PLACE = re.compile(r"\b(?:place|village|town|city|here|hamlet)\b", re.I)
NAMED = "is called"
PROMISED, KEPT = " promised to ", " kept the promise to "  # as the mod words them: quests/text.lua


def is_by(player: str, sentence: str) -> bool:
    """It tells of something that the player did: `Torvik bought an apple`."""
    return bool(player) and sentence.startswith(f"{player} ") and OUTCOME.match(sentence) is not None


@dataclass(frozen=True, slots=True)
class Answer:
    clause: str
    score: float

    @property
    def is_sure(self) -> bool:
        return self.score >= SURE


def _unsettled(remembered: Sequence[str]) -> list[str]:
    """Without the promises that were kept: what is to be said of those is that."""
    kept = [sentence for sentence in remembered if KEPT in sentence]

    def is_kept(sentence: str) -> bool:
        return PROMISED in sentence and any(
            one.startswith(sentence.replace(PROMISED, KEPT).rstrip(" .")) for one in kept
        )

    return [sentence for sentence in remembered if not is_kept(sentence)]


def _may_be_said(clause: str, question: str) -> bool:
    """What the player once asked answers a question about them, or about what was asked, but not what was told."""
    if not clause.startswith(ASKED_ME) or OF_ASKING.search(question):
        return True
    return bool(ABOUT_THE_PLAYER.search(question)) and not OF_TELLING.search(question)


class Relevance:
    """Chooses among sentences for one question at a time."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def known(
        self,
        question: str,
        topic: Topic,
        think: Think,
        role: Role,
        own_facts: Sequence[tuple[str, Any]],
        said: str = "",
    ) -> Answer | None:
        """Of what the NPC is and knows. `said`: by it just now, which is no answer to the next question."""
        told = {key: clause for key, value in own_facts if (clause := fact_clause(key, value))}
        if topic.name in told:  # the fact `rumour` is what is asked for
            return Answer(told[topic.name], SURE)
        own = own_sentences(think, role, self._topics.about["roles"])
        named = name_told(question, own)
        if named:
            return Answer(named.clause, SURE)
        candidates = [(f"{key} {clause}", clause) for key, clause in told.items()]
        candidates += [(one.sentence, one.clause) for one in that_may_answer(question, own, said)]
        return self._best(question, topic, candidates, needs_asking=True)

    def own_clauses(self, think: Think, role: Role) -> list[str]:
        """All that the NPC can say of itself and of what it knows."""
        return [one.clause for one in own_sentences(think, role, self._topics.about["roles"])]

    def seen(self, question: str, topic: Topic, sentences: Sequence[str]) -> Answer | None:
        """Of what the game tells of this moment: only where that is surely what is asked for."""
        is_other = is_without(
            question, NAME_OF, THIS_PLACE
        )  # what the river is called, the place's name does not answer
        candidates = [(sentence, sentence) for sentence in sentences if not (is_other and NAMED in sentence)]
        is_where = topic.name.startswith("where_")
        if is_where:  # where one thing is, another does not answer
            wanted = concepts(normalize.plain(question))
            candidates = [candidate for candidate in candidates if _shared(wanted, candidate[0]) > 0]
        looks_around = is_where or topic.name in LOOKING_AROUND
        best = self._best(question, topic, candidates, needs_asking=False, enough=LOOKED if looks_around else SURE)
        return Answer(best.clause, max(best.score, SURE)) if best else None

    def recalled(self, question: str, topic: Topic, remembered: Sequence[str], think: Think) -> Answer | None:
        """Of what memory holds of this player."""
        player, npc = think.player or "", think.npc.name
        candidates = [
            (sentence, clause)
            for sentence in _unsettled(remembered)
            if (clause := recalled_clause(sentence, player, npc)) and _may_be_said(clause, question)
        ]
        asks_back = bool(ABOUT_THE_PLAYER.search(question)) and is_question(question)
        enough = RECALLED_AT_ALL if "recalled" in topic.slots else ASKED_BACK if asks_back else ENOUGH
        if topic.name not in ANY_MEMORY_ANSWERS and asks_back:
            candidates = [candidate for candidate in candidates if self._is_about(question, candidate[0])]
        best = self._best(question, topic, candidates, needs_asking=False, enough=enough, kinds_asked=(kinds.NAME,))
        if best is None and topic.name == ASKED_FOR_DEEDS:
            best = next(
                (Answer(clause, SURE) for sentence, clause in candidates if clause and is_by(player, sentence)), None
            )
        if best and asks_back:
            best = Answer(best.clause, max(best.score, SURE))
        return best

    def _is_about(self, question: str, sentence: str) -> bool:
        wanted = concepts(normalize.plain(question))
        return (
            _shared(wanted, sentence) > 0
            or float(self._topics.vector(question) @ self._topics.vector(sentence)) >= ABOUT_AT_ALL
        )

    def deed(self, remembered: Sequence[str], think: Think) -> str:
        """What the first sentence says that the player did, to be said behind `you`: `brought an apple to me`."""
        player = think.player or ""
        for sentence in remembered:
            clause = recalled_clause(sentence, player, think.npc.name) if is_by(player, sentence) else None
            if clause and clause.startswith("you "):
                return clause.removeprefix("you ")
        return ""

    def _best(
        self,
        question: str,
        topic: Topic,
        candidates: Iterable[tuple[str, str | None]],
        *,
        needs_asking: bool,
        enough: float = ENOUGH,
        kinds_asked: Collection[str] = kinds.ALL,
    ) -> Answer | None:
        best: Answer | None = None
        candidates = [candidate for candidate in candidates if candidate[1]][:CANDIDATES_MAX]
        asked = kinds.asked_of(question, kinds.names_in(sentence for sentence, _ in candidates))
        shares = self._topics.shares(question)
        meant, trust = np.sqrt(shares), min(1.0, max(TRUST_MIN, float(shares.max()) / TRUSTED_FROM))
        meaning, wanted = self._topics.vector(question), _telling(question)
        for sentence, clause in candidates:
            if not clause or (asked.kind in kinds_asked and not asked.may_be_answered_by(sentence)):
                continue
            topical = trust * float(meant @ np.sqrt(self._topics.subjects(sentence)))
            alike = max(0.0, float(meaning @ self._topics.vector(sentence)))
            score = (
                TOPICAL * topical * (1.0 if topic.asks or not needs_asking else 0.5)
                + ALIKE * alike
                + SHARED * _shared(wanted, sentence)
            )
            if best is None or score > best.score:
                best = Answer(clause, score)
        return best if best and best.score >= enough else None


def _telling(question: str) -> list[Concept]:
    """The concepts of its words, but for those that tell nothing: `did you lose everything?`"""
    return concepts(" ".join(word for word in normalize.words(question) if word not in VAGUE))


def _shared(wanted: Sequence[Mapping[str, float]], sentence: str) -> float:
    """Share of the question's telling words that the sentence has, or has a related word for."""
    own = set(index_words(sentence))
    found = sum(max((weight for word, weight in concept.items() if word in own), default=0.0) for concept in wanted)
    return min(1.0, found / max(len(wanted), 1.5))
