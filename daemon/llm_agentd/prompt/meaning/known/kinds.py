"""The kind of answer that a question wants: a number, a time, a place, a person, a name, a reason, an event.

A sentence about the same thing that has none of the kind answers another question: `I hate the tax collector` is no
answer to when he comes. English, as the models that are told topics. Pure; knows no topics.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from llm_agentd.memory.keywords import Concept, concepts, index_words, stem
from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.meaning.forms import forms, line_kinds
from llm_agentd.topics import normalize
from llm_agentd.util import english_verbs as verbs

PART_MIN_CHARS = 4  # of a word that is the last part of another
NUMBER, AGE, MEASURE, SPAN = "number", "age", "measure", "span"
TIME, PLACE, PERSON, NAME, COLOUR = "time", "place", "person", "name", "colour"
REASON, LIKENESS, CHOICE, EVENT, OUTCOME = "reason", "likeness", "choice", "event", "outcome"
TOLD_WHOLE = (REASON, EVENT, OUTCOME)  # a part of a sentence may lack just that
COUNT = "count"  # the number of a thing that is named
# Which one may ask for of what was just said.
FACTS = (NUMBER, COUNT, AGE, MEASURE, SPAN, TIME, PLACE, PERSON, NAME, COLOUR)
ALL = (*FACTS, REASON, LIKENESS, CHOICE, EVENT, OUTCOME)
_BY_FORM = {
    forms.PREFIX + form: kind
    for form, kind in {
        "how_many": NUMBER, "how_many_you": NUMBER, "how_far": MEASURE, "how_long": SPAN, "how_long_you": SPAN,
        "when": TIME, "when_you": TIME, "where": PLACE, "where_you": PLACE, "who": PERSON, "who_you": PERSON,
        "why": REASON, "why_you": REASON, "why_not": REASON, "what_like": LIKENESS, "what_if": OUTCOME,
        "would_if": OUTCOME,
    }.items()
}  # fmt: skip
LEAD = re.compile(
    r"^.{0,30}\b(?:do you (?:happen to )?know|(?:can|could|would|will) you tell me|tell me|(?:have you )?any idea"
    r"|i wonder|i am wondering|i want to know|i would like to know|remind me)"
    r" (?=(?:who|what|when|where|which|how|whose|the name)\b)"
)  # fmt: skip
_ARTICLE = r"(?:(?:the|this|that|your|my|a|an|one) )?"
# What is asked for in other words, the first that fits; `thing`: whose name, how many of what, the price of what.
_ASKED = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (NAME, rf"\bnames? of {_ARTICLE}(?P<thing>.+)"),
        (NAME, rf"\b(?:what|how) (?:is|was|are|were|do you call) {_ARTICLE}(?P<thing>.{{1,40}}?) called\b"),
        (NAME, rf"\bwhat (?:is|was|are) {_ARTICLE}(?P<thing>.{{1,30}}?)(?: ?'s| s)? names?\b"),
        (NAME, r"\bwhat names? (?:does|do|did|has|have) (?P<thing>.+)"),
        (AGE, r"\bhow old\b"),
        (COLOUR, rf"\bwhat colou?r(?: (?:is|are|was|were) {_ARTICLE}(?P<thing>[a-z]+))?"),
        (CHOICE, r"\bwhich\b.{0,40}\b(?:favourite|prefer|your best|(?:like|love|enjoy) (?:the )?(?:most|best))\b"),
        (TIME, r"\b(?:what (?:time|day|year|month)|until when|how soon)\b"),
        (COUNT, r"\bhow many (?P<thing>(?:other |more )?[a-z]+)"),
        (
            NUMBER,
            rf"\b(?:what|how much) (?:does|do|did|would|is|are|for) {_ARTICLE}(?P<thing>.{{1,40}}?) (?:cost|earn)\b",
        ),
        (NUMBER, rf"\bhow much (?:is|are|for) {_ARTICLE}(?!you\b)(?P<thing>[a-z]+(?: [a-z]+)?)"),
    )
)
_WHAT_HAPPENED = re.compile(r"\bwhat (?:has )?happened (?:to|with)\b")
_NUMBERS = (
    rf"\d|\b(?:{'|'.join(vocabulary.NUMBERS)}|\w+teen|\w+ty|no|none|nothing|never|nobody|many|few|several|dozens"
    r"|hundreds|thousands?|every|all|only|single|both|twins?|couple|pair|twice|free|young"
    r"|(?:old|young)er|more|most|fewer|too (?:old|far|much)"
    r"|an? (?:hour|day|mile|week|month|year|league|coin|stone's throw)\w*)\b"
)
_TIMES = (
    r"\d|\b(?:(?:mon|tues|wednes|thurs|fri|satur)days?|dawn|dusk|sun\w*|noon|midnight|nights?|mornings?"
    r"|evenings?|afternoons?|days?|weeks?|months?|years?|hours?|bells?|clock|ago|tomorrow|yesterday|today|tonight|now|soon|since|after|before|when|until|till|while|every"
    r"|always|never|spring|summer|autumn|fall|winter|harvest|moon|feast|january|february|march|april"
    r"|(?:in|of) may|june|july|august|september|october|november|december"
    r"|as a (?:boy|girl|child)|last|next|first|once|early|late|young)\b"
)
_CHANGES_TEXT = r"""
    los[et]\w* die[ds]? dead drown\w* burn\w* br(?:ea|o)k\w* f[ea]ll fallen st[eo]l\w* t[ao]k\w* took left bit bitten
    vanish\w* disappear\w* s[aiu]nk kill\w* slew slain ate eaten hurt cut hit crush\w* sold gave given forg[eo]t\w* ran
    turned bec[ao]me fled flown flew caught torn tore shut closed ended robbed escap\w* wound\w* thr[eo]wn? went gone
    missing now cursed? struck fought married banish\w* exiled hanged buried pawn\w* never fire flood storm war accident
    arrived
