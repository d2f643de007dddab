"""Whether words are a sentence of their own, and what is missing where they are a fragment: `Afraid of spiders`.

A fragment of a persona has no subject, as that is the NPC. `complete` puts "I" before it with the verb that it wants,
the rest stays in the third person for `grammar.rewrite`. Pure; any thread.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.grammar import I, Referent, agree, skip_adverbs, word
from llm_agentd.util import english_verbs as verbs

_OBJECT_STARTS = (
    vocabulary.DETERMINERS
    | vocabulary.POSSESSIVES
    | vocabulary.NUMBERS
    | {"him", "them", "it", "himself", "herself", "themselves"}
)
_QUANTIFIED = vocabulary.word_set("""
    everyone everybody everything nobody someone somebody anyone each none
    """)
_PERSONA = Referent(I, "third")


def finite_verb(tokens: Sequence[str]) -> int | None:
    """Where the verb of a sentence is that begins with its subject; None where it is only a name of something.

    Not in a clause that depends (`who lost her son`, `because he drinks`), and not joined by `and` to what is no verb
    (`Old and walks with a stick`).
    """
    in_relative = False
    at = 1
    while at < len(tokens):
        token = word(tokens, at)
        if (token in vocabulary.RELATIVES and word(tokens, at - 1) not in vocabulary.PREPOSITIONS | {""}) or token in (
            "whom",
            "whose",
        ):
            in_relative = True
        elif token in vocabulary.SUBORDINATORS - vocabulary.PREPOSITIONS - {"so", "once"} and at > 1:
            return None
        elif _is_finite(tokens, at):
            if not in_relative:
                return at
            in_relative = False
        at += 1
    return None


def _is_finite(tokens: Sequence[str], at: int) -> bool:
    token, before, following = word(tokens, at), word(tokens, at - 1), word(tokens, at + 1)
    if token in verbs.AUXILIARIES or token.endswith("n't"):
        return before not in vocabulary.DETERMINERS - {
            "that",
            "this",
            "these",
            "those",
            "all",
            "some",
            "most",
            "many",
            "few",
            "both",
        }
    if (
        before in vocabulary.CONJUNCTIONS
        or before in vocabulary.PREPOSITIONS | vocabulary.DETERMINERS | vocabulary.POSSESSIVES | vocabulary.NUMBERS
    ):
        return False
    if vocabulary.is_adjective(before) or (
        vocabulary.is_third_person_verb(before, token, after_conjunction=False)
        and not vocabulary.is_plural_noun(before)
    ):
        return False
    if vocabulary.is_third_person_verb(token, following, after_conjunction=False):
        return not vocabulary.is_plural_noun(before)
    if verbs.is_past(token):
        return not _is_reduced(token, before, following) and following not in vocabulary.PERSON_NOUNS
    is_plural = vocabulary.is_plural_noun(before) or before in _PLURAL_SUBJECTS
    return verbs.is_base(token) and is_plural and token not in vocabulary.PREPOSITIONS


_PLURAL_SUBJECTS = frozenset(["they", "we", "you", "i", "people", "men", "women", "children", "folk"])


def _is_reduced(token: str, before: str, following: str) -> bool:
    """A participle that describes the word before it: `a boy raised by wolves`."""
    if token in (
        "named",
        "called",
        "known",
        "nicknamed",
        "born",
        "raised",
        "dressed",
        "covered",
        "made",
        "sworn",
        "obsessed",
    ):
        return True
    return following == "by" or (vocabulary.is_adverb(before) and before.endswith("ly") and not following)


def is_sentence(tokens: Sequence[str]) -> bool:
    """Whether there is a subject with its verb, so that nothing has to be put before it."""
    first = word(tokens, 0)
    if first in ("there", "it", "nobody", "here") or first in vocabulary.NOMINATIVE:
        return True
    if first in ("does", "has", "is", "was", "had", "did") or first in verbs.MODALS or first.endswith("n't"):
        return False
    if vocabulary.is_adverb(first) and first not in vocabulary.DETERMINERS:
        rest = tokens[skip_adverbs(tokens, 0) :]
        if word(rest, 0) == ",":
            rest = rest[1:]
        return bool(rest) and _is_adverb_of_sentence(rest)
    if first in vocabulary.OWN_THINGS:
        return False
    if _begins_with_verb(tokens):
        return False
    if first in vocabulary.SUBORDINATORS - vocabulary.PREPOSITIONS:
        return True
    return finite_verb(tokens) is not None


def _is_adverb_of_sentence(rest: Sequence[str]) -> bool:
    first = word(rest, 0)
    if vocabulary.is_adjective(first) or first in vocabulary.PREPOSITIONS:
        return False
    return is_sentence(rest)


def _begins_with_verb(tokens: Sequence[str]) -> bool:
    """Whether the first word is the verb of somebody who is not named: `Fears the dark`, `Lost a son`."""
    first, following = word(tokens, 0), word(tokens, 1)
    if vocabulary.is_third_person_verb(first, following, after_conjunction=False):
        return not (
            verbs.is_verb_form(following)
            and not vocabulary.is_adverb(following)
            and following not in vocabulary.NOUNISH
            and not following.endswith("ing")
            and following not in vocabulary.PREPOSITIONS
        )
    if verbs.is_past(first) or verbs.is_participle(first):
        return following not in verbs.AUXILIARIES
    if verbs.is_base(first) and following != "of" and first not in vocabulary.MASS_NOUNS | vocabulary.PERSON_NOUNS:
        return not (
            verbs.is_verb_form(following)
            and following not in _OBJECT_STARTS
            and following not in vocabulary.PREPOSITIONS
        )
    if verbs.base_of_ing(first):
        return finite_verb(tokens) is None
    return False


def complete(tokens: Sequence[str]) -> list[str] | None:
    """The fragment with "I" and its verb before it; None where that makes no sense."""
    first = word(tokens, 0)
    rest = _lowered(tokens)
    if vocabulary.is_adverb(first) and first not in vocabulary.DEGREES:
        return _after_adverb(rest)
    if first in vocabulary.OWN_THINGS and finite_verb(tokens) is not None:
        return ["my", *_spaced(rest)]
    if first in verbs.AUXILIARIES or first.endswith("n't") or _is_verb_first(tokens):
        return _with_verb(rest)
    if first in vocabulary.ARTICLES:
        return ["I", " am", *_spaced(rest)] if _may_be_somebody(tokens) else _there_is(rest)
    return _of_no_verb(rest)


def _lowered(tokens: Sequence[str]) -> list[str]:
    shown = tokens[0]
    is_acronym = shown.isupper() and len(shown) > 1
    return [shown if is_acronym else shown[:1].lower() + shown[1:], *tokens[1:]]


def _spaced(tokens: Sequence[str]) -> list[str]:
    return [" " + tokens[0].lstrip(), *tokens[1:]] if tokens else []


def _with_verb(rest: Sequence[str]) -> list[str]:
    """`lost a son` → `I lost a son`; `raised by wolves` → `I was raised by wolves`."""
    first, following = word(rest, 0), word(rest, 1)
    result = ["I", *_spaced(rest)]
    if verbs.base_of_ing(first) and not verbs.is_base(first):
        result = ["I", " am", *_spaced(rest)]
        agree(result, 1, _PERSONA)
        return result
    has_object = (
        following in _OBJECT_STARTS
        or (bool(rest[1:]) and rest[1].strip()[:1].isupper())
        or (
            bool(following)
            and following[:1].isalpha()
            and following not in vocabulary.PREPOSITIONS
            and not vocabulary.is_adverb(following)
            and following not in vocabulary.CONJUNCTIONS | vocabulary.SUBORDINATORS
            and first not in vocabulary.PASSIVE_STATES
        )
    )
    if first in ("been", "seen", "gone", "done") or (
        verbs.is_participle(first) and not verbs.is_past(first) and has_object and first != "born"
    ):
        return ["I", " have", *_spaced(rest)]
    if first in vocabulary.PASSIVE_STATES and not (has_object and first not in ("called", "named", "nicknamed")):
        return ["I", " am", *_spaced(rest)]
    is_passive = (first in vocabulary.PASSIVE_EVENTS and not has_object) or (
        following == "by" and verbs.is_participle(first) and word(rest, 2) not in ("the", "a")
    )
    if (
        is_passive
        or first == "born"
        or (verbs.is_participle(first) and not verbs.is_past(first) and not verbs.is_base(first))
    ):
        return ["I", " was", *_spaced(rest)]
    if first == "be":
        return ["I", " am", *_spaced(rest[1:])]
    agree(result, 1, _PERSONA)
    return result


def _is_verb_first(tokens: Sequence[str]) -> bool:
    first, following = word(tokens, 0), word(tokens, 1)
    if first in ("be", "am"):
        return True
    if vocabulary.is_adjective(first) and not (
        vocabulary.is_third_person_verb(first, following, after_conjunction=False)
    ):
        return False
    if _begins_with_verb(tokens):
        return True
    # A verb that is in no list: `Juggles with knives`.
    return (
        verbs.base_of_third_person(first, known_only=False) is not None
        and not verbs.base_of_third_person(first)
        and following in vocabulary.ARTICLES | vocabulary.POSSESSIVES | {"with", "to", "it", "for", "too", "well"}
    )


def _after_adverb(rest: Sequence[str]) -> list[str] | None:
    """`never sleeps well` → `I never sleep well`; `always in a hurry` → `I am always in a hurry`."""
    start = skip_adverbs(rest, 0)
    if start >= len(rest):
        return None
    adverbs = _spaced(rest[:start])
    completed = complete([rest[start].lstrip(), *rest[start + 1 :]])
    if completed is None or word(completed, 0) != "i":
        return None
    place = (
        2
        if word(completed, 1) in verbs.BE_FORMS
        or (word(completed, 1) in verbs.AUXILIARIES and word(completed, 1) not in ("do", "have"))
        else 1
    )
    if word(adverbs, 0) in ("once", "formerly", "originally") and word(completed, 1) == "am":
        completed[1] = " was"
    return [*completed[:place], *adverbs, *completed[place:]]


def _may_be_somebody(tokens: Sequence[str]) -> bool:
    words = _head(tokens, 1)
    if not words:
        return False
    last = words[-1]
    return not vocabulary.is_plural_noun(last) or vocabulary.is_person_noun(last)


def _head(tokens: Sequence[str], start: int) -> list[str]:
    """The words of a noun with its adjectives, or of adjectives, up to what depends on them."""
    words: list[str] = []
    for at in range(start, len(tokens)):
        token = word(tokens, at)
        if token in vocabulary.PREPOSITIONS | vocabulary.CLAUSE_STARTS or not token[:1].isalnum():
            break
        words.append(token)
    return words


def _there_is(rest: Sequence[str]) -> list[str] | None:
    words = _head(rest, 0)
    at = len(words)
    if not words or word(rest, at) not in vocabulary.LOCATIONS:
        return None
    return ["there", " are" if vocabulary.is_plural_noun(words[-1]) else " is", *_spaced(rest)]


def _of_no_verb(rest: Sequence[str]) -> list[str] | None:
    first = word(rest, 0)
    words = _head(rest, 0)
    am = ["I", " am", *_spaced(rest)]
    if first == "with":
        return ["I", " have", *_spaced(rest[1:])] if len(rest) > 1 else None
    if first in vocabulary.PREPOSITIONS:
        return am if len(rest) > 1 else None
    if not words:
        return None
    if first in vocabulary.NUMBERS or first[:1].isdigit() or first.split("-")[0] in vocabulary.NUMBERS:
        return _of_number(rest, words)
    if first in ("no", "many", "several", "some", "few"):
        return ["I", " have", *_spaced(rest)]
    if first in vocabulary.DETERMINERS - {"such"}:
        return am if _may_be_somebody(rest) else None
    return _of_noun_or_adjective(rest, words)


def _of_number(rest: Sequence[str], words: Sequence[str]) -> list[str]:
    last = words[-1]
    if last in ("years", "winters", "summers", "springs") and len(rest) == len(words):
        return ["I", " am", *_spaced(rest), " old"]
    if last == "old" or len(words) == 1 or "years" in words or "winters" in words:
        return ["I", " am", *_spaced(rest)]
    return ["I", " have", *_spaced(rest)]


def _of_noun_or_adjective(rest: Sequence[str], words: Sequence[str]) -> list[str] | None:
    first, last = words[0], words[-1]
    am = ["I", " am"]
    following = word(rest, len(words))
    if vocabulary.is_plural_noun(last) and not vocabulary.is_adjective(last) and not vocabulary.is_person_noun(last):
        return _there_is(rest)
    is_noun = vocabulary.is_person_noun(last) or (
        len(words) > 1
        and not vocabulary.is_adjective(last)
        and not verbs.is_participle(last)
        and not vocabulary.is_adverb(last)
        and last not in vocabulary.DEGREES
        and not vocabulary.is_adverb(first)
    )
    if not is_noun:
        if last in vocabulary.MASS_NOUNS:
            return _there_is(rest)
        known = (
            vocabulary.is_adjective(first)
            or first in vocabulary.DEGREES
            or verbs.is_participle(first)
            or len(rest) == 1
            or following in ("and", ",", "but")
        )
        return [*am, *_spaced(rest)] if known else _there_is(rest)
    if last in vocabulary.MASS_NOUNS and not vocabulary.is_person_noun(last):
        return _there_is(rest)
    return [*am, " " + _article(first, last, following, word(rest, len(words) + 1)), *_spaced(rest)]


def _article(first: str, last: str, following: str, after: str) -> str:
    is_one_of_a_kind = first in ("only", "last", "first", "eldest", "oldest", "youngest", "best", "worst") or (
        following == "of"
        and (
            last
            in vocabulary.KIN
            | {"head", "leader", "keeper", "master", "owner", "captain", "chief", "heir", "lord", "lady", "mayor"}
        )
        and after not in vocabulary.NUMBERS
    )
    if is_one_of_a_kind:
        return "the"
    return (
        "an"
        if (first[0] in "aeiou" and not first.startswith(("one", "uni", "use", "eu")))
        or first.startswith(("hon", "heir"))
        else "a"
    )
