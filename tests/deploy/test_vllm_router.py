"""A real vllm-router with the shipped options over two real llama-servers: what stays warm, and a replica that dies.

Each replica has room for four prompts, so six NPCs over two replicas fit only where each stays with one of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from llm_agentd.client import Client
from llm_agentd.errors import AgentdError
from llm_agentd.ops.harness import daemon
from tests.support.llama_servers import MODEL_NAME, LlamaServer, llama_servers
from tests.support.vllm_router import Router, vllm_router

pytestmark = pytest.mark.slow

NPCS = 6
TURNS = 4
TIMEOUT_S = 120.0  # for an answer of a few milliseconds
DEADLINE_MS = 60_000
ROLES = ("smith", "farmer", "fisher", "hunter", "miner", "healer")  # whose prompts begin differently


@dataclass
class Replicas:
    servers: list[LlamaServer]
    router: Router


@contextmanager
def replicas(folder: Path) -> Iterator[Replicas]:
    with llama_servers(2) as servers, vllm_router(folder, [server.url for server in servers]) as router:
        yield Replicas(servers, router)


def persona(number: int) -> str:
    trade = ROLES[number]
    knows = f"The {trade} knows every path, every trade and every face of the valley, and speaks plainly. "
    return f"You are {trade} number {number} of Oakford. " + knows * 8


def reused_share(base_url: str, *, with_ids: bool) -> float:
    """Of the tokens of all prompts, how many were there already: each NPC's prompt begins as its last one did."""
    prompt_tokens = cached_tokens = 0
    talks = [[{"role": "system", "content": persona(number)}] for number in range(NPCS)]
    with httpx2.Client(timeout=TIMEOUT_S) as http:
        for turn in range(TURNS):
            for number in random.Random(turn).sample(range(NPCS), NPCS):
                talk = talks[number]
                talk.append({"role": "user", "content": f"Tell me more, please. ({turn})"})
                body = {"model": MODEL_NAME, "messages": talk, "max_tokens": 8, "temperature": 0}
                headers = {"X-Session-ID": f"npc{number}"} if with_ids else {}
                answer = http.post(f"{base_url}/chat/completions", json=body, headers=headers).json()
                talk.append({"role": "assistant", "content": answer["choices"][0]["message"]["content"]})
                prompt_tokens += answer["usage"]["prompt_tokens"]
                cached_tokens += answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    return cached_tokens / prompt_tokens


def test_session_ids_keep_the_beginnings_of_prompts_warm(tmp_path: Path) -> None:
    """Measured: 0.73 with ids, which is all but the first turn of each NPC; 0.28 without."""
    with replicas(tmp_path) as with_ids:
        kept = reused_share(with_ids.router.base_url, with_ids=True)
        assert set(with_ids.router.processed().values()) == {NPCS * TURNS // 2}, "each replica has as many NPCs"
    with replicas(tmp_path) as without:
        by_chance = reused_share(without.router.base_url, with_ids=False)
    print(f"reused with session ids {kept:.2f}, without {by_chance:.2f}")
    assert kept >= 0.7
    assert kept >= 2 * by_chance


@contextmanager
def daemon_before(router: Router) -> Iterator[Client]:
    """Ours, whose only mind is the router."""
    upstream = {"base_url": router.base_url, "model": MODEL_NAME}
    sets = {
        "model.engine": "openai",
        "remote.upstreams": json.dumps([upstream]),
        "model.context_tokens": 1024,
        "cache.enabled": "false",
    }
    with daemon(sets, http=False) as running, Client(running.endpoint) as client:
        yield client


def ask(client: Client, number: int, turn: int) -> tuple[int, int]:
    """Tokens of the prompt, and how many of them were there already."""
    role = ROLES[number]
    npc = {"id": f"npc{number}", "name": role.capitalize(), "role": role, "persona": persona(number)[:600]}
    reply = client.think(npc, f"What is new? ({turn})", player="Robin", deadline_ms=DEADLINE_MS, max_tokens=8)
    return reply.usage.prompt_tokens, reply.usage.reused_tokens


def test_our_daemon_keeps_its_npcs_warm_and_outlives_a_replica(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        both = stack.enter_context(replicas(tmp_path))
        client = stack.enter_context(daemon_before(both.router))
        calls = [ask(client, number, turn) for turn in range(TURNS) for number in range(NPCS)]
        later = calls[NPCS:]
        share = sum(reused for _, reused in later) / sum(prompt for prompt, _ in later)
        print(f"reused from the second turn on {share:.2f}; sent to {both.router.processed()}")
        assert min(both.router.processed().values()) >= NPCS * TURNS // 2 - TURNS, "both replicas have NPCs"
        # How much depends on slots: llama-server gives an NPC that of another whose prompt begins alike. That ids keep
        # NPCs with their replica is measured above; here it is shown that what was reused is told.
        assert share > 0.1

        before = sum(both.router.processed().values())
        both.servers[0].kill()
        failed: list[str] = []

        def go_on(number: int) -> None:
            for turn in range(TURNS):
                try:
                    ask(client, number, 100 + turn)
                except AgentdError as error:
                    failed.append(f"{error.code}: {error}")

        with ThreadPoolExecutor(NPCS) as threads:
            list(threads.map(go_on, range(NPCS)))
        print(f"sent again by the router: {sum(both.router.processed().values()) - before - NPCS * TURNS}")
        assert failed == [], "a replica that is gone is none of a player's business"
    assert "HTTP Request" not in capfd.readouterr().err, "no line in the log for each call"
