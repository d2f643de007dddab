"""What the game tells with a think answers what is asked for, in many wordings."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.meaning.known.unheld import owned
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.roles import Roles
from llm_agentd.topics import Meaning, open_topics, topics_path
from llm_agentd.types import Npc, Think

STALL: dict[str, Any] = {"stock": {"apple": 5, "bread": 3}, "price": {"apple": 2, "bread": 4}}
WAYS = {"way": {"mill": "north past the well", "inn": "over the bridge"}}


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(
    reader: SlotReader, said: str, context: dict[str, Any], role: str = "farmer", persona: str | None = None
) -> Reading:
    think = Think(Npc("n", "Marta", role, persona), "Torvik", said, remember=False, context=context)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def test_dearest_and_cheapest_thing_are_those_of_the_prices(reader: SlotReader) -> None:
    for line, item in (("what's the most expensive thing you have", "bread"), ("whats the cheapest", "apple")):
        reading = read(reader, line, STALL)
        assert (reading.topic.name, reading.slots.words["item"]) == ("price", item)


@pytest.mark.parametrize("line", ["what do you sell", "do you sell rope?"])
def test_wares_of_the_persona_are_named_where_the_game_tells_of_none(reader: SlotReader, line: str) -> None:
    wares = "Marta sells candles and rope."
    assert read(reader, line, {}, persona=wares).slots.words["known"] == "I sell candles and rope"
    assert "known" not in read(reader, line, STALL, persona=wares).slots.words


@pytest.mark.parametrize("line", ["ok fine 3 but thats my last offer", "how much for the rope", "wanna buy my boots"])
def test_who_trades_denies_nothing_where_the_game_told_of_no_goods(reader: SlotReader, line: str) -> None:
    assert "untold" in read(reader, line, {}, persona="Marta keeps a stall at the bridge.").signs
    assert "untold" not in read(reader, line, {}, persona="Marta minds the sheep.").signs
    assert "untold" not in read(reader, line, {"stock": {}}, persona="Marta keeps a stall at the bridge.").signs
    assert "untold" not in read(reader, line, STALL, persona="Marta keeps a stall at the bridge.").signs


def test_whether_coins_are_enough_is_no_offer(reader: SlotReader) -> None:
    reading = read(reader, "i have 3 coins, is that enough for an apple", STALL)
    assert (reading.topic.name, reading.slots.words["price"]) == ("price", "2")


def test_place_that_is_asked_for_has_its_way_whatever_it_is_wanted_for(reader: SlotReader) -> None:
    reading = read(reader, "where could i find a bed, is there an inn?", WAYS)
    assert (reading.topic.name, reading.slots.words["way"]) == ("way", "over the bridge")


def test_somebody_near_does_what_is_asked_for(reader: SlotReader) -> None:
    near = {"near": ["Bram the smith", "Torvik"]}
    assert "Bram the smith" in read(reader, "who can repair my sword here", near).slots.words["known"]
    assert "known" not in read(reader, "can you repair my sword", near, role="smith").slots.words


def test_fact_is_told_to_whom_asks_for_such(reader: SlotReader) -> None:
    reading = read(reader, "heard any rumours lately?", {"rumour": "a bear was seen near the quarry"})
    assert "bear" in reading.slots.words["known"]


def test_name_of_something_else_is_not_that_of_the_place(reader: SlotReader) -> None:
    facts = {"place": "Oakford"}
    assert "Oakford" not in read(reader, "what's the name of the river", facts).slots.words.get("known", "")
    assert read(reader, "what's the name of this village", facts).slots.words["place"] == "Oakford"


def test_enemy_is_known(reader: SlotReader) -> None:
    assert "wolf" in read(reader, "what is attacking you", {"enemy": "wolf"}).slots.words["known"]


def test_lines_name_what_the_player_named(reader: SlotReader) -> None:
    near = {"near": ["Yrsola the weaver"]}
    for line in ("what do you think of yrsola", "can i trust yrsola"):
        reading = read(reader, line, near)
        assert reading.lines
        assert all(CHARS["other"] in text or CHARS["known"] in text for text in reading.lines), line


def test_name_that_nobody_knows_is_said_back(reader: SlotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    topics = open_topics(topics_path(EMBEDDED_MODEL))
    monkeypatch.setattr(topics, "classify", lambda text: Meaning((("way", 0.1),)))
    reading = read(reader, "i'm looking for a man called Bexley Krell", {})
    assert reading.slots.words["told"] == "Bexley Krell"
    assert all(CHARS["told"] in line for line in reading.lines)
    near = {"near": ["Bexley the miller"]}
    assert not read(reader, "i'm looking for a man called Bexley", near).slots.words.get("told")
    assert not read(reader, "I'M LOOKING FOR A MAN CALLED BEXLEY", {}).slots.words.get("told")
    bull = "Marta has a bull called Bexley Krell."
    assert not read(reader, "i'm looking for a man called Bexley Krell", {}, persona=bull).slots.words.get("told")


def test_player_who_says_its_own_name_introduces_itself(reader: SlotReader) -> None:
    assert read(reader, "hey, im torvik", {}).topic.name == "introduce_self"
    assert read(reader, "am i torvik or not", {}).topic.name != "introduce_self"


def test_words_of_nobody_are_read(reader: SlotReader) -> None:
    think = Think(Npc("n", "Marta", "farmer", None), None, "hey, im torvik", remember=False)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    assert reading.lines


def test_definite_question_that_nothing_answers_is_owned_as_not_known(reader: SlotReader) -> None:
    told = {"rumour": "a bridge troll was seen at Kettle Ford", "near": ["Bram the smith", "Torvik"], **WAYS}
    for line in (
        "how old is Bram?",
        "where was Bram born",
        "which way is the harbour",
        "how many people live in this village",
    ):
        reading = read(reader, line, told)
        assert reading.unheld, (line, reading.topic.name)
        assert "known" not in reading.slots.words, line


def test_price_does_not_answer_how_many_there_are(reader: SlotReader) -> None:
    told = {"stock": {"bed": 2}, "price": {"bed": 12}}
    assert read(reader, "how many beds are free", told, role="innkeeper").slots.words["known"] == "I have 2 beds left"


def test_use_of_a_thing_means_the_thing_that_is_sold_for_it(reader: SlotReader) -> None:
    told = {"stock": {"ale": 9, "bed": 2}, "price": {"ale": 1, "bed": 12}}
    slots = read(reader, "what does a night cost here", told, role="innkeeper").slots
    assert (slots.words["item"], slots.words["price"]) == ("bed", "12")


def test_age_of_what_belongs_to_the_npc_is_not_made_up(reader: SlotReader) -> None:
    mule = "Marta has a lame mule."
    assert read(reader, "how old is ur mule", {}, persona=mule).unheld
    assert not read(reader, "how old are u", {}, persona=mule).unheld


def test_what_befell_the_npc_and_nobody_told_is_owned_as_not_known(reader: SlotReader) -> None:
    for line in ("who gave u the slingshot", "how much rent do u pay for the farm", "who pushed u in"):
        assert read(reader, line, {}).unheld, line
    assert "known" in read(reader, "who taught you to bake", {}, persona="Was taught by a nun.").slots.words


def test_trade_that_knows_much_owns_what_nobody_told_it(reader: SlotReader) -> None:
    lines = read(reader, "what does Bram earn?", {"near": ["Bram the guard"]}, role="scholar").lines
    assert lines
    assert owned(lines) == list(lines)


NEAR = {"near": ["Pell the smith", "Joris the elder"]}
QUEST = {"need": {"wolf pelt": 4}, "reward": 25}


@pytest.mark.parametrize(
    ("line", "told", "answer"),
    [
        ("how much milk is left?", {"stock": {"milk": 9}, "price": {"milk": 2}}, "I have 9 milk left"),
        ("can i make money with wolves?", QUEST, "I pay 25 coins for 4 wolf pelts"),
        ("and what do i get for the pelts", QUEST, "I pay 25 coins for 4 wolf pelts"),
        ("who's the old guy over there", NEAR, "Joris the elder is over there"),
        ("whos that", NEAR, "Pell the smith and Joris the elder are over there"),
        ("who is a smith here", NEAR, "Pell the smith is over there"),
    ],
)
def test_value_of_the_game_is_told_outright(reader: SlotReader, line: str, told: dict[str, Any], answer: str) -> None:
    assert read(reader, line, told).slots.words["known"] == answer


def test_what_costs_something_elsewhere_is_told_from_what_is_known(reader: SlotReader) -> None:
    toll = "Crossing the bridge costs two coins."
    assert "two coins" in read(reader, "what does crossing the bridge cost", {}, persona=toll).slots.words["known"]
