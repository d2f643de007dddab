"""Grammars whose texts could be read in millions of ways, and good ones that look alike."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.engines.llama.grammar import gbnf_walk
from llm_agentd.engines.llama.grammar.gbnf_walk import BUDGET, _Walk, too_many_ways
from llm_agentd.engines.llama.grammar.schema_converter import schema_to_grammar


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= x\nx ::= " " x "a" | " " x "b" | "."',
        'root ::= ("-" | "-")* "x"',
        'root ::= "{" v "}"\nv ::= "[" v "]" | w\nw ::= ([ab] | [bc])+',
        'root ::= (w w)* "x"\nw ::= [ ]*',
        'root ::= "yes" | "no" | (a | b)\na ::= "q"\nb ::= "z" c\nc ::= "h" c "1" | "h" c | "2"',
        'root ::= [^"]+ e\ne ::= (("a"? "b"?){1,} ","?)*',
    ],
)
def test_explosion_is_named_with_its_text(grammar: str) -> None:
    reason = too_many_ways(grammar)
    assert "can be read in thousands of ways" in reason, reason


@pytest.mark.parametrize(
    ("word", "count", "bounds"),
    [
        ("a", 100, "*"),
        ("a", 500, "*"),
        ("a", 1200, "{1,30}"),
        ("a", 4900, "*"),
        ("ab", 500, "*"),
        ("ab", 5, "*"),
        ("a thing of some words", 500, "*"),
    ],
)
def test_same_alternative_over_and_over_is_refused(word: str, count: int, bounds: str) -> None:
    alternatives = " | ".join([f'"{word}"'] * count)
    assert "ways" in too_many_ways(f"root ::= ({alternatives}){bounds}")


def test_walk_that_does_not_end_is_no_good_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    assert too_many_ways(JSON) == ""
    monkeypatch.setattr(gbnf_walk, "BUDGET", 1000)
    assert "more ways than can be tried" in too_many_ways(JSON)


JSON = r"""
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}" ws
array  ::= "[" ws (value ("," ws value)*)? "]" ws
string ::= "\"" ([^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws ::= | " " | "\n" [ \t]{0,20}
"""


@pytest.mark.parametrize(
    "grammar",
    [
        JSON,
        'root ::= "a"? "a"? "a"? "a"? "a"? "z"',
        'root ::= w "x" w w "y"\nw ::= [ \t\n]*',
        "root ::= [a-z]+ | [a-z0-9]+ | [a-f]{2,2000}",
        'root ::= line+\nline ::= "- " [^\n]+ "\n"',
        "root ::= " + " | ".join(f'"word {number}"' for number in range(4000)),
        'root ::= other "x"',
        "",
    ],
)
def test_good_grammar_passes(grammar: str) -> None:
    assert too_many_ways(grammar) == ""


def test_walk_ends_with_its_budget() -> None:
    walk = "\n".join(f'r{n} ::= "a" r{n + 1} | "a" r{n + 2} | "b" r{n}' for n in range(3000))
    assert too_many_ways(f"root ::= r0\n{walk}")
    assert BUDGET < 10_000_000


STRING = {"type": "string", "maxLength": 200}
ARGS = {"type": "object", "properties": dict.fromkeys("abcd", STRING)}
ACTIONS = [{"type": "object", "properties": {"name": {"const": f"act{n}"}, "args": ARGS}} for n in range(30)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {f"property_of_number_{n}": STRING for n in range(128)}},
        {"type": "object", "properties": {f"p{n}": {"type": "integer"} for n in range(128)}},
        {"enum": [f"v{n}" for n in range(4900)]},
        {"type": "object", "properties": {f"p{n}": {"enum": [f"item_{n}" for n in range(100)]} for n in range(30)}},
        {"anyOf": [{**one, "required": ["name"]} for one in ACTIONS]},
        {
            "type": "object",
            "properties": {f"p{n}": STRING for n in range(500)},
            "required": [f"p{n}" for n in range(500)],
        },
        {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]}},
    ],
    ids=["128 optional", "128 numbers", "big enum", "enums", "actions", "500 required", "mixed array"],
)
def test_schemas_that_clients_have_pass(schema: dict[str, Any]) -> None:
    """And leave some of the budget, so that the next good one does not meet it."""
    grammar = schema_to_grammar(schema)
    walk = _Walk(grammar)
    assert not any(walk.explodes(start) for _, start in walk.starts())
    assert walk._spent < BUDGET * 0.7
