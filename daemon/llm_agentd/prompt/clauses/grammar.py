"""Rewrites a sentence so that somebody in it becomes "I" or "you": pronouns, possessives, and the verbs that agree.

Works on tokens (words and marks, each with the space before it). `own.py` and `recalled.py` decide who is who and
what is a sentence; here nothing is added or left out. Pure; any thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.tokens import skip_adverbs, word
from llm_agentd.util import english_verbs as verbs

Person: TypeAlias = Literal["first", "second", "third"]
Gender: TypeAlias = Literal["he", "she", "they", "it", ""]
Case: TypeAlias = Literal["subject", "object", "possessive", "own", "reflexive"]

_PRONOUNS: dict[str, dict[str, Case]] = {
    "first": {
        "i": "subject",
        "me": "object",
        "my": "possessive",
        "mine": "own",
        "myself": "reflexive",
        "we": "subject",
        "us": "object",
        "our": "possessive",
        "ours": "own",
        "ourselves": "reflexive",
    },
    "second": {"your": "possessive", "yours": "own", "yourself": "reflexive", "u": "subject", "ur": "possessive"},
    "he": {"he": "subject", "him": "object", "his": "possessive", "himself": "reflexive"},
    "she": {"she": "subject", "her": "possessive", "hers": "own", "herself": "reflexive"},
    "they": {
        "they": "subject",
        "them": "object",
        "their": "possessive",
        "theirs": "own",
        "themselves": "reflexive",
        "themself": "reflexive",
    },
    "it": {"it": "subject", "its": "possessive", "itself": "reflexive"},
    "": {},
}
_GENDERED: dict[Gender, frozenset[str]] = {
    "he": vocabulary.word_set("""
    king man husband son brother father boy uncle lord widower prince grandfather nephew mayor baron duke monk
    """),
    "she": vocabulary.word_set("""
    queen woman wife daughter sister mother girl aunt lady widow princess grandmother niece witch nun
    """),
}
_SUBJECT_BEFORE = vocabulary.CLAUSE_STARTS | vocabulary.word_set("""
    know knows think thinks say says said believe believes hope hopes wish swear swears claim claims see
    """)
NAME_WORDS = 2  # with capitals, and an article before them: less may be somebody, `the Queen`
_BEHIND_VERBS = vocabulary.PREPOSITIONS | vocabulary.DETERMINERS | vocabulary.word_set("it him them me you")


@dataclass(frozen=True, slots=True)
class Speaker:
    """How somebody is named in the clause: as "I", or as "you"."""

    forms: dict[Case, str]
    verbs: dict[str, str]  # of a verb in another person: this one's


I = Speaker(  # noqa: E741 - it is the word itself
    {"subject": "I", "object": "me", "possessive": "my", "own": "mine", "reflexive": "myself"},
    {"is": "am", "are": "am", "were": "was", "weren't": "wasn't", "isn't": "am not", "aren't": "am not"},
)
YOU = Speaker(
    {"subject": "you", "object": "you", "possessive": "your", "own": "yours", "reflexive": "yourself"},
    {"is": "are", "am": "are", "was": "were", "wasn't": "weren't", "isn't": "aren't"},
)
_OF_ANY = {"has": "have", "does": "do", "hasn't": "haven't", "doesn't": "don't"}


@dataclass(frozen=True, slots=True)
class Referent:
    """Somebody who is named in a sentence, in one of these ways, and whom the clause calls `speaker`."""

    speaker: Speaker
    person: Person
    names: tuple[tuple[str, ...], ...] = ()  # in lower case, by words; also "the smith"
    gender: Gender = ""  # which pronouns of the third person are this one's


def gender_of(tokens: Sequence[str], start: int = 0) -> Gender:
    """Whose pronouns the sentence uses for its subject: the first that no other person before it explains."""
    explained: set[Gender] = set()
    for at in range(start, len(tokens)):
        token = word(tokens, at)
        for gender, nouns in _GENDERED.items():
            if token in nouns and not is_of_thing(tokens, at):
                explained.add(gender)
        if vocabulary.is_plural_noun(token):
            explained.add("they")
        for gender in ("he", "she", "they"):
            if (token in _PRONOUNS[gender] or (gender == "she" and token == "her")) and gender not in explained:
                return gender
    return ""


def gender_of_noun(noun: str) -> Gender:
    return next((gender for gender, nouns in _GENDERED.items() if noun in nouns), "")


def rewrite(tokens: Sequence[str], referents: Sequence[Referent]) -> list[str]:
    """The tokens with each referent called as its speaker is called, and its verbs in that person."""
    result = list(tokens)
    at = 0
    while at < len(result):
        found = _find(result, at, referents)
        if found is None:
            at += 1
            continue
        referent, case, length = found
        space = result[at][: len(result[at]) - len(result[at].lstrip())]
        joint = _joint_subject(result, at, length) if case == "subject" and referent.speaker is I else 0
        if joint:
            result[at : at + length + joint] = _swap(result, at, length, joint, space, referents)
            at += joint + 1
            continue
        if case == "subject" and at == 1 and vocabulary.is_adjective(word(result, 0)):
            result[0:1] = []  # `Old Marta smiles`
            at, space = 0, ""
        result[at : at + length] = [space + referent.speaker.forms[case]]
        if case == "subject":
            agree(result, at + 1, referent)
            _agree_inverted(result, at, referent)
        at += 1
    return result


def _find(tokens: Sequence[str], at: int, referents: Sequence[Referent]) -> tuple[Referent, Case, int] | None:
    for referent in referents:
        named = _named(tokens, at, referent)
        if named:
            return referent, *named
        case = _pronoun_case(tokens, at, referent)
        if case:
            return referent, case, 1
    return None


def _named(tokens: Sequence[str], at: int, referent: Referent) -> tuple[Case, int] | None:
    if _is_kind(tokens, at):
        return None
    for name in referent.names:
        end = at + len(name)
        words = [word(tokens, place) for place in range(at, end)]
        if tuple(words) == name:
            is_subject = _is_subject(tokens, at, end)
            return ("subject" if is_subject else "object"), len(name)
        if (*words[:-1], re.sub(r"'s?$", "", words[-1])) == name:
            return "possessive", len(name)
    return None


def _is_kind(tokens: Sequence[str], at: int) -> bool:
    """Whether the word is no name, but what a name is made of: `a sphinx` is not The Sphinx."""
    is_small = not tokens[at].strip()[:1].isupper()
    return is_small and word(tokens, at - 1) in vocabulary.DETERMINERS | vocabulary.POSSESSIVES


def _is_subject(tokens: Sequence[str], at: int, end: int) -> bool:
    """Whether who is named at `at` does something: a verb follows, and what stands before can begin a clause."""
    place = skip_adverbs(tokens, end)
    following = word(tokens, place)
    if not at:
        return True
    before = word(tokens, at - 1)
    if not (verbs.is_verb_form(following) or verbs.base_of_third_person(following, known_only=False)):
        return False
    if before in vocabulary.PREPOSITIONS and before not in vocabulary.SUBORDINATORS:
        return False
    return before in _SUBJECT_BEFORE or not (verbs.is_verb_form(before) or vocabulary.is_adverb(before))


def _pronoun_case(tokens: Sequence[str], at: int, referent: Referent) -> Case | None:
    token = word(tokens, at)
    if token in ("you", "u") and word(tokens, at - 1) in ("thank", "bless"):
        return None  # a word of thanks, whoever hears it
    if referent.person == "second" and token in ("you", "u"):
        return "subject" if _is_subject(tokens, at, at + 1) else "object"
    case = _PRONOUNS[referent.gender if referent.person == "third" else referent.person].get(token)
    if (
        token == "mine"
        and word(tokens, at - 1) in vocabulary.DETERMINERS | vocabulary.POSSESSIVES | vocabulary.PREPOSITIONS
    ):
        return None  # where ore is dug
    if case is None or referent.person != "third":
        return case
    if token == "it" and not (
        _is_subject(tokens, at, at + 1) and word(tokens, at - 1) in vocabulary.CLAUSE_STARTS | {""}
    ):
        return None  # another thing, or the weather
    if case in ("possessive", "object") and _is_of_another(tokens, at):
        return None
    if token == "her" and (_is_called(tokens, at) or not is_noun_ahead(tokens, at + 1)):
        return "object"
    if token == "his" and not word(tokens, at + 1).strip(".,;!"):
        return "own"
    return case


def _is_called(tokens: Sequence[str], at: int) -> bool:
    """`they call her Mouse`, `it makes her smile`: whether what follows is not hers."""
    verb = word(tokens, at - 1)
    following = tokens[at + 1].strip() if at + 1 < len(tokens) else ""
    if verb in ("make", "makes", "made", "let", "lets"):
        behind = word(tokens, at + 2)
        return verbs.is_base(following.lower()) and (not behind or behind in _BEHIND_VERBS)
    return verb in ("call", "calls", "called", "named") and following[:1].isupper()


def is_noun_ahead(tokens: Sequence[str], at: int) -> bool:
    """Whether `her` before this token is followed by what is hers."""
    token = word(tokens, at)
    if not token or not token[0].isalnum() or vocabulary.is_adverb(token):
        return False
    return token not in (
        vocabulary.DETERMINERS - {"many", "few", "other", "several", "one's"}
        | vocabulary.PREPOSITIONS
        | vocabulary.CLAUSE_STARTS
        | vocabulary.POSSESSIVES
        | vocabulary.NOMINATIVE
        | verbs.AUXILIARIES
    )


def _is_of_another(tokens: Sequence[str], at: int) -> bool:
    """`the king and his sons`: the pronoun is of the person just named."""
    return (
        word(tokens, at - 1) in ("and", "or", "with")
        and (vocabulary.is_person_noun(word(tokens, at - 2)) or (at > 2 and _is_name(tokens, at - 2)))
        and word(tokens, at - 2) != "i"
    )


def _is_name(tokens: Sequence[str], at: int) -> bool:
    """Of a person: `the Crooked Ladle` names a thing."""
    while tokens[at].strip()[:1].isupper() and at > 0:
        at -= 1
        if word(tokens, at) in vocabulary.ARTICLES:
            return False
    return tokens[at + 1].strip()[:1].isupper()


def is_of_thing(tokens: Sequence[str], at: int) -> bool:
    """Whether the word is of the name of a thing: `the Widow Rock`, `the Green Almanac`, but not `the Queen`."""
    start, end = at, at + 1
    while start and _is_capital(tokens, start):
        start -= 1
    while _is_capital(tokens, end):
        end += 1
    return _is_capital(tokens, at) and word(tokens, start) in vocabulary.ARTICLES and end - start > NAME_WORDS


def _is_capital(tokens: Sequence[str], at: int) -> bool:
    return at < len(tokens) and tokens[at].strip()[:1].isupper()


def _joint_subject(tokens: Sequence[str], at: int, length: int) -> int:
    """How many tokens of `and her husband` follow before a verb; 0 where the subject is alone."""
    place = at + length
    if word(tokens, place) != "and":
        return 0
    start = word(tokens, place + 1)
    size = 3 if start in vocabulary.POSSESSIVES | vocabulary.ARTICLES else 2
    if (size == 2 and not tokens[place + 1 : place + 2][0:1]) or not start[:1].isalpha():
        return 0
    if size == 2 and not tokens[place + 1].strip()[:1].isupper():
        return 0
    return size if verbs.is_verb_form(word(tokens, place + size)) else 0


def _swap(
    tokens: Sequence[str], at: int, length: int, joint: int, space: str, referents: Sequence[Referent]
) -> list[str]:
    """`She and her husband` → `my husband and I`."""
    other = rewrite(tokens[at + length + 1 : at + length + joint], referents)
    if word(other, 0) in ("his", "her", "their"):
        other[0] = "my"
    return [space + other[0].strip(), *other[1:], " and", " I"]


def _agree_inverted(tokens: list[str], at: int, referent: Referent) -> None:
    """`nor does she trust` → `nor do I trust`."""
    inverters = ("", "nor", "neither", "never", "only", "so", "seldom", "rarely")
    if word(tokens, at - 1) in verbs.AUXILIARIES and word(tokens, at - 2) in inverters:
        _convert(tokens, at - 1, referent)


def agree(tokens: list[str], at: int, referent: Referent) -> None:
    """Puts the verb of the subject before `at`, and those joined to it by `and`, into the speaker's person."""
    if word(tokens, at - 2) == "and" and at > 2 and word(tokens, at) in ("are", "were"):
        return  # `Bram and I are`
    main = _verb_place(tokens, at)
    _convert(tokens, main, referent, is_main=True)
    is_inside = False  # a clause that depends: `who stole the bell`
    for place in range(main + 1, len(tokens)):
        token = word(tokens, place)
        is_inside = is_inside or _begins_clause(tokens, place)
        if token not in vocabulary.CONJUNCTIONS:
            continue
        if is_inside and not (_is_brief(tokens, place) or (token in ("but", "and") and word(tokens, place - 1) == ",")):
            continue
        following = skip_adverbs(tokens, place + 1)
        if word(tokens, following) in vocabulary.CONJUNCTIONS:
            continue
        if starts_new_subject(tokens, following):
            return
        if _is_verb_at(tokens, following):
            _convert(tokens, following, referent)


