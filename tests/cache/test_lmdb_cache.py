"""The LMDB cache: the contract, its bounds, the writer, and random use against a dict."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule

from llm_agentd.cache import CompletionCache, LmdbCache
from llm_agentd.cache import lmdb_cache as cache_lmdb
from llm_agentd.cache.entry import PROMPT_KEPT_CHARS
from llm_agentd.cache.lmdb_store import LmdbStore
from tests.cache.conftest import MAX_BYTES, problems
from tests.cache.contract import TTL_S, CacheContract, FakeClock, entry, key


class TestLmdbCache(CacheContract):
    @pytest.fixture
    def open(self, clock: FakeClock, tmp_path: Path) -> Callable[[], CompletionCache]:
        return lambda: LmdbCache(tmp_path / "cache", TTL_S, MAX_BYTES, clock)


# -- size, life, order -----------------------------------------------------------------------------


def test_least_recently_used_entries_are_evicted_down_to_max_bytes(folder: Path, clock: FakeClock) -> None:
    cache = LmdbCache(folder, TTL_S, 20_000, clock)
    for number in range(40):
        clock.now_s += 0.1
        cache.put(key(number), entry("x" * 1000), 1)
        cache.get(key(0), 1)  # always in use
        cache.flush()
        assert cache.stats()["bytes"] <= 20_000
    assert cache.get(key(0), 1) is not None
    assert cache.get(key(1), 1) is None
    kept = [number for number in range(1, 40) if cache.get(key(number), 1)]
    assert kept == list(range(kept[0], 40))
    assert len(kept) > 10
    cache.close()
    assert problems(folder) == []


def test_entry_over_half_of_max_bytes_is_not_kept(folder: Path, clock: FakeClock) -> None:
    cache = LmdbCache(folder, TTL_S, 20_000, clock)
    cache.put(key(1), entry("small"), 1)
    cache.put(key(2), entry("x" * 15_000), 1)
    cache.flush()
    assert cache.get(key(1), 1) is not None
    assert cache.get(key(2), 1) is None
    cache.close()


def test_expired_entries_are_deleted_from_disk(cache: LmdbCache, clock: FakeClock) -> None:
    for number in range(50):
        cache.put(key(number), entry("a"), 1)
    cache.flush()
    assert cache.stats()["entries"] == 50
    clock.now_s += TTL_S
    cache.flush()
    assert (cache.stats()["entries"], cache.stats()["bytes"]) == (0, 0)


def test_smaller_max_bytes_after_a_restart_holds_from_the_next_write_on(folder: Path, clock: FakeClock) -> None:
    cache = LmdbCache(folder, TTL_S, 200_000, clock)
    for number in range(100):
        cache.put(key(number), entry("x" * 1000), 1)
    cache.close()
    cache = LmdbCache(folder, TTL_S, 10_000, clock)
    cache.put(key(200), entry("new"), 1)
    cache.flush()
    assert cache.stats()["bytes"] <= 10_000
    assert cache.get(key(200), 1) is not None
    cache.close()


def test_long_prompt_is_cut(cache: LmdbCache) -> None:
    cache.put(key(1), entry("a", prompt="p" * 300_000), 1)
    cache.flush()
    assert cache.get(key(1), 1).prompt == "p" * PROMPT_KEPT_CHARS  # type: ignore[union-attr]


def test_folder_is_readable_by_the_daemon_only(cache: LmdbCache, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "data.mdb").stat().st_mode & 0o077 == 0


# -- the writer ------------------------------------------------------------------------------------


class SlowStore:
    """Holds the writer inside `apply` until let go: the disk at its worst moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.go_on, self.groups = threading.Event(), threading.Event(), list[int]()
        real = LmdbStore.apply

        def apply(store: LmdbStore, puts: dict[bytes, bytes], hits: object, **rest: object) -> int:
            self.inside.set()
            assert self.go_on.wait(30)
            self.groups.append(len(puts))
            return real(store, puts, hits, **rest)  # type: ignore[arg-type]

        monkeypatch.setattr(LmdbStore, "apply", apply)


