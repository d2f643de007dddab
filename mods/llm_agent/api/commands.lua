-- The chat command /llm: the registry of its subcommands, and `/llm help`. Each folder adds its own.
-- Those marked `admin` need the privilege llm_admin. Knows nothing of what a subcommand does.

local S = ...

local commands = {}

core.register_privilege("llm_admin", {
	description = S("May spawn talking NPCs, edit their roles and switch them off and on"),
	give_to_singleplayer = true,
})

local subcommands = {} -- word → {params, help, admin, run(player_name, rest) -> ok, message}

-- Adds `/llm WORD PARAMS`. help: one line; admin: wants the privilege; run(player_name, rest) -> ok, message.
function commands.register(word, def)
	subcommands[word] = def
end

function commands.is_admin(name)
	return core.check_player_privs(name, {llm_admin = true})
end

-- Why this player may not do what only admins may, or nil.
function commands.refusal(name)
	if commands.is_admin(name) then return nil end
	return S("You need the privilege llm_admin for that: /grant @1 llm_admin", name)
end

-- Does this player have what the subcommand wants?
local function may_use(name, def)
	return not def.admin or not commands.refusal(name)
end

-- `/llm WORD REST` of a player: ok, message. The privilege is checked here.
function commands.run(name, word, rest)
	local def = subcommands[word]
	if not def then return false, S("No such command: /llm @1. /llm help lists all.", word) end
	if not may_use(name, def) then return false, commands.refusal(name) end
	return def.run(name, rest)
end

-- What this player may use, a line each.
commands.register("help", {help = S("this list"), run = function(name)
	local shown = {}
	for word, def in pairs(subcommands) do
		if may_use(name, def) then
			shown[#shown + 1] = ("/llm %s%s – %s"):format(word, def.params and " " .. def.params or "", def.help)
		end
	end
	table.sort(shown)
	return true, table.concat(shown, "\n")
end})

core.register_chatcommand("llm", {
	params = S("[WORD …]"),
	description = S("Talking NPCs: opens a window; /llm help lists what there is"),
	func = function(name, param)
		local word, rest = param:match("^%s*(%S*)%s*(.-)%s*$")
		if word == "" then word = core.get_player_by_name(name) and subcommands.menu and "menu" or "help" end
		return commands.run(name, word, rest)
	end,
})

return commands
