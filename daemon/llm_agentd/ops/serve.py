"""`llm-agentd serve`: builds the daemon from the configuration and sees it through start, run and stop.

Without the HTTP adapter this process is the daemon. With it, this process only supervises two children, the daemon and
the adapter, and starts again whichever dies: a crash of the model's native code then loses no HTTP client.
Runs in the main thread.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_agentd.cache import CompletionCache, open_cache
from llm_agentd.config import Agents, Config, state_dir
from llm_agentd.config.http_binding import check_binding
from llm_agentd.config.http_token import find_token
from llm_agentd.config.private_files import make_private_folder
from llm_agentd.config.remote import asks_servers
from llm_agentd.config.sections import Cache, Inference, Zmq
from llm_agentd.config.settings import Settings
from llm_agentd.config.values import NO_MODEL_ENGINES, OFF
from llm_agentd.engines import EMBEDDED_MODEL, open_engine
from llm_agentd.engines.base import Engine, EngineInfo
from llm_agentd.engines.gguf import TOPICS_FORM, read_header
from llm_agentd.engines.openai.upstream import require_keys
from llm_agentd.errors import StartError
from llm_agentd.memory import Vectorize, open_memory
from llm_agentd.moderation import moderator as moderation
from llm_agentd.moderation.audit_log import AuditLog
from llm_agentd.moderation.classifier import ClassifierThread, build_classifier
from llm_agentd.ops import sd_notify
from llm_agentd.ops.redis_login import find_redis
from llm_agentd.ops.supervise import supervise
from llm_agentd.prefix_cache import NullPrefixStore, PrefixCache, open_prefix_store
from llm_agentd.prefix_cache.room import Room
from llm_agentd.prefix_cache.store import FOLDER
from llm_agentd.redis.connect import require_redis
from llm_agentd.roles import Roles
from llm_agentd.scheduler.affinity import pick_cpus
from llm_agentd.scheduler.batch_size import find_curve
from llm_agentd.scheduler.engine_loop import IDLE_WAIT_MAX_S
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.daemon import Daemon, Remote
from llm_agentd.server.request_builder import RequestDefaults
from llm_agentd.server.socket.curve import Gatekeeper
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Sampling
from llm_agentd.util import malloc
from llm_agentd.util.cpus import available_cpus
from llm_agentd.util.descriptors import raise_limit
from llm_agentd.util.endpoint import endpoint_to_bind
from llm_agentd.util.free_memory import free_bytes
from llm_agentd.util.stop_signals import stop_signals

if TYPE_CHECKING:  # loaded where a server is asked
    from llm_agentd.ops.remote import Servers

log = logging.getLogger(__name__)

FOREIGN_REPEAT_PENALTY = 1.1  # llama.cpp's old default: fewer loops, and names still come as often as they must


def serve(config: Config, argv: Sequence[str], settings: Callable[[], Settings]) -> int:
    """Runs until SIGTERM or Ctrl-C; returns the exit code. `argv`: the options it was called with, for children.

    `settings`: where all that is configured comes from; only the process that is the daemon asks for it.
    """
    with suppress(OSError):  # whoever needs it says what is wrong with it
        make_private_folder(state_dir(os.environ), "the state folder")
    if config.http.enabled:
        # Decided here, once: which place is free could look different to the adapter, which starts beside the daemon.
        endpoint = endpoint_to_bind(config.zmq.endpoint, os.environ)
        return supervise(argv, endpoint, config.log.level)
    _make_token(config)
    raise_limit()
    with ExitStack() as cleanup:
        found = settings()
        return run(build(config, cleanup, found), found)


def _make_token(config: Config) -> None:
    """For an adapter that cannot: as a unit of its own it may not write here, and is given the token by systemd."""
    try:
        find_token(config.http.token, config.http.token_file)
    except StartError as error:
        log.warning("%s", error)


def build(
    config: Config,
    cleanup: ExitStack,
    settings: Settings | None = None,
    *,
    open_engine: Callable[[Config], Engine] | None = None,
) -> Daemon:
    """The daemon as configured; what must be closed behind it is left with `cleanup`. `settings`: what may be changed
    while it runs. `open_engine`: for another engine than the configured one.

    Takes what other daemons may hold (cache folder, memory). Raises StartError where one is taken or something that was
    named is not there.
    """
    agents = config.agents
    batch = config.batch
    # A folder that an admin named must be there; the default one comes with the first role that is written.
    roles = Roles.load(agents.roles_dir or state_dir(os.environ) / "roles", may_be_missing=agents.roles_dir is None)
    audit = AuditLog(agents.audit_path, agents.audit_days)
    moderator = moderation.build(agents, audit, _classifier(agents))
    cache = _open_cache(config.cache)
    cleanup.callback(cache.close)
    # Closed before the cache: to forget somebody, it purges the cache.
    memory = open_memory(
        agents.memory_path,
        turns=agents.remember_turns,
        max_bytes=int(agents.memory_max_bytes),
        summarize_by=agents.condense,
        purge_cache=cache.purge,
        vectorize=_vectorize(config),
    )
    cleanup.callback(memory.close)
    audit.start()
    cleanup.callback(audit.stop)
    watchdog = sd_notify.Watchdog()
    # Where there is no cache there is no folder either: a disk that cannot be used is said once.
    folder = None if cache.stats()["backend"] == "none" else config.cache.path
    servers = _servers(config) if open_engine is None else None
    is_only = config.model.engine == "openai"  # there is no local model
    open_configured = servers.open if servers and is_only else lambda: _open_engine(config, folder)
    # A server has no batch of ours to fill, and its thread here waits more than it works.
    window_s = 0.0 if is_only else batch.window_ms / 1000
    return Daemon(
        endpoint=endpoint_to_bind(config.zmq.endpoint, os.environ),
        gatekeeper=_gatekeeper(config.zmq),
        state_folder=state_dir(os.environ),
        request_log=RequestLog(
            keep=config.requests.keep, max_bytes=int(config.requests.max_bytes), is_private=config.requests.private
        ),
        open_engine=open_configured if open_engine is None else lambda: open_engine(config),
        open_prefix_cache=lambda info: _open_prefix_cache(folder, config.cache, info),
        find_curve=lambda engine: find_curve(engine, folder),
        queue=RequestQueue(size=batch.size, window_s=window_s, queue_max=batch.queue_max),
        roles=roles,
        memory=memory,
        cache=cache,
        moderator=moderator,
        defaults=request_defaults(config),
        default_language=agents.language,
        settings=settings,
        defaults_of=request_defaults,
        pin_cpus=() if is_only else pick_cpus(config.model.pin_cpus, available_cpus()),
        cpu_priority="normal" if is_only else config.model.cpu_priority,
        feed_watchdog=watchdog.feed,
        idle_wait_max_s=min(IDLE_WAIT_MAX_S, watchdog.interval_s or IDLE_WAIT_MAX_S),
        self_check=lambda: _self_check(config),
        remote=remote_of(config, servers) if servers and not is_only else None,
        pool=servers.pool if servers else None,
    )


def _self_check(config: Config) -> dict[str, Any]:
    from llm_agentd.ops.doctor import as_fields, own_checks  # 5 MiB, for when the dashboard asks for the first time

    return as_fields(own_checks(config))


def _servers(config: Config) -> Servers | None:
    """None: none is ever asked. Then not even what would ask them is loaded."""
    if config.model.engine != "openai" and config.remote.policy == "never":
        return None
    from llm_agentd.ops.remote import servers_of

    return servers_of(config, os.environ)


def remote_of(config: Config, servers: Servers) -> Remote:
    """The mind elsewhere, beside the local one."""
    return Remote(
        open_engine=servers.open,
        queue=RequestQueue(size=servers.pool.max_parallel, window_s=0.0, queue_max=config.batch.queue_max),
        rules=config.remote,
        not_ready=servers.pool.ready,
        is_over_budget=lambda: servers.pool.over_budget,
        stats=servers.pool.stats,
    )


def _open_cache(cache: Cache) -> CompletionCache:
    redis = find_redis(cache, os.environ)
    return open_cache(cache.enabled, cache.path, cache.ttl_s, int(cache.max_bytes), redis)


def check_start(config: Config) -> None:
    """What a start finds wrong beyond single values, before a setting is written. Raises StartError."""
    agents, http = config.agents, config.http
    if agents.roles_dir is not None:
        Roles.load(agents.roles_dir)
    _classifier(agents)
    if config.model.path is not None and config.model.engine not in NO_MODEL_ENGINES:
        read_header(config.model.path)
    if find_redis(config.cache, os.environ) is not None:
        require_redis()
    if asks_servers(config.remote, config.model.engine):
        require_keys(config.remote.upstreams, os.environ)
    if http.enabled:
        token = None if http.token == OFF else "one"
        check_binding(http.host, token, tls=http.tls_cert is not None, allow_plain=http.allow_plain)


def _classifier(agents: Agents) -> ClassifierThread | None:
    """Also while moderation is off, so that it can be put on: it loads nothing before it is asked something."""
    try:
        return build_classifier(agents, os.environ)
    except StartError:
        if agents.moderation == "off":
            return None
        raise


def run(daemon: Daemon, settings: Settings) -> int:
    """Start, wait for a signal, stop. Raises StartError where something needed is missing or taken."""
    # A SimpleQueue, as a signal handler may call `put` in the midst of `get`; an Event could wait for its own lock.
    received: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in stop_signals():
        signal.signal(number, lambda number, _: received.put(number))
    daemon.start()
    try:
        info = daemon.lanes.require_started()
        gc.collect()
        gc.freeze()  # what lives as long as the daemon need not be looked at in every collection
        malloc.trim()
        ready = f"ready zmq={daemon.router.endpoint} model={info.model} engine={info.engine}{daemon.lanes.ready_words}"
        print(ready, flush=True)
        sd_notify.ready(ready)
        is_stopped = _wait_for_end(daemon, received)
        sd_notify.stopping()
    finally:
        inference: Inference = settings.running.inference  # it may be another one by now
        daemon.stop(inference.shutdown_grace_s)
    return 0 if is_stopped else 1


def _gatekeeper(zmq: Zmq) -> Gatekeeper | None:
    if zmq.curve_secret_file is None or zmq.curve_clients_dir is None:
        return None
    return Gatekeeper(zmq.curve_secret_file, zmq.curve_clients_dir)


def _wait_for_end(daemon: Daemon, received: queue.SimpleQueue[int]) -> bool:
    """True after a signal to stop, False where one of the daemon's threads has ended by itself."""
    while not (daemon.lanes.has_ended or daemon.router.ended.is_set()):
        with suppress(queue.Empty):
            received.get(timeout=1)
            return True
    return False


