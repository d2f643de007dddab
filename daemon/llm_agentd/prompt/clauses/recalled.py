"""What memory holds of a player, as the NPC says it to that player: `Ana said: I hid it` → `you hid it`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.fragments import complete, is_sentence
from llm_agentd.prompt.clauses.grammar import YOU, I, Referent, Speaker, join, rewrite, tokenize, word
from llm_agentd.prompt.clauses.text import CLAUSE_MAX_CHARS, MARKS, finish, first_sentence, lower_first
from llm_agentd.util import english_verbs as verbs
from llm_agentd.util import sanitize

_ASKING = re.compile(
    r"(?i)^(?:who|what|where|when|why|how|which|whose|do|does|did|is|are|can|could|will|would|should|shall|have|has|am|was|were)\b"
)


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
    tokens = tokenize(said)
    if sanitize.name(speaker).lower() != sanitize.name(player).lower():
        return f"{sanitize.name(speaker)} said: {said}" if tokens else None
    if said.endswith("?") or (_ASKING.match(said) and len(tokens) > 1):
        return _of_question(tokens, npc_name)
    first = word(tokens, 0)
    referents = [Referent(YOU, "first"), Referent(I, "second"), *_called(npc_name, I)]
    if (
        verbs.is_base(first)
        and not vocabulary.is_plural_noun(first)
        and first not in ("love", "like", "hope", "thank", "lost")
    ):
        rest = rewrite(tokens, referents)
        return f"you asked me to {lower_first(join(rest))}" if len(tokens) > 1 else None
    if is_sentence(tokens) or first in vocabulary.NOMINATIVE | {"my", "our"}:
        clause = finish(rewrite(tokens, referents))
        starts_with_player = first in ("i", "my", "we", "our")
        return clause if starts_with_player or clause is None else f"you told me that {clause}"
    completed = complete(tokens)
    return finish(rewrite(completed, referents)) if completed and len(tokens) > 1 else None


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
    asked = _uninverted(tokens, start)
    lead = join([*tokens[:start]]).lower() if start else "whether"
    return f"you asked me {lead} {join(rewrite(asked, referents))}" if asked else None


def _uninverted(tokens: Sequence[str], start: int) -> list[str]:
    """`did I put it` → `I put it`; `is my lantern` → `my lantern is`."""
    auxiliary, rest = word(tokens, start), list(tokens[start + 1 :])
    if auxiliary not in verbs.AUXILIARIES | verbs.MODALS or not rest:
        return list(tokens[start:])
    if auxiliary in ("do", "does", "did"):
        return rest
    size = 1
    if word(rest, 0) in vocabulary.DETERMINERS | vocabulary.POSSESSIVES:
        size = 2
        while (
            size < len(rest)
            and not vocabulary.is_adjective(word(rest, size))
            and word(rest, size) not in vocabulary.PREPOSITIONS
            and size < 3
        ):
            size += 1
    return [*rest[:size], " " + auxiliary, *rest[size:]]
