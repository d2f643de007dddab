"""The `openai` engine over a real llama-server with the embedded model: what no server of ours can show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from llm_agentd.config.remote import Upstream as UpstreamConfig
from llm_agentd.engines.openai.budget import Limits
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.engine import RemoteEngine
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.engines.openai.upstream import upstreams_of
from llm_agentd.errors import BadRequest, TooLarge
from llm_agentd.types import Sampling
from tests.engines.contract import SCHEMA, data, drain, run, steps, talk
from tests.support.llama_servers import MODEL_NAME, SLOT_TOKENS, LlamaServer, llama_servers
from tests.support.wait import wait_until

pytestmark = pytest.mark.slow

SHORT = Sampling(temperature=0, max_tokens=12)


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaServer]:
    with llama_servers(1, slots=2) as (one,):
        yield one


@pytest.fixture(scope="module")
def engine(server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteEngine]:
    configured = [UpstreamConfig(base_url=server.base_url, model=MODEL_NAME, max_parallel=2)]
    budget = FileBudget(tmp_path_factory.mktemp("budget") / "budget.db", Limits())
    transport = Transport()
    engine = RemoteEngine(Pool(upstreams_of(configured, {}), transport, budget), transport)
    yield engine
    engine.close()


def test_context_is_that_of_a_slot(engine: RemoteEngine) -> None:
    wait_until(lambda: engine.info.context_tokens == SLOT_TOKENS)


def test_reply_usage_and_what_was_reused_are_as_the_server_says(engine: RemoteEngine) -> None:
    first, second = (run(engine, "hello", SHORT) for _ in range(2))
    assert data(first).decode() == data(second).decode()
    assert first[-1].model == MODEL_NAME
    for pieces in (first, second):
        usage = pieces[-1].usage
        assert usage is not None
        assert usage.completion_tokens - sum(piece.tokens for piece in pieces) in (0, 1), "the one that ends it, too"
        assert usage.prompt_tokens > 10
    assert second[-1].usage.reused_tokens > 10  # type: ignore[union-attr]


def test_raw_prompt_with_all_samplers(engine: RemoteEngine) -> None:
    sampling = Sampling(max_tokens=5, top_k=3, min_p=0.1, repeat_penalty=1.1, seed=3, stop=("zz",))
    texts = []
    for _ in range(2):
        engine.start(0, engine.encode("Once upon a time", None, sampling), sampling)
        texts.append(data(drain(engine, 0)[0]))
    assert texts[0]
    assert texts[0] == texts[1]


def test_schema_is_obeyed(engine: RemoteEngine) -> None:
    sampling = Sampling(temperature=1, seed=4, max_tokens=400, json_schema=SCHEMA)
    value = json.loads(data(run(engine, "hello", sampling)))
    assert len(value["say"]) <= 12
    assert 3 <= value["count"] <= 5


def test_schema_that_is_no_schema_is_the_clients_fault(engine: RemoteEngine) -> None:
    (piece,) = run(engine, "hello", Sampling(json_schema={"$ref": "#/nowhere"}))
    assert isinstance(piece.answer, BadRequest)


def test_prompt_over_the_context_is_too_large(engine: RemoteEngine) -> None:
    """Where the estimate is below what the server counts: each of these is a token."""
    (piece,) = run(engine, "é" * 1800, SHORT)
    assert isinstance(piece.answer, TooLarge)


def test_stop_frees_the_slot_of_the_server(engine: RemoteEngine, server: LlamaServer) -> None:
    sampling = Sampling(temperature=1, max_tokens=900, json_schema={"type": "string", "minLength": 800})
    engine.start(0, engine.encode(None, talk("hello"), sampling), sampling)
    assert steps(engine)
    assert _busy(server) == 1
    engine.stop(0)
    wait_until(lambda: _busy(server) == 0)


def _busy(server: LlamaServer) -> int:
    slots: list[dict[str, Any]] = httpx2.get(f"{server.url}/slots", timeout=10).json()
    return sum(slot["is_processing"] for slot in slots)
