"""The simple routes over real sockets: what each answers, and the status and body of each failure."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from llm_agentd.http import drain
from llm_agentd.http.body import BODY_MAX_BYTES
from llm_agentd.protocol.listen_record import ListenRecord
from llm_agentd.protocol.schema import DEADLINE_MAX_MS, RECORDS, field_names
from llm_agentd.roles import FIELDS
from tests.support.http_harness import (
    DEADLINE_S,
    JSON,
    Background,
    FakeDaemon,
    HttpServer,
    Record,
    always_hits,
    done,
    error,
    serve_http,
    silent,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeDaemon, HttpServer]]:
    """One daemon and one server for cases that leave nothing behind in them: uvicorn takes 0.2 s to stop."""
    endpoint = f"ipc://{tmp_path_factory.mktemp('shared')}/z"
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        yield daemon, server


def test_infer_returns_text_and_passes_options_on(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        answer = server.http.post("/infer", json={"prompt": "Hello", "max_tokens": 9, "seed": 4, "cache": "off"})
        sent = daemon.next()
    assert (answer.status_code, answer.json()) == (200, {"text": "Well met."})
    assert answer.headers["content-type"] == "application/json"
    assert {**sent, "id": ""} == {
        "op": "infer", "id": "", "prompt": "Hello", "max_tokens": 9, "seed": 4, "cache": "off",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_head_is_answered_as_get_without_the_content(shared: tuple[FakeDaemon, HttpServer], path: str) -> None:
    http = shared[1].http
    for _ in range(2):  # over one connection: content would pass for the next answer
        head, get = http.head(path), http.get(path)
        assert (head.status_code, head.content, get.status_code) == (200, b"", 200)
        assert head.headers["content-length"] == get.headers["content-length"]


def test_head_is_405_where_there_is_no_get(shared: tuple[FakeDaemon, HttpServer]) -> None:
    assert shared[1].http.head("/infer").status_code == 405


@pytest.mark.parametrize(
    ("code", "status", "retry_after"),
    [
        ("bad_request", 400, None),
        ("too_large", 413, None),
        ("overloaded", 429, "2"),
        ("deadline_exceeded", 504, None),
        ("cancelled", 499, None),
        ("engine_failed", 502, None),
        ("internal", 500, None),
        ("never_heard_of", 500, None),
    ],
)
def test_error_codes_become_statuses(
    shared: tuple[FakeDaemon, HttpServer],
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: int,
    retry_after: str | None,
) -> None:
    daemon, server = shared
    waits = {"retry_after_ms": 1200} if retry_after else {}
    monkeypatch.setattr(daemon, "script", lambda _: [error(code, "why", **waits)])
    answer = server.http.post("/infer", json={"prompt": "x"})
    daemon.next()
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == retry_after
    expected = code if code != "never_heard_of" else "internal"
    assert answer.json() == {"error": {"code": expected, "message": "why", **waits}}


def test_filtered_reply_is_its_safe_line(endpoint: str) -> None:
    def safe(_: Record) -> list[Record]:
        return [error("filtered", "moderation", text="Let us speak of other things.")]

    with FakeDaemon(endpoint, safe), serve_http(endpoint) as server:
        answer = server.http.post("/infer", json={"prompt": "x"})
    assert (answer.status_code, answer.json()) == (200, {"text": "Let us speak of other things."})


@pytest.mark.parametrize(
    ("body", "code", "names"),
    [
        (b"", "bad_json", "JSON"),
        (b"{", "bad_json", "JSON"),
        (b"[]", "bad_request", "body"),
        (b"{}", "bad_request", "prompt"),
        (b'{"prompt":""}', "bad_request", "prompt"),
        (b'{"prompt":5}', "bad_request", "prompt"),
        (b'{"prompt":"x","max_token":1}', "bad_request", "'max_tokens'"),
        (b'{"prompt":"x","op":"cancel"}', "bad_request", "op: unknown field"),
        (b'{"prompt":"x","id":"7"}', "bad_request", "id: unknown field"),
        (b'{"prompt":"x","stream":true}', "bad_request", "stream: unknown field"),
        (b'{"prompt":"x","json_schema":' + b'{"a":' * 70 + b"1" + b"}" * 71, "bad_json", "64 levels"),
    ],
)
def test_infer_body_error_names_the_field(
    shared: tuple[FakeDaemon, HttpServer], body: bytes, code: str, names: str
) -> None:
    daemon, server = shared
    answer = server.http.post("/infer", content=body, headers=JSON)
    assert daemon.received.empty()
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert names in answer.json()["error"]["message"]


def test_infer_prompt_with_invalid_text_is_mended(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        body = b'{"prompt":"a\xff\\u0000\\ud800\xd7\xa9\xf0\x9f\x8c\xb2"}'
        answer = server.http.post("/infer", content=body, headers=JSON)
        sent = daemon.next()
    assert answer.status_code == 200
    assert sent["prompt"] == "a\ufffd\ufffd\ufffdש🌲"


def test_infer_prompt_over_the_record_limit_is_413(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        answer = server.http.post("/infer", json={"prompt": "x" * 300_000})
    assert answer.status_code == 413
    assert "262144" in answer.json()["error"]["message"]


@pytest.mark.parametrize("chunked", [False, True])
def test_body_over_4_mib_is_413_and_closes(endpoint: str, chunked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "LINGER_S", 0.05)  # this client waits for the end before it sends the rest
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as raw:
            head = b"POST /infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            if chunked:
                raw.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (BODY_MAX_BYTES + 1))
                raw.sendall(b" " * (BODY_MAX_BYTES + 1))
            else:
                raw.sendall(head + b"Content-Length: %d\r\n\r\n" % (BODY_MAX_BYTES + 1))
            reply = b"".join(iter(lambda: raw.recv(65536), b""))
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in reply.lower(), "else what is left of the body would pass for a request"
    assert json.loads(reply.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"


def test_infer_timeout_is_504_and_cancels(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint, timeout_ms=150) as server:
        answer = server.http.post("/infer", json={"prompt": "x"})
        sent, after = daemon.next(), daemon.next()
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "deadline_exceeded")
    assert "150 ms" in answer.json()["error"]["message"]
    assert (after["op"], after["target"]) == ("cancel", sent["id"])


def test_infer_deadline_ms_overrides_the_default(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent), serve_http(endpoint, timeout_ms=600_000) as server:
        answer = server.http.post("/infer", json={"prompt": "x", "deadline_ms": 20})
    assert answer.status_code == 504


def test_infer_with_a_tiny_deadline_tells_what_else_is_wrong(endpoint: str) -> None:
    """The daemon's answer takes longer than this deadline, and says more than that it has passed."""
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        body = {"prompt": "x", "deadline_ms": 1, "max_tokens": -1}
        call = Background(lambda: server.http.post("/infer", json=body))
        sent = daemon.next()
        time.sleep(0.1)  # a hundred times the deadline
        daemon.answer(sent["id"], error("bad_request", "max_tokens: want 1 or more"))
        answer = call.result()
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "max_tokens: want 1 or more")


