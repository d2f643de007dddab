"""Whether words are a sentence of their own, and where its verb is. Pure; any thread.

English has no mark for a verb, so this goes by the forms of known verbs and by what stands before and after them.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.tokens import skip_adverbs, word
from llm_agentd.util import english_verbs as verbs

OBJECT_STARTS = (
    vocabulary.DETERMINERS
    | vocabulary.POSSESSIVES
    | vocabulary.NUMBERS
    | {"him", "them", "it", "himself", "herself", "themselves"}
)
_QUANTIFIED = vocabulary.word_set("everyone everybody everything nobody someone somebody anyone each none whoever")
_DEPENDENT = vocabulary.SUBORDINATORS - vocabulary.PREPOSITIONS - {"so", "once"}
_SUBJECTS = vocabulary.word_set("i you he she it we they one nobody everybody everyone")
_BEFORE_NOUN = vocabulary.DETERMINERS | vocabulary.POSSESSIVES | {"about", "only", "over"}
_COUNTS = vocabulary.NUMBERS - {"one"}
_NO_SUBJECT = vocabulary.DETERMINERS - vocabulary.word_set("that this these those all some most many few both another")


def finite_verb(tokens: Sequence[str]) -> int | None:
    """Where the verb of a sentence is that begins with its subject; None where it is only a name of something.

    Not in a clause that depends (`who lost her son`, `because he drinks`), and not joined by `and` to what is no verb
    (`Old and walks with a stick`).
    """
    in_relative = False
    for at in range(1, len(tokens)):
        token = word(tokens, at)
        if _is_relative(tokens, at):
            in_relative = True
        elif in_relative:
            in_relative = not (_is_finite(tokens, at) or _follows_relative(tokens, at))
        elif token in _DEPENDENT:
            return None
        elif token in _SUBJECTS and verbs.is_verb_form(word(tokens, skip_adverbs(tokens, at + 1))):
            return skip_adverbs(tokens, at + 1)
        elif _is_finite(tokens, at):
            return at
    return None


def _is_relative(tokens: Sequence[str], at: int) -> bool:
    token = word(tokens, at)
    if token == "that":
        return word(tokens, at - 1) not in vocabulary.PREPOSITIONS and not vocabulary.is_person_noun(
            word(tokens, at + 1)
        )
    return token in vocabulary.RELATIVES


def _follows_relative(tokens: Sequence[str], at: int) -> bool:
    return word(tokens, at - 1) in vocabulary.RELATIVES and verbs.is_verb_form(word(tokens, at))


def _is_finite(tokens: Sequence[str], at: int) -> bool:
    token, before, following = word(tokens, at), _before(tokens, at), word(tokens, at + 1)
    if token in verbs.AUXILIARIES or token.endswith("n't"):
        return before not in _NO_SUBJECT | {"and", "or", "but"}
    if before in vocabulary.CONJUNCTIONS and not (before == "," and at > 3 and word(tokens, 1) == ","):
        return False
    if before in _COUNTS and word(tokens, at - 2) == "of":  # `a council of five decides`
        return verbs.is_verb_form(token)
    if before in vocabulary.PREPOSITIONS | vocabulary.DETERMINERS | vocabulary.POSSESSIVES | _COUNTS:
        return False
    first, is_plural = word(tokens, 0), _is_plural_subject(tokens, at)
    if vocabulary.is_adjective(before) and before != "stable":
        is_people = before in vocabulary.PEOPLE_BY_TRAIT and verbs.is_verb_form(token)
        is_thing = vocabulary.is_third_person_verb(token, following, after_conjunction=True)  # `The fair brings in`
        return first == "the" and at == 2 and (is_people or is_thing)
    if vocabulary.is_third_person_verb(token, following, after_conjunction=False):
        return not vocabulary.is_plural_noun(before) or _may_govern(first, before, following)
    if verbs.is_past(token):
        if before in verbs.AUXILIARIES | verbs.BE_FORMS:
            return False
        return not _is_reduced(token, before, following) and following not in vocabulary.PERSON_NOUNS
    if not verbs.is_base(token) or token in vocabulary.PREPOSITIONS:
        return False
    if first in vocabulary.PREPOSITIONS:  # `Past the forest live the horse lords`, `On that day traders come from`
        is_plural = vocabulary.is_plural_noun(before) and following in vocabulary.PREPOSITIONS
        return is_plural or following in vocabulary.ARTICLES
    return is_plural


def _before(tokens: Sequence[str], at: int) -> str:
    """The word before, without adverbs between: `goblins` in `the goblins still hold`."""
    at -= 1
    while at > 0 and vocabulary.is_adverb(word(tokens, at)):
        at -= 1
    return word(tokens, at)


def _is_plural_subject(tokens: Sequence[str], at: int) -> bool:
    """Whether a verb at `at` has several that do it: `The tunnels under the castle lead`, `Bo and Fen go`."""
    first = word(tokens, 0)
    if first in ("those", "these", "all", "many", "both", "few", "most"):
        return True
    head: list[str] = []
    for place in range(1 if first in _BEFORE_NOUN else 0, at):
        token = word(tokens, place)
        if token in vocabulary.PREPOSITIONS | vocabulary.CLAUSE_STARTS:
            break
        if not vocabulary.is_adverb(token):
            head.append(token)
    has_plural = bool(head) and (vocabulary.is_plural_noun(head[-1]) or head[-1] in _COUNTS)
    return has_plural or "and" in [word(tokens, place) for place in range(1, at - 1)]


def _may_govern(first: str, before: str, following: str) -> bool:
    """Whether a verb in -s goes with the singular before a plural: `a pack of wolves lives in`."""
    has_singular = first in vocabulary.ARTICLES | vocabulary.PREPOSITIONS | {"half", "part", "none"}
    return has_singular and following in vocabulary.PREPOSITIONS | vocabulary.DETERMINERS | {"everything", "it", "out"}


def _is_reduced(token: str, before: str, following: str) -> bool:
    """A participle that describes the word before it: `a boy raised by wolves`."""
    if token in ("named", "called", "known", "nicknamed", "born", "raised", "dressed", "covered", "sworn", "obsessed"):
        return True
    return following == "by" or (before.endswith("ly") and not following)


def is_sentence(tokens: Sequence[str]) -> bool:
    """Whether there is a subject with its verb, so that nothing has to be put before it."""
    first, following = word(tokens, 0), word(tokens, 1)
    if first in ("there", "it", "here", "beware") or first in vocabulary.NOMINATIVE | _QUANTIFIED:
        return len(tokens) > 1
    if first == "no" and following == "longer":
        return is_sentence(tokens[2:]) if len(tokens) > 2 else False
    if (first == "one" and verbs.is_verb_form(following)) or (first in ("first", "then") and verbs.is_base(following)):
        return True
    if first in ("does", "has", "is", "was", "had", "did") or first in verbs.MODALS or first.endswith("n't"):
        return False
    if vocabulary.is_adverb(first) and first not in vocabulary.DETERMINERS and following != "of":
        rest = tokens[skip_adverbs(tokens, 0) :]
        return is_sentence(rest[1:] if word(rest, 0) == "," else rest) if rest else False
    if names_own(tokens) or begins_with_verb(tokens):
        return False
    if first in vocabulary.SUBORDINATORS - vocabulary.PREPOSITIONS:
        return True
    return finite_verb(tokens) is not None


def names_own(tokens: Sequence[str]) -> bool:
    """Whether what begins the text is somebody's own, so that "my" is missing: `Wife died`, `Left leg is wooden`."""
    first, following = word(tokens, 0), word(tokens, 1)
    return first in vocabulary.OWN_THINGS or (first in vocabulary.WHICH_OF_OWN and following in vocabulary.OWN_THINGS)


