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
_LEFT_BE = re.compile(  # `leave the bell alone and come with me`
    r"^\W*(?:please )?(?:leave .{1,30}? (?:alone|be|off|closed|shut)"
    r"|(?:forget(?: about)?|never ?mind|put down|drop|ditch) .{1,30}?"
    r"|stop \w+ing(?: .{1,20}?)?|stop (?:it|that)),? (?:and|then)\b",
    re.I,
)
_DETERMINER = re.compile(r"\b(?:an?|the|that|this|some|my|your|one|two|three|four|five|six|\d+)\b", re.I)
_NO_THING = re.compile(
    r"\b(?:it|now|yes|ok|okay|please|pls|really|seriously|later|soon|fast|quickly|today|why|what)\b", re.I
)
_COUNTS = "two|three|four|five|six|seven|eight|nine|ten|twelve"
_NUMBER = re.compile(rf"^(?:(?:only|just|better|rather|maybe|more like) )*(\d+|{_COUNTS})\W*$", re.I)
_NO_WHAT = re.compile(r"^\W*(?:no+|nah|nope)\s+$", re.I)  # `no worries` is one expression
_NOT_THAT = re.compile(
    r"^(?:not|no|forget|skip|screw|never mind) (?:about )?(?:the|that|a|an|any|my|your|those|this|these)\b", re.I
)
_THING = re.compile(r"^(?:only )?(?:an?|the|one|two|three|four|five|six|some|that|\d+)(?: \w+){1,4}$", re.I)


def what_to_do(text: str) -> str:
    """Without what was taken back, and without what shall not be done where behind it stands what shall."""
    text = _without_what_is_left_be(_corrected(text))
    parts = [part.strip() for part in _CLAUSES.split(text) if part.strip()]
    left = [part for part in parts if _is_left(part)]
    rest = [part for part in parts if part not in left]
    is_order = bool(left) and bool(rest) and (_is_order(rest[-1]) or _THING.match(rest[-1]) is not None)
    return ", ".join(rest) if is_order else text


def _is_left(part: str) -> bool:
    """Whether it is not to be done; `don't leave` is to be done."""
    is_stay = orders.STAY_ALONE.search(imperatives.told(part)) is not None
    return (orders.NOT_TO.search(part) is not None and not is_stay) or _NOT_THAT.match(part) is not None


def _corrected(text: str) -> str:
    """What stands behind the last `no wait`, where it is an order by itself."""
    for found in reversed([*_CORRECTED.finditer(text)]):
        rest = text[found.end() :]
        if orders.COUNTED_ANEW.match(text[found.start() :].lstrip(" .,!?")):
            continue
        if _is_order(rest) or _is_order(rest.rpartition(",")[2]):
            return rest
        number = _NUMBER.match(rest)
        if number:
            return f"{text[: found.start()]}, no, make it {number[1]}"
        if _is_thing(rest) and not _NO_WHAT.search(found.group()):
            return _anew(text[: found.start()], rest)
    return text


def _is_thing(rest: str) -> bool:
    is_bare = re.fullmatch(r"\w+(?: \w+)?[ .!]*", rest) is not None and not _NO_THING.search(rest)
    return _THING.match(rest.strip(" .!?")) is not None or is_bare


def _anew(before: str, thing: str) -> str:
    """`get me an ale`, a cider → `get me a cider`"""
    last = re.split(r"[.!?;]", before)[-1].strip()
    found = _DETERMINER.search(last)
    if found is None:
        return f"{last.rpartition(' ')[0]} {thing}".strip()
    kept = last[: found.start() if _DETERMINER.match(thing) else found.end()].strip()
    return f"{kept} {thing}".strip()


def _without_what_is_left_be(text: str) -> str:
    found = _LEFT_BE.match(text)
    rest = text[found.end() :].strip() if found else ""
    return rest if rest and _is_order(rest) else text


def _is_order(clause: str) -> bool:
    return forms.form_of(clause) == _ORDERED or imperatives.is_order(imperatives.told(clause))
