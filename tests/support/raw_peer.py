"""Bare peers of the daemon, for tests of the wire itself; all others take `llm_agentd.client`."""

from __future__ import annotations

import itertools
import socket
from abc import ABC, abstractmethod
from typing import Any, Self

import zmq

from llm_agentd.protocol import wire
from llm_agentd.protocol.stream import RecordSplitter
from llm_agentd.util.endpoint import stream_path

WAIT_S = 10


class Peer(ABC):
    """`events` waits until each given id has its last record."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def send(self, *records: dict[str, Any]) -> None: ...

    @abstractmethod
    def receive(self) -> list[dict[str, Any]]:
        """What comes next; fails after WAIT_S."""

    def events(self, *ids: str | None) -> list[dict[str, Any]]:
        """All records up to the last of `ids`."""
        waiting, seen = set(ids), []
        while waiting:
            for record in self.receive():
                seen.append(record)
                if record["event"] != "delta":
                    waiting.discard(record["id"])
        return seen

    def request(self, **fields: Any) -> dict[str, Any]:
        """One request, its last record."""
        request_id = fields.setdefault("id", f"r{next(self._ids)}")
        self.send(fields)
        return self.events(request_id)[-1]


class RawPeer(Peer):
    """One ZeroMQ socket."""

    def __init__(self, endpoint: str, kind: int = zmq.DEALER, identity: bytes | None = None) -> None:
        super().__init__()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(kind)
        if identity is not None:
            self.socket.setsockopt(zmq.IDENTITY, identity)
        self.socket.connect(endpoint)

    def close(self) -> None:
        self.socket.close(0)
        self._context.term()

    def send(self, *records: dict[str, Any]) -> None:
        self.socket.send(b"".join(map(wire.encode, records)))

    def receive(self) -> list[dict[str, Any]]:
        assert self.socket.poll(WAIT_S * 1000), "no answer from the daemon"
        return _whole(wire.decode(self.socket.recv()))


class StreamPeer(Peer):
    """One connection to the plain socket beside ZeroMQ's."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        path = stream_path(endpoint)
        assert path is not None
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(str(path))
        self._splitter = RecordSplitter()

    def close(self) -> None:
        self.socket.close()

    def send(self, *records: dict[str, Any]) -> None:
        self.socket.sendall(b"".join(map(wire.encode, records)))

    def receive(self) -> list[dict[str, Any]]:
        data = self.socket.recv(1 << 16)
        assert data, "the daemon has closed the connection"
        return _whole([record for part in self._splitter.feed(data) for record in wire.decode(part)])

    def is_closed(self) -> bool:
        """The daemon's end is gone; whatever came before it is dropped."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        return True


def _whole(records: list[Any]) -> list[dict[str, Any]]:
    assert not any(isinstance(record, wire.DecodeError) for record in records)
    return records
