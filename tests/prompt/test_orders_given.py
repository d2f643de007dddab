"""Orders in plain words: which are one, to whom, how many, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.meaning.orders import what_to_do
from llm_agentd.roles import Roles
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Action, Npc, Think

pytestmark = pytest.mark.slow


def action(name: str, **properties: Any) -> Action:
    return Action(name, "", {"type": "object", "properties": properties, "required": [*properties]})


def one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": [*values]}


COUNT = {"type": "integer", "minimum": 1, "maximum": 6}
MOVES = (
    action("follow", target=one_of("Kai", "Ruben")),
    action("go_to", place=one_of("home", "barn", "Ruben")),
    action("give_item", item=one_of("egg", "carrot"), count=COUNT),
    action("take_item", item=one_of("stick"), count=COUNT),
    action("open_door"),
    action("stay"),
)
STALL = (action("offer_trade", item=one_of("apple", "cloak"), count=COUNT, price=COUNT),)
FIGHT = (action("hold"), action("retreat"), action("attack", target=one_of("wolf", "troll")))


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, said: str, offered: tuple[Action, ...] = MOVES, **context: Any) -> Reading:
    context = {"near": ["Ruben the fisher"], **context}
    think = Think(Npc("n", "Tessa", "farmer"), "Kai", said, remember=False, context=context, actions=offered)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def due(reading: Reading) -> list[str]:
    return [offered.name for offered in reading.actions]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("close the stall and come with me", "follow"),
        ("dont budge till i say so", "stay"),
        ("would you mind and open the door", "open_door"),
        ("lead the way to the barn", "go_to"),
        ("dont wait for me, go home", "go_to"),
        ("go to ruben and calm him", "go_to"),
        ("i could use a couple of eggs", "give_item"),
        ("here, take my stick", "take_item"),
    ],
)
def test_plain_words_give_an_order_away(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said)) == [name]


@pytest.mark.parametrize(
    "said",
    [
        "i will go to the barn later",
        "my feet hurt from the walk home",
        "the barn burned down once, right?",
        "ruben told me to come with him",
        "you shouldnt follow me",
        "i came here with a stick and nothing else",
        "i wont give you my stick",
    ],
)
def test_what_is_told_of_others_or_shall_not_be_is_no_order(reader: SlotReader, said: str) -> None:
    assert due(read(reader, said)) == []


@pytest.mark.parametrize(
    ("said", "want"),
    [
        ("gimme 3 eggs", 3),
        ("carrots, two of them please, can you spare them", 2),
        ("give me 20 eggs", 6),  # as many as there are
        ("give me a carrot, i have not eaten in 3 days", None),
    ],
)
def test_count_is_what_was_said_of_the_thing(reader: SlotReader, said: str, want: int | None) -> None:
    reading = read(reader, said)
    assert (reading.topic.name, reading.slots.params.get("want")) == ("give", want)


def test_who_needs_what_is_for_sale_buys_it(reader: SlotReader) -> None:
    goods = {"stock": {"apple": 5, "cloak": 2}, "price": {"apple": 2, "cloak": 5}}
    for said in ("i need a cloak, im freezing", "get me an apple will ya", "ill buy that cloak"):
        assert due(read(reader, said, STALL, **goods)) == ["offer_trade"], said
    assert due(read(reader, "i dont want any apples", STALL, **goods)) == []


def test_who_shall_not_fall_back_holds(reader: SlotReader) -> None:
    assert due(read(reader, "don't retreat", FIGHT, enemy=["wolf", "troll"])) == ["hold"]


def test_what_shall_not_be_done_goes_where_an_order_stands_beside_it() -> None:
    assert what_to_do("leave the wolf alone, take the troll") == "take the troll"
    assert what_to_do("don't attack, he is a friend") == "don't attack, he is a friend"
