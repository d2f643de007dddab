"""What a think means for a model that is told topics: values of placeholders, what may be done, what answers."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt import actions
from llm_agentd.prompt.builder import PromptBuilder, slot_format
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.meaning.forms import forms
from llm_agentd.prompt.meaning.known import frames, openings, unheld
from llm_agentd.prompt.meaning.known.relevance import ASKED_FOR_DEEDS, Relevance
from llm_agentd.prompt.meaning.rule_topics import RECALL
from llm_agentd.prompt.placeholders import CHARS, readable
from llm_agentd.roles import Roles
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Action, Npc, Sampling, Think, Turn

FOLLOW = Action("follow", "", {"properties": {"target": {"type": "string", "enum": ["Torvik", "Ana"]}}})
GO_TO = Action("go_to", "", {"properties": {"place": {"type": "string", "enum": ["home", "old mill"]}}})
RING_BELL = Action("ring_bell", "rings the bell", {})
OFFER = Action(
    "offer_trade",
    "",
    {
        "properties": {
            "item": {"type": "string", "enum": ["apple", "bread"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "price": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "required": ["item", "count", "price"],
    },
)
STALL: dict[str, Any] = {"stock": {"apple": 5, "bread": 3}, "price": {"apple": 2, "bread": 4}}


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, said: str | None, **fields: Any) -> Reading:
    persona = fields.pop("persona", None)
    think = Think(Npc("n", "Marta", "innkeeper", persona), "Torvik", said, remember=False, **fields)
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def test_price_is_that_of_the_thing_that_was_meant(reader: SlotReader) -> None:
    slots = read(reader, "how much is teh braed?", context=STALL).slots
    assert (slots.words["item"], slots.words["price"], slots.params["price"]) == ("bread", "4", 4)


def test_thing_that_nobody_sells_has_no_price(reader: SlotReader) -> None:
    words = read(reader, "How much is a dragon egg?", context=STALL).slots.words
    assert "dragon egg" in words["item"]
    assert "price" not in words


def test_way_is_that_to_the_place_that_was_asked_for(reader: SlotReader) -> None:
    ways = {"way": {"mill": "north past the well", "inn": "over the bridge"}}
    reading = read(reader, "wheres the mil pls", context=ways)
    assert reading.topic.name == "way"
    assert (reading.slots.words["target"], reading.slots.words["way"]) == ("the mill", "north past the well")


def test_haggling_meets_half_way_and_takes_the_price(reader: SlotReader) -> None:
    low = read(reader, "would you take 1 for the bread?", context=STALL)
    assert (low.slots.words["offer"], low.slots.words["counter"]) == ("1", "3")
    assert "fair" not in low.signs
    assert "fair" in read(reader, "I give you 4 coins for the bread", context=STALL).signs


def test_persona_answers_in_the_npcs_own_voice(reader: SlotReader) -> None:
    reading = read(reader, "what are u afraid of", persona="Lost a brother in the war. Afraid of spiders.")
    assert reading.slots.words["known"] == "I am afraid of spiders"


@pytest.mark.parametrize("said", ["Can I pet your dog?", "could you teach me how to fish with a dog"])
def test_who_asks_for_leave_or_a_favour_is_not_told_what_the_npc_is_like(reader: SlotReader, said: str) -> None:
    persona = "Lives alone at the edge of the forest with her dog Ash. Taught her dog to fish."
    assert "known" not in read(reader, said, persona=persona).slots.words
    assert "dog" in read(reader, "where do you live?", persona=persona).slots.words["known"]


def test_fact_of_a_mod_answers(reader: SlotReader) -> None:
    reading = read(reader, "When is the harvest festival?", context={"harvest festival": "tomorrow at the lake"})
    assert reading.slots.words["known"] == "the harvest festival is tomorrow at the lake"


def test_nothing_is_known_where_nothing_answers(reader: SlotReader) -> None:
    assert "known" not in read(reader, "Hello!", persona="Lost a brother in the war.").slots.words


def test_only_actions_that_fit_what_was_said_are_offered_to_the_model(reader: SlotReader) -> None:
    offered = (FOLLOW, GO_TO, OFFER, RING_BELL)
    for said, wanted in (
        ("come with me", ["follow"]),
        ("go to the old mill", ["go_to"]),
        ("please ring the bell", ["ring_bell"]),
        ("how are you?", []),
        ("go to the moon", []),
    ):
        reading = read(reader, said, actions=offered, context=STALL)
        assert [action.name for action in reading.actions] == wanted, said


def test_order_to_attack_is_about_whom_it_names_and_not_about_who_else_is_told(reader: SlotReader) -> None:
    names = ["Hugo", "Rolf", "Torvik", "wolf"]
    attack = Action("attack", "", {"properties": {"target": {"type": "string", "enum": names}}})
    follow = Action("follow", "", {"properties": {"target": {"type": "string", "enum": names}}})
    near = {"near": ["Hugo the hunter", "Rolf the bandit"]}

    def done(said: str, audience: tuple[str, ...] = ()) -> list[tuple[str, object]]:
        reading = read(reader, said, actions=(attack, follow), context=near, audience=audience)
        return [(action.name, reading.slots.params.get("foe")) for action in reading.actions if action.name == "attack"]

    for said in (
        "Marta and Hugo, attack Rolf!",
        "Marta, Hugo: kill that Rolf",
        "Hugo and Marta, please fight rolf with me",
    ):
        assert done(said, ("Hugo",)) == [("attack", "Rolf")], said
    assert done("attack the wolf") == [("attack", "wolf")]
    assert done("attack Hugo!") == [("attack", "Hugo")]
    for said in ("don't attack Rolf", "did you ever fight Rolf?", "I will kill Rolf", "where is Rolf?", "Rolf hit me"):
        assert not done(said), said


def test_who_else_is_told_is_not_whom_one_is_sent_to(reader: SlotReader) -> None:
    go_to = Action("go_to", "", {"properties": {"place": {"type": "string", "enum": ["Bram", "Anna", "mill"]}}})
    near = {"near": ["Anna the farmer", "Bram the smith"]}
    reading = read(reader, "Anna and Marta, go to Bram", actions=(go_to,), context=near, audience=("Anna",))
    assert [action.name for action in reading.actions] == ["go_to"]
    assert reading.slots.params["other"] == "Bram"
    both = read(reader, "Anna and Marta, come with me", actions=(go_to,), context=near, audience=("Anna",))
    assert "other" not in both.slots.params


def test_schema_lists_placeholders_and_the_action_gets_the_games_values(reader: SlotReader) -> None:
    reading = read(reader, "I want to buy 3 apples", actions=(OFFER,), context=STALL)
    _, output = slot_format(reading, Sampling(), {"json_schema"})
    assert output.schema
    choice = output.schema["properties"]["do"]["anyOf"][0]["properties"]
    assert choice["item"] == {"enum": [CHARS["item"]]}
    written = {
        "name": "offer_trade",
        "params": {"item": CHARS["item"], "count": CHARS["want"], "price": CHARS["price"]},
    }
    bound = actions.bind_action(written, output.actions, reading.slots)
    assert bound == {"name": "offer_trade", "params": {"item": "apple", "count": 3, "price": 2}}


def test_value_out_of_bounds_is_never_on_offer(reader: SlotReader) -> None:
    reading = read(reader, "I want to buy 300 apples", actions=(OFFER,), context=STALL)
    _, output = slot_format(reading, Sampling(), {"json_schema"})
    assert output.schema
    assert CHARS["want"] not in str(output.schema)


def prompt(reader: SlotReader, player: str, said: str | None, **fields: Any) -> str:
    think = Think(Npc("n", fields.pop("npc", "Marta"), "innkeeper"), player, said, remember=False, **fields)
    chat, _ = PromptBuilder(Roles.load()).build_moment(think, reader)
    return chat.messages[0].content


def test_players_who_mean_the_same_share_a_prompt(reader: SlotReader) -> None:
    first = prompt(reader, "Torvik", "how much is the bread?", context=STALL)
    second = prompt(
        reader, "xX_ana_Xx", "how much for bread", npc="Old Quill", context={"stock": {"bread": 9}, "price": 7}
    )
    assert first == second
    assert "Torvik" not in first
    assert "⟦price⟧" in readable(first)


def test_bare_question_is_told_what_the_npc_said(reader: SlotReader) -> None:
    history = (Turn("Torvik", "any news?"), Turn("Marta", "Wolves came down last night, Torvik."))
    text = prompt(reader, "Torvik", "why?", history=history)
    assert readable(text).endswith("said: Wolves came down last night, ⟦speaker⟧.")


def test_nobody_speaks_and_somebody_comes_near(reader: SlotReader) -> None:
    assert prompt(reader, "Torvik", None).startswith("approach\n")
    assert prompt(reader, "", None).startswith("mutter\n")


def test_remark_of_an_npc_is_taken_up_and_its_question_answered(reader: SlotReader) -> None:
    remark, question = "The rumour is that something big has torn the nets.", "How much is the bread?"
    context = {"near": ["Torvik the fisher"], **STALL}
    assert read(reader, remark, context=context).topic.name == "banter"
    assert read(reader, remark, context={"near": ["Torvik"]}).topic.name != "banter"
    assert read(reader, question, context=context).topic.name != "banter"


def test_fight_tells_the_enemy_and_who_stands_before_it(reader: SlotReader) -> None:
    facts = {"enemy": ["wolf", "bear"], "allies": ["Bram"], "orders": ["Bram attacks"], "health": "badly hurt"}
    reading = read(reader, None, intent="tactics", context=facts)
    assert reading.topic.name == "tactics"
    assert set(reading.signs) == {"hurt", "fronted"}
    assert reading.slots.words["foe"] == "the wolf"


def test_unknown_role_speaks_as_what_its_title_says() -> None:
    reader = SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))
    draft = {"title": "the village smith", "persona": "Sells nails and mends what is broken."}
    think = Think(Npc("n", "Otto", "tinker"), "Torvik", "Can you mend my sword?", draft=draft)
    prompt, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert prompt.messages[-1].content.split("\n")[1].split()[0] == "smith"
    assert reading
    assert not [line for line in reading.lines if "Take it to the smith" in line]


def test_line_to_avoid_is_left_out_whoever_it_named(reader: SlotReader) -> None:
    context = {"near": ["Bram the guard", "Torvik the smith"]}
    first = read(reader, "The wagons come late.", context=context)
    assert len(first.lines) > 4
    named = [line for line in first.lines if CHARS["speaker"] in line]
    avoid = tuple(line.replace(CHARS["speaker"], "Bram") for line in named)
    again = read(reader, "The wagons come late.", context=context, avoid=avoid)
    assert named
    assert not set(named) & set(again.lines)


def test_who_else_is_called_is_not_what_is_asked_about(reader: SlotReader) -> None:
    context = {"near": ["Hanna the healer"], "memory": ["You heard about otto from hanna"]}
    reading = read(reader, "hanna and marta: who of you is older?", context=context, audience=("Hanna",))
    assert reading.topic.name != RECALL
    assert "recalled" not in reading.slots.words


def test_way_to_where_one_stands_is_no_answer(reader: SlotReader) -> None:
    context = {"near": ["Torvik the smith"], "way": {"Oakford": "right here", "mill": "north past the well"}}
    for said in ("I thought Oakford would be livelier at this hour.", "Where is Oakford?"):
        assert "right here" not in read(reader, said, context=context).slots.words.get("known", ""), said


def test_whole_name_of_somebody_is_no_part_of_a_thing(reader: SlotReader) -> None:
    context = {"near": ["Rolf the bandit"], "need": {"delivery to Rolf": 1}, "reward": 5}
    assert "delivery" not in read(reader, "what do you think about rolf?", context=context).slots.words.get("items", "")


def test_question_of_the_player_is_recalled_only_where_they_ask_for_it() -> None:
    topics = open_topics(topics_path(EMBEDDED_MODEL))
    topic = topics.get(RECALL)
    assert topic
    think = Think(Npc("n", "Viktor", "scholar"), "Torvik", "x")
    remembered = ["Torvik said: did you talk to otto today?"]
    assert Relevance(topics).recalled("who of you is older?", topic, remembered, think) is None
    assert Relevance(topics).recalled("What did I tell you?", topic, remembered, think) is None
    asked = Relevance(topics).recalled("What did I ask you about Otto?", topic, remembered, think)
    assert asked
    assert asked.clause == "you asked me whether I talked to otto today"


def test_case_says_with_which_parameters_something_is_done(reader: SlotReader) -> None:
    reading = read(reader, "2 apples please", actions=(OFFER,), context=STALL)
    sampling, _ = slot_format(reading, Sampling(), {"grammar", "json_schema"})
    assert sampling.json_schema
    (deed,) = sampling.json_schema["properties"]["do"]["anyOf"]
    assert deed["properties"]["count"] == {"enum": [CHARS["want"]]}, "and not one, as where no number is said"


def test_offer_of_help_gets_the_quest(reader: SlotReader) -> None:
    quest = Action("offer_quest", "", {})
    assert read(reader, "anything i can help with?", actions=(quest,)).topic.name == "quest"


def test_who_asks_what_they_did_is_told_it_however_little_it_is_like_the_question() -> None:
    topics = open_topics(topics_path(EMBEDDED_MODEL))
    topic = topics.get(ASKED_FOR_DEEDS)
    assert topic
    asked = "What did I do for you?"
    think = Think(Npc("n", "Hedda", "innkeeper"), "Torvik", asked)
    kept = "Torvik kept the promise to bring 3 brown mushrooms to Hedda and was paid."
    answer = Relevance(topics).recalled(asked, topic, [kept], think)
    assert answer
    assert answer.clause == "you kept the promise to bring 3 brown mushrooms to me and were paid"
    promised = "Torvik promised to bring 3 brown mushrooms to Hedda."
    again = Relevance(topics).recalled(asked, topic, [promised, kept], think)
    assert again == answer, "a promise that was kept is no promise any more"
    assert Relevance(topics).recalled(asked, topic, ["Anna bought 1 steel sword."], think) is None


def test_who_asks_whether_they_are_remembered_is_told_whatever_is(reader: SlotReader) -> None:
    context = {"memory": ["Torvik kept the promise to bring 3 mushrooms to Marta and was paid"]}
    assert "mushrooms" in read(reader, "Marta, do you remember me?", context=context).slots.words["deed"]
    for memory in (context, {}):
        said = held_lines(reader, "Marta, do you remember me?", context=memory)
        assert said
        assert not any("never told" in line for line in said)


def test_deed_is_said_to_the_player_by_whom_it_was_done_for(reader: SlotReader) -> None:
    context = {"memory": ["Torvik kept the promise to bring 3 mushrooms to Marta and was paid"]}
    words = read(reader, None, context=context).slots.words
    assert words["deed"] == "kept the promise to bring 3 mushrooms to me and were paid"


def test_where_one_thing_is_another_is_no_answer(reader: SlotReader) -> None:
    context = {"near": ["Bram the guard", "Piet the farmer"]}
    assert "known" not in read(reader, "where is the priest?", context=context).slots.words
    assert read(reader, "where is the farmer?", context=context).slots.words["known"] == "Piet the farmer is over there"


def test_remark_of_an_npc_is_not_answered_with_what_both_see(reader: SlotReader) -> None:
    context = {"near": ["Torvik the smith"], "weather": "clear"}
    assert "known" not in read(reader, "Clear sky, not a cloud. Enjoy it while it lasts.", context=context).slots.words


def held_lines(reader: SlotReader, said: str, **fields: Any) -> list[str]:
    return [readable(line) for line in read(reader, said, **fields).lines]


@pytest.mark.parametrize(
    "question",
    [
        "how many soldiers does the king have",
        "what is the captain's ship called",
        "who won the tournament last year",
        "do you know when the ship comes in",
        "tell me the name of the king",
    ],
)
def test_definite_thing_that_nobody_told_is_owned_as_not_known(reader: SlotReader, question: str) -> None:
    lines = held_lines(reader, question, context={"place": "Oakford", "time": "noon"})
    assert lines
    assert unheld.owned(lines) == lines


def test_definite_thing_that_was_told_is_said(reader: SlotReader) -> None:
    reading = read(reader, "how many people live here", context={"population": 84})
    assert "84" in reading.slots.words["known"]
    assert not reading.unheld


def test_what_is_asked_of_the_npc_itself_is_still_small_talk(reader: SlotReader) -> None:
    assert not read(reader, "how old are you").unheld


def test_more_of_somebody_near_than_who_they_are_is_not_known(reader: SlotReader) -> None:
    near = {"near": ["Bram the smith"]}
    assert read(reader, "when did bram come here", context=near).unheld
    assert not read(reader, "who is bram", context=near).unheld


def test_what_the_player_never_told_of_their_own_is_not_made_up(reader: SlotReader) -> None:
    told = {"memory": ["Torvik bought an apple"]}
    for question in ("when is my birthday", "what is my dog called", "how old am i"):
        lines = held_lines(reader, question, context=told)
        assert lines
        assert unheld.owned(lines) == lines, question
    assert (
        "Thunder"
        in read(
            reader, "whats my horse called", context={"memory": ["Torvik said: my horse is called Thunder"]}
        ).slots.words["recalled"]
    )


def test_goods_do_not_answer_who_made_them(reader: SlotReader) -> None:
    assert "known" not in read(reader, "who grew these apples", context=STALL).slots.words


def test_thing_that_is_asked_for_is_given_where_nothing_is_for_sale(reader: SlotReader) -> None:
    give = Action(
        "give_item",
        "",
        {
            "properties": {
                "item": {"type": "string", "enum": ["bread", "ale"]},
                "count": {"type": "integer", "minimum": 1, "maximum": 5},
            },
            "required": ["item", "count"],
        },
    )
    for words in ("hand me the bread please", "give me 2 ales"):
        assert [action.name for action in read(reader, words, actions=(give,)).actions] == ["give_item"], words
    assert not read(reader, "don't give me the bread", actions=(give,)).actions


def test_offer_of_help_names_what_is_needed(reader: SlotReader) -> None:
    context = {"need": {"rope": 3}, "reward": 9}
    assert read(reader, "can i help with anything", context=context).topic.name == "quest"


def test_the_part_that_has_what_is_asked_for_is_said_alone(reader: SlotReader) -> None:
    reading = read(reader, "got any of the funny mushrooms?", persona="A hedgehog who deals in mushrooms and advice.")
    assert reading.slots.words["known"] == "I deal in mushrooms and advice"


def test_a_reason_alone_is_said_to_why_alone(reader: SlotReader) -> None:
    persona = "She tells the bees all the village news, because bees that aren't told fly off."
    reading = read(reader, "What did you tell the bees today?", persona=persona)
    assert reading.slots.words["known"].startswith("I tell the bees")


def test_what_is_known_is_opened_by_what_takes_up_the_line(reader: SlotReader) -> None:
    maps = "Sells maps that he has drawn from memory of places he has not been."
    reading = read(reader, "the map u sold me led me into lava i want a refund", persona=maps)
    assert reading.topic.name == "know_owned"
    assert reading.slots.words["known"].startswith("I sell maps")
    assert read(reader, "what kind of maps do you sell", persona=maps).topic.name != "know_owned"


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("ur hand is glowing dude", "know_noticed"),
        ("do you miss the stage?", "know_asked"),
        ("i can teach u", "know_offered"),
        ("i like rats", "know_told"),
        ("some rats please", ""),
        ("any rats?", ""),
        ("what do you do with the rats", ""),
    ],
)
def test_opening_is_chosen_by_the_form_of_the_line(line: str, topic: str) -> None:
    assert openings.topic_with(forms.form_of(line), line) == topic


def test_what_the_player_points_at_is_told_of(reader: SlotReader) -> None:
    persona = "Believes every illness comes from wet feet. Keeps leeches in a jar and each of them has a Latin name."
    assert read(reader, "ew what is in that jar", persona=persona).slots.words["known"].startswith("I keep leeches")
    assert "known" not in read(reader, "ew what is in that bowl", persona=persona).slots.words


def test_a_request_is_declined_with_what_the_npc_cannot_do(reader: SlotReader) -> None:
    persona = "Can make any light but not put one out. Asks riddles instead of toll because he cannot count coins."
    words = read(reader, "turn off the light its so bright", persona=persona).slots.words
    assert words["known"] == "I can make any light but not put one out"
    assert "known" not in read(reader, "ok hit me with a riddle", persona=persona).slots.words


def test_where_only_the_form_is_known_what_is_of_it_answers(reader: SlotReader) -> None:
    persona = "Has a turnip head that must be replaced each winter."
    assert "turnip head" in read(reader, "if they swap ur head are u still u", persona=persona).slots.words["known"]


def test_nobody_speaks_of_their_own_life_as_of_hearsay() -> None:
    lines = ["They whisper about it: X.", "X, as far as I know.", "X. Sweet work, if you don't fear a sting."]
    assert frames.for_clause(lines, "I keep bees") == lines[2:]
    assert frames.for_clause(lines, "the mill burned down") == lines
    assert frames.for_clause([*lines[:2], "X. So much about me and bees."], "my bees are gone") == []


def test_what_is_shown_or_remarked_on_is_told_of(reader: SlotReader) -> None:
    persona = "Is afraid of spoons. His anvil was his grandmother's and rings a little flat."
    assert read(reader, "*holds up a spoon*", persona=persona).slots.words["known"] == "I am afraid of spoons"
    assert "known" not in read(reader, "thank you for the spoons!", persona=persona).slots.words
    assert "anvil" in read(reader, "that anvil looks old", persona=persona).slots.words["known"]


def test_a_thing_is_known_by_what_it_is_made_of(reader: SlotReader) -> None:
    persona = "Keeps a sourdough she calls Bertram, whose starter is older than she is."
    assert "Bertram" in read(reader, "why does ur bread have a name", persona=persona).slots.words["known"]
