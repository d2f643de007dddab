"""How orders are worded: what only wraps one, whose deed is told, and what is left once somebody changed their mind."""

from __future__ import annotations

import re

import pytest

from llm_agentd.prompt.meaning.orders.changes_of_mind import what_to_do
from llm_agentd.prompt.meaning.orders.imperatives import OTHER, commands, tells, told

COME, DANCE = re.compile(r"\bcome\b"), re.compile(r"\bdance\b")


@pytest.mark.parametrize(
    "said",
    [
        "come along",
        "would u mind coming along",
        "id feel safer if u came along",
        "i'd be glad if you could come along",
        "why dont you come along",
        "how about coming along?",
        "dont forget to come along",
        "i need you to come along",
        "im lost, come along",
        "can't you come along",
        "when ur done over there come along",
    ],
)
def test_what_only_wraps_an_order_leaves_it_one(said: str) -> None:
    assert tells(COME, told(said))


@pytest.mark.parametrize(
    "said",
    [
        "did you come along",
        "i would not mind coming along",
        "i want to come along",
        "what if you came along",
        "where can you come along",
        "jorun will come along",
        "do many people come along",
        "people come along",
    ],
)
def test_what_is_asked_or_told_of_others_is_no_order(said: str) -> None:
    assert not tells(COME, told(said, (), "jorun"))


def test_who_is_called_is_a_comma_and_who_is_spoken_of_somebody() -> None:
    assert told("Wendel go with Jorun", ("Wendel",), "Jorun") == f", go with {OTHER}"


def test_what_may_be_a_noun_is_an_order_only_where_it_begins_one() -> None:
    for said in ("dance", "please dance", "could you dance for us", "wendel, dance!", "nod and dance"):
        assert commands(DANCE, told(said)), said
    for said in ("is there a dance tonight", "you dance well", "we sing and dance", "do you like to dance?"):
        assert not commands(DANCE, told(said)), said


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("leave the wolf alone, take the troll", "take the troll"),
        ("don't attack, he is a friend", "don't attack, he is a friend"),
        ("stay here. actually no, follow me", "follow me"),
        ("come with me? no wait, just stay here", "stay here"),
        ("not the sword, just a cheese", "a cheese"),
        ("give me one bread, no make it two", "give me one bread, no make it two"),
        ("there is no wait at the mill", "there is no wait at the mill"),
        ("get me an ale, no wait, a cider", "get me a cider"),
        ("2 ales, no wait, ciders", "2 ciders"),
        ("follow me, no worries", "follow me, no worries"),
        ("5 torches, no wait, 6", "5 torches, no, make it 6"),
        ("leave the bell alone and come with me", "come with me"),
        ("the mill, no, the barn, go there", "the barn, go there"),
        ("give me a minute, dont leave", "give me a minute, dont leave"),
    ],
)
def test_what_was_taken_back_goes_where_an_order_is_left(said: str, left: str) -> None:
    assert what_to_do(said) == left