def _is_brief(tokens: Sequence[str], at: int) -> bool:
    """`every ship that passes and has filled books`: a clause of one verb about a thing ends before `and`."""
    return word(tokens, at) == "and" and word(tokens, at - 2) in ("that", "which") and word(tokens, at + 2) != "."


def _begins_clause(tokens: Sequence[str], at: int) -> bool:
    token = word(tokens, at)
    if token in ("before", "after", "since", "until", "till"):  # also prepositions
        return _has_verb(tokens, at + 1)
    if token == "how" and word(tokens, at + 1) == "to":
        return False
    return token in vocabulary.RELATIVES | (vocabulary.SUBORDINATORS - {"so", "as", "than", "once"})


def _verb_place(tokens: Sequence[str], at: int) -> int:
    """Past adverbs and what stands between commas: `Marta, the smith's widow, lives`."""
    if word(tokens, at) in (",", "(", "-", "–", "—"):
        for place in range(at + 1, len(tokens)):
            if word(tokens, place) in (",", ")", "-", "–", "—"):
                after = skip_adverbs(tokens, place + 1)
                return after if _is_verb_at(tokens, after) else at
    return skip_adverbs(tokens, at)


def _is_verb_at(tokens: Sequence[str], at: int) -> bool:
    token = word(tokens, at)
    if token in verbs.AUXILIARIES or token.endswith("n't"):
        return True
    return vocabulary.is_third_person_verb(token, word(tokens, at + 1), after_conjunction=True)


