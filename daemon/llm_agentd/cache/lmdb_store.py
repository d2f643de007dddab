"""The completion cache on disk: LMDB layout and transactions.

No threads of its own: `read` may be called from any thread, `apply` only from the cache's writer; `attach` is for
other processes (dump). Times are µs, given by the caller; it must not look at a clock.

Databases: `entries` slot key → entry · `by_use`, `by_expiry` time + slot key → nothing · `meta` schema and counters.
The two indexes make eviction and expiry a walk from the front, without looking at what stays. A group and its
accounting go into one transaction, so a kill at any moment leaves them agreeing.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import lmdb

from llm_agentd.cache.entry import (
    DamagedEntry,
    EntryHeader,
    decode,
    decode_header,
    index_key,
    slot_key,
    split_index_key,
    with_header,
)
from llm_agentd.cache.lmdb_check import find_problems
from llm_agentd.util.lmdb_files import apply_schema, close_environment, fill_up, missing_bytes, open_environment

log = logging.getLogger(__name__)

SCHEMA = 1
MAX_READERS = 2048  # dump and other processes that read; LMDB's own default of 126 runs out under scripts
DATABASES_MAX = 8
MAP_FACTOR = 4  # half-full pages, whole pages for long values, indexes, and pages old readers still hold
MAP_SPARE_BYTES = 16 * 2**20  # copy-on-write needs room for a whole group even where `max_bytes` is tiny
SWEEP_MAX = 1000  # expired entries deleted in one transaction, so that no group has to wait long for it
SHRINK_STEPS = (50, 5, 1)  # entries deleted in one transaction while the map is full: deleting needs free pages too
SHORT_TRIES = 3  # of another process that finds the data file short
READ_BATCH = 256  # entries read in one transaction by `entries`: a reader that dawdles keeps old pages from reuse


@dataclass(frozen=True, slots=True)
class PendingHits:
    """Hits of one slot that are not written yet."""

    count: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What `meta` and LMDB itself know. `hits` and `stored` count since the cache was made."""

    entries: int
    bytes: int
    hits: int
    stored: int
    map_used_bytes: int
    map_size_bytes: int


