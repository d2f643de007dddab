"""What can be said of a reply without a person: facts, names, orders, memory, and flaws that no player may see.

Pure functions of a `Case` and an `Answer`. Whether a reply is any good is for people: sheet.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from llm_agentd.bench.mind import words
from llm_agentd.bench.mind.cases import RANGE, Case, whole_range
from llm_agentd.prompt import json_schema

MARKUP = re.compile(r"[{}<>`|\\*\[\]]|__|^#|&[a-z]+;|https?://")
SPEAKER = re.compile(r"^\s*(?:user|assistant|system|player|npc|you)\s*:|\b(?:user|assistant|system):", re.IGNORECASE)
LEADING_NAME = re.compile(r"([A-ZÀ-Þ][\w'-]+)(?: [A-ZÀ-Þ][\w'-]+)?:\s")
OPENERS = {
    *("aye", "listen", "careful", "hush", "remember", "truth", "answer", "simple", "beware", "look", "mind", "first"),
    *("one", "rule"),
}
FINISHED = re.compile(r"[.!?…][\"'”’)]*$")
NOT_KNOWN = re.compile(
    r"""\b(?:
      (?:don't|do\ not|doesn't|does\ not|didn't|can't|cannot|can\ not|couldn't|could\ not|not)\ (?:\w+\ ){0,2}
        (?:know|say|tell|recall|remember|sure|certain|count|heard|told)
    | (?:no|haven't\ a|not\ the\ faintest|have\ no)\ (?:idea|notion|clue|knowledge|memory)
    | never\ (?:\w+\ )?(?:heard|told|said|learned|learnt|asked|knew|known|counted|met|mentioned)
    | (?:have|has)(?:n't|\ not)\ (?:\w+\ )?(?:heard|told|said|counted|asked|mentioned|learned|met)
    | who\ knows|beats\ me|unknown|wish\ i\ knew|forgot|forgotten|nobody\ (?:knows|told)|no\ one\ (?:knows|told)
    | not\ for\ me\ to|anyone's\ guess|hard\ to\ (?:say|tell)|only\ the\ gods|slipped\ my\ mind|couldn't\ guess
    )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the daemon answered. `text`: of the reply; `shown`: its streamed pieces, as a player sees them come.

    `error`: code and message of a request that failed; `is_filtered`: moderation put `text` in its place.
    """

    case: Case
    text: str = ""
    shown: str = ""
    action: Mapping[str, Any] | None = None
    finish: str = "stop"
    total_ms: float = 0.0
    is_filtered: bool = False
    error: str = ""


def flaws(answer: Answer) -> list[str]:
    """What no player may see, by name: failed, empty, unfinished, markup, speaker, differs (from its stream)."""
    if answer.error:
        return ["failed"]
    found = []
    text = answer.text.strip()
    if not text and not answer.action:
        found.append("empty")
    if text and (answer.finish == "length" or not FINISHED.search(text)):
        found.append("unfinished")
    if any(_has_markup(shown, answer.case) for shown in (answer.text, answer.shown)):
        found.append("markup")
    if _has_speaker(text, answer.case):
        found.append("speaker")
    if answer.shown and not answer.is_filtered and answer.shown.strip() != text:
        found.append("differs")
    return found


def _has_markup(text: str, case: Case) -> bool:
    for name in (case.npc, case.player):  # xX__Hero__Xx is a name
        text = text.replace(name, "")
    return bool(MARKUP.search(text))


def _has_speaker(text: str, case: Case) -> bool:
    """A name of the situation, a chat role, or another word that is none of OPENERS: "Lena:" but not "Listen:"."""
    names = {name for full in (case.npc, case.player) for name in (full, full.split()[0])}
    if SPEAKER.search(text) or any(text.startswith(f"{name}:") for name in names):
        return True
    first = LEADING_NAME.match(text)
    return first is not None and first[1].casefold() not in OPENERS


def is_right(answer: Answer) -> bool:
    """Whether the reply holds all that is wanted and nothing that is wrong; for `is_unknown`, that it is not known."""
    case, text = answer.case, words.plain(answer.text)
    if answer.error:
        return False
    if case.is_unknown:
        return bool(NOT_KNOWN.search(text)) and not foreign_numbers(answer)
    text = NOT_KNOWN.sub("", text)  # "I do not know" is no "not" in the answer to "can you swim?"
    holds = words.holds_exactly if case.set == "names" else words.holds
    wanted = all(any(holds(text, alternative) for alternative in alternatives) for alternatives in case.want)
    return wanted and not any(words.holds(text, wrong) for wrong in case.wrong)


def is_exact(answer: Answer) -> bool:
    """No name of the situation misspelt, no number that does not stand there."""
    return not misspelt(answer) and not foreign_numbers(answer)


def misspelt(answer: Answer) -> list[str]:
    """Names that are spelt wrong; in `names`, where no answer needs another name, foreign ones too."""
    situation = _situation(answer.case)
    found = situation.misspelt(answer.text)
    if answer.case.set == "names":
        found += situation.foreign_names(answer.text)
    return list(dict.fromkeys(found))


def foreign_numbers(answer: Answer) -> list[int]:
    """Numbers over two that are neither in the situation nor a product or sum of two that are (a price for several)."""
    known = words.numbers(_situation_text(answer.case))
    known |= {number for one in known for other in known for number in (one * other, one + other, abs(one - other))}
    return sorted(number for number in words.numbers(answer.text) - known if number > 2)


def is_order_right(answer: Answer) -> bool:
    """Whether the action is one of those that are right, with right parameters."""
    action = answer.action
    return not answer.error and any(_fits(action, order) for order in answer.case.orders)


def _fits(action: Mapping[str, Any] | None, order: Mapping[str, Mapping[str, Any]]) -> bool:
    if action is None or not order:
        return action is None and not order
    params = action.get("params") or {}
    return any(
        action["name"] == name and all(_matches(value, params.get(param)) for param, value in wanted.items())
        for name, wanted in order.items()
    )


def _matches(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, str) and RANGE.fullmatch(wanted):
        low, high = whole_range(wanted)
        return isinstance(given, (int, float)) and low <= given <= high
    return bool(wanted == given)


def is_order_invalid(answer: Answer) -> bool:
    """An action that was not on offer, or parameters that its schema does not allow."""
    if answer.action is None:
        return False
    offered = {action["name"]: action["params"] for action in answer.case.think.get("actions", ())}
    name = answer.action["name"]
    if name not in offered:
        return True
    schema = json_schema.bounded(offered[name] or {"type": "object"}, name)
    return not json_schema.is_valid(schema, answer.action.get("params") or {})


# -- what stands in a situation ----------------------------------------------------------------------


@lru_cache(maxsize=64)  # some measures in a row ask of the same case
def _situation_of(text: str) -> words.Situation:
    return words.Situation(text)


def _situation(case: Case) -> words.Situation:
    return _situation_of(_situation_text(case))


def _situation_text(case: Case) -> str:
    think = case.think | {"npc": case.think["npc"] | {"id": ""}}
    return " \n ".join((case.say, case.told, *case.happened, *_leaves(think)))


def _leaves(value: Any) -> Iterable[str]:
    """All texts and numbers in a record, keys too."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)
