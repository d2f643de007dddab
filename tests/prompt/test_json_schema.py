"""Schemas of action parameters: what is refused, and that the grammar, the check and the length agree."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_agentd.errors import BadRequest
from llm_agentd.prompt import actions, json_schema
from llm_agentd.types import Action


@pytest.mark.parametrize(
    ("schema", "message"),
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
def test_unsupported_schema_is_refused_by_action_and_field(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        actions.bounded([Action("offer", params=schema)])


def test_deeply_nested_schema_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(70):
        schema = {"type": "array", "items": schema}
    with pytest.raises(BadRequest, match="nested more than 6 deep"):
        actions.bounded([Action("offer", params={"properties": {"x": schema}})])


SCHEMAS = st.recursive(
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
@given(st.dictionaries(st.sampled_from("abcd"), SCHEMAS, max_size=3), st.data())
def test_value_that_the_grammar_writes_is_valid_and_within_max_json_chars(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    (action,) = actions.bounded([Action("offer", params={"properties": schema})])
    value = data.draw(grammar_values(json_schema.for_grammar(action.params)))
    assert json_schema.is_valid(action.params, value)
    assert len(orjson.dumps(value).decode()) <= json_schema.max_json_chars(action.params)


def grammar_values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
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
        return st.lists(grammar_values(schema["items"]), max_size=schema["maxItems"])
    if kind == "object":
        return st.fixed_dictionaries({name: grammar_values(part) for name, part in schema["properties"].items()})
    return st.booleans()
