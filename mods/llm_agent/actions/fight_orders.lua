-- What players say that begins or ends a fight, by rule and at once: an order to fight somebody, "stop", "sorry". A model that is
-- asked would answer when it is too late, and may promise what nobody does.

local S, now_us, settings, text, geometry, events, roles, memory, nearby, npcs, history, rules, cries, damage, warnings,
	targets, squads, fight_words = ...

local BUSY_EVERY_US = 5e6
local FOES = {bandit = true} -- roles that are fought without being called by name: "attack the bandit"
local SAME_US = 0.1e6 -- a plea that comes by both ways, see the end of the file, is one

local pleaded_us = {} -- player → when they last said that they are sorry

-- Ending one -----------------------------------------------------------------------------------------------------------------

-- The player whom NPCs fight says sorry. True if there was a fight.
local function apologise(player_name)
	local list = squads.against(player_name)
	local first
	for _, npc in ipairs(list) do first = first or rules.is_brave(npc) and npc end
	if not first then return false end
	local now, last = now_us(), pleaded_us[player_name]
	pleaded_us[player_name] = now
	if last and now - last < SAME_US then return true end
	if not warnings.forgive(player_name, list) then
		cries.say(first, "too_late", player_name, player_name)
		return true
	end
	squads.let_go(player_name, squads.stop)
	cries.say(first, "pardon", player_name, player_name)
	return true
end

-- Whoever sent it to fight calls it back.
local function call_back(npc, player_name)
	local combat = npc.combat
	if not combat or combat.asker ~= player_name and squads.wards[npc.id] ~= player_name then return false end
	squads.stop(npc)
	cries.say(npc, "stand_down", player_name, player_name)
	return true
end

-- "Stop!", said to nobody by name, is for all whom the player sent, however far they have run by now.
local function call_back_all(player_name, words)
	local sent = squads.sent_by(player_name)
	if not sent[1] or nearby.meant(words)[1] then return false end
	for _, npc in ipairs(sent) do squads.stop(npc) end
	cries.say(sent[1], "stand_down", player_name, player_name)
	return true
end

-- Beginning one --------------------------------------------------------------------------------------------------------------

local function names_of(npc)
	return {npc.name, npc.name:match("^%S+")}
end

local function all_names(npcs_named)
	local names = {}
	for _, npc in ipairs(npcs_named) do
		for _, name in ipairs(names_of(npc)) do names[#names + 1] = name end
	end
	return names
end

local function is_named(whom, words)
	return words ~= nil and whom:find(text.spaced(words), 1, true) ~= nil
end

local function player_in(whom, pos, asker)
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		local is_near = targets.is_in_sight(pos, player:get_pos())
		if name ~= asker and is_near and is_named(whom, name) then return player end
	end
end

-- The one of that name; else the nearest foe who is what the words say.
local function npc_in(whom, npc, pos)
	local best, best_distance
	for _, other in ipairs(npcs.list) do
		local there = other ~= npc and other:get_pos()
		if there and targets.is_in_sight(pos, there) then
			if nearby.is_named(whom, other) then return other end
			local distance = geometry.distance_squared(there, pos)
			local is_foe = FOES[other.role] and is_named(whom, roles.title(other):match("%S+$"))
			if is_foe and (not best or distance < best_distance) then best, best_distance = other, distance end
		end
	end
	return best
end

-- The nearest of that name; else, of "the monster" or "it", the nearest monster.
local function monster_in(whom, pos)
	local prey = targets.prey_near(pos, targets.SIGHT)
	for _, beast in ipairs(prey) do
		local words = targets.words(beast.object)
		if is_named(whom, words) or is_named(whom, words:match("%S+$")) then return beast.object end
	end
	for _, beast in ipairs(fight_words.is_any_monster(whom) and prey or {}) do
		if beast.is_monster then return beast.object end
	end
end

-- Whom the words mean: an object, or nil and, if it is an NPC that is spared, its name, or words for the player.
local function target_of(npc, whom, player_name)
	local pos = npc:get_pos()
	local player = player_in(whom, pos, player_name)
	if player then
		if rules.refusal(player) then return nil, nil, S("@1 may not fight @2 here.", npc.name, player:get_player_name()) end
		return player
	end
	local other = npc_in(whom, npc, pos)
	if other and not (rules.is_brave(other) and damage.can_fight(other)) then return nil, other.name end
	return other and other:get_object() or monster_in(whom, pos)
end

local function attack(npc, whom, player_name)
	local object, spared, problem = target_of(npc, whom, player_name)
	if problem then return history.tell(npc, player_name, problem) end
	if not object and not spared then return false end
	if not rules.is_brave(npc) then return cries.say(npc, "no_fighter", player_name, player_name) end
	if spared then return cries.say(npc, "spares", spared, player_name) end
	if not squads.begin(npc, object, player_name, true) then return false end
	local target = targets.words(object)
	memory.remember(npc, player_name, ("%s told me to fight %s"):format(player_name, target))
	events.emit("action", npc, player_name, "attack", {target = target}, true)
end

-- False where the words are no order that it can answer.
local function obey(npc, player_name, words)
	local pos = settings.fight_when_told and npc.kept_by_body and not npc.attached and not npc.beaten and npc:get_pos()
	if not pos then return false end
	-- who else is told must not be taken for whom to fight
	local order, whom = fight_words.order(words, all_names(nearby.in_earshot(pos)), all_names((nearby.meant(words))))
	if order == "attack" then return attack(npc, whom, player_name) ~= false end
	if order ~= "guard" or not rules.is_brave(npc) or not npc:guard(player_name) then return false end
	local outcome = S("@1 stands by you.", npc.name)
	memory.remember(npc, player_name, "I guard " .. player_name)
	history.tell(npc, player_name, outcome)
	cries.say(npc, "stands_by", player_name, player_name)
	events.emit("action", npc, player_name, "guard", {target = player_name}, true, outcome)
	return true
end

-- A line to an NPC, aloud or in the dialog. True if it is answered: who fights answers nothing else.
local function hear(npc, player_name, words)
	if not core.get_player_by_name(player_name) then return false end
	local is_plea = fight_words.is_sorry(words) or fight_words.is_stop(words)
	if fight_words.is_stop(words) and call_back_all(player_name, words) then return true end
	if is_plea and (call_back(npc, player_name) or apologise(player_name)) then return true end
	if obey(npc, player_name, words) then return true end
	local combat, now = npc.combat, now_us()
	if not combat then return false end
	if not combat.busy_us or now - combat.busy_us > BUSY_EVERY_US then
		combat.busy_us = now
		cries.say(npc, "busy", player_name, player_name)
	end
	return true
end

-- Aloud, whoever is meant and is asked, and however soon after the last sentence: who is about to be struck must be heard.
core.register_on_chat_message(function(player_name, words)
	if words:sub(1, 1) == "/" then return false end
	local is_stop = fight_words.is_stop(words)
	if is_stop then call_back_all(player_name, words) end
	local is_plea = is_stop or fight_words.is_sorry(words)
	if is_plea and squads.against(player_name)[1] then apologise(player_name) end
	return false
end)

core.register_on_leaveplayer(function(player) pleaded_us[player:get_player_name()] = nil end)

history.on_player_line(hear)
