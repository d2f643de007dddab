"""The completion cache on LMDB: which variant is served, what waits to be written, and the writer thread.

`get` runs on the router's and the engine thread and takes no lock: LMDB readers never wait for its writer, and what is
not committed yet is in `_pending`. `put` and the counting of hits only queue; ONE writer thread commits them in groups
behind the replies. It must not know requests, engines or sockets.

What can be lost: a kill takes what was put in the last `LINGER_S` and the group being written; a power loss takes no
more, as LMDB syncs each group before the commit returns. The file stays whole in both cases.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import lmdb

from llm_agentd.cache.entry import (
    PROMPT_KEPT_CHARS,
    VARIANTS_MAX,
    CacheEntry,
    DamagedEntry,
    EntryHeader,
    decode,
    decode_header,
    encode,
    slot_key,
    to_us,
)
from llm_agentd.cache.lmdb_store import LmdbStore, PendingHits
from llm_agentd.cache.rows import Row, Wanted, matching_rows
from llm_agentd.errors import StartError
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.group_writer import GroupWriter
from llm_agentd.util.steady_clock import steady_time_s

log = logging.getLogger(__name__)

QUEUE_MAX = 4096  # puts and hits not yet written; a disk that hangs must cost memory only up to here
GROUP_MAX = 512  # of them in one transaction
LINGER_S = 0.05  # collects what comes close together into one disk sync; nobody waits for it
SWEEP_EVERY_S = 60.0  # an idle daemon still deletes what expired
RETRY_S = 300.0  # after a disk error: the disk may have been cleaned up
SERVED_MAX = 4096  # keys whose last served variant is remembered; beyond, the last hits on disk decide
FLUSH_MAX_S = 30.0  # a hanging disk must not hang the end of the daemon
FULL_SHARE = 0.5  # of `max_bytes` is kept when the map is full all the same


@dataclass(frozen=True, slots=True)
class _Put:
    key: bytes
    variant: int
    entry: CacheEntry


@dataclass(frozen=True, slots=True)
class _Hits:
    """All that were counted since the last ones were written; the writer takes them."""


@dataclass(slots=True)
class _Purge:
    """`run` deletes and counts; `count` is filled in by the writer before `done`."""

    run: Callable[[LmdbStore], int]
    done: threading.Event = field(default_factory=threading.Event)
    count: int = 0


_Item: TypeAlias = _Put | _Hits | _Purge
_HITS = _Hits()


class LmdbCache:
    """Completions on LMDB. Close it only after the threads that read from it have ended."""

    def __init__(self, path: Path, ttl_s: float, max_bytes: int, now: Callable[[], float] = steady_time_s) -> None:
        """Raises StartError where another process has the folder, lmdb.Error and OSError where it cannot be used."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._now = now
        self._lock = _lock_folder(path)
        try:
            self._store = LmdbStore.open(path, max_bytes)
        except BaseException:
            self._lock.release()
            raise
        # Replies that are not committed yet, by key and variant. The inner dicts are replaced, never changed, so that
        # `get` needs no lock; `_put_lock` is for those who replace them.
        self._pending: dict[bytes, dict[int, CacheEntry]] = {}
        self._put_lock = threading.Lock()
        self._last_served: dict[bytes, int] = {}  # variant by key
        self._hits: dict[bytes, PendingHits] = {}  # by slot, not handed to the writer yet: hundreds are one write
        self._hits_lock = threading.Lock()
        self._dropped = 0
        self._retry_at_s = 0.0  # after a disk error: nothing is written until then; 0 while all is well
        self._read_failed = False
        self._writer: GroupWriter[_Item] = GroupWriter(
            "cache-writer",
            self._write_group,
            tick=lambda: self._write_group([]),  # deletes what has expired
            tick_every_s=SWEEP_EVERY_S,
            linger_s=LINGER_S,
            group_max=GROUP_MAX,
            queue_max=QUEUE_MAX,
        )
        self._writer.start()

    # -- any thread ------------------------------------------------------------------------------

    def get(self, key: bytes, variants: int) -> CacheEntry | None:
        if not 1 <= variants <= VARIANTS_MAX:
            return None
        now_s = self._now()
        # Read before the committed entries: the writer commits first and drops from here after, so an entry is always
        # seen in at least one of both places.
        pending = self._pending.get(key, {})
        found: list[bytes | CacheEntry] = []
        headers: list[EntryHeader] = []
        try:
            for variant, raw in enumerate(self._store.read(key, variants)):
                stored = pending.get(variant, raw)
                if stored is None:
                    return None
                header = _header(stored)
                if not header.is_live(to_us(now_s)):
                    return None
                found.append(stored)
                headers.append(header)
            variant = self._next_variant(key, headers)
            chosen = found[variant]
            entry = chosen if isinstance(chosen, CacheEntry) else decode(chosen)
        except (lmdb.Error, DamagedEntry) as error:
            self._warn_read_failed(error)
            return None
        self._count_hit(slot_key(key, variant), to_us(now_s))
        return entry

    def _count_hit(self, slot: bytes, at_us: int) -> None:
        with self._hits_lock:
            before = self._hits.get(slot)
            if before is None and (self._writer.is_full or len(self._hits) >= QUEUE_MAX):
                self._dropped += 1
                return
            is_first = not self._hits
            self._hits[slot] = PendingHits(before.count + 1 if before else 1, at_us)
            if is_first:
                self._writer.put(_HITS)

    def _take_hits(self) -> dict[bytes, PendingHits]:
        with self._hits_lock:
            hits, self._hits = self._hits, {}
        return hits

    def fetch(self, key: bytes, variants: int, on_done: Callable[[], None]) -> bool:
        return False

    def count(self, key: bytes, variants: int) -> int:
        now_us, pending = to_us(self._now()), self._pending.get(key, {})
        try:
            kept = [pending.get(variant, raw) for variant, raw in enumerate(self._store.read(key, variants))]
            return sum(one is not None and _header(one).is_live(now_us) for one in kept)
        except (lmdb.Error, DamagedEntry) as error:
            self._warn_read_failed(error)
            return 0

    def _next_variant(self, key: bytes, headers: list[EntryHeader]) -> int:
        """The variant after the one served last; after a restart, the one that was not served for longest."""
        if len(headers) == 1:
            return 0
        last = self._last_served.get(key)
        if last is None:
            chosen = min(range(len(headers)), key=lambda variant: (headers[variant].last_hit_us, headers[variant].hits))
        else:
            chosen = (last + 1) % len(headers)
        if len(self._last_served) >= SERVED_MAX:
            self._last_served.clear()
        self._last_served[key] = chosen
        return chosen

    def put(self, key: bytes, entry: CacheEntry, variants: int) -> None:
        now_s = self._now()
        if self._writer.is_full or now_s < self._retry_at_s or not 1 <= variants <= VARIANTS_MAX:
            self._dropped += 1
            return
        stamped = replace(
            entry,
            prompt=entry.prompt[:PROMPT_KEPT_CHARS],
            created_s=now_s,
            expires_s=now_s + self._ttl_s,
            last_hit_s=None,
            hits=0,
        )
        with self._put_lock:
            try:
                variant = self._free_variant(key, variants, to_us(now_s))
            except (lmdb.Error, DamagedEntry) as error:
                self._warn_read_failed(error)
                return
            self._pending[key] = {**self._pending.get(key, {}), variant: stamped}
        self._writer.put(_Put(key, variant, stamped))

    def fill(self, key: bytes, entries: Sequence[CacheEntry]) -> bool:
        """Keeps what other daemons made, as the variants 0, 1 …, each with its own times.

        False: nothing is written now. Any thread; does not wait.
        """
        if self._writer.is_full or self._now() < self._retry_at_s:
            return False
        with self._put_lock:
            self._pending[key] = dict(enumerate(entries))
        for variant, entry in enumerate(entries):
            self._writer.put(_Put(key, variant, entry))
        return True

    def _free_variant(self, key: bytes, variants: int, now_us: int) -> int:
        """The first slot whose entry is missing or expired, else the one with the oldest."""
        pending = self._pending.get(key, {})
        created: list[int] = []
        for variant, raw in enumerate(self._store.read(key, variants)):
            stored = pending.get(variant, raw)
            header = None if stored is None else _header(stored)
            if header is None or not header.is_live(now_us):
                return variant
            created.append(header.created_us)
        return created.index(min(created))

    def purge(self, name: str | None) -> int:
        return self._purge(lambda store: store.purge(name))

    def purge_rows(self, wanted: Wanted, show: Callable[[str], str]) -> int:
        def run(store: LmdbStore) -> int:
            return store.remove([row.slot for row in matching_rows(store, wanted, show)])

        return self._purge(run)

    def rows(self, wanted: Wanted, show: Callable[[str], str]) -> Iterator[Row]:
        self.flush()
        try:
            yield from matching_rows(self._store, wanted, show)
        except lmdb.Error as error:
            self._warn_read_failed(error)

    def set_ttl(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s

    def _purge(self, run: Callable[[LmdbStore], int]) -> int:
        purge = _Purge(run)
        self._writer.put(purge, urgent=True)
        if not purge.done.wait(FLUSH_MAX_S):
            log.warning("cache.path: %s does not take what is written; what was to go from the cache stays", self._path)
        return purge.count

    def flush(self) -> None:
        if not self._writer.flush(FLUSH_MAX_S):
            log.warning("cache.path: %s does not take what is written; the last replies are not kept", self._path)

    def stats(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"backend": "lmdb", "queued": self._writer.queued, "dropped": self._dropped}
        facts["writing"] = self._now() >= self._retry_at_s
        try:
            totals = self._store.totals()
        except lmdb.Error as error:
            return facts | {"error": str(error)}
        return facts | {
            "entries": totals.entries,
            "bytes": totals.bytes,
            "max_bytes": self._max_bytes,
            "hits": totals.hits,
            "stored": totals.stored,
            "map_used_bytes": totals.map_used_bytes,
            "map_size_bytes": totals.map_size_bytes,
        }

    def close(self) -> None:
        """Writes what is queued, ends the writer, then the environment, then the lock: nobody may open it before."""
        if self._writer.close(FLUSH_MAX_S):  # else the environment is in use and goes with the process
            self._store.close()
        self._lock.release()

    def _warn_read_failed(self, error: Exception) -> None:
        if not self._read_failed:
            self._read_failed = True
            log.warning("cache.path: replies may be generated anew, %s", explain_failure(self._path, error))

    # -- the writer thread -----------------------------------------------------------------------

    def _write_group(self, group: list[_Item]) -> None:
        puts = [item for item in group if isinstance(item, _Put)]
        hits = self._take_hits() if any(isinstance(item, _Hits) for item in group) else {}
        try:
            if self._now() >= self._retry_at_s:
                self._commit(puts, hits)
                for item in group:
                    if isinstance(item, _Purge):
                        item.count = item.run(self._store)
            else:
                self._dropped += len(puts) + len(hits)
        except (lmdb.Error, OSError, DamagedEntry) as error:
            self._dropped += len(puts) + len(hits)
            self._pause_writing(error)
        finally:
            self._drop_pending(puts)
            for item in group:
                if isinstance(item, _Purge):
                    item.done.set()

    def _commit(self, puts: list[_Put], hits: dict[bytes, PendingHits]) -> None:
        now_us = to_us(self._now())
        entries: dict[bytes, bytes] = {}
        for put in puts:
            try:
                raw = encode(put.entry)
            except ValueError:
                self._dropped += 1
                continue
            if len(raw) <= self._max_bytes // 2:  # one giant must not push all others out
                entries[slot_key(put.key, put.variant)] = raw
        if not entries and not hits and not self._store.has_expired(now_us):
            return

        def apply() -> None:
            self._store.apply(entries, hits, stored=len(entries), now_us=now_us, max_bytes=self._max_bytes)

        try:
            apply()
        except lmdb.MapFullError:
            # Readers that dawdle (dump) keep old pages from reuse, so the map may be full while little is kept.
            self._store.make_room(now_us=now_us, max_bytes=int(self._max_bytes * FULL_SHARE))
            apply()
        if self._retry_at_s:
            self._retry_at_s = 0.0
            log.info("cache.path: %s takes writes again", self._path)

    def _pause_writing(self, error: Exception) -> None:
        """The log has it once; further tries, one in `RETRY_S`, are silent until one succeeds."""
        if not self._retry_at_s:
            log.warning("cache.path: new replies are not kept, %s", explain_failure(self._path, error))
        self._retry_at_s = self._now() + RETRY_S

    def _drop_pending(self, puts: list[_Put]) -> None:
        with self._put_lock:
            for put in puts:
                pending = self._pending.get(put.key, {})
                if pending.get(put.variant) is put.entry:  # else a newer one has taken its place, with its own commit
                    rest = {variant: entry for variant, entry in pending.items() if variant != put.variant}
                    if rest:
                        self._pending[put.key] = rest
                    else:
                        del self._pending[put.key]


def _header(stored: bytes | CacheEntry) -> EntryHeader:
    if isinstance(stored, CacheEntry):
        return EntryHeader(to_us(stored.created_s), to_us(stored.expires_s), 0, 0)
    return decode_header(stored)


def _lock_folder(path: Path) -> FileLock:
    """LMDB itself would let two daemons write, each unaware of what the other served. Raises StartError, OSError."""
    try:
        return FileLock(path / "daemon.lock")
    except BlockingIOError:
        raise StartError(
            f"cache.path: {path} is in use: another llm-agentd runs? stop it, or give this one another folder"
        ) from None


def explain_failure(path: Path, error: Exception) -> str:
    """What went wrong with the cache and what helps, to follow a comma."""
    if isinstance(error, lmdb.MapFullError):
        return f"{path} is full although little is kept: raise cache.max_bytes, or end what keeps on reading it"
    damaged = (lmdb.CorruptedError, lmdb.InvalidError, lmdb.PageNotFoundError, lmdb.VersionMismatchError, DamagedEntry)
    if isinstance(error, damaged):
        return f"the file in {path} is damaged: {error}; stop the daemon and delete the folder"
    return f"{path} cannot be used: {error}; free space there or choose a folder that the daemon may write"
