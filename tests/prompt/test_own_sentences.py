"""Which sentence of a persona may answer a question: one of the kind that is asked for, and not what was just said."""

from __future__ import annotations

import pytest

from llm_agentd.prompt.meaning.answer_kinds import may_answer
from llm_agentd.prompt.meaning.own_sentences import Own, name_told, that_may_answer

COOK = Own("Cooks the best stew in the valley.", "I cook the best stew in the valley")
CAT = Own("Has a cat called Soot.", "I have a cat called Soot")
SINGS = Own("Sings in the dark.", "I sing in the dark")
SOBER = Own("Never drinks.", "I never drink")


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("who taught you to heal", "I learned from my grandmother"),
        ("who do you quarrel with?", "I quarrel with the miller about the water"),
        ("who wants to kill you", "my brother wants my crown"),
        ("who are you", "I am a ghost"),
        ("where do you live", "I live in a tower without stairs"),
        ("where is your treasure", "I buried my treasure and forgot where"),
        ("how old are you", "I am eight years old"),
        ("how old is ur cat", "my cat is older than I am"),
        ("when did you last eat someone", "I have not eaten a knight for a hundred years"),
        ("what do you grow", "I grow barley"),
        ("nice hat. where are you from", "I was born in the hills"),
    ],
)
def test_is_of_the_kind_that_is_asked_for(question: str, clause: str) -> None:
    assert may_answer(question, clause)


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("who taught you to cook", COOK.clause),
        ("who built you", "I was built two hundred years ago"),
        ("where are you taking me", "I take one coin from each"),
        ("ok i believe you. where was it?", "nobody believes me"),
        ("how many crew do you have", "I am the captain of an airship that lost its wind"),
        ("am i sick?", "I am a plague doctor in a mask with a beak"),
        ("what is your name", "I cook the best stew"),
    ],
)
def test_a_shared_word_is_not_enough(question: str, clause: str) -> None:
    assert not may_answer(question, clause)


def test_what_was_just_said_answers_no_other_question() -> None:
    assert that_may_answer("is it good?", [COOK, CAT], "I cook the best stew in the valley, Kim.") == [CAT]


def test_a_request_is_answered_by_a_refusal_alone() -> None:
    assert that_may_answer("sing me something", [SINGS, SOBER], "") == [SOBER]
    assert that_may_answer("can you sing for me", [SINGS], "") == []
    assert that_may_answer("do you sing?", [SINGS], "") == [SINGS]


def test_a_name_is_told_again_where_it_is_asked_for() -> None:
    assert name_told("whats its name", [COOK, CAT]) == CAT
    assert name_told("what is your cat called", [COOK, CAT]) == CAT
    assert name_told("what is your ship called", [COOK, CAT]) is None
    assert name_told("what is your name", [COOK, CAT]) is None
    assert name_told("do you have a cat", [CAT]) is None
