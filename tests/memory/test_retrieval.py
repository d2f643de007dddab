"""Retrieval: what of the memory stands in a prompt, in which order, and how well a question finds its fact."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from llm_agentd.memory import SqliteMemory
from llm_agentd.memory.retrieval import FACTS_MAX_CHARS
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles import Roles
from llm_agentd.types import MemoryTurn, Message, Npc, Think, Turn
from tests.memory.retrieval_cases import CASES, CHATTER, REPLIES
from tests.memory.talk import ANA, MIRA, Clock, report_outcome, talk

BETWEEN = 50  # exchanges between a statement and the question
CONTEXT_TOKENS = 1024 - 64  # of the embedded model, without its reply
FOUND_MIN = 95  # of 100


@pytest.fixture
def builder(memory: SqliteMemory) -> PromptBuilder:
    return PromptBuilder(Roles.load(), memory=memory)


@pytest.fixture(scope="module")
def without_memory() -> PromptBuilder:
    return PromptBuilder(Roles.load())


@pytest.mark.parametrize("is_written", [True, False])
def test_last_exchanges_stand_between_the_system_message_and_this_moment(
    memory: SqliteMemory, clock: Clock, builder: PromptBuilder, without_memory: PromptBuilder, is_written: bool
) -> None:
    for number in range(7):
        talk(memory, clock, f"Word {number}.", f"Answer {number}.")
    talk(memory, clock, "I am Bo.", "Aye.", player="Bo")
    talk(memory, clock, "To another.", "Aye.", npc="npc-2")
    if is_written:
        memory.flush()
    prompt = builder.build(MIRA)
    assert prompt.messages[1:-1] == tuple(
        Message(role, text)
        for number in range(2, 7)
        for role, text in (("user", f"Ana: Word {number}."), ("assistant", f"Answer {number}."))
    )
    plain = without_memory.build(MIRA)
    assert prompt.messages[0] == plain.messages[0]
    assert prompt.short_messages == plain.messages


@pytest.mark.parametrize(
    "think",
    [
        pytest.param(
            replace(MIRA, draft={"title": "the witch", "persona": "A witch lives alone."}), id="draft of a role"
        ),
        pytest.param(replace(MIRA, remember=False), id="small talk"),
        pytest.param(replace(MIRA, player=None), id="no player"),
        pytest.param(replace(MIRA, utterance=None), id="greeting, which may come from the cache"),
        pytest.param(replace(MIRA, player="Bo"), id="another player"),
        pytest.param(
            replace(MIRA, history=(Turn("Ana", "Hello."), Turn("Mira", "Aye."))), id="history kept by the game"
        ),
    ],
)
def test_prompt_without_use_for_turns_has_none(
    memory: SqliteMemory, clock: Clock, builder: PromptBuilder, without_memory: PromptBuilder, think: Think
) -> None:
    talk(memory, clock, "I hid the lantern.", "Good.")
    memory.flush()
    assert builder.build(think).messages == without_memory.build(think).messages


def test_newest_outcome_is_in_every_later_prompt_also_in_a_greeting(
    memory: SqliteMemory, builder: PromptBuilder
) -> None:
    report_outcome(memory, "Ana refused my price.")
    assert builder.build(MIRA).messages[-1].content == (
        "[place Oakford; memory Ana refused my price]\nAna: Good evening!"
    )
    greeting = builder.build(replace(MIRA, utterance=None))
    assert greeting.messages[-1].content == "[place Oakford; memory Ana refused my price]\n(Ana comes near.)"
    with_fact = replace(MIRA, context={"memory": "Ana mended the bridge"})
    assert "[memory Ana mended the bridge, Ana refused my price]" in builder.build(with_fact).messages[-1].content


def test_settlement_shares_outcomes_and_never_talk(memory: SqliteMemory, clock: Clock) -> None:
    report_outcome(memory, "Ana killed the wolf at the mill")
    talk(memory, clock, "I fear the wolf.", "So do I.")
    memory.flush()
    other = replace(ANA, npc="npc-2", npc_name="Bram", player="Bo", player_text="Is there a wolf about?")
    assert memory.retrieve(other).facts == ("Mira said: Ana killed the wolf at the mill",)
    assert memory.retrieve(replace(other, player_text="Any news?")).facts == (
        "Mira said: Ana killed the wolf at the mill",
    )
    assert memory.retrieve(replace(other, place="Westford")).facts == ()
    assert memory.retrieve(replace(other, player_text="Have you bread?")).facts == ()


def test_question_finds_the_newest_statement_and_no_earlier_question(memory: SqliteMemory, clock: Clock) -> None:
    question = replace(ANA, player_text="Do you know what my dog is called?")
    talk(memory, clock, "Hello there. My dog is called Rex! Nice weather.", "A good name.")
    for number in range(10):
        talk(memory, clock, f"What is my dog called, {number}?", "I forget.")
    memory.flush()
    assert memory.retrieve(question).facts == ("Ana said: My dog is called Rex",)
    talk(memory, clock, "My dog is called Bella.", "Oh.")
    for number in range(10):
        talk(memory, clock, f"Number {number}", "Aye.")
    memory.flush()
    assert memory.retrieve(question).facts[0] == "Ana said: My dog is called Bella"


def test_narrow_context_drops_the_oldest_turns(memory: SqliteMemory, clock: Clock, builder: PromptBuilder) -> None:
    report_outcome(memory, "Ana brought herbs")
    for number in range(5):
        talk(memory, clock, f"{number} " + "long talk " * 12, "word " * 20)
    wide, narrow = builder.build(MIRA), builder.build(MIRA, (), 600)
    assert len(wide.messages) == 12
    assert 2 < len(narrow.messages) < 12
    assert narrow.messages[-3:] == wide.messages[-3:]
    assert builder.build(MIRA, (), 60).short_messages is None
    assert sum(map(len, memory.retrieve(ANA).facts)) <= FACTS_MAX_CHARS


def test_question_finds_a_fact_told_fifty_exchanges_ago_in_95_of_100_cases(tmp_path: Path) -> None:
    """All facts are told to one NPC by one player, so that each competes with all others."""
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=2**26, summarize_by="rules")
    memory.start(lambda job: None)
    builder = PromptBuilder(Roles.load(), memory=memory)
    chance = random.Random(1)

    def say(text: str) -> None:
        memory.add_exchange(MemoryTurn("npc-1", "Mira", "Ana", "Oakford", text), chance.choice(REPLIES), 1.0)

    missed = []
    for statement, question, piece in CASES:
        say(statement)
        for _ in range(BETWEEN):
            say(chance.choice(CHATTER))
        memory.flush()
        think = Think(Npc("npc-1", "Mira", "healer"), player="Ana", utterance=question)
        messages = builder.build(think, (), CONTEXT_TOKENS).messages
        if piece not in " ".join(message.content for message in messages):
            missed.append(question)
        say(question)  # questions are kept as well
    memory.close()
    print(f"found {len(CASES) - len(missed)} of {len(CASES)}; missed: {missed}")
    assert len(CASES) == 100
    assert len(CASES) - len(missed) >= FOUND_MIN, missed
