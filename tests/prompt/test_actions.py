"""Actions: the schema of a reply that offers them, and the one that a reply chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from llm_agentd.prompt import actions, json_schema
from llm_agentd.prompt import messages as prompt
from llm_agentd.prompt.builder import output_format
from llm_agentd.roles import Roles
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


def test_parameters_are_in_the_order_of_required() -> None:
    """The JSON writer of the game sorts names, but the model was trained on (item, count, reward)."""
    parts = {name: {"type": "integer"} for name in ("count", "extra", "item", "reward")}
    action = Action("offer_quest", params={"properties": parts, "required": ["item", "count", "reward"]})
    (offered,) = actions.bounded([action])
    assert prompt.signature(offered) == "offer_quest(item, count, reward, extra)"
    assert prompt.signature(action) == prompt.signature(offered)  # the prompt is built of what the game sent
    choice = actions.reply_schema([offered])["properties"]["do"]["anyOf"][0]
    assert list(choice["properties"]) == ["action", "item", "count", "reward", "extra"]


@pytest.mark.parametrize(
    ("do", "expected"),
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
        # How models without a grammar write it:
        ("wave", {"name": "wave", "params": {}}),
        ({"name": "wave"}, {"name": "wave", "params": {}}),
        ({"name": "offer_trade", "params": {"item": "bread", "count": 1}}, {"item": "bread", "count": 1}),
    ],
)
def test_parse_action_takes_only_an_offered_action_with_valid_parameters(
    do: Any, expected: dict[str, Any] | None
) -> None:
    found = actions.parse_action(reply(do), OFFERED)
    assert (found is None) == (expected is None)
    if found and expected:
        assert found["name"] in {action.name for action in OFFERED}
        params = expected.get("params", expected)
        assert params.items() <= found["params"].items()
    fenced = f"Well:\n```json\n{reply(do)}\n```"
    assert actions.parse_action(fenced, OFFERED) == found


@pytest.mark.parametrize("text", ["", "Hm.", "{", "[" * 5000, '{"say":"Hm.","do":{"action":"wave"', '{"do":5}', "[1]"])
def test_parse_action_of_a_cut_reply_is_none(text: str) -> None:
    assert actions.parse_action(text, OFFERED) is None
    assert actions.parse_action("{" + text, OFFERED) is None


def test_reply_schema_bounds_strings_arrays_and_the_words() -> None:
    free = {"properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "string"}}}}
    form = actions.reply_schema(actions.bounded([Action("tell", params=free)]), 256)
    tell, nothing = form["properties"]["do"]["anyOf"]
    assert tell["properties"]["a"]["maxLength"] == json_schema.STRING_MAX_CHARS
    assert tell["properties"]["b"]["maxItems"] == json_schema.ITEMS_MAX
    assert list(tell["properties"]) == tell["required"] == ["action", "a", "b"]
    assert nothing["properties"] == {"action": {"const": "nothing"}}
    assert form["properties"]["say"] == {"type": "string", "maxLength": 256}
    assert list(form["properties"]) == ["say", "do"]


def test_actions_offered_again_are_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = [Action("dig", params={"properties": {"where": {"enum": [f"test {number}" for number in range(3)]}}})]
    first, schema = actions.bounded(offered), actions.reply_schema(actions.bounded(offered))
    checked: list[Any] = []
    monkeypatch.setattr(json_schema, "bounded", lambda *arguments: checked.append(arguments))
    again = actions.bounded([Action("dig", params=orjson.loads(orjson.dumps(offered[0].params)))])
    assert (again, actions.reply_schema(again)) == (first, schema)
    assert checked == []


def test_output_format_adds_tokens_for_the_action() -> None:
    sampling, output = output_format(OFFERED, Sampling(max_tokens=64), {"json_schema"})
    assert output.words_max_tokens == 64
    assert sampling.max_tokens >= 64 + 30
    assert sampling.json_schema == output.schema
    assert output.words_max_chars == 256
    assert output_format((), Sampling(max_tokens=64), {"json_schema"})[0].max_tokens == 64


def test_output_format_without_engine_schema_or_with_own_grammar_has_none() -> None:
    sampling, output = output_format(OFFERED, Sampling(), ())
    assert (sampling.json_schema, output.actions, output.words_max_chars) == (None, OFFERED, 0)
    sampling, output = output_format(OFFERED, Sampling(grammar="root ::= [a-z]"), {"json_schema"})
    assert (sampling.json_schema, output.words_max_chars) == (None, 0)


def test_prompt_describes_own_actions_and_names_shipped_ones_as_trained() -> None:
    think = Think(
        Npc("1", "Mira", "healer"), actions=(TRADE, Action("wave"), Action("brew", "Brew; a [strong]\npotion."))
    )
    lines = prompt.system_text(think, Roles.load().get("healer")).split("\n")
    assert lines[-2] == "Actions: offer_trade(item, count, note); wave(); brew(): Brew, a (strong) potion; nothing."
    only_shipped = replace(think, actions=(TRADE,))
    assert "Actions: offer_trade(item, count, note); nothing." in prompt.system_text(
        only_shipped, Roles.load().get("healer")
    )
