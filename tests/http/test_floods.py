"""Floods against the real HTTP process, looked at from outside: how much memory it takes, and how a game fares."""

from __future__ import annotations

import resource
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from llm_agentd.ops.harness import free_port
from tests.support.http_harness import DEADLINE_S, FakeDaemon

MIB = 2**20
TOKEN = "flood-0123456789abcdef"
GROWN_MAX_BYTES = 64 * MIB
CALL_MAX_S = 5.0  # of the game; a fiftieth of it on an idle machine
DESCRIPTORS = 100  # for the process that may open few


class Adapter:
    """`llm-agentd http` with a token, on a free port."""

    def __init__(self, child: subprocess.Popen[str], url: str) -> None:
        self.process = psutil.Process(child.pid)
        self.port = int(url.rpartition(":")[2])
        self._url = url
        self.first_bytes = 0  # when it had answered for the first time

    def peak_bytes(self) -> int:
        """The most memory that it ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)

    def game(self) -> httpx2.Client:
        return httpx2.Client(base_url=self._url, timeout=DEADLINE_S, headers={"Authorization": f"Bearer {TOKEN}"})


@contextmanager
def adapter(endpoint: str, limits: Callable[[], None] | None = None) -> Iterator[Adapter]:
    sets = [f"zmq.endpoint={endpoint}", "http.port=0", f"http.token={TOKEN}"]
    command = [sys.executable, "-m", "llm_agentd", "http", *(word for item in sets for word in ("--set", item))]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=limits)
    assert child.stdout is not None
    try:
        yield Adapter(child, child.stdout.readline().removeprefix("ready http=").strip())
    finally:
        child.kill()
        child.communicate()


def tcp_endpoint() -> str:
    """The daemon of these tests has no plain socket beside ZeroMQ's."""
    return f"tcp://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def flooded() -> Iterator[Adapter]:
    endpoint = tcp_endpoint()
    with FakeDaemon(endpoint), adapter(endpoint) as made, made.game() as http:
        assert http.post("/infer", json={"prompt": "Hello"}).status_code == 200
        made.first_bytes = made.peak_bytes()
        yield made


def head(path: str, *lines: str, token: bool = True) -> bytes:
    shown = [f"Authorization: Bearer {TOKEN}"] if token else []
    top = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *shown, *lines]
    return "\r\n".join([*top, "", ""]).encode()


def pour(connected: socket.socket, begin: bytes, piece: bytes, seconds: float = 1.0) -> None:
    """As much as is taken on this connection."""
    end_s = time.monotonic() + seconds
    with connected, suppress(OSError):
        connected.settimeout(seconds)
        connected.sendall(begin)
        while time.monotonic() < end_s:
            connected.sendall(piece)


def endless_headers(target: Adapter) -> None:
    for piece in (b"X-A: " + b"a" * MIB, b"X-A: b\r\n" * 20_000):
        for _ in range(4):
            pour(target.connect(), head("/infer", token=False)[:-2], piece)


