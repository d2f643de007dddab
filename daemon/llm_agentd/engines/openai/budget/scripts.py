"""How the budget's counts stand in Redis, and the scripts that change them. Pure text.

A hash for each day and each month, `llm-agentd:{budget}:2026-11-27`, with `tokens` (reserved or used) and `warned`. The
part in braces puts all of it on one node of a Cluster, as a script wants. Counts have no time to live: a Redis that is
full may push out what has one (maxmemory-policy volatile-lru), and a day's hash is a few bytes.

A step whose answer was lost may be sent again, so each has an id, under which a script notes that it was taken.
"""

from __future__ import annotations

PREFIX = "llm-agentd:{budget}:"
STEP_KEPT_MS = 600_000  # ids of steps: far longer than anything is sent again


def keys_of(day: str, month: str, step: str) -> tuple[str, str, str]:
    """KEYS of all scripts."""
    return f"{PREFIX}{day}", f"{PREFIX}{month}", f"{PREFIX}step:{step}"


def warned_of(period: str) -> tuple[str, str]:
    """Hash and field of the mark that the warning of a day or month was given."""
    return f"{PREFIX}{period}", "warned"


# Returns what day and month have.
LOOK = """
return {redis.call('HGET', KEYS[1], 'tokens') or 0, redis.call('HGET', KEYS[2], 'tokens') or 0}
"""

# ARGV: wanted, least, limit of the day, limit of the month (0: none), how long the id is kept.
# Returns the tokens granted (0: refused), and what day and month have after it.
RESERVE = """
local done = redis.call('GET', KEYS[3])
local day = tonumber(redis.call('HGET', KEYS[1], 'tokens') or 0)
local month = tonumber(redis.call('HGET', KEYS[2], 'tokens') or 0)
if done then return {tonumber(done), day, month} end
local granted, least = tonumber(ARGV[1]), tonumber(ARGV[2])
for number, used in ipairs({day, month}) do
  local limit = tonumber(ARGV[2 + number])
  if limit > 0 then
    if limit - used < least then return {0, day, month} end
    granted = math.min(granted, limit - used)
  end
end
redis.call('SET', KEYS[3], granted, 'PX', ARGV[5])
return {granted, redis.call('HINCRBY', KEYS[1], 'tokens', granted), redis.call('HINCRBY', KEYS[2], 'tokens', granted)}
"""

# ARGV: by how much the counts change, how long the id is kept.
SETTLE = """
if redis.call('SET', KEYS[3], 1, 'NX', 'PX', ARGV[2]) then
  for number = 1, 2 do
    if redis.call('HINCRBY', KEYS[number], 'tokens', ARGV[1]) < 0 then redis.call('HSET', KEYS[number], 'tokens', 0) end
  end
end
return 1
"""
