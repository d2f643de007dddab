"""Names of the game in a player's words: plural, case, slips of the finger, a part of a longer name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.topics import mentions

GOODS = ("steel sword", "stone sword", "apple", "bread", "wolf", "berry pie")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("do u sell steel swrods", "steel sword"),
        ("a SWORD pls", "steel sword"),
        ("any stone thing?", "stone sword"),
        ("got any aples?", "apple"),
        ("two wolves!", "wolf"),
        ("berry pies for all", "berry pie"),
        ("I broke my arm", None),
        ("a pear", None),
        ("", None),
    ],
)
def test_thing_is_found_as_players_type_it(text: str, name: str | None) -> None:
    found = mentions.find(text, GOODS)
    assert (found.name if found else None) == name


def test_whole_name_wins_over_a_part_of_another() -> None:
    assert mentions.find("the stone sword", ("stone", "stone sword")).name == "stone sword"  # type: ignore[union-attr]


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=12), max_size=6))
def test_what_is_found_lies_in_the_text(text: str, names: list[str]) -> None:
    found = mentions.find(text, names)
    if found:
        assert 0 <= found.start < found.end <= len(text)
        assert found.name in names


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("give me 3", 3),
        ("two apples", 2),
        ("a dozen eggs", 12),
        ("no one knows", None),
        ("that one", None),
        ("xX_99", None),
    ],
)
def test_number_that_is_said_is_found(text: str, number: int | None) -> None:
    assert mentions.number(text) == number


def test_name_that_the_game_does_not_know_is_what_the_topics_lines_lack() -> None:
    vocabulary = frozenset(["where", "is", "the", "do", "you", "know", "way", "to"])
    found = mentions.unknown_words("do you know where the Old Lighthouse is pls", vocabulary, frozenset({"pls"}))
    assert found == "Old Lighthouse"
