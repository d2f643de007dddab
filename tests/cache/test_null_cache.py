"""The cache that keeps nothing."""

from __future__ import annotations

from llm_agentd.cache import NullCache
from tests.cache.contract import entry, key


def test_null_cache_never_hits_and_reports_nothing_kept() -> None:
    cache = NullCache()
    cache.put(key(1), entry("a"), 1)
    cache.flush()
    assert cache.get(key(1), 1) is None
    assert cache.purge(None) == 0
    assert (cache.stats()["entries"], cache.stats()["stored"]) == (0, 0)
    cache.close()
