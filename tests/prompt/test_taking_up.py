"""What takes up the NPC's own words: doubt, curiosity, and the sentence that a sure topic says in words of its own."""

from __future__ import annotations

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.roles import Roles
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Npc, Think, Turn

PERSONA = "Grows barley on the north slope. His ox died last week. Has a dog called Ash."
SAID = "I grow barley on the north slope, Torvik."


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, text: str, *said: str, persona: str = PERSONA) -> Reading:
    history = tuple(Turn("Odo", line) for line in said)
    think = Think(Npc("n", "Odo", "farmer", persona), "Torvik", text, remember=False, history=history)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def test_doubt_has_what_was_said_said_again(reader: SlotReader) -> None:
    reading = read(reader, "really?", SAID)
    assert (reading.topic.name, reading.slots.words["known"]) == ("then_really", "I grow barley on the north slope")


def test_curiosity_is_told_what_was_not_said_yet(reader: SlotReader) -> None:
    assert read(reader, "tell me more", SAID).slots.words["known"] == "my ox died last week"
    assert read(reader, "go on", SAID, "My ox died last week.").slots.words["known"] == "I have a dog called Ash"
    assert "known" not in read(reader, "go on", SAID, "A wolf has taken two sheep by the ford.").slots.words


def test_few_words_of_doubt_are_no_line_of_any_form(reader: SlotReader) -> None:
    assert read(reader, "really? never?", "I never drink, Torvik.", persona="").topic.name.startswith("then_")


def test_sure_topic_says_the_sentence_in_its_own_words(reader: SlotReader) -> None:
    reading = read(reader, "do you have a pet?")
    assert reading.topic.name == "own_pets"
    assert all(CHARS["known"] in line for line in reading.lines)
