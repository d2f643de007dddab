"""Which sentence of persona, knowledge, facts or memory answers what a player asks, as a clause that can be said.

How well one answers is for `ranking.py`; here: which are looked at, what was just said, and how good is good enough.
Router thread. Knows nothing of prompts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from llm_agentd.memory.keywords import concepts, words_of
from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.clauses import fact_clause, parts_of, recalled_clause
from llm_agentd.prompt.meaning.forms import line_kinds
from llm_agentd.prompt.meaning.known import kinds
from llm_agentd.prompt.meaning.known.attributes import stated
from llm_agentd.prompt.meaning.known.own_sentences import (
    are_said,
    asks_again,
    is_said,
    is_without,
    name_told,
    own_sentences,
    sentences,
    that_may_answer,
    wants_deed,
)
from llm_agentd.prompt.meaning.known.ranking import CERTAIN, ENOUGH, SURE, TOUCHED, Answer, ranked, shared, telling
from llm_agentd.prompt.meaning.known.spelling import mended
from llm_agentd.roles import Role
from llm_agentd.topics import Topic, Topics, normalize
from llm_agentd.types import Think

CANDIDATES_MAX = 48  # sentences looked at for one question
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
EXISTS = re.compile(r"\b(?:is|are|was|were) there\b|^any\b|\b(?:seen|heard of|know of) any\b")
SPOKEN_OF = 0.24  # of a question's telling words
NAMED = 0.12  # on top of the score of a sentence that tells of somebody whom the question names
PARTLY, SPLIT_MAX = 0.3, 2  # score of a sentence that is looked at part by part, and how many are: each costs time
PART_LOSS = 0.1  # of the score: a part that has all that was asked for is said rather than the whole
SAID_ALIKE, SAID_SENTENCES_MAX = 0.64, 4  # likeness of what says the same; sentences looked at
OUTCOME = re.compile(
    r"^(?P<who>.+?) "
    r"(?:bought|sold|gave|brought|paid|helped|kept|saved|asked|refused|promised|took|did|finished|fought)\b"
)
NAME_OF = re.compile(r"\b(?:name of|called|named?)\b", re.I)
THIS_PLACE = re.compile(r"\b(?:place|village|town|city|here|hamlet)\b", re.I)
NAMED_SO = "is called"
PROMISED, KEPT = " promised to ", " kept the promise to "  # as the mod words them: quests/text.lua


def is_by(player: str, sentence: str) -> bool:
    """It tells of something that the player did: `Torvik bought an apple`."""
    return bool(player) and sentence.startswith(f"{player} ") and OUTCOME.match(sentence) is not None


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
            return Answer(told[topic.name], CERTAIN)
        own = own_sentences(think, role, self._topics.about["roles"])
        named = name_told(question, own)
        if named:
            return Answer(named.clause, SURE)
        question = mended(question, (*told.values(), *(one.sentence for one in own)), self._topics.knows_word)
        attribute = stated(question, (*(one.clause for one in own if not is_said(one.clause, said)), *told.values()))
        if attribute:
            return Answer(attribute, CERTAIN)
        candidates = [(f"{key} {clause}", clause) for key, clause in told.items()]
        candidates += [(one.sentence, one.clause) for one in that_may_answer(question, own, said)]
        return self._told(question, topic, candidates, said)

    def _told(self, question: str, topic: Topic, candidates: Sequence[tuple[str, str]], said: str) -> Answer | None:
        """The best that was not just said: a whole sentence, or what of it answers."""

        def answers(some: Sequence[tuple[str, str]]) -> list[Answer]:
            fitting = _of_kind(question, some)
            found = _raised(question, ranked(self._topics, question, topic, fitting, needs_asking=True))
            return [one for one in found if one.score >= PARTLY]

        whole = answers(candidates[:CANDIDATES_MAX])
        parts = [(part, part) for one in whole[:SPLIT_MAX] for part in parts_of(one.clause)]
        best = sorted((*whole, *answers(parts)), key=lambda answer: -answer.score)
        if not best or best[0].score < TOUCHED:
            return None
        kind = kinds.asked_of(question).kind
        chosen = best[0] if kind in kinds.TOLD_WHOLE or wants_deed(question) else _shortest(question, best)
        wants_more = kind not in kinds.FACTS and not asks_again(question)
        return None if wants_more and self._is_said(chosen.clause, said) else chosen

    def _is_said(self, clause: str, said: str) -> bool:
        """In the same words or in others."""
        if not said or line_kinds.keeps_silent(clause):
            return False
        own = self._topics.vector(clause)
        return are_said(clause, said) or any(
            float(own @ self._topics.vector(one)) >= SAID_ALIKE for one in sentences(said)[:SAID_SENTENCES_MAX]
        )

    def own_clauses(self, think: Think, role: Role) -> list[str]:
        """All that the NPC can say of itself and of what it knows."""
        return [one.clause for one in own_sentences(think, role, self._topics.about["roles"])]

    def seen(self, question: str, topic: Topic, sentences: Sequence[str]) -> Answer | None:
        """Of what the game tells of this moment: only where that is surely what is asked for."""
        is_other = is_without(
            question, NAME_OF, THIS_PLACE
        )  # what the river is called, the place's name does not answer
        candidates = [(sentence, sentence) for sentence in sentences if not (is_other and NAMED_SO in sentence)]
        is_where = topic.name.startswith("where_")
        if is_where:  # where one thing is, another does not answer
            wanted = concepts(normalize.plain(question))
            candidates = [candidate for candidate in candidates if shared(wanted, candidate[0]) > 0]
        looks_around = is_where or topic.name in LOOKING_AROUND
        best = self._best(question, topic, candidates, enough=LOOKED if looks_around else SURE)
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
        best = self._best(question, topic, candidates, enough=enough, kinds_asked=(kinds.NAME,))
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
            shared(wanted, sentence) > 0
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
        candidates: Sequence[tuple[str, str]],
        *,
        enough: float = ENOUGH,
        kinds_asked: Collection[str] = kinds.ALL,
    ) -> Answer | None:
        fitting = _of_kind(question, candidates[:CANDIDATES_MAX], kinds_asked)
        best = next(iter(ranked(self._topics, question, topic, fitting, needs_asking=False)), None)
        return best if best and best.score >= enough else None


def _shortest(question: str, answers: Sequence[Answer]) -> Answer:
    """Of the best: the part that has what the question names, `I deal in mushrooms` of `I am a hedgehog who …`."""
    best = answers[0]
    wanted, parts = telling(question), parts_of(best.clause)
    has = shared(wanted, best.clause)
    enough = (one for one in answers if one.clause in parts and one.score >= best.score - PART_LOSS)
    return next((one for one in enough if has and shared(wanted, one.clause) >= has), best)


def _of_kind(
    question: str, candidates: Sequence[tuple[str, str]], kinds_asked: Collection[str] = kinds.ALL
) -> list[tuple[str, str]]:
    """Those that have the kind of answer that the question wants: in the clause, which calls the NPC by no name."""
    asked = kinds.asked_of(question, kinds.names_in(clause for _, clause in candidates))
    is_other = asked.kind and asked.kind not in kinds_asked
    return [one for one in candidates if is_other or asked.may_be_answered_by(one[1])]


def _raised(question: str, answers: Sequence[Answer]) -> list[Answer]:
    """Whoever names somebody asks for what is told of them, and whether there is something, for what is told of it."""
    if EXISTS.search(normalize.plain(question)):
        answers = [replace(one, score=one.score + NAMED) if one.shared >= SPOKEN_OF else one for one in answers]
    names = kinds.names_in(one.clause for one in answers) & frozenset(words_of(question))
    return [
        replace(one, score=one.score + NAMED) if not names.isdisjoint(words_of(one.clause)) else one for one in answers
    ]
