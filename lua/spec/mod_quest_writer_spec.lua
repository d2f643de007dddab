-- Quests that NPCs think of: never one that cannot be done or paid, in any world; how they come up in talk, in the log and by
-- commands; and those that mods register.

local Mock = require("mock_core")

local ORIGIN, NEXT = {x = 0, y = 0, z = 0}, {x = 2, y = 0, z = 0}
local COIN = "llm_agent:coin"

local mock, door, agent, private, answer

-- A small game: what the world is made of, what can be made from that, and what nobody can get.
local function register_game(core)
	local function node(name, def)
		def.description = def.description or name:match(":(.+)$"):gsub("_", " ")
		core.registered_nodes[name], core.registered_items[name] = def, def
	end
	core.registered_biomes = {plains = {node_top = "zoo:dirt", node_stone = "zoo:cobble"}}
	core.registered_ores = {{ore = "zoo:stone_with_coal"}}
	node("zoo:dirt", {})
	node("zoo:cobble", {})
	node("zoo:stone_with_coal", {drop = "zoo:coal_lump"})
	node("zoo:tree", {groups = {tree = 1}})
	node("zoo:apple", {groups = {leafdecay = 1}}) -- placed by nobody, in no recipe
	node("zoo:bedrock", {diggable = false})
	node("zoo:wood", {})
	for _, name in ipairs({"coal_lump", "stick", "torch", "bread", "wheat", "iron_lump"}) do
		core.register_craftitem("zoo:" .. name, {description = name:gsub("_", " ")})
	end
	mock.recipes = {
		["zoo:wood"] = {{method = "normal", items = {"zoo:tree"}, output = "zoo:wood 4"}},
		["zoo:stick"] = {
			{method = "normal", items = {"group:nothing"}, output = "zoo:stick"}, {method = "normal", items = {"zoo:wood"}, output = "zoo:stick 4"},
		},
		["zoo:torch"] = {{method = "normal", items = {"zoo:coal_lump", "zoo:stick"}, output = "zoo:torch 4"}},
		["zoo:bread"] = {{method = "cooking", items = {"zoo:wheat"}, output = "zoo:bread"}},
	}
	core.register_entity("zoo:wolf", {type = "monster", initial_properties = {hp_max = 10}})
	core.register_entity("zoo:sheep", {type = "animal", initial_properties = {hp_max = 8}})
	core.register_entity("zoo:cart", {initial_properties = {hp_max = 8}})
end

local OBTAINABLE = {
	["zoo:dirt"] = true, ["zoo:cobble"] = true, ["zoo:coal_lump"] = true, ["zoo:tree"] = true, ["zoo:wood"] = true,
	["zoo:stick"] = true, ["zoo:torch"] = true,
}

local function begin(settings, translations)
	mock = Mock.new({settings = settings or {}, translations = translations})
	mock.settings["llm_agent.npc_talk"], mock.settings["llm_agent.greet"] = "off", "false"
	mock.settings["llm_agent.player_cooldown_s"], mock.settings["llm_agent.player_burst"] = "0", "100"
	mock.settings["llm_agent.npc_burst"], mock.settings["llm_agent.goods"] = "100", "false"
	register_game(mock.core)
	answer = nil
	door = mock:open_door(function(request) return {{event = "done", text = "Well.", action = answer and answer(request)}} end)
	agent = mock:load_mod()
	private = mock.mod
end

local function npc(id, role, pos)
	return agent.register_npc(id, {name = id:sub(1, 1):upper() .. id:sub(2), role = role or "villager", pos = pos or ORIGIN})
end

