"""`/v1/embeddings` with the official client: by the stub, by a tiny BERT, by a model on another server, and by none."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest

from llm_agentd.engines.base import EngineInfo
from llm_agentd.engines.stub.engine import EMBEDDING_VALUES, StubEngine
from llm_agentd.http.routes.openai.embeddings import AT_ONCE, INPUTS_MAX
from llm_agentd.ops import harness
from tests.http.openai.test_client import TOKEN, Served
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.http_harness import DEADLINE_S, HttpServer, serve_http, wait_until
from tests.support.tiny_embedder import WIDTH, write_tiny_embedder
from tests.support.upstream import Upstream

PATH = "/v1/embeddings"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('embeddings')}/z"
    with InProcess(endpoint), serve_http(endpoint, token=TOKEN) as server:
        server.http.headers.update(BEARER)
        yield server


@pytest.fixture(scope="module")
def served(server: HttpServer) -> Served:
    return Served(server.url)


def embed(served: Served, given: Any, **options: Any) -> Any:
    return served.client.embeddings.create(model="default", input=given, **options)


def test_vectors_come_in_the_order_of_the_texts(served: Served) -> None:
    texts = [f"Text number {i}" for i in range(AT_ONCE + 5)]
    answer = embed(served, texts)
    assert [row.index for row in answer.data] == list(range(len(texts)))
    assert len({tuple(row.embedding) for row in answer.data}) == len(texts)
    for at in (0, -1):
        assert embed(served, texts[at]).data[0].embedding == answer.data[at].embedding
    assert (answer.model, answer.object) == ("stub", "list")
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > len(texts)
    assert all(math.isclose(math.hypot(*row.embedding), 1, rel_tol=1e-5) for row in answer.data)


def test_packed_vectors_are_the_plain_ones(served: Served) -> None:
    plain = embed(served, "Hello", encoding_format="float").data[0].embedding
    packed = embed(served, "Hello", encoding_format="base64").data[0].embedding
    by_itself = embed(served, "Hello").data[0].embedding  # the client asks for base64 and unpacks it
    assert isinstance(packed, str)
    assert by_itself == pytest.approx(plain, abs=1e-6)
    assert len(plain) == EMBEDDING_VALUES


def test_asynchronous_client(served: Served) -> None:
    async def ask() -> Any:
        async with served.asynchronous() as client:
            return await client.embeddings.create(model="default", input=["a", "b"])

    assert len(asyncio.run(ask()).data) == 2


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input.0"),
        ({"input": ["a", ""]}, "input.1"),
        ({"input": [1, 2]}, "input.0"),
        ({"input": [[1, 2]]}, "input.0"),
        ({"input": ["a"] * (INPUTS_MAX + 1)}, "input"),
        ({"input": "a", "dimensions": 4}, "dimensions"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "inputs": "a"}, "inputs"),
        ({"input": "a", "model": 5}, "model"),
        ({"input": "a", "user": "x" * 129}, "user"),
        ({"input": "a", "priority": "now"}, "priority"),
    ],
)
def test_bad_field_is_named(server: HttpServer, body: Any, param: str) -> None:
    answer = server.http.post(PATH, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_text_beyond_the_context_and_model_that_is_not_served(served: Served) -> None:
    with pytest.raises(openai.BadRequestError) as too_long:
        embed(served, ["short", "long " * 4000])
    assert too_long.value.code == "context_length_exceeded"
    with pytest.raises(openai.NotFoundError):
        served.client.embeddings.create(model="text-embedding-3-small", input="a")


def test_it_is_counted_and_logged_without_its_numbers_and_switched_off(server: HttpServer, served: Served) -> None:
    embed(served, "Note this", user="ana")
    row = server.http.get("/v1/requests").json()["requests"][0]
    detail = server.http.get(f"/v1/requests/{row['seq']}").text
    assert (row["op"], row["player"], row["outcome"], row["priority"]) == ("embed", "ana", "done", "ambient")
    assert "Note this" in detail
    assert "embedding" not in detail
    assert 'llm_agentd_requests_total{op="embed",outcome="done"}' in server.http.get("/metrics").text
    server.http.post("/v1/switch", json={"on": False})
    try:
        with pytest.raises(openai.InternalServerError, match="switched off"):
            embed(served, "Note this")
    finally:
        server.http.post("/v1/switch", json={"on": True})


def test_client_that_goes_away_ends_all_its_texts(endpoint: str) -> None:
    gate = Gate()
    with (
        InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)) as daemon,
        serve_http(endpoint, token=TOKEN) as server,
    ):
        served = Served(server.url)
        served.client.models.list()
        with pytest.raises(openai.APITimeoutError):
            embed(Served(server.url, timeout=0.5), [f"Text {i}" for i in range(40)])
        wait_until(lambda: server.app.state.daemon.open_count == 0)
        with daemon.client() as client:
            wait_until(lambda: client.stats()["open"] <= AT_ONCE // 2)  # those that waited are gone at once
            gate.open()
            wait_until(lambda: client.stats()["open"] == 0)
            outcomes = re.findall(r'op="embed",outcome="(\w+)"} ([1-9]\d*)', client.metrics())
        counts = {outcome: int(count) for outcome, count in outcomes}
        assert sum(counts.values()) == AT_ONCE  # the others were never sent
        assert counts["cancelled"] >= AT_ONCE // 2


class WithoutEmbeddings(StubEngine):
    @property
    def info(self) -> EngineInfo:
        return replace(super().info, model="hearthling", features=super().info.features - {"embeddings"})


def test_model_without_embeddings_says_what_to_do(endpoint: str) -> None:
    with (
        InProcess(endpoint, engine=WithoutEmbeddings),
        serve_http(endpoint, token=TOKEN) as server,
        pytest.raises(openai.BadRequestError) as refused,
    ):
        embed(Served(server.url), "a")
    assert refused.value.param == "model"
    for word in ("hearthling", "model.path", "remote.upstreams"):
        assert word in refused.value.message


@pytest.mark.slow
def test_model_for_embeddings_is_served_and_writes_nothing(tmp_path: Path) -> None:
    path = write_tiny_embedder(tmp_path / "tiny.gguf")
    with harness.daemon({"model.path": path}, http=True) as daemon:
        served = Served(f"http://127.0.0.1:{daemon.http_port}", daemon.http_token)
        answer = embed(served, ["good evening", "where is the smith ?"])
        assert [len(row.embedding) for row in answer.data] == [WIDTH, WIDTH]
        assert answer.model == "tiny-embedder"
        assert answer.usage.prompt_tokens == 4 + 7  # with what stands at the ends of each
        with pytest.raises(openai.BadRequestError, match="computes embeddings"):
            served.client.chat.completions.create(model="default", messages=[{"role": "user", "content": "Hi"}])
        assert len(embed(served, "bread").data) == 1  # it lives on


@pytest.mark.slow
def test_model_on_another_server_is_asked_for_its_own() -> None:
    with Upstream(model="nomic", context_tokens=4096) as upstream:
        one = {"base_url": upstream.base_url, "model": "nomic", "name": "basement"}
        sets = {"model.engine": "openai", "remote.upstreams": json.dumps([one])}
        with harness.daemon(sets, http=True) as daemon:
            served = Served(f"http://127.0.0.1:{daemon.http_port}", daemon.http_token, timeout=4 * DEADLINE_S)
            answer = embed(served, ["seven..", "and nine."])
            assert [row.embedding for row in answer.data] == [
                [float(len(text) % (at + 2)) for at in range(8)] for text in ("seven..", "and nine.")
            ]
            assert answer.usage.prompt_tokens == 3
            assert {asked.path for asked in upstream.calls} == {"/embeddings"}
            upstream.has_embeddings = False
            with pytest.raises(openai.BadRequestError, match=r"remote\.upstreams"):
                embed(served, "a")
            upstream.has_embeddings = True
            assert embed(served, "a").data  # the server is no worse for it
