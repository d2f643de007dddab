"""What is missing where words are no sentence: `Afraid of spiders` → `I am afraid of spiders`. Pure; any thread.

A fragment of a persona has no subject, as that is the NPC. `complete` puts "I" before it with the verb that it wants;
the rest stays in the third person for `grammar.rewrite`.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.grammar import I, Referent, agree
from llm_agentd.prompt.clauses.sentences import OBJECT_STARTS, begins_with_verb, finite_verb, head_of, names_own
from llm_agentd.prompt.clauses.tokens import skip_adverbs, word
from llm_agentd.util import english_verbs as verbs

_PERSONA = Referent(I, "third")
_AFTER_NO_NOUN = vocabulary.ARTICLES | vocabulary.POSSESSIVES


def complete(tokens: Sequence[str]) -> list[str] | None:
    """The fragment with "I" and its verb before it; None where that makes no sense."""
    completed = _completed(tokens)
    if completed and [word(completed, 0), word(completed, 1)] == ["i", "am"]:
        agree(completed, 1, _PERSONA)  # `Old and walks with a stick`
    return completed


def _completed(tokens: Sequence[str]) -> list[str] | None:
    first, following = word(tokens, 0), word(tokens, 1)
    rest = _lowered(tokens)
    if vocabulary.is_adverb(first) and first not in vocabulary.DEGREES:
        return _after_adverb(rest)
    if verbs.is_participle(first) and vocabulary.is_person_noun(following) and not verbs.is_base(first):
        return ["I", f" am {_article(first, following, '', '')}", *_spaced(rest)]  # `Sworn enemy of all rats`
    if first in ("last", "first") and verbs.is_past(following):
        return ["I", *_spaced(rest)]
    if first == "no" and following == "longer":
        return _after_adverb(rest)
    if names_own(tokens) and following not in _AFTER_NO_NOUN and finite_verb(tokens) is not None:
        return ["my", *_spaced(rest)]
    if first in verbs.AUXILIARIES or first.endswith("n't") or _is_verb_first(tokens):
        return _with_verb(rest)
    if first in vocabulary.ARTICLES:
        return _of_article(tokens, rest)
    return _of_no_verb(rest)


def _of_article(tokens: Sequence[str], rest: Sequence[str]) -> list[str] | None:
    words = head_of(tokens, 1)
    if words and words[-1] in vocabulary.PLACES:
        return ["this", " is", *_spaced(rest)]
    return ["I", " am", *_spaced(rest)] if _may_be_somebody(tokens) else _there_is(rest)


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
    if first == "used" and following == "to":
        return result
    if verbs.base_of_ing(first) and not verbs.is_base(first):
        result = ["I", " am", *_spaced(rest)]
        agree(result, 1, _PERSONA)
        return result
    has_object = _has_object(rest)
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


def _has_object(rest: Sequence[str]) -> bool:
    """Whether the verb in front has an object, so that a participle is not passive: `raised three children`."""
    first, following = word(rest, 0), word(rest, 1)
    if following in ("down", "up", "off", "out", "over", "away"):
        return word(rest, 2) in OBJECT_STARTS
    if following in OBJECT_STARTS or (bool(rest[1:]) and rest[1].strip()[:1].isupper()):
        return True
    if not following[:1].isalpha() or first in vocabulary.PASSIVE_STATES or vocabulary.is_adverb(following):
        return False
    return following not in vocabulary.PREPOSITIONS | vocabulary.CONJUNCTIONS | vocabulary.SUBORDINATORS


def _is_verb_first(tokens: Sequence[str]) -> bool:
    first, following = word(tokens, 0), word(tokens, 1)
    if first in ("be", "am", "been"):
        return True
    if vocabulary.is_adjective(first) and not (
        vocabulary.is_third_person_verb(first, following, after_conjunction=False)
    ):
        return False
    if begins_with_verb(tokens):
        return True
    # A verb that is in no list: `Juggles with knives`.
    return (
        verbs.base_of_third_person(first, known_only=False) is not None
        and not verbs.base_of_third_person(first)
        and following in vocabulary.ARTICLES | vocabulary.POSSESSIVES | {"with", "to", "it", "for", "too", "well"}
    )


def _after_adverb(rest: Sequence[str]) -> list[str] | None:
    """`never sleeps well` → `I never sleep well`; `always in a hurry` → `I am always in a hurry`."""
    start = 2 if word(rest, 0) == "no" else skip_adverbs(rest, 0)
    if start >= len(rest):
        return None
    adverbs = _spaced(rest[:start])
    completed = complete([rest[start].lstrip(), *rest[start + 1 :]])
    if completed is None or word(completed, 0) not in ("i", "this"):
        return None
    if word(completed, 0) == "this":
        return ["this", " was", *adverbs, *completed[2:]]
    place = 2 if _is_auxiliary(completed, 1) else 1
    if word(adverbs, 0) == "never" and word(completed, 2) == "married":
        completed.pop(1)
        place = 1
    if word(adverbs, 0) in ("once", "formerly", "originally") and word(completed, 1) == "am":
        completed[1] = " was"
    return [*completed[:place], *adverbs, *completed[place:]]


def _is_auxiliary(tokens: Sequence[str], at: int) -> bool:
    """Whether an adverb goes behind this verb: `I have never seen`, but `I never had children`."""
    token = word(tokens, at)
    if token in ("have", "had"):
        return verbs.is_participle(word(tokens, at + 1))
    return token in verbs.BE_FORMS or (token in verbs.AUXILIARIES and token not in ("do", "did"))


def _may_be_somebody(tokens: Sequence[str]) -> bool:
    words = head_of(tokens, 1)
    if not words:
        return False
    last = words[-1]
    if word(tokens, 0) in ("a", "an"):
        return True
    return not vocabulary.is_plural_noun(last) or vocabulary.is_person_noun(last)


def _there_is(rest: Sequence[str]) -> list[str] | None:
    words = head_of(rest, 0)
    at = len(words)
    if not words or word(rest, at) not in vocabulary.LOCATIONS:
        return None
    return ["there", " are" if vocabulary.is_plural_noun(words[-1]) else " is", *_spaced(rest)]


def _of_no_verb(rest: Sequence[str]) -> list[str] | None:
    first, following = word(rest, 0), word(rest, 1)
    words = head_of(rest, 0)
    am = ["I", " am", *_spaced(rest)]
    if first == "with":
        return ["I", " have", *_spaced(rest[1:])] if len(rest) > 1 else None
    if first in vocabulary.PREPOSITIONS:
        return am if len(rest) > 1 else None
    if not words or (
        first in vocabulary.KIN and len(rest) > 1 and following not in {"of", "to", "and"} | vocabulary.KIN
    ):
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
    if _is_named(rest):
        return [*am, " " + rest[0].lstrip()[:1].upper() + rest[0].lstrip()[1:], *rest[1:]]
    if vocabulary.is_plural_noun(last) and not vocabulary.is_adjective(last) and not vocabulary.is_person_noun(last):
        return _there_is(rest)
    is_noun = (vocabulary.is_person_noun(last) and not (len(words) == 1 and vocabulary.is_adjective(last))) or (
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
        return [*am, *_spaced(rest)] if known or len(words) == 1 else _there_is(rest)
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


def _is_named(rest: Sequence[str]) -> bool:
    """`Haldor the beekeeper`, `Asta, dealer in candles`: a name and what its bearer is."""
    first, following, after = word(rest, 0), word(rest, 1), word(rest, 2)
    is_known = vocabulary.is_adjective(first) or vocabulary.is_person_noun(first) or first in vocabulary.MASS_NOUNS
    if is_known or verbs.is_verb_form(first):
        return False
    return following == "the" or (
        following == "," and (vocabulary.is_person_noun(after) or after in ("the", "a", "an"))
    )
