"""Bounds a client's JSON schema before it becomes a grammar, with errors that name the place in the schema. Pure.

What the converter makes of contradictory bounds is a repetition from 5 to 2, and the properties that may be left out
cost it the cube of their number: 600 take half a second to several, and no sampler could follow the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

OPTIONAL_MAX = 128  # of one object; what may be left out in a row costs the sampler, too
NODES_MAX = 20_000  # more than 64 KiB of grammar could hold
DEPTH_MAX = 64

_BOUNDS = (
    ("minimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
)


def schema_danger(schema: dict[str, Any]) -> str:
    """What is wrong with the schema, for the user; "" if nothing of the kind."""
    todo: list[tuple[str, int, Any]] = [("", 1, schema)]
    nodes = 0
    while todo:
        path, depth, node = todo.pop()
        nodes += 1
        if nodes > NODES_MAX:
            return f"more than {NODES_MAX} parts"
        if depth > DEPTH_MAX:
            return f"nested more than {DEPTH_MAX} deep"
        if isinstance(node, dict) and (problem := _contradiction(node) or _too_optional(node)):
            return f"{path or 'the schema'}: {problem}"
        todo += ((f"{path}.{key}" if path else key, depth + 1, inner) for key, inner in _inner(node))
    return ""


def _inner(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        yield from ((str(key)[:40], value) for key, value in node.items() if isinstance(value, (dict, list)))
    elif isinstance(node, list):
        yield from ((str(at), value) for at, value in enumerate(node) if isinstance(value, (dict, list)))


def _contradiction(node: dict[str, Any]) -> str:
    for low, high in _BOUNDS:
        least, most = node.get(low), node.get(high)
        if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least > most:
            return f"{low} {least} is more than {high} {most}: nothing fits"
    return ""


def _too_optional(node: dict[str, Any]) -> str:
    properties, required = node.get("properties"), node.get("required")
    if not isinstance(properties, dict):
        return ""
    kept = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    optional = sum(name not in kept for name in properties)
    if optional <= OPTIONAL_MAX:
        return ""
    return f"{optional} properties may be left out, at most {OPTIONAL_MAX}; name more of them in required"
