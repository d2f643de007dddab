"""A whole daemon inside a test: real router thread, real engine thread, real socket, stub engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import zmq

from llm_agentd.cache import CompletionCache, NullCache
from llm_agentd.client import Client
from llm_agentd.config.settings import Settings
from llm_agentd.engines.base import Engine
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.memory import Memory, NullMemory
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.ops.serve import request_defaults
from llm_agentd.prefix_cache import NullPrefixStore, PrefixCache, PrefixStore
from llm_agentd.roles import Roles
from llm_agentd.scheduler.affinity import CpuPriority
from llm_agentd.scheduler.batch_size import Curve
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.daemon import Daemon, Remote
from llm_agentd.server.request_builder import RequestDefaults
from llm_agentd.server.socket.curve import Gatekeeper
from tests.support.raw_peer import RawPeer

WAIT_S = 10.0


class InProcess(Daemon):
    """`router` and `engine_loop` are the daemon's. Memory and cache are the test's to close."""

    def __init__(
        self,
        endpoint: str,
        *,
        engine: Callable[[], Engine] = StubEngine,
        cache: CompletionCache | None = None,
        queue_max: int = 1024,
        window_s: float = 0.0,
        size: int = 8,
        defaults: RequestDefaults | None = None,
        pin_cpus: Sequence[int] = (),
        cpu_priority: CpuPriority = "nice",
        roles: Roles | None = None,
        kv_max_bytes: int = 2**20,
        prefix_store: PrefixStore | None = None,
        curve: Curve | None = None,
        moderator: Moderator | None = None,
        memory: Memory | None = None,
        gatekeeper: Gatekeeper | None = None,
        state_folder: Path | None = None,
        request_log: RequestLog | None = None,
        settings: Settings | None = None,
        remote: Remote | None = None,
        feed_watchdog: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(
            endpoint=endpoint,
            open_engine=engine,
            open_prefix_cache=lambda info: PrefixCache(kv_max_bytes, prefix_store or NullPrefixStore()),
            find_curve=lambda engine: (curve or Curve({engine.info.max_num_seqs: 1.0}), lambda curve: None),
            queue=RequestQueue(size=size, window_s=window_s, queue_max=queue_max),
            roles=roles or Roles.load(),
            memory=memory or NullMemory(),
            cache=cache or NullCache(),
            moderator=moderator,
            defaults=defaults or RequestDefaults(),
            pin_cpus=pin_cpus,
            cpu_priority=cpu_priority,
            gatekeeper=gatekeeper,
            state_folder=state_folder,
            request_log=request_log,
            settings=settings,
            defaults_of=request_defaults,
            remote=remote,
            feed_watchdog=feed_watchdog,
        )
        self.endpoint = endpoint

    def __enter__(self) -> InProcess:
        self.start()
        for lane in self.lanes:
            assert lane.loop.started.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(0)

    def client(self) -> Client:
        """The public client, to be closed by its `with` block."""
        return Client(self.endpoint, timeout_s=WAIT_S)

    def peer(self, kind: int = zmq.DEALER, identity: bytes | None = None) -> RawPeer:
        """A bare socket, for tests of what is on the wire: order, envelopes, several records in a part."""
        return RawPeer(self.endpoint, kind, identity)


class Gate:
    """Lets the engine's steps through one by one, or all at once. `batch_sizes`: of the steps so far."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.batch_sizes: list[int] = []
        self._open = threading.Event()
        self._steps = threading.Semaphore(0)

    def on_step(self, batch_size: int) -> None:
        self.batch_sizes.append(batch_size)
        self.entered.set()
        if not self._open.is_set():
            self._steps.acquire()

    def step(self) -> None:
        self._steps.release()

    def open(self) -> None:
        self._open.set()
        self._steps.release()
