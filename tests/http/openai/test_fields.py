"""What becomes of a body of OpenAI's API: the record that goes to the daemon, and what is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from llm_agentd.http.routes.openai.fields import HINTS, PRIORITY, REFUSED, SEEDS
from tests.support.http_harness import FakeDaemon, HttpServer, Record, done, serve_http, wait_until

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
HELLO = [{"role": "user", "content": "Hello"}]
INFO = {"model": "hearthling", "path": "/models/hearthling-q8.gguf", "context_tokens": 2048}


def script(record: Record) -> list[Record]:
    return [{"event": "done", "info": INFO}] if record["op"] == "info" else [done("Well met.", cache="miss")]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeDaemon, HttpServer]]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('openai')}/z"
    with FakeDaemon(endpoint, script) as daemon, serve_http(endpoint) as server:
        server.http.get("/v1/models")
        daemon.next()
        yield daemon, server


def sent(shared: tuple[FakeDaemon, HttpServer], path: str = CHAT, **body: Any) -> Record:
    """The record that a body becomes."""
    daemon, server = shared
    ask = {"messages": HELLO} if path == CHAT else {"prompt": "Once"}
    answer = server.http.post(path, json={**ask, **body})
    assert answer.status_code == 200, answer.text
    record = daemon.next()
    assert daemon.received.empty()
    return {name: value for name, value in record.items() if name != "id"}


def refused(shared: tuple[FakeDaemon, HttpServer], path: str = CHAT, **body: Any) -> Record:
    """The error of a body that must not reach the daemon."""
    daemon, server = shared
    ask = {"messages": HELLO} if path == CHAT else {"prompt": "Once"}
    answer = server.http.post(path, json={**ask, **body})
    assert answer.status_code == 400, answer.text
    assert daemon.received.empty()
    error: Record = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    return error


def test_chat_becomes_a_moderated_infer(shared: tuple[FakeDaemon, HttpServer]) -> None:
    assert sent(shared) == {
        "op": "infer", "messages": HELLO, "moderate": True, "priority": PRIORITY, "deadline_ms": 120_000,
    }  # fmt: skip


def test_completion_becomes_a_moderated_infer(shared: tuple[FakeDaemon, HttpServer]) -> None:
    for prompt in ("Once", ["Once"]):
        assert sent(shared, TEXT, prompt=prompt) == {
            "op": "infer", "prompt": "Once", "moderate": True, "priority": PRIORITY, "deadline_ms": 120_000,
        }  # fmt: skip


def test_options_go_to_the_daemon(shared: tuple[FakeDaemon, HttpServer]) -> None:
    options: Record = {
        "temperature": 0.3, "top_p": 0.9, "stop": ["\n", "END"], "top_k": 5, "min_p": 0.1, "repeat_penalty": 1.1,
        "priority": "background", "deadline_ms": 900, "cache": "off",
    }  # fmt: skip
    json_object: Record = {"type": "json_object"}
    assert sent(shared, TEXT, response_format=json_object)["json_schema"] == {"type": "object"}
    record = sent(shared, **options, user="ana", max_completion_tokens=7, seed=4)
    assert record == {
        "op": "infer", "messages": HELLO, "moderate": True, **options, "player": "ana", "max_tokens": 7, "seed": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"max_tokens": 9}, "max_tokens", 9),
        ({"max_tokens": 9, "max_completion_tokens": 9}, "max_tokens", 9),
        ({"stop": "END"}, "stop", "END"),
        ({"seed": -1}, "seed", SEEDS - 1),
        ({"seed": 2**63}, "seed", 2**63 % SEEDS),
        ({"repetition_penalty": 1.2}, "repeat_penalty", 1.2),
        ({"response_format": {"type": "json_object"}}, "json_schema", {"type": "object"}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "string"}}}},
            "json_schema",
            {"type": "string"},
        ),
    ],
)
def test_option_under_another_name(
    shared: tuple[FakeDaemon, HttpServer], body: Record, field: str, value: object
) -> None:
    assert sent(shared, **body)[field] == value


def test_what_asks_for_nothing_is_left_out(shared: tuple[FakeDaemon, HttpServer]) -> None:
    nothing: Record = {name: values[0] for name, (values, _) in REFUSED.items() if values}
    nothing |= {"stop": [], "user": "", "stream": False, "response_format": {"type": "text"}, "temperature": None}
    assert sent(shared, **nothing) == sent(shared)


def test_hints_that_change_no_text_are_taken(shared: tuple[FakeDaemon, HttpServer]) -> None:
    hints: Record = dict.fromkeys(HINTS, "x")
    assert sent(shared, **hints) == sent(shared)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([{"role": "developer", "content": "Be kind."}, *HELLO], [{"role": "system", "content": "Be kind."}, *HELLO]),
        (
            [{"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, *HELLO],
            [{"role": "system", "content": "A\n\nB"}, *HELLO],
        ),
        (
            [{"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]}],
            [{"role": "user", "content": "One\ntwo"}],
        ),
        (
            # an answer of the client's library, sent back as it came
            [
                *HELLO,
                {"role": "assistant", "content": "Hi", "refusal": None, "tool_calls": None, "annotations": []},
                {"role": "user", "content": "And?", "name": "ana"},
            ],
            [*HELLO, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And?"}],
        ),
        ([*HELLO, {"role": "assistant", "content": None}], [*HELLO, {"role": "assistant", "content": ""}]),
    ],
)
def test_messages(shared: tuple[FakeDaemon, HttpServer], messages: list[Record], expected: list[Record]) -> None:
    assert sent(shared, messages=messages)["messages"] == expected


@pytest.mark.parametrize(
    ("messages", "param", "says"),
    [
        (None, "messages", "want a list"),
        ([], "messages", "want a list"),
        (["Hello"], "messages.0", "want an object"),
        ([{"role": "king", "content": "x"}], "messages.0.role", "developer"),
        ([{"role": "tool", "content": "x", "tool_call_id": "1"}], "messages.0.role", "no tools"),
        ([{"role": "user"}], "messages.0.content", "want a text"),
        ([{"role": "user", "content": 5}], "messages.0.content", "want a text"),
        ([{"role": "user", "content": "x", "colour": "red"}], "messages.0.colour", "unknown field"),
        ([*HELLO, {"role": "assistant", "tool_calls": [{"id": "1"}]}], "messages.1.tool_calls", "text alone"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}],
            "messages.0.content.0",
            "text alone",
        ),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages.0.content.0.text", "want a text"),
    ],
)
def test_message_that_cannot_be_said_is_named(
    shared: tuple[FakeDaemon, HttpServer], messages: Any, param: str, says: str
) -> None:
    error = refused(shared, messages=messages)
    assert (error["param"], error["code"]) == (param, "bad_request")
    assert says in error["message"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_this_server_has_not_is_refused_with_the_reason(shared: tuple[FakeDaemon, HttpServer], name: str) -> None:
    body: Record = {name: {"some": "thing"}}
    error = refused(shared, **body)
    assert error["param"] == name
    assert error["message"] == f"{name}: {REFUSED[name][1]}"


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        ({"n": 2}, "n", "one answer"),
        ({"n": True}, "n", "one answer"),
        ({"temperatur": 1}, "temperatur", "'temperature'"),
        ({"op": "cancel"}, "op", "unknown field"),
        ({"moderate": False}, "moderate", "unknown field"),
        ({"player": "ana"}, "player", "unknown field"),
        ({"json_schema": {}}, "json_schema", "unknown field"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens", "newer name"),
        ({"stream": "yes"}, "stream", "true or false"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "stream: true"),
        ({"stream": True, "stream_options": {"usage": 1}}, "stream_options.usage", "include_usage"),
        ({"seed": "x"}, "seed", "whole number"),
        ({"user": "x" * 200}, "user", "at most 128"),
        ({"model": 5}, "model", "want a text"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "json_object"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "schema"),
        ({"repetition_penalty": 1, "repeat_penalty": 1}, "repetition_penalty", "one of them"),
    ],
)
def test_bad_field_is_named(shared: tuple[FakeDaemon, HttpServer], body: Record, param: str, says: str) -> None:
    error = refused(shared, **body)
    assert error["param"] == param
    assert says in error["message"]


@pytest.mark.parametrize("prompt", [None, "", [], ["a", "b"], [1, 2], 5])
def test_prompt_is_one_text(shared: tuple[FakeDaemon, HttpServer], prompt: object) -> None:
    assert refused(shared, TEXT, prompt=prompt)["param"] == "prompt"


@pytest.mark.parametrize("name", ["max_completion_tokens", "messages"])
def test_a_text_has_no_fields_of_a_chat(shared: tuple[FakeDaemon, HttpServer], name: str) -> None:
    assert refused(shared, TEXT, **{name: 1})["param"] == name


@pytest.mark.parametrize("name", ["hearthling", "hearthling-q8", "hearthling-q8.gguf", "default", None])
def test_names_of_the_model(shared: tuple[FakeDaemon, HttpServer], name: str | None) -> None:
    assert sent(shared, model=name) == sent(shared)
    if name:
        assert shared[1].http.get(f"/v1/models/{name}").json()["id"] == "hearthling"


@pytest.mark.parametrize("name", ["gpt-4o", "org/name", "", "/models/hearthling-q8.gguf"])
def test_model_that_is_not_served_is_404_and_names_the_one_that_is(
    shared: tuple[FakeDaemon, HttpServer], name: str
) -> None:
    daemon, server = shared
    answers = [server.http.post(CHAT, json={"messages": HELLO, "model": name})]
    if name:
        answers.append(server.http.get(f"/v1/models/{name}"))
    for answer in answers:
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert (error["code"], error["type"]) == ("model_not_found", "invalid_request_error")
        assert "'hearthling'" in error["message"]
    assert daemon.received.empty()


def test_list_of_models(shared: tuple[FakeDaemon, HttpServer]) -> None:
    listed = shared[1].http.get("/v1/models").json()
    (model,) = listed["data"]
    assert listed["object"] == "list"
    assert (model["id"], model["object"], model["max_model_len"]) == ("hearthling", "model", 2048)


def test_next_daemon_is_asked_what_it_serves_and_the_last_one_is_remembered_meanwhile(endpoint: str) -> None:
    def serves(model: str) -> Any:
        return lambda _: [{"event": "done", "info": {**INFO, "model": model}}]

    def listed(server: HttpServer) -> str:
        return str(server.http.get("/v1/models").json()["data"][0]["id"])

    with serve_http(endpoint) as server:
        with FakeDaemon(endpoint, serves("old")):
            assert listed(server) == "old"
        assert listed(server) == "old"
        with FakeDaemon(endpoint, serves("new")):
            wait_until(lambda: listed(server) == "new")
