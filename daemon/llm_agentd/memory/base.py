"""What the daemon needs of a memory: the protocol, the records that pass through it, and the memory that keeps nothing.

Knows no SQL and no threads. `memory.open_memory` chooses the implementation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from llm_agentd.memory.retrieval import NOTHING, Recall, Retrieved
from llm_agentd.memory.schema import Row
from llm_agentd.types import MemoryTurn

SummarizeBy: TypeAlias = Literal["auto", "model", "rules"]
ForgetCounts: TypeAlias = dict[str, int]  # exchanges, outcomes, facts, cached
OnWritten: TypeAlias = Callable[[bool], None]  # False: something was not kept, the log has the reason
OnForgotten: TypeAlias = Callable[[ForgetCounts | str], None]  # text: what stays, and why
# The row as it was; None: there is none; text: the disk failed.
OnEdited: TypeAlias = Callable[[Row | str | None], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sentence in which the game reports what happened. `player` "": it concerns no player in particular."""

    npc: str
    npc_name: str
    player: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Of one row by an admin. `text` None: it is deleted for good. `said` None: the player's side stays."""

    row_id: int
    text: str | None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class SummaryJob:
    """Exchanges of one NPC with one player, the oldest first, to be summarized as facts."""

    rows: tuple[Row, ...]


class Memory(Protocol):
    """The router thread calls every method, unless its docstring says otherwise."""

    @property
    def summarize_by(self) -> SummarizeBy: ...

    def retrieve(self, turn: MemoryTurn, *, wants_turns: bool = True) -> Retrieved:
        """What a prompt may use. Includes what is not written yet. Never raises."""

    def add_exchange(
        self, turn: MemoryTurn, reply: str, requested_s: float, on_written: OnWritten | None = None
    ) -> None:
        """Keeps what was said and answered, unless it was forgotten since `requested_s` (monotonic).

        `on_written` is called on the writer thread when it is on the disk, or could not be; so it is below.
        """

    def add_outcomes(self, outcomes: Sequence[Outcome], on_written: OnWritten | None = None) -> int:
        """How many are kept."""

    def forget(self, npc: str | None, player: str | None, on_forgotten: OnForgotten) -> None:
        """Deletes for good what matches (both None: all), then calls `on_forgotten` on another thread."""

    def edit(self, edit: Edit, on_edited: OnEdited) -> None:
        """Changes or deletes one row, then calls `on_edited` on another thread."""

    def list_newest(
        self, npc: str | None, player: str | None, limit: int, before: int | None = None
    ) -> list[dict[str, Any]]:
        """What matches (None: any) as the wire shows it, the newest first. Includes what is not written yet."""

    def search(
        self, npc: str | None, player: str | None, text: str, limit: int, before: int | None
    ) -> list[dict[str, Any]]:
        """As `list_newest`, of what has `text` in it. Any one thread but the router's: it reads all."""

    def pairs(self, limit: int) -> list[dict[str, Any]]:
        """Who remembers whom and how much, the latest first. Any one thread but the router's, the same as `search`."""

    def recall(self, npc: str, player: str, text: str, place: str | None, limit: int) -> Recall:
        """What a prompt would use, and why, if `player` said `text` now. `place` None: where it was last."""

    def finish_job(self, job: SummaryJob, reply: str | None) -> None:
        """Takes the model's answer to a job. None: summarize it by rules."""

    def return_job(self, job: SummaryJob) -> None:
        """Takes a job back that could not be done now; it is offered again later."""

    def set_limits(self, *, turns: int, max_bytes: int) -> bool:
        """Other bounds from now on; False where that takes a restart."""

    def stats(self) -> dict[str, Any]: ...

    def start(self, on_job: Callable[[SummaryJob], None]) -> None:
        """`on_job` is called on the writer thread. Each job must come back by `finish_job` or `return_job`."""

    def flush(self) -> None:
        """Returns when all that was added before is written, or could not be."""

    def close(self) -> None: ...


class NullMemory:
    """Keeps nothing: for `agents.remember_turns: 0`, and for a file that cannot be used; `problem` says why.

    `holds_old`: what the file may still hold of before, and the cure; "" for nothing. It is asked at each `forget`, as
    an admin may delete the file meanwhile. `purge_cache` is that of `open_memory`.
    """

    def __init__(
        self,
        problem: str = "",
        *,
        holds_old: Callable[[], str] = str,
        purge_cache: Callable[[str | None], int] = lambda _: 0,
    ) -> None:
        self._problem = problem
        self._holds_old = holds_old
        self._purge_cache = purge_cache

    summarize_by: SummarizeBy = "rules"

    def retrieve(self, turn: MemoryTurn, *, wants_turns: bool = True) -> Retrieved:
        return NOTHING

    def add_exchange(
        self, turn: MemoryTurn, reply: str, requested_s: float, on_written: OnWritten | None = None
    ) -> None:
        if on_written:
            on_written(not self._problem)

    def add_outcomes(self, outcomes: Sequence[Outcome], on_written: OnWritten | None = None) -> int:
        if on_written:
            on_written(not self._problem)
        return 0

    def forget(self, npc: str | None, player: str | None, on_forgotten: OnForgotten) -> None:
        threading.Thread(target=self._forget, args=(npc, player, on_forgotten), name="forget", daemon=True).start()

    def _forget(self, npc: str | None, player: str | None, on_forgotten: OnForgotten) -> None:
        """On a thread of its own: the cache answers when its disk has."""
        cached = self._purge_cache(player) if player or not npc else 0
        stays = self._holds_old()
        on_forgotten(stays or {"exchanges": 0, "outcomes": 0, "facts": 0, "cached": cached})

    def edit(self, edit: Edit, on_edited: OnEdited) -> None:
        on_edited(None)

    def list_newest(
        self, npc: str | None, player: str | None, limit: int, before: int | None = None
    ) -> list[dict[str, Any]]:
        return []

    def search(
        self, npc: str | None, player: str | None, text: str, limit: int, before: int | None
    ) -> list[dict[str, Any]]:
        return []

    def pairs(self, limit: int) -> list[dict[str, Any]]:
        return []

    def recall(self, npc: str, player: str, text: str, place: str | None, limit: int) -> Recall:
        return Recall()

    def finish_job(self, job: SummaryJob, reply: str | None) -> None:
        pass

    def return_job(self, job: SummaryJob) -> None:
        pass

    def set_limits(self, *, turns: int, max_bytes: int) -> bool:
        return False

    def stats(self) -> dict[str, Any]:
        return {"backend": "none", "memories": 0, "bytes": 0} | ({"problem": self._problem} if self._problem else {})

    def start(self, on_job: Callable[[SummaryJob], None]) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
