"""Errors on OpenAI's routes: the shape, the status, whether clients should try again; whoever answers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from llm_agentd.http.body import BODY_MAX_BYTES
from tests.http.openai.test_fields import CHAT, HELLO, INFO
from tests.support.http_harness import JSON, FakeDaemon, HttpServer, Record, error, serve_http

TOKEN = "of-the-test-and-long-enough"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeDaemon, HttpServer]]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('errors')}/z"
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint, token=TOKEN) as server:
        yield daemon, server


def answers(*last: Record) -> Any:
    return lambda record: [{"event": "done", "info": INFO}] if record["op"] == "info" else list(last)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("code", "more", "status", "kind", "expected", "retry"),
    [
        ("bad_request", {}, 400, "invalid_request_error", "bad_request", "false"),
        ("too_large", {}, 400, "invalid_request_error", "context_length_exceeded", "false"),
        ("overloaded", {"retry_after_ms": 1200}, 429, "rate_limit_error", "rate_limit_exceeded", "true"),
        ("unavailable", {"retry_after_ms": 1200}, 503, "server_error", "unavailable", "true"),
        ("unavailable", {"reason": "switched_off"}, 503, "server_error", "unavailable", "false"),
        ("engine_failed", {}, 502, "server_error", "engine_failed", "false"),
        ("deadline_exceeded", {}, 504, "server_error", "deadline_exceeded", "false"),
        ("internal", {}, 500, "server_error", "internal", "false"),
    ],
)
def test_answer_of_the_daemon(
    shared: tuple[FakeDaemon, HttpServer],
    monkeypatch: pytest.MonkeyPatch,
    streams: bool,
    code: str,
    more: Record,
    status: int,
    kind: str,
    expected: str,
    retry: str,
) -> None:
    daemon, server = shared
    monkeypatch.setattr(daemon, "script", answers(error(code, "max_tokens: too many", **more)))
    answer = server.http.post(CHAT, json={"messages": HELLO, "stream": streams}, headers=BEARER)
    got = answer.json()["error"]
    assert (answer.status_code, got["type"], got["code"]) == (status, kind, expected)
    assert got["param"] == ("max_tokens" if status == 400 else None)
    assert got["message"] == "max_tokens: too many"
    assert answer.headers["x-should-retry"] == retry
    assert answer.headers.get("retry-after") == ("2" if more.get("retry_after_ms") else "1" if status == 503 else None)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("player: String should have at most 128 characters", "user"),
        ("json_schema: no way", "response_format"),
        ("messages.0.role: no king", "messages.0.role"),
        ("the engine has no grammar", None),
    ],
)
def test_fields_of_the_daemon_are_called_as_the_client_called_them(
    shared: tuple[FakeDaemon, HttpServer], monkeypatch: pytest.MonkeyPatch, message: str, param: str | None
) -> None:
    daemon, server = shared
    monkeypatch.setattr(daemon, "script", answers(error("bad_request", message)))
    got = server.http.post(CHAT, json={"messages": HELLO}, headers=BEARER).json()["error"]
    assert got["param"] == param
    assert got["message"].startswith(param or "the engine")


ROUTES = (
    ("POST", CHAT),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/x"),
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_is_refused_before_a_route_has_the_shape_too(
    shared: tuple[FakeDaemon, HttpServer], method: str, path: str
) -> None:
    http = shared[1].http
    content = b"{}" if method == "POST" else None
    refusals = (
        (http.request(method, path, content=content, headers=JSON), 401, "authentication_error", "invalid_api_key"),
        (
            http.request(method, path, content=content, headers={**JSON, **BEARER, "Origin": "http://evil.example"}),
            403,
            "permission_error",
            "forbidden",
        ),
        (http.request("PUT", path, headers=BEARER), 405, "invalid_request_error", "method_not_allowed"),
    )
    for answer, status, kind, code in refusals:
        got = answer.json()["error"]
        assert (answer.status_code, got["type"], got["code"], got["param"]) == (status, kind, code, None)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"{", 400, "bad_json"), (b"[]", 400, "bad_request"), (b" " * (BODY_MAX_BYTES + 1), 413, "too_large")],
)
def test_body_that_cannot_be_read(
    shared: tuple[FakeDaemon, HttpServer], content: bytes, status: int, code: str
) -> None:
    answer = shared[1].http.post(CHAT, content=content, headers={**JSON, **BEARER})
    got = answer.json()["error"]
    assert (answer.status_code, got["code"], got["type"]) == (status, code, "invalid_request_error")


def test_routes_of_our_own_keep_their_shape(shared: tuple[FakeDaemon, HttpServer]) -> None:
    answer = shared[1].http.get("/v1/model")
    assert set(answer.json()["error"]) == {"code", "message"}
    assert "x-should-retry" not in answer.headers


def test_no_daemon_is_503_with_retry_after(endpoint: str) -> None:
    with serve_http(endpoint, retry_s=0.05) as server:
        answer = server.http.post(CHAT, json={"messages": HELLO})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["type"] == "server_error"
