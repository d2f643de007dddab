"""Orders that a few plain words give away, where the action is on offer: `fall back!`, `go over to Hugo`, `don't`.

The classifier of topics is right most of the time; an order that is not followed is what players notice first, so these
words decide before it. English, as the models that are told topics. Pure.

What may stand between two words of an order is at most 80 letters (`.{0,80}`): with `.*` each `call` would look for its
`help` through all of the text.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.meaning import forms

_ORDERED = forms.PREFIX + "orders"
_CLAUSES = re.compile(r"[,.;!]|\b(?:but|instead|just)\b", re.I)
GO = re.compile(
    r"\b(?:go|walk|head|run|move|get|come|return|meet me|show me|lead|take me|bring me|wait (?:at|in|by|near))\b"
    r"|(?:^|[,.!;] ?)(?:please |pls |now |and )*(?:off|back|over|down|up|home)\b",
    re.I,
)
LEADS = re.compile(
    r"\b(?:lead|take|bring|walk) (?:me|us|the way)\b", re.I
)  # where the player wants to be led, not told
ASKS_WAY = re.compile(
    r"\b(?:where|which way|how (?:do|can|to|far)|way to|directions?|is there|what is|do you know)\b", re.I
)
WHERE = re.compile(r"\b(?:where|which way|how (?:do|can) (?:i|we|one) (?:get|come|go)|is there)\b", re.I)
WITH_SOMEBODY = re.compile(
    r"\b(?:follow|stick (?:to|with)|(?:stay|go|walk|keep|remain) (?:close |near )?(?:to|with|by)|keep an eye|look after"
    r"|watch over|accompany|escort)\b",
    re.I,
)
TO_SOMEBODY = re.compile(
    r"\b(?:go|walk|head|run|get|move|come)\b(?:\W+(?!close|near|with)\w+){0,3}?\W+to\b"
    r"|\b(?:check on|go (?:and )?(?:see|find|tell|ask|visit|wake|fetch))\b",
    re.I,
)
_ATTACK = re.compile(
    r"\b(?:attack|kill|slay|fight|strike|beat|punch|hit|hurt|stab|shoot|smash|finish off|take (?:down|out))"
    r"\W+(?:\w+\W+){0,3}$",
    re.I,
)
_NOT_TOLD = re.compile(
    r"\b(?:did|does|have|has|had|why(?! don'?t)|when|who|he|she|they|i|i'?ll)\W+(?:\w+\W+){0,2}$"
    r"|\b(?:told|asked|wants?|wanted|made|let) (?:me|us) (?:to )?$"
    r"|\b(?:the|a|an|my|your|his|her|this|that|our)\W+(?:\w+\W+)?$",
    re.I,
)  # right before the verb: a question, what somebody else does, or no verb: `the long walk home`
WITH_ME = re.compile(
    r"\b(?:follow me|(?:come|walk|go|tag|travel|ride) (?:along\b|with me\b)|(?:accompany|escort|join) me"
    r"|come on with me|keep me company|stay (?:close to|with|by|near) me)\b",
    re.I,
)
STAY = re.compile(
    r"\b(?:(?:stay|wait|remain|stop|stand) (?:right |just )?(?:here|there|put|still|where you are|where u are)"
    r"|(?:don'?t|do not) (?:move|budge|leave|go (?:any|away)))\b",
    re.I,
)
OPEN = re.compile(r"\b(?:open(?: up)?\b.{0,30}\b(?:door|gate)|open up|let (?:me|us) in)\b", re.I)
PROTECT = re.compile(r"\b(?:cover|guard|protect|defend|shield|keep \w+ safe)\b", re.I)
NOT_TO = re.compile(
    r"\b(?:(?<!why )don'?t|do not|never|no need to|stop (?:it|that)|must not|mustn'?t|shouldn'?t|should not|needn'?t"
    r"|(?:i|we) (?:won'?t|will not|would not|wouldn'?t))\b"
    r"|\bleave\b.{0,80}\balone\b|\blet\b.{0,80}\blive\b",
    re.I,
)
IN_FIGHT = (
    (
        "retreat",
        re.compile(r"\b(?:fall|pull|get|back|every(?:one|body)) (?:back|off|out|up)\b|\bretreat|\bwithdraw", re.I),
    ),
    ("hold", re.compile(r"\bhold\b|\bstand (?:your|ur|firm|fast|ground)|\bstay put\b|\bnot an inch\b", re.I)),
    (
        "call_help",
        re.compile(
            r"\b(?:call|shout|yell|send|get|fetch)\b.{0,80}"
            r"\b(?:help|others|guards?|backup|reinforcements?|support|aid)\b|\bhelp!",
            re.I,
        ),
    ),
    ("flank", re.compile(r"\bflank|\b(?:left|right)\b|\baround\b|\bfrom (?:the side|behind)\b", re.I)),
)  # fmt: skip
GIVES = re.compile(
    r"\b(?:take (?:this|these|it|them|my)|a (?:gift|present) (?:for|from)|(?:is|are|s|gift|present|one|some) for you"
    r"|\d+ \w+ for you|all yours|i give you|i brought you|have this|keep (?:it|them|this))\b",
    re.I,
)
TAKES = re.compile(
    r"\b(?:take|accept|keep|have)\b|\bhere(?: is| are|'?s)?\b(?=\W+(?!with|on|for a)\w)|^\W*catch\b", re.I
)
HANDS_OVER = re.compile(
    r"\b(?:yours|(?:for|brought|bring|give|giving|got) (?:you|u)|your? (?:gift|present)|a (?:gift|present))\b", re.I
)  # these two beside the name of what the player holds out
ASKS_FOR = re.compile(
    r"\b(?:give|hand|pass|get|bring|fetch|throw|lend|toss) (?:me|us)\b|\bgimme\b|\bspare\b"
    r"|\b(?:can|could|may) (?:i|we) (?:please )?(?:have|get|take)\b|\blet (?:me|us) have\b"
    r"|\b(?:i|we) (?:\w+ )?(?:could use|would like|need|want|could do with)\b|\bi'?d (?:like|love)\b",
    re.I,
)
BEGS = re.compile(
    r"\b(?:free|gift|present|spare|poor|broke|for nothing|kindness|mercy|no (?:coins?|money|gold))\b", re.I
)
BUYS = re.compile(
    r"\b(?:buy|purchase|(?:give|get|hand|sell|pass|bring|wrap) me|let me have|(?:i|we)(?:'?ll| will) (?:take|have)"
    r"|i'?d (?:like|love|take)|(?:i|we) (?:would like|need|want)|of (?:those|these|your|them)|deal|business|trade)\b",
    re.I,
)
ASKS = re.compile(r"^\W*(?:what|where|who|why|when|how|do|does|did|are|is|was|were|have|has|should)\b", re.I)
OF_THE_SPEAKER = re.compile(
    r"^\W*(?:i|my|he|she|they|it|the|this|that|we)\b(?!.*\b(?:you|u|ur|please|pls)\b)", re.I
)  # what somebody does or wants, and nothing that the listener shall do
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
COUNTED_BEHIND = re.compile(r"\W*(\w+)(?: of (?:them|those|these)| pieces?| please| pls|\W*$)", re.I)
ASKS_PRICE = re.compile(r"\b(?:how much|cost|costs|price|worth|how many coins|do i owe)\b", re.I)


def what_to_do(text: str) -> str:
    """Without what shall not be done, where behind it stands what shall: `leave the wolf, take the troll`."""
    parts = [part.strip() for part in _CLAUSES.split(text) if part.strip()]
    rest = [part for part in parts if not NOT_TO.search(part)]
    is_order = len(rest) < len(parts) and bool(rest) and forms.form_of(rest[-1]) == _ORDERED
    return ", ".join(rest) if is_order else text


def tells(words: re.Pattern[str], text: str) -> bool:
    """Whether one of the words is said as an order."""
    return any(is_told(text[: found.start()]) for found in words.finditer(text))


def is_told(before: str) -> bool:
    """Whether a verb after these words is what the listener is told to do: no question, and nobody else's deed."""
    return not _NOT_TOLD.search(before)


def attacks(before: str) -> bool:
    """Whether the words before somebody's name tell to attack them."""
    verb = _ATTACK.search(before)
    return verb is not None and is_told(before[: verb.start()])
