"""Reads messages from the ROUTER socket, frame by frame, and keeps no more of each than the wire allows.

Router thread. A message is an envelope (the peer's routing id, and the delimiter of a REQ socket) and one part. ZeroMQ
bounds the size of a frame, not their number; what is over the wire's bounds is thrown away frame by frame, so that no
such message is ever whole in Python's memory. Knows frames, and nothing of what a part holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import zmq

from llm_agentd.errors import TooLarge
from llm_agentd.types import Peer

ENVELOPE_MAX_FRAMES = 2  # the routing id, and a REQ socket's delimiter; docs/protocol.md names both limits
# A routing id is no longer; each answer carries the envelope back, and open requests hold it.
ENVELOPE_FRAME_MAX_BYTES = 255
DISCARDED_AT_A_TIME = 256  # frames between looks at the clock


@dataclass(frozen=True, slots=True)
class Message:
    """`part` is what came, or why it is not read."""

    peer: Peer
    part: bytes | TooLarge


class Receiver:
    """`read` until it gives None."""

    def __init__(
        self, socket: zmq.Socket[bytes], clock: Callable[[], float], on_message: Callable[[zmq.Frame], None]
    ) -> None:
        """`on_message` is called with the last frame of each message."""
        self._socket = socket
        self._on_message = on_message
        self._clock = clock
        self._discarding: Peer | None = None  # whose message is being thrown away, over several calls if need be

    def read(self, ends_s: float) -> Message | None:
        """The next message; None where nothing waits, or the time is over."""
        while self._clock() < ends_s:
            if self._discarding is not None:
                if message := self._discard(ends_s):
                    return message
                continue
            try:
                routing_id = self._socket.recv(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                return None
            if message := self._read_part(routing_id):
                return message
        return None

    def _read_part(self, routing_id: zmq.Frame) -> Message | None:
        """All behind the routing id. ZeroMQ delivers whole messages, so none of these calls has to wait."""
        peer: Peer = (routing_id.bytes,)
        has_more = routing_id.more
        while has_more:
            frame = self._socket.recv(copy=False)
            if not frame.more:
                self._on_message(frame)
                return Message(peer, frame.bytes)
            if len(peer) == ENVELOPE_MAX_FRAMES or len(frame) > ENVELOPE_FRAME_MAX_BYTES:
                self._discarding = peer[:1]
                return None
            peer = (*peer, frame.bytes)
        return Message(peer, b"")  # a routing id alone, which no socket of ZeroMQ's sends

    def _discard(self, ends_s: float) -> Message | None:
        """Throws the rest of a message away, as far as time allows; at its end, the answer to it.

        A frame is freed as soon as nobody refers to it. Nothing of others can be read before, so this is quick: some
        100 ms for the 100,000 frames of a hostile message.
        """
        count = 0
        while (frame := self._socket.recv(copy=False)).more:
            count += 1
            if not count % DISCARDED_AT_A_TIME and self._clock() >= ends_s:
                return None
        self._on_message(frame)
        assert self._discarding is not None
        peer, self._discarding = self._discarding, None
        return Message(
            peer,
            TooLarge(
                f"a message is a part behind at most {ENVELOPE_MAX_FRAMES} frames of {ENVELOPE_FRAME_MAX_BYTES} bytes,"
                " its routing id and an empty delimiter; put several records into one part"
            ),
        )
