-- Rate limits: token buckets for players, NPCs and the whole server. Pure; time is passed in.
-- A bucket holds a burst and refills evenly; a question needs a token from each bucket that concerns it.

local settings = ...

local rate_limit = {}

local FORGET_US = 600e6 -- a bucket that nobody took from for so long is full anyway
local SWEEP_US = 60e6

local buckets = {} -- "kind key" → {tokens, at_us}
local swept_us = 0

local LIMITS = {
	player = {per_min = settings.player_rate_per_min, burst = settings.player_burst},
	npc = {per_min = settings.npc_rate_per_min, burst = settings.npc_burst},
	server = {per_min = settings.server_rate_per_min, burst = settings.server_burst},
}

local function filled(kind, key, now)
	local limit, bucket = LIMITS[kind], buckets[kind .. " " .. key]
	if not bucket then
		bucket = {tokens = limit.burst, at_us = now}
		buckets[kind .. " " .. key] = bucket
	end
	bucket.tokens = math.min(limit.burst, bucket.tokens + math.max(0, now - bucket.at_us) * limit.per_min / 60e6)
	bucket.at_us = now
	return bucket
end

local function sweep(now)
	if now - swept_us < SWEEP_US then return end
	swept_us = now
	for key, bucket in pairs(buckets) do
		if now - bucket.at_us > FORGET_US then buckets[key] = nil end
	end
end

-- nil if one more question may be asked, else whose bucket is empty: "player", "npc" or "server". Takes nothing.
-- player, npc: names of the buckets, or nil where none is concerned.
function rate_limit.exhausted(player, npc, now)
	if player and filled("player", player, now).tokens < 1 then return "player" end
	if npc and filled("npc", npc, now).tokens < 1 then return "npc" end
	if filled("server", "", now).tokens < 1 then return "server" end
	return nil
end

-- As `exhausted`, and where it is nil a token is taken from each bucket.
function rate_limit.take(player, npc, now)
	sweep(now)
	local empty = rate_limit.exhausted(player, npc, now)
	if empty then return empty end
	for kind, key in pairs({player = player, npc = npc, server = ""}) do
		local bucket = filled(kind, key, now)
		bucket.tokens = bucket.tokens - 1
	end
	return nil
end

return rate_limit
