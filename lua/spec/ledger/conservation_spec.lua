-- Nothing doubled, nothing lost: random lives of a world in which goods change hands while players leave, pockets are full, NPCs
-- are removed or asleep, replies come late or twice, the daemon dies and the server is killed. The disk is as the engine keeps
-- it: the storage and each player are saved whole, at different times, and a killed server wakes up with what was saved.
-- What stays the same: all that players and accounts have, less what was minted.

local Mock = require("mock_core")

local SEQUENCES, EVENTS = 200, 80
local ITEMS = {"zoo:apple", "zoo:bread", "zoo:sword", "llm_agent:coin"}
local PLAYERS = {"Ana", "Bram", "Cleo"}
local NPCS = {"n1", "n2", "n3"}
local START = {["zoo:apple"] = 20, ["zoo:bread"] = 6, ["zoo:sword"] = 2, ["llm_agent:coin"] = 50}
local SLOTS = 8 -- few: they are full now and then
local ORIGIN = {x = 0, y = 0, z = 0}

local function copy(value)
	if type(value) ~= "table" or getmetatable(value) then return value end -- stacks in a save are never changed
	local out = {}
	for key, item in pairs(value) do out[key] = copy(item) end
	return out
end

-- Numbers that are the same on each machine, from a seed.
local function dice(seed)
	local state = seed * 2654435761 % 2 ^ 32
	return function(max)
		for _ = 1, 2 do state = (state * 1103515245 % 2 ^ 32 + 12345) % 2 ^ 31 end
		return math.floor(state / 2 ^ 31 * max) + 1
	end
end

local World = {}
World.__index = World

