"""One real Redis for the tests of a file, empty before each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from llm_agentd.cache import LmdbCache
from llm_agentd.cache.redis.shared_cache import SharedCache
from llm_agentd.redis.address import parse_address
from tests.cache.contract import TTL_S, FakeClock
from tests.support.redis_servers import RedisServer, valkey, wait_for

MAX_BYTES = 2**20


@pytest.fixture(scope="module")
def redis_of_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def valkey_of_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def redis_server(redis_of_file: RedisServer) -> RedisServer:
    with redis_of_file.client() as client:
        client.flushall()
    return redis_of_file


def wait_up(cache: SharedCache) -> None:
    wait_for(lambda: cache.link.is_up, f"{cache.link.address.shown} is up: {cache.link.problem}")


def fetch(cache: SharedCache, key: bytes, variants: int) -> bool:
    """As a request does that is held, but however long it takes. False: nobody was asked."""
    done = Event()
    if not cache.fetch(key, variants, done.set):
        return False
    assert done.wait(10)
    return True


@pytest.fixture
def shared(redis_server: RedisServer, clock: FakeClock, tmp_path: Path) -> Iterator[Callable[[str], SharedCache]]:
    """Makes the cache of one more daemon, with a folder of this name, on the same Redis."""
    made: list[SharedCache] = []

    def make(name: str) -> SharedCache:
        first = LmdbCache(tmp_path / name, TTL_S, MAX_BYTES, clock)
        cache = SharedCache(first, parse_address(redis_server.url), TTL_S, clock)
        made.append(cache)
        wait_up(cache)
        return cache

    yield make
    for cache in made:
        cache.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
