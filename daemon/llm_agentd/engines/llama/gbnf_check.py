"""Finds what llama.cpp accepts in a GBNF grammar and then crashes on: too many ways to go on, text no token writes.

llama.cpp keeps a stack for each way in which a grammar may go on, and some small grammars need 2³⁰ of them. Where no
token fits, it throws a C++ exception, which ends the process. This is a rough parser: what is no grammar at all
llama.cpp names itself. Pure.

It must be fast: where an NPC's actions change with the place, almost every request brings a new grammar of a hundred
rules. So a grammar is read once, and terminals that stand in all of them are remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

# A chain of parts that may all be left out costs the cube of its length at each token: 200 take a second.
SKIPPABLE_MAX = 200
CHOICES_MAX = 5000  # plain alternatives are cheap: 6,000 take 0.15 s a token
ENDLESS = 1_000_000_000  # as good as any larger count

_TOKEN = re.compile(
    r'(?P<terminal>"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|<[^>\n]*>|\.)|(?P<comment>#[^\n]*)'
    r"|(?P<rule>[\w-]+)\s*::=|(?P<name>[\w-]+)|(?P<repeat>\{[^}]*\}|[*+?])|(?P<mark>[()|])",
    re.DOTALL,
)
_BY_NUMBER = re.compile(r"\\[xuU]|\0")  # a literal without it holds only characters that a text can have
_CHAR = re.compile(r"\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.|.", re.DOTALL)
_PLAIN_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


class _Part(NamedTuple):
    """A terminal (neither name nor options), a rule's name, or a group's options; `copies` as repeated."""

    name: str = ""
    options: list[list[_Part]] | None = None
    skippable: bool = False
    copies: int = 1


_TERMINAL, _NO_TEXT = _Part(), _Part(skippable=True)


class _Ways(NamedTuple):
    """In how many `ways` a part may begin; `skippable`: it may be empty."""

    ways: int = 0
    skippable: bool = False


_ONE_WAY = _Ways(1)


def grammar_danger(text: str) -> str:
    """Why llama.cpp must not get this grammar, for the user; "" if it may."""
    rules, terminals = _read(text)
    return _too_ambiguous(rules) or next(filter(None, map(_unwritable, terminals)), "")


def _unwritable(terminal: str) -> str:
    """Why no token could ever follow this one; "" if nothing of the kind is in it."""
    if terminal.startswith('"'):
        is_text = not _BY_NUMBER.search(terminal) or all(map(_is_char, _codes(terminal[1:-1])))
        return "" if is_text else f"{terminal[:40]} holds a character that no text has"
    if terminal.startswith("<"):
        return f"{terminal[:40]} names a token of the model; write the text itself"
    if terminal.startswith("[") and not terminal.startswith("[^") and not _holds_a_char(terminal):
        return f"{terminal[:40]} leaves no character to choose"
    return ""


def _codes(inner: str) -> list[int | str]:
    """Code points, and "-" where a class has a range's bare dash."""
    return [_code(char[0]) for char in _CHAR.finditer(inner)]


def _code(char: str) -> int | str:
    if char == "-":
        return "-"
    hexadecimal = re.fullmatch(r"\\[xuU]([0-9A-Fa-f]+)", char)
    return int(hexadecimal[1], 16) if hexadecimal else ord(_PLAIN_ESCAPES.get(char, char[-1]))


def _is_char(code: int | str) -> bool:
    return code == "-" or (isinstance(code, int) and 0 < code <= 0x10FFFF)


@lru_cache(maxsize=256)  # [0-9] and the like stand in every grammar
def _holds_a_char(char_class: str) -> bool:
    codes = _codes(char_class[1:-1])
    at = 0
    while at < len(codes):
        first = codes[at]
        if at + 2 < len(codes) and codes[at + 1] == "-" and isinstance(first, int):
            last = codes[at + 2] if isinstance(codes[at + 2], int) else ord("-")
            if isinstance(last, int) and max(first, 1) <= min(last, 0x10FFFF):
                return True
            at += 3
            continue
        if _is_char(first):
            return True
        at += 1
    return False


