"""Questions and statements of players, who leave out marks and capitals."""

from __future__ import annotations

import pytest

from llm_agentd.memory.corrections import says_the_same, subject
from llm_agentd.memory.sentences import is_question


@pytest.mark.parametrize(
    "said",
    [
        "where did i put my lantern", "whats my name", "do u know where my dog is", "who are you", "is the mine safe",
        "how many coins do i owe", "remember where i live", "tell me what i said", "hey, can you help me",
        "when did i come here", "any news", "why cant i go in", "what about the wolf", "and where is tom",
        "which sword is mine", "have you seen my cat", "how old am i", "Is it far?", "who stole my ring",
    ],
)  # fmt: skip
def test_question_is_one_without_its_mark(said: str) -> None:
    assert is_question(said)


@pytest.mark.parametrize(
    "said",
    [
        "i hid my lantern under the oak", "when i was young i stole bread", "my dog is called rex", "I have two kids",
        "who knows", "what a lovely day", "the mine is haunted", "can openers are rare here", "remember me",
        "i know where the gold is", "my name is will", "will is my brother", "how lovely",
    ],
)  # fmt: skip
def test_statement_is_no_question(said: str) -> None:
    assert not is_question(said)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("My name is Ana", "actually my name is Anna", True),
        ("i am 12 years old", "I turned thirteen last week", True),
        ("Ana lives in Oakford", "i moved to westford", True),
        ("my favourite color is red", "my favorite colour is blue", False),
        ("my favourite food is pie", "my favourite food is fish", True),
        ("I have a cat", "I have a dog", False),
        ("My brother is Tom", "My brother is Jon", False),
        ("I am a smith", "I am a father", False),
    ],
)
def test_statements_about_the_same_are_found(one: str, other: str, is_same: bool) -> None:
    assert says_the_same(one, other, "Ana") is is_same


def test_subject_of_what_may_be_true_twice_is_empty() -> None:
    assert subject("I like fish") == ""
