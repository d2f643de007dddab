"""From a query string to the fields of an op, by the daemon's own model of it.

Pure. Numbers are written as text in an address; all else is the daemon's to check, as of any record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from starlette.requests import Request

from llm_agentd.errors import BadRequest
from llm_agentd.http.op_schema import op_schema

_SKIPPED = {"op", "id", "by", "via"}


def fields_of(
    op: str, request: Request, path: Mapping[str, Any] | None = None, *, without: Collection[str] = ()
) -> dict[str, Any]:
    """`path`: fields that stand in the path. Raises BadRequest for what the op has not, or what is no number."""
    properties = {name: field for name, field in _properties(op).items() if name not in without}
    given = {**request.query_params, **(path or {})}
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name not in properties or name in _SKIPPED:
            known = ", ".join(one for one in properties if one not in _SKIPPED)
            raise BadRequest(f"{name}: unknown parameter; known: {known or 'none'}")
        fields[name] = _number(name, value) if _is_number(properties[name]) else value
    return fields


@cache
def _properties(op: str) -> dict[str, Any]:
    properties: dict[str, Any] = op_schema(op)["properties"]
    return properties


def parameters_of(op: str, in_path: Collection[str] = (), *, without: Collection[str] = ()) -> dict[str, Any]:
    """For `openapi_extra`."""
    return {
        "parameters": [
            {"name": name, "in": "path" if name in in_path else "query", "required": name in in_path, "schema": field}
            for name, field in _properties(op).items()
            if name not in _SKIPPED and name not in without
        ]
    }


def _is_number(schema: Mapping[str, Any]) -> bool:
    return any(one.get("type") in ("integer", "number") for one in (schema, *schema.get("anyOf", ())))


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise BadRequest(f"{name}: {value!r} is no whole number") from None
