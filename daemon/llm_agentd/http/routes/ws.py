"""`WS /v1/ws`: the wire's records, one JSON object a message, both ways; for dashboards, tools and overlays.

Runs on the event loop. Here a socket is read and written; socket_session.py knows what was asked on it. OpenAPI has no
words for it: docs/protocol.md and the head of /docs tell of it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from llm_agentd.errors import Overloaded
from llm_agentd.http.application import Application
from llm_agentd.http.auth import SUBPROTOCOL
from llm_agentd.http.body import error_response
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.metrics import HttpMetrics
from llm_agentd.http.sessions import Sessions
from llm_agentd.http.socket_session import SocketSession

SOCKETS_MAX = 64  # as many as sessions of games; each may keep four megabytes that it does not read
FULL_RETRY_AFTER_MS = 10_000
SEND_MAX_S = 30.0  # for one message, of a client that takes nothing
CLOSE_MAX_S = 1.0  # for saying goodbye to one that does not read
TOO_SLOW = 1008, "answers wait that were not read; read faster, or ask less"


def add(app: Application, daemon: DaemonClient, sessions: Sessions, metrics: HttpMetrics) -> None:
    """`sessions` know how long a request may take that does not say it."""

    async def serve(socket: WebSocket) -> None:
        if metrics.websockets >= SOCKETS_MAX:
            full = Overloaded(f"{SOCKETS_MAX} are connected already", retry_after_ms=FULL_RETRY_AFTER_MS)
            await socket.send_denial_response(error_response(full))
            return
        metrics.websockets += 1
        session = SocketSession(daemon, timeout_ms=sessions.timeout_ms)
        try:
            await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
            await _run(socket, session)
        finally:
            metrics.websockets -= 1
            session.close()

    app.router.add_websocket_route("/v1/ws", serve)


async def _run(socket: WebSocket, session: SocketSession) -> None:
    """Until the client goes, or does not read."""
    ways = (_read(socket, session), _write(socket, session), session.overrun())
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception) and not isinstance(end, (TimeoutError, WebSocketDisconnect)):
            raise end  # a bug, which uvicorn logs
    if socket.client_state is WebSocketState.CONNECTED:
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_MAX_S):
                await socket.close(*TOO_SLOW)


async def _read(socket: WebSocket, session: SocketSession) -> None:
    """uvicorn reads no further message from the network before this one is taken."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        session.take(message["bytes"] if text is None else text.encode())


async def _write(socket: WebSocket, session: SocketSession) -> None:
    while True:
        await session.wait()
        while (message := session.next()) is not None:
            async with asyncio.timeout(SEND_MAX_S):
                await socket.send_text(message.decode())
