"""Two daemons that share a real Redis, under load while it is killed and comes back, hangs, fails over or is resharded.

No request may fail, and none may be held for longer than FETCH_MAX_S: the waits are those that the routers record. The
daemons are processes of their own, as threads of one would wait for each other's interpreter.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.ops.harness import process
from tests.support.exposition import Exposition
from tests.support.redis_servers import RedisServer, cluster, wait_for, watched

pytestmark = pytest.mark.slow

CLIENTS = 2  # of each daemon
PROMPTS = 50_000  # distinct ones of a client: more than it asks, so there is always something new to look up
WAIT_S = 30.0
# The bound is FETCH_MAX_S, to the millisecond (tests/server/test_lookups.py, with a fake clock). A real wait may be
# above it where a machine that runs other tests beside gives the router's thread no processor. Most are not, and none
# is as long as a wait for Redis itself would be: a connection or an answer is given up after a second.
ON_TIME_S = "0.0075"
ON_TIME_SHARE = 0.6
LATE_MAX_S = "0.25"


class Daemon:
    """A real one with the stub engine; `told` is its shared cache's part of the stats."""

    def __init__(self, folder: Path, url: str, model: str) -> None:
        folder.mkdir(parents=True)
        self.endpoint = f"ipc://{folder}/z"
        sets = {
            "http.enabled": "false",
            "model.engine": "stub",
            "model.id": model,
            "zmq.endpoint": self.endpoint,
            "cache.path": folder / "cache",
            "cache.redis_url": url,
            "batch.window_ms": 0,
        }
        options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
        self.child = process(
            ["-m", "llm_agentd", "serve", *options], "ready ", more_environ={"STATE_DIRECTORY": str(folder)}
        )

    def client(self) -> Client:
        return Client(self.endpoint, timeout_s=WAIT_S)

    def told(self) -> dict[str, Any]:
        with self.client() as client:
            shared: dict[str, Any] = client.request("stats")["stats"]["cache"]["shared"]
            return shared

    def waits(self) -> dict[str, int]:
        """How many were at most so long, by seconds; `+Inf`: all."""
        with self.client() as client:
            family = Exposition(client.request("metrics")["text"])["llm_agentd_shared_cache_wait_seconds"]
        buckets = (sample for sample in family.samples if sample.name.endswith("_bucket"))
        return {sample.labels["le"]: int(sample.value) for sample in buckets}


