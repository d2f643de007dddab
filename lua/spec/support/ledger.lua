-- A game with a few goods, a merchant and a player: where specs of the ledger begin.

local Mock = require("mock_core")

local books = {ORIGIN = {x = 0, y = 0, z = 0}}
local mock

-- Returns the mock, the mod's ledger and its API.
function books.start(options)
	mock = Mock.new(options or {})
	local core = mock.core
	core.register_craftitem("zoo:apple", {description = "Apple"})
	core.register_craftitem("zoo:bread", {description = "Loaf of Bread", stack_max = 10})
	core.register_craftitem("zoo:sword", {description = "Steel Sword\nDamage: 6", stack_max = 1})
	core.registered_items["zoo:pick"] = {description = "Pick", type = "tool"}
	core.register_alias("old:apple", "zoo:apple")
	local agent = mock:load_mod()
	agent.register_npc("ann", {name = "Ann", role = "merchant", pos = books.ORIGIN})
	return mock, mock.mod.ledger.ledger, agent
end

-- Robin joins with these stacks: the inventory.
function books.robin(...)
	local player = mock:join("Robin", books.ORIGIN)
	for i, stack in ipairs({...}) do player:get_inventory():set_stack("main", i, stack) end
	return player:get_inventory()
end

return books