local function last_asked() return door.asked[#door.asked].request end

-- What an NPC may do, as the question to the model says: name → params.
local function actions_of(request)
	local found = {}
	for _, action in ipairs(request.actions or {}) do found[action.name] = action.params or {} end
	return found
end

local function ask(words)
	mock:say("Robin", words)
	mock:step(0.05, 6)
	return last_asked()
end

-- The model offers what it may.
local function offers(request)
	local params = actions_of(request).offer_quest
	if not params then return nil end
	local p = params.properties
	return {name = "offer_quest", params = {item = p.item.enum[1], count = p.count.minimum, reward = p.reward.maximum}}
end

local function completes(request)
	return actions_of(request).complete_quest and {name = "complete_quest"} or nil
end

local function the_quest(player) return private.quests.quests.of_player(player or "Robin", private.quests.quests.is_open)[1] end

describe("what NPCs think of", function()
	it("is always possible and paid for, in any world", function()
		local kinds = {}
		for seed = 1, 400 do
			math.randomseed(seed)
			begin()
			local r = math.random
			local role = ({"smith", "hunter", "farmer", "villager", "guard"})[r(5)]
			local ann = npc("ann", role)
			local coins = r(0, 3) * r(0, 30)
			private.economy.ledger.mint("ann", COIN, coins)
			if r(2) == 1 then private.economy.ledger.mint("ann", "zoo:bread", r(9)) end
			local walled = r(3) == 1
			for _, name in ipairs({"bob", "cid"}) do
				if r(2) == 1 then
					local other = npc(name, "miner", {x = r(5, 70), y = r(0, 1) * -20, z = 0})
					other.kept_by_body = true
				end
			end
			if walled then -- nobody gets out of here
				for x = -3, 3 do
					for z = -3, 3 do
						for y = 0, 3 do
							if math.abs(x) == 3 or math.abs(z) == 3 then mock.ground[("%d,%d,%d"):format(x, y, z)] = "stone" end
						end
					end
				end
			end
			for _ = 1, r(0, 3) do core.add_entity({x = r(-60, 60), y = 0, z = 0}, ({"zoo:wolf", "zoo:sheep", "zoo:cart"})[r(3)]) end
			agent.set_place("Mill", {x = r(-80, 80), y = r(0, 1) * -30, z = 0}, 5)
			mock:join("Robin", NEXT)
			local quest = private.quests.writer.write(private.quests.world.look(ann, "Robin", r), r)
			if coins < 2 then assert.is_nil(quest, "seed " .. seed) end
			if quest then
				kinds[quest.kind] = (kinds[quest.kind] or 0) + 1
				local where = ("seed %d, %s"):format(seed, quest.kind)
				assert.is_true(quest.coins >= 2 and quest.coins <= coins and quest.coins <= 60, where)
				assert.is_true(quest.count >= 1 and quest.lasts_s == 3600, where)
				if quest.kind == "fetch" then
					assert.is_true(OBTAINABLE[quest.item], where .. " " .. quest.item)
				elseif quest.kind == "hunt" then
					local near = 0
					for _, object in ipairs(core.get_objects_inside_radius(ORIGIN, 40)) do
						if object.entity and object.entity.name == quest.target then near = near + 1 end
					end
					assert.is_true(quest.count <= near, where)
					assert.is_true(quest.target == "zoo:wolf" or role == "hunter" and quest.target == "zoo:sheep", where)
				elseif quest.kind == "deliver" then
					local item, count = next(quest.carries)
					assert.is_true(private.economy.ledger.count("ann", item) >= count, where)
					assert.is_true(agent.get_npc(quest.target).pos.y == 0 and not walled, where)
				else
					local place = private.perception.places.list()[1]
					assert.is_true(place.y == 0 and not walled and math.abs(place.x) > 5, where)
				end
			end
		end
		for _, kind in ipairs({"fetch", "hunt", "deliver", "visit"}) do assert.is_true((kinds[kind] or 0) >= 5, kind) end
	end)

	it("asks for nothing that cannot be had, though the game knows it", function()
		begin()
		for name in pairs(OBTAINABLE) do assert.is_true(private.economy.obtainable.has(name), name) end
		for _, name in ipairs({"zoo:apple", "zoo:bedrock", "zoo:bread", "zoo:wheat", "zoo:iron_lump", "zoo:nothing", "air"}) do
			assert.is_false(private.economy.obtainable.has(name), name)
		end
	end)

	it("asks for what the market is short of, and for nothing that it has plenty of", function()
		begin()
		local ann = npc("ann", "smith")
		private.economy.ledger.mint("ann", "zoo:coal_lump", 12)
		local function wants(item)
			for _, want in ipairs(private.quests.world.look(ann, "Robin", math.random).wants) do
				if want.item == item then return want.most end
			end
		end
		assert.is_nil(wants("zoo:coal_lump"))
		assert.equal(12, wants("zoo:stick"))
		assert.is_nil(wants("zoo:dirt"))
		private.economy.market.note("", "zoo:dirt", private.economy.trade.base_price("zoo:dirt"), 30, true)
		assert.equal(5, wants("zoo:dirt"))
	end)

	it("sends nobody where no way is known, but where somebody has been", function()
		begin()
		local ann = npc("ann")
		agent.set_place("Cave", {x = 40, y = -40, z = 0}, 5)
		agent.set_place("Hall", {x = 300, y = 0, z = 0}, 5)
		mock:join("Robin", NEXT)
		local function near(pos) return private.quests.world.can_reach(ORIGIN, pos) end
		assert.is_false(near({x = 40, y = -40, z = 0}))
		assert.is_false(near({x = 300, y = 0, z = 0}))
		assert.is_true(near({x = 30, y = 0, z = 0}))
		core.get_player_by_name("Robin"):set_pos({x = 301, y = 0, z = 0})
		mock:step(0.5, 3)
		assert.is_true(near({x = 300, y = 0, z = 0}))
		assert.equal("Hall", private.quests.world.look(ann, "Robin", function(_, high) return high end).places[1].name)
	end)
end)

describe("a quest in talk", function()
	before_each(function()
		begin()
		npc("ann", "smith")
		private.economy.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
	end)

	it("is offered as it is, taken with a yes, and handed in by the model's word", function()
		answer = offers
		local request = ask("Do you have work for me?")
		local p = actions_of(request).offer_quest.properties
		assert.same({"item", "count", "reward"}, actions_of(request).offer_quest.required)
		assert.same({[p.item.enum[1]] = p.count.minimum}, request.context.need)
		assert.equal(p.reward.minimum, request.context.reward)
		local quest = the_quest()
		assert.same({"offered", p.count.minimum, p.reward.minimum}, {quest.state, quest.count, quest.reward[COIN]})
		assert.is_truthy(table.concat(mock:chat_of("Robin"), "\n"):find("/llm quests accept", 1, true))

		answer = nil
		request = ask("Yes, I will do it")
		assert.equal("accepted", quest.state)
		assert.is_nil(actions_of(request).offer_quest) -- one at a time
		assert.is_nil(actions_of(request).complete_quest) -- nothing is done yet
		assert.same({[p.item.enum[1]] = p.count.minimum}, request.context.need)

		core.get_player_by_name("Robin"):get_inventory():add_item("main", ("%s %d"):format(quest.item, quest.count))
		answer = completes
		request = ask("Here it is")
		assert.same({}, actions_of(request).complete_quest)
		assert.equal("paid", quest.state)
		assert.equal(p.reward.minimum, private.economy.ledger.carried(core.get_player_by_name("Robin"), COIN))
		request = ask("Do you have more work for me?")
		assert.is_nil(actions_of(request).offer_quest) -- not so soon
		assert.is_nil(request.context.need)
	end)

	it("is paid to who says that it is done, though the model does not think of it or cannot be asked", function()
		for _, case in ipairs({
			{"Here are your torches.", "paid"}, {"Done!", "paid"}, {"It is done, can I have my reward?", "paid"}, {"Готово!", "paid"},
			{"Nice weather today.", "fulfilled"}, {"Done!", "paid", true},
		}) do
			begin()
			npc("ann", "smith")
			private.economy.ledger.mint("ann", COIN, 30)
			mock:join("Robin", NEXT)
			agent.register_quest("light", {kind = "fetch", item = "zoo:torch", count = 2, reward = 9, npcs = {"ann"}})
			answer = offers
			ask("Any work?")
			local quest = the_quest()
			answer = nil
			ask("Yes")
			core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 2")
			mock:step(0.5, 3)
			if case[3] then door:die() end
			mock:say("Robin", case[1])
			mock:step(0.5, 40)
			assert.equal(case[2], quest.state, case[1])
		end
	end)

	it("makes its talk one about quests, and other talk not", function()
		assert.equal("quest", ask("Do you have work for me?").context.intent)
		assert.is_nil(ask("Nice weather today.").context.intent)
	end)

	it("is turned down with a no, and asked for no more for a while", function()
		answer = offers
		ask("Do you have work for me?")
		local quest = the_quest()
		ask("No, I do not want to, sorry")
		assert.equal("offered", quest.state) -- too long for a plain no
		ask("No, sorry")
		assert.equal("refused", quest.state)
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		mock:step(10, 31)
		assert.not_nil(actions_of(ask("Any work?")).offer_quest)
	end)

	it("is one thing for as long as it is on offer, also if the model says it twice", function()
		answer = offers
		local first = ask("Any work?").context.need
		assert.same(first, ask("What was it?").context.need)
		assert.equal("q1", the_quest().id)
	end)

	it("is nothing where the NPC has no coins, where quests are off, or for a player who left", function()
		private.economy.ledger.burn("ann", COIN, 30)
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		begin({["llm_agent.quests"] = "false"})
		npc("ann", "smith")
		private.economy.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
	end)

	it("is refused when the model says something else than what was written", function()
		answer = function(request)
			local action = offers(request)
			action.params.reward = action.params.reward + 1
			return action
		end
		ask("Any work?")
		assert.is_nil(the_quest())
	end)

	it("is answered by a click in the dialog", function()
		answer = offers
		private.talk.dialog.open(agent.get_npc("ann"), "Robin")
		mock:submit("Robin", "llm_agent:dialog", {say = "Say", words = "Any work?"})
		mock:step(0.05, 6)
		local form = mock.forms.Robin.spec
		assert.is_truthy(form:find("Yes\\, I will do it.", 1, true))
		assert.is_truthy(form:find("has work for you", 1, true))
		answer = nil
		mock:submit("Robin", "llm_agent:dialog", {quick_1 = "x"})
		mock:step(0.05, 6)
		assert.equal("accepted", the_quest().state)
	end)

	it("understands yes and no in the languages of the mod", function()
		for words, state in pairs({
			["ja, gerne"] = "accepted", ["oui"] = "accepted", ["sí"] = "accepted", ["да"] = "accepted", ["okay"] = "accepted",
			["nein danke"] = "refused", ["non merci"] = "refused", ["нет"] = "refused", ["not now"] = "refused", ["yes but not now"] = "refused",
			["how much is it?"] = "offered", ["yesterday was nice"] = "offered", ["I know"] = "offered",
		}) do
			begin()
			npc("ann", "smith")
			private.economy.ledger.mint("ann", COIN, 30)
			mock:join("Robin", NEXT)
			answer = offers
			ask("Any work?")
			local quest = the_quest()
			answer = nil
			ask(words)
			assert.equal(state, quest.state, words)
		end
	end)
end)

describe("the quest log", function()
	local FORM = "llm_agent:quests"

	before_each(function()
		begin()
		npc("ann", "smith")
		private.economy.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		private.quests.quests.offer({
			kind = "fetch", npc = "ann", npc_name = "Ann", player = "Robin", item = "zoo:torch", count = 3, reward = {[COIN] = 7}, lasts_s = 3700,
		}, 0)
	end)

	local function spec() return mock.forms.Robin.spec end

	local function shows(words) assert.is_truthy(spec():find(words, 1, true), words .. " in " .. spec()) end

	it("shows what there is and does what is clicked", function()
		assert.same({true}, {mock:command("Robin", "quests")})
		assert.equal(FORM, mock.forms.Robin.name)
		for _, words in ipairs({"Bring 3 × torch to Ann", "From: Ann", "Reward: 7 coins", "Time: 1 h 1 min", "offered", "Accept"}) do shows(words) end
		mock:submit("Robin", FORM, {accept = "x"})
		for _, words in ipairs({"Progress: 0 of 3", "Time left: 1 h", "Give up"}) do shows(words) end
		assert.is_nil(spec():find("Hand in", 1, true))
		core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 3")
		mock:step(0.5, 3)
		mock:command("Robin", "quests")
		mock:submit("Robin", FORM, {list = "CHG:1:2"})
		mock:submit("Robin", FORM, {done = "x"})
		shows("Over: paid")
		assert.equal(7, private.economy.ledger.carried(core.get_player_by_name("Robin"), COIN))
		mock:submit("Robin", FORM, {quit = "true"})
		mock:submit("Robin", FORM, {abandon = "x"}) -- a form that is closed
	end)

	it("wraps plain words: the translator's marks are not cut, also where the client tells no language", function()
		begin({}, {})
		npc("ann", "smith")
		mock:join("Robin", NEXT)
		private.quests.quests.offer({
			kind = "visit", npc = "ann", npc_name = "Ann", player = "Robin", target = "Mill", count = 1, reward = {[COIN] = 7}, lasts_s = 60,
		}, 0)
		mock:command("Robin", "quests")
		shows(",Go to Mill and tell Ann about…,")
		shows("Go to Mill and tell Ann\27(c@#ffffff)]")
	end)

	it("shows the face, how far it is, and pictures of what is asked and paid", function()
		mock:command("Robin", "quests accept")
		core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 1")
		mock:step(0.5, 3)
		mock:command("Robin", "quests")
		for _, part in ipairs({
			"llm_agent_smith_front.png", "Progress: 1 of 3", "zoo:torch 3]label[11.7,7.75;→]", "llm_agent:coin 7]",
			"box[10.3,5.85;7.2,0.25;#00000080]box[10.3,5.85;2.4,0.25;#4a9a4a]",
		}) do shows(part) end
	end)

	it("says why something does not go", function()
		mock:command("Robin", "quests accept")
		mock:command("Robin", "quests")
		mock:submit("Robin", FORM, {done = "x"})
		shows("not yet")
	end)

	it("is empty where there is nothing", function()
		mock:join("Marian", NEXT)
		mock:command("Marian", "quests")
		assert.is_truthy(mock.forms.Marian.spec:find("You have none", 1, true))
		mock:submit("Marian", FORM, {accept = "x", list = "CHG:7:1"})
		assert.equal("offered", the_quest().state)
	end)

	it("has all of it as commands, with a number where there are several", function()
		assert.is_false((mock:command("Robin", "quests eat")))
		assert.is_false((mock:command("Robin", "quests done")))
		assert.is_true((mock:command("Robin", "quests accept")))
		local bob = npc("bob", "smith")
		private.economy.ledger.mint("bob", COIN, 9)
		private.quests.quests.offer({
			kind = "fetch", npc = bob.id, npc_name = "Bob", player = "Robin", item = "zoo:stick", count = 1, reward = {[COIN] = 2}, lasts_s = 60,
		}, 0)
		assert.is_true((mock:command("Robin", "quests accept 2")))
		local ok, why = mock:command("Robin", "quests abandon")
		assert.is_false(ok)
		assert.is_truthy(why:find("Which one?", 1, true))
		assert.is_true((mock:command("Robin", "quests abandon 2")))
		assert.equal("q1", the_quest().id)
	end)
end)

describe("a registered quest", function()
	local lights

	before_each(function()
		begin()
		npc("ann", "smith")
		private.economy.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		answer, lights = offers, 0
	end)

	it("goes before those that are made up", function()
		agent.register_quest("hearth", {
			kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"}, minutes = 5, title = "Light Ann's hearth",
		})
		assert.same({torch = 2}, ask("Any work?").context.need)
		local quest = the_quest()
		assert.same({"hearth", "Light Ann's hearth", 9, 300}, {quest.name, quest.title, quest.reward[COIN], quest.lasts_s})
	end)

	it("may be a task that its mod judges, for goods", function()
		private.economy.ledger.mint("ann", "zoo:bread", 2)
		agent.register_quest("light_the_beacon", {
			kind = "task", title = "Light the beacon on the hill", reward = {["zoo:bread"] = 2}, npcs = {"ann"},
			done = function(who, player) return who.id == "ann" and player == "Robin" and lights > 0 end,
		})
		ask("Any work?")
		assert.is_true((mock:command("Robin", "quests accept")))
		mock:step(0.5, 3)
		assert.equal("accepted", the_quest().state)
		lights = 1
		mock:step(0.5, 3)
		assert.equal("fulfilled", the_quest().state)
		answer = completes
		ask("The beacon burns!")
		assert.is_nil(the_quest())
		assert.equal(2, private.economy.ledger.carried(core.get_player_by_name("Robin"), "zoo:bread"))
	end)

	it("is not offered where it cannot be done, paid, or its mod says no", function()
		mock.settings["llm_agent.quests_made_up"] = "false"
		begin(mock.settings)
		npc("ann", "smith")
		private.economy.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		for i, def in ipairs({
			{kind = "fetch", item = "zoo:dragon", reward = 3}, {kind = "fetch", item = "zoo:torch", reward = 31},
			{kind = "hunt", target = "zoo:dragon", reward = 3}, {kind = "visit", target = "Nowhere", reward = 3},
			{kind = "deliver", item = "zoo:bread", target = "ann", reward = 3}, {kind = "deliver", item = "zoo:bread", target = "bob", reward = 3},
			{kind = "fetch", item = "zoo:torch", reward = 3, available = function() return false end},
			{kind = "fetch", item = "zoo:torch", reward = 3, available = function() error("oops") end},
		}) do
			def.roles = {"smith"}
			agent.register_quest("quest_" .. i, def)
		end
		agent.register_quest("other", {kind = "fetch", item = "zoo:torch", reward = 3, roles = {"farmer"}})
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		assert.equal(1, #mock:logged("oops"))
	end)

	it("is offered by its mod without the model, if it can be", function()
		local ann, wants = agent.get_npc("ann"), true
		agent.register_quest("hearth", {kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"}})
		agent.register_quest("other", {kind = "fetch", item = "zoo:torch", reward = 3, roles = {"farmer"}})
		agent.register_quest("later", {
			kind = "fetch", item = "zoo:torch", reward = 3, npcs = {"ann"}, available = function() return wants end,
		})
		assert.is_true(ann:offer_quest("Robin", "later"))
		assert.is_true(ann:offer_quest("Robin", "hearth")) -- the first makes way
		assert.same({"hearth", "offered"}, {the_quest().name, the_quest().state})
		assert.is_true((mock:command("Robin", "quests accept")))
		assert.same({false, "busy"}, {ann:offer_quest("Robin", "later")})
		assert.same({false, "impossible"}, {ann:offer_quest("Robin", "other")})
		assert.same({false, "away"}, {ann:offer_quest("Nobody", "later")})
		assert.is_true((mock:command("Robin", "quests abandon")))
		assert.is_true(ann:offer_quest("Robin", "later")) -- the model would have to wait
		wants = false
		assert.same({false, "impossible"}, {ann:offer_quest("Robin", "later")})
		local ok, problem = pcall(ann.offer_quest, ann, "Robin", "laundry")
		assert.is_false(ok)
		assert.is_truthy(problem:find("no quest laundry; llm_agent.register_quest makes one", 1, true))
	end)

	it("is offered by nobody where quests are off", function()
		begin({["llm_agent.quests"] = "false"})
		npc("ann", "smith")
		mock:join("Robin", NEXT)
		agent.register_quest("hearth", {kind = "fetch", item = "zoo:torch", reward = 9, roles = {"smith"}})
		assert.same({false, "off"}, {agent.get_npc("ann"):offer_quest("Robin", "hearth")})
	end)

	it("with a mistake in it is an error that names the cure", function()
		local function fails(words, def)
			local ok, problem = pcall(agent.register_quest, "q", def)
			assert.is_false(ok)
			assert.is_truthy(problem:find(words, 1, true), problem)
		end
		fails("kind: want one of deliver, fetch, hunt, task, visit", {kind = "steal", reward = 1, roles = {"smith"}})
		fails("item: missing; a quest of kind fetch needs it", {kind = "fetch", reward = 1, roles = {"smith"}})
		fails("roles: missing", {kind = "fetch", item = "zoo:torch", reward = 1})
		fails("reward: want a number of coins, or goods", {kind = "fetch", item = "zoo:torch", reward = {}, roles = {"smith"}})
		fails("count: want a whole number from 1 to 999", {kind = "fetch", item = "zoo:torch", count = 0, reward = 1, roles = {"smith"}})
		fails("unknown field prize", {kind = "fetch", item = "zoo:torch", prize = 1, roles = {"smith"}})
	end)
end)
