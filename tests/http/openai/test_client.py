"""The official client of OpenAI's API against a real daemon and the real adapter: it notices no difference.

What the model says matters in none of these, so most run on the stub engine; the last ones ask the embedded model, in
processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from llm_agentd.cache import NullCache
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.ops import harness
from tests.http.openai.test_fields import HELLO, INFO
from tests.http.openai.test_stream import is_freed
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.http_harness import DEADLINE_S, FakeDaemon, HttpServer, Record, done, error, serve_http, wait_until

TOKEN = "of-the-test-and-long-enough"
MODEL = "default"


class Served:
    """Both clients of one server."""

    def __init__(self, url: str, token: str = TOKEN, **options: Any) -> None:
        options = {"base_url": f"{url}/v1", "api_key": token, "timeout": DEADLINE_S, "max_retries": 0, **options}
        self.client = OpenAI(**options)
        self._options = options

    def asynchronous(self) -> AsyncOpenAI:
        return AsyncOpenAI(**self._options)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('client')}/z"
    with (
        InProcess(endpoint, engine=StubEngine, cache=NullCache(), moderator=Moderator(None)),
        serve_http(endpoint, token=TOKEN) as server,
    ):
        yield Served(server.url)


def chat(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(**{"model": MODEL, "messages": HELLO, "max_tokens": 200, **options})


def text_of(completion: Any) -> str:
    text: str = completion.choices[0].message.content
    return text


def test_models(served: Served) -> None:
    (model,) = served.client.models.list().data
    assert model.id == "stub"
    assert served.client.models.retrieve("default").id == "stub"
    with pytest.raises(openai.NotFoundError):
        served.client.models.retrieve("gpt-4o")


def test_chat(served: Served) -> None:
    completion = chat(served.client)
    (choice,) = completion.choices
    assert (completion.object, completion.model, choice.finish_reason) == ("chat.completion", "stub", "stop")
    assert choice.message.role == "assistant"
    assert "Hello" in choice.message.content
    assert completion.usage.prompt_tokens > 0
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_chat_that_goes_on_with_the_clients_own_message(served: Served) -> None:
    first = chat(served.client).choices[0].message
    messages = [*HELLO, first, first.model_dump(), {"role": "user", "content": "And bread?"}]
    assert "And bread" in text_of(chat(served.client, messages=messages))


def test_chat_streamed_is_the_same_text(served: Served) -> None:
    whole = text_of(chat(served.client, seed=4))
    chunks = list(chat(served.client, seed=4, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


def test_stream_helper(served: Served) -> None:
    with served.client.chat.completions.stream(model=MODEL, messages=HELLO, seed=4, max_tokens=200) as stream:  # type: ignore[arg-type]
        said = "".join(event.delta for event in stream if event.type == "content.delta")
        final = stream.get_final_completion()
    assert said == final.choices[0].message.content == text_of(chat(served.client, seed=4))


def test_seed(served: Served) -> None:
    texts = {text_of(chat(served.client, seed=seed, extra_body={"cache": "off"})) for seed in (7, 7, 7)}
    assert len(texts) == 1
    assert len({text_of(chat(served.client, seed=seed)) for seed in range(8)}) > 1


@pytest.mark.parametrize("streams", [False, True])
def test_stop(served: Served, streams: bool) -> None:
    whole = text_of(chat(served.client, seed=4))
    stop = whole.split()[3]
    for given in (stop, [stop, "never said"]):
        answer = chat(served.client, seed=4, stop=given, stream=streams)
        if streams:
            chunks = list(answer)
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            finish = chunks[-1].choices[0].finish_reason
        else:
            text, finish = text_of(answer), answer.choices[0].finish_reason
        assert (text, finish) == (whole.partition(stop)[0], "stop")


def test_max_tokens_is_finish_length(served: Served) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        answer = served.client.chat.completions.create(model=MODEL, messages=HELLO, **{name: 2})  # type: ignore[call-overload]
        assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 2)


class Item(BaseModel):
    name: Literal["apple", "bread"]
    price: int


def test_json_schema_is_parsed_into_a_model(served: Served) -> None:
    parsed = served.client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Item, max_tokens=200)  # type: ignore[arg-type]
    assert isinstance(parsed.choices[0].message.parsed, Item)


def test_json_object(served: Served) -> None:
    answer = chat(served.client, response_format={"type": "json_object"})
    assert isinstance(json.loads(text_of(answer)), dict)


def test_completion_whole_and_streamed(served: Served) -> None:
    whole = served.client.completions.create(model=MODEL, prompt="Once", seed=4, max_tokens=200)
    chunks = served.client.completions.create(model=MODEL, prompt="Once", seed=4, max_tokens=200, stream=True)
    assert whole.object == "text_completion"
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_foul_words_are_a_content_filter(served: Served) -> None:
    answer = chat(served.client, messages=[{"role": "user", "content": "fuck you"}])
    assert answer.choices[0].finish_reason == "content_filter"
    assert text_of(answer)


@pytest.mark.parametrize(
    ("options", "expected", "code", "param"),
    [
        ({"temperature": 9}, openai.BadRequestError, "bad_request", "temperature"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "bad_request", "tools"),
        ({"n": 2}, openai.BadRequestError, "bad_request", "n"),
        ({"logprobs": True}, openai.BadRequestError, "bad_request", "logprobs"),
        ({"model": "gpt-4o"}, openai.NotFoundError, "model_not_found", None),
        (
            {"messages": [{"role": "user", "content": "word " * 4000}]},
            openai.BadRequestError,
            "context_length_exceeded",
            None,
        ),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_errors_are_the_clients_exceptions(
    served: Served, options: Record, expected: type[openai.APIStatusError], code: str, param: str | None, streams: bool
) -> None:
    with pytest.raises(expected) as raised:
        chat(served.client, stream=streams, **options)
    assert type(raised.value) is expected
    assert (raised.value.code, raised.value.param) == (code, param)


def test_wrong_key_is_an_authentication_error(served: Served) -> None:
    with pytest.raises(openai.AuthenticationError) as raised:
        chat(served.client.with_options(api_key="wrong"))
    assert raised.value.code == "invalid_api_key"
    assert "llm-agentd token" in raised.value.message


def test_asynchronous_client(served: Served) -> None:
    async def all_of_it() -> tuple[Any, ...]:
        async with served.asynchronous() as client:
            model = (await client.models.list()).data[0].id
            ask: Any = {"model": MODEL, "messages": HELLO, "seed": 4, "max_tokens": 200}
            whole = await client.chat.completions.create(**ask)
            streamed = await client.chat.completions.create(**ask, stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in streamed])
            many = await asyncio.gather(*(client.chat.completions.create(**ask | {"seed": i}) for i in range(20)))
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(**ask | {"model": "gpt-4o"})
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(**ask | {"temperature": 9}, stream=True)
            return model, text_of(whole), text, len(many)

    model, whole, text, count = asyncio.run(all_of_it())
    assert (model, text, count) == ("stub", whole, 20)


@pytest.fixture
def gated(endpoint: str) -> Iterator[tuple[Gate, InProcess, HttpServer, Served]]:
    gate = Gate()
    with (
        InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)) as daemon,
        serve_http(endpoint, token=TOKEN) as server,
    ):
        try:
            yield gate, daemon, server, Served(server.url)
        finally:
            gate.open()


@pytest.mark.parametrize("streams", [False, True])
def test_timeout_of_the_client_frees_the_slot(gated: tuple[Gate, InProcess, HttpServer, Served], streams: bool) -> None:
    gate, daemon, server, served = gated
    served.client.models.list()
    with pytest.raises(openai.APITimeoutError):
        chat(served.client.with_options(timeout=0.3), stream=streams)
    is_freed(gate, daemon, server)


def test_stream_that_is_closed_frees_the_slot(gated: tuple[Gate, InProcess, HttpServer, Served]) -> None:
    gate, daemon, server, served = gated
    for _ in range(3):
        gate.step()
    with chat(served.client, stream=True) as stream:
        next(iter(stream))
    is_freed(gate, daemon, server)


def test_task_that_is_cancelled_frees_the_slot(gated: tuple[Gate, InProcess, HttpServer, Served]) -> None:
    gate, daemon, server, served = gated

    async def ask_and_leave() -> None:
        async with served.asynchronous() as client:
            ask = asyncio.create_task(client.chat.completions.create(model=MODEL, messages=HELLO))  # type: ignore[arg-type]
            await asyncio.to_thread(gate.entered.wait, DEADLINE_S)
            ask.cancel()
            with pytest.raises(asyncio.CancelledError):
                await ask

    asyncio.run(ask_and_leave())
    is_freed(gate, daemon, server)


@pytest.mark.parametrize(
    ("code", "more", "raised", "tries"),
    [
        ("overloaded", {"retry_after_ms": 20}, openai.RateLimitError, 3),
        ("engine_failed", {}, openai.InternalServerError, 1),
        ("deadline_exceeded", {}, openai.InternalServerError, 1),
        ("unavailable", {"reason": "switched_off"}, openai.InternalServerError, 1),
        ("bad_request", {}, openai.BadRequestError, 1),
    ],
)
def test_client_tries_again_only_what_may_work_then(
    endpoint: str, code: str, more: Record, raised: type[openai.APIStatusError], tries: int
) -> None:
    def script(record: Record) -> list[Record]:
        return [{"event": "done", "info": INFO}] if record["op"] == "info" else [error(code, **more)]

    with FakeDaemon(endpoint, script) as daemon, serve_http(endpoint) as server:
        with pytest.raises(raised):
            chat(Served(server.url, max_retries=2).client)
        count = sum(record["op"] == "infer" for record in list(daemon.received.queue))
    assert count == tries


def test_client_comes_through_a_full_queue(endpoint: str) -> None:
    refusals = [error("overloaded", retry_after_ms=20)] * 2

    def script(record: Record) -> list[Record]:
        if record["op"] == "info":
            return [{"event": "done", "info": INFO}]
        return [refusals.pop()] if refusals else [done("Well met.")]

    with FakeDaemon(endpoint, script), serve_http(endpoint) as server:
        assert text_of(chat(Served(server.url, max_retries=2).client)) == "Well met."
    assert refusals == []


def test_client_comes_through_a_start_of_the_daemon(endpoint: str) -> None:
    """503 with Retry-After while there is none, then its answer."""
    with serve_http(endpoint, retry_s=0.05) as server, ThreadPoolExecutor(1) as pool:
        wait_until(lambda: server.app.state.daemon.is_unreachable)
        assert server.http.get("/v1/models").status_code == 503
        asked = pool.submit(chat, Served(server.url, max_retries=5).client)
        with InProcess(endpoint):
            assert text_of(asked.result(DEADLINE_S))


@pytest.fixture(scope="module")
def embedded() -> Iterator[Served]:
    with harness.daemon({"cache.enabled": "false"}, http=True) as daemon:
        yield Served(f"http://127.0.0.1:{daemon.http_port}", daemon.http_token, timeout=60)


@pytest.mark.slow
def test_embedded_model_streams_what_it_says_whole(embedded: Served) -> None:
    whole = chat(embedded.client, seed=4, max_tokens=24)
    assert text_of(whole).strip()
    chunks = list(chat(embedded.client, seed=4, max_tokens=24, stream=True))
    assert len(chunks) >= 3  # its role, words, the end: words that a grammar leaves no choice of come together
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text_of(whole)


@pytest.mark.slow
def test_embedded_model_answers_a_chat_as_an_npc_and_leaves_no_holes(embedded: Served) -> None:
    system: Any = {"role": "system", "content": "You are Bram, the smith. Your forge is by the river."}
    for said, answer in (("who are you?", "Bram"), ("where is your forge?", "by the river")):
        messages: Any = [system, {"role": "user", "content": said}]
        text = text_of(embedded.client.chat.completions.create(model="hearthling", messages=messages))
        assert answer in text
        assert not [letter for letter in text if unicodedata.category(letter) == "Co"]  # a placeholder of the model


@pytest.mark.slow
def test_embedded_model_writes_json_by_a_schema(embedded: Served) -> None:
    ask: Any = {"model": "hearthling", "messages": HELLO, "max_tokens": 64, "seed": 4}
    parsed = embedded.client.chat.completions.parse(**ask, response_format=Item)
    assert isinstance(parsed.choices[0].message.parsed, Item)
    answer = chat(embedded.client, response_format={"type": "json_object"}, max_tokens=200, seed=4)
    assert isinstance(json.loads(text_of(answer)), dict)


@pytest.mark.slow
def test_embedded_model_stops_where_it_is_told(embedded: Served) -> None:
    whole = text_of(chat(embedded.client, seed=4, max_tokens=24))
    stop = next(word for word in whole.split()[2:] if word.islower())  # a name is put in after the model's words
    answer = chat(embedded.client, seed=4, max_tokens=24, stop=[stop])
    assert (text_of(answer), answer.choices[0].finish_reason) == (whole.partition(stop)[0].rstrip(), "stop")
