"""What an NPC can say of itself and of what it knows, sentence by sentence, and which of it may answer a line at all.

Which of those answers best is for `relevance.py`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from llm_agentd.memory.keywords import index_words
from llm_agentd.prompt.clauses import own_clause
from llm_agentd.prompt.meaning.forms import forms, line_kinds
from llm_agentd.roles import Role
from llm_agentd.topics import normalize
from llm_agentd.types import Think
from llm_agentd.util import sanitize

UNSAYABLE = re.compile(
    r"\b(?:brag|boast|pretend|as if|act like|speaks?(?! \w+ (?:languages|tongues))) ", re.I
)  # how one is, not what one says
# Who asks for leave or for a favour is not told what the NPC is like: "Can I pet your dog?", "I live with my dog".
MAY_I = re.compile(r"\b(?:can|could|may|might|shall) (?:i|we)\b", re.I)
WHAT_IS_HAD = re.compile(r" (?:find|buy|get|see|learn|make|earn|reach|avoid|stop|kill|beat|cure|heal)\b", re.I)
_OF_ONESELF = re.compile(r"\b(?:I|my|me|mine|myself)\b")
ASKS_FAVOUR = re.compile(
    r"\b(?:can|could|will|would) (?:you|u|ya) (?:please |pls )?(?!tell|show|say)\w+ (?:me|us|my|our)\b|\bteach me\b",
    re.I,
)
_GUESS = re.compile(
    r"(?:\w+ ){0,2}?(?:is|was) it (?:(?:an?|the|your|called|made of) )?[\w'-]+(?: \?)?$"
)  # at what was just said
_WHAT = re.compile(r"(?:\w+ ){0,2}?what (?!if\b|about\b)(?!.*\blike\b)")
_ASTONISHED = re.compile(r"[?!]{2}|!|\b[A-Z]{4}")
SCRAP_MAX_WORDS = 4
SAID_SHARE = 0.6
_ORDERS = frozenset(forms.PREFIX + name for name in ("orders", "request"))
_OF_NAME = frozenset(index_words("name names called call"))
_IS_PERSON = re.compile(r"\b(?:he|him|his|she|her|hers|you|your|i|my)\b", re.I)
_IS_THING = re.compile(
    r"\w[\w' -]{0,30}? is (?:a|an|the) (?:[\w-]+ ){0,3}(?:robot|automaton|android|machine|golem|drone|computer|statue"
    r"|construct|scarecrow|puppet|doll|sword|skeleton|cat|dog|crow|raven|horse|fox|wolf|bear|owl|dragon|beast|creature"
    r"|spirit|ghost|tree|door|mirror|slime)\b"
)  # an NPC that its persona calls "it"
_ACTS = re.compile(r"\. It(?:s| (?!is|was|rain|snow|take|seem|look|has been|happen)\w+)\b")
_SENTENCES = re.compile(r"[^.!?;]+(?:[.!?](?!\s|$)[^.!?;]*)*")
BEGINNINGS = frozenset(
    ("i", "my", "we", "our", "the", "a", "an", "there", "it", "nobody", "everybody", "nothing", "no")
)


@dataclass(frozen=True, slots=True)
class Own:
    """`clause`: the sentence as the NPC says it."""

    sentence: str
    clause: str


def own_sentences(think: Think, role: Role, known_roles: Sequence[str]) -> list[Own]:
    """Of its persona and its knowledge. What every guard does, the lines of guards say already."""
    is_known = role.name in known_roles or role.persona.endswith("lives in this world.")
    persona = () if is_known and think.draft is None else (role.persona,)
    return [
        own
        for text in (think.npc.persona or "", *persona, *role.knowledge)
        for own in _of_text(text, think.npc.name, role.title)
    ]


def _of_text(text: str, name: str, title: str) -> list[Own]:
    parts = sentences(text)
    is_thing = not _IS_PERSON.search(text) and bool(
        _IS_THING.match(text) or (text.startswith(name) and _ACTS.search(text))
    )
    clauses = [own_clause(one, name, title, is_thing=is_thing and one.startswith(("It ", "Its "))) for one in parts]
    return [Own(one, clause) for one, found in zip(parts, clauses, strict=True) if (clause := sayable(found))]


def that_may_answer(question: str, own: Sequence[Own], said: str) -> list[Own]:
    """`said`: by the NPC just now, which is no answer to the next question."""
    fresh = [one for one in own if not is_said(one.clause, said)]
    if line_kinds.asks_of_player(question):
        return [one for one in fresh if is_of_world(one.clause)] if line_kinds.asks_what_to_do(question) else []
    about = _about(said, fresh) if said and _GUESS.match(normalize.plain(question)) else fresh
    if not wants_deed(question):
        return about
    is_leave = is_without(question, MAY_I, WHAT_IS_HAD)
    return [one for one in about if line_kinds.declines(one.clause) or (is_leave and is_of_world(one.clause))]


def is_of_world(clause: str) -> bool:
    """Whether it tells nothing of the NPC itself: what the land allows answers `can i eat the berries?`"""
    return _OF_ONESELF.search(clause) is None


def _about(said: str, own: Sequence[Own]) -> list[Own]:
    words = set(index_words(said))
    return [one for one in own if words & set(index_words(one.sentence))]


def name_told(question: str, own: Sequence[Own]) -> Own | None:
    """Where a name is asked for, what tells it, said just now or not: `what's the dog's name?`, `a dog called Ash`."""
    if not line_kinds.asks_name(question):
        return None
    of_what = set(index_words(normalize.plain(question))) - _OF_NAME
    named = [one for one in own if line_kinds.tells_name(one.clause)]
    return next((one for one in named if not of_what or of_what & set(index_words(one.sentence))), None)


def asks_again(question: str) -> bool:
    """`what is it you sell?`, `a bell, you said?`: what was just said answers, as it was not heard."""
    is_scrap = len(question.split()) <= SCRAP_MAX_WORDS and not _ASTONISHED.search(question)
    return _WHAT.match(normalize.plain(question)) is not None or (is_scrap and not forms.form_of(question))


def is_said(clause: str, said: str) -> bool:
    """Whether the NPC's words hold the clause."""
    return clause.lower() in said.lower()


