"""A bare ZeroMQ peer of the daemon, for tests of the wire itself; all others take `llm_agentd.client`."""

from __future__ import annotations

import itertools
from typing import Any

import zmq

from llm_agentd.protocol import wire

WAIT_MS = 10_000


class RawPeer:
    """One ZeroMQ socket. `events` waits for parts until each given id has its last record."""

    def __init__(self, endpoint: str, kind: int = zmq.DEALER, identity: bytes | None = None) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(kind)
        if identity is not None:
            self.socket.setsockopt(zmq.IDENTITY, identity)
        self.socket.connect(endpoint)
        self._ids = itertools.count(1)

    def __enter__(self) -> RawPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close(0)
        self._context.term()

    def send(self, *records: dict[str, Any]) -> None:
        self.socket.send(b"".join(map(wire.encode, records)))

    def receive(self) -> list[dict[str, Any]]:
        assert self.socket.poll(WAIT_MS), "no answer from the daemon"
        records = wire.decode(self.socket.recv())
        assert not any(isinstance(record, wire.DecodeError) for record in records)
        return records  # type: ignore[return-value]

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
