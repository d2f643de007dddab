-- Whom an NPC attends to: it turns to who speaks with it, and stays for a moment after the last word.
-- Knows when, not how: bodies of this mod listen with on_attend (body/idle.lua), mobs of other mods bring a function `hold`.

local now_us, speech_queue = ...

local attention = {}

local ATTENTION_US = 8e6 -- after the last word it attends to somebody for this long
local PAUSE_US = 2e6 -- and stands still for this long after words to nobody in particular

local PRIVATE_US = 120e6 -- an open window in which nothing is said for so long is forgotten: not all clients tell that it closed

local attend_listeners = {}
local in_private = {} -- player → {id = of the NPC that they talk with in a window, until_us}

-- fn(npc, object, whom): an NPC with a body turns to somebody (a player's name or an NPC's id) that it did not attend to already.
function attention.on_attend(fn)
	table.insert(attend_listeners, fn)
end

-- Give somebody (a player's name or an NPC's id) attention: stop, turn to them, stay with them for a while.
function attention.attend(npc, whom)
	local now = now_us()
	local attends = npc.attention == whom and npc.attention_until_us > now and not npc.hold
	npc.attention, npc.attention_until_us = whom, now + ATTENTION_US
	if attends then return end -- it stands there and looks already
	local object = npc:get_object()
	if not object then return end
	if npc.hold and not npc.is_held then
		npc.is_held = true
		npc.hold(object, true)
	end
	for _, fn in ipairs(attend_listeners) do fn(npc, object, whom) end
end

-- A player talks with this NPC in a window that nobody else sees; nil: no more. Neither begins anything in public meanwhile.
function attention.set_private(player_name, npc)
	in_private[player_name] = npc and {id = npc.id, until_us = now_us() + PRIVATE_US}
end

-- Does this player talk with an NPC in a window: with this one, or where `npc` is nil with anybody?
function attention.is_private(player_name, npc)
	local talk = in_private[player_name]
	return talk ~= nil and talk.until_us > now_us() and (not npc or talk.id == npc.id)
end

local function has_private_talk(npc)
	for player_name in pairs(in_private) do
		if attention.is_private(player_name, npc) then return true end
	end
	return false
end

-- After its last word it stays for a moment, with whomever it talked to.
function attention.pause(npc)
	npc.attention_until_us = math.max(npc.attention_until_us or 0, now_us() + PAUSE_US)
end

-- Is it taken up with somebody, by a question, a talk, a line or a look?
function attention.is_talking(npc, now)
	return npc.is_answering or npc.small_talk or speech_queue.busy(npc.id) or has_private_talk(npc)
		or npc.attention_until_us and npc.attention_until_us > now
end

-- A body of another mod goes its own ways again when the talk is over. Called for all NPCs once in a while.
function attention.let_go(npc, now)
	if not npc.is_held or attention.is_talking(npc, now) then return end
	npc.is_held = nil
	local object = npc:get_object()
	if object then npc.hold(object, false) end
end

return attention
