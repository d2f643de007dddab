"""What memory holds of a player, as the NPC says it to that player: `Ana said: I hid it` → `you hid it`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.foreign import is_english
from llm_agentd.prompt.clauses.fragments import complete
from llm_agentd.prompt.clauses.grammar import YOU, I, Referent, Speaker, rewrite
from llm_agentd.prompt.clauses.sentences import is_sentence
from llm_agentd.prompt.clauses.text import CLAUSE_MAX_CHARS, MARKS, finish, first_sentence, lower_first
from llm_agentd.prompt.clauses.tokens import join, tokenize, word
from llm_agentd.util import english_verbs as verbs
from llm_agentd.util import sanitize

_ASKING = re.compile(
    r"(?i)^(?:who|what|where|when|why|how|which|whose|do|does|did|is|are|can|could|will|would|should|shall|have|has|am|was|were)\b"
)
_CALLS = vocabulary.word_set(
    "no yes well hey hi hello oh so ah please actually btw um hm ok okay yeah nope listen look"
)
# Before a name at the end of a line they show that the line is complete without it: `stop it marta`.
_COMPLETE = vocabulary.word_set(
    "me it you us them him here there now please more this that today again back away up down morning day"
) | vocabulary.word_set("evening night")
_OF_THE_MOMENT = vocabulary.word_set("here")  # `here, take an apple`: not worth a word an hour later
_NO_ORDERS = vocabulary.word_set("love like hope thank lost guess mine name need want")


def recalled_clause(fact: str, player: str, npc_name: str) -> str | None:
    """What memory holds, as the NPC says it to the player whom it is about; None where it makes no decent clause."""
    text = first_sentence(fact, cut=False).strip(" \t.!;")
    if not re.search(r"[^\W\d_]", text) or len(text) > CLAUSE_MAX_CHARS:
        return None
    said = re.match(r"(?s)^(.{1,64}?) said: (.+)$", text)
    if said:
        return _of_said(said[1], said[2], player, npc_name)
    return finish(rewrite(tokenize(text), [*_called(player, YOU), *_called(npc_name, I)]))


def _called(name: str, speaker: Speaker) -> list[Referent]:
    words = tuple(word([token], 0) for token in tokenize(sanitize.name(name)))
    return [Referent(speaker, "third", (words,))] if words else []


def _of_said(speaker: str, said: str, player: str, npc_name: str) -> str | None:
    said = said.strip(MARKS)
    if speaker == "you":  # the NPC itself
        return f"I told you that {lower_first(said)}" if is_sentence(tokenize(said)) else None
    if sanitize.name(speaker).lower() != sanitize.name(player).lower():
        return _of_another(sanitize.name(speaker), said, player, npc_name)
    tokens = _without_calls(tokenize(said), npc_name)
    first = word(tokens, 0)
    if not is_english(tokens) or first in _OF_THE_MOMENT:
        return None
    if said.endswith("?") or (_ASKING.match(join(tokens)) and len(tokens) > 1):
        return _of_question(tokens, npc_name)
    referents = [Referent(YOU, "first"), Referent(I, "second"), *_called(npc_name, I)]
    if len(tokens) > 1 and verbs.is_base(first) and first not in _NO_ORDERS and not vocabulary.is_plural_noun(first):
        return f"you asked me to {lower_first(join(rewrite(tokens, referents)))}"
    if len(tokens) > 2 and is_sentence(tokens):
        clause = finish(rewrite(tokens, referents))
        return clause if first in ("i", "my", "we", "our") or clause is None else f"you told me that {clause}"
    completed = complete(tokens) if _tells_of_self(tokens) else None
    return finish(rewrite(completed, referents)) if completed else None


def _tells_of_self(tokens: Sequence[str]) -> bool:
    """Whether words without a subject are surely about who said them: `lost my cat`, `from Westford`, `a farmer`.

    Most such words are not: a greeting, an exclamation, an order with a slip of the finger.
    """
    first, following = word(tokens, 0), word(tokens, 1)
    if first in ("a", "an", "the", "just"):
        return any(vocabulary.is_person_noun(word(tokens, at)) for at in (1, 2))
    if vocabulary.is_adjective(first):
        return following in vocabulary.PREPOSITIONS
    is_deed = verbs.is_past(first) or verbs.is_participle(first) or verbs.base_of_ing(first) is not None
    return len(tokens) > 1 and (first == "from" or (is_deed and not verbs.is_base(first)))


def _of_another(speaker: str, said: str, player: str, npc_name: str) -> str | None:
    """What somebody else told; as a quote where that person speaks of itself."""
    tokens = tokenize(said)
    if not tokens or not speaker:
        return None
    of_two = [at for at in range(len(tokens)) if word(tokens, at) in ("i", "me", "my", "you", "your")]
    if of_two == [0] and verbs.is_past(word(tokens, 1)):
        return finish([speaker, *tokens[1:]])  # `Ann said: I beat the wolf`
    if of_two:
        return f"{speaker} said: {said}"
    told = rewrite(tokens, [*_called(player, YOU), *_called(npc_name, I)])
    clause = finish(told)
    return f"{speaker} told me that {clause}" if clause else None


def _without_calls(tokens: list[str], npc_name: str) -> list[str]:
    """Without `no,`, `hey` and the NPC's name, by which a player only turns to it."""
    name = [word([token], 0) for token in tokenize(sanitize.name(npc_name))]
    while tokens:
        if word(tokens, 0) in _CALLS or (word(tokens, 0) == "," and len(tokens) > 1):
            tokens = tokens[1:]
        elif name and [word(tokens, at) for at in range(len(name) + 1)] == [*name, ","]:
            tokens = tokens[len(name) + 1 :]
        elif name and [word(tokens, at) for at in range(len(tokens) - len(name) - 1, len(tokens))] == [",", *name]:
            tokens = tokens[: -len(name) - 1]
        elif name and _begins_with_call(tokens, name):
            tokens = tokens[len(name) :]
        elif name and _ends_with_call(tokens, name):
            tokens = tokens[: -len(name)]
        else:
            break
    return tokens


