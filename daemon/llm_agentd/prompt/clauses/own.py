"""A sentence about an NPC, as it speaks of itself: `Lost a brother.` → `I lost a brother`. Pure; any thread."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.fragments import complete, finite_verb, is_sentence
from llm_agentd.prompt.clauses.grammar import Gender, I, Referent, gender_of, rewrite, skip_adverbs, tokenize, word
from llm_agentd.prompt.clauses.text import CLAUSE_MAX_CHARS, MARKS, finish, first_sentence
from llm_agentd.util import sanitize

_SELF = ("i", "my", "mine", "me", "we", "our")
_LABELLED = re.compile(r"^(?:the )?([A-Za-z][A-Za-z ]{1,24}):\s*(\S.*)$")
_GENERIC_YOU = re.compile(
    r"(?i)^(?:if|when|whenever|unless|to|should) .*\byou\b|^(?:to|for) \w+.*, (?:you|go|take|follow|turn)\b"
    r"|^you (?:can|may|could|will|should|have to|need to|need)? ?"
    r"(?:find|reach|get|buy|cross|rent|hire|fish in|enter|see the|hear the)\b"
)


def own_clause(sentence: str, npc_name: str, title: str = "") -> str | None:
    """One sentence about the NPC, or about the world, as the NPC says it; None where it makes no decent clause.

    `title`: of its role, "the guard"; a sentence about "a guard" or "the guard" is then about the NPC.
    """
    text = first_sentence(sentence)
    if not text or text.endswith("?") or len(text) > CLAUSE_MAX_CHARS:
        return None
    text = text.strip(MARKS)
    if not re.search(r"[^\W\d_]", text):
        return None
    labelled = _LABELLED.match(text)
    if labelled:
        return _of_label(labelled[1], labelled[2].strip(MARKS), npc_name, title)
    return finish(_own(text, npc_name, title))


def _own(text: str, npc_name: str, title: str) -> list[str] | None:
    tokens = tokenize(text)
    first = word(tokens, 0)
    names = _names(npc_name, title)
    if first in _SELF:
        return tokens
    if first in vocabulary.IMPERATIVES_OF_PLAY or _GENERIC_YOU.match(text):
        return tokens if first not in vocabulary.IMPERATIVES_OF_PLAY else None
    subject = _subject_names(tokens, names)
    starts_self = first in ("he", "she", "you", "u") or (
        first == "they" and word(tokens, skip_adverbs(tokens, 1)) not in vocabulary.HEARSAY
    )
    if subject or starts_self or first in ("his", "her", "your", "their"):
        gender = gender_of(tokens) if first != "you" else ""
        return rewrite(tokens, _npc(names, gender))
    if is_sentence(tokens):
        return rewrite(tokens, _npc(names, _free_gender(tokens)))
    completed = complete(tokens)
    if completed is None:
        return None
    return rewrite(completed, _npc(names, gender_of(completed, 1)))


def _names(npc_name: str, title: str) -> tuple[tuple[str, ...], ...]:
    """How a sentence may name the NPC, in lower case by words, the longest first."""
    found: list[tuple[str, ...]] = []
    name = tuple(word([token], 0) for token in tokenize(sanitize.name(npc_name)))
    if name:
        found.append(name)
        found.extend(
            (part,)
            for part in name
            if len(name) > 1
            and len(part) > 2
            and part not in vocabulary.ADJECTIVES | vocabulary.DETERMINERS
            and not vocabulary.is_person_noun(part)
        )
    role = tuple(word([token], 0) for token in tokenize(sanitize.name(title)))
    if role and role[0] in vocabulary.ARTICLES:
        role = role[1:]
    if role:
        roles = dict.fromkeys((role, role[-1:]))
        found.extend((article, *part) for part in roles for article in ("the", "a", "an"))
    found.extend([("the", "npc"), ("this", "npc"), ("this", "character"), ("the", "character")])
    return tuple(sorted(found, key=len, reverse=True))


def _npc(names: tuple[tuple[str, ...], ...], gender: Gender) -> list[Referent]:
    return [Referent(I, "third", names, gender), Referent(I, "second")]


def _subject_names(tokens: Sequence[str], names: tuple[tuple[str, ...], ...]) -> bool:
    for name in names:
        words = [word(tokens, at) for at in range(len(name))]
        if tuple(words) == name or (*words[:-1], re.sub(r"'s?$", "", words[-1])) == name:
            # `A guard of the north gate` is somebody's description, not a sentence about the guard.
            following = word(tokens, len(name))
            return (
                words[0] not in vocabulary.ARTICLES
                or words[-1].endswith("'s")
                or finite_verb(tokens) is not None
                or following == ""
            )
    return False


def _free_gender(tokens: Sequence[str]) -> Gender:
    """The pronouns of a sentence about the world that can only be the NPC's: `In his youth he sailed`."""
    gender = gender_of(tokens)
    if gender == "they" and word(tokens, 0) == "they":
        return ""
    for at in range(len(tokens)):
        token = word(tokens, at)
        if token in ("he", "she", "they", "his", "her", "their", "him", "them"):
            return gender
        is_name = at > 0 and tokens[at].strip()[:1].isupper() and token != "i"
        if vocabulary.is_person_noun(token) or is_name or (gender == "they" and vocabulary.is_plural_noun(token)):
            return ""
    return ""


def _of_label(label: str, value: str, npc_name: str, title: str) -> str | None:
    """`Likes: apples` → `I like apples`; `Job: smith` → `my job is smith`."""
    key = label.strip().lower()
    if not value:
        return None
    if key in (
        "likes",
        "loves",
        "hates",
        "dislikes",
        "fears",
        "wants",
        "owns",
        "knows",
        "sells",
        "buys",
        "wears",
        "speaks",
        "needs",
        "has",
        "is",
        "was",
    ):
        return finish(_own(f"{label.capitalize()} {value}", npc_name, title))
    if key == "age":
        return f"I am {value}" + ("" if re.search(r"[a-z]", value) else " years old")
    if key == "name":
        return f"my name is {value}"
    inner = _own(value, npc_name, title)
    if key in (
        "note",
        "secret",
        "fact",
        "background",
        "backstory",
        "history",
        "story",
        "rumour",
        "rumor",
        "persona",
        "personality",
        "knowledge",
        "past",
        "description",
    ):
        return finish(inner)
    if inner and finite_verb(tokenize(value)) is not None:
        return f"my {key} is that {finish(inner)}"
    return f"my {key} {'are' if vocabulary.is_plural_noun(key) else 'is'} {value}"
