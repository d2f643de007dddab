"""What the memory's tests share: an NPC, two players, and short ways to let them talk."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from llm_agentd.memory import Memory, Outcome, SqliteMemory
from llm_agentd.types import MemoryTurn, Npc, Think

MIB = 2**20
WAIT_S = 10.0
ANA = MemoryTurn("npc-1", "Mira", "Ana", "Oakford", "Good evening!")  # Ana talks with Mira
MIRA = Think(Npc("npc-1", "Mira", "healer"), player="Ana", utterance="Good evening!", context={"place": "Oakford"})


class Clock:
    """Both clocks of a memory. It stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


def talk(memory: SqliteMemory, clock: Clock, said: str, reply: str, **fields: Any) -> None:
    """One exchange of Ana with Mira, ten seconds later."""
    clock.now_s += 10
    memory.add_exchange(replace(ANA, player_text=said, **fields), reply, clock.now_s)


def report_outcome(memory: SqliteMemory, text: str, **fields: str) -> None:
    names = {"npc": "npc-1", "npc_name": "Mira", "player": "Ana", "place": "Oakford"} | fields
    assert memory.add_outcomes([Outcome(text=text, **names)]) == 1


def forget(memory: Memory, npc: str | None = None, player: str | None = None) -> dict[str, int]:
    """Waits until it is done; returns the counts."""
    counts = answer_to_forget(memory, npc, player)
    assert not isinstance(counts, str), counts
    return counts


def answer_to_forget(memory: Memory, npc: str | None = None, player: str | None = None) -> dict[str, int] | str:
    """The counts, or what stays and why."""
    results: list[dict[str, int] | str] = []
    is_done = threading.Event()

    def on_forgotten(counts: dict[str, int] | str) -> None:
        results.append(counts)
        is_done.set()

    memory.forget(npc, player, on_forgotten)
    assert is_done.wait(WAIT_S)
    return results[0]


def texts(memory: SqliteMemory, kind: str | None = None) -> list[str]:
    """Of all rows, or of one kind; the newest first."""
    return [row["text"] for row in memory.list_newest(None, None, 200) if kind in (None, row["kind"])]
