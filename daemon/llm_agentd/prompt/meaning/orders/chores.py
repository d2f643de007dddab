"""Actions that other mods made, told by their names: `ring the bell, will you` orders ring_bell.

Router thread. Knows of an action its name and the values that its parameters allow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llm_agentd.memory.keywords import words_of
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.orders import imperatives
from llm_agentd.prompt.meaning.world import is_spoken
from llm_agentd.topics import mentions
from llm_agentd.types import Action

# The verb in an action's name → what else players say for it.
_LIKE = {
    "light": r"kindle|ignite|(?:turn|switch|put) .{0,30}\bon|(?:turn|switch|put) on",
    "extinguish": r"put out|put .{0,30}\bout|(?:turn|switch) .{0,30}\boff",
    "hoist": r"raise|lift|(?:get|pull|put|bring) .{0,30}\bup",
    "raise": r"hoist|lift|(?:get|pull|put|bring) .{0,30}\bup",
    "lower": r"drop|let .{0,30}\bdown|(?:get|bring|pull|put) .{0,30}\bdown",
    "ring": r"sound|toll|chime|strike",
    "sound": r"ring|blow",
    "blow": r"sound|toot",
    "close": r"shut|lock|bolt",
    "lock": r"close|shut|bolt",
    "unlock": r"open",
    "mend": r"fix|repair|patch",
    "repair": r"fix|mend|patch",
    "fix": r"mend|repair|patch",
    "clean": r"wash|sweep|scrub|wipe|tidy",
    "sweep": r"clean|brush",
    "wash": r"clean|rinse|scrub",
    "play": r"perform|strike up",
    "sing": r"perform",
    "tell": r"recite|share",
    "cook": r"make|prepare|fry|boil",
    "bake": r"make|cook",
    "brew": r"make|mix|prepare",
    "pour": r"serve|fill",
    "serve": r"bring|pour",
    "water": r"give .{0,30}\bwater",
    "feed": r"give .{0,30}\b(?:food|something to eat)",
    "heal": r"cure|patch up|treat",
    "build": r"make|construct",
    "start": r"begin|turn on|(?:turn|switch) .{0,30}\bon",
    "stop": r"halt|end|turn off|(?:turn|switch) .{0,30}\boff",
    "fetch": r"get|bring",
}  # fmt: skip

_WANTED = (
    r"(?<!not )\b(?:mind|give (?:me|us)|let (?:me|us) (?:hear|have|see)|want to (?:hear|see)|do (?:me|us)|time for)"
    r" (?:an?|some|one|another|the)"
)  # before what an action makes


def ordered(draft: Draft) -> bool:
    """Whether an action that no topic names is ordered; notes which."""
    for action in draft.think.actions:
        if action.name not in draft.topics.actions and _is_ordered(action.name.split("_"), draft.told):
            verb, *rest = action.name.split("_")
            draft.words["act"] = draft.params["act"] = action.name
            draft.words["chore"] = " ".join([verb, *(["the"] if rest else []), *rest])
            return True
    return False


def _is_ordered(parts: list[str], plain: str) -> bool:
    """Whether all parts of the name are said, and one of them as an order."""
    spoken = set(words_of(plain))
    if _is_wanted(parts[1:], plain):
        return True
    verb, *rest = parts
    if not all(is_spoken(part, spoken) for part in rest):
        return False
    return _is_told(verb, plain) or (is_spoken(verb, spoken) and any(_is_told(part, plain) for part in rest))


def _is_wanted(nouns: list[str], plain: str) -> bool:
    """What the action makes, asked for alone: `how about a song`, `give us a sad song`."""
    thing = " ".join(map(re.escape, nouns))
    alone = rf"(?:^|[,.!] ?)(?:the )?{thing}(?: time| now)? ?(?:please|!)"
    return bool(thing) and re.search(rf"{_WANTED} (?:\w+ ){{0,2}}{thing}\b|{alone}", plain) is not None


def _is_told(verb: str, plain: str) -> bool:
    """As an order, or as `they need shearing`."""
    verbs = "|".join(filter(None, (re.escape(verb), _LIKE.get(verb))))
    is_needed = re.search(rf"\bneeds? (?:a )?{re.escape(verb)}\w*ing\b", plain) is not None
    return is_needed or imperatives.tells(re.compile(rf"\b(?:{verbs})\b"), plain)


def named(action: Action, text: str) -> Action:
    """With those parameters only to which the text gives a value: `the large net`."""
    properties = action.params.get("properties") or {}
    said = {name: found for name, schema in properties.items() if (found := _said(schema, text))}
    return replace(action, params={**action.params, "properties": {**properties, **said}}) if said else action


def _said(schema: Any, text: str) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    values = [value for value in schema.get("enum") or () if isinstance(value, str)]
    found = mentions.find(text, values) if values else None
    if found:
        return {**schema, "enum": [found.name]}
    number = mentions.number(text) if schema.get("type") == "integer" and "enum" not in schema else None
    is_allowed = number is not None and schema.get("minimum", number) <= number <= schema.get("maximum", number)
    return {**schema, "minimum": number, "maximum": number} if is_allowed else {}
