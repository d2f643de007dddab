"""Replies that daemons share through a real Redis: the contract across two daemons, what is not believed, privacy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import CacheEntry, CompletionCache, LmdbCache, NullCache
from llm_agentd.cache.entry import to_us
from llm_agentd.cache.redis.shared_cache import SharedCache
from llm_agentd.cache.redis.store import PREFIX, PURGES
from llm_agentd.cache.redis.value import VALUE_MAX_BYTES, encode_value
from llm_agentd.cache.rows import Wanted
from llm_agentd.redis.address import parse_address
from tests.cache.contract import TTL_S, CacheContract, FakeClock, entry, key
from tests.cache.redis.conftest import MAX_BYTES, fetch, wait_up
from tests.support.redis_servers import RedisServer, wait_for

pytestmark = pytest.mark.slow

Make = Callable[[str], SharedCache]


class TwoDaemons:
    """What one puts, the other gets: as one cache. Each has a first level of its own."""

    def __init__(self, one: SharedCache, other: SharedCache) -> None:
        self.one, self.other = one, other

    def get(self, key: bytes, variants: int) -> CacheEntry | None:
        self.one.link.flush(10)
        found = self.other.get(key, variants)
        if found is None and fetch(self.other, key, variants):
            found = self.other.get(key, variants)
        return found

    def put(self, key: bytes, entry: CacheEntry, variants: int) -> None:
        self.one.put(key, entry, variants)

    def count(self, key: bytes, variants: int) -> int:
        return self.one.count(key, variants)

    def stats(self) -> dict[str, Any]:
        return self.other.stats()

    def flush(self) -> None:
        self.one.flush()
        self.other.flush()

    def close(self) -> None:
        self.one.close()
        self.other.close()


class TestTwoDaemons(CacheContract):
    @pytest.fixture
    def open(self, redis_server: RedisServer, clock: FakeClock, tmp_path: Path) -> Callable[[], CompletionCache]:
        def make(name: str) -> SharedCache:
            first = LmdbCache(tmp_path / name, TTL_S, MAX_BYTES, clock)
            cache = SharedCache(first, parse_address(redis_server.url), TTL_S, clock)
            wait_up(cache)
            return cache

        return lambda: TwoDaemons(make("one"), make("other"))  # type: ignore[return-value]


class TestTwoDaemonsOnValkey(TestTwoDaemons):
    @pytest.fixture
    def redis_server(self, valkey_of_file: RedisServer) -> RedisServer:
        with valkey_of_file.client() as client:
            client.flushall()
            assert "valkey_version" in client.info("server")
        return valkey_of_file

    def test_purge_of_a_name_reaches_valkey(self, redis_server: RedisServer, shared: Make) -> None:
        one, two = shared("one"), shared("two")
        one.put(key(1), entry("Well met, Ana."), 1)
        one.flush()
        assert fetch(two, key(1), 1)
        assert one.purge("ana") == 2
        wait_for(lambda: two.get(key(1), 1) is None, "the other daemon has deleted it too")


class TestOneDaemon(CacheContract):
    """With a Redis behind it, the first level behaves as it does alone."""

    @pytest.fixture
    def open(self, redis_server: RedisServer, clock: FakeClock, tmp_path: Path) -> Callable[[], CompletionCache]:
        def make() -> SharedCache:
            first = LmdbCache(tmp_path / "cache", TTL_S, MAX_BYTES, clock)
            return SharedCache(first, parse_address(redis_server.url), TTL_S, clock)

        return make


# -- what daemons share ------------------------------------------------------------------------------


def test_reply_ends_in_redis_when_it_ends_here(shared: Make, redis_server: RedisServer) -> None:
    one = shared("one")
    one.put(key(1), entry("a"), 1)
    one.flush()
    with redis_server.client() as client:
        (name,) = client.keys("*")
        assert name == PREFIX + key(1).hex().encode()
        assert TTL_S * 1000 - 5000 < client.pttl(name) <= TTL_S * 1000


def test_variants_of_two_daemons_fill_one_set(shared: Make) -> None:
    one, two = shared("one"), shared("two")
    for cache, text in ((one, "a"), (two, "b"), (one, "c")):
        assert fetch(cache, key(1), 3)
        assert cache.get(key(1), 3) is None
        cache.put(key(1), entry(text), 3)
        cache.flush()
    for cache in (one, two):
        assert cache.get(key(1), 3) is None
        assert fetch(cache, key(1), 3)
        assert [cache.get(key(1), 3).text for _ in range(6)] == ["a", "b", "c"] * 2  # type: ignore[union-attr]


def test_fetched_reply_is_served_from_the_first_level_until_it_ends(shared: Make, clock: FakeClock) -> None:
    one, two = shared("one"), shared("two")
    one.put(key(1), entry("a"), 1)
    one.flush()
    clock.now_s += 100
    assert fetch(two, key(1), 1)
    queries = two.stats()["shared"]["queries"]
    clock.now_s += TTL_S - 100.001
    assert two.get(key(1), 1) is not None
    clock.now_s += 0.001
    assert two.get(key(1), 1) is None
    assert two.stats()["shared"]["queries"] == queries


def test_daemon_without_a_folder_of_its_own_is_served_by_redis_in_turn(
    shared: Make, redis_server: RedisServer, clock: FakeClock
) -> None:
    one = shared("one")
    for text in ("a", "b"):
        one.put(key(1), entry(text), 2)
    one.flush()
    bare = SharedCache(NullCache(), parse_address(redis_server.url), TTL_S, clock)
    wait_up(bare)
    assert fetch(bare, key(1), 2)
    assert [bare.get(key(1), 2).text for _ in range(4)] == ["a", "b"] * 2  # type: ignore[union-attr]
    clock.now_s += TTL_S
    assert bare.get(key(1), 2) is None
    bare.close()


# -- what is not believed ----------------------------------------------------------------------------


def value(number: int, clock: FakeClock, **fields: object) -> bytes:
    stamped = entry("fine", created_s=clock.now_s, expires_s=clock.now_s + TTL_S, **fields)
    return encode_value(key(number), stamped)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: b"",
        lambda good: b"garbage",
        lambda good: good[:-1],
        lambda good: good[:20],
        lambda good: good + b"x",
        lambda good: b"LAC0" + good[4:],
        lambda good: b"LAC2" + good[4:],
        lambda good: good.replace(b"fine", b"evil"),
    ],
    ids=["empty", "garbage", "cut", "cut header", "longer", "older version", "newer version", "changed"],
)
def test_damaged_value_in_redis_is_a_miss_and_replaced(
    shared: Make, redis_server: RedisServer, clock: FakeClock, spoil: Callable[[bytes], bytes]
) -> None:
    one, two = shared("one"), shared("two")
    with redis_server.client() as client:
        client.hset(PREFIX + key(1).hex().encode(), "0", spoil(value(1, clock)))
    assert fetch(two, key(1), 1)
    assert two.get(key(1), 1) is None
    assert two.link.is_up
    one.put(key(1), entry("new"), 1)
    one.flush()
    fetch(two, key(1), 1)
    found = two.get(key(1), 1)
    # What cannot be told from a reply by its header keeps its slot until it ends; it is never served.
    assert found is None or found.text == "new"


@pytest.mark.parametrize("fields", [{"prompt_tokens": -1}, {"role": 7}, {"completion_tokens": "3"}])
def test_well_formed_value_with_wrong_types_is_a_miss(
    shared: Make, redis_server: RedisServer, clock: FakeClock, fields: dict[str, object]
) -> None:
    two = shared("two")
    with redis_server.client() as client:
        client.hset(PREFIX + key(1).hex().encode(), "0", value(1, clock, **fields))
    assert fetch(two, key(1), 1)
    assert two.get(key(1), 1) is None


def test_value_under_another_key_is_a_miss(shared: Make, redis_server: RedisServer, clock: FakeClock) -> None:
    two = shared("two")
    with redis_server.client() as client:
        client.hset(PREFIX + key(2).hex().encode(), "0", value(1, clock))
    assert fetch(two, key(2), 1)
    assert two.get(key(2), 1) is None


def test_something_else_under_our_key_is_a_miss_and_gives_way(shared: Make, redis_server: RedisServer) -> None:
    one, two = shared("one"), shared("two")
    with redis_server.client() as client:
        client.set(PREFIX + key(1).hex().encode(), "somebody's")
    assert fetch(two, key(1), 1)
    assert two.get(key(1), 1) is None
    assert two.link.is_up
    one.put(key(1), entry("new"), 1)
    one.flush()
    assert fetch(two, key(1), 1)
    assert two.get(key(1), 1).text == "new"  # type: ignore[union-attr]


def test_reply_made_in_the_future_is_a_miss(shared: Make, clock: FakeClock) -> None:
    one, two = shared("one"), shared("two")
    one.put(key(1), entry("a"), 1)
    one.flush()
    clock.now_s -= 3600  # whoever put it had a clock that was wrong
    assert fetch(two, key(1), 1)
    assert two.get(key(1), 1) is None
    assert two.stats()["shared"]["hits"] == 0


def test_put_into_a_full_set_replaces_the_oldest_wherever_it_stands(shared: Make, clock: FakeClock) -> None:
    one, two = shared("one"), shared("two")
    for text in "abcd":
        one.put(key(1), entry(text), 3)
        clock.now_s += 1
    one.put(key(1), entry("e"), 3)
    one.flush()
    assert fetch(two, key(1), 3)
    assert {two.get(key(1), 3).text for _ in range(3)} == {"c", "d", "e"}  # type: ignore[union-attr]


def test_reply_that_is_too_large_is_kept_here_alone(shared: Make, redis_server: RedisServer) -> None:
    one = shared("one")
    one.put(key(1), entry("x" * VALUE_MAX_BYTES), 1)
    one.put(key(2), entry("\ud800"), 1)
    one.put(key(3), entry("fine"), 1)
    one.flush()
    assert one.get(key(1), 1) is not None
    with redis_server.client() as client:
        assert client.keys("*") == [PREFIX + key(3).hex().encode()]
    assert one.stats()["shared"]["dropped"] == 2


# -- privacy -----------------------------------------------------------------------------------------


def test_purge_of_a_name_reaches_redis_and_spares_others(shared: Make, redis_server: RedisServer) -> None:
    one, two = shared("one"), shared("two")
    one.put(key(1), entry("Well met, ANA."), 1)
    two.put(key(2), entry("Hm.", prompt="ana: hello"), 1)
    two.put(key(3), entry("Well met, Ben."), 1)
    two.flush()
    one.flush()
    with redis_server.client() as client:
        client.hset(PREFIX + key(4).hex().encode(), "0", b"damaged: nobody knows what it holds")
        assert one.purge("Ana") == 1 + 3
        assert client.keys(PREFIX + b"*") == [PREFIX + key(3).hex().encode()]


@pytest.mark.parametrize("name", ["Ana", None])
def test_purge_reaches_what_other_daemons_have_fetched_also_those_that_are_down(
    shared: Make, tmp_path: Path, redis_server: RedisServer, clock: FakeClock, name: str | None
) -> None:
    one, two = shared("one"), shared("two")
    down = SharedCache(
        LmdbCache(tmp_path / "down", TTL_S, MAX_BYTES, clock), parse_address(redis_server.url), TTL_S, clock
    )
    wait_up(down)
    for number, text in ((1, "Well met, Ana."), (2, "Well met, Ben.")):
        one.put(key(number), entry(text), 1)
        one.flush()
        for cache in (two, down):
            assert fetch(cache, key(number), 1)
            assert cache.get(key(number), 1) is not None
    down.close()
    one.purge(name)
    wait_for(lambda: two.get(key(1), 1) is None, "the other daemon has deleted it too")
    assert (two.get(key(2), 1) is None) == (name is None)
    again = SharedCache(
        LmdbCache(tmp_path / "down", TTL_S, MAX_BYTES, clock), parse_address(redis_server.url), TTL_S, clock
    )
    wait_up(again)
    assert again.get(key(1), 1) is None
    assert (again.get(key(2), 1) is None) == (name is None)
    again.close()
    with redis_server.client() as client:
        assert client.pttl(PURGES) <= (TTL_S + 60) * 1000, "the name is kept no longer than it is needed"


def test_purge_of_all_empties_redis_of_ours_alone(shared: Make, redis_server: RedisServer) -> None:
    one = shared("one")
    with redis_server.client() as client:
        client.set("another program's", "1")
        client.set(PREFIX + b"odd", "1")
        for number in range(500):
            one.put(key(number), entry("a"), 1)
        one.flush()
        assert one.purge(None) == 500 + 501
        assert sorted(client.keys("*")) == [b"another program's", PURGES]


def test_purge_while_redis_is_away_is_done_before_it_is_asked_again(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer(tmp_path) as server:
        one = SharedCache(LmdbCache(tmp_path / "one", TTL_S, MAX_BYTES, clock), parse_address(server.url), TTL_S, clock)
        wait_up(one)
        one.put(key(1), entry("Well met, Ana."), 1)
        one.put(key(2), entry("Well met, Ben."), 1)
        one.flush()
        server.pause()
        assert one.purge("Ana") == 1
        assert one.stats()["shared"]["owed"] == 1
        assert not one.fetch(key(2), 1, lambda: None)
        server.resume()
        wait_up(one)
        with server.client() as client:
            assert client.keys(PREFIX + b"*") == [PREFIX + key(2).hex().encode()]
        assert one.stats()["shared"]["owed"] == 0
        one.close()
    assert "goes once it can be used" in caplog.text


def test_answer_that_was_on_the_way_during_a_purge_does_not_bring_it_back(shared: Make, clock: FakeClock) -> None:
    one = shared("one")
    answers: list[Any] = []
    one.link.look_up = lambda look_up: answers.append(look_up) or True  # type: ignore[method-assign,func-returns-value]
    assert one.fetch(key(1), 1, lambda: None)
    one.purge("Ana")
    answers[0].on_found([value(1, clock, prompt="Ana: hello")])
    assert one.get(key(1), 1) is None


def test_rows_are_those_of_this_daemon_and_then_those_only_in_redis(shared: Make) -> None:
    one, two = shared("one"), shared("two")
    one.put(key(1), entry("mine", role="smith"), 1)
    two.put(key(2), entry("theirs", role="smith"), 1)
    two.put(key(3), entry("other", role="guard"), 1)
    one.flush()
    two.flush()
    found = [(row.entry.text, row.is_shared) for row in one.rows(Wanted(role="smith"), str)]
    assert found == [("mine", False), ("theirs", True)]
    assert one.purge_rows(Wanted(role="smith"), str) == 1 + 2
    assert [row.entry.text for row in two.rows(Wanted(role="guard"), str)] == ["other"]


def test_written_times_are_where_the_script_of_put_reads_them(clock: FakeClock) -> None:
    """PUT in store.py unpacks them by their place."""
    raw = value(1, clock)
    assert int.from_bytes(raw[8:16], "big") == to_us(clock.now_s)
    assert int.from_bytes(raw[16:24], "big") == to_us(clock.now_s + TTL_S)
