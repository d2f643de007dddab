"""Finished replies by prompt and options: what was asked before is answered without the engine.

`open_cache` gives the backend that the configuration names; all of them are a `CompletionCache`. The package must not
know requests, engines or sockets, and it never stops the daemon: where disk or Redis cannot be used, the log says so
once and replies are generated.
"""

from __future__ import annotations

import logging
from pathlib import Path

import lmdb

from llm_agentd.cache.base import CompletionCache
from llm_agentd.cache.entry import CacheEntry
from llm_agentd.cache.key import cache_key
from llm_agentd.cache.lmdb_cache import LmdbCache, explain_failure
from llm_agentd.cache.null_cache import NullCache
from llm_agentd.redis.address import RedisAddress

__all__ = ["CacheEntry", "CompletionCache", "LmdbCache", "NullCache", "cache_key", "open_cache"]

log = logging.getLogger(__name__)


def open_cache(
    enabled: bool, path: Path, ttl_s: float, max_bytes: int, redis: RedisAddress | None = None
) -> CompletionCache:
    """The cache in folder `path`, made if missing, and behind it the one in Redis, if there is one.

    A folder that cannot be used (read-only, full disk, damaged file) gives a NullCache and one warning. Raises
    StartError where another daemon has the folder, or where the library for Redis is missing.
    """
    if not enabled:
        return NullCache()
    first = _open_first(path, ttl_s, max_bytes)
    if redis is None:
        return first
    from llm_agentd.cache.redis.shared_cache import SharedCache  # and with it asyncio: 3 MiB that few daemons need

    return SharedCache(first, redis, ttl_s)


def _open_first(path: Path, ttl_s: float, max_bytes: int) -> LmdbCache | NullCache:
    try:
        return LmdbCache(path, ttl_s, max_bytes)
    except (lmdb.Error, OSError) as error:
        log.warning("cache.path: serving without cache, %s", explain_failure(path, error))
        return NullCache()
