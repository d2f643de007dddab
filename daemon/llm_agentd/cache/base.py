"""What every completion cache does. `tests/cache/contract.py` is the one behaviour suite for all of them.

`get` runs on the router's thread for each request and on the engine thread; it must not wait for a disk. `put` runs
behind a reply and must not wait either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from llm_agentd.cache.entry import CacheEntry
from llm_agentd.cache.rows import Row, Wanted

FETCH_MAX_S = 0.005  # that a request may wait for what other daemons keep: less than any step of an engine


class CompletionCache(Protocol):
    """Replies by key. A key may hold several variants, which are served in turn: an NPC should not repeat itself."""

    def get(self, key: bytes, variants: int) -> CacheEntry | None:
        """The next reply in turn; None (a miss) until `variants` unexpired replies are kept for `key`."""

    def fetch(self, key: bytes, variants: int, on_done: Callable[[], None]) -> bool:
        """After a miss, looks where other daemons keep theirs. False: nowhere to look, and nothing was begun.

        Never waits. `on_done` is called at most once, from another thread, when a `get` may find more than before. It
        may come late or, where the other place went away, never: whoever waits for it does so FETCH_MAX_S at most.
        """

    def count(self, key: bytes, variants: int) -> int:
        """How many unexpired replies are kept for `key`, up to `variants`. For people: serves none, counts no hit."""

    def put(self, key: bytes, entry: CacheEntry, variants: int) -> None:
        """Keeps a reply in a free slot, else in place of the oldest. The entry's times are filled here."""

    def purge(self, name: str | None) -> int:
        """Deletes the replies whose prompt or text contains this name (None: all); how many. Waits for the disk."""

    def set_ttl(self, ttl_s: float) -> None:
        """Of replies that are put from now on."""

    def purge_rows(self, wanted: Wanted, show: Callable[[str], str]) -> int:
        """Deletes the replies that `wanted` names; how many. Waits for the disk."""

    def rows(self, wanted: Wanted, show: Callable[[str], str]) -> Iterator[Row]:
        """Those that `wanted` names. Reads all, so it is for a thread that nobody waits for."""

    def flush(self) -> None:
        """Returns when all that was put before is written or given up."""

    def stats(self) -> dict[str, Any]:
        """For `stats` and the dashboard: `backend`, `entries`, `bytes`, `hits`, `stored` and what the backend adds."""

    def close(self) -> None:
        """Writes what is queued. Last call."""
