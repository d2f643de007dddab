"""Writes memory.db on a thread of its own: commits in groups, forgets, keeps the size bound, offers summary jobs.

Only the thread `memory-writer` uses the writing connection. Other threads queue work and never wait for the disk; what
they add is in `pending` until it is committed. A disk error is logged once; the daemon goes on without keeping.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from llm_agentd.memory import summarize
from llm_agentd.memory.base import Edit, ForgetCounts, OnEdited, OnForgotten, OnWritten, SummaryJob
from llm_agentd.memory.corrections import says_the_same
from llm_agentd.memory.salvage import DAMAGE
from llm_agentd.memory.schema import Row
from llm_agentd.memory.store import Store, explain
from llm_agentd.util.group_writer import GroupWriter

log = logging.getLogger(__name__)

QUEUE_MAX = 4096  # rows that wait for the disk: one that hangs must cost memory only up to here
GROUP_MAX = 256
LINGER_S = 0.05  # collects rows that come close together into one commit; nobody waits for it
REPEAT_S = 600.0  # the same text again within this time is a second delivery, or tells nothing new
RESENT_S = 120.0  # the same words of a player within this time: a client that lost the daemon asks again
RESENT_EXCHANGES = 8  # of so many exchanges: several questions may have been open when it was lost
REPEAT_OUTCOMES = 64  # of so many outcomes: the game sends a whole batch again where it got no answer
RETRY_S = 300.0  # after a disk error: the disk may have been cleaned up
CLOSE_MAX_S = 30.0
JOB_EVERY_S = 5.0  # how often the writer looks for exchanges to summarize
JOB_EXCHANGES = 10  # of one job
FACTS_COMPARED = 100  # of the pair, the newest: among these a new fact takes the place of the same one


@dataclass(frozen=True, slots=True)
class Add:
    """`replaces`: the player asked again for other words, and this row's reply is the one that was shown."""

    row: Row
    replaces: bool


@dataclass(frozen=True, slots=True)
class Forget:
    npc: str | None
    player: str | None
    on_forgotten: OnForgotten


@dataclass(frozen=True, slots=True)
class Change:
    edit: Edit
    on_edited: OnEdited


