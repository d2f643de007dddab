"""Records checked by the models: what passes, what Lua may write, what is refused and how the message names it."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.errors import BadRequest, TooLarge
from llm_agentd.protocol import schema
from llm_agentd.types import Action, Npc, Sampling, Think, Turn

NPC = {"id": "1", "name": "Mira", "role": "healer"}


def checked(op: str, **fields: Any) -> Any:
    return schema.validate(schema.RECORDS[op], {"op": op, "id": "x", **fields})


def test_checked_think_is_the_think_that_prompts_are_built_from() -> None:
    record = checked(
        "think",
        npc=NPC,
        player="Ana",
        actions=[{"name": "wave"}],
        history=[{"speaker": "Ana", "text": "Hello"}],
        stream=True,
    )
    assert isinstance(record, schema.ThinkRecord)
    assert issubclass(schema.ThinkRecord, Think)
    assert record.npc == Npc("1", "Mira", "healer")
    assert record.actions == (Action("wave"),)
    assert record.history == (Turn("Ana", "Hello"),)
    assert record.stream


def test_options_that_are_left_out_come_from_the_defaults() -> None:
    sampling = checked("infer", prompt="x", top_k=3, stop="end").sampling(Sampling(max_tokens=9, temperature=0.1))
    assert sampling == Sampling(max_tokens=9, temperature=0.1, top_k=3, stop=("end",))


@pytest.mark.parametrize("field", ["actions", "audience", "avoid", "history"])
@pytest.mark.parametrize("empty", [None, [], {}])
def test_empty_list_of_lua_is_accepted(field: str, empty: object) -> None:
    assert getattr(checked("think", npc=NPC, **{field: empty}), field) == ()


@pytest.mark.parametrize("empty", [None, [], {}])
def test_empty_map_of_lua_is_accepted(empty: object) -> None:
    assert checked("think", npc=NPC, context=empty).context == {}


def test_draft_null_is_none_and_draft_empty_list_is_an_empty_role() -> None:
    assert checked("think", npc=NPC, draft=None).draft is None
    assert checked("think", npc=NPC, draft=[]).draft == {}


def test_whole_float_is_an_integer() -> None:
    assert checked("infer", prompt="x", max_tokens=16.0, seed=3.0).max_tokens == 16


@pytest.mark.parametrize(
    ("op", "fields", "message"),
    [
        ("infer", {}, "prompt, messages: give exactly one of them, and not empty"),
        ("infer", {"prompt": "x", "messages": [{"role": "user", "content": "x"}]}, "prompt, messages: give exactly"),
        ("infer", {"messages": []}, "messages: List should have at least 1 item"),
        ("infer", {"prompt": "x", "max_tokens": 1.5}, "max_tokens: Input should be a valid integer"),
        ("infer", {"prompt": "x", "max_tokens": True}, "max_tokens: want a whole number"),
        ("infer", {"prompt": "x", "temperature": "1"}, "temperature: want a number"),
        ("infer", {"prompt": "x", "top_p": 0}, "top_p: Input should be greater than 0"),
        ("infer", {"prompt": "x", "stop": [""]}, "stop.0: String should have at least 1 character"),
        ("infer", {"prompt": "x", "grammar": "a", "json_schema": {}}, "grammar and json_schema: give one of them"),
        ("think", {"npc": "Mira"}, "npc: want a JSON object"),
        ("think", {"npc": {"id": "1", "role": "healer"}}, "npc.name: missing"),
        ("think", {"npc": NPC, "actions": [{"name": "Wave"}]}, "actions.0.name: String should match pattern"),
        ("think", {"npc": NPC, "actions": [{"name": "wave", "parms": {}}]}, "actions.0.parms: unknown field"),
        ("think", {"npc": NPC, "audience": "Ana"}, "audience: Input should be a valid list"),
        ("think", {"npc": NPC, "advoid": []}, "advoid: unknown field, did you mean 'avoid'?"),
        ("forget", {}, "npc, player: name one of them, or set all: true"),
        ("remember", {"lines": []}, "lines: List should have at least 1 item"),
        ("memories", {"limit": 201}, "limit: Input should be less than or equal to 200"),
        ("set_role", {"name": "witch"}, "role: missing"),
        ("ping", {"prompt": "x"}, "prompt: unknown field"),
    ],
)
def test_wrong_field_is_refused_by_name(op: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        checked(op, **fields)
    assert refused.value.message.startswith(message)


def test_every_op_has_a_description_for_openapi() -> None:
    for model in schema.RECORDS.values():
        properties = schema.adapter(model).json_schema()["properties"]
        assert set(properties) == schema.field_names(model)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"utterance": "x" * 2001}, "utterance: 2001 bytes; the limit is 2000"),
        ({"utterance": "é" * 1001}, "utterance: 2002 bytes; the limit is 2000"),
        ({"player": "x" * 129}, "player: String should have at most 128 characters"),
        ({"npc": {**NPC, "name": "x" * 129}}, "npc.name: String should have at most 128 characters"),
        ({"audience": ["x" * 129]}, "audience.0: String should have at most 128 characters"),
        ({"history": [{"speaker": "Ana", "text": "x" * 2001}]}, "history.0.text: String should have at most 2000"),
        ({"history": [{"speaker": "Ana", "text": "x" * 1990}] * 17}, "history: 34068 of the 34095 bytes of text"),
        ({"context": {"a": {"b": ["x" * 20_000, "y" * 20_000]}}}, "context: 40002 of the"),
        ({"npc": {**NPC, "persona": "é" * 17_000}}, "npc: 34"),
    ],
)
def test_text_over_a_limit_is_too_large_and_names_the_field(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TooLarge) as refused:
        checked("think", **{"npc": NPC, **fields})
    assert refused.value.message.startswith(message)


def test_text_at_the_limits_passes() -> None:
    record = checked("think", npc=NPC, player="p" * 128, utterance="é" * 1000, context={"a": "x" * 30_000})
    assert len(record.utterance) == 1000
    schema_of_reply = {"type": "string", "description": "d" * 40_000}
    checked("think", npc=NPC, json_schema=schema_of_reply)  # how a reply is written is no text of a think
    quotes = '"' * 20_000  # twice as long in JSON
    checked("think", npc=NPC, context={"a": quotes})
