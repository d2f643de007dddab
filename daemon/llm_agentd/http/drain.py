"""An answer that comes before its request's body is read: the client hears it, and the connection ends.

Runs on the event loop, around all other middleware and routes. A server that closes while the client still sends resets
the connection, and the answer (413, 401, 429 …) is lost with it. So the rest of the body is taken and dropped first,
for a bounded time and up to a bounded size. Knows no route and no error.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_agentd.http.origin import has_body
from llm_agentd.http.protocol import LINGER_S

DRAINED_MAX_BYTES = 32 * 1024 * 1024  # eight of the largest bodies, 22 ms of this thread; who sends more is reset


class DrainUnreadBodies:
    """Middleware. Adds `Connection: close` to such an answer, and ends it only when the body is in, or long enough."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _sends_body(scope):
            await self._app(scope, receive, send)
            return
        is_read = is_drained = False

        async def receive_and_see() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = is_read or message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def send_and_drain(message: Message) -> None:
            nonlocal is_drained
            if message["type"] == "http.response.start" and not is_read:
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
                await send({**message, "headers": [*headers, (b"connection", b"close")]})
            elif message["type"] == "http.response.body" and not is_read and not is_drained:
                await send({**message, "more_body": True})
                is_drained = True
                await _drain(receive_and_see)
                await send({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})
            else:
                await send(message)

        await self._app(scope, receive_and_see, send_and_drain)


async def _drain(receive: Receive) -> None:
    dropped_bytes = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while dropped_bytes < DRAINED_MAX_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                dropped_bytes += len(message["body"])


def _sends_body(scope: Scope) -> bool:
    """A body that comes by itself. Who asks first (`Expect: 100-continue`) is answered in its place."""
    if dict(scope["headers"]).get(b"expect", b"").lower() == b"100-continue":
        return False
    return has_body(scope["headers"])
