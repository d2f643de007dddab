"""The JSON form of a reply, {"say": words, "do": one action}: builds its schema and parses its action.

Pure. The words of `say` are read while they are generated (scheduler/reply_json.py); this module reads the finished
text. The daemon only proposes an action: the mod checks it again against the world before it runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from llm_agentd.errors import BadRequest
from llm_agentd.prompt import json_schema
from llm_agentd.prompt.placeholders import CHARS, fill_params
from llm_agentd.types import Action, Slots

NOTHING = "nothing"  # always offered: a model that cannot decline promises what the NPC does not have
SAY_CHARS_PER_TOKEN = 4  # an average token in a language with an alphabet
SAY_MAX_CHARS = 512  # a bound, so that the reply reaches its action; each character costs the grammar a rule
FORM_TOKENS = 16  # {"say":"","do":{"action":""}} and a token or two of spaces
TOKEN_CHARS = 2  # of names and numbers; a low estimate gives the action more tokens than it needs
SCHEMAS_KEPT = 1024  # of single actions: those of a village, each with the goods and names of the moment
SCHEMA_KEPT_MAX_BYTES = 4096  # what is kept of clients' making is a few MB at most
VALUE_MARK = "="  # before a parameter of a deed that is a value and no placeholder
NO_PARAMS: dict[str, Any] = {"type": "object", "properties": {}, "required": []}

_T = TypeVar("_T")


def _kept(compute: Callable[[str, dict[str, Any]], _T]) -> Callable[[str, dict[str, Any]], _T]:
    """`compute(name of an action, schema)`, kept by name and JSON: NPCs offer the same few actions at each question.

    What it gives is shared by all who ask, so nobody may change it.
    """
    by_json = lru_cache(maxsize=SCHEMAS_KEPT)(lambda name, schema: compute(name, orjson.loads(schema)))

    def find(name: str, schema: dict[str, Any]) -> _T:
        try:
            key = orjson.dumps(schema)
        except TypeError:  # not JSON; it did not come over the wire
            return compute(name, schema)
        return by_json(name, key) if len(key) <= SCHEMA_KEPT_MAX_BYTES else compute(name, schema)

    return find


def bounded(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions with bounded schemas, which `reply_schema` and `parse_action` need. Raises BadRequest.

    An action without parameters gets a schema that allows none.
    """
    return tuple(replace(action, params=_bounded(action.name, action.params or NO_PARAMS)) for action in actions)


def reply_schema(actions: Sequence[Action], say_max_chars: int = SAY_MAX_CHARS) -> dict[str, Any]:
    """JSON schema of the reply. `actions`: from `bounded`.

    `say` comes first, so that it can be shown while the model still writes the action.
    """
    choices = [_choice(action.name, action.params) for action in actions] + [_choice(NOTHING, NO_PARAMS)]
    return _object({"say": {"type": "string", "maxLength": say_max_chars}, "do": {"anyOf": choices}})


def say_max_chars(max_tokens: int) -> int:
    """Bound of `say`, characters, for a reply whose words may take `max_tokens`."""
    return min(SAY_MAX_CHARS, SAY_CHARS_PER_TOKEN * max_tokens)


def extra_tokens(actions: Sequence[Action]) -> int:
    """Tokens that the form and the longest action need in addition to the words."""
    longest = max((_max_json_chars(action.name, action.params) for action in actions), default=0)
    return FORM_TOKENS + longest // TOKEN_CHARS


def slot_schema(
    actions: Sequence[Action],
    deeds: Sequence[Mapping[str, str]],
    slots: Slots,
    lines: Sequence[str] = (),
    say_max_chars: int = SAY_MAX_CHARS,
) -> dict[str, Any]:
    """As `reply_schema`, for a model that writes placeholders: a parameter is one of those that have an allowed value.

    `deeds`: parameters by action, each a placeholder or `=` and a value. So one schema, and with it one kept reply,
    serves every player who asks for the same.
    """
    choices = []
    for action in actions:
        known = [deed for deed in deeds if deed["action"] == action.name]
        if not known:  # of another mod; its name is a placeholder, its parameters are as they are
            choices.append(_choice(CHARS["act"], action.params))
            continue
        properties: dict[str, Any] = {"action": {"const": action.name}}
        for name in known[0]:
            if name != "action":
                sources = dict.fromkeys(deed[name] for deed in known if name in deed)
                allowed = [literal(source) for source in sources if is_allowed(action, name, source, slots)]
                properties[name] = {"enum": allowed}
        choices.append(_object(properties))
    if not lines:  # a line that is given belongs to what is done, so that is done
        choices.append(_choice(NOTHING, NO_PARAMS))
    say: dict[str, Any] = {"enum": list(lines)} if lines else {"type": "string", "maxLength": say_max_chars}
    return _object({"say": say, "do": {"anyOf": choices}})


def lines_grammar(lines: Sequence[str]) -> str:
    """GBNF of exactly these lines."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return "root ::= " + " | ".join(f'"{line}"' for line in escaped)


def literal(source: str) -> Any:
    """`=1` → 1, `=wave` → wave, `item` → its placeholder."""
    if not source.startswith(VALUE_MARK):
        return CHARS[source]
    value = source.removeprefix(VALUE_MARK)
    return int(value) if value.isdigit() else value


def is_allowed(action: Action, name: str, source: str, slots: Slots) -> bool:
    """Whether the value behind `source` is one that the schema of `action` allows for the parameter `name`."""
    value = literal(source) if source.startswith(VALUE_MARK) else slots.params.get(source)
    schema = (action.params.get("properties") or {}).get(name)
    if value is None or schema is None:
        return False
    if "enum" in schema:
        return value in schema["enum"]
    if schema.get("type") in ("integer", "number"):
        return isinstance(value, (int, float)) and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return True


def bind_action(action: Mapping[str, Any] | None, actions: Sequence[Action], slots: Slots) -> dict[str, Any] | None:
    """An action as a kept reply has it, with placeholders, for one request: with its own values, and checked again."""
    if not action:
        return None
    name = slots.params.get("act") if action["name"] == CHARS["act"] else action["name"]
    params = fill_params(action["params"], slots.params)
    found = next((offered for offered in actions if offered.name == name), None)
    return {"name": name, "params": params} if found and json_schema.is_valid(found.params, params) else None


def unbound_action(text: str) -> dict[str, Any] | None:
    """`{"name":…, "params":{…}}` of a finished reply as it was written, placeholders and all; None for "nothing"."""
    start, end = text.find("{"), text.rfind("}")
    try:
        fields = json.loads(text[start : end + 1], strict=False)["do"]
        name = fields.pop("action")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return None if name == NOTHING else {"name": name, "params": fields}


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


@_kept
def _bounded(name: str, params: dict[str, Any]) -> dict[str, Any]:
    path = f"actions: {name}"
    schema = json_schema.bounded(params, path)
    if schema.get("type") != "object":
        raise BadRequest(f"{path}: params: want a schema of type object")
    if "action" in schema["properties"]:
        raise BadRequest(f"{path}: a parameter cannot be called action: the reply has the action's name there")
    return schema


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """Schema of an object that has all of these properties, in their order, and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@_kept
def _max_json_chars(name: str, schema: dict[str, Any]) -> int:
    return len(name) + json_schema.max_json_chars(schema)


@_kept
def _choice(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    strict = json_schema.for_grammar(schema)
    properties = {"action": {"const": name}, **strict["properties"]}
    return {**strict, "properties": properties, "required": list(properties)}