def test_infer_disconnect_cancels(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint, timeout_ms=600_000) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as raw:
            head = b"POST /infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            raw.sendall(head + b'Content-Length: 14\r\n\r\n{"prompt":"x"}')
            sent = daemon.next()
        after = daemon.next()
    assert (after["op"], after["target"]) == ("cancel", sent["id"])


def facts(record: Record) -> list[Record]:
    if record["op"] == "info":
        return [{"event": "done", "info": {"model": "hearthling", "engine": "llama"}}]
    if record["op"] == "metrics":
        return [{"event": "done", "text": "llm_agentd_num_requests_running 0.0\n"}]
    return always_hits(record)


MONK = {"title": "the monk", "persona": "Prays."}


def keeper(record: Record) -> list[Record]:
    """Answers as the daemon does, but remembers nothing."""
    if record["op"] == "roles":
        return [{"event": "done", "roles": [], "version": "1", "problems": ["x.yaml:1: bad"], "folder": "/roles"}]
    if record["name"] == "Monk":
        return [error("bad_request", "name: want small letters")]
    return [{"event": "done", "role": record["role"], "version": "2"}]


def test_roles_list_write_and_delete(endpoint: str) -> None:
    with FakeDaemon(endpoint, keeper) as daemon, serve_http(endpoint) as server:
        http = server.http
        listed = http.get("/v1/roles")
        assert listed.json() == {"roles": [], "version": "1", "problems": ["x.yaml:1: bad"], "folder": "/roles"}
        assert http.put("/v1/roles/monk", json=MONK).json() == {"role": MONK, "version": "2"}
        assert http.delete("/v1/roles/monk").json() == {"role": None, "version": "2"}
        assert http.post("/v1/roles/monk", json=MONK).json() == {"role": MONK, "version": "2"}
        from_game = {"User-Agent": "Luanti/5.16.0 (Linux/6.1 x86_64)"}
        answer = http.post("/v1/roles/monk/delete", json={}, headers=from_game)
        assert answer.json() == {"role": None, "version": "2"}
        sent = [{**daemon.next(), "id": ""} for _ in range(5)]
    assert sent == [
        {"op": "roles", "id": ""},
        {"op": "set_role", "id": "", "name": "monk", "role": MONK, "via": "http"},
        {"op": "set_role", "id": "", "name": "monk", "role": None, "via": "http"},
        {"op": "set_role", "id": "", "name": "monk", "role": MONK, "via": "http"},
        {"op": "set_role", "id": "", "name": "monk", "role": None, "via": "game"},
    ]