class Village:
    """Two daemons, and clients that ask both the same questions until they are told to stop."""

    def __init__(self, daemons: list[Daemon]) -> None:
        self.daemons = daemons
        self.outcomes: Counter[str] = Counter()
        self.failures: list[str] = []
        self._is_over = threading.Event()

    def wait(self, *, up: bool) -> None:
        for daemon in self.daemons:
            wait_for(lambda daemon=daemon: daemon.told()["up"] is up, f"the shared cache is {'up' if up else 'down'}")  # type: ignore[misc]

    def wait_replies(self, count: int) -> None:
        """So many more."""
        goal = self.outcomes.total() + count
        wait_for(lambda: self.outcomes.total() >= goal or bool(self.failures), f"{count} more replies")
        assert self.failures == []

    def wait_hits(self, count: int) -> None:
        goal = self.shared("hits") + count
        wait_for(lambda: self.shared("hits") >= goal, f"{count} more hits in the shared cache")

    def shared(self, name: str) -> int:
        return sum(int(daemon.told()[name]) for daemon in self.daemons)

    def held(self) -> int:
        return sum(daemon.waits()["+Inf"] for daemon in self.daemons)

    def ask_all(self, daemon: Daemon, first: int) -> None:
        with daemon.client() as client:
            for number in range(first, first + PROMPTS):
                if self._is_over.is_set():
                    return
                try:
                    self.outcomes[client.infer(f"Question {number}", max_tokens=4).cache] += 1
                except Exception as error:
                    self.failures.append(repr(error))

    @contextmanager
    def under_load(self) -> Iterator[None]:
        # The clients of one daemon ask apart, those of the other ask the same: what one generates, the other finds.
        threads = [
            threading.Thread(target=self.ask_all, args=(daemon, group * PROMPTS))
            for group in range(CLIENTS)
            for daemon in self.daemons
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join(WAIT_S)
        assert self.failures == []

    def judge_waits(self) -> None:
        for daemon in self.daemons:
            waits = daemon.waits()
            assert waits["+Inf"] > 0, "nothing was ever looked up"
            assert waits[LATE_MAX_S] == waits["+Inf"], waits
            assert waits[ON_TIME_S] >= ON_TIME_SHARE * waits["+Inf"], waits


@contextmanager
def village(folder: Path, url: str, models: tuple[str, str] = ("stub", "stub")) -> Iterator[Village]:
    with ExitStack() as stack:
        daemons = [Daemon(folder / f"daemon-{number}", url, model) for number, model in enumerate(models)]
        for daemon in daemons:
            stack.enter_context(daemon.child)
        made = Village(daemons)
        made.wait(up=True)
        yield made


def test_two_daemons_share_answers_and_redis_killed_and_back_fails_no_request(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, village(tmp_path, server.url) as both:
        with both.under_load():
            both.wait_hits(20)
            server.kill()
            both.wait(up=False)
            held = both.held()
            both.wait_replies(100)
            assert both.held() == held, "while Redis is away nothing is held"
            server.start()
            both.wait(up=True)
            both.wait_hits(20)
        assert both.outcomes["hit"] > 0
        both.judge_waits()


def test_redis_that_hangs_is_soon_not_waited_for(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, village(tmp_path, server.url) as both:
        with both.under_load():
            both.wait_hits(20)
            late = both.shared("timeouts")
            server.pause()
            both.wait(up=False)
            # Three in a row for each daemon, and what was under way. By the connections' own limit it were hundreds.
            assert both.shared("timeouts") - late < 40
            held = both.held()
            both.wait_replies(100)
            assert both.held() == held
            server.resume()
            both.wait(up=True)
            both.wait_hits(20)
        assert both.shared("timeouts") > late
        both.judge_waits()


def test_failover_by_sentinel_fails_no_request_and_goes_on_with_the_new_master(tmp_path: Path) -> None:
    with watched(tmp_path) as servers, village(tmp_path, servers.url) as both:
        with both.under_load():
            both.wait_hits(20)
            old = servers.master
            old.kill()
            wait_for(lambda: servers.master is not old, "the Sentinels agree on another master")
            both.wait_hits(20)
        both.judge_waits()
        with servers.master.client() as client:
            assert client.dbsize() > 0


def test_cluster_that_is_resharded_and_then_loses_a_node_fails_no_request(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers, village(tmp_path, servers.url) as both:
        with both.under_load():
            both.wait_hits(20)
            errors = both.shared("errors")
            for source, target in ((0, 1), (1, 2)):
                servers.move_slots(source, target, 400)
            both.wait_hits(50)
            assert both.shared("errors") == errors, [daemon.told()["problem"] for daemon in both.daemons]
            servers.nodes[2].kill()
            both.wait(up=False)
            both.wait_replies(50)
            servers.nodes[2].start()
            both.wait(up=True)
            both.wait_hits(20)
        both.judge_waits()


def test_daemons_with_different_models_on_one_redis_never_mix_answers(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, village(tmp_path, server.url, ("oak", "elm")) as both:
        # Until each has put some: on a busy machine Redis may answer so late that a reply is kept here alone.
        for number in range(PROMPTS):
            for daemon, model in zip(both.daemons, ("oak", "elm"), strict=True):
                with daemon.client() as client:
                    assert client.infer(f"Question {number}").model == model
            if min(int(daemon.told()["puts"]) for daemon in both.daemons) >= 20:
                break
        assert both.shared("hits") == 0
