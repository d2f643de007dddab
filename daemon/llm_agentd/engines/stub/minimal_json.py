"""The smallest JSON text that fits a schema, with the stub's words in its first free string. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from llm_agentd.errors import BadRequest

DEPTH_MAX = 32  # deeper than any action's parameters; ends schemas that refer to themselves
ITEMS_MAX = 64  # a schema may ask for a million items; nobody reads them


def minimal_json(schema: dict[str, Any], words: str) -> str:
    """JSON text. Raises BadRequest for schemas that say what this builder does not know."""
    return orjson.dumps(_Builder(schema, words).value(schema, 0)).decode()


class _Builder:
    def __init__(self, root: dict[str, Any], words: str) -> None:
        self._root = root
        self._words = words

    def value(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, dict) or depth > DEPTH_MAX:
            raise BadRequest("json_schema: the stub engine knows plain, shallow schemas only; use engine llama")
        if "$ref" in schema:
            return self.value(self._resolve(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        for key in ("enum", "anyOf", "oneOf"):
            options = schema.get(key)
            if isinstance(options, list) and options:
                return options[0] if key == "enum" else self.value(options[0], depth + 1)
        kind = schema.get("type", "object" if "properties" in schema else None)
        kind = kind[0] if isinstance(kind, list) and kind else kind
        make = {"object": self._object, "array": self._array, "string": self._string}.get(str(kind))
        if make is not None:
            return make(schema, depth)
        if kind in ("integer", "number"):
            low = schema.get("minimum", 0)
            return int(low) if kind == "integer" and isinstance(low, (int, float)) else low
        if kind == "boolean":
            return False
        if kind == "null":
            return None
        raise BadRequest(f"json_schema: the stub engine does not know the type {kind!r}; use engine llama")

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        if not isinstance(properties, dict):
            raise BadRequest("json_schema: properties must be an object")
        wanted = schema.get("required", properties)
        return {name: self.value(part, depth + 1) for name, part in properties.items() if name in wanted}

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        count = min(least, ITEMS_MAX) if isinstance(least, int) else 0
        return [self.value(schema.get("items", {"type": "null"}), depth + 1) for _ in range(count)]

    def _string(self, schema: dict[str, Any], depth: int) -> str:
        if "pattern" in schema:
            raise BadRequest("json_schema: the stub engine does not know `pattern`; use engine llama")
        text, self._words = self._words, ""
        most, least = schema.get("maxLength"), schema.get("minLength", 0)
        text = text[:most] if isinstance(most, int) else text
        return text.ljust(least, "-") if isinstance(least, int) else text

    def _resolve(self, ref: Any) -> Any:
        node: Any = self._root
        path = str(ref)
        if not path.startswith("#"):
            raise BadRequest("json_schema: only references inside the schema can be followed")
        for key in filter(None, path[1:].split("/")):
            if not isinstance(node, dict) or key not in node:
                raise BadRequest(f"json_schema: {path[:100]} leads nowhere")
            node = node[key]
        return node
