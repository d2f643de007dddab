"""What a client may make the HTTP process keep, and how it hears of the limits; all by bare sockets."""

from __future__ import annotations

import json
import logging
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast

import pytest

from llm_agentd.http import drain, protocol, server
from llm_agentd.http.protocol import (
    CHUNK_MIN_BYTES,
    CHUNKS_FREE,
    CONNECTIONS_MAX,
    CONNECTIONS_MIN,
    HEAD_FIELDS_MAX,
    HEAD_MAX_BYTES,
    PIPELINE_MAX,
    BoundedProtocol,
)
from tests.support.http_harness import DEADLINE_S, FakeDaemon, HttpServer, is_empty, serve_http

MIB = 2**20
SHORT_S = 0.05


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of time that a test can wait for."""
    monkeypatch.setattr(server, "TICKS_A_CHECK", 1)
    for name in ("HEAD_TIMEOUT_S", "BODY_TIMEOUT_S", "LINGER_S"):
        monkeypatch.setattr(protocol, name, SHORT_S)
    monkeypatch.setattr(drain, "LINGER_S", SHORT_S)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """One server for all, as uvicorn takes 0.2 s to stop; it reads its limits when it needs them."""
    endpoint = f"ipc://{tmp_path_factory.mktemp('http')}/z"
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    with serve_http(f"ipc://{tmp_path_factory.mktemp('guarded')}/z", token="right") as server:
        yield server


@contextmanager
def connection(http: HttpServer) -> Iterator[socket.socket]:
    host, _, port = http.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connected:
        yield connected


def head(path: str = "/infer", *lines: str) -> bytes:
    return "\r\n".join(
        [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *lines, "", ""]
    ).encode()


def answer(connected: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and body of the one answer, after which the connection ends."""
    reply = b""
    while data := connected.recv(65536):
        reply += data
    top, _, content = reply.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in top.lower()
    return int(top.split()[1]), json.loads(content)["error"]


def pour(connected: socket.socket, piece: bytes, most_bytes: int) -> int:
    sent = 0
    with suppress(OSError):
        while sent < most_bytes:
            connected.sendall(piece)
            sent += len(piece)
    return sent


# -- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [b"a" * 4096, b"a" * 2000 + b"\r\nX-A: b"], ids=["one line", "many lines"])
def test_headers_over_64_kib_are_431(http: HttpServer, piece: bytes) -> None:
    with connection(http) as connected:
        connected.sendall(b"GET /healthz HTTP/1.1\r\nX-A: ")
        sent = 0
        while sent < HEAD_MAX_BYTES:
            sent += connected.send(piece)
        status, error = answer(connected)
    assert (status, error["code"]) == (431, "too_large")
    assert str(HEAD_MAX_BYTES) in error["message"]


@pytest.mark.parametrize("end", [b"", b"\r\n"], ids=["not whole", "whole"])
def test_more_than_100_headers_are_431(http: HttpServer, end: bytes) -> None:
    with connection(http) as connected:
        connected.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a:\r\n" * (HEAD_FIELDS_MAX + 1) + end)
        status, error = answer(connected)
    assert (status, error["code"]) == (431, "too_large")
    assert f"over {HEAD_FIELDS_MAX}" in error["message"]


def test_100_headers_are_taken_in_each_request(http: HttpServer) -> None:
    with connection(http) as connected:
        for _ in range(2):
            connected.sendall(
                b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a:\r\n" * (HEAD_FIELDS_MAX - 1) + b"\r\n"
            )
            assert connected.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("part", [b"X-A: " + b"a" * 20_000 + b"\r\n", b"a:\r\n" * 95], ids=["long ones", "many"])
