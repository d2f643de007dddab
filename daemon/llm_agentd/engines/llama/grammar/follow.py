"""Where a text is in its GBNF grammar, in Python: whether one token fits there, and what must come next.

cyllama has no call that asks a grammar about one token, and filtering a vocabulary takes longer than a small model
computes. So a token is chosen freely, and looked at here. What is not sure (half a character, ways without number) is
`None`: then the library filters. Must never say yes where llama.cpp would say no: its grammar, which is told of the
token then, has no way to go on. `tests/engines/test_gbnf_follow.py` compares both, token by token.

No library tells what must come next. It is what a model need not be asked for (`LlamaEngine`).
Pure; a grammar is read once and shared by all sequences that follow it, on the engine thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from llm_agentd.engines.llama.grammar.gbnf_read import UNBOUNDED, Part, read
from llm_agentd.engines.llama.grammar.gbnf_terminals import Ranges, char_ranges

LITERAL = re.compile(r'"(?:\\.|[^"\\])*+"|\[(?:\\.|[^\]\\])*+\]|#[^\r\n]*', re.DOTALL)
RULE = re.compile(r"::=")
# Terminals as they stand in grammars of schemas: literals with plain escapes, and the classes of JSON. Of others it is
# not sure that llama.cpp reads them as this does.
PLAIN = re.compile(r'"(?:[^"\\]|\\["\\nrt])*"|\[[0-9](?:-[0-9])?\]')
CLASSES = frozenset({r'[^"\\\x7F\x00-\x1F]', r'["\\bfnrt]', r"[\\]", r"[ \t]", "[-+]", "[eE]", "[0-9a-fA-F]"})
GRAMMARS_KEPT = 64  # with the places that were reached in them; a mod's NPCs have a few at a time
WAYS_MAX = 64  # at once; grammars of actions have a handful
LOOKED_AT_MAX = 2_000  # places to find the ways behind one character: what goes round in a circle has no end
FORCED_MAX_CHARS = 1_000  # found at a time: longer than a reply
SPACE, BLANKS = "space", frozenset(map(ord, " \t\n"))  # the rule of a schema's grammar that stands between all parts
NODES_MAX = 20_000  # places of one grammar that are remembered: some 5 MB, then it is no longer followed


class _Repeat(NamedTuple):
    """`once`, so many times more."""

    once: Sequence
    low: int
    high: int


Element: TypeAlias = "str | Ranges | _Repeat"  # a rule's name, what one character may be, or a repetition
Sequence: TypeAlias = "tuple[Element, ...]"


class _Node:
    """A place in a grammar: where in a sequence, and the place that goes on behind the sequence."""

    __slots__ = ("at", "behind", "below", "sequence")

    def __init__(self, sequence: Sequence, at: int, below: _Node | None) -> None:
        self.sequence, self.at, self.below = sequence, at, below
        self.behind: Ways | None = None  # what follows the element here, once somebody has asked


class Ways(NamedTuple):
    """Where a text may go on, each place at a character; `may_end`: it may be whole."""

    nodes: tuple[_Node, ...]
    may_end: bool


class Forced(NamedTuple):
    """`text` must come next; `is_end`: and nothing behind it."""

    text: str = ""
    is_end: bool = False


class _NotFollowed(Exception):
    """Too many ways or places, or what is not read here."""


class _Grammar:
    """Places are made once: the id of a sequence, where in it, and the id of the place below are their key."""

    def __init__(self, text: str) -> None:
        self._nodes: dict[tuple[int, int, int], _Node] = {}
        self._later: dict[tuple[int, int], Sequence] = {}  # what is left of a repetition
        found = read(text).rules
        self._rules = {name: [_sequence(parts) for parts in options] for name, options in found.items()}
        self._check_names(text)
        self._root: Sequence = ("root",)
        self.start = self._ways(self._node(self._root, 0, None))

    def _check_names(self, text: str) -> None:
        """A rule that stands twice is the last one for llama.cpp, and both for `read`."""
        if len(RULE.findall(LITERAL.sub("", text))) != sum("(" not in name for name in self._rules):
            raise _NotFollowed

    def written(self, ways: Ways, letter: str) -> Ways | None:
        """Behind one more character; None where it does not fit. Raises _NotFollowed."""
        code = ord(letter)
        after: list[Ways] = []
        for node in ways.nodes:
            ranges: Any = node.sequence[node.at]
            if any(first <= code <= last for first, last in ranges):
                if node.behind is None:
                    node.behind = self._ways(self._node(node.sequence, node.at + 1, node.below))
                after.append(node.behind)
        if len(after) == 1:
            return after[0]
        nodes = tuple(dict.fromkeys(node for each in after for node in each.nodes))
        if len(nodes) > WAYS_MAX:
            raise _NotFollowed
        return Ways(nodes, any(each.may_end for each in after)) if after else None

    def _ways(self, place: _Node) -> Ways:
        """All that a place may go on with, each with a character next."""
        found: list[_Node] = []
        may_end = False
        todo, seen = [place], {place}
        while todo:
            node = todo.pop()
            if node.at == len(node.sequence):
                below = node.below
                may_end |= below is None
                inner = [] if below is None else [self._node(below.sequence, below.at + 1, below.below)]
            else:
                inner = self._inner(node, found)
            new = [each for each in inner if each not in seen]
            seen.update(new)
            todo += new
            if len(seen) > LOOKED_AT_MAX:
                raise _NotFollowed
        if len(found) > WAYS_MAX:
            raise _NotFollowed
        return Ways(tuple(found), may_end)

    def _inner(self, node: _Node, found: list[_Node]) -> list[_Node]:
        """What an element stands for, on top of what follows it; a character is `found` and stands for itself."""
        element = node.sequence[node.at]
        if isinstance(element, str):
            return [self._node(option, 0, node) for option in self._rules[element]]
        if isinstance(element, _Repeat):
            inner = [self._node(node.sequence, node.at + 1, node.below)] if element.low == 0 else []
            if element.high:
                inner.append(self._node(element.once, 0, self._node(self._rest(node, element), 0, node.below)))
            return inner
        found.append(node)
        return []

    def _rest(self, node: _Node, element: _Repeat) -> Sequence:
        """A repetition's sequence behind once more of it; its first element is passed over, as done."""
        key = id(node.sequence), node.at
        if key not in self._later:
            low, high = max(0, element.low - 1), element.high - 1 if element.high > 0 else UNBOUNDED
            again = element if (low, high) == element[1:] else _Repeat(element.once, low, high)
            self._later[key] = ("", again, *node.sequence[node.at + 1 :])
        return self._later[key]

    def _node(self, sequence: Sequence, at: int, below: _Node | None) -> _Node:
        key = id(sequence), at, id(below)
        node = self._nodes.get(key)
        if node is None:
            if len(self._nodes) >= NODES_MAX:
                raise _NotFollowed
            node = self._nodes[key] = _Node(sequence, at, below)
        return node


