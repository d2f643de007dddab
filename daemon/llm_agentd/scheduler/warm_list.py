"""Prompts to compute before anybody speaks: of NPCs near whom a player stands, or who have just answered one.

Pure: the time comes in as an argument (monotonic seconds), there is no lock and no clock in here; `engine_loop.py`
guards it with its own. It must not know engines or the wire.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

from llm_agentd.types import Peer, Request

WAITING_MAX = 16  # more pairs than a player stands near; each takes some tens of milliseconds up to a second
FRESH_S = 10.0  # whoever came near so long ago has spoken by now, or does not mean to

_Pair: TypeAlias = tuple[Peer, str, str]  # a game, an NPC and whom it faces


def is_warm(request: Request) -> bool:
    """Whether nobody waits for it: only its prompt is wanted, in the engine's memory."""
    return request.op == "warm"


class WarmList:
    """One for each pair of NPC and player, the newest first; a full list forgets its oldest."""

    def __init__(self) -> None:
        self._requests: OrderedDict[_Pair, Request] = OrderedDict()

    def __len__(self) -> int:
        return len(self._requests)

    def put(self, request: Request) -> None:
        pair = (request.peer, request.session_id, request.owner)
        self._requests.pop(pair, None)
        self._requests[pair] = request
        if len(self._requests) > WAITING_MAX:
            self._requests.popitem(last=False)

    def take(self, now_s: float) -> Request | None:
        """The newest. Where that is stale, all are, and are forgotten."""
        if not self._requests:
            return None
        _, request = self._requests.popitem()
        if now_s - request.arrived_s <= FRESH_S:
            return request
        self._requests.clear()
        return None

    def drop_peer(self, peer: Peer) -> None:
        for pair in [pair for pair in self._requests if pair[0] == peer]:
            del self._requests[pair]

    def clear(self) -> None:
        self._requests.clear()