def _has_verb(tokens: Sequence[str], at: int) -> bool:
    while at < len(tokens) and word(tokens, at) not in vocabulary.CONJUNCTIONS:
        token = word(tokens, at)
        if token in verbs.AUXILIARIES or verbs.is_past(token) or verbs.base_of_third_person(token):
            return True
        at += 1
    return False


def starts_new_subject(tokens: Sequence[str], at: int) -> bool:
    """Whether at `at` begins a clause with a subject of its own: `and her husband drinks`."""
    token = word(tokens, at)
    if token in vocabulary.NOMINATIVE or token in ("nobody", "everybody", "everyone", "someone", "there"):
        return True
    begins_noun = token in vocabulary.ARTICLES | vocabulary.POSSESSIVES or (
        tokens[at : at + 1] and tokens[at].strip()[:1].isupper()
    )
    return bool(begins_noun) and _has_verb(tokens, at + 1)


def _convert(tokens: list[str], at: int, referent: Referent, *, is_main: bool = False) -> None:
    if at >= len(tokens):
        return
    token = word(tokens, at)
    space = tokens[at][: len(tokens[at]) - len(tokens[at].lstrip())]
    forms = referent.speaker.verbs
    if token in forms:
        tokens[at] = space + forms[token]
    elif token in _OF_ANY:
        tokens[at] = space + _OF_ANY[token]
    elif referent.person == "third" and token not in ("was", "this") and not verbs.is_past(token):
        base = verbs.base_of_third_person(token, known_only=not is_main)
        if base:
            tokens[at] = space + base
