"""A line of several sentences: which of them ask, and two answers behind each other where both are sure."""

from __future__ import annotations

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.meaning.questions import asked
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.roles import Roles
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Npc, Think


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("how old are you and do you have kids", ["how old are you", "do you have kids"]),
        ("do you have wings? do you fly?", ["do you have wings", "do you fly"]),
        ("ok ok i believe you. where was it?", ["where was it"]),
        ("ok thanks for the talk, and do you have any cake left?", ["do you have any cake left"]),
        ("who are you?", []),
        ("i like bread and cheese", []),
    ],
)
def test_questions_of_a_line(text: str, questions: list[str]) -> None:
    assert asked(text) == questions


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, text: str) -> Reading:
    persona = "Eight years old. Has a pet frog called Button."
    think = Think(Npc("n", "Pim", "child", persona), "Torvik", text, remember=False)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def test_two_questions_have_two_answers(reader: SlotReader) -> None:
    reading = read(reader, "how old are you and do you have a pet?")
    assert reading.slots.words["known"] == "I am eight years old"
    assert reading.lines
    assert all(CHARS["known"] in line and "pet frog called Button" in line for line in reading.lines)


def test_question_is_answered_and_not_the_small_talk_beside_it(reader: SlotReader) -> None:
    assert read(reader, "haha nice to meet you. do you have a pet?").topic.name == "own_pets"
