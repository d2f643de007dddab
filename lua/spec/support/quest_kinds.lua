-- A world with one quest of each kind, from the offer to its end: what is in it is in this table, anew with each `begin`.

local Mock = require("mock_core")
local assert = require("luassert")

local ORIGIN, FAR = {x = 0, y = 0, z = 0}, {x = 60, y = 0, z = 0}
local COIN, APPLE, BREAD = "llm_agent:coin", "zoo:apple", "zoo:bread"
local game = {ORIGIN = ORIGIN, NEXT = {x = 2, y = 0, z = 0}, FAR = FAR, COIN = COIN, APPLE = APPLE, BREAD = BREAD}

local function register_world(core)
	core.register_craftitem(APPLE, {description = "Apple"})
	core.register_craftitem(BREAD, {description = "Bread", stack_max = 5})
	core.register_entity("zoo:wolf", {type = "monster", description = "Wolf", initial_properties = {hp_max = 10}})
	core.register_entity("zoo:ghost", {
		type = "monster",
		on_activate = function(self) self.health = 6 end,
		-- as mobs_redo does it: its own health, and it takes itself away
		on_punch = function(self, _, _, capabilities)
			self.health = self.health - capabilities.damage_groups.fleshy
			if self.health <= 0 then self.object:remove() end
			return true
		end,
	})
end

function game.begin(options)
	options = options or {}
	options.settings = options.settings or {}
	options.settings["llm_agent.npc_talk"], options.settings["llm_agent.greet"] = "off", "false"
	local mock = Mock.new(options)
	register_world(mock.core)
	mock.game_s = options.game_s or 0
	game.mock, game.options, game.llm_agent = mock, options, mock:load_mod()
	game.private = mock.mod
	game.events = {}
	game.llm_agent.on("quest", function(npc, player, quest, state)
		assert.is_true(npc == nil or npc.id == quest.npc)
		game.events[#game.events + 1] = ("%s %s %s"):format(player, quest.id, state)
	end)
	for _, npc in ipairs({{"ann", "Ann", ORIGIN}, {"bob", "Bob", FAR}}) do
		game.llm_agent.register_npc(npc[1], {name = npc[2], role = "farmer", pos = npc[3]})
	end
end

-- The same world again, as after a stop.
function game.restart()
	local mock = game.mock
	for name in pairs(mock.players) do mock:leave(name) end
	mock:shutdown()
	game.options.storage, game.options.saves, game.options.game_s = mock.storage, mock.saves, mock.game_s
	game.begin(game.options)
end

function game.coins_of(name)
	return game.private.ledger.ledger.carried(core.get_player_by_name(name), COIN)
end

function game.give(name, stack) core.get_player_by_name(name):get_inventory():add_item("main", stack) end

game.KINDS = {
	fetch = {item = APPLE, count = 3},
	deliver = {carries = {[BREAD] = 2}, count = 2, target = "bob", target_name = "Bob"},
	hunt = {target = "zoo:wolf", count = 2},
	visit = {target = "Mill", count = 1},
}

-- An offer of `kind` from Ann to Robin.
function game.offer(kind, reward, player, npc)
	local def = {kind = kind, npc = npc or "ann", npc_name = "Ann", player = player or "Robin", reward = {[COIN] = reward or 5}, lasts_s = 600}
	for field, value in pairs(game.KINDS[kind]) do def[field] = value end
	return game.private.quests.quests.offer(def, game.mock.game_s)
end

function game.accepted(kind, reward)
	local quest = game.offer(kind, reward)
	assert.is_true(game.private.quests.service.accept(quest.id, "Robin"))
	return quest
end

return game
