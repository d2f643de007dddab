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
    said, do, shaped = (reply, None, True) if not expect.json else _take_apart(reply, expect)
    lower = said.lower()
    strange = _strange_words(said, expect)
    return Verdict(
        fits=_fits(said, expect) and (not expect.json or right_action(do, expect)),
        names_ok=_names_ok(said, do, expect, strange),
        items_ok=_items_ok(lower, do, expect, strange),
        numbers_ok=_numbers_ok(said, do, expect),
        finished=shaped and said.rstrip().endswith(_ENDS) and len(said.split()) <= MAX_WORDS,
    )


# ---- shape and action ----------------------------------------------------------------------------------------


def _take_apart(reply: str, expect: Expect) -> tuple[str, dict[str, Any] | None, bool]:
    """(say, do, has the right shape): exactly say and do, a listed action with exactly its parameters."""
    try:
        data = json.loads(reply)
    except ValueError:
        return reply, None, False
    if not isinstance(data, dict) or list(data) != ["say", "do"] or not isinstance(data["say"], str):
        return reply, None, False
    do = data["do"]
    if not isinstance(do, dict) or not isinstance(do.get("action"), str):
        return data["say"], None, False
    params = expect.offered.get(do["action"], () if do["action"] == "nothing" else None)
    return data["say"], do, params is not None and set(do) == {"action", *params}


def right_action(do: Mapping[str, Any] | None, expect: Expect) -> bool:
    """The action that is due; of a gesture, the right one."""
    if do is None or expect.decision is None or do.get("action") != expect.decision["action"]:
        return False
    return all(do.get(key) == expect.decision[key] for key in ("kind",) if key in expect.decision) and (
        "side" not in expect.decision or do.get("side") in expect.sides
    )


def right_params(do: Mapping[str, Any] | None, expect: Expect) -> bool | None:
    """All parameters as due, a haggled price within its bounds; None where there are none."""
    marks = [mark for kind in (str, int) if (mark := _params_agree(do, expect, kind)) is not None]
    return all(marks) if marks else None


def _params_agree(do: Mapping[str, Any] | None, expect: Expect, kind: type) -> bool | None:
    """Whether the parameters of this type are as due; None where there are none."""
    if expect.decision is None:
        return None
    params = {key: value for key, value in expect.decision.items() if key not in ("action", "side")}
    due = {key: value for key, value in params.items() if type(value) is kind}
    if not due:
        return None
    if do is None or do.get("action") != expect.decision["action"]:
        return False
    for key, value in due.items():
        if key == "price" and expect.number_range is not None:
            low, high = expect.number_range
            if not isinstance(do.get(key), int) or not low <= do[key] <= high:
                return False
        elif do.get(key) != value:
            return False
    return True


# ---- topic ---------------------------------------------------------------------------------------------------


def _literal_words(said: str, expect: Expect) -> frozenset[str]:
    words = {word.lower() for word in patterns.WORD.findall(said)}
    values = {word.lower() for value in expect.values for word in patterns.WORD.findall(value)}
    return frozenset(word for word in words if word not in values and not word.isdigit())


def _likeness(said: str, expect: Expect) -> dict[str, float]:
    """For each scene the likeness of its best pattern, 0 to 1; only patterns this NPC may use now count for its own."""
    values = {word.lower() for value in expect.values for word in patterns.WORD.findall(value)}
    words = _literal_words(said, expect)
    size = sum(map(_weight, words))
    shared: dict[patterns.Pattern, float] = defaultdict(float)
    for word in words:
        for pattern in patterns.BY_WORD.get(word, ()):
            shared[pattern] += _weight(word)
    best: dict[str, float] = defaultdict(float)
    for pattern, common in shared.items():
        if pattern.scene == expect.scene and not pattern.suits(expect.role, expect.mood, expect.facts):
            continue
        own = _pattern_weight(pattern) - sum(_weight(word) for word in pattern.words & values)
        best[pattern.scene] = max(best[pattern.scene], 2 * common / (own + size))
    if not words:
        for pattern in patterns.PATTERNS[expect.scene]:
            if not pattern.words - values and pattern.suits(expect.role, expect.mood, expect.facts):
                best[expect.scene] = 1.0
    return best


def _fits(said: str, expect: Expect) -> bool:
    best = _likeness(said, expect)
    own = best[expect.scene]
    alike = {expect.scene}.union(*(group for group in _ALIKE if expect.scene in group))
    rival = max((score for scene, score in best.items() if scene not in alike), default=0.0)
    lower = said.lower()
    return (
        own >= MIN_LIKENESS
        and own >= RIVAL_MARGIN * rival
        and all(phrase.lower() in lower for phrase in expect.phrases)
        and not _contradicts(said, expect)
    )


def _contradicts(said: str, expect: Expect) -> bool:
    """A good morning in the evening."""
    time = _GREETED.get(expect.facts.get("time", ""))
    return any(match.group(1).lower() != time for match in _TIMES.finditer(said))


# ---- names, items, numbers -----------------------------------------------------------------------------------


def _strange_words(said: str, expect: Expect) -> list[str]:
    """Words neither of the patterns nor of the prompt: miscopied or made up."""
    known = {word for text in (expect.prompt, *expect.values) for word in patterns.WORD.findall(text)}
    small = {word.lower() for word in known}
    strange = []
    for word in patterns.WORD.findall(said):
        plain = word.removesuffix("'s")
        if plain in known or word.isdigit() or plain.lower() in patterns.VOCABULARY:
            continue
        if plain.lower() in small and (not _is_name(plain) or plain[:1].lower() + plain[1:] in known):
            continue
        strange.append(plain)
    return strange


def _is_name(word: str) -> bool:
    return word[:1].isupper() or "_" in word or any(ch.isdigit() for ch in word)


def _has(text: str, part: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _names_ok(said: str, do: dict[str, Any] | None, expect: Expect, strange: list[str]) -> bool | None:
    for name in expect.names:
        if not (_has(said, name) or _has(said, name[:1].upper() + name[1:])):
            return False
    if any(_is_name(word) for word in strange):
        return False
    if any(_has(said, name) and name.lower() not in patterns.VOCABULARY for name in expect.foreign_names):
        return False
    target = expect.decision.get("target") if expect.decision else None
    if target is not None and (do is None or do.get("target") != target):
        return False
    speaker_named = any(_has(said, value) for value in expect.values if _is_name(value))
    return True if expect.names or target is not None or speaker_named else None


def _items_ok(lower: str, do: dict[str, Any] | None, expect: Expect, strange: list[str]) -> bool | None:
    for item in expect.items:
        if not (_has(lower, item.lower()) or _has(lower, names.plural(item).lower())):
            return False
    if any(not _is_name(word) for word in strange):
        return False
    due = expect.decision.get("item") if expect.decision else None
    if due is not None and (do is None or do.get("item") != due):
        return False
    return True if expect.items or due is not None else None


def _numbers_ok(said: str, do: dict[str, Any] | None, expect: Expect) -> bool | None:
    found = [int(number) for number in _NUMBER.findall(said)]
    known = {int(number) for number in re.findall(r"\d+", expect.prompt)}
    if any(number not in found for number in expect.numbers):
        return False
    low, high = expect.number_range or (1, 0)
    if expect.number_range and not any(low <= number <= high for number in found):
        return False
    if any(number not in known and not low <= number <= high for number in found):
        return False
    params = _params_agree(do, expect, int)
    if params is False:
        return False
    return True if found or params else None
