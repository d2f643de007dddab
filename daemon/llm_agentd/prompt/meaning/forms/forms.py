"""The form of a line: `have you ever …`, `my uncle …`, `should i …`, read where nobody is sure what it is about.

How something is asked or told says what kind of words answer it, whatever the subject is. Each form is a topic of
the embedded model, whose replies fit any line of it (`hearthling/data/scenes/forms.yaml`). English, as the models
that are told topics. Pure; knows no topics, only the names of forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from llm_agentd.prompt.meaning.forms.acts import ACTS, CALLS
from llm_agentd.prompt.meaning.forms.asked import ASKED
from llm_agentd.prompt.meaning.forms.told import TOLD
from llm_agentd.prompt.meaning.forms.words import PHRASES, WORDS
from llm_agentd.topics import normalize

Table = tuple[tuple[str, re.Pattern[str]], ...]
PREFIX = "form_"  # topics of forms begin so
SENTENCES_MAX = 6  # looked at of one line
LEADS_MAX = 6  # taken from before one sentence
TEXTS_KEPT = 64  # the rules for one line ask for its form seven times
BRIEF_MAX_WORDS = 2  # of a call such as "yikes"; what is longer and has no other form is a remark


def read_table(
    table: str, words: Mapping[str, str], phrases: Mapping[str, str] | None = None, prefix: str = ""
) -> Table:
    """Each name with what begins a sentence of it. `words`, `phrases`: what a name in <> stands for, words parted by
    blanks or a pattern. A name may stand in it twice, with what is sure and with what nothing else may be."""
    return tuple(
        (prefix + name, re.compile(rf"(?:{'|'.join(_spelt(line, words, phrases or {}) for line in lines)})\b"))
        for name, lines in sections(table)
    )


def sections(table: str) -> list[tuple[str, list[str]]]:
    """Each name of a table with the lines below it, which stand further in."""
    found: list[tuple[str, list[str]]] = []
    for line in table.strip().splitlines():
        if line.startswith(" "):
            found[-1][1].append(line.strip())
        else:
            found.append((line, []))
    return found


def _spelt(pattern: str, words: Mapping[str, str] = WORDS, phrases: Mapping[str, str] = PHRASES) -> str:
    """With what each name in <> stands for in its place."""
    groups = {name: "|".join(some.split()) for name, some in words.items()} | dict(phrases)
    return re.sub(r"<(\w+)>", lambda found: f"(?:{groups[found.group(1)]})", pattern)


_NOT_YOU = re.compile(  # `do not you think`: as `do you think`
    _spelt(
        r"^(?:(do|does|did|have|can|could|will|would|should) not (?=(?:you|i|we|he|she|the|your|<it>)\b)"
        r"|(are|is|was|were|has) not (?=[a-z]))"
    )
)
_YOU_ARE = re.compile(  # `ur so lucky`, `ur ugly`; not `ur ugly hat`
    _spelt(
        r"\byour (?=(?:kind of|so|very|really|too|such|a|an|the|not|just|like|being|my|all|pretty|quite|lying|wrong"
        r"|joking|kidding|making|trolling|going|in|welcome|right"
        r"|losing|getting|saying|telling|looking|acting|talking|scaring|crying|hiding|missing|dying|blushing|smiling)\b"
        r"|(?:<bad>|<good>|<foul>)(?= (?:lol|though|brother|man)\b| ?[.,!?]|$))"
    )
)
_ILL = re.compile(r"^ill (?=[a-z])")  # `ill burn it`; what the classifier reads has this of common verbs alone
_HOW_YOU = re.compile(r"^(how|where|what|why|when|who) you (?=(\w+ing)?)")  # `how you going to get out`
_YOU_DO = re.compile(  # `you swim ?`
    r"^you (?=.{0,80}\?)(?!(?:are|were|have|had|got|can|could|will|would|should|must|do|did|ever|think|know|not|and|ok"
    r"|okay|alright|good|serious|sure|mad|scared|angry|sad|busy|lost)\b)"
)
_LEAD = re.compile(  # what may stand before a line and says nothing of it
    r"(?:hey|hi|hello|so|ok|okay|well|um|umm|uh|hm|hmm|huh|oh|ah|aw|wow|please|listen|wait|look here|lol|haha|man|dude"
    r"|brother|sir|and|but|also|by the way|can i ask|(?:quick|serious|one(?: more)?) question|just wondering"
    r"|i was (?:just )?wondering|today|yesterday|last night|this morning|recently"
    r"|honestly|seriously|actually|anyway|psst|right|yes|no|(?:oh )?my god|damn|excuse me"
    r"|sorry|not going to lie|to be honest|i mean|because|then|friend|mate|now|good (?:morning|day|evening|night)"
    r"|thanks|thank you|whatever|anyways"
    r"|speaking of which|i have a question|true story|fun fact|guess what|did you know"
    r"|i (?:think|believe|guess)(?= i )|(?:i am )?(?:so |really )?sorry but(?= .{1,80}\?)|here(?= i ))"
    r"(?: there)?(?: [.,!?:;)(-]+)* "
)
_TAG = re.compile(r" ,? ?(?:right|(?:is|are|do|does|was) not (?:it|you|they|he|she|you think)|am i right) \?+$")
_RUN_ON = re.compile(  # `i have a headache u got something`: asked without a mark before it
    r"^(?P<told>(?:\S+ ){1,20}?\S+)"
    r" (?P<asked>(?<!\bwhat )(?<!\bwho )(?<!\bhow )(?<!\bwhy )(?<!\bwhere )(?<!\bwhen )(?<!\bif )"
    r"(?:(?:did|do|does|can|could|are|have|will|would|may|should|shall) (?:you|i|we)\b(?! (?:know|think) it\b)"
    r"|(?:did|does) (?:it|he|she|they|that|this)\b|(?:is|are|can) (?:he|she|they|there)\b"
    r"|you (?:got|have) (?:some|any)\w*\b).*)$"
)
VAGUE = frozenset(PREFIX + name for name in ("brief", "remark", "around", "of_others"))  # they tell little
_EMOTE = re.compile(r"\*[^*]{1,80}\*")
TAG, BRIEF, REMARK, OF_PLAYER, THREATENS, ORDERS, LET_ME = (
    PREFIX + name for name in ("tag", "brief", "remark", "of_player", "threatens", "orders", "let_me")
)


_CALLS, _ASKED, _ACTS, _TOLD = (read_table(table, WORDS, PHRASES, PREFIX) for table in (CALLS, ASKED, ACTS, TOLD))
NAMES = frozenset([TAG, BRIEF, REMARK, *(name for table in (_CALLS, _ASKED, _ACTS, _TOLD) for name, _ in table)])
ASKING = frozenset(name for name, _ in _ASKED)
ASKED_BACK = ASKING | {ORDERS, LET_ME}  # what was said comes back as a question before the answer
_WEAK = frozenset(PREFIX + name for name in ("agrees", "unsure"))  # `idk maybe. i moved schools`: more was said
_OF_IT = frozenset(PREFIX + name for name in ("praises_it", "blames", "amazed", "compares"))
_OF_ITSELF = re.compile(r"(?:i|my)\b(?! (?:am sorry|think|believe|like|love|hate))")
_DONE = frozenset(name for table in (_CALLS, _ACTS) for name, _ in table)


def form_of(text: str, is_word: Callable[[str], bool] | None = None) -> str:
    """The topic of the form; "" for words of none. Of several sentences the last that asks, else the first that does
    something, as thanks and threats do, else the first.

    `is_word`: whether a word in small letters is English; what has mostly others is another language, or nothing. None:
    it is English, and without a known form it has none.
    """
    if is_word is None:
        return _of_words(text) or (BRIEF if 0 < len(_words(text)) <= BRIEF_MAX_WORDS else "")
    words = _words(text)
    is_brief = len(words) <= BRIEF_MAX_WORDS
    if not words or (not is_brief and sum(map(is_word, words)) * 2 <= len(words)):
        return ""
    return _of_words(text) or (BRIEF if is_brief else REMARK)


def _words(text: str) -> list[str]:
    return [word for word in normalize.words(text) if word[0].isalpha()]


@lru_cache(maxsize=TEXTS_KEPT)
def with_form(text: str) -> tuple[tuple[str, str], ...]:
    """The sentences that have a form, each behind it."""
    parts = [part for sentence in sentences(_spoken(text)) for part in _parted(sentence)]
    return tuple((form, part) for part in parts if (form := _of_sentence(part)))


@lru_cache(maxsize=TEXTS_KEPT)
def _of_words(text: str) -> str:
    found = [one for one in with_form(text) if one[0] not in _WEAK] or with_form(text)
    if not found:
        return ""
    asked = [form for form, sentence in found if sentence.endswith("?") or form in ASKING]
    if not asked and _OF_ITSELF.match(found[0][1]):  # `i got a 9! thats the best`: no praise of anything here
        found = [one for one in found if one[0] not in _OF_IT] or found
    done = sorted((form for form, _ in found if form in _DONE), key=lambda form: form != THREATENS)
    return asked[-1] if asked else [*done, found[0][0]][0]


def _spoken(text: str) -> str:
    """Without what is done in asterisks, where anything is said beside it."""
    said = _EMOTE.sub(". ", text)
    return said if re.search(r"\w", said) else text


def sentences(text: str) -> list[str]:
    """As of a book (`normalize.plain`), each with its marks."""
    plain = _YOU_ARE.sub("you are ", normalize.plain(text))
    parts = re.findall(r"[^.!?;]+[.!?; ]*", plain)
    return [part.strip() for part in parts if part.strip()][:SENTENCES_MAX]


def _parted(sentence: str) -> list[str]:
    """What is told and what is asked behind it, where no mark stands between."""
    found = _RUN_ON.match(sentence)
    if not found or _first(_ASKED, without_leads(sentence)):
        return [sentence]
    return [found["told"], found["asked"]]


def _of_sentence(sentence: str) -> str:
    sentence = _ILL.sub("i will ", sentence)
    bare = without_leads(sentence)
    if _TAG.search(bare):
        return TAG
    bare = _HOW_YOU.sub(lambda found: f"{found[1]} {'are' if found[2] else 'do'} you ", bare)
    bare = _YOU_DO.sub("do you ", _NOT_YOU.sub(r"\1\2 ", bare))
    return (
        _first(_CALLS, sentence)
        or _first(_CALLS, bare)
        or _first(_ASKED, bare)
        or _first(_ACTS, sentence)  # `sorry` and `no` may say all of it
        or _first(_ACTS, bare)
        or _first(_TOLD, bare)
    )


def without_leads(sentence: str) -> str:
    """`so wait , why is that` → why is that"""
    for _ in range(LEADS_MAX):
        lead = _LEAD.match(sentence)
        sentence = sentence[lead.end() :] if lead else sentence
    return sentence


def _first(table: Table, sentence: str) -> str:
    return next((name for name, pattern in table if pattern.match(sentence)), "")
