"""Sentences of remembered talk, and the short lines ("Ana said: …") that they become in a prompt. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.memory.keywords import storable_line
from llm_agentd.util import sanitize

FACT_MAX_CHARS = 120  # of one line
SAID_MAX_SENTENCES = 8  # looked at of what was said at once: each costs the encoder milliseconds

_SENTENCE = re.compile(r"[^.!?…。！？]+[.!?…。！？]*")
# What may stand before a question, then how one begins. `when i was young` and `what a day` are none.
_ASKING = re.compile(
    r"(?:(?:hey|hi|hello|so|and|but|well|ok|okay|oh|please|pls|say|now)\b[ ,]*)*(?:"
    r"(?:do|does|did|is|are|am|was|were|can|could|will|would|should|shall|have|has|may|might|dont|don't|didn't|isn't)"
    r" (?:i|you|u|ya|he|she|it|we|they|the|this|that|these|those|my|your|ur|his|her|our|their|there|any|anyone|some)\b"
    r"|(?:what|whats|what's|where|wheres|where's|who|whos|who's|how|hows|how's|why|whose|whom|which)(?: \w+){0,3}?"
    r" (?:is|are|was|were|do|does|did|can|could|will|would|should|shall|have|has|had|am|r|u|you|i|my|your|ur|the)\b"
    r"|(?:what|where|who|how)'?s \w+"
    r"|(?:what|how|where) (?:about|come|to)\b|who (?!knows|cares)\w+"
    r"|when (?:is|are|was|were|do|does|did|can|will|would|should|shall|have|has|must)\b"
    r"|why (?:not|cant|can't|dont|don't)\b"
    r"|(?:u|you)?\b ?(?:know|remember|recall) (?:what|where|who|how|when|why|which|if|my name)\b"
    r"|(?:tell|remind) me (?:what|where|who|how|when|why|which|if|about|the|again|my)\b"
    r"|any(?: idea| clue)? (?:idea|clue|news|chance|what|where)\b)"
)


def split_sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def said_sentences(text: str) -> list[str]:
    """The first SAID_MAX_SENTENCES of an exchange: what retrieval compares with a question."""
    return split_sentences(text)[:SAID_MAX_SENTENCES]


def is_question(sentence: str) -> bool:
    """Also one without its mark: `where did i put my lantern`."""
    return sentence.endswith(("?", "？")) or _ASKING.match(sentence.lower()) is not None


def quote(speaker: str, sentence: str, known_names: Sequence[str] = ()) -> str:
    """`Ana said: I hid my lantern under the oak`. `known_names`: those that must not look like a speaker inside it."""
    return fact_line(f"{sanitize.name(speaker)} said: {sanitize.utterance(sentence, known_names)}")


def fact_line(sentence: str) -> str:
    """One fact as a prompt shows it: at most FACT_MAX_CHARS, without the full stop and without marks of the layout."""
    text = sanitize.fact(storable_line(sentence))
    if len(text) > FACT_MAX_CHARS:
        text = text[: FACT_MAX_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return text.rstrip(" .!")


def fit_lines(lines: Sequence[str], max_chars: int) -> tuple[str, ...]:
    """The lines that fit, in their order, each once. A line that is too long is skipped, a shorter one may follow."""
    kept: list[str] = []
    left_chars = max_chars
    for line in lines:
        if line and line not in kept and len(line) <= left_chars:
            kept.append(line)
            left_chars -= len(line)
    return tuple(kept)
