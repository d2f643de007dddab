"""The JSON form of a reply, {"say": words, "do": one action}: builds its schema and parses its action.

Pure. The words of `say` are read while they are generated (scheduler/reply_json.py); this module reads the finished
text. The daemon only proposes an action: the mod checks it again against the world before it runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llm_agentd.errors import BadRequest
from llm_agentd.prompt import json_schema
from llm_agentd.types import Action

NOTHING = "nothing"  # always offered: a model that cannot decline promises what the NPC does not have
SAY_CHARS_PER_TOKEN = 4  # an average token in a language with an alphabet
SAY_MAX_CHARS = 512  # a bound, so that the reply reaches its action; each character costs the grammar a rule
FORM_TOKENS = 16  # {"say":"","do":{"action":""}} and a token or two of spaces
TOKEN_CHARS = 2  # of names and numbers; a low estimate gives the action more tokens than it needs
NO_PARAMS: dict[str, Any] = {"type": "object", "properties": {}, "required": []}


def bounded(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions with bounded schemas, which `reply_schema` and `parse_action` need. Raises BadRequest.

    An action without parameters gets a schema that allows none.
    """
    return tuple(replace(action, params=_bounded(action)) for action in actions)


def reply_schema(actions: Sequence[Action], say_max_chars: int = SAY_MAX_CHARS) -> dict[str, Any]:
    """JSON schema of the reply. `actions`: from `bounded`.

    `say` comes first, so that it can be shown while the model still writes the action.
    """
    choices = [_choice(action.name, action.params) for action in actions] + [_choice(NOTHING, NO_PARAMS)]
    return {
        "type": "object",
        "properties": {"say": {"type": "string", "maxLength": say_max_chars}, "do": {"anyOf": choices}},
        "required": ["say", "do"],
        "additionalProperties": False,
    }


def say_max_chars(max_tokens: int) -> int:
    """Bound of `say`, characters, for a reply whose words may take `max_tokens`."""
    return min(SAY_MAX_CHARS, SAY_CHARS_PER_TOKEN * max_tokens)


def extra_tokens(actions: Sequence[Action]) -> int:
    """Tokens that the form and the longest action need in addition to the words."""
    longest = max((len(action.name) + json_schema.max_json_chars(action.params) for action in actions), default=0)
    return FORM_TOKENS + longest // TOKEN_CHARS


def parse_action(text: str, actions: Sequence[Action]) -> dict[str, Any] | None:
    """`{"name":…, "params":{…}}` of a finished reply; None for "nothing" and for anything that is no valid action.

    Not valid: text that was cut off, an action that is not in `actions` (from `bounded`), parameters that its schema
    does not allow. An engine without grammars writes free text, so a code fence around the form, `"do": "NAME"`,
    `"name"` for `"action"` and parameters under `"params"` are accepted too.
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        reply = json.loads(text[start : end + 1], strict=False)  # not strict: models write line breaks into strings
    except (ValueError, RecursionError):
        return None
    fields = reply.get("do") if isinstance(reply, dict) else None
    if isinstance(fields, str):
        fields = {"action": fields}
    if not isinstance(fields, dict):
        return None
    name_key = "action" if "action" in fields else "name"
    action = next((action for action in actions if action.name == fields.get(name_key)), None)
    if action is None:
        return None
    params = {name: value for name, value in fields.items() if name != name_key}
    nested = params.get("params")
    if set(params) == {"params"} and isinstance(nested, dict) and "params" not in action.params["properties"]:
        params = nested
    return {"name": action.name, "params": params} if json_schema.is_valid(action.params, params) else None


def _bounded(action: Action) -> dict[str, Any]:
    path = f"actions: {action.name}"
    schema = json_schema.bounded(action.params or NO_PARAMS, path)
    if schema.get("type") != "object":
        raise BadRequest(f"{path}: params: want a schema of type object")
    if "action" in schema["properties"]:
        raise BadRequest(f"{path}: a parameter cannot be called action: the reply has the action's name there")
    return schema


def _choice(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    strict = json_schema.for_grammar(schema)
    properties = {"action": {"const": name}, **strict["properties"]}
    return {**strict, "properties": properties, "required": list(properties)}
