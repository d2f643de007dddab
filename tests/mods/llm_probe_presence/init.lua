-- Bodies that walk, stand and speak, and rate limits, in a real server. The daemon is real, with the stub engine.
-- The mod llm_probe runs the checks.

local PLACE = llm_probe.place
local GROUND = {x = 8, y = 5.5, z = 8}
local LONG = "The first thing to know is the road. It goes over the hill and down to the old mill. There you ask for Bram, "
	.. "who has the key. Give him a coin and my best regards. Then go home before the sun is down, and do not look back."

local mira, bram -- ids
local since_us, seen, said, replies = 0, {}, {}, {}
local bubbles_most = 0

local function npc(id) return llm_agent.get_npc(id) end
local function body(id) return npc(id):get_object() end

local function feet(id)
	local pos = body(id):get_pos()
	pos.y = pos.y + body(id):get_properties().collisionbox[2]
	return pos
end

local function seconds() return (core.get_us_time() - since_us) / 1e6 end

local function bubbles()
	local found = {}
	for _, object in ipairs(core.get_objects_inside_radius(PLACE, 30)) do
		local self = object:get_luaentity()
		if self and self.name == "llm_agent:bubble" then found[#found + 1] = object:get_properties().nametag end
	end
	return found
end

local function begins_with(long, short) return long:sub(1, #short) == short end

llm_agent.on("say", function(who, line) said[#said + 1] = who.name .. ": " .. line end)

local function is_walled()
	local pos = feet(mira)
	return pos.y > 5 and pos.y < 7 and pos.x > -8 and pos.x < 24 and pos.z > -8 and pos.z < 24
end

llm_probe.run({
	{"a_body_stands_on_the_ground", function()
		for x = 11, 13 do for z = 6, 10 do core.set_node({x = x, y = 5, z = z}, {name = "mapgen_lava_source"}) end end
		mira = llm_agent.spawn(vector.add(GROUND, {x = 0, y = 1, z = 0}), {role = "smith", name = "Mira"}).id
	end, function()
		local y = feet(mira).y
		return math.abs(y - 5.5) < 0.1 or nil, "at " .. y
	end},
	{"it_walks_about_but_into_no_lava", function() since_us = core.get_us_time() end, function()
		local pos = feet(mira)
		seen.far = seen.far or vector.distance(pos, GROUND) > 2
		if pos.y < 5.2 or not is_walled() then return false, "fell: " .. core.pos_to_string(pos) end
		return seconds() > 15 and seen.far or nil, "walked too little"
	end},
	{"it_stands_while_it_speaks_and_types_out_in_parts", function()
		since_us = core.get_us_time()
		npc(mira):say(LONG)
	end, function()
		local bubble = bubbles()[1]
		if bubble then
			bubble = bubble:gsub("\n", " ")
			local last = seen[#seen]
			if bubble ~= last then
				if last and not begins_with(bubble, last) then seen.parts = (seen.parts or 1) + 1 end
				seen[#seen + 1] = bubble
			end
			if seconds() > 1.5 and llm_probe.speed(body(mira)) > 0.1 then return false, "walks while it speaks" end
		elseif #seen > 0 then
			return #seen >= 10 and (seen.parts or 1) >= 2, ("%d steps, %d parts"):format(#seen, seen.parts or 1)
		end
		return nil, "speaks on"
	end},
	{"two_in_earshot_speak_in_turn", function()
		bram = llm_agent.spawn({x = 5, y = 5.5, z = 5}, {role = "guard", name = "Bram"}).id
		said = {}
		for _, id in ipairs({mira, bram, mira, bram}) do npc(id):say("A short word from " .. npc(id).name .. ".") end
	end, function()
		bubbles_most = math.max(bubbles_most, #bubbles())
		if #said < 4 or #bubbles() > 0 then return nil, #said .. " of 4 said" end
		return bubbles_most <= 2, bubbles_most .. " spoke at once" -- the last one's bubble lingers a moment
	end},
	{"a_reply_is_spoken_as_it_comes", function()
		said = {}
		npc(mira):converse({player = "Robin", utterance = "Hello!"}, function(reply) replies[#replies + 1] = reply end)
	end, function()
		if not replies[1] or #said == 0 then return nil, "no reply" end
		return not replies[1].fallback and said[1] == "Mira: " .. replies[1].text, replies[1].error or said[1]
	end},
	{"too_many_questions_get_lines_of_the_role", function()
		replies = {}
		local function note(reply) replies[#replies + 1] = reply.code or "answered" end
		for _ = 1, 30 do npc(bram):think({utterance = "Well?"}, note) end
	end, function()
		if #replies < 30 then return nil, #replies .. " of 30" end
		local restrained = 0
		for _, code in ipairs(replies) do restrained = restrained + (code == "restrained" and 1 or 0) end
		return restrained == 20, restrained .. " restrained"
	end},
	{"the_egg_is_there_and_a_removed_body_takes_its_mind_along", function() body(bram):remove() end, function()
		return core.registered_items["llm_agent:spawn_egg"] ~= nil and npc(bram) == nil or nil, "still there"
	end},
})
