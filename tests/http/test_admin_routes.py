"""What admins see and steer over HTTP, with a real daemon behind it: request log, events, figures, switch."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import httpx2
import pytest

from llm_agentd.http.event_feeds import STREAMS_MAX
from tests.support.daemon_in_process import InProcess
from tests.support.http_harness import DEADLINE_S, Background, HttpServer, serve_http

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


def read_events(server: HttpServer, count: int, headers: dict[str, str] | None = None) -> Background:
    """`event` and `data` of the first `count`, from a stream of its own that is left then."""

    def read() -> list[tuple[str, dict[str, object]]]:
        found: list[tuple[str, dict[str, object]]] = []
        with httpx2.stream("GET", server.url + "/v1/events", headers=headers, timeout=DEADLINE_S) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            kind = ""
            for line in stream.iter_lines():
                opened.set()
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    found.append((kind, json.loads(line.removeprefix("data: "))))
                    if len(found) == count:
                        break
        return found

    opened = threading.Event()
    background = Background(read)
    assert opened.wait(DEADLINE_S)
    return background


def is_watched(daemon: InProcess) -> bool:
    return daemon.router._pipeline.has_watchers


def test_events_come_as_they_happen(daemon: InProcess, server: HttpServer) -> None:
    reading = read_events(server, 3)
    while not is_watched(daemon):
        server.http.get("/readyz")
    think(server, "g:1")
    server.http.post("/v1/switch", json={"on": True})
    events = reading.result()
    assert [kind for kind, _ in events] == ["npc", "said", "switch"]
    assert (events[1][1]["utterance"], events[1][1]["kind"]) == ("Hello", "said")


def test_stream_goes_on_behind_the_last_event_that_was_seen(daemon: InProcess, server: HttpServer) -> None:
    think(server, "g:1")
    ((kind, event),) = read_events(server, 1, {"Last-Event-ID": "1"}).result()
    assert (kind, event["seq"]) == ("said", 2)
    wrong = server.http.get("/v1/events", headers={"Last-Event-ID": "x"})
    assert (wrong.status_code, "Last-Event-ID" in wrong.json()["error"]["message"]) == (400, True)


def test_streams_end_with_the_server_and_are_bounded(daemon: InProcess) -> None:
    with serve_http(daemon.endpoint) as server:
        readings = [read_events(server, 1) for _ in range(STREAMS_MAX)]
        full = server.http.get("/v1/events")
        assert (full.status_code, "retry-after" in full.headers) == (429, True)
    for reading in readings:
        assert reading.result() == []


def test_figures_npcs_and_changes_are_there(server: HttpServer) -> None:
    think(server, "g:1", context={"place": "the mill"})
    server.http.post("/v1/requests/clear", json={})
    stats = server.http.get("/v1/stats").json()["stats"]
    assert (stats["switch"]["on"], stats["running"]) == (True, 0)
    assert len(server.http.get("/v1/stats/history").json()["history"]) == 120
    assert server.http.get("/v1/npcs").json()["npcs"][0]["place"] == "the mill"
    assert server.http.get("/v1/audit", params={"limit": "1"}).json()["entries"][0]["what"] == "clear_requests"


def test_switched_off_each_way_of_asking_is_503_with_the_reason_and_no_retry(
    daemon: InProcess, server: HttpServer
) -> None:
    answer = server.http.post("/v1/switch", json={"on": False, "by": "Ana"})
    assert answer.json()["switch"] == server.http.get("/v1/switch").json()["switch"]
    infer = server.http.post("/infer", json={"prompt": "Hello"})
    assert (infer.status_code, infer.json()["error"]["reason"]) == (503, "switched_off")
    record = {"op": "think", "id": "g:1", "npc": ANN, "utterance": "Hello"}
    (event,) = server.exchange(requests=[record], wait_ms=LONG_MS)["events"]
    assert (event["code"], event["reason"]) == ("unavailable", "switched_off")
    assert "switched off by an admin (Ana)" in event["message"]
    listed = server.http.get("/v1/requests", params={"outcome": "unavailable"}).json()["requests"]
    assert len(listed) == 2, "each was asked once: nobody tries it again"
    server.http.post("/v1/switch", json={"on": True})
    assert server.http.post("/infer", json={"prompt": "Hello"}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"on": "no"}, {"on": None}, {"on": True, "via": "cli"}, {"off": True}])
def test_switch_wants_a_clear_word(server: HttpServer, body: dict[str, object]) -> None:
    assert server.http.post("/v1/switch", json=body).status_code == 400
    assert server.http.get("/v1/switch").json()["switch"]["since"] is None


def test_screen_on_the_wall_is_told_figures_and_npcs_and_nothing_of_players(daemon: InProcess) -> None:
    with serve_http(daemon.endpoint, token="secret", has_public_figures=True) as server:
        with_token = {"Authorization": "Bearer secret"}
        record = {"op": "think", "id": "1", "npc": ANN, "player": "Robin", "utterance": "Hello"}
        body = {"session": "s", "wait_ms": LONG_MS, "requests": [record]}
        server.http.post("/v1/exchange", json=body, headers=with_token)
        (npc,) = server.http.get("/v1/npcs").json()["npcs"]
        assert (npc["name"], npc["thinks"], npc["last_player"], npc["last_text"]) == ("Ann", 1, None, None)
        assert server.http.get("/v1/npcs", headers=with_token).json()["npcs"][0]["last_player"] == "Robin"
        assert "rates" in server.http.get("/v1/stats").json()["stats"]
        for path in ("/v1/requests", "/v1/events", "/v1/audit", "/v1/switch"):
            assert server.http.get(path).status_code == 401, path
        assert server.http.post("/v1/switch", json={"on": False}).status_code == 401
