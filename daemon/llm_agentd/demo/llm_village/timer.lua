-- The mod's own time in a step of the server: all of its code that the engine calls, and what the benchmark itself calls of it.
-- Wraps globalsteps, the callbacks of its entities, what it registered for players' deeds, its commands, and what it hands to
-- the engine to be called later (core.after, media). Knows nothing of what the mod does.

local MOD = "llm_agent"
local ENTITY_CALLBACKS = {"on_activate", "on_deactivate", "on_punch", "on_rightclick", "on_death", "get_staticdata"}

local timer = {}

local inside, own_us = false, 0

local function leave(began_us, ...)
	inside, own_us = false, own_us + core.get_us_time() - began_us
	return ...
end

-- fn, its time added to the step's; what it calls in turn is in it already.
function timer.timed(fn)
	return function(...)
		if inside then return fn(...) end
		inside = true
		return leave(core.get_us_time(), fn(...))
	end
end

-- What the mod took since the last call.
function timer.take_us()
	local taken_us = own_us
	own_us = 0
	return taken_us
end

local timed = timer.timed

local function is_ours(fn)
	local origin = core.callback_origins[fn]
	return origin and origin.mod == MOD
end

local function time_list(list)
	for i, fn in ipairs(list) do
		if is_ours(fn) then
			local wrapped = timed(fn)
			core.callback_origins[wrapped], list[i] = core.callback_origins[fn], wrapped
		end
	end
end

-- core.registered_on_joinplayers and its like, and the two lists of registered_on_player_hpchanges.
local function time_callbacks()
	for key, list in pairs(core) do
		if type(list) == "table" and type(key) == "string" and key:sub(1, 14) == "registered_on_" then
			time_list(list)
			for _, inner in ipairs({list.modifiers or {}, list.loggers or {}}) do time_list(inner) end
		end
	end
	for _, def in pairs(core.registered_chatcommands) do
		if def.mod_origin == MOD then def.func = timed(def.func) end
	end
end

local function time_entity(def, counts)
	for _, name in ipairs(ENTITY_CALLBACKS) do
		if def[name] then def[name] = timed(def[name]) end
	end
	local on_step = def.on_step
	if not on_step then return end
	function def.on_step(self, dtime, moved) -- a hundred times a step: as little as can be is added
		local began_us = core.get_us_time()
		inside = true
		on_step(self, dtime, moved)
		inside, own_us = false, own_us + core.get_us_time() - began_us
		counts.entity_steps = counts.entity_steps + 1
	end
end

-- What the mod wants to be called for later is its own too.
local function time_what_comes_later()
	local after, add_media = core.after, core.dynamic_add_media
	function core.after(delay_s, fn, ...) return after(delay_s, inside and timed(fn) or fn, ...) end
	function core.dynamic_add_media(def, fn) return add_media(def, inside and fn and timed(fn) or fn) end
end

-- When all mods have loaded. counts.entity_steps grows with each step of one of its entities.
function timer.time_the_mod(counts)
	time_list(core.registered_globalsteps)
	time_callbacks()
	for name, def in pairs(core.registered_entities) do
		if name:sub(1, #MOD + 1) == MOD .. ":" then time_entity(def, counts) end
	end
	time_what_comes_later()
end

return timer
