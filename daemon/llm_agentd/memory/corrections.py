"""What a statement is about, so that a newer one about the same takes the place of the older. Pure.

`no, my name is Anna` corrects `my name is Ana`, `i moved to Westford` corrects `I live in Oakford`. Only what a person
has one of at a time has a subject here: two brothers may both be true.
"""

from __future__ import annotations

import re

from llm_agentd.memory.keywords import index_words, words_of

SAME_WORDS = 0.8  # share of the words of two statements that both have: above it they say the same

_LEAD = re.compile(r"^(?:(?:no|nope|actually|sorry|well|oh|wait|i mean|i meant|btw|hey|hi|hello|remember)\b[ ,:]*)+")
_NUMBER = r"(?:\d+|\w*teen|ten|eleven|twelve|(?:twen|thir|for|fif|six|seven|eigh|nine)ty\w*)"
_SUBJECTS = (
    (re.compile(r"^(?:my name is|my name's|call me|i am called|i'm called|they call me)\b"), "name"),
    (re.compile(r"^i(?: now| just| have| recently)* (?:lives?|moved|resides?|dwells?|settled)\b(?! my)"), "home"),
    (re.compile(r"^my (?:home|house) (?:is|stands|lies)\b"), "home"),
    (re.compile(r"^i(?: am| is|'m| comes?| was born|m)\b(?: \w+)? (?:from|in)\b"), "origin"),
    (re.compile(rf"^i(?: am| is|'m|m| turned)(?: \w+)? {_NUMBER}\b(?: years?|$| now| last| today)"), "age"),
    (re.compile(r"^i(?: now)? works? (?:as|at|for|in)\b|^my (?:job|trade|profession|craft) is\b"), "work"),
)
_NAMED = re.compile(r"^my ([a-z ]{2,30}?)(?:'s name is| is (?:called|named)|s name is)\b")
_FAVOURITE = re.compile(r"^my (?:favou?rite|fav) ([a-z]+) (?:is|are)\b")
_ONE_OF_A_KIND = re.compile(
    r"^(?:my|the) ([a-z ]{0,20}?(?:password|birthday|age|hometown|code|price|dream|goal|secret word)[a-z ]{0,20}?)"
    r" (?:is|are|was)\b"
)
_PLACED = re.compile(
    r"^i(?: have|'ve|ve| now)* (?:hid|put|left|keep|kept|buried|stashed|moved|hide|store|stored|laid|placed)"
    r" (?:my|the) ([a-z ]{2,30}?)"
    r" (?:under|in|on|at|behind|near|by|beside|next|below|above|inside|to|with|between|over)\b"
)


def subject(statement: str, player: str = "") -> str:
    """What the statement says about the player that it can say but once; "" where several may be true."""
    text = _LEAD.sub("", statement.lower().replace("’", "'")).strip()
    name = player.lower()
    if name and text.startswith(f"{name}'s "):  # as summaries put it
        text = "my" + text[len(name) + 2 :]
    elif name and text.startswith(f"{name} "):
        text = "i" + text[len(name) :]
    for pattern, about in _SUBJECTS:
        if pattern.search(text):
            return about
    for kind, pattern in (("favourite", _FAVOURITE), ("name", _NAMED), ("place", _PLACED), ("", _ONE_OF_A_KIND)):
        found = pattern.search(text)
        if found:
            return f"{kind} {found[1].strip()}"
    return ""


def says_the_same(one: str, other: str, player: str = "") -> bool:
    """Whether two statements are the same fact: the same subject, or nearly the same words."""
    about = subject(one, player)
    if about:
        return about == subject(other, player)
    first, second = set(index_words(one)), set(index_words(other))
    if not first or not second:
        return words_of(one) == words_of(other)
    return len(first & second) / len(first | second) >= SAME_WORDS
