"""Streamed answers on OpenAI's routes, by a real daemon on the stub engine: chunks, ends, and clients that go away."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import ANY

import httpx2
import pytest

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.http.routes.openai import stream as stream_module
from llm_agentd.moderation.moderator import Moderator
from tests.http.openai.test_fields import CHAT, HELLO, INFO, TEXT
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.http_harness import (
    DEADLINE_S,
    FakeDaemon,
    HttpServer,
    Record,
    delta,
    done,
    error,
    serve_http,
    wait_until,
)

WORDS = ("Well", " met,", " tra", "veller", ".")


@contextmanager
def served(
    endpoint: str, pieces: Sequence[str] = WORDS, gate: Gate | None = None
) -> Iterator[tuple[InProcess, HttpServer]]:
    def engine() -> StubEngine:
        on_step = gate.on_step if gate else None
        return StubEngine(script=lambda _: [piece.encode() for piece in pieces], on_step=on_step)

    with InProcess(endpoint, engine=engine, moderator=Moderator(None)) as daemon, serve_http(endpoint) as server:
        try:
            yield daemon, server
        finally:
            if gate:
                gate.open()


def events(answer: httpx2.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-length" not in answer.headers
    lines = answer.text.split("\n\n")
    assert lines.pop() == ""
    assert all(line.startswith("data: ") for line in lines)
    datas = [line.removeprefix("data: ") for line in lines]
    assert datas[-1] == "[DONE]"
    return [json.loads(data) for data in datas[:-1]]


def test_chunks_of_a_chat(endpoint: str) -> None:
    with served(endpoint) as (_, server):
        body = {"messages": HELLO, "stream": True, "stream_options": {"include_usage": True}}
        chunks = events(server.http.post(CHAT, json=body))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    *said, last, usage = chunks
    assert said[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in said) == "Well met, traveller."
    assert {chunk["choices"][0]["finish_reason"] for chunk in said} == {None}
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert {chunk["usage"] for chunk in (*said, last)} == {None}
    assert usage["choices"] == []
    tokens = usage["usage"]
    assert tokens["completion_tokens"] == len(WORDS)
    assert tokens["total_tokens"] == tokens["prompt_tokens"] + len(WORDS)


def test_chunks_of_a_text_without_usage(endpoint: str) -> None:
    with served(endpoint) as (_, server):
        chunks = events(server.http.post(TEXT, json={"prompt": "Once", "stream": True, "max_tokens": 2}))
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == "Well met,"
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert all("usage" not in chunk for chunk in chunks)
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}


def test_words_come_while_the_rest_is_generated(endpoint: str) -> None:
    gate = Gate()
    gate.step()
    gate.step()  # a word is shown when the next one begins
    with (
        served(endpoint, gate=gate) as (_, server),
        server.http.stream("POST", CHAT, json={"messages": HELLO, "stream": True}) as answer,
    ):
        lines = answer.iter_lines()
        assert any('"Well"' in line for line in lines)
        gate.open()
        assert "[DONE]" in "".join(lines)


def is_freed(gate: Gate, daemon: InProcess, server: HttpServer, count: int = 1) -> None:
    """The daemon was told, and cancelled so many requests before they were computed to their ends."""
    wait_until(lambda: server.app.state.daemon.open_count == 0)

    def is_idle() -> bool:
        gate.step()  # it takes notice between two steps
        return daemon.engine_loop.load().requests_running == 0

    wait_until(is_idle)
    with daemon.client() as client:
        assert f'llm_agentd_requests_total{{op="infer",outcome="cancelled"}} {count}.0' in client.metrics()


def connected(server: HttpServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)))


def ask(connection: socket.socket) -> None:
    """For a stream, without reading it."""
    body = json.dumps({"messages": HELLO, "stream": True}).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    connection.sendall(head.encode() + b"\r\n\r\n" + body)


@pytest.mark.parametrize("after_words", [False, True])
def test_client_that_goes_away_frees_the_slot(endpoint: str, after_words: bool) -> None:
    gate = Gate()
    with served(endpoint, gate=gate) as (daemon, server):
        with connected(server) as connection:
            ask(connection)
            assert gate.entered.wait(DEADLINE_S)
            if after_words:
                gate.step()
                gate.step()
                assert b"200 OK" in connection.recv(4096)
        is_freed(gate, daemon, server)
        gate.open()
        answer = server.http.post(CHAT, json={"messages": [{"role": "user", "content": "Still there?"}]})
        assert answer.json()["choices"][0]["message"]["content"] == "Well met, traveller."


def test_client_that_does_not_read_is_cut_off(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "SEND_MAX_S", 0.2)

    def facts_alone(record: Record) -> list[Record]:
        return [{"event": "done", "info": INFO}] if record["op"] == "info" else []

    with (
        FakeDaemon(endpoint, facts_alone) as daemon,
        serve_http(endpoint) as server,
        connected(server) as connection,
    ):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ask(connection)
        assert daemon.next()["op"] == "info"
        asked = daemon.next()

        def fill() -> bool:
            daemon.answer(asked["id"], *[delta("x" * 200_000)] * 5)
            time.sleep(0.1)
            return not daemon.received.empty()

        wait_until(fill)  # all buffers on the way
        assert daemon.next() == {"op": "cancel", "id": ANY, "target": asked["id"]}


def test_held_back_reply_is_the_safe_line_and_says_so(endpoint: str) -> None:
    with served(endpoint, ("Fuck", " off.")) as (_, server):
        whole = server.http.post(CHAT, json={"messages": HELLO}).json()["choices"][0]
        streamed = events(server.http.post(CHAT, json={"messages": HELLO, "stream": True}))
        asked = server.http.post(TEXT, json={"prompt": "fuck you"}).json()["choices"][0]
        metrics = server.http.get("/metrics").text
    assert whole["finish_reason"] == asked["finish_reason"] == "content_filter"
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in streamed)
    for shown in (whole["message"]["content"], asked["text"], text):
        assert shown
        assert "uck" not in shown
    assert streamed[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert 'llm_agentd_requests_total{op="infer",outcome="filtered"} 3.0' in metrics


def test_reply_held_back_after_words_ends_behind_them(endpoint: str) -> None:
    with served(endpoint, ("Well", " met, you f", "u", "ck", ".")) as (_, server):
        chunks = events(server.http.post(CHAT, json={"messages": HELLO, "stream": True}))
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Well met, you"
    assert chunks[-1]["choices"][0]["finish_reason"] == "content_filter"


def against(endpoint: str, *answers: Record) -> Any:
    def script(record: Record) -> list[Record]:
        return [{"event": "done", "info": INFO}] if record["op"] == "info" else list(answers)

    with FakeDaemon(endpoint, script), serve_http(endpoint) as server:
        answer = server.http.post(CHAT, json={"messages": HELLO, "stream": True})
    assert answer.status_code == 200
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if "{" in line], answer.text


def test_failure_after_words_is_an_error_event_and_no_done(endpoint: str) -> None:
    def one_word(record: Record) -> list[Record]:
        return [{"event": "done", "info": INFO}] if record["op"] == "info" else [delta("Well")]

    with (
        FakeDaemon(endpoint, one_word) as daemon,
        serve_http(endpoint) as server,
        server.http.stream("POST", CHAT, json={"messages": HELLO, "stream": True}) as answer,
    ):
        lines = answer.iter_lines()
        assert any('"Well"' in line for line in lines)
        daemon.next()
        daemon.answer(daemon.next()["id"], error("engine_failed", "it broke"))
        (rest,) = [line for line in lines if line]
    assert json.loads(rest.removeprefix("data: "))["error"] == {
        "code": "engine_failed", "message": "it broke", "type": "server_error", "param": None,
    }  # fmt: skip


def test_answer_that_goes_on_in_another_daemon_is_shown_to_its_end(endpoint: str) -> None:
    chunks, text = against(endpoint, delta("Well met"), done("Well met, traveller."))
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Well met, traveller."
    assert text.endswith("data: [DONE]\n\n")


def test_answer_that_is_another_in_another_daemon_ends_with_an_error(endpoint: str) -> None:
    chunks, _ = against(endpoint, delta("Well met"), done("Go away."))
    assert chunks[-1]["error"]["code"] == "engine_failed"
    assert "anew" in chunks[-1]["error"]["message"]


def test_switched_off_is_503_and_not_tried_again(endpoint: str) -> None:
    with served(endpoint) as (_, server):
        assert server.http.post("/v1/switch", json={"on": False}).status_code == 200
        for streams in (False, True):
            answer = server.http.post(CHAT, json={"messages": HELLO, "stream": streams})
            assert (answer.status_code, answer.headers["x-should-retry"]) == (503, "false")
            assert "switched off" in answer.json()["error"]["message"]
        assert server.http.get("/v1/models").status_code == 200  # no model is called for it


def test_request_is_in_the_log_with_who_asked(endpoint: str) -> None:
    with served(endpoint) as (_, server):
        server.http.post(CHAT, json={"messages": HELLO, "user": "ana", "stream": True})
        (row,) = server.http.get("/v1/requests").json()["requests"]
        detail = server.http.get(f"/v1/requests/{row['seq']}").json()["request"]
    assert (row["op"], row["player"], row["text"], row["priority"]) == (
        "infer",
        "ana",
        "Well met, traveller.",
        "ambient",
    )
    assert detail["messages"] == HELLO


def test_users_take_turns(endpoint: str) -> None:
    """One user's many requests do not keep another's waiting: the daemon's queue knows them by their names."""
    gate = Gate()
    with served(endpoint, gate=gate) as (daemon, server):
        with httpx2.Client(base_url=server.url, timeout=DEADLINE_S) as http:
            http.get("/v1/models")
            records = [{"prompt": f"Text {i}", "user": "many", "max_tokens": 1} for i in range(3)]
            with ThreadPoolExecutor(4) as pool:
                asked = [
                    pool.submit(http.post, TEXT, json=record) for record in (*records, {"prompt": "x", "user": "ana"})
                ]
                wait_until(lambda: server.app.state.daemon.open_count == 4)
                with daemon.client() as client:
                    wait_until(lambda: client.stats()["open"] >= 4)
                gate.open()
                assert [answer.result().status_code for answer in asked] == [200] * 4
        owners = {row["player"] for row in server.http.get("/v1/requests").json()["requests"]}
    assert owners == {"many", "ana"}
