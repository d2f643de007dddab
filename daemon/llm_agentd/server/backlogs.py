"""What peers have sent and nobody has looked at yet: one queue a peer, and the peers take turns.

Router thread. A peer that sends thousands of records at once, good or bad, delays another by one turn, not by all of
them. The time that a round of the router may take is bounded too, so that answers and the engine's events never wait
for a flood. Knows records as the wire gives them, nothing of sockets and of what records mean.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from llm_agentd.protocol import wire
from llm_agentd.types import Peer

TURN_RECORDS = 64  # a game's step brings fewer, so all of it is taken at once and goes to the engine together
TURN_S = 0.002  # ten peers that flood delay another by 20 ms
PEER_MAX_BYTES = 32 * 1024 * 1024  # eight full parts: more than an adapter sends again after a lost connection
ALL_MAX_BYTES = 128 * 1024 * 1024  # of all peers: as many as like may connect
PART_COST_BYTES = 256  # what a part of a few bytes takes in memory: they must not be free

Record: TypeAlias = dict[str, Any] | wire.DecodeError


class _Backlog:
    """Of one peer: parts in the order of arrival, of which the first may have been begun."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self.bytes = 0
        self.items = self._items()

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self.bytes += _cost(part)

    def _items(self) -> Iterator[Record | None]:
        """Each record, and None behind the last one of each part. What is added meanwhile comes too."""
        while self._parts:
            yield from wire.iter_records(self._parts[0])
            yield None
            self.bytes -= _cost(self._parts.popleft())


class Backlogs:
    """`take(peer, record)` is called for each record, `end_part(peer)` behind the last one of each part.

    `is_full(peer)`: whether a peer has so many answers in this round that it must wait for the next.
    """

    def __init__(
        self,
        *,
        take: Callable[[Peer, Record], None],
        end_part: Callable[[Peer], None],
        is_full: Callable[[Peer], bool],
        clock: Callable[[], float],
    ) -> None:
        self._take = take
        self._end_part = end_part
        self._is_full = is_full
        self._clock = clock
        self._backlogs: OrderedDict[Peer, _Backlog] = OrderedDict()  # whose turn is next comes first; none is empty

    def __len__(self) -> int:
        """How many peers wait for a turn."""
        return len(self._backlogs)

    def __contains__(self, peer: Peer) -> bool:
        return peer in self._backlogs

    def add(self, peer: Peer, part: bytes) -> bool:
        """False, and the part is not kept, where the peer or all of them have too much waiting already.

        A peer of which nothing waits is never refused: those who flood shut nobody out.
        """
        backlog = self._backlogs.get(peer)
        if backlog is None:
            backlog = self._backlogs[peer] = _Backlog()
        elif backlog.bytes + _cost(part) > PEER_MAX_BYTES or self.bytes() + _cost(part) > ALL_MAX_BYTES:
            return False
        backlog.add(part)
        return True

    def bytes(self) -> int:
        return sum(backlog.bytes for backlog in self._backlogs.values())

    def drop(self, peer: Peer) -> None:
        self._backlogs.pop(peer, None)

    def take_turns(self, ends_s: float) -> None:
        """One peer after the other, until all is done or the time is over. At least one record is taken."""
        waiting = len(self._backlogs)  # so many peers in a row may be full before nobody has a turn any more
        while self._backlogs and waiting:
            peer, backlog = next(iter(self._backlogs.items()))
            self._backlogs.move_to_end(peer)
            if self._is_full(peer):
                waiting -= 1
                continue
            waiting = len(self._backlogs)
            self._turn(peer, backlog)
            if self._clock() >= ends_s:
                return

    def _turn(self, peer: Peer, backlog: _Backlog) -> None:
        ends_s = self._clock() + TURN_S
        for _ in range(TURN_RECORDS):
            try:
                record = next(backlog.items)
            except StopIteration:
                del self._backlogs[peer]
                return
            if record is None:
                self._end_part(peer)
            else:
                self._take(peer, record)
            if self._clock() >= ends_s or self._is_full(peer):
                return


def _cost(part: bytes) -> int:
    return len(part) + PART_COST_BYTES
