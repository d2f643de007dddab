-- A game stepped by hand whose daemon answers with what it heard: where specs of talk, bodies and commands begin. The helpers
-- speak of the game that was started last.

local Mock = require("mock_core")

local game = {ORIGIN = {x = 0, y = 0, z = 0}}
local mock, daemon, agent

function game.at(x) return {x = x, y = 0, z = 0} end

function game.echo(request)
	return {{event = "done", text = ("%s hears %s"):format(request.npc.name, request.utterance or "nothing"), cache = "miss", model = "m"}}
end

-- options: as Mock.new takes them; reply: the daemon's answer to a request. Returns the mock, its daemon and the mod's API.
function game.start(options, reply)
	mock = Mock.new(options)
	daemon = mock:open_daemon(reply or game.echo)
	agent = mock:load_mod()
	return mock, daemon, agent
end

-- The same where no NPC speaks unasked. Returns the mod's storage, too.
function game.start_quiet(options, reply)
	options = options or {}
	options.settings = options.settings or {}
	options.settings["llm_agent.greet"] = options.settings["llm_agent.greet"] or "false"
	options.settings["llm_agent.npc_talk"] = options.settings["llm_agent.npc_talk"] or "off"
	options.settings["llm_agent.warm"] = options.settings["llm_agent.warm"] or "false"
	options.storage = options.storage or {}
	game.start(options, reply)
	return mock, daemon, agent, options.storage
end

-- An NPC of this mod with its body: the object and the NPC.
function game.body(id, name, role, pos)
	local object = mock.core.add_entity(pos or game.ORIGIN, "llm_agent:npc", mock.core.serialize({id = id, name = name, role = role}))
	return object, agent.get_npc(id)
end

-- The list that the replies will be in.
function game.think(npc, opts)
	local replies = {}
	npc:think(opts, function(reply) replies[#replies + 1] = reply end)
	return replies
end

-- The daemon's events for the request of this number, which `reply` left open.
function game.answer(number, events)
	local requests = daemon.received[number]
	for _, event in ipairs(events) do
		event.id = requests.request.id
		daemon:event(requests.session, event)
	end
end

return game
