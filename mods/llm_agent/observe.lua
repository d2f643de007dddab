-- What an NPC perceives at this moment, as plain facts for the model: time of day, weather, place, who and what is near, what the
-- player holds. Runs in the step that asks; only reads. Nothing of the game leaves it but words, numbers and lists of them, and
-- positions and exact times never become facts, else no cached reply would ever fit.

local agent = ...
local settings, text, surroundings = agent.settings, agent.text, agent.surroundings

local observe = {}

local NEAR_MAX = 3
local VALUE_MAX_BYTES = 400 -- one runaway value must not push everything else out of a small context
local STRAYED_MAX = 4 -- nodes that anybody goes before it is looked up again
local KEY_MAX_BYTES = 64
local DEPTH_MAX = 4 -- engines before 5.10 write nothing at all beyond 16
local ITEMS_MAX = 32

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

-- "Steel Sword (enchanted)\nDamage: 5" becomes "steel sword".
function observe.item_words(description)
	local first = text.clean(description:gsub("\27%([^)]*%)", ""):match("^[^\n]*"))
	return (first:gsub("%s*%b()", ""):lower())
end

-- A value as JSON can carry it, or nil: strings cleaned, no NaN, no functions, no userdata, no mixed tables, not deep.
function observe.plain(value, depth)
	local kind = type(value)
	if kind == "string" then
		local words = text.clean(value, VALUE_MAX_BYTES)
		return words ~= "" and words or nil
	elseif kind == "number" then
		return value == value and value ~= math.huge and value ~= -math.huge and value or nil
	elseif kind == "boolean" then
		return value
	elseif kind ~= "table" or (depth or 1) > DEPTH_MAX then
		return nil
	end
	local out, list = {}, #value > 0
	for key, item in pairs(value) do
		local known = observe.plain(item, (depth or 1) + 1)
		if known ~= nil then
			if list and type(key) == "number" then
				if #out < ITEMS_MAX then out[#out + 1] = known end
			elseif not list and type(key) == "string" then
				out[text.clean(key, KEY_MAX_BYTES)] = known
			end
		end
	end
	return next(out) ~= nil and out or nil
end

function observe.distance_squared(a, b)
	local x, y, z = a.x - b.x, a.y - b.y, a.z - b.z
	return x * x + y * y + z * z
end

-- For a crowd: may somebody be within so many nodes of `pos`? Where it is true, look again at where they are now.
function observe.may_be_near(npc, pos, nodes)
	local place = observe.place_of(npc)
	return not place or observe.in_range(pos, place, nodes + STRAYED_MAX)
end

function observe.in_range(a, b, nodes)
	return observe.distance_squared(a, b) <= nodes * nodes
end

-- Where NPCs stand is asked of the engine for a few in each step, all in turn: a hundred at once would be a tenth of what a
-- step may cost. So a neighbour's place may be some steps old.
local REFRESHED, ROUND_STEPS = 5, 20 -- so many in a step at least, and all in so many steps: nobody strays far in a second
local cursor = 0

function observe.step()
	local order = agent.order
	for _ = 1, math.min(math.max(REFRESHED, math.ceil(#order / ROUND_STEPS)), #order) do
		cursor = cursor % #order + 1
		order[cursor].seen_at = order[cursor]:get_pos() or false
	end
end

-- Where it was some steps ago, or false where it was asleep.
function observe.place_of(npc)
	if npc.seen_at == nil then npc.seen_at = npc:get_pos() or false end
	return npc.seen_at
end

local function nearer(a, b)
	if a.distance ~= b.distance then return a.distance < b.distance end
	return a.called < b.called
end

-- Up to three names, the nearest, in the order of the alphabet so that the same company reads the same.
function observe.near(npc, pos, except)
	local found, reach, x, y, z = {}, settings.earshot ^ 2, pos.x, pos.y, pos.z
	local function consider(other, name, there)
		local distance = there and (there.x - x) ^ 2 + (there.y - y) ^ 2 + (there.z - z) ^ 2
		if not distance or distance > reach or name == except then return end
		found[#found + 1] = {called = other and name .. " " .. agent.title(other) or name, distance = distance}
	end
	for _, other in ipairs(agent.order) do
		if other ~= npc then consider(other, other.name, observe.place_of(other)) end
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
	return def and def.description and observe.item_words(def.description) or nil
end

local function health_words(npc)
	local object = npc:get_object()
	if not object then return nil end
	local max = npc.hp_max or object:get_properties().hp_max or 0 -- known of our own bodies
	local share = max > 0 and object:get_hp() / max or 1
	return share < 1 / 3 and "badly hurt" or share < 2 / 3 and "hurt" or nil -- of a scratch nobody speaks
end

local givers = {} -- functions(npc, player_name, facts, opts) of parts that know more

-- Have `fn` add its facts to each question's, before what other mods say goes over them.
function observe.also(fn)
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
		place = agent.places.name_at(pos),
		sees = pos and surroundings.seen(npc, pos, priority),
		held = held_item(opts.player),
		health = health_words(npc),
	}
	local near = pos and observe.near(npc, pos, opts.player) or {}
	facts.near = near[1] and near or nil
	for _, give in ipairs(givers) do give(npc, opts.player, facts, opts) end
	for _, given in ipairs({npc.context, opts.context or {}}) do
		for key, value in pairs(given) do
			if type(key) == "string" then
				key = text.clean(key, KEY_MAX_BYTES)
				if value == false then facts[key] = nil else facts[key] = observe.plain(value) end
			end
		end
	end
	return facts
end

return observe
