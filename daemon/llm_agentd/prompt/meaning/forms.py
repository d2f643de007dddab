"""The form of a line: `have you ever …`, `my uncle …`, `should i …`, read where nobody is sure what it is about.

How something is asked or told says what kind of words answer it, whatever the subject is. Each form is a topic of
the embedded model, whose replies fit any line of it (`hearthling/data/scenes/forms.yaml`). English, as the models
that are told topics. Pure; knows no topics, only the names of forms.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from llm_agentd.prompt.meaning.form_table import TABLE, WORDS
from llm_agentd.topics import normalize

PREFIX = "form_"  # topics of forms begin so
SENTENCES_MAX = 6  # looked at of one line
LEADS_MAX = 6  # taken from before one sentence
BRIEF_MAX_WORDS = 2  # of a call such as "yikes"; what is longer and has no other form is a remark
_FIRST_TOLD = "invites"  # the forms before it ask, but `exclaims`
_NOT_YOU = re.compile(  # `do not you think`: as `do you think`
    r"^(do|does|did|are|is|was|were|have|has|can|could|will|would|should) not (?=(?:you|i|we|he|she|the|your|<it>)\b)"
    .replace("<it>", "|".join(WORDS["it"].split()))
)  # fmt: skip
_YOU_ARE = re.compile(r"\byour (?=(?:kind of|so|very|really|too|such|a|the|not|just|like|being|my|all|pretty|quite)\b)")
_LEAD = re.compile(  # what may stand before a line and says nothing of it
    r"(?:hey|hi|hello|so|ok|okay|well|um|umm|uh|hm|hmm|huh|oh|ah|aw|wow|please|listen|wait|look here|lol|haha|man|dude"
    r"|brother|sir|and|but|also|by the way|can i ask|(?:quick|serious|one(?: more)?) question|just wondering"
    r"|i was (?:just )?wondering|today|yesterday|last night|this morning|recently"
    r"|honestly|seriously|actually|anyway|psst|right|yes|no|(?:oh )?my god|damn|excuse me"
    r"|sorry|not going to lie|to be honest|i mean|because|then|friend|mate|now|good (?:morning|day|evening|night)"
    r"|thanks|thank you|speaking of which|i have a question|true story|fun fact|guess what|did you know)"
    r"(?: there)?(?: [.,!?:;)(-]+)* "
)
_TAG = re.compile(r" ,? ?(?:right|(?:is|are|do|does|was) not (?:it|you|they|he|she|you think)|am i right) \?+$")
TAG, BRIEF, REMARK, OF_PLAYER = (PREFIX + name for name in ("tag", "brief", "remark", "of_player"))

VAGUE = frozenset([BRIEF, REMARK, *(PREFIX + name for name in ("around", "of_others"))])  # they tell little


def read_table(table: str, groups: Mapping[str, str], prefix: str = "") -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each name with what begins a sentence of it. `groups`: the words that a name in <> stands for."""
    begins: dict[str, list[str]] = {}
    for line in table.strip().splitlines():
        if line.startswith(" "):
            begins[next(reversed(begins))].append(_spelt(line.strip(), groups))
        else:
            begins[line] = []
    return tuple((prefix + name, re.compile(rf"(?:{'|'.join(parts)})\b")) for name, parts in begins.items())


def _spelt(pattern: str, groups: Mapping[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda found: f"(?:{'|'.join(groups[found.group(1)].split())})", pattern)


FORMS = read_table(TABLE, WORDS, PREFIX)
NAMES = frozenset([TAG, BRIEF, REMARK, *(name for name, _ in FORMS)])
_ORDER = [name for name, _ in FORMS]
ASKING = frozenset(_ORDER[1 : _ORDER.index(PREFIX + _FIRST_TOLD)])


def form_of(text: str, known: Collection[str] = ()) -> str:
    """The topic of the form; "" for words of none. Of several sentences the last that asks, else the first.

    `known`: words of players' lines; what is mostly none of them is another language, or nothing.
    """
    found = [(form, sentence) for sentence in sentences(text) if (form := _of_sentence(sentence))]
    asked = [form for form, sentence in found if sentence.endswith("?") or form in ASKING]
    if asked or found:
        return asked[-1] if asked else found[0][0]
    words = [word for word in normalize.words(text) if word[0].isalpha()]
    strange = sum(word not in known for word in words)
    if not words or strange * 2 >= len(words) > BRIEF_MAX_WORDS:
        return ""
    return BRIEF if len(words) <= BRIEF_MAX_WORDS else REMARK


def sentences(text: str) -> list[str]:
    """As of a book (`normalize.plain`), each with its marks."""
    plain = _YOU_ARE.sub("you are ", normalize.plain(text))
    parts = re.findall(r"[^.!?;]+[.!?; ]*", plain)
    return [part.strip() for part in parts if part.strip()][:SENTENCES_MAX]


def without_leads(sentence: str) -> str:
    """`so wait , why is that` → why is that"""
    for _ in range(LEADS_MAX):
        lead = _LEAD.match(sentence)
        sentence = sentence[lead.end() :] if lead else sentence
    return sentence


def _of_sentence(sentence: str) -> str:
    sentence = without_leads(sentence)
    if _TAG.search(sentence):
        return TAG
    sentence = _NOT_YOU.sub(r"\1 ", sentence)
    return next((name for name, pattern in FORMS if pattern.match(sentence)), "")
