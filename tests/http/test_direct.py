"""The routes that a game calls all the time are answered without the framework's own way, and as on it."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.http.app import create_app
from llm_agentd.http.direct import PATHS, DirectRoutes
from tests.support.http_harness import FakeDaemon, always_hits, serve_http

BODIES: dict[str, dict[str, Any]] = {
    "/infer": {"prompt": "Hello"},
    "/v1/exchange": {"session": "s", "after": 0, "wait_ms": 0, "requests": [], "cancel": []},
}


def test_direct_routes_are_those_of_the_application() -> None:
    app = create_app(endpoint="ipc:///nowhere", retry_s=1, token=None, timeout_ms=1000)
    direct = DirectRoutes(app, app.routes)
    assert set(direct._by_path) == PATHS == set(BODIES)


def test_busy_routes_never_reach_the_router_of_the_framework(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: object) -> None:
        raise AssertionError("the framework's router was asked")

    with FakeDaemon(endpoint, always_hits), serve_http(endpoint) as server:
        assert server.http.get("/healthz").status_code == 200
        app = server.app
        monkeypatch.setattr(app.router, "middleware_stack", breaks)
        for path in PATHS:
            assert server.http.post(path, json=BODIES[path]).status_code == 200
        assert server.http.get("/healthz").status_code == 500


@pytest.mark.parametrize("path", sorted(PATHS))
def test_errors_are_those_of_the_framework_s_way(endpoint: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    for paths in (PATHS, frozenset[str]()):
        monkeypatch.setattr("llm_agentd.http.direct.PATHS", paths)
        with FakeDaemon(endpoint), serve_http(endpoint) as server:
            for content in (b"{", b"[]", b'{"nonsense": 1}'):
                answer = server.http.post(path, content=content, headers={"Content-Type": "application/json"})
                answers.append((answer.status_code, answer.content, answer.headers["content-type"]))
            answers.append((server.http.get(path).status_code, b"", ""))
    assert answers[:4] == answers[4:]
    assert [status for status, *_ in answers[:4]] == [400, 400, 400, 405]
