"""The cache that daemons share (`cache.redis_url`): can it be reached, is it quick enough, does it take replies?

`judge` is pure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llm_agentd.cache.base import FETCH_MAX_S
from llm_agentd.cache.redis.store import RedisStore
from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.redis_login import find_redis
from llm_agentd.redis.address import RedisAddress
from llm_agentd.redis.connect import describe_failure, open_redis
from llm_agentd.util.loopback import is_loopback

SUBJECT = "remote"
NAME = "shared cache"
TIMEOUT_S = 2.0
PROBES = 5  # the quickest counts, as a busy machine is late now and then


@dataclass(frozen=True, slots=True)
class Facts:
    """`address` "": none is configured. `refused`: with this the daemon does not start. `writes`: why it takes none."""

    address: str = ""
    refused: str = ""
    problem: str = ""
    answer_s: float = 0.0
    writes: str = ""
    is_open_way: bool = False  # unencrypted, and beyond this machine


def look(config: Config, environ: Mapping[str, str]) -> Facts:
    try:
        address = find_redis(config.cache, environ)
        if address is None:
            return Facts()
        return asyncio.run(_look(address))
    except StartError as error:
        return Facts("cache.redis_url", refused=str(error))


async def _look(address: RedisAddress) -> Facts:
    is_open_way = not address.is_tls and not all(is_loopback(host) for host, _ in address.hosts)
    client = open_redis(address, TIMEOUT_S)
    store = RedisStore(client)
    try:
        times_s = []
        for _ in range(PROBES):
            began_s = time.monotonic()
            async with asyncio.timeout(2 * TIMEOUT_S):
                await store.probe()
            times_s.append(time.monotonic() - began_s)
        writes = await _try_put(store, address)
        return Facts(address.shown, answer_s=min(times_s), writes=writes, is_open_way=is_open_way)
    except Exception as error:
        return Facts(address.shown, problem=describe_failure(error, address))
    finally:
        await store.close()


async def _try_put(store: RedisStore, address: RedisAddress) -> str:
    try:
        await store.try_put()
        return ""
    except Exception as error:
        return describe_failure(error, address)


def judge(facts: Facts) -> Iterator[Check]:
    if not facts.address:
        return
    if facts.refused:
        yield fail(SUBJECT, NAME, facts.refused, "Do what it says: llm-agentd does not start with it.")
    elif facts.problem:
        found = f"cache.redis_url: {facts.address} cannot be used: {facts.problem}"
        cure = (
            "Start it, or correct address, password or certificate; under systemd a server on another machine needs"
            " IPAddressDeny cleared in a drop-in (systemd/README.md). Until then each daemon keeps its own replies."
        )
        yield warn(SUBJECT, NAME, found, cure)
    elif facts.writes:
        found = f"cache.redis_url: {facts.address} takes no replies: {facts.writes}"
        cure = "Give it room (maxmemory-policy allkeys-lru), the right to write, or the master's address."
        yield warn(SUBJECT, NAME, found, cure)
    elif facts.answer_s > FETCH_MAX_S:
        found = f"{facts.address} answers in {facts.answer_s * 1000:.0f} ms; no request waits longer than 5 ms"
        yield warn(SUBJECT, NAME, found, "Bring it nearer to the daemons: the same machine or the same network.")
    else:
        way = " (unencrypted; rediss:// is for networks that others use)" if facts.is_open_way else ""
        yield ok(SUBJECT, NAME, f"{facts.address} answers in {facts.answer_s * 1000:.1f} ms{way}")
