-- The mod's own time in a step of the server, split by who called it: all of its code that the engine calls, and what the
-- benchmark itself calls of it. Wraps globalsteps, the callbacks of its entities, what it registered for players' deeds, its
-- commands, and what it hands to the engine to be called later (core.after, media). Knows nothing of what the mod does.

local MOD = "llm_agent"
local ENTITY_CALLBACKS = {"on_activate", "on_deactivate", "on_punch", "on_rightclick", "on_death", "get_staticdata"}

-- The kinds of calls: of the globalstep, of its entities, of chat lines, of buttons in windows, of commands, of all else that
-- players do, of what it had put off, and of the functions that other mods call.
local KINDS = {"globalstep", "entities", "chat", "windows", "commands", "players", "later", "api"}
local KIND_OF_LIST = {
	registered_on_chat_messages = "chat", registered_on_chatcommands = "commands",
	registered_on_player_receive_fields = "windows",
}

local timer = {KINDS = KINDS}

local inside = false
local own_us = {} -- kind → what was taken in this step
for _, kind in ipairs(KINDS) do own_us[kind] = 0 end

local function leave(kind, began_us, ...)
	inside, own_us[kind] = false, own_us[kind] + core.get_us_time() - began_us
	return ...
end

-- fn, its time added to the step's; what it calls in turn is in it already.
function timer.timed(kind, fn)
	assert(own_us[kind], kind)
	return function(...)
		if inside then return fn(...) end
		inside = true
		return leave(kind, core.get_us_time(), fn(...))
	end
end

-- fn(kind, us) for each kind: what the mod took since the last call.
function timer.take_us(fn)
	for _, kind in ipairs(KINDS) do
		fn(kind, own_us[kind])
		own_us[kind] = 0
	end
end

local timed = timer.timed

local function is_ours(fn)
	local origin = core.callback_origins[fn]
	return origin and origin.mod == MOD
end

local function time_list(kind, list)
	for i, fn in ipairs(list) do
		if is_ours(fn) then
			local wrapped = timed(kind, fn)
			core.callback_origins[wrapped], list[i] = core.callback_origins[fn], wrapped
		end
	end
end

-- core.registered_on_joinplayers and its like, and the two lists of registered_on_player_hpchanges.
local function time_callbacks()
	for key, list in pairs(core) do
		if type(list) == "table" and type(key) == "string" and key:sub(1, 14) == "registered_on_" then
			local kind = KIND_OF_LIST[key] or "players"
			time_list(kind, list)
			for _, inner in ipairs({list.modifiers or {}, list.loggers or {}}) do time_list(kind, inner) end
		end
	end
	for _, def in pairs(core.registered_chatcommands) do
		if def.mod_origin == MOD then def.func = timed("commands", def.func) end
	end
end

local function time_entity(def, counts)
	for _, name in ipairs(ENTITY_CALLBACKS) do
		if def[name] then def[name] = timed("entities", def[name]) end
	end
	local on_step = def.on_step
	if not on_step then return end
	function def.on_step(self, dtime, moved) -- a hundred times a step: as little as can be is added
		local began_us = core.get_us_time()
		inside = true
		on_step(self, dtime, moved)
		inside, own_us.entities = false, own_us.entities + core.get_us_time() - began_us
		counts.entity_steps = counts.entity_steps + 1
	end
end

-- What the mod wants to be called for later is its own too.
local function time_what_comes_later()
	local after, add_media = core.after, core.dynamic_add_media
	function core.after(delay_s, fn, ...) return after(delay_s, inside and timed("later", fn) or fn, ...) end
	function core.dynamic_add_media(def, fn) return add_media(def, inside and fn and timed("later", fn) or fn) end
end

-- When all mods have loaded. counts.entity_steps grows with each step of one of its entities.
function timer.time_the_mod(counts)
	time_list("globalstep", core.registered_globalsteps)
	time_callbacks()
	for name, def in pairs(core.registered_entities) do
		if name:sub(1, #MOD + 1) == MOD .. ":" then time_entity(def, counts) end
	end
	time_what_comes_later()
end

return timer
