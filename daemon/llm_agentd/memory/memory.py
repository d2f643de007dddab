"""What NPCs remember, as the daemon sees it: what goes into a prompt, what is kept, what is forgotten.

`recall`, `note`, `remember`, `forget` and `listing` are the router thread's, over a connection that only reads; ONE
writer thread commits in groups behind the replies, forgets, keeps the size bound and condenses while nobody asks. What
was not written yet is seen by `recall` too. A file that cannot be used is said once, and ends in serving without.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from llm_agentd.errors import StartError
from llm_agentd.memory import retrieval as recall
from llm_agentd.memory import summarize as condense
from llm_agentd.memory.keywords import as_fact, clean
from llm_agentd.memory.retrieval import NOTHING, Recalled
from llm_agentd.memory.store import Row, Store
from llm_agentd.types import MemoryTurn
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.group_writer import GroupWriter

log = logging.getLogger(__name__)

Condense: TypeAlias = Literal["auto", "model", "rules"]
Counts: TypeAlias = dict[str, int]
Forgotten: TypeAlias = Callable[[Counts | None], None]  # None: it could not be done, the log has the reason

TEXT_MAX_CHARS = 1000  # kept of one side of an exchange: more than anybody says at once
QUEUE_MAX = 4096  # of what is not yet written: a disk that hangs must cost memory only up to here
GROUP_MAX = 256
LINGER_S = 0.05  # collects what comes close together into one commit; nobody waits for it
SAME_S = 600.0  # the same told again within that is a second delivery, or says nothing new
SAME_AMONG = 64  # outcomes: a delivery whose answer was lost comes again as a whole
WRITE_AGAIN_S = 300.0  # a full disk may be cleaned up: try again this often
CLOSE_MAX_S = 30.0
FORGOTTEN_KEPT_S = 600.0  # as long as a question may be open whose reply must not be kept any more
LOOK_EVERY_S = 5.0  # for something to condense
IDLE_S = 3.0  # nobody asked for so long
BATCH = 10  # exchanges condensed at once


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of something, as the game tells it: a sentence. `player` "": it concerned nobody in particular."""

    npc: str
    npc_name: str
    player: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Job:
    """Exchanges of one NPC with one player, to be condensed."""

    rows: tuple[Row, ...]


class Memory(Protocol):
    @property
    def condense_by(self) -> Condense: ...

    def recall(self, exchange: MemoryTurn, *, wants_turns: bool = True) -> Recalled: ...

    def note(self, exchange: MemoryTurn, reply: str, asked_s: float) -> None:
        """Keeps an exchange whose reply is done. `asked_s`: when it was asked (monotonic)."""

    def remember(self, outcomes: Sequence[Outcome]) -> int:
        """How many are kept."""

    def forget(self, npc: str | None, player: str | None, done: Forgotten) -> None:
        """Deletes what matches (both None: all), then calls `done` on the writer thread."""

    def listing(self, npc: str | None, player: str | None, limit: int) -> list[dict[str, Any]]: ...

    def condensed(self, job: Job, reply: str | None) -> None:
        """The model's answer to a job; None: by the rules."""

    def put_back(self, job: Job) -> None:
        """The job could not be done now."""

    def stats(self) -> dict[str, Any]: ...

    def start(self, ask_model: Callable[[Job], None]) -> None:
        """`ask_model`, called on the writer thread, must answer each job by `condensed` or `put_back`."""

    def flush(self) -> None: ...

    def close(self) -> None: ...


