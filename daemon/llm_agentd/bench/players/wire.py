"""Packets of the game's protocol as a client sends and gets them: framing, delivery again until acknowledged, joining.

Pure: bytes in, bytes out; the clock is handed in. Knows no command of the game; those are in player.py. The engine
describes it in src/network/mtp/internal.h. All numbers are big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

PROTOCOL_ID = 0x4F457403
NO_PEER = 0  # the sender of a first packet, who has no number yet
CHANNELS = 3
FIRST_SEQNUM, SEQNUMS = 65500, 65536
WINDOW = 0x8000  # numbers ahead of the next one are new, those behind it came before
CONTROL, ORIGINAL, SPLIT, RELIABLE = range(4)
ACK, SET_PEER_ID, PING, DISCONNECT = range(4)
RESEND_S = 0.5  # several round trips on one machine, even a busy one
IN_FLIGHT_MAX = 128  # an engine takes 0x40 to 0x8000 as its window; more than this means that it is gone
_BASE = struct.Struct("!IHB")


@dataclass(slots=True)
class _Channel:
    """What came on one channel: the engine wants reliable packets taken in their order."""

    next_seqnum: int = FIRST_SEQNUM
    ahead: dict[int, bytes] = field(default_factory=dict)
    parts: dict[int, dict[int, bytes]] = field(default_factory=dict)


class Connection:
    """One side of a connection, the client's. All that is sent reliably goes on channel 0, in order."""

    def __init__(self) -> None:
        self.peer_id = NO_PEER
        self._seqnum = FIRST_SEQNUM
        self._channels = [_Channel() for _ in range(CHANNELS)]
        self._unacknowledged: dict[int, tuple[bytes, float]] = {}  # seqnum → packet, when it is sent again
        self._out: list[bytes] = []

    def open(self, now_s: float) -> None:
        """The first packet, to which the server answers with our number."""
        self.send(b"", now_s)

    def send(self, data: bytes, now_s: float, *, reliable: bool = True) -> None:
        if not reliable:
            self._put(0, bytes([ORIGINAL]) + data)
            return
        self._send_reliably(bytes([ORIGINAL]) + data, now_s)

    def close(self) -> None:
        self._put(0, bytes([CONTROL, DISCONNECT]))

    def take_out(self, now_s: float) -> list[bytes]:
        """Datagrams to send now, those that nobody acknowledged again among them."""
        for seqnum, (packet, again_s) in list(self._unacknowledged.items()):
            if now_s >= again_s:
                self._unacknowledged[seqnum] = (packet, now_s + RESEND_S)
                self._put(0, packet)
        out, self._out = self._out, []
        return out

    @property
    def is_lost(self) -> bool:
        return len(self._unacknowledged) > IN_FLIGHT_MAX

    def receive(self, datagram: bytes) -> Iterator[bytes]:
        """The commands that a datagram completes. Acknowledgements are made ready for `take_out`."""
        if len(datagram) <= _BASE.size:
            return
        protocol, _, channel = _BASE.unpack_from(datagram)
        if protocol == PROTOCOL_ID and channel < CHANNELS:
            yield from self._take(channel, datagram[_BASE.size :])

    def _take(self, number: int, packet: bytes) -> Iterator[bytes]:
        kind = packet[0]
        if kind == ORIGINAL:
            yield packet[1:]
        elif kind == CONTROL:
            self._control(packet)
        elif kind == SPLIT:
            yield from self._part(number, packet)
        elif kind == RELIABLE:
            yield from self._reliable(number, packet)

    def _control(self, packet: bytes) -> None:
        if packet[1] == ACK:
            self._unacknowledged.pop(int.from_bytes(packet[2:4]), None)
        elif packet[1] == SET_PEER_ID:
            self.peer_id = int.from_bytes(packet[2:4])

    def _part(self, number: int, packet: bytes) -> Iterator[bytes]:
        seqnum, count, place = struct.unpack_from("!HHH", packet, 1)
        parts = self._channels[number].parts.setdefault(seqnum, {})
        parts[place] = packet[7:]
        if len(parts) == count:
            del self._channels[number].parts[seqnum]
            yield b"".join(parts[place] for place in range(count))

    def _reliable(self, number: int, packet: bytes) -> Iterator[bytes]:
        channel, seqnum = self._channels[number], int.from_bytes(packet[1:3])
        self._put(number, bytes([CONTROL, ACK]) + packet[1:3])
        if (seqnum - channel.next_seqnum) % SEQNUMS >= WINDOW:
            return  # it came before
        channel.ahead[seqnum] = packet[3:]
        while channel.next_seqnum in channel.ahead:
            inner = channel.ahead.pop(channel.next_seqnum)
            channel.next_seqnum = (channel.next_seqnum + 1) % SEQNUMS
            if inner:
                yield from self._take(number, inner)

    def _send_reliably(self, inner: bytes, now_s: float) -> None:
        packet = bytes([RELIABLE]) + self._seqnum.to_bytes(2) + inner
        self._unacknowledged[self._seqnum] = (packet, now_s + RESEND_S)
        self._seqnum = (self._seqnum + 1) % SEQNUMS
        self._put(0, packet)

    def _put(self, channel: int, packet: bytes) -> None:
        self._out.append(_BASE.pack(PROTOCOL_ID, self.peer_id, channel) + packet)


def text(words: str) -> bytes:
    """As names and most texts travel: 16 bits of length, then UTF-8."""
    data = words.encode()
    return len(data).to_bytes(2) + data


def long_text(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def wide_text(words: str) -> bytes:
    """As chat travels: the number of 16-bit units, then UTF-16."""
    data = words.encode("utf-16-be")
    return (len(data) // 2).to_bytes(2) + data


def read_text(data: bytes, at: int) -> tuple[str, int]:
    """A text at this offset, and the offset behind it."""
    end = at + 2 + int.from_bytes(data[at : at + 2])
    return data[at + 2 : end].decode(errors="replace"), end


def read_wide_text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 2 + 2 * int.from_bytes(data[at : at + 2])
    return data[at + 2 : end].decode("utf-16-be", errors="replace"), end
