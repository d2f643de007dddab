"""The answers of one round of the router, encoded, by peer.

Router thread. Encoded when they are put, so that what they cost counts as time of the record that they answer, and so
that their size is known: nobody is given much more than ROUND_MAX_BYTES in a round, as what is unread takes memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llm_agentd.protocol import encode
from llm_agentd.types import Peer

ROUND_MAX_BYTES = 256 * 1024  # to one peer; it is over only by the record that filled it, and by the engine's events


class Replies:
    """`put` in a round, `take` at its end."""

    def __init__(self) -> None:
        self._records: dict[Peer, list[bytes]] = {}
        self._bytes: dict[Peer, int] = {}

    def put(self, peer: Peer, record: Mapping[str, Any]) -> None:
        encoded = encode.record_bytes(record)
        self._records.setdefault(peer, []).append(encoded)
        self._bytes[peer] = self._bytes.get(peer, 0) + len(encoded)

    def is_full(self, peer: Peer) -> bool:
        return self._bytes.get(peer, 0) >= ROUND_MAX_BYTES

    def take(self) -> dict[Peer, list[bytes]]:
        """All of the round, each peer's in the order of answering; the next round begins empty."""
        records, self._records, self._bytes = self._records, {}, {}
        return records
