"""Intent `gesture`: what is offered, what a reply may hold, and which gesture a model that is told topics chooses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.llama.grammar.follow import Follower
from llm_agentd.engines.llama.grammar.schema_converter import schema_to_grammar
from llm_agentd.prompt import actions, gestures
from llm_agentd.prompt.builder import PromptBuilder, slot_format
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.messages import system_text
from llm_agentd.roles import Roles
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Action, Npc, Sampling, Think

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "gestures.json").read_text())
MARTA = Npc("n", "Marta", "innkeeper")
EMOTE = gestures.with_actions(Think(MARTA, intent="gesture")).actions[0]
HAIL = {"frames": [{"at": 0.5, "joints": {"Head": [-20, 0, 0], "Arm_Left": [0, 0, 90]}}], "times": 2}


def reply_with(**gesture: Any) -> str:
    return json.dumps({"say": "Like this!", "do": {"action": "gesture", **gesture}}, separators=(",", ":"))


def test_schema_is_the_one_that_the_mod_has() -> None:
    assert gestures.form_schema() == VECTORS["schema"]
    assert set(gestures.JOINTS) == set(VECTORS["joints"])


def test_think_without_actions_is_offered_both_ways_to_make_a_gesture() -> None:
    think = Think(MARTA, "Ana", "Be a bird!", intent="gesture")
    assert [action.name for action in gestures.with_actions(think).actions] == ["emote", "gesture"]
    assert gestures.with_actions(think).actions[0].params["properties"]["kind"]["enum"] == list(gestures.KINDS)
    bell = Think(MARTA, "Ana", "Be a bird!", intent="gesture", actions=(Action("ring_bell"),))
    assert gestures.with_actions(bell) is bell
    talk = Think(MARTA, "Ana", "Be a bird!")
    assert gestures.with_actions(talk) is talk


def test_prompt_says_what_the_joints_are_only_where_a_gesture_may_be_made_up() -> None:
    role = Roles.load().get("innkeeper")
    think = gestures.with_actions(Think(MARTA, "Ana", "Be a bird!", intent="gesture"))
    assert gestures.GUIDE in system_text(think, role)
    assert gestures.GUIDE not in system_text(Think(MARTA, "Ana", "Wave!", actions=(EMOTE,)), role)


@pytest.mark.parametrize(
    ("changed", "is_taken"),
    [
        ({}, True),
        ({"times": 6}, False),
        ({"frames": []}, False),
        ({"frames": [{"at": 9, "joints": {"Head": [0, 0, 0]}}]}, False),
        ({"frames": [{"at": 1, "joints": {}}]}, False),
        ({"frames": [{"at": 1, "joints": {"Tail": [0, 0, 0]}}]}, False),
        ({"frames": [{"at": 1, "joints": {"Head": [0, 0]}}]}, False),
        ({"frames": [{"at": 1, "joints": {"Head": [0, 181, 0]}}]}, False),
        ({"frames": [{"at": 1, "joints": {"Head": [0, 0.5, 0]}}]}, False),
    ],
)
def test_gesture_is_taken_only_where_it_fits_the_form(changed: dict[str, Any], is_taken: bool) -> None:
    offered = actions.bounded(gestures.with_actions(Think(MARTA, intent="gesture")).actions)
    text = reply_with(**{**HAIL, **changed})
    taken = actions.parse_action(text, offered)
    assert taken == ({"name": "gesture", "params": {**HAIL, **changed}} if is_taken else None)


@pytest.mark.parametrize(
    ("changed", "may_be_written"),
    [
        ({}, True),
        ({"frames": [{"at": 1, "joints": {"Arm_Left": [0, 0, 90]}}]}, True),  # not each joint in each frame
        ({"frames": [{"at": 1, "joints": {"Tail": [0, 0, 0]}}]}, False),
        ({"frames": [{"at": 1, "joints": {"Head": [0, 181, 0]}}]}, False),
        ({"frames": [{"joints": {"Head": [0, 0, 0]}, "at": 1}]}, False),
        ({"frames": [{"at": 1, "joints": {"Head": [0, 0, 0, 0]}}]}, False),
        ({"times": 7}, False),
    ],
)
def test_grammar_lets_a_model_write_the_form_and_nothing_else(changed: dict[str, Any], may_be_written: bool) -> None:
    offered = actions.bounded(gestures.with_actions(Think(MARTA, intent="gesture")).actions)
    follower = Follower(schema_to_grammar(actions.reply_schema(offered, 40)))
    assert follower.is_sure
    text = reply_with(**{**HAIL, **changed}).encode()
    for at in range(len(text)):
        if not follower.fits(text[at : at + 1], ends=False):
            assert not may_be_written, text[: at + 1]
            return
        follower.accept(text[at : at + 1])
    assert may_be_written
    assert follower.fits(b"", ends=True)


# -- a model that is told topics ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader() -> SlotReader:
    return SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))


def read(reader: SlotReader, said: str | None, **fields: Any) -> Reading:
    think = gestures.with_actions(Think(MARTA, "Torvik", said, remember=False, **fields))
    _, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    return reading


def chosen(reading: Reading) -> str:
    """The one kind that the reply's form leaves, or ""."""
    if not reading.actions:
        return ""
    schema = slot_format(reading, Sampling(), {"json_schema"})[1].schema
    assert schema
    kinds = {
        kind
        for deed in schema["properties"]["do"]["anyOf"]
        for kind in deed["properties"].get("kind", {}).get("enum", ())
    }
    assert len(kinds) == 1
    return str(kinds.pop())


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("shake your head", "shake"),
        ("Marta, shake your head please", "shake"),
        ("beckon me over", "beckon"),
        ("wave me over", "beckon"),
        ("count to three", "count"),
        ("can you count to three please", "count"),
        ("think about it", "think"),
        ("Marta, please think it over", "think"),
        ("scratch your head", "think"),
        ("bow to me", "bow"),
        ("nod", "nod"),
        ("dance for us", "dance"),
        ("don't shake your head", ""),
        ("why do you shake your head?", ""),
        ("I count to three", ""),
        ("what do you think about it?", ""),
        ("ill think about it", ""),
        ("Let me think it over.", ""),
        ("don't count on it", ""),
        ("I don't think so", ""),
        ("how are you?", ""),
    ],
)
def test_plain_words_order_a_gesture_and_others_do_not(reader: SlotReader, said: str, kind: str) -> None:
    reading = read(reader, said, actions=(EMOTE,))
    assert chosen(reading) == kind
    assert not kind or reading.lines


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (None, {"wave"}),
        ("show me how sad you are", {"cry"}),
        ("yes or no?", {"nod"}),
        ("i told you a joke", {"laugh"}),
        ("where is the mill", {"point"}),
        ("thank your king", {"bow"}),
        ("shake your head", {"shake"}),
        ("be a bird", set(gestures.KINDS)),
    ],
)
def test_with_intent_gesture_each_line_is_answered_by_a_sensible_one(
    reader: SlotReader, said: str | None, kinds: set[str]
) -> None:
    assert chosen(read(reader, said, intent="gesture")) in kinds


def test_intent_gesture_does_not_push_other_orders_aside(reader: SlotReader) -> None:
    follow = Action("follow", "", {"properties": {"target": {"type": "string", "enum": ["Torvik"]}}})
    reading = read(reader, "follow me", intent="gesture", actions=(EMOTE, follow))
    assert [action.name for action in reading.actions] == ["follow"]
