"""The llama-servers that tests of upstreams stand on: they answer, count reused tokens, die, and come back."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.llama_servers import MODEL_NAME, LlamaServer, llama_servers

pytestmark = pytest.mark.slow


def ask(server: LlamaServer, text: str) -> dict[str, Any]:
    body = {"model": MODEL_NAME, "messages": [{"role": "user", "content": text}], "max_tokens": 2}
    answer: dict[str, Any] = httpx2.post(f"{server.base_url}/chat/completions", json=body, timeout=60).json()
    return answer


def test_two_servers_answer_count_what_they_reuse_and_come_back_after_a_kill() -> None:
    question = "Good morning! Have you seen my hammer, which I left at the well? " * 4
    with llama_servers(2) as (one, other):
        assert ask(one, question)["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        assert ask(one, question)["usage"]["prompt_tokens_details"]["cached_tokens"] > 40
        assert ask(other, question)["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        assert ask(other, question)["model"] == MODEL_NAME
        one.kill()
        with pytest.raises(httpx2.ConnectError):
            ask(one, question)
        one.start()
        one.wait_ready()
        assert ask(one, question)["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
