"""A message without an end, over TCP as an attacker writes it: its connection is ended, and others stay."""

from __future__ import annotations

import socket
import struct
import sys
import time

import psutil
import pytest

from llm_agentd.server.socket import connection_guard
from tests.support.daemon_in_process import InProcess
from tests.support.raw_peer import RawPeer

MIB = 2**20
WAIT_S = 10.0
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for what a connection has received")


def command(name: bytes, body: bytes) -> bytes:
    content = bytes([len(name)]) + name + body
    return bytes([4, len(content)]) + content


def property_of(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


def connect(endpoint: str) -> socket.socket:
    """A DEALER by hand, after its handshake (ZMTP 3.0)."""
    port = int(endpoint.rpartition(":")[2])
    raw = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    raw.sendall(GREETING)
    raw.sendall(command(b"READY", property_of(b"Socket-Type", b"DEALER") + property_of(b"Identity", b"")))
    raw.recv(64)
    return raw


def frame(size: int, *, more: bool) -> bytes:
    return bytes([2 | more]) + struct.pack(">Q", size) + bytes(size)


def is_ended(raw: socket.socket, mib: int) -> bool:
    """Sends so much of a message that goes on and on."""
    try:
        for _ in range(mib):
            raw.sendall(frame(MIB, more=True))
        deadline_s = time.monotonic() + WAIT_S
        while time.monotonic() < deadline_s:
            if raw.recv(4096) == b"":
                return True
    except (ConnectionError, BrokenPipeError):
        return True
    except TimeoutError:
        pass
    return False


def test_message_without_an_end_ends_its_connection_alone_and_its_memory_is_free_again() -> None:
    process = psutil.Process()
    with InProcess("tcp://127.0.0.1:*") as daemon:
        endpoint = daemon.router.endpoint
        with RawPeer(endpoint) as other:
            other.request(op="ping")
            before = process.memory_info().rss
            with connect(endpoint) as raw:
                assert is_ended(raw, 2000)
            assert process.memory_info().rss - before < 600 * MIB, "2 GB were sent, or tried"
            assert other.request(op="ping")["pong"] is True


def test_several_connections_share_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_guard, "ALL_MAX_BYTES", 6 * MIB)
    monkeypatch.setattr(connection_guard, "CONNECTION_MAX_BYTES", 100 * MIB)
    with InProcess("tcp://127.0.0.1:*") as daemon:
        small, large = connect(daemon.router.endpoint), connect(daemon.router.endpoint)
        with small, large:
            small.sendall(frame(2 * MIB, more=True))
            assert is_ended(large, 5)
            small.sendall(frame(10, more=False))
            assert small.recv(4096), "the answer to what is no message of the wire"


def test_connection_that_sends_much_in_whole_messages_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_guard, "CONNECTION_MAX_BYTES", 3 * MIB)
    with InProcess("tcp://127.0.0.1:*") as daemon, connect(daemon.router.endpoint) as raw:
        raw.settimeout(WAIT_S)
        for _ in range(20):
            raw.sendall(frame(MIB, more=False))
            assert raw.recv(4096)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_any_number_of_connections_may_come_and_go(endpoint: str, kind: str) -> None:
    """More than a monitor's queue holds: one that is not read would stop ZeroMQ's I/O thread."""
    with InProcess(endpoint if kind == "unix" else "tcp://127.0.0.1:*") as daemon:
        for _ in range(3000):
            if kind == "unix":
                with socket.socket(socket.AF_UNIX) as raw:
                    raw.connect(endpoint.removeprefix("ipc://"))
            else:
                connect(daemon.router.endpoint).close()
        with RawPeer(daemon.router.endpoint) as peer:
            assert peer.request(op="ping")["pong"] is True
