"""What a player has just told, said back to it: `i shot a deer, hope thats ok` → `you shot a deer`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.grammar import YOU, I, Referent, rewrite
from llm_agentd.prompt.clauses.sentences import finite_verb
from llm_agentd.prompt.clauses.text import finish
from llm_agentd.prompt.clauses.tokens import skip_adverbs, tokenize, word
from llm_agentd.util import english_verbs as verbs

MIN_WORDS, MAX_WORDS = 3, 12
# Where the clause ends: at a mark, at words that begin an afterthought, or where another clause begins without a mark.
_TAKE_CLAUSE = (
    "what who how where when why that than as while if because since before after until think thinks know knows say"
    " says said hear heard believe wonder"
)
_BEHIND_NONE = "".join(f"(?<!{word} )" for word in _TAKE_CLAUSE.split())
_AFTERTHOUGHTS = (
    "but|because|though|even though|lol|haha|hehe|please|hope|wish me|just wanted|irl|in real life|sorry|thanks"
    "|thank you|come (?:look|see)|got any|(?:tell|give|show) me|mr|mrs|sir|what am i|by the way|aww?|wow|omg|wtf"
    "|(?:do|does|did|is|are|was|were|can|have) not (?:you|i|it|they|he|she)"
    f"|{_BEHIND_NONE}(?:it|he|she|they|there|i|we) (?:is|are|am|was|were)"
    "|(?:what|how|where|why) (?:do|does|is|are|can|should)|(?:can|could|do|did|will|would|have|are) (?:you|i|we)"
)
_BEGINNINGS = (
    "i|you|we|he|she|they|it|this|that|there|my|the|nobody|everyone|what|how|who|where|why|now|then|can|could|do|does|did"
    "|is|are|will|would|tell|give|show"
)
_CALLS = "right|okay|ok|brother|man|dude|friend|mate"
_END = re.compile(
    rf" (?:[^\w\s']|(?:{_AFTERTHOUGHTS})\b|(?:and|so|then|or|if|when|now|where|since) (?=(?:{_BEGINNINGS})\b)"
    rf"|(?:{_CALLS})[ ?!.]*$).*"
)
_LEADING = re.compile(r"^(?:just|also|actually|honestly|literally|really|only|like|and|well) ")
_WOULD_OF = re.compile(r"\b(would|could|should|must|might) of\b")
_DAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|april|june|july|august|september|october|november"
    r"|december|christmas|easter|halloween)\b|(?<=\b[io]n )(?:march|may)\b"
)
_JUST_SAID = re.compile(
    r"\b(?:(?:literally|actually|basically|kind of|honestly) (?=\w)|like (?=\d|so |really |totally ))"
)
_ENDS_OPEN = (
    vocabulary.DETERMINERS
    | vocabulary.POSSESSIVES
    | vocabulary.CONJUNCTIONS
    | vocabulary.SUBORDINATORS
    | vocabulary.word_set("to of and or very with so like at from for because not be am is are was were will just")
) - vocabulary.word_set("that this all some more most many few both before after since one once her his")
_SUBJECTS = vocabulary.word_set(
    "my your our he she they someone somebody nobody everyone everybody people some a an the this that"
)
# Not to be repeated to somebody's face.
_UNSAID = vocabulary.word_set("myself die dying suicide naked sex drunk cut hanged pee poop piss crap damn hell")


def retold_clause(sentence: str, is_word: Callable[[str], bool]) -> str | None:
    """`sentence`: as of a book (`topics/normalize.py`); None where it makes no decent clause.

    `is_word`: whether a word is spelt rightly; nobody says a misspelt one back.
    """
    text = _JUST_SAID.sub("", _LEADING.sub("", _END.sub("", f"{sentence} ").strip()))
    text = _DAY.sub(lambda found: found[0].capitalize(), _WOULD_OF.sub(r"\1 have", text))
    tokens = tokenize(text)
    words = [word(tokens, at) for at in range(len(tokens))]
    if not MIN_WORDS <= len(words) <= MAX_WORDS or words[-1] in _ENDS_OPEN or not _UNSAID.isdisjoint(words):
        return None
    if not all(one.isdigit() or is_word(one) for one in words) or not _is_told(tokens):
        return None
    clause = finish(rewrite(tokens, [Referent(YOU, "first"), Referent(I, "second")]))
    return clause and clause.replace("can not", "cannot")


def _is_told(tokens: Sequence[str]) -> bool:
    """Whether it says something of somebody, with a verb."""
    first = word(tokens, 0)
    if first in ("i", "you"):
        return verbs.is_verb_form(word(tokens, skip_adverbs(tokens, 1)))
    if first == "there":
        return word(tokens, 1) in verbs.BE_FORMS
    return first in _SUBJECTS and finite_verb(tokens) is not None
