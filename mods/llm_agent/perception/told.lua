-- The answers to questions for a way, the hour, the weather, who is near, and what this place is called. Only reads the world.

local S, settings, geometry, questions, translate, npcs, roles, positions, places, nearby, observe, surroundings, ways,
	answers = ...

local NEAR_NODES = 6 -- "right here"
local PERSON_NODES = 100 -- an NPC knows where its neighbours are about as far as it can shout
local NAMES_MAX = 5 -- in one answer

local function word(lang, message) return translate.into(lang, message) end

-- The way ----------------------------------------------------------------------------------------------------------------

local function way_line(name, pos, goal, asked)
	local steps, direction = ways.measure(pos, goal)
	if not steps then return {line = S("@1? That is too far away for me to tell you the way.", name), holds = nil} end
	local towards = ways.shown_direction(direction)
	local lines = {
		S("@1? About @2 steps from here, to the @3.", name, steps, towards),
		S("You will find @1 @2 steps from here, to the @3.", name, steps, towards),
	}
	local words = {word(asked.lang, towards), direction, (direction:gsub("%-", ""))}
	return {line = lines[math.random(#lines)], holds = {{tostring(steps)}, words}}
end

local function to_place(pos, asked)
	local found = places.meant(asked.words, pos)[1]
	if not found then return nil end
	-- no word of a model's: it would tell the way all the same
	if places.is_inside(pos, found) then return {line = S("You are there already: this is @1.", found.name)} end
	return way_line(found.name, pos, found, asked)
end

-- Somebody whom the words name, beside the two who talk.
local function to_person(npc, pos, asked)
	local named = nearby.named(asked.words)
	for _, other in ipairs(npcs.list) do
		if other ~= npc and named[other] then
			local there = positions.last_known(other)
			if not there or not geometry.in_range(pos, there, PERSON_NODES) then
				return {line = S("I do not know where @1 is just now.", other.name)}
			end
			if geometry.in_range(pos, there, NEAR_NODES) then
				return {line = S("@1 is right here.", other.name), holds = {{other.name}, {"here", "there", "beside", "behind"}}}
			end
			return way_line(other.name, pos, there, asked)
		end
	end
	return nil
end

answers.register("way", function(npc, _, asked)
	local pos = npc:get_pos()
	if not pos or npc.context.way ~= nil then return nil end -- another mod knows better
	return to_place(pos, asked) or to_person(npc, pos, asked)
end)

-- Where one stands, the hour, the weather --------------------------------------------------------------------------------

answers.register("here", function(npc, _, asked)
	local name = npc.context.place or places.name_at(npc:get_pos())
	if not name then return {line = S("This place has no name that I know of.")} end
	return type(name) == "string" and {line = S("This is @1.", name), holds = {{name, word(asked.lang, name)}}} or nil
end)

local HOURS = {
	night = S("night"), dawn = S("dawn"), morning = S("morning"), noon = S("noon"), afternoon = S("afternoon"),
	evening = S("evening"),
}

answers.register("time", function(npc, _, asked)
	local time = npc.context.time or observe.time_name(core.get_timeofday() or 0.5)
	local hour = HOURS[time]
	if not hour then return nil end
	return {line = S("It is @1.", hour), holds = {{word(asked.lang, hour), time, time == "noon" and "midday" or time}}}
end)

local SKY = {
	rain = S("It is raining. Keep your hood up."),
	snow = S("It is snowing. Mind the cold."),
	storm = S("There is a storm. Stay under a roof."),
	fog = S("There is fog, thick as porridge."),
	wind = S("A strong wind is blowing."),
	clear = S("No rain and no storm: the sky is clear."),
}

answers.register("weather", function(npc, player_name)
	local weather = npc.context.weather
	if weather == nil then weather = surroundings.weather(player_name) or "clear" end
	return SKY[weather] and {line = SKY[weather], holds = {questions.weather_words[weather]}} or nil
end)

-- Who is near ------------------------------------------------------------------------------------------------------------

local function people_near(npc, pos, player_name)
	local found = {}
	local function consider(name, there, other)
		if there and geometry.in_range(pos, there, settings.earshot) then
			found[#found + 1] = {name = name, npc = other, distance = geometry.distance_squared(pos, there)}
		end
	end
	for _, other in ipairs(npcs.list) do
		if other ~= npc then consider(other.name, other:get_pos(), other) end
	end
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if name ~= player_name then consider(name, player:get_pos()) end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	return found
end

answers.register("near", function(npc, player_name)
	local pos = npc:get_pos()
	if not pos or npc.context.near ~= nil then return nil end
	local found = people_near(npc, pos, player_name)
	if not found[1] then return {line = S("Nobody is here but you and me.")} end
	if not found[2] then
		local title = found[1].npc and roles.shown_title(found[1].npc)
		local line = title and S("@1 is here, @2.", found[1].name, title) or S("@1 is here.", found[1].name)
		return {line = line, holds = {{found[1].name}}}
	end
	local shown, holds = nil, {}
	for i = math.min(NAMES_MAX, #found), 1, -1 do
		local name = found[i].name
		holds[#holds + 1] = {name}
		if not shown then shown = name else shown = #holds == 2 and S("@1 and @2", name, shown) or S("@1, @2", name, shown) end
	end
	return {line = S("I see @1.", shown), holds = holds}
end)
