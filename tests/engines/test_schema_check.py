"""What is refused of a client's JSON schema before it becomes a grammar, and that the refusal costs next to nothing."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from llm_agentd.engines.llama.grammar.schema_check import DEPTH_MAX, OPTIONAL_MAX, schema_danger


def optional(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(count)}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "null"}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (optional(600), "the schema: 600 properties may be left out, at most 128; name more of them in required"),
        ({"properties": {"a": {"anyOf": [optional(OPTIONAL_MAX + 1)]}}}, "properties.a.anyOf.0: 129 properties"),
        ({"enum": []}, r"the schema: enum must be a list with at least one value, and is \\[\\]"),
        (
            {"properties": {"a": {"type": "integer", "minimum": 0.5, "maximum": 0.6}}},
            "properties.a: minimum of .*write 1",
        ),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, "no integer is from 2 to 1: nothing fits"),
        ({"type": "integer", "minimum": 5, "exclusiveMaximum": 5}, "no integer is from 5 to 4: nothing fits"),
        ({"type": "integer", "minimum": 2**63}, "minimum 9223372036854775808 is beyond 64 bits; write one from -922"),
        ({"type": "integer", "maximum": 1e30}, "maximum 1e.30 is beyond 64 bits"),
        ({"type": ["integer", "null"], "minimum": 2**62}, "give minimum and maximum"),
        ({"type": "integer", "minimum": "x"}, "the schema: minimum must be a number, and is 'x'"),
        ({"type": "array", "minItems": 10**8}, "minItems must be a whole number from 0 to 2000, and is 100000000"),
        ({"type": "array", "minItems": 3}, "minItems does nothing without items"),
        ({"type": "array", "prefixItems": [{}, {}], "minItems": 3}, "minItems does not fit the 2 prefixItems"),
        ({"$defs": {"a": {"properties": {"": {}}}}}, r"\\$defs.a: properties must be .* none of which is empty"),
        ({"items": {"pattern": 5}}, "items: pattern must be a text, and is 5"),
        ({"anyOf": [{"properties": []}]}, r"anyOf.0: properties must be an object .*, and is \\[\\]"),
        ({"type": "string", "maxLength": 1.5}, "maxLength must be a whole number from 0 on, and is 1.5"),
        ({"type": "string", "maxLength": True}, "maxLength must be .*True"),
        ({"properties": {"a": True}}, "properties must be .* schema is any value"),
        ({"required": "a"}, "required must be a list of names, and is 'a'"),
        ({"type": "banana"}, "type must be one of string, number, .*'banana'"),
        ({"anyOf": []}, "anyOf must be a list of one schema or more"),
        ({"minLength": 5, "maxLength": 2}, "the schema: minLength 5 is more than maxLength 2: nothing fits"),
        ({"properties": {"a": {"minItems": 5, "maxItems": 2}}}, "properties.a: minItems 5 is more than maxItems 2"),
        ({"$defs": {"n": {"minimum": 1.5, "maximum": 1}}}, r"\\$defs.n: minimum 1.5 is more than maximum 1"),
        pytest.param(nested(DEPTH_MAX), f"nested more than {DEPTH_MAX} deep", id="deep"),
        pytest.param(nested(100_000), f"nested more than {DEPTH_MAX} deep", id="very deep"),
        ({"enum": [[] for _ in range(30_000)]}, "more than 20000 parts"),
    ],
)
def test_danger_is_named_with_its_place(schema: dict[str, Any], reason: str) -> None:
    assert re.search(reason.replace("\\\\", "\\"), schema_danger(schema))


@pytest.mark.parametrize(
    "schema",
    [
        optional(OPTIONAL_MAX),
        optional(600) | {"required": [f"p{number}" for number in range(600)]},
        {"properties": {"minLength": {"type": "string"}, "maxLength": {"type": "null"}, "properties": {}}},
        {"minLength": 2, "maxLength": 2},
        {"enum": [{"minimum": "x", "enum": []}], "default": {"pattern": 5}, "x-note": {"type": 3}},
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3},
        {"type": "number", "minimum": 0.5, "maximum": 0.6},
        {"type": "array", "items": {}, "minItems": 3, "maxItems": 10**8},
        {"properties": {"enum": {"type": "null"}, "pattern": {"type": "string"}, "required": {"enum": [1]}}},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {}}}], "additionalProperties": False},
    ],
)
def test_harmless_schema_passes(schema: dict[str, Any]) -> None:
    assert schema_danger(schema) == ""


@pytest.mark.alone
def test_optional_properties_cost_no_more_than_in_proportion() -> None:
    def cpu_s(count: int) -> float:
        best_s = float("inf")
        schema = optional(count)
        for _ in range(3):
            began_s = time.thread_time()
            schema_danger(schema)
            best_s = min(best_s, time.thread_time() - began_s)
        return best_s

    assert cpu_s(6000) <= 8 * cpu_s(1500) + 0.002
    assert cpu_s(600) < 0.05
