"""Which settings are live: each is given to the part that holds it, on the router thread.

What is not here takes a restart: it is decided once, when the model, the files or the sockets are opened.
"""

from __future__ import annotations

from collections.abc import Callable

from llm_agentd.cache import CompletionCache
from llm_agentd.config import Config
from llm_agentd.config.settings import Settings
from llm_agentd.memory import Memory
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.minds.minds import Minds
from llm_agentd.server.request_builder import RequestBuilder, RequestDefaults
from llm_agentd.util.log_level import set_log_level

DEFAULTS = (
    "inference.timeout_ms",
    "inference.max_tokens",
    "inference.temperature",
    "inference.top_p",
    "inference.repeat_penalty",
    "inference.seed",
    "cache.variants.infer",
    "cache.variants.think",
    "model.languages",
    "agents.language",
)
QUEUE = ("batch.window_ms", "batch.queue_max")
MEMORY = ("agents.remember_turns", "agents.memory_max_bytes")
REQUEST_LOG = ("requests.keep", "requests.max_bytes", "requests.private")
REMOTE = ("remote.policy", "remote.quality_intents", "remote.quality_roles")
MODERATION = ("agents.moderation", "agents.age", "agents.block_words", "agents.allow_words")


def keep_live(
    settings: Settings,
    *,
    defaults_of: Callable[[Config], RequestDefaults],
    request_builder: RequestBuilder,
    queue: RequestQueue,
    cache: CompletionCache,
    memory: Memory,
    moderator: Moderator | None,
    request_log: RequestLog,
    minds: Minds,
) -> None:
    def set_defaults(config: Config) -> bool:
        request_builder.configure(defaults_of(config), config.agents.language)
        return True

    def set_queue(config: Config) -> bool:
        queue.configure(window_s=config.batch.window_ms / 1000, queue_max=config.batch.queue_max)
        return True

    def set_ttl(config: Config) -> bool:
        cache.set_ttl(config.cache.ttl_s)
        return True

    def set_memory(config: Config) -> bool:
        """Not to or from 0 turns: the file is opened, or left alone, at the start."""
        agents = config.agents
        return memory.set_limits(turns=agents.remember_turns, max_bytes=int(agents.memory_max_bytes))

    def set_request_log(config: Config) -> bool:
        kept = config.requests
        request_log.configure(keep=kept.keep, max_bytes=int(kept.max_bytes), is_private=kept.private)
        return True

    def set_log(config: Config) -> bool:
        set_log_level(config.log.level)
        return True

    settings.on_change(DEFAULTS, set_defaults)
    settings.on_change(REQUEST_LOG, set_request_log)
    settings.on_change(["log.level"], set_log)
    settings.on_change(QUEUE, set_queue)
    settings.on_change(REMOTE, lambda config: minds.configure(config.remote))  # a remote mind is made at the start
    settings.on_change(["cache.ttl_s"], set_ttl)
    settings.on_change(MEMORY, set_memory)
    settings.on_change(["inference.shutdown_grace_s"], lambda _: True)  # read from `settings.running` at the end
    if moderator is not None:
        settings.on_change(MODERATION, lambda config: moderator.configure(config.agents))
