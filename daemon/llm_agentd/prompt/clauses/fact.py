"""A fact that a mod gives as key and value, as a clause: ("king", "Aldric") → `the king is Aldric`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.sentences import is_sentence
from llm_agentd.prompt.clauses.text import CLAUSE_MAX_CHARS, lower_first
from llm_agentd.prompt.clauses.tokens import tokenize
from llm_agentd.util import english_verbs as verbs
from llm_agentd.util import sanitize


def fact_clause(key: str, value: Any) -> str:
    """A fact that a mod gives as key and value: ("king", "Aldric") → "the king is Aldric". Never empty."""
    name = _key_words(key)
    subject = name if re.match(r"(?:the|my|our|your|a|an) ", name) else f"the {name}"
    is_plural = vocabulary.is_plural_noun(name.split()[-1])
    if isinstance(value, bool) or value is None:
        return _of_truth(name, subject, value)
    if isinstance(value, Mapping):
        parts = [f"{_key_words(inner)} {_value(entry)}" for inner, entry in value.items()]
        return f"{subject} {'are' if is_plural else 'is'} {_listed(parts)}"
    if isinstance(value, (list, tuple)) and value and all(map(_is_said, value)):
        return lower_first(". ".join(map(_value, value)))[:CLAUSE_MAX_CHARS]  # each speaks for itself: news, rumours
    text = _value(value)
    if _is_said(value):
        return f"{subject} is that {lower_first(text)}" if not is_plural else f"{subject} say that {lower_first(text)}"
    return f"{subject} {'are' if is_plural else 'is'} {text}"


def _is_said(value: Any) -> bool:
    """Whether a value is a whole sentence: it wants no verb from us."""
    tokens = tokenize(_value(value)) if isinstance(value, str) else ()
    return len(tokens) > 2 and is_sentence(tokens)


def _of_truth(name: str, subject: str, value: bool | None) -> str:
    words = name.split()
    if value is None:
        return f"nothing is known of {subject}"
    verb = "is" if value else "is not"
    if words[0] == "is" and len(words) > 1:
        return f"it {verb} {' '.join(words[1:])}"
    if len(words) > 1 and (vocabulary.is_adjective(words[-1]) or verbs.is_participle(words[-1])):
        return f"the {' '.join(words[:-1])} {verb} {words[-1]}"
    if len(words) == 1 and vocabulary.is_adjective(name):
        return f"it {verb} {name}"
    return f"there {verb} {name if vocabulary.is_plural_noun(words[-1]) else 'a ' + name}"


def _key_words(key: str) -> str:
    """`gate_open`, `gateOpen` → `gate open`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", sanitize.fact(str(key)))
    return " ".join(re.sub(r"[_\-.:/]+", " ", parted).lower().split()) or "fact"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return _listed([f"{_key_words(key)} {_value(entry)}" for key, entry in value.items()])
    if isinstance(value, (list, tuple, set, frozenset)):
        return _listed([_value(entry) for entry in value])
    return sanitize.fact(str(value)).rstrip(" .!;")[:CLAUSE_MAX_CHARS] or "unknown"


def _listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of nothing "none"."""
    if not parts:
        return "none"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
