"""What in a GBNF grammar llama.cpp accepts and then does not survive: too many ways to go on, and what no token writes.

It keeps a stack for each way, and some small grammars need 2³⁰; where no token fits it takes one that does not, and
throws through everybody. A rough reader: what is no grammar at all is llama.cpp's to name. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# A chain of parts that may all be left out costs the cube of its length at each token: 200 take a second.
SKIPPABLE_MAX = 200
CHOICES_MAX = 5000  # plain alternatives are cheap: 6,000 take 0.15 s a token
ENDLESS = 1_000_000_000  # as good as any larger count

_TOKEN = re.compile(
    r'(?P<terminal>"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|<[^>\n]*>|\.)|(?P<comment>#[^\n]*)'
    r"|(?P<rule>[\w-]+)\s*::=|(?P<name>[\w-]+)|(?P<repeat>\{[^}]*\}|[*+?])|(?P<mark>[()|])",
    re.DOTALL,
)
_CHAR = re.compile(r"\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.|.", re.DOTALL)
_PLAIN_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


@dataclass(slots=True)
class _Part:
    """A terminal (neither name nor options), a rule's name, or a group's options; `copies` as repeated."""

    name: str = ""
    options: list[list[_Part]] | None = None
    skippable: bool = False
    copies: int = 1


@dataclass(slots=True)
class _Width:
    """`ways` to begin; `skippable`: may be empty."""

    ways: int = 0
    skippable: bool = False


def unwritable(text: str) -> str:
    """Why no token could ever follow this grammar, in a user's words; "" if nothing of the kind is in it."""
    for match in _TOKEN.finditer(text):
        terminal = match["terminal"] or ""
        if terminal.startswith("<"):
            return f"{terminal[:40]} names a token of the model; write the text itself"
        codes = _codes(terminal[1:-1])
        if terminal.startswith('"') and not all(map(_is_char, codes)):
            return f"{terminal[:40]} holds a character that no text has"
        if terminal.startswith("[") and not terminal.startswith("[^") and not _holds_a_char(codes):
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


def _holds_a_char(codes: list[int | str]) -> bool:
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


def too_wide(text: str) -> str:
    """Why this grammar would run away, in a user's words; "" if it does not."""
    counter = _Counter(_read(text))
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


def _read(text: str) -> dict[str, list[list[_Part]]]:
    rules: dict[str, list[list[_Part]]] = {}
    open_groups: list[list[list[_Part]]] = [[[]]]
    for match in _TOKEN.finditer(text):
        parts = open_groups[-1][-1]
        if match["rule"]:
            open_groups = [rules.setdefault(match["rule"], [[]])]
        elif match["terminal"]:
            parts.append(_Part(skippable=match["terminal"] == '""'))
        elif match["name"]:
            parts.append(_Part(name=match["name"]))
        elif match["repeat"]:
            if parts:
                _repeat(parts[-1], match["repeat"])
        elif match["mark"] == "(":
            open_groups.append([[]])
        elif match["mark"] == "|":
            open_groups[-1].append([])
        elif match["mark"] == ")" and len(open_groups) > 1:
            options = open_groups.pop()
            open_groups[-1][-1].append(_Part(options=options))
    return rules


def _repeat(part: _Part, sign: str) -> None:
    """`?`, `*`, `+`, `{2}`, `{2,}`, `{2,5}`."""
    numbers = [int(number) for number in re.findall(r"\d{1,9}", sign)]
    part.skippable = part.skippable or sign in "?*" or numbers[:1] == [0]
    part.copies = max([1, *numbers])


@dataclass(slots=True)
class _Counter:
    """Counts rule by rule; `chain` and `choices` are the widest places found."""

    rules: dict[str, list[list[_Part]]]
    chain: int = 0
    choices: int = 0
    _known: dict[str, _Width] = field(default_factory=dict)

    def rule(self, name: str) -> _Width:
        if name not in self._known:
            self._known[name] = _Width()  # while it is being counted: a rule that begins with itself is refused anyway
            self._known[name] = self._options(self.rules.get(name, []))
        return self._known[name]

    def _options(self, options: list[list[_Part]]) -> _Width:
        widths = [self._sequence(parts) for parts in options]
        ways = min(ENDLESS, sum(width.ways for width in widths))
        self.choices = max(self.choices, ways)
        return _Width(ways, any(width.skippable for width in widths))

    def _sequence(self, parts: list[_Part]) -> _Width:
        """From behind: the ways to go on at each part."""
        width = _Width(0, True)
        for part in reversed(parts):
            own = self._part(part)
            ways = own.ways
            if own.skippable and width.ways:
                ways = min(ENDLESS, ways + width.ways)
                self.chain = max(self.chain, ways)
            width = _Width(ways, own.skippable and width.skippable)
        return width

    def _part(self, part: _Part) -> _Width:
        if part.options is not None:
            own = self._options(part.options)
        elif part.name:
            own = self.rule(part.name)
        else:
            own = _Width(1, part.skippable)
        ways = own.ways
        if own.skippable and part.copies > 1:
            ways = min(ENDLESS, ways * part.copies)
            self.chain = max(self.chain, ways)
        return _Width(ways, own.skippable or part.skippable)
