"""Finds what llama.cpp accepts in a GBNF grammar and then hangs, crashes or runs out of memory on. Pure.

Seven such things are known, and looked for in this order: repetitions from 5 to 2; what expands into too many rules;
text that no token writes; a root that is not there; left recursion behind parts that may be empty, which llama.cpp does
not see; a search for left recursion that takes for ever; too many ways to go on, for each of which it keeps a stack.
What else there may be is met by a trial in another process (`trial.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from llm_agentd.engines.llama.grammar.gbnf_read import Grammar, Options, Part, read
from llm_agentd.engines.llama.grammar.gbnf_terminals import unwritable

# Of one grammar; at this size llama.cpp takes 40 ms and 20 MB for it, each time that a sequence starts. A form with 40
# strings of 200 characters makes 8,000 rules, 64 actions of four strings each 16,000.
RULES_MAX = 40_000
ELEMENTS_MAX = 200_000
# A chain of parts that may all be left out costs the cube of its length at each token: 200 take a second.
SKIPPABLE_MAX = 200
CHOICES_MAX = 5000  # plain alternatives are cheap: 6,000 take 0.15 s a token
CHAIN_MAX = 1000  # rules that begin with each other, one within the other: llama.cpp calls itself for each
VISITS_MAX = 200_000  # of rules, in the search for left recursion, which visits a rule once for each way to it: 20 ms
ENDLESS = 1_000_000_000  # as good as any larger count


def grammar_danger(text: str) -> str:
    """Why llama.cpp must not get this grammar, for the user; "" if it may."""
    grammar = read(text)
    return (
        grammar.problem
        or _too_large(grammar)
        or next(filter(None, map(unwritable, grammar.terminals)), "")
        or _too_ambiguous(grammar.rules)
    )


def _too_large(grammar: Grammar) -> str:
    rules = len(grammar.rules) + grammar.generated
    if rules > RULES_MAX:
        return f"its repetitions and groups expand to {rules} rules, at most {RULES_MAX}; repeat less often"
    if grammar.elements > ELEMENTS_MAX:
        return f"its repetitions expand to {grammar.elements} characters, at most {ELEMENTS_MAX}; repeat less often"
    return ""


def _too_ambiguous(rules: dict[str, Options]) -> str:
    if rules and "root" not in rules:
        return "there is no rule root, where a grammar begins"
    maybe_empty = _find_maybe_empty(rules)
    order, problem = _leftmost_order(rules, maybe_empty)
    if problem:
        return problem
    counter = _Counter(rules, maybe_empty)
    for name in order:
        counter.begin_rule(name)
    for options in rules.values():
        counter.widest_place(options)
    if counter.chain > SKIPPABLE_MAX:
        return f"more than {SKIPPABLE_MAX} parts in a row may be left out; make some of them required"
    if counter.choices > CHOICES_MAX:
        return f"more than {CHOICES_MAX} alternatives at one place"
    if counter.visits > VISITS_MAX:
        return "its rules begin with each other in too many ways; write fewer rules, or fewer that may be empty"
    return ""


# -- which rules may be empty, and which begin with which ----------------------------------------------


@dataclass(slots=True)
class _Option:
    """Of a rule, all of whose parts may be left out once `missing` more are known to be."""

    rule: str
    missing: int


def _find_maybe_empty(rules: dict[str, Options]) -> set[str]:
    """Names of rules that may stand for no text; llama.cpp knows only those that say so themselves.

    Each part is looked at twice at most: a grammar of a thousand rules may be made so that a search over and over takes
    a thousand rounds.
    """
    waiting: defaultdict[str, list[_Option]] = defaultdict(list)
    todo: list[str] = []
    for name, options in rules.items():
        for parts in options:
            needed = [part.name for part in parts if not part.skippable]
            if not needed:
                todo.append(name)
            elif all(needed):  # else a terminal, which has no name, is among them
                option = _Option(name, len(needed))
                for part_name in needed:
                    waiting[part_name].append(option)
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            for option in waiting[name]:
                option.missing -= 1
                if not option.missing:
                    todo.append(option.rule)
    return found


def _may_be_left_out(part: Part, maybe_empty: set[str]) -> bool:
    return part.skippable or part.name in maybe_empty


def _leftmost_order(rules: dict[str, Options], maybe_empty: set[str]) -> tuple[list[str], str]:
    """Rules, each behind all that it may begin with; or the problem where there is no such order.

    A walk with a stack of its own: what a client sends must not use up Python's.
    """
    order: list[str] = []
    depths: dict[str, int] = {}
    is_open: set[str] = set()
    for start in rules:
        walk = [(start, _leftmost(rules[start], maybe_empty))] if start not in depths else []
        while walk:
            name, begins = walk[-1]
            if name not in is_open:
                is_open.add(name)
                depths[name] = 1
            inner = next(begins, None)
            if inner is None:
                walk.pop()
                is_open.discard(name)
                order.append(name)
                if walk:
                    depths[walk[-1][0]] = max(depths[walk[-1][0]], depths[name] + 1)
            elif inner in is_open:
                return (
                    [],
                    f"left recursion: rule {inner[:40]} may begin with itself; put what is repeated behind a text",
                )
            elif inner in depths:
                depths[name] = max(depths[name], depths[inner] + 1)
            elif inner in rules:
                walk.append((inner, _leftmost(rules[inner], maybe_empty)))
    if max(depths.values(), default=0) > CHAIN_MAX:
        return [], f"more than {CHAIN_MAX} rules begin with each other in one chain; put some of them together"
    return order, ""


def _leftmost(options: Options, maybe_empty: set[str]) -> Iterator[str]:
    """Names with which one of these options may begin."""
    for parts in options:
        for part in parts:
            if part.name:
                yield part.name
            if not _may_be_left_out(part, maybe_empty):
                break


# -- how much there is to do at one place ------------------------------------------------------------


class _Begin(NamedTuple):
    """In how many `ways` something may begin; how many `visits` of rules llama.cpp's search pays there."""

    ways: int = 0
    visits: int = 0


