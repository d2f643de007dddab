"""Sentences that were spoken, kept in LMDB: by hash of words and voice, bounded, the longest unused first out.

`get` and `put` may be called from any one thread; what is written goes through a thread of its own, behind the answer.
It is opened at the first use, since a process that never speaks shall not grow by it. A disk that is full or a file
that is damaged costs sentences that are rendered again, never an answer. Several adapters may share a folder: LMDB
keeps their transactions apart, a lock file their commits, as a file is filled up to its last page after each.

Databases: `sounds` id → checksum + facts + audio · `uses` id → time of its last use, size · `by_use` time + id →
nothing · `meta` bytes in all, schema.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from llm_agentd.util.steady_clock import steady_time_s

if TYPE_CHECKING:
    import lmdb

    from llm_agentd.util.file_lock import FileLock
    from llm_agentd.util.group_writer import GroupWriter

log = logging.getLogger(__name__)

SCHEMA = 1
MAX_READERS = 126  # LMDB's own default: adapters that share a folder have a few threads each
DATABASES_MAX = 8
MAP_FACTOR = 2  # whole pages for long values, and pages that old readers still hold
MAP_SPARE_BYTES = 16 * 2**20
TOUCH_AFTER_US = 3600 * 10**6  # uses closer together than that are not told apart: most reads write nothing
QUEUE_MAX = 64  # not yet written; a disk that hangs must cost memory only up to here: 64 of some 50 KB
SHARE_MAX = 8  # one sound takes no more than this part of all
CLOSE_MAX_S = 5.0
RETRY_S = 300.0  # after a disk error: the disk may have been cleaned up
CHECKSUM_BYTES = 16
_USE = struct.Struct(">QI")
_TIME = struct.Struct(">Q")
_FACTS_SIZE = struct.Struct(">I")


class SoundStore:
    """`get`, `put`, `total_bytes`, then `close`. `max_bytes` 0: keeps nothing."""

    def __init__(self, folder: Path, max_bytes: int, *, now: Callable[[], float] = steady_time_s) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._now = now
        self._files: _Files | None = None
        self._is_off = max_bytes <= 0
        self._retry_at_s = 0.0  # after a disk error: nothing is written until then
        self._total_bytes = 0

    @property
    def total_bytes(self) -> int:
        """As of the last write."""
        return self._total_bytes

    @property
    def is_off(self) -> bool:
        """Nothing is kept: so it was configured, or the disk refused."""
        return self._is_off

    def get(self, sound_id: str) -> tuple[dict[str, Any], bytes] | None:
        """The facts and the audio of a sound; None where it is not kept, or damaged."""
        files = self._open()
        if files is None:
            return None
        key = bytes.fromhex(sound_id)
        try:
            raw, used_us = files.read(key)
        except files.errors as error:
            self._give_up(error)
            return None
        if raw is None:
            return None
        sound = _unpacked(key, raw)
        if sound is None:
            self._queue(lambda: files.remove(key))
        elif (now_us := int(self._now() * 1e6)) - used_us > TOUCH_AFTER_US:
            self._queue(lambda: files.touch(key, now_us))
        return sound

    def put(self, sound_id: str, facts: dict[str, Any], audio: bytes) -> None:
        """Promises nothing: what cannot be written is not kept."""
        files = self._open()
        if files is None or len(audio) > self._max_bytes // SHARE_MAX:
            return
        key, now_us = bytes.fromhex(sound_id), int(self._now() * 1e6)
        raw = _packed(key, facts, audio)
        self._queue(lambda: files.write(key, raw, now_us, self._max_bytes))

    def flush(self) -> None:
        """Waits until all that was put is written."""
        if self._files is not None:
            self._files.writer.flush(CLOSE_MAX_S)

    def close(self) -> None:
        self._is_off = True
        if self._files is not None:
            self._files.close()  # what is queued is written first
            self._files = None

    def _open(self) -> _Files | None:
        if self._files is None and not self._is_off:
            try:
                self._files = _Files(self._folder, self._max_bytes, self._write)
            except Exception as error:  # lmdb's own and the system's; it must cost no answer, whatever it is
                self._give_up(error)
        return self._files

    def _give_up(self, error: Exception) -> None:
        self._is_off = True
        log.warning("speech.cache_path: sentences are not kept, each is rendered anew (%s: %s)", self._folder, error)
        self.close()

    def _queue(self, job: Callable[[], None]) -> None:
        if self._files is not None and not self._files.writer.is_full and self._now() >= self._retry_at_s:
            self._files.writer.put(job)

    def _write(self, jobs: list[Callable[[], None]]) -> None:
        """On the writer's thread."""
        files = self._files
        if files is None or self._now() < self._retry_at_s:
            return
        for job in jobs:
            try:
                job()
                self._total_bytes = files.total_bytes()
            except files.errors as error:
                self._retry_at_s = self._now() + RETRY_S
                log.warning(
                    "speech.cache_path: %s cannot be written (%s); sentences are rendered anew, and it is tried again"
                    " in %g min",
                    self._folder,
                    error,
                    RETRY_S / 60,
                )
                return


