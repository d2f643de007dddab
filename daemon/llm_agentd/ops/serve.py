"""`llm-agentd serve`: builds the daemon from the configuration and sees it through start, run and stop.

Without the HTTP adapter this process is the daemon. With it, this process only supervises two children, the daemon and
the adapter, and starts again whichever dies: a crash of the model's native code then loses no HTTP client.
Runs in the main thread.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Sequence

from llm_agentd.cache import NullCache, open_cache
from llm_agentd.config import Agents, Config, state_dir
from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine, EngineInfo
from llm_agentd.engines.machine import cpu_model
from llm_agentd.errors import StartError
from llm_agentd.memory import open_memory
from llm_agentd.metrics import Metrics
from llm_agentd.moderation import moderator as moderation
from llm_agentd.moderation.audit_log import AuditLog
from llm_agentd.moderation.classifier import ClassifierThread, ModelClassifier, UrlClassifier
from llm_agentd.ops import sd_notify
from llm_agentd.ops.supervisor import supervise
from llm_agentd.prefix_cache import NullPrefixStore, PrefixCache, open_prefix_store
from llm_agentd.prefix_cache.store import FOLDER
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles import Roles
from llm_agentd.scheduler.batch_size import Curve, measure, remember, remembered
from llm_agentd.scheduler.engine_loop import EngineLoop
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.server.pipeline import Intake, RequestDefaults
from llm_agentd.server.router import Router
from llm_agentd.types import Sampling


def serve(config: Config, argv: Sequence[str]) -> int:
    """Runs until SIGTERM or Ctrl-C; returns the exit code. `argv`: the options it was called with, for children."""
    return supervise(argv) if config.http.enabled else Daemon(config).run()


class Daemon:
    """The daemon itself: one ROUTER, one engine, one cache, one memory. `run` is the whole life.

    The constructor takes what other daemons may hold (cache folder, memory, endpoint) and raises StartError where one
    is taken.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._wanted_down = threading.Event()
        # A folder that an admin named must be there; the default one comes with the first role that is written.
        roles_dir = config.agents.roles_dir or state_dir(os.environ) / "roles"
        roles = Roles.load(roles_dir, may_be_missing=config.agents.roles_dir is None)
        self._audit = AuditLog(config.agents.audit_path, config.agents.audit_days)
        moderator = moderation.build(config.agents, self._audit)
        classifier = _classifier(config.agents) if moderator else None
        metrics = Metrics()
        cache = config.cache
        self._cache = open_cache(cache.enabled, cache.path, cache.ttl_s, int(cache.max_bytes))
        # Where there is no cache there is no folder either: a disk that cannot be used is said once.
        self._folder = None if isinstance(self._cache, NullCache) else cache.path
        agents = config.agents
        self._memory = open_memory(
            agents.memory_path,
            turns=agents.remember_turns,
            max_bytes=int(agents.memory_max_bytes),
            summarize_by=agents.condense,
            purge_cache=self._cache.purge,
        )
        self._router = Router(
            endpoint=config.zmq.endpoint,
            requests=Intake(
                PromptBuilder(roles, agents.language, moderator, self._memory),
                _policy(config, moderator.tag if moderator else "", classifier),
            ),
            cache=self._cache,
            metrics=metrics,
            moderator=moderator,
            classifier=classifier,
        )
        self._engine_loop = self._router.engine_loop = EngineLoop(
            open_engine=self._open_engine,
            connect=self._router.connect,
            queue=RequestQueue(
                size=config.batch.size, window_s=config.batch.window_ms / 1000, queue_max=config.batch.queue_max
            ),
            cache=self._cache,
            metrics=metrics,
            open_prefixes=self._open_prefixes,
            find_curve=self._find_curve,
            pin_cpus=pick_cpus(config.model.pin_cpus, sorted(os.sched_getaffinity(0))),
            cpu_priority=config.model.cpu_priority,
            moderator=moderator,
            beat=sd_notify.Watchdog().feed,
        )

    def run(self) -> int:
        """Start, wait for a signal, stop. Raises StartError where something needed is missing or taken."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._wanted_down.set())
        try:
            self._router.bind()
            self._audit.start()
            self._router.start()
            try:
                self._run()
            finally:
                self._router.stop()
        finally:
            self._audit.stop()
            self._memory.close()  # the router that asks it has ended; it asks the cache
            self._cache.close()
        return 0 if self._wanted_down.is_set() else 1

    def _run(self) -> None:
        """In between: the engine. Stopping takes no new work and gives running work its grace."""
        self._engine_loop.start()
        self._engine_loop.started.wait()
        info = self._engine_loop.info
        if info is None:
            raise self._engine_loop.failure or StartError("the engine ended while it was starting")
        gc.freeze()  # what lives as long as the daemon need not be looked at in every collection
        ready = f"ready zmq={self._config.zmq.endpoint} model={info.model} engine={info.engine}"
        print(ready, flush=True)
        sd_notify.ready(ready)
        while not self._wanted_down.wait(timeout=1):
            if self._engine_loop.ended.is_set() or self._router.ended.is_set():
                break
        sd_notify.stopping()
        self._engine_loop.stop(self._config.inference.shutdown_grace_s)

    def _open_engine(self) -> Engine:
        model = self._config.model
        return open_engine(
            model.engine,
            path=model.path,
            model_id=model.id,
            context_tokens=model.context_tokens,
            threads=model.threads,
            gpu_layers=model.gpu_layers,
            max_num_seqs=self._config.batch.size,
            kv_type=model.kv_type,
        )

    def _open_prefixes(self, info: EngineInfo) -> PrefixCache:
        max_bytes = int(self._config.cache.kv_max_bytes)
        if self._folder is None or not max_bytes or "states" not in info.features:
            return PrefixCache(max_bytes, NullPrefixStore())
        return PrefixCache(max_bytes, open_prefix_store(self._folder / FOLDER, info.fingerprint, max_bytes))

    def _find_curve(self, engine: Engine) -> Curve:
        """Measured once for a model, machine and number of threads; without a folder to remember it, at each start."""
        info = engine.info
        engine.time_step(1)  # pages the model in
        if self._folder is None:
            return measure(engine.time_step, info.max_num_seqs)
        path = self._folder / "widths.json"
        key = f"{info.fingerprint} {cpu_model()} {info.threads} threads {info.max_num_seqs} wide"
        curve = remembered(path, key)
        if curve is None:
            curve = measure(engine.time_step, info.max_num_seqs)
            remember(path, key, curve)
        return curve


def pick_cpus(wanted: str | Sequence[int], available: Sequence[int]) -> tuple[int, ...]:
    """CPUs of the engine thread; () = wherever the kernel likes.

    `auto` leaves the first CPU to the game where there are more than two; with one or two there is none to spare, and
    niceness alone decides. Raises StartError for a CPU this machine does not lend.
    """
    if wanted == "off":
        return ()
    if wanted == "auto":
        return tuple(available[1:]) if len(available) > 2 else ()
    missing = sorted(set(map(int, wanted)) - set(available))
    if missing:
        raise StartError(f"model.pin_cpus: no CPU {missing[0]} here; available: {', '.join(map(str, available))}")
    return tuple(map(int, wanted))


def _classifier(agents: Agents) -> ClassifierThread | None:
    """The classifier as configured. Raises StartError for a model file that is not there."""
    if agents.moderation_url:
        key = os.environ.get(agents.moderation_key_env or "", "")
        return ClassifierThread(UrlClassifier(agents.moderation_url, agents.moderation_timeout_ms / 1000, key=key))
    path = agents.moderation_model
    if path is None:
        return None
    if not path.is_file():
        raise StartError(f"agents.moderation_model: no file {path}; want a GGUF")
    return ClassifierThread(ModelClassifier(lambda: open_engine("llama", path=path, max_num_seqs=1)))


def _policy(config: Config, moderation: str, classifier: ClassifierThread | None) -> RequestDefaults:
    asked = config.inference
    return RequestDefaults(
        sampling=Sampling(
            max_tokens=asked.max_tokens, temperature=asked.temperature, top_p=asked.top_p, seed=asked.seed
        ),
        timeout_ms=asked.timeout_ms,
        infer_variants=config.cache.variants.infer,
        think_variants=config.cache.variants.think,
        moderation=moderation,
        judged=classifier is not None,
        languages=config.model.languages,
    )


def log_to_stderr() -> None:
    """Log lines for people and journald alike."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
