"""A sentence about an NPC, as it speaks of itself: `Lost a brother.` → `I lost a brother`. Pure; any thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.fragments import complete
from llm_agentd.prompt.clauses.grammar import (
    Gender,
    I,
    Referent,
    gender_of,
    gender_of_noun,
    is_noun_ahead,
    is_of_thing,
    rewrite,
)
from llm_agentd.prompt.clauses.sentences import finite_verb, is_sentence
from llm_agentd.prompt.clauses.text import CLAUSE_MAX_CHARS, MARKS, finish, first_sentence, keeps_capital, lower_first
from llm_agentd.prompt.clauses.tokens import join, skip_adverbs, tokenize, word
from llm_agentd.util import english_verbs as verbs
from llm_agentd.util import sanitize

CLAUSES_KEPT = 2048  # the personas and the knowledge of a village: they are asked for in every prompt
LEAST_BEFORE_COMMA = 3  # subject, verb and what it is about: `Marta, the miller's widow, lives here` has one verb
_YOU_READ_THIS = Referent(I, "second")  # no player is meant where the NPC is not spoken of as somebody else
_SELF = ("i", "my", "mine", "me", "we", "our")
_LABELLED = re.compile(r"^(?:the )?([A-Za-z][A-Za-z ]{1,24}):\s*(\S.*)$")
_GENERIC_YOU = re.compile(
    r"(?i)^(?:if|when|whenever|unless|to|should) .*\byou\b|^(?:to|for) \w+.*, (?:you|go|take|follow|turn)\b"
    r"|^you (?:can|may|could|will|should|have to|need to|need)? ?"
    r"(?:find|reach|get|buy|cross|rent|hire|fish in|enter|see the|hear the)\b"
    r"|^(?:with|at|in|on|from|near|by) .*\byou (?:get|find|reach|can|see|come|need)\b"
)

_FORBIDS = re.compile(r"(?i)^(?:do not|don't) .*\byour?\b")  # said to whoever hears it


@lru_cache(maxsize=CLAUSES_KEPT)
def own_clause(sentence: str, npc_name: str, title: str = "", *, is_thing: bool = False) -> str | None:
    """One sentence about the NPC, or about the world, as the NPC says it; None where it makes no decent clause.

    `title`: of its role, "the guard"; a sentence about "a guard" or "the guard" is then about the NPC. `is_thing`: the
    sentence calls the NPC "it".
    """
    text = first_sentence(sentence)
    if not text or text.endswith("?") or len(text) > CLAUSE_MAX_CHARS:
        return None
    text = text.strip(MARKS)
    if not re.search(r"[^\W\d_]", text):
        return None
    labelled = _LABELLED.match(text)
    if labelled and not verbs.AUXILIARIES & set(labelled[1].split()):
        return _of_label(labelled[1], labelled[2].strip(MARKS), npc_name, title)
    return finish(_of_thing(text, npc_name) if is_thing else _own(text, npc_name, title))


def _of_thing(text: str, npc_name: str) -> list[str]:
    return rewrite(tokenize(text), _npc(_names(npc_name), "it"))


def _own(text: str, npc_name: str, title: str) -> list[str] | None:
    tokens = _without_role(tokenize(text), title)
    first = word(tokens, 0)
    if first in vocabulary.IMPERATIVES_OF_PLAY:
        return None
    if first in _SELF or _GENERIC_YOU.match(text) or _FORBIDS.match(text):
        return tokens
    names = _names(npc_name)
    tokens = _without_rank(tokens, names)
    if first in ("you", "your", "u"):
        return _with_and(tokens, rewrite(tokens, [*_npc(names, ""), _YOU_READ_THIS]))
    named = _name_at(tokens, 0, names)
    if named or _is_about_npc(tokens):
        return _with_and(tokens, rewrite(tokens, _npc(names, gender_of(tokens, named))))
    if is_sentence(tokens):
        return rewrite(tokens, [*_npc(names, _free_gender(tokens)), _YOU_READ_THIS])
    completed = complete(tokens)
    if completed is None:
        return None
    return _with_and(tokens, rewrite(completed, [*_npc(names, gender_of(completed, 1)), _YOU_READ_THIS]))


def _with_and(tokens: Sequence[str], own: list[str]) -> list[str]:
    """`Paints hens, talks to nobody`: notes have a comma where people say "and", before the last of the verbs.

    `tokens`: as they were written. Counted from the end: the subject may have been added.
    """
    commas = [at for at in range(-len(own), 0) if own[at].strip() == ","]
    if not commas or len(own) + commas[0] < LEAST_BEFORE_COMMA or tokens[commas[-1] :][:1] != [","]:
        return own
    last = commas[-1]
    verb = skip_adverbs(own, len(own) + last + 1) - len(own)
    is_second_verb = verb < 0 and word([tokens[verb]], 0) != word([own[verb]], 0)
    if is_second_verb and not vocabulary.CONJUNCTIONS & {word([token], 0) for token in own[last + 1 :]}:
        own[last] = " and"
    return own


def _without_role(tokens: list[str], title: str) -> list[str]:
    """The tokens with `A guard` or `The guard` at their beginning replaced by a name, where a verb follows."""
    role = [word([token], 0) for token in tokenize(sanitize.name(title))]
    role = role[1:] if role and role[0] in vocabulary.ARTICLES else role
    head = next((at for at, part in enumerate(role) if part in vocabulary.PREPOSITIONS), len(role))
    for name in (role, role[:head][-1:], ["npc"], ["character"]):
        size = 1 + len(name)
        shown = [word(tokens, at) for at in range(size)]
        if not name or shown[0] not in vocabulary.ARTICLES | {"this"}:
            continue
        if [*shown[1:-1], shown[-1].removesuffix("'s")] != name:
            continue
        if shown[-1].endswith("'s"):
            return ["Npc's", *tokens[size:]]
        following = word(tokens, skip_adverbs(tokens, size))
        if following == "," or verbs.is_verb_form(following) or verbs.base_of_third_person(following, known_only=False):
            return ["Npc", *tokens[size:]]
    return tokens


def _names(npc_name: str) -> tuple[tuple[str, ...], ...]:
    """How a sentence may name the NPC, in lower case by words, the longest first: also by one part of its name."""
    name = tuple(word([token], 0) for token in tokenize(sanitize.name(npc_name)))
    parts = [(part,) for part in name if len(name) > 1 and len(part) > 2 and not _is_common(part)]
    return tuple(filter(None, (name, *parts, ("npc",))))


def _is_common(part: str) -> bool:
    return part in vocabulary.DETERMINERS or vocabulary.is_adjective(part) or vocabulary.is_person_noun(part)


def _npc(names: tuple[tuple[str, ...], ...], gender: Gender) -> list[Referent]:
    return [Referent(I, "third", names, gender)]


def _is_about_npc(tokens: Sequence[str]) -> bool:
    """Whether the sentence begins with a pronoun of the NPC, or with what is the NPC's."""
    first = word(tokens, 0)
    if first == "they":
        return word(tokens, skip_adverbs(tokens, 1)) not in vocabulary.HEARSAY
    return first in ("he", "she", "his", "her", "their")


