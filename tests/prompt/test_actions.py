"""Actions of the JSON form: the schema that only allowed ones fit, what it refuses, and what of a reply is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_agentd.engines.base import EngineInfo
from llm_agentd.errors import BadRequest
from llm_agentd.prompt import actions, json_schema
from llm_agentd.prompt import messages as prompt
from llm_agentd.roles import Roles
from llm_agentd.server.pipeline import OutputFormat
from llm_agentd.types import Action, Npc, Sampling, Think

TRADE = Action(
    "offer_trade",
    params={
        "type": "object",
        "properties": {
            "item": {"enum": ["apple", "bread"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 3.0},
            "note": {"type": "string", "description": "what to say", "maxLength": 5},
        },
        "required": ["item", "count"],
    },
)
OFFERED = actions.bounded([TRADE, Action("wave"), Action("tell", params={"properties": {"to": {"type": "string"}}})])


def reply(do: Any) -> str:
    return orjson.dumps({"say": "Hm.", "do": do}).decode()


def test_parameters_stand_in_the_order_of_required() -> None:
    """The game's JSON writer sorts names; a model that learned (item, count, reward) must meet them so."""
    parts = {name: {"type": "integer"} for name in ("count", "extra", "item", "reward")}
    action = Action("offer_quest", params={"properties": parts, "required": ["item", "count", "reward"]})
    (offered,) = actions.bounded([action])
    assert prompt.signature(offered) == "offer_quest(item, count, reward, extra)"
    assert prompt.signature(action) == prompt.signature(offered)  # the prompt is built of what the game sent
    choice = actions.reply_schema([offered])["properties"]["do"]["anyOf"][0]
    assert list(choice["properties"]) == ["action", "item", "count", "reward", "extra"]


@pytest.mark.parametrize(
    ("do", "taken"),
    [
        ({"action": "wave"}, {"name": "wave", "params": {}}),
        ({"action": "offer_trade", "item": "apple", "count": 3}, {"item": "apple", "count": 3}),
        ({"action": "offer_trade", "item": "apple", "count": 3.0, "note": "fresh"}, {"note": "fresh"}),
        ({"action": "nothing"}, None),
        ({"action": "grant_privs"}, None),
        ({"action": "wave", "far": True}, None),
        ({"action": "offer_trade", "item": "cake", "count": 3}, None),
        ({"action": "offer_trade", "item": "apple", "count": 4}, None),
        ({"action": "offer_trade", "item": "apple", "count": 2.5}, None),
        ({"action": "offer_trade", "item": "apple", "count": True}, None),
        ({"action": "offer_trade", "item": "apple", "count": "3"}, None),
        ({"action": "offer_trade", "item": "apple"}, None),
        ({"action": "offer_trade", "item": "apple", "count": 1, "note": "too long"}, None),
        ({"action": ["wave"]}, None),
        ([], None),
        (None, None),
        # How models write it that no grammar holds:
        ("wave", {"name": "wave", "params": {}}),
        ({"name": "wave"}, {"name": "wave", "params": {}}),
        ({"name": "offer_trade", "params": {"item": "bread", "count": 1}}, {"item": "bread", "count": 1}),
    ],
)
def test_only_what_was_offered_and_fits_is_done(do: Any, taken: dict[str, Any] | None) -> None:
    found = actions.parse_action(reply(do), OFFERED)
    assert (found is None) == (taken is None)
    if found and taken:
        assert found["name"] in {action.name for action in OFFERED}
        wanted = taken.get("params", taken)
        assert wanted.items() <= found["params"].items()
    fenced = f"Well:\n```json\n{reply(do)}\n```"
    assert actions.parse_action(fenced, OFFERED) == found


