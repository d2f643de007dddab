"""Placeholders: single characters in the place of words that must be exact, for a model that was trained on them.

A name, a good, a price, a way: the model writes one character, and the real words are put in after it, also while a
reply is streamed. So they are right by construction, and a kept reply serves every player. The characters are of
Unicode's private area, which no text of players or of the game holds (`util/sanitize.py` takes them out), so any
engine can write them and any tokenizer has each as one token. Pure; knows nothing of what a value is
(`prompt/meaning/values.py` does).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Name → what a reply says where the value is missing after all: a small model may write what its prompt did not list.
# The order is the order of the characters, so it is part of the model's format.
FALLBACKS: dict[str, str] = {
    "speaker": "friend",
    "npc": "I",
    "title": "one of this village",
    "trade": "craft",
    "goodday": "Good day",
    "place": "this place",
    "time": "this hour",
    "weather": "this weather",
    "badweather": "this weather",
    "near1": "somebody",
    "near_list": "somebody",
    "held": "that",
    "a_held": "that",
    "item": "thing",
    "a_item": "that",
    "items": "of those",
    "count": "some",
    "price": "a few",
    "goods": "nothing today",
    "want": "some",
    "wanted": "of those",
    "offer": "that",
    "counter": "a few more",
    "reward": "some",
    "target": "that place",
    "way": "that way",
    "other": "that one",
    "other_title": "one of us",
    "deed": "were here before",
    "known": "I cannot say",
    "recalled": "we have met",
    "told": "that",
    "foe": "the enemy",
    "foe_call": "you",
    "ally": "friend",
    "side": "other side",
    "act": "nothing",
    "chore": "do that",
    "wrong": "that",
    "coins": "coins",
}
FIRST = 0xE000
CHARS = {name: chr(FIRST + index) for index, name in enumerate(FALLBACKS)}
NAMES = {char: name for name, char in CHARS.items()}
# Names are written as they are written, also at the beginning of a sentence; all else gets a capital there.
_AS_THEY_ARE = frozenset({"speaker", "npc", "near1", "near_list", "other", "ally", "place", "act"})
ENDING_CHARS = 8  # looked at before a placeholder, to see whether it begins a sentence: a mark, quotes and spaces
_ANY = re.compile(f"[{chr(FIRST)}-{chr(FIRST + len(FALLBACKS) - 1)}]")
_SENTENCE_END = re.compile(r"[.!?…]['\")]*\s+$")


def fill(text: str, values: Mapping[str, str], before: str = "") -> str:
    """`text` with words in the place of its placeholders. `before`: what was shown of the reply already."""
    out: list[str] = []
    start = 0
    for found in _ANY.finditer(text):
        out.append(text[start : found.start()])
        name = NAMES[found.group()]
        words = values.get(name) or FALLBACKS[name]
        if name not in _AS_THEY_ARE and _begins_sentence(before, out):
            words = words[:1].upper() + words[1:]
        out.append(words)
        start = found.end()
    out.append(text[start:])
    return "".join(out)


def _begins_sentence(before: str, parts: list[str]) -> bool:
    shown = before[-ENDING_CHARS:]
    for part in parts[-2 * ENDING_CHARS :]:  # every second one at least is a placeholder's words, which are not empty
        shown = (shown + part)[-ENDING_CHARS:]
    return not shown.strip() or bool(_SENTENCE_END.search(shown))


def mark(text: str, values: Mapping[str, str]) -> str:
    """The other way round: words of an earlier reply become placeholders again, the longest first."""
    for name, words in sorted(values.items(), key=lambda item: -len(item[1])):
        if len(words) > 2 and words in text:
            text = text.replace(words, CHARS[name])
    return text


def is_any_of(text: str, lines: Sequence[str]) -> bool:
    """Whether one of the lines is `text` with some words in the place of its placeholders, whoever those name."""
    if not lines:
        return False
    pattern = _ANY.sub(".*", "".join(char if _ANY.match(char) else re.escape(char) for char in text))
    return any(re.fullmatch(pattern, line, re.IGNORECASE | re.DOTALL) for line in lines)


def fill_params(params: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """An action's parameters with the game's own values (`raw`: by placeholder) in the place of placeholders."""
    return {
        key: raw.get(NAMES[value], value) if isinstance(value, str) and value in NAMES else value
        for key, value in params.items()
    }


def missing(text: str, values: Mapping[str, str]) -> bool:
    """Whether a placeholder of `text` has no value."""
    return any(NAMES[char] not in values for char in _ANY.findall(text))


def readable(text: str, values: Mapping[str, str] | None = None) -> str:
    """For people: `⟦speaker⟧` in the place of a character that no font has; with its value, `⟦speaker: Ana⟧`."""

    def name(found: re.Match[str]) -> str:
        slot = NAMES[found.group()]
        return f"⟦{slot}: {values[slot]}⟧" if values and slot in values else f"⟦{slot}⟧"

    return _ANY.sub(name, text)


def from_template(template: str) -> str:
    """A line of the corpus, `Hello, {speaker}.`, with the characters. `{Known}` and `{known}` are the same."""
    return re.sub(r"\{(\w+)\}", lambda found: CHARS[found.group(1).lower()], template)
