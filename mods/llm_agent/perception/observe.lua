-- The facts of one question: time of day, weather, place, who and what is near, what the player holds.
-- Runs in the step that asks; only reads. Facts are words, numbers and lists of them. Positions and exact times never become
-- facts: no cached reply would fit twice.
-- Later folders add facts with add_facts.

local settings, text, json, roles, positions, places, nearby, surroundings = ...

local observe = {}

local NEAR_MAX = 3

-- Ends of the parts of the day, as core.get_timeofday() counts (0 and 1 are midnight).
local DAY = {
	{0.19, "night"}, {0.25, "dawn"}, {0.46, "morning"}, {0.55, "noon"}, {0.72, "afternoon"}, {0.82, "evening"}, {1.01, "night"},
}

function observe.time_name(time_of_day)
	for _, part in ipairs(DAY) do
		if time_of_day < part[1] then return part[2] end
	end
	return "night"
end

local function nearer(a, b)
	if a.distance ~= b.distance then return a.distance < b.distance end
	return a.called < b.called
end

-- Up to three names, the nearest, in the order of the alphabet so that the same people read the same. except: the player who is
-- spoken to; an NPC who is comes first, for its title tells that it is no player, and so do those whom the words name.
function observe.near(npc, pos, except, words)
	local named = words and nearby.named(words) or {}
	local found, reach, x, y, z = {}, settings.earshot ^ 2, pos.x, pos.y, pos.z
	local function consider(other, name, there)
		local distance = there and (there.x - x) ^ 2 + (there.y - y) ^ 2 + (there.z - z) ^ 2
		if not distance or distance > reach or name == except and not other then return end
		if name == except or named[other] then distance = -1 end
		found[#found + 1] = {called = other and name .. " " .. roles.title(other) or name, distance = distance}
	end
	for _, other in ipairs(positions.may_be_near(pos, settings.earshot)) do
		if other ~= npc then consider(other, other.name, positions.last_known(other)) end
	end
	for _, player in ipairs(core.get_connected_players()) do consider(nil, player:get_player_name(), player:get_pos()) end
	table.sort(found, nearer)
	local names = {}
	for i = 1, math.min(NEAR_MAX, #found) do names[i] = found[i].called end
	table.sort(names)
	return names
end

local function held_item(player_name)
	local player = player_name and core.get_player_by_name(player_name)
	local stack = player and player:get_wielded_item()
	if not stack or stack:is_empty() then return nil end
	local def = core.registered_items[stack:get_name()]
	return def and def.description and text.item_words(def.description) or nil
end

local function health_words(npc)
	local object = npc:get_object()
	if not object then return nil end
	local max = npc.hp_max or object:get_properties().hp_max or 0 -- known of our own bodies
	local share = max > 0 and object:get_hp() / max or 1
	return share < 1 / 3 and "badly hurt" or share < 2 / 3 and "hurt" or nil -- less is not worth a fact
end

local givers = {} -- functions(npc, player_name, facts, opts) of other folders

-- Have `fn` add its facts to each question's, before what other mods say goes over them.
function observe.add_facts(fn)
	givers[#givers + 1] = fn
end

-- All facts for one question. What other mods said (`npc:set_context`, then opts.context) goes over what is seen, and only that
-- must be made plain: the rest is.
function observe.facts(npc, opts, priority)
	local pos = npc:get_pos()
	local facts = {
		time = observe.time_name(core.get_timeofday() or 0.5),
		weather = surroundings.weather(opts.player),
		light = pos and surroundings.is_dark(pos) and "dark" or nil,
		place = places.name_at(pos),
		sees = pos and surroundings.seen(npc, pos, priority),
		held = held_item(opts.player),
		health = health_words(npc),
	}
	local near = pos and observe.near(npc, pos, opts.player, opts.utterance) or {}
	facts.near = near[1] and near or nil
	for _, give in ipairs(givers) do give(npc, opts.player, facts, opts) end
	for _, given in ipairs({npc.context, opts.context or {}}) do
		for key, value in pairs(given) do
			if type(key) == "string" then
				key = json.key(key)
				if value == false then facts[key] = nil else facts[key] = json.plain(value) end
			end
		end
	end
	return facts
end

return observe
