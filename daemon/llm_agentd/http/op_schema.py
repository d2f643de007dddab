"""The fields of an op as JSON schema, as the daemon's own model declares them. Pure."""

from __future__ import annotations

from typing import Any

from llm_agentd.protocol.schema import RECORDS, Record, adapter


def op_schema(op: str) -> dict[str, Any]:
    """JSON schema of an op's record without references."""
    return record_schema(RECORDS[op], op)


def record_schema(model: type[Record], op: str) -> dict[str, Any]:
    """The same of a record's model."""
    schema = adapter(model).json_schema()
    inlined: dict[str, Any] = inline(schema, schema.pop("$defs", {}))
    inlined["properties"]["op"] = {"const": op}
    return inlined


def inline(schema: Any, definitions: dict[str, Any]) -> Any:
    """`schema` with its references replaced by what they name: inside of OpenAPI they would point nowhere."""
    if isinstance(schema, list):
        return [inline(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: inline(value, definitions) for key, value in schema.items()}
