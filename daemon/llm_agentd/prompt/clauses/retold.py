"""What a player has just said, said back: `i shot a deer, hope thats ok` → `you shot a deer`; `do u sparkle` → `do I
sparkle`. Whoever does so has listened, also where it has no better answer. Pure.

A sentence comes as of a book (`topics/normalize.py`), mostly with another one behind it and no mark between. It is cut
where the next seems to begin; what is then no whole clause, or not surely spelt, is not said back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.grammar import YOU, I, Referent, rewrite
from llm_agentd.prompt.clauses.sentences import finite_verb
from llm_agentd.prompt.clauses.text import finish
from llm_agentd.prompt.clauses.tokens import skip_adverbs, tokenize, word, words_of
from llm_agentd.util import english_verbs as verbs

MIN_WORDS, MAX_WORDS = 3, 12
ORDER_MIN_WORDS = 2  # `paint me`
IsWord = Callable[[str], bool]  # whether a word, in small letters, is spelt rightly
_AFTERTHOUGHTS = (
    "but|because|though|even though|lol|haha|hehe|please|hope|wish me|just wanted|irl|in real life|sorry|thanks"
    "|thank you|come (?:look|see)|got any|(?:tell|give|show) me|mr|mrs|sir|by the way|aww?|wow|oh my god|omg|wtf"
    "|for real|fr|liar|help$|be honest|that is (?:so|not|really)"
)
_BEGINNINGS = (
    "i|you|we|he|she|they|it|a|this|that|there|my|the|nobody|everyone|what|how|who|where|why|now|then|can|could|do|does|did"
    "|is|are|will|would|tell|give|show"
)
_CALLS = "right|okay|ok|brother|man|dude|friend|mate|sweetheart|darling|dear"
_NOT_OWNED = "".join(f"(?<!{word} )" for word in ("a", "the", "my", "your", "his", "her", "no"))
_TAKE_CLAUSE = (
    "what who how where when why that than as while if because since before after until think thinks know knows say"
    " says said hear heard believe wonder time way thing one"
)
_NEW_SUBJECT = "".join(f"(?<!{word} )" for word in _TAKE_CLAUSE.split()) + (
    r"(?:(?:it|he|she|they|there|we|everyone|nobody) (?:is|are|was|were|has|have|owes|will)"
    r"|i (?:am|was|will|need|have|want|can|just|forgot|love|got|did|do not|promise|swear))"
)
_END = rf" (?:[^\w\s']|(?:{_AFTERTHOUGHTS})\b|{_NEW_SUBJECT}\b|{_NOT_OWNED}(?:{_CALLS})[ ?!.]*$"
_TOLD_END = re.compile(
    rf"{_END}|(?:and|so|then|or|if|when|now|where|since) (?=(?:{_BEGINNINGS})\b)"
    r"|what am i|(?:what|how|where|why) (?:do|does|is|are|can|should)\b"
    r"|(?:can|could|do|does|did|will|would|have|are|is|was) (?:not )?(?:you|i|we|it|they|he|she)\b).*"
)
_ASKED_END = re.compile(rf"{_END}|(?:and|so|then|or) (?=(?:{_BEGINNINGS})\b)).*")
_LEADING = re.compile(r"^(?:just|also|actually|honestly|literally|really|only|like|and|well) ")
_JUST_SAID = re.compile(
    r"\b(?:(?:literally|actually|basically|kind of|honestly) (?=\w)|like (?=\d|so |really |totally ))"
)
_PLEASE = re.compile(r"^(?:please|just|then|now|go)(?= \w+ \w) | please\b")
_WOULD_OF = re.compile(r"\b(would|could|should|must|might) of\b")
_DAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|april|june|july|august|september|october|november"
    r"|december|christmas|easter|halloween)\b|(?<=\b[io]n )(?:march|may)\b"
)
_ENDS_OPEN = (
    vocabulary.DETERMINERS
    | vocabulary.POSSESSIVES
    | vocabulary.CONJUNCTIONS
    | vocabulary.SUBORDINATORS
    | vocabulary.word_set("and or very so because not be am is are was were will just")
) - vocabulary.word_set(
    "that this all some more most many few both before after since one once her his from for with at like to of"
)
_ENDS_OF_QUESTIONS = vocabulary.word_set("to of with like at from for about into")  # `where does it come from`
# Not "people", "everyone": what is said of all of a kind is not to be said back.
_SUBJECTS = vocabulary.word_set("my your our he she they someone somebody some a an the this that")
# Not to be repeated to somebody's face.
_UNSAID = vocabulary.word_set("myself die dying suicide naked sex drunk cut hanged pee poop piss crap damn hell")
_ASKING = vocabulary.word_set("who what where when why how which whose")
_NEGATED = {"can": "can't", "will": "won't", "am": "am not"}
_SWAPPED = {"your": "my", "yours": "mine", "yourself": "myself"}
_SWAPPED |= {"me": "you", "my": "your", "mine": "yours", "us": "you", "our": "your"}
_OF_I = {"are": "am", "were": "was"}
_OF_YOU = {"am": "are", "was": "were"}


def retold_clause(sentence: str, is_word: IsWord, names: Mapping[str, str]) -> str | None:
    """None where it makes no decent clause. `names`: those that are known, by their small letters."""
    tokens = _whole(_TOLD_END.sub("", f"{sentence} "), is_word, names)
    if not tokens or word(tokens, len(tokens) - 1) in _ENDS_OF_QUESTIONS or not _is_told(tokens):
        return None
    return _spelt(rewrite(tokens, [Referent(YOU, "first"), Referent(I, "second")]), names)


def reasked_clause(sentence: str, is_word: IsWord, names: Mapping[str, str]) -> str | None:
    """The same of a question, without its mark."""
    tokens = _whole(_ASKED_END.sub("", f"{sentence} "), is_word, names)
    words = words_of(tokens)
    return _spelt([f" {one}" for one in _swapped(words)], names) if _is_asked(words) else None


def ordered_clause(sentence: str, is_word: IsWord, names: Mapping[str, str]) -> str | None:
    """The same of an order: `turn him back pls` → turn him back; `paint me` → paint you."""
    tokens = _whole(_ASKED_END.sub("", f"{_PLEASE.sub('', sentence)} "), is_word, names, ORDER_MIN_WORDS)
    words = words_of(tokens)
    is_order = bool(words) and verbs.is_base(words[0]) and words[0] not in verbs.AUXILIARIES | verbs.BE_FORMS
    return _spelt([f" {one}" for one in _swapped(words)], names) if is_order else None


def _whole(text: str, is_word: IsWord, names: Mapping[str, str], min_words: int = MIN_WORDS) -> list[str]:
    """As tokens; none where it is too short or too long, ends in the middle, or has a word that is not to be said."""
    text = _WOULD_OF.sub(r"\1 have", _JUST_SAID.sub("", _LEADING.sub("", text.strip())))
    tokens = tokenize(text)
    words = words_of(tokens)
    if not min_words <= len(words) <= MAX_WORDS or words[-1] in _ENDS_OPEN or not _UNSAID.isdisjoint(words):
        return []
    return tokens if all(one in names or one.isdigit() or is_word(one.removesuffix("'s")) for one in words) else []


def _is_told(tokens: Sequence[str]) -> bool:
    """Whether it says something of somebody, with a verb."""
    first = word(tokens, 0)
    if first in ("i", "you"):
        return verbs.is_verb_form(word(tokens, skip_adverbs(tokens, 1)))
    if first == "there":
        return word(tokens, 1) in verbs.BE_FORMS
    return first in _SUBJECTS and finite_verb(tokens) is not None


def _is_asked(words: Sequence[str]) -> bool:
    """Whether it asks in full: not `how you doing`, nor `do the voice`."""
    if not words or words[0] not in _ASKING | verbs.AUXILIARIES | verbs.BE_FORMS:
        return False
    return words[1] not in ("you", "i") if words[0] in _ASKING else words[:2] not in (["do", "the"], ["do", "a"])


def _swapped(words: Sequence[str]) -> list[str]:
    """With who speaks and who is spoken to in each other's place: `why are you here` → why am I here."""
    out = [_SWAPPED.get(one, one) for one in words]
    for at, one in enumerate(words):
        if one == "i":
            out[at] = "you"
            _agree(out, words, at, _OF_YOU)
        elif one == "you" and _acts(words, at):
            out[at] = "I"
            _agree(out, words, at, _OF_I)
        elif one == "you":
            out[at] = "me"
    return _negated(out)


