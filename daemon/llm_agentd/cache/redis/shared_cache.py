"""The completion cache in two levels: this daemon's own, and behind it the one in Redis that all daemons share.

`get` looks into the first alone: it runs on the router's and the engine thread. After a miss `fetch` looks into the
second; what is found there is put into the first, whole, and served from there. So Redis is asked once for each reply
and daemon, and the turns of variants are the first level's. `put` goes to both.

Any thread, as the first level; `_found` runs on the link's. It must not know requests, engines or the router.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

from llm_agentd.cache.base import CompletionCache
from llm_agentd.cache.entry import VARIANTS_MAX, CacheEntry, DamagedEntry
from llm_agentd.cache.redis.link import LookUp, Put, RedisAway, RedisLink
from llm_agentd.cache.redis.store import Purged, RedisStore
from llm_agentd.cache.redis.value import decode_value
from llm_agentd.cache.rows import Row, Wanted
from llm_agentd.redis.address import RedisAddress
from llm_agentd.util.steady_clock import AHEAD_MAX_S, steady_time_s

log = logging.getLogger(__name__)

UNKEPT_MAX = 256  # fetched replies that the first level did not take, by key: what a few rounds ask for
PURGE_MAX_S = 30.0  # for going through all that is kept, as with the first level
ROWS_MAX_S = 10.0
ROWS_MAX = 10_000  # that are read from Redis for people: a shared cache may hold millions
# What was fetched of a reply before it was deleted ends with it, so other daemons need not be told for longer than a
# reply lives; and a minute more, for clocks that differ.
TELL_MORE_S = 60.0
OWED_MAX = 1000  # purges that wait for Redis; beyond, all of it goes


@dataclass(frozen=True, slots=True)
class _Purge:
    """`is_wanted` None: all. `told`: what other daemons are told, who may have fetched such replies; None: nothing."""

    is_wanted: Callable[[Row], bool] | None
    told: Purged | None = None


class FirstLevel(CompletionCache, Protocol):
    """What this daemon keeps for itself."""

    def fill(self, key: bytes, entries: Sequence[CacheEntry]) -> bool: ...


class SharedCache:
    """`start` it, once the daemon is built. `close` ends both levels."""

    def __init__(
        self, first: FirstLevel, address: RedisAddress, ttl_s: float, now: Callable[[], float] = steady_time_s
    ) -> None:
        """Raises StartError where the library for Redis is missing."""
        self._first = first
        self._ttl_s = ttl_s
        self._now = now
        self._owed: list[_Purge] = []  # that Redis missed
        self._purges = 0
        self._id = uuid4().hex
        self._heard = b"0"  # the last purge of another daemon that was done here too
        # Of a first level that takes nothing (no folder, a full disk): what was fetched last, and whose turn it is.
        self._unkept: dict[bytes, tuple[Sequence[CacheEntry], Iterator[int]]] = {}
        self.link = RedisLink(address, self._on_probed)
        self.link.start()

    # -- the way of a request ----------------------------------------------------------------------

    def get(self, key: bytes, variants: int) -> CacheEntry | None:
        entry = self._first.get(key, variants)
        return entry if entry is not None or not self._unkept else self._get_unkept(key, variants)

    def fetch(self, key: bytes, variants: int, on_done: Callable[[], None]) -> bool:
        if not 1 <= variants <= VARIANTS_MAX:
            return False
        purges = self._purges

        def on_found(values: Sequence[bytes | None] | None) -> None:
            # What is purged while its answer is on the way must not come back by it.
            if values is not None and purges == self._purges:
                self._found(key, values)
            on_done()

        return self.link.look_up(LookUp(key, variants, on_found))

    def put(self, key: bytes, entry: CacheEntry, variants: int) -> None:
        self._first.put(key, entry, variants)
        if 1 <= variants <= VARIANTS_MAX:
            now_s = self._now()
            stamped = replace(entry, created_s=now_s, expires_s=now_s + self._ttl_s, last_hit_s=None, hits=0)
            self.link.put(Put(key, stamped, variants, now_s))

    def _found(self, key: bytes, values: Sequence[bytes | None]) -> None:
        """Takes over what daemons keep for `key`, if it is enough to be served: all variants, and none expired."""
        now_s = self._now()
        entries = []
        for value in values:
            try:
                entry = decode_value(key, value) if value is not None else None
            except DamagedEntry:
                entry = None
            if entry is None or not entry.created_s - AHEAD_MAX_S <= now_s < entry.expires_s:
                return
            entries.append(replace(entry, last_hit_s=None, hits=0))
        self.link.counts.hits += 1
        if not self._first.fill(key, entries):
            if len(self._unkept) >= UNKEPT_MAX:
                self._unkept.clear()
            self._unkept[key] = entries, count()

    def _get_unkept(self, key: bytes, variants: int) -> CacheEntry | None:
        entries, turns = self._unkept.get(key, ((), count()))
        if len(entries) != variants or min(entry.expires_s for entry in entries) <= self._now():
            return None
        return entries[next(turns) % variants]

    # -- for people --------------------------------------------------------------------------------

    def count(self, key: bytes, variants: int) -> int:
        return self._first.count(key, variants)

    def purge(self, name: str | None) -> int:
        purge = _Purge(None if name is None else names(name), Purged(self._id, name))
        return self._first.purge(name) + self._purge_shared(purge)

    def purge_rows(self, wanted: Wanted, show: Callable[[str], str]) -> int:
        return self._first.purge_rows(wanted, show) + self._purge_shared(_Purge(lambda row: wanted.fits(row, show)))

    def _purge_shared(self, purge: _Purge) -> int:
        """What cannot be deleted now, as Redis is away, is owed: it goes before Redis is asked for anything again."""
        self._forget_fetched()
        try:
            return self.link.run(lambda store: self._purge(store, purge), PURGE_MAX_S)
        except RedisAway as error:
            self._owed = [_Purge(None, Purged(self._id, None))] if len(self._owed) >= OWED_MAX else [*self._owed, purge]
            log.warning(
                "cache.redis_url: what was to go from %s goes once it can be used: %s", self.link.address.shown, error
            )
            return 0

    async def _purge(self, store: RedisStore, purge: _Purge) -> int:
        purged = await delete(store, purge.is_wanted)
        if purge.told is not None:
            await store.tell_purge(purge.told, self._ttl_s + TELL_MORE_S)
        return purged

    def _forget_fetched(self) -> None:
        self._purges += 1
        self._unkept.clear()

    async def _on_probed(self, store: RedisStore) -> None:
        """Once a second while Redis is there: does what is owed, and what other daemons deleted goes here too."""
        while self._owed:
            await self._purge(store, self._owed[0])
            del self._owed[0]
        for number, purged in await store.purges_after(self._heard):
            if purged.by != self._id:
                self._forget_fetched()
                await asyncio.to_thread(self._first.purge, purged.name)
            self._heard = number

    def rows(self, wanted: Wanted, show: Callable[[str], str]) -> Iterator[Row]:
        """Those of this daemon, then those that only others have."""
        slots = set()
        for row in self._first.rows(wanted, show):
            slots.add(row.slot)
            yield row
        with suppress(RedisAway):
            shared = self.link.run(lambda store: read(store, wanted, show, ROWS_MAX), ROWS_MAX_S)
            yield from (row for row in shared if row.slot not in slots)

    def set_ttl(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._first.set_ttl(ttl_s)

    def flush(self) -> None:
        self._first.flush()
        self.link.flush(PURGE_MAX_S)

    def stats(self) -> dict[str, Any]:
        link = self.link
        facts = {"address": link.address.shown, "up": link.is_up, "problem": link.problem, "owed": len(self._owed)}
        return self._first.stats() | {"shared": facts | asdict(link.counts)}

    def close(self) -> None:
        """The second level first: its thread puts into the first what it finds."""
        self.link.close()
        self._first.close()


def names(name: str) -> Callable[[Row], bool]:
    """Whether a reply has the name in prompt or text."""
    folded = name.casefold()
    return lambda row: row.entry.may_name(folded)


async def delete(store: RedisStore, is_wanted: Callable[[Row], bool] | None) -> int:
    """None: all."""
    return await (store.purge_all() if is_wanted is None else store.purge(is_wanted))


async def read(store: RedisStore, wanted: Wanted, show: Callable[[str], str], rows_max: int) -> list[Row]:
    found = []
    async for row in store.rows():
        if wanted.fits(row, show):
            found.append(row)
            if len(found) >= rows_max:
                break
    return found
