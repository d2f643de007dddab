"""Finished replies by prompt and options: what was asked before is answered without the engine.

`open_cache` gives the backend that the configuration names; all of them are a `CompletionCache`. The package must not
know requests, engines or sockets, and it never stops the daemon: where the disk cannot be used, the log says so once
and every reply is generated.
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

__all__ = ["CacheEntry", "CompletionCache", "LmdbCache", "NullCache", "cache_key", "open_cache"]

log = logging.getLogger(__name__)


def open_cache(enabled: bool, path: Path, ttl_s: float, max_bytes: int) -> CompletionCache:
    """The cache in folder `path`, made if missing. Raises StartError where another daemon has it.

    A folder that cannot be used (read-only, full disk, damaged file) gives a NullCache and one warning.
    """
    if not enabled:
        return NullCache()
    try:
        return LmdbCache(path, ttl_s, max_bytes)
    except (lmdb.Error, OSError) as error:
        log.warning("cache.path: serving without cache, %s", explain_failure(path, error))
        return NullCache()