class LmdbStore:
    """One LMDB environment with the cache's databases."""

    def __init__(self, env: lmdb.Environment, *, create: bool) -> None:
        self.env = env
        self._data_path = Path(env.path()) / "data.mdb"
        self._is_owner = create
        names = (b"entries", b"by_use", b"by_expiry", b"meta")
        self._entries, self._by_use, self._by_expiry, self._meta = (env.open_db(name, create=create) for name in names)

    @classmethod
    def open(cls, folder: Path, max_bytes: int) -> LmdbStore:
        """For the daemon, which holds the folder's lock. Raises lmdb.Error, OSError."""
        env = open_environment(
            folder,
            map_size=MAP_FACTOR * max_bytes + MAP_SPARE_BYTES,
            max_dbs=DATABASES_MAX,
            max_readers=MAX_READERS,
            max_spare_txns=4,  # router and engine thread read at once; a kept transaction makes `begin` cheap
        )
        try:
            short = missing_bytes(env, folder / "data.mdb") > 0
            if short:
                fill_up(env, folder / "data.mdb")
            store = cls(env, create=True)
            store._apply_schema()
            problems = store.check() if short else []
            if problems:
                raise lmdb.CorruptedError(problems[0])
        except BaseException:
            env.close()
            raise
        return store

    @classmethod
    def attach(cls, folder: Path, *, readonly: bool) -> LmdbStore:
        """For another process than the daemon's, also while it runs. Raises lmdb.Error, OSError."""
        env = lmdb.open(
            str(folder),
            map_size=0,  # whatever the daemon chose
            max_dbs=DATABASES_MAX,
            max_readers=MAX_READERS,
            readonly=readonly,
            create=False,
            mode=0o600,
        )
        try:
            for _ in range(SHORT_TRIES):
                if missing_bytes(env, folder / "data.mdb") <= 0:
                    return cls(env, create=False)
                time.sleep(0.05)  # the daemon is between its commit and filling up
            raise lmdb.CorruptedError("data.mdb ends before its last page; the daemon checks it at its next start")
        except BaseException:
            env.close()
            raise

    def close(self) -> None:
        """Only the daemon leaves word that all pages are in order: others may close while it writes."""
        if self._is_owner:
            close_environment(self.env)
        else:
            self.env.close()

    # -- reading -----------------------------------------------------------------------------------

    def read(self, key: bytes, variants: int) -> list[bytes | None]:
        """The raw entries of the first `variants` slots."""
        with self.env.begin(db=self._entries) as txn:
            return [txn.get(slot_key(key, variant)) for variant in range(variants)]

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """All (slot key, raw entry) in order of the keys; those that come or go meanwhile may be missing."""
        start = b"\0"
        while True:
            with self.env.begin(db=self._entries) as txn:
                cursor = txn.cursor()
                batch = list(islice(cursor, READ_BATCH)) if cursor.set_range(start) else []
            yield from batch
            if len(batch) < READ_BATCH:
                return
            start = batch[-1][0] + b"\0"

    def totals(self) -> Totals:
        with self.env.begin() as txn:
            info, page_bytes = self.env.info(), self.env.stat()["psize"]
            return Totals(
                entries=txn.stat(self._entries)["entries"],
                bytes=self._counter(txn, "bytes"),
                hits=self._counter(txn, "hits"),
                stored=self._counter(txn, "stored"),
                map_used_bytes=(info["last_pgno"] + 1) * page_bytes,
                map_size_bytes=info["map_size"],
            )

    def schema(self) -> int:
        with self.env.begin() as txn:
            return self._counter(txn, "schema")

    # -- writing -----------------------------------------------------------------------------------

    def apply(
        self,
        puts: Mapping[bytes, bytes],
        hits: Mapping[bytes, PendingHits],
        *,
        stored: int,
        now_us: int,
        max_bytes: int,
    ) -> int:
        """One group in one transaction, then what is expired or too much goes. Returns how many entries were evicted.

        Raises lmdb.Error or OSError; then nothing of it happened.
        """
        with self.env.begin(write=True) as txn:
            for slot, raw in puts.items():
                self._put(txn, slot, raw)
            for slot, hit in hits.items():
                self._hit(txn, slot, hit)
            self._count(txn, "hits", sum(hit.count for hit in hits.values()))
            self._count(txn, "stored", stored)
            self._sweep(txn, now_us, SWEEP_MAX)
            evicted = self._evict(txn, max_bytes)
        fill_up(self.env, self._data_path)
        return evicted

    def make_room(self, *, now_us: int, max_bytes: int) -> None:
        """After MapFullError: shrinks to `max_bytes`, in smaller steps where deleting itself finds no free page."""
        for step in SHRINK_STEPS:
            with contextlib.suppress(lmdb.MapFullError):
                while self._shrink(now_us, max_bytes, step):
                    pass
                for _ in range(2):  # LMDB gives a page out again two commits after it became free
                    self._shrink(now_us, max_bytes, step)
                return

    def _shrink(self, now_us: int, max_bytes: int, step: int) -> int:
        with self.env.begin(write=True) as txn:
            gone = self._sweep(txn, now_us, step) + self._evict(txn, max_bytes, limit=step)
            self._count(txn, "shrunk", 1)
        fill_up(self.env, self._data_path)
        return gone

    def has_expired(self, now_us: int) -> bool:
        with self.env.begin(db=self._by_expiry) as txn:
            cursor = txn.cursor()
            return cursor.first() and split_index_key(cursor.key())[0] <= now_us

    def purge_expired(self, now_us: int) -> tuple[int, int]:
        """Deletes all that is expired; returns (entries, bytes)."""
        deleted = freed_bytes = 0
        while True:
            with self.env.begin(write=True) as txn:
                before = self._counter(txn, "bytes")
                swept = self._sweep(txn, now_us, SWEEP_MAX)
                freed_bytes += before - self._counter(txn, "bytes")
                deleted += swept
            fill_up(self.env, self._data_path)
            if swept < SWEEP_MAX:
                return deleted, freed_bytes

    def purge(self, name: str | None) -> int:
        """Deletes what has `name` in prompt or text, or in a prompt whose end was not kept; None: all. How many."""
        folded = name.casefold() if name is not None else None
        return self.remove([slot for slot, raw in self.entries() if folded is None or _names(raw, folded)])

    def remove(self, slots: Sequence[bytes]) -> int:
        """Returns how many there were."""
        for start in range(0, len(slots), SWEEP_MAX):
            with self.env.begin(write=True) as txn:
                for slot in slots[start : start + SWEEP_MAX]:
                    self._remove(txn, slot)
            fill_up(self.env, self._data_path)
        return len(slots)

    def _put(self, txn: lmdb.Transaction[bytes], slot: bytes, raw: bytes) -> None:
        self._remove(txn, slot)
        header = decode_header(raw)
        txn.put(slot, raw, db=self._entries)
        txn.put(index_key(header.last_use_us, slot), b"", db=self._by_use)
        txn.put(index_key(header.expires_us, slot), b"", db=self._by_expiry)
        self._count(txn, "bytes", len(slot) + len(raw))

    def _hit(self, txn: lmdb.Transaction[bytes], slot: bytes, hit: PendingHits) -> None:
        raw = txn.get(slot, db=self._entries)
        if raw is None:
            return  # evicted meanwhile
        header = decode_header(raw)
        used = header._replace(last_hit_us=max(hit.last_us, header.last_hit_us), hits=header.hits + hit.count)
        txn.put(slot, with_header(used, raw), db=self._entries)
        self._move(txn, slot, header, used)

    def _move(self, txn: lmdb.Transaction[bytes], slot: bytes, old: EntryHeader, new: EntryHeader) -> None:
        if old.last_use_us != new.last_use_us:
            txn.delete(index_key(old.last_use_us, slot), db=self._by_use)
            txn.put(index_key(new.last_use_us, slot), b"", db=self._by_use)

    def _remove(self, txn: lmdb.Transaction[bytes], slot: bytes) -> None:
        raw = txn.pop(slot, db=self._entries)
        if raw is None:
            return
        header = decode_header(raw)
        txn.delete(index_key(header.last_use_us, slot), db=self._by_use)
        txn.delete(index_key(header.expires_us, slot), db=self._by_expiry)
        self._count(txn, "bytes", -(len(slot) + len(raw)))

    def _sweep(self, txn: lmdb.Transaction[bytes], now_us: int, limit: int) -> int:
        swept = 0
        while swept < limit:
            cursor = txn.cursor(self._by_expiry)
            if not cursor.first() or split_index_key(index := cursor.key())[0] > now_us:
                break
            self._remove(txn, split_index_key(index)[1])
            txn.delete(index, db=self._by_expiry)  # gone already, unless the index was wrong: never loop on it
            swept += 1
        return swept

    def _evict(self, txn: lmdb.Transaction[bytes], max_bytes: int, limit: int | None = None) -> int:
        """The longest unused go until the rest fits."""
        evicted = 0
        while evicted != limit and self._counter(txn, "bytes") > max_bytes:
            cursor = txn.cursor(self._by_use)
            if not cursor.first():
                break
            index = cursor.key()
            self._remove(txn, split_index_key(index)[1])
            txn.delete(index, db=self._by_use)
            evicted += 1
        return evicted

    def _counter(self, txn: lmdb.Transaction[bytes], name: str) -> int:
        raw = txn.get(name.encode(), db=self._meta)
        return 0 if raw is None else int(raw)

    def _count(self, txn: lmdb.Transaction[bytes], name: str, step: int) -> None:
        if step:
            txn.put(name.encode(), b"%d" % (self._counter(txn, name) + step), db=self._meta)

    # -- health ------------------------------------------------------------------------------------

    def _apply_schema(self) -> None:
        """Empties what another version of the daemon has written: it is a cache."""
        databases = (self._entries, self._by_use, self._by_expiry)
        if found := apply_schema(self.env, SCHEMA, meta=self._meta, databases=databases):
            log.warning("cache.path: emptied, it was of version %d and this daemon writes version %d", found, SCHEMA)

    def check(self) -> list[str]:
        """What is wrong, as lines of text; [] where every entry decodes and indexes and byte count agree with them."""
        return find_problems(self.env, SCHEMA)


def _names(raw: bytes, name: str) -> bool:
    """A damaged entry counts as one that does: it is a miss anyway."""
    try:
        return decode(raw).may_name(name)
    except DamagedEntry:
        return True