def test_large_heads_over_the_budget_are_429_and_small_ones_are_taken(
    http: HttpServer, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEADS_MAX_BYTES", 80_000)
    begin = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with ExitStack() as connections:
        for _ in range(3):
            connections.enter_context(connection(http)).sendall(begin + part)
        while held_head_bytes(http) < 60_000:
            time.sleep(0.005)
        with connection(http) as refused:
            refused.sendall(begin + part + b"\r\n")
            status, error = answer(refused)
        assert (status, error["code"]) == (429, "overloaded")
        with connection(http) as taken:
            taken.sendall(begin + b"X-A: " + b"a" * 4000 + b"\r\n\r\n")
            assert taken.recv(12) == b"HTTP/1.1 200"
    while held_head_bytes(http):
        time.sleep(0.005)


def held_head_bytes(http: HttpServer) -> int:
    return sum(cast(BoundedProtocol, each).held_head_bytes for each in list(http.connections))


def test_whole_headers_over_the_limit_in_one_piece_are_431(http: HttpServer) -> None:
    with connection(http) as connected:
        connected.sendall(b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * HEAD_MAX_BYTES + b"\r\n\r\n")
        assert answer(connected)[0] == 431


def test_headers_under_the_limit_are_taken_in_any_pieces(http: HttpServer) -> None:
    with connection(http) as connected:
        request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * (HEAD_MAX_BYTES - 100) + b"\r\n\r\n"
        for begin in range(0, len(request), 5000):
            connected.sendall(request[begin : begin + 5000])
        assert connected.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("piece", [b"a" * 4096, b"X-A: b\r\n" * 500], ids=["one line", "many lines"])
def test_endless_fields_behind_a_chunked_body_are_refused(http: HttpServer, piece: bytes) -> None:
    with connection(http) as connected:
        connected.sendall(head("/infer", "Transfer-Encoding: chunked") + b"0\r\nX-A: ")
        assert pour(connected, piece, 64 * MIB) < 32 * MIB
        with suppress(ConnectionResetError):
            assert answer(connected)[0] in (400, 431)


def test_client_that_is_slow_with_its_headers_is_408(http: HttpServer, quick: None) -> None:
    with connection(http) as connected:
        connected.sendall(b"GET /healthz HTTP/1.1\r\nX-A: ")
        status, error = answer(connected)
    assert status == 408
    assert error["message"].startswith("headers: not whole")


def test_client_that_says_nothing_is_closed_but_not_between_two_requests(http: HttpServer, quick: None) -> None:
    with connection(http) as speaks, connection(http) as mute:
        speaks.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert speaks.recv(65536).startswith(b"HTTP/1.1 200")
        assert mute.recv(1) == b""
        speaks.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert speaks.recv(65536).startswith(b"HTTP/1.1 200")


def test_bad_requests_of_strangers_fill_no_log(http: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    for request in (b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"):
        with connection(http) as connected:
            connected.sendall(request)
            assert connected.recv(65536).split()[1] == b"400"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# -- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "chunked, chunked", "identity"])
def test_other_transfer_codings_are_400(http: HttpServer, coding: str) -> None:
    with connection(http) as connected:
        connected.sendall(head("/infer", f"Transfer-Encoding: {coding}") + b'10\r\n{"prompt": "Hi"}\r\n0\r\n\r\n')
        status, error = answer(connected)
    assert (status, error["code"]) == (400, "bad_request")


def test_client_that_is_slow_with_its_body_is_408(http: HttpServer, quick: None) -> None:
    with connection(http) as connected:
        connected.sendall(head("/v1/exchange", "Content-Length: 10") + b"{")
        status, error = answer(connected)
    assert status == 408
    assert error["message"].startswith("body: not whole")


def test_waiting_call_is_not_cut_by_the_limits_of_time(http: HttpServer, quick: None) -> None:
    begin_s = time.monotonic()
    assert is_empty(http.exchange(wait_ms=600))
    assert time.monotonic() - begin_s > 0.5


@pytest.mark.parametrize("token", [None, "right"])
@pytest.mark.parametrize("framing", ["Content-Length: 20000000", "Transfer-Encoding: chunked"])
def test_client_that_sends_all_of_a_refused_body_hears_the_answer(
    http: HttpServer, guarded: HttpServer, token: str | None, framing: str
) -> None:
    """Closing at once would reset the connection, and the answer would be lost."""
    content = b" " * 20_000_000
    if "chunked" in framing:
        content = b"%x\r\n" % len(content) + content + b"\r\n0\r\n\r\n"
    with connection(guarded if token else http) as connected:
        connected.sendall(head("/infer", framing) + content)
        status, error = answer(connected)
    assert (status, error["code"]) == ((413, "too_large") if token is None else (401, "unauthorized"))


def test_connection_ends_where_a_refused_body_does_not(guarded: HttpServer) -> None:
    with connection(guarded) as connected:
        connected.sendall(head("/infer", "Transfer-Encoding: chunked"))
        chunk = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
        assert pour(connected, chunk, 128 * MIB) < 64 * MIB


def test_large_bodies_over_the_budget_are_429_and_small_ones_are_taken(
    http: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "LINGER_S", SHORT_S)
    part = head("/infer", "Content-Length: 4000000") + b" " * MIB
    budget = http.app.state.body_budget
    monkeypatch.setattr(budget, "bodies_max_bytes", 2 * MIB)
    with connection(http) as first, connection(http) as second:
        first.sendall(part)
        second.sendall(part[:-10])
        while budget.held_bytes < 2 * MIB - 20:
            time.sleep(0.005)
        with connection(http) as third:
            third.sendall(part)
            status, error = answer(third)
        assert (status, error["code"]) == (429, "overloaded")
        assert error["retry_after_ms"]
        assert http.http.post("/infer", json={"prompt": "x" * 100_000}).status_code == 200
    while budget.held_bytes:
        time.sleep(0.005)
    assert http.http.post("/infer", json={"prompt": "x" * 200_000}).status_code == 200


def test_body_of_many_small_values_is_413(http: HttpServer) -> None:
    content = '{"session":"s","requests":[' + ",".join(["{}"] * 1_000_000) + "]}"
    refused = http.http.post("/v1/exchange", content=content.encode(), headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/infer", "/healthz"])
def test_body_of_too_many_tiny_chunks_is_refused(http: HttpServer, path: str) -> None:
    with connection(http) as connected:
        connected.sendall(head(path, "Transfer-Encoding: chunked"))
        assert pour(connected, b"1\r\nx\r\n" * 1000, 64 * MIB) < 16 * MIB
    with connection(http) as connected, suppress(ConnectionResetError):
        connected.sendall(head("/infer", "Transfer-Encoding: chunked") + b"1\r\n \r\n" * 2 * CHUNKS_FREE)
        status, error = answer(connected)
        assert (status, error["code"]) == (400, "bad_request")
        assert f"over {CHUNKS_FREE} chunks" in error["message"]


def test_chunks_of_what_is_no_content_are_refused(http: HttpServer) -> None:
    with connection(http) as connected:
        connected.sendall(head("/infer", "Transfer-Encoding: chunked"))
        assert pour(connected, b"1;" + b"x" * 4000 + b"\r\n \r\n", 64 * MIB) < 16 * MIB


@pytest.mark.parametrize(("size", "count"), [(1, CHUNKS_FREE - 1), (CHUNK_MIN_BYTES, 20_000)])
def test_chunked_body_is_taken(http: HttpServer, size: int, count: int) -> None:
    pieces = [b'{"prompt":"Hello"', *[b" " * size] * count, b"}"]
    content = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    for _ in range(2):
        with connection(http) as connected:
            connected.sendall(head("/infer", "Transfer-Encoding: chunked") + content)
            assert connected.recv(12) == b"HTTP/1.1 200"


# -- connections ----------------------------------------------------------------------------------


def test_connection_with_too_many_pipelined_requests_ends(http: HttpServer) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with connection(http) as connected:
        connected.sendall(request * PIPELINE_MAX)
        reply = b""
        while reply.count(b"HTTP/1.1 200") < PIPELINE_MAX:
            reply += connected.recv(65536)
    with connection(http) as connected, suppress(ConnectionResetError):
        pour(connected, request * 10_000, 1)
        reply = b""
        while data := connected.recv(65536):
            reply += data
        assert reply.count(b"HTTP/1.1 200") <= PIPELINE_MAX


def test_new_connection_takes_the_place_of_the_one_that_is_silent_longest(
    http: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS_MAX", 5)
    waiting = http.in_background(wait_ms=500)
    while not http.app.state.sessions.waiting_count:
        time.sleep(0.005)
    with ExitStack() as connections:
        made = []
        for _ in range(5):
            made.append(connections.enter_context(connection(http)))
            time.sleep(0.01)  # the event loop's clock counts milliseconds
        oldest, newest = made[0], made[-1]
        oldest.settimeout(1)
        assert oldest.recv(1) == b""
        newest.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert newest.recv(12) == b"HTTP/1.1 200"
        for _ in range(40):
            connections.enter_context(connection(http))
        assert is_empty(waiting.result()), "no waiting call was ended"
        assert is_empty(http.exchange())


@pytest.mark.parametrize(
    ("soft", "most"),
    [(1024, CONNECTIONS_MAX), (128, 64), (64, CONNECTIONS_MIN), (resource.RLIM_INFINITY, CONNECTIONS_MAX)],
)
def test_connections_leave_descriptors_for_the_rest(soft: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert protocol.connections_max() == most
