"""The completion cache that keeps nothing: `cache.enabled: false`, or a disk that cannot be used. Any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llm_agentd.cache.entry import CacheEntry
from llm_agentd.cache.rows import Row, Wanted


class NullCache:
    """Every `get` is a miss."""

    def get(self, key: bytes, variants: int) -> CacheEntry | None:
        return None

    def fetch(self, key: bytes, variants: int, on_done: Callable[[], None]) -> bool:
        return False

    def count(self, key: bytes, variants: int) -> int:
        return 0

    def put(self, key: bytes, entry: CacheEntry, variants: int) -> None:
        pass

    def fill(self, key: bytes, entries: Sequence[CacheEntry]) -> bool:
        return False

    def purge(self, name: str | None) -> int:
        return 0

    def set_ttl(self, ttl_s: float) -> None:
        pass

    def purge_rows(self, wanted: Wanted, show: Callable[[str], str]) -> int:
        return 0

    def rows(self, wanted: Wanted, show: Callable[[str], str]) -> Iterator[Row]:
        return iter(())

    def flush(self) -> None:
        pass

    def stats(self) -> dict[str, Any]:
        return {"backend": "none", "entries": 0, "bytes": 0, "hits": 0, "stored": 0}

    def close(self) -> None:
        pass