def are_said(clause: str, said: str) -> bool:
    """Whether most of the clause's words were said."""
    own, told = set(index_words(clause)) - line_kinds.VAGUE, set(index_words(said))
    both = len(own & told)
    return both >= SAID_SHARE * len(own) or (both > 1 and both >= SAID_SHARE * len(told))


def wants_deed(question: str) -> bool:
    return asks_leave(question) or forms.form_of(question) in _ORDERS


def asks_leave(question: str) -> bool:
    return ASKS_FAVOUR.search(question) is not None or is_without(question, MAY_I, WHAT_IS_HAD)


def is_without(text: str, words: re.Pattern[str], behind: re.Pattern[str]) -> bool:
    """Whether `words` stand there with none of `behind` after them. The last ones have the least after them: a pattern
    that looks ahead from each would take the square of the text's length."""
    ends = [found.end() for found in words.finditer(text)]
    return bool(ends) and behind.search(text, ends[-1]) is None


def sayable(clause: str | None) -> str | None:
    """None for a clause that no one would say of themselves, or that is none: `Young, on my first watch`."""
    if not clause or UNSAYABLE.search(clause):
        return None
    first = re.split(r"[ ,]", clause, maxsplit=1)[0]
    begins_well = first.lower() in BEGINNINGS or first[:1].isupper() or clause.split(",")[0].count(" ") > 0
    return clause if begins_well else None


def sentences(text: str) -> list[str]:
    """`He limps. Lost a son; hates wolves` → three."""
    return [part.strip() for part in _SENTENCES.findall(sanitize.single_line(text)) if part.strip()]
