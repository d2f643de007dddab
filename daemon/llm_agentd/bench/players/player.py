"""One player: joins as a new account, tells the server where it stands, and carries out the orders that the game sends.

An order is a chat line `@order {json}`, which this player alone gets. What it does then is what a client sends when
somebody walks, speaks, clicks and presses buttons. Knows nothing of NPCs, nor of sockets; those are crowd.py's.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import orjson

from llm_agentd.bench.players.wire import (
    NO_PEER,
    Connection,
    long_text,
    read_text,
    read_wide_text,
    text,
    wide_text,
)

ORDER = "@order "
# Commands, by the names of src/network/networkprotocol.h.
HELLO, AUTH_ACCEPT, ACCESS_DENIED, BLOCKDATA = 0x02, 0x03, 0x0A, 0x20
MEDIA_PUSH, CHAT, MOVE_PLAYER, ANNOUNCE_MEDIA = 0x2C, 0x2F, 0x34, 0x3C
INIT, INIT2, PLAYERPOS, GOTBLOCKS = 0x02, 0x11, 0x23, 0x24
CHAT_MESSAGE, INTERACT, FIELDS = 0x32, 0x39, 0x3C
REQUEST_MEDIA, HAVE_MEDIA, CLIENT_READY, FIRST_SRP = 0x40, 0x41, 0x43, 0x50
PUNCH, CLICK = 0, 3  # what INTERACT is about
OBJECT = 2  # what it points at
# 5.6.1 speaks 41; newer engines still do. Version 28 of map blocks is that of the same release.
PROTOCOL_MIN, PROTOCOL_MAX, BLOCKS = 37, 41, 28
SPEED = 3.5  # nodes a second; who walks faster than 4 is set back
POSITION_EVERY_S = 0.1  # as often as a client tells it
KNOCK_EVERY_S = 0.5  # asks again for an entrance: the first packet of a joining player is not sent reliably
FORWARD_KEY = 1
FOV, WANTED_RANGE = 100, 2  # 72 degrees × 80 / 57.3; blocks: no more than the floor one stands on
NODE, UNIT = 10.0, 100.0  # engine units in a node; sent in hundredths


class Player:
    def __init__(self, name: str, now_s: float) -> None:
        self.name = name
        self.connection = Connection()
        self.problem: str | None = None  # why the server would not have this player
        self.is_in = False
        self._position = self._goal = (0.0, 0.0, 0.0)
        self._yaw = 0.0
        self._is_greeted = False
        self._told_s = self._knocked_s = now_s
        self.connection.open(now_s)

    def step(self, now_s: float) -> None:
        if not self._is_greeted and now_s - self._knocked_s >= KNOCK_EVERY_S:
            self._knocked_s = now_s
            if self.connection.peer_id != NO_PEER:
                versions = struct.pack("!BHHH", BLOCKS, 0, PROTOCOL_MIN, PROTOCOL_MAX)
                self._send(INIT, versions + text(self.name), now_s, reliable=False)
        if self.is_in and now_s - self._told_s >= POSITION_EVERY_S:
            self._walk(now_s - self._told_s)
            self._told_s = now_s
            self._send(PLAYERPOS, self._whereabouts(), now_s, reliable=False)

    def receive(self, datagram: bytes, now_s: float) -> None:
        for data in self.connection.receive(datagram):
            if len(data) >= 2:
                self._take(int.from_bytes(data[:2]), data[2:], now_s)

    def _send(self, command: int, data: bytes, now_s: float, *, reliable: bool = True) -> None:
        self.connection.send(command.to_bytes(2) + data, now_s, reliable=reliable)

    # What the server tells ------------------------------------------------------------------------------------------

    def _take(self, command: int, data: bytes, now_s: float) -> None:
        if command == HELLO and not self._is_greeted:
            self._is_greeted = True
            self._send(FIRST_SRP, text("salt") + text("verifier") + b"\x00", now_s)  # nobody ever comes back by it
        elif command == AUTH_ACCEPT:
            self._send(INIT2, text("en"), now_s)
        elif command == ACCESS_DENIED and not self.is_in:  # else the server ends
            self.problem = f"the server refused {self.name}, reason {data[:1].hex()}"
        elif command == ANNOUNCE_MEDIA and not self.is_in:
            self._enter(now_s)
        elif command == BLOCKDATA:
            self._send(GOTBLOCKS, b"\x01" + data[:6], now_s)
        elif command == MOVE_PLAYER:
            x, y, z = (part / NODE for part in struct.unpack_from("!fff", data))
            self._position = self._goal = (x, y, z)
        elif command == MEDIA_PUSH:
            self._fetch(data, now_s)
        elif command == CHAT:
            self._hear(data, now_s)

    def _enter(self, now_s: float) -> None:
        """Its files are taken for cached: a client that was here before asks for none."""
        self.is_in = True
        self._send(CLIENT_READY, bytes([5, 6, 1, 0]) + text("llm-agentd bench") + (6).to_bytes(2), now_s)

    def _fetch(self, data: bytes, now_s: float) -> None:
        """A sound comes while playing: it is asked for, and said to be there."""
        _, at = read_text(data, 0)
        name, at = read_text(data, at)
        self._send(REQUEST_MEDIA, (1).to_bytes(2) + text(name), now_s)
        self._send(HAVE_MEDIA, b"\x01" + data[at : at + 4], now_s)

    def _hear(self, data: bytes, now_s: float) -> None:
        _, at = read_wide_text(data, 2)
        words, _ = read_wide_text(data, at)
        if words.startswith(ORDER):
            self._obey(orjson.loads(words[len(ORDER) :]), now_s)

    # What it is told to do -------------------------------------------------------------------------------------------

    def _obey(self, order: dict[str, Any], now_s: float) -> None:
        match order["do"]:
            case "say":
                self._send(CHAT_MESSAGE, wide_text(order["text"]), now_s)
            case "walk":
                self._goal = (order["x"], self._position[1], order["z"])
            case "punch" | "click":
                action = PUNCH if order["do"] == "punch" else CLICK
                pointed = long_text(struct.pack("!BBH", 0, OBJECT, int(order["id"])))
                self._send(INTERACT, struct.pack("!BH", action, 0) + pointed + self._whereabouts(), now_s)
            case "fields":
                fields = order["fields"]
                parts = [text(name) + long_text(str(value).encode()) for name, value in fields.items()]
                self._send(FIELDS, text(order["form"]) + len(parts).to_bytes(2) + b"".join(parts), now_s)

    def _walk(self, passed_s: float) -> None:
        x, y, z = self._position
        ahead_x, ahead_z = self._goal[0] - x, self._goal[2] - z
        left = math.hypot(ahead_x, ahead_z)
        if not left:
            return
        share = min(1.0, SPEED * passed_s / left)
        self._yaw = math.degrees(math.atan2(-ahead_x, ahead_z)) % 360
        self._position = (x + ahead_x * share, y, z + ahead_z * share)

    def _whereabouts(self) -> bytes:
        keys = FORWARD_KEY if self._position != self._goal else 0
        position = (round(part * NODE * UNIT) for part in self._position)
        return struct.pack("!iiiiiiiiIBB", *position, 0, 0, 0, 0, round(self._yaw * UNIT), keys, FOV, WANTED_RANGE)
