"""The routes that a game calls all the time are answered without the framework's own way, and as on it."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPResponse
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from llm_agentd.http import body, direct
from llm_agentd.http.app import create_app
from llm_agentd.http.direct import Answer, DirectRoutes
from llm_agentd.http.metrics import CountRequests
from llm_agentd.http.routes import exchange, infer
from tests.support.http_harness import (
    DEADLINE_S,
    FakeDaemon,
    HttpServer,
    Record,
    always_hits,
    error,
    serve_http,
    wait_until,
)

TOKEN = "a token of the test's own"
BODIES = {
    infer.PATH: b'{"prompt": "Hello"}',
    exchange.PATH: b'{"session": "s", "wait_ms": 0, "requests": [{"id": "a", "op": "infer", "prompt": "Hm"}]}',
}
PATHS = sorted(BODIES)
PLAIN = {"Host": "127.0.0.1", "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
REFUSED: dict[str, tuple[int, dict[str, str | None]]] = {
    "no token": (401, {"Authorization": None}),
    "another token": (401, {"Authorization": "Bearer another"}),
    "another scheme": (401, {"Authorization": f"Basic {TOKEN}"}),
    "another name": (403, {"Host": "evil.example"}),
    "no name": (400, {"Host": None}),
    "page of another origin": (403, {"Origin": "http://evil.example"}),
    "page of another site": (403, {"Sec-Fetch-Site": "cross-site"}),
    "form": (403, {"Content-Type": "text/plain"}),
    "no type": (403, {"Content-Type": None}),
}


@pytest.fixture
def server(endpoint: str) -> Iterator[HttpServer]:
    with FakeDaemon(endpoint, always_hits), serve_http(endpoint, token=TOKEN) as server:
        wait_until(lambda: server.app.state.daemon.is_ready)
        yield server


def ways(server: HttpServer) -> DirectRoutes:
    counting = server.app._outermost
    assert isinstance(counting, CountRequests)
    assert isinstance(counting._app, DirectRoutes)
    return counting._app


@contextmanager
def framework_alone(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(ways(server), "_by_path", {})
        yield


@contextmanager
def no_framework(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    async def breaks(*_: object) -> None:
        raise AssertionError("the framework was asked")

    with monkeypatch.context() as patch:
        patch.setattr(ways(server), "_app", breaks)
        yield


def replace_answers(server: HttpServer, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    by_path = {path: (route, answer) for path, (route, _) in ways(server)._by_path.items()}
    monkeypatch.setattr(ways(server), "_by_path", by_path)


def call(
    server: HttpServer, path: str, content: bytes, *, method: str = "POST", pieces: int = 1, **named: Any
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a call on a connection of its own. `headers`: None leaves one out. `pieces`: so
    many the body comes in, each when the server has read the one before."""
    headers = {**PLAIN, "Content-Length": str(len(content)), **named.get("headers", {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), DEADLINE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
        size = -(-len(content) // pieces)
        for start in range(0, len(content), size or 1):
            if pieces > 1:
                wait_until(partial(_has_read, server, start))
            connection.sendall(content[start : start + size])
        # By its length, not to the end: a server that answered before it read the body resets the connection.
        with HTTPResponse(connection, method=method) as answer:
            answer.begin()
            text = answer.read()
    shown = {name.lower(): value.lower() for name, value in answer.getheaders() if name.lower() != "date"}
    return answer.status, shown, re.sub(rb'"(instance|seq)":("\w+"|\d+)', b"", text)


def _has_read(server: HttpServer, size: int) -> bool:
    return int(server.app.state.body_budget.held_bytes) >= size


@pytest.mark.parametrize("path", PATHS)
def test_plain_call_never_reaches_the_framework(server: HttpServer, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with no_framework(server, monkeypatch):
        assert call(server, path, BODIES[path])[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_answer_is_the_framework_s_to_the_byte(server: HttpServer, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [BODIES[path], b"{", b"[]", b'{"nonsense": 1}', b"", b'{"prompt": 7, "session": 7}', b'"\xff"']
    short = [call(server, path, content) for content in contents]
    with framework_alone(server, monkeypatch):
        assert [call(server, path, content) for content in contents] == short
    assert [answer[0] for answer in short] == [200, *6 * [400]]


@pytest.mark.parametrize("reason", REFUSED)
@pytest.mark.parametrize("path", PATHS)
def test_who_may_not_call_is_refused_as_by_the_framework(
    server: HttpServer, path: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, headers = REFUSED[reason]

    async def asked(*_: object) -> Response:
        raise AssertionError("the route was asked")

    replace_answers(server, monkeypatch, asked)
    short = call(server, path, BODIES[path], headers=headers)
    with framework_alone(server, monkeypatch):
        assert call(server, path, BODIES[path], headers=headers) == short
    assert short[0] == code


@pytest.mark.parametrize("path", PATHS)
def test_token_is_asked_for_only_where_there_is_one(endpoint: str, path: str) -> None:
    with FakeDaemon(endpoint, always_hits), serve_http(endpoint) as server:
        assert call(server, path, BODIES[path], headers={"Authorization": None})[0] == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", ["pieces", "chunked", "large", "slash", "get", "head"])
def test_call_that_is_not_plain_is_answered_by_the_framework(
    server: HttpServer, path: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = BODIES[path]
    padded = content[:-1] + b" " * (body.BODY_FREE_BYTES + 1 - len(content)) + content[-1:]
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    calls = {
        "pieces": lambda: call(server, path, content, pieces=2),
        "chunked": lambda: call(
            server, path, chunked, headers={"Transfer-Encoding": "chunked", "Content-Length": None}
        ),
        "large": lambda: call(server, path, padded),
        "slash": lambda: call(server, f"{path}/", content),
        "get": lambda: call(server, path, b"", method="GET"),
        "head": lambda: call(server, path, b"", method="HEAD"),
    }
    short = calls[way]()
    with framework_alone(server, monkeypatch):
        assert calls[way]() == short
    assert short[0] == {"slash": 307, "get": 405, "head": 405}.get(way, 200)


def test_body_without_a_length_is_the_framework_s(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Transfer-Encoding": "chunked", "Content-Length": None}
    content = BODIES[infer.PATH]
    with no_framework(server, monkeypatch):
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
        assert call(server, infer.PATH, chunked, headers=headers)[0] == 500


@pytest.mark.parametrize("more", [0, 1])
def test_body_is_taken_up_to_the_size_that_is_always_free(
    server: HttpServer, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = BODIES[infer.PATH]
    padded = content[:-1] + b" " * (32 + more - len(content)) + content[-1:]
    monkeypatch.setattr(direct, "BODY_FREE_BYTES", 32)
    with no_framework(server, monkeypatch):
        assert call(server, infer.PATH, padded)[0] == (500 if more else 200)


@pytest.mark.parametrize("path", PATHS)
def test_bug_is_answered_and_logged_and_counted(
    server: HttpServer, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(*_: object) -> Response:
        raise ValueError("a bug of the test's own")

    caplog.set_level(logging.ERROR, "uvicorn.error")  # another test's server in this process may have silenced it
    replace_answers(server, monkeypatch, breaks)
    status, headers, text = call(server, path, BODIES[path])
    assert (status, headers["content-type"]) == (500, "application/json")
    assert b"a bug in the HTTP adapter" in text
    wait_until(lambda: "a bug of the test's own" in caplog.text)  # the server logs it when the answer is on its way
    wait_until(lambda: f'requests_total{{code="500",route="{path}"}} 1.0' in exposition(server))


def exposition(server: HttpServer) -> str:
    return server.http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text


@pytest.mark.parametrize("path", PATHS)
def test_calls_are_counted_by_their_route_and_code(server: HttpServer, path: str) -> None:
    for content in (BODIES[path], b"{", BODIES[path]):
        call(server, path, content)
    text = exposition(server)
    for code, count in (("200", 2.0), ("400", 1.0)):
        assert f'llm_agentd_http_requests_total{{code="{code}",route="{path}"}} {count}' in text
    assert f'llm_agentd_http_request_duration_seconds_count{{route="{path}"}} 3.0' in text


def test_error_of_the_daemon_has_its_status_and_headers(endpoint: str) -> None:
    def full(_: Record) -> list[Record]:
        return [error("overloaded", "later", retry_after_ms=3000)]

    with FakeDaemon(endpoint, full), serve_http(endpoint) as server:
        status, headers, _ = call(server, infer.PATH, BODIES[infer.PATH])
    assert (status, headers["retry-after"]) == (429, "3")


def test_other_kinds_of_connections_are_the_framework_s() -> None:
    """A WebSocket's scope has no method."""
    seen: list[Scope] = []

    async def framework(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope)

    async def unused(*_: Any) -> Any:
        raise AssertionError

    ways = DirectRoutes(framework, routes=(), answers={infer.PATH: unused}, is_allowed=lambda _: True)
    scope = {"type": "websocket", "path": infer.PATH}
    with pytest.raises(StopIteration):
        ways(scope, unused, unused).send(None)
    assert seen == [scope]


def test_client_that_is_gone_before_its_body_came_is_the_framework_s() -> None:
    seen: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def framework(_: Scope, receive: Receive, __: Send) -> None:
        seen.append(await receive())

    async def unused(*_: Any) -> Any:
        raise AssertionError

    app = create_app(endpoint="ipc:///nowhere", retry_s=1, token=None, timeout_ms=1000)
    ways = DirectRoutes(framework, routes=app.routes, answers={infer.PATH: unused}, is_allowed=lambda _: True)
    scope = {"type": "http", "method": "POST", "path": infer.PATH, "headers": [(b"content-length", b"9")]}
    with pytest.raises(StopIteration):
        ways(scope, gone, unused).send(None)
    assert seen == [{"type": "http.disconnect"}]
