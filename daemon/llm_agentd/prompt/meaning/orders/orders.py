"""Orders that a few plain words give away, where the action is on offer: `fall back!`, `go over to Hugo`, `don't`.

The classifier of topics is right most of the time; an order that is not followed is what players notice first, so these
words decide before it. They are looked for in what `imperatives.told` makes of a line, where not said otherwise.
English, as the models that are told topics. Pure.

What may stand between two words of an order is at most 80 letters (`.{0,80}`): with `.*` each `call` would look for its
`help` through all of the text.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.meaning.orders import fight_words, goods_words, move_words, tables


def _read(table: str) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(words, re.I) for name, words in tables.read(table).items()}


_MOVES = _read(move_words.MOVES)
GO, NEEDED, COME_HERE = _MOVES["go"], _MOVES["needed"], _MOVES["come_here"]
LEADS = _MOVES["leads"]  # the player wants to be led, not told
WITH_ME, BESIDE, WITH_SOMEBODY = _MOVES["with_me"], _MOVES["beside"], _MOVES["with_somebody"]
TO_SOMEBODY = _MOVES["to_somebody"]
WANTED = _MOVES["wanted"]  # by whom the name is of
SENDS = _MOVES["sends"]  # where these begin an order
STAY, STAY_ALONE = _MOVES["stay"], _MOVES["stay_alone"]
OPEN, PROTECT = _MOVES["open"], _MOVES["protect"]
NOT_TO = _MOVES["not_to"]

_IN_FIGHT = _read(fight_words.ORDERS)
IN_FIGHT = tuple(_IN_FIGHT.items())
FLEES = _IN_FIGHT["flee"]
_FIGHT = _read(fight_words.ATTACKS)
STRIKES = _FIGHT["strikes"]  # whom the game knows alone
NO_INCH, HELP_IN_FIGHT = _FIGHT["no_inch"], _FIGHT["help"]
_BEFORE_FOE = tables.read(fight_words.BEFORE_FOE)
_ATTACK = re.compile(_BEFORE_FOE["always"] + r" (?:\w+ ){0,3}$")
_ATTACK_IN_FIGHT = re.compile(_BEFORE_FOE["in_fight"] + r" (?:\w+ ){0,2}$")

_GOODS = _read(goods_words.GOODS)
GIVES, TAKES = _GOODS["gives"], _GOODS["takes"]
HANDS_OVER = _GOODS["hands_over"]  # beside the name of what the player holds out
WITHHOLDS = _GOODS["withholds"]  # what the player keeps
ASKS_FOR = _GOODS["asks_for"]
BEGS, BUYS, SELLS, OFFERS = (_GOODS[name] for name in ("begs", "buys", "sells", "offers"))  # in the words as typed

ASKS_LEAVE = re.compile(r"^\W*(?:can|could|may|might|shall|should) (?:i|we)\b")
ASKS_WAY = re.compile(
    r"\b(?:where|which way|how (?:do|can|to|far)|way to|directions?|is there|what is|do you know)\b", re.I
)
WHERE = re.compile(
    r"\b(?:where|which way|how (?:do|can) (?:i|we|one) (?:get|come|go)|is there)\b", re.I
)  # in the words as they were typed
OF_ME = re.compile(r"\b(?:me|us|my|our|i)\b")
ASKS = re.compile(r"^\W*(?:what|where|who|why|when|how|do|does|did|are|is|was|were|have|has|should)\b", re.I)
OF_THE_SPEAKER = re.compile(
    r"^\W*(?:i|my|he|she|they|it|the|this|that|we)\b(?!.*\b(?:you|u|ur|please|pls)\b)", re.I
)  # what somebody does or wants, and nothing that the listener shall do
GESTURES = re.compile(
    r"\b(?:wave|point|nod|bow|shrug|laugh|cry|dance|follow|attack|go|open|ring"
    r"|beckon|shake (?:your|the) head|count to)\b"
)
SIDE = re.compile(r"\b(left|right)\b(?! (?:now|away|here|there|back|behind|alone))", re.I)
# Of trade: a price that is offered, a thing that the player sells, a count before a thing.
CHEAPEST = re.compile(r"\bcheap(?:er|est)\b", re.I)
DEAREST = re.compile(
    r"\b(?:most (?:expensive|costly|valuable)|more (?:expensive|costly)|dear(?:er|est)|priciest)\b", re.I
)
DECLINES = re.compile(
    r"\bkeep (?:your|ur)\b|\bno,? (?:thanks|thx|ty|thank you)\b|\bnot (?:interested|today)\b"
    r"|\b(?:i'?ll|i will) pass\b|\b(?:maybe later|another time)\b",
    re.I,
)  # what is for sale
ENOUGH = re.compile(r"\b(?:enough|afford)\b", re.I)
COUNTED = re.compile(r"\b((?:half a )?\w+)\s+(?:(?:of|more|your|those|these|the|fresh|good|big|small)\s+){0,2}$", re.I)
FOR_ME = re.compile(
    r"\s*(?:for (?:me|us|my|the)\b|pl[sz]\b|please\b|would be\b|and\b|no\b|from\b|if\b|$|[,.!])", re.I
)  # behind it
COUNTED_BEHIND = re.compile(r"\W*(\w+)(?: of (?:them|those|these)| pieces?| please| pls|\W*$)", re.I)
COUNTED_ASKED = re.compile(  # of a thing that was named before: `i'm out of arrows, give me like 5`
    r"\b(?:give|get|hand|pass|lend|spare|have|take|need|want|use|borrow|like|toss|throw|bring|brought|here (?:is"
    r"|are)|got|with)"
    r" (?:(?:me|us|you|u|like|about|maybe|at least|just|around|another) )*(\w+)(?=\s*(?:$|[,.!?]|pl[sz]\b|please"
    r"|of them|more\b))",
    re.I,
)
COUNTED_ANEW = re.compile(
    r"\b(?:no|nah|actually|wait|sorry|or|better|rather|hmm?)\b\W+(?:\w+\W+)?make (?:it|that) (\w+)(?! coins?| gold)",
    re.I,
)  # `no, make it two`
ASKS_PRICE = re.compile(r"\b(?:how much|cost|costs|price|worth|how many coins|do i owe)\b", re.I)


def attacks(before: str, in_fight: bool = False) -> re.Match[str] | None:
    """The verb in the words before somebody's name that tells to attack them."""
    return _ATTACK.search(before) or (_ATTACK_IN_FIGHT.search(before) if in_fight else None)
