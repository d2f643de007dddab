"""The words that a reply has around what the NPC knows, where that is told of the NPC itself.

Topics are written for knowledge of any kind: `They whisper about it: …`, `…, the farmers swear by it.` Nobody says so
of their own life, and what only rounds a sentence off, `So much about me and books.`, says less than the sentence
alone. Pure; knows no topics, only the words of replies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_OF_SELF = re.compile(r"(?:i|i'm|i've|my|we|our)\b", re.I)
_HEARSAY = re.compile(
    r"\b(?:told|heard|hears?|hearsay|reports?|whispers?|they (?:say|tell)|say that|is said|it's said|tales?|the talk"
    r"|songs?|handed down|taught me|I was taught|as far as|if I have it right|I (?:only )?know|knowledge"
    r"|I can(?:'t| not|not)? (?:only )?(?:tell|say|add|warn)|could not (?:say|tell)|more (?:about|of|than|I)"
    r"|beyond that|the rest|guess(?:es)?|swear by|if I remember|you may (?:ask|yet)"
    r"|what I know|all I know|learned (?:this|that|about)|perhaps (?:it|that|this))\b",
    re.I,
)
_ROUNDS_OFF = re.compile(
    r"\bso much (?:for|about)\b|\bthat(?:'s| is) (?:all|how|what|my|the|me|as|one|where|enough|no secret)\b"
    r"|\bmake of (?:it|that)\b|\bthere you (?:have|hear)\b|\bnow you know\b|\bif you must know\b|\bjudge (?:for|me)\b"
    r"|\w: |\byou ask(?:ed)?\b|\bno more\b|\bat that\b|\byou see\b|^(?:as to|about|of|with) ",
    re.I,
)


def for_clause(lines: Sequence[str], clause: str) -> list[str]:
    """Those that add something and do not speak as of hearsay, where `clause` is of the NPC itself."""
    if not _OF_SELF.match(clause):
        return list(lines)
    return [line for line in lines if not _HEARSAY.search(line) and not _ROUNDS_OFF.search(line)]
