"""A chat with a model that speaks for NPCs alone: what becomes of its messages."""

from __future__ import annotations

import pytest

from llm_agentd.protocol.schema import InferRecord
from llm_agentd.server.chat_as_think import NAME, ROLE, USER, as_think, is_talk
from llm_agentd.types import Message, Turn

ROLES = ("guard", "smith")


def record(*messages: tuple[str, str], **more: object) -> InferRecord:
    given = {"op": "infer", "id": "1", "moderate": True, **more}
    return InferRecord(messages=tuple(Message(role, text) for role, text in messages), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("system", "name", "role", "persona"),
    [
        ("You are Bram, the smith of Oakford. You drink.", "Bram", "smith", "You are the smith of Oakford. You drink."),
        ("You are Ida. A guard at the gate.", "Ida", "guard", "A guard at the gate."),
        ("Be kind.\nYour name is Ida.", "Ida", ROLE, "Be kind."),
        ("You are a guard.", NAME, "guard", "You are a guard."),
        ("You are Bram", "Bram", ROLE, f"A {ROLE}."),
        ("you're helpful", NAME, ROLE, "you're helpful"),
    ],
)
def test_system_message_names_the_npc_and_its_trade(system: str, name: str, role: str, persona: str) -> None:
    think = as_think(record(("system", system), ("user", "Hello")), ROLES)
    assert (think.npc.name, think.npc.role, think.draft) == (name, role, {"title": f"the {role}", "persona": persona})
    assert (think.utterance, think.player, think.remember) == ("Hello", USER, False)


def test_what_was_said_before_is_the_history_and_options_are_kept() -> None:
    chat = record(("user", "Tired?"), ("assistant", "Yes,\nvery."), ("user", "Why?"), seed=4, stop=["."], stream=True)
    think = as_think(chat, ROLES)
    assert think.history == (Turn(USER, "Tired?"), Turn(NAME, "Yes, very."))
    assert (think.utterance, think.seed, think.stop, think.stream) == ("Why?", 4, ["."], True)


def test_persona_of_any_length_is_taken() -> None:
    think = as_think(record(("system", "word " * 5000), ("user", "Hello")), ROLES)
    assert think.draft is not None
    assert len(think.draft["persona"]) <= 2000


def test_what_is_no_talk_is_left_to_the_model() -> None:
    said = ("user", "Hello")
    assert is_talk(record(said))
    assert not is_talk(record(said, moderate=False))
    assert not is_talk(record(said, json_schema={"type": "object"}))
    assert not is_talk(record(said, grammar='root ::= "a"'))
    assert not is_talk(record(said, ("assistant", "Good")))
    assert not is_talk(InferRecord(op="infer", id="1", prompt="Hello", moderate=True))
