"""A fact that was told fifty exchanges ago is in the prompt when a player asks for it: 95 of 100, at least."""

from __future__ import annotations

import random
from pathlib import Path

from llm_agentd.memory.memory import StoredMemory
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles.registry import Roles
from llm_agentd.types import MemoryTurn, Npc, Think
from tests.memory.recall_cases import CASES, CHATTER, REPLIES

BETWEEN = 50
CONTEXT_TOKENS = 1024 - 64  # of the embedded model, without its reply
WANTED = 95


def test_a_fact_told_fifty_exchanges_ago_is_in_the_prompt(tmp_path: Path) -> None:
    """All facts to one NPC by one player, so that each has the others as company, too."""
    memory = StoredMemory(tmp_path / "memory.db", turns=5, max_bytes=2**26, condense_by="rules")
    memory.start(lambda job: None)
    builder = PromptBuilder(Roles.load(), memory=memory)
    chance = random.Random(1)

    def say(words: str) -> None:
        memory.note(MemoryTurn("npc-1", "Mira", "Ana", "Oakford", words), chance.choice(REPLIES), 1.0)

    missed = []
    for told, asked, piece in CASES:
        say(told)
        for _ in range(BETWEEN):
            say(chance.choice(CHATTER))
        memory.flush()
        think = Think(Npc("npc-1", "Mira", "healer"), player="Ana", utterance=asked)
        messages = builder.build(think, (), CONTEXT_TOKENS).messages
        if piece not in " ".join(message.content for message in messages):
            missed.append(asked)
        say(asked)  # questions stay in the memory as well
    memory.close()
    print(f"recalled {len(CASES) - len(missed)} of {len(CASES)}; missed: {missed}")
    assert len(CASES) == 100
    assert len(CASES) - len(missed) >= WANTED, missed
