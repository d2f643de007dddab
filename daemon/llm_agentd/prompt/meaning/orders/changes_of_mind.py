"""What is left of a line whose speaker changed their mind, or said first what shall not be done.

`leave the wolf, take the troll` is the order to take the troll, and `stay here. no wait, come with me` the one to come.
English, as the models that are told topics. Pure.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.meaning.forms import forms
from llm_agentd.prompt.meaning.orders import imperatives, orders

_ORDERED = forms.PREFIX + "orders"
_CLAUSES = re.compile(r"[,.;!?]|\b(?:but|instead|(?<!dont )(?<!don't )(?<!not )just)\b", re.I)
_CORRECTED = re.compile(
    r"(?:(?<=\w)[\s?.,!]+|[\s]+)(?:(?:no|nah|nope),? ?wait|wait,? ?no|actually,? ?no|(?:no|nah),? ?actually|actually"
    r"|scratch that|never ?mind(?: that)?|nvm|on second thoughts?|or rather|i mean|i meant|(?<=[?.,!] )(?:no+|nah"
    r"|nope))\b"
    r"[\s,.:;!-]*(?:just\b\s*)?",
    re.I,
)
_NOT_THAT = re.compile(
    r"^(?:not|no|forget|skip|screw|never mind) (?:about )?(?:the|that|a|an|any|my|your|those|this|these)\b", re.I
)
_THING = re.compile(r"^(?:only )?(?:an?|the|one|two|three|four|five|six|some|that|\d+)(?: \w+){1,4}$", re.I)


def what_to_do(text: str) -> str:
    """Without what was taken back, and without what shall not be done where behind it stands what shall."""
    text = _corrected(text)
    parts = [part.strip() for part in _CLAUSES.split(text) if part.strip()]
    left = [part for part in parts if orders.NOT_TO.search(part) or _NOT_THAT.match(part)]
    rest = [part for part in parts if part not in left]
    is_order = bool(left) and bool(rest) and (_is_order(rest[-1]) or _THING.match(rest[-1]) is not None)
    return ", ".join(rest) if is_order else text


def _corrected(text: str) -> str:
    """What stands behind the last `no wait`, where it is an order by itself."""
    for found in reversed([*_CORRECTED.finditer(text)]):
        rest = text[found.end() :]
        if _is_order(rest) and not orders.COUNTED_ANEW.match(text[found.start() :].lstrip(" .,!?")):
            return rest
    return text


def _is_order(clause: str) -> bool:
    return forms.form_of(clause) == _ORDERED or imperatives.is_order(imperatives.told(clause))
