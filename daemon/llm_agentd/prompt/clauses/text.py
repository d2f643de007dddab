"""The two ends of every clause: the text that comes in as one clean line, and the words that go out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.tokens import join, tokenize, word
from llm_agentd.util import english_verbs as verbs
from llm_agentd.util import sanitize

CLAUSE_MAX_CHARS = 200  # a longer one is no answer that an NPC speaks
_FIRST_SENTENCE = re.compile(r"^(.+?(?<!\bMr)(?<!\bMrs)(?<!\bSt)(?<!\bDr)[.!?…])\s+(?=\S)")
MARKS = " \t.!;:,…-–—*•\"'“”"


_ABSTRACT_ENDINGS = ("ism", "ness", "ment", "tion", "sion", "ance", "ence", "ship", "hood")


def first_sentence(text: str, *, cut: bool = True) -> str:
    line = sanitize.fact(text).strip()
    found = _FIRST_SENTENCE.match(line) if cut else None
    return (found[1] if found else line).strip()


def finish(tokens: Sequence[str] | None) -> str | None:
    """Joined, with a small first letter where the first word is no name, and `I` in capitals."""
    if not tokens:
        return None
    words = [re.sub(r"^(\s*)i$", r"\1I", token) for token in tokens]
    text = lower_first(join(words)).strip(" \t.!;:,")
    return text if re.search(r"[^\W\d_]", text) else None


def lower_first(text: str) -> str:
    tokens = tokenize(text)
    return text if not tokens or keeps_capital(tokens) else text[:1].lower() + text[1:]


def _describes(tokens: Sequence[str]) -> bool:
    """Whether the first word belongs to a noun after it: `Wooden armour`; a name is followed by a verb or a mark."""
    following = tokens[1].strip() if len(tokens) > 1 else ""
    return (
        following.islower()
        and following not in vocabulary.DETERMINERS | vocabulary.PREPOSITIONS | vocabulary.CLAUSE_STARTS
        and not verbs.is_verb_form(following)
        and not vocabulary.is_adverb(following)
        and verbs.base_of_third_person(following, known_only=False) is None
    )


def keeps_capital(tokens: Sequence[str]) -> bool:
    """Whether the first word keeps its capital: "I", a name, or letters that are all capitals."""
    shown, first = tokens[0], word(tokens, 0)
    if first.split("'")[0] == "i" or (shown.isupper() and len(shown) > 1):
        return True
    following = word(tokens, 1)
    if len(tokens) > 1 and tokens[1].strip()[:1].isupper() and vocabulary.is_person_noun(first) and shown[:1].isupper():
        return True  # `King Aldric`
    if first.endswith("'s"):
        return not (vocabulary.is_person_noun(first[:-2]) or first[:-2] in vocabulary.MASS_NOUNS)
    known = (
        vocabulary.DETERMINERS
        | vocabulary.POSSESSIVES
        | vocabulary.NOMINATIVE
        | vocabulary.NUMBERS
        | vocabulary.PREPOSITIONS
        | vocabulary.CLAUSE_STARTS
        | vocabulary.MASS_NOUNS
        | vocabulary.LOCATIONS
        | frozenset(["there", "it", "nobody", "everybody", "someone", "people", "please", "let"])
    )
    if (
        first in known
        or vocabulary.is_adverb(first)
        or vocabulary.is_adjective(first)
        or vocabulary.is_person_noun(first)
    ):
        return False
    if verbs.is_verb_form(first) or verbs.is_participle(first) or verbs.base_of_ing(first):
        return False
    if first.endswith(_ABSTRACT_ENDINGS) or _describes(tokens):
        return False
    return not vocabulary.is_plural_noun(first) or following in ("is", "was", "has")
