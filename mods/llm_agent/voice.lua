-- How an NPC's words reach players: the bubble over its head, the chat of those in earshot, the log.
-- A line waits for its turn in speech.lua; here is what happens while it is spoken. All are looked up anew at each step.

local agent = ...
local settings, text, speech, observe, repeats = agent.settings, agent.text, agent.speech, agent.observe, agent.repeats
local languages = agent.languages

local BUBBLE = "llm_agent:bubble"
-- Tenths of a node over the body's origin: a third of a node above the name, so that they don't touch at earshot either.
local BUBBLE_Y = {mesh = 20.5, sprite = 11.75}
local POINT = {0, 0, 0, 0, 0, 0} -- the engine draws a name above the selection box, which by default is a whole node
local LINE_Y = 1.3 -- a bubble is drawn around its middle: so much higher for each further line
local LINGER_S = 0.6 -- after the last word has been read
local KEPT_S = 30 -- while words may still come; each begins it anew
local LOOK_S = 0.5 -- whether the body is still there

-- The bubble, and whether it is a new one; nil where there is no body.
local function bubble_of(npc, object)
	if npc.bubble and npc.bubble:get_attach() then return npc.bubble, false end
	npc.bubble = core.add_entity(object:get_pos(), BUBBLE)
	return npc.bubble, true
end

local function is_model(npc, object)
	if npc.is_model == nil then npc.is_model = object:get_properties().visual == "mesh" end -- another mod's body
	return npc.is_model
end

-- Called for each word of each speaker: only what differs from the last word is told to the engine.
local function show_bubble(npc, words)
	local object = npc:get_object()
	if not object then return end
	local bubble, is_new = bubble_of(npc, object)
	if not bubble then return end
	local wrapped = text.wrap(words, settings.bubble_width)
	local _, breaks = wrapped:gsub("\n", "")
	if is_new or npc.bubble_breaks ~= breaks then
		npc.bubble_breaks = breaks
		local base = npc.bubble_y or BUBBLE_Y[is_model(npc, object) and "mesh" or "sprite"]
		bubble:set_attach(object, "", {x = 0, y = base + breaks * LINE_Y, z = 0}, {x = 0, y = 0, z = 0})
	end
	bubble:set_properties({nametag = wrapped})
	bubble:get_luaentity().left_s = KEPT_S
end

local function end_bubble(npc)
	local entity = npc.bubble and npc.bubble:get_luaentity()
	if entity then entity.left_s = LINGER_S end
end

core.register_entity(BUBBLE, {
	initial_properties = {
		physical = false,
		pointable = false,
		collide_with_objects = false,
		visual = "sprite",
		visual_size = {x = 0.01, y = 0.01},
		textures = {"llm_agent_blank.png"},
		collisionbox = POINT,
		selectionbox = POINT,
		nametag_color = "#ffffff",
		nametag_bgcolor = "#000000a0",
		static_save = false, -- words are not kept with the world
	},
	left_s = KEPT_S,
	look_s = LOOK_S,

	on_step = function(self, dtime)
		self.left_s, self.look_s = self.left_s - dtime, self.look_s - dtime
		if self.left_s > 0 and self.look_s > 0 then return end
		self.look_s = LOOK_S
		if self.left_s <= 0 or not self.object:get_attach() then self.object:remove() end
	end,
})

local function log_line(npc, line, opts)
	local answer = opts.reply or {}
	agent.log("action", ("say npc=%s name=%s role=%s fallback=%s cache=%s ms=%d text=%s"):format(
		npc.id:gsub("%s", "_"), npc.name:gsub("%s", "_"), npc.role, tostring(answer.fallback or false), answer.cache or "none",
		math.floor(answer.ms or 0), line))
end

local function chat(npc, name, line)
	core.chat_send_player(name, ("<%s> %s"):format(npc.name, line))
end

-- In the chat of everybody in earshot who has not muted this NPC. others: those who get it later in another language.
local function tell(npc, line, opts, others)
	local pos = npc:get_pos()
	for _, player in ipairs(pos and settings.chat and core.get_connected_players() or {}) do
		local name = player:get_player_name()
		if observe.in_range(pos, player:get_pos(), settings.earshot) and not agent.is_muted(name, npc) then
			others[name] = others[name] or languages.wants_other(npc, name, opts) or nil
			if not others[name] then chat(npc, name, line) end
		end
	end
end

-- Once, when all words are known and the first are said.
local function announce(npc, utterance, opts, others)
	local line = utterance:full_text()
	if line == "" then return end
	languages.pass_on(npc, line, opts, others, function(name, words)
		if core.get_player_by_name(name) then chat(npc, name, words) end
	end)
	repeats.note(npc.said, line, opts.to, agent.now_us())
	if settings.log_lines then log_line(npc, line, opts) end
	agent.emit("say", npc, line, opts)
end

local function guarded(what, fn)
	return function(...)
		local ok, result = pcall(fn, ...)
		if ok then return result end
		agent.log("error", ("%s failed: %s"):format(what, tostring(result)))
		return true -- a line that fails is over
	end
end

-- Speak an utterance (words may still come into it) when it is this NPC's turn, unless the player it is for has left by then.
-- opts: as of npc:say. False, and on_done(false), if too much waits to be said already.
function agent.utter(npc, utterance, opts)
	local id, announced, begun, void, started_us, others = npc.id, false, false, false, nil, {}
	local was_here = opts.to and core.get_player_by_name(opts.to) ~= nil
	return speech.add({
		npc = id,
		spoken = (opts.priority or "spoken") == "spoken",
		start = guarded("speaking", function(now)
			started_us = now
			if opts.to and agent.npcs[id] and core.get_player_by_name(opts.to) then agent.attend(agent.npcs[id], opts.to) end
		end),
		step = guarded("speaking", function(now)
			local speaker = agent.npcs[id]
			void = was_here and not begun and not core.get_player_by_name(opts.to)
			if not speaker or void then return true end
			begun = true
			local shown = utterance:step(now)
			if shown and settings.bubbles then show_bubble(speaker, shown) end
			for line in function() return utterance:next_line() end do tell(speaker, line, opts, others) end
			if utterance.closed and not announced then
				announced = true
				announce(speaker, utterance, opts, others)
			end
			if opts.ms then return now - started_us >= opts.ms * 1000 end
			return utterance.over
		end),
		finish = guarded("on_done", function(was_spoken)
			end_bubble(npc)
			if was_spoken and agent.npcs[id] then agent.pause(agent.npcs[id]) end
			if opts.on_done then opts.on_done(was_spoken and not void) end
		end),
	}, agent.now_us())
end
