"""The JSON form of a reply, {"say": words, "do": one action}: its schema before, taking it apart after.

Pure. The daemon only proposes; the mod checks every action again against the world as it is then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import orjson

from llm_agentd.serving.request import Action

NOTHING = "nothing"  # always allowed: a model that may not decline will promise what it cannot give
_SAY = re.compile(rb'"say"\s*:\s*("(?:[^"\\]|\\.)*")')


def schema(actions: Sequence[Action]) -> dict[str, Any]:
    """JSON schema of the reply; `say` comes first so that it can be spoken before the action is known."""
    choices = [_choice(action.name, action.params) for action in actions] + [_choice(NOTHING, {})]
    return {
        "type": "object",
        "properties": {"say": {"type": "string"}, "do": {"anyOf": choices}},
        "required": ["say", "do"],
        "additionalProperties": False,
    }


def take_apart(text: str, allowed: Collection[str]) -> tuple[str, dict[str, Any] | None]:
    """`(words, {"name":…, "params":{…}} or None)` of a reply in the JSON form.

    A reply that is no such JSON (cut short, or an engine without grammars) still yields its words where they can be
    found, and no action: half an action is none.
    """
    data = text.encode("utf-8", "replace")
    try:
        reply = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = _SAY.search(data)
        return (str(orjson.loads(found.group(1))) if found else text.strip(" {}\n"), None)
    if not isinstance(reply, dict) or not isinstance(reply.get("say"), str):
        return text, None
    chosen = reply.get("do")
    if not isinstance(chosen, dict) or chosen.get("action") not in allowed:
        return reply["say"], None
    params = {key: value for key, value in chosen.items() if key != "action"}
    return reply["say"], {"name": chosen["action"], "params": params}


def _choice(name: str, params: dict[str, Any]) -> dict[str, Any]:
    properties = dict(params.get("properties") or {})
    return {
        "type": "object",
        "properties": {"action": {"const": name}, **properties},
        "required": ["action", *properties],
        "additionalProperties": False,
    }
