"""Bodies in and out: JSON read by hand, JSON and errors written.

Runs on the event loop. Knows no route. Bodies are read here and not by FastAPI's models, since what Lua sends is not
always what a validator calls JSON: invalid UTF-8, half surrogates, whole floats, `[]` for `{}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, TooLarge, Unavailable
from llm_agentd.http.open_requests import RETRY_AFTER_MS
from llm_agentd.protocol import wire

BODY_MAX_BYTES = wire.PART_MAX_BYTES  # an exchange becomes one part of the wire


async def read_json(request: Request) -> Any:
    """The decoded body; that it is declared as JSON is checked by auth.py. Raises TooLarge or BadJson."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_MAX_BYTES:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_MAX_BYTES:
            raise _too_large()
        chunks.append(chunk)
        more = message.get("more_body", False)
    return wire.loads(chunks[0] if len(chunks) == 1 else b"".join(chunks))


async def read_object(request: Request, example: str) -> dict[str, Any]:
    """As `read_json`, for bodies that must hold an object. Raises BadRequest for others."""
    fields = await read_json(request)
    if not isinstance(fields, dict):
        raise BadRequest(f"body: want a JSON object such as {example}")
    return fields


def _too_large() -> TooLarge:
    return TooLarge(f"body: over {BODY_MAX_BYTES} bytes; split the call")


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def error_response(
    error: AgentdError, *, headers: Mapping[str, str] | None = None, beside: Mapping[str, Any] | None = None
) -> Response:
    """The error's status, headers and body. `beside`: further keys of the body."""
    content = {**(beside or {}), "error": error.fields()}
    return json_response(content, error.http_status, {**_error_headers(error), **(headers or {})})


def _error_headers(error: AgentdError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, (Overloaded, Unavailable)):
        headers["Retry-After"] = str(math.ceil((error.retry_after_ms or RETRY_AFTER_MS) / 1000))
    if isinstance(error, TooLarge):
        headers["Connection"] = "close"  # what is left of the body is not read
    return headers