def begins_with_verb(tokens: Sequence[str]) -> bool:
    """Whether the first word is the verb of somebody who is not named: `Fears the dark`, `Lost a son`."""
    first, following = word(tokens, 0), word(tokens, 1)
    is_verb_next = verbs.is_verb_form(following) and not vocabulary.is_adverb(following)
    if vocabulary.is_third_person_verb(first, following, after_conjunction=False):
        is_noun = verbs.base_of_third_person(first) in vocabulary.NOUNISH and verbs.is_base(following)
        is_noun = is_noun and following not in vocabulary.NOUNISH | vocabulary.PREPOSITIONS
        return not (is_noun or following in verbs.AUXILIARIES)
    if verbs.is_past(first) and not verbs.is_participle(first):
        return following not in verbs.AUXILIARIES
    if verbs.is_participle(first) or first in vocabulary.PASSIVE_STATES:
        describes = following not in OBJECT_STARTS | vocabulary.PREPOSITIONS and not vocabulary.is_adverb(following)
        return not (following in verbs.AUXILIARIES or (describes and finite_verb(tokens) is not None))
    if vocabulary.is_adjective(first) and following not in OBJECT_STARTS:  # `Last winter`, but `Open the gate`
        return False
    if verbs.is_base(first) and following != "of" and first not in vocabulary.MASS_NOUNS | vocabulary.PERSON_NOUNS:
        return not (is_verb_next and following not in OBJECT_STARTS | vocabulary.PREPOSITIONS)
    return verbs.base_of_ing(first) is not None and finite_verb(tokens) is None


def head_of(tokens: Sequence[str], start: int) -> list[str]:
    """The words of a noun with its adjectives, or of adjectives, up to what depends on them."""
    words: list[str] = []
    for at in range(start, len(tokens)):
        token = word(tokens, at)
        if token in vocabulary.PREPOSITIONS | vocabulary.CLAUSE_STARTS or not token[:1].isalnum():
            break
        words.append(token)
    return words