def _vectorize(config: Config) -> Vectorize | None:
    """How alike two lines are in meaning, where the model's topics can tell: for what is remembered in other words.

    An engine without a model here has none. Those of the embedded model take two seconds to load: the router thread
    would do it, at the first `think`, while all peers wait.
    """
    if config.model.engine in NO_MODEL_ENGINES:
        return None
    path = topics_path(config.model.path or EMBEDDED_MODEL)
    return (lambda text: open_topics(path).vector(text)) if path.exists() else None


def _open_engine(config: Config, folder: Path | None) -> Engine:
    model = config.model
    engine = open_engine(
        model.engine,
        path=model.path,
        model_id=model.id,
        context_tokens=model.context_tokens,
        threads=model.threads,
        gpu_layers=model.gpu_layers,
        max_num_seqs=config.batch.size,
        kv_type=model.kv_type,
        proves=True,
        kept_in=folder,
    )
    if engine.info.prompt_form == TOPICS_FORM:
        open_topics(topics_path(Path(engine.info.path)))  # here, so that the first player does not wait for it
    return engine


def _open_prefix_cache(folder: Path | None, cache: Cache, info: EngineInfo) -> PrefixCache:
    max_bytes = int(cache.kv_max_bytes)
    room = Room(cache.kv_memory_share, free_bytes)
    if folder is None or not max_bytes or "states" not in info.features:
        return PrefixCache(max_bytes, NullPrefixStore(), room)
    return PrefixCache(max_bytes, open_prefix_store(folder / FOLDER, info.fingerprint, max_bytes), room)


def request_defaults(config: Config) -> RequestDefaults:
    """`inference.repeat_penalty`, where it is not set: the model is foreign if `model.path` names another file than the
    embedded one, and what it says as an NPC is then penalized."""
    inference = config.inference
    path = config.model.path
    penalty = inference.repeat_penalty
    is_foreign = path is not None and path.resolve() != EMBEDDED_MODEL
    return RequestDefaults(
        sampling=Sampling(
            max_tokens=inference.max_tokens,
            temperature=inference.temperature,
            top_p=inference.top_p,
            repeat_penalty=1.0 if penalty is None else penalty,
            seed=inference.seed,
        ),
        think_repeat_penalty=FOREIGN_REPEAT_PENALTY if penalty is None and is_foreign else None,
        timeout_ms=inference.timeout_ms,
        infer_variants=config.cache.variants.infer,
        think_variants=config.cache.variants.think,
        languages=config.model.languages,
    )
