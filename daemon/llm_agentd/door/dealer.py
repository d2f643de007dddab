"""A DEALER on the event loop's own sockets: connects, connects again, and tells when it did.

Runs on the door's event loop. Knows addresses and zmtp.py, nothing of records or requests. What is sent while there is
no connection is not kept: the link re-sends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from llm_agentd.door import zmtp
from llm_agentd.errors import StartError

log = logging.getLogger(__name__)

RECONNECT_S = 0.1  # how often a lost daemon is looked for; a refused connection costs nothing
HANDSHAKE_S = 5.0  # from connecting to READY: a process that hangs accepts connections, too


class Dealer:
    """`on_up`, `on_down` and `on_part` are called on the loop, between `start` and `stop`."""

    def __init__(
        self,
        endpoint: str,
        *,
        routing_id: bytes,
        part_max_bytes: int,
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        on_part: Callable[[bytes], None],
    ) -> None:
        self._address = parse_endpoint(endpoint)
        self.routing_id = routing_id
        self.part_max_bytes = part_max_bytes
        self.on_part = on_part
        self._on_up, self._on_down = on_up, on_down
        self._connection: _Connection | None = None
        self._warned = ""

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep_connected())

    def stop(self) -> None:
        self._task.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.transport.close()  # sends what is left

    def send(self, part: bytes) -> None:
        """One message of one part; dropped where there is no connection."""
        if self._connection is not None:
            self._connection.transport.write(zmtp.message(part))

    @property
    def unsent_bytes(self) -> int:
        return 0 if self._connection is None else self._connection.transport.get_write_buffer_size()

    def hang_up(self) -> None:
        """Gives up a connection that is of no use; a new one follows."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def _keep_connected(self) -> None:
        while True:
            connection = _Connection(self)
            try:
                async with asyncio.timeout(HANDSHAKE_S):
                    await self._open(connection)
                    await connection.shaken.wait()
            except (OSError, TimeoutError):
                connection.abort()
            if connection.is_up:
                await connection.lost.wait()
            await asyncio.sleep(RECONNECT_S)

    async def _open(self, connection: _Connection) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(self._address, str):
            await loop.create_unix_connection(lambda: connection, self._address)
        else:
            await loop.create_connection(lambda: connection, *self._address)

    # -- from the connection ---------------------------------------------------------------------

    def up(self, connection: _Connection) -> None:
        self._connection, self._warned = connection, ""
        self._on_up()

    def down(self, connection: _Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._on_down()

    def warn(self, error: zmtp.ProtocolError) -> None:
        """Once, not at each attempt."""
        if str(error) != self._warned:
            self._warned = str(error)
            log.error("zmq.endpoint: what listens there is no llm-agentd: %s", error)


class _Connection(asyncio.Protocol):
    """One connection, from its first byte to its end."""

    transport: asyncio.Transport

    def __init__(self, dealer: Dealer) -> None:
        self._dealer = dealer
        self._reader = zmtp.Reader(dealer.part_max_bytes)
        self.is_up = False
        self.shaken = asyncio.Event()  # up, or lost before that
        self.lost = asyncio.Event()

    def abort(self) -> None:
        if hasattr(self, "transport"):
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(zmtp.GREETING + zmtp.ready(self._dealer.routing_id))

    def data_received(self, data: bytes) -> None:
        try:
            events = self._reader.feed(data)
        except zmtp.ProtocolError as error:
            self._dealer.warn(error)
            self.transport.abort()
            return
        for event in events:
            if isinstance(event, bytes):
                self._dealer.on_part(event)
            elif isinstance(event, zmtp.Ping):
                self.transport.write(zmtp.pong(event.context))
            else:
                self.is_up = True
                self._dealer.up(self)
                self.shaken.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._dealer.down(self)
        self.shaken.set()
        self.lost.set()


def parse_endpoint(endpoint: str) -> str | tuple[str, int]:
    """A path for a Unix socket, or host and port. Raises StartError."""
    scheme, _, rest = endpoint.partition("://")
    if scheme == "ipc" and rest:
        return "\0" + rest[1:] if rest.startswith("@") else rest
    host, _, port = rest.rpartition(":")
    if scheme == "tcp" and host and port.isdecimal() and 0 < int(port) < 65_536:
        host = host.removeprefix("[").removesuffix("]")
        return ("127.0.0.1" if host == "*" else host, int(port))
    raise StartError(
        f"zmq.endpoint: cannot connect to {endpoint!r}; want tcp://127.0.0.1:PORT or ipc:///path/to/socket"
    )
