"""How often the fact that a question asks for is found, though it was told in other words: hit@1 and hit@3.

`recall_cases.txt` has the cases. Each is told to an NPC by a player of its own, among FACTS_AROUND facts of other
cases and talk of no interest, before the question is asked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_agentd.memory import SqliteMemory
from llm_agentd.types import MemoryTurn
from tests.memory.retrieval_cases import CHATTER, REPLIES

FACTS_AROUND = 14
CHATTER_AROUND = 25


@dataclass(frozen=True)
class Case:
    told: str
    asked: str
    piece: str


@dataclass
class Hits:
    cases: int
    first: int
    third: int
    missed: list[tuple[str, tuple[str, ...]]]


def cases(part: str) -> list[Case]:
    """Of `tuned` or of `held out`."""
    found: list[Case] = []
    section = ""
    for line in (Path(__file__).parent / "recall_cases.txt").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif section == part and line and not line.startswith("#"):
            found.append(Case(*line.split(" | ")))
    return found


def measure(folder: Path, part: str, **options: Any) -> Hits:
    """`options`: of SqliteMemory."""
    memory = SqliteMemory(folder / "memory.db", turns=5, max_bytes=2**26, summarize_by="rules", **options)
    memory.start(lambda job: None)
    chance = random.Random(2)
    everything = cases(part)
    hits = Hits(len(everything), 0, 0, [])
    for number, case in enumerate(everything):
        turn = MemoryTurn("npc-1", "Mira", f"player{number}", "Oakford", "")
        facts = [other.told for other in chance.sample(everything, FACTS_AROUND + 1) if other != case][:FACTS_AROUND]
        talk = [*facts, *(chance.choice(CHATTER) for _ in range(CHATTER_AROUND))]
        chance.shuffle(talk)
        talk.insert(chance.randrange(len(talk)), case.told)
        for said in talk:
            memory.add_exchange(_says(turn, said), chance.choice(REPLIES), 1.0)
        memory.flush()
        found = memory.retrieve(_says(turn, case.asked), wants_turns=False).facts
        places = [place for place, fact in enumerate(found[:3]) if case.piece in fact]
        hits.first += places[:1] == [0]
        hits.third += bool(places)
        if not places:
            hits.missed.append((case.asked, found))
    memory.close()
    return hits


def _says(turn: MemoryTurn, text: str) -> MemoryTurn:
    return MemoryTurn(turn.npc, turn.npc_name, turn.player, turn.place, text)