class _Files:
    """The open environment. Writing is the writer thread's alone."""

    def __init__(self, folder: Path, max_bytes: int, write: Callable[[list[Callable[[], None]]], None]) -> None:
        """Raises lmdb.Error, OSError, ImportError."""
        import lmdb

        from llm_agentd.util.file_lock import FileLock
        from llm_agentd.util.group_writer import GroupWriter
        from llm_agentd.util.lmdb_files import apply_schema, missing_bytes

        self.errors = (lmdb.Error, OSError)
        self._full = lmdb.MapFullError
        self._data_path = folder / "data.mdb"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock_path = folder / "write.lock"
        self._owner = _own(folder)
        self._env = _environment(folder, MAP_FACTOR * max_bytes + MAP_SPARE_BYTES, is_owner=self._owner is not None)
        try:
            with FileLock(self._lock_path, wait=True):
                if missing_bytes(self._env, self._data_path) > 0:  # reading behind its end would kill the process
                    raise lmdb.CorruptedError("data.mdb is cut off; delete the folder")
                names = (b"sounds", b"uses", b"by_use", b"meta")
                self._sounds, self._uses, self._by_use, self._meta = (self._env.open_db(name) for name in names)
                databases = (self._sounds, self._uses, self._by_use)
                apply_schema(self._env, SCHEMA, meta=self._meta, databases=databases)
                self._fill_up()
        except BaseException:
            self._env.close()
            self._release()
            raise
        self.writer: GroupWriter[Callable[[], None]] = GroupWriter("speech-writer", write, queue_max=QUEUE_MAX)
        self.writer.start()

    def close(self) -> None:
        from llm_agentd.util.lmdb_files import close_environment

        if self.writer.close(CLOSE_MAX_S):  # else the environment is in use and goes with the process
            if self._owner is not None:
                close_environment(self._env)
            else:
                self._env.close()
        self._release()

    def read(self, key: bytes) -> tuple[bytes | None, int]:
        """The raw value, and when it was used last."""
        with self._env.begin() as txn:
            raw, use = txn.get(key, db=self._sounds), txn.get(key, db=self._uses)
        return (None, 0) if raw is None or use is None else (raw, _USE.unpack(use)[0])

    def total_bytes(self) -> int:
        with self._env.begin() as txn:
            return self._total(txn)

    def write(self, key: bytes, raw: bytes, now_us: int, max_bytes: int) -> None:
        """Raises lmdb.Error, OSError; then nothing of it happened."""
        try:
            self._change(lambda txn: self._put(txn, key, raw, now_us, max_bytes))
        except self._full:  # a map of another size, or full of holes
            self._change(lambda txn: self._evict(txn, self._total(txn) // 2))
            self._change(lambda txn: self._put(txn, key, raw, now_us, max_bytes))

    def remove(self, key: bytes) -> None:
        self._change(lambda txn: self._remove(txn, key))

    def touch(self, key: bytes, now_us: int) -> None:
        def move(txn: lmdb.Transaction[bytes]) -> None:
            use = txn.get(key, db=self._uses)
            if use is None:
                return
            used_us, size = _USE.unpack(use)
            txn.delete(_TIME.pack(used_us) + key, db=self._by_use)
            self._put_use(txn, key, now_us, size)

        self._change(move)

    def _change(self, change: Callable[[lmdb.Transaction[bytes]], None]) -> None:
        from llm_agentd.util.file_lock import FileLock

        with FileLock(self._lock_path, wait=True):
            with self._env.begin(write=True) as txn:
                change(txn)
            self._fill_up()

    def _fill_up(self) -> None:
        from llm_agentd.util.lmdb_files import fill_up

        fill_up(self._env, self._data_path)

    def _put(self, txn: lmdb.Transaction[bytes], key: bytes, raw: bytes, now_us: int, max_bytes: int) -> None:
        self._remove(txn, key)
        self._evict(txn, max_bytes - len(raw))
        txn.put(key, raw, db=self._sounds)
        self._put_use(txn, key, now_us, len(raw))
        self._count(txn, len(raw))

    def _put_use(self, txn: lmdb.Transaction[bytes], key: bytes, now_us: int, size: int) -> None:
        txn.put(key, _USE.pack(now_us, size), db=self._uses)
        txn.put(_TIME.pack(now_us) + key, b"", db=self._by_use)

    def _remove(self, txn: lmdb.Transaction[bytes], key: bytes) -> None:
        use = txn.pop(key, db=self._uses)
        if use is None:
            return
        used_us, size = _USE.unpack(use)
        txn.delete(key, db=self._sounds)
        txn.delete(_TIME.pack(used_us) + key, db=self._by_use)
        self._count(txn, -size)

    def _evict(self, txn: lmdb.Transaction[bytes], max_bytes: int) -> None:
        while self._total(txn) > max_bytes:
            cursor = txn.cursor(self._by_use)
            if not cursor.first():
                return
            index = cursor.key()
            self._remove(txn, index[_TIME.size :])
            txn.delete(index, db=self._by_use)  # gone already, unless the index was wrong: never loop on it

    def _total(self, txn: lmdb.Transaction[bytes]) -> int:
        return int(txn.get(b"bytes", b"0", db=self._meta))

    def _count(self, txn: lmdb.Transaction[bytes], step: int) -> None:
        txn.put(b"bytes", b"%d" % (self._total(txn) + step), db=self._meta)

    def _release(self) -> None:
        if self._owner is not None:
            self._owner.release()


def _own(folder: Path) -> FileLock | None:
    """For the first of the adapters that share a folder; None for the others."""
    from llm_agentd.util.file_lock import FileLock

    try:
        return FileLock(folder / "owner.lock")
    except BlockingIOError:
        return None


def _environment(folder: Path, map_size: int, *, is_owner: bool) -> lmdb.Environment:
    """The owner looks for damage first, and begins a new file in its place; others find it looked at."""
    import lmdb

    from llm_agentd.util.lmdb_files import open_environment

    if is_owner:
        return open_environment(folder, map_size=map_size, max_dbs=DATABASES_MAX, max_readers=MAX_READERS)
    return lmdb.open(str(folder), map_size=map_size, max_dbs=DATABASES_MAX, max_readers=MAX_READERS, mode=0o600)


def _packed(key: bytes, facts: dict[str, Any], audio: bytes) -> bytes:
    text = orjson.dumps(facts)
    body = _FACTS_SIZE.pack(len(text)) + text + audio
    return _checksum(key, body) + body


def _unpacked(key: bytes, raw: bytes) -> tuple[dict[str, Any], bytes] | None:
    body = raw[CHECKSUM_BYTES:]
    if raw[:CHECKSUM_BYTES] != _checksum(key, body):
        return None
    end = _FACTS_SIZE.size + _FACTS_SIZE.unpack_from(body)[0]
    return orjson.loads(body[_FACTS_SIZE.size : end]), body[end:]


def _checksum(key: bytes, body: bytes) -> bytes:
    digest = hashlib.blake2b(key, digest_size=CHECKSUM_BYTES)
    digest.update(body)
    return digest.digest()
