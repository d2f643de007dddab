"""A day's budget of 10,000 tokens, two daemons on two state folders, five restarts: never passed, used up.

Real processes, a real Redis, a real server of OpenAI's protocol; most restarts are kill -9 in the midst of replies.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.openai.budget import names_at
from llm_agentd.engines.openai.budget.scripts import PREFIX
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
CLIENTS = 2  # of each daemon
LEAST = 200  # more than any of these calls needs at least: its prompt's bytes, what is around it, and one token
REFUSED_S = 2.0  # what calls have reserved and did not use is given back far sooner, and may be asked for again
ANSWER_MAX_S = 2.0  # a client notices by it that its daemon was killed
WAIT_S = 60.0


class Counting(Upstream):
    """`spent`: tokens of all that it was ever asked, as its bill would have it: also where nobody read the answer."""

    spent = 0

    def _words(self, body: dict[str, Any]) -> tuple[list[str], str, int]:
        pieces, finish, prompt_tokens = super()._words(body)
        self.spent += prompt_tokens + len(pieces)
        return pieces, finish, prompt_tokens


class Daemon:
    """With two clients that ask until it is gone or over its budget; `start` after `end` is a restart."""

    def __init__(self, folder: Path, upstream: Upstream, redis: RedisServer, go: threading.Event) -> None:
        """While `go` is not set nobody asks: else one daemon used up the budget while the other starts."""
        folder.mkdir()
        self._go = go
        self._endpoint = f"ipc://{folder}/z"
        sets = {
            "http.enabled": "false",
            "model.engine": "openai",
            "remote.upstreams": json.dumps([{"base_url": upstream.base_url, "model": upstream.model}]),
            "remote.daily_tokens": LIMIT,
            "zmq.endpoint": self._endpoint,
            "cache.redis_url": redis.url,
        }
        self._args = [
            "-m",
            "llm_agentd",
            "serve",
            *(word for one in sets.items() for word in ("--set", "=".join(map(str, one)))),
        ]
        self._environ = {"STATE_DIRECTORY": str(folder)}
        self.refusals: list[str] = []
        self.last = ""  # failure, for who reads why this test did not end
        self._running = ExitStack()
        self._child: Any = None
        self._threads: list[threading.Thread] = []
        self._is_ending = threading.Event()

    def start(self) -> None:
        self._child = self._running.enter_context(process(self._args, "ready ", more_environ=self._environ))
        self._is_ending.clear()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def end(self, *, is_killed: bool) -> None:
        """Killed it is in the midst of replies, whose end nobody tells."""
        if is_killed:
            self._child.kill()
        self._go.clear()
        self._is_ending.set()
        self._running.close()
        self.join()

    def stop(self) -> None:
        """However the test ended."""
        self._is_ending.set()
        self._running.close()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(WAIT_S)
            assert not thread.is_alive(), self.last

    def _ask(self) -> None:
        with Client(self._endpoint, timeout_s=ANSWER_MAX_S) as client:
            refused_s = 0.0  # since when
            for number in count():
                while not self._go.wait(0.05):
                    if self._is_ending.is_set():
                        return
                try:
                    client.infer(f"Question {number}", max_tokens=REPLY_TOKENS, cache="off")
                    refused_s = 0.0
                except Overloaded as error:
                    self.last = repr(error)
                    if "budget" not in str(error):
                        continue
                    refused_s = refused_s or time.monotonic()
                    if time.monotonic() - refused_s > REFUSED_S:
                        self.refusals.append(str(error))
                        return
                    self._is_ending.wait(0.1)
                except AgentdError as error:
                    self.last = repr(error)
                    if self._is_ending.is_set():
                        return


def test_budget_over_two_daemons_and_five_restarts_is_never_passed_and_used_to_the_last(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis, Counting(step_s=0.002) as upstream, ExitStack() as ends:
        go = threading.Event()
        daemons = [Daemon(tmp_path / name, upstream, redis, go) for name in ("one", "two")]
        for daemon in daemons:
            ends.callback(daemon.stop)
            daemon.start()
        go.set()
        for restart in range(RESTARTS):
            goal = upstream.spent + SHARE
            wait_for(lambda goal=goal: upstream.spent >= goal, "some of the budget is spent")  # type: ignore[misc]
            daemon = daemons[restart % 2]
            daemon.end(is_killed=restart < RESTARTS - 1)
            daemon.start()
            go.set()
        for daemon in daemons:
            daemon.join()
            assert len(daemon.refusals) == CLIENTS
            assert f"over the daily budget of {LIMIT} tokens" in daemon.refusals[0]
        for daemon in daemons:
            daemon.end(is_killed=False)
        day, _ = names_at(steady_time_s())
        with redis.client() as client:
            counted = int(client.hget(PREFIX + day, "tokens") or 0)
        assert upstream.spent <= counted <= LIMIT
        assert LIMIT - counted < LEAST
