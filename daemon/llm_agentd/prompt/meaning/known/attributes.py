"""What anybody may be asked: age, origin, marriage, home, an earlier trade; and how a persona states it.

The words of such a question are in no answer: `where are you from?`, `I grew up on the isles`. English, as the models
that are told topics. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.topics import normalize

_WORD = f"(?:{'|'.join(sorted(vocabulary.NUMBERS))})"
_NUMBER = rf"(?:\d+|(?:a )?{_WORD}(?:[- ](?:and )?{_WORD})*)"
_STATED = tuple(
    (re.compile(asked), re.compile(told, re.I))
    for asked, told in (
        (
            r"\bhow old are you(?: now| then)?(?: ?\?|$| [a-z]+ ?\??$)|\byour age\b|\bwhen (?:were|was) you born\b",
            rf"\bI am (?:(?:a|an|the) (?:[\w-]+ ){{1,4}}of |(?:about|over|nearly|almost|only|around) )?{_NUMBER}"
            r"(?: (?:years|winters|summers)(?: old| of age)?)?"
            r"(?:$|,| and\b| who\b| with\b)|\bI am .*\byears old\b",
        ),
        (
            r"\bwhere (?:are|do|did|were) you (?:\w+ )?(?:from|come from|born|hail from|grow up)\b"
            r"|\bwhere you (?:are |come )?from\b|\byour (?:home ?town|homeland|home country)\b",
            r"\bI (?:am (?:a|an|the) .*\bfrom|am from|(?:come|came|hail) (?:\w+ )?from|was born (?:in|on|at|near|under)"
            r"|grew up)\b(?! (?:each|all|every|people|them|him|her|me)\b)",
        ),
        (
            r"\b(?:are|were) you (?:\w+ )?(?:married|single|taken)\b|\b(?:have|got) a (?:wife|husband|spouse)\b",
            r"\bmy (?:late |dead |first |\w+ )?(?:husband|wife|bride|groom|spouse)\b"
            r"|\bI .*\b(?:married|widow\w*|bachelor|spinster|betrothed|engaged|divorced|marry)\b",
        ),
        (
            r"\b(?:have|got|any) (?:a |any )?(?:family|siblings|relatives|kin)\b|\byour family\b",
            r"\b(?:my|I am the) (?:\w+ )?(?:sister|brother|twin|mother|father|son|daughter|uncle|aunt|wife|husband"
            r"|nephew|niece|cousin|grandmother|grandfather)s?\b|\bI .*\borphan",
        ),
        (
            r"\bwhere (?:do|did) you (?:live|sleep|stay|reside|spend)\b|\bwhere is your (?:home|house|hut|place)\b",
            r"^I (?:live|dwell|sleep|reside|lodge)\b.* (?:in|on|at|under|by|near|with|above|below|behind|beside|over)\b"
            r"|\bmy (?:home|house|hut|cottage|hovel|cabin|tower) (?:is|stands|lies)\b",
        ),
        (
            r"\bwhat (?:do|did) you (?:like to |love to )?(?:do )?(?:for (?:fun|pleasure)|in your (?:free|spare) time)"
            r"\b|\byour (?:hobby|hobbies|pastime)\b|\byou do for fun\b",
            r"^I (?:love|enjoy|like|collect|paint|carve|play|read|write|dance|whittle|knit|sing|gamble)\b",
        ),
        (
            r"\byour (?:\w+ )?(?:dreams?|goals?|ambitions?|plans?|to do list)\b|\bsaving up for\b"
            r"|\byou (?:are )?(?:busy with|working on)\b|\bare you (?:busy with|working on)\b",
            r"^I (?:want to|wish to|dream|hope to|long to|plan|am saving|save|must finish)\b"
            r"|^the (?:goals?|plans?|tasks?) ",
        ),
        (
            r"\bwho do you (?:work for|serve|answer to)\b|\bwho is your (?:boss|master|lord|employer|lady)\b",
            r"\b(?:serve|work for|sworn to|for the (?:duke|king|queen|lord|lady|baron|baroness|count|mayor|guild))\b",
        ),
        (
            r"\bwhat (?:did|were) you (?:do|be|doing|work as) before\b|\bhave you always (?:been|done|worked)\b"
            r"|\byou (?:ever|always) (?:work|been|be|do)\w*\b.{0,20}\b(?:other|else|before)\b",
            r"^I (?:was (?:once )?an?\b|once was\b|used to\b|am an? (?:former|retired)\b|served\b|worked\b)",
        ),
    )
)


def stated(question: str, clauses: Iterable[str]) -> str:
    """The first of the clauses that states what the question asks of the NPC; "" for none."""
    plain = normalize.plain(question)
    told = [states for asks, states in _STATED if asks.search(plain)]
    return next((clause for clause in clauses for states in told if states.search(clause)), "")
