"""The players of benchmarks without a network: delivery of packets, and what a player answers to a server."""

from __future__ import annotations

import struct

from llm_agentd.bench.players import player as player_module
from llm_agentd.bench.players.player import ORDER, Player
from llm_agentd.bench.players.wire import (
    FIRST_SEQNUM,
    ORIGINAL,
    PROTOCOL_ID,
    RELIABLE,
    RESEND_S,
    SPLIT,
    Connection,
    text,
    wide_text,
)

HEADER = struct.pack("!IHB", PROTOCOL_ID, 1, 0)


def reliable(number: int, inner: bytes) -> bytes:
    return HEADER + bytes([RELIABLE]) + (FIRST_SEQNUM + number).to_bytes(2) + inner


def original(data: bytes) -> bytes:
    return bytes([ORIGINAL]) + data


def joined() -> Player:
    player = Player("Ann", 0.0)
    player.receive(reliable(0, b"\x00\x01\x00\x07"), 0.0)  # her number
    player.connection.take_out(0.0)
    return player


def commands(player: Player, now_s: float) -> list[bytes]:
    """What she sends, without acknowledgements and headers of packets."""
    bodies = [datagram[7:] for datagram in player.connection.take_out(now_s)]
    return [body[4:] if body[0] == RELIABLE else body[1:] for body in bodies if body[0] in (RELIABLE, ORIGINAL)]


def test_packets_out_of_order_and_doubled_are_taken_once_in_order() -> None:
    connection = Connection()
    assert list(connection.receive(reliable(1, original(b"second")))) == []
    assert list(connection.receive(reliable(0, original(b"first")))) == [b"first", b"second"]
    assert list(connection.receive(reliable(0, original(b"first")))) == []
    assert len(connection.take_out(0.0)) == 3  # each is acknowledged, the doubled one again


def test_split_command_is_put_together() -> None:
    connection = Connection()
    parts = [bytes([SPLIT]) + struct.pack("!HHH", 9, 2, place) + data for place, data in enumerate((b"hel", b"lo"))]
    assert list(connection.receive(reliable(0, parts[0]))) == []
    assert list(connection.receive(reliable(1, parts[1]))) == [b"hello"]


def test_reliable_packet_is_sent_until_acknowledged() -> None:
    connection = Connection()
    connection.send(b"hi", 0.0)
    assert len(connection.take_out(0.0)) == 1
    assert connection.take_out(RESEND_S / 2) == []
    assert len(connection.take_out(RESEND_S)) == 1
    list(connection.receive(HEADER + b"\x00\x00" + FIRST_SEQNUM.to_bytes(2)))
    assert connection.take_out(RESEND_S * 3) == []


def test_foreign_datagram_is_ignored() -> None:
    assert list(Connection().receive(b"\x00" * 20)) == []


def test_player_says_what_the_game_orders_and_nothing_else() -> None:
    player = joined()
    for number, words in enumerate((ORDER + '{"do": "say", "text": "Hello, Mira!"}', "Hello, Ann.")):
        chat = player_module.CHAT.to_bytes(2) + b"\x01\x00" + wide_text("") + wide_text(words)
        player.receive(reliable(number + 1, original(chat)), 0.0)
    assert commands(player, 0.0) == [player_module.CHAT_MESSAGE.to_bytes(2) + wide_text("Hello, Mira!")]


def test_player_walks_no_faster_than_the_server_lets_her() -> None:
    player = joined()
    player.receive(reliable(1, original(player_module.ANNOUNCE_MEDIA.to_bytes(2))), 0.0)
    order = wide_text(ORDER + '{"do": "walk", "x": 7.0, "z": 0.0}')
    player.receive(reliable(2, original(player_module.CHAT.to_bytes(2) + b"\x01\x00" + wide_text("") + order)), 0.0)
    commands(player, 0.0)
    player.step(1.0)
    (x, y, z) = next(
        struct.unpack_from("!iii", data, 2)
        for data in commands(player, 1.0)
        if data.startswith(player_module.PLAYERPOS.to_bytes(2))
    )
    assert (x, y, z) == (3500, 0, 0)


def test_player_who_is_refused_says_so() -> None:
    player = joined()
    player.receive(reliable(1, original(player_module.ACCESS_DENIED.to_bytes(2) + b"\x01" + text(""))), 0.0)
    assert player.problem is not None
    assert "Ann" in player.problem
