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

-- Why this player may not do what only admins may, or nil.
function commands.refusal(name)
	if core.check_player_privs(name, {llm_admin = true}) then return nil end
	return S("You need the privilege llm_admin for that: /grant @1 llm_admin", name)
end

commands.register("help", {help = S("this list"), run = function()
	local shown = {}
	for word, def in pairs(subcommands) do
		shown[#shown + 1] = ("/llm %s%s – %s"):format(word, def.params and " " .. def.params or "", def.help)
	end
	table.sort(shown)
	return true, table.concat(shown, "\n")
end})

core.register_chatcommand("llm", {
	params = S("WORD …"),
	description = S("Talking NPCs; /llm help lists what there is"),
	func = function(name, param)
		local word, rest = param:match("^%s*(%S*)%s*(.-)%s*$")
		local def = subcommands[word == "" and "help" or word]
		if not def then return false, S("No such command: /llm @1. /llm help lists all.", word) end
		local refusal = def.admin and commands.refusal(name)
		if refusal then return false, refusal end
		return def.run(name, rest)
	end,
})

return commands
