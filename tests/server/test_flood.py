"""A real daemon under a flood of one peer: another peer is served, and memory stays bounded."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from llm_agentd.ops.harness import process
from tests.support.raw_peer import RawPeer

pytestmark = pytest.mark.slow

FLOOD_S = 3.0
MIB = 2**20
GROWTH_MAX_BYTES = (
    300 * MIB
)  # what is kept of peers' parts, twice over; unbounded it was gigabytes within these seconds
SPOKEN = {"op": "think", "player": "Ana", "utterance": "Hello", "npc": {"id": "1", "name": "Mira", "role": "healer"}}

FLOOD = """
import sys, time, zmq
from llm_agentd.protocol import wire

kind, endpoint, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
socket = zmq.Context().socket(zmq.DEALER)
socket.setsockopt(zmq.LINGER, 0)
socket.connect(endpoint)
npc = {"id": "2", "name": "Bo", "role": "smith"}

def thinks(number):
    return [b"".join(
        wire.encode({"op": "think", "id": f"{number}.{i}", "npc": npc, "player": f"P{number}.{i}",
                     "utterance": f"Say {number} {i}", "cache": "off"})
        for i in range(50)
    )]

rubbish = wire.encode({}) * 1024
frames = [b"x" * 2**20] * 30
many = [b"x"] * 20_000
roles = b"".join(wire.encode({"op": "roles", "id": str(i)}) for i in range(1000))
made = {
    "rubbish": lambda n: [rubbish], "thinks": thinks, "large frames": lambda n: frames, "many frames": lambda n: many,
    "unread answers": lambda n: [roles],
}[kind]
print("ready", flush=True)
ends, number = time.monotonic() + seconds, 0
while time.monotonic() < ends:
    number += 1
    try:
        socket.send_multipart(made(number), zmq.DONTWAIT)
    except zmq.Again:
        time.sleep(0.002)
    if kind == "thinks":
        time.sleep(0.02)
    while kind != "unread answers" and socket.poll(0):
        socket.recv()
time.sleep(60)
"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    endpoint = f"ipc://{folder}/zmq"
    options = {"zmq.endpoint": endpoint, "http.enabled": "false", "model.engine": "stub"}
    args = [word for key, value in options.items() for word in ("--set", f"{key}={value}")]
    with process(["-m", "llm_agentd", "serve", *args], "ready ") as child:
        yield endpoint, psutil.Process(child.pid)


@contextmanager
def flood(kind: str, endpoint: str) -> Iterator[None]:
    child = subprocess.Popen([sys.executable, "-c", FLOOD, kind, endpoint, str(FLOOD_S)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        yield
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.parametrize("kind", ["rubbish", "thinks", "large frames", "many frames", "unread answers"])
def test_flood_of_one_peer_leaves_another_served_and_memory_bounded(tmp_path: Path, kind: str) -> None:
    waits_s: list[float] = []
    with served(tmp_path) as (endpoint, daemon), RawPeer(endpoint) as peer:
        peer.request(op="ping")
        before = daemon.memory_info().rss
        most = 0
        with flood(kind, endpoint):
            ends_s = time.monotonic() + FLOOD_S
            while time.monotonic() < ends_s:
                sent_s = time.monotonic()
                assert peer.request(op="ping")["pong"] is True
                waits_s.append(time.monotonic() - sent_s)
                assert peer.request(**SPOKEN)["event"] == "done"
                most = max(most, daemon.memory_info().rss)
        assert peer.request(op="ping")["pong"] is True
    assert most - before < GROWTH_MAX_BYTES
    assert statistics.median(waits_s) < 0.2, "some 10 ms where nobody else computes"
    assert len(waits_s) > 5
