"""One daemon in one process: everything on the way of a request, built in order, started and stopped in order.

`ops/serve.py` builds it from the configuration, the tests from a stub engine; both get the same wiring. Main thread.

The parts are built in this order, each from those before it: Inbox, EngineLoop, MemoryService and Control, Pipeline,
Router. What an earlier part has for a later one (the engine's events, the memory's summary jobs) it posts to the inbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_agentd.cache import CompletionCache
from llm_agentd.config import Config
from llm_agentd.config.settings import Settings
from llm_agentd.engines.base import Engine, EngineInfo
from llm_agentd.engines.llama.grammar.trial import GrammarTrial
from llm_agentd.memory import Memory
from llm_agentd.memory.service import NO_MODEL, MemoryService
from llm_agentd.metrics import Metrics
from llm_agentd.metrics.gpu import GpuWatch
from llm_agentd.metrics.shared_cache import SharedCacheWatch
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prefix_cache import NullPrefixStore, PrefixCache
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles import Roles
from llm_agentd.scheduler.affinity import CpuPriority
from llm_agentd.scheduler.batch_size import Curve
from llm_agentd.scheduler.batch_size import find_curve as find_batch_curve
from llm_agentd.scheduler.engine_loop import IDLE_WAIT_MAX_S, EngineLoop
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.server.admin.event_stream import EventStream
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.admin.rates import Rates
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.admin.switch import FILE_NAME as SWITCH_FILE_NAME
from llm_agentd.server.admin.switch import MasterSwitch
from llm_agentd.server.audit_log import FILE_NAME as AUDIT_FILE_NAME
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.server.control import Control
from llm_agentd.server.inbox import Inbox
from llm_agentd.server.minds.minds import Minds, Never
from llm_agentd.server.minds.policy import Rules
from llm_agentd.server.minds.report import Report
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.pipeline.pipeline import Pipeline
from llm_agentd.server.recent_thinks import RecentThinks
from llm_agentd.server.request_builder import RequestBuilder, RequestDefaults
from llm_agentd.server.router import Router
from llm_agentd.server.socket.curve import Gatekeeper
from llm_agentd.server.steering.live import keep_live
from llm_agentd.server.steering.ops import SteeringOps
from llm_agentd.util.steady_clock import steady_time_s

if TYPE_CHECKING:  # loaded where a server is asked
    from llm_agentd.engines.openai.pool import Pool


@dataclass(frozen=True)
class Remote:
    """The mind elsewhere. `not_ready`: "" or why its servers can be asked nothing now, and `is_over_budget` whether it
    is that; both from any thread. `stats`: of its servers.
    """

    open_engine: Callable[[], Engine]
    queue: RequestQueue
    rules: Rules
    not_ready: Callable[[], str] = str
    is_over_budget: Callable[[], bool] = bool
    stats: Callable[[], dict[str, Any]] = dict


class Daemon:
    """One ROUTER and one engine, and a second one where there is a `remote`. `cache` and `memory` are the caller's to
    close, after `stop`.

    `state_folder`: where the audit log is kept; None: in memory alone. `settings`: what an admin may change while it
    runs, `defaults_of`: what comes of it for requests; None: nothing.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        open_engine: Callable[[], Engine],
        open_prefix_cache: Callable[[EngineInfo], PrefixCache],
        find_curve: Callable[[Engine], tuple[Curve, Callable[[Curve], None]]],
        queue: RequestQueue,
        roles: Roles,
        memory: Memory,
        cache: CompletionCache,
        moderator: Moderator | None,
        defaults: RequestDefaults,
        default_language: str = "en",
        settings: Settings | None = None,
        defaults_of: Callable[[Config], RequestDefaults] = lambda _: RequestDefaults(),
        pin_cpus: Sequence[int] = (),
        cpu_priority: CpuPriority = "nice",
        feed_watchdog: Callable[[], None] = lambda: None,
        gatekeeper: Gatekeeper | None = None,
        state_folder: Path | None = None,
        request_log: RequestLog | None = None,
        idle_wait_max_s: float = IDLE_WAIT_MAX_S,
        self_check: Callable[[], dict[str, Any]] = lambda: {"checks": [], "ok": True},
        remote: Remote | None = None,
        pool: Pool | None = None,
    ) -> None:
        self.metrics = Metrics()
        self._gpu_watch = GpuWatch(self.metrics.registry)
        SharedCacheWatch(self.metrics.registry, lambda: cache.stats().get("shared", {}))
        self.audit = AuditLog(state_folder / AUDIT_FILE_NAME if state_folder else None)
        inbox = Inbox()
        open_requests = OpenRequests()
        switch = MasterSwitch(state_folder / SWITCH_FILE_NAME if state_folder else None)
        self._moderator = moderator
        self.engine_loop = EngineLoop(
            open_engine=open_engine,
            emit=lambda events: inbox.post(lambda: pipeline.on_events(events)),
            queue=queue,
            cache=cache,
            metrics=self.metrics,
            open_prefix_cache=open_prefix_cache,
            find_curve=find_curve,
            pin_cpus=pin_cpus,
            cpu_priority=cpu_priority,
            moderator=moderator,
            feed_watchdog=feed_watchdog,
            idle_wait_max_s=idle_wait_max_s,
        )
        remote_loop = (
            self._remote_loop(remote, inbox, cache, moderator, feed_watchdog, idle_wait_max_s) if remote else None
        )
        self.lanes = lanes = Lanes(self.engine_loop, remote_loop, remote.not_ready if remote else str)
        self._memory_service = MemoryService(
            memory,
            submit=self.engine_loop.submit,
            cancel=self.engine_loop.cancel,
            engine_info=lambda: NO_MODEL if lanes.local_problem else self.engine_loop.info,
            post=inbox.post,
            is_busy=lambda: len(open_requests) > 0 or not switch.is_on,
        )
        self.request_log = RequestLog() if request_log is None else request_log
        self.request_log.engine = lanes.engine_name
        self.audit.on_note = lambda entry: inbox.post(lambda: admin.events.emit("audit", entry))
        recent_thinks = RecentThinks()
        admin = AdminOps(
            requests=self.request_log,
            events=EventStream(time.monotonic),
            rates=Rates(clock=time.monotonic, now_s=steady_time_s, waiting=lanes.count_waiting),
            switch=switch,
            recent_thinks=recent_thinks,
            audit=self.audit,
            metrics=self.metrics,
        )
        request_builder = RequestBuilder(PromptBuilder(roles, default_language, memory), defaults, moderator)
        minds = Minds(
            lanes=lanes,
            request_builder=request_builder,
            report=Report(admin.events, self.metrics),
            rules=remote.rules if remote else Never(),
            is_over_budget=remote.is_over_budget if remote else bool,
            stats=pool.stats if pool else remote.stats if remote else dict,
        )
        if pool is not None:
            self.metrics.registry.register(pool.metrics)
            pool.on_warning = lambda told: inbox.post(lambda: admin.events.emit("budget", told))
        self._steering = steering = SteeringOps(
            settings=settings,
            roles=roles,
            memory=memory,
            cache=cache,
            lanes=lanes,
            audit=self.audit,
            post=inbox.post,
        )
        control = Control(
            lanes=lanes,
            minds=minds,
            roles=roles,
            memory=memory,
            cache=cache,
            metrics=self.metrics,
            open_requests=open_requests,
            request_builder=request_builder,
            self_check=self_check,
            admin=admin,
            steering=steering,
            audit=self.audit,
            post=inbox.post,
        )
        self._grammar_trial = GrammarTrial()
        self._pipeline = pipeline = Pipeline(
            request_builder=request_builder,
            moderator=moderator,
            cache=cache,
            lanes=lanes,
            minds=minds,
            memory=self._memory_service,
            control=control,
            grammar_trial=self._grammar_trial,
            open_requests=open_requests,
            recent_thinks=recent_thinks,
            admin=admin,
            metrics=self.metrics,
            post=inbox.post,
        )
        steering.ask = pipeline.ask
        if settings is not None:
            keep_live(
                settings,
                defaults_of=defaults_of,
                request_builder=request_builder,
                queue=queue,
                cache=cache,
                memory=memory,
                moderator=moderator,
                request_log=self.request_log,
                minds=minds,
            )
        self.router = Router(
            endpoint=endpoint,
            inbox=inbox,
            pipeline=pipeline,
            open_requests=open_requests,
            metrics=self.metrics,
            gatekeeper=gatekeeper,
        )

    def _remote_loop(
        self,
        remote: Remote,
        inbox: Inbox,
        cache: CompletionCache,
        moderator: Moderator | None,
        feed_watchdog: Callable[[], None],
        idle_wait_max_s: float,
    ) -> EngineLoop:
        """Its thread waits more than it works, and needs no CPU of its own. The watchdog is the local engine's, so that
        one that hangs is found out; of the remote one only where that is all there is.
        """
        local = self.engine_loop
        return EngineLoop(
            open_engine=remote.open_engine,
            emit=lambda events: inbox.post(lambda: self._pipeline.on_events(events)),
            queue=remote.queue,
            cache=cache,
            metrics=self.metrics.beside(),
            open_prefix_cache=lambda info: PrefixCache(0, NullPrefixStore()),
            find_curve=lambda engine: find_batch_curve(engine, None),
            cpu_priority="normal",
            moderator=moderator,
            feed_watchdog=lambda: feed_watchdog() if local.failure is not None else None,
            idle_wait_max_s=idle_wait_max_s,
            name="remote",
        )

    def start(self) -> None:
        """Takes the endpoint and starts the threads; `engine_loop.started` is set when the model is open, or is not.

        Raises StartError where another daemon has the endpoint; then nothing was started. Requests that come before the
        model is open are answered `unavailable`, so that a client need not guess why nobody answers.
        """
        self.router.bind()
        self._pipeline.follow_switch()  # before anything is asked or measured
        self.audit.start()
        if self._moderator:
            self._moderator.start()
        self._memory_service.start()
        self._grammar_trial.start()
        self._gpu_watch.start()
        self.router.start()
        self.lanes.start()

    def stop(self, grace_s: float) -> None:
        """The engines first: what they still finish within `grace_s` must find a router to be sent by.

        Then the grammar trial, whose good verdicts nobody needs any more.
        Then the classifier, when the router has handed it the engine's last replies. The router last: all that the
        others posted to its inbox stands before its stop, and is sent.
        """
        self.lanes.stop(grace_s)
        self._gpu_watch.stop()
        self._grammar_trial.stop()
        self._steering.stop()
        if self._moderator:
            self.router.wait_for_posted()
            self._moderator.stop()
        self.router.stop()
        self.audit.stop()
