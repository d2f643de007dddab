"""Which known prompts begin like this one: a radix tree over token ids. Pure; knows no states, bytes or disks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from llm_agentd.util.common_prefix import common_prefix_length

Value = TypeVar("Value")


@dataclass(slots=True)
class _Node(Generic[Value]):
    """`edge`: the tokens from the parent to here. `value`: of the prompt that ends here, if one does."""

    edge: tuple[int, ...] = ()
    value: Value | None = None
    children: dict[int, _Node[Value]] = field(default_factory=dict)


class RadixTree(Generic[Value]):
    """Values by their tokens."""

    def __init__(self) -> None:
        self._root: _Node[Value] = _Node()

    def add(self, tokens: Sequence[int], value: Value) -> None:
        """The same tokens again replace their value."""
        node, rest = self._root, tuple(tokens)
        while rest:
            child = node.children.get(rest[0])
            if child is None:
                node.children[rest[0]] = _Node(rest, value)
                return
            shared = common_prefix_length(child.edge, rest)
            if shared < len(child.edge):
                middle = _Node(child.edge[:shared], None, {child.edge[shared]: child})
                child.edge = child.edge[shared:]
                node.children[rest[0]] = child = middle
            node, rest = child, rest[shared:]
        node.value = value

    def longest(self, tokens: Sequence[int]) -> tuple[int, list[Value]]:
        """How many tokens the best of the known begin with in common, and the values of all that do."""
        node, rest, count = self._root, tuple(tokens), 0
        while rest and (child := node.children.get(rest[0])) is not None:
            shared = common_prefix_length(child.edge, rest)
            node, rest, count = child, rest[shared:], count + shared
            if shared < len(child.edge):
                break
        return count, [] if node is self._root else list(_values(node))

    def discard(self, tokens: Sequence[int]) -> None:
        """Forgets the value of these tokens, if there is one."""
        path = [self._root]
        rest = tuple(tokens)
        while rest:
            child = path[-1].children.get(rest[0])
            if child is None or rest[: len(child.edge)] != child.edge:
                return
            path.append(child)
            rest = rest[len(child.edge) :]
        node = path.pop()
        node.value = None
        while path and node.value is None and len(node.children) < 2:
            parent = path.pop()
            if node.children:  # one child: it takes the place
                (child,) = node.children.values()
                child.edge = node.edge + child.edge
                parent.children[node.edge[0]] = child
                return
            del parent.children[node.edge[0]]
            if parent is self._root:
                return
            node = parent


def _values(node: _Node[Value]) -> Iterator[Value]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.value is not None:
            yield one.value
        waiting += one.children.values()