def _acts(words: Sequence[str], at: int) -> bool:
    """Whether `you` is who does it: `do not you like`, `the best that you ever saw`, not `who poisoned you`."""
    before = words[at - 2] if words[at - 1] == "not" else words[at - 1]
    behind = next((one for one in words[at + 1 :] if not vocabulary.is_adverb(one)), "")
    return before in verbs.AUXILIARIES | verbs.BE_FORMS or verbs.is_verb_form(behind)


def _agree(out: list[str], words: Sequence[str], at: int, forms: Mapping[str, str]) -> None:
    """The verb before or behind the subject at `at`."""
    for place in (at - 1, at - 2 if words[at - 1] == "not" else at - 1, at + 1):
        if 0 <= place < len(words) and words[place] in forms:
            out[place] = forms[words[place]]
            return


def _negated(words: list[str]) -> list[str]:
    """`am not I` → am I not; `did not the goat` → didn't the goat."""
    at = words.index("not") if "not" in words[:3] else 0
    if not at or at + 1 >= len(words):
        return words
    if words[at + 1] == "I":
        return [*words[:at], "I", "not", *words[at + 2 :]]
    verb = words[at - 1]
    return [*words[: at - 1], _NEGATED.get(verb, verb + "n't"), *words[at + 1 :]]


def _spelt(tokens: Sequence[str], names: Mapping[str, str]) -> str | None:
    clause = finish([re.sub(r"\w+", lambda found: names.get(found[0], found[0]), token) for token in tokens])
    clause = clause and _DAY.sub(lambda found: found[0].capitalize(), clause)
    return clause and clause.replace("can not", "cannot")