@pytest.mark.parametrize(
    ("content", "code", "names"),
    [
        (b"null", "bad_request", "body: want a JSON object"),
        (b"[]", "bad_request", "body: want a JSON object"),
        (b"{", "bad_json", "JSON"),
    ],
)
def test_role_body_that_is_no_json_object_is_400(
    shared: tuple[FakeDaemon, HttpServer], content: bytes, code: str, names: str
) -> None:
    daemon, server = shared
    for method in ("PUT", "POST"):
        answer = server.http.request(method, "/v1/roles/monk", content=content, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
        assert names in answer.json()["error"]["message"]
    assert daemon.received.empty()


def test_role_error_of_the_daemon_is_passed_on(endpoint: str) -> None:
    with FakeDaemon(endpoint, keeper), serve_http(endpoint) as server:
        answer = server.http.put("/v1/roles/Monk", json=MONK)
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, "name: want small letters")
        assert server.http.put("/v1/roles/monk/x", json=MONK).status_code == 404
        assert server.http.patch("/v1/roles/monk", json=MONK).status_code == 405


def test_info_and_health(endpoint: str) -> None:
    with FakeDaemon(endpoint, facts), serve_http(endpoint) as server:
        http = server.http
        info = http.get("/info").json()
        assert (info["model"], info["engine"]) == ("hearthling", "llama")
        assert info["adapter"]["zmq_endpoint"] == endpoint
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").json() == {"ready": True}


