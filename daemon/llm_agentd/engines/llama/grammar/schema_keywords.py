"""What a keyword of a client's JSON schema must hold, so that the text will fit; errors name the cure. Pure.

llama.cpp's converter takes types for granted: it trips over a number where a text is due, and makes of bounds that it
cannot read a grammar for other texts. Knows one node of a schema; where the others are is `schema_check`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

TYPES = ("string", "number", "integer", "boolean", "null", "object", "array")
COUNT_MAX = 2000  # least length: a repetition of a grammar can ask for no more
INT64_MAX = 2**63 - 1
OPEN_INTEGER_MAX = 10**15  # of a range with one end: the converter writes integers of at most 16 digits there


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_least_count(value: Any) -> bool:
    return _is_count(value) and bool(value <= COUNT_MAX)


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict)


def _are_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_schema, value))


def _is_map(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_schema, value.values()))


def _are_properties(value: Any) -> bool:
    return _is_map(value) and "" not in value


def _is_type(value: Any) -> bool:
    kinds = value if isinstance(value, list) else [value]
    return bool(kinds) and all(kind in TYPES for kind in kinds)


_COUNT = (_is_count, "a whole number from 0 on")
_LEAST = (_is_least_count, f"a whole number from 0 to {COUNT_MAX}")
_NUMBER = (_is_number, "a number")
_TEXT = (_is_text, "a text")
_SCHEMAS = (_are_schemas, "a list of one schema or more")
_MAP = (_is_map, "an object of schemas by name; {} as a schema is any value")
_KEYWORDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": (_is_type, f"one of {', '.join(TYPES)}, or a list of them"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a list with at least one value"),
    "properties": (
        _are_properties,
        "an object of schemas by name, none of which is empty; {} as a schema is any value",
    ),
    "required": (lambda value: isinstance(value, list) and all(map(_is_text, value)), "a list of names"),
    "items": (lambda value: _is_schema(value) or _are_schemas(value), "a schema (an object); {} is any value"),
    "additionalProperties": (lambda value: _is_schema(value) or isinstance(value, bool), "a schema, true or false"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    **dict.fromkeys(("minLength", "minItems"), _LEAST),
    **dict.fromkeys(("maxLength", "maxItems"), _COUNT),
    **dict.fromkeys(("pattern", "format", "$ref"), _TEXT),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), _SCHEMAS),
    **dict.fromkeys(("$defs", "definitions"), _MAP),
}
_ANYTHING: tuple[Callable[[Any], bool], str] = (lambda value: True, "")
SUBSCHEMAS = ("items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems")  # or lists of them
MAPS = ("properties", "$defs", "definitions")


def misuse(node: dict[str, Any]) -> str:
    """What is wrong with the keywords of one schema, for the user; "" if nothing."""
    for name, value in node.items():
        is_good, wanted = _KEYWORDS.get(name, _ANYTHING)
        if not is_good(value):
            return f"{name} must be {wanted}, and is {_shown(value)}"
    return _contradiction(node) or _integer_misuse(node) or _items_misuse(node)


def _shown(value: Any) -> str:
    """A short value; of a long one its kind, as it may be as long as the schema."""
    if isinstance(value, (dict, list)) and value:
        return "a list" if isinstance(value, list) else "an object that holds something else"
    return repr(value)[:40]


def _contradiction(node: dict[str, Any]) -> str:
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if low in node and high in node and node[low] > node[high]:
            return f"{low} {node[low]} is more than {high} {node[high]}: nothing fits"
    return ""


def _integer_misuse(node: dict[str, Any]) -> str:
    """The converter reads the digits of the bounds as they are written."""
    kind = node.get("type")
    if kind != "integer" and not (isinstance(kind, list) and "integer" in kind):
        return ""
    names = [name for name in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum") if name in node]
    for name in names:
        value = node[name]
        if not -INT64_MAX - 1 <= value <= INT64_MAX:
            return f"{name} {str(value)[:40]} is beyond 64 bits; write one from {-INT64_MAX - 1} to {INT64_MAX}"
        if not isinstance(value, int):
            near = math.ceil(value) if name.endswith("inimum") else math.floor(value)
            return f"{name} of an integer must be a whole number without a point, and is {value}; write {near}"
    lows = [node[name] + (name != "minimum") for name in names if name.endswith("inimum")]
    highs = [node[name] - (name != "maximum") for name in names if name.endswith("aximum")]
    if lows and highs and max(lows) > min(highs):
        return f"no integer is from {max(lows)} to {min(highs)}: nothing fits"
    if not (lows and highs) and any(abs(bound) > OPEN_INTEGER_MAX for bound in lows + highs):
        return f"a bound beyond {OPEN_INTEGER_MAX} needs one at the other end; give minimum and maximum"
    return ""


def _items_misuse(node: dict[str, Any]) -> str:
    """Without `items` the converter writes any list, and a tuple with all of its items."""
    names = [name for name in ("minItems", "maxItems") if name in node]
    if not names or node.get("type", "array") != "array" or "$ref" in node:
        return ""
    if "prefixItems" in node and "items" not in node:
        count = len(node["prefixItems"])
        if node.get("minItems", 0) > count or node.get("maxItems", count) < count:
            return f"{names[0]} does not fit the {count} prefixItems, all of which are written; leave it out"
    elif "items" not in node:
        return f"{names[0]} does nothing without items; say what they are, items: {{}} for any"
    return ""
