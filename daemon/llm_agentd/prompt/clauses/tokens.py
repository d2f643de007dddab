"""A text as tokens: words and marks, each with the space before it, so that joined they are the text again. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.util import english_verbs as verbs

_TOKEN = re.compile(r"(?<!\s)\s*(?:[^\W_]+(?:['’‑-][^\W_]+)*['’]?|[^\w\s]|_)")
_CONTRACTIONS = re.compile(r"(?i)\b(i|you|he|she|they|we)['’](m|re|ve|ll|d|s)\b")
_LETTERS = re.compile(r"[A-Za-z]+")
_CHAT = (
    (re.compile(r"\b[iI]m\b"), "I am"),
    (re.compile(r"\bive\b"), "I have"),
    (re.compile(r"\b[yY]oure\b"), "you are"),
)
_PERFECT = frozenset(["been", "got", "had", "seen", "gone", "done", "lived"])


def tokenize(text: str) -> list[str]:
    """Words and marks, each with the space before it, so that joined they are the text. Contractions are undone."""
    for pattern, words in _CHAT:
        text = pattern.sub(words, text)
    text = _CONTRACTIONS.sub(lambda found: f"{found[1]} {_full(found[2].lower(), text, found.end())}", text)
    return _TOKEN.findall(text)


def _full(ending: str, text: str, end: int) -> str:
    found = _LETTERS.search(text, end)
    following = found[0].lower() if found else ""
    if ending == "s":
        return "has" if following in _PERFECT else "is"
    if ending == "d":
        return "would" if verbs.is_base(following) or following in ("be", "never", "rather", "like") else "had"
    return {"m": "am", "re": "are", "ve": "have", "ll": "will"}[ending]


def word(tokens: Sequence[str], at: int) -> str:
    """The token in lower case without its space; "" beyond either end."""
    return tokens[at].strip().lower().replace("’", "'") if 0 <= at < len(tokens) else ""


def words_of(tokens: Sequence[str]) -> list[str]:
    """Each as `word` has it."""
    return [word(tokens, at) for at in range(len(tokens))]


def join(tokens: Sequence[str]) -> str:
    return "".join(tokens).strip()


def skip_adverbs(tokens: Sequence[str], at: int) -> int:
    while vocabulary.is_adverb(word(tokens, at)):
        at += 1
    return at
