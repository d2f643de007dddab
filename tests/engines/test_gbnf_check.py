"""What the check of grammars refuses before llama.cpp sees it, and that it takes no longer than the text is long."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest

from llm_agentd.engines.llama.grammar.gbnf_check import CHAIN_MAX, RULES_MAX, grammar_danger
from llm_agentd.engines.llama.grammar.gbnf_read import read

CHAIN = ["root", *(f"r{number}" for number in range(CHAIN_MAX + 1)), '"a"']
EMPTY_TWICE = "\n".join(f'r{n} ::= "" | r{n + 1} r{n + 1}' for n in range(30))


@pytest.mark.parametrize(
    ("grammar", "reason"),
    [
        pytest.param('root ::= "a"{5,2}', r"rule root: \{5,2\} repeats at least 5 and at most 2", id="5 to 2"),
        pytest.param('root ::= "x" w\nw ::= ("a" {5 , 2})', "rule w: .* smaller number first", id="5 to 2 in a group"),
        pytest.param('root ::= ("a"{5,#\n2})', "is no repetition", id="5 to 2 over a comment"),
        pytest.param('# text\rroot ::= "a"{5,2}', "smaller number first", id="5 to 2 behind a comment"),
        pytest.param('root ::= "a"{99999999999999999999}', "more than 2000 repetitions", id="beyond 64 bits"),
        pytest.param('root ::= "a"{' + "9" * 5000 + "}", "more than 2000 repetitions", id="beyond Python's digits"),
        pytest.param("root ::= " + '"x"{0,1999} ' * 100, "expand to .* rules", id="many rules"),
        pytest.param('root ::= "' + "a" * 3000 + '"{1999}', "expand to .* characters", id="many characters"),
        pytest.param('root ::= "a"{1999} ("b" "a"{1999}){0,1000} ' * 60, "expand to", id="nested repetitions"),
        pytest.param('e ::= "a" root{0}', "no rule root", id="root is only named"),
        pytest.param('root ::= root "a" | "b"', "left recursion: rule root", id="left recursion"),
        pytest.param('root ::= f root "z" | "q"\nf ::= e e\ne ::= | "y"', "left recursion", id="hidden left recursion"),
        pytest.param('root ::= (e e)? x\ne ::= ""\nx ::= (e root) "z"', "left recursion", id="in groups"),
        pytest.param("\n".join(f"{a} ::= {b}" for a, b in pairwise(CHAIN)), "in one chain", id="chain"),
        pytest.param(f'root ::= r0 "a"\n{EMPTY_TWICE}\nr30 ::= ""', "in too many ways", id="search of 2**30 visits"),
        pytest.param('root ::= (("a"?){1000}){1000} "b"', "left out", id="what may be left out, a thousand times"),
        pytest.param(r"root ::= [^\x01-\U0010FFFF]", "leaves no character", id="all characters but"),
        pytest.param(r"root ::= [^\x01-\uD7FF\uE000-\U0010FFFF]", "leaves no character", id="but surrogates"),
        pytest.param(r"root ::= [\uD800-\uDFFF]", "leaves no character", id="surrogates"),
        pytest.param(r'root ::= "\uD800"', "no text has", id="surrogate"),
    ],
)
def test_danger_is_named(grammar: str, reason: str) -> None:
    assert re.search(reason, grammar_danger(grammar))


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= "a"{2} [0-9]{2,} "b"{0,3} "c"{ 1 , 2 }',
        'root ::= ("a"{1000}){1000}',
        'root ::= value\nvalue ::= "[" (value ("," value)*)? "]" | "x"',
        'root ::= w "x" w\nw ::= [ \\t\\n]*',
        'root ::= w* "x"\nw ::= [ ]*',
        'root ::= "{5,2}" [{5,2}] # "a"{5,2}',
        r"root ::= [^\x00-\x1F] [\uD7FF-\uE000] [^] .",
        "root ::= [a-z]{0,5000}",
    ],
)
def test_harmless_grammar_passes(grammar: str) -> None:
    assert grammar_danger(grammar) == ""


@pytest.mark.parametrize(
    ("body", "rules", "elements"),
    [
        ('"abc"', 1, 4),
        ('"abc"{3}', 1, 10),
        ('"ab"{1,4}', 4, 15),
        ('"ab"*', 2, 6),
        ('("a" | "b")?', 3, 9),
        ('x{0,1999}\nx ::= "a"', 2001, 7999),
    ],
)
def test_cost_is_at_least_what_llama_cpp_makes_of_it(body: str, rules: int, elements: int) -> None:
    """The numbers are those of llama.cpp's own table of rules, counted by hand from its rewriting."""
    grammar = read(f"root ::= {body}")
    assert len(grammar.rules) + grammar.generated == rules
    assert elements <= grammar.elements <= 2 * elements


def cpu_s(grammar: str) -> float:
    best_s = float("inf")
    for _ in range(3):
        began_s = time.thread_time()
        grammar_danger(grammar)
        best_s = min(best_s, time.thread_time() - began_s)
    return best_s


@pytest.mark.alone
@pytest.mark.parametrize(
    "grammar_of",
    [
        lambda size: "root ::= " + '"abc" | ' * size,
        lambda size: "root ::= " + "(" * size + '"a"' + ")" * size,
        lambda size: "root ::= " + '("a"? [a-z]*)? ' * size,
        lambda size: "root ::= r0\n" + "\n".join(f'r{n} ::= r{n + 1}? r{n + 1} "a"?' for n in range(size)),
        lambda size: (
            "root ::= "
            + " ".join(f"r{n}" for n in range(size))
            + "\n"
            + "\n".join(f"r{n} ::= r{n + 1}?" for n in reversed(range(size)))
        ),
        lambda size: "root ::= [^" + "a-z" * size + "]",
    ],
    ids=["alternatives", "brackets", "optional groups", "chain", "chain from behind", "class"],
)
def test_check_takes_no_more_than_in_proportion(grammar_of) -> None:  # type: ignore[no-untyped-def]
    """Four times the text takes about four times the time, as far as noise lets one see; the square would be 16."""
    assert cpu_s(grammar_of(1600)) <= 8 * cpu_s(grammar_of(400)) + 0.002


def test_limit_of_rules_leaves_room_for_a_mods_actions() -> None:
    strings = " ".join(['"\\"" char{0,200} "\\""'] * 90)
    assert grammar_danger(f'root ::= {strings}\nchar ::= [^"\\\\] | "\\\\" ["\\\\]') == ""
    assert RULES_MAX > 90 * 200
