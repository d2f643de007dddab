-- A game with other mods' entities in it, for minds that are attached to them.

local Mock = require("mock_core")
local game = require("spec.support.game")

local minds = {at = game.at}
local mock

-- prepare(core): what other mods do before ours is told that all are loaded. Returns the mock, the mod's API and its storage.
function minds.start(options, prepare, reply)
	options = options or {}
	options.storage = options.storage or {}
	mock = Mock.new(options)
	mock:open_daemon(reply or game.echo)
	if prepare then prepare(mock.core) end
	return mock, mock:load_mod(), options.storage
end

function minds.luaentity(object) return object:get_luaentity() end

-- A right-click as the engine gives it: the callback of the luaentity.
function minds.click(object, player)
	local self = minds.luaentity(object)
	if self.on_rightclick then self:on_rightclick(player) end
	mock:step(0.05, 3)
end

-- 1 if a click opens the dialog.
function minds.talks(object, player)
	local name = player:get_player_name()
	mock.forms[name] = nil
	minds.click(object, player)
	return mock.forms[name] and 1 or 0
end

return minds
