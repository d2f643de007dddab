"""Retrieval: what of the memory stands in a prompt, in which order, and how well a question finds its fact."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_agentd.memory import SqliteMemory
from llm_agentd.memory.keywords import words_of
from llm_agentd.memory.reader import StoreReader
from llm_agentd.memory.retrieval import FACTS_MAX_CHARS
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles import Roles
from llm_agentd.types import MemoryTurn, Message, Npc, Think, Turn
from tests.memory.recall import measure
from tests.memory.retrieval_cases import CASES, CHATTER, REPLIES
from tests.memory.talk import ANA, MIB, MIRA, Clock, report_outcome, talk

BETWEEN = 50  # exchanges between a statement and the question
CONTEXT_TOKENS = 1024 - 64  # of the embedded model, without its reply
FOUND_MIN = 95  # of 100
HELD_OUT_FIRST_MIN, HELD_OUT_THIRD_MIN = 54, 62  # of 80; before related words it was 24 and 25


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


def test_where_nothing_is_remembered_no_word_is_searched_for(
    memory: SqliteMemory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    real = StoreReader.matches

    def note(reader: StoreReader, scope: str, word: str, min_id: int = 0) -> list[int]:
        searched.append(word)
        return real(reader, scope, word, min_id)

    monkeypatch.setattr(StoreReader, "matches", note)
    question = replace(ANA, player_text="Do you remember where my brother hid the silver key?")
    memory.retrieve(question)
    assert searched == []
    talk(memory, clock, "My brother hid the silver key in the well.", "Did he?")
    memory.flush()
    assert memory.retrieve(replace(question, player_text="Where is the key?")).turns
    assert searched != []


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


def test_what_the_player_says_just_now_is_no_memory(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "Mend my sword.", "It will be strong.")
    memory.flush()
    assert memory.retrieve(replace(ANA, player_text="Mend my sword.", is_retry=True)).facts == ()
    assert memory.retrieve(replace(ANA, player_text="Did you mend my sword?")).turns


def test_npc_knows_what_it_has_been_through_wherever_it_stands(memory: SqliteMemory) -> None:
    report_outcome(memory, "I beat the wolf", player="", place="")
    memory.flush()
    asked = replace(ANA, player_text="Hello Mira, did the wolf come?")
    for place in ("Oakford", ""):
        assert memory.retrieve(replace(asked, place=place)).facts == ("I beat the wolf",)
    assert memory.retrieve(replace(asked, npc="npc-2", npc_name="Bram")).facts == ()
    assert memory.retrieve(replace(asked, player_text="Have you bread?")).facts == ()


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


def test_what_no_disk_has_yet_is_found_by_its_words(tmp_path: Path, clock: Clock) -> None:
    memory = SqliteMemory(tmp_path / "memory.db", turns=2, max_bytes=64 * MIB, now=clock, clock=clock)
    for done in ("Ana brought five eggs", "Ana refused my price", "Ana bought rope"):
        report_outcome(memory, done)
    facts = memory.retrieve(replace(ANA, player_text="How many eggs did I bring you?")).facts
    assert facts == ("Ana bought rope", "Ana refused my price", "Ana brought five eggs")
    memory.start(lambda job: None)  # only now can anything be written
    memory.close()


def test_narrow_context_drops_the_oldest_turns(memory: SqliteMemory, clock: Clock, builder: PromptBuilder) -> None:
    report_outcome(memory, "Ana brought herbs")
    for number in range(5):
        talk(memory, clock, f"{number} " + "long talk " * 12, f"{number} " + "word " * 20)
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


@pytest.mark.parametrize(
    ("first", "second", "question", "fact"),
    [
        ("My name is Ana.", "no, my name is Anna", "what is my name", "Ana said: no, my name is Anna"),
        ("I live in Oakford.", "i moved to westford", "where do i live", "Ana said: i moved to westford"),
        ("my dog is called rex", "My dog's name is Bella.", "whats my dog called", "Ana said: My dog's name is Bella"),
        (
            "I hid my lantern under the oak.",
            "i put my lantern in the cellar",
            "where is my lantern",
            "Ana said: i put my lantern in the cellar",
        ),
        ("The wolves ate two sheep.", "the wolves ate two sheep!", "which sheep", "Ana said: the wolves ate two sheep"),
    ],
)
def test_newer_statement_takes_the_place_of_what_it_repeats_or_corrects(
    memory: SqliteMemory, clock: Clock, first: str, second: str, question: str, fact: str
) -> None:
    talk(memory, clock, first, "I see.")
    talk(memory, clock, second, "Very well.")
    memory.flush()
    assert memory.retrieve(replace(ANA, player_text=question), wants_turns=False).facts == (fact,)


def test_two_things_of_which_both_may_be_true_are_kept(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "My brother Tom is a smith.", "I see.")
    talk(memory, clock, "My brother Jon is a monk.", "I see.")
    memory.flush()
    assert len(memory.retrieve(replace(ANA, player_text="who is my brother"), wants_turns=False).facts) == 2


def test_reply_that_the_npc_repeats_stands_once_among_the_turns(memory: SqliteMemory, clock: Clock) -> None:
    for number in range(3):
        talk(memory, clock, f"Word {number}.", "I row, I row.")
    talk(memory, clock, "And you?", "I mend nets.")
    memory.flush()
    assert memory.retrieve(ANA).turns == (("Word 2.", "I row, I row."), ("And you?", "I mend nets."))


def test_older_words_of_the_npc_are_no_facts(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "Tell me something.", "The tower is full of cheese.")
    memory.flush()
    assert memory.retrieve(replace(ANA, player_text="what is in the tower"), wants_turns=False).facts == ()


def test_vectors_find_what_shares_no_word_with_the_question(tmp_path: Path, clock: Clock) -> None:
    """Of a made-up meaning: all lines about the sea are near each other, all others far."""

    def vectorize(line: str) -> NDArray[np.float32]:
        angle = 0.1 if {"brine", "sailor", "ocean"} & set(words_of(line)) else 1.3 + len(line) / 1000
        return np.array([np.cos(angle), np.sin(angle)], np.float32)

    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=2**26, vectorize=vectorize)
    memory.start(lambda job: None)
    talk(memory, clock, "My cousin smells of brine.", "I see.")
    talk(memory, clock, "I have a red hat.", "I see.")
    memory.flush()
    asked = replace(ANA, player_text="who is a sailor")
    assert memory.retrieve(asked, wants_turns=False).facts == ("Ana said: My cousin smells of brine",)
    assert memory._vectorize
    assert memory._vectorize("kept").nbytes == 2 * 2, "thousands are kept: in half precision"
    memory.close()


def test_fact_is_found_that_was_told_in_other_words(tmp_path: Path) -> None:
    """Measured on lines that were not looked at while retrieval was made; see recall.py."""
    hits = measure(tmp_path, "held out")
    print(f"hit@1 {hits.first}, hit@3 {hits.third} of {hits.cases}")
    assert (hits.first >= HELD_OUT_FIRST_MIN, hits.third >= HELD_OUT_THIRD_MIN) == (True, True)
