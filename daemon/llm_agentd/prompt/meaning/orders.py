"""Orders that a few plain words give away, where the action is on offer: `fall back!`, `go over to Hugo`, `don't`.

The classifier of topics is right most of the time; an order that is not followed is what players notice first, so these
words decide before it. English, as the models that are told topics. Pure.

What may stand between two words of an order is at most 80 letters (`.{0,80}`): with `.*` each `call` would look for its
`help` through all of the text.
"""

from __future__ import annotations

import re

GO = re.compile(
    r"\b(?:go|walk|head|run|move|get|come|off|back|over|down|up|meet me|show me|lead|take me|bring me|return"
    r"|wait (?:at|in))\b",
    re.I,
)
ASKS_WAY = re.compile(
    r"\b(?:where|which way|how (?:do|can|to|far)|way to|directions?|is there|what is|do you know)\b", re.I
)
WHERE = re.compile(r"\b(?:where|which way|how (?:do|can) (?:i|we|one) (?:get|come|go)|is there)\b", re.I)
WITH_SOMEBODY = re.compile(
    r"\b(?:follow|stick (?:to|with)|(?:stay|go|walk|keep|remain) (?:close |near )?(?:to|with|by)|keep an eye|look after"
    r"|watch over|accompany|escort)\b",
    re.I,
)
TO_SOMEBODY = re.compile(r"\b(?:go|walk|head|run|get|move|come)\b(?:\W+\w+){0,3}?\W+to\b", re.I)
_ATTACK = re.compile(
    r"\b(?:attack|kill|slay|fight|strike|beat|punch|hit|hurt|stab|shoot|smash|finish off|take (?:down|out))"
    r"\W+(?:\w+\W+){0,3}$",
    re.I,
)
_NOT_TOLD = re.compile(
    r"\b(?:did|does|have|has|had|why|when|who|he|she|they|i|i'?ll)\W+(?:\w+\W+){0,2}$", re.I
)  # right before the verb: a question, or what somebody else does
PROTECT = re.compile(r"\b(?:cover|guard|protect|defend|shield|keep \w+ safe)\b", re.I)
NOT_TO = re.compile(
    r"\b(?:don'?t|do not|never|no need to|dont you|stop (?:it|that)|must not|mustn'?t)\b"
    r"|\bleave\b.{0,80}\balone\b|\blet\b.{0,80}\blive\b",
    re.I,
)
IN_FIGHT = (
    ("retreat", re.compile(r"\b(?:fall|pull|get|back) (?:back|off|out|up)\b|\bretreat|\bwithdraw", re.I)),
    ("hold", re.compile(r"\bhold\b|\bstand (?:your|firm|fast|ground)|\bstay put\b|\bnot an inch\b", re.I)),
    (
        "call_help",
        re.compile(r"\b(?:call|shout|yell|send|get|fetch)\b.{0,80}\b(?:help|others|guards?|backup)\b|\bhelp!", re.I),
    ),
    ("flank", re.compile(r"\bflank|\b(?:left|right)\b|\baround\b|\bfrom (?:the side|behind)\b", re.I)),
)  # fmt: skip
GIVES = re.compile(
    r"\b(?:take (?:this|these|it|them|my)|a (?:gift|present) (?:for|from)|(?:is|are|s|gift|present|one|some) for you"
    r"|\d+ \w+ for you|all yours|i give you|i brought you|have this|keep (?:it|them|this))\b",
    re.I,
)
ASKS_FOR = re.compile(
    r"\b(?:give|hand|pass|get|bring|fetch|throw|lend|toss) (?:me|us)\b|\bspare\b"
    r"|\b(?:can|could|may) (?:i|we) (?:please )?(?:have|get)\b",
    re.I,
)
GESTURES = re.compile(
    r"\b(?:wave|point|nod|bow|shrug|laugh|cry|dance|follow|attack|go|open|ring"
    r"|beckon|shake (?:your|the) head|count to)\b",
    re.I,
)
SIDE = re.compile(r"\b(left|right)\b", re.I)
# Of trade: a price that is offered, a thing that the player sells, a count before a thing.
OFFERS = re.compile(
    r"\b(?:take|accept|give (?:you|u)|offer|pay|how about|what about|make it|say|only|coins?|for (?:it|the|that))\b",
    re.I,
)
SELLS = re.compile(
    r"\b(?:sell(?:ing)? (?:you|u|this|my|these|some|a|an)|want to sell|buy (?:this|my|these)|i (?:have|got)|here is)\b",
    re.I,
)
CHEAPEST = re.compile(r"\bcheap(?:er|est)\b", re.I)
DEAREST = re.compile(
    r"\b(?:most (?:expensive|costly|valuable)|more (?:expensive|costly)|dear(?:er|est)|priciest)\b", re.I
)
ENOUGH = re.compile(r"\b(?:enough|afford)\b", re.I)
COUNTED = re.compile(r"\b(\w+)\s+(?:(?:of|more|your|those|these|the|fresh|good|big|small)\s+){0,2}$", re.I)
ASKS_PRICE = re.compile(r"\b(?:how much|cost|costs|price|worth|how many coins|do i owe)\b", re.I)


def is_told(before: str) -> bool:
    """Whether a verb after these words is what the listener is told to do: no question, and nobody else's deed."""
    return not _NOT_TOLD.search(before)


def attacks(before: str) -> bool:
    """Whether the words before somebody's name tell to attack them."""
    verb = _ATTACK.search(before)
    return verb is not None and is_told(before[: verb.start()])
