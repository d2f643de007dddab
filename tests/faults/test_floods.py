"""One peer of the ROUTER, or many, send as much as they can: all others are served meanwhile, in bounded memory."""

from __future__ import annotations

import contextlib
import itertools
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from llm_agentd.errors import AgentdError
from llm_agentd.protocol import wire
from tests.faults.campaign import Tally, size
from tests.faults.host import Host, Process, npc, pinging, think
from tests.support.raw_peer import RawPeer

pytestmark = [pytest.mark.faults, pytest.mark.slow]

THINKS_PER_S = 1500
FLOOD_S = size(short=1.2, long=12.0)
PING_MAX_S = 2.0  # a flood on the same two cores costs others something, but nobody waits for its end
GROWN_MAX_MIB = 256.0  # of the daemon: what is on the wire and in the queue, not what was ever sent
EMPTY_RECORDS = wire.encode({}) * 250_000  # 1.5 MB: each is an error to be answered


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path) as host:
        yield host


class Flood:
    """Peers that send between `begin` and `end`, in a process of their own: else others would wait for this one's lock.

    Made before this process has threads of its own, as it forks.
    """

    def __init__(self, endpoint: str, send: Callable[[Any], None], *, peers: int = 1, reads: bool = True) -> None:
        fork = multiprocessing.get_context("fork")
        self._endpoint, self._send, self._peers, self._reads = endpoint, send, peers, reads
        self._begun, self._ended = fork.Event(), fork.Event()
        self._process = fork.Process(target=self._run, daemon=True)
        self._process.start()

    def begin(self) -> None:
        self._begun.set()

    def end(self) -> None:
        self._ended.set()
        self._process.join(5)
        self._process.kill()  # it may wait in `send`: what it still holds is not sent any more

    def _run(self) -> None:
        self._begun.wait(60)
        peers = [RawPeer(self._endpoint) for _ in range(self._peers)]
        for peer in peers:
            peer.socket.setsockopt(zmq.SNDTIMEO, 100)
        while not self._ended.is_set():
            for peer in peers:
                with contextlib.suppress(zmq.Again):
                    self._send(peer.socket)
                while self._reads and peer.socket.poll(0):
                    peer.socket.recv_multipart()
        os._exit(0)


def flood_while_others_ping(
    tally: Tally, host: Host, send: Callable[[Any], None], *, peers: int = 1, reads: bool = True
) -> Process:
    """For `FLOOD_S`, then until the daemon is quiet again; the daemon must be the same process."""
    daemon = host.ready("daemon")
    flood = Flood(host.endpoint, send, peers=peers, reads=reads)
    with pinging(host, daemon.pid) as watch:
        flood.begin()
        time.sleep(FLOOD_S)
        flood.end()
        time.sleep(0.5)
    tally.passed(watch.count)
    for failure in watch.failures:
        tally.check(False, f"ping: {failure}")
    tally.check(watch.worst_s < PING_MAX_S, f"a ping took {watch.worst_s:.1f} s")
    tally.check(watch.grown_mib < GROWN_MAX_MIB, f"the daemon grew by {watch.grown_mib:.0f} MiB")
    tally.check(daemon.is_running(), f"the daemon has ended: {daemon.errors()[-500:]}")
    tally.check(len(daemon.errors()) < 100_000, f"{len(daemon.errors())} characters of log")
    tally.figure(worst_ping_s=watch.worst_s, grown_mib=watch.grown_mib, log_bytes=len(daemon.errors()))
    return daemon


def test_flood_of_empty_records(tally: Tally, host: Host) -> None:
    flood_while_others_ping(tally, host, lambda socket: socket.send(EMPTY_RECORDS))


def test_flood_of_bad_records_in_full_parts(tally: Tally, host: Host) -> None:
    part = wire.encode({"op": "no such"}) * 1024
    flood_while_others_ping(tally, host, lambda socket: socket.send(part))


def test_flood_of_empty_records_from_many(tally: Tally, host: Host) -> None:
    part = wire.encode({}) * 1024
    flood_while_others_ping(tally, host, lambda socket: socket.send(part), peers=size(short=8, long=50))


def test_flood_of_costly_ops_from_many(tally: Tally, host: Host) -> None:
    ops = [{"op": op, "id": f"{op}{number}"} for number in range(200) for op in ("metrics", "roles", "stats", "info")]
    part = b"".join(map(wire.encode, ops))
    flood_while_others_ping(tally, host, lambda socket: socket.send(part), peers=size(short=2, long=8))


def test_flood_by_a_peer_that_reads_nothing(tally: Tally, host: Host) -> None:
    part = b"".join(wire.encode({"op": "metrics", "id": str(number)}) for number in range(1024))
    flood_while_others_ping(tally, host, lambda socket: socket.send(part), peers=4, reads=False)


def test_giant_envelopes(tally: Tally, host: Host) -> None:
    envelope = [b"e" * 2**20] * 16
    ping = wire.encode({"op": "ping", "id": "p"})
    flood_while_others_ping(tally, host, lambda socket: socket.send_multipart([*envelope, b"", ping]), peers=2)


def test_thousands_of_frames(tally: Tally, host: Host) -> None:
    frames = [b"frame"] * 20_000
    flood_while_others_ping(tally, host, lambda socket: socket.send_multipart(frames), peers=2)


def test_large_parts(tally: Tally, host: Host) -> None:
    part = b"\xff" * (64 * 2**20)
    flood_while_others_ping(tally, host, lambda socket: socket.send(part), reads=False)


def test_spoken_thinks_are_answered_beside_1500_thinks_a_second(tally: Tally, host: Host) -> None:
    """A greedy game asks far more than there is time for; a quiet one asks now and then, and is answered."""
    daemon = host.ready("daemon")
    flood = Flood(host.endpoint, greedy())
    with host.client(timeout_s=5) as quiet, pinging(host, daemon.pid) as watch:
        flood.begin()
        end_s = time.monotonic() + max(FLOOD_S, 3)
        slowest_s = 0.0
        for number in itertools.count():
            begun_s = time.monotonic()
            if begun_s > end_s:
                break
            try:
                quiet.think(npc("mira"), f"What of {number}, Mira?", player="ana")
                tally.passed(1)
            except AgentdError as error:
                tally.check(False, f"the quiet game: {error.code}: {error}")
            slowest_s = max(slowest_s, time.monotonic() - begun_s)
            time.sleep(0.2)
        flood.end()
    tally.check(watch.worst_s < PING_MAX_S, f"a ping took {watch.worst_s:.1f} s")
    tally.check(daemon.is_running(), "the daemon has ended")
    tally.figure(worst_ping_s=watch.worst_s, slowest_reply_s=slowest_s)


def greedy() -> Callable[[Any], None]:
    """Sends thinks at `THINKS_PER_S`, of fifty NPCs to fifty players, spoken like all that players wait for."""
    numbers, begun_s = itertools.count(), math.nan

    def send(socket: Any) -> None:
        nonlocal begun_s
        begun_s = time.monotonic() if math.isnan(begun_s) else begun_s
        number = next(numbers)
        time.sleep(max(0.0, begun_s + number / THINKS_PER_S - time.monotonic()))
        words = f"Tell me of {number}, please"
        socket.send(wire.encode(think(f"g{number}", f"crowd{number % 50}", f"x{number % 50}", words)))

    return send
