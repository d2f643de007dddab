"""sd_notify against a real datagram socket, in the file system and in the abstract namespace."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.ops.sd_notify import (
    Listener,
    Watchdog,
    notify,
    ready,
    stopping,
    watchdog_interval_s,
    without_supervisor,
)


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """systemd's end of the socket, and the environment it would give."""
    address = f"{tmp_path}/notify" if request.param == "path" else f"@llm-agentd-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        receiver.settimeout(5)
        yield receiver, {"NOTIFY_SOCKET": address}


def test_lines_are_sent_as_one_message(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environ = manager
    assert notify("READY=1", "STATUS=serves\nhearthling", environ=environ)
    assert receiver.recv(1000) == b"READY=1\nSTATUS=serves hearthling"


def test_daemon_reports_ready_and_stopping(
    manager: tuple[socket.socket, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, environ = manager
    monkeypatch.setenv("NOTIFY_SOCKET", environ["NOTIFY_SOCKET"])
    ready("ready zmq=…")
    stopping()
    assert receiver.recv(1000) == "READY=1\nSTATUS=ready zmq=…".encode()
    assert receiver.recv(1000).startswith(b"STOPPING=1")


def test_watchdog_is_fed_a_few_times_in_each_period(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environ = manager
    times_s = iter((100.0, 101.0, 109.9, 110.0, 111.0))  # the loop steps far more often than systemd needs to hear
    watchdog = Watchdog({**environ, "WATCHDOG_USEC": "30000000"}, clock=lambda: next(times_s))
    for _ in range(5):
        watchdog.feed()
    assert [receiver.recv(1000) for _ in range(2)] == [b"WATCHDOG=1"] * 2
    receiver.setblocking(False)
    with pytest.raises(BlockingIOError):
        receiver.recv(1000)


def test_watchdog_without_a_period_sends_nothing(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environ = manager
    Watchdog(environ).feed()
    receiver.setblocking(False)
    with pytest.raises(BlockingIOError):
        receiver.recv(1000)


def test_notify_gives_up_when_nobody_reads(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environ = manager
    sent = 0
    while notify("WATCHDOG=1", environ=environ):  # the kernel's queue is short; then it must give up at once
        sent += 1
        assert sent < 100_000
    assert receiver.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", [None, "", "relative", "/nowhere/at/all", "vsock:2:1"])
def test_notify_without_systemd_does_nothing(address: str | None) -> None:
    assert not notify("READY=1", environ={} if address is None else {"NOTIFY_SOCKET": address})


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 10),
        ({"WATCHDOG_USEC": "30000000"}, 10),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_watchdog_interval_is_a_third_of_the_period(environ: dict[str, str], interval_s: float | None) -> None:
    assert watchdog_interval_s(environ) == pytest.approx(interval_s)


def test_listener_hears_what_a_child_with_its_environment_sends() -> None:
    listener = Listener()
    environ = listener.environ(watchdog_s=1.5)
    watchdog = Watchdog(environ)
    assert watchdog.interval_s == pytest.approx(0.5)
    watchdog.feed()
    assert listener.receive() == ["WATCHDOG=1"]
    assert notify("READY=1", "STATUS=serves", environ=environ)
    assert listener.receive() == ["READY=1", "STATUS=serves"]
    assert os.stat(Path(environ["NOTIFY_SOCKET"]).parent).st_mode & 0o077 == 0
    listener.close()
    assert not Path(environ["NOTIFY_SOCKET"]).exists()
    with pytest.raises(OSError, match=r"descriptor"):
        listener.receive()


def test_child_that_is_not_to_report_finds_no_socket() -> None:
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    assert without_supervisor(environ) == {"PATH": "/bin"}