@dataclass(frozen=True, slots=True)
class Summary:
    job: SummaryJob
    reply: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody waits for what was put before. `dropped`: rows that were lost until then."""

    on_written: OnWritten
    dropped: int


Item: TypeAlias = Add | Forget | Change | Summary | Written


class MemoryWriter:
    """`start`, then the methods of "any thread", then `close`."""

    def __init__(
        self,
        path: Path,
        *,
        turns: int,
        max_bytes: int,
        purge_cache: Callable[[str | None], int],
        is_idle: Callable[[], bool],
        now: Callable[[], float],
    ) -> None:
        """`turns`: exchanges that prompts show themselves, so they are not summarized. `now`: seconds since 1970.

        `is_idle`: whether a summary may be made now. Raises sqlite3.Error and OSError where the file cannot be used.
        """
        self._path = path
        self._turns = turns
        self._max_bytes = max_bytes
        self._purge_cache = purge_cache
        self._is_idle = is_idle
        self._now = now
        self._store = Store(path, create=True)
        self._last_id = self._store.newest_id()
        self.pending: Mapping[int, Row] = {}  # rows that are not committed, by id; replaced as a whole, never changed
        self.dropped = 0
        self._lock = threading.Lock()  # of `_last_id`, and of who replaces `pending`
        self._has_job_out = False
        self._may_have_job = True  # False: nothing was added since no job was found
        self._retry_at_s = 0.0  # after a disk error: nothing is queued until then
        self._on_job: Callable[[SummaryJob], None] = lambda job: self.finish_job(job, None)
        self._writer: GroupWriter[Item] = GroupWriter(
            "memory-writer",
            self._write_group,
            tick=self._offer_job,
            tick_every_s=JOB_EVERY_S,
            linger_s=LINGER_S,
            group_max=GROUP_MAX,
            queue_max=QUEUE_MAX,
        )

    def start(self, on_job: Callable[[SummaryJob], None] | None) -> None:
        """`on_job` None: all summaries by rules."""
        if on_job is not None:
            self._on_job = on_job
        self._writer.start()

    # -- any thread ------------------------------------------------------------------------------

    @property
    def queued(self) -> int:
        return self._writer.queued

    def next_id(self) -> int:
        with self._lock:
            self._last_id += 1
            return self._last_id

    def add(self, row: Row, *, replaces: bool = False) -> bool:
        """False where it is dropped: the queue is full, or the disk failed a moment ago."""
        if self._writer.is_full or self._now() < self._retry_at_s:
            self.dropped += 1
            return False
        with self._lock:
            self.pending = {**self.pending, row.id: row}
        self._writer.put(Add(row, replaces))
        return True

    def when_written(self, on_written: OnWritten, dropped: int) -> None:
        """`dropped`: as it was before the rows in question were added."""
        self._writer.put(Written(on_written, dropped), urgent=True)

    def forget(self, npc: str | None, player: str | None, on_forgotten: OnForgotten) -> None:
        self._writer.put(Forget(npc, player, on_forgotten), urgent=True)

    def edit(self, edit: Edit, on_edited: OnEdited) -> None:
        self._writer.put(Change(edit, on_edited), urgent=True)

    def set_limits(self, *, turns: int, max_bytes: int) -> None:
        self._turns, self._max_bytes, self._may_have_job = turns, max_bytes, True

    def finish_job(self, job: SummaryJob, reply: str | None) -> None:
        self._writer.put(Summary(job, reply))

    def return_job(self) -> None:
        self._may_have_job, self._has_job_out = True, False

    def flush(self) -> None:
        """Returns when all that was queued before is written, or could not be."""
        if not self._writer.flush(CLOSE_MAX_S):
            log.warning("agents.memory_path: %s does not take what is written", self._path)

    def close(self) -> bool:
        """Writes what is queued, ends the thread and closes the file. False where the disk hangs: then the connection
        is in use and ends with the process.
        """
        is_closed = self._writer.close(CLOSE_MAX_S)
        if is_closed:
            self._store.close()
        return is_closed

    # -- the writer thread -----------------------------------------------------------------------

    def _write_group(self, group: Sequence[Item]) -> None:
        """In the order of the queue: a player's words that were queued before a `Forget` are deleted by it."""
        batch: list[Add | Summary] = []
        for item in group:
            if isinstance(item, (Add, Summary)):
                batch.append(item)
                continue
            self._write(batch, is_durable=isinstance(item, Written))
            batch = []
            if isinstance(item, Forget):
                self._forget(item)
            elif isinstance(item, Change):
                self._change(item)
            else:
                item.on_written(self.dropped == item.dropped)
        self._write(batch)

    def _write(self, batch: Sequence[Add | Summary], *, is_durable: bool = False) -> None:
        ids = {item.row.id for item in batch if isinstance(item, Add)}
        try:
            if batch or is_durable:
                self._store.check_name()  # nothing is acknowledged that ends with this process
            if batch:
                self._commit(batch, is_durable=is_durable)
            elif is_durable:
                self._store.sync()  # it was committed with a group before
            self._store.evict(self._max_bytes)
        except (*DAMAGE, OSError) as error:
            self._give_up(error, len(ids) or is_durable)
        finally:
            # After the commit: a reader takes `pending` first and the file then, so it misses no row.
            with self._lock:
                self.pending = {row_id: row for row_id, row in self.pending.items() if row_id not in ids}

    def _commit(self, batch: Sequence[Add | Summary], *, is_durable: bool) -> None:
        with self._store.transaction(is_durable=is_durable):
            for item in batch:
                if isinstance(item, Add):
                    self._add(item)
                else:
                    self._add_facts(item)
        if self._retry_at_s:
            self._retry_at_s = 0.0
            log.info("agents.memory_path: %s takes writes again", self._path)

    def _add(self, item: Add) -> None:
        """Once, also where it was sent again: then the client never saw the first reply, and this one stands."""
        row, store = item.row, self._store
        looked_at = REPEAT_OUTCOMES if row.kind == "outcome" else RESENT_EXCHANGES
        for place, earlier in enumerate(store.newest(row.npc, row.player, (row.kind,), looked_at)):
            age_s = abs(row.at_s - earlier.at_s)  # a clock that was set back makes it negative
            if earlier.said != row.said or age_s >= REPEAT_S:
                continue
            if earlier.text == row.text and (row.kind == "outcome" or place == 0):
                return
            if (item.replaces and place == 0) or (row.said and age_s < RESENT_S):
                store.delete([earlier.id])
        if row.kind == "exchange" and not row.said:
            store.delete(store.greeting_ids(row.npc, row.player))  # the last greeting is enough
        store.add(row)
        self._may_have_job = True

    def _add_facts(self, item: Summary) -> None:
        rows, self._has_job_out = item.job.rows, False
        self._may_have_job = True
        if sorted(self._store.rows_by_id([row.id for row in rows]), key=lambda row: row.id) != list(rows):
            return  # one was forgotten or changed meanwhile: no fact may bring it back
        lines = summarize.parse_facts(item.reply) if item.reply is not None else []
        lines = lines or summarize.facts_by_rules(rows)
        newest = rows[-1]
        known = self._store.newest(newest.npc, newest.player, ("fact",), FACTS_COMPARED)
        facts: list[Row] = []
        for line in lines:
            same = [row.id for row in known if says_the_same(row.text, line, newest.player)]
            self._store.delete(same)  # what is told again, or corrected, is told by the newer
            facts.append(replace(newest, id=self.next_id(), kind="fact", said="", text=line, language=""))
        self._store.add_facts([row.id for row in rows], facts)

    def _forget(self, item: Forget) -> None:
        """From the file first, then from the cache of replies: prompts that are kept there name the player."""
        counts: ForgetCounts | str = "nothing was forgotten: the disk failed, the daemon's log has the reason"
        try:
            self._store.check_name()  # what was moved away stays there
            deleted, is_wal_empty = self._store.forget(item.npc, item.player)
            if not is_wal_empty:
                log.warning("agents.memory_path: %s is being read; the WAL is emptied later", self._path)
            is_for_cache = item.player or not item.npc  # cached prompts name no NPC's id
            counts = deleted | {"cached": self._purge_cache(item.player) if is_for_cache else 0}
        except (*DAMAGE, OSError) as error:
            log.warning("agents.memory_path: nothing was forgotten, %s", explain(self._path, error))
        finally:
            item.on_forgotten(counts)

    def _change(self, item: Change) -> None:
        """As `_forget`: what the row said must be in no prompt that is kept, and in no byte of the file."""
        before: Row | str | None = "nothing was changed: the disk failed, the daemon's log has the reason"
        try:
            self._store.check_name()
            before = self._store.edit(item.edit)
            if before is not None:
                self._purge_cache(before.player or None)  # where it names no player, nothing tells its prompts apart
        except (*DAMAGE, OSError) as error:
            log.warning("agents.memory_path: nothing was changed, %s", explain(self._path, error))
        finally:
            item.on_edited(before)

    def _offer_job(self) -> None:
        """While the daemon is idle: older exchanges of the pair that has most of them."""
        if self._has_job_out or not self._may_have_job or not self._is_idle():
            return
        try:
            pair = self._store.pair_to_summarize(self._turns + JOB_EXCHANGES)
            rows = tuple(self._store.oldest_unsummarized(*pair, JOB_EXCHANGES)) if pair else ()
        except DAMAGE as error:
            self._give_up(error, 0)
            return
        if not rows:
            self._may_have_job = False
            return
        self._has_job_out = True
        self._on_job(SummaryJob(rows))

    def _give_up(self, error: Exception, lost_rows: int) -> None:
        """Logs the first error. Further attempts, one in RETRY_S, are silent until one succeeds."""
        self.dropped += lost_rows
        if not self._retry_at_s:
            log.warning("agents.memory_path: nothing new is remembered, %s", explain(self._path, error))
        self._retry_at_s = self._now() + RETRY_S
        self._has_job_out = False