def _too_ambiguous(rules: dict[str, list[list[_Part]]]) -> str:
    """Why these rules have too many ways to go on, for the user; "" if they do not."""
    counter = _Counter(rules)
    try:
        for name in counter.rules:
            counter.rule(name)
    except RecursionError:
        return "its rules refer to each other in too long a chain"
    if counter.chain > SKIPPABLE_MAX:
        return f"more than {SKIPPABLE_MAX} parts in a row may be left out; make some of them required"
    if counter.choices > CHOICES_MAX:
        return f"more than {CHOICES_MAX} alternatives at one place"
    return ""


def _read(text: str) -> tuple[dict[str, list[list[_Part]]], dict[str, None]]:
    """The rules' options by their names, and each terminal once."""
    rules: dict[str, list[list[_Part]]] = {}
    terminals: dict[str, None] = {}
    options: list[list[_Part]] = [[]]
    parts = options[0]
    around: list[list[list[_Part]]] = []
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "terminal":
            terminals[token] = None
            parts.append(_NO_TEXT if token == '""' else _TERMINAL)
        elif kind == "name":
            parts.append(_Part(token))
        elif kind == "rule":
            options, around = rules.setdefault(match["rule"], [[]]), []
            parts = options[-1]
        elif kind == "repeat":
            if parts:
                parts[-1] = _repeated(parts[-1], token)
        elif token == "|":
            parts = []
            options.append(parts)
        elif token == "(":
            around.append(options)
            parts = []
            options = [parts]
        elif token == ")" and around:
            group, options = options, around.pop()
            parts = options[-1]
            parts.append(_Part(options=group))
    return rules, terminals


def _repeated(part: _Part, sign: str) -> _Part:
    """`?`, `*`, `+`, `{2}`, `{2,}`, `{2,5}`."""
    numbers = [int(number) for number in re.findall(r"\d{1,9}", sign)]
    skippable = part.skippable or sign in "?*" or numbers[:1] == [0]
    return part._replace(skippable=skippable, copies=max([1, *numbers]))


@dataclass(slots=True)
class _Counter:
    """Counts rule by rule; `chain` and `choices` are the widest places found."""

    rules: dict[str, list[list[_Part]]]
    chain: int = 0
    choices: int = 0
    _known: dict[str, _Ways] = field(default_factory=dict)

    def rule(self, name: str) -> _Ways:
        known = self._known.get(name)
        if known is None:
            self._known[name] = _Ways()  # while it is being counted: a rule that begins with itself is refused anyway
            known = self._known[name] = self._options(self.rules.get(name, []))
        return known

    def _options(self, options: list[list[_Part]]) -> _Ways:
        counts = [self._sequence(parts) for parts in options]
        ways = min(ENDLESS, sum(one.ways for one in counts))
        self.choices = max(self.choices, ways)
        return _Ways(ways, any(one.skippable for one in counts))

    def _sequence(self, parts: list[_Part]) -> _Ways:
        """From behind: the ways to go on at each part."""
        ways, skippable = 0, True
        for part in reversed(parts):
            inner = _ONE_WAY if part is _TERMINAL else self._part(part)
            if inner.skippable and ways:
                ways = min(ENDLESS, inner.ways + ways)
                self.chain = max(self.chain, ways)
            else:
                ways = inner.ways
            skippable = inner.skippable and skippable
        return _Ways(ways, skippable)

    def _part(self, part: _Part) -> _Ways:
        if part.options is not None:
            inner = self._options(part.options)
        elif part.name:
            inner = self.rule(part.name)
        else:
            inner = _Ways(1, part.skippable)
        if not part.skippable and part.copies == 1:
            return inner
        ways = inner.ways
        if inner.skippable and part.copies > 1:
            ways = min(ENDLESS, ways * part.copies)
            self.chain = max(self.chain, ways)
        return _Ways(ways, inner.skippable or part.skippable)
