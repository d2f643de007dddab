"""Kept beginnings of prompts: the tree against a plain list, and what is kept, loaded, proved and let go."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llm_agentd.prefix_cache.cache import PrefixCache
from llm_agentd.prefix_cache.radix_tree import RadixTree
from llm_agentd.prefix_cache.store import LmdbPrefixStore, NullStore
from llm_agentd.types import PrefixState

PROMPTS = st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple)
LONG = tuple(range(300))


def state(tokens: tuple[int, ...], size: int = 10) -> PrefixState:
    return PrefixState(tokens, bytes(size), ((1, 2.0),))


def shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    count = 0
    while count < min(len(left), len(right)) and left[count] == right[count]:
        count += 1
    return count


class TreeAgainstList(RuleBasedStateMachine):
    """Whatever was added and discarded, the tree finds what looking at each entry finds."""

    def __init__(self) -> None:
        super().__init__()
        self.tree: RadixTree[str] = RadixTree()
        self.plain: dict[tuple[int, ...], str] = {}
        self.matched_tokens = 0

    @rule(tokens=PROMPTS)
    def add(self, tokens: tuple[int, ...]) -> None:
        self.matched_tokens += 1
        self.plain[tokens] = f"v{self.matched_tokens}"
        self.tree.add(tokens, self.plain[tokens])

    @rule(tokens=PROMPTS)
    def discard(self, tokens: tuple[int, ...]) -> None:
        self.plain.pop(tokens, None)
        self.tree.discard(tokens)

    @rule(tokens=PROMPTS)
    def look(self, tokens: tuple[int, ...]) -> None:
        best = max((shared(tokens, known) for known in self.plain), default=0)
        found = {value for known, value in self.plain.items() if shared(tokens, known) == best} if best else set()
        count, values = self.tree.longest(tokens)
        assert (count, set(values)) == (best, found)
        assert len(values) == len(set(values))

    @invariant()
    def empty_when_all_is_gone(self) -> None:
        if not self.plain:
            assert not self.tree._root.children, "no leftovers"


TestTreeAgainstList = TreeAgainstList.TestCase
TestTreeAgainstList.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(st.lists(st.tuples(PROMPTS, st.integers(1, 40)), max_size=30), st.integers(0, 100))
def test_memory_stays_within_its_bound(added: list[tuple[tuple[int, ...], int]], max_bytes: int) -> None:
    prefixes = PrefixCache(max_bytes, NullStore())
    for tokens, size in added:
        prefixes.add(state(tokens, size), "", persist=False)
        assert prefixes.stats()["bytes"] <= max_bytes
        assert prefixes.stats()["bytes"] == sum(kept.bytes for kept in prefixes._kept.values())


def test_a_longer_state_serves_a_shorter_beginning() -> None:
    prefixes = PrefixCache(1000, NullStore())
    prefixes.add(state(LONG), "smith", persist=False)
    match = prefixes.match([*LONG[:251], 7777, 8888])
    assert match is not None
    assert (match.matched_tokens, match.state.tokens, match.verified) == (251, LONG, True)
    assert prefixes.match([9999]) is None


def test_the_smallest_of_the_best_is_taken() -> None:
    prefixes = PrefixCache(1000, NullStore())
    for end in (300, 260, 280):
        prefixes.add(state(LONG[:end]), "", persist=False)
    match = prefixes.match([*LONG[:255], 9999])
    assert match is not None
    assert len(match.state.tokens) == 260


def test_the_least_recently_used_goes_first() -> None:
    prefixes = PrefixCache(30, NullStore())
    for first in (1, 2, 3):
        prefixes.add(state((first, 0)), "", persist=False)
    assert prefixes.match([1, 0])
    prefixes.add(state((4, 0)), "", persist=False)
    assert prefixes.match([2, 0]) is None
    assert all(prefixes.match([first, 0]) for first in (1, 3, 4))


def test_the_same_tokens_again_count_once() -> None:
    prefixes = PrefixCache(100, NullStore())
    for size in (10, 30, 20):
        prefixes.add(state((1, 2), size), "", persist=False)
    assert (prefixes.stats()["entries"], prefixes.stats()["bytes"]) == (1, 20)


def test_one_too_big_is_not_kept() -> None:
    prefixes = PrefixCache(9, NullStore())
    prefixes.add(state((1, 2)), "", persist=True)
    assert prefixes.match([1, 2]) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prefixes"


def test_what_lasts_is_there_after_a_restart_unproven(folder: Path) -> None:
    first = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    first.add(state((1, 2, 3)), "smith", persist=True)
    first.add(state((5, 6)), "", persist=False)
    first.close()
    second = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    assert second.stats()["bytes"] == 0, "read on first use"
    match = second.match([1, 2, 9])
    assert match is not None
    assert (match.matched_tokens, match.state, match.verified) == (2, state((1, 2, 3)), False)
    assert second.match([5, 6]) is None
    second.set_verified(match, True)
    again = second.match([1, 2, 9])
    assert again is not None
    assert again.verified
    second.close()


def test_what_is_not_proved_is_gone_in_memory_and_on_disk(folder: Path) -> None:
    first = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    first.add(state((1, 2, 3)), "smith", persist=True)
    first.close()
    second = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    match = second.match([1, 2, 3])
    assert match is not None
    second.set_verified(match, False)
    assert second.match([1, 2, 3]) is None
    second.close()
    assert LmdbPrefixStore(folder, "model", 1000).known() == []


def test_out_of_memory_but_on_disk_is_found(folder: Path) -> None:
    prefixes = PrefixCache(25, LmdbPrefixStore(folder, "model", 1000))
    for first in (1, 2, 3):
        prefixes.add(state((first, 0)), "", persist=True)
    prefixes._store.flush()
    assert prefixes.stats()["bytes"] == 20
    for first in (1, 2, 3):
        match = prefixes.match([first, 0])
        assert match is not None
        assert match.state == state((first, 0))
    assert prefixes.stats()["bytes"] <= 25
    prefixes.close()


def test_a_damaged_one_gives_way_to_the_next_best(folder: Path) -> None:
    prefixes = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    prefixes.add(state(LONG), "", persist=True)
    prefixes.add(state(LONG[:100]), "", persist=True)
    prefixes.close()
    store = LmdbPrefixStore(folder, "model", 1000)
    (longer,) = [saved.key for saved in store.known() if len(saved.tokens) == 300]
    with store._env.begin(write=True, db=store._data) as txn:
        txn.put(longer, b"\0" * 26)
    second = PrefixCache(1000, store)
    match = second.match(LONG)
    assert match is not None
    assert match.matched_tokens == 100
    second.close()
