"""A radix tree over token ids: which known sequences share the longest prefix with this one. Pure.

It knows no states, bytes or disks. As in SGLang's radix attention, an edge holds a run of tokens rather than one, so a
tree of a thousand prompts of 500 tokens has about two thousand nodes; a lookup compares each run by slices, which
Python does in C. Nodes without a value and with one child are merged, so that this stays so after removals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from llm_agentd.util.common_prefix import common_prefix_length

Value = TypeVar("Value")


@dataclass(slots=True)
class _Node(Generic[Value]):
    """`edge`: the tokens from the parent to here. `value`: of the sequence that ends here, if one does."""

    edge: tuple[int, ...] = ()
    value: Value | None = None
    children: dict[int, _Node[Value]] = field(default_factory=dict)  # by the first token of their edge


class RadixTree(Generic[Value]):
    """Values by their token ids."""

    def __init__(self) -> None:
        self._root: _Node[Value] = _Node()

    def insert(self, tokens: Sequence[int], value: Value) -> None:
        """The same tokens again replace their value."""
        node, rest = self._root, tuple(tokens)
        while rest:
            child = node.children.get(rest[0])
            if child is None:
                node.children[rest[0]] = _Node(rest, value)
                return
            shared = common_prefix_length(child.edge, rest)
            if shared < len(child.edge):  # the edge is split where the two part
                middle = _Node(child.edge[:shared], None, {child.edge[shared]: child})
                child.edge = child.edge[shared:]
                node.children[rest[0]] = child = middle
            node, rest = child, rest[shared:]
        node.value = value

    def longest_match(self, tokens: Sequence[int]) -> tuple[int, list[Value]]:
        """The length of the longest prefix shared with any known sequence, and the values of all that share it."""
        node, rest, count = self._root, tuple(tokens), 0
        while rest and (child := node.children.get(rest[0])) is not None:
            shared = common_prefix_length(child.edge, rest)
            node, rest, count = child, rest[shared:], count + shared
            if shared < len(child.edge):
                break
        return count, [] if node is self._root else list(_values(node))

    def remove(self, tokens: Sequence[int]) -> None:
        """Removes the value of exactly these tokens, if there is one."""
        path = [self._root]
        rest = tuple(tokens)
        while rest:
            child = path[-1].children.get(rest[0])
            if child is None or rest[: len(child.edge)] != child.edge:
                return
            path.append(child)
            rest = rest[len(child.edge) :]
        path[-1].value = None
        self._prune(path)

    def _prune(self, path: list[_Node[Value]]) -> None:
        """From the end of `path` upwards: drops nodes that lead nowhere, merges those that lead to one child."""
        while len(path) > 1:
            node, parent = path.pop(), path[-1]
            if node.value is not None or len(node.children) > 1:
                return
            if node.children:
                (child,) = node.children.values()
                child.edge = node.edge + child.edge
                parent.children[node.edge[0]] = child
                return
            del parent.children[node.edge[0]]


def _values(node: _Node[Value]) -> Iterator[Value]:
    pending = [node]
    while pending:
        one = pending.pop()
        if one.value is not None:
            yield one.value
        pending += one.children.values()
