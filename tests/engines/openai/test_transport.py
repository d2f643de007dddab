"""One call to a real server on loopback: what it is sent, what is read, and every way in which it may fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from llm_agentd.engines.openai.api.dialect import LEARNT_S
from llm_agentd.engines.openai.target import Call, Chunk, ReportedUsage, Target, UpstreamError
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.types import Message, Sampling
from tests.support.upstream import Fault, Upstream, make_certificate, refusal

T = TypeVar("T")
KEY = "sk-very-secret-0815"
CALL = Call((Message("system", "You are Bram."), Message("user", "Joe: hello")), None, Sampling(temperature=0))
SCHEMA = {"type": "object", "properties": {"say": {"type": "string"}}, "required": ["say"]}
HELD = replace(CALL, sampling=Sampling(temperature=0, json_schema=SCHEMA, is_schema_optional=True))


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


def target_of(upstream: Upstream, **more: Any) -> Target:
    return Target(upstream.base_url, upstream.model, **more)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def collect(chunks: AsyncIterator[Chunk]) -> list[Chunk]:
    return [chunk async for chunk in chunks]


async def ask(upstream: Upstream, *calls: Call, transport: Transport | None = None, **more: Any) -> list[list[Chunk]]:
    transport = transport or Transport()
    try:
        return [await collect(transport.stream(target_of(upstream, **more), call)) for call in calls]
    finally:
        await transport.close()


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def fails(upstream: Upstream, call: Call = CALL, **more: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        run(ask(upstream, call, **more))
    return caught.value


def event(content: Any = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice], **more}, ensure_ascii=False).encode() + b"\n\n"


# -- what is sent and read ---------------------------------------------------------------------------


def test_chat_comes_in_chunks_and_ends_with_usage_and_model(upstream: Upstream) -> None:
    upstream.cached_tokens = 3
    (chunks,) = run(ask(upstream, replace(CALL, session_id="npc:bram é\n"), api_key=KEY))
    assert "hello" in text(chunks)
    assert len(chunks) > 3
    assert [chunk.finish for chunk in chunks] == [""] * (len(chunks) - 1) + ["stop"]
    assert chunks[-1].text == ""
    assert chunks[-1].model == "tiny"
    assert chunks[-1].usage == ReportedUsage(chunks[-1].usage.prompt_tokens, len(chunks) - 1, 3)  # type: ignore[union-attr]
    (asked,) = upstream.calls
    assert asked.path == "/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["x-session-id"] == "npc:bram %C3%A9%0A"
    assert asked.body["stream_options"] == {"include_usage": True, "continuous_usage_stats": True}
    assert asked.body["max_tokens"] == 64
    assert asked.body["messages"][0] == {"role": "system", "content": "You are Bram."}
    assert not asked.body.keys() & {"top_k", "min_p", "repeat_penalty", "seed", "stop", "response_format"}


def test_model_that_answers_under_another_name_is_logged_once(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Target(upstream.base_url, "npc")

    async def ask_twice() -> None:
        transport = Transport()
        for _ in range(2):
            assert (await collect(transport.stream(asked, CALL)))[-1].model == "tiny"
        await transport.close()

    with caplog.at_level("INFO", logger="llm_agentd"):
        run(ask_twice())
    assert caplog.text.count("asked for npc, tiny answers") == 1


def test_samplers_are_sent_where_they_were_chosen(upstream: Upstream) -> None:
    sampling = Sampling(top_k=7, min_p=0.1, repeat_penalty=1.2, seed=9, stop=("\n",), max_tokens=5)
    run(ask(upstream, replace(CALL, sampling=sampling)))
    body = upstream.calls[0].body
    assert (body["top_k"], body["min_p"], body["seed"], body["stop"]) == (7, 0.1, 9, ["\n"])
    assert body["repetition_penalty"] == body["repeat_penalty"] == 1.2


def test_options_of_the_admin_win_over_ours_and_null_takes_a_field_out(upstream: Upstream) -> None:
    run(ask(upstream, CALL, options={"reasoning_effort": "none", "temperature": None, "top_p": 0.5}))
    body = upstream.calls[0].body
    assert body["reasoning_effort"] == "none"
    assert body["top_p"] == 0.5
    assert "temperature" not in body


def test_connection_is_kept_between_calls(upstream: Upstream) -> None:
    run(ask(upstream, CALL, CALL, CALL))
    assert len({asked.connection for asked in upstream.calls}) == 1


def test_raw_prompt_goes_to_completions_and_as_a_chat_where_there_are_none(upstream: Upstream) -> None:
    raw = Call(None, "Once upon a time", Sampling(temperature=0))
    (chunks,) = run(ask(upstream, raw))
    assert upstream.calls[-1].path == "/completions"
    assert upstream.calls[-1].body["prompt"] == "Once upon a time"
    assert text(chunks)
    upstream.has_completions = False
    transport = Transport()
    chats = run(ask(upstream, raw, raw, transport=transport))
    assert all(text(chat) for chat in chats)
    assert [asked.path for asked in upstream.calls[1:]] == ["/chat/completions"] * 2
    assert upstream.calls[-1].body["messages"] == [{"role": "user", "content": "Once upon a time"}]


def test_answer_that_is_no_stream_is_read_as_well(upstream: Upstream) -> None:
    (expected,) = run(ask(upstream, CALL))
    upstream.streams = False
    (chunks,) = run(ask(upstream, CALL))
    assert text(chunks) == text(expected)
    assert len(chunks) == 2
    assert chunks[-1].usage == expected[-1].usage


def test_reasoning_of_its_own_field_never_reaches_the_words(upstream: Upstream) -> None:
    (expected,) = run(ask(upstream, CALL))
    upstream.reasoning = ["Let me", " think"]
    (chunks,) = run(ask(upstream, CALL))
    assert text(chunks) == text(expected)


ODD_STREAMS = {
    "comments, CRLF and one byte at a time": [
        bytes([byte]) for byte in (b": ping\r\n\r\n" + event("Grüß 🌙", "stop") + b"data: [DONE]\r\n\r\n")
    ],
    "no [DONE]": [event("Grüß 🌙"), event(finish="stop")],
    "no finish": [event("Grüß 🌙"), b"data: [DONE]\n\n"],
    "no last empty line": [event("Grüß 🌙", "stop").rstrip()],
    "null and empty": [
        b'data: {"choices":[{"delta":{"content":null}}]}\n\n',
        b'data: {"choices":[]}\n\n',
        b'data: {"choices":null,"usage":null}\n\n',
        event(""),
        event("Grüß"),
        b'data: {"choices":[{"delta":null}]}\n\n',
        event(" 🌙", "eos"),
    ],
    "parts": [event([{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Grüß 🌙"}], "stop")],
    "thoughts in the text": [event("<think>Hm"), event("</think>\nGrüß 🌙", "stop")],
    "half a character in each of two": [
        b'data: {"choices":[{"delta":{"content":"Gr\\u00fc\\u00df \\ud83c"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\udf19"},"finish_reason":"stop"}]}\n\n',
    ],
    "usage in every chunk": [event("Grüß 🌙", "stop", usage={"prompt_tokens": 1, "completion_tokens": "x"})],
}


@pytest.mark.parametrize("name", ODD_STREAMS)
def test_odd_stream_gives_its_words(upstream: Upstream, name: str) -> None:
    upstream.faults = [Fault(raw=ODD_STREAMS[name])]
    (chunks,) = run(ask(upstream, CALL))
    assert text(chunks) == "Grüß 🌙"
    assert chunks[-1].finish == "stop"


def test_body_that_does_not_end_behind_the_reply_is_not_waited_for(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_agentd.engines.openai.reading.USAGE_WAIT_S", 0.05)
    monkeypatch.setattr("llm_agentd.engines.openai.reading.DRAIN_S", 0.05)
    words = len(run(ask(upstream, CALL))[0]) - 1
    upstream.reports_usage = False
    upstream.faults = [Fault(hang_after=words + 1)]  # behind the role, the words; before the chunk with `finish`
    with pytest.raises(UpstreamError) as caught:
        run(ask(upstream, replace(CALL, timeout_s=0.2)))
    assert caught.value.kind == "timeout"
    upstream.reports_usage = True
    upstream.faults = [Fault(hang_after=words + 2)]  # before the one with usage
    (chunks,) = run(ask(upstream, CALL))
    assert (chunks[-1].finish, chunks[-1].usage) == ("stop", None)


# -- dialects ----------------------------------------------------------------------------------------


def test_max_completion_tokens_is_learnt_from_a_refusal_and_remembered(upstream: Upstream) -> None:
    upstream.refuses = {"max_tokens"}
    transport = Transport()
    run(ask(upstream, CALL, CALL, transport=transport))
    limits = [sorted(asked.body.keys() & {"max_tokens", "max_completion_tokens"}) for asked in upstream.calls]
    assert limits == [["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"]]
    assert upstream.calls[-1].body["max_completion_tokens"] == 64


def test_what_was_learnt_is_forgotten_after_a_while(upstream: Upstream) -> None:
    clock = Clock()
    transport = Transport(clock)
    upstream.refuses = {"max_tokens"}
    run(ask(upstream, CALL, transport=transport))
    upstream.refuses = {"max_completion_tokens"}
    clock.now_s += LEARNT_S + 1
    run(ask(upstream, CALL, transport=transport))
    assert "max_tokens" in upstream.calls[-1].body


def test_limit_of_tokens_is_never_left_out(upstream: Upstream) -> None:
    upstream.refuses = {"max_tokens", "max_completion_tokens"}
    assert fails(upstream).status == 400
    assert all(asked.body.keys() & upstream.refuses for asked in upstream.calls)


def test_all_that_a_server_does_not_take_is_left_out_one_by_one(upstream: Upstream) -> None:
    upstream.refuses = {"stream_options", "seed", "temperature", "top_p", "top_k", "repeat_penalty", "stop"}
    sampling = Sampling(seed=1, top_k=3, repeat_penalty=1.1, stop=("x",), temperature=0)
    transport = Transport()
    first, _ = run(ask(upstream, *[replace(CALL, sampling=sampling)] * 2, transport=transport))
    assert text(first)
    assert first[-1].usage is None
    assert len(upstream.calls) == len(upstream.refuses) + 3, "usage is asked for in two ways"
    assert not upstream.calls[-1].body.keys() & upstream.refuses


def test_usage_at_the_end_is_asked_for_where_it_is_not_told_on_the_way(upstream: Upstream) -> None:
    upstream.faults = [refusal(400, "Unknown parameter.", param="stream_options.continuous_usage_stats")]
    (chunks,) = run(ask(upstream, CALL))
    assert upstream.calls[-1].body["stream_options"] == {"include_usage": True}
    assert chunks[-1].usage is not None


def test_usage_that_is_told_on_the_way_comes_with_each_chunk(upstream: Upstream) -> None:
    upstream.reports_usage_on_the_way = True
    (chunks,) = run(ask(upstream, CALL))
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage][:3] == [1, 2, 3]


def test_schema_is_sent_and_obeyed(upstream: Upstream) -> None:
    (chunks,) = run(ask(upstream, HELD))
    assert json.loads(text(chunks))["say"]
    form = upstream.calls[0].body["response_format"]
    assert form == {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}}


def test_our_schema_is_left_out_where_the_server_has_none(upstream: Upstream) -> None:
    upstream.refuses = {"json_schema"}
    transport = Transport()
    (chunks,) = run(ask(upstream, HELD, transport=transport))
    assert text(chunks)
    assert "response_format" not in upstream.calls[-1].body
    assert transport.dialect(target_of(upstream)).schema == "none"


def test_schema_of_a_client_is_never_left_out(upstream: Upstream) -> None:
    upstream.refuses = {"json_schema"}
    transport = Transport()
    binding = replace(HELD, sampling=replace(HELD.sampling, is_schema_optional=False))
    with pytest.raises(UpstreamError, match="json_schema") as caught:
        run(ask(upstream, binding, transport=transport))
    assert caught.value.status == 400
    assert transport.dialect(target_of(upstream)).schema == "strict", "a client's schema may be at fault itself"


def test_schema_is_sent_to_tabbyapi_in_its_own_field_too(upstream: Upstream) -> None:
    upstream.owned_by = "tabbyAPI"
    transport = Transport()

    async def look_and_ask() -> None:
        await collect(transport.stream(target_of(upstream), HELD))
        await transport.models(target_of(upstream))
        await collect(transport.stream(target_of(upstream), HELD))
        await transport.close()

    run(look_and_ask())
    assert [asked.body.get("json_schema") for asked in upstream.calls] == [None, SCHEMA]


def test_refusal_that_did_not_help_is_not_remembered(upstream: Upstream) -> None:
    upstream.fault = refusal(400, "temperature and seed are not to our taste")
    transport = Transport()
    with pytest.raises(UpstreamError):
        run(ask(upstream, CALL, transport=transport))
    assert not transport.dialect(target_of(upstream)).left_out


def test_system_turn_goes_into_the_first_words_where_the_template_has_none(upstream: Upstream) -> None:
    upstream.faults = [Fault(400, body={"object": "error", "message": "System role not supported", "code": 400})]
    (chunks,) = run(ask(upstream, CALL))
    assert text(chunks)
    assert upstream.calls[-1].body["messages"] == [{"role": "user", "content": "You are Bram.\n\nJoe: hello"}]


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]},
        {"error": "json: unknown field 'max_tokens'"},
        {"object": "error", "message": "unexpected fields: max_tokens", "type": "BadRequestError", "code": 400},
    ],
    ids=["FastAPI", "Ollama", "older vLLM"],
)
def test_refusals_of_other_shapes_teach_too(upstream: Upstream, body: Any) -> None:
    upstream.faults = [Fault(422, body=body)]
    run(ask(upstream, CALL))
    assert "max_completion_tokens" in upstream.calls[-1].body


# -- failures ----------------------------------------------------------------------------------------


def test_closed_generator_closes_the_stream_of_the_server(upstream: Upstream) -> None:
    upstream.faults = [Fault(hang_after=3)]

    async def begin_and_leave() -> None:
        transport = Transport()
        async with aclosing(transport.stream(target_of(upstream), CALL)) as chunks:
            await anext(chunks)
        await asyncio.to_thread(upstream.wait_for, lambda: upstream.disconnects == 1)
        assert upstream.open == 0
        await transport.close()

    run(begin_and_leave())


def test_cancelled_task_closes_the_stream_of_the_server(upstream: Upstream) -> None:
    """Even one that has not answered yet."""
    upstream.faults = [Fault(hang_after=0), Fault(hang_after=3)]

    async def begin_and_cancel() -> None:
        transport = Transport()
        for _ in range(2):
            task = asyncio.ensure_future(collect(transport.stream(target_of(upstream), CALL)))
            await asyncio.to_thread(upstream.wait_for, lambda: upstream.open == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(upstream.wait_for, lambda: upstream.open == 0)
        assert upstream.disconnects == 2
        await transport.close()

    run(begin_and_cancel())


def test_nobody_there_is_connect_and_retryable() -> None:
    error = fails(Upstream().reserve())
    assert (error.kind, error.is_retryable) == ("connect", True)
    assert "nobody answers there" in error.message


def test_kept_connection_that_the_server_closes_as_it_is_used_is_opened_anew() -> None:
    body = event("Well met.", "stop") + b"data: [DONE]\n\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for is_answered in (True, False):
            asked = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            if is_answered:
                writer.write(head.encode() + body)
        writer.close()

    async def ask_three_times() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        target = Target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", "tiny")
        transport = Transport()
        for _ in range(3):
            assert text(await collect(transport.stream(target, CALL))) == "Well met."
        await transport.close()
        server.close()

    run(ask_three_times())
    assert connections == 3


def test_hanging_server_times_out(upstream: Upstream) -> None:
    for fault in (Fault(hang_after=0), Fault(hang_after=3)):
        upstream.faults = [fault]
        error = fails(upstream, replace(CALL, timeout_s=0.2))
        assert error.kind == "timeout"
        upstream.wait_for(lambda: upstream.open == 0)


def test_stream_that_breaks_is_cut(upstream: Upstream) -> None:
    for fault in (Fault(cut_after=3), Fault(raw=[event("Well")]), Fault(raw=[event("Well")], cut_after=1)):
        upstream.faults = [fault]
        error = fails(upstream)
        assert (error.kind, error.is_retryable) == ("cut", True)


def test_server_killed_in_mid_stream_is_cut(upstream: Upstream) -> None:
    upstream.faults = [Fault(hang_after=3)]

    async def begin_and_kill() -> None:
        transport = Transport()
        chunks = transport.stream(target_of(upstream), CALL)
        await anext(chunks)
        await asyncio.to_thread(upstream.kill)
        with pytest.raises(UpstreamError) as caught:
            await collect(chunks)
        assert caught.value.kind == "cut"
        await transport.close()

    run(begin_and_kill())


GARBAGE = {
    "HTML": Fault(raw=[b"<html>Welcome to our hotel</html>"], content_type="text/html"),
    "JSON that is no object": Fault(raw=[b"[1, 2]"], content_type="application/json"),
    "JSON that is cut": Fault(raw=[b'{"choices": [{"mess'], content_type="application/json"),
    "bytes": Fault(raw=[b"data: \xff\xfe\x00\n\n"]),
    "a choice that is none": Fault(raw=[b'data: {"choices": ["x"]}\n\n']),
    "an endless line": Fault(raw=[b"data: " + b"x" * 2**18] * 8),
    "an endless body": Fault(raw=[b"x" * 2**20] * 5, content_type="application/json"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_called_so(upstream: Upstream, name: str) -> None:
    upstream.faults = [GARBAGE[name]]
    error = fails(upstream)
    assert error.kind in (("garbage", "cut") if name == "HTML" else ("garbage",))


@pytest.mark.parametrize(
    ("status", "is_retryable"), [(408, True), (429, True), (500, True), (503, True), (400, False), (404, False)]
)
def test_status_says_whether_to_try_again(upstream: Upstream, status: int, is_retryable: bool) -> None:
    upstream.faults = [refusal(status, "not today", retry_after_s=2.5)]
    error = fails(upstream)
    assert (error.kind, error.status, error.is_retryable, error.retry_after_s) == ("status", status, is_retryable, 2.5)
    assert "not today" in error.message
    assert upstream.base_url.removeprefix("http://") in error.message


def test_retry_after_may_be_a_date_or_in_milliseconds(upstream: Upstream) -> None:
    upstream.faults = [
        Fault(429, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        Fault(429, {"retry-after-ms": "90"}),
    ]
    assert (fails(upstream).retry_after_s or 0) > 1e6
    assert fails(upstream).retry_after_s == 0.09


def test_quota_that_is_used_up_is_not_tried_again(upstream: Upstream) -> None:
    upstream.faults = [refusal(429, "You exceeded your current quota", code="insufficient_quota")]
    assert not fails(upstream).is_retryable


def test_error_inside_a_stream_is_told(upstream: Upstream) -> None:
    raw = [event("Well"), b'data: {"error": {"message": "CUDA out of memory", "code": 500}}\n\n']
    upstream.faults = [Fault(raw=raw)]
    error = fails(upstream)
    assert (error.kind, error.status, error.is_retryable) == ("status", 500, True)
    assert "CUDA out of memory" in error.message


def test_prompt_over_the_context_is_called_so(upstream: Upstream) -> None:
    error = fails(upstream, replace(CALL, messages=(Message("user", "word " * 4000),)))
    assert (error.status, error.is_over_context, error.is_retryable) == (400, True, False)
    assert len(upstream.calls) == 1, "no other dialect would mend it"


def test_model_that_only_thinks_is_told_how_to_stop(upstream: Upstream) -> None:
    thought = b'data: {"choices":[{"delta":{"reasoning_content":"Hm"},"finish_reason":"length"}]}\n\n'
    for raw in ([thought], [event("<think>Hm", "length")]):
        upstream.faults = [Fault(raw=raw)]
        error = fails(upstream)
        assert not error.is_retryable
        assert "thoughts" in error.message


def test_thoughts_without_a_beginning_are_left_out_once_they_are_known(upstream: Upstream) -> None:
    upstream.fault = Fault(raw=[event("Hm, let me"), event(" see.</think>\nWell met.", "stop")])
    transport = Transport()
    with pytest.raises(UpstreamError, match="thoughts"):
        run(ask(upstream, CALL, transport=transport))
    (chunks,) = run(ask(upstream, CALL, transport=transport))
    assert text(chunks) == "Well met."


def test_expired_certificate_is_tls_and_names_the_cure(tmp_path: Path) -> None:
    with Upstream(certificate=make_certificate(tmp_path / "old", is_expired=True)) as upstream:
        error = fails(upstream, ca_file=str(tmp_path / "old" / "cert.pem"))
    assert (error.kind, error.is_retryable) == ("tls", False)
    assert "certificate has expired; renew it" in error.message


def test_own_authority_is_believed_where_it_is_named_and_only_there(tmp_path: Path) -> None:
    with Upstream(certificate=make_certificate(tmp_path)) as upstream:
        (chunks,) = run(ask(upstream, CALL, ca_file=str(tmp_path / "cert.pem")))
        assert text(chunks)
        assert fails(upstream).kind == "tls"
        assert fails(upstream, ca_file=str(tmp_path / "none.pem")).kind == "tls"
        plain = Target(upstream.base_url.replace("https", "http"), "tiny")

        async def ask_plain() -> None:
            await collect(Transport().stream(plain, CALL))

        with pytest.raises(UpstreamError):
            run(ask_plain())
    with Upstream() as plain_server:
        secure = Target(plain_server.base_url.replace("http", "https"), "tiny")

        async def ask_secure() -> None:
            await collect(Transport().stream(secure, CALL))

        with pytest.raises(UpstreamError, match="is base_url meant to be http"):
            run(ask_secure())


def test_key_stands_in_no_error_and_no_repr() -> None:
    with Upstream(key="another") as upstream:
        error = fails(upstream, api_key=KEY)
        assert error.status == 401
        assert "api_key_env" in error.message
        upstream.key = KEY
        upstream.faults = [refusal(400, f"a key {KEY} in the wrong place")]
        echoed = fails(upstream, api_key=KEY)
        target = target_of(upstream, api_key=KEY)
    for shown in (error.message, repr(error), echoed.message, repr(target), str(target)):
        assert KEY not in shown
    named = Target(f"https://joe:{KEY}@example.org/v1", "x")
    assert named.place == "example.org/v1"


# -- what else it is asked ---------------------------------------------------------------------------


def test_models_and_embeddings(upstream: Upstream) -> None:
    async def look() -> None:
        transport = Transport()
        rows = await transport.models(target_of(upstream))
        assert [(row["id"], row["max_model_len"]) for row in rows] == [("tiny", 2048)]
        vectors, usage = await transport.embed(target_of(upstream), ["one", "another"])
        assert len(vectors) == 2
        assert vectors[0] != vectors[1]
        assert usage.prompt_tokens
        await transport.close()

    run(look())


def test_transport_goes_on_after_close_on_another_loop(upstream: Upstream) -> None:
    transport = Transport()
    for _ in range(2):
        (chunks,) = run(ask(upstream, CALL, transport=transport))
        assert text(chunks)
