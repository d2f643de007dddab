"""Grammars whose texts could be read in millions of ways, and good ones that look alike."""

from __future__ import annotations

import pytest

from llm_agentd.engines.llama.grammar.gbnf_walk import BUDGET, _Walk, too_many_ways


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
    too_many_ways(f"root ::= r0\n{walk}")
    assert BUDGET < 1_000_000
    assert _Walk('root ::= "a"').explodes("root") == []