def test_hanging_disk_blocks_no_caller_and_costs_bounded_memory(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_lmdb, "QUEUE_MAX", 20)
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    slow = SlowStore(monkeypatch)
    cache.put(key(0), entry("first"), 1)
    assert slow.inside.wait(30)
    for number in range(1, 31):
        cache.put(key(number), entry(str(number)), 1)
    assert cache.get(key(0), 1).text == "first"  # type: ignore[union-attr]
    assert cache.get(key(5), 1).text == "5"  # type: ignore[union-attr]
    assert cache.get(key(25), 1) is None
    assert cache.stats()["queued"] <= 20
    assert cache.stats()["dropped"] >= 10
    slow.go_on.set()
    cache.flush()
    assert cache.get(key(20), 1) is not None
    cache.close()


def test_puts_during_a_write_are_committed_as_one_group(cache: LmdbCache, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowStore(monkeypatch)
    cache.put(key(0), entry("first"), 1)
    assert slow.inside.wait(30)
    for number in range(1, 31):
        cache.put(key(number), entry(str(number)), 1)
    slow.go_on.set()
    cache.flush()
    assert slow.groups == [1, 30]


def test_newer_reply_is_served_while_the_older_is_written(cache: LmdbCache, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowStore(monkeypatch)
    cache.put(key(0), entry("old"), 1)
    assert slow.inside.wait(30)
    cache.put(key(0), entry("new"), 1)
    assert cache.get(key(0), 1).text == "new"  # type: ignore[union-attr]
    slow.go_on.set()
    cache.flush()
    assert cache.get(key(0), 1).text == "new"  # type: ignore[union-attr]


def test_reads_while_another_thread_puts_are_whole(cache: LmdbCache) -> None:
    for variant in "abc":
        cache.put(key(0), entry(variant), 3)
    unexpected: list[object] = []

    def read() -> None:
        for _ in range(2000):
            found = cache.get(key(0), 3)
            if found is None or found.text not in "abc":
                unexpected.append(found)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 200):
        cache.put(key(number), entry("x"), 1)
    for reader in readers:
        reader.join()
    assert unexpected == []


# -- against a model -------------------------------------------------------------------------------


class CacheMachine(RuleBasedStateMachine):
    """Random puts, gets, restarts and passing time against a dict of what may be served."""

    VARIANTS = 2

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.open()
        self.kept: dict[int, list[tuple[str, float]]] = {}  # key → (text, created), the oldest first
        self.count = 0

    def open(self) -> None:
        self.cache = LmdbCache(Path(self.temporary.name), TTL_S, MAX_BYTES, self.clock)

    def close(self) -> None:
        self.cache.close()
        assert problems(Path(self.temporary.name)) == []

    def unexpired(self, number: int) -> list[str]:
        return [text for text, created_s in self.kept.get(number, []) if self.clock.now_s < created_s + TTL_S]

    @rule(number=st.integers(0, 3), size=st.integers(0, 3000))
    def put(self, number: int, size: int) -> None:
        self.clock.now_s += 0.001  # "oldest" is well defined
        self.count += 1
        text = f"{self.count} " + "x" * size
        self.cache.put(key(number), entry(text), self.VARIANTS)
        unexpired = [item for item in self.kept.get(number, []) if self.clock.now_s < item[1] + TTL_S]
        self.kept[number] = [*unexpired, (text, self.clock.now_s)][-self.VARIANTS :]

    @rule(number=st.integers(0, 4))
    def get(self, number: int) -> None:
        found, unexpired = self.cache.get(key(number), self.VARIANTS), self.unexpired(number)
        if len(unexpired) < self.VARIANTS:
            assert found is None
        else:
            assert found is not None
            again = self.cache.get(key(number), self.VARIANTS)
            assert again is not None
            assert {found.text, again.text} == set(unexpired)

    @rule(step_s=st.sampled_from([1.0, TTL_S / 2, TTL_S]))
    def time_passes(self, step_s: float) -> None:
        self.clock.now_s += step_s

    @rule()
    def flush(self) -> None:
        self.cache.flush()

    @rule()
    def restart(self) -> None:
        self.close()
        self.open()

    def teardown(self) -> None:
        self.close()
        self.temporary.cleanup()


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
