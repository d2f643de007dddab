"""Questions for something definite, a number, a name, a day, which only what the game told can answer.

Where the game told nothing of it, the honest answer is that it is not known, and small talk about the same thing is
none. English, as the models that are told topics. Pure; knows no topics, only the names of forms and words of replies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.prompt.meaning.forms import forms
from llm_agentd.prompt.meaning.known import kinds
from llm_agentd.topics import normalize

_DEFINITE = frozenset(
    forms.PREFIX + name for name in ("how_many", "how_far", "how_long", "when", "who", "where", "which")
)
_WHAT, _WHEN = forms.PREFIX + "what_is", forms.PREFIX + "when"
_WHAT_IS_SAID = re.compile(
    r"^.{0,40}\bwhat (?:(?:is|was|are|were) (?:.{1,40} called"
    r"|.{0,40}\b(?:names?|prices?|number|age|colou?r|wages?|password)\b)"
    r"|(?:does|did|do) (?:the|that|this|a|an|his|her|their) .{1,30} (?:earn|cost|pay|eat|wear|call|own|carry)\b"
    r"|\w+(?:'s|s) \w+ (?:does|did|earns?|owns?|costs?)\b"
    r"|(?:time|day|year|month) (?:is|was|are|do|does|did|will)\b)"
)  # fmt: skip
_INDIRECT = re.compile(r"^(?:(?P<when>when|what time|until when)|(?P<what>the name of|what .{1,40} is called))\b")
_OF_SOMEBODY = re.compile(
    r"\bhow (?:old|tall|rich|many|much|long)\b|\bwhen\b|\bcalled\b|\bnames?\b"
    r"|\bwhere (?:does|did|was|is)\b.{1,40}\b(?:live|sleep|come|hide|keep|go|born|from|grow up|raised)\b"
    r"|\bwhat (?:does|did) \w+ (?:earn|eat|drink|wear|own|want|sell|fear|think)\b"
    r"|\b\w+'s (?:wife|husband|father|mother|son|daughter|brother|sister|house|dog|horse|boss|master|name)\b"
)  # of somebody who stands near, more than who they are and where
GOODS = re.compile(r"^I (?:have|need|pay) |\bcosts \d")  # how the game's goods are told
_ASKS_PRICE = re.compile(r"\b(?:cost|costs|price\w*|how much (?:is|are|for|does|do|money|coins?|gold))\b", re.I)
_ASKS_COUNT = re.compile(r"\bhow many (?!coins?\b|gold\b|money\b)", re.I)
_NOT_OF_GOODS = frozenset(forms.PREFIX + name for name in ("who", "when", "where", "how_long"))
# What one says of oneself is no fact that the game has to tell, and what the player asks of themselves memory answers.
_OF_THOSE_WHO_TALK = re.compile(
    r"\b(?:you\w*|u|ur|i|me|my|(?<=is )mine|we|us|our|it|(?:this|that)(?! (?:place|village|town|city|land|area)\b))\b"
    r"(?! \w+ (?:earn|cost|called)\b)"
)
# Whose age or name may have been told to nobody: not what everybody knows of themselves.
_OF_ITS_OWN = re.compile(
    r"\byour (?!(?:names?|age|jobs?|work|trade|home|house|birthday|favourite|day|life|secrets?|dreams?|goals?|plans?"
    r"|own|eyes?|hair|hands?|best|prices?|wares|goods|shop|opinion|mind|time|problem)\b)[a-z]+"
)
_IS_IT_TO = re.compile(r"\bis it (?=to\b|from\b|until\b|till\b)")  # `how far is it to the sea?`
# What was done to who is asked, when and how long: a fact that the persona tells or does not.
_BEFALLEN = tuple(
    (forms.PREFIX + form, re.compile(pattern))
    for form, pattern in (
        ("who", r"who (?!are\b|is\b|do\b|does\b|did\b|would\b|will\b|can\b|else\b)\w+ (?:(?:in|on|up|out) )?your?\b"),
        (
            "how_many",
            r"how (?:many|much) (?!.{0,60}\b(?:think|like|love|want|need|know|miss|trust|hate|care|ask|sell|cost)\b)"
            r".{1,40}\b(?:do|did|have|does|has|had) you\b",
        ),
        ("how_long", r"(?:for )?how long (?:have|had|did|were) you\b"),
        ("when", r"when (?:did|were) you\b"),
    )
)
# What anybody knows who lives on the land needs nobody to tell it.
_OF_EVERYBODY = re.compile(
    r"\b(?:best|right|good) (?:time|season|way|place|spot)\b|\bhow (?:do|can|would) (?:you|one|i|we) (?:know|tell)\b"
    r"|\b(?:when|what time|how long) (?:do|does|is|will|until|till) .{0,20}"
    r"\b(?:winter|spring|summer|autumn|harvest|sun|moon|sunrise|sunset|dawn|dusk|dark|night|rain|snow)\b"
    r"|\bway is (?:north|south|east|west)\b"
)
_ONE_OF_THESE = re.compile(r"^.{0,20}\bwhich (?:ones?\b|(?:is|are|would|should|do)\b)")
_OF_MY = re.compile(
    r"\b(?:what|who|when|where|which|how old|how many)(?: \w+)? (?:is|are|was|were|does|do|did) my "
    r"(?!(?:name|job|work|quests?|tasks?|change|turn|rewards?|pay|fault|problem|way|fortune|future|stuff|things?|money"
    r"|items?|order|chances?)\b(?! day))\w+|\bhow old am i\b"
)
_OWNED = re.compile(
    r"\b(?:(?:don't|do not|doesn't|didn't|can't|cannot|could not|couldn't|not) (?:\w+ ){0,2}"
    r"(?:know|say|tell|sure|certain|remember|recall|heard|told|said)"
    r"|no (?:idea|notion|clue)|never (?:\w+ )?(?:heard|told|said|learned|counted|knew|asked|met|mentioned)"
    r"|never heard|haven't (?:\w+ )?(?:heard|told|said|asked)|who knows|wish (?:that )?I knew"
    r"|(?:nobody|no one) (?:knows|told)|hard to (?:say|tell))\b",
    re.I,
)


def form_asked(text: str) -> str:
    """The form of a question for something definite that is neither about who asks nor about who is asked; else "".

    What belongs to who is asked, and what befell them, is definite too: `how old is your mule?`
    """
    whole = normalize.plain(text)
    plain = kinds.LEAD.sub("", whole)
    befallen = next((form for form, asks in _BEFALLEN if asks.match(plain)), "")
    if befallen:
        return befallen
    plain = _IS_IT_TO.sub("is", plain)
    others = _OF_ITS_OWN.sub("somebody", plain)
    if _OF_EVERYBODY.search(whole) or _OF_THOSE_WHO_TALK.search(others) or _ONE_OF_THESE.match(plain):
        return ""
    indirect = _INDIRECT.match(plain)
    if indirect:
        return _WHEN if indirect["when"] else _WHAT
    form = forms.form_of(plain)
    if form in _DEFINITE:
        return form
    kind, _ = kinds.kind_asked(plain)  # what the form tells is looked at above
    if kind:
        return _WHEN if kind == kinds.TIME else _WHAT
    return _WHAT if _WHAT_IS_SAID.search(plain) else ""


def asks_of_mine(text: str) -> bool:
    """Whether it asks for something of the player's own: `when is my birthday?`"""
    return _OF_MY.search(normalize.plain(text)) is not None


def asks_more_of(text: str) -> bool:
    """Whether it asks of somebody more than who and where they are: `how old is Bram?`"""
    return _OF_SOMEBODY.search(normalize.plain(text)) is not None


def may_tell(question: str, sentence: str) -> bool:
    """Not how many apples there are where it is asked who grew them, and not their price where it is asked how many."""
    goods = GOODS.search(sentence)
    if not goods:
        return True
    form = forms.form_of(question)
    if form in _NOT_OF_GOODS:
        return False
    of_price, of_count = _ASKS_PRICE.search(question), _ASKS_COUNT.search(question)
    return not (of_count and not of_price if goods.group().startswith("costs") else of_price)


def owned(lines: Sequence[str]) -> list[str]:
    """Those that say that it is not known."""
    return [line for line in lines if _OWNED.search(line)]