class NullMemory:
    """Keeps nothing: `agents.remember_turns: 0`, or a disk that cannot be used."""

    condense_by: Condense = "rules"

    def recall(self, exchange: MemoryTurn, *, wants_turns: bool = True) -> Recalled:
        return NOTHING

    def note(self, exchange: MemoryTurn, reply: str, asked_s: float) -> None:
        pass

    def remember(self, outcomes: Sequence[Outcome]) -> int:
        return 0

    def forget(self, npc: str | None, player: str | None, done: Forgotten) -> None:
        done({"exchanges": 0, "outcomes": 0, "facts": 0, "cached": 0})

    def listing(self, npc: str | None, player: str | None, limit: int) -> list[dict[str, Any]]:
        return []

    def condensed(self, job: Job, reply: str | None) -> None:
        pass

    def put_back(self, job: Job) -> None:
        pass

    def stats(self) -> dict[str, Any]:
        return {"backend": "none", "memories": 0, "bytes": 0}

    def start(self, ask_model: Callable[[Job], None]) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def open_memory(
    path: Path,
    *,
    turns: int,
    max_bytes: int,
    condense_by: Condense = "auto",
    purge: Callable[[str | None], int] = lambda _: 0,
) -> Memory:
    """The memory in the file `path`, made if missing. Raises StartError where another daemon has it.

    `purge(player)` takes what names a player (None: all) out of the cache, and says how much. A file that cannot be
    used (read-only, damaged, full disk) gives a NullMemory and one warning.
    """
    if not turns:
        return NullMemory()
    try:
        return StoredMemory(path, turns=turns, max_bytes=max_bytes, condense_by=condense_by, purge=purge)
    except (sqlite3.Error, OSError) as error:
        log.warning("agents.memory_path: NPCs remember nothing, %s", cure(path, error))
        return NullMemory()


