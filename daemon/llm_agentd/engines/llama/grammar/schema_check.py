"""Bounds a client's JSON schema before it becomes a grammar, with errors that name the place in the schema. Pure.

Properties that may be left out cost the converter the cube of their number: 600 take half a second to several, and no
sampler could follow the result. What each keyword must hold is in `schema_keywords`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from llm_agentd.engines.llama.grammar.schema_keywords import MAPS, SUBSCHEMAS, misuse

OPTIONAL_MAX = 128  # of one object; what may be left out in a row costs the sampler, too
NODES_MAX = 20_000  # more than 64 KiB of grammar could hold
DEPTH_MAX = 64

# What a part of the document is. Of data (values, annotations, what only a `$ref` could name) the size counts alone.
_Kind: TypeAlias = Literal["schema", "schemas", "data"]
_WITHIN: dict[_Kind, _Kind] = {"schemas": "schema", "data": "data"}


def schema_danger(schema: dict[str, Any]) -> str:
    """What is wrong with the schema, for the user; "" if nothing of the kind."""
    todo: list[tuple[str, int, Any, _Kind]] = [("", 1, schema, "schema")]
    nodes = 0
    while todo:
        path, depth, node, kind = todo.pop()
        nodes += 1
        if nodes > NODES_MAX:
            return f"more than {NODES_MAX} parts"
        if depth > DEPTH_MAX:
            return f"nested more than {DEPTH_MAX} deep"
        if kind == "schema" and isinstance(node, dict) and (problem := misuse(node) or _too_optional(node)):
            return f"{path or 'the schema'}: {problem}"
        todo += ((f"{path}.{key}" if path else key, depth + 1, inner, as_) for key, inner, as_ in _inner(node, kind))
    return ""


def _inner(node: Any, kind: _Kind) -> Iterator[tuple[str, Any, _Kind]]:
    """Of a list of schemas, or an object of schemas by name, each; of a schema what its keywords hold."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in parts:
        if isinstance(value, (dict, list)):
            yield str(key)[:40], value, _kind_of(key, value) if kind == "schema" else _WITHIN[kind]


def _kind_of(keyword: Any, value: dict[str, Any] | list[Any]) -> _Kind:
    if keyword in SUBSCHEMAS:
        return "schema" if isinstance(value, dict) else "schemas"
    return "schemas" if keyword in MAPS else "data"


def _too_optional(node: dict[str, Any]) -> str:
    properties, required = node.get("properties"), node.get("required")
    if not isinstance(properties, dict):
        return ""
    kept = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    optional = sum(name not in kept for name in properties)
    if optional <= OPTIONAL_MAX:
        return ""
    return f"{optional} properties may be left out, at most {OPTIONAL_MAX}; name more of them in required"
