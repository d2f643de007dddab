"""Prefix states on disk: an LMDB environment of its own, since one value may be tens of megabytes.

Called on the engine thread; one writer thread commits, so that a reply never waits for the disk. A state that is
damaged, or of another model or engine, is never returned. It knows no engine.

Databases: `heads` key → JSON (what `dump` shows) · `data` key → checksum of both, then the state · `used` key → time
of the last use in µs. `heads` and `data` are apart so that listing reads no states; `used` is apart so that a touch
rewrites eight bytes · `meta` the schema, another of which empties the store: all of it can be computed again.

What is promised: a state is committed in one transaction, so a kill leaves it whole or absent. LMDB's own pages carry
no checksum, and a state that a failing disk has changed would still load and make the model talk nonsense; hence the
checksum here, and after it the engine's own check (`PrefixCache.set_verified`).
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lmdb
import orjson

from llm_agentd.prefix_cache.store import SavedPrefix
from llm_agentd.types import PrefixState
from llm_agentd.util.group_writer import GroupWriter
from llm_agentd.util.lmdb_files import apply_schema, close_environment, fill_up, missing_bytes, open_environment
from llm_agentd.util.steady_clock import steady_time_s

log = logging.getLogger(__name__)

SCHEMA = 1
KEY_BYTES = CHECKSUM_BYTES = 16
MAX_READERS = 256  # dump and other processes that read
DATABASES_MAX = 4
MAP_FACTOR = 2  # pages of what was deleted are free only in the transaction after the next
MAP_SPARE_BYTES = 64 * 2**20
IN_FLIGHT_MAX_BYTES = 256 * 2**20  # states that wait for the disk: a slow one must not eat the memory
CLOSE_MAX_S = 30.0
DAMAGED = (lmdb.CorruptedError, lmdb.InvalidError, lmdb.PageNotFoundError, lmdb.VersionMismatchError)


class LmdbPrefixStore:
    """States of one engine and model; those of others are the first to go."""

    def __init__(self, path: Path, fingerprint: str, max_bytes: int, now: Callable[[], float] = steady_time_s) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._fingerprint = fingerprint
        self._max_bytes = max_bytes
        self._now = now
        self._env = open_environment(
            path,
            map_size=MAP_FACTOR * max_bytes + MAP_SPARE_BYTES,
            max_dbs=DATABASES_MAX,
            max_readers=MAX_READERS,
        )
        try:
            if missing_bytes(self._env, path / "data.mdb") > 0:  # reading behind its end would kill the process
                raise lmdb.CorruptedError("data.mdb is cut off")
            self._headers, self._data, self._used = (self._env.open_db(name) for name in (b"heads", b"data", b"used"))
            self._apply_schema()
            self._index = {saved.key: saved for saved in _read_headers(self._env, self._headers, self._used)}
        except BaseException:
            self._env.close()
            raise
        self._lock = threading.Lock()  # guards `_index`, what is on disk, and what is in flight
        self._in_flight: dict[bytes, PrefixState] = {}
        self._in_flight_bytes = 0
        self._evicted: list[bytes] = []  # not told yet
        self._failed = False
        # One job a transaction: a state is tens of megabytes, and nothing is won by grouping them.
        self._writer: GroupWriter[Callable[[], None]] = GroupWriter("prefix-writer", self._run_jobs)
        self._writer.start()

    def _apply_schema(self) -> None:
        """What another version has written is of no use here, and would take up room that nobody gives back."""
        meta = self._env.open_db(b"meta")
        if found := apply_schema(self._env, SCHEMA, meta=meta, databases=(self._headers, self._data, self._used)):
            log.warning(
                "%s: emptied, it was of version %d and this daemon writes version %d", self._path, found, SCHEMA
            )

    # -- the engine thread --------------------------------------------------------------------

    def saved(self) -> list[SavedPrefix]:
        with self._lock:
            mine = [saved for saved in self._index.values() if saved.fingerprint == self._fingerprint]
        return sorted(mine, key=lambda saved: saved.used_s)

    def read(self, key: bytes, *, is_trusted: bool = False) -> PrefixState | None:
        """The checksum of one that is trusted is not computed again: it takes longer than to read the state."""
        with self._lock:
            if (waiting := self._in_flight.get(key)) is not None:
                return waiting
        try:
            with self._env.begin(buffers=True) as txn:
                header, data = txn.get(key, db=self._headers), txn.get(key, db=self._data)
                if header is None or data is None:  # deleted to make room, or the disk did not take it
                    return None
                state = _decode(bytes(header), data, self._fingerprint, is_trusted=is_trusted)
        except lmdb.Error as error:
            self._warn_once(error)
            return None
        if state is None:
            log.warning("a saved prefix in %s is damaged; it is computed anew", self._path)
            self.delete(key)
        return state

    def put(self, state: PrefixState, label: str) -> bytes | None:
        size = len(state.data)
        if size > self._max_bytes // 2 or self._failed:  # one giant must not push all others out
            return None
        key = _key(self._fingerprint, state.tokens)
        with self._lock:
            if self._in_flight_bytes + size > IN_FLIGHT_MAX_BYTES:
                return None
            self._in_flight_bytes += size
            self._in_flight[key] = state
        now_s = self._now()
        self._writer.put(lambda: self._write_now(key, state, label, now_s))
        return key

    def touch(self, key: bytes) -> None:
        now_us = _to_us(self._now())
        self._writer.put(lambda: self._touch_now(key, now_us))

    def delete(self, key: bytes) -> None:
        self._writer.put(lambda: self._delete_now([key]))

    def evicted(self) -> list[bytes]:
        with self._lock:
            told, self._evicted = self._evicted, []
            return [key for key in told if key not in self._index and key not in self._in_flight]

    def stats(self) -> dict[str, Any]:
        with self._lock:
            return {"entries": len(self._index), "bytes": sum(saved.bytes for saved in self._index.values())}

    def flush(self) -> None:
        if not self._writer.flush(CLOSE_MAX_S):
            log.warning("%s does not take what is written; the last prefixes are not saved", self._path)

    def close(self) -> None:
        if self._writer.close(CLOSE_MAX_S):  # else the environment is in use and goes with the process
            close_environment(self._env)

    # -- the writer thread -----------------------------------------------------------------------

    def _run_jobs(self, jobs: list[Callable[[], None]]) -> None:
        for job in jobs:
            try:
                job()
            except (lmdb.Error, OSError) as error:
                self._warn_once(error)

    def _write_now(self, key: bytes, state: PrefixState, label: str, now_s: float) -> None:
        size, is_written = len(state.data), False
        try:
            self._make_room(size, key)
            header = _encode_header(self._fingerprint, state, label, now_s)
            with self._env.begin(write=True) as txn:
                txn.put(key, header, db=self._headers)
                txn.put(key, _checksum(header, state.data) + state.data, db=self._data)
                txn.put(key, _to_us(now_s).to_bytes(8, "big"), db=self._used)
            fill_up(self._env, self._path / "data.mdb")
            is_written = True
        finally:
            with self._lock:
                self._in_flight_bytes -= size
                self._in_flight.pop(key, None)
                if is_written:
                    self._index[key] = SavedPrefix(key, self._fingerprint, label, state.tokens, size, now_s, now_s)
                else:
                    self._evicted.append(key)

    def _make_room(self, size: int, key: bytes) -> None:
        """Deletes down to `max_bytes`: first states of other models, which nothing asks for now, then by last use."""
        with self._lock:
            kept = [saved for saved in self._index.values() if saved.key != key]
        over = sum(saved.bytes for saved in kept) + size - self._max_bytes
        gone: list[bytes] = []
        for saved in sorted(kept, key=lambda saved: (saved.fingerprint == self._fingerprint, saved.used_s)):
            if over <= 0:
                break
            over -= saved.bytes
            gone.append(saved.key)
        if gone:
            self._delete_now(gone)

    def _touch_now(self, key: bytes, now_us: int) -> None:
        with self._lock:
            saved = self._index.get(key)
            if saved is None:
                return
            self._index[key] = replace(saved, used_s=now_us / 1e6)
        if now_us / 1e6 - saved.used_s > 1:  # of many uses in a row one is enough to know the order
            with self._env.begin(write=True, db=self._used) as txn:
                txn.put(key, now_us.to_bytes(8, "big"))

    def _delete_now(self, keys: list[bytes]) -> None:
        with self._env.begin(write=True) as txn:
            for key in keys:
                for db in (self._headers, self._data, self._used):
                    txn.delete(key, db=db)
        with self._lock:
            for key in keys:
                self._index.pop(key, None)
            self._evicted += keys

    def _warn_once(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            log.warning("%s: prefixes are not saved any more (%s); free space there, then restart", self._path, error)


def read_saved_prefixes(path: Path) -> tuple[list[SavedPrefix], list[bytes]]:
    """For another process (dump), also while the daemon runs: what is saved, and the keys of what is damaged."""
    if not (path / "data.mdb").is_file():
        return [], []
    env = lmdb.open(str(path), map_size=0, max_dbs=DATABASES_MAX, max_readers=MAX_READERS, readonly=True, create=False)
    try:
        if missing_bytes(env, path / "data.mdb") > 0:
            raise lmdb.CorruptedError(f"{path}/data.mdb ends before its last page")
        try:
            headers, data, used = (env.open_db(name, create=False) for name in (b"heads", b"data", b"used"))
        except lmdb.NotFoundError:
            return [], []
        damaged: list[bytes] = []
        with env.begin() as txn:
            for key, header in txn.cursor(db=headers):
                raw = txn.get(key, db=data)
                if raw is None or raw[:CHECKSUM_BYTES] != _checksum(header, raw[CHECKSUM_BYTES:]):
                    damaged.append(key)
        return sorted(_read_headers(env, headers, used), key=lambda saved: saved.used_s), damaged
    finally:
        env.close()


def _read_headers(env: lmdb.Environment, headers: Any, used: Any) -> Iterator[SavedPrefix]:
    """All readable headers."""
    with env.begin() as txn:
        for key, header in txn.cursor(db=headers):
            try:
                facts = orjson.loads(header)
                yield SavedPrefix(
                    key=key,
                    fingerprint=facts["fingerprint"],
                    label=facts["label"],
                    tokens=tuple(facts["tokens"]),
                    bytes=facts["bytes"],
                    created_s=facts["created_s"],
                    used_s=int.from_bytes(txn.get(key, b"", db=used), "big") / 1e6,
                )
            except (ValueError, KeyError, TypeError):
                continue  # a damaged header: nobody can ask for its state, and `dump` names it


def _encode_header(fingerprint: str, state: PrefixState, label: str, now_s: float) -> bytes:
    return orjson.dumps(
        {
            "schema": SCHEMA,
            "fingerprint": fingerprint,
            "label": label,
            "tokens": state.tokens,
            "bytes": len(state.data),
            "probe": state.probe,
            "created_s": now_s,
        }
    )


def _decode(header: bytes, data: memoryview, fingerprint: str, *, is_trusted: bool) -> PrefixState | None:
    body = bytes(data[CHECKSUM_BYTES:])
    if not is_trusted and data[:CHECKSUM_BYTES] != _checksum(header, body):
        return None
    facts = orjson.loads(header)
    if facts["schema"] != SCHEMA or facts["fingerprint"] != fingerprint:
        return None
    probe = tuple((token, logit) for token, logit in facts["probe"])
    return PrefixState(tuple(facts["tokens"]), body, probe)


def _checksum(header: bytes, data: bytes) -> bytes:
    digest = hashlib.blake2b(header, digest_size=CHECKSUM_BYTES)
    digest.update(data)
    return digest.digest()


def _key(fingerprint: str, tokens: tuple[int, ...]) -> bytes:
    return hashlib.blake2b(f"{fingerprint} {tokens}".encode(), digest_size=KEY_BYTES).digest()


def _to_us(seconds: float) -> int:
    return int(seconds * 1e6)
