"""Other clients of OpenAI's API: LangChain's, whole, streamed, asynchronous, with a schema, and its embeddings.

`llm` is tried as its users call it, in tests/project/test_openai_doc.py. The daemon and the adapter are real processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, SecretStr

from llm_agentd.ops import harness

pytestmark = pytest.mark.slow

TALK = [SystemMessage("You are Mira, a healer in Oakford."), HumanMessage("Good evening!")]


class Item(BaseModel):
    """What somebody buys."""

    name: str
    price: int


@pytest.fixture(scope="module")
def way() -> Iterator[dict[str, Any]]:
    """Address and key of a daemon on the stub engine, as LangChain's classes take them."""
    with harness.daemon({"model.engine": "stub"}, http=True) as daemon:
        yield {"base_url": f"http://127.0.0.1:{daemon.http_port}/v1", "api_key": SecretStr(daemon.http_token)}


@pytest.fixture
def model(way: dict[str, Any]) -> ChatOpenAI:
    return ChatOpenAI(model="default", seed=4, max_retries=0, max_completion_tokens=200, stream_usage=True, **way)


def test_langchain_whole_streamed_and_asynchronous(model: ChatOpenAI) -> None:
    whole = model.invoke(TALK)
    assert "Good evening" in whole.content
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["total_tokens"] > 0
    assert whole.response_metadata["finish_reason"] == "stop"
    pieces = list(model.stream(TALK))
    assert len(pieces) > 3
    assert "".join(str(piece.content) for piece in pieces) == whole.content
    assert [piece.usage_metadata for piece in pieces if piece.usage_metadata] == [whole.usage_metadata]
    assert asyncio.run(model.ainvoke(TALK)).content == whole.content


def test_langchain_goes_on_with_its_own_answer(model: ChatOpenAI) -> None:
    assert "And bread" in model.invoke([*TALK, model.invoke(TALK), HumanMessage("And bread?")]).content


def test_langchain_by_a_schema(model: ChatOpenAI) -> None:
    for method in ("json_schema", "json_mode"):
        parsed = model.with_structured_output(Item, method=method, include_raw=True).invoke(TALK)
        assert isinstance(parsed, dict)
        if method == "json_schema":
            assert isinstance(parsed["parsed"], Item)


def test_langchain_is_told_what_there_is_not(model: ChatOpenAI, way: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError, match="tools: this server calls no tools"):
        model.bind_tools([Item]).invoke(TALK)
    with pytest.raises(openai.NotFoundError, match="not served here"):
        ChatOpenAI(model="gpt-4o", max_retries=0, **way).invoke(TALK)


def test_langchain_embeddings(way: dict[str, Any]) -> None:
    embeddings = OpenAIEmbeddings(model="default", check_embedding_ctx_length=False, **way)  # else it sends tokens
    one, other = embeddings.embed_documents(["Good evening!", "Where is the smith?"])
    assert one != other
    assert embeddings.embed_query("Good evening!") == pytest.approx(one, abs=1e-6)
