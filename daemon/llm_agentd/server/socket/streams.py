"""A plain unix socket beside ZeroMQ's, for the HTTP process: two wake-ups of a thread for each answer, not eight.

Router thread, but for `bind`. The bytes are those of ZeroMQ's parts, records one behind the other, without an envelope.
A connection is a peer of its own; that it ends is seen at once, and frees what the peer has open. It lies in the same
folder as ZeroMQ's socket and has the same mode: who may connect to the one may connect to the other, and there is none
where ZeroMQ's is TCP or wants keys. What a peer may make the daemon keep is bounded here: it is read only while nothing
of it waits, and cut off where it leaves too much unread. Knows descriptors and bytes, nothing of records.
"""

from __future__ import annotations

import errno
import itertools
import logging
import os
import select
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import zmq

from llm_agentd.errors import BadFrame
from llm_agentd.protocol.stream import RecordSplitter
from llm_agentd.types import Peer

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 64  # HTTP processes of one machine, far more than it has cores; one more tries again and again
READ_BYTES = 256 * 1024  # in a round of the router: a village's step is a tenth of it
UNSENT_MAX_BYTES = 32 * 1024 * 1024  # as ZeroMQ keeps for a peer that does not read: 128 messages of 256 KiB
CLOSE_WAIT_S = 0.5  # at the end, for what is not sent yet
KIND = b"stream"  # in the second place of an envelope of three: no socket of ZeroMQ's has such a one


class _Stream:
    def __init__(self, peer: Peer, connection: socket.socket) -> None:
        self.peer = peer
        self.connection = connection
        self.splitter = RecordSplitter()
        self.unsent = bytearray()
        self.is_blocked = False  # the kernel takes no more of it just now


class Streams:
    """`bind`, then `watch` a poller, then `read` and `send`, then `close`. Without a `path` there are none.

    `on_gone` is told of a peer whose connection has ended.
    """

    def __init__(self, path: Path | None, on_gone: Callable[[Peer], None]) -> None:
        self._path = path
        self._on_gone = on_gone
        self._listener: socket.socket | None = None
        self._poller: zmq.Poller = zmq.Poller()
        self._by_descriptor: dict[int, _Stream] = {}
        self._by_peer: dict[Peer, _Stream] = {}
        self._numbers = itertools.count(1)

    def bind(self) -> None:
        """The lock of ZeroMQ's path is held: what lies here is of a daemon that is gone. Raises OSError."""
        if self._path is None:
            return
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.setblocking(False)
        self._listener.bind(str(self._path))
        self._spare = os.dup(self._listener.fileno())

    def watch(self, poller: zmq.Poller) -> None:
        """From here on there are connections: by now only those may connect who shall."""
        self._poller = poller
        if self._listener is not None:
            self._listener.listen(CONNECTIONS_MAX)
            poller.register(self._listener.fileno(), zmq.POLLIN)

    def read(self, ready: Mapping[Any, int], is_waiting: Callable[[Peer], bool]) -> Iterator[tuple[Peer, bytes]]:
        """What came, as parts. `is_waiting`: something of the peer was read before, and has not had its turn."""
        if self._listener is not None and self._listener.fileno() in ready:
            self._accept()
        if not self._by_descriptor:
            return
        for descriptor in [one for one in ready if one in self._by_descriptor]:
            stream = self._by_descriptor[descriptor]
            if ready[descriptor] & zmq.POLLOUT:
                self._flush(stream)
            if ready[descriptor] & ~zmq.POLLOUT and not is_waiting(stream.peer):
                for part in self._receive(stream):
                    yield stream.peer, part

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._refuse_one()
            return  # else it is gone again
        if len(self._by_peer) >= CONNECTIONS_MAX:
            log.warning("more than %d connections to %s; one was closed", CONNECTIONS_MAX, self._path)
            connection.close()
            return
        connection.setblocking(False)
        stream = _Stream((b"", KIND, str(next(self._numbers)).encode()), connection)
        self._by_descriptor[connection.fileno()] = self._by_peer[stream.peer] = stream
        self._poller.register(connection.fileno(), zmq.POLLIN)

    def _refuse_one(self) -> None:
        """No descriptor is left. Who waits is closed by means of the spare one: else the poll would wake for it on and
        on."""
        assert self._listener is not None
        os.close(self._spare)
        with suppress(OSError):
            self._listener.accept()[0].close()
        self._spare = os.dup(self._listener.fileno())

    def _receive(self, stream: _Stream) -> list[bytes]:
        """Empty where nothing is whole, or the connection has ended."""
        try:
            data = stream.connection.recv(READ_BYTES)
            if data:
                return stream.splitter.feed(data)
        except BlockingIOError:
            return []
        except BadFrame as error:
            log.error("a connection to %s was closed: %s", self._path, error.message)
        except OSError:
            pass  # reset: as good as its end
        self._end(stream)
        return []

    # -- what goes out ---------------------------------------------------------------------------

    def send(self, peer: Peer, part: bytes) -> str:
        """Why the peer is gone now, as the metrics count it; empty: it has the part, or will have."""
        stream = self._by_peer.get(peer)
        if stream is None:
            return "peer_gone"
        is_waiting = bool(stream.unsent)
        stream.unsent += part
        if len(stream.unsent) > UNSENT_MAX_BYTES:
            self._forget(stream)
            return "peer_slow"
        return "" if is_waiting or self._flush(stream) else "peer_gone"

    def _flush(self, stream: _Stream) -> bool:
        """False: the connection has ended, which the next read sees too."""
        try:
            sent = stream.connection.send(stream.unsent) if stream.unsent else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            stream.unsent.clear()
            return False
        del stream.unsent[:sent]
        if bool(stream.unsent) is not stream.is_blocked:
            stream.is_blocked = not stream.is_blocked
            wanted = zmq.POLLIN | zmq.POLLOUT if stream.is_blocked else zmq.POLLIN
            self._poller.modify(stream.connection.fileno(), wanted)
        return True

    # -- ends ------------------------------------------------------------------------------------

    def _end(self, stream: _Stream) -> None:
        self._forget(stream)
        self._on_gone(stream.peer)

    def _forget(self, stream: _Stream) -> None:
        self._poller.unregister(stream.connection.fileno())
        del self._by_descriptor[stream.connection.fileno()], self._by_peer[stream.peer]
        stream.connection.close()

    def close(self) -> None:
        """Sends what is left, as far as it is read in time."""
        for stream in list(self._by_peer.values()):
            if stream.unsent and select.select((), (stream.connection,), (), CLOSE_WAIT_S)[1]:
                self._flush(stream)
            self._forget(stream)
        if self._listener is not None:
            self._listener.close()
            os.close(self._spare)
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def is_stream(peer: Peer) -> bool:
    return KIND in peer[1:2]
