-- The role editor: `/llm role` lists roles, `/llm role NAME` opens a form to change one, try it, and save it on the daemon.
-- Owns what each admin has typed; no error loses it. Fields come from clients and can be forged: the privilege is checked each
-- time, and only a form that was opened here is accepted.

local mod_name, S, text, limits, check, commands, actions, npcs, names, roles, role_fields, sync, draw = ...

local FORM = "llm_agent:role"
local INPUT_MAX_BYTES = 16384 -- of one field; more than any role may hold
local NEW_ROLE = "villager" -- what the NPC that tries a draft has for a role that is not there yet: the draft goes over it

local sessions = {} -- admin → what the form shows; kept when it is closed by mistake, so that it can be opened again
local tries = 0

local function show(name, session)
	session.actions = {}
	for action in pairs(actions.by_name) do table.insert(session.actions, action) end
	table.sort(session.actions)
	core.show_formspec(name, FORM, draw(session))
end

-- The answer to something that took a while: shown if the admin still has this form open.
local function show_if_open(name, session)
	session.waiting = nil
	if sessions[name] == session and not session.closed and core.get_player_by_name(name) then show(name, session) end
end

-- What the daemon has of a role, and where that is silent what Lua registered.
local function fields_of(role)
	local file, base = roles.file(role), roles.registered[role] or {}
	local fields = {}
	for _, field in ipairs(role_fields.order) do
		fields[field.name] = file and file.fields[field.name] or base[field.name == "greetings" and "greeting" or field.name]
	end
	return fields
end

local function refresh(session)
	local file = roles.file(session.role)
	session.own, session.shipped = file and file.own, file and file.shipped
	session.known = roles.by_name[session.role] ~= nil
end

-- The form from what is in force; `unchanged` tells later whether anything was typed.
local function fill(session)
	session.form, session.unchanged = role_fields.to_form(fields_of(session.role)), role_fields.to_form(fields_of(session.role))
	refresh(session)
end

local function is_unsaved(session)
	for field, words in pairs(session.form) do
		if words ~= session.unchanged[field] then return true end
	end
	return false
end

local function open(name, role)
	local session = sessions[name]
	if session and session.role == role and is_unsaved(session) then
		refresh(session)
		session.closed, session.confirm, session.status = nil, nil, S("Here is what you had typed; it is not saved yet.")
	else
		session = {role = role, said = "", answer = "", status = ""}
		fill(session)
		sessions[name] = session
	end
	show(name, session)
end

local function list_roles()
	local marked = roles.names()
	for i, role in ipairs(marked) do marked[i] = role .. (roles.by_name[role].own and "*" or "") end
	return S("Roles (* changed by you): @1. Change one, or make one: /llm role NAME", table.concat(marked, ", "))
end

local function command(name, rest)
	local role = rest:match("^%S*")
	if role ~= "" and not check.is_name(role) then
		return false, S("A role's name has small letters, digits and _ only, such as town_crier.")
	end
	sync.refresh(function(problem)
		if role == "" then
			core.chat_send_player(name, list_roles())
		elseif problem then
			core.chat_send_player(name, problem)
		elseif core.get_player_by_name(name) then
			open(name, role)
		end
	end)
	return true
end

-- The buttons --------------------------------------------------------------------------------------------------------

-- Asks the model as an NPC with the unsaved draft. The NPC has no place and is unregistered after its answer.
local function try(name, session)
	if session.said == "" then
		session.status = S("Write what a player says first.")
		return show(name, session)
	end
	tries = tries + 1
	local id = ("%s:draft:%d"):format(mod_name, tries)
	local npc = npcs.register(id, {name = names.unused(), role = roles.by_name[session.role] and session.role or NEW_ROLE})
	session.waiting, session.status = "try", ""
	npc:think({
		player = name, utterance = session.said, priority = "spoken", cache = "off", draft = role_fields.from_form(session.form),
	}, function(reply)
		npcs.unregister(id)
		session.answer = reply.fallback and "" or ("<%s> %s"):format(npc.name, reply.text)
		session.status = reply.fallback and S("No answer: @1", text.clean(reply.error, 400)) or ""
		show_if_open(name, session)
	end)
	show(name, session)
end

local function changed(name, session, well)
	return function(problem, note)
		session.status = problem and S("Not saved: @1", problem) or note and S("Saved, and in force. But @1.", note) or well
		if not problem then fill(session) end
		show_if_open(name, session)
	end
end

local function save(name, session)
	session.waiting = "save"
	sync.save(session.role, role_fields.from_form(session.form), changed(name, session, S("Saved, and in force.")))
	show(name, session)
end

local function reset(name, session)
	if not session.confirm then
		session.confirm = true
		return show(name, session)
	end
	session.confirm, session.waiting = nil, "save"
	sync.delete(session.role, changed(name, session, S("Your file is gone.")))
	show(name, session)
end

-- What the client sends ------------------------------------------------------------------------------------------------

local function take_input(session, fields)
	for _, field in ipairs(role_fields.order) do
		local value = fields[field.name]
		if type(value) == "string" and #value <= INPUT_MAX_BYTES then session.form[field.name] = text.scrub(value) end
	end
	if type(fields.said) == "string" then session.said = text.clean(fields.said, limits.CHAT_MAX_BYTES) end
end

local function receive(name, session, fields)
	take_input(session, fields)
	if session.waiting then return end -- no button does anything then; what was typed is shown again with the answer
	if not fields.reset then session.confirm = nil end
	if fields.try or fields.key_enter_field == "said" then
		try(name, session)
	elseif fields.save then
		save(name, session)
	elseif fields.reset and session.own then
		reset(name, session)
	end
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	local session = sessions[name]
	if not session then return true end
	local refusal = commands.refusal(name)
	if refusal then
		sessions[name] = nil
		core.close_formspec(name, FORM)
		core.chat_send_player(name, refusal)
	elseif fields.close then
		sessions[name] = nil
	elseif fields.quit then
		take_input(session, fields)
		session.closed = true
	elseif not session.closed then
		receive(name, session, fields)
	end
	return true
end)

core.register_on_leaveplayer(function(player) sessions[player:get_player_name()] = nil end)

commands.register("role", {params = S("[NAME]"), admin = true, help = S("list the roles, or edit one"), run = command})
