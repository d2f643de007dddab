"""Reads a GBNF grammar as far as its cost is to be known: rules, groups, repetitions, terminals. Pure.

A rough parser: what is no grammar at all llama.cpp names itself. But whatever llama.cpp would read as a repetition, a
rule or a comment must be read so here, or a grammar could hide from `gbnf_check` what it does. So what llama.cpp takes
in odd forms (a comment inside of braces) is refused here.

It must be fast: where an NPC's actions change with the place, almost every request brings a new grammar of a hundred
rules. So a grammar is read once, and terminals that stand in all of them are remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

# llama.cpp refuses more. A larger upper bound it takes for none at all: a JSON string of at most 5,000 characters.
REPEAT_MAX = 2000
UNBOUNDED = -1

# What is opened and never closed takes all that follows: trying again behind each opening would take its square.
_TOKEN = re.compile(
    r'(?P<terminal>"(?:\\.|[^"\\])*+"?|\[(?:\\.|[^\]\\])*+\]?|<[^>\n]*+>?|\.)|(?P<comment>#[^\r\n]*)'
    r"|(?P<rule>[\w-]+)[ \t]*::=|(?P<name>[\w-]+)|(?P<repeat>\{[^}]*+\}?|[*+?])|(?P<mark>[()|])",
    re.DOTALL,
)
_BRACES = re.compile(r"\{[ \t]*([0-9]+)[ \t]*(?:(,)[ \t]*([0-9]+)?[ \t]*)?\}")
_SIGNS = {"?": (0, 1), "*": (0, UNBOUNDED), "+": (1, UNBOUNDED)}
_NO_TEXT = ('""', "[]", "[^]")


class Part(NamedTuple):
    """A terminal (no name), or the name of a rule or a group; `copies` as repeated.

    `elements`: how many of llama.cpp's it is where it stands. `is_empty`: it stands for no text, without any choice.
    `text`: a terminal as written. `bounds`: of its repetitions, the innermost first.
    """

    name: str = ""
    skippable: bool = False
    copies: int = 1
    elements: int = 1
    is_empty: bool = False
    text: str = ""
    bounds: tuple[tuple[int, int], ...] = ()


Options = list[list[Part]]


@dataclass(slots=True)
class Grammar:
    """`rules`: options by name; each group is one too, called `RULE(NUMBER)`, as llama.cpp makes one of it.

    `terminals`: each once, as written. `generated`: rules that llama.cpp makes of repetitions. `elements`: of all
    rules, at most. `problem`: why it cannot be read, for the user; "" if it can.
    """

    rules: dict[str, Options] = field(default_factory=dict)
    terminals: dict[str, Part] = field(default_factory=dict)
    generated: int = 0
    elements: int = 0
    problem: str = ""


def read(text: str) -> Grammar:
    """Reads on after a problem, which costs no more than the text is long."""
    grammar = Grammar()
    rule = "root"
    options: Options = [[]]
    parts = options[0]
    around: list[Options] = []
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "terminal":
            parts.append(grammar.terminals.get(token) or _terminal(grammar, token))
        elif kind == "name":
            parts.append(Part(token))
        elif kind == "rule":
            rule = match["rule"]
            options, around = grammar.rules.setdefault(rule, []), []
            parts = []
            options.append(parts)
        elif kind == "repeat":
            if parts:
                parts[-1] = _repeated(grammar, rule, parts[-1], token)
        elif token == "|":
            parts = []
            options.append(parts)
        elif token == "(":
            around.append(options)
            parts = []
            options = [parts]
        elif token == ")" and around:
            group = f"{rule}({len(grammar.rules)})"
            grammar.rules[group], options = options, around.pop()
            parts = options[-1]
            parts.append(Part(group))
        grammar.elements += 1  # of names and marks; those of terminals and repetitions are added by themselves
    return grammar


def _terminal(grammar: Grammar, token: str) -> Part:
    """As long as written at most: an escape is longer than its character."""
    is_empty = token in _NO_TEXT
    length = max(0, len(token) - 2)
    grammar.elements += length
    part = Part(skippable=is_empty, is_empty=is_empty, elements=0 if is_empty else length, text=token)
    grammar.terminals[token] = part
    return part


def _repeated(grammar: Grammar, rule: str, part: Part, sign: str) -> Part:
    """`?`, `*`, `+`, `{2}`, `{2,}`, `{2,5}`.

    llama.cpp writes S{2,5} as S S S1, S1 ::= S S2 |, S2 ::= S S3 |, S3 ::= S |; and S{2,} as S S S1, S1 ::= S S1 |. So
    a copy costs a rule, or the elements of S, and {5,2} would make rules for ever.
    """
    low, high = _bounds(grammar, rule, sign)
    generated = 1 if high == UNBOUNDED else high - low
    written = max(1, low) * part.elements + min(1, generated)
    grammar.generated += generated
    grammar.elements += max(0, low - 1) * part.elements + generated * (part.elements + 3)
    return part._replace(
        skippable=part.skippable or low == 0,
        copies=part.copies * max(1, low + generated),
        elements=written,
        bounds=(*part.bounds, (low, high)),
    )


def _bounds(grammar: Grammar, rule: str, sign: str) -> tuple[int, int]:
    if sign in _SIGNS:
        return _SIGNS[sign]
    match = _BRACES.fullmatch(sign)
    shown = f"rule {rule[:40]}: {' '.join(sign.split())[:40]}"
    if match is None:
        grammar.problem = grammar.problem or f"{shown} is no repetition; write {{2}}, {{2,}} or {{2,5}}"
        return 1, 1
    low = _number(match[1])
    high = low if not match[2] else UNBOUNDED if match[3] is None else _number(match[3])
    if low > REPEAT_MAX:
        reason = f"{shown} wants more than {REPEAT_MAX} repetitions; ask for fewer, or for at most so many: {{0,}}"
        grammar.problem = grammar.problem or reason
        return 1, 1
    if high != UNBOUNDED and high < low:
        reason = f"{shown} repeats at least {low} and at most {high} times; write the smaller number first"
        grammar.problem = grammar.problem or reason
        return 1, 1
    return low, UNBOUNDED if high > REPEAT_MAX else high


def _number(digits: str) -> int:
    """As far as it matters: Python refuses to read numbers of thousands of digits."""
    return int(digits) if len(digits.lstrip("0")) <= len(str(REPEAT_MAX)) else REPEAT_MAX + 1
