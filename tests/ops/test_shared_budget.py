"""A day's budget of 10,000 tokens, two daemons on two state folders, five restarts of each: never passed, used up.

Real processes, a real Redis, a real server of OpenAI's protocol; some restarts are kill -9 in the midst of replies.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.openai.budget import names_at
from llm_agentd.engines.openai.budget_scripts import PREFIX
from llm_agentd.errors import AgentdError, Overloaded
from llm_agentd.ops.harness import process
from llm_agentd.util.steady_clock import steady_time_s
from tests.support.redis_servers import RedisServer, wait_for
from tests.support.upstream import Upstream

pytestmark = pytest.mark.slow

LIMIT = 10_000
RESTARTS = 5
SHARE = LIMIT // (RESTARTS + 2)  # of the budget, by both daemons together, until the next restart
REPLY_TOKENS = 12
LEAST = 200  # more than any of these calls needs at least: its prompt's bytes, what is around it, and one token
WAIT_S = 30.0


class Counting(Upstream):
    """`spent`: tokens of all that it was ever asked, as its bill would have it: also where nobody read the answer."""

    spent = 0

    def _words(self, body: dict[str, Any]) -> tuple[list[str], str, int]:
        pieces, finish, prompt_tokens = super()._words(body)
        self.spent += prompt_tokens + len(pieces)
        return pieces, finish, prompt_tokens


def daemon(folder: Path, upstream: Upstream, redis: RedisServer) -> tuple[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    sets = {
        "http.enabled": "false",
        "model.engine": "openai",
        "remote.upstreams": json.dumps([{"base_url": upstream.base_url, "model": upstream.model}]),
        "remote.daily_tokens": LIMIT,
        "zmq.endpoint": f"ipc://{folder}/z",
        "cache.redis_url": redis.url,
    }
    options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    environ = {"STATE_DIRECTORY": str(folder)}
    return str(sets["zmq.endpoint"]), process(["-m", "llm_agentd", "serve", *options], "ready ", more_environ=environ)


def ask_until(endpoint: str, is_enough: threading.Event, refusals: list[str]) -> None:
    """Until it is enough, the daemon is gone or over its budget."""
    with Client(endpoint, timeout_s=WAIT_S) as client:
        number = 0
        while not is_enough.is_set():
            number += 1
            try:
                client.infer(f"Question {number}", max_tokens=REPLY_TOKENS, cache="off")
            except Overloaded as error:
                if "budget" in str(error) and (error.retry_after_ms or 0) > 60_000:
                    refusals.append(str(error))
                    return
            except AgentdError:
                return


def test_budget_over_two_daemons_and_five_restarts_is_never_passed_and_used_to_the_last(
    tmp_path: Path,
) -> None:
    with RedisServer(tmp_path) as redis, Counting(step_s=0.002) as upstream:
        refusals: list[str] = []
        for start in range(RESTARTS + 1):
            is_last, goal, is_enough = start == RESTARTS, upstream.spent + SHARE, threading.Event()
            one, first = daemon(tmp_path / "one", upstream, redis)
            two, second = daemon(tmp_path / "two", upstream, redis)
            with first as child, second as other:
                threads = [
                    threading.Thread(target=ask_until, args=(endpoint, is_enough, refusals))
                    for endpoint in (one, two, one, two)
                ]
                for thread in threads:
                    thread.start()
                if not is_last:
                    wait_for(lambda goal=goal: upstream.spent >= goal, "some of the budget is spent")  # type: ignore[misc]
                    if start % 2:  # in the midst of replies, whose end nobody tells
                        child.kill()
                        other.kill()
                    is_enough.set()
                for thread in threads:
                    thread.join(WAIT_S)
                    assert not thread.is_alive()
        assert len(refusals) == 4
        assert all(f"over the daily budget of {LIMIT} tokens" in refusal for refusal in refusals)
        day, _ = names_at(steady_time_s())
        with redis.client() as client:
            counted = int(client.hget(PREFIX + day, "tokens") or 0)
        assert upstream.spent <= counted <= LIMIT
        assert LIMIT - counted < LEAST
