"""The prefix cache: the radix tree against a plain dict, and what is kept, loaded, verified and evicted."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llm_agentd.prefix_cache import LmdbPrefixStore, NullPrefixStore, PrefixCache
from llm_agentd.prefix_cache.cache import SAVED_IN_MEMORY_MAX, UNSAVED_IN_MEMORY_MAX_BYTES
from llm_agentd.prefix_cache.radix_tree import RadixTree
from llm_agentd.prefix_cache.room import LOOK_EVERY_S, Room
from llm_agentd.types import PrefixState
from tests.prefix_cache.damage import overwrite_data

PROMPTS = st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple)
LONG = tuple(range(300))


def state(tokens: tuple[int, ...], size: int = 10) -> PrefixState:
    return PrefixState(tokens, bytes(size), ((1, 2.0),))


def shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    count = 0
    while count < min(len(left), len(right)) and left[count] == right[count]:
        count += 1
    return count


class RadixTreeAgainstDict(RuleBasedStateMachine):
    """Whatever was inserted and removed, the tree finds what comparing with each entry finds."""

    def __init__(self) -> None:
        super().__init__()
        self.tree: RadixTree[str] = RadixTree()
        self.entries: dict[tuple[int, ...], str] = {}
        self.removed: set[tuple[int, ...]] = set()
        self.inserted = 0

    @rule(tokens=PROMPTS)
    def insert(self, tokens: tuple[int, ...]) -> None:
        self.inserted += 1
        self.entries[tokens] = f"v{self.inserted}"
        self.tree.insert(tokens, self.entries[tokens])

    @rule(tokens=PROMPTS)
    def remove(self, tokens: tuple[int, ...]) -> None:
        self.entries.pop(tokens, None)
        self.removed.add(tokens)
        self.tree.remove(tokens)

    @rule(tokens=PROMPTS)
    def look_up(self, tokens: tuple[int, ...]) -> None:
        best = max((shared(tokens, known) for known in self.entries), default=0)
        expected = {value for known, value in self.entries.items() if shared(tokens, known) == best} if best else set()
        count, values = self.tree.longest_match(tokens)
        assert (count, set(values)) == (best, expected)
        assert len(values) == len(set(values))

    @invariant()
    def nothing_matches_when_all_is_removed(self) -> None:
        if not self.entries:
            assert all(self.tree.longest_match(tokens) == (0, []) for tokens in self.removed)


TestRadixTreeAgainstDict = RadixTreeAgainstDict.TestCase
TestRadixTreeAgainstDict.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(st.lists(st.tuples(PROMPTS, st.integers(1, 40)), max_size=30), st.integers(0, 100))
def test_memory_stays_within_max_bytes_and_is_counted_right(
    added: list[tuple[tuple[int, ...], int]], max_bytes: int
) -> None:
    prefixes = PrefixCache(max_bytes, NullPrefixStore())
    for tokens, size in added:
        prefixes.add(state(tokens, size), "", persist=False)
        assert prefixes.stats()["bytes"] <= max_bytes
    matches = [prefixes.match(tokens) for tokens, _ in added]
    kept = {match.state.tokens: len(match.state.data) for match in matches if match is not None}
    assert prefixes.stats()["bytes"] == sum(kept.values())
    assert prefixes.stats()["entries"] == len(kept)


def test_longer_state_matches_as_far_as_it_is_equal() -> None:
    prefixes = PrefixCache(1000, NullPrefixStore())
    prefixes.add(state(LONG), "smith", persist=False)
    match = prefixes.match([*LONG[:251], 7777, 8888])
    assert match is not None
    assert (match.matched_tokens, match.state.tokens, match.verified) == (251, LONG, True)
    assert prefixes.match([9999]) is None


def test_of_equal_matches_the_shortest_state_is_taken() -> None:
    prefixes = PrefixCache(1000, NullPrefixStore())
    for end in (300, 260, 280):
        prefixes.add(state(LONG[:end]), "", persist=False)
    match = prefixes.match([*LONG[:255], 9999])
    assert match is not None
    assert len(match.state.tokens) == 260


def test_least_recently_used_state_is_evicted_first() -> None:
    prefixes = PrefixCache(30, NullPrefixStore())
    for first in (1, 2, 3):
        prefixes.add(state((first, 0)), "", persist=False)
    assert prefixes.match([1, 0])
    prefixes.add(state((4, 0)), "", persist=False)
    assert prefixes.match([2, 0]) is None
    assert all(prefixes.match([first, 0]) for first in (1, 3, 4))


def test_state_of_the_same_tokens_replaces_the_old_one() -> None:
    prefixes = PrefixCache(100, NullPrefixStore())
    for size in (10, 30, 20):
        prefixes.add(state((1, 2), size), "", persist=False)
    assert (prefixes.stats()["entries"], prefixes.stats()["bytes"]) == (1, 20)


def test_state_larger_than_max_bytes_is_not_kept() -> None:
    prefixes = PrefixCache(9, NullPrefixStore())
    prefixes.add(state((1, 2)), "", persist=True)
    assert prefixes.match([1, 2]) is None


def test_persisted_state_is_there_after_a_restart_but_not_verified(folder: Path) -> None:
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


def test_state_that_fails_verification_is_deleted_in_memory_and_on_disk(folder: Path) -> None:
    first = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    first.add(state((1, 2, 3)), "smith", persist=True)
    first.close()
    second = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    match = second.match([1, 2, 3])
    assert match is not None
    second.set_verified(match, False)
    assert second.match([1, 2, 3]) is None
    second.close()
    assert LmdbPrefixStore(folder, "model", 1000).saved() == []


def test_state_evicted_from_memory_is_loaded_from_disk(folder: Path) -> None:
    store = LmdbPrefixStore(folder, "model", 1000)
    prefixes = PrefixCache(25, store)
    for first in (1, 2, 3):
        prefixes.add(state((first, 0)), "", persist=True)
    store.flush()
    assert prefixes.stats()["bytes"] == 20
    for first in (1, 2, 3):
        match = prefixes.match([first, 0])
        assert match is not None
        assert match.state == state((first, 0))
    assert prefixes.stats()["bytes"] <= 25
    prefixes.close()


def test_damaged_state_gives_way_to_the_next_best(folder: Path) -> None:
    prefixes = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    prefixes.add(state(LONG), "", persist=True)
    prefixes.add(state(LONG[:100]), "", persist=True)
    prefixes.close()
    store = LmdbPrefixStore(folder, "model", 1000)
    (longer,) = [saved.key for saved in store.saved() if len(saved.tokens) == 300]
    store.close()
    overwrite_data(folder, longer, b"\0" * 26)
    second = PrefixCache(1000, LmdbPrefixStore(folder, "model", 1000))
    match = second.match(LONG)
    assert match is not None
    assert match.matched_tokens == 100
    second.close()


def test_states_that_are_on_disk_leave_the_memory_and_are_found_at_once_all_the_same(folder: Path) -> None:
    prefixes = PrefixCache(10_000, LmdbPrefixStore(folder, "model", 10_000))
    for first in range(40):
        prefixes.add(state((first, 0)), "", persist=True)
        assert prefixes.stats()["bytes"] <= 10 * SAVED_IN_MEMORY_MAX
    for first in range(40):  # some are written by now, some are not
        match = prefixes.match([first, 0])
        assert match is not None
        assert (match.state, match.verified) == (state((first, 0)), True)
    assert prefixes.stats()["bytes"] <= 10 * SAVED_IN_MEMORY_MAX
    prefixes.close()


def test_what_is_in_memory_alone_goes_to_the_disk_once_there_is_much_of_it(folder: Path) -> None:
    size = UNSAVED_IN_MEMORY_MAX_BYTES // 4
    cache = PrefixCache(2**30, LmdbPrefixStore(folder, "f", 2**30))
    for number in range(12):
        cache.add(state((number, 1, 2), size), "smith", persist=False)
    assert cache.stats()["bytes"] == UNSAVED_IN_MEMORY_MAX_BYTES + SAVED_IN_MEMORY_MAX * size
    cache.close()
    saved = LmdbPrefixStore(folder, "f", 2**30)
    assert [(one.tokens[0], one.label) for one in saved.saved()] == [(number, "smith") for number in range(8)]
    saved.close()


def test_what_the_disk_does_not_take_stays_in_memory() -> None:
    size = UNSAVED_IN_MEMORY_MAX_BYTES // 4
    cache = PrefixCache(2**30, NullPrefixStore())
    for number in range(12):
        cache.add(state((number, 1, 2), size), "", persist=False)
    assert (cache.stats()["entries"], cache.stats()["bytes"]) == (12, 12 * size)


def test_states_take_a_share_of_what_the_machine_has_free_and_give_it_back_when_it_gets_short() -> None:
    free_bytes, now_s = 1000, 0.0
    prefixes = PrefixCache(10_000, NullPrefixStore(), Room(0.5, lambda: free_bytes, lambda: now_s))
    for first in range(100):
        now_s += LOOK_EVERY_S
        prefixes.add(state((first, 0)), "", persist=False)
        free_bytes = 1000 - prefixes.stats()["bytes"]
    assert prefixes.stats()["bytes"] == 500
    assert prefixes.stats()["max_bytes"] == 500
    free_bytes -= 400  # somebody else took so much
    prefixes.shrink()
    assert prefixes.stats()["bytes"] == 500, "not looked at again so soon"
    now_s += LOOK_EVERY_S
    prefixes.shrink()
    assert prefixes.stats()["bytes"] == 300
    assert prefixes.match([99, 0]) is not None
    assert prefixes.match([0, 0]) is None


def test_of_a_state_that_the_disk_dropped_nothing_stays(folder: Path) -> None:
    """Its tokens did: every prompt of a daemon's life, a few kilobytes each."""
    store = LmdbPrefixStore(folder, "model", 100)
    prefixes = PrefixCache(100, store)
    for first in range(200):
        prefixes.add(state((first, 0)), "", persist=True)
    store.flush()
    prefixes.shrink()
    assert prefixes.stats()["entries"] <= 10 + SAVED_IN_MEMORY_MAX  # those on disk, and the last in memory
    assert prefixes.match([0, 0]) is None
    newest = prefixes.match([199, 0])
    assert newest is not None
    assert newest.state == state((199, 0))
    assert prefixes.stats()["bytes"] <= 100
    prefixes.close()
