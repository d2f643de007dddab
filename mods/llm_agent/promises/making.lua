-- How a promise is made: a player asks for a meeting, and the NPC agrees or says why not; or the NPC names place and hour by
-- itself. What it says of it is the game's own line, so that what it says is what it will do.

local S, geometry, events, npcs, places, answers, movement, pathfinder, reputation, meeting, promises = ...

local NOT_WITH = -0.3 -- of reputation: it does not meet whom it likes less

local WHEN = { -- the end of each part of the day, as shares of it
	{0.25, S("at dawn")}, {0.46, S("in the morning")}, {0.55, S("at noon")}, {0.7, S("in the afternoon")},
	{0.82, S("in the evening")}, {0.95, S("at night")}, {1.01, S("at midnight")},
}

local function when(found)
	for _, part in ipairs(WHEN) do
		if found.time < part[1] then return found.is_tomorrow and S("tomorrow, @1", part[2]) or part[2] end
	end
end

-- Where they are to meet: a named place, or here. Nil where the words name none that the game knows.
local function goal_of(npc, words, found)
	local pos = npc:get_pos()
	local place = places.meant(words, pos)[1]
	if place then return {x = place.x, y = place.y, z = place.z}, place.name end
	if found.is_here then return {x = pos.x, y = pos.y + (npc.foot_y or 0), z = pos.z}, nil end
	return nil
end

local OBSTACLES = {
	cannot = function() return S("I cannot leave my place here.") end,
	nowhere = function() return S("I do not know where that is. Name me a place that I know, or say: here.") end,
	far = function(place) return S("@1? That is too far for my legs.", place) end,
	dislikes = function(_, player_name) return S("I do not meet with you, @1.", player_name) end,
	busy = function() return S("I have promised that hour to another.") end,
	full = function() return S("I have promised too much already.") end,
	stands_still = function() return S("Who knows when that will be? The sun stands still.") end,
}

-- Why the NPC cannot promise that, or nil.
local function obstacle(npc, player_name, goal, due)
	if not movement.can(npc) then return "cannot" end
	if reputation.of(npc.id, player_name) <= NOT_WITH then return "dislikes" end
	if not goal then return "nowhere" end
	if geometry.distance(npc:get_pos(), goal) > pathfinder.REACH then return "far" end
	if promises.seconds_until(due) == math.huge then return "stands_still" end
	return promises.obstacle(npc.id, player_name, due)
end

answers.register("meeting", function(npc, player_name, asked)
	local found = meeting.read(asked.words)
	if not npc:get_pos() then return nil end
	local goal, place = goal_of(npc, asked.words, found)
	local due = promises.due_at(found.time, found.is_tomorrow)
	local why = obstacle(npc, player_name, goal, due)
	if why then return {line = OBSTACLES[why](place, player_name), is_final = true} end
	local id = npc.id
	return {
		line = place and S("Agreed: @1, at @2. I will be there.", when(found), place)
			or S("Agreed: @1, right here. I will be there.", when(found)),
		is_final = true,
		done = function()
			local current = npcs.get(id)
			if current then promises.make({npc = current, player = player_name, place = place, pos = goal, due = due}) end
		end,
	}
end, function(words)
	local found = meeting.read(words)
	return found and found.lang
end)

-- The NPC's own words make a promise as well: "Meet me at the mill at noon."
events.on("reply", function(npc, reply, opts)
	local player = opts.player and core.get_player_by_name(opts.player)
	local found = player and not reply.told and not reply.fallback and npc:get_pos() and meeting.read(reply.text)
	if not found then return end
	local goal, place = goal_of(npc, reply.text, found)
	local due = promises.due_at(found.time, found.is_tomorrow)
	if not obstacle(npc, opts.player, goal, due) then
		promises.make({npc = npc, player = opts.player, place = place, pos = goal, due = due})
	end
end)
