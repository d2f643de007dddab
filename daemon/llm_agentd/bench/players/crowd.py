"""Several players at one server, in one thread that sleeps until a packet comes or a player has something to tell.

Owns the sockets. Raises in `crowd` what the server had against a player.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from llm_agentd.bench.players.player import Player
from llm_agentd.errors import StartError

TICK_S = 0.02  # of the thread: half of that is how late a position is told
DATAGRAM_MAX = 65536
STOP_S = 5.0


class _Crowd:
    def __init__(self, names: list[str], port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._selector = selectors.DefaultSelector()
        self._players: dict[socket.socket, Player] = {}
        for name in names:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.connect(self._address)
            self._players[sock] = Player(name, time.monotonic())
            self._selector.register(sock, selectors.EVENT_READ)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="players", daemon=True)

    @property
    def problems(self) -> list[str]:
        return [player.problem for player in self._players.values() if player.problem]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(STOP_S)
        for sock in self._players:
            sock.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._is_over.is_set():
            for key, _ in self._selector.select(TICK_S):
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                self._receive(sock)
            self._send()
        for player in self._players.values():
            player.connection.close()
        self._send()

    def _receive(self, sock: socket.socket) -> None:
        player = self._players[sock]
        while True:
            try:
                datagram = sock.recv(DATAGRAM_MAX)
            except OSError:  # nothing more; or nobody there yet, or any more
                return
            player.receive(datagram, time.monotonic())

    def _send(self) -> None:
        now_s = time.monotonic()
        for sock, player in self._players.items():
            player.step(now_s)
            for datagram in player.connection.take_out(now_s):
                try:
                    sock.send(datagram)
                except OSError:  # the server is not up yet, or gone: what matters is sent again
                    break


@contextmanager
def crowd(names: list[str], port: int) -> Iterator[None]:
    """While the block runs they are in the game, or on the way there. Raises StartError where one is refused."""
    players = _Crowd(names, port)
    players.start()
    try:
        yield
    finally:
        players.stop()
    if players.problems:
        raise StartError("; ".join(players.problems))