"""  # what happens to somebody or something
_HAS = {
    kind: re.compile(pattern, re.I)
    for kind, pattern in {
        NUMBER: _NUMBERS,
        AGE: r"\b(?:years?|winters|summers|months|weeks|aged?|old\w*|young\w*|born|twins?|ago|century"
        r"|centuries|as long as)\b"
        rf"|\b(?:of|am|is|are|turned) (?:\d|(?:{'|'.join(vocabulary.NUMBERS)})\b)",
        MEASURE: r"\b(?:miles?|leagues?|foot|feet|yards?|fathoms?|hours?|days?|weeks?|months?|minutes?|steps?|paces?"
        r"|stones?|pounds?|inch\w*|arms?|walk|ride|throw|an? \w+ away|as|than|near|close|far|deep|tall|high|big"
        r"|bottomless|endless|no (?:end|bottom))\b",
        COUNT: _NUMBERS,  # where the thing is no word that tells anything: `how many are there`
        TIME: _TIMES,
        SPAN: rf"{_NUMBERS}|\b(?:since|always|years|days|weeks|long|life|until|till)\b",
        PLACE: r"\b(?!from (?:each|all|me|us|him|them)\b)"
        r"(?:in|on|at|under|behind|near|beside|above|below|beneath|beyond|inside|outside|between|among|across"
        r"|along|north|south|east|west|to|from|by|up|down|through|over|around|towards?|past|into|here|there|away|next"
        r"|home|inn|tavern|shop|market|stall|church|chapel|temple|mill|forge|smithy|bakery|harbou?r|castle)\b",
        REASON: r"\b(?:because|than|since|so that|for fear|thanks to|after|until|unless|cannot|never|no|not|so|only|too"
        r"|afraid|(?:hate|fear|love|like|want|long|think|believe|say|need)s?|must|ha(?:s|ve) to|forbidden|allowed"
        r"|sworn?|did|had)\b|n't\b|\band (?:am|is|are|was|were)\b|^(?:\w+ ){1,4}(?:is|are|am|was|were)\b",
        LIKENESS: r"\b(?:like|as|than|too|so|(?:feel|smell|taste|look|sound|hurt|miss|love|hate|enjoy)(?:e?s)?)\b",
        CHOICE: r"\b(?:(?:love|like|prefer|enjoy)s?|favou?rite|best|better|most|fond|proud|only|than|dear\w*)\b",
        EVENT: rf"\b(?:{'|'.join(_CHANGES_TEXT.split())}|no longer|ever since)\b"
        r"|\b(?:was|were|got|been|had) (?:\w+ly )?\w+(?:ed|en)\b",
        OUTCOME: r"\b(?:if|who(?:ever)? (?:tries|dares|takes|touches)|will|would|shall|can(?:not)?|must|never|no|not"
        r"|nobody|nothing|until|unless|curses?|cursed|bites?|kills?|only)\b|n't\b",
        COLOUR: r"\b(?:red|blue|green|yellow|black|white|brown|gr[ae]y|purple|orange|pink|gold(?:en)?|silver|dark|pale"
        r"|violet|crimson|scarlet|copper|colou?r\w*)\b",
    }.items()
}
_IS_TODAY = re.compile(
    r"\b(?:today|tonight|yesterday|tomorrow|(?:this|last) (?:morning|evening|night|week|month|year))\b", re.I
)
COUNTED_BEFORE, COUNTED_BEHIND = 5, 3  # words beside a thing that may count it
_NOT_BETWEEN = "|".join((vocabulary.PREPOSITIONS | vocabulary.SUBORDINATORS | {"and", "or", "but"}) - {"of", "than"})
_COUNTED = re.compile(
    rf"(?:{_NUMBERS}|\b(?:have|has|had|keeps?|owns?) an?)(?: (?!(?:{_NOT_BETWEEN})\b)[\w'-]+){{0,3}}$"
)
_SO_MANY = re.compile(
    rf"(?:(?:is|are|was|were|number\w*) )?(?:{_NUMBERS})(?! (?:hour|day|week|month|year|mile|coin)s?\b)"
)
_NONE = re.compile(r"\b(?:no|none|never|nobody|nothing|all|most|half)\b", re.I)
_BY = re.compile(r"\w(?:ed|en|t|ght) by (?:(?:the|a|an|some) )?(\w+)", re.I)  # who did it
_SINCE = re.compile(r"\b(?:since|after|before) (?:(?:the|a|an|my|that) )?([\w-]+)", re.I)
_ANEW = re.compile(r"\b(?:back|again|return\w*|next|reopen\w*)\b", re.I)
_RECURS = re.compile(r"\b(?:every|each|until|till|always|never|will|comes?|opens?|soon|tomorrow)\b", re.I)
_PERSONS = re.compile(
    r"\b(?:\w+(?:smith|man|men|woman|women|monger|wright|herd|keeper|maker|ist|folk)"
    r"|(?:collect|farm|min|hunt|fish|bak|mill|trad|steal|sail|lead|rul|found|own|teach|mast|writ|sing|brew|tann|weav"
    r"|soldi|rid|robb|murder|kill|strang|preach|build|carpent|pott|fight|lov|work)(?:er|or|ier)s?"
    r"|thie(?:f|ves)|priest\w*|merchants?|guards?|tailor|bandits?|trolls?|dragons?|witch\w*|goblins?|wol(?:f|ves)|bears?"
    r"|people|duke|baron\w*|count(?:ess)?|abbot|bishop|company|guild|army|watch|gang|everyone)\b",
    re.I,
)
_RUN = re.compile(r"\b[A-Z][\w'-]+(?:(?: the| of the| of)? [A-Z][\w'-]+)*")
_NO_NAMES = vocabulary.word_set("the of a an first second third fourth great i")
_NO_BEGINNINGS = (
    vocabulary.NUMBERS | vocabulary.DETERMINERS | vocabulary.PREPOSITIONS | vocabulary.ADVERBS | vocabulary.ADJECTIVES
    | vocabulary.NOMINATIVE | vocabulary.POSSESSIVES | vocabulary.SUBORDINATORS | vocabulary.PERSON_NOUNS
)  # fmt: skip
_FORGOTTEN = re.compile(
    r"\bforg[eo]t\w*|\b(?:not|cannot|can't|never) (?:remembers?|says?|tells?|knows?)\b|\bno name\b", re.I
)
_AFTER_NAME = re.compile(r" (?:is|was|has|the|lives|owns|runs|leads)\b")
_HE = re.compile(r"^(?:he|she|they|it|his|her|their|its)\b", re.I)
_DOER = re.compile(
    r"\b(?:who|whom) (?P<verb>[a-z]+) (?:the|this|that|these|my|your|our|all|up|you|me|him|her|them|it)\b"
)
_TO_YOU = re.compile(r"\bwho(?:m)? [a-z]+ (?:in |on |up )?your?\b")  # not by the NPC itself
_SUFFERED = re.compile(r"\b(?:am|is|are|was|were|be|been|got) (?:\w+ly )?$")


@dataclass(frozen=True, slots=True)
class Asked:
    """`kind`: what the answer must have, "" where nothing definite is asked; `thing`: what is named, counted or priced.
    `names`: those that the question has of those that sentences tell of. `text`: the question, in plain words."""

    text: str
    kind: str
    thing: tuple[Concept, ...] = ()
    names: frozenset[str] = frozenset()

    def may_be_answered_by(self, sentence: str) -> bool:
        if self.kind != REASON and sentence.startswith("because "):
            return False  # a part that answers why, and nothing else
        if not self.kind:
            return True
        if self.names and not self.names & _small(sentence) and not _HE.match(sentence):
            return False  # of another one
        stems = set(index_words(sentence))
        spoken_of = [is_spoken_of(concept, stems) for concept in self.thing]
        if spoken_of and not (all(spoken_of) if self.kind == NAME else any(spoken_of)):
            return False
        if _FORGOTTEN.search(sentence):
            return True
        if self.kind == TIME:
            return self._has_time(sentence)
        if self.kind == NAME:
            return self._has_new_name(sentence)
        if self.kind == PERSON:
            return self._has_person(sentence, stems)
        if self.kind == COUNT and self.thing:
            return self._counts(sentence)
        if self.kind == REASON:
            return not self._says_again(stems) and (_tells_event(sentence, self.text) or _has(REASON, sentence))
        return _has(self.kind, sentence)

    def _counts(self, sentence: str) -> bool:
        """`six goats`, but not `I have kept goats for six years`."""
        if _IS_TODAY.search(self.text) and not _IS_TODAY.search(sentence):
            return False  # what was so for years is none of this day
        words = re.findall(r"[\w'-]+", sentence.lower())
        counted = [
            at for at, word in enumerate(words) if any(is_spoken_of(concept, (stem(word),)) for concept in self.thing)
        ]
        return _NONE.search(sentence) is not None or any(
            _COUNTED.search(" ".join(words[max(0, at - COUNTED_BEFORE) : at]))
            or _SO_MANY.match(" ".join(words[at + 1 : at + 1 + COUNTED_BEHIND]))
            for at in counted
        )

    def _says_again(self, stems: set[str]) -> bool:
        """`I never row after dark` tells nobody why."""
        asked = {stem for concept in concepts(self.text) for stem in concept}
        return not stems - asked - line_kinds.VAGUE

    def _has_time(self, sentence: str) -> bool:
        """`since the flood` does not tell when the flood was; when one went does not tell when one comes back."""
        asked = set(index_words(self.text))
        told = _SINCE.sub(lambda found: "" if asked & set(index_words(found[1])) else found[0], sentence)
        is_anew = _ANEW.search(self.text) is None or _ANEW.search(told) or _RECURS.search(told)
        return bool(is_anew) and _HAS[TIME].search(told) is not None

    def _has_new_name(self, sentence: str) -> bool:
        """A name that does not stand in the question."""
        known = _small(self.text) | _NO_NAMES
        return any(not _small(name) <= known for name in _names_in(sentence))

    def _has_person(self, sentence: str, stems: set[str]) -> bool:
        """Somebody whom the question does not name; where it asks who did it, somebody who did."""
        verb = _DOER.search(self.text)
        done = concepts(verb["verb"]) if verb else []  # none of `who is the smith?`
        if done and not any(stems & concept.keys() for concept in done):
            return False
        asked = {stem(word) for word in _small(self.text)}
        nouns = {found.group().lower() for found in _PERSONS.finditer(sentence)}
        nouns |= _small(sentence) & vocabulary.PERSON_NOUNS
        first = re.match(r"\w+", sentence)
        nouns |= (
            {first.group().lower()} if first and done and vocabulary.is_plural_noun(first.group().lower()) else set()
        )
        nouns |= {found[1].lower() for found in _BY.finditer(sentence) if done}
        is_self = (
            bool(done)
            and not _TO_YOU.search(self.text)
            and re.match(r"(?:i|we)\b", sentence, re.I) is not None
            and not _is_done_to(sentence, done)
        )
        return is_self or self._has_new_name(sentence) or any(stem(noun) not in asked for noun in nouns)


def _has(kind: str, sentence: str) -> bool:
    return _HAS[kind].search(sentence) is not None


def is_spoken_of(concept: Mapping[str, float], stems: Collection[str]) -> bool:
    """In any of its words, or as the last part of one: `ship` in `airship`."""
    return not concept.keys().isdisjoint(stems) or any(
        weight == 1 and len(word) >= PART_MIN_CHARS and any(one.endswith(word) for one in stems)
        for word, weight in concept.items()
    )


def _is_done_to(sentence: str, done: Sequence[Concept]) -> bool:
    """`I was poisoned at my wedding` does not tell by whom."""
    return any(
        _SUFFERED.search(sentence, 0, found.start()) and any(stem(found.group().lower()) in one for one in done)
        for found in re.finditer(r"\w+", sentence)
    )


def _tells_event(sentence: str, question: str) -> bool:
    """`a fire took my home`: what happened explains what is. What the question tells itself explains nothing."""
    words = re.findall(r"[\w']+", sentence.lower())
    told = {base for word in question.split() for base in (word, *verbs.bases_of(word))}
    return any(
        verbs.is_past(word)
        and before not in verbs.AUXILIARIES | verbs.BE_FORMS
        and told.isdisjoint(verbs.bases_of(word))
        for before, word in zip(["", *words], words, strict=False)
    )


def asked_of(question: str, names: Iterable[str] = ()) -> Asked:
    """`names`: words of names in the sentences that may answer, in small letters."""
    plain = LEAD.sub("", normalize.plain(question))
    kind, thing = kind_asked(plain)
    kind = kind or (EVENT if _WHAT_HAPPENED.search(plain) else "") or _BY_FORM.get(forms.form_of(plain), "")
    spoken = frozenset(names) & _small(plain)
    of_names = {stem(name) for name in spoken}
    return Asked(plain, kind, tuple(one for one in concepts(thing) if not one.keys() & of_names), spoken)


def kind_asked(plain: str) -> tuple[str, str]:
    """The kind that words other than those of forms ask for, and the thing; "" for none. `plain`: without `LEAD`."""
    for kind, pattern in _ASKED:
        if match := pattern.search(plain):
            return kind, match.groupdict().get("thing") or ""
    return "", ""


def names_in(sentences: Iterable[str]) -> frozenset[str]:
    """Words of names, in small letters."""
    return frozenset(
        word for sentence in sentences for name in _names_in(sentence) for word in _small(name) - _NO_NAMES
    )


def _names_in(sentence: str) -> list[str]:
    return [found.group() for found in _RUN.finditer(sentence) if _is_name(found, sentence)]


def _is_name(found: re.Match[str], sentence: str) -> bool:
    """One word that begins a sentence may be any."""
    words = found.group()
    if " " in words or found.start():
        return words != "I" and not words.startswith("I'")
    small = words.lower()
    is_common = small in _NO_BEGINNINGS or verbs.is_verb_form(small) or small.endswith("s")
    return not is_common and _AFTER_NAME.match(sentence, found.end()) is not None


def _small(text: str) -> set[str]:
    return {word.removesuffix("'s") for word in re.findall(r"[^\W_][\w'-]*", text.lower())}
