"""What a clause says, part by part: of `I row the dead and have one joke` an answer may want only half. Pure.

Reads clauses as `own.py` makes them, in which whoever speaks is "I" already: what begins anew with a verb of that
subject, or with one of its own, can be said alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.grammar import I, Referent, agree, starts_new_subject
from llm_agentd.prompt.clauses.sentences import OBJECT_STARTS
from llm_agentd.prompt.clauses.text import finish
from llm_agentd.prompt.clauses.tokens import skip_adverbs, tokenize, word
from llm_agentd.util import english_verbs as verbs

CLAUSES_KEPT = 1024  # those that came near to an answer, of a village
PART_MIN_WORDS = 3
_JOINS = vocabulary.word_set("and but yet , ;")
_TOLD_AS_TRUE = vocabulary.word_set("because since when after while although though where")
_DEPENDENT = (vocabulary.SUBORDINATORS - {"once", "so", "as", "than"}) | vocabulary.RELATIVES
_POINTS_BACK = vocabulary.word_set("he she they him them his her their it its so")
_PRESENT = vocabulary.word_set("am have do can cannot")
_HELPERS = verbs.BE_FORMS | {"have", "has", "had"}
_BEHIND_ONE = vocabulary.PREPOSITIONS | _JOINS | {""}
_THIRD = Referent(I, "third")


@lru_cache(maxsize=CLAUSES_KEPT)
def parts_of(clause: str) -> tuple[str, ...]:
    """`I bake and am deaf since I was hit` → `I bake`, `I am deaf since I was hit`, `I was hit`; () for one thing.

    A reason keeps its word: `because I find gold cold`.
    """
    tokens = tokenize(clause)
    if word(tokens, 0) != "i":
        return ()
    pieces = (_trimmed(piece) for piece in _pieces(tokens))
    parts = (finish(piece) for piece in pieces if len(piece) >= PART_MIN_WORDS and _stands_alone(piece))
    return tuple(dict.fromkeys(part for part in parts if part and part != clause))


def _pieces(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Each with its subject, the longer one before what is a part of it."""
    ends = _joins(tokens)
    for start, end in zip([0, *(at + 1 for at in ends)], [*ends, len(tokens)], strict=True):
        piece = list(tokens[start:end])
        if start and not _has_subject(piece, 0):
            piece = ["I", f" {piece[0].strip()}", *piece[1:]]
        yield piece
        yield from _within(piece)


def _joins(tokens: Sequence[str]) -> list[int]:
    """Where `and` has another verb of the same subject behind it, or a subject with its verb."""
    found: list[int] = []
    inside = 0  # where a clause begins that depends
    for at in range(2, len(tokens)):
        token = word(tokens, at)
        inside = inside or (at if token in _DEPENDENT else 0)
        if token in _JOINS and _is_join(tokens, at, inside):
            found.append(at)
            inside = 0
    return found


def _is_join(tokens: Sequence[str], at: int, inside: int) -> bool:
    following = skip_adverbs(tokens, at + 1)
    is_verb = _is_verb(tokens, following, any(word(tokens, place) in _HELPERS for place in range(1, at)))
    if inside and word(tokens, at - 1) != ",":
        return is_verb and _is_past_of_mine(tokens, inside) and not verbs.is_past(word(tokens, following))
    return is_verb or (word(tokens, at) != "," and _has_subject(tokens, following))


def _is_past_of_mine(tokens: Sequence[str], at: int) -> bool:
    """`since I was a boy`: what is told of today behind it does not belong to it."""
    return word(tokens, at + 1) == "i" and verbs.is_past(word(tokens, skip_adverbs(tokens, at + 2)))


def _has_subject(tokens: Sequence[str], at: int) -> bool:
    return word(tokens, at) not in vocabulary.RELATIVES and starts_new_subject(tokens, at)


def _is_verb(tokens: Sequence[str], at: int, may_be_participle: bool) -> bool:
    """`may_be_participle`: it may still belong to a verb before: `has been loved and feared`."""
    token, following = word(tokens, at), word(tokens, at + 1)
    if token in verbs.AUXILIARIES or token == "am" or token.endswith("n't"):
        return True
    if verbs.is_past(token) and not (may_be_participle and verbs.is_participle(token)):
        return True
    if not verbs.is_base(token) or token in vocabulary.MASS_NOUNS:
        return False
    has_object = following in OBJECT_STARTS | vocabulary.PREPOSITIONS or vocabulary.is_adverb(following)
    return has_object or not (token in vocabulary.NOUNISH or vocabulary.is_adjective(token))


def _within(piece: Sequence[str]) -> Iterator[list[str]]:
    """What depends on the verb of a piece, and the piece without it."""
    at = next((at for at in range(2, len(piece) - 1) if word(piece, at) in _DEPENDENT), 0)
    token, is_of_me = word(piece, at), word(piece, at + 1) == "i"
    if token == "who" and _is_of_subject(piece, at):
        told = ["I", *piece[at + 1 :]]
        agree(told, 1, _THIRD)
        yield list(piece[:at])
        yield from _pieces(told)
    elif token in _TOLD_AS_TRUE and is_of_me:
        yield list(piece[:at])
        yield list(piece[at + 1 :])
    if at and _gives_reason(piece, at):
        yield ["because", *piece[at + 1 :]]


def _is_of_subject(piece: Sequence[str], at: int) -> bool:
    """`I am a goblin who …`, but not `I am the son of a smith who …`."""
    before = [word(piece, place) for place in range(1, at)]
    is_named = before[0] in ("am", "was") and word(before, 1) in vocabulary.ARTICLES
    of_another = any(
        one in vocabulary.PREPOSITIONS and any(map(vocabulary.is_person_noun, before[place + 1 :]))
        for place, one in enumerate(before)
    )
    return is_named and not of_another


def _gives_reason(piece: Sequence[str], at: int) -> bool:
    """`since` tells when, where what follows is past."""
    token, following = word(piece, at), word(piece, at + 1)
    if token == "because":
        return following != "of"
    verb = word(piece, skip_adverbs(piece, at + 2))
    return token == "since" and following == "i" and (verb in _PRESENT or not verbs.is_past(verb))


def _trimmed(piece: Sequence[str]) -> list[str]:
    """Without a mark at its end, and with `and` before the last of several: `I am lonely, exact`."""
    trimmed = list(piece)
    while word(trimmed, len(trimmed) - 1) in (",", ";"):
        trimmed.pop()
    last = next((at for at in range(len(trimmed) - 1, 0, -1) if word(trimmed, at) in (",", "and")), 0)
    is_list = word(trimmed, 1) in ("am", "was") and vocabulary.is_adjective(word(trimmed, last + 1))
    if is_list and word(trimmed, last) == ",":
        trimmed[last] = " and"
    return trimmed


def _stands_alone(piece: Sequence[str]) -> bool:
    """Whether nothing in it points to what was cut off: `I take it very seriously`, `I own one`."""
    for at in range(1, len(piece)):
        token = word(piece, at)
        if token in _DEPENDENT and word(piece, at + 1) != "i":
            return True
        if token in _POINTS_BACK or (token == "one" and word(piece, at + 1) in _BEHIND_ONE):
            return False
    return True
