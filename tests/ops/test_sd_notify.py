"""sd_notify against a real datagram socket, in the file system and in the abstract namespace."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.ops import sd_notify as notify_module
from llm_agentd.ops.sd_notify import notify, ready, stopping, watchdog, watchdog_interval_s


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """systemd's end of the socket, and the environment it would give."""
    address = f"{tmp_path}/notify" if request.param == "path" else f"@llm-agentd-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        receiver.settimeout(5)
        yield receiver, {"NOTIFY_SOCKET": address}


def test_one_message_with_all_lines(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environ = manager
    assert notify("READY=1", "STATUS=serves\nhearthling", environ=environ)
    assert receiver.recv(1000) == b"READY=1\nSTATUS=serves hearthling"


def test_a_whole_life(manager: tuple[socket.socket, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, environ = manager
    now_s = [100.0]
    monkeypatch.setattr("llm_agentd.ops.sd_notify.time.monotonic", lambda: now_s[0])
    monkeypatch.setattr(notify_module, "_last_beat_s", float("-inf"))
    monkeypatch.setenv("NOTIFY_SOCKET", environ["NOTIFY_SOCKET"])
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    ready("ready zmq=…")
    for now_s[0] in (100, 101, 109.9, 110, 111):  # the loop turns far more often than systemd wants to hear of it
        watchdog()
    stopping()
    messages = [receiver.recv(1000) for _ in range(4)]
    assert messages[0] == "READY=1\nSTATUS=ready zmq=…".encode()
    assert messages[1:3] == [b"WATCHDOG=1"] * 2
    assert messages[3].startswith(b"STOPPING=1")


def test_without_a_watchdog_no_beat(
    manager: tuple[socket.socket, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, environ = manager
    monkeypatch.setenv("NOTIFY_SOCKET", environ["NOTIFY_SOCKET"])
    watchdog()
    receiver.setblocking(False)
    with pytest.raises(BlockingIOError):
        receiver.recv(1000)


def test_never_blocks_when_nobody_reads(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environ = manager
    sent = 0
    while notify("WATCHDOG=1", environ=environ):  # the kernel's queue is short; then it must give up at once
        sent += 1
        assert sent < 100_000
    assert receiver.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", [None, "", "relative", "/nowhere/at/all", "vsock:2:1"])
def test_without_systemd_it_does_nothing(address: str | None) -> None:
    assert not notify("READY=1", environ={} if address is None else {"NOTIFY_SOCKET": address})


def test_watchdog_interval() -> None:
    own = str(os.getpid())
    assert watchdog_interval_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": own}) == pytest.approx(10)
    assert watchdog_interval_s({"WATCHDOG_USEC": "30000000"}) == pytest.approx(10)
    assert watchdog_interval_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_interval_s({"WATCHDOG_USEC": "soon"}) is None
    assert watchdog_interval_s({}) is None
