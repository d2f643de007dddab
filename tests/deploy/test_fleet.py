"""The largest shape of docs/scaling.md, small: three daemons, Redis beside them, a router, two replicas. All real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import pytest

from llm_agentd.client import Client
from llm_agentd.ops.harness import RunningDaemon, daemon
from llm_agentd.types import Reply
from tests.support.llama_servers import MODEL_NAME, LlamaServer, llama_servers
from tests.support.redis_servers import RedisServer
from tests.support.vllm_router import vllm_router
from tests.support.wait import wait_until

pytestmark = pytest.mark.slow

DAEMONS = 3
DEADLINE_MS = 60_000
ROLES = ("smith", "farmer", "fisher")
STOP_S = 30.0
NUMBERS = count(2)


@dataclass
class Fleet:
    daemons: list[RunningDaemon]
    clients: list[Client]
    replicas: list[LlamaServer]
    redis: RedisServer


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(folder))
        replicas = stack.enter_context(llama_servers(2))
        router = stack.enter_context(vllm_router(folder, [server.url for server in replicas]))
        sets = {
            "model.engine": "openai",
            "remote.upstreams": json.dumps([{"base_url": router.base_url, "model": MODEL_NAME}]),
            "cache.redis_url": redis.url,
        }
        daemons = [stack.enter_context(daemon(sets, http=False)) for _ in range(DAEMONS)]
        clients = [stack.enter_context(Client(running.endpoint)) for running in daemons]
        yield Fleet(daemons, clients, replicas, redis)


def infer(client: Client, prompt: str) -> Reply:
    return client.infer(prompt, deadline_ms=DEADLINE_MS, max_tokens=8, temperature=0)


def think(client: Client, number: int, utterance: str) -> Reply:
    npc = {"id": f"npc{number}", "name": ROLES[number].capitalize(), "role": ROLES[number]}
    return client.think(npc, utterance, player="Robin", deadline_ms=DEADLINE_MS, max_tokens=8)


def share(fleet: Fleet, clients: list[Client]) -> bool:
    """Whether the others had the first one's reply out of Redis.

    Each call asks something new: on a busy machine a look-up may pass its few milliseconds, and its daemon has then a
    reply of its own.
    """
    prompt = f"The river runs {next(NUMBERS)} miles"
    kept = fleet.redis.client().dbsize()
    first = infer(clients[0], prompt)
    assert first.cache == "miss"
    wait_until(lambda: fleet.redis.client().dbsize() > kept)  # it is written behind the reply
    others = [infer(client, prompt) for client in clients[1:]]
    if any(reply.cache != "hit" for reply in others):
        return False
    assert {reply.text for reply in others} == {first.text}
    return True


def test_a_reply_of_one_daemon_is_a_hit_at_the_others(fleet: Fleet) -> None:
    wait_until(lambda: share(fleet, fleet.clients))


def test_what_npcs_remember_is_each_daemons_own(fleet: Fleet) -> None:
    first, second, _ = fleet.clients
    first.remember([{"npc": "npc0", "text": "Robin looks for a brother.", "player": "Robin"}])
    wait_until(lambda: first.memories("npc0"))
    assert second.memories("npc0") == []


def test_the_rest_goes_on_without_a_daemon_a_replica_and_redis(fleet: Fleet) -> None:
    """The last test of this file: what it kills stays dead."""
    fleet.daemons[0].process.kill()
    fleet.daemons[0].process.wait(STOP_S)
    fleet.replicas[0].kill()
    wait_until(lambda: share(fleet, fleet.clients[1:]))
    fleet.redis.kill()
    for number, client in enumerate(fleet.clients[1:], 1):
        assert think(client, number, "Are you still there?").text
