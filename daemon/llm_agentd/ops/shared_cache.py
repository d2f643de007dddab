"""What commands do with the cache that daemons share: list it, and take out what names a player.

Runs in a process of its own, beside whatever daemons use it. It knows the address, not the daemons.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from llm_agentd.cache.redis.shared_cache import TELL_MORE_S, delete, names, read
from llm_agentd.cache.redis.store import Purged, RedisStore
from llm_agentd.cache.rows import Row, Wanted
from llm_agentd.errors import StartError
from llm_agentd.redis.address import RedisAddress
from llm_agentd.redis.connect import describe_failure, open_redis

TIMEOUT_S = 5.0  # for each answer
ROWS_MAX = 1_000_000  # some GiB of memory for the process; a cache that daemons share is far smaller

T = TypeVar("T")


def shared_rows(address: RedisAddress, wanted: Wanted, show: Callable[[str], str]) -> list[Row]:
    """Raises StartError."""
    return _visit(address, lambda store: read(store, wanted, show, ROWS_MAX))


def purge_shared(address: RedisAddress, name: str | None, ttl_s: float) -> int:
    """What has the name in prompt or text, and daemons take it out of their own caches too; None: all.

    `ttl_s`: how long replies live. Returns how many were in Redis. Raises StartError.
    """

    async def work(store: RedisStore) -> int:
        purged = await delete(store, None if name is None else names(name))
        await store.tell_purge(Purged("", name), ttl_s + TELL_MORE_S)
        return purged

    return _visit(address, work)


def _visit(address: RedisAddress, work: Callable[[RedisStore], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        store = RedisStore(open_redis(address, TIMEOUT_S))
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except StartError:
        raise
    except Exception as error:
        raise StartError(
            f"cache.redis_url: {address.shown} cannot be used: {describe_failure(error, address)}; start it, or correct"
            " address, password or certificate"
        ) from None
