"""What stands before the routes: the token, the size of bodies, and errors as JSON.

Runs on the door's event loop. Knows no route.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, TooLarge, Unauthorized, Unavailable
from llm_agentd.http.daemon_client import RETRY_AFTER_MS
from llm_agentd.protocol import wire

BODY_MAX_BYTES = wire.PART_MAX_BYTES  # an exchange becomes one part of the wire
OPEN_PATHS = frozenset({"/healthz"})  # liveness is no secret, and probes carry no token


class BearerToken:
    """Middleware: every route but `/healthz` wants `Authorization: Bearer TOKEN`."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS and not self._is_let_in(scope):
            refusal = error_response(
                Unauthorized("want the header `Authorization: Bearer TOKEN` with the http.token of the configuration"),
                headers={"WWW-Authenticate": "Bearer", "Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_let_in(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, given = value.partition(b" ")
                return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._wanted)
        return False


async def read_json(request: Request) -> Any:
    """The decoded body, whatever its content type says. Raises TooLarge or BadJson."""
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


def want_json_type(request: Request) -> None:
    """Raises BadRequest where the body does not say that it is JSON: a form of any web page could write here else."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise BadRequest(f"Content-Type: want application/json, got {given or 'none'}")


def _too_large() -> TooLarge:
    return TooLarge(f"body: over {BODY_MAX_BYTES} bytes; split the call")


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def error_body(error: AgentdError) -> dict[str, Any]:
    detail: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.retry_after_ms is not None:
        detail["retry_after_ms"] = error.retry_after_ms
    return {"error": detail}


def error_headers(error: AgentdError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, (Overloaded, Unavailable)):
        headers["Retry-After"] = str(math.ceil((error.retry_after_ms or RETRY_AFTER_MS) / 1000))
    if isinstance(error, TooLarge):
        headers["Connection"] = "close"  # what is left of the body is not read
    return headers


def error_response(error: AgentdError, headers: Mapping[str, str] | None = None) -> Response:
    return json_response(error_body(error), error.http_status, {**error_headers(error), **(headers or {})})
