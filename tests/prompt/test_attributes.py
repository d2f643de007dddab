"""What anybody may be asked, as a persona states it."""

from __future__ import annotations

import pytest

from llm_agentd.prompt.meaning.known.attributes import stated

CLAUSES = [
    "I hate dogs",
    "I am a troll of nine hundred years",
    "I am a trader from the southern isles",
    "my husband Wout drowned in the spring flood",
    "I live on my boat",
    "I was a sailor for ten years",
    "I collect old maps",
    "I want to become a pirate",
    "I serve the old queen",
]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("how old r u", 1),
        ("yo where u from", 2),
        ("are you married?", 3),
        ("any family", 3),
        ("where do u sleep at night", 4),
        ("what did you do before you had this inn", 5),
        ("what do you do for fun", 6),
        ("whats ur dream", 7),
        ("who do you work for", 8),
    ],
)
def test_attribute_is_found_though_no_word_is_shared(asked: str, place: int) -> None:
    assert stated(asked, CLAUSES) == CLAUSES[place]


@pytest.mark.parametrize("asked", ["how old is your dog", "where are the isles", "is the queen married", "hello"])
def test_other_questions_ask_for_no_attribute(asked: str) -> None:
    assert stated(asked, CLAUSES) == ""


@pytest.mark.parametrize(
    "age", ["I am sixteen", "I am a boy of nine", "I am a witch of a hundred and twelve years", "I am 34"]
)
def test_age_is_told_in_many_ways(age: str) -> None:
    assert stated("how old are you?", ["I am one of six", age]) == age
