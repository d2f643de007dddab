"""What admins see and steer over HTTP, with a real daemon behind it: the request log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.daemon_in_process import InProcess
from tests.support.http_harness import HttpServer, serve_http

ANN = {"id": "npc-1", "name": "Ann", "role": "healer"}
LONG_MS = 30_000


@pytest.fixture
def daemon(endpoint: str) -> Iterator[InProcess]:
    with InProcess(endpoint) as daemon:
        yield daemon


@pytest.fixture
def server(daemon: InProcess) -> Iterator[HttpServer]:
    with serve_http(daemon.endpoint) as server:
        yield server


def think(server: HttpServer, request_id: str, **fields: object) -> None:
    record = {"op": "think", "id": request_id, "npc": ANN, "player": "Robin", "utterance": "Hello", **fields}
    server.exchange(requests=[record], wait_ms=LONG_MS)


def test_what_the_game_asked_is_listed_and_shown_in_full_and_says_what_came_of_it(server: HttpServer) -> None:
    think(server, "g:1")
    report = {"op": "report", "id": "report", "acted": [{"request": "g:1", "ok": True, "message": "Ann waves."}]}
    server.exchange(requests=[report, {"op": "infer", "id": "g:2", "prompt": "A tale"}], after=1, wait_ms=LONG_MS)
    listed = server.http.get("/v1/requests", params={"npc": "Ann", "limit": "5"}).json()
    assert (listed["kept"], [row["seq"] for row in listed["requests"]]) == (2, [1])
    row = listed["requests"][0]
    assert (row["utterance"], row["player"], row["acted"]["message"]) == ("Hello", "Robin", "Ann waves.")
    one = server.http.get("/v1/requests/1").json()["request"]
    assert one["seq"] == 1
    assert any(part["part"] == "utterance" for part in one["parts"])


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/requests?limit=many", "limit: 'many' is no whole number"),
        ("/v1/requests?limit=201", "limit"),
        ("/v1/requests?color=red", "color: unknown parameter; known: limit, before"),
        ("/v1/requests?via=cli", "via: unknown parameter"),
        ("/v1/requests?priority=high", "priority"),
        ("/v1/requests/7", "seq: request 7 is not kept"),
        ("/v1/requests/seven", "seq: 'seven' is no whole number"),
    ],
)
def test_wrong_question_is_400_and_names_the_parameter(server: HttpServer, path: str, what: str) -> None:
    answer = server.http.get(path)
    assert answer.status_code == 400
    assert what in answer.json()["error"]["message"]


def test_log_is_emptied_and_the_audit_log_says_by_which_way(daemon: InProcess, server: HttpServer) -> None:
    think(server, "g:1")
    assert server.http.post("/v1/requests/clear", json={}).json() == {"cleared": 1}
    assert server.http.get("/v1/requests").json()["requests"] == []
    assert daemon.audit.entries(1)[0]["who"] == "http"