function World:note(...)
	self.notes[#self.notes + 1] = table.concat({...}, " ")
end

function World:count_mended()
	self.redone = self.redone + (self.mock and #self.mock:logged("redone an exchange") or 0)
	self.undone = self.undone + (self.mock and #self.mock:logged("undone an exchange") or 0)
end

-- The server starts with what the disk has. Each of its clocks begins anew.
function World:boot()
	self:count_mended()
	local mock = Mock.new({
		storage = copy(self.disk.storage), saves = copy(self.disk.saves), inventory_slots = SLOTS,
		settings = {["llm_agent.greet"] = "false", ["llm_agent.npc_talk"] = "off", server_map_save_interval = tostring(self.interval_s)},
	})
	local core = mock.core
	core.register_craftitem("zoo:apple", {description = "Apple"})
	core.register_craftitem("zoo:bread", {description = "Bread", stack_max = 10})
	core.register_craftitem("zoo:sword", {description = "Sword", stack_max = 1})
	core.register_craftitem("zoo:junk", {description = "Junk", stack_max = 1})
	self.mock, self.daemon, self.agent = mock, mock:open_daemon(function() return {} end), mock:load_mod()
	self.ledger = mock.mod.ledger.ledger
	self.agent.register_action("barter", {
		roles = {"merchant"}, params = {properties = {give = {type = "object"}, get = {type = "object"}}},
		run = function(npc, player, params) return self.ledger.swap(npc.id, player, copy(params.give), copy(params.get)) end,
	})
	self.bodies, self.settled = {}, {}
	for id, saved in pairs(self.disk.bodies) do self.bodies[id] = core.add_entity(ORIGIN, "llm_agent:npc", saved) end
	self.save_in_s, self.commit_in_s = self.roll(self.interval_s), self.roll(self.interval_s)
end

function World.new(seed)
	local self = setmetatable({roll = dice(seed), notes = {}, disk = {storage = {}, saves = {}, bodies = {}}, asleep = {}}, World)
	self.interval_s = self.roll(2) == 1 and 5 or 40
	self.keys, self.redone, self.undone = 0, 0, 0
	self:boot()
	local core = self.mock.core
	for _, id in ipairs(NPCS) do
		self.disk.bodies[id] = core.serialize({id = id, name = id, role = "merchant"})
		for _, item in ipairs(ITEMS) do self.ledger.mint(id, item, 12) end
	end
	for _, name in ipairs(PLAYERS) do
		local player = self.mock:join(name, ORIGIN)
		for item, n in pairs(START) do player:get_inventory():add_item("main", item .. " " .. n) end
		self.mock:leave(name)
	end
	self.disk.saves = copy(self.mock.saves)
	self:commit_storage()
	self:boot()
	return self
end

-- What the engine writes ----------------------------------------------------------------------------------------------------

function World:commit_storage() self.disk.storage = copy(self.mock.storage) end

-- Players' data in the mock are what was saved last, so the mock's saves are the disk's.
function World:save_players()
	for name in pairs(self.mock.players) do self.mock:save_player(name) end
	self.disk.saves = copy(self.mock.saves)
end

function World:save_map()
	self.disk.bodies = copy(self.asleep)
	for id, object in pairs(self.bodies) do
		if object:get_pos() then self.disk.bodies[id] = object.entity:get_staticdata() end
	end
end

function World:pass(seconds)
	for _ = 1, seconds do
		self.mock:step(1)
		self.save_in_s, self.commit_in_s = self.save_in_s - 1, self.commit_in_s - 1
		if self.save_in_s <= 0 then
			self:save_map()
			self:save_players()
			self.save_in_s = self.interval_s
		end
		if self.commit_in_s <= 0 then
			self:commit_storage()
			self.commit_in_s = self.interval_s
		end
	end
end

-- Events -------------------------------------------------------------------------------------------------------------------

function World:one(list) return list[self.roll(#list)] end

function World:some_goods()
	local goods = {}
	for _ = 1, self.roll(3) - 1 do goods[self:one(ITEMS)] = self.roll(4) end
	return goods
end

function World:someone_here()
	local here = {}
	for _, name in ipairs(PLAYERS) do
		if self.mock.players[name] then here[#here + 1] = name end
	end
	return here[1] and self:one(here)
end

function World:join(name)
	if self.mock.players[name] then return end
	self.mock:join(name, ORIGIN)
	self.settled[name] = true
end

local happen = {}

function happen.join(self) self:join(self:one(PLAYERS)) end

function happen.leave(self)
	local name = self:someone_here()
	if not name then return end
	self.mock:leave(name)
	self.disk.saves = copy(self.mock.saves)
end

function happen.mint(self) self.ledger.mint(self:one(NPCS), self:one(ITEMS), self.roll(9)) end
function happen.burn(self) self.ledger.burn(self:one(NPCS), self:one(ITEMS), self.roll(4)) end
function happen.move(self) self.ledger.move(self:one(NPCS), self:one({"n1", "n2", "place:Oakford"}), self:some_goods()) end

-- By a trade window, say.
function happen.swap(self)
	local name = self:someone_here() or "Ana"
	self:note(tostring(self.ledger.swap(self:one(NPCS), name, self:some_goods(), self:some_goods())))
end

-- Asked now; the reply lands at some other event, or never.
function happen.ask(self)
	local npc, name = self.agent.get_npc(self:one(NPCS)), self:someone_here()
	if not npc or not name then return end
	npc:think({player = name, intent = "trade"}, function() end)
end

-- To any question that was ever asked, also to one that is answered already.
function happen.reply(self)
	if not self.daemon.up or not self.daemon.received[1] then return end
	local question = self:one(self.daemon.received)
	local goods = {give = self:some_goods(), get = self:some_goods()}
	for key, part in pairs(goods) do if not next(part) then goods[key] = nil end end
	goods.give, goods.get = goods.give or {["zoo:apple"] = 1}, goods.get or {["llm_agent:coin"] = 1}
	for _ = 1, self.roll(2) do
		self.daemon:event(question.session, {id = question.request.id, event = "done", text = "Here.",
			action = {name = "barter", params = goods}})
	end
end

function happen.reserve(self)
	self.keys = self.keys + 1
	self.ledger.reserve(self:one(NPCS), "quest " .. self.keys, self:some_goods())
end

function happen.pay(self)
	local name = self:someone_here()
	if name then self.ledger.pay("quest " .. self.roll(self.keys + 1), name, self:some_goods()) end
end

function happen.release(self) self.ledger.release("quest " .. self.roll(self.keys + 1)) end

-- A pocket is filled, or emptied of what filled it.
function happen.junk(self)
	local name = self:someone_here()
	if not name then return end
	local inventory = self.mock.players[name]:get_inventory()
	local stack = inventory:get_stack("main", self.roll(SLOTS))
	if stack:is_empty() then inventory:add_item("main", "zoo:junk") else inventory:remove_item("main", "zoo:junk") end
end

function happen.remove(self)
	local id = self:one(NPCS)
	local object = self.bodies[id]
	if object and object:get_pos() then object:remove() end
end

function happen.unload(self)
	local id = self:one(NPCS)
	local object = self.bodies[id]
	if object and object:get_pos() then self.asleep[id] = object:unload() end
end

-- It wakes; or it was removed, and somebody of the same name takes its place.
function happen.load(self)
	local id = self:one(NPCS)
	local object = self.bodies[id]
	if object and object:get_pos() then return end
	local saved = self.asleep[id] or self.mock.core.serialize({id = id, name = id, role = "merchant"})
	self.bodies[id], self.asleep[id] = self.mock.core.add_entity(ORIGIN, "llm_agent:npc", saved), nil
end

function happen.daemon(self) if self.daemon.up then self.daemon:die() else self.daemon:rise() end end
function happen.step(self) self:pass(1) end
function happen.wait(self) self:pass(self.roll(3 * self.interval_s)) end

-- The engine's clocks may fall at any moment.
function happen.save(self) self:save_players() end
function happen.commit(self) self:commit_storage() end

function happen.kill(self)
	self.asleep = {}
	self:boot()
end

function happen.stop(self)
	self.mock:shutdown()
	self:save_map()
	for name in pairs(copy(self.mock.players)) do self.mock:leave(name) end
	self.disk.saves = copy(self.mock.saves)
	self:commit_storage()
	self.asleep = {}
	self:boot()
end

local LIKELY = {"swap", "swap", "swap", "ask", "reply", "reply", "step", "step", "join", "join", "save", "commit", "pay", "reserve", "kill"}
local RARE = {}
for name in pairs(happen) do RARE[#RARE + 1] = name end
table.sort(RARE)

-- Sums ---------------------------------------------------------------------------------------------------------------------

local function add(sum, list)
	for _, stack in ipairs(list) do
		if not stack:is_empty() then sum[stack:get_name()] = (sum[stack:get_name()] or 0) + stack:get_count() end
	end
end

function World:sum()
	local sum = {}
	for _, name in ipairs(PLAYERS) do
		local player = self.mock.players[name]
		add(sum, player and player:get_inventory():get_list("main") or self.mock.saves[name].lists.main)
	end
	for item, n in pairs(self.ledger.total()) do sum[item] = (sum[item] or 0) + n end
	for item, n in pairs(self.ledger.minted()) do sum[item] = (sum[item] or 0) - n end
	return sum
end

-- Is it as it was at the beginning? Only once all players were there: until then some are not compared.
function World:check(seed)
	for _, name in ipairs(PLAYERS) do
		if not self.settled[name] then return end
	end
	local sum = self:sum()
	for item, n in pairs(START) do
		if sum[item] ~= n * #PLAYERS then
			error(("seed %d: %s: %s instead of %d after: %s"):format(seed, item, tostring(sum[item]), n * #PLAYERS,
				table.concat(self.notes, ", ")), 0)
		end
	end
	for _, id in ipairs(NPCS) do
		for item, n in pairs(self.ledger.stock(id)) do assert(n > 0 and n % 1 == 0, item) end
	end
end

local function live(seed, events)
	local world = World.new(seed)
	for _ = 1, events do
		local event = world:one(world.roll(3) < 3 and LIKELY or RARE)
		world:note(event)
		happen[event](world)
		world:check(seed)
	end
	for _, name in ipairs(PLAYERS) do world:join(name) end
	world:note("all are there")
	world:check(seed)
	local errors = {}
	for _, line in ipairs(world.mock.log) do
		if line:find("^error: ") then errors[#errors + 1] = line end
	end
	assert.same({}, errors)
	world:count_mended()
	return world
end

describe("conservation", function()
	it(("of goods and coins in %d random lives of a world (conservation)"):format(SEQUENCES), function()
		local kills, redone, undone, swaps = 0, 0, 0, 0
		for seed = 1, SEQUENCES do
			local world = live(seed, EVENTS)
			for _, note in ipairs(world.notes) do
				kills, swaps = kills + (note == "kill" and 1 or 0), swaps + (note == "true" and 1 or 0)
			end
			redone, undone = redone + world.redone, undone + world.undone
		end
		-- the lives are worth something: servers died with one side saved and not the other
		assert.is_true(kills > SEQUENCES and swaps > SEQUENCES)
		assert.is_true(redone > SEQUENCES / 4 and undone > SEQUENCES / 4)
	end)
end)
