"""JSON schemas of action parameters: the supported subset, its bounds, and validation of values.

The subset is what both the engine's grammar and the mod's check (Lua) implement, so that all three accept the same
values. Any other keyword is refused by name rather than ignored. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_agentd.errors import BadRequest

STRING_MAX_CHARS = 64  # of a string without maxLength: a small model would write on in it until its last token
ITEMS_MAX = 8  # of an array without maxItems
NUMBER_CHARS = 20  # of a number without minimum and maximum
DEPTH_MAX = 6  # of nesting; the mod checks as deep as this

_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties")
_KEYWORDS = ("type", "enum", "const", *_BOUNDS, "items", "properties", "required")
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "$comment", "$schema", "additionalProperties"})

_TYPES: dict[str, Callable[[Any], bool]] = {
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
    """A copy without annotations in which every string and array has a bound. `path` names the place in errors.

    Raises BadRequest for a keyword or a type outside the subset, and for bounds that no value meets.
    """
    if not isinstance(schema, dict):
        raise BadRequest(f"{path}: want a JSON schema (an object)")
    if depth > DEPTH_MAX:
        raise BadRequest(f"{path}: nested more than {DEPTH_MAX} deep")
    result = {key: value for key, value in schema.items() if key not in _ANNOTATIONS}
    for key, value in result.items():
        if key not in _KEYWORDS:
            raise BadRequest(f"{path}: {key} is not supported; supported: {', '.join(_KEYWORDS)}")
        if key in _BOUNDS:
            result[key] = _bound_value(value, f"{path}: {key}")
    if "const" in result:
        return {"const": result["const"]}
    if "enum" in result:
        if not isinstance(result["enum"], list) or not result["enum"]:
            raise BadRequest(f"{path}: enum: want a list with at least one value")
        return {"enum": result["enum"]}
    kind = result.get("type", "object" if "properties" in result else None)
    if not isinstance(kind, str) or kind not in _TYPES:
        raise BadRequest(f"{path}: type: want one of {', '.join(_TYPES)}, got {str(kind)[:40]!r}")
    result["type"] = kind
    return _bounded_kind(result, path, depth)


def _bounded_kind(result: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
    kind = result["type"]
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if low in result and high in result and result[low] > result[high]:
            raise BadRequest(f"{path}: {low} is more than {high}: nothing fits")
    if kind == "string":
        result.setdefault("maxLength", max(STRING_MAX_CHARS, result.get("minLength", 0)))
    elif kind == "array":
        result["items"] = bounded(result.get("items"), f"{path}.items", depth + 1)
        result.setdefault("maxItems", max(ITEMS_MAX, result.get("minItems", 0)))
    elif kind == "object":
        parts = result.get("properties") or {}  # an empty table of Lua may come as []
        if not isinstance(parts, dict):
            raise BadRequest(f"{path}.properties: want an object")
        required = result.get("required") or []
        if not isinstance(required, list) or not all(name in parts for name in required):
            raise BadRequest(f"{path}.required: want a list of names that stand in properties")
        if result.get("minProperties", 1) != 1:
            raise BadRequest(f"{path}: minProperties: want 1, or leave it out")
        result["required"] = required
        # The JSON writer of the game sorts property names; `required` still has them in the author's order.
        order = dict.fromkeys([*required, *parts])
        result["properties"] = {name: bounded(parts[name], f"{path}.{name}", depth + 1) for name in order}
    return result


def _bound_value(value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest(f"{path}: want a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value  # Lua's numbers


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    """Whether `schema` (from `bounded`) allows `value`. An object must not have properties beyond those listed."""
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema["type"]
    if not _TYPES[kind](value):
        return False
    if kind == "string":
        return bool(schema.get("minLength", 0) <= len(value) <= schema["maxLength"])
    if kind in ("integer", "number"):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if kind == "array":
        count_is_valid = schema.get("minItems", 0) <= len(value) <= schema["maxItems"]
        return count_is_valid and all(is_valid(schema["items"], item) for item in value)
    if kind == "object":
        parts = schema["properties"]
        if len(value) < schema.get("minProperties", 0):
            return False
        return all(name in value for name in schema["required"]) and all(
            name in parts and is_valid(parts[name], item) for name, item in value.items()
        )
    return True


def for_grammar(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` (from `bounded`) with every property required, in the order of `properties`, and no other allowed.

    With `minProperties` the model may leave out those that `required` does not name; `is_valid` sees that one is there.
    """
    if schema.get("type") == "array":
        return {**schema, "items": for_grammar(schema["items"])}
    if schema.get("type") != "object":
        return schema
    parts = {name: for_grammar(part) for name, part in schema["properties"].items()}
    required = schema["required"] if "minProperties" in schema else list(parts)
    return {"type": "object", "properties": parts, "required": required, "additionalProperties": False}


def max_json_chars(schema: dict[str, Any]) -> int:
    """About the length of the longest JSON text of a valid value. `schema`: from `bounded`."""
    if "const" in schema:
        return len(str(schema["const"])) + 2
    if "enum" in schema:
        return max(len(str(value)) for value in schema["enum"]) + 2
    kind = schema["type"]
    if kind == "string":
        return int(schema["maxLength"]) + 2
    if kind in ("integer", "number"):
        bounds = [len(str(schema[key])) for key in ("minimum", "maximum") if key in schema]
        return max(bounds) if len(bounds) == 2 and kind == "integer" else NUMBER_CHARS
    if kind == "array":
        return int(schema["maxItems"]) * (max_json_chars(schema["items"]) + 2)
    if kind == "object":
        return sum(len(name) + 5 + max_json_chars(part) for name, part in schema["properties"].items()) + 2
    return len("false")