def test_docs_show_every_route_and_load_nothing_from_elsewhere(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        page = server.http.get("/docs")
        routes = server.http.get("/openapi.json").json()["paths"]
    assert page.headers["content-type"].startswith("text/html")
    for route in routes:
        assert f" {route}</code>" in page.text
    for example in ("Good evening, smith!", "utterance", "npc-7-1", "deadline_ms"):
        assert example in page.text
    for outside in ("<script", "src=", "http-equiv", "@import"):
        assert outside not in page.text
    assert 'href="http' not in page.text


def test_no_daemon_is_alive_but_not_ready(endpoint: str) -> None:
    with serve_http(endpoint, retry_s=0.05) as server:
        assert server.http.get("/healthz").status_code == 200
        for path in ("/readyz", "/info"):
            answer = server.http.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert "llm-agentd serve" in answer.json()["error"]["message"]


def test_starting_daemon_is_not_ready(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon:
        daemon.ping = error("unavailable", "starting", retry_after_ms=1000)
        with serve_http(endpoint, retry_s=0.05) as server:
            answer = server.http.get("/readyz")
    assert answer.status_code == 503
    assert "cannot answer yet" in answer.json()["error"]["message"]


def test_token_is_required_everywhere_but_healthz(endpoint: str) -> None:
    with FakeDaemon(endpoint, facts), serve_http(endpoint, token="-._~+/of-the-test==") as server:
        http = server.http
        assert http.get("/healthz").status_code == 200
        wrong: list[dict[str, Any]] = [
            {},
            {"Authorization": "Bearer no"},
            {"Authorization": b"Basic -._~+/of-the-test=="},
        ]
        for headers in wrong:
            for path in ("/info", "/docs", "/openapi.json", "/readyz", "/metrics", "/nowhere"):
                answer = http.get(path, headers=headers)
                assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
                assert answer.headers["www-authenticate"] == "Bearer"
            assert http.post("/infer", json={"prompt": "x"}, headers=headers).status_code == 401
            assert http.put("/v1/roles/monk", json=MONK, headers=headers).status_code == 401
            assert http.delete("/v1/roles/monk", headers=headers).status_code == 401
            assert http.post("/v1/roles/monk", json=MONK, headers=headers).status_code == 401
            assert http.post("/v1/roles/monk/delete", json={}, headers=headers).status_code == 401
        right = [(b"Authorization", b"Bearer -._~+/of-the-test==")]
        assert http.post("/infer", json={"prompt": "x"}, headers=right).status_code == 200


def test_unknown_route_or_method_has_an_error_body(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        missing, wrong = server.http.get("/nowhere"), server.http.get("/infer")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


def test_description_lists_every_route_with_its_methods_and_no_other(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        spec = server.http.get("/openapi.json").json()
    listed = re.findall(r"`([A-Z]+ /[^`]*)`", spec["info"]["description"])
    routes = {f"{method.upper()} {path}" for path, methods in spec["paths"].items() for method in methods}
    assert sorted(listed) == sorted(routes)


WATCH = {"/v1/events", "/v1/npcs", "/v1/audit", "/v1/stats", "/v1/stats/history", "/v1/switch"}
OPENAI = {
    "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/models/{name}",
    "/v1/audio/transcriptions",
}  # fmt: skip
VOICE = {"/voice/login", "/voice/say"}
REQUESTS = {"/v1/requests", "/v1/requests/{seq}", "/v1/requests/clear"}
SPEECH = {"/v1/speech", "/v1/audio/speech"}
SIGNS = {"/v1/signs", "/v1/signs/languages"}


def test_openapi_has_bodies_answers_and_examples(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        spec = server.http.get("/openapi.json").json()
    changes = {f"/v1/roles/{{name}}/{what}" for what in ("delete", "history", "undo", "preview")}
    roles = {"/v1/roles", "/v1/roles/{name}", *changes}
    memory = {f"/v1/memory/{op}" for op in ("remember", "forget", "memories", "search", "edit", "recall", "pairs")}
    steering = {"/v1/settings", "/v1/cache", "/v1/cache/purge", "/v1/model", "/v1/model/self-test"}
    facts = {"/info", "/healthz", "/readyz", "/metrics", "/v1/doctor"}
    assert set(spec["paths"]) == {
        "/infer", "/v1/exchange", *facts, *roles, *memory, *steering, *REQUESTS, *WATCH, *OPENAI, *SIGNS, *SPEECH,
        *VOICE,
    }  # fmt: skip
    assert set(spec["paths"]["/v1/roles/{name}"]) == {"put", "post", "delete"}
    put = spec["paths"]["/v1/roles/{name}"]["put"]
    assert put["parameters"][0]["name"] == "name"
    assert set(put["requestBody"]["content"]["application/json"]["schema"]["properties"]) == set(FIELDS)
    for path in ("/infer", "/v1/exchange", "/v1/chat/completions", "/v1/completions", "/v1/embeddings"):
        post = spec["paths"][path]["post"]
        body = post["requestBody"]["content"]["application/json"]["schema"]
        assert body["examples"]
        assert "$defs" not in body, "its references would point nowhere"
        assert post["responses"]["200"]["content"]["application/json"]["schema"]
        assert post["responses"]["503"]["content"]["application/json"]["schema"]["$ref"].endswith("ErrorBody")
    properties = spec["paths"]["/v1/exchange"]["post"]["requestBody"]["content"]["application/json"]["schema"][
        "properties"
    ]
    assert set(properties) == {"session", "after", "wait_ms", "requests", "cancel", "instance"}
    models = {"think": RECORDS["think"], "infer": RECORDS["infer"], "listen": ListenRecord}
    for record, (op, model) in zip(properties["requests"]["items"]["anyOf"], models.items(), strict=True):
        assert record["properties"]["op"] == {"const": op}
        assert set(record["properties"]) == field_names(model)
    npc = properties["requests"]["items"]["anyOf"][0]["properties"]["npc"]
    assert set(npc["required"]) == {"id", "name", "role"}
    infer = spec["paths"]["/infer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert infer["required"] == ["prompt"]
    assert infer["properties"]["deadline_ms"]["anyOf"][0]["maximum"] == DEADLINE_MAX_MS


def test_concurrent_clients_get_their_own_answers(endpoint: str) -> None:
    def echo(record: Record) -> list[Record]:
        return [done(record["prompt"])]

    with FakeDaemon(endpoint, echo), serve_http(endpoint) as server:
        start = threading.Barrier(8)

        def ask(number: int) -> bool:
            start.wait(DEADLINE_S)
            texts = [server.http.post("/infer", json={"prompt": f"{number}.{i}"}).json()["text"] for i in range(10)]
            return texts == [f"{number}.{i}" for i in range(10)]

        calls = [Background(partial(ask, number)) for number in range(8)]
        assert all(call.result() for call in calls)
