"""One DEALER to the daemon on an asyncio event loop: parts out, records in, and whether the daemon is there.

Everything runs on the loop that called `open`, and only there; nothing blocks. It knows sockets and framing, not what a
record means. What becomes of open requests when the connection breaks is for its owner to decide: `AsyncClient` fails
them, the HTTP process (`http/daemon_client.py`) sends them again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable

import zmq
from zmq.utils.monitor import parse_monitor_message

from llm_agentd.client.curve import CurveFiles
from llm_agentd.client.records import Record
from llm_agentd.errors import StartError
from llm_agentd.protocol import wire

log = logging.getLogger(__name__)

RECONNECT_MS = 100  # how often a lost daemon is looked for; a refused connection costs nothing
HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS = 2000, 6000  # a host that vanishes closes no connection


class Connection:
    """`open`, `send`, `close`. ZeroMQ connects and reconnects by itself, for as long as this is open.

    `on_records` gets the readable records of each part that arrives; the others are logged. `on_connect` and
    `on_disconnect` tell of each change of `is_connected`. `routing_id`: the name under which the daemon knows this
    peer; None: another one after each reconnect, so that the daemon drops what it still does for the old one.
    `curve`: the keys, where the daemon wants them.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        on_records: Callable[[list[Record]], None],
        on_connect: Callable[[], None],
        on_disconnect: Callable[[], None],
        routing_id: bytes | None = None,
        curve: CurveFiles | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._curve = curve
        self.is_connected = False
        self._on_records = on_records
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        self._routing_id = routing_id
        self._outbox: deque[bytes] = deque()  # parts that the socket would not take yet

    def open(self) -> None:
        """Begins to connect. Raises StartError where the endpoint is no address, or a key file none."""
        keys = {} if self._curve is None else self._curve.options()
        self._loop = asyncio.get_running_loop()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        options: dict[zmq.SocketOption, int | bytes] = {
            zmq.IMMEDIATE: 1,  # nothing queues for a connection that is not there: it would be sent much too late
            zmq.LINGER: 0,
            zmq.IPV6: 1,
            zmq.MAXMSGSIZE: wire.FRAME_MAX_BYTES,
            zmq.RECONNECT_IVL: RECONNECT_MS,
            zmq.HEARTBEAT_IVL: HEARTBEAT_MS,
            zmq.HEARTBEAT_TIMEOUT: HEARTBEAT_TIMEOUT_MS,
        }
        if self._routing_id is not None:
            options[zmq.ROUTING_ID] = self._routing_id
        for option, value in (options | keys).items():
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        try:
            self._socket.connect(self.endpoint)
        except zmq.ZMQError as error:
            self._close_sockets()
            raise StartError(
                f"zmq.endpoint: cannot connect to {self.endpoint!r}: {error.strerror}; "
                "want tcp://127.0.0.1:PORT or ipc:///path/to/socket"
            ) from None
        self._loop.add_reader(self._monitor.fileno(), self._read_monitor)
        self._loop.add_reader(self._socket.fileno(), self._read_socket)
        # What came before the readers were there has been signalled already, and is not again. Not now but in the
        # loop's next turn, so that no callback runs before `open` has returned.
        self._loop.call_soon(self._read_monitor)
        self._loop.call_soon(self._read_socket)

    def close(self) -> None:
        """Closes at once: what the socket has not sent yet is dropped, and nobody is called any more."""
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_reader(self._monitor.fileno())
        self.is_connected = False
        self._close_sockets()

    def _close_sockets(self) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        self._context.term()

    def notice_changes(self) -> None:
        """Calls `on_connect` and `on_disconnect` for what ZeroMQ knows by now, before the loop's next turn does.

        For whoever is about to send: a daemon that came back a moment ago must not look like the old one.
        """
        self._read_monitor()

    def send(self, encoded: Iterable[bytes]) -> None:
        """Sends what `wire.encode` made, in as few parts as its limits allow. What waits when the connection breaks
        is dropped."""
        self._outbox.extend(wire.pack(encoded))
        if self._outbox:
            self._flush()

    def _flush(self) -> None:
        while self._outbox:
            try:
                self._socket.send(self._outbox[0], zmq.DONTWAIT)
            except zmq.Again:
                break  # the descriptor signals when there is room
            self._outbox.popleft()
        # ZeroMQ's descriptor is edge-triggered: what a send noticed on the side is not signalled again.
        if int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            self._loop.call_soon(self._read_socket)

    def _read_socket(self) -> None:
        if self._socket.closed:
            return
        self._receive()
        if self._outbox and not self._socket.closed:
            self._flush()

    def _receive(self) -> None:
        while not self._socket.closed:  # a callback may close
            try:
                part = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            records: list[Record] = []
            for record in wire.decode(part):
                if isinstance(record, dict):
                    records.append(record)
                else:
                    log.error("the daemon sent what cannot be read: %s", record.error.message)
            self._on_records(records)

    def _read_monitor(self) -> None:
        while not self._monitor.closed:
            try:
                message = self._monitor.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            if parse_monitor_message(message)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.is_connected = True
                self._on_connect()
            elif self.is_connected:
                self._receive()  # what arrived before the end still counts
                self.is_connected = False
                self._outbox.clear()
                self._on_disconnect()
