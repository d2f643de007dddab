"""Orders in plain words: which are one, to whom, how many, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
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
        ("im out of eggs, give me like 3", 3),
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


WORK = (
    action("offer_quest", item=one_of("wool"), count=COUNT, reward={"type": "integer", "minimum": 1, "maximum": 20}),
    action("complete_quest"),
)
SHIP = (
    action("hoist_sail"),
    action("ring_bell"),
    action("mend_net", size=one_of("large", "small")),
    action("emote", kind=one_of("wave", "nod", "dance", "bow")),
)
GUARDED = (
    *FIGHT,
    action("guard", target=one_of("Kai", "Ruben")),
    action("flank", side=one_of("left", "right"), target=one_of("wolf", "troll")),
)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("wait for me til im back", "stay"),
        ("can u stay with my donkey a sec", "stay"),
        ("tessa, stay!", "stay"),
        ("u coming or not?", "follow"),
        ("come fishing with us", "follow"),
        ("stay close to me", "follow"),
        ("lets go, tessa", "follow"),
        ("i could use a companion", "follow"),
        ("come over here", "follow"),
        ("wait for us at the barn", "go_to"),
        ("bring this to ruben", "go_to"),
        ("quit moving", "stay"),
        ("could i trouble you for an egg", "give_item"),
        ("one carrot for my friend", "give_item"),
        ("could you escort ruben for me", "follow"),
        ("check on the barn for me", "go_to"),
        ("they need you at the barn", "go_to"),
        ("ruben wants u, go find him", "go_to"),
        ("unlock it, will you, the door", "open_door"),
        ("let us through please", "open_door"),
        ("can i borrow an egg", "give_item"),
        ("2 carrots plz", "give_item"),
        ("i found a stick, u can have it", "take_item"),
    ],
)
def test_orders_are_known_in_players_words(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said)) == [name]


@pytest.mark.parametrize(
    "said",
    [
        "we stayed here for a while",
        "do many people come to the barn",
        "ruben will go to the barn",
        "where can you go when the barn is full",
        "i dont go to the barn",
        "an egg a day keeps you well",
        "id rather go alone",
        "keep the door closed",
        "it took me two days to get here",
        "can i follow you",
        "people should follow me",
    ],
)
def test_what_only_sounds_like_an_order_is_none(reader: SlotReader, said: str) -> None:
    assert due(read(reader, said)) == []


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ill get the wolf, u get the troll", "attack"),
        ("kill the wolf right now", "attack"),
        ("dont let anyone hurt ruben", "guard"),
        ("cover me", "guard"),
        ("go at them from the left", "flank"),
        ("dont give an inch", "hold"),
        ("the troll first", "attack"),
        ("take it down", "attack"),
        ("move back", "retreat"),
        ("keep them off me", "guard"),
        ("save ruben", "guard"),
    ],
)
def test_orders_in_a_fight_are_known_in_players_words(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said, GUARDED, enemy=["wolf", "troll"])) == [name]


def test_who_is_attacked_is_whom_the_npc_is_told_to(reader: SlotReader) -> None:
    reading = read(reader, "ill get the troll, u get the wolf", FIGHT, enemy=["wolf", "troll"])
    assert reading.slots.params["foe"] == "wolf"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("need a hand with anything?", "offer_quest"),
        ("give me something to do", "offer_quest"),
        ("im looking for a bit of paid work", "offer_quest"),
        ("i got everything u asked for", "complete_quest"),
        ("finished the job", "complete_quest"),
        ("im not done with the job yet", ""),
        ("i hate my job", ""),
        ("im done for today", ""),
        ("i have a job in the city", ""),
        ("can i be of service", "offer_quest"),
        ("reward please", "complete_quest"),
        ("do you have a lot of work today", ""),
    ],
)
def test_who_asks_for_work_is_offered_it_and_who_has_done_it_is_paid(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said, WORK, need={"wool": 4}, reward=9)) == ([name] if name else [])


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("get that sail up", "hoist_sail"),
        ("could you sound the bell", "ring_bell"),
        ("that bell rings all day", ""),
        ("leave the sail down", ""),
        ("do a little dance", "emote"),
        ("give ruben a nod", "emote"),
        ("is there a dance tonight", ""),
        ("i never learned to dance", ""),
        ("bell please", "ring_bell"),
    ],
)
def test_chores_and_gestures_are_known_in_players_words(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said, SHIP)) == ([name] if name else [])


def test_parameter_of_a_chore_is_what_was_said(reader: SlotReader) -> None:
    (mend,) = read(reader, "my small net is torn, fix it please", SHIP).actions
    assert mend.params["properties"]["size"]["enum"] == ["small"]


@pytest.mark.parametrize(
    ("said", "want"), [("give me one egg, no, make it two", 2), ("could i have half a dozen eggs", 6)]
)
def test_count_is_the_one_that_holds_in_the_end(reader: SlotReader, said: str, want: int) -> None:
    reading = read(reader, said)
    assert (reading.topic.name, reading.slots.params.get("want")) == ("give", want)
