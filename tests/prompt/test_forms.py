"""The form of a line, which answers where nobody is sure what it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthling.data import load
from llm_agentd.bench.mind.scoring import NOT_KNOWN
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader, unheld
from llm_agentd.prompt.meaning.forms import NAMES, PREFIX, form_of
from llm_agentd.roles import Roles
from llm_agentd.topics import UNCLEAR, Meaning, open_topics, topics_path
from llm_agentd.types import Npc, Think


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("have you ever thrown somebody into the pond", "ever"),
        ("u ever catch a boot", "ever"),
        ("would u lie to save a friend", "would_you"),
        ("ok but what if we put the pigs in the church", "would_if"),
        ("can you make something for a very small hand", "request"),
        ("what did i call my horse", "of_player"),
        ("do u know where i was born", "of_player"),
        ("how do i get up there", "how_to"),
        ("do you think it'll hold", "think"),
        ("wanna see my scar", "offers"),
        ("hm should i tell her", "should_i"),
        ("why do they paint it blue", "why"),
        ("ur so lucky", "of_you"),
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
        ("je ne sais pas du tout", ""),
        ("", ""),
    ],
)
def test_form_is_read_from_how_a_line_is_worded(line: str, form: str) -> None:
    assert form_of(line, {"riders", "from", "the", "east"}) == (PREFIX + form if form else "")


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
