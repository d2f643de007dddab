-- Fights from the first blow to the last: combat/squads.lua, orders.lua, damage.lua, targets.lua and their actions.

local Mock = require("mock_core")
local ORIGIN = {x = 0, y = 0, z = 0}

local function at(x, z) return {x = x, y = 0, z = z or 0} end

describe("a fight", function()
	local mock, daemon, agent, private, remembered, orders

	local function start(settings)
		local all = {["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false", ["llm_agent.wander"] = "false"}
		for key, value in pairs(settings or {}) do all[key] = value end
		mock = Mock.new({settings = all})
		orders = {}
		daemon = mock:open_daemon(function(request)
			local order = request.intent == "tactics" and orders[request.npc.name]
			if request.intent == "tactics" and not order then return {} end -- no answer in time
			return {{event = "done", text = "For the village!", action = order or nil, cache = "miss"}}
		end)
		agent = mock:load_mod()
		private = mock.mod
		remembered = {}
		private.think.memory.remember = function(npc, player, sentence) remembered[#remembered + 1] = {npc.name, player or false, sentence} end
		mock.core.register_entity("mobs:wolf", {initial_properties = {}, type = "monster"})
	end

	local function body(name, role, pos)
		local object = mock.core.add_entity(pos or ORIGIN, "llm_agent:npc", mock.core.serialize({id = name, name = name, role = role}))
		return agent.get_npc(name), object
	end

	local function wolf(pos) return mock.core.add_entity(pos, "mobs:wolf") end

	local function hit(object, by, damage)
		object:punch(by, 1, {damage_groups = {fleshy = damage or 1}}, ORIGIN)
	end

	local function order_requests()
		local found = {}
		for _, requests in ipairs(daemon.received) do
			if requests.request.intent == "tactics" then found[#found + 1] = requests.request end
		end
		return found
	end

	it("is taken up at once by tactics, without waiting for the model", function()
		start()
		local guard, object = body("Ann", "guard")
		local enemy = wolf(at(2))
		hit(object, enemy)
		mock:step(0.05, 10)
		assert.equal("attack", guard.combat.order.kind)
		assert.is_true(enemy:get_hp() < 20)
	end)

	it("asks for an order about once a second, with the facts and only what can be done", function()
		start({["llm_agent.deadline_ms"] = "8000"})
		local _, object = body("Ann", "guard")
		hit(object, wolf(at(2)), 15)
		orders.Ann = {name = "hold", params = {}}
		mock:step(0.05, 60)
		local requests = order_requests()
		assert.is_true(#requests >= 2 and #requests <= 4, #requests)
		assert.equal("wolf", requests[1].context.enemy)
		assert.equal("badly hurt", requests[1].context.health)
		local offered = {}
		for _, action in ipairs(requests[1].actions) do offered[action.name] = action.params end
		assert.same({"wolf"}, offered.attack.properties.target.enum)
		assert.is_nil(offered.flank) -- alone
		assert.is_nil(offered.call_help) -- nobody to hear it
		assert.not_nil(offered.retreat)
	end)

	it("follows the model's order while it is fresh, then what is sensible again", function()
		start()
		local guard, object = body("Ann", "guard")
		local enemy = wolf(at(6))
		enemy.hp = 1000
		hit(object, enemy)
		orders.Ann = {name = "hold", params = {}}
		mock:step(0.05, 30)
		assert.equal("hold", guard.combat.order.kind)
		orders.Ann = nil -- it answers no more
		mock:step(0.05, 120)
		assert.equal("attack", guard.combat.order.kind)
	end)

	it("obeys no order that makes no sense, whatever comes back", function()
		start()
		local guard, object = body("Ann", "guard")
		hit(object, wolf(at(6)))
		for _, order in ipairs({
			{name = "attack", params = {target = "Robin"}}, {name = "flank", params = {side = "left", target = "wolf"}},
			{name = "guard", params = {target = "Zoe"}}, {name = "explode", params = {}},
		}) do
			orders.Ann = order
			mock:step(0.05, 25)
			assert.equal("attack", guard.combat.order.kind)
			assert.equal("wolf", guard.combat.order.target)
		end
	end)

	it("of a squad: one stands, others flank, each on a side of its own, and all know what the others do", function()
		start()
		local enemy = wolf(at(8))
		enemy.hp = 1000
		local squad = {}
		for i, name in ipairs({"Ann", "Bram", "Cleo"}) do
			local npc, object = body(name, "guard", at(0, i))
			squad[i] = npc
			hit(object, enemy)
		end
		mock:step(0.05, 30)
		local kinds, sides = {}, {}
		for _, npc in ipairs(squad) do
			kinds[npc.combat.order.kind] = (kinds[npc.combat.order.kind] or 0) + 1
			if npc.combat.order.side then sides[npc.combat.order.side] = true end
		end
		assert.same({attack = 1, flank = 2}, kinds)
		assert.same({left = true, right = true}, sides)
		local requests = order_requests()
		local last = requests[#requests]
		assert.equal(2, #last.context.allies)
		assert.equal(2, #last.context.orders)
	end)

	it("shares what is shouted with the squad", function()
		start()
		local enemy = wolf(at(6))
		enemy.hp = 1000
		for i, name in ipairs({"Ann", "Bram"}) do
			orders[name] = {name = "hold", params = {}}
			hit(select(2, body(name, "guard", at(0, i))), enemy)
		end
		mock:step(0.05, 80)
		local requests = order_requests()
		local heard = requests[#requests].history
		assert.equal("For the village!", heard[1].text)
		assert.truthy(heard[1].speaker == "Ann" or heard[1].speaker == "Bram")
	end)

	it("of the meek is a call for help, which the brave in earshot hear", function()
		start()
		local healer, object = body("Mira", "healer")
		local guard = body("Ann", "smith", at(4))
		local farmer = body("Kid", "child", at(5))
		hit(object, wolf(at(2)))
		mock:step(0.05, 10)
		assert.equal("call_help", healer.combat.order.kind)
		assert.equal("attack", guard.combat.order.kind)
		assert.is_nil(farmer.combat)
	end)

	it("ends when the enemy is gone, and is remembered", function()
		start()
		local guard, object = body("Ann", "guard")
		local enemy = wolf(at(2))
		enemy.hp = 6
		hit(object, enemy)
		mock:step(0.05, 200)
		assert.is_true(enemy.gone)
		assert.is_nil(guard.combat)
		assert.same({{"Ann", false, "I beat the wolf"}}, remembered)
		assert.is_nil(private.body.movement.current(guard))
	end)

	it("is lost without dying: the beaten lies there, then gets up, and remembers who it was", function()
		start({["llm_agent.beaten_s"] = "10"})
		local robin = mock:join("Robin", at(2))
		local healer, object = body("Mira", "healer")
		hit(object, robin, 1)
		assert.equal(-0.3, private.economy.reputation.of("Mira", "Robin")) -- once for each fight, and prices show it
		hit(object, robin, 500)
		assert.equal(-0.3, private.economy.reputation.of("Mira", "Robin"))
		assert.is_nil(healer.combat)
		assert.is_true(healer.beaten)
		assert.equal(1, object:get_hp())
		assert.same({"Mira", "Robin", "Robin beat me"}, remembered[#remembered])
		hit(object, robin, 500) -- who lies is left alone
		mock:step(0.5, 22)
		assert.is_nil(healer.beaten)
		assert.equal(10, object:get_hp())
		mock:step(0.5, 100)
		assert.equal(20, object:get_hp())
	end)

	it("is begun by a guard who sees a monster, and by nobody else", function()
		start()
		local guard, smith = body("Ann", "guard"), body("Bram", "smith", at(1))
		mock:join("Robin", at(2))
		mock:step(0.05, 60)
		assert.is_nil(guard.combat)
		wolf(at(6)).hp = 1000
		mock:step(0.05, 60)
		assert.is_truthy(guard.combat)
		assert.is_nil(smith.combat)
	end)

	it("is none where the setting says so", function()
		start({["llm_agent.fights"] = "false"})
		local guard, object = body("Ann", "guard")
		hit(object, wolf(at(2)), 15)
		mock:step(0.05, 40)
		assert.is_nil(guard.combat)
		assert.equal(20, object:get_hp())
		assert.equal(0, #daemon.received)
	end)

	it("in peace a brave one attacks a monster or stands by a player who asks, and a meek one is not asked to", function()
		start()
		local robin = mock:join("Robin", at(1))
		local guard = body("Ann", "smith")
		body("Mira", "healer", at(-1))
		local enemy = wolf(at(5))
		enemy.hp = 1000
		local function offered(number)
			local names = {}
			for _, action in ipairs(daemon.received[number].request.actions or {}) do names[action.name] = action.params end
			return names
		end
		mock:say("Robin", "Ann, the wolf!")
		mock:step(0.05, 20)
		assert.same({"wolf"}, offered(1).attack.properties.target.enum)
		assert.same({"Robin"}, offered(1).guard.properties.target.enum)
		assert.is_nil(offered(1).retreat)
		private.api.actions.by_name.guard.run(guard, "Robin", {target = "Robin"})
		assert.equal("follow", private.body.movement.current(guard).kind)
		hit(robin, enemy, 2)
		mock:step(0.05, 20)
		assert.is_truthy(guard.combat)
		mock:step(2, 4)
		mock:say("Robin", "Mira, the wolf!")
		mock:step(0.05, 20)
		local last = daemon.received[#daemon.received].request
		for number = #daemon.received, 1, -1 do
			if daemon.received[number].request.npc.name == "Mira" then last = number break end
		end
		assert.is_nil(offered(last).attack)
	end)

	it("survives that anybody goes in the middle of it, and asks for nobody who is gone", function()
		math.randomseed(7)
		for round = 1, 60 do
			start()
			local robin = mock:join("Robin", at(1))
			local objects = {}
			for i, name in ipairs({"Ann", "Bram", "Mira"}) do
				local _, object = body(name, name == "Mira" and "healer" or "guard", at(0, i))
				objects[i] = object
				orders[name] = ({{name = "hold", params = {}}, {name = "retreat", params = {}}, false})[math.random(3)] or nil
			end
			local enemy = wolf(at(3))
			for _ = 1, 12 do
				local alive = objects[math.random(#objects)]
				local what = math.random(7)
				if what <= 3 and not alive.gone and not enemy.gone then hit(alive, math.random() < 0.5 and enemy or robin, math.random(8)) end
				if what == 4 and not alive.gone then alive:unload() end
				if what == 5 and not enemy.gone then enemy:remove() end
				if what == 6 and math.random() < 0.2 then mock:leave("Robin") end
				mock:step(0.05, math.random(20))
				if not mock.players.Robin then robin = mock:join("Robin", at(1)) end
			end
			assert.equal(0, #mock:logged("error"), "round " .. round)
		end
	end)
end)
