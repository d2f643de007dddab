"""How a line takes up what the NPC has just said: by its words, by `it` and `them`, or by a short comment.

The classifier does not see the NPC's words, and reads `20 years over a rock?` as if it were said out of nowhere. Each
way to take them up has a topic of the embedded model whose replies fit whatever was said before: bare follow-ups,
talk about what was told, and `react_…` (`hearthling/data/scenes/reactions.yaml`). English, as the models that are told
topics. Pure; knows of topics only their names.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from llm_agentd.memory.keywords import concepts, stem
from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.meaning.forms import forms
from llm_agentd.prompt.meaning.forms.line_kinds import VAGUE
from llm_agentd.prompt.meaning.forms.reaction_table import ASKED, SAID, SHARED, WORDS
from llm_agentd.topics import mentions, normalize

ECHO, YOU_DID, GUESS = "react_echo", "react_you_did", "react_guess"
ANSWERS, REMARK, ADVICE = "react_answers", "react_remark", "react_advice"
ARE_WELL = "react_are_they_well"  # `is the goat ok`: that it is called Admiral is no answer
ECHO_MAX_WORDS = 6  # of what is only said again: a longer clause has something of its own to say
SURELY_SAME = 0.9  # weight of a word's other forms (`memory/thesaurus.py`): words that are only related do not count
_ASKED, _SAID, _SHARED = (forms.read_table(table, WORDS) for table in (ASKED, SAID, SHARED))
NAMES = frozenset(name for name, _ in (*_ASKED, *_SAID, *_SHARED)) | {ECHO, ANSWERS, REMARK}
_COMMENTS = frozenset(name for name, _ in _SAID)
_ASK_NOTHING = _COMMENTS | {ECHO, YOU_DID, GUESS, ANSWERS, REMARK, ARE_WELL}
_CLAUSE = re.compile(r"(?:(?:lol|haha) (?=\w))?((?:(?!(?<= )(?:lol|haha) )[^.,!?;:])+)([.,!?;: ]*)")
_CONCLUDES = re.compile(
    r"(?:.{0,20} )?(?:no way(?: ,)? you"
    r"|(?:so|wait|hold on)(?: ,)? you (?!(?:are|have|want|know|like|need|can|sell)\b)[a-z]+ .+\?)"
)
_LEAD = re.compile(
    r"^(?:(?:aww|really|bro|bruh|whoa|hold on|hang on|like|still|even|the heck|the hell) (?:, )?(?=\w+ ))+"
)
_NO_ECHO = re.compile(
    r"(?:what|who|where|when|why|how|which|do|does|did|is|are|was|were|can|could|will|would|have|has|i|you|we|let)\b"
)
_ORDER = re.compile(r"\w+ (?:me|us)\b")  # `paint me!`
_CRY = re.compile(r" (?:my god|wow|whoa|damn|what)$")  # `two hundred omg`
_YES_OR_NO = re.compile(r"(?:yes|no|not really|kind of|sort of|of course|maybe|sometimes|never)\b")
_FOR_PLAYER = re.compile(r"\b(?:i|me|my|mine|us|our|please)\b")
_WORD = re.compile(r"[^\W_]+")
_COUNTING = vocabulary.NUMBERS | vocabulary.DETERMINERS | {"never", "twice", "once", "always", "alone"}
_ARTICLE = re.compile(  # before a noun, with a word between at most: `a boundary stone`
    rf"\b(?:{'|'.join(vocabulary.ARTICLES | vocabulary.POSSESSIVES | vocabulary.NUMBERS)}) (?:\w+ )?$", re.I
)


def reaction(text: str, said: str) -> str:
    """The topic of the way in which the line takes up `said`, the NPC's last words; "" where it takes up nothing.

    Of several what is asked last, else what comes first.
    """
    if not said:
        return ""
    found = [topic for clause, marks in _clauses(text) if (topic := _of_clause(clause, marks, said))]
    asked = [topic for topic in found if not asks_nothing(topic)]
    if asked or found:
        return asked[-1] if asked else found[0]
    return YOU_DID if any(map(_CONCLUDES.match, forms.sentences(text))) else ""


def remark(text: str, said: str) -> str:
    """The same of a line that begins like no reaction: it answers what the NPC asked, or is of the same matter."""
    if not said or "?" in text:
        return ""
    if _asks(said):
        return ANSWERS
    return REMARK if _taken_up(_telling(normalize.plain(text)), said) else ""


def advice(text: str, said: str) -> str:
    """The same of an order: `sell it then` is no order to be obeyed, where the NPC has just told of its leg."""
    is_order = not said or _asks(said) or _FOR_PLAYER.search(normalize.plain(text))
    return "" if is_order else ADVICE


def answers(text: str, said: str) -> str:
    """The same of a yes or a no to what the NPC asked, whatever stands behind it: `no sorry`, `yes he went north`."""
    is_answer = _asks(said) and "?" not in text and _YES_OR_NO.match(normalize.plain(text))
    return ANSWERS if is_answer else ""


def asks_nothing(topic: str) -> bool:
    """What is said so is no occasion for the NPC to tell more of itself."""
    return topic in _ASK_NOTHING


def is_comment(topic: str) -> bool:
    """Its other parts may ask something that is answered by itself: `thats sad. do you have kids?`"""
    return topic in _COMMENTS


def echoed(text: str, said: str) -> str:
    """Those of the NPC's own words that the line says again: `20 years over a ROCK?` → twenty years."""
    return next((phrase for clause, _ in _clauses(text) if (phrase := _phrase(clause, said))), "")


