"""The schema of an action's parameters: which of JSON schema is known, how it is bounded, what fits it.

Only what both the engine's grammar and the check in the game understand may stand in one, so that the same choice is
right everywhere; anything else is refused by name. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_agentd.errors import BadRequest

STRING_MAX_CHARS = 64  # of a free string without its own bound: a small model would run on in it
ITEMS_MAX = 8  # of a list without its own bound
NUMBER_CHARS = 20  # of a number without a bound
DEPTH_MAX = 6  # as deep as the game checks

_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
_KNOWN = ("type", "enum", "const", *_BOUNDS, "items", "properties", "required")
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "$comment", "$schema", "additionalProperties"})

_KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def bounded(schema: Any, path: str, depth: int = 1) -> dict[str, Any]:
    """A copy with a bound for all that may go on for ever, without annotations. `path` names it in errors.

    Raises BadRequest for what no grammar here can hold.
    """
    if not isinstance(schema, dict):
        raise BadRequest(f"{path}: want a JSON schema (an object)")
    if depth > DEPTH_MAX:
        raise BadRequest(f"{path}: nested more than {DEPTH_MAX} deep")
    own = {key: value for key, value in schema.items() if key not in _ANNOTATIONS}
    for key, value in own.items():
        if key not in _KNOWN:
            raise BadRequest(f"{path}: {key} cannot be held to; known: {', '.join(_KNOWN)}")
        if key in _BOUNDS:
            own[key] = _whole_bound(value, f"{path}: {key}")
    if "const" in own:
        return {"const": own["const"]}
    if "enum" in own:
        if not isinstance(own["enum"], list) or not own["enum"]:
            raise BadRequest(f"{path}: enum: want a list with at least one value")
        return {"enum": own["enum"]}
    kind = own.get("type", "object" if "properties" in own else None)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise BadRequest(f"{path}: type: want one of {', '.join(_KINDS)}, got {str(kind)[:40]!r}")
    own["type"] = kind
    return _bounded_kind(own, path, depth)


def _bounded_kind(own: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
    kind = own["type"]
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if low in own and high in own and own[low] > own[high]:
            raise BadRequest(f"{path}: {low} is more than {high}: nothing fits")
    if kind == "string":
        own.setdefault("maxLength", max(STRING_MAX_CHARS, own.get("minLength", 0)))
    elif kind == "array":
        own["items"] = bounded(own.get("items"), f"{path}.items", depth + 1)
        own.setdefault("maxItems", max(ITEMS_MAX, own.get("minItems", 0)))
    elif kind == "object":
        parts = own.get("properties") or {}  # an empty table of Lua may come as []
        if not isinstance(parts, dict):
            raise BadRequest(f"{path}.properties: want an object")
        wanted = own.get("required") or []
        if not isinstance(wanted, list) or not all(name in parts for name in wanted):
            raise BadRequest(f"{path}.required: want a list of names that stand in properties")
        own["required"] = wanted
        order = dict.fromkeys([*wanted, *parts])  # the game's JSON sorts names: `required` keeps the author's order
        own["properties"] = {name: bounded(parts[name], f"{path}.{name}", depth + 1) for name in order}
    return own


def _whole_bound(value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest(f"{path}: want a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value  # Lua's numbers


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether `value` is one that `schema`, as `bounded` gave it, allows. Names it doesn't list are refused."""
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema["type"]
    if not _KINDS[kind](value):
        return False
    if kind == "string":
        return bool(schema.get("minLength", 0) <= len(value) <= schema["maxLength"])
    if kind in ("integer", "number"):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if kind == "array":
        right_count = schema.get("minItems", 0) <= len(value) <= schema["maxItems"]
        return right_count and all(fits(schema["items"], item) for item in value)
    if kind == "object":
        parts = schema["properties"]
        return all(name in value for name in schema["required"]) and all(
            name in parts and fits(parts[name], item) for name, item in value.items()
        )
    return True


def for_grammar(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, as `bounded` gave it, so that a grammar writes every parameter, in this order, and no other."""
    if schema.get("type") == "array":
        return {**schema, "items": for_grammar(schema["items"])}
    if schema.get("type") != "object":
        return schema
    parts = {name: for_grammar(part) for name, part in schema["properties"].items()}
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


def longest_chars(schema: dict[str, Any]) -> int:
    """About as long as the longest JSON text that fits."""
    if "const" in schema:
        return len(str(schema["const"])) + 2
    if "enum" in schema:
        return max(len(str(value)) for value in schema["enum"]) + 2
    kind = schema["type"]
    if kind == "string":
        return int(schema["maxLength"]) + 2
    if kind in ("integer", "number"):
        ends = [len(str(schema[key])) for key in ("minimum", "maximum") if key in schema]
        return max(ends) if len(ends) == 2 and kind == "integer" else NUMBER_CHARS
    if kind == "array":
        return int(schema["maxItems"]) * (longest_chars(schema["items"]) + 2)
    if kind == "object":
        return sum(len(name) + 5 + longest_chars(part) for name, part in schema["properties"].items()) + 2
    return len("false")