def _begins_with_call(tokens: Sequence[str], name: Sequence[str]) -> bool:
    """`marta follow me`, but not `Marta sells bread`."""
    if [word(tokens, at) for at in range(len(name))] != [*name] or len(tokens) <= len(name):
        return False
    following = word(tokens, len(name))
    is_told = verbs.is_base(following) and not verbs.is_past(following)
    is_asked = _ASKING.match(following) is not None and word(tokens, len(name) + 1) in vocabulary.NOMINATIVE
    return is_told or is_asked or following in vocabulary.NOMINATIVE | vocabulary.POSSESSIVES | _CALLS


def _ends_with_call(tokens: Sequence[str], name: Sequence[str]) -> bool:
    """`stop it marta`, `where is the mill marta`, but not `I saw Marta`."""
    at = len(tokens) - len(name) - 1
    before = word(tokens, at)
    if _ASKING.match(join(tokens)):
        is_verb = verbs.is_base(before) and word(tokens, at - 1) not in vocabulary.DETERMINERS | vocabulary.POSSESSIVES
        is_call = not is_verb and before not in vocabulary.PREPOSITIONS | verbs.AUXILIARIES | {"and", "or"}
    else:
        has_object = word(tokens, at - 1) in vocabulary.DETERMINERS | vocabulary.POSSESSIVES  # `take an apple marta`
        is_call = before in _COMPLETE or (has_object and verbs.is_base(word(tokens, 0)))
    return is_call and [word([token], 0) for token in tokens[at + 1 :]] == [*name]


def _of_question(tokens: Sequence[str], npc_name: str) -> str | None:
    """`where is my lantern?` → `you asked me where your lantern is`."""
    tokens = [token for token in tokens if token.strip() not in "?!"]
    first = word(tokens, 0)
    if len(tokens) < 3:
        return None
    referents = [Referent(YOU, "first"), Referent(I, "second"), *_called(npc_name, I)]
    if (
        first in ("can", "could", "will", "would")
        and word(tokens, 1) in ("you", "u")
        and verbs.is_base(word(tokens, 2))
    ):
        return f"you asked me to {join(rewrite(tokens[2:], referents))}"
    start = 0
    if first not in verbs.AUXILIARIES:
        start = 2 if word(tokens, 1) in ("much", "many", "old", "far", "long", "kind") else 1
    if not any(verbs.is_verb_form(word(tokens, at)) for at in range(start, len(tokens))):
        return None  # `what a day`
    asked = _uninverted(tokens, start)
    lead = join([*tokens[:start]]).lower() if start else "whether"
    return f"you asked me {lead} {join(rewrite(asked, referents))}" if asked else None


def _uninverted(tokens: Sequence[str], start: int) -> list[str]:
    """`did I hide it` → `I hid it`; `is my lantern` → `my lantern is`."""
    auxiliary, rest = word(tokens, start), list(tokens[start + 1 :])
    if auxiliary not in verbs.AUXILIARIES or not rest:
        return list(tokens[start:])
    size = 1
    if word(rest, 0) in vocabulary.DETERMINERS | vocabulary.POSSESSIVES:
        size = 2
        is_end = vocabulary.is_adjective(word(rest, 2)) or word(rest, 2) in vocabulary.PREPOSITIONS
        size += not (is_end or auxiliary in ("do", "does", "did")) and len(rest) > 2
    if auxiliary in ("do", "does", "did"):
        verb = word(rest, size)
        if verbs.is_base(verb) and auxiliary != "do":
            rest[size] = " " + (verbs.past_of(verb) if auxiliary == "did" else verbs.third_person(verb))
        return rest
    return [*rest[:size], " " + auxiliary, *rest[size:]]