def _asks(said: str) -> bool:
    return said.rstrip().endswith("?")


def _clauses(text: str) -> list[tuple[str, str]]:
    """Each with the marks behind it, without what leads in."""
    found = [
        (forms.without_leads(_LEAD.sub("", forms.without_leads(part.strip()))), marks)
        for sentence in forms.sentences(text)
        for part, marks in _CLAUSE.findall(sentence)
    ]
    return [(clause, marks) for clause, marks in found if clause]


def _of_clause(clause: str, marks: str, said: str) -> str:
    for name, pattern in (*_ASKED, *_SAID):
        if pattern.match(clause) and (name != YOU_DID or "?" in marks):
            return name
    if _echoes(clause, marks, said):
        return ECHO
    if not _taken_up(_telling(clause), said):
        return ""
    return next((name for name, is_so in _SHARED if is_so.match(clause) and (name != YOU_DID or "?" in marks)), "")


def _echoes(clause: str, marks: str, said: str) -> bool:
    words = clause.split()
    is_short = len(words) <= ECHO_MAX_WORDS and not _NO_ECHO.match(clause) and not _ORDER.match(clause)
    is_cry = "?" in marks or "!" in marks or _CRY.search(clause) is not None
    return is_short and is_cry and bool(_taken_up(words, said))


def _telling(clause: str) -> list[str]:
    return [word for word in clause.split() if word not in VAGUE]


def _taken_up(words: Collection[str], said: str) -> list[re.Match[str]]:
    """The NPC's words that are said again, in the same or another form: `40 kids` takes up `Forty, at last count`."""
    stems = {
        other for concept in concepts(" ".join(words)) for other, weight in concept.items() if weight >= SURELY_SAME
    }
    numbers = {number for word in words if (number := mentions.number(word)) and number > 1}
    return [
        found
        for found in _WORD.finditer(said)
        if stem(found[0].lower()) in stems or mentions.number(found[0]) in numbers
    ]


def _phrase(clause: str, said: str) -> str:
    """The first of the NPC's words that are said again, with those beside them and what stands before a noun."""
    taken_up = _taken_up(clause.split(), said)
    if not taken_up:
        return ""
    last = taken_up[0]
    for one, other in pairwise(taken_up):
        if not said[one.end() : other.start()].strip(" -"):
            last = other
        else:
            break
    article = _ARTICLE.search(said[: taken_up[0].start()])
    phrase = said[article.start() if article else taken_up[0].start() : last.end()]
    return phrase if _stands_alone(phrase) else ""


def _stands_alone(phrase: str) -> bool:
    """`twenty years`, `spoons`, `both`; but not one noun that had its words elsewhere: `vote`, `oven`."""
    return " " in phrase or phrase.endswith("s") or phrase.lower() in _COUNTING
