-- A visitor: somebody who plays without a client. llm_agent meets them as any player, in chat, windows and commands; their pack
-- is a real inventory of the engine, that of a node, so goods and coins change hands as with a player.
-- Wraps the three functions of the engine by which a mod finds players and writes to them; all players with a client keep theirs.

local PACK_SLOTS = 32 -- a player's inventory

local visitors = {} -- name → the visitor while they are in the world
local Visitor = {}
Visitor.__index = Visitor

local get_player_by_name, chat_send_player, show_formspec = core.get_player_by_name, core.chat_send_player, core.show_formspec

function core.get_player_by_name(name)
	return visitors[name] or get_player_by_name(name)
end

-- What the client would show: without colours, in English.
local function plain(words)
	return (core.get_translated_string("en", words):gsub("\27%([^)]*%)", ""):gsub("\27.", ""))
end

function core.chat_send_player(name, words)
	local visitor = visitors[name]
	if not visitor then return chat_send_player(name, words) end
	visitor.told[#visitor.told + 1] = plain(words)
end

function core.show_formspec(name, form, spec)
	local visitor = visitors[name]
	if not visitor then return show_formspec(name, form, spec) end
	visitor.form, visitor.spec = spec ~= "" and form or nil, spec
end

-- What the engine offers of a player, as far as anybody asks -----------------------------------------------------------

function Visitor:is_player() return true end
function Visitor:get_player_name() return self.name end
function Visitor:get_pos() return vector.new(self.pos) end
function Visitor:get_hp() return 20 end
function Visitor:get_player_control() return {sneak = false} end
function Visitor:get_wield_list() return "main" end
function Visitor:get_wielded_item() return ItemStack("") end -- their hands are free, so nothing is taken for a gift
function Visitor:set_wielded_item() return true end
function Visitor:get_meta() return core.get_meta(self.pack) end
function Visitor:get_inventory() return core.get_meta(self.pack):get_inventory() end
function Visitor:get_luaentity() return nil end

-- What they do ---------------------------------------------------------------------------------------------------------

local function call(list, ...)
	for _, fn in ipairs(list) do
		local origin = core.callback_origins[fn]
		if origin and origin.mod == "llm_agent" and fn(...) then return end
	end
end

function Visitor:join(pos)
	self.pos = pos
	visitors[self.name] = self
	call(core.registered_on_joinplayers, self, nil)
end

function Visitor:leave()
	call(core.registered_on_leaveplayers, self, false)
	visitors[self.name] = nil
end

function Visitor:say(words)
	for _, fn in ipairs(core.registered_on_chat_messages) do
		if fn(self.name, words) then return end
	end
end

-- `/llm WORDS`. Returns what the command does: whether it went well, and words.
function Visitor:command(words)
	local ok, answer = core.registered_chatcommands.llm.func(self.name, words)
	return ok, answer and plain(answer)
end

-- As the client sends what was typed and pressed in the window that is open.
function Visitor:send(fields)
	call(core.registered_on_player_receive_fields, self, self.form, fields)
end

function Visitor:count(item)
	local count = 0
	for _, stack in ipairs(self:get_inventory():get_list("main")) do
		if stack:get_name() == item then count = count + stack:get_count() end
	end
	return count
end

-- A visitor who is not in the world yet. pack: a position of a node that is theirs alone; belongings: list of item strings.
function Visitor.new(name, pack, belongings)
	local visitor = setmetatable({name = name, pack = pack, told = {}, spec = ""}, Visitor)
	visitor:get_inventory():set_size("main", PACK_SLOTS)
	visitor:get_inventory():set_list("main", belongings or {})
	return visitor
end

return {new = Visitor.new, plain = plain}
