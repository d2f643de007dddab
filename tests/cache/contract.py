"""What every completion cache does: a backend's test module subclasses `CacheContract` and gives it `open`.

The clock is a fake, no test sleeps; `flush` stands for the time a backend takes to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from llm_agentd.cache import CacheEntry, CompletionCache

TTL_S = 300.0
START_S = 1_800_000_000.0


class FakeClock:
    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def entry(text: str, **fields: object) -> CacheEntry:
    return CacheEntry(text=text, finish="stop", model="test", **fields)  # type: ignore[arg-type]


class CacheContract:
    """`open` makes a cache with `TTL_S`, the fake clock and plenty of room; called again, it opens the same anew."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def open(self, clock: FakeClock) -> Callable[[], CompletionCache]:
        raise NotImplementedError

    @pytest.fixture
    def cache(self, open: Callable[[], CompletionCache]) -> Iterator[CompletionCache]:
        cache = open()
        yield cache
        cache.close()

    def test_unknown_key_is_a_miss(self, cache: CompletionCache) -> None:
        assert cache.get(key(1), 1) is None

    @pytest.mark.parametrize("flushed", [False, True])
    def test_count_is_of_unexpired_replies_and_serves_none(
        self, cache: CompletionCache, clock: FakeClock, flushed: bool
    ) -> None:
        assert cache.count(key(1), 3) == 0
        for text in ("one", "two"):
            cache.put(key(1), entry(text), 3)
        if flushed:
            cache.flush()
        assert (cache.count(key(1), 3), cache.count(key(1), 1), cache.count(key(2), 3)) == (2, 1, 0)
        assert cache.stats()["hits"] == 0
        clock.now_s += TTL_S
        assert cache.count(key(1), 3) == 0

    @pytest.mark.parametrize("flushed", [False, True])
    def test_put_entry_comes_back_whole(self, cache: CompletionCache, flushed: bool) -> None:
        kept = entry(
            "Grüß dich, 旅人 🗡",
            action={"name": "offer_trade", "params": {"item": "mese", "count": 3, "price": None}},
            prompt_tokens=120,
            completion_tokens=17,
            role="merchant",
            prompt="[time evening]\nTilda: trade?",
        )
        cache.put(key(1), kept, 1)
        if flushed:
            cache.flush()
        found = cache.get(key(1), 1)
        assert found is not None
        assert (found.text, found.finish, found.model, found.action) == (kept.text, "stop", "test", kept.action)
        assert (found.prompt_tokens, found.completion_tokens) == (120, 17)
        assert (found.role, found.prompt) == ("merchant", kept.prompt)
        assert (found.created_s, found.expires_s) == (START_S, START_S + TTL_S)

    def test_keys_do_not_mix(self, cache: CompletionCache) -> None:
        for number in range(20):
            cache.put(key(number), entry(f"text {number}"), 1)
        cache.flush()
        assert [cache.get(key(n), 1).text for n in range(20)] == [f"text {n}" for n in range(20)]  # type: ignore[union-attr]

    @pytest.mark.parametrize("flushed", [False, True])
    def test_expired_entry_is_a_miss(self, cache: CompletionCache, clock: FakeClock, flushed: bool) -> None:
        cache.put(key(1), entry("old"), 1)
        if flushed:
            cache.flush()
        clock.now_s += TTL_S - 0.001
        assert cache.get(key(1), 1) is not None
        clock.now_s += 0.001
        assert cache.get(key(1), 1) is None
        cache.put(key(1), entry("new"), 1)
        assert cache.get(key(1), 1).text == "new"  # type: ignore[union-attr]

    def test_hit_does_not_postpone_expiry(self, cache: CompletionCache, clock: FakeClock) -> None:
        cache.put(key(1), entry("a"), 1)
        for _ in range(3):
            clock.now_s += TTL_S / 4
            assert cache.get(key(1), 1) is not None
            cache.flush()
        clock.now_s += TTL_S / 4
        assert cache.get(key(1), 1) is None

    @pytest.mark.parametrize("flushed", [False, True])
    def test_variants_are_served_in_turn_once_all_are_kept(self, cache: CompletionCache, flushed: bool) -> None:
        for text in ("a", "b", "c"):
            assert cache.get(key(1), 3) is None
            cache.put(key(1), entry(text), 3)
            if flushed:
                cache.flush()
        served = [cache.get(key(1), 3).text for _ in range(9)]  # type: ignore[union-attr]
        assert served == ["a", "b", "c"] * 3

    def test_identical_text_counts_as_a_variant(self, cache: CompletionCache) -> None:
        for _ in range(2):
            cache.put(key(1), entry("same"), 2)
        assert cache.get(key(1), 2).text == "same"  # type: ignore[union-attr]

    def test_expired_variant_is_a_miss_until_it_is_replaced(self, cache: CompletionCache, clock: FakeClock) -> None:
        cache.put(key(1), entry("a"), 2)
        clock.now_s += 10
        cache.put(key(1), entry("b"), 2)
        cache.flush()
        clock.now_s += TTL_S - 10
        assert cache.get(key(1), 2) is None
        cache.put(key(1), entry("c"), 2)
        assert {cache.get(key(1), 2).text for _ in range(2)} == {"b", "c"}  # type: ignore[union-attr]

    def test_put_beyond_the_variants_replaces_the_oldest(self, cache: CompletionCache, clock: FakeClock) -> None:
        for text in ("a", "b", "fresh"):
            cache.put(key(1), entry(text), 2)
            clock.now_s += 1
        cache.flush()
        assert {cache.get(key(1), 2).text for _ in range(4)} == {"b", "fresh"}  # type: ignore[union-attr]

    def test_hits_are_counted_after_a_flush(self, cache: CompletionCache, clock: FakeClock) -> None:
        cache.put(key(1), entry("a"), 1)
        clock.now_s += 5
        for _ in range(3):
            cache.get(key(1), 1)
        cache.flush()
        found = cache.get(key(1), 1)
        assert found is not None
        assert (found.hits, found.last_hit_s) == (3, START_S + 5)
        stats = cache.stats()
        assert (stats["entries"], stats["hits"], stats["stored"]) == (1, 3, 1)

    def test_entry_survives_a_restart(self, open: Callable[[], CompletionCache], clock: FakeClock) -> None:
        first = open()
        first.put(key(1), entry("a", role="smith"), 1)
        first.close()
        clock.now_s += 10
        second = open()
        found = second.get(key(1), 1)
        second.close()
        assert found is not None
        assert (found.text, found.role, found.created_s) == ("a", "smith", START_S)

    def test_variant_that_is_next_survives_a_restart(
        self, open: Callable[[], CompletionCache], clock: FakeClock
    ) -> None:
        first = open()
        for text in ("a", "b", "c"):
            first.put(key(1), entry(text), 3)
        for _ in range(2):
            clock.now_s += 1
            first.get(key(1), 3)
        first.close()
        second = open()
        assert second.get(key(1), 3).text == "c"  # type: ignore[union-attr]
        second.close()

    @pytest.mark.parametrize("variants", [0, -1, 257])
    def test_variants_out_of_range_are_a_miss(self, cache: CompletionCache, variants: int) -> None:
        cache.put(key(1), entry("a"), variants)
        assert cache.get(key(1), variants) is None

    def test_text_that_cannot_be_encoded_is_dropped_alone(self, cache: CompletionCache) -> None:
        cache.put(key(1), entry("lone surrogate \ud800"), 1)
        cache.put(key(2), entry("fine"), 1)
        cache.flush()
        assert cache.get(key(1), 1) is None
        assert cache.get(key(2), 1) is not None
