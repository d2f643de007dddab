"""What is being answered: every request that was taken and has not had its last record yet.

Router thread only. It is what makes ids idempotent: a request that comes again while it is open, as after a broken
connection, is the same one, and its answer is on its way. Knows no sockets.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from llm_agentd.errors import BadRequest
from llm_agentd.types import Peer

DIGEST_BYTES = 16


class OpenRequests:
    """By peer and id, each with a digest of its record."""

    def __init__(self) -> None:
        self._digests: dict[tuple[Peer, str], bytes] = {}

    def __len__(self) -> int:
        return len(self._digests)

    def is_open(self, peer: Peer, request_id: str) -> bool:
        return (peer, request_id) in self._digests

    def is_resent(self, peer: Peer, record: dict[str, Any]) -> bool:
        """Whether this very record is open already. Raises BadRequest for another one under its id."""
        digest = self._digests.get((peer, record["id"]))
        if digest is None:
            return False
        if digest != _digest(record):
            raise BadRequest(f"id: {record['id']!r} is in flight already with other content; ids must be unique")
        return True

    def open(self, peer: Peer, record: dict[str, Any]) -> None:
        self._digests[peer, record["id"]] = _digest(record)

    def close(self, peer: Peer, request_id: str) -> bool:
        """False where it was not open: its peer is gone, or it was answered at once."""
        return self._digests.pop((peer, request_id), None) is not None

    def has_peer(self, peer: Peer) -> bool:
        return any(key[0] == peer for key in self._digests)

    def close_peer(self, peer: Peer) -> None:
        for key in [key for key in self._digests if key[0] == peer]:
            del self._digests[key]


def _digest(record: dict[str, Any]) -> bytes:
    return hashlib.blake2b(orjson.dumps(record, option=orjson.OPT_SORT_KEYS), digest_size=DIGEST_BYTES).digest()
