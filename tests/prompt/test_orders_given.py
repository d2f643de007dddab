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


@pytest.mark.parametrize("said", ["ruben, come here", "ruben, wait for me at the barn", "hey ruben follow me"])
def test_what_somebody_else_is_told_is_no_order(reader: SlotReader, said: str) -> None:
    assert due(read(reader, said)) == []


def test_of_two_things_the_one_is_meant_that_is_asked_for(reader: SlotReader) -> None:
    goods = {"stock": {"apple": 5, "cloak": 2}, "price": {"apple": 2, "cloak": 5}}
    reading = read(reader, "apples are too sour for me, ill have a cloak", STALL, **goods)
    assert (due(reading), reading.slots.params["item"]) == (["offer_trade"], "cloak")


def test_who_needs_what_is_for_sale_buys_it(reader: SlotReader) -> None:
    goods = {"stock": {"apple": 5, "cloak": 2}, "price": {"apple": 2, "cloak": 5}}
    for said in (
        "i need a cloak, im freezing",
        "get me an apple will ya",
        "ill buy that cloak",
        "just a cloak",
        "cold out there, 2 cloaks",
    ):
        assert due(read(reader, said, STALL, **goods)) == ["offer_trade"], said
    for said in ("i dont want any apples", "keep ur apples, i fish with a net", "apples again? no thanks"):
        assert due(read(reader, said, STALL, **goods)) == [], said


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
        ("dont let ruben out of ur sight", "follow"),
        ("dont leave my side", "follow"),
        ("keep ruben company, ok?", "follow"),
        ("stay home tonight", "stay"),
        ("gimme a minute, dont leave", "stay"),
        ("leave ruben alone and come with me", "follow"),
        ("get an egg, no wait, a carrot", "give_item"),
        ("some carrots would be great", "give_item"),
        ("can i have u tag along today", "follow"),
        ("ruben needs you", "go_to"),
        ("pop over to ruben and say sorry", "go_to"),
        ("barn. now!", "go_to"),
        ("get that door for the lady", "open_door"),
        ("nobody leaves", "stay"),
        ("stick around will ya", "stay"),
        ("a stick for your dog", "take_item"),
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
        "follow your heart",
        "wait, what did you say?",
        "give me a brake",
        "stay out of my business",
        "you cant have my stick",
        "can it wait until tomorrow",
        "should i go with them or stay here",
        "i turned round and went home and stayed there",
        "better not open that door",
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
        ("u take the big one, the troll", "attack"),
        ("the troll is on your left, kill it", "attack"),
        ("stop, its over", "hold"),
        ("watch ruben's back", "guard"),
        ("no mercy for the wolf", "attack"),
        ("swing round on the left", "flank"),
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
        ("i wont do any more work for you", ""),
        ("dont you have any work for me", "offer_quest"),
        ("wool delivered! my coins?", "complete_quest"),
        ("thats the last of it", "complete_quest"),
        ("i got it from my brother", ""),
        ("we have all day", ""),
        ("did you have another job once", ""),
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
        ("give the bell a ring", "ring_bell"),
        ("i'd like to hear the bell", "ring_bell"),
        ("sail up please", "hoist_sail"),
        ("would you mind mending the net", "mend_net"),
        ("the net wants mending", "mend_net"),
        ("get that sail flying", "hoist_sail"),
        ("up with the sail!", "hoist_sail"),
        ("does that ring a bell?", ""),
        ("the bell!", "ring_bell"),
        ("look, a bell!", ""),
    ],
)
def test_chores_and_gestures_are_known_in_players_words(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said, SHIP)) == ([name] if name else [])


def test_parameter_of_a_chore_is_what_was_said(reader: SlotReader) -> None:
    (mend,) = read(reader, "my small net is torn, fix it please", SHIP).actions
    assert mend.params["properties"]["size"]["enum"] == ["small"]


@pytest.mark.parametrize(
    ("said", "want"),
    [
        ("give me one egg, no, make it two", 2),
        ("give me an egg, no, better two", 2),
        ("my eggs are at home, can you help me out with 3", 3),
        ("could i have half a dozen eggs", 6),
    ],
)
def test_count_is_the_one_that_holds_in_the_end(reader: SlotReader, said: str, want: int) -> None:
    reading = read(reader, said)
    assert (reading.topic.name, reading.slots.params.get("want")) == ("give", want)


INN = (
    action("pour_drink", drink=one_of("ale", "milk"), count=COUNT),
    action("tell_story"),
    action("rent_room", nights=COUNT),
    action("feed_animal", animal=one_of("pig", "horse")),
    action("bless"),
)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("two ales please", "pour_drink"),
        ("get me a milk", "pour_drink"),
        ("some milk would be nice", "pour_drink"),
        ("ale! no wait, milk", "pour_drink"),
        ("i need a room for the night", "rent_room"),
        ("got a story for us?", "tell_story"),
        ("i love stories, lets hear one", "tell_story"),
        ("the pig is hungry, feed it", "feed_animal"),
        ("throw the pig some grain", "feed_animal"),
        ("bless me", "bless"),
        ("bless you!", ""),
        ("is the ale any good", ""),
        ("i had too much milk", ""),
        ("so sorry", ""),
        ("my horse was fed", ""),
        ("ruben, feed the pig", ""),
    ],
)
def test_what_an_action_makes_or_is_done_to_orders_it(reader: SlotReader, said: str, name: str) -> None:
    assert due(read(reader, said, INN)) == ([name] if name else [])


@pytest.mark.parametrize(
    ("said", "param", "value"),
    [
        ("ale! no wait, milk", "drink", ["milk"]),
        ("3 ales please", "count", 3),
        ("get me an ale", "count", 1),
        ("a room for 2 nights please", "nights", 2),
    ],
)
def test_parameters_of_what_is_asked_for_are_those_said(reader: SlotReader, said: str, param: str, value: Any) -> None:
    (ordered,) = read(reader, said, INN).actions
    schema = ordered.params["properties"][param]
    assert schema.get("enum", schema.get("maximum")) == value
