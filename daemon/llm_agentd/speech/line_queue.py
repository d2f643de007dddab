"""Sentences that wait to be spoken: whose turn it is, and which are dropped. Pure; times come in as arguments.

What a player waits for goes first: spoken before ambient before background, and each in the order in which it came.
What comes late is worth nothing, so nothing queues up for long: of each NPC the oldest goes where it says more than it
can get out, and what nobody waits for any more is taken out. Sentences that are asked for twice are rendered once. What
is prepared for later has its turn only where nothing else waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from llm_agentd.types import PRIORITIES

PER_NPC_MAX = 8  # sentences of one NPC: a reply has three or four, and one said after it is no use before
WAITING_MAX = 64  # of all: five seconds of rendering on a slow machine, beyond which all would be late
PREPARED_MAX = 512  # greetings and fallback lines of a village: ten lines each for fifty NPCs

Work = TypeVar("Work")


@dataclass(slots=True, eq=False)
class Line(Generic[Work]):
    """One sentence. `waiters` counts those who want it; a line without any is rendered for later."""

    id: str
    npc: str
    rank: int
    deadline_s: float
    work: Work
    queued_s: float
    waiters: int = 1
    seq: int = field(default=0)


class LineQueue(Generic[Work]):
    """`add` and `prepare`, then `take`; `leave` where somebody waits no longer."""

    def __init__(self) -> None:
        self._seq = 0
        self._waiting: dict[str, Line[Work]] = {}  # by id
        self._prepared: dict[str, Line[Work]] = {}  # likewise, the first to be rendered first

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def prepared(self) -> int:
        return len(self._prepared)

    def find(self, line_id: str) -> Line[Work] | None:
        return self._waiting.get(line_id)

    def add(self, line: Line[Work]) -> list[Line[Work]]:
        """Queues it; those that had to go for it. It is among them itself where all others are worth more."""
        self._prepared.pop(line.id, None)
        self._seq += 1
        line.seq = self._seq
        self._waiting[line.id] = line
        dropped = []
        own = [other for other in self._waiting.values() if other.npc and other.npc == line.npc]
        if len(own) > PER_NPC_MAX:
            dropped.append(min(own, key=lambda other: (-other.rank, other.seq)))
        elif len(self._waiting) > WAITING_MAX:
            dropped.append(max(self._waiting.values(), key=lambda other: (other.rank, -other.seq)))
        for other in dropped:
            del self._waiting[other.id]
        return dropped

    def join(self, line: Line[Work], rank: int, deadline_s: float) -> None:
        """One more waits for it, perhaps more urgently or longer."""
        line.waiters += 1
        line.rank, line.deadline_s = min(line.rank, rank), max(line.deadline_s, deadline_s)

    def leave(self, line: Line[Work]) -> None:
        """One of those who waited does not any more. The last one takes it out."""
        line.waiters -= 1
        if line.waiters <= 0 and self._waiting.get(line.id) is line:
            del self._waiting[line.id]

    def prepare(self, lines: Iterable[Line[Work]]) -> int:
        """Those that are new; beyond PREPARED_MAX they are left out."""
        before = len(self._prepared)
        for line in lines:
            if len(self._prepared) < PREPARED_MAX and line.id not in self._waiting:
                self._prepared.setdefault(line.id, line)
        return len(self._prepared) - before

    def take(self, now_s: float) -> tuple[Line[Work] | None, list[Line[Work]]]:
        """The next one to render, and those that are too late for it. None: there is nothing but prepared ones."""
        late = [line for line in self._waiting.values() if line.deadline_s <= now_s]
        for line in late:
            del self._waiting[line.id]
        if not self._waiting:
            return None, late
        line = min(self._waiting.values(), key=lambda line: (line.rank, line.seq))
        del self._waiting[line.id]
        return line, late

    def take_prepared(self) -> Line[Work] | None:
        line_id = next(iter(self._prepared), None)
        return None if line_id is None else self._prepared.pop(line_id)

    def forget_prepared(self) -> None:
        """There is no engine for them now; the game asks again."""
        self._prepared.clear()

    def clear(self) -> list[Line[Work]]:
        """All who wait, for the end."""
        lines = list(self._waiting.values())
        self._waiting.clear()
        self._prepared.clear()
        return lines


def rank_of(priority: str) -> int:
    return PRIORITIES.index(priority)
