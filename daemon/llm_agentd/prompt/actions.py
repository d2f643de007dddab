"""The JSON form of a reply, {"say": words, "do": one action}: its schema before, its action after.

Pure. The daemon only proposes; the mod checks every action again against the world as it is then. The words of `say`
are read as they come, in serving/say.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llm_agentd.errors import BadRequest
from llm_agentd.prompt import json_schema as params
from llm_agentd.types import Action

NOTHING = "nothing"  # always allowed: a model that may not decline will promise what it cannot give
SAY_CHARS_PER_TOKEN = 4  # about what a token holds in a language with an alphabet
SAY_MAX_CHARS = 512  # bounded at all, so that a reply comes to its action; each character costs the grammar a rule
FORM_TOKENS = 16  # {"say":"","do":{"action":""}} and room for a token or two in spaces
TOKEN_CHARS = 2  # of names and numbers: rather too few than too many
NO_PARAMS: dict[str, Any] = {"type": "object", "properties": {}, "required": []}


def bounded(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions with schemas that end; those without parameters get one that allows none. Raises BadRequest."""
    return tuple(replace(action, params=_bounded(action)) for action in actions)


def schema(actions: Sequence[Action], say_max_chars: int = SAY_MAX_CHARS) -> dict[str, Any]:
    """JSON schema of the reply; `say` comes first so that it can be spoken before the action is known.

    `actions` as `bounded` gave them.
    """
    choices = [_choice(action.name, action.params) for action in actions] + [_choice(NOTHING, NO_PARAMS)]
    return {
        "type": "object",
        "properties": {"say": {"type": "string", "maxLength": say_max_chars}, "do": {"anyOf": choices}},
        "required": ["say", "do"],
        "additionalProperties": False,
    }


def say_max_chars(max_tokens: int) -> int:
    """How long the words may be where a spoken line has `max_tokens`."""
    return min(SAY_MAX_CHARS, SAY_CHARS_PER_TOKEN * max_tokens)


def extra_tokens(actions: Sequence[Action]) -> int:
    """Tokens that the form and the longest action need beside the words."""
    longest = max((len(action.name) + params.longest_chars(action.params) for action in actions), default=0)
    return FORM_TOKENS + longest // TOKEN_CHARS


def chosen(text: str, actions: Sequence[Action]) -> dict[str, Any] | None:
    """`{"name":…, "params":{…}}` of a whole reply, or None: for "nothing", for half an action (cut short), for one
    that was not offered and for one with parameters that it doesn't take.

    Where no grammar held the model, a fence around the form and a few other ways to write an action are understood.
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        reply = json.loads(text[start : end + 1], strict=False)
    except (ValueError, RecursionError):
        return None
    done = reply.get("do") if isinstance(reply, dict) else None
    if isinstance(done, str):
        done = {"action": done}
    if not isinstance(done, dict):
        return None
    key = "action" if "action" in done else "name"
    action = next((action for action in actions if action.name == done.get(key)), None)
    if action is None:
        return None
    given = {name: value for name, value in done.items() if name != key}
    if set(given) == {"params"} and isinstance(given["params"], dict) and "params" not in action.params["properties"]:
        given = given["params"]
    return {"name": action.name, "params": given} if params.fits(action.params, given) else None


def _bounded(action: Action) -> dict[str, Any]:
    path = f"actions: {action.name}"
    schema = params.bounded(action.params or NO_PARAMS, path)
    if schema.get("type") != "object":
        raise BadRequest(f"{path}: params: want a schema of type object")
    if "action" in schema["properties"]:
        raise BadRequest(f"{path}: a parameter cannot be called action: the reply has the action's name there")
    return schema


def _choice(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    held = params.for_grammar(schema)
    properties = {"action": {"const": name}, **held["properties"]}
    return {**held, "properties": properties, "required": list(properties)}
