"""Computed prompt prefixes: what an engine has worked out for the beginning of a prompt, kept for the next prompt.

NPCs of one role share hundreds of tokens before their talk differs, and prefill is most of what a reply costs. `cache`
decides what is kept in memory, `radix_tree` finds it, `store` and `lmdb_store` carry it over a restart. The package
knows no engine and no request. All of it runs on the engine thread, but for the store's own writer.
"""

from __future__ import annotations

import logging
from pathlib import Path

import lmdb

from llm_agentd.prefix_cache.cache import PrefixCache, PrefixMatch
from llm_agentd.prefix_cache.lmdb_store import DAMAGED, LmdbPrefixStore
from llm_agentd.prefix_cache.store import NullPrefixStore, PrefixStore

__all__ = ["LmdbPrefixStore", "NullPrefixStore", "PrefixCache", "PrefixMatch", "PrefixStore", "open_prefix_store"]

log = logging.getLogger(__name__)


def open_prefix_store(path: Path, fingerprint: str, max_bytes: int) -> PrefixStore:
    """The store in folder `path`, made if missing; the caller holds the lock of the folder above.

    A damaged store is deleted: all of it can be computed again. A folder that cannot be used gives a NullPrefixStore
    and one warning.
    """
    try:
        try:
            return LmdbPrefixStore(path, fingerprint, max_bytes)
        except DAMAGED as error:
            log.warning("%s is damaged (%s); saved prefixes are computed anew", path, error)
            for name in ("data.mdb", "lock.mdb"):
                (path / name).unlink(missing_ok=True)
            return LmdbPrefixStore(path, fingerprint, max_bytes)
    except (lmdb.Error, OSError) as error:
        log.warning(
            "%s cannot be used (%s): prefixes are not saved; free space there or choose another cache.path", path, error
        )
        return NullPrefixStore()
