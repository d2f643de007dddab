"""The form of a line, which answers where nobody is sure what it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthling.data import load
from llm_agentd.bench.mind.scoring import NOT_KNOWN
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.meaning.forms.forms import NAMES, PREFIX, form_of
from llm_agentd.prompt.meaning.known import unheld
from llm_agentd.prompt.meaning.rule_topics import JOKE
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.roles import Roles
from llm_agentd.topics import UNCLEAR, Meaning, open_topics, topics_path
from llm_agentd.types import Npc, Think, Turn


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("have you ever thrown somebody into the pond", "ever"),
        ("u ever catch a boot", "ever"),
        ("would u lie to save a friend", "would_you"),
        ("ok but what if we put the pigs in the church", "what_if"),
        ("what if you woke up as a goose", "would_if"),
        ("can you make something for a very small hand", "request"),
        ("what did i call my horse", "of_player"),
        ("do u know where i was born", "of_player"),
        ("how do i get up there", "how_to"),
        ("do you think it'll hold", "think"),
        ("wanna see my scar", "offers"),
        ("hm should i tell her", "should_i"),
        ("why do they paint it blue", "why"),
        ("ur so lucky", "of_you"),
        ("i came in first at the race!! thats the best", "deed"),
        ("nice barn. would be a shame if it burned down", "threatens"),
        ("your helmet has a dent in it", "your_thing"),
        ("my uncle had a farm like this", "of_kin"),
        ("my brother broke his leg", "mishap"),
        ("i burned down my house. creeper. dont ask", "mishap"),
        ("they say you can talk to owls", "hearsay"),
        ("there's blood on the door", "there_is"),
        ("what a mess", "exclaims"),
        ("it's fine, isn't it?", "tag"),
        ("We rowed all night. Is there a place to dry a sail?", "is_there"),
        ("yikes", "brief"),
        ("riders from the east", "remark"),
        ("thats MY lantern", "claims"),
        ("thats my brother over there", "around"),
        ("i ate ur porridge", "confesses"),
        ("sorry im so late", "apologises"),
        ("sorry to hear about ur goat", "comforts"),
        ("it wasnt me i swear", "denies"),
        ("u dont scare me", "you_not"),
        ("its 1999 the dinosaurs are long dead", "doubts"),
        ("its just a pond its not that deep", "shrugs"),
        ("no way u swam that", "amazed"),
        ("eww why is it furry", "disgusted"),
        ("nice boots", "praises_it"),
        ("what a good friend u are", "praises_you"),
        ("the cake u made was amazing", "praises_it"),
        ("the rope u sold me snapped", "reproaches"),
        ("u promised me a ride", "reproaches"),
        ("ur an idiot", "taunts"),
        ("ur ugly hat", "your_thing"),
        ("ur losing it", "of_you"),
        ("your soup is terrible", "blames"),
        ("cats are smarter than dogs", "compares"),
        ("im the fastest runner ever", "boasts"),
        ("bet u cant climb that", "dares"),
        ("lemme in its cold", "let_me"),
        ("lets climb that tower", "invites"),
        ("ill burn ur barn down", "threatens"),
        ("open the gate or else", "threatens"),
        ("ill bring u some wood", "promises"),
        ("ill give u 5 gold for that", "deals"),
        ("here i brought u some boots", "gives"),
        ("theres a wolf behind u", "warns"),
        ("*juggles three eggs*", "emotes"),
        ("im so happy today", "rejoices"),
        ("im so bored", "feels"),
        ("i dont like peas", "taste"),
        ("i dont have any rope", "lacks"),
        ("i fell off the roof", "hurt"),
        ("your aunt is a pirate", "your_kin"),
        ("where do u keep ur socks", "where_you"),
        ("when did u last wash", "when_you"),
        ("who taught u that", "who_you"),
        ("how u gonna get down", "how_you"),
        ("u sleep standing up?", "do_you"),
        ("whats behind the curtain", "what_in"),
        ("did it hatch yet", "was_it"),
        ("why dont u just leave", "why_not"),
        ("red or blue", "either_or"),
        ("the tower is gonna fall one day", "predicts"),
        ("kick him out", "orders"),
        ("je ne sais pas du tout", ""),
        ("what a je ne sais pas du tout", ""),  # also where it begins like English
        ("", ""),
    ],
)
def test_form_is_read_from_how_a_line_is_worded(line: str, form: str) -> None:
    foreign = {"je", "ne", "sais", "pas", "du", "tout"}
    assert form_of(line, lambda word: word not in foreign) == (PREFIX + form if form else "")


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("my head hurts from the noise u got something", "remedy"),  # what is asked behind it, without a mark
        ("this scarf is so soft did u knit it", "did_you"),
        ("i dont have a ticket can i come in", "may_i"),
        ("that is my rope. where did u get it", "where_you"),
        ("we walked all day. thats mine btw", "claims"),  # what is done before what is told
        ("four of them. i broke one sorry", "confesses"),
        ("idk maybe. my school has a pool", "my_thing"),  # what says something before what says next to nothing
        ("*whispers* where do u hide it", "where_you"),
        ("if they paint u blue are u still a wolf", "would_if"),
    ],
)
def test_of_several_sentences_the_one_that_wants_an_answer_is_read(line: str, form: str) -> None:
    assert form_of(line) == PREFIX + form


@given(st.text(max_size=200))
def test_any_text_has_a_form_or_none(text: str) -> None:
    assert form_of(text) in NAMES | {""}


def test_each_form_is_a_topic_with_lines_for_anyone() -> None:
    data = load()
    assert {name for name in data.topics if name.startswith(PREFIX)} == NAMES
    assert all(len(data.scenes[name].replies["anyone"]) >= 3 for name in NAMES)


@pytest.mark.parametrize("form", ["who", "where", "when", "how_many", "how_long", "of_player"])
def test_what_the_game_did_not_tell_is_not_known(form: str) -> None:
    replies = load().scenes[PREFIX + form].replies["anyone"]
    assert all(NOT_KNOWN.search(reply) for reply in replies if "{other}" not in reply.lower())


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, said: str, persona: str | None = None) -> Reading:
    think = Think(Npc("n", "Marta", "innkeeper", persona), "Torvik", said, remember=False)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


@pytest.fixture
def unsure(reader: SlotReader, monkeypatch: pytest.MonkeyPatch) -> SlotReader:
    """Whatever is said, each topic is as unlikely as the next."""
    topics = open_topics(topics_path(EMBEDDED_MODEL))
    meaning = Meaning((("way", 0.1), ("thanks", 0.1)))
    monkeypatch.setattr(topics, "classify", lambda text: meaning)
    return reader


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("would the goose marry a candlestick?", "will_it"),
        ("my cousin juggles anvils for the duke of turnips", "of_kin"),
        ("should i paint the ladder purple before the eclipse", "should_i"),
    ],
)
def test_line_that_no_topic_knows_is_answered_by_its_form(unsure: SlotReader, line: str, form: str) -> None:
    reading = read(unsure, line)
    assert reading.topic.name == PREFIX + form
    assert reading.lines


def test_what_the_player_tells_of_itself_is_said_back(unsure: SlotReader) -> None:
    reading = read(unsure, "i painted the ladder purple lol dont tell anyone")
    assert reading.topic.name == PREFIX + "deed"
    assert reading.slots.words["recalled"] == "you painted the ladder purple"
    assert all(CHARS["recalled"] in line for line in reading.lines)
    assert "recalled" not in read(unsure, "i painted the laddre prple").slots.words


def test_what_is_told_beside_a_question_is_said_back_before_the_answer(unsure: SlotReader) -> None:
    reading = read(unsure, "i lost my purple ladder yesterday. should i ask the eclipse?")
    assert reading.topic.name == PREFIX + "should_i"
    assert reading.slots.words["recalled"] == "you lost your purple ladder yesterday"
    assert all(line.startswith(CHARS["recalled"] + "? ") for line in reading.lines)


def test_question_is_asked_again_before_the_answer_but_not_twice_in_a_row(unsure: SlotReader) -> None:
    line = "would the goose marry your sister?"
    reading = read(unsure, line)
    assert reading.slots.words["recalled"] == "would the goose marry my sister"
    assert all(one.startswith(CHARS["recalled"] + "? ") for one in reading.lines)
    before = (Turn("Torvik", "do you sparkle"), Turn("Marta", "Do I sparkle? Some days."))
    think = Think(Npc("n", "Marta", "innkeeper"), "Torvik", line, history=before, remember=False)
    _, later = PromptBuilder(Roles.load()).build_moment(think, unsure)
    assert later
    assert "recalled" not in later.slots.words


def test_order_is_said_again_before_the_answer(unsure: SlotReader) -> None:
    reading = read(unsure, "paint my purple ladder pls")
    assert reading.topic.name == PREFIX + "orders"
    assert reading.slots.words["recalled"] == "paint your purple ladder"
    assert all(line.startswith(CHARS["recalled"] + "? ") for line in reading.lines)


def test_joke_wants_nothing_to_be_known(unsure: SlotReader) -> None:
    reading = read(unsure, "knock knock... WHO IS THERE??")
    assert (reading.topic.name, reading.unheld) == (JOKE, "")


@pytest.mark.parametrize(
    ("line", "is_riddle"),
    [
        ("what did the wall say to the corner? meet u there", True),
        ("what do u call a pig with three eyes? piiig", True),
        ("whats red and smells like blue paint? red paint", True),
        ("how many guards does it take to light a torch", True),
        ("why did the tomato blush? it saw the salad dressing lol", True),
        ("what do you call your dog?", False),
        ("why is the gate shut? it was open yesterday", False),
    ],
)
def test_riddle_wants_no_answer(unsure: SlotReader, line: str, *, is_riddle: bool) -> None:
    persona = "She fears tomatoes. The corner of her wall is red and smells of paint."
    assert (read(unsure, line, persona).topic.name == "player_tells_joke") is is_riddle


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("sorry my english is bad. you wash clothes here? i need a bath", "I wash clothes here"),
        ("i need a bath. do you wash clothes here?", "you need a bath"),
    ],
)
def test_what_comes_first_is_said_back(unsure: SlotReader, line: str, told: str) -> None:
    assert read(unsure, line).slots.words["recalled"] == told


def test_what_the_npc_knows_comes_before_the_form(unsure: SlotReader) -> None:
    reading = read(unsure, "does your goose have a candlestick", "Her goose stole a silver candlestick.")
    assert not reading.topic.name.startswith(PREFIX)
    assert "candlestick" in reading.slots.words["known"]


def test_words_without_form_or_topic_are_not_understood(unsure: SlotReader) -> None:
    assert read(unsure, "qué bonito día hace hoy").topic.name == UNCLEAR


def test_sure_topic_comes_before_the_form(reader: SlotReader) -> None:
    assert read(reader, "what time is it").topic.name == "time"


def test_what_the_player_asks_of_itself_is_looked_for_in_memory(unsure: SlotReader) -> None:
    line = "what did i name my goat"
    told = {"memory": ["Torvik said: I named my goat Pickles"]}
    think = Think(Npc("n", "Marta", "innkeeper", None), "Torvik", line, remember=False, context=told)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, unsure)
    assert reading
    assert "Pickles" in reading.slots.words["recalled"]
    assert read(unsure, line).topic.name == PREFIX + "of_player"


def test_priest_is_no_superlative() -> None:
    assert form_of("what is the priest's dog called") != "form_superlative"
    assert form_of("what is the biggest dog here") == "form_superlative"


@pytest.mark.parametrize(
    ("line", "is_definite"),
    [
        ("when is the best time to fish?", False),
        ("when does winter come", False),
        ("which way is north", False),
        ("how do you know when the iron is hot enough", False),
        ("when does the market open", True),
        ("when does the king come", True),
    ],
)
def test_what_everybody_knows_needs_nobody_to_tell_it(line: str, is_definite: bool) -> None:
    assert bool(unheld.form_asked(line)) is is_definite
