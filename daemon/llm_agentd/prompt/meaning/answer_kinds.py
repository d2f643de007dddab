"""Whether a sentence is of the kind that a question asks for: a person for `who`, a place for `where`, a number for
`how many`.

A sentence that only shares a word with the question is the worst answer of all: `who taught you to cook?`, `I cook the
best stew`. English, as the models that are told topics. Pure.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.topics import normalize

_PLACE = re.compile(
    r"\b(?:in|into|on|at|under|behind|near|beside|below|beneath|beyond|above|inside|outside|between|among|across|along|from|over|through|around|against|by)"
    r" (?!(?:each|all|me|us|him|them|it|myself|nobody|others)\b)\w+"
    r"|\bto (?:the|a|an|my|our|his|her)\b"
    r"|\b(?:where|nowhere|everywhere|here|there|home|away|north|south|east|west|lost|forgot|left)\b",
    re.I,
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
    r"|dozens?|hundreds?|thousands?|half|both|once|twice|many|more|most|few|several|all|every|each|no|none|nobody|never"
    r"|always|since|years?|winters?|months?|weeks?|days?|age|old\w*|young\w*|count\w*)\b",
    re.I,
)
_TIME = re.compile(
    r"\d|\b(?:ago|since|when|while|before|after|until|last|next|every|each|never|always|forgot|once|during|years?|months?"
    r"|weeks?|days?|hours?|night|morning|noon|evening|dawn|dusk|midnight|spring|summer|autumn|winter|yesterday|today"
    r"|tomorrow|first|as a (?:boy|girl|child)|\w+day)\b",
    re.I,
)
_SOMEBODY = re.compile(
    r"\b(?:nobody|somebody|someone|everybody|everyone|anyone|people|they|others?|strangers?|alone|myself|gods?|makers?"
    r"|(?:a|an|the|my|our|his|her|their|two|three|all) (?:\w+ )?\w+(?:ers|ors|men|folk|elves|dwarves|orcs|goblins))\b",
    re.I,
)
_NAMED = re.compile(r"\b(?:call(?:ed|s)?|named?|names|known as|nameless|answers to)\b", re.I)
_LATER_CAPITAL = re.compile(r"(?<=[a-z,] )(?!I\b)[A-Z]\w+")
_NAME = re.compile(r"^(?:\w+ ){0,3}?(?:what|how|who|which)\b.{0,40}\b(?:name|named|called|call)\b")
_OWN_NAME = re.compile(r"\byour (?:\w+ )?names?\b|\b(?:you|yourself) (?:called|named)\b|\bcall you\b")
_REFUSES = re.compile(
    r"\b(?:never|not|no|none|cannot|nobody|nothing|only|refuses?|hates?|afraid|forbidden|sworn?|forgot|until|unless)\b|n't\b"
)
# What is asked for, at the beginning of the question or behind few words: what an answer must have.
_ASKED = (
    (re.compile(r"^(?:\w+ ){0,3}?(?:where(?! (?:is|are|was) (?:my|i)\b)|which way)\b"), _PLACE),
    (re.compile(r"^(?:\w+ ){0,3}?how (?:many|much|old|long|often|far)\b"), _NUMBER),
    (re.compile(r"^(?:\w+ ){0,3}?(?:when|what (?:day|year|time)|since when)\b"), _TIME),
)
_WHO = re.compile(r"^(?:\w+ ){0,3}?(?:who|whom|whose)\b(?! (?:are|r|is this)\b)")
_OF_PLAYER = re.compile(r"^(?:\w+ ){0,2}?(?:am|was|did|do|have|will|should|shall|must|could) i\b(?!.*\byou\w*\b)")
_BEFORE_VERB = frozenset(("i", "we", "they", "to", "never", "always", "not", "can", "will"))  # `I cook`: no cook
_VAGUE_TEXT = """
    everything something nothing anything thing things everybody everyone somebody someone anybody anyone nobody people
    person one ones time times day days way ways today really always never ever long much many
"""
VAGUE = frozenset(_VAGUE_TEXT.split())  # what two sentences may share and still be of different matters


def may_answer(question: str, clause: str) -> bool:
    """Whether what an NPC says of itself is of the kind that is asked for; of a question of another kind, True."""
    plain = _last_sentence(normalize.plain(question))
    if _OF_PLAYER.search(plain):
        return False
    if _NAME.search(plain):
        return _has_name(clause)
    if _WHO.search(plain):
        return _has_person(clause)
    return all(wanted.search(clause) for asked, wanted in _ASKED if asked.search(plain))


def asks_name(question: str) -> bool:
    """`what's its name?`, but not the NPC's own."""
    plain = _last_sentence(normalize.plain(question))
    return _NAME.search(plain) is not None and _OWN_NAME.search(plain) is None


def tells_name(clause: str) -> bool:
    return _NAMED.search(clause) is not None


def refuses(clause: str) -> bool:
    """What answers a request: `I never drink`, `I am not allowed to open the last door`."""
    return _REFUSES.search(clause) is not None


def _last_sentence(plain: str) -> str:
    return next((part for part in reversed(re.split(r" ?[.!?;]+ ?", plain)) if part), "")


def _has_name(clause: str) -> bool:
    return bool(_NAMED.search(clause) or _LATER_CAPITAL.search(clause))


def _has_person(clause: str) -> bool:
    """Somebody else than the one who speaks: `I learned it from my grandmother`."""
    if _SOMEBODY.search(clause) or _LATER_CAPITAL.search(clause):
        return True
    words = re.findall(r"[\w'-]+", clause.lower())
    is_me = words[:1] == ["i"] and words[1:2] in (["am"], ["was"]) and words[2:3] in (["a"], ["an"], ["the"])
    pairs = zip(["", *words], words, strict=False)
    return not is_me and any(vocabulary.is_person_noun(word) and before not in _BEFORE_VERB for before, word in pairs)
