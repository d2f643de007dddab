"""A daemon whose model is another daemon's: our own engine for OpenAI's protocol against our own routes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.ops import harness

pytestmark = pytest.mark.slow

NPC = {"id": "bram", "name": "Bram", "role": "smith"}
WAVE = {"name": "wave", "description": "waves"}
ITEM = {"type": "object", "properties": {"item": {"enum": ["bread", "water"]}}, "required": ["item"]}


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Client]]:
    """Of the daemon in front, and of the one behind it, which has the model."""
    key = tmp_path_factory.mktemp("chain") / "key"
    with harness.daemon({"model.engine": "stub"}, http=True) as behind:
        Path(key).write_text(behind.http_token)
        key.chmod(0o600)
        one = {"base_url": f"http://127.0.0.1:{behind.http_port}/v1", "model": "stub", "api_key_file": str(key)}
        front_sets = {"model.engine": "openai", "remote.upstreams": json.dumps([one])}
        with (
            harness.daemon(front_sets, http=False) as front,
            Client(front.endpoint) as asks,
            Client(behind.endpoint) as looks,
        ):
            yield asks, looks


def test_all_that_npcs_need_goes_through(clients: tuple[Client, Client]) -> None:
    front, behind = clients
    done: dict[str, Any] = front.request("think", npc=NPC, player="Ana", utterance="Good evening!", actions=[WAVE])
    assert done["text"]
    assert done["usage"]["prompt_tokens"] > 0
    plain = front.infer([{"role": "user", "content": "Hello"}], max_tokens=50, seed=3, stop=["never said"], top_k=5)
    assert plain.text
    with front.stream("Once upon a time", max_tokens=50) as stream:
        assert "Once upon a time" in "".join(stream)
    assert json.loads(front.infer("Hello", json_schema=ITEM, max_tokens=50).text)["item"] in ("bread", "water")
    vector = front.request("embed", text="Hello")["embedding"]
    assert vector == pytest.approx(behind.request("embed", text="Hello")["embedding"])
    assert front.info()["context_tokens"] == behind.info()["context_tokens"]  # as /v1/models tells it
    rows = behind.request("requests")["requests"]
    assert {row["outcome"] for row in rows} == {"done"}, rows