@pytest.mark.parametrize("text", ["", "Hm.", "{", "[" * 5000, '{"say":"Hm.","do":{"action":"wave"', '{"do":5}', "[1]"])
def test_half_an_action_is_none(text: str) -> None:
    assert actions.parse_action(text, OFFERED) is None
    assert actions.parse_action("{" + text, OFFERED) is None


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "params: want a schema of type object"),
        ({"properties": {"x": {"type": "string", "pattern": "a+"}}}, "offer.x: pattern is not supported; supported: "),
        ({"properties": {"x": {"type": ["string", "null"]}}}, "offer.x: type: want one of string, number"),
        ({"properties": {"x": {}}}, "offer.x: type: want one of"),
        ({"properties": {"x": 5}}, "offer.x: want a JSON schema"),
        ({"properties": {"x": {"enum": []}}}, "offer.x: enum: want a list"),
        ({"properties": {"x": {"type": "integer", "minimum": "1"}}}, "offer.x: minimum: want a number"),
        ({"properties": {"x": {"type": "integer", "minimum": 3, "maximum": 2}}}, "minimum is more than maximum"),
        ({"properties": {"x": {"type": "array"}}}, "offer.x.items: want a JSON schema"),
        ({"properties": {"x": {"$ref": "#"}}}, "offer.x: \\$ref is not supported"),
        ({"properties": {"x": {"type": "string"}}, "required": ["y"]}, "offer.required: want a list of names"),
        ({"properties": {"action": {"type": "string"}}}, "a parameter cannot be called action"),
    ],
)
def test_what_no_grammar_holds_is_refused_by_action_and_field(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        actions.bounded([Action("offer", params=schema)])


def test_a_schema_that_never_ends_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(70):
        schema = {"type": "array", "items": schema}
    with pytest.raises(BadRequest, match="nested more than 6 deep"):
        actions.bounded([Action("offer", params={"properties": {"x": schema}})])


def test_free_strings_lists_and_the_words_are_bounded() -> None:
    free = {"properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "string"}}}}
    form = actions.reply_schema(actions.bounded([Action("tell", params=free)]), 256)
    tell, nothing = form["properties"]["do"]["anyOf"]
    assert tell["properties"]["a"]["maxLength"] == json_schema.STRING_MAX_CHARS
    assert tell["properties"]["b"]["maxItems"] == json_schema.ITEMS_MAX
    assert list(tell["properties"]) == tell["required"] == ["action", "a", "b"]
    assert nothing["properties"] == {"action": {"const": "nothing"}}
    assert form["properties"]["say"] == {"type": "string", "maxLength": 256}
    assert list(form["properties"]) == ["say", "do"]


values = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "string", "minLength": 2, "maxLength": 9},
            {"type": "integer", "minimum": -5, "maximum": 700},
            {"type": "boolean"},
            {"enum": ["apple", "oak log", 3]},
            {"const": "left"},
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda item: {"type": "array", "items": item, "maxItems": 3}),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda p: {"type": "object", "properties": p}),
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from("abcd"), values, max_size=3), st.data())
def test_what_a_grammar_writes_fits_and_has_room(schema: dict[str, Any], data: st.DataObject) -> None:
    (action,) = actions.bounded([Action("offer", params={"properties": schema})])
    value = data.draw(written(json_schema.for_grammar(action.params)))
    assert json_schema.is_valid(action.params, value)
    assert len(orjson.dumps(value).decode()) <= json_schema.max_json_chars(action.params)


def written(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values as the grammar of `schema` writes them."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "string":
        return st.text("ab ", min_size=schema.get("minLength", 0), max_size=schema["maxLength"])
    if kind == "integer":
        return st.integers(schema["minimum"], schema["maximum"])
    if kind == "array":
        return st.lists(written(schema["items"]), max_size=schema["maxItems"])
    if kind == "object":
        return st.fixed_dictionaries({name: written(part) for name, part in schema["properties"].items()})
    return st.booleans()


def engine(*features: str) -> EngineInfo:
    return EngineInfo("x", "x", "x", 1024, 4, features=frozenset(features))


def test_the_action_has_room_beside_the_words() -> None:
    form = OutputFormat.of(OFFERED, Sampling(max_tokens=64), engine("json_schema"))
    assert form.words_max_tokens == 64
    assert form.sampling.max_tokens >= 64 + 30
    assert form.sampling.json_schema == form.schema
    assert form.words_max_chars == 256
    assert OutputFormat.of((), Sampling(max_tokens=64), engine("json_schema")).sampling.max_tokens == 64


def test_an_engine_without_schemas_is_asked_all_the_same() -> None:
    form = OutputFormat.of(OFFERED, Sampling(), engine())
    assert (form.sampling.json_schema, form.actions, form.words_max_chars) == (None, OFFERED, 0)
    own = OutputFormat.of(OFFERED, Sampling(grammar="root ::= [a-z]"), engine("json_schema"))
    assert (own.sampling.json_schema, own.words_max_chars) == (None, 0)


def test_what_own_actions_do_is_told_and_shipped_ones_stand_as_trained() -> None:
    think = Think(
        Npc("1", "Mira", "healer"), actions=(TRADE, Action("wave"), Action("brew", "Brew; a [strong]\npotion."))
    )
    lines = prompt.system_text(think, Roles.load().get("healer")).split("\n")
    assert lines[-2] == "Actions: offer_trade(item, count, note); wave(); brew(): Brew, a (strong) potion; nothing."
    bare = replace(think, actions=(TRADE,))
    assert "Actions: offer_trade(item, count, note); nothing." in prompt.system_text(bare, Roles.load().get("healer"))
