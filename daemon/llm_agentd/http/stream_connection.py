"""The HTTP process's connection to a daemon on the same machine: a plain unix socket, read and written on the loop.

Event loop, and only there; nothing blocks. For who uses it the same as `client/connection.py` over ZeroMQ, without the
threads and queues between a call and the wire. server/socket/streams.py is the other end. What becomes of open requests
when the connection breaks is for `DaemonClient` to decide.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from llm_agentd.client.records import Record
from llm_agentd.errors import BadFrame
from llm_agentd.protocol import wire
from llm_agentd.protocol.stream import RecordSplitter

log = logging.getLogger(__name__)

RECONNECT_MS = 100  # how often a lost daemon is looked for, as over ZeroMQ; a refused connection costs nothing
READ_BYTES = 256 * 1024  # what the daemon sends of a round at most


class StreamConnection:
    """`open`, `send`, `close`. Connects and reconnects by itself, for as long as this is open."""

    def __init__(
        self,
        path: Path,
        *,
        on_records: Callable[[list[Record]], None],
        on_connect: Callable[[], None],
        on_disconnect: Callable[[], None],
    ) -> None:
        self._path = str(path)
        self._on_records = on_records
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        self._socket: socket.socket | None = None  # None while there is no connection
        self._unsent = bytearray()
        self._splitter = RecordSplitter()
        self._retry: asyncio.TimerHandle | asyncio.Handle | None = None

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    def open(self) -> None:
        """Begins to connect; nobody is called before this has returned."""
        self._loop = asyncio.get_running_loop()
        self._retry = self._loop.call_soon(self._connect)

    def close(self) -> None:
        """Closes at once: what is not sent yet is dropped, and nobody is called any more."""
        if self._retry is not None:
            self._retry.cancel()
        self._drop_socket()

    def _connect(self) -> None:
        """A unix socket is connected at once or not at all."""
        with ExitStack() as unless_connected:
            try:
                connection = unless_connected.enter_context(socket.socket(socket.AF_UNIX))
                connection.setblocking(False)
                connection.connect(self._path)
            except OSError:  # nobody listens, too many wait, or this process has no descriptor left
                self._retry = self._loop.call_later(RECONNECT_MS / 1000, self._connect)
                return
            unless_connected.pop_all()
        self._retry = None
        self._socket = connection
        self._splitter = RecordSplitter()
        self._loop.add_reader(connection.fileno(), self._read)
        self._on_connect()

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None
        self._unsent.clear()

    # -- records ---------------------------------------------------------------------------------

    def send(self, encoded: Iterable[bytes]) -> None:
        """Sends what `wire.encode` made. What waits when the connection breaks is dropped."""
        if self._socket is None:
            return
        had_waiting = bool(self._unsent)
        for record in encoded:
            self._unsent += record
        if self._unsent and not had_waiting:
            self._flush()

    def _flush(self) -> None:
        if self._socket is None:
            return
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:  # the next read says so, too, and tells the owner then
            self._unsent.clear()
            return
        del self._unsent[:sent]
        if self._unsent:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        else:
            self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        try:
            parts = self._splitter.feed(data)
        except BadFrame as error:
            log.error("the daemon sent what cannot be read: %s", error.message)
            self._end()
            return
        for part in parts:
            self._on_records(_records(part))

    def _end(self) -> None:
        self._drop_socket()
        self._retry = self._loop.call_later(RECONNECT_MS / 1000, self._connect)
        self._on_disconnect()


def _records(part: bytes) -> list[Record]:
    records: list[Record] = []
    for record in wire.iter_records(part):
        if isinstance(record, dict):
            records.append(record)
        else:
            log.error("the daemon sent what cannot be read: %s", record.error.message)
    return records
