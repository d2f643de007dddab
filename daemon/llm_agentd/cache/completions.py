"""The completion cache as the daemon sees it: what every backend does, and which one is opened.

`get` is called on the router and engine threads, `put` behind a reply. It must not know requests, engines or
sockets, and it never stops the daemon: a disk that cannot be used is logged once and ends in serving without it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Protocol

import lmdb

from llm_agentd.cache.files import cure
from llm_agentd.cache.lmdb_cache import LmdbCache
from llm_agentd.cache.record import Entry, cache_key

__all__ = ["Cache", "Entry", "LmdbCache", "NullCache", "cache_key", "open_cache"]

log = logging.getLogger(__name__)


class Cache(Protocol):
    """What every backend does; `tests/cache/contract.py` holds them to it."""

    def get(self, key: bytes, variants: int) -> Entry | None:
        """The next reply in turn; None (a miss) until `variants` live replies are kept for `key`."""

    def put(self, key: bytes, entry: Entry, variants: int) -> None:
        """Keeps a reply in a free slot, else in place of the oldest. The entry's times are filled here."""

    def purge(self, name: str | None) -> int:
        """Deletes the replies whose question or text has this name in it (None: all); how many. Waits for the disk."""

    def flush(self) -> None:
        """Returns when all that was put before is written or given up."""

    def stats(self) -> dict[str, Any]: ...

    def close(self) -> None: ...


class NullCache:
    """Keeps nothing: `cache.enabled: false`, or a disk that cannot be used."""

    def get(self, key: bytes, variants: int) -> Entry | None:
        return None

    def put(self, key: bytes, entry: Entry, variants: int) -> None:
        pass

    def purge(self, name: str | None) -> int:
        return 0

    def flush(self) -> None:
        pass

    def stats(self) -> dict[str, Any]:
        return {"backend": "none", "entries": 0, "bytes": 0, "hits": 0, "stored": 0}

    def close(self) -> None:
        pass


def open_cache(enabled: bool, path: Path, ttl_s: float, max_bytes: int) -> Cache:
    """The cache in folder `path`, made if missing. Raises StartError where another daemon has it.

    A folder that cannot be used (read-only, full disk, damaged file) gives a NullCache and one warning.
    """
    if not enabled:
        return NullCache()
    try:
        return LmdbCache(path, ttl_s, max_bytes)
    except (lmdb.Error, OSError) as error:
        log.warning("cache.path: serving without cache, %s", cure(path, error))
        return NullCache()
