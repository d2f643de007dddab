"""What is being answered: every request that was taken and has not had its last record yet.

Router thread only. It is what makes ids idempotent: a request that comes again while it is open, as after a broken
connection, is the same one, and its answer is on its way. Knows no sockets.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson

from llm_agentd.errors import BadRequest
from llm_agentd.server.minds.minds import Tries
from llm_agentd.types import Peer, Request


@dataclass(slots=True)
class Open:
    """`request`: set once its prompt is built, for the mind that is asked now; None of what is no generation.

    `tries`: which minds may be asked, with it.
    """

    record: dict[str, Any]
    request: Request | None = None
    tries: Tries | None = None


class OpenRequests:
    """The records, by peer and id."""

    def __init__(self) -> None:
        self._open: dict[tuple[Peer, str], Open] = {}
        self._count: Counter[Peer] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def is_open(self, peer: Peer, request_id: str) -> bool:
        return (peer, request_id) in self._open

    def open(self, peer: Peer, record: dict[str, Any]) -> bool:
        """False where this very record is open already, whatever is left of its deadline.

        Raises BadRequest for another one under its id.
        """
        key = (peer, record["id"])
        earlier = self._open.get(key)
        if earlier is None:
            self._open[key] = Open(record)
            self._count[peer] += 1
            return True
        if _canonical(earlier.record) != _canonical(record):
            raise BadRequest(f"id: {record['id']!r} is in flight already with other content; ids must be unique")
        return False

    def built(self, request: Request, tries: Tries) -> None:
        """What became of the open record."""
        opened = self._open[request.peer, request.id]
        opened.request, opened.tries = request, tries

    def tries(self, request: Request) -> Tries | None:
        """None where this very request is not open any more."""
        opened = self._open.get((request.peer, request.id))
        return opened.tries if opened is not None and opened.request is request else None

    def close(self, peer: Peer, request_id: str) -> Open | None:
        """None where it was not open: it was answered before, or its peer is gone."""
        closed = self._open.pop((peer, request_id), None)
        if closed is None:
            return None
        self._count[peer] -= 1
        if not self._count[peer]:
            del self._count[peer]
        return closed

    def close_peer(self, peer: Peer) -> None:
        if not self._count.pop(peer, 0):
            return
        for key in [key for key in self._open if key[0] == peer]:
            del self._open[key]

    def close_all(self) -> list[tuple[Peer, dict[str, Any]]]:
        """What was open, in the order of opening."""
        rest = [(peer, one.record) for (peer, _), one in self._open.items()]
        self._open.clear()
        self._count.clear()
        return rest

    def has_peer(self, peer: Peer) -> bool:
        return peer in self._count


def _canonical(record: dict[str, Any]) -> bytes:
    """Equal for records with the same fields in whatever order. `==` of dicts would take 1 for true.

    `deadline_ms` is left out: whoever sends a request again asks for what is left of its time, not for all of it anew.
    """
    fields = {name: value for name, value in record.items() if name != "deadline_ms"}
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
