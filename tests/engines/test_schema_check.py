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
        ({"minLength": 5, "maxLength": 2}, "the schema: minLength 5 is more than maxLength 2: nothing fits"),
        ({"properties": {"a": {"minItems": 5, "maxItems": 2}}}, "properties.a: minItems 5 is more than maxItems 2"),
        ({"$defs": {"n": {"minimum": 1.5, "maximum": 1}}}, r"\\$defs.n: minimum 1.5 is more than maximum 1"),
        (nested(DEPTH_MAX), f"nested more than {DEPTH_MAX} deep"),
        (nested(100_000), f"nested more than {DEPTH_MAX} deep"),
        ({"enum": [[] for _ in range(30_000)]}, "more than 20000 parts"),
    ],
    ids=["optional", "optional inside", "length", "items", "numbers", "deep", "very deep", "many parts"],
)
def test_danger_is_named_with_its_place(schema: dict[str, Any], reason: str) -> None:
    assert re.search(reason.replace("\\\\$", r"\$"), schema_danger(schema))


@pytest.mark.parametrize(
    "schema",
    [
        optional(OPTIONAL_MAX),
        optional(600) | {"required": [f"p{number}" for number in range(600)]},
        {"properties": {"minLength": {"type": "string"}, "maxLength": {"type": "null"}, "properties": {}}},
        {"minLength": 2, "maxLength": 2},
        {"required": [[]], "properties": {"a": {}}},
        {"properties": [], "required": 3},
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
