-- Events: llm_agent.on for other mods, events.on and events.emit for the folders of this one.
-- Owns the listeners. One that raises is logged; the others are still called.

local log = ...

local events = {}

local EVENTS = {"reply", "action", "error", "online", "offline", "say", "quest", "trade"}

local listeners = {}
for _, event in ipairs(EVENTS) do listeners[event] = {} end

function events.emit(event, ...)
	for _, fn in ipairs(listeners[event]) do
		local ok, problem = pcall(fn, ...)
		if not ok then log("error", ("a listener of %q failed: %s"):format(event, tostring(problem))) end
	end
end

-- "reply" (npc, reply, opts), "error" (npc, reply, opts), "action" (npc, player_name, name, params, ok, message),
-- "say" (npc, text, opts), "quest" (npc or nil, player_name, quest, state),
-- "trade" (npc, player_name, from_npc, from_player; both {item = count}), "online" (), "offline" (reason). "error" comes with
-- every fallback line.
function llm_agent.on(event, fn)
	if not listeners[event] then
		error(("llm_agent.on: unknown event %s; known: %s"):format(tostring(event), table.concat(EVENTS, ", ")), 2)
	end
	if type(fn) ~= "function" then error("llm_agent.on: want a function, got " .. type(fn), 2) end
	table.insert(listeners[event], fn)
end

events.on = llm_agent.on

return events
