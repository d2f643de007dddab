"""One WebSocket connection, bounded: uvicorn's protocol under the limits of a wire record, beside `BoundedProtocol`.

Runs on the event loop. A connection comes here when its handshake was read; token and origin are checked before it is
accepted, as on every route (auth.py). uvicorn pauses reading while a message waits to be read by the route, answers
pings, and closes the connection of who answers none. Knows no route and no record.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from llm_agentd.http.protocol import Rank
from llm_agentd.protocol.wire import RECORD_MAX_BYTES

PING_S = 20.0  # how often a silent client is asked whether it is there, and how long its answer may take
# For `uvicorn.Config(**…)`. Nothing is compressed: on one machine it costs time for nothing, and what is small on its
# way in could be huge.
SETTINGS: dict[str, Any] = {
    "ws_max_size": RECORD_MAX_BYTES,
    "ws_ping_interval": PING_S,
    "ws_ping_timeout": PING_S,
    "ws_per_message_deflate": False,
}


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=…)`. Among the connections it ranks as one whose answer is awaited."""

    held_head_bytes = 0

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.since_s = self.loop.time()

    @property
    def rank(self) -> Rank:
        return Rank.REFUSED if self.transport.is_closing() else Rank.ANSWERED

    def end(self) -> None:
        self.transport.abort()

    def handle_ping(self) -> None:
        """A pong for who does not read would only wait with the others: whoever sends pings could fill the memory."""
        pong = self.conn.data_to_send()
        if self.writable.is_set():
            self.transport.write(b"".join(pong))

    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.writable.is_set():  # who does not read would keep what was written, and the connection, for ever
            self.transport.abort()
