-- The spawn egg: used on the ground it asks for role and name, then spawns an NPC there.
-- For admins (privilege llm_admin); the privilege is checked again when the form comes back.

local S, text, limits, forms, commands, roles, body = ...

local FORM = "llm_agent:egg"
local INPUT_MAX_BYTES = 200 -- of the name field; more is no name
local EGG = "llm_agent:spawn_egg"

local esc = core.formspec_escape

local placing = {} -- player → {pos, roles, chosen}: an egg that waits for its answer

local function formspec(place)
	local titles = {}
	for i, role in ipairs(place.roles) do titles[i] = roles.shown_title({role = role}) end
	return table.concat({
		forms.begin(8, 8.5),
		forms.label(0.4, 0.6, S("Who shall live here?")),
		forms.list(0.4, 1, 4.6, 5.4, "role", titles, place.chosen),
		("image[5.5,1.4;2,4;%s]"):format(esc(roles.portrait({role = place.roles[place.chosen]}))),
		forms.label(0.4, 6.85, S("Name (empty: a made-up one)")), -- a field's own would be cut off at its width
		forms.field(0.4, 7.3, 4.4, 0.8, "name", place.name or ""),
		forms.button(5, 7.3, 2.6, 0.8, "spawn", S("Spawn"), true),
	})
end

local function may(name)
	local refusal = commands.refusal(name)
	if refusal then core.chat_send_player(name, refusal) end
	return not refusal
end

local function ask(name, pos)
	local role_names = roles.names()
	local chosen = 1
	for i, role in ipairs(role_names) do
		if role == "villager" then chosen = i end
	end
	placing[name] = {pos = pos, roles = role_names, chosen = chosen}
	core.show_formspec(name, FORM, formspec(placing[name]))
end

core.register_craftitem(EGG, {
	description = S("NPC spawn egg"),
	inventory_image = "llm_agent_spawn_egg.png",
	stack_max = 64,
	on_place = function(stack, placer, pointed)
		local name = placer and placer:get_player_name() or ""
		local under = pointed.type == "node" and core.get_node(pointed.under)
		local def = under and core.registered_nodes[under.name]
		if def and def.on_rightclick and not placer:get_player_control().sneak then
			return def.on_rightclick(pointed.under, under, placer, stack, pointed) or stack
		end
		if under and name ~= "" and may(name) then
			ask(name, {x = pointed.above.x, y = pointed.above.y - 0.5, z = pointed.above.z})
		end
		return stack
	end,
})

-- An egg is used up, except by who creates out of nothing.
local function use_up(player)
	local name = player:get_player_name()
	if core.is_creative_enabled(name) then return true end
	local stack = player:get_wielded_item()
	if stack:get_name() ~= EGG then return false end
	stack:take_item()
	player:set_wielded_item(stack)
	return true
end

local function hatch(player, place)
	local name = player:get_player_name()
	if not may(name) or not use_up(player) then return end
	local npc_name = text.clean(place.name or "", limits.TYPED_NAME_MAX_BYTES)
	local npc = body.spawn(place.pos, {role = place.roles[place.chosen], name = npc_name ~= "" and npc_name or nil})
	if npc then body.welcome(npc, player) end
	core.chat_send_player(name, npc and S("@1, @2, is here.", npc.name, roles.shown_title(npc))
		or S("This place is not loaded; try again."))
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	local place = placing[name]
	if not place then return true end
	local event = fields.role and core.explode_textlist_event(fields.role)
	if event and place.roles[event.index] then place.chosen = event.index end
	place.name = fields.name and fields.name:sub(1, INPUT_MAX_BYTES) or place.name
	if fields.spawn or fields.key_enter_field == "name" or event and event.type == "DCL" then
		placing[name] = nil
		hatch(player, place)
		core.close_formspec(name, FORM)
	elseif fields.quit then
		placing[name] = nil
	elseif event then
		core.show_formspec(name, FORM, formspec(place))
	end
	return true
end)

core.register_on_leaveplayer(function(player) placing[player:get_player_name()] = nil end)