def _name_at(tokens: Sequence[str], at: int, names: tuple[tuple[str, ...], ...]) -> int:
    """How many tokens there name the NPC, or what is the NPC's; 0 for none."""
    for name in names:
        words = tuple(word(tokens, at + place) for place in range(len(name)))
        if name in (words, (*words[:-1], words[-1].removesuffix("'s").removesuffix("'"))):
            return len(name)
    return 0


def _without_rank(tokens: list[str], names: tuple[tuple[str, ...], ...]) -> list[str]:
    """Without what one is called beside the name: `Brother Notker keeps the chapel`."""
    is_rank = vocabulary.is_person_noun(word(tokens, 0)) and not _name_at(tokens, 0, names)
    return tokens[1:] if is_rank and _name_at(tokens, 1, names) else tokens


def _free_gender(tokens: Sequence[str]) -> Gender:
    """The pronouns of a sentence about the world that can only be the NPC's: `In his youth he sailed`."""
    gender = gender_of(tokens)
    is_first_clause, has_other = True, gender == "they" and word(tokens, 0) in ("they", "those", "these", "all", "both")
    for at in range(len(tokens)):
        token = word(tokens, at)
        if token in ("he", "she", "they", "his", "their") or (token == "her" and is_noun_ahead(tokens, at + 1)):
            is_said_of_it = word(tokens, at - 1) in verbs.BE_FORMS  # `Velvet is his old enemy`: not his own
            return "" if has_other and not is_said_of_it else gender
        if token in ("him", "her", "them"):
            # `The doctor sent him away`: the doctor himself would be "himself".
            return gender if is_first_clause or not has_other else ""
        is_first_clause = is_first_clause and token not in vocabulary.CLAUSE_STARTS
        has_other = has_other or _may_be_meant(tokens, at, gender)
    return ""


def _may_be_meant(tokens: Sequence[str], at: int, gender: Gender) -> bool:
    """Whether a later pronoun may be that of the person at `at`."""
    token = word(tokens, at)
    if token in ("nobody", "somebody", "i") or is_of_thing(tokens, at):
        return False
    if tokens[at].strip()[:1].isupper() and (at > 0 or keeps_capital(tokens)):
        return True
    if vocabulary.is_plural_noun(token):
        return gender == "they"
    return vocabulary.is_person_noun(token) and gender_of_noun(token) in ("", gender)


_LABELS_OF_VERBS = vocabulary.word_set(
    "likes loves hates dislikes fears wants owns knows sells buys wears speaks needs"
)
_LABELS_OF_AIMS = vocabulary.word_set("goal dream wish quest aim plan duty")
_LABELS_OF_TEXT = vocabulary.word_set(
    "note secret fact background backstory history story rumour rumor persona personality knowledge past bio"
)


def _of_label(label: str, value: str, npc_name: str, title: str) -> str | None:
    """`Likes: apples` → `I like apples`; `Job: smith` → `my job is smith`."""
    key = re.sub(r"^(?:your|my|his|her|their) ", "", label.strip().lower())
    if not value:
        return None
    if key in _LABELS_OF_VERBS:
        return finish(_own(f"{key.capitalize()} {value}", npc_name, title))
    if key == "age":
        return f"I am {value}" + ("" if re.search(r"[a-z]", value) else " years old")
    tokens = tokenize(value)
    inner = _own(value, npc_name, title)
    if key in _LABELS_OF_TEXT:
        return finish(inner)
    if key in ("family", "children", "siblings", "relatives"):
        return f"I have {lower_first(value)}"
    if (
        verbs.is_base(word(tokens, 0))
        and len(tokens) > 1
        and key in ("goal", "dream", "wish", "quest", "aim", "plan", "duty")
    ):
        return f"my {key} is to {join(rewrite(tokens, _npc(_names(npc_name), gender_of(tokens)))).lower()}"
    if inner and is_sentence(tokens) and finite_verb(tokens) is not None:
        return f"my {key} is that {finish(inner)}"
    return f"my {key} {'are' if vocabulary.is_plural_noun(key) else 'is'} {value}"
