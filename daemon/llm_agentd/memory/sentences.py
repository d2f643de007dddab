"""Sentences of remembered talk, and the short lines ("Ana said: …") that they become in a prompt. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from llm_agentd.memory.keywords import stem, storable_line, words_of
from llm_agentd.util import sanitize

FACT_MAX_CHARS = 120  # of one line

_SENTENCE = re.compile(r"[^.!?…。！？]+[.!?…。！？]*")


def split_sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def is_question(sentence: str) -> bool:
    return sentence.endswith(("?", "？"))


def best_sentence(text: str, weights: Mapping[str, float]) -> tuple[float, str]:
    """(score, sentence) of the statement whose words weigh most; (0, "") where no statement has any of them.

    `weights`: by stem. Questions are skipped: a player who asks "Where is my lantern?" has told nothing.
    """
    best = (0.0, "")
    for sentence in split_sentences(text):
        if is_question(sentence):
            continue
        stems = {stem(word) for word in words_of(sentence)}
        score = sum(weight for word, weight in weights.items() if word in stems)
        if score > best[0]:
            best = (score, sentence)
    return best


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
