"""Writes a few texts by a grammar, to find one that llama.cpp could read in millions of ways. Pure.

llama.cpp follows all ways at once, letter by letter, and within one token in one call that nothing interrupts: behind
`x ::= " " x "a" | " " x "b"` they double with each space, and some vocabularies have tokens of 64 spaces. In general
nobody can tell whether a grammar does that, but whoever repeats the letter that multiplies the ways most soon sees it.
So from each rule on, greedy walks: after a run of one letter, after a word, and after a text of many tokens. A grammar
whose walks do not end within the budget is refused. Too slow for grammars that the daemon builds by itself, whose texts
can be read in one way each; for a client's own, in the process that tries them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from llm_agentd.engines.llama.grammar.gbnf_read import UNBOUNDED, Part, read
from llm_agentd.engines.llama.grammar.gbnf_terminals import Ranges, char_ranges

LETTERS_MAX = 32  # twice as many ways with each would be 2**32
WAYS_MAX = 10_000  # good grammars have a handful, and sloppy ones a few hundred after so many letters
WORD_LETTERS_MAX = 12  # of a token that is no run of one letter
# llama.cpp compares each stack with all that it has found from the same one: 10 ns each, so this is 0.3 s a letter. Two
# thousand plain alternatives, over and over, stay far below it; the same one 400 times does not.
COMPARED_MAX = 30_000_000
STACKS_MAX = 2000  # each costs at every token; plain alternatives, which are cheap, go up to `CHOICES_MAX` once
BUDGET = 1_500_000  # stacks looked at, two seconds; of schemas that fit into a grammar the worst take a half
COPIES_MAX = 2  # of what is repeated often: the third tells nothing new
TRIED_LETTERS = 4  # at each step, those that most ways allow
PROBES = tuple(map(ord, 'a 0\n"-é'))  # one of these is in nearly every class that names what is not in it

Element: TypeAlias = str | Ranges  # a rule's name, or a character's first and last code points
Sequence: TypeAlias = tuple[Element, ...]
Stack: TypeAlias = int  # in `_Walk._nodes`: where in a sequence, and the stack below


class _SpentError(Exception):
    """The budget is used up."""


def too_many_ways(text: str) -> str:
    """Why llama.cpp should not follow this grammar, for the user; "" where the walk ended and found nothing.

    A walk that does not end says nothing good of the grammar: it is refused like one that explodes.
    """
    walk = _Walk(text)
    try:
        for rule, start in walk.starts():
            if letters := walk.explodes(start):
                shown = "".join(map(chr, letters))
                return f"rule {rule[:40]}: {shown!r} can be read in thousands of ways; let there be one each"
    except _SpentError:
        return "it can be read in more ways than can be tried; write fewer alternatives that begin alike"
    return ""


class _Walk:
    def __init__(self, text: str) -> None:
        self.rules: dict[str, list[Sequence]] = {}
        self._nodes: list[tuple[Sequence, int, Stack]] = [((), 0, 0)]  # 0: nothing is left to write
        self._ids: dict[tuple[int, int, Stack], Stack] = {}
        self._kept: list[Sequence] = []  # whose ids are in `_ids`
        self._tops: dict[Stack, list[Stack]] = {}
        self._spent = 0
        for name, options in read(text).rules.items():
            self.rules[name] = [self._sequence(name, parts) for parts in options]

    def _sequence(self, rule: str, parts: list[Part]) -> Sequence:
        elements: list[Element] = []
        for part in parts:
            once: Sequence = (part.name,) if part.name else tuple(char_ranges(part.text))
            for low, high in part.bounds:
                once = self._repeated(rule, once, low, high)
            elements += once
        return tuple(elements)

    def _repeated(self, rule: str, once: Sequence, low: int, high: int) -> Sequence:
        """As llama.cpp writes it: copies, then a rule that may be empty or goes on."""
        more = COPIES_MAX if high == UNBOUNDED else min(high - low, COPIES_MAX)
        name = ""
        for _ in range(1 if high == UNBOUNDED else more):
            behind = name
            name = f"{rule}*{len(self.rules)}"
            again = name if high == UNBOUNDED else behind
            self.rules[name] = [(*once, again) if again else once, ()]
        return once * min(low, COPIES_MAX) + ((name,) if name else ())

    def starts(self) -> Iterator[tuple[str, Counter[Stack]]]:
        """Where to walk from, by rule: the root, then the widest first.

        Left out is what begins as a part of one that was walked, as it can be read in fewer ways, letter by letter. So
        the hundred rules for "and the rest of the properties" cost one walk.
        """
        starts = {rule: self._start(rule) for rule in self.rules}
        walked: dict[Stack, list[Counter[Stack]]] = {}
        for rule in sorted(starts, key=lambda rule: (rule != "root", -len(starts[rule]))):
            start = starts[rule]
            wider = walked.get(next(iter(start)), []) if start else []
            if any(all(count <= one[stack] for stack, count in start.items()) for one in wider):
                continue
            yield rule, start
            for stack in start:
                walked.setdefault(stack, []).append(start)

    def _start(self, rule: str) -> Counter[Stack]:
        start: Counter[Stack] = Counter()
        for option in self.rules[rule]:
            start.update(self._expand(self._push(option, 0, 0)))
        return start

    def explodes(self, start: Counter[Stack]) -> list[int]:
        """Letters after which there are too many ways, written from `start` on; none if they were not found.

        A run of one letter is what a token may be, and so is a word: there each way counts. Of a text of many tokens
        llama.cpp keeps each stack once: `1` and `[0-9]` are two ways to read a digit, but not two stacks behind it.
        """
        for letter in self._letters(start):
            ways = start
            for count in range(LETTERS_MAX):
                ways = self._written(ways, letter)
                if ways.total() > WAYS_MAX:
                    return [letter] * (count + 1)
        return self._greedy(start, Counter.total, WAYS_MAX, WORD_LETTERS_MAX) or self._greedy(
            start, len, max(STACKS_MAX, 2 * len(start)), LETTERS_MAX
        )

    def _greedy(
        self, ways: Counter[Stack], size: Callable[[Counter[Stack]], int], size_max: int, letters_max: int
    ) -> list[int]:
        letters: list[int] = []
        while ways and len(letters) < letters_max:
            written = [(letter, self._written(ways, letter)) for letter in self._letters(ways)]
            letter, ways = max(written, key=lambda one: size(one[1]))
            letters.append(letter)
            if size(ways) > size_max:
                return letters
        return []

    def _letters(self, ways: Counter[Stack]) -> list[int]:
        """Those that most ways allow, by a letter of each."""
        found: Counter[int] = Counter()
        for stack, count in ways.items():
            found[_a_letter(self._top(stack))] += count
        return [letter for letter, _ in found.most_common(TRIED_LETTERS)]

    def _written(self, ways: Counter[Stack], letter: int) -> Counter[Stack]:
        """Ways that go on alike are put together first, so the same alternative a thousand times costs little."""
        behind: Counter[Stack] = Counter()
        merged: Counter[Stack] = Counter()  # stacks that llama.cpp follows one by one all the same
        for stack, count in ways.items():
            if _matches(self._top(stack), letter):
                sequence, at, below = self._nodes[stack]
                next_stack = self._push(sequence, at + 1, below)
                behind[next_stack] += count
                merged[next_stack] += 1
        self._spend(len(ways))
        after: Counter[Stack] = Counter()
        compared = 0
        for stack, count in behind.items():
            tops = self._expand(stack)
            compared += merged[stack] * len(tops) ** 2
            for top in tops:
                after[top] += count
        if compared > COMPARED_MAX:
            raise _SpentError
        return after

    def _top(self, stack: Stack) -> Ranges:
        sequence, at, _ = self._nodes[stack]
        element = sequence[at]
        assert not isinstance(element, str)
        return element

    def _push(self, sequence: Sequence, at: int, below: Stack) -> Stack:
        """What is left of `sequence` on top of a stack; nothing of it: the stack itself."""
        if at == len(sequence):
            return below
        key = (id(sequence), at, below)
        if key not in self._ids:
            self._kept.append(sequence)
            self._ids[key] = len(self._nodes)
            self._nodes.append((sequence, at, below))
        return self._ids[key]

    def _expand(self, stack: Stack) -> list[Stack]:
        """All that a stack may go on with, each with a character on top."""
        if stack in self._tops:
            self._spend(len(self._tops[stack]))
            return self._tops[stack]
        tops, seen, todo = [], {stack}, [stack]
        while todo:
            node = todo.pop()
            if not node:
                continue
            sequence, at, below = self._nodes[node]
            element = sequence[at]
            if not isinstance(element, str):
                tops.append(node)
                continue
            rest = self._push(sequence, at + 1, below)
            for option in self.rules.get(element, ()):
                inner = self._push(option, 0, rest)
                if inner not in seen:
                    seen.add(inner)
                    todo.append(inner)
            self._spend(0)
        self._tops[stack] = tops
        return tops

    def _spend(self, stacks: int) -> None:
        self._spent += stacks + 1
        if self._spent > BUDGET:
            raise _SpentError


@lru_cache(maxsize=1024)
def _a_letter(ranges: Ranges) -> int:
    return next((probe for probe in PROBES if _matches(ranges, probe)), ranges[0][0] if ranges else 0)


def _matches(ranges: Ranges, letter: int) -> bool:
    return any(first <= letter <= last for first, last in ranges)
