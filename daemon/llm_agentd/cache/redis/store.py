"""Replies in Redis: the keys, and the commands on them. On the link's event loop alone; it catches no errors of Redis.

A hash for each cache key, `llm-agentd:reply:HEX`, whose fields `0`, `1` … are the variants. Each value says when it
ends; the hash ends with the last of them, so Redis itself forgets what nobody asks for. The key is a digest of the
model's fingerprint, the prompt and the rules of moderation (cache/key.py): daemons with other models have other keys.
Every command is about one key, so all of it works in a Cluster too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_agentd.cache.entry import AHEAD_MAX_US, CacheEntry, DamagedEntry, slot_key, to_us
from llm_agentd.cache.redis.value import HEAD_BYTES, decode_value, encode_value
from llm_agentd.cache.rows import Row

if TYPE_CHECKING:
    from llm_agentd.redis.connect import RedisClient

PREFIX = b"llm-agentd:reply:"
PURGES = b"llm-agentd:purges"  # a stream: what daemons are to take out of their own first level as well
SCAN_COUNT = 200  # keys that Redis looks at in one go: some 0.1 ms in which it answers nobody else
BATCH = 100  # hashes read or deleted in one round trip: a purge goes through all there are

# Puts a value where there is room: in a free or expired slot, else in place of the oldest, as cache/base.py has it.
# Atomic, as two daemons may put at once. Times are µs since 1970 in doubles, which hold them exactly until 2255.
# KEYS: the hash. ARGV: variants, now, the latest time at which a value may have been made, the value, its life in ms.
PUT = f"""
local key, variants = KEYS[1], tonumber(ARGV[1])
local now, ahead, value, life = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local kind = redis.call('TYPE', key)['ok']
if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', key) end
local slot, oldest = 0, math.huge
for variant = 0, variants - 1 do
  local kept = redis.call('HGET', key, variant)
  if not kept or #kept < {HEAD_BYTES + 16} then slot = variant break end
  local created, expires = struct.unpack('>I8I8', kept, {HEAD_BYTES + 1})
  if expires <= now or created > ahead then slot = variant break end
  if created < oldest then slot, oldest = variant, created end
end
redis.call('HSET', key, slot, value)
if redis.call('PTTL', key) < life then redis.call('PEXPIRE', key, life) end
return slot
"""


@dataclass(frozen=True, slots=True)
class Purged:
    """`name` None: all. `by`: the daemon that told it, and has done it."""

    by: str
    name: str | None


class RedisStore:
    """`client` belongs to the loop that uses it."""

    def __init__(self, client: RedisClient) -> None:
        self._client: Any = client  # its methods are typed for both worlds, with and without `await`

    async def probe(self) -> None:
        """Raises whatever is wrong, of a Cluster with any of its masters."""
        from redis.asyncio.cluster import RedisCluster

        if isinstance(self._client, RedisCluster):
            await self._client.ping(target_nodes=RedisCluster.PRIMARIES)
        await self._client.hmget(PREFIX + b"probe", "0")  # a user may have the right to PING and no other

    async def try_put(self) -> None:
        """Raises what keeps replies from being put. What it writes is gone in a moment."""
        await self._client.eval(PUT, 1, PREFIX + b"probe", 1, 0, 0, b"", 1)

    async def close(self) -> None:
        await self._client.aclose()

    async def look_up(self, wanted: Sequence[tuple[bytes, int]]) -> list[list[bytes | None] | Exception]:
        """By key and number of variants, in one round trip (in a Cluster: one to each node, side by side)."""
        pipeline = self._client.pipeline(transaction=False)
        for key, variants in wanted:
            pipeline.hmget(_name(key), range(variants))
        found: list[list[bytes | None] | Exception] = await pipeline.execute(raise_on_error=False)
        return found

    async def put(self, key: bytes, entry: CacheEntry, variants: int, now_s: float) -> None:
        """Raises ValueError for one that cannot be kept."""
        value, now_us = encode_value(key, entry), to_us(now_s)
        life_ms = max(1, (to_us(entry.expires_s) - now_us) // 1000)
        await self._client.eval(PUT, 1, _name(key), variants, now_us, now_us + AHEAD_MAX_US, value, life_ms)

    async def rows(self) -> AsyncIterator[Row]:
        """All replies that are sound; those that come or go meanwhile may be missing."""
        async for _, _, row in self._scan():
            if row is not None:
                yield row

    async def purge(self, is_wanted: Callable[[Row], bool]) -> int:
        """Deletes the replies that are wanted, and whatever is damaged: nobody can say what it holds. How many."""
        purged = 0
        async for name, field, row in self._scan():
            if row is None or is_wanted(row):
                purged += await self._client.hdel(name, field)
        return purged

    async def purge_all(self) -> int:
        purged = 0
        async for names in self._names():
            pipeline = self._client.pipeline(transaction=False)
            for name in names:
                pipeline.hlen(name)
                pipeline.unlink(name)
            counts = (await pipeline.execute(raise_on_error=False))[::2]
            purged += sum(count if isinstance(count, int) else 1 for count in counts)  # no hash, but under our name
        return purged

    async def tell_purge(self, purge: Purged, kept_s: float) -> None:
        """To all daemons, for `kept_s`: also to those that are down just now."""
        fields = {"by": purge.by} | ({} if purge.name is None else {"name": purge.name})
        now_s, micros = await self._client.time()
        oldest_ms = int((now_s + micros / 1e6 - kept_s) * 1000)
        await self._client.xadd(PURGES, fields, minid=max(0, oldest_ms), approximate=False)
        await self._client.pexpire(PURGES, int(kept_s * 1000))

    async def purges_after(self, last: bytes) -> list[tuple[bytes, Purged]]:
        """Those told since, each with its id for the next look. `last` of the first look: b"0"."""
        told = await self._client.xrange(PURGES, min=b"(" + last)
        return [(one, _purged(fields)) for one, fields in told]

    async def _scan(self) -> AsyncIterator[tuple[bytes, bytes, Row | None]]:
        """Hash, field, and what is in it; None: damaged."""
        async for names in self._names(_type="HASH"):
            for found in await self._read(names):
                yield found

    async def _names(self, **of_type: str) -> AsyncIterator[list[bytes]]:
        """In batches."""
        batch: list[bytes] = []
        async for name in self._client.scan_iter(match=PREFIX + b"*", count=SCAN_COUNT, **of_type):
            batch.append(name)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _read(self, names: Sequence[bytes]) -> list[tuple[bytes, bytes, Row | None]]:
        pipeline = self._client.pipeline(transaction=False)
        for name in names:
            pipeline.hgetall(name)
        hashes = await pipeline.execute(raise_on_error=False)
        return [
            (name, field, _row(name, field, value))
            for name, fields in zip(names, hashes, strict=True)
            if isinstance(fields, dict)  # else it became something else meanwhile
            for field, value in fields.items()
        ]


def _name(key: bytes) -> bytes:
    return PREFIX + key.hex().encode()


def _purged(fields: dict[bytes, bytes]) -> Purged:
    name = fields.get(b"name")
    return Purged(
        fields.get(b"by", b"").decode(errors="replace"), None if name is None else name.decode("utf-8", "replace")
    )


def _row(name: bytes, field: bytes, value: bytes) -> Row | None:
    try:
        key, variant = bytes.fromhex(name[len(PREFIX) :].decode()), int(field)
        return Row(slot_key(key, variant), decode_value(key, value), len(value), is_shared=True)
    except (ValueError, DamagedEntry):
        return None