def _sequence(parts: Iterable[Part]) -> Sequence:
    elements: list[Element] = []
    for part in parts:
        if part.text and part.text not in CLASSES and not PLAIN.fullmatch(part.text):
            raise _NotFollowed
        once: Sequence = (part.name,) if part.name else tuple(char_ranges(part.text))
        for low, high in part.bounds:
            once = (_Repeat(once, low, high),)
        elements += once
    return tuple(elements)


@lru_cache(maxsize=GRAMMARS_KEPT)
def _grammar(text: str) -> _Grammar | None:
    try:
        return _Grammar(text)
    except (_NotFollowed, KeyError):  # KeyError: a rule that is not there, which llama.cpp has refused
        return None


class Follower:
    """Where one text is in its grammar. `is_schema`: that of a JSON schema, in which blanks mean nothing."""

    def __init__(self, text: str, *, is_schema: bool = False) -> None:
        self._is_schema = is_schema
        self._grammar = _grammar(text)
        self._ways = self._grammar.start if self._grammar else None  # None: it cannot be followed, or no longer
        self._half = b""  # of a character

    @property
    def is_sure(self) -> bool:
        """Whether it can tell anything of this grammar."""
        return self._ways is not None

    def fits(self, piece: bytes, *, ends: bool) -> bool | None:
        """Whether a token with these bytes may follow; `ends`: one that ends the text. None: not sure."""
        if self._ways is None:
            return None
        if ends:
            return self._ways.may_end and not self._half
        if not piece or self._half:
            return None
        try:
            return self._after(piece.decode()) is not None
        except (UnicodeDecodeError, _NotFollowed):
            return None

    def accept(self, piece: bytes) -> None:
        """Goes on behind a token that was taken, whoever found it to fit. One without text ends it: llama.cpp follows
        the name of such a token, as if that were its text.
        """
        if self._ways is None or not piece:
            self._ways = None
            return
        text, self._half = _whole_characters(self._half + piece)
        try:
            self._ways = self._after(text)
        except _NotFollowed:
            self._ways = None

    def forced(self) -> Forced:
        """What comes next whatever is chosen; of a schema's grammar, without the blanks that there might be."""
        ways, text = self._ways, ""
        if self._grammar is None or ways is None or self._half:
            return Forced()
        while len(text) < FORCED_MAX_CHARS:
            nodes = self._without_space(ways.nodes)
            letter = None if ways.may_end else _only_letter(nodes)
            if letter is None:
                return Forced(text, ways.may_end and not nodes)
            try:
                behind = self._grammar.written(ways, letter)
            except _NotFollowed:
                break
            if behind is None:
                break
            ways, text = behind, text + letter
        return Forced(text)

    def _without_space(self, nodes: tuple[_Node, ...]) -> tuple[_Node, ...]:
        if not self._is_schema:
            return nodes
        return tuple(node for node in nodes if not _is_space(node))

    def _after(self, text: str) -> Ways | None:
        ways = self._ways
        for letter in text:
            if ways is None or self._grammar is None:
                return None
            ways = self._grammar.written(ways, letter)
        return ways


def _only_letter(nodes: tuple[_Node, ...]) -> str | None:
    """The one character that all of these places take."""
    letters = {_single(node) for node in nodes}
    return letters.pop() if len(letters) == 1 else None


def _single(node: _Node) -> str | None:
    ranges: Any = node.sequence[node.at]
    if len(ranges) != 1 or ranges[0][0] != ranges[0][1]:
        return None
    return chr(ranges[0][0])


def _is_space(node: _Node) -> bool:
    """Whether the place is a blank in the rule for blanks."""
    ranges: Any = node.sequence[node.at]
    if not all(first in BLANKS and last in BLANKS for first, last in ranges):
        return False
    above = node.below
    while above is not None and (above.at >= len(above.sequence) or above.sequence[above.at] != SPACE):
        above = above.below
    return above is not None


def _whole_characters(data: bytes) -> tuple[str, bytes]:
    """The characters that are whole, and the bytes of one that is not."""
    for cut in range(min(4, len(data) + 1)):
        try:
            return data[: len(data) - cut].decode(), data[len(data) - cut :]
        except UnicodeDecodeError:
            continue
    return "\0", b""  # no UTF-8: it fits nowhere