_NOWHERE, _ONE_WAY = _Begin(), _Begin(1)


class _Counter:
    """`begin_rule` in the order of `_leftmost_order`, then `widest_place`. `chain` and `choices` are the widest places
    found, `visits` those of llama.cpp's search, at most.
    """

    def __init__(self, rules: dict[str, Options], maybe_empty: set[str]) -> None:
        self.chain = self.choices = self.visits = 0
        self._rules = rules
        self._maybe_empty = maybe_empty
        self._begins: dict[str, _Begin] = {}
        # llama.cpp's search for left recursion goes on behind a rule that is empty by an option of its own.
        self._says_empty = {
            name for name, options in rules.items() if any(all(part.is_empty for part in parts) for parts in options)
        }

    def begin_rule(self, name: str) -> None:
        ways, visits = 0, 1
        for parts in self._rules[name]:
            is_searched = True
            for part in parts:
                inner = self._begin_part(part)
                ways += inner.ways
                if is_searched:
                    visits += inner.visits
                    is_searched = part.skippable or part.name in self._says_empty
                if not _may_be_left_out(part, self._maybe_empty):
                    break
        self._begins[name] = _Begin(min(ENDLESS, ways), min(ENDLESS, visits))
        self.visits = min(ENDLESS, self.visits + visits)

    def _begin_part(self, part: Part) -> _Begin:
        inner = self._begins.get(part.name, _NOWHERE) if part.name else _NOWHERE if part.is_empty else _ONE_WAY
        if part.copies == 1 and not part.skippable:
            return inner
        # Each copy is a rule of its own, and where one may be empty, the next begins at the same place.
        ways = inner.ways * part.copies if part.name in self._maybe_empty else inner.ways
        visits = (inner.visits + 1) * (part.copies**2 if part.name in self._says_empty else 1)
        return _Begin(min(ENDLESS, ways), min(ENDLESS, visits))

    def widest_place(self, options: Options) -> None:
        """From behind, at each part: the ways to go on there."""
        begin = 0
        for parts in options:
            ways = 0
            for part in reversed(parts):
                inner = self._begin_part(part).ways
                if part.copies > 1:
                    self.visits = min(ENDLESS, self.visits + part.copies * self._begin_part(part).visits)
                    if part.name in self._maybe_empty:
                        self.chain = max(self.chain, inner)
                if ways and _may_be_left_out(part, self._maybe_empty):
                    ways = min(ENDLESS, inner + ways)
                    self.chain = max(self.chain, ways)
                else:
                    ways = inner
            begin = min(ENDLESS, begin + ways)
        self.choices = max(self.choices, begin)