def cure(path: Path, error: Exception) -> str:
    """What went wrong with the file and what helps, to follow a comma."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return f"{path} is damaged or no memory: {error}; stop the daemon and move the file away, or restore a copy"
    if "locked" in str(error) or "busy" in str(error):
        return f"{path} is busy: {error}; another program holds it, end that and try again"
    return f"{path} cannot be used: {error}; free space there or choose a file that the daemon may write"


class StoredMemory:
    """Memory on SQLite. Close it only after the router thread has ended."""

    def __init__(
        self,
        path: Path,
        *,
        turns: int,
        max_bytes: int,
        condense_by: Condense = "auto",
        purge: Callable[[str | None], int] = lambda _: 0,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises StartError where another daemon has the file, sqlite3.Error and OSError where it cannot be used."""
        self._path = path
        self._turns = turns
        self._max_bytes = max_bytes
        self._condense_by = condense_by
        self._purge = purge
        self._now = now
        self._clock = clock
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file_lock = _lock(path)
        try:
            self._writing = Store(path, create=True)
            self._reading = Store(path, create=False)
            self._last_id = self._writing.newest_id()
        except BaseException:
            self._file_lock.release()
            raise
        self._pending: dict[int, Row] = {}  # rows not committed yet, by id; replaced, never changed
        self._lock = threading.Lock()  # of who replaces `_pending`, and of who counts on
        self._forgotten: deque[tuple[str | None, str | None, float]] = deque()
        self._asked_s = clock()
        self._job_out = False
        self._fresh = True  # something may have come that is to be condensed
        self._read_failed = False
        self._dropped = 0
        self._write_again_s = 0.0
        self._ask_model: Callable[[Job], None] = lambda job: self.condensed(job, None)
        self._writer: GroupWriter[_Item] = GroupWriter(
            "memory-writer",
            self._write_group,
            tick=self._find_job,
            tick_every_s=LOOK_EVERY_S,
            linger_s=LINGER_S,
            group_max=GROUP_MAX,
            queue_max=QUEUE_MAX,
        )

    def start(self, ask_model: Callable[[Job], None]) -> None:
        if self._condense_by != "rules":
            self._ask_model = ask_model
        self._writer.start()

    # -- the router thread -----------------------------------------------------------------------

    @property
    def condense_by(self) -> Condense:
        return self._condense_by

    def recall(self, exchange: MemoryTurn, *, wants_turns: bool = True) -> Recalled:
        self._asked_s = self._clock()
        pending = self._pending  # before the committed rows: what leaves here is committed by then
        try:
            return recall.recall(self._reading, pending.values(), exchange, self._turns if wants_turns else 0)
        except sqlite3.Error as error:
            if not self._read_failed:
                self._read_failed = True
                log.warning("agents.memory_path: NPCs recall nothing, %s", cure(self._path, error))
            return NOTHING

    def note(self, exchange: MemoryTurn, reply: str, asked_s: float) -> None:
        if not (exchange.said or reply) or self._is_forgotten(exchange, asked_s):
            return
        row = Row(
            id=self._next_id(),
            kind="exchange",
            npc=exchange.npc,
            npc_name=exchange.npc_name,
            player=exchange.player,
            place=exchange.place,
            said=clean(exchange.said)[:TEXT_MAX_CHARS],
            text=clean(reply)[:TEXT_MAX_CHARS],
            language=exchange.language,
            at_s=self._now(),
        )
        self._enqueue_row(row, replaces=exchange.is_retry)

    def remember(self, outcomes: Sequence[Outcome]) -> int:
        kept = 0
        for outcome in outcomes:
            text = as_fact(outcome.text)
            row = Row(
                self._next_id(),
                "outcome",
                outcome.npc,
                clean(outcome.npc_name),
                outcome.player,
                clean(outcome.place),
                "",
                text,
                "",
                self._now(),
            )
            kept += bool(text) and self._enqueue_row(row)
        return kept

    def forget(self, npc: str | None, player: str | None, done: Forgotten) -> None:
        now_s = self._clock()
        while self._forgotten and self._forgotten[0][2] < now_s - FORGOTTEN_KEPT_S:
            self._forgotten.popleft()
        self._forgotten.append((npc, player, now_s))
        self._writer.put(_Forget(npc, player, done), urgent=True)

    def listing(self, npc: str | None, player: str | None, limit: int) -> list[dict[str, Any]]:
        pending = [row for row in self._pending.values() if npc in (None, row.npc) and player in (None, row.player)]
        rows = {row.id: row for row in (*pending, *self._reading.listed(npc, player, limit))}
        return [rows[one].view() for one in sorted(rows, reverse=True)[:limit]]

    def condensed(self, job: Job, reply: str | None) -> None:
        self._writer.put(_Condensed(job, reply))

    def put_back(self, job: Job) -> None:
        self._fresh, self._job_out = True, False

    def stats(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"backend": "sqlite", "queued": self._writer.queued, "dropped": self._dropped}
        try:
            return facts | {"bytes": self._reading.used_bytes(), "max_bytes": self._max_bytes}
        except sqlite3.Error as error:
            return facts | {"error": str(error)}

    def flush(self) -> None:
        """Returns when all that was handed in before is written or given up."""
        if not self._writer.flush(CLOSE_MAX_S):
            log.warning("agents.memory_path: %s does not take what is written", self._path)

    def close(self) -> None:
        """Writes what is queued, ends the writer, then the connections, then the lock."""
        if self._writer.close(CLOSE_MAX_S):  # else the connections are in use and go with the process
            self._reading.close()
            self._writing.close()
        self._file_lock.release()

    def _next_id(self) -> int:
        with self._lock:
            self._last_id += 1
            return self._last_id

    def _is_forgotten(self, exchange: MemoryTurn, asked_s: float) -> bool:
        return any(
            npc in (None, exchange.npc) and player in (None, exchange.player) and asked_s <= at_s
            for npc, player, at_s in self._forgotten
        )

    def _enqueue_row(self, row: Row, *, replaces: bool = False) -> bool:
        if self._writer.is_full or self._now() < self._write_again_s:
            self._dropped += 1
            return False
        with self._lock:
            self._pending = {**self._pending, row.id: row}
        self._writer.put(_Add(row, replaces))
        return True

    # -- the writer thread -----------------------------------------------------------------------

    def _write_group(self, group: Sequence[_Item]) -> None:
        """In the order they came: what was said before somebody wanted to be forgotten goes with the rest."""
        together: list[_Add | _Condensed] = []
        for item in group:
            if isinstance(item, (_Add, _Condensed)):
                together.append(item)
                continue
            self._write(together)
            together = []
            self._commit_forget(item)
        self._write(together)

    def _write(self, items: Sequence[_Add | _Condensed]) -> None:
        written = {item.row.id for item in items if isinstance(item, _Add)}
        try:
            self._commit(items)
            self._writing.evict(self._max_bytes)
        except (sqlite3.Error, OSError) as error:
            self._writing.roll_back()
            self._write_off(error, len(written))
        finally:
            with self._lock:
                self._pending = {one: row for one, row in self._pending.items() if one not in written}

    def _commit(self, items: Sequence[_Add | _Condensed]) -> None:
        if not items:
            return
        self._writing.begin()
        for item in items:
            if isinstance(item, _Add):
                self._add(item)
            else:
                self._condense(item)
        self._writing.commit()
        if self._write_again_s:
            self._write_again_s = 0.0
            log.info("agents.memory_path: %s takes writes again", self._path)

    def _add(self, item: _Add) -> None:
        row, store = item.row, self._writing
        for last in store.newest(row.npc, row.player, (row.kind,), SAME_AMONG if row.kind == "outcome" else 1):
            if last.said == row.said and row.at_s - last.at_s < SAME_S:
                if last.text == row.text:
                    return
                if item.replaces:
                    store.delete([last.id])
        if row.kind == "exchange" and not row.said:
            store.delete(store.greetings(row.npc, row.player))  # of greetings the last is enough
        store.add(row)
        self._fresh = True

    def _condense(self, item: _Condensed) -> None:
        rows, self._job_out = item.job.rows, False
        lines = condense.parse(item.reply) if item.reply is not None else []
        lines = lines or condense.rules(rows)
        known = {row.text for row in self._writing.newest(rows[0].npc, rows[0].player, ("fact",), BATCH)}
        facts = [
            replace(rows[-1], id=self._next_id(), kind="fact", said="", text=line, language="")
            for line in lines
            if line not in known
        ]
        self._writing.condense([row.id for row in rows], facts)
        self._fresh = True

    def _commit_forget(self, item: _Forget) -> None:
        """In one transaction, then out of index, WAL and cache."""
        counts: Counts | None = None
        try:
            self._writing.begin()
            counts = self._writing.forget(item.npc, item.player)
            self._writing.merge_index()
            self._writing.commit()
            if not self._writing.scrub():
                log.warning("agents.memory_path: %s is being read; the WAL is emptied later", self._path)
            counts["cached"] = self._purge(item.player) if item.player or not item.npc else 0
        except (sqlite3.Error, OSError) as error:
            counts = None
            self._writing.roll_back()
            log.warning("agents.memory_path: nothing was forgotten, %s", cure(self._path, error))
        finally:
            item.done(counts)

    def _find_job(self) -> None:
        """While nobody asks: older exchanges of one NPC with one player, to be condensed."""
        if self._job_out or not self._fresh or self._clock() - self._asked_s < IDLE_S:
            return
        try:
            pair = self._writing.to_condense(self._turns + BATCH)
            rows = tuple(self._writing.raw(*pair, BATCH)) if pair else ()
        except sqlite3.Error as error:
            self._write_off(error, 0)
            return
        if not rows:
            self._fresh = False
            return
        self._job_out = True
        self._ask_model(Job(rows))

    def _write_off(self, error: Exception, lost: int) -> None:
        """Says it once; the further tries, one in `WRITE_AGAIN_S`, are silent until one succeeds."""
        self._dropped += lost
        if not self._write_again_s:
            log.warning("agents.memory_path: nothing new is remembered, %s", cure(self._path, error))
        self._write_again_s = self._now() + WRITE_AGAIN_S
        self._job_out = False


@dataclass(frozen=True, slots=True)
class _Add:
    """`replaces`: the model was asked again for other words; these are the ones that were said."""

    row: Row
    replaces: bool


@dataclass(frozen=True, slots=True)
class _Forget:
    npc: str | None
    player: str | None
    done: Forgotten


@dataclass(frozen=True, slots=True)
class _Condensed:
    job: Job
    reply: str | None


_Item: TypeAlias = _Add | _Forget | _Condensed


def _lock(path: Path) -> FileLock:
    """Two daemons on one file would give the same ids out. Raises StartError, OSError."""
    try:
        return FileLock(Path(f"{path}.lock"))
    except BlockingIOError:
        raise StartError(
            f"agents.memory_path: {path} is in use: another llm-agentd runs? stop it, or give this one another file"
        ) from None
