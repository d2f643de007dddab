"""Judges a reply by rules: does it fit the topic, are names, items and numbers right, is it finished.

Fit: among all patterns, those of the right scene must resemble the reply best (weighted shared words),
and what the scene cannot do without (a way, a deed, a title) must be there. Nothing here looks at the gold reply.
Pure; knows nothing of the model.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hearthling.corpus import names, patterns
from hearthling.corpus.expect import Expect
from hearthling.data import load

DATA = load()
MIN_LIKENESS = 0.45  # two patterns of one scene blended by the model still reach this
RIVAL_MARGIN = 0.9  # another scene may come this close at most
MAX_WORDS = 45
_ENDS = (".", "!", "?")
_NUMBER = re.compile(r"(?<![\w])\d+(?![\w])")
_TIMES = re.compile(r"\bgood (morning|afternoon|evening)\b", re.IGNORECASE)
_GREETED = {time: greeting.split()[-1].lower() for time, greeting in DATA.facts.times.items()}
# Groups of scenes whose lines resemble one another: no rivals; what each needs still holds.
_ALIKE = tuple(frozenset((name, *scene.alike)) for name, scene in DATA.scenes.items() if scene.alike)
_COUNT = defaultdict(int, {word: len(found) for word, found in patterns.BY_WORD.items()})
_TOTAL = sum(map(len, patterns.PATTERNS.values()))


@dataclass(frozen=True)
class Verdict:
    """`None` where the measure does not apply."""

    fits: bool
    names_ok: bool | None
    items_ok: bool | None
    numbers_ok: bool | None
    finished: bool


@cache
def _weight(word: str) -> float:
    return math.log(_TOTAL / (1 + _COUNT[word]))


@cache
def _pattern_weight(pattern: patterns.Pattern) -> float:
    return sum(map(_weight, pattern.words))


def check(expect: Expect, reply: str) -> Verdict:
    """The verdict on `reply`; `None` for a measure the sample has no use for."""
    text, action, well_formed = (reply, None, True) if not expect.json else _parse_reply(reply, expect)
    lower = text.lower()
    unknown = _unknown_words(text, expect)
    return Verdict(
        fits=_fits(text, expect) and (not expect.json or right_action(action, expect)),
        names_ok=_names_ok(text, action, expect, unknown),
        items_ok=_items_ok(lower, action, expect, unknown),
        numbers_ok=_numbers_ok(text, action, expect),
        finished=well_formed and text.rstrip().endswith(_ENDS) and len(text.split()) <= MAX_WORDS,
    )


# ---- shape and action ----------------------------------------------------------------------------------------


def _parse_reply(reply: str, expect: Expect) -> tuple[str, dict[str, Any] | None, bool]:
    """(say, do, is well-formed): exactly say and do, an action on offer with exactly its parameters."""
    try:
        data = json.loads(reply)
    except ValueError:
        return reply, None, False
    if not isinstance(data, dict) or list(data) != ["say", "do"] or not isinstance(data["say"], str):
        return reply, None, False
    action = data["do"]
    if not isinstance(action, dict) or not isinstance(action.get("action"), str):
        return data["say"], None, False
    params = expect.offered.get(action["action"], () if action["action"] == "nothing" else None)
    return data["say"], action, params is not None and set(action) == {"action", *params}


def right_action(action: Mapping[str, Any] | None, expect: Expect) -> bool:
    """The action that is due; of a gesture, the right one."""
    if action is None or expect.decision is None or action.get("action") != expect.decision["action"]:
        return False
    return all(action.get(key) == expect.decision[key] for key in ("kind",) if key in expect.decision) and (
        "side" not in expect.decision or action.get("side") in expect.sides
    )


def right_params(action: Mapping[str, Any] | None, expect: Expect) -> bool | None:
    """All parameters as due, a haggled price within its bounds; None where there are none."""
    agreements = [agreement for kind in (str, int) if (agreement := _params_agree(action, expect, kind)) is not None]
    return all(agreements) if agreements else None


def _params_agree(action: Mapping[str, Any] | None, expect: Expect, kind: type) -> bool | None:
    """Whether the parameters of this type are as due; None where there are none."""
    if expect.decision is None:
        return None
    params = {key: value for key, value in expect.decision.items() if key not in ("action", "side")}
    due = {key: value for key, value in params.items() if type(value) is kind}
    if not due:
        return None
    if action is None or action.get("action") != expect.decision["action"]:
        return False
    for key, value in due.items():
        if key == "price" and expect.number_range is not None:
            low, high = expect.number_range
            if not isinstance(action.get(key), int) or not low <= action[key] <= high:
                return False
        elif action.get(key) != value:
            return False
    return True


# ---- topic ---------------------------------------------------------------------------------------------------


def _literal_words(text: str, expect: Expect) -> frozenset[str]:
    words = {word.lower() for word in patterns.WORD.findall(text)}
    values = {word.lower() for value in expect.values for word in patterns.WORD.findall(value)}
    return frozenset(word for word in words if word not in values and not word.isdigit())


def _likeness(text: str, expect: Expect) -> dict[str, float]:
    """For each scene the likeness of its best pattern, 0 to 1.

    Of the right scene only those patterns count that this NPC may use now.
    """
    values = {word.lower() for value in expect.values for word in patterns.WORD.findall(value)}
    words = _literal_words(text, expect)
    size = sum(map(_weight, words))
    shared: dict[patterns.Pattern, float] = defaultdict(float)
    for word in words:
        for pattern in patterns.BY_WORD.get(word, ()):
            shared[pattern] += _weight(word)
    best: dict[str, float] = defaultdict(float)
    for pattern, common in shared.items():
        if pattern.scene == expect.scene and not pattern.suits(expect.role, expect.mood, expect.facts):
            continue
        literal = _pattern_weight(pattern) - sum(_weight(word) for word in pattern.words & values)
        best[pattern.scene] = max(best[pattern.scene], 2 * common / (literal + size))
    if not words:
        for pattern in patterns.PATTERNS[expect.scene]:
            if not pattern.words - values and pattern.suits(expect.role, expect.mood, expect.facts):
                best[expect.scene] = 1.0
    return best


def _fits(text: str, expect: Expect) -> bool:
    best = _likeness(text, expect)
    score = best[expect.scene]
    alike = {expect.scene}.union(*(group for group in _ALIKE if expect.scene in group))
    rival = max((other for scene, other in best.items() if scene not in alike), default=0.0)
    lower = text.lower()
    return (
        score >= MIN_LIKENESS
        and score >= RIVAL_MARGIN * rival
        and all(phrase.lower() in lower for phrase in expect.phrases)
        and not _contradicts(text, expect)
    )


def _contradicts(text: str, expect: Expect) -> bool:
    """A good morning in the evening."""
    time = _GREETED.get(expect.facts.get("time", ""))
    return any(match.group(1).lower() != time for match in _TIMES.finditer(text))


# ---- names, items, numbers -----------------------------------------------------------------------------------


def _unknown_words(text: str, expect: Expect) -> list[str]:
    """Words neither of the patterns nor of the prompt: miscopied or made up."""
    known = {word for source in (expect.prompt, *expect.values) for word in patterns.WORD.findall(source)}
    small = {word.lower() for word in known}
    unknown = []
    for word in patterns.WORD.findall(text):
        plain = word.removesuffix("'s")
        if plain in known or word.isdigit() or plain.lower() in patterns.VOCABULARY:
            continue
        if plain.lower() in small and (not _is_name(plain) or plain[:1].lower() + plain[1:] in known):
            continue
        unknown.append(plain)
    return unknown


def _is_name(word: str) -> bool:
    return word[:1].isupper() or "_" in word or any(ch.isdigit() for ch in word)


def _has(text: str, part: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _names_ok(text: str, action: dict[str, Any] | None, expect: Expect, unknown: list[str]) -> bool | None:
    for name in expect.names:
        if not (_has(text, name) or _has(text, name[:1].upper() + name[1:])):
            return False
    if any(_is_name(word) for word in unknown):
        return False
    if any(_has(text, name) and name.lower() not in patterns.VOCABULARY for name in expect.foreign_names):
        return False
    target = expect.decision.get("target") if expect.decision else None
    if target is not None and (action is None or action.get("target") != target):
        return False
    speaker_named = any(_has(text, value) for value in expect.values if _is_name(value))
    return True if expect.names or target is not None or speaker_named else None


def _items_ok(lower: str, action: dict[str, Any] | None, expect: Expect, unknown: list[str]) -> bool | None:
    for item in expect.items:
        if not (_has(lower, item.lower()) or _has(lower, names.plural(item).lower())):
            return False
    if any(not _is_name(word) for word in unknown):
        return False
    due = expect.decision.get("item") if expect.decision else None
    if due is not None and (action is None or action.get("item") != due):
        return False
    return True if expect.items or due is not None else None


def _numbers_ok(text: str, action: dict[str, Any] | None, expect: Expect) -> bool | None:
    found = [int(number) for number in _NUMBER.findall(text)]
    known = {int(number) for number in re.findall(r"\d+", expect.prompt)}
    if any(number not in found for number in expect.numbers):
        return False
    low, high = expect.number_range or (1, 0)
    if expect.number_range and not any(low <= number <= high for number in found):
        return False
    if any(number not in known and not low <= number <= high for number in found):
        return False
    params = _params_agree(action, expect, int)
    if params is False:
        return False
    return True if found or params else None
