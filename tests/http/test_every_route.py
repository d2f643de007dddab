"""What holds for each route that there is, whoever adds one: the token, the origin, the type of a body."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from llm_agentd.http.origin import BODY_TYPES
from tests.support.http_harness import FakeDaemon, HttpServer, serve_http

TOKEN = "of-the-test-and-long-enough"
OPEN = {"/", "/healthz", "/voice"}
OPEN_FOLDERS = ("/dashboard/", "/voice/")
VOICE = {"/voice/login": 400, "/voice/say": 401}  # what they answer who has no code, and no token of a page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('every')}/z"
    with FakeDaemon(endpoint), serve_http(endpoint, token=TOKEN) as server:
        yield server


def routes(server: HttpServer) -> list[tuple[str, str]]:
    """(method, path with something in the place of each parameter)"""
    found = [
        (method, re.sub(r"\{[^}]*\}", "1", route.path))
        for route in server.app.routes
        if isinstance(route, (APIRoute, Route))
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    assert len(found) > 25
    return found


def call(server: HttpServer, method: str, path: str, *, kind: str | None = None, **headers: str) -> int:
    kind = kind or BODY_TYPES.get(path, "application/json")
    content = b"{}" if method in ("POST", "PUT") else None
    return server.http.request(method, path, content=content, headers={"Content-Type": kind, **headers}).status_code


def test_every_route_but_the_open_ones_wants_the_token(server: HttpServer) -> None:
    answers = {(method, path): call(server, method, path) for method, path in routes(server)}
    without_token = {path for (_, path), status in answers.items() if status != 401}
    assert {path for path in without_token if not path.startswith(OPEN_FOLDERS)} == OPEN
    changing = {path: status for (method, path), status in answers.items() if method != "GET" and path in without_token}
    assert changing == {"/voice/login": VOICE["/voice/login"]}
    assert {path: answers["POST", path] for path in VOICE} == VOICE


def test_every_route_refuses_a_foreign_page_even_with_the_token(server: HttpServer) -> None:
    for header in ({"Origin": "http://evil.example"}, {"Host": "rebind.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answers = {
            (method, path): call(server, method, path, Authorization=f"Bearer {TOKEN}", **header)
            for method, path in routes(server)
        }
        assert {route: status for route, status in answers.items() if status != 403} == {}, header


def test_every_route_that_takes_a_body_refuses_what_a_form_can_send(server: HttpServer) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        for method, path in routes(server):
            if method in ("POST", "PUT") and BODY_TYPES.get(path) != kind:
                assert call(server, method, path, kind=kind, Authorization=f"Bearer {TOKEN}") == 403, path
