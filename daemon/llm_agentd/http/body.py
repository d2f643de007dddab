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
from llm_agentd.http.error_shape import is_openai, openai_fields, openai_headers
from llm_agentd.http.open_requests import RETRY_AFTER_MS
from llm_agentd.protocol import wire

BODY_MAX_BYTES = wire.PART_MAX_BYTES  # an exchange becomes one part of the wire
BODY_FREE_BYTES = 128 * 1024  # a body up to this is always taken: a village's is smaller, and 256 of them are 32 MiB
BODIES_MAX_BYTES = 16 * 1024 * 1024  # all that are not whole yet: four of the largest
AUDIO_MAX_BYTES = 25 * 1024 * 1024  # OpenAI's limit for a file, which its clients know; ten seconds of WAV have 2 MB
AUDIOS_MAX_BYTES = 2 * AUDIO_MAX_BYTES  # all that are not whole yet: one process listens, and hears one at a time
VALUES_MAX = 400_000  # each becomes an object of 60 bytes or so: a full exchange has a fifth of it


class BodyBudget:
    """What all bodies of a kind that are not whole yet may hold together. Two for each app: `app.state.body_budget`,
    and `audio_budget` for sound, so that nobody's recording keeps a game waiting."""

    def __init__(self, bodies_max_bytes: int = BODIES_MAX_BYTES) -> None:
        self.held_bytes = 0
        self.bodies_max_bytes = bodies_max_bytes

    def check(self, size: int) -> None:
        """`size`: of the body that just grew. Raises Overloaded where the others hold too much."""
        if size > BODY_FREE_BYTES and self.held_bytes > self.bodies_max_bytes:
            raise Overloaded(
                "body: too many large bodies are on their way at once; send it again", retry_after_ms=RETRY_AFTER_MS
            )


async def read_json(request: Request) -> Any:
    """The decoded body; that it is declared as JSON is checked by auth.py. Raises TooLarge, Overloaded or BadJson."""
    return decode(await read_body(request))


async def read_body(request: Request) -> bytes:
    """Raises TooLarge and Overloaded."""
    return await _read(request, request.app.state.body_budget, BODY_MAX_BYTES)


def decode(body: bytes) -> Any:
    """Raises TooLarge or BadJson."""
    if len(body) > VALUES_MAX and sum(map(body.count, (b",", b"[", b"{"))) > VALUES_MAX:
        raise TooLarge(f"body: over {VALUES_MAX} values; split the call")
    return wire.loads(body)


async def read_audio(request: Request, max_bytes: int = AUDIO_MAX_BYTES) -> bytes:
    """A body that holds sound. Raises TooLarge and Overloaded."""
    return await _read(request, request.app.state.audio_budget, max_bytes)


async def _read(request: Request, budget: BodyBudget, max_bytes: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise _too_large(max_bytes)
    chunks: list[bytes] = []
    size = 0
    more = True
    try:
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            budget.held_bytes += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
            budget.check(size)
            chunks.append(chunk)
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    finally:
        budget.held_bytes -= size
        chunks.clear()  # an error that is on its way to the client keeps this frame, and would keep them


async def read_object(request: Request, example: str) -> dict[str, Any]:
    """As `read_json`, for bodies that must hold an object. Raises BadRequest for others."""
    fields = await read_json(request)
    if not isinstance(fields, dict):
        raise BadRequest(f"body: want a JSON object such as {example}")
    return fields


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"body: over {max_bytes} bytes; split the call")


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def error_response(
    error: AgentdError,
    *,
    headers: Mapping[str, str] | None = None,
    beside: Mapping[str, Any] | None = None,
    path: str = "",
) -> Response:
    """The error's status, headers and body. `beside`: further keys of the body. `path`: of what was asked for."""
    status, all_headers = error.http_status, {**_error_headers(error), **(headers or {})}
    if is_openai(path):
        return json_response(
            {"error": openai_fields(error.fields(), status)}, status, {**all_headers, **openai_headers(error)}
        )
    return json_response({**(beside or {}), "error": error.fields()}, status, all_headers)


def _error_headers(error: AgentdError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, (Overloaded, Unavailable)):
        headers["Retry-After"] = str(math.ceil((error.retry_after_ms or RETRY_AFTER_MS) / 1000))
    if isinstance(error, TooLarge):
        headers["Connection"] = "close"  # what is left of the body is not read
    return headers


def changed_via(request: Request) -> str:
    """By which way a change comes, for the daemon's audit log: by the game, which names itself, or by anything else."""
    agent = request.headers.get("user-agent", "")
    return "game" if agent.startswith(("Luanti/", "Minetest/")) else "http"
