-- Fights: who fights whom, together with whom, from the first blow to the last. Whoever fights the same foe near each other is a
-- squad, which shares its orders and what it shouts. Which orders there are and what is done about them is in orders.lua.

local agent = ...
local settings, observe, gathering, foes, tactics, blows =
	agent.settings, agent.observe, agent.gathering, agent.foes, agent.tactics, agent.blows

local fight = {}

local TOGETHER_NODES = 16
local GRUDGE = 0.3 -- how much worse an NPC stands to a player who begins a fight with it
local WATCH_NODES, WATCH_US = 10, 0.5e6
fight.fighting = {} -- id → true
local fighting = fight.fighting
local wards = {} -- NPC's id → name of whom it guards

-- "meek" runs, "brave" strikes back, "watchful" goes at monsters unasked.
local function courage(npc)
	return (agent.roles[npc.role] or {}).courage or "meek"
end

local function is_brave(npc) return courage(npc) ~= "meek" end
fight.is_brave = is_brave

-- Views ------------------------------------------------------------------------------------------------------------------

local function names_of(squad, except)
	local names = {}
	for id in pairs(squad.members) do
		local npc = id ~= except and agent.npcs[id]
		if npc then names[#names + 1] = npc.name end
	end
	table.sort(names)
	return names
end

-- What the others of its squad do, in words.
function fight.orders_beside(npc)
	local words = {}
	for id in pairs(npc.fight.squad.members) do
		local other = id ~= npc.id and agent.npcs[id]
		local order = other and other.fight and other.fight.order
		if order then words[#words + 1] = tactics.words(other.name, order) end
	end
	table.sort(words)
	return words
end

local function may_call(npc, pos)
	for _, other in ipairs(agent.in_earshot(pos)) do
		if other ~= npc and not other.fight and is_brave(other) and blows.can_fight(other) then return true end
	end
	return false
end

local function distinct(seen)
	local words, known = {}, {}
	for _, foe in ipairs(seen) do
		if not known[foe.words] then words[#words + 1], known[foe.words] = foe.words, true end
	end
	return words
end

-- How things stand for an NPC that fights, as tactics.lua wants it; nil for one that does not.
function fight.view(npc)
	local own, object, pos = npc.fight, npc:get_object(), npc:get_pos()
	if not own or not object then return nil end
	local sides, fronted = {}, false
	for id in pairs(own.squad.members) do
		local order = id ~= npc.id and agent.npcs[id] and agent.npcs[id].fight and agent.npcs[id].fight.order
		if order and order.kind == "flank" then sides[order.side] = true end
		if order and (order.kind == "attack" or order.kind == "hold") then fronted = true end
	end
	return {
		brave = is_brave(npc), health = object:get_hp() / (npc.hp_max or 20), enemies = distinct(foes.in_sight(own.foes, pos)),
		allies = names_of(own.squad, npc.id), sides = sides, fronted = fronted,
		wards = {wards[npc.id] or own.asker}, can_call = may_call(npc, pos),
	}
end

-- Of one that is at peace: what it could be asked to fight or to stand by.
function fight.peaceful_view(npc, player_name)
	local pos = blows.can_fight(npc) and is_brave(npc) and npc:get_pos()
	if not pos then return nil end
	local near = {}
	for _, object in ipairs(foes.monsters_near(pos, foes.SIGHT)) do near[#near + 1] = foes.new(object) end
	return {
		brave = true, health = 1, enemies = distinct(foes.in_sight(near, pos)), allies = {}, sides = {}, wards = {player_name},
		can_call = false,
	}
end

-- Beginning and end ------------------------------------------------------------------------------------------------------

local function knows(own, object)
	for _, foe in ipairs(own.foes) do
		if foes.object_of(foe) == object then return true end
	end
	return false
end

-- The squad of somebody near who fights the same foe already.
local function squad_against(npc, object)
	local pos = npc:get_pos()
	for id in pairs(fighting) do
		local other = agent.npcs[id]
		local there = other and other ~= npc and other:get_pos()
		if there and other.fight and knows(other.fight, object) and observe.in_range(pos, there, TOGETHER_NODES) then
			return other.fight.squad
		end
	end
	return {members = {}, gathering = gathering.new(agent.now_us())}
end

-- The NPC takes up a fight, or knows of one more foe in the one it has. False if it cannot fight.
function fight.begin(npc, object, asker)
	if not object:get_pos() or not blows.can_fight(npc) or object == npc:get_object() then return false end
	local now = agent.now_us()
	if not npc.fight then
		local squad = squad_against(npc, object)
		squad.members[npc.id] = true
		npc.fight = {squad = squad, foes = {}, alive_us = now, look_us = 0, ask_us = 0, asker = asker}
		fighting[npc.id] = true
	end
	if not knows(npc.fight, object) then table.insert(npc.fight.foes, foes.new(object)) end
	npc.fight.alive_us = now
	return true
end

-- How it ended, in words to be remembered; with whom it was about, if that is a player.
local function remember_end(npc, foe_words, won)
	local player = core.get_player_by_name(foe_words) and foe_words or nil
	agent.remember(npc, player, won and ("I beat %s"):format(player or "the " .. foe_words)
		or ("%s beat me"):format(player or "The " .. foe_words))
end

function fight.stop(npc)
	if not npc.fight then return end
	npc.fight.squad.members[npc.id] = nil
	npc.fight, fighting[npc.id] = nil, nil
	agent.legs.clear(npc)
	local object = not npc.beaten and npc:get_object()
	if object then agent.stand(npc, object) end
end

function fight.lost(npc, puncher)
	local words = puncher and puncher:get_pos() and foes.words(puncher)
	if words then remember_end(npc, words, false) end
	fight.stop(npc)
end

-- All foes are beaten or gone; it won where it struck one.
function fight.over(npc)
	if npc.fight.struck then remember_end(npc, npc.fight.struck, true) end
	fight.stop(npc)
end

-- A blow landed on it: its own fight, and that of who stands by it.
function fight.provoked(npc, puncher)
	local self = puncher:get_luaentity()
	if self and self.npc_id and npc.fight and npc.fight.squad.members[self.npc_id] then return end -- a friend's blow
	local name = puncher:is_player() and puncher:get_player_name()
	if name and not npc.fight then
		agent.standing.change(npc.id, name, -GRUDGE)
		agent.remember(npc, name, name .. " hit me")
	end
	fight.begin(npc, puncher)
end

-- Stand by a player: whoever strikes them is a foe.
function fight.guard(npc, name)
	wards[npc.id] = name
end

core.register_on_player_hpchange(function(player, change, reason)
	local by = change < 0 and reason and reason.type == "punch" and reason.object
	if not by or not settings.fights then return end
	local name = player:get_player_name()
	for id, ward in pairs(wards) do
		local npc = ward == name and agent.npcs[id]
		local pos = npc and npc:get_pos()
		if pos and by ~= npc:get_object() and observe.in_range(pos, player:get_pos(), foes.SIGHT) then fight.begin(npc, by, name) end
	end
end, false)

local next_watch_us, watcher = 0, 0

-- Those on watch look around for monsters, one in each look.
function fight.watch(now)
	if now < next_watch_us or not settings.fights then return end
	next_watch_us = now + WATCH_US
	for _ = 1, #agent.order do
		watcher = watcher % #agent.order + 1
		local npc = agent.order[watcher]
		if courage(npc) == "watchful" and not npc.fight and blows.can_fight(npc) then
			local pos = npc:get_pos()
			for _, object in ipairs(pos and foes.monsters_near(pos, WATCH_NODES) or {}) do fight.begin(npc, object) end
			return
		end
	end
end

-- Everybody brave in earshot comes along.
function fight.call_help(npc)
	local pos, own = npc:get_pos(), npc.fight
	local called = 0
	for _, other in ipairs(pos and own and agent.in_earshot(pos) or {}) do
		if other ~= npc and is_brave(other) and not other.fight then
			for _, foe in ipairs(own.foes) do
				local object = foes.object_of(foe)
				if object and fight.begin(other, object) then called = called + 1 end
			end
		end
	end
	return called
end

-- The Lua API ----------------------------------------------------------------------------------------------------------

local Npc = agent.Npc

-- Fight an object: a mob, a player or another NPC's body. False if it cannot: no body of its own, beaten, asleep, fights off.
function Npc:attack(object)
	if not (object and object.get_pos) then error("npc:attack: object: want an object of the game", 2) end
	return fight.begin(self, object)
end

-- Stand by a player, follow them and fight whoever strikes them; nil: no more. False if it cannot.
function Npc:guard(player_name)
	if player_name ~= nil and type(player_name) ~= "string" then error("npc:guard: player_name: want a name, or nil", 2) end
	if not player_name then
		wards[self.id] = nil
		agent.legs.clear(self)
		return true
	end
	if not blows.can_fight(self) then return false end
	fight.guard(self, player_name)
	agent.legs.order(self, {kind = "follow", target = player_name})
	return true
end

return fight
