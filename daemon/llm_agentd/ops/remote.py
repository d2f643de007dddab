"""From the section `remote` of the configuration to the servers it names, and to an engine that asks them.

Opens nothing by itself: the first connection is made by the engine, once it is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from llm_agentd.config import Config, state_dir
from llm_agentd.engines.base import Engine
from llm_agentd.engines.openai.budget import Limits
from llm_agentd.engines.openai.budget.database import FILE_NAME
from llm_agentd.engines.openai.budget.redis import open_budget
from llm_agentd.engines.openai.engine import RemoteEngine
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.engines.openai.upstream import require_keys, upstreams_of
from llm_agentd.ops.redis_login import find_redis


@dataclass(frozen=True, slots=True)
class Servers:
    """The pool, the transport that it and the engine share, and what opens that engine."""

    pool: Pool
    transport: Transport
    open: Callable[[], Engine]


def servers_of(config: Config, environ: Mapping[str, str]) -> Servers:
    """Raises StartError where a key is not there."""
    remote = config.remote
    require_keys(remote.upstreams, environ)
    transport = Transport()
    limits = Limits(remote.daily_tokens, remote.monthly_tokens, remote.warn_share)
    budget = open_budget(state_dir(environ) / FILE_NAME, limits, find_redis(config.cache, environ))
    pool = Pool(upstreams_of(remote.upstreams, environ), transport, budget)
    return Servers(pool, transport, lambda: _open(config, pool, transport))


def _open(config: Config, pool: Pool, transport: Transport) -> Engine:
    """`model.id` and `model.context_tokens` are those of the only model there is; beside a local one they are its."""
    is_only = config.model.engine == "openai"
    return RemoteEngine(
        pool,
        transport,
        model_id=config.model.id if is_only else None,
        context_tokens=config.model.context_tokens if is_only else None,
        timeout_s=config.remote.timeout_ms / 1000,
    )
