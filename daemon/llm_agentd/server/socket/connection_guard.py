"""Ends a TCP connection that sends a message without an end.

ZeroMQ keeps the frames of a message until its last one has come. It bounds neither their number nor their sum, and
until then nobody is told of them. So what a connection has sent since its last whole message is asked of the kernel
(tcp_info), and one that sent too much is reset; ZeroMQ then frees what it kept. Linux and TCP alone: to a unix
socket only those connect who may enter its folder, and a client on another machine has a key.

Router thread. Knows descriptors and byte counts, nothing of messages.
"""

from __future__ import annotations

import ctypes
import logging
import os
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

import zmq

from llm_agentd.protocol import wire

log = logging.getLogger(__name__)

# Since the last whole message: 16 times the largest part. All connections together: four that are just below that.
CONNECTION_MAX_BYTES = 16 * wire.PART_MAX_BYTES
ALL_MAX_BYTES = 4 * CONNECTION_MAX_BYTES
CHECK_S = 0.05  # loopback brings some 100 MB in this time
TCP_INFO_BYTES, RECEIVED_AT = 192, 128  # of struct tcp_info in linux/tcp.h: tcpi_bytes_received, since Linux 4.1
NO_ADDRESS = struct.pack("H14x", socket.AF_UNSPEC)  # a struct sockaddr
EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED
EVENT = struct.Struct("=HI")  # what a monitor sends first: which event, and its value


@dataclass(slots=True)
class _Connection:
    """`handle` is ZeroMQ's own descriptor, never closed here; `inode` tells whether it still is this connection's."""

    handle: socket.socket
    inode: int
    at_last_message: int  # bytes that had been received then

    def unfinished(self) -> int:
        return _received(self.handle) - self.at_last_message


class ConnectionGuard:
    """For one ROUTER, before it binds to `endpoint`. `monitor` None: there is nothing to watch.

    A monitor that nobody reads would stop ZeroMQ's I/O thread once it is full.
    """

    def __init__(self, router: zmq.Socket[bytes], clock: Callable[[], float], endpoint: str) -> None:
        self._router = router
        self._clock = clock
        self._connections: dict[int, _Connection] = {}  # by descriptor
        self._next_check_s = 0.0
        is_watched = endpoint.startswith("tcp://") and sys.platform == "linux"
        self.monitor = router.get_monitor_socket(EVENTS) if is_watched else None

    def close(self) -> None:
        for connection in self._connections.values():
            connection.handle.detach()
        if self.monitor is not None:
            self._router.disable_monitor()
            self.monitor.close(0)

    def poll_ms(self) -> int | None:
        """How long the router may sleep: what is kept of unfinished messages wakes nobody."""
        return round(CHECK_S * 1000) if self._connections else None

    def read_events(self) -> None:
        """Who came and who went."""
        while self.monitor is not None and self.monitor.poll(0):
            event, descriptor = EVENT.unpack(self.monitor.recv_multipart()[0])
            self._forget(descriptor)
            if event == zmq.EVENT_ACCEPTED:
                self._watch(descriptor)

    def on_message(self, last_frame: zmq.Frame) -> None:
        """A whole message came on the connection of its last frame."""
        if self._connections and (connection := self._connections.get(int(last_frame.get(zmq.SRCFD)))):
            connection.at_last_message = _received(connection.handle)

    def check(self) -> None:
        """Ends the connections that are over the bounds, the largest first."""
        now_s = self._clock()
        if not self._connections or now_s < self._next_check_s:
            return
        self._next_check_s = now_s + CHECK_S
        unfinished = {descriptor: connection.unfinished() for descriptor, connection in self._connections.items()}
        total = sum(unfinished.values())
        for descriptor in sorted(unfinished, key=lambda descriptor: unfinished[descriptor], reverse=True):
            if unfinished[descriptor] <= CONNECTION_MAX_BYTES and total <= ALL_MAX_BYTES:
                return
            total -= unfinished[descriptor]
            self._end(descriptor, unfinished[descriptor])

    def _watch(self, descriptor: int) -> None:
        """ZeroMQ's own thread may close it at any moment, also between two lines here."""
        try:
            inode = os.fstat(descriptor).st_ino
            handle = socket.socket(fileno=descriptor)
        except OSError:  # gone already
            return
        if handle.family in (socket.AF_INET, socket.AF_INET6):
            self._connections[descriptor] = _Connection(handle, inode, at_last_message=0)
        else:
            handle.detach()

    def _forget(self, descriptor: int) -> None:
        connection = self._connections.pop(descriptor, None)
        if connection is not None:
            connection.handle.detach()

    def _end(self, descriptor: int, size: int) -> None:
        connection = self._connections[descriptor]
        try:
            if os.fstat(descriptor).st_ino == connection.inode:
                log.warning("a connection sent %d MiB without ending a message, and is ended", size // 2**20)
                _abort(descriptor)
        except OSError:  # it went by itself
            pass
        self._forget(descriptor)


def _abort(descriptor: int) -> None:
    """Resets the connection: connect(2) to AF_UNSPEC, which Python's sockets do not offer.

    After a shutdown(2) the kernel would go on to take in what the other side sends, and ZeroMQ would go on to read it.
    """
    ctypes.CDLL(None).connect(descriptor, NO_ADDRESS, len(NO_ADDRESS))


def _received(handle: socket.socket) -> int:
    """Bytes since the connection was made; 0 where it is gone."""
    try:
        info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    except OSError:
        return 0
    return int(struct.unpack_from("Q", info, RECEIVED_AT)[0]) if len(info) >= RECEIVED_AT + 8 else 0
