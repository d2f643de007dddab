"""Which lines no sentence of the NPC's own answers, or only some: what asks of the player, for a name, or for a deed.

Of which kind the answer to a definite question must be is for `kinds.py`. English, as the models that are told
topics. Pure.
"""

from __future__ import annotations

import re

from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.meaning.forms import forms
from llm_agentd.topics import normalize

_CRY = re.compile(r"^(?:(?:e+w+|omg|lol|lmao|yo|bro|dude|whoa|wow|haha|wtf|o+h|aww*|um+|uh+|hm+)\b[ ,!.]*)+", re.I)
_NAMED = re.compile(r"\b(?:call(?:ed|s)?|named?|names|known as|nameless|answers to)\b", re.I)
_NAME = re.compile(
    r"^(?:the )?names? of (?!the |this )|^(?:\w+ ){0,3}?(?:what|how|who|which)\b.{0,40}\b(?:name|named|called|call)\b"
)
_OWN_NAME = re.compile(r"\byour (?:\w+ )?names?\b|\b(?:you|yourself) (?:called|named)\b|\bcall you\b")
_REFUSES = re.compile(
    r"\b(?:never|not|no|none|cannot|nobody|nothing|refuses?|hates?|afraid|forbidden|sworn?|forgot|lost|until|unless)\b|n't\b"
)
_BECAUSE = re.compile(
    r"\b(?:because|since|instead|who|whose|which|that|as|so|(?:none|some|most|all|one|two) of whom)\b"
)
_SILENT = re.compile(r"(?:\b(?:never|not|cannot)|n't) (?:talk|speak|tell|say)\b")
_OF_PLAYER = re.compile(r"^(?:\w+ ){0,2}?(?:am|was|did|do|have|will|should|shall|must|could) i\b(?!.*\byou\w*\b)")
_WHAT_TO_DO = re.compile(
    r"\b(?:(?:should|must|shall|could) i|do i (?:have|need)|am i allowed|(?:how|where|when|what|who|which) do i)\b"
)
_ELLIPTIC = re.compile(r"(?:you )?(?:(?:seen|heard|met|got|had|know) (?:of )?(?:any|some|a)|any|ever)\b")
_VAGUE_TEXT = """
    everything something nothing anything thing things everybody everyone somebody someone anybody anyone nobody people
    person one ones time times day days way ways today really always never ever long much many
"""
VAGUE = frozenset(_VAGUE_TEXT.split())  # what two sentences may share and still be of different matters


def asks(line: str) -> bool:
    """Or orders to tell: `tell me a joke`."""
    return (
        "?" in line
        or is_question(_CRY.sub("", line))
        or forms.form_of(line) in forms.ASKING
        or _ELLIPTIC.match(normalize.plain(line)) is not None
    )


def asks_of_player(question: str) -> bool:
    """`am i sick?`: what the NPC is does not answer it."""
    return _OF_PLAYER.search(_last_sentence(question)) is not None


def asks_what_to_do(question: str) -> bool:
    """`do i have to pay?`: what holds for everybody answers it, though it asks of the player."""
    return _WHAT_TO_DO.search(_last_sentence(question)) is not None


def asks_name(question: str) -> bool:
    """`what's its name?`, but not the NPC's own."""
    plain = _last_sentence(question)
    return _NAME.search(plain) is not None and _OWN_NAME.search(plain) is None


def tells_name(clause: str) -> bool:
    return _NAMED.search(clause) is not None


def keeps_silent(clause: str) -> bool:
    """`I will not talk about it`: whoever asks again is told so again."""
    return _SILENT.search(clause) is not None


def refuses(clause: str) -> bool:
    """What answers a request: `I never drink`, `I am not allowed to open the last door`."""
    return _REFUSES.search(clause) is not None


def declines(clause: str) -> bool:
    """Refuses in its main words: not `I ask riddles because I cannot count`."""
    return refuses(_BECAUSE.split(clause)[0])


def _last_sentence(text: str) -> str:
    return next((part for part in reversed(re.split(r" ?[.!?;]+ ?", normalize.plain(text))) if part), "")