def tiny_headers(target: Adapter) -> None:
    """Each becomes objects of 150 bytes or so, and is four bytes on the wire."""
    hold(target, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a:\r\n" * 15_000)


def large_heads(target: Adapter) -> None:
    """As many fields as are taken, as long as they may be; one byte short of whole."""
    hold(target, b"GET / HTTP/1.1\r\n" + (b"X-A: " + b"a" * 640 + b"\r\n") * 98 + b"\r")


def hold(target: Adapter, begin: bytes, seconds: float = 1.0) -> None:
    """As many connections as there may be, each with such a beginning and no end."""
    with ExitStack() as connections:
        for _ in range(256):
            connected = connections.enter_context(target.connect())
            with suppress(OSError):
                connected.sendall(begin)
        time.sleep(seconds)  # until all is read


def endless_bodies(target: Adapter) -> None:
    chunk = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
    for token in (False, True):
        for path in ("/infer", "/v1/exchange", "/v1/audio/transcriptions"):
            pour(target.connect(), head(path, "Transfer-Encoding: chunked", token=token), chunk)
    multipart = head("/infer", "Transfer-Encoding: chunked").replace(b"application/json", b"multipart/form-data")
    pour(target.connect(), multipart, chunk)


def tiny_chunks(target: Adapter) -> None:
    """Each costs two calls of Python, and is six bytes on the wire; without a token."""
    for path in ("/infer", "/healthz"):
        begin = head(path, "Transfer-Encoding: chunked", token=False)
        threads = [
            threading.Thread(target=pour, args=(target.connect(), begin, b"1\r\n \r\n" * 10_000)) for _ in range(50)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def endless_trailers(target: Adapter) -> None:
    pour(target.connect(), head("/infer", "Transfer-Encoding: chunked") + b"0\r\nX-A: ", b"a" * MIB)


def unfinished_bodies(target: Adapter) -> None:
    content = b" " * (4 * MIB - 1)
    begin = head("/v1/exchange", f"Content-Length: {len(content) + 1}")

    def send(connected: socket.socket) -> None:
        with suppress(OSError):
            connected.sendall(begin + content)

    with ExitStack() as connections:
        threads = []
        for _ in range(200):
            connected = connections.enter_context(target.connect())
            threads.append(threading.Thread(target=send, args=(connected,)))
            threads[-1].start()
        for thread in threads:
            thread.join()


def pipelined(target: Adapter) -> None:
    for _ in range(4):
        pour(target.connect(), b"", head("/infer", "Content-Length: 2") + b"{}" + b"GET / HTTP/1.1\r\n\r\n" * 50_000)


def many_connections(target: Adapter) -> None:
    with ExitStack() as connections:
        for _ in range(600):
            connections.enter_context(target.connect()).sendall(b"POST /infer HTTP/1.1\r\nX-A: " + b"a" * 60_000)


def many_values(target: Adapter) -> None:
    body = b'{"session":"s","requests":[' + b"{}," * 1_300_000 + b"{}]}"
    for _ in range(3):
        pour(target.connect(), head("/v1/exchange", f"Content-Length: {len(body)}") + body, b"", 0.5)


FLOODS = (
    endless_headers, tiny_headers, large_heads, endless_bodies, tiny_chunks, endless_trailers, unfinished_bodies,
    pipelined, many_connections, many_values,
)  # fmt: skip


class Game(threading.Thread):
    """Calls as a game does, over one connection that is kept, until it is stopped."""

    def __init__(self, target: Adapter) -> None:
        super().__init__(name=f"game-{secrets.token_hex(16)}")
        self._target = target
        self._is_over = threading.Event()
        self.slowest_s = 0.0
        self.failures: list[str] = []

    def run(self) -> None:
        with self._target.game() as http:
            number = 0
            while not self._is_over.wait(0.02):
                number += 1
                body = {"session": self.name, "requests": [{"op": "infer", "id": str(number), "prompt": "Hello"}]}
                begin_s = time.monotonic()
                try:
                    answer = http.post("/v1/exchange", json={**body, "after": number - 1, "wait_ms": 10_000})
                    if [event["id"] for event in answer.json()["events"]] != [str(number)]:
                        self.failures.append(f"{answer.status_code} {answer.text[:200]}")
                except httpx2.HTTPError as error:
                    self.failures.append(repr(error))
                self.slowest_s = max(self.slowest_s, time.monotonic() - begin_s)

    def stop(self) -> None:
        self._is_over.set()
        self.join()


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_flood_takes_bounded_memory_and_the_game_is_served(flooded: Adapter, flood: Callable[[Adapter], None]) -> None:
    """The memory of all floods up to this one, as one process takes them one after another."""
    game = Game(flooded)
    game.start()
    try:
        flood(flooded)
    finally:
        game.stop()
    grown = flooded.peak_bytes() - flooded.first_bytes
    print(f"{flood.__name__}: grew by {grown / MIB:.1f} MiB, slowest call {game.slowest_s:.2f} s")
    assert game.failures == []
    assert grown < GROWN_MAX_BYTES, f"{grown / MIB:.0f} MiB"
    assert game.slowest_s < CALL_MAX_S


@pytest.mark.slow
def test_process_with_few_descriptors_serves_on_and_does_not_spin() -> None:
    endpoint = tcp_endpoint()

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

    with FakeDaemon(endpoint), adapter(endpoint, few) as target, target.game() as http, ExitStack() as connections:
        assert http.post("/infer", json={"prompt": "Hello"}).status_code == 200
        for _ in range(3 * DESCRIPTORS):
            connections.enter_context(target.connect())
        before_s = sum(target.process.cpu_times()[:2])
        time.sleep(1.0)
        assert sum(target.process.cpu_times()[:2]) - before_s < 0.5
        assert target.process.num_fds() < DESCRIPTORS - 10
        assert http.post("/infer", json={"prompt": "Hello"}).status_code == 200
        with target.game() as newcomer:
            assert newcomer.post("/infer", json={"prompt": "Hello"}).status_code == 200
