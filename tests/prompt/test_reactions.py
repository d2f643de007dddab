"""What takes up the NPC's last words, which the classifier does not see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthling.data import load
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.meaning.forms.reactions import NAMES, advice, answers, echoed, reaction, remark
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.roles import Roles
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Npc, Think, Turn

SAID = "My brother moved a boundary stone. That was twenty years ago, and I keep the old one under my bed."


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("20 years over a ROCK?", "react_echo"),
        ("a stone??", "react_echo"),
        ("thats actually sad", "then_sorry"),
        ("thats not sad at all", "react_gainsays"),
        ("poor you", "then_sorry"),
        ("aww thats cute", "then_wow"),
        ("wait u keep it?", "react_you_did"),
        ("so you stole it back?", "react_you_did"),
        ("so do you sell stones?", ""),
        ("why the bed tho", "react_why_so"),
        ("why is bread so dear here", ""),
        ("how can someone be mad for so long", "react_how"),
        ("how do i get to the mill", ""),
        ("why would he do that", "about_why_did_they"),
        ("what kind of stone", "about_which_one"),
        ("what kind of swords do you have", ""),
        ("is he still alive", "about_still_alive"),
        ("did he ever say sorry", "react_did_they"),
        ("and then?", "react_what_then"),
        ("did u try to move it back", "react_did_you"),
        ("are u gonna forgive him", "react_will_you"),
        ("what did he say", "react_what_they"),
        ("just give it back lol", "react_advice"),
        ("dont do it", "react_dissuades"),
        ("i would of hit him", "react_i_would"),
        ("i would like to buy a stone", ""),
        ("good for you", "react_glad"),
        ("its just a stone", "react_gainsays"),
        ("stones are just dirt", "react_gainsays"),
        ("i saw the stone just now", ""),
        ("was it a big stone", "react_guess"),
        ("who did u tell", "then_who"),
        ("who sells stones", ""),
        ("20 years haha what did he say", "react_what_they"),
        ("ur making that up", "not_believe_you"),
        ("lol same", "then_and_you_too"),
        ("why only a stone", "react_why_so"),
        ("whats his name", "react_its_name"),
        ("what did i even do", "react_what_did_i"),
        ("is the stone ok", "react_are_they_well"),
        ("was it a nice stone", "react_was_it_good"),
        ("what was under the bed", "react_what_in"),
        ("what was in the sea", ""),
        ("and did you", "react_did_you"),
        ("maybe the stone moved by itself", "react_guess"),
        ("i could carry it back for you", "react_offers"),
        ("want me to talk to him?", "react_offers"),
        ("i can carry ten stones", ""),
        ("read it to me", "react_lets_hear"),
        ("id love to hear that", "react_lets_hear"),
        ("say sorry to him", "react_advice"),
        ("i wont tell anyone", "about_excuses"),
        ("he sounds like a jerk", "react_blames_other"),
        ("he has a point tbh", "react_sides_with_other"),
        ("my uncle did that once", "react_own_tale"),
        ("i have a brother too", "react_own_tale"),
        ("i want a stone too", ""),
        ("i wouldve done the same", "react_would_do_the_same"),
        ("i would have hit him", "react_i_would"),
        ("you should do it again", "react_advice"),
        ("tell your brother", "react_advice"),
        ("spy on him through the window", "react_advice"),
        ("show me the stone", "about_let_me_see"),
        ("show me what you have", ""),
        ("why, whats in there", "react_what_in"),
        ("id be mad too", "react_would_do_the_same"),
        ("poor guy", "react_pities_other"),
        ("i feel bad for him", "react_pities_other"),
        ("i feel bad for you", "then_sorry"),
        ("sounds like my sister", "react_own_tale"),
        ("is it heavy", "react_did_they"),
        ("is it raining", ""),
        ("put it somewhere else", "react_advice"),
        ("how did it end", "react_what_then"),
        ("what happens if i move it", ""),
        ("what was the wedding like", "about_what_is_there"),
        ("whats ur brothers name", "react_its_name"),
        ("its probably just a rock", "react_guess"),
        ("does it even work", "react_did_they"),
        ("does your brother know", "react_did_they"),
        ("i can be ur new brother", "react_offers"),
        ("ok we dont have to talk about it", "react_spares"),
        ("thats not ok", "then_sorry"),
        ("twenty years omg", "react_echo"),
        ("thats sad. and then?", "react_what_then"),
        ("where is the smith", ""),
        ("hello", ""),
    ],
)
def test_way_in_which_a_line_takes_up_the_last_words(line: str, topic: str) -> None:
    assert reaction(line, SAID) == topic
    assert reaction(line, "") == ""


@pytest.mark.parametrize(
    ("line", "said", "words"),
    [
        ("20 years over a ROCK?", SAID, "twenty years"),
        ("a stone??", SAID, "a boundary stone"),
        ("40 kids??", "Forty, at last count.", "Forty"),
        ("BOTH??", "I like both of them.", "both"),
        ("one vote??", "By vote, same as anyone.", ""),
        ("a dragon??", SAID, ""),
    ],
)
def test_words_that_are_said_again_are_the_npcs_own(line: str, said: str, words: str) -> None:
    assert echoed(line, said) == words


def test_answer_to_a_question_and_remark_on_the_same_matter() -> None:
    assert remark("gold, mostly", "And what do you dig for?") == "react_answers"
    assert remark("beds are overrated", SAID) == "react_remark"
    assert remark("trees are green", SAID) == remark("do you sell beds?", SAID) == ""


def test_yes_or_no_answers_what_was_asked() -> None:
    asked = "Have you seen a man with a stone?"
    assert answers("no sorry", asked) == answers("yeah he went north", asked) == "react_answers"
    assert answers("no sorry", SAID) == answers("no, why?", asked) == answers("a man", asked) == ""


def test_order_of_which_nothing_is_for_the_player_is_advice() -> None:
    assert advice("sell the stone", SAID) == "react_advice"
    assert advice("sell me the stone", SAID) == advice("sell it", "") == advice("dance", "What shall I do?") == ""


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read(line: str, said: str) -> None:
    assert reaction(line, said) in NAMES | {""}
    assert echoed(line, said) in said


def test_each_is_a_topic_with_replies_for_anyone() -> None:
    data = load()
    assert data.topics.keys() >= NAMES
    assert all(len(data.scenes[name].replies["anyone"]) >= 5 for name in NAMES)


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, text: str, said: str = SAID, persona: str = "") -> Reading:
    history = (Turn("Odo", said),) if said else ()
    think = Think(Npc("n", "Odo", "farmer", persona), "Torvik", text, remember=False, history=history)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def test_astonishment_is_answered_with_the_words_that_it_says_again(reader: SlotReader) -> None:
    persona = "Has not spoken to his brother in twenty years."
    reading = read(reader, "20 years over a ROCK?", persona=persona)
    assert (reading.topic.name, reading.slots.words) == ("react_echo", {**reading.slots.words, "told": "twenty years"})
    assert all(CHARS["told"] in line for line in reading.lines)
    assert "known" not in reading.slots.words


def test_reaction_is_believed_only_after_words_and_where_no_topic_is_sure(reader: SlotReader) -> None:
    assert read(reader, "just tell her to leave u alone").topic.name == "react_advice"
    assert read(reader, "just tell her to leave u alone", "").topic.name != "react_advice"
    assert read(reader, "im not scared of u").topic.name == "not_afraid_of_you"


def test_topic_of_a_task_cannot_be_meant_where_there_is_none(reader: SlotReader) -> None:
    assert read(reader, "why do you need them", "I sleep on spoons.").topic.name == "react_why_you"


def test_question_that_goes_on_from_the_last_words_is_not_read_in_parts(reader: SlotReader) -> None:
    assert read(reader, "9 days?? what happened", "I was a wife for nine days.").topic.name == "react_what_then"
    assert read(reader, "thats sad. do you have kids?").topic.name == "own_children"
