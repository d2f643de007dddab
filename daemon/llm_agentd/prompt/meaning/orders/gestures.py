"""Gestures for a model that is told topics: which one plain words order, and which the others come nearest to.

The topics of the embedded model name eight of them; the others are done as what another mod taught an NPC is: the
words say which, and the model says that it does it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from llm_agentd.prompt.gestures import EMOTE
from llm_agentd.prompt.meaning.orders import imperatives
from llm_agentd.topics import Topic
from llm_agentd.types import Action

# Kind → the words that order it, and what the NPC says that it does: "I shake my head at once".
_ORDERED = (
    (
        "shake",
        re.compile(r"\bshake (?:your|the|ur) head\b|\b(?:say )?no with (?:your|ur) head\b", re.I),
        "shake my head",
    ),
    ("beckon", re.compile(r"\bbeckon\b|\b(?:wave|call) (?:me|us) over\b", re.I), "beckon"),
    (
        "think",
        re.compile(
            r"^\W*(?:\w+\s*,\s*)?(?:(?:please|just|now|ok|okay|hey|so|well|then)\W+)*"
            r"think (?:about (?:it|that)|it over|hard)\W*(?:please|pls)?\W*$"
            r"|\bscratch (?:your|ur) head\b",
            re.I,
        ),
        "think about it",
    ),
    ("count", re.compile(r"\bcount (?:up )?to (?:\w+)\W*(?:for me|please|pls)?\W*$", re.I), "count"),
)


def _made(words: str) -> re.Pattern[str]:
    """The verb, and the noun of what is made: `give us a wave`, `do a little dance`. Who asks for a bow wants one."""
    done = r"do|take|make|throw|have|show|(?:say|greet) .{1,40}\bwith" + ("" if words.startswith("bow") else "|give")
    return re.compile(rf"\b(?:(?:{done}) (?:\w+ ){{0,2}}?an? (?:\w+ )?)?(?:{words})\b")


_NAMED = {
    "wave": "wave",
    "bow": "bow|curtsy",
    "laugh": "laugh|giggle|chuckle",
    "cry": "cry(?! for| out)|weep|sob",
    "shrug": "shrug",
    "nod": "nod",
    "point": "point",
    "dance": "dance|boogie|twirl|bust a move|show (?:me|us) (?:your|some) (?:\\w+ )?moves",
}
_VERBS = {kind: _made(words) for kind, words in _NAMED.items()}


def ordered(text: str, kinds: Iterable[str]) -> tuple[str, str]:
    """(kind, chore) of an order for one of `kinds` that no topic names; ("", "") where it is none.

    `text`: what `imperatives.told` makes of a line.
    """
    offered = set(kinds)
    for kind, words, chore in _ORDERED:
        found = words.search(text) if kind in offered else None
        if found and imperatives.is_told(text[: found.start()]):
            return kind, chore
    return "", ""


def by_words(plain: str, kinds: Iterable[str]) -> str:
    """The topic of an order for one of `kinds` that has one, which is named as its kind; "" where it is none."""
    return next((kind for kind in kinds if kind in _VERBS and imperatives.commands(_VERBS[kind], plain)), "")


def only(action: Action, kind: str) -> Action:
    """The action `emote` with nothing to choose any more."""
    params = {"type": "object", "properties": {"kind": {"enum": [kind]}}, "required": ["kind"]}
    return replace(action, params=params)


def is_gesture(topic: Topic) -> bool:
    return EMOTE in topic.action_names
